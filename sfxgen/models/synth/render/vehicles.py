"""Vehicles: how they are made. What turns in them is in `motor`."""

from __future__ import annotations

import numpy as np

from sfxgen.models.synth import bed, modal, motor, noise, oscillators, wavetable
from sfxgen.models.synth.envelopes import lines, ramp_out, slide, wander
from sfxgen.models.synth.filters import formants, highpass, saturate
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.space import SPEED_OF_SOUND
from sfxgen.models.synth.take import Signal, Take, level, samples_of, semitones


def engine(take: Take) -> Signal:
    """Every firing is a pressure pulse into the exhaust; the block's harmonics and intake noise lie over it.

    A four-stroke engine fires cylinders / 2 times a turn. No two cylinders are alike, which gives the
    half-order harmonics; no two cycles are alike, which gives the roughness.
    """
    cylinders = max(1, round(take["cylinders"]))
    return _combustion(take, cylinders, take["rpm"] / 120, take["load"], take["roughness"])


def _combustion(
    take: Take,
    cylinders: int,
    cycle_hz: float,
    load: float,
    rough: float,
    *,
    places: Signal | None = None,
    openness: float = 0.0,
) -> Signal:
    """Return a piston engine that works `cycle_hz` times a second; `openness` is how little muffles its exhaust."""
    rng, size = take.rng, take["size"]
    cycle = motor.turning(take, cycle_hz, 0.01 + 0.018 * rough)
    # A pulse lasts a part of the time between firings, so that it softens at low revs and buzzes at high ones.
    firing_hz = cycle_hz * cylinders
    sharpness = float(np.clip((150 + 170 * (load + openness)) * 2 ** (0.6 - 1.2 * size) / firing_hz, 1.3, 14))
    table = wavetable.shaped(motor.pressure(sharpness), 1.1 * firing_hz)
    own = 1 + (0.05 + 0.4 * rough) * rng.uniform(-1, 1, cylinders)
    fired = motor.pulses(take, cycle, table, own, sigma=0.28 * rough, places=places)
    gas = bed.white(take) * (0.04 + np.maximum(fired, 0)) * (0.2 + 0.6 * load + 0.3 * openness)
    block = wavetable.read(_block_table(take, 2.2 * cycle_hz), cycle)
    pipe_hz = 85 * 2 ** (1.3 - 2.6 * size)
    # The higher a mode, the sooner it is gone: their gains make up for that.
    modes = ((1, 0.25), (3, 0.7), (5, 1.0), (7, 1.2), (11, 1.3), (17, 1.4))
    pipe = [
        (pipe_hz * order * rng.uniform(0.88, 1.12), 0.06 / order**0.5, gain * (0.7 + 0.6 * load) ** rank)
        for rank, (order, gain) in enumerate(modes)
    ]
    shell = (2600 * 2 ** (0.5 - size), 0.004, 1.5 + 3 * openness)
    exhaust = formants(fired + gas, [*pipe, shell])
    intake = motor.steady_noise(take, lambda hz: motor.band(hz, 350, 1600 + 2600 * load, 1))
    mixed = bed.unit(exhaust) + 0.3 * bed.unit(block) + (0.05 + 0.2 * load) * intake * (0.4 + np.abs(fired))
    return saturate(0.35 * mixed, 0.6 + 2.2 * load + openness)


def _block_table(take: Take, cycle_hz: float) -> Signal:
    """Return a working cycle of the block: pistons, valves and gears, in orders of the crankshaft."""
    orders = np.zeros(160)
    for order, gain in ((1, 0.1), (2, 0.3), (4, 0.5), (6, 0.25), (8, 0.4), (12, 0.3), (16, 0.25), (24, 0.15)):
        orders[order - 1] = gain
    orders[16:] += 0.06 * take.rng.uniform(0, 1, 144)  # valve gear, a clatter that repeats every cycle
    return wavetable.harmonic(orders, cycle_hz, take.rng)


def motorbike(take: Take) -> Signal:
    """Two cylinders on one crank pin: the firings share the cycle unevenly, and the pipe is short and open."""
    uneven = 0.5 - 0.18 * take["lope"]
    return _combustion(
        take,
        2,
        take["rpm"] / 120,
        take["load"],
        take["roughness"],
        places=np.array([0.0, uneven]),
        openness=0.5,
    )


