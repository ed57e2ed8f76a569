"""Verify: make everything anew, and compare it with the lock.

What comes out is compared by its bytes first, and by its sound where they differ. Nothing is written but into a temporary
store: the game, the lock and the store are what they were.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sfxgen.categories import Gates
from sfxgen.contracts import Catalog
from sfxgen.errors import BugError, Cancelled, SfxgenError, TakeRejected
from sfxgen.events import OnEvent, Started, ignore
from sfxgen.lock import AssetRecord, AssetRef
from sfxgen.plan import Step
from sfxgen.sessions import Sessions
from sfxgen.store.local import LocalStore
from sfxgen.wanted import Make, Wanted
from sfxgen.workspace import Options, Workspace, open_workspace, scope

if TYPE_CHECKING:
    from sfxgen.audio.clip import Clip
    from sfxgen.produce import Made, Product

Verdict = Literal["identical", "tolerated", "different", "unavailable"]
"""The same bytes; bytes that differ by what nobody hears; another sound; or it could not be told."""

TOLERANCE_DB = -60.0
"""How large a difference may be in a lossless file: the largest sample of the difference re the file's largest sample.

Another order of summation moves a take in fp32 by some -100 dB, one in bf16 by some -35 dB; another seed by 0 dB.
"""
LOSSY = frozenset({"ogg", "mp3"})
LEAST_LIKENESS = 0.98
MOST_LOUDNESS_LU = 0.2
"""What a lossy file must keep to: its encoder turns a difference of -80 dB into one of -13 dB, so that samples tell nothing.

