"""Who made what: the models' licences as the lock keeps them, so that the notices need nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sfxgen.contracts import Catalog
from sfxgen.layers import JOINED, LAYERED
from sfxgen.lock import AssetRecord, AssetRef, Credit, Lock
from sfxgen.project import Project
from sfxgen.sound import Sound
from sfxgen.wanted import Make, Wanted

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


def credits_of(
    project: Project,
    sounds: Sequence[Sound],
    wanted: Sequence[Wanted],
    catalog: Catalog,
    lock: Lock,
    records: Mapping[AssetRef, AssetRecord],
) -> dict[str, Credit]:
    """Return what is to be said of every model that made one of the assets, by its id.

    What is known of a model is its adapter's word of today; of one whose adapter is gone, the lock's.
    """
    kinds: dict[str, set[str]] = {}
    for asset in wanted:
        record = records.get(asset.ref)
        for model in record.makers if record is not None else ():
            kinds.setdefault(model, set()).add(asset.sound.kind)
    known = {info.model: info for sound in sounds for info in sound.models}
    found = {}
    for model in sorted({model for record in records.values() for model in record.makers}):
        info = known.get(model) or catalog.find(model)
        info = info and project.licensed(info)
        before = lock.credits.get(model)
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


def says_otherwise(lock: Lock, today: Mapping[str, Credit]) -> bool:
    """Whether a lock says of a model what is not so any more. One of an older release, without credits, says nothing.

    Of which kinds the sounds are is left aside: with it the assets themselves change.
    """
    return bool(lock.credits) and any(
        model not in lock.credits or replace(lock.credits[model], kinds=()) != replace(credit, kinds=())
        for model, credit in today.items()
    )
