"""Blades, bows and fists: how they are made."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import aeolian, bed, blast, modal, noise, particles
from sfxgen.models.synth.envelopes import decay, lines, ramp_out, wander
from sfxgen.models.synth.filters import bandpass, convolved, highpass, saturate
from sfxgen.models.synth.noise import Gains
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of

CLAMPED = (1.0, 6.27, 17.55, 34.4, 56.8)
"""A bar held at one end: the squares of the roots of cos x cosh x = -1, over the first."""


def swing(take: Take) -> Signal:
    """A blade as a row of Aeolian sources whose speed rises and falls with the stroke (Selfridge et al., 2017)."""
    rng = take.rng
    top_ms = 13 + 32 * take["speed"]
    thickness_m = modal.scaled((0.0028, 0.03), take["size"])
    speed = aeolian.sweep(take["length_s"], peak=0.55 + 0.06 * rng.uniform(-1, 1))
    top_hz = aeolian.tone_hz(top_ms, thickness_m) * rng.uniform(0.96, 1.04)
    heard = aeolian.swish(rng, speed, top_hz, whistle=take["whistle"], air=0.03 + 0.5 * take["air"])
    return heard * ramp_out(len(heard), 0.25)


def sword_clash(take: Take) -> Signal:
    """Two banks of modes under one force: a blow, its chatter, and edges that slip (after Avanzini et al., 2005)."""
    rng, hardness = take.rng, take["hardness"]
    lowest_hz = modal.scaled((1050, 380), take["size"])
    frames = samples_of(1.05 * take["decay_s"])
    both = np.zeros(frames)
    for detune in (1.0, rng.uniform(1.16, 1.34)):
        both += modal.impulse_response(_blade(rng, lowest_hz * detune, take["decay_s"], hardness), frames)
    force = np.zeros(samples_of(0.02 + 0.22 * take["scrape"]))
    for start_s, gain in _chatter(rng, hardness):
        blow = modal.blow(0.6 + 0.4 * hardness, 0.9)
        start = samples_of(start_s)
        force[start : start + len(blow)] += gain * blow
    force += 0.05 * take["scrape"] * _rasp(rng, len(force), 130 + 60 * hardness)
    rung = level(convolved(both, force)[:frames] * ramp_out(frames, 0.15))
    clank = highpass(noise.white(rng, samples_of(0.03)), 700 + 1800 * hardness)
    clank *= decay(len(clank), 0.012 + 0.01 * (1 - hardness))
    body = blast.thump(rng, 0.05 + 0.09 * take["strength"], 420 - 180 * take["size"], 130 - 50 * take["size"])
    struck = mix((1.0, rung), (0.55, level(clank)), (0.55 * take["strength"], body))
    return saturate(level(struck), 0.6 + 1.6 * take["strength"])


def _blade(rng: Generator, lowest_hz: float, t60_s: float, hardness: float) -> modal.Modes:
    """Return a blade's modes: bending ones, stiff and far apart, and twisting ones, near a harmonic series."""
    bending = np.array([1.0, 2.756, 5.404, 8.933, 13.344, 18.64, 24.8])
    twisting = 1.93 * np.arange(1, 10) * (1 + 0.01 * np.arange(9))
    ratios = np.concatenate([bending, twisting])
    frequencies = lowest_hz * ratios * (1 + 0.035 * rng.uniform(-1, 1, len(ratios)))
    gains = ratios ** (-0.75 + 0.95 * hardness) * rng.uniform(0.55, 1.0, len(ratios))
    t60s = t60_s * (frequencies / 1500 + 0.6) ** -0.6 * rng.uniform(0.6, 1.0, len(ratios))
    heard = frequencies < 0.4 * SAMPLE_RATE
    return modal.Modes(frequencies[heard], np.minimum(t60s, t60_s)[heard], gains[heard])


def _chatter(rng: Generator, hardness: float) -> list[tuple[float, float]]:
    """Return when, and how hard, blades touch that bounce off one another: (start_s, gain)."""
    touches = [(0.0, 1.0)]
    at_s = 0.0
    for index in range(2):
        at_s += rng.uniform(0.003, 0.008)
        touches.append((at_s, (0.2 + 0.35 * hardness) * 0.6**index * rng.uniform(0.5, 1)))
    return touches


