from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import pytest
from games import Game, ToyModel, toy_clip
from watchdog.events import (
    DirDeletedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
)

from sfxgen import watch
from sfxgen.audio.clip import Clip
from sfxgen.build import Report
from sfxgen.cli.stop import Stop
from sfxgen.contracts import Catalog
from sfxgen.errors import Cancelled, ManifestError, SfxgenError
from sfxgen.events import AssetWritten, Event, Notice, OnEvent, Sampling
from sfxgen.lock import read
from sfxgen.models.synth.sfxr.formats import to_json
from sfxgen.models.synth.sfxr.parameters import SfxrParams
from sfxgen.recipe import Recipe
from sfxgen.watch import Look, Watcher
from sfxgen.workspace import exclusively

TIMEOUT_S = 40.0
MANIFEST = "Audio/manifests/game.yaml"
NEVER_S = 3600.0
SOON_S = 0.05


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition that another thread or process brings about."""
    give_up = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < give_up, f"waited in vain for {what}"
        time.sleep(0.01)


class CountingWatcher(Watcher):
    """Counts its looks, so that a test can wait for several more and see that nothing came of them."""

    looks = 0

    def _look(self) -> Look:
        look = super()._look()
        self.looks += 1
        return look


class Clock:
    """Stands in for `time` in the watcher. Every question takes a second; sleeping only runs `on_sleep`."""

    def __init__(self, on_sleep: Callable[[], None] = lambda: None) -> None:
        self.now_s = 0.0
        self.slept_s: list[float] = []
        self._on_sleep = on_sleep

    def monotonic(self) -> float:
        self.now_s += 1.0
        return self.now_s

    def sleep(self, duration_s: float) -> None:
        self.slept_s.append(duration_s)
        self._on_sleep()


class Watching:
    """A watcher in a thread, and what it reported. On leaving it is stopped, and must end."""

    def __init__(self, game: Game) -> None:
        self.game = game
        self.reports: list[Report] = []
        self.errors: list[SfxgenError] = []
        self.events: list[Event] = []
        self.stopped = False
        self.bug: BaseException | None = None
        self.watcher = CountingWatcher(
            game.root,
            game.catalog,
            on_event=self.on_event,
            on_build=self.reports.append,
            on_error=self.errors.append,
        )
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def on_event(self, event: Event) -> None:
        self.events.append(event)

    def _run(self) -> None:
        try:
            self.watcher.run(lambda: self.stopped)
        except Exception as error:
            self.bug = error

    def __enter__(self) -> Watching:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopped = True
        self.join()
        if error is None and self.bug is not None:
            raise self.bug

    def join(self) -> None:
        self._thread.join(TIMEOUT_S)
        assert not self._thread.is_alive()

    def builds(self, count: int) -> Report:
        """Wait until so many builds are done, and return the last of them."""
        until(lambda: len(self.reports) >= count or self.bug, f"build {count}, with errors {self.errors}")
        self._raise_bug()
        return self.reports[count - 1]

    def shows(self, count: int) -> SfxgenError:
        """Wait until so many errors are shown, and return the last of them."""
        until(lambda: len(self.errors) >= count or self.bug, f"error {count}")
        self._raise_bug()
        return self.errors[count - 1]

    def looks_again(self) -> None:
        """Wait until it has looked several more times."""
        enough = self.watcher.looks + 6
        until(lambda: self.watcher.looks >= enough or self.bug, "more looks")
        self._raise_bug()

    def _raise_bug(self) -> None:
        if self.bug is not None:
            raise self.bug


@pytest.fixture
def hints_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its first look the watcher looks again only if an event wakes it."""
    monkeypatch.setattr(watch, "LOOK_EVERY_S", NEVER_S)


@pytest.fixture
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_EVERY_S", SOON_S)
    monkeypatch.setattr(watch, "QUIET_UNHINTED_S", SOON_S)


@dataclass
class GatedToy(ToyModel):
    """A toy that stands still in the middle of a take whose prompt begins with "slow" until the gate opens."""

    entered: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event = field(default_factory=threading.Event)

    def generate(
        self, recipes: Sequence[Recipe], *, on_event: OnEvent, cancelled: Callable[[], bool]
    ) -> Iterator[Clip]:
        for recipe in recipes:
            if cancelled():
                raise Cancelled
            self.made.append((recipe.prompt, recipe.take))
            if recipe.prompt.startswith("slow"):
                self.entered.set()
                assert self.gate.wait(TIMEOUT_S)
            yield toy_clip(recipe)


