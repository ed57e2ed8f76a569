"""Water: how they are made."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import bed, loops, modal, noise, particles
from sfxgen.models.synth.bubbles import bubble, bursts, population, radius_of
from sfxgen.models.synth.envelopes import decay, lines, ramp_out, wander
from sfxgen.models.synth.filters import bandpass, highpass, lowpass
from sfxgen.models.synth.loops import Circle, one_period
from sfxgen.models.synth.noise import Gains, bump, tilt
from sfxgen.models.synth.oscillators import sine
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.particles import heavy_tailed
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of


def water_drop(take: Take) -> Signal:
    """A tick, then the trapped bubble's rising note (Minnaert, 1933)."""
    rng = take.rng
    layers: list[Layer] = []
    start_s = 0.0
    for _ in range(max(1, round(take["drops"]))):
        pitch_hz = take["pitch_hz"] * 2 ** rng.uniform(-0.15, 0.15)
        gain, lag_s = rng.uniform(0.6, 1.0), rng.uniform(0.008, 0.016)
        note = particles.bubble(pitch_hz, take["decay_s"], take["rise_oct"])
        layers.append((gain, note, start_s + lag_s))
        # A smaller bubble pinches off beside it, higher and never the same.
        beside = particles.bubble(pitch_hz * rng.uniform(1.4, 2.4), 0.6 * take["decay_s"], take["rise_oct"])
        layers.append((gain * rng.uniform(0.3, 0.5), beside, start_s + lag_s + rng.uniform(0.002, 0.02)))
        if take["impact"] > 0:
            layers += _impact(rng, 0.5 * gain * take["impact"], pitch_hz, take["decay_s"], start_s, lag_s)
        start_s += rng.uniform(0.09, 0.3)
    return mix(*layers)


def _impact(
    rng: Generator, gain: float, pitch_hz: float, decay_s: float, start_s: float, lag_s: float
) -> list[Layer]:
    """Return a drop's tick on the surface, and the smaller bubble that its crown leaves."""
    tick = highpass(noise.white(rng, samples_of(0.012)), 2500) * decay(samples_of(0.012), 0.01)
    frames = max(64, samples_of(0.3 * decay_s))
    crown = 0.2 * sine(pitch_hz * 2.4, frames) * decay(frames, 0.25 * decay_s) * ramp_out(frames, 0.2)
    crown *= np.minimum(1, np.arange(frames) / 48)
    return [(gain, level(tick), start_s), (gain, crown, start_s + lag_s)]


@one_period
def stream(take: Take) -> Circle:
    """Bubbles of many sizes that babble in bursts, over the rush of water (van den Doel, 2005)."""
    rng, flow = take.rng, take["flow"]
    centre_hz = take["pitch_hz"] * 2 ** (0.6 - 1.2 * flow)
    babble = 1 + 0.4 * loops.wander(take, 2.5)
    near = []
    for _ in range(2):
        positions = loops.events_under(take, babble**2, take["bubbles"])
        pool = population(rng, centre_hz, 0.85, count=32, rise_oct=0.35, lowest_hz=120)
        near.append(loops.unit(loops.crowd(take, positions, heavy_tailed(rng, len(positions), 0.7), pool)))
    total = loops.stereo(near[0], near[1])
    wash, spray = loops.bands(
        take,
        lambda hz: bump(hz, 900 * 2 ** (-flow), 1.4),
        lambda hz: bump(hz, 4500 * 2 ** (-0.5 * flow), 1.0),
    )
    eddies = 1 + 0.25 * loops.wander(take, 7) + 0.15 * loops.wander(take, 1.5)
    loud = (0.12 + 1.4 * flow) * take["rush"] * eddies
    for side in (0, 1):
        total[side] += loops.moved(take, loops.elsewhere(wash) if side else wash, loud)
        rough = 0.16 * loud * loops.later(take, eddies, 0.3 + 0.4 * side)
        total[side] += loops.moved(take, loops.elsewhere(spray) if side else spray, rough)
    return total


