"""What only ffmpeg reads and writes: AAC and WMA.

Files are read by ffmpeg itself, straight into the clip's samples: pydub would hold three copies and knows no
time limit. AAC is written through pydub.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tempfile
import threading
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np

from sfxgen.audio.clip import Clip
from sfxgen.audio.growing import Growing
from sfxgen.errors import AudioError

SUFFIXES = frozenset({".m4a", ".mp4", ".aac", ".wma"})
AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
AAC_BLOCK_FRAMES = 1024
AAC_MOST_CHANNELS = 6
HIGHEST_RATE = 768_000
MOST_CHANNELS = 255
TIMEOUT_S = 20.0
BYTES_A_SECOND = 100_000
"""How much of a file is decoded in a second at the very least: what takes longer hangs."""
PIPE_BYTES = 1 << 20
SLACK_S = 0.1
LONGEST_S = 1e6

_INPUT = ("-protocol_whitelist", "file", "-format_whitelist", "mov,aac,asf,mp3,wav,ogg,flac,matroska")
"""A file that says it is m4a may be a playlist of others, or of addresses: none of that is followed."""


def read(path: Path) -> Clip:
    """Read a file's first audio stream with ffmpeg. Raises AudioError, also where ffmpeg takes too long."""
    _ffmpeg("ffprobe", f"only ffmpeg reads {path.suffix} files")
    executable = _ffmpeg("ffmpeg", f"only ffmpeg reads {path.suffix} files")
    channels, sample_rate, duration_s = _probe(path)
    command = [executable, "-nostdin", "-v", "error", *_INPUT, "-i", _input(path), "-map", "0:a:0"]
    command += ["-f", "f32le", "-c:a", "pcm_f32le", "-ac", str(channels), "-ar", str(sample_rate), "pipe:1"]
    size = path.stat().st_size
    expected = round((duration_s + SLACK_S) * sample_rate)
    samples, late = Growing(channels, file_bytes=size, expected_frames=expected), threading.Event()
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(TIMEOUT_S + size / BYTES_A_SECOND, stop)
        timer.start()
        try:
            assert process.stdout
            _read_pipe(process.stdout, samples)
            process.wait()
        finally:
            timer.cancel()
            process.kill()
    if late.is_set():
        raise AudioError("ffmpeg takes too long over it")
    if process.returncode or samples.frames == 0:
        raise AudioError("ffmpeg cannot decode it")
    return Clip(samples.taken(), sample_rate)


def read_bytes(data: bytes, suffix: str) -> Clip:
    """Read a file's bytes with ffmpeg: as `read`, by way of a temporary file, as MP4 is not read from a pipe."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"clip{suffix}"
        path.write_bytes(data)
        return read(path)


def encode_aac(clip: Clip, kbps: int, comments: Mapping[str, str]) -> bytes:
    """Return the clip as AAC in an MP4 container, without any time stamp. Needs ffmpeg on the PATH.

    AAC has silence before and after the sound: it always decodes to more frames than were encoded.
    """
    if clip.channels > AAC_MOST_CHANNELS:
        raise ValueError(f"AAC has at most {AAC_MOST_CHANNELS} channels here")
    if clip.sample_rate not in AAC_RATES:
        raise ValueError(f"AAC has only {', '.join(map(str, AAC_RATES))} Hz: set sample_rate to one of them")
    _ffmpeg("ffmpeg", "only ffmpeg writes m4a files", otherwise="choose another format, as opus or ogg")
    with warnings.catch_warnings():  # pydub's own source makes Python 3.12 warn
        warnings.simplefilter("ignore")
        from pydub import AudioSegment
        from pydub.exceptions import PydubException
    # One block more: the encoder drops the last one where it is not full.
    samples = np.pad(clip.samples, ((0, AAC_BLOCK_FRAMES), (0, 0))).astype(np.float64)  # holds 2^31 - 1
    integers = np.clip(np.rint(samples * 2.0**31), -(2.0**31), 2.0**31 - 1).astype("<i4")
    segment = AudioSegment(
        integers.tobytes(), sample_width=4, frame_rate=clip.sample_rate, channels=clip.channels
    )
    exact = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact", "-threads", "1"]
    named = [part for key, value in comments.items() for part in ("-metadata", f"{key.lower()}={value}")]
    buffer = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            segment.export(
                buffer, format="ipod", codec="aac", bitrate=f"{kbps}k", parameters=[*exact, *named]
            )
    except (PydubException, OSError) as error:
        raise AudioError(
            "ffmpeg cannot write AAC: its build may be without it",
            hint="choose another format, as opus or ogg",
        ) from error
    return buffer.getvalue()


def _ffmpeg(name: str, why: str, *, otherwise: str = "convert the file to WAV") -> str:
    found = shutil.which(name)
    if not found:
        raise AudioError(f"{why}, and {name} is not on the PATH", hint=f"install ffmpeg, or {otherwise}")
    return found


def _input(path: Path) -> str:
    """Return a path as ffmpeg takes no option or address for."""
    return f"file:{path.absolute()}"


def _probe(path: Path) -> tuple[int, int, float]:
    """Return the first audio stream's channels and sample rate, and the file's duration in seconds, 0 if not known."""
    command = [_ffmpeg("ffprobe", ""), "-v", "error", *_INPUT, "-select_streams", "a:0", "-of", "json"]
    command += ["-show_entries", "stream=channels,sample_rate:format=duration", _input(path)]
    try:
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=True,
        )
        found = json.loads(result.stdout)
        stream, duration = found["streams"][0], found.get("format", {}).get("duration")
        channels, sample_rate = int(stream["channels"]), int(stream["sample_rate"])
        duration_s = min(max(float(duration or 0), 0.0), LONGEST_S)
    except subprocess.TimeoutExpired as error:
        raise AudioError("ffmpeg takes too long over it") from error
    except (subprocess.CalledProcessError, OSError, ValueError, LookupError, TypeError) as error:
        raise AudioError("ffmpeg cannot decode it") from error
    if not (0 < channels <= MOST_CHANNELS and 0 < sample_rate <= HIGHEST_RATE):
        raise AudioError(f"ffmpeg reads {channels} channels at {sample_rate} Hz from it, which is no sound")
    return channels, sample_rate, duration_s


def _read_pipe(pipe: IO[bytes], samples: Growing) -> None:
    frame_bytes = 4 * samples.channels
    rest = b""
    while block := pipe.read(PIPE_BYTES):
        data = rest + block
        whole = len(data) // frame_bytes * frame_bytes
        rest = data[whole:]
        samples.append(np.frombuffer(data[:whole], dtype="<f4").reshape(-1, samples.channels))
