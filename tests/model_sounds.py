"""What the tests of several models share: the sounds of a session and of diffusers' pipelines, counted calls, and a pickle
with code.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sfxgen.contracts import Session
from sfxgen.events import ignore
from sfxgen.recipe import Recipe

Sound = NDArray[np.float32]
"""Of shape (frames, channels)."""


def sounds(session: Session, *recipes: Recipe) -> list[Sound]:
    return [clip.samples for clip in session.generate(recipes, on_event=ignore, cancelled=lambda: False)]


def counted(module: Any, monkeypatch: pytest.MonkeyPatch, name: str = "forward") -> list[int]:
    """Note the rows of each call of a module, or of another of its methods, from now on."""
    rows: list[int] = []
    called: Callable[..., Any] = getattr(module, name)

    def counting(sample: Any, *args: Any, **kwargs: Any) -> Any:
        rows.append(len(sample))
        return called(sample, *args, **kwargs)

    monkeypatch.setattr(module, name, counting)
    return rows


def pipeline_sounds(pipeline: Any, *recipes: Recipe, **texts: Any) -> Sound:
    """What a pipeline makes of recipes that differ in texts and takes alone: (recipes, frames, 1).

    It is told the recipes' own texts, or others in the pipeline's words for them.
    """
    import diffusers
    import torch

    from sfxgen.models.latent_diffusion import make_scheduler

    first = recipes[0]
    template = diffusers.DDIMScheduler.from_pretrained(Path(pipeline.config._name_or_path) / "scheduler")
    pipeline.scheduler = make_scheduler(template, first.scheduler or "default")
    spoken = {
        "prompt": [recipe.prompt for recipe in recipes],
        "negative_prompt": [recipe.negative for recipe in recipes],
    }
    audios: Sound = pipeline(
        **(texts or spoken),
        audio_length_in_s=first.duration_s,
        num_inference_steps=first.steps,
        guidance_scale=first.guidance,
        generator=[torch.Generator("cpu").manual_seed(recipe.seed) for recipe in recipes],
    ).audios
    return audios[..., np.newaxis]


class Payload:
    """A pickle that writes a file when it is loaded by a loader that runs code."""

    def __init__(self, target: str) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
        return (open, (self.target, "w"))
