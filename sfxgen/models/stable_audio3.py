"""Stable Audio 3: text to 44.1 kHz stereo of any length up to minutes, in eight steps. The light face.

Stability AI, "Stable Audio 3" (2026, arXiv 2605.17991). The sampling is in `stable_audio3_session`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sfxgen.contracts import ModelInfo, Session, Surroundings
from sfxgen.errors import ModelUnavailable
from sfxgen.models import weights
from sfxgen.models.diffusion_face import DiffusionFace

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue, Kind

PARTS = ("duration_embedder", "scheduler", "text_encoder", "tokenizer", "transformer", "vae")
PIPELINES = ("StableAudio3Pipeline", "StableAudio3AudioToAudioPipeline", "StableAudio3InpaintPipeline")
SMALL_LONGEST_S = 120.0
MEDIUM_LONGEST_S = 380.0
DEFAULT_STRENGTH = 0.6

ACCEPTS = frozenset({"prompt", "steps", "dtype", "duration_s", "source", "strength", "inpaint"})
GUIDED = ACCEPTS | {"negative", "guidance"}

DISTILLED: Mapping[str, JsonValue] = {"steps": 8, "dtype": "bf16"}
"""The eight steps that the weights were distilled for."""
BASE: Mapping[str, JsonValue] = {**DISTILLED, "steps": 100, "guidance": 7.0}
OWN: Mapping[str, JsonValue] = {**DISTILLED, "guidance": 1.0}
"""Weights of one's own may be of either kind: guidance is off until it is asked for."""


def _known(variant: str, longest_s: float, summary: str) -> ModelInfo:
    is_base = variant.endswith("-base")
    return ModelInfo(
        name=f"stable-audio-3-{variant}",
        adapter="stable_audio3",
        where=f"stabilityai/stable-audio-3-{variant}",
        licence="Stability AI Community, and Gemma Terms of Use",
        licence_url="https://stability.ai/community-license-agreement",
        commercial="conditions",
        sample_rate=44_100,
        channels=2,
        max_duration_s=longest_s,
        accepts=GUIDED if is_base else ACCEPTS,
        defaults=BASE if is_base else DISTILLED,
        needs_gpu=True,
        credit="Powered by Stability AI",
        summary=f"{summary}; sold games: below 1 M USD of revenue a year",
    )


class StableAudio3(DiffusionFace):
    """The adapter. See `sfxgen.contracts.Adapter`."""

    name = "stable_audio3"
    version = 1
    title = "Stable Audio 3"
    strength_is_of_steps = False
    min_duration_s = 0.1  # one latent is 4,096 frames
    default_duration_s = 5.0
    max_prompt_characters = 2000  # the text encoder hears 256 tokens
    layouts: Mapping[str, tuple[str, ...]] = dict.fromkeys(PIPELINES, PARTS)
    models: tuple[ModelInfo, ...] = (
        _known("small-sfx", SMALL_LONGEST_S, "sound effects in stereo, up to 2 minutes"),
        _known("small-music", SMALL_LONGEST_S, "music in stereo, up to 2 minutes"),
        _known("medium", MEDIUM_LONGEST_S, "music and sound effects in stereo, up to 6 minutes"),
        _known("small-sfx-base", SMALL_LONGEST_S, "small-sfx before it was distilled: slow, with guidance"),
        _known(
            "small-music-base", SMALL_LONGEST_S, "small-music before it was distilled: slow, with guidance"
        ),
        _known("medium-base", MEDIUM_LONGEST_S, "medium before it was distilled: slow, with guidance"),
    )

    def info(self, where: str) -> ModelInfo:
        """Return a published model's facts, at any revision, or those of weights nobody here knows."""
        found = super().info(where)
        if found.licence != "unknown":
            return found
        return replace(found, accepts=GUIDED, defaults=OWN, max_duration_s=MEDIUM_LONGEST_S)

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        """Return the source with its digest, the strength, and the parts to make anew."""
        given = dict(keys)
        if keys.get("strength") is None and not keys.get("inpaint"):
            given["strength"] = DEFAULT_STRENGTH
        return super().params(info, given, kind=kind)

    def wanted_files(self, names: Iterable[str]) -> list[str]:
        """Return what to download of a repository: nothing of one in the authors' own layout, which is no use here."""
        names = list(names)
        return super().wanted_files(names) if "model_index.json" in names else []

    def unavailable(self, info: ModelInfo, around: Surroundings) -> ModelUnavailable | None:
        """Return what is missing, or None. Published weights have a layout of their own, and are converted first."""
        problem = super().unavailable(info, around)
        hub = weights.hub_id(info.where)
        if problem is None or hub is None or not problem.hint.startswith("sfxgen models fetch"):
            return problem
        return ModelUnavailable(
            problem.message,
            hint="convert them with diffusers' scripts/convert_stable_audio_3_to_diffusers.py "
            f"--checkpoint_path {hub.repo} --output_dir {hub.repo}, in the project's folder",
        )

    def open(self, info: ModelInfo, folder: Path, device: str, root: Path) -> Session:
        """Return a session over the weights in a folder."""
        from sfxgen.models.stable_audio3_session import StableAudio3Session

        return StableAudio3Session(folder, model=info.name, device=device, root=root)


adapter = StableAudio3()
