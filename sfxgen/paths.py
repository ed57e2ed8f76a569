"""Names and paths that hold on every disk: inside the project, and on Windows too."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from sfxgen.errors import ProjectError

MAX_ID_LENGTH = 180
AUDIO_SUFFIXES = frozenset({"wav", "ogg", "flac", "mp3", "opus", "m4a", "aac", "aif", "wem"})

_NOT_FOR_ASSETS = frozenset({".git", ".sfxgen", "sfxgen.yaml", "sfxgen.lock"})

_SEGMENT = re.compile(r"[A-Za-z0-9_-]+\Z")
_STEM = re.compile(r"[A-Za-z0-9_,+&()-][A-Za-z0-9_ ,+&()-]{0,239}\Z")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\Z", re.IGNORECASE)


def id_problem(sound_id: str) -> tuple[str, str] | None:
    """Return (what is wrong, hint) with a sound's id, or None."""
    if not sound_id:
        return "an id is not empty", "write a path such as ui/click"
    if len(sound_id) > MAX_ID_LENGTH:
        return f"an id has at most {MAX_ID_LENGTH} characters, not {len(sound_id)}", "shorten it"
    for segment in sound_id.split("/"):
        if segment in ("", ".", ".."):
            return (
                "an id is a path inside the assets folder",
                "write segments such as ui/click, without . or ..",
            )
        if not _SEGMENT.match(segment):
            return "an id holds letters, digits, - and _ only", "separate folders with /, words with _"
        if _RESERVED.match(segment):
            return f"'{segment}' is a reserved name on Windows", "choose another word"
    return None


def folder_problem(folder: str) -> tuple[str, str] | None:
    """Return (what is wrong, hint) with a project-relative folder or glob, or None."""
    if not folder.strip():
        return "is empty", "write a folder inside the project"
    if "\\" in folder:
        return "holds a backslash", "write / between folders, on Windows too"
    if folder.startswith(("/", "~")) or re.match(r"[A-Za-z]:", folder):
        return f"'{folder}' is not relative to the project", "write a folder inside the project"
    if ".." in PurePosixPath(folder).parts:
        return f"'{folder}' leaves the project", "write a folder inside the project"
    if any(ord(c) < 32 or c in '<>:"|' for c in folder):
        return f"'{folder}' holds a character that some disks do not take", "use letters, digits, - and _"
    for part in PurePosixPath(folder).parts:
        if _RESERVED.match(part.split(".")[0]):
            return f"'{part}' is a reserved name on Windows", "choose another word"
        if part.endswith((" ", ".")) and part != ".":
            return f"'{part}' ends with a dot or space, which Windows drops", "rename it"
    return None


def assets_folder_problem(folder: str) -> tuple[str, str] | None:
    """Return (what is wrong, hint) with a folder that assets are to be written into, or None."""
    problem = folder_problem(folder)
    if problem:
        return problem
    if any(c in "*?[]{}" for c in folder):
        return f"'{folder}' is a pattern, not a folder", "name one folder"
    first = next(iter(PurePosixPath(folder).parts), "").casefold()
    if first in _NOT_FOR_ASSETS:
        return f"'{first}' is not for assets", "name a folder of the game's own"
    return None


def asset_file_problem(path: str) -> str | None:
    """Return what is wrong with the path of an asset in a lock, or None: it may be deleted by that path."""
    folder, slash, name = path.rpartition("/")
    problem = assets_folder_problem(folder or "/") if slash else None
    if problem:
        return problem[0]
    stem, dot, suffix = name.rpartition(".")
    if not dot or not is_file_stem(stem) or suffix not in AUDIO_SUFFIXES:
        return f"'{name}' is no audio file that sfxgen writes"
    return None


def is_file_stem(stem: str) -> bool:
    """Whether a file that sfxgen writes may have this name, before its suffix."""
    return bool(_STEM.match(stem)) and not _RESERVED.match(stem) and not stem.endswith(" ")


def inside(root: Path, path: Path) -> bool:
    """Say whether a path, symbolic links followed, lies inside the project."""
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # links in a circle
        return False


def output_path(root: Path, relative: str) -> Path:
    """Return where a project file is written. Raises ProjectError if a link leads it out of the project."""
    path = root / relative
    if not inside(root, path.parent):
        raise ProjectError(
            f"{relative}: a symbolic link leads out of the project",
            hint="assets are written inside the project only",
        )
    return path
