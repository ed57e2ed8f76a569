"""Which programs of which projects this machine may run: by the file that describes them, and by its digest. Light.

A manifest comes from a repository, and an `exec` model runs a program that is named there. So a person says once, on
each machine, that it may; a program that has changed is asked about anew.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from sfxgen.errors import StoreError
from sfxgen.models.environments import data_folder

VARIABLE = "SFXGEN_TRUST_EXEC"
"""Set to 1, it trusts every program: for CI, whose machine holds nothing else."""


def is_trusted(description: Path, digest: str) -> bool:
    """Whether the program that a file describes may run, as it stands."""
    return os.environ.get(VARIABLE) == "1" or _trusted().get(_key(description)) == digest


def trust(description: Path, digest: str | None) -> None:
    """Remember that the program may run as it stands; with None, that it may not. Raises StoreError."""
    known = _trusted()
    if digest is None:
        known.pop(_key(description), None)
    else:
        known[_key(description)] = digest
    file = _file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump({"version": 1, "trusted": known}, stream, indent=2, sort_keys=True)
        Path(name).replace(file)
    except OSError as error:
        raise StoreError(
            f"{file} cannot be written: {error.strerror}", hint="SFXGEN_DATA names another folder"
        ) from error


def _file() -> Path:
    return data_folder() / "trusted.json"


def _key(description: Path) -> str:
    return str(description.resolve())


def _trusted() -> dict[str, str]:
    """Return what is trusted; nothing where the file cannot be read."""
    try:
        known = json.loads(_file().read_text(encoding="utf-8"))["trusted"]
        return {str(path): str(digest) for path, digest in known.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
