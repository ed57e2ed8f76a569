"""Subtitles and durations of a game's dialog: tables for its code, a file of cues for each asset. Pure.

SRT has no specification; written is what players agree on: https://en.wikipedia.org/wiki/SubRip. VTT is
https://www.w3.org/TR/webvtt1/.
"""

from __future__ import annotations

import csv
import io
import json
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sfxgen.errors import ManifestError, Mistake, ProjectError
from sfxgen.wording import other_words

TABLE_VERSION = 1

ROW_CHARACTERS = 42
"""How long a row of a cue is at the most: what broadcasters' guidelines come to for the Latin script."""
CUE_ROWS = 2

_SENTENCE_ENDS = re.compile(r"(?<=[.!?…。！？])\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One asset that somebody speaks in. `key` is the line's id in its sheet, `engine_id` the engine's for the asset."""

    asset: str
    sound: str
    key: str
    speaker: str
    language: str
    text: str
    duration_s: float
    file: str
    engine_id: str
    draft: bool
    at: tuple[str, int] = ("", 0)
    """The file and the line where it is written."""

    @property
    def row(self) -> dict[str, Any]:
        """The asset as the tables have it."""
        return {
            "id": self.asset,
            "sound": self.sound,
            "key": self.key,
            "speaker": self.speaker,
            "language": self.language,
            "text": self.text,
            "duration_s": round(self.duration_s, 3),
            "file": self.file,
            "engine_id": self.engine_id,
            "draft": self.draft,
        }


COLUMNS = ("id", "sound", "key", "speaker", "language", "text", "duration_s", "file", "engine_id", "draft")


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown from one moment to another, in milliseconds from the asset's start."""

    start_ms: int
    end_ms: int
    rows: tuple[str, ...]


def render(spoken: Sequence[Spoken], formats: Iterable[str], *, are_all: bool = True) -> dict[str, bytes]:
    """Return the files of these formats, by their paths. Raises ProjectError for what a format cannot say.

    `are_all` is false where more is said than what is here. A table of strings may then have no language yet.
    """
    files: dict[str, bytes] = {}
    for name in formats:
        if name == "strings" and not are_all and not any(each.language for each in spoken):
            files["strings.csv"] = _csv(["key"], ()).encode()
            continue
        files |= {path: text.encode() for path, text in FORMATS[name](spoken).items()}
    return files


def as_csv(spoken: Sequence[Spoken]) -> dict[str, str]:
    """Return `lines.csv`: a row an asset."""
    rows = ({**each.row, "draft": str(each.draft).lower()} for each in spoken)
    return {"lines.csv": _csv(COLUMNS, ([str(row[name]) for name in COLUMNS] for row in rows))}


def as_json(spoken: Sequence[Spoken]) -> dict[str, str]:
    """Return `lines.json`: the same, for code that would rather not parse CSV."""
    value = {"version": TABLE_VERSION, "lines": [each.row for each in spoken]}
    return {"lines.json": json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"}


def as_strings(spoken: Sequence[Spoken]) -> dict[str, str]:
    """Return `strings.csv`: a row a line, a column a language. Lines without a language are not in it."""
    texts: dict[str, dict[str, Spoken]] = {}
    mistakes: list[Mistake] = []
    for each in spoken:
        if not each.language:
            continue
        first = texts.setdefault(each.key, {}).setdefault(each.language, each)
        if first.text != each.text:
            mistakes.append(Mistake(*each.at, each.sound, *other_words(first.sound, each.key, each.language)))
    if mistakes:
        raise ManifestError(dict.fromkeys(mistakes))
    languages = sorted({language for of_line in texts.values() for language in of_line})
    if not languages:
        hint = "write a language column in the sheet, or language: beside it"
        raise ProjectError("a table of strings needs languages, and no line has one", hint=hint)
    rows = (
        [key, *(of_line[language].text if language in of_line else "" for language in languages)]
        for key, of_line in sorted(texts.items())
    )
    return {"strings.csv": _csv(["key", *languages], rows)}


def as_srt(spoken: Sequence[Spoken]) -> dict[str, str]:
    """Return a SubRip file for each asset."""
    return {f"{each.asset}.srt": _srt(cues(each.text, each.duration_s)) for each in spoken}


def as_vtt(spoken: Sequence[Spoken]) -> dict[str, str]:
    """Return a WebVTT file for each asset; its speaker is a voice span."""
    return {f"{each.asset}.vtt": _vtt(cues(each.text, each.duration_s), each.speaker) for each in spoken}


FORMATS: Mapping[str, Callable[[Sequence[Spoken]], dict[str, str]]] = {
    "csv": as_csv,
    "json": as_json,
    "strings": as_strings,
    "srt": as_srt,
    "vtt": as_vtt,
}


def cues(text: str, duration_s: float) -> list[Cue]:
    """Divide a text into cues of up to two rows and a time among them, by how many characters each has.

    A cue ends with a sentence or with a line break of the text where it can. No model says when each word is spoken:
    of a text that needs several cues, where one gives way to the next is an estimate.
    """
    whole_ms = max(1, round(duration_s * 1000))
    blocks = _blocks(text)
    lengths = [sum(map(len, rows)) for rows in blocks]
    if len(blocks) > whole_ms:
        return [Cue(0, whole_ms, tuple(row for rows in blocks for row in rows))]
    total, done, start_ms, found = sum(lengths), 0, 0, []
    for index, (rows, length) in enumerate(zip(blocks, lengths, strict=True), start=1):
        done += length
        # Each cue, and each that follows, has a millisecond at the least.
        end_ms = min(max(start_ms + 1, round(whole_ms * done / total)), whole_ms - (len(blocks) - index))
        found.append(Cue(start_ms, end_ms, tuple(rows)))
        start_ms = end_ms
    return found


def _blocks(text: str) -> list[list[str]]:
    """Break a text into the rows of its cues."""
    blocks: list[list[str]] = []
    for written in filter(None, map(str.strip, text.splitlines())):
        for rows in _chunks(written):
            if blocks and len(blocks[-1]) + len(rows) <= CUE_ROWS:
                blocks[-1] += rows
            else:
                blocks.append(rows)
    return blocks


def _chunks(written: str) -> Iterator[list[str]]:
    """Yield the rows of a text without line breaks, as many as a cue takes: sentences that fit together stay so."""
    fitting = ""
    for sentence in _SENTENCE_ENDS.split(written):
        together = f"{fitting} {sentence}".strip()
        if len(textwrap.wrap(together, ROW_CHARACTERS)) <= CUE_ROWS:
            fitting = together
            continue
        if fitting:
            yield textwrap.wrap(fitting, ROW_CHARACTERS)
        fitting = ""
        rows = textwrap.wrap(sentence, ROW_CHARACTERS)
        if len(rows) <= CUE_ROWS:
            fitting = sentence
            continue
        for begin in range(0, len(rows), CUE_ROWS):
            yield rows[begin : begin + CUE_ROWS]
    if fitting:
        yield textwrap.wrap(fitting, ROW_CHARACTERS)


def _time(milliseconds: int, point: str) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{thousandths:03}"


def _srt(found: Iterable[Cue]) -> str:
    parts = []
    for number, cue in enumerate(found, start=1):
        span = f"{_time(cue.start_ms, ',')} --> {_time(cue.end_ms, ',')}"
        parts.append(f"{number}\n{span}\n" + "\n".join(cue.rows) + "\n")
    return "\n".join(parts)


def _vtt(found: Iterable[Cue], speaker: str) -> str:
    parts = ["WEBVTT\n"]
    voice = f"<v {_escaped(speaker)}>" if speaker else ""
    for cue in found:
        span = f"{_time(cue.start_ms, '.')} --> {_time(cue.end_ms, '.')}"
        parts.append(f"{span}\n{voice}" + "\n".join(map(_escaped, cue.rows)) + "\n")
    return "\n".join(parts)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()
