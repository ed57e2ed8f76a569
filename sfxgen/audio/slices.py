"""Slices: the single events of a take that holds many, and which of them make the best one-shots.

A ten-second walk holds sixteen footsteps: one generation gives as many variants as it has steps.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip
from sfxgen.audio.clipping import clipped_frames
from sfxgen.audio.edges import (
    SILENCE_DBFS,
    frame_length,
    frame_levels_db,
    in_frames,
    quantile,
    require_finite,
)
from sfxgen.audio.levels import remove_dc

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

WINDOW_S = 0.023
HOPS_AT_ONCE = 256
LOWEST_HZ = 60.0
HIGHEST_HZ = 16000.0
BANDS_PER_OCTAVE = 12
LAG = 2
"""Hops between the frames whose difference is the flux: about half a window."""

BED_SHARE = 0.25
LOWEST_BED = 1e-3
"""A band's bed re the loudest moment of all bands in the take: 60 dB."""

START_LEVEL = 0.5
"""What a band's level is taken for before the take begins: what starts higher, 7 dB above its bed, is an onset."""

NEAREST_HOPS = 6
BACKGROUND_HOPS = 80
LEAST_STRENGTH = 0.09
"""A bed of noise alone reaches 0.06, one whose level sways 0.09."""
ABOVE_BACKGROUND = 4.0
OF_STRONG = 0.12

APART_HOPS = 30
ECHO_HOPS = 90
WEAK = 0.25
QUIETER_DB = 6.0
FAINT_DB = 20.0
SHARP_DB = 10.0
QUIETEST_DB = 30.0

BEFORE_S = 0.06
AFTER_S = 0.02
LATE_S = 0.01
RISE_STEPS = 25
GAP_STEPS = 14

SWELL_FLOOR_DB = 8.0
SWELL_RANGE_DB = 40.0
SWELL_DB = 20.0
SWELL_BELOW_HITS_DB = 10.0

SMOOTHING_HOPS = 5
ABOVE_BED_DB = 3.0
DEEPEST_DB = 60.0
QUIET_HOPS = 8
PRE_ROLL_S = 0.005
GUARD_S = 0.005
"""How much earlier than the next one's pre-roll a slice ends: an onset in a loud tail is found a little late."""
TAIL_S = 0.02
CUT_OFF_DB = 30.0

