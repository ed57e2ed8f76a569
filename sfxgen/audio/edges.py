"""Edges: where a sound begins and ends, trimming, fades.

A fixed threshold fails on generated audio: it has a noise bed, its level varies, and its attacks may be slow.
So the threshold follows the clip's peak, and its noise bed where it has one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip
from sfxgen.errors import AudioError

FRAME_MS = 5.0
SAMPLES_AT_ONCE = 48_000
"""As much as a processor's cache holds in float64."""
SUSTAIN_FRAMES = 3

ONSET_ABOVE_FLOOR_DB = 8.0
EDGE_ABOVE_FLOOR_DB = 4.0
CLICK_ABOVE_FLOOR_DB = 20.0
CLICK_BELOW_PEAK_DB = 30.0
SILENCE_FLOOR_DB = -68.0
"""The floor of silence re the loudest frame, so that sound counts down to 60 dB below it."""
HIGHEST_BED_DB = -24.0
"""A noise bed re the loudest frame: what is louder is taken for the sound's own quiet part."""

BED_SMOOTHING_FRAMES = 5
SHORTEST_BED_FRAMES = 10
BED_SLOPE_DB = 2.5
BED_DIP_DB = 4.0
RIM_FRAMES = 4

LARGEST_OFFSET = 0.01
"""Re the loudest frame; a steady stretch further off zero is part of the sound, as in a square wave."""

SILENCE_DBFS = -100.0

PAD_FADE_MS = 5.0
SHORTEST_FADE_MS = 0.2
ATTACK_STEP_MS = 0.25
ATTACK_STEPS = 8
AFTER_FADE_MS = 5.0
ATTACK_LEVEL = 0.5
QUIET_LEVEL = 0.125
DECAYED = 4.0

NOT_FINITE_HINT = "another seed, or another prompt, may give a usable take"

Levels = NDArray[np.float64]


def active_range(clip: Clip, *, off_centre: bool = False) -> tuple[int, int]:
    """Return the frames [start, end) in which the clip sounds; (0, 0) where it is silent.

    Levels are RMS over 5 ms, all channels together; the clip should be free of DC (see `remove_dc`), unless it is
    `off_centre`: each channel's mean is then left out of its levels, and the clip is not copied.
    The sound begins and ends with 15 ms in a row at 8 dB above a floor (a single click counts only where nothing
    else does), widened to where it comes within 4 dB of the floor. Silence inside belongs to it.

    The floor is first silence, 68 dB below the loudest frame, then the noise bed: the tenth percentile of what is
    left. An end gives way to the bed only where that is steady up to the edge, because the tenth percentile of a
    take without a bed is the sound's own tail.
    """
    levels_db = frame_levels_db(clip, off_centre=off_centre)
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
    frame = frame_length(clip)
    return first * frame, min((last + 1) * frame, clip.frames)


def trim(
    clip: Clip, *, pre_roll_ms: float = 5.0, tail_ms: float = 20.0, min_duration_s: float | None = None
) -> Clip:
    """Cut both ends to the active range, with `pre_roll_ms` of the take before it and `tail_ms` after it.

    What is then shorter than `min_duration_s` gets more of the take, after its end before what is before its start;
    where the whole take is too short, silence follows it (see `pad`). Silence inside the sound stays.
    A silent clip becomes an empty one.
    """
    start, end = active_range(clip)
    if start == end:
        return Clip(clip.samples[:0], clip.sample_rate)
    start = max(0, start - in_frames(pre_roll_ms / 1000, clip.sample_rate))
    end = min(clip.frames, end + in_frames(tail_ms / 1000, clip.sample_rate))
    if min_duration_s is not None:
        shortest = in_frames(min_duration_s, clip.sample_rate)
        end = min(clip.frames, max(end, start + shortest))
        start = max(0, min(start, end - shortest))
    trimmed = Clip(clip.samples[start:end], clip.sample_rate)
    return trimmed if min_duration_s is None else pad(trimmed, min_duration_s)


def pad(clip: Clip, min_duration_s: float) -> Clip:
    """Add silence at the end of what is shorter than `min_duration_s`.

    A sound that was still on at its end is faded into the silence over its last 5 ms, so that it does not click there.
    """
    missing = in_frames(min_duration_s, clip.sample_rate) - clip.frames
    if missing <= 0:
        return clip
    faded = fade(clip, in_ms=0.0, out_ms=PAD_FADE_MS)
    silence = np.zeros((missing, clip.channels), dtype=np.float32)
    return Clip(np.concatenate([faded.samples, silence]), clip.sample_rate)


