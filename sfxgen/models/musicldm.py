"""MusicLDM: text to 16 kHz mono music, by latent diffusion. The light face; see `musicldm_session`.

Chen et al., "MusicLDM: Enhancing Novelty in Text-to-Music Generation Using Beat-Synchronous Mixup Strategies",
ICASSP 2024 (arXiv 2308.01546).
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

PARTS = ("scheduler", "text_encoder", "tokenizer", "unet", "vae", "vocoder")


DEFAULTS: Mapping[str, JsonValue] = {
    "steps": 25,
    "guidance": 2.0,
    "scheduler": "dpmpp_2m",
    "dtype": "bf16",
}
"""The published guidance and length; 25 second-order steps where its own program takes 200 of DDIM; bf16 as for AudioLDM."""


class MusicLDM(LatentFace):
    """The adapter. See `sfxgen.contracts.Adapter`."""

    name = "musicldm"
    version = 1
    title = "MusicLDM"
    default_duration_s = 10.24
    layouts: Mapping[str, tuple[str, ...]] = {"MusicLDMPipeline": PARTS}
    models: tuple[ModelInfo, ...] = (
        ModelInfo(
            name="musicldm",
            adapter="musicldm",
            where="ucsd-reach/musicldm",
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
            download_mb=2000,
            summary="music; trained on 10.24 s, best near it",
        ),
    )

    def complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind = "music"
    ) -> Iterator[Complaint]:
        """Yield what is wrong with a sound's keys, each told by itself."""
        yield from super().complaints(info, keys, kind=kind)
        yield from complaints_of_music(keys)

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        """Return tempo and key, which become words of the prompt, and what guides a take."""
        return music_params(keys) | super().params(info, keys, kind=kind)

    def open(self, info: ModelInfo, folder: Path, device: str, root: Path) -> Session:
        """Return a session over the weights in a folder."""
        from sfxgen.models.musicldm_session import MusicLDMSession

        return MusicLDMSession(folder, model=info.name, device=device, root=root)


adapter = MusicLDM()
