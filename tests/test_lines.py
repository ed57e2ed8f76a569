"""Line sheets: what is read of a CSV file, which sounds it becomes, and what is said of mistakes."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from games import actions, whys
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from talking import TalkingGame

from sfxgen.build import Report
from sfxgen.cli.schema import schema_text
from sfxgen.errors import ManifestError, SfxgenError
from sfxgen.lines import COLUMNS, MAX_LINES, MAX_SHEET_BYTES, MAX_TEXT, Line, read_sheet
from sfxgen.manifest import load
from sfxgen.sound import Sound
from sfxgen.watch import Watcher
from sfxgen.yaml_source import Document

HEADER = "id,speaker,line,direction,language\n"


@pytest.fixture
def game(tmp_path: Path) -> TalkingGame:
    return TalkingGame(tmp_path)


def sounds(game: TalkingGame) -> dict[str, Sound]:
    return {sound.id: sound for sound in load(game.root, game.catalog)[1]}


def mistakes(game: TalkingGame) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        load(game.root, game.catalog)
    return [f"{mistake} | {mistake.hint}" for mistake in caught.value.mistakes]


def read(text: str | bytes) -> tuple[Document, list[Line]]:
    return read_sheet("x.csv", text if isinstance(text, bytes) else text.encode())


def wrong(text: str | bytes) -> list[str]:
    return [f"{mistake} | {mistake.hint}" for mistake in read(text)[0].mistakes]


# --- reading ----------------------------------------------------------------------------------------

PRINTABLE = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
WORDS = st.text(PRINTABLE, max_size=12).map(str.strip).filter(lambda text: not re.match("<{7}|>{7}", text))
TEXTS = st.lists(WORDS, min_size=1, max_size=3).map("\n".join).map(str.strip)
"""Without git's marks of a conflict, which are refused."""


@st.composite
def sheets(draw: st.DrawFn) -> tuple[list[str], list[dict[str, str]]]:
    columns = draw(st.permutations(COLUMNS).map(lambda order: order[: draw(st.integers(2, len(COLUMNS)))]))
    columns = list(dict.fromkeys([*columns, "id", "line"]))
    filled = {
        "id": WORDS.filter(bool),
        "line": TEXTS.filter(bool),
        "take": st.sampled_from(["", "1", "7"]),
        "language": st.sampled_from(["", "en", "pt-BR"]),
    }
    row = st.fixed_dictionaries({column: filled.get(column, WORDS) for column in columns})
    return columns, draw(st.lists(row, min_size=1, max_size=6))


@settings(max_examples=150, deadline=None)
@given(
    sheet=sheets(),
    separator=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    mark=st.sampled_from(["", "\ufeff"]),
)
def test_what_python_s_csv_module_writes_is_read_back(
    sheet: tuple[list[str], list[dict[str, str]]], separator: str, end: str, quoting: int, mark: str
) -> None:
    columns, rows = sheet
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, delimiter=separator, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writeheader()
    begins = []
    for row in rows:
        begins.append(out.getvalue().count("\n") + 1)
        writer.writerow(row)
    document, lines = read((mark + out.getvalue()).encode())
    assert document.mistakes == []
    for line, row, begin in zip(lines, rows, begins, strict=True):
        said = {key: row.get(key, "") for key in COLUMNS}
        assert (line.id, line.text, line.speaker) == (said["id"], said["line"], said["speaker"])
        assert (line.language, line.renamed_from) == (said["language"], said["renamed_from"])
        assert line.direction == " ".join(said["direction"].split())
        assert line.takes == ((int(said["take"]),) if said["take"] else ())
        assert line.said == " ".join(said["line"].split())
        assert line.row == begin


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=200).map(lambda tail: b"id,line\n" + tail)))
def test_no_bytes_raise(raw: bytes) -> None:
    """Whatever a sheet holds, it is read or complained of, never both in silence."""
    document, lines = read(raw)
    assert document.mistakes or lines
    assert all(line.id and line.text for line in lines)