def cut(clip: Clip, max_duration_s: float) -> Clip:
    """Cut off what is longer than `max_duration_s`."""
    return Clip(clip.samples[: max(0, round(max_duration_s * clip.sample_rate))], clip.sample_rate)


def fade(clip: Clip, *, in_ms: float, out_ms: float) -> Clip:
    """Fade in and out with half a raised cosine; the first and the last sample become exactly zero.

    Neither fade is longer than half the clip. A fade-in ends where an attack begins, so that it is not blunted: a rise by
    18 dB within 2 ms, or a start at full level that then decays. An attack at the very start gets 0.2 ms.
    """
    half = clip.frames // 2
    fade_in = _before_the_attack(clip, min(half, in_frames(in_ms / 1000, clip.sample_rate)))
    fade_out = min(half, in_frames(out_ms / 1000, clip.sample_rate))
    samples = clip.samples.copy()
    samples[:fade_in] *= _raised_cosine(fade_in)
    samples[clip.frames - fade_out :] *= _raised_cosine(fade_out)[::-1]
    return Clip(samples, clip.sample_rate)


def _before_the_attack(clip: Clip, fade_in: int) -> int:
    """Return how much of a fade-in there is room for before an attack; all of it where there is none.

    Levels are sample peaks of 0.25 ms. What rises is measured against all of the fade before it, but for the 2 ms in
    which an attack may take to rise.
    """
    step = max(1, in_frames(ATTACK_STEP_MS / 1000, clip.sample_rate))
    shortest = in_frames(SHORTEST_FADE_MS / 1000, clip.sample_rate)
    if fade_in <= shortest:
        return fade_in
    heard = clip.samples[: fade_in + in_frames(AFTER_FADE_MS / 1000, clip.sample_rate)]
    starts = np.arange(0, len(heard), step)
    peaks = np.maximum.reduceat(np.abs(heard).max(axis=1, initial=0.0), starts)
    loudest = peaks.max()
    first = int((peaks >= ATTACK_LEVEL * loudest).argmax())
    before = peaks[: max(0, first - ATTACK_STEPS)]
    if first <= ATTACK_STEPS:
        attacks = _decays(clip) or (first > 0 and peaks[0] <= QUIET_LEVEL * loudest)
    else:
        attacks = before.max() <= QUIET_LEVEL * loudest
    if not attacks or loudest == 0:
        return fade_in
    loud_before = np.flatnonzero(peaks[:first] > QUIET_LEVEL * loudest)
    begins = int(loud_before[0]) if loud_before.size else first
    return min(fade_in, max(shortest, begins * step))


def _decays(clip: Clip) -> bool:
    """Tell whether the first 5 ms are 6 dB louder than 50 ms that follow 100 ms later, or a short clip's second half."""
    part, half = in_frames(0.005, clip.sample_rate), clip.frames // 2
    start = np.square(clip.samples[: min(part, half)], dtype=np.float64)
    later = np.square(clip.samples[min(20 * part, half) : 30 * part], dtype=np.float64)
    return bool(start.mean() > DECAYED * later.mean()) if start.size and later.size else False


def in_frames(duration_s: float, sample_rate: int) -> int:
    """Return a duration in frames; 0 where it is negative."""
    return max(0, round(duration_s * sample_rate))


def _raised_cosine(length: int) -> NDArray[np.float32]:
    """Return a column of gains that rises from 0 and would reach 1 at `length`."""
    phase = np.arange(length) / max(1, length)
    return (0.5 - 0.5 * np.cos(np.pi * phase)).astype(np.float32)[:, np.newaxis]


def frame_length(clip: Clip) -> int:
    """Return how many frames the 5 ms over which levels are taken have, 1 at the least."""
    return max(1, round(FRAME_MS * clip.sample_rate / 1000))


def frame_levels_db(clip: Clip, *, off_centre: bool = False) -> Levels:
    """Return the RMS level of each 5 ms in dBFS, the last one over what is left; -200 dBFS at the least.

    `off_centre`: as if each channel were free of its mean.
    """
    if clip.samples.size == 0:
        return np.zeros(0)
    means, squares = _means(clip, frame_length(clip))
    if off_centre:
        offsets = clip.samples.mean(axis=0, dtype=np.float64)
        squares += offsets * (offsets - 2 * means)
        means -= offsets
    variances = np.maximum(0.0, squares - np.square(means))
    power = variances + np.square(means - _offset(means, variances))
    levels: Levels = 10 * np.log10(np.maximum(power.mean(axis=1), 1e-20))
    return levels


