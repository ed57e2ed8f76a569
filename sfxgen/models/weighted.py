"""What all adapters with weights have in common: facts, revision, and what is missing on this machine. Light."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfxgen.contracts import ModelInfo, Session, Surroundings
from sfxgen.errors import ModelUnavailable
from sfxgen.events import ModelLoading, OnEvent
from sfxgen.models import weights
from sfxgen.models.devices import likely_device, missing_extra, pick_device
from sfxgen.models.intact import weight_file_problem

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue, Kind


class Weighted:
    """An adapter whose weights are on the Hub or in a folder of the project, but for what is the model's own.

    `title` is the system's name for people; `layouts` what the folder's index may say it holds (the pipeline class of
    `model_index.json`, else the architecture of `config.json`), and the components that each must have.
    """

    name: str
    version: int
    title: str
    models: tuple[ModelInfo, ...]
    layouts: Mapping[str, tuple[str, ...]]
    cpu_hint = "--device cpu runs it on the processor, slowly"

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
            memory_gb=0.0,
            credit="",
            summary="weights of your own",
        )

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        """Return nothing: all that the model takes has a field of its own in the recipe."""
        del info, keys, kind
        return {}

    def param_schema(self) -> dict[str, Any]:
        """Return nothing: no keys are this adapter's alone."""
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
            problem = self._weights_problem(info, around)
        except ModelUnavailable as error:
            return error
        return problem or self._device_problem(info, around)

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
        return self.open(info, found.folder, device, around.root)

    def open(self, info: ModelInfo, folder: Path, device: str, root: Path) -> Session:
        """Return a session over the weights in a folder. Here the heavy libraries are imported, and not before."""
        raise NotImplementedError

    def wanted_files(self, names: Iterable[str]) -> list[str]:
        """Return what to download of a repository with these files."""
        return weights.wanted_files(names)

    def missing_files(self, folder: Path) -> list[str]:
        """Return what loading needs and a folder of weights does not have, whole."""
        return weights.missing_files(folder)

    def _weights_problem(self, info: ModelInfo, around: Surroundings) -> ModelUnavailable | None:
        """Return what is wrong with the weights on this disk. Raises ModelUnavailable for a path out of the project."""
        hint = f"sfxgen models fetch {info.name}"
        found = weights.locate(info.where, around.root, around.pinned)
        if found is None:
            hub = weights.hub_id(info.where)
            if hub is None:
                return ModelUnavailable(f"{info.name}: there is no folder {info.where} in the project")
            if near := _near_folder(info.where, around.root):
                what = f"{info.name}: there is no folder {info.where} in the project"
                return ModelUnavailable(
                    what, hint=f"did you mean '{self.name}:{near}'? If it is on the Hub: {hint}"
                )
            if around.pinned and weights.locate(info.where, around.root) is not None:
                what = f"the lock pins revision {around.pinned}, and this machine has another one"
                return ModelUnavailable(f"{info.name}: {what}", hint=hint)
            return ModelUnavailable(f"{info.name}: its weights are not on this machine", hint=hint)
        if weights.project_folder(info.where, around.root) is not None:
            hint = "the folder needs what save_pretrained writes; for Git LFS, run `git lfs pull`"
        if layout := weights.layout_class(found.folder):
            if layout not in self.layouts:
                return ModelUnavailable(
                    f"{info.name}: the weights are for {layout}, not for {self.title}",
                    hint=f"write the adapter that they are for: {self._adapter_for(layout)}:{info.where}",
                )
            absent = [part for part in self.layouts[layout] if part not in weights.components(found.folder)]
            if absent:
                return ModelUnavailable(
                    f"{info.name}: model_index.json names no {', '.join(absent)}", hint=hint
                )
        missing = weights.missing_files(found.folder)
        if missing:
            rest = f" and {len(missing) - 2} more" if len(missing) > 2 else ""
            files = ", ".join(missing[:2]) + rest
            return ModelUnavailable(f"{info.name}: its weights are incomplete: {files}", hint=hint)
        if not layout:
            return ModelUnavailable(f"{info.name}: model_index.json names no model", hint=hint)
        return _damage(found.folder, weights.needed_files(found.folder))

    def _adapter_for(self, layout: str) -> str:
        """Return the name of the installed adapter that a layout is for; "adapter" for none, or where this is a ranker."""
        adapters = {point.name: point for point in entry_points(group="sfxgen.models")}
        if self.name in adapters:
            for name, point in adapters.items():
                face = point.load()
                if isinstance(face, Weighted) and layout in face.layouts:
                    return name
        return "adapter"

    def _device_problem(self, info: ModelInfo, around: Surroundings) -> ModelUnavailable | None:
        device = around.device
        if (likely_device(device) if around.glance else pick_device(device)) is not None:
            return None
        if device == "auto" and info.needs_gpu:
            return ModelUnavailable(
                f"{info.name} needs a GPU, and this machine has none that torch can use",
                hint=f"{self.cpu_hint}, --draft lets the synthesizer stand in",
            )
        return ModelUnavailable(
            f"{info.name}: torch finds no {device} device here",
            hint="--device auto takes the GPU that there is",
        )


def _near_folder(where: str, root: Path) -> str | None:
    """Return the folder of the project beside which `where` would stand, and whose name is nearest to its own."""
    parent, _, name = where.partition("@")[0].rpartition("/")
    try:
        beside = [path.name for path in (root / parent).iterdir() if path.is_dir()] if parent else []
    except OSError:
        return None
    near = get_close_matches(name, beside, n=1)
    return f"{parent}/{near[0]}" if near else None


def _damage(folder: Path, names: Iterable[str]) -> ModelUnavailable | None:
    """Return what is wrong with the first file that is cut off, or that holds code, by their headers; or None."""
    for name in names:
        problem = weight_file_problem(folder / name)
        if problem is not None:
            part = (folder / name).parent
            return ModelUnavailable(
                f"{part.parent.name}/{part.name} cannot be loaded: {Path(name).name} {problem}",
                hint="the files are damaged, or of another kind of model: fetch them again",
            )
    return None
