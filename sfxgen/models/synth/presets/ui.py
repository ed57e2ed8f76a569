"""Interface sounds: tones and clicks that answer a player's action."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

PRESETS = (
    Preset(
        name="click",
        family="ui",
        summary="A button or switch: a tiny struck body, pressed and perhaps let go.",
        duration_s=0.12,
        parameters=(
            choice(
                "material", ("plastic", "metal", "wood", "glass"), "plastic", "What the button is made of."
            ),
            number("pitch_hz", "Hz", 300, 8000, 2200, "Pitch of the body.", log=True, spread=0.1),
            number("decay_ms", "ms", 3, 200, 18, "Until the body is still.", log=True, spread=0.14),
            number("hardness", "", 0, 1, 0.7, "From a finger's pad to a nail.", spread=0.3),
            number("release_ms", "ms", 0, 200, 0, "When the button comes up again; 0 is never.", spread=0.02),
        ),
    ),
    Preset(
        name="hover",
        family="ui",
        summary="The pointer passes over something: a soft, short blip.",
        duration_s=0.12,
        parameters=(
            number("pitch_hz", "Hz", 150, 4000, 1100, "Pitch at the start.", log=True, spread=0.07),
            number("glide_st", "semitones", -12, 12, 2, "How far the pitch glides.", spread=0.15),
            number("length_s", "s", 0.03, 0.5, 0.1, "How long it lasts.", log=True, spread=0.2),
            number("brightness", "", 0, 1, 0.25, "How strong the upper partials are.", spread=0.2),
        ),
    ),
    Preset(
        name="confirm",
        family="ui",
        summary="Accepted: two rising bell tones.",
        duration_s=0.8,
        parameters=(
            number("pitch_hz", "Hz", 150, 3000, 660, "Pitch of the first tone.", log=True, spread=0.045),
            number("interval_st", "semitones", 0, 24, 7, "How far the second tone lies above.", spread=0),
            number("gap_ms", "ms", 30, 300, 95, "From the first tone's start to the second's.", spread=0.05),
            number("decay_s", "s", 0.08, 3, 0.6, "Until the second tone is gone.", log=True, spread=0.12),
            number("brightness", "", 0, 1, 0.4, "How strong the upper partials are.", spread=0.2),
        ),
    ),
    Preset(
        name="error",
        family="ui",
        summary="Refused: two low, rough, falling tones.",
        duration_s=0.5,
        parameters=(
            number("pitch_hz", "Hz", 60, 1500, 220, "Pitch of the first tone.", log=True, spread=0.03),
            number("interval_st", "semitones", -24, 0, -4, "How far the second tone lies below.", spread=0),
            number("gap_ms", "ms", 40, 400, 150, "From the first tone's start to the second's.", spread=0.05),
            number("length_s", "s", 0.05, 2, 0.2, "How long the second tone lasts.", log=True, spread=0.08),
            number("roughness", "", 0, 1, 0.5, "How much the tone beats against itself.", spread=0.2),
            number("brightness", "", 0, 1, 0.4, "How strong the upper partials are.", spread=0.2),
        ),
    ),
)
