"""Stable Audio Open on tiny random weights: against diffusers' own pipeline, against itself, and through a build."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from games import Game
from model_sounds import counted
from numpy.typing import NDArray

from sfxgen.build import build
from sfxgen.contracts import Complaint, Surroundings
from sfxgen.errors import Cancelled, ModelError
from sfxgen.events import Event, Notice, Sampling, ignore
from sfxgen.models import weighted
from sfxgen.models.stable_audio import adapter
from sfxgen.recipe import Recipe
from sfxgen.workspace import Options

torch = pytest.importorskip("torch", reason="needs sfxgen[models]: torch is not installed")
diffusers = pytest.importorskip("diffusers", reason="needs sfxgen[models]: diffusers is not installed")
pytest.importorskip("transformers", reason="needs sfxgen[models]: transformers is not installed")
pytest.importorskip("torchsde", reason="needs sfxgen[models]: torchsde is not installed")

from tiny_stable_audio import OPEN_LONGEST_S, save_tiny_stable_audio  # noqa: E402

from sfxgen.models.stable_audio_session import StableAudioSession, load_parts  # noqa: E402

RATE = 44_100
OPEN = adapter.models[0]
KEYS = {"prompt": "rain", **OPEN.defaults}
RECIPE = Recipe(
    model="stable_audio:weights/tiny",
    revision=None,
    adapter_version=1,
    base_seed=7,
    take=1,
    prompt="a footstep on gravel",
    negative="music",
    duration_s=0.5,
    steps=4,
    guidance=7.0,
    dtype="fp32",
)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with weights and a source in it."""
    root = tmp_path_factory.mktemp("project")
    save_tiny_stable_audio(root / "weights/tiny")
    t = np.arange(round(0.6 * RATE)) / RATE
    soundfile.write(root / "hum.wav", 0.3 * np.sin(2 * np.pi * 220 * t), RATE, subtype="FLOAT")
    return root


def loaded(root: Path, **changes: Any) -> StableAudioSession:
    settings = {"model": "tiny", "device": "cpu", "root": root, "dtype": "fp32", **changes}
    return StableAudioSession(root / "weights/tiny", **settings)


@pytest.fixture(scope="module")
def session(tiny: Path) -> StableAudioSession:
    return loaded(tiny)


@pytest.fixture(scope="module")
def batched(tiny: Path) -> StableAudioSession:
    return loaded(tiny, batch=3)


@pytest.fixture(scope="module")
def pipeline(tiny: Path) -> Any:
    found = diffusers.StableAudioPipeline.from_pretrained(tiny / "weights/tiny")
    found.set_progress_bar_config(disable=True)
    return found


def from_source(root: Path, strength: float, **changes: Any) -> Recipe:
    digest = hashlib.sha256((root / "hum.wav").read_bytes()).hexdigest()
    params = {"source": "hum.wav", "digest": digest, "strength": strength}
    return replace(RECIPE, params=params, **changes)


def sounds(session: StableAudioSession, *recipes: Recipe) -> list[NDArray[np.float32]]:
    return [clip.samples for clip in session.generate(recipes, on_event=ignore, cancelled=lambda: False)]


def pipeline_sound(pipeline: Any, recipe: Recipe, **more: Any) -> NDArray[np.float32]:
    """Return what diffusers' pipeline makes of a recipe: (frames, channels)."""
    found = pipeline(
        recipe.prompt,
        audio_end_in_s=recipe.duration_s,
        num_inference_steps=recipe.steps,
        guidance_scale=recipe.guidance,
        negative_prompt=recipe.negative or None,
        generator=[torch.Generator("cpu").manual_seed(recipe.seed)],
        **more,
    )
    waveform: NDArray[np.float32] = found.audios[0].numpy().T
    return waveform


@pytest.mark.filterwarnings("ignore:Should have")  # the pipeline looks beyond the ends of its Brownian path
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"negative": ""},
        {"guidance": 1.0},
        {"guidance": 1.0, "negative": ""},
        {"steps": 2},
        {"steps": 20, "guidance": 2.5},
        {"duration_s": 0.05},
        {"duration_s": 0.74},
        {"prompt": "a prompt that has many more letters than the tokenizer of this model lets through"},
    ],
    ids=str,
)
def test_a_take_is_bit_for_bit_what_diffusers_pipeline_makes(
    session: StableAudioSession, pipeline: Any, changes: dict[str, Any]
) -> None:
    recipe = replace(RECIPE, **changes)
    np.testing.assert_array_equal(sounds(session, recipe)[0], pipeline_sound(pipeline, recipe))


