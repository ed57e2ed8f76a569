"""What a plan cannot do on this machine: the models that its steps wait for and that cannot run here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sfxgen.contracts import ModelInfo
from sfxgen.errors import ModelUnavailable
from sfxgen.plan import Plan, Step, Why
from sfxgen.wanted import Make
from sfxgen.workspace import Options, Workspace


@dataclass(frozen=True, slots=True)
class Lacking:
    """A model that cannot run here, why, and the steps that wait for it."""

    model: ModelInfo
    error: ModelUnavailable
    steps: tuple[Step, ...]
    is_drafted: bool = False
    """Whether the synthesizer drafts what it cannot make; else nothing does."""

    @property
    def sounds(self) -> tuple[str, ...]:
        """The ids of the sounds that wait for it, each once."""
        return tuple(dict.fromkeys(step.wanted.sound.id for step in self.steps if step.wanted is not None))


def lacking(workspace: Workspace, plan: Plan, options: Options) -> list[Lacking]:
    """Return the models that a plan needs and that cannot run here, each once, in the order in which they are needed.

    Nothing heavy is imported, so that a model may yet fail to load; where nothing is to be generated, nothing is asked.
    """
    waiting = [step for step in plan.part("generate") if not step.is_draft]
    return [*_found(workspace, waiting, options, is_drafted=False), *drafted(workspace, plan.stale, options)]


def drafted(workspace: Workspace, steps: Iterable[Step], options: Options) -> list[Lacking]:
    """Return the models that cannot run here, and for which the synthesizer drafts some of these steps, each once."""
    drafts = [step for step in steps if step.is_draft and step.action in MADE]
    return _found(workspace, drafts, options, is_drafted=True)


MADE = ("restore", "encode", "master", "generate")


def _found(
    workspace: Workspace, steps: Iterable[Step], options: Options, *, is_drafted: bool
) -> list[Lacking]:
    waiting: dict[str, tuple[ModelInfo, list[Step]]] = {}
    for step in steps:
        for info in _to_run(workspace, step):
            waiting.setdefault(info.model, (info, []))[1].append(step)
    found = []
    for info, of_model in waiting.values():
        error = workspace.unavailable(info, options, glance=True)
        if error is not None:
            found.append(Lacking(info, error, tuple(of_model), is_drafted))
    return found


def _to_run(workspace: Workspace, step: Step) -> list[ModelInfo]:
    """Return the models that a step needs, each once: what the store has of it needs none."""
    make = step.make
    if step.is_draft and step.wanted is not None:
        make = step.wanted.final  # what the draft stands in for
    if make is None or make.keys.take != make.recipe.take_key():
        return []  # a frozen take that is gone: no model brings it back
    is_fresh = any(reason.why is Why.REBUILD for reason in step.reasons)
    return list({info.model: info for info in _makers(workspace, make, is_fresh=is_fresh)}.values())


def _makers(workspace: Workspace, make: Make, *, is_fresh: bool) -> Iterator[ModelInfo]:
    def is_here(key: str) -> bool:
        return not is_fresh and workspace.store.find("take", key) is not None

    if make.parts:
        yield from (part.model for part in make.parts if not is_here(part.recipe.take_key()))
    elif make.ranker is None:
        yield make.model
    else:
        if not all(is_here(recipe.candidate_key()) for recipe in make.recipe.candidates()):
            yield make.model
        yield make.ranker
