"""Guided generation: what a sound's keys say of a source, of parts to make anew, of windows and of morphs. Light.

`with_sources` puts the named files' digests and lengths into the keys, `guided_complaints` says what is wrong with
them, `guided_params` is what the recipe keeps. The sampling is in `guided_sampling`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sfxgen.contracts import Complaint, ProjectFiles
from sfxgen.errors import ProjectError
from sfxgen.models.complaints import outside
from sfxgen.models.project_audio import LONGEST_S, SUFFIXES

if TYPE_CHECKING:
    from sfxgen.contracts import ModelInfo
    from sfxgen.recipe import JsonValue

GUIDED_KEYS = frozenset({"source", "strength", "inpaint", "extend", "upscale", "morph", "seam"})
"""The keys of a sound that are read here; an adapter that uses this accepts them."""

GUIDED_VERSION = 1
"""In the params of every guided recipe: raised when those give other samples, and plain ones do not."""

DEFAULT_STRENGTH = 0.5
"""That of AudioLDM's own style transfer."""
LONGEST_EXTENDED_S = 300.0
SHARED_WINDOW = 0.25
"""How much of a window of `extend` is the end of the one before it."""

LONGEST_SEAM_S = 2.56
"""How much of a loop is made anew around its seam: at most so much, and half of the loop."""

FILES = "files"
"""Where `with_sources` puts what it finds: path → its `digest`, and its `length_s` where the header tells."""


def with_sources(
    keys: Mapping[str, JsonValue], files: ProjectFiles
) -> tuple[dict[str, JsonValue], list[Complaint]]:
    """Return the keys with what the named audio files are, and what is wrong with those files."""
    found: dict[str, JsonValue] = {}
    complaints = []
    for key, path in _named(keys):
        if Path(path).suffix.lower() not in SUFFIXES:
            continue  # `guided_complaints` says so
        try:
            found[path] = {"digest": files.digest(path), "length_s": files.length_s(path)}
        except ProjectError as error:
            complaints.append(Complaint(key, error.message, error.hint))
    return ({**keys, FILES: found} if found else dict(keys)), complaints


def longest_s(info: ModelInfo, keys: Mapping[str, JsonValue]) -> float:
    """Return how long a take may be: the model's limit, or that of windows laid one after the other."""
    return LONGEST_EXTENDED_S if keys.get("extend") else info.max_duration_s


def guided_complaints(info: ModelInfo, keys: Mapping[str, JsonValue]) -> Iterator[Complaint]:
    """Yield what is wrong with the keys of guided generation, each by itself and together."""
    for key, path in _named(keys):
        if Path(path).suffix.lower() not in SUFFIXES:
            yield Complaint(key, f"'{path}' is no audio file", "one of: " + ", ".join(SUFFIXES))
    yield from outside(keys, "strength", 0, 1)
    yield from _without_source(keys)
    yield from _contrary(keys)
    yield from _morph_complaints(keys)
    yield from _inpaint_complaints(keys)
    yield from _length_complaints(info, keys)


def without_step(keys: Mapping[str, JsonValue]) -> Iterator[Complaint]:
    """Yield what is wrong with a strength that is meant to change something, and is less than one step."""
    strength, steps = keys.get("strength"), keys.get("steps")
    if keys.get("source") and strength and steps and 0 < strength * steps < 1 - 1e-9:
        what = f"{strength:g} of {steps} steps is none: the source comes back as it is"
        yield Complaint(
            "strength", what, f"write {math.ceil(100 / steps) / 100:g} or more, or take more steps"
        )


def _without_source(keys: Mapping[str, JsonValue]) -> Iterator[Complaint]:
    if keys.get("source"):
        return
    hint = "name an audio file of the project: source: Recordings/door.wav"
    if keys.get("strength") is not None and not _morph(keys).get("source"):
        yield Complaint("strength", "there is no source that it would make anew", hint)
    if keys.get("inpaint"):
        yield Complaint("inpaint", "there is no source of which parts could be made anew", hint)
    if keys.get("upscale"):
        yield Complaint("upscale", "there is no source to upscale", hint)


def _contrary(keys: Mapping[str, JsonValue]) -> Iterator[Complaint]:
    """Yield what excludes one another."""
    if keys.get("inpaint") and keys.get("upscale"):
        yield Complaint("upscale", "has no meaning beside inpaint", "upscale first, and inpaint the result")
    if keys.get("extend"):
        for key in ("inpaint", "upscale"):
            if keys.get(key):
                yield Complaint(
                    key, "has no meaning beside extend", "a source that is extended stays as it is"
                )
        if keys.get("source") and keys.get("strength") is not None:
            yield Complaint(
                "strength", "has no meaning beside extend", "a source that is extended stays as it is"
            )
    if _morph(keys).get("source"):
        for key in ("inpaint", "upscale", "extend"):
            if keys.get(key):
                yield Complaint("morph.source", f"has no meaning beside {key}", "morph to a prompt: to: …")


