"""AudioLDM: text to 16 kHz mono sound, by latent diffusion. The light face; the sampling is in `latent_diffusion`.

Liu et al., "AudioLDM: Text-to-Audio Generation with Latent Diffusion Models", ICML 2023 (arXiv 2301.12503).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from sfxgen.contracts import Complaint, ModelInfo, Session, Surroundings
from sfxgen.errors import ModelUnavailable
from sfxgen.events import ModelLoading, OnEvent
from sfxgen.models import weights
from sfxgen.models.devices import missing_extra, pick_device
from sfxgen.models.schedulers import SCHEDULER_NAMES

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue, Kind

PIPELINE = "AudioLDMPipeline"
PARTS = ("scheduler", "text_encoder", "tokenizer", "unet", "vae", "vocoder")
DTYPES = ("fp32", "fp16", "bf16")
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


class AudioLDM:
    """The adapter. See `sfxgen.contracts.Adapter`."""

    name = "audioldm"
    version = 1
    models: tuple[ModelInfo, ...] = (
        _known("audioldm-s", "cvssp/audioldm-s-full-v2", 1690, "sound effects and ambience, small and fast"),
        _known("audioldm-m", "cvssp/audioldm-m-full", 2610, "sound effects and ambience, medium"),
        _known("audioldm-l", "cvssp/audioldm-l-full", 3900, "sound effects and ambience, large and slow"),
    )

    def info(self, where: str) -> ModelInfo:
        """Return a published model's facts, at any revision, or those of weights nobody here knows."""
        hub = weights.hub_id(where)
        for known in self.models:
            if hub is not None and known.where == hub.repo:
                return replace(known, name=f"{self.name}:{where}", where=where)
        return replace(
            self.models[0],
            name=f"{self.name}:{where}",
            where=where,
            licence="unknown",
            licence_url="",
            commercial="unknown",
            download_mb=0,
            summary="weights of your own",
        )

    def complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind = "one_shot"
    ) -> Iterator[Complaint]:
        """Yield what is wrong with a sound's keys, each told by itself."""
        del kind
        if wrong := weights.path_complaint(info.where):
            yield Complaint("model", wrong, hint="write audioldm:org/name, or a folder of the project")
        if not str(keys.get("prompt") or "").strip():
            yield Complaint("prompt", "is empty", hint="say what is to be heard")
        for key in ("prompt", "negative"):
            length = len(str(keys.get(key) or ""))
            if length > MAX_PROMPT_CHARACTERS:
                yield Complaint(
                    key, f"has {length} characters; the model hears at most {MAX_PROMPT_CHARACTERS}"
                )
        yield from _outside(keys, "steps", 1, MAX_STEPS)
        yield from _outside(keys, "guidance", 0, MAX_GUIDANCE)
        yield from _outside(keys, "duration_s", MIN_DURATION_S, info.max_duration_s)
        yield from _unknown(keys, "scheduler", SCHEDULER_NAMES)
        yield from _unknown(keys, "dtype", DTYPES)

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        """Return nothing: all that AudioLDM takes has a field of its own in the recipe."""
        del info, keys, kind
        return {}

    def param_schema(self) -> dict[str, Any]:
        """Return nothing: no keys are AudioLDM's alone."""
        return {}

    def revision(self, info: ModelInfo, around: Surroundings) -> str | None:
        """Return a project folder's digest, else the pinned revision, else the commit named or in the cache."""
        hub = weights.hub_id(info.where)
        try:
            if weights.project_folder(info.where, around.root) is None and hub is not None:
                if around.pinned is not None:
                    return around.pinned
                if weights.COMMIT.fullmatch(hub.revision):
                    return hub.revision
            found = weights.locate(info.where, around.root)
        except (ModelUnavailable, OSError):
            found = None  # `unavailable` says why
        return found.revision if found is not None else around.pinned

    def unavailable(self, info: ModelInfo, around: Surroundings) -> ModelUnavailable | None:
        """Return what is missing, in the order in which a person would mend it, or None."""
        missing = missing_extra()
        if missing is not None:
            return ModelUnavailable(f"{info.name}: {missing.message}", hint=missing.hint)
        try:
            problem = _weights_problem(info, around)
        except ModelUnavailable as error:
            return error
        return problem or _device_problem(info, around.device)

    def load(self, info: ModelInfo, around: Surroundings, *, on_event: OnEvent) -> Session:
        """Load the model. Raises ModelUnavailable, or ModelError for damaged weights."""
        problem = self.unavailable(info, around)
        if problem is not None:
            raise problem
        found = weights.locate(info.where, around.root, around.pinned)
        device = pick_device(around.device)
        if found is None or device is None:
            raise ModelUnavailable(f"{info.name}: its weights or the GPU went away")
        on_event(ModelLoading(info.name, device))
        from sfxgen.models.diffusion_session import LatentDiffusionSession

        return LatentDiffusionSession(found.folder, model=info.name, device=device)


