"""Crowds of small random events, after Cook's physically informed stochastic event modelling (PhISEM, 1997).

An event is a sample position with a gain. Many events go together through a few resonances, which costs no more
for a thousand drops than for ten.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sfxgen.models.synth.envelopes import decay, ramp_out
from sfxgen.models.synth.filters import formant
from sfxgen.models.synth.oscillators import sine
from sfxgen.models.synth.take import Signal, samples_of

Positions = NDArray[np.int64]


def poisson(rng: Generator, frames: int, count: float) -> Positions:
    """Return the positions of a steady Poisson process with `count` events to be expected, in order."""
    return np.sort(rng.integers(0, frames, rng.poisson(count)))


def poisson_under(rng: Generator, envelope: Signal, count: float) -> Positions:
    """Return the positions of a Poisson process whose rate follows an envelope (by inversion of its integral)."""
    mass = np.cumsum(envelope)
    draws = rng.uniform(0, mass[-1], rng.poisson(count))
    return np.sort(np.searchsorted(mass, draws)).astype(np.int64)


def impulses(frames: int, positions: Positions, gains: Signal) -> Signal:
    """Return a train of single-sample impulses."""
    return np.bincount(positions, weights=gains, minlength=frames)[:frames].astype(np.float64)


def heavy_tailed(rng: Generator, count: int, sigma: float) -> Signal:
    """Return log-normal gains of median 1: most events small, a few bigger, none beyond two deviations."""
    return np.exp(sigma * np.clip(rng.standard_normal(count), -3, 2))


def resonant(
    rng: Generator,
    frames: int,
    positions: Positions,
    gains: Signal,
    bank: Sequence[tuple[float, float]],
) -> Signal:
    """Return events that each excite one resonance of a bank of (frequency_hz, t60_s), chosen at random."""
    which = rng.integers(0, len(bank), len(positions))
    signs = rng.choice(np.array([-1.0, 1.0]), len(positions))
    total = np.zeros(frames)
    for index, (frequency_hz, t60_s) in enumerate(bank):
        mine = which == index
        if np.any(mine):
            train = impulses(frames, positions[mine], (gains * signs)[mine])
            total += formant(train, frequency_hz, t60_s)
    return total


def bank(
    rng: Generator, count: int, low_hz: float, high_hz: float, t60_s: tuple[float, float]
) -> list[tuple[float, float]]:
    """Return resonances spread evenly over the octaves between two frequencies, each a little astray."""
    steps = (np.arange(count) + rng.uniform(0, 1, count)) / count
    times = rng.uniform(*t60_s, count)
    return [
        (low_hz * (high_hz / low_hz) ** step, t)
        for step, t in zip(steps.tolist(), times.tolist(), strict=True)
    ]


def scatter(frames: int, positions: Positions, gains: Signal, grains: Sequence[Signal]) -> Signal:
    """Return grains added at positions; event i uses grain i modulo their number."""
    total = np.zeros(frames + max((len(grain) for grain in grains), default=0))
    for index, (position, gain) in enumerate(zip(positions.tolist(), gains.tolist(), strict=True)):
        grain = grains[index % len(grains)]
        total[position : position + len(grain)] += gain * grain
    return total[:frames]


def bubble(frequency_hz: float, t60_s: float, rise_oct: float) -> Signal:
    """Return one bubble: a decaying sine whose pitch rises as it nears the surface (van den Doel, 2005)."""
    frames = max(64, samples_of(t60_s))
    position = np.arange(frames) / frames
    pitch = frequency_hz * 2.0 ** (rise_oct * position)
    attack = np.minimum(1.0, position * t60_s / 0.0015)
    return sine(pitch, frames) * decay(frames, t60_s) * attack * ramp_out(frames, 0.1)
