"""The command line, verb by verb: exit codes, what is said where, and what is left untouched."""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import click
import jsonschema
import pytest
from games import Game

from sfxgen import __version__
from sfxgen.audio.clip import Clip
from sfxgen.cli import VERBS, cli, main
from sfxgen.errors import StoreError
from sfxgen.plan import ACTIONS, Why

BUILD_VERBS = ("init", "plan", "build", "check", "models", "doctor", "schema", "sheet")


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


class Run(Protocol):
    def __call__(self, *arguments: str | Path) -> Ran: ...


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    def call(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        assert isinstance(ended.value.code, int)
        said = capsys.readouterr()
        return Ran(ended.value.code, said.out, said.err)

    before = signal.getsignal(signal.SIGTERM)
    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def toy_game(game: Game, monkeypatch: pytest.MonkeyPatch) -> Game:
    """A game whose toy model the command line knows, too. The current folder is the game's."""
    for verb in BUILD_VERBS:
        monkeypatch.setattr(importlib.import_module(f"sfxgen.cli.{verb}"), "installed", lambda: game.catalog)
    game.sounds("step: { prompt: a step, variants: 3 }\nui/coin: { model: synth, preset: coin }")
    monkeypatch.chdir(game.root)
    return game


def shell(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sfxgen", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def everything(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every file and folder of a game, with its time stamp."""
    return {
        path.relative_to(root).as_posix(): (
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in [root, *root.rglob("*")]
    }


# --- the whole way ----------------------------------------------------------------------------------


def test_a_build_says_what_it_made_and_where_and_the_second_has_nothing_to_do(
    run: Run, toy_game: Game
) -> None:
    first = run("build")
    assert first.code == 0
    assert "generate  step     01–03  new" in first.out
    assert "made 4 assets" in first.out
    folder = str(Path("Assets/Audio/Sfx")) + os.sep
    assert f"{folder}  3 files" in first.out
    assert f"{folder}ui{os.sep}  1 file\n" in first.out
    assert "generate  Assets/Audio/Sfx/step_01.wav" in first.err
    assert run("check").out == "up to date: 4 kept\n"
    second = run("build")
    assert (second.code, second.err) == (0, "")
    assert second.out == f"nothing to do: 4 assets up to date in {folder.rstrip(os.sep)}\n"


def test_a_later_build_counts_what_it_made_removed_and_kept(run: Run, toy_game: Game) -> None:
    run("build")
    toy_game.sounds("step: { prompt: a step, variants: 2 }\nnew: { prompt: new }")
    said = run("build")
    assert "made 1 asset, removed 2, kept 2" in said.out
    assert "removed   Assets/Audio/Sfx/ui/coin_01.wav" in said.err


def test_a_lost_folder_sidecar_is_planned_restored_and_said(run: Run, toy_game: Game) -> None:
    run("build")
    (toy_game.root / "Assets/Audio/Sfx/ui.meta").unlink()
    assert "its sidecar is missing" in run("plan").out
    assert run("check", "--json").json["folders"] == ["Assets/Audio/Sfx/ui"]
    assert "restored 1 folder sidecar, kept 4" in run("build").out
    assert run("check").code == 0


def test_check_cannot_tell_what_a_stopped_build_left_from_a_stranger_s_file(run: Run, toy_game: Game) -> None:
    toy_game.build()
    (toy_game.root / "sfxgen.lock").unlink()
    ran = run("check")
    assert ran.code == 1
    assert "a file stands there that the lock does not know" in ran.out
    assert "hint: was a build stopped? the next one takes over what that left there" in ran.out
    assert run("build").code == 0, "the store knows that they are ours"
    assert "stopped" not in run("check").out


def test_a_lock_in_conflict_is_stale_and_a_build_writes_it_anew(run: Run, toy_game: Game) -> None:
    run("build")
    lock = toy_game.root / "sfxgen.lock"
    whole = lock.read_text(encoding="utf-8")
    line = re.search(r'^.*"attempts": 1,\n', whole, re.MULTILINE)
    assert line is not None
    conflict = f"<<<<<<< ours\n{line[0]}=======\n{line[0]}>>>>>>> theirs\n"
    lock.write_text(whole.replace(line[0], conflict, 1), encoding="utf-8")
    ran = run("check")
    assert (ran.code, "sfxgen.lock  it is in a merge conflict" in ran.out) == (1, True)
    assert run("check", "--json").json["lock_stale"] is True
    assert "sfxgen.lock" in run("plan").out
    assert "wrote the lock anew, kept 4" in run("build").out
    assert lock.read_text(encoding="utf-8") == whole
    assert run("check").code == 0


# --- exit codes -------------------------------------------------------------------------------------


def test_0_where_nothing_is_stale(run: Run, toy_game: Game) -> None:
    run("build")
    for arguments in (("check",), ("plan", "--check"), ("build", "--locked"), ("build",)):
        assert run(*arguments).code == 0, arguments


def test_1_for_each_verb_that_says_stale(run: Run, toy_game: Game) -> None:
    run("build")
    toy_game.sounds("step: { prompt: another step, variants: 3 }\nui/coin: { model: synth, preset: coin }")
    before = everything(toy_game.root)
    stale = run("check")
    assert stale.code == 1
    assert "stale: 3 to generate, 1 kept" in stale.out
    assert "its recipe changed" in stale.out
    assert "hint: run sfxgen build" in stale.out
    assert run("plan").code == 0
    planned = run("plan", "--check", "--json")
    assert (planned.code, planned.json["exit_code"]) == (1, 1)
    locked = run("build", "--locked")
    assert locked.code == 1
    assert "the lock would change for 3 assets" in locked.out
    assert "hint:" in locked.out
    assert everything(toy_game.root).keys() == before.keys()
    assert run("build", "--locked", "--json").json["exit_code"] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["pln"], "Did you mean 'plan'?"),
        (["biuld", "--json"], "Did you mean 'build'?"),
        (["zzz"], "No such verb 'zzz'."),
        (["plan", "--onyl", "x"], "--only"),
        (["plan", "--device", "tpu"], "'tpu'"),
        (["plan", ".", "--project", "."], "give one"),
        (["schema", "lock"], "'lock'"),
        (["models", "show"], "NAME"),
        (["plan", "nowhere"], "there is no folder nowhere"),
        (["check", "--project", "nowhere"], "there is no folder nowhere"),
        (["plan", "--only", "stpe"], "did you mean 'step'?"),
        (["build", "--only", "q/*"], "--only q/* finds no sound"),
        (["models", "show", "synht"], "did you mean 'synth'?"),
        (["models", "fetch", "nope"], "unknown model 'nope'"),
        (["init", "--engine", "untiy"], "is already there"),
        (["sheet"], "there are no assets to draw"),
        (["sheet", "--out", "a.gif"], "is no .png"),
    ],
)
def test_2_for_usage(run: Run, toy_game: Game, arguments: list[str], words: str) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert words in ran.err
    assert not (toy_game.root / "sfxgen.lock").exists()
    if "--json" in arguments:
        assert words in ran.json["error"]["message"]
    else:
        assert ran.out == ""


