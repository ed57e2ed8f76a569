"""What a model adapter and an engine exporter are. The page to read before writing one.

An *adapter* turns recipes into clips; it has a light face, which the manifest and the plan ask and which
imports nothing heavy, and a session, which holds the loaded weights. An *exporter* renders an engine's files
around an encoded clip, without touching the disk. Both are found through entry points (`sfxgen.models`,
`sfxgen.engines`), the built-in ones too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from pydantic import BaseModel

    from sfxgen.audio.clip import Clip
    from sfxgen.errors import ModelUnavailable
    from sfxgen.events import OnEvent
    from sfxgen.recipe import JsonValue, Kind, Recipe

CLAP = "clap"
"""The ranker that `ranker:` in sfxgen.yaml means where it names none."""


WORKING_GB = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What is known of a model without loading it.

    `name` is what a manifest writes after `model:`; `where` is a Hub id, a folder, or "" for a model that
    is code. `accepts` names the sound's keys that the model takes (of `sound.MODEL_KEYS`); `defaults`
    fills what the manifest leaves out.
    `commercial` says whether a game that is sold may ship the output.
    """

    name: str
    adapter: str
    where: str
    licence: str
    licence_url: str
    commercial: Literal["yes", "no", "conditions", "unknown"]
    sample_rate: int
    channels: int
    max_duration_s: float
    accepts: frozenset[str]
    defaults: Mapping[str, JsonValue] = field(default_factory=dict)
    reads_prompt: bool = True
    """False where `params` already holds all that was understood of the prompt."""
    needs_gpu: bool = False
    seamless: bool = False
    """Asked for a loop, it gives one: exactly as long as asked, with an end that runs on into its start."""
    best_duration_s: float | None = None
    """How long its best takes are, where that is shorter than the longest: longer loops are joined of these."""
    is_recorded: bool = False
    """Its takes were recorded, not generated: they are as long as they are, and there is one of each."""
    is_program: bool = False
    """Its revision is that of a program of the project, not of weights."""
    download_mb: int = 0
    memory_gb: float = 0.0
    """The memory that it and one take need at its default dtype, where it was measured; see `needed_gb`."""
    credit: str = ""
    """The words that its licence asks to be shown with what it made, if it asks for some."""
    summary: str = ""

    @property
    def needed_gb(self) -> float:
        """The memory that it needs: as measured, or its weights in its default dtype and 1 GB to work in; 0 for code."""
        if self.memory_gb or not self.download_mb:
            return self.memory_gb
        is_half = self.defaults.get("dtype") in ("bf16", "fp16")
        return round(self.download_mb / (2000 if is_half else 1000) + WORKING_GB, 1)

    @property
    def model(self) -> str:
        """The model id in recipes and locks: "adapter", or "adapter:where"."""
        return f"{self.adapter}:{self.where}" if self.where else self.adapter


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing an adapter or exporter finds wrong with a sound. `key` is as "params.pitch".

    What is wrong in another file of the project than the manifest has its place there: `key` is then one of that file's.
    """

    key: str
    what: str
    hint: str = ""
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a model would run: the project's root, the device that was asked for, the lock's pinned revision.

    `device` is "auto" (a GPU, or nothing), "cpu", "cuda", "mps". At a `glance` nothing heavy is imported to find out
    whether a model can run: what would need that is taken to be there.
    """

    root: Path
    device: str = "auto"
    pinned: str | None = None
    offline: bool = False
    glance: bool = False


class Session(Protocol):
    """A model in memory, ready to generate. Not thread-safe."""

    environment: Mapping[str, str]
    """What decides the bytes beyond the recipe: library releases, device, threads, batch."""

    def generate(
        self, recipes: Sequence[Recipe], *, on_event: OnEvent, cancelled: Callable[[], bool]
    ) -> Iterator[Clip]:
        """Yield one clip a recipe, in order, at the model's own rate and of exactly the asked length.

        A recipe's clip is bit-identical alone, in any company and in any order.
        `cancelled` is asked between steps; when it says so, raises Cancelled.
        Raises ModelError where the model fails.
        """
        ...

    def close(self) -> None:
        """Free the memory."""
        ...