def _rasp(rng: Generator, frames: int, slips_hz: float) -> Signal:
    """Return the force of a rough edge that sticks and slips over another, fading."""
    count = max(2.0, slips_hz * 6 * frames / SAMPLE_RATE)
    positions = particles.poisson(rng, frames, count)
    slips = particles.impulses(frames, positions, particles.heavy_tailed(rng, len(positions), 0.8))
    return (slips + 0.25 * noise.white(rng, frames)) * np.linspace(1, 0, frames) ** 1.5


def sword_draw(take: Take) -> Signal:
    """Noise of a sheath that slips, its band rising as the free blade grows; let go, the blade rings as a bank of modes."""
    rng, length_s, size = take.rng, take["length_s"], take["size"]
    slide_frames = samples_of(length_s)
    lowest_hz = modal.scaled((1500, 560), size)
    position = np.linspace(0, 1, slide_frames)
    pushed = (0.3 + 0.7 * position**1.6) * (0.75 + 0.25 * wander(rng, slide_frames, 18))
    centre_hz = (1700 + 2600 * take["brightness"]) * (1.3 - 0.6 * size)

    def scrape(frequencies: Gains, times: Gains) -> Gains:
        centre = centre_hz * 2.0 ** (1.15 * times / length_s)
        gains = noise.bump(frequencies, centre, 0.32) + 0.55 * noise.bump(frequencies, 2.3 * centre, 0.2)
        return gains + 0.1 * noise.bump(frequencies, 0.3 * centre, 0.6)

    slips = (
        1.0 - take["roughness"] * (0.5 + 0.5 * wander(rng, slide_frames, 75 + 60 * take["roughness"])) ** 0.7
    )
    slid = level(noise.painted(rng, slide_frames, scrape, 512) * pushed * slips)
    ring_s = 0.25 + 1.9 * take["ring"]
    blade = _blade(rng, lowest_hz, ring_s, 0.4 + 0.5 * take["brightness"])
    ring = level(modal.impulse_response(blade, samples_of(1.05 * ring_s)))
    ring[: samples_of(0.004)] *= np.linspace(0, 1, samples_of(0.004))
    snap = level(highpass(noise.white(rng, samples_of(0.03)), 3500)) * decay(samples_of(0.03), 0.02)
    faded = slid * np.minimum(1, (1 - position) / 0.06)
    free_s = 0.9 * length_s
    return mix(
        (0.75, faded),
        (0.25 + 0.75 * take["ring"], ring * ramp_out(len(ring), 0.2), free_s),
        (0.3, snap, free_s),
    )


def stab(take: Take) -> Signal:
    """A thrust into a damped body: skin that gives, a squelch of wet clicks, gristle, and the blade's shiver."""
    rng, weight = take.rng, take["weight"]
    thrust = level(highpass(noise.white(rng, samples_of(0.02)), 1800)) * decay(samples_of(0.02), 0.014)
    thud = blast.thump(rng, 0.1 + 0.12 * weight, 260 - 110 * weight, 78 - 30 * weight)
    flesh = blast.burning(rng, 0.16 + 0.08 * weight, (4600 - 2200 * weight, 420 - 160 * weight), 0.025)
    layers: list[Layer] = [
        (0.5, thrust),
        (0.35 + 0.7 * weight, thud, 0.004),
        (1.0, level(flesh), 0.004),
    ]
    if take["wet"] > 0.01:
        layers.append((0.8 * take["wet"], _squelch(rng, 0.14 + 0.12 * take["wet"]), 0.012))
    if take["crack"] > 0.01:
        layers.append((0.85 * take["crack"], _bones(rng, 1 + round(4 * take["crack"])), 0.006))
    if take["metal"] > 0.01:
        shiver = modal.impulse_response(_blade(rng, 1700, 0.2 + 0.5 * take["metal"], 0.7), samples_of(0.6))
        layers.append((0.7 * take["metal"], level(shiver) * ramp_out(len(shiver), 0.3), 0.001))
    return mix(*layers)


def _squelch(rng: Generator, length_s: float) -> Signal:
    """Return wet flesh that parts: small cavities that open and close, each a bubble, in a sucking noise."""
    frames = samples_of(length_s)
    bubbles = [
        particles.bubble(pitch_hz * rng.uniform(0.85, 1.15), rng.uniform(0.012, 0.035), rng.uniform(-1, 1.4))
        for pitch_hz in (900.0, 420.0, 1500.0, 620.0, 1200.0, 500.0, 1800.0)
    ]
    positions = ((np.arange(24) + rng.uniform(0, 1, 24)) / 24 * frames).astype(np.int64)
    gains = particles.heavy_tailed(rng, 24, 0.3) * (1 - positions / frames)
    crowd = particles.scatter(frames + samples_of(0.04), positions, gains, bubbles)
    suck = bandpass(noise.white(rng, frames), 500, 2600, 1) * decay(frames, 1.2 * length_s)
    suck *= (0.5 + 0.5 * wander(rng, frames, 70)) * ramp_out(frames, 0.3)
    return mix((1.0, level(crowd)), (0.6, level(suck)))


