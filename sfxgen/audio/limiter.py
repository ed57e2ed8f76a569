"""A look-ahead limiter of the true peak: what a ceiling must hold back is held back unheard.

The classic feed-forward limiter (D. Giannoulis, M. Massberg, J. D. Reiss, "Digital Dynamic Range Compressor Design: A
Tutorial and Analysis", JAES 60(6), 2012; its look-ahead as a smoothed running minimum, as in P. Hämäläinen, "Smoothing
of the Control Signal Without Clipped Output in Digital Peak Limiters", DAFx-02), on a whole clip at once. The peaks are
those of the fourfold oversampled signal, so the ceiling holds between the samples as well. The reduction in dB that each
sixth of a millisecond asks for is spread to both sides, held between peaks that follow one another closely, released at
a constant rate, and smoothed by less than it was spread, so that it is complete when the peak comes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip, Samples
from sfxgen.audio.levels import amplitude_to_db, apply_gain, db_to_amplitude
from sfxgen.audio.loudness import FRAMES_AT_ONCE, cell_peaks, finite_peak, true_peak_dbtp
from sfxgen.audio.truepeak import REACH

Series = NDArray[np.float64]

CELLS_PER_S = 6000
SPREAD_CELLS = 5
SMOOTHING_CELLS = 5
"""Two boxes of so many cells, which reach 4 cells to either side: one less than the spread, for peaks between cells."""
LOOK_AHEAD_CELLS = 9
"""1.5 ms: how long before a peak the gain begins to fall."""
BRIDGED_CELLS = 60
"""Between peaks of up to twice so many cells, 20 ms, the gain does not rise: it would follow the waves of a bass tone, of
25 Hz or more, and distort it."""
RELEASE_DB_PER_S = 200.0
"""An attack that was limited by 6 dB lets go of the sound's body within 30 ms."""

