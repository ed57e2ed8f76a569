"""Blades, bows and fists."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

PRESETS = (
    Preset(
        name="swing",
        family="melee",
        summary="A weapon through the air: a whistle that rises to the pass and falls, in a rush of wind.",
        duration_s=0.4,
        parameters=(
            number("size", "", 0, 1, 0.4, "From a dagger to a great club: bigger is lower.", spread=0.12),
            number("speed", "", 0, 1, 0.6, "How fast it is swung: faster is higher.", spread=0.12),
            number("length_s", "s", 0.12, 1.2, 0.36, "How long the swing takes.", log=True, spread=0.1),
            number("whistle", "", 0, 1, 0.45, "How clearly the edge sings.", spread=0.15),
            number("air", "", 0, 1, 0.6, "How loud the rush of air is.", spread=0.15),
        ),
    ),
    Preset(
        name="sword_clash",
        family="melee",
        summary="Two blades meet: a hard blow, both blades ringing, edge scraping on edge.",
        duration_s=1.1,
        parameters=(
            number("size", "", 0, 1, 0.4, "From daggers to two-handed swords: bigger is lower.", spread=0.12),
            number("hardness", "", 0, 1, 0.75, "From flat on flat to edge on edge.", spread=0.1),
            number("decay_s", "s", 0.1, 4, 1.1, "Until the blades are still.", log=True, spread=0.12),
            number("scrape", "", 0, 1, 0.4, "How much the edges slide along each other.", spread=0.15),
            number(
                "strength", "", 0, 1, 0.6, "From a parry to a full blow: stronger has more body.", spread=0.15
            ),
        ),
    ),
    Preset(
        name="sword_draw",
        family="melee",
        summary="A blade out of its sheath: a rising metal slide that leaves it ringing.",
        duration_s=1.4,
        parameters=(
            number(
                "size", "", 0, 1, 0.4, "From a dagger to a two-handed sword: bigger is lower.", spread=0.1
            ),
            number("length_s", "s", 0.12, 1.5, 0.45, "How long the blade slides.", log=True, spread=0.1),
            number("roughness", "", 0, 1, 0.4, "From an oiled sheath to a rusty one.", spread=0.2),
            number("ring", "", 0, 1, 0.6, "How loud and long the blade rings when it is out.", spread=0.15),
            number("brightness", "", 0, 1, 0.6, "From leather to bare steel.", spread=0.15),
        ),
    ),
    Preset(
        name="stab",
        family="melee",
        summary="A blade into flesh: a thrust, a wet crunch and the blade's shiver.",
        duration_s=0.35,
        parameters=(
            number("weight", "", 0, 1, 0.45, "How heavy the thrust is.", spread=0.1),
            number("wet", "", 0, 1, 0.55, "How much it squelches.", spread=0.09),
            number("crack", "", 0, 1, 0.3, "How much bone and gristle is in the way.", spread=0.15),
            number("metal", "", 0, 1, 0.35, "How much of the blade is heard.", spread=0.2),
        ),
    ),
    Preset(
        name="punch",
        family="melee",
        summary="A fist on a body: thump, slap and cloth.",
        duration_s=0.3,
        parameters=(
            number(
                "weight", "", 0, 1, 0.5, "From a jab to a haymaker: heavier is lower and longer.", spread=0.1
            ),
            number("hardness", "", 0, 1, 0.5, "From a padded glove to bare knuckles.", spread=0.12),
            number("crack", "", 0, 1, 0.25, "How much bone cracks.", spread=0.15),
            number("cloth", "", 0, 1, 0.35, "How much clothing rustles.", spread=0.12),
        ),
    ),
    Preset(
        name="bow",
        family="melee",
        summary="A bow is loosed: the limbs' creak, the string's twang and thump, the arrow leaving.",
        duration_s=0.7,
        parameters=(
            number("size", "", 0, 1, 0.5, "From a child's bow to a war bow: bigger is lower.", spread=0.12),
            number("strength", "", 0, 1, 0.6, "How far it was drawn.", spread=0.1),
            number("ring", "", 0, 1, 0.45, "How long the string twangs.", spread=0.15),
            number(
                "creak", "", 0, 1, 0.0, "How much the bow creaks as it is drawn, before the shot.", spread=0
            ),
            number("air", "", 0, 1, 0.5, "How loud the arrow leaves.", spread=0.08),
        ),
    ),
    Preset(
        name="arrow",
        family="melee",
        summary="An arrow arrives: a short whistle, the hit and the shaft's quiver.",
        duration_s=0.8,
        parameters=(
            choice("material", ("wood", "flesh", "stone", "metal"), "wood", "What it hits."),
            number("speed", "", 0, 1, 0.6, "How fast it flies.", spread=0.15),
            number("flight_s", "s", 0, 1, 0.16, "How long it is heard before it hits.", spread=0.05),
            number("whistle", "", 0, 1, 0.5, "How clearly the flight is heard.", spread=0.15),
            number("ring", "", 0, 1, 0.5, "How long the shaft quivers.", spread=0.2),
        ),
    ),
    Preset(
        name="shield_block",
        family="melee",
        summary="A blow on a shield: the boards or the plate, the rim and the straps.",
        duration_s=0.3,
        parameters=(
            choice("material", ("wood", "metal"), "wood", "What the shield is made of."),
            number("size", "", 0, 1, 0.5, "From a buckler to a tower shield: bigger is lower.", spread=0.12),
            number("hardness", "", 0, 1, 0.6, "From a club to an edge.", spread=0.15),
            number("strength", "", 0, 1, 0.6, "How hard the blow is.", spread=0.15),
            number("ring", "", 0, 1, 0.5, "How long it rings.", spread=0.15),
            number("rattle", "", 0, 1, 0.3, "How loose the rim and the straps are.", spread=0.25),
        ),
    ),
    Preset(
        name="whip",
        family="melee",
        summary="A whip: the lash through the air and the supersonic crack of its tip.",
        duration_s=0.55,
        parameters=(
            number("size", "", 0, 1, 0.4, "From a crop to a bullwhip: bigger is lower.", spread=0.12),
            number("crack", "", 0, 1, 0.7, "How hard it cracks.", spread=0.12),
            number("length_s", "s", 0.08, 0.8, 0.24, "How long the lash takes.", log=True, spread=0.1),
            number("air", "", 0, 1, 0.5, "How loud the lash is.", spread=0.15),
            number("tail_s", "s", 0.05, 1.5, 0.3, "Until the echo is gone.", log=True, spread=0.1),
        ),
    ),
)
