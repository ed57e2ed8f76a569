"""Line sheets: CSV text to the lines of a game's dialog, for text that nobody vouches for.

A sheet has a header row and a line a row, in columns of any order, between commas, semicolons or tabs. It is read with
Python's csv module in its strict mode, so that a quote that is never closed swallows no rows; what is wrong in it is
collected, each with the line of the file that its row begins at.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sfxgen.errors import Mistake
from sfxgen.wording import did_you_mean
from sfxgen.yaml_source import Document

MAX_SHEET_BYTES = 8 * 1024 * 1024
MAX_LINES = 10_000
MAX_TEXT = 2000
"""Characters of a line, as of `say`."""
MAX_WORD = 200
"""Characters of any other field."""
MAX_COLUMNS = 200

COLUMNS = ("id", "speaker", "line", "direction", "language", "take", "renamed_from")
NEEDED = ("id", "line")
SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab"}

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_TAKE = re.compile(r"[0-9]{1,6}\Z")
_SAVE_AS = "save it as CSV in UTF-8; Excel calls that CSV UTF-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of dialog, as its sheet has it. `row` is the line of the file, from 1, that its row begins at.

    `text` keeps its line breaks, for subtitles; `said` is the same on one line, for a model. `takes` are those to ship,
    none where the manifest decides. `renamed_from` is a sound's id.
    """

    id: str
    text: str
    speaker: str = ""
    direction: str = ""
    language: str = ""
    takes: tuple[int, ...] = ()
    renamed_from: str = ""
    row: int = 0

    @property
    def said(self) -> str:
        """The text with every stretch of white space as one space: where a subtitle breaks makes no new take."""
        return " ".join(self.text.split())


def read_sheet(path: str, raw: bytes) -> tuple[Document, list[Line]]:
    """Read a sheet. Never raises for bad input: the document's mistakes say what is wrong; the lines are what is right.

    `path` is the sheet's in the project.
    """
    document = Document(path)
    text = _decoded(document, raw)
    if text is None:
        return document, []
    separator = _separator(text)
    rows = _rows(document, text, separator)
    top, header = next(filter(_holds_something, rows), (1, []))
    columns = _columns(document, top, header, separator)
    if columns is None:
        return document, []
    lines: list[Line] = []
    for row, fields in filter(_holds_something, rows):
        if len(lines) >= MAX_LINES:
            what, hint = f"more than {MAX_LINES:,} lines", "split the sheet into several"
            document.mistakes.append(Mistake(path, row, "", what, hint))
            break
        line = _line(document, row, fields, columns, len(header), separator)
        if line is not None:
            lines.append(line)
    if not lines and not document.mistakes:
        hint = "write a line below the header, or leave the sheet out"
        document.mistakes.append(Mistake(path, top, "", "has a header and no lines", hint))
    return document, lines


def _decoded(document: Document, raw: bytes) -> str | None:
    path, mistakes = document.path, document.mistakes
    if len(raw) > MAX_SHEET_BYTES:
        size = f"{len(raw) / 1e6:.1f} MB"
        what = f"is {size}, more than {MAX_SHEET_BYTES // 2**20} MiB"
        mistakes.append(Mistake(path, 0, "", what, "split it into several sheets"))
        return None
    if raw.startswith(b"version https://git-lfs"):
        what, hint = "is a Git LFS pointer, not the sheet", "run git lfs pull, or keep sheets out of LFS"
        mistakes.append(Mistake(path, 1, "", what, hint))
        return None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        mistakes.append(Mistake(path, 1, "", "is UTF-16, not UTF-8", _SAVE_AS))
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        what = f"byte 0x{raw[error.start]:02x} is not valid UTF-8"
        mistakes.append(Mistake(path, line, "", what, _SAVE_AS))
        return None
    conflict = re.search(r"^(<{7}|>{7})( |$)", text, re.MULTILINE)
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        mistakes.append(Mistake(path, line, "", "is in a merge conflict", "resolve it, then build again"))
        return None
    if not text.strip():
        hint = "it begins with a header: id,speaker,line,direction,language"
        mistakes.append(Mistake(path, 0, "", "is empty", hint))
        return None
    return text


def _separator(text: str) -> str:
    """Return what is between a sheet's fields: that by which its header has most columns that are known."""

    def known(separator: str) -> int:
        try:
            rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
            header = next((fields for fields in rows if any(map(str.strip, fields))), [])
        except csv.Error:
            return 0
        return len({_name(field) for field in header} & set(COLUMNS))

    return max(SEPARATORS, key=known)