CEILING_TOLERANCE_DB = 0.02
LARGEST_EXCESS_DB = 0.5
PASSES = 4
"""A gain that moves while a peak passes may leave it a trace too high: then the ceiling is lowered by as much."""


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    """A clip and the largest magnitude in each sixth of a millisecond, true where it exceeds the floor they were sought by.

    `loop`: the clip repeats, so that its gain runs on from its end to its start.
    """

    clip: Clip
    levels: Samples
    loop: bool


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A clip under a ceiling, the largest gain reduction in dB (0 or more), and its true peak (None for silence)."""

    clip: Clip
    reduction_db: float
    true_peak_dbtp: float | None


def limit(clip: Clip, ceiling_dbtp: float, *, loop: bool = False) -> tuple[Clip, float]:
    """Hold a clip's true peak to a ceiling in dBTP; return it and the largest gain reduction in dB.

    All channels get the same gain. From where it has been released until 1.5 ms before the next peak above the ceiling,
    the samples are what they were, bit for bit; a clip below the ceiling is returned itself. The result exceeds the
    ceiling by 0.02 dB at the most. `loop`: the clip repeats, and its gain runs on from its end to its start.
    Raises AudioError for samples that are not numbers.
    """
    held = hold(find_peaks(clip, ceiling_dbtp, loop=loop), 0.0, ceiling_dbtp)
    return held.clip, held.reduction_db


def find_peaks(clip: Clip, floor_dbtp: float, *, loop: bool = False) -> Peaks:
    """Find a clip's peaks above a level once, so that it can be limited at several gains.

    Raises AudioError for samples that are not numbers.
    """
    floor, frames = db_to_amplitude(floor_dbtp - LARGEST_EXCESS_DB), clip.frames
    if finite_peak(clip) == 0:
        return Peaks(clip, np.zeros(min(1, frames), np.float32), loop)
    cells = min(frames, max(1, round(clip.duration_s * CELLS_PER_S)))
    starts = np.arange(cells) * frames // cells
    levels = cell_peaks(clip.samples, starts, floor)
    if loop:  # both as it plays once and as it repeats
        peaks = _seam_peaks(clip.samples, floor)
        at = (np.arange(peaks.size) - peaks.size // 2) % frames
        np.maximum.at(levels, np.searchsorted(starts, at, side="right") - 1, peaks)
    return Peaks(clip, levels, loop)


def hold(peaks: Peaks, gain_db: float, ceiling_dbtp: float) -> Held:
    """Put a gain on a clip and hold its true peak to a ceiling.

    The ceiling less the gain must be no lower than the level that the peaks were sought by.
    """
    lowered_db = 0.0
    for later in reversed(range(PASSES)):
        reduction_db = reductions_db(peaks, ceiling_dbtp - lowered_db - gain_db)
        held = held_back(peaks, gain_db, reduction_db)
        level_dbtp = peak_dbtp(held, loop=peaks.loop)
        excess_db = 0.0 if level_dbtp is None else level_dbtp - ceiling_dbtp
        most_db = float(reduction_db.max(initial=0.0))
        if excess_db <= CEILING_TOLERANCE_DB:
            return Held(held, most_db, level_dbtp)
        if later:
            del held  # there is no room for two of them
            lowered_db += excess_db
    return Held(apply_gain(held, -excess_db), most_db + excess_db, ceiling_dbtp)


def peak_dbtp(clip: Clip, *, loop: bool) -> float | None:
    """Return a clip's true peak in dBTP; a loop's both as it plays once and as it repeats."""
    once = true_peak_dbtp(clip)
    if once is None or not loop:
        return once
    seam = amplitude_to_db(float(_seam_peaks(clip.samples, 0.0).max()))
    return once if seam is None else max(once, seam)


def _seam_peaks(samples: Samples, floor: float) -> Samples:
    """Return the peaks of the frames around a loop's seam, which is in the middle, as the loop repeats.

    As far to either side as the oversampling filter reaches over it.
    """
    around = samples[np.arange(-2 * REACH, 2 * REACH) % len(samples)]
    peaks = cell_peaks(around, np.arange(len(around)), floor)
    return peaks[REACH:-REACH]


def reductions_db(peaks: Peaks, ceiling_dbtp: float) -> Series:
    """Return how much the middle of each cell is held back, in dB (0 or more)."""
    cells = peaks.levels.size
    ceiling = db_to_amplitude(ceiling_dbtp)
    asked = np.zeros(cells)
    over = np.flatnonzero(peaks.levels > np.float32(ceiling))
    if over.size == 0:
        return asked
    asked[over] = 20 * np.log10(peaks.levels[over].astype(np.float64) / ceiling)
    release_db = RELEASE_DB_PER_S * peaks.clip.duration_s / cells
    margin = 2 * (LOOK_AHEAD_CELLS + BRIDGED_CELLS)
    fade = margin + int(np.ceil(asked.max() / release_db))
    if peaks.loop:
        turn = np.arange(-fade, cells + margin) % cells
        return _released_and_smooth(asked[turn], release_db)[fade : fade + cells]
    first, last = max(0, int(over[0]) - margin), min(cells, int(over[-1]) + fade)
    padded = np.zeros(last - first + 2 * margin)  # np.pad takes longer than what is done with it
    padded[margin : margin + last - first] = asked[first:last]
    asked[first:last] = _released_and_smooth(padded, release_db)[margin:-margin]
    return asked


def _released_and_smooth(asked_db: Series, release_db: float) -> Series:
    """Return a smooth reduction that nowhere is less than what is asked for, and falls by `release_db` a cell."""
    spread = _largest_within(asked_db, SPREAD_CELLS)
    bridged = -_largest_within(-_largest_within(spread, BRIDGED_CELLS), BRIDGED_CELLS)
    slope = np.arange(bridged.size) * release_db
    smooth = np.maximum.accumulate(np.maximum(bridged, spread) + slope) - slope
    smooth[smooth < 1e-9] = 0.0  # what the subtraction rounds to
    for _ in range(2):
        beside = SMOOTHING_CELLS // 2
        around = np.concatenate([smooth[:1].repeat(beside), smooth, smooth[-1:].repeat(beside)])
        boxes = [around[at : at + smooth.size] for at in range(SMOOTHING_CELLS)]
        smooth = np.add.reduce(boxes) / SMOOTHING_CELLS
    released: Series = smooth
    return released


def _largest_within(values: Series, cells: int) -> Series:
    """Return the largest value within so many cells to either side, with zeros outside, by doubling the window."""
    width, length = 1, 2 * cells + 1
    largest = np.zeros(values.size + 2 * cells)
    largest[cells : cells + values.size] = values
    while width < length:
        step = min(width, length - width)
        largest = np.maximum(largest[:-step], largest[step:])
        width += step
    return largest


def middles(peaks: Peaks) -> Series:
    """Return where the middles of the cells are, in frames."""
    length = peaks.clip.frames / max(1, peaks.levels.size)
    at: Series = (np.arange(peaks.levels.size, dtype=np.float64) + 0.5) * length - 0.5
    return at


def held_back(peaks: Peaks, gain_db: float, reduction_db: Series) -> Clip:
    """Return the clip with a gain, and under reductions that run in straight lines between the middles of cells."""
    clip = peaks.clip
    if not reduction_db.any():
        return clip if gain_db == 0 else apply_gain(clip, gain_db)
    gains = 10 ** (reduction_db / -20)
    gains = np.concatenate([[gains[-1]], gains, [gains[0]]] if peaks.loop else [gains[:1], gains, gains[-1:]])
    at = middles(peaks)
    at = np.concatenate([[at[-1] - clip.frames], at, [at[0] + clip.frames]])
    lowered = np.flatnonzero(gains < 1)
    first = max(0, int(at[max(0, lowered[0] - 1)]))
    last = min(clip.frames, int(at[min(at.size - 1, lowered[-1] + 1)]) + 1)
    samples = clip.samples * np.float32(db_to_amplitude(gain_db))
    for start in range(first, last, FRAMES_AT_ONCE):
        stop = min(start + FRAMES_AT_ONCE, last)
        here = np.interp(np.arange(start, stop), at, gains)
        samples[start:stop] *= here.astype(np.float32)[:, np.newaxis]
    return Clip(samples, clip.sample_rate)
