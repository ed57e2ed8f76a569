"""The light face of diffusion models that take a prompt, and may take a source. Light."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sfxgen.contracts import Complaint, ModelInfo, ProjectFiles
from sfxgen.models import weights
from sfxgen.models.complaints import DTYPES, outside, too_long, unknown, without_prompt
from sfxgen.models.guided import guided_complaints, guided_params, longest_s, with_sources, without_step
from sfxgen.models.schedulers import SCHEDULER_NAMES
from sfxgen.models.weighted import Weighted

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue, Kind

MAX_STEPS = 500  # half of the noise levels of the training; with nearly all, half of the schedulers fail
MAX_GUIDANCE = 50.0


class DiffusionFace(Weighted):
    """An adapter whose keys are those of diffusion, within bounds of its own.

    `default_duration_s` is that of a take without a source; with one, it has the source's length. `strength_is_of_steps`
    says that it is the share of the steps that are taken; else all of them are, from a lower noise level.
    """

    min_duration_s: float
    default_duration_s: float
    max_prompt_characters: int
    min_steps = 1
    strength_is_of_steps = True

    def complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind = "one_shot"
    ) -> Iterator[Complaint]:
        """Yield what is wrong with a sound's keys, each told by itself."""
        del kind
        if wrong := weights.path_complaint(info.where):
            yield Complaint("model", wrong, hint=f"write {self.name}:org/name, or a folder of the project")
        yield from without_prompt(keys)
        yield from too_long(keys, ("prompt", "negative"), self.max_prompt_characters)
        yield from outside(keys, "steps", self.min_steps, MAX_STEPS)
        yield from outside(keys, "guidance", 0, MAX_GUIDANCE)
        yield from outside(keys, "duration_s", self.min_duration_s, longest_s(info, keys))
        yield from guided_complaints(info, keys)
        if self.strength_is_of_steps:
            yield from without_step(keys)
        if "scheduler" in info.accepts:
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
