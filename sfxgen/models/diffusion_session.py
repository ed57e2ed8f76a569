"""A loaded latent diffusion model: loading its parts from a folder, batching takes, running out of memory.

This module imports torch, diffusers and transformers: adapters import it only to load a model.
"""

from __future__ import annotations

import gc
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from torch import Tensor

from sfxgen.audio.clip import Clip
from sfxgen.errors import Cancelled, ModelError
from sfxgen.events import Notice, OnEvent, Sampling
from sfxgen.models.latent_diffusion import DTYPES, Parts, count_tokens, encode_prompt, sample
from sfxgen.models.weights import weight_files
from sfxgen.recipe import Recipe

GPU_BATCH_LATENTS = 1024
"""Steps of the latents' time axis in one GPU batch: 8 takes of 5.12 s."""
GPU_BATCH_MOST = 16
LIBRARIES = {"torch": torch, "diffusers": diffusers, "transformers": transformers}
MODEL_FAILURES = (MemoryError, RuntimeError, ValueError, IndexError, ArithmeticError)


@dataclass(frozen=True, slots=True)
class Shape:
    """What the takes of one batch have in common."""

    dtype: str
    frames: int
    latent_steps: int
    guidance: float
    steps: int
    scheduler: str

    @property
    def guided(self) -> bool:
        """Whether the negative prompt counts: at a guidance of 1 the formula leaves only the prompt."""
        return self.guidance > 1.0