def helicopter(take: Take) -> Signal:
    """Blades that meet the wake of those before them slap the air; a turbine whines over the wind they make.

    The slap is an impulse of pressure once a blade (after Schmitz, 1991), the wind comes and goes with them.
    """
    rng, size = take.rng, take["size"]
    blades = 2
    turn = motor.turning(take, take["rate_hz"] / blades, 0.012)
    sharp = 2.5 + 14 * take["punch"]
    table = wavetable.shaped(motor.pressure(sharp), 1.1 * take["rate_hz"])
    slap = motor.pulses(take, turn, table, 1 + 0.18 * rng.uniform(-1, 1, blades), sigma=0.15)
    force = np.maximum(slap, 0)
    torn = bed.white(take) * force * (0.4 + 0.9 * take["punch"])
    scale = 2 ** (0.9 - 1.8 * size)
    punch = take["punch"]
    body = [(62 * scale, 0.09, 0.25), (135 * scale, 0.05, 0.8), (310 * scale, 0.025, 0.8 + 1.5 * punch)]
    body += [(820 * scale, 0.01, 0.6 + 4 * punch), (2100 * scale, 0.005, 0.2 + 5 * punch)]
    body = [(hz * rng.uniform(0.9, 1.1), t60_s, gain) for hz, t60_s, gain in body]
    rotor = bed.unit(formants(slap + torn, body))
    swish = 0.5 + 0.5 * np.sin(2 * np.pi * (blades * turn + 0.2))
    wind = motor.steady_noise(take, lambda hz: motor.band(hz, 180 * scale, 1500 * scale, 1))
    gusts = (0.25 + 0.75 * swish**2) * (1 + 0.35 * bed.wander(take, 1.1))
    total = rotor + 0.5 * take["air"] * wind * gusts
    if take["whine"] > 0:
        total = total + 0.28 * take["whine"] * _turbine(take, 2300 * scale, 0.75)
    return saturate(0.4 * total, 1.2)


def _turbine(take: Take, pitch_hz: float, hiss: float) -> Signal:
    """Return a compressor's tones: a few blade rows, each a little unsteady, in the hiss of their air."""
    turn = motor.turning(take, pitch_hz * (1 + 0.02 * take.rng.uniform(-1, 1)), 0.005)
    tone = np.zeros(take.frames)
    for ratio, gain in ((1.0, 1.0), (1.41, 0.55), (2.63, 0.4)):
        if ratio * pitch_hz < 17000:
            tone += gain * np.sin(2 * np.pi * motor.times(take, turn, ratio))
    tone *= 0.75 + 0.25 * bed.wander(take, 9.0)
    air = motor.steady_noise(take, lambda hz: noise.bump(hz, 1.25 * pitch_hz, 0.55).astype(np.float64))
    return tone + hiss * air


def propeller(take: Take) -> Signal:
    """Two blades and six cylinders on one shaft: both beat at multiples of its turns, and air rushes by."""
    rng, size, load = take.rng, take["size"], take["load"]
    turns_hz, rough = take["rpm"] / 60, take["roughness"]
    turn = motor.turning(take, turns_hz, 0.012 + 0.012 * rough)
    scale = 2 ** (1.1 - 2.2 * size)
    sharp = float(np.clip(200 * scale / (2 * turns_hz), 1.5, 10)) * (0.7 + 0.6 * load)
    blades = motor.pulses(
        take,
        turn,
        wavetable.shaped(motor.pressure(sharp * rng.uniform(0.85, 1.2)), 2.2 * turns_hz),
        np.array([1.0, rng.uniform(0.86, 0.98)]),
        sigma=0.08 + 0.15 * rough,
    )
    own = 1 + 0.45 * rough * rng.uniform(-1, 1, 6)
    # Half an engine's cylinders fire a turn: two turns are its cycle.
    fired = motor.pulses(
        take,
        motor.times(take, turn, 0.5) + rng.uniform(),
        wavetable.shaped(motor.pressure(3.5), 3.3 * turns_hz),
        own,
        sigma=0.2 * rough,
    )
    torn = bed.white(take) * (np.maximum(blades, 0) * 0.45 + np.maximum(fired, 0) * 0.5 * load)
    bank = [
        (88 * scale, 0.05, 0.12),
        (190 * scale, 0.035, 0.8),
        (420 * scale, 0.02, 1.2),
        (950 * scale, 0.01, 1.8),
    ]
    bank.append((2300 * scale, 0.005, 2.0 + 2.5 * load))
    bank = [(hz * rng.uniform(0.85, 1.18), t60_s, gain * rng.uniform(0.6, 1.3)) for hz, t60_s, gain in bank]
    heard = bed.unit(formants(blades + (0.35 + 0.55 * load) * fired + torn, bank))
    surge = 1 + 0.25 * bed.wander(take, 1.6)
    air = motor.steady_noise(take, lambda hz: motor.band(hz, 250, 2600, 1))
    return saturate(0.4 * (heard * surge + 0.55 * take["air"] * air * (0.7 + 0.3 * blades)), 0.8 + 1.6 * load)


