"""What an audio file says of itself: `bext` and iXML for WAV, Vorbis comments and ID3 for the others.

Nothing here holds a date or a version of ours, so that the same sound gives the same bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from sfxgen.audio.wav_chunks import chunk
from sfxgen.recipe import Tags

Measured = Mapping[str, Any]
"""What was measured of a clip, all of it optional: `loudness_lufs`, `loudness_range_lu`, `true_peak_dbtp`,
`momentary_max_lufs`, `short_term_max_lufs` and `sample_peak_dbfs`; None is as good as missing."""

_BEXT_LEVELS = (
    "loudness_lufs",
    "loudness_range_lu",
    "true_peak_dbtp",
    "momentary_max_lufs",
    "short_term_max_lufs",
)
_BEXT_UNKNOWN = 0x7FFF
_CHANNEL_CONFIGS = {1: "Mono", 2: "Stereo"}


def bext(tags: Tags, measured: Measured, *, channels: int, sample_rate: int, bit_depth: int) -> bytes:
    """Return the broadcast extension chunk: EBU Tech 3285, version 2 (2011).

    Levels are int16 in hundredths; 7FFFh says that one is not known. The date and time are left empty.
    Texts are ASCII, cut to their fields: what is not ASCII becomes a question mark (the iXML has it in full).
    """
    history = f"A=PCM,F={sample_rate},W={bit_depth},M={_CHANNEL_CONFIGS.get(channels, 'multi').lower()},T=sfxgen\r\n"
    fixed = struct.pack(
        "<256s32s32s10s8sQH64s5h180x",
        _ascii(tags.description or tags.fx_name),
        _ascii(tags.originator),
        _ascii(tags.source_id),
        b"",
        b"",
        0,
        2,
        b"",
        *(_hundredths(measured.get(name)) for name in _BEXT_LEVELS),
    )
    return chunk(b"bext", fixed + history.encode("ascii"))


def ixml(tags: Tags, measured: Measured, *, channels: int) -> bytes:
    """Return the iXML chunk: the iXML specification 3, with the ASWG's extension for game audio.

    The fields of <ASWG>, their spelling and their order are those of ASWG-G006, "iXML Extension" 1.1 (Sony
    PlayStation Studios' Audio Standards Working Group, 2024) and its schema. UCS fields may hold neither `_` nor
    `-`, the separators of UCS file names: they become spaces.
    """
    fields: dict[str, str | None] = {
        "contentType": tags.content_type,
        "project": tags.project,
        "originator": tags.originator,
        "notes": tags.description,
        "isGenerated": _boolean(tags.is_generated),
        "channelConfig": _CHANNEL_CONFIGS.get(channels),
        "category": _ucs(tags.category),
        "catId": _ucs(tags.cat_id),
        "fxName": _ucs(tags.fx_name),
        "sourceId": tags.source_id,
        "loudness": _decimal(measured.get("loudness_lufs")),
        "loudnessRange": _decimal(measured.get("loudness_range_lu")),
        "maxPeak": _decimal(measured.get("sample_peak_dbfs")),
        "isLoop": _boolean(tags.is_loop),
        "schemaVersion": "1.1",
    }
    aswg = "".join(f"<{name}>{_xml(value)}</{name}>" for name, value in fields.items() if value)
    root = {"IXML_VERSION": "3.01", "PROJECT": tags.project, "NOTE": tags.description}
    outer = "".join(f"<{name}>{_xml(value)}</{name}>" for name, value in root.items() if value)
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<BWFXML>{outer}<ASWG>{aswg}</ASWG></BWFXML>\n'
    return chunk(b"iXML", text.encode())


def comments(tags: Tags) -> dict[str, str]:
    """Return tags as Vorbis comments (field names in capitals); what is empty is left out."""
    fields = {
        "TITLE": tags.fx_name,
        "DESCRIPTION": tags.description,
        "ARTIST": tags.originator,
        "ALBUM": tags.project,
        "GENRE": tags.category,
        "CATID": tags.cat_id,
        "CONTENTTYPE": tags.content_type,
        "SOURCEID": tags.source_id,
        "ISGENERATED": _boolean(tags.is_generated),
        "ISLOOP": _boolean(tags.is_loop),
    }
    return {name: text for name, value in fields.items() if (text := _plain(value))}


def vorbis_comment(vendor: bytes, fields: Mapping[str, str]) -> bytes:
    """Return a comment header's body, as Vorbis, Opus and FLAC have it (Vorbis I specification, section 5)."""
    lines = [f"{name}={value}".encode() for name, value in fields.items()]
    texts = [struct.pack("<I", len(line)) + line for line in lines]
    return struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(lines)) + b"".join(texts)


def id3(fields: Mapping[str, str]) -> bytes:
    """Return an ID3v2.4 tag (id3.org, 2000) of Vorbis-like fields, in UTF-8; what has no frame is a TXXX."""
    frames = {"TITLE": b"TIT2", "ARTIST": b"TPE1", "ALBUM": b"TALB", "GENRE": b"TCON"}
    body = b""
    for name, value in fields.items():
        text = value.encode()
        if name in frames:
            body += _id3_frame(frames[name], b"\x03" + text)
        elif name == "DESCRIPTION":
            body += _id3_frame(b"COMM", b"\x03eng\0" + text)
        else:
            body += _id3_frame(b"TXXX", b"\x03" + name.encode() + b"\0" + text)
    return b"ID3\x04\0\0" + _syncsafe(len(body)) + body


def _id3_frame(name: bytes, data: bytes) -> bytes:
    return name + _syncsafe(len(data)) + b"\0\0" + data


def _syncsafe(size: int) -> bytes:
    """Return 28 bits, seven a byte."""
    return bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))


def _ascii(text: str) -> bytes:
    return _plain(text).encode("ascii", "replace")


def _ucs(text: str) -> str:
    return text.replace("_", " ").replace("-", " ")


def _xml(text: str) -> str:
    return escape(_plain(text))


def _plain(text: str) -> str:
    """Drop what no tag can hold: control characters, lone surrogates, and U+FFFE and U+FFFF."""
    return "".join(
        c
        for c in text
        if (c >= " " or c in "\t\n") and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff"
    )


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _decimal(value: float | None) -> str | None:
    return None if value is None else f"{value:.2f}"


def _hundredths(value: float | None) -> int:
    """Return a level as int16 of hundredths, half away from zero; a level beyond ±99.99 counts as unknown."""
    if value is None or not abs(value) <= 99.99:
        return _BEXT_UNKNOWN
    return int(abs(value) * 100 + 0.5) * (1 if value >= 0 else -1)
