"""The log that a bug leaves behind: all that a report of it needs, and nothing on the screen but its path."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback

from sfxgen import __version__


def log_bug(*errors: BaseException) -> str:
    """Write the errors' tracebacks to a file of their own and return what to tell the person."""
    handle, name = tempfile.mkstemp(prefix="sfxgen-bug-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"sfxgen {__version__}, Python {sys.version}, {sys.platform}\narguments: {sys.argv[1:]}\n")
        for error in errors:
            file.write("\n" + "".join(traceback.format_exception(error)))
    return f"this is a bug in sfxgen; the log is at {name}"
