"""Sampling from a latent diffusion model of sound, over diffusers' parts.

One take goes text → embedding → noise → denoised latents → mel spectrogram → waveform:

    c = normalise(CLAP(prompt)),  u = normalise(CLAP(negative))
    x_T ~ N(0, σ²),  ε = ε(x_t, u) + w · (ε(x_t, c) - ε(x_t, u)),  x_{t-1} = step(x_t, ε)
    waveform = HiFi-GAN(VAE.decode(x_0 / s))

Liu et al., "AudioLDM: Text-to-Audio Generation with Latent Diffusion Models" (ICML 2023); guidance is Ho and
Salimans, "Classifier-Free Diffusion Guidance" (2022). Latents have the shape (rows, channels, time, frequency).
What starts from another sound, or keeps a part of one, is in `guided_sampling`.

This module imports torch and diffusers: adapters import it only to load a model.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Protocol

import diffusers
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from sfxgen.audio.clip import Samples
from sfxgen.models.diffusion_batch import decoded
from sfxgen.models.schedulers import DEFAULT, SCHEDULERS


@dataclass(frozen=True, slots=True)
class Condition:
    """What a model heard in a text: tensors with a row for each take, whatever the model makes of texts."""

    tensors: tuple[Tensor, ...]

    def at(self, rows: Sequence[int]) -> Condition:
        """Return these rows, each as often as it is named."""
        return Condition(tuple(tensor[list(rows)] for tensor in self.tensors))


def joined(conditions: Sequence[Condition]) -> Condition:
    """Return the rows of several conditions one after the other."""
    return Condition(
        tuple(torch.cat(same) for same in zip(*(one.tensors for one in conditions), strict=True))
    )


class Conditioner(Protocol):
    """How a model hears texts, and how its U-Net is told."""

    def count(self, text: str) -> tuple[int, int]:
        """Return how many tokens a text has, and how many of them the model hears."""
        ...

    def encode(self, text: str) -> Condition:
        """Return what the model hears in a text, of one row: the same bits in any company."""
        ...

    def predict(self, unet: Any, x: Tensor, t: Tensor, condition: Condition) -> Tensor:
        """Return the noise that the U-Net sees in latents of (rows, channels, time, frequency)."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a loaded model, in eval mode, all on one device and of one dtype."""

    conditioner: Conditioner
    unet: Any
    vae: Any
    vocoder: Any
    scheduler: Any
    device: torch.device
    dtype: torch.dtype

    @property
    def sample_rate(self) -> int:
        """The vocoder's sample rate in Hz."""
        return int(self.vocoder.config.sampling_rate)

    @property
    def vae_factor(self) -> int:
        """How many mel frames, and mel bins, one step of the latents stands for."""
        return 1 << (len(self.vae.config.block_out_channels) - 1)

    @property
    def frames_per_latent(self) -> int:
        """How many frames of sound one step of the latents' time axis makes."""
        return math.prod(int(rate) for rate in self.vocoder.config.upsample_rates) * self.vae_factor

    def latent_shape(self, frames: int) -> tuple[int, int, int]:
        """Return (channels, time, frequency) of the latents that make at least `frames` frames."""
        bins = int(self.vocoder.config.model_in_dim) // self.vae_factor
        return int(self.unet.config.in_channels), math.ceil(frames / self.frames_per_latent), bins


@dataclass(frozen=True, slots=True)
class ClapText:
    """AudioLDM's hearing: one CLAP embedding of length 1, which the U-Net takes in place of a class."""

    tokenizer: Any
    text_encoder: Any

    def count(self, text: str) -> tuple[int, int]:
        """Return how many tokens a text has, and how many of them CLAP hears."""
        return len(self.tokenizer(text).input_ids), self._longest()

    def _longest(self) -> int:
        # RoBERTa counts positions from the padding token's id on, so the table holds that many fewer tokens.
        config = self.text_encoder.config
        positions = int(config.max_position_embeddings) - int(config.pad_token_id) - 1
        return min(int(self.tokenizer.model_max_length), positions)

    def encode(self, text: str) -> Condition:
        """Return a text's embedding, of length 1 and of shape (1, features). Always padded to the longest text."""
        tokens = self.tokenizer(
            text, padding="max_length", max_length=self._longest(), truncation=True, return_tensors="pt"
        )
        device = self.text_encoder.device
        embedding: Tensor = self.text_encoder(
            tokens.input_ids.to(device), attention_mask=tokens.attention_mask.to(device)
        ).text_embeds
        return Condition((functional.normalize(embedding, dim=-1).to(self.text_encoder.dtype),))

    def predict(self, unet: Any, x: Tensor, t: Tensor, condition: Condition) -> Tensor:
        """Return the noise that the U-Net sees."""
        noise: Tensor = unet(x, t, encoder_hidden_states=None, class_labels=condition.tensors[0]).sample
        return noise


def make_scheduler(template: Any, name: str) -> Any:
    """Return a fresh scheduler: `name`'s class and options, the noise schedule of the weights' own one."""
    if name == DEFAULT:
        return deepcopy(template)
    kind = SCHEDULERS[name]
    return getattr(diffusers, kind.cls).from_config(template.config, **kind.options)


def initial_noise(seed: int, shape: tuple[int, ...]) -> tuple[Tensor, torch.Generator]:
    """Return float32 noise of (1, *shape), and the generator for what the scheduler draws later.

    Drawn on the CPU, whose generator is the same on every machine, and by one generator a take, so that a take's
    noise does not depend on its place in a batch.
    """
    generator = torch.Generator("cpu").manual_seed(seed)
    return torch.randn((1, *shape), generator=generator, dtype=torch.float32), generator


