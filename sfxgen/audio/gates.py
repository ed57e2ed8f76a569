"""Gates: what is never shipped as a sound. Measured once, judged against a category's limits, told in words."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.bandwidth import bandwidth_hz
from sfxgen.audio.clip import Clip
from sfxgen.audio.clipping import clipped_frames
from sfxgen.audio.edges import active_range
from sfxgen.audio.levels import amplitude_to_db, sample_peak
from sfxgen.audio.speech import syllable_modulation
from sfxgen.categories import Gates

RETRY_HINT = "another seed, or another prompt, may give a usable take"
LARGEST_AMPLITUDE = 100.0
"""Beyond it (40 dB above full scale) the samples are no float audio: likely integers that nobody scaled."""
SILENCE_DBFS = -200.0

MOST_S = 600
SHORTEST_SPEECH_S = 1.0
"""A shout, or one word, has too few syllables for a rate."""

BED_FRAME_MS = 10.0
BED_EDGE_FRAMES = 10
BED_WAVER_DB = 5.0
SHORTEST_BED_S = 0.1
SHORTEST_LONE_BED_S = 0.25
BED_SLOPE_DB = 2.5
BED_BELOW_SOUND_DB = 10.0
LOWEST_BED_DB = -60.0
"""What is fainter may be the trace that removing the mean leaves on silence."""
BED_SMOOTHING_FRAMES = 5

Levels = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Finding:
    """One gate that a take failed.

    `gate` is the field of `Gates`, `value` what was measured and `limit` what is allowed, in that field's unit;
    `what` says it in words for a person.
    """

    gate: str
    value: float
    limit: float
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateMeasures:
    """What the gates look at, measured on one take; see `Gates` for the meaning of each.

    peak_dbfs          sample peak, each channel free of its offset; None in digital silence
    clipped_share      frames in tops that were cut off flat, re the frames that sound
    dc_share           largest offset of a channel re the take's peak
    sounding_s         length of what sounds, without what is trimmed
    bandwidth_hz       where a broad-band sound stops dead; half the sample rate where it does not
    bandwidth_share    that, re half the sample rate
    noise_bed_db       level of a steady bed that reaches an end of the take, re its loudest 10 ms; None without one
    speech_modulation  share of the modulation that is at the rate of syllables
    """

    peak_dbfs: float | None
    clipped_share: float
    dc_share: float
    sounding_s: float
    bandwidth_hz: float
    bandwidth_share: float
    noise_bed_db: float | None
    speech_modulation: float


def broken(clip: Clip) -> str | None:
    """Return why a clip is no audio at all (no samples, NaN, absurd values), in words, or None."""
    if clip.samples.size == 0:
        return "the take is empty: it has no samples"
    peak = sample_peak(clip.samples)
    if not np.isfinite(peak):
        bad = clip.samples.size - int(np.isfinite(clip.samples).sum())
        return f"the take holds {bad} samples that are not numbers (NaN or infinite)"
    if peak > LARGEST_AMPLITUDE:
        return f"the take peaks at {peak:.4g} times full scale"
    return None


def measure_gates(clip: Clip, *, trim: bool = True) -> GateMeasures:
    """Measure a take that is not `broken`. With `trim` off all of it counts as sounding, as in a loop.

    Of a take longer than ten minutes, the ten around its loudest sample are measured.
    """
    if clip.frames > MOST_S * clip.sample_rate:
        part = measure_gates(_around_the_loudest(clip, MOST_S * clip.sample_rate), trim=False)
        return replace(part, sounding_s=clip.duration_s)
    if clip.samples.size == 0:
        return GateMeasures(
            peak_dbfs=None,
            clipped_share=0.0,
            dc_share=0.0,
            sounding_s=0.0,
            bandwidth_hz=clip.sample_rate / 2,
            bandwidth_share=1.0,
            noise_bed_db=None,
            speech_modulation=0.0,
        )
    offsets = np.ascontiguousarray(clip.samples.T).mean(axis=1, dtype=np.float64)
    offset = float(np.abs(offsets).max())
    peak = sample_peak(clip.samples)
    centred = Clip(clip.samples - offsets.astype(np.float32), clip.sample_rate)
    start, end = active_range(centred) if trim else (0, clip.frames)
    stop_hz = bandwidth_hz(centred)
    return GateMeasures(
        peak_dbfs=amplitude_to_db(sample_peak(centred.samples)),
        clipped_share=clipped_frames(clip) / max(1, end - start),
        dc_share=offset / peak if peak > 0 else 0.0,
        sounding_s=(end - start) / clip.sample_rate,
        bandwidth_hz=stop_hz,
        bandwidth_share=2 * stop_hz / clip.sample_rate,
        noise_bed_db=_noise_bed_db(centred),
        speech_modulation=syllable_modulation(centred),
    )


def _around_the_loudest(clip: Clip, frames: int) -> Clip:
    """Return so many frames of a longer clip, with its loudest one in the middle where there is room."""
    at = max(
        (int(find(clip.samples)) for find in (np.argmax, np.argmin)), key=lambda i: abs(clip.samples.flat[i])
    )
    start = min(max(0, at // clip.channels - frames // 2), clip.frames - frames)
    return Clip(clip.samples[start : start + frames], clip.sample_rate)


def findings(measures: GateMeasures, gates: Gates) -> tuple[Finding, ...]:
    """Return every gate that a take fails, the most basic first; none where it may be shipped.

    A silent take fails that gate alone: nothing else about it can be told. Likeness and seams are judged elsewhere.
    """
    peak_dbfs = SILENCE_DBFS if measures.peak_dbfs is None else measures.peak_dbfs
    if peak_dbfs < gates.silence_dbfs:
        limit = f"{gates.silence_dbfs:g} dBFS at least is wanted"
        level = "" if measures.peak_dbfs is None else f": it peaks at {peak_dbfs:.1f} dBFS, {limit}"
        return (Finding("silence_dbfs", peak_dbfs, gates.silence_dbfs, f"the take is silent{level}"),)
    length_ms = measures.sounding_s * 1000
    bed_db = SILENCE_DBFS if measures.noise_bed_db is None else measures.noise_bed_db
    return (
        *_above(
            "clipped_share",
            measures.clipped_share,
            gates.clipped_share,
            f"the take is clipped: {_percent(measures.clipped_share)} of its frames are tops cut off flat, "
            f"at most {_percent(gates.clipped_share)} may be",
        ),
        *_above(
            "dc_share",
            measures.dc_share,
            gates.dc_share,
            f"the take is off centre: its offset is {_percent(measures.dc_share)} of its peak, "
            f"at most {_percent(gates.dc_share)} may be",
        ),
        *_below(
            "shortest_s",
            measures.sounding_s,
            gates.shortest_s,
            f"the take is too short: {length_ms:.1f} ms of it sound, at least {gates.shortest_s * 1000:g} ms should",
        ),
        *_above(
            "longest_s",
            measures.sounding_s,
            gates.longest_s,
            f"the take is too long: it sounds for {measures.sounding_s:.2f} s, {_limit(gates.longest_s)} s at most",
        ),
        *_below(
            "bandwidth_share",
            measures.bandwidth_share,
            gates.bandwidth_share,
            f"the take is dull: it stops dead at {measures.bandwidth_hz / 1000:.1f} kHz, "
            f"as if made at a sample rate of {2 * measures.bandwidth_hz / 1000:.0f} kHz",
        ),
        *_above(
            "noise_bed_db",
            bed_db,
            gates.noise_bed_db,
            f"the take is noisy: a steady bed lies {-bed_db:.1f} dB below its loudest moment, "
            f"{_limit(gates.noise_bed_db, sign=-1)} dB at least is wanted",
        ),
        *_below(
            "speech_modulation",
            measures.speech_modulation,
            gates.speech_modulation if measures.sounding_s >= SHORTEST_SPEECH_S else None,
            f"the take is no speech: {_percent(measures.speech_modulation)} of its modulation is at the rate of syllables, "
            f"{_percent(gates.speech_modulation)} at least should be",
        ),
    )


def _above(gate: str, value: float, limit: float | None, what: str) -> tuple[Finding, ...]:
    return () if limit is None or value <= limit else (Finding(gate, value, limit, what),)


def _below(gate: str, value: float, limit: float | None, what: str) -> tuple[Finding, ...]:
    return () if limit is None or value >= limit else (Finding(gate, value, limit, what),)


def _percent(share: float | None) -> str:
    """Word a share in percent with three digits, however small it is."""
    return "" if share is None else f"{100 * share:.3g}%"


def _limit(limit: float | None, *, sign: int = 1) -> str:
    return "" if limit is None else f"{sign * limit:g}"


def _noise_bed_db(clip: Clip) -> float | None:
    """Return the level of a steady bed re the loudest 10 ms, or None where there is none.

    A bed reaches an end of the take: from there inwards its level, smoothed over 50 ms, stays within 5 dB, its outer and
    inner thirds are level (a decay or an attack is not), and the sound rises from it by 10 dB or more. Where
    both ends lie on one, the quieter counts; a bed at one end alone lasts a quarter of a second. It is there all the
    time: nowhere but in a fade at the ends does the level fall 5 dB below it. What stays near its loudest moment is a
    texture, or a sustained sound, and no bed.
    """
    levels_db = _levels_db(clip)
    loudest_db = float(levels_db.max())
    if loudest_db <= SILENCE_DBFS:
        return None
    smooth_db = _smoothed_db(levels_db)
    ends = (_steady_end(smooth_db, loudest_db), _steady_end(smooth_db[::-1], loudest_db))
    beds = [end for end in ends if end is not None]
    if not beds:
        return None
    if len(beds) == 1 and beds[0][1] * BED_FRAME_MS < 1000 * SHORTEST_LONE_BED_S:
        return None
    bed_db = min(level_db for level_db, _ in beds)
    inner_db = smooth_db[BED_SMOOTHING_FRAMES:-BED_SMOOTHING_FRAMES]
    if inner_db.size and inner_db.min() < bed_db - BED_WAVER_DB:
        return None
    return bed_db - loudest_db if bed_db >= loudest_db + LOWEST_BED_DB else None


def _steady_end(levels_db: Levels, loudest_db: float) -> tuple[float, int] | None:
    """Return the level in dBFS and the frames of the bed on which the levels begin, or None."""
    level_db = float(np.median(levels_db[:BED_EDGE_FRAMES]))
    if level_db > loudest_db - BED_BELOW_SOUND_DB:
        return None
    off = np.flatnonzero(np.abs(levels_db - level_db) > BED_WAVER_DB)
    frames = int(off[0]) if off.size else len(levels_db)
    if frames * BED_FRAME_MS < 1000 * SHORTEST_BED_S:
        return None
    third = frames // 3
    slope_db = abs(float(levels_db[:third].mean() - levels_db[frames - third : frames].mean()))
    return None if slope_db > BED_SLOPE_DB else (float(np.median(levels_db[:frames])), frames)


def _levels_db(clip: Clip) -> Levels:
    """Return the level of each 10 ms, all channels together, in dBFS; what is left over at the end is not counted."""
    frame = max(1, round(BED_FRAME_MS * clip.sample_rate / 1000))
    starts = np.arange(0, max(1, clip.frames // frame * frame), frame)
    power = np.einsum("ij,ij->i", clip.samples, clip.samples) / clip.channels
    lengths = np.diff(starts, append=max(1, min(clip.frames, len(starts) * frame)))
    means = np.add.reduceat(power[: len(starts) * frame], starts, dtype=np.float64) / lengths
    levels: Levels = 10 * np.log10(np.maximum(means, 10 ** (SILENCE_DBFS / 10)))
    return levels


def _smoothed_db(levels_db: Levels) -> Levels:
    """Return the levels averaged (as power) over 50 ms; as they are where there are fewer."""
    if len(levels_db) < BED_SMOOTHING_FRAMES:
        return levels_db
    weights = np.full(BED_SMOOTHING_FRAMES, 1 / BED_SMOOTHING_FRAMES)
    smooth: Levels = 10 * np.log10(np.convolve(10 ** (levels_db / 10), weights, mode="valid"))
    return smooth
