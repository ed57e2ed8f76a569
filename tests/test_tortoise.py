"""Tortoise: what is wrong is known before anything starts; and, where its environment is installed, that it speaks.

The real package runs in an environment of its own. `sfxgen models install tortoise` makes it, and SFXGEN_TORTOISE_DATA
names the data folder that it is in; without that, only what needs no package is tested here.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from games import Game
from test_exec import PAGE

from sfxgen.audio import codec
from sfxgen.build import build
from sfxgen.catalog import installed
from sfxgen.cli import main
from sfxgen.contracts import Surroundings
from sfxgen.errors import Cancelled, ManifestError, ModelError, ModelUnavailable
from sfxgen.events import Event, Sampling, ignore
from sfxgen.models import environments, tortoise
from sfxgen.models.environments import Environment, create, python_of
from sfxgen.recipe import Recipe
from sfxgen.store.local import LocalStore
from sfxgen.workspace import Options

HERE = os.environ.get("SFXGEN_TORTOISE_DATA", "")
NEEDS_PACKAGE = pytest.mark.skipif(
    not HERE,
    reason="needs `sfxgen models install tortoise`, and SFXGEN_TORTOISE_DATA to name its data folder",
)
MANIFEST = """
defaults:
  kind: dialog
  model: tortoise:weights/tiny
  preset: ultra_fast
  steps: 3
  params: { samples: 4, batch: 2, max_s: 1, top_p: 0.9 }
  gates: { dc_share: off, duplicate: off }   # random weights hum
sounds:
  guard/halt: { say: Halt! Who goes there?, variants: 2 }
  guard/pass: { say: You may pass., voice: train_grace }
  guard/yawn: { say: So late., voice: voices/guard, guidance: 1.5 }
