"""Weather, water, fire and places: textures without end. Those around the listener are stereo."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

RAIN_SURFACES = ("ground", "leaves", "roof", "water", "glass")

PRESETS = (
    Preset(
        name="rain",
        family="nature",
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
        family="nature",
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
        name="fire",
        family="nature",
        summary="A fire: crackling wood over hissing and lapping flames.",
        duration_s=8,
        sustained=True,
        parameters=(
            number("size", "", 0, 1, 0.35, "From a candle's logs to a burning house.", spread=0.08),
            number("crackles", "1/s", 0.5, 120, 14, "How often wood snaps.", log=True, spread=0.05),
            number("hiss", "", 0, 1, 0.35, "How loud escaping gas is.", spread=0.12),
            number("roar", "", 0, 1, 0.45, "How loud the flames lap.", spread=0.1),
        ),
    ),
    Preset(
        name="forest",
        family="nature",
        summary="A quiet place outdoors: air in the leaves, birds, insects.",
        duration_s=12,
        sustained=True,
        channels=2,
        parameters=(
            number("birds", "1/s", 0, 4, 0.7, "How many phrases are sung.", spread=0.05),
            number("bird_distance", "", 0, 1, 0.5, "How far off the birds are.", spread=0.08),
            number("bird_pitch_hz", "Hz", 1200, 7000, 3200, "Middle of their song.", log=True, spread=0.06),
            number("wind", "", 0, 1, 0.4, "How much air moves the leaves.", spread=0.1),
            number("insects", "", 0, 1, 0.1, "How loud crickets are.", spread=0.08),
        ),
    ),
    Preset(
        name="stream",
        family="nature",
        summary="Running water: countless bubbles over a soft rush.",
        duration_s=8,
        sustained=True,
        channels=2,
        parameters=(
            number("flow", "", 0, 1, 0.4, "From a trickle to a river.", spread=0.1),
            number("bubbles", "1/s", 5, 600, 110, "How many bubbles are heard.", log=True, spread=0.05),
            number(
                "pitch_hz", "Hz", 200, 3000, 800, "Middle of the bubbles' pitches.", log=True, spread=0.06
            ),
            number("rush", "", 0, 1, 0.4, "How loud the water's own noise is.", spread=0.1),
        ),
    ),
)
