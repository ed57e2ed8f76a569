"""What models of transformers' have in common that draw tokens one after the other, with torch's own generator.

A take's draws come from its seed alone: the generator is set to it before the take, and what it was is put back after.

This module imports torch and transformers: adapters import it only to load a model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import Tensor

from sfxgen.models.torch_session import DTYPES, OnStep, load_config, load_module


def load_model(folder: Path, cls: Any, device: str, dtype: str) -> Any:
    """Load the one model of a folder in transformers' layout, in eval mode. Raises ModelError for damaged weights."""
    model = load_module(folder, cls).to(device=device, dtype=DTYPES[dtype]).eval()
    # It is loaded along, but where it cannot be read, other settings take its place in silence.
    model.generation_config = load_config(folder, transformers.GenerationConfig)
    return model


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Draw from a seed on the CPU and on `device`; the caller's generators go on afterwards as if nothing had been drawn."""
    places: list[Any] = [torch.random]
    if device.type != "cpu":
        places.append(getattr(torch, device.type))
    before = [place.get_rng_state() for place in places]
    try:
        # torch.manual_seed would seed every other device too.
        torch.default_generator.manual_seed(seed)
        for place in places[1:]:
            place.manual_seed(seed)
        yield
    finally:
        for place, state in zip(places, before, strict=True):
            place.set_rng_state(state)


class Progress:
    """Counts what a take has drawn. `total` may be a guess until the model itself knows how much there is to draw."""

    def __init__(self, on_step: OnStep, total: int) -> None:
        self._on_step, self.total, self.done = on_step, total, 0
        on_step(0, total)

    def step(self) -> None:
        """Note one more. Raises Cancelled."""
        self.done += 1
        self.total = max(self.total, self.done)
        self._on_step(self.done, self.total)


def each_token(told: Callable[[], None]) -> Any:
    """Return stopping criteria for `generate` that never stop by themselves, but tell of each token that was drawn."""

    def criterion(input_ids: Tensor, scores: Any, **kwargs: Any) -> Tensor:
        del scores, kwargs
        told()
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)

    return transformers.StoppingCriteriaList([criterion])
