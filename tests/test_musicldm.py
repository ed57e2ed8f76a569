"""MusicLDM on tiny random weights: against diffusers' own pipeline, against itself, and through a build."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from games import Game, actions
from model_sounds import pipeline_sounds, sounds

from sfxgen.build import build
from sfxgen.contracts import Adapter
from sfxgen.errors import ModelError
from sfxgen.models.musicldm import adapter
from sfxgen.workspace import Options

torch = pytest.importorskip("torch", reason="needs sfxgen[models]: torch is not installed")
diffusers = pytest.importorskip("diffusers", reason="needs sfxgen[models]: diffusers is not installed")
pytest.importorskip("transformers", reason="needs sfxgen[models]: transformers is not installed")

from safetensors.torch import load_file, save_file  # noqa: E402
from tiny_musicldm import RECIPE, save_tiny_musicldm  # noqa: E402

from sfxgen.models.musicldm_session import MusicLDMSession  # noqa: E402

(INFO,) = adapter.models


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_musicldm(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def session(tiny: Path) -> MusicLDMSession:
    return MusicLDMSession(tiny, model="tiny", device="cpu", dtype="fp32")


@pytest.fixture(scope="module")
def batched(tiny: Path) -> MusicLDMSession:
    return MusicLDMSession(tiny, model="tiny", device="cpu", dtype="fp32", batch=4)


@pytest.fixture(scope="module")
def pipeline(tiny: Path) -> Any:
    """Return diffusers' pipeline. It wants CLAP's features as transformers 4 gave them: bare, and not in an object."""
    found = diffusers.MusicLDMPipeline.from_pretrained(tiny)
    found.set_progress_bar_config(disable=True)
    features = found.text_encoder.get_text_features

    def bare(*args: Any, **kwargs: Any) -> Any:
        given = features(*args, **kwargs)
        return getattr(given, "pooler_output", given)

    found.text_encoder.get_text_features = bare
    return found


def test_the_model_is_known_without_loading_it() -> None:
    light: Adapter = adapter
    assert (light.name, light.version, INFO.name, INFO.where) == (
        "musicldm",
        1,
        "musicldm",
        "ucsd-reach/musicldm",
    )
    assert (INFO.commercial, INFO.licence) == ("no", "CC BY-NC-SA 4.0")
    assert (INFO.sample_rate, INFO.channels, INFO.max_duration_s) == (16000, 1, 30.0)
    assert set(INFO.defaults) <= INFO.accepts
    assert not list(adapter.complaints(INFO, {**INFO.defaults, "prompt": "a waltz"}))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("prompt", ""),
        ("prompt", "x" * 2001),
        ("steps", 0),
        ("guidance", -1),
        ("duration_s", 180.0),
        ("scheduler", "dpm"),
        ("dtype", "int8"),
        ("tempo_bpm", 1),
        ("key", "sad"),
    ],
)
def test_each_wrong_key_gets_one_complaint_about_itself(key: str, value: Any) -> None:
    keys = {**INFO.defaults, "duration_s": 5.0, "prompt": "a waltz", key: value}
    assert [complaint.key for complaint in adapter.complaints(INFO, keys)] == [key]


@pytest.mark.parametrize("scheduler", ["default", "dpmpp_2m", "euler_a"])
def test_a_take_is_bit_for_bit_what_diffusers_pipeline_makes(
    session: MusicLDMSession, pipeline: Any, scheduler: str
) -> None:
    recipe = replace(RECIPE, scheduler=scheduler)
    (ours,) = sounds(session, recipe)
    assert np.std(ours) > 0.05
    np.testing.assert_array_equal(ours, pipeline_sounds(pipeline, recipe)[0])


@pytest.mark.parametrize(
    "changes", [{"negative": ""}, {"guidance": 1.0}, {"guidance": 7.5}, {"duration_s": 0.04}], ids=str
)
def test_the_pipeline_agrees_whatever_the_settings(
    session: MusicLDMSession, pipeline: Any, changes: dict[str, Any]
) -> None:
    recipe = replace(RECIPE, **changes)
    np.testing.assert_array_equal(sounds(session, recipe)[0], pipeline_sounds(pipeline, recipe)[0])


def test_a_batch_agrees_with_the_pipeline_s_batch(batched: MusicLDMSession, pipeline: Any) -> None:
    prompts = ["a slow waltz", "drums", "calm piano", "calm piano"]
    recipes = [replace(RECIPE, take=i, prompt=prompt) for i, prompt in enumerate(prompts)]
    ours = np.stack(sounds(batched, *recipes))
    # The pipeline decodes four at once and this decodes one at a time: the sums are in another order.
    np.testing.assert_allclose(ours, pipeline_sounds(pipeline, *recipes), rtol=0, atol=1e-5)


def test_tempo_and_key_are_words_of_the_prompt(session: MusicLDMSession, pipeline: Any) -> None:
    params = adapter.params(INFO, {"tempo_bpm": 75.0, "key": "f# MINOR"}, kind="music")
    (ours,) = sounds(session, replace(RECIPE, params=params))
    said = replace(RECIPE, prompt="a slow waltz, 75 bpm, in F# minor")
    np.testing.assert_array_equal(ours, pipeline_sounds(pipeline, said)[0])


@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
def test_a_take_s_bits_do_not_depend_on_its_company(batched: MusicLDMSession, dtype: str) -> None:
    recipe = replace(RECIPE, dtype=dtype, steps=2)
    others = [
        replace(recipe, take=2),
        replace(recipe, prompt="drums", negative=""),
        replace(recipe, take=5, guidance=1.0),
        replace(recipe, take=6, params={"tempo_bpm": 90}),
    ]
    alone = [sounds(batched, one)[0] for one in (recipe, *others)]
    together = sounds(batched, recipe, *others)
    backwards = sounds(batched, *reversed(others), recipe)[::-1]
    for one, two, three in zip(alone, together, backwards, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)


def test_a_text_encoder_without_its_text_side_is_refused(tiny: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(tiny, tmp_path / "tiny")) / "text_encoder/model.safetensors"
    ears = {name: tensor for name, tensor in load_file(path).items() if name.startswith("audio")}
    assert ears
    save_file(ears, path, metadata={"format": "pt"})
    with pytest.raises(ModelError, match="text_encoder cannot be loaded: its weights lack"):
        MusicLDMSession(path.parent.parent, model="tiny", device="cpu", dtype="fp32")


MANIFEST = """
defaults: { model: "musicldm:weights/tiny", steps: 2, duration_s: 0.5 }
sounds:
  theme: { prompt: a slow waltz, negative: vocals, kind: music, tempo_bpm: 90, key: A minor, variants: 2 }
  stinger: { prompt: a fanfare }
"""


def test_a_manifest_becomes_assets(game: Game, tiny: Path) -> None:
    shutil.copytree(tiny, game.root / "weights/tiny")
    game.manifest(MANIFEST)
    report = build(game.root, game.catalog, Options(device="cpu"))
    assert [(f.name, f.error.message) for f in report.failures] == []
    record = game.lock().assets["unity", "theme_02"]
    assert record.model == "musicldm:weights/tiny"
    assert str(record.revision).startswith("sha256:")
    assert {"torch", "diffusers", "transformers", "device", "dtype", "batch"} <= record.environment.keys()
    assert build(game.root, game.catalog).plan.is_empty
    game.manifest(MANIFEST.replace("A minor", "A major"))
    assert actions(game.plan(device="cpu")) == {
        "theme_01": "generate",
        "theme_02": "generate",
        "stinger_01": "keep",
    }
