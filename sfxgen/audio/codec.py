"""Clips to bytes and back: asset files, and the lossless form that the store keeps.

The same clip gives the same bytes in every process.
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip
from sfxgen.errors import AudioError
from sfxgen.recipe import Encoding

OGG_BLOCK_FRAMES = 65_536
"""libsndfile overflows the stack when it is given a minute of Vorbis at once."""
OGG_HIGHEST_RATE = 200_000
"""libsndfile crashes the process above it, where libvorbis refuses."""
OGG_SERIAL = int.from_bytes(b"sfxg", "little")

FFMPEG_SUFFIXES = frozenset({".m4a", ".mp4", ".aac", ".wma"})
LFS_POINTER = b"version https://git-lfs.github.com/spec/"

_NPY_HEADER_BYTES = 128
_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def encode(clip: Clip, encoding: Encoding, *, dither_key: str) -> bytes:
    """Return the clip as an audio file.

    16-bit WAV is dithered (TPDF, ±1 LSB) with noise derived from `dither_key`; 24-bit WAV and OGG Vorbis
    are not. Raises AudioError for an empty clip and for samples that are not numbers.
    """
    if clip.samples.size == 0:
        raise AudioError("an empty clip cannot be encoded")
    if not np.isfinite(clip.samples).all():
        raise AudioError("a clip with NaN or infinite samples cannot be encoded")
    try:
        if encoding.format == "ogg":
            return _encode_ogg(clip, encoding.quality)
        return _encode_wav(clip, encoding.bit_depth, dither_key)
    except (soundfile.LibsndfileError, ValueError) as error:
        raise AudioError(
            f"cannot encode {clip.channels} channels at {clip.sample_rate} Hz as {encoding.format}: {error}"
        ) from error


def decode(data: bytes) -> Clip:
    """Read an audio file's bytes, in any format that libsndfile reads. Raises AudioError."""
    try:
        samples, sample_rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, ValueError, MemoryError) as error:
        raise AudioError(f"no audio that can be read: {error}") from error
    return Clip(samples, sample_rate)


def pack(clip: Clip) -> bytes:
    """Return the clip's exact samples as the store keeps them: an .npy file, then the rate as uint32."""
    samples = np.ascontiguousarray(clip.samples, dtype="<f4")
    return _npy_header(clip.frames, clip.channels) + samples.tobytes() + struct.pack("<I", clip.sample_rate)


def unpack(data: bytes) -> Clip:
    """Read what `pack` wrote. Raises AudioError where it is damaged."""
    header = data[:_NPY_HEADER_BYTES]
    shape = re.search(rb"\((\d{1,15}), (\d{1,9})\)", header)
    if not shape:
        raise AudioError("a damaged clip in the store: it does not begin as one")
    frames, channels = int(shape[1]), int(shape[2])
    if header != _npy_header(frames, channels) or len(data) != len(header) + 4 * frames * channels + 4:
        raise AudioError("a damaged clip in the store: it is not what its header says")
    samples = np.frombuffer(data[len(header) : -4], dtype="<f4").reshape(frames, channels)
    (sample_rate,) = struct.unpack("<I", data[-4:])
    return Clip(samples.astype(np.float32), sample_rate)


def read(path: Path) -> Clip:
    """Read an audio file: what libsndfile reads, and m4a, mp4, aac and wma with ffmpeg. Raises AudioError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AudioError(f"{path}: cannot be read: {error.strerror}") from error
    if data.startswith(LFS_POINTER):
        raise AudioError(f"{path}: a Git LFS pointer, not the audio itself", hint="run: git lfs pull")
    try:
        return _read_with_ffmpeg(path) if path.suffix.lower() in FFMPEG_SUFFIXES else decode(data)
    except AudioError as error:
        raise AudioError(f"{path}: {error.message}", hint=error.hint) from error


def _npy_header(frames: int, channels: int) -> bytes:
    """Return the header of an .npy file, format 1.0: ours, as NumPy's own padding changes with its release."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({frames}, {channels}), }}"
    length = _NPY_HEADER_BYTES - 10
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", length) + text.ljust(length - 1).encode() + b"\n"