def test_2_without_a_project(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for verb in ("plan", "build", "check", "sheet"):
        ran = run(verb)
        assert ran.code == 2
        assert "no sfxgen.yaml in" in ran.err
        assert "hint: sfxgen init writes one" in ran.err


def test_2_for_an_unknown_engine_of_init(run: Run, tmp_path: Path) -> None:
    ran = run("init", tmp_path / "new", "--engine", "untiy")
    assert (ran.code, ran.out) == (2, "")
    assert "did you mean 'unity'?" in ran.err
    assert not (tmp_path / "new").exists()


def test_2_with_every_mistake_of_every_file_at_once(run: Run, toy_game: Game) -> None:
    toy_game.project("engine: unity\nassets: Assets/Audio/Sfx\nretries: -1\n")
    toy_game.manifest(
        "sounds:\n  ui/coin:\n    model: toy\n    prompt: x\n    duration_s: 0\n    varients: 4\n"
    )
    toy_game.manifest("sounds:\n  a: { model: toi, prompt: x }\n", "second")
    for verb in ("plan", "build", "check"):
        ran = run(verb)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.splitlines() == [
            "Audio/manifests/game.yaml:5: sounds.ui/coin.duration_s: 0 is not positive",
            "  hint: write a number above 0",
            "Audio/manifests/game.yaml:6: sounds.ui/coin.varients: unknown key",
            "  hint: did you mean 'variants'?",
            "Audio/manifests/second.yaml:2: sounds.a.model: unknown model 'toi'",
            "  hint: did you mean 'toy'?",
            "sfxgen.yaml:3: retries: -1 is not at least 0",
            "4 mistakes in the manifests",
        ]


def test_2_for_a_broken_lock(run: Run, toy_game: Game) -> None:
    toy_game.write("sfxgen.lock", "{\n 1\n}")
    ran = run("check", "--json")
    assert (ran.code, ran.json["exit_code"]) == (2, 2)
    assert "sfxgen.lock:2: not valid JSON" in ran.json["error"]["message"]


def _bomb() -> bytes:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{n}: &{n} [{', '.join([f'*{chr(ord(n) - 1)}'] * 9)}]" for n in "bcdefghij"]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (_bomb(), "aliases expanded"),
        (b"sounds: " + b"[" * 5000, "nested deeper than"),
        (b"sounds: " + b"{a: " * 200 + b"}" * 200, "nested deeper than"),
        (bytes(range(256)), "sfxgen"),
        (b"\x00\x01\x02", "control character"),
        (b"sounds:\n\ta: 1\n", "a tab indents this line"),
        (b"sounds: !!python/object/apply:os.system ['true']", "is not used here"),
        (b"sounds: {a: {<<: *nobody}}", "*nobody is not defined above"),
        (b"- 1\n- 2\n", "expected a mapping"),
        (b"just words", "expected a mapping"),
        (b"sounds: {a: [1]}", "expected a mapping"),
        (b"sounds: {../../etc/passwd: {model: toy, prompt: x}}", "an id"),
        (b"sounds: {a: {model: toy, prompt: x, duration_s: .nan}}", "not a finite number"),
        (b"sounds: {'x{a}': {model: toy, prompt: x, for: {a: [" + b"1," * 2000 + b"]}}}", "entries"),
        (b"sounds:\n" + b"  a: {model: toy, prompt: x}\n" * 3, "a second time"),
    ],
)
def test_2_for_a_hostile_manifest(run: Run, toy_game: Game, content: bytes, words: str) -> None:
    (toy_game.root / "Audio/manifests/evil.yaml").write_bytes(content)
    ran = run("build")
    assert (ran.code, ran.out) == (2, "")
    assert "Audio/manifests/evil.yaml" in ran.err
    assert words in ran.err or words == "sfxgen"
    assert "Traceback" not in ran.err


