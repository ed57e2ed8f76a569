"""AudioLDM on a GPU: the same promises as on the CPU. Opt in with SFXGEN_GPU_TESTS=1."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sfxgen.events import ignore
from sfxgen.recipe import Recipe

if os.environ.get("SFXGEN_GPU_TESTS") != "1":
    pytest.skip("needs a GPU: set SFXGEN_GPU_TESTS=1 to run", allow_module_level=True)
torch: Any = pytest.importorskip("torch", reason="needs sfxgen[models]: torch is not installed")
if not torch.cuda.is_available():
    pytest.skip("needs a GPU: torch finds no CUDA device", allow_module_level=True)

import diffusers  # noqa: E402
from tiny_models import TINY_RECIPE as RECIPE  # noqa: E402
from tiny_models import save_tiny_audioldm  # noqa: E402

from sfxgen.models.diffusion_session import LatentDiffusionSession  # noqa: E402
from sfxgen.models.latent_diffusion import make_scheduler  # noqa: E402
from sfxgen.models.torch_session import deterministic  # noqa: E402

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_audioldm(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def session(tiny: Path) -> LatentDiffusionSession:
    return LatentDiffusionSession(tiny, model="tiny", device="cuda", dtype="fp32")


def sounds(session: LatentDiffusionSession, *recipes: Recipe) -> list[NDArray[np.float32]]:
    return [clip.samples for clip in session.generate(recipes, on_event=ignore, cancelled=lambda: False)]


@pytest.mark.parametrize("dtype", ["fp32", "fp16", "bf16"])
@pytest.mark.parametrize("scheduler", ["dpmpp_2m", "euler_a"])
def test_a_take_s_bits_do_not_depend_on_its_company(
    session: LatentDiffusionSession, dtype: str, scheduler: str
) -> None:
    recipe = replace(RECIPE, dtype=dtype, scheduler=scheduler)
    others = [replace(recipe, take=take, prompt=f"door {take}") for take in range(2, 22)]
    alone = sounds(session, recipe)[0]
    np.testing.assert_array_equal(alone, sounds(session, recipe, *others)[0])
    np.testing.assert_array_equal(alone, sounds(session, *others, recipe)[-1])


def test_a_fresh_session_gives_the_same_bits(tiny: Path, session: LatentDiffusionSession) -> None:
    fresh = LatentDiffusionSession(tiny, model="tiny", device="cuda", dtype="fp32")
    np.testing.assert_array_equal(sounds(fresh, RECIPE)[0], sounds(session, RECIPE)[0])


@pytest.mark.parametrize("scheduler", ["ddim", "dpmpp_2m", "euler_a"])
def test_a_take_is_bit_for_bit_what_diffusers_pipeline_makes(tiny: Path, scheduler: str) -> None:
    recipe = replace(RECIPE, scheduler=scheduler)
    pipeline = diffusers.AudioLDMPipeline.from_pretrained(tiny).to("cuda")
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = make_scheduler(pipeline.scheduler, scheduler)
    with deterministic():
        theirs = pipeline(
            recipe.prompt,
            audio_length_in_s=recipe.duration_s,
            num_inference_steps=recipe.steps,
            guidance_scale=recipe.guidance,
            negative_prompt=recipe.negative,
            generator=[torch.Generator("cpu").manual_seed(recipe.seed)],
        ).audios[0]
    alone = LatentDiffusionSession(tiny, model="tiny", device="cuda", dtype="fp32", batch=1)
    np.testing.assert_array_equal(sounds(alone, recipe)[0][:, 0], theirs)


def test_an_fp32_take_sounds_as_on_the_cpu(tiny: Path, session: LatentDiffusionSession) -> None:
    cpu = LatentDiffusionSession(tiny, model="tiny", device="cpu", dtype="fp32")
    np.testing.assert_allclose(sounds(session, RECIPE)[0], sounds(cpu, RECIPE)[0], rtol=0, atol=1e-3)


def test_the_environment_names_the_gpu(session: LatentDiffusionSession) -> None:
    sounds(session, RECIPE)
    assert session.environment["device"] == torch.cuda.get_device_name()
    assert session.environment["batch"] == "16"
