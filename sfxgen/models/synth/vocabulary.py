"""The words that prompts are read by: `vocabulary.toml` as typed, frozen tables, loaded when first asked for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from itertools import chain
from typing import Any

TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+(?:\.\d+)?")
"""What a prompt, and a phrase of the tables, is cut into: words and numbers."""


@dataclass(frozen=True, slots=True)
class Share:
    """A value by its place in a parameter's range: 0 is its low end, 1 its high end, on its own scale."""

    fraction: float


Level = float | str | Share
"""What a word sets a parameter to: a number in its unit, one of a choice's options, or a share of its range."""


@dataclass(frozen=True, slots=True)
class Source:
    """One sense of a word that names a sound: the preset, with some parameters set.

    `rank` decides between the words of a prompt: 4 names one sound and no other, 3 a thing that sounds, 2 an action
    or a thing that may be struck, 1 a place or a material. A sense with `near` counts only beside one of those words.
    """

    preset: str
    rank: int
    params: Mapping[str, Level]
    near: frozenset[str]


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a choice, of any parameter that has it where `parameter` is ""."""

    parameter: str
    option: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Every table by the bare form of its words; what each is for is told at the top of the file."""

    sounds: Mapping[str, tuple[Source, ...]]
    options: Mapping[str, tuple[Option, ...]]
    moves: Mapping[str, Mapping[str, float]]
    sets: Mapping[str, Mapping[str, Level]]
    places: Mapping[str, Mapping[str, Level]]
    counts: Mapping[str, int]
    numerals: Mapping[str, float]
    rhythms: Mapping[str, Mapping[str, Level]]
    units: Mapping[str, Mapping[str, float]]
    degrees: Mapping[str, float]
    words: Mapping[str, frozenset[str]]
    forms: Mapping[str, str]
    phrases: Mapping[str, str]
    counted: Mapping[str, str]
    instead: Mapping[str, tuple[str, ...]]
    textures: Mapping[str, str]
    known: frozenset[str]

    def works_alone(self, form: str) -> bool:
        """Return whether a form is one of the small words that join, place or deny."""
        return any(form in self.words[work] for work in SMALL)

    def stem(self, word: str) -> str:
        """Return the form of a word that the tables know, or the word itself."""
        found = [self.forms.get(form, form) if form not in self.sounds else form for form in candidates(word)]
        if found[0] in self.known:
            return found[0]
        # "Scraping" is rather of scrape, which sounds, than of scrap.
        named = next((form for form in found if form in self.sounds), None)
        return named or next((form for form in found if form in self.known), word)


SMALL = ("function", "joining", "adding", "placing", "negations")
"""The works of small words that end what was said of a noun."""


ENDINGS = (
    ("'s", ""),
    ("ies", "y"),
    ("ves", "f"),
    ("s", ""),
    ("es", ""),
    ("ing", ""),
    ("ing", "e"),
    ("ed", ""),
    ("ed", "e"),
    ("er", ""),
    ("er", "e"),
    ("ers", ""),
    ("ers", "e"),
    ("ings", ""),
    ("ings", "e"),
    ("ily", "y"),
    ("ly", ""),
    ("ly", "le"),
    ("y", ""),
    ("y", "e"),
    ("en", ""),
    ("en", "e"),
    ("ier", "y"),
    ("iest", "y"),
    ("est", ""),
    ("est", "e"),
    ("ness", ""),
    ("ish", ""),
    ("ish", "e"),
    ("like", ""),
    ("ful", ""),
)
"""Endings of words, and what stood in their place."""


AMERICAN = re.compile(r"iz(?=e[drs]?$|es$|ing$|ation$)")
"""Where American spelling has a z for an s."""


def candidates(word: str) -> Iterator[str]:
    """Yield a word, and what it may be an inflection of."""
    yield word
    for ending, other in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= (2 if other == "y" else 3):
            bare = word[: -len(ending)]
            yield bare + other
            if len(bare) > 3 and bare[-1] == bare[-2]:
                yield bare[:-1]
    respelt = AMERICAN.sub("is", word)
    if respelt != word:
        yield from candidates(respelt)


@cache
def vocabulary() -> Vocabulary:
    """Return the tables of `vocabulary.toml`; the file is read once."""
    text = resources.files("sfxgen.models.synth").joinpath("vocabulary.toml").read_text(encoding="utf-8")
    return from_tables(tomllib.loads(text))


def from_tables(tables: Mapping[str, Any]) -> Vocabulary:
    """Make the vocabulary of a parsed file."""
    small = {work: frozenset(_listed(listed)) for work, listed in tables["words"].items()}
    rows = {
        name: {word: value for row, value in tables[name].items() for word in row.split()}
        for name in ("moves", "sets", "places", "counts", "numerals", "rhythms", "units", "degrees")
    }
    sounds = _sounds(tables["sounds"], {f"@{name}": listed for name, listed in tables["groups"].items()})
    options = _options(tables["options"])
    company = (source.near for sources in sounds.values() for source in sources)
    listed: list[Iterable[str]] = [sounds, options, *rows.values(), *small.values(), *company]
    forms = {other: form for form, others in tables["forms"].items() for other in others.split()}
    bare = Vocabulary(
        sounds=sounds,
        options=options,
        moves=rows["moves"],
        sets=_levels(rows["sets"]),
        places=_levels(rows["places"]),
        counts=rows["counts"],
        numerals=rows["numerals"],
        rhythms=_levels(rows["rhythms"]),
        units=rows["units"],
        degrees=rows["degrees"],
        words=small,
        forms=forms,
        phrases={},
        counted=dict(tables["counted"]),
        instead={name: tuple(others.split()) for name, others in tables["instead"].items()},
        textures=dict(tables["textures"]),
        known=frozenset(chain.from_iterable(listed)),
    )
    return _with_phrases(bare)


