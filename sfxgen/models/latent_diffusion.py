"""Sampling from a latent diffusion model of sound, over diffusers' parts.

One take goes text → embedding → noise → denoised latents → mel spectrogram → waveform:

    c = normalise(CLAP(prompt)),  u = normalise(CLAP(negative))
    x_T ~ N(0, σ²),  ε = ε(x_t, u) + w · (ε(x_t, c) - ε(x_t, u)),  x_{t-1} = step(x_t, ε)
    waveform = HiFi-GAN(VAE.decode(x_0 / s))

Liu et al., "AudioLDM: Text-to-Audio Generation with Latent Diffusion Models" (ICML 2023); guidance is Ho and
Salimans, "Classifier-Free Diffusion Guidance" (2022). Latents have the shape (rows, channels, time, frequency).

This module imports torch and diffusers: adapters import it only to load a model.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import diffusers
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from sfxgen.audio.clip import Samples
from sfxgen.models.schedulers import DEFAULT, SCHEDULERS

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a loaded model, in eval mode, all on one device and of one dtype."""

    tokenizer: Any
    text_encoder: Any
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


def count_tokens(parts: Parts, text: str) -> tuple[int, int]:
    """Return how many tokens a prompt has, and how many of them the model hears."""
    return len(parts.tokenizer(text).input_ids), _longest_prompt(parts)


def _longest_prompt(parts: Parts) -> int:
    # RoBERTa counts positions from the padding token's id on, so the table holds that many fewer tokens.
    config = parts.text_encoder.config
    positions = int(config.max_position_embeddings) - int(config.pad_token_id) - 1
    return min(int(parts.tokenizer.model_max_length), positions)


def encode_prompt(parts: Parts, text: str) -> Tensor:
    """Return a prompt's CLAP embedding, of length 1 and of shape (1, features).

    One text a call, always padded to the longest prompt: the same text gives the same bits in any company.
    """
    tokens = parts.tokenizer(
        text, padding="max_length", max_length=_longest_prompt(parts), truncation=True, return_tensors="pt"
    )
    embedding: Tensor = parts.text_encoder(
        tokens.input_ids.to(parts.device), attention_mask=tokens.attention_mask.to(parts.device)
    ).text_embeds
    return functional.normalize(embedding, dim=-1).to(parts.dtype)


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


def denoise(
    unet: Any,
    scheduler: Any,
    noise: Tensor,
    prompts: Tensor,
    negatives: Tensor | None,
    guidance: float,
    *,
    steps: int,
    generators: list[torch.Generator],
    on_step: Callable[[int, int], None],
) -> Tensor:
    """Return the denoised latents of a batch, float32 of the noise's shape (rows, channels, time, frequency).

    `prompts` and `negatives` are (rows, features) in the model's dtype; without `negatives` there is no guidance.
    The model runs in its dtype, the sampler's state stays in float32: rounding it at every step would add up.
    `on_step` is told (steps done, steps in all) before the first step and after each; it stops the loop by raising.
    """
    scheduler.set_timesteps(steps, device=prompts.device)
    draws = {"generator": generators} if "generator" in inspect.signature(scheduler.step).parameters else {}
    labels = prompts if negatives is None else torch.cat([negatives, prompts])
    x: Tensor = noise.to(prompts.device) * scheduler.init_noise_sigma
    count = len(scheduler.timesteps)
    on_step(0, count)
    for i, t in enumerate(scheduler.timesteps):
        rows = x if negatives is None else torch.cat([x, x])
        model_input = scheduler.scale_model_input(rows, t).to(prompts.dtype)
        eps = unet(model_input, t, encoder_hidden_states=None, class_labels=labels).sample.float()
        if negatives is not None:
            eps_negative, eps_prompt = eps.chunk(2)
            eps = eps_negative + guidance * (eps_prompt - eps_negative)
        x = scheduler.step(eps, t, x, **draws).prev_sample
        on_step(i + 1, count)
    return x


def decode(parts: Parts, latents: Tensor, frames: int) -> Samples:
    """Return one take's sound, float32 of (frames, 1), from latents of (1, channels, time, frequency)."""
    mel = parts.vae.decode((1 / parts.vae.config.scaling_factor * latents).to(parts.dtype)).sample
    waveform = parts.vocoder(mel.squeeze(1)).float().cpu().numpy()
    return np.ascontiguousarray(waveform[0, :frames, np.newaxis])


def sample(
    parts: Parts,
    seeds: Sequence[int],
    frames: int,
    prompts: Tensor,
    negatives: Tensor | None,
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
        parts.unet,
        make_scheduler(parts.scheduler, scheduler),
        torch.cat([noise for noise, _ in drawn]),
        prompts[fill],
        None if negatives is None else negatives[fill],
        guidance,
        steps=steps,
        generators=[generator for _, generator in drawn],
        on_step=on_step,
    )
    return [decode(parts, latents[i : i + 1].clone(), frames) for i in range(len(seeds))]
