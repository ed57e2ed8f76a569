"""What falls bounces: when it touches down, how fast, and how a heap of pieces sounds that does so.

Rocchesso and Fontana (2003) hear a dropped ball in its rhythm alone: each flight is shorter than the last by the
coefficient of restitution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sfxgen.models.synth import modal, particles
from sfxgen.models.synth.envelopes import ramp_out
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal, level

GRAVITY = 9.81

SHORTEST_FLIGHT_S = 0.004
"""What touches down more often than this rolls or lies."""


def dropped(height_m: float, restitution: float) -> tuple[Signal, Signal]:
    """Return when a thing dropped from a height touches down, from the first time on, and how fast (first = 1)."""
    flight_s = 2 * math.sqrt(2 * height_m / GRAVITY)
    count = max(1, math.ceil(math.log(SHORTEST_FLIGHT_S / flight_s) / math.log(restitution)))
    speeds: Signal = np.power(restitution, np.arange(count + 1, dtype=np.float64))
    return np.concatenate([[0.0], np.cumsum(flight_s * speeds[1:])])[: count + 1], speeds


@dataclass(frozen=True, slots=True)
class Contacts:
    """Touch-downs of many pieces: times in s, speeds (1 is a piece's first), and which piece it was."""

    times_s: Signal
    speeds: Signal
    pieces: NDArray[np.int64]


def settling(
    rng: Generator, count: int, spread_s: float, restitution: float, drop_s: float = 0.2
) -> Contacts:
    """Return the touch-downs of pieces that come down within `spread_s`, most of them early, and bounce.

    `drop_s` is about how long the first flights last. Edgy pieces bounce unevenly.
    """
    bounces = int(np.clip(math.log(0.05) / math.log(restitution), 1, 6)) + 1
    landed = spread_s * rng.beta(1.0, 1.7, count)
    landed[0] = 0.0
    speeds = restitution ** np.arange(bounces) * rng.uniform(0.55, 1.25, (count, bounces))
    flights = drop_s * rng.uniform(0.4, 1.0, (count, 1)) * speeds
    times = landed[:, None] + np.cumsum(flights, axis=1) - flights[:, :1]
    pieces = np.repeat(np.arange(count), bounces)
    return Contacts(times.ravel(), speeds.ravel(), pieces)


def heap(
    rng: Generator,
    contacts: Contacts,
    material: modal.Material,
    pitches_hz: tuple[float, float],
    *,
    ring: float,
    hardness: float,
    kinds: int = 8,
    longest_s: float = 1.5,
) -> Signal:
    """Return pieces of a material as they touch down; every one is one of a few bodies, big ones low and loud.

    Fast touch-downs are hard and bright, slow ones soft (a piece has two sounds). The first comes at once.
    """
    low_hz, high_hz = pitches_hz
    count = min(kinds, int(contacts.pieces.max()) + 1)
    steps = rng.permutation((np.arange(count) + rng.uniform(0, 1, count)) / count)
    grains, weights = [], []
    for step in steps.tolist():
        pitch_hz = low_hz * (high_hz / low_hz) ** step
        for strike in (hardness, 0.55 * hardness):
            modes = modal.body(
                rng,
                material,
                pitch_hz,
                ring=ring * rng.uniform(0.5, 1.0),
                brightness=0.1 + 0.75 * strike,
                looseness=0.12,
            )
            lasting_s = min(longest_s, 0.8 * float(np.max(modes.t60s)))
            struck = modal.ring(modes, modal.blow(0.3 + 0.7 * strike, material.contact_ms), lasting_s)
            grains.append(level(struck) * ramp_out(len(struck), 0.2))
            weights.append((low_hz / pitch_hz) ** 0.45)
    which = 2 * (contacts.pieces % count) + (contacts.speeds < 0.5)
    gains = contacts.speeds**1.2 * np.array(weights)[which] * rng.uniform(0.5, 1.0, len(which))
    return laid(contacts.times_s, gains, which, grains)


def laid(times_s: Signal, gains: Signal, which: NDArray[np.int64], grains: list[Signal]) -> Signal:
    """Return grains at times, each event the one it asks for; what is 50 dB below the loudest is left out."""
    starts = np.maximum(0, np.round(times_s * SAMPLE_RATE)).astype(np.int64)
    longest = np.array([len(grain) for grain in grains])
    total = np.zeros(int(np.max(starts + longest[which])))
    heard = gains > 0.003 * np.max(gains)
    for start, gain, grain in zip(
        starts[heard].tolist(), gains[heard].tolist(), which[heard].tolist(), strict=True
    ):
        own = grains[grain]
        total[start : start + len(own)] += gain * own
    return total


def jingle(rng: Generator, envelope: Signal, count: float, low_hz: float, ring_s: float) -> Signal:
    """Return small metal parts that knock whenever an envelope stirs them: rings, buckles, plates of armour."""
    frames = len(envelope)
    positions = particles.poisson_under(rng, envelope + 1e-9, count)
    gains = (0.1 + envelope[positions]) * particles.heavy_tailed(rng, len(positions), 0.7)
    bank = particles.bank(rng, 14, low_hz, 4.2 * low_hz, (0.4 * ring_s, ring_s))
    rung = particles.ringing(rng, frames, positions, gains, bank)
    return level(rung)
