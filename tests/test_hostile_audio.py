"""Files that are damaged, lie or are no files: an AudioError or a clip, but no crash, no hang and no memory eaten."""

import io
import json
import os
import shutil
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from sfxgen.audio import ffmpeg, growing
from sfxgen.audio.clip import Clip
from sfxgen.audio.codec import decode, encode, read
from sfxgen.audio.growing import Growing
from sfxgen.errors import AudioError
from sfxgen.recipe import Encoding

WITH_FFMPEG = pytest.mark.skipif(
    not (shutil.which("ffmpeg") and shutil.which("ffprobe")), reason="needs ffmpeg and ffprobe"
)
KINDS = {
    "a.wav": ("WAV", "PCM_16"),
    "f.wav": ("WAV", "FLOAT"),
    "d.wav": ("WAV", "DOUBLE"),
    "u.wav": ("WAV", "PCM_U8"),
    "x.wav": ("WAVEX", "PCM_24"),
    "m.wav": ("WAV", "MS_ADPCM"),
    "r.wav": ("RF64", "PCM_16"),
    "a.flac": ("FLAC", "PCM_16"),
    "a.ogg": ("OGG", "VORBIS"),
    "a.opus": ("OGG", "OPUS"),
    "a.mp3": ("MP3", "MPEG_LAYER_III"),
    "a.aiff": ("AIFF", "PCM_16"),
    "a.caf": ("CAF", "PCM_16"),
    "l.caf": ("CAF", "ALAC_16"),
    "a.w64": ("W64", "PCM_16"),
    "a.au": ("AU", "PCM_16"),
}


def made(kind: str, frames: int = 3000, channels: int = 2) -> bytes:
    container, subtype = KINDS[kind]
    samples = 0.3 * np.sin(np.arange(frames * channels) * 0.05).reshape(-1, channels)
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, 48_000, format=container, subtype=subtype)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_kind_of_file_is_read_as_libsndfile_reads_it(kind: str, channels: int, tmp_path: Path) -> None:
    (tmp_path / kind).write_bytes(made(kind, 70_000, channels))
    samples, rate = soundfile.read(tmp_path / kind, dtype="float32", always_2d=True)
    clip = read(tmp_path / kind)
    assert clip.sample_rate == rate
    assert np.array_equal(clip.samples, samples)
    assert clip.channels == channels


FUZZ = """
import faulthandler, io, json, sys, time
faulthandler.enable()
import numpy as np
from sfxgen.audio import ogg
from sfxgen.audio.codec import decode
from sfxgen.errors import AudioError

rng = np.random.default_rng(7)
worst, most, refused, done = 0.0, 0, 0, 0
WORDS = [b"\\xff\\xff\\xff\\x7f", b"\\xff\\xff\\xff\\xff", b"\\x80\\0\\0\\0", b"\\0\\0\\0\\0"]
for path in sys.argv[2:]:
    whole = open(path, "rb").read()
    for n in range(int(sys.argv[1])):
        data = bytearray(whole)
        kind = n % 4
        if kind == 0:
            del data[rng.integers(0, len(data)) :]
        elif kind == 1:
            at = rng.integers(0, 120)
            data[at : at + 4] = WORDS[rng.integers(0, 4)]
        else:
            reach = 200 if kind == 2 else len(data)
            for at in rng.integers(0, reach, rng.integers(1, 8)):
                data[at] = rng.integers(0, 256)
        if data[:4] == b"OggS" and n % 2:
            try:
                data = bytearray(ogg.with_serial(bytes(data), 1))  # so that the damage gets past the checksum
            except Exception:
                pass
        began = time.monotonic()
        try:
            clip = decode(bytes(data))
            most = max(most, clip.samples.nbytes)
        except AudioError as error:
            assert " at 0x" not in error.message
            refused += 1
        worst, done = max(worst, time.monotonic() - began), done + 1
print(json.dumps({"done": done, "refused": refused, "worst_s": worst, "most_bytes": most}))
"""


