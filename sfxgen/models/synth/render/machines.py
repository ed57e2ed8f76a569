"""Machines and tools: how they are made. What turns in them is in `motor`."""

from __future__ import annotations

import math

import numpy as np

from sfxgen.models.synth import bed, modal, motor, noise, oscillators, particles, voice, wavetable
from sfxgen.models.synth.envelopes import decay, lines, ramp_out, slide, wander
from sfxgen.models.synth.filters import bandpass, formants, highpass, lowpass, saturate
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of, semitones


def hum(take: Take) -> Signal:
    """A core that stretches twice a cycle of the mains: even harmonics, some odd ones, and plates that rattle."""
    rng, rough = take.rng, take["roughness"]
    mains = motor.turning(take, take["pitch_hz"], 0.008)
    tone = wavetable.read(_hum_table(rng, take["pitch_hz"], take["brightness"]), mains)
    tone *= 1 + 0.3 * bed.wander(take, 1.3) + 0.2 * bed.wander(take, 4.0)
    total = saturate(tone * (1 + 1.5 * rough), 0.3 + 3 * rough)
    if take["rattle"] > 0:
        beats = np.flatnonzero(np.diff(np.floor(2 * mains[: take.period + 1])) > 0)
        loose = (0.6 + 0.4 * bed.wander(take, 1.1))[beats]
        plates = particles.bank(rng, 8, 900, 6000, (0.003, 0.012))
        total = total + 2.4 * take["rattle"] ** 1.5 * bed.resonant(
            rng, take, beats, loose * rng.uniform(0.2, 1, len(beats)), plates
        )
    if take["noise"] > 0:
        fizz = motor.steady_noise(take, lambda hz: motor.band(hz, 2500, 12000, 1))
        total = total + 0.14 * take["noise"] * fizz * (0.4 + 0.6 * np.abs(np.sin(2 * np.pi * mains)))
    return total


def _hum_table(rng: np.random.Generator, mains_hz: float, brightness: float) -> Signal:
    """Return a cycle of the mains as it is heard: mostly its even harmonics."""
    ranks = np.arange(1, 120)
    gains = (0.5 * ranks) ** (-1.65 + 1.4 * brightness) * np.where(ranks % 2 == 0, 1.0, 0.13)
    gains[0] = 0.22
    own = rng.uniform(0.65, 1.1, len(ranks))
    own[3:] = rng.uniform(0.3, 1.3, len(ranks) - 3)
    return wavetable.harmonic(gains * own, mains_hz, rng)


def fan(take: Take) -> Signal:
    """Air torn at the edges of blades, and a tone where each of them passes the frame (Sharland, 1964)."""
    rng, size, speed = take.rng, take["size"], take["speed"]
    blades = 5
    turns_hz = 42 * 2 ** (1.8 - 3.6 * size) * (0.25 + 0.75 * speed)
    turn = motor.turning(take, turns_hz, 0.004)
    table = wavetable.shaped(motor.pressure(2.2), 1.1 * blades * turns_hz)
    passing = motor.pulses(take, turn, table, 1 + 0.2 * rng.uniform(-1, 1, blades), sigma=0.05)
    hump_hz = 520 * 2 ** (1.1 - 2.2 * size) * (0.45 + 0.9 * speed)

    def torn(hz: Signal) -> Signal:
        ratio = np.maximum(hz, 1.0) / hump_hz
        duct = 1 + 0.5 * np.cos(2 * np.pi * ratio / 1.7)  # the housing's resonances
        return np.minimum(1, ratio**0.7) / (1 + ratio**2) ** 0.62 * (0.8 + 0.2 * duct)

    air = motor.steady_noise(take, torn) * (1 + 0.22 * passing + 0.1 * bed.wander(take, 2.5))
    total = (0.1 + 1.0 * take["air"]) * air + 0.5 * passing
    if take["hum"] > 0:
        motor_hum = wavetable.read(_hum_table(rng, 2 * turns_hz, 0.3), motor.times(take, turn, 2.0))
        total = total + 0.9 * take["hum"] * motor_hum
    if take["rattle"] > 0:
        beats = np.flatnonzero(np.diff(np.floor(turn[: take.period + 1])) > 0)
        touch = particles.bank(rng, 5, 700 * 2 ** (1 - 2 * size), 4500, (0.006, 0.02))
        total = total + 9 * take["rattle"] ** 1.5 * bed.resonant(
            rng, take, beats, rng.uniform(0.4, 1, len(beats)), touch
        )
    return total


