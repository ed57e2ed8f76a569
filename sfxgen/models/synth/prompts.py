"""Reading a prompt: from words to a preset and its parameters, by tables of words and a few rules.

Drafts stand on this, so it never fails: what is not understood is reported, and the rest still sounds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeVar

from sfxgen.models.synth.parameters import Choice, Number, Parameter, Preset, Value
from sfxgen.models.synth.presets import PRESETS
from sfxgen.models.synth.vocabulary import (
    TOKEN,
    Level,
    Share,
    Source,
    Vocabulary,
    candidates,
    nearest,
    vocabulary,
)

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

LENGTHS = ("length_s", "decay_s", "tail_s", "rumble_s", "spread_s")
"""The parameters that say how long a sound lasts: a length that is asked for goes to the first that the preset has."""

INTERVAL_S = (0.05, 0.3, 6.0)
"""How soon a sound comes again: the least, what "rapid" starts from where no rhythm is set, and the most."""

BODY = frozenset({"size", "weight", "material", "shoe"})
"""The parameters that a thing has whatever it does."""

MOST = 24
"""A number in figures above this is rather a name (a 44, a 737) than a count."""

NO_WORK = "#"
"""The form of a word that is understood and left alone: the nine of "9 mm", the low of "without a low thump"."""

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

    `amount` is a number before a unit, or, where it `repeats`, a count. A term that is `aside` stands after on, in or
    with: it is where a sound happens or what goes with it.
    """

    text: str
    form: str
    negated: bool = False
    aside: bool = False
    degree: float = 1.0
    amount: float | None = None
    repeats: bool = False
    adjoins: bool = False
    clause: int = 0


@dataclass(slots=True)
class Draft:
    """A preset's values while the words of a prompt change them, and what each word did.

    `given` parameters were told as numbers, and stay. `acting` terms are verbs here, and neither places nor adjectives:
    "close the door", "the torch is lit".
    """

    preset: Preset
    known: Mapping[str, Parameter]
    near: frozenset[str]
    values: dict[str, Value] = field(default_factory=dict)
    roles: dict[int, Role] = field(default_factory=dict)
    effects: dict[int, list[str]] = field(default_factory=dict)
    chosen: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)
    put_by: dict[int, set[str]] = field(default_factory=dict)
    acting: set[int] = field(default_factory=set)

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
        self.put_by.setdefault(index, set()).add(name)
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
    meanings = tuple(_meaning(terms, at, draft, words) for at in range(len(terms)))
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
_HALF = re.compile(r"\b1/2\b|½")
_TIE = re.compile(r"-?(?=[a-z0-9])")
_LONGEST_PHRASE = 4


@dataclass(frozen=True, slots=True)
class Clause:
    """The words and numbers of a clause without its articles.

    `tied` ones are joined to the next by a hyphen or nothing (two-handed, 9mm); before `opened` ones an article stood.
    """

    number: int
    found: Sequence[str]
    tied: frozenset[int]
    opened: frozenset[int]


def _terms(prompt: str, words: Vocabulary) -> list[Term]:
    terms: list[Term] = []
    # "DoorOpen" and "door_open" are names of files, and read as they are meant.
    spaced = _HUMP.sub(" ", prompt).lower().replace("_", " ").replace("’", "'")
    for number, text in enumerate(_CLAUSE_END.split(_HALF.sub(" half ", spaced))):
        terms += _clause_terms(_clause(number, text, words), words)
    return terms


def _clause(number: int, text: str, words: Vocabulary) -> Clause:
    found: list[str] = []
    tied: set[int] = set()
    opened: set[int] = set()
    for token in TOKEN.finditer(text):
        if token[0] in words.words["articles"]:
            opened.add(len(found))
            continue
        if _TIE.match(text, token.end()):
            tied.add(len(found))
        found.append(token[0])
    return Clause(number, found, frozenset(tied), frozenset(opened))


