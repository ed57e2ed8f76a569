"""A folder of text files that sfxgen keeps for a game: written where they differ, removed where they are no longer wanted,
and never over what somebody edited.

An index in the folder has the digest of each file. It is text of the repository that anybody may have changed: nothing is
removed by it but files of the kinds that are written here, inside the folder, that still are what was written.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sfxgen.atomic import write_atomic
from sfxgen.disk import digest_of_text
from sfxgen.errors import ProjectError, StoreError
from sfxgen.paths import folder_problem, output_path

INDEX = "sfxgen-files.json"
INDEX_VERSION = 1
SUFFIXES = frozenset({".csv", ".json", ".srt", ".vtt"})

_HEX = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is to be done with a folder's files. `edited` are those that somebody else wrote or changed."""

    write: tuple[str, ...]
    remove: tuple[str, ...]
    edited: tuple[str, ...]
    kept: int
    index_is_stale: bool

    @property
    def is_empty(self) -> bool:
        """Whether the folder is as it should be."""
        return not (self.write or self.remove or self.edited or self.index_is_stale)


def compare(folder: Path, wanted: Mapping[str, bytes], *, force: bool = False) -> Difference:
    """Compare a folder with what is wanted in it, whatever its line ends. With `force`, nothing counts as edited.

    Raises ProjectError where the index or a file cannot be read, or a link leads out of the folder.
    """
    index = _read_index(folder)
    spelled = _other_spellings(folder, wanted, index)
    write: list[str] = []
    remove: list[str] = []
    edited: list[str] = []
    kept = 0
    for name in sorted({*wanted, *index} - {*spelled.values()}):
        standing = _digest(folder, name)
        is_ours = standing is None or standing in (
            *index.get(name, ()),
            *index.get(spelled.get(name, ""), ()),
        )
        if name not in wanted:
            if standing is not None:
                (remove if is_ours or force else edited).append(name)
        elif standing == digest_of_text(wanted[name]):
            kept += 1
        else:
            (write if is_ours or force else edited).append(name)
    known = {name: digests[0] for name, digests in index.items() if len(digests) == 1}
    should = {name: digest_of_text(content) for name, content in wanted.items()}
    return Difference(
        write=tuple(write),
        remove=tuple(remove),
        edited=tuple(edited),
        kept=kept,
        index_is_stale=known != should or len(known) != len(index),
    )


def bring(folder: Path, wanted: Mapping[str, bytes], difference: Difference) -> None:
    """Do what a comparison found, but for what was edited. Raises StoreError where the disk refuses."""
    if not (difference.write or difference.remove or difference.index_is_stale):
        return
    before = _read_index(folder)
    edited = set(difference.edited)
    after = {name: [digest_of_text(content)] for name, content in wanted.items() if name not in edited}
    after |= {name: before[name] for name in edited if name in before}
    # Killed half-way, each file is one or the other: the next run knows both for its own.
    between = {name: sorted({*before.get(name, ()), *after.get(name, ())}) for name in {*before, *after}}
    try:
        _write_index(folder, between)
        for name in difference.write:
            path = output_path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, wanted[name], sync=False)  # thousands of them, and soon made again
        for name in difference.remove:
            path = output_path(folder, name)
            path.unlink(missing_ok=True)
            _drop_empty(folder, path.parent)
        _write_index(folder, after)
    except OSError as error:
        what = f"{error.filename or folder} cannot be written: {error.strerror}"
        raise StoreError(what, hint="check the disk and its rights") from error


def _other_spellings(
    folder: Path, wanted: Mapping[str, bytes], index: Mapping[str, list[str]]
) -> dict[str, str]:
    """Return by wanted names how the index spells the same files, on a disk that does not tell upper from lower case."""
    by_folded = {name.casefold(): name for name in wanted}
    found = {}
    for name in index.keys() - wanted.keys():
        new = by_folded.get(name.casefold())
        with contextlib.suppress(OSError):
            if new is not None and output_path(folder, name).samefile(output_path(folder, new)):
                found[new] = name
    return found


def _digest(folder: Path, name: str) -> str | None:
    try:
        return digest_of_text(output_path(folder, name).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ProjectError(f"{folder / name} cannot be read: {error.strerror}") from error


def _read_index(folder: Path) -> dict[str, list[str]]:
    """Return each file's digests: one, or two where a run was killed."""
    path = folder / INDEX
    hint = "resolve or delete it: files that are as they should be are taken over"
    try:
        value = json.loads(path.read_bytes())
        files = value["files"]
        if value["version"] != INDEX_VERSION:
            raise ValueError(f"version {value['version']}")
        found = {str(name): [of] if isinstance(of, str) else list(of) for name, of in files.items()}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProjectError(f"{path} is no index of files: {error}", hint=hint) from error
    for name, digests in found.items():
        problem = folder_problem(name)
        is_plain = PurePosixPath(name).as_posix() == name  # ./a.srt would be removed after a.srt was written
        if problem or not is_plain or Path(name).suffix not in SUFFIXES or name == INDEX:
            raise ProjectError(f"{path} names '{name}', which sfxgen never wrote", hint=hint)
        if not all(isinstance(digest, str) and _HEX.match(digest) for digest in digests):
            raise ProjectError(f"{path} has no digest for '{name}'", hint=hint)
    return found


def _write_index(folder: Path, files: Mapping[str, list[str]]) -> None:
    plain = {name: digests[0] if len(digests) == 1 else digests for name, digests in sorted(files.items())}
    # A file a line, so that git merges two people's edits.
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(of)}" for name, of in plain.items())
    text = f'{{\n "files": {{\n{rows}\n }},\n "version": {INDEX_VERSION}\n}}\n'
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / INDEX, text.encode())


def _drop_empty(folder: Path, inner: Path) -> None:
    """Remove the folders that a removed file leaves empty, up to the one that is kept."""
    while inner != folder and inner.is_relative_to(folder) and not any(inner.iterdir()):
        inner.rmdir()
        inner = inner.parent
