"""AudioLDM in memory: its parts from a folder, and a batch of its takes.

This module imports torch, diffusers and transformers: adapters import it only to load a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers

from sfxgen.audio.clip import Samples
from sfxgen.errors import ModelError
from sfxgen.events import Notice, OnEvent
from sfxgen.models.latent_diffusion import ClapText, Condition, Parts, joined, sample
from sfxgen.models.torch_session import (
    DTYPES,
    OnStep,
    Shape,
    TorchSession,
    load_config,
    load_module,
    scheduler_class,
)
from sfxgen.recipe import Recipe

GPU_BATCH_LATENTS = 1024
"""Steps of the latents' time axis in one GPU batch: 8 takes of 5.12 s."""
GPU_BATCH_MOST = 16


def canonical_batch(device: str, latent_steps: int) -> int:
    """Return how many rows a batch has, by the takes' length alone.

    On a GPU a power of two that keeps a batch's memory about the same: short takes are bound by kernel launches, not
    by arithmetic, so filler rows cost them little. On a CPU 1, since every filler row is paid in full.
    """
    if device == "cpu":
        return 1
    fitting = max(1, GPU_BATCH_LATENTS // latent_steps)
    return min(GPU_BATCH_MOST, 1 << (fitting.bit_length() - 1))


def load_parts(folder: Path, device: str, dtype: str) -> Parts:
    """Load AudioLDM's parts from a folder in diffusers' layout. Never touches the network, never runs its code.

    Raises ModelError for weights that are corrupt, incomplete, or hold anything but tensors.
    """

    def module(name: str, cls: Any) -> Any:
        return load_module(folder / name, cls).to(device=device, dtype=DTYPES[dtype]).eval()

    return Parts(
        conditioner=ClapText(
            tokenizer=load_config(folder / "tokenizer", transformers.RobertaTokenizerFast),
            text_encoder=module("text_encoder", transformers.ClapTextModelWithProjection),
        ),
        unet=module("unet", diffusers.UNet2DConditionModel),
        vae=module("vae", diffusers.AutoencoderKL),
        vocoder=module("vocoder", transformers.SpeechT5HifiGan),
        scheduler=load_config(folder / "scheduler", scheduler_class(folder / "scheduler")),
        device=torch.device(device),
        dtype=DTYPES[dtype],
    )


class LatentRunner:
    """A latent diffusion model's parts, and a batch of its takes. See `torch_session.Runner`."""

    def __init__(self, parts: Parts, *, model: str) -> None:
        self.parts, self._model = parts, model
        self.sample_rate = parts.sample_rate
        self._heard: dict[str, Condition] = {}

    def shape(self, recipe: Recipe) -> Shape:
        """Return the recipe's length and sampling settings."""
        duration_s, guidance, steps = recipe.duration_s, recipe.guidance, recipe.steps
        scheduler, dtype = recipe.scheduler, recipe.dtype
        if duration_s is None or guidance is None or steps is None or scheduler is None or dtype is None:
            raise ModelError(
                f"{self._model}: a recipe needs duration_s, guidance, steps, scheduler and dtype"
            )
        frames = round(duration_s * self.sample_rate)
        latent_steps = self.parts.latent_shape(frames)[1]
        return Shape(dtype, frames, (latent_steps, guidance > 1.0), (guidance, steps, scheduler))

    def rows(self, shape: Shape) -> int:
        """Return the canonical batch."""
        return canonical_batch(self.parts.device.type, self.parts.latent_shape(shape.frames)[1])

    def run(
        self, takes: Sequence[Recipe], shape: Shape, rows: int, *, on_step: OnStep, on_event: OnEvent
    ) -> list[Samples]:
        """Sample a batch. At a guidance of 1 the negative prompt does not count: the formula leaves only the prompt."""
        first = takes[0]
        assert first.guidance is not None
        assert first.steps is not None
        assert first.scheduler is not None
        prompts = [self._condition(take.prompt, on_event) for take in takes]
        is_guided = first.guidance > 1.0
        negatives = [self._condition(take.negative, on_event) for take in takes] if is_guided else []
        return sample(
            self.parts,
            [take.seed for take in takes],
            shape.frames,
            joined(prompts),
            joined(negatives) if negatives else None,
            first.guidance,
            steps=first.steps,
            scheduler=first.scheduler,
            rows=rows,
            on_step=on_step,
        )

    def _condition(self, text: str, on_event: OnEvent) -> Condition:
        """Return what the model hears in a text, computed once for each distinct one."""
        if text not in self._heard:
            tokens, heard = self.parts.conditioner.count(text)
            if tokens > heard:
                on_event(
                    Notice(
                        f"{self._model} hears the first {heard} of {tokens} tokens of {text[:40]!r}…",
                        hint="shorten the prompt",
                        level="warning",
                    )
                )
            self._heard[text] = self.parts.conditioner.encode(text)
        return self._heard[text]


class LatentDiffusionSession(TorchSession):
    """AudioLDM in memory, out of a folder."""

    def __init__(
        self, folder: Path, *, model: str, device: str, dtype: str = "fp32", batch: int | None = None
    ) -> None:
        super().__init__(
            lambda dtype: LatentRunner(load_parts(folder, device, dtype), model=model),
            model=model,
            device=device,
            dtype=dtype,
            batch=batch,
        )
