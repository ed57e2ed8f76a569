"""Manifests → Sounds: matrices expanded, every mistake of every file found."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sfxgen.contracts import Catalog
from sfxgen.errors import ManifestError, Mistake
from sfxgen.paths import id_problem
from sfxgen.project import Project, read_project
from sfxgen.projectfiles import FileStand
from sfxgen.schema import Language, did_you_mean, without_wrong
from sfxgen.sound import Entry, Place, Resolver, Sound
from sfxgen.yaml_source import Document, KeyPath

MAX_SOUNDS = 50_000
MAX_ASSETS = 200_000

TEMPLATE_KEY = "file_names"
"""A template of its own: an axis may stand in it too, but its other {placeholders} are no mistakes."""

_LESS = "make it several projects, or write fewer variants"
_AXIS = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


def load(root: Path, catalog: Catalog) -> tuple[Project, tuple[Sound, ...]]:
    """Read a project and its manifests.

    Returns the sounds in the order of their ids. Raises ManifestError with every mistake in every file.
    """
    language = Language(catalog)
    project, mistakes = read_project(root, language)
    entries: list[Entry] = []
    for document in project.manifests:
        mistakes += document.mistakes
        # One at a time, so that a matrix of millions is stopped before it is built.
        for entry in _entries(document, language, mistakes):
            entries.append(entry)
            if len(entries) > MAX_SOUNDS:
                raise ManifestError(
                    [*mistakes, entry.place.mistake(f"makes more than {MAX_SOUNDS:,} sounds", _LESS)]
                )
    by_id = _unique(entries, mistakes)
    sounds, assets = [], 0
    reads: dict[Path, FileStand] = {}
    for entry in by_id.values():
        if entry.own.get("abstract") or entry.broken:
            continue
        resolver = Resolver(project, language, by_id, mistakes)
        sound = resolver.resolve(entry)
        reads.update(resolver.reads)
        if sound is not None:
            sounds.append(sound)
            assets += len(sound.takes)
        if assets > MAX_ASSETS:
            raise ManifestError(
                [*mistakes, entry.place.mistake(f"makes more than {MAX_ASSETS:,} assets", _LESS)]
            )
    _check_outputs(sounds, mistakes)
    if mistakes:
        raise ManifestError(mistakes, reads)
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
        if key not in ("defaults", "sounds"):
            mistakes.append(
                document.mistake((key,), "unknown key", did_you_mean(key, ("defaults", "sounds")))
            )
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