def jet(take: Take) -> Signal:
    """Turbulence mixes behind the nozzle, broad about a hump whose pitch goes with the nozzle's width (Lighthill, 1952).

    Near by, its pressure is skewed: steep rises that crackle (Ffowcs Williams, Simson and Virchis, 1975).
    """
    size, strength = take["size"], take["strength"]
    scale = 2 ** (1.2 - 2.4 * size)
    hump_hz = 190 * scale * (0.7 + 0.6 * strength)

    def mixing(hz: Signal) -> Signal:
        ratio = np.maximum(hz, 5.0) / hump_hz
        low = (0.25 + 1.3 * take["rumble"]) * np.exp(-0.5 * (np.log2(ratio) / 1.1) ** 2)
        high = (0.06 + 0.22 * take["hiss"]) * scale**0.2 * motor.band(hz, 6 * hump_hz, 7500 * scale**0.8, 1)
        gains: Signal = low + 0.35 / (1 + ratio**2) ** 0.55 * np.minimum(1, ratio) ** 2 + high
        return gains

    roar = motor.steady_noise(take, mixing)
    flicker = 1 + (0.12 + 0.2 * take["rumble"]) * bed.wander(take, 14.0) + 0.1 * bed.wander(take, 1.7)
    roar = roar * flicker
    skew = 0.05 + 0.45 * strength
    total = np.expm1(np.clip(skew * roar, -3, 2.2)) / skew
    if take["whine"] > 0:
        total = total + 0.7 * take["whine"] * (1.2 - 0.6 * strength) * _turbine(
            take, 2600 * scale**0.8 * (0.5 + 0.6 * strength), 0.4
        )
    return total


def train(take: Take) -> Signal:
    """Two axles of a bogie and two of the next car's strike each joint of the rails; the wheels roll between."""
    rng, speed, weight = take.rng, take["speed"], take["weight"]
    metres_s = 5.0 * (55 / 5.0) ** speed
    rail_m, axle_m, coupling_m = 23.0, 2.4, 6.5
    joints = max(1, round(metres_s / rail_m * take.period / SAMPLE_RATE))
    joint_frames = take.period / joints
    places = np.array([0.0, axle_m, coupling_m, coupling_m + axle_m]) / metres_s * SAMPLE_RATE
    at = (np.arange(joints)[:, None] * joint_frames + places).ravel()
    at = at + rng.uniform(-0.004, 0.004, len(at)) * SAMPLE_RATE
    gains = np.resize([1.0, 0.8, 0.9, 0.7], len(at)) * rng.uniform(0.7, 1.1, len(at))
    clacks = [_clack(take) for _ in range(4)]
    clatter = bed.scatter(take, at.astype(np.int64) % take.period, gains, clacks)
    corner_hz = 150 * 2 ** (0.8 - 1.6 * weight) * (0.7 + 0.9 * speed)
    roll = motor.steady_noise(
        take, lambda hz: noise.tilt(hz, corner_hz, 1.15).astype(np.float64) * np.minimum(1, hz / 35)
    )
    sway = 1 + 0.25 * bed.wander(take, metres_s / rail_m) + 0.15 * bed.wander(take, 9.0)
    ringing = motor.steady_noise(take, lambda hz: motor.band(hz, 700, 3200, 2)) * (0.05 + 0.16 * speed)
    total = 0.2 * (0.15 + take["rumble"]) * (roll + ringing) * sway + (0.15 + 3.4 * take["rattle"]) * clatter
    if take["squeal"] > 0:
        total = total + 0.6 * take["squeal"] * _flange(take)
    return total