def servo(take: Take) -> Signal:
    """A small motor in gears: commutator, teeth and case, run up to speed, glided and stopped."""
    rng, length_s, rough = take.rng, take["length_s"], take["roughness"]
    frames = samples_of(length_s)
    edge_s = min(0.06, 0.2 * length_s)
    rise = semitones(take["rise_st"])
    path = lines(frames, [(0, 0), (edge_s, 0.12), (0.8 * length_s, 1), (length_s, 1)])
    running = lines(frames, [(0, 0.35), (edge_s, 1), (length_s - edge_s, 1), (length_s, 0.3)])
    pitch = take["pitch_hz"] * rise ** (path - 1) * running * (1 + 0.012 * wander(rng, frames, 14.0))
    heard = _motor_at(take, pitch, take["pitch_hz"] * max(1.0, 1 / rise), rough)
    force = lines(frames, [(0, 0), (0.3 * edge_s, 1), (length_s - edge_s, 0.85), (length_s, 0)])
    layers: list[Layer] = [(0.75, heard * force)]
    if take["punch"] > 0:
        case_hz = 480 * (take["pitch_hz"] / 420) ** 0.4
        layers.append((0.5 * take["punch"], _clunk(rng, case_hz * 1.3, "plastic", 0.75)))
        layers.append((0.95 * take["punch"], _clunk(rng, case_hz, "metal", 0.7), length_s - 0.6 * edge_s))
    return mix(*layers)


def _motor_at(take: Take, pitch: Signal, highest_hz: float, rough: float) -> Signal:
    """Return an electric motor at a pitch that moves: its commutator, a gear at 3.4 times, and grinding teeth."""
    rng, bright = take.rng, take["brightness"]
    frames = len(pitch)
    cycles = oscillators.phase(pitch * (1 + 0.02 * rough * wander(rng, frames, 90.0)), frames, rng.uniform())
    ranks = np.arange(1.0, 50.0)
    gains = ranks ** (-1.9 + 1.3 * bright) * rng.uniform(0.4, 1.1, len(ranks))
    table = wavetable.harmonic(gains, 1.1 * highest_hz, rng)
    gear = wavetable.harmonic(ranks[:20] ** -1.2, 3.5 * highest_hz, rng)
    tone = wavetable.read(table, cycles) + (0.15 + 0.35 * bright) * wavetable.read(gear, 3.4 * cycles)
    mesh = 0.5 + 0.5 * np.sin(2 * np.pi * 0.21 * cycles)
    tone *= 1 - 0.6 * rough * mesh
    grit = noise.white(rng, frames) * (0.03 + 0.35 * rough) * (0.4 + np.abs(tone))
    case = [(1350.0, 0.005, 0.5), (2900.0, 0.003, 0.4 + 0.4 * bright), (620.0, 0.008, 0.45)]
    return level(tone + grit + 0.3 * formants(tone + grit, case))


def _clunk(
    rng: np.random.Generator, pitch_hz: float, material: str, hardness: float, ring: float = 0.12
) -> Signal:
    """Return two parts that meet."""
    body = modal.body(
        rng, modal.MATERIALS[material], pitch_hz, ring=ring, brightness=0.25 + 0.5 * hardness, looseness=0.1
    )
    return level(modal.ring(body, modal.blow(hardness)))


def drill(take: Take) -> Signal:
    """A universal motor that slows under load, its gear, and chips torn out; or a hammer's blows."""
    rng, speed, load, rough = take.rng, take["speed"], take["load"], take["roughness"]
    scale = 2 ** (1.0 - 2.0 * take["size"])
    shaft_hz = 115 * scale * (0.45 + 1.1 * speed) * (1 - 0.25 * load)
    shaft = bed.cycles(
        take,
        shaft_hz * (1 + (0.01 + 0.05 * load) * bed.wander(take, 2.2) + 0.03 * load * bed.wander(take, 13.0)),
    )
    ranks = np.arange(1, 90)
    teeth = (
        0.3 + 3.5 * np.exp(-0.5 * ((ranks - 11) / 1.2) ** 2) + 2.2 * np.exp(-0.5 * ((ranks - 24) / 1.5) ** 2)
    )
    table = wavetable.harmonic(ranks**-0.65 * teeth * rng.uniform(0.6, 1.1, len(ranks)), 1.3 * shaft_hz, rng)
    tone = wavetable.read(table, shaft)
    worn = 1 - 0.55 * rough * (0.5 + 0.5 * np.sin(2 * np.pi * motor.times(take, shaft, 0.31)))
    tone = tone * worn
    chips = motor.steady_noise(take, lambda hz: motor.band(hz, 700 * scale**0.5, 5200 * scale**0.5, 1))
    biting = np.maximum(0.1, 0.6 + 0.4 * bed.wander(take, 18.0)) * (0.5 + 0.5 * np.abs(tone))
    total = tone * (1 - 0.25 * load) + (0.06 + 0.2 * rough + 0.55 * load) * 0.8 * chips * biting
    total = saturate(0.9 * total, 0.5 + 2 * load)
    if take["hammer"] > 0:
        count = max(1, round(24 * scale**0.5 * (0.6 + 0.8 * speed) * take.period / SAMPLE_RATE))
        positions = (np.arange(count) * take.period / count).astype(np.int64)
        blows = [_blow(rng, scale) for _ in range(4)]
        total = total + 2.4 * take["hammer"] * bed.scatter(
            take, positions, rng.uniform(0.75, 1, count), blows
        )
    return total


