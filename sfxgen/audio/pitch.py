"""Pitch and length, each changed without the other.

A phase vocoder (Flanagan and Golden, 1966) with the phases of all that belongs to a spectral peak locked to it
(Laroche and Dolson, "Improved phase vocoder time-scale modification of audio", 1999). What a vocoder does badly is an
attack: it lies in several windows, and once their phases are moved apart it is heard several times. So the sound is cut
at its attacks, and each piece starts with as much of it as it is: windows that see the attack are neither moved nor
turned. Only what rings on after it is stretched. What a vocoder does badly as well is noise, whose windows do not add up in
phase any more: it gets its power back (`_restored`).
"""

from __future__ import annotations

import itertools

import numpy as np
import soxr
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip
from sfxgen.audio.loop import make_loop, stretched
from sfxgen.audio.stft import AT_ONCE, OVERLAP, Samples, add_up, spectra, window_length

WINDOWS_S = (0.064, 0.032, 0.016, 0.008)
"""A long window parts the partials of a steady sound, but a glide is a smear in it, and stretched it flutters."""

SLOT_S = 0.128
"""How much of a sound's time is judged together."""

SHARPER = 1.3
"""How much more concentrated a shorter window's spectra must be. Noise is as much so in any, but for chance."""

GLIDING = 0.7
"""The quantile of the slots, from long windows to short, that decides: what glides for a third of the time counts."""

FAINT_DB = -40.0

ATTACK_S = 0.020
"""How much of each piece is left as it is at least, or a quarter of a shorter one."""

JOIN_S = 0.001
"""How long one piece fades into the next, just before the attack with which that starts."""

STEP_S = 0.001
AHEAD, BEFORE = 4, 20
"""Steps over which an attack's level is read, and before it, so that no cycle of a low tone is taken for one."""

RISE_DB = 6.0
QUIETEST_DB = -40.0
"""Below the clip's loudest moment, what rises is no attack that anyone hears."""

APART = 30
"""Steps between attacks: what comes sooner belongs to the one before."""

MOST_LOST = 2.2
"""The power of unrelated windows re those of a tone, which add up in phase: at most that is made up for."""

LOOP_FADE_S = 0.2


def repitched(
    x: Samples, sample_rate: int, *, pitch_st: float, stretch: float, loop: bool = False
) -> Samples:
    """Return signals of (channels, frames) higher by semitones and `stretch` times as long, to the frame.

    All channels' phases are turned alike, which keeps the image. Attacks come at `stretch` times their time. A loop
    stays one.
    """
    frames = x.shape[-1]
    wanted = max(1, round(frames * stretch))
    ratio = 2 ** (pitch_st / 12)
    slow = max(1, round(frames * stretch * ratio))
    if loop:
        long = x if slow == frames else _stretched_around(x, slow, sample_rate)
        return stretched(long.T.astype(np.float32), wanted).T.astype(np.float64)
    long = x if slow == frames else _stretched(x, slow, attacks(x, sample_rate), sample_rate)
    if pitch_st:
        faster = soxr.resample(np.ascontiguousarray(long.T), sample_rate * ratio, sample_rate, quality="HQ")
        long = np.asarray(faster, np.float64).reshape(-1, len(x)).T
    return np.pad(long, ((0, 0), (0, max(0, wanted - long.shape[-1]))))[:, :wanted]


