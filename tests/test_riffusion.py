"""Riffusion on tiny random weights: against diffusers' own pipelines, against itself, and through a build."""

from __future__ import annotations

import hashlib
import math
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from games import Game
from model_sounds import counted
from numpy.typing import NDArray

from sfxgen.build import build
from sfxgen.contracts import Complaint
from sfxgen.errors import Cancelled, ModelError
from sfxgen.events import Event, Sampling, ignore
from sfxgen.models.riffusion import adapter
from sfxgen.recipe import Recipe
from sfxgen.workspace import Options

torch = pytest.importorskip("torch", reason="needs sfxgen[models]: torch is not installed")
diffusers = pytest.importorskip("diffusers", reason="needs sfxgen[models]: diffusers is not installed")
transformers = pytest.importorskip(
    "transformers", reason="needs sfxgen[models]: transformers is not installed"
)

from tiny_riffusion import save_tiny_riffusion  # noqa: E402

from sfxgen.models import riffusion_picture  # noqa: E402
from sfxgen.models.latent_diffusion import make_scheduler  # noqa: E402
from sfxgen.models.riffusion_picture import FREQUENCIES, mel_filters, picture_of, sound_of  # noqa: E402
from sfxgen.models.riffusion_session import (  # noqa: E402
    RiffusionRunner,
    RiffusionSession,
    columns_for,
    load_parts,
)

RATE = 44_100
MADE_RATE = RATE // 2
KNOWN = adapter.models[0]
KEYS = {"prompt": "drums", **KNOWN.defaults}
RECIPE = Recipe(
    model="riffusion:weights/tiny",
    revision=None,
    adapter_version=1,
    base_seed=7,
    take=1,
    prompt="slow drums",
    negative="voice",
    duration_s=0.5,
    steps=3,
    guidance=7.0,
    scheduler="dpmpp_2m",
    dtype="fp32",
)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seek phases in one round: 32 take seconds, and what is tested is the same after one."""
    monkeypatch.setattr(riffusion_picture, "ROUNDS", 1)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with weights and a source in it."""
    root = tmp_path_factory.mktemp("project")
    save_tiny_riffusion(root / "weights/tiny")
    soundfile.write(root / "hum.wav", tone(440, 2.0).numpy(), RATE, subtype="FLOAT")
    return root


@pytest.fixture(scope="module")
def runner(tiny: Path) -> RiffusionRunner:
    return RiffusionRunner(load_parts(tiny / "weights/tiny", "cpu", "fp32"), model="tiny", root=tiny)


@pytest.fixture(scope="module")
def batched(tiny: Path) -> RiffusionSession:
    return RiffusionSession(
        tiny / "weights/tiny", model="tiny", device="cpu", root=tiny, dtype="fp32", batch=2
    )


def tone(hertz: float, seconds: float) -> Any:
    return 0.3 * torch.sin(2 * math.pi * hertz * torch.arange(round(seconds * RATE)) / RATE)


def from_source(root: Path, strength: float, **changes: Any) -> Recipe:
    digest = hashlib.sha256((root / "hum.wav").read_bytes()).hexdigest()
    params = {"source": "hum.wav", "digest": digest, "strength": strength}
    return replace(RECIPE, params=params, **changes)


def picture(runner: RiffusionRunner, recipe: Recipe) -> NDArray[np.float32]:
    with torch.inference_mode():
        shape = runner.shape(recipe)
        latents = runner.latents([recipe], shape, 1, on_step=lambda i, n: None, on_event=ignore)
        found: NDArray[np.float32] = runner.picture(latents).numpy()
    return found


def sounds(session: RiffusionSession, *recipes: Recipe) -> list[NDArray[np.float32]]:
    return [clip.samples for clip in session.generate(recipes, on_event=ignore, cancelled=lambda: False)]


def pipeline_picture(root: Path, recipe: Recipe, cls: str, **more: Any) -> NDArray[np.float32]:
    """Return the red of what diffusers' pipeline paints for a recipe."""
    pipeline = getattr(diffusers, cls).from_pretrained(
        root / "weights/tiny", safety_checker=None, feature_extractor=None
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = make_scheduler(pipeline.scheduler, recipe.scheduler or "default")
    found = pipeline(
        recipe.prompt,
        num_inference_steps=recipe.steps,
        guidance_scale=recipe.guidance,
        negative_prompt=recipe.negative or None,
        generator=[torch.Generator("cpu").manual_seed(recipe.seed)],
        output_type="np",
        **more,
    )
    red: NDArray[np.float32] = found.images[0][:, :, 0]
    return red


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"negative": "", "scheduler": "default"},
        {"guidance": 1.0, "scheduler": "euler_a"},
        {"duration_s": 5.5, "steps": 2},
        {"prompt": "a prompt with many more bytes than the tokenizer lets through"},
    ],
    ids=str,
)
def test_a_picture_is_bit_for_bit_what_diffusers_pipeline_paints(
    tiny: Path, runner: RiffusionRunner, changes: dict[str, Any]
) -> None:
    recipe = replace(RECIPE, **changes)
    width = columns_for(round((recipe.duration_s or 0) * MADE_RATE))
    expected = pipeline_picture(tiny, recipe, "StableDiffusionPipeline", height=512, width=width)
    assert expected.shape == (512, width)
    assert expected.std() > 0.01
    np.testing.assert_array_equal(picture(runner, recipe), expected)


