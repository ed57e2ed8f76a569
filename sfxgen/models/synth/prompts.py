"""Reading a prompt: from words to a preset and its parameters, by tables of words and a few rules.

Drafts stand on this, so it never fails: what is not understood is reported, and the rest still sounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeVar

from sfxgen.models.synth.parameters import Choice, Number, Parameter, Preset, Value
from sfxgen.models.synth.presets import PRESETS
from sfxgen.models.synth.vocabulary import TOKEN, Level, Share, Source, Vocabulary, candidates, vocabulary

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue, Kind

T = TypeVar("T")

NEUTRAL: Mapping[Kind, str] = {"one_shot": "hit", "loop": "wind", "music": "magic", "dialog": "grunt"}
"""The preset of a draft whose prompt names no sound, by kind."""

SYLLABLES_A_WORD = 1.4
WHOLE: Mapping[str, tuple[float, float]] = {
    "error": (1.0, 0.15),
    "panel": (0.85, 0.1),
    "countdown_beep": (1.0, 0.07),
    "powerup": (1.0, 0.62),
    "keys": (0.95, 0.12),
    "rattle": (1.0, 0.12),
    "bone": (1.0, 0.1),
    "metal_crunch": (0.9, 0.22),
    "door": (1.0, 0.34),
    "lever": (1.0, 0.19),
    "gate": (1.0, 0.5),
    "drawer": (1.0, 0.19),
    "sliding_door": (1.0, 0.28),
    "sword_draw": (0.8, 0.78),
    "whip": (1.0, 0.23),
    "charge": (1.0, 0.24),
    "teleport": (1.0, 0.46),
    "magic": (1.15, 0.6),
    "ice_spell": (0.8, 0.9),
    "heal": (1.1, 1.2),
    "curse": (1.0, 0.78),
    "buff": (1.05, 1.03),
    "summon": (1.15, 0.5),
    "chirp": (3.8, 0.06),
    "whisper": (6.0, 0.0),
    "laugh": (6.0, 0.0),
    "servo": (1.0, 0.14),
    "steam": (1.2, 0.12),
    "camera": (1.0, 0.29),
    "powerup_machine": (1.24, 0.0),
    "sonar": (1.0, 2.23),
    "thunder": (0.8, 0.25),
    "fanfare": (0.6, 1.5),
    "victory": (0.85, 1.0),
    "defeat": (1.0, 0.79),
    "drum_roll": (1.0, 0.33),
    "sad_trombone": (1.0, 1.03),
}
"""How long a preset sounds altogether, where that is not its `length_s`: so many times that, and a tail in seconds.

Measured at the presets' other defaults.
"""

Role = Literal["names", "sets", "moves", "places", "counts", "agrees", "filler", "ignored", "unknown"]
"""What a word did. An ignored word is known, and had nothing to change in this preset."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One word or phrase of a prompt, as it stands there, with what it did: "weight 0.5 → 0.85"."""

    word: str
    role: Role
    effect: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood of a prompt: `preset` is "" where no word names a sound.

    `meanings` has every word in the order of the prompt, but for articles, prepositions and the like.
    """

    preset: str
    params: Mapping[str, Value]
    meanings: tuple[Meaning, ...]

    @property
    def understood(self) -> tuple[Meaning, ...]:
        """The words that named the sound, changed it, or agree with it."""
        return tuple(m for m in self.meanings if m.role not in ("filler", "ignored", "unknown"))

    @property
    def ignored(self) -> tuple[str, ...]:
        """The known words that had nothing to change."""
        return tuple(m.word for m in self.meanings if m.role == "ignored")

    @property
    def unknown(self) -> tuple[str, ...]:
        """The words that no table knows."""
        return tuple(m.word for m in self.meanings if m.role == "unknown")


@dataclass(frozen=True, slots=True)
class Term:
    """One word or phrase of a prompt: its text, the tables' form of it, and where it stands.

    `amount` is a number written before a unit, or a count in figures. A term that is `aside` stands after on, in or
    with: it is where a sound happens or what goes with it.
    """

    text: str
    form: str
    negated: bool = False
    aside: bool = False
    degree: float = 1.0
    amount: float | None = None
    adjoins: bool = False
    clause: int = 0


@dataclass(slots=True)
class Draft:
    """A preset's values while the words of a prompt change them, and what each word did."""

    preset: Preset
    known: Mapping[str, Parameter]
    near: frozenset[str]
    values: dict[str, Value] = field(default_factory=dict)
    roles: dict[int, Role] = field(default_factory=dict)
    effects: dict[int, list[str]] = field(default_factory=dict)
    chosen: set[str] = field(default_factory=set)

    def did(self, index: int, role: Role, effect: str) -> None:
        """Note what the term of that index did."""
        if self.roles.get(index) == "agrees" != role:
            # That it changed something says more.
            self.roles[index], self.effects[index] = role, [effect]
        else:
            self.roles.setdefault(index, role)
            self.effects.setdefault(index, []).append(effect)

    def put(self, index: int, role: Role, name: str, value: Value) -> None:
        """Give a parameter a value because of the term of that index."""
        before = self.values.get(name, self.known[name].default)
        self.values[name] = value
        self.did(
            index,
            role,
            f"{name} {_plain(before)} → {_plain(value)}" if before != value else f"{name} {_plain(value)}",
        )


