"""Every format: the right frames, rate and channels, the same bytes always, and a loop that stays one."""

import hashlib
import io
import json
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

from sfxgen.audio import codec, ffmpeg, ogg
from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.codec import decode, encode
from sfxgen.errors import AudioError
from sfxgen.recipe import LOOPING, Encoding, Tags

TAGS = Tags(fx_name="Coin Ü", description="A coin", category="OBJECTS", project="Game", originator="sfxgen")
WITH_FFMPEG = pytest.mark.skipif(
    not (shutil.which("ffmpeg") and shutil.which("ffprobe")), reason="needs ffmpeg and ffprobe"
)
FORMATS = ["wav", "ogg", "flac", "mp3", "opus", pytest.param("m4a", marks=WITH_FFMPEG)]
WITHOUT_FFMPEG = ["wav", "ogg", "flac", "mp3", "opus"]


def sound(frames: int = 20_000, channels: int = 1, rate: int = 48_000) -> Clip:
    rng = np.random.default_rng(frames)
    tone = 0.4 * np.sin(np.arange(frames) * 0.05)[:, np.newaxis]
    return Clip((tone + 0.02 * rng.standard_normal((frames, channels))).astype(np.float32), rate)


def tonal_loop(frames: int, rate: int = 48_000, cycles: int = 100) -> Clip:
    return mono(0.5 * np.cos(2 * np.pi * cycles * np.arange(frames) / frames), rate)


def level_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-20))


def step_db(samples: np.ndarray) -> float:
    """The largest second difference within 1 ms of the wrap, re the 99.9th percentile of the whole."""
    x = samples[:, 0].astype(np.float64)
    ring = np.abs(np.roll(x, 1) - 2 * x + np.roll(x, -1))
    seam = max(ring[:48].max(), ring[-48:].max())
    return float(20 * np.log10(seam / np.percentile(ring[48:-48], 99.9)))


@pytest.mark.parametrize("name", WITHOUT_FFMPEG)
@pytest.mark.parametrize("tags", [None, TAGS])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_every_format_gives_back_the_frames_and_the_sound(
    name: str, tags: Tags | None, channels: int, rate: int
) -> None:
    clip = sound(channels=channels, rate=rate)
    decoded = decode(encode(clip, Encoding(format=name, tags=tags), dither_key="k"))  # type: ignore[arg-type]
    assert (decoded.frames, decoded.channels, decoded.sample_rate) == (clip.frames, channels, rate)
    assert level_db(decoded.samples - clip.samples) < level_db(clip.samples) - 18


@pytest.mark.parametrize("bit_depth", [16, 24])
def test_flac_holds_the_very_integers_of_the_wav(bit_depth: int) -> None:
    clip = sound(100_000, 2)
    wav = Encoding(bit_depth=bit_depth)  # type: ignore[arg-type]
    flac = Encoding(format="flac", bit_depth=bit_depth)  # type: ignore[arg-type]
    data = encode(clip, flac, dither_key="k")
    assert np.array_equal(decode(data).samples, decode(encode(clip, wav, dither_key="k")).samples)
    assert soundfile.info(io.BytesIO(data)).subtype == f"PCM_{bit_depth}"


PROGRAM = """
import hashlib, sys, time
import numpy as np
from sfxgen.audio.clip import mono
from sfxgen.audio.codec import encode
from sfxgen.recipe import Encoding, Tags
tags = Tags(fx_name="Coin", description="A coin", category="OBJECTS", project="Game", originator="sfxgen")
clip = mono(0.3 * np.sin(np.arange(100_000) * 0.05), 48_000)
time.sleep(float(sys.argv[1]))
for name in sys.argv[2:]:
    for chosen in (None, tags):
        encoding = Encoding(format=name, tags=chosen, loop=name != "mp3", cues=(0.5,))
        print(name, hashlib.sha256(encode(clip, encoding, dither_key="k")).hexdigest())
"""


def test_every_process_writes_the_same_bytes_at_any_time() -> None:
    names = WITHOUT_FFMPEG + (["m4a"] if shutil.which("ffmpeg") else [])

    def digests(wait_s: str) -> str:
        command = [sys.executable, "-c", PROGRAM, wait_s, *names]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    first = digests("0")
    assert len(set(first.splitlines())) == 2 * len(names)
    assert digests("1.1") == first, "a second later"


