"""AudioLDM's sampling on tiny random weights, against diffusers' own pipeline and against itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_sounds import counted
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip
from sfxgen.errors import Cancelled, ModelError
from sfxgen.events import Event, Notice, Sampling, ignore
from sfxgen.models.schedulers import SCHEDULER_NAMES
from sfxgen.recipe import Recipe, derive_seed

torch = pytest.importorskip("torch", reason="needs sfxgen[models]: torch is not installed")
diffusers = pytest.importorskip("diffusers", reason="needs sfxgen[models]: diffusers is not installed")
pytest.importorskip("transformers", reason="needs sfxgen[models]: transformers is not installed")

from tiny_models import TINY_RECIPE as RECIPE  # noqa: E402
from tiny_models import save_tiny_audioldm  # noqa: E402

from sfxgen.models.diffusion_session import (  # noqa: E402
    LatentDiffusionSession,
    LatentRunner,
    canonical_batch,
)
from sfxgen.models.latent_diffusion import ClapText, initial_noise, make_scheduler  # noqa: E402
from sfxgen.models.torch_session import deterministic, out_of_memory  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_audioldm(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def session(tiny: Path) -> LatentDiffusionSession:
    return LatentDiffusionSession(tiny, model="tiny", device="cpu", dtype="fp32")


@pytest.fixture(scope="module")
def batched(tiny: Path) -> LatentDiffusionSession:
    return LatentDiffusionSession(tiny, model="tiny", device="cpu", dtype="fp32", batch=4)


@pytest.fixture(scope="module")
def pipeline(tiny: Path) -> Any:
    found = diffusers.AudioLDMPipeline.from_pretrained(tiny)
    found.set_progress_bar_config(disable=True)
    return found


def makes(session: LatentDiffusionSession, *recipes: Recipe) -> list[Clip]:
    return list(session.generate(recipes, on_event=ignore, cancelled=lambda: False))


def sounds(session: LatentDiffusionSession, *recipes: Recipe) -> list[NDArray[np.float32]]:
    return [clip.samples for clip in makes(session, *recipes)]


def pipeline_sound(pipeline: Any, recipe: Recipe) -> NDArray[np.float32]:
    """Return what diffusers' pipeline makes of a recipe: (frames, 1)."""
    pipeline.scheduler = make_scheduler(load_scheduler(pipeline), recipe.scheduler or "default")
    found = pipeline(
        recipe.prompt,
        audio_length_in_s=recipe.duration_s,
        num_inference_steps=recipe.steps,
        guidance_scale=recipe.guidance,
        negative_prompt=recipe.negative or None,
        generator=[torch.Generator("cpu").manual_seed(recipe.seed)],
    )
    waveform: NDArray[np.float32] = found.audios[0][:, np.newaxis]
    return waveform


def load_scheduler(pipeline: Any) -> Any:
    return diffusers.DDIMScheduler.from_pretrained(Path(pipeline.config._name_or_path) / "scheduler")


@pytest.mark.parametrize("scheduler", SCHEDULER_NAMES)
def test_a_take_is_bit_for_bit_what_diffusers_pipeline_makes(
    session: LatentDiffusionSession, pipeline: Any, scheduler: str
) -> None:
    recipe = replace(RECIPE, scheduler=scheduler, steps=5)
    np.testing.assert_array_equal(sounds(session, recipe)[0], pipeline_sound(pipeline, recipe))


@pytest.mark.parametrize(
    "changes",
    [
        {"negative": ""},
        {"guidance": 1.0},
        {"guidance": 0.0},
        {"guidance": 7.5},
        {"duration_s": 0.04},
        {"duration_s": 1.0, "steps": 1},
        {"prompt": "a prompt that has many more bytes than the tiny model's tokenizer lets through"},
    ],
    ids=str,
)
def test_the_pipeline_agrees_whatever_the_settings(
    session: LatentDiffusionSession, pipeline: Any, changes: dict[str, Any]
) -> None:
    recipe = replace(RECIPE, **changes)
    np.testing.assert_array_equal(sounds(session, recipe)[0], pipeline_sound(pipeline, recipe))


def test_a_batch_agrees_with_the_pipeline_s_batch(batched: LatentDiffusionSession, pipeline: Any) -> None:
    recipes = [replace(RECIPE, take=take) for take in (1, 2, 3, 4)]
    pipeline.scheduler = make_scheduler(load_scheduler(pipeline), "dpmpp_2m")
    theirs = pipeline(
        RECIPE.prompt,
        audio_length_in_s=0.5,
        num_inference_steps=3,
        guidance_scale=2.5,
        negative_prompt="music",
        num_waveforms_per_prompt=4,
        generator=[torch.Generator("cpu").manual_seed(recipe.seed) for recipe in recipes],
    ).audios
    ours = np.stack([sound[:, 0] for sound in sounds(batched, *recipes)])
    # The pipeline decodes four at once and this decodes one at a time: the sums are in another order.
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)


