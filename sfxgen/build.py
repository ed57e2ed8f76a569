"""Carry out a plan: make what is stale, write it into the game project, and record it in the lock."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfxgen import drafts
from sfxgen import lock as lockfile
from sfxgen.contracts import Catalog
from sfxgen.credited import parts_of, with_parts
from sfxgen.disk import digest_of_text
from sfxgen.errors import BugError, Cancelled, SfxgenError, StoreError
from sfxgen.events import AssetFailed, AssetRemoved, AssetWritten, Notice, OnEvent, Started, ignore
from sfxgen.gamefiles import GameFiles
from sfxgen.lock import CLIP_META, TAKE_META, AssetRecord, AssetRef, Lock, ranking_of
from sfxgen.plan import Plan, Step
from sfxgen.project import LOCK_FILE, STATE_FOLDER
from sfxgen.sessions import Sessions
from sfxgen.spread import unlevel
from sfxgen.store.local import Entry
from sfxgen.wanted import Wanted
from sfxgen.workspace import Options, Workspace, exclusively, open_workspace

if TYPE_CHECKING:
    from sfxgen.produce import Made

_LOCK_EVERY_S = 1.0
"""How often a long build writes the lock. What a kill loses, the next build finds in the store."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One asset, or a folder and the like (then without a step), that could not be seen to."""

    name: str
    error: SfxgenError
    step: Step | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a build did. `done` are the steps carried out; `lock_changed` whether the lock's text did."""

    workspace: Workspace
    plan: Plan
    done: tuple[Step, ...] = ()
    failures: tuple[Failure, ...] = ()
    conflicts: tuple[Step, ...] = ()
    is_refused: bool = False
    """With `locked`: the lock would have changed, so nothing was done."""
    refused: tuple[Step, ...] = ()
    """The steps for which it would have."""
    records: Mapping[AssetRef, AssetRecord] = field(default_factory=dict)
    lock_changed: bool = False
    cancelled: bool = False

    @property
    def exit_code(self) -> int:
        """0 done, 1 refused for the lock's sake, 3 some work failed, 70 by a bug, 130 stopped."""
        if self.cancelled:
            return Cancelled.exit_code
        if self.is_refused:
            return 1
        if any(isinstance(failure.error, BugError) for failure in self.failures):
            return BugError.exit_code
        return 3 if self.failures or self.conflicts else 0


def build(
    root: Path,
    catalog: Catalog,
    options: Options | None = None,
    *,
    on_event: OnEvent = ignore,
    cancelled: Callable[[], bool] = lambda: False,
    sessions: Sessions | None = None,
) -> Report:
    """Bring the project to what its manifests say.

    One asset's failure stops no other; what is finished is in the lock even if the build is stopped or killed.
    `sessions` keeps models warm from one build to the next; without it they are freed at the end.
    Raises ManifestError, ProjectError or LockError before anything is touched.
    """
    options = options or Options()
    with exclusively(root):
        workspace = open_workspace(root, catalog, options)
        plan = workspace.plan(options)
        if options.locked:
            refused = tuple(step for step in plan.stale if changes_lock(step))
            if refused or plan.lock_is_stale:
                return Report(
                    workspace, plan, refused=refused, is_refused=True, records=workspace.lock.assets
                )
        own = sessions or Sessions()
        try:
            return _Build(workspace, plan, options, on_event).run(cancelled, own)
        finally:
            if sessions is None:
                own.close()


def changes_lock(step: Step) -> bool:
    """Whether carrying a step out would change the lock, as `locked` forbids."""
    if step.action in ("remove", "conflict"):
        return step.action == "remove"
    if step.record is None or step.make is None or step.wanted is None:
        return True
    record, wanted = step.record, step.wanted
    unchanged = (record.asset_key, record.path, record.engine_id) == (
        step.make.keys.asset,
        wanted.path,
        wanted.engine_id,
    )
    return not unchanged or record.draft != step.make.draft


