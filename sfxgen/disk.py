"""What stands in the game project: the digest of each file, remembered by its stat so that a build with nothing
to do reads no audio.

The memory is trusted only where it cannot lie: an entry whose file was touched within two seconds of being hashed (the
coarsest time stamp of any disk) is hashed again the next time, as git does.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sfxgen.atomic import write_atomic

_RACY_NS = 2_000_000_000
_LFS_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\n"
)
_LFS_MAX_BYTES = 1024


UNREADABLE = "unreadable"
"""The digest of what is no file, or cannot be read: it equals no other."""


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it stands. `digest` is the SHA-256 of its bytes, or the one that a Git LFS pointer names."""

    digest: str
    lfs_pointer: bool = False


def digest_of_text(content: bytes) -> str:
    """Return the SHA-256 of a text file whatever its line ends, which git may change on checkout."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def lfs_oid(content: bytes) -> str | None:
    """Return the SHA-256 that a Git LFS pointer stands for, or None for anything else."""
    if len(content) > _LFS_MAX_BYTES:
        return None
    match = _LFS_POINTER.match(content.replace(b"\r\n", b"\n"))
    return match[1].decode() if match else None


class Disk:
    """Looks at a project's files. `text` files (sidecars) are hashed with Unix line ends."""

    def __init__(self, root: Path, memory: Path) -> None:
        self.root = root
        self.memory = memory
        self._known: dict[str, list[Any]] = _load(memory)
        self._fresh: dict[str, list[Any]] = {}

    def state(self, relative: str, *, text: bool = False) -> FileState | None:
        """Return a file's state, or None where nothing stands."""
        path = self.root / relative
        try:
            stat = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:  # a circle of links, a name too long: it is there, and it is not ours
            return FileState(UNREADABLE)
        if not path.is_file():
            return FileState(UNREADABLE)
        stamp = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
        known = self._fresh.get(relative) or self._known.get(relative)
        if known is not None and known[:4] == stamp:
            self._fresh[relative] = known
            return FileState(known[4], known[5])
        now = time.time_ns()
        try:
            state = _look(path, text=text)
        except OSError:
            return FileState(UNREADABLE)
        if now - stat.st_mtime_ns > _RACY_NS:
            self._fresh[relative] = [*stamp, state.digest, state.lfs_pointer]
        return state

    def forget(self, relative: str) -> None:
        """Drop what is remembered of a file that was written or removed."""
        self._known.pop(relative, None)
        self._fresh.pop(relative, None)

    def save(self) -> None:
        """Keep the memory for the next run. Failing to is no error: it only costs time."""
        if self._fresh == self._known:
            return
        with contextlib.suppress(OSError):
            write_atomic(self.memory, json.dumps({"version": 1, "files": self._fresh}).encode(), sync=False)


def _look(path: Path, *, text: bool) -> FileState:
    hasher = hashlib.sha256()
    with path.open("rb") as file:
        head = file.read(1 << 20)
        oid = lfs_oid(head)
        if oid is not None:
            return FileState(oid, lfs_pointer=True)
        if text:
            return FileState(digest_of_text(head + file.read()))
        hasher.update(head)
        while block := file.read(1 << 20):
            hasher.update(block)
    return FileState(hasher.hexdigest())


def _load(memory: Path) -> dict[str, list[Any]]:
    try:
        value = json.loads(memory.read_bytes())
        files = value["files"]
        return {str(k): v for k, v in files.items() if len(v) == 6} if value["version"] == 1 else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def leftovers(folder: Path) -> Iterable[Path]:
    """Yield half-written files that a killed build left in a scratch folder."""
    return folder.glob(".sfxgen-*.tmp")
