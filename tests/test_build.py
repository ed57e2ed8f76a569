from __future__ import annotations

import errno
import hashlib
import json
import shutil
import stat
from pathlib import Path

import numpy as np
import pytest
import soundfile
from games import Game, actions, whys

from sfxgen import lock as lockfile
from sfxgen.build import Report, build
from sfxgen.errors import LockError, ProjectError, SfxgenError, StoreError
from sfxgen.events import AssetFailed, AssetWritten, Event, Started
from sfxgen.workspace import Options, exclusively

STEPS = """
step/gravel: { prompt: one footstep on gravel, variants: 4 }
step/wood: { prompt: one footstep on wood, variants: 2 }
"""


def test_a_build_makes_every_asset_and_the_next_one_nothing(game: Game) -> None:
    game.sounds(STEPS)
    report = game.build()
    assert report.exit_code == 0
    assert len(report.done) == len(game.toy.made) == 6
    assert game.path("step/gravel_04").is_file()
    before = game.tree()
    again = game.build()
    assert again.plan.is_empty
    assert game.toy.made == []
    assert not again.lock_changed
    assert game.tree() == before


def test_an_edited_prompt_generates_only_that_sounds_takes(game: Game) -> None:
    game.sounds(STEPS)
    game.build()
    before = game.tree()
    game.sounds(STEPS.replace("footstep on wood", "boot on wood"))
    game.build()
    assert game.toy.made == [("one boot on wood", 1), ("one boot on wood", 2)]
    changed = {path for path, data in game.tree().items() if before[path] != data}
    assert changed == {
        "sfxgen.lock",
        "Assets/Audio/Sfx/step/wood_01.wav",
        "Assets/Audio/Sfx/step/wood_02.wav",
    }


def test_an_edited_loudness_target_generates_nothing_and_masters(game: Game) -> None:
    game.sounds(STEPS)
    game.build()
    game.sounds(STEPS.replace("variants: 2", "variants: 2, loudness_lufs: -30"))
    assert actions(game.plan()) == {
        **{f"step/gravel_0{n}": "keep" for n in (1, 2, 3, 4)},
        "step/wood_01": "master",
        "step/wood_02": "master",
    }
    game.build()
    assert game.toy.made == []
    assert game.lock().assets["unity", "step/wood_01"].loudness_lufs == pytest.approx(-30, abs=0.1)


def test_an_edited_import_setting_changes_only_the_meta(game: Game) -> None:
    game.sounds(STEPS)
    game.build()
    before = game.tree()
    game.sounds(STEPS.replace("variants: 2", "variants: 2, unity: { load_type: streaming, preload: false }"))
    assert actions(game.plan())["step/wood_01"] == "encode"
    game.build()
    assert game.toy.made == []
    changed = {path for path, data in game.tree().items() if before[path] != data}
    assert changed == {
        "sfxgen.lock",
        "Assets/Audio/Sfx/step/wood_01.wav.meta",
        "Assets/Audio/Sfx/step/wood_02.wav.meta",
    }


def test_an_edited_import_setting_needs_no_store(game: Game, own_store: Path) -> None:
    game.sounds(STEPS)
    game.build()
    shutil.rmtree(own_store)
    game.sounds(STEPS.replace("variants: 2", "variants: 2, unity: { load_type: streaming, preload: false }"))
    game.build()
    assert game.toy.made == []


def test_a_fifth_variant_leaves_the_first_four_as_they_are(game: Game) -> None:
    game.sounds(STEPS)
    game.build()
    before = game.tree()
    game.sounds(STEPS.replace("variants: 4", "variants: 5"))
    game.build()
    assert game.toy.made == [("one footstep on gravel", 5)]
    after = game.tree()
    assert all(after[path] == data for path, data in before.items() if path != "sfxgen.lock")


def test_a_rejected_take_moves_the_next_ones_up(game: Game) -> None:
    game.sounds("step/gravel: { prompt: gravel, variants: 4 }")
    game.build()
    third = game.content("step/gravel_03")
    game.sounds("step/gravel: { prompt: gravel, variants: 4, reject: [2] }")
    game.build()
    assert game.toy.made == [("gravel", 5)]
    assert game.content("step/gravel_02") == third
    assert [game.lock().assets["unity", f"step/gravel_0{n}"].take for n in (1, 2, 3, 4)] == [1, 3, 4, 5]