@dataclass(frozen=True, slots=True)
class Known:
    """Latents of (rows, channels, time, frequency) that stay as they are where `keep` is true, which has one channel."""

    latents: Tensor
    keep: Tensor


def denoise(
    parts: Parts,
    scheduler: Any,
    noise: Tensor,
    prompts: Condition,
    negatives: Condition | None,
    guidance: float,
    *,
    steps: int,
    generators: list[torch.Generator],
    on_step: Callable[[int, int], None],
    skip: int = 0,
    origin: Tensor | None = None,
    known: Known | None = None,
) -> Tensor:
    """Return the denoised latents of a batch, float32 of the noise's shape (rows, channels, time, frequency).

    Without `negatives` there is no guidance. The model runs in its dtype, the sampler's state stays in float32:
    rounding it at every step would add up.
    With `skip`, the first so many steps are left out, and `origin` with as much noise as is left then takes their place
    (Meng et al., "SDEdit", ICLR 2022). What is `known` is put in before each step, with that step's noise, and at the
    end (Lugmayr et al., "RePaint", CVPR 2022, without its resampling).
    `on_step` is told (steps done, steps in all) before the first step and after each; it stops the loop by raising.
    """
    scheduler.set_timesteps(steps, device=parts.device)
    timesteps = scheduler.timesteps if not skip else _after(scheduler, skip)
    if (skip or known) and hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(skip * scheduler.order)
    takes = inspect.signature(scheduler.step).parameters
    draws: dict[str, Any] = {"generator": generators} if "generator" in takes else {}
    heard = prompts if negatives is None else joined([negatives, prompts])
    noise = noise.to(parts.device)
    count = len(timesteps)
    if not skip:
        x = noise * scheduler.init_noise_sigma
    else:
        assert origin is not None
        x = scheduler.add_noise(origin, noise, timesteps[:1].repeat(len(noise))) if count else origin
    on_step(0, count)
    for i, t in enumerate(timesteps):
        if known is not None:
            level = scheduler.add_noise(known.latents, noise, t.repeat(len(noise)))
            x = torch.where(known.keep, level, x)
        rows = x if negatives is None else torch.cat([x, x])
        model_input = scheduler.scale_model_input(rows, t).to(parts.dtype)
        eps = parts.conditioner.predict(parts.unet, model_input, t, heard).float()
        if negatives is not None:
            eps_negative, eps_prompt = eps.chunk(2)
            eps = eps_negative + guidance * (eps_prompt - eps_negative)
        if skip and "order" in takes:
            draws["order"] = min(i + 1, LINEAR_MULTISTEP_ORDER)
        x = scheduler.step(eps, t, x, **draws).prev_sample
        on_step(i + 1, count)
    return x if known is None else torch.where(known.keep, known.latents, x)


LINEAR_MULTISTEP_ORDER = 4
"""How many earlier steps diffusers' linear multistep looks back at, be they there or not: after a skip they are not."""


def _after(scheduler: Any, skip: int) -> Tensor:
    """Return the timesteps that are left after the first `skip` steps."""
    timesteps: Tensor = scheduler.timesteps
    if isinstance(scheduler, diffusers.PNDMScheduler):
        if not scheduler.config.skip_prk_steps:
            raise ValueError("the weights' own scheduler cannot begin in the middle: name another one")
        # It takes its first step twice, and so its second level stands there twice.
        left = torch.unique_consecutive(timesteps)[skip:]
        return torch.cat([left[:2], left[1:]])
    return timesteps[skip * scheduler.order :]


def decode(parts: Parts, latents: Tensor, frames: int) -> Samples:
    """Return one take's sound, float32 of (frames, 1), from latents of (1, channels, time, frequency)."""
    mel = parts.vae.decode((1 / parts.vae.config.scaling_factor * latents).to(parts.dtype)).sample
    waveform = parts.vocoder(mel.squeeze(1)).float().cpu().numpy()
    return np.ascontiguousarray(waveform[0, :frames, np.newaxis])


def sample(
    parts: Parts,
    seeds: Sequence[int],
    frames: int,
    prompts: Condition,
    negatives: Condition | None,
    guidance: float,
    *,
    steps: int,
    scheduler: str,
    rows: int,
    on_step: Callable[[int, int], None],
) -> list[Samples]:
    """Return one sound of (frames, 1) a seed; `prompts` and `negatives` have a row for each.

    The batch always has `rows` rows, the first take repeated in those that are left over: a GPU picks its kernels
    by the batch's shape, and rows do not touch each other, so a take's bits do not depend on its company.
    The VAE and the vocoder take one at a time.
    """
    fill = [*range(len(seeds)), *([0] * (rows - len(seeds)))]
    drawn = [initial_noise(seeds[i], parts.latent_shape(frames)) for i in fill]
    latents = denoise(
        parts,
        make_scheduler(parts.scheduler, scheduler),
        torch.cat([noise for noise, _ in drawn]),
        prompts.at(fill),
        None if negatives is None else negatives.at(fill),
        guidance,
        steps=steps,
        generators=[generator for _, generator in drawn],
        on_step=on_step,
    )
    return decoded(seeds, latents, lambda _, one: decode(parts, one, frames), on_step=on_step)
