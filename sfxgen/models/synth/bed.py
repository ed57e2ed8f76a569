"""What textures are made of: sources that repeat after the texture's period, so that every loop is seamless.

A texture renders `take.frames` frames: some to settle, which are thrown away, and then one `take.period`. Each source
here gives the same value at t and at t + period. Filters, products and sums of such signals repeat as well, once
they have settled, and so do a random movement, a crowd of events or a tone: nothing has to be cross-faded.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import noise
from sfxgen.models.synth.envelopes import smooth_points
from sfxgen.models.synth.oscillators import sin_of
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.particles import Bank, Positions, ringing
from sfxgen.models.synth.take import Signal, Take


def repeated(take: Take, period: Signal) -> Signal:
    """Return one period's signal over the whole texture."""
    return np.resize(period, take.frames)


def white(take: Take) -> Signal:
    """Return white noise of unit variance."""
    return repeated(take, take.rng.standard_normal(take.period))


def painted(take: Take, spectrum: noise.Spectrum, window: int = 1024) -> Signal:
    """Return noise whose spectrum is painted over time, as `noise.painted`. Curves in it must repeat too."""
    return repeated(take, noise.painted_around(take.rng, take.period, spectrum, window))


def wander(take: Take, rate_hz: float) -> Signal:
    """Return slow random movement within -1 to 1 that turns about `rate_hz` times a second."""
    cells = max(2, round(rate_hz * take.period / SAMPLE_RATE))
    points = take.rng.uniform(-1, 1, cells)
    step = int(min(max(SAMPLE_RATE / rate_hz / 24, 1), 480))
    grid = np.append(np.arange(0, take.period, step), take.period)
    moves = smooth_points(np.append(points, points[:2]), grid * (cells / take.period))
    return repeated(take, np.interp(np.arange(take.period), grid, moves))


def cycles(take: Take, frequency_hz: float | Signal) -> Signal:
    """Return the running phase in cycles, moved to the nearest frequency that fits the period a whole number of times.

    A frequency of one value a sample must repeat. The phase itself runs on: take its sine, or its rest modulo 1.
    """
    if isinstance(frequency_hz, np.ndarray):
        one: Signal = np.cumsum(frequency_hz[: take.period], dtype=np.float64) / SAMPLE_RATE
    else:
        one = np.arange(1, take.period + 1, dtype=np.float64) * (frequency_hz / SAMPLE_RATE)
    whole = max(1, round(float(one[-1])))
    one = one * (whole / float(one[-1]))
    turns: Signal = np.arange(-(-take.frames // take.period), dtype=np.float64) * whole
    return np.add.outer(turns, one).ravel()[: take.frames]


def sine(take: Take, frequency_hz: float | Signal, start: float = 0.0) -> Signal:
    """Return a sine, `start` cycles in."""
    return sin_of(cycles(take, frequency_hz) + start)


def events(take: Take, rate_hz: float) -> Positions:
    """Return the positions within one period of a Poisson process with `rate_hz` events a second."""
    count = take.rng.poisson(rate_hz * take.period / SAMPLE_RATE)
    return np.sort(take.rng.integers(0, take.period, count))


def events_under(take: Take, envelope: Signal, rate_hz: float) -> Positions:
    """Return the positions within one period of a Poisson process whose rate follows an envelope that repeats."""
    mass = np.cumsum(np.maximum(envelope[: take.period], 0.0))
    count = take.rng.poisson(rate_hz * take.period / SAMPLE_RATE)
    return np.sort(np.searchsorted(mass, take.rng.uniform(0, mass[-1], count))).astype(np.int64)


def impulses(take: Take, positions: Positions, gains: Signal) -> Signal:
    """Return a train of single-sample impulses at positions within the period."""
    one = np.bincount(positions % take.period, weights=gains, minlength=take.period)
    return repeated(take, one.astype(np.float64))


def scatter(take: Take, positions: Positions, gains: Signal, grains: Sequence[Signal]) -> Signal:
    """Return grains of any length added at positions within the period; event i uses grain i modulo their number."""
    longest = max((len(grain) for grain in grains), default=0)
    total = np.zeros(take.period + longest)
    for index, (position, gain) in enumerate(zip(positions.tolist(), gains.tolist(), strict=True)):
        grain = grains[index % len(grains)]
        total[position : position + len(grain)] += gain * grain
    return repeated(take, _folded(total, take.period))


def resonant(rng: Generator, take: Take, positions: Positions, gains: Signal, bank: Bank) -> Signal:
    """Return events that each excite one resonance of a bank, chosen at random."""
    return repeated(take, _folded(ringing(rng, take.period, positions, gains, bank), take.period))


def _folded(total: Signal, period: int) -> Signal:
    """Return a signal with what rings on after its period added to the start."""
    periods = -(-len(total) // period)
    whole: Signal = np.pad(total, (0, periods * period - len(total))).reshape(periods, period)
    return np.asarray(whole.sum(axis=0), np.float64)


def stereo(left: Signal, right: Signal, *, width: float = 0.8) -> Signal:
    """Return (frames, 2) of two independent sides that share part of each other."""
    shared = (1 - width) / 2
    return np.stack([(1 - shared) * left + shared * right, shared * left + (1 - shared) * right], axis=1)


def unit(signal: Signal) -> Signal:
    """Return the signal at an RMS of 1; silence stays silence."""
    rms = float(np.sqrt(np.mean(signal**2)))
    return signal / rms if rms > 0 else signal
