"""Reading a prompt: from words to a preset and its parameters, by a table of words and a few rules.

Drafts stand on this, so it never fails: what is not understood is reported, and the rest still sounds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfxgen.models.synth.parameters import Choice, Number, Preset, Value
from sfxgen.models.synth.presets import PRESETS
from sfxgen.models.synth.vocabulary import (
    CHOICES,
    FILLERS,
    JOINING,
    MORE_PARTICULAR,
    MOVES,
    NEGATIONS,
    PHRASES,
    PLACING,
    SETTINGS,
    SOURCES,
    Source,
)

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue, Kind

NEUTRAL: Mapping[Kind, str] = {"one_shot": "hit", "loop": "wind", "music": "magic", "dialog": "grunt"}
"""The preset of a draft whose prompt names no sound, by kind."""

SYLLABLES_A_WORD = 1.4
TAIL_SHARE = {"magic": 0.6, "powerup": 0.55, "door": 0.75}
"""How much of a preset's whole duration its `length_s` is, where a tail follows."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood of a prompt: "" where no word names a sound. Words are as they stand in the prompt."""

    preset: str
    params: Mapping[str, Value]
    understood: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """One word or phrase of a prompt: its text, the table's form of it, what it names, and its sense."""

    text: str
    form: str
    negated: bool
    placed: bool


def read_prompt(prompt: str) -> Reading:
    """Read a prompt.

    The strongest word that names a sound decides the preset; the first one of equals. What stands after on, in,
    through or against is where it happens and counts less. Other words move the preset's parameters.
    The word after no, not, without is left out, or moves the other way.
    """
    terms = _terms(prompt)
    best: tuple[int, Source] | None = None
    for term in terms:
        source = SOURCES.get(term.form)
        if source is None or term.negated:
            continue
        strength = source.strength - (2 if term.placed else 0)
        if best is None or strength > best[0]:
            best = (strength, source)
    preset = PRESETS[best[1].preset] if best else None
    values = _values(preset, best[1], terms) if preset and best else {}
    understood = tuple(term.text for term in terms if _means_something(term, preset))
    unknown = tuple(t.text for t in terms if t.text not in understood and t.form not in FILLERS)
    return Reading(preset.name if preset else "", values, understood, unknown)


def draft_keys(prompt: str, *, kind: Kind, duration_s: float | None = None) -> dict[str, JsonValue]:
    """Return preset, params and perhaps duration_s of a synth sound that resembles a prompt.

    Never fails: where nothing is understood, or the words are to be spoken, the kind's neutral sound stands in.
    """
    if kind == "dialog":
        keys = _babble(prompt)
    else:
        reading = read_prompt(prompt)
        preset = PRESETS[reading.preset or NEUTRAL[kind]]
        params = dict(reading.params)
        length = preset.by_name.get("length_s")
        # The length was meant for another model, whose shortest may be long: it shortens a sound, never stretches it.
        if duration_s is not None and isinstance(length, Number):
            own = float(params.get("length_s", length.default))
            params["length_s"] = min(own, fitting_length(preset, length, duration_s))
        keys = {"preset": preset.name, "params": params}
    if duration_s is not None:
        keys["duration_s"] = duration_s
    return keys


def fitting_length(preset: Preset, length: Number, duration_s: float) -> float:
    """Return the `length_s` with which a preset's sound takes about `duration_s` altogether."""
    share = TAIL_SHARE.get(preset.name, 1.0)
    return min(max(round(duration_s * share, 6), length.low), length.high)


def _babble(prompt: str) -> dict[str, JsonValue]:
    syllables = max(1.0, min(24.0, float(round(SYLLABLES_A_WORD * len(prompt.split())))))
    params = {"syllables": syllables, "length_s": 0.2, "pitch_hz": 120.0, "roughness": 0.15, "size": 0.4}
    return {"preset": "grunt", "params": params}


def _terms(prompt: str) -> list[Term]:
    terms: list[Term] = []
    # A clause ends at a comma; so does the reach of "no" and "on".
    for clause in re.split(r"[,.;:!?]", prompt.lower().replace("-", " ")):
        words = re.findall(r"[a-z]+(?:'[a-z]+)?", clause)
        negated = placed = False
        index = 0
        while index < len(words):
            count = next((n for n in (3, 2) if " ".join(words[index : index + n]) in PHRASES), 1)
            text = " ".join(words[index : index + count])
            index += count
            if text in NEGATIONS:
                negated = True
            elif text in PLACING:
                placed, negated = True, False
            elif text in JOINING:
                placed = False
                negated = text in ("and", "or") and bool(terms) and terms[-1].negated
            else:
                form = PHRASES.get(text) or stem(text)
                terms.append(Term(text, form, negated, placed))
                negated = negated and form in FILLERS
    return terms


def stem(word: str) -> str:
    """Return the form of a word that the tables know, or the word itself."""
    for form in _forms(word):
        if form in SOURCES or form in MOVES or form in CHOICES or form in SETTINGS or form in FILLERS:
            return form
    return word


def _forms(word: str) -> list[str]:
    forms = [word]
    for ending, other in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            bare = word[: -len(ending)]
            forms.append(bare + other)
            if len(bare) > 3 and bare[-1] == bare[-2]:
                forms.append(bare[:-1])
    return forms


ENDINGS = (
    ("ies", "y"),
    ("ves", "f"),
    ("es", ""),
    ("s", ""),
    ("ing", ""),
    ("ing", "e"),
    ("ed", ""),
    ("ed", "e"),
    ("er", ""),
    ("er", "e"),
    ("ly", ""),
    ("y", ""),
    ("y", "e"),
    ("en", ""),
    ("ier", "y"),
    ("ness", ""),
)


def _means_something(term: Term, preset: Preset | None) -> bool:
    if term.form in SOURCES:
        return True
    if preset is None:
        return False
    known = preset.by_name
    if any(name in known for name, _ in MOVES.get(term.form, ())):
        return True
    if any(name in known for name, _ in SETTINGS.get(term.form, ())):
        return True
    return _choice_of(preset, term.form) is not None


def _choice_of(preset: Preset, form: str) -> tuple[str, str] | None:
    """Return the (parameter, option) of a preset that a word names, or None."""
    for parameter in preset.parameters:
        if isinstance(parameter, Choice):
            for option in (form, *CHOICES.get(form, ())):
                if option in parameter.options:
                    return parameter.name, option
    return None


def _values(preset: Preset, source: Source, terms: list[Term]) -> dict[str, Value]:
    known = preset.by_name
    values: dict[str, Value] = {name: value for name, value in source.params.items() if name in known}
    chosen: set[str] = set()
    for term in terms:
        choice = _choice_of(preset, term.form)
        if choice is not None and not term.negated and (choice[0] not in chosen or term.placed):
            values[choice[0]] = choice[1]
            chosen.add(choice[0])
        for name, value in SETTINGS.get(term.form, ()):
            parameter = known.get(name)
            if isinstance(parameter, Number):
                values[name] = (
                    parameter.low if term.negated else min(max(value, parameter.low), parameter.high)
                )
    for term in terms:
        for name, fraction in MOVES.get(term.form, ()):
            parameter = known.get(name)
            if isinstance(parameter, Number) and MORE_PARTICULAR.get(name) not in known:
                start = float(values.get(name, parameter.default))
                values[name] = round(parameter.moved(start, -fraction if term.negated else fraction), 4)
    return values
