"""Ogg streams of Vorbis and Opus: written by libsndfile, then made to repeat bit by bit.

libsndfile numbers each stream at random, and leaves an Opus stream's last milliseconds damaged; pages are
rewritten here (RFC 3533), with our comments in them.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import soundfile

from sfxgen.audio import vorbis_setup
from sfxgen.audio.clip import Clip, Samples
from sfxgen.audio.tags import vorbis_comment

SERIAL = int.from_bytes(b"sfxg", "little")
BLOCK_FRAMES = 65_536
"""libsndfile overflows the stack when it is given a minute of Vorbis at once."""
VORBIS_HIGHEST_RATE = 200_000
"""libsndfile crashes the process above it, where libvorbis refuses."""
OPUS_RATE = 48_000
"""What all times in an Opus stream count in."""
OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
OPUS_KBPS = (6, 256)
"""Of one channel: what libsndfile asks the encoder for."""
OPUS_CONTEXT_MS = 80
"""What an Opus decoder needs to converge (RFC 7845, section 4.6), and more than its look-ahead."""
PAGE_FRAMES = 48_000
VORBIS_HEADERS = 3
"""The identification, the comments and the setup."""

CONTINUED, FIRST, LAST = 1, 2, 4
NO_PACKET_ENDS = -1

_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `granule` is the time at the end of its last whole packet, `lacing` the sizes of its segments."""

    flags: int
    granule: int
    lacing: bytes
    body: bytes


def encode_vorbis(clip: Clip, quality: float, comments: Mapping[str, str] | None) -> bytes:
    """Return the clip as Ogg Vorbis. Raises ValueError for a rate or number of channels that it has not."""
    if clip.sample_rate > VORBIS_HIGHEST_RATE:
        raise ValueError(f"Vorbis goes up to {VORBIS_HIGHEST_RATE} Hz")
    if clip.channels > 255:
        raise ValueError("Vorbis has at most 255 channels")
    ogg = _written(clip.samples, clip.sample_rate, "VORBIS", 1 - quality)
    if not comments:
        return with_serial(ogg, SERIAL)
    pages = list(_pages(ogg))
    packets = _packets(pages)
    identification, comment, setup = next(packets), next(packets), next(packets)
    body = b"\x03vorbis" + vorbis_comment(_vendor(comment, 7), comments) + b"\x01"
    return _joined(
        [
            *_paginated([(identification, 0)]),
            *_paginated([(body, 0), (setup, 0)], page_frames=1),
            *pages[len(_header_pages(pages)) :],
        ]
    )


def encode_opus(clip: Clip, kbps: int, comments: Mapping[str, str] | None, *, loop: bool = False) -> bytes:
    """Return the clip as Ogg Opus (RFC 7845) of exactly as many frames, its bitrate the nearest that Opus has.

    The encoder gets sound before and after the clip, which the header's pre-skip and the last page's time cut
    away again: of a loop its other end, so that it decodes without a seam; of other clips silence.
    Raises ValueError for a rate or number of channels that Opus has not.
    """
    if clip.sample_rate not in OPUS_RATES:
        raise ValueError(
            f"Opus has only {', '.join(map(str, OPUS_RATES))} Hz: set sample_rate to one of them"
        )
    if clip.channels > 8:
        raise ValueError("Opus has at most 8 channels here")
    low, high = OPUS_KBPS
    each_kbps = min(max(kbps / clip.channels, low), high)
    ratio = OPUS_RATE // clip.sample_rate
    context = OPUS_CONTEXT_MS * clip.sample_rate // 1000
    lead = context if loop else 0
    ogg = _written(
        _in_context(clip.samples, lead, context, loop=loop),
        clip.sample_rate,
        "OPUS",
        1 - (each_kbps - low) / (high - low),
    )
    head, tags, *audio = _packets(_pages(ogg))
    skip = struct.unpack_from("<H", head, 10)[0] + lead * ratio
    end = skip + clip.frames * ratio
    times = _opus_times(audio, end)
    body = b"OpusTags" + vorbis_comment(_vendor(tags, 8), comments or {})
    pages = [
        *_paginated([(head[:10] + struct.pack("<H", skip) + head[12:], 0)]),
        *_paginated([(body, 0)]),
        *_paginated(zip(audio, times, strict=False)),
    ]
    return _joined(pages)


def with_serial(ogg: bytes, serial: int) -> bytes:
    """Replace the stream serial of every page (RFC 3533, section 6) and mend the pages' checksums."""
    data = bytearray(ogg)
    page = 0
    while page < len(data):
        segments = data[page + 26]
        end = page + 27 + segments + sum(data[page + 27 : page + 27 + segments])
        struct.pack_into("<I", data, page + 14, serial)
        _mend_checksum(data, page, end)
        page = end
    return bytes(data)


def with_gain(ogg: bytes, gain_db: float) -> bytes:
    """Return an Ogg Vorbis stream that decodes to the same, but louder by a gain. See `vorbis_setup`."""
    header = _header_pages(_pages(ogg))
    *before, setup = _packets(header)
    body = b"".join((*before, vorbis_setup.scaled(setup, 10 ** (gain_db / 20))))
    data, page_at, body_at = bytearray(ogg), 0, 0
    for page in header:
        end = page_at + 27 + len(page.lacing) + len(page.body)
        data[end - len(page.body) : end] = body[body_at : body_at + len(page.body)]
        _mend_checksum(data, page_at, end)
        page_at, body_at = end, body_at + len(page.body)
    return bytes(data)


