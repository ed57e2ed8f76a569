"""Manifests → Sounds: matrices and line sheets expanded, every mistake of every file found."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sfxgen.contracts import Catalog
from sfxgen.errors import ManifestError, Mistake, ProjectError
from sfxgen.lines import MAX_SHEET_BYTES, Line, read_sheet
from sfxgen.paths import id_problem
from sfxgen.project import STATE_FOLDER, Project, read_project
from sfxgen.projectfiles import FileStand, SourceFiles
from sfxgen.schema import MAX_SHEETS, Language, without_wrong
from sfxgen.sound import Entry, Place, Resolver, Sound, mistake_of
from sfxgen.wording import did_you_mean, other_words
from sfxgen.yaml_source import Document, KeyPath

MAX_SOUNDS = 50_000
MAX_ASSETS = 200_000

TEMPLATE_KEY = "file_names"
"""A template of its own: an axis may stand in it too, but its other {placeholders} are no mistakes."""

_TOP = ("defaults", "sounds", "lines")
_LESS = "make it several projects, or write fewer variants"
_AXIS = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
_FOR_SOUND = re.compile(r" \(for ([^\s()]+)\)$")
"""How a mistake that stands elsewhere than the sound it spoils names that sound."""


def load(root: Path, catalog: Catalog) -> tuple[Project, tuple[Sound, ...]]:
    """Read a project and its manifests.

    Returns the sounds in the order of their ids. Raises ManifestError with every mistake in every file.
    """
    language = Language(catalog)
    project, mistakes = read_project(root, language)
    entries: list[Entry] = []
    sheets: dict[Path, FileStand] = {}
    for document in project.manifests:
        mistakes += document.mistakes
        # One at a time, so that a matrix of millions is stopped before it is built.
        of_sheets = _of_sheets(document, project, language, mistakes, sheets)
        for entry in itertools.chain(_entries(document, language, mistakes), of_sheets):
            entries.append(entry)
            if len(entries) > MAX_SOUNDS:
                raise ManifestError(
                    [*mistakes, entry.place.mistake(f"makes more than {MAX_SOUNDS:,} sounds", _LESS)], sheets
                )
    by_id = _unique(entries, mistakes)
    sounds, assets = [], 0
    reads = dict(sheets)
    told: set[tuple[str, int, str, str]] = set()
    for entry in by_id.values():
        if entry.own.get("abstract") or entry.broken:
            continue
        resolver = Resolver(project, language, by_id, mistakes)
        if entry.line is not None:
            sheet = project.root / entry.place.document.path
            resolver.reads[sheet] = sheets[sheet]
        before = len(mistakes)
        sound = resolver.resolve(entry)
        reads.update(resolver.reads)
        if entry.line is not None:
            mistakes[before:] = _told_once(entry, mistakes[before:], told)
        if sound is not None:
            sounds.append(sound)
            assets += len(sound.takes)
        if assets > MAX_ASSETS:
            raise ManifestError(
                [*mistakes, entry.place.mistake(f"makes more than {MAX_ASSETS:,} assets", _LESS)], reads
            )
    _check_outputs(sounds, mistakes)
    if project.subtitles is not None and "strings" in project.subtitles[1]:
        _check_strings(sounds, mistakes)
    if mistakes:
        raise ManifestError(_gathered(mistakes), reads)
    return project, tuple(sorted(sounds, key=lambda sound: sound.id))


def _entries(document: Document, language: Language, mistakes: list[Mistake]) -> Iterator[Entry]:
    data = document.data
    if document.mistakes and data is None:
        return
    if data is None:
        mistakes.append(document.mistake((), "is empty", "a manifest begins with sounds:"))
        return
    if not isinstance(data, dict):
        mistakes.append(
            document.mistake((), "expected a mapping (key: value)", "a manifest begins with sounds:")
        )
        return
    for key in data:
        if key not in _TOP:
            mistakes.append(document.mistake((key,), "unknown key", did_you_mean(key, _TOP)))
    if "defaults" in data:
        written = {} if data["defaults"] is None else data["defaults"]
        found = list(language.check(language.defaults, written, ("defaults",)))
        mistakes += _mistakes(document, found)
        data["defaults"] = without_wrong(data["defaults"], found, depth=1)
    sounds = data.get("sounds", {})
    if not isinstance(sounds, dict):
        hint = "write an id, a colon, and below it the fields"
        mistakes.append(document.mistake(("sounds",), "expected sounds by id", hint))
        return
    for template, fields in sounds.items():
        at = ("sounds", template)
        found = list(language.check(language.sound, fields, at))
        mistakes += _mistakes(document, found)
        if any(path[2:3] == ("for",) for path, _, _ in found):
            continue  # which sounds it makes is anybody's guess
        right = without_wrong(fields, found, depth=2)
        for entry in _expanded(document, at, template, right, mistakes):
            yield replace(entry, broken=bool(found))


def _mistakes(document: Document, found: Iterable[tuple[KeyPath, str, str]]) -> Iterator[Mistake]:
    return (document.mistake(path, what, hint) for path, what, hint in found)


def _expanded(
    document: Document, at: KeyPath, template: str, fields: Mapping[str, Any], mistakes: list[Mistake]
) -> Iterator[Entry]:
    axes: Mapping[str, list[Any]] = fields.get("for") or {}
    own = {key: value for key, value in fields.items() if key != "for"}
    place = Place(document, at)
    for axis, values in axes.items():
        twice = next((value for n, value in enumerate(values) if value in values[:n]), None)
        if twice is not None:
            mistakes.append(document.mistake((*at, "for", axis), f"names '{twice}' twice", "remove one"))
            return
        if "{" + axis + "}" not in template and len(values) > 1:
            mistakes.append(
                document.mistake(
                    (*at, "for", axis),
                    "is not part of the id",
                    f"write {{{axis}}} into the id, so that ids differ",
                )
            )
            return
    filled = {key: value for key, value in own.items() if key != TEMPLATE_KEY}
    unknown = dict(_unknown_axes({"": template, **filled}, frozenset(axes)))
    for path, axis in unknown.items():
        key_path = at if path == ("",) else (*at, *path)
        hint = did_you_mean(axis, axes) or "write {{ for a plain brace, or add the axis under for:"
        mistakes.append(document.mistake(key_path, f"{{{axis}}} is no axis of this sound", hint))
    if unknown:
        return
    for chosen in itertools.product(*axes.values()):
        binding = {axis: str(value) for axis, value in zip(axes, chosen, strict=True)}
        sound_id = _filled(template, binding)
        problem = id_problem(sound_id)
        if problem:
            what, hint = problem
            mistakes.append(place.mistake(f"'{sound_id}': {what}" if sound_id != template else what, hint))
            return  # the others would be wrong in the same way, and there may be millions
        values = _filled(filled, binding)
        if own.get(TEMPLATE_KEY) is not None:
            values[TEMPLATE_KEY] = _with_axes(own[TEMPLATE_KEY], binding)
        yield Entry(sound_id, place, values)


def _unknown_axes(value: Any, axes: frozenset[str], at: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, str):
        for match in _AXIS.finditer(value):
            if match[1] is not None and match[1] not in axes:
                yield at, match[1]
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _unknown_axes(item, axes, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown_axes(item, axes, (*at, index))


def _filled(value: Any, binding: Mapping[str, str]) -> Any:
    """Put a matrix's values into every text of a sound."""
    if isinstance(value, str):
        if "{" not in value and "}" not in value:
            return value
        return _AXIS.sub(lambda m: binding[m[1]] if m[1] is not None else m[0][0], value)
    if isinstance(value, dict):
        return {key: _filled(item, binding) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, binding) for item in value]
    return value


