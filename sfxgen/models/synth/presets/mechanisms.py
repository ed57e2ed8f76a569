"""Doors, locks and other mechanisms."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

PRESETS = (
    Preset(
        name="door",
        family="mechanisms",
        summary="A door opens or closes: latch, creaking hinges, thud.",
        duration_s=1.8,
        parameters=(
            choice("action", ("open", "close", "slam", "swing"), "open", "What happens to it."),
            choice("material", ("wood", "metal"), "wood", "What it is made of."),
            number("weight", "", 0, 1, 0.5, "From a cupboard to a castle gate.", spread=0.1),
            number("creak", "", 0, 1, 0.6, "How loud the hinges are.", spread=0.12),
            number("length_s", "s", 0.2, 6, 1.3, "How long it swings.", log=True, spread=0.07),
        ),
    ),
)
