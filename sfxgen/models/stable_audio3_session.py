"""Stable Audio 3 in memory: diffusers' parts, and a sampling loop of our own over a batch of takes.

    c = [T5Gemma(prompt); duration],  x_1 ~ N(0, 1)
    x_0 = x_t - t · v(x_t, c),  x_s = (1 - s) · x_0 + s · noise         distilled: anew from noise at each step
    x_s = x_t + (s - t) · v(x_t, c)                                     base: Euler's steps
    waveform = SAME.decode(x_0)

Stability AI, "Stable Audio 3" (2026, arXiv 2605.17991): a rectified flow (Liu, Gong and Liu, 2022), whose levels are
evenly spaced in the logarithm of the signal-to-noise ratio. A source is mixed with noise and denoised from there; of
one to be inpainted, the model is shown what stays.

This module imports torch, diffusers and transformers: the adapter imports it only to load a model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import deepcopy
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
from sfxgen.models import stable_audio3_vae
from sfxgen.models.diffusion_batch import (
    FolderSession,
    Texts,
    decoded,
    draws_of,
    filled,
    load_part,
    stepped,
    stop_if_cancelled,
)
from sfxgen.models.latent_diffusion import initial_noise
from sfxgen.models.source_audio import Encodings, Sources
from sfxgen.models.torch_session import DTYPES, OnStep, Runner, Shape, load_config, scheduler_class
from sfxgen.recipe import Recipe

LOG_SNR = (-6.2, 2.0)
"""The logarithms of the signal-to-noise ratio at which sampling begins and ends, as published."""
LONGEST_TEXT = 256
"""Tokens that the model was trained to hear at most."""
GPU_BATCH_LATENTS = 1024
"""Steps of the latents' time axis in one GPU batch: 8 takes of 10 s."""
GPU_BATCH_MOST = 16
FADE_S = 0.02
"""How long a part made anew fades in and out, inside its own ends: what is outside stays bit for bit."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a loaded model, in eval mode and on one device.

    The length's embedding and the VAE are in float32 whatever the dtype of the others: one has frequencies of 10,000, and
    the other's output is the waveform, of which bf16 would leave 8 bits.
    """

    tokenizer: Any
    text_encoder: Any
    duration_embedder: Any
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
    def frames_per_latent(self) -> int:
        """How many frames of sound one step of the latents' time axis makes."""
        return int(self.vae.downsampling_ratio)

    def latent_steps(self, frames: int) -> int:
        """Return how many steps of the latents' time axis a sound needs."""
        return math.ceil(frames / self.frames_per_latent)


@dataclass(frozen=True, slots=True)
class Heard:
    """What the model hears in a text: hidden states of (1, tokens, features), and which are tokens at all."""

    states: Tensor
    mask: Tensor


@dataclass(frozen=True, slots=True)
class Start:
    """Where one take's denoising begins: latents of (1, channels, time), float32; what it is shown of the source, if it
    is inpainted: the mask and the latents that stay, of (1, 1 + channels, time); and its draws.
    """

    latents: Tensor
    shown: Tensor | None
    generator: torch.Generator


def load_parts(folder: Path, device: str, dtype: str) -> Parts:
    """Load the parts from a folder in diffusers' layout. Raises ModelError for weights that are damaged."""

    def part(name: str, cls: Any, dtype: str = dtype) -> Any:
        return load_part(folder / name, cls, device, dtype)

    return Parts(
        tokenizer=load_config(folder / "tokenizer", transformers.GemmaTokenizerFast),
        text_encoder=part("text_encoder", transformers.T5GemmaEncoderModel),
        duration_embedder=part("duration_embedder", diffusers.StableAudio3DurationEmbedder, "fp32"),
        transformer=part("transformer", diffusers.StableAudio3DiTModel),
        vae=part("vae", diffusers.AutoencoderSAME, "fp32"),
        scheduler=load_config(folder / "scheduler", scheduler_class(folder / "scheduler")),
        device=torch.device(device),
        dtype=DTYPES[dtype],
    )


def longest_text(parts: Parts) -> int:
    """Return how many tokens the model hears."""
    return min(int(parts.tokenizer.model_max_length), LONGEST_TEXT)


def token_counts(parts: Parts, text: str) -> tuple[int, int]:
    """Return how many tokens a text has, and how many of them the model hears."""
    return len(parts.tokenizer(text).input_ids), longest_text(parts)


def hear(parts: Parts, text: str) -> Heard:
    """Return what the model hears in a text. Always padded to the longest text."""
    tokens = parts.tokenizer(
        text, padding="max_length", max_length=longest_text(parts), truncation=True, return_tensors="pt"
    )
    ids, mask = tokens.input_ids.to(parts.device), tokens.attention_mask.to(parts.device)
    return Heard(parts.text_encoder(ids, attention_mask=mask)[0], mask)


