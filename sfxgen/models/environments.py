"""Python environments of their own, for models whose libraries cannot live beside ours. Light.

Each is a venv in the user's data folder, made when it is asked for, of pinned releases. It is used once the file that
is written last is there: one whose making was cut off is made anew.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sfxgen.errors import ModelUnavailable, StoreError

READY = "ready.json"
TAIL = 5
"""How many of pip's last lines an error shows."""

OnLine = Callable[[str], None]
"""Told each line that pip writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What goes into an environment.

    `pythons` are the versions that its releases have wheels for, the best first. `requirements` are pinned, and so are
    theirs, but for what torch brings along for a GPU. `after` is run in it at last; it shows that the libraries load.
    """

    name: str
    pythons: tuple[str, ...]
    requirements: tuple[str, ...]
    after: str


def data_folder() -> Path:
    """Return the user's data folder for sfxgen, by the platform's custom. SFXGEN_DATA names another."""
    named = os.environ.get("SFXGEN_DATA")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library/Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    return base / "sfxgen" if sys.platform != "win32" else base / "sfxgen" / "data"


def log_file(model: str) -> Path:
    """Return where the stderr of a model's program is kept."""
    return data_folder() / "logs" / f"{re.sub(r'[^A-Za-z0-9]+', '-', model).strip('-')[:80]}.log"


def folder_of(environment: Environment) -> Path:
    """Return where an environment is, or would be."""
    return data_folder() / "environments" / environment.name


def python_of(environment: Environment) -> Path | None:
    """Return the Python of an environment that is ready, with these very releases; None where there is none."""
    folder = folder_of(environment)
    try:
        ready = json.loads((folder / READY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    python = _python_in(folder)
    is_ours = isinstance(ready, dict) and ready.get("requirements") == list(environment.requirements)
    return python if is_ours and python.is_file() else None


def create(environment: Environment, *, python: str | None = None, on_line: OnLine | None = None) -> Path:
    """Make an environment with pip, in place of one that is there, and return its Python. Uses the network.

    `python` is the interpreter to make it of; otherwise one of the versions that do is looked for.
    Raises ModelUnavailable where there is none or pip fails, StoreError where the disk does.
    """
    base = python or _base_python(environment)
    folder = folder_of(environment)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        own = folder / "requirements.txt"
        report = on_line or _unheard
        _run([base, "-m", "venv", str(folder)], "venv", report)
        own.write_text("".join(f"{line}\n" for line in environment.requirements), encoding="utf-8")
        inside = str(_python_in(folder))
        pip = [inside, "-m", "pip", "--disable-pip-version-check", "install", "--no-input"]
        _run([*pip, "setuptools<81", "wheel"], "pip", report)  # for releases that come as sources
        _run([*pip, "--no-build-isolation", "-r", str(own)], "pip", report)
        _run([inside, "-I", "-c", environment.after], "its first import", report)
        ready = {"python": base, "requirements": list(environment.requirements)}
        (folder / READY).write_text(json.dumps(ready, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be written: {error.strerror}",
            hint="free some disk, or name another folder with SFXGEN_DATA",
        ) from error
    return _python_in(folder)


def _python_in(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _base_python(environment: Environment) -> str:
    """Return an interpreter of a version that does: this one, or one on the PATH that really starts."""
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if own in environment.pythons:
        return sys.executable
    for version in environment.pythons:
        found = shutil.which(f"python{version}")
        if found is None:
            continue
        asked = subprocess.run(
            [found, "-c", "import sys; sys.stdout.write('%d.%d' % sys.version_info[:2])"],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        if asked.returncode == 0 and asked.stdout.strip() == version:
            return found
    raise ModelUnavailable(
        f"{environment.name} needs Python {' or '.join(environment.pythons)}, and this machine shows none",
        hint=f"install one, then: sfxgen models install {environment.name} --python PATH",
    )


def _run(argv: list[str], what: str, on_line: OnLine) -> None:
    """Run a command and report its lines. Raises ModelUnavailable, with the last ones, where it fails."""
    last: list[str] = []
    with subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip():
                last = [*last[1 - TAIL :], line.strip()]
                on_line(line.rstrip())
    if process.returncode:
        raise ModelUnavailable(
            f"{what} failed with exit code {process.returncode}: {' | '.join(last)}",
            hint="pip's own settings count: an index or wheels by PIP_INDEX_URL, PIP_FIND_LINKS",
        )


def _unheard(line: str) -> None:
    del line