def canonical_batch(device: str, latent_steps: int) -> int:
    """Return how many rows a batch has, by the takes' length alone.

    On a GPU a power of two that keeps a batch's memory about the same: short takes are bound by kernel launches, not
    by arithmetic, so filler rows cost them little. On a CPU 1, since every filler row is paid in full.
    """
    if device == "cpu":
        return 1
    fitting = max(1, GPU_BATCH_LATENTS // latent_steps)
    return min(GPU_BATCH_MOST, 1 << (fitting.bit_length() - 1))


def load_parts(folder: Path, device: str, dtype: str) -> Parts:
    """Load AudioLDM's parts from a folder in diffusers' layout. Never touches the network, never runs its code.

    Raises ModelError for weights that are corrupt, incomplete, or hold anything but tensors.
    """
    with _quiet():
        modules = {
            name: _load_module(folder / name, cls).to(device=device, dtype=DTYPES[dtype]).eval()
            for name, cls in (
                ("text_encoder", transformers.ClapTextModelWithProjection),
                ("unet", diffusers.UNet2DConditionModel),
                ("vae", diffusers.AutoencoderKL),
                ("vocoder", transformers.SpeechT5HifiGan),
            )
        }
        tokenizer = _load_config(folder / "tokenizer", transformers.RobertaTokenizerFast)
        scheduler = _load_config(folder / "scheduler", _scheduler_class(folder / "scheduler"))
    return Parts(
        tokenizer=tokenizer,
        scheduler=scheduler,
        **modules,
        device=torch.device(device),
        dtype=DTYPES[dtype],
    )


def _load_module(folder: Path, cls: Any) -> Any:
    library = "diffusers" if issubclass(cls, diffusers.ModelMixin) else "transformers"
    try:
        module, report = cls.from_pretrained(
            folder,
            local_files_only=True,
            output_loading_info=True,
            use_safetensors=not any(".bin" in name for name in weight_files(folder, library)),
        )
    except Exception as error:  # each library, format and kind of damage has its own
        raise _cannot_load(folder, error) from error
    # A parameter that the file lacks stays random, and the libraries only warn of it.
    random = sorted(set(report["missing_keys"]) & {name for name, _ in module.named_parameters()})
    if random:
        raise _cannot_load(folder, f"its weights lack {', '.join(random[:3])}")
    return module


def _load_config(folder: Path, cls: Any) -> Any:
    try:
        return cls.from_pretrained(folder, local_files_only=True)
    except Exception as error:
        raise _cannot_load(folder, error) from error


def _scheduler_class(folder: Path) -> Any:
    try:
        name = diffusers.DDIMScheduler.load_config(folder, local_files_only=True).get(
            "_class_name", "DDIMScheduler"
        )
        cls = getattr(diffusers, name)
    except (OSError, ValueError, AttributeError) as error:
        raise _cannot_load(folder, error) from error
    if not (isinstance(cls, type) and issubclass(cls, diffusers.SchedulerMixin)):
        raise _cannot_load(folder, f"{name} is no scheduler")
    return cls


def _cannot_load(folder: Path, reason: Exception | str) -> ModelError:
    text = next((line.strip() for line in str(reason).splitlines() if line.strip()), type(reason).__name__)
    return ModelError(
        f"{folder.parent.name}/{folder.name} cannot be loaded: {text}",
        hint="the files are damaged, or of another kind of model: fetch them again",
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' progress bars and warnings off the terminal: what matters is raised."""
    logs = (transformers.utils.logging, diffusers.utils.logging)
    before = [(log, log.get_verbosity(), log.is_progress_bar_enabled()) for log in logs]
    try:
        for log in logs:
            log.set_verbosity(50)
            log.disable_progress_bar()
        yield
    finally:
        for log, verbosity, bars in before:
            log.set_verbosity(verbosity)
            if bars:
                log.enable_progress_bar()


@contextmanager
def deterministic() -> Iterator[None]:
    """Make CUDA give the same bits on every run, and put every switch back afterwards.

    An operation without a deterministic kernel warns rather than fails.
    """
    workspace = os.environ.get("CUBLAS_WORKSPACE_CONFIG")
    enabled = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    matmul: Any = torch.backends.cuda.matmul
    cudnn: Any = torch.backends.cudnn
    switches: list[tuple[Any, str, Any]] = [
        (cudnn, "benchmark", False),
        (cudnn, "deterministic", True),
        (torch.utils.deterministic, "fill_uninitialized_memory", False),
    ]
    if hasattr(matmul, "fp32_precision"):  # torch 2.9 on; the older names must not be mixed with these
        switches += [(matmul, "fp32_precision", "ieee"), (cudnn.conv, "fp32_precision", "ieee")]
    else:
        switches += [(matmul, "allow_tf32", False), (cudnn, "allow_tf32", False)]
    before = [getattr(place, name) for place, name, _ in switches]
    try:
        os.environ["CUBLAS_WORKSPACE_CONFIG"] = workspace or ":16:8"
        torch.use_deterministic_algorithms(True, warn_only=True)
        for place, name, value in switches:
            setattr(place, name, value)
        yield
    finally:
        for (place, name, _), value in zip(switches, before, strict=True):
            setattr(place, name, value)
        torch.use_deterministic_algorithms(enabled, warn_only=warn_only)
        if workspace is None:
            os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the device's memory, or the machine's, is used up."""
    text = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)
    )


class LatentDiffusionSession:
    """AudioLDM in memory. Not thread-safe.

    `environment` is that of the clip last yielded: its dtype and batch change with the recipes.
    `batch` fixes the number of rows in place of `canonical_batch`.
    """

    def __init__(
        self, folder: Path, *, model: str, device: str, dtype: str = "fp32", batch: int | None = None
    ) -> None:
        self._folder, self._model, self._device, self._batch = folder, model, device, batch
        self._fitting: dict[tuple[str, int, bool], int] = {}
        self._prompts: dict[str, Tensor] = {}
        self._dtype = dtype
        self._parts: Parts | None = self._load(dtype)
        self.environment: Mapping[str, str] = self._environment(batch or canonical_batch(device, 1))

    def generate(
        self, recipes: Sequence[Recipe], *, on_event: OnEvent, cancelled: Callable[[], bool]
    ) -> Iterator[Clip]:
        """Yield one clip a recipe, in order. See `sfxgen.contracts.Session`."""
        shapes = [self._shape(recipe) for recipe in recipes]
        made: dict[int, tuple[Clip, Mapping[str, str]]] = {}
        for i, shape in enumerate(shapes):
            while i not in made:
                rows = self._rows(shape)
                alike = [j for j in range(i, len(recipes)) if j not in made and shapes[j] == shape][:rows]
                takes = [recipes[j] for j in alike]
                clips = self._attempt(takes, shape, rows, on_event, cancelled)
                # Nothing of torch's modes may be active here: the caller runs between one clip and the next.
                made |= {j: (clip, self._environment(rows)) for j, clip in zip(alike, clips, strict=False)}
            clip, self.environment = made.pop(i)
            yield clip

    def close(self) -> None:
        """Free the memory."""
        self._parts = None
        self._prompts.clear()
        self._free()

    def _shape(self, recipe: Recipe) -> Shape:
        duration_s, guidance, steps = recipe.duration_s, recipe.guidance, recipe.steps
        scheduler, dtype = recipe.scheduler, recipe.dtype
        if duration_s is None or guidance is None or steps is None or scheduler is None or dtype is None:
            raise ModelError(
                f"{self._model}: a recipe needs duration_s, guidance, steps, scheduler and dtype"
            )
        parts = self._loaded()
        frames = round(duration_s * parts.sample_rate)
        latent_steps = parts.latent_shape(frames)[1]
        return Shape(dtype, frames, latent_steps, guidance, steps, scheduler)

    def _rows(self, shape: Shape) -> int:
        """Return the batch's rows: the canonical ones, or what takes of this shape were found to fit into."""
        key = (shape.dtype, shape.latent_steps, shape.guided)
        canonical = self._batch or canonical_batch(self._device, shape.latent_steps)
        return self._fitting.get(key, canonical)

    def _attempt(
        self,
        takes: Sequence[Recipe],
        shape: Shape,
        rows: int,
        on_event: OnEvent,
        cancelled: Callable[[], bool],
    ) -> list[Clip]:
        """Return the takes' clips, or none when memory ran out and the next batch has fewer rows."""
        try:
            with deterministic(), torch.inference_mode():
                return self._run(takes, shape, rows, on_event, cancelled)
        except MODEL_FAILURES as error:
            if not out_of_memory(error):
                raise ModelError(f"{self._model} failed while sampling: {_first_line(error)}") from error
            failure: Exception = error
        if rows == 1:
            raise ModelError(
                f"{self._model}: not enough memory on {self._device} for one take of {shape.frames} frames",
                hint="close what else uses the GPU, shorten the sound, use dtype bf16, or a smaller model",
            ) from failure
        del failure  # its traceback holds the tensors that did not fit
        self._free()
        self._fitting[shape.dtype, shape.latent_steps, shape.guided] = rows // 2
        on_event(
            Notice(
                f"{self._model}: out of memory with {rows} takes at once, going on with {rows // 2}",
                hint="takes of another batch size differ in their last bits; the lock records the size",
                level="warning",
            )
        )
        return []

    def _run(
        self,
        takes: Sequence[Recipe],
        shape: Shape,
        rows: int,
        on_event: OnEvent,
        cancelled: Callable[[], bool],
    ) -> list[Clip]:
        def on_step(step: int, steps: int) -> None:
            if step:
                on_event(Sampling(self._model, step, steps, len(takes)))
            if cancelled():
                raise Cancelled

        parts = self._parts_in(shape.dtype)
        prompts = [self._embedding(parts, take.prompt, on_event) for take in takes]
        negatives = (
            [self._embedding(parts, take.negative, on_event) for take in takes] if shape.guided else []
        )
        sounds = sample(
            parts,
            [take.seed for take in takes],
            shape.frames,
            torch.cat(prompts),
            torch.cat(negatives) if negatives else None,
            shape.guidance,
            steps=shape.steps,
            scheduler=shape.scheduler,
            rows=rows,
            on_step=on_step,
        )
        short = next((len(sound) for sound in sounds if len(sound) < shape.frames), None)
        if short is not None:
            raise ModelError(f"{self._model}: the vocoder gave {short} frames, not {shape.frames}")
        return [Clip(sound, parts.sample_rate) for sound in sounds]

    def _embedding(self, parts: Parts, text: str, on_event: OnEvent) -> Tensor:
        """Return a prompt's embedding, computed once for each distinct text."""
        if text not in self._prompts:
            tokens, heard = count_tokens(parts, text)
            if tokens > heard:
                on_event(
                    Notice(
                        f"{self._model} hears the first {heard} of {tokens} tokens of {text[:40]!r}…",
                        hint="shorten the prompt",
                        level="warning",
                    )
                )
            self._prompts[text] = encode_prompt(parts, text)
        return self._prompts[text]

    def _load(self, dtype: str) -> Parts:
        try:
            return load_parts(self._folder, self._device, dtype)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise ModelError(
                    f"{self._model} cannot be moved to {self._device}: {_first_line(error)}"
                ) from error
            raise ModelError(
                f"{self._model} does not fit into the memory of {self._device}",
                hint="close what else uses the GPU, or use a smaller model",
            ) from error

    def _loaded(self) -> Parts:
        if self._parts is None:
            raise ModelError(f"{self._model} is closed")
        return self._parts

    def _parts_in(self, dtype: str) -> Parts:
        """Return the parts in a dtype, loaded anew when it changes: bf16 weights cannot become fp32 ones again."""
        if dtype != self._dtype:
            self.close()
            self._parts, self._dtype = self._load(dtype), dtype
        return self._loaded()

    def _free(self) -> None:
        gc.collect()
        if self._device == "cuda":
            torch.cuda.empty_cache()
        elif self._device == "mps":
            torch.mps.empty_cache()

    def _environment(self, rows: int) -> dict[str, str]:
        found = {name: str(library.__version__) for name, library in LIBRARIES.items()}
        found |= {"device": _device_name(self._device), "dtype": self._dtype, "batch": str(rows)}
        if self._device == "cpu":
            found["threads"] = str(torch.get_num_threads())
        return found


def _device_name(device: str) -> str:
    if device == "cuda":
        return torch.cuda.get_device_name()
    capability = torch.backends.cpu.get_cpu_capability() if device == "cpu" else ""
    return " ".join(filter(None, (device, platform.machine(), capability)))


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
