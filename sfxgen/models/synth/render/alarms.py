"""Alarms, bells and signals: how they are made."""

from __future__ import annotations

import numpy as np

from sfxgen.models.synth import oscillators
from sfxgen.models.synth.filters import lowpass, saturate
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import SETTLING_S, Signal, Take, semitones


def alarm(take: Take) -> Signal:
    """A tone, keyed or slid by a slow pattern that begins with the clip."""
    frames, rate_hz = take.frames, take["rate_hz"]
    lower = take["pitch_hz"]
    upper = lower * semitones(take["interval_st"])
    beat = oscillators.phase(rate_hz, frames, -rate_hz * SETTLING_S) % 1.0
    pattern = take.choice("pattern")
    gate = np.ones(frames)
    if pattern == "beep":
        pitch = np.where(beat < 0.25, lower, upper)
        gate = np.clip(np.minimum(beat, 0.5 - beat) * SAMPLE_RATE / rate_hz / 200, 0, 1)
    elif pattern == "two_tone":
        pitch = lowpass(np.where(beat < 0.5, lower, upper) - lower, 60, 1) + lower
    else:
        pitch = lower * (upper / lower) ** (0.5 - 0.5 * np.cos(2 * np.pi * beat))
    gains = [(0.08 + 0.8 * take["harshness"]) ** n for n in range(10)]
    tone = oscillators.partials(pitch, frames, range(1, 11), gains)
    return gate * saturate(0.5 * tone, 0.5 + 2.5 * take["harshness"])
