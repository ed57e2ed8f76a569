"""Water."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

VESSELS = ("glass", "ceramic", "metal", "plastic")

PRESETS = (
    Preset(
        name="water_drop",
        family="water",
        summary="Drops fall into water: a tick and the bubble's rising note.",
        duration_s=0.2,
        parameters=(
            number("pitch_hz", "Hz", 200, 5000, 850, "Pitch of the bubble.", log=True, spread=0.18),
            number("rise_oct", "octaves", 0, 2, 0.45, "How far its pitch rises.", spread=0.18),
            number("decay_s", "s", 0.02, 0.6, 0.16, "Until the bubble is gone.", log=True, spread=0.18),
            number("drops", "", 1, 20, 1, "How many drops, rounded.", spread=0),
            number("impact", "", 0, 1, 0.3, "How loud the drop's impact is.", spread=0.25),
        ),
    ),
    Preset(
        name="stream",
        family="water",
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
    Preset(
        name="splash",
        family="water",
        summary="Something falls into water: a slap, a closing cavity, bubbles and spray.",
        duration_s=0.9,
        parameters=(
            number("size", "", 0, 1, 0.4, "From a pebble to a diver.", spread=0.1),
            number("strength", "", 0, 1, 0.6, "How fast it hits the water.", spread=0.12),
            number("bubbles", "", 0, 1, 0.5, "How much air it drags under.", spread=0.15),
            number("spray", "", 0, 1, 0.5, "How much water is thrown up and falls back.", spread=0.15),
            number("tail_s", "s", 0.2, 4, 0.9, "Until the last drops have fallen.", log=True, spread=0.1),
        ),
    ),
    Preset(
        name="bubbles",
        family="water",
        summary="Air that rises through water: a population of bubbles.",
        duration_s=8,
        sustained=True,
        channels=2,
        parameters=(
            number("density", "1/s", 1, 500, 35, "How many bubbles are heard.", log=True, spread=0.05),
            number("size", "", 0, 1, 0.4, "From fizz to big gulps.", spread=0.06),
            number("variety", "", 0, 1, 0.5, "How unlike each other they are.", spread=0.08),
            number("rise_oct", "octaves", 0, 1.5, 0.4, "How far their pitches rise.", spread=0.1),
            number("gurgle", "", 0, 1, 0.5, "How much they come in bursts.", spread=0.1),
        ),
    ),
    Preset(
        name="boiling",
        family="water",
        summary="Water that boils: bubbles, rumble and steam.",
        duration_s=8,
        sustained=True,
        parameters=(
            number("strength", "", 0, 1, 0.6, "From a simmer to a rolling boil.", spread=0.08),
            number("size", "", 0, 1, 0.4, "From a cup to a cauldron.", spread=0.08),
            number("rumble", "", 0, 1, 0.5, "How loud the vessel rumbles.", spread=0.1),
            number("hiss", "", 0, 1, 0.3, "How loud the steam is.", spread=0.1),
            number("rattle", "", 0, 1, 0, "How much a lid rattles.", spread=0.05),
        ),
    ),
    Preset(
        name="waves",
        family="water",
        summary="The sea at a beach: waves break, run up and draw back.",
        duration_s=16,
        sustained=True,
        channels=2,
        parameters=(
            number("strength", "", 0, 1, 0.45, "From a lake's lapping to surf.", spread=0.08),
            number("rate_hz", "Hz", 0.04, 0.5, 0.13, "How many waves a second.", log=True, spread=0.04),
            number("hiss", "", 0, 1, 0.5, "How loud the foam is.", spread=0.1),
            number("rumble", "", 0, 1, 0.4, "How loud the breakers' low end is.", spread=0.1),
            number("pebbles", "", 0, 1, 0, "How much shingle each wave drags.", spread=0.06),
        ),
    ),
    Preset(
        name="waterfall",
        family="water",
        summary="Falling water: a broad roar over a plunge pool.",
        duration_s=8,
        sustained=True,
        channels=2,
        parameters=(
            number("size", "", 0, 1, 0.5, "From a garden's cascade to a great fall.", spread=0.08),
            number("brightness", "", 0, 1, 0.5, "How much of the spray is heard.", spread=0.1),
            number("rumble", "", 0, 1, 0.5, "How loud the plunge is.", spread=0.1),
            number("bubbles", "", 0, 1, 0.4, "How loud single bubbles and splashes are.", spread=0.1),
        ),
    ),
    Preset(
        name="underwater",
        family="water",
        summary="Under water: a low, close rumble, and bubbles that pass.",
        duration_s=10,
        sustained=True,
        channels=2,
        parameters=(
            number("depth", "", 0, 1, 0.5, "From just below the surface to the deep.", spread=0.08),
            number("bubbles", "1/s", 0, 60, 5, "How many bubbles pass.", spread=0.04),
            number("rumble", "", 0, 1, 0.6, "How loud the low end is.", spread=0.1),
            number("movement", "", 0, 1, 0.5, "How much the water moves.", spread=0.1),
            number("pitch_hz", "Hz", 80, 800, 240, "Where the water resonates.", log=True, spread=0.06),
        ),
    ),
    Preset(
        name="pour",
        family="water",
        summary="A liquid is poured into a vessel, whose note rises as it fills.",
        duration_s=3,
        parameters=(
            number("length_s", "s", 0.5, 8, 2.6, "How long it is poured.", log=True, spread=0.1),
            number("size", "", 0, 1, 0.35, "From a glass to a barrel.", spread=0.1),
            number("strength", "", 0, 1, 0.5, "From a trickle to a gush.", spread=0.1),
            number("fill", "", 0, 1, 0.8, "How full the vessel gets.", spread=0.08),
            number("bubbles", "", 0, 1, 0.6, "How much it glugs.", spread=0.12),
            choice("material", VESSELS, "glass", "What the vessel is made of."),
        ),
    ),
    Preset(
        name="drips",
        family="water",
        summary="Drops that fall one by one in a hollow place.",
        duration_s=12,
        sustained=True,
        channels=2,
        parameters=(
            number("density", "drops/s", 0.2, 30, 1.6, "How many drops fall.", log=True, spread=0.06),
            number("pitch_hz", "Hz", 300, 4000, 1100, "Middle of their pitches.", log=True, spread=0.06),
            number("decay_s", "s", 0.03, 0.4, 0.11, "How long a drop rings.", log=True, spread=0.1),
            number("echo", "", 0, 1, 0.55, "How much the place answers.", spread=0.08),
            number("air", "", 0, 1, 0.2, "How loud the air of the place is.", spread=0.08),
        ),
    ),
)
