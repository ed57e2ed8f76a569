"""Clips to bytes and back: asset files, and the lossless form that the store keeps.

The same clip gives the same bytes in every process.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from sfxgen.audio import ffmpeg, ogg, tags, wav_chunks
from sfxgen.audio.clip import Clip
from sfxgen.audio.growing import Growing
from sfxgen.errors import AudioError
from sfxgen.recipe import Encoding

LFS_POINTER = b"version https://git-lfs.github.com/spec/"

FLAC_MOST_CHANNELS = 8
FLAC_HIGHEST_RATE = 655_350
MP3_KBPS: Mapping[tuple[int, ...], tuple[int, ...]] = {
    (32000, 44100, 48000): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (16000, 22050, 24000): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (8000, 11025, 12000): (8, 16, 24, 32, 40, 48, 56, 64),
}
"""The sample rates of MPEG-1, 2 and 2.5, and the bitrates that layer III has at them (ISO 11172-3, 13818-3)."""
MP3_LEAST_LEVEL = 0.9999
"""libsndfile refuses the least bitrate itself."""

QUANTIZED_AT_ONCE = 32768
"""Samples that are dithered and rounded together: what a processor's nearest cache holds."""

_NPY_HEADER_BYTES = 128


def encode(
    clip: Clip, encoding: Encoding, *, dither_key: str, measured: Mapping[str, Any] | None = None
) -> bytes:
    """Return the clip as an audio file.

    16-bit WAV and FLAC are dithered (TPDF, ±1 LSB) with noise derived from `dither_key`; nothing else is.
    The bitrate of mp3 and opus is the nearest that the format has. `measured` goes into a WAV file's tags, where
    they are set: see `tags.Measured` for its names.

    Raises AudioError for an empty clip, for samples that are not numbers, for a sample rate or number of channels
    that the format has not, and for m4a without ffmpeg.
    """
    if clip.samples.size == 0:
        raise AudioError("an empty clip cannot be encoded")
    if not np.isfinite(clip.samples).all():
        raise AudioError("a clip with NaN or infinite samples cannot be encoded")
    comments = tags.comments(encoding.tags) if encoding.tags else {}
    try:
        match encoding.format:
            case "wav":
                return _encode_wav(clip, encoding, dither_key, measured or {})
            case "ogg":
                return ogg.encode_vorbis(clip, encoding.quality, comments)
            case "opus":
                return ogg.encode_opus(clip, encoding.bitrate_kbps, comments, loop=encoding.loop)
            case "flac":
                return _encode_flac(clip, encoding.bit_depth, dither_key, comments)
            case "mp3":
                return _encode_mp3(clip, encoding.bitrate_kbps, comments)
            case "m4a":
                return ffmpeg.encode_aac(clip, encoding.bitrate_kbps, comments)
    except (soundfile.LibsndfileError, ValueError) as error:
        raise AudioError(
            f"cannot encode {clip.channels} channels at {clip.sample_rate} Hz as {encoding.format}: {_reason(error)}",
            hint="set sample_rate and channels, or choose another format",
        ) from error


def decode(data: bytes) -> Clip:
    """Read an audio file's bytes, in any format that libsndfile reads. Raises AudioError."""
    return _decode(io.BytesIO(data), len(data))


def pack(clip: Clip) -> bytes:
    """Return the clip's exact samples as the store keeps them: an .npy file, then the rate as uint32."""
    samples = np.ascontiguousarray(clip.samples, dtype="<f4")
    # Joined from a view: a clip of hours is copied once.
    parts = (_npy_header(clip.frames, clip.channels), samples.data.cast("B") if samples.size else b"")
    return b"".join((*parts, struct.pack("<I", clip.sample_rate)))


def unpack(data: bytes) -> Clip:
    """Read what `pack` wrote. Raises AudioError where it is damaged."""
    header = data[:_NPY_HEADER_BYTES]
    shape = re.search(rb"\((\d{1,15}), (\d{1,9})\)", header)
    if not shape:
        raise AudioError("a damaged clip in the store: it does not begin as one")
    frames, channels = int(shape[1]), int(shape[2])
    if header != _npy_header(frames, channels) or len(data) != len(header) + 4 * frames * channels + 4:
        raise AudioError("a damaged clip in the store: it is not what its header says")
    count = frames * channels
    samples = np.frombuffer(data, dtype="<f4", count=count, offset=len(header)).reshape(frames, channels)
    (sample_rate,) = struct.unpack("<I", data[-4:])
    return Clip(samples.astype(np.float32, copy=False), sample_rate)