def _clack(take: Take) -> Signal:
    """Return a wheel over a joint: steel that rings shortly, and the blow in the car's frame."""
    rng, weight = take.rng, take["weight"]
    rail = modal.body(
        rng, modal.MATERIALS["metal"], 520 * 2 ** (0.5 - weight), ring=0.055, brightness=0.45, looseness=0.12
    )
    steel = level(modal.ring(rail, modal.blow(0.55)))
    frame = modal.body(
        rng, modal.MATERIALS["wood"], 88 * 2 ** (0.6 - 1.2 * weight), ring=0.8, brightness=0.25, looseness=0.1
    )
    thud = level(modal.ring(frame, modal.blow(0.25, 12)))
    total = np.zeros(max(len(steel), len(thud)))
    total[: len(steel)] += (0.75 - 0.3 * weight) * steel
    total[: len(thud)] += (0.45 + 0.6 * weight) * thud
    return total


def _flange(take: Take) -> Signal:
    """Return wheels that squeal in a curve: stick-slip at a few high modes that come and go."""
    restless = bed.cycles(take, 1000 * (1 + 0.012 * bed.wander(take, 5.0)))
    total = np.zeros(take.frames)
    for low_hz in (1750, 2480, 3900):
        tone = np.sin(2 * np.pi * motor.times(take, restless, low_hz / 1000 * take.rng.uniform(0.92, 1.08)))
        total += tone * np.maximum(0, bed.wander(take, 1.6)) ** 2
    return total * (0.7 + 0.3 * bed.wander(take, 45.0))


HORNS = {
    "car": ((405.0, 510.0), 0.02, (2200, 3100), 1.0),
    "truck": ((155.0, 207.0, 247.0), 0.06, (900, 1900), 0.8),
    "train": ((311.1, 370.0, 415.3, 493.9, 622.3), 0.09, (1200, 2400), 0.75),
    "ship": ((74.0, 111.5), 0.22, (300, 900), 0.7),
    "bicycle": ((290.0,), 0.012, (1500, 2600), 1.0),
}
"""Of each vehicle's horn: its tones in Hz, how long it takes to speak in s, where its bell resonates, its edge."""


def horn(take: Take) -> Signal:
    """Diaphragms that beat against their seat send rich pulses into a bell; each finds its pitch as air builds up."""
    rng, length_s = take.rng, take["length_s"]
    tones, speak_s, bell, edge = HORNS[take.choice("vehicle")]
    scale = 2 ** (0.5 - take["size"])
    speak_s = min(speak_s, 0.3 * length_s)
    release_s = min(0.6 * speak_s + 0.02, 0.3 * length_s)
    frames = samples_of(length_s + release_s)
    blown = lines(
        frames, [(0, 0), (0.35 * speak_s, 0.6), (speak_s, 1), (length_s, 0.97), (length_s + release_s, 0)]
    )
    sag = 1 - 0.07 * (1 - blown) ** 2
    if take.choice("vehicle") == "bicycle":  # the bulb runs out of air
        sag = sag * slide(frames, 1.12, 0.86)
    total = np.zeros(frames)
    for tone_hz in tones:
        astray = 1 + 0.003 * rng.uniform(-1, 1) + 0.012 * take["roughness"] * rng.uniform(-1, 1)
        shaken = 1 + 0.006 * take["roughness"] * wander(rng, frames, 35.0)
        pitch = tone_hz * scale * astray * sag * shaken
        ranks = np.arange(1, 80)
        gains = ranks ** (-1.5 + 1.25 * take["brightness"] * edge) * rng.uniform(0.7, 1.1, len(ranks))
        table = wavetable.harmonic(gains, 1.1 * tone_hz * scale, rng)
        total += wavetable.read(table, oscillators.phase(pitch, frames, rng.uniform()))
    rasp = 1 + 0.5 * take["roughness"] * wander(rng, frames, 70.0)
    breath = noise.white(rng, frames) * 0.25 * take["air"] * len(tones) ** 0.5
    source = total * rasp + breath
    bank = [(bell[0] * scale, 0.004, 0.8), (bell[1] * scale, 0.003, 0.6), (tones[0] * scale, 0.02, 0.5)]
    heard = level(0.35 * source + formants(source, bank))
    return saturate(heard, 0.4 + 1.6 * take["brightness"]) * blown