@dataclass
class SteppingToy(GatedToy):
    """A toy that samples batches of two takes in three steps each, as a diffusion model does."""

    begun: list[int] = field(default_factory=list)

    def generate(
        self, recipes: Sequence[Recipe], *, on_event: OnEvent, cancelled: Callable[[], bool]
    ) -> Iterator[Clip]:
        for first in range(0, len(recipes), 2):
            batch = recipes[first : first + 2]
            for step in range(4):
                if step:
                    on_event(Sampling("toy", step, 3, len(batch)))
                if step == 1 and batch[0].prompt.startswith("slow"):
                    self.entered.set()
                    assert self.gate.wait(TIMEOUT_S)
                if cancelled():
                    raise Cancelled
                if step == 0:
                    self.begun += [recipe.take for recipe in batch]
            for recipe in batch:
                self.made.append((recipe.prompt, recipe.take))
                yield toy_clip(recipe)


def with_toy(game: Game, toy: GatedToy) -> GatedToy:
    game.toy = toy
    game.catalog = Catalog(adapters={**game.catalog.adapters, "toy": toy}, exporters=game.catalog.exporters)
    return toy


def require_whole(game: Game) -> None:
    """The lock can be read, it and the assets agree, and no half-written file is left."""
    lock = game.lock()
    standing = {path.relative_to(game.root).as_posix() for path in game.root.rglob("*.wav")}
    assert standing == {record.path for record in lock.assets.values()}
    assert not list(game.root.rglob("*.tmp"))


# --- ways to save ---------------------------------------------------------------------------------


