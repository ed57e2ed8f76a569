"""What Bark can say at once, and in which voices. Light."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path

from sfxgen.contracts import ModelInfo, ProjectFiles
from sfxgen.errors import ProjectError
from sfxgen.models import weights
from sfxgen.models.weight_facts import is_in_project, small_json

LANGUAGES = ("de", "en", "es", "fr", "hi", "it", "ja", "ko", "pl", "pt", "ru", "tr", "zh")
PUBLISHED_VOICES = (
    *(f"v2/{language}_speaker_{n}" for language in LANGUAGES for n in range(10)),
    *(f"{language}_speaker_{n}" for language in LANGUAGES for n in range(10)),
    "announcer",
)
VOICE_NAME = re.compile(r"(\w[\w.-]*/)?\w[\w.-]*", re.ASCII)
VOICE_PARTS = ("semantic_prompt", "coarse_prompt", "fine_prompt")
"""The arrays that a voice is, each in a file `<voice>_<part>.npy`."""
VOICE_FILE = f"_{VOICE_PARTS[0]}.npy"

PIECE = 180
"""How long a piece of a line is at most, in letters: about 12 s of speech, where Bark makes at most some 14 s at once."""
PAUSE_S = 0.25
"""The silence between two pieces, as in the authors' notebook on long texts."""


def primary(language: str) -> str:
    """Return a language tag's language: "pt" of pt-BR."""
    return re.split("[-_]", language)[0].lower()


def voice_problem(info: ModelInfo, voice: str) -> tuple[str, str] | None:
    """Return what is wrong with a voice, by what the disk's cache or publication says, and what would do; or None.

    Of weights that nobody here knows any name may be one: see `voice_problem_in`.
    """
    if not VOICE_NAME.fullmatch(voice):
        return f"'{voice}' is no name of a voice", _near(voice, PUBLISHED_VOICES)
    hub = weights.hub_id(info.where)
    commit = weights.cached_revision(hub.repo, hub.revision) if hub else None
    if hub and commit:
        return missing_voice(weights.repo_cache(hub.repo) / "snapshots" / commit, voice)
    if info.licence == "unknown" or voice in PUBLISHED_VOICES:
        return None
    return f"Bark has no voice '{voice}'", _near(voice, PUBLISHED_VOICES)


def voice_problem_in(where: str, voice: str, files: ProjectFiles) -> tuple[str, str] | None:
    """Return what to say where a folder of the project has weights, and not this voice, and what would do; else None.

    Where the weights themselves are missing, as a Git LFS pointer's are, their voices may be missing, too.
    """
    if not small_json(where, "config.json", files) or not is_in_project(where, files):
        return None
    home = f"{where}/{weights.VOICES}"
    try:
        files.digest(f"{home}/{voice}{VOICE_FILE}")
    except ProjectError:
        known: list[str] = []
        for part in dict.fromkeys(("v2/", voice.rpartition("/")[0] + "/", "")):
            part = part.lstrip("/")
            with contextlib.suppress(ProjectError):
                names = files.names(f"{home}/{part}".rstrip("/"))
                known += [part + name.removesuffix(VOICE_FILE) for name in names if name.endswith(VOICE_FILE)]
        return no_voice(voice, tuple(dict.fromkeys(known)))
    return None


def missing_voice(folder: Path, voice: str) -> tuple[str, str] | None:
    """Return what to say where a folder of weights does not have a voice, and what would do; None where it has it."""
    if VOICE_NAME.fullmatch(voice) and (folder / weights.VOICES / f"{voice}{VOICE_FILE}").is_file():
        return None
    return no_voice(voice, voices_in(folder))


def no_voice(voice: str, known: Sequence[str]) -> tuple[str, str]:
    """Return what to say of a voice that is none of those known beside weights, and what would do."""
    if not known:
        return f"there is no voice '{voice}'", "no voices stand beside these weights: leave voice out"
    return f"there is no voice '{voice}'", _near(voice, known)


def voices_in(folder: Path) -> tuple[str, ...]:
    """Return the voices that stand in a folder of weights, sorted."""
    home = folder / weights.VOICES
    files = (path.relative_to(home).as_posix() for path in home.rglob(f"*{VOICE_FILE}"))
    return tuple(sorted(name.removesuffix(VOICE_FILE) for name in files))


def _near(voice: str, known: Sequence[str]) -> str:
    near = get_close_matches(voice, known, n=3, cutoff=0.5)
    return f"near it: {', '.join(near)}" if near else f"there are {', '.join(known[:3])} …"


SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+|(?<=[。！？])")
CLAUSE_END = re.compile(r"(?<=[,;:—])\s+|(?<=[、，；：])")
WORD_END = re.compile(r"\s+")


def pieces(say: str) -> list[str]:
    """Return a line in pieces that Bark can say at once: of whole sentences where they fit, else of clauses, or of words."""
    found: list[str] = []
    for part in _parts(say, (SENTENCE_END, CLAUSE_END, WORD_END)):
        if found and _length(found[-1] + part) <= PIECE:
            found[-1] += part
        else:
            found.append(part)
    return [piece.strip() for piece in found if piece.strip()]


def _parts(text: str, ends: Sequence[re.Pattern[str]]) -> Iterator[str]:
    """Yield parts that each fit into one piece, cut at the first kind of end that makes them fit."""
    if _length(text) <= PIECE:
        yield text
    elif not ends:
        width = PIECE // 3  # it may be Chinese, Japanese or Korean
        yield from (text[start : start + width] for start in range(0, len(text), width))
    else:
        cuts = [0, *(match.end() for match in ends[0].finditer(text)), len(text)]
        for start, end in pairwise(cuts):
            yield from _parts(text[start:end], ends[1:])


def _length(text: str) -> int:
    """Return how long a text takes to say, in letters: a character of Chinese, Japanese or Korean takes as long as three."""
    return sum(3 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text.strip())
