"""`sfxgen measure`: against a meter that is not ours, on files that nobody should have to read."""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyebur128
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip
from sfxgen.audio.codec import encode
from sfxgen.audio.loop import make_loop
from sfxgen.categories import CATEGORIES, Gates
from sfxgen.cli import VERBS, main
from sfxgen.mastering import master
from sfxgen.recipe import Encoding, Mastering
from sfxgen.report import measure
from sfxgen.report.measure import GateRecord, LoopRecord, Record, measure_file, measured

GATES = Gates()
RATE = 48_000
FIELDS = set(Record.__dataclass_fields__)


def noise(seconds: float, *, channels: int = 1, seed: int = 1, rate: int = RATE) -> NDArray[np.float64]:
    return 0.1 * np.random.default_rng(seed).standard_normal((round(seconds * rate), channels))


def hit(seconds: float = 0.5, *, before_s: float = 0.1, after_s: float = 0.2) -> NDArray[np.float64]:
    """A decaying burst with digital silence around it."""
    burst = noise(seconds)[:, 0] * np.exp(-np.arange(round(seconds * RATE)) / (0.1 * RATE))
    return np.concatenate([np.zeros(round(before_s * RATE)), burst, np.zeros(round(after_s * RATE))])


def write(path: Path, samples: NDArray[Any], rate: int = RATE, **kwargs: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, **kwargs)
    return path


class Ran:
    def __init__(self, code: object, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def records(self) -> list[dict[str, Any]]:
        document = json.loads(self.out)
        assert isinstance(document, list)
        return document


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setitem(VERBS, "measure", "Measure audio files.")

    def call(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["measure", *(str(argument) for argument in arguments)])
        said = capsys.readouterr()
        return Ran(ended.value.code, said.out, said.err)

    return call


# --- what is measured -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "channels", "rate"), [(8, 2, 48_000), (4, 1, 44_100), (1, 2, 22_050), (0.3, 1, 48_000)]
)
def test_levels_are_those_of_another_meter(seconds: float, channels: int, rate: int, tmp_path: Path) -> None:
    swell = 0.2 + np.sin(np.arange(round(seconds * rate)) / rate)[:, np.newaxis] ** 2
    # Smooth: of what is loud just below half the rate, every meter's own filter makes another true peak.
    smooth = sum(np.roll(noise(seconds, channels=channels, rate=rate), n, axis=0) for n in range(4))
    path = write(tmp_path / "a.wav", smooth * swell, rate, subtype="FLOAT")
    samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
    mode = pyebur128.MeasurementMode
    state = pyebur128.R128State(
        channels, rate, mode.MODE_I | mode.MODE_S | mode.MODE_M | mode.MODE_LRA | mode.MODE_TRUE_PEAK
    )
    momentary, short_term = [], []
    step = rate // 100
    for start in range(0, len(samples), step):
        block = samples[start : start + step]
        state.add_frames(block.reshape(-1).copy(), len(block))
        if start + step >= 0.4 * rate:
            momentary.append(pyebur128.get_loudness_momentary(state))
        if start + step >= 3 * rate:
            short_term.append(pyebur128.get_loudness_shortterm(state))
    record = measure_file(path, GATES)
    peaks = [pyebur128.get_true_peak(state, channel) for channel in range(channels)]
    assert record.true_peak_dbtp == pytest.approx(20 * np.log10(max(peaks)), abs=0.3)
    assert record.sample_peak_dbfs == pytest.approx(20 * np.log10(np.abs(samples).max()), abs=0.006)
    if seconds < 0.4:
        assert record.loudness_lufs is record.momentary_max_lufs is None
    else:
        assert record.loudness_lufs == pytest.approx(pyebur128.get_loudness_global(state), abs=0.1)
        assert record.momentary_max_lufs == pytest.approx(max(momentary), abs=0.1)
    if seconds < 3:
        assert record.loudness_range_lu is record.short_term_max_lufs is None
    else:
        assert record.loudness_range_lu == pytest.approx(pyebur128.get_loudness_range(state), abs=0.2)
        assert record.short_term_max_lufs == pytest.approx(max(short_term), abs=0.1)
    assert (record.sample_rate, record.channels, record.format, record.subtype) == (
        rate,
        channels,
        "wav",
        "float",
    )


