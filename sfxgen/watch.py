"""Build on every save.

File events are hints only: they are lost in storms and past the system's limits. What counts is a look at the
stats of `sfxgen.yaml` and the manifests, after a hint and now and then without one. Assets are not looked at, so a
build's own output never wakes the watcher.
"""

from __future__ import annotations

import glob
import os
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from fnmatch import fnmatch
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from sfxgen.build import Report, build
from sfxgen.contracts import Catalog
from sfxgen.errors import ManifestError, SfxgenError, StoreError
from sfxgen.events import AssetFailed, Event, Notice, OnEvent, Sampling, TakeGenerated, ignore
from sfxgen.manifest import load
from sfxgen.paths import folder_problem
from sfxgen.project import PROJECT_FILE, STATE_FOLDER, read_document
from sfxgen.projectfiles import NOTHING_READ
from sfxgen.schema import ProjectBlock
from sfxgen.sessions import Sessions
from sfxgen.workspace import Options

QUIET_S = 0.05
"""How long nothing may change before a burst of saves counts as over."""

QUIET_UNHINTED_S = 0.5
"""The same where a file is empty, or no hint said that it was closed: it may be half a save."""

SETTLE_AT_MOST_S = 5.0
"""How long a burst of saves is waited for."""

LOOK_EVERY_S = 2.0
"""How often the manifests are looked at without a hint, and how soon a build that could not start is tried again."""

LOOK_SHARE = 0.05
"""How much of the time may go into such looks: a glob over a big tree is looked at less often."""

MAX_FOLDERS = 32
"""How many folders give hints, each at the price of a thread. Saves in others are seen by the looks."""

_HINTS: list[type[FileSystemEvent]] = [
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
]
if sys.platform != "linux":
    # Only Linux tells when a file is closed. There this event would come from the middle of a save.
    _HINTS.append(FileModifiedEvent)

Look = dict[Path, tuple[int, int, int, int]]