@lru_cache(maxsize=4096)
def read_prompt(prompt: str, kind: Kind | None = None) -> Reading:
    """Read a prompt.

    The word of the highest rank that names a sound decides the preset; the first one of equals, but the last of a
    compound ("spaceship door"). What stands after on, in, through or with is where it happens or what goes with it,
    and counts less. Other words set or move the preset's parameters. The word after no, not, without is left out, or
    moves the other way. Where a loop is asked for, or an ambience, textures come before sounds that end.
    """
    words = vocabulary()
    terms = _terms(prompt, words)
    found = _chosen(terms, words, kind)
    if found is None:
        return Reading(
            "", MappingProxyType({}), tuple(_meaning_without_preset(term, words) for term in terms)
        )
    index, source = found
    preset = PRESETS[_stand_in(source.preset, words) if kind == "loop" else source.preset]
    draft = Draft(preset, _parameters(preset.name), source.near)
    if preset.name == source.preset:
        draft.did(index, "names", preset.name)
        _set_row(draft, index, "names", source.params, words)
    else:
        draft.did(index, "names", f"{source.preset}, as a loop {preset.name}")
    for step in (_agree, _choose, _set, _place, _count, _move):
        step(draft, terms, index, words)
    meanings = tuple(_meaning(term, at, draft, words) for at, term in enumerate(terms))
    return Reading(preset.name, MappingProxyType(draft.values), meanings)


def draft_keys(prompt: str, *, kind: Kind, duration_s: float | None = None) -> dict[str, JsonValue]:
    """Return preset, params and perhaps duration_s of a synth sound that resembles a prompt.

    Never fails: where nothing is understood, or the words are to be spoken, the kind's neutral sound stands in.
    """
    if kind == "dialog":
        keys = _babble(prompt)
    else:
        reading = read_prompt(prompt, kind)
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
    times, tail_s = WHOLE.get(preset.name, (1.0, 0.0))
    return min(max(round((duration_s - tail_s) / times, 6), length.low), length.high)


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """Return the form of a word that the tables know, or the word itself."""
    return vocabulary().stem(word)


def _babble(prompt: str) -> dict[str, JsonValue]:
    syllables = max(1.0, min(24.0, float(round(SYLLABLES_A_WORD * len(prompt.split())))))
    params = {"syllables": syllables, "length_s": 0.2, "pitch_hz": 120.0, "roughness": 0.15, "size": 0.4}
    return {"preset": "grunt", "params": params}


# A clause ends at a comma; so does the reach of "no" and "on".
_CLAUSE_END = re.compile(r"[,;:!?()\[\]|/\n]|\.(?!\d)|\s-\s|\bthen\b|\bfollowed by\b")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LONGEST_PHRASE = 4


def _terms(prompt: str, words: Vocabulary) -> list[Term]:
    terms: list[Term] = []
    # "DoorOpen" and "door_open" are names of files, and read as they are meant.
    spaced = _HUMP.sub(" ", prompt).lower().replace("_", " ").replace("’", "'")
    for number, clause in enumerate(_CLAUSE_END.split(spaced)):
        found = [word for word in TOKEN.findall(clause) if word not in words.words["articles"]]
        terms += _clause_terms(found, number, words)
    return terms