@pytest.mark.parametrize(
    ("seconds", "loop", "measure_name"),
    [
        (0.3, False, "active"),
        (1.5, False, "momentary_max"),
        (4, False, "integrated"),
        (1.5, True, "integrated"),
    ],
)
def test_a_mastered_file_measures_as_the_lock_has_it(
    seconds: float, loop: bool, measure_name: str, tmp_path: Path
) -> None:
    take = Clip(noise(seconds + loop).astype(np.float32), RATE)
    settings = Mastering(
        loop=loop, trim=False, crossfade_ms=500.0 * loop, duration_s=seconds if loop else None
    )
    mastered = master(take, settings)
    path = tmp_path / "a.wav"
    path.write_bytes(encode(mastered.clip, Encoding(loop=loop, bit_depth=24), dither_key="k"))
    record = measure_file(path, GATES)
    assert record.loudness_measure == mastered.measurement.loudness_measure == measure_name
    assert record.leveled_lufs == pytest.approx(mastered.measurement.loudness_lufs, abs=0.011)
    assert record.true_peak_dbtp == pytest.approx(mastered.measurement.true_peak_dbtp, abs=0.011)
    assert record.duration_s == mastered.measurement.duration_s
    assert (record.loop is not None) == loop


def test_the_edges_are_where_the_sound_is(tmp_path: Path) -> None:
    record = measure_file(write(tmp_path / "a.wav", hit(before_s=0.1, after_s=0.3), subtype="PCM_24"), GATES)
    assert record.onset_s == pytest.approx(0.1, abs=0.006)
    assert record.end_s == pytest.approx(0.6, abs=0.03)
    assert record.duration_s == 0.9


def test_an_offset_is_told_and_moves_no_edge(tmp_path: Path) -> None:
    samples = np.stack([hit(), hit() - 0.05], axis=1)
    record = measure_file(write(tmp_path / "a.wav", samples, subtype="FLOAT"), GATES)
    assert record.dc == pytest.approx(-0.05, abs=0.001)
    assert record.onset_s == pytest.approx(0.1, abs=0.006)


def test_silence_has_no_levels_and_fails_its_gate(tmp_path: Path) -> None:
    record = measure_file(write(tmp_path / "a.wav", np.zeros(RATE)), GATES)
    assert record.error is None
    assert record.duration_s == 1
    levels = [name for name in FIELDS if name.endswith(("_lufs", "_dbtp", "_dbfs", "_lu"))]
    assert len(levels) == 7
    assert [name for name in [*levels, "onset_s", "end_s", "loudness_measure"] if getattr(record, name)] == []
    assert [gate.gate for gate in record.gates or ()] == ["silence_dbfs"]