def test_a_renamed_sound_is_copied_not_generated(game: Game) -> None:
    game.sounds("step/stone: { prompt: stone, variants: 2 }")
    game.build()
    first = game.content("step/stone_01")
    game.sounds("step/rock: { prompt: stone, variants: 2 }")
    report = game.build()
    assert game.toy.made == []
    assert game.content("step/rock_01") == first
    assert {step.action for step in report.plan.steps} == {"restore", "remove"}
    assert not list(game.root.rglob("stone*"))


def test_a_rename_that_says_so_keeps_the_engine_ids(game: Game) -> None:
    game.sounds("step/stone: { prompt: stone }")
    game.build()
    engine_id = game.lock().assets["unity", "step/stone_01"].engine_id
    game.sounds("walk/rock: { prompt: stone, renamed_from: step/stone }")
    game.build()
    assert game.lock().assets["unity", "walk/rock_01"].engine_id == engine_id
    assert engine_id in game.path("walk/rock_01").with_name("rock_01.wav.meta").read_text()


def test_a_deleted_sounds_files_go_with_their_sidecars_and_folders(game: Game) -> None:
    game.sounds(STEPS + "ui/click: { prompt: click }\n")
    game.build()
    assert (game.root / "Assets/Audio/Sfx/ui.meta").exists()
    game.sounds(STEPS)
    game.build()
    assert not (game.root / "Assets/Audio/Sfx/ui").exists()
    assert not (game.root / "Assets/Audio/Sfx/ui.meta").exists()
    assert ("unity", "ui/click_01") not in game.lock().assets


def test_a_folder_with_somebody_elses_file_stays(game: Game) -> None:
    game.sounds(STEPS + "ui/click: { prompt: click }\n")
    game.build()
    game.write("Assets/Audio/Sfx/ui/notes.txt", "mine")
    game.sounds(STEPS)
    game.build()
    assert (game.root / "Assets/Audio/Sfx/ui/notes.txt").exists()
    assert (game.root / "Assets/Audio/Sfx/ui.meta").exists()


def test_a_deleted_asset_comes_back_with_the_same_bytes_and_id(game: Game) -> None:
    game.sounds(STEPS)
    game.build()
    before = game.tree()
    game.path("step/wood_01").unlink()
    assert actions(game.plan())["step/wood_01"] == "restore"
    game.build()
    assert game.toy.made == []
    assert game.tree() == before
    path = game.path("step/wood_01")
    path.unlink()
    path.with_name("wood_01.wav.meta").unlink()
    game.build()
    assert game.tree() == before


def test_a_deleted_asset_comes_back_without_a_store(game: Game, own_store: Path) -> None:
    game.sounds(STEPS)
    game.build()
    before = game.tree()
    shutil.rmtree(own_store)
    game.path("step/wood_01").unlink()
    game.build()
    assert game.toy.made == [("one footstep on wood", 1)]
    assert game.tree() == before


def test_a_deleted_sidecar_comes_back(game: Game) -> None:
    game.sounds(STEPS)
    game.build()
    before = game.tree()
    meta = game.path("step/wood_01").with_name("wood_01.wav.meta")
    meta.unlink()
    assert whys(game.plan(), "step/wood_01") == {"sidecar-missing"}
    game.build()
    (game.root / "Assets/Audio/Sfx/step.meta").unlink()
    assert not game.plan().is_empty
    game.build()
    assert game.tree() == before


def test_ids_survive_the_loss_of_the_lock(game: Game) -> None:
    game.sounds(STEPS)
    game.build()
    before = game.tree()
    (game.root / "sfxgen.lock").unlink()
    report = game.build()
    assert {step.action for step in report.plan.steps} == {"restore"}
    assert game.tree() == before