def _bones(rng: Generator, count: int) -> Signal:
    """Return dry cracks close together: short, hard, hollow."""
    layers: list[Layer] = []
    at_s = 0.0
    for _ in range(count):
        modes = modal.body(rng, modal.MATERIALS["wood"], rng.uniform(700, 1500), ring=0.12, brightness=0.75)
        layers.append((rng.uniform(0.4, 1.0), level(modal.ring(modes, modal.blow(0.9, 2.0))), at_s))
        at_s += rng.uniform(0.004, 0.022)
    return level(mix(*layers))


def punch(take: Take) -> Signal:
    """A fist: the body's thump, flesh between, and the slap of skin; clothing brushes after it."""
    rng, weight, hardness = take.rng, take["weight"], take["hardness"]
    deep = blast.thump(rng, 0.11 + 0.17 * weight, 215 - 85 * weight, 66 - 27 * weight)
    middle = blast.burning(rng, 0.07 + 0.09 * weight, (2000 - 700 * weight + 1800 * hardness, 220), 0.022)
    slap = bandpass(noise.white(rng, samples_of(0.05)), 500 + 900 * hardness, 2000 + 7500 * hardness, 1)
    slap *= decay(len(slap), 0.05 - 0.025 * hardness)
    front = mix((0.65 + 0.2 * weight, deep), (1.25, level(middle)), (0.45 + 0.9 * hardness, level(slap)))
    layers: list[Layer] = [(1.0, saturate(level(front), 1.5 + weight))]
    if take["crack"] > 0.01:
        layers.append((0.7 * take["crack"], _bones(rng, 1 + round(3 * take["crack"])), 0.005))
    if take["cloth"] > 0.01:
        frames = samples_of(0.17)
        brush = bandpass(noise.white(rng, frames), 1400, 6000, 1) * (0.5 + 0.5 * wander(rng, frames, 40))
        layers.append(
            (0.25 * take["cloth"], level(brush * decay(frames, 0.2) * ramp_out(frames, 0.4)), 0.008)
        )
    return mix(*layers)


def bow(take: Take) -> Signal:
    """Limbs that creak by stick-slip, then a plucked string that stops on them, their thud, and the arrow's wake."""
    rng, size, strength = take.rng, take["size"], take["strength"]
    string_hz = modal.scaled((210, 68), size) * (0.9 + 0.25 * strength) * rng.uniform(0.93, 1.07)
    order = np.arange(1.0, 26.0)
    t60_s = 0.14 + 0.95 * take["ring"] * (0.6 + 0.8 * size)
    string = modal.Modes(
        string_hz * order * np.sqrt(1 + 0.0011 * order**2),
        t60_s / (1 + 0.13 * order),
        rng.uniform(0.5, 1.0, 25) * np.sin(np.pi * order * rng.uniform(0.44, 0.48)) / order**0.62,
    )
    twang = level(modal.ring(string, modal.blow(0.75, 2.5)))
    limbs = modal.body(
        rng,
        modal.MATERIALS["wood"],
        modal.scaled((420, 150), size) * rng.uniform(0.92, 1.08),
        ring=0.45,
        brightness=0.4,
    )
    thud = level(modal.ring(limbs, modal.blow(0.55, 4.0)))
    snap = level(highpass(noise.white(rng, samples_of(0.012)), 1500)) * decay(samples_of(0.012), 0.01)
    leaving_s = 0.2 - 0.06 * strength
    wake = aeolian.swish(
        rng,
        lines(samples_of(leaving_s), [(0, 1), (leaving_s, 0.5)]),
        900 + 900 * strength,
        whistle=0.3,
        air=0.7,
    )
    wake = 0.25 * bed.unit(wake) * decay(len(wake), 1.6 * leaving_s) * ramp_out(len(wake), 0.5)
    push = blast.thump(rng, 0.09, 150, 70)
    drawn_s = 0.0
    layers: list[Layer] = []
    if take["creak"] > 0.01:
        creaked = _creak(rng, 0.35 + 0.45 * strength, modal.scaled((700, 330), size))
        drawn_s = len(creaked) / SAMPLE_RATE + 0.03
        layers.append((0.15 + 0.4 * take["creak"], creaked))
    layers += [
        (0.75, twang, drawn_s),
        (0.7, thud, drawn_s),
        (0.3 + 0.25 * strength, snap, drawn_s),
        (0.35 + 0.35 * strength, push, drawn_s),
        (1.3 * take["air"], wake, drawn_s + 0.004),
    ]
    return mix(*layers)


