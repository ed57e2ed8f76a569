"""The models in memory. A watcher keeps one warm from build to build; another's coming frees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sfxgen.contracts import Adapter, ModelInfo, Ranker, RankingSession, Session, Surroundings
from sfxgen.errors import ModelError
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
        """Return the model's session, loading it if need be.

        Raises ModelUnavailable, or ModelError: also where its weights are not of `revision` any more.
        """

        def load() -> Session:
            return adapter.load(info, around, on_event=on_event)

        def found() -> str | None:
            return adapter.revision(info, around)

        return self._kept(self._models, info, (info.model, revision, around.device), load, found)

    def ranker(
        self, ranker: Ranker, info: ModelInfo, revision: str | None, around: Surroundings, on_event: OnEvent
    ) -> RankingSession:
        """Return the ranker's session, loading it if need be: a model goes first, for the two may not fit together.

        Raises ModelUnavailable, or ModelError: also where its weights are not of `revision` any more.
        """

        def load() -> RankingSession:
            return ranker.load(info, around, on_event=on_event)

        def found() -> str | None:
            return ranker.revision(info, around)

        return self._kept(self._rankers, info, (info.model, revision, around.device), load, found)

    def close(self) -> None:
        """Free every model."""
        self._free(lambda _: True)

    def _kept(
        self,
        among: dict[_Key, _Loaded],
        info: ModelInfo,
        key: _Key,
        load: Callable[[], _Loaded],
        found: Callable[[], str | None],
    ) -> _Loaded:
        """Return what is loaded under a key. Before and after loading, the weights that are `found` must be those."""
        if key not in among:
            if info.where:
                self._free(_has_weights)
            _, revision, _ = key
            if found() != revision:
                raise _changed(info)
            loaded = load()
            if found() != revision:
                loaded.close()
                raise _changed(info)
            among[key] = loaded
        return among[key]

    def _free(self, goes: Callable[[_Key], bool]) -> None:
        for sessions in (self._models, self._rankers):
            for key in filter(goes, list(sessions)):
                sessions.pop(key).close()


def _changed(info: ModelInfo) -> ModelError:
    what = f"{info.name}: its files are not those that were planned with: they changed meanwhile"
    return ModelError(what, hint="once they are all in place, build again")


def _has_weights(key: _Key) -> bool:
    return ":" in key[0]
