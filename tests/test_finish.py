"""Categories, mastering, gates and encoding, as the manifests say them."""

from __future__ import annotations

from dataclasses import fields
from typing import get_args

import pytest
from games import Game

from sfxgen.categories import CATEGORIES, DEFAULT_CATEGORY, GATE_NAMES
from sfxgen.colour import Band, Colour, Compressor, Reverb, Transients
from sfxgen.errors import ManifestError
from sfxgen.manifest import load
from sfxgen.recipe import LOOPING, AudioFormat, Kind, Mastering
from sfxgen.schema import (
    BandBlock,
    CategoryBlock,
    CompressorBlock,
    GatesBlock,
    MasterBlock,
    ReverbBlock,
    TransientsBlock,
)
from sfxgen.sound import Sound


def sound(game: Game, text: str) -> Sound:
    game.sounds(text)
    (only,) = load(game.root, game.catalog)[1]
    return only


def mistakes(game: Game, text: str) -> list[str]:
    game.sounds(text)
    with pytest.raises(ManifestError) as caught:
        load(game.root, game.catalog)
    return [f"{mistake} | {mistake.hint}" for mistake in caught.value.mistakes]


@pytest.mark.parametrize(
    ("block", "values", "other_names"),
    [
        (BandBlock, Band, set()),
        (CompressorBlock, Compressor, set()),
        (TransientsBlock, Transients, set()),
        (ReverbBlock, Reverb, set()),
        (GatesBlock, type(CATEGORIES["sfx"].gates), set()),
        (CategoryBlock, type(CATEGORIES["sfx"]), set()),
    ],
)
def test_the_language_has_the_values_that_there_are(block: type, values: type, other_names: set[str]) -> None:
    assert set(block.model_fields) == {f.name for f in fields(values)} | other_names  # type: ignore[attr-defined]


def test_the_master_block_has_all_of_mastering_and_colour() -> None:
    decided_elsewhere = {"gates", "loop", "harvest", "duration_s", "colour", "measure_only"}
    of_mastering = {f.name for f in fields(Mastering)} - decided_elsewhere
    assert set(MasterBlock.model_fields) == of_mastering | {f.name for f in fields(Colour)} | {"loudness"}


def test_every_kind_has_a_category() -> None:
    assert set(DEFAULT_CATEGORY) == set(get_args(Kind))
    assert set(DEFAULT_CATEGORY.values()) <= set(CATEGORIES)
    assert set(GatesBlock.model_fields) == set(GATE_NAMES)


def test_a_category_decides_the_levels_and_the_sound_may_say_otherwise(game: Game) -> None:
    plain = sound(game, "a: { prompt: a }")
    assert (plain.category, plain.mastering.loudness_lufs) == ("sfx", CATEGORIES["sfx"].loudness_lufs)
    weapon = sound(game, "a: { prompt: a, category: weapons }")
    assert weapon.mastering.loudness_lufs == CATEGORIES["weapons"].loudness_lufs
    assert weapon.mastering.limit_db == CATEGORIES["weapons"].limit_db
    assert weapon.mastering.gates == CATEGORIES["weapons"].gates
    own = sound(game, "a: { prompt: a, category: weapons, loudness_lufs: -30, master: { limit_db: 0 } }")
    assert (own.mastering.loudness_lufs, own.mastering.limit_db) == (-30, 0)
    loop = sound(game, "a: { prompt: a, kind: loop }")
    assert (loop.category, loop.mastering.loudness_lufs) == ("ambience", CATEGORIES["ambience"].loudness_lufs)


def test_a_project_changes_categories_and_adds_its_own(game: Game) -> None:
    game.project(
        "name: game\nengine: files\nassets: Sounds\ncategories:\n"
        "  weapons: { loudness_lufs: -12, gates: { noise_bed_db: off, duplicate: 0.9 } }\n"
        "  robots: { loudness_lufs: -21, cat_id: ROBTMisc, limit_db: 1 }\n"
    )
    weapon = sound(game, "a: { prompt: a, category: weapons, gates: { longest_s: 2 } }")
    gates = weapon.mastering.gates
    assert weapon.mastering.loudness_lufs == -12
    assert weapon.mastering.limit_db == CATEGORIES["weapons"].limit_db
    assert (gates.noise_bed_db, gates.duplicate, gates.longest_s) == (None, 0.9, 2)
    robot = sound(game, "a: { prompt: a, category: robots }")
    assert (robot.mastering.loudness_lufs, robot.names["cat_id"]) == (-21, "ROBTMisc")


