"""`sfxgen check` sees subtitles that are stale, where the project names a folder for them."""

from __future__ import annotations

import importlib

import pytest
from talking import TalkingGame
from test_subtitles import Run, files, game, run

__all__ = ["game", "run"]  # fixtures


@pytest.fixture
def told(game: TalkingGame, monkeypatch: pytest.MonkeyPatch) -> TalkingGame:
    """A game where somebody speaks, whose project names a folder for subtitles; it is built."""
    monkeypatch.setattr(importlib.import_module("sfxgen.cli.check"), "installed", lambda: game.catalog)
    project = (game.root / "sfxgen.yaml").read_text()
    game.project(f"{project}subtitles: {{ folder: Assets/Text, formats: [csv, vtt] }}\n")
    game.build()
    return game


def test_check_is_content_once_they_are_written(told: TalkingGame, run: Run) -> None:
    before = run("check")
    assert (before.code, "stale: subtitles" in before.out) == (1, True)
    assert "Assets/Text/lines.csv\n" in before.out
    assert not (told.root / "Assets/Text").exists(), "it writes nothing"
    assert run("subtitles").code == 0
    assert run("check").code == 0
    assert run("check", "--json").json["subtitles_stale"] == []


def test_words_that_were_edited_without_a_build_are_seen(told: TalkingGame, run: Run) -> None:
    assert run("subtitles").code == 0
    sheet = told.root / "Audio/lines/guards.csv"
    sheet.write_text(sheet.read_text().replace("Halt!\nWer", "Halt! Wer"))
    ran = run("check", "--json")
    assert ran.code == 1
    assert all(step["status"] == "kept" for step in ran.json["steps"]), "its sound is the same"
    assert "Assets/Text/lines.csv" in ran.json["subtitles_stale"]
    assert run("subtitles").code == 0
    assert run("check").code == 0


def test_a_file_that_was_edited_or_is_left_over_is_seen(told: TalkingGame, run: Run) -> None:
    assert run("subtitles").code == 0
    cues = next(name for name in files(told.root / "Assets/Text") if name.endswith(".vtt"))
    (told.root / "Assets/Text" / cues).write_text("mine")
    assert run("check", "--json").json["subtitles_stale"] == [f"Assets/Text/{cues}"]


def test_before_a_build_there_is_nothing_to_compare(told: TalkingGame, run: Run) -> None:
    next((told.root / "Assets").rglob("*.wav")).unlink()
    ran = run("check", "--json")
    assert (ran.code, ran.json["subtitles_stale"]) == (1, [])


def test_where_nobody_speaks_none_are_missed(told: TalkingGame, run: Run) -> None:
    told.manifest("sounds:\n  click: { model: synth, preset: click }\n")
    told.build()
    assert run("check").code == 0


def test_without_a_folder_in_the_project_check_does_not_look(
    game: TalkingGame, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.import_module("sfxgen.cli.check"), "installed", lambda: game.catalog)
    game.build()
    assert run("check").code == 0


def test_of_several_engines_the_folder_may_be_of_any(told: TalkingGame, run: Run) -> None:
    told.project(
        "name: game\nengine: [unity, files]\nassets: { unity: Assets, files: out }\n"
        "subtitles: { folder: Text, formats: [csv] }\n"
    )
    told.build()
    for engine in ("unity", "files"):
        assert run("subtitles", "--engine", engine).code == 0
        assert run("check").code == 0, engine


def test_github_marks_the_line_that_names_the_folder(
    told: TalkingGame, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    line = (
        (told.root / "sfxgen.yaml")
        .read_text()
        .splitlines()
        .index("subtitles: { folder: Assets/Text, formats: [csv, vtt] }")
    )
    marks = [each for each in run("check").err.splitlines() if each.startswith("::")]
    monkeypatch.delenv("GITHUB_ACTIONS")
    names = run("check", "--json").json["subtitles_stale"]
    what = f"stale: {len(names)} files of subtitles, {names[0]} the first"
    assert marks == [f"::error file=sfxgen.yaml,line={line + 1}::{what}"]


def test_what_else_is_stale_is_shown_where_subtitles_cannot_be_compared(told: TalkingGame, run: Run) -> None:
    project = (told.root / "sfxgen.yaml").read_text()
    told.project(project.replace("[csv, vtt]", "[strings]"))
    told.lines("voices: { guard: gruff }", "id,speaker,line\nhalt,guard,Halt!\n")
    told.manifest("sounds:\n  click: { model: synth, preset: click }\n", "click")
    told.build()
    told.manifest("sounds:\n  click: { model: synth, preset: coin }\n", "click")
    ran = run("check")
    assert ran.code == 2
    assert "generate  click  01" in ran.out
    assert "a table of strings needs languages" in ran.err
    found = run("check", "--json")
    assert (found.code, found.json["exit_code"], found.json["subtitles_stale"]) == (2, 2, [])
    assert found.json["error"]["message"].startswith("a table of strings needs languages")
    assert [step["asset"] for step in found.json["steps"] if step["status"] == "stale"] == ["click_01"]
