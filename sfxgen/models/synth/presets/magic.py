"""Spells."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

PRESETS = (
    Preset(
        name="magic",
        family="magic",
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
)