class _Build:
    """One run over one plan."""

    def __init__(self, workspace: Workspace, plan: Plan, options: Options, on_event: OnEvent) -> None:
        self.workspace, self.plan, self.options, self.on_event = workspace, plan, options, on_event
        self.files = GameFiles(workspace, force=options.force, locked=options.locked)
        self.records = dict(workspace.lock.assets)
        for asset in workspace.wanted:
            if asset.ref in self.records:
                self.records[asset.ref] = with_parts(asset, self.records[asset.ref], workspace.lock)
        self.done: list[Step] = []
        self.failures: list[Failure] = []
        self.lock_changed = False
        self.saved = workspace.lock
        self.saved_at = time.monotonic()

    def run(self, cancelled: Callable[[], bool], sessions: Sessions) -> Report:
        """Carry out the plan."""
        if self.workspace.lock.conflicted:
            self.on_event(Notice(f"{LOCK_FILE} was in conflict: both sides were joined", level="warning"))
        was_stopped = False
        try:
            self._attempt_aside(
                "what a killed build left", partial(self.files.recover, self.records.values())
            )
            self.workspace.store.sweep()
            self._carry_out(cancelled, sessions)
        except Cancelled:
            was_stopped = True
        finally:
            self._save_lock()
            self.workspace.disk.save()
        return Report(
            self.workspace,
            self.plan,
            done=tuple(self.done),
            failures=tuple(self.failures),
            conflicts=self.plan.part("conflict"),
            records=self.records,
            lock_changed=self.lock_changed,
            cancelled=was_stopped,
        )

    def _carry_out(self, cancelled: Callable[[], bool], sessions: Sessions) -> None:
        """Make what is new, then remove what is old: the old may be all that there is to make the new from."""
        work = self.plan.part("restore", "encode", "master", "generate")
        removals = self.plan.part("remove")
        if work or removals:
            takes = {key for step in work if step.action == "generate" for key in self._takes_of(step)}
            clips = sum(step.action in ("generate", "master") for step in work)
            self.on_event(Started(len(takes), clips, len(work)))
        for message, hint in drafts.neutral(work, self.workspace.catalog):
            self.on_event(Notice(message, hint=hint, level="warning"))
        in_place = [step for step in work if step.stands]
        to_make = [step for step in work if not step.stands]
        self._shelve_sources(to_make)
        for step in in_place:
            self._attempt(step, partial(self._adopt, step))
        for engine, folder in self.plan.folders:
            self._attempt_aside(folder, partial(self.files.write_folder_sidecar, engine, folder))
        if to_make:
            self._produce(to_make, cancelled, sessions)
            self._tell_levels({step.wanted.sound.id for step in to_make if step.wanted is not None})
        failed = {failure.step.ref for failure in self.failures if failure.step is not None}
        kept_back = {asset.former for asset in self.workspace.wanted if asset.ref in failed}
        for step in removals:
            if step.ref not in kept_back:
                self._attempt(step, partial(self._remove, step))
        if not self.options.locked:
            self._attempt_aside("unused folders", self.files.drop_unused_folders)

    def _tell_levels(self, sounds: Collection[str]) -> None:
        """Say which of these sounds the ceiling holds below their level."""
        assets = ((asset, self.records.get(asset.ref)) for asset in self.workspace.wanted)
        found = (
            (r, a.final.mastering.loudness_lufs) for a, r in assets if r is not None and r.sound in sounds
        )
        for message, hint in unlevel(found):
            self.on_event(Notice(message, hint=hint, level="warning"))

    def _takes_of(self, step: Step) -> Iterator[str]:
        """Yield the keys of the takes that a model has to make for a step."""
        assert step.make is not None
        if not step.make.parts:
            yield step.make.keys.take
        for part in step.make.parts:
            key = part.recipe.take_key()
            if self.options.rebuild or self.workspace.store.find("take", key) is None:
                yield key

    def _shelve_sources(self, steps: Sequence[Step]) -> None:
        """Put files that other assets are made from into the store, before any file in the game is replaced."""
        store = self.workspace.store
        for step in steps:
            source = step.source
            if source is None or step.make is None:
                continue
            size = store.size(source.digest)
            if size is not None and store.read(Entry(source.digest, size)) is not None:
                continue
            with contextlib.suppress(
                OSError, StoreError
            ):  # the asset is generated instead, or fails by itself
                content = (self.workspace.root / source.path).read_bytes()
                if hashlib.sha256(content).hexdigest() == source.digest:
                    store.put("file", step.make.keys.file, content, source.as_meta())

    def _produce(self, steps: Sequence[Step], cancelled: Callable[[], bool], sessions: Sessions) -> None:
        from sfxgen.produce import Made, produce  # numpy and codecs: only where there is work

        products = produce(self.workspace, self.options, steps, sessions, self.on_event, cancelled)
        with contextlib.closing(products):
            for product in products:
                if isinstance(product, Made):
                    self._attempt(product.step, partial(self._write, product))
                else:
                    self._fail(product.step, product.error)
                self._save_lock_now_and_then()

    def _attempt(self, step: Step, action: Callable[[], None]) -> None:
        try:
            action()
        except OSError as error:
            self._fail(step, _disk_error(step.path, error, self.workspace.root))
        except SfxgenError as error:
            self._fail(step, error)
        else:
            self.done.append(step)
            if step.action == "remove":
                self.on_event(AssetRemoved(step.ref[1], step.path))
            else:
                self.on_event(AssetWritten(step.ref[1], step.path, step.action))

    def _attempt_aside(self, name: str, action: Callable[[], None]) -> None:
        """Do what belongs to no asset."""
        try:
            action()
        except (OSError, SfxgenError) as error:
            known = error if isinstance(error, SfxgenError) else _disk_error(name, error, self.workspace.root)
            self.failures.append(Failure(name, known))
            self.on_event(AssetFailed(name, known.message, known.hint))

    def _fail(self, step: Step, error: SfxgenError) -> None:
        self.failures.append(Failure(step.ref[1], error, step))
        self.on_event(AssetFailed(step.ref[1], error.message, error.hint, step.sound))

    def _write(self, made: Made) -> None:
        step, record = made.step, made.step.record
        assert step.wanted is not None
        assert step.make is not None
        if self.options.locked and record is not None and made.digest != record.digest:
            raise SfxgenError(
                "it came out with other bytes than the lock names",
                hint="another environment made it; build without --locked, or share the store",
            )
        self.files.write_asset(step, made.content, made.digest)
        self._settle(step, _record(self.workspace.lock, step, made.digest, made.meta))

    def _adopt(self, step: Step) -> None:
        """Write what is around an audio file that stands as it should."""
        assert step.wanted is not None
        assert step.make is not None
        assert step.source is not None
        self.files.write_sidecars(step)
        self._settle(step, _record(self.workspace.lock, step, step.source.digest, step.source.as_meta()))

    def _settle(self, step: Step, record: AssetRecord) -> None:
        """Record an asset; its old files go first, or a stop in between would leave them to nobody."""
        if step.record is not None and step.record.path != record.path:
            self.files.forget(step.ref, step.record)
        self.records[step.ref] = record

    def _remove(self, step: Step) -> None:
        assert step.record is not None
        self.files.forget(step.ref, step.record)
        self.records.pop(step.ref, None)

    # --- the lock -------------------------------------------------------------------------------

    def _save_lock_now_and_then(self) -> None:
        if time.monotonic() - self.saved_at >= _LOCK_EVERY_S:
            self._save_lock()
            self.saved_at = time.monotonic()

    def _save_lock(self) -> None:
        if self.options.locked:
            return
        lock = Lock(
            dict(self.records),
            self._pins(),
            dict(self.files.folders),
            self.workspace.credits(self.records),
        )
        if lock != self.saved:
            path = self.workspace.root / LOCK_FILE
            self.lock_changed = lockfile.write(path, lock, scratch=self.files.scratch) or self.lock_changed
            self.saved = lock
        self.files.settled()

    def _pins(self) -> dict[str, str]:
        """The weights' revisions that everybody is to use from now on: those that made what is in the lock."""
        in_use = {info.model for sound in self.workspace.sounds for info in sound.models}
        if any(sound.frozen and sound.layers for sound in self.workspace.sounds):
            in_use |= set(self.workspace.lock.models)  # which of them made its take is not in the lock
        in_use |= {
            asset.final.ranker.model for asset in self.workspace.wanted if asset.final.ranker is not None
        }
        pins = {model: pin for model, pin in self.workspace.lock.models.items() if model in in_use}
        for record in self.records.values():
            if record.revision and not record.draft and ":" in record.model:
                pins[record.model] = record.revision
        for asset in self.workspace.wanted:
            made = self.records.get(asset.ref)
            if made is None or made.draft or made.take_key != asset.final.recipe.take_key():
                continue
            for part in asset.final.parts:
                if part.recipe.revision and ":" in part.recipe.model:
                    pins[part.recipe.model] = part.recipe.revision
            choice = asset.final.recipe.choice
            if choice is not None and choice.revision:
                pins[choice.ranker] = choice.revision
        return pins


