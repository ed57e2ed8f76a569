"""Filters, on (frames,) signals. Cutoffs in Hz are kept inside what the sample rate can hold."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from scipy import signal as dsp

from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal

LOWEST_HZ = 5.0
HIGHEST_HZ = 0.48 * SAMPLE_RATE


def _inside(cutoff_hz: float) -> float:
    return float(min(max(cutoff_hz, LOWEST_HZ), HIGHEST_HZ))


def butterworth(cutoff_hz: float, order: Literal[1, 2], *, high: bool) -> Signal:
    """Return a Butterworth low-pass, or high-pass, as one second-order section of shape (1, 6).

    The bilinear transform of the analogue prototype with its cutoff pre-warped; in closed form, because
    every take has cutoffs of its own and a general design takes longer than filtering a second of sound.
    """
    warped = math.tan(math.pi * _inside(cutoff_hz) / SAMPLE_RATE)
    if order == 1:
        scale = 1 / (1 + warped)
        b = [scale, -scale, 0.0] if high else [scale * warped, scale * warped, 0.0]
        return np.array([[*b, 1.0, scale * (warped - 1), 0.0]])
    scale = 1 / (1 + math.sqrt(2) * warped + warped**2)
    edge = scale if high else scale * warped**2
    a = [1.0, 2 * scale * (warped**2 - 1), scale * (1 - math.sqrt(2) * warped + warped**2)]
    return np.array([[edge, -2 * edge if high else 2 * edge, edge, *a]])


def lowpass(x: Signal, cutoff_hz: float, order: Literal[1, 2] = 2) -> Signal:
    """Return the signal through a Butterworth low-pass, along its last axis."""
    out: Signal = dsp.sosfilt(butterworth(cutoff_hz, order, high=False), x)
    return out


def highpass(x: Signal, cutoff_hz: float, order: Literal[1, 2] = 2) -> Signal:
    """Return the signal through a Butterworth high-pass, along its last axis."""
    out: Signal = dsp.sosfilt(butterworth(cutoff_hz, order, high=True), x)
    return out


def bandpass(x: Signal, low_hz: float, high_hz: float, order: Literal[1, 2] = 2) -> Signal:
    """Return the signal between two cutoffs: a high-pass, then a low-pass."""
    return lowpass(highpass(x, low_hz, order), high_hz, order)


def resonator(x: Signal, frequency_hz: float, t60_s: float) -> Signal:
    """Return the signal through a two-pole resonance; a unit impulse rings at amplitude 1 for `t60_s`."""
    radius = 10.0 ** (-3.0 / max(1.0, t60_s * SAMPLE_RATE))
    angle = 2 * np.pi * _inside(frequency_hz) / SAMPLE_RATE
    feedback = [1.0, -2 * radius * np.cos(angle), radius * radius]
    # A zero before the delay makes the impulse response r^n sin(angle n): it starts at 0 and never jumps.
    out: Signal = dsp.lfilter([0.0, radius * np.sin(angle)], feedback, x)
    return out


def formant(x: Signal, frequency_hz: float, t60_s: float) -> Signal:
    """Return the signal through a two-pole resonance that lets nothing through at 0 Hz.

    A unit impulse rings at amplitude 1 for `t60_s`. For sources that go on, whose low end a plain resonance keeps.
    """
    radius = 10.0 ** (-3.0 / max(1.0, t60_s * SAMPLE_RATE))
    angle = 2 * np.pi * _inside(frequency_hz) / SAMPLE_RATE
    feedback = [1.0, -2 * radius * np.cos(angle), radius * radius]
    gain = radius * np.cos(angle / 2)
    out: Signal = dsp.lfilter([gain, -gain], feedback, x)
    return out


def saturate(x: Signal, drive: float) -> Signal:
    """Return the signal, driven into a soft limit (tanh); `drive` 1 is already audible at full scale."""
    limited: Signal = np.tanh(drive * x) / np.tanh(drive)
    return limited
