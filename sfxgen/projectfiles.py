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

BY_FFMPEG = (".m4a", ".mp4", ".aac", ".wma")
"""What is read by another program, which is not asked for a length."""
UNKNOWN_FRAMES = 1 << 62
"""libsndfile's word for a length that a header leaves open is about 2^63."""

_LFS = re.compile(rb"version https://git-lfs[^\n]*\n(?:[^\n]*\n)*?oid sha256:([0-9a-f]{64})\n")


class SourceFiles:
    """What `contracts.ProjectFiles` asks for. `reads` collects how each file stood that was asked for."""

    def __init__(self, root: Path, state_folder: str, reads: dict[Path, FileStand]) -> None:
        self._root, self._state_folder, self._reads = root, state_folder, reads

    def read(self, path: str, *, most: int = MAX_READ) -> bytes:
        """Return a small file's bytes. Raises ProjectError."""
        file = self._file(path, most)
        try:
            return file.read_bytes()
        except OSError as error:
            raise _unreadable(path, error) from error

    def digest(self, path: str) -> str:
        """Return a file's SHA-256, of a Git LFS pointer that of the file it stands for. Raises ProjectError."""
        file = self._file(path, MAX_HASHED)
        try:
            return _digest(file, self._reads[file])
        except OSError as error:
            raise _unreadable(path, error) from error

    def length_s(self, path: str) -> float | None:
        """Return how long an audio file is by its header, or None where only decoding it would tell.

        Raises ProjectError for a file that is no audio.
        """
        file = self._file(path, MAX_HASHED)
        try:
            return _length_s(file, self._reads[file])
        except OSError as error:
            raise _unreadable(path, error) from error
        except ValueError as error:
            hint = "WAV, FLAC, OGG, Opus, MP3 and AIFF can be read: is it one, and whole?"
            raise ProjectError(f"'{path}' holds no audio that can be read: {error}", hint=hint) from error

    def names(self, path: str) -> list[str]:
        """Return the names of the files right in a folder, sorted, but for hidden ones. Raises ProjectError."""
        problem = folder_problem(path)
        if problem:
            raise ProjectError(problem[0], hint="name a folder inside the project")
        folder = self._root / path
        if not inside(self._root, folder):
            raise ProjectError(f"'{path}' is a link that leaves the project", hint="copy the folder into it")
        try:
            names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
        except OSError as error:
            raise _unreadable(path, error) from error
        return [name for name in names if not name.startswith(".")]

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


@lru_cache(maxsize=4096)
def _length_s(file: Path, stand: FileStand) -> float | None:
    """Return what a header says. Raises ValueError for a file that is no audio."""
    del stand
    if file.suffix.lower() in BY_FFMPEG:
        return None
    with file.open("rb") as stream:
        if _LFS.match(stream.read(1024)):
            return None
    import soundfile

    try:
        with soundfile.SoundFile(file) as sound:
            frames, rate = int(sound.frames), int(sound.samplerate)
    except soundfile.LibsndfileError as error:
        raise ValueError(error.error_string) from error
    return frames / rate if 0 <= frames < UNKNOWN_FRAMES and rate else None


def _unreadable(path: str, error: OSError) -> ProjectError:
    return ProjectError(
        f"'{path}' cannot be read: {error.strerror}", hint="paths start at the project's folder"
    )
