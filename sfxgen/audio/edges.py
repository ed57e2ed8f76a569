"""Edges: where a sound begins and ends, trimming, fades.

A fixed threshold fails on generated audio: it has a noise bed, its level varies, and its attacks may be slow.
So the threshold follows the clip's peak, and its noise bed where it has one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip

FRAME_MS = 5.0
PRE_ROLL_FRAMES = 1
POST_ROLL_FRAMES = 4
SUSTAIN_FRAMES = 3

ONSET_ABOVE_FLOOR_DB = 8.0
EDGE_ABOVE_FLOOR_DB = 4.0
SILENCE_FLOOR_DB = -68.0
"""The floor of silence re the loudest frame, so that sound counts down to 60 dB below it."""
HIGHEST_BED_DB = -24.0
"""A noise bed re the loudest frame: what is louder is taken for the sound's own quiet part."""

BED_SMOOTHING_FRAMES = 5
SHORTEST_BED_FRAMES = 10
BED_SLOPE_DB = 2.5
BED_DIP_DB = 4.0

LARGEST_OFFSET = 0.01
"""Re the loudest frame; a steady stretch further off zero is part of the sound, as in a square wave."""

SILENCE_DBFS = -100.0

Levels = NDArray[np.float64]


def active_range(clip: Clip) -> tuple[int, int]:
    """Return the frames [start, end) in which the clip sounds; (0, 0) where it is silent.

    Levels are RMS over 5 ms, all channels together; the clip should be free of DC (see `remove_dc`).
    The sound begins and ends with 15 ms in a row at 8 dB above a floor (a single click counts only where nothing
    else does), widened to where it comes within 4 dB of the floor. Silence inside belongs to it.

    The floor is first silence, 68 dB below the loudest frame, then the noise bed: the tenth percentile of what is
    left. An end gives way to the bed only where that is steady up to the edge, because the tenth percentile of a
    take without a bed is the sound's own tail.
    """
    levels_db = _frame_levels_db(clip)
    if levels_db.size == 0 or levels_db.max() <= SILENCE_DBFS:
        return 0, 0
    first, last = _rise_and_fall(levels_db, levels_db.max() + SILENCE_FLOOR_DB)
    audible_db = levels_db[first : last + 1]
    bed_db = _bed_db(audible_db)
    rise, fall = _rise_and_fall(audible_db, bed_db)
    if bed_db <= levels_db.max() + HIGHEST_BED_DB:
        if _is_bed(audible_db[fall + 1 :][::-1], bed_db):
            last = first + fall
        if _is_bed(audible_db[:rise], bed_db):
            first += rise
    frame = _frame_length(clip)
    return first * frame, min((last + 1) * frame, clip.frames)


def trim(clip: Clip) -> Clip:
    """Cut both ends to the active range, with 5 ms before it and 20 ms after it.

    Silence inside the sound stays. A silent clip becomes an empty one.
    """
    start, end = active_range(clip)
    if start == end:
        return Clip(clip.samples[:0], clip.sample_rate)
    frame = _frame_length(clip)
    start = max(0, start - PRE_ROLL_FRAMES * frame)
    end = min(clip.frames, end + POST_ROLL_FRAMES * frame)
    return Clip(clip.samples[start:end], clip.sample_rate)


def cut(clip: Clip, max_duration_s: float) -> Clip:
    """Cut off what is longer than `max_duration_s`."""
    return Clip(clip.samples[: max(0, round(max_duration_s * clip.sample_rate))], clip.sample_rate)


def fade(clip: Clip, *, in_ms: float, out_ms: float) -> Clip:
    """Fade in and out with half a raised cosine; the first and the last sample become exactly zero.

    Neither fade is longer than half the clip.
    """
    half = clip.frames // 2
    fade_in = min(half, round(in_ms * clip.sample_rate / 1000))
    fade_out = min(half, round(out_ms * clip.sample_rate / 1000))
    samples = clip.samples.copy()
    samples[:fade_in] *= _raised_cosine(fade_in)
    samples[clip.frames - fade_out :] *= _raised_cosine(fade_out)[::-1]
    return Clip(samples, clip.sample_rate)


