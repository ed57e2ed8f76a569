"""Stable Audio Open: text to 44.1 kHz stereo, by latent diffusion of up to 47.55 s. The light face.

Evans et al., "Stable Audio Open" (2024, arXiv 2407.14358). The sampling is in `stable_audio_session`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sfxgen.contracts import Complaint, ModelInfo, ProjectFiles, Session, Surroundings
from sfxgen.errors import ModelUnavailable
from sfxgen.models.diffusion_face import DiffusionFace
from sfxgen.models.weight_facts import small_json

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue, Kind

PARTS = ("projection_model", "scheduler", "text_encoder", "tokenizer", "transformer", "vae")
MAX_DURATION_S = 47.55  # 1,024 latents
DEFAULT_STRENGTH = 0.3

DEFAULTS: Mapping[str, JsonValue] = {"steps": 100, "guidance": 7.0, "dtype": "bf16"}
"""The authors' steps and guidance; the dtype that a GPU and a CPU both run fast."""


class StableAudio(DiffusionFace):
    """The adapter. See `sfxgen.contracts.Adapter`."""

    name = "stable_audio"
    version = 1
    title = "Stable Audio Open"
    min_duration_s = 0.05  # one latent is 2,048 frames
    default_duration_s = 5.0
    max_prompt_characters = 1000  # the text encoder hears 128 tokens
    min_steps = 2  # one step would begin at the lowest noise level, and see nothing but noise
    layouts: Mapping[str, tuple[str, ...]] = {"StableAudioPipeline": PARTS}
    models: tuple[ModelInfo, ...] = (
        ModelInfo(
            name="stable-audio-open",
            adapter="stable_audio",
            where="stabilityai/stable-audio-open-1.0",
            licence="Stability AI Community",
            licence_url="https://huggingface.co/stabilityai/stable-audio-open-1.0/blob/main/LICENSE.md",
            commercial="conditions",
            sample_rate=44_100,
            channels=2,
            max_duration_s=MAX_DURATION_S,
            accepts=frozenset(
                {"prompt", "negative", "steps", "guidance", "dtype", "duration_s", "source", "strength"}
            ),
            defaults=DEFAULTS,
            needs_gpu=True,
            download_mb=5300,
            credit="Powered by Stability AI",
            summary="sound effects and ambience in stereo; sold games: below 1 M USD of revenue a year",
        ),
    )

    def weight_complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], files: ProjectFiles
    ) -> Iterator[Complaint]:
        """Yield what is wrong with a take that is longer than these weights make."""
        longest_s = _longest_s(info.where, files)
        if longest_s is None or longest_s >= info.max_duration_s:
            return
        shorter = replace(info, max_duration_s=math.floor(longest_s * 100) / 100)
        for complaint in self.complaints(shorter, keys):
            yield replace(complaint, what=f"{complaint.what}, by these weights' configuration")

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        """Return the source with its digest and the strength, where there is one."""
        strength = keys.get("strength")
        given = {**keys, "strength": DEFAULT_STRENGTH if strength is None else strength}
        return super().params(info, given, kind=kind)

    def unavailable(self, info: ModelInfo, around: Surroundings) -> ModelUnavailable | None:
        """Return what is missing, or None: besides what all models need, torchsde, for the weights' own sampler."""
        problem = super().unavailable(info, around)
        if problem is None and find_spec("torchsde") is None:
            return ModelUnavailable(
                f"{info.name}: torchsde is not installed", hint="pip install 'sfxgen[models]'"
            )
        return problem

    def open(self, info: ModelInfo, folder: Path, device: str, root: Path) -> Session:
        """Return a session over the weights in a folder."""
        from sfxgen.models.stable_audio_session import StableAudioSession

        return StableAudioSession(folder, model=info.name, device=device, root=root)


def _longest_s(where: str, files: ProjectFiles) -> float | None:
    """Return how long a take is that fills the model's latents, by its configurations; None where these are not here."""
    transformer = small_json(where, "transformer/config.json", files)
    vae = small_json(where, "vae/config.json", files)
    try:
        frames = int(transformer["sample_size"]) * math.prod(map(int, vae["downsampling_ratios"]))
        return frames / int(vae["sampling_rate"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None  # loading tells what is wrong with them


adapter = StableAudio()