def _clause_terms(found: Sequence[str], clause: int, words: Vocabulary) -> list[Term]:
    small = words.words
    terms: list[Term] = []
    negated = aside = adjoins = False
    degree = 1.0
    at = 0
    while at < len(found):
        text, form, length = _next(found, at, words)
        at += length
        if form in small["function"]:
            adjoins = False
            continue
        if form in small["negations"]:
            negated = True
        elif form in small["placing"] or form in small["adding"]:
            # "without reverb in it": what is placed is no longer denied.
            aside, negated = True, negated and form in small["adding"]
        elif form in small["joining"]:
            # "with glass and dust" adds both; "on wood and then steps" is over.
            aside = aside and bool(terms) and terms[-1].aside
            negated = form in ("and", "or") and bool(terms) and terms[-1].negated
        elif form in words.degrees:
            degree = words.degrees[form]
            terms.append(Term(text, form, clause=clause))
            continue
        elif _is_number(text):
            amount = float(text)
            unit = stem(found[at]) if at < len(found) else ""
            if unit in words.units:
                text, form, at = f"{text} {found[at]}", unit, at + 1
            # The number at an end, or "03", is one of a file's name.
            elif at == len(found) or text[0] == "0":
                continue
            terms.append(Term(text, form, amount=amount, clause=clause))
        else:
            for part, its_form in _parts(text, form, words):
                terms.append(Term(part, its_form, negated, aside, degree, adjoins=adjoins, clause=clause))
                adjoins = True
            negated = negated and form in small["fillers"]
            degree = 1.0
            continue
        adjoins = False
    return terms


def _next(found: Sequence[str], at: int, words: Vocabulary) -> tuple[str, str, int]:
    """Return the text, form and length in words of the longest phrase that begins there, or of the word."""
    for length in range(min(_LONGEST_PHRASE, len(found) - at), 1, -1):
        part = found[at : at + length]
        form = words.phrases.get(" ".join(part)) or words.phrases.get(" ".join(map(stem, part)))
        if form is not None:
            return " ".join(part), form, length
    word = found[at]
    if joined := _joined(found, at, words):
        return f"{word} {found[at + 1]}", joined, 2
    form = stem(word)
    return word, form if form in words.known else words.phrases.get(word, form), 1


def _joined(found: Sequence[str], at: int, words: Vocabulary) -> str:
    """Return the form of two words that the tables know as one ("gun shot"), or ""."""
    if at + 1 >= len(found) or min(len(found[at]), len(found[at + 1])) < 3:
        return ""
    form = stem(found[at] + found[at + 1])
    return form if form in words.sounds else ""


def _parts(text: str, form: str, words: Vocabulary) -> list[tuple[str, str]]:
    """Return a word with its form, or the two known words that an unknown one is made of ("swordhit")."""
    if form not in words.known:
        for cut in range(3, len(text) - 2):
            first, second = stem(text[:cut]), stem(text[cut:])
            if first in words.known and second in words.known:
                return [(text[:cut], first), (text[cut:], second)]
    return [(text, form)]


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


ASIDE = 2.0
"""How many ranks a word loses that stands after on, in or with."""
LATER = 1.5
"""How many ranks a word loses that stands in a later clause than the first that names a sound: it adds details."""
SUSTAINED = 1.5
"""How many ranks textures gain in an ambience."""
LOOPED = 6.0
"""How many ranks textures gain where a loop is asked for."""


def _chosen(terms: Sequence[Term], words: Vocabulary, kind: Kind | None) -> tuple[int, Source] | None:
    """Return the term that names the sound, by its index, and its sense."""
    wants_bed = any(t.form in words.words["sustained"] for t in terms)
    best: tuple[float, int, Source] | None = None
    first: int | None = None
    for index, term in enumerate(terms):
        if term.negated or (source := _sense(terms, index, words)) is None:
            continue
        first = term.clause if first is None else first
        rank = source.rank - (ASIDE if term.aside else 0.0) - (LATER if term.clause > first else 0.0)
        if PRESETS[source.preset].sustained:
            rank += LOOPED if kind == "loop" else SUSTAINED if wants_bed else 0.0
        elif kind == "loop" and source.preset in words.textures:
            rank += LOOPED - 0.5
        heads = best is not None and best[1] == index - 1 and _heads_compound(term)
        if best is None or rank > best[0] or (rank == best[0] and heads):
            best = (rank, index, source)
    if best is None or (kind == "loop" and not PRESETS[_stand_in(best[2].preset, words)].sustained):
        return None
    return best[1], best[2]