def _raised_cosine(length: int) -> NDArray[np.float32]:
    """Return a column of gains that rises from 0 and would reach 1 at `length`."""
    phase = np.arange(length) / max(1, length)
    return (0.5 - 0.5 * np.cos(np.pi * phase)).astype(np.float32)[:, np.newaxis]


def _frame_length(clip: Clip) -> int:
    return max(1, round(FRAME_MS * clip.sample_rate / 1000))


def _frame_levels_db(clip: Clip) -> Levels:
    """Return the RMS level of each 5 ms in dBFS, the last one over what is left; -200 dBFS at the least."""
    if clip.samples.size == 0:
        return np.zeros(0)
    starts = np.arange(0, clip.frames, _frame_length(clip))
    lengths = np.diff(starts, append=clip.frames)[:, np.newaxis]
    samples = clip.samples.astype(np.float64)
    means = np.add.reduceat(samples, starts) / lengths
    variances = np.maximum(0.0, np.add.reduceat(np.square(samples), starts) / lengths - np.square(means))
    power = variances + np.square(means - _offset(means, variances))
    levels: Levels = 10 * np.log10(np.maximum(power.mean(axis=1), 1e-20))
    return levels


def _offset(means: NDArray[np.float64], variances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each channel's offset in its steadiest tenth, 0 where that is more than a trace.

    Removing the mean of a short sound puts such a trace on the silence around it.
    """
    tenth = np.argsort(variances, axis=0, kind="stable")[: len(means) // 10 + 1]
    offset = np.median(np.take_along_axis(means, tenth, axis=0), axis=0)
    peak = np.sqrt((variances + np.square(means)).max(axis=0))
    return np.where(np.abs(offset) < LARGEST_OFFSET * peak, offset, 0.0)


def _rise_and_fall(levels_db: Levels, floor_db: float) -> tuple[int, int]:
    """Return the first and the last frame of what rises from a floor."""
    above = levels_db > floor_db + ONSET_ABOVE_FLOOR_DB
    length = min(SUSTAIN_FRAMES, above.size)
    sustained = np.flatnonzero(np.lib.stride_tricks.sliding_window_view(above, length).all(axis=1))
    if sustained.size:
        first, last = int(sustained[0]), int(sustained[-1]) + length - 1
    else:
        first, last = int(above.argmax()), above.size - 1 - int(above[::-1].argmax())
    quiet = np.flatnonzero(levels_db <= floor_db + EDGE_ABOVE_FLOOR_DB)
    before, after = quiet[quiet < first], quiet[quiet > last]
    first = int(before[-1]) + 1 if before.size else 0
    last = int(after[0]) - 1 if after.size else levels_db.size - 1
    return first, last


def _bed_db(levels_db: Levels) -> float:
    """Return the tenth percentile of the levels, smoothed over 25 ms (low rumble wavers from frame to frame)."""
    length = min(BED_SMOOTHING_FRAMES, levels_db.size)
    power = np.convolve(10 ** (levels_db / 10), np.full(length, 1 / length), mode="valid")
    return float(10 * np.log10(np.percentile(power, 10)))


def _is_bed(outside_db: Levels, bed_db: float) -> bool:
    """Tell whether the levels outside a sound, from the edge inwards, are a bed worth cutting.

    That is 50 ms at the least, no decay or attack (its outer and inner thirds are level), and present at the edge.
    """
    if outside_db.size < SHORTEST_BED_FRAMES:
        return False
    third = outside_db.size // 3
    slope_db = abs(outside_db[:third].mean() - outside_db[-third:].mean())
    dip_db = bed_db - float(np.median(outside_db[:POST_ROLL_FRAMES]))
    return bool(slope_db <= BED_SLOPE_DB and dip_db <= BED_DIP_DB)
