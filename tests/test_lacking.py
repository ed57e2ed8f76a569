"""What this machine cannot make is said by the plan already; and what stops many assets is said once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from games import Game
from test_bad_requests import needs_models, told, weighted
from test_candidates import Ranked4, ranked
from test_cli import Run, conforms, run, toy_game

from sfxgen.lacking import lacking
from sfxgen.models import devices
from sfxgen.models.devices import likely_device, pick_device
from sfxgen.workspace import Options

__all__ = ["ranked", "run", "toy_game", "weighted"]  # fixtures


# --- plan -------------------------------------------------------------------------------------------


def test_plan_says_once_a_model_that_it_cannot_run_here(run: Run, toy_game: Game) -> None:
    toy_game.sounds("step: { prompt: a step, variants: 3 }\nrain: { prompt: rain }")
    assert "toy is not here" not in run("plan").err
    toy_game.toy.missing = True
    for arguments in (["plan"], ["build", "--dry-run"]):
        ran = run(*arguments)
        assert (ran.code, ran.err) == (
            0,
            "warning: toy is not here; 4 assets of rain and step cannot be made here\n  hint: wind it up\n",
        )
    assert run("plan", "--check").code == 1
    assert conforms(run("plan", "--json"), "plan")["unavailable"] == [
        {
            "name": "toy",
            "model": "toy:weights",
            "error": "toy is not here",
            "hint": "wind it up",
            "drafted": False,
            "assets": 4,
            "sounds": ["rain", "step"],
        }
    ]
    assert conforms(run("build", "--dry-run", "--json"), "dry run")["unavailable"]


def test_plan_asks_no_model_that_has_nothing_to_do(run: Run, toy_game: Game) -> None:
    run("build")
    toy_game.toy.missing = True
    toy_game.path("step_01").unlink()
    ran = run("plan")
    assert (ran.err, "restore   step" in ran.out) == ("", True)
    toy_game.sounds("step: { prompt: a step, variants: 3, loudness_lufs: -30 }")
    assert run("plan").err == "", "mastering needs no model"
    assert "toy is not here; 3 assets of step" in run("plan", "--rebuild").err


def test_why_a_draft_stands_in_is_said_once_a_model_by_plan_and_build(run: Run, toy_game: Game) -> None:
    toy_game.toy.missing = True
    toy_game.sounds("step: { prompt: a footstep on gravel, variants: 3 }\nrain: { prompt: rain }")
    why = (
        "warning: toy is not here, so the synthesizer drafts 4 assets of rain and step\n  hint: wind it up\n"
    )
    for arguments in (["plan", "--draft"], ["build", "--draft", "--dry-run"], ["build", "--draft"]):
        assert run(*arguments).err.count("toy is not here") == 1, arguments
    toy_game.sounds("step: { prompt: a footstep on snow, variants: 3 }\nrain: { prompt: heavy rain }")
    assert why in run("plan", "--draft").err
    (found,) = conforms(run("plan", "--draft", "--json"), "plan")["unavailable"]
    assert (found["name"], found["drafted"], found["assets"]) == ("toy", True, 4)
    assert why in run("build", "--draft").err
    assert run("build", "--draft").err == "", "nothing is drafted anew"


def test_of_layers_only_those_that_the_store_has_not_need_their_model(run: Run, toy_game: Game) -> None:
    toy_game.sounds("one: { prompt: one }")
    run("build")
    toy_game.toy.missing = True
    layers = "{ layers: [{ prompt: one }, { model: synth, preset: coin }] }"
    toy_game.sounds(f"both: {layers}")
    assert run("plan").err == ""
    toy_game.sounds(f"both: {layers.replace('one', 'two')}")
    assert "toy is not here; 1 asset of both" in run("plan").err


def test_what_ranks_candidates_is_asked_too(ranked: Ranked4) -> None:
    ranked.sounds("rain: { prompt: rain, candidates: 2 }")
    ranked.ranker.missing = True
    workspace = ranked.game.open()
    found = lacking(workspace, workspace.plan(Options()), Options())
    assert [(each.model.adapter, each.sounds) for each in found] == [("clap", ("rain",))]


def test_a_frozen_take_that_is_gone_is_no_model_s_affair(run: Run, toy_game: Game, own_store: Path) -> None:
    import shutil

    toy_game.sounds("step: { prompt: a step }")
    run("build")
    toy_game.sounds("step: { prompt: another, frozen: true }")
    toy_game.path("step_01").unlink()
    shutil.rmtree(own_store)
    toy_game.toy.missing = True
    ran = run("plan")
    assert ("generate  step" in ran.out, ran.err) == (True, "")
    assert "its take is not in the store: it cannot be made" in ran.out
    assert "cannot be made" not in run("check").out, "what the store has is no affair of check's"
    assert run("build").code == 3


def test_weights_that_are_not_here_are_told_without_torch(game: Game) -> None:
    game.manifest("sounds:\n  rain: { model: audioldm-s, prompt: rain, variants: 2 }\n")
    ran = told(game.root, "plan")
    assert (ran.code, ran.heavy) == (0, "")
    assert "warning: audioldm-s: " in ran.said
    assert "; 2 assets of rain cannot be made here\n  hint: " in ran.said


@needs_models
@pytest.mark.parametrize(
    ("device", "hint"),
    [("cuda", "--device auto takes the GPU that there is"), ("auto", "--device cpu runs it")],
)
def test_a_gpu_that_is_not_here_is_told_without_torch(weighted: Game, device: str, hint: str) -> None:
    ran = told(weighted.root, "plan", "--device", device, CUDA_VISIBLE_DEVICES="", before=NO_KFD)
    assert (ran.code, ran.heavy) == (0, "")
    assert f"; 1 asset of rain cannot be made here\n  hint: {hint}" in ran.said
    cpu = told(weighted.root, "plan", "--device", "cpu")
    assert (cpu.heavy, "warning" in cpu.said) == ("", False)
    draft = told(weighted.root, "plan", "--draft", "--device", device, CUDA_VISIBLE_DEVICES="", before=NO_KFD)
    assert (draft.heavy, "its model cannot run here" in draft.said) == ("", True)


NO_KFD = "from sfxgen.models import devices; devices._built_for = lambda: {'cuda'}; sys.platform = 'linux'"


def test_a_program_that_nobody_has_trusted_is_told(game: Game) -> None:
    game.write(
        "models/bell.yaml",
        "protocol: 1\ncommand: ['{python}', bell.py]\nsample_rate: 16000\nmax_duration_s: 5\naccepts: [prompt]\n",
    )
    game.write("models/bell.py", "raise SystemExit('it ran')\n")
    game.manifest("sounds:\n  bell: { model: 'exec:models/bell.yaml', prompt: a bell }\n")
    ran = told(game.root, "plan")
    assert (ran.code, ran.heavy) == (0, "")
    assert "nobody has said that it may; 1 asset of bell cannot be made here\n  hint: look at" in ran.said
    assert "warning" not in told(game.root, "plan", SFXGEN_TRUST_EXEC="1").said


def test_the_environment_that_a_model_lacks_is_told(game: Game) -> None:
    game.manifest("sounds:\n  halt: { kind: dialog, model: tortoise, say: Halt! }\n")
    ran = told(game.root, "plan")
    assert (ran.code, ran.heavy) == (0, "")
    assert "cannot be made here\n  hint: sfxgen models install tortoise" in ran.said


# --- a GPU at a glance ------------------------------------------------------------------------------


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    devices._built_for.cache_clear()
    yield monkeypatch
    devices._built_for.cache_clear()


def built(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> None:
    """A torch on the path, with what its builders wrote of it, that may not be imported."""
    (folder / "torch").mkdir()
    (folder / "torch/__init__.py").write_text("raise AssertionError('torch was imported')")
    (folder / "torch/version.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))


@pytest.mark.parametrize("driver", [True, False])
@pytest.mark.parametrize(
    ("text", "for_cuda"),
    [
        ("cuda: Optional[str] = None\nhip: Optional[str] = None\n", False),
        ("cuda = None\n", False),
        ("cuda: Optional[str] = '12.8'\nhip: Optional[str] = None\n", True),
        ("", True),
    ],
)
def test_a_gpu_needs_a_torch_for_it_and_a_driver(
    no_torch: pytest.MonkeyPatch, tmp_path: Path, text: str, for_cuda: bool, driver: bool
) -> None:
    def load(name: str) -> object:
        assert name == "libcuda.so.1"
        if not driver:
            raise OSError(name)
        return object()

    built(no_torch, tmp_path, text)
    no_torch.setattr("ctypes.CDLL", load)
    no_torch.setattr(devices, "Path", NoKfd)
    there = for_cuda and driver
    assert likely_device("auto") == ("cuda" if there else None)
    assert likely_device("cuda") == ("cuda" if there else None)
    assert likely_device("cpu") == "cpu"
    assert likely_device("mps") is None
    no_torch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert likely_device("auto") is None
    assert "torch" not in sys.modules


class NoKfd(type(Path())):  # type: ignore[misc]
    """A path of a machine without AMD's driver."""

    def exists(self) -> bool:
        return str(self) != "/dev/kfd" and bool(super().exists())


