"""Crowds of small random events, after Cook's physically informed stochastic event modelling (PhISEM, 1997).

An event is a sample position with a gain. Each sets one of a few resonances ringing, or is one of a few grains.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sfxgen.models.synth.envelopes import decay, ramp_out
from sfxgen.models.synth.filters import convolved
from sfxgen.models.synth.oscillators import sine
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal, samples_of

Positions = NDArray[np.int64]

Bank = Sequence[tuple[float, float]]
"""Resonances: (frequency_hz, t60_s) each."""

SAMPLES_AN_EVENT = 40
"""Adding one event costs about as much as convolving this many samples."""


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


def resonant(rng: Generator, frames: int, positions: Positions, gains: Signal, bank: Bank) -> Signal:
    """Return events that each excite one resonance of a bank, chosen at random, cut at `frames`."""
    return ringing(rng, frames, positions, gains, bank)[:frames]


def ringing(rng: Generator, frames: int, positions: Positions, gains: Signal, bank: Bank) -> Signal:
    """Return the same with what rings on after `frames`."""
    which = rng.integers(0, len(bank), len(positions))
    signed = gains * rng.choice(np.array([-1.0, 1.0]), len(positions))
    lengths = [max(8, samples_of(1.1 * t60_s)) for _, t60_s in bank]
    total = np.zeros(frames + max(lengths))
    for index, ((frequency_hz, t60_s), length) in enumerate(zip(bank, lengths, strict=True)):
        mine = which == index
        if np.any(mine):
            grain = _ping(frequency_hz, t60_s, length)
            _add(total, positions[mine], signed[mine], grain)
    return total


def _ping(frequency_hz: float, t60_s: float, frames: int) -> Signal:
    """Return a resonance struck by an impulse: it starts at full force, and its mean is 0."""
    angle = 2 * np.pi * min(frequency_hz, 0.48 * SAMPLE_RATE) / SAMPLE_RATE
    ping: Signal = np.cos(angle * np.arange(frames)) * decay(frames, t60_s)
    ping[-max(1, frames // 8) :] *= ramp_out(max(1, frames // 8), 1.0)
    ping[0] -= ping.sum()
    return ping


def _add(total: Signal, positions: Positions, gains: Signal, grain: Signal) -> None:
    """Add a grain at every position: one by one, or a dense crowd by convolution, whichever is cheaper."""
    if len(positions) * SAMPLES_AN_EVENT < len(total):
        for position, gain in zip(positions.tolist(), gains.tolist(), strict=True):
            total[position : position + len(grain)] += gain * grain
    else:
        frames = len(total) - len(grain) + 1
        total += convolved(impulses(frames, positions, gains), grain)


def bank(rng: Generator, count: int, low_hz: float, high_hz: float, t60_s: tuple[float, float]) -> Bank:
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
