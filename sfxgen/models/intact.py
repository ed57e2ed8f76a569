"""Are weight files whole, and are they data? Seen from their headers alone, before any heavy library is imported.

This is for clear errors early. What keeps a pickle's code from running is the loader: safetensors, or torch's restricted
unpickler, which runs none whatever this module says.
"""

from __future__ import annotations

import io
import json
import pickletools
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

MAX_HEADER = 16 << 20
"""Some hundred thousand tensors. safetensors itself reads 100 MB; as JSON, that would take gigabytes."""
MAX_PICKLE = 64 << 20
"""A checkpoint's pickle names its tensors; their numbers are files beside it."""
OLD_PICKLES = 4
"""What a checkpoint from before 2020 begins with: a magic number, a version, facts of a machine, its tensors' names."""
_TENSORS = {"torch", "collections", "numpy", "_codecs"}
"""The packages whose names a checkpoint of tensors may hold."""
_PLAIN = {
    "set",
    "frozenset",
    "list",
    "dict",
    "tuple",
    "int",
    "float",
    "complex",
    "bool",
    "str",
    "bytes",
    "bytearray",
}


def weight_file_problem(path: Path) -> str | None:
    """Return what is wrong with a weight file, as words that follow its name, or None. Raises OSError."""
    if path.suffix == ".safetensors":
        return _safetensors_problem(path)
    if path.suffix in {".bin", ".pt", ".pth", ".ckpt"}:
        return _pickle_problem(path)
    return None


def _safetensors_problem(path: Path) -> str | None:
    """Read the header: 8 bytes that say how long it is, then JSON with each tensor's place behind it."""
    there = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if there < 8 or length > MAX_HEADER:
            return "is no safetensors file"
        header = file.read(length)
    try:
        tensors = json.loads(header)
        places = [tensor["data_offsets"] for name, tensor in tensors.items() if name != "__metadata__"]
        ends = [int(end) for _, end in places]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return "is no safetensors file"
    needed = 8 + length + max(ends, default=0)
    if there < needed:
        return f"is cut off: it has {there:,} bytes of {needed:,}"
    return f"has {there - needed:,} bytes too many" if there > needed else None


def _pickle_problem(path: Path) -> str | None:
    """Look at what a checkpoint of torch's names. Whether one in the format from before 2020 is whole, the loader finds."""
    with path.open("rb") as file:
        is_zip = file.read(2) == b"PK"
        file.seek(0)
        start = io.BytesIO(b"" if is_zip else file.read(MAX_PICKLE))
    if not is_zip:
        with suppress(ValueError):
            for _ in range(OLD_PICKLES):
                if wrong := _code_in(start):
                    return wrong
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            (name,) = [info for info in archive.infolist() if info.filename.split("/")[1:] == ["data.pkl"]]
            if name.file_size > MAX_PICKLE:
                return "has a pickle of unreasonable size"
            code = archive.read(name)
    except Exception:  # zipfile has its own, and each compression's
        return "is cut off, or no checkpoint"
    try:
        return _code_in(io.BytesIO(code))
    except ValueError:
        return "is no checkpoint: its pickle cannot be read"


def _code_in(pickle: IO[bytes]) -> str | None:
    """Return what code a pickle would call, or None; read up to its end. Raises ValueError for what is none."""
    for module, called in _globals(pickle):
        is_plain = module in {"builtins", "__builtin__"} and called in _PLAIN
        if module.split(".")[0] not in _TENSORS and not is_plain:
            return f"holds code ({module}.{called}), not only tensors: it is not loaded"
    return None


def _globals(code: IO[bytes]) -> Iterator[tuple[str, str]]:
    """Yield the (module, name) pairs that a pickle would import. Executes nothing. Raises ValueError for what is none."""
    texts: list[str] = []
    memo: dict[int, str] = {}
    for operation, argument, _ in pickletools.genops(code):
        kind = operation.name
        if kind in {"GLOBAL", "INST"}:
            module, _, called = str(argument).partition(" ")
            yield module, called
        elif kind == "STACK_GLOBAL":
            yield (texts[-2], texts[-1]) if len(texts) > 1 else ("?", "?")
        elif "UNICODE" in kind or kind in {"STRING", "BINSTRING", "SHORT_BINSTRING"}:
            texts.append(str(argument))
        elif kind == "MEMOIZE":
            memo[len(memo)] = texts[-1] if texts else ""
        elif kind in {"PUT", "BINPUT", "LONG_BINPUT"}:
            memo[int(argument or 0)] = texts[-1] if texts else ""
        elif kind in {"GET", "BINGET", "LONG_BINGET"}:
            texts.append(memo.get(int(argument or 0), ""))