HEAD_S = 0.25
DUPLICATE = 0.9
MOST_COMPARED = 64


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a take, in frames: the slice [start, end), which holds the onset and no other event's.

    `score` says how good a one-shot it makes, from 0 to 1.
    """

    start: int
    end: int
    onset: int
    score: float


def onset_strength(clip: Clip) -> Floats:
    """Return how much the spectrum rises, one value for each 5 ms, each around its start.

    Superflux (Böck and Widmer, "Maximum filter vibrato suppression for onset detection", DAFx 2013): bands of a twelfth
    of an octave, their logarithm, and its positive difference from the frame `LAG` before, where each band gives the
    highest of itself and its neighbours, so that what glides from band to band does not count. Here a band's level is
    taken re its own bed, so that the bed weighs nothing, and the value is the mean over the bands.
    """
    levels = _bands(clip)
    count, hops = levels.shape
    loudest = _loudest(levels)
    strength = np.zeros(hops)
    if loudest == 0:
        return strength
    place = int(BED_SHARE * (hops - 1))
    for band in range(count):  # in place: a long take has many hops
        bed = max(2 * np.partition(levels[band], place)[place], np.float32(LOWEST_BED * loudest))
        np.log10(1 + levels[band] / bed, out=levels[band])
    for band in range(count):
        highest = levels[max(0, band - 1) : band + 2, : max(0, hops - LAG)].max(axis=0)
        strength[:LAG] += np.maximum(0, levels[band, :LAG] - START_LEVEL)
        strength[LAG:] += np.maximum(0, levels[band, LAG:] - highest)
    strength /= count
    return strength


def _loudest(bands: NDArray[np.float32]) -> float:
    """Return the RMS over the bands of the loudest hop."""
    power = np.zeros(bands.shape[1])
    for band in bands:
        power += np.square(band, dtype=np.float64)
    return float(np.sqrt(power.max(initial=0.0) / max(1, len(bands))))


def _bands(clip: Clip) -> NDArray[np.float32]:
    """Return the magnitudes of shape (bands, hops), all channels together, windows centred on the hops.

    The take is mirrored at its ends, so that what is on there is no onset.
    """
    rate, hop = clip.sample_rate, frame_length(clip)
    window = max(4, in_frames(WINDOW_S, rate) // 2 * 2)
    size = 1 << (window - 1).bit_length()
    starts, widths = _band_bins(rate, size)
    count = -(-clip.frames // hop)
    out = np.zeros((widths.size, count), np.float32)
    shape = np.hanning(window + 1)[:-1]
    for first in range(0, count if widths.size else 0, HOPS_AT_ONCE):
        hops = min(HOPS_AT_ONCE, count - first)
        begin = first * hop - window // 2
        frames = np.abs(np.arange(begin, begin + (hops - 1) * hop + window))
        frames = np.minimum(frames, np.maximum(0, 2 * (clip.frames - 1) - frames))
        power = np.zeros((hops, size // 2 + 1))
        for channel in range(clip.channels):
            part = clip.samples[frames, channel].astype(np.float64)
            cut = np.lib.stride_tricks.sliding_window_view(part, window)[::hop]
            spectrum = np.fft.rfft(cut * shape, size, axis=1)
            power += np.square(spectrum.real) + np.square(spectrum.imag)
        summed = np.add.reduceat(power, starts, axis=1)[:, :-1]
        out[:, first : first + hops] = np.sqrt(summed / widths).T
    return out


def _band_bins(rate: int, size: int) -> tuple[Places, Floats]:
    """Return where bands of a twelfth of an octave, or of one bin, start and end, and how many bins each has."""
    top_hz = min(HIGHEST_HZ, 0.48 * rate)
    octaves = np.log2(max(2.0, top_hz / LOWEST_HZ))
    edges_hz = LOWEST_HZ * 2 ** (np.arange(int(octaves * BANDS_PER_OCTAVE) + 1) / BANDS_PER_OCTAVE)
    starts = np.unique(np.clip(np.round(edges_hz * size / rate), 1, size // 2).astype(np.int64))
    return starts, np.diff(starts).astype(np.float64)


def _peaks(strength: Floats) -> Places:
    """Return the hops at which something rises: the highest within 30 ms, and well above what is around."""
    if strength.size == 0:
        return np.zeros(0, np.int64)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(strength, NEAREST_HOPS), 2 * NEAREST_HOPS + 1)
    background = _running_median(strength)
    noise = _running_median(np.abs(strength - background))
    needed = np.maximum(LEAST_STRENGTH, background + ABOVE_BACKGROUND * noise)
    peaks = np.flatnonzero((strength == around.max(axis=1)) & (strength >= needed))
    if peaks.size == 0:
        return peaks
    strong = np.sort(strength[peaks])[-max(1, peaks.size // 4) :].mean()
    lasting: Places = peaks[strength[peaks] >= OF_STRONG * strong]
    return lasting


def _running_median(values: Floats) -> Floats:
    """Return the median over 800 ms around each value, each fifth of a second, and lines between them."""
    centres = np.arange(0, values.size, BACKGROUND_HOPS // 2)
    medians = [np.median(values[max(0, c - BACKGROUND_HOPS) : c + BACKGROUND_HOPS]) for c in centres]
    return np.interp(np.arange(values.size), centres, medians)


class _Hit(NamedTuple):
    """What rises at one time, in hops: its first rise, its last, the strongest's strength, and its level,
    and how far that is above what was just before the first rise.

    `swells`: it rises too slowly to have an onset of its own, and `first` is where it comes out of the bed.
    """

    first: int
    last: int
    strength: float
    level_db: float
    rise_db: float = 0.0
    swells: bool = False


def _hits(peaks: Places, strength: Floats, levels_db: Floats) -> list[_Hit]:
    """Take together what belongs to one event: a heel and its toe, a blow and what crackles after it.

    That is what follows within 150 ms, and within 450 ms what is both much weaker and quieter, unless it rises sharply.
    But what is no quieter than what comes right after it was no echo: it begins the next event.
    """
    hits: list[_Hit] = []
    echo: _Hit | None = None
    for peak in peaks.tolist():
        level_db = float(levels_db[max(0, peak - 1) : peak + 6].max())
        rise_db = level_db - float(np.median(levels_db[max(0, peak - 8) : max(1, peak - 3)]))
        here = _Hit(peak, peak, float(strength[peak]), level_db, rise_db)
        if hits and _belongs(here, hits[-1]):
            last = hits[-1]
            echo = here if here.first - last.first >= APART_HOPS else None
            strongest, loudest_db = max(last.strength, here.strength), max(last.level_db, here.level_db)
            hits[-1] = last._replace(last=peak, strength=strongest, level_db=loudest_db)
            continue
        if echo and here.first - echo.first < APART_HOPS and echo.level_db > here.level_db - QUIETER_DB / 2:
            here = here._replace(first=echo.first)
            hits[-1] = hits[-1]._replace(last=min(hits[-1].last, echo.first - 1))
        hits.append(here)
        echo = None
    loudest_db = max((hit.level_db for hit in hits), default=0.0)
    return [hit for hit in hits if hit.level_db >= loudest_db - QUIETEST_DB]


def _belongs(here: _Hit, before: _Hit) -> bool:
    gap = here.first - before.first
    if gap < APART_HOPS:
        return True
    fall_db = before.level_db - here.level_db
    faint = fall_db > FAINT_DB or (fall_db > QUIETER_DB and here.rise_db < SHARP_DB)
    return gap < ECHO_HOPS and faint and here.strength < WEAK * before.strength


def _with_swells(hits: list[_Hit], smooth_db: Floats) -> list[_Hit]:
    """Add what has no sudden rise: a swing, a gust; and let what swells up to a hit, as a whip does, begin there.

    That is what comes out of quiet for 40 ms, is 20 dB above the bed, and not 10 dB below the median hit.
    """
    bed_db = quantile(smooth_db, 0.1)
    floor_db = max(bed_db + SWELL_FLOOR_DB, smooth_db.max() - SWELL_RANGE_DB)
    least_db = bed_db + SWELL_DB
    if hits:
        least_db = max(least_db, float(np.median([hit.level_db for hit in hits])) - SWELL_BELOW_HITS_DB)
    found = {hit.first: hit for hit in hits}
    firsts = np.array([hit.first for hit in hits], dtype=np.int64)
    lasts = np.array([max(hit.last, hit.first + APART_HOPS) for hit in hits], dtype=np.int64)
    for begin, end in _regions(smooth_db > floor_db):
        if np.any((firsts - NEAREST_HOPS <= begin) & (begin <= lasts)):
            continue  # a hit's own tail
        inside = firsts[(firsts > begin) & (firsts < end)]
        lead_end = int(inside[0]) if inside.size else end
        level_db = float(smooth_db[begin : max(begin + 1, lead_end - SMOOTHING_HOPS)].max())
        if lead_end - begin < QUIET_HOPS or level_db < least_db:
            continue
        if not inside.size:
            found[begin] = _Hit(begin, begin, 0.0, level_db, swells=True)
        elif lead_end - begin < ECHO_HOPS and level_db >= found[lead_end].level_db - SWELL_BELOW_HITS_DB:
            found[begin] = found.pop(lead_end)._replace(first=begin, swells=True)
    return [found[first] for first in sorted(found)]


def _regions(active: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the runs [begin, end) of hops, those less than 40 ms apart taken together."""
    turns = np.flatnonzero(np.diff(active, prepend=False, append=False))
    begins, ends = turns[::2], turns[1::2]
    if begins.size == 0:
        return []
    apart = np.flatnonzero(begins[1:] - ends[:-1] >= QUIET_HOPS)
    return list(
        zip(
            [int(begins[0]), *begins[apart + 1].tolist()], [*ends[apart].tolist(), int(ends[-1])], strict=True
        )
    )


