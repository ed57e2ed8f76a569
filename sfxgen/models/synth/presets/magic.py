"""Spells."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

PRESETS = (
    Preset(
        name="magic",
        family="magic",
        summary="A spell: a swelling glow with sparkling bells.",
        duration_s=2.2,
        parameters=(
            choice("mood", ("bright", "dark", "frost"), "bright", "What kind of spell it is."),
            number("pitch_hz", "Hz", 80, 2500, 660, "Root of the bells.", log=True, spread=0.03),
            number("sparkles", "", 0, 120, 26, "How many bells sound.", spread=0.06),
            number("swell", "", 0, 1, 0.45, "How loud the glow beneath is.", spread=0.12),
            number("length_s", "s", 0.3, 6, 1.2, "How long the spell is cast.", log=True, spread=0.06),
        ),
    ),
    Preset(
        name="fireball",
        family="magic",
        summary="A ball of fire: it ignites, roars and flies off, burning.",
        duration_s=1.5,
        parameters=(
            number("size", "", 0, 1, 0.45, "From a spark to a meteor: bigger is lower.", spread=0.1),
            number("length_s", "s", 0.25, 5, 1.3, "How long it is heard.", log=True, spread=0.08),
            number("punch", "", 0, 1, 0.5, "How hard it ignites.", spread=0.15),
            number("brightness", "", 0, 1, 0.45, "How much the flame hisses.", spread=0.15),
            number("crackles", "", 0, 1, 0.4, "How much it crackles.", spread=0.15),
            number("speed", "", 0, 1, 0.5, "How fast it flies past.", spread=0.12),
        ),
    ),
    Preset(
        name="ice_spell",
        family="magic",
        summary="Frost: crystals that crackle and grow, glass bells and a cold breath.",
        duration_s=1.9,
        parameters=(
            number("pitch_hz", "Hz", 300, 4000, 1250, "Root of the glass bells.", log=True, spread=0.05),
            number("length_s", "s", 0.2, 5, 0.9, "How long the ice grows.", log=True, spread=0.08),
            number("crackles", "", 0, 1, 0.5, "How much the crystals crackle.", spread=0.15),
            number("sparkle", "", 0, 1, 0.5, "How many bells sound.", spread=0.1),
            number("air", "", 0, 1, 0.4, "How much cold wind blows.", spread=0.15),
            number("crack", "", 0, 1, 0.4, "How hard the ice breaks out.", spread=0.15),
        ),
    ),
    Preset(
        name="lightning",
        family="magic",
        summary="A bolt of lightning: an electric rip, the crack, and thunder.",
        duration_s=2.2,
        parameters=(
            number("size", "", 0, 1, 0.4, "How big the bolt is: bigger is lower.", spread=0.1),
            number("crack", "", 0, 1, 0.6, "How hard it strikes.", spread=0.15),
            number("crackles", "", 0, 1, 0.5, "How much the arcs crackle.", spread=0.15),
            number("brightness", "", 0, 1, 0.5, "How sharp the arcs are.", spread=0.15),
            number("rumble", "", 0, 1, 0.5, "How loud the thunder is.", spread=0.12),
            number("tail_s", "s", 0.2, 6, 1.8, "Until the thunder is gone.", log=True, spread=0.07),
        ),
    ),
    Preset(
        name="heal",
        family="magic",
        summary="Healing: a harp that rises gently into bells and a warm shimmer.",
        duration_s=2.6,
        parameters=(
            number("pitch_hz", "Hz", 130, 1200, 392, "Root of the harp.", log=True, spread=0.03),
            number("notes", "", 3, 16, 7, "How many notes the harp plays, rounded.", spread=0),
            number("length_s", "s", 0.2, 4, 0.8, "How long the harp rises.", log=True, spread=0.06),
            number("decay_s", "s", 0.3, 5, 1.8, "Until the last note is gone.", log=True, spread=0.08),
            number("sparkle", "", 0, 1, 0.4, "How much it glitters.", spread=0.15),
            number("air", "", 0, 1, 0.4, "How loud the warm shimmer beneath is.", spread=0.15),
        ),
    ),
    Preset(
        name="portal",
        family="magic",
        summary="A portal that stays open: swirling wind and voices of glass around a deep drone.",
        duration_s=8.0,
        sustained=True,
        channels=2,
        parameters=(
            number("pitch_hz", "Hz", 30, 400, 82, "Pitch of the drone.", log=True, spread=0.05),
            number("wobble_hz", "Hz", 0.1, 6, 0.7, "How fast it swirls.", log=True, spread=0.08),
            number("air", "", 0, 1, 0.5, "How loud the wind is.", spread=0.08),
            number("rumble", "", 0, 1, 0.5, "How deep it growls.", spread=0.08),
            number("sparkle", "", 0, 1, 0.35, "How much it glitters.", spread=0.12),
            number("brightness", "", 0, 1, 0.45, "From dark to bright.", spread=0.08),
        ),
    ),
    Preset(
        name="curse",
        family="magic",
        summary="A curse: a dark, reversed swell of whispers and sour tones that is cut off by a blow.",
        duration_s=2.2,
        parameters=(
            number("pitch_hz", "Hz", 40, 400, 98, "Root of the sour chord.", log=True, spread=0.04),
            number("length_s", "s", 0.3, 5, 1.4, "How long it swells.", log=True, spread=0.06),
            number("roughness", "", 0, 1, 0.5, "How sour the chord is.", spread=0.15),
            number("hiss", "", 0, 1, 0.45, "How much it whispers.", spread=0.15),
            number("punch", "", 0, 1, 0.6, "How hard the blow is at the end.", spread=0.12),
            number("tail_s", "s", 0.1, 4, 0.9, "Until it has died away.", log=True, spread=0.08),
        ),
    ),
    Preset(
        name="buff",
        family="magic",
        summary="Strength or protection is given: a chord that rises and locks in with a gleam.",
        duration_s=1.6,
        parameters=(
            number(
                "pitch_hz", "Hz", 80, 800, 220, "Root of the chord when it has risen.", log=True, spread=0.03
            ),
            number("rise_st", "semitones", 0, 24, 12, "How far it rises; 0 stays.", spread=0),
            number("length_s", "s", 0.1, 2.5, 0.55, "How long it rises.", log=True, spread=0.06),
            number("decay_s", "s", 0.2, 4, 1.1, "Until the chord is gone.", log=True, spread=0.08),
            number("sparkle", "", 0, 1, 0.45, "How much it gleams.", spread=0.15),
            number("metal", "", 0, 1, 0.35, "How much it sounds of armour.", spread=0.15),
        ),
    ),
    Preset(
        name="dispel",
        family="magic",
        summary="A spell is undone: its tones sink and fall apart, and it fizzles out.",
        duration_s=1.3,
        parameters=(
            number("pitch_hz", "Hz", 100, 2500, 620, "Pitch before it falls.", log=True, spread=0.05),
            number("fall_oct", "octaves", 0.2, 4, 1.6, "How far it falls.", spread=0.06),
            number("length_s", "s", 0.2, 4, 1.1, "How long it takes.", log=True, spread=0.08),
            number("hiss", "", 0, 1, 0.5, "How much it fizzles.", spread=0.07),
            number("crackles", "", 0, 1, 0.4, "How many sparks die.", spread=0.15),
        ),
    ),
    Preset(
        name="summon",
        family="magic",
        summary="Something is called: a deep swell, a choir, and its arrival.",
        duration_s=3.0,
        parameters=(
            number("pitch_hz", "Hz", 40, 300, 73, "Root of the choir.", log=True, spread=0.04),
            number("length_s", "s", 0.4, 5, 1.8, "How long it is called.", log=True, spread=0.06),
            number("choir", "", 0, 1, 0.6, "How loud voices sing.", spread=0.12),
            number("rumble", "", 0, 1, 0.5, "How much the ground shakes.", spread=0.12),
            number("sparkle", "", 0, 1, 0.3, "How much it glitters.", spread=0.15),
            number("punch", "", 0, 1, 0.6, "How hard it arrives.", spread=0.12),
        ),
    ),
)
