"""AudioLDM 2: text to 16 kHz mono sound and music, by latent diffusion. The light face; see `audioldm2_session`.

Liu et al., "AudioLDM 2: Learning Holistic Audio Generation with Self-supervised Pretraining", IEEE/ACM TASLP 2024
(arXiv 2308.05734).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sfxgen.contracts import Complaint, ModelInfo, Session
from sfxgen.models.guided import GUIDED_KEYS
from sfxgen.models.latent_face import MAX_DURATION_S, TRAINED_S, LatentFace
from sfxgen.models.musical import MUSIC_KEYS, complaints_of_music, music_params

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue, Kind

PARTS = (
    "language_model",
    "projection_model",
    "scheduler",
    "text_encoder",
    "text_encoder_2",
    "tokenizer",
    "tokenizer_2",
    "unet",
    "vae",
    "vocoder",
)


DEFAULTS: Mapping[str, JsonValue] = {
    "steps": 25,
    "guidance": 3.5,
    "scheduler": "dpmpp_2m",
    "dtype": "bf16",
}
"""The published guidance, and 25 second-order steps where its own program takes 200 of DDIM; bf16 as for AudioLDM."""


def _known(name: str, repo: str, download_mb: int, summary: str) -> ModelInfo:
    return ModelInfo(
        name=name,
        adapter="audioldm2",
        where=repo,
        licence="CC BY-NC-SA 4.0",
        licence_url="https://creativecommons.org/licenses/by-nc-sa/4.0/",
        commercial="no",
        sample_rate=16000,
        channels=1,
        max_duration_s=MAX_DURATION_S,
        best_duration_s=TRAINED_S,
        accepts=frozenset({"prompt", "negative", "duration_s", *DEFAULTS, *MUSIC_KEYS, *GUIDED_KEYS}),
        defaults=DEFAULTS,
        needs_gpu=True,
        download_mb=download_mb,
        summary=f"{summary}; trained on 10.24 s, best near it",
    )


class AudioLDM2(LatentFace):
    """The adapter. See `sfxgen.contracts.Adapter`."""

    name = "audioldm2"
    version = 1
    title = "AudioLDM 2"
    default_duration_s = 5.12
    layouts: Mapping[str, tuple[str, ...]] = {"AudioLDM2Pipeline": PARTS}
    models: tuple[ModelInfo, ...] = (
        _known("audioldm2", "cvssp/audioldm2", 4500, "sound effects, ambience and music"),
        _known(
            "audioldm2-large", "cvssp/audioldm2-large", 6000, "sound effects and ambience, large and slow"
        ),
        _known("audioldm2-music", "cvssp/audioldm2-music", 4500, "music"),
    )

    def complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind = "one_shot"
    ) -> Iterator[Complaint]:
        """Yield what is wrong with a sound's keys, each told by itself."""
        yield from super().complaints(info, keys, kind=kind)
        yield from complaints_of_music(keys)

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        """Return tempo and key, which become words of the prompt, and what guides a take."""
        return music_params(keys) | super().params(info, keys, kind=kind)

    def open(self, info: ModelInfo, folder: Path, device: str, root: Path) -> Session:
        """Return a session over the weights in a folder."""
        from sfxgen.models.audioldm2_session import AudioLDM2Session

        return AudioLDM2Session(folder, model=info.name, device=device, root=root)


adapter = AudioLDM2()