"""


def fake_weights(game: Game, folder: str = "weights/tiny") -> None:
    for name in (*tortoise.FILES, *tortoise.RANDOM_FILES):
        game.write(f"{folder}/{name}", "weights")


def fake_environment() -> None:
    """An environment that is ready, of a Python without the package."""
    folder = environments.folder_of(tortoise.ENVIRONMENT)
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").symlink_to(sys.executable)
    ready = {"requirements": list(tortoise.ENVIRONMENT.requirements)}
    (folder / environments.READY).write_text(json.dumps(ready), encoding="utf-8")


def mistakes(game: Game, sound: str) -> list[str]:
    game.manifest(f"sounds:\n  a: {{ model: tortoise, kind: dialog, {sound} }}\n")
    with pytest.raises(ManifestError) as caught:
        game.plan()
    return [f"{mistake.where}: {mistake.what}" for mistake in caught.value.mistakes]


# --- without the package ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sound", "says"),
    [
        ("voice: tom", "say: is empty"),
        ("say: x, prompt: y", "prompt: tortoise does not take it"),
        ("say: x, duration_s: 3", "duration_s: tortoise does not take it"),
        ("say: x, voice: tim_reynold", "voice: tortoise knows no voice 'tim_reynold'"),
        ("say: x, voice: voices/none", "voice: 'voices/none' cannot be read"),
        ("say: x, voice: ../elsewhere", "voice: '../elsewhere' leaves the project"),
        ("say: x, voice: voices/empty", "voices/empty' has 0 samples"),
        ("say: x, preset: slow", "preset: tortoise knows no preset 'slow'"),
        ("say: x, params: { top_k: 3 }", "params.top_k: is no parameter"),
        ("say: x, params: { top_p: 2 }", "params.top_p: 2 is not between"),
        ("say: x, params: { samples: 2.5 }", "params.samples: 2.5 is no whole number"),
        ("say: x, params: { samples: 6, batch: 4 }", "params.batch: 4 does not divide 6 samples"),
        ('say: "[angry] x"', "say: text in [brackets]"),
        (f"say: {'x' * 399}", "say: has 399 characters"),
        ("say: x, kind: loop", "kind: what is said is no loop"),
    ],
)
def test_what_is_wrong_is_known_before_anything_starts(game: Game, sound: str, says: str) -> None:
    game.write("voices/empty/readme.txt", "no samples")
    found = mistakes(game, sound)
    assert any(says in what for what in found), found


def test_the_recipe_has_every_setting_and_none_of_a_preset_s_name(game: Game) -> None:
    game.manifest("sounds:\n  a: { model: tortoise, kind: dialog, say: Yes. }\n")
    (one,) = {wanted.final.recipe.take_key() for wanted in game.open().wanted}
    settings = "steps: 80, guidance: 2, params: { samples: 96, batch: 16, temperature: 0.8 }"
    game.manifest(
        f"sounds:\n  a: {{ model: tortoise, kind: dialog, say: Yes., preset: ultra_fast, {settings} }}\n"
    )
    (wanted,) = game.open().wanted
    assert wanted.final.recipe.params["params"] == {
        "samples": 96, "batch": 16, "steps": 80, "guidance": 2.0, "temperature": 0.8, "top_p": 0.8,
        "repetition_penalty": 2.0, "length_penalty": 1.0, "diffusion_temperature": 1.0, "max_s": 23.2,
    }  # fmt: skip
    game.manifest("sounds:\n  a: { model: tortoise, kind: dialog, say: No. }\n")
    (other,) = {wanted.final.recipe.take_key() for wanted in game.open().wanted}
    assert one != other


def test_a_voice_of_the_project_is_part_of_the_recipe(game: Game) -> None:
    for name in ("b.wav", "a.wav", "notes.txt", ".hidden.wav"):
        game.write(f"voices/guard/{name}", name)
    game.manifest("sounds:\n  a: { model: tortoise, kind: dialog, say: Yes., voice: voices/guard }\n")
    (before,) = game.open().wanted
    paths = [sample["path"] for sample in before.final.recipe.params["samples"]]
    assert paths == ["voices/guard/a.wav", "voices/guard/b.wav"]
    game.write("voices/guard/a.wav", "another")
    (after,) = game.open().wanted
    assert after.final.keys.take != before.final.keys.take


def test_each_thing_that_is_missing_is_told_in_turn(game: Game) -> None:
    adapter = installed().adapters["tortoise"]
    info = adapter.info("weights/tiny")
    assert info is not None
    around = Surroundings(game.root, "cpu")

    def missing() -> ModelUnavailable:
        found = adapter.unavailable(info, around)
        assert found is not None
        return found

    assert missing().hint == "sfxgen models install tortoise"
    fake_environment()
    assert "its weights are not on this machine" in missing().message
    fake_weights(game)
    (game.root / "weights/tiny/clvp2.pth").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    assert "clvp2.pth not in weights/tiny" in missing().message
    fake_weights(game)
    pytest.importorskip("torch")
    assert adapter.unavailable(info, around) is None
    assert adapter.unavailable(info, Surroundings(game.root, "mps" if sys.platform != "darwin" else "cuda"))


def test_the_revision_follows_the_weights(game: Game) -> None:
    adapter = installed().adapters["tortoise"]
    info = adapter.info("weights/tiny")
    assert info is not None
    fake_weights(game)
    before = adapter.revision(info, Surroundings(game.root))
    game.write("weights/tiny/notes.txt", "not loaded")
    assert adapter.revision(info, Surroundings(game.root)) == before
    game.write("weights/tiny/clvp2.pth", "others")
    assert adapter.revision(info, Surroundings(game.root)) != before
    hub = installed().models()["tortoise"]
    assert adapter.revision(hub, Surroundings(game.root, pinned="p")) == "p"


def test_an_environment_without_the_package_is_an_error(game: Game) -> None:
    fake_environment()
    fake_weights(game)
    game.manifest(MANIFEST.replace("voices/guard", "tom"))
    report = build(game.root, game.catalog, Options(device="cpu"))
    assert report.exit_code == 3
    assert len(report.failures) == 4
    assert all(f.error.message.startswith("tortoise:weights/tiny: ") for f in report.failures)


# --- environments -----------------------------------------------------------------------------------

SMALL = Environment(
    name="small",
    pythons=(f"{sys.version_info[0]}.{sys.version_info[1]}",),
    requirements=(),
    after="import json",
)


def without_pip(monkeypatch: pytest.MonkeyPatch, fails_at: str = "nothing") -> list[list[str]]:
    """Let every command but pip's run."""
    ran: list[list[str]] = []
    really = environments._run

    def run(argv: list[str], what: str, on_line: Any) -> None:
        ran.append(argv)
        if what == fails_at:
            argv = [sys.executable, "-c", "print('no such release'); raise SystemExit(1)"]
        if what == "venv":
            argv = [*argv, "--without-pip"]
        if what != "pip" or what == fails_at:
            really(argv, what, on_line)

    monkeypatch.setattr(environments, "_run", run)
    return ran


