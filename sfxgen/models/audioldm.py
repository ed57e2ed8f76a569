"""AudioLDM: text to 16 kHz mono sound, by latent diffusion. The light face; the sampling is in `latent_diffusion`.

Liu et al., "AudioLDM: Text-to-Audio Generation with Latent Diffusion Models", ICML 2023 (arXiv 2301.12503).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sfxgen.contracts import Complaint, ModelInfo, ProjectFiles, Session
from sfxgen.models import weights
from sfxgen.models.complaints import DTYPES, outside, too_long, unknown, without_prompt
from sfxgen.models.guided import (
    GUIDED_KEYS,
    guided_complaints,
    guided_params,
    longest_s,
    with_sources,
)
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

PLAIN_KEYS = ("prompt", "negative", "steps", "guidance", "scheduler", "dtype", "duration_s")
ACCEPTS = GUIDED_KEYS.union(PLAIN_KEYS)

DEFAULT_DURATION_S = 5.12
"""That of a take without a source; with one, the source's length."""

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
        accepts=ACCEPTS,
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
        yield from outside(keys, "duration_s", MIN_DURATION_S, longest_s(info, keys))
        yield from guided_complaints(info, keys)
        yield from unknown(keys, "scheduler", SCHEDULER_NAMES, self.title)
        yield from unknown(keys, "dtype", DTYPES, self.title)

    def with_files(
        self, keys: Mapping[str, JsonValue], files: ProjectFiles
    ) -> tuple[dict[str, JsonValue], list[Complaint]]:
        """Return the keys with what the named audio files are, and how long a take is that has no source."""
        found, wrong = with_sources(keys, files)
        if not found.get("source"):
            found.setdefault("duration_s", DEFAULT_DURATION_S)
        return found, wrong

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        """Return what guides a take; nothing for one of a prompt alone."""
        return guided_params(info, keys, is_loop=kind == "loop")

    def open(self, info: ModelInfo, folder: Path, device: str, root: Path) -> Session:
        """Return a session over the weights in a folder."""
        from sfxgen.models.diffusion_session import LatentDiffusionSession

        return LatentDiffusionSession(folder, model=info.name, device=device, root=root)


adapter = AudioLDM()