def test_an_existing_guid_is_kept(game: Game) -> None:
    guid = "0123456789abcdef0123456789abcdef"
    game.write(
        "Assets/Audio/Sfx/ui/click_01.wav.meta", f"fileFormatVersion: 2\nguid: {guid}\nAudioImporter:\n"
    )
    game.sounds("ui/click: { prompt: click }")
    assert game.build().exit_code == 0
    assert game.lock().assets["unity", "ui/click_01"].engine_id == guid
    assert f"guid: {guid}" in game.path("ui/click_01").with_name("click_01.wav.meta").read_text()


@pytest.mark.parametrize(
    "text",
    [
        "version https://git-lfs.github.com/spec/v1\noid sha256:" + "1" * 64 + "\nsize 9\n",
        "<<<<<<< HEAD\nguid: x\n",
    ],
)
def test_a_sidecar_whose_id_cannot_be_read_is_left_alone(game: Game, text: str) -> None:
    meta = game.write("Assets/Audio/Sfx/ui/click_01.wav.meta", text)
    game.sounds("ui/click: { prompt: click }")
    report = game.build()
    assert whys(report.plan, "ui/click_01") == {"sidecar-unreadable"}
    assert meta.read_text() == text


def test_an_asset_edited_by_hand_is_left_alone_until_forced(game: Game) -> None:
    game.sounds(STEPS)
    game.build()
    path = game.path("step/wood_01")
    path.write_bytes(b"my own recording")
    game.sounds(STEPS.replace("footstep on wood", "boot on wood"))
    report = game.build()
    assert report.exit_code == 3
    assert [step.ref[1] for step in report.conflicts] == ["step/wood_01"]
    assert path.read_bytes() == b"my own recording"
    assert ("one boot on wood", 2) in game.toy.made
    assert game.build(force=True).exit_code == 0
    assert path.read_bytes()[:4] == b"RIFF"


def test_a_file_that_sfxgen_did_not_write_is_left_alone(game: Game) -> None:
    mine = game.write("Assets/Audio/Sfx/step/wood_01.wav", "mine")
    game.sounds(STEPS)
    report = game.build()
    assert report.exit_code == 3
    assert whys(report.plan, "step/wood_01") == {"file-unknown"}
    assert mine.read_text() == "mine"


def test_a_sidecar_edited_by_hand_is_left_alone_until_forced(game: Game) -> None:
    game.sounds(STEPS)
    game.build()
    meta = game.path("step/wood_01").with_name("wood_01.wav.meta")
    edited = meta.read_text().replace("userData: ", "userData: mine")
    meta.write_text(edited)
    report = game.build()
    assert whys(report.plan, "step/wood_01") == {"sidecar-edited"}
    assert meta.read_text() == edited
    game.build(force=True)
    assert "userData: \n" in meta.read_text()


def test_line_ends_that_git_changed_in_a_sidecar_are_no_edit(game: Game) -> None:
    game.sounds(STEPS)
    game.build()
    meta = game.path("step/wood_01").with_name("wood_01.wav.meta")
    meta.write_bytes(meta.read_bytes().replace(b"\n", b"\r\n"))
    assert game.plan().is_empty


def test_an_edited_asset_of_a_deleted_sound_is_left_alone(game: Game) -> None:
    game.sounds(STEPS)
    game.build()
    path = game.path("step/wood_01")
    path.write_bytes(b"mine")
    game.sounds("step/gravel: { prompt: one footstep on gravel, variants: 4 }")
    assert game.build().exit_code == 3
    assert path.read_bytes() == b"mine"


def test_a_file_saved_while_the_build_runs_is_not_overwritten(game: Game) -> None:
    game.sounds(STEPS)

    def save_over(event: Event) -> None:
        if isinstance(event, Started):
            game.write("Assets/Audio/Sfx/step/wood_01.wav", "mine")

    report = build(game.root, game.catalog, on_event=save_over)
    assert [failure.name for failure in report.failures] == ["step/wood_01"]
    assert (game.root / "Assets/Audio/Sfx/step/wood_01.wav").read_text() == "mine"


