"""Carry out a plan. This is the one module that writes into the game project."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfxgen import lock as lockfile
from sfxgen.atomic import write_atomic
from sfxgen.contracts import Catalog
from sfxgen.disk import digest_of_text, leftovers
from sfxgen.errors import Cancelled, LockError, SfxgenError, StoreError
from sfxgen.events import AssetFailed, AssetRemoved, AssetWritten, Notice, OnEvent, Started, ignore
from sfxgen.lock import AssetRecord, AssetRef, Lock
from sfxgen.paths import output_path
from sfxgen.plan import Plan, Reason, Step, Why
from sfxgen.project import LOCK_FILE
from sfxgen.sessions import Sessions
from sfxgen.wanted import Wanted, folders_above
from sfxgen.workspace import Options, Workspace, exclusively, open_workspace, state_folder

if TYPE_CHECKING:
    from sfxgen.produce import Made

_LOCK_EVERY_S = 1.0
"""How often a long build writes the lock. What a kill loses, the next build finds in the store."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One asset, or the sidecar of a folder (then without a step), that could not be made."""

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
    refused: tuple[Step, ...] = ()
    """With `locked`: the steps that would have changed the lock. Nothing was done then."""
    records: Mapping[AssetRef, AssetRecord] = field(default_factory=dict)
    lock_changed: bool = False
    cancelled: bool = False

    @property
    def exit_code(self) -> int:
        """0 done, 1 refused for the lock's sake, 3 some work failed, 130 stopped."""
        if self.cancelled:
            return Cancelled.exit_code
        if self.refused:
            return 1
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
        if options.locked and plan.lock_conflicted:
            hint = "build without --locked: it joins both sides and makes what they disagree about"
            raise LockError(f"{LOCK_FILE} is in a merge conflict", hint=hint)
        if options.locked:
            refused = tuple(step for step in plan.stale if _changes_lock(step))
            if refused:
                return Report(workspace, plan, refused=refused, records=workspace.lock.assets)
        own = sessions or Sessions()
        try:
            return _Build(workspace, plan, options, on_event).run(cancelled, own)
        finally:
            if sessions is None:
                own.close()


def _changes_lock(step: Step) -> bool:
    if step.action in ("remove", "conflict"):
        return step.action == "remove"
    if step.record is None or step.make is None or step.wanted is None:
        return True
    unchanged = step.record.asset_key == step.make.keys.asset and step.record.path == step.wanted.path
    return not unchanged or step.record.draft != step.make.draft


