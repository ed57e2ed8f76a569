"""Noise, shaped in time and frequency."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sfxgen.models.synth import filters
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal

Gains = NDArray[np.float32] | NDArray[np.float64]
"""Single precision (140 dB) is enough for noise, and twice as fast."""

Spectrum = Callable[[Gains, Gains], Gains]
"""Gains of a spectrum: frequencies of shape (1, bins) in Hz and times (blocks, 1) in s → broadcastable gains."""

BLOCKS_AT_ONCE = 512


def white(rng: Generator, frames: int) -> Signal:
    """Return white noise of unit variance."""
    return rng.standard_normal(frames)


def band(rng: Generator, frames: int, low_hz: float, high_hz: float, order: Literal[1, 2] = 2) -> Signal:
    """Return noise between two frequencies, of about unit variance."""
    width = max(high_hz - low_hz, 10.0) / (SAMPLE_RATE / 2)
    return filters.bandpass(white(rng, frames), low_hz, high_hz, order) * float(width**-0.5)


def painted(rng: Generator, frames: int, spectrum: Spectrum, window: int = 1024) -> Signal:
    """Return noise whose spectrum is painted over time.

    White noise is cut into half-overlapping blocks, each block's spectrum is multiplied by its gains, and the
    blocks are added again under root-Hann windows: a short-time Fourier filter (Allen and Rabiner, 1977).
    """
    hop = window // 2
    source = rng.standard_normal((frames // hop + 3) * hop, dtype=np.float32)
    return repainted(source, spectrum, window)[hop : hop + frames]


def repainted(source: Gains, spectrum: Spectrum, window: int = 1024) -> Signal:
    """Return a signal, whole half windows long, through such a filter. Its first and last half window fade.

    The gains' times run from 0 at the end of the first half window.
    """
    hop = window // 2
    blocks = len(source) // hop - 1
    shape, frequencies = _window(window)
    out = np.zeros(len(source))
    for first in range(0, blocks, BLOCKS_AT_ONCE):
        index = np.arange(first, min(first + BLOCKS_AT_ONCE, blocks))
        times = index[:, None].astype(np.float32) * np.float32(hop / SAMPLE_RATE)
        cut: Gains = np.lib.stride_tricks.sliding_window_view(source, window)[index * hop].astype(np.float32)
        rebuilt = _shaped(cut, shape, spectrum(frequencies, times))
        start, stop = first * hop, (int(index[-1]) + 1) * hop
        out[start:stop] += rebuilt[:, :hop].ravel()
        out[start + hop : stop + hop] += rebuilt[:, hop:].ravel()
    return out


def painted_around(rng: Generator, period: int, spectrum: Spectrum, window: int = 1024) -> Signal:
    """Return one period of noise, painted over time, whose end runs on into its start.

    The blocks lie around the period at equal distances: half a window, or a little less where the period is not a
    multiple of that, which dividing by the windows' sum makes up for.
    """
    while window > 64 and window > period:
        window //= 2
    pairs = max(1, -(-period // window))
    starts = np.arange(2 * pairs) * period // (2 * pairs)
    source = rng.standard_normal(period, dtype=np.float32)
    shape, frequencies = _window(window)
    out, weight = np.zeros(period), np.zeros(period)
    for parity in (0, 1):
        for first in range(0, pairs, BLOCKS_AT_ONCE):
            mine = starts[parity::2][first : first + BLOCKS_AT_ONCE]
            places = (mine[:, None] + np.arange(window)) % period
            times = (mine[:, None] / SAMPLE_RATE).astype(np.float32)
            # Blocks of one parity hardly overlap: the later one covers the faded edge of the one before.
            layer, cover = np.zeros(period, np.float32), np.zeros(period, np.float32)
            layer[places] = _shaped(source[places], shape, spectrum(frequencies, times))
            cover[places] = shape**2
            out += layer
            weight += cover
    return out / np.maximum(weight, 1e-3)


def _shaped(cut: Gains, shape: Gains, gains: Gains) -> Gains:
    spectra = np.fft.rfft(cut * shape, axis=1)
    rebuilt: Gains = np.fft.irfft(spectra * gains.astype(np.float32), len(shape), axis=1) * shape
    return rebuilt


@lru_cache(maxsize=8)
def _window(window: int) -> tuple[Gains, Gains]:
    """Return the root-Hann window, and the frequencies of its bins in Hz, of shape (1, bins)."""
    shape = np.sin(np.pi * (np.arange(window) + 0.5) / window).astype(np.float32)
    frequencies = np.arange(window // 2 + 1, dtype=np.float32)[None, :] * np.float32(SAMPLE_RATE / window)
    return shape, frequencies


def bump(frequencies: Gains, centre_hz: float | Gains, width_oct: float) -> Gains:
    """Return the gains of a band: a Gaussian over octaves around a centre."""
    octaves = np.log2(np.maximum(frequencies, 1.0)) - np.log2(_single(centre_hz))
    gains: Gains = np.exp(octaves * octaves * np.float32(-0.5 / width_oct**2))
    return gains


def tilt(frequencies: Gains, corner_hz: float | Gains, slope: float) -> Gains:
    """Return the gains of a low-pass that falls as frequency to the minus `slope` above its corner."""
    over = frequencies / _single(corner_hz)
    gains: Gains = np.exp(np.log1p(over * over) * np.float32(-slope / 2))
    return gains


def at(curve: Signal, times: Gains) -> Gains:
    """Return a per-sample curve's values at block times, in the shape of `times`."""
    return curve[np.minimum((times * SAMPLE_RATE).astype(np.int64), len(curve) - 1)].astype(np.float32)


def _single(value: float | Gains) -> Gains:
    return np.asarray(value, np.float32)
