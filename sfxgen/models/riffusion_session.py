"""Riffusion in memory: Stable Diffusion's parts from a folder, and a batch of its takes.

The sampling is `latent_diffusion`'s, whose latents here have the shape (rows, channels, frequency, time), of a picture
that is always 512 mels high and at least 512 columns wide, as in the training. What is longer than asked is cut off.

This module imports torch, diffusers and transformers: the adapter imports it only to load a model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
import transformers
from torch import Tensor

from sfxgen.audio.clip import Samples
from sfxgen.errors import ModelError
from sfxgen.events import OnEvent
from sfxgen.models import riffusion_picture
from sfxgen.models.diffusion_batch import FolderSession, Texts, decoded, filled, load_part
from sfxgen.models.latent_diffusion import Condition, Parts, denoise, joined, make_scheduler
from sfxgen.models.riffusion_picture import (
    FREQUENCIES,
    HOP,
    MADE_RATE,
    ROWS,
    SAMPLE_RATE,
    picture_of,
    sound_of,
)
from sfxgen.models.source_audio import Encodings, Sources
from sfxgen.models.torch_session import DTYPES, OnStep, Runner, Shape, load_config, scheduler_class
from sfxgen.recipe import Recipe

TRAINED_COLUMNS = 512
COLUMNS_APART = 64
"""Widths are multiples of this: the VAE's factor of 8, and the three halvings of the U-Net."""
GPU_BATCH_COLUMNS = 4096
"""Columns in one GPU batch: 8 pictures of 5.12 s."""


@dataclass(frozen=True, slots=True)
class ClipText:
    """Stable Diffusion's hearing: CLIP's hidden states, which the U-Net attends to."""

    tokenizer: Any
    text_encoder: Any

    def count(self, text: str) -> tuple[int, int]:
        """Return how many tokens a text has, and how many of them CLIP hears."""
        return len(self.tokenizer(text).input_ids), int(self.tokenizer.model_max_length)

    def encode(self, text: str) -> Condition:
        """Return what CLIP hears in a text, of (1, tokens, features). Always padded to the longest text."""
        ids = self.tokenizer(
            text,
            padding="max_length",
            max_length=self.tokenizer.model_max_length,
            truncation=True,
            return_tensors="pt",
        ).input_ids
        return Condition((self.text_encoder(ids.to(self.text_encoder.device))[0],))

    def predict(self, unet: Any, x: Tensor, t: Tensor, condition: Condition) -> Tensor:
        """Return the noise that the U-Net sees."""
        noise: Tensor = unet(x, t, encoder_hidden_states=condition.tensors[0]).sample
        return noise


def load_parts(folder: Path, device: str, dtype: str) -> Parts:
    """Load the parts from a folder in diffusers' layout. Raises ModelError for weights that are damaged.

    The VAE is in float32 whatever the dtype of the others: what it makes is raised to the fourth power.
    """

    def part(name: str, cls: Any, dtype: str = dtype) -> Any:
        return load_part(folder / name, cls, device, dtype)

    return Parts(
        conditioner=ClipText(
            tokenizer=load_config(folder / "tokenizer", transformers.CLIPTokenizer),
            text_encoder=part("text_encoder", transformers.CLIPTextModel),
        ),
        unet=part("unet", diffusers.UNet2DConditionModel),
        vae=part("vae", diffusers.AutoencoderKL, "fp32"),
        vocoder=None,
        scheduler=load_config(folder / "scheduler", scheduler_class(folder / "scheduler")),
        device=torch.device(device),
        dtype=DTYPES[dtype],
    )


def columns_for(frames: int) -> int:
    """Return how wide a picture is that holds so many frames of what is made of it."""
    needed = math.ceil(frames * SAMPLE_RATE / (MADE_RATE * HOP * COLUMNS_APART)) * COLUMNS_APART
    return max(TRAINED_COLUMNS, needed)


def encode(parts: Parts, source: Samples) -> Any:
    """Return the VAE's view of the picture of a source of (frames, 1): a distribution of latents."""
    picture = picture_of(torch.from_numpy(source[:, 0].copy()).to(parts.device))
    return parts.vae.encode((2.0 * picture - 1.0).expand(1, 3, -1, -1)).latent_dist


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one take begins with: noise and the source's latents, each of (1, channels, frequency, time), and its draws."""

    noise: Tensor
    origin: Tensor | None
    generator: torch.Generator


