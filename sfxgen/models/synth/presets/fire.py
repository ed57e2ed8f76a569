"""Fire."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, number

PRESETS = (
    Preset(
        name="fire",
        family="fire",
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
)
