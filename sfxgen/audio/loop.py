"""Seamless loops from a longer take, and the cross-fade that hides a seam.

The cross-fade works in short-time spectra, because one correlation is wrong for all parts of a sound: a hum that is in
step with itself needs gains that sum to one where the hiss above it needs equal power. Each frequency therefore has its
own gains, and tones that are out of step are turned into step by phases that move on slowly over the fade.
"""

from __future__ import annotations

from math import log2
from typing import Any, NamedTuple

import numpy as np
import soxr
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip, Samples
from sfxgen.audio.loudness import finite_peak
from sfxgen.audio.seam import measure_seam
from sfxgen.errors import AudioError

Signal = NDArray[np.float64]
Spectra = NDArray[np.complexfloating]

SHORTEST_OVERLAP_MS = 10.0
LARGEST_SHIFT_MS = 25.0
"""How far alignment may move the tail: one period of 40 Hz, so that slow engines find their beat."""
LARGEST_STRETCH = 0.004
"""How far alignment may stretch or shrink the loop: 0.4 %, 7 cents, below what is heard as out of tune."""
LEAST_GAIN = 0.1
"""How much more correlation alignment must bring before the loop is stretched for it."""
LEAST_CORRELATION = -0.5

LEAST_DRIFT_DB = 1.0
"""Below this, the fade alone carries the level over: noise differs as much from one half second to another."""
LARGEST_DRIFT_DB = 9.0
"""What the ramp over a loop takes back of the difference between its ends; the fade carries the rest."""

SPECTRUM_MS = 85.0
LEAST_SPECTRUM = 32
FRAMES_AT_ONCE = 64
LONGEST_FADE_S = 10.0
COHERENT = 0.8
"""From this coherence of tail and head on a peak of the spectrum is a tone that both have. Noise never reads as much."""
FREQUENCIES = 2
"""How many frequencies to either side a tone has."""
BAND_TIMES = 2
"""How many spectra to either side tell the correlation and the power in a band."""
LEAST_POWER = 1e-20
BAND_RATIO = 1.12
"""Levels are kept in bands of a third of an octave: from each frequency divided by this to it times this."""

FEATURE_MS = 43.0
FEATURE_BANDS_HZ = (0, 100, 200, 400, 800, 1600, 3200, 6400, 12800)
CANDIDATES = 4
MOST_PARTS = 512
"""So many starts are tried at most, and as many parts of a body looked at."""
DRIFT_WEIGHT, LEVEL_WEIGHT, EVENT_WEIGHT, CORRELATION_WEIGHT_DB = 0.4, 3.0, 0.8, 3.0
"""What weighs how much against a dB of difference in bands: a dB of difference in level between head and tail (a ramp
takes it back), of both from the loop's body (nothing does), of an event above the bed; and full correlation, in dB."""
NUDGE_MS, NUDGE_CLEAR_MS = 100.0, 1.5
USUAL_PERCENTILE, USUAL_FRAMES = 99.5, 50_000
FITTING_MARGIN = 2048
"""More frames than the resampler's filter is long."""