def splash(take: Take) -> Signal:
    """A slap, the cavity that closes behind, a cloud of bubbles, and water thrown up that falls back."""
    rng, size, strength = take.rng, take["size"], take["strength"]
    lag_s = 0.02 + 0.13 * size
    layers: list[Layer] = [
        (0.45 + 0.9 * strength, _slap(rng, size, strength)),
        (0.5, _cavity(rng, size), lag_s),
        (0.8, _wash(rng, size, strength, take["tail_s"]), 0.004),
    ]
    if take["bubbles"] > 0:
        layers.append((0.9 * take["bubbles"], _cloud(rng, size, strength, take["bubbles"]), 0.7 * lag_s))
    if take["spray"] > 0:
        fallen = _falling_back(rng, size, strength, take["tail_s"], take["spray"])
        layers.append((0.6 * take["spray"], fallen, 0.5 * lag_s))
    total = mix(*layers)
    return total * ramp_out(len(total), 0.1)


def _slap(rng: Generator, size: float, strength: float) -> Signal:
    """Return the first contact: a short burst, lower for what is big."""
    length_s = 0.018 + 0.09 * size
    frames = samples_of(length_s)
    low_hz = 900 * 2 ** (-3.2 * size)
    slapped = bandpass(noise.white(rng, frames), low_hz, low_hz * (3 + 7 * strength), 1)
    slapped *= decay(frames, length_s) * np.minimum(1, np.arange(frames) / samples_of(0.0008 + 0.003 * size))
    return level(slapped * ramp_out(frames, 0.3))


def _cavity(rng: Generator, size: float) -> Signal:
    """Return the cavity behind the body as it closes: one big bubble's gulp, and a smaller one after it."""
    pitch_hz = 620 * 2 ** (-2.9 * size + rng.uniform(-0.15, 0.15))
    big = bubble(radius_of(pitch_hz), rise_oct=1.1, ring=0.75 - 0.35 * size)
    small = bubble(radius_of(pitch_hz * rng.uniform(1.5, 2.1)), rise_oct=0.5)
    return mix((1.0, level(big)), (0.45, level(small), rng.uniform(0.02, 0.05)))


def _cloud(rng: Generator, size: float, strength: float, amount: float) -> Signal:
    """Return the bubbles that the body drags under: many at first, and bigger ones."""
    length_s = 0.25 + 0.7 * size
    frames = samples_of(length_s)
    fading = decay(frames, 1.2 * length_s)
    positions = particles.poisson_under(rng, fading, 20 + 220 * amount * (0.4 + size) * (0.5 + strength))
    gains = heavy_tailed(rng, len(positions), 0.7) * fading[positions] ** 0.5
    grains = population(rng, 1900 * 2 ** (-2.0 * size), 1.0, count=18, rise_oct=0.5)
    return level(particles.scatter(frames + samples_of(0.3), positions, gains, grains))


def _wash(rng: Generator, size: float, strength: float, tail_s: float) -> Signal:
    """Return the torn water's own noise, which dulls as it settles."""
    frames = samples_of(0.75 * tail_s + 0.1)

    def torn(hz: Gains, times: Gains) -> Gains:
        centre = (1500 + 2600 * strength) * 2 ** (-1.6 * size) * np.exp(-1.2 * times / tail_s) + 200
        return bump(hz, centre, 1.25)

    rise = np.minimum(1, np.arange(frames) / samples_of(0.015 + 0.06 * size))
    noisy = noise.painted(rng, frames, torn) * rise * decay(frames, 0.75 * tail_s + 0.1)
    return level(noisy * ramp_out(frames, 0.3))


def _falling_back(rng: Generator, size: float, strength: float, tail_s: float, spray: float) -> Signal:
    """Return drops that fall back: each a tick on the surface, and for some a bubble."""
    frames = samples_of(tail_s)
    flight = lines(frames, [(0, 0.1), (0.25 * tail_s, 1), (0.5 * tail_s, 0.5), (0.95 * tail_s, 0)])
    positions = particles.poisson_under(rng, flight, (25 + 260 * spray * (0.3 + strength)) * tail_s**0.5)
    gains = heavy_tailed(rng, len(positions), 0.8) * (0.3 + 0.7 * flight[positions])
    grains = population(rng, 3200 * 2 ** (-0.8 * size), 0.8, count=10, rise_oct=0.4, ring=0.6)
    for _ in range(7):
        count = samples_of(rng.uniform(0.004, 0.02))
        low_hz = rng.uniform(1800, 4500) * 2 ** (-0.6 * size)
        spat = bandpass(noise.white(rng, count), low_hz, 2.5 * low_hz, 1)
        grains.append(0.5 * spat * decay(count, count / SAMPLE_RATE))
    return level(
        particles.scatter(frames, positions, gains, [grains[i] for i in rng.permutation(len(grains))])
    )


