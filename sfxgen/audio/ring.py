"""Long ambience out of several takes: a ring in which each runs on into the next, and the last into the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip, Samples
from sfxgen.audio.loop import (
    EVENT_WEIGHT,
    LARGEST_SHIFT_MS,
    LEVEL_WEIGHT,
    MOST_PARTS,
    SHORTEST_OVERLAP_MS,
    bands_db,
    best_lag,
    cross_fade,
    events_db,
    feature_hop,
    features,
    level_difference_db,
    make_loop,
    quiet_nudge,
    ramped,
    unlike_db,
    usual_db,
)
from sfxgen.audio.loudness import finite_peak, measure_loudness
from sfxgen.audio.resample import resample, to_channels
from sfxgen.errors import AudioError

LARGEST_MATCH_DB = 12.0
"""A take's loudness is moved by this much at most."""
LARGEST_RAMP_DB = 6.0
"""What gain ramps take back of the level difference at one join; the cross-fade carries the rest."""


@dataclass(frozen=True, slots=True)
class Ring:
    """A loop of several takes; at which frames each begins, and how many frames from there are its cross-fade."""

    clip: Clip
    joins: tuple[int, ...]
    fade_frames: int


def join(takes: Sequence[Clip], duration_s: float, crossfade_ms: float) -> Clip:
    """Join takes to one seamless loop of exactly round(duration_s * rate) frames; see `joined`."""
    return joined(takes, duration_s, crossfade_ms).clip


def joined(takes: Sequence[Clip], duration_s: float, crossfade_ms: float) -> Ring:
    """Join takes to a ring of exactly round(duration_s * rate) frames, at the highest of their rates and the most of
    their channels. Each take gives one segment, in their order; one take is made a loop of.

    Segments are as long as their takes allow in proportion. What a take has to spare decides where in it its
    segment lies: where both ends have the level of the rest and no events, and its start is like the end before it;
    then it is aligned to that end by correlation. Each segment is brought to the median loudness, 12 dB at most, and
    gains that are linear in dB over it make levels agree at the joins, 6 dB at most.

    With little to spare the cross-fades are shorter than asked; no more takes are used than leave segments of three
    cross-fades. Raises AudioError without takes, for samples that are not numbers, and where less than 10 ms would
    be left for each cross-fade: the message says how much material it needs.
    """
    if not takes:
        raise AudioError("there are no takes to join", hint="give one or more")
    for take in takes:
        finite_peak(take)
    rate = max(take.sample_rate for take in takes)
    length = round(duration_s * rate)
    wanted = max(0, round(crossfade_ms * rate / 1000))
    if length < 1:
        raise AudioError(f"a loop of {duration_s:g} s has no frames", hint="set a longer duration_s")
    takes = _enough(takes, length / rate, wanted / rate)
    channels = max(take.channels for take in takes)
    clips = [resample(to_channels(take, 2 if channels == 2 else None), rate) for take in takes]
    if len({clip.channels for clip in clips}) > 1:
        raise AudioError(f"cannot join takes of 1 or 2 channels to one of {channels}", hint="set channels: 1")
    if len(clips) == 1:
        loop = make_loop(clips[0], duration_s, crossfade_ms)
        return Ring(loop, (0,), min(wanted, clips[0].frames - length, length))
    fade = _fade_frames(clips, length, wanted, duration_s, crossfade_ms)
    segments = _placed(clips, length, fade)
    return Ring(_assembled(segments, rate, fade), tuple(segment.at for segment in segments), fade)


def _enough(takes: Sequence[Clip], duration_s: float, crossfade_s: float) -> Sequence[Clip]:
    """Leave out takes at the end without which segments last three cross-fades, if the others are long enough."""
    count, given_s = 0, 0.0
    while count < len(takes) and (given_s < duration_s or (count + 1) * 3 * crossfade_s <= duration_s):
        given_s += takes[count].duration_s - crossfade_s
        count += 1
    return takes[:count]


