"""Riffusion: text to mono sound of up to 10 kHz, by Stable Diffusion over pictures of sound. The light face.

Forsgren and Martiros, "Riffusion: Stable diffusion for real-time music generation" (2022, riffusion.com/about). The
sampling is in `riffusion_session`, the way between pictures and sound in `riffusion_picture`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sfxgen.contracts import Complaint, ModelInfo, ProjectFiles, Session
from sfxgen.models import weights
from sfxgen.models.complaints import DTYPES, outside, too_long, unknown, without_prompt
from sfxgen.models.guided import guided_complaints, guided_params, with_sources
from sfxgen.models.schedulers import SCHEDULER_NAMES
from sfxgen.models.weighted import Weighted

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue, Kind

PARTS = ("scheduler", "text_encoder", "tokenizer", "unet", "vae")
MIN_DURATION_S = 0.05
TRAINED_S = 5.12  # 512 columns of 10 ms
MAX_DURATION_S = 10.24  # a picture of twice the width, beyond what the weights were trained on
MAX_PROMPT_CHARACTERS = 400  # the text encoder hears 77 tokens
MAX_STEPS = 500
MAX_GUIDANCE = 50.0

DEFAULT_DURATION_S = TRAINED_S
"""That of a take without a source; with one, the source's length."""

DEFAULTS: Mapping[str, JsonValue] = {
    "steps": 30,
    "guidance": 7.0,
    "scheduler": "dpmpp_2m",
    "dtype": "bf16",
}
"""The steps, the guidance and the scheduler that the authors' own program offers first."""


class Riffusion(Weighted):
    """The adapter. See `sfxgen.contracts.Adapter`."""

    name = "riffusion"
    version = 1
    title = "Riffusion"
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

    def with_files(
        self, keys: Mapping[str, JsonValue], files: ProjectFiles
    ) -> tuple[dict[str, JsonValue], list[Complaint]]:
        """Return the keys with what the file is that `source` names, and how long a take is that has no source."""
        found, wrong = with_sources(keys, files)
        if not found.get("source"):
            found.setdefault("duration_s", DEFAULT_DURATION_S)
        return found, wrong

    def complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind = "one_shot"
    ) -> Iterator[Complaint]:
        """Yield what is wrong with a sound's keys, each told by itself."""
        del kind
        if wrong := weights.path_complaint(info.where):
            yield Complaint("model", wrong, hint="write riffusion:org/name, or a folder of the project")
        yield from without_prompt(keys)
        yield from too_long(keys, ("prompt", "negative"), MAX_PROMPT_CHARACTERS)
        yield from outside(keys, "steps", 1, MAX_STEPS)
        yield from outside(keys, "guidance", 0, MAX_GUIDANCE)
        yield from outside(keys, "duration_s", MIN_DURATION_S, info.max_duration_s)
        yield from unknown(keys, "scheduler", SCHEDULER_NAMES, self.title)
        yield from unknown(keys, "dtype", DTYPES, self.title)
        yield from guided_complaints(info, keys)

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        """Return the source with its digest and the strength, where there is one."""
        return guided_params(info, keys, is_loop=kind == "loop")

    def open(self, info: ModelInfo, folder: Path, device: str, root: Path) -> Session:
        """Return a session over the weights in a folder."""
        from sfxgen.models.riffusion_session import RiffusionSession

        return RiffusionSession(folder, model=info.name, device=device, root=root)


adapter = Riffusion()