def attacks(x: Samples, sample_rate: int, *, loop: bool = False) -> list[int]:
    """Return the frames at which attacks start in signals of (channels, frames), in order.

    Where the next 4 ms are 6 dB louder than any 4 ms of the 20 ms before, the low end aside.
    """
    step = max(1, round(STEP_S * sample_rate))
    margin = 2 * (BEFORE + AHEAD) * step
    if loop:
        x = np.take(x, np.arange(-margin, x.shape[-1] + margin) % x.shape[-1], axis=-1)
    else:
        x = np.pad(x, ((0, 0), (margin, margin)))
    steps = x.shape[-1] // step
    edges = np.abs(np.diff(x, axis=-1, prepend=0.0)).max(axis=0)[: steps * step].reshape(steps, step)
    power = np.square(edges).mean(axis=1)
    ahead = np.lib.stride_tricks.sliding_window_view(power, AHEAD).mean(axis=1)
    top = float(ahead.max())
    if top <= 0:
        return []
    # ahead[k] is about steps k to k + 3; what is before step k are the windows that end there at the latest.
    past = np.lib.stride_tricks.sliding_window_view(ahead, BEFORE + 1 - AHEAD).max(axis=1)
    now = ahead[BEFORE:]
    past = past[: len(now)]
    rise = now / np.maximum(past, top * 10 ** (QUIETEST_DB / 10) / 10)
    rise[now < top * 10 ** (QUIETEST_DB / 10)] = 0.0
    highest = np.lib.stride_tricks.sliding_window_view(np.pad(rise, APART // 2), APART // 2 * 2 + 1).max(
        axis=1
    )
    found = []
    for index in np.flatnonzero((rise >= 10 ** (RISE_DB / 10)) & (rise == highest)):
        first = BEFORE + int(index)
        near = edges[first : first + 2 * AHEAD].ravel()
        found.append(first * step + int(np.argmax(near > 0.2 * near.max())) - margin)
    frames = x.shape[-1] - 2 * margin
    apart = step * APART // 2
    kept: list[int] = []
    for start in found:
        if 0 <= start < frames and (not kept or start - kept[-1] >= apart):
            kept.append(start)
    if loop and len(kept) > 1 and kept[0] + frames - kept[-1] < apart:
        kept.pop()
    return kept


def _stretched(x: Samples, length: int, starts: list[int], sample_rate: int) -> Samples:
    """Stretch signals to `length`, cut at the attacks that start at `starts`."""
    frames = x.shape[-1]
    join = max(1, round(JOIN_S * sample_rate))
    bounds = [0, *(start for start in starts if start > join), frames]
    return _pieces(np.pad(x, ((0, 0), (join, 0))), bounds, length, join, sample_rate, loop=False)[:, join:]


def _stretched_around(x: Samples, length: int, sample_rate: int) -> Samples:
    """Stretch one period to `length`: between its attacks, or where there is none, with a seam of its own."""
    frames = x.shape[-1]
    join = max(1, round(JOIN_S * sample_rate))
    starts = attacks(x, sample_rate, loop=True)
    if starts and frames > 4 * join:
        turned = np.roll(x, -starts[0], axis=-1)
        bounds = [start - starts[0] for start in starts] + [frames]
        source = np.concatenate([turned[:, -join:], turned], axis=-1)
        out = _pieces(source, bounds, length, join, sample_rate, loop=True)
        period = out[:, join:]
        period[:, -join:] += out[:, :join]
        return np.roll(period, round(starts[0] * length / frames), axis=-1)
    window = window_length(WINDOWS_S[0], sample_rate, 1 << 60)
    fade = min(round(LOOP_FADE_S * sample_rate), max(window, length // 3))
    spare = fade + 2 * round(0.012 * sample_rate) + window
    needed = round((length + spare) * frames / length) + window
    long = np.take(x, np.arange(needed) % frames, axis=-1)
    out = _stretched(long, round(needed * length / frames), [], sample_rate)
    skip = min(window // 2, out.shape[-1] - length - fade)
    taken = np.ascontiguousarray(out[:, max(0, skip) :].T, dtype=np.float32)
    whole = Clip(taken[: length + spare], sample_rate)
    looped = make_loop(whole, length / sample_rate, fade / sample_rate * 1000)
    return looped.samples.T.astype(np.float64)


def _pieces(
    source: Samples, bounds: list[int], length: int, join: int, sample_rate: int, *, loop: bool
) -> Samples:
    """Stretch each piece on its own and add them up; `source` and the result start `join` frames early."""
    frames = bounds[-1]
    rising = np.sin(np.arange(1, join + 1) / (join + 1) * (np.pi / 2)) ** 2
    out = np.zeros((len(source), join + length))
    for index, (start, stop) in enumerate(itertools.pairwise(bounds)):
        piece = source[:, start : stop + join].copy()
        last = stop == frames and not loop
        at, until = round(start * length / frames), round(stop * length / frames)
        if index or loop:
            piece[:, :join] *= rising
        if not last:
            piece[:, stop - start :] *= 1 - rising
        done = _vocoded(piece, join, join + until - at, sample_rate, last=last)
        if not last:
            done[:, until - at :] *= 1 - rising
        out[:, at : until + join] += done
    return out


def _vocoded(piece: Samples, join: int, length: int, sample_rate: int, *, last: bool) -> Samples:
    """Stretch a piece to `length` frames, its first half window or 20 ms as they are.

    Window after window, a hop apart in the result, is taken from where it comes from in the piece. Its phases are
    turned by R, so that they go on from the window before as they do in the piece over one hop.
    """
    frames = piece.shape[-1]
    window = _window(piece[:, join:], sample_rate)
    hop, half = window // OVERLAP, window // 2
    out = np.zeros((len(piece), length))
    count = (length + window) // hop + 1
    to = np.arange(-1, count) * hop - half + hop  # the middles of windows in the result, and one before
    # As it is up to here, then evenly; where another piece follows, no window sees its end.
    attack = min(round(ATTACK_S * sample_rate), (frames - join) // 4)
    same, end, end_to = (
        join + max(half, attack),
        frames - (0 if last else half),
        length + (0 if last else half),
    )
    slope = max(0, end - same) / max(1, end_to - same)
    origin = np.where(to <= same, to, np.rint(same + (to - same) * slope)).astype(np.int64)
    origin = np.clip(origin, -half, frames + half)
    margin = window + hop
    padded = np.pad(piece, ((0, 0), (margin, margin)))
    turn = np.ones(window // 2 + 1, np.complex128)
    for first in range(1, count + 1, AT_ONCE):
        index = np.arange(first, min(first + AT_ONCE, count + 1))
        begin = margin - half
        now = spectra(padded, begin + np.concatenate([origin[index[:1] - 1], origin[index]]), window)
        hop_ago = spectra(padded, begin + origin[index] - hop, window)
        onward = (now[:, :-1] * np.conj(hop_ago)).sum(axis=0)
        size = np.abs(onward)
        onward = np.where(size > 0, onward / np.where(size > 0, size, 1.0), 1.0)
        peak = _nearest_peaks(np.abs(now[:, 1:]).sum(axis=0))
        turns = np.empty_like(onward)
        for row in range(len(index)):
            turn = (turn * onward[row])[peak[row]]
            turns[row] = turn
        turn = turn / np.abs(turn)
        add_up(out, int(to[first]) - half, now[:, 1:] * turns, window)
    moved = slice(int(np.searchsorted(to, same, "right")), count + 1)
    return out * _restored(
        _powers(piece, origin[moved], half), _powers(out, to[moved], half), to[moved], length
    )


def _powers(x: Samples, middles: NDArray[np.int64], half: int) -> Samples:
    """Return the energy within `half` frames of some frames, of all channels together."""
    total = np.concatenate([[0.0], np.cumsum(np.square(x).sum(axis=0))])
    last = len(total) - 1
    energy: Samples = total[np.clip(middles + half, 0, last)] - total[np.clip(middles - half, 0, last)]
    return energy


def _restored(wanted: Samples, got: Samples, at: NDArray[np.int64], length: int) -> Samples:
    """Return the gain at each frame that gives noise its power back: unlike tones, windows of it add up to less."""
    if len(at) == 0:
        return np.ones(length)
    least = 1e-9 * max(float(wanted.max()), 1e-100)
    gain = np.sqrt(np.clip(wanted / np.maximum(got, least), 1.0, MOST_LOST))
    gain[got <= least] = 1.0
    wide = np.pad(gain, OVERLAP, mode="edge")
    smooth = sum(wide[shift : shift + len(gain)] for shift in range(2 * OVERLAP + 1)) / (2 * OVERLAP + 1)
    # Nothing is added where the sound still is as it was.
    times, gains = np.concatenate([[at[0] - 1], at]), np.concatenate([[1.0], smooth])
    restored: Samples = np.interp(np.arange(length), times, gains)
    return restored


def _window(x: Samples, sample_rate: int) -> int:
    """Return the length of the window that suits signals: the longest, unless their frequencies glide.

    By the window in which spectra are sharpest, slot by slot: the sum of squared powers re the square of their sum,
    over windows and bins that stand for the same area of time and frequency each (Jones and Parks, "A high
    resolution data-adaptive time-frequency representation", 1990). Where that is not the longest, half of it is
    taken: what looks sharp glides still.
    """
    frames = x.shape[-1]
    lengths = [window_length(seconds, sample_rate, frames) for seconds in WINDOWS_S]
    slots = max(1, round(frames / (SLOT_S * sample_rate)))
    sharp: list[Samples] = []
    loud = np.ones(slots)
    for length in lengths:
        starts = np.arange(0, max(1, frames - length + 1), length // 2)
        padded = np.pad(x, ((0, 0), (0, max(0, length - frames))))
        slot = np.minimum((starts + length // 2) * slots // frames, slots - 1)
        total, square = np.zeros(slots), np.zeros(slots)
        for first in range(0, len(starts), AT_ONCE):
            here = slice(first, first + AT_ONCE)
            spectrum = spectra(padded, starts[here], length)
            power = (np.square(spectrum.real) + np.square(spectrum.imag)).sum(axis=0)
            total += np.bincount(slot[here], power.sum(axis=1), slots)
            square += np.bincount(slot[here], np.square(power).sum(axis=1), slots)
        if not sharp:
            loud = total
        count = np.bincount(slot, minlength=slots)
        heard = total > 1e-100
        sharp.append(np.where(heard, square * count * length / np.where(heard, total, 1.0) ** 2, 0.0))
    best, sharpest = np.zeros(slots, np.int64), sharp[0]
    for index, one in enumerate(sharp[1:], start=1):
        better = one > SHARPER * sharpest
        best, sharpest = np.where(better, index, best), np.where(better, one, sharpest)
    judged = np.sort(best[loud >= loud.max() * 10 ** (FAINT_DB / 10)])
    chosen = int(judged[int(GLIDING * (len(judged) - 1))])
    return lengths[min(chosen + 1, len(lengths) - 1) if chosen else 0]


def _nearest_peaks(magnitude: Samples) -> NDArray[np.int64]:
    """Return, for each window and bin, the nearest bin that is higher than two bins to either side."""
    bins = magnitude.shape[-1]
    rows, bins = magnitude.shape
    middle = magnitude[:, 2:-2]
    is_peak = np.zeros(magnitude.shape, np.bool_)
    is_peak[:, 2:-2] = (middle > magnitude[:, 1:-3]) & (middle >= magnitude[:, 3:-1])
    is_peak[:, 2:-2] &= (middle > magnitude[:, :-4]) & (middle >= magnitude[:, 4:])
    is_peak[:, 0] |= ~is_peak.any(axis=1)
    # All in one line of bins: each peak's begin half way from the one before, or where its window does.
    peaks = np.flatnonzero(is_peak)
    begins = np.empty(len(peaks) + 1, np.int64)
    begins[1:-1] = (peaks[:-1] + peaks[1:] + 1) // 2
    row = peaks // bins
    first = np.flatnonzero(np.diff(row, prepend=-1))
    begins[first] = row[first] * bins
    begins[-1] = rows * bins
    return np.repeat(peaks - row * bins, np.diff(begins)).reshape(rows, bins)
