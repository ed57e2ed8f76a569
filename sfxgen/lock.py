"""The lockfile: what stands in the engine's project, and what it was made from.

Sorted, indented JSON with one field a line, so that git merges disjoint edits; no time stamps and no hash over the
whole, so that one asset's record changes only its own lines. A lock that git left in conflict can still be read:
both sides are taken together, and the next build puts right what they disagree about.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from sfxgen.atomic import write_atomic
from sfxgen.errors import LockError, StoreError
from sfxgen.paths import asset_file_problem, folder_problem

LOCK_VERSION = 2
_SINCE_VERSION_2 = {"limiting_db": 0.0, "event": None, "place_s": None}
"""What a lock of version 1 says nothing of."""

TAKE_META = ("model", "revision", "seed", "attempts", "rejected", "environment")
"""What is kept of how a take was made."""

CLIP_META = (
    "duration_s",
    "sample_rate",
    "channels",
    "loudness_lufs",
    "loudness_measure",
    "true_peak_dbtp",
    "limiting_db",
    "limited",
    "event",
    "place_s",
)
"""What is kept of what a clip measures."""

AssetRef = tuple[str, str]
"""Which asset: (engine, asset id)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One candidate for a take: how near it came to its prompt, or why it was refused."""

    candidate: int
    seed: int
    score: float | None = None
    refused: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as the lock and the store hold it."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What is to be said of a model that made something: its licence, and of which kinds the sounds are that it made.

    `commercial` says whether a sold game may ship the output, `credit` the words that the licence asks for. What was
    recorded was not generated.
    """

    licence: str
    licence_url: str
    commercial: str
    credit: str = ""
    is_recorded: bool = False
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRecord:
    """One asset's record.

    `path` is relative to the project; `digest` is the SHA-256 of the audio file, `sidecar_digest` that of the
    sidecar with Unix line ends. `take_key`, `clip_key`, `asset_key` are what it was built from; `file_key`, between
    the last two, tells a changed import setting from changed audio where no store is at hand.
    `attempts` counts generations until a take passed its gates, and `rejected` says why the others did not.
    Levels are those of the delivered file. `event` is the rank of a harvested event among those of its take, counted from
    0, and `place_s` where it begins and ends there. `ranking` holds the candidates that the take was chosen among, the
    best first: the take itself. It is left out where there was no choice. `parts` names the models of the takes that a stack
    of layers or a joined loop is laid of; it is left out for what is one take.
    """

    sound: str
    take: int
    seed: int
    model: str
    revision: str | None
    draft: bool
    take_key: str
    clip_key: str
    file_key: str
    asset_key: str
    engine_id: str
    path: str
    digest: str
    sidecar_digest: str | None
    attempts: int
    rejected: tuple[str, ...]
    environment: Mapping[str, str]
    duration_s: float
    sample_rate: int
    channels: int
    loudness_lufs: float | None
    loudness_measure: str | None
    true_peak_dbtp: float | None
    limiting_db: float
    limited: bool
    event: int | None
    place_s: tuple[float, float] | None
    ranking: tuple[Ranked, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def makers(self) -> tuple[str, ...]:
        """The models that made its take: those of its parts, or its own."""
        return self.parts or (self.model,)

    def as_meta(self) -> dict[str, Any]:
        """Return what the store says of a file, as far as the lock knows it."""
        take = {name: getattr(self, name) for name in TAKE_META}
        if self.ranking:
            take["ranking"] = [ranked.as_json() for ranked in self.ranking]
        return {"take": take, "clip": {name: _plain(getattr(self, name)) for name in CLIP_META}}

    def as_json(self) -> dict[str, Any]:
        """Return the record as the lock holds it."""
        value = {name: getattr(self, name) for name in _FIELDS - _LEFT_OUT}
        if self.ranking:
            value["ranking"] = [ranked.as_json() for ranked in self.ranking]
        if self.parts:
            value["parts"] = list(self.parts)
        return value


@dataclass(frozen=True, slots=True)
class Lock:
    """The whole lock. `models` pins each weights' revision; `folders` holds engine ids of folders.

    `credits` has every model that made something in the lock; locks of older releases have none.
    """

    assets: Mapping[AssetRef, AssetRecord] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    folders: Mapping[AssetRef, str] = field(default_factory=dict)
    credits: Mapping[str, Credit] = field(default_factory=dict)
    conflicted: bool = False
    """The text held git's conflict markers, and both sides were taken together."""

    def to_text(self) -> str:
        """Return the one text of this lock."""
        assets: dict[str, dict[str, Any]] = {}
        for (engine, name), record in self.assets.items():
            assets.setdefault(engine, {})[name] = record.as_json()
        folders: dict[str, dict[str, str]] = {}
        for (engine, folder), engine_id in self.folders.items():
            folders.setdefault(engine, {})[folder] = engine_id
        value: dict[str, Any] = {
            "version": LOCK_VERSION,
            "models": {name: {"revision": revision} for name, revision in self.models.items()},
            "folders": folders,
            "assets": assets,
        }
        if self.credits:
            value["credits"] = {model: asdict(credit) for model, credit in self.credits.items()}
        return _text(value, 0) + "\n"


_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False).encode
_RECORD_DEPTH = 3  # below the lock, its assets and their engine


