"""Make a plan: what is stale, why, and from how far along it can be made. Pure: it touches nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Protocol

from sfxgen.contracts import ModelInfo
from sfxgen.disk import FileState, digest_of_text
from sfxgen.lock import AssetRecord, AssetRef, Lock
from sfxgen.plan import Action, Plan, Reason, Step, Why
from sfxgen.recipe_changes import settings_changes
from sfxgen.store.local import Entry, Shelf
from sfxgen.wanted import Make, Wanted, folders_above

Drafts = Literal["never", "existing", "allowed"]
"""Whether a plan may use drafts: not at all; those that stand already; or new ones, where a model cannot run."""


class Standing(Protocol):
    """What stands in the project: `sfxgen.disk.Disk`, or a table in a test."""

    def state(self, relative: str, *, text: bool = False) -> FileState | None:
        """Return a file's state, or None."""
        ...


class Holdings(Protocol):
    """What the store holds: `sfxgen.store.local.LocalStore`, or a table in a test."""

    def find(self, shelf: Shelf, key: str) -> Entry | None:
        """Return the entry under a key, or None."""
        ...

    def size(self, digest: str) -> int | None:
        """Return the size of the bytes with a digest, or None."""
        ...


class NoHoldings:
    """An empty store: for `check`, which must come to one verdict on every machine."""

    def find(self, shelf: Shelf, key: str) -> Entry | None:
        """Find nothing."""
        del shelf, key
        return None

    def size(self, digest: str) -> int | None:
        """Find nothing."""
        del digest
        return None


