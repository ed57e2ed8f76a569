"""Bodies that move through the air."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, number

PRESETS = (
    Preset(
        name="jump",
        family="movement",
        summary="A game character jumps: a quick upward slide of pitch.",
        duration_s=0.4,
        parameters=(
            number("pitch_hz", "Hz", 60, 1500, 260, "Pitch at the start.", log=True, spread=0.06),
            number("rise_st", "semitones", -24, 36, 17, "How far the pitch climbs.", spread=0.05),
            number("length_s", "s", 0.08, 1.5, 0.32, "How long it lasts.", log=True, spread=0.08),
            number("brightness", "", 0, 1, 0.45, "From a round tone to a buzzing pulse.", spread=0.2),
            number("air", "", 0, 1, 0.25, "How much rush of air goes with it.", spread=0.2),
        ),
    ),
    Preset(
        name="whoosh",
        family="movement",
        summary="Something passes quickly through the air.",
        duration_s=0.6,
        parameters=(
            number(
                "pitch_hz", "Hz", 100, 6000, 900, "Centre of the rush at its nearest.", log=True, spread=0.06
            ),
            number("length_s", "s", 0.1, 4, 0.5, "How long the pass takes.", log=True, spread=0.08),
            number("sweep_oct", "octaves", 0, 4, 1.6, "How far the centre rises and falls.", spread=0.1),
            number(
                "width_oct", "octaves", 0.1, 2.5, 0.9, "From a whistling blade to a broad gust.", spread=0.08
            ),
            number("peak_at", "", 0.1, 0.9, 0.5, "Where in the pass it is nearest.", spread=0.1),
        ),
    ),
)