def noise_levels(steps: int, highest: float) -> list[float]:
    """Return the noise levels of a schedule, from `highest` of (0, 1] down; the last step goes on to 0.

    They lie evenly in the logarithm of the signal-to-noise ratio, but for the first, at which the latents were mixed.
    """
    low, high = LOG_SNR
    t = torch.linspace(highest, 0.0, steps + 1)
    levels = torch.sigmoid(t * (high - low) - high)
    return [highest, *levels[1:-1].tolist()]


def denoise(
    parts: Parts,
    starts: Sequence[Start],
    heard: Sequence[Heard],
    told: Tensor,
    guidance: float,
    *,
    levels: Sequence[float],
    on_step: OnStep,
) -> Tensor:
    """Return the denoised latents of a batch, float32 of (rows, channels, time).

    `heard` has a text for each take, or with guidance two: those of the negatives first. `told` is the length's embedding,
    of (1, features). The model runs in its dtype, the sampler's state stays in float32.
    """
    scheduler = deepcopy(parts.scheduler)
    scheduler.set_timesteps(sigmas=list(levels), device=parts.device)
    told = told.to(parts.dtype).expand(len(heard), -1)
    states = torch.cat([torch.cat([one.states for one in heard]), told.unsqueeze(1)], dim=1)
    mask = torch.cat([one.mask for one in heard])
    mask = torch.cat([mask, mask.new_ones(len(heard), 1)], dim=1)
    shown = [start.shown for start in starts if start.shown is not None]
    local = torch.cat(shown * (2 if guidance > 1.0 else 1)).to(parts.dtype) if shown else None

    def predict(rows: Tensor, t: Tensor) -> Tensor:
        v: Tensor = parts.transformer(
            rows.to(parts.dtype),
            t.expand(len(rows)),
            encoder_hidden_states=states,
            global_hidden_states=told,
            encoder_attention_mask=mask,
            local_add_cond=local,
            return_dict=False,
        )[0]
        return v

    x = torch.cat([start.latents for start in starts])
    draws = draws_of(scheduler, [start.generator for start in starts])
    return stepped(scheduler, x, guidance, predict, draws, on_step=on_step)


def keep_mask(parts: Parts, steps: int, spans: Sequence[Sequence[float]]) -> Tensor:
    """Return 1 where latents stay and 0 where a span touches them, float32 of (1, 1, steps). Spans are in seconds."""
    keep = torch.ones(1, 1, steps, device=parts.device)
    per_s = parts.sample_rate / parts.frames_per_latent
    for from_s, to_s in spans:
        keep[:, :, int(from_s * per_s) : math.ceil(to_s * per_s)] = 0.0
    return keep


