"""The whole way from a manifest to assets with the real loading code and small random weights."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import soundfile
from games import Game, actions
from tiny_models import save_tiny_audioldm

from sfxgen.build import build
from sfxgen.events import Event, ModelLoading, Notice, Sampling
from sfxgen.sessions import Sessions
from sfxgen.workspace import Options

pytest.importorskip("diffusers", reason="needs sfxgen[models]: torch, diffusers, transformers")

MANIFEST = """
defaults: { model: "audioldm:weights/tiny", steps: 2, duration_s: 0.5, loudness_lufs: -23 }
sounds:
  step/gravel: { prompt: one footstep on gravel, negative: music, variants: 2 }
  step/wood: { prompt: one footstep on wood, guidance: 1 }
  hum: { prompt: a low hum, kind: loop }
"""


@pytest.fixture
def tiny(game: Game) -> Game:
    save_tiny_audioldm(game.root / "weights/tiny")
    game.manifest(MANIFEST)
    return game


def test_takes_are_sampled_mastered_and_locked(tiny: Game) -> None:
    events: list[Event] = []
    report = build(tiny.root, tiny.catalog, Options(device="cpu"), on_event=events.append)
    assert [(f.name, f.error.message) for f in report.failures] == []
    assert len([event for event in events if isinstance(event, ModelLoading)]) == 1
    assert {event.steps for event in events if isinstance(event, Sampling)} == {2}
    lock = tiny.lock()
    record = lock.assets["unity", "step/gravel_02"]
    assert record.model == "audioldm:weights/tiny"
    assert record.revision == lock.models["audioldm:weights/tiny"]
    assert record.revision is not None
    assert record.revision.startswith("sha256:")
    assert {"torch", "diffusers", "transformers", "device", "dtype"} <= record.environment.keys()
    assert soundfile.info(tiny.path("hum_01")).frames == 24_000
    before = tiny.tree()
    assert build(tiny.root, tiny.catalog, Options(device="cpu")).plan.is_empty
    assert build(tiny.root, tiny.catalog).plan.is_empty, "nothing to do needs no device"
    shutil.rmtree(tiny.root / "Assets")
    build(tiny.root, tiny.catalog, Options(device="cpu", rebuild=True))
    assert tiny.tree() == before


def test_a_take_does_not_depend_on_what_is_built_beside_it(tiny: Game, own_store: Path) -> None:
    build(tiny.root, tiny.catalog, Options(device="cpu"))
    together = tiny.tree()
    shutil.rmtree(own_store)
    shutil.rmtree(tiny.root / "Assets")
    (tiny.root / "sfxgen.lock").unlink()
    for only in ("step/wood", "hum", "step/gravel"):
        build(tiny.root, tiny.catalog, Options(device="cpu", only=(only,)))
    assert tiny.tree() == together


def test_without_a_gpu_the_error_names_the_ways_out(tiny: Game) -> None:
    import torch

    if torch.cuda.is_available() or torch.backends.mps.is_available():
        pytest.skip("this machine has a GPU")
    report = build(tiny.root, tiny.catalog)
    assert report.exit_code == 3
    assert len(report.failures) == 4
    (hint,) = {failure.error.hint for failure in report.failures}
    assert "--device cpu" in hint
    assert "--draft" in hint
    drafted = build(tiny.root, tiny.catalog, Options(draft=True))
    assert drafted.exit_code == 0
    assert all(record.draft for record in drafted.records.values())
    # A machine that can run the model replaces the drafts.
    final = build(tiny.root, tiny.catalog, Options(device="cpu"))
    assert final.exit_code == 0
    assert not any(record.draft for record in final.records.values())


def test_missing_weights_keep_the_pinned_assets_as_they_are(tiny: Game) -> None:
    build(tiny.root, tiny.catalog, Options(device="cpu"))
    shutil.rmtree(tiny.root / "weights")
    assert tiny.plan().is_empty
    assert tiny.check().is_empty
    tiny.manifest(MANIFEST.replace("on wood", "on oak"))
    report = build(tiny.root, tiny.catalog, Options(device="cpu"))
    assert [failure.name for failure in report.failures] == ["step/wood_01"]
    assert "weights" in report.failures[0].error.message


def test_other_weights_make_every_take_stale(tiny: Game) -> None:
    build(tiny.root, tiny.catalog, Options(device="cpu"))
    shutil.rmtree(tiny.root / "weights")
    save_tiny_audioldm(tiny.root / "weights/tiny", seed=1)
    assert set(actions(tiny.plan(device="cpu")).values()) == {"generate"}


def test_a_damaged_weight_file_is_an_error_not_a_traceback(tiny: Game) -> None:
    (weights,) = (tiny.root / "weights/tiny/unet").glob("*.safetensors")
    weights.write_bytes(b"garbage" * 100)
    report = build(tiny.root, tiny.catalog, Options(device="cpu"))
    assert report.exit_code == 3
    assert len(report.failures) == 4
    assert not list(tiny.root.rglob("*.wav"))


def test_a_watcher_keeps_the_model_warm(tiny: Game) -> None:
    sessions, events = Sessions(), list[Event]()
    for prompt in ("oak", "pine"):
        tiny.manifest(MANIFEST.replace("on wood", f"on {prompt}"))
        build(tiny.root, tiny.catalog, Options(device="cpu"), on_event=events.append, sessions=sessions)
    sessions.close()
    assert len([event for event in events if isinstance(event, ModelLoading)]) == 1


def test_a_long_prompt_is_warned_of_in_our_words_alone(tiny: Game, capfd: pytest.CaptureFixture[str]) -> None:
    words = " ".join(["gravel"] * 60)
    tiny.manifest(
        f'sounds: {{ a: {{ model: "audioldm:weights/tiny", steps: 1, duration_s: 0.5, prompt: {words} }} }}'
    )
    events: list[Event] = []
    capfd.readouterr()
    assert build(tiny.root, tiny.catalog, Options(device="cpu"), on_event=events.append).exit_code == 0
    assert next(event.message for event in events if isinstance(event, Notice)).startswith(
        "audioldm:weights/tiny hears the first 32 of "
    )
    assert capfd.readouterr() == ("", "")


def test_a_folder_that_is_misspelt_is_named(tiny: Game) -> None:
    tiny.manifest('sounds: { a: { model: "audioldm:weights/tinny", prompt: x } }')
    (failure,) = build(tiny.root, tiny.catalog, Options(device="cpu")).failures
    assert failure.error.message == "audioldm:weights/tinny: there is no folder weights/tinny in the project"
    assert failure.error.hint.startswith("did you mean 'audioldm:weights/tiny'? If it is on the Hub: ")
