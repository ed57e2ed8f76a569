"""Generate takes: by models, one model at a time, in this thread; judged before they are kept, and tried again.

The takes of a stack of layers, or of a long loop that is joined of several, are takes like others; it is laid of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sfxgen.acceptance import SOUND, Refusal, Trial, refusal
from sfxgen.audio import codec
from sfxgen.audio.clip import Clip
from sfxgen.audio.gates import RETRY_HINT
from sfxgen.audio.ring import join
from sfxgen.audio.stack import Layer, stack
from sfxgen.candidates import Candidates, best_first
from sfxgen.categories import Gates
from sfxgen.contracts import ModelInfo, Session
from sfxgen.errors import BugError, Cancelled, ModelError, SfxgenError, TakeRejected
from sfxgen.events import OnEvent, TakeChosen, TakeGenerated
from sfxgen.layers import JOINED
from sfxgen.lock import AssetRecord, Ranked
from sfxgen.plan import Step, Why
from sfxgen.recipe import Mastering, Recipe, derive_seed, digest_of
from sfxgen.sessions import Sessions
from sfxgen.siblings import Siblings
from sfxgen.store.local import LocalStore
from sfxgen.wanted import Make, Part, surroundings
from sfxgen.workspace import Options, Workspace

Outcome = tuple[Step, SfxgenError | None]
"""A step whose take is in the store (None), or that failed (why)."""

Held = dict[str, set[str]]
"""The keys of takes that assets were made of, and of which sounds those are."""


@dataclass(frozen=True, slots=True)
class Order:
    """A step that needs a take. `rejected` says why the attempts before `attempt` are not used.

    With a `ranking`, the take that leads it is made again: it was chosen once, and no machine chooses another.
    """

    step: Step
    attempt: int = 0
    rejected: tuple[str, ...] = ()
    ranking: tuple[Ranked, ...] = ()

    @classmethod
    def of(cls, step: Step, locked: Mapping[str, AssetRecord]) -> Order:
        """Return the order of a step: where the lock has its very take, the attempt that it names.

        `locked` has a record by each take key: a new asset, or one by another name, may be of a take that was made before.
        """
        record, make = step.record, make_of(step)
        if record is None or record.take_key != make.keys.take:
            record = locked.get(make.keys.take)
        if record is None or record.draft != make.draft:
            return cls(step)
        if make.parts or is_fresh(step):
            return cls(step)
        return cls(step, record.attempts - 1, record.rejected, record.ranking)


def make_of(step: Step) -> Make:
    """Return how a step is made."""
    assert step.make is not None
    return step.make


def trial_of(step: Step) -> Trial:
    """Return what a step asks of its take. Of a draft, no more than that it sounds, and is no sibling's copy."""
    make = make_of(step)
    mastering = replace(make.mastering, harvest=None)
    if make.draft:
        return Trial(replace(mastering, gates=replace(SOUND, duplicate=Gates().duplicate)), None, True)
    return Trial(mastering, make.recipe.harvest, joined=make.model.seamless)


def mark_of(step: Step, siblings: Siblings) -> str:
    """Return what the store notes of a take that passed: which trial, for which sound, among which siblings."""
    assert step.wanted is not None
    among = digest_of(sorted(siblings.keys_of(step)))
    return f"{trial_of(step).digest()} {step.wanted.sound.id} {among}"


def is_fresh(step: Step) -> bool:
    """Whether the take is to be made anew because that was asked for: what was made of an older one is of no use."""
    return any(reason.why is Why.REBUILD for reason in step.reasons)


def is_thawed(step: Step) -> bool:
    """A frozen sound's key is its lock's: it may be generated only if its recipe still comes to that key."""
    make = make_of(step)
    return make.keys.take == make.recipe.take_key()


