"""Fire: how they are made."""

from __future__ import annotations

import math

from sfxgen.models.synth import bed, noise, particles
from sfxgen.models.synth.envelopes import wander
from sfxgen.models.synth.filters import highpass
from sfxgen.models.synth.take import Signal, Take


def fire(take: Take) -> Signal:
    """Snapping wood as heavy-tailed clicks, hiss of gas, and flames that lap at low frequencies (Farnell, 2010)."""
    rng, frames, size = take.rng, take.frames, take["size"]
    activity = 1 + 0.6 * wander(rng, frames, 0.8)
    positions = particles.poisson_under(rng, activity**2, take["crackles"] * (take.frames / 48000))
    gains = particles.heavy_tailed(rng, len(positions), 1.0)
    bigger = 2 ** (0.5 - size)
    bank = particles.bank(rng, 10, 900 * bigger, 7500 * bigger, (0.0015, 0.011))
    snaps = particles.resonant(rng, frames, positions, gains, bank)
    fizz_at = particles.poisson_under(rng, activity**2, 14 * take["crackles"] * (take.frames / 48000))
    fizz_bank = particles.bank(rng, 5, 2500, 9000, (0.0008, 0.003))
    fizz = particles.resonant(rng, frames, fizz_at, particles.heavy_tailed(rng, len(fizz_at), 0.9), fizz_bank)
    hiss = highpass(noise.white(rng, frames), 2500) * (0.55 + 0.45 * wander(rng, frames, 3.5)) ** 2
    lapping = 1 + 0.55 * wander(rng, frames, 4.5) + 0.3 * wander(rng, frames, 11)

    def flames(frequencies: Signal, times: Signal) -> Signal:
        corner = 130 + 260 * size + 90 * noise.at(lapping, times)
        return noise.tilt(frequencies, corner, 2.2)

    roar = noise.painted(rng, frames, flames, 2048) * lapping
    snap_level = 0.5 / math.sqrt(max(take["crackles"], 1.0))
    total: Signal = snap_level * snaps + 0.33 * snap_level * fizz
    return total + 0.08 * take["hiss"] * bed.unit(hiss) + (0.1 + 0.2 * size) * take["roar"] * bed.unit(roar)
