"""The light face that AudioLDM and its relatives share: what they take, and what is wrong with it. Light."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sfxgen.contracts import Complaint, ModelInfo, ProjectFiles
from sfxgen.models import weights
from sfxgen.models.complaints import DTYPES, outside, too_long, unknown, without_prompt
from sfxgen.models.guided import guided_complaints, guided_params, longest_s, with_sources
from sfxgen.models.schedulers import SCHEDULER_NAMES
from sfxgen.models.weighted import Weighted

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue, Kind

MIN_DURATION_S = 0.04  # one step of the latents' time axis: 4 mel frames of 10 ms
MAX_DURATION_S = 30.0
TRAINED_S = 10.24
MAX_PROMPT_CHARACTERS = 2000  # the text encoder hears 512 tokens, of about four characters
MAX_STEPS = (
    500  # half of the noise levels of the training; with nearly all of them, half of the schedulers fail
)
MAX_GUIDANCE = 50.0


class LatentFace(Weighted):
    """An adapter over `diffusion_session.LatentRunner`. `default_duration_s` is that of a take without a source."""

    default_duration_s: float

    def complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind = "one_shot"
    ) -> Iterator[Complaint]:
        """Yield what is wrong with a sound's keys, each told by itself."""
        del kind
        if wrong := weights.path_complaint(info.where):
            yield Complaint("model", wrong, hint=f"write {self.name}:org/name, or a folder of the project")
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
            found.setdefault("duration_s", self.default_duration_s)
        return found, wrong

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        """Return what guides a take; nothing for one of a prompt alone."""
        return guided_params(info, keys, is_loop=kind == "loop")
