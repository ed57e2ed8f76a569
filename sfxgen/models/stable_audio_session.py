"""Stable Audio Open in memory: diffusers' parts, and a sampling loop of our own over a batch of takes.

    c = [T5(prompt); start; end],  u = 0, or the same of the negative prompt
    x_σmax ~ N(0, σmax² + 1),  v = v(x, u) + w · (v(x, c) - v(x, u)),  x = step(x, v)
    waveform = Oobleck.decode(x_0)

Evans et al., "Stable Audio Open" (2024). The sampler is SDE-DPM-Solver++ (2M) over noise levels σ that fall
exponentially from 500 to 0.3; its noise is a Brownian path, one a take, so that a take's does not depend on its company.
The model always denoises its full length, 47.55 s, of which the wanted start is cut out: it was told how long that is.

This module imports torch, diffusers and transformers: the adapter imports it only to load a model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
import transformers
from diffusers.models.embeddings import get_1d_rotary_pos_embed
from torch import Tensor

from sfxgen.audio.clip import Samples
from sfxgen.errors import ModelError
from sfxgen.events import OnEvent
from sfxgen.models.diffusion_batch import (
    FolderSession,
    Texts,
    decoded,
    filled,
    load_part,
    stepped,
)
from sfxgen.models.latent_diffusion import initial_noise
from sfxgen.models.source_audio import Encodings, Sources
from sfxgen.models.stable_audio_noise import drawing
from sfxgen.models.torch_session import DTYPES, OnStep, Runner, Shape, load_config, scheduler_class
from sfxgen.recipe import Recipe

GPU_ROWS = 4
"""Takes in a GPU batch: each is 47.55 s of latents, whatever is asked of it, and fills the device well."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a loaded model, in eval mode and on one device.

    The projection and the VAE are in float32 whatever the dtype of the others: one is told seconds, which bf16 would
    round, and the other's output is the waveform, of which bf16 would leave 8 bits.
    """

    tokenizer: Any
    text_encoder: Any
    projection: Any
    transformer: Any
    vae: Any
    scheduler: Any
    device: torch.device
    dtype: torch.dtype

    @property
    def sample_rate(self) -> int:
        """The sample rate in Hz."""
        return int(self.vae.config.sampling_rate)

    @property
    def longest(self) -> int:
        """How many frames the model makes, no more and no less."""
        return int(self.transformer.config.sample_size) * int(self.vae.hop_length)

    @property
    def latent_shape(self) -> tuple[int, int]:
        """Return (channels, time) of one take's latents."""
        return int(self.transformer.config.in_channels), int(self.transformer.config.sample_size)


@dataclass(frozen=True, slots=True)
class Start:
    """Where one take's denoising begins: float32 noise of (1, channels, time), and the source's latents, if any."""

    noise: Tensor
    source: Tensor | None
    generator: torch.Generator


