"""Seamless loops from a longer take."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip, Samples
from sfxgen.errors import AudioError

SHORTEST_OVERLAP_MS = 10.0
LARGEST_SHIFT_MS = 10.0
LARGEST_STRETCH = 0.004
"""How far alignment may stretch or shrink the loop: 0.4 %, 7 cents, below what is heard as out of tune."""
LEAST_GAIN = 0.1
"""How much more correlation alignment must bring before the loop is stretched for it."""
LEAST_CORRELATION = -0.5


def make_loop(clip: Clip, duration_s: float, crossfade_ms: float) -> Clip:
    """Make a loop of exactly round(duration_s * sample_rate) frames whose end runs on into its start.

    The loop's first `crossfade_ms` fade from what follows its end in the take to its start in the take, so the
    wrap itself is untouched audio. Before that, the tail is aligned to the start at their largest normalised
    cross-correlation. That makes the loop up to 0.4 % longer or shorter, so it is stretched back to length as
    the periodic signal it is. The fade is of equal power, divided by sqrt(1 + 2ab·r) for gains a, b and the
    measured correlation r: related and unrelated material alike keep their level.

    A take with less to spare than `crossfade_ms` gets a shorter cross-fade. Raises AudioError where it is
    shorter than the loop, or has less than 10 ms to spare for a seam that was asked for.
    """
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
            hint="set a shorter duration_s, or a model that generates longer takes",
        )
    if wanted <= 0:
        return Clip(clip.samples[:length], rate)
    if fade < min(wanted, round(SHORTEST_OVERLAP_MS * rate / 1000), length):
        raise AudioError(
            f"the take has {spare / rate * 1000:.1f} ms more than the loop: too little for a seam",
            hint="set a shorter duration_s, or crossfade_ms: 0 to leave the seam as it is",
        )
    reach = min(round(LARGEST_SHIFT_MS * rate / 1000), int(LARGEST_STRETCH * length))
    reach = min(reach, spare - fade, length - fade)
    start = (spare - fade - reach) // 2
    take = clip.samples[start:]
    lag, correlation = _best_lag(take, length, fade, reach)
    return Clip(stretched(_wrap(take, lag, fade, correlation), length), rate)


def _best_lag(take: Samples, length: int, fade: int, reach: int) -> tuple[int, float]:
    """Return the lag within `length` ± `reach` at which the take resembles its start best, and how much."""
    head = take[:fade].astype(np.float64)
    area = take[length - reach : length + reach + fade].astype(np.float64)
    products = np.zeros(2 * reach + 1)
    for channel in range(take.shape[1]):
        products += _correlated(area[:, channel], head[:, channel])
    power = np.concatenate([[0.0], np.cumsum(np.square(area).sum(axis=1))])
    energies = (power[fade:] - power[:-fade]) * np.square(head).sum()
    correlations = products / np.sqrt(np.maximum(energies, 1e-20))
    best = int(correlations.argmax())
    if correlations[best] < correlations[reach] + LEAST_GAIN:
        best = reach
    return length - reach + best, float(np.clip(correlations[best], LEAST_CORRELATION, 1.0))


def _correlated(area: NDArray[np.float64], head: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the products of the head with each part of the area that is as long, by Fourier transform.

    np.correlate's long sums depend on how many threads there are.
    """
    length = 1 << (len(area) - 1).bit_length()
    spectrum = np.fft.rfft(area, length) * np.conj(np.fft.rfft(head, length))
    products: NDArray[np.float64] = np.fft.irfft(spectrum, length)[: len(area) - len(head) + 1]
    return products


def _wrap(take: Samples, lag: int, fade: int, correlation: float) -> Samples:
    """Return the first `lag` frames of the take, their start cross-faded with what follows them."""
    phase = np.arange(fade) / fade * (np.pi / 2)
    rising, falling = np.sin(phase), np.cos(phase)
    level = np.sqrt(1 + 2 * rising * falling * correlation)
    looped = take[:lag].copy()
    looped[:fade] *= _column(rising / level)
    looped[:fade] += take[lag : lag + fade] * _column(falling / level)
    return looped


def _column(gains: NDArray[np.float64]) -> Samples:
    return gains.astype(np.float32)[:, np.newaxis]


def stretched(looped: Samples, length: int) -> Samples:
    """Resample one period of a periodic signal to `length` frames, by its Fourier series."""
    if len(looped) == length:
        return looped
    period = np.fft.irfft(np.fft.rfft(looped, axis=0), n=length, axis=0) * (length / len(looped))
    return period.astype(np.float32)
