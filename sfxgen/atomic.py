"""Write files so that a crash at any moment leaves the old one or the new one, whole."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

# mkstemp makes files that only their owner can read; what we write gets the mode that any file would get.
# Asked once: the umask can only be read by setting it, which threads must not see.
_UMASK = os.umask(0o022)
os.umask(_UMASK)


def write_atomic(path: Path, content: bytes, *, scratch: Path | None = None, sync: bool = True) -> None:
    """Put a file in place by rename: at any moment it is the old one or the new one, whole.

    The half-written file stands in `scratch`, or beside the target where none is named or it is on another disk.
    Raises OSError.
    """
    try:
        _write_through(scratch or path.parent, path, content, sync=sync)
    except OSError as error:
        if scratch is None or error.errno != errno.EXDEV:
            raise
        _write_through(path.parent, path, content, sync=sync)


def _write_through(folder: Path, path: Path, content: bytes, *, sync: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".sfxgen-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        Path(name).chmod(0o666 & ~_UMASK)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