def test_3_for_a_sound_that_fails_while_the_rest_is_made(run: Run, toy_game: Game) -> None:
    toy_game.sounds("good: { prompt: good }\nbad: { prompt: broken }")
    ran = run("build")
    assert ran.code == 3
    assert "failed  bad_01: a spring came off" in ran.err
    assert "made 1 asset" in ran.out
    assert "1 failed: see above" in ran.out
    assert list(toy_game.lock().assets) == [("unity", "good_01")]


def test_3_for_a_model_that_is_not_here_with_the_way_out(run: Run, toy_game: Game) -> None:
    toy_game.toy.missing = True
    ran = run("build")
    assert ran.code == 3
    assert "step_01: toy is not here\n  hint: wind it up" in ran.err
    assert (toy_game.root / "Assets/Audio/Sfx/ui/coin_01.wav").exists()


def test_3_for_a_file_that_was_edited_by_hand_and_force_replaces_it(run: Run, toy_game: Game) -> None:
    run("build")
    path = toy_game.path("step_02")
    path.write_bytes(b"mine")
    assert run("check").code == 1
    ran = run("build")
    assert ran.code == 3
    assert "1 left alone" in ran.out
    assert "Assets/Audio/Sfx/step_02.wav" in ran.out
    assert "--force" in ran.out
    assert path.read_bytes() == b"mine"
    assert run("build", "--force").code == 0
    assert path.read_bytes() != b"mine"


