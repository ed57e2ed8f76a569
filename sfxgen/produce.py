"""Make the bytes: takes by models, clips by mastering, files by encoding, each kept in the store on the way.

Takes are generated one model at a time in this thread; what has a take is mastered and encoded in others meanwhile.
Every hand-over goes through the store, so memory does not grow with the number of assets and a killed build loses
only what was being made.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from sfxgen.audio import codec, quality
from sfxgen.audio.clip import Clip
from sfxgen.audio.stack import Layer, stack
from sfxgen.contracts import ModelInfo, Session
from sfxgen.errors import BugError, Cancelled, ModelError, SfxgenError, TakeRejected
from sfxgen.events import ClipMastered, OnEvent, TakeGenerated
from sfxgen.mastering import master
from sfxgen.plan import Step, Why
from sfxgen.recipe import Recipe
from sfxgen.sessions import Sessions
from sfxgen.store.local import Entry, LocalStore
from sfxgen.wanted import Make, surroundings
from sfxgen.workspace import Options, Workspace


@dataclass(frozen=True, slots=True)
class Made:
    """A step's audio file. `meta` holds how its take was made and what its clip measures."""

    step: Step
    content: bytes
    digest: str
    meta: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NotMade:
    """A step that failed, and why."""

    step: Step
    error: SfxgenError


Product = Made | NotMade


class _NotInStoreError(Exception):
    """What the plan counted on is gone from the store."""


def produce(
    workspace: Workspace,
    options: Options,
    steps: Sequence[Step],
    sessions: Sessions,
    on_event: OnEvent,
    cancelled: Callable[[], bool],
) -> Generator[Product, None, None]:
    """Make every step's file and yield each as it is done, in no set order.

    Raises Cancelled once `cancelled` says so; what is done by then has been yielded.
    """
    workers = max(1, min(8, os.cpu_count() or 1))
    with ThreadPoolExecutor(workers, thread_name_prefix="mastering") as pool:
        line = _Line(pool, workspace.store, on_event, ahead=4 * workers)
        try:
            for step in steps:
                if cancelled():
                    raise Cancelled
                if step.action != "generate":
                    line.add(step)
                    yield from line.done()
            yield from line.rest()
            generate = [step for step in steps if step.action == "generate"] + line.missing
            line.missing = []
            for step, error in _generated(workspace, options, generate, sessions, on_event, cancelled):
                if error is None:
                    line.add(step)
                else:
                    yield NotMade(step, error)
                yield from line.done()
        except Cancelled:
            yield from line.rest()
            raise
        yield from line.rest()
        gone = ModelError("its take left the store while it was built", hint="build again")
        yield from (NotMade(step, gone) for step in line.missing)


def _generated(
    workspace: Workspace,
    options: Options,
    steps: Sequence[Step],
    sessions: Sessions,
    on_event: OnEvent,
    cancelled: Callable[[], bool],
) -> Iterator[tuple[Step, SfxgenError | None]]:
    """Yield each step once its take is in the store (None), or once it has failed (why).

    A stack's parts are takes like others, made with those of their model; it is laid when all are there.
    """
    jobs: dict[str, _Job] = {}
    stacks: list[Step] = []
    for step in steps:
        make = _make(step)
        if not _is_thawed(step):
            hint = "restore the file or the store's copy of it, or remove frozen: true"
            what = "it is frozen, its recipe has changed, and its take is not in the store"
            yield step, ModelError(what, hint=hint)
        elif make.parts:
            stacks.append(step)
            for part in make.parts:
                key = part.recipe.take_key()
                if _is_fresh(step) or workspace.store.find("take", key) is None:
                    jobs.setdefault(key, _Job(key, part.model, part.recipe, step.ref[1]))
        else:
            key = make.keys.take
            jobs.setdefault(key, _Job(key, make.model, make.recipe, step.ref[1])).steps.append(step)
    failed: dict[str, SfxgenError] = {}

    def done(wanted: Iterable[_Job]) -> Iterator[tuple[Step, SfxgenError | None]]:
        for group in _by_model(wanted):
            takes = _Takes(workspace, options, sessions, on_event, cancelled)
            for job, error in takes.generate(group):
                if error is not None:
                    failed[job.key] = error
                yield from ((step, error) for step in job.steps)

    yield from done(jobs.values())
    for step in stacks:
        if cancelled():
            raise Cancelled
        gone = {
            key: _Job(key, part.model, part.recipe, step.ref[1])
            for part in _make(step).parts
            if (key := part.recipe.take_key()) not in failed and workspace.store.get("take", key) is None
        }
        yield from done(gone.values())  # an entry of the store was damaged
        yield step, _laid(workspace.store, step, failed)


