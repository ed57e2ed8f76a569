"""Periodic sources. Frequencies are in Hz, as a number or as one value a sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal

TAU = 2 * np.pi


def phase(frequency_hz: float | Signal, frames: int, start: float = 0.0) -> Signal:
    """Return the running phase in cycles, from `start`."""
    if isinstance(frequency_hz, np.ndarray):
        cycles: Signal = np.cumsum(frequency_hz, dtype=np.float64) / SAMPLE_RATE
        return start + cycles
    steady: Signal = np.arange(frames, dtype=np.float64) * (float(frequency_hz) / SAMPLE_RATE)
    return start + steady


def sin_of(cycles: Signal) -> Signal:
    """Return the sine of a phase in cycles, in single precision (140 dB), which takes half the time."""
    turned = (cycles - np.floor(cycles)).astype(np.float32)
    out: Signal = np.sin(turned * np.float32(TAU)).astype(np.float64)
    return out


def sine(frequency_hz: float | Signal, frames: int, start: float = 0.0) -> Signal:
    """Return a sine."""
    return sin_of(phase(frequency_hz, frames, start))


def partials(
    frequency_hz: float | Signal,
    frames: int,
    ratios: Sequence[float],
    gains: Sequence[float],
) -> Signal:
    """Return a sum of sines at ratios of a frequency. A partial fades out below the Nyquist frequency."""
    cycles = phase(frequency_hz, frames)
    highest_hz = float(np.max(frequency_hz))
    total = np.zeros(frames)
    for ratio, gain in zip(ratios, gains, strict=True):
        partial = gain * sin_of(ratio * cycles)
        if ratio * highest_hz > 0.46 * SAMPLE_RATE - 2000:
            partial *= np.clip((0.46 * SAMPLE_RATE - ratio * frequency_hz) / 2000, 0, 1)
        total += partial
    return total


def saw(frequency_hz: float | Signal, frames: int, start: float = 0.0) -> Signal:
    """Return a sawtooth with its steps smoothed by PolyBLEP (Välimäki and Huovilainen, 2007)."""
    cycles = phase(frequency_hz, frames, start) % 1.0
    step = frequency_hz / SAMPLE_RATE
    early = np.minimum(cycles / step, 1.0)
    late = np.maximum((cycles - 1.0) / step, -1.0)
    wave: Signal = 2 * cycles - 1 + (1 - early) ** 2 - (1 + late) ** 2
    return wave


def pulse(frequency_hz: float | Signal, frames: int, width: float = 0.5) -> Signal:
    """Return a pulse wave of mean 0: the difference of two sawtooths, `width` of a cycle apart."""
    return 0.5 * (saw(frequency_hz, frames) - saw(frequency_hz, frames, 1.0 - width))


def fm(carrier_hz: float | Signal, frames: int, ratio: float, index: float | Signal) -> Signal:
    """Return a sine whose phase a second sine modulates (Chowning, 1973); `index` in radians."""
    cycles = phase(carrier_hz, frames)
    return sin_of(cycles + index / TAU * sin_of(ratio * cycles))