@pytest.mark.parametrize("frames", [1, 2, 100])
def test_a_file_of_a_few_frames_is_measured(frames: int, tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", np.full(frames, 0.5))
    for loop in (False, True):
        record = measure_file(path, GATES, loop=loop)
        assert record.error is None
        assert record.sample_peak_dbfs == pytest.approx(-6.02, abs=0.01)
        assert [gate.gate for gate in record.gates or ()] == ["silence_dbfs"]  # an offset is no sound


def test_the_gates_are_the_category_s(tmp_path: Path, run: Run) -> None:
    samples = noise(5)[:, 0] * np.linspace(1, 0.2, 5 * RATE)
    path = write(tmp_path / "long.wav", samples)
    assert run("--json", path).records[0]["gates"] == []
    (gate,) = run("--json", "--category", "footsteps", path).records[0]["gates"]
    assert (gate["gate"], gate["limit"]) == ("longest_s", 3.0)
    assert gate["value"] == pytest.approx(5, abs=0.1)
    assert gate["what"].startswith("it is too long")


# --- loops ------------------------------------------------------------------------------------------


def test_a_project_s_own_categories_are_known_inside_it(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.wav", noise(2))
    inside = tmp_path / "game" / "Sounds"
    inside.mkdir(parents=True)
    (tmp_path / "game" / "sfxgen.yaml").write_text(
        "engine: nonesuch\ncategories:\n  robots: { gates: { longest_s: 1 } }\n"
        "  ui: { gates: { longest_s: 1.5 } }\n  broken: { gates: never }\n",
        encoding="utf-8",
    )
    refused = run("--category", "robots", path)
    assert refused.code == 2
    assert "there is no category 'robots'" in refused.err
    assert run("--json", "--category", "ui", path).records[0]["gates"] == []
    monkeypatch.chdir(inside)
    assert "longest_s" in run("--category", "robots", path).out
    (record,) = run("--json", "--category", "ui", path).records
    assert [(gate["gate"], gate["limit"]) for gate in record["gates"]] == [("longest_s", 1.5)]
    assert run("--json", path).records[0]["gates"] == []
    assert run("--category", "broken", path).code == 2


def test_a_loop_that_closes_passes_and_a_cut_does_not(tmp_path: Path) -> None:
    tone = np.sin(2 * np.pi * 110.3 * np.arange(4 * RATE) / RATE)[:, np.newaxis] * 0.3 + 0.02 * noise(4)
    take = Clip(tone.astype(np.float32), RATE)
    closed, opened = tmp_path / "closed.wav", tmp_path / "open.wav"
    closed.write_bytes(encode(make_loop(take, 3.0, 500), Encoding(loop=True), dither_key="k"))
    opened.write_bytes(
        encode(Clip(take.samples[: 3 * RATE + 217], RATE), Encoding(loop=True), dither_key="k")
    )
    good, bad = measure_file(closed, GATES), measure_file(opened, GATES)
    assert good.loop is not None
    assert (good.loop.start, good.loop.end) == (0, 3 * RATE - 1)
    assert good.loop.step_db < 3
    assert good.gates == ()
    assert bad.loop is not None
    assert bad.loop.step_db > 3
    assert "seam_step_db" in [gate.gate for gate in bad.gates or ()]


def test_only_what_is_marked_is_the_loop(tmp_path: Path) -> None:
    tone = np.sin(2 * np.pi * 100 * np.arange(2 * RATE) / RATE) * 0.3
    path = write(tmp_path / "a.wav", np.concatenate([np.zeros(4800), tone, np.zeros(999)]))
    assert measure_file(path, GATES).loop is None
    with_loop(path, 4800, 4800 + RATE - 1)
    record = measure_file(path, GATES, loop=True)
    assert record.loop is not None
    assert (record.loop.start, record.loop.end) == (4800, 4800 + RATE - 1)
    assert record.loop.step_db < 0.5


@pytest.mark.parametrize(
    ("start", "end", "loop"),
    [(0, 2**32 - 1, (0, RATE - 1)), (100, 100, (100, 100)), (RATE, 2 * RATE, None), (9, 3, None)],
)
def test_a_loop_that_its_file_does_not_hold_is_cut_or_left_out(
    start: int, end: int, loop: tuple[int, int] | None, tmp_path: Path
) -> None:
    path = with_loop(write(tmp_path / "a.wav", noise(1)), start, end)
    record = measure_file(path, GATES)
    assert record.error is None
    assert (None if record.loop is None else (record.loop.start, record.loop.end)) == loop


def with_loop(path: Path, start: int, end: int) -> Path:
    """Append a `smpl` chunk with one loop."""
    data = path.read_bytes()
    smpl = struct.pack("<4sI15I", b"smpl", 60, 0, 0, 0, 60, 0, 0, 0, 1, 0, 0, 0, start, end, 0, 0)
    path.write_bytes(data[:4] + struct.pack("<I", len(data) + len(smpl) - 8) + data[8:] + smpl)
    return path


# --- hostile files ----------------------------------------------------------------------------------


def hostile(folder: Path) -> dict[str, Path]:
    """Files that cannot be measured."""
    (folder / "empty.wav").write_bytes(b"")
    (folder / "garbage.wav").write_bytes(bytes(range(256)) * 40)
    (folder / "text.ogg").write_text("this is no sound\n")
    (folder / "riff.wav").write_bytes(b"RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00")
    (folder / "lfs.wav").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    write(folder / "none.wav", np.zeros((0, 2)))
    nan = noise(0.5)
    nan[100] = np.nan
    write(folder / "nan.wav", nan, subtype="FLOAT")
    write(folder / "loud.wav", noise(0.5) * 1e30, subtype="FLOAT")
    write(folder / "slow.wav", noise(0.5, rate=4000), 4000)
    (folder / "fake.m4a").write_bytes(b"no audio in here")
    return {path.stem: path for path in sorted(folder.iterdir())} | {"missing": folder / "missing.wav"}


def test_what_cannot_be_measured_has_an_error_and_nothing_else(tmp_path: Path) -> None:
    files = hostile(tmp_path)
    assert len(files) == 11
    for name, path in files.items():
        record = measure_file(path, GATES, loop=True)
        assert record.error, name
        assert "0x" not in record.error
        assert str(tmp_path) not in record.error
        assert {key for key, value in record.as_json().items() if value is not None} == {"path", "error"}


def test_the_other_files_are_measured_and_the_exit_code_is_3(tmp_path: Path, run: Run) -> None:
    files = hostile(tmp_path)
    good = write(tmp_path / "good.wav", hit())
    ran = run("--json", *files.values(), good)
    assert ran.code == 3
    assert [record["path"] for record in ran.records] == [p.as_posix() for p in (*files.values(), good)]
    assert [record["error"] is None for record in ran.records] == [False] * len(files) + [True]
    assert all(set(record) == FIELDS for record in ran.records)
    table = run(*files.values(), good)
    assert table.code == 3
    assert len(table.out.splitlines()) == 2
    assert table.err.count("error: ") == len(files)
    assert "Traceback" not in table.err + ran.err


def test_many_channels_are_measured(tmp_path: Path) -> None:
    record = measure_file(write(tmp_path / "a.wav", noise(1, channels=12)), GATES, loop=True)
    assert (record.error, record.channels) == (None, 12)
    assert record.loudness_lufs is not None


def test_hours_are_refused_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(path: Path) -> Clip:
        raise AssertionError("it was read")

    path = tmp_path / "a.wav"
    frames = 6 * 3600 * RATE
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, RATE, RATE * 4, 4, 16)
    head += struct.pack("<4sI", b"data", 4 * frames)
    with path.open("wb") as file:
        file.write(struct.pack("<4sI4s", b"RIFF", 4 + len(head) + 4 * frames, b"WAVE") + head)
        file.truncate(12 + len(head) + 4 * frames)  # takes no room on the disk
    monkeypatch.setattr(measure, "read", never)
    error = measure_file(path, GATES).error
    assert error == "it is too long to be measured: 6.0 h of 2 channels (at most 4.7 h of stereo at 48 kHz)"


def test_four_hours_are_not_refused(tmp_path: Path) -> None:
    assert 4 * 3600 * RATE * 2 <= measure.MOST_SAMPLES


@pytest.mark.parametrize("offset", [0.0, 0.05])
def test_a_long_file_is_measured_but_for_what_would_copy_it(
    offset: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = np.concatenate([np.zeros((RATE, 2)), noise(20, channels=2), np.zeros((RATE, 2))]) + offset
    path = write(tmp_path / "a.wav", samples, subtype="FLOAT")
    short = measure_file(path, GATES, loop=True)
    monkeypatch.setattr(measure, "MOST_SAMPLES_OF_A_SOUND", samples.size - 1)
    long = measure_file(path, GATES, loop=True)
    assert (long.error, long.gates, long.loop) == (None, None, None)
    assert "gates and its loop were not measured" in (long.note or "")
    if not offset:
        assert long.active_lufs == pytest.approx(short.active_lufs, abs=0.01)
    for name in FIELDS - {"gates", "loop", "note", "active_lufs"}:
        assert getattr(long, name) == getattr(short, name), name
    assert (short.note, short.onset_s, short.end_s) == (None, 1.0, 21.0)


def test_a_long_file_takes_little_more_memory_than_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    clip = Clip(np.random.default_rng(1).standard_normal((120 * RATE, 2), dtype=np.float32) * 0.1, RATE)
    monkeypatch.setattr(measure, "MOST_SAMPLES_OF_A_SOUND", 0)
    tracemalloc.start()
    try:
        measured("a", clip, GATES)
        assert tracemalloc.get_traced_memory()[1] < 0.5 * clip.samples.nbytes
    finally:
        tracemalloc.stop()


def test_silence_that_is_long_has_no_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "MOST_SAMPLES_OF_A_SOUND", 0)
    record = measured("a", Clip(np.zeros((RATE, 2), np.float32), RATE), GATES)
    assert (record.active_lufs, record.loudness_lufs, record.onset_s, record.gates) == (
        None,
        None,
        None,
        None,
    )


def test_what_was_left_out_is_shown(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = write(tmp_path / "a.wav", noise(1)), write(tmp_path / "b.wav", hit())
    monkeypatch.setattr(measure, "MOST_SAMPLES_OF_A_SOUND", RATE - 1)
    shown = run(one)
    assert re.search(r"\n  note +it is longer than a sound", shown.out)
    assert "pass" not in shown.out
    table = run(one, two).out
    assert re.search(r"a\.wav .* –\n", table)
    assert "a.wav: note: it is longer" in table
    assert "b.wav: note" not in table


def test_what_decodes_to_too_much_is_refused_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.wav", noise(1))
    monkeypatch.setattr(measure, "MOST_SAMPLES", RATE)
    assert measure_file(path, GATES).error is None
    monkeypatch.setattr(measure, "MOST_SAMPLES", RATE - 1)
    monkeypatch.setattr(measure, "sound_format", lambda path: ("wav", None))
    assert "too long" in (measure_file(path, GATES).error or "")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.wav")
    assert measure_file(tmp_path / "a.wav", GATES).error


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=12),
    cut=st.integers(0, 2000),
)
def test_a_damaged_file_is_measured_or_told(edits: list[tuple[int, int]], cut: int, tmp_path: Path) -> None:
    data = bytearray(encode(Clip(noise(0.05).astype(np.float32), RATE), Encoding(loop=True), dither_key="k"))
    for at, value in edits:
        data[at] = value
    path = tmp_path / "a.wav"
    path.write_bytes(bytes(data[: len(data) - cut]))
    record = measure_file(path, GATES, loop=True)
    json.dumps(record.as_json(), allow_nan=False)
    assert (record.error is None) == (record.duration_s is not None)