def _text(value: Any, depth: int) -> str:
    """Write a mapping with a key a line, sorted; what is inside a record's fields stays on their line."""
    if not isinstance(value, dict) or not value or depth > _RECORD_DEPTH:
        return _encode(value)
    indent = " " * depth
    lines = [f"{indent} {_encode(key)}: {_text(item, depth + 1)}" for key, item in sorted(value.items())]
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def read(path: Path) -> Lock:
    """Read a lockfile; a missing one is an empty lock. Raises LockError with the line of what is wrong."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return Lock()
    except OSError as error:
        raise LockError(f"{path.name} cannot be read: {error.strerror}") from error
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LockError(f"{path.name} is not UTF-8", hint="restore it from git") from error
    return parse(text, path.name)


def parse(text: str, name: str = "sfxgen.lock") -> Lock:
    """Read a lock's text. Raises LockError."""
    if text.startswith("version https://git-lfs"):
        raise LockError(
            f"{name} is a Git LFS pointer, not a lock", hint="keep the lock out of LFS in .gitattributes"
        )
    if re.search(r"^<{7} ", text, re.MULTILINE):
        ours, theirs = (_parse_one(_without_trailing_commas(side), name) for side in _sides(text))
        return Lock(
            assets={**theirs.assets, **ours.assets},
            models={**theirs.models, **ours.models},
            folders={**theirs.folders, **ours.folders},
            credits={**theirs.credits, **ours.credits},
            conflicted=True,
        )
    return _parse_one(text, name)


def _sides(text: str) -> tuple[str, str]:
    """Split a text with git's conflict markers into our side and theirs (diff3's base is dropped)."""
    ours: list[str] = []
    theirs: list[str] = []
    where = "both"
    for line in text.splitlines(keepends=True):
        if line.startswith("<<<<<<<"):
            where = "ours"
        elif line.startswith("|||||||"):
            where = "base"
        elif line.startswith("======="):
            where = "theirs"
        elif line.startswith(">>>>>>>"):
            where = "both"
        else:
            if where in ("both", "ours"):
                ours.append(line)
            if where in ("both", "theirs"):
                theirs.append(line)
    return "".join(ours), "".join(theirs)


def _parse_one(text: str, name: str) -> Lock:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise LockError(
            f"{name}:{error.lineno}: not valid JSON: {error.msg}",
            hint="restore the lock from git, then build again",
        ) from error
    except ValueError as error:  # a number of thousands of digits
        raise LockError(f"{name} holds a number beyond reason", hint="restore the lock from git") from error
    except RecursionError as error:
        raise LockError(f"{name} is nested too deeply", hint="restore the lock from git") from error
    version = value.get("version") if isinstance(value, dict) else None
    if version not in (1, LOCK_VERSION):
        raise LockError(
            f"{name} has version {version!r}; this sfxgen reads versions up to {LOCK_VERSION}",
            hint="use the sfxgen that wrote it, or upgrade" if version else "restore the lock from git",
        )
    try:
        assets = {
            (engine, asset): _record({**_SINCE_VERSION_2, **record} if version == 1 else record)
            for engine, records in value["assets"].items()
            for asset, record in records.items()
        }
        models = {str(model): str(pin["revision"]) for model, pin in value["models"].items()}
        folders = {
            (engine, folder): _folder_id(folder, engine_id)
            for engine, ids in value["folders"].items()
            for folder, engine_id in ids.items()
        }
        credit = {str(model): _credit(facts) for model, facts in value.get("credits", {}).items()}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise LockError(f"{name} has a broken record: {error}", hint="restore the lock from git") from error
    return Lock(assets=assets, models=models, folders=folders, credits=credit)


def _without_trailing_commas(text: str) -> str:
    # The side of a conflict that ends a mapping is joined to a line of the other side's: a comma may be left.
    return re.sub(r",(\s*[}\]])", r"\1", text)


_FIELDS = {f.name for f in fields(AssetRecord)}
_LEFT_OUT = {"ranking", "parts"}
"""What a record has only where there is something to say."""
_HEX = re.compile(r"[0-9a-f]{64}")
_ENGINE_ID = re.compile(r"[0-9A-Za-z_-]{0,64}")
_KEYS = ("take_key", "clip_key", "file_key", "asset_key", "digest")
_TEXT = ("sound", "engine_id", "path")


