"""WAV files as chunks: what is written beside the samples, and what other people's files say of themselves.

A RIFF chunk is four characters, a size as uint32 and the data, padded to even (Microsoft and IBM, "Multimedia
Programming Interface and Data Specifications 1.0", 1991).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from sfxgen.errors import AudioError

LARGEST_RIFF = 0xFFFFFFFF
MOST_CHANNELS = 1024
MOST_CHUNKS = 4096
LARGEST_CHUNK_READ = 1 << 24
"""More than any tag needs: what claims to be larger is cut."""


def chunk(name: bytes, data: bytes) -> bytes:
    """Return one chunk, padded to even; the padding is not part of its size."""
    return struct.pack("<4sI", name, len(data)) + data + b"\0" * (len(data) % 2)


def wav(head: Sequence[bytes], data: bytes, tail: Sequence[bytes]) -> bytes:
    """Return a WAV file: chunks before the samples, the samples as they are stored, chunks after them.

    Raises AudioError beyond the 4 GiB that RIFF can count.
    """
    size = 4 + sum(map(len, chain(head, tail))) + 8 + len(data) + len(data) % 2
    if size > LARGEST_RIFF:
        raise AudioError(
            "a WAV file holds at most 4 GiB", hint="write flac, a lower sample rate, or a shorter clip"
        )
    samples = [struct.pack("<4sI", b"data", len(data)), data, b"\0" * (len(data) % 2)]
    return b"".join([struct.pack("<4sI4s", b"RIFF", size, b"WAVE"), *head, *samples, *tail])


def fmt(channels: int, sample_rate: int, bit_depth: int) -> bytes:
    """Return the `fmt ` chunk of format tag 1 (PCM), the only one that every engine reads.

    Raises ValueError for what it cannot say, and beyond the channels that libsndfile reads.
    """
    frame_bytes = channels * bit_depth // 8
    if channels > MOST_CHANNELS or sample_rate * frame_bytes > 0xFFFFFFFF:
        raise ValueError(f"WAV has at most {MOST_CHANNELS} channels, and 4 GiB a second")
    return chunk(
        b"fmt ",
        struct.pack("<HHIIHH", 1, channels, sample_rate, sample_rate * frame_bytes, frame_bytes, bit_depth),
    )


def smpl(frames: int, sample_rate: int) -> bytes:
    """Return a sampler chunk with one endless forward loop over all frames. Its end is inclusive: frames - 1.

    Middle C is the clip's own pitch; the period is in nanoseconds.
    """
    period_ns = min(round(1e9 / sample_rate), 0xFFFFFFFF)
    header = struct.pack("<9I", 0, 0, period_ns, 60, 0, 0, 0, 1, 0)
    return chunk(b"smpl", header + struct.pack("<6I", 0, 0, 0, frames - 1, 0, 0))


def cue(marks: Sequence[tuple[int, str]]) -> bytes:
    """Return a `cue ` chunk of marks (frame, label), and a LIST chunk of type `adtl` with their labels."""
    points = [struct.pack("<II4sIII", n, at, b"data", 0, 0, at) for n, (at, _) in enumerate(marks, 1)]
    labels = [
        chunk(b"labl", struct.pack("<I", n) + label.encode() + b"\0") for n, (_, label) in enumerate(marks, 1)
    ]
    cues = chunk(b"cue ", struct.pack("<I", len(points)) + b"".join(points))
    return cues + chunk(b"LIST", b"adtl" + b"".join(labels))


def read_chunks(source: bytes | Path) -> dict[bytes, bytes]:
    """Return a WAV file's chunks by name, all but the samples; of several of one name the first.

    A LIST goes by its type (`adtl`, `INFO`), without it. Empty for what is no WAV file. Sizes are not
    believed: a chunk ends where the file ends. Raises AudioError where a path cannot be read.
    """
    if isinstance(source, bytes):
        return _chunks(io.BytesIO(source))
    try:
        if not source.is_file():
            raise AudioError(f"{source}: not a file")
        with source.open("rb") as file:
            return _chunks(file)
    except (OSError, ValueError) as error:
        raise AudioError(f"{source}: cannot be read: {error}") from error


def read_loop(source: bytes | Path) -> tuple[int, int] | None:
    """Return the first loop of a WAV file's `smpl` chunk as its first and last frame, both inclusive.

    None where there is no loop, or one that ends before it begins.
    """
    data = read_chunks(source).get(b"smpl", b"")
    if len(data) < 60 or struct.unpack_from("<I", data, 28)[0] == 0:
        return None
    start, end = struct.unpack_from("<II", data, 44)
    return (start, end) if start <= end else None


def read_cues(source: bytes | Path) -> list[tuple[int, str]]:
    """Return a WAV file's marks as (frame, label), in the file's order; the label is "" where there is none."""
    chunks = read_chunks(source)
    points, labels = chunks.get(b"cue ", b""), chunks.get(b"adtl", b"")
    names: dict[int, str] = {}
    for name, data in _walk(io.BytesIO(labels)):
        if name == b"labl" and len(data) >= 4:
            names[struct.unpack_from("<I", data)[0]] = data[4:].split(b"\0")[0].decode("utf-8", "replace")
    marks = struct.iter_unpack("<II4sIII", points[4 : 4 + (len(points) - 4) // 24 * 24] if points else b"")
    return [(at, names.get(number, "")) for number, _, _, _, _, at in marks]


def _chunks(file: BinaryIO) -> dict[bytes, bytes]:
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        return {}
    found: dict[bytes, bytes] = {}
    for name, data in _walk(file):
        if name == b"LIST":
            found.setdefault(data[:4], data[4:])
        else:
            found.setdefault(name, data)
    return found


def _walk(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks from here on, but for the samples, which are passed over without reading them."""
    for _ in range(MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return
        name, size = struct.unpack("<4sI", head)
        at = file.tell()
        if name != b"data":
            yield name, file.read(min(size, LARGEST_CHUNK_READ))
        file.seek(at + size + size % 2)
