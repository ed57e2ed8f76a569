"""Things of the world that are handled or broken."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

PRESETS = (
    Preset(
        name="door",
        family="objects",
        summary="A door opens or closes: latch, creaking hinges, thud.",
        duration_s=1.8,
        parameters=(
            choice("action", ("open", "close", "slam", "swing"), "open", "What happens to it."),
            choice("material", ("wood", "metal"), "wood", "What it is made of."),
            number("weight", "", 0, 1, 0.5, "From a cupboard to a castle gate.", spread=0.1),
            number("creak", "", 0, 1, 0.6, "How loud the hinges are.", spread=0.12),
            number("length_s", "s", 0.2, 6, 1.3, "How long it swings.", log=True, spread=0.07),
        ),
    ),
    Preset(
        name="glass",
        family="objects",
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
    Preset(
        name="water_drop",
        family="objects",
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
)
