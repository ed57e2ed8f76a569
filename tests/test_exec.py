"""Models in processes of their own: the page's example, trust, and everything that a program may do wrong."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from games import Game
from hypothesis import given, settings
from hypothesis import strategies as st

from sfxgen.build import build
from sfxgen.cli import main
from sfxgen.errors import Cancelled, ManifestError, ModelError, ModelUnavailable
from sfxgen.events import Event, ModelLoading, Sampling
from sfxgen.models.exec_model import DescriptionError, parse
from sfxgen.models.exec_session import LOG_BYTES, MAX_LINE, ExecSession, Program, read_message
from sfxgen.models.trust import is_trusted, trust
from sfxgen.recipe import Recipe
from sfxgen.sessions import Sessions
from sfxgen.workspace import Options

PAGE = (Path(__file__).parents[1] / "docs/exec.md").read_text(encoding="utf-8")
RATE = 8000
MODEL = "exec:tools/bosun/model.yaml"
TRUSTED = "SFXGEN_TRUST_EXEC"


def block(title: str) -> str:
    """A block of docs/exec.md, by how its first line begins."""
    found = re.search(rf"^```\w+\n(# {title}.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


@pytest.fixture
def whistler(game: Game) -> Game:
    """A game with the page's model and manifest."""
    game.write("tools/bosun/model.yaml", block("model"))
    game.write("tools/bosun/bosun.py", block("worker"))
    game.manifest(block("Audio/manifests"))
    return game


# --- the page's example -----------------------------------------------------------------------------


def test_the_example_is_plain_python_of_thirty_lines() -> None:
    assert len(block("worker").strip().splitlines()) <= 30
    assert "sfxgen." not in block("worker")


def test_the_example_builds(whistler: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRUSTED, "1")
    events: list[Event] = []
    report = build(whistler.root, whistler.catalog, on_event=events.append)
    assert [f"{f.error.message} {f.error.hint}" for f in report.failures] == []
    steps = [(event.step, event.steps) for event in events if isinstance(event, Sampling)]
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)] * 2
    assert len([event for event in events if isinstance(event, ModelLoading)]) == 1
    record = whistler.lock().assets["unity", "boatswain/call_01"]
    assert dict(record.environment) == {"bosun": "1"}
    assert str(record.revision).startswith("sha256:")
    samples, rate = soundfile.read(whistler.path("boatswain/call_01"))
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.argmax(spectrum) * rate / len(samples) == pytest.approx(2400, rel=0.04)
    one, two = (whistler.content(f"boatswain/call_0{n}") for n in (1, 2))
    assert one != two
    assert build(whistler.root, whistler.catalog).plan.is_empty
    build(whistler.root, whistler.catalog, Options(rebuild=True))
    assert (one, two) == tuple(whistler.content(f"boatswain/call_0{n}") for n in (1, 2))


def test_a_changed_program_makes_its_takes_stale(whistler: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRUSTED, "1")
    whistler.build()
    whistler.write("tools/bosun/bosun.py", block("worker").replace("0.97", "0.96"))
    assert {str(reason.why) for step in whistler.check().steps for reason in step.reasons} != set()
    assert not whistler.check().is_empty


def test_a_watcher_keeps_the_program_warm(whistler: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRUSTED, "1")
    sessions, events = Sessions(), list[Event]()
    for pitch in (2000, 2200):
        whistler.manifest(block("Audio/manifests").replace("2400", str(pitch)))
        build(whistler.root, whistler.catalog, on_event=events.append, sessions=sessions)
    sessions.close()
    assert len([event for event in events if isinstance(event, ModelLoading)]) == 1


def test_the_page_s_messages_are_those_that_are_sent(whistler: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRUSTED, "1")
    code = block("worker").replace(
        "    message = json.loads(line)\n", "    message = json.loads(line); open('heard', 'a').write(line)\n"
    )
    whistler.write("tools/bosun/bosun.py", code)
    whistler.manifest(block("Audio/manifests").replace("variants: 2", "variants: 1"))
    whistler.build()
    lines = (whistler.root / "tools/bosun/heard").read_text(encoding="utf-8").splitlines()
    sent = [json.loads(line) for line in lines]
    shown = [json.loads(line[9:]) for line in re.findall(r"^sfxgen   \{.*$", PAGE, re.MULTILINE)]
    assert [message["type"] for message in sent] == ["hello", "generate"]
    for message, example in zip(sent, shown, strict=True):
        assert message.keys() == example.keys()
        changing = {"recipe", "output"}
        assert {k: message[k] for k in message.keys() - changing} == {
            k: example[k] for k in example.keys() - changing
        }
    assert {**sent[1]["recipe"], "seed": 0} == {**shown[1]["recipe"], "seed": 0}