@pytest.mark.filterwarnings("ignore:Should have")
def test_a_source_is_denoised_as_the_pipeline_does_from_the_same_noise_level(
    tiny: Path, session: StableAudioSession, pipeline: Any
) -> None:
    recipe = from_source(tiny, 0.5, steps=8)
    full = diffusers.CosineDPMSolverMultistepScheduler.from_config(pipeline.scheduler.config)
    full.set_timesteps(8)
    samples, _ = soundfile.read(tiny / "hum.wav", dtype="float32", always_2d=True)
    pipeline_of_the_rest = diffusers.StableAudioPipeline(
        **{
            **pipeline.components,
            "scheduler": diffusers.CosineDPMSolverMultistepScheduler.from_config(
                full.config, sigma_max=float(full.sigmas[4])
            ),
        }
    )
    pipeline_of_the_rest.set_progress_bar_config(disable=True)
    expected = pipeline_sound(
        pipeline_of_the_rest,
        replace(recipe, steps=4),
        initial_audio_waveforms=torch.from_numpy(samples.T.copy()).repeat(2, 1).unsqueeze(0),
        initial_audio_sampling_rate=RATE,
    )
    np.testing.assert_array_equal(sounds(session, recipe)[0], expected)


def test_strength_0_is_the_source_through_the_vae_and_1_is_none_of_it(
    tiny: Path, session: StableAudioSession, pipeline: Any
) -> None:
    samples, _ = soundfile.read(tiny / "hum.wav", dtype="float32", always_2d=True)
    waveform = torch.zeros(1, 2, 64 * 512)
    waveform[0, :, : len(samples)] = torch.from_numpy(samples[:, 0])
    with torch.inference_mode():
        kept = pipeline.vae.decode(pipeline.vae.encode(waveform).latent_dist.mode()).sample[0].T.numpy()
    (untouched,) = sounds(session, from_source(tiny, 0.0))
    np.testing.assert_array_equal(untouched, kept[: len(untouched)])
    (ignored, plain) = sounds(session, from_source(tiny, 1.0), RECIPE)
    np.testing.assert_array_equal(ignored, plain)


def test_a_take_is_the_same_alone_and_in_any_company(tiny: Path, batched: StableAudioSession) -> None:
    prompts = ("rain", "fire", "wind", "birds", "waves")
    recipes = [replace(RECIPE, prompt=prompt, take=i) for i, prompt in enumerate(prompts, 1)]
    recipes += [replace(RECIPE, negative=""), from_source(tiny, 0.5), from_source(tiny, 0.5, take=2)]
    alone = [sounds(batched, recipe)[0] for recipe in recipes]
    for order in (recipes, recipes[::-1]):
        for recipe, sound in zip(order, sounds(batched, *order), strict=True):
            np.testing.assert_array_equal(sound, alone[recipes.index(recipe)])
    assert len({sound.tobytes() for sound in alone}) == len(recipes)


def test_clips_have_the_rate_the_channels_and_the_length(session: StableAudioSession) -> None:
    for duration_s in (0.05, 0.123, 0.5):
        recipe = replace(RECIPE, duration_s=duration_s, steps=2)
        (clip,) = session.generate([recipe], on_event=ignore, cancelled=lambda: False)
        assert (clip.sample_rate, clip.channels, clip.frames) == (RATE, 2, round(duration_s * RATE))
        assert 0.01 < np.abs(clip.samples).max() < 1


def test_the_prompt_the_length_and_the_seed_each_count(session: StableAudioSession) -> None:
    changed = [{}, {"prompt": "rain"}, {"negative": "hum"}, {"take": 2}, {"guidance": 3.0}, {"steps": 5}]
    made = [sounds(session, replace(RECIPE, **change))[0] for change in changed]  # type: ignore[arg-type]
    (longer,) = sounds(session, replace(RECIPE, duration_s=0.6))
    assert len({sound.tobytes() for sound in (*made, longer[: len(made[0])])}) == len(changed) + 1