@one_period
def bubbles(take: Take) -> Circle:
    """A population of bubbles (Minnaert, 1933; van den Doel, 2005), alone or in bursts from a vent."""
    rng, density, gurgle = take.rng, take["density"], take["gurgle"]
    centre_hz = 4200 * 2 ** (-4.6 * take["size"])
    pool = population(
        rng,
        centre_hz,
        0.12 + 1.1 * take["variety"],
        count=32,
        rise_oct=take["rise_oct"],
        ring=1.0 + 0.5 * take["size"],
        lowest_hz=45,
    )
    alone = bed.events(take, density * (1 - gurgle))
    expected = density * gurgle * take.period / SAMPLE_RATE
    vented = bursts(rng, take.period, rng.poisson(expected / 6.5), (3, 10))
    positions = np.concatenate([alone, vented])
    if not len(positions):
        positions = rng.integers(0, take.period, 1)
    gains = heavy_tailed(rng, len(positions), 0.5)
    total = loops.placed(take, positions, gains, pool, spread=0.7)
    # What the water carries of it: a faint wash under the bubbles.
    total += np.float32(0.01) * loops.sides(loops.coloured(take, lambda hz: bump(hz, 0.7 * centre_hz, 1.2)))
    return total


@one_period
def boiling(take: Take) -> Circle:
    """Steam bubbles that collapse in a vessel: the harder it boils, the bigger they are and the more they tumble."""
    rng, strength, size = take.rng, take["strength"], take["size"]
    centre_hz = 1500 * 2 ** (-1.1 * strength - 1.5 * size)
    tumble = (1 + 0.7 * strength * loops.wander(take, 5.0)) ** 2
    positions = loops.events_under(take, tumble, 40 + 330 * strength)
    pool = population(rng, centre_hz, 0.9, count=32, rise_oct=0.5, ring=0.7, lowest_hz=70)
    blubber = loops.unit(loops.crowd(take, positions, heavy_tailed(rng, len(positions), 0.6), pool))
    low, steam, singing = loops.bands(
        take,
        lambda hz: bump(hz, 240 * 2 ** (-1.3 * size), 0.9),
        lambda hz: bump(hz, 6000, 0.9),
        lambda hz: bump(hz, 2600 * 2 ** (-0.8 * size), 0.35),
    )
    total = np.float32(0.25 + 0.75 * strength) * blubber
    total += loops.moved(take, low, 0.9 * strength * take["rumble"] * tumble**0.5)
    total += loops.moved(take, steam, take["hiss"] * (0.2 + 0.25 * strength + 0.06 * loops.wander(take, 4.0)))
    # Before water boils its small bubbles collapse on the hot floor: it sings.
    total += loops.moved(take, singing, 0.22 * (1 - strength) * (1 + 0.3 * loops.wander(take, 9.0)))
    if take["rattle"] > 0:
        total += np.float32(2.5 * take["rattle"]) * _lid(take, strength, size)
    return total


def _lid(take: Take, strength: float, size: float) -> Circle:
    """Return a lid that steam lifts and that falls back: quick, uneven taps of thin metal."""
    material = modal.MATERIALS["metal"]
    pitch_hz = 1500 * 2 ** (-size)
    taps = [
        modal.ring(modal.body(take.rng, material, pitch_hz, ring=0.12, looseness=0.08), modal.blow(0.8))
        for _ in range(4)
    ]
    lifted = np.clip(loops.wander(take, 1.3) + 0.2, 0, 1)
    positions = loops.events_under(take, lifted, 3 + 14 * strength)
    gains = heavy_tailed(take.rng, len(positions), 0.6) / float(np.max(np.abs(taps[0])))
    return loops.crowd(take, positions, gains, taps)


@one_period
def waves(take: Take) -> Circle:
    """Waves that break, run up and draw back; each band of their noise has its own time for it."""
    total = surf(take, take["strength"], take["rate_hz"], take["hiss"], take["rumble"])
    if take["pebbles"] > 0:
        total += np.float32(take["pebbles"]) * _shingle(take, take["rate_hz"])
    return total