class _Build:
    """One run over one plan."""

    def __init__(self, workspace: Workspace, plan: Plan, options: Options, on_event: OnEvent) -> None:
        self.workspace, self.plan, self.options, self.on_event = workspace, plan, options, on_event
        self.root = workspace.root
        self.scratch = state_folder(self.root) / "tmp"
        self.records = dict(workspace.lock.assets)
        self.folders = dict(workspace.lock.folders)
        self.done: list[Step] = []
        self.failures: list[Failure] = []
        self.lock_changed = False
        self.saved = workspace.lock
        self.saved_at = time.monotonic()

    def run(self, cancelled: Callable[[], bool], sessions: Sessions) -> Report:
        """Carry out the plan."""
        for left in leftovers(self.scratch):
            left.unlink(missing_ok=True)
        if self.workspace.lock.conflicted:
            self.on_event(Notice(f"{LOCK_FILE} was in conflict: both sides were joined", level="warning"))
        was_stopped = False
        try:
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
        work = self.plan.part("restore", "encode", "master", "generate")
        removals = self.plan.part("remove")
        if work or removals:
            takes = {step.make.keys.take for step in work if step.action == "generate" and step.make}
            clips = sum(step.action in ("generate", "master") for step in work)
            self.on_event(Started(len(takes), clips, len(work)))
        for step in removals:
            self._attempt(step, lambda step=step: self._remove(step))  # type: ignore[misc]
        in_place = [step for step in work if _audio_stands(step)]
        for step in in_place:
            self._attempt(step, lambda step=step: self._write_sidecar_only(step))  # type: ignore[misc]
        for engine, folder in self.plan.folders:
            self._attempt_folder(engine, folder)
        rest = [step for step in work if not _audio_stands(step)]
        if rest:
            from sfxgen.produce import Made, produce  # numpy, scipy and codecs: only where there is work

            products = produce(self.workspace, self.options, rest, sessions, self.on_event, cancelled)
            for product in products:
                if isinstance(product, Made):
                    self._attempt(product.step, lambda made=product: self._write_asset(made))  # type: ignore[misc]
                else:
                    self._fail(product.step, product.error)
                self._save_lock_now_and_then()

    def _attempt(self, step: Step, action: Callable[[], None]) -> None:
        try:
            action()
        except OSError as error:
            reason = error.strerror or str(error)
            self._fail(
                step,
                StoreError(f"{step.path} cannot be written: {reason}", hint="check the disk and its rights"),
            )
        except SfxgenError as error:
            self._fail(step, error)
        else:
            self.done.append(step)
            if step.action == "remove":
                self.on_event(AssetRemoved(step.ref[1], step.path))
            else:
                self.on_event(AssetWritten(step.ref[1], step.path, step.action))

    def _attempt_folder(self, engine: str, folder: str) -> None:
        try:
            self._folder_sidecar(engine, folder)
        except (OSError, SfxgenError) as error:
            known = error if isinstance(error, SfxgenError) else _disk_error(folder, error)
            self.failures.append(Failure(folder, known))
            self.on_event(AssetFailed(folder, known.message, known.hint))

    def _fail(self, step: Step, error: SfxgenError) -> None:
        self.failures.append(Failure(step.ref[1], error, step))
        self.on_event(AssetFailed(step.ref[1], error.message, error.hint))

    # --- writing --------------------------------------------------------------------------------

    def _write_asset(self, made: Made) -> None:
        """Write an asset's files: the sidecar before the audio, so that an engine never sees audio without it."""
        step = made.step
        wanted, make, record = step.wanted, step.make, step.record
        assert wanted is not None
        assert make is not None
        if self.options.locked and record is not None and made.digest != record.digest:
            raise SfxgenError(
                "it came out with other bytes than the lock names",
                hint="another environment made it; build without --locked, or share the store",
            )
        self._require_untouched(step)
        if record is not None and record.path != wanted.path:
            self._delete(record.path, wanted.ref[0])
        for folder in folders_above(wanted.path):
            self._folder_sidecar(wanted.ref[0], folder)
        self._write_sidecar(wanted)
        standing = self.workspace.disk.state(wanted.path)
        if standing is None or standing.digest != made.digest:
            self._write(wanted.path, made.content)
        self.records[step.ref] = _record(wanted, make.draft, make.keys, made.digest, made.meta)

    def _write_sidecar_only(self, step: Step) -> None:
        """Write what changed around an audio file that stands as it should."""
        assert step.wanted is not None
        assert step.make is not None
        assert step.record is not None
        for folder in folders_above(step.wanted.path):
            self._folder_sidecar(step.ref[0], folder)
        self._write_sidecar(step.wanted)
        self.records[step.ref] = replace(
            step.record,
            asset_key=step.make.keys.asset,
            engine_id=step.wanted.engine_id,
            sidecar_digest=_sidecar_digest(step.wanted),
        )

    def _write_sidecar(self, wanted: Wanted) -> None:
        if wanted.sidecar is None:
            return
        standing = self.workspace.disk.state(wanted.sidecar, text=True)
        if standing is None or standing.digest != digest_of_text(wanted.sidecar_content):
            self._write(wanted.sidecar, wanted.sidecar_content)

    def _folder_sidecar(self, engine: str, folder: str) -> None:
        """Give a folder its sidecar where it has none. An id that was given once is kept in the lock.

        A sidecar that somebody else gave the folder is theirs and is not in the lock.
        """
        exporter = self.workspace.catalog.exporters[engine]
        sidecar = exporter.sidecar_path(folder)
        if sidecar is None:
            return
        ref, path = (engine, folder), self.root / sidecar
        derived = exporter.asset_id(self.workspace.project.name, f"folder {folder}")
        folder_id = self.folders.get(ref) or derived
        if not path.exists():
            self._write(sidecar, exporter.folder_sidecar(folder_id))
            self.folders[ref] = folder_id
        elif ref not in self.folders and exporter.read_id(path.read_bytes()) == derived:
            self.folders[ref] = derived

    def _write(self, relative: str, content: bytes) -> None:
        path = output_path(self.root, relative)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content, scratch=self.scratch)
        self.workspace.disk.forget(relative)

    def _require_untouched(self, step: Step) -> None:
        """A file that somebody saved while we were building is theirs."""
        if self.options.force:
            return
        now = self.workspace.disk.state(step.path)
        planned = step.standing.digest if step.standing else None
        if now is not None and now.digest != planned:
            raise SfxgenError(
                str(Reason(Why.FILE_EDITED)) + " while the build ran",
                hint="keep your copy elsewhere, or build with --force",
            )

    # --- removing -------------------------------------------------------------------------------

    def _remove(self, step: Step) -> None:
        assert step.record is not None
        wanted_paths = {asset.path for asset in self.workspace.wanted}
        if step.record.path not in wanted_paths:
            self._delete(step.record.path, step.ref[0])
        self.records.pop(step.ref, None)

    def _delete(self, relative: str, engine: str) -> None:
        """Delete an asset's files, and the folders that were made for it and are empty now."""
        exporter = self.workspace.catalog.exporters.get(engine)
        sidecar = exporter.sidecar_path(relative) if exporter else None
        for name in (relative, sidecar):
            if name is not None:
                output_path(self.root, name).unlink(missing_ok=True)
                self.workspace.disk.forget(name)
        for folder in reversed(folders_above(relative)):
            if not self._delete_folder(folder, engine):
                break

    def _delete_folder(self, folder: str, engine: str) -> bool:
        exporter = self.workspace.catalog.exporters.get(engine)
        sidecar = exporter.sidecar_path(folder) if exporter else None
        path = output_path(self.root, folder)
        ours = sidecar is None or (engine, folder) in self.folders
        if not ours or (path.is_dir() and any(path.iterdir())):
            return False
        if path.is_dir():
            path.rmdir()
        if sidecar is not None:
            output_path(self.root, sidecar).unlink(missing_ok=True)
            self.folders.pop((engine, folder), None)
        return True

    # --- the lock -------------------------------------------------------------------------------

    def _save_lock_now_and_then(self) -> None:
        if time.monotonic() - self.saved_at >= _LOCK_EVERY_S:
            self._save_lock()
            self.saved_at = time.monotonic()

    def _save_lock(self) -> None:
        if self.options.locked:
            return
        lock = Lock(dict(self.records), self._pins(), dict(self.folders))
        if lock != self.saved:
            self.lock_changed = lockfile.write(self.root / LOCK_FILE, lock) or self.lock_changed
            self.saved = lock

    def _pins(self) -> dict[str, str]:
        """The weights' revisions that everybody is to use from now on: those that made what is in the lock."""
        in_use = {sound.model.model for sound in self.workspace.sounds}
        pins = {model: pin for model, pin in self.workspace.lock.models.items() if model in in_use}
        for record in self.records.values():
            if record.revision and not record.draft and ":" in record.model:
                pins[record.model] = record.revision
        return pins