def test_one_failed_sound_stops_no_other(game: Game) -> None:
    game.sounds("a: { prompt: first }\nb: { prompt: broken spring, variants: 2 }\nc: { prompt: last }")
    events: list[Event] = []
    report = build(game.root, game.catalog, on_event=events.append)
    assert report.exit_code == 3
    assert [event.message for event in events if isinstance(event, AssetFailed)] == ["a spring came off"] * 2
    assert {event.asset for event in events if isinstance(event, AssetWritten)} == {"a_01", "c_01"}
    assert set(game.lock().assets) == {("unity", "a_01"), ("unity", "c_01")}


def test_a_silent_take_is_tried_again_with_the_next_seed(game: Game) -> None:
    game.sounds("a: { prompt: silent first }\nb: { prompt: loud }")
    assert game.build().exit_code == 0
    record = game.lock().assets["unity", "a_01"]
    assert record.attempts == 2
    assert len(record.rejected) == 1
    assert record.seed != game.lock().assets["unity", "b_01"].seed


def test_when_retries_run_out_there_is_an_error_and_no_asset(game: Game) -> None:
    game.toy.silent_attempts = 99
    game.sounds("a: { prompt: silent for ever }")
    report = game.build()
    assert report.exit_code == 3
    assert len(game.toy.made) == 4
    assert "4 attempts" in report.failures[0].error.message
    assert not list(game.root.rglob("*.wav"))


def test_only_looks_at_the_named_sounds(game: Game) -> None:
    game.sounds(STEPS)
    game.build(only=("step/w*",))
    assert set(game.lock().assets) == {("unity", "step/wood_01"), ("unity", "step/wood_02")}
    game.sounds("ui/click: { prompt: click }")
    game.build(only=("ui/*",))
    assert ("unity", "step/wood_01") in game.lock().assets
    with pytest.raises(ProjectError, match="finds no sound"):
        game.build(only=("uj/*",))


def test_locked_fails_before_anything_changes(game: Game) -> None:
    game.sounds(STEPS)
    game.build()
    before = game.tree()
    game.sounds(STEPS.replace("footstep on wood", "boot on wood"))
    report = game.build(locked=True)
    assert report.exit_code == 1
    assert {step.ref[1] for step in report.refused} == {"step/wood_01", "step/wood_02"}
    assert game.tree() == before


def test_locked_still_restores_what_the_lock_names(game: Game) -> None:
    game.sounds(STEPS)
    game.build()
    before = game.tree()
    game.path("step/wood_01").unlink()
    assert game.build(locked=True).exit_code == 0
    assert game.tree() == before


def test_locked_refuses_other_bytes_than_the_lock_names(game: Game, own_store: Path) -> None:
    game.sounds(STEPS)
    game.build()
    lock = game.root / "sfxgen.lock"
    path = game.path("step/wood_01")
    lock.write_text(lock.read_text().replace(hashlib.sha256(path.read_bytes()).hexdigest(), "0" * 64))
    path.unlink()
    report = game.build(locked=True)
    assert report.exit_code == 3
    assert "other bytes" in report.failures[0].error.message
    assert not path.exists()


def test_rebuild_generates_anew_and_comes_to_the_same_bytes(game: Game) -> None:
    game.sounds(STEPS)
    game.build()
    before = game.tree()
    game.build(rebuild=True)
    assert len(game.toy.made) == 6
    assert game.tree() == before


def test_a_frozen_sound_is_never_generated_again(game: Game) -> None:
    game.sounds("a: { prompt: first, frozen: true }")
    game.build()
    first = game.content("a_01")
    game.sounds("a: { prompt: second, frozen: true }")
    assert game.plan().is_empty
    game.sounds("a: { prompt: second, frozen: true, loudness_lufs: -35 }")
    game.build(rebuild=True)
    assert game.toy.made == []
    assert game.content("a_01") != first
    game.sounds("a: { prompt: second }")
    game.build()
    assert game.toy.made == [("second", 1)]


def test_a_frozen_sound_whose_take_is_gone_is_an_error(game: Game, own_store: Path) -> None:
    game.sounds("a: { prompt: first, frozen: true }")
    game.build()
    shutil.rmtree(own_store)
    game.path("a_01").unlink()
    game.sounds("a: { prompt: second, frozen: true }")
    report = game.build()
    assert report.exit_code == 3
    assert "frozen" in report.failures[0].error.message
    assert game.toy.made == []