def test_3_for_a_disk_that_is_full(run: Run, toy_game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreError("no space left", hint="free some disk")

    monkeypatch.setattr("sfxgen.store.local.LocalStore.put", full)
    ran = run("build")
    assert ran.code == 3
    assert "hint: free some disk" in ran.err


def test_3_for_a_file_that_may_not_be_read(run: Run, toy_game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "Assets/step_01.wav")

    monkeypatch.setattr("sfxgen.disk.Disk.state", refuse)
    assert run("check") == Ran(3, "", "error: Assets/step_01.wav: Permission denied\n")
    assert run("check", "--json").json["exit_code"] == 3


def test_3_for_weights_that_cannot_be_fetched(run: Run, toy_game: Game) -> None:
    pytest.importorskip("huggingface_hub", reason="needs sfxgen[models]")
    ran = run("models", "fetch", "audioldm-s")
    assert (ran.code, ran.out) == (3, "")
    assert "HF_HUB_OFFLINE is set" in ran.err
    assert "hint:" in ran.err


def test_70_for_a_bug_names_the_log_and_shows_no_traceback(
    run: Run, toy_game: Game, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("sfxgen.cli.plan.open_workspace", crash)
    ran = run("plan")
    assert (ran.code, ran.out) == (70, "")
    found = re.fullmatch(r"this is a bug in sfxgen; the log is at (.+)\n", ran.err)
    assert found is not None
    log = Path(found[1])
    assert log.parent == tmp_path
    text = log.read_text(encoding="utf-8")
    assert "ZeroDivisionError: deep inside" in text
    assert f"sfxgen {__version__}, Python {sys.version}" in text
    as_json = run("plan", "--json").json
    assert as_json["exit_code"] == 70
    assert "the log is at" in as_json["error"]["message"]


def test_a_bug_at_one_asset_leaves_a_log_too(
    run: Run, toy_game: Game, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("sfxgen.produce.master", crash)
    ran = run("build")
    assert ran.code == 70
    assert "Traceback" not in ran.err + ran.out
    log = ran.err.rsplit("the log is at ", 1)[1].strip()
    assert "ZeroDivisionError: deep inside" in Path(log).read_text(encoding="utf-8")


def test_130_for_ctrl_c(run: Run, toy_game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(toy_game.toy), "generate", interrupted)
    ran = run("build")
    assert ran.code == 130
    assert "interrupted" in ran.err
    assert "Traceback" not in ran.err
    assert run("build", "--json").json == {
        "version": 1,
        "error": {"message": "interrupted", "hint": ""},
        "exit_code": 130,
    }


def test_sigterm_ends_a_build_as_ctrl_c_does(
    run: Run, toy_game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The take that is under way is finished and in the lock; the next ones are not begun."""
    real = type(toy_game.toy).generate

    def terminate(*args: Any, **options: Any) -> Iterator[Clip]:
        for clip in real(*args, **options):
            yield clip
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(type(toy_game.toy), "generate", terminate)
    before = signal.getsignal(signal.SIGTERM)
    ran = run("build")
    assert ran.code == 130
    assert "stopped; the next build goes on from here" in ran.out
    assert len(toy_game.lock().assets) == 1
    assert signal.getsignal(signal.SIGTERM) is before


# --- JSON -------------------------------------------------------------------------------------------


def _object(**properties: Any) -> dict[str, Any]:
    """A JSON Schema of an object with exactly these keys."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


TEXT: dict[str, Any] = {"type": "string"}
YES: dict[str, Any] = {"type": "boolean"}
COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
VERSION = {"const": 1}
STEP: dict[str, Any] = {
    "engine": TEXT,
    "asset": TEXT,
    "sound": TEXT,
    "path": TEXT,
    "action": {"enum": list(ACTIONS)},
    "reasons": _list(_object(why={"enum": [str(why) for why in Why]}, detail=TEXT)),
    "draft": YES,
    "status": {"enum": ["kept", "planned", "stale", "done", "refused", "not done", "conflict"]},
}
FAILED_STEP = _object(**{**STEP, "status": {"const": "failed"}}, error=TEXT, hint=TEXT)
COUNTS = _object(**dict.fromkeys(ACTIONS, COUNT))
RUN: dict[str, Any] = {
    "version": VERSION,
    "project": TEXT,
    "exit_code": {"enum": [0, 1, 3]},
    "counts": COUNTS,
    "steps": _list({"anyOf": [_object(**STEP), FAILED_STEP]}),
    "folders": _list(TEXT),
    "lock_stale": YES,
}
MODEL = _object(
    name=TEXT,
    summary=TEXT,
    model=TEXT,
    licence=TEXT,
    licence_url=TEXT,
    commercial={"enum": ["yes", "no", "conditions", "unknown"]},
    sample_rate=COUNT,
    channels=COUNT,
    max_duration_s={"type": "number"},
    accepts=_list(TEXT),
    defaults={"type": "object"},
    credit=TEXT,
    needs_gpu=YES,
    memory_gb={"type": "number", "minimum": 0},
    download_mb=COUNT,
    here=YES,
    on_disk={"anyOf": [{"type": "null"}, _object(revision=TEXT, mb=COUNT, folder=TEXT)]},
    pinned={"type": ["string", "null"]},
)
LACKING = _object(name=TEXT, model=TEXT, error=TEXT, hint=TEXT, drafted=YES, assets=COUNT, sounds=_list(TEXT))
DOCUMENTS = {
    "plan": _object(command={"const": "plan"}, **RUN, unavailable=_list(LACKING)),
    "dry run": _object(command={"const": "build"}, **RUN, unavailable=_list(LACKING)),
    "build": _object(
        command={"const": "build"},
        **RUN,
        lock_changed=YES,
        folder_failures=_list(_object(folder=TEXT, error=TEXT, hint=TEXT)),
    ),
    "check": _object(command={"const": "check"}, **RUN, drafts=COUNT, subtitles_stale=_list(TEXT)),
    "models list": _object(version=VERSION, command={"const": "models list"}, models=_list(MODEL)),
    "models show": _object(version=VERSION, command={"const": "models show"}, model=MODEL),
    "doctor": _object(
        version=VERSION,
        command={"const": "doctor"},
        findings=_list(_object(what=TEXT, ok=YES, says=TEXT, hint=TEXT)),
    ),
    "error": _object(version=VERSION, error=_object(message=TEXT, hint=TEXT), exit_code=COUNT),
    "manifest error": _object(
        version=VERSION,
        error=_object(
            message=TEXT,
            hint=TEXT,
            mistakes=_list(_object(path=TEXT, line=COUNT, where=TEXT, what=TEXT, hint=TEXT)),
        ),
        exit_code={"const": 2},
    ),
}


def conforms(ran: Ran, document: str) -> dict[str, Any]:
    value = ran.json
    jsonschema.validate(value, DOCUMENTS[document], cls=jsonschema.Draft202012Validator)
    assert value.get("exit_code", 0) == ran.code
    return value


def test_json_of_plan_build_and_check(run: Run, toy_game: Game) -> None:
    planned = conforms(run("plan", "--json"), "plan")
    assert planned["counts"] == {**dict.fromkeys(ACTIONS, 0), "generate": 4}
    dry = conforms(run("build", "--dry-run", "--json"), "dry run")
    assert {**dry, "command": "plan"} == planned
    stale = conforms(run("check", "--json"), "check")
    assert {step["status"] for step in stale["steps"]} == {"stale"}
    built = conforms(run("build", "--json"), "build")
    assert built["lock_changed"] is True
    assert built["steps"][0] == {
        "engine": "unity",
        "asset": "step_01",
        "sound": "step",
        "path": "Assets/Audio/Sfx/step_01.wav",
        "action": "generate",
        "reasons": [{"why": "new", "detail": ""}],
        "draft": False,
        "status": "done",
    }
    again = conforms(run("build", "--json"), "build")
    assert (again["lock_changed"], {step["status"] for step in again["steps"]}) == (False, {"kept"})
    assert conforms(run("check", "--json"), "check")["counts"]["keep"] == 4


def test_json_of_failures_conflicts_and_refusals(run: Run, toy_game: Game) -> None:
    run("build")
    toy_game.path("step_01").write_bytes(b"mine")
    toy_game.sounds("step: { prompt: a step, variants: 3 }\nui/coin: { prompt: broken coin }")
    refused = conforms(run("build", "--locked", "--json"), "build")
    assert {s["asset"]: s["status"] for s in refused["steps"]}["ui/coin_01"] == "refused"
    built = conforms(run("build", "--json"), "build")
    assert built["exit_code"] == 3
    status = {step["asset"]: step["status"] for step in built["steps"]}
    assert status == {"step_01": "conflict", "step_02": "kept", "step_03": "kept", "ui/coin_01": "failed"}
    assert built["steps"][-1]["error"] == "a spring came off"


def test_json_of_a_folder_that_cannot_be_written(
    run: Run, toy_game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("build")
    (toy_game.root / "Assets/Audio/Sfx/ui.meta").unlink()
    replace = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if target.name == "ui.meta":
            raise PermissionError(13, "Permission denied", str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    built = conforms(run("build", "--json"), "build")
    assert (built["exit_code"], [f["folder"] for f in built["folder_failures"]]) == (
        3,
        ["Assets/Audio/Sfx/ui"],
    )


def test_json_of_drafts(run: Run, toy_game: Game) -> None:
    toy_game.toy.missing = True
    assert run("build", "--draft").code == 0
    refused = conforms(run("check", "--json"), "check")
    assert (refused["exit_code"], refused["drafts"]) == (1, 3)
    allowed = conforms(run("check", "--json", "--allow-drafts"), "check")
    assert [step["draft"] for step in allowed["steps"]] == [True, True, True, False]


def test_json_of_models_and_doctor(run: Run, toy_game: Game) -> None:
    models = conforms(run("models", "list", "--json"), "models list")["models"]
    assert {"synth", "audioldm-s", "toy"} <= {model["name"] for model in models}
    shown = conforms(run("models", "show", "audioldm-s", "--json"), "models show")["model"]
    assert (shown["commercial"], shown["here"]) == ("no", False)
    findings = {f["what"]: f for f in conforms(run("doctor", "--json"), "doctor")["findings"]}
    assert findings["project"]["ok"] is True
    assert "2 sounds, 4 assets" in findings["project"]["says"]
    assert findings["toy"]["says"] == "can run here"


def test_json_of_mistakes(run: Run, toy_game: Game) -> None:
    toy_game.sounds("step: { promt: a }\nother: { prompt: b, steps: 0 }")
    for verb in ("plan", "build", "check"):
        mistakes = conforms(run(verb, "--json"), "manifest error")["error"]["mistakes"]
        assert [(m["line"], m["where"]) for m in mistakes] == [
            (3, "sounds.step.promt"),
            (4, "sounds.other.steps"),
        ]
        assert mistakes[0]["hint"] == "did you mean 'prompt'?"


def test_json_of_other_errors(run: Run, toy_game: Game) -> None:
    assert conforms(run("plan", "--json", "--only", "nothing"), "error")["exit_code"] == 2
    assert conforms(run("plan", "--json", "--bogus"), "error")["exit_code"] == 2


def test_json_stands_alone_on_stdout_and_no_progress_beside_it(run: Run, toy_game: Game) -> None:
    ran = run("build", "--json")
    assert ran.err == ""
    assert ran.out.startswith("{\n")
    assert ran.out.endswith("}\n")


def test_json_is_ascii_so_that_every_code_page_takes_it(run: Run, toy_game: Game) -> None:
    toy_game.project("engine: unity\nname: game\nassets: Assets/Größe→\n")
    ran = run("plan", "--json")
    assert ran.out.isascii()
    assert ran.json["steps"][0]["path"] == "Assets/Größe→/step_01.wav"


def test_every_field_of_the_json_is_in_its_docs() -> None:
    def names(schema: Any) -> Iterator[str]:
        for name, below in schema.get("properties", {}).items():
            yield name
            yield from names(below)
        yield from names(schema["items"]) if "items" in schema else ()
        for below in schema.get("anyOf", []):
            yield from names(below)

    text = (Path(__file__).parents[1] / "docs/json.md").read_text(encoding="utf-8")
    documented = {name for schema in DOCUMENTS.values() for name in names(schema)}
    documented |= {str(why) for why in Why} | set(ACTIONS) | set(STEP["status"]["enum"])
    assert [name for name in sorted(documented) if f"`{name}`" not in text] == []


# --- what is touched --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan",),
        ("plan", "--json"),
        ("check",),
        ("build", "--dry-run"),
        ("doctor",),
        ("schema",),
        ("models", "list"),
    ],
)
def test_a_look_writes_nothing(
    run: Run, toy_game: Game, own_store: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr("sfxgen.cli.doctor._gpu", lambda: {"what": "gpu", "ok": True, "says": "", "hint": ""})
    before = everything(toy_game.root)
    assert run(*arguments).code in (0, 1)
    assert everything(toy_game.root) == before
    assert not own_store.exists()
    run("build")
    built = everything(toy_game.root)
    assert run(*arguments).code == 0
    assert everything(toy_game.root) == built


def test_a_manifest_with_mistakes_leaves_what_stands(run: Run, toy_game: Game) -> None:
    run("build")
    before = toy_game.tree()
    toy_game.sounds("step: { prompt: a, variants: 0 }")
    assert run("build").code == 2
    assert toy_game.tree() == before


def test_only_looks_at_the_named_sounds(run: Run, toy_game: Game) -> None:
    assert "made 1 asset" in run("build", "--only", "ui/*").out
    assert "3 to generate, 1 kept" in run("plan").out
    assert run("plan", "--only", "ui/*", "--check").code == 0


# --- where the project is ---------------------------------------------------------------------------


def test_the_project_is_found_from_below_and_by_both_ways_of_naming(
    run: Run, toy_game: Game, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = run("plan").out
    monkeypatch.chdir(toy_game.root / "Audio" / "manifests")
    assert run("plan").out == plan
    monkeypatch.chdir(tmp_path)
    assert run("plan", "game").out == plan
    assert run("plan", "--project", "game").out == plan
    assert run("plan", toy_game.root / "sfxgen.yaml").out == plan


# --- how it is shown --------------------------------------------------------------------------------


def test_plain_lines_without_a_terminal(run: Run, toy_game: Game) -> None:
    toy_game.sounds("good: { prompt: good }\nbad: { prompt: broken }")
    ran = run("build")
    assert "\x1b" not in ran.out + ran.err
    assert "\r" not in ran.out + ran.err


def test_no_color_is_heeded_where_colour_is_forced(
    toy_game: Game, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from sfxgen.cli.show import styled

    assert styled("x", fg="red") == "\x1b[31mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert styled("x", fg="red") == "x"


def test_github_marks_the_line_of_each_mistake(
    run: Run, toy_game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy_game.sounds("step: { prompt: a, duration_s: 0 }")
    assert "::error" not in run("check").err
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    mark = "::error file=Audio/manifests/game.yaml,line=3::sounds.step.duration_s: 0 is not positive"
    assert mark in run("check").err.splitlines()
    monkeypatch.setenv("GITHUB_WORKSPACE", str(toy_game.root.parent))
    assert mark.replace("file=", "file=game/") in run("check").err.splitlines()


def test_github_marks_stale_sounds_where_they_are_written(
    run: Run, toy_game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("build")
    toy_game.sounds("step: { prompt: 50% louder, variants: 1 }\nui/coin: { model: synth, preset: coin }")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert run("check").err.splitlines() == [
        "::error file=Audio/manifests/game.yaml,line=3::step_01: its recipe changed",
        "::error file=sfxgen.lock,line=1::step_02: no manifest names it",
        "::error file=sfxgen.lock,line=1::step_03: no manifest names it",
    ]


def test_github_marks_failures_on_one_line(run: Run, toy_game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("100% full,\nreally")

    monkeypatch.setattr("sfxgen.store.local.LocalStore.put", fail)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    told = run("build").err.splitlines()
    mark = (
        "::error file=Audio/manifests/game.yaml,line=3::4 assets of step and ui/coin: 100%25 full,%0Areally"
    )
    assert [line for line in told if line.startswith("::")] == [mark]


def commands() -> Iterator[tuple[str, click.Command]]:
    for verb in VERBS:
        command = cli.get_command(click.Context(cli, **cli.context_settings), verb)
        assert command is not None
        yield verb, command
        if isinstance(command, click.Group):
            for name, below in command.commands.items():
                yield f"{verb} {name}", below


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_verb_and_option_has_a_help_text(run: Run, name: str) -> None:
    command = dict(commands())[name]
    assert command.help
    assert command.help.splitlines()[0].endswith(".")
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts}"
    ran = run(*name.split(), "--help")
    assert (ran.code, ran.err) == (0, "")
    assert run(*name.split(), "-h") == ran


def test_help_names_every_verb_and_exit_code(run: Run) -> None:
    text = run("--help").out
    for verb in VERBS:
        assert f"\n  {verb} " in text
    for code in (0, 1, 2, 3, 70, 130):
        assert re.search(rf"\b{code} ", text), code


def test_without_a_verb_the_help_is_shown_and_models_alone_lists_them(run: Run) -> None:
    ran = run()
    assert ran.code == 2
    assert "Verbs:" in ran.err
    assert run("models") == run("models", "list")


# --- models, schema, sheet --------------------------------------------------------------------------


def test_models_list_is_a_table_and_show_a_page(run: Run, toy_game: Game) -> None:
    lines = run("models", "list").out.splitlines()
    assert lines[0].split()[:2] == ["MODEL", "LICENCE"]
    row = next(line for line in lines if line.startswith("audioldm-s"))
    assert "CC BY-NC-SA 4.0" in row
    assert row.split()[-1] == "no"
    page = run("models", "show", "synth").out
    assert re.search(r"^licence +MIT$", page, re.MULTILINE)
    assert re.search(r"^here +yes$", page, re.MULTILINE)


def test_models_fetch_where_nothing_is_to_be_fetched(run: Run, toy_game: Game) -> None:
    named = run("models", "fetch", "synth")
    assert (named.code, named.err) == (0, "synth needs no download\n")
    toy_game.sounds("coin: { model: synth, preset: coin }")
    needed = run("models", "fetch")
    assert (needed.code, needed.err) == (0, "the manifests need no weights\n")


def test_schema_prints_either_schema(run: Run) -> None:
    assert "sounds" in run("schema").json["properties"]
    assert run("schema", "manifest").out == run("schema").out
    assert "engine" in run("schema", "project").json["properties"]


def test_sheet_draws_the_assets(run: Run, toy_game: Game) -> None:
    pytest.importorskip("matplotlib")
    run("build")
    ran = run("sheet")
    assert (ran.code, ran.out) == (0, "drew 2 sounds to sheet.png\n")
    assert (toy_game.root / "sheet.png").read_bytes().startswith(b"\x89PNG")
    assert "drew 3 sounds" in run("sheet", "--variants", "--only", "step", "--out", "steps.png").out
    nowhere = run("sheet", "--out", "no/such/folder.png")
    assert nowhere.code == 2
    assert "cannot be written" in nowhere.err


# --- as a program -----------------------------------------------------------------------------------


@pytest.fixture
def plain_game(game: Game) -> Game:
    """A game that the command line can build by itself, in another process."""
    game.manifest("defaults: { model: synth }\nsounds:\n  coin: { preset: coin, variants: 2 }\n")
    return game


def test_python_m_sfxgen_builds_and_checks(plain_game: Game) -> None:
    built = shell("build", "--json", cwd=plain_game.root)
    assert (built.returncode, built.stderr) == (0, "")
    assert json.loads(built.stdout)["counts"]["generate"] == 2
    assert shell("check", cwd=plain_game.root).returncode == 0
    plain_game.manifest("sounds: [")
    broken = shell("check", cwd=plain_game.root, NO_COLOR="1")
    assert (broken.returncode, broken.stdout) == (2, "")
    assert "Traceback" not in broken.stderr


def test_a_code_page_without_arrows_is_no_error(plain_game: Game) -> None:
    assert shell("build", cwd=plain_game.root, PYTHONIOENCODING="cp1252").returncode == 0
    plain_game.manifest("defaults: { model: synth }\nsounds:\n  coin: { preset: coin, takes: [3, 2] }\n")
    planned = subprocess.run(
        [sys.executable, "-m", "sfxgen", "plan"],
        cwd=plain_game.root,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        check=False,
    )
    assert (planned.returncode, planned.stderr) == (0, b"")
    assert b"take 1 ? 3" in planned.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break otherwise there")
@pytest.mark.parametrize("arguments", [("plan",), ("--help",), ("check", "--json"), ("nonsense",)])
def test_a_reader_that_has_gone_gets_no_traceback_and_no_verdict(
    plain_game: Game, arguments: tuple[str, ...]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    gone = subprocess.run(
        [sys.executable, "-m", "sfxgen", *arguments],
        cwd=plain_game.root,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    if arguments == ("nonsense",):
        assert gone.returncode == 2
    else:
        # Not 1: that would say that something is stale.
        assert (gone.returncode, gone.stderr) == (141, "")


HEAVY = [
    "torch",
    "diffusers",
    "transformers",
    "scipy",
    "soundfile",
    "soxr",
    "pydub",
    "matplotlib",
    "rich",
    "watchdog",
    "numpy",
]


def imported(arguments: str, cwd: Path) -> set[str]:
    """The top-level modules that a call of the command line has imported when it ends."""
    code = (
        "import json, sys\n"
        "from sfxgen.cli import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "finally:\n    print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})), file=sys.stderr)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments.split()], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return set(json.loads(ran.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", ["--help", "--version"])
def test_help_and_version_import_next_to_nothing(tmp_path: Path, arguments: str) -> None:
    assert imported(arguments, tmp_path) & {*HEAVY, "pydantic", "yaml", "importlib_metadata"} == set()


def test_a_build_with_nothing_to_do_plan_and_check_import_nothing_heavy(plain_game: Game) -> None:
    plain_game.build()
    for verb in ("check", "plan", "build"):
        modules = imported(verb, plain_game.root)
        assert "yaml" in modules
        assert modules & set(HEAVY) == set(), verb


def test_a_build_by_the_synthesizer_starts_without_what_takes_longer_than_the_sound(plain_game: Game) -> None:
    plain_game.manifest("sounds:\n  click: { model: synth, preset: click }\n")
    modules = imported("build", plain_game.root)
    assert "numpy" in modules, "it made something"
    assert modules & {"scipy", "torch", "matplotlib", "pydub", "rich"} == set()


def test_the_verbs_table_agrees_with_the_modules() -> None:
    folder = Path(str(importlib.import_module("sfxgen.cli").__file__)).parent
    modules = {path.stem for path in folder.glob("*.py")} - {
        "__init__",
        "bug",
        "explain",
        "invocation",
        "options",
        "show",
        "programs",
        "progress",
        "stop",
    }
    assert modules == set(VERBS)


# --- what the synthesizer understands, and what it has ------------------------------------------------


def test_plan_explains_what_each_word_of_a_prompt_did(run: Run, toy_game: Game) -> None:
    toy_game.manifest(
        "sounds:\n  door/knock: { model: synth, prompt: 'three heavy knocks in a cave, wooden qwertz' }\n"
        "  drafted: { model: toy, prompt: rain on leaves, kind: loop }\n"
        "  neutral: { model: toy, prompt: qwertz }\n"
        "  both: { model: synth, layers: [{ prompt: thunder }, { preset: rain }] }\n"
    )
    told = run("plan", "--explain", "door/knock")
    assert told.code == 0
    assert re.search(r"door/knock \(synth\): knock\n", told.out)
    assert re.search(r"three +counts count 3\n", told.out)
    assert re.search(r"heavy +moves .*weight", told.out)
    assert re.search(r"cave +places room", told.out)
    assert re.search(r"wooden +sets material wood", told.out)
    assert re.search(r"qwertz +not understood", told.out)
    assert "toy; as a draft): rain" in run("plan", "--explain", "drafted").out
    assert "a neutral one stands in" in run("plan", "--explain", "neutral").out
    assert "both, layer 1 (synth): thunder" in run("plan", "--explain", "both").out
    document = run("plan", "--explain", "*", "--json").json
    assert {(row["sound"], row["layer"], row["draft"]) for row in document["explain"]} == {
        ("door/knock", None, False),
        ("drafted", None, True),
        ("neutral", None, True),
        ("both", 1, False),
        ("both", 2, False),
    }
    missing = run("plan", "--explain", "door/knok")
    assert missing.code == 2
    assert "did you mean 'door/knock'?" in missing.err


def test_plan_explains_a_recording_as_one(run: Run, toy_game: Game) -> None:
    toy_game.write("Recordings/wind.wav", "the recording")
    toy_game.manifest(
        "sounds:\n  wind: { model: recording, source: Recordings/wind.wav }\n"
        "  gust: { model: synth, layers: [{ prompt: thunder },"
        " { model: recording, source: Recordings/wind.wav }] }\n"
    )
    said = run("plan", "--explain", "wind")
    assert said.code == 0
    assert said.out == "wind (recording): Recordings/wind.wav, as it was recorded; never drafted\n"
    assert "gust, layer 2 (recording): Recordings/wind.wav" in run("plan", "--explain", "gust").out
    rows = run("plan", "--explain", "*", "--json").json["explain"]
    assert {(row["sound"], row["layer"], row["draft"], row["preset"], row["recording"]) for row in rows} == {
        ("wind", None, False, None, "Recordings/wind.wav"),
        ("gust", 1, False, "thunder", None),
        ("gust", 2, False, None, "Recordings/wind.wav"),
    }
    assert len({frozenset(row) for row in rows}) == 1


def test_a_neutral_draft_is_warned_of_by_plan_and_build(run: Run, toy_game: Game) -> None:
    toy_game.sounds("odd: { prompt: qwertz, variants: 2 }\nfine: { prompt: rain on a roof }")
    toy_game.toy.missing = True
    for verb in ("plan", "build"):
        said = run(verb, "--draft")
        assert said.code == 0
        assert said.err.count("odd: no word of its prompt names a sound that is known") == 1
        assert "plan --explain odd" in said.err
        assert "fine: no word" not in said.err


def test_a_prompt_that_says_nothing_is_a_mistake_for_the_synthesizer(run: Run, toy_game: Game) -> None:
    toy_game.manifest("sounds:\n  odd: { model: synth, prompt: qwertz uiop }\n")
    said = run("plan")
    assert said.code == 2
    assert "sounds.odd.prompt: the synthesizer understands no sound in 'qwertz uiop'" in said.err


def test_presets_are_listed_by_family_searched_and_shown(run: Run) -> None:
    everything = run("presets")
    assert everything.code == 0
    assert {"footsteps", "  footstep", "  explosion"} <= {
        line[:11].rstrip() for line in everything.out.splitlines()
    }
    found = run("presets", "list", "bell")
    assert "  bell " in found.out
    assert "  footstep " not in found.out
    assert run("presets", "list", "qwertz").code == 2
    shown = run("presets", "show", "footstep")
    assert re.search(r"surface +gravel +What is walked on", shown.out)
    assert "0 to 1" in shown.out
    wrong = run("presets", "show", "footstp")
    assert wrong.code == 2
    assert "did you mean 'footstep'?" in wrong.err
    facts = run("presets", "show", "rain", "--json").json["preset"]
    assert (facts["sustained"], facts["channels"]) == (True, 2)
    assert facts["params"]["density"]["default"] > 0
    assert len(run("presets", "list", "--json").json["presets"]) > 80


def test_the_page_of_presets_is_drawn(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs sfxgen[plots]")
    drawn = run("presets", "page", tmp_path / "docs", "--only", "coin", "--only", "rain")
    assert drawn.code == 0, drawn.err
    assert "drew 2 presets" in drawn.out
    images = tmp_path / "docs/images/presets"
    assert sorted(image.name for image in images.iterdir()) == ["coin.png", "rain.png"]
    assert all(image.read_bytes().startswith(b"\x89PNG") for image in images.iterdir())
    assert "### coin" in (tmp_path / "docs/presets.md").read_text(encoding="utf-8")
    assert run("presets", "page", tmp_path, "--only", "con").code == 2