def _heads_compound(term: Term) -> bool:
    """Return whether a term may be the second part of a compound: it adjoins the first, and looks like no verb."""
    return term.adjoins and not term.text.endswith(("ing", "ed", "s"))


def _sense(terms: Sequence[Term], index: int, words: Vocabulary) -> Source | None:
    """Return what a term sounds like beside the other terms, or None."""
    for source in words.sounds.get(_sounding(terms[index].form), ()):
        if not source.near or source.near & _company(terms, index, words):
            return source
    return None


@lru_cache(maxsize=8192)
def _sounding(form: str) -> str:
    """Return the form by which the table of sounds may know a word that others know: snare-drum a drum, buzzing a buzz."""
    words = vocabulary()
    if form in words.sounds:
        return form
    if form.endswith("ing"):
        return next((other for other in candidates(form) if other in words.sounds), form)
    last = form.rpartition("-")[2]
    return last if form in words.options and last in words.sounds else form


def _company(terms: Sequence[Term], index: int, words: Vocabulary) -> set[str]:
    """Return the forms of the other terms, their parts, and the presets that they name."""
    company: set[str] = set()
    for other, term in enumerate(terms):
        if other != index and not term.negated:
            company.add(term.form)
            company.update(term.form.split("-"))
            company.update(source.preset for source in words.sounds.get(term.form, ()) if not source.near)
    return company


def _stand_in(preset: str, words: Vocabulary) -> str:
    return preset if PRESETS[preset].sustained else words.textures.get(preset, preset)


@cache
def _parameters(preset: str) -> Mapping[str, Parameter]:
    return PRESETS[preset].by_name


def _agree(draft: Draft, terms: Sequence[Term], chosen: int, words: Vocabulary) -> None:
    """Let the other words that name sounds of the same family say more of it: the pistol of "pistol shot"."""
    for index, term in enumerate(terms):
        if index != chosen and term.form in draft.near:
            draft.did(index, "agrees", f"with {draft.preset.name}")
        source = None if index == chosen or term.negated else _sense(terms, index, words)
        if source is not None and PRESETS[source.preset].family == draft.preset.family:
            if source.preset == draft.preset.name and term.form not in draft.near:
                draft.did(index, "agrees", f"with {draft.preset.name}")
            fresh = {name: level for name, level in source.params.items() if name not in draft.values}
            _set_row(draft, index, "sets", fresh, words)


def _choose(draft: Draft, terms: Sequence[Term], chosen: int, words: Vocabulary) -> None:
    """Set the choices by the first word that names an option; but what stands after on or in decides over others.

    A material is a thing's own: "a metal pipe falls on concrete".
    """
    del chosen
    placed: set[str] = set()
    for index, term in enumerate(terms):
        if term.negated:
            continue
        for name, option in _options_of(draft.preset.name, term.form, words):
            wins = term.aside and name != "material" and name not in placed
            if name not in draft.chosen or wins:
                draft.put(index, "sets", name, option)
                draft.chosen.add(name)
                if term.aside:
                    placed.add(name)


@lru_cache(maxsize=4096)
def _options_named(preset: str, form: str) -> tuple[tuple[str, str], ...]:
    return tuple(_find_options(preset, form, vocabulary()))


def _options_of(preset: str, form: str, words: Vocabulary) -> tuple[tuple[str, str], ...]:
    """Return the (parameter, option) pairs of a preset that a word names: of a choice, the likeliest option."""
    return _options_named(preset, form) if form in words.options or "-" in form else ()


def _find_options(preset: str, form: str, words: Vocabulary) -> Iterator[tuple[str, str]]:
    for parameter in PRESETS[preset].parameters:
        if isinstance(parameter, Choice):
            for part in (form, *form.split("-")):
                for named in words.options.get(part, ()):
                    if named.option in parameter.options and named.parameter in ("", parameter.name):
                        yield parameter.name, part if part in parameter.options else named.option
                        break
                else:
                    continue
                break


def _set(draft: Draft, terms: Sequence[Term], chosen: int, words: Vocabulary) -> None:
    """Set layers and manners ("with birds", "idling"), and what is given as a number with its unit."""
    for index, term in enumerate(terms):
        row: Mapping[str, Level] = _row(words.sets, term.form)
        if term.form in words.units and term.amount is not None:
            row = {name: each * term.amount for name, each in words.units[term.form].items()}
        elif index == chosen:
            row = {name: level for name, level in row.items() if name not in draft.values}
        _set_row(draft, index, "sets", row, words, negated=term.negated)