def test_a_changed_format_moves_the_asset_with_its_id(game: Game) -> None:
    game.sounds("a: { prompt: first }")
    game.build()
    engine_id = game.lock().assets["unity", "a_01"].engine_id
    game.sounds("a: { prompt: first, encode: { format: ogg } }")
    game.build()
    assert game.toy.made == []
    assert sorted(p.name for p in game.root.rglob("a_01*")) == ["a_01.ogg", "a_01.ogg.meta"]
    assert game.lock().assets["unity", "a_01"].engine_id == engine_id


def test_a_moved_assets_folder_takes_everything_along(game: Game) -> None:
    game.sounds(STEPS)
    game.build()
    ids = {ref: record.engine_id for ref, record in game.lock().assets.items()}
    game.project("name: game\nengine: unity\nassets: Assets/Sounds\n")
    game.build()
    assert game.toy.made == []
    assert {ref: record.engine_id for ref, record in game.lock().assets.items()} == ids
    assert not (game.root / "Assets/Audio").exists()
    assert not (game.root / "Assets/Audio.meta").exists()


def test_two_sounds_of_one_recipe_are_generated_once(game: Game) -> None:
    game.sounds("a: { prompt: same }\nb: { prompt: same, loudness_lufs: -30 }")
    game.build()
    assert game.toy.made == [("same", 1)]


def test_two_engines_share_the_takes(game: Game) -> None:
    game.project("name: game\nengine: [unity, files]\nassets: { unity: Assets/Sfx, files: Export }\n")
    game.sounds("a: { prompt: first }")
    game.build()
    assert len(game.toy.made) == 1
    assert (game.root / "Export/a_01.wav").read_bytes() == (game.root / "Assets/Sfx/a_01.wav").read_bytes()
    assert not list((game.root / "Export").glob("*.meta"))


def test_a_damaged_store_is_a_miss_never_an_asset(game: Game, own_store: Path) -> None:
    game.sounds("a: { prompt: first }")
    game.build()
    before = game.tree()
    for blob in (own_store / "blobs").rglob("*"):
        if blob.is_file():
            data = bytearray(blob.read_bytes())
            data[-1] ^= 1
            blob.write_bytes(data)
    game.path("a_01").unlink()
    report = game.build()
    assert report.exit_code == 0
    assert game.toy.made == [("first", 1)]
    assert game.tree() == before


def test_the_bytes_that_the_lock_names_win_over_the_stores(game: Game, own_store: Path) -> None:
    """Two machines made different bytes of one recipe; the committed ones are what everybody gets."""
    game.sounds("a: { prompt: first }")
    game.build()
    theirs = game.tree()
    shutil.move(own_store, own_store.with_name("theirs"))
    game.toy.environment = {"toy": "2"}
    shutil.rmtree(game.root / "Assets")
    game.build()
    shutil.copytree(own_store.with_name("theirs"), own_store, dirs_exist_ok=True)
    game.path("a_01").unlink()
    game.build()
    assert game.tree()["Assets/Audio/Sfx/a_01.wav"] == theirs["Assets/Audio/Sfx/a_01.wav"]


def test_a_git_lfs_pointer_stands_for_its_file(game: Game) -> None:
    game.sounds("a: { prompt: first }")
    game.build()
    path = game.path("a_01")
    content = path.read_bytes()
    oid = hashlib.sha256(content).hexdigest()
    path.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n")
    assert game.plan().is_empty
    assert game.check().is_empty
    path.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'1' * 64}\nsize 12\n")
    assert actions(game.check()) == {"a_01": "conflict"}