def _clause_terms(clause: Clause, words: Vocabulary) -> list[Term]:
    small, found = words.words, clause.found
    terms: list[Term] = []
    negated = denying = denied = aside = adjoins = False
    degree = 1.0
    at = 0
    while at < len(found):
        text, form, length = _next(found, at, words)
        begun, at = at, at + length
        adjoins = adjoins and begun not in clause.opened
        if form in small["function"]:
            adjoins = denied = False
            continue
        if form in small["negations"]:
            negated, denying = True, form in small["denying"]
        elif form in small["adding"] or (
            form in small["placing"] and not _is_place(form, at == len(found), words)
        ):
            # "without reverb in it": what is placed is no longer denied.
            aside, negated = True, negated and form in small["adding"]
        elif form in small["joining"]:
            # "with glass and dust" adds both; "on wood and then steps" is over.
            aside = aside and bool(terms) and terms[-1].aside
            negated = form in ("and", "or") and bool(terms) and terms[-1].negated
        elif length == 1 and (number := _number_term(clause, begun, words)) is not None:
            term, at = number
            terms += [term] if term.text else []
        elif form in words.degrees:
            degree = words.degrees[form]
            terms.append(Term(text, form, clause=clause.number))
            continue
        elif (denied and text.endswith(("ing", "ed"))) or (
            negated and denying and _qualifies(text, form, found[at:], words)
        ):
            # "No glass falling", "without a low thump": it says what is left out, and nothing of what is heard.
            terms.append(Term(text, NO_WORK, negated, clause=clause.number))
            continue
        else:
            for part, its_form in _parts(text, form, words):
                terms.append(
                    Term(part, its_form, negated, aside, degree, adjoins=adjoins, clause=clause.number)
                )
                adjoins = True
            denied = negated and denying and form not in small["fillers"]
            negated = negated and form in small["fillers"]
            degree = 1.0
            continue
        adjoins = denied = False
    return terms


def _is_place(form: str, is_last: bool, words: Vocabulary) -> bool:
    """Return whether a word that may place another is itself a place: "thunder, near"."""
    return is_last and form in words.places


def _qualifies(text: str, form: str, after: Sequence[str], words: Vocabulary) -> bool:
    """Return whether a word may be an adjective of the noun that follows."""
    if not after or after[0].endswith(("ing", "ed")) or words.works_alone(stem(after[0])):
        return False
    if text.endswith("ing"):
        return True  # Without rattling chains.
    sounds = any(source.rank >= 2 for source in words.sounds.get(form, ()))
    return not sounds and (form in words.moves or form in words.options)


_SCALES = frozenset({"dozen", "hundred", "thousand"})


def _numeral(found: Sequence[str], at: int, words: Vocabulary) -> tuple[float, int] | None:
    """Return the number that figures or words say there ("3", "twenty one", "a pair of"), and of how many words."""
    amount = float(found[at]) if _is_number(found[at]) else words.numerals.get(found[at])
    if amount is None:
        return None
    length = 1
    while at + length < len(found) and (more := words.numerals.get(found[at + length])) is not None:
        if found[at + length] in _SCALES:
            amount *= more
        elif (20 <= amount < 100 and amount % 10 == 0 and more < 10) or (amount >= 100 > more):
            amount += more
        else:
            break
        length += 1
    after = list(found[at + length : at + length + 2])
    if after == ["and", "half"]:
        return amount + 0.5, length + 2
    return amount, length + (after[:1] == ["of"])


def _number_term(clause: Clause, at: int, words: Vocabulary) -> tuple[Term, int] | None:
    """Return the term of a number with its unit, and where the text goes on; one without text is of a file's name."""
    found = clause.found
    numeral = _numeral(found, at, words)
    if numeral is None:
        return None
    amount, length = numeral
    end = at + length
    text = " ".join(found[at:end])
    unit = stem(found[end]) if end < len(found) else ""
    if unit in words.units and amount > 0:
        # "3 seconds long": it is no adjective here.
        last = end + 1 + (found[end + 1 : end + 2] == ["long"])
        return Term(" ".join(found[at:last]), unit, amount=amount, clause=clause.number), last
    # The number at an end, or "03", is one of a file's name.
    if _is_number(found[at]) and (end == len(found) or (text[0] == "0" and amount != 0)):
        return Term("", NO_WORK), end
    if _is_count(clause, at, end, amount, unit, words):
        return Term(text, found[at], amount=amount, repeats=True, clause=clause.number), end
    # What it is a number of goes with it, unless it is a thing that sounds: "12 gauge", but "44 magnum".
    last = end + (end < len(found) and found[end] in words.words["measures"] and unit not in words.sounds)
    return Term(" ".join(found[at:last]), NO_WORK, clause=clause.number), last


def _is_count(clause: Clause, at: int, end: int, amount: float, unit: str, words: Vocabulary) -> bool:
    """Return whether a number says how often or how many: not that of "9 mm", "level 3", "two-handed" or "0.5"."""
    small, found = words.words, clause.found
    if amount < 1 or amount % 1 or (at > 0 and stem(found[at - 1]) in small["naming"]):
        return False
    if unit == "round" and end + 1 < len(found) and stem(found[end + 1]) in words.rhythms:
        return True  # A 3-round burst.
    written = found[end] if end < len(found) else ""
    if small["measures"] & {unit, written} or written in small["shapes"]:
        return False
    if found[at] == "pair" and unit in small["paired"]:
        return False
    if _is_number(found[at]):
        if at - 1 in clause.tied and found[at - 1] != "x":
            return False  # An M16, a mark-2.
        if amount > MOST and not written.endswith("s"):
            return False
        if unit not in words.known and unit not in words.phrases:
            return False
    return end - 1 not in clause.tied or unit in small["repeated"] or end == len(found)