class Adapter(Protocol):
    """The light face of a kind of model. Importing it imports neither torch nor numpy."""

    name: str
    version: int
    """Part of every take_key: raised when the same recipe gives other samples."""

    @property
    def models(self) -> tuple[ModelInfo, ...]:
        """The registry names that this adapter brings."""
        ...

    def info(self, where: str) -> ModelInfo | None:
        """Return what is known of `adapter:where`, a model outside the registry; None if there is no such."""
        ...

    def complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind
    ) -> Iterator[Complaint]:
        """Yield what is wrong with a sound's keys, beyond the types that the schema has checked."""
        ...

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        """Return the recipe's `params`: the model's own settings, every default filled in.

        `keys` are the sound's keys after defaults; they have passed `complaints`.
        """
        ...

    def param_schema(self) -> dict[str, Any]:
        """Return JSON Schema properties for the keys that only this adapter takes: key → schema.

        A schema's own `$defs` go to the top of the document: name them `adapter.something`.
        """
        ...

    def revision(self, info: ModelInfo, around: Surroundings) -> str | None:
        """Return the resolved revision: the pinned one, else what is on this disk, else None. No network."""
        ...

    def unavailable(self, info: ModelInfo, around: Surroundings) -> ModelUnavailable | None:
        """Return why the model cannot run here, or None. Loads no weights; at a glance, no torch either."""
        ...

    def load(self, info: ModelInfo, around: Surroundings, *, on_event: OnEvent) -> Session:
        """Load the model. Raises ModelUnavailable or ModelError."""
        ...


@runtime_checkable
class HasWeightFiles(Protocol):
    """What an adapter or ranker is besides, whose weights are files that can be fetched."""

    def wanted_files(self, names: Iterable[str]) -> list[str]:
        """Return what to download of a repository with these files: what loading reads, and nothing else."""
        ...

    def missing_files(self, folder: Path) -> list[str]:
        """Return what loading needs and a folder of weights does not have, whole."""
        ...


class RankingSession(Protocol):
    """What ranks candidates, in memory. Not thread-safe."""

    def score(self, clip: Clip, text: str) -> float:
        """Return how near a raw take is to a text: from -1 to 1, the more the nearer.

        A clip's score depends on nothing but the clip and the text. Raises ModelError.
        """
        ...

    def close(self) -> None:
        """Free the memory."""
        ...


class Ranker(Protocol):
    """The light face of what ranks candidates. Importing it imports neither torch nor numpy."""

    name: str
    version: int
    """Part of the keys of all that was chosen by it: raised when the same clip gets another score."""

    def info(self, where: str) -> ModelInfo:
        """Return what is known of the weights at `where`: a Hub id, or a folder of the project."""
        ...

    def revision(self, info: ModelInfo, around: Surroundings) -> str | None:
        """Return the resolved revision: the pinned one, else what is on this disk, else None. No network."""
        ...

    def unavailable(self, info: ModelInfo, around: Surroundings) -> ModelUnavailable | None:
        """Return why it cannot run here, or None. Loads no weights; at a glance, no torch either."""
        ...

    def load(self, info: ModelInfo, around: Surroundings, *, on_event: OnEvent) -> RankingSession:
        """Load it. Raises ModelUnavailable or ModelError."""
        ...


class ProjectFiles(Protocol):
    """The files of a project, by their paths in it. Raises ProjectError for what is none, or outside."""

    def read(self, path: str) -> bytes:
        """Return a small file's bytes."""
        ...

    def digest(self, path: str) -> str:
        """Return the SHA-256 of a file of any size; for a Git LFS pointer, that of the file it stands for."""
        ...

    def length_s(self, path: str) -> float | None:
        """Return how long an audio file is by its header; None where that does not stand there, as in a Git LFS pointer."""
        ...

    def names(self, path: str) -> list[str]:
        """Return the names of the files that stand right in a folder, sorted."""
        ...


@runtime_checkable
class DescribedInProject(Protocol):
    """What an adapter is besides, whose models are each described by a file of the project: `adapter:path`."""

    def described(self, where: str, files: ProjectFiles) -> tuple[ModelInfo | None, list[Complaint]]:
        """Return the model that a file describes, or what is wrong with the file. Runs nothing."""
        ...


