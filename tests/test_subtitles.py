"""Subtitles and durations: what stands in each format, and how a folder of them is kept."""

from __future__ import annotations

import csv
import importlib
import io
import itertools
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking import TalkingGame

from sfxgen import lines, textfiles
from sfxgen.atomic import write_atomic
from sfxgen.audio.codec import read
from sfxgen.cli import main
from sfxgen.errors import ManifestError, ProjectError
from sfxgen.report.subtitles import COLUMNS, CUE_ROWS, FORMATS, ROW_CHARACTERS, Spoken, cues, render
from sfxgen.schema import MAX_SHEETS, ProjectBlock
from sfxgen.textfiles import INDEX, bring, compare

SHEET = """id,speaker,line,language
halt,guard,"Halt! Who goes there, ""friend"" <or> foe & co?",en
halt,guard,"Halt!
Wer da?",de
rain,,It rains.,en
"""
LONG = (
    "The queen has not slept since the bells fell silent. Every night she walks the wall, and counts the fires in the"
    " valley, and every night there is one fire more than there was. Go home."
)

HALT = Spoken(
    asset="dialog/halt_01",
    sound="dialog/halt",
    key="halt",
    speaker="guard",
    language="en",
    text="Halt!",
    duration_s=1.2345678,
    file="Assets/dialog/halt_01.wav",
    engine_id="a" * 32,
    draft=False,
)


