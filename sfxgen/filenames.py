"""File names by template: `{name}_{variant:02}`, or the Universal Category System's `{cat_id}_{fx_name}_{creator}_{source}`.

Pure functions. A template makes the name of a file without its suffix; the folder is always the sound's own.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from sfxgen.paths import folder_problem

DEFAULT_TEMPLATE = "{name}_{variant:02}"
UCS_TEMPLATE = "{cat_id}_{fx_name}_{creator}_{source}"

PLACEHOLDERS = (
    "id",
    "folder",
    "name",
    "variant",
    "category",
    "cat_id",
    "fx_name",
    "creator",
    "source",
    "project",
)
"""What a template may hold. The number of a variant may be padded: {variant:02}."""

MAX_STEM_LENGTH = 200
"""Of a file name without its suffix: disks take 255 bytes, and a sidecar's suffix comes after the file's own."""

MAX_TEXT_LENGTH = 100
"""Of what a template has beside its placeholders, numbers included."""

_HIGHEST_NUMBER = 999_999
"""Room for so high a number is kept in every name, so that all variants of a sound are shortened alike."""
_TELL_SOUNDS_APART = frozenset({"id", "name", "fx_name"})
_NUMBERED = frozenset({"variant", "fx_name"})
_PART = re.compile(r"\{(?P<key>[^{}]*)\}|(?P<text>[^{}]+)|(?P<brace>[{}])")
_NUMBER_FORMAT = re.compile(r"0[1-6]\Z")
_UNSAFE = re.compile(r"[^A-Za-z0-9 _,+&()-]+")
_SEPARATORS = " _-"
_SAFE_IN_WORDS = "use letters, digits, spaces and _ - , + & ( )"
_NOT_DECOMPOSED = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
)
"""Latin letters that Unicode does not decompose into a plain one and an accent."""
_UCS_FILE = "ucs.txt"
NO_CREATOR = (
    "names a {creator}, but there is none",
    "write creator: and a short name for who makes the sounds in sfxgen.yaml",
)
"""What is wrong with a template that names one, and a hint, where the project has none."""


def template_problem(
    template: str, *, for_one_sound: bool = False, numbered: bool = True
) -> tuple[str, str] | None:
    """Return (what is wrong, hint) with a template of file names, or None.

    `for_one_sound`: it is one sound's own, and need not tell sounds apart. `numbered`: its sounds have variants,
    which it has to tell apart, by {variant} or by {fx_name}, which then ends with the variant's number.
    """
    if not template.strip():
        return "is empty", f"leave it out for {DEFAULT_TEMPLATE}"
    for key, text in _parts(template):
        problem = _key_problem(key) if key is not None else _text_problem(text)
        if problem:
            return problem
    if len(_filled(template, dict.fromkeys(PLACEHOLDERS, ""), _HIGHEST_NUMBER)) > MAX_TEXT_LENGTH:
        return f"has more than {MAX_TEXT_LENGTH} characters of its own", "shorten it"
    keys = placeholders(template)
    if numbered and not _NUMBERED & keys:
        return "names all variants of a sound alike", "add {variant:02}"
    if not for_one_sound and not _TELL_SOUNDS_APART & keys:
        return "names all sounds of a folder alike", "add {name}, {id} or {fx_name}"
    return None


@lru_cache(maxsize=64)
def placeholders(template: str) -> frozenset[str]:
    """Return the names of a template's placeholders, so that what it needs can be asked for."""
    return frozenset(key.partition(":")[0] for key, _ in _parts(template) if key is not None)


def value_problem(value: str) -> tuple[str, str] | None:
    """Return (what is wrong, hint) with a text that file names are made of (fx_name, creator, source), or None.

    Accents are fine: letters lose them.
    """
    if not value.strip():
        return "is empty", "leave it out, or write a word"
    return _unsafe_problem(_plain(value))


def cat_id_problem(cat_id: str) -> tuple[str, str] | None:
    """Return (what is wrong, hint) with a CatID, or None: those of the system's list, with a -UserCategory or not."""
    base, dash, own = cat_id.partition("-")
    known = ucs_cat_ids()
    if base in known:
        return _unsafe_problem(own) if dash else None
    same = {known_id.casefold(): known_id for known_id in known}
    near = same.get(base.casefold()) or next(iter(difflib.get_close_matches(base, known, n=1)), None)
    hint = f"did you mean '{near}'?" if near else "universalcategorysystem.com lists them"
    return f"'{base}' is no CatID of the Universal Category System", hint


@lru_cache(maxsize=1)
def ucs_cat_ids() -> tuple[str, ...]:
    """Return all CatIDs of the Universal Category System, list v8.2.1."""
    lines = Path(__file__).with_name(_UCS_FILE).read_text(encoding="ascii").splitlines()
    return tuple(cat_id for line in lines if not line.startswith("#") for cat_id in line.split())


