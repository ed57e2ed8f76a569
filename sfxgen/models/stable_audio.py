"""Stable Audio Open: text to 44.1 kHz stereo, by latent diffusion of up to 47.55 s. The light face.

Evans et al., "Stable Audio Open" (2024, arXiv 2407.14358). The sampling is in `stable_audio_session`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sfxgen.contracts import Complaint, ModelInfo, ProjectFiles, Session, Surroundings
from sfxgen.errors import ModelUnavailable
from sfxgen.models import weights
from sfxgen.models.complaints import DTYPES, outside, too_long, unknown, without_prompt
from sfxgen.models.guided import guided_complaints, guided_params, with_sources
from sfxgen.models.weighted import Weighted

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue, Kind

PARTS = ("projection_model", "scheduler", "text_encoder", "tokenizer", "transformer", "vae")
MIN_DURATION_S = 0.05  # one latent is 2,048 frames
MAX_DURATION_S = 47.55  # 1,024 latents
MAX_PROMPT_CHARACTERS = 1000  # the text encoder hears 128 tokens
MIN_STEPS = 2  # one step would begin at the lowest noise level, and see nothing but noise
MAX_STEPS = 500
MAX_GUIDANCE = 50.0
DEFAULT_STRENGTH = 0.3

DEFAULT_DURATION_S = 5.0
"""That of a take without a source; with one, the source's length."""

DEFAULTS: Mapping[str, JsonValue] = {"steps": 100, "guidance": 7.0, "dtype": "bf16"}
"""The authors' steps and guidance; the dtype that a GPU and a CPU both run fast."""


class StableAudio(Weighted):
    """The adapter. See `sfxgen.contracts.Adapter`."""

    name = "stable_audio"
    version = 1
    title = "Stable Audio Open"
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

    def with_files(
        self, keys: Mapping[str, JsonValue], files: ProjectFiles
    ) -> tuple[dict[str, JsonValue], list[Complaint]]:
        """Return the keys with what the file is that `source` names, and how long a take is that has no source."""
        found, wrong = with_sources(keys, files)
        if not found.get("source"):
            found.setdefault("duration_s", DEFAULT_DURATION_S)
        return found, wrong

    def complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind = "one_shot"
    ) -> Iterator[Complaint]:
        """Yield what is wrong with a sound's keys, each told by itself."""
        del kind
        if wrong := weights.path_complaint(info.where):
            yield Complaint("model", wrong, hint="write stable_audio:org/name, or a folder of the project")
        yield from without_prompt(keys)
        yield from too_long(keys, ("prompt", "negative"), MAX_PROMPT_CHARACTERS)
        yield from outside(keys, "steps", MIN_STEPS, MAX_STEPS)
        yield from outside(keys, "guidance", 0, MAX_GUIDANCE)
        yield from outside(keys, "duration_s", MIN_DURATION_S, info.max_duration_s)
        yield from unknown(keys, "dtype", DTYPES, self.title)
        yield from guided_complaints(info, keys)

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        """Return the source with its digest and the strength, where there is one."""
        strength = keys.get("strength")
        given = {**keys, "strength": DEFAULT_STRENGTH if strength is None else strength}
        return guided_params(info, given, is_loop=kind == "loop")

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


adapter = StableAudio()