def _disk_error(path: str, error: OSError, root: Path) -> StoreError:
    """Word what the disk refused, naming the file that it was about: a sidecar, say."""
    named = next((Path(name) for name in (error.filename2, error.filename) if isinstance(name, str)), None)
    if named is not None and named.is_relative_to(root) and STATE_FOLDER not in named.relative_to(root).parts:
        path = named.relative_to(root).as_posix()
    return StoreError(f"{path}: {error.strerror or error}", hint="check the disk and its rights")


def _sidecar_digest(wanted: Wanted) -> str | None:
    return digest_of_text(wanted.sidecar_content) if wanted.sidecar is not None else None


def _place(place_s: Sequence[float] | None) -> tuple[float, float] | None:
    return None if place_s is None else (place_s[0], place_s[1])


def _record(lock: Lock, step: Step, digest: str, meta: Mapping[str, Any]) -> AssetRecord:
    wanted, make = step.wanted, step.make
    assert wanted is not None
    assert make is not None
    take, clip, keys = meta["take"], meta["clip"], make.keys
    return AssetRecord(
        sound=wanted.sound.id,
        take=wanted.take,
        draft=make.draft,
        take_key=keys.take,
        clip_key=keys.clip,
        file_key=keys.file,
        asset_key=keys.asset,
        engine_id=wanted.engine_id,
        path=wanted.path,
        digest=digest,
        sidecar_digest=_sidecar_digest(wanted),
        **{name: take[name] for name in TAKE_META} | {"rejected": tuple(take["rejected"])},
        ranking=ranking_of(take.get("ranking", ())),
        parts=parts_of(make, lock),
        **{name: clip[name] for name in CLIP_META} | {"place_s": _place(clip["place_s"])},
    )