# --- trust ------------------------------------------------------------------------------------------


def shouting(game: Game) -> Path:
    """Replace the program by one that leaves a mark when it runs."""
    mark = game.root / "ran"
    game.write("tools/bosun/bosun.py", f"open({str(mark)!r}, 'w')\n" + block("worker"))
    return mark


def test_nothing_runs_before_a_person_has_said_so(whistler: Game, capsys: pytest.CaptureFixture[str]) -> None:
    mark = shouting(whistler)
    whistler.plan()
    whistler.check()
    report = whistler.build()
    assert not mark.exists()
    assert report.exit_code == 3
    (message,) = {f.error.message for f in report.failures}
    (hint,) = {f.error.hint for f in report.failures}
    assert "nobody has said that it may" in message
    command = re.search(r"sfxgen (models trust \S+)", hint)
    assert command is not None
    with pytest.raises(SystemExit) as ended:
        main([*command[1].split(), "--project", str(whistler.root)])
    assert ended.value.code == 0
    assert "bosun.py" in capsys.readouterr().out
    assert not mark.exists(), "to trust is not to run"
    assert whistler.build().exit_code == 0
    assert mark.exists()


@pytest.mark.parametrize("changed", ["bosun.py", "model.yaml"])
def test_what_has_changed_is_not_trusted_any_more(whistler: Game, changed: str) -> None:
    with pytest.raises(SystemExit):
        main(["models", "trust", MODEL, "--project", str(whistler.root)])
    assert whistler.build().exit_code == 0
    path = whistler.root / "tools/bosun" / changed
    path.write_text(path.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    report = whistler.build()
    assert {f.error.message for f in report.failures} == {
        f"{MODEL} runs a program of this project, and on this machine nobody has said that it may"
    }


@pytest.mark.parametrize(("value", "code"), [("1", 0), ("0", 3), ("", 3)])
def test_ci_may_trust_all_and_says_so_with_a_1(
    whistler: Game, monkeypatch: pytest.MonkeyPatch, value: str, code: int
) -> None:
    monkeypatch.setenv("SFXGEN_TRUST_EXEC", value)
    assert whistler.build().exit_code == code


def test_to_trust_one_program_forgets_no_other(tmp_path: Path) -> None:
    trust(tmp_path / "one.yaml", "1")
    trust(tmp_path / "two.yaml", "2")
    trust(tmp_path / "three.yaml", None)
    assert is_trusted(tmp_path / "one.yaml", "1")
    assert is_trusted(tmp_path / "two.yaml", "2")
    assert not is_trusted(tmp_path / "two.yaml", "1"), "trusted for another file only"


def test_trust_is_for_one_place_and_can_be_taken_back(whistler: Game, tmp_path: Path) -> None:
    for words in ([], ["--forget"]):
        with pytest.raises(SystemExit):
            main(["models", "trust", MODEL, "--project", str(whistler.root), *words])
    assert whistler.build().exit_code == 3
    with pytest.raises(SystemExit):
        main(["models", "trust", MODEL, "--project", str(whistler.root)])
    elsewhere = tmp_path / "clone"
    whistler.root.rename(elsewhere)
    assert build(elsewhere, whistler.catalog).exit_code == 3


def test_a_draft_stands_in_for_what_is_not_trusted(whistler: Game) -> None:
    mark = shouting(whistler)
    report = whistler.build(draft=True)
    assert report.exit_code == 0
    assert all(record.draft for record in report.records.values())
    assert not mark.exists()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("exec:tools/none.yaml", "cannot be read"),
        ("exec:../other/model.yaml", "leads outside"),
        ("synth", "is no program"),
    ],
)
def test_only_a_program_of_the_project_can_be_trusted(
    whistler: Game, name: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["models", "trust", name, "--project", str(whistler.root)])
    assert ended.value.code in (2, 3)
    assert says in capsys.readouterr().err