def _with_axes(template: str, binding: Mapping[str, str]) -> str:
    """Put a matrix's values into a template that has other placeholders as well."""
    return _AXIS.sub(lambda m: binding.get(m[1], m[0]), template)


# --- line sheets ----------------------------------------------------------------------------------------

ID_WORDS = ("id", "speaker", "language")
"""What a template for the ids of a sheet's lines may hold."""


def _of_sheets(
    document: Document,
    project: Project,
    language: Language,
    mistakes: list[Mistake],
    sheets: dict[Path, FileStand],
) -> Iterator[Entry]:
    """Yield an entry for each line of the sheets that a manifest names. `sheets` collects how each file stood."""
    data = document.data
    written = data.get("lines") if isinstance(data, dict) else None
    if written is None:
        return
    if not isinstance(written, list):
        hint = "write - sheet: Audio/lines/guards.csv below it"
        mistakes.append(document.mistake(("lines",), "expected a list of line sheets", hint))
        return
    if len(written) > MAX_SHEETS:
        mistakes.append(document.mistake(("lines",), f"has more than {MAX_SHEETS} entries"))
        return
    files = SourceFiles(project.root, STATE_FOLDER, sheets)
    for index, fields in enumerate(written):
        at = ("lines", index)
        found = list(language.check(language.lines, fields, at))
        mistakes += _mistakes(document, found)
        right = without_wrong(fields, found, depth=2)
        if "sheet" not in right:
            continue
        try:
            raw = files.read(right["sheet"], most=MAX_SHEET_BYTES)
        except ProjectError as error:
            mistakes.append(document.mistake((*at, "sheet"), error.message, error.hint))
            continue
        sheet = _Sheet(document, at, right, project, language, files, mistakes)
        yield from sheet.entries(raw, broken=bool(found))


