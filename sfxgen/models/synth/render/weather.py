"""Weather: how they are made."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import bed, noise, particles
from sfxgen.models.synth.envelopes import wander
from sfxgen.models.synth.filters import lowpass
from sfxgen.models.synth.render.water import bubbles_of
from sfxgen.models.synth.take import Signal, Take

DROPS = {
    "ground": (700.0, 6000.0, (0.002, 0.007), 0.25),
    "leaves": (350.0, 3800.0, (0.004, 0.012), 0.05),
    "roof": (420.0, 4200.0, (0.018, 0.06), 0.0),
    "water": (900.0, 5000.0, (0.001, 0.004), 1.0),
    "glass": (1300.0, 7500.0, (0.005, 0.018), 0.0),
}
"""What a drop sets ringing, by surface: from and to Hz, for how long, and how many drops leave a bubble."""


def rain(take: Take) -> Signal:
    """Near drops as a PhISEM crowd, far drops as a painted bed."""
    slow = wander(take.rng, take.frames, 0.4)
    return bed.stereo(_rain_side(take, slow), _rain_side(take, slow))


def _rain_side(take: Take, slow: Signal) -> Signal:
    rng, frames, size = take.rng, take.frames, take["size"]
    low_hz, high_hz, ring_s, bubbles = DROPS[take.choice("surface")]
    bigger = 2 ** (0.6 - 1.2 * size)
    positions = particles.poisson(rng, frames, 0.5 * take["density"] * (take.frames / 48000))
    gains = particles.heavy_tailed(rng, len(positions), 0.65)
    bank = particles.bank(rng, 10, low_hz * bigger, high_hz * bigger, ring_s)
    drops = particles.resonant(rng, frames, positions, gains, bank)
    drops += 0.25 * particles.impulses(
        frames, positions, gains * rng.choice(np.array([-1.0, 1.0]), len(positions))
    )
    top_hz = 2500 + 11000 * take["brightness"]
    drops = bed.unit(lowpass(drops, top_hz, 1))
    if bubbles:
        drops += bubbles * bubbles_of(rng, frames, 0.04 * bubbles * len(positions), 1100 * bigger, 0.03)
    centre = (1400 + 4200 * take["brightness"]) * bigger**0.5

    def far(frequencies: Signal, times: Signal) -> Signal:
        return noise.bump(frequencies, centre, 1.3) * (1 + 0.18 * noise.at(slow, times))

    far_rain = bed.unit(noise.painted(rng, frames, far))
    grain = 1 + 0.3 * bed.unit(lowpass(np.abs(drops), 60))
    return drops + 1.3 * take["bed"] * far_rain * grain / np.mean(grain)


def wind(take: Take) -> Signal:
    """Painted noise whose level and centre follow the gusts; narrow bands sing in them; leaves rustle."""
    rng, frames = take.rng, take.frames
    gust = 0.7 * wander(rng, frames, take["gust_hz"]) + 0.3 * wander(rng, frames, 2.7 * take["gust_hz"])
    notes = [(take["pitch_hz"] * 2 ** rng.uniform(0.8, 2.4), rng.uniform(0, 0.35)) for _ in range(3)]
    sides = []
    for _ in range(2):
        own = 0.8 * gust + 0.2 * wander(rng, frames, 1.6 * take["gust_hz"])
        sides.append(_wind_side(take, own, notes))
    return bed.stereo(*sides, width=0.7)


def _wind_side(take: Take, gust: Signal, notes: list[tuple[float, float]]) -> Signal:
    rng, frames, strength = take.rng, take.frames, take["strength"]
    depth = take["gusts"]

    def rush(frequencies: Signal, times: Signal) -> Signal:
        swell = noise.at(gust, times) * depth
        centre = take["pitch_hz"] * 2 ** (0.9 * strength - 0.4 + 0.7 * swell)
        level = 10 ** (1.0 * swell)
        gains = noise.bump(frequencies, centre, 1.0) + 0.35 * noise.tilt(frequencies, 90, 1.5)
        gains = gains + 0.16 * strength * noise.bump(frequencies, centre * 5, 1.3)
        for pitch_hz, threshold in notes:
            singing = np.clip(swell + 0.6 * strength - threshold, 0, 1)
            gains = gains + 9 * take["whistle"] * singing * noise.bump(
                frequencies, pitch_hz * 2 ** (0.12 * swell), 0.05
            )
        return level * gains

    total = bed.unit(noise.painted(rng, frames, rush, 2048))
    if take["leaves"] > 0:
        total = total + 1.2 * take["leaves"] * _leaves(rng, frames, gust * depth)
    return total


def _leaves(rng: Generator, frames: int, gust: Signal) -> Signal:
    swell = 10 ** (0.7 * gust)
    flutter = 0.6 + 0.4 * wander(rng, frames, 9)

    def foliage(frequencies: Signal, times: Signal) -> Signal:
        return noise.bump(frequencies, 4200 * 2 ** (0.3 * noise.at(gust, times)), 0.85)

    rustle = noise.painted(rng, frames, foliage) * swell * flutter
    return bed.unit(rustle)
