import hashlib
import io
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from sfxgen.audio import codec, ogg
from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.codec import decode, encode, pack, read, unpack
from sfxgen.errors import AudioError
from sfxgen.recipe import Encoding

WAV16 = Encoding()
WAV24 = Encoding(bit_depth=24)
OGG = Encoding(format="ogg")
ENCODINGS = [WAV16, WAV24, OGG]
FIRST_DITHER = [-0.022178238258, -0.318209960591, 0.511637337506]


def sound(frames: int = 20000, channels: int = 1, rate: int = 48000) -> Clip:
    rng = np.random.default_rng(frames)
    tone = 0.4 * np.sin(np.arange(frames) * 0.05)[:, np.newaxis]
    return Clip((tone + 0.02 * rng.standard_normal((frames, channels))).astype(np.float32), rate)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
def test_an_encoded_clip_decodes_to_the_same_length_and_sound(
    encoding: Encoding, channels: int, rate: int
) -> None:
    clip = sound(channels=channels, rate=rate)
    decoded = decode(encode(clip, encoding, dither_key="k"))
    assert (decoded.frames, decoded.channels, decoded.sample_rate) == (clip.frames, channels, rate)
    error = float(np.sqrt(np.mean(np.square(decoded.samples - clip.samples))))
    assert error < {WAV16: 2e-5, WAV24: 1e-7, OGG: 2e-2}[encoding]


@pytest.mark.parametrize("frames", [1, 10, 480, 65535, 65536, 65537, 200_000])
def test_ogg_keeps_every_frame(frames: int) -> None:
    assert decode(encode(sound(frames), OGG, dither_key="k")).frames == frames