def _outside(keys: Mapping[str, JsonValue], key: str, low: float, high: float) -> Iterator[Complaint]:
    value = keys.get(key)
    if value is not None and not (math.isfinite(value) and low <= value <= high):
        yield Complaint(key, f"{value} is not between {low:g} and {high:g}")


def _unknown(keys: Mapping[str, JsonValue], key: str, known: tuple[str, ...]) -> Iterator[Complaint]:
    value = keys.get(key)
    if value is None or value in known:
        return
    close = get_close_matches(str(value), known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"one of {', '.join(known)}"
    yield Complaint(key, f"AudioLDM knows no {key} {value!r}", hint=hint)


def _weights_problem(info: ModelInfo, around: Surroundings) -> ModelUnavailable | None:
    """Return what is wrong with the weights on this disk. Raises ModelUnavailable for a path out of the project."""
    hint = f"sfxgen models fetch {info.name}"
    found = weights.locate(info.where, around.root, around.pinned)
    if found is None:
        hub = weights.hub_id(info.where)
        if hub is None:
            return ModelUnavailable(f"{info.name}: there is no folder {info.where} in the project")
        if around.pinned and weights.locate(info.where, around.root) is not None:
            what = f"the lock pins revision {around.pinned}, and this machine has another one"
            return ModelUnavailable(f"{info.name}: {what}", hint=hint)
        return ModelUnavailable(f"{info.name}: its weights are not on this machine", hint=hint)
    if weights.project_folder(info.where, around.root) is not None:
        hint = "the folder needs what diffusers' save_pretrained writes; for Git LFS, run `git lfs pull`"
    if pipeline := weights.pipeline_class(found.folder):
        if pipeline != PIPELINE:
            return ModelUnavailable(f"{info.name}: the weights are for {pipeline}, not for AudioLDM")
        absent = [part for part in PARTS if part not in weights.components(found.folder)]
        if absent:
            return ModelUnavailable(f"{info.name}: model_index.json names no {', '.join(absent)}", hint=hint)
    missing = weights.missing_files(found.folder)
    if missing:
        rest = f" and {len(missing) - 2} more" if len(missing) > 2 else ""
        files = ", ".join(missing[:2]) + rest
        return ModelUnavailable(f"{info.name}: its weights are incomplete: {files}", hint=hint)
    return None


def _device_problem(info: ModelInfo, device: str) -> ModelUnavailable | None:
    if pick_device(device) is not None:
        return None
    if device == "auto":
        return ModelUnavailable(
            f"{info.name} needs a GPU, and this machine has none that torch can use",
            hint="--device cpu runs it on the processor (audioldm-s: about 30 s for 5 s of sound), "
            "--draft lets the synthesizer stand in",
        )
    return ModelUnavailable(
        f"{info.name}: torch finds no {device} device here", hint="--device auto takes the GPU that there is"
    )


adapter = AudioLDM()