def _mend_checksum(data: bytearray, page: int, end: int) -> None:
    struct.pack_into("<I", data, page + 22, 0)
    struct.pack_into("<I", data, page + 22, _crc(bytes(data[page:end])))


def _written(samples: Samples, sample_rate: int, subtype: str, compression_level: float) -> bytes:
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer,
        "w",
        samplerate=sample_rate,
        channels=samples.shape[1],
        format="OGG",
        subtype=subtype,
        compression_level=min(max(compression_level, 0.0), 1.0),
    ) as file:
        for start in range(0, samples.shape[0], BLOCK_FRAMES):
            file.write(samples[start : start + BLOCK_FRAMES])
    return buffer.getvalue()


def _in_context(samples: Samples, before: int, after: int, *, loop: bool) -> Samples:
    """Return samples with what a loop plays before its start and after its end, or with silence there."""
    frames = samples.shape[0]
    if not loop:
        return np.pad(samples, ((before, after), (0, 0)))
    head = np.take(samples, np.arange(-before, 0) % frames, axis=0)
    tail = np.take(samples, np.arange(after) % frames, axis=0)
    return np.concatenate([head, samples, tail])


def _opus_times(packets: Iterable[bytes], end: int) -> list[int]:
    """Return the time after each packet until `end` is reached, which the last one's is set to."""
    times = [0]
    for packet in packets:
        if times[-1] >= end:
            break
        times.append(times[-1] + _opus_frames(packet))
    times[-1] = end
    return times[1:]


def _opus_frames(packet: bytes) -> int:
    """Return how long a packet is at 48 kHz, by its first byte (RFC 6716, section 3.1)."""
    config, code = packet[0] >> 3, packet[0] & 3
    if config < 12:
        each = (480, 960, 1920, 2880)[config % 4]
    elif config < 16:
        each = (480, 960)[config % 2]
    else:
        each = 120 << config % 4
    return each * (packet[1] & 63 if code == 3 else (1, 2, 2)[code])


def _vendor(packet: bytes, at: int) -> bytes:
    """Return the encoder's name from a comment header: the only thing of libsndfile's that is kept of it."""
    (length,) = struct.unpack_from("<I", packet, at)
    return packet[at + 4 : at + 4 + length]


def _header_pages(pages: Iterable[Page]) -> list[Page]:
    """Return the pages that hold Vorbis's three headers: the audio always begins on a page of its own."""
    header, ended = [], 0
    for page in pages:
        header.append(page)
        ended += sum(size < 255 for size in page.lacing)
        if ended >= VORBIS_HEADERS:
            break
    return header


def _pages(ogg: bytes) -> Iterator[Page]:
    at = 0
    while at < len(ogg):
        body = at + 27 + ogg[at + 26]
        lacing = ogg[at + 27 : body]
        end = body + sum(lacing)
        yield Page(ogg[at + 5], struct.unpack_from("<q", ogg, at + 6)[0], lacing, ogg[body:end])
        at = end


def _packets(pages: Iterable[Page]) -> Iterator[bytes]:
    packet = bytearray()
    for page in pages:
        at = 0
        for size in page.lacing:
            packet += page.body[at : at + size]
            at += size
            if size < 255:
                yield bytes(packet)
                packet.clear()


def _paginated(packets: Iterable[tuple[bytes, int]], *, page_frames: int = PAGE_FRAMES) -> Iterator[Page]:
    """Lay packets, each with the time at its end, on pages: one a second, or as many as 255 segments make."""
    lacing, body, begun, granule, flags = bytearray(), bytearray(), 0, NO_PACKET_ENDS, 0
    for packet, end in packets:
        whole, rest = divmod(len(packet), 255)
        for n in range(whole + 1):
            if len(lacing) == 255:
                yield Page(flags, granule, bytes(lacing), bytes(body))
                lacing, body, granule, flags = bytearray(), bytearray(), NO_PACKET_ENDS, CONTINUED if n else 0
            lacing.append(255 if n < whole else rest)
            body += packet[n * 255 : (n + 1) * 255]
        granule = end
        if end - begun >= page_frames:
            yield Page(flags, granule, bytes(lacing), bytes(body))
            lacing, body, begun, granule, flags = bytearray(), bytearray(), end, NO_PACKET_ENDS, 0
    if lacing:
        yield Page(flags, granule, bytes(lacing), bytes(body))


def _joined(pages: list[Page]) -> bytes:
    """Return a stream of pages: numbered, the first and the last one marked, with checksums."""
    kept = [replace(page, flags=page.flags & CONTINUED) for page in pages]
    kept[0] = replace(kept[0], flags=kept[0].flags | FIRST)
    kept[-1] = replace(kept[-1], flags=kept[-1].flags | LAST)
    stream = bytearray()
    for number, page in enumerate(kept):
        head = struct.pack(
            "<4sBBqIIIB", b"OggS", 0, page.flags, page.granule, SERIAL, number, 0, len(page.lacing)
        )
        data = bytearray(head + page.lacing + page.body)
        struct.pack_into("<I", data, 22, _crc(bytes(data)))
        stream += data
    return bytes(stream)


def _crc(page: bytes) -> int:
    """Return Ogg's CRC-32: zlib's polynomial, but most significant bit first and with no inversions.

    zlib runs it on the bit-reversed bytes; the start value and the last step undo its inversions.
    """
    reflected = zlib.crc32(page.translate(_REVERSED_BITS), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{reflected:032b}"[::-1], 2)