def test_two_minutes_of_stereo_encode_as_ogg() -> None:
    clip = Clip(np.zeros((120 * 16000, 2), dtype=np.float32), 16000)
    assert decode(encode(clip, OGG, dither_key="k")).frames == clip.frames


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_two_processes_write_the_same_bytes(encoding: Encoding) -> None:
    program = (
        "import hashlib, numpy as np\n"
        "from sfxgen.audio.clip import mono\n"
        "from sfxgen.audio.codec import encode\n"
        "from sfxgen.recipe import Encoding\n"
        "clip = mono(0.3 * np.sin(np.arange(100_000) * 0.05), 48000)\n"
        f"print(hashlib.sha256(encode(clip, {encoding!r}, dither_key='k')).hexdigest())\n"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    clip = mono(0.3 * np.sin(np.arange(100_000) * 0.05), 48000)
    assert hashlib.sha256(encode(clip, encoding, dither_key="k")).hexdigest() == other.stdout.strip()


@pytest.mark.parametrize("encoding", [WAV16, WAV24])
@pytest.mark.parametrize("channels", [1, 2])
def test_wav_is_plain_pcm(encoding: Encoding, channels: int) -> None:
    data = encode(sound(channels=channels), encoding, dither_key="k")
    fmt = data.index(b"fmt ")
    size, tag, wav_channels, rate = struct.unpack("<IHHI", data[fmt + 4 : fmt + 16])
    (bits,) = struct.unpack("<H", data[fmt + 22 : fmt + 24])
    assert (size, tag, wav_channels, rate, bits) == (16, 1, channels, 48000, encoding.bit_depth)
    assert data.count(b"PEAK", 0, 200) == 0
    (riff_size,) = struct.unpack("<I", data[4:8])
    assert riff_size == len(data) - 8


def test_dither_comes_from_its_key_alone() -> None:
    clip = sound()
    assert encode(clip, WAV16, dither_key="a") == encode(clip, WAV16, dither_key="a")
    assert encode(clip, WAV16, dither_key="a") != encode(clip, WAV16, dither_key="b")
    assert encode(clip, WAV24, dither_key="a") == encode(clip, WAV24, dither_key="b")
    assert encode(clip, OGG, dither_key="a") == encode(clip, OGG, dither_key="b")


def test_dither_is_triangular_and_the_same_on_every_machine() -> None:
    noise = codec._dither("clip key")(100_000)
    assert noise.min() >= -1
    assert noise.max() <= 1
    assert noise.mean() == pytest.approx(0, abs=0.01)
    assert noise.var() == pytest.approx(1 / 6, rel=0.02)
    assert np.mean(np.abs(noise) < 0.5) == pytest.approx(0.75, abs=0.01)
    assert noise[:3].tolist() == pytest.approx(FIRST_DITHER, abs=1e-9)


def test_dither_frees_the_error_from_the_signal() -> None:
    quiet = mono(0.6 / 32768 * np.sin(2 * np.pi * np.arange(48000) / 48), 48000)
    spectrum = np.abs(np.fft.rfft(decode(encode(quiet, WAV16, dither_key="k")).samples[:, 0]))
    assert spectrum[1000] > 8 * spectrum[3000]
    assert spectrum[1000] / 24000 * 32768 == pytest.approx(0.6, rel=0.05)


def test_dither_does_not_depend_on_how_it_is_drawn() -> None:
    whole = codec._dither("key")(1000)
    drawn = codec._dither("key")
    assert np.array_equal(np.concatenate([drawn(1), drawn(300), drawn(699)]), whole)


@pytest.mark.parametrize("encoding", [WAV16, WAV24])
@pytest.mark.parametrize("frames", [1, 3, 65_536, 150_001])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_wav_is_byte_for_byte_what_libsndfile_writes(encoding: Encoding, frames: int, channels: int) -> None:
    clip = sound(frames, channels)
    integers = codec._quantized(clip, encoding.bit_depth, "k") << (32 - encoding.bit_depth)
    buffer = io.BytesIO()
    soundfile.write(buffer, integers, 48000, format="WAV", subtype=f"PCM_{encoding.bit_depth}")
    assert encode(clip, encoding, dither_key="k") == buffer.getvalue()


@pytest.mark.parametrize("encoding", [WAV16, WAV24])
def test_full_scale_does_not_wrap_around(encoding: Encoding) -> None:
    decoded = decode(encode(mono(np.array([1.0, -1.0, 1.5, -1.5] * 50), 48000), encoding, dither_key="k"))
    assert np.abs(np.abs(decoded.samples) - 1).max() < 1e-3
    assert (np.sign(decoded.samples[:4, 0]) == [1, -1, 1, -1]).all()


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
def test_ffmpeg_finds_no_fault_in_the_ogg(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    path.write_bytes(encode(sound(200_000, 2), OGG, dither_key="k"))
    command = [
        "ffmpeg",
        "-v",
        "warning",
        "-err_detect",
        "crccheck+explode",
        "-i",
        str(path),
        "-f",
        "null",
        "-",
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stderr == ""


def test_the_ogg_checksum_is_the_one_libogg_writes() -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, sound().samples, 48000, format="OGG", subtype="VORBIS")
    original = buffer.getvalue()
    (serial,) = struct.unpack("<I", original[14:18])
    changed = ogg.with_serial(original, 7)
    assert changed != original
    assert ogg.with_serial(changed, serial) == original


def test_quality_is_what_makes_an_ogg_large() -> None:
    small = encode(sound(), Encoding(format="ogg", quality=0.1), dither_key="k")
    large = encode(sound(), Encoding(format="ogg", quality=0.9), dither_key="k")
    assert len(large) > 1.5 * len(small)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_numbers_are_not_encoded(encoding: Encoding, bad: float) -> None:
    with pytest.raises(AudioError, match="NaN or infinite"):
        encode(mono(np.array([0.0, bad]), 48000), encoding, dither_key="k")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_empty_clip_is_not_encoded(encoding: Encoding) -> None:
    with pytest.raises(AudioError, match="empty"):
        encode(mono(np.zeros(0), 48000), encoding, dither_key="k")


def test_a_rate_that_the_format_has_not_is_an_error() -> None:
    with pytest.raises(AudioError, match="as ogg"):
        encode(mono(np.zeros(100), 1_000_000), OGG, dither_key="k")


@pytest.mark.parametrize("data", [b"", b"RIFF", b"not audio at all" * 10, b"OggS" + b"\0" * 100])
def test_bytes_that_are_no_audio_do_not_decode(data: bytes) -> None:
    with pytest.raises(AudioError, match="no audio that can be read") as caught:
        decode(data)
    assert ("empty" in caught.value.message) == (data == b"")
    assert caught.value.hint
    assert "<" not in caught.value.message


@given(
    frames=st.integers(0, 300),
    channels=st.integers(1, 3),
    rate=st.integers(1, 2**32 - 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_pack_is_lossless_and_repeats(frames: int, channels: int, rate: int, seed: int) -> None:
    bits = np.random.default_rng(seed).integers(0, 2**32, (frames, channels), dtype=np.uint32)
    clip = Clip(bits.view(np.float32), rate)
    packed = pack(clip)
    unpacked = unpack(packed)
    assert unpacked.sample_rate == rate
    assert unpacked.samples.dtype == np.float32
    assert unpacked.samples.tobytes() == clip.samples.tobytes()
    assert unpacked.samples.shape == clip.samples.shape
    assert pack(unpacked) == packed


@pytest.mark.parametrize("frames", [0, 1, 123_456])
def test_a_pack_opens_as_an_npy_file(frames: int) -> None:
    clip = sound(frames, 2)
    assert np.array_equal(np.load(io.BytesIO(pack(clip)), allow_pickle=False), clip.samples)


def test_pack_does_not_depend_on_the_memory_layout() -> None:
    samples = sound(100, 2).samples
    turned = Clip(np.asfortranarray(samples), 48000)
    assert pack(turned) == pack(Clip(samples, 48000))


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_damaged_pack_raises_or_is_a_whole_clip(data: st.DataObject) -> None:
    packed = bytearray(pack(sound(50)))
    where = data.draw(st.integers(0, len(packed) - 1))
    packed[where] ^= data.draw(st.integers(1, 255))
    try:
        clip = unpack(bytes(packed))
    except AudioError:
        return
    assert 4 * clip.samples.size == 4 * 50


@pytest.mark.parametrize("keep", [0, 3, 4, 10, 64, 127, 128, 200, 331])
def test_a_pack_cut_short_is_an_error(keep: int) -> None:
    with pytest.raises(AudioError, match="damaged"):
        unpack(pack(sound(50))[:keep])
    with pytest.raises(AudioError, match="damaged"):
        unpack(pack(sound(50)) + b"\0" * keep + b"\0")


def test_read_takes_wav_and_ogg_files(tmp_path: Path) -> None:
    clip = sound()
    for name, encoding in (("a.wav", WAV24), ("a.ogg", OGG)):
        (tmp_path / name).write_bytes(encode(clip, encoding, dither_key="k"))
        assert read(tmp_path / name).frames == clip.frames


@pytest.mark.skipif(not (shutil.which("ffmpeg") and shutil.which("ffprobe")), reason="needs ffmpeg")
@pytest.mark.parametrize("channels", [1, 2])
def test_read_takes_m4a_files(tmp_path: Path, channels: int) -> None:
    clip = sound(48000, channels)
    soundfile.write(tmp_path / "a.wav", clip.samples, 48000, subtype="PCM_24")
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(tmp_path / "a.wav"),
        "-c:a",
        "alac",
        str(tmp_path / "a.m4a"),
    ]
    subprocess.run(command, check=True)
    decoded = read(tmp_path / "a.m4a")
    assert (decoded.sample_rate, decoded.channels, decoded.frames) == (48000, channels, clip.frames)
    assert np.abs(decoded.samples - clip.samples).max() < 1e-4


def test_read_without_ffmpeg_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.m4a").write_bytes(b"\0" * 100)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AudioError, match=r"a\.m4a.*ffmpeg") as caught:
        read(tmp_path / "a.m4a")
    assert "install ffmpeg" in caught.value.hint


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
def test_read_says_which_file_ffmpeg_cannot_decode(tmp_path: Path) -> None:
    (tmp_path / "a.m4a").write_bytes(b"\0" * 100)
    with pytest.raises(AudioError, match=r"a\.m4a: ffmpeg cannot decode it"):
        read(tmp_path / "a.m4a")


def test_read_recognises_a_git_lfs_pointer(tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    (tmp_path / "a.wav").write_text(pointer)
    with pytest.raises(AudioError, match="Git LFS pointer") as caught:
        read(tmp_path / "a.wav")
    assert "git lfs pull" in caught.value.hint


def test_read_names_the_file_that_is_missing_or_broken(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"gone\.wav: cannot be read"):
        read(tmp_path / "gone.wav")
    (tmp_path / "broken.wav").write_bytes(b"no audio")
    with pytest.raises(AudioError, match=r"broken\.wav: no audio"):
        read(tmp_path / "broken.wav")