def _rows(document: Document, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the line that it begins at. What cannot be read ends it, with a mistake."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            document.mistakes.append(Mistake(document.path, begins, "", *_worded(str(error), separator)))
            return
        yield begins, fields


def _worded(error: str, separator: str) -> tuple[str, str]:
    if "end of data" in error:
        return "a quote opens here and is never closed", 'close it; a quote inside quoted text is written ""'
    if "expected after" in error:
        hint = f'write "" for a quote inside quoted text, and {SEPARATORS[separator]} after a closing one'
        return "a quote closes inside a field", hint
    if "field larger" in error:
        return "a field is longer than a line can be", "is a quote left open?"
    return f"cannot be read: {error}", "quote fields that hold line breaks"


def _name(field: str) -> str:
    return field.strip().lower().replace(" ", "_")


def _holds_something(row: tuple[int, list[str]]) -> bool:
    """Whether a row is none of those that a spreadsheet leaves around its table."""
    return any(field.strip() for field in row[1])


def _columns(document: Document, row: int, header: Sequence[str], separator: str) -> dict[str, int] | None:
    """Return where each column stands; None where the rows mean nothing without what is missing."""
    path, mistakes = document.path, document.mistakes
    if len(header) > MAX_COLUMNS:
        mistakes.append(
            Mistake(path, row, "", f"has more than {MAX_COLUMNS} columns", "is it the right file?")
        )
        return None
    columns: dict[str, int] = {}
    for index, field in enumerate(header):
        name = _name(field)
        if not name or name.startswith("_"):
            continue
        if name not in COLUMNS:
            hint = did_you_mean(name, COLUMNS) + "; a column that is for people only begins with _"
            mistakes.append(Mistake(path, row, field.strip()[:MAX_WORD], "unknown column", hint))
        elif name in columns:
            mistakes.append(
                Mistake(path, row, name, "this column stands here twice", "remove one of the two")
            )
        else:
            columns[name] = index
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        known = f"separated by {SEPARATORS[separator]}" if len(header) > 1 else "in the first row"
        hint = f"the header names the columns, {known}: id,speaker,line,direction,language"
        for name in missing:
            mistakes.append(Mistake(path, row, name, "this column is missing", hint))
        return None
    return columns


def _line(
    document: Document,
    row: int,
    fields: Sequence[str],
    columns: Mapping[str, int],
    width: int,
    separator: str,
) -> Line | None:
    """Return a row's line; None where it has none that could be built."""
    found = {name: fields[index].strip() if index < len(fields) else "" for name, index in columns.items()}
    line_id = found["id"]
    before = len(document.mistakes)

    def complain(column: str, what: str, hint: str) -> None:
        where = f"{line_id[:MAX_WORD]}.{column}" if line_id and column else line_id[:MAX_WORD] or column
        document.mistakes.append(Mistake(document.path, row, where, what, hint))

    if any(field.strip() for field in fields[width:]):
        what = f"this row has {len(fields)} fields, the header {width}"
        complain("", what, f"quote text that holds {SEPARATORS[separator]}")
        return None
    for column, value in found.items():
        control = _CONTROL.search(value)
        if control:
            complain(column, f"holds the control character U+{ord(control[0]):04X}", "remove it")
        elif column == "line" and len(value) > MAX_TEXT:
            complain(column, f"is longer than {MAX_TEXT} characters", "split it into several lines")
        elif column != "line" and column != "direction" and ("\n" in value or "\r" in value):
            complain(column, "holds a line break", "only a line may have several")
        elif column not in ("line", "direction") and len(value) > MAX_WORD:
            complain(column, f"is longer than {MAX_WORD} characters", "is a quote left open?")
        elif column == "direction" and len(value) > MAX_TEXT:
            complain(column, f"is longer than {MAX_TEXT} characters", "say it in fewer words")
    if not line_id:
        complain("id", "is empty", "every line has an id of its own")
    if not found["line"]:
        complain("line", "is empty", "write what is said, or remove the row")
    language = found.get("language", "")
    if language and not _LANGUAGE.match(language):
        complain("language", f"'{language[:40]}' is no language tag", "write a tag such as en, de or pt-BR")
    takes = found.get("take", "").replace(",", " ").split()
    if not all(_TAKE.match(take) and 1 <= int(take) <= 100_000 for take in takes):
        complain("take", f"'{found['take'][:40]}' is no take", "write a number from 1 up, or several: 2 5")
    elif len(set(takes)) != len(takes):
        complain("take", "names a take twice", "each variant is another take")
    if len(document.mistakes) > before:
        return None
    return Line(
        id=line_id,
        text=found["line"].replace("\r\n", "\n").replace("\r", "\n"),
        speaker=found.get("speaker", ""),
        direction=" ".join(found.get("direction", "").split()),
        language=language,
        takes=tuple(map(int, takes)),
        renamed_from=found.get("renamed_from", ""),
        row=row,
    )