def test_bf16_is_near_fp32_and_its_waveform_is_not_made_of_bf16_numbers(
    session: StableAudioSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sfxgen.models.torch_session.runs_fast", lambda device, dtype: True)
    exact, fast = sounds(session, RECIPE, replace(RECIPE, dtype="bf16"))
    assert 0 < np.abs(exact - fast).max() < 0.2 * np.abs(exact).max()
    assert not np.array_equal(fast, torch.from_numpy(fast.copy()).bfloat16().float().numpy())


def test_bf16_tells_the_highest_noise_levels_apart(tiny: Path) -> None:
    transformer = load_parts(tiny / "weights/tiny", "cpu", "bf16").transformer
    seen = []
    for sigma in (500.0, 400.0):
        transformer.time_proj.t = torch.tensor([sigma]).atan() / np.pi * 2
        seen.append(transformer.time_proj(transformer.time_proj.t.bfloat16()))
    assert seen[0].dtype == torch.bfloat16
    assert not torch.equal(seen[0], seen[1])
    assert torch.equal(*(torch.tensor([sigma]).atan().div(np.pi / 2).bfloat16() for sigma in (500.0, 400.0)))


def test_a_take_that_names_no_length_is_as_long_as_its_source(
    tiny: Path, session: StableAudioSession
) -> None:
    (sound,) = sounds(session, from_source(tiny, 0.5, duration_s=None))
    assert len(sound) == round(0.6 * RATE)
    with pytest.raises(ModelError, match="without a source needs duration_s"):
        sounds(session, replace(RECIPE, duration_s=None))


def test_each_step_is_told_and_can_be_the_last(session: StableAudioSession) -> None:
    heard: list[Event] = []
    list(session.generate([RECIPE], on_event=heard.append, cancelled=lambda: False))
    assert [(e.step, e.steps) for e in heard if isinstance(e, Sampling)] == [(i, 4) for i in range(1, 5)]
    heard.clear()
    with pytest.raises(Cancelled):
        list(session.generate([RECIPE], on_event=heard.append, cancelled=lambda: len(heard) == 2))
    assert len(heard) == 2


@pytest.mark.parametrize("strength", [1.0, 0.0])
def test_a_run_can_be_stopped_between_two_takes_that_are_decoded(
    tiny: Path, batched: StableAudioSession, monkeypatch: pytest.MonkeyPatch, strength: float
) -> None:
    decoded = counted(batched._loaded().parts.vae, monkeypatch, "decode")  # type: ignore[attr-defined]
    recipes = [from_source(tiny, strength, take=i) for i in range(3)]
    with pytest.raises(Cancelled):
        list(batched.generate(recipes, on_event=ignore, cancelled=lambda: len(decoded) == 2))
    assert decoded == [1, 1]


def test_out_of_memory_while_decoding_makes_the_batch_smaller(
    tiny: Path, session: StableAudioSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = loaded(tiny, batch=2)
    vae, failures = small._loaded().parts.vae, [torch.OutOfMemoryError("out of memory")]  # type: ignore[attr-defined]
    decode = vae.decode

    def short_of_memory(latents: Any) -> Any:
        if failures:
            raise failures.pop()
        return decode(latents)

    monkeypatch.setattr(vae, "decode", short_of_memory)
    recipes = [RECIPE, replace(RECIPE, take=2)]
    for sound, expected in zip(sounds(small, *recipes), sounds(session, *recipes), strict=True):
        np.testing.assert_array_equal(sound, expected)
    assert small.environment["batch"] == "1"


def test_the_environment_names_the_sampler_s_library(session: StableAudioSession) -> None:
    sounds(session, RECIPE)
    environment = {"torch", "diffusers", "transformers", "torchsde", "device", "dtype", "batch", "threads"}
    assert set(session.environment) == environment


def test_a_longer_sound_than_the_weights_make_and_a_changed_source_are_errors(
    tiny: Path, session: StableAudioSession
) -> None:
    with pytest.raises(ModelError, match=r"make at most 0\.74 s, not 1 s") as caught:
        sounds(session, replace(RECIPE, duration_s=1.0))
    assert caught.value.hint == "write duration_s: 0.74, or less"
    assert OPEN_LONGEST_S < 1
    changed = from_source(tiny, 0.4)
    with pytest.raises(ModelError, match="changed while the build ran"):
        sounds(session, replace(changed, params={**changed.params, "digest": "0" * 64}))
    with pytest.raises(ModelError, match=r"none\.wav"):
        sounds(session, replace(changed, params={**changed.params, "source": "none.wav", "digest": "1"}))


def test_a_prompt_that_is_not_heard_to_its_end_is_told(tiny: Path) -> None:
    heard: list[Event] = []
    recipe = replace(RECIPE, prompt="rain " * 40, steps=2)
    list(loaded(tiny).generate([recipe], on_event=heard.append, cancelled=lambda: False))
    (notice,) = [event for event in heard if isinstance(event, Notice)]
    assert "hears the first 24 of" in notice.message


def complaints(**keys: Any) -> list[Complaint]:
    return list(adapter.complaints(OPEN, {**KEYS, **keys}))


def test_the_defaults_are_fine_and_the_facts_are_the_published_ones() -> None:
    assert complaints() == []
    assert (OPEN.sample_rate, OPEN.channels, OPEN.max_duration_s) == (RATE, 2, 47.55)
    assert OPEN.commercial == "conditions"
    assert adapter.params(OPEN, KEYS, kind="one_shot") == {}
    assert adapter.info("weights/tiny").commercial == "unknown"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("prompt", " "),
        ("negative", "x" * 1001),
        ("steps", 1),
        ("steps", 501),
        ("guidance", 51),
        ("duration_s", 0.04),
        ("duration_s", 47.6),
        ("dtype", "fp8"),
        ("strength", 0.5),
        ("source", "hum.txt"),
    ],
)
def test_each_wrong_key_gets_one_complaint_about_itself(key: str, value: Any) -> None:
    assert [complaint.key for complaint in complaints(**{key: value})] == [key]


