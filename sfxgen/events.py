"""What a run reports. The library never prints: it hands these values to one callable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Started:
    """A run begins: how many takes to generate, clips to master and assets to write."""

    takes: int
    clips: int
    assets: int


@dataclass(frozen=True, slots=True)
class ModelLoading:
    """A model is being loaded into memory."""

    model: str
    device: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """One denoising step of a batch is done. `step` counts from 1."""

    model: str
    step: int
    steps: int
    takes: int


@dataclass(frozen=True, slots=True)
class TakeGenerated:
    """One raw take is in the store. `asset` is the first one that uses it."""

    asset: str
    attempt: int


@dataclass(frozen=True, slots=True)
class TakeChosen:
    """A take was chosen among candidates, which count from 0, for its score."""

    asset: str
    candidate: int
    candidates: int
    score: float


@dataclass(frozen=True, slots=True)
class ClipMastered:
    """One mastered clip is in the store."""

    asset: str


@dataclass(frozen=True, slots=True)
class AssetWritten:
    """An asset stands on disk and in the lock. `action` is the plan's word for what was done."""

    asset: str
    path: str
    action: str


@dataclass(frozen=True, slots=True)
class AssetRemoved:
    """The files of an asset that no manifest names any more are gone."""

    asset: str
    path: str


@dataclass(frozen=True, slots=True)
class AssetFailed:
    """One asset could not be made; the others go on. `sound` is the one that it is a variant of, if it is of one."""

    asset: str
    message: str
    hint: str = ""
    sound: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know that stops nothing. `level` is "info" or "warning"."""

    message: str
    hint: str = ""
    level: str = "info"


Event = (
    Started
    | ModelLoading
    | Sampling
    | TakeGenerated
    | TakeChosen
    | ClipMastered
    | AssetWritten
    | AssetRemoved
    | AssetFailed
    | Notice
)
OnEvent = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Drop an event: the default for callers who do not listen."""
    del event