@pytest.mark.parametrize("name", FORMATS)
def test_no_file_says_when_it_was_made(name: str) -> None:
    data = encode(sound(), Encoding(format=name, tags=TAGS), dither_key="k")  # type: ignore[arg-type]
    head = (
        data[:4000]
        .replace(b"reference libFLAC 1.4.3 20230623", b"")
        .replace(b"Xiph.Org libVorbis I 2020", b"")
    )
    assert b"\x0320" not in head
    for word in (b"creation_time", b"DATE=", b"TDRC", b"TYER", b"libsndfile"):
        assert word not in data


@pytest.mark.parametrize("name", WITHOUT_FFMPEG)
def test_tags_are_there_for_others_and_the_sound_is_the_same(name: str) -> None:
    clip = sound()
    plain = encode(clip, Encoding(format=name), dither_key="k")  # type: ignore[arg-type]
    tagged = encode(clip, Encoding(format=name, tags=TAGS), dither_key="k")  # type: ignore[arg-type]
    assert np.array_equal(decode(tagged).samples, decode(plain).samples)
    if name != "wav":
        with soundfile.SoundFile(io.BytesIO(tagged)) as file:
            found = file.copy_metadata()
        assert (found["title"], found["artist"], found["album"]) == ("Coin Ü", "sfxgen", "Game")


