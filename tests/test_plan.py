"""The plan is pure: tables stand for the disk and the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from games import Game, actions, whys

from sfxgen.contracts import ModelInfo
from sfxgen.disk import FileState, digest_of_text
from sfxgen.lock import AssetRecord, Lock
from sfxgen.plan import ACTIONS, WORDS, Plan, Why
from sfxgen.planner import Drafts, Planner
from sfxgen.recipe_changes import settings_changes
from sfxgen.store.local import Entry, Shelf
from sfxgen.wanted import Wanted


@dataclass
class Table:
    """A disk and a store in memory."""

    files: dict[str, str] = field(default_factory=dict)
    held: dict[tuple[str, str], str] = field(default_factory=dict)

    def state(self, relative: str, *, text: bool = False) -> FileState | None:
        return FileState(self.files[relative]) if relative in self.files else None

    def find(self, shelf: Shelf, key: str) -> Entry | None:
        digest = self.held.get((shelf, key))
        return Entry(digest, 1) if digest else None

    def size(self, digest: str) -> int | None:
        return 1 if digest in self.held.values() else None


@pytest.fixture
def asset(game: Game) -> Wanted:
    game.sounds("a: { prompt: wood }")
    (wanted,) = game.open().wanted
    return wanted


def record_of(asset: Wanted, **changes: object) -> AssetRecord:
    keys = asset.final.keys
    record = AssetRecord(
        sound=asset.sound.id, take=1, seed=1, model=asset.final.recipe.model, revision=asset.final.recipe.revision,
        draft=False, take_key=keys.take, clip_key=keys.clip, file_key=keys.file, asset_key=keys.asset,
        engine_id=asset.engine_id, path=asset.path, digest="audio", sidecar_digest=digest_of_text(asset.sidecar_content),
        attempts=1, rejected=(), environment={}, duration_s=1, sample_rate=1, channels=1, loudness_lufs=None,
        loudness_measure=None, true_peak_dbtp=None, limiting_db=0.0, limited=False, event=None, place_s=None,
    )  # fmt: skip
    return replace(record, **changes)  # type: ignore[arg-type]


def standing(asset: Wanted, audio: str | None = "audio", sidecar: str | None = "as wanted") -> Table:
    table = Table({beside: "folder" for _, beside in asset.folder_sidecars})
    if audio:
        table.files[asset.path] = audio
    if sidecar:
        assert asset.sidecar is not None
        table.files[asset.sidecar] = (
            digest_of_text(asset.sidecar_content) if sidecar == "as wanted" else sidecar
        )
    return table


def made(
    asset: Wanted,
    table: Table,
    record: AssetRecord | None = None,
    *,
    drafts: Drafts = "never",
    can_run: Callable[[ModelInfo], bool] = lambda _: True,
    force: bool = False,
) -> Plan:
    lock = Lock({asset.ref: record} if record else {})
    planner = Planner(lock=lock, disk=table, store=table, can_run=can_run, drafts=drafts, force=force)
    return planner.plan([asset])


def test_what_stands_as_it_should_is_kept(asset: Wanted) -> None:
    plan = made(asset, standing(asset), record_of(asset))
    assert actions(plan) == {"a_01": "keep"}
    assert plan.is_empty
    assert plan.counts() == {**dict.fromkeys(ACTIONS, 0), "keep": 1}


@pytest.mark.parametrize(
    ("shelves", "action"),
    [
        ((), "generate"),
        (("take",), "master"),
        (("take", "clip"), "encode"),
        (("take", "clip", "file"), "restore"),
        (("file",), "restore"),
    ],
)
def test_a_new_asset_begins_at_the_furthest_thing_that_is_known(
    asset: Wanted, shelves: tuple[str, ...], action: str
) -> None:
    table = Table()
    for shelf in shelves:
        table.held[shelf, getattr(asset.final.keys, shelf)] = shelf
    plan = made(asset, table)
    assert actions(plan) == {"a_01": action}
    assert whys(plan, "a_01") == {"new"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"take_key": "x", "clip_key": "x", "file_key": "x", "asset_key": "x"}, "recipe-changed"),
        ({"clip_key": "x", "file_key": "x", "asset_key": "x"}, "mastering-changed"),
        ({"file_key": "x", "asset_key": "x"}, "encoding-changed"),
        ({"asset_key": "x"}, "settings-changed"),
    ],
)
def test_the_reason_is_the_first_link_of_the_chain_that_broke(
    asset: Wanted, changes: dict[str, str], why: str
) -> None:
    assert whys(made(asset, standing(asset), record_of(asset, **changes)), "a_01") == {why}


def test_a_changed_model_or_take_is_named(asset: Wanted) -> None:
    record = record_of(asset, take_key="x", model="synth", take=3)
    (step,) = made(asset, standing(asset), record).steps
    assert str(step.reasons[0]) == "its recipe changed (model synth → toy:weights, take 3 → 1)"


def test_only_a_changed_setting_needs_no_audio(asset: Wanted) -> None:
    assert actions(made(asset, standing(asset), record_of(asset, asset_key="x"))) == {"a_01": "encode"}
    assert actions(made(asset, standing(asset, sidecar=None), record_of(asset))) == {"a_01": "restore"}


def test_foreign_files_are_conflicts_until_forced(asset: Wanted) -> None:
    edited = made(asset, standing(asset, audio="mine"), record_of(asset))
    assert (actions(edited), whys(edited, "a_01")) == ({"a_01": "conflict"}, {"file-edited"})
    unknown = made(asset, standing(asset, audio="mine"))
    assert (actions(unknown), whys(unknown, "a_01")) == ({"a_01": "conflict"}, {"file-unknown"})
    sidecar = made(asset, standing(asset, sidecar="mine"), record_of(asset))
    assert (actions(sidecar), whys(sidecar, "a_01")) == ({"a_01": "conflict"}, {"sidecar-edited"})
    assert actions(made(asset, standing(asset, audio="mine"), record_of(asset), force=True)) == {
        "a_01": "generate"
    }


def test_a_file_that_the_store_knows_is_ours_though_the_lock_does_not_say_so(asset: Wanted) -> None:
    """A build was killed between writing the file and writing the lock."""
    table = standing(asset, audio="new")
    table.held["file", asset.final.keys.file] = "new"
    plan = made(asset, table, record_of(asset, digest="old", file_key="x", asset_key="x"))
    assert actions(plan) == {"a_01": "restore"}


def test_a_model_is_asked_whether_it_can_run_only_where_it_would_have_to(asset: Wanted) -> None:
    def never(info: ModelInfo) -> bool:
        raise AssertionError(info.name)

    assert actions(made(asset, standing(asset), record_of(asset), drafts="allowed", can_run=never)) == {
        "a_01": "keep"
    }
    held = Table(held={("take", asset.final.keys.take): "take"})
    assert actions(made(asset, held, drafts="allowed", can_run=never)) == {"a_01": "master"}
    assert actions(made(asset, Table(), drafts="never", can_run=never)) == {"a_01": "generate"}


def test_a_draft_is_made_only_with_leave_and_only_where_the_model_cannot_run(asset: Wanted) -> None:
    for drafts, can_run, is_draft in (
        ("allowed", False, True),
        ("allowed", True, False),
        ("never", False, False),
        ("existing", False, False),
    ):
        (step,) = made(asset, Table(), drafts=drafts, can_run=lambda _, can=can_run: can).steps  # type: ignore[arg-type,misc]
        assert step.is_draft == is_draft, (drafts, can_run)


def test_what_no_manifest_names_is_removed_unless_it_was_edited(asset: Wanted) -> None:
    record = record_of(asset, sound="b", path="Assets/b_01.wav")
    lock = Lock({("unity", "b_01"): record})
    for digest, action in (("audio", "remove"), ("mine", "conflict"), (None, "remove")):
        table = Table({"Assets/b_01.wav": digest} if digest else {})
        planner = Planner(lock=lock, disk=table, store=table, can_run=lambda _: True)
        assert actions(planner.plan([])) == {"b_01": action}


def test_every_reason_has_its_words() -> None:
    assert set(WORDS) == set(Why)


# --- what of a recipe changed -----------------------------------------------------------------------


def said(game: Game) -> dict[str, str]:
    return {step.ref[1]: "; ".join(map(str, step.reasons)) for step in game.plan().steps}


def test_what_changed_of_a_recipe_is_said_where_the_store_has_the_take(game: Game) -> None:
    game.sounds(
        "a: { prompt: wood }\nb: { model: synth, preset: click }\nc: { prompt: wood, duration_s: 0.3 }\n"
        "d: { kind: loop, prompt: texture wind, duration_s: 1 }\ne: { prompt: tin, seed: 2 }"
    )
    game.build()
    game.sounds(
        "a: { prompt: oak, steps: 4 }\nb: { model: synth, preset: coin }\nc: { prompt: wood, duration_s: 0.35 }\n"
        "d: { kind: loop, prompt: texture wind, duration_s: 2 }\ne: { prompt: tin, seed: 3 }"
    )
    assert said(game) == {
        "a_01": "its recipe changed (prompt, steps 2 → 4)",
        "b_01": "its recipe changed (preset click → coin)",
        "c_01": "its recipe changed (duration_s 0.3 → 0.35)",
        "d_01": "its recipe changed (duration_s)",
        "e_01": "its recipe changed (seed)",
    }
    checked = {step.ref[1]: str(step.reasons[0]) for step in game.open().check_plan().steps}
    assert checked == {**dict.fromkeys(checked, "its recipe changed"), "e_01": "its recipe changed (seed)"}


def test_a_take_that_was_tried_again_has_not_another_seed(game: Game) -> None:
    game.toy.silent_attempts = 2
    game.sounds("a: { prompt: silent wood }")
    game.build()
    assert game.lock().assets["unity", "a_01"].attempts == 3
    game.sounds("a: { prompt: silent oak }")
    assert said(game) == {"a_01": "its recipe changed (prompt)"}


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (
            {"params": {"pitch_hz": 2, "a": [1]}},
            {"params": {"pitch_hz": 3, "a": [2]}},
            ["a", "pitch_hz 2 → 3"],
        ),
        ({"negative": "x"}, {}, ["negative"]),
        (
            {"params": {"params": {"x": True}}},
            {"params": {"params": {"x": False}}},
            ["params.x true → false"],
        ),
        ({"params": {"digest": "1"}}, {"params": {"digest": "2"}}, ["the file that source names"]),
        ({"params": {"recipe": {"steps": 2}}}, {"params": {"recipe": {"steps": 3}}}, ["steps 2 → 3"]),
        ({}, {"choice": {"candidates": 4, "ranker": "r", "text": "wood"}}, ["candidates 1 → 4"]),
        (
            {"choice": {"candidates": 4, "ranker": "r"}},
            {"choice": {"candidates": 4, "ranker": "s"}},
            ["ranker"],
        ),
        ({"adapter_version": 1, "seed": 1}, {"adapter_version": 2, "seed": 2}, ["its model's release"]),
        ({"scheduler": "ddim"}, {"scheduler": "x" * 99}, ["scheduler"]),
    ],
)
def test_each_setting_that_changed_is_named(
    before: dict[str, object], now: dict[str, object], said: list[str]
) -> None:
    assert list(settings_changes(before, now)) == said


@pytest.mark.parametrize("recipe", [7, [], {"params": 7}, {"choice": {"x": 1}}, {"params": {"params": "no"}}])
def test_a_store_that_holds_no_recipe_says_nothing(asset: Wanted, recipe: object) -> None:
    class Odd(Table):
        def find(self, shelf: Shelf, key: str) -> Entry | None:
            return Entry("x", 1, {"recipe": recipe}) if key == "x" else None

    table = Odd(standing(asset).files)
    (step,) = made(asset, table, record_of(asset, take_key="x", seed=asset.final.recipe.seed)).steps
    assert (step.reasons[0].why, step.reasons[0].detail) in [("recipe-changed", "")]


def test_a_changed_program_is_no_change_of_weights(asset: Wanted) -> None:
    record = record_of(asset, take_key="x", revision="r0", seed=asset.final.recipe.seed)
    (step,) = made(asset, standing(asset), record).steps
    assert step.reasons[0].detail == "weights' revision"
    final = replace(asset.final, model=replace(asset.final.model, is_program=True))
    program = replace(asset, final=final)
    (step,) = made(program, standing(program), record).steps
    assert step.reasons[0].detail == "program"