def test_a_sheet_as_a_spreadsheet_saves_it() -> None:
    text = '\ufeffLine;ID;Speaker;_notes;\r\n"Halt!\r\nWho goes there?";halt;guard;first act;\r\n;;;;\r\n'
    document, lines = read(text)
    assert document.mistakes == []
    assert lines == [Line(id="halt", text="Halt!\nWho goes there?", speaker="guard", row=2)]
    assert lines[0].said == "Halt! Who goes there?"


def test_empty_rows_above_the_header_count_as_lines_of_the_file() -> None:
    assert read("\n\nid;line\na;x\n")[1] == [Line(id="a", text="x", row=4)]
    assert read(";;\nid;line;\na;x;\n")[1] == [Line(id="a", text="x", row=3)]
    assert wrong("\n\nid;speaker\na;x\n")[0].startswith("x.csv:3: line: this column is missing")


def test_several_takes_of_a_line() -> None:
    assert read('id,line,take\na,x,2\nb,y,"3, 1"\n')[1][1].takes == (3, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"\xff\xfei\0d\0", "x.csv:1: is UTF-16, not UTF-8 | save it as CSV in UTF-8; Excel calls that CSV UTF-8"),
        ("id,line\na,Gr\u00fc\u00df\n".encode("latin-1"), "x.csv:2: byte 0xfc is not valid UTF-8 | save it as"),
        (b"", "x.csv: is empty | it begins with a header"),
        (b"id,line\n\n , \n", "x.csv:1: has a header and no lines | write a line"),
        (b"version https://git-lfs.github.com/spec/v1\n", "x.csv:1: is a Git LFS pointer, not the sheet | run git"),
        (b"id,line\n<<<<<<< ours\na,x\n", "x.csv:2: is in a merge conflict | resolve it"),
        (b"id,line\na,\"x\nb,y\n", "x.csv:2: a quote opens here and is never closed | close it"),
        (b"id,line\na,\"x\"y\n", 'x.csv:2: a quote closes inside a field | write "" for a quote inside'),
        (b"id,line\na,x, y\n", "x.csv:2: a: this row has 3 fields, the header 2 | quote text that holds a comma"),
        (b"id;line\na;x; y\n", "x.csv:2: a: this row has 3 fields, the header 2 | quote text that holds a semicolon"),
        (b"id,line\na,\n", "x.csv:2: a.line: is empty | write what is said, or remove the row"),
        (b"id,line\n,x\n", "x.csv:2: id: is empty | every line has an id of its own"),
        (b"id,line\na,x\x07\n", "x.csv:2: a.line: holds the control character U+0007 | remove it"),
        (b'id,line\n"a\nb",x\n', "x.csv:2: a\nb.id: holds a line break | only a line"),
        (f"id,line\na,{'x' * (MAX_TEXT + 1)}\n".encode(), "x.csv:2: a.line: is longer than 2000 characters | split"),
        (b"id,line,language\na,x,english!\n", "x.csv:2: a.language: 'english!' is no language tag | write a tag"),
        (b"id,line,take\na,x,0\n", "x.csv:2: a.take: '0' is no take | write a number from 1 up"),
        (b"id,line,take\na,x,2 2\n", "x.csv:2: a.take: names a take twice | each variant is another take"),
        (b"id,line,speeker\na,x,y\n", "x.csv:1: speeker: unknown column | did you mean 'speaker'?"),
        (b"id,line,line\na,x,y\n", "x.csv:1: line: this column stands here twice | remove one of the two"),
        (b"id,speaker\na,x\n", "x.csv:1: line: this column is missing | the header names the columns"),
        (b"id,line\na," + b"x" * 200_000, "x.csv:2: a field is longer than a line can be | is a quote left open?"),
        (b"id" + b"," * 300, "x.csv:1: has more than 200 columns | is it the right file?"),
        (b" " * (MAX_SHEET_BYTES + 1), "x.csv: is 8.4 MB, more than 8 MiB | split it into several sheets"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_sheet_is_said_with_its_line(text: bytes, said: str) -> None:
    found = wrong(text)
    assert len(found) == 1
    assert found[0].startswith(said)


def test_a_line_may_have_so_many_characters_and_no_more() -> None:
    document, (line,) = read(f"id,line\na,{'x' * MAX_TEXT}\n")
    assert (document.mistakes, len(line.text)) == ([], MAX_TEXT)


def test_a_sheet_may_have_so_many_lines_and_no_more() -> None:
    rows = "".join(f"a{n},x\n" for n in range(MAX_LINES + 3))
    document, lines = read("id,line\n" + rows)
    assert len(lines) == MAX_LINES
    assert [str(mistake) for mistake in document.mistakes] == [
        f"x.csv:{MAX_LINES + 2}: more than 10,000 lines"
    ]
    assert read("id,line\n" + "".join(f"a{n},x\n" for n in range(MAX_LINES)))[0].mistakes == []


# --- becoming sounds --------------------------------------------------------------------------------

GUARDS = HEADER + 'halt,guard,"Halt! Who goes there?",shouting,en\nbow,queen,Bow.,,en\n'


def test_each_line_becomes_a_sound(game: TalkingGame) -> None:
    game.lines("id: dialog/{speaker}/{id}\nvoices: { guard: gruff, queen: hell }\nvariants: 2", GUARDS)
    found = sounds(game)
    assert list(found) == ["dialog/guard/halt", "dialog/queen/bow"]
    halt, bow = found.values()
    assert halt.keys == {
        "say": "Halt! Who goes there?",
        "voice": "gruff",
        "prompt": "shouting",
        "language": "en",
    }
    assert bow.keys == {"say": "Bow.", "voice": "hell", "language": "en"}
    assert (halt.kind, halt.category, halt.takes, halt.mastering.loudness_lufs) == (
        "dialog",
        "dialog",
        (1, 2),
        -20,
    )
    assert halt.settings["unity"]["load_type"] == "compressed_in_memory"
    assert str(halt.place) == "Audio/lines/guards.csv:2"
    assert list(halt.reads) == [game.root / game.SHEET]
    assert halt.line == Line(
        id="halt", text="Halt! Who goes there?", speaker="guard", direction="shouting", language="en", row=2
    )


def test_what_the_model_is_not_told_is_kept_for_people(game: TalkingGame) -> None:
    game.parrot.takes = frozenset()
    game.lines(sheet=GUARDS)
    halt = sounds(game)["halt"]
    assert halt.keys == {"say": "Halt! Who goes there?", "voice": "calm"}
    assert halt.line is not None
    assert (halt.line.direction, halt.line.language) == ("shouting", "en")


def test_a_voice_for_each_language(game: TalkingGame) -> None:
    game.lines(
        "id: '{language}/{id}'\nlanguage: en\nvoice: gruff\nvoices: { guard: { en: calm, de: hell } }",
        HEADER + "halt,guard,Halt!,,\nhalt,guard,Stehen bleiben!,,de\nrain,,It rains.,,\n",
    )
    found = sounds(game)
    assert {name: sound.keys["voice"] for name, sound in found.items()} == {
        "de/halt": "hell",
        "en/halt": "calm",
        "en/rain": "gruff",  # nobody says it: the block's own voice
    }
    assert found["en/halt"].keys["language"] == "en"


def test_fields_of_the_block_lie_over_defaults_and_under_the_row(game: TalkingGame) -> None:
    game.manifest(
        f"""
defaults: {{ model: toy, kind: loop, loudness_lufs: -30, master: {{ fade_out_ms: 40 }} }}
lines:
  - sheet: {game.SHEET}
    model: parrot
    loudness_lufs: -23
    prompt: neutral
    seed: 4
    master: {{ fade_in_ms: 2 }}
    unity: {{ quality: 0.4 }}
"""
    )
    game.write(game.SHEET, "take,line,id,direction,renamed_from\n3,Hello.,a,,old/a\n,Bye.,b,sad,\n")
    a, b = sounds(game).values()
    assert (a.takes, b.takes, a.seed, a.identity, b.identity) == ((3,), (1,), 4, "old/a", "b")
    assert (a.keys["prompt"], b.keys["prompt"]) == ("neutral", "sad")
    assert (a.kind, a.mastering.loudness_lufs) == ("dialog", -23)
    assert (a.mastering.fade_in_ms, a.mastering.fade_out_ms) == (2, 40)
    assert a.settings["unity"]["quality"] == 0.4


def test_sounds_and_sheets_stand_in_one_manifest_and_share_ids(game: TalkingGame) -> None:
    game.write(game.SHEET, "id,line\nhalt,Halt!\n")
    game.manifest(
        f"defaults: {{ model: parrot }}\nlines: [{{ sheet: {game.SHEET} }}]\n"
        "sounds:\n  halt: { say: stop }\n  loud: { extends: halt, loudness_lufs: -16, prompt: x }\n"
    )
    assert mistakes(game) == [
        "Audio/lines/guards.csv:2: halt: the id 'halt' is taken by Audio/manifests/game.yaml:4"
        " | an id is used once in a project"
    ]
    game.manifest(
        f"defaults: {{ model: parrot }}\nlines: [{{ sheet: {game.SHEET}, voice: gruff }}]\n"
        "sounds:\n  loud: { extends: halt, prompt: x }\n"
    )
    assert sounds(game)["loud"].keys == {"say": "Halt!", "voice": "gruff", "prompt": "x"}
    assert sounds(game)["loud"].line is None


# --- mistakes ---------------------------------------------------------------------------------------


def test_every_mistake_of_sheet_and_manifest_is_shown_at_once(game: TalkingGame) -> None:
    game.lines(
        "id: dialog/{id}\nvoices: { guard: gruff, queen: hel }\nloudnes: 3\nvariants: 0",
        HEADER
        + "halt,guard,Halt!,,en\nhalt,guard,Stehen bleiben!,,de\nno way,guard,No.,,\nwho,gaurd,Who?,,\nwhy,gaurd,Why?,,\n"
        + "void,guard,,,\n",
    )
    assert mistakes(game) == [
        "Audio/lines/guards.csv:3: halt: the id 'dialog/halt' is taken by line 2"
        " | write {language} into id:, as in {language}/{id}",
        "Audio/lines/guards.csv:4: no way: 'dialog/no way': an id holds letters, digits, - and _ only"
        " | separate folders with /, words with _",
        "Audio/lines/guards.csv:5: who.speaker: there is no voice for 'gaurd' | did you mean 'guard'?",
        "Audio/lines/guards.csv:7: void.line: is empty | write what is said, or remove the row",
        "Audio/manifests/game.yaml:6: lines[0].loudnes: unknown key | did you mean 'loudness'?",
        "Audio/manifests/game.yaml:7: lines[0].variants: 0 is not at least 1 | ",
    ]


def test_a_mistake_in_the_manifest_is_told_once_and_one_in_a_line_at_the_line(game: TalkingGame) -> None:
    rows = "".join(f"a{n},{speaker},Hello.,,\n" for n, speaker in enumerate(["guard", "queen"] * 50))
    game.lines(
        "voices: { guard: gruff, queen: hel }\ncategory: dialogue\nsteps: 3",
        HEADER + f"long,guard,{'so ' * 80},,\n" + rows,
    )
    assert mistakes(game) == [
        "Audio/lines/guards.csv:2: long.say: takes more than 14 s to say | split it",
        "Audio/manifests/game.yaml:4: lines[0].voices.queen: there is no voice 'hel' (for a1)"
        " | one of: calm, gruff, hell",
        "Audio/manifests/game.yaml:5: lines[0].category: there is no category 'dialogue' (for long)"
        " | did you mean 'dialog'?",
        "Audio/manifests/game.yaml:6: lines[0].steps: parrot does not take it (for long)"
        " | models that do: tortoise; it takes: language, prompt, say, voice",
    ]


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("model: synth", "lines[0].model: synth does not speak | "),
        ("model: parot", "lines[0].model: unknown model 'parot' | did you mean 'parrot'?"),
        ("model:", "lines[0].model: no model is named | write model: here or under defaults; "),
        ("model: exec:tools/none.yaml", "lines[0].model: 'tools/none.yaml' cannot be read: No such file or directory"),
        ("say: x", "lines[0].say: comes from the sheet | leave it out"),
        ("id: dialog/{name}", "lines[0].id: {name} is no column that an id may hold | one of: id, language, speaker"),
        ("id: dialog/{speaker}", "lines[0].id: does not hold {id} | as in dialog/{id}"),
        ("voices: gruff", "lines[0].voices: expected a mapping (key: value), not 'gruff'"),
        ("voices: { guard: 3 }", "lines[0].voices.guard: expected text, not 3"),
        ("layers: []", "lines[0].layers: unknown key"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_block_is_said_once(game: TalkingGame, block: str, said: str) -> None:
    game.lines(block, GUARDS)
    found = mistakes(game)
    assert len(found) == 1, found
    assert found[0].removeprefix("Audio/manifests/game.yaml:4: ").startswith(said)


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        ("../guards.csv", "'../guards.csv' leaves the project | name a file inside the project"),
        ("/etc/passwd", "'/etc/passwd' is not relative to the project | name a file inside the project"),
        ("Audio/lines/none.csv", "'Audio/lines/none.csv' cannot be read: No such file or directory | paths start"),
        ("Audio/lines", "'Audio/lines' is no file | name a file of the project"),
        ("Audio/lines/out.csv", "'Audio/lines/out.csv' is a link that leaves the project | copy the file into it"),
        (".sfxgen/x.csv", "'.sfxgen/x.csv' is sfxgen's own | keep the file elsewhere in the project"),
        ("Audio/lines/huge.csv", "'Audio/lines/huge.csv' has more than 8,388,608 bytes | is it the right file?"),
    ],
)  # fmt: skip
def test_a_sheet_stands_in_the_project(
    game: TalkingGame, tmp_path_factory: pytest.TempPathFactory, sheet: str, said: str
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "guards.csv"
    outside.write_text(GUARDS)
    (game.write("Audio/lines/other.csv", "").parent / "out.csv").symlink_to(outside)
    with (game.root / "Audio/lines/huge.csv").open("wb") as file:
        file.truncate(MAX_SHEET_BYTES + 1)
    game.manifest(f"defaults: {{ model: parrot }}\nlines:\n  - sheet: {sheet}\n")
    assert [
        m.removeprefix("Audio/manifests/game.yaml:3: lines[0].sheet: ")[: len(said)] for m in mistakes(game)
    ] == [said]


@pytest.mark.parametrize("lines", ["x.csv", "{ sheet: x.csv }", "[x.csv]", "[{ id: x }]"])
def test_what_is_no_list_of_sheets_is_said_to_be_none(game: TalkingGame, lines: str) -> None:
    game.manifest(f"defaults: {{ model: parrot }}\nlines: {lines}\n")
    assert len(mistakes(game)) == 1


def test_a_model_without_voices_takes_no_voices(game: TalkingGame) -> None:
    info = game.parrot.info("weights")
    game.parrot.info = lambda where: replace(info, accepts=frozenset({"say"}), defaults={})  # type: ignore[method-assign]
    game.lines("voices: { guard: gruff, queen: hell }", GUARDS)
    assert mistakes(game)[0].startswith(
        "Audio/manifests/game.yaml:4: lines[0].voices: the model has no voices to choose from"
    )


MANIFEST = json.loads(schema_text("manifest"))


@pytest.mark.parametrize(
    ("block", "is_valid"),
    [
        ({"sheet": "x.csv"}, True),
        ({"sheet": "x.csv", "id": "d/{id}", "voices": {"a": "gruff"}, "language": "en", "seed": 3}, True),
        ({"sheet": "x.csv", "voices": {"a": {"en": "gruff", "de": "calm"}}, "unity": {"quality": 0.5}}, True),
        ({"id": "{id}"}, False),
        ({"sheet": 3}, False),
        ({"sheet": "x.csv", "voices": {"a": {}}}, False),
        ({"sheet": "x.csv", "voices": ["a"]}, False),
        ({"sheet": "x.csv", "takes": [1]}, False),
        ({"sheet": "x.csv", "extends": "a"}, False),
        ({"sheet": "x.csv", "variants": 0}, False),
    ],
)
def test_the_schema_and_the_loader_agree_about_blocks(
    game: TalkingGame, block: dict[str, object], is_valid: bool
) -> None:
    manifest = {"defaults": {"model": "parrot"}, "lines": [block]}
    assert Draft202012Validator(MANIFEST).is_valid(manifest) == is_valid
    game.write("x.csv", "id,line\nhalt,Halt!\n")
    game.manifest(yaml.safe_dump(manifest))
    if is_valid:
        assert len(sounds(game)) == 1
    else:
        assert mistakes(game)


# --- building ---------------------------------------------------------------------------------------


def test_a_build_speaks_the_lines_and_an_edit_speaks_one_anew(game: TalkingGame) -> None:
    game.lines("id: dialog/{id}\nvoices: { guard: gruff, queen: hell }", GUARDS)
    report = game.build()
    assert report.exit_code == 0
    assert sorted(game.parrot.spoken) == [("Bow.", "hell", 1), ("Halt! Who goes there?", "gruff", 1)]
    assert game.check().is_empty
    before = game.content("dialog/bow_01")
    game.parrot.spoken.clear()
    game.lines("id: dialog/{id}\nvoices: { guard: gruff, queen: hell }", GUARDS.replace("Who", "Say, who"))
    assert actions(game.plan()) == {"dialog/bow_01": "keep", "dialog/halt_01": "generate"}
    assert whys(game.plan(), "dialog/halt_01") == {"recipe-changed"}
    game.build()
    assert game.parrot.spoken == [("Halt! Say, who goes there?", "gruff", 1)]
    assert game.content("dialog/bow_01") == before


def test_rows_in_another_order_and_line_breaks_make_nothing_stale(game: TalkingGame) -> None:
    game.lines(sheet="id,line\na,Halt! Who goes there?\nb,Bow.\n")
    game.build()
    game.lines(sheet='line\tid\nBow.\tb\n"Halt!\r\nWho goes there?"\ta\n')
    assert game.check().is_empty


def test_a_renamed_line_keeps_its_engine_id_and_its_take(game: TalkingGame) -> None:
    game.lines("id: dialog/{id}", "id,line\nhalt,Halt!\n")
    game.build()
    guid = game.lock().assets["unity", "dialog/halt_01"].engine_id
    game.parrot.spoken.clear()
    game.lines("id: dialog/{id}", "id,line,renamed_from\nstop,Halt!,dialog/halt\n")
    game.build()
    assert game.parrot.spoken == []
    assert [ref[1] for ref in game.lock().assets] == ["dialog/stop_01"]
    assert game.lock().assets["unity", "dialog/stop_01"].engine_id == guid


def test_another_take_of_one_line(game: TalkingGame) -> None:
    game.lines(sheet="id,line,take\na,Halt!,\nb,Bow.,\n")
    game.build()
    game.parrot.spoken.clear()
    game.lines(sheet="id,line,take\na,Halt!,2\nb,Bow.,\n")
    game.build()
    assert game.parrot.spoken == [("Halt!", "calm", 2)]


def test_a_line_removed_is_an_asset_removed(game: TalkingGame) -> None:
    game.lines(sheet="id,line\na,Halt!\nb,Bow.\n")
    game.build()
    game.lines(sheet="id,line\nb,Bow.\n")
    game.build()
    assert [ref[1] for ref in game.lock().assets] == ["b_01"]


def test_a_sheet_with_mistakes_is_among_what_is_watched(game: TalkingGame) -> None:
    for sheet in ("id,line\na,\n", "nothing", "id,line\n"):
        game.lines(sheet=sheet)
        with pytest.raises(ManifestError) as caught:
            load(game.root, game.catalog)
        assert list(caught.value.reads) == [game.root / game.SHEET]


def test_the_watcher_builds_when_a_sheet_is_saved(game: TalkingGame) -> None:
    game.lines(sheet="id,line\na,Halt!\n")
    reports: list[Report] = []
    errors: list[SfxgenError] = []
    stopped = threading.Event()
    watcher = Watcher(game.root, game.catalog, on_build=reports.append, on_error=errors.append)
    thread = threading.Thread(target=watcher.run, args=(stopped.is_set,))
    thread.start()
    try:
        until(lambda: len(reports) == 1)
        game.write(game.SHEET, "id,line\na,\n")
        until(lambda: len(errors) == 1)
        assert isinstance(errors[0], ManifestError)
        game.write(game.SHEET, "id,line\na,Halt!\nb,Bow.\n")
        until(lambda: len(reports) == 2)
    finally:
        stopped.set()
        thread.join()
    assert sorted(game.parrot.spoken) == [("Bow.", "calm", 1), ("Halt!", "calm", 1)]


def until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 40
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.01)