@dataclass(slots=True)
class _Job:
    """One take to generate, the asset that first needs it, and the steps that wait for it alone."""

    key: str
    model: ModelInfo
    recipe: Recipe
    asset: str
    steps: list[Step] = field(default_factory=list)


def _by_model(jobs: Iterable[_Job]) -> list[list[_Job]]:
    """Group takes by the model that makes them, in the order in which each model is first needed."""
    groups: dict[tuple[str, str | None], list[_Job]] = {}
    for job in jobs:
        groups.setdefault((job.recipe.model, job.recipe.revision), []).append(job)
    return list(groups.values())


def _laid(store: LocalStore, step: Step, failed: Mapping[str, SfxgenError]) -> SfxgenError | None:
    """Lay a stack from its parts' takes and put it into the store as a take of its own. Returns why it failed."""
    make = _make(step)
    layers, metas = [], []
    for number, part in enumerate(make.parts, start=1):
        key = part.recipe.take_key()
        error = failed.get(key)
        found = store.get("take", key) if error is None else None
        if error is None and found is None:
            error = ModelError("its take left the store while it was built", hint="build again")
        if error is not None:
            return type(error)(f"layer {number}: {error.message}", hint=error.hint)
        assert found is not None
        layers.append(Layer(codec.unpack(found[0]), part.mix, joined=part.model.seamless))
        metas.append(found[1].meta["take"])
    loop_s = make.recipe.duration_s
    try:
        clip = stack(layers, loop_s=loop_s, crossfade_ms=make.recipe.params.get("crossfade_ms", 0.0))
        quality.require_usable(clip)
        take = {
            "model": make.recipe.model,
            "revision": make.recipe.revision,
            "seed": make.recipe.seed,
            "attempts": 1 + sum(meta["attempts"] - 1 for meta in metas),
            "rejected": [reason for meta in metas for reason in meta["rejected"]],
            "environment": {name: value for meta in metas for name, value in meta["environment"].items()},
        }
        store.put("take", make.keys.take, codec.pack(clip), {"take": take, "recipe": make.recipe.as_json()})
    except SfxgenError as error:
        return error
    except Exception as error:  # the others go on; the build ends with the exit code of a bug
        return BugError(error)
    return None


def _make(step: Step) -> Make:
    assert step.make is not None
    return step.make


class _Line:
    """Masters and encodes steps in worker threads, at most `ahead` of them under way."""

    def __init__(self, pool: ThreadPoolExecutor, store: LocalStore, on_event: OnEvent, ahead: int) -> None:
        self._pool, self._store, self._on_event, self._ahead = pool, store, on_event, ahead
        self._under_way: dict[Future[Made], Step] = {}
        self.missing: list[Step] = []

    def add(self, step: Step) -> None:
        self._under_way[self._pool.submit(_finish, self._store, step)] = step

    def done(self) -> Iterator[Product]:
        """Yield what is done; wait only while too much is under way."""
        while self._under_way:
            patience = None if len(self._under_way) >= self._ahead else 0
            ready, _ = wait(self._under_way, timeout=patience, return_when=FIRST_COMPLETED)
            if not ready:
                return
            for future in ready:
                yield from self._result(future)

    def rest(self) -> Iterator[Product]:
        """Wait for all that is under way and yield it."""
        while self._under_way:
            ready, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
            for future in ready:
                yield from self._result(future)

    def _result(self, future: Future[Made]) -> Iterator[Product]:
        step = self._under_way.pop(future)
        try:
            made = future.result()
        except _NotInStoreError:
            self.missing.append(step)
        except SfxgenError as error:
            yield NotMade(step, error)
        except Exception as error:  # the others go on; the build ends with the exit code of a bug
            yield NotMade(step, BugError(error))
        else:
            self._on_event(ClipMastered(step.ref[1]))
            yield made


def _finish(store: LocalStore, step: Step) -> Made:
    """Bring a step from the furthest thing that the store has of it to its audio file."""
    assert step.wanted is not None
    keys = _make(step).keys
    found = None if _is_fresh(step) else _locked_file(store, step) or _stored_file(store, step)
    if found is not None:
        return found
    clip, meta = _mastered(store, step)
    content = codec.encode(clip, step.wanted.delivery.encoding, dither_key=keys.clip)
    entry = store.put("file", keys.file, content, meta)
    return Made(step, content, entry.digest, meta)


def _is_fresh(step: Step) -> bool:
    """Whether the take was made anew because that was asked for: what was made of an older one is of no use."""
    return any(reason.why is Why.REBUILD for reason in step.reasons)


