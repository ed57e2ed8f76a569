"""Pickups and rewards."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, number

PRESETS = (
    Preset(
        name="coin",
        family="pickups",
        summary="A coin is collected: two quick tones, the second ringing.",
        duration_s=0.8,
        parameters=(
            number("pitch_hz", "Hz", 200, 4000, 988, "Pitch of the first tone.", log=True, spread=0.025),
            number("interval_st", "semitones", -12, 24, 5, "From the first tone to the second.", spread=0),
            number("gap_ms", "ms", 20, 250, 75, "From the first tone's start to the second's.", spread=0.05),
            number("decay_s", "s", 0.05, 3, 0.65, "Until the ringing tone is gone.", log=True, spread=0.06),
            number("brightness", "", 0, 1, 0.5, "How strong the upper partials are.", spread=0.2),
            number("metal", "", 0, 1, 0.35, "From a pure chip tone to the ring of struck metal.", spread=0.2),
        ),
    ),
    Preset(
        name="pickup",
        family="pickups",
        summary="An item is picked up: a short rising run of plucked notes.",
        duration_s=0.5,
        parameters=(
            number("pitch_hz", "Hz", 120, 3000, 660, "Pitch of the first note.", log=True, spread=0.03),
            number("notes", "", 1, 8, 3, "How many notes, rounded.", spread=0),
            number("step_st", "semitones", -12, 12, 4, "From one note to the next.", spread=0),
            number(
                "tempo_ms",
                "ms",
                25,
                200,
                60,
                "From one note's start to the next one's.",
                log=True,
                spread=0.06,
            ),
            number("decay_s", "s", 0.05, 2, 0.3, "Until a note is gone.", log=True, spread=0.06),
            number("brightness", "", 0, 1, 0.4, "How strong the upper partials are.", spread=0.2),
        ),
    ),
    Preset(
        name="powerup",
        family="pickups",
        summary="A power-up: a rising, shimmering sweep that ends on a chord.",
        duration_s=1.3,
        parameters=(
            number("pitch_hz", "Hz", 80, 1500, 330, "Pitch at the start.", log=True, spread=0.04),
            number("rise_st", "semitones", -24, 36, 19, "How far the sweep climbs.", spread=0.03),
            number("length_s", "s", 0.2, 4, 0.7, "How long the sweep takes.", log=True, spread=0.05),
            number("wobble_hz", "Hz", 0, 30, 12, "Rate of the shimmer.", spread=0.1),
            number("brightness", "", 0, 1, 0.5, "How strong the upper partials are.", spread=0.2),
        ),
    ),
)