# --- the command ------------------------------------------------------------------------------------


def test_json_is_a_plain_list_of_records(tmp_path: Path, run: Run) -> None:
    ran = run("--json", write(tmp_path / "a.wav", hit()))
    assert ran.code == 0
    assert ran.err == ""
    (record,) = ran.records
    assert set(record) == FIELDS
    assert record["error"] is None
    assert record["gates"] == []


def test_a_folder_is_all_audio_in_it_in_order(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("b.wav", "a/z.flac", "a/y.WAV", ".git/hidden.wav", "c.ogg"):
        write(tmp_path / "sounds" / name, hit())
    (tmp_path / "sounds" / "notes.txt").write_text("no sound")
    (tmp_path / "sounds" / "b.wav.meta").write_text("no sound")
    monkeypatch.chdir(tmp_path)
    paths = [record["path"] for record in run("--json", "sounds").records]
    assert paths == ["sounds/a/y.WAV", "sounds/a/z.flac", "sounds/b.wav", "sounds/c.ogg"]


def test_a_folder_without_audio_is_a_mistake(tmp_path: Path, run: Run) -> None:
    ran = run(tmp_path)
    assert ran.code == 2
    assert "there is no audio file" in ran.err


def test_a_row_a_file_and_one_file_in_full(tmp_path: Path, run: Run) -> None:
    one, two = write(tmp_path / "one.wav", hit()), write(tmp_path / "two.wav", np.zeros(RATE))
    table = run(one, two)
    assert table.code == 0
    heading, first, second, note = table.out.splitlines()
    assert heading.split()[:3] == ["file", "length", "loudness"]
    assert re.search(r"one\.wav +0\.800 s +-\d+\.\d\d LUFS +momentary_max +-?\d+\.\d\d dBTP", first)
    assert re.search(r"silent +silence_dbfs$", second)
    assert note.endswith("two.wav: silence_dbfs: it is silent")
    full = run("--loop", one).out
    for word in ("loudness", "integrated", "true peak", "sample peak", "DC", "sounds", "loop seam"):
        assert f"\n  {word} " in full
    assert "\x1b" not in table.out + full


def test_help_loads_no_numbers() -> None:
    code = "import sys, sfxgen.cli.measure; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "sfxgen.cli.measure" in loaded
    assert not loaded & {"numpy", "soundfile", "soxr", "matplotlib", "sfxgen.report.measure"}


# --- pictures ---------------------------------------------------------------------------------------


def png_size(path: Path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def test_a_picture_of_one_file_and_a_folder_of_several(tmp_path: Path, run: Run) -> None:
    pytest.importorskip("matplotlib", reason="needs sfxgen[plots]")
    files = [write(tmp_path / name / "hit.wav", hit()) for name in ("a", "b")]
    one, folder = tmp_path / "new" / "one.png", tmp_path / "pictures"
    assert run("--loop", "--plot", one, files[0]).code == 0
    assert png_size(one) == (1100, 550)
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"garbage")
    assert run("--json", "--plot", folder, *files, bad).code == 3
    assert sorted(path.name for path in folder.iterdir()) == ["hit.wav-2.png", "hit.wav.png"]
    assert run("--plot", one, *files).code == 2


@pytest.mark.parametrize(
    "samples", [np.zeros((1, 1)), np.ones((3, 2)), np.zeros((RATE, 1)), noise(0.02)], ids=len
)
def test_anything_can_be_drawn(samples: NDArray[np.float64], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs sfxgen[plots]")
    from sfxgen.report.waveform import draw

    clip = Clip(samples.astype(np.float32), RATE)
    draw(clip, measured("$a_b$.wav", clip, GATES, loop=True), tmp_path / "a.png")
    assert png_size(tmp_path / "a.png") == (1100, 550)


def test_the_mark_is_where_the_true_peak_is() -> None:
    from sfxgen.report.waveform import true_peak_s

    time = np.arange(RATE) / RATE
    # Between the samples at a quarter of the rate: no sample is at its peak. The loudest moment is at 0.7 s.
    wave = np.sin(2 * np.pi * RATE / 4 * time + np.pi / 4) * np.exp(-(((time - 0.7) / 0.01) ** 2))
    assert true_peak_s(Clip(wave[:, np.newaxis].astype(np.float32), RATE)) == pytest.approx(0.7, abs=0.0005)
    assert true_peak_s(Clip(np.zeros((100, 1), np.float32), RATE)) == 0


def test_a_waveform_s_columns_have_all_its_extremes() -> None:
    from sfxgen.report.pictures import envelope

    samples = noise(0.5, channels=2).astype(np.float32)
    low, high, seconds = envelope(Clip(samples, RATE), 50)
    assert low.shape == high.shape == seconds.shape == (50,)
    assert (low.min(), high.max()) == (samples.min(), samples.max())
    assert seconds[10] == pytest.approx(0.1)


def test_a_spectrogram_of_minutes_has_no_more_columns_and_a_tone_where_it_is() -> None:
    from sfxgen.report.pictures import spectrogram_db

    time = np.arange(60 * 8000) / 8000
    levels, (first_s, last_s) = spectrogram_db(
        Clip(np.sin(2 * np.pi * 1000 * time)[:, np.newaxis].astype(np.float32), 8000), 200
    )
    assert levels.shape == (81, 200)
    assert int(levels.mean(axis=1).argmax()) == 20
    assert first_s == pytest.approx(0.01)
    assert last_s == pytest.approx(59.99, abs=0.001)


@pytest.mark.parametrize("name", ["a.jpg", "a.SVG", "a.pdf"])
def test_a_picture_is_a_png_or_in_a_folder(name: str, tmp_path: Path, run: Run) -> None:
    sound = write(tmp_path / "a.wav", hit())
    refused = run("--plot", tmp_path / name, sound)
    assert refused.code == 2
    assert "name a .png, or a folder" in refused.err
    assert not (tmp_path / name).exists()
    (tmp_path / name).mkdir()
    assert run("--plot", tmp_path / name, sound).code == 0
    assert (tmp_path / name / "a.wav.png").is_file()


def test_without_matplotlib_the_extra_is_named(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    ran = run("--plot", tmp_path / "a.png", write(tmp_path / "a.wav", hit()))
    assert ran.code == 3
    assert "sfxgen[plots]" in ran.err
    assert not (tmp_path / "a.png").exists()


# --- docs/measure.md --------------------------------------------------------------------------------

PAGE = Path(__file__).parents[1] / "docs" / "measure.md"


def test_the_page_s_example_is_a_record() -> None:
    text = PAGE.read_text(encoding="utf-8")
    (example,) = re.findall(r"^```jsonc\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (record,) = json.loads(example)
    assert list(record) == list(Record.__dataclass_fields__)
    assert list(record["loop"]) == list(LoopRecord.__dataclass_fields__)
    assert list(record["gates"][0]) == list(GateRecord.__dataclass_fields__)
    rows = "\n".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    assert [name for name in record if f"`{name}`" not in rows] == []


def test_the_page_s_options_are_the_command_s() -> None:
    from sfxgen.cli.measure import command

    text = PAGE.read_text(encoding="utf-8")
    options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    assert set(re.findall(r"^\| `(--[a-z]+)", text, re.MULTILINE)) == options
    assert f"(`{next(iter(CATEGORIES))}`)" in text


def test_the_page_s_limits_are_the_code_s() -> None:
    page = PAGE.read_text(encoding="utf-8")
    minutes = measure.MOST_SAMPLES_OF_A_SOUND / 2 / 48_000 / 60
    assert f"more than {minutes:.0f} minutes of stereo" in page
    assert f"more than {measure.MOST_SAMPLES / 2 / 48_000 / 3600:.1f} hours" in page