class RiffusionRunner:
    """Riffusion's parts, and a batch of its takes. See `torch_session.Runner`."""

    sample_rate = MADE_RATE

    def __init__(self, parts: Parts, *, model: str, root: Path | None) -> None:
        self.parts, self._model = parts, model
        self._texts = Texts(model, parts.conditioner.count, parts.conditioner.encode)
        self._sources = Sources(root, SAMPLE_RATE, 1)
        self._encodings = Encodings(self._sources, partial(encode, parts))

    def shape(self, recipe: Recipe) -> Shape:
        """Return the recipe's length and sampling settings."""
        guidance, steps, scheduler, dtype = recipe.guidance, recipe.steps, recipe.scheduler, recipe.dtype
        if guidance is None or steps is None or scheduler is None or dtype is None:
            raise ModelError(f"{self._model}: a recipe needs guidance, steps, scheduler and dtype")
        if recipe.duration_s is None:
            frames = self._sources.frames(recipe) * MADE_RATE // SAMPLE_RATE
        else:
            frames = round(recipe.duration_s * MADE_RATE)
        settings = (guidance, steps, scheduler, recipe.params.get("strength", 1.0))
        return Shape(dtype, frames, (columns_for(frames), guidance > 1.0), settings)

    def rows(self, shape: Shape) -> int:
        """Return the batch's rows, by the pictures' width alone."""
        if self.parts.device.type == "cpu":
            return 1
        return 1 << (GPU_BATCH_COLUMNS // columns_for(shape.frames)).bit_length() - 1

    def run(
        self, takes: Sequence[Recipe], shape: Shape, rows: int, *, on_step: OnStep, on_event: OnEvent
    ) -> list[Samples]:
        """Sample a batch, then decode one take at a time."""
        latents = self.latents(takes, shape, rows, on_step=on_step, on_event=on_event)
        return decoded(
            takes, latents, lambda take, one: self._sound(take, one, shape.frames), on_step=on_step
        )

    def latents(
        self, takes: Sequence[Recipe], shape: Shape, rows: int, *, on_step: OnStep, on_event: OnEvent
    ) -> Tensor:
        """Return the denoised latents of a batch, float32 of (rows, channels, frequency, time)."""
        first = takes[0]
        assert first.guidance is not None
        assert first.steps is not None
        assert first.scheduler is not None
        skip = first.steps - int(first.steps * float(first.params.get("strength", 1.0)))
        fill = filled(takes, rows)
        drawn = [self._drawn(take, columns_for(shape.frames), is_fresh=not skip) for take in fill]
        origins = [one.origin for one in drawn if one.origin is not None]
        is_guided = first.guidance > 1.0
        return denoise(
            self.parts,
            make_scheduler(self.parts.scheduler, first.scheduler),
            torch.cat([one.noise for one in drawn]),
            joined([self._texts.hear(take.prompt, on_event) for take in fill]),
            joined([self._texts.hear(take.negative, on_event) for take in fill]) if is_guided else None,
            first.guidance,
            steps=first.steps,
            generators=[one.generator for one in drawn],
            on_step=on_step,
            skip=skip,
            origin=torch.cat(origins) if origins else None,
        )

    def picture(self, latents: Tensor) -> Tensor:
        """Return the picture in latents of (1, channels, frequency, time): (rows, columns) from 0, black, to 1."""
        decoded = self.parts.vae.decode(latents / self.parts.vae.config.scaling_factor).sample
        red: Tensor = (decoded[0, 0] / 2 + 0.5).clamp(0, 1)  # the three colours were the same in the training
        return red

    def _sound(self, take: Recipe, latents: Tensor, frames: int) -> Samples:
        """Return a take's sound, float32 of (frames, 1). Its phases are sought from random ones, drawn on the CPU."""
        picture = self.picture(latents)
        generator = torch.Generator("cpu").manual_seed(take.seed)
        phases = torch.rand((FREQUENCIES, picture.shape[1]), generator=generator)
        waveform = sound_of(picture, phases.to(picture.device), riffusion_picture.ROUNDS)
        return np.ascontiguousarray(waveform[:frames, None].cpu().numpy())

    def _drawn(self, take: Recipe, columns: int, *, is_fresh: bool) -> Drawn:
        """Draw a take's noise on the CPU, whose generator is the same on every machine, by a generator of its own."""
        generator = torch.Generator("cpu").manual_seed(take.seed)
        factor = 1 << (len(self.parts.vae.config.block_out_channels) - 1)
        origin = None if is_fresh else self._origin(take, columns, generator)
        size = (1, int(self.parts.unet.config.in_channels), ROWS // factor, columns // factor)
        return Drawn(torch.randn(size, generator=generator), origin, generator)

    def _origin(self, take: Recipe, columns: int, generator: torch.Generator) -> Tensor:
        """Return the latents of a take's source."""
        seen = self._encodings.of(take.params, columns * HOP)
        found: Tensor = self.parts.vae.config.scaling_factor * seen.sample(generator)
        return found


class RiffusionSession(FolderSession):
    """Riffusion in memory, out of a folder."""

    def runner(self, folder: Path, device: str, dtype: str, *, model: str, root: Path | None) -> Runner:
        """Load the parts in a dtype. Raises ModelError for weights that are damaged."""
        return RiffusionRunner(load_parts(folder, device, dtype), model=model, root=root)