Copies correlate by 0.988 and more after a change of 2 percent, other seeds by 0.88 at the most.
"""
MOST_LENGTH_S = 0.02
"""How far lengths may be apart. Where a sound begins and ends hangs on a threshold, which the least change may cross a
frame sooner: then files are judged as lossy ones are."""
_NO_GATES = Gates(
    silence_dbfs=-1000.0,
    clipped_share=None,
    dc_share=None,
    shortest_s=0.0,
    bandwidth_share=None,
    duplicate=None,
    seam_step_db=None,
    seam_level_db=None,
    seam_flux_z=None,
)
"""The lock says which attempt passed: that very one is made, and no gate has a say in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One asset's verdict. `environment` has what differs between the lock's and this machine's: name → (lock's, here)."""

    ref: AssetRef
    record: AssetRecord | None
    verdict: Verdict
    reason: str = ""
    hint: str = ""
    difference_db: float | None = None
    likeness: float | None = None
    environment: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    error: SfxgenError | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """All verdicts, in the order of engines and ids."""

    root: Path
    assets: tuple[Verified, ...]
    cancelled: bool = False

    def counts(self) -> dict[Verdict, int]:
        """Return how many assets have each verdict."""
        verdicts: tuple[Verdict, ...] = ("identical", "tolerated", "different", "unavailable")
        return {verdict: sum(asset.verdict == verdict for asset in self.assets) for verdict in verdicts}

    @property
    def environment(self) -> dict[str, set[tuple[str | None, str | None]]]:
        """What differs between the lock's environments and this one: name → (lock's, here), of all assets."""
        found: dict[str, set[tuple[str | None, str | None]]] = {}
        for asset in self.assets:
            for name, pair in asset.environment.items():
                found.setdefault(name, set()).add(pair)
        return dict(sorted(found.items()))

    @property
    def exit_code(self) -> int:
        """0 all the same or within tolerance, 1 something differs, 3 something could not be made, 70 a bug, 130 stopped."""
        if self.cancelled:
            return Cancelled.exit_code
        if any(isinstance(asset.error, BugError) for asset in self.assets):
            return BugError.exit_code
        counts = self.counts()
        return 1 if counts["different"] else 3 if counts["unavailable"] else 0


def verify(
    root: Path,
    catalog: Catalog,
    options: Options | None = None,
    *,
    on_event: OnEvent = ignore,
    on_verified: Callable[[Verified], None] = lambda _asset: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Verification:
    """Make what the lock holds anew, and compare. Of `options`, `only` and `device` count.

    Drafts are made by the synthesizer again, recordings are mastered again. `on_verified` is told each verdict as it falls.
    Raises ManifestError, ProjectError or LockError before anything is made.
    """
    options = options or Options()
    workspace = open_workspace(root, catalog, options)
    found: dict[AssetRef, Verified] = {}
    steps = []

    def settle(asset: Verified) -> None:
        found[asset.ref] = asset
        on_verified(asset)

    for step in _candidates(workspace, options):
        if isinstance(step, Verified):
            settle(step)
        else:
            steps.append(step)
    was_stopped = False
    if steps:
        on_event(Started(0, 0, len(steps)))
        try:
            for asset in _compared(workspace, options, steps, on_event, cancelled):
                settle(asset)
        except Cancelled:
            was_stopped = True
    return Verification(root, tuple(asset for _, asset in sorted(found.items())), was_stopped)


def _candidates(workspace: Workspace, options: Options) -> Iterator[Step | Verified]:
    """Yield a step for each asset that can be compared, and a verdict for each that cannot."""
    in_scope = scope(options.only, workspace.sounds, workspace.lock)
    wanted = {asset.ref: asset for asset in workspace.wanted if in_scope(asset.sound.id)}
    locked = {ref: record for ref, record in workspace.lock.assets.items() if in_scope(record.sound)}
    for ref in sorted({*wanted, *locked}):
        asset, record = wanted.get(ref), locked.get(ref)
        if record is None:
            yield _untold(ref, record, "the lock does not have it")
        elif asset is None:
            yield _untold(ref, record, "no manifest names it any more")
        else:
            make = asset.draft if record.draft else asset.final
            if make is None or make.keys.file != record.file_key:
                yield _untold(ref, record, _what_changed(make, record))
            elif make.keys.take != make.recipe.take_key():
                what = "it is frozen, with a take of a recipe that is no longer in the manifests"
                yield _untold(
                    ref, record, what, "nothing is lost; without frozen: true a build makes it anew"
                )
            else:
                yield _step(asset, make, record)


def _untold(
    ref: AssetRef,
    record: AssetRecord | None,
    reason: str,
    hint: str = "sfxgen build brings lock and manifests together",
) -> Verified:
    return Verified(ref=ref, record=record, verdict="unavailable", reason=reason, hint=hint)


def _what_changed(make: Make | None, record: AssetRecord) -> str:
    if make is None or make.keys.take != record.take_key:
        return "its recipe is not the lock's: the manifests, or a model's weights, have changed"
    if make.keys.clip != record.clip_key:
        return "its mastering is not the lock's"
    return "its encoding is not the lock's"


def _step(asset: Wanted, make: Make, record: AssetRecord) -> Step:
    if not make.parts or record.attempts == 1:
        # A stack that was laid again after a refusal comes to its takes only by being refused again.
        make = replace(make, mastering=replace(make.mastering, gates=_NO_GATES))
    return Step("generate", asset.ref, wanted=asset, make=make, record=record)


def _compared(
    workspace: Workspace,
    options: Options,
    steps: list[Step],
    on_event: OnEvent,
    cancelled: Callable[[], bool],
) -> Iterator[Verified]:
    from sfxgen.produce import produce  # numpy and codecs: only where there is work

    sessions = Sessions()
    with tempfile.TemporaryDirectory(prefix="sfxgen-verify-") as folder, contextlib.closing(sessions):
        aside = replace(workspace, store=LocalStore(Path(folder)))
        products = produce(aside, options, steps, sessions, on_event, cancelled)
        with contextlib.closing(products):
            for product in products:
                yield _verdict(workspace, product)


def _verdict(workspace: Workspace, product: Product) -> Verified:
    from sfxgen.produce import NotMade

    step, record = product.step, product.step.record
    assert record is not None
    if isinstance(product, NotMade):
        error = product.error
        verdict: Verdict = "different" if isinstance(error, TakeRejected) else "unavailable"
        return Verified(
            ref=step.ref, record=record, verdict=verdict, reason=error.message, hint=error.hint, error=error
        )
    environment = _differing(record.environment, product.meta["take"]["environment"])
    if product.digest == record.digest:
        return Verified(ref=step.ref, record=record, verdict="identical", environment=environment)
    before = _locked_bytes(workspace, record)
    if before is None:
        return Verified(
            ref=step.ref,
            record=record,
            verdict="unavailable",
            reason="it came out with other bytes, and the lock's are neither in the game nor in the store",
            hint="restore its file: sfxgen build --locked does, where the store has it",
            environment=environment,
        )
    return replace(_heard(record, before, product), environment=environment)


def _locked_bytes(workspace: Workspace, record: AssetRecord) -> bytes | None:
    """Return the very file that the lock names: the game's, or the store's copy."""
    with contextlib.suppress(OSError):
        content = (workspace.root / record.path).read_bytes()
        if hashlib.sha256(content).hexdigest() == record.digest:
            return content
    return workspace.store.peek(record.digest)


def _differing(
    locked: Mapping[str, str], here: Mapping[str, str]
) -> dict[str, tuple[str | None, str | None]]:
    names = sorted({*locked, *here})
    pairs = {name: (locked.get(name), here.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _heard(record: AssetRecord, before: bytes, made: Made) -> Verified:
    """Compare two files by what they decode to."""
    from sfxgen.audio.codec import decode
    from sfxgen.audio.likeness import likeness, print_of

    assert made.step.wanted is not None
    ref, audio_format = made.step.ref, made.step.wanted.delivery.encoding.format
    ours, theirs = decode(made.content), decode(before)
    if not _is_of_one_form(theirs, ours):
        reason = f"the lock's has {_worded(theirs)}, this one {_worded(ours)}"
        return Verified(ref=ref, record=record, verdict="different", reason=reason)
    level = difference_db(theirs, ours) if len(theirs.samples) == len(ours.samples) else None
    if level is not None and level <= TOLERANCE_DB:
        return Verified(ref=ref, record=record, verdict="tolerated", difference_db=level)
    if level is not None and audio_format not in LOSSY:
        reason = f"it differs by {level:.1f} dB re its peak"
        return Verified(ref=ref, record=record, verdict="different", reason=reason, difference_db=level)
    alike = round(likeness(print_of(theirs), print_of(ours), pitched=False), 4)
    levels = (record.loudness_lufs, made.meta["clip"]["loudness_lufs"])
    off_lu = 0.0 if None in levels else abs(levels[0] - levels[1])
    is_near = alike >= LEAST_LIKENESS and off_lu <= MOST_LOUDNESS_LU
    return Verified(
        ref=ref,
        record=record,
        verdict="tolerated" if is_near else "different",
        reason="" if is_near else f"its likeness is {alike:.3f}, its loudness {off_lu:.2f} LU off",
        difference_db=level,
        likeness=alike,
    )


def difference_db(a: Clip, b: Clip) -> float:
    """Return the largest sample of the difference of two clips of one shape, in dB re the first one's; -200 at least."""
    import numpy as np

    peak = float(np.abs(a.samples).max(initial=0.0))
    most = float(np.abs(a.samples - b.samples).max(initial=0.0))
    if most == 0:
        return -200.0
    return max(-200.0, round(20 * float(np.log10(most / peak)), 2)) if peak > 0 else 0.0


def _is_of_one_form(a: Clip, b: Clip) -> bool:
    (a_frames, *a_form), (b_frames, *b_form) = _shape(a), _shape(b)
    return a_form == b_form and abs(a_frames - b_frames) <= MOST_LENGTH_S * a.sample_rate


def _shape(clip: Clip) -> tuple[int, int, int]:
    return (len(clip.samples), clip.samples.shape[1], clip.sample_rate)


def _worded(clip: Clip) -> str:
    frames, channels, rate = _shape(clip)
    return f"{frames} frames of {channels} at {rate} Hz"