def skid(take: Take) -> Signal:
    """Rubber sticks to the road and slips: a tone like a bow's, of tread blocks that do not quite agree.

    Stick-slip is a sawtooth with its own, restless pitch (Avanzini, Serafin and Rocchesso, 2005).
    """
    rng, rough, length_s = take.rng, take["roughness"], take["length_s"]
    frames = samples_of(length_s)
    grip = lines(frames, [(0, 0.2), (min(0.05, 0.15 * length_s), 1), (0.7 * length_s, 0.85), (length_s, 0)])
    fall = semitones(-take["fall_st"])
    contour = slide(frames, 1.0, fall, 1.6) * (1 + 0.02 * wander(rng, frames, 5.0))
    squeal = np.zeros(frames)
    table = wavetable.harmonic(1 / np.arange(1, 24) ** 1.25, 2.4 * take["pitch_hz"] * max(1, fall), rng)
    for ratio, gain in ((1.0, 1.0), (1.035, 0.7), (1.49, 0.45), (1.93, 0.35)):
        restless = (0.006 + 0.05 * rough) * wander(rng, frames, 22.0) + 0.02 * rough * wander(
            rng, frames, 160.0
        )
        pitch = take["pitch_hz"] * ratio * rng.uniform(0.98, 1.02) * contour * (1 + restless)
        hold = np.clip(0.75 + (0.4 + 0.9 * rough) * wander(rng, frames, 9.0 + 12 * rough), 0, 1.3)
        squeal += gain * hold * wavetable.read(table, oscillators.phase(pitch, frames, rng.uniform()))
    stutter = np.clip(0.6 + 0.9 * wander(rng, frames, 33.0), 0, 1)
    squeal *= 1 - 0.85 * rough * stutter
    scrape = noise.white(rng, frames) * (0.7 + 0.3 * wander(rng, frames, 70.0))
    bank = [(1150, 0.004, 0.8), (2300, 0.003, 0.6), (430, 0.008, 0.5), (4800, 0.002, 0.35)]
    scrape = level(formants(scrape, bank))
    heard = level(formants(squeal, [(900, 0.003, 0.6), (1900, 0.002, 0.8), (3600, 0.0015, 0.6)]))
    return (heard + (0.06 + 0.9 * take["noise"]) * scrape) * grip * ramp_out(frames, 0.12)