def _fade_frames(clips: list[Clip], length: int, wanted: int, duration_s: float, crossfade_ms: float) -> int:
    rate = clips[0].sample_rate
    spare = sum(clip.frames for clip in clips) - length
    fade = min(wanted, spare // len(clips), min(clip.frames for clip in clips) // 2)
    if fade >= min(wanted, round(SHORTEST_OVERLAP_MS * rate / 1000)):
        own = [clip.frames - fade for clip in clips]
        return min(fade, min(own) * length // sum(own))
    given_s = sum(clip.duration_s for clip in clips)
    needed_s = duration_s + len(clips) * crossfade_ms / 1000
    shortest_s = min(clip.duration_s for clip in clips)
    if spare >= 0 and given_s >= needed_s:
        raise AudioError(
            f"a take of {shortest_s:.3f} s is too short to be joined at both ends",
            hint="leave it out, or make it longer",
        )
    raise AudioError(
        f"{len(clips)} takes of {given_s:.2f} s together are too short for a loop of {duration_s:g} s: with cross-fades "
        f"of {crossfade_ms:g} ms it needs {needed_s:.2f} s",
        hint="make more or longer takes, or set a shorter duration_s or crossfade_ms",
    )


@dataclass(slots=True)
class _Segment:
    """`frames` of a take from `start` on, at frame `at` of the ring. As many frames as a fade has follow it."""

    take: Samples
    start: int
    frames: int
    at: int

    def cut(self, fade: int) -> Samples:
        return self.take[self.start : self.start + self.frames + fade]


def _placed(clips: list[Clip], length: int, fade: int) -> list[_Segment]:
    """Decide which part of each take is where in the ring."""
    rate = clips[0].sample_rate
    own = np.array([clip.frames - fade for clip in clips])
    bounds = np.round(np.concatenate([[0], np.cumsum(own)]) * (length / own.sum())).astype(np.intp).tolist()
    hop = feature_hop(rate)
    reach = round(LARGEST_SHIFT_MS * rate / 1000)
    segments: list[_Segment] = []
    for index, clip in enumerate(clips):
        at, frames = bounds[index], bounds[index + 1] - bounds[index]
        room = clip.frames - frames - fade
        before = segments[-1] if segments else None
        last = index == len(clips) - 1
        start = _start(clip, frames, fade, hop, before, segments[0] if last else None)
        nudge = start
        if before is not None and fade:
            tail = before.take[before.start + before.frames :][:fade]
            shift = min(reach, room // 2)
            start = min(max(start, shift), room - shift)
            place, _ = best_lag(tail, clip.samples[start - shift : start + shift + fade])
            nudge = start = start - shift + place
        # Off a click of the take's own: the end moves, and with it the next segment's start.
        longest = room - start
        if last:
            start += quiet_nudge(clip.samples, nudge + frames, rate, -start, longest)
        else:
            following = bounds[index + 2] - bounds[index + 1]
            least = -min(clips[index + 1].frames - fade - following, frames - fade)
            moved = quiet_nudge(clip.samples, start + frames, rate, least, min(longest, following - fade))
            bounds[index + 1] += moved
            frames += moved
        segments.append(_Segment(clip.samples, start, frames, at))
    return segments


def _start(
    clip: Clip, frames: int, fade: int, hop: int, before: _Segment | None, after: _Segment | None
) -> int:
    """Return where in a take a segment starts best; `before` is the segment before it, `after` the one after."""
    room = clip.frames - frames - fade
    over, away = max(1, -(-fade // hop)), round(frames / hop)
    found = features(clip, hop)
    last = min(room // hop, len(found.bands) - over - away)
    if last < 1 or away <= over:
        return room // 2
    first = np.arange(0, last + 1, 1 + last // MOST_PARTS)
    heads, tails = found.mean(first, over), found.mean(first + away, over)
    whole = found.mean(first, over + away)
    level_db = usual_db(found, first, over + away)
    cost = 0.5 * np.abs(first / last - 0.5)  # where nothing else decides, away from the take's ends
    for ends, offset in ((heads, first), (tails, first + away)):
        cost += unlike_db(ends, whole) + 0.5 * LEVEL_WEIGHT * np.abs(bands_db(ends) - level_db)
        cost += EVENT_WEIGHT * events_db(found, offset, over)
    if before is not None:
        cost += _unlike_db(
            heads, before.take[before.start + before.frames :][: over * hop], clip.sample_rate, hop
        )
    if after is not None:
        cost += _unlike_db(tails, after.take[after.start :][: over * hop], clip.sample_rate, hop)
    return min(room, int(first[cost.argmin()]) * hop)


def _unlike_db(ends: NDArray[np.float64], other: Samples, rate: int, hop: int) -> NDArray[np.float64]:
    bands = features(Clip(other, rate), hop).bands
    return unlike_db(ends, bands.mean(axis=0, keepdims=True)) if len(bands) else np.zeros(len(ends))


def _assembled(segments: list[_Segment], rate: int, fade: int) -> Clip:
    length = segments[-1].at + segments[-1].frames
    gains_db = _matching_gains_db(segments, rate, fade)
    starts_db, ends_db = list(gains_db), list(gains_db)
    for index, segment in enumerate(segments):
        following = (index + 1) % len(segments)
        tail = segment.cut(fade)[segment.frames :]
        head = segments[following].cut(fade)[:fade]
        step_db = level_difference_db(tail, head) + gains_db[index] - gains_db[following]
        step_db = float(np.clip(step_db, -LARGEST_RAMP_DB, LARGEST_RAMP_DB))
        ends_db[index] -= step_db / 2
        starts_db[following] += step_db / 2
    out = np.empty((length, segments[0].take.shape[1]), np.float32)
    before = first = out[:0]
    for segment, start_db, end_db in zip(segments, starts_db, ends_db, strict=True):
        part = ramped(segment.cut(fade), start_db, end_db)
        out[segment.at : segment.at + segment.frames] = part[: segment.frames]
        if segment.at:
            out[segment.at : segment.at + fade] = cross_fade(before, part[:fade], rate)
        else:
            first = part[:fade].copy()
        before = part[segment.frames :].copy()
    out[:fade] = cross_fade(before, first, rate)
    return Clip(out, rate)


def _matching_gains_db(segments: list[_Segment], rate: int, fade: int) -> list[float]:
    """Return what brings each segment to the median of their loudness; 0 where one has none: silence, or below 400 ms."""
    found = [measure_loudness(Clip(segment.cut(fade), rate), "integrated")[0] for segment in segments]
    audible = [one for one in found if one is not None]
    if not audible:
        return [0.0] * len(segments)
    middle = median(audible)
    return [
        0.0 if one is None else float(np.clip(middle - one, -LARGEST_MATCH_DB, LARGEST_MATCH_DB))
        for one in found
    ]
