"""Filters, on signals of shape (..., frames). Cutoffs in Hz are kept inside what the sample rate can hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import numpy as np

from sfxgen.audio import filters
from sfxgen.audio.filters import HIGHEST_SHARE, LOWEST_HZ
from sfxgen.audio.recursion import Section, cascade, parallel
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal

HIGHEST_HZ = HIGHEST_SHARE * SAMPLE_RATE


def _inside(cutoff_hz: float) -> float:
    return float(min(max(cutoff_hz, LOWEST_HZ), HIGHEST_HZ))


def butterworth(cutoff_hz: float, order: Literal[1, 2], *, high: bool) -> Section:
    """Return a Butterworth low-pass, or high-pass, as one second-order section."""
    return filters.butterworth(cutoff_hz, order, high=high, sample_rate=SAMPLE_RATE)


def lowpass(x: Signal, cutoff_hz: float, order: Literal[1, 2] = 2) -> Signal:
    """Return the signal through a Butterworth low-pass, along its last axis."""
    return cascade(x, (butterworth(cutoff_hz, order, high=False),))


def highpass(x: Signal, cutoff_hz: float, order: Literal[1, 2] = 2) -> Signal:
    """Return the signal through a Butterworth high-pass, along its last axis."""
    return cascade(x, (butterworth(cutoff_hz, order, high=True),))


def bandpass(x: Signal, low_hz: float, high_hz: float, order: Literal[1, 2] = 2) -> Signal:
    """Return the signal between two cutoffs: a high-pass, then a low-pass."""
    return cascade(x, (butterworth(low_hz, order, high=True), butterworth(high_hz, order, high=False)))


def formant(x: Signal, frequency_hz: float, t60_s: float) -> Signal:
    """Return the signal through a two-pole resonance that lets nothing through at 0 Hz.

    A unit impulse rings at amplitude 1 for `t60_s`.
    """
    return cascade(x, (_resonance(frequency_hz, t60_s, 1.0),))


def formants(x: Signal, bank: Sequence[tuple[float, float, float]]) -> Signal:
    """Return the sum of resonances side by side, each (frequency_hz, t60_s, gain) as in `formant`."""
    return parallel(x, tuple(_resonance(*resonance) for resonance in bank))


def _resonance(frequency_hz: float, t60_s: float, gain: float) -> Section:
    radius = 10.0 ** (-3.0 / max(1.0, t60_s * SAMPLE_RATE))
    angle = 2 * math.pi * _inside(frequency_hz) / SAMPLE_RATE
    edge = gain * radius * math.cos(angle / 2)
    return (edge, -edge, 0.0, 1.0, -2 * radius * math.cos(angle), radius * radius)


def convolved(x: Signal, impulse_response: Signal) -> Signal:
    """Return the whole linear convolution along the last axis: len(x) + len(impulse_response) - 1 frames."""
    frames = x.shape[-1] + len(impulse_response) - 1
    length = good_length(frames)
    gains = np.fft.rfft(impulse_response, length)
    out: Signal = np.fft.irfft(np.fft.rfft(x, length) * gains, length)[..., :frames]
    return out


def convolved_around(x: Signal, impulse_response: Signal) -> Signal:
    """Return one period of a repeating signal through an impulse response of any length."""
    period = x.shape[-1]
    folded = np.zeros(-(-len(impulse_response) // period) * period)
    folded[: len(impulse_response)] = impulse_response
    gains = np.fft.rfft(folded.reshape(-1, period).sum(axis=0))
    out: Signal = np.fft.irfft(np.fft.rfft(x) * gains, period)
    return out


@lru_cache(maxsize=4096)
def good_length(frames: int) -> int:
    """Return the shortest length of at least `frames` that factors into 2, 3 and 5: those transform fast."""
    best = 1 << (frames - 1).bit_length()
    fives = 1
    while fives < best:
        threes = fives
        while threes < best:
            twos = threes << max(0, (-(-frames // threes) - 1).bit_length())
            best = min(best, twos)
            threes *= 3
        fives *= 5
    return best


def saturate(x: Signal, drive: float) -> Signal:
    """Return the signal, driven into a soft limit (tanh); `drive` 1 is already audible at full scale."""
    limited: Signal = np.tanh(drive * x) / np.tanh(drive)
    return limited
