"""The chunks of WAV files: what is written is what other people's readers find, and no file can hurt the reader."""

import io
import json
import shutil
import struct
import subprocess
import wave
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from sfxgen.audio import tags, wav_chunks
from sfxgen.audio.clip import Clip
from sfxgen.audio.codec import decode, encode
from sfxgen.audio.wav_chunks import chunk, read_chunks, read_cues, read_loop
from sfxgen.errors import AudioError
from sfxgen.recipe import Encoding, Tags

TAGS = Tags(
    fx_name='Coin_pick-up "gold" <1> & Ü',
    description="A coin, schön & <loud>",
    category="OBJECTS",
    cat_id="OBJCoin",
    project="Gäme",
    originator="sfxgen",
    source_id="abc123",
    is_loop=True,
)
MEASURED = {
    "loudness_lufs": -23.456,
    "loudness_range_lu": 5.0,
    "true_peak_dbtp": -1.0,
    "momentary_max_lufs": -20.004,
    "sample_peak_dbfs": -1.25,
}


def clip(frames: int = 48_001, channels: int = 1) -> Clip:
    samples = 0.3 * np.sin(np.arange(frames) * 0.05)[:, np.newaxis]
    return Clip(np.repeat(samples, channels, axis=1).astype(np.float32), 48_000)


def written(encoding: Encoding, frames: int = 48_001, channels: int = 1, **kwargs: Any) -> bytes:
    return encode(clip(frames, channels), encoding, dither_key="k", **kwargs)


FULL = Encoding(loop=True, cues=(0.5, 0.0, 0.25, 9.0), tags=TAGS)


def reader(data: bytes, tmp_path: Path) -> Any:
    """A reader that we did not write."""
    wavinfo = pytest.importorskip("wavinfo", reason="needs wavinfo")
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    return wavinfo.WavInfoReader(str(path))