class _Sheet:
    """One block under `lines`: makes the entries of its sheet's lines."""

    def __init__(
        self,
        document: Document,
        at: KeyPath,
        fields: Mapping[str, Any],
        project: Project,
        language: Language,
        files: SourceFiles,
        mistakes: list[Mistake],
    ) -> None:
        self.document, self.at, self.mistakes = document, at, mistakes
        self.name = str(fields["sheet"])
        self.template = str(fields.get("id") or "{id}")
        self.voices: Mapping[str, str | Mapping[str, str]] | None = fields.get("voices")
        self.language = str(fields.get("language") or "")
        own = {
            key: value for key, value in fields.items() if key not in ("sheet", "id", "voices", "language")
        }
        self.block = Entry("", Place(document, at), {"kind": "dialog", **own})
        self.below: dict[KeyPath, Entry] = {}
        self.makes_ids = True
        self.accepts = self._accepts(project, language, files)
        self._check()

    def entries(self, raw: bytes, *, broken: bool) -> Iterator[Entry]:
        """Yield the entry of each line, with the mistakes of the sheet in it told."""
        sheet, lines = read_sheet(self.name, raw)
        self.mistakes += sheet.mistakes
        self.block.broken = self.block.broken or broken
        if not self.makes_ids:
            return
        rows: dict[str, Line] = {}
        unknown: set[tuple[str, str]] = set()
        for line in lines:
            words = {word: str(getattr(line, word) or "") for word in ID_WORDS}
            words["language"] = line.language or self.language
            sound_id = _with_axes(self.template, words)
            place = Place(sheet, (sound_id,))
            first = rows.setdefault(sound_id, line)
            if first is line:
                sheet.lines[(sound_id,)] = line.row
            problem = id_problem(sound_id)
            if problem:
                what, hint = problem
                empty = [word for word in ID_WORDS if not words[word] and "{" + word + "}" in self.template]
                what = f"'{sound_id}': {what}"
                hint = f"this row names no {empty[0]}, and the id needs one" if empty else hint
                self.mistakes.append(Mistake(self.name, line.row, line.id, what, hint))
            elif first is not line:
                differ = first.language != line.language and "{language}" not in self.template
                hint = "write {language} into id:, as in {language}/{id}" if differ else "an id is used once"
                what = f"the id '{sound_id}' is taken by line {first.row}"
                self.mistakes.append(Mistake(self.name, line.row, line.id, what, hint))
            else:
                below = self._below(line, words["language"], unknown)
                own = self._own(line, words["language"])
                line = replace(line, language=words["language"])
                yield Entry(sound_id, place, own, below is None, below or self.block, line)

    def _own(self, line: Line, language: str) -> dict[str, Any]:
        own: dict[str, Any] = {"say": line.said}
        if line.direction and "prompt" in self.accepts:
            own["prompt"] = line.direction
        if language and "language" in self.accepts:
            own["language"] = language
        if line.takes:
            own["takes"] = list(line.takes)
        if line.renamed_from:
            own["renamed_from"] = line.renamed_from
        return own

    def _below(self, line: Line, language: str, unknown: set[tuple[str, str]]) -> Entry | None:
        """Return what lies below a line: the block, or its speaker's voice upon it; None where that is not known."""
        if self.voices is None or not line.speaker:
            return self.block
        of_speaker = self.voices.get(line.speaker)
        path: KeyPath = (*self.at, "voices", line.speaker)
        voice = of_speaker
        what = hint = ""
        if of_speaker is None:
            what = f"there is no voice for '{line.speaker}'"
            hint = did_you_mean(line.speaker, self.voices) or "add it under voices:"
        elif not isinstance(of_speaker, str):
            path, voice = (*path, language), of_speaker.get(language)
            if voice is None:
                what = f"'{line.speaker}' has no voice for {language or 'a line without a language'}"
                hint = did_you_mean(language, of_speaker)
        if what:
            if (line.speaker, language) not in unknown:  # told once: all of a speaker's lines would say it
                unknown.add((line.speaker, language))
                self.mistakes.append(Mistake(self.name, line.row, f"{line.id}.speaker", what, hint))
            return None
        if path not in self.below:
            self.below[path] = Entry("", Place(self.document, path), {"voice": voice}, below=self.block)
        return self.below[path]

    def _accepts(self, project: Project, language: Language, files: SourceFiles) -> frozenset[str]:
        """Return the keys that the lines' model takes. A model that does not speak is a mistake, told once."""
        defaults = self.document.data.get("defaults")
        layers = [project.defaults, defaults if isinstance(defaults, dict) else {}, self.block.own]
        name = next((layer["model"] for layer in reversed(layers) if "model" in layer), None)
        at = (*self.at, "model")
        catalog = language.catalog
        known = catalog.models()
        if name is None:
            speaking = {model: info for model, info in known.items() if "say" in info.accepts}
            hint = "write model: here or under defaults; " + did_you_mean("", speaking)
            self._break(at, "no model is named", hint)
            return frozenset()
        info, wrong = catalog.find_in(str(name), files)
        for complaint in wrong if info is None else ():
            if complaint.path:
                self.mistakes.append(mistake_of(complaint))
                self.block.broken = True
            else:
                self._break(at, complaint.what, complaint.hint)
        if info is None and wrong:
            return frozenset()
        if info is None:
            hint = did_you_mean(str(name), [*known, *catalog.adapters]) or "sfxgen models list shows them"
            self._break(at, f"unknown model '{name}'", hint)
            return frozenset()
        if "say" not in info.accepts:
            speaking = {model: info for model, info in known.items() if "say" in info.accepts}
            self._break(at, f"{info.name} does not speak", did_you_mean("", speaking))
        return info.accepts

    def _check(self) -> None:
        """Look at what the types of the block say nothing of."""
        if self.block.own.get("say") is not None:
            self._break((*self.at, "say"), "comes from the sheet", "leave it out")
        words = [match[1] for match in _AXIS.finditer(self.template) if match[1] is not None]
        strangers = [word for word in words if word not in ID_WORDS]
        for word in strangers:
            hint = did_you_mean(word, ID_WORDS)
            self._break((*self.at, "id"), f"{{{word}}} is no column that an id may hold", hint)
        if not strangers and "id" not in words:
            self._break((*self.at, "id"), "does not hold {id}", "as in dialog/{id}")
        self.makes_ids = not strangers and "id" in words
        if self.voices is not None and "voice" not in self.accepts and not self.block.broken:
            self._break((*self.at, "voices"), "the model has no voices to choose from", "leave them out")

    def _break(self, at: KeyPath, what: str, hint: str) -> None:
        self.mistakes.append(self.document.mistake(at, what, hint))
        self.block.broken = True


