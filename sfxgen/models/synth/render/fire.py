"""Fire: how they are made."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import bed, loops, modal, noise, particles
from sfxgen.models.synth.bubbles import population
from sfxgen.models.synth.envelopes import decay, lines, ramp_out, slide, struck, wander
from sfxgen.models.synth.filters import bandpass, highpass, lowpass
from sfxgen.models.synth.loops import Circle, Curve, one_period
from sfxgen.models.synth.noise import Gains, bump, tilt
from sfxgen.models.synth.oscillators import sine
from sfxgen.models.synth.particles import heavy_tailed
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of


@one_period
def fire(take: Take) -> Circle:
    """Snapping wood as heavy-tailed clicks, hiss of gas, and flames that lap at low frequencies (Farnell, 2010)."""
    size = take["size"]
    active = (1 + 0.6 * loops.wander(take, 0.8)) ** 2
    total = snapping(take, active, take["crackles"], 2 ** (0.5 - size))
    hiss, roar, body = loops.bands(
        take,
        lambda hz: bump(hz, 5600 * 2 ** (-0.4 * size), 1.1),
        lambda hz: tilt(hz, 150 + 230 * size, 2.2),
        lambda hz: bump(hz, 420, 0.8),
    )
    lapping = 1 + 0.45 * loops.wander(take, 4.5) + 0.3 * loops.wander(take, 11) * (1 - 0.4 * size)
    roaring = (0.045 + 0.09 * size) * take["roar"]
    total += loops.moved(take, roar, roaring * lapping**1.5)
    total += loops.moved(take, body, 0.3 * roaring * lapping**2.5)
    total += loops.moved(take, hiss, 0.11 * take["hiss"] * (0.7 + 0.2 * loops.wander(take, 3.5)))
    return total


def snapping(take: Take, active: Curve, rate_hz: float, scale: float) -> Circle:
    """Return wood that snaps as its sap boils: cracks of fibre in small avalanches, and a fizz of tiny ones."""
    rng = take.rng
    positions = loops.events_under(take, active, rate_hz)
    if not len(positions):
        return np.zeros(take.period, np.float32)
    gains = heavy_tailed(rng, len(positions), 0.65)
    # A big snap tears more fibres within the next hundredth of a second.
    after = positions.repeat(3) + rng.integers(50, 1200, 3 * len(positions))
    softer = (gains * np.minimum(gains, 2.5) * 0.3).repeat(3) * rng.uniform(0.02, 0.7, 3 * len(positions))
    at = np.concatenate([positions, after % take.period])
    snaps = loops.crowd(take, at, np.concatenate([gains, softer]), _snaps(rng, scale))
    fizz_at = loops.events_under(take, active, min(14 * rate_hz, 500))
    fizz_bank = particles.bank(rng, 5, 2500, 9000, (0.0008, 0.003))
    fizz = bed.resonant(rng, take, fizz_at, heavy_tailed(rng, len(fizz_at), 0.9), fizz_bank)
    loud = 0.9 / math.sqrt(max(rate_hz, 1.0))
    return np.float32(loud) * (snaps + np.float32(0.3) * fizz.astype(np.float32))


def _snaps(rng: Generator, scale: float) -> list[Signal]:
    """Return cracks of wood: a sharp edge, a moment of torn noise, and the short note of the piece."""
    grains = []
    for _ in range(14):
        pitch_hz = 900 * scale * 2 ** rng.uniform(0, 3.1)
        ring_s = rng.uniform(0.0015, 0.012)
        note = modal.chime(
            [pitch_hz, 1.6 * pitch_hz, 2.7 * pitch_hz], [ring_s, 0.6 * ring_s, 0.4 * ring_s], [1, 0.6, 0.4]
        )
        frames = samples_of(0.003)
        torn = highpass(noise.white(rng, frames), 700) * decay(frames, 0.003)
        grains.append(mix((0.8, note), (0.45, torn)) * rng.choice([-1.0, 1.0]))
    return grains


def ignite(take: Take) -> Signal:
    """Gas that burns through at once: a band of noise that opens, a push of air, and flames that flutter out."""
    rng, size, strength, tail_s = take.rng, take["size"], take["strength"], take["tail_s"]
    attack_s = (0.03 + 0.16 * size) * (1.5 - strength)
    frames = samples_of(2.2 * attack_s + tail_s)

    def burning(hz: Gains, times: Gains) -> Gains:
        opening = np.clip(times / np.float32(attack_s), 0.05, 1) * np.exp(
            -np.maximum(times - np.float32(attack_s), 0) * np.float32(2.2 / tail_s)
        )
        corner = 90 + (500 + 1600 * strength) * 2 ** (-0.9 * size) * opening
        hiss = 0.10 * take["brightness"] ** 1.5 * opening * bump(hz, 4200, 1.0)
        gains: Gains = tilt(hz, corner, 2.0) + hiss
        return gains

    swell = lines(frames, [(0, 0.02), (0.45 * attack_s, 0.35), (attack_s, 1), (1.6 * attack_s, 0.55)])
    after = np.maximum(np.arange(frames) - samples_of(1.4 * attack_s), 0)
    swell *= np.exp(-after * (3.6 / samples_of(tail_s)))
    flutter = 1 + 0.55 * wander(rng, frames, 13 - 6 * size) * np.minimum(1, after / samples_of(0.12))
    flames = noise.painted(rng, frames, burning) * swell * flutter
    push = struck(0.7 * attack_s, 0.3 + 0.5 * size)
    push = push * sine(slide(len(push), 120 - 55 * size, 42 - 12 * size, 0.7), len(push))
    layers: list[Layer] = [(1.0, level(flames)), (0.25 + 0.5 * strength * (0.5 + size), push)]
    if take["crackles"] > 0:
        layers.append((1.4 * take["crackles"], _few_snaps(rng, take["crackles"], tail_s), attack_s))
    total = mix(*layers)
    return total * ramp_out(len(total), 0.15)


def _few_snaps(rng: Generator, amount: float, length_s: float) -> Signal:
    frames = samples_of(length_s)
    positions = particles.poisson(rng, frames, 4 + 40 * amount * length_s)
    gains = heavy_tailed(rng, len(positions), 1.0) * np.exp(-2.5 * positions / frames)
    return level(particles.scatter(frames + 900, positions, gains, _snaps(rng, 1.0)))


@one_period
def torch(take: Take) -> Circle:
    """A flame close by: turbulence that the draught tears, so that each flap opens the sound."""
    size, rate_hz = take["size"], take["rate_hz"]
    tearing = 0.65 * loops.wander(take, rate_hz) + 0.35 * loops.wander(take, 2.3 * rate_hz)
    flap = 10 ** (0.6 * take["flutter"] * (tearing - 0.15))
    low, middle, hiss = loops.bands(
        take,
        lambda hz: tilt(hz, 120 * 2 ** (0.8 - 1.4 * size), 1.9),
        lambda hz: bump(hz, 650 * 2 ** (0.8 - 1.5 * size), 1.0),
        lambda hz: bump(hz, 5200, 1.0),
    )
    total = loops.moved(take, low, 0.8 * flap)
    total += loops.moved(take, middle, 0.4 * flap**1.8)
    total += loops.moved(take, hiss, take["hiss"] * 0.22 * (0.4 + 0.6 * flap**1.2))
    if take["crackles"] > 0:
        steady = np.ones_like(flap)
        # Each nearly as loud, however many there are.
        loud = 2.6 * (take["crackles"] / 2.5) ** 0.4
        total += np.float32(loud) * snapping(take, steady, take["crackles"], 1.2)
    return total


@one_period
def sizzle(take: Take) -> Circle:
    """Drops that burst in hot fat: a grainy hiss of tiny ones, single pops and spits, and what bubbles under it."""
    rng, strength = take.rng, take["strength"]
    scale = 2 ** (0.8 - 1.6 * take["size"])
    centre_hz = (3200 + 5200 * take["brightness"]) * scale**0.4
    simmer = 1 + 0.3 * loops.wander(take, 2.0) + 0.25 * loops.wander(take, 13)
    hiss = loops.grainy(take, lambda hz: bump(hz, centre_hz, 0.85) + 0.12 * bump(hz, 900, 1.0))
    total = loops.moved(take, hiss, (0.15 + 0.85 * strength) * simmer)
    positions = loops.events_under(take, simmer**2, take["density"])
    pops = _pops(rng, scale, take["brightness"])
    total += loops.crowd(take, positions, 1.6 * heavy_tailed(rng, len(positions), 1.0), pops)
    if take["wet"] > 0:
        at = loops.events_under(take, simmer, 30 + 120 * strength)
        pool = population(rng, 1300 * scale, 0.9, count=20, rise_oct=0.5, ring=0.6)
        total += np.float32(2.0 * take["wet"]) * loops.crowd(take, at, heavy_tailed(rng, len(at), 0.7), pool)
    return total


def _pops(rng: Generator, scale: float, brightness: float) -> list[Signal]:
    grains = []
    for _ in range(12):
        frames = samples_of(rng.uniform(0.0015, 0.009))
        low_hz = (1600 + 3600 * brightness) * scale * 2 ** rng.uniform(-0.7, 0.7)
        burst = bandpass(noise.white(rng, frames), low_hz, 2.2 * low_hz, 1)
        grains.append(burst * decay(frames, frames / 48000))
    return grains


def quench(take: Take) -> Signal:
    """A film of steam bursts from hot metal, thins as it cools, and gives way to boiling and to single bubbles."""
    rng, size, strength, length_s = take.rng, take["size"], take["strength"], take["length_s"]
    frames = samples_of(length_s)
    bright = take["brightness"]

    def steam(hz: Gains, times: Gains) -> Gains:
        cooled = np.clip(times / np.float32(length_s), 0, 1)
        centre = (3000 + 5200 * bright) * 2 ** (-0.7 * size) * np.exp(-0.9 * cooled) + 500
        return bump(hz, centre, 0.9) + 0.25 * np.exp(-2 * cooled) * bump(hz, 500 * 2 ** (-size), 0.9)

    swell = lines(
        frames, [(0, 0.2), (0.012, 1), (0.12 * length_s, 0.75), (0.45 * length_s, 0.3), (length_s, 0)]
    )
    boil = 1 + 0.35 * wander(rng, frames, 17) + 0.3 * wander(rng, frames, 5)
    hiss = level(noise.painted(rng, frames, steam) * swell * boil)
    dip = struck(0.004, 0.1 + 0.15 * size)
    dip = dip * sine(slide(len(dip), 260 - 150 * size, 110 - 60 * size), len(dip))
    layers: list[Layer] = [(0.3 + 0.7 * strength, hiss), (0.35, dip)]
    if take["bubbles"] > 0:
        boiling = lines(frames, [(0, 0.3), (0.25 * length_s, 1), (0.7 * length_s, 0.4), (length_s, 0.03)])
        count = (40 + 150 * take["bubbles"]) * length_s**0.7
        positions = particles.poisson_under(rng, boiling, count)
        pool = population(rng, 900 * 2 ** (0.6 - 1.6 * size), 1.0, count=24, rise_oct=0.5)
        gains = heavy_tailed(rng, len(positions), 0.7) * (0.3 + boiling[positions])
        blubber = particles.scatter(frames, positions, gains, pool)
        layers.append((0.55 * take["bubbles"], level(blubber)))
    return mix(*layers) * ramp_out(frames, 0.12)


@one_period
def fuse(take: Take) -> Circle:
    """Powder that burns along a cord: a thin hiss that sputters, and sparks as a bright PhISEM crowd (Cook, 1997)."""
    rng, bright = take.rng, take["brightness"]
    sputter = 10 ** (0.8 * take["sputter"] * (0.6 * loops.wander(take, 18) + 0.5 * loops.wander(take, 4)))
    centre_hz = 2600 + 4800 * bright
    hiss, body = loops.bands(
        take, lambda hz: bump(hz, centre_hz, 0.65), lambda hz: bump(hz, 0.22 * centre_hz, 0.8)
    )
    total = loops.moved(take, hiss, 0.75 * take["hiss"] * sputter)
    total += loops.moved(take, body, 0.22 * take["hiss"] * sputter)
    positions = loops.events_under(take, sputter**2, take["density"])
    gains = heavy_tailed(rng, len(positions), 1.0)
    sparks = particles.bank(rng, 10, 1800 + 1600 * bright, 7000 + 7000 * bright, (0.0008, 0.004))
    flying = bed.resonant(rng, take, positions, gains, sparks).astype(np.float32)
    return total + np.float32(0.9) * flying


@one_period
def lava(take: Take) -> Circle:
    """Thick bubbles that swell and burst, a rumbling ground, gas, and a crust that cracks."""
    rng, size = take.rng, take["size"]
    positions = loops.spread_out(take, take["density"])
    positions = (positions + rng.integers(0, take.period, len(positions)) // 3) % take.period
    if not len(positions):
        positions = rng.integers(0, take.period, 1)
    blops = [_blop(rng, size) for _ in range(8)]
    total = loops.placed(take, positions, 1.5 * heavy_tailed(rng, len(positions), 0.25), blops, spread=0.7)
    ground, churn, gas = loops.bands(
        take,
        loops.rumble(45, 2.0),
        lambda hz: bump(hz, 170 * 2 ** (0.5 - size), 0.8),
        lambda hz: bump(hz, 3600, 1.2),
    )
    heave = 10 ** (0.35 * loops.wander(take, 0.7))
    puff = 0.35 + 0.3 * loops.wander(take, 1.1)
    for side in (0, 1):
        turned = [loops.elsewhere(band) if side else band for band in (ground, churn, gas)]
        total[side] += loops.moved(
            take, turned[0], 0.3 * take["rumble"] * loops.later(take, heave, 0.2 * side)
        )
        total[side] += loops.moved(take, turned[1], 0.16 * take["rumble"] * loops.later(take, heave, 0.5))
        total[side] += loops.moved(
            take, turned[2], 0.2 * take["hiss"] * (0.2 + loops.later(take, puff, 0.3 * side))
        )
    if take["crackles"] > 0:
        steady = np.ones_like(heave)
        left, right = (snapping(take, steady, 0.5 * take["crackles"], 0.7) for _ in range(2))
        loud = 1.2 * (take["crackles"] / 6) ** 0.4
        total += np.float32(loud) * loops.stereo(left, right)
    return total


def _blop(rng: Generator, size: float) -> Signal:
    """Return one bubble of lava: a slow swell whose pitch climbs, a burst, and what falls back."""
    length_s = (0.12 + 0.28 * size) * rng.uniform(0.7, 1.4)
    low_hz = 210 * 2 ** (-1.9 * size + rng.uniform(-0.4, 0.4))
    frames = samples_of(length_s)
    position = np.arange(frames) / frames
    swollen = sine(low_hz * 2 ** (1.1 * position**2), frames) * np.sin(np.pi * position**0.8) ** 2
    count = samples_of(0.05 + 0.06 * size)
    burst = bandpass(noise.white(rng, count), 1.6 * low_hz, 9 * low_hz, 1) * decay(count, count / 48000)
    drop = struck(0.003, 0.1 + 0.1 * size)
    drop = drop * sine(slide(len(drop), 2.6 * low_hz, 1.3 * low_hz), len(drop))
    return mix(
        (0.8, swollen),
        (0.35, level(burst), 0.72 * length_s),
        (0.6, drop, 0.7 * length_s),
        (0.25, 0.7 * drop, 0.7 * length_s + rng.uniform(0.08, 0.2)),
    )


def match(take: Take) -> Signal:
    """A head drawn along a rough strip, which catches it grain by grain; it flares, spits and settles to a flame."""
    rng, length_s, bright = take.rng, take["length_s"], take["brightness"]
    drawn_s = 0.1 + 0.12 * min(length_s, 1.5)
    layers: list[Layer] = [(0.25 + 0.75 * take["scratch"], _scratch(rng, drawn_s, bright))]
    frames = samples_of(length_s)
    burnt_s = 0.12 + 0.28 * length_s

    def flaring(hz: Gains, times: Gains) -> Gains:
        heat = np.exp(-times / np.float32(burnt_s))
        flare = bump(hz, 900 + (2200 + 3000 * bright) * heat, 1.1)
        return flare * heat + 0.10 * tilt(hz, 260, 1.6)

    swell = lines(frames, [(0, 0), (0.03, 0.7), (0.09, 1), (burnt_s, 0.5), (length_s, 0)])
    flutter = 1 + 0.4 * wander(rng, frames, 12)
    flame = level(noise.painted(rng, frames, flaring) * swell * flutter)
    layers.append((0.15 + 0.85 * take["flare"], flame, 0.6 * drawn_s))
    if take["crackles"] > 0:
        spits = lowpass(_few_snaps(rng, 0.6 * take["crackles"], 0.7 * length_s), 6000 + 9000 * bright, 1)
        layers.append((0.45 * take["crackles"], spits, 0.7 * drawn_s))
    total = mix(*layers)
    return total * ramp_out(len(total), 0.2)


def _scratch(rng: Generator, length_s: float, brightness: float) -> Signal:
    """Return a rough strip's grains, each a tiny impact, denser as the stroke speeds up."""
    frames = samples_of(length_s)
    position = np.arange(frames) / frames
    stroke = np.sin(np.pi * position**0.7) ** 0.8
    positions = particles.poisson_under(rng, stroke + 0.02, 2600 * length_s)
    gains = heavy_tailed(rng, len(positions), 0.8) * stroke[positions]
    bank = particles.bank(rng, 10, 1300 + 900 * brightness, 4500 + 6500 * brightness, (0.001, 0.004))
    return level(particles.resonant(rng, frames, positions, gains, bank)) * ramp_out(frames, 0.2)
