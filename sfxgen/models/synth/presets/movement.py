"""Bodies that move through the air, and what they wear, hold or bounce upon."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

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
    Preset(
        name="dash",
        family="movement",
        summary="A sudden burst of speed: a push, and air torn along behind.",
        duration_s=0.45,
        parameters=(
            number("speed", "", 0, 1, 0.6, "How fast it is; faster is higher and sharper.", spread=0.12),
            number("length_s", "s", 0.08, 2, 0.35, "How long it lasts.", log=True, spread=0.08),
            number("weight", "", 0, 1, 0.4, "How heavy the body is: low end of the rush.", spread=0.15),
            number("punch", "", 0, 1, 0.45, "How hard it pushes off.", spread=0.15),
            number("brightness", "", 0, 1, 0.5, "How much hiss the air has.", spread=0.15),
            number("wobble_hz", "Hz", 0, 60, 26, "Rate at which the air flutters.", spread=0.12),
        ),
    ),
    Preset(
        name="cloth",
        family="movement",
        summary="Clothes move: a rustle of folds that rub and flap.",
        duration_s=0.45,
        parameters=(
            choice(
                "material", ("cotton", "silk", "leather", "nylon", "wool"), "cotton", "What they are made of."
            ),
            number("length_s", "s", 0.08, 3, 0.4, "How long the movement takes.", log=True, spread=0.1),
            number("speed", "", 0, 1, 0.5, "How fast the folds rub; faster is brighter.", spread=0.15),
            number("weight", "", 0, 1, 0.4, "From a sleeve to a heavy cloak, which flaps.", spread=0.15),
            number("density", "Hz", 10, 400, 90, "How many folds a second.", log=True, spread=0.1),
            number("creak", "", 0, 1, 0.1, "How much seams and straps creak.", spread=0.15),
        ),
    ),
    Preset(
        name="rope",
        family="movement",
        summary="A rope or strap is pulled taut: fibres stick, slip and creak.",
        duration_s=1.0,
        parameters=(
            choice("material", ("hemp", "leather", "wood"), "hemp", "What creaks with the pull."),
            number("length_s", "s", 0.15, 5, 0.9, "How long the pull takes.", log=True, spread=0.08),
            number("strength", "", 0, 1, 0.6, "How hard it is pulled; harder creaks higher.", spread=0.15),
            number("rate_hz", "Hz", 6, 120, 26, "How often it slips a second.", log=True, spread=0.1),
            number("weight", "", 0, 1, 0.4, "How thick it is; thicker is lower.", spread=0.12),
            number("roughness", "", 0, 1, 0.5, "How unevenly it slips.", spread=0.15),
            number("noise", "", 0, 1, 0.35, "How much the fibres rub.", spread=0.15),
        ),
    ),
    Preset(
        name="slide_whistle",
        family="movement",
        summary="A slide whistle: something rises or falls in a cartoon.",
        duration_s=0.8,
        parameters=(
            number("pitch_hz", "Hz", 200, 3000, 620, "Pitch at the start.", log=True, spread=0.05),
            number("rise_st", "semitones", -36, 36, 18, "How far it slides; below 0 it falls.", spread=0.04),
            number("length_s", "s", 0.12, 4, 0.75, "How long the slide takes.", log=True, spread=0.08),
            number("wobble_hz", "Hz", 0, 14, 6, "Rate of the player's vibrato.", spread=0.08),
            number("air", "", 0, 1, 0.3, "How much breath is heard.", spread=0.15),
            number("brightness", "", 0, 1, 0.3, "How strong the upper partials are.", spread=0.15),
        ),
    ),
    Preset(
        name="spring",
        family="movement",
        summary="A coil spring is let go: it boings, shakes and rings out.",
        duration_s=1.2,
        parameters=(
            number(
                "size", "", 0, 1, 0.45, "From a pen's spring to a mattress's; bigger is lower.", spread=0.08
            ),
            number("strength", "", 0, 1, 0.6, "How far it was bent: depth of the wobble.", spread=0.12),
            number("wobble_hz", "Hz", 2, 30, 11, "How fast it shakes.", log=True, spread=0.08),
            number("decay_s", "s", 0.15, 5, 1.1, "Until it is still.", log=True, spread=0.08),
            number("metal", "", 0, 1, 0.5, "How much of the coil's zing is heard.", spread=0.15),
            number("hardness", "", 0, 1, 0.5, "How suddenly it is let go; harder is brighter.", spread=0.15),
        ),
    ),
)