def test_prompt_negative_seed_and_guidance_all_count(session: LatentDiffusionSession) -> None:
    others: list[dict[str, Any]] = [
        {},
        {"prompt": "rain"},
        {"negative": "speech"},
        {"take": 2},
        {"guidance": 4.0},
        {"attempt": 1},
    ]
    made = [sounds(session, replace(RECIPE, **changes))[0] for changes in others]
    assert len({sound.tobytes() for sound in made}) == len(others)


def test_noise_is_the_seed_s_alone() -> None:
    seed = derive_seed(7, 1)
    noise, generator = initial_noise(seed, (8, 13, 4))
    expected = torch.Generator("cpu").manual_seed(seed)
    assert torch.equal(noise, torch.randn((1, 8, 13, 4), generator=expected))
    assert torch.equal(torch.randn(3, generator=generator), torch.randn(3, generator=expected))


@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
@pytest.mark.parametrize("scheduler", ["dpmpp_2m", "euler_a"])
def test_a_take_s_bits_do_not_depend_on_its_company(
    batched: LatentDiffusionSession, dtype: str, scheduler: str
) -> None:
    recipe = replace(RECIPE, dtype=dtype, scheduler=scheduler)
    others = [
        replace(recipe, take=2),
        replace(recipe, prompt="rain on a tin roof", negative=""),
        replace(recipe, take=3, prompt="a door"),
        replace(recipe, take=9, duration_s=0.2),
        replace(recipe, take=5, guidance=1.0),
        replace(recipe, take=6),
    ]
    alone = [sounds(batched, one)[0] for one in (recipe, *others)]
    together = sounds(batched, recipe, *others)
    backwards = sounds(batched, *reversed(others), recipe)[::-1]
    for one, two, three in zip(alone, together, backwards, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)


def test_clips_come_in_order_whatever_their_shapes(batched: LatentDiffusionSession) -> None:
    lengths = [0.5, 0.2, 0.5, 0.3, 0.2, 0.5]
    clips = makes(batched, *(replace(RECIPE, duration_s=s, take=i) for i, s in enumerate(lengths)))
    assert [clip.frames for clip in clips] == [8000, 3200, 8000, 4800, 3200, 8000]


@pytest.mark.parametrize("duration_s", [0.04, 0.0401, 0.1, 0.57, 0.999, 1.0])
def test_a_clip_has_exactly_the_asked_length(session: LatentDiffusionSession, duration_s: float) -> None:
    (clip,) = makes(session, replace(RECIPE, duration_s=duration_s, steps=1))
    assert (clip.frames, clip.channels, clip.sample_rate) == (round(duration_s * 16000), 1, 16000)


