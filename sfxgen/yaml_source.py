"""YAML text to plain data with the line of every key, for text that nobody vouches for.

Scalars follow YAML 1.2's core schema, as editors do: `on`, `yes` and `1:30` are text, not booleans and
sexagesimals. The text is read as a stream of events, never as Python objects, so nothing is executed;
depth, size and the growth through aliases are bounded; a key that stands twice is a mistake.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import yaml

from sfxgen.errors import Mistake

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 24
MAX_NODES = 400_000  # a manifest of 10,000 sounds has some 150,000

KeyPath = tuple[str | int, ...]

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_SPECIAL = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    ".inf": float("inf"),
    "+.inf": float("inf"),
    "-.inf": float("-inf"),
    ".nan": float("nan"),
}


@dataclass(slots=True)
class Document:
    """What one YAML file says: its data, the line of every key path, and what is wrong with it.

    `data` is None where the text is no YAML at all; the mistakes then say why.
    """

    path: str
    data: Any = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def line(self, path: KeyPath) -> int:
        """Return the line of a key path, or of the nearest key above it that stands in the text."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def mistake(self, path: KeyPath, what: str, hint: str = "") -> Mistake:
        """Make a mistake at a key path."""
        return Mistake(self.path, self.line(path), dotted(path), what, hint)


def dotted(path: KeyPath) -> str:
    """Word a key path as errors show it: `sounds.ui/coin.takes[1]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def parse(path: str, raw: bytes) -> Document:
    """Read YAML bytes. Never raises for bad input: the document's mistakes say what is wrong."""
    document = Document(path)
    text = _decode(document, raw)
    if text is None:
        return document
    conflict = re.search(r"^(<{7}|>{7})( |$)", text, re.MULTILINE)
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        document.mistakes.append(
            Mistake(path, line, "", "is in a merge conflict", "resolve it, then build again")
        )
        return document
    try:
        with _no_garbage_collection():
            _Builder(document).build(text)
    except _TooMuchError as error:
        document.data = None
        document.mistakes.append(Mistake(path, error.line, "", error.what, error.hint))
    except yaml.YAMLError as error:
        document.data = None
        document.mistakes.append(_syntax_mistake(path, text, error))
    return document


class _TooMuchError(Exception):
    """The text is beyond a bound, or uses a part of YAML that manifests have no use for."""

    def __init__(self, line: int, what: str, hint: str) -> None:
        super().__init__(what)
        self.line, self.what, self.hint = line, what, hint


@dataclass(slots=True)
class _Open:
    """A mapping or sequence whose end has not come yet."""

    value: dict[str, Any] | list[Any]
    path: KeyPath
    anchor: str | None
    line: int
    nodes_before: int
    key: str | None = None
    merges: list[tuple[int, Any]] = field(default_factory=list)