def generate(
    workspace: Workspace,
    options: Options,
    orders: Sequence[Order],
    held: Held,
    sessions: Sessions,
    siblings: Siblings,
    on_event: OnEvent,
    cancelled: Callable[[], bool],
) -> Iterator[Outcome]:
    """Yield each step once its take is in the store, or once it has failed.

    What is `held` by other sounds is made again as it was, or not at all.
    """
    jobs: dict[str, _Job] = {}
    laid: list[_Laying] = []
    for order in orders:
        step, make = order.step, make_of(order.step)
        if not is_thawed(step):
            hint = "restore the file or the store's copy of it, or remove frozen: true"
            what = "it is frozen, its recipe has changed, and its take is not in the store"
            yield step, ModelError(what, hint=hint)
        elif make.parts:
            laying = _Laying(step, order.attempt, list(order.rejected))
            laid.append(laying)
            for part in laying.parts:
                key = part.recipe.take_key()
                if is_fresh(step) or workspace.store.find("take", key) is None:
                    jobs.setdefault(key, _job_of_part(part, step)).is_part = True
        else:
            key = make.keys.take
            job = jobs.setdefault(key, _Job(key, make.model, make.recipe, step.ref[1], ranker=make.ranker))
            job.add(order)
    failed: dict[str, SfxgenError] = {}

    def done(wanted: Iterable[_Job]) -> Iterator[Outcome]:
        for group in _by_model(wanted):
            takes = _Takes(workspace, options, held, sessions, siblings, on_event, cancelled)
            for job, error in takes.generate(group):
                if error is not None:
                    failed[job.key] = error
                yield from job.outcomes(error)

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


def given_up(step: Step, rejected: Sequence[str], last: Refusal) -> TakeRejected:
    """Return the error of a step whose attempts were all refused, with what would change that."""
    reasons = "; ".join(text if n == 1 else f"{text} ({n} times)" for text, n in Counter(rejected).items())
    if make_of(step).model.is_recorded:
        return TakeRejected(f"its recording: {reasons}", hint=_hint(step, last, "mend the recording"))
    one = "attempt" if make_of(step).recipe.choice is None else "candidate"
    tries = f"{len(rejected)} {one}s" if len(rejected) > 1 else f"its only {one}"
    return TakeRejected(f"{tries} failed: {reasons}", hint=_hint(step, last, RETRY_HINT))


def not_shared(step: Step, found: Refusal) -> TakeRejected:
    """Return the error of a step that refuses the take of another sound's asset."""
    hint = (
        "another sound has the same recipe and takes it: with a seed of its own, this one has its own takes"
    )
    return TakeRejected(found.reason, hint=_hint(step, found, hint))


def _hint(step: Step, last: Refusal, first: str) -> str:
    if not last.gate or step.wanted is None:
        return first
    return f"{first}; or change gates: {{ {last.gate}: … }} of the sound, {step.wanted.sound.place}"


@dataclass(slots=True)
class _Job:
    """One take to generate, the asset that first needs it, and the steps that wait for it alone."""

    key: str
    model: ModelInfo
    recipe: Recipe
    asset: str
    steps: list[Step] = field(default_factory=list)
    is_part: bool = False
    """A stack or ring waits for it."""
    rejected: list[str] = field(default_factory=list)
    refused: dict[tuple[str, str], Refusal] = field(default_factory=dict)
    """What the last attempt was refused for, by who refused it; others may have taken it."""
    marks: list[str] = field(default_factory=list)
    """What is noted of a take that passed."""
    ranker: ModelInfo | None = None
    ranking: tuple[Ranked, ...] = ()
    """The candidates that its take was chosen among, once it was."""

    @property
    def is_open(self) -> bool:
        """Whether its take is yet to be chosen among candidates."""
        return self.recipe.choice is not None and not self.ranking

    @property
    def is_fresh(self) -> bool:
        """Whether what the store has of it is of no use."""
        return any(map(is_fresh, self.steps))

    def add(self, order: Order) -> None:
        """Let one more step wait for it. What the lock knows of its take is where it begins."""
        self.steps.append(order.step)
        if order.attempt > self.recipe.attempt or (order.ranking and not self.ranking):
            candidate = order.ranking[0].candidate if order.ranking else 0
            self.recipe = replace(self.recipe, attempt=order.attempt, candidate=candidate)
            self.rejected, self.ranking = list(order.rejected), order.ranking

    @property
    def refusal(self) -> Refusal:
        """What the last attempt was refused for, by the first who refused it."""
        return next(iter(self.refused.values()))

    def judge(self, clip: Clip, siblings: Siblings) -> bool:
        """Let every sound that waits for the take judge it. Returns whether one takes it."""
        verdicts: dict[tuple[str, str], Refusal | None] = {}
        for step in self.steps:
            who = _judge_of(step)
            if who not in verdicts:
                verdicts[who] = refusal(clip, trial_of(step), siblings.of(step))
        if self.is_part:
            verdicts["", ""] = refusal(clip, Trial(Mastering(gates=SOUND, trim=False)), {})
        self.refused = {who: found for who, found in verdicts.items() if found is not None}
        passed = (step for step in self.steps if _judge_of(step) not in self.refused)
        self.marks = sorted({mark_of(step, siblings) for step in passed})
        return len(self.refused) < len(verdicts)

    def outcomes(self, error: SfxgenError | None) -> Iterator[Outcome]:
        """Yield what became of each step. Of several that failed together, the first says why."""
        first: str | None = None
        for step in self.steps:
            own: SfxgenError | None = error
            found = self.refused.get(_judge_of(step))
            if error is None and found is not None:
                own = not_shared(step, found)
            elif isinstance(error, TakeRejected) and first is not None:
                own = TakeRejected(f"its take is the one that failed for {first}")
            first = first or step.ref[1]
            yield step, own


