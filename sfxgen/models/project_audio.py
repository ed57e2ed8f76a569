"""Audio files of the project that a model listens to: named by a key, known in the recipe by their digest. Light."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sfxgen.contracts import Complaint, ProjectFiles
from sfxgen.errors import AudioError, ModelError, ProjectError

if TYPE_CHECKING:
    from sfxgen.audio.clip import Clip
    from sfxgen.recipe import JsonValue

SUFFIXES = (
    ".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".opus", ".caf", ".w64", ".au",
    ".m4a", ".mp4", ".aac", ".wma",
)  # fmt: skip
"""What can be read; the last four by ffmpeg."""
LONGEST_S = 600.0
"""How long a file may be that a model listens to."""


def digest_key(key: str) -> str:
    """Return the name of the parameter that holds the digest of the file that a key names."""
    return f"{key}_sha256"


def with_audio(
    keys: Mapping[str, JsonValue], names: tuple[str, ...], files: ProjectFiles, *, shortest_s: float
) -> tuple[dict[str, JsonValue], list[Complaint]]:
    """Return the keys with the digests of the files that some of them name, and what is wrong with those files."""
    found, wrong = dict(keys), list[Complaint]()
    for key in names:
        path = keys.get(key)
        if not path or not _is_audio(path):
            continue  # `audio_complaints` says so
        try:
            found[digest_key(key)] = files.digest(path)
            length_s = files.length_s(path)
        except ProjectError as error:
            wrong.append(Complaint(key, error.message, error.hint))
            continue
        if length_s is not None and length_s < shortest_s:
            what = f"'{path}' is only {length_s:g} s long"
            wrong.append(Complaint(key, what, f"the model needs {shortest_s:g} s to hear anything"))
        elif length_s is not None and length_s > LONGEST_S:
            what = f"'{path}' is {length_s:g} s long"
            wrong.append(Complaint(key, what, f"at most {LONGEST_S:g} s are read"))
    return found, wrong


def audio_complaints(keys: Mapping[str, JsonValue], names: tuple[str, ...]) -> Iterator[Complaint]:
    """Yield a complaint for each key that names what is no audio file."""
    for key in names:
        path = keys.get(key)
        if path is not None and not _is_audio(path):
            yield Complaint(key, f"'{path}' is no audio file", "one of: " + ", ".join(SUFFIXES))


def audio_params(keys: Mapping[str, JsonValue], names: tuple[str, ...]) -> dict[str, JsonValue]:
    """Return what a recipe's `params` keep of the files: path and digest of each."""
    named = [key for key in names if keys.get(key)]
    return {name: keys[name] for key in named for name in (key, digest_key(key))}


def read_unchanged(root: Path, path: str, digest: str) -> Clip:
    """Return a file of the project, at its own rate.

    Raises ModelError where it cannot be read, or is not the file that a recipe was made for.
    """
    from sfxgen.audio.codec import read

    try:
        clip = read(root / path)
        with (root / path).open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except AudioError as error:
        raise ModelError(error.message.replace(f"{root}/", ""), hint=error.hint) from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    if found != digest:  # somebody saved it meanwhile: what comes of it would be kept as the old one's
        raise ModelError(f"{path} was changed while the build ran", hint="build again")
    return clip


def read_audio(root: Path, path: str, digest: str) -> Clip:
    """Return a file that a model listens to, at its own rate.

    Raises ModelError as `read_unchanged` does, and where it is empty, too long, or holds samples that are not numbers.
    """
    from sfxgen.audio.loudness import finite_peak

    clip = read_unchanged(root, path, digest)
    if not clip.frames:
        raise ModelError(f"{path} is empty", hint="export it again")
    if clip.duration_s > LONGEST_S:  # whose header did not tell
        raise ModelError(f"{path} is longer than {LONGEST_S:g} s", hint="cut it")
    try:
        finite_peak(clip)
    except AudioError as error:
        raise ModelError(f"{path} holds samples that are not numbers", hint="export it again") from error
    return clip


def _is_audio(path: str) -> bool:
    return Path(path).suffix.lower() in SUFFIXES