def test_a_torch_that_is_loaded_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))
    monkeypatch.setattr(devices, "pick_device", lambda asked: f"torch's {asked}")
    assert likely_device("auto") == "torch's auto"


def test_what_is_not_there_at_a_glance_torch_does_not_find_either() -> None:
    pytest.importorskip("torch", reason="needs sfxgen[models]: torch is not installed")
    kept = sys.modules.pop("torch")
    try:
        glanced = {asked: likely_device(asked) for asked in ("auto", "cuda", "mps", "cpu", "tpu")}
    finally:
        sys.modules["torch"] = kept
    for asked, found in glanced.items():
        if found is None:
            assert pick_device(asked) is None
    assert glanced["cpu"] == "cpu"


# --- what stops many --------------------------------------------------------------------------------


def test_what_stops_many_assets_is_said_once_with_how_many(run: Run, toy_game: Game) -> None:
    sounds = [f"s{n}: {{ prompt: sound {n}, variants: 4 }}" for n in range(5)]
    toy_game.sounds(
        "\n".join([*sounds, "ui/coin: { model: synth, preset: coin }", "odd: { model: synth, preset: hit }"])
    )
    toy_game.toy.missing = True
    ran = run("build")
    assert ran.code == 3
    assert ran.err.count("toy is not here") == 1
    assert ran.err.count("wind it up") == 1
    assert "failed  s0_01: toy is not here\n  hint: wind it up\n" in ran.err
    assert ran.err.endswith(
        "failed  20 assets of s0, s1, s2 and 2 more sounds for the one reason said of s0_01\n"
    )
    assert "20 failed: see above" in ran.out
    built = conforms(run("build", "--json"), "build")
    failed = [step for step in built["steps"] if step["status"] == "failed"]
    assert len(failed) == 20
    assert {step["error"] for step in failed} == {"toy is not here"}


def test_what_differs_is_said_of_each(run: Run, toy_game: Game) -> None:
    toy_game.sounds("a: { prompt: silent a }\nb: { prompt: broken }")
    toy_game.toy.silent_attempts = 99
    ran = run("build")
    assert {line.split(":")[0] for line in ran.err.splitlines() if line.startswith("failed")} == {
        "failed  a_01",
        "failed  b_01",
    }


def test_github_marks_each_reason_once_where_its_first_sound_is_written(
    run: Run, toy_game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy_game.sounds(
        "step: { prompt: a step, variants: 3 }\nrain: { prompt: rain }\ncoin: { model: synth, preset: coin }"
    )
    toy_game.toy.missing = True
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for arguments in (["build"], ["build", "--json"]):
        marks = [line for line in run(*arguments).err.splitlines() if line.startswith("::")]
        assert marks == [
            "::error file=Audio/manifests/game.yaml,line=4::4 assets of rain and step: toy is not here"
        ]