def test_a_prompt_is_embedded_once_and_kept(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = LatentDiffusionSession(tiny, model="tiny", device="cpu", dtype="fp32")
    assert isinstance(session._runner, LatentRunner)
    conditioner = session._runner.parts.conditioner
    assert isinstance(conditioner, ClapText)
    seen = counted(conditioner.text_encoder, monkeypatch)
    makes(session, *(replace(RECIPE, take=take) for take in (1, 2, 3)))
    makes(session, replace(RECIPE, prompt="music", negative=RECIPE.prompt))
    assert len(seen) == 2


def test_every_batch_has_the_canonical_rows(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = LatentDiffusionSession(tiny, model="tiny", device="cpu", dtype="fp32", batch=4)
    assert isinstance(session._runner, LatentRunner)
    seen = counted(session._runner.parts.unet, monkeypatch)
    makes(session, *(replace(RECIPE, take=take, steps=1) for take in range(5)))
    makes(session, replace(RECIPE, steps=1, guidance=1.0))
    assert seen == [8, 8, 4]


@pytest.mark.parametrize(
    ("device", "latent_steps", "rows"),
    [("cpu", 1, 1), ("cpu", 750, 1), ("cuda", 1, 16), ("cuda", 128, 8), ("cuda", 129, 4), ("cuda", 2000, 1)],
)
def test_the_canonical_batch_is_set_by_the_length_alone(device: str, latent_steps: int, rows: int) -> None:
    assert canonical_batch(device, latent_steps) == rows


def running_out_above(rows: int, module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    forward: Callable[..., Any] = module.forward

    def bounded(sample: Any, *args: Any, **kwargs: Any) -> Any:
        if len(sample) > rows:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return forward(sample, *args, **kwargs)

    monkeypatch.setattr(module, "forward", bounded)


def test_out_of_memory_halves_the_batch_and_says_so(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = LatentDiffusionSession(tiny, model="tiny", device="cpu", dtype="fp32", batch=8)
    assert isinstance(session._runner, LatentRunner)
    running_out_above(4, session._runner.parts.unet, monkeypatch)
    heard: list[Event] = []
    recipes = [replace(RECIPE, take=take) for take in range(5)]
    clips = list(session.generate(recipes, on_event=heard.append, cancelled=lambda: False))
    said = [event.message for event in heard if isinstance(event, Notice)]
    assert said == [
        "tiny: out of memory with 8 takes at once, going on with 4",
        "tiny: out of memory with 4 takes at once, going on with 2",
    ]
    assert session.environment["batch"] == "2"
    monkeypatch.undo()
    two = LatentDiffusionSession(tiny, model="tiny", device="cpu", dtype="fp32", batch=2)
    for clip, expected in zip(clips, sounds(two, *recipes), strict=True):
        np.testing.assert_array_equal(clip.samples, expected)


def test_a_smaller_batch_for_long_takes_leaves_short_ones_theirs(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = LatentDiffusionSession(tiny, model="tiny", device="cpu", dtype="fp32", batch=4)
    assert isinstance(session._runner, LatentRunner)
    forward: Callable[..., Any] = session._runner.parts.unet.forward

    def bounded(sample: Any, *args: Any, **kwargs: Any) -> Any:
        if sample.shape[0] * sample.shape[2] > 60:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")
        return forward(sample, *args, **kwargs)

    monkeypatch.setattr(session._runner.parts.unet, "forward", bounded)
    long, short = RECIPE, replace(RECIPE, duration_s=0.2)
    batches = []
    for _ in session.generate([long, short, long], on_event=ignore, cancelled=lambda: False):
        batches.append(session.environment["batch"])
    assert batches == ["2", "4", "2"]


def test_memory_that_does_not_fit_one_take_is_an_error(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = LatentDiffusionSession(tiny, model="tiny", device="cpu", dtype="fp32", batch=2)
    assert isinstance(session._runner, LatentRunner)
    running_out_above(0, session._runner.parts.unet, monkeypatch)
    with pytest.raises(ModelError, match="not enough memory") as caught:
        makes(session, RECIPE)
    assert "shorten" in caught.value.hint


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 8 GB)"), True),
        (RuntimeError("shape mismatch"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_what_counts_as_out_of_memory(error: Exception, expected: bool) -> None:
    assert out_of_memory(error) is expected


def test_another_failure_is_a_model_error(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = LatentDiffusionSession(tiny, model="tiny", device="cpu", dtype="fp32")
    assert isinstance(session._runner, LatentRunner)

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("CUDA error: an illegal memory access was encountered\nstack…")

    monkeypatch.setattr(session._runner.parts.vocoder, "forward", broken)
    with pytest.raises(ModelError, match=r"tiny failed while sampling: CUDA error: an illegal memory access"):
        makes(session, RECIPE)


def test_sampling_is_reported_after_every_step(session: LatentDiffusionSession) -> None:
    heard: list[Event] = []
    list(session.generate([RECIPE], on_event=heard.append, cancelled=lambda: False))
    assert heard == [Sampling("tiny", step, 3, 1) for step in (1, 2, 3)]


def test_a_cancelled_run_stops_before_the_next_take_is_decoded(
    batched: LatentDiffusionSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(batched._runner, LatentRunner)
    vocoded = counted(batched._runner.parts.vocoder, monkeypatch)
    takes = [RECIPE, replace(RECIPE, take=2), replace(RECIPE, take=3)]
    with pytest.raises(Cancelled):
        list(batched.generate(takes, on_event=ignore, cancelled=lambda: len(vocoded) == 2))
    assert len(vocoded) == 2


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_cancelled_run_stops_before_the_next_step(session: LatentDiffusionSession, after: int) -> None:
    heard: list[Event] = []
    with pytest.raises(Cancelled):
        list(session.generate([RECIPE], on_event=heard.append, cancelled=lambda: len(heard) >= after))
    assert len(heard) == after


def test_a_prompt_too_long_for_the_model_is_told(session: LatentDiffusionSession) -> None:
    heard: list[Event] = []
    recipe = replace(RECIPE, prompt="x" * 40)
    list(session.generate([recipe], on_event=heard.append, cancelled=lambda: False))
    said = [event.message for event in heard if isinstance(event, Notice)]
    assert len(said) == 1
    assert "hears the first 32 of 42 tokens" in said[0]


def test_dtypes_can_be_mixed_and_leave_no_trace(tiny: Path) -> None:
    session = LatentDiffusionSession(tiny, model="tiny", device="cpu", dtype="fp32")
    full, half = RECIPE, replace(RECIPE, dtype="bf16")
    seen = []
    clips = []
    for clip in session.generate([full, half, full], on_event=ignore, cancelled=lambda: False):
        clips.append(clip.samples)
        seen.append(session.environment["dtype"])
    assert seen == ["fp32", "bf16", "fp32"]
    np.testing.assert_array_equal(clips[0], clips[2])
    assert not np.array_equal(clips[0], clips[1])


@pytest.mark.native_dtypes
def test_a_dtype_that_is_only_emulated_is_computed_in_fp32(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = replace(RECIPE, dtype="bf16")
    for found, dtype in (({}, "fp32"), ({"amx_bf16": True}, "bf16"), ({"avx512_fp16": True}, "fp32")):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda found=found: found)
        session = LatentDiffusionSession(tiny, model="tiny", device="cpu", dtype="fp32")
        (clip,) = makes(session, half)
        assert session.environment["dtype"] == dtype
        if dtype == "fp32":
            np.testing.assert_array_equal(clip.samples, sounds(session, RECIPE)[0])


def test_bf16_sounds_like_fp32(session: LatentDiffusionSession) -> None:
    full, half = sounds(session, RECIPE, replace(RECIPE, dtype="bf16"))
    assert np.std(full - half) < 0.2 * np.std(full)


def test_no_torch_mode_is_on_between_clips_or_after(batched: LatentDiffusionSession) -> None:
    torch.backends.cudnn.benchmark = True
    try:
        for _ in batched.generate(
            [RECIPE, replace(RECIPE, steps=2)], on_event=ignore, cancelled=lambda: False
        ):
            assert not torch.is_inference_mode_enabled()
            assert not torch.are_deterministic_algorithms_enabled()
            assert torch.backends.cudnn.benchmark
    finally:
        torch.backends.cudnn.benchmark = False


def test_deterministic_sets_the_switches_and_puts_them_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    torch.set_float32_matmul_precision("high")
    try:
        with deterministic():
            assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"
            assert torch.are_deterministic_algorithms_enabled()
            assert torch.backends.cudnn.deterministic
        assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
        assert not torch.are_deterministic_algorithms_enabled()
        assert not torch.backends.cudnn.deterministic
        assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision("highest")


def test_the_environment_names_all_that_decides_the_bits(session: LatentDiffusionSession) -> None:
    makes(session, RECIPE)
    environment = dict(session.environment)
    assert environment.pop("device").startswith("cpu")
    assert environment == {
        "torch": torch.__version__,
        "diffusers": diffusers.__version__,
        "transformers": environment["transformers"],
        "dtype": "fp32",
        "batch": "1",
        "threads": "1",
    }


def test_a_closed_session_is_an_error(tiny: Path) -> None:
    session = LatentDiffusionSession(tiny, model="tiny", device="cpu", dtype="fp32")
    session.close()
    with pytest.raises(ModelError, match="closed"):
        makes(session, RECIPE)


def test_a_recipe_with_a_setting_left_open_is_an_error(session: LatentDiffusionSession) -> None:
    with pytest.raises(ModelError, match="needs duration_s"):
        makes(session, replace(RECIPE, steps=None))


@pytest.mark.parametrize("name", SCHEDULER_NAMES)
@pytest.mark.parametrize("steps", [1, 500])
def test_schedulers_work_over_the_whole_range_of_steps(pipeline: Any, name: str, steps: int) -> None:
    scheduler = make_scheduler(load_scheduler(pipeline), name)
    scheduler.set_timesteps(steps)
    x = torch.ones(1, 8, 2, 2) * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        x = scheduler.step(0.1 * scheduler.scale_model_input(x, t), t, x).prev_sample
    assert torch.isfinite(x).all()


def test_a_scheduler_is_fresh_for_every_batch_and_keeps_the_weights_noise_schedule(pipeline: Any) -> None:
    template = load_scheduler(pipeline)
    one, two = make_scheduler(template, "default"), make_scheduler(template, "dpmpp_2m")
    assert one is not template
    assert two.config.beta_end == template.config.beta_end == 0.0195
    assert two.config.algorithm_type == "dpmsolver++"