@dataclass(frozen=True, kw_only=True)
class Planner:
    """The view that a plan is made from.

    `can_run` is asked only for models that would have to run. `in_scope` says which sounds are looked at,
    `sidecar_path` where (engine, path) has its sidecar.
    """

    lock: Lock
    disk: Standing
    store: Holdings
    can_run: Callable[[ModelInfo], bool]
    drafts: Drafts = "never"
    force: bool = False
    rebuild: bool = False
    store_tells: bool = True
    """Whether what the store does not have is lost: not so for `check`, which looks into none."""
    in_scope: Callable[[str], bool] = lambda _sound: True
    sidecar_path: Callable[[str, str], str | None] = lambda _engine, _path: None

    def plan(self, wanted: Sequence[Wanted]) -> Plan:
        """Make the plan."""
        self._owners.update({asset.sidecar: asset for asset in wanted if asset.sidecar is not None})
        steps = [self._step(asset) for asset in wanted if self.in_scope(asset.sound.id)]
        steps += self._removals(wanted, steps)
        steps.sort(key=lambda step: step.ref)
        return Plan(tuple(steps), self._folders(steps), self._lock_is_stale(wanted))

    @cached_property
    def _owners(self) -> dict[str, Wanted]:
        """The wanted assets by the paths of their sidecars."""
        return {}

    def _is_on_its_way(self, sidecar: str, digest: str) -> bool:
        """Whether a sidecar is the one that its path is to have: a killed build wrote it before it wrote the lock."""
        owner = self._owners.get(sidecar)
        return owner is not None and digest_of_text(owner.sidecar_content) == digest

    @cached_property
    def _by_file_key(self) -> Mapping[str, Sequence[AssetRecord]]:
        records: dict[str, list[AssetRecord]] = {}
        for record in self.lock.assets.values():
            records.setdefault(record.file_key, []).append(record)
        return records

    @cached_property
    def _locked_digests(self) -> frozenset[str]:
        return frozenset(record.digest for record in self.lock.assets.values())

    @cached_property
    def _locked_sidecars(self) -> frozenset[str | None]:
        return frozenset(record.sidecar_digest for record in self.lock.assets.values())

    def _folders(self, steps: Sequence[Step]) -> tuple[AssetRef, ...]:
        """The folders above what stands already; a new asset brings its own."""
        assets = [step.wanted for step in steps if step.wanted is not None and step.standing is not None]
        folders = {(a.ref[0], folder): sidecar for a in assets for folder, sidecar in a.folder_sidecars}
        return tuple(
            ref for ref, sidecar in sorted(folders.items()) if self.disk.state(sidecar, text=True) is None
        )

    def _lock_is_stale(self, wanted: Sequence[Wanted]) -> bool:
        models = {info.model for asset in wanted for info in asset.final.models}
        if any(asset.sound.frozen and asset.sound.layers for asset in wanted):
            models |= set(self.lock.models)  # which of them made its take is not in the lock
        folders = {(asset.ref[0], folder) for asset in wanted for folder, _ in asset.folder_sidecars}
        used = {record.model for record in self.lock.assets.values()}
        gone = set(self.lock.folders) - folders - self._record_folders()
        return self.lock.conflicted or bool(set(self.lock.models) - models - used) or bool(gone)

    def _record_folders(self) -> set[AssetRef]:
        return {
            (ref[0], folder)
            for ref, record in self.lock.assets.items()
            for folder in folders_above(record.path)
        }

    def _step(self, asset: Wanted) -> Step:
        record = self.lock.assets.get(asset.ref)
        make = self._choose(asset, record)
        standing = self.disk.state(asset.path)
        conflicts = () if self.force else tuple(self._conflicts(asset, record, standing))
        if conflicts:
            return Step("conflict", asset.ref, conflicts, asset, make, record, standing)
        source = None if self._rebuilds(asset) else self._source(asset, make, standing)
        reasons = tuple(self._reasons(asset, record, make, standing))
        action = self._action(asset, make, standing, source, record) if reasons else "keep"
        if action == "generate" and self.store_tells and make.keys.take != make.recipe.take_key():
            reasons += (Reason(Why.TAKE_LOST),)
        return Step(action, asset.ref, reasons, asset, make, record, standing, source)

    def _choose(self, asset: Wanted, record: AssetRecord | None) -> Make:
        """Choose between the final asset and a draft. A final asset of this recipe is never drafted over."""
        final = asset.final
        if self.drafts == "never":
            return final
        locked = record or self.lock.assets.get(asset.former)
        if locked is not None and not locked.draft and locked.take_key == final.keys.take:
            return final
        if any(self.store.find(shelf, key) for shelf, key in _shelves(final)):
            return final
        if final.parts and self._has_take(final):
            return final
        if self._source(asset, final, self.disk.state(asset.path)) is not None:
            return final
        if self.drafts == "existing" and (record is None or not record.draft):
            return final
        draft = asset.draft  # only now are prompts read
        if draft is None:
            return final
        if self.drafts == "existing":
            return draft if record is not None and record.take_key == draft.keys.take else final
        return final if all(map(self.can_run, self._models_to_run(final))) else draft

    def _models_to_run(self, make: Make) -> Sequence[ModelInfo]:
        """Return the models without which it cannot be made: a take that the store has needs none."""
        parts = [part for part in make.parts if self.store.find("take", part.recipe.take_key()) is None]
        return [part.model for part in parts] if make.parts else make.models

    def _conflicts(
        self, asset: Wanted, record: AssetRecord | None, standing: FileState | None
    ) -> Iterator[Reason]:
        if not self._is_ours(standing):
            yield Reason(Why.FILE_EDITED if record and record.path == asset.path else Why.FILE_UNKNOWN)
        if asset.sidecar_trouble:
            yield Reason(
                Why.SIDECAR_UNREADABLE if asset.sidecar_trouble == "unreadable" else Why.SIDECAR_TAKEN
            )
        old = record or self.lock.assets.get(asset.former)
        if not asset.sidecar_trouble and self._sidecar_is_edited(asset, old, standing):
            yield Reason(Why.SIDECAR_EDITED if old else Why.SIDECAR_UNKNOWN)
        if old is not None and old.path != asset.path and not self._is_ours(self.disk.state(old.path)):
            yield Reason(Why.FILE_EDITED, old.path)

    def _is_ours(self, standing: FileState | None) -> bool:
        """Whether sfxgen made the bytes: the lock or the store has them, so that replacing them loses nothing.

        The store knows what a build wrote that was killed before it wrote the lock.
        """
        if standing is None or standing.digest in self._locked_digests:
            return True
        return self.store.size(standing.digest) is not None

    def _sidecar_is_edited(self, asset: Wanted, old: AssetRecord | None, standing: FileState | None) -> bool:
        """Whether a sidecar of an asset, here or where it stood (also under its former name), is somebody's own."""
        if asset.sidecar is None:
            return False
        sidecars = [asset.sidecar]
        if old is not None:
            before = self.sidecar_path(asset.ref[0], old.path)
            sidecars += [before] if before else []
        elif standing is None:
            return False  # one whose file is gone gives its id, and is written anew
        wanted = digest_of_text(asset.sidecar_content)
        for sidecar in sidecars:
            state = self.disk.state(sidecar, text=True)
            if state is None or state.digest == wanted or state.digest in self._locked_sidecars:
                continue
            if not self._is_on_its_way(sidecar, state.digest):
                return True
        return False

    def _source(self, asset: Wanted, make: Make, standing: FileState | None) -> AssetRecord | None:
        """Return the record of a file that has the wanted bytes, here or elsewhere in the project."""
        records = [r for r in self._by_file_key.get(make.keys.file, ()) if r.draft == make.draft]
        own = self.lock.assets.get(asset.ref)
        if own in records:
            records.insert(0, own)
        for record in records:
            if standing is not None and standing.digest == record.digest:
                return record
        for record in records:
            elsewhere = self.disk.state(record.path)
            if elsewhere is not None and elsewhere.digest == record.digest and not elsewhere.lfs_pointer:
                return record
        return None

    def _reasons(
        self, asset: Wanted, record: AssetRecord | None, make: Make, standing: FileState | None
    ) -> Iterator[Reason]:
        if self._rebuilds(asset):
            yield Reason(Why.REBUILD)
        if record is None:
            yield Reason(Why.UNLOCKED if standing is not None else Why.NEW)
            if make.draft:
                yield Reason(Why.DRAFT)
            return
        yield from _changes(asset, record, make, self.store)
        if standing is None:
            yield Reason(Why.FILE_MISSING)
        elif not self._is_ours(standing):
            yield Reason(Why.FILE_EDITED)
        elif standing.digest != record.digest:
            yield Reason(Why.UNLOCKED)
        if asset.sidecar is not None:
            sidecar = self.disk.state(asset.sidecar, text=True)
            if sidecar is None:
                yield Reason(Why.SIDECAR_MISSING)
            elif sidecar.digest != digest_of_text(asset.sidecar_content):
                yield Reason(Why.SIDECAR_STALE)

    def _action(
        self,
        asset: Wanted,
        make: Make,
        standing: FileState | None,
        source: AssetRecord | None,
        record: AssetRecord | None,
    ) -> Action:
        if self._rebuilds(asset):
            return "generate"
        if source is not None:
            stands = standing is not None and standing.digest == source.digest
            return (
                "encode" if stands and record is source and record.asset_key != make.keys.asset else "restore"
            )
        if (
            record is not None
            and record.file_key == make.keys.file
            and self.store.size(record.digest) is not None
        ):
            return "restore"
        if self.store.find("file", make.keys.file) is not None:
            return "restore"
        if self.store.find("clip", make.keys.clip) is not None:
            return "encode"
        return "master" if self._has_take(make) else "generate"

    def _has_take(self, make: Make) -> bool:
        """Whether the store has the take, or all that its layers are laid from."""
        if self.store.find("take", make.keys.take) is not None:
            return True
        if make.keys.take != make.recipe.take_key():
            return False  # frozen: its layers are not those of its take any more
        parts = [part.recipe.take_key() for part in make.parts]
        return bool(parts) and all(self.store.find("take", key) is not None for key in parts)

    def _rebuilds(self, asset: Wanted) -> bool:
        return self.rebuild and not asset.sound.frozen

    def _removals(self, wanted: Sequence[Wanted], steps: Sequence[Step]) -> Iterator[Step]:
        refs, paths = {asset.ref for asset in wanted}, {asset.path for asset in wanted}
        contested = {step.path for step in steps if step.action == "conflict"}
        made = {step.ref for step in steps if step.action != "conflict"}
        heirs = {asset.former: asset.ref for asset in wanted if asset.former != asset.ref}
        for ref, record in self.lock.assets.items():
            # What a sound was renamed from goes with the asset that takes its place, not before: it may be all
            # that there is to make it from, and it has its engine id.
            goes = heirs[ref] in made if ref in heirs else self.in_scope(record.sound)
            if ref in refs or not goes:
                continue
            standing = None if record.path in paths else self.disk.state(record.path)
            reasons = [Reason(Why.NOT_WANTED)]
            if not self._is_ours(standing) or record.path in contested:
                reasons.append(Reason(Why.FILE_EDITED))
            if record.path not in paths and self._left_sidecar_is_edited(ref, record):
                reasons.append(Reason(Why.SIDECAR_EDITED))
            action: Action = "conflict" if len(reasons) > 1 and not self.force else "remove"
            yield Step(action, ref, tuple(reasons), record=record, standing=standing)

    def _left_sidecar_is_edited(self, ref: AssetRef, record: AssetRecord) -> bool:
        sidecar = self.sidecar_path(ref[0], record.path)
        state = self.disk.state(sidecar, text=True) if sidecar else None
        if state is None or sidecar is None or state.digest == record.sidecar_digest:
            return False
        return not self._is_on_its_way(sidecar, state.digest)