def surf(take: Take, strength: float, rate_hz: float, hiss: float, rumble: float) -> Circle:
    """Return the sea in stereo: a breaker's low end first, then its wash, then the foam that lasts longest."""
    rng = take.rng
    count = max(1, round(rate_hz * take.period / SAMPLE_RATE))
    each_s = take.period / SAMPLE_RATE / count
    starts = (np.arange(count) + 0.25 * rng.uniform(-0.5, 0.5, count) + rng.uniform()) * each_s
    positions = (starts * SAMPLE_RATE).astype(np.int64) % take.period
    gains = rng.uniform(0.7, 1.25, count)
    low, body, wash, foam = loops.bands(
        take,
        loops.rumble(110, 2.2),
        lambda hz: bump(hz, 420 * 2 ** (-0.8 * strength), 1.0),
        lambda hz: bump(hz, 1700 * 2 ** (-0.7 * strength), 1.1),
        lambda hz: bump(hz, 5800, 0.95),
    )
    # A loop too short for a whole surge has a shallower one, not a faster one.
    depth = _surging(take, rate_hz)
    churn = 1 + 0.3 * _surging(take, 1.0) * loops.wander(take, 6.0)
    total = np.zeros((2, take.period), np.float32)
    for side in (0, 1):
        # A breaker runs along the beach: it reaches one ear before the other.
        run = (positions + side * rng.uniform(0.05, 0.12) * each_s * SAMPLE_RATE).astype(np.int64)
        parts = (
            (0.2 + 1.6 * rumble * strength, low, 0.30, 0.07),
            (0.3 + 0.9 * strength, body, 0.33, 0.09),
            (0.75, wash, 0.36, 0.14),
            (0.08 + 0.8 * hiss, foam, 0.39, 0.2),
        )
        for gain, band, peak, fall in parts:
            swell = loops.swells(take, run, gains, _breaker(peak, fall, strength), 1.5 * each_s)
            curve = gain * (0.03 + depth * swell + (1 - depth) * np.mean(swell)) * churn
            total[side] += loops.moved(take, loops.elsewhere(band) if side else band, curve)
    return loops.stereo(total[0], total[1], width=0.85)


def _surging(take: Take, rate_hz: float) -> float:
    """Return how much of a surge there is time for in the period, from 0 to 1."""
    return min(1.0, rate_hz * take.period / SAMPLE_RATE)


def _breaker(peak: float, fall: float, strength: float) -> loops.Shape:
    """Return how a wave's band swells: slowly, then at once as it breaks, and away as it runs up and draws back."""

    def shape(position: Signal) -> Signal:
        rising = np.clip(position / peak, 0, 1) ** (2.5 + 3 * strength)
        falling = np.exp(-np.maximum(position - peak, 0) / fall) * np.clip((1 - position) / 0.2, 0, 1)
        drawn_back = 0.16 * np.exp(-(((position - peak - 0.36) / 0.12) ** 2))
        return np.where(position < peak, rising, falling + drawn_back)

    return shape


def _shingle(take: Take, rate_hz: float) -> Circle:
    """Return pebbles that roll as each wave draws back."""
    count = max(1, round(rate_hz * take.period / SAMPLE_RATE))
    drawing = np.maximum(np.sin(2 * np.pi * count * loops.grid(take) / take.period), 0) ** 2
    depth = _surging(take, rate_hz)
    drawing = depth * drawing + (1 - depth) * np.mean(drawing)
    pebbles = particles.bank(take.rng, 10, 1500, 6500, (0.003, 0.012))
    grains = [modal.chime([hz, 1.7 * hz], [t60_s, 0.6 * t60_s], [1, 0.6]) for hz, t60_s in pebbles]
    near = []
    for _ in range(2):
        positions = loops.events_under(take, drawing, 220)
        near.append(loops.crowd(take, positions, 0.5 * heavy_tailed(take.rng, len(positions), 0.8), grains))
    return loops.stereo(near[0], near[1])