def test_a_program_that_is_a_link_out_of_the_project_cannot_be_trusted(
    whistler: Game, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = whistler.root / "tools/bosun/bosun.py"
    script.rename(tmp_path / "elsewhere.py")
    script.symlink_to(tmp_path / "elsewhere.py")
    with pytest.raises(SystemExit) as ended:
        main(["models", "trust", MODEL, "--project", str(whistler.root)])
    assert ended.value.code == 3
    assert "leaves the project" in capsys.readouterr().err


def test_a_watcher_looks_at_the_program_and_its_description(whistler: Game) -> None:
    (sound,) = whistler.open().sounds
    names = {path.name for path in sound.reads}
    assert {"model.yaml", "bosun.py"} <= names


def test_a_program_is_shown_and_never_fetched(
    whistler: Game, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (whistler.root / "tools/bosun").rename(whistler.root / "bosun")  # `bosun/model.yaml` looks like a Hub id
    whistler.manifest(block("Audio/manifests").replace("tools/", ""))
    monkeypatch.chdir(whistler.root)
    for words in (["show", "exec:bosun/model.yaml"], ["fetch", "exec:bosun/model.yaml"], ["fetch"]):
        with pytest.raises(SystemExit) as ended:
            main(["models", *words])
        assert ended.value.code == 0
    shown = capsys.readouterr()
    assert "24000" in shown.out
    assert "needs no download" in shown.err
    assert "need no weights" in shown.err


def test_what_is_trusted_is_shown_as_it_is(whistler: Game, capsys: pytest.CaptureFixture[str]) -> None:
    words = '["{python}", bosun.py, "a b", "\\e[2Ksafe"]'
    whistler.write("tools/bosun/model.yaml", block("model").replace('["{python}", bosun.py]', words))
    with pytest.raises(SystemExit) as ended:
        main(["models", "trust", MODEL, "--project", str(whistler.root)])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert "'a b'" in shown
    assert "\x1b" not in shown
    assert r"\x1b[2Ksafe" in shown


# --- the model's file -------------------------------------------------------------------------------


def mistakes(game: Game) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        game.plan()
    return [mistake.what for mistake in caught.value.mistakes]


def test_every_mistake_of_the_file_is_told_at_once(whistler: Game) -> None:
    text = block("model").replace("24000", "fast").replace("max_duration_s: 10", "channles: 2")
    whistler.write("tools/bosun/model.yaml", text + "channles: 3\nversion: 3\n")
    with pytest.raises(ManifestError) as caught:
        whistler.plan()
    line = {row.split(":")[0]: number for number, row in enumerate(text.splitlines(), start=1)}
    file = "tools/bosun/model.yaml"
    assert list(map(str, caught.value.mistakes)) == [
        f"{file}:1: max_duration_s: is missing",
        f"{file}:{line['sample_rate']}: sample_rate: expected a whole number, not 'fast'",
        f"{file}:{line['channles']}: channles: unknown key",
        f"{file}:{len(line) + 1}: channles: stands here a second time, first on line {line['channles']}",
        f"{file}:{len(line) + 2}: version: expected text, not 3",
    ]
    assert "did you mean 'channels'?" in [mistake.hint for mistake in caught.value.mistakes]


def test_mistakes_of_toml_have_their_lines_and_a_value_of_no_kind_is_told_once() -> None:
    text = "protocol = 1\n[defaults]\nstepps = 2\n[params]\nint = []\n"
    with pytest.raises(DescriptionError) as caught:
        parse(text.encode(), "model.toml")
    told = [str(mistake) for mistake in caught.value.mistakes]
    assert "model.toml:3: defaults.stepps: unknown key" in told
    assert "model.toml:5: params.int: a list is neither true or false, nor a number, nor text" in told
    assert len([line for line in told if "params" in line]) == 1


def test_a_mistake_of_the_file_is_told_where_it_is_trusted_and_shown(
    whistler: Game, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whistler.write("tools/bosun/model.yaml", block("model") + "chanels: 2\n")
    monkeypatch.chdir(whistler.root)
    for words in (["models", "trust", MODEL], ["models", "show", MODEL]):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code
        told = capsys.readouterr().err
        assert re.search(r"tools/bosun/model\.yaml:\d+: chanels: unknown key", told)
        assert "did you mean 'channels'?" in told


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: &a [1]\nb: *a\n", "alias"),
        ("- 1\n", "no keys"),
        ("a: [\n", "model.yaml:2: not valid YAML"),
        ("x" * 70_000, "more than"),
        ("[" * 30_000, "nested"),
    ],
)
def test_what_is_no_description_is_a_mistake(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse(text.encode(), "model.yaml")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"command": ["/usr/bin/env", "x"]}, "command: /usr/bin/env is not a path"),
        ({"command": ["../x"]}, "command: ../x leads outside"),
        ({"files": ["../x"]}, "files: ../x leads outside"),
        ({"defaults": {"steps": 3}}, "defaults.steps: is not in accepts"),
        ({"defaults": {"duration_s": 20}}, "longer than max_duration_s"),
        ({"accepts": ["duration_s"]}, "params: params is not in accepts"),
        ({"voices": ["a"]}, "voices: voice is not in accepts"),
        ({"protocol": 2}, "protocol"),
        ({"max_duration_s": float("nan")}, "max_duration_s"),
        ({"accepts": ["prompt", "tune"]}, "accepts[1]: 'tune' is not"),
    ],
)
def test_contradictions_are_mistakes(changes: dict[str, Any], says: str) -> None:
    import yaml

    value = {**yaml.safe_load(block("model")), **changes}
    with pytest.raises(ValueError) as caught:
        parse(yaml.safe_dump(value).encode(), "model.yaml")
    assert says in str(caught.value)


