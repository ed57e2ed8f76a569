"""Creatures and wordless voices."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, number

PRESETS = (
    Preset(
        name="grunt",
        family="creatures",
        summary="A creature's voice: a grunt, a growl, or wordless babble.",
        duration_s=0.6,
        parameters=(
            number("size", "", 0, 1, 0.5, "From an imp to an ogre.", spread=0.08),
            number("pitch_hz", "Hz", 40, 600, 105, "Pitch of the voice.", log=True, spread=0.06),
            number("roughness", "", 0, 1, 0.45, "From clear to growling.", spread=0.15),
            number("syllables", "", 1, 24, 1, "How many syllables, rounded.", spread=0),
            number("length_s", "s", 0.08, 1.5, 0.38, "How long a syllable lasts.", log=True, spread=0.1),
        ),
    ),
)
