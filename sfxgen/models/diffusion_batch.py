"""What sessions of diffusion models do alike, whatever the model: load parts, hear texts, fill up a batch, step, decode.

This module imports torch, diffusers and transformers: adapters import it only to load a model.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from sfxgen.audio.clip import Samples
from sfxgen.events import Notice, OnEvent
from sfxgen.models.torch_session import DTYPES, OnStep, Runner, TorchSession, load_module, quiet
from sfxgen.recipe import Recipe

Heard = TypeVar("Heard")
Take = TypeVar("Take")


def load_part(folder: Path, cls: Any, device: str, dtype: str) -> Any:
    """Load one component in eval mode, on a device and in a dtype. Raises ModelError for weights that are damaged."""
    return load_module(folder, cls).to(device=device, dtype=DTYPES[dtype]).eval()


class Texts(Generic[Heard]):
    """What a model hears in texts, computed once for each distinct one.

    `count` tells how many tokens a text has, and how many of them the model hears; `encode` what it hears.
    """

    def __init__(
        self, model: str, count: Callable[[str], tuple[int, int]], encode: Callable[[str], Heard]
    ) -> None:
        self._model, self._count, self._encode = model, count, encode
        self._heard: dict[str, Heard] = {}

    def hear(self, text: str, on_event: OnEvent) -> Heard:
        """Return what the model hears in a text. Warns of one that it does not hear to its end."""
        if text not in self._heard:
            with quiet():  # tokenizers warn of a long text in words of their own
                tokens, most = self._count(text)
            if tokens > most:
                on_event(
                    Notice(
                        f"{self._model} hears the first {most} of {tokens} tokens of {text[:40]!r}…",
                        hint="shorten the prompt",
                        level="warning",
                    )
                )
            self._heard[text] = self._encode(text)
        return self._heard[text]


def filled(takes: Sequence[Recipe], rows: int) -> list[Recipe]:
    """Return a batch of so many rows, the first take repeated in those that are left over."""
    return [*takes, *([takes[0]] * (rows - len(takes)))]


def draws_of(scheduler: Any, generators: Sequence[torch.Generator]) -> dict[str, Any]:
    """Return what a scheduler's step takes to draw each row's noise by its own generator: nothing where it draws none."""
    takes_them = "generator" in inspect.signature(scheduler.step).parameters
    return {"generator": list(generators)} if takes_them else {}


def stepped(
    scheduler: Any,
    x: Tensor,
    guidance: float,
    predict: Callable[[Tensor, Tensor], Tensor],
    draws: Mapping[str, Any],
    *,
    on_step: OnStep,
) -> Tensor:
    """Return latents of (rows, …) after all of a scheduler's steps, which are told as they go.

    `predict` gives what the model sees in latents at a timestep: with a guidance above 1 in those of the negatives and
    then of the prompts, of (2 x rows, …). Ho and Salimans, "Classifier-Free Diffusion Guidance" (2022).
    The sampler's state stays in float32, whatever the model's dtype: rounding it at every step would add up.
    """
    is_guided = guidance > 1.0
    count = len(scheduler.timesteps)
    on_step(0, count)
    for i, t in enumerate(scheduler.timesteps):
        predicted = predict(torch.cat([x, x]) if is_guided else x, t).float()
        if is_guided:
            negative, prompt = predicted.chunk(2)
            predicted = negative + guidance * (prompt - negative)
        x = scheduler.step(predicted, t, x, **draws).prev_sample
        on_step(i + 1, count)
    return x


def decoded(
    takes: Sequence[Take],
    latents: Tensor,
    decode: Callable[[Take, Tensor], Samples],
    *,
    on_step: OnStep,
) -> list[Samples]:
    """Return each take's sound, decoded by itself from its row of the latents: its bits do not depend on its company.

    A run can be cancelled before each.
    """
    sounds = []
    for i, take in enumerate(takes):
        stop_if_cancelled(on_step)
        sounds.append(decode(take, latents[i : i + 1].clone()))
    return sounds


def stop_if_cancelled(on_step: OnStep) -> None:
    """Raise Cancelled where the run is to stop; says nothing of progress, since no step was taken."""
    on_step(0, 1)


class FolderSession(TorchSession):
    """A model in memory, out of a folder. `root` is the project, whose files may be sources."""

    def __init__(
        self,
        folder: Path,
        *,
        model: str,
        device: str,
        root: Path | None = None,
        dtype: str = "bf16",
        batch: int | None = None,
    ) -> None:
        super().__init__(
            lambda dtype: self.runner(folder, device, dtype, model=model, root=root),
            model=model,
            device=device,
            dtype=dtype,
            batch=batch,
        )

    def runner(self, folder: Path, device: str, dtype: str, *, model: str, root: Path | None) -> Runner:
        """Load the model's parts in a dtype. Raises ModelError for weights that are damaged."""
        raise NotImplementedError