def _morph_complaints(keys: Mapping[str, JsonValue]) -> Iterator[Complaint]:
    morph = keys.get("morph")
    if morph is None:
        return
    if not morph.get("to") and not morph.get("source"):
        yield Complaint("morph", "has no other end", "write to: a prompt, or source: an audio file")
    elif morph.get("to") and morph.get("source"):
        yield Complaint("morph", "has two other ends", "write one of to and source")
    at = morph.get("at")
    if at is not None and not 0 <= at <= 1:
        yield Complaint("morph.at", f"{at} is not between 0 and 1")


def _inpaint_complaints(keys: Mapping[str, JsonValue]) -> Iterator[Complaint]:
    end_s, what = _source_s(keys), "the source"
    duration_s = keys.get("duration_s")
    if duration_s is not None and (end_s is None or duration_s < end_s):
        end_s, what = duration_s, "the sound"
    for from_s, to_s in spans(keys):
        if from_s >= to_s:
            yield Complaint("inpaint", f"a part ends at {to_s:g} s, before it begins at {from_s:g} s")
        elif end_s is not None and to_s > end_s:
            yield Complaint(
                "inpaint",
                f"a part ends at {to_s:g} s, and {what} at {end_s:g} s",
                f"write to_s: {end_s:g}, or extend: true with duration_s to go on after the end",
            )


def _length_complaints(info: ModelInfo, keys: Mapping[str, JsonValue]) -> Iterator[Complaint]:
    for key, path in _named(keys):
        length_s = _length_of(keys, path)
        if length_s == 0:
            yield Complaint(key, f"'{path}' is empty", "export it again")
        elif length_s is not None and length_s > LONGEST_S:
            yield Complaint(key, f"'{path}' is {length_s:g} s long", f"at most {LONGEST_S:g} s are read")
    length_s, duration_s = _source_s(keys), keys.get("duration_s")
    if keys.get("extend"):
        if keys.get("source") and duration_s is None:
            yield Complaint(
                "extend", "nothing says how far", "write duration_s: the source's length and more"
            )
        elif length_s is not None and duration_s is not None and duration_s <= length_s:
            what = f"the source is {length_s:g} s long already, and duration_s is {duration_s:g} s"
            yield Complaint("extend", what, "duration_s is the length of both together")
    elif duration_s is None and length_s is not None and length_s > info.max_duration_s:
        what = f"is {length_s:g} s long, and {info.name} makes {info.max_duration_s:g} s at the most"
        yield Complaint(
            "source", what, f"write duration_s: {info.max_duration_s:g} for its beginning, or cut it"
        )


def spans(keys: Mapping[str, JsonValue]) -> list[tuple[float, float]]:
    """Return the parts that `inpaint` names, in seconds, in order of time."""
    named = keys.get("inpaint") or []
    blocks = [named] if isinstance(named, Mapping) else named
    return sorted((float(block["from_s"]), float(block["to_s"])) for block in blocks)


def guided_params(
    info: ModelInfo, keys: Mapping[str, JsonValue], *, is_loop: bool = False
) -> dict[str, JsonValue]:
    """Return what a recipe's `params` keep of all this, every default filled in; nothing for a plain take.

    What is left out decides nothing, so the key of a take that nothing guides is what it always was.
    """
    found: dict[str, JsonValue] = {}
    source, morph = keys.get("source"), _morph(keys)
    if source:
        found |= {"source": source, "digest": keys[FILES][source]["digest"]}
        if is_loop and not keys.get("extend"):
            found["loops"] = True  # a source that is too short begins again, where others end in silence
        if keys.get("duration_s") is None:
            found["longest_s"] = info.max_duration_s  # as long as the source, whose header may not have told
    is_masked = bool(keys.get("inpaint") or keys.get("upscale"))
    if (source or morph.get("source")) and not keys.get("extend"):
        given = keys.get("strength")
        default = 1.0 if is_masked else DEFAULT_STRENGTH
        found["strength"] = float(default if given is None else given)
    if keys.get("inpaint"):
        found["inpaint"] = [list(span) for span in spans(keys)]
    if keys.get("upscale"):
        found["upscale"] = True
    window_s = info.best_duration_s or info.max_duration_s
    if keys.get("extend") and (source or (keys.get("duration_s") or 0) > window_s):
        found["extend"] = {"window_s": window_s, "shared_s": SHARED_WINDOW * window_s}
    if keys.get("seam") == "inpaint" and is_loop:
        found["seam_s"] = LONGEST_SEAM_S
    if morph:
        found["morph"] = {key: value for key, value in morph.items() if value is not None}
        if morph.get("source"):
            found["morph"]["digest"] = keys[FILES][morph["source"]]["digest"]
    return {**found, "guided": GUIDED_VERSION} if found else {}


def _named(keys: Mapping[str, JsonValue]) -> Iterator[tuple[str, str]]:
    """Yield the keys that name audio files, and the paths they name."""
    if keys.get("source"):
        yield "source", str(keys["source"])
    if _morph(keys).get("source"):
        yield "morph.source", str(_morph(keys)["source"])


def _morph(keys: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    return keys.get("morph") or {}


def _length_of(keys: Mapping[str, JsonValue], path: str) -> float | None:
    length_s: float | None = (keys.get(FILES) or {}).get(path, {}).get("length_s")
    return length_s


def _source_s(keys: Mapping[str, JsonValue]) -> float | None:
    return _length_of(keys, str(keys.get("source")))