def _told_once(entry: Entry, found: list[Mistake], told: set[tuple[str, int, str, str]]) -> Iterator[Mistake]:
    """Yield what is new of a line's mistakes. One in the manifest is that of all lines below which it lies."""
    for mistake in found:
        if mistake.path == entry.place.document.path:
            yield mistake
            continue
        below = entry.below
        assert below is not None
        below.broken = True
        what = mistake.what.removesuffix(f" (for {entry.id})")
        where = mistake.where
        if ".voices." in where:
            where = where.removesuffix(".voice")
        key = (mistake.path, mistake.line, where, what)
        if key not in told:
            told.add(key)
            yield replace(mistake, where=where)


def _gathered(mistakes: Iterable[Mistake]) -> list[Mistake]:
    """Return mistakes with those of one place, that differ only by the sound that they are told for, told once."""
    together: dict[tuple[Mistake, bool], list[str]] = {}
    for mistake in mistakes:
        found = _FOR_SOUND.search(mistake.what)
        what = mistake.what[: found.start()] if found else mistake.what
        sounds = together.setdefault((replace(mistake, what=what), found is not None), [])
        sounds += [found[1]] if found else []
    told = []
    for (mistake, _), sounds in together.items():
        more = f" and {len(sounds) - 1} more" if len(sounds) > 1 else ""
        told.append(replace(mistake, what=f"{mistake.what} (for {sounds[0]}{more})") if sounds else mistake)
    return told