def _encode_wav(clip: Clip, bit_depth: int, dither_key: str) -> bytes:
    """Return a WAV file of format tag 1 (PCM), the only one that every engine reads."""
    full_scale = 2.0 ** (bit_depth - 1)
    scaled = (
        clip.samples * full_scale if bit_depth > 16 else clip.samples * full_scale + _tpdf(clip, dither_key)
    )
    integers = np.clip(np.rint(scaled), -full_scale, full_scale - 1).astype(np.int32) << (32 - bit_depth)
    buffer = io.BytesIO()
    subtype = f"PCM_{bit_depth}"
    with _writer(buffer, clip, format="WAV", subtype=subtype) as file:
        file.write(integers)
    return buffer.getvalue()


def _tpdf(clip: Clip, dither_key: str) -> NDArray[np.float64]:
    """Return triangular noise in LSB, within ±1: the difference of a 64-bit draw's halves.

    Drawn from PCG64's raw output, which NumPy keeps the same for ever, unlike its distributions.
    """
    seed = int.from_bytes(hashlib.sha256(dither_key.encode()).digest(), "big")
    draws = np.random.PCG64(seed).random_raw(clip.samples.size)
    high, low = (
        (draws >> np.uint64(32)).astype(np.float64),
        (draws & np.uint64(0xFFFFFFFF)).astype(np.float64),
    )
    return ((high - low) / 2.0**32).reshape(clip.samples.shape)


def _encode_ogg(clip: Clip, quality: float) -> bytes:
    if clip.sample_rate > OGG_HIGHEST_RATE:
        raise ValueError(f"Vorbis goes up to {OGG_HIGHEST_RATE} Hz")
    buffer = io.BytesIO()
    with _writer(buffer, clip, format="OGG", subtype="VORBIS", compression_level=1 - quality) as file:
        for start in range(0, clip.frames, OGG_BLOCK_FRAMES):
            file.write(clip.samples[start : start + OGG_BLOCK_FRAMES])
    return _with_serial(buffer.getvalue(), OGG_SERIAL)


def _writer(buffer: io.BytesIO, clip: Clip, **kwargs: Any) -> Any:
    return soundfile.SoundFile(buffer, "w", samplerate=clip.sample_rate, channels=clip.channels, **kwargs)


def _with_serial(ogg: bytes, serial: int) -> bytes:
    """Replace the random stream serial of every page (RFC 3533, section 6) and mend the pages' checksums."""
    data = bytearray(ogg)
    page = 0
    while page < len(data):
        segments = data[page + 26]
        end = page + 27 + segments + sum(data[page + 27 : page + 27 + segments])
        struct.pack_into("<I", data, page + 14, serial)
        struct.pack_into("<I", data, page + 22, 0)
        struct.pack_into("<I", data, page + 22, _ogg_crc(bytes(data[page:end])))
        page = end
    return bytes(data)


def _ogg_crc(page: bytes) -> int:
    """Return Ogg's CRC-32: zlib's polynomial, but most significant bit first and with no inversions.

    zlib runs it on the bit-reversed bytes; the start value and the last step undo its inversions.
    """
    reflected = zlib.crc32(page.translate(_REVERSED_BITS), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{reflected:032b}"[::-1], 2)


def _read_with_ffmpeg(path: Path) -> Clip:
    if not shutil.which("ffmpeg"):
        raise AudioError(
            f"only ffmpeg reads {path.suffix} files, and it is not on the PATH",
            hint="install ffmpeg, or convert the file to WAV",
        )
    with warnings.catch_warnings():  # pydub's own source makes Python 3.12 warn
        warnings.simplefilter("ignore")
        from pydub import AudioSegment
        from pydub.exceptions import PydubException
    try:
        segment = AudioSegment.from_file(path)
    except (PydubException, OSError, IndexError, KeyError) as error:
        raise AudioError("ffmpeg cannot decode it") from error
    integers = np.array(segment.get_array_of_samples()).reshape(-1, segment.channels)
    return Clip((integers / 2.0 ** (8 * segment.sample_width - 1)).astype(np.float32), segment.frame_rate)