def test_assets_have_the_mode_of_any_other_file(game: Game, tmp_path: Path) -> None:
    game.sounds("a: { prompt: first }")
    game.build()
    plain = tmp_path / "plain"
    plain.write_text("")
    assert stat.S_IMODE(game.path("a_01").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_a_link_that_leads_out_of_the_project_is_not_written_through(game: Game, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (game.root / "Assets").mkdir()
    (game.root / "Assets/Audio").symlink_to(outside)
    game.sounds("a: { prompt: first }")
    report = game.build()
    assert report.exit_code == 3
    assert "leads out of the project" in report.failures[0].error.message
    assert list(outside.iterdir()) == []


def test_a_disk_that_refuses_is_an_error_of_that_asset(
    game: Game, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sfxgen.gamefiles as module

    def full(path: Path, *_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    game.sounds(STEPS)
    monkeypatch.setattr(module, "write_atomic", full)
    report = game.build()
    assert report.exit_code == 3
    assert "No space left" in report.failures[0].error.message
    monkeypatch.undo()
    monkeypatch.setenv("SFXGEN_STORE", str(own_store))
    assert game.build().exit_code == 0
    assert game.toy.made == []


def test_assets_on_another_disk_than_the_project_are_written_too(
    game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rename out of `.sfxgen` cannot reach them; nothing half-written stays beside them."""
    replaced = Path.replace

    def over_no_border(self: Path, target: Path) -> Path:
        if (self.parent == game.root / ".sfxgen/tmp") and "Assets" in Path(target).parts:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return replaced(self, target)

    game.sounds(STEPS)
    monkeypatch.setattr(Path, "replace", over_no_border)
    assert game.build().exit_code == 0
    assert game.check().is_empty
    left = game.path("step/wood_01").with_name(".sfxgen-killed.tmp")
    left.write_bytes(b"half")
    (game.root / ".sfxgen/journal").write_text(
        f"unity\t{game.lock().assets['unity', 'step/wood_01'].path}\t\n"
    )
    game.sounds(STEPS + "more: { prompt: another }")
    assert game.build().exit_code == 0
    assert not left.exists(), "what a killed build left there goes, too"
    assert not list(game.root.rglob("*.tmp"))


def test_a_second_build_at_the_same_time_is_refused(game: Game) -> None:
    game.sounds(STEPS)
    with exclusively(game.root), pytest.raises(StoreError, match="another sfxgen"):
        game.build()


def test_a_broken_lock_is_an_error_and_nothing_is_touched(game: Game) -> None:
    game.sounds(STEPS)
    game.build()
    (game.root / "sfxgen.lock").write_text("{ not json")
    before = game.tree()
    with pytest.raises(LockError, match=r"sfxgen\.lock:1"):
        game.build()
    assert game.tree() == before


def test_a_lock_in_conflict_is_stale_and_a_build_repairs_it(game: Game) -> None:
    game.sounds("a: { prompt: first }")
    game.build()
    lock = game.root / "sfxgen.lock"
    whole = lock.read_text()
    line = next(line for line in whole.splitlines() if '"digest"' in line)
    lock.write_text(whole.replace(line, f"<<<<<<< HEAD\n{line}\n=======\n{line}\n>>>>>>> theirs"))
    assert not game.check().is_empty
    assert game.build(locked=True).exit_code == 1
    assert game.build().exit_code == 0
    assert lock.read_text() == whole


def test_stopping_keeps_what_is_done_in_the_lock(game: Game) -> None:
    game.sounds(STEPS)
    written: list[Event] = []

    def listen(event: Event) -> None:
        if isinstance(event, AssetWritten):
            written.append(event)

    report = build(game.root, game.catalog, on_event=listen, cancelled=lambda: len(game.toy.made) >= 3)
    assert report.cancelled
    assert report.exit_code == 130
    assert len(game.lock().assets) == len(written) == 3
    game.build()
    assert len(game.toy.made) == 3


class TestDrafts:
    PROJECT = "name: game\nengine: unity\nassets: Assets/Audio/Sfx\nwhen_unavailable: draft\n"

    def test_without_leave_a_missing_model_is_an_error(self, game: Game) -> None:
        game.toy.missing = True
        game.sounds(STEPS + "ui/coin: { model: synth, preset: coin }\n")
        report = game.build()
        assert report.exit_code == 3
        assert {f.error.message for f in report.failures} == {"toy is not here"}
        assert {f.error.hint for f in report.failures} == {"wind it up"}
        assert set(game.lock().assets) == {("unity", "ui/coin_01")}

    def test_drafts_are_marked_and_replaced_where_the_model_runs(self, game: Game) -> None:
        game.project(self.PROJECT)
        game.toy.missing = True
        game.sounds(STEPS)
        assert game.build().exit_code == 0
        assert all(record.draft and record.model == "synth" for record in game.lock().assets.values())
        assert game.build().plan.is_empty
        game.toy.missing = False
        game.build()
        assert len(game.toy.made) == 6
        assert not any(record.draft for record in game.lock().assets.values())

    def test_a_draft_never_replaces_a_final_asset_of_the_same_recipe(
        self, game: Game, own_store: Path
    ) -> None:
        game.project(self.PROJECT)
        game.sounds(STEPS)
        game.build()
        before = game.tree()
        shutil.rmtree(own_store)
        game.toy.missing = True
        assert game.build().plan.is_empty
        game.sounds(STEPS.replace("variants: 2", "variants: 2, loudness_lufs: -30"))
        assert game.build().exit_code == 3
        after = game.tree()
        assert after["Assets/Audio/Sfx/step/wood_01.wav"] == before["Assets/Audio/Sfx/step/wood_01.wav"]

    def test_a_take_in_the_store_needs_no_model(self, game: Game) -> None:
        game.project(self.PROJECT)
        game.sounds(STEPS)
        game.build()
        game.toy.missing = True
        game.sounds(STEPS.replace("variants: 2", "variants: 2, loudness_lufs: -30"))
        assert game.build().exit_code == 0
        assert not any(record.draft for record in game.lock().assets.values())

    def test_the_option_is_as_good_as_the_projects_word(self, game: Game) -> None:
        game.toy.missing = True
        game.sounds(STEPS)
        assert game.build(draft=True).exit_code == 0
        assert all(record.draft for record in game.lock().assets.values())

    def test_check_tells_drafts_from_stale(self, game: Game) -> None:
        game.project(self.PROJECT)
        game.toy.missing = True
        game.sounds(STEPS)
        game.build()
        plan = game.check()
        assert plan.is_empty
        assert all(step.is_draft for step in plan.steps)
        game.sounds(STEPS.replace("footstep on wood", "boot on wood in a cave"))
        assert "step/wood_01" in {step.ref[1] for step in game.check().stale}


def test_check_needs_no_store_and_agrees_on_every_machine(game: Game, own_store: Path) -> None:
    game.sounds(STEPS)
    game.build()
    shutil.rmtree(own_store)
    shutil.rmtree(game.root / ".sfxgen")
    assert game.check().is_empty
    game.path("step/wood_01").unlink()
    assert actions(game.check())["step/wood_01"] == "generate"


def test_the_lock_says_how_each_asset_was_made(game: Game) -> None:
    game.sounds("a: { prompt: first }")
    game.build()
    text = (game.root / "sfxgen.lock").read_text()
    value = json.loads(text)
    record = value["assets"]["unity"]["a_01"]
    audio, rate = soundfile.read(game.path("a_01"), always_2d=True)
    assert value["version"] == lockfile.LOCK_VERSION
    assert value["models"] == {"toy:weights": {"revision": "r1"}}
    assert record["digest"] == hashlib.sha256(game.content("a_01")).hexdigest()
    assert (record["sample_rate"], record["channels"]) == (rate, audio.shape[1]) == (48000, 1)
    assert record["duration_s"] == pytest.approx(len(audio) / rate, abs=0.01)
    assert record["environment"] == {"toy": "1"}
    assert record["loudness_measure"] in ("active", "momentary_max", "integrated")
    assert record["true_peak_dbtp"] <= -0.9
    assert np.abs(audio).max() <= 10 ** (-0.9 / 20)


def test_an_error_names_what_and_how(game: Game) -> None:
    error = SfxgenError("what", hint="how")
    assert (str(error), error.hint, error.exit_code) == ("what", "how", 3)


def test_report_of_nothing_is_done(game: Game) -> None:
    game.sounds(STEPS)
    workspace = game.open()
    assert Report(workspace, workspace.plan(Options())).exit_code == 0
