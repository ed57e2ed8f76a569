"""Edits that move, rename, swap and take over: nothing is lost, and the end is what a clean build gives."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from games import Game, actions, toy_clip, whys

from sfxgen.build import build
from sfxgen.errors import ProjectError, StoreError
from sfxgen.events import AssetWritten, Event
from sfxgen.recipe import Recipe

NAMED = "name: game\nengine: unity\n"


def clean(game: Game) -> dict[str, bytes]:
    """What a clean build of the same manifests from the same store gives."""
    other = Game(game.root.with_name("clean"))
    shutil.rmtree(other.root)
    shutil.copytree(
        game.root, other.root, ignore=shutil.ignore_patterns("Assets", "Export", "sfxgen.lock", ".sfxgen")
    )
    assert other.build().exit_code == 0
    tree = other.tree()
    shutil.rmtree(other.root)
    return tree


@pytest.fixture
def cold(own_store: Path) -> Path:
    """The store, to be emptied as on a machine that has only the clone."""
    return own_store


@pytest.mark.parametrize("attempt", range(5))
def test_assets_that_move_onto_one_anothers_paths(game: Game, attempt: int) -> None:
    game.project(f"{NAMED}assets: Assets\n")
    game.sounds("sfx/a: { prompt: wood }\na: { prompt: stone }")
    game.build()
    game.project(f"{NAMED}assets: Assets/sfx\n")
    assert game.build().exit_code == 0
    assert game.toy.made == []
    assert game.tree() == clean(game)
    assert game.build().plan.is_empty


def test_two_engines_swap_their_folders(game: Game) -> None:
    game.project("name: game\nengine: [unity, files]\nassets: { unity: Assets/A, files: Assets/B }\n")
    game.sounds("a: { prompt: wood }\nc/b: { prompt: stone }")
    game.build()
    game.project("name: game\nengine: [unity, files]\nassets: { unity: Assets/B, files: Assets/A }\n")
    assert game.build().exit_code == 0
    assert game.tree() == clean(game)


@pytest.mark.parametrize("is_cold", [False, True])
def test_another_engine_in_the_same_folder_leaves_nothing_of_the_first(
    game: Game, cold: Path, is_cold: bool
) -> None:
    game.project(f"{NAMED}assets: Assets/Sfx\n")
    game.sounds("a: { prompt: wood }\nb/c: { prompt: stone }")
    game.build()
    if is_cold:
        shutil.rmtree(cold)
    game.project("name: game\nengine: files\nassets: Assets/Sfx\n")
    assert game.build().exit_code == 0
    assert game.toy.made == []
    assert not list(game.root.rglob("*.meta"))
    assert game.tree() == clean(game)


def test_a_rename_needs_no_model_where_only_the_clone_is(game: Game, cold: Path) -> None:
    game.sounds("a: { prompt: wood, variants: 2 }")
    game.build()
    bytes_before = game.content("a_01")
    shutil.rmtree(cold)
    game.toy.missing = True
    game.sounds("c/b: { prompt: wood, variants: 2, renamed_from: a }")
    assert actions(game.plan()) == {
        "a_01": "remove",
        "a_02": "remove",
        "c/b_01": "restore",
        "c/b_02": "restore",
    }
    assert game.build().exit_code == 0
    assert game.content("c/b_01") == bytes_before
    assert not (game.root / "Assets/Audio/Sfx/a_01.wav").exists()


def test_a_moved_folder_needs_no_model_where_only_the_clone_is(game: Game, cold: Path) -> None:
    game.sounds("a: { prompt: wood, frozen: true }")
    game.build()
    shutil.rmtree(cold)
    game.toy.missing = True
    game.project(f"{NAMED}assets: Assets/Else\n")
    assert actions(game.plan()) == {"a_01": "restore"}
    assert game.build().exit_code == 0
    # And back, moved by hand with its sidecar as Unity does it.
    shutil.rmtree(cold)
    game.project(f"{NAMED}assets: Assets/Third\n")
    shutil.move(game.root / "Assets/Else", game.root / "Assets/Third")
    (game.root / "Assets/Else.meta").unlink()
    assert game.build().exit_code == 0
    assert (game.root / "Assets/Third/a_01.wav").exists()
    assert game.build().plan.is_empty


def test_what_a_failed_rename_was_made_from_is_kept(game: Game, cold: Path) -> None:
    game.sounds("a: { prompt: wood }")
    game.build()
    engine_id = game.lock().assets["unity", "a_01"].engine_id
    shutil.rmtree(cold)
    game.toy.missing = True
    game.sounds("b: { prompt: oak, renamed_from: a }")
    assert game.build().exit_code == 3
    assert (game.root / "Assets/Audio/Sfx/a_01.wav").exists()
    game.toy.missing = False
    assert game.build().exit_code == 0
    assert game.lock().assets["unity", "b_01"].engine_id == engine_id
    assert not (game.root / "Assets/Audio/Sfx/a_01.wav").exists()


class TestIds:
    def test_survive_a_chain_of_renames(self, game: Game) -> None:
        ids = []
        for text in (
            "a: { prompt: x }",
            "b: { prompt: x, renamed_from: a }",
            "c: { prompt: x, renamed_from: b }",
        ):
            game.sounds(text)
            game.build()
            ids += [record.engine_id for record in game.lock().assets.values()]
        assert len(set(ids)) == 1

    def test_survive_a_rename_after_the_game_was_renamed(self, game: Game) -> None:
        game.sounds("a: { prompt: x }")
        game.build()
        engine_id = game.lock().assets["unity", "a_01"].engine_id
        game.project("name: other\nengine: unity\nassets: Assets/Audio/Sfx\n")
        game.sounds("b: { prompt: x, renamed_from: a }")
        game.build()
        assert game.lock().assets["unity", "b_01"].engine_id == engine_id

    def test_are_not_given_twice_when_a_name_is_used_again(self, game: Game) -> None:
        game.sounds("a: { prompt: x }")
        game.build()
        game.sounds("b: { prompt: x, renamed_from: a }")
        game.build()
        game.sounds("b: { prompt: x }\na: { prompt: y }")
        assert game.build().exit_code == 0
        ids = {record.engine_id for record in game.lock().assets.values()}
        assert len(ids) == 2

    def test_a_copied_sidecar_is_a_conflict(self, game: Game) -> None:
        game.sounds("a: { prompt: x }")
        game.build()
        folder = game.root / "Assets/Audio/Sfx"
        shutil.copy(folder / "a_01.wav.meta", folder / "b_01.wav.meta")
        game.sounds("a: { prompt: x }\nb: { prompt: y }")
        report = game.build()
        assert whys(report.plan, "b_01") == {"sidecar-taken"}
        assert game.build(force=True).exit_code == 0
        assert len({record.engine_id for record in game.lock().assets.values()}) == 2

    def test_a_partial_build_of_a_rename_does_both_halves(self, game: Game) -> None:
        game.sounds("a: { prompt: x }\nz: { prompt: y }")
        game.build()
        game.sounds("b: { prompt: x, renamed_from: a }")
        game.build(only=("b",))
        assert {name for _, name in game.lock().assets} == {"b_01", "z_01"}
        assert not (game.root / "Assets/Audio/Sfx/a_01.wav.meta").exists()


class TestSidecarsOfPeople:
    def test_without_a_record_an_edited_one_is_left_alone(self, game: Game) -> None:
        game.sounds("a: { prompt: x }")
        game.build()
        meta = game.root / "Assets/Audio/Sfx/a_01.wav.meta"
        meta.write_text(meta.read_text().replace("userData: ", "userData: mine"))
        (game.root / "sfxgen.lock").unlink()
        assert whys(game.build().plan, "a_01") == {"sidecar-unknown"}
        assert "mine" in meta.read_text()

    def test_of_a_removed_sound_is_left_alone(self, game: Game) -> None:
        game.sounds("a: { prompt: x }\nb: { prompt: y }")
        game.build()
        meta = game.root / "Assets/Audio/Sfx/a_01.wav.meta"
        meta.write_text(meta.read_text().replace("userData: ", "userData: mine"))
        game.sounds("b: { prompt: y }")
        assert game.build().exit_code == 3
        assert meta.exists()
        game.build(force=True)
        assert not meta.exists()

    def test_at_the_target_of_a_move_is_left_alone(self, game: Game) -> None:
        game.sounds("a: { prompt: x }")
        game.build()
        theirs = game.write("Assets/Else/a_01.wav.meta", f"fileFormatVersion: 2\nguid: {'ab' * 16}\n")
        game.project(f"{NAMED}assets: Assets/Else\n")
        assert game.build().exit_code == 3
        assert "ab" * 16 in theirs.read_text()


def test_a_rebuild_delivers_what_it_made(game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    game.sounds("a: { prompt: x }")
    game.build()
    before = game.content("a_01")

    def other(recipe: Recipe, *, silent: bool = False) -> object:
        clip = toy_clip(recipe, silent=silent)
        return type(clip)(-clip.samples[::-1].copy(), clip.sample_rate)

    monkeypatch.setattr("games.toy_clip", other)
    game.toy.environment = {"toy": "2"}
    game.build(rebuild=True)
    assert game.content("a_01") != before
    assert game.lock().assets["unity", "a_01"].environment == {"toy": "2"}
    assert game.build().plan.is_empty


def test_our_own_file_is_never_a_strangers(game: Game, cold: Path) -> None:
    """The engine and the prompt change in one edit: the old file stands where the new one goes."""
    game.sounds("a: { prompt: wood }")
    game.build()
    game.project("name: game\nengine: files\nassets: Assets/Audio/Sfx\n")
    game.sounds("a: { prompt: oak }")
    shutil.rmtree(cold)
    assert game.build().exit_code == 0
    assert game.tree() == clean(game)


class TestKilled:
    """A build that is killed after it wrote an asset and before it wrote the lock."""

    def kill(self, game: Game) -> None:
        lock = (game.root / "sfxgen.lock").read_bytes()

        def die(event: Event) -> None:
            if isinstance(event, AssetWritten):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            build(game.root, game.catalog, on_event=die)
        (game.root / "sfxgen.lock").write_bytes(lock)

    @pytest.fixture
    def journal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sfxgen.gamefiles.GameFiles.settled", lambda self: None)

    @pytest.mark.parametrize("then", ["wood", "elm"])
    def test_then_edited_again_is_no_conflict(self, game: Game, then: str) -> None:
        game.sounds("a: { prompt: wood }")
        game.build()
        game.sounds("a: { prompt: oak }")
        self.kill(game)
        game.sounds(f"a: {{ prompt: {then} }}")
        assert game.build().exit_code == 0
        assert game.tree() == clean(game)

    def test_then_removed_leaves_no_orphan(
        self, game: Game, journal: None, own_store: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        game.sounds("a: { prompt: wood }")
        game.build()
        game.sounds("a: { prompt: wood }\nb/c: { prompt: oak }")
        self.kill(game)
        assert (game.root / "Assets/Audio/Sfx/b/c_01.wav").exists()
        monkeypatch.undo()
        monkeypatch.setenv("SFXGEN_STORE", str(own_store))
        game.sounds("a: { prompt: wood }")
        assert game.build().exit_code == 0
        assert not (game.root / "Assets/Audio/Sfx/b/c_01.wav").exists()
        assert not (game.root / "Assets/Audio/Sfx/b/c_01.wav.meta").exists()


class TestFrozen:
    def test_a_second_engine_ships_the_same_take(self, game: Game) -> None:
        game.sounds("a: { prompt: wood, frozen: true }")
        game.build()
        game.sounds("a: { prompt: oak, frozen: true }")
        game.project(
            "name: game\nengine: [unity, files]\nassets: { unity: Assets/Audio/Sfx, files: Export }\n"
        )
        assert game.build().exit_code == 0
        assert game.toy.made == []
        assert (game.root / "Export/a_01.wav").read_bytes() == game.content("a_01")

    def test_a_rename_keeps_the_take(self, game: Game) -> None:
        game.sounds("a: { prompt: wood, frozen: true }")
        game.build()
        before = game.content("a_01")
        game.sounds("b: { prompt: oak, frozen: true, renamed_from: a }")
        assert game.build().exit_code == 0
        assert game.toy.made == []
        assert game.content("b_01") == before

    def test_the_lock_names_the_take_that_it_is(self, game: Game) -> None:
        game.sounds("a: { prompt: wood, frozen: true }")
        game.build()
        game.sounds("a: { prompt: wood, frozen: true, reject: [1], loudness_lufs: -30 }")
        game.build()
        assert game.lock().assets["unity", "a_01"].take == 1


def test_a_bug_at_one_asset_stops_no_other(game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    from sfxgen import mastering

    real = mastering.master

    def master(take: object, settings: object, **more: bool) -> object:
        if getattr(settings, "loudness_lufs", 0) == -33:
            raise ZeroDivisionError("oops")
        return real(take, settings, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("sfxgen.produce.master", master)
    game.sounds("a: { prompt: x, loudness_lufs: -33 }\nb: { prompt: y }\nc: { prompt: z }")
    report = game.build()
    assert report.exit_code == 70
    assert [failure.name for failure in report.failures] == ["a_01"]
    assert {name for _, name in game.lock().assets} == {"b_01", "c_01"}


def test_a_partial_build_makes_no_folder_of_the_others(game: Game) -> None:
    game.sounds("a: { prompt: x }\ne/f/g: { prompt: y }")
    game.build(only=("a",))
    assert not (game.root / "Assets/Audio/Sfx/e.meta").exists()
    assert not (game.root / "Assets/Audio/Sfx/e").exists()


def test_what_the_lock_no_longer_needs_is_stale_and_goes(game: Game) -> None:
    game.sounds("a: { prompt: x }")
    game.build()
    lock = game.root / "sfxgen.lock"
    whole = lock.read_text()
    lock.write_text(
        whole.replace('"folders": {', '"folders": {\n  "files": {"Gone": "1"},', 1).replace(
            '"models": {', '"models": {\n  "toy:gone": {"revision": "r0"},', 1
        )
    )
    assert not game.check().is_empty
    assert game.build(locked=True).exit_code == 1
    game.build()
    assert lock.read_text() == whole
    assert game.check().is_empty


def test_a_read_only_checkout_that_is_up_to_date_builds(game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    game.sounds("a: { prompt: x }")
    game.build()
    real = Path.open

    def refuse(self: Path, mode: str = "r", *args: object, **kwargs: object) -> object:
        if mode.startswith(("a", "w")):
            raise OSError(30, "Read-only file system")
        return real(self, mode, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    assert game.build().exit_code == 0


@pytest.mark.parametrize("what", ["loop of links", "folder", "assets is a file"])
def test_what_is_no_file_is_left_alone(game: Game, what: str) -> None:
    target = game.root / "Assets/Audio/Sfx/a_01.wav"
    game.sounds("a: { prompt: x }")
    if what == "assets is a file":
        game.write("Assets/Audio", "mine")
    else:
        target.parent.mkdir(parents=True)
        target.symlink_to(target) if what == "loop of links" else target.mkdir()
    report = game.build()
    assert report.exit_code == 3
    if what == "assets is a file":
        assert (game.root / "Assets/Audio").read_text() == "mine"
    else:
        assert whys(report.plan, "a_01") == {"file-unknown"}


def stopped_after(game: Game, count: int) -> int:
    """Build, and stop as on Ctrl-C after so many assets."""
    written: list[Event] = []

    def listen(event: Event) -> None:
        if isinstance(event, AssetWritten):
            written.append(event)

    return build(game.root, game.catalog, on_event=listen, cancelled=lambda: len(written) >= count).exit_code


@pytest.mark.parametrize("edit", ["move", "format"])
def test_a_stopped_move_is_finished_by_the_next_build(game: Game, edit: str) -> None:
    sounds = (
        "a{n}: {{ for: {{ n: "
        + str(list(range(40)))
        + " }}, prompt: 'wood {n}', encode: {{ format: {f} }} }}"
    )
    game.sounds(sounds.format(n="{n}", f="wav"))
    game.build()
    if edit == "move":
        game.project(f"{NAMED}assets: Assets/Else\n")
    else:
        game.sounds(sounds.format(n="{n}", f="ogg"))
    assert stopped_after(game, 2) == 130
    assert game.build().exit_code == 0
    assert game.tree() == clean(game)


def test_a_rename_leaves_an_edited_sidecar_of_the_old_name_alone(game: Game) -> None:
    game.sounds("a: { prompt: x }")
    game.build()
    meta = game.root / "Assets/Audio/Sfx/a_01.wav.meta"
    meta.write_text(meta.read_text().replace("userData: ", "userData: mine"))
    before = {path: data for path, data in game.tree().items() if path != "sfxgen.lock"}
    game.sounds("b: { prompt: x, renamed_from: a }")
    assert game.build().exit_code == 3
    assert {path: data for path, data in game.tree().items() if path != "sfxgen.lock"} == before


def test_a_rename_into_a_conflict_keeps_what_it_comes_from(game: Game, cold: Path) -> None:
    game.sounds("a: { prompt: x }")
    game.build()
    engine_id = game.lock().assets["unity", "a_01"].engine_id
    shutil.rmtree(cold)
    stranger = game.write("Assets/Audio/Sfx/b_01.wav", "mine")
    game.sounds("b: { prompt: x, renamed_from: a }")
    assert game.build().exit_code == 3
    assert (game.root / "Assets/Audio/Sfx/a_01.wav").exists()
    stranger.unlink()
    assert game.build().exit_code == 0
    assert game.toy.made == []
    assert game.lock().assets["unity", "b_01"].engine_id == engine_id


def test_a_partial_build_over_the_old_name_waits_for_the_new_one(game: Game) -> None:
    game.sounds("ui/a: { prompt: x }\nui/z: { prompt: z }")
    game.build()
    engine_id = game.lock().assets["unity", "ui/a_01"].engine_id
    game.sounds("menu/b: { prompt: x, renamed_from: ui/a }\nui/z: { prompt: z }")
    game.build(only=("ui/*",))
    assert (game.root / "Assets/Audio/Sfx/ui/a_01.wav").exists()
    game.build()
    assert game.lock().assets["unity", "menu/b_01"].engine_id == engine_id


def test_a_rename_that_the_disk_refuses_leaves_the_old_sidecar(game: Game) -> None:
    game.sounds("a: { prompt: x }")
    game.build()
    game.write("Assets/Audio/Sfx/c", "a file where a folder has to be")
    game.sounds("c/b: { prompt: x, renamed_from: a }")
    assert game.build().exit_code == 3
    assert (game.root / "Assets/Audio/Sfx/a_01.wav.meta").exists()
    assert not (game.root / "Assets/Audio/Sfx/c.meta").exists()


def test_an_id_that_two_records_have_is_repaired(game: Game) -> None:
    game.sounds("a: { prompt: x }\nb: { prompt: y }")
    game.build()
    first, second = (record.engine_id for record in game.lock().assets.values())
    lock = game.root / "sfxgen.lock"
    lock.write_text(lock.read_text().replace(second, first))
    assert game.build(locked=True).exit_code == 1
    game.build(force=True)
    ids = [record.engine_id for record in game.lock().assets.values()]
    assert len(set(ids)) == 2
    assert game.check().is_empty


def test_a_move_in_parts_leaves_no_folder_behind(game: Game) -> None:
    game.project(f"{NAMED}assets: Assets/A\n")
    game.sounds("a: { prompt: x }\nz: { prompt: y }")
    game.build()
    game.project(f"{NAMED}assets: Assets/B\n")
    game.build(only=("a",))
    game.build()
    assert not (game.root / "Assets/A").exists()
    assert not (game.root / "Assets/A.meta").exists()
    assert game.tree() == clean(game)


@pytest.mark.parametrize(
    "edit",
    ["b: { prompt: x, variants: 2 }", "a: { prompt: x, variants: 3, reject: [1] }"],
    ids=["renamed", "rejected"],
)
def test_bytes_that_stand_in_the_game_are_never_drafted_over(game: Game, cold: Path, edit: str) -> None:
    game.sounds("a: { prompt: x, variants: 4 }")
    game.build()
    shutil.rmtree(cold)
    game.toy.missing = True
    game.sounds(edit)
    assert game.build(draft=True).exit_code == 0
    assert not any(record.draft for record in game.lock().assets.values())


def test_a_folders_sidecar_that_somebody_replaced_is_theirs(game: Game) -> None:
    game.sounds("e/a: { prompt: x }\nb: { prompt: y }")
    game.build()
    theirs = game.write("Assets/Audio/Sfx/e.meta", f"fileFormatVersion: 2\nguid: {'ab' * 16}\n")
    game.sounds("b: { prompt: y }")
    game.build()
    assert theirs.exists()


def test_a_frozen_take_can_be_made_again_from_its_own_recipe(game: Game, cold: Path) -> None:
    game.sounds("a: { prompt: x, frozen: true }")
    game.build()
    before = game.content("a_01")
    shutil.rmtree(cold)
    game.path("a_01").unlink()
    game.sounds("a: { prompt: x, frozen: true, reject: [1] }")
    assert game.build().exit_code == 0
    assert game.content("a_01") == before


def test_a_journal_that_came_with_a_repository_deletes_nothing(game: Game) -> None:
    game.sounds("a: { prompt: x }")
    game.build()
    known = game.content("a_01")
    for victim in ("Audio/manifests/keep.txt", "notes.md"):
        (game.root / victim).write_bytes(known)
    game.write(
        ".sfxgen/journal", "unity\tAudio/manifests/keep.txt\t\nunity\t../up.wav\t\nunity\tnotes.md\t\n"
    )
    assert game.build().exit_code == 0
    assert (game.root / "notes.md").exists()
    assert (game.root / "Audio/manifests/keep.txt").exists()


@pytest.mark.parametrize("name", [".sfxgen", "cache"])
def test_links_that_lead_out_are_not_followed(
    game: Game, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SFXGEN_STORE")
    outside = tmp_path / "outside"
    outside.mkdir()
    (game.root / name).symlink_to(outside)
    game.project("name: game\nengine: unity\nassets: Assets\nstore: cache\n")
    game.sounds("a: { prompt: x }")
    with pytest.raises(ProjectError):
        game.build()
    assert list(outside.iterdir()) == []


def test_a_full_store_fails_assets_not_the_build(
    game: Game, cold: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    game.sounds("a: { prompt: x }\nb: { prompt: y, loudness_lufs: -30 }")
    game.build()
    shutil.rmtree(cold)

    def full(*_: object, **__: object) -> None:
        raise StoreError("the store is full")

    monkeypatch.setattr("sfxgen.store.local.LocalStore.put", full)
    game.sounds(
        "c: { prompt: x, renamed_from: a }\nb: { prompt: y, loudness_lufs: -30, unity: { force_mono: true } }"
    )
    report = game.build()
    assert report.exit_code == 3
    assert [failure.name for failure in report.failures] == ["c_01"]
    assert (game.root / "Assets/Audio/Sfx/a_01.wav").exists()


def test_a_sidecar_that_a_killed_build_wrote_for_another_asset_is_no_conflict(game: Game) -> None:
    """Two assets swap names by their templates; the build is killed when one sidecar stands, before the lock."""
    game.project(f"{NAMED}assets: Assets\n")
    game.sounds("a: { prompt: x }")
    game.build()
    before = game.tree()
    game.sounds('a: { prompt: x, file_names: "z {variant}" }\nb: { prompt: y, file_names: "a_{variant:02}" }')
    game.build()
    after = game.tree()
    for path, data in before.items():
        (game.root / path).write_bytes(data)
    for path in after.keys() - before.keys():
        (game.root / path).unlink()
    (game.root / "Assets/a_01.wav.meta").write_bytes(after["Assets/a_01.wav.meta"])
    assert game.build().exit_code == 0
    assert game.tree() == after


def test_a_name_that_begins_with_a_sign_can_be_read_from_the_lock(game: Game) -> None:
    game.sounds('a: { prompt: x, file_names: "({name}) {variant}" }')
    assert game.build().exit_code == 0
    assert game.build().plan.is_empty