def test_a_source_s_picture_is_painted_over_as_the_image_to_image_pipeline_does(
    tiny: Path, runner: RiffusionRunner
) -> None:
    recipe = from_source(tiny, 0.5, steps=4)
    heard, _ = soundfile.read(tiny / "hum.wav", dtype="float32")
    waveform = torch.zeros(512 * 441)
    waveform[: len(heard)] = torch.from_numpy(heard)
    image = picture_of(waveform).expand(1, 3, -1, -1)
    expected = pipeline_picture(tiny, recipe, "StableDiffusionImg2ImgPipeline", image=image, strength=0.5)
    np.testing.assert_array_equal(picture(runner, recipe), expected)


def test_strength_0_is_the_source_through_the_vae_and_1_is_none_of_it(
    tiny: Path, runner: RiffusionRunner
) -> None:
    np.testing.assert_array_equal(picture(runner, from_source(tiny, 1.0)), picture(runner, RECIPE))
    untouched = picture(runner, from_source(tiny, 0.0))
    assert not np.array_equal(untouched, picture(runner, RECIPE))
    np.testing.assert_array_equal(
        untouched, picture(runner, from_source(tiny, 0.0, prompt="another", guidance=1.0))
    )


def test_a_take_is_the_same_alone_and_in_any_company(tiny: Path, batched: RiffusionSession) -> None:
    recipes = [replace(RECIPE, prompt=prompt, take=i, steps=1) for i, prompt in enumerate(("a", "b", "c"), 1)]
    recipes.append(from_source(tiny, 0.5, steps=2))
    alone = [sounds(batched, recipe)[0] for recipe in recipes]
    for recipe, sound in zip(recipes[::-1], sounds(batched, *recipes[::-1]), strict=True):
        np.testing.assert_array_equal(sound, alone[recipes.index(recipe)])
    assert len({sound.tobytes() for sound in alone}) == len(recipes)


def test_clips_have_the_rate_the_channel_the_length_and_the_peak(batched: RiffusionSession) -> None:
    for duration_s in (0.123, 5.12):
        recipe = replace(RECIPE, duration_s=duration_s, steps=1)
        (clip,) = batched.generate([recipe], on_event=ignore, cancelled=lambda: False)
        assert (clip.sample_rate, clip.channels, clip.frames) == (MADE_RATE, 1, round(duration_s * MADE_RATE))
        assert 0.01 < np.abs(clip.samples).max() < 0.9


def test_a_take_that_names_no_length_is_as_long_as_its_source(tiny: Path, batched: RiffusionSession) -> None:
    (sound,) = sounds(batched, from_source(tiny, 0.5, duration_s=None))
    assert len(sound) == 2 * MADE_RATE
    with pytest.raises(ModelError, match="without a source needs duration_s"):
        sounds(batched, replace(RECIPE, duration_s=None))


def test_each_step_is_told_and_can_be_the_last(batched: RiffusionSession) -> None:
    heard: list[Event] = []
    list(batched.generate([RECIPE], on_event=heard.append, cancelled=lambda: False))
    assert [(e.step, e.steps) for e in heard if isinstance(e, Sampling)] == [(i, 3) for i in range(1, 4)]
    heard.clear()
    with pytest.raises(Cancelled):
        list(batched.generate([RECIPE], on_event=heard.append, cancelled=lambda: len(heard) == 1))
    assert len(heard) == 1


