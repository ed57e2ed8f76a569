"""Steps, by surface and shoe."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

SURFACES = (
    "gravel",
    "wood",
    "snow",
    "stone",
    "grass",
    "leaves",
    "sand",
    "mud",
    "metal",
    "tile",
    "carpet",
    "water",
)

PRESETS = (
    Preset(
        name="footstep",
        family="footsteps",
        summary="One step: heel, roll and toe on a surface.",
        duration_s=0.5,
        parameters=(
            choice("surface", SURFACES, "gravel", "What is walked on."),
            number("weight", "", 0, 1, 0.5, "From a child to a giant.", spread=0.15),
            number("hardness", "", 0, 1, 0.5, "From bare feet to hobnailed boots.", spread=0.15),
            number("roll_ms", "ms", 30, 350, 125, "From the heel to the toe.", log=True, spread=0.12),
            number("grains", "", 0, 1, 0.5, "How much loose material moves.", spread=0.15),
        ),
    ),
)
