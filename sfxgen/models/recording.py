"""Recordings: an audio file of the project in place of a model. What was recorded is mastered like what was generated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfxgen.contracts import Complaint, ModelInfo, ProjectFiles, Session, Surroundings
from sfxgen.errors import Cancelled, ModelUnavailable, ProjectError
from sfxgen.models.project_audio import SUFFIXES, read_unchanged

if TYPE_CHECKING:
    from sfxgen.audio.clip import Clip
    from sfxgen.events import OnEvent
    from sfxgen.recipe import JsonValue, Kind, Recipe


class RecordingAdapter:
    """The adapter. See `sfxgen.contracts.Adapter`."""

    name = "recording"
    version = 1
    models: tuple[ModelInfo, ...] = (
        ModelInfo(
            name="recording",
            adapter="recording",
            where="",
            licence="that of the recording",
            licence_url="",
            commercial="conditions",
            sample_rate=0,
            channels=0,
            max_duration_s=3600.0,
            accepts=frozenset({"source"}),
            reads_prompt=False,
            is_recorded=True,
            summary="an audio file of the project, mastered as a generated take is",
        ),
    )

    def info(self, where: str) -> ModelInfo | None:
        """Return None: `source` names the file."""
        del where
        return None

    def with_files(
        self, keys: Mapping[str, JsonValue], files: ProjectFiles
    ) -> tuple[dict[str, JsonValue], list[Complaint]]:
        """Return the keys with the digest of the file that `source` names."""
        source = keys.get("source")
        if not source or Path(source).suffix.lower() not in SUFFIXES:
            return dict(keys), []  # `complaints` says so
        try:
            return {**keys, "digest": files.digest(source)}, []
        except ProjectError as error:
            return dict(keys), [Complaint("source", error.message, error.hint)]

    def complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind
    ) -> Iterator[Complaint]:
        """Yield what is wrong with `source`."""
        del info, kind
        source = keys.get("source")
        if not source:
            yield Complaint("source", "is missing", "name an audio file of the project")
        elif Path(source).suffix.lower() not in SUFFIXES:
            yield Complaint("source", f"'{source}' is no audio file", "one of: " + ", ".join(SUFFIXES))

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        """Return the file, and the digest by which a changed one is known."""
        del info, kind
        return {"source": keys["source"], "digest": keys["digest"]}

    def param_schema(self) -> dict[str, Any]:
        """Return nothing: `source` is in the manifest language."""
        return {}

    def revision(self, info: ModelInfo, around: Surroundings) -> str | None:
        """Return the one revision that there is."""
        del info, around
        return f"recording-{self.version}"

    def unavailable(self, info: ModelInfo, around: Surroundings) -> ModelUnavailable | None:
        """Return None: whether the files are there is seen when they are read."""
        del info, around
        return None

    def load(self, info: ModelInfo, around: Surroundings, *, on_event: OnEvent) -> Session:
        """Return a reader of the project's files."""
        del info, on_event
        return RecordingSession(around.root)


class RecordingSession:
    """Reads recordings. See `sfxgen.contracts.Session`."""

    environment: Mapping[str, str] = {}

    def __init__(self, root: Path) -> None:
        self._root = root

    def generate(
        self, recipes: Sequence[Recipe], *, on_event: OnEvent, cancelled: Callable[[], bool]
    ) -> Iterator[Clip]:
        """Yield each recipe's recording, whole, at its own rate. Raises ModelError where it cannot be read."""
        del on_event
        for recipe in recipes:
            if cancelled():
                raise Cancelled
            yield read_unchanged(self._root, str(recipe.params["source"]), str(recipe.params["digest"]))

    def close(self) -> None:
        """Do nothing: nothing is held."""


adapter = RecordingAdapter()