@pytest.fixture
def game(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TalkingGame:
    game = TalkingGame(tmp_path)
    game.lines("id: '{language}/{id}'\nvoices: { guard: gruff }", SHEET)
    monkeypatch.setattr(importlib.import_module("sfxgen.cli.subtitles"), "installed", lambda: game.catalog)
    monkeypatch.chdir(game.root)
    return game


@dataclass(frozen=True)
class Ran:
    """What one call of the command line gave back."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.out)
        return value


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        assert isinstance(ended.value.code, int)
        said = capsys.readouterr()
        return Ran(ended.value.code, said.out, said.err)

    return call


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


# --- formats ----------------------------------------------------------------------------------------


def test_the_tables_have_a_row_an_asset_with_what_the_game_needs(game: TalkingGame, run: Run) -> None:
    game.build()
    assert run("subtitles", "--out", "Text", "--format", "csv", "--format", "json").code == 0
    written = files(game.root / "Text")
    assert list(written) == ["lines.csv", "lines.json", INDEX]
    rows = table(written["lines.csv"])
    assert [row["id"] for row in rows] == ["de/halt_01", "en/halt_01", "en/rain_01"]
    de, en, rain = rows
    record = game.lock().assets["unity", "en/halt_01"]
    assert en == {
        "id": "en/halt_01",
        "sound": "en/halt",
        "key": "halt",
        "speaker": "guard",
        "language": "en",
        "text": 'Halt! Who goes there, "friend" <or> foe & co?',
        "duration_s": str(round(record.duration_s, 3)),
        "file": "Assets/Audio/Sfx/en/halt_01.wav",
        "engine_id": record.engine_id,
        "draft": "false",
    }
    assert de["text"] == "Halt!\nWer da?"
    assert (rain["speaker"], rain["language"]) == ("", "en")
    clip = read(game.root / en["file"])
    assert float(en["duration_s"]) == pytest.approx(clip.duration_s, abs=0.0006)
    as_json = json.loads(written["lines.json"])
    assert as_json["version"] == 1
    assert [
        {key: str(value) for key, value in row.items() if key != "draft"} for row in as_json["lines"]
    ] == [{key: value for key, value in row.items() if key != "draft"} for row in rows]
    assert {row["draft"] for row in as_json["lines"]} == {False}


def test_strings_have_a_row_a_line_and_a_column_a_language(game: TalkingGame, run: Run) -> None:
    game.build()
    assert run("subtitles", "--out", "Text", "--format", "strings").code == 0
    text = (game.root / "Text/strings.csv").read_bytes()
    assert not text.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(text.decode(), newline=""))) == [
        ["key", "de", "en"],
        ["halt", "Halt!\nWer da?", 'Halt! Who goes there, "friend" <or> foe & co?'],
        ["rain", "", "It rains."],
    ]


def test_strings_that_would_mean_two_things_are_refused() -> None:
    other = replace(HALT, sound="queen/halt", asset="queen/halt_01", text="Stop.", at=("queen.csv", 7))
    with pytest.raises(ManifestError) as caught:
        render([HALT, other, replace(other, asset="queen/halt_02")], ["strings"])
    assert list(map(str, caught.value.mistakes)) == [
        "queen.csv:7: queen/halt: is 'halt' in en as dialog/halt is, with other words: a table of strings holds one of them"
    ]
    assert render([HALT, replace(other, text="Halt!")], ["strings"])["strings.csv"] == b"key,en\nhalt,Halt!\n"
    with pytest.raises(ProjectError, match="no line has one"):
        render([replace(HALT, language="")], ["strings"])


TWO_SHEETS = """
defaults: { model: parrot }
lines:
  - { sheet: Audio/lines/guards.csv, id: "guards/{language}/{id}" }
  - { sheet: Audio/lines/queen.csv, id: "queen/{language}/{id}" }
"""


@pytest.mark.parametrize(("formats", "count"), [("strings, csv", 1), ("csv", 0)])
def test_a_line_id_with_other_words_in_another_sheet_is_a_mistake_where_strings_are_wanted(
    game: TalkingGame, run: Run, formats: str, count: int
) -> None:
    game.project(
        (game.root / "sfxgen.yaml").read_text() + f"subtitles: {{ folder: Text, formats: [{formats}] }}\n"
    )
    game.write(
        "Audio/lines/queen.csv", "id,line,language\nrain,It rains.,en\n\nhalt,Stop!,en\nrain,Es regnet.,de\n"
    )
    game.manifest(TWO_SHEETS)
    ran = run("subtitles")
    said = [line for line in ran.err.splitlines() if "other words" in line]
    assert len(said) == count
    if count:
        assert ran.code == 2
        where = "Audio/lines/queen.csv:4: queen/en/halt"
        assert said[0].startswith(
            f"{where}: is 'halt' in en as guards/en/halt (Audio/lines/guards.csv:2) is, with"
        )


def test_where_no_table_is_configured_the_clash_of_two_sheets_has_its_line_too(
    game: TalkingGame, run: Run
) -> None:
    game.write("Audio/lines/queen.csv", "id,line,language\nhalt,Stop!,en\n")
    game.manifest(TWO_SHEETS)
    game.build()
    ran = run("subtitles", "--out", "Text", "--format", "strings")
    assert ran.code == 2
    assert "Audio/lines/queen.csv:2: queen/en/halt: is 'halt' in en as guards/en/halt is" in ran.err


def test_tables_have_milliseconds_and_strings_are_in_order_of_their_keys() -> None:
    (line,) = json.loads(render([HALT], ["json"])["lines.json"])["lines"]
    assert line["duration_s"] == 1.235
    found = render([replace(HALT, key="b"), replace(HALT, key="a")], ["strings"])["strings.csv"]
    assert found == b"key,en\na,Halt!\nb,Halt!\n"


def test_cues_of_an_asset() -> None:
    said = replace(HALT, text='Halt <b> & "co"!\nWho goes there?', speaker="guard <1>")
    assert FORMATS["srt"]([said]) == {
        "dialog/halt_01.srt": '1\n00:00:00,000 --> 00:00:01,235\nHalt <b> & "co"!\nWho goes there?\n'
    }
    assert FORMATS["vtt"]([said]) == {
        "dialog/halt_01.vtt": "WEBVTT\n\n00:00:00.000 --> 00:00:01.235\n"
        '<v guard &lt;1&gt;>Halt &lt;b&gt; &amp; "co"!\nWho goes there?\n'
    }
    assert FORMATS["vtt"]([replace(HALT, speaker="", duration_s=3661.5)])["dialog/halt_01.vtt"] == (
        "WEBVTT\n\n00:00:00.000 --> 01:01:01.500\nHalt!\n"
    )


def test_a_long_line_is_divided_at_its_sentences_by_its_characters() -> None:
    found = cues(LONG, 20)
    assert [cue.rows for cue in found] == [
        ("The queen has not slept since the bells", "fell silent."),
        ("Every night she walks the wall, and counts", "the fires in the valley, and every night"),
        ("there is one fire more than there was.", "Go home."),
    ]
    assert found[0].start_ms == 0
    assert found[-1].end_ms == 20_000
    lengths = [sum(map(len, cue.rows)) for cue in found]
    for cue, length in zip(found, lengths, strict=True):
        assert cue.end_ms - cue.start_ms == pytest.approx(20_000 * length / sum(lengths), abs=1)


def test_short_sentences_share_a_row_and_a_line_break_is_kept() -> None:
    assert [cue.rows for cue in cues("Halt! Who goes there?", 1)] == [("Halt! Who goes there?",)]
    assert [cue.rows for cue in cues("Halt!\nWho goes there?", 1)] == [("Halt!", "Who goes there?")]
    assert [cue.rows for cue in cues("\u3042" * 100, 1)] == [("\u3042" * 42,) * 2, ("\u3042" * 16,)]


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=400),
    st.floats(min_value=0.0001, max_value=700),
)
def test_cues_lose_no_word_and_no_time(text: str, duration_s: float) -> None:
    found = cues(text, duration_s)
    assert "".join("".join(row.split()) for cue in found for row in cue.rows) == "".join(text.split())
    if found:
        whole_ms = max(1, round(duration_s * 1000))
        assert (found[0].start_ms, found[-1].end_ms) == (0, whole_ms)
        assert all(cue.start_ms < cue.end_ms for cue in found)
        assert all(one.end_ms == later.start_ms for one, later in itertools.pairwise(found))
    if len(found) > 1:
        assert all(len(cue.rows) <= CUE_ROWS for cue in found)
    assert all(len(row) <= ROW_CHARACTERS for cue in found for row in cue.rows)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
@pytest.mark.parametrize("suffix", ["srt", "vtt"])
def test_ffmpeg_reads_the_cues_as_they_were_meant(tmp_path: Path, suffix: str) -> None:
    """An oracle of its own: ffmpeg's demuxers, asked for what they made of it."""
    said = replace(HALT, text=LONG, duration_s=20.0)
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(render([said], [suffix])[f"dialog/halt_01.{suffix}"])
    shown = subprocess.run(
        ["ffprobe", "-v", "error", "-show_packets", "-show_data", "-of", "json", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stderr == ""
    packets = json.loads(shown.stdout)["packets"]
    found = cues(LONG, 20)
    spans = [(float(p["pts_time"]), float(p["pts_time"]) + float(p["duration_time"])) for p in packets]
    meant = [(cue.start_ms / 1000, cue.end_ms / 1000) for cue in found]
    assert [edge for span in spans for edge in span] == pytest.approx(
        [edge for span in meant for edge in span]
    )
    plain = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(path), "-f", "srt", "-"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert [block.split("\n", 2)[2] for block in plain.stdout.strip().split("\n\n")] == [
        "\n".join(cue.rows) for cue in found
    ]


# --- the verb ---------------------------------------------------------------------------------------


def test_lines_that_are_not_built_are_left_out_and_named(game: TalkingGame, run: Run) -> None:
    game.build(only=("en/*",))
    ran = run("subtitles", "--out", "Text")
    assert ran.code == 1
    assert "1 asset left out, not built or stale: de/halt_01" in ran.out
    assert [row["id"] for row in table((game.root / "Text/lines.csv").read_text())] == [
        "en/halt_01",
        "en/rain_01",
    ]
    assert run("subtitles", "--out", "Text", "--check").code == 1
    game.build()
    assert run("subtitles", "--out", "Text", "--check").code == 1
    assert run("subtitles", "--out", "Text").code == 0
    assert run("subtitles", "--out", "Text", "--check").out.startswith(
        "up to date: 3 assets with words, Text: 1 kept"
    )


def test_before_the_first_build_a_table_of_strings_has_no_language_yet(game: TalkingGame, run: Run) -> None:
    ran = run("subtitles", "--out", "Text", "--format", "strings")
    assert (ran.code, ran.err) == (1, "")
    assert "3 assets left out, not built or stale" in ran.out
    assert (game.root / "Text/strings.csv").read_text() == "key\n"
    game.build()
    assert run("subtitles", "--out", "Text", "--format", "strings").code == 0
    assert (game.root / "Text/strings.csv").read_text().startswith("key,de,en\n")


def test_a_line_whose_words_changed_is_left_out_until_it_is_spoken(game: TalkingGame, run: Run) -> None:
    """Its duration is that of the old words."""
    game.build()
    game.lines(
        "id: '{language}/{id}'\nvoices: { guard: gruff }", SHEET.replace("It rains", "It rains and rains")
    )
    ran = run("subtitles", "--out", "Text", "--json")
    assert (ran.code, ran.json["exit_code"], ran.json["unbuilt"]) == (1, 1, ["en/rain_01"])
    assert (ran.json["lines"], ran.json["written"]) == (2, ["lines.csv"])


def test_an_edited_line_break_needs_no_build(game: TalkingGame, run: Run) -> None:
    game.build()
    run("subtitles", "--out", "Text")
    game.lines("id: '{language}/{id}'\nvoices: { guard: gruff }", SHEET.replace("Halt!\nWer", "Halt! Wer"))
    assert run("subtitles", "--out", "Text", "--check").code == 1
    assert run("subtitles", "--out", "Text").code == 0
    assert table((game.root / "Text/lines.csv").read_text())[0]["text"] == "Halt! Wer da?"


def test_a_second_run_writes_nothing_and_a_line_that_goes_takes_its_files_along(
    game: TalkingGame, run: Run
) -> None:
    game.build()
    arguments = ("subtitles", "--out", "Text", "--format", "vtt", "--format", "srt")
    assert run(*arguments).code == 0
    folder = game.root / "Text"
    assert [*files(folder)] == [
        *(f"{name}_01.{kind}" for name in ("de/halt", "en/halt", "en/rain") for kind in ("srt", "vtt")),
        INDEX,
    ]
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert "6 kept" in run(*arguments).out
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    game.lines(
        "id: '{language}/{id}'\nvoices: { guard: gruff }",
        SHEET.replace("de\n", "en\n").replace("halt", "x", 1),
    )
    game.build()
    ran = run(*arguments, "--check")
    assert ran.code == 1
    assert "remove    de/halt_01.srt" in ran.out
    assert [*files(folder)] == [
        path.relative_to(folder).as_posix() for path in sorted(before) if path.is_file()
    ]
    assert run(*arguments).code == 0
    assert not (folder / "de").exists()
    assert run(*arguments, "--check").code == 0


def test_what_was_edited_by_hand_is_left_alone(game: TalkingGame, run: Run) -> None:
    game.build()
    arguments = ("subtitles", "--out", "Text", "--format", "vtt")
    run(*arguments)
    mine = game.root / "Text/en/halt_01.vtt"
    mine.write_text("WEBVTT\n\nmine\n")
    ran = run(*arguments)
    assert ran.code == 3
    assert "conflict  en/halt_01.vtt" in ran.out
    assert run(*arguments, "--check").code == 1
    assert mine.read_text() == "WEBVTT\n\nmine\n"
    assert run(*arguments, "--force").code == 0
    assert "Halt!" in mine.read_text()
    theirs = game.root / "Text/lines.csv"
    theirs.write_text("id,mine\n")
    assert run("subtitles", "--out", "Text", "--format", "vtt", "--format", "csv").code == 3
    assert theirs.read_text() == "id,mine\n"


def test_check_writes_nothing(game: TalkingGame, run: Run) -> None:
    game.build()
    ran = run("subtitles", "--out", "Text", "--check")
    assert ran.code == 1
    assert "write     lines.csv" in ran.out
    assert not (game.root / "Text").exists()


def test_sounds_that_say_something_without_a_sheet_are_there_too(game: TalkingGame, run: Run) -> None:
    game.manifest(
        "defaults: { model: parrot, kind: dialog }\nsounds:\n"
        "  halt: { say: Halt!, variants: 2 }\n"
        "  radio: { layers: [{ say: Over., gain_db: -1 }, { say: And out., delay_s: 1 }] }\n"
        "  noise: { model: toy, kind: one_shot, prompt: hiss }\n"
    )
    game.build()
    assert run("subtitles", "--out", "Text").code == 0
    rows = table((game.root / "Text/lines.csv").read_text())
    assert [(row["id"], row["key"], row["text"]) for row in rows] == [
        ("halt_01", "halt", "Halt!"),
        ("halt_02", "halt", "Halt!"),
        ("radio_01", "radio", "Over.\nAnd out."),
    ]


def test_of_several_engines_one_is_meant(game: TalkingGame, run: Run) -> None:
    game.project("name: game\nengine: [unity, files]\nassets: { unity: Assets/Sfx, files: Out }\n")
    game.build()
    run("subtitles", "--out", "A")
    run("subtitles", "--out", "B", "--engine", "files")
    one, other = (table((game.root / folder / "lines.csv").read_text())[0] for folder in ("A", "B"))
    assert (one["file"], len(one["engine_id"])) == ("Assets/Sfx/de/halt_01.wav", 32)
    assert (other["file"], other["engine_id"]) == ("Out/de/halt_01.wav", "")
    ran = run("subtitles", "--out", "C", "--engine", "unty")
    assert (ran.code, "did you mean 'unity'?" in ran.err) == (2, True)


def test_a_project_where_nobody_speaks_is_told_so(game: TalkingGame, run: Run) -> None:
    game.sounds("a: { prompt: a }")
    ran: Ran = run("subtitles", "--out", "Text")
    assert (ran.code, ran.err.startswith("error: no sound says anything")) == (2, True)


# --- the folder -------------------------------------------------------------------------------------

ONE = {"a.csv": b"1\n", "b/c.vtt": b"2\n"}
TWO = {"a.csv": b"3\n", "d.srt": b"4\n"}


def brought(folder: Path, wanted: dict[str, bytes]) -> None:
    bring(folder, wanted, compare(folder, wanted))


def test_line_ends_that_git_changed_are_no_edit(tmp_path: Path) -> None:
    brought(tmp_path, ONE)
    (tmp_path / "a.csv").write_bytes(b"1\r\n")
    (tmp_path / INDEX).write_bytes((tmp_path / INDEX).read_bytes().replace(b"\n", b"\r\n"))
    assert compare(tmp_path, ONE).is_empty
    brought(tmp_path, TWO)
    assert (tmp_path / "a.csv").read_bytes() == b"3\n"


@pytest.mark.parametrize("writes", range(6))
def test_killed_at_any_write_the_next_run_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    brought(tmp_path, ONE)
    done = 0

    def killed(path: Path, content: bytes, *, sync: bool = True) -> None:
        nonlocal done
        if done == writes:
            raise KeyboardInterrupt
        done += 1
        write_atomic(path, content, sync=sync)

    monkeypatch.setattr(textfiles, "write_atomic", killed)
    try:
        brought(tmp_path, TWO)
    except KeyboardInterrupt:
        pass
    else:
        assert writes >= 4  # the index, two files, the index
    monkeypatch.setattr(textfiles, "write_atomic", write_atomic)
    brought(tmp_path, {**TWO, "a.csv": b"5\n"})
    assert compare(tmp_path, {**TWO, "a.csv": b"5\n"}).is_empty
    assert {name: text for name, text in files(tmp_path).items() if name != INDEX} == {
        "a.csv": "5\n",
        "d.srt": "4\n",
    }


def test_an_index_that_was_lost_is_made_of_the_files_that_are_right(tmp_path: Path) -> None:
    brought(tmp_path, ONE)
    index = (tmp_path / INDEX).read_bytes()
    (tmp_path / INDEX).unlink()
    assert not compare(tmp_path, ONE).is_empty
    brought(tmp_path, ONE)
    assert (tmp_path / INDEX).read_bytes() == index


@pytest.mark.parametrize(
    "name",
    [
        "../x.csv",
        "/etc/x.csv",
        "./a.csv",
        "a.csv/",
        "a.py",
        "a",
        ".git/config",
        INDEX,
        "C:/x.csv",
        "a\\x.csv",
        "",
    ],
)
def test_an_index_cannot_have_other_files_removed(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "out"
    brought(folder, ONE)
    (tmp_path / "x.csv").write_text("mine")
    digest = json.loads((folder / INDEX).read_text())["files"]["a.csv"]
    (folder / INDEX).write_text(json.dumps({"version": 1, "files": {name: digest}}))
    with pytest.raises(ProjectError, match="which sfxgen never wrote"):
        compare(folder, {}, force=True)
    assert (tmp_path / "x.csv").read_text() == "mine"


def test_a_name_that_changed_its_case_is_the_same_file_where_the_disk_says_so(tmp_path: Path) -> None:
    brought(tmp_path, {"Guard/halt.srt": b"1\n"})
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard/halt.srt").hardlink_to(tmp_path / "Guard/halt.srt")
    for content in (b"1\n", b"2\n"):
        found = compare(tmp_path, {"guard/halt.srt": content})
        assert (found.remove, found.edited, found.index_is_stale) == ((), (), True)
    brought(tmp_path, {"guard/halt.srt": b"1\n"})
    assert json.loads((tmp_path / INDEX).read_text())["files"].keys() == {"guard/halt.srt"}
    (tmp_path / "Guard/halt.srt").unlink()
    (tmp_path / "Guard/halt.srt").write_text("1\n")
    brought(tmp_path, {"Guard/halt.srt": b"1\n"})
    assert not (tmp_path / "guard").exists(), "another file on this disk"


@pytest.mark.parametrize(
    "text", ["", "<<<<<<< ours", "[]", '{"version": 2, "files": {}}', '{"version": 1}', "[" * 99_999]
)
def test_an_index_that_cannot_be_read_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / INDEX).write_text(text)
    with pytest.raises(ProjectError, match="is no index of files"):
        compare(tmp_path, ONE)
    (tmp_path / INDEX).write_text('{"version": 1, "files": {"a.csv": "x"}}')
    with pytest.raises(ProjectError, match="no digest"):
        compare(tmp_path, ONE)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.mkdir()
    (out / "b").symlink_to(elsewhere)
    with pytest.raises(ProjectError, match="symbolic link"):
        brought(out, ONE)
    assert list(elsewhere.iterdir()) == []


# --- sfxgen.yaml ------------------------------------------------------------------------------------


def test_the_project_names_folder_and_formats(game: TalkingGame, run: Run) -> None:
    game.build()
    ran = run("subtitles")
    assert (ran.code, ran.err.startswith("error: no folder for subtitles is named")) == (2, True)
    project = (game.root / "sfxgen.yaml").read_text()
    game.project(project + "subtitles: { folder: Assets/Text, formats: [json, strings] }\n")
    assert run("subtitles").code == 0
    assert [*files(game.root / "Assets/Text")] == ["lines.json", INDEX, "strings.csv"]
    assert run("subtitles", str(game.root), "--check").code == 0
    game.project(project + "subtitles: { folder: Assets/Text }\n")
    assert run("subtitles").code == 0
    assert [*files(game.root / "Assets/Text")] == ["lines.csv", INDEX]
    assert run("subtitles", "--out", "Other", "--format", "json").code == 0
    assert [*files(game.root / "Other")] == ["lines.json", INDEX]


def test_the_project_s_folder_is_no_link_out_of_the_project(game: TalkingGame, run: Run) -> None:
    game.build()
    elsewhere = game.root.parent / f"{game.root.name}-elsewhere"
    elsewhere.mkdir()
    (game.root / "Assets/Text").symlink_to(elsewhere)
    game.project((game.root / "sfxgen.yaml").read_text() + "subtitles: { folder: Assets/Text }\n")
    ran = run("subtitles")
    assert (ran.code, "a symbolic link leads out of the project" in ran.err) == (2, True), ran.err
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("{ folder: ../x }", "subtitles.folder: '../x' leaves the project"),
        ("{ folder: .git/x }", "subtitles.folder: '.git' is not for assets"),
        ("{ formats: [csv] }", "subtitles.folder: is missing"),
        (
            "{ folder: x, formats: [svr] }",
            "subtitles.formats[0]: 'svr' is not csv, json, strings, vtt or srt",
        ),
        ("Text", "subtitles: expected a mapping (key: value), not 'Text'"),
    ],
)
def test_what_is_wrong_with_the_project_s_block_is_said(
    game: TalkingGame, run: Run, block: str, said: str
) -> None:
    game.project(f"engine: unity\nassets: Assets\nsubtitles: {block}\n")
    ran = run("subtitles")
    assert (ran.code, ran.err.startswith(f"sfxgen.yaml:3: {said}")) == (2, True), ran.err


def test_the_schema_names_the_formats_that_there_are() -> None:
    formats = ProjectBlock.model_json_schema()["$defs"]["SubtitlesBlock"]["properties"]["formats"]
    assert set(formats["anyOf"][0]["items"]["enum"]) == set(FORMATS)


# --- docs/dialog.md ---------------------------------------------------------------------------------


def test_the_page_has_every_column_format_and_limit() -> None:
    text = (Path(__file__).parents[1] / "docs/dialog.md").read_text(encoding="utf-8")
    columns = [*COLUMNS, *lines.COLUMNS, "sheet", "voices", "language"]
    missing = [name for name in columns if f"`{name}`" not in text]
    assert missing == []
    assert [name for name in FORMATS if f"`{name}`" not in text] == []
    for limit in (
        f"{lines.MAX_LINES:,} lines",
        f"{lines.MAX_SHEET_BYTES // 2**20} MiB",
        f"{MAX_SHEETS} sheets",
        f"{lines.MAX_TEXT:,} characters",
        f"{ROW_CHARACTERS} characters",
        INDEX,
    ):
        assert limit in text
