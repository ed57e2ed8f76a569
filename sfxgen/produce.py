"""Make the bytes: takes by models, clips by mastering, files by encoding, each kept in the store on the way.

Takes are generated one model at a time in this thread; what has a take is mastered and encoded in others meanwhile.
Every hand-over goes through the store, so memory does not grow with the number of assets and a killed build loses
only what was being made.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from sfxgen.acceptance import Refusal, refusal
from sfxgen.audio import codec
from sfxgen.audio.clip import Clip
from sfxgen.audio.delivery import Delivered, deliver
from sfxgen.audio.memory import keep_freed_pages
from sfxgen.errors import BugError, Cancelled, ModelError, SfxgenError
from sfxgen.events import ClipMastered, OnEvent
from sfxgen.generate import Held, Order, generate, given_up, make_of, mark_of, not_shared, trial_of
from sfxgen.mastering import master
from sfxgen.plan import Step
from sfxgen.sessions import Sessions
from sfxgen.siblings import Siblings
from sfxgen.store.local import Entry, LocalStore
from sfxgen.wanted import Make
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
    keep_freed_pages()
    workers = max(1, min(8, os.cpu_count() or 1))
    with ThreadPoolExecutor(workers, thread_name_prefix="mastering") as pool:
        line = _Line(pool, workspace.store, on_event, ahead=4 * workers)
        siblings = Siblings(workspace)
        locked = {record.take_key: record for record in workspace.lock.assets.values()}
        orders = [Order.of(step, locked) for step in steps if step.action == "generate"]
        stored = [step for step in steps if step.action != "generate"]
        unjudged = {make_of(step).keys.take for step in stored}
        prompts = {make_of(step).recipe.prompt for step in steps}
        held = _held(workspace, steps, prompts)
        refused: list[tuple[Step, Refusal]] = []
        try:
            for step in stored:
                if cancelled():
                    raise Cancelled
                found = _refused(workspace.store, step, siblings, unjudged)
                if found is None:
                    line.add(step)
                    _hold(held, make_of(step), step.sound, prompts)
                else:
                    refused.append((step, found))
                yield from line.done()
            yield from line.rest()
            for step, found in refused:
                if make_of(step).model.is_recorded:
                    yield NotMade(step, given_up(step, [found.reason], found))
                elif held.get(make_of(step).keys.take, set()) - {step.sound}:
                    yield NotMade(step, not_shared(step, found))
                else:
                    orders.append(Order(step))
            orders += [Order.of(step, locked) for step in line.missing]
            line.missing = []
            for step, error in generate(
                workspace, options, orders, held, sessions, siblings, on_event, cancelled
            ):
                if error is None:
                    line.add(step, anew=True)
                else:
                    yield NotMade(step, error)
                yield from line.done()
        except Cancelled:
            yield from line.rest()
            raise
        yield from line.rest()
        gone = ModelError("its take left the store while it was built", hint="build again")
        yield from (NotMade(step, gone) for step in line.missing)


def _held(workspace: Workspace, steps: Sequence[Step], prompts: Collection[str]) -> Held:
    """Return the takes that assets besides these steps' were made of: nothing else may be kept under their keys."""
    held: Held = {}
    busy = {step.ref for step in steps}
    for asset in workspace.wanted:
        record = workspace.lock.assets.get(asset.ref)
        if asset.ref in busy or record is None or record.draft:
            continue
        if record.take_key == asset.final.keys.take:
            _hold(held, asset.final, asset.sound.id, prompts)
    return held


def _hold(held: Held, make: Make, sound: str, prompts: Collection[str]) -> None:
    """Note what a sound was made of. Of its parts only those with one of these `prompts`: a key takes time."""
    parts = (part.recipe for part in make.parts if part.recipe.prompt in prompts)
    for key in (make.keys.take, *(recipe.take_key() for recipe in parts)):
        held.setdefault(key, set()).add(sound)