class ExactTime(torch.nn.Module):
    """The transformer's features of the noise level, in float32 and of the exact level in `t`.

    The transformer rounds it to its own dtype before it asks. In bf16 only two would be left of all levels above 108, which
    are the first fifth of the steps.
    """

    def __init__(self, features: torch.nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.features, self.dtype = features.float(), dtype
        self.t: Tensor | None = None

    def forward(self, rounded: Tensor) -> Tensor:
        """Return the features of `t`, in the transformer's dtype."""
        del rounded
        assert self.t is not None
        found: Tensor = self.features(self.t)
        return found.to(self.dtype)


def load_parts(folder: Path, device: str, dtype: str) -> Parts:
    """Load the parts from a folder in diffusers' layout. Raises ModelError for weights that are damaged."""

    def part(name: str, cls: Any, dtype: str = dtype) -> Any:
        return load_part(folder / name, cls, device, dtype)

    transformer = part("transformer", diffusers.StableAudioDiTModel)
    transformer.time_proj = ExactTime(transformer.time_proj, DTYPES[dtype])
    return Parts(
        tokenizer=load_config(folder / "tokenizer", transformers.T5TokenizerFast),
        text_encoder=part("text_encoder", transformers.T5EncoderModel),
        projection=part("projection_model", diffusers.StableAudioProjectionModel, "fp32"),
        transformer=transformer,
        vae=part("vae", diffusers.AutoencoderOobleck, "fp32"),
        scheduler=load_config(folder / "scheduler", scheduler_class(folder / "scheduler")),
        device=torch.device(device),
        dtype=DTYPES[dtype],
    )


def token_counts(parts: Parts, text: str) -> tuple[int, int]:
    """Return how many tokens a text has, and how many of them the model hears."""
    return len(parts.tokenizer(text).input_ids), int(parts.tokenizer.model_max_length)


def hear(parts: Parts, text: str) -> Tensor:
    """Return what the model hears in a text, of (1, tokens, features); zeros after its last token."""
    tokens = parts.tokenizer(
        text,
        padding="max_length",
        max_length=parts.tokenizer.model_max_length,
        truncation=True,
        return_tensors="pt",
    )
    ids, mask = tokens.input_ids.to(parts.device), tokens.attention_mask.to(parts.device)
    heard = parts.text_encoder(ids, attention_mask=mask)[0]
    projected = parts.projection(text_hidden_states=heard.float()).text_hidden_states.to(parts.dtype)
    heard_only: Tensor = projected * mask.unsqueeze(-1).to(projected.dtype)
    return heard_only


def timed(parts: Parts, duration_s: float) -> tuple[Tensor, Tensor]:
    """Return the embeddings of a sound's start, 0 s, and of its end, each of (1, 1, features)."""
    start, end = (torch.tensor([float(s)], device=parts.device) for s in (0.0, duration_s))
    told = parts.projection(start_seconds=start, end_seconds=end)
    start_and_end = told.seconds_start_hidden_states, told.seconds_end_hidden_states
    return start_and_end[0].to(parts.dtype), start_and_end[1].to(parts.dtype)


def planned(parts: Parts, steps: int, kept: int) -> Any:
    """Return a fresh scheduler for the last `kept` of `steps` noise levels."""
    cls = type(parts.scheduler)
    scheduler = cls.from_config(parts.scheduler.config)
    scheduler.set_timesteps(steps, device=parts.device)
    if kept < steps:
        scheduler = cls.from_config(scheduler.config, sigma_max=float(scheduler.sigmas[steps - kept]))
        scheduler.set_timesteps(kept, device=parts.device)
    return scheduler


def denoise(
    parts: Parts,
    scheduler: Any,
    starts: Sequence[Start],
    heard: Tensor,
    told: Tensor,
    guidance: float,
    *,
    on_step: OnStep,
) -> Tensor:
    """Return the denoised latents of a batch, float32 of (rows, channels, time).

    `heard` and `told` are the transformer's text and length, a row for each take, or with guidance two: those of the
    negatives first. The model runs in its dtype, the sampler's state in float32: rounding it at every step would add up.
    """
    x = torch.cat([start.noise for start in starts]).to(parts.device) * scheduler.init_noise_sigma
    if all(start.source is not None for start in starts):
        x = x + torch.cat([start.source for start in starts if start.source is not None])
    turns = get_1d_rotary_pos_embed(
        parts.transformer.config.attention_head_dim // 2,
        x.shape[2] + told.shape[1],
        use_real=True,
        repeat_interleave_real=False,
    )
    turns = tuple(turn.to(parts.device) for turn in turns)

    def predict(rows: Tensor, t: Tensor) -> Tensor:
        parts.transformer.time_proj.t = t.unsqueeze(0)
        v: Tensor = parts.transformer(
            scheduler.scale_model_input(rows, t).to(parts.dtype),
            t.unsqueeze(0),
            encoder_hidden_states=heard,
            global_hidden_states=told,
            rotary_embedding=turns,
            return_dict=False,
        )[0]
        return v

    with drawing(scheduler, [start.generator for start in starts], tuple(x.shape[1:])) as draws:
        return stepped(scheduler, x, guidance, predict, draws, on_step=on_step)


def encode(parts: Parts, source: Samples) -> Any:
    """Return the VAE's view of a source of (frames, channels): a distribution of latents."""
    waveform = torch.from_numpy(np.ascontiguousarray(source.T)).unsqueeze(0)
    return parts.vae.encode(waveform.to(parts.device)).latent_dist


def decode(parts: Parts, latents: Tensor, frames: int) -> Samples:
    """Return one take's sound, float32 of (frames, channels), from latents of (1, channels, time)."""
    waveform = parts.vae.decode(latents).sample[0, :, :frames].float().cpu().numpy()
    return np.ascontiguousarray(waveform.T)


class StableAudioRunner:
    """Stable Audio Open's parts, and a batch of its takes. See `torch_session.Runner`."""

    def __init__(self, parts: Parts, *, model: str, root: Path | None) -> None:
        self.parts, self._model = parts, model
        self.sample_rate = parts.sample_rate
        self._texts = Texts(model, partial(token_counts, parts), partial(hear, parts))
        self._sources = Sources(root, parts.sample_rate, int(parts.vae.config.audio_channels))
        self._encodings = Encodings(self._sources, partial(encode, parts))

    def shape(self, recipe: Recipe) -> Shape:
        """Return the recipe's length and sampling settings."""
        guidance, steps, dtype = recipe.guidance, recipe.steps, recipe.dtype
        if guidance is None or steps is None or dtype is None:
            raise ModelError(f"{self._model}: a recipe needs guidance, steps and dtype")
        frames = self._sources.frames(recipe)
        duration_s = frames / self.sample_rate if recipe.duration_s is None else recipe.duration_s
        if frames > self.parts.longest:
            longest_s = self.parts.longest / self.sample_rate
            raise ModelError(
                f"{self._model}: these weights make at most {longest_s:.2f} s, not {duration_s:g} s",
                hint=f"write duration_s: {math.floor(longest_s * 100) / 100:g}, or less",
            )
        strength = recipe.params.get("strength", 1.0)
        return Shape(dtype, frames, guidance > 1.0, (duration_s, guidance, steps, strength))

    def rows(self, shape: Shape) -> int:
        """Return the batch's rows."""
        del shape
        return 1 if self.parts.device.type == "cpu" else GPU_ROWS

    def run(
        self, takes: Sequence[Recipe], shape: Shape, rows: int, *, on_step: OnStep, on_event: OnEvent
    ) -> list[Samples]:
        """Sample a batch, then decode one take at a time. At a strength that leaves no step, sources come back."""
        first = takes[0]
        assert first.guidance is not None
        assert first.steps is not None
        kept = int(first.steps * float(first.params.get("strength", 1.0)))
        if kept:
            fill = filled(takes, rows)
            duration_s = shape.frames / self.sample_rate if first.duration_s is None else first.duration_s
            heard, told = self._told(fill, duration_s, first.guidance > 1.0, on_event)
            latents = denoise(
                self.parts,
                planned(self.parts, first.steps, kept),
                [self._start(take, is_fresh=kept == first.steps) for take in fill],
                heard,
                told,
                first.guidance,
                on_step=on_step,
            )
        else:
            latents = torch.cat([self._encoded(take).mode() for take in takes])
        return decoded(takes, latents, lambda _, one: decode(self.parts, one, shape.frames), on_step=on_step)

    def _start(self, take: Recipe, *, is_fresh: bool) -> Start:
        """Draw a take's noise, and what the VAE leaves open of its source."""
        noise, generator = initial_noise(take.seed, self.parts.latent_shape)
        return Start(noise, None if is_fresh else self._encoded(take).sample(generator), generator)

    def _encoded(self, take: Recipe) -> Any:
        """Return what the VAE makes of a take's source: a distribution of latents."""
        return self._encodings.of(take.params, self.parts.longest)

    def _told(
        self, takes: Sequence[Recipe], duration_s: float, is_guided: bool, on_event: OnEvent
    ) -> tuple[Tensor, Tensor]:
        """Return the transformer's text and length for a batch; with guidance, those of the negatives before them.

        A take without a negative prompt is guided away from nothing at all, neither text nor length, as in the training.
        """
        start, end = timed(self.parts, duration_s)
        prompts = [torch.cat([self._texts.hear(take.prompt, on_event), start, end], dim=1) for take in takes]
        told = torch.cat([start, end], dim=2).expand(len(takes), -1, -1)
        if not is_guided:
            return torch.cat(prompts), told
        negatives = [
            torch.cat([self._texts.hear(take.negative, on_event), start, end], dim=1)
            if take.negative
            else torch.zeros_like(prompts[0])
            for take in takes
        ]
        return torch.cat([*negatives, *prompts]), torch.cat([told, told])


class StableAudioSession(FolderSession):
    """Stable Audio Open in memory, out of a folder."""

    def runner(self, folder: Path, device: str, dtype: str, *, model: str, root: Path | None) -> Runner:
        """Load the parts in a dtype. Raises ModelError for weights that are damaged."""
        return StableAudioRunner(load_parts(folder, device, dtype), model=model, root=root)

    def _environment(self, rows: int) -> dict[str, str]:
        return {**super()._environment(rows), "torchsde": version("torchsde")}
