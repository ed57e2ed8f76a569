"""The models in memory. A watcher keeps one warm from build to build; another's coming frees it."""

from __future__ import annotations

from sfxgen.contracts import Adapter, ModelInfo, Session, Surroundings
from sfxgen.events import OnEvent


class Sessions:
    """Loaded models, at most one with weights at a time."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[str, str | None, str], Session] = {}
        self._heavy: tuple[str, str | None, str] | None = None

    def get(
        self, adapter: Adapter, info: ModelInfo, revision: str | None, around: Surroundings, on_event: OnEvent
    ) -> Session:
        """Return the model's session, loading it if need be. Raises ModelUnavailable or ModelError."""
        key = (info.model, revision, around.device)
        if key in self._loaded:
            return self._loaded[key]
        if info.where and self._heavy is not None:
            self._loaded.pop(self._heavy).close()
            self._heavy = None
        session = adapter.load(info, around, on_event=on_event)
        self._loaded[key] = session
        if info.where:
            self._heavy = key
        return session

    def close(self) -> None:
        """Free every model."""
        for session in self._loaded.values():
            session.close()
        self._loaded.clear()
        self._heavy = None