@one_period
def waterfall(take: Take) -> Circle:
    """A sheet of water: the plunge's low roar, the body of it, and spray; splashes before it."""
    rng, size, bright = take.rng, take["size"], take["brightness"]
    scale = 2 ** (1.0 - 2.0 * size)
    low, body, spray = loops.bands(
        take,
        lambda hz: tilt(hz, 70 * scale**0.5, 1.8),
        lambda hz: bump(hz, 620 * scale, 1.35),
        lambda hz: bump(hz, 3800 * scale**0.6, 1.2),
    )
    pulse = 1 + 0.12 * loops.wander(take, 3.0) + 0.1 * loops.wander(take, 0.5)
    total = np.zeros((2, take.period), np.float32)
    parts = ((1.3 * take["rumble"] * (0.4 + size), low), (0.8, body), (0.1 + 1.1 * bright**1.5, spray))
    for side in (0, 1):
        for index, (gain, band) in enumerate(parts):
            curve = gain * loops.later(take, pulse, 0.4 * index + 0.25 * side)
            total[side] += loops.moved(take, loops.elsewhere(band) if side else band, curve)
    if take["bubbles"] > 0:
        positions = bed.events(take, 160)
        pool = population(rng, 900 * scale, 1.1, count=28, rise_oct=0.4)
        gains = heavy_tailed(rng, len(positions), 0.8)
        falling = loops.placed(take, positions, gains, pool, spread=0.9)
        total += np.float32(2.2 * take["bubbles"]) * falling
    return total


@one_period
def underwater(take: Take) -> Circle:
    """The sea from within: low rumble that presses and gives way, a hollow resonance, and bubbles that pass."""
    depth, pitch_hz = take["depth"], take["pitch_hz"]
    dull_hz = 1300 * 2 ** (-3.2 * depth)
    low, hollow, thin = loops.bands(
        take,
        lambda hz: tilt(hz, 55, 1.6) * tilt(hz, dull_hz, 2.0),
        lambda hz: bump(hz, pitch_hz, 0.28) * tilt(hz, dull_hz, 2.0),
        lambda hz: bump(hz, 2.4 * pitch_hz, 0.7) * tilt(hz, dull_hz, 2.0),
    )
    press = 10 ** (0.45 * take["movement"] * loops.wander(take, 0.35))
    drift = 10 ** (0.6 * take["movement"] * loops.wander(take, 0.9))
    total = np.zeros((2, take.period), np.float32)
    for side in (0, 1):
        late_s = 0.35 * side
        for gain, band, curve in (
            (1.2 * take["rumble"], low, press),
            (0.45 - 0.2 * depth, hollow, drift),
            (0.3 - 0.28 * depth, thin, drift),
        ):
            turned = loops.elsewhere(band) if side else band
            total[side] += loops.moved(take, turned, (0.03 + gain) * loops.later(take, curve, late_s))
    if take["bubbles"] > 0:
        total += np.float32(1.6) * _passing_bubbles(take, take["bubbles"], dull_hz)
    return total


def _passing_bubbles(take: Take, rate_hz: float, dull_hz: float) -> Circle:
    """Return bubbles that rise past the listener in runs, dulled by the water."""
    expected = rate_hz * take.period / SAMPLE_RATE
    positions = bursts(take.rng, take.period, max(1, round(expected / 8)), (6, 10))
    pool = population(take.rng, 600, 0.6, count=24, rise_oct=0.5, ring=1.2)
    dulled = [lowpass(grain, 700 + 2.0 * dull_hz, 1) for grain in pool]
    gains = heavy_tailed(take.rng, len(positions), 0.6)
    return loops.placed(take, positions, gains, dulled, spread=0.9)


WALLS = {
    "glass": (3000.0, 0.10, 3.4, 1.5),
    "ceramic": (1500.0, 0.12, 3.0, 0.9),
    "metal": (900.0, 0.06, 5.0, 1.2),
    "plastic": (420.0, 0.40, 1.2, 0.45),
}
"""A vessel's wall: where it rings in Hz, in how wide a band in octaves, how loudly, and how bright it leaves the water."""