class Watcher:
    """Watches one project. `on_build` gets each build's report, `on_error` what stopped one from starting.

    All callbacks come from the thread that runs it.
    """

    def __init__(
        self,
        root: Path,
        catalog: Catalog,
        options: Options | None = None,
        *,
        on_event: OnEvent = ignore,
        on_build: Callable[[Report], None] = lambda _report: None,
        on_error: Callable[[SfxgenError], None] = lambda _error: None,
    ) -> None:
        self.root, self.catalog, self.options = root, catalog, options or Options()
        self.on_event, self.on_build, self.on_error = on_event, on_build, on_error
        self._sessions = Sessions()
        self._wake = threading.Event()
        self._wake.set()
        self._hinted = False
        self._next_look = 0.0
        self._project_stat: tuple[int, ...] | None = None
        self._globs = tuple(ProjectBlock.model_construct().manifests)
        self._reads: tuple[Path, ...] = ()
        self._built: Look | None = None
        self._shown: tuple[Look, str] | None = None
        self._takes_under_way = 0

    def run(self, stopped: Callable[[], bool]) -> None:
        """Build now, and again on every change, until `stopped` says so. Frees the models at the end.

        `stopped` is asked often and must be cheap.
        """
        with closing(self._sessions), closing(_Hints(self._wake, self._warn)) as hints:
            while not stopped():
                look = self._look()
                if hints.follow(self._folders(look), self._patterns()):
                    look = self._look()  # what changed before the folders were followed gave no hint
                if look != self._built:
                    self._build(stopped)
                    # A project file saved in two halves names its folders only once it has settled.
                    if self._built is not None and hints.follow(self._folders(self._built), self._patterns()):
                        self._wake.set()
                self._rest(stopped)

    def _build(self, stopped: Callable[[], bool]) -> None:
        look = self._settled()
        shown_before = self._shown
        self._built = look
        self._takes_under_way = 0
        try:
            report = build(
                self.root,
                self.catalog,
                self.options,
                on_event=self._hear,
                cancelled=lambda: stopped() or self._is_superseded(),
                sessions=self._sessions,
            )
        except ManifestError as error:
            self._follow_reads(error.reads, look)
            self._show(look, error)
        except (SfxgenError, OSError) as error:
            # Not the manifests' fault: another build runs, the lock is in pieces, the disk is full. It may pass.
            self._built = None
            self._show(look, error)
        else:
            if self._shown is shown_before:  # mended; what was shown meanwhile is of a newer edit
                self._shown = None
            sounds = report.workspace.sounds
            self._follow_reads({path: at for sound in sounds for path, at in sound.reads.items()}, look)
            if report.cancelled:
                self._built = None
            self.on_build(report)

    def _follow_reads(self, reads: Look, look: Look) -> None:
        """Look from now on at the files that sounds are read from, as they stood when this build read them."""
        for path in set(self._reads) - set(reads):
            look.pop(path, None)
        for path, stand in reads.items():
            if stand != NOTHING_READ:
                look.setdefault(path, stand)
        self._reads = tuple(reads)

    def _is_superseded(self) -> bool:
        """Whether a newer edit that can be built has come. One with mistakes is shown and changes nothing.

        A take that has begun is not lost to an edit: the answer waits for it.
        """
        if self._takes_under_way or not (self._wake.is_set() or time.monotonic() >= self._next_look):
            return False
        if self._is_known(self._look()):
            return False
        look = self._settled()
        if self._is_known(look):
            return False
        try:
            load(self.root, self.catalog)
        except (SfxgenError, OSError) as error:
            self._show(look, error)
            return False
        self._wake.set()
        return True

    def _is_known(self, look: Look) -> bool:
        return look == self._built or (self._shown is not None and look == self._shown[0])

    def _hear(self, event: Event) -> None:
        """Count the takes of the batch under way. One that is tried again ends without an event: at worst one
        more batch of a superseded build is made."""
        if isinstance(event, Sampling):
            self._takes_under_way = event.takes
        elif isinstance(event, TakeGenerated | AssetFailed):
            self._takes_under_way = max(0, self._takes_under_way - 1)
        self.on_event(event)

    def _show(self, look: Look, error: SfxgenError | OSError) -> None:
        """Show what stands in the way, once for each save."""
        if isinstance(error, OSError):
            error = StoreError(f"the project cannot be read or written: {error}", hint="check the disk")
        if (look, str(error)) != self._shown:
            self._shown = (look, str(error))
            self.on_error(error)

    def _warn(self, message: str, hint: str) -> None:
        self.on_event(Notice(message, hint=hint, level="warning"))

    # --- looking --------------------------------------------------------------------------------

    def _rest(self, stopped: Callable[[], bool]) -> None:
        """Wait for a hint, for the time of the next look, or for the end."""
        while not stopped() and not self._wake.is_set():
            patience = self._next_look - time.monotonic()
            if patience <= 0:
                return
            self._wake.wait(min(patience, 0.1))  # `stopped` is no event: a signal handler may not set one

    def _settled(self) -> Look:
        """Wait until a burst of saves is over, and return what stands then."""
        give_up = time.monotonic() + SETTLE_AT_MOST_S
        look = self._look()
        while time.monotonic() < give_up:
            looks_whole = self._hinted and all(size for _, _, size, _ in look.values())
            time.sleep(QUIET_S if looks_whole else QUIET_UNHINTED_S)
            before, look = look, self._look()
            if look == before:
                break
        self._hinted = False
        return look

    def _look(self) -> Look:
        """Return the stats of everything that the sounds are read from."""
        self._hinted = self._hinted or self._wake.is_set()
        self._wake.clear()  # before the first stat: what is saved after it sets it again
        began = time.monotonic()
        look: Look = {}
        self._add(look, [self.root / PROJECT_FILE])
        project_stat = look.get(self.root / PROJECT_FILE)
        if project_stat != self._project_stat:
            self._project_stat = project_stat
            self._globs = _globs_of(self.root) or self._globs
        for pattern in self._globs:
            try:
                self._add(look, self.root.glob(pattern))
            except (
                OSError,
                ValueError,
            ):  # a folder went away under the glob, or it is none; the build says so
                continue
        self._add(look, self._reads)
        now = time.monotonic()
        self._next_look = now + max(LOOK_EVERY_S, (now - began) / LOOK_SHARE)
        return look

    def _add(self, look: Look, paths: Iterable[Path]) -> None:
        for path in paths:
            try:
                found = path.stat()
            except OSError:
                continue
            if stat.S_ISREG(found.st_mode) and STATE_FOLDER not in path.parts:
                look[path] = (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)

    def _patterns(self) -> tuple[str, ...]:
        """Return the globs that what sounds are read from matches."""
        return (*self._globs, *(glob.escape(path.name) for path in self._reads))

    def _folders(self, look: Look) -> list[Path]:
        """Return the folders where a save is likely, the likeliest first."""
        folders = [self.root, *(_fixed_part(self.root, pattern) for pattern in self._globs)]
        return list(dict.fromkeys([*folders, *sorted({path.parent for path in look})]))