def test_a_run_can_be_stopped_between_two_takes_that_are_decoded(
    batched: RiffusionSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = counted(batched._loaded().parts.vae, monkeypatch, "decode")  # type: ignore[attr-defined]
    recipes = [replace(RECIPE, take=i, steps=1) for i in range(2)]
    with pytest.raises(Cancelled):
        list(batched.generate(recipes, on_event=ignore, cancelled=lambda: len(decoded) == 1))
    assert decoded == [1]


def test_a_source_that_has_changed_is_an_error(tiny: Path, batched: RiffusionSession) -> None:
    recipe = from_source(tiny, 0.5)
    with pytest.raises(ModelError, match="changed while the build ran"):
        sounds(batched, replace(recipe, params={**recipe.params, "digest": "0" * 64}))


def test_the_width_of_a_picture_follows_from_the_length() -> None:
    assert [columns_for(round(s * MADE_RATE)) for s in (0.1, 5.12, 5.13, 10.24)] == [512, 512, 576, 1024]


def heard(wanted: Any, rounds: int) -> Any:
    """Return the sound of a picture, at the rate of the sound under it."""
    drawn = torch.rand(FREQUENCIES, wanted.shape[1], generator=torch.Generator().manual_seed(0))
    return sound_of(wanted, drawn, rounds).repeat_interleave(2)


def test_a_tone_and_a_click_come_back_where_they_were() -> None:
    waveform = torch.cat([tone(440, 1.0), torch.zeros(RATE)])
    waveform[RATE + RATE // 2] = 1.0
    back = heard(picture_of(waveform), rounds=8)
    assert len(back) == 2 * RATE
    assert float(back.abs().max()) == pytest.approx(riffusion_picture.PEAK)
    spectrum = torch.fft.rfft(back[4410:][: RATE // 2] * torch.hann_window(RATE // 2)).abs()
    assert 2 * int(spectrum.argmax()) == pytest.approx(440, abs=4)
    click = int(back[RATE + 4410 :].abs().argmax()) + RATE + 4410
    assert click == pytest.approx(RATE + RATE // 2, abs=900)


def test_more_rounds_bring_the_picture_back_better() -> None:
    noise = torch.randn(2 * RATE, generator=torch.Generator().manual_seed(3)) * tone(2, 2.0).square()
    wanted = picture_of(noise)
    # What is repeated sample by sample mirrors its spectrum above 11 kHz, which no picture shows.
    errors = [float((picture_of(heard(wanted, rounds)) - wanted).square().mean()) for rounds in (0, 8)]
    assert errors[1] < 0.3 * errors[0]


def test_the_mels_are_htk_s_and_undone_by_least_squares() -> None:
    filters = mel_filters()
    theirs = transformers.audio_utils.mel_filter_bank(FREQUENCIES, 512, 0, 10_000, 20_000, None, "htk")
    np.testing.assert_allclose(filters.numpy(), theirs, rtol=0, atol=1e-9)
    # Row 256 is centred on mel 257 of 513 steps up to 10 kHz.
    centre = 700 * (10 ** (257 / 513 * math.log10(1 + 10_000 / 700)) - 1)
    assert float(filters[:, 256].argmax()) * 2.5 == pytest.approx(centre, abs=1.25)
    some = torch.rand(512, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    expected = torch.linalg.lstsq(filters.T, some, driver="gelsd").solution.clamp_min(0)
    found = riffusion_picture.magnitudes_of((1 - some.float() ** 0.25).flip(0))
    torch.testing.assert_close(found.double(), expected, atol=1e-5, rtol=0)


def test_an_all_white_picture_is_silence() -> None:
    assert not sound_of(torch.ones(512, 64), torch.zeros(FREQUENCIES, 64), rounds=1).any()
    assert (picture_of(torch.zeros(RATE)) == 1).all()


def complaints(**keys: Any) -> list[Complaint]:
    return list(adapter.complaints(KNOWN, {**KEYS, **keys}))


def test_the_defaults_are_fine_and_the_facts_are_the_published_ones() -> None:
    assert complaints() == []
    assert (KNOWN.sample_rate, KNOWN.channels, KNOWN.best_duration_s) == (MADE_RATE, 1, 5.12)
    assert KNOWN.commercial == "conditions"
    assert adapter.params(KNOWN, KEYS, kind="one_shot") == {}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("prompt", ""),
        ("negative", "x" * 401),
        ("steps", 0),
        ("guidance", 50.5),
        ("duration_s", 10.5),
        ("scheduler", "dpmpp"),
        ("dtype", "int8"),
        ("strength", 0.5),
    ],
)
def test_each_wrong_key_gets_one_complaint_about_itself(key: str, value: Any) -> None:
    assert [complaint.key for complaint in complaints(**{key: value})] == [key]


def test_a_build_paints_hears_masters_and_locks(game: Game, tiny: Path) -> None:
    shutil.copytree(tiny / "weights", game.root / "weights")
    shutil.copy(tiny / "hum.wav", game.root / "hum.wav")
    game.manifest("""
defaults: { model: "riffusion:weights/tiny", steps: 2, duration_s: 0.5, gates: { duplicate: off } }
sounds:
  drums/slow: { prompt: slow drums, negative: voice }
  drums/hum: { prompt: slow drums, source: hum.wav, strength: 0.5 }
""")
    report = build(game.root, game.catalog, Options(device="cpu"))
    assert [(f.name, f.error.message) for f in report.failures] == []
    before = game.tree()
    shutil.rmtree(game.root / "Assets")
    build(game.root, game.catalog, Options(device="cpu", rebuild=True))
    assert game.tree() == before
    assert game.lock().assets["unity", "drums/slow_01"].environment["batch"] == "1"