def _creak(rng: Generator, length_s: float, lowest_hz: float) -> Signal:
    """Return wood under growing strain: slips that come faster and faster, each a blow on its modes."""
    frames = samples_of(length_s)
    slips: list[int] = []
    at_s = 0.0
    while at_s < length_s:
        slips.append(samples_of(at_s))
        at_s += rng.uniform(0.6, 1.4) / (22 + 55 * (at_s / length_s) ** 1.5)
    gains = rng.uniform(0.3, 1.0, len(slips))
    force = particles.impulses(
        frames, np.array(slips)[np.array(slips) < frames], gains[np.array(slips) < frames]
    )
    modes = modal.body(rng, modal.MATERIALS["wood"], lowest_hz, ring=0.25, brightness=0.55)
    return level(convolved(force, modal.impulse_response(modes, samples_of(0.07))))


def arrow(take: Take) -> Signal:
    """A thin whistle that comes near and stops; the hit; and the shaft, a bar held at one end, quivering."""
    rng, speed = take.rng, take["speed"]
    flight_s = max(0.02, take["flight_s"])
    frames = samples_of(flight_s)
    near = np.linspace(0.55, 1.0, frames)
    flying = aeolian.swish(rng, near, 1500 + 1700 * speed, whistle=1.0, air=0.3, turbulence=0.05)
    flying = level(flying * (0.7 + 0.3 * wander(rng, frames, 34))) * np.minimum(
        1, np.arange(frames)[::-1] / 100
    )
    layers: list[Layer] = (
        [(0.55 * take["whistle"], flying)] if min(take["flight_s"] / 0.02, take["whistle"] / 0.01) > 1 else []
    )
    hit_s = flight_s if layers else 0.0
    name = take.choice("material")
    layers += [(gain, part, hit_s + late_s) for gain, part, late_s in _arrow_hit(rng, name, speed)]
    quiver = {"wood": 1.0, "flesh": 0.5, "stone": 0.25, "metal": 0.3}[name]
    layers.append((0.75 * quiver, _shaft(rng, 0.12 + 0.75 * take["ring"]), hit_s + 0.002))
    return mix(*layers)


def _arrow_hit(rng: Generator, name: str, speed: float) -> list[tuple[float, Signal, float]]:
    """Return the layers of an arrow head that hits a material: (gain, signal, start_s)."""
    material = modal.MATERIALS[name]
    lowest_hz = {"wood": 240.0, "flesh": 110.0, "stone": 1500.0, "metal": 900.0}[name] * rng.uniform(
        0.92, 1.08
    )
    ring = {"wood": 0.5, "flesh": 0.8, "stone": 0.5, "metal": 0.22}[name]
    modes = modal.body(rng, material, lowest_hz, ring=ring, brightness=0.35 + 0.3 * speed)
    body = level(modal.ring(modes, modal.blow(0.55 + 0.35 * speed, material.contact_ms)))
    tick = level(highpass(noise.white(rng, samples_of(0.02)), 1200)) * decay(samples_of(0.02), 0.012)
    parts = [(1.0, body, 0.0), (0.25 + 0.25 * speed, tick, 0.0)]
    if name in ("wood", "flesh"):
        parts.append((0.5 + 0.4 * speed, blast.thump(rng, 0.09, 210, 85), 0.0))
    if name == "flesh":
        parts.append((0.6, _squelch(rng, 0.12), 0.004))
        parts.append((0.5, level(blast.burning(rng, 0.1, (2600, 300), 0.015)), 0.0))
    if name in ("stone", "metal"):  # it breaks or glances off, and clatters
        shaft = modal.body(rng, modal.MATERIALS["wood"], rng.uniform(700, 900), ring=0.4, brightness=0.5)
        clatter = level(modal.ring(shaft, modal.blow(0.7, 3.0)))
        parts += [(0.45 * 0.6**i, clatter, 0.07 + 0.09 * i * rng.uniform(0.8, 1.2)) for i in range(3)]
    return parts


