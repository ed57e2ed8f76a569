"""The local store: a folder in two layers, key → digest and digest → bytes.

    keys/take/1f/1f3a….json     {"digest": …, "size": …, "meta": {…}}
    blobs/9c/9c0d…              the bytes

A blob's digest is checked on every read. What cannot be read or does not match is a miss and is moved aside, never an
error and never used. Because of that check nothing here needs an fsync: a blob that a power cut tore is a miss.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sfxgen.atomic import write_atomic
from sfxgen.errors import StoreError
from sfxgen.lock import check_meta

Shelf = Literal["take", "clip", "file"]
"""What a key leads to: a raw take, a mastered clip, or an encoded audio file."""

_DAY_S = 24 * 60 * 60

_NOT_AS_WRITTEN = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the store knows under a key: the bytes' SHA-256 and size, and what was said of them when put."""

    digest: str
    size: int
    meta: Mapping[str, Any] = field(default_factory=dict)


def default_folder() -> Path:
    """Return the user's cache folder for sfxgen, by the platform's custom. SFXGEN_STORE names another."""
    named = os.environ.get("SFXGEN_STORE")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library/Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "sfxgen" / "store"


class LocalStore:
    """A store in a folder, shared by every project and process of the machine. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, shelf: Shelf, key: str) -> Entry | None:
        """Return the entry under a key if its bytes seem to be here. Reads no bytes."""
        path = self._key_path(shelf, key)
        try:
            value = json.loads(path.read_bytes())
            entry = Entry(value["digest"], value["size"], value["meta"])
            check_meta(entry.meta, is_mastered=shelf != "take")
            size = self._blob_path(entry.digest).stat().st_size
        except OSError:
            return None
        except _NOT_AS_WRITTEN:
            self._set_aside(path)
            return None
        return entry if size == entry.size else None

    def read(self, entry: Entry) -> bytes | None:
        """Return an entry's bytes, their digest checked; None if they are gone or damaged."""
        path = self._blob_path(entry.digest)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except IsADirectoryError:
            self._set_aside(path)
            return None
        except OSError:
            return None
        if hashlib.sha256(content).hexdigest() != entry.digest:
            self._set_aside(path)
            return None
        return content

    def peek(self, digest: str) -> bytes | None:
        """Return the bytes with a digest, or None; what is damaged stays where it is."""
        try:
            content = self._blob_path(digest).read_bytes()
        except (OSError, ValueError):
            return None
        return content if hashlib.sha256(content).hexdigest() == digest else None

    def size(self, digest: str) -> int | None:
        """Return the size of the bytes with a digest, or None if they are not here."""
        try:
            return self._blob_path(digest).stat().st_size
        except (OSError, ValueError):
            return None

    def get(self, shelf: Shelf, key: str) -> tuple[bytes, Entry] | None:
        """Return the bytes under a key with their entry, or None."""
        entry = self.find(shelf, key)
        content = self.read(entry) if entry else None
        return (content, entry) if entry and content is not None else None

    def put(self, shelf: Shelf, key: str, content: bytes, meta: Mapping[str, Any]) -> Entry:
        """Keep bytes under a key. The bytes are in place before the key is. Raises StoreError.

        `meta` says how the take was made ("take") and, but for a take, what the clip measures ("clip").
        """
        entry = Entry(hashlib.sha256(content).hexdigest(), len(content), dict(meta))
        record = {"digest": entry.digest, "size": entry.size, "meta": entry.meta}
        blob = self._blob_path(entry.digest)
        try:
            if self.read(entry) is None:
                blob.parent.mkdir(parents=True, exist_ok=True)
                write_atomic(blob, content, scratch=self.folder / "tmp", sync=False)
            path = self._key_path(shelf, key)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(record, sort_keys=True, allow_nan=False).encode()
            write_atomic(path, text, scratch=self.folder / "tmp", sync=False)
        except OSError as error:
            reason = error.strerror or str(error)
            hint = "free some disk, or name another folder with SFXGEN_STORE"
            raise StoreError(f"the store at {self.folder} cannot be written: {reason}", hint=hint) from error
        return entry

    def sweep(self) -> None:
        """Remove half-written files that killed processes left more than a day ago."""
        for left in (self.folder / "tmp").glob(".sfxgen-*.tmp"):
            with contextlib.suppress(OSError):
                if time.time() - left.stat().st_mtime > _DAY_S:
                    left.unlink()

    def _key_path(self, shelf: Shelf, key: str) -> Path:
        return self.folder / "keys" / shelf / key[:2] / f"{key}.json"

    def _blob_path(self, digest: str) -> Path:
        if len(digest) != 64 or not digest.isalnum():
            raise ValueError("not a digest")
        return self.folder / "blobs" / digest[:2] / digest

    def _set_aside(self, path: Path) -> None:
        aside = self.folder / "aside"
        with contextlib.suppress(
            OSError
        ):  # another process was faster, or the disk is read-only: a miss either way
            aside.mkdir(parents=True, exist_ok=True)
            path.replace(aside / f"{path.name}-{time.time_ns()}")