class _Hints(FileSystemEventHandler):
    """Sets `wake` when something may have happened to a manifest. Without it the looks alone still work."""

    def __init__(self, wake: threading.Event, warn: Callable[[str, str], None]) -> None:
        self._wake, self._warn = wake, warn
        self._observer: BaseObserver | None = None
        self._followed: dict[Path, int] = {}
        self._names: tuple[str, ...] = ()
        self._folders_changed = False
        self._is_limited = False

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Hear of an event, in the observer's thread."""
        names = {Path(os.fsdecode(path)).name for path in (event.src_path, event.dest_path)}
        if event.is_directory:
            self._folders_changed = True
        elif not any(fnmatch(name, pattern) for name in names for pattern in self._names):
            return
        self._wake.set()

    def follow(self, folders: list[Path], globs: tuple[str, ...]) -> bool:
        """Follow these folders, and files named as in the globs. Returns whether that changed anything."""
        self._names = (PROJECT_FILE, *(pattern.rpartition("/")[2] for pattern in globs))
        inodes = ((folder, _inode(folder)) for folder in folders[:MAX_FOLDERS])
        wanted = {folder: inode for folder, inode in inodes if inode is not None}
        if wanted == self._followed and not self._folders_changed:
            return False
        self._followed, self._folders_changed = wanted, False
        try:
            self._schedule(list(wanted))
        except OSError as error:
            self._say_limit(error)
        return True

    def _schedule(self, folders: list[Path]) -> None:
        if self._observer is None:
            self._observer = Observer()
            self._observer.start()
        self._observer.unschedule_all()
        for folder in folders:
            try:
                self._observer.schedule(self, str(folder), event_filter=_HINTS)
            except (FileNotFoundError, NotADirectoryError):
                self._followed.pop(folder, None)  # gone since we looked

    def _say_limit(self, error: OSError) -> None:
        if not self._is_limited:
            self._is_limited = True
            self._warn(
                f"the system gives no more notice of saves ({error.strerror or error}); "
                f"they are seen within {LOOK_EVERY_S + QUIET_UNHINTED_S:g} s",
                "on Linux, raise fs.inotify.max_user_watches and max_user_instances",
            )

    def close(self) -> None:
        """End the observer's threads."""
        if self._observer is not None and self._observer.is_alive():
            self._observer.stop()
            self._observer.join()


def _inode(folder: Path) -> int | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_ino if stat.S_ISDIR(found.st_mode) else None


def _globs_of(root: Path) -> tuple[str, ...]:
    """Return the manifests' globs, also of a project with mistakes elsewhere; none where they cannot be read."""
    document = read_document(root, root / PROJECT_FILE)
    data = {} if document.data is None and not document.mistakes else document.data
    if not isinstance(data, dict):
        return ()
    named = data.get("manifests", ProjectBlock.model_construct().manifests)
    if not isinstance(named, list):
        return ()
    return tuple(glob for glob in named if isinstance(glob, str) and folder_problem(glob) is None)


def _fixed_part(root: Path, pattern: str) -> Path:
    """Return the folder that all of a glob's files are in or under."""
    folder = root
    for part in pattern.split("/")[:-1]:
        if any(character in part for character in "*?["):
            break
        folder = folder / part
    return folder
