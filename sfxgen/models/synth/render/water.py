"""Water: how they are made."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import bed, noise, particles
from sfxgen.models.synth.envelopes import decay, wander
from sfxgen.models.synth.filters import highpass
from sfxgen.models.synth.oscillators import sine
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of


def water_drop(take: Take) -> Signal:
    """A tick, then the trapped bubble's rising note (Minnaert, 1933)."""
    rng = take.rng
    layers: list[Layer] = []
    start_s = 0.0
    for _ in range(max(1, round(take["drops"]))):
        pitch = take["pitch_hz"] * 2 ** rng.uniform(-0.15, 0.15)
        gain = rng.uniform(0.6, 1.0)
        note = particles.bubble(pitch, take["decay_s"], take["rise_oct"])
        tick = highpass(noise.white(rng, samples_of(0.012)), 2500) * decay(samples_of(0.012), 0.01)
        crown = 0.2 * sine(pitch * 2.4, len(note)) * decay(len(note), 0.25 * take["decay_s"])
        lag_s = rng.uniform(0.008, 0.022)
        layers += [(gain, note, start_s + lag_s), (gain * 0.5 * take["impact"], level(tick), start_s)]
        layers.append(
            (gain * 0.5 * take["impact"], crown * np.minimum(1, np.arange(len(note)) / 48), start_s + lag_s)
        )
        start_s += rng.uniform(0.09, 0.3)
    return mix(*layers)


def stream(take: Take) -> Signal:
    """Bubbles of many sizes over the rush of water (van den Doel, 2005)."""
    rng, flow = take.rng, take["flow"]
    centre = take["pitch_hz"] * 2 ** (0.6 - 1.2 * flow)
    slow = wander(rng, take.frames, 1.5)
    sides = []
    for _ in range(2):
        bubbles = bubbles_of(rng, take.frames, take["bubbles"] * (take.frames / 48000), centre, 0.045)

        def rush(frequencies: Signal, times: Signal) -> Signal:
            body = noise.bump(frequencies, 900 * 2 ** (-flow), 1.5) + 0.3 * noise.bump(frequencies, 4500, 1.0)
            return body * (1 + 0.15 * noise.at(slow, times))

        water = bed.unit(noise.painted(rng, take.frames, rush)) * (1 + 0.2 * wander(rng, take.frames, 7))
        sides.append(bubbles + (0.1 + 1.2 * flow) * 1.2 * take["rush"] * water)
    return bed.stereo(*sides)


def bubbles_of(rng: Generator, frames: int, count: float, pitch_hz: float, ring_s: float) -> Signal:
    positions = particles.poisson(rng, frames, count)
    pitches = pitch_hz * 2.0 ** rng.normal(0, 0.8, 48)
    grains = [
        particles.bubble(
            float(f), ring_s * (pitch_hz / float(f)) ** 0.5 * rng.uniform(0.5, 1.6), rng.uniform(0.05, 0.5)
        )
        for f in np.clip(pitches, 120, 9000)
    ]
    return bed.unit(
        particles.scatter(frames, positions, particles.heavy_tailed(rng, len(positions), 0.6), grains)
    )
