"""Spells and creatures."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

PRESETS = (
    Preset(
        name="magic",
        family="fantasy",
        summary="A spell: a swelling glow with sparkling bells.",
        duration_s=2.2,
        parameters=(
            choice("mood", ("bright", "dark", "frost"), "bright", "What kind of spell it is."),
            number("pitch_hz", "Hz", 80, 2500, 660, "Root of the bells.", log=True, spread=0.03),
            number("sparkles", "", 0, 120, 26, "How many bells sound.", spread=0.06),
            number("swell", "", 0, 1, 0.45, "How loud the glow beneath is.", spread=0.12),
            number("length_s", "s", 0.3, 6, 1.2, "How long the spell is cast.", log=True, spread=0.06),
        ),
    ),
    Preset(
        name="grunt",
        family="fantasy",
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