def _audio_stands(step: Step) -> bool:
    """Whether the audio file on disk is the very one that is wanted, so that only what is around it changes."""
    record, wanted, make = step.record, step.wanted, step.make
    return (
        step.action in ("restore", "encode")
        and record is not None
        and wanted is not None
        and make is not None
        and record.path == wanted.path
        and record.file_key == make.keys.file
        and record.draft == make.draft
        and step.standing is not None
        and step.standing.digest == record.digest
    )


def _disk_error(path: str, error: OSError) -> StoreError:
    reason = error.strerror or str(error)
    return StoreError(f"{path} cannot be written: {reason}", hint="check the disk and its rights")


def _sidecar_digest(wanted: Wanted) -> str | None:
    return digest_of_text(wanted.sidecar_content) if wanted.sidecar is not None else None


def _record(wanted: Wanted, draft: bool, keys: Any, digest: str, meta: Mapping[str, Any]) -> AssetRecord:
    take, clip = meta["take"], meta["clip"]
    return AssetRecord(
        sound=wanted.sound.id,
        take=wanted.take,
        seed=take["seed"],
        model=take["model"],
        revision=take["revision"],
        draft=draft,
        take_key=keys.take,
        clip_key=keys.clip,
        file_key=keys.file,
        asset_key=keys.asset,
        engine_id=wanted.engine_id,
        path=wanted.path,
        digest=digest,
        sidecar_digest=_sidecar_digest(wanted),
        attempts=take["attempts"],
        rejected=tuple(take["rejected"]),
        environment=dict(take["environment"]),
        duration_s=clip["duration_s"],
        sample_rate=clip["sample_rate"],
        channels=clip["channels"],
        loudness_lufs=clip["loudness_lufs"],
        loudness_measure=clip["loudness_measure"],
        true_peak_dbtp=clip["true_peak_dbtp"],
        limited=clip["limited"],
    )