def test_damaged_files_neither_crash_nor_hang_nor_grow(tmp_path: Path) -> None:
    for kind in KINDS:
        (tmp_path / kind).write_bytes(made(kind))
    # In a process of its own: a crash of libsndfile is then a failure of this test, not the end of all.
    command = [sys.executable, "-c", FUZZ, "120", *(str(tmp_path / kind) for kind in KINDS)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    assert "Traceback" not in result.stderr
    found = json.loads(result.stdout)
    assert found["done"] == 120 * len(KINDS)
    assert 0.1 < found["refused"] / found["done"] < 0.9
    assert found["most_bytes"] < 2**20
    assert found["worst_s"] < 10


LIES = {
    "a.wav": (40, struct.pack("<I", 2**31 - 4)),
    "a.au": (8, struct.pack(">I", 2**31 - 4)),
    "a.aiff": (22, struct.pack(">I", 2**31 - 1)),
}


@pytest.mark.parametrize("kind", LIES)
def test_a_header_that_claims_hours_costs_nothing(kind: str) -> None:
    at, claim = LIES[kind]
    data = bytearray(made(kind, 1000))
    data[at : at + 4] = claim
    tracemalloc.start()
    try:
        frames = decode(bytes(data)).frames
    except AudioError:
        frames = 0
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert frames <= 1000
    assert peak < 2**20


def test_a_flac_that_does_not_say_its_length_is_read_to_its_end() -> None:
    data = bytearray(made("a.flac", 200_000))
    length = int.from_bytes(data[21:26], "big") & ~(2**36 - 1)
    data[21:26] = length.to_bytes(5, "big")  # as written into a pipe
    assert np.array_equal(decode(bytes(data)).samples, decode(made("a.flac", 200_000)).samples)


@pytest.mark.parametrize("claimed", [2**36 - 1, 10**9, 200])
def test_a_flac_that_lies_about_its_length_gives_what_is_there(claimed: int) -> None:
    data = bytearray(made("a.flac", 1000))
    length = int.from_bytes(data[21:26], "big") & ~(2**36 - 1)
    data[21:26] = (length | claimed).to_bytes(5, "big")
    assert decode(bytes(data)).frames <= 1000


def test_a_small_file_that_decodes_to_very_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "ALWAYS_READ_BYTES", 1 << 20)
    silence = Clip(np.zeros((3_000_000, 1), dtype=np.float32), 48_000)
    data = encode(silence, Encoding(format="flac", bit_depth=24), dither_key="k")
    assert len(data) * growing.EXPANSION < 12_000_000
    with pytest.raises(AudioError, match="decodes to more than") as caught:
        decode(data)
    assert caught.value.hint
    assert decode(encode(silence, Encoding(), dither_key="k")).frames == silence.frames, "a large file may"


@pytest.mark.parametrize("kind", ["a.wav", "a.flac"])
def test_a_long_file_takes_no_more_memory_than_its_clip(kind: str, tmp_path: Path) -> None:
    (tmp_path / kind).write_bytes(made(kind, 3_000_000, 1))
    tracemalloc.start()
    clip = read(tmp_path / kind)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert clip.frames == 3_000_000
    assert peak < 1.05 * clip.samples.nbytes


@given(
    sizes=st.lists(st.integers(0, 200_000), max_size=8),
    expected=st.integers(0, 300_000),
    channels=st.integers(1, 3),
)
@settings(max_examples=40, deadline=None)
def test_what_grows_is_what_was_put_in(sizes: list[int], expected: int, channels: int) -> None:
    grown, parts = Growing(channels, file_bytes=0, expected_frames=expected), []
    for n, size in enumerate(sizes):
        parts.append(np.full((size, channels), n, dtype=np.float32))
        grown.append(parts[-1])
    whole = np.concatenate([np.empty((0, channels), dtype=np.float32), *parts])
    assert np.array_equal(grown.taken(), whole)


@pytest.mark.parametrize("channels", [1, 12])
@pytest.mark.parametrize("frames", [0, 1])
@pytest.mark.parametrize("rate", [8_000, 384_000])
def test_the_smallest_files_are_clips(channels: int, frames: int, rate: int, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full((frames, channels), 0.25), rate)
    clip = read(tmp_path / "a.wav")
    assert (clip.frames, clip.channels, clip.sample_rate) == (frames, channels, rate)
    assert (clip.samples == 0.25).all()


def test_samples_that_are_not_numbers_are_read_as_they_are(tmp_path: Path) -> None:
    # The gates refuse them: reading must not hide them.
    samples = np.array([0.5, np.nan, np.inf, -np.inf, 4.0], dtype=np.float32)
    soundfile.write(tmp_path / "a.wav", samples, 48_000, subtype="FLOAT")
    assert np.array_equal(read(tmp_path / "a.wav").samples[:, 0], samples, equal_nan=True)