def _refused(store: LocalStore, step: Step, siblings: Siblings, unjudged: set[str]) -> Refusal | None:
    """Judge a take that was kept for another sound, under other gates, or among other siblings; None where it passes.

    What the lock has stays, and so does what is frozen. Of two copies that are both in the store the first one stays:
    takes that are `unjudged` yet do not count.
    """
    make, record, wanted = make_of(step), step.record, step.wanted
    assert wanted is not None
    unjudged.discard(make.keys.take)
    is_locked = record is not None and record.file_key == make.keys.file and record.draft == make.draft
    known = None if is_locked or wanted.is_frozen else store.find("take", make.keys.take)
    if known is None:
        return None
    mark = mark_of(step, siblings)
    if mark in known.meta["take"].get("passed", ()):
        return None
    found = store.get("take", make.keys.take)
    if found is None:
        return None
    content, entry = found
    why = refusal(codec.unpack(content), trial_of(step), siblings.of(step, but=unjudged))
    if why is None:
        take = {**entry.meta["take"], "passed": sorted({*entry.meta["take"].get("passed", ()), mark})}
        store.put("take", make.keys.take, content, {**entry.meta, "take": take})
    return why


class _Line:
    """Masters and encodes steps in worker threads, at most `ahead` of them under way."""

    def __init__(self, pool: ThreadPoolExecutor, store: LocalStore, on_event: OnEvent, ahead: int) -> None:
        self._pool, self._store, self._on_event, self._ahead = pool, store, on_event, ahead
        self._under_way: dict[Future[Made], Step] = {}
        self.missing: list[Step] = []

    def add(self, step: Step, *, anew: bool = False) -> None:
        """Send a step on; with a take made `anew`, what was made of an older one is of no use."""
        self._under_way[self._pool.submit(_finish, self._store, step, anew)] = step

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


def _finish(store: LocalStore, step: Step, anew: bool) -> Made:
    """Bring a step from the furthest thing that the store has of it to its audio file."""
    assert step.wanted is not None
    keys = make_of(step).keys
    found = None if anew else _locked_file(store, step) or _stored_file(store, step)
    if found is not None:
        return found
    clip, meta = _mastered(store, step, anew)
    settings, encoding = make_of(step).mastering, step.wanted.delivery.encoding
    delivered = deliver(
        clip,
        encoding,
        ceiling_dbtp=None if settings.measure_only else settings.true_peak_dbtp,
        dither_key=settings.samples_key(keys.take),
        target_lufs=settings.loudness_lufs,
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
        lufs = delivered.loudness_lufs
        measured["loudness_lufs"] = None if lufs is None else round(lufs, 2)
        measured["loudness_measure"] = None if lufs is None else clip["loudness_measure"]
    return measured


def _locked_file(store: LocalStore, step: Step) -> Made | None:
    """The very bytes that the lock names, where they are in the store: they win over another machine's."""
    record, keys = step.source or step.record, make_of(step).keys
    if record is None or record.file_key != keys.file or record.draft != make_of(step).draft:
        return None
    size = store.size(record.digest)
    content = store.read(Entry(record.digest, size)) if size is not None else None
    return Made(step, content, record.digest, record.as_meta()) if content is not None else None


def _stored_file(store: LocalStore, step: Step) -> Made | None:
    found = store.get("file", make_of(step).keys.file)
    return Made(step, found[0], found[1].digest, found[1].meta) if found is not None else None


def _mastered(store: LocalStore, step: Step, anew: bool) -> tuple[Clip, dict[str, Any]]:
    assert step.wanted is not None
    keys = make_of(step).keys
    found = None if anew else store.get("clip", keys.clip)
    if found is not None:
        content, entry = found
        return codec.unpack(content), dict(entry.meta)
    take = store.get("take", keys.take)
    if take is None:
        raise _NotInStoreError
    content, entry = take
    make = make_of(step)
    mastered = master(codec.unpack(content), make.mastering, joined=make.model.seamless)
    meta = {**entry.meta, "clip": mastered.measurement.as_json()}
    store.put("clip", keys.clip, codec.pack(mastered.clip), meta)
    return mastered.clip, meta