def read(path: Path) -> Clip:
    """Read an audio file: what libsndfile reads, and m4a, mp4, aac and wma with ffmpeg. Raises AudioError.

    In memory there is only the clip. A file may decode to 2 GiB, and to more only up to 64 times its size.
    """
    try:
        with _open(path) as file:
            if file.read(len(LFS_POINTER)) == LFS_POINTER:
                raise AudioError("a Git LFS pointer, not the audio itself", hint="run: git lfs pull")
            file.seek(0)
            if path.suffix.lower() in ffmpeg.SUFFIXES:
                return ffmpeg.read(path)
            return _decode(file, os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise AudioError(f"{path}: cannot be read: {error.strerror}") from error
    except AudioError as error:
        raise AudioError(f"{path}: {error.message}", hint=error.hint) from error


def _open(path: Path) -> BinaryIO:
    """Open a file, and nothing else: a pipe would wait for its other end, a device need not end."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except ValueError as error:
        raise AudioError(f"no name of a file: {error}") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise AudioError("cannot be read: not a file")
    return os.fdopen(handle, "rb")


class _Source:
    """A file as libsndfile reads it: a damaged one sends it to before the start, which is no place to seek."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.tell = file.tell
        self.read = file.read
        self.readinto = file.readinto  # type: ignore[attr-defined]

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            return self._file.tell()


class _Sound(soundfile.SoundFile):  # type: ignore[misc]
    """A sound that is read from start to end. soundfile seeks after each read, which fails where a length is unknown."""

    def seekable(self) -> bool:
        return False


def _decode(file: BinaryIO, file_bytes: int) -> Clip:
    if file_bytes == 0:
        raise AudioError("no audio that can be read: the file is empty", hint="export or copy it again")
    try:
        with _Sound(_Source(file)) as sound:
            samples = Growing(sound.channels, file_bytes=file_bytes, expected_frames=sound.frames)
            while samples.frames < sound.frames:
                room = samples.room(sound.frames - samples.frames)
                got = len(sound.read(out=room))
                samples.filled(got)
                if got < len(room):
                    break
            return Clip(samples.taken(), sound.samplerate)
    except (soundfile.LibsndfileError, ValueError) as error:
        raise AudioError(f"no audio that can be read: {_reason(error)}", hint=_NO_AUDIO_HINT) from error


_NO_AUDIO_HINT = "WAV, FLAC, OGG, Opus, MP3 and AIFF can be read: is it one, and whole?"


def _reason(error: Exception) -> str:
    """Return what went wrong, without the name of a file in memory, which is an address: <_io.BufferedReader …>."""
    if isinstance(error, soundfile.LibsndfileError):
        return str(error.error_string)
    return re.sub(r"<[^<>]*>", "the file", str(error))


def _npy_header(frames: int, channels: int) -> bytes:
    """Return the header of an .npy file, format 1.0: ours, as NumPy's own padding changes with its release."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({frames}, {channels}), }}"
    length = _NPY_HEADER_BYTES - 10
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", length) + text.ljust(length - 1).encode() + b"\n"


def _encode_wav(clip: Clip, encoding: Encoding, dither_key: str, measured: Mapping[str, Any]) -> bytes:
    """Return a WAV file: `bext` and `iXML` before the samples, `smpl` and `cue ` behind them."""
    depth, rate = encoding.bit_depth, clip.sample_rate
    head, tail = [wav_chunks.fmt(clip.channels, rate, depth)], []
    if encoding.tags:
        head.insert(
            0, tags.bext(encoding.tags, measured, channels=clip.channels, sample_rate=rate, bit_depth=depth)
        )
        head.append(tags.ixml(encoding.tags, measured, channels=clip.channels))
    if encoding.loop:
        tail.append(wav_chunks.smpl(clip.frames, rate))
    if marks := _marks(clip, encoding):
        tail.append(wav_chunks.cue(marks))
    return wav_chunks.wav(head, _pcm(clip, depth, dither_key), tail)


def _pcm(clip: Clip, bit_depth: int, dither_key: str) -> bytes:
    """Return the samples as little-endian integers of 16 or 24 bits."""
    if bit_depth == 16:
        return _quantized(clip, bit_depth, dither_key).astype("<i2").tobytes()
    integers = _quantized(clip, bit_depth, dither_key).astype("<i4", copy=False)
    return integers.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()  # the lower three of four bytes


def _marks(clip: Clip, encoding: Encoding) -> list[tuple[int, str]]:
    """Return the frames to mark and their labels: those asked for, but for what lies behind the end."""
    if encoding.cues == "events":
        from sfxgen.audio.slices import onsets_s

        times: tuple[float, ...] = tuple(onsets_s(clip))
    else:
        times = encoding.cues
    frames = sorted({round(time * clip.sample_rate) for time in times})
    return [(at, f"event {n}") for n, at in enumerate((at for at in frames if 0 <= at < clip.frames), 1)]


def _quantized(clip: Clip, bit_depth: int, dither_key: str) -> NDArray[np.int32]:
    """Return the samples as integers of so many bits, dithered at 16."""
    full_scale = 2.0 ** (bit_depth - 1)
    integers = np.empty(clip.samples.shape, dtype=np.int32)
    dither = _dither(dither_key)
    at_once = max(1, QUANTIZED_AT_ONCE // clip.channels)
    for start in range(0, clip.frames, at_once):
        block = clip.samples[start : start + at_once] * full_scale
        if bit_depth <= 16:
            noise = dither(block.size).reshape(block.shape)
            block = np.add(noise, block, out=noise)
        np.rint(block, out=block)
        np.clip(block, -full_scale, full_scale - 1, out=block)
        integers[start : start + len(block)] = block
    return integers


def _dither(key: str) -> Callable[[int], NDArray[np.float64]]:
    """Return a source of triangular noise in LSB, within ±1: the difference of a 64-bit draw's halves.

    Drawn from PCG64's raw output, which NumPy keeps the same for ever, unlike its distributions.
    """
    generator = np.random.PCG64(int.from_bytes(hashlib.sha256(key.encode()).digest(), "big"))

    def noise(count: int) -> NDArray[np.float64]:
        low, high = generator.random_raw(count).astype("<u8", copy=False).view("<u4").reshape(-1, 2).T
        triangular: NDArray[np.float64] = np.subtract(high, low, dtype=np.float64)
        triangular *= 2.0**-32
        return triangular

    return noise


def _encode_flac(clip: Clip, bit_depth: int, dither_key: str, comments: Mapping[str, str]) -> bytes:
    if clip.channels > FLAC_MOST_CHANNELS:
        raise ValueError(f"FLAC has at most {FLAC_MOST_CHANNELS} channels")
    if clip.sample_rate > FLAC_HIGHEST_RATE:
        raise ValueError(f"FLAC goes up to {FLAC_HIGHEST_RATE} Hz")
    integers = _quantized(clip, bit_depth, dither_key) << (32 - bit_depth)
    flac = _written(integers, clip.sample_rate, format="FLAC", subtype=f"PCM_{bit_depth}")
    return _with_flac_comments(flac, comments) if comments else flac


def _with_flac_comments(flac: bytes, comments: Mapping[str, str]) -> bytes:
    """Put comments in place of libFLAC's own (RFC 9639, section 8.6); the encoder's name stays."""
    out, at, last = [flac[:4]], 4, False
    while not last:
        last, kind = bool(flac[at] & 0x80), flac[at] & 0x7F
        block = flac[at + 4 : at + 4 + int.from_bytes(flac[at + 1 : at + 4], "big")]
        at += 4 + len(block)
        if kind == 4:
            (length,) = struct.unpack_from("<I", block)
            block = tags.vorbis_comment(block[4 : 4 + length], comments)
        out.append(bytes([kind | 0x80 * last]) + len(block).to_bytes(3, "big") + block)
    return b"".join(out) + flac[at:]


def _encode_mp3(clip: Clip, kbps: int, comments: Mapping[str, str]) -> bytes:
    """Return the clip as MPEG layer III of one bitrate, by LAME."""
    if clip.channels > 2:
        raise ValueError("MP3 has at most 2 channels")
    rates = next((rates for rates in MP3_KBPS if clip.sample_rate in rates), None)
    if rates is None:
        known = sorted(rate for rates in MP3_KBPS for rate in rates)
        raise ValueError(f"MP3 has only {', '.join(map(str, known))} Hz")
    bitrates = MP3_KBPS[rates]
    nearest = min(bitrates, key=lambda bitrate: abs(bitrate - kbps))
    mp3 = _written(
        clip.samples,
        clip.sample_rate,
        format="MP3",
        subtype="MPEG_LAYER_III",
        # libsndfile spreads 0 to 1 over the bitrates, largest first, and LAME takes the nearest one.
        compression_level=min((bitrates[-1] - nearest) / (bitrates[-1] - bitrates[0]), MP3_LEAST_LEVEL),
        bitrate_mode="CONSTANT",
    )
    return (tags.id3(comments) if comments else b"") + mp3


def _written(samples: NDArray[Any], sample_rate: int, **kwargs: Any) -> bytes:
    """Return what libsndfile writes of samples of (frames, channels)."""
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer, "w", samplerate=sample_rate, channels=samples.shape[1], **kwargs
    ) as file:
        for start in range(0, samples.shape[0], ogg.BLOCK_FRAMES):
            file.write(samples[start : start + ogg.BLOCK_FRAMES])
    return buffer.getvalue()
