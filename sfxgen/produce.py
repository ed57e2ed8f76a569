"""Make the bytes: takes by models, clips by mastering, files by encoding, each kept in the store on the way.

Takes are generated one model at a time in this thread; what has a take is mastered and encoded in others meanwhile.
Every hand-over goes through the store, so memory does not grow with the number of assets and a killed build loses
only what was being made.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Any

from sfxgen.acceptance import BASIC, Trial, refusal
from sfxgen.audio import codec
from sfxgen.audio.clip import Clip
from sfxgen.audio.delivery import Delivered, deliver
from sfxgen.audio.gates import RETRY_HINT
from sfxgen.audio.ring import join
from sfxgen.audio.stack import Layer, stack
from sfxgen.categories import Gates
from sfxgen.contracts import ModelInfo, Session
from sfxgen.errors import BugError, Cancelled, ModelError, SfxgenError, TakeRejected
from sfxgen.events import ClipMastered, OnEvent, TakeGenerated
from sfxgen.layers import JOINED
from sfxgen.mastering import master
from sfxgen.plan import Step, Why
from sfxgen.recipe import Mastering, Recipe, derive_seed
from sfxgen.sessions import Sessions
from sfxgen.siblings import Siblings
from sfxgen.store.local import Entry, LocalStore
from sfxgen.wanted import Make, Part, surroundings
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

    The parts of a stack, or of a ring, are takes like others, made with those of their model; it is laid when all
    are there.
    """
    jobs: dict[str, _Job] = {}
    laid: list[_Laying] = []
    siblings = Siblings(workspace)
    for step in steps:
        make = _make(step)
        if not _is_thawed(step):
            hint = "restore the file or the store's copy of it, or remove frozen: true"
            what = "it is frozen, its recipe has changed, and its take is not in the store"
            yield step, ModelError(what, hint=hint)
        elif make.parts:
            laid.append(_Laying(step))
            for part in make.parts:
                key = part.recipe.take_key()
                if _is_fresh(step) or workspace.store.find("take", key) is None:
                    jobs.setdefault(key, _job_of_part(part, step))
        else:
            key = make.keys.take
            job = jobs.setdefault(key, _Job(key, make.model, make.recipe, step.ref[1]))
            job.steps.append(step)
            job.trials.add(_trial(step))
    failed: dict[str, SfxgenError] = {}

    def done(wanted: Iterable[_Job]) -> Iterator[tuple[Step, SfxgenError | None]]:
        for group in _by_model(wanted):
            takes = _Takes(workspace, options, sessions, siblings, on_event, cancelled)
            for job, error in takes.generate(group):
                if error is not None:
                    failed[job.key] = error
                yield from ((step, error) for step in job.steps)

    yield from done(jobs.values())
    for laying in laid:
        outcome: SfxgenError | _Again | None = _Again()
        while isinstance(outcome, _Again):
            if cancelled():
                raise Cancelled
            gone = {
                key: _job_of_part(part, laying.step)
                for part in laying.parts
                if (key := part.recipe.take_key()) not in failed and workspace.store.get("take", key) is None
            }
            yield from done(gone.values())  # those of another attempt, or an entry of the store was damaged
            outcome = _lay(workspace, laying, siblings, failed)
        yield laying.step, outcome


@dataclass(slots=True)
class _Job:
    """One take to generate, the asset that first needs it, the steps that wait for it alone, what they ask of it."""

    key: str
    model: ModelInfo
    recipe: Recipe
    asset: str
    steps: list[Step] = field(default_factory=list)
    trials: set[Trial] = field(default_factory=set)


def _job_of_part(part: Part, step: Step) -> _Job:
    job = _Job(part.recipe.take_key(), part.model, part.recipe, step.ref[1])
    job.trials.add(Trial(BASIC, Mastering(trim=False)))
    return job


def _trial(step: Step) -> Trial:
    """Return what a step asks of its take. Of a draft, no more than that it is sound, and not its siblings' again."""
    make = _make(step)
    assert step.wanted is not None
    gates = replace(BASIC, duplicate=Gates().duplicate) if make.draft else step.wanted.sound.gates
    events = None if make.draft else make.recipe.harvest
    return Trial(gates, replace(make.mastering, harvest=None), events, joined=make.model.seamless)


def _by_model(jobs: Iterable[_Job]) -> list[list[_Job]]:
    """Group takes by the model that makes them, in the order in which each model is first needed."""
    groups: dict[tuple[str, str | None], list[_Job]] = {}
    for job in jobs:
        groups.setdefault((job.recipe.model, job.recipe.revision), []).append(job)
    return list(groups.values())


class _Again:
    """A stack or ring did not pass its gates: it is to be laid of other takes."""


