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
            number("hiss", "", 0, 1, 0.35, "How loud escaping gas is.", spread=0.05),
            number("roar", "", 0, 1, 0.45, "How loud the flames lap.", spread=0.05),
        ),
    ),
    Preset(
        name="ignite",
        family="fire",
        summary="Something catches fire at once: a soft, deep whoof.",
        duration_s=1.3,
        parameters=(
            number("size", "", 0, 1, 0.4, "From a stove to a pool of petrol.", spread=0.1),
            number("strength", "", 0, 1, 0.6, "How suddenly it catches.", spread=0.12),
            number("tail_s", "s", 0.2, 4, 0.9, "How long it burns on.", log=True, spread=0.1),
            number("brightness", "", 0, 1, 0.4, "How much it hisses.", spread=0.12),
            number("crackles", "", 0, 1, 0.25, "How much it crackles.", spread=0.12),
        ),
    ),
    Preset(
        name="torch",
        family="fire",
        summary="A torch close by: a flame that flutters and flaps.",
        duration_s=8,
        sustained=True,
        parameters=(
            number("size", "", 0, 1, 0.4, "From a match to a brand.", spread=0.08),
            number("rate_hz", "Hz", 2, 25, 9, "How fast it flutters.", log=True, spread=0.06),
            number("flutter", "", 0, 1, 0.6, "How deeply it does.", spread=0.1),
            number("hiss", "", 0, 1, 0.25, "How loud escaping gas is.", spread=0.1),
            number("crackles", "1/s", 0, 30, 2.5, "How often it snaps.", spread=0.03),
        ),
    ),
    Preset(
        name="sizzle",
        family="fire",
        summary="Something wet on something hot: it sizzles and spits.",
        duration_s=6,
        sustained=True,
        parameters=(
            number("strength", "", 0, 1, 0.5, "From gentle frying to a searing heat.", spread=0.08),
            number("density", "1/s", 5, 3000, 350, "How many drops burst.", log=True, spread=0.06),
            number("size", "", 0, 1, 0.3, "How big the drops are.", spread=0.1),
            number("brightness", "", 0, 1, 0.6, "How bright the hiss is.", spread=0.1),
            number("wet", "", 0, 1, 0.3, "How much liquid bubbles in it.", spread=0.1),
        ),
    ),
    Preset(
        name="quench",
        family="fire",
        summary="Hot metal goes into water: a burst of steam that dies away.",
        duration_s=2.5,
        parameters=(
            number("size", "", 0, 1, 0.4, "From a nail to a sword.", spread=0.1),
            number("length_s", "s", 0.4, 8, 2, "Until it has cooled.", log=True, spread=0.1),
            number("strength", "", 0, 1, 0.6, "How hot it is.", spread=0.12),
            number("bubbles", "", 0, 1, 0.5, "How much the water boils.", spread=0.12),
            number("brightness", "", 0, 1, 0.6, "How bright the steam is.", spread=0.12),
        ),
    ),
    Preset(
        name="fuse",
        family="fire",
        summary="A burning fuse: fast sparks over a thin, bright hiss.",
        duration_s=4,
        sustained=True,
        parameters=(
            number("density", "sparks/s", 20, 3000, 400, "How many sparks fly.", log=True, spread=0.05),
            number("hiss", "", 0, 1, 0.5, "How loud the burning powder is.", spread=0.1),
            number("brightness", "", 0, 1, 0.6, "How bright it is.", spread=0.1),
            number("sputter", "", 0, 1, 0.4, "How unsteadily it burns.", spread=0.12),
        ),
    ),
    Preset(
        name="lava",
        family="fire",
        summary="Lava: thick bubbles that swell and burst over a deep rumble.",
        duration_s=10,
        sustained=True,
        channels=2,
        parameters=(
            number("density", "1/s", 0.3, 20, 2.5, "How many bubbles burst.", log=True, spread=0.06),
            number("size", "", 0, 1, 0.6, "How big the bubbles are.", spread=0.08),
            number("rumble", "", 0, 1, 0.6, "How loud the ground is.", spread=0.1),
            number("hiss", "", 0, 1, 0.3, "How loud escaping gas is.", spread=0.1),
            number("crackles", "1/s", 0, 60, 6, "How often its crust cracks.", spread=0.05),
        ),
    ),
    Preset(
        name="match",
        family="fire",
        summary="A match is struck: a scratch, a flare, a small flame.",
        duration_s=1.4,
        parameters=(
            number("length_s", "s", 0.3, 4, 1.2, "How long it is heard.", log=True, spread=0.1),
            number("scratch", "", 0, 1, 0.6, "How hard it is drawn along the box.", spread=0.15),
            number("flare", "", 0, 1, 0.6, "How strongly the head burns.", spread=0.12),
            number("brightness", "", 0, 1, 0.5, "How bright it all is.", spread=0.12),
            number("crackles", "", 0, 1, 0.4, "How much the head spits.", spread=0.12),
        ),
    ),
)
