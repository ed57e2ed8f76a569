"""MusicLDM: text to 16 kHz mono music, by latent diffusion. The light face; see `musicldm_session`.

Chen et al., "MusicLDM: Enhancing Novelty in Text-to-Music Generation Using Beat-Synchronous Mixup Strategies",
ICASSP 2024 (arXiv 2308.01546).
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

PARTS = ("scheduler", "text_encoder", "tokenizer", "unet", "vae", "vocoder")


DEFAULTS: Mapping[str, JsonValue] = {
    "steps": 25,
    "guidance": 2.0,
    "scheduler": "dpmpp_2m",
    "dtype": "bf16",
}
"""The published guidance and length; 25 second-order steps where its own program takes 200 of DDIM; bf16 as for AudioLDM."""


_known = partial(known, "musicldm", DEFAULTS, keys=MUSIC_KEYS)


class MusicLDM(MusicalLatentFace):
    """The adapter. See `sfxgen.contracts.Adapter`."""

    name = "musicldm"
    version = 1
    title = "MusicLDM"
    default_duration_s = 10.24
    layouts: Mapping[str, tuple[str, ...]] = {"MusicLDMPipeline": PARTS}
    models: tuple[ModelInfo, ...] = (_known("musicldm", "ucsd-reach/musicldm", 2000, "music"),)

    def open(self, info: ModelInfo, folder: Path, device: str, root: Path) -> Session:
        """Return a session over the weights in a folder."""
        from sfxgen.models.musicldm_session import MusicLDMSession

        return MusicLDMSession(folder, model=info.name, device=device, root=root)


adapter = MusicLDM()
