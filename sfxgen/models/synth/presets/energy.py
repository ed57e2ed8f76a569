"""Lasers and other weapons of the future."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, number

PRESETS = (
    Preset(
        name="laser",
        family="energy",
        summary="A ray gun: a tone that falls fast from a high pitch.",
        duration_s=0.45,
        parameters=(
            number("pitch_hz", "Hz", 300, 12000, 3400, "Pitch at the start.", log=True, spread=0.06),
            number("fall_oct", "octaves", 0, 7, 4, "How far the pitch falls.", spread=0.06),
            number("length_s", "s", 0.05, 2, 0.38, "How long it lasts.", log=True, spread=0.07),
            number("bite", "", 0, 1, 0.5, "How dense the modulation makes it.", spread=0.2),
            number("punch", "", 0, 1, 0.4, "How hard the discharge kicks at the start.", spread=0.2),
        ),
    ),
)
