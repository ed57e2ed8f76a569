"""Riffusion: text to mono sound of up to 10 kHz, by Stable Diffusion over pictures of sound. The light face.

Forsgren and Martiros, "Riffusion: Stable diffusion for real-time music generation" (2022, riffusion.com/about). The
sampling is in `riffusion_session`, the way between pictures and sound in `riffusion_picture`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sfxgen.contracts import ModelInfo, Session
from sfxgen.models.diffusion_face import DiffusionFace

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue

PARTS = ("scheduler", "text_encoder", "tokenizer", "unet", "vae")
TRAINED_S = 5.12  # 512 columns of 10 ms
MAX_DURATION_S = 10.24  # a picture of twice the width, beyond what the weights were trained on

DEFAULTS: Mapping[str, JsonValue] = {
    "steps": 30,
    "guidance": 7.0,
    "scheduler": "dpmpp_2m",
    "dtype": "bf16",
}
"""The steps, the guidance and the scheduler that the authors' own program offers first."""


class Riffusion(DiffusionFace):
    """The adapter. See `sfxgen.contracts.Adapter`."""

    name = "riffusion"
    version = 1
    title = "Riffusion"
    min_duration_s = 0.05
    default_duration_s = TRAINED_S
    max_prompt_characters = 400  # the text encoder hears 77 tokens
    layouts: Mapping[str, tuple[str, ...]] = {"StableDiffusionPipeline": PARTS}
    models: tuple[ModelInfo, ...] = (
        ModelInfo(
            name="riffusion",
            adapter="riffusion",
            where="riffusion/riffusion-model-v1",
            licence="CreativeML OpenRAIL-M",
            licence_url="https://huggingface.co/riffusion/riffusion-model-v1",
            commercial="conditions",
            sample_rate=22_050,  # the authors' program writes 44.1 kHz, with nothing above 10 kHz
            channels=1,
            max_duration_s=MAX_DURATION_S,
            best_duration_s=TRAINED_S,
            accepts=frozenset(
                {
                    *("prompt", "negative", "steps", "guidance", "scheduler", "dtype", "duration_s"),
                    *("source", "strength"),
                }
            ),
            defaults=DEFAULTS,
            needs_gpu=True,
            download_mb=4270,
            summary="music and rhythm by Stable Diffusion on spectrograms, up to 10 kHz; with restrictions on use",
        ),
    )

    def open(self, info: ModelInfo, folder: Path, device: str, root: Path) -> Session:
        """Return a session over the weights in a folder."""
        from sfxgen.models.riffusion_session import RiffusionSession

        return RiffusionSession(folder, model=info.name, device=device, root=root)


adapter = Riffusion()
