"""Stable Audio 3's autoencoder over sounds of minutes, in windows.

diffusers' `AutoencoderSAME` attends over a whole sound at once, under a dense mask: at 380 s some 70,000 tokens, and a
mask of 19 GB, not counting what is made on the way to it. But under that mask a token sees no further than
`sliding_window` latents to each side, a layer; what it makes of a latent thus depends on as many latents around it as the
layers of all levels see one after the other, and on nothing beyond (attention knows distances only, not places). So a
window with that much context on both sides gives what the whole would give, but for the rounding of another sum.

Sounds of one window are computed whole, bit for bit as diffusers' pipelines do.

This module imports torch: adapters import it only to load a model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

WINDOW = 256
"""Latents that a window gives, 23.8 s of sound: some 0.5 GB to attend over."""


@dataclass(frozen=True, slots=True)
class Window:
    """What is computed at once: latents `start` to `end`, of which `first` to `last` are kept."""

    start: int
    end: int
    first: int
    last: int


def context(vae: Any) -> int:
    """Return how many latents around one decide what becomes of it, on each side, at the most.

    Levels of finer steps than a latent's see less far; each is counted as if its steps were latents.
    """
    return int(vae.config.sliding_window) * sum(int(d) for d in vae.config.encoder_transformer_depths)


def windows(steps: int, around: int) -> Iterator[Window]:
    """Yield the windows of a sound of so many latents, with `around` latents of context where there are any."""
    for first in range(0, steps, WINDOW):
        last = min(first + WINDOW, steps)
        yield Window(max(0, first - around), min(steps, last + around), first, last)


def decode(vae: Any, latents: Tensor, before_each: Callable[[], None]) -> Tensor:
    """Return the waveform of (1, channels, frames) from latents of (1, channels, steps).

    `before_each` is called before each window; it stops the decoding by raising.
    """
    ratio, parts = int(vae.downsampling_ratio), []
    for w in windows(latents.shape[2], context(vae)):
        before_each()
        waveform = vae.decode(latents[:, :, w.start : w.end]).sample
        parts.append(waveform[:, :, (w.first - w.start) * ratio : (w.last - w.start) * ratio].clone())
    return torch.cat(parts, dim=2)


def encode(vae: Any, waveform: Tensor) -> Tensor:
    """Return the latents of (1, channels, steps) from a waveform of (1, channels, frames), of whole latents."""
    ratio, parts = int(vae.downsampling_ratio), []
    for w in windows(waveform.shape[2] // ratio, context(vae)):
        latents = vae.encode(waveform[:, :, w.start * ratio : w.end * ratio]).latents
        parts.append(latents[:, :, w.first - w.start : w.last - w.start].clone())
    return torch.cat(parts, dim=2)
