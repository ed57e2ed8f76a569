"""AudioLDM: text to 16 kHz mono sound, by latent diffusion. The light face; the sampling is in `latent_diffusion`.

Liu et al., "AudioLDM: Text-to-Audio Generation with Latent Diffusion Models", ICML 2023 (arXiv 2301.12503).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sfxgen.contracts import Complaint, ModelInfo, Session
from sfxgen.models import weights
from sfxgen.models.complaints import DTYPES, outside, too_long, unknown, without_prompt
from sfxgen.models.schedulers import SCHEDULER_NAMES
from sfxgen.models.weighted import Weighted

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue, Kind

PARTS = ("scheduler", "text_encoder", "tokenizer", "unet", "vae", "vocoder")
MIN_DURATION_S = 0.04  # one step of the latents' time axis: 4 mel frames of 10 ms
TRAINED_S = 10.24
MAX_DURATION_S = 30.0
MAX_PROMPT_CHARACTERS = 2000  # the text encoder hears 512 tokens, of about four characters
MAX_STEPS = (
    500  # half of the noise levels of the training; with nearly all of them, half of the schedulers fail
)
MAX_GUIDANCE = 50.0

DEFAULTS: Mapping[str, JsonValue] = {
    "duration_s": 5.12,
    "steps": 25,
    "guidance": 2.5,
    "scheduler": "dpmpp_2m",
    "dtype": "fp32",
}
"""The paper's guidance and 25 second-order steps, where its own program takes 200 of DDIM.

fp32 and not the faster bf16, because colleagues' machines differ: another order of summation moves an
fp32 take by some 1e-6, which nobody hears and `verify` tolerates, and a bf16 take by some 2 percent.
"""


def _known(name: str, repo: str, download_mb: int, summary: str) -> ModelInfo:
    return ModelInfo(
        name=name,
        adapter="audioldm",
        where=repo,
        licence="CC BY-NC-SA 4.0",
        licence_url="https://creativecommons.org/licenses/by-nc-sa/4.0/",
        commercial="no",
        sample_rate=16000,
        channels=1,
        max_duration_s=MAX_DURATION_S,
        best_duration_s=TRAINED_S,
        accepts=frozenset({"prompt", "negative", "steps", "guidance", "scheduler", "dtype", "duration_s"}),
        defaults=DEFAULTS,
        needs_gpu=True,
        download_mb=download_mb,
        summary=f"{summary}; trained on 10.24 s, best near it",
    )


class AudioLDM(Weighted):
    """The adapter. See `sfxgen.contracts.Adapter`."""

    name = "audioldm"
    version = 1
    title = "AudioLDM"
    layouts: Mapping[str, tuple[str, ...]] = {"AudioLDMPipeline": PARTS}
    cpu_hint = "--device cpu runs it on the processor (audioldm-s: about 30 s for 5 s of sound)"
    models: tuple[ModelInfo, ...] = (
        _known("audioldm-s", "cvssp/audioldm-s-full-v2", 1690, "sound effects and ambience, small and fast"),
        _known("audioldm-m", "cvssp/audioldm-m-full", 2610, "sound effects and ambience, medium"),
        _known("audioldm-l", "cvssp/audioldm-l-full", 3900, "sound effects and ambience, large and slow"),
    )

    def complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind = "one_shot"
    ) -> Iterator[Complaint]:
        """Yield what is wrong with a sound's keys, each told by itself."""
        del kind
        if wrong := weights.path_complaint(info.where):
            yield Complaint("model", wrong, hint="write audioldm:org/name, or a folder of the project")
        yield from without_prompt(keys)
        yield from too_long(keys, ("prompt", "negative"), MAX_PROMPT_CHARACTERS)
        yield from outside(keys, "steps", 1, MAX_STEPS)
        yield from outside(keys, "guidance", 0, MAX_GUIDANCE)
        yield from outside(keys, "duration_s", MIN_DURATION_S, info.max_duration_s)
        yield from unknown(keys, "scheduler", SCHEDULER_NAMES, self.title)
        yield from unknown(keys, "dtype", DTYPES, self.title)

    def open(self, info: ModelInfo, folder: Path, device: str, root: Path) -> Session:
        """Return a session over the weights in a folder."""
        del root
        from sfxgen.models.diffusion_session import LatentDiffusionSession

        return LatentDiffusionSession(folder, model=info.name, device=device)


adapter = AudioLDM()