def fx_name_of(sound_id: str) -> str:
    """Return a sound's name for people, made of its id: footstep/gravel_wet → Footstep Gravel Wet."""
    words = re.split(r"[^A-Za-z0-9]+", sound_id)
    return " ".join(word[0].upper() + word[1:] for word in words if word)


def file_name(
    template: str,
    *,
    id: str,
    folder: str,
    name: str,
    variant: int,
    category: str = "",
    cat_id: str = "",
    fx_name: str = "",
    creator: str = "",
    source: str = "",
    project: str = "",
) -> str:
    """Return the name of a variant's file, without its suffix, good on every disk.

    The template has no problem (`template_problem`). Letters lose their accents, and what some disk does not take
    becomes a space; / in an `id` or a `folder` becomes _. In `fx_name` (made of the id if ""), `creator` and `source`
    _ becomes a space too, because it ends a block of a UCS name. Where the template has no {variant}, the number
    follows `fx_name`: Gravel 01. A value that is "" takes a separator beside it along. What is longer than
    MAX_STEM_LENGTH loses the end of its longest value.
    Two variants of a sound never get one name. Two sounds may, by their `fx_name` or a `name` that ends with a number:
    that is for the caller to see.
    """
    blocks = {"fx_name": fx_name, "creator": creator, "source": source}
    paths = {"id": id, "folder": folder}
    plain = {"name": name, "category": category, "cat_id": cat_id, "project": project}
    values = {}
    for key in placeholders(template) - {"variant"}:
        if key in blocks:
            values[key] = _safe(blocks[key].replace("_", " "))
        else:
            values[key] = _safe(paths[key].replace("/", "_") if key in paths else plain[key])
    if values.get("fx_name") == "":
        values["fx_name"] = fx_name_of(id)
    stem = _filled(template, _shortened(template, values), variant).strip(" ") or _safe(name)
    # What may still be wrong is a reserved name of Windows: con, nul, com1.
    return f"{stem}_" if folder_problem(stem) else stem


@lru_cache(maxsize=64)
def _parts(template: str) -> tuple[tuple[str | None, str], ...]:
    """Return (placeholder, "") or (None, text) for each part of a template; a lone brace is text."""
    return tuple((match["key"], match["text"] or match["brace"] or "") for match in _PART.finditer(template))


def _key_problem(key: str) -> tuple[str, str] | None:
    name, colon, number_format = key.partition(":")
    if name not in PLACEHOLDERS:
        near = difflib.get_close_matches(name, PLACEHOLDERS, n=1)
        hint = f"did you mean {{{near[0]}}}?" if near else f"there are {', '.join(PLACEHOLDERS)}"
        return f"holds the unknown placeholder {{{key}}}", hint
    if colon and (name != "variant" or not _NUMBER_FORMAT.match(number_format)):
        return (
            f"holds {{{key}}}, a format that it cannot have",
            "write {variant:02} for 01, {variant:03} for 001",
        )
    return None


def _text_problem(text: str) -> tuple[str, str] | None:
    if "/" in text or "\\" in text:
        return "holds a folder separator", "a file stands in the folder of its sound's id: change the id"
    if "{" in text or "}" in text:
        return "holds a { or } without its partner", "write placeholders such as {name}"
    return _unsafe_problem(text)


def _unsafe_problem(text: str) -> tuple[str, str] | None:
    unsafe = _UNSAFE.search(text)
    return (
        (f"holds {unsafe[0]!r}, which some disks or engines do not take", _SAFE_IN_WORDS) if unsafe else None
    )


def _plain(text: str) -> str:
    """Return a text with its accents off: Tür → Tur."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text.translate(_NOT_DECOMPOSED))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _safe(text: str) -> str:
    return " ".join(_UNSAFE.sub(" ", _plain(text)).split())


def _filled(template: str, values: Mapping[str, str], variant: int) -> str:
    numbered = "variant" in placeholders(template)
    stem, glued = "", False
    for key, text in _parts(template):
        name, _, number_format = (key or "").partition(":")
        value = text
        if name == "variant":
            value = f"{variant:{number_format}}"
        elif name:
            value = values[name]
        if name == "fx_name" and not numbered:
            value = f"{value} {variant:02}".lstrip()
        if not value:
            before = stem.rstrip(_SEPARATORS)
            glued = before == stem
            stem = before
            continue
        stem += value.lstrip(_SEPARATORS) if glued and key is None else value
        glued = False
    return stem


def _shortened(template: str, values: dict[str, str]) -> dict[str, str]:
    """Cut the ends of the longest values off until the name is short enough, with any number."""
    values = dict(values)
    used = sorted(placeholders(template) & values.keys())
    while len(_filled(template, values, _HIGHEST_NUMBER)) > MAX_STEM_LENGTH and any(
        values[key] for key in used
    ):
        longest = max(used, key=lambda key: len(values[key]))
        values[longest] = values[longest][:-1].rstrip()
    return values