def test_colour_reaches_the_mastering_and_its_key(game: Game) -> None:
    text = """
a:
  prompt: a
  master:
    reverse: true
    pitch_st: -3
    eq: [{ frequency_hz: 200, gain_db: -4, q: 2 }, { kind: high_shelf, frequency_hz: 8000, gain_db: 3 }]
    compressor: { threshold_db: -20 }
    transients: { attack_db: 4 }
    reverb: { decay_s: 2 }
    width: 0
    channels: stereo
"""
    colour = sound(game, text).mastering.colour
    assert colour == Colour(
        reverse=True,
        pitch_st=-3.0,
        eq=(
            Band(frequency_hz=200, gain_db=-4, q=2),
            Band(kind="high_shelf", frequency_hz=8000, gain_db=3),
        ),
        compressor=Compressor(threshold_db=-20),
        transients=Transients(attack_db=4),
        reverb=Reverb(decay_s=2),
        width=0.0,
    )
    plain = sound(game, "a: { prompt: a }").mastering
    assert plain.clip_key("t") != sound(game, text).mastering.clip_key("t")
    whole = sound(game, "a: { prompt: a, master: { pitch_st: 1, width: 1, channels: stereo } }").mastering
    written = sound(
        game, "a: { prompt: a, master: { pitch_st: 1.0, width: 1.0, channels: stereo } }"
    ).mastering
    assert whole.clip_key("t") == written.clip_key("t")


def test_measure_leaves_the_level_to_the_take(game: Game) -> None:
    for text in ("loudness: measure", "master: { loudness: measure }"):
        mastering = sound(game, f"a: {{ prompt: a, {text} }}").mastering
        assert (mastering.measure_only, mastering.loudness_lufs) == (True, None)
    kept = sound(game, "a: { prompt: a, master: { loudness_lufs: keep } }").mastering
    assert (kept.measure_only, kept.loudness_lufs) == (False, None)
    game.manifest(
        "defaults: { model: toy, loudness: measure }\nsounds:\n  a: { prompt: a, loudness_lufs: -20 }\n"
    )
    (own,) = load(game.root, game.catalog)[1]
    assert (own.mastering.measure_only, own.mastering.loudness_lufs) == (False, -20), "a sound's own wins"
    (found,) = mistakes(game, "a: { prompt: a, loudness: measure, loudness_lufs: -20 }")
    assert "stands beside a target" in found


@pytest.mark.parametrize(
    ("fields", "where", "what", "hint"),
    [
        ("category: weapon", "category", "no category 'weapon'", "did you mean 'weapons'?"),
        ("kind: loop, encode: { format: mp3 }", "encode.format", "mp3 cannot loop", "wav"),
        ("kind: loop, encode: { format: m4a }", "encode.format", "m4a cannot loop", "wav"),
        ("encode: { format: ogg, cues: events }", "encode.cues", "ogg has no markers", "for wav"),
        ("encode: { format: opus }, master: { sample_rate: 44100 }", "encode.format", "44100", "48000"),
        ("encode: { format: mp3 }, master: { sample_rate: 96000 }", "encode.format", "96000", "48000"),
        ("master: { min_duration_s: 3, max_duration_s: 2 }", "master.min_duration_s", "more than", ""),
        ("kind: loop, master: { stretch: 2 }", "master.stretch", "no meaning for a loop", "duration_s"),
        ("kind: loop, harvest: 3", "harvest", "no meaning for kind: loop", "one-shots"),
        ("take_s: 5", "take_s", "is for loops", "duration_s"),
        ("kind: loop, duration_s: 8, take_s: 8.01", "take_s", "leaves nothing for the seam", "9"),
        ("kind: loop, duration_s: 400, take_s: 4", "take_s", "joined of 115 takes", "64"),
        ("kind: loop, duration_s: 60, take_s: 0.9", "take_s", "too short for cross-fades", ""),
        ("gates: { duplicate: never }", "gates.duplicate", "", ""),
        ("master: { eq: [{ gain_db: 3 }] }", "master.eq.0.frequency_hz", "", ""),
        ("cat_id: FOOTgravl", "cat_id", "no CatID", ""),
        ("encode: { quality: 0.5 }", "encode.quality", "wav has no quality", "for ogg"),
        ("encode: { format: mp3, quality: 0.5 }", "encode.quality", "mp3 has no quality", "for ogg"),
        ("encode: { format: ogg, bitrate_kbps: 96 }", "encode.bitrate_kbps", "no bit rate", "for mp3, opus"),
        ("encode: { bitrate_kbps: 96 }", "encode.bitrate_kbps", "wav has no bit rate", "for mp3, opus"),
        ("encode: { format: opus, bit_depth: 24 }", "encode.bit_depth", "opus has no bit", "for wav, flac"),
        ("master: { highpass_hz: 900, lowpass_hz: 800 }", "master.highpass_hz", "above lowpass_hz", "below"),
        (
            "master: { loudness_lufs: keep, limit_db: 3 }",
            "master.limit_db",
            "beside loudness_lufs: keep",
            "one",
        ),
        ("loudness: measure, master: { limit_db: 3 }", "master.limit_db", "beside loudness: measure", "one"),
        ("master: { width: 2 }", "master.width", "mono file", "channels: stereo"),
        ("kind: loop, master: { width: 2, channels: mono }", "master.width", "mono file", "channels: stereo"),
        ("fx_name: ''", "fx_name", "is empty", "leave it out"),
        ("fx_name: a/b", "fx_name", "'/'", "letters"),
        ("file_names: ''", "file_names", "is empty", "leave it out"),
        ("file_names: '{name}_{creator}_{variant}'", "file_names", "there is none", "in sfxgen.yaml"),
        ("file_names: '{nmae}_{variant}'", "file_names", "nmae", "did you mean"),
        ("file_names: 'a/{name}_{variant}'", "file_names", "", ""),
        ("file_names: '{name}'", "file_names", "alike", "{variant"),
    ],
)
def test_what_makes_no_sense_is_said_where_it_stands(
    fields: str, where: str, what: str, hint: str, game: Game
) -> None:
    game.project("name: game\nengine: files\nassets: Sounds\n")
    (found,) = mistakes(game, f"a: {{ prompt: a, {fields} }}")
    message, _, advice = found.partition(" | ")
    assert f"sounds.a.{where}:" in message.replace("[", ".").replace("]", "")
    assert what in message
    assert hint in advice