def test_an_environment_is_ready_when_all_of_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = without_pip(monkeypatch)
    assert python_of(SMALL) is None
    python = create(SMALL)
    assert python_of(SMALL) == python
    assert [argv[-1] for argv in ran if "-r" in argv] == [str(python.parents[1] / "requirements.txt")]
    told = subprocess.run(
        [python, "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True, check=True
    )
    assert Path(told.stdout.strip()).resolve() == python.parents[1].resolve()
    newer = Environment(name="small", pythons=SMALL.pythons, requirements=("six==1.17.0",), after="")
    assert python_of(newer) is None, "another release is another environment"


@pytest.mark.parametrize("fails_at", ["pip", "its first import"])
def test_an_environment_that_failed_is_none(monkeypatch: pytest.MonkeyPatch, fails_at: str) -> None:
    without_pip(monkeypatch, fails_at)
    with pytest.raises(ModelUnavailable, match="no such release"):
        create(SMALL)
    assert python_of(SMALL) is None


def test_a_machine_without_the_right_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ModelUnavailable, match=r"needs Python 2\.7"):
        create(Environment(name="old", pythons=("2.7",), requirements=(), after=""))


def test_the_command_line_says_where_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["models", "install", "tortoise", "--where"])
    assert ended.value.code == 0
    assert "not installed" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["models", "install", "tortoize"])
    assert ended.value.code == 2
    assert "tortoise" in capsys.readouterr().err
    assert "sfxgen models install" in PAGE


# --- with the package -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tortoise") / "tiny"
    run_inside("save", folder)
    return folder


def run_inside(*words: Any) -> None:
    """Run tiny_tortoise.py in the package's environment."""
    python = Path(HERE) / "environments/tortoise/bin/python"
    script = Path(__file__).with_name("tiny_tortoise.py")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run([python, "-I", script, *map(str, words)], check=True, env=environment, capture_output=True)


