"""Creatures and wordless voices: throats, wings, hearts and teeth."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

PRESETS = (
    Preset(
        name="grunt",
        family="creatures",
        summary="A creature's voice: a grunt, a growl, or wordless babble.",
        duration_s=0.6,
        parameters=(
            number("size", "", 0, 1, 0.5, "From an imp to an ogre.", spread=0.08),
            number("pitch_hz", "Hz", 40, 600, 105, "Pitch of the voice.", log=True, spread=0.06),
            number("roughness", "", 0, 1, 0.45, "From clear to growling.", spread=0.15),
            number("syllables", "", 1, 24, 1, "How many syllables, rounded.", spread=0),
            number("length_s", "s", 0.08, 1.5, 0.38, "How long a syllable lasts.", log=True, spread=0.1),
        ),
    ),
    Preset(
        name="growl",
        family="creatures",
        summary="A long, low, rolling growl from deep in a throat.",
        duration_s=1.8,
        parameters=(
            number("size", "", 0, 1, 0.55, "From a cat to a dragon.", spread=0.08),
            number("pitch_hz", "Hz", 20, 300, 62, "Pitch of the voice.", log=True, spread=0.06),
            number("length_s", "s", 0.3, 6, 1.6, "How long it lasts.", log=True, spread=0.1),
            number("roughness", "", 0, 1, 0.7, "How much it rolls and rattles.", spread=0.12),
            number("air", "", 0, 1, 0.35, "How much breath is in it.", spread=0.12),
            number("wet", "", 0, 1, 0.2, "How much it bubbles in the throat.", spread=0.1),
        ),
    ),
    Preset(
        name="roar",
        family="creatures",
        summary="A big creature roars: it opens its mouth, holds, and lets the voice fall.",
        duration_s=2.2,
        parameters=(
            number("size", "", 0, 1, 0.7, "From a big cat to a titan.", spread=0.08),
            number(
                "pitch_hz", "Hz", 30, 500, 95, "Pitch of the voice at its highest.", log=True, spread=0.06
            ),
            number("length_s", "s", 0.4, 6, 2, "How long it lasts.", log=True, spread=0.1),
            number("fall_st", "semitones", 0, 24, 8, "How far the voice falls.", spread=0.08),
            number("roughness", "", 0, 1, 0.65, "How torn the voice is.", spread=0.12),
            number("air", "", 0, 1, 0.4, "How much breath is in it.", spread=0.12),
        ),
    ),
    Preset(
        name="scream",
        family="creatures",
        summary="A high, torn cry: a shriek of fear, a banshee, a bird of prey.",
        duration_s=1.2,
        parameters=(
            number("size", "", 0, 1, 0.35, "From a bat to a wraith.", spread=0.08),
            number(
                "pitch_hz", "Hz", 200, 3500, 880, "Pitch of the voice at its highest.", log=True, spread=0.06
            ),
            number("length_s", "s", 0.15, 5, 1, "How long it lasts.", log=True, spread=0.1),
            number("rise_st", "semitones", -12, 24, 5, "How far the voice rises.", spread=0.08),
            number("roughness", "", 0, 1, 0.5, "How torn the voice is.", spread=0.12),
            number("air", "", 0, 1, 0.3, "How much breath is in it.", spread=0.12),
        ),
    ),
    Preset(
        name="bark",
        family="creatures",
        summary="One bark of a dog, or of what guards a dungeon.",
        duration_s=0.22,
        parameters=(
            number("size", "", 0, 1, 0.5, "From a lapdog to a hellhound.", spread=0.08),
            number(
                "pitch_hz", "Hz", 80, 1500, 360, "Pitch of the voice at its highest.", log=True, spread=0.06
            ),
            number("length_s", "s", 0.08, 0.8, 0.22, "How long it lasts.", log=True, spread=0.1),
            number("roughness", "", 0, 1, 0.5, "From a yelp to a snarl.", spread=0.12),
            number("strength", "", 0, 1, 0.6, "How hard it is thrown out.", spread=0.12),
        ),
    ),
    Preset(
        name="chirp",
        family="creatures",
        summary="A small creature chirps or a bird sings: short, fast glides.",
        duration_s=0.5,
        parameters=(
            number("pitch_hz", "Hz", 400, 9000, 3400, "Pitch in the middle.", log=True, spread=0.06),
            number("interval_st", "semitones", 0, 24, 8, "How far the glides reach.", spread=0.08),
            number("syllables", "", 1, 16, 3, "How many notes, rounded.", spread=0),
            number("length_s", "s", 0.02, 0.6, 0.09, "How long a note lasts.", log=True, spread=0.1),
            number("roughness", "", 0, 1, 0.15, "From a flute to a buzz.", spread=0.1),
        ),
    ),
    Preset(
        name="snake",
        family="creatures",
        summary="A snake hisses, and may shake its rattle.",
        duration_s=1.3,
        parameters=(
            number("length_s", "s", 0.15, 5, 1.1, "How long it hisses.", log=True, spread=0.12),
            number("size", "", 0, 1, 0.4, "From an adder to a basilisk.", spread=0.08),
            number("brightness", "", 0, 1, 0.55, "How sharp the hiss is.", spread=0.1),
            number("roughness", "", 0, 1, 0.3, "How much its tongue flutters.", spread=0.12),
            number("rattle", "", 0, 1, 0.0, "How loud its rattle is.", spread=0.0),
        ),
    ),
    Preset(
        name="slime",
        family="creatures",
        summary="A wet body moves: it squelches, sucks and bubbles.",
        duration_s=0.8,
        parameters=(
            number("size", "", 0, 1, 0.45, "From a slug to a swamp beast.", spread=0.08),
            number("length_s", "s", 0.1, 3, 0.55, "How long it moves.", log=True, spread=0.1),
            number("strength", "", 0, 1, 0.55, "How hard it is pressed.", spread=0.12),
            number("bubbles", "1/s", 0, 150, 30, "Bubbles a second.", spread=0.08),
            number("wet", "", 0, 1, 0.6, "From sticky to dripping.", spread=0.12),
        ),
    ),
    Preset(
        name="insect",
        family="creatures",
        summary="Insects that fly about: wings that buzz, near and far.",
        duration_s=5,
        sustained=True,
        parameters=(
            number("pitch_hz", "Hz", 20, 1200, 210, "Wing beats a second.", log=True, spread=0.05),
            number("insects", "", 1, 12, 1, "How many fly, rounded.", spread=0),
            number("speed", "", 0, 1, 0.4, "How fast they dart about.", spread=0.1),
            number("brightness", "", 0, 1, 0.5, "How much the wings rasp.", spread=0.1),
            number("roughness", "", 0, 1, 0.3, "How unevenly they beat.", spread=0.1),
        ),
    ),
    Preset(
        name="purr",
        family="creatures",
        summary="A cat that purrs, breath by breath.",
        duration_s=6,
        sustained=True,
        parameters=(
            number("rate_hz", "Hz", 10, 60, 26, "How fast the throat flutters.", log=True, spread=0.04),
            number(
                "breath_s", "s", 0.5, 6, 1.7, "How long breathing in and out takes.", log=True, spread=0.06
            ),
            number("size", "", 0, 1, 0.35, "From a kitten to a tiger.", spread=0.08),
            number("roughness", "", 0, 1, 0.4, "How unevenly it flutters.", spread=0.1),
            number("air", "", 0, 1, 0.35, "How much breath is in it.", spread=0.1),
        ),
    ),
    Preset(
        name="howl",
        family="creatures",
        summary="A wolf howls, or a ghost: the voice climbs, holds, and sinks.",
        duration_s=2.8,
        parameters=(
            number("pitch_hz", "Hz", 80, 1500, 430, "Pitch of the long note.", log=True, spread=0.05),
            number("length_s", "s", 0.6, 8, 2.6, "How long it lasts.", log=True, spread=0.1),
            number("rise_st", "semitones", 0, 24, 9, "How far it climbs and sinks.", spread=0.08),
            number("size", "", 0, 1, 0.5, "From a pup to a werewolf.", spread=0.08),
            number("roughness", "", 0, 1, 0.15, "How torn the voice is.", spread=0.1),
            number("air", "", 0, 1, 0.2, "How much breath is in it.", spread=0.1),
        ),
    ),
    Preset(
        name="whisper",
        family="creatures",
        summary="Whispered words that are none.",
        duration_s=1.4,
        parameters=(
            number("size", "", 0, 1, 0.45, "From a sprite to a giant.", spread=0.08),
            number("syllables", "", 1, 24, 6, "How many syllables, rounded.", spread=0),
            number("length_s", "s", 0.06, 0.8, 0.18, "How long a syllable lasts.", log=True, spread=0.08),
            number("hiss", "", 0, 1, 0.5, "How sharp its consonants are.", spread=0.1),
            number("strength", "", 0, 1, 0.4, "How urgent it is.", spread=0.1),
        ),
    ),
    Preset(
        name="laugh",
        family="creatures",
        summary="A creature laughs: a goblin's giggle, a villain's ha-ha-ha.",
        duration_s=1.3,
        parameters=(
            number("size", "", 0, 1, 0.4, "From a pixie to a demon.", spread=0.08),
            number(
                "pitch_hz", "Hz", 60, 1200, 260, "Pitch of the voice at its highest.", log=True, spread=0.06
            ),
            number("syllables", "", 1, 16, 6, "How many bursts, rounded.", spread=0),
            number("length_s", "s", 0.06, 0.6, 0.17, "From one burst to the next.", log=True, spread=0.08),
            number("fall_st", "semitones", -12, 18, 5, "How far it falls till the end.", spread=0.08),
            number("roughness", "", 0, 1, 0.35, "From clear to croaking.", spread=0.12),
            number("air", "", 0, 1, 0.4, "How much breath is in it.", spread=0.12),
        ),
    ),
    Preset(
        name="gasp",
        family="creatures",
        summary="A breath: a gasp of fright, or a sigh.",
        duration_s=0.6,
        parameters=(
            choice("breath", ("in", "out"), "in", "Which way the air goes."),
            number("length_s", "s", 0.1, 3, 0.45, "How long it lasts.", log=True, spread=0.1),
            number("size", "", 0, 1, 0.45, "From a child to a giant.", spread=0.08),
            number("strength", "", 0, 1, 0.6, "How sharply the air is drawn.", spread=0.12),
            number("tone", "", 0, 1, 0.25, "How much voice is in it.", spread=0.1),
        ),
    ),
    Preset(
        name="wings",
        family="creatures",
        summary="One beat of wings.",
        duration_s=0.4,
        parameters=(
            choice("wing", ("feather", "leather"), "feather", "What the wings are made of."),
            number("size", "", 0, 1, 0.4, "From a sparrow to a dragon.", spread=0.08),
            number("length_s", "s", 0.05, 1.5, 0.28, "How long the beat takes.", log=True, spread=0.1),
            number("strength", "", 0, 1, 0.55, "How hard it is.", spread=0.12),
            number("rattle", "", 0, 1, 0.4, "How much quills or folds flutter.", spread=0.12),
        ),
    ),
    Preset(
        name="heartbeat",
        family="creatures",
        summary="One beat of a heart: lub, dub.",
        duration_s=0.6,
        parameters=(
            number("size", "", 0, 1, 0.5, "From a child's to a giant's.", spread=0.06),
            number("strength", "", 0, 1, 0.6, "From calm to pounding.", spread=0.1),
            number(
                "gap_s", "s", 0.08, 0.8, 0.27, "From the first beat to the second.", log=True, spread=0.04
            ),
            number("hardness", "", 0, 1, 0.3, "How close to the ear the valves shut.", spread=0.1),
            number("second", "", 0, 1, 0.6, "How strong the second beat is.", spread=0.06),
        ),
    ),
    Preset(
        name="bite",
        family="creatures",
        summary="Teeth close on something: a crunch, wet or dry.",
        duration_s=0.35,
        parameters=(
            number("size", "", 0, 1, 0.45, "From a rat's to a giant's.", spread=0.08),
            number("hardness", "", 0, 1, 0.55, "From meat to bone.", spread=0.12),
            number("crackles", "", 0, 60, 18, "How many splinters break.", spread=0.1),
            number("wet", "", 0, 1, 0.4, "How juicy it is.", spread=0.12),
            number("length_s", "s", 0.05, 1, 0.22, "How long the teeth close.", log=True, spread=0.1),
        ),
    ),
)