def _judge_of(step: Step) -> tuple[str, str]:
    """Return who judges a take: what is asked, and the sound whose siblings it is compared with."""
    assert step.wanted is not None
    return trial_of(step).digest(), step.wanted.sound.id


def _job_of_part(part: Part, step: Step) -> _Job:
    return _Job(part.recipe.take_key(), part.model, part.recipe, step.ref[1], is_part=True)


_Sound = tuple[_Job, Recipe, Clip | SfxgenError, Mapping[str, str]]
"""What a recipe came to, for a job: its clip with its session's environment, or the error."""


def _by_model(jobs: Iterable[_Job]) -> list[list[_Job]]:
    """Group takes by the model that makes them, in the order in which each model is first needed."""
    groups: dict[tuple[str, str | None], list[_Job]] = {}
    for job in jobs:
        groups.setdefault((job.recipe.model, job.recipe.revision), []).append(job)
    return list(groups.values())


class _Takes:
    """Generates the takes of one model, has them judged, and tries again what was refused."""

    def __init__(
        self,
        workspace: Workspace,
        options: Options,
        held: Held,
        sessions: Sessions,
        siblings: Siblings,
        on_event: OnEvent,
        cancelled: Callable[[], bool],
    ) -> None:
        self.workspace, self.options, self.held = workspace, options, held
        self.sessions, self.siblings = sessions, siblings
        self.on_event, self.cancelled = on_event, cancelled
        self._candidates = Candidates(workspace, options, sessions, on_event)

    def generate(self, jobs: Sequence[_Job]) -> Iterator[tuple[_Job, SfxgenError | None]]:
        """Yield each job once its take is in the store (None), or once it has failed (why)."""
        waiting = list(jobs)
        while waiting:
            again: list[_Job] = []
            for job, outcome in self._round(waiting):
                if isinstance(outcome, Recipe):
                    job.recipe, job.ranking = outcome, ()
                    again.append(job)
                    continue
                if outcome is None:
                    self.on_event(TakeGenerated(job.asset, job.recipe.attempt + 1))
                yield job, outcome
            waiting = again

    def _round(self, jobs: Sequence[_Job]) -> Iterator[tuple[_Job, SfxgenError | Recipe | None]]:
        """Generate each once: kept (None), to be tried again (its next attempt), or failed (the error)."""
        settled = [(job, job.recipe) for job in jobs if not job.is_open]
        still_open = [job for job in jobs if job.is_open]
        for job, _, sound, environment in self._sounds(settled):
            yield job, self._keep(job, sound, environment) if isinstance(sound, Clip) else sound
        yield from self._round_of_choices(still_open)

    def _sounds(self, takes: Sequence[tuple[_Job, Recipe]]) -> Iterator[_Sound]:
        """Generate recipes, each for a job: yields in order what each came to."""
        left = list(takes)
        if not left:
            return
        try:
            session = self._session(left[0][0])
        except ModelError as error:
            yield from ((job, recipe, error, {}) for job, recipe in left)
            return
        while left:
            try:
                for clip in session.generate(
                    [recipe for _, recipe in left], on_event=self.on_event, cancelled=self.cancelled
                ):
                    job, recipe = left.pop(0)
                    yield job, recipe, clip, dict(session.environment)
                assert not left, "a session yields one clip a recipe"
            except ModelError as error:
                # The take at the head failed; those behind it are begun anew without it.
                job, recipe = left.pop(0)
                yield job, recipe, error, {}

    def _session(self, job: _Job) -> Session:
        info, workspace = job.model, self.workspace
        missing = workspace.unavailable(info, self.options)
        if missing is not None:
            raise missing
        around = surroundings(workspace.project, info, workspace.lock, offline=self.options.offline)
        adapter = workspace.catalog.adapters[info.adapter]
        return self.sessions.get(adapter, info, job.recipe.revision, around, self.on_event)

    def _keep(self, job: _Job, clip: Clip, environment: Mapping[str, str]) -> SfxgenError | Recipe | None:
        try:
            if not job.judge(clip, self.siblings):
                return self._again(job, [job.refusal])
            self._put(job, codec.pack(clip), environment)
        except SfxgenError as error:
            return error
        except Exception as error:  # the others go on; the build ends with the exit code of a bug
            return BugError(error)
        return None

    def _again(self, job: _Job, refused: Sequence[Refusal]) -> SfxgenError | Recipe:
        """Return a job's next attempt, or what it failed for."""
        if job.steps and self.held.get(job.key, set()) - {step.sound for step in job.steps}:
            return not_shared(job.steps[0], refused[-1])
        job.rejected += [found.reason for found in refused]
        if job.recipe.attempt < self.workspace.project.retries and not job.model.is_recorded:
            return job.recipe.next_attempt()
        return given_up(job.steps[0], job.rejected, refused[-1]) if job.steps else _of_a_part(job.rejected)

    def _put(self, job: _Job, content: bytes, environment: Mapping[str, str]) -> None:
        """Keep a job's take in the store. Raises StoreError."""
        recipe = job.recipe
        take: dict[str, Any] = {
            "model": recipe.model,
            "revision": recipe.revision,
            "seed": recipe.seed,
            "attempts": recipe.attempt + 1,
            "rejected": job.rejected,
            "passed": job.marks,
            "environment": dict(environment),
        }
        if job.ranking:
            take["ranking"] = [ranked.as_json() for ranked in job.ranking]
        self.workspace.store.put("take", job.key, content, {"take": take, "recipe": recipe.as_json()})
        self.siblings.changed(job.key)

    # --- candidates -----------------------------------------------------------------------------

    def _round_of_choices(self, jobs: Sequence[_Job]) -> Iterator[tuple[_Job, SfxgenError | Recipe | None]]:
        """Generate each job's candidates; then, with the model out of memory, choose the best of each."""
        ready: list[_Job] = []
        for job in jobs:
            assert job.ranker is not None
            cannot_rank = self._candidates.unavailable(job.ranker)
            if cannot_rank is not None:
                yield job, cannot_rank
            else:
                ready.append(job)
        wanted = {
            recipe.candidate_key(): (job, recipe)
            for job in ready
            for recipe in job.recipe.candidates()
            if not self._candidates.has(recipe, fresh=job.is_fresh)
        }
        failed: dict[str, SfxgenError] = {}
        for _, recipe, sound, environment in self._sounds(list(wanted.values())):
            try:
                if not isinstance(sound, Clip):
                    raise sound
                self._candidates.put(recipe, sound, environment)
            except SfxgenError as error:
                failed[recipe.candidate_key()] = error
            except Exception as error:  # the others go on; the build ends with the exit code of a bug
                failed[recipe.candidate_key()] = BugError(error)
        for job in ready:
            if self.cancelled():
                raise Cancelled
            keys = [recipe.candidate_key() for recipe in job.recipe.candidates()]
            first = next((failed[key] for key in keys if key in failed), None)
            yield job, self._choose(job) if first is None else first

    def _choose(self, job: _Job) -> SfxgenError | Recipe | None:
        """Keep the best of a job's candidates: of those that pass, the one that is nearest to the prompt."""
        try:
            ranking, refused = self._ranked(job)
            if not ranking or ranking[0].score is None:
                return self._again(job, refused)
            job.ranking = ranking
            job.recipe = replace(job.recipe, candidate=ranking[0].candidate)
            chosen = self._candidates.get(job.recipe)
            job.judge(
                chosen.clip(), self.siblings
            )  # what others were refused for, and their marks, are none of its
            self._put(job, chosen.content, chosen.environment)
        except SfxgenError as error:
            return error
        except Exception as error:  # the others go on; the build ends with the exit code of a bug
            return BugError(error)
        self.on_event(TakeChosen(job.asset, ranking[0].candidate, len(ranking), ranking[0].score))
        return None

    def _ranked(self, job: _Job) -> tuple[tuple[Ranked, ...], list[Refusal]]:
        """Judge and score a job's candidates. Returns them, the best first, and what the refused ones were refused for."""
        choice, ranker = job.recipe.choice, job.ranker
        assert choice is not None
        assert ranker is not None
        ranking: list[Ranked] = []
        refused: list[Refusal] = []
        for recipe in job.recipe.candidates():
            clip = self._candidates.get(recipe).clip()
            if job.judge(clip, self.siblings):
                score = self._candidates.score(ranker, choice, clip)
                ranking.append(Ranked(candidate=recipe.candidate, seed=recipe.seed, score=score))
            else:
                refused.append(job.refusal)
                why = refused[-1].reason
                ranking.append(Ranked(candidate=recipe.candidate, seed=recipe.seed, refused=why))
        return best_first(ranking), refused