def test_defaults_for_other_kinds_of_sound_are_passed_over(game: Game) -> None:
    game.manifest(
        "defaults: { model: toy, take_s: 9, master: { stretch: 2, crossfade_ms: 300 } }\n"
        "sounds:\n  a: { prompt: a }\n  b: { prompt: b, kind: loop, duration_s: 4 }\n"
    )
    one_shot, loop = load(game.root, game.catalog)[1]
    assert (one_shot.mastering.colour.stretch, one_shot.mastering.crossfade_ms) == (2, 0)
    assert (loop.mastering.colour.stretch, loop.mastering.crossfade_ms, loop.take_s) == (1, 300, 9)


def test_defaults_for_other_formats_and_levels_are_passed_over(game: Game) -> None:
    game.manifest(
        "defaults:\n  model: toy\n  master: { limit_db: 3, width: 2 }\n"
        "  encode: { quality: 0.5, bitrate_kbps: 96, bit_depth: 24, cues: events }\n"
        "sounds:\n  a: { prompt: a, loudness: measure }\n  b: { prompt: b, encode: { format: ogg } }\n"
        "  c: { prompt: c, master: { loudness_lufs: keep } }\n"
    )
    measured, ogg, kept = load(game.root, game.catalog)[1]
    assert (measured.encoding.bit_depth, measured.encoding.cues) == (24, "events")
    assert (ogg.encoding.quality, ogg.mastering.colour.width) == (0.5, 2)
    assert (measured.mastering.measure_only, kept.mastering.loudness_lufs) == (True, None)


def test_what_defaults_keep_a_sound_may_limit_and_what_they_measure_it_may_colour(game: Game) -> None:
    game.manifest(
        "defaults: { model: toy, loudness: measure, master: { width: 2 } }\n"
        "sounds:\n  a: { prompt: a, master: { limit_db: 3, reverb: { decay_s: 1 } } }\n"
        "  b: { prompt: b, kind: loop }\n"
    )
    hit, loop = load(game.root, game.catalog)[1]
    assert (hit.mastering.measure_only, hit.mastering.colour.reverb) == (True, Reverb(decay_s=1.0))
    assert loop.mastering.colour.width == 2


@pytest.mark.parametrize("short", ["loudness_lufs: -20", "loudness: measure"])
def test_the_last_word_on_a_level_is_the_sound_s_own_or_a_default_s(game: Game, short: str) -> None:
    """Whether under `master` or short for it: what the sound takes over says nothing about its own."""
    game.manifest(
        f"defaults: {{ model: toy, {short} }}\n"
        "sounds: { a: { prompt: a, master: { loudness: , loudness_lufs: keep, limit_db: 3 } } }\n"
    )
    with pytest.raises(ManifestError) as caught:
        load(game.root, game.catalog)
    assert [mistake.where for mistake in caught.value.mistakes] == ["sounds.a.master.limit_db"]


