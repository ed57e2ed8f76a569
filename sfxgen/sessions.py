"""The models in memory. A watcher keeps one warm from build to build; another's coming frees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sfxgen.contracts import Adapter, ModelInfo, Ranker, RankingSession, Session, Surroundings
from sfxgen.events import OnEvent

_Key = tuple[str, str | None, str]
_Loaded = TypeVar("_Loaded", Session, RankingSession)


class Sessions:
    """Loaded models and rankers of candidates, at most one with weights at a time."""

    def __init__(self) -> None:
        self._models: dict[_Key, Session] = {}
        self._rankers: dict[_Key, RankingSession] = {}

    def get(
        self, adapter: Adapter, info: ModelInfo, revision: str | None, around: Surroundings, on_event: OnEvent
    ) -> Session:
        """Return the model's session, loading it if need be. Raises ModelUnavailable or ModelError."""

        def load() -> Session:
            return adapter.load(info, around, on_event=on_event)

        return self._kept(self._models, info, (info.model, revision, around.device), load)

    def ranker(
        self, ranker: Ranker, info: ModelInfo, revision: str | None, around: Surroundings, on_event: OnEvent
    ) -> RankingSession:
        """Return the ranker's session, loading it if need be: a model goes first, for the two may not fit together.

        Raises ModelUnavailable or ModelError.
        """

        def load() -> RankingSession:
            return ranker.load(info, around, on_event=on_event)

        return self._kept(self._rankers, info, (info.model, revision, around.device), load)

    def close(self) -> None:
        """Free every model."""
        self._free(lambda _: True)

    def _kept(
        self, among: dict[_Key, _Loaded], info: ModelInfo, key: _Key, load: Callable[[], _Loaded]
    ) -> _Loaded:
        if key not in among:
            if info.where:
                self._free(_has_weights)
            among[key] = load()
        return among[key]

    def _free(self, goes: Callable[[_Key], bool]) -> None:
        for sessions in (self._models, self._rankers):
            for key in filter(goes, list(sessions)):
                sessions.pop(key).close()


def _has_weights(key: _Key) -> bool:
    return ":" in key[0]
