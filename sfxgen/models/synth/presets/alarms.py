"""Alarms, bells and signals."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

PRESETS = (
    Preset(
        name="alarm",
        family="alarms",
        summary="A warning signal that goes on: beeps, two tones, or a siren.",
        duration_s=4,
        sustained=True,
        parameters=(
            choice("pattern", ("beep", "two_tone", "siren"), "beep", "How it calls."),
            number("pitch_hz", "Hz", 150, 4000, 900, "The lower pitch.", log=True, spread=0.03),
            number("interval_st", "semitones", 0, 24, 5, "To the upper pitch.", spread=0.02),
            number("rate_hz", "Hz", 0.2, 12, 2, "How often it repeats.", log=True, spread=0.03),
            number("harshness", "", 0, 1, 0.4, "From a pure tone to a horn.", spread=0.15),
        ),
    ),
)