def _row(table: Mapping[str, Mapping[str, T]], form: str) -> Mapping[str, T]:
    """Return a word's row, or that of what it is the plural of."""
    return table.get(form) or table.get(form.removesuffix("s")) or {}


def _place(draft: Draft, terms: Sequence[Term], chosen: int, words: Vocabulary) -> None:
    """Set where it sounds. Of several places, the farther and the larger one is heard."""
    reached: dict[str, Level] = {}
    for index, term in enumerate(terms):
        # "Underwater" is told already by the sound that it decided for.
        told = index == chosen or term.form in draft.near
        row = {} if told else words.places.get(term.form, {})
        farther = {n: level for n, level in row.items() if term.negated or _farther(level, reached.get(n))}
        _set_row(draft, index, "places", farther, words, negated=term.negated)
        reached |= farther


def _farther(level: Level, reached: Level | None) -> bool:
    return not isinstance(level, float) or not isinstance(reached, float) or level > reached


def _set_row(
    draft: Draft,
    index: int,
    role: Role,
    row: Mapping[str, Level],
    words: Vocabulary,
    *,
    negated: bool = False,
) -> None:
    for name, level in row.items():
        parameter = draft.known.get(name)
        if isinstance(parameter, Number) and not isinstance(level, str):
            if words.instead.get(name) not in draft.known:
                draft.put(index, role, name, parameter.low if negated else _value(parameter, level))
        elif isinstance(parameter, Choice) and level in parameter.options and not negated:
            draft.put(index, role, name, str(level))
            draft.chosen.add(name)


def _value(parameter: Number, level: float | Share) -> float:
    if isinstance(level, Share):
        return round(parameter.moved(parameter.low, level.fraction), 4)
    return min(max(level, parameter.low), parameter.high)


def _count(draft: Draft, terms: Sequence[Term], chosen: int, words: Vocabulary) -> None:
    for index, term in enumerate(terms):
        if index != chosen and not term.negated:
            _set_row(draft, index, "counts", words.rhythms.get(term.form, {}), words)
    for index, term in enumerate(terms):
        many = term.amount if term.form not in words.units else None
        if many is None:
            many = words.counts.get(term.form)
        counted = terms[index + 1].form if index + 1 < len(terms) else ""
        parameter = draft.known.get(name := _counting(draft, counted, words))
        # "One" says how often only beside the word that names the sound, as in "one knock, dry".
        if many == 1 and term.clause != terms[chosen].clause:
            continue
        if many is not None and not term.negated and isinstance(parameter, Number):
            draft.put(index, "counts", name, min(max(float(many), parameter.low), parameter.high))


def _counting(draft: Draft, counted: str, words: Vocabulary) -> str:
    """Return the parameter that counts: the notes of "three notes", the preset's own, or how often it sounds."""
    if f"{counted}s" in draft.known:
        return f"{counted}s"
    return words.counted.get(draft.preset.name, "count")


def _move(draft: Draft, terms: Sequence[Term], chosen: int, words: Vocabulary) -> None:
    for index, term in enumerate(terms):
        for name, fraction in _row(words.moves, term.form).items() if index != chosen else ():
            parameter = draft.known.get(name)
            if not isinstance(parameter, Number) or words.instead.get(name) in draft.known:
                continue
            if name == "interval_s" and draft.values.get("count", 1.0) == 1.0:
                continue
            start = float(draft.values.get(name, parameter.default))
            by = fraction * term.degree * (-1 if term.negated else 1)
            moved = round(parameter.moved(start, by), 4)
            if moved != start:
                draft.put(index, "moves", name, moved)


def _meaning(term: Term, index: int, draft: Draft, words: Vocabulary) -> Meaning:
    if index in draft.roles:
        return Meaning(term.text, draft.roles[index], ", ".join(draft.effects[index]))
    return _meaning_without_preset(term, words)


def _meaning_without_preset(term: Term, words: Vocabulary) -> Meaning:
    if term.form in words.words["fillers"] or term.form in words.degrees:
        return Meaning(term.text, "filler")
    known = term.form in words.known or term.amount is not None
    return Meaning(term.text, "ignored" if known else "unknown")


def _plain(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"