def test_toml_will_do(whistler: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRUSTED, "1")
    whistler.write(
        "tools/bosun/model.toml",
        'protocol = 1\ncommand = ["{python}", "bosun.py"]\nsample_rate = 24000\nmax_duration_s = 10\n'
        'accepts = ["prompt", "duration_s", "params"]\nparams = { pitch_hz = 1200 }\n',
    )
    whistler.manifest(block("Audio/manifests").replace("model.yaml", "model.toml"))
    assert whistler.build().exit_code == 0


def test_a_manifest_asks_only_for_what_the_model_has(whistler: Game) -> None:
    text = block("Audio/manifests").replace(
        "duration_s: 0.8", "duration_s: 20\n    steps: 4\n    guidance: 2"
    )
    whistler.manifest(text.replace("pitch_hz: 2400", "pich_hz: 2400, pitch_hz: high"))
    found = mistakes(whistler)
    assert len(found) == 5
    assert any("20 s is longer" in what for what in found)
    assert sum("does not take it" in what for what in found) == 2
    assert any("no such parameter" in what for what in found)
    assert any("not of the kind" in what for what in found)


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("exec:tools/none.yaml", "is no file"),
        ("exec:../model.yaml", "leaves the project"),
        ("exec:tools/bosun/bosun.py", "is no .yaml"),
    ],
)
def test_a_model_that_is_not_there_is_a_mistake(whistler: Game, where: str, says: str) -> None:
    whistler.manifest(block("Audio/manifests").replace(MODEL, where))
    (what,) = mistakes(whistler)
    assert says in what or "cannot be read" in what


def test_licences_count_for_programs_too(whistler: Game) -> None:
    whistler.project("name: game\nengine: unity\nassets: Assets/Audio/Sfx\nlicence: commercial\n")
    whistler.plan()
    whistler.write("tools/bosun/model.yaml", block("model").replace('"yes"', "no"))
    assert "does not allow" in mistakes(whistler)[0]


def test_a_source_is_handed_over_by_path_and_compared(
    whistler: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TRUSTED, "1")
    worker = block("worker").replace(
        'pitch_hz = recipe["params"]["pitch_hz"]', 'pitch_hz = len(open(recipe["source"], "rb").read()) * 300'
    )
    whistler.write("tools/bosun/bosun.py", worker)
    whistler.write("tools/bosun/model.yaml", block("model").replace("[prompt,", "[source,"))
    whistler.write("recordings/a.wav", "12345")
    whistler.manifest(
        block("Audio/manifests").replace("prompt: the boatswain calls", "source: recordings/a.wav")
    )
    report = whistler.build()
    assert [f.error.message for f in report.failures] == []
    samples, rate = soundfile.read(whistler.path("boatswain/call_01"))
    assert np.argmax(np.abs(np.fft.rfft(samples))) * rate / len(samples) == pytest.approx(
        1500, rel=0.06
    )  # 3 % of detune, and the wobble
    whistler.write("recordings/a.wav", "1234567")
    assert not whistler.check().is_empty


# --- the protocol -----------------------------------------------------------------------------------

