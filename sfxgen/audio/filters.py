"""Butterworth filters at any sample rate."""

from __future__ import annotations

import math
from typing import Literal

from sfxgen.audio.recursion import Section

LOWEST_HZ = 5.0
HIGHEST_SHARE = 0.48


def butterworth(cutoff_hz: float, order: Literal[1, 2], *, high: bool, sample_rate: int) -> Section:
    """Return a Butterworth low-pass, or high-pass, as one second-order section.

    The bilinear transform of the analogue prototype with its cutoff pre-warped, in closed form. A cutoff in Hz
    outside of 5 Hz to 0.48 of the sample rate is taken to the nearer end.
    """
    inside = min(max(cutoff_hz, LOWEST_HZ), HIGHEST_SHARE * sample_rate)
    warped = math.tan(math.pi * inside / sample_rate)
    if order == 1:
        scale = 1 / (1 + warped)
        b = (scale, -scale, 0.0) if high else (scale * warped, scale * warped, 0.0)
        return (*b, 1.0, scale * (warped - 1), 0.0)
    scale = 1 / (1 + math.sqrt(2) * warped + warped**2)
    edge = scale if high else scale * warped**2
    a1, a2 = 2 * scale * (warped**2 - 1), scale * (1 - math.sqrt(2) * warped + warped**2)
    return (edge, -2 * edge if high else 2 * edge, edge, 1.0, a1, a2)
