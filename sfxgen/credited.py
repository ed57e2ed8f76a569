"""Who made what: the models' licences as the lock keeps them, so that the notices need nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sfxgen.layers import JOINED, LAYERED
from sfxgen.lock import AssetRecord, AssetRef, Credit, Lock
from sfxgen.wanted import Make, Wanted
from sfxgen.workspace import Workspace

_LAID = {JOINED.model, LAYERED.model}


def parts_of(make: Make, lock: Lock) -> tuple[str, ...]:
    """Return the models of the takes that an asset's take is laid of. Of a frozen one that is the lock's to know."""
    if make.keys.take != make.recipe.take_key():
        known = (record.parts for record in lock.assets.values() if record.take_key == make.keys.take)
        return next(filter(None, known), ())
    return tuple(sorted({part.recipe.model for part in make.parts}))


def with_parts(wanted: Wanted, record: AssetRecord, lock: Lock) -> AssetRecord:
    """Return a record with its parts: an older release's record has none, and its take may still be the wanted one."""
    if record.parts or record.model not in _LAID or record.draft or record.take_key != wanted.final.keys.take:
        return record
    return replace(record, parts=parts_of(wanted.final, lock))


def credits_of(workspace: Workspace, records: Mapping[AssetRef, AssetRecord]) -> dict[str, Credit]:
    """Return what is to be said of every model that made one of the assets, by its id.

    What is known of a model is its adapter's word of today; of one whose adapter is gone, the lock's.
    """
    kinds: dict[str, set[str]] = {}
    for asset in workspace.wanted:
        record = records.get(asset.ref)
        for model in record.makers if record is not None else ():
            kinds.setdefault(model, set()).add(asset.sound.kind)
    known = {info.model: info for sound in workspace.sounds for info in sound.models}
    found = {}
    for model in sorted({model for record in records.values() for model in record.makers}):
        info = known.get(model) or workspace.catalog.find(model)
        info = info and workspace.project.licensed(info)
        before = workspace.lock.credits.get(model)
        if info is not None:
            found[model] = Credit(
                licence=info.licence,
                licence_url=info.licence_url,
                commercial=info.commercial,
                credit=info.credit,
                is_recorded=info.is_recorded,
                kinds=tuple(sorted(kinds.get(model, ()))),
            )
        elif before is not None:
            found[model] = before
    return found
