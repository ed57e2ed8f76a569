"""Things that strike one another."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

MATERIALS = ("wood", "metal", "stone", "glass", "plastic", "flesh")

PRESETS = (
    Preset(
        name="hit",
        family="impacts",
        summary="One thing strikes another: a struck body of some material.",
        duration_s=0.6,
        parameters=(
            choice("material", MATERIALS, "wood", "What is struck."),
            number("size", "", 0, 1, 0.4, "How big the struck body is; bigger is lower.", spread=0.1),
            number("hardness", "", 0, 1, 0.6, "How hard the striker is; harder is brighter.", spread=0.15),
            number("ring", "", 0, 1, 0.5, "How freely the body rings.", spread=0.12),
            number("noise", "", 0, 1, 0.35, "How much crunch goes with the contact.", spread=0.2),
        ),
    ),
)
