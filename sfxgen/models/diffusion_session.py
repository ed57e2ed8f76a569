"""AudioLDM in memory: its parts from a folder, and a batch of its takes.

This module imports torch, diffusers and transformers: adapters import it only to load a model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
import transformers

from sfxgen.audio.clip import Samples
from sfxgen.errors import ModelError
from sfxgen.events import OnEvent
from sfxgen.models.diffusion_batch import FolderSession, Texts, load_part
from sfxgen.models.guided_sampling import Guide, guide_of, is_guided, mixed, sample_guided
from sfxgen.models.latent_diffusion import ClapText, Condition, Parts, joined, sample
from sfxgen.models.source_audio import Sources
from sfxgen.models.torch_session import DTYPES, OnStep, Runner, Shape, load_config, scheduler_class
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
        return load_part(folder / name, cls, device, dtype)

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
    """A latent diffusion model's parts, and a batch of its takes. See `torch_session.Runner`.

    `root` is the project's, where the sources of guided takes are.
    """

    def __init__(self, parts: Parts, *, model: str, root: Path | None = None) -> None:
        self.parts, self._model = parts, model
        self.sample_rate = parts.sample_rate
        self._texts = Texts(model, parts.conditioner.count, parts.conditioner.encode)
        self._sources = Sources(root, parts.sample_rate, 1)

    def shape(self, recipe: Recipe) -> Shape:
        """Return the recipe's length and sampling settings."""
        duration_s, guidance, steps = recipe.duration_s, recipe.guidance, recipe.steps
        scheduler, dtype = recipe.scheduler, recipe.dtype
        has_length = duration_s is not None or is_guided(recipe)
        if guidance is None or steps is None or scheduler is None or dtype is None or not has_length:
            raise ModelError(
                f"{self._model}: a recipe needs duration_s, guidance, steps, scheduler and dtype"
            )
        settings = (guidance, steps, scheduler)
        if not is_guided(recipe):
            frames = round((duration_s or 0.0) * self.sample_rate)
            latent_steps = self.parts.latent_shape(frames)[1]
            return Shape(dtype, frames, (latent_steps, guidance > 1.0), settings)
        try:
            guide = self._guide(recipe)
        except ModelError:
            # Its own batch: `run` meets the same error when its turn comes, and no other take is blamed for it.
            return Shape(dtype, 1, (1, False), (recipe.take_key(), recipe.seed))
        return Shape(
            dtype, guide.frames, (guide.window, guidance > 1.0), (*settings, "guided", *guide.settings)
        )

    def rows(self, shape: Shape) -> int:
        """Return the canonical batch."""
        assert isinstance(shape.size, tuple)
        return canonical_batch(self.parts.device.type, int(shape.size[0]))

    def run(
        self, takes: Sequence[Recipe], shape: Shape, rows: int, *, on_step: OnStep, on_event: OnEvent
    ) -> list[Samples]:
        """Sample a batch. At a guidance of 1 the negative prompt does not count: the formula leaves only the prompt."""
        first = takes[0]
        assert first.guidance is not None
        assert first.steps is not None
        assert first.scheduler is not None
        prompts = [self._condition(take.prompt, on_event) for take in takes]
        has_guidance = first.guidance > 1.0
        negatives = [self._negative(take, on_event) for take in takes] if has_guidance else []
        if is_guided(first):
            guides = [self._guide(take) for take in takes]
            if any(guide.frames != shape.frames for guide in guides):
                raise ModelError("a source was changed while the build ran", hint="build again")
            return sample_guided(
                self.parts,
                guides,
                joined(
                    [self._between(one, guide, on_event) for one, guide in zip(prompts, guides, strict=True)]
                ),
                joined(negatives) if negatives else None,
                first.guidance,
                steps=first.steps,
                scheduler=first.scheduler,
                rows=rows,
                on_step=on_step,
            )
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

    def _guide(self, recipe: Recipe) -> Guide:
        return guide_of(self.parts, recipe, self._source)

    def _source(self, params: Mapping[str, Any]) -> Samples:
        """Return a source of (frames,) at the model's rate."""
        return np.ascontiguousarray(self._sources.whole(params)[:, 0])

    def _between(self, one: Condition, guide: Guide, on_event: OnEvent) -> Condition:
        """Return what the model hears along a morph from one prompt to another."""
        to = (guide.recipe.params.get("morph") or {}).get("to")
        return mixed(one, self._condition(str(to), on_event), guide.at) if to else one

    def _negative(self, take: Recipe, on_event: OnEvent) -> Condition:
        """Return what the model hears in a take's negative prompt; a model may hear it beside its prompt."""
        return self._condition(take.negative, on_event)

    def _condition(self, text: str, on_event: OnEvent) -> Condition:
        """Return what the model hears in a text."""
        return self._texts.hear(text, on_event)


class LatentDiffusionSession(FolderSession):
    """AudioLDM in memory, out of a folder."""

    def runner(self, folder: Path, device: str, dtype: str, *, model: str, root: Path | None) -> Runner:
        """Load the model's parts in a dtype. Raises ModelError for weights that are damaged."""
        return LatentRunner(load_parts(folder, device, dtype), model=model, root=root)