def _blow(rng: np.random.Generator, scale: float) -> Signal:
    """Return a chisel's blow on stone: the bit rings, the ground thuds."""
    bit = _clunk(rng, 1250 * scale, "metal", 0.7, 0.05)
    return mix((0.6, bit), (1.0, _clunk(rng, 170 * scale, "stone", 0.35, 0.6)))


def saw(take: Take) -> Signal:
    """Teeth that tear fibres: on a disc, in strokes of a hand, or on a chain behind a small two-stroke engine."""
    blade = take.choice("blade")
    if blade == "hand":
        return _hand_saw(take)
    return _chain_saw(take) if blade == "chain" else _circular_saw(take)


def _circular_saw(take: Take) -> Signal:
    rng, load = take.rng, take["load"]
    scale = 2 ** (0.8 - 1.6 * take["size"])
    turns_hz = 62 * scale * (0.6 + 0.8 * take["speed"]) * (1 - 0.22 * load)
    turn = bed.cycles(
        take, turns_hz * (1 + 0.004 * bed.wander(take, 1.0) + 0.03 * load * bed.wander(take, 2.4))
    )
    ranks = np.arange(1, 130)
    teeth = 0.13 + 5 * np.exp(-0.5 * ((ranks - 24) / 0.7) ** 2) + 4 * np.exp(-0.5 * ((ranks - 48) / 0.8) ** 2)
    teeth += 2 * np.exp(-0.5 * ((ranks - 72) / 1.0) ** 2)
    table = wavetable.harmonic(ranks**-0.95 * teeth * rng.uniform(0.4, 1.1, len(ranks)), 1.2 * turns_hz, rng)
    whine = wavetable.read(table, turn)
    sing = np.sin(2 * np.pi * motor.times(take, turn, 57.3)) * (0.5 + 0.5 * bed.wander(take, 3.0))
    tearing = _tearing(take, scale) * (0.35 + 0.65 * np.abs(whine)) * (0.75 + 0.25 * bed.wander(take, 15.0))
    whirr = whine + 0.25 * (1 - 0.6 * load) * sing
    return saturate(0.6 * (whirr + (0.12 + 1.3 * load) * tearing), 0.8 + load)


def _tearing(take: Take, scale: float) -> Signal:
    low_hz = (900 + 1500 * take["hardness"]) * scale**0.5
    high_hz = (3800 + 8000 * take["hardness"]) * scale**0.5
    return motor.steady_noise(take, lambda hz: motor.band(hz, low_hz, high_hz, 1))


def _hand_saw(take: Take) -> Signal:
    """Return strokes to and fro: teeth that catch one after the other, faster in the middle of a stroke."""
    rng, load, hard = take.rng, take["load"], take["hardness"]
    scale = 2 ** (0.8 - 1.6 * take["size"])
    stroke = bed.cycles(take, (0.7 + 1.7 * take["speed"]) * scale**0.3)
    moving = np.abs(np.sin(2 * np.pi * stroke))
    forward = np.sin(2 * np.pi * stroke) > 0
    bite = moving**0.7 * np.where(forward, 1.0, 0.35 + 0.3 * (1 - load))
    pitch = (160 + 260 * take["speed"]) * scale * (0.3 + moving) * (1 + 0.06 * bed.wander(take, 16.0))
    teeth = motor.pulses(
        take, bed.cycles(take, pitch), wavetable.shaped(motor.pressure(3.0), 900.0), np.ones(1), sigma=0.35
    )
    grains = bed.white(take) * (0.25 + np.maximum(teeth, 0)) * (0.4 + 0.8 * load) + 0.7 * teeth
    wood = [(520 * scale, 0.012, 0.5), (1150 * scale, 0.006, 0.6), (2400 * scale, 0.004, 0.4 + 0.5 * hard)]
    wood.append((5200 * scale**0.5, 0.0025, 0.25 + 0.9 * hard))
    sheet = (
        modal.scaled((0.0001, 0.35), hard)
        * np.sin(2 * np.pi * bed.cycles(take, 1900 * scale))
        * rng.uniform(0.8, 1)
    )
    return formants(grains * bite, wood) + sheet * bite


