"""Noise, shaped in time and frequency."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import filters
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal

Spectrum = Callable[[Signal, Signal], Signal]
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
    blocks = frames // hop + 2
    source = rng.standard_normal((blocks + 1) * hop)
    shape = np.sin(np.pi * (np.arange(window) + 0.5) / window)
    frequencies: Signal = np.arange(window // 2 + 1, dtype=np.float64)[None, :] * (SAMPLE_RATE / window)
    out = np.zeros((blocks + 1) * hop)
    for first in range(0, blocks, BLOCKS_AT_ONCE):
        index = np.arange(first, min(first + BLOCKS_AT_ONCE, blocks))
        times: Signal = index[:, None].astype(np.float64) * (hop / SAMPLE_RATE)
        cut = np.lib.stride_tricks.sliding_window_view(source, window)[index * hop]
        spectra = np.fft.rfft(cut * shape, axis=1) * spectrum(frequencies, times)
        rebuilt = np.fft.irfft(spectra, window, axis=1) * shape
        start, stop = first * hop, (int(index[-1]) + 1) * hop
        out[start:stop] += rebuilt[:, :hop].ravel()
        out[start + hop : stop + hop] += rebuilt[:, hop:].ravel()
    return out[hop : hop + frames]


def bump(frequencies: Signal, centre_hz: float | Signal, width_oct: float) -> Signal:
    """Return the gains of a band: a Gaussian over octaves around a centre."""
    octaves = np.log2(np.maximum(frequencies, 1.0)) - np.log2(centre_hz)
    return np.exp(-0.5 * (octaves / width_oct) ** 2)


def tilt(frequencies: Signal, corner_hz: float | Signal, slope: float) -> Signal:
    """Return the gains of a low-pass that falls as frequency to the minus `slope` above its corner."""
    return (1 + (frequencies / corner_hz) ** 2) ** (-slope / 2)


def at(curve: Signal, times: Signal) -> Signal:
    """Return a per-sample curve's values at block times, in the shape of `times`."""
    return curve[np.minimum((times * SAMPLE_RATE).astype(np.int64), len(curve) - 1)]