def pasted(made: Samples, source: Samples, spans: Sequence[Sequence[float]], sample_rate: int) -> Samples:
    """Return the source with what was made in the spans, both of (frames, channels), and bit for bit itself elsewhere.

    What was made fades in and out inside its span, but not at the sound's own ends.
    """
    frames = len(made)
    share = np.zeros(frames, dtype=np.float32)
    for from_s, to_s in spans:
        start, end = round(from_s * sample_rate), min(round(to_s * sample_rate), frames)
        length = max(0, end - start)
        fade = min(round(FADE_S * sample_rate), length // 2)
        ramp = (np.arange(fade, dtype=np.float32) + 0.5) / max(fade, 1)
        part = np.ones(length, dtype=np.float32)
        if start > 0:
            part[:fade] = ramp
        if end < frames:
            part[length - fade :] = ramp[::-1]
        share[start:end] = np.maximum(share[start:end], part)
    mixed = source + share[:, np.newaxis] * (made - source)
    return np.where(share[:, np.newaxis] == 1.0, made, mixed)


def encode(parts: Parts, source: Samples) -> Tensor:
    """Return the latents of (1, channels, time) of a source of (frames, channels)."""
    waveform = torch.from_numpy(np.array(source.T)).unsqueeze(0).to(parts.device)
    return stable_audio3_vae.encode(parts.vae, waveform)


def decode(parts: Parts, latents: Tensor, frames: int, *, on_step: OnStep) -> Samples:
    """Return one take's sound, float32 of (frames, channels), from latents of (1, channels, time)."""
    made = stable_audio3_vae.decode(parts.vae, latents, partial(stop_if_cancelled, on_step))
    waveform = made[0, :, :frames].clamp(-1.0, 1.0)
    return np.ascontiguousarray(waveform.float().cpu().numpy().T)


class StableAudio3Runner:
    """Stable Audio 3's parts, and a batch of its takes. See `torch_session.Runner`."""

    def __init__(self, parts: Parts, *, model: str, root: Path | None) -> None:
        self.parts, self._model = parts, model
        self.sample_rate = parts.sample_rate
        self._texts = Texts(model, partial(token_counts, parts), partial(hear, parts))
        self._sources = Sources(root, parts.sample_rate, int(parts.vae.config.audio_channels))
        self._encodings = Encodings(self._sources, partial(encode, parts))

    def shape(self, recipe: Recipe) -> Shape:
        """Return the recipe's length and sampling settings."""
        steps, dtype, guidance = recipe.steps, recipe.dtype, _guidance(recipe)
        if steps is None or dtype is None:
            raise ModelError(f"{self._model}: a recipe needs steps and dtype")
        frames, params = self._sources.frames(recipe), recipe.params
        settings = (recipe.duration_s, guidance, steps, params.get("strength", 1.0), "inpaint" in params)
        return Shape(dtype, frames, (self.parts.latent_steps(frames), guidance > 1.0), settings)

    def rows(self, shape: Shape) -> int:
        """Return the batch's rows, by the takes' length alone."""
        if self.parts.device.type == "cpu":
            return 1
        fitting = max(1, GPU_BATCH_LATENTS * self.parts.frames_per_latent // shape.frames)
        return min(GPU_BATCH_MOST, 1 << (fitting.bit_length() - 1))

    def run(
        self, takes: Sequence[Recipe], shape: Shape, rows: int, *, on_step: OnStep, on_event: OnEvent
    ) -> list[Samples]:
        """Sample a batch, then decode one take at a time. At a strength of 0 sources come back."""
        first = takes[0]
        assert first.steps is not None
        latent_steps = self.parts.latent_steps(shape.frames)
        strength, guidance = float(first.params.get("strength", 1.0)), _guidance(first)
        if strength > 0:
            fill = filled(takes, rows)
            heard = [self._texts.hear(take.prompt, on_event) for take in fill]
            if guidance > 1.0:
                heard = [*(self._texts.hear(take.negative, on_event) for take in fill), *heard]
            duration_s = shape.frames / self.sample_rate if first.duration_s is None else first.duration_s
            latents = denoise(
                self.parts,
                [self._start(take, strength, latent_steps) for take in fill],
                heard,
                self.parts.duration_embedder(torch.tensor([float(duration_s)], device=self.parts.device)),
                guidance,
                levels=noise_levels(first.steps, strength),
                on_step=on_step,
            )
        else:
            latents = torch.cat([self._encoded(take, latent_steps) for take in takes])
        return decoded(
            takes,
            latents,
            lambda take, one: self._finished(take, one, shape.frames, on_step),
            on_step=on_step,
        )

    def _start(self, take: Recipe, strength: float, steps: int) -> Start:
        """Draw a take's noise, and mix it with its source, or show the model what stays of that."""
        noise, generator = initial_noise(take.seed, (int(self.parts.vae.config.latent_dim), steps))
        x = noise.to(self.parts.device)
        if strength < 1:
            x = (1.0 - strength) * self._encoded(take, steps) + strength * x
        shown = None
        if "inpaint" in take.params:
            keep = keep_mask(self.parts, steps, take.params["inpaint"])
            shown = torch.cat([keep, self._encoded(take, steps) * keep], dim=1)
        return Start(x, shown, generator)

    def _finished(self, take: Recipe, latents: Tensor, frames: int, on_step: OnStep) -> Samples:
        """Return a take's sound, and of one that is inpainted the source wherever it is to stay."""
        made = decode(self.parts, latents, frames, on_step=on_step)
        if "inpaint" not in take.params:
            return made
        source = self._sources.read(take.params, frames)
        return pasted(made, source, take.params["inpaint"], self.sample_rate)

    def _encoded(self, take: Recipe, steps: int) -> Tensor:
        """Return the latents of a take's source, of so many steps."""
        return self._encodings.of(take.params, steps * self.parts.frames_per_latent)


def _guidance(recipe: Recipe) -> float:
    """Return a recipe's guidance: distilled weights have none."""
    return 1.0 if recipe.guidance is None else recipe.guidance


class StableAudio3Session(FolderSession):
    """Stable Audio 3 in memory, out of a folder."""

    def runner(self, folder: Path, device: str, dtype: str, *, model: str, root: Path | None) -> Runner:
        """Load the parts in a dtype. Raises ModelError for weights that are damaged."""
        return StableAudio3Runner(load_parts(folder, device, dtype), model=model, root=root)
