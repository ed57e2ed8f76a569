"""AudioLDM 2: text to 16 kHz mono sound and music, by latent diffusion. The light face; see `audioldm2_session`.

Liu et al., "AudioLDM 2: Learning Holistic Audio Generation with Self-supervised Pretraining", IEEE/ACM TASLP 2024
(arXiv 2308.05734).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sfxgen.contracts import Complaint, ModelInfo, ProjectFiles, Session
from sfxgen.models import weights
from sfxgen.models.complaints import DTYPES, outside, too_long, unknown, without_prompt
from sfxgen.models.guided import GUIDED_KEYS, guided_complaints, guided_params, longest_s, with_sources
from sfxgen.models.musical import MUSIC_KEYS, complaints_of_music, music_params
from sfxgen.models.schedulers import SCHEDULER_NAMES
from sfxgen.models.weighted import Weighted

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
MIN_DURATION_S = 0.04  # one step of the latents' time axis: 4 mel frames of 10 ms
TRAINED_S = 10.24
MAX_DURATION_S = 30.0
MAX_PROMPT_CHARACTERS = 2000  # CLAP hears 512 tokens, of about four characters; T5 hears 128
MAX_STEPS = 500  # half of the noise levels of the training, as for AudioLDM
MAX_GUIDANCE = 50.0

DEFAULT_DURATION_S = 5.12
"""That of a take without a source; with one, the source's length."""

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


class AudioLDM2(Weighted):
    """The adapter. See `sfxgen.contracts.Adapter`."""

    name = "audioldm2"
    version = 1
    title = "AudioLDM 2"
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
        del kind
        if wrong := weights.path_complaint(info.where):
            yield Complaint("model", wrong, hint="write audioldm2:org/name, or a folder of the project")
        yield from without_prompt(keys)
        yield from too_long(keys, ("prompt", "negative"), MAX_PROMPT_CHARACTERS)
        yield from outside(keys, "steps", 1, MAX_STEPS)
        yield from outside(keys, "guidance", 0, MAX_GUIDANCE)
        yield from outside(keys, "duration_s", MIN_DURATION_S, longest_s(info, keys))
        yield from guided_complaints(info, keys)
        yield from unknown(keys, "scheduler", SCHEDULER_NAMES, self.title)
        yield from unknown(keys, "dtype", DTYPES, self.title)
        yield from complaints_of_music(keys)

    def with_files(
        self, keys: Mapping[str, JsonValue], files: ProjectFiles
    ) -> tuple[dict[str, JsonValue], list[Complaint]]:
        """Return the keys with what the named audio files are, and how long a take is that has no source."""
        found, wrong = with_sources(keys, files)
        if not found.get("source"):
            found.setdefault("duration_s", DEFAULT_DURATION_S)
        return found, wrong

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        """Return tempo and key, which become words of the prompt, and what guides a take."""
        return music_params(keys) | guided_params(info, keys, is_loop=kind == "loop")

    def open(self, info: ModelInfo, folder: Path, device: str, root: Path) -> Session:
        """Return a session over the weights in a folder."""
        from sfxgen.models.audioldm2_session import AudioLDM2Session

        return AudioLDM2Session(folder, model=info.name, device=device, root=root)


adapter = AudioLDM2()