def car_pass(take: Take) -> Signal:
    """A source on a straight road: its pitch by Doppler's law, its level by distance, its tyres loudest beside us."""
    rng, length_s, size = take.rng, take["length_s"], take["size"]
    frames = samples_of(length_s)
    metres_s = 9.0 * (85 / 9.0) ** take["speed"]
    beside_m = float(np.clip(metres_s * length_s / 16, 3.5, 40))
    along_m = metres_s * (np.arange(frames) / SAMPLE_RATE - 0.5 * length_s * rng.uniform(0.94, 1.04))
    away_m = np.hypot(along_m, beside_m)
    doppler = 1 / (1 + metres_s * along_m / away_m / SPEED_OF_SOUND)
    near = beside_m / away_m
    motorised = _passing_engine(take, doppler)
    hum_hz = 750 * 2 ** (0.7 - 1.4 * size) * (0.7 + 0.7 * take["speed"])
    lower = 2 ** (0.6 - 1.2 * size)

    def tyres(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
        close, shift = noise.at(near, times), noise.at(doppler, times)
        road = noise.bump(frequencies, hum_hz * shift, 1.0)
        spray = np.float32(0.1 + 0.9 * take["wet"]) * noise.bump(frequencies, 5200 * lower * shift, 0.9)
        dull = noise.tilt(frequencies, (900 + 13000 * close**1.5) * lower, 1.2)
        return (road + spray * close) * dull

    rolling = noise.painted(rng, frames, tyres, 1024) * near**1.15
    ends = lines(frames, [(0, 0.3), (0.12 * length_s, 1), (0.8 * length_s, 1), (length_s, 0)])
    # Their peaks are chance: weighed by power, engine and tyres keep their balance.
    return (bed.unit(motorised * near**1.1) + (0.15 + 1.6 * take["air"]) * bed.unit(rolling)) * ends


def _passing_engine(take: Take, doppler: Signal) -> Signal:
    rng, size = take.rng, take["size"]
    firing_hz = take["rpm"] / 30
    cycles = oscillators.phase(firing_hz * doppler, len(doppler), rng.uniform())
    sharp = float(np.clip(260 * 2 ** (0.6 - 1.2 * size) / firing_hz, 1.4, 10))
    table = wavetable.shaped(motor.pressure(sharp), 1.5 * firing_hz)
    strays = np.resize(1 + 0.15 * rng.uniform(-1, 1, 4), int(cycles[-1]) + 2) * rng.uniform(
        0.9, 1.1, int(cycles[-1]) + 2
    )
    fired = wavetable.read(table, cycles) * strays[cycles.astype(np.int64)]
    source = fired + 0.25 * noise.white(rng, len(fired)) * np.maximum(fired, 0)
    scale = 2 ** (0.9 - 1.8 * size)
    return highpass(
        formants(
            source,
            [
                (95 * scale, 0.04, 0.4),
                (230 * scale, 0.025, 0.7),
                (610 * scale, 0.012, 0.8),
                (1700 * scale, 0.006, 0.7),
            ],
        ),
        30,
    )


def spaceship(take: Take) -> Signal:
    """A chord of detuned saws low in the hull, a band that sweeps over its harmonics, and energy that throbs in both."""
    rng, pitch_hz = take.rng, take["pitch_hz"]
    throb = 0.5 + 0.5 * np.sin(2 * np.pi * (bed.cycles(take, take["rate_hz"]) + rng.uniform()))
    throb = 1 - 0.85 * take["strength"] * throb
    ranks = np.arange(1.0, 100.0)
    chord = np.zeros(take.frames)
    drive = bed.cycles(take, pitch_hz)
    for ratio, gain in ((1.0, 1.0), (1.006, 0.8), (1.5, 0.45), (2.004, 0.4)):
        table = wavetable.harmonic(ranks ** (-1.5 + 0.7 * take["brightness"]), 1.1 * pitch_hz * ratio, rng)
        chord += gain * wavetable.read(
            table, motor.times(take, drive, ratio * (1 + 0.002 * rng.uniform(-1, 1)))
        )
    sweep = 2 ** (1.1 * bed.wander(take, 0.45))

    def plasma(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
        here = 9.0 * np.float32(pitch_hz) ** 0.5 * 9 * noise.at(sweep, times)
        return noise.bump(frequencies, here, 0.35) + 0.35 * noise.bump(frequencies, 2.6 * here, 0.25)

    swept = bed.painted(take, plasma, 1024)
    rumble = motor.steady_noise(take, lambda hz: noise.bump(hz, 42, 0.7).astype(np.float64))
    total = bed.unit(chord) * throb + 0.8 * take["brightness"] * bed.unit(swept) * throb
    total = total + 0.9 * take["rumble"] * rumble * (0.75 + 0.25 * bed.wander(take, 5.0))
    if take["whine"] > 0:
        high = bed.cycles(take, 16 * pitch_hz * 2 ** (0.05 * bed.wander(take, 0.3)))
        flutter = 0.6 + 0.4 * np.sin(2 * np.pi * bed.cycles(take, 6.3))
        whine = np.sin(2 * np.pi * high) + 0.6 * np.sin(2 * np.pi * motor.times(take, high, 1.503))
        total = total + 0.3 * take["whine"] * whine * flutter
    return saturate(0.35 * total, 1.0)
