"""What generating costs: takes a second by sfxgen's session, and by a plain loop of diffusers pipeline calls, in one run.

    python benchmarks/generation.py                      on the GPU that there is, else on the processor
    python benchmarks/generation.py --takes 2 --steps 5  fewer takes and steps, for a slow processor
    python benchmarks/generation.py --check              exits with 1 below what we promise

Both run full-size AudioLDM-S, built from its published configuration with random weights: what a layer costs does not
depend on its values. The loop is what somebody writes after reading diffusers' documentation: one pipeline call a take,
in fp32 as weights load by default. sfxgen's is what a build does: all takes to one session, in the model's default dtype.
"""

from __future__ import annotations

import argparse
import platform
import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import diffusers
import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode

from sfxgen.errors import SfxgenError
from sfxgen.events import ignore
from sfxgen.models.audioldm import DEFAULTS
from sfxgen.models.audioldm import adapter as audioldm
from sfxgen.models.diffusion_session import LatentRunner
from sfxgen.models.latent_diffusion import ClapText, Parts
from sfxgen.models.torch_session import DTYPES, TorchSession, runs_fast
from sfxgen.recipe import Recipe

PROMISED_CPU, PROMISED_GPU = 2.0, 5.0
PROMPTS = ("one footstep on gravel, close, dry", "a heavy door falls shut", "rain on a tin roof")
NEGATIVE = "music, speech, low quality"
HEARD_TOKENS = 512
MATRIX = 4096


def full_size() -> dict[str, Any]:
    """Return AudioLDM-S's parts as `cvssp/audioldm-s-full-v2` publishes their configurations, of random weights."""
    torch.manual_seed(0)
    blocks = 3
    return {
        "unet": diffusers.UNet2DConditionModel(
            sample_size=128,
            in_channels=8,
            out_channels=8,
            layers_per_block=2,
            block_out_channels=(128, 256, 384, 640),
            down_block_types=("DownBlock2D", *("CrossAttnDownBlock2D",) * blocks),
            up_block_types=(*("CrossAttnUpBlock2D",) * blocks, "UpBlock2D"),
            attention_head_dim=8,
            cross_attention_dim=(128, 256, 384, 640),
            class_embed_type="simple_projection",
            projection_class_embeddings_input_dim=512,
            class_embeddings_concat=True,
        ),
        "vae": diffusers.AutoencoderKL(
            in_channels=1,
            out_channels=1,
            latent_channels=8,
            layers_per_block=2,
            block_out_channels=(128, 256, 512),
            down_block_types=("DownEncoderBlock2D",) * blocks,
            up_block_types=("UpDecoderBlock2D",) * blocks,
            scaling_factor=0.9227914214134216,
        ),
        "vocoder": transformers.SpeechT5HifiGan(
            transformers.SpeechT5HifiGanConfig(
                model_in_dim=64,
                sampling_rate=16000,
                upsample_initial_channel=1024,
                upsample_rates=[5, 4, 2, 2, 2],
                upsample_kernel_sizes=[16, 16, 8, 4, 4],
                resblock_kernel_sizes=[3, 7, 11],
                resblock_dilation_sizes=[[1, 3, 5]] * 3,
                normalize_before=False,
            )
        ),
        "text_encoder": transformers.ClapTextModelWithProjection(
            transformers.ClapTextConfig(max_position_embeddings=HEARD_TOKENS + 2)
        ),
        "scheduler": diffusers.DDIMScheduler(
            beta_start=0.0015,
            beta_end=0.0195,
            beta_schedule="scaled_linear",
            clip_sample=False,
            set_alpha_to_one=False,
            steps_offset=1,
        ),
    }


class Tokens:
    """Stands in for the tokenizer: a number for each word, then padding. What is heard costs the same."""

    model_max_length = HEARD_TOKENS

    def __call__(self, text: str | Sequence[str], **asked: Any) -> Any:
        texts = [text] if isinstance(text, str) else list(text)
        rows = [[0, *(sum(map(ord, word)) % 50_000 + 3 for word in one.split()), 2] for one in texts]
        if not asked:
            return transformers.BatchEncoding({"input_ids": rows[0]})
        ids = torch.full((len(rows), HEARD_TOKENS), 1)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = torch.tensor(row)
        return transformers.BatchEncoding({"input_ids": ids, "attention_mask": (ids != 1).long()})


