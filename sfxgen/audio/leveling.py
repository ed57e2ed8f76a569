"""Leveling: the gain that brings a clip to its loudness under a true-peak ceiling."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sfxgen.audio.clip import Clip
from sfxgen.audio.levels import apply_gain
from sfxgen.audio.limiter import Peaks, find_peaks, hold, middles, peak_dbtp, reductions_db
from sfxgen.audio.loudness import Measure, Meter, measure_for, metered
from sfxgen.errors import AudioError

GAIN_STEPS = 16
GAIN_TOLERANCE_LU = 0.001
LEAST_SLOPE = 0.1
LIMITED_STEPS = 3
LIMITED_TOLERANCE_LU = 0.005
ON_TARGET_LU = 0.02
LEAST_BOUGHT_LU = 0.25
"""What a decibel of limiting must at least add to the loudness. A sound that is all attack gives less from the third one
on: its crest is flattened and the level stays what it was."""


@dataclass(frozen=True, slots=True)
class Leveled:
    """A clip at its level, and how it came there.

    `limiting_db`: how much the limiter took off the highest peak, beside the gain. `measure` says what `loudness_lufs`
    is; both are None for a clip without loudness. `is_limited`: the ceiling decided the gain, and kept the clip below
    its target if it has one. `true_peak_dbtp`: a loop's both as it plays once and as it repeats, the larger.
    """

    clip: Clip
    gain_db: float
    limiting_db: float
    loudness_lufs: float | None
    measure: Measure | None
    true_peak_dbtp: float
    is_limited: bool


def level(
    clip: Clip, target_lufs: float | None, ceiling_dbtp: float, limit_db: float, *, loop: bool
) -> Leveled:
    """Bring a clip to a loudness in LUFS, within 0.02 LU, under a true-peak ceiling in dBTP.

    Where the gain alone would break the ceiling, up to `limit_db` of the peaks are held back to reach the target, as long
    as each decibel adds 0.25 LU; a target beyond that is not reached. Without a target a clip is only brought down to the
    ceiling. A clip without loudness (infrasound) is only kept under it. `loop`: the clip repeats, and is measured as a
    whole.
    Raises AudioError for silence, for samples that are not numbers, and for a `limit_db` below 0.
    """
    if not limit_db >= 0:
        raise AudioError(f"a limiter holds back 0 dB or more, not {limit_db}", hint="set 0 for no limiting")
    raw_dbtp = peak_dbtp(clip, loop=loop)
    if raw_dbtp is None:
        raise AudioError(
            "a silent clip has no level to set", hint="there is nothing to hear in this take: try another"
        )
    meter, measure = metered(clip), measure_for(clip, loop=loop)
    headroom_db = ceiling_dbtp - raw_dbtp
    if target_lufs is None or meter.loudness(measure, headroom_db) is None:
        gain_db = min(0.0, headroom_db)
    else:
        highest_db = headroom_db + limit_db
        gain_db = gain_to(
            target_lufs, lambda tried_db: meter.loudness(measure, tried_db), highest_db, highest_db
        )
        if gain_db > headroom_db and limit_db > 0:
            peaks = find_peaks(clip, ceiling_dbtp - headroom_db - math.ceil(limit_db), loop=loop)
            limited = _Limiting(peaks, meter, measure, ceiling_dbtp)
            worth_db = _worth_limiting_db(limited.estimated_lufs, target_lufs, headroom_db, limit_db)
            if worth_db > 0:
                highest_db = headroom_db + worth_db
                return _limited(target_lufs, limited, min(gain_db, highest_db), highest_db)
            gain_db = headroom_db
    loudness_lufs = meter.loudness(measure, gain_db)
    return Leveled(
        clip=apply_gain(clip, gain_db),
        gain_db=gain_db,
        limiting_db=0.0,
        loudness_lufs=loudness_lufs,
        measure=None if loudness_lufs is None else measure,
        true_peak_dbtp=raw_dbtp + gain_db,
        is_limited=gain_db >= headroom_db,
    )


def gain_to(
    target_lufs: float, loudness_at: Callable[[float], float | None], gain_db: float, highest_db: float
) -> float:
    """Return the gain in dB, at most `highest_db`, that comes closest to a loudness; `gain_db` is tried first.

    Loudness rises with the gain, but not evenly: the -70 LUFS gate drops more of a long tail the lower the level, takes
    a quiet take for silence, and leaps where a block passes it; a limiter gives back less than the gain. Hence the
    secant method, which keeps the best it saw.
    """
    best_db, least_lu = gain_db, np.inf
    before: tuple[float, float] | None = None
    for _ in range(GAIN_STEPS):
        loudness_lufs = loudness_at(gain_db)
        if loudness_lufs is None:  # so low that all of it is gated
            break
        missing_lu = target_lufs - loudness_lufs
        if abs(missing_lu) < least_lu:
            best_db, least_lu = gain_db, abs(missing_lu)
        if least_lu < GAIN_TOLERANCE_LU or (gain_db >= highest_db and missing_lu > 0):
            break
        slope = 1.0
        if before is not None and before[0] != gain_db:
            slope = min(max((before[1] - missing_lu) / (gain_db - before[0]), LEAST_SLOPE), 1.0)
        before = gain_db, missing_lu
        gain_db = min(highest_db, gain_db + missing_lu / slope)
    return best_db


@dataclass(frozen=True, slots=True, eq=False)
class _Limiting:
    """A clip under a limiter, at any gain."""

    peaks: Peaks
    meter: Meter
    measure: Measure
    ceiling_dbtp: float

    def estimated_lufs(self, gain_db: float) -> float | None:
        """Return the loudness of the energies that the meter holds, lowered as the limiter would lower them."""
        reduced_db = reductions_db(self.peaks, self.ceiling_dbtp - gain_db)
        at = (np.arange(self.meter.energies.size) + 0.5) * self.meter.cell - 0.5
        lowered_db = np.interp(at, middles(self.peaks), reduced_db)
        held = replace(self.meter, energies=self.meter.energies * 10 ** (lowered_db / -10))
        return held.loudness(self.measure, gain_db)


def _worth_limiting_db(
    loudness_at: Callable[[float], float | None], target_lufs: float, headroom_db: float, limit_db: float
) -> float:
    """Return how much limiting, up to `limit_db`, is worth its harm on the way to a target.

    Decibel by decibel, from none on, whatever the limit is: so a higher limit never makes a clip quieter.
    """
    before_lufs = loudness_at(headroom_db)
    for worth_db in range(math.ceil(limit_db)):
        lufs = loudness_at(headroom_db + worth_db + 1)
        if lufs is None or before_lufs is None:
            return limit_db
        if lufs - before_lufs < LEAST_BOUGHT_LU:
            return float(worth_db)
        if lufs >= target_lufs:
            break
        before_lufs = lufs
    return limit_db


def _limited(target_lufs: float, limiting: _Limiting, gain_db: float, highest_db: float) -> Leveled:
    """Return the clip at its target by a limiter, or as near to it as a gain up to the highest brings it.

    The gain is sought on the estimated loudness. What that misses (it is a few hundredths of a LU) is measured on the
    limited clip itself.
    """

    def corrected_lufs(gain_db: float) -> float | None:
        lufs = limiting.estimated_lufs(gain_db)
        return None if lufs is None else lufs + missed_lu

    measure, missed_lu = limiting.measure, 0.0
    for _ in range(LIMITED_STEPS):
        gain_db = gain_to(target_lufs, corrected_lufs, gain_db, highest_db)
        held = hold(limiting.peaks, gain_db, limiting.ceiling_dbtp)
        loudness_lufs, estimate_lufs = metered(held.clip).loudness(measure), corrected_lufs(gain_db)
        if (
            loudness_lufs is None
            or estimate_lufs is None
            or abs(target_lufs - loudness_lufs) < LIMITED_TOLERANCE_LU
        ):
            break
        missed_lu += loudness_lufs - estimate_lufs
        if gain_db >= highest_db and loudness_lufs < target_lufs:
            break
    assert held.true_peak_dbtp is not None
    return Leveled(
        clip=held.clip,
        gain_db=gain_db,
        limiting_db=held.reduction_db,
        loudness_lufs=loudness_lufs,
        measure=None if loudness_lufs is None else measure,
        true_peak_dbtp=held.true_peak_dbtp,
        is_limited=loudness_lufs is None or target_lufs - loudness_lufs > ON_TARGET_LU,
    )
