"""Explosions: how they are made."""

from __future__ import annotations

import numpy as np

from sfxgen.models.synth import noise, oscillators, particles
from sfxgen.models.synth.blast import shock
from sfxgen.models.synth.envelopes import decay, lines, ramp_out, slide, struck, wander
from sfxgen.models.synth.filters import saturate
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of


def explosion(take: Take) -> Signal:
    """Shock, a body of burning noise whose band falls, a long low rumble, and debris."""
    rng, size, rumble_s = take.rng, take["size"], take["rumble_s"]
    first = shock(rng, 0.0015 + 0.006 * size)
    body_s = 0.35 + 0.75 * size
    body_frames = samples_of(1.6 * body_s)
    bright = take["brightness"]

    def fireball(frequencies: Signal, times: Signal) -> Signal:
        corner = (900 + 5200 * bright) * 2 ** (-1.2 * size) * np.exp(-2.6 * times / body_s) + 110 - 50 * size
        return noise.tilt(frequencies, corner, 2.4) + 0.02 * bright * np.exp(-times / (0.4 * body_s))

    body = noise.painted(rng, body_frames, fireball, 1024) * decay(body_frames, 1.8 * body_s)
    body *= 0.75 + 0.25 * wander(rng, body_frames, 26)
    body *= np.minimum(1, np.arange(body_frames) / samples_of(0.004)) * ramp_out(body_frames, 0.3)
    thump = struck(0.002, 0.5 + 0.8 * size)
    thump *= oscillators.sine(slide(len(thump), 105 - 45 * size, 31 - 6 * size, 0.5), len(thump))
    front = mix((0.4 + 0.8 * take["shock"], level(first)), (1.0, level(body), 0.002), (0.8, thump, 0.002))
    layers: list[Layer] = [(1.0, saturate(level(front), 1.8)), (0.9, _rumble(take, rumble_s), 0.02)]
    if take["debris"] > 0:
        layers.append((0.3 * take["debris"], _debris(take, 0.6 * rumble_s), 0.2))
    return mix(*layers)


def _rumble(take: Take, rumble_s: float) -> Signal:
    rng, size = take.rng, take["size"]
    frames = samples_of(rumble_s)

    def low(frequencies: Signal, times: Signal) -> Signal:
        corner = (190 - 100 * size) * np.exp(-1.2 * times / rumble_s) + 40
        return noise.tilt(frequencies, corner, 3.0)

    rolling = 0.6 + 0.4 * wander(rng, frames, 6.5)
    envelope = np.minimum(1, np.arange(frames) / samples_of(0.05)) * decay(frames, rumble_s * 1.7)
    return level(noise.painted(rng, frames, low, 4096) * envelope * rolling * ramp_out(frames, 0.5))


def _debris(take: Take, length_s: float) -> Signal:
    rng = take.rng
    frames = samples_of(length_s + 0.2)
    falling = lines(frames, [(0, 0), (0.25 * length_s, 1), (0.55 * length_s, 0.4), (length_s, 0)])
    positions = particles.poisson_under(rng, falling, 12 + 170 * take["debris"] * length_s)
    gains = falling[positions] * particles.heavy_tailed(rng, len(positions), 1.0)
    bank = particles.bank(rng, 14, 500, 5200, (0.006, 0.035))
    return level(particles.resonant(rng, frames, positions, gains, bank)) * ramp_out(frames, 0.2)