def _next(found: Sequence[str], at: int, words: Vocabulary) -> tuple[str, str, int]:
    """Return the text, form and length in words of the longest phrase that begins there, or of the word."""
    for length in range(min(_LONGEST_PHRASE, len(found) - at), 1, -1):
        part = found[at : at + length]
        written, bare = " ".join(part), " ".join(map(stem, part))
        # "Gold coins" are a gold coin, though coins have a row of their own.
        form = next(
            (
                words.phrases[each]
                for each in (written, bare, bare.removesuffix("s"))
                if each in words.phrases
            ),
            None,
        )
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
        source = None if term.negated else _sense(terms, index, words)
        if source is None or PRESETS[source.preset].family != draft.preset.family:
            continue
        if source.near and not term.text.endswith("ing"):
            draft.acting.add(index)
        if index == chosen:
            continue
        # A ground alone agrees with any step: it says something only where it changes it.
        if source.preset == draft.preset.name and source.rank > 1 and term.form not in draft.near:
            draft.did(index, "agrees", f"with {draft.preset.name}")
        # Another sound of the family tells of the thing, not of its voice: the wings of a bat are no chirps.
        kept = source.params if source.preset == draft.preset.name else BODY & source.params.keys()
        fresh = {name: source.params[name] for name in kept if name not in draft.values}
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
            if name == "surface" and _is_of_shoe(draft, terms, index, words):
                continue
            wins = term.aside and name != "material" and name not in placed
            if name not in draft.chosen or wins:
                draft.put(index, "sets", name, option)
                draft.chosen.add(name)
                if term.aside:
                    placed.add(name)


def _is_of_shoe(draft: Draft, terms: Sequence[Term], index: int, words: Vocabulary) -> bool:
    """Return whether a term says what the next is made of, and that is worn: "metal armour" is no metal floor."""
    after = terms[index + 1] if index + 1 < len(terms) else terms[index]
    return after.adjoins and any(
        name == "shoe" for name, _ in _options_of(draft.preset.name, after.form, words)
    )


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
            row = {_length(draft, name): each * term.amount for name, each in words.units[term.form].items()}
            draft.given.update(row)
        elif index == chosen:
            row = {name: level for name, level in row.items() if name not in draft.values}
        _set_row(draft, index, "sets", row, words, negated=term.negated)


def _length(draft: Draft, name: str) -> str:
    """Return the parameter that a length goes to, where that is what a number says."""
    return next((other for other in LENGTHS if other in draft.known), name) if name == "length_s" else name


def _row(table: Mapping[str, Mapping[str, T]], form: str) -> Mapping[str, T]:
    """Return a word's row, or that of what it is the plural of."""
    return table.get(form) or table.get(form.removesuffix("s")) or {}


def _place(draft: Draft, terms: Sequence[Term], chosen: int, words: Vocabulary) -> None:
    """Set where it sounds. Of several places, the farther and the larger one is heard."""
    reached: dict[str, Level] = {}
    for index, term in enumerate(terms):
        # "Underwater" is told already by the sound that it decided for.
        told = index == chosen or term.form in draft.near or index in draft.acting
        told = told or _is_of_another_sound(draft, terms, index, chosen, words)
        row = {} if told else words.places.get(term.form, {})
        farther = {n: level for n, level in row.items() if term.negated or _farther(level, reached.get(n))}
        _set_row(draft, index, "places", farther, words, negated=term.negated, degree=term.degree)
        reached |= farther


def _is_of_another_sound(
    draft: Draft, terms: Sequence[Term], index: int, chosen: int, words: Vocabulary
) -> bool:
    """Whether a word stands in a clause of its own with a sound that this preset has no part of.

    In "heavy rain, distant thunder" it is not the rain that is distant.
    """
    clause = terms[index].clause
    if clause == terms[chosen].clause:
        return False
    for other, term in enumerate(terms):
        if term.clause != clause or other == index or term.negated or other in draft.roles:
            continue
        source = _sense(terms, other, words)
        if source is not None and source.rank >= 3 and source.preset != draft.preset.name:
            return True
    return False


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
    degree: float = 1.0,
) -> None:
    for name, level in row.items():
        parameter = draft.known.get(name)
        if isinstance(parameter, Number) and not isinstance(level, str):
            if not _has_instead(draft, name, words):
                value = parameter.low if negated else _value(parameter, level, degree)
                draft.put(index, role, name, value)
        elif isinstance(parameter, Choice) and level in parameter.options and not negated:
            draft.put(index, role, name, str(level))
            draft.chosen.add(name)


