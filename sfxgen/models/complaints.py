"""What adapters find wrong with a sound's keys, in the same words. Light."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from sfxgen.contracts import Complaint

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue

DTYPES = ("fp32", "fp16", "bf16")


def without_prompt(
    keys: Mapping[str, JsonValue], hint: str = "say what is to be heard"
) -> Iterator[Complaint]:
    """Yield a complaint where there is no prompt."""
    if not str(keys.get("prompt") or "").strip():
        yield Complaint("prompt", "is empty", hint=hint)


def too_long(
    keys: Mapping[str, JsonValue], names: Sequence[str], most_characters: int
) -> Iterator[Complaint]:
    """Yield a complaint for each text that is longer than a model hears."""
    for key in names:
        length = len(str(keys.get(key) or ""))
        if length > most_characters:
            yield Complaint(
                key, f"has {length} characters; the model hears at most {most_characters}", "shorten it"
            )


def outside(keys: Mapping[str, JsonValue], key: str, low: float, high: float) -> Iterator[Complaint]:
    """Yield a complaint where a number is not within bounds."""
    value = keys.get(key)
    if value is not None and not (math.isfinite(value) and low <= value <= high):
        hint = f"write {high:g}, or less" if value > high else f"write {low:g}, or more"
        yield Complaint(key, f"{value:.10g} is not between {low:g} and {high:g}", hint)


def unknown(keys: Mapping[str, JsonValue], key: str, known: Sequence[str], model: str) -> Iterator[Complaint]:
    """Yield a complaint where a word is none of those that a model knows."""
    value = keys.get(key)
    if value is None or value in known:
        return
    close = get_close_matches(str(value), known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"one of {', '.join(known)}"
    yield Complaint(key, f"{model} knows no {key} {value!r}", hint=hint)
