"""Things that strike, rub and roll on one another."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

MATERIALS = ("wood", "metal", "stone", "glass", "plastic", "ceramic", "flesh")
RIGID = MATERIALS[:-1]

PRESETS = (
    Preset(
        name="hit",
        family="impacts",
        summary="One thing strikes another: a struck body of some material.",
        duration_s=0.12,
        parameters=(
            choice("material", MATERIALS, "wood", "What is struck."),
            number("size", "", 0, 1, 0.4, "How big the struck body is; bigger is lower.", spread=0.1),
            number("hardness", "", 0, 1, 0.6, "How hard the striker is; harder is brighter.", spread=0.15),
            number("ring", "", 0, 1, 0.5, "How freely the body rings.", spread=0.12),
            number("noise", "", 0, 1, 0.35, "How much crunch goes with the contact.", spread=0.2),
        ),
    ),
    Preset(
        name="knock",
        family="impacts",
        summary="One knock on a door: knuckles, the panel, the air behind it.",
        duration_s=0.13,
        parameters=(
            choice("material", ("wood", "metal", "glass"), "wood", "What the door is made of."),
            number("weight", "", 0, 1, 0.4, "From a cupboard to a castle gate.", spread=0.1),
            number("hardness", "", 0, 1, 0.5, "From a glove over knuckles to a knocker.", spread=0.15),
            number("strength", "", 0, 1, 0.5, "From a tap to a pounding fist.", spread=0.15),
            number("ring", "", 0, 1, 0.4, "How freely the panel rings.", spread=0.12),
            number("rattle", "", 0, 1, 0.25, "How loose the door sits in its frame.", spread=0.12),
        ),
    ),
    Preset(
        name="thud",
        family="impacts",
        summary="Something heavy and soft falls: a body, a sack, a bundle.",
        duration_s=0.7,
        parameters=(
            number("weight", "", 0, 1, 0.5, "From a bundle of cloth to a giant's body.", spread=0.08),
            number("hardness", "", 0, 1, 0.35, "From soft earth to a stone floor.", spread=0.08),
            number("strength", "", 0, 1, 0.5, "How far it falls.", spread=0.08),
            number("parts", "", 1, 6, 3, "How many parts come down one after the other, rounded.", spread=0),
            number("noise", "", 0, 1, 0.4, "How much cloth and leather is heard.", spread=0.05),
            number("rattle", "", 0, 1, 0, "How much armour and gear is on it.", spread=0.06),
        ),
    ),
    Preset(
        name="bounce",
        family="impacts",
        summary="Something drops and bounces until it lies still.",
        duration_s=1.8,
        parameters=(
            choice("material", (*RIGID, "rubber"), "rubber", "What bounces."),
            number("size", "", 0, 1, 0.4, "From a marble to a barrel.", spread=0.1),
            number("hardness", "", 0, 1, 0.5, "How hard the floor is.", spread=0.15),
            number("height_m", "m", 0.02, 2, 0.5, "How high it drops from.", log=True, spread=0.08),
            number("restitution", "", 0.2, 0.88, 0.68, "Speed kept at a bounce.", spread=0.05),
            number("wobble", "", 0, 1, 0.3, "From a round thing to an edgy one.", spread=0.15),
        ),
    ),
    Preset(
        name="scrape",
        family="impacts",
        summary="Something is dragged over a surface.",
        duration_s=1.0,
        parameters=(
            choice("material", RIGID, "stone", "What is dragged."),
            number("size", "", 0, 1, 0.5, "How big it is; bigger is lower.", spread=0.1),
            number("roughness", "", 0, 1, 0.5, "How rough the surface is.", spread=0.15),
            number("speed", "", 0, 1, 0.5, "How fast it moves.", spread=0.12),
            number(
                "strength", "", 0, 1, 0.5, "How hard it is pressed down: it sticks and squeals.", spread=0.12
            ),
            number("length_s", "s", 0.1, 6, 0.9, "How long it is dragged.", log=True, spread=0.08),
        ),
    ),
    Preset(
        name="clatter",
        family="impacts",
        summary="Several pieces fall in a heap and settle.",
        duration_s=0.75,
        parameters=(
            choice("material", RIGID, "wood", "What the pieces are made of."),
            number("size", "", 0, 1, 0.4, "How big a piece is; bigger is lower.", spread=0.1),
            number("pieces", "", 2, 60, 10, "How many pieces there are.", log=True, spread=0.06),
            number("spread_s", "s", 0.15, 5, 0.9, "How long they keep falling.", log=True, spread=0.1),
            number("hardness", "", 0, 1, 0.6, "How hard the ground is.", spread=0.15),
            number("ring", "", 0, 1, 0.5, "How freely a piece rings.", spread=0.12),
        ),
    ),
    Preset(
        name="rattle",
        family="impacts",
        summary="Loose things in a box are shaken.",
        duration_s=0.9,
        parameters=(
            choice("material", (*RIGID, "sand"), "metal", "What the loose things are made of."),
            choice("box", ("wood", "metal", "plastic", "cloth"), "wood", "What they are shaken in."),
            number("size", "", 0, 1, 0.3, "How big the things are; bigger is lower.", spread=0.1),
            number("pieces", "", 1, 200, 14, "How many things there are.", log=True, spread=0.06),
            number("rate_hz", "Hz", 0.7, 12, 4, "Shakes a second.", log=True, spread=0.08),
            number("length_s", "s", 0.1, 6, 0.8, "How long it is shaken.", log=True, spread=0.08),
            number("strength", "", 0, 1, 0.5, "How hard it is shaken.", spread=0.15),
        ),
    ),
    Preset(
        name="roll",
        family="impacts",
        summary="Something rolls over the ground without end.",
        duration_s=4.0,
        sustained=True,
        parameters=(
            choice("material", RIGID, "stone", "What rolls."),
            number("size", "", 0, 1, 0.6, "From a marble to a boulder.", spread=0.08),
            number("speed", "", 0, 1, 0.5, "How fast it rolls.", spread=0.08),
            number("roughness", "", 0, 1, 0.5, "How rough the ground is.", spread=0.12),
            number("wobble", "", 0, 1, 0.35, "How far from round it is: heard once a turn.", spread=0.12),
            number("rumble", "", 0, 1, 0.4, "How much the ground shakes.", spread=0.12),
        ),
    ),
)
