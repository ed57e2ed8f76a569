"""Steps and what else feet do, by surface and shoe."""

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
    "ice",
    "rubble",
)
SHOES = ("boot", "sneaker", "heel", "barefoot", "armored")

PRESETS = (
    Preset(
        name="footstep",
        family="footsteps",
        summary="One step: heel, roll and toe on a surface.",
        duration_s=0.35,
        parameters=(
            choice("surface", SURFACES, "gravel", "What is walked on."),
            choice("shoe", SHOES, "boot", "What is on the foot."),
            number("weight", "", 0, 1, 0.5, "From a child to a giant.", spread=0.15),
            number("hardness", "", 0, 1, 0.5, "From a soft tread to a hard one.", spread=0.15),
            number("roll_ms", "ms", 30, 350, 125, "From the heel to the toe.", log=True, spread=0.12),
            number("grains", "", 0, 1, 0.5, "How much loose material moves.", spread=0.15),
            number("wet", "", 0, 1, 0, "How much water stands on the ground.", spread=0.04),
        ),
    ),
    Preset(
        name="landing",
        family="footsteps",
        summary="Somebody lands from a jump: two feet, the body's weight, clothes and gear.",
        duration_s=0.4,
        parameters=(
            choice("surface", SURFACES, "stone", "What is landed on."),
            choice("shoe", SHOES, "boot", "What is on the feet."),
            number("weight", "", 0, 1, 0.5, "From a child to a giant.", spread=0.08),
            number("strength", "", 0, 1, 0.5, "From a hop to a leap off a roof.", spread=0.06),
            number("grains", "", 0, 1, 0.5, "How much loose material flies.", spread=0.07),
            number("rattle", "", 0, 1, 0.3, "How much the clothes and the gear are heard.", spread=0.06),
        ),
    ),
    Preset(
        name="scuff",
        family="footsteps",
        summary="A foot drags or turns on a surface.",
        duration_s=0.45,
        parameters=(
            choice("surface", SURFACES, "stone", "What the sole is dragged over."),
            choice("shoe", SHOES, "boot", "What is on the foot."),
            number("weight", "", 0, 1, 0.4, "How heavily the foot drags.", spread=0.15),
            number("speed", "", 0, 1, 0.5, "From a slow drag to a quick turn.", spread=0.15),
            number("length_s", "s", 0.08, 2, 0.35, "How long it drags.", log=True, spread=0.12),
            number("grains", "", 0, 1, 0.5, "How much loose material moves.", spread=0.15),
        ),
    ),
    Preset(
        name="ladder",
        family="footsteps",
        summary="A step on a ladder's rung: the foot, the rung, the rails.",
        duration_s=0.6,
        parameters=(
            choice("material", ("metal", "wood"), "metal", "What the ladder is made of."),
            choice("shoe", SHOES, "boot", "What is on the foot."),
            number("weight", "", 0, 1, 0.5, "From a child to a giant.", spread=0.15),
            number("hardness", "", 0, 1, 0.5, "From a soft tread to a hard one.", spread=0.15),
            number("ring", "", 0, 1, 0.5, "How freely the rails ring.", spread=0.12),
            number("rattle", "", 0, 1, 0.3, "How loose the ladder is.", spread=0.15),
        ),
    ),
)
