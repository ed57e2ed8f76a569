"""The files of a project that sounds are made from: read and hashed within bounds, and noted for the watcher."""

from __future__ import annotations

import hashlib
import re
import stat
from functools import lru_cache
from pathlib import Path, PurePosixPath

from sfxgen.errors import ProjectError
from sfxgen.paths import folder_problem, inside

FileStand = tuple[int, int, int, int]
"""Of a file: when it was written and changed (ns), its bytes, its inode."""

NOTHING_READ: FileStand = (0, 0, 0, 0)
MAX_READ = 1 << 20
"""How many bytes a file may have that a sound is read from."""
MAX_HASHED = 4 << 30
"""How many bytes a recording may have."""

_LFS = re.compile(rb"version https://git-lfs[^\n]*\n(?:[^\n]*\n)*?oid sha256:([0-9a-f]{64})\n")


class SourceFiles:
    """What `contracts.ProjectFiles` asks for. `reads` collects how each file stood that was asked for."""

    def __init__(self, root: Path, state_folder: str, reads: dict[Path, FileStand]) -> None:
        self._root, self._state_folder, self._reads = root, state_folder, reads

    def read(self, path: str) -> bytes:
        """Return a small file's bytes. Raises ProjectError."""
        return self._file(path, MAX_READ).read_bytes()

    def digest(self, path: str) -> str:
        """Return a file's SHA-256, of a Git LFS pointer that of the file it stands for. Raises ProjectError."""
        file = self._file(path, MAX_HASHED)
        try:
            return _digest(file, self._reads[file])
        except OSError as error:
            raise _unreadable(path, error) from error

    def _file(self, path: str, most: int) -> Path:
        problem = folder_problem(path)
        if problem:
            hint = problem[1] if "\\" in path else "name a file inside the project"
            raise ProjectError(problem[0], hint=hint)
        if self._state_folder in PurePosixPath(path).parts:
            raise ProjectError(f"'{path}' is sfxgen's own", hint="keep the file elsewhere in the project")
        file = self._root / path
        self._reads[file] = stand_of(file)
        if not inside(self._root, file):
            raise ProjectError(f"'{path}' is a link that leaves the project", hint="copy the file into it")
        try:
            size = file.stat().st_size
        except OSError as error:
            raise _unreadable(path, error) from error
        if self._reads[file] == NOTHING_READ:
            raise ProjectError(f"'{path}' is no file", hint="name a file of the project")
        if size > most:
            raise ProjectError(f"'{path}' has more than {most:,} bytes", hint="is it the right file?")
        try:
            with file.open("rb"):
                return file
        except OSError as error:
            raise _unreadable(path, error) from error


def stand_of(file: Path) -> FileStand:
    """Return how a regular file stands; NOTHING_READ where there is none."""
    try:
        found = file.stat()
    except OSError:
        return NOTHING_READ
    if not stat.S_ISREG(found.st_mode):
        return NOTHING_READ
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


@lru_cache(maxsize=4096)
def _digest(file: Path, stand: FileStand) -> str:
    """Hash a file once, as long as it stands as it did."""
    del stand
    with file.open("rb") as stream:
        head = stream.read(1024)
        pointer = _LFS.match(head)
        if pointer:
            return pointer[1].decode()
        stream.seek(0)
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _unreadable(path: str, error: OSError) -> ProjectError:
    return ProjectError(
        f"'{path}' cannot be read: {error.strerror}", hint="paths start at the project's folder"
    )