def make_loop(clip: Clip, duration_s: float, crossfade_ms: float) -> Clip:
    """Make a loop of exactly round(duration_s * sample_rate) frames whose end runs on into its start.

    The loop's first `crossfade_ms` fade from what follows its end in the take to its start in the take, so the
    wrap itself is untouched audio.

    Where in the take: of all starts that leave room, the one with the least difference between both ends of the
    fade in level and bands, the fewest events inside it, the level of the rest of the loop, and the best
    correlation. Then the tail is aligned to the start at their largest normalised cross-correlation. That makes the
    loop up to 0.4 % longer or shorter, so it is stretched back to length as the periodic signal it is. What came of it is
    measured: where its seam has a fault (see `seam.Seam`), the next best starts are tried, four in all, and the one
    with the least fault is taken.

    Where the levels of its ends still differ by 1 dB or more, a gain that is linear in dB over the whole loop takes
    that back, 9 dB at most: without it, a texture that swells would fall back during the fade.

    A take with less to spare than `crossfade_ms` gets a shorter cross-fade. Raises AudioError where it is
    shorter than the loop, has less than 10 ms to spare for a seam that was asked for, or holds samples that are not
    numbers.
    """
    finite_peak(clip)
    rate = clip.sample_rate
    length = round(duration_s * rate)
    spare = clip.frames - length
    wanted = round(crossfade_ms * rate / 1000)
    fade = min(wanted, spare, length)
    if length < 1:
        raise AudioError(f"a loop of {duration_s:g} s has no frames", hint="set a longer duration_s")
    if spare < 0:
        raise AudioError(
            f"the take of {clip.duration_s:.3f} s is shorter than the loop of {duration_s:g} s",
            hint="set a shorter duration_s, or make the loop of a longer take or recording",
        )
    if wanted <= 0:
        return Clip(clip.samples[:length], rate)
    if fade < min(wanted, round(SHORTEST_OVERLAP_MS * rate / 1000), length):
        spare_ms = spare / rate * 1000
        shorter = f", or crossfade_ms: {int(spare_ms)}" if spare_ms >= 1 else ""
        raise AudioError(
            f"the take has {spare_ms:.1f} ms more than the loop: too little for a seam",
            hint=f"set a shorter duration_s{shorter}",
        )
    reach = min(round(LARGEST_SHIFT_MS * rate / 1000), int(LARGEST_STRETCH * length))
    reach = min(reach, spare - fade, length - fade)
    best: tuple[float, Clip] | None = None
    for start, lag in _regions(clip, length, fade, reach):
        take = leveled(clip.samples[start : start + lag + fade], lag, fade)
        looped = take[:lag].copy()
        looped[:fade] = cross_fade(take[lag:], take[:fade], rate)
        made = Clip(_fitted(looped, length), rate)
        fault = measure_seam(made, fade_frames=fade).fault
        if best is None or fault < best[0]:
            best = fault, made
        if fault <= 1:
            break
    assert best is not None
    return best[1]


# Where in the take


class Features(NamedTuple):
    """The power of parts of a take, `hop` frames each, in bands: shape (parts, bands)."""

    hop: int
    bands: Signal

    def mean(self, first: NDArray[np.intp], count: int) -> Signal:
        """The mean over `count` parts from each of `first` on, of shape (first, bands)."""
        total = np.concatenate([np.zeros((1, self.bands.shape[1])), np.cumsum(self.bands, axis=0)])
        mean: Signal = (total[first + count] - total[first]) / count
        return mean


def _regions(clip: Clip, length: int, fade: int, reach: int) -> list[tuple[int, int]]:
    """Return, best first, some of a loop's first frames in the take, each with the lag within `length` ± `reach` at which
    it repeats.
    """
    room = clip.frames - length - fade - reach  # the last start
    samples = clip.samples
    found: list[tuple[float, int, int]] = []
    for start, cost in _starts(clip, length, fade, room):
        lag, correlation = best_lag(
            samples[start : start + fade], samples[start + length - reach : start + length + reach + fade]
        )
        found.append((cost - CORRELATION_WEIGHT_DB * correlation, start, lag + length - reach))
    return [
        (start + quiet_nudge(samples, start + lag, clip.sample_rate, -start, room - start), lag)
        for _, start, lag in sorted(found)
    ]


