"""Bubbles in water, one and many (Minnaert, 1933; van den Doel, 2005)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth.envelopes import LN_1000, decay, ramp_out
from sfxgen.models.synth.oscillators import sin_of
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.particles import Positions
from sfxgen.models.synth.take import Signal, samples_of

MINNAERT = 3.26
"""A bubble's frequency in Hz times its radius in m, in water at the surface."""

SMALLEST_M, LARGEST_M = 0.0005, 0.06


def pitch_of(radius_m: float) -> float:
    """Return the frequency at which a bubble of a radius breathes (Minnaert, 1933)."""
    return MINNAERT / radius_m


def radius_of(pitch_hz: float) -> float:
    """Return the radius of a bubble that breathes at a frequency."""
    return float(min(max(MINNAERT / pitch_hz, SMALLEST_M), LARGEST_M))


def damping_of(radius_m: float) -> float:
    """Return how fast a bubble's ringing decays, in nepers a second: to radiation and to heat."""
    return float(0.13 / radius_m + 0.0072 * radius_m**-1.5)


def bubble(radius_m: float, *, rise_oct: float = 0.2, ring: float = 1.0) -> Signal:
    """Return one bubble: a decaying sine that rises as it nears the surface.

    `ring` makes it ring longer than open water lets it; big bubbles need longer to form, and start softer.
    """
    damping = damping_of(radius_m) / ring
    length_s = min(6.5 / damping, 0.9)
    seconds = np.arange(max(64, samples_of(length_s))) / SAMPLE_RATE
    pitch_hz = pitch_of(radius_m)
    # Steadily rising: what is heard of it, before it has decayed, is the first part of the rise.
    cycles = pitch_hz * (seconds + (2.0**rise_oct - 1) / (2 * length_s) * seconds**2)
    formed = np.minimum(1.0, seconds / (0.35 / pitch_hz + 0.0004))
    envelope = formed**2 * decay(len(seconds), LN_1000 / damping) * ramp_out(len(seconds), 0.2)
    rung: Signal = sin_of(cycles) * envelope
    return rung


def population(
    rng: Generator,
    pitch_hz: float,
    spread_oct: float,
    *,
    count: int = 24,
    rise_oct: float = 0.3,
    ring: float = 1.0,
    lowest_hz: float = 60.0,
    highest_hz: float = 9000.0,
) -> list[Signal]:
    """Return bubbles of many sizes around a middle pitch; the bigger are louder, by the root of their radius."""
    steps = (np.arange(count) + rng.uniform(0, 1, count)) / count - 0.5
    pitches = np.clip(pitch_hz * 2.0 ** (2.2 * spread_oct * steps), lowest_hz, highest_hz)
    out = []
    for hz in rng.permutation(pitches).tolist():
        rises = rise_oct * float(rng.uniform(0, 1)) ** 1.5 * 1.6
        grain = bubble(radius_of(hz), rise_oct=rises, ring=ring * float(rng.uniform(0.7, 1.4)))
        out.append(grain * (pitch_hz / hz) ** 0.5)
    return out


def bursts(rng: Generator, frames: int, count: int, each: Sequence[int]) -> Positions:
    """Return positions of bubbles that come in bursts, modulo `frames`: each burst a quick run of `each` from a vent."""
    starts = rng.integers(0, frames, count)
    runs = []
    for start in starts.tolist():
        number = int(rng.integers(each[0], each[1] + 1))
        gaps = rng.exponential(0.035, number) * rng.uniform(0.5, 2.0)
        runs.append(start + (np.cumsum(gaps) * SAMPLE_RATE).astype(np.int64))
    joined = np.concatenate(runs) if runs else np.zeros(0, np.int64)
    return np.sort(joined % frames)