def _shelves(make: Make) -> tuple[tuple[Shelf, str], ...]:
    return (("take", make.keys.take), ("clip", make.keys.clip), ("file", make.keys.file))


def _changes(asset: Wanted, record: AssetRecord, make: Make, store: Holdings) -> Iterator[Reason]:
    """Say how what is wanted differs from what is locked: the first link of the chain that broke."""
    keys = make.keys
    if record.draft and not make.draft:
        yield Reason(Why.DRAFT_REPLACED)
    elif make.draft and not record.draft:
        yield Reason(Why.DRAFT)
    if record.take_key != keys.take:
        changed = dict.fromkeys(_recipe_changes(asset, record, make, store))
        yield Reason(Why.RECIPE_CHANGED, ", ".join(changed))
    elif record.clip_key != keys.clip:
        yield Reason(Why.MASTERING_CHANGED)
    elif record.file_key != keys.file:
        yield Reason(Why.ENCODING_CHANGED)
    elif record.asset_key != keys.asset:
        yield Reason(Why.SETTINGS_CHANGED)
    if record.path != asset.path:
        yield Reason(Why.MOVED)
    if record.engine_id != asset.engine_id:
        yield Reason(Why.ID_CHANGED)


def _recipe_changes(asset: Wanted, record: AssetRecord, make: Make, store: Holdings) -> Iterator[str]:
    """Say what of a recipe changed: what the lock knows of it, and the rest where the store has the take that was made."""
    if record.model != make.recipe.model:
        yield f"model {record.model} → {make.recipe.model}"
    elif record.revision != make.recipe.revision:
        yield _revision_of(make.model)
    if record.take != asset.take:
        yield f"take {record.take} → {asset.take}"
    elif make.model.is_recorded and record.model == make.recipe.model:
        yield "its recording"
    elif not (record.parts or make.parts) and record.seed != _seed_then(record, make):
        yield "seed"
    now = make.recipe.choice.candidates if make.recipe.choice else 1
    if record.model == make.recipe.model and not record.draft and now != (len(record.ranking) or 1):
        yield f"candidates {len(record.ranking) or 1} → {now}"
    entry = store.find("take", record.take_key) if record.model == make.recipe.model else None
    before = entry.meta.get("recipe") if entry is not None else None
    if before is not None and not make.model.is_recorded:
        is_loop = asset.sound.kind == "loop"  # its takes are longer than what a manifest says
        try:
            changes = list(settings_changes(before, make.recipe.as_json()))
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            return  # the store is a folder of files, and this is no recipe
        for change in changes:
            yield "duration_s" if is_loop and change.startswith("duration_s ") else change


def _revision_of(model: ModelInfo) -> str:
    """Word what a model's revision is that of."""
    return "program" if model.is_program else "weights' revision" if model.where else "its model's release"


def _seed_then(record: AssetRecord, make: Make) -> int:
    """Return the seed that a recipe gives the attempt and the candidate that a record is of."""
    candidate = record.ranking[0].candidate if record.ranking else 0
    return replace(make.recipe, attempt=record.attempts - 1, candidate=candidate).seed
