"""The siblings of a take: the other takes of its sound, by which a near-duplicate is known."""

from __future__ import annotations

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Collection, Mapping

from sfxgen.audio import codec
from sfxgen.audio.clip import Clip
from sfxgen.audio.likeness import Print, print_of
from sfxgen.errors import AudioError, StoreError
from sfxgen.lock import AssetRecord
from sfxgen.plan import Step
from sfxgen.wanted import Wanted
from sfxgen.workspace import Workspace

NEAREST = 64
"""So many siblings a take is compared with: those of the nearest numbers. More would cost more than making them."""
KEPT = 256
"""So many prints are kept in memory, of 1 MB at most each."""


class Siblings:
    """Prints of takes: of those that this build accepted, that the store has, or that stand in the game as files."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._prints: dict[str, Print] = {}
        self._takes: dict[tuple[str, bool], dict[str, int]] = {}
        self._records: dict[str, AssetRecord] = {}
        for record in workspace.lock.assets.values():
            self._records.setdefault(record.take_key, record)
        self._assets: dict[str, list[Wanted]] = defaultdict(list)
        for asset in workspace.wanted:
            self._assets[asset.sound.id].append(asset)

    def keys_of(self, step: Step) -> Mapping[str, int]:
        """Return the numbers of a step's siblings by their take keys, whether there are such takes or not yet."""
        assert step.make is not None
        assert step.wanted is not None
        takes, own = self._takes_of(step.wanted.sound.id, draft=step.make.draft), step.make.keys.take
        if len(takes) <= 1:
            return {}
        number = step.make.recipe.take
        others = ((abs(n - number), n, key) for key, n in takes.items() if key != own)
        return {key: n for _, n, key in heapq.nsmallest(NEAREST, others)}

    def of(self, step: Step, *, but: Collection[str] = ()) -> Mapping[str, Print]:
        """Return the prints of a step's siblings that there are, by what to call them, `but` those with some keys."""
        found = {}
        for key, number in self.keys_of(step).items():
            known = None if key in but else self._print(key)
            if known is not None:
                found[f"take {number}"] = known
        return found

    def changed(self, key: str) -> None:
        """Note that the store has a new take: what was known of an older one is of no use."""
        self._prints.pop(key, None)

    def _takes_of(self, sound: str, *, draft: bool) -> Mapping[str, int]:
        """Return the numbers of a sound's takes by their keys."""
        known = self._takes.get((sound, draft))
        if known is None:
            makes = (asset.draft if draft else asset.final for asset in self._assets[sound])
            known = {make.keys.take: make.recipe.take for make in makes if make is not None}
            self._takes[sound, draft] = known
        return known

    def _print(self, key: str) -> Print | None:
        if key not in self._prints:
            clip = self._clip(key)
            if clip is None:
                return None
            self._keep(key, print_of(clip))
        return self._prints[key]

    def _keep(self, key: str, known: Print) -> None:
        self._prints[key] = known
        if len(self._prints) > KEPT:
            del self._prints[next(iter(self._prints))]

    def _clip(self, key: str) -> Clip | None:
        """Return a take; where the store has none, what was made of it and stands in the game."""
        try:
            found = self._workspace.store.get("take", key)
            if found is not None:
                return codec.unpack(found[0])
            record = self._records.get(key)
            if record is None or record.place_s is not None:
                return None
            content = (self._workspace.root / record.path).read_bytes()
            is_ours = hashlib.sha256(content).hexdigest() == record.digest
            return codec.decode(content) if is_ours else None
        except (AudioError, StoreError, OSError):
            return None  # what cannot be read is no sibling
