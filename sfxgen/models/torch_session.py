"""A torch model in memory: loading its parts from a folder, batching takes of one shape, running out of memory.

Each model brings a `Runner`, which knows its parts and samples one batch. What is here is the same for all of them: takes
in batches of a fixed number of rows, so that their bits do not depend on their company; smaller batches where memory
runs out; the dtype changed by loading anew; and every switch of torch's that decides bits.

This module imports torch, diffusers and transformers: adapters import it only to load a model.
"""

from __future__ import annotations

import gc
import os
import platform
import warnings
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import diffusers
import torch
import transformers

from sfxgen.audio.clip import Clip, Samples
from sfxgen.errors import Cancelled, ModelError
from sfxgen.events import Notice, OnEvent, Sampling
from sfxgen.models.weights import weight_files
from sfxgen.recipe import Recipe

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
LIBRARIES = {"torch": torch, "diffusers": diffusers, "transformers": transformers}
MODEL_FAILURES = (MemoryError, RuntimeError, ValueError, IndexError, ArithmeticError)

OnStep = Callable[[int, int], None]
"""Told (steps done, steps in all) before the first step and after each. Raises Cancelled to stop."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the takes of one batch have in common.

    `frames` is how many each has, or the fewest where their length is `open`: they are then as long as they come out.
    Memory goes with `size`, in whatever the model counts it. `settings` is all else that must be the same for a whole
    batch.
    """

    dtype: str
    frames: int
    size: Hashable
    settings: Hashable = None
    open: bool = False


class Runner(Protocol):
    """A model's parts in memory, in one dtype, and how they sample a batch."""

    sample_rate: int

    def shape(self, recipe: Recipe) -> Shape:
        """Return what takes must share with this one to be of its batch. Raises ModelError for a recipe it cannot make."""
        ...

    def rows(self, shape: Shape) -> int:
        """Return how many rows a batch of takes of this shape has, be they used or not."""
        ...

    def run(
        self, takes: Sequence[Recipe], shape: Shape, rows: int, *, on_step: OnStep, on_event: OnEvent
    ) -> list[Samples]:
        """Return the sound of each take, float32 of (at least `shape.frames`, channels). `takes` are at most `rows`.

        Called in inference mode, with deterministic kernels. A take's bits do not depend on the others.
        """
        ...


Load = Callable[[str], Runner]
"""Loads a model's parts in a dtype: "fp32", "fp16", "bf16". Raises ModelError for damaged weights."""


def load_module(folder: Path, cls: Any) -> Any:
    """Load one component, on the CPU and in its own dtype. Never touches the network, never runs the folder's code.

    Raises ModelError for weights that are corrupt, incomplete, or hold anything but tensors.
    """
    with quiet():
        return _load_module(folder, cls)


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
        raise cannot_load(folder, error) from error
    # A parameter that the file lacks stays random, and the libraries only warn of it.
    random = sorted(set(report["missing_keys"]) & {name for name, _ in module.named_parameters()})
    if random:
        raise cannot_load(folder, f"its weights lack {', '.join(random[:3])}")
    return module


def load_config(folder: Path, cls: Any) -> Any:
    """Load what has no weights: a tokenizer, a scheduler. Raises ModelError."""
    try:
        with quiet():
            return cls.from_pretrained(folder, local_files_only=True)
    except Exception as error:
        raise cannot_load(folder, error) from error


def scheduler_class(folder: Path) -> Any:
    """Return the diffusers class that a scheduler's folder names. Raises ModelError."""
    try:
        name = diffusers.DDIMScheduler.load_config(folder, local_files_only=True).get(
            "_class_name", "DDIMScheduler"
        )
        cls = getattr(diffusers, name)
    except (OSError, ValueError, AttributeError) as error:
        raise cannot_load(folder, error) from error
    if not (isinstance(cls, type) and issubclass(cls, diffusers.SchedulerMixin)):
        raise cannot_load(folder, f"{name} is no scheduler")
    return cls