HEAD = f"""
import array, json, os, sys, time
def say(**message): print(json.dumps(message), flush=True)
def heard(): return json.loads(sys.stdin.readline() or "null")
def tone(message, value=0.25):
    array.array("f", [value] * message["frames"]).tofile(open(message["output"], "wb"))
    say(type="done", id=message["id"], frames=message["frames"])
RATE = {RATE}
"""
HELLO = "heard(); say(type='hello', protocol=1)\n"
ASKED = HELLO + "m = heard()\n"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Callable[..., ExecSession]]:
    """Start a program that is written as the lines after HEAD."""
    made: list[ExecSession] = []

    def start(code: str, **changes: Any) -> ExecSession:
        script = tmp_path / f"worker{len(made)}.py"
        script.write_text(HEAD + textwrap.dedent(code), encoding="utf-8")
        program = Program(
            model="exec:m.yaml",
            argv=(sys.executable, "-S", str(script)),
            folder=tmp_path,
            root=tmp_path,
            sample_rate=RATE,
            channels=1,
            max_frames=RATE,
            start_s=5,
            silence_s=5,
            log=tmp_path / "worker.log",
        )
        made.append(ExecSession(replace(program, **changes)))
        return made[-1]

    yield start
    for one in made:
        one.close()


def recipe(take: int = 1, **fields: Any) -> Recipe:
    values: dict[str, Any] = {"duration_s": 0.1, **fields}
    return Recipe(model="exec:m.yaml", revision="1", adapter_version=1, base_seed=7, take=take, **values)


def made(session: ExecSession, *recipes: Recipe, cancelled: Callable[[], bool] = lambda: False) -> list[Any]:
    return list(session.generate(recipes or [recipe()], on_event=lambda event: None, cancelled=cancelled))


ECHO = HELLO + (
    "for line in sys.stdin:\n"
    "    m = json.loads(line)\n"
    "    if m['type'] == 'generate': tone(m, (m['recipe']['seed'] % 1000) / 1000)\n"
)