@WITH_FFMPEG
@pytest.mark.parametrize("name", ["ogg", "flac", "mp3", "opus", "m4a"])
def test_ffprobe_finds_the_tags_and_ffmpeg_no_fault(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{name}"
    path.write_bytes(encode(sound(70_000), Encoding(format=name, tags=TAGS), dither_key="k"))  # type: ignore[arg-type]
    command = [
        "ffprobe",
        "-v",
        "warning",
        "-show_entries",
        "format_tags:stream_tags",
        "-of",
        "json",
        str(path),
    ]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    fields = {**found["format"].get("tags", {}), **found["streams"][0].get("tags", {})}
    fields = {key.lower(): value for key, value in fields.items()}
    assert (fields["title"], fields["artist"], fields["album"]) == ("Coin Ü", "sfxgen", "Game")
    assert fields["genre"] == "OBJECTS"
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


@WITH_FFMPEG
@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("name", ["opus", "flac"])  # its own Vorbis decoder loses the first short block
def test_ffmpeg_decodes_the_same_frames_and_sound_as_libsndfile(
    name: str, loop: bool, tmp_path: Path
) -> None:
    clip = tonal_loop(70_001)
    data = encode(clip, Encoding(format=name, loop=loop, bit_depth=24), dither_key="k")  # type: ignore[arg-type]
    (tmp_path / "a").write_bytes(data)
    command = ["ffmpeg", "-v", "error", "-i", str(tmp_path / "a"), "-f", "f32le", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    other = np.frombuffer(raw, dtype="<f4")
    assert other.size == clip.frames
    assert np.abs(other - decode(data).samples[:, 0]).max() < 1e-3


@pytest.mark.skipif(not shutil.which("sox"), reason="needs sox")
@pytest.mark.parametrize("tags", [None, TAGS])
def test_sox_decodes_the_same_frames_of_vorbis(tags: Tags | None, tmp_path: Path) -> None:
    clip = sound(70_001)
    data = encode(clip, Encoding(format="ogg", tags=tags), dither_key="k")
    (tmp_path / "a.ogg").write_bytes(data)
    command = ["sox", str(tmp_path / "a.ogg"), "-t", "f32", "-"]
    other = np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, dtype="<f4")
    assert other.size == clip.frames
    assert np.abs(other - decode(data).samples[:, 0]).max() < 1e-4


@given(
    frames=st.integers(1, 60_000),
    rate=st.sampled_from([8_000, 12_000, 16_000, 24_000, 48_000]),
    channels=st.integers(1, 3),
    name=st.sampled_from(sorted(LOOPING)),
    loop=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_formats_that_may_loop_keep_every_frame(
    frames: int, rate: int, channels: int, name: str, loop: bool
) -> None:
    clip = sound(frames, channels, rate)
    decoded = decode(encode(clip, Encoding(format=name, loop=loop), dither_key="k"))  # type: ignore[arg-type]
    assert (decoded.frames, decoded.sample_rate, decoded.channels) == (frames, rate, channels)


def test_opus_keeps_the_last_milliseconds() -> None:
    # libsndfile's own stream is off by 15 dB less than the sound there: it does not flush the encoder.
    clip = tonal_loop(96_000, cycles=900)
    decoded = decode(encode(clip, Encoding(format="opus"), dither_key="k"))
    assert level_db((decoded.samples - clip.samples)[-480:]) < -40


@pytest.mark.parametrize("name", ["ogg", "opus"])
@pytest.mark.parametrize("frames", [96_000, 70_001])
@pytest.mark.parametrize("cycles", [210, 880, 1995])
def test_a_tonal_loop_is_as_true_at_its_ends_as_anywhere(name: str, frames: int, cycles: int) -> None:
    clip = tonal_loop(frames, cycles=cycles)
    decoded = decode(encode(clip, Encoding(format=name, loop=True), dither_key="k"))  # type: ignore[arg-type]
    error = decoded.samples - clip.samples
    tens = [level_db(error[at : at + 480]) for at in range(4_800, frames - 4_800, 480)]
    for end in (error[:480], error[-480:]):
        assert level_db(end) < max(tens) + 3


@pytest.mark.parametrize("frames", [96_000, 70_001])
@pytest.mark.parametrize("cycles", [880, 1995])
def test_a_tonal_loop_stays_smooth_over_the_wrap_in_opus(frames: int, cycles: int) -> None:
    clip = tonal_loop(frames, cycles=cycles)
    looped = decode(encode(clip, Encoding(format="opus", loop=True), dither_key="k")).samples
    single = decode(encode(clip, Encoding(format="opus"), dither_key="k")).samples
    assert step_db(looped) < 9
    assert step_db(looped) < step_db(single) - 2


@pytest.mark.parametrize("name", ["ogg", "opus"])
def test_a_loop_of_noise_has_no_step_over_the_wrap(name: str) -> None:
    frames, rng = 90_001, np.random.default_rng(5)
    spectrum = np.fft.rfft(rng.standard_normal(frames)) / (1 + np.fft.rfftfreq(frames, 1 / 48_000) / 500)
    noise = np.fft.irfft(spectrum, frames)
    clip = mono(0.3 * noise / np.abs(noise).max(), 48_000)
    assert step_db(decode(encode(clip, Encoding(format=name, loop=True), dither_key="k")).samples) < 3  # type: ignore[arg-type]


def test_an_opus_stream_says_its_true_length_and_pages_are_whole() -> None:
    clip = sound(150_000)
    pages = list(ogg._pages(encode(clip, Encoding(format="opus", loop=True, tags=TAGS), dither_key="k")))
    head = pages[0].body
    skip = struct.unpack_from("<H", head, 10)[0]
    assert head.startswith(b"OpusHead")
    assert pages[1].body.startswith(b"OpusTags")
    assert pages[-1].granule - skip == clip.frames
    assert [page.flags for page in (pages[0], pages[-1])] == [ogg.FIRST, ogg.LAST]
    granules = [page.granule for page in pages[2:]]
    assert granules == sorted(set(granules))


@given(sizes=st.lists(st.integers(0, 70_000), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_packets_of_any_size_come_back_from_their_pages(sizes: list[int]) -> None:
    packets = [bytes([n]) * size for n, size in enumerate(sizes)]
    pages = list(ogg._paginated([(packet, n + 1) for n, packet in enumerate(packets)]))
    again = list(ogg._pages(ogg._joined(pages)))
    assert list(ogg._packets(again)) == packets
    assert all(len(page.lacing) <= 255 for page in again)
    assert again[-1].granule == len(packets)
    for page in again:  # a page on which no packet ends has no time
        assert (page.granule == ogg.NO_PACKET_ENDS) == all(size == 255 for size in page.lacing)


def test_long_comments_in_vorbis_span_pages() -> None:
    tags = Tags(fx_name="long", description="word " * 20_000)
    data = encode(sound(), Encoding(format="ogg", tags=tags), dither_key="k")
    assert decode(data).frames == 20_000


@pytest.mark.parametrize(
    ("config", "code", "frames"),
    [(0, 0, 480), (3, 0, 2880), (13, 0, 960), (16, 0, 120), (31, 0, 960), (31, 1, 1920), (19, 3, 960 * 5)],
)
def test_the_length_of_an_opus_packet_is_in_its_first_bytes(config: int, code: int, frames: int) -> None:
    assert ogg._opus_frames(bytes([config << 3 | code, 5])) == frames


@pytest.mark.parametrize("kbps", [32, 96, 150, 320])
@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
def test_an_mp3_has_the_nearest_bitrate_that_there_is_throughout(kbps: int, rate: int) -> None:
    table = next(bitrates for rates, bitrates in codec.MP3_KBPS.items() if rate in rates)
    data = encode(sound(20_000, 1, rate), Encoding(format="mp3", bitrate_kbps=kbps), dither_key="k")
    found, at = set(), 0
    while at < len(data):
        assert data[at] == 0xFF
        bitrate = table[(data[at + 2] >> 4) - 1]
        found.add(bitrate)
        samples = 144 if rate >= 32_000 else 72
        at += samples * 1000 * bitrate // rate + (data[at + 2] >> 1 & 1)
    assert found == {min(table, key=lambda one: abs(one - kbps))}


def test_bitrates_make_opus_large_and_beyond_the_most_they_are_the_most() -> None:
    sizes = [
        len(encode(sound(), Encoding(format="opus", bitrate_kbps=kbps), dither_key="k"))
        for kbps in (32, 96, 256, 500)
    ]
    assert sizes[0] < sizes[1] < sizes[2] == sizes[3]


@pytest.mark.parametrize(
    ("name", "channels", "rate", "match"),
    [
        ("mp3", 3, 48_000, "at most 2 channels"),
        ("mp3", 1, 96_000, "MP3 has only 8000"),
        ("opus", 1, 44_100, "set sample_rate"),
        ("opus", 9, 48_000, "at most 8 channels"),
        ("flac", 9, 48_000, "at most 8 channels"),
        ("flac", 1, 700_000, "up to 655350 Hz"),
        ("ogg", 256, 48_000, "at most 255 channels"),
        ("ogg", 1, 384_000, "up to 200000 Hz"),
        ("m4a", 7, 48_000, "at most 6 channels"),
        ("m4a", 1, 192_000, "AAC has only 8000"),
        ("wav", 1025, 48_000, "at most 1024 channels"),
        ("wav", 1, 2**31, "4 GiB a second"),
    ],
)
def test_a_format_without_the_rate_or_the_channels_says_so(
    name: str, channels: int, rate: int, match: str
) -> None:
    clip = Clip(np.zeros((10, channels), dtype=np.float32), rate)
    with pytest.raises(AudioError, match=match) as caught:
        encode(clip, Encoding(format=name), dither_key="k")  # type: ignore[arg-type]
    assert "sample_rate" in caught.value.hint


@pytest.mark.parametrize("rate", [8_000, 96_000, 384_000])
@pytest.mark.parametrize("channels", [1, 12])
def test_wav_takes_many_channels_and_every_rate(rate: int, channels: int) -> None:
    clip = sound(100, channels, rate)
    decoded = decode(encode(clip, Encoding(), dither_key="k"))
    assert (decoded.channels, decoded.sample_rate, decoded.frames) == (channels, rate, 100)


@WITH_FFMPEG
@pytest.mark.parametrize("channels", [1, 2])
def test_m4a_sounds_as_the_clip_and_is_padded(channels: int) -> None:
    clip = sound(48_000, channels)
    data = encode(clip, Encoding(format="m4a"), dither_key="k")
    assert data[4:8] == b"ftyp"
    decoded = ffmpeg.read_bytes(data, ".m4a")
    assert (decoded.channels, decoded.sample_rate) == (channels, 48_000)
    assert clip.frames <= decoded.frames <= clip.frames + 2048
    inside = slice(2_000, 40_000)
    assert (
        level_db((decoded.samples[: clip.frames] - clip.samples)[inside])
        < level_db(clip.samples[inside]) - 20
    )


def test_m4a_without_ffmpeg_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AudioError, match="only ffmpeg writes m4a") as caught:
        encode(sound(), Encoding(format="m4a"), dither_key="k")
    assert caught.value.hint == "install ffmpeg, or choose another format, as opus or ogg"


def test_what_a_format_does_not_use_changes_no_byte() -> None:
    for name in ("ogg", "flac", "mp3"):
        plain = encode(sound(), Encoding(format=name), dither_key="k")
        cued = Encoding(format=name, cues=(0.1,), loop=True)
        assert encode(sound(), cued, dither_key="k", measured={"loudness_lufs": -20}) == plain
    assert hashlib.sha256(plain).digest()


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg on the PATH")
def test_samples_beyond_full_scale_do_not_wrap_around_in_aac() -> None:
    clip = mono(1.2 * np.hanning(24_000) * np.sin(np.arange(24_000) * 0.02), 48_000)
    decoded = ffmpeg.read_bytes(ffmpeg.encode_aac(clip, 160, {}), ".m4a")
    assert np.abs(np.diff(decoded.samples[:, 0])).max() < 0.1
