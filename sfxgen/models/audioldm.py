"""AudioLDM: text to 16 kHz mono sound, by latent diffusion. The light face; the sampling is in `latent_diffusion`.

Liu et al., "AudioLDM: Text-to-Audio Generation with Latent Diffusion Models", ICML 2023 (arXiv 2301.12503).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sfxgen.contracts import ModelInfo, Session
from sfxgen.models.latent_face import LatentFace, known

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue

PARTS = ("scheduler", "text_encoder", "tokenizer", "unet", "vae", "vocoder")


DEFAULTS: Mapping[str, JsonValue] = {
    "steps": 25,
    "guidance": 2.5,
    "scheduler": "dpmpp_2m",
    "dtype": "bf16",
}
"""The paper's guidance and 25 second-order steps, where its own program takes 200 of DDIM.

bf16 halves the time of a GPU, and moves a waveform by some 2 percent, which is no worse a take. But another machine's is
not the same to the last bit: the lock's digest and the store are what a team shares. Where bf16 is only emulated, it is
computed in fp32.
"""


_known = partial(known, "audioldm", DEFAULTS)


class AudioLDM(LatentFace):
    """The adapter. See `sfxgen.contracts.Adapter`."""

    name = "audioldm"
    version = 1
    title = "AudioLDM"
    default_duration_s = 5.12
    layouts: Mapping[str, tuple[str, ...]] = {"AudioLDMPipeline": PARTS}
    cpu_hint = "--device cpu runs it on the processor (audioldm-s: about 30 s for 5 s of sound)"
    models: tuple[ModelInfo, ...] = (
        _known("audioldm-s", "cvssp/audioldm-s-full-v2", 1690, "sound effects and ambience, small and fast"),
        _known("audioldm-m", "cvssp/audioldm-m-full", 2610, "sound effects and ambience, medium"),
        _known("audioldm-l", "cvssp/audioldm-l-full", 3900, "sound effects and ambience, large and slow"),
    )

    def open(self, info: ModelInfo, folder: Path, device: str, root: Path) -> Session:
        """Return a session over the weights in a folder."""
        from sfxgen.models.diffusion_session import LatentDiffusionSession

        return LatentDiffusionSession(folder, model=info.name, device=device, root=root)


adapter = AudioLDM()