def _chain_saw(take: Take) -> Signal:
    rng, load = take.rng, take["load"]
    scale = 2 ** (0.6 - 1.2 * take["size"])
    firing_hz = 105 * scale * (0.55 + 0.9 * take["speed"]) * (1 - 0.15 * load)
    turn = bed.cycles(
        take, firing_hz * (1 + 0.012 * bed.wander(take, 5.0) + 0.03 * load * bed.wander(take, 2.0))
    )
    table = wavetable.shaped(motor.pressure(3.6), 1.2 * firing_hz)
    fired = motor.pulses(take, turn, table, np.ones(1), sigma=0.16)
    gas = bed.white(take) * np.maximum(fired, 0) * 0.5
    pipe = [
        (310 * scale, 0.02, 0.7),
        (690 * scale, 0.012, 0.8),
        (1450 * scale, 0.007, 0.7),
        (3100 * scale, 0.004, 0.6),
    ]
    chain = _tearing(take, scale) * (0.4 + 0.6 * np.abs(np.sin(2 * np.pi * motor.times(take, turn, 2.7))))
    engine = bed.unit(formants(fired + gas, pipe))
    return saturate(0.4 * (engine + (0.2 + 0.8 * load) * chain * rng.uniform(0.9, 1)), 1.2 + load)


def clock(take: Take) -> Signal:
    """An escapement's tick is three small blows: the pallet drops, the lever stops, the wheel locks (Farnell, 2010)."""
    rng, tock = take.rng, take["tock"]
    count = max(1, round(take["rate_hz"] * take.period / SAMPLE_RATE))
    if count > 1 and count % 2:
        count += 1  # tick and tock come in pairs
    step = take.period / count
    late = 0.06 * tock * (np.arange(count) % 2)
    positions = (
        (np.arange(count) + late) * step + 0.0006 * SAMPLE_RATE * rng.uniform(-1, 1, count)
    ) % take.period
    gains = rng.uniform(0.88, 1.0, count) * (1 - 0.3 * tock * (np.arange(count) % 2))
    ticks = [_escape(take, 1.0), _escape(take, 1 - 0.3 * tock)] if count > 1 else [_escape(take, 1.0)]
    return bed.scatter(take, positions.astype(np.int64), gains, ticks)


def _escape(take: Take, ratio: float) -> Signal:
    rng, hard, size = take.rng, take["hardness"], take["size"]
    wheel_hz = 3400 * 2 ** (0.9 - 2.4 * size) * ratio
    ring = 0.012 * (0.5 / 0.012) ** take["ring"]
    layers: list[Layer] = []
    gap_s = 0.0035 * (1 + 2.5 * size)
    for index, gain in enumerate((0.45, 1.0, 0.3)):
        brass = modal.body(
            rng,
            modal.MATERIALS["metal"],
            wheel_hz * rng.uniform(0.9, 1.1),
            ring=ring,
            brightness=0.2 + 0.6 * hard,
            looseness=0.12,
        )
        layers.append(
            (
                gain,
                level(modal.ring(brass, modal.blow(0.35 + 0.6 * hard, 3.0), 2.0)),
                gap_s * index * rng.uniform(0.9, 1.1),
            )
        )
    case = modal.body(
        rng,
        modal.MATERIALS["wood"],
        420 * 2 ** (0.8 - 2.2 * size) * ratio,
        ring=0.3 + 0.9 * take["ring"],
        brightness=0.3,
    )
    layers.append((0.25 + 0.55 * size, level(modal.ring(case, modal.blow(0.4 + 0.3 * hard))), gap_s))
    return mix(*layers)


def computer(take: Take) -> Signal:
    """Short tones in bursts, as if they were counted: each burst repeats a pitch, runs up a chord or chirps."""
    rng = take.rng
    expected = take["density"] * take.period / SAMPLE_RATE
    positions: list[int] = []
    gains: list[float] = []
    kinds: list[int] = []
    # Pitches lie evenly over the range, and one burst's is far from the next one's.
    grains = [_beep(take, (5 * index + 2) % 12 / 11 - 0.5) for index in range(12)]
    turn = int(rng.integers(len(grains)))
    # Bursts of two on the whole, one in each stretch of time, so that none of it stays empty.
    start = rng.uniform()
    stretch = take.period / max(1.0, expected / 2)
    while len(positions) < max(1, round(expected)):
        start += rng.uniform(0.6, 1.4)
        at = start * stretch
        run = int(rng.integers(1, 4))
        step = samples_of(rng.choice(np.array([0.05, 0.07, 0.1, 0.14])))
        turn += 1
        kind, loud = turn % len(grains), rng.uniform(0.75, 1.0)
        same = rng.uniform() < 0.25
        for index in range(min(run, max(1, round(expected)) - len(positions))):
            positions.append(int(at + index * step) % take.period)
            gains.append(loud)
            kinds.append(kind if same else (kind + index) % len(grains))
    total = np.zeros(take.frames)
    if take["hum"] > 0:
        drive = motor.steady_noise(take, lambda hz: noise.bump(hz, 1900, 0.8).astype(np.float64))
        table = _hum_table(rng, 60.0, 0.4)
        core = wavetable.read(table, bed.cycles(take, 60.0))
        total = total + take["hum"] * (0.07 * core + 0.05 * drive * (0.6 + 0.4 * bed.wander(take, 8.0)))
    for kind, grain in enumerate(grains):
        mine = np.array([index for index, own in enumerate(kinds) if own == kind], np.int64)
        if len(mine):
            total = total + bed.scatter(take, np.array(positions)[mine], np.array(gains)[mine], [grain])
    return total


