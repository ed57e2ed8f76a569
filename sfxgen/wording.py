"""How mistakes in what people write are worded: by what pydantic finds, and by what is near to it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest known word, or else all of them when they are few."""
    known = sorted(set(known))
    near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{near[0]}'?"
    if 0 < len(known) <= 24:
        return "one of: " + ", ".join(known)
    return ""


_LIMITS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
KINDS = {
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "model_attributes_type": "a mapping (key: value)",
    "list_type": "a list",
}


def worded(detail: Mapping[str, Any], within: type[BaseModel] | None) -> tuple[str, str]:
    """Return what is wrong by a detail of pydantic's, and what would do. `within` is the block whose key it is."""
    kind, given, context = detail["type"], detail.get("input"), detail.get("ctx", {})
    if kind == "extra_forbidden":
        known = within.model_fields.items() if within else ()
        return "unknown key", did_you_mean(str(detail["loc"][-1]), [f.alias or name for name, f in known])
    if kind == "missing" and within is not None:
        needed = [f.alias or name for name, f in within.model_fields.items() if f.is_required()]
        return "is missing", f"it needs {' and '.join(needed)}"
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        limit = context[name]
        if kind == "greater_than" and limit == 0:
            return f"{shown(given)} is not positive", "write a number above 0"
        return f"{shown(given)} is not {words} {limit if isinstance(limit, int) else f'{limit:g}'}", ""
    if kind == "literal_error":
        choices, meant = choices_of(detail), VALUES_ELSEWHERE.get(str(given).lower())
        near = meant if meant in choices else nearest(str(given), choices)
        what = f"{shown(given)} is not {str(context['expected']).replace(chr(39), '')}"
        return what, f"did you mean '{near}'?" if near else ""
    if kind in KINDS:
        return f"expected {KINDS[kind]}, not {shown(given)}", type_hint(kind, given)
    if kind == "finite_number":
        return f"{shown(given)} is not a finite number", ""
    if kind == "string_too_long":
        return f"is longer than {context['max_length']} characters", "say it in fewer words"
    if kind in ("too_short", "string_too_short"):
        return "is empty", "write at least one, or leave the key out"
    if kind == "too_long":
        return f"has more than {context['max_length']} entries", ""
    return str(detail["msg"]), ""


VALUES_ELSEWHERE: Mapping[str, str] = {
    "bfloat16": "bf16",
    "float16": "fp16",
    "float32": "fp32",
    "gpu": "auto",  # a GPU, of whichever kind: by its letters it would be nearest to cpu
    "half": "fp16",
    "metal": "mps",
}
"""What other programs call the values that a key may have."""


def choices_of(literal: Mapping[str, Any]) -> list[str]:
    """Return the choices that the report of a literal names: "'wav', 'ogg' or 'mp3'", or "16 or 24"."""
    return re.split(r", | or ", str(literal["ctx"]["expected"]).replace("'", ""))


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that is nearest to a word, upper and lower case alike."""
    lower = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(word.lower(), lower, n=1)
    return lower[near[0]] if near else None


def shown(value: object) -> str:
    """Word a value as a person wrote it, cut to a line."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 60 else f"'{value[:57]}…'"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f"{value}"


def type_hint(kind: str, given: object) -> str:
    """Return how a value of the wrong type would be written."""
    if kind.startswith("bool") and str(given).lower() in ("yes", "on", "y"):
        return "write true"
    if kind.startswith("bool") and str(given).lower() in ("no", "off", "n"):
        return "write false"
    if kind.startswith("model_") and isinstance(given, str):
        return f"as in {{ preset: {given} }}" if " " not in given else f'as in {{ prompt: "{given}" }}'
    if kind == "string_type" and isinstance(given, int | float):
        return f'quote it: "{shown(given)}"'
    if kind == "float_type" and given == "keep":
        return "keep is for master: { loudness_lufs: keep }"
    if kind in ("float_type", "int_type") and isinstance(given, str):
        return "write the number alone, without quotes or unit"
    return ""


def other_words(first: str, key: str, language: str) -> tuple[str, str]:
    """Word that a table of strings has one text for two lines, and what would do. `first` is the other sound."""
    what = f"is '{key}' in {language} as {first} is, with other words: a table of strings holds one of them"
    return what, "give them different ids in their sheets, or leave strings out of the formats"
