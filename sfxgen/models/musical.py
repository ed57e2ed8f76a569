"""Tempo and key of music, for models that know them only as words in a prompt. Light."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sfxgen.contracts import Complaint
from sfxgen.models.complaints import outside

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue

MUSIC_KEYS = ("tempo_bpm", "key")
"""The keys of a sound that `described` puts into words; an adapter that uses it accepts them."""
SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0

_KEY = re.compile(r"(?P<note>[A-Ga-g])(?P<accidental>#|♯|b|♭)?(\s+(?P<mode>major|minor))?", re.IGNORECASE)
_ACCIDENTALS = {None: "", "#": "#", "♯": "#", "b": "b", "B": "b", "♭": "b"}


def spelled(key: str) -> str | None:
    """Return a key as musicians write it ("a MINOR" is "A minor", "e♭" is "Eb"), or None for what is none."""
    found = _KEY.fullmatch(key.strip())
    if found is None:
        return None
    note = found["note"].upper() + _ACCIDENTALS[found["accidental"]]
    return f"{note} {found['mode'].lower()}" if found["mode"] else note


def described(prompt: str, keys: Mapping[str, JsonValue]) -> str:
    """Return a prompt that says tempo and key too: "calm piano, 120 bpm, in A minor". Keys left out say nothing."""
    tempo, key = keys.get("tempo_bpm"), keys.get("key")
    said = [prompt.strip()]
    if tempo is not None:
        said.append(f"{tempo:g} bpm")
    if key:
        said.append(f"in {spelled(key) or key}")
    return ", ".join(filter(None, said))


def music_params(keys: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what a recipe's `params` keep of tempo and key: `described` reads it there again."""
    found: dict[str, JsonValue] = {}
    if keys.get("tempo_bpm") is not None:
        found["tempo_bpm"] = keys["tempo_bpm"]
    if keys.get("key"):
        found["key"] = spelled(keys["key"]) or keys["key"]
    return found


def complaints_of_music(keys: Mapping[str, JsonValue]) -> Iterator[Complaint]:
    """Yield what is wrong with tempo and key."""
    yield from outside(keys, "tempo_bpm", SLOWEST_BPM, FASTEST_BPM)
    key = keys.get("key")
    if key is not None and spelled(str(key)) is None:
        yield Complaint(
            "key", f"'{key}' is no musical key", "a note, or a note and its mode: A minor, F# major, Eb"
        )
