"""AudioLDM 2: text to 16 kHz mono sound and music, by latent diffusion. The light face; see `audioldm2_session`.

Liu et al., "AudioLDM 2: Learning Holistic Audio Generation with Self-supervised Pretraining", IEEE/ACM TASLP 2024
(arXiv 2308.05734).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sfxgen.contracts import ModelInfo, Session
from sfxgen.models.latent_face import MusicalLatentFace, known
from sfxgen.models.musical import MUSIC_KEYS

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue

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


_known = partial(known, "audioldm2", DEFAULTS, keys=MUSIC_KEYS)


class AudioLDM2(MusicalLatentFace):
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

    def open(self, info: ModelInfo, folder: Path, device: str, root: Path) -> Session:
        """Return a session over the weights in a folder."""
        from sfxgen.models.audioldm2_session import AudioLDM2Session

        return AudioLDM2Session(folder, model=info.name, device=device, root=root)


adapter = AudioLDM2()