def _record(value: Mapping[str, Any]) -> AssetRecord:
    """Check a record as what it is, somebody's text: a build deletes files and writes ids by it."""
    missing, unknown = _FIELDS - value.keys() - _LEFT_OUT, value.keys() - _FIELDS
    if missing or unknown:
        raise ValueError(f"fields {', '.join(sorted(missing | unknown))}")
    _require(value, _TEXT, "text", lambda x: isinstance(x, str))
    _require(value, _KEYS, "SHA-256", lambda x: isinstance(x, str) and _HEX.fullmatch(x))
    _require(value, ("sidecar_digest",), "SHA-256", lambda x: x is None or _HEX.fullmatch(x))
    _require(value, ("engine_id",), "engine id", _ENGINE_ID.fullmatch)
    _require(value, ("take",), "whole number", lambda x: type(x) is int)
    _require(value, ("draft",), "true or false", lambda x: isinstance(x, bool))
    _check_take(value)
    _check_clip(value)
    problem = asset_file_problem(value["path"])
    if problem:
        raise ValueError(problem)
    place_s = value["place_s"]
    return AssetRecord(
        **{
            **value,
            "rejected": tuple(value["rejected"]),
            "place_s": None if place_s is None else tuple(place_s),
            "ranking": ranking_of(value.get("ranking", ())),
            "parts": _parts_of(value.get("parts", [])),
        }
    )


def check_meta(meta: Mapping[str, Any], *, is_mastered: bool) -> None:
    """Check what a store says of a take, and of the clip made of it.

    Raises ValueError, KeyError, TypeError or AttributeError where it does not say that.
    """
    take = meta["take"]
    _check_take(take)
    ranking_of(take.get("ranking", ()))
    _require({"passed": [], **take}, ("passed",), "list of texts", _is_list_of_texts)
    if is_mastered:
        _check_clip(meta["clip"])


def _check_take(value: Mapping[str, Any]) -> None:
    _require(value, ("model",), "text", lambda x: isinstance(x, str))
    _require(value, ("revision",), "text", lambda x: x is None or isinstance(x, str))
    _require(value, ("seed", "attempts"), "whole number", lambda x: type(x) is int)
    _require(value, ("attempts",), "count", lambda x: x > 0)
    _require(value, ("rejected",), "list of texts", _is_list_of_texts)
    _require(value, ("environment",), "mapping", lambda x: isinstance(x, dict) and _all_text(x.values()))


def _check_clip(value: Mapping[str, Any]) -> None:
    _require(value, ("sample_rate", "channels"), "whole number", lambda x: type(x) is int)
    _require(value, ("duration_s", "limiting_db"), "number", _is_number)
    _require(value, ("loudness_lufs", "true_peak_dbtp"), "number", lambda x: x is None or _is_number(x))
    _require(value, ("loudness_measure",), "text", lambda x: x is None or isinstance(x, str))
    _require(value, ("limited",), "true or false", lambda x: isinstance(x, bool))
    _require(value, ("event",), "whole number", lambda x: x is None or (type(x) is int and 0 <= x < 1000))
    _require(value, ("place_s",), "pair of times", lambda x: x is None or _is_place(x))


def ranking_of(values: Iterable[Mapping[str, Any]]) -> tuple[Ranked, ...]:
    """Read a ranking as the lock or the store hold it. Raises ValueError, or TypeError for what is none at all."""
    ranking = tuple(Ranked(**value) for value in values)
    for ranked in ranking:
        is_whole = all(type(number) is int and number >= 0 for number in (ranked.candidate, ranked.seed))
        is_scored = ranked.refused is None and _is_number(ranked.score)
        is_refused = ranked.score is None and isinstance(ranked.refused, str)
        if not is_whole or not (is_scored or is_refused):
            raise ValueError("ranking is no ranking of candidates")
    if ranking and ranking[0].refused is not None:
        raise ValueError("ranking begins with a candidate that was refused")
    return ranking


def _parts_of(value: Any) -> tuple[str, ...]:
    if not _is_list_of_texts(value):
        raise ValueError("parts is no list of texts")
    return tuple(value)


def _credit(value: Mapping[str, Any]) -> Credit:
    credit = Credit(**{**value, "kinds": tuple(value["kinds"])})
    _require(value, ("licence", "licence_url", "commercial", "credit"), "text", lambda x: isinstance(x, str))
    if not isinstance(credit.is_recorded, bool) or not _all_text(credit.kinds):
        raise ValueError("credits say something odd")
    return credit


def _folder_id(folder: str, engine_id: str) -> str:
    problem = folder_problem(folder)
    if problem:
        raise ValueError(f"the folder {problem[0]}")
    if not _ENGINE_ID.fullmatch(engine_id):
        raise ValueError(f"{folder} has no engine id")
    return engine_id


def _require(
    value: Mapping[str, Any], names: Iterable[str], what: str, holds: Callable[[Any], object]
) -> None:
    for name in names:
        if not holds(value[name]):
            raise ValueError(f"{name} is no {what}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_place(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and _all_text(value)


def _all_text(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)


def write(path: Path, lock: Lock, *, scratch: Path | None = None) -> bool:
    """Write the lock, whole or not at all. Returns whether its text changed. Raises StoreError."""
    text = lock.to_text().encode()
    try:
        if path.exists() and path.read_bytes() == text:
            return False
        write_atomic(path, text, scratch=scratch)
    except OSError as error:
        raise StoreError(
            f"{path.name} cannot be written: {error.strerror}", hint="check the disk and its rights"
        ) from error
    return True