def _shaft(rng: Generator, t60_s: float) -> Signal:
    lowest_hz = rng.uniform(40, 56)
    ratios = np.array(CLAMPED)
    frequencies = lowest_hz * ratios * (1 + 0.02 * rng.uniform(-1, 1, len(ratios)))
    pairs = np.concatenate([frequencies, frequencies * 1.022])  # two planes of bending that beat: the quiver
    gains = np.tile([0.9, 1.0, 0.5, 0.16, 0.05], 2)
    modes = modal.Modes(pairs, t60_s / np.tile([1.0, 1.1, 1.6, 2.6, 4.0], 2), gains)
    return level(modal.ring(modes, modal.blow(0.6, 3.0)))


def shield_block(take: Take) -> Signal:
    """A blow on a big, held body: its damped modes, the rim's small bright ones, and what is loose on it."""
    rng, size, hardness, strength = take.rng, take["size"], take["hardness"], take["strength"]
    wooden = take.choice("material") == "wood"
    material = modal.MATERIALS["wood" if wooden else "metal"]
    lowest_hz = modal.scaled((330, 92) if wooden else (620, 170), size)
    ring = (0.35 + 1.5 * take["ring"]) if wooden else (0.1 + 0.75 * take["ring"])
    modes = modal.body(rng, material, lowest_hz, ring=ring, brightness=0.2 + 0.65 * hardness, looseness=0.05)
    plate = level(modal.ring(modes, modal.blow(0.35 + 0.55 * hardness, material.contact_ms)))
    rim = modal.body(rng, modal.MATERIALS["metal"], rng.uniform(1300, 1700), ring=0.1 + 0.15 * take["ring"])
    rung = level(modal.ring(rim, modal.blow(0.85, 2.0)))
    crash = blast.burning(rng, 0.1, (1800 + 5000 * hardness, 300), 0.014)
    push = blast.thump(rng, 0.1 + 0.14 * strength, 230 - 100 * size, 82 - 34 * size)
    front = mix(
        (0.9, plate), (0.12 + 0.3 * hardness, rung), (0.6, level(crash)), (0.15 + 0.45 * strength, push)
    )
    layers: list[Layer] = [(1.0, saturate(level(front), 0.8 + 1.4 * strength))]
    start_s = 0.025
    for _ in range(round(7 * take["rattle"])):
        layers.append(
            (
                0.3 * take["rattle"] * rng.uniform(0.3, 1.0),
                rung[: samples_of(0.12)] * decay(min(len(rung), samples_of(0.12)), 0.1),
                start_s,
            )
        )
        start_s += rng.uniform(0.018, 0.06)
    return mix(*layers)


def whip(take: Take) -> Signal:
    """The lash gathers way along the thong until its tip breaks the sound barrier (Goriely and McMillen, 2002)."""
    rng, size, length_s = take.rng, take["size"], take["length_s"]
    if take["air"] < 0.01:
        length_s = 0.001  # nothing of the lash is heard: begin with the crack
    frames = samples_of(length_s)
    speed = 0.42 + 0.58 * np.linspace(0, 1, frames) ** 2.4
    top_hz = modal.scaled((3000, 1000), size)
    lash = level(aeolian.swish(rng, speed, top_hz, whistle=0.3, air=0.7))
    lash *= np.minimum(1, np.arange(frames)[::-1] / 200)
    tip = level(blast.sonic_boom(0.00016 + 0.0004 * size))
    torn = level(highpass(noise.white(rng, samples_of(0.035)), 1300 - 700 * size)) * decay(
        samples_of(0.035), 0.022
    )
    slap = blast.burning(rng, 0.06, (9000 - 4500 * size, 700), 0.01)
    crack = mix((1.0, tip), (0.7, tip, rng.uniform(0.0011, 0.0022)), (0.8, torn), (0.8, level(slap)))
    crack = saturate(level(crack), 1.5)
    tail = blast.echoes(rng, take["tail_s"], 5200 - 2500 * size, front=crack)
    return mix(
        (0.12 * min(1.0, 100 * take["air"]) + 0.33 * take["air"], lash),
        (0.1 + 0.9 * take["crack"], crack, length_s),
        (0.28 * take["crack"], level(tail), length_s + 0.01),
    )