def _starts(clip: Clip, length: int, fade: int, room: int) -> list[tuple[int, float]]:
    """Return some starts up to `room` with what speaks against each, in dB, best first; one where there is no choice."""
    hop = feature_hop(clip.sample_rate)
    if room < 2 * hop:
        return [(room // 2, 0.0)]
    found = features(clip, hop)
    over, away = -(-fade // hop), round(length / hop)
    last = min(room // hop, len(found.bands) - over - away)
    if last < 1 or away <= over:
        return [(room // 2, 0.0)]
    first = np.arange(0, last + 1, 1 + last // MOST_PARTS)
    heads, tails = found.mean(first, over), found.mean(first + away, over)
    head_db, tail_db = bands_db(heads), bands_db(tails)
    body_db = usual_db(found, first + over, away - over)
    cost = unlike_db(heads, tails) + DRIFT_WEIGHT * np.abs(head_db - tail_db)
    cost += LEVEL_WEIGHT * np.abs(0.5 * (head_db + tail_db) - body_db)
    for one in (first, first + away - 1):  # a part more after the fade, and before the wrap
        cost += EVENT_WEIGHT * events_db(found, one, over + 1)
    cost += 0.5 * np.abs(first / last - 0.5)  # where nothing else decides, away from the take's ends
    chosen: list[tuple[int, float]] = []
    while len(chosen) < CANDIDATES and np.isfinite(cost).any():
        at = int(cost.argmin())
        chosen.append((int(first[at]) * hop, float(cost[at])))
        cost[np.abs(first - first[at]) <= over // 2] = np.inf
    return chosen


def feature_hop(rate: int) -> int:
    """Return how many frames the parts have of which features are taken: about 43 ms, a power of two."""
    return 1 << max(4, round(log2(FEATURE_MS * rate / 1000)))


def features(clip: Clip, hop: int) -> Features:
    """Return the power in bands of each `hop` frames of a clip, over all channels."""
    window = np.hanning(hop).astype(np.float32)
    count = clip.frames // hop
    edges = [min(round(hz * hop / clip.sample_rate), hop // 2) for hz in FEATURE_BANDS_HZ]
    edges = sorted({*edges, 0} - {hop // 2})
    bands = np.zeros((count, len(edges)))
    for first in range(0, count, FRAMES_AT_ONCE):
        stop = min(count, first + FRAMES_AT_ONCE)
        for channel in range(clip.channels):
            part = clip.samples[first * hop : stop * hop, channel].reshape(-1, hop)
            spectra = np.fft.rfft(part * window, axis=1)[:, : hop // 2]
            power = np.square(spectra.real) + np.square(spectra.imag)
            bands[first:stop] += np.add.reduceat(power, edges, axis=1)
    return Features(hop, bands)


def usual_db(found: Features, first: NDArray[np.intp], count: int) -> Signal:
    """Return the median level of `count` parts from each of `first` on: that of the bed under any events, in dB."""
    levels_db = bands_db(found.bands)
    parts = np.lib.stride_tricks.sliding_window_view(levels_db, count)[first, :: 1 + count // MOST_PARTS]
    usual: Signal = np.median(parts, axis=1)
    return usual


def unlike_db(one: Signal, other: Signal) -> Signal:
    """Return by how many dB rows of band powers differ, whatever their levels: the mean over bands.

    Bands count by the square root of their power: a quiet hiss that comes and goes is heard beside a loud hum.
    """
    one = one / np.maximum(one.sum(axis=1, keepdims=True), LEAST_POWER)
    other = other / np.maximum(other.sum(axis=1, keepdims=True), LEAST_POWER)
    weight = np.sqrt(one + other)
    weight /= np.maximum(weight.sum(axis=1, keepdims=True), LEAST_POWER)
    unlike: Signal = (weight * np.abs(_db(one, other))).sum(axis=1)
    return unlike


def bands_db(bands: Signal) -> Signal:
    """Return the level of rows of band powers in dB."""
    power = bands.sum(axis=1)
    level_db: Signal = 10 * np.log10(np.maximum(power, LEAST_POWER))
    return level_db


def events_db(found: Features, first: NDArray[np.intp], count: int) -> Signal:
    """Return how far the loudest of `count` parts from each of `first` on is above the take's median, in its worst band.

    A band that is 30 dB below the whole has no events.
    """
    usual = np.median(found.bands, axis=0) + 1e-3 * found.bands.mean(axis=0).sum()
    above = _db(found.bands + usual, usual).max(axis=1)
    events: Signal = np.lib.stride_tricks.sliding_window_view(above, count)[first].max(axis=1)
    return events


def _db(one: Signal, other: Signal) -> Signal:
    least = 1e-8 * max(float(one.max(initial=0.0)), float(other.max(initial=0.0)), 1e-20)
    ratio: Signal = 10 * np.log10(np.maximum(one, least) / np.maximum(other, least))
    return ratio


def best_lag(head: Samples, area: Samples) -> tuple[int, float]:
    """Return where in `area` (frames, channels) the head lies best, and their correlation there, at least -0.5.

    That is the middle, unless another place is better by 0.1.
    """
    fade = len(head)
    products = np.zeros(len(area) - fade + 1)
    energy = np.zeros(len(area))
    for channel in range(head.shape[1]):
        products += _correlated(area[:, channel], head[:, channel])
        energy += np.square(area[:, channel], dtype=np.float64)
    power = np.concatenate([[0.0], np.cumsum(energy)])
    whole = float(np.square(head, dtype=np.float64).sum())
    correlations = products / np.sqrt(np.maximum((power[fade:] - power[:-fade]) * whole, 1e-20))
    best, middle = int(correlations.argmax()), len(products) // 2
    if correlations[best] < correlations[middle] + LEAST_GAIN:
        best = middle
    return best, float(np.clip(correlations[best], LEAST_CORRELATION, 1.0))


def _correlated(area: NDArray[np.float32], head: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the products of the head with each part of the area that is as long, by Fourier transform.

    np.correlate's long sums depend on how many threads there are.
    """
    length = 1 << (len(area) - 1).bit_length()
    spectrum = np.fft.rfft(area, length) * np.conj(np.fft.rfft(head, length))
    products = np.fft.irfft(spectrum, length)[: len(area) - len(head) + 1]
    return products.astype(np.float32, copy=False)


def quiet_nudge(samples: Samples, at: int, rate: int, least: int, most: int) -> int:
    """Return by how many frames, from `least` to `most` and 100 ms at most, to move a cut at `at` off a click of the
    take's own: as few as bring it where the second difference is usual, or else least; 0 where it is so already.
    """
    near = max(2, round(NUDGE_CLEAR_MS * rate / 1000))
    reach = round(NUDGE_MS * rate / 1000)
    low = max(least, -reach, near + 1 - at)
    high = min(most, reach, len(samples) - near - 1 - at)
    if low > 0 or high < 0 or low == high:
        return 0
    usual = _usual_step(samples)
    part = samples[at + low - near - 1 : at + high + near + 1]
    steps = np.abs(np.diff(part, 2, axis=0)).max(axis=1)
    if steps[-low : 2 * near - low].max() <= usual:
        return 0
    moves = np.arange(low, high + 1, max(1, near // 4))
    largest = np.lib.stride_tricks.sliding_window_view(steps, 2 * near)[moves - low].max(axis=1)
    usable = np.flatnonzero(largest <= usual)
    best = usable[np.abs(moves[usable]).argmin()] if usable.size else largest.argmin()
    return int(moves[best])


def _usual_step(samples: Samples) -> float:
    """Return what the second difference rarely exceeds in a take, by every few frames of it."""
    stride = max(3, len(samples) // USUAL_FRAMES)
    whole = len(samples) // stride * stride
    one, two, three = (samples[n:whole:stride] for n in range(3))
    return float(np.percentile(np.abs(one - 2 * two + three).max(axis=1), USUAL_PERCENTILE))


# Level


def leveled(take: Samples, lag: int, fade: int) -> Samples:
    """Return a take with a gain, linear in dB, that brings its last `fade` frames to the level of the first ones."""
    drift_db = level_difference_db(take[lag : lag + fade], take[:fade])
    if abs(drift_db) < LEAST_DRIFT_DB:
        return take
    drift_db = min(max(drift_db, -LARGEST_DRIFT_DB), LARGEST_DRIFT_DB)
    return ramped(take, drift_db / 2, drift_db / 2 - drift_db * len(take) / lag)


def ramped(take: Samples, from_db: float, to_db: float) -> Samples:
    """Return samples with a gain that goes from one level to another, linear in dB."""
    gains = np.exp(np.linspace(from_db, to_db, len(take)) * (np.log(10) / 20))
    ramp: Samples = take * gains.astype(np.float32)[:, np.newaxis]
    return ramp


def level_difference_db(one: Samples, other: Samples) -> float:
    """Return by how many dB the RMS of one is above the other's; 0 where either is silent."""
    power, other_power = _power(one), _power(other)
    return float(10 * np.log10(power / other_power)) if power > 0 and other_power > 0 else 0.0


def _power(samples: Samples) -> float:
    return float(np.mean(np.square(samples, dtype=np.float64))) if samples.size else 0.0


# The fade


def cross_fade(tail: Samples, head: Samples, rate: int) -> Samples:
    """Return `tail` fading into `head`, both of shape (frames, channels): it begins as the one and ends as the other.

    At each frequency and time the gains are of equal power, divided by sqrt(1 + 2ab·r) for gains a, b and the
    correlation r there: related and unrelated material alike keep their level, and one level goes over into the
    other. Tones that both have, but out of step, are turned towards one another over the fade, each peak of the
    spectrum with all that is around it (as phase-locked vocoders do: Laroche & Dolson 1999). A channel is faded
    as it is on its own: what is the same in both stays where it is.

    Fades of under 128 frames, and of over 10 s, have one correlation for all frequencies and times.
    """
    size = 1 << max(0, min(round(SPECTRUM_MS * rate / 1000), len(head) // 4).bit_length() - 1)
    faded = np.empty_like(head)
    for channel in range(head.shape[1]):
        one, other = tail[:, channel], head[:, channel]
        whole = size < LEAST_SPECTRUM or len(head) > LONGEST_FADE_S * rate
        faded[:, channel] = _faded_as_one(one, other) if whole else _faded(one, other, size)
    return faded


def _faded_as_one(tail: NDArray[np.float32], head: NDArray[np.float32]) -> Signal:
    phase = np.arange(len(head)) / max(1, len(head)) * (np.pi / 2)
    rising, falling = np.sin(phase), np.cos(phase)
    both = np.sqrt(_power(tail) * _power(head))
    product = float(np.mean(tail.astype(np.float64) * head)) if head.size else 0.0
    correlation = max(LEAST_CORRELATION, product / both) if both > 0 else 0.0
    faded: Signal = (rising * head + falling * tail) / np.sqrt(1 + 2 * rising * falling * correlation)
    return faded


def _faded(tail: NDArray[np.float32], head: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Fade in spectra of `size` frames that overlap by three quarters. Those that reach beyond the fade are the
    tail's or the head's own, so that nothing changes at its ends.
    """
    fade, hop = len(head), size // 4
    window = np.sqrt(np.hanning(size + 1)[:-1]).astype(np.float32)
    count = -(-(fade + size) // hop) - 1
    of_tail, of_head = (_spectra(x, window, count) for x in (tail, head))
    at = np.clip((np.arange(count) * hop - (size - hop)) / (fade - size), 0, 1)[:, np.newaxis].astype(
        np.float32
    )
    rising, falling = np.sin(at * (np.pi / 2)), np.cos(at * (np.pi / 2))

    product = of_tail * np.conj(of_head)
    tail_power, head_power = _squared(of_tail), _squared(of_head)
    phases, tones, of_peak = _turns(product, np.sqrt(tail_power * head_power))
    turned = 3 * at**2 - 2 * at**3
    of_tail[:, tones] *= np.exp(-1j * phases * turned)[:, of_peak]
    of_head[:, tones] *= np.exp(1j * phases * (1 - turned))[:, of_peak]
    product[:, tones] *= np.exp(-1j * phases)[:, of_peak]

    related = _in_bands(product.real)
    powers = np.square(rising) * _in_bands(head_power) + np.square(falling) * _in_bands(tail_power)
    level = 1 + 2 * rising * falling * related / np.maximum(powers, LEAST_POWER)
    gain = 1 / np.sqrt(np.clip(level, 1 + LEAST_CORRELATION, 2))
    parts = np.fft.irfft((of_tail * falling + of_head * rising) * gain, size, axis=1) * (window / 2)
    rows = np.zeros((count + 3, hop), np.float32)
    for quarter in range(4):
        rows[quarter : quarter + count] += parts[:, quarter * hop : (quarter + 1) * hop]
    return rows.reshape(-1)[size - hop : size - hop + fade]


def _spectra(x: NDArray[np.float32], window: NDArray[np.float32], count: int) -> Spectra:
    """Return `count` spectra a quarter of the window apart, of which the first has only its last quarter in `x`."""
    size = len(window)
    hop = size // 4
    padded = np.zeros(size + (count - 1) * hop, np.float32)
    padded[size - hop : size - hop + len(x)] = x
    spectra: Spectra = np.fft.rfft(
        np.lib.stride_tricks.sliding_window_view(padded, size)[::hop] * window, axis=1
    )
    return spectra


def _squared(spectra: Spectra) -> NDArray[np.float32]:
    return np.square(spectra.real) + np.square(spectra.imag)


def _turns(
    product: Spectra, largest: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.intp], NDArray[np.intp]]:
    """Return by how much the tail is ahead of the head in phase at some peaks of the spectrum, over time; which
    frequencies belong to them; and the peak of each of these.

    Those are the peaks of tones that both have. `product` is that of both spectra, and `largest` how large it
    can be, of shape (times, frequencies).
    """
    local = _around_each(product)
    strength = np.abs(local).sum(axis=0)
    coherence = strength / np.maximum(_around_each(largest).sum(axis=0), LEAST_POWER)
    peaks = 1 + np.flatnonzero((strength[1:-1] >= strength[:-2]) & (strength[1:-1] > strength[2:]))
    nearest = np.searchsorted((peaks[1:] + peaks[:-1]) / 2, np.arange(len(strength)))
    sure = coherence[peaks] > COHERENT
    tones = np.flatnonzero(sure[nearest]) if peaks.size else peaks
    phases = np.unwrap(np.angle(local[:, peaks[sure]]), axis=0)
    middle = phases[len(phases) // 2]
    phases -= (2 * np.pi) * np.round(middle / (2 * np.pi))  # the shorter way round, where both are as loud
    return phases.astype(np.float32), tones, (np.cumsum(sure) - 1)[nearest[tones]]


def _around_each(values: NDArray[Any]) -> NDArray[Any]:
    """Return the sums over the frequencies of a tone around each frequency."""
    return _sums_around(values.T, FREQUENCIES).T


def _sums_around(values: NDArray[Any], reach: int) -> NDArray[Any]:
    """Return the sums over rows up to `reach` before and after each."""
    sums = values.copy()
    for away in range(1, min(reach + 1, len(values))):
        sums[away:] += values[:-away]
        sums[:-away] += values[away:]
    return sums


def _in_bands(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return sums over a few times, and a third of an octave around each frequency."""
    count = values.shape[1]
    index = np.arange(count)
    low = np.clip(np.floor(index / BAND_RATIO).astype(np.intp), 0, np.maximum(index - FREQUENCIES, 0))
    high = np.clip(np.ceil(index * BAND_RATIO).astype(np.intp), index + FREQUENCIES, None) + 1
    total = np.zeros((len(values), count + 1))
    np.cumsum(_sums_around(values, BAND_TIMES), axis=1, dtype=np.float64, out=total[:, 1:])
    sums = total[:, np.minimum(high, count)] - total[:, low]
    return sums.astype(np.float32)


def _fitted(looped: Samples, length: int) -> Samples:
    """Resample one period of a periodic signal to nearly as many frames: as `stretched` does, but that takes ten times
    as long where a length has large prime factors. A shift of less than a frame comes with it.
    """
    if len(looped) == length:
        return looped
    margin = min(FITTING_MARGIN, len(looped))
    around = np.concatenate([looped[-margin:], looped, looped[:margin]])
    fitted = soxr.resample(around, len(looped), length, quality="HQ")
    first = round(margin * length / len(looped))
    return np.asarray(fitted[first : first + length], np.float32)


def stretched(looped: Samples, length: int) -> Samples:
    """Resample one period of a periodic signal to `length` frames, by its Fourier series."""
    if len(looped) == length:
        return looped
    period = np.fft.irfft(np.fft.rfft(looped, axis=0), n=length, axis=0) * (length / len(looped))
    return period.astype(np.float32)