def _of_a_part(rejected: Sequence[str]) -> TakeRejected:
    return TakeRejected(f"{len(rejected)} attempts failed: {rejected[-1]}", hint=RETRY_HINT)


# --- stacks and rings -------------------------------------------------------------------------------


class _Again:
    """A stack or ring was refused: it is to be laid of other takes."""


@dataclass(slots=True)
class _Laying:
    """A stack or ring that is to be laid, and how often it was."""

    step: Step
    attempt: int = 0
    rejected: list[str] = field(default_factory=list)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its parts, each with other seeds in each attempt."""
        parts = make_of(self.step).parts
        return tuple(replace(part, recipe=self._tried_again(part.recipe)) for part in parts)

    def _tried_again(self, recipe: Recipe) -> Recipe:
        if not self.attempt:
            return recipe
        return replace(recipe, base_seed=derive_seed(recipe.base_seed, 0, -self.attempt))


def _lay(
    workspace: Workspace, laying: _Laying, siblings: Siblings, failed: Mapping[str, SfxgenError]
) -> SfxgenError | _Again | None:
    """Lay a stack or ring of its parts' takes and put it into the store as a take of its own.

    Returns why it failed, or that it is to be tried again.
    """
    step, make = laying.step, make_of(laying.step)
    try:
        layers, metas = _parts(workspace.store, laying, failed)
        clip = _laid(make, layers)
        found = refusal(clip, trial_of(step), siblings.of(step))
        if found is not None:
            laying.rejected.append(found.reason)
            if laying.attempt < workspace.project.retries:
                laying.attempt += 1
                return _Again()
            return given_up(step, laying.rejected, found)
        take = {
            "model": make.recipe.model,
            "revision": make.recipe.revision,
            "seed": make.recipe.seed,
            "attempts": 1 + laying.attempt + sum(meta["attempts"] - 1 for meta in metas),
            "rejected": [*laying.rejected, *(reason for meta in metas for reason in meta["rejected"])],
            "passed": [mark_of(step, siblings)],
            "environment": {name: value for meta in metas for name, value in meta["environment"].items()},
        }
        meta = {"take": take, "recipe": make.recipe.as_json()}
        workspace.store.put("take", make.keys.take, codec.pack(clip), meta)
        siblings.changed(make.keys.take)
    except SfxgenError as error:
        return error
    except Exception as error:  # the others go on; the build ends with the exit code of a bug
        return BugError(error)
    return None


def _parts(
    store: LocalStore, laying: _Laying, failed: Mapping[str, SfxgenError]
) -> tuple[list[Layer], list[Mapping[str, Any]]]:
    """Return the takes of a stack or ring, and how they were made. Raises what one of them failed with."""
    layers, metas = [], []
    for number, part in enumerate(laying.parts, start=1):
        key = part.recipe.take_key()
        error = failed.get(key)
        found = store.get("take", key) if error is None else None
        if error is None and found is None:
            error = ModelError("its take left the store while it was built", hint="build again")
        if error is not None:
            what = "take" if make_of(laying.step).model is JOINED else "layer"
            raise type(error)(f"{what} {number}: {error.message}", hint=error.hint)
        assert found is not None
        layers.append(Layer(codec.unpack(found[0]), part.mix, joined=part.model.seamless))
        metas.append(found[1].meta["take"])
    return layers, metas


def _laid(make: Make, layers: Sequence[Layer]) -> Clip:
    loop_s = make.recipe.duration_s
    crossfade_ms = make.recipe.params.get("crossfade_ms", 0.0)
    if make.model is JOINED:
        assert loop_s is not None
        return join([layer.clip for layer in layers], loop_s, crossfade_ms)
    return stack(layers, loop_s=loop_s, crossfade_ms=crossfade_ms)