def test_takes_come_in_order_and_alone_as_in_company(session: Callable[..., ExecSession]) -> None:
    one = session(ECHO)
    recipes = [recipe(take) for take in (3, 1, 2)]
    clips = made(one, *recipes)
    assert [clip.samples[0, 0] for clip in clips] == [np.float32(r.seed % 1000 / 1000) for r in recipes]
    assert {(clip.sample_rate, clip.samples.shape) for clip in clips} == {(RATE, (RATE // 10, 1))}
    (alone,) = made(one, recipe(1))
    assert np.array_equal(alone.samples, clips[1].samples)


def test_sound_may_come_over_stdout(session: Callable[..., ExecSession]) -> None:
    code = ASKED + (
        "data = array.array('f', [0.5, -0.5] * m['frames']).tobytes()\n"
        "say(type='done', id=1, frames=m['frames'], bytes=len(data))\n"
        "sys.stdout.buffer.write(data); sys.stdout.buffer.flush()\nheard()\n"
    )
    (clip,) = made(session(code, channels=2))
    assert clip.samples.shape == (RATE // 10, 2)
    assert clip.samples[5].tolist() == [0.5, -0.5]


def test_a_length_is_the_program_s_where_none_is_asked(session: Callable[..., ExecSession]) -> None:
    code = ASKED + "assert m['frames'] is None\nm['frames'] = m['max_frames'] // 2\ntone(m)\nheard()\n"
    (clip,) = made(session(code), recipe(duration_s=None))
    assert clip.frames == RATE // 2


def test_the_program_is_asked_with_what_is_set(session: Callable[..., ExecSession], tmp_path: Path) -> None:
    code = ASKED + "json.dump(m, open('asked.json', 'w'))\ntone(m)\nheard()\n"
    made(session(code), recipe(prompt="é“x”", steps=3, params={"say": "hi", "params": {"a": 1}}))
    asked = json.loads((tmp_path / "asked.json").read_text())
    expected = {"prompt": "é“x”", "steps": 3, "duration_s": 0.1, "say": "hi", "params": {"a": 1}}
    assert asked["recipe"] == {**expected, "seed": recipe().seed}


def test_a_failed_take_leaves_the_program_warm(session: Callable[..., ExecSession]) -> None:
    code = (
        ASKED
        + "say(type='error', id=m['id'], message='no\\x1b[31m words', hint='try')\ntone(heard())\nheard()\n"
    )
    one = session(code)
    with pytest.raises(ModelError) as caught:
        made(one)
    assert (caught.value.message, caught.value.hint) == ("exec:m.yaml: no [31m words", "try")
    assert len(made(one, recipe(2))) == 1


def test_a_program_that_broke_is_started_anew(session: Callable[..., ExecSession], tmp_path: Path) -> None:
    code = ASKED + (
        "if not os.path.exists('once'):\n    open('once', 'w'); sys.stderr.write('out of luck\\n'); os._exit(3)\n"
        "tone(m)\nheard()\n"
    )
    one = session(code)
    with pytest.raises(ModelError) as caught:
        made(one)
    assert caught.value.message == "exec:m.yaml: it ended with exit code 3"
    assert "out of luck" in caught.value.hint
    assert (tmp_path / "worker.log").read_text() == "out of luck\n"
    assert len(made(one)) == 1


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("print('Loading…', flush=True); time.sleep(9)", "what is no message"),
        ("os._exit(1)", "exit code 1"),
        ("say(type='hello', protocol=2); time.sleep(9)", "protocol 2"),
        ("say(type='hello', protocol=1, sample_rate=44100); time.sleep(9)", "sample_rate is 44100"),
        ("say(type='hello', protocol=1, environment=[1]); time.sleep(9)", "environment"),
        ("say(type='ready'); time.sleep(9)", 'begins with "ready"'),
        ("os.kill(os.getpid(), 9)", "killed by signal 9"),
        ("sys.stdout.close(); os.close(1); time.sleep(9)", "closed its stdout"),
        ("sys.stdout.write('x' * 3_000_000); sys.stdout.flush(); time.sleep(9)", "line of more than"),
        ("sys.stdout.write('{\"a'); sys.stdout.flush(); os._exit(0)", "middle of a message"),
        (
            "sys.stdout.write('[' * 200_000 + chr(10)); sys.stdout.flush(); time.sleep(9)",
            "what is no message",
        ),
    ],
)
def test_a_bad_start_is_an_error(
    session: Callable[..., ExecSession], code: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "stdout.close" in code:
        monkeypatch.setattr("sfxgen.models.exec_session.CANCEL_S", 0.3)  # how long its end is waited for
    with pytest.raises(ModelError) as caught:
        session(code)
    assert says in caught.value.message


def test_a_program_may_say_why_it_cannot_start(session: Callable[..., ExecSession]) -> None:
    with pytest.raises(ModelUnavailable, match="no GPU here"):
        session("heard(); say(type='error', message='no GPU here', hint='buy one'); heard()")


def test_a_slow_start_and_silence_end(session: Callable[..., ExecSession]) -> None:
    with pytest.raises(ModelError, match=r"more than 0\.2 s to say hello"):
        session("time.sleep(9)", start_s=0.2)
    one = session(ASKED + "time.sleep(9)", silence_s=0.2)
    with pytest.raises(ModelError, match=r"more than 0\.2 s to go on"):
        made(one)


BAD_TAKES = [
    ("print('100%|####|'); sys.stdout.flush(); time.sleep(9)", "what is no message"),
    ("say(type='done', id=7, frames=800); time.sleep(9)", "answers for take 7"),
    ("say(type='hello', protocol=1); time.sleep(9)", 'says "hello"'),
    ("say(type='progress', id=1, step=2, steps=1); time.sleep(9)", "progress is 2 of 1"),
    ("say(type='progress', id=1, step=1, steps=3)\nsay(type='progress', id=1, step=1, steps=3); time.sleep(9)",
     "progress is 1 of 3, after 1"),
    ("while True: say(type='progress', id=1, step=1, steps=3)", "progress is 1 of 3, after 1"),
    ("say(type='progress', id=1, step=True, steps=3); time.sleep(9)", "progress is true"),
    ("say(type='done', id=1, frames=800); heard()", "cannot be read"),
    ("say(type='done', id=1); heard()", "made null frames"),
    ("m['frames'] = 799; tone(m); heard()", "made 799 frames, not 800"),
    ("m['frames'] = -1; say(type='done', id=1, frames=-1); heard()", "made -1 frames"),
    ("open(m['output'], 'wb').write(b'x' * 7); say(type='done', id=1, frames=800); heard()", "has 7 bytes"),
    ("os.symlink(os.path.abspath('worker0.py'), m['output']); say(type='done', id=1, frames=800); heard()", "is no file"),
    ("tone(m, float('nan')); heard()", "no numbers"),
    ("tone(m, float('inf')); heard()", "no numbers"),
    ("say(type='done', id=1, frames=800, bytes=10**9); time.sleep(9)", "may"),
    ("say(type='done', id=1, frames=800, bytes=-4); time.sleep(9)", "may"),
    ("say(type='done', id=1, frames=800, bytes=3200); os._exit(0)", "after 0 of 3200 bytes"),
    ("say(type='done', id=1, frames=800, pcm='x'); time.sleep(9)", "no meaning"),
    ("say(type='done', id=1, frames=700, bytes=2800); sys.stdout.write('x' * 2800); sys.stdout.flush(); heard()",
     "made 700 frames"),
    ("say(type='done', id=1, frames=800, bytes=4); sys.stdout.write('x' * 4); sys.stdout.flush(); heard()", "it gave 4"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "says"), BAD_TAKES)
def test_a_bad_take_is_an_error(session: Callable[..., ExecSession], code: str, says: str) -> None:
    one = session(ASKED + code)
    start = time.monotonic()
    with pytest.raises(ModelError) as caught:
        made(one)
    assert says in caught.value.message
    assert time.monotonic() - start < 2


def test_more_than_its_longest_take_is_an_error(session: Callable[..., ExecSession]) -> None:
    with pytest.raises(ModelError, match="more than its 1 s"):
        made(session(ASKED + "m['frames'] = RATE + 1; tone(m); heard()"), recipe(duration_s=None))


def test_a_program_that_never_reads_or_floods_stderr_holds_nobody(
    session: Callable[..., ExecSession],
) -> None:
    one = session("say(type='hello', protocol=1)\nwhile True: sys.stderr.write('x' * 9999)", silence_s=0.3)
    with pytest.raises(ModelError, match="to go on"):
        made(one, recipe(prompt="y" * 300_000))


def test_a_recipe_s_file_that_changed_is_an_error(
    session: Callable[..., ExecSession], tmp_path: Path
) -> None:
    (tmp_path / "a.wav").write_bytes(b"other")
    with pytest.raises(ModelError, match="not the file that the recipe was made for"):
        made(session(ECHO), recipe(params={"source": {"path": "a.wav", "sha256": "0" * 64}}))


# --- cancelling, and the end ------------------------------------------------------------------------


def stop_after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def test_a_program_with_an_ear_for_cancel_stays_warm(
    session: Callable[..., ExecSession], tmp_path: Path
) -> None:
    code = ASKED + (
        "assert heard() == {'type': 'cancel', 'id': 1}\nsay(type='progress', id=1, step=1, steps=2)\n"
        "say(type='cancelled', id=1)\ntone(heard())\nheard()\n"
    )
    one = session(code)
    with pytest.raises(Cancelled):
        made(one, cancelled=stop_after(0.1))
    assert len(made(one, recipe(2))) == 1, "the same process: it would fail its assertion in a second life"


def test_a_program_without_one_is_killed(
    session: Callable[..., ExecSession], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sfxgen.models.exec_session.CANCEL_S", 0.3)
    code = ASKED + "open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
    one = session(code)
    with pytest.raises(Cancelled):
        made(one, cancelled=lambda: (tmp_path / "pid").exists() and bool((tmp_path / "pid").read_text()))
    assert is_gone(int((tmp_path / "pid").read_text()))


def is_gone(pid: int, within_s: float = 5) -> bool:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{pid}/stat")
        if state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


def test_closing_ends_the_program_and_leaves_no_files(
    session: Callable[..., ExecSession], tmp_path: Path
) -> None:
    one = session(HELLO + "open('pid', 'w').write(str(os.getpid()))\n" + "while heard(): pass\n")
    folder = one._folder
    one.close()
    assert is_gone(int((tmp_path / "pid").read_text()))
    assert not folder.exists()
    with pytest.raises(ModelError, match="is closed"):
        made(one)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no groups of processes")
def test_what_a_program_has_started_ends_with_it(session: Callable[..., ExecSession], tmp_path: Path) -> None:
    code = """
        import subprocess
        child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"], stdout=subprocess.DEVNULL)
        open("child", "w").write(str(child.pid))
        """
    session(textwrap.dedent(code) + HELLO + "while heard(): pass\n").close()
    assert is_gone(int((tmp_path / "child").read_text()))


def test_a_program_is_not_led_to_our_libraries(
    session: Callable[..., ExecSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("PYTHONPATH", "PYTHONSTARTUP", "VIRTUAL_ENV")
    for name in names:
        monkeypatch.setenv(name, "/ours")
    code = (
        f"heard(); say(type='hello', protocol=1, environment={{n: str(n in os.environ) for n in {names}}})\n"
    )
    assert session(code + "heard()").environment == dict.fromkeys(names, "False")


def test_neither_takes_nor_words_fill_the_disk(session: Callable[..., ExecSession], tmp_path: Path) -> None:
    code = HELLO + "for n in range(30): print('x' * 99_999, file=sys.stderr)\nwhile m := heard(): tone(m)\n"
    one = session(code)
    made(one, recipe(1), recipe(2))
    assert list(one._folder.iterdir()) == []
    one.close()
    assert (tmp_path / "worker.log").stat().st_size <= LOG_BYTES


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the end of stdin tells the program")
def test_the_program_dies_when_we_are_killed(tmp_path: Path) -> None:
    worker = tmp_path / "worker.py"
    worker.write_text(
        HEAD + HELLO + "open('pid', 'w').write(str(os.getpid())); time.sleep(60)", encoding="utf-8"
    )
    code = f"""
import sys, time
from pathlib import Path
from sfxgen.models.exec_session import ExecSession, Program
here = Path({str(tmp_path)!r})
held = ExecSession(Program(model="m", argv=(sys.executable, "-S", "worker.py"), folder=here, root=here,
                           sample_rate=8000, channels=1, max_frames=8000))
print("up", flush=True)
time.sleep(60)
"""
    ours = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    assert ours.stdout is not None
    assert ours.stdout.readline() == b"up\n"
    end = time.monotonic() + 5
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < end
    ours.send_signal(signal.SIGKILL)
    ours.wait()
    ours.stdout.close()
    assert is_gone(int((tmp_path / "pid").read_text()))


# --- anything at all on stdout ----------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
MESSAGES = st.fixed_dictionaries(
    {"type": st.sampled_from(["hello", "progress", "done", "error", "cancelled"]) | JSON},
    optional={
        name: JSON | st.integers(-2, 900)
        for name in ("id", "protocol", "step", "steps", "frames", "bytes", "message", "environment", "pcm")
    },
)
LINES = st.one_of(
    MESSAGES.map(lambda m: json.dumps(m).encode() + b"\n"),
    MESSAGES.map(lambda m: json.dumps(m).encode()[:-3]),
    JSON.map(lambda v: json.dumps(v).encode() + b"\n"),
    st.binary(max_size=200),
    st.integers(MAX_LINE - 2, MAX_LINE + 2).map(lambda n: b'"' + b"x" * n + b'"\n'),
)


@settings(max_examples=50, deadline=2000)
@given(st.lists(LINES, max_size=4).map(b"".join))
def test_whatever_is_written_is_read_as_messages_or_refused_in_words(data: bytes) -> None:
    stream = io.BytesIO(data)
    message: dict[str, Any] | str = {}
    while message != "":
        before = stream.tell()
        try:
            message = read_message(stream, 1000)
        except ValueError as error:
            refusal = str(error)
            break
        assert message == "" or (isinstance(message, dict) and before < stream.tell())
    else:
        assert stream.tell() == len(data)
        return
    assert refusal.isprintable()
    assert 0 < len(refusal) < 300


class Scripted:
    """A program that only writes: what it is given, whatever it is asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "out").write_bytes(b"")
        self.code = "import sys; sys.stdout.buffer.write(open('out', 'rb').read()); sys.stdout.flush()"

    def run(self, data: bytes) -> list[Any]:
        (self.folder / "out").write_bytes(data)
        program = Program(
            model="m", argv=(sys.executable, "-I", "-S", "-c", self.code), folder=self.folder, root=self.folder,
            sample_rate=RATE, channels=1, max_frames=900, start_s=1, silence_s=1,
        )  # fmt: skip
        session = ExecSession(program)
        try:
            return made(session, recipe())
        finally:
            session.close()


@settings(max_examples=10, deadline=2000)
@given(st.lists(LINES, max_size=4).map(b"".join), st.booleans())
def test_whatever_a_program_writes_ends_in_a_model_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, says_hello: bool
) -> None:
    scripted = Scripted(tmp_path_factory.mktemp("scripted"))
    hello = b'{"type": "hello", "protocol": 1}\n' if says_hello else b""
    with pytest.raises(ModelError) as caught:
        scripted.run(hello + data)
    assert caught.value.message.startswith("m: ")
    assert threading.active_count() < 40, "no thread is left behind"