@dataclass(frozen=True, slots=True)
class Cost:
    """What so many takes cost."""

    takes: int
    cpu_s: float
    wall_s: float
    memory_gb: float

    def a_second(self, *, of_cpu: bool) -> float:
        """Takes a second, of CPU time or on the clock."""
        return self.takes / (self.cpu_s if of_cpu else self.wall_s)


def measured(device: str, takes: int, work: Callable[[], object]) -> Cost:
    """Run some work once, and return what it took."""
    if device == "cuda":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
        memory = torch.cuda.max_memory_allocated()
    else:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Cost(takes, time.process_time() - cpu, time.perf_counter() - wall, memory / 1e9)


def plain_loop(parts: Mapping[str, Any], device: str, recipes: Sequence[Recipe]) -> Callable[[], object]:
    """Return the loop that sfxgen is compared with."""
    pipe = diffusers.AudioLDMPipeline(**{**parts, "tokenizer": Tokens()})
    pipe.set_progress_bar_config(disable=True)
    pipe.scheduler = diffusers.DPMSolverMultistepScheduler.from_config(pipe.scheduler.config)
    pipe = pipe.to(device)

    def run() -> None:
        for recipe in recipes:
            pipe(
                recipe.prompt,
                negative_prompt=recipe.negative,
                audio_length_in_s=recipe.duration_s,
                num_inference_steps=recipe.steps,
                guidance_scale=recipe.guidance,
                generator=torch.Generator("cpu").manual_seed(recipe.seed),
            )

    return run


def session_of(parts: Mapping[str, Any], device: str) -> TorchSession:
    """Return sfxgen's session over the same parts."""

    def load(dtype: str) -> LatentRunner:
        moved = {
            name: deepcopy(part).to(device=device, dtype=DTYPES[dtype]).eval()
            for name, part in parts.items()
            if name != "scheduler"
        }
        hearing = ClapText(tokenizer=Tokens(), text_encoder=moved.pop("text_encoder"))
        scheduler, where = parts["scheduler"], torch.device(device)
        made = Parts(conditioner=hearing, scheduler=scheduler, device=where, dtype=DTYPES[dtype], **moved)
        return LatentRunner(made, model="audioldm-s")

    return TorchSession(load, model="audioldm-s", device=device, dtype=str(DEFAULTS["dtype"]))


@contextmanager
def timed(device: str, modules: Mapping[str, Any], spent: dict[str, float]) -> Iterator[None]:
    """Add up the seconds that modules run, by name."""
    hooks, began = [], dict[str, float]()

    def now() -> float:
        if device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    for name, (module, method) in modules.items():
        original = getattr(module, method)

        def wrapped(*given: Any, name: str = name, original: Any = original, **named: Any) -> Any:
            began[name] = now()
            result = original(*given, **named)
            spent[name] = spent.get(name, 0.0) + now() - began[name]
            return result

        setattr(module, method, wrapped)
        hooks.append((module, method, original))
    try:
        yield
    finally:
        for module, method, original in hooks:
            setattr(module, method, original)


def matrix_rate(device: str, dtype: torch.dtype) -> float:
    """Return floating-point operations a second of a large matrix product: the most that a model can come to."""
    size = MATRIX if device == "cuda" else MATRIX // 4
    a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    best = 0.0
    for _ in range(5):
        cost = measured(device, 1, lambda: a @ b)
        best = max(best, 2 * size**3 / cost.wall_s)
    return best