def test_without_torchsde_the_extra_is_named(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weighted, "missing_extra", lambda: None)
    around = Surroundings(tiny, device="cpu")
    assert adapter.unavailable(adapter.info("weights/tiny"), around) is None
    monkeypatch.setattr("sfxgen.models.stable_audio.find_spec", lambda name: None)
    found = adapter.unavailable(adapter.info("weights/tiny"), around)
    assert found is not None
    assert found.hint == "pip install 'sfxgen[models]'"


MANIFEST = """
defaults: { model: "stable_audio:weights/tiny", steps: 2, duration_s: 0.5, gates: { duplicate: off } }
sounds:
  step/gravel: { prompt: one footstep on gravel, negative: music, variants: 2 }
  step/wood: { prompt: one footstep on wood, source: hum.wav, strength: 0.5 }
"""


def test_a_build_samples_masters_and_locks_and_a_changed_source_is_stale(game: Game, tiny: Path) -> None:
    shutil.copytree(tiny / "weights", game.root / "weights")
    shutil.copy(tiny / "hum.wav", game.root / "hum.wav")
    game.manifest(MANIFEST)
    report = build(game.root, game.catalog, Options(device="cpu"))
    assert [(f.name, f.error.message) for f in report.failures] == []
    record = game.lock().assets["unity", "step/wood_01"]
    assert record.environment["torchsde"] == version("torchsde")
    assert str(record.revision).startswith("sha256:")
    before = game.tree()
    assert build(game.root, game.catalog, Options(device="cpu")).plan.is_empty
    shutil.rmtree(game.root / "Assets")
    build(game.root, game.catalog, Options(device="cpu", rebuild=True))
    assert game.tree() == before
    soundfile.write(game.root / "hum.wav", np.zeros(RATE), RATE)
    assert [step.ref[1] for step in game.plan(device="cpu").steps if step.action == "generate"] == [
        "step/wood_01"
    ]


def test_weights_of_another_model_are_told_before_anything_loads(game: Game, tiny: Path) -> None:
    shutil.copytree(tiny / "weights", game.root / "weights")
    shutil.copy(tiny / "hum.wav", game.root / "hum.wav")
    index = game.root / "weights/tiny/model_index.json"
    index.write_text(json.dumps({**json.loads(index.read_text()), "_class_name": "StableAudio3Pipeline"}))
    game.manifest(MANIFEST)
    report = build(game.root, game.catalog, Options(device="cpu", only=("step/gravel",)))
    assert (
        "the weights are for StableAudio3Pipeline, not for Stable Audio Open"
        in report.failures[0].error.message
    )