def _has_instead(draft: Draft, name: str, words: Vocabulary) -> bool:
    return any(other in draft.known for other in words.instead.get(name, ()))


def _value(parameter: Number, level: float | Share, degree: float = 1.0) -> float:
    """Return a level inside the parameter's range; a degree takes it farther from, or nearer to, the default."""
    if isinstance(level, Share):
        level = parameter.moved(parameter.low, level.fraction)
    stressed = parameter.default + degree * (level - parameter.default)
    return round(min(max(stressed, parameter.low), parameter.high), 4)


def _count(draft: Draft, terms: Sequence[Term], chosen: int, words: Vocabulary) -> None:
    for index, term in enumerate(terms):
        if index != chosen and not term.negated:
            _set_row(draft, index, "counts", words.rhythms.get(term.form, {}), words)
    for index, term in enumerate(terms):
        many = term.amount if term.repeats else words.counts.get(term.form)
        counted = terms[index + 1].form if index + 1 < len(terms) else ""
        parameter = draft.known.get(name := _counting(draft, counted, words))
        # In another clause "one" says nothing of this sound, and no number does that is one of other sounds.
        if term.clause != terms[chosen].clause and (many == 1 or _counts_others(draft, terms, index, words)):
            continue
        if many is not None and not term.negated and isinstance(parameter, Number):
            draft.put(index, "counts", name, min(max(float(many), parameter.low), parameter.high))


def _counts_others(draft: Draft, terms: Sequence[Term], index: int, words: Vocabulary) -> bool:
    counted = terms[index + 1].form if index + 1 < len(terms) else ""
    if counted in words.words["repeated"] or f"{counted}s" in draft.known or not counted:
        return False
    source = _sense(terms, index + 1, words)
    return source is not None and source.preset != draft.preset.name


def _counting(draft: Draft, counted: str, words: Vocabulary) -> str:
    """Return the parameter that counts: the notes of "three notes", the preset's own, or how often it sounds."""
    if f"{counted}s" in draft.known:
        return f"{counted}s"
    return words.counted.get(draft.preset.name, "count")


def _move(draft: Draft, terms: Sequence[Term], chosen: int, words: Vocabulary) -> None:
    for index, term in enumerate(terms):
        if index == chosen or index in draft.acting or (term.negated and index in draft.put_by):
            continue
        if _is_of_another_sound(draft, terms, index, chosen, words):
            continue
        told = draft.given | draft.put_by.get(index, set())
        for name, fraction in _row(words.moves, term.form).items():
            parameter = draft.known.get(name)
            if not isinstance(parameter, Number) or name in told or _has_instead(draft, name, words):
                continue
            start = float(draft.values.get(name, parameter.default))
            by = fraction * term.degree * (-1 if term.negated else 1)
            moved = round(
                _interval(draft, start, by) if name == "interval_s" else parameter.moved(start, by), 4
            )
            if moved != start:
                draft.put(index, "moves", name, moved)


def _interval(draft: Draft, start_s: float, by: float) -> float:
    """Return a faster or slower rhythm; where none is set, the slower one is the sound's own, which lets it end."""
    least_s, rapid_s, most_s = INTERVAL_S
    if draft.values.get("count", 1.0) == 1.0 or (start_s == 0 and by > 0):
        return start_s
    return min(max((start_s or rapid_s) * math.pow(most_s / least_s, by), least_s), most_s)


def _meaning(terms: Sequence[Term], index: int, draft: Draft, words: Vocabulary) -> Meaning:
    term = terms[index]
    if index in draft.roles:
        return Meaning(term.text, draft.roles[index], ", ".join(draft.effects[index]))
    after = terms[index + 1] if index + 1 < len(terms) else term
    if term.form in words.degrees and draft.roles.get(index + 1) in ("moves", "places"):
        return Meaning(term.text, "moves", f"{after.text} × {after.degree:g}")
    return _meaning_without_preset(term, words)


def _meaning_without_preset(term: Term, words: Vocabulary) -> Meaning:
    if term.form in words.words["fillers"] or term.form in words.degrees:
        return Meaning(term.text, "filler")
    if term.form in words.known or term.form == NO_WORK or term.amount is not None:
        return Meaning(term.text, "ignored")
    near = nearest(term.text)
    return Meaning(term.text, "unknown", f"did you mean {near!r}?" if near else "")


def _plain(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"
