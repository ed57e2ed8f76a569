"""Explosions."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

PRESETS = (
    Preset(
        name="explosion",
        family="explosions",
        summary="A blast: shock, burning body, long rumble and falling debris.",
        duration_s=3.2,
        parameters=(
            number("size", "", 0, 1, 0.5, "From a grenade to a building: bigger is lower.", spread=0.07),
            number("shock", "", 0, 1, 0.6, "How hard the first blow is.", spread=0.15),
            number("rumble_s", "s", 0.3, 12, 2.6, "Until the rumble is gone.", log=True, spread=0.06),
            number("brightness", "", 0, 1, 0.5, "How much of the body is hiss and tearing.", spread=0.08),
            number("debris", "", 0, 1, 0.35, "How much material comes down.", spread=0.12),
        ),
    ),
    Preset(
        name="firework",
        family="explosions",
        summary="A rocket of the feast: it whistles up, bursts, and crackles down.",
        duration_s=3.2,
        parameters=(
            number("size", "", 0, 1, 0.4, "From a small rocket to a big shell: bigger is lower.", spread=0.1),
            number("rise_s", "s", 0, 3, 0.9, "How long it climbs before the burst.", spread=0.06),
            number("whistle", "", 0, 1, 0.6, "How loud it whistles as it climbs.", spread=0.1),
            number("crackles", "", 0, 1, 0.5, "How much its stars crackle.", spread=0.15),
            number(
                "tail_s", "s", 0.3, 5, 1.7, "How long the echo and the crackle last.", log=True, spread=0.07
            ),
        ),
    ),
    Preset(
        name="demolition",
        family="explosions",
        summary="A building comes down: cracks, a rumble that swells, rubble, and dust.",
        duration_s=4.5,
        parameters=(
            choice("material", ("stone", "wood", "metal", "glass"), "stone", "What it is built of."),
            number("size", "", 0, 1, 0.5, "From a wall to a tower: bigger is lower.", spread=0.1),
            number("length_s", "s", 0.8, 9, 3.6, "How long it falls.", log=True, spread=0.06),
            number("crack", "", 0, 1, 0.5, "How hard it breaks at first.", spread=0.15),
            number("debris", "", 0, 1, 0.6, "How much rubble falls.", spread=0.12),
            number("rumble", "", 0, 1, 0.6, "How much the ground shakes.", spread=0.06),
        ),
    ),
    Preset(
        name="underwater_blast",
        family="explosions",
        summary="A charge under water: a muffled thump, the pulsing gas bubble and what bubbles up.",
        duration_s=2.6,
        parameters=(
            number(
                "size", "", 0, 1, 0.5, "From a firecracker to a depth charge: bigger is lower.", spread=0.1
            ),
            number("shock", "", 0, 1, 0.5, "How hard the first blow is.", spread=0.15),
            number("bubbles", "", 0, 1, 0.5, "How much bubbles up.", spread=0.15),
            number("rumble", "", 0, 1, 0.5, "How loud the water booms.", spread=0.12),
            number("tail_s", "s", 0.4, 6, 2.2, "Until the water is calm.", log=True, spread=0.07),
        ),
    ),
    Preset(
        name="rocket_launch",
        family="explosions",
        summary="A rocket: it ignites, roars and departs.",
        duration_s=3.0,
        parameters=(
            number(
                "size",
                "",
                0,
                1,
                0.4,
                "From a shoulder-fired to a space rocket: bigger is lower.",
                spread=0.07,
            ),
            number("length_s", "s", 0.4, 9, 2.6, "Until it is gone.", log=True, spread=0.06),
            number("speed", "", 0, 1, 0.5, "How soon it departs.", spread=0.08),
            number("punch", "", 0, 1, 0.6, "How hard it ignites.", spread=0.15),
            number("crackles", "", 0, 1, 0.5, "How much the exhaust crackles.", spread=0.15),
            number("hiss", "", 0, 1, 0.5, "How much it hisses.", spread=0.08),
        ),
    ),
)