def test_a_layer_s_filters_do_not_cross(game: Game) -> None:
    layers = "layers: [{ prompt: a }, { prompt: b, highpass_hz: 900, lowpass_hz: 300 }]"
    (found,) = mistakes(game, f"a: {{ model: toy, {layers} }}")
    assert "sounds.a.layers[1].highpass_hz: 900 Hz is above lowpass_hz, 300 Hz" in found


def test_a_backslash_in_a_source_is_told_as_one(game: Game) -> None:
    (found,) = mistakes(game, "a: { model: recording, source: 'Recordings\\wind.wav' }")
    assert "backslash | write / between folders" in found


def test_a_creator_of_the_project_is_enough_for_a_sound_s_template(game: Game) -> None:
    game.project("name: game\nengine: files\nassets: Sounds\ncreator: AB\n")
    made = sound(game, "a: { prompt: a, file_names: '{name}_{creator}_{variant}' }")
    assert made.file(1) == "a_AB_1.wav"


def test_a_loop_says_how_long_its_takes_are_and_how_many_it_is_joined_of(game: Game) -> None:
    plain = sound(game, "a: { prompt: a, kind: loop, duration_s: 8 }")
    assert (plain.take_s, plain.joined, plain.mastering.duration_s, plain.keys["duration_s"]) == (
        None,
        0,
        8,
        8,
    )
    longer = sound(game, "a: { prompt: a, kind: loop, duration_s: 8, take_s: 12 }")
    assert (longer.take_s, longer.joined, longer.mastering.duration_s, longer.keys["duration_s"]) == (
        12,
        0,
        8,
        12,
    )
    ring = sound(game, "a: { prompt: a, kind: loop, duration_s: 60, take_s: 10 }")
    assert (ring.take_s, ring.joined, ring.mastering.duration_s) == (10, 7, 60)
    too_long = sound(game, "a: { prompt: a, kind: loop, duration_s: 90 }")  # toy makes 30 s at the most
    assert (too_long.take_s, too_long.joined) == (30, 4)


@pytest.mark.parametrize("audio_format", get_args(AudioFormat))
def test_every_format_is_in_the_language(audio_format: str, game: Game) -> None:
    game.project("name: game\nengine: files\nassets: Sounds\n")
    kind = "loop" if audio_format in LOOPING else "one_shot"
    encoding = sound(game, f"a: {{ prompt: a, kind: {kind}, encode: {{ format: {audio_format} }} }}").encoding
    assert encoding.format == audio_format
    assert encoding.loop == (kind == "loop")


def test_files_are_named_by_the_project_s_template_and_the_sound_s(game: Game) -> None:
    game.project(
        "name: drifters\nengine: files\nassets: Sounds\ncreator: AB\n"
        "file_names: '{cat_id}_{fx_name}_{creator}_{source}'\n"
    )
    made = sound(game, "step/gravel: { prompt: a, category: footsteps, variants: 2 }")
    cat_id = CATEGORIES["footsteps"].cat_id
    assert made.file(2) == f"step/{cat_id}_Step Gravel 02_AB_drifters.wav"
    own = sound(game, "step/gravel: { prompt: a, fx_name: Boots, cat_id: FEETHmn, file_names: '{fx_name}' }")
    assert own.file(1) == "step/Boots 01.wav"
    assert sound(game, "step/gravel: { prompt: a, file_names: null }").id == "step/gravel"


def test_names_that_would_clash_are_told(game: Game) -> None:
    game.project("name: g\nengine: files\nassets: Sounds\nfile_names: '{name}_{variant}'\n")
    game.sounds(
        "x/a: { prompt: a, fx_name: Boots, file_names: '{fx_name}' }\n"
        "x/b: { prompt: b, fx_name: boots, file_names: '{fx_name}' }"
    )
    with pytest.raises(ManifestError) as caught:
        load(game.root, game.catalog)
    assert "would write the same file as x/a" in str(caught.value.mistakes[0])


def test_mistakes_in_the_project_s_own_keys(game: Game) -> None:
    game.project(
        "name: g\nengine: files\nassets: Sounds\nfile_names: '{name}'\ncreator: ''\n"
        "categories:\n  ui: { loudnes_lufs: -3 }\n"
    )
    game.sounds("a: { prompt: a }")
    with pytest.raises(ManifestError) as caught:
        load(game.root, game.catalog)
    told = [str(mistake) for mistake in caught.value.mistakes]
    assert len(told) == 3
    assert all(t.startswith("sfxgen.yaml:") for t in told)
    assert any("loudnes_lufs" in t for t in told)