@pytest.mark.parametrize("bit_depth", [16, 24])
@pytest.mark.parametrize("frames", [1, 48_000, 48_001])
def test_the_samples_are_the_same_with_all_chunks_around_them(bit_depth: int, frames: int) -> None:
    plain = Encoding(bit_depth=bit_depth)  # type: ignore[arg-type]
    full = Encoding(bit_depth=bit_depth, loop=True, cues=(0.0,), tags=TAGS)  # type: ignore[arg-type]
    data = written(full, frames)
    assert np.array_equal(decode(data).samples, decode(written(plain, frames)).samples)
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnframes(), file.getsampwidth()) == (frames, bit_depth // 8)
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    assert len(data) % 2 == 0


def test_bext_comes_first_and_only_tags_bring_it() -> None:
    assert written(FULL)[12:16] == b"bext"
    assert list(read_chunks(written(FULL))) == [b"bext", b"fmt ", b"iXML", b"smpl", b"cue ", b"adtl"]
    assert list(read_chunks(written(Encoding()))) == [b"fmt "]


@pytest.mark.parametrize("frames", [1, 2, 48_001])
def test_the_loop_is_the_whole_file_and_its_end_inclusive(frames: int, tmp_path: Path) -> None:
    data = written(Encoding(loop=True), frames)
    assert read_loop(data) == (0, frames - 1)
    assert read_loop(written(Encoding())) is None
    (tmp_path / "b.wav").write_bytes(data)
    assert read_loop(tmp_path / "b.wav") == (0, frames - 1)
    (found,) = reader(data, tmp_path).smpl.to_dict()["loops"]
    assert (found["start_samples"], found["end_samples"]) == (0, frames - 1)
    assert found["loop_type_description"] == "FORWARD"


def test_cues_stand_where_they_were_asked_for_but_not_behind_the_end(tmp_path: Path) -> None:
    data = written(FULL)
    marks = [(0, "event 1"), (12_000, "event 2"), (24_000, "event 3")]
    assert read_cues(data) == marks
    found = reader(data, tmp_path).cues
    assert [frame for _, frame in found.each_cue()] == [frame for frame, _ in marks]
    assert [found.label_and_note(n)[0] for n, _ in found.each_cue()] == [label for _, label in marks]


def test_cues_at_events_stand_at_the_events() -> None:
    samples = np.zeros(48_000, dtype=np.float32)
    rng = np.random.default_rng(1)
    for at in (6_000, 30_000):
        decay = np.exp(-np.arange(4_800) / 600)
        samples[at : at + 4_800] += (0.5 * decay * rng.standard_normal(4_800)).astype(np.float32)
    data = encode(Clip(samples[:, np.newaxis], 48_000), Encoding(cues="events"), dither_key="k")
    frames = [frame for frame, _ in read_cues(data)]
    assert len(frames) == 2
    assert np.abs(np.subtract(frames, [6_000, 30_000])).max() < 0.05 * 48_000


def test_bext_is_what_was_measured(tmp_path: Path) -> None:
    found = reader(written(FULL, measured=MEASURED), tmp_path).bext.to_dict()
    assert found["version"] == 2
    assert found["description"] == "A coin, sch?n & <loud>"
    assert (found["originator"], found["originator_ref"]) == ("sfxgen", "abc123")
    assert (found["originator_date"], found["originator_time"], found["time_reference"]) == ("", "", 0)
    assert found["loudness_value"] == pytest.approx(-23.46)
    assert found["loudness_range"] == pytest.approx(5.0)
    assert found["max_true_peak"] == pytest.approx(-1.0)
    assert found["max_momentary_loudness"] == pytest.approx(-20.0)
    assert found["max_shortterm_loudness"] == pytest.approx(327.67), "7FFFh: not known"
    assert found["coding_history"] == "A=PCM,F=48000,W=16,M=mono,T=sfxgen\r\n"


@pytest.mark.parametrize("value", [None, np.nan, -200.0, 1e9])
def test_what_bext_cannot_say_is_unknown(value: float | None) -> None:
    data = read_chunks(written(FULL, measured={"loudness_lufs": value}))[b"bext"]
    assert struct.unpack_from("<h", data, 412)[0] == 0x7FFF
    assert len(data) > 602


def test_ixml_has_the_fields_of_the_aswg_in_its_order() -> None:
    root = ET.fromstring(read_chunks(written(FULL, channels=2, measured=MEASURED))[b"iXML"])
    assert root.tag == "BWFXML"
    assert root.findtext("PROJECT") == "Gäme"
    aswg = root.find("ASWG")
    assert aswg is not None
    assert [(element.tag, element.text) for element in aswg] == [
        ("contentType", "sfx"),
        ("project", "Gäme"),
        ("originator", "sfxgen"),
        ("notes", "A coin, schön & <loud>"),
        ("isGenerated", "true"),
        ("channelConfig", "Stereo"),
        ("category", "OBJECTS"),
        ("catId", "OBJCoin"),
        ("fxName", 'Coin pick up "gold" <1> & Ü'),
        ("sourceId", "abc123"),
        ("loudness", "-23.46"),
        ("loudnessRange", "5.00"),
        ("maxPeak", "-1.25"),
        ("isLoop", "true"),
        ("schemaVersion", "1.1"),
    ]


def test_another_reader_finds_the_project_in_the_ixml(tmp_path: Path) -> None:
    assert reader(written(FULL), tmp_path).ixml.project == "Gäme"


@given(text=st.text(max_size=400))
@settings(max_examples=50, deadline=None)
def test_any_text_is_well_formed_in_every_tag(text: str) -> None:
    # Tags come from manifests: whatever somebody wrote there must not break the file.
    made = Tags(fx_name=text, description=text, project=text, originator=text, source_id=text)
    data = written(Encoding(tags=made), 10)
    root = ET.fromstring(read_chunks(data)[b"iXML"])
    kept = tags._plain(text).replace("\r", "")
    assert (root.findtext("ASWG/originator") or "") == kept
    assert decode(data).frames == 10
    for encoding in (Encoding(format="flac", tags=made), Encoding(format="ogg", tags=made)):
        assert decode(encode(clip(10), encoding, dither_key="k")).frames == 10


@pytest.mark.skipif(not shutil.which("ffprobe"), reason="needs ffprobe")
def test_ffprobe_reads_the_tags(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(written(FULL, measured=MEASURED))
    command = ["ffprobe", "-v", "error", "-show_entries", "format_tags", "-of", "json", "a.wav"]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    found = json.loads(result.stdout)["format"]["tags"]
    assert (found["encoded_by"], found["originator_reference"]) == ("sfxgen", "abc123")
    assert result.stderr == ""


@pytest.mark.skipif(not shutil.which("sox"), reason="needs sox")
def test_sox_reads_the_samples_and_finds_no_fault(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(written(FULL))
    command = ["sox", "a.wav", "-t", "s16", "-"]
    result = subprocess.run(command, capture_output=True, check=True, cwd=tmp_path)
    assert result.stderr == b""
    integers = np.frombuffer(result.stdout, dtype="<i2")
    assert np.array_equal(integers / 32768, decode(written(FULL)).samples[:, 0])


def test_chunks_that_others_wrote_are_found() -> None:
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", 48_000, 1, format="WAV", subtype="PCM_16") as file:
        file.title = "Title"
        file.write(np.zeros(11))
    chunks = read_chunks(buffer.getvalue())
    assert b"Title" in chunks[b"INFO"]
    assert struct.unpack_from("<HHI", chunks[b"fmt "]) == (1, 1, 48_000)
    assert b"data" not in chunks


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFX" + b"\0" * 100, b"OggS" * 30, b"RIFF\0\0\0\0AVI "])
def test_what_is_no_wav_file_has_no_chunks(data: bytes) -> None:
    assert read_chunks(data) == {}
    assert read_loop(data) is None
    assert read_cues(data) == []


def test_sizes_are_not_believed() -> None:
    data = bytearray(written(FULL))
    at = data.index(b"smpl")
    data[at + 4 : at + 8] = b"\xff\xff\xff\xff"
    chunks = read_chunks(bytes(data))
    assert len(chunks[b"smpl"]) == len(data) - at - 8
    assert read_loop(bytes(data)) == (0, 48_000)
    assert b"cue " not in chunks


@given(
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=20),
    keep=st.integers(0, 10**6),
)
@settings(max_examples=50, deadline=None)
def test_damaged_files_are_read_as_far_as_they_make_sense(changes: list[tuple[int, int]], keep: int) -> None:
    data = bytearray(DAMAGED)
    for at, value in changes:
        data[at % len(data)] = value
    cut = bytes(data[: keep % (len(data) + 1)])
    assert sum(map(len, read_chunks(cut).values())) <= len(cut)
    found = read_loop(cut)
    assert found is None or 0 <= found[0] <= found[1] < 2**32
    assert len(read_cues(cut)) <= len(cut) / 24


DAMAGED = written(FULL, 100)


def test_ten_thousand_chunks_do_not_take_for_ever() -> None:
    many = b"RIFF\0\0\0\0WAVE" + chunk(b"junk", b"") * 100_000 + wav_chunks.smpl(5, 48_000)
    assert list(read_chunks(many)) == [b"junk"]


def test_a_loop_that_ends_before_it_begins_is_none() -> None:
    data = bytearray(wav_chunks.wav([], b"", [wav_chunks.smpl(5, 48_000)]))
    assert read_loop(bytes(data)) == (0, 4)
    struct.pack_into("<I", data, data.index(b"smpl") + 8 + 44, 9)
    assert read_loop(bytes(data)) is None


def test_a_path_that_is_no_file_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone.wav"):
        with pytest.raises(AudioError, match="not a file"):
            read_chunks(path)


def test_a_file_that_riff_cannot_count_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wav_chunks, "LARGEST_RIFF", 1000)
    with pytest.raises(AudioError, match="4 GiB") as caught:
        written(Encoding())
    assert caught.value.hint
