"""A project with everything a plan looks at: its sounds, its lock, its files and the store."""

from __future__ import annotations

import contextlib
import fnmatch
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sfxgen import lock as lockfile
from sfxgen.contracts import Catalog, ModelInfo
from sfxgen.credited import credits_of, says_otherwise
from sfxgen.disk import Disk
from sfxgen.errors import ManifestError, Mistake, ModelUnavailable, ProjectError, StoreError
from sfxgen.lock import AssetRecord, AssetRef, Credit, Lock
from sfxgen.manifest import load
from sfxgen.paths import folder_problem, inside
from sfxgen.plan import Plan
from sfxgen.planner import Drafts, Holdings, NoHoldings, Planner
from sfxgen.project import LOCK_FILE, STATE_FOLDER, Project
from sfxgen.sound import Sound
from sfxgen.store.local import LocalStore, default_folder
from sfxgen.wanted import Wanted, surroundings, wanted_assets
from sfxgen.wording import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a caller may ask of a plan or build.

    `only` holds globs over sound ids. `locked` forbids changing the lock, `draft` lets the synthesizer stand in
    for models that cannot run, `rebuild` generates anew what is not frozen, `force` replaces what was edited by
    hand. `device` overrides the project's.
    """

    only: tuple[str, ...] = ()
    locked: bool = False
    offline: bool = False
    draft: bool = False
    rebuild: bool = False
    force: bool = False
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Workspace:
    """A project as it was when it was opened."""

    project: Project
    sounds: tuple[Sound, ...]
    catalog: Catalog
    lock: Lock
    disk: Disk
    store: LocalStore
    wanted: tuple[Wanted, ...]

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.project.root

    def unavailable(
        self, info: ModelInfo, options: Options, *, glance: bool = False
    ) -> ModelUnavailable | None:
        """Return why a model cannot run here, or None; at a `glance` without importing torch to find out."""
        around = surroundings(self.project, info, self.lock, offline=options.offline)
        return self.catalog.face(info).unavailable(info, replace(around, glance=glance))

    def sidecar_path(self, engine: str, path: str) -> str | None:
        """Return where an engine has the sidecar of a file or folder; None also for an engine that is not installed."""
        exporter = self.catalog.exporters.get(engine)
        return exporter.sidecar_path(path) if exporter else None

    def plan(self, options: Options, *, glance: bool = False) -> Plan:
        """Plan a build. Touches nothing, and at a `glance` imports no torch to find out what has to be drafted."""
        allowed = options.draft or self.project.when_unavailable == "draft"
        return self._plan(options, "allowed" if allowed else "never", self.store, glance=glance)

    def check_plan(self) -> Plan:
        """Plan as `check` does: from manifests, lock and files alone, so that every machine agrees."""
        return self._plan(Options(), "existing", NoHoldings())

    def _plan(self, options: Options, drafts: Drafts, store: Holdings, *, glance: bool = False) -> Plan:
        answers: dict[str, bool] = {}

        def can_run(info: ModelInfo) -> bool:
            if info.model not in answers:
                answers[info.model] = self.unavailable(info, options, glance=glance) is None
            return answers[info.model]

        planner = Planner(
            lock=self.lock,
            disk=self.disk,
            store=store,
            can_run=can_run,
            drafts=drafts,
            force=options.force,
            rebuild=options.rebuild,
            store_tells=not isinstance(store, NoHoldings),
            in_scope=scope(options.only, self.sounds, self.lock),
            sidecar_path=self.sidecar_path,
        )
        plan = planner.plan(self.wanted)
        if says_otherwise(self.lock, self.credits(self.lock.assets)):
            return replace(plan, lock_is_stale=True)
        return plan

    def credits(self, records: Mapping[AssetRef, AssetRecord]) -> dict[str, Credit]:
        """Return what is to be said of every model that made one of the assets, by its id."""
        return credits_of(self.project, self.sounds, self.wanted, self.catalog, self.lock, records)


def open_workspace(root: Path, catalog: Catalog, options: Options | None = None) -> Workspace:
    """Read a project, its manifests and its lock. Raises ManifestError, ProjectError or LockError."""
    project, sounds = load(root, catalog)
    if options is not None and options.device is not None:
        project = replace(project, device=options.device)
    lock = lockfile.read(root / LOCK_FILE)
    return Workspace(
        project=project,
        sounds=sounds,
        catalog=catalog,
        lock=lock,
        disk=Disk(root, root / STATE_FOLDER / "files.json"),
        store=LocalStore(_store_folder(project)),
        wanted=tuple(wanted_assets(project, sounds, catalog, lock)),
    )


def _store_folder(project: Project) -> Path:
    if project.store is None or os.environ.get("SFXGEN_STORE"):
        return default_folder()
    problem = folder_problem(project.store)
    if problem:
        document = project.document
        raise ManifestError([Mistake(document.path, document.line(("store",)), "store", *problem)])
    folder = project.root / project.store
    if not inside(project.root, folder):
        problem = ("is a link that leaves the project", "SFXGEN_STORE may name any folder")
        raise ManifestError(
            [Mistake(project.document.path, project.document.line(("store",)), "store", *problem)]
        )
    return folder


def scope(only: tuple[str, ...], sounds: tuple[Sound, ...], lock: Lock) -> Callable[[str], bool]:
    """Return whether a sound is one of those that globs mean. Raises ProjectError for a glob that finds none."""
    if not only:
        return lambda _sound: True
    known = {sound.id for sound in sounds} | {record.sound for record in lock.assets.values()}
    for pattern in only:
        if not fnmatch.filter(known, pattern):
            hint = did_you_mean(pattern, known) or "sfxgen plan lists the sounds"
            raise ProjectError(f"--only {pattern} finds no sound", hint=hint)
    return lambda sound: any(fnmatch.fnmatchcase(sound, pattern) for pattern in only)


def state_folder(root: Path) -> Path:
    """Return the project's folder for what is nobody's business but sfxgen's, kept out of git by itself."""
    folder = root / STATE_FOLDER
    if not inside(root, folder):
        raise ProjectError(
            f"{STATE_FOLDER} is a link that leaves the project", hint="remove it; a build makes its own"
        )
    try:
        folder.mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be written: {error.strerror}", hint="check its rights and the disk"
        ) from error
    return folder


@contextlib.contextmanager
def exclusively(root: Path) -> Iterator[None]:
    """Hold the project against other builds. The system lets go when the process ends, however it ends."""
    try:
        file = (state_folder(root) / "build.lock").open("a+b")
    except (OSError, StoreError):
        yield  # nobody can write here, so nobody is building; a build that has to write says so itself
        return
    with file:
        if not _lock_file(file.fileno()):
            raise StoreError(
                "another sfxgen is building this project", hint="wait for it, or stop the watcher"
            )
        yield


if sys.platform == "win32":

    def _lock_file(descriptor: int) -> bool:
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _lock_file(descriptor: int) -> bool:
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
