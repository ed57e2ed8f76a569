"""What a build refuses, tries again, slices, joins and takes from recordings."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile
from games import RATE, Game

from sfxgen import acceptance
from sfxgen.acceptance import Refusal, Trial
from sfxgen.audio.clip import Clip
from sfxgen.audio.codec import decode, read
from sfxgen.audio.likeness import Print, likeness, print_of
from sfxgen.audio.loudness import measure_loudness, true_peak_dbtp
from sfxgen.audio.seam import measure_seam
from sfxgen.build import build
from sfxgen.contracts import Surroundings
from sfxgen.errors import ModelError
from sfxgen.events import Event, Notice, ignore

Record = dict[str, object]


def failures(game: Game, **options: object) -> dict[str, str]:
    return {failure.name: str(failure.error) for failure in game.build(**options).failures}


# --- gates ------------------------------------------------------------------------------------------


def test_a_copy_of_a_sibling_is_tried_again_and_the_lock_says_why(game: Game) -> None:
    game.sounds("a: { prompt: copy once, variants: 3 }")
    assert not failures(game)
    records = [game.lock().assets["unity", f"a_0{n}"] for n in (1, 2, 3)]
    assert [record.attempts for record in records] == [1, 2, 2]
    assert all("nearly the same as take 1" in record.rejected[0] for record in records[1:])
    prints = [print_of(read(game.path(f"a_0{n}"))) for n in (1, 2, 3)]
    assert max(likeness(prints[0], prints[1]), likeness(prints[1], prints[2])) < 0.95


def test_copies_without_end_are_an_error_and_no_asset(game: Game) -> None:
    game.sounds("a: { prompt: copy, variants: 2 }\nb: { prompt: b }")
    found = failures(game)
    assert set(found) == {"a_02"}
    assert found["a_02"].startswith("4 attempts failed: the take is nearly the same as take 1")
    assert set(game.lock().assets) == {("unity", "a_01"), ("unity", "b_01")}
    assert not list(game.root.rglob("a_02*"))


def test_a_new_variant_is_compared_with_what_stands_in_the_game_where_the_store_is_cold(
    game: Game, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    game.sounds("a: { prompt: copy }")
    game.build()
    monkeypatch.setenv("SFXGEN_STORE", str(tmp_path / "cold"))
    game.sounds("a: { prompt: copy, variants: 2 }")
    assert "nearly the same as take 1" in failures(game)["a_02"]


def test_a_gate_may_be_switched_off(game: Game) -> None:
    game.sounds("a: { prompt: copy, variants: 2, gates: { duplicate: off } }")
    assert not failures(game)


@pytest.mark.parametrize(
    ("gates", "reason"),
    [("shortest_s: 3", "at least 3"), ("longest_s: 0.05", "at most 0.05")],
)
def test_thresholds_of_the_manifest_are_kept(gates: str, reason: str, game: Game) -> None:
    game.sounds(f"a: {{ prompt: a, gates: {{ {gates} }} }}")
    found = failures(game)["a_01"]
    assert found.startswith("4 attempts failed")
    assert reason.split()[-1] in found


def test_a_project_s_retries_are_the_limit(game: Game) -> None:
    game.project("name: g\nengine: files\nassets: Sounds\nretries: 0\n")
    game.sounds("a: { prompt: copy, variants: 2 }")
    assert failures(game)["a_02"].startswith("its only attempt failed")


def test_dialog_without_speech_is_refused(game: Game) -> None:
    game.sounds("a: { prompt: texture of noise, kind: dialog, duration_s: 2 }")
    assert "speech" in failures(game)["a_01"]


def test_layers_are_gated_as_the_sound_that_they_are_together(game: Game) -> None:
    game.sounds(
        "a:\n  variants: 2\n  layers:\n    - { prompt: copy, model: toy }\n    - { prompt: copy too, gain_db: -6 }"
    )
    found = failures(game)
    assert set(found) == {"a_02"}
    assert found["a_02"].startswith("4 attempts failed: the take is nearly the same as take 1")
    game.sounds(
        "a:\n  variants: 2\n  layers:\n    - { prompt: copy, model: toy }\n    - { prompt: other, gain_db: 6 }"
    )
    assert not failures(game)


def test_each_sound_judges_a_take_that_two_share(game: Game) -> None:
    game.sounds("a: { prompt: x, gates: { longest_s: 0.01 } }\nb: { prompt: x }")
    found = failures(game)
    assert set(found) == {"a_01"}
    assert "too long" in found["a_01"]
    assert ("unity", "b_01") in game.lock().assets
    game.sounds("a: { prompt: x, gates: { longest_s: 0.01 } }\nb: { prompt: x }\nc: { prompt: x, seed: 7 }")
    assert set(failures(game)) == {"a_01"}


def test_a_take_from_the_store_is_judged_by_the_sound_that_wants_it(game: Game) -> None:
    game.sounds("b: { prompt: x }")
    game.build()
    game.sounds("c: { prompt: x, gates: { longest_s: 0.01 } }")
    found = failures(game)
    assert found["c_01"].startswith("4 attempts failed")
    assert [prompt for prompt, _ in game.toy.made] == ["x"] * 4


def likeness_of(game: Game, one: str, other: str) -> float:
    return likeness(print_of(read(game.path(one))), print_of(read(game.path(other))))


def test_a_tightened_gate_makes_what_fails_it_again_and_wakes_no_model_for_the_rest(game: Game) -> None:
    game.sounds("a: { prompt: copy once, variants: 2, gates: { duplicate: off } }\nb: { prompt: b }")
    game.build()
    assert likeness_of(game, "a_01", "a_02") > 0.99
    first = game.content("a_01")
    game.sounds("a: { prompt: copy once, variants: 2 }\nb: { prompt: b, gates: { longest_s: 5 } }")
    assert not failures(game)
    assert game.toy.made == [("copy once", 2)] * 2, "the first attempt again, and another"
    assert game.content("a_01") == first
    assert likeness_of(game, "a_01", "a_02") < 0.95


def test_copies_that_never_met_are_found_when_they_do(game: Game) -> None:
    game.sounds("a: { prompt: copy once }")
    game.build()
    game.sounds("a: { prompt: copy once, reject: [1] }")
    game.build()
    game.sounds("a: { prompt: copy once, variants: 2 }")
    assert not failures(game)
    assert likeness_of(game, "a_01", "a_02") < 0.95


def test_what_another_sound_takes_is_still_a_copy_among_its_own_siblings(game: Game) -> None:
    game.sounds("a: { prompt: copy, takes: [1, 2] }\nb: { prompt: copy, takes: [2] }")
    for _ in range(2):
        assert set(failures(game)) == {"a_02"}


def test_a_new_frozen_sound_is_judged_like_any_other(game: Game) -> None:
    game.sounds("b: { prompt: x }")
    game.build()
    game.sounds("b: { prompt: x }\na: { prompt: x, frozen: true, gates: { longest_s: 0.01 } }")
    assert set(failures(game)) == {"a_01"}


def test_a_frozen_event_stays_the_one_that_it_is(game: Game) -> None:
    def stand() -> dict[str, tuple[object, ...]]:
        records = list(game.lock().assets.values())
        return {record.path: (record.digest, record.event, record.place_s) for record in records}

    game.sounds(WALK.format(2, "variants: 3"))
    game.build()
    before = stand()
    frozen = WALK.format(3, "variants: 3, frozen: true")
    for text in (frozen, frozen.replace("harvest: 3,", "")):
        game.sounds(text)
        assert not failures(game)
        assert stand() == before


def test_a_cold_store_makes_the_attempt_that_the_lock_names(
    game: Game, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    game.sounds("a: { prompt: copy once, variants: 2, master: { reverse: true } }")
    game.build()
    content = game.content("a_02")
    game.path("a_02").unlink()
    monkeypatch.setenv("SFXGEN_STORE", str(tmp_path / "cold"))
    assert not failures(game, locked=True)
    assert game.toy.made == [("copy once", 2)]
    assert game.content("a_02") == content


def test_a_layer_is_not_judged_by_a_sound_of_its_recipe(game: Game) -> None:
    game.sounds(
        "x: { prompt: x, gates: { longest_s: 0.01 } }\na:\n  layers: [{ prompt: x, model: toy }, { prompt: y }]"
    )
    assert set(failures(game)) == {"x_01"}


def test_gates_that_were_edited_are_judged_from_the_first_attempt_on(game: Game) -> None:
    game.sounds("a: { prompt: silent a, gates: { silence_dbfs: -100 } }")
    game.toy.silent_attempts = 0
    game.build()
    game.sounds("a: { prompt: silent a, gates: { longest_s: 0.001 } }")
    assert failures(game)["a_01"].startswith("4 attempts failed")
    game.sounds("a: { prompt: silent a, gates: { longest_s: 3 } }")
    assert not failures(game)
    assert game.lock().assets["unity", "a_01"].attempts == 1


def test_a_bug_in_a_gate_stops_no_other_sound(game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = acceptance.refusal

    def broken(take: Clip, trial: Trial, siblings: Mapping[str, Print]) -> Refusal | None:
        if trial.mastering.gates.longest_s == 7:
            raise ZeroDivisionError
        return whole(take, trial, siblings)

    monkeypatch.setattr("sfxgen.generate.refusal", broken)
    game.sounds("a: { prompt: a, gates: { longest_s: 7 } }\nb: { prompt: b }")
    report = game.build()
    assert report.exit_code == 70
    assert [failure.name for failure in report.failures] == ["a_01"]
    assert ("unity", "b_01") in game.lock().assets


def test_a_recording_that_is_saved_while_it_is_built_is_not_kept_as_the_old_one(game: Game) -> None:
    walk(game.root / "walk.wav")
    game.manifest("sounds:\n  step: { model: recording, source: walk.wav }\n")
    workspace = game.open()
    walk(game.root / "walk.wav", steps=3)
    (asset,) = workspace.wanted
    info = asset.final.model
    session = game.catalog.adapters["recording"].load(info, Surroundings(game.root), on_event=ignore)
    with pytest.raises(ModelError, match="was changed while the build ran"):
        list(session.generate([asset.final.recipe], on_event=ignore, cancelled=lambda: False))


def test_what_failed_for_many_is_told_once_with_the_gate_and_the_place(game: Game) -> None:
    game.sounds("step: { prompt: walk, duration_s: 5, harvest: 3, gates: { longest_s: 0.001 } }")
    report = game.build()
    told = [failure.error for failure in report.failures]
    assert "3 times" not in str(told[0])
    assert "(4 times)" in str(told[0]) or "; " in str(told[0])
    assert "gates: { longest_s: … }" in told[0].hint
    assert "Audio/manifests/game.yaml:3" in told[0].hint
    assert [str(error) for error in told[1:]] == ["its take is the one that failed for step_01"] * 2


def test_a_walk_of_one_step_again_and_again_is_no_harvest(game: Game) -> None:
    rate, rng = 16_000, np.random.default_rng(3)
    t = np.arange(round(0.5 * rate)) / rate
    step = 0.3 * rng.standard_normal(len(t)) * np.exp(-t / 0.03)
    soundfile.write(game.root / "same.wav", np.tile(step, 6), rate)
    manifest = "sounds:\n  step: {{ model: recording, source: same.wav, harvest: 4{} }}\n"
    game.manifest(manifest.format(""))
    assert "the same event twice" in failures(game)["step_01"]
    game.manifest(manifest.format(", gates: { duplicate: off }"))
    assert not failures(game)


# --- level ------------------------------------------------------------------------------------------


def warnings(game: Game) -> list[str]:
    told: list[Event] = []
    build(game.root, game.catalog, on_event=told.append)
    return [f"{event.message} | {event.hint}" for event in told if isinstance(event, Notice)]


def test_what_the_ceiling_holds_below_its_level_is_told_once(game: Game) -> None:
    game.sounds("a: { prompt: a, variants: 4, loudness_lufs: -3, master: { limit_db: 0 } }\nb: { prompt: b }")
    (told,) = warnings(game)
    levels = [record.loudness_lufs or 0 for record in game.lock().assets.values() if record.sound == "a"]
    assert told.startswith("a: ")
    assert "the ceiling holds" in told
    assert f"loudness_lufs: {np.floor(min(levels)):.0f} is what it reaches" in told
    spread = max(levels) - min(levels)
    assert (f"differ by {spread:.1f} LU" in told) == (spread > 1)
    game.sounds("a: { prompt: a, loudness_lufs: -30, master: { limit_db: 0 } }\nb: { prompt: b }")
    assert warnings(game) == [], "variants that are gone do not count"


def test_a_limiter_brings_a_set_to_one_level_under_the_ceiling(game: Game) -> None:
    text = "a: {{ prompt: a, variants: 4, loudness_lufs: {} , master: {{ limit_db: {} }} }}"
    game.sounds(text.format(-15, 0))
    game.build()
    held = [record.loudness_lufs or 0 for record in game.lock().assets.values()]
    assert max(held) < -15.1, "the ceiling is in the way"
    game.sounds(text.format(-15, 12))
    game.build()
    for record in game.lock().assets.values():
        clip = read(game.root / record.path)
        assert measure_loudness(clip)[0] == pytest.approx(-15, abs=0.1)
        assert (true_peak_dbtp(clip) or 0) <= -0.9
        assert record.limiting_db > 0
        assert not record.limited


def test_measure_changes_no_level_and_records_it(game: Game) -> None:
    game.sounds("a: { prompt: a, loudness: measure, master: { trim: false, fade_in_ms: 0, fade_out_ms: 0 } }")
    game.build()
    record = game.lock().assets["unity", "a_01"]
    clip = read(game.path("a_01"))
    assert record.loudness_lufs == pytest.approx(measure_loudness(clip)[0], abs=0.05)
    assert record.true_peak_dbtp == pytest.approx(true_peak_dbtp(clip), abs=0.05)
    assert 0.1 < np.abs(clip.samples).max() < 0.9, "the take's own level"


@pytest.mark.parametrize("audio_format", ["ogg", "mp3", "opus"])
def test_the_ceiling_holds_in_what_is_decoded(audio_format: str, game: Game) -> None:
    game.project("name: g\nengine: files\nassets: Sounds\n")
    game.sounds(
        f"a: {{ prompt: a, variants: 4, loudness_lufs: -6, duration_s: 1, encode: {{ format: {audio_format} }} }}"
    )
    assert not failures(game)
    for record in game.lock().assets.values():
        peak = true_peak_dbtp(read(game.root / record.path))
        assert peak is not None
        assert peak <= -1 + 0.1
        assert record.true_peak_dbtp == pytest.approx(peak, abs=0.02)


# --- harvest ----------------------------------------------------------------------------------------

WALK = "step: {{ prompt: walk, duration_s: 5, harvest: {}, {} }}"


def test_one_generation_becomes_many_variants_each_with_its_place(game: Game) -> None:
    game.sounds(WALK.format(6, ""))
    assert not failures(game)
    assert game.toy.made == [("walk", 1)]
    records = [game.lock().assets["unity", f"step_0{n}"] for n in range(1, 7)]
    assert len({record.take_key for record in records}) == 1
    assert len({record.digest for record in records}) == 6
    assert [record.take for record in records] == [1, 2, 3, 4, 5, 6]
    places = sorted(record.place_s for record in records if record.place_s is not None)
    assert len(places) == 6
    for (start, end), (following, _) in itertools.pairwise(places):
        assert start < end <= following, "no two hold the same step"
    onsets = np.arange(0.2, 4.7, 0.5)
    for start, end in places:
        assert np.count_nonzero((onsets >= start - 0.001) & (onsets < end)) == 1
    again = game.build()
    assert (again.done, game.toy.made) == ((), [])


def test_more_variants_of_a_harvest_leave_the_first_ones_alone(game: Game) -> None:
    game.sounds(WALK.format(4, ""))
    game.build()
    before = game.tree()
    game.sounds(WALK.format(4, "variants: 6"))
    assert not failures(game)
    assert game.toy.made == [("walk", 2)], "the second generation alone"
    after = game.tree()
    assert all(after[path] == data for path, data in before.items() if path.endswith((".wav", ".meta")))
    assert game.lock().assets["unity", "step_06"].take == 6


def test_a_rejected_event_gives_way_to_the_next_one(game: Game) -> None:
    game.sounds(WALK.format(4, "variants: 3"))
    game.build()
    first = {n: game.content(f"step_0{n}") for n in (1, 2, 3)}
    game.sounds(WALK.format(4, "variants: 3, reject: [2]"))
    game.build()
    assert game.toy.made == []
    assert game.content("step_01") == first[1]
    assert game.content("step_02") == first[3]
    assert [game.lock().assets["unity", f"step_0{n}"].take for n in (1, 2, 3)] == [1, 3, 4]


def test_a_take_with_too_few_events_is_tried_again_and_then_an_error(game: Game) -> None:
    game.sounds("step: { prompt: walk, duration_s: 2, harvest: 6 }")
    found = failures(game)
    assert set(found) == {f"step_0{n}" for n in range(1, 7)}
    assert "usable event" in found["step_01"]
    assert found["step_01"].startswith("4 attempts failed")
    assert [prompt for prompt, _ in game.toy.made] == ["walk"] * 4, "one generation for all six, four times"


def test_a_changed_level_slices_the_stored_take_again(game: Game) -> None:
    game.sounds(WALK.format(3, ""))
    game.build()
    game.sounds(WALK.format(3, "loudness_lufs: -30"))
    plan = game.plan()
    assert {step.action for step in plan.steps} == {"master"}
    game.build()
    assert game.toy.made == []


# --- loops ------------------------------------------------------------------------------------------


def test_a_long_loop_is_joined_of_several_takes_without_a_seam(game: Game) -> None:
    game.sounds("wind: { prompt: texture, kind: loop, duration_s: 61, take_s: 10 }")
    assert not failures(game)
    assert game.toy.made == [("texture", 1)] * 7
    record = game.lock().assets["unity", "wind_01"]
    clip = read(game.path("wind_01"))
    assert clip.frames == 61 * 48_000
    assert (record.model, record.duration_s) == ("takes", 61)
    seam = measure_seam(clip)
    assert (seam.step_db <= 3, abs(seam.level_db) <= 1.5, seam.flux_z <= 5) == (True, True, True)
    made = list(game.toy.made)
    assert game.build().done == ()
    game.sounds("wind: { prompt: texture, kind: loop, duration_s: 61, take_s: 10, loudness_lufs: -30 }")
    game.build()
    assert made
    assert game.toy.made == []


def test_the_best_part_of_a_longer_take_is_the_loop(game: Game) -> None:
    game.sounds("wind: { prompt: texture, kind: loop, duration_s: 2, take_s: 6 }")
    assert not failures(game)
    (asset,) = game.open().wanted
    assert asset.final.recipe.duration_s == 6
    assert read(game.path("wind_01")).frames == 2 * 48_000


def test_a_wav_loop_says_so_in_its_smpl_chunk(game: Game) -> None:
    from sfxgen.audio.wav_chunks import read_loop

    game.sounds("wind: { prompt: texture, kind: loop, duration_s: 2 }\nhit: { prompt: hit }")
    game.build()
    assert read_loop(game.content("wind_01")) == (0, 2 * 48_000 - 1)
    assert read_loop(game.content("hit_01")) is None


# --- recordings -------------------------------------------------------------------------------------


def walk(path: Path, *, steps: int = 5, rate: int = 44_100, form: str = "WAV") -> None:
    t = np.arange(round((0.7 * steps + 0.5) * rate)) / rate
    rng = np.random.default_rng(5)
    envelope = sum(np.exp(-np.maximum(0, t - at) / 0.05) * (t >= at) for at in 0.3 + 0.7 * np.arange(steps))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.3 * rng.standard_normal(len(t)) * envelope, rate, format=form)


@pytest.mark.parametrize(
    ("suffix", "form"), [("wav", "WAV"), ("flac", "FLAC"), ("ogg", "OGG"), ("aiff", "AIFF")]
)
def test_a_recording_is_mastered_as_a_take_is(suffix: str, form: str, game: Game) -> None:
    walk(game.root / f"Recordings/walk.{suffix}", form=form)
    game.manifest(
        f"sounds:\n  step: {{ model: recording, source: Recordings/walk.{suffix}, harvest: 4, category: footsteps }}\n"
    )
    assert not failures(game)
    records = list(game.lock().assets.values())
    assert [record.model for record in records] == ["recording"] * 4
    assert all(record.place_s is not None for record in records)
    assert game.build().done == ()


def test_a_changed_recording_is_stale_and_a_moved_one_is_told(game: Game) -> None:
    walk(game.root / "Recordings/walk.wav")
    game.manifest("sounds:\n  step: { model: recording, source: Recordings/walk.wav, harvest: 3 }\n")
    game.build()
    assert game.check().is_empty
    walk(game.root / "Recordings/walk.wav", steps=6)
    assert {str(reason.why) for step in game.check().stale for reason in step.reasons} == {"recipe-changed"}
    (game.root / "Recordings/walk.wav").unlink()
    from sfxgen.errors import ManifestError

    with pytest.raises(ManifestError) as caught:
        game.check()
    assert "'Recordings/walk.wav' cannot be read" in str(caught.value.mistakes[0])


def test_a_pointer_of_git_lfs_is_the_recording_that_it_stands_for(game: Game) -> None:
    import hashlib

    path = game.root / "Recordings/walk.wav"
    walk(path)
    game.manifest("sounds:\n  step: { model: recording, source: Recordings/walk.wav }\n")
    game.build()
    data = path.read_bytes()
    path.write_text(
        "version https://git-lfs.github.com/spec/v1\n"
        f"oid sha256:{hashlib.sha256(data).hexdigest()}\nsize {len(data)}\n"
    )
    assert game.check().is_empty
    assert "git lfs pull" in str(game.build(rebuild=True).failures[0].error.hint)


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ("source: ../outside.wav", "leaves the project"),
        ("source: /etc/hostname", "is no audio file"),
        ("source: notes.txt", "is no audio file"),
        ("source: gone.wav", "cannot be read"),
        ("source: a.wav, variants: 2", "has 1 take"),
        ("source: a.wav, harvest: 2, variants: 3", "has 2 takes"),
        ("source: a.wav, harvest: 4, variants: 4, reject: [2]", "reject leaves 3 of them"),
        ("source: a.wav, harvest: 2, takes: [3]", "has 2 takes"),
        ("source: a.wav, reject: [1]", "reject leaves 0 of them"),
        ("source: a.wav, prompt: a", "does not take it"),
        ("source: a.wav, steps: 3", "does not take it"),
        ("variants: 1", "is missing"),
    ],
)
def test_what_is_wrong_with_a_recording_is_told(fields: str, what: str, game: Game) -> None:
    from sfxgen.errors import ManifestError

    walk(game.root / "a.wav")
    game.manifest(f"sounds:\n  step: {{ model: recording, {fields} }}\n")
    with pytest.raises(ManifestError) as caught:
        game.open()
    assert any(what in str(mistake) for mistake in caught.value.mistakes)


def test_a_loop_of_a_recording_is_as_long_as_asked(game: Game) -> None:
    rng = np.random.default_rng(1)
    soundfile.write(game.root / "rain.wav", 0.1 * rng.standard_normal(8 * RATE), RATE)
    game.manifest("sounds:\n  rain: { model: recording, source: rain.wav, kind: loop, duration_s: 3 }\n")
    assert not failures(game)
    assert read(game.path("rain_01")).duration_s == 3


def test_what_is_no_sound_fails_alone(game: Game) -> None:
    (game.root / "bad.wav").write_bytes(b"RIFF\x00\x00\x00\x00WAVEjunk")
    walk(game.root / "good.wav")
    game.manifest(
        "sounds:\n  bad: { model: recording, source: bad.wav }\n  good: { model: recording, source: good.wav }\n"
    )
    found = failures(game)
    assert set(found) == {"bad_01"}
    assert "bad.wav" in found["bad_01"]
    assert str(game.root) not in found["bad_01"]


# --- names and tags ---------------------------------------------------------------------------------


def test_names_and_tags_are_in_the_files(game: Game) -> None:
    game.project(
        "name: drifters\nengine: files\nassets: Sounds\ncreator: AB\n"
        "file_names: '{cat_id}_{fx_name}_{creator}_{source}'\n"
    )
    game.sounds("step: { prompt: one step, category: footsteps, variants: 2, encode: { tags: true } }")
    assert not failures(game)
    record = game.lock().assets["files", "step_02"]
    assert record.path.startswith("Sounds/F")
    assert record.path.endswith("_Step 02_AB_drifters.wav")
    data = (game.root / record.path).read_bytes()
    assert b"iXML" in data
    assert b"bext" in data
    assert b"one step" in data
    assert b"footsteps" not in decode(data).samples.tobytes()
    assert game.build().done == ()
    text = json.loads((game.root / "sfxgen.lock").read_text())
    assert text["assets"]["files"]["step_02"]["path"] == record.path


def test_clips_of_twelve_channels_and_odd_rates_become_assets(game: Game) -> None:
    rng = np.random.default_rng(2)
    for channels, rate in ((12, 8000), (3, 384_000), (6, 22_050)):
        name = f"c{channels}"
        soundfile.write(game.root / f"{name}.wav", 0.1 * rng.standard_normal((rate // 2, channels)), rate)
        game.manifest(
            f"sounds:\n  {name}: {{ model: recording, source: {name}.wav, master: {{ channels: stereo }} }}\n",
            name,
        )
    assert not failures(game)
    for record in game.lock().assets.values():
        clip: Clip = read(game.root / record.path)
        assert (clip.channels, clip.sample_rate) == (2, 48_000)
