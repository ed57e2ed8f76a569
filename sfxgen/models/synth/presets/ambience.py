"""Places."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, number

PRESETS = (
    Preset(
        name="forest",
        family="ambience",
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
)
