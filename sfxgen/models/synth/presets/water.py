"""Water."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, number

PRESETS = (
    Preset(
        name="water_drop",
        family="water",
        summary="Drops fall into water: a tick and the bubble's rising note.",
        duration_s=0.4,
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
)