@pytest.fixture
def speaking(game: Game, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> Game:
    monkeypatch.setenv("SFXGEN_DATA", HERE)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    shutil.copytree(tiny_weights, game.root / "weights/tiny")
    (game.root / "voices/guard").mkdir(parents=True)
    for n in (1, 2):
        noise = np.random.default_rng(n).uniform(-0.3, 0.3, 22050)
        soundfile.write(game.root / f"voices/guard/{n}.wav", noise, 22050, subtype="PCM_16")
    game.manifest(MANIFEST)
    return game


def raw_take(game: Game, asset: str) -> Any:
    record = game.lock().assets["unity", asset]
    found = LocalStore(Path(os.environ["SFXGEN_STORE"])).get("take", record.take_key)
    assert found is not None
    return codec.unpack(found[0]).samples[:, 0]


@NEEDS_PACKAGE
@pytest.mark.timeout(900)
def test_a_build_speaks_what_the_package_itself_speaks(speaking: Game, tmp_path: Path) -> None:
    events: list[Event] = []
    report = build(speaking.root, speaking.catalog, Options(device="cpu"), on_event=events.append)
    assert [f"{f.error.message} {f.error.hint}" for f in report.failures] == []
    steps = [(event.step, event.steps) for event in events if isinstance(event, Sampling)]
    assert steps[:7] == [(n, 7) for n in range(1, 8)], "2 batches, 2 rankings, 3 steps of diffusion"
    record = speaking.lock().assets["unity", "guard/halt_01"]
    assert record.attempts == 1
    assert record.environment["tortoise-tts"] == "3.0.0"
    assert record.environment["threads"] == "1"
    seeds = {wanted.name: wanted.final.recipe.seed for wanted in speaking.open().wanted}
    shared = {
        "batch": 2,
        "num_autoregressive_samples": 4,
        "diffusion_iterations": 3,
        "top_p": 0.9,
        "max_mel_tokens": 21,
    }
    folder = speaking.root / "voices/guard"
    asked: dict[str, dict[str, Any]] = {
        "guard/halt_02": {"say": "Halt! Who goes there?", "voice": "random"},
        "guard/pass_01": {"say": "You may pass.", "voice": "train_grace"},
        "guard/yawn_01": {
            "say": "So late.", "samples": [f"{folder}/1.wav", f"{folder}/2.wav"], "cond_free": True, "cond_free_k": 1.5,
        },
    }  # fmt: skip
    jobs = [
        {**shared, "preset": "ultra_fast", "seed": seeds[asset], **words} for asset, words in asked.items()
    ]
    run_inside("speak", speaking.root / "weights/tiny", tmp_path, json.dumps(jobs))
    for number, asset in enumerate(asked):
        expected = np.fromfile(tmp_path / f"{number}.f32", "<f4")
        assert len(expected) > 12_000
        assert np.array_equal(raw_take(speaking, asset), expected), asset


@NEEDS_PACKAGE
@pytest.mark.timeout(900)
def test_takes_do_not_depend_on_company_and_can_be_cancelled(speaking: Game) -> None:
    adapter = speaking.catalog.adapters["tortoise"]
    recipes = [wanted.final.recipe for wanted in speaking.open().wanted]
    info = speaking.open().sounds[0].model
    session = adapter.load(info, Surroundings(speaking.root, "cpu"), on_event=ignore)

    def made(*which: Recipe) -> list[Any]:
        return [clip.samples for clip in session.generate(which, on_event=ignore, cancelled=lambda: False)]

    together = made(*recipes)
    assert len({take.tobytes() for take in together}) == 4
    heard: list[Event] = []
    with pytest.raises(Cancelled):
        list(session.generate(recipes[:1], on_event=heard.append, cancelled=lambda: len(heard) >= 2))
    assert len(heard) < 7
    assert np.array_equal(made(recipes[3])[0], together[3]), "still warm"
    assert np.array_equal(made(recipes[1])[0], together[1])
    session.close()


@NEEDS_PACKAGE
@pytest.mark.timeout(900)
@pytest.mark.parametrize("damage", ["garbage", "pickle"])
def test_damaged_weights_are_an_error_and_a_pickle_s_code_never_runs(
    speaking: Game, damage: str, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    code = pickle.dumps(Mark(str(mark)))
    (speaking.root / "weights/tiny/clvp2.pth").write_bytes(code if damage == "pickle" else b"garbage" * 99)
    adapter = speaking.catalog.adapters["tortoise"]
    info = adapter.info("weights/tiny")
    assert info is not None
    with pytest.raises(ModelError) as caught:
        adapter.load(info, Surroundings(speaking.root, "cpu"), on_event=ignore)
    assert "its weights cannot be loaded" in caught.value.message
    assert not mark.exists()


class Mark:
    """Unpickled, it makes a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (Path(self.path),)
