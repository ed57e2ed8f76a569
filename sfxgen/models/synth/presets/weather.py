"""Weather."""

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

RAIN_SURFACES = ("ground", "leaves", "roof", "water", "glass")

PRESETS = (
    Preset(
        name="rain",
        family="weather",
        summary="Rain on some surface: single drops before a dense bed of far ones.",
        duration_s=8,
        sustained=True,
        channels=2,
        parameters=(
            choice("surface", RAIN_SURFACES, "ground", "What the near drops fall on."),
            number("density", "drops/s", 10, 4000, 500, "How many near drops fall.", log=True, spread=0.04),
            number("bed", "", 0, 1, 0.5, "How loud the far rain is.", spread=0.1),
            number("size", "", 0, 1, 0.4, "From drizzle to a summer storm's drops.", spread=0.1),
            number("brightness", "", 0, 1, 0.5, "How much of the high end is heard.", spread=0.1),
        ),
    ),
    Preset(
        name="wind",
        family="weather",
        summary="Wind with gusts, and the whistle of what stands in it.",
        duration_s=8,
        sustained=True,
        channels=2,
        parameters=(
            number("strength", "", 0, 1, 0.45, "From a breeze to a storm.", spread=0.08),
            number("gusts", "", 0, 1, 0.5, "How much it swells and drops.", spread=0.12),
            number("gust_hz", "Hz", 0.05, 2, 0.35, "How often it does.", log=True, spread=0.06),
            number("pitch_hz", "Hz", 80, 1500, 320, "Centre of the rush.", log=True, spread=0.06),
            number("whistle", "", 0, 1, 0.2, "How much wires and gaps sing.", spread=0.12),
            number("leaves", "", 0, 1, 0, "How much foliage rustles in it.", spread=0.05),
        ),
    ),
)
