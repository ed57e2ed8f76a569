"""Filters, on signals of shape (..., frames). Cutoffs in Hz are kept inside what the sample rate can hold.

They work on spectra: a recursive filter's response is evaluated at the bins of a Fourier transform long enough for
what still rings, which equals the recursion to the last digits. It needs numpy alone, and any number of filters
cost one transform there and one back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal, samples_of

LOWEST_HZ = 5.0
HIGHEST_HZ = 0.48 * SAMPLE_RATE

Response = NDArray[np.complex128]
"""A filter at the bins of a transform: one complex gain for each."""

Section = tuple[tuple[float, float, float], tuple[float, float, float]]
"""A second-order section: numerator and denominator in powers of 1/z, the denominator's first being 1."""


def _inside(cutoff_hz: float) -> float:
    return float(min(max(cutoff_hz, LOWEST_HZ), HIGHEST_HZ))


def butterworth(cutoff_hz: float, order: Literal[1, 2], *, high: bool) -> Section:
    """Return a Butterworth low-pass, or high-pass, as one second-order section.

    The bilinear transform of the analogue prototype with its cutoff pre-warped, in closed form.
    """
    warped = math.tan(math.pi * _inside(cutoff_hz) / SAMPLE_RATE)
    if order == 1:
        scale = 1 / (1 + warped)
        b = (scale, -scale, 0.0) if high else (scale * warped, scale * warped, 0.0)
        return b, (1.0, scale * (warped - 1), 0.0)
    scale = 1 / (1 + math.sqrt(2) * warped + warped**2)
    edge = scale if high else scale * warped**2
    a = (1.0, 2 * scale * (warped**2 - 1), scale * (1 - math.sqrt(2) * warped + warped**2))
    return (edge, -2 * edge if high else 2 * edge, edge), a


def lowpass(x: Signal, cutoff_hz: float, order: Literal[1, 2] = 2) -> Signal:
    """Return the signal through a Butterworth low-pass, along its last axis."""
    return through(x, butterworth(cutoff_hz, order, high=False), tail_s=_ringing_s(cutoff_hz))


def highpass(x: Signal, cutoff_hz: float, order: Literal[1, 2] = 2) -> Signal:
    """Return the signal through a Butterworth high-pass, along its last axis."""
    return through(x, butterworth(cutoff_hz, order, high=True), tail_s=_ringing_s(cutoff_hz))


def bandpass(x: Signal, low_hz: float, high_hz: float, order: Literal[1, 2] = 2) -> Signal:
    """Return the signal between two cutoffs: a high-pass, then a low-pass."""
    sections = butterworth(low_hz, order, high=True), butterworth(high_hz, order, high=False)
    return through(x, *sections, tail_s=_ringing_s(min(low_hz, high_hz)))


def formant(x: Signal, frequency_hz: float, t60_s: float) -> Signal:
    """Return the signal through a two-pole resonance that lets nothing through at 0 Hz.

    A unit impulse rings at amplitude 1 for `t60_s`.
    """
    return through(x, _resonance(frequency_hz, t60_s), tail_s=2 * t60_s)


def formants(x: Signal, bank: Sequence[tuple[float, float, float]]) -> Signal:
    """Return the sum of resonances side by side, each (frequency_hz, t60_s, gain) as in `formant`."""
    longest_s = max(t60_s for _, t60_s, _ in bank)
    length = good_length(x.shape[-1] + samples_of(2 * longest_s))
    total = np.zeros(length // 2 + 1, np.complex128)
    for frequency_hz, t60_s, gain in bank:
        total += gain * response(_resonance(frequency_hz, t60_s), length)
    return _filtered(x, total, length)


def through(x: Signal, *sections: Section, tail_s: float) -> Signal:
    """Return the signal, zero before its start, through sections one after the other; as long as it was.

    `tail_s` is how long the sections ring until they are 120 dB down: room for it keeps the transform from
    wrapping the end around to the start.
    """
    length = good_length(x.shape[-1] + samples_of(tail_s))
    gains = response(sections[0], length)
    for section in sections[1:]:
        gains = gains * response(section, length)
    return _filtered(x, gains, length)


def around(x: Signal, *sections: Section) -> Signal:
    """Return one period of a repeating signal through sections: the steady state, with no start and no end."""
    length = x.shape[-1]
    gains = response(sections[0], length)
    for section in sections[1:]:
        gains = gains * response(section, length)
    return _filtered(x, gains, length)


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


def _filtered(x: Signal, gains: Response, length: int) -> Signal:
    out: Signal = np.fft.irfft(np.fft.rfft(x, length) * gains, length)[..., : x.shape[-1]]
    return out


def response(section: Section, length: int) -> Response:
    """Return a section's response at the bins of a real transform of `length` frames."""
    (b0, b1, b2), (_, a1, a2) = section
    delay, delay2 = _delays(length)
    over: Response = (b0 + b1 * delay + b2 * delay2) / (1 + a1 * delay + a2 * delay2)
    return over


@lru_cache(maxsize=6)
def _delays(length: int) -> tuple[Response, Response]:
    """Return what a delay of one frame and of two are at each bin."""
    delay = np.exp(np.arange(length // 2 + 1) * (-2j * np.pi / length))
    return delay, delay * delay


def _resonance(frequency_hz: float, t60_s: float) -> Section:
    radius = 10.0 ** (-3.0 / max(1.0, t60_s * SAMPLE_RATE))
    angle = 2 * math.pi * _inside(frequency_hz) / SAMPLE_RATE
    gain = radius * math.cos(angle / 2)
    return (gain, -gain, 0.0), (1.0, -2 * radius * math.cos(angle), radius * radius)


def _ringing_s(cutoff_hz: float) -> float:
    """Return how long a Butterworth filter rings until it is 120 dB down."""
    return 3.2 / _inside(cutoff_hz)


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