def _means(clip: Clip, frame: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the means of the samples and of their squares in each frame: two arrays of shape (frames, channels).

    Raises AudioError for samples that are not finite.
    """
    whole = clip.frames // frame
    count = -(-clip.frames // frame)
    means, squares = np.empty((2, count, clip.channels))
    at_once = min(whole, max(1, SAMPLES_AT_ONCE // frame))
    room = np.empty((at_once, frame))
    for channel in range(clip.channels):
        for first in range(0, whole, max(1, at_once)):
            last = min(whole, first + at_once)
            block = room[: last - first]
            block[...] = clip.samples[first * frame : last * frame, channel].reshape(-1, frame)
            with np.errstate(invalid="ignore"):  # +inf and -inf: refused below
                means[first:last, channel] = np.einsum("ij->i", block)
            squares[first:last, channel] = np.einsum("ij,ij->i", block, block)
    means[:whole] /= frame
    squares[:whole] /= frame
    if whole < count:
        rest = clip.samples[whole * frame :].astype(np.float64)
        with np.errstate(invalid="ignore"):
            means[whole] = rest.mean(axis=0)
        squares[whole] = np.square(rest).mean(axis=0)
    _require_finite(squares)
    return means, squares


def require_finite(clip: Clip) -> None:
    """Raise AudioError for samples that are not finite: a sum over them would not be either."""
    with np.errstate(invalid="ignore"):
        _require_finite(clip.samples.sum(axis=0, dtype=np.float64))


def _require_finite(values: NDArray[np.float64]) -> None:
    if not np.isfinite(values).all():
        raise AudioError("the samples are not all finite numbers", hint=NOT_FINITE_HINT)


def _offset(means: NDArray[np.float64], variances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each channel's offset in its steadiest tenth, 0 where that is more than a trace.

    Removing the mean of a short sound puts such a trace on the silence around it.
    """
    tenth = np.argsort(variances, axis=0, kind="stable")[: len(means) // 10 + 1]
    steady = np.sort(np.take_along_axis(means, tenth, axis=0), axis=0)
    offset = (steady[(len(steady) - 1) // 2] + steady[len(steady) // 2]) / 2  # the median, in less time
    peak = np.sqrt((variances + np.square(means)).max(axis=0))
    return np.where(np.abs(offset) < LARGEST_OFFSET * peak, offset, 0.0)


def _rise_and_fall(levels_db: Levels, floor_db: float) -> tuple[int, int]:
    """Return the first and the last frame of what rises from a floor."""
    above = levels_db > floor_db + ONSET_ABOVE_FLOOR_DB
    length = min(SUSTAIN_FRAMES, above.size)
    sustained = above[: above.size - length + 1].copy()
    for later in range(1, length):
        sustained &= above[later : later + sustained.size]
    runs = np.flatnonzero(sustained)
    clicks = np.flatnonzero(
        levels_db > max(floor_db + CLICK_ABOVE_FLOOR_DB, levels_db.max() - CLICK_BELOW_PEAK_DB)
    )
    if runs.size:
        first, last = int(runs[0]), int(runs[-1]) + length - 1
        if clicks.size:
            first, last = min(first, int(clicks[0])), max(last, int(clicks[-1]))
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
    return float(10 * np.log10(quantile(power, 0.1)))


def quantile(values: NDArray[np.float64], share: float) -> float:
    """Return what numpy's percentile does, in a tenth of its time for a short array."""
    ordered = np.sort(values)
    place = share * (ordered.size - 1)
    below = int(place)
    above = min(below + 1, ordered.size - 1)
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))


def _is_bed(outside_db: Levels, bed_db: float) -> bool:
    """Tell whether the levels outside a sound, from the edge inwards, are a bed worth cutting.

    That is 50 ms at the least, no decay or attack (its outer and inner thirds are level), and present at the edge.
    """
    if outside_db.size < SHORTEST_BED_FRAMES:
        return False
    third = outside_db.size // 3
    slope_db = abs(outside_db[:third].mean() - outside_db[-third:].mean())
    dip_db = bed_db - float(np.median(outside_db[:RIM_FRAMES]))
    return bool(slope_db <= BED_SLOPE_DB and dip_db <= BED_DIP_DB)
