"""Things that break: how they are made."""

from __future__ import annotations

from sfxgen.models.synth import modal, noise, particles
from sfxgen.models.synth.envelopes import decay, lines, wander
from sfxgen.models.synth.filters import highpass
from sfxgen.models.synth.take import Signal, Take, level, mix, samples_of


def glass(take: Take) -> Signal:
    """A crack, then pieces that ring high, hit the ground and each other, fewer and smaller with time."""
    rng, size, spread_s = take.rng, take["size"], take["spread_s"]
    frames = samples_of(spread_s + 0.1)
    falling = lines(
        frames, [(0, 1), (0.03, 0.8), (0.18 * spread_s, 0.45), (0.4 * spread_s, 0.7), (spread_s, 0)]
    )
    positions = particles.poisson_under(rng, falling, take["shards"])
    gains = (0.2 + falling[positions]) * particles.heavy_tailed(rng, len(positions), 0.75)
    ring = (0.35 + 1.6 * take["ring"] ** 1.5) * (0.7 + 0.6 * size)
    pieces = [_shard(take, modal.scaled((2600, 1300), size), ring) for _ in range(14)]
    shards = particles.scatter(frames + samples_of(1.2 * ring), positions, gains, pieces)
    dust_frames = samples_of(0.5 * spread_s)
    dust = highpass(noise.white(rng, dust_frames), 5000) * decay(dust_frames, 0.5 * spread_s)
    dust *= 0.5 + 0.5 * wander(rng, dust_frames, 60)
    return mix((0.75, level(shards), 0.004), (0.3 + take["crack"], _crack(take)), (0.12, level(dust), 0.003))


def _shard(take: Take, lowest_hz: float, ring: float) -> Signal:
    pitch_hz = lowest_hz * 2 ** take.rng.uniform(0, 1.9)
    material = modal.MATERIALS["glass"]
    modes = modal.body(
        take.rng, material, pitch_hz, ring=ring * take.rng.uniform(0.3, 1.0), brightness=0.55, looseness=0.15
    )
    return level(modal.ring(modes, modal.blow(0.95), 2.0)) * take.rng.uniform(0.4, 1.0)


def _crack(take: Take) -> Signal:
    pane_hz = modal.scaled((1400, 380), take["size"])
    modes = modal.body(take.rng, modal.MATERIALS["glass"], pane_hz, ring=0.12, brightness=0.75, looseness=0.2)
    pane = level(modal.ring(modes, modal.blow(0.9)))
    burst_frames = samples_of(0.07)
    burst = highpass(noise.white(take.rng, burst_frames), 1800) * decay(burst_frames, 0.06)
    return level(mix((0.8, pane), (1.0, level(burst)), (0.5, level(burst[: burst_frames // 2]), 0.018)))