# --- drafts -----------------------------------------------------------------------------------------


def test_a_draft_of_a_line_babbles_about_as_long_as_its_words(game: TalkingGame) -> None:
    """Whatever the words name: nobody hears a door where a guard speaks of one."""
    game.parrot.missing = True
    sheet = "id,line\nshort,Halt!\nlong,Close the heavy wooden door before the wind takes the fire out.\n"
    for kind in ("dialog", "one_shot"):
        game.lines(f"kind: {kind}", sheet)
        report = game.build(draft=True)
        assert report.exit_code == 0
        records = {ref[1]: record for ref, record in game.lock().assets.items()}
        assert all(record.draft for record in records.values())
        assert records["long_01"].duration_s > 3 * records["short_01"].duration_s
        makes = [asset.draft for asset in game.open().wanted]
        assert [make.recipe.params["preset"] for make in makes if make] == ["grunt", "grunt"]


# --- whatever stands there --------------------------------------------------------------------------

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats()
    | st.sampled_from(["", "{id}", "en", "guard", "*"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=5,
)
BLOCKS = st.dictionaries(
    st.sampled_from(
        ["id", "voices", "voice", "language", "model", "kind", "master", "say", "variants", "unity"]
    ),
    VALUES,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(
    block=BLOCKS, whole=st.none() | VALUES, rows=st.lists(st.lists(WORDS, min_size=5, max_size=5), max_size=3)
)
def test_no_block_whatever_does_worse_than_a_list_of_mistakes(
    tmp_path_factory: pytest.TempPathFactory, block: dict[str, object], whole: object, rows: list[list[str]]
) -> None:
    game = TalkingGame(tmp_path_factory.mktemp("game"))
    out = io.StringIO(newline="")
    csv.writer(out).writerows([HEADER.strip().split(","), ["a", "guard", "Halt!", "", "en"], *rows])
    game.write(game.SHEET, "").write_bytes(out.getvalue().encode())
    lines = [{"sheet": game.SHEET, **block}] if whole is None else whole
    game.manifest(yaml.safe_dump({"defaults": {"model": "parrot"}, "lines": lines}, allow_unicode=True))
    with contextlib.suppress(ManifestError):
        game.open()