class _Builder:
    """Builds a document from parse events, without recursion."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.nodes = 0
        self.documents = 0

    def build(self, text: str) -> None:
        for event in yaml.parse(text, Loader=_Loader):
            line = event.start_mark.line + 1 if event.start_mark else 0
            if isinstance(event, yaml.ScalarEvent):
                self.scalar(event, line)
            elif isinstance(event, yaml.MappingStartEvent):
                self.open({}, event, line)
            elif isinstance(event, yaml.SequenceStartEvent):
                self.open([], event, line)
            elif isinstance(event, yaml.CollectionEndEvent):
                self.close()
            elif isinstance(event, yaml.AliasEvent):
                self.alias(event.anchor or "", line)
            elif isinstance(event, yaml.DocumentStartEvent):
                self.documents += 1
                if self.documents > 1:
                    raise _TooMuchError(
                        line, "a second document begins here", "keep one document a file; remove '---'"
                    )

    def count(self, nodes: int, line: int) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise _TooMuchError(
                line,
                f"more than {MAX_NODES:,} values, aliases expanded",
                "split the manifest into several files",
            )

    def scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        if event.tag is not None and event.tag != "!":
            raise _TooMuchError(line, f"the tag {event.tag} is not used here", "write the plain value")
        self.count(1, line)
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self.key(top, event.value, line)
            return
        plain = event.style is None or event.style == ""
        value = plain_scalar(event.value) if plain else event.value
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)
        self.put(value, line)

    def key(self, top: _Open, key: str, line: int) -> None:
        path = (*top.path, key)
        assert isinstance(top.value, dict)
        if key in top.value:
            first = self.document.lines.get(path, top.line)
            self.document.mistakes.append(
                Mistake(
                    self.document.path,
                    line,
                    dotted(path),
                    f"stands here a second time, first on line {first}",
                    "remove one of the two",
                )
            )
        else:
            self.document.lines[path] = line
        top.key = key

    def open(self, value: dict[str, Any] | list[Any], event: yaml.CollectionStartEvent, line: int) -> None:
        if event.tag is not None and event.tag != "!":
            raise _TooMuchError(line, f"the tag {event.tag} is not used here", "write the plain value")
        if len(self.stack) >= MAX_DEPTH:
            raise _TooMuchError(line, f"nested deeper than {MAX_DEPTH} levels", "a manifest needs five or so")
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            raise _TooMuchError(
                line, "a mapping or list cannot be a key", "quote a key that begins with [ or {"
            )
        path = self.child_path(top)
        if path and isinstance(path[-1], int):
            self.document.lines[path] = line
        self.count(1, line)
        self.stack.append(_Open(value, path, event.anchor, line, self.nodes))

    def close(self) -> None:
        done = self.stack.pop()
        if isinstance(done.value, dict):
            for line, merged in done.merges:
                self.merge(done.value, merged, line)
        if done.anchor:
            self.anchors[done.anchor] = (done.value, self.nodes - done.nodes_before + 1)
        self.put(done.value, done.line)

    def alias(self, anchor: str, line: int) -> None:
        if anchor not in self.anchors:
            raise _TooMuchError(
                line, f"*{anchor} is not defined above", f"write &{anchor} at the value that it repeats"
            )
        value, nodes = self.anchors[anchor]
        self.count(nodes, line)
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            raise _TooMuchError(line, "an alias cannot be a key", "write the key itself")
        self.put(value, line)

    def merge(self, into: dict[str, Any], merged: Any, line: int) -> None:
        for source in merged if isinstance(merged, list) else [merged]:
            if not isinstance(source, dict):
                raise _TooMuchError(
                    line, "<< needs a mapping to take keys from", "write << with an alias of a mapping"
                )
            for key, value in source.items():
                into.setdefault(key, value)

    def child_path(self, top: _Open | None) -> KeyPath:
        if top is None:
            return ()
        if isinstance(top.value, dict):
            assert top.key is not None
            return (*top.path, top.key)
        return (*top.path, len(top.value))

    def put(self, value: Any, line: int) -> None:
        if not self.stack:
            self.document.data = value
            return
        top = self.stack[-1]
        if isinstance(top.value, list):
            self.document.lines.setdefault((*top.path, len(top.value)), line)
            top.value.append(value)
            return
        assert top.key is not None
        if top.key == "<<":
            top.merges.append((line, value))
        else:
            top.value[top.key] = value
        top.key = None


def plain_scalar(text: str) -> Any:
    """Resolve an unquoted scalar by YAML 1.2's core schema. Numbers of absurd length stay text."""
    if text in _SPECIAL:
        return _SPECIAL[text]
    if len(text) <= 40:
        if _INT.match(text):
            return int(text)
        if _FLOAT.match(text):
            return float(text)
    return text


def _decode(document: Document, raw: bytes) -> str | None:
    if len(raw) > MAX_BYTES:
        size = f"{len(raw) / 1e6:.1f} MB"
        document.mistakes.append(
            Mistake(
                document.path,
                0,
                "",
                f"is {size}, more than {MAX_BYTES // 2**20} MiB",
                "split it into several manifests",
            )
        )
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        byte = raw[error.start]
        document.mistakes.append(
            Mistake(
                document.path, line, "", f"byte 0x{byte:02x} is not valid UTF-8", "save the file as UTF-8"
            )
        )
        return None


def _syntax_mistake(path: str, text: str, error: yaml.YAMLError) -> Mistake:
    mark = getattr(error, "problem_mark", None)
    if mark is None:  # the reader's own errors (control characters) carry no mark
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position if isinstance(position, int) else 0) + 1
        character = getattr(error, "character", None)
        code = ord(character) if isinstance(character, str) else character
        what = "holds a control character" if code is None else f"holds the control character U+{code:04X}"
        return Mistake(path, line, "", what, "remove it")
    line = mark.line + 1
    lines = text.splitlines()
    here = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in here[: mark.column + 1] or "'\\t'" in str(getattr(error, "problem", "")):
        return Mistake(path, line, "", "a tab indents this line", "YAML indents with spaces: replace the tab")
    problem = getattr(error, "problem", None) or "is not YAML"
    return Mistake(path, line, "", f"not valid YAML: {problem}", _syntax_hint(problem, here))


def _syntax_hint(problem: str, here: str) -> str:
    if "mapping values are not allowed" in problem:
        return "quote text that holds a colon"
    if "could not find expected ':'" in problem:
        return "a key is followed by a colon and a space"
    if "did not find expected key" in problem or "block" in problem:
        return "check the indentation of this line and the one above"
    if "%" in here or "@" in here or "`" in here:
        return "quote text that begins with one of % @ `"
    return "compare the indentation, colons and quotes with the lines above"


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    # Loading makes no cycles, and with the collector on PyYAML takes three times as long on 10,000 sounds.
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
