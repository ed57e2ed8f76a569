"""What a plan is. `planner` makes one, `build` carries it out.

Every wanted or locked asset is in exactly one part of the plan:

    keep       it stands as it should
    restore    its bytes are known; they are copied, or only its sidecar is written again
    encode     its mastered clip is known; it is encoded, or only its sidecar changes
    master     its take is known; it is mastered
    generate   a model has to make it
    remove     no manifest names it any more
    conflict   what stands there is somebody's own work; it is left alone
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from sfxgen.disk import FileState
from sfxgen.lock import AssetRecord, AssetRef
from sfxgen.wanted import Make, Wanted

Action = Literal["keep", "restore", "encode", "master", "generate", "remove", "conflict"]
ACTIONS: tuple[Action, ...] = ("keep", "restore", "encode", "master", "generate", "remove", "conflict")


class Why(StrEnum):
    """Why an asset is not kept, or cannot be touched. `WORDS` says it for people."""

    NEW = "new"
    RECIPE_CHANGED = "recipe-changed"
    MASTERING_CHANGED = "mastering-changed"
    ENCODING_CHANGED = "encoding-changed"
    SETTINGS_CHANGED = "settings-changed"
    FILE_MISSING = "file-missing"
    SIDECAR_MISSING = "sidecar-missing"
    SIDECAR_STALE = "sidecar-stale"
    MOVED = "moved"
    ID_CHANGED = "id-changed"
    UNLOCKED = "unlocked"
    DRAFT = "draft"
    DRAFT_REPLACED = "draft-replaced"
    REBUILD = "rebuild"
    TAKE_LOST = "take-lost"
    NOT_WANTED = "not-wanted"
    FILE_EDITED = "file-edited"
    SIDECAR_EDITED = "sidecar-edited"
    SIDECAR_UNREADABLE = "sidecar-unreadable"
    SIDECAR_TAKEN = "sidecar-taken"
    SIDECAR_UNKNOWN = "sidecar-unknown"
    FILE_UNKNOWN = "file-unknown"


WORDS: dict[Why, str] = {
    Why.NEW: "new",
    Why.RECIPE_CHANGED: "its recipe changed",
    Why.MASTERING_CHANGED: "its mastering changed",
    Why.ENCODING_CHANGED: "its encoding changed",
    Why.SETTINGS_CHANGED: "its import settings changed",
    Why.FILE_MISSING: "its file is missing",
    Why.SIDECAR_MISSING: "its sidecar is missing",
    Why.SIDECAR_STALE: "its sidecar is out of date",
    Why.MOVED: "its path changed",
    Why.ID_CHANGED: "its engine id is another asset's",
    Why.UNLOCKED: "it stands, but is not in the lock",
    Why.DRAFT: "its model cannot run here, so the synthesizer drafts it",
    Why.DRAFT_REPLACED: "it replaces a draft",
    Why.REBUILD: "a rebuild was asked for",
    Why.TAKE_LOST: "it is frozen, its recipe has changed, and its take is not in the store: it cannot be made",
    Why.NOT_WANTED: "no manifest names it",
    Why.FILE_EDITED: "its file was edited by hand",
    Why.SIDECAR_EDITED: "its sidecar was edited by hand",
    Why.SIDECAR_UNREADABLE: "its sidecar names no id: a Git LFS pointer, or left in a merge conflict?",
    Why.SIDECAR_TAKEN: "its sidecar holds the id of another asset",
    Why.SIDECAR_UNKNOWN: "a sidecar stands there that the lock does not know",
    Why.FILE_UNKNOWN: "a file stands there that the lock does not know",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, with what exactly changed where that is known (`seed`, `model` …)."""

    why: Why
    detail: str = ""

    def __str__(self) -> str:
        return f"{WORDS[self.why]} ({self.detail})" if self.detail else WORDS[self.why]


@dataclass(frozen=True, slots=True)
class Step:
    """What is done with one asset. `wanted` and `make` are None where it is removed."""

    action: Action
    ref: AssetRef
    reasons: tuple[Reason, ...] = ()
    wanted: Wanted | None = None
    make: Make | None = None
    record: AssetRecord | None = None
    standing: FileState | None = None
    """What stood at the asset's path when the plan was made."""
    source: AssetRecord | None = None
    """A locked asset whose file holds the very bytes that are wanted: this one, here or at an older path, or another."""

    @property
    def stands(self) -> bool:
        """Whether the wanted bytes stand at the asset's path already."""
        return (
            self.source is not None
            and self.standing is not None
            and self.standing.digest == self.source.digest
        )

    @property
    def sound(self) -> str:
        """The id of the sound that the asset is a variant of."""
        if self.wanted is not None:
            return self.wanted.sound.id
        assert self.record is not None
        return self.record.sound

    @property
    def path(self) -> str:
        """The path of the asset's file."""
        if self.wanted is not None:
            return self.wanted.path
        assert self.record is not None
        return self.record.path

    @property
    def is_draft(self) -> bool:
        """Whether the asset is, or will be, a draft."""
        return self.make.draft if self.make is not None else bool(self.record and self.record.draft)


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps, in the order of engines and ids."""

    steps: tuple[Step, ...]
    folders: tuple[AssetRef, ...] = ()
    """(engine, folder) of each folder whose sidecar is missing."""
    lock_is_stale: bool = False
    """The lock is in a merge conflict, holds folders or models that nothing needs, or says of a model what is not so any
    more: it is to be written anew."""

    def part(self, *actions: Action) -> tuple[Step, ...]:
        """Return the steps with one of these actions."""
        return tuple(step for step in self.steps if step.action in actions)

    @property
    def stale(self) -> tuple[Step, ...]:
        """All that a build would have to touch, or cannot."""
        return tuple(step for step in self.steps if step.action != "keep")

    @property
    def is_empty(self) -> bool:
        """Whether a build would have nothing to do."""
        return not self.stale and not self.folders and not self.lock_is_stale

    def counts(self) -> dict[Action, int]:
        """Return how many assets each part has."""
        return {action: sum(step.action == action for step in self.steps) for action in ACTIONS}