def _unique(entries: list[Entry], mistakes: list[Mistake]) -> dict[str, Entry]:
    by_id: dict[str, Entry] = {}
    for entry in entries:
        first = by_id.setdefault(entry.id, entry)
        if first is not entry:
            mistakes.append(
                entry.place.mistake(
                    f"the id '{entry.id}' is taken by {first.place}", "an id is used once in a project"
                )
            )
    return by_id


def _check_strings(sounds: Iterable[Sound], mistakes: list[Mistake]) -> None:
    """Find what a table of strings cannot hold: two texts in one language under one key."""
    texts: dict[tuple[str, str], Sound] = {}
    for sound in sounds:
        if not sound.text.strip() or not sound.language:
            continue
        first = texts.setdefault((sound.text_key, sound.language), sound)
        if first.text != sound.text:
            name = f"{first.id} ({first.place})"
            mistakes.append(sound.place.mistake(*other_words(name, sound.text_key, sound.language)))


def _check_outputs(sounds: list[Sound], mistakes: list[Mistake]) -> None:
    """Find sounds that would write one file, on a disk that does not tell upper from lower case, too."""
    files: dict[str, Sound] = {}
    identities: dict[str, Sound] = {}
    for sound in sounds:
        first = identities.setdefault(sound.identity, sound)
        if first is not sound:
            mistakes.append(
                sound.place.mistake(
                    f"'{sound.identity}' is the former id of {first.id} too",
                    "a former id belongs to one sound only",
                )
            )
        for index in range(1, len(sound.takes) + 1):
            path = sound.file(index).rpartition(".")[0]
            other = files.setdefault(path.casefold(), sound)
            if other is not sound:
                what = f"would write the same file as {other.id} ({other.place}): {path}"
                mistakes.append(
                    sound.place.mistake(what, "rename one; some disks do not tell upper from lower case")
                )
                break
        # A folder and a file of one name cannot clash: files have an extension, ids have no dot.