def test_what_is_no_file_is_an_error_and_links_to_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(made("a.wav"))
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "link.wav").symlink_to("a.wav")
    (tmp_path / "round.wav").symlink_to("round.wav")
    (tmp_path / "broken.wav").symlink_to("gone.wav")
    assert read(tmp_path / "link.wav").frames == 3000
    for name in ("folder.wav", "round.wav", "broken.wav", "gone.wav", "nul\0.wav"):
        with pytest.raises(AudioError) as caught:
            read(tmp_path / name)
        assert name.split("\0")[0] in caught.value.message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("name", ["pipe.wav", "pipe.m4a"])
def test_a_named_pipe_is_not_waited_for(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(AudioError, match="not a file"):
        read(tmp_path / name)


def test_a_file_with_an_impossible_name_is_read(tmp_path: Path) -> None:
    path = tmp_path / "-i ‘ö’ %d:x.wav"
    path.write_bytes(made("a.wav"))
    assert read(path).frames == 3000


@pytest.mark.parametrize("name", ["a.wav", "a.m4a"])
def test_a_pointer_to_a_large_file_says_how_to_get_it(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
    with pytest.raises(AudioError, match="Git LFS pointer") as caught:
        read(tmp_path / name)
    assert caught.value.hint == "run: git lfs pull"


@WITH_FFMPEG
@pytest.mark.parametrize(("name", "codec"), [("a.aac", "aac"), ("a.wma", "wmav2"), ("a.mp4", "aac")])
def test_ffmpeg_reads_the_rest(name: str, codec: str, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", 0.3 * np.sin(np.arange(48_000) * 0.05), 48_000)
    command = ["ffmpeg", "-v", "error", "-i", "a.wav", "-c:a", codec, name]
    subprocess.run(command, check=True, cwd=tmp_path)
    clip = read(tmp_path / name)
    assert (clip.channels, clip.sample_rate) == (1, 48_000)
    assert abs(clip.frames - 48_000) <= 2 * 2048
    inside = clip.samples[8_000:40_000]
    assert np.sqrt(np.mean(inside**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.02)


@WITH_FFMPEG
def test_a_file_only_ffmpeg_reads_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / "-i ‘ö’ %d:x.m4a"
    path.write_bytes(
        encode(Clip(np.zeros((5000, 1), dtype=np.float32), 48_000), Encoding(format="m4a"), dither_key="")
    )
    assert read(path).frames >= 5000


@WITH_FFMPEG
@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXTINF:1,\nfile://{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile 'secret.wav'\n",
        "<?xml version='1.0'?><MPD><BaseURL>{}</BaseURL></MPD>",
    ],
)
@pytest.mark.parametrize("name", ["list.m4a", "list.aac"])
def test_a_playlist_is_not_followed(text: str, name: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(made("a.wav"))
    (tmp_path / name).write_text(text.format(secret))
    with pytest.raises(AudioError, match="ffmpeg cannot decode it"):
        read(tmp_path / name)


@WITH_FFMPEG
def test_damaged_files_for_ffmpeg_are_errors_or_clips(tmp_path: Path) -> None:
    silence = Clip(np.zeros((20_000, 1), dtype=np.float32), 48_000)
    whole, rng = encode(silence, Encoding(format="m4a"), dither_key=""), np.random.default_rng(3)
    refused = 0
    for n in range(6):
        data = bytearray(whole)
        if n % 3 == 0:
            del data[rng.integers(0, len(data)) :]
        else:
            for at in rng.integers(0, len(data), 20):
                data[at] = rng.integers(0, 256)
        (tmp_path / "a.m4a").write_bytes(data)
        try:
            assert read(tmp_path / "a.m4a").samples.nbytes < 2**22
        except AudioError:
            refused += 1
    assert refused


@pytest.mark.skipif(sys.platform == "win32", reason="needs a script that runs as a program")
def test_an_ffmpeg_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = '{"streams": [{"channels": 1, "sample_rate": "48000"}]}'
    for name, body in (("ffprobe", f"echo '{answer}'"), ("ffmpeg", "exec sleep 60")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(ffmpeg, "TIMEOUT_S", 0.5)
    (tmp_path / "a.m4a").write_bytes(b"\0" * 100)
    with pytest.raises(AudioError, match=r"a\.m4a: ffmpeg takes too long"):
        read(tmp_path / "a.m4a")
