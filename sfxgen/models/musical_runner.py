"""Latent diffusion of music: tempo and key reach the model as words of its prompt.

This module imports torch: adapters import it only to load a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sfxgen.audio.clip import Samples
from sfxgen.events import OnEvent
from sfxgen.models.diffusion_session import LatentRunner
from sfxgen.models.musical import described
from sfxgen.models.torch_session import OnStep, Shape
from sfxgen.recipe import Recipe


class MusicalRunner(LatentRunner):
    """A latent diffusion model that hears tempo and key where its recipes have them."""

    def run(
        self, takes: Sequence[Recipe], shape: Shape, rows: int, *, on_step: OnStep, on_event: OnEvent
    ) -> list[Samples]:
        """Sample a batch. See `LatentRunner.run`."""
        heard = [_in_words(take) for take in takes]
        return super().run(heard, shape, rows, on_step=on_step, on_event=on_event)


def _in_words(take: Recipe) -> Recipe:
    """Return a recipe whose prompt, and that at the other end of its morph, say its tempo and key."""
    params = take.params
    morph = params.get("morph") or {}
    if morph.get("to"):
        params = {**params, "morph": {**morph, "to": described(str(morph["to"]), params)}}
    return replace(take, prompt=described(take.prompt, params), params=params)