def _onset(clip: Clip, hop: int) -> int:
    """Return the frame at which what rises around a hop begins, to a millisecond.

    Backwards from its loudest millisecond for as long as it is louder than what was before, and than 30 dB below that
    millisecond, not counting gaps of up to 14 ms (a drop ticks before its bubble sings).
    """
    rate = clip.sample_rate
    step = max(1, in_frames(0.001, rate))
    centre = hop * frame_length(clip)
    first = max(0, centre - in_frames(BEFORE_S, rate))
    part = clip.samples[first : centre + in_frames(AFTER_S, rate)].astype(np.float64)
    power = np.add.reduceat(np.einsum("fc,fc->f", part, part), np.arange(0, len(part), step)) + 1e-20
    turn = max(0, (centre - first) // step - RISE_STEPS)
    loudest = turn + int(power[turn:].argmax())
    needed = 0.001 * power[loudest]
    if turn > 0:
        needed = max(needed, 4 * quantile(power[:turn], 0.75))
    if needed >= power[loudest]:
        return max(0, centre - in_frames(LATE_S, rate))
    above = np.flatnonzero(power[: loudest + 1] >= needed)
    gaps = np.flatnonzero(np.diff(above) > GAP_STEPS)
    begins = int(above[gaps[-1] + 1]) if gaps.size else int(above[0])
    return first + begins * step


def find_events(clip: Clip) -> tuple[Event, ...]:
    """Find the events of a take, in time order.

    An event begins where its spectrum rises (see `onset_strength`), and ends where its level comes down to the bed, or to
    60 dB below its peak, for 40 ms; or 10 ms before the next one. Rises less than 150 ms after its first belong to it: a
    heel and its toe. Its slice has 5 ms before the onset and 20 ms after the end.

    The score is a product of how quiet it is before it, how far its tail comes down, how far above the bed it is, how near
    to the median event in loudness and in length, whether it is clipped, and whether the take's edges cut it off.
    Raises AudioError for samples that are not finite.
    """
    if clip.samples.size == 0:
        return ()
    require_finite(clip)
    clip = remove_dc(clip)
    levels_db = frame_levels_db(clip)
    if levels_db.max() <= SILENCE_DBFS:
        return ()
    strength = onset_strength(clip)
    smooth_db = _smooth_db(levels_db)
    hits = _with_swells(_hits(_peaks(strength), strength, levels_db), smooth_db)
    onsets = [hit.first * frame_length(clip) if hit.swells else _onset(clip, hit.first) for hit in hits]
    return _scored(clip, smooth_db, _slices(clip, hits, onsets, smooth_db)) if hits else ()


def onsets_s(clip: Clip) -> tuple[float, ...]:
    """Return when the events of a take begin, in seconds: cue markers."""
    return tuple(event.onset / clip.sample_rate for event in find_events(clip))


def _slices(clip: Clip, hits: list[_Hit], onsets: list[int], smooth_db: Floats) -> list[Event]:
    hop, rate = frame_length(clip), clip.sample_rate
    bed_db = quantile(smooth_db, 0.1)
    starts = [max(0, onset - in_frames(PRE_ROLL_S, rate)) for onset in onsets]
    limits = [*(start - in_frames(GUARD_S, rate) for start in starts[1:]), clip.frames]
    events = []
    for hit, onset, start, limit in zip(hits, onsets, starts, limits, strict=True):
        floor_db = max(bed_db + ABOVE_BED_DB, hit.level_db - DEEPEST_DB)
        quiet = smooth_db[hit.last + 2 : -(-limit // hop)] <= floor_db
        end = limit
        if quiet.size >= QUIET_HOPS:
            runs = np.lib.stride_tricks.sliding_window_view(quiet, QUIET_HOPS).all(axis=1)
            if runs.any():
                end = (hit.last + 2 + int(runs.argmax())) * hop + in_frames(TAIL_S, rate)
        events.append(Event(start, max(onset + 1, min(end, limit)), onset, 0.0))
    return events


def _smooth_db(levels_db: Floats) -> Floats:
    """Return the levels over 25 ms around each hop."""
    power = np.pad(10 ** (levels_db / 10), SMOOTHING_HOPS // 2, mode="edge")
    return 10 * np.log10(np.convolve(power, np.full(SMOOTHING_HOPS, 1 / SMOOTHING_HOPS), mode="valid"))


def _scored(clip: Clip, smooth_db: Floats, events: list[Event]) -> tuple[Event, ...]:
    hop = frame_length(clip)
    bed_db = quantile(smooth_db, 0.1)
    first = np.array([event.onset // hop for event in events])
    last = np.maximum(first + 1, np.array([-(-event.end // hop) for event in events]))
    peak_db = np.array([smooth_db[a:b].max() for a, b in zip(first, last, strict=True)])
    before_db = np.array([smooth_db[max(0, a - 10) : max(1, a - 3)].mean() for a in first])
    after_db = np.array([smooth_db[max(a, b - 3) : b].mean() for a, b in zip(first, last, strict=True)])
    length = np.log2((last - first).astype(np.float64))
    whole = np.array(
        [
            _is_whole(clip, event, peak - after)
            for event, peak, after in zip(events, peak_db, after_db, strict=True)
        ]
    )
    parts = (clip.samples[event.start : event.end] for event in events)
    clipped = np.array([clipped_frames(Clip(part, clip.sample_rate)) > 0 for part in parts])
    score = (
        _share(peak_db - before_db, 6, 46)
        * _share(peak_db - after_db, 6, 46)
        * _share(peak_db - bed_db, 6, 46)
        * _near(peak_db, 8.0)
        * _near(length, 1.5)
        * np.where(clipped, 0.3, 1.0)
        * np.where(whole, 1.0, 0.1)
    )
    score = np.cbrt(score)  # for reading: it changes no order
    return tuple(replace(event, score=float(value)) for event, value in zip(events, score, strict=True))


def _is_whole(clip: Clip, event: Event, fall_db: float) -> bool:
    """Tell whether neither edge of the take cuts an event off."""
    begins = event.onset >= in_frames(PRE_ROLL_S, clip.sample_rate) / 2
    return begins and (event.end < clip.frames or fall_db >= CUT_OFF_DB)


def _share(values: Floats, low: float, high: float) -> Floats:
    """Return 0.2 at the low end and below, 1 at the high end and above."""
    return 0.2 + 0.8 * np.clip((values - low) / (high - low), 0, 1)


def _near(values: Floats, width: float) -> Floats:
    """Return 1 at the median, and 0.5 at `width` from it."""
    return 1 / (1 + np.square((values - np.median(values)) / width))


def harvest(clip: Clip, count: int) -> tuple[Event, ...]:
    """Choose the `count` events that make the best one-shots, best first; fewer where there are not so many.

    By score, less for what resembles one already chosen: the peak of their normalised cross-correlation. What reads 0.9
    or more is the same sound again (0.95 is what a copy through a codec keeps, a bed takes a little) and comes after all
    others. A larger count only adds events at the end. At most 64 of the chosen are compared with.
    """
    events = find_events(clip)
    queue = [(-event.score, index, 0, 0.0) for index, event in enumerate(events)]
    heapq.heapify(queue)
    chosen: list[Event] = []
    heads: list[NDArray[np.complex64]] = []
    while queue and len(chosen) < count:
        _, index, compared, closest = heapq.heappop(queue)
        event = events[index]
        if compared < len(heads):
            head = _head(clip, event)
            closest = max(closest, *(_similarity(head, other) for other in heads[compared:]))
            heapq.heappush(queue, (-_worth(event.score, closest), index, len(heads), closest))
            continue
        chosen.append(event)
        if len(heads) < MOST_COMPARED:
            heads.append(_head(clip, event))
    return tuple(chosen)


def _worth(score: float, closest: float) -> float:
    return score - 1 if closest >= DUPLICATE else score * (1 - max(0.0, closest - 0.5))


def _head(clip: Clip, event: Event) -> NDArray[np.complex64]:
    """Return the spectrum of an event's first 250 ms at unit energy, of shape (bins, channels)."""
    longest = in_frames(HEAD_S, clip.sample_rate)
    part = clip.samples[event.start : min(event.end, event.start + longest)]
    energy = float(np.sqrt(np.square(part, dtype=np.float64).sum()))
    size = 1 << max(1, 2 * longest - 1).bit_length()
    return np.fft.rfft(part / np.float32(max(energy, 1e-20)), size, axis=0).astype(np.complex64)


def _similarity(one: NDArray[np.complex64], other: NDArray[np.complex64]) -> float:
    return float(np.abs(np.fft.irfft((one * np.conj(other)).sum(axis=1))).max())