def cannot_load(folder: Path, reason: Exception | str) -> ModelError:
    """Return the error for a component that cannot be loaded."""
    text = next((line.strip() for line in str(reason).splitlines() if line.strip()), type(reason).__name__)
    return ModelError(
        f"{folder.parent.name}/{folder.name} cannot be loaded: {text}",
        hint="the files are damaged, or of another kind of model: fetch them again",
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the libraries' progress bars and warnings off the terminal: what matters is raised."""
    logs = (transformers.utils.logging, diffusers.utils.logging)
    before = [(log, log.get_verbosity(), log.is_progress_bar_enabled()) for log in logs]
    try:
        for log in logs:
            log.set_verbosity(50)
            log.disable_progress_bar()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
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


def runs_fast(device: str, dtype: str) -> bool:
    """Whether a device computes in a dtype as fast as in fp32. One that only emulates it takes fifty times as long."""
    if dtype == "fp32" or device == "mps":
        return True
    if device == "cuda":
        return dtype == "fp16" or torch.cuda.is_bf16_supported(including_emulation=False)
    found = torch.cpu.get_capabilities()
    return any(found.get(f"{kind}_{dtype}") for kind in ("amx", "avx512", "arm"))


class TorchSession:
    """A model in memory. Not thread-safe.

    A recipe's dtype is what its takes are known by. What a machine cannot compute fast it computes in fp32, which is no
    less exact; `environment` says so.

    `environment` is that of the clip last yielded: its dtype and batch change with the recipes.
    `batch` fixes the number of rows in place of the runner's own.
    """

    def __init__(
        self, load: Load, *, model: str, device: str, dtype: str = "fp32", batch: int | None = None
    ) -> None:
        self._load_runner, self._model, self._device, self._batch = load, model, device, batch
        self._fitting: dict[tuple[str, Hashable], int] = {}
        self._dtype = self._computed_in(dtype)
        self._runner: Runner | None = self._load(self._dtype)
        self.environment: Mapping[str, str] = self._environment(batch or 1)

    def generate(
        self, recipes: Sequence[Recipe], *, on_event: OnEvent, cancelled: Callable[[], bool]
    ) -> Iterator[Clip]:
        """Yield one clip a recipe, in order. See `sfxgen.contracts.Session`."""
        shapes = [self._loaded().shape(recipe) for recipe in recipes]
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
        self._runner = None
        self._free()

    def _rows(self, shape: Shape) -> int:
        """Return the batch's rows: the runner's own, or what takes of this size were found to fit into."""
        return self._fitting.get((shape.dtype, shape.size), self._batch or self._loaded().rows(shape))

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
        self._fitting[shape.dtype, shape.size] = rows // 2
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

        runner = self._runner_in(shape.dtype)
        sounds = runner.run(takes, shape, rows, on_step=on_step, on_event=on_event)
        short = next((len(sound) for sound in sounds if len(sound) < shape.frames), None)
        if short is not None:
            raise ModelError(f"{self._model}: it gave {short} frames, not {shape.frames}")
        return [Clip(sound if shape.open else sound[: shape.frames], runner.sample_rate) for sound in sounds]

    def _load(self, dtype: str) -> Runner:
        try:
            with quiet():  # moving the parts to a device and a dtype warns, too
                return self._load_runner(dtype)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise ModelError(
                    f"{self._model} cannot be moved to {self._device}: {_first_line(error)}"
                ) from error
            raise ModelError(
                f"{self._model} does not fit into the memory of {self._device}",
                hint="close what else uses the GPU, or use a smaller model",
            ) from error

    def _loaded(self) -> Runner:
        if self._runner is None:
            raise ModelError(f"{self._model} is closed")
        return self._runner

    def _computed_in(self, dtype: str) -> str:
        return dtype if runs_fast(self._device, dtype) else "fp32"

    def _runner_in(self, asked: str) -> Runner:
        """Return the runner in a dtype, loaded anew when it changes: bf16 weights cannot become fp32 ones again."""
        dtype = self._computed_in(asked)
        if dtype != self._dtype:
            self.close()
            self._runner, self._dtype = self._load(dtype), dtype
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