def pour(take: Take) -> Signal:
    """Turbulent water in a vessel: the air above it resonates higher and higher as it fills, and bubbles glug."""
    rng, size, strength = take.rng, take["size"], take["strength"]
    length_s = take["length_s"]
    frames = samples_of(length_s + 0.25)
    pouring = lines(frames, [(0, 0), (0.015, 0.8), (0.2, 1), (0.9 * length_s, 0.9), (length_s, 0.05)])
    pouring[samples_of(length_s) :] = 0
    pouring *= 1 + 0.2 * wander(rng, frames, 11)
    height_m = 0.09 * (0.75 / 0.09) ** size
    wall_hz, wall_oct, wall_gain, clear = WALLS[take.choice("material")]
    wall_hz *= 2 ** (0.9 - 2.4 * size)

    def filled(times: Gains) -> Gains:
        return np.clip(times / np.float32(length_s), 0, 1) * np.float32(0.94 * take["fill"])

    def vessel(hz: Gains, times: Gains) -> Gains:
        # A tube closed by the water resonates at odd quarters of the wavelength; its mouth adds to its length.
        first_hz = 343 / 4 / (height_m * (1 - filled(times)) + 0.02)
        air = (
            bump(hz, first_hz, 0.12) + 0.45 * bump(hz, 3 * first_hz, 0.1) + 0.2 * bump(hz, 5 * first_hz, 0.09)
        )
        wall_now = wall_hz * (1 - 0.3 * filled(times))
        wall = wall_gain * (bump(hz, wall_now, wall_oct) + 0.6 * bump(hz, 2.6 * wall_now, wall_oct))
        broad = bump(hz, 2400 * clear * 2 ** (-1.4 * size), 1.3)
        return 4.2 * air + wall + (0.35 + 0.4 * strength) * broad

    water = noise.painted(rng, frames, vessel) * pouring
    total = level(water)
    if take["bubbles"] > 0:
        total = total + 1.1 * take["bubbles"] * level(_glugs(take, pouring))
    return total * ramp_out(frames, 0.04)


def _glugs(take: Take, pouring: Signal) -> Signal:
    """Return the bubbles that the falling water drags under, in gulps."""
    rng = take.rng
    gulps = pouring * (1 + 0.9 * wander(rng, len(pouring), 5.0)) ** 2
    positions = particles.poisson_under(rng, gulps, (30 + 130 * take["strength"]) * take["length_s"])
    centre_hz = 900 * 2 ** (0.8 - 1.9 * take["size"] - 0.6 * take["strength"])
    grains = population(rng, centre_hz, 0.8, count=32, rise_oct=0.45)
    gains = heavy_tailed(rng, len(positions), 0.7)
    return particles.scatter(len(pouring), positions, gains, grains)


@one_period
def drips(take: Take) -> Circle:
    """Single drops, each with its own note and place, in a hall of stone."""
    return dripping(
        take,
        density=take["density"],
        pitch_hz=take["pitch_hz"],
        decay_s=take["decay_s"],
        echo=take["echo"],
        air=0.05 * take["air"],
    )


def dripping(
    take: Take, *, density: float, pitch_hz: float, decay_s: float, echo: float, air: float
) -> Circle:
    """Return drops in a hall of stone, and its air."""
    rng = take.rng
    positions = loops.spread_out(take, density)
    positions = (positions + rng.integers(0, take.period, len(positions)) // 4) % take.period
    if not len(positions):
        positions = rng.integers(0, take.period, 1)
    gains = heavy_tailed(rng, len(positions), 0.2)
    total = loops.placed(take, positions, gains, drip_grains(rng, pitch_hz, decay_s), spread=0.9)
    if air > 0:
        hollow = loops.coloured(take, lambda hz: tilt(hz, 130, 1.3) * hz / (hz + 60))
        total += np.float32(air) * loops.sides(hollow)
    return loops.in_hall(take, total, echo, 2.6)


def drip_grains(rng: Generator, pitch_hz: float, decay_s: float) -> list[Signal]:
    """Return drops into puddles: each puddle has a note of its own."""
    grains = []
    for step in np.linspace(-0.35, 0.35, 6).tolist():
        own_hz = pitch_hz * 2 ** (step + rng.uniform(-0.1, 0.1))
        tick = highpass(noise.white(rng, 300), 2500) * decay(300, 0.005)
        note = particles.bubble(own_hz, decay_s * rng.uniform(0.7, 1.4), rng.uniform(0.1, 0.7))
        grains.append(mix((0.12, level(tick)), (1.0, note, rng.uniform(0.005, 0.02))))
    return grains