@dataclass(slots=True)
class _Laying:
    """A stack or ring that is to be laid, and how often it was."""

    step: Step
    attempt: int = 0
    rejected: list[str] = field(default_factory=list)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its parts, each with other seeds in each attempt."""
        parts = _make(self.step).parts
        return tuple(replace(part, recipe=self._tried_again(part.recipe)) for part in parts)

    def _tried_again(self, recipe: Recipe) -> Recipe:
        if not self.attempt:
            return recipe
        return replace(recipe, base_seed=derive_seed(recipe.base_seed, 0, -self.attempt))


def _lay(
    workspace: Workspace, laying: _Laying, siblings: Siblings, failed: Mapping[str, SfxgenError]
) -> SfxgenError | _Again | None:
    """Lay a stack or ring from its parts' takes and put it into the store as a take of its own.

    Returns why it failed, or that it is to be tried again.
    """
    store, step, make = workspace.store, laying.step, _make(laying.step)
    layers, metas = [], []
    for number, part in enumerate(laying.parts, start=1):
        key = part.recipe.take_key()
        error = failed.get(key)
        found = store.get("take", key) if error is None else None
        if error is None and found is None:
            error = ModelError("its take left the store while it was built", hint="build again")
        if error is not None:
            what = "take" if make.model is JOINED else "layer"
            return type(error)(f"{what} {number}: {error.message}", hint=error.hint)
        assert found is not None
        layers.append(Layer(codec.unpack(found[0]), part.mix, joined=part.model.seamless))
        metas.append(found[1].meta["take"])
    loop_s = make.recipe.duration_s
    crossfade_ms = make.recipe.params.get("crossfade_ms", 0.0)
    try:
        if make.model is JOINED:
            assert loop_s is not None
            clip = join([layer.clip for layer in layers], loop_s, crossfade_ms)
        else:
            clip = stack(layers, loop_s=loop_s, crossfade_ms=crossfade_ms)
        reason = refusal(clip, [_trial(step)], siblings.of(step))
        if reason:
            laying.rejected.append(reason)
            if laying.attempt < workspace.project.retries:
                laying.attempt += 1
                return _Again()
            return _given_up(laying.rejected)
        take = {
            "model": make.recipe.model,
            "revision": make.recipe.revision,
            "seed": make.recipe.seed,
            "attempts": 1 + laying.attempt + sum(meta["attempts"] - 1 for meta in metas),
            "rejected": [*laying.rejected, *(reason for meta in metas for reason in meta["rejected"])],
            "environment": {name: value for meta in metas for name, value in meta["environment"].items()},
        }
        store.put("take", make.keys.take, codec.pack(clip), {"take": take, "recipe": make.recipe.as_json()})
        siblings.accept(make.keys.take, clip)
    except SfxgenError as error:
        return error
    except Exception as error:  # the others go on; the build ends with the exit code of a bug
        return BugError(error)
    return None


def _given_up(rejected: Sequence[str]) -> TakeRejected:
    tries = f"{len(rejected)} attempts" if len(rejected) > 1 else "its only attempt"
    return TakeRejected(f"{tries} failed: {'; '.join(rejected)}", hint=RETRY_HINT)


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
    settings, encoding = _make(step).mastering, step.wanted.delivery.encoding
    delivered = deliver(
        clip,
        encoding,
        ceiling_dbtp=None if settings.measure_only else settings.true_peak_dbtp,
        dither_key=keys.clip,
        target_lufs=None if meta["clip"]["limited"] else settings.loudness_lufs,
        measure=meta["clip"]["loudness_measure"],
        measured=meta["clip"],
    )
    meta = {**meta, "clip": _as_delivered(meta["clip"], delivered)}
    entry = store.put("file", keys.file, delivered.content, meta)
    return Made(step, delivered.content, entry.digest, meta)


def _as_delivered(clip: Mapping[str, Any], delivered: Delivered) -> dict[str, Any]:
    """Return what a clip measures, with what a lossy file made of that."""
    measured = dict(clip)
    if delivered.true_peak_dbtp is not None:
        measured["true_peak_dbtp"] = round(delivered.true_peak_dbtp, 2)
        measured["limited"] = clip["limited"] or delivered.is_limited
        if delivered.loudness_lufs is not None:
            measured["loudness_lufs"] = round(delivered.loudness_lufs, 2)
    return measured


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
    make = _make(step)
    mastered = master(codec.unpack(content), make.mastering, joined=make.model.seamless)
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
        siblings: Siblings,
        on_event: OnEvent,
        cancelled: Callable[[], bool],
    ) -> None:
        self.workspace, self.options = workspace, options
        self.sessions, self.siblings = sessions, siblings
        self.on_event, self.cancelled = on_event, cancelled
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
            for key, outcome in self._round(session, recipes, by_key):
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
        self, session: Session, recipes: Mapping[str, Recipe], jobs: Mapping[str, _Job]
    ) -> Iterator[tuple[str, SfxgenError | Recipe | None]]:
        """Generate each recipe once: kept (None), to be tried again (its next attempt), or failed (the error)."""
        left = list(recipes.items())
        while left:
            try:
                for clip in session.generate(
                    [recipe for _, recipe in left], on_event=self.on_event, cancelled=self.cancelled
                ):
                    key, recipe = left.pop(0)
                    yield key, self._keep(session, jobs[key], recipe, clip)
                assert not left, "a session yields one clip a recipe"
            except ModelError as error:
                # The take at the head failed; those behind it are begun anew without it.
                yield left.pop(0)[0], error

    def _keep(self, session: Session, job: _Job, recipe: Recipe, clip: Clip) -> SfxgenError | Recipe | None:
        key, rejected = job.key, self.rejections.setdefault(job.key, [])
        siblings = self.siblings.of(job.steps[0]) if job.steps else {}
        reason = refusal(clip, job.trials, siblings)
        if reason:
            rejected.append(reason)
            if job.model.is_recorded:
                return TakeRejected(f"its recording: {reason}", hint="mend the recording, or change the gate")
            again = recipe.attempt < self.workspace.project.retries
            return recipe.next_attempt() if again else _given_up(rejected)
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
        self.siblings.accept(key, clip)
        return None


def _is_thawed(step: Step) -> bool:
    """A frozen sound's key is its lock's: it may be generated only if its recipe still comes to that key."""
    make = _make(step)
    return make.keys.take == make.recipe.take_key()
