"""Dry friction as stick and slip: what creaks, squeals and groans.

A spring is pulled and sticks until its force passes what the contact can hold; then it slips, and the force that
was stored goes into the body. Avanzini, Serafin and Rocchesso (2005) solve that with an elasto-plastic bristle at
every sample. Here only the slips are computed, from how far the spring is pulled between one and the next: the
same sawtooth of force for a hundredth of the work. Farnell (2010) makes his creaking door of such pulses.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sfxgen.models.synth import modal
from sfxgen.models.synth.filters import lowpass
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal

MEMORY = 0.7
"""How much of one slip's threshold the next one keeps: the same asperities come around again."""


def slips(rng: Generator, rate_hz: Signal, roughness: float) -> tuple[Signal, Signal]:
    """Return when a contact slips, in frames, and how much force each slip sets free (1 on average).

    The rate follows how fast the contact is pulled. Rough contacts hold now more and now less, and let go in
    pairs, a strong slip and a weak one.
    """
    pulled = np.cumsum(rate_hz) / SAMPLE_RATE
    count = int(2 * pulled[-1]) + 8
    holds = np.exp((0.03 + 0.38 * roughness) * _remembering(rng, count))
    holds *= 1 + 0.3 * roughness * np.where(np.arange(count) % 2, 1.0, -1.0)
    released = np.cumsum(holds) - holds[0]
    released = released[released < pulled[-1]]
    at = np.interp(released, pulled, np.arange(len(pulled), dtype=np.float64))
    return at, holds[: len(at)] * rng.uniform(0.8, 1.0, len(at))


def _remembering(rng: Generator, count: int) -> Signal:
    """Return unit-variance random values, each like the ones before it."""
    kernel = MEMORY ** np.arange(16)
    drawn = np.convolve(rng.standard_normal(count + 15), kernel, mode="valid")
    remembered: Signal = np.clip(drawn * np.sqrt(1 - MEMORY**2), -2.5, 2.5)
    return remembered


def force(rng: Generator, rate_hz: Signal, loudness: Signal, roughness: float, slip_ms: float) -> Signal:
    """Return the force on the body: a pulse of `slip_ms` for every slip, and the grit that is rubbed off in it.

    `loudness` is one value a sample, as `rate_hz`.
    """
    frames = len(rate_hz)
    at, freed = slips(rng, rate_hz, roughness)
    first = at.astype(np.int64)
    # Between two samples each slip falls on both of them; a fast squeal would be hoarse otherwise.
    part = at - first
    gains = freed * loudness[first]
    pulses = np.bincount(first, gains * (1 - part), frames + 1)
    pulses += np.bincount(first + 1, gains * part, frames + 1)
    grit = bursts(rng, frames, first, gains, 0.0008, 5)
    return lowpass(pulses[:frames] + (0.05 + 0.3 * roughness) * grit, 350 / slip_ms, 1)


def bursts(
    rng: Generator, frames: int, starts: NDArray[np.int64], gains: Signal, fade_s: float, each: int
) -> Signal:
    """Return short bursts of noise, as a few impulses of either sign after each start; 1/e after `fade_s`."""
    late = rng.exponential(fade_s * SAMPLE_RATE, (len(starts), each))
    places = np.minimum(starts[:, None] + late.astype(np.int64), frames - 1)
    signed = gains[:, None] * rng.choice(np.array([-1.0, 1.0]), late.shape)
    spread: Signal = np.bincount(places.ravel(), signed.ravel(), frames).astype(np.float64)
    return spread


def body(rng: Generator, low_hz: float, high_hz: float, t60_s: float, count: int = 9) -> modal.Modes:
    """Return what is set ringing: resonances spread over the octaves, the high ones shorter and weaker."""
    steps = (np.arange(count) + rng.uniform(0.15, 0.85, count)) / count
    gains = (1 - 0.6 * steps) * rng.uniform(0.5, 1.0, count)
    return modal.Modes(low_hz * (high_hz / low_hz) ** steps, t60_s * (1.5 - steps), gains)