@runtime_checkable
class ReadsFiles(Protocol):
    """What an adapter is besides, whose keys may name files of the project."""

    def with_files(
        self, keys: Mapping[str, JsonValue], files: ProjectFiles
    ) -> tuple[dict[str, JsonValue], list[Complaint]]:
        """Return a sound's keys with what they name on disk put in, and what is wrong with it.

        Nothing may be read but through `files`: what comes of it is in the recipe's key, and what was read is watched.
        """
        ...


@runtime_checkable
class KnowsWeights(Protocol):
    """What an adapter is besides, that can tell from small files of the weights what they cannot do.

    Weights may be on one machine and not on another, where all else has to be the same: so this only refuses.
    """

    def weight_complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], files: ProjectFiles
    ) -> Iterator[Complaint]:
        """Yield what the weights that stand on this disk cannot do of a sound's keys; nothing where none stand."""
        ...


class Exporter(Protocol):
    """Renders one engine's files. Touches no disk but to read the engine's project in `settings`."""

    name: str
    version: int
    """Part of every asset_key: raised when the same settings give other sidecars."""
    formats: tuple[str, ...]
    """The audio formats that the engine reads; the first is the default."""

    @property
    def block(self) -> type[BaseModel] | None:
        """The sound's block of import settings (`unity:` …) as a pydantic model; None where there is none."""
        ...

    def settings(
        self, root: Path, block: Mapping[str, JsonValue], *, kind: Kind, audio_format: str
    ) -> dict[str, JsonValue]:
        """Return all that decides the sidecars' content, every default filled in.

        `block` holds what the manifest set; `root` is the game project, read for the engine's version.
        Raises ProjectError where the engine's project cannot be read.
        """
        ...

    def complaints(self, settings: Mapping[str, JsonValue]) -> Iterator[Complaint]:
        """Yield what is wrong with the settings, beyond their types."""
        ...

    def asset_id(self, project: str, identity: str) -> str:
        """Return the engine's id for an asset (a Unity GUID), or "" where the engine has none.

        Derived from the project's name and the asset's identity alone, never from its path.
        """
        ...

    def read_id(self, sidecar: bytes) -> str | None:
        """Return the id that a sidecar on disk holds, or None."""
        ...

    def sidecar_path(self, path: str) -> str | None:
        """Return where the sidecar of an asset or a folder stands, or None where the engine has none."""
        ...

    def sidecar(self, asset_id: str, settings: Mapping[str, JsonValue]) -> bytes:
        """Render the sidecar of an audio file. It is written before the audio file."""
        ...

    def folder_sidecar(self, folder_id: str) -> bytes:
        """Render the sidecar of a folder."""
        ...


@dataclass(frozen=True, slots=True)
class Catalog:
    """The adapters, exporters and rankers of candidates that are installed, by name."""

    adapters: Mapping[str, Adapter]
    exporters: Mapping[str, Exporter]
    rankers: Mapping[str, Ranker] = field(default_factory=dict)

    def models(self) -> dict[str, ModelInfo]:
        """Return every registry name's model."""
        return {info.name: info for adapter in self.adapters.values() for info in adapter.models}

    def find(self, name: str) -> ModelInfo | None:
        """Return the model a manifest means by a registry name or by `adapter:where`, or None."""
        known = self.models().get(name)
        if known is not None:
            return known
        adapter, colon, where = name.partition(":")
        if colon and where and adapter in self.adapters:
            return self.adapters[adapter].info(where)
        return None

    def find_in(self, name: str, files: ProjectFiles) -> tuple[ModelInfo | None, list[Complaint]]:
        """Return the model that a manifest of a project means, and what is wrong with the file that describes it."""
        adapter, colon, where = name.partition(":")
        face = self.adapters.get(adapter) if colon and where and name not in self.models() else None
        return face.described(where, files) if isinstance(face, DescribedInProject) else (self.find(name), [])

    def ranker(self, named: str) -> ModelInfo | None:
        """Return what `ranker:` of sfxgen.yaml means: weights for CLAP, or `ranker:where`. None if there is no such."""
        name, colon, where = named.partition(":")
        if not colon:
            name, where = CLAP, named
        return self.rankers[name].info(where) if where and name in self.rankers else None

    def face(self, info: ModelInfo) -> Adapter | Ranker:
        """Return the adapter or ranker that a model belongs to."""
        return self.adapters.get(info.adapter) or self.rankers[info.adapter]
