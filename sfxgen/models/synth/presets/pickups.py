"""Pickups and rewards."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

PRESETS = (
    Preset(
        name="coin",
        family="pickups",
        summary="A coin is collected: two quick tones, the second ringing.",
        duration_s=0.8,
        parameters=(
            number("pitch_hz", "Hz", 200, 4000, 988, "Pitch of the first tone.", log=True, spread=0.008),
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
            number("pitch_hz", "Hz", 120, 3000, 660, "Pitch of the first note.", log=True, spread=0.008),
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
    Preset(
        name="gem",
        family="pickups",
        summary="A crystal is collected: a glassy cluster of notes that glitters.",
        duration_s=1.4,
        parameters=(
            choice("mood", ("bright", "calm", "mysterious"), "bright", "Which notes the crystal sings."),
            number("pitch_hz", "Hz", 400, 4000, 1319, "Pitch of the first note.", log=True, spread=0.008),
            number("notes", "", 1, 8, 3, "How many notes, rounded.", spread=0),
            number("tempo_ms", "ms", 15, 200, 48, "From one note to the next.", log=True, spread=0.06),
            number("decay_s", "s", 0.1, 4, 1.3, "Until the notes are gone.", log=True, spread=0.08),
            number("sparkle", "", 0, 1, 0.5, "How many glints follow.", spread=0.15),
            number("brightness", "", 0, 1, 0.5, "How strong the upper partials are.", spread=0.15),
        ),
    ),
    Preset(
        name="keys",
        family="pickups",
        summary="A ring of keys jingles.",
        duration_s=0.9,
        parameters=(
            number(
                "size", "", 0, 1, 0.3, "From a padlock's key to a dungeon's; bigger is lower.", spread=0.1
            ),
            number("length_s", "s", 0.1, 4, 0.6, "How long the keys move.", log=True, spread=0.1),
            number("density", "Hz", 6, 120, 34, "How many contacts a second.", log=True, spread=0.1),
            number("hardness", "", 0, 1, 0.6, "How hard they strike; harder is brighter.", spread=0.15),
            number("ring", "", 0, 1, 0.45, "From damped in a hand to freely ringing.", spread=0.12),
        ),
    ),
    Preset(
        name="ammo",
        family="pickups",
        summary="Ammunition is taken: a metal clunk, and what lies loose in it rattles.",
        duration_s=0.2,
        parameters=(
            choice("action", ("clip", "box", "shells"), "clip", "A magazine, a steel box, or loose shells."),
            number("size", "", 0, 1, 0.4, "From pistol rounds to a tank's; bigger is lower.", spread=0.06),
            number("weight", "", 0, 1, 0.5, "How much low thud it has.", spread=0.06),
            number("hardness", "", 0, 1, 0.6, "How hard it meets the hand; harder is brighter.", spread=0.05),
            number("rattle", "", 0, 1, 0.45, "How much the rounds rattle.", spread=0.04),
            number("ring", "", 0, 1, 0.35, "From damped to freely ringing.", spread=0.08),
        ),
    ),
    Preset(
        name="heart",
        family="pickups",
        summary="Health is restored: warm notes that swell into a soft chord.",
        duration_s=1.3,
        parameters=(
            choice("mood", ("bright", "calm", "dark"), "bright", "Which chord they make."),
            number("pitch_hz", "Hz", 130, 1600, 392, "Pitch of the lowest note.", log=True, spread=0.008),
            number("notes", "", 1, 6, 3, "How many notes, rounded.", spread=0),
            number("tempo_ms", "ms", 20, 300, 80, "From one note to the next.", log=True, spread=0.05),
            number("decay_s", "s", 0.2, 4, 1.1, "Until the chord is gone.", log=True, spread=0.08),
            number("brightness", "", 0, 1, 0.35, "How strong the upper partials are.", spread=0.2),
            number("sparkle", "", 0, 1, 0.3, "How much glitter rises with it.", spread=0.15),
        ),
    ),
    Preset(
        name="bag",
        family="pickups",
        summary="A pouch of coins, gems or stones is taken: it lands, and what is in it shifts.",
        duration_s=0.45,
        parameters=(
            choice("material", ("metal", "glass", "stone"), "metal", "What is in it: coins, gems, stones."),
            number("size", "", 0, 1, 0.4, "How big the pieces are; bigger is lower.", spread=0.1),
            number("length_s", "s", 0.08, 3, 0.4, "How long they shift.", log=True, spread=0.1),
            number("density", "Hz", 10, 400, 90, "How many contacts a second.", log=True, spread=0.1),
            number("ring", "", 0, 1, 0.35, "From muffled by the cloth to freely ringing.", spread=0.12),
            number("weight", "", 0, 1, 0.5, "How heavily the pouch lands.", spread=0.15),
            number("noise", "", 0, 1, 0.3, "How much the cloth rustles.", spread=0.15),
        ),
    ),
    Preset(
        name="extra_life",
        family="pickups",
        summary="An extra life, as old consoles played it: a quick jingle of pulse waves.",
        duration_s=0.8,
        parameters=(
            choice("mood", ("bright", "heroic", "odd"), "bright", "Which tune it plays."),
            number("pitch_hz", "Hz", 150, 2000, 659, "Pitch of the first note.", log=True, spread=0.008),
            number("notes", "", 2, 12, 6, "How many notes, rounded.", spread=0),
            number("tempo_ms", "ms", 30, 250, 90, "From one note to the next.", log=True, spread=0.05),
            number("decay_s", "s", 0.03, 2, 0.35, "Until the last note is gone.", log=True, spread=0.08),
            number("brightness", "", 0, 1, 0.5, "From a hollow square to a thin pulse.", spread=0.2),
            number("wobble_hz", "Hz", 0, 16, 6, "Rate of the last note's vibrato.", spread=0.08),
        ),
    ),
    Preset(
        name="level_up",
        family="pickups",
        summary="A level is gained: a run of bells and strings up to a ringing chord.",
        duration_s=2.0,
        parameters=(
            choice("mood", ("bright", "heroic", "mysterious", "dark"), "bright", "Which chord it climbs."),
            number("pitch_hz", "Hz", 110, 1200, 330, "Pitch of the first note.", log=True, spread=0.008),
            number("notes", "", 2, 12, 5, "How many notes climb, rounded.", spread=0),
            number("tempo_ms", "ms", 30, 300, 85, "From one note to the next.", log=True, spread=0.05),
            number("decay_s", "s", 0.2, 5, 1.7, "Until the chord is gone.", log=True, spread=0.06),
            number("brightness", "", 0, 1, 0.45, "How strong the upper partials are.", spread=0.2),
            number("sparkle", "", 0, 1, 0.4, "How much glitter falls over the chord.", spread=0.15),
        ),
    ),
    Preset(
        name="power_down",
        family="pickups",
        summary="Power runs out: a tone that sags, slows down and dies.",
        duration_s=1.1,
        parameters=(
            number("pitch_hz", "Hz", 80, 2000, 440, "Pitch at the start.", log=True, spread=0.04),
            number("rise_st", "semitones", -48, 0, -26, "How far the pitch sags.", spread=0.03),
            number("length_s", "s", 0.2, 4, 0.95, "How long it takes.", log=True, spread=0.06),
            number(
                "wobble_hz", "Hz", 0, 40, 16, "Rate of the flutter at the start; it slows down.", spread=0.1
            ),
            number("roughness", "", 0, 1, 0.4, "How much the tone beats and breaks up.", spread=0.15),
            number("brightness", "", 0, 1, 0.5, "How strong the upper partials are.", spread=0.2),
        ),
    ),
)
