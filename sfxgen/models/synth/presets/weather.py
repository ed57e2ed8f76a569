"""Weather."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

RAIN_SURFACES = ("ground", "leaves", "roof", "water", "glass")

HAIL_SURFACES = ("ground", "roof", "glass", "leaves")

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
    Preset(
        name="thunder",
        family="weather",
        summary="Thunder: a tearing crack, claps, and a rumble that rolls away.",
        duration_s=6,
        parameters=(
            number("away_km", "km", 0.1, 12, 0.8, "How far off the lightning is.", log=True, spread=0.08),
            number("length_s", "s", 1.5, 12, 5, "How long it rolls.", log=True, spread=0.1),
            number("crack", "", 0, 1, 0.6, "How sharp the nearest piece of the channel is.", spread=0.15),
            number("rumble", "", 0, 1, 0.6, "How loud the rolling is, after the first claps.", spread=0.12),
            number("roughness", "", 0, 1, 0.5, "How crooked the channel is: more claps.", spread=0.15),
        ),
    ),
    Preset(
        name="hail",
        family="weather",
        summary="Hail: hard stones that hit and bounce.",
        duration_s=8,
        sustained=True,
        channels=2,
        parameters=(
            choice("surface", HAIL_SURFACES, "ground", "What the stones fall on."),
            number("density", "stones/s", 4, 800, 90, "How many near stones fall.", log=True, spread=0.05),
            number("size", "", 0, 1, 0.4, "From grains to hen's eggs.", spread=0.1),
            number("hardness", "", 0, 1, 0.7, "From slush to ice.", spread=0.1),
            number("bed", "", 0, 1, 0.4, "How loud the far hail is.", spread=0.1),
            number("wind", "", 0, 1, 0.1, "How much wind blows with it.", spread=0.08),
        ),
    ),
    Preset(
        name="storm",
        family="weather",
        summary="A storm: heavy rain, gusting wind and thunder far off.",
        duration_s=15,
        sustained=True,
        channels=2,
        parameters=(
            number("rain", "", 0, 1, 0.6, "How hard it rains.", spread=0.08),
            number("wind", "", 0, 1, 0.6, "How hard it blows.", spread=0.08),
            number("gusts", "", 0, 1, 0.6, "How much the wind swells and drops.", spread=0.1),
            number("thunder", "1/min", 0, 20, 6, "How often it thunders.", spread=0.04),
            number("whistle", "", 0, 1, 0.15, "How much wires and gaps sing.", spread=0.1),
        ),
    ),
    Preset(
        name="blizzard",
        family="weather",
        summary="A snowstorm: howling wind full of hissing ice.",
        duration_s=10,
        sustained=True,
        channels=2,
        parameters=(
            number("strength", "", 0, 1, 0.7, "From driving snow to a white-out.", spread=0.08),
            number("gusts", "", 0, 1, 0.6, "How much it swells and drops.", spread=0.1),
            number("pitch_hz", "Hz", 100, 1200, 330, "Where the wind howls.", log=True, spread=0.06),
            number("whistle", "", 0, 1, 0.6, "How much it howls.", spread=0.12),
            number("snow", "", 0, 1, 0.5, "How loudly ice crystals hiss past.", spread=0.1),
        ),
    ),
    Preset(
        name="leaves",
        family="weather",
        summary="Foliage that rustles in moving air.",
        duration_s=8,
        sustained=True,
        channels=2,
        parameters=(
            number("wind", "", 0, 1, 0.4, "How much air moves the leaves.", spread=0.08),
            number("gusts", "", 0, 1, 0.6, "How much the air swells and drops.", spread=0.1),
            number(
                "density",
                "leaves/s",
                5,
                1500,
                150,
                "How many leaves are heard by themselves.",
                log=True,
                spread=0.06,
            ),
            number("dryness", "", 0, 1, 0.4, "From soft green leaves to dead brittle ones.", spread=0.12),
            number("size", "", 0, 1, 0.4, "From birch to banana leaves.", spread=0.1),
        ),
    ),
)
