"""A parametric equalizer: bells and shelves as second-order sections."""

from __future__ import annotations

import math

from sfxgen.audio.filters import HIGHEST_SHARE, LOWEST_HZ
from sfxgen.audio.recursion import Section
from sfxgen.colour import Band


def section(band: Band, sample_rate: int) -> Section | None:
    """Return a band's filter, after Bristow-Johnson's "Cookbook formulae for audio EQ biquad filter coefficients".

    A bell has half its gain (in dB) where its bandwidth ends; a shelf has it at its frequency. None where the band
    changes nothing: its gain is 0, or the sound has nothing as high. Below 5 Hz a band is taken to 5 Hz.
    """
    too_high = band.frequency_hz >= HIGHEST_SHARE * sample_rate
    if band.gain_db == 0 or (too_high and band.kind != "low_shelf"):
        return None
    frequency_hz = min(max(band.frequency_hz, LOWEST_HZ), HIGHEST_SHARE * sample_rate)
    omega = 2 * math.pi * frequency_hz / sample_rate
    cosine, alpha = math.cos(omega), math.sin(omega) / (2 * band.q)
    a = 10 ** (band.gain_db / 40)
    if band.kind == "bell":
        return _normalised(
            (1 + alpha * a, -2 * cosine, 1 - alpha * a), (1 + alpha / a, -2 * cosine, 1 - alpha / a)
        )
    # A high shelf is a low shelf with its spectrum turned around: the sign of every cosine changes.
    side = 1.0 if band.kind == "low_shelf" else -1.0
    slope = 2 * math.sqrt(a) * alpha
    b = (
        a * ((a + 1) - side * (a - 1) * cosine + slope),
        side * 2 * a * ((a - 1) - side * (a + 1) * cosine),
        a * ((a + 1) - side * (a - 1) * cosine - slope),
    )
    below = (
        (a + 1) + side * (a - 1) * cosine + slope,
        -side * 2 * ((a - 1) + side * (a + 1) * cosine),
        (a + 1) + side * (a - 1) * cosine - slope,
    )
    return _normalised(b, below)


def _normalised(b: tuple[float, float, float], a: tuple[float, float, float]) -> Section:
    return (b[0] / a[0], b[1] / a[0], b[2] / a[0], 1.0, a[1] / a[0], a[2] / a[0])
