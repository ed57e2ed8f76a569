"""Things that break."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, number

PRESETS = (
    Preset(
        name="glass",
        family="breakage",
        summary="Glass breaks: the crack, then shards that ring and fall.",
        duration_s=1.4,
        parameters=(
            number("size", "", 0, 1, 0.4, "From a wine glass to a shop window.", spread=0.1),
            number("shards", "", 4, 200, 45, "How many pieces are heard.", log=True, spread=0.06),
            number("spread_s", "s", 0.1, 4, 0.8, "How long pieces keep falling.", log=True, spread=0.08),
            number("ring", "", 0, 1, 0.5, "How long a piece rings.", spread=0.15),
            number("crack", "", 0, 1, 0.6, "How hard the first break is.", spread=0.15),
        ),
    ),
)
