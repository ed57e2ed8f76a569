"""Candidates for takes: in the store until one of them is chosen, and scored by how near they are to the prompt.

A candidate's key is of its audio alone. So two more candidates are two generations, another ranker is none, and a build that
was killed goes on with what there is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sfxgen.audio import codec
from sfxgen.audio.clip import Clip
from sfxgen.contracts import ModelInfo
from sfxgen.errors import ModelError, ModelUnavailable
from sfxgen.events import OnEvent
from sfxgen.lock import Ranked
from sfxgen.recipe import Choice, Recipe
from sfxgen.sessions import Sessions
from sfxgen.wanted import surroundings
from sfxgen.workspace import Options, Workspace

PLACES = 4
"""Decimals of a score that count: the others differ by machine. Equal ones go by the candidate's number."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate's audio as the store has it, and what its session's environment was."""

    content: bytes
    environment: Mapping[str, str]

    def clip(self) -> Clip:
        """Return the audio."""
        return codec.unpack(self.content)


class Candidates:
    """The candidates of a build's takes. Those that it made itself count as new, even where all is made anew."""

    def __init__(self, workspace: Workspace, options: Options, sessions: Sessions, on_event: OnEvent) -> None:
        self._workspace, self._options = workspace, options
        self._sessions, self._on_event = sessions, on_event
        self._made: set[str] = set()
        self._missing: dict[str, ModelUnavailable | None] = {}

    def unavailable(self, ranker: ModelInfo) -> ModelUnavailable | None:
        """Return why a ranker cannot run here, or None."""
        if ranker.model not in self._missing:
            self._missing[ranker.model] = self._workspace.unavailable(ranker, self._options)
        return self._missing[ranker.model]

    def has(self, recipe: Recipe, *, fresh: bool) -> bool:
        """Whether the store has a candidate; a `fresh` one must be of this build."""
        key = recipe.candidate_key()
        return (key in self._made or not fresh) and self._workspace.store.get("take", key) is not None

    def put(self, recipe: Recipe, clip: Clip, environment: Mapping[str, str]) -> None:
        """Keep a candidate. Raises StoreError."""
        key = recipe.candidate_key()
        take: dict[str, Any] = {
            "model": recipe.model,
            "revision": recipe.revision,
            "seed": recipe.seed,
            "attempts": recipe.attempt + 1,
            "rejected": [],
            "environment": dict(environment),
        }
        meta = {"take": take, "recipe": recipe.as_json()}
        self._workspace.store.put("take", key, codec.pack(clip), meta)
        self._made.add(key)

    def get(self, recipe: Recipe) -> Candidate:
        """Return a candidate. Raises ModelError where it is gone."""
        found = self._workspace.store.get("take", recipe.candidate_key())
        if found is None:
            raise ModelError("a candidate left the store while it was built", hint="build again")
        content, entry = found
        return Candidate(content, entry.meta["take"]["environment"])

    def score(self, ranker: ModelInfo, choice: Choice, clip: Clip) -> float:
        """Return how near a candidate is to its prompt, loading the ranker if need be.

        Raises ModelUnavailable or ModelError.
        """
        workspace = self._workspace
        face = workspace.catalog.rankers[ranker.adapter]
        around = surroundings(workspace.project, ranker, workspace.lock, offline=self._options.offline)
        session = self._sessions.ranker(face, ranker, choice.revision, around, self._on_event)
        score = round(session.score(clip, choice.text), PLACES)
        if not math.isfinite(score):
            raise ModelError(
                f"{ranker.name} gave a candidate no score", hint="another ranker: in sfxgen.yaml?"
            )
        return score


def best_first(ranking: Sequence[Ranked]) -> tuple[Ranked, ...]:
    """Return candidates in the order of their scores, equal ones in that of their numbers, the refused ones last."""

    def place(ranked: Ranked) -> tuple[bool, float, int]:
        return ranked.score is None, -(ranked.score or 0.0), ranked.candidate

    return tuple(sorted(ranking, key=place))
