"""MusicLDM: text to 16 kHz mono music, by latent diffusion. The light face; see `musicldm_session`.

Chen et al., "MusicLDM: Enhancing Novelty in Text-to-Music Generation Using Beat-Synchronous Mixup Strategies",
ICASSP 2024 (arXiv 2308.01546).
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

PARTS = ("scheduler", "text_encoder", "tokenizer", "unet", "vae", "vocoder")
MIN_DURATION_S = 0.04  # one step of the latents' time axis: 4 mel frames of 10 ms
TRAINED_S = 10.24
MAX_DURATION_S = 30.0
MAX_PROMPT_CHARACTERS = 2000  # the text encoder hears 512 tokens, of about four characters
MAX_STEPS = 500  # half of the noise levels of the training, as for AudioLDM
MAX_GUIDANCE = 50.0

DEFAULT_DURATION_S = 10.24
"""That of a take without a source; with one, the source's length."""

DEFAULTS: Mapping[str, JsonValue] = {
    "steps": 25,
    "guidance": 2.0,
    "scheduler": "dpmpp_2m",
    "dtype": "bf16",
}
"""The published guidance and length; 25 second-order steps where its own program takes 200 of DDIM; bf16 as for AudioLDM."""


class MusicLDM(Weighted):
    """The adapter. See `sfxgen.contracts.Adapter`."""

    name = "musicldm"
    version = 1
    title = "MusicLDM"
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
        del kind
        if wrong := weights.path_complaint(info.where):
            yield Complaint("model", wrong, hint="write musicldm:org/name, or a folder of the project")
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
        from sfxgen.models.musicldm_session import MusicLDMSession

        return MusicLDMSession(folder, model=info.name, device=device, root=root)


adapter = MusicLDM()