def save_in_place(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def save_by_rename(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.tmp-1234")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def save_by_rename_from_afar(path: Path, text: str) -> None:
    away = path.parents[3] / "elsewhere"
    away.mkdir()
    (away / "saved").write_text(text, encoding="utf-8")
    (away / "saved").replace(path)


def save_as_vim(path: Path, text: str) -> None:
    backup = path.with_name(path.name + "~")
    path.rename(backup)
    path.write_text(text, encoding="utf-8")
    backup.unlink()


def toy_sounds(lines: str) -> str:
    return "defaults: { model: toy }\nsounds:\n" + "".join(f"  {line}\n" for line in lines.splitlines())


@pytest.mark.usefixtures("hints_only")
@pytest.mark.parametrize("save", [save_in_place, save_by_rename, save_by_rename_from_afar, save_as_vim])
def test_every_way_to_save_wakes_it(game: Game, save: Callable[[Path, str], None]) -> None:
    game.sounds("ui/click: { prompt: click }")
    with Watching(game) as watching:
        watching.builds(1)
        before = game.content("ui/click_01")
        save(game.root / MANIFEST, toy_sounds("ui/click: { prompt: clack }"))
        watching.builds(2)
        assert game.content("ui/click_01") != before
    assert watching.errors == []


@pytest.mark.usefixtures("looks_often")
@pytest.mark.parametrize("save", [save_in_place, save_by_rename, save_as_vim])
def test_without_any_events_the_looks_find_every_save(
    game: Game, save: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_observer() -> None:
        raise OSError(errno.EMFILE, "inotify instance limit reached")

    monkeypatch.setattr(watch, "Observer", no_observer)
    game.sounds("ui/click: { prompt: click }")
    with Watching(game) as watching:
        watching.builds(1)
        save(game.root / MANIFEST, toy_sounds("ui/click: { prompt: clack }"))
        watching.builds(2)
    assert game.toy.made == [("click", 1), ("clack", 1)]
    notices = [event for event in watching.events if isinstance(event, Notice)]
    assert len(notices) == 1
    assert "limit" in notices[0].message


@pytest.mark.usefixtures("looks_often")
def test_a_folder_past_the_watch_limit_is_told_once_and_looked_at(
    game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    def past_the_limit(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "inotify watch limit reached")

    monkeypatch.setattr("watchdog.observers.api.BaseObserver.schedule", past_the_limit)
    game.sounds("ui/click: { prompt: click }")
    with Watching(game) as watching:
        watching.builds(1)
        game.sounds("ui/click: { prompt: clack }")
        watching.builds(2)
        game.project("name: game\nengine: unity\nassets: Assets/Audio/Other\n")
        watching.builds(3)
    assert sum(isinstance(event, Notice) for event in watching.events) == 1


def test_a_save_that_keeps_size_and_time_is_seen(game: Game) -> None:
    """As rsync --times --inplace does, and a checkout within one tick of the clock."""
    game.sounds("ui/click: { prompt: click }")
    path = game.root / MANIFEST
    with Watching(game) as watching:
        watching.builds(1)
        times = path.stat()
        with path.open("r+", encoding="utf-8") as file:
            file.write(toy_sounds("ui/click: { prompt: clack }"))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        watching.builds(2)
    assert game.toy.made[-1] == ("clack", 1)


def test_a_burst_of_saves_is_one_build_of_the_last_content(
    game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "QUIET_S", 0.4)  # longer than a slow machine halts in the middle of the burst
    game.sounds("ui/click: { prompt: click 0 }")
    with Watching(game) as watching:
        watching.builds(1)
        for number in range(1, 31):
            save = save_in_place if number % 2 else save_by_rename
            save(game.root / MANIFEST, toy_sounds(f"ui/click: {{ prompt: click {number} }}"))
        until(lambda: ("click 30", 1) in game.toy.made, "the last save")
        watching.builds(2)
    assert len(watching.reports) <= 3
    assert len(game.toy.made) <= 3
    assert game.toy.made[-1] == ("click 30", 1)
    require_whole(game)


@pytest.mark.parametrize(
    ("text", "patience_s"), [("sounds: {}\n", watch.QUIET_S), ("", watch.QUIET_UNHINTED_S)]
)
def test_a_burst_is_over_when_nothing_changes_and_an_empty_file_gets_longer(
    game: Game, monkeypatch: pytest.MonkeyPatch, text: str, patience_s: float
) -> None:
    comments = iter(["# 1\n", "# 22\n"])

    def save_again() -> None:
        comment = next(comments, None)
        if comment:
            game.write("Audio/manifests/other.yaml", comment)

    game.manifest(text)
    clock = Clock(save_again)
    monkeypatch.setattr(watch, "time", clock)
    monkeypatch.setattr(watch, "SETTLE_AT_MOST_S", NEVER_S)
    Watcher(game.root, game.catalog)._settled()
    assert clock.slept_s == [patience_s] * 3


def test_a_burst_without_an_end_is_not_waited_for(game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ("#" * length for length in range(1, 1000))
    clock = Clock(lambda: game.manifest(next(texts)))
    monkeypatch.setattr(watch, "time", clock)
    Watcher(game.root, game.catalog)._settled()
    assert len(clock.slept_s) <= watch.SETTLE_AT_MOST_S


# --- mistakes -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("looks_often")
@pytest.mark.parametrize(
    "half",
    [
        "",
        "defaults: { model: toy }\nsounds:\n  ui/click: { prompt: cli",
        "defaults: { model: toy }\nsounds:\n  ui/click: { promt: click }\n",
    ],
)
def test_a_half_written_manifest_shows_its_error_once_and_changes_nothing(game: Game, half: str) -> None:
    game.sounds("ui/click: { prompt: click }\nui/back: { prompt: back }")
    with Watching(game) as watching:
        watching.builds(1)
        before = game.tree()
        game.write(MANIFEST, half)
        error = watching.shows(1)
        assert isinstance(error, ManifestError)
        assert error.mistakes[0].path == MANIFEST
        watching.looks_again()
        assert game.tree() == before
        assert len(watching.reports) == 1
        game.sounds("ui/click: { prompt: clack }\nui/back: { prompt: back }")
        watching.builds(2)
    assert len(watching.errors) == 1
    assert game.toy.made == [("back", 1), ("click", 1), ("clack", 1)]


@pytest.mark.usefixtures("looks_often")
def test_the_same_mistake_is_shown_again_after_every_save(game: Game) -> None:
    good, bad = "ui/click: { prompt: click }", "ui/click: { promt: click }"
    game.sounds(good)
    with Watching(game) as watching:
        watching.builds(1)
        game.sounds(bad)
        watching.shows(1)
        game.sounds(bad)
        watching.shows(2)
        game.sounds(good)
        watching.builds(2)
        game.sounds(bad)
        watching.shows(3)
    assert len(watching.reports) == 2


@pytest.mark.usefixtures("hints_only")
def test_a_file_that_is_emptied_and_then_filled_never_removes_an_asset(game: Game) -> None:
    game.sounds("ui/click: { prompt: click }\nui/back: { prompt: back }")
    path = game.root / MANIFEST
    text = path.read_bytes()
    with Watching(game) as watching:
        watching.builds(1)
        for _ in range(5):
            with path.open("r+b", buffering=0) as file:
                file.truncate(0)
                looks = watching.watcher.looks
                game.write("Audio/manifests/notes.yaml", "sounds: {}\n")  # another save wakes it meanwhile
                until(lambda looks=looks: watching.watcher.looks > looks, "a look at the empty file")  # type: ignore[misc]
                file.write(text[:40])
                file.write(text[40:])
        game.sounds("ui/click: { prompt: clack }\nui/back: { prompt: back }")
        until(lambda: ("clack", 1) in game.toy.made, "the last save")
        until(lambda: game.root.joinpath("sfxgen.lock").exists() and len(watching.reports) > 1, "its build")
    removed = [step for report in watching.reports for step in report.plan.part("remove")]
    assert removed == []
    assert game.toy.made == [("back", 1), ("click", 1), ("clack", 1)]


@pytest.mark.usefixtures("hints_only")
def test_mistakes_at_the_start_are_shown_and_their_mending_is_seen(game: Game) -> None:
    """The globs count even while the manifests that they find are wrong."""
    game.project("name: game\nengine: unity\nassets: Assets\nmanifests: [Sounds/*.yaml]\n")
    game.write("Sounds/ui.yaml", toy_sounds("ui/click: { promt: click }"))
    with Watching(game) as watching:
        watching.shows(1)
        game.write("Sounds/ui.yaml", toy_sounds("ui/click: { prompt: click }"))
        watching.builds(1)
    assert game.path("ui/click_01").is_file()


@pytest.mark.usefixtures("hints_only")
@pytest.mark.parametrize("text", ["engine: [unity", "engine: unreal\n", "manifests: 7\n", "- a\n", "\x00"])
def test_a_project_file_with_mistakes_at_the_start_is_waited_for(game: Game, text: str) -> None:
    game.sounds("ui/click: { prompt: click }")
    game.project(text)
    with Watching(game) as watching:
        watching.shows(1)
        game.project("name: game\nengine: unity\nassets: Assets\n")
        watching.builds(1)
    assert len(watching.errors) == 1
    assert game.path("ui/click_01").is_file()


# --- edits while it builds ------------------------------------------------------------------------

SLOW = "a/slow: { prompt: slow, variants: 2 }\nb/old: { prompt: old, variants: 3 }"


@pytest.mark.usefixtures("looks_often")
def test_a_newer_edit_drops_takes_that_have_not_begun(game: Game) -> None:
    toy = with_toy(game, GatedToy())
    game.sounds(SLOW)
    with Watching(game) as watching:
        until(toy.entered.is_set, "the first take")
        game.sounds("a/slow: { prompt: slow, variants: 2 }\nb/new: { prompt: new }")
        toy.gate.set()
        until(lambda: ("new", 1) in toy.made, "the newer edit's take")
        until(lambda: any(not report.cancelled for report in watching.reports), "the newer edit's build")
        assert watching.reports[0].cancelled
    assert toy.made == [("slow", 1), ("slow", 2), ("new", 1)]
    assert toy.loads == 1
    assert {ref[1] for ref in game.lock().assets} == {"a/slow_01", "a/slow_02", "b/new_01"}
    require_whole(game)


@pytest.mark.usefixtures("looks_often")
def test_a_newer_edit_with_mistakes_is_shown_at_once_and_drops_nothing(game: Game) -> None:
    toy = with_toy(game, GatedToy())
    game.sounds(SLOW)
    with Watching(game) as watching:
        until(toy.entered.is_set, "the first take")
        game.sounds("b/new: { promt: new }")
        toy.gate.set()
        report = watching.builds(1)
        assert not report.cancelled
        assert isinstance(watching.shows(1), ManifestError)
        watching.looks_again()
    assert toy.made == [("slow", 1), ("slow", 2), ("old", 1), ("old", 2), ("old", 3)]
    assert len(watching.errors) == 1
    assert len(watching.reports) == 1
    require_whole(game)


@pytest.mark.usefixtures("looks_often")
def test_a_batch_that_has_begun_is_finished_and_kept(game: Game) -> None:
    toy = SteppingToy()
    with_toy(game, toy)
    game.sounds("a/slow: { prompt: slow, variants: 5 }")
    with Watching(game) as watching:
        until(toy.entered.is_set, "the first batch")
        game.sounds("a/slow: { prompt: slow, variants: 3 }")
        toy.gate.set()
        until(lambda: any(not report.cancelled for report in watching.reports), "the newer edit's build")
        assert watching.reports[0].cancelled
    assert toy.begun == [1, 2, 3]


@pytest.mark.usefixtures("looks_often")
def test_an_edit_that_is_taken_back_while_it_builds_leaves_nothing_unbuilt(game: Game) -> None:
    """A rename and its reversal bring the very same stats back."""
    toy = with_toy(game, GatedToy())
    game.sounds(SLOW)
    aside = game.root / "aside.yaml"
    game.write("Audio/manifests/other.yaml", toy_sounds("c/other: { prompt: other }"))
    with Watching(game) as watching:
        until(toy.entered.is_set, "the first take")
        (game.root / "Audio/manifests/other.yaml").rename(aside)
        toy.gate.set()
        watching.builds(1)
        aside.rename(game.root / "Audio/manifests/other.yaml")
        until(lambda: ("other", 1) in toy.made, "what was put back")
        until(lambda: not watching.reports[-1].cancelled, "its build")
        watching.looks_again()
    assert game.plan().is_empty


# --- what wakes it, and what does not -------------------------------------------------------------


@pytest.mark.usefixtures("looks_often")
def test_its_own_outputs_never_wake_it(game: Game) -> None:
    game.project("name: game\nengine: unity\nassets: Audio/manifests\n")  # the worst place for them
    game.sounds("ui/click: { prompt: click, variants: 3 }\nback: { prompt: back }")
    with Watching(game) as watching:
        watching.builds(1)
        for path in [*game.root.rglob("*.wav"), *game.root.rglob("*.meta"), game.root / "sfxgen.lock"]:
            path.touch()
        watching.looks_again()
        assert len(watching.reports) == 1
    assert len(game.toy.made) == 4


def test_only_what_may_be_a_manifest_gives_a_hint(tmp_path: Path) -> None:
    wake = threading.Event()
    hints = watch._Hints(wake, lambda _message, _hint: None)
    hints.follow([], ("Audio/manifests/*.yaml", "More/**/*.yml"))

    def wakes(event: FileSystemEvent) -> bool:
        wake.clear()
        hints.dispatch(event)
        return wake.is_set()

    lock, manifest = str(tmp_path / "sfxgen.lock"), str(tmp_path / "ui.yaml")
    assert wakes(FileClosedEvent(manifest))
    assert wakes(FileClosedEvent(str(tmp_path / "sfxgen.yaml")))
    assert wakes(FileDeletedEvent(str(tmp_path / "ui.yml")))
    assert wakes(FileMovedEvent(str(tmp_path / "ui.yaml.tmp"), manifest))
    assert wakes(FileMovedEvent(manifest, str(tmp_path / "ui.yaml~")))
    assert wakes(DirDeletedEvent(str(tmp_path)))
    assert not wakes(FileMovedEvent(str(tmp_path / ".sfxgen-1.tmp"), lock))
    assert not wakes(FileClosedEvent(lock))
    assert not wakes(FileCreatedEvent(str(tmp_path / "4913")))
    assert not wakes(FileClosedEvent(str(tmp_path / "click_01.wav")))


def test_a_tree_that_is_slow_to_look_at_is_looked_at_less_often(
    game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    watcher = Watcher(game.root, game.catalog)
    monkeypatch.setattr(watch, "time", clock)
    watcher._look()
    assert watcher._next_look - clock.now_s == pytest.approx(1.0 / watch.LOOK_SHARE)


@pytest.mark.usefixtures("looks_often")
def test_a_save_in_a_folder_too_many_is_found_by_a_look(game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "MAX_FOLDERS", 2)
    game.project("name: game\nengine: unity\nassets: Assets\nmanifests: [Sounds/**/*.yaml]\n")
    for name in "abc":
        game.write(f"Sounds/{name}/{name}.yaml", toy_sounds(f"ui/{name}: {{ prompt: {name} }}"))
    with Watching(game) as watching:
        watching.builds(1)
        game.write("Sounds/c/c.yaml", toy_sounds("ui/c: { prompt: see }"))
        watching.builds(2)
    assert game.toy.made[-1] == ("see", 1)


@pytest.mark.usefixtures("looks_often")
def test_the_model_is_loaded_once_for_many_builds(game: Game) -> None:
    game.sounds("ui/click: { prompt: click 0 }")
    with Watching(game) as watching:
        for count in range(1, 6):
            watching.builds(count)
            game.sounds(f"ui/click: {{ prompt: click {count} }}")
        watching.builds(6)
    assert len(game.toy.made) == 6
    assert game.toy.loads == 1


@pytest.mark.usefixtures("hints_only")
def test_a_manifest_that_comes_or_goes_is_seen(game: Game) -> None:
    game.sounds("ui/click: { prompt: click }")
    with Watching(game) as watching:
        watching.builds(1)
        game.manifest(toy_sounds("ui/back: { prompt: back }"), name="more")
        watching.builds(2)
        assert game.path("ui/back_01").is_file()
        (game.root / "Audio/manifests/more.yaml").unlink()
        watching.builds(3)
    assert {ref[1] for ref in game.lock().assets} == {"ui/click_01"}


@pytest.mark.usefixtures("hints_only")
def test_the_first_manifest_in_an_empty_folder_is_seen(game: Game) -> None:
    (game.root / "Audio/manifests").mkdir(parents=True)
    with Watching(game) as watching:
        assert isinstance(watching.shows(1), ManifestError)
        game.sounds("ui/click: { prompt: click }")
        watching.builds(1)


@pytest.mark.usefixtures("hints_only")
def test_an_edited_project_file_moves_the_assets_and_the_globs(game: Game) -> None:
    game.sounds("ui/click: { prompt: click }")
    game.write("Other/deep/down/more.yaml", toy_sounds("ui/back: { prompt: back }"))
    with Watching(game) as watching:
        watching.builds(1)
        game.project("name: game\nengine: unity\nassets: Assets/New\nmanifests: [Other/**/*.yaml]\n")
        watching.builds(2)
        assert game.path("ui/back_01") == game.root / "Assets/New/ui/back_01.wav"
        assert not (game.root / "Assets/Audio/Sfx/ui").exists()
        game.write("Other/deep/down/more.yaml", toy_sounds("ui/back: { prompt: front }"))
        watching.builds(3)
    assert game.toy.made == [("click", 1), ("back", 1), ("front", 1)]


@pytest.mark.usefixtures("looks_often")
def test_the_manifests_folder_may_come_go_and_be_replaced(game: Game) -> None:
    folder = game.root / "Audio/manifests"
    with Watching(game) as watching:
        watching.shows(1)
        game.sounds("ui/click: { prompt: click }")
        watching.builds(1)
        before = game.tree()
        folder.rename(folder.with_name("away"))
        watching.shows(2)
        assert game.tree() == before
        game.sounds("ui/click: { prompt: clack }")
        watching.builds(2)
    assert game.toy.made == [("click", 1), ("clack", 1)]


@pytest.mark.usefixtures("hints_only")
def test_a_manifests_folder_that_is_replaced_gives_hints_again(game: Game) -> None:
    game.sounds("ui/click: { prompt: click }")
    folder = game.root / "Audio/manifests"
    with Watching(game) as watching:
        watching.builds(1)
        game.sounds("ui/click: { prompt: clock }")
        watching.builds(2)  # which made no folder
        folder.rename(folder.with_name("away"))
        game.sounds("ui/click: { prompt: clack }")
        game.project(
            "name: game\nengine: unity\nassets: Assets\n"
        )  # the folder's own events are still those of the old one
        watching.builds(3)
        game.sounds("ui/click: { prompt: cluck }")
        watching.builds(4)
    assert game.toy.made[-1] == ("cluck", 1)


def test_folders_are_followed_anew_after_one_came_or_went(tmp_path: Path) -> None:
    """One that is made anew may have the number of the old one, and nobody follows it."""
    with contextlib.closing(watch._Hints(threading.Event(), lambda _message, _hint: None)) as hints:
        assert hints.follow([tmp_path], ("*.yaml",))
        assert not hints.follow([tmp_path], ("*.yaml",))
        hints.dispatch(DirDeletedEvent(str(tmp_path)))
        assert hints.follow([tmp_path], ("*.yaml",))


def test_a_folder_that_goes_before_it_is_followed_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_inode", lambda _folder: 1)  # it was there a moment ago
    with contextlib.closing(watch._Hints(threading.Event(), lambda _message, _hint: None)) as hints:
        assert hints.follow([tmp_path / "gone", tmp_path, tmp_path / "too"], ("*.yaml",))
        assert list(hints._followed) == [tmp_path]


# --- what stands in the way -----------------------------------------------------------------------


@pytest.mark.usefixtures("looks_often")
def test_an_edit_while_another_build_runs_is_built_when_that_ends(game: Game) -> None:
    game.sounds("ui/click: { prompt: click }")
    with Watching(game) as watching:
        watching.builds(1)
        with exclusively(game.root):
            game.sounds("ui/click: { prompt: clack }")
            assert "another sfxgen" in watching.shows(1).message
            watching.looks_again()
            assert game.toy.made == [("click", 1)]
        watching.builds(2)
    assert game.toy.made == [("click", 1), ("clack", 1)]
    assert len(watching.errors) == 1


@pytest.mark.usefixtures("looks_often")
def test_a_lock_in_pieces_is_shown_once_and_its_mending_is_seen(game: Game) -> None:
    game.sounds("ui/click: { prompt: click }")
    with Watching(game) as watching:
        watching.builds(1)
        whole = (game.root / "sfxgen.lock").read_text(encoding="utf-8")
        game.write("sfxgen.lock", "{ not a lock")
        game.sounds("ui/click: { prompt: clack }")
        watching.shows(1)
        watching.looks_again()
        assert len(watching.errors) == 1
        game.write("sfxgen.lock", whole)
        watching.builds(2)
    assert game.toy.made == [("click", 1), ("clack", 1)]


@pytest.mark.usefixtures("looks_often")
def test_a_sound_that_fails_is_tried_again_only_after_a_save(game: Game) -> None:
    game.sounds("ui/click: { prompt: click }\nui/bad: { prompt: broken }")
    with Watching(game) as watching:
        assert len(watching.builds(1).failures) == 1
        watching.looks_again()
        assert len(watching.reports) == 1
        game.sounds("ui/click: { prompt: click }\nui/bad: { prompt: mended }")
        assert watching.builds(2).failures == ()
    assert watching.errors == []


@pytest.mark.usefixtures("looks_often")
def test_a_bug_ends_it_with_all_its_threads(game: Game) -> None:
    class Broken(Watching):
        def on_event(self, event: Event) -> None:
            if isinstance(event, AssetWritten):
                raise RuntimeError("a bug")

    game.sounds("ui/click: { prompt: click }")
    threads = set(threading.enumerate())
    with pytest.raises(RuntimeError, match="a bug"), Broken(game) as watching:
        until(lambda: watching.bug, "the bug")
    left = set(threading.enumerate()) - threads
    assert [thread for thread in left if not thread.name.startswith("mastering")] == []


# --- the end --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("hints_only")
def test_it_ends_at_once_when_idle_and_frees_model_and_threads(game: Game) -> None:
    @dataclass
    class Closing(ToyModel):
        closed: int = 0

        def close(self) -> None:
            self.closed += 1

    toy = game.toy = Closing()
    game.catalog = Catalog(adapters={**game.catalog.adapters, "toy": toy}, exporters=game.catalog.exporters)
    game.sounds("ui/click: { prompt: click }")
    threads = set(threading.enumerate())
    with Watching(game) as watching:
        watching.builds(1)
    assert toy.closed == 1
    assert set(threading.enumerate()) <= threads


def test_a_stop_while_it_generates_keeps_what_is_done(game: Game) -> None:
    toy = with_toy(game, GatedToy())
    game.sounds("a/first: { prompt: first }\nb/slow: { prompt: slow }\nc/last: { prompt: last }")
    with Watching(game) as watching:
        until(toy.entered.is_set, "the slow take")
        watching.stopped = True
        toy.gate.set()
        watching.join()
    assert watching.reports[-1].cancelled
    assert toy.made == [("first", 1), ("slow", 1)]
    assert {ref[1] for ref in game.lock().assets} == {"a/first_01", "b/slow_01"}
    require_whole(game)
    game.build()
    assert toy.made == [("last", 1)]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_second_signal_interrupts() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with Stop() as stop:
        assert not stop.is_asked()
        signal.raise_signal(signal.SIGINT)
        assert stop.is_asked()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert {number: signal.getsignal(number) for number in before} == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    root = tmp_path / "game"
    game = Game(root)
    synth = "defaults: {{ model: synth, duration_s: 0.2 }}\nsounds:\n  ui/coin: {{ preset: coin }}\n{}"
    game.manifest(synth.format(""))
    with (tmp_path / "out").open("w+") as out, started(root, out) as process:
        until(lambda: "made 1 asset" in read_text(tmp_path / "out"), "the first build")
        game.manifest(synth.format("  ui/zap: { preset: laser }\n"))
        until((root / "Assets/Audio/Sfx/ui/zap_01.wav").exists, "the second build")
        process.send_signal(number)
        assert process.wait(TIMEOUT_S) == 130, read_text(tmp_path / "out")
    assert "Traceback" not in read_text(tmp_path / "out")
    assert {ref[1] for ref in read(root / "sfxgen.lock").assets} == {"ui/coin_01", "ui/zap_01"}
    require_whole(game)


def read_text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@contextlib.contextmanager
def started(root: Path, out: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "sfxgen", "watch", str(root)]
    process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, text=True)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.kill()
        process.wait()


# --- files that sounds are read from ----------------------------------------------------------------

SFXR = "sounds:\n  jump: { model: synth, preset: sfxr, params: { file: Audio/sfxr/jump.json } }\n"


@pytest.mark.usefixtures("looks_often")
def test_a_file_that_a_sound_is_read_from_is_watched(game: Game) -> None:
    game.write("Audio/sfxr/jump.json", to_json(SfxrParams(p_base_freq=0.3)))
    game.manifest(SFXR)
    with Watching(game) as watching:
        watching.builds(1)
        before = game.content("jump_01")
        watching.looks_again()
        assert len(watching.reports) == 1
        game.write("Audio/sfxr/jump.json", to_json(SfxrParams(p_base_freq=0.5)))
        watching.builds(2)
        assert game.content("jump_01") != before
        game.write("Audio/sfxr/jump.json", "no sound at all")
        error = watching.shows(1)
        assert isinstance(error, ManifestError)
        assert error.mistakes[0].where == "sounds.jump.params.file"
        game.write("Audio/sfxr/jump.json", to_json(SfxrParams(p_base_freq=0.3)))
        watching.builds(3)
    assert game.content("jump_01") == before


@pytest.mark.usefixtures("hints_only")
def test_a_save_of_such_a_file_gives_a_hint(game: Game) -> None:
    game.write("Audio/sfxr/jump.json", to_json(SfxrParams()))
    game.manifest(SFXR)
    with Watching(game) as watching:
        watching.builds(1)
        game.write("Audio/sfxr/jump.json", to_json(SfxrParams(p_base_freq=0.6)))
        watching.builds(2)


@pytest.mark.usefixtures("looks_often")
def test_a_file_that_is_missing_is_waited_for(game: Game) -> None:
    game.manifest(SFXR)
    with Watching(game) as watching:
        watching.shows(1)
        game.write("Audio/sfxr/jump.json", to_json(SfxrParams()))
        watching.builds(1)
    assert game.path("jump_01").is_file()


def no_sound(path: Path, how: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if how == "too big":
        path.write_bytes(b"x" * 1_100_000)
    elif how == "a folder":
        path.mkdir()
    elif how == "a link in a circle":
        path.symlink_to(path.name)
    else:
        outside = path.parents[3] / "outside.json"
        outside.write_text(to_json(SfxrParams()))
        path.symlink_to(outside)


@pytest.mark.usefixtures("looks_often")
@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
@pytest.mark.parametrize("how", ["too big", "a folder", "a link in a circle", "a link that leaves"])
def test_what_is_refused_as_a_file_is_told_once_and_its_mending_is_seen(game: Game, how: str) -> None:
    path = game.root / "Audio/sfxr/jump.json"
    no_sound(path, how)
    game.manifest(SFXR)
    with Watching(game) as watching:
        error = watching.shows(1)
        assert isinstance(error, ManifestError)
        assert error.mistakes[0].where == "sounds.jump.params.file"
        watching.looks_again()
        assert len(watching.errors) == 1
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()
        game.write("Audio/sfxr/jump.json", to_json(SfxrParams()))
        watching.builds(1)


def test_sfxgens_own_files_are_no_sounds(game: Game) -> None:
    game.write(".sfxgen/jump.json", to_json(SfxrParams()))
    game.manifest(SFXR.replace("Audio/sfxr", ".sfxgen"))
    with pytest.raises(ManifestError) as caught:
        game.plan()
    assert "sfxgen's own" in caught.value.mistakes[0].what