def _beep(take: Take, place: float) -> Signal:
    rng, bright = take.rng, take["brightness"]
    astray = round(place * take["interval_st"]) + rng.uniform(-0.2, 0.2)
    pitch_hz = float(np.clip(take["pitch_hz"] * semitones(astray), 60, 15000))
    frames = samples_of(rng.choice(np.array([0.045, 0.06, 0.08])))
    glide = rng.uniform(-9, 9) if rng.uniform() < take["glide"] else 0.0
    pitch = slide(frames, pitch_hz, float(np.clip(pitch_hz * semitones(glide), 50, 16000)))
    tone = oscillators.fm(
        pitch, frames, float(rng.choice(np.array([1.0, 2.0]))), 0.1 + 2.2 * bright * rng.uniform(0.6, 1)
    )
    edge = np.minimum(1, np.minimum(np.arange(frames), np.arange(frames)[::-1]) / samples_of(0.003))
    return tone * edge * (decay(frames, 2.5 * frames / SAMPLE_RATE) if rng.uniform() < 0.5 else 1.0)


def steam(take: Take) -> Signal:
    """Gas through a narrow gap: noise whose hump goes with speed over width (Lighthill, 1952), and drops it tears along."""
    rng, length_s, strength = take.rng, take["length_s"], take["strength"]
    tail_s = 0.12 + 0.25 * length_s
    frames = samples_of(length_s + tail_s)
    open_s = min(0.004 + 0.05 * (1 - take["punch"]), 0.3 * length_s)
    flow = lines(
        frames, [(0, 0), (open_s, 1), (0.5 * length_s, 0.8), (length_s, 0.55), (length_s + tail_s, 0)]
    )
    flow *= 1 + 0.06 * wander(rng, frames, 11.0)
    hump_hz = 3600 * 2 ** (1.2 - 2.4 * take["size"]) * (0.55 + 0.75 * strength)

    def gap(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
        here = hump_hz * noise.at(flow, times) ** 0.7 + 200
        return noise.bump(frequencies, here, 1.0) + np.float32(0.5) * noise.bump(frequencies, 2.4 * here, 0.8)

    jet = level(noise.painted(rng, frames, gap, 512) * flow**1.2)
    layers: list[Layer] = [(1.0, jet * ramp_out(frames, 0.15))]
    if take["whistle"] > 0:
        pitch = 0.45 * hump_hz * (0.8 + 0.2 * flow) * (1 + 0.006 * wander(rng, frames, 9.0))
        layers.append(
            (
                0.9 * take["whistle"],
                np.sin(2 * np.pi * oscillators.phase(pitch, frames)) * flow**2 * ramp_out(frames, 0.2),
            )
        )
    if take["wet"] > 0:
        positions = particles.poisson_under(rng, flow + 0.02, 130 * take["wet"] * (length_s + 0.2))
        bank = particles.bank(rng, 8, 900, 6500, (0.003, 0.012))
        spit = particles.resonant(
            rng, frames, positions, particles.heavy_tailed(rng, len(positions), 0.8), bank
        )
        layers.append((0.8 * take["wet"], level(spit) * ramp_out(frames, 0.2)))
    if take["punch"] > 0:
        layers.append((0.7 * take["punch"], _clunk(rng, 420 * 2 ** (1 - 2 * take["size"]), "metal", 0.6)))
    return mix(*layers)


def sparks(take: Take) -> Signal:
    """Discharges snap as heated air springs open; an arc that holds strikes anew at every crest of the mains."""
    rng, bright, rough = take.rng, take["brightness"], take["roughness"]
    positions = bed.events(take, take["density"])
    gains = particles.heavy_tailed(rng, len(positions), 0.5 + 1.1 * take["strength"])
    snaps = [_snap(rng, bright) for _ in range(8)]
    total = bed.scatter(take, positions, gains, snaps)
    mains = bed.cycles(take, 50.0)
    if rough > 0 and len(positions):
        arcs = [_arc(rng, bright, 0.03 + 0.25 * rough * rng.uniform(0.3, 1)) for _ in range(5)]
        held = positions[rng.uniform(size=len(positions)) < 0.12 + 0.25 * rough]
        total = total + 0.8 * bed.scatter(take, held, rng.uniform(0.3, 1, len(held)), arcs)
    if take["hum"] > 0:
        total = total + 0.22 * take["hum"] * wavetable.read(_hum_table(rng, 50.0, 0.55), mains)
    fizz = motor.steady_noise(take, lambda hz: motor.band(hz, 3000, 14000, 1))
    return total + (0.004 + 0.012 * rough) * fizz


def _snap(rng: np.random.Generator, bright: float) -> Signal:
    """Return one spark: a shock of half a wave, and a moment of torn air."""
    frames = samples_of(0.018)
    air = highpass(noise.white(rng, frames), 900 + 3500 * bright) * decay(frames, rng.uniform(0.004, 0.014))
    shock = np.zeros(frames)
    width = max(2, samples_of(0.00025 * 2 ** (1 - 2 * bright)))
    shock[:width] = 3.5
    shock[width : 2 * width] = -3.0
    return level(shock + air) * ramp_out(frames, 0.3)


def _arc(rng: np.random.Generator, bright: float, length_s: float) -> Signal:
    frames = samples_of(length_s)
    beat = np.abs(np.sin(2 * np.pi * (50.0 * np.arange(frames) / SAMPLE_RATE + rng.uniform())))
    strikes = beat**10 * noise.white(rng, frames) + 0.25 * beat**3 * wander(rng, frames, 2400.0)
    heard = formants(
        strikes, [(1500, 0.003, 0.5), (3800 * (0.6 + bright), 0.002, 0.9), (7800, 0.0015, 0.4 + bright)]
    )
    return 0.6 * level(heard) * ramp_out(frames, 0.35) * np.minimum(1, np.arange(frames) / 96)


def geiger(take: Take) -> Signal:
    """A click for every particle, and particles come as a Poisson process does."""
    rng, hard = take.rng, take["hardness"]
    positions = bed.events(take, take["density"])
    if len(positions) == 0:
        positions = np.array([take.period // 3], np.int64)
    t60_s = 0.003 * (0.06 / 0.003) ** take["ring"]
    clicks = []
    for _ in range(6):
        hz = take["pitch_hz"] * np.array([1.0, 1.83, 2.9, 4.4]) * rng.uniform(0.97, 1.03, 4)
        hz = np.minimum(hz, 20000)
        gains = np.array([1.0, 0.6, 0.4, 0.3]) ** (1.6 - 1.2 * hard) * rng.uniform(0.7, 1.1, 4)
        cone = modal.ring(
            modal.Modes(hz, t60_s / np.sqrt([1, 1.83, 2.9, 4.4]), gains), modal.blow(0.35 + 0.6 * hard, 2.0)
        )
        clicks.append(level(cone))
    gains = rng.uniform(0.8, 1.0, len(positions))
    total = bed.scatter(take, positions, gains, clicks)
    hiss = motor.steady_noise(take, lambda hz: motor.band(hz, 700, 5000, 1))
    return total + 0.03 * take["noise"] * hiss


def radio_static(take: Take) -> Signal:
    """What a receiver makes of nothing: noise in its band, carriers that whistle against it, a voice out of tune."""
    rng, bright = take.rng, take["brightness"]
    dial = bed.wander(take, take["rate_hz"])
    static = bed.white(take) * (0.75 + 0.25 * bed.wander(take, 3.0 * take["rate_hz"]))
    total = 0.5 * static
    if take["crackles"] > 0:
        positions = bed.events(take, take["crackles"])
        gains = particles.heavy_tailed(rng, len(positions), 0.8)
        bursts = [noise.white(rng, n) * decay(n, n / SAMPLE_RATE) * 1.6 for n in (60, 150, 400, 900)]
        total = total + bed.scatter(take, positions, gains, bursts)
    if take["people"] > 0:
        total = total + 1.8 * take["people"] * _lost_voice(take, dial)
    high_hz = 1900 + 4600 * bright
    speaker = [(430.0, 0.006, 0.3), (1250.0, 0.003, 0.5), (2500.0 + 1200 * bright, 0.002, 0.8 * bright + 0.2)]
    total = lowpass(total + 0.3 * formants(total, speaker), high_hz)
    if take["whistle"] > 0:
        # The beat falls to nothing as the dial crosses a carrier, and rises again behind it.
        pitch = np.abs(300 + 2300 * bed.wander(take, 0.8 * take["rate_hz"])) + 30
        audible = np.clip(1.3 - pitch / high_hz, 0, 1) * np.clip(
            0.35 + bed.wander(take, take["rate_hz"]), 0, 1
        )
        total = total + 1.2 * take["whistle"] * np.sin(2 * np.pi * bed.cycles(take, pitch)) * audible
    if take["hum"] > 0:
        total = total + 0.5 * take["hum"] * wavetable.read(_hum_table(rng, 50.0, 0.4), bed.cycles(take, 50.0))
    return saturate(0.6 * total, 1.0)


def _lost_voice(take: Take, dial: Signal) -> Signal:
    """Return speech that is none: a glottal buzz in syllables, its formants swapped as vowels are."""
    pitch = 125 * 2 ** (0.35 * bed.wander(take, 1.1) + 0.15 * bed.wander(take, 3.5))
    table = wavetable.shaped(voice.glottal_pulse(0.6), 250.0)
    syllables = np.clip(bed.wander(take, 4.5) + 0.25, 0, 1) ** 0.7 * np.clip(0.3 + dial, 0, 1)
    buzz = (wavetable.read(table, bed.cycles(take, pitch)) + 0.15 * bed.white(take)) * syllables
    vowel = 0.5 + 0.5 * bed.wander(take, 4.0)
    front = formants(buzz, [(420.0, 0.014, 1.0), (1950.0, 0.01, 0.5), (2700.0, 0.008, 0.3)])
    back = formants(buzz, [(640.0, 0.014, 1.0), (1080.0, 0.01, 0.7), (2450.0, 0.008, 0.2)])
    return 0.1 * (front * vowel + back * (1 - vowel))


def pump(take: Take) -> Signal:
    """A piston's stroke: a heavy landing, a valve that hisses on the way, plates that clank, and what it moves."""
    rng, size = take.rng, take["size"]
    count = max(1, round(take["rate_hz"] * take.period / SAMPLE_RATE))
    step = take.period / count
    steady = np.arange(count) * step
    stroke = bed.cycles(take, count * SAMPLE_RATE / take.period)
    scale = 2 ** (1.2 - 2.4 * size)
    thuds = [_landing(take, scale) for _ in range(3)]
    gains = rng.uniform(0.85, 1.0, count)
    total = (0.3 + take["weight"]) * bed.scatter(take, steady.astype(np.int64), gains, thuds)
    if take["air"] > 0:
        within = stroke % 1.0
        length_s = step / SAMPLE_RATE
        out = np.exp(-within * length_s / min(0.16 * (0.5 + size), 0.3 * length_s)) * np.minimum(
            1, within * length_s / 0.006
        )
        back = np.clip(np.sin(2 * np.pi * (within - 0.5)), 0, 1) ** 2
        hiss = motor.steady_noise(take, lambda hz: motor.band(hz, 900 * scale**0.9, 6500 * scale**0.9, 1))
        suck = motor.steady_noise(take, lambda hz: noise.bump(hz, 700 * scale**0.6, 0.7).astype(np.float64))
        # A big valve hisses longer, not with more power.
        total = total + 0.3 * (0.5 + size) ** -0.7 * take["air"] * (hiss * out + 0.55 * suck * back)
    if take["rattle"] > 0:
        clanks = [_clunk(rng, 760 * scale**0.7 * rng.uniform(0.8, 1.3), "metal", 0.6, 0.12) for _ in range(4)]
        at = (steady + step * (0.5 + 0.02 * rng.uniform(-1, 1, count))).astype(np.int64) % take.period
        total = total + 0.6 * take["rattle"] * bed.scatter(take, at, rng.uniform(0.5, 1, count), clanks)
    if take["wet"] > 0:
        surge = np.clip(np.sin(2 * np.pi * (stroke - 0.1)), 0, 1)
        positions = bed.events_under(take, surge, 45 * take["wet"] + 3)
        drops = [
            particles.bubble(scale**0.7 * rng.uniform(220, 900), rng.uniform(0.03, 0.08), rng.uniform(0.2, 1))
            for _ in range(10)
        ]
        total = total + 0.4 * take["wet"] * bed.scatter(
            take, positions, rng.uniform(0.2, 1, len(positions)), drops
        )
    return total


def _landing(take: Take, scale: float) -> Signal:
    rng, weight = take.rng, take["weight"]
    deep = _clunk(rng, 72 * scale * 2 ** (0.5 - weight), "wood", 0.3 + 0.15 * (1 - weight), 1.0)
    housing = _clunk(rng, 330 * scale, "metal", 0.45, 0.06)
    return mix((0.5 + 0.7 * weight, deep), (0.4, housing, 0.002))


def camera(take: Take) -> Signal:
    """The mirror slaps up, the curtain opens and shuts, the mirror falls; a small motor may wind the film."""
    rng, size, hard = take.rng, take["size"], take["hardness"]
    scale = 2 ** (0.8 - 1.6 * size)
    ring = 0.03 + 0.25 * take["ring"]
    open_s = take["length_s"]

    def part(pitch_hz: float, material: str, louder: float) -> Signal:
        sharp = 0.45 + 0.5 * hard
        own = _clunk(
            rng,
            pitch_hz * scale * rng.uniform(0.95, 1.05),
            material,
            sharp,
            ring if material == "metal" else 0.35,
        )
        frames = samples_of(0.012)
        snap = highpass(noise.white(rng, frames), 1800 + 3200 * hard) * decay(frames, 0.009)
        return louder * mix((1.0, own), (0.2 + 0.35 * hard, level(snap)))

    layers: list[Layer] = [(1.0, part(720, "plastic", 0.8)), (1.0, part(2300, "metal", 0.6), 0.011)]
    layers += [
        (1.0, part(2050, "metal", 0.7), 0.011 + open_s),
        (1.0, part(560, "plastic", 1.0), 0.026 + open_s),
    ]
    if take["winder"] > 0:
        layers.append((0.55 * take["winder"], _winder(take, scale), 0.05 + open_s))
    return mix(*layers)


def _winder(take: Take, scale: float) -> Signal:
    rng = take.rng
    frames = samples_of(rng.uniform(0.2, 0.26))
    pitch = (
        310
        * scale**0.5
        * lines(
            frames, [(0, 0.5), (0.04, 1.0), (frames / SAMPLE_RATE - 0.03, 1.06), (frames / SAMPLE_RATE, 0.5)]
        )
    )
    cycles = oscillators.phase(pitch, frames, rng.uniform())
    ranks = np.arange(1, 40)
    whirr = wavetable.read(
        wavetable.harmonic(ranks**-0.7 * rng.uniform(0.3, 1, 39), 420.0 * scale**0.5, rng), cycles
    )
    grit = noise.white(rng, frames) * (0.2 + np.maximum(0, np.sin(2 * np.pi * 0.25 * cycles)) ** 6)
    heard = level(whirr + 0.4 * bandpass(grit, 1200, 7000))
    return heard * lines(
        frames, [(0, 0), (0.015, 1), (frames / SAMPLE_RATE - 0.03, 0.9), (frames / SAMPLE_RATE, 0)]
    )


def powerup_machine(take: Take) -> Signal:
    """A relay, then a rotor that gains speed ever more slowly, its coils and the air it drives with it."""
    length_s = take["length_s"]
    hold_s = 0.25 * length_s
    total_s = length_s + hold_s
    frames = samples_of(total_s)
    seconds = np.arange(frames) / SAMPLE_RATE
    speed = np.minimum(1, (1 - np.exp(-3.2 * seconds / length_s)) / (1 - math.exp(-3.2)))
    swell = lines(
        frames,
        [(0, 0.0), (0.08 * length_s, 0.35), (length_s, 1), (length_s + 0.4 * hold_s, 0.9), (total_s, 0)],
    )
    relay = _relay(take)
    heard = _running(take, speed, take["rise_oct"]) * swell
    return mix((0.85, heard * ramp_out(frames, 0.12)), (0.9 * take["punch"], relay))


def powerdown(take: Take) -> Signal:
    """A relay drops, and the rotor coasts: fast at first, then long and low, until it stands."""
    length_s = take["length_s"]
    frames = samples_of(length_s)
    seconds = np.arange(frames) / SAMPLE_RATE
    speed = np.exp(-2.2 * seconds / length_s) * (1 - 0.8 * seconds / length_s)
    swell = lines(frames, [(0, 0), (0.008, 1), (0.3 * length_s, 0.8), (0.75 * length_s, 0.45), (length_s, 0)])
    heard = _running(take, speed, take["fall_oct"]) * swell
    return mix((0.85, heard * ramp_out(frames, 0.1)), (0.9 * take["punch"], _relay(take)))


def _relay(take: Take) -> Signal:
    rng = take.rng
    return mix(
        (1.0, _clunk(rng, 190, "wood", 0.5, 1.0)),
        (0.7, _clunk(rng, 900, "metal", 0.7, 0.1)),
        (0.5, _clunk(rng, 1300, "metal", 0.75, 0.05), 0.018),
    )


def _running(take: Take, speed: Signal, octaves: float) -> Signal:
    """Return a big machine at a speed from 0 to 1, `octaves` from its lowest pitch to its highest."""
    rng, bright, rough = take.rng, take["brightness"], take["roughness"]
    frames = len(speed)
    pitch = take["pitch_hz"] * 2 ** (octaves * (speed - 1)) * (1 + 0.008 * wander(rng, frames, 3.0))
    cycles = oscillators.phase(pitch * (1 + 0.02 * rough * wander(rng, frames, 40.0)), frames, rng.uniform())
    ranks = np.arange(1, 60)
    table = wavetable.harmonic(
        ranks ** (-1.9 + 1.2 * bright) * rng.uniform(0.7, 1.1, len(ranks)), 1.1 * take["pitch_hz"], rng
    )
    tone = wavetable.read(table, cycles) + 0.5 * wavetable.read(table, 0.5 * cycles)
    whine = (
        np.sin(2 * np.pi * 7.13 * cycles) + 0.5 * np.sin(2 * np.pi * 11.4 * cycles)
        if 12 * take["pitch_hz"] < 20000
        else 0.0
    )
    tone = tone + (0.08 + 0.25 * bright) * whine
    tone = tone * (1 - 0.6 * rough * (0.5 + 0.5 * np.sin(2 * np.pi * 0.13 * cycles)))
    corner_hz = 6 * take["pitch_hz"] ** 0.5 * 25

    def driven(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
        here = corner_hz * (0.12 + noise.at(speed, times))
        return noise.bump(frequencies, 0.5 * here, 1.0)

    air = level(noise.painted(rng, frames, driven, 1024) * (0.15 + speed))
    return level(tone) + 0.9 * take["air"] * air
