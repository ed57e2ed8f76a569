"""Vehicles: how they are made."""

from __future__ import annotations

import numpy as np

from sfxgen.models.synth import bed, noise, oscillators, particles
from sfxgen.models.synth.envelopes import wander
from sfxgen.models.synth.filters import formant, highpass, lowpass, saturate
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal, Take


def engine(take: Take) -> Signal:
    """Every firing is a pressure pulse into the exhaust; the block's harmonics and intake noise lie over it.

    A four-stroke engine fires cylinders / 2 times a turn. No two cylinders are alike, which gives the
    half-order harmonics; no two cycles are alike, which gives the roughness.
    """
    rng, frames = take.rng, take.frames
    cylinders = max(1, round(take["cylinders"]))
    load, rough = take["load"], take["roughness"]
    turns_hz = take["rpm"] / 60
    drift = 1 + (0.004 + 0.012 * rough) * wander(rng, frames, 2.5) + 0.006 * rough * wander(rng, frames, 17)
    cycle = oscillators.phase(0.5 * turns_hz * drift, frames)
    firing = cycle * cylinders
    starts = np.flatnonzero(np.diff(np.floor(firing), prepend=0.0) > 0)
    own = 1 + 0.45 * rough * rng.uniform(-1, 1, cylinders)
    each = own[np.arange(len(starts)) % cylinders] * (1 + 0.3 * rough * rng.standard_normal(len(starts)))
    pulses = particles.impulses(frames, starts, np.maximum(each, 0.05))
    total = _exhaust(take, pulses, turns_hz * cylinders / 2)
    block = oscillators.partials(
        turns_hz * drift, frames, (0.5, 1, 1.5, 2, 3, 4, 6), (0.25, 0.7, 0.2, 0.5, 0.3, 0.25, 0.15)
    )
    breath = np.abs(np.sin(np.pi * firing)) ** 2
    intake = noise.band(rng, frames, 300, 1500 + 3500 * load, 1) * (0.3 + breath)
    whirr = noise.band(rng, frames, 2500, 7000, 1) * (0.5 + 0.5 * breath)
    mixed = (
        bed.unit(total)
        + 0.35 * bed.unit(block)
        + (0.05 + 0.22 * load) * bed.unit(intake)
        + 0.04 * bed.unit(whirr)
    )
    return saturate(0.35 * mixed, 0.6 + 2.5 * load)


def _exhaust(take: Take, pulses: Signal, firing_hz: float) -> Signal:
    """Return the firings, each some milliseconds of pressure and torn gas, through the pipe's resonances."""
    rng, size, load = take.rng, take["size"], take["load"]
    # A pulse lasts a part of the time between firings, so that it softens at low revs and buzzes at high ones.
    soft_hz = max(150.0, firing_hz * (5 + 8 * load)) * 2 ** (0.6 - size)
    pressure = lowpass(pulses, soft_hz) * SAMPLE_RATE / 300
    gas = noise.white(rng, len(pulses)) * lowpass(pulses, 90, 1) * 12
    source = pressure + (0.15 + 0.5 * load) * lowpass(gas, 1800 + 2500 * load, 1)
    pipe_hz = 240 * 2 ** (-1.6 * size + 0.8)
    total = 0.5 * source
    for order, gain in ((1, 0.5), (3, 0.6), (5, 0.6), (7, 0.5), (11, 0.4)):
        astray = 1 + 0.05 * rng.uniform(-1, 1)
        total = total + gain * 0.3 * formant(source, pipe_hz * order * 0.5 * astray, 0.05 / order**0.5)
    return highpass(total, 25)