def operations(session: TorchSession, recipe: Recipe) -> float:
    """Return how many floating-point operations a take is."""
    with FlopCounterMode(display=False) as counter:
        list(session.generate([recipe], on_event=ignore, cancelled=lambda: False))
    return float(counter.get_total_flops())


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--takes", type=int, default=16, help="how many takes (16)")
    parser.add_argument(
        "--steps", type=int, default=int(DEFAULTS["steps"]), help="denoising steps (the default)"
    )
    parser.add_argument("--seconds", type=float, default=5.12, help="length of a take (5.12)")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="where (a GPU, if there is one)")
    parser.add_argument("--check", action="store_true", help="exit with 1 below what is promised")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    diffusers.utils.logging.set_verbosity_error()
    device = asked.device or ("cuda" if torch.cuda.is_available() else "cpu")
    dtype = str(DEFAULTS["dtype"])
    base = Recipe(
        model="audioldm-s",
        revision=None,
        adapter_version=audioldm.version,
        base_seed=1,
        take=1,
        negative=NEGATIVE,
        duration_s=asked.seconds,
        steps=asked.steps,
        guidance=float(DEFAULTS["guidance"]),
        scheduler="dpmpp_2m",
        dtype=dtype,
    )
    recipes = [replace(base, take=n + 1, prompt=PROMPTS[n % len(PROMPTS)]) for n in range(asked.takes)]
    name = torch.cuda.get_device_name() if device == "cuda" else platform.processor() or platform.machine()
    computed = dtype if runs_fast(device, dtype) else "fp32"
    print(f"{name}, torch {torch.__version__}, diffusers {diffusers.__version__}")
    print(
        f"{asked.takes} takes of {asked.seconds:g} s, {asked.steps} steps, {torch.get_num_threads()} threads"
    )
    if computed != dtype:
        print(f"{dtype} is only emulated here: sfxgen computes in fp32, and has nothing to gain by its dtype")
    parts = {key: part.eval() if hasattr(part, "eval") else part for key, part in full_size().items()}
    weights = sum(
        p.numel() for part in parts.values() if hasattr(part, "parameters") for p in part.parameters()
    )
    print(f"{weights / 1e6:.0f} million weights")

    session = session_of(parts, device)
    loop = plain_loop(parts, device, recipes)
    list(
        session.generate(recipes[:1], on_event=ignore, cancelled=lambda: False)
    )  # first calls choose kernels
    session.close()
    session = session_of(parts, device)
    ours = measured(
        device,
        asked.takes,
        lambda: list(session.generate(recipes, on_event=ignore, cancelled=lambda: False)),
    )
    theirs = measured(device, asked.takes, loop)
    of_cpu = device == "cpu"
    print(f"\n{'':10} {'CPU s a take':>14} {'wall s a take':>14} {'memory GB':>10}")
    for who, cost in (("sfxgen", ours), ("diffusers", theirs)):
        each = cost.cpu_s / cost.takes, cost.wall_s / cost.takes
        print(f"{who:10} {each[0]:14.2f} {each[1]:14.2f} {cost.memory_gb:10.2f}")
    ratio = ours.a_second(of_cpu=of_cpu) / theirs.a_second(of_cpu=of_cpu)
    print(f"takes a {'CPU second' if of_cpu else 'second'}: {ratio:.2f} times the plain loop's")

    runner: Any = session._runner_in(dtype)
    spent: dict[str, float] = {}
    modules = {
        "text encoder": (runner.parts.conditioner.text_encoder, "forward"),
        "U-Net": (runner.parts.unet, "forward"),
        "VAE": (runner.parts.vae, "decode"),
        "vocoder": (runner.parts.vocoder, "forward"),
    }
    with timed(device, modules, spent):
        again = measured(
            device,
            1,
            lambda: list(
                session.generate(
                    [replace(recipes[0], prompt="a bell", take=99)], on_event=ignore, cancelled=lambda: False
                )
            ),
        )
    print("\none take of a new prompt alone, wall seconds by stage")
    for stage, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"  {stage:14} {seconds:8.3f} {seconds / again.wall_s:6.1%}")
    done, most = operations(session, recipes[0]), matrix_rate(device, DTYPES[computed])
    rate = done * asked.takes / ours.wall_s
    print(
        f"{done / 1e12:.2f} TFLOP a take; {rate / most:.1%} of the {most / 1e12:.2f} TFLOP/s of a {computed} product"
    )
    print(f"physical limit: {done * asked.takes / most:.3f} s for all takes; they took {ours.wall_s:.3f} s")
    promised = PROMISED_CPU if of_cpu else PROMISED_GPU
    if asked.check and ratio < promised:
        print(f"not kept: {ratio:.2f} times the plain loop, promised {promised:g}")
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SfxgenError as error:
        sys.exit(f"{error}")