def _locked_file(store: LocalStore, step: Step) -> Made | None:
    """The very bytes that the lock names, where they are in the store: they win over another machine's."""
    record, keys = step.source or step.record, _make(step).keys
    if record is None or record.file_key != keys.file or record.draft != _make(step).draft:
        return None
    size = store.size(record.digest)
    content = store.read(Entry(record.digest, size)) if size is not None else None
    return Made(step, content, record.digest, record.as_meta()) if content is not None else None


def _stored_file(store: LocalStore, step: Step) -> Made | None:
    found = store.get("file", _make(step).keys.file)
    return Made(step, found[0], found[1].digest, found[1].meta) if found is not None else None


def _mastered(store: LocalStore, step: Step) -> tuple[Clip, dict[str, Any]]:
    assert step.wanted is not None
    keys = _make(step).keys
    found = None if _is_fresh(step) else store.get("clip", keys.clip)
    if found is not None:
        content, entry = found
        return codec.unpack(content), dict(entry.meta)
    take = store.get("take", keys.take)
    if take is None:
        raise _NotInStoreError
    content, entry = take
    mastered = master(codec.unpack(content), step.wanted.mastering, joined=_make(step).model.seamless)
    meta = {**entry.meta, "clip": mastered.measurement.as_json()}
    store.put("clip", keys.clip, codec.pack(mastered.clip), meta)
    return mastered.clip, meta


class _Takes:
    """Generates the takes of one model, gates them, and tries again what a gate rejected."""

    def __init__(
        self,
        workspace: Workspace,
        options: Options,
        sessions: Sessions,
        on_event: OnEvent,
        cancelled: Callable[[], bool],
    ) -> None:
        self.workspace, self.options = workspace, options
        self.sessions, self.on_event, self.cancelled = sessions, on_event, cancelled
        self.rejections: dict[str, list[str]] = {}

    def generate(self, jobs: Sequence[_Job]) -> Iterator[tuple[_Job, SfxgenError | None]]:
        """Yield each job once its take is in the store (None), or once it has failed (why)."""
        try:
            session = self._session(jobs[0])
        except ModelError as error:
            yield from ((job, error) for job in jobs)
            return
        by_key = {job.key: job for job in jobs}
        recipes = {job.key: job.recipe for job in jobs}
        while recipes:
            again: dict[str, Recipe] = {}
            for key, outcome in self._round(session, recipes):
                if isinstance(outcome, Recipe):
                    again[key] = outcome
                    continue
                if outcome is None:
                    self.on_event(TakeGenerated(by_key[key].asset, recipes[key].attempt + 1))
                yield by_key[key], outcome
            recipes = again

    def _session(self, job: _Job) -> Session:
        info, workspace = job.model, self.workspace
        missing = workspace.unavailable(info, self.options)
        if missing is not None:
            raise missing
        around = surroundings(workspace.project, info, workspace.lock, offline=self.options.offline)
        adapter = workspace.catalog.adapters[info.adapter]
        return self.sessions.get(adapter, info, job.recipe.revision, around, self.on_event)

    def _round(
        self, session: Session, recipes: Mapping[str, Recipe]
    ) -> Iterator[tuple[str, SfxgenError | Recipe | None]]:
        """Generate each recipe once: kept (None), to be tried again (its next attempt), or failed (the error)."""
        left = list(recipes.items())
        while left:
            try:
                for clip in session.generate(
                    [recipe for _, recipe in left], on_event=self.on_event, cancelled=self.cancelled
                ):
                    key, recipe = left.pop(0)
                    yield key, self._keep(session, key, recipe, clip)
                assert not left, "a session yields one clip a recipe"
            except ModelError as error:
                # The take at the head failed; those behind it are begun anew without it.
                yield left.pop(0)[0], error

    def _keep(self, session: Session, key: str, recipe: Recipe, clip: Clip) -> SfxgenError | Recipe | None:
        rejected = self.rejections.setdefault(key, [])
        try:
            quality.require_usable(clip)
        except TakeRejected as error:
            rejected.append(error.message)
            if recipe.attempt < self.workspace.project.retries:
                return recipe.next_attempt()
            tries = f"{len(rejected)} attempts" if len(rejected) > 1 else "its only attempt"
            return TakeRejected(f"{tries} failed: {'; '.join(rejected)}", hint=error.hint)
        take = {
            "model": recipe.model,
            "revision": recipe.revision,
            "seed": recipe.seed,
            "attempts": recipe.attempt + 1,
            "rejected": rejected,
            "environment": dict(session.environment),
        }
        try:
            self.workspace.store.put(
                "take", key, codec.pack(clip), {"take": take, "recipe": recipe.as_json()}
            )
        except SfxgenError as error:
            return error
        return None


def _is_thawed(step: Step) -> bool:
    """A frozen sound's key is its lock's: it may be generated only if its recipe still comes to that key."""
    make = _make(step)
    return make.keys.take == make.recipe.take_key()