def _listed(value: str | list[str]) -> list[str]:
    return value.split() if isinstance(value, str) else [word for part in value for word in part.split()]


def _level(value: float | str) -> Level:
    if isinstance(value, str):
        return Share(float(value[:-1]) / 100) if value.endswith("%") else value
    return float(value)


def _levels(rows: Mapping[str, Mapping[str, float | str]]) -> dict[str, Mapping[str, Level]]:
    return {word: {name: _level(value) for name, value in row.items()} for word, row in rows.items()}


def _sounds(
    tables: Mapping[str, Mapping[str, Any]], groups: Mapping[str, str]
) -> dict[str, tuple[Source, ...]]:
    senses: dict[str, list[Source]] = {}
    for preset, rows in tables.items():
        for words, row in rows.items():
            values = dict(row) if isinstance(row, Mapping) else {"rank": row}
            rank, named = values.pop("rank"), values.pop("near", "").split()
            near = frozenset(word for name in named for word in groups.get(name, name).split())
            source = Source(preset, rank, {name: _level(value) for name, value in values.items()}, near)
            for word in words.split():
                senses.setdefault(word, []).append(source)
    return {word: tuple(sorted(found, key=lambda s: not s.near)) for word, found in senses.items()}


def _options(rows: Mapping[str, str | list[str]]) -> dict[str, tuple[Option, ...]]:
    options: dict[str, list[Option]] = {}
    for name, words in rows.items():
        parameter, _, option = name.rpartition(".")
        listed = _listed(words)
        # The shells of an option are found as "shell" where that is listed, so that the word keeps its other senses.
        own = () if option.removesuffix("s") in listed else (option,)
        for word in (*own, *listed):
            options.setdefault(word, []).append(Option(parameter, option))
    return {word: tuple(found) for word, found in options.items()}


def _with_phrases(words: Vocabulary) -> Vocabulary:
    """Add the words of several parts, by their parts: as they stand, run together, and with each in its bare form."""
    several = {word: word for word in words.known if len(TOKEN.findall(word)) > 1}
    several |= {other: form for other, form in words.forms.items() if len(TOKEN.findall(other)) > 1}
    phrases: dict[str, str] = {}
    for spell in (_as_it_stands, _run_together):
        phrases |= {spell(written): form for written, form in several.items()}
    for written, form in several.items():
        phrases.setdefault(" ".join(words.stem(part) for part in TOKEN.findall(written)), form)
    return replace(words, phrases=phrases)


def _as_it_stands(word: str) -> str:
    return " ".join(TOKEN.findall(word))


def _run_together(word: str) -> str:
    return "".join(TOKEN.findall(word))


def every_word(words: Vocabulary) -> Iterable[str]:
    """Return all words that the tables know, other spellings and irregular forms among them."""
    return words.known | words.forms.keys()


SHORTEST_TYPO = 5
"""Shorter words are near to too many others."""


@cache
def _spellings() -> Mapping[tuple[str, int], tuple[tuple[str, int], ...]]:
    """Return the single words by their first letter and length, each with the set of its letters."""
    by_start: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for word in sorted(every_word(vocabulary())):
        if len(word) >= SHORTEST_TYPO and word.isalpha():
            by_start.setdefault((word[0], len(word)), []).append((word, _letters(word)))
    return {start: tuple(found) for start, found in by_start.items()}


def _letters(word: str) -> int:
    return sum(1 << ord(letter) - ord("a") for letter in set(word) if "a" <= letter <= "z")


@lru_cache(maxsize=8192)
def nearest(word: str) -> str:
    """Return the known word that an unknown one may be mistyped for, or "": one edit away, of a long word two."""
    if len(word) < SHORTEST_TYPO or not word.isalpha():
        return ""
    letters, reach = _letters(word), 1 if len(word) < 7 else 2
    found: list[tuple[int, str]] = []
    for length in range(len(word) - reach, len(word) + reach + 1):
        for other, its_letters in _spellings().get((word[0], length), ()):
            # An edit changes two letters of the set at most.
            if (letters ^ its_letters).bit_count() <= 2 * reach:
                distance = edits(word, other)
                if distance <= reach:
                    found.append((distance, other))
    return min(found)[1] if found else ""


def edits(one: str, other: str) -> int:
    """Return how many letters are to be put in, left out, changed, or swapped with the next (Damerau 1964)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, its in enumerate(other, 1):
            cost = min(row[j - 1] + 1, before[j] + 1, before[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
