"""Guns: how they are made."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import blast, modal, noise, particles
from sfxgen.models.synth.envelopes import decay, ramp_out, slide, wander
from sfxgen.models.synth.filters import bandpass, highpass, lowpass, saturate
from sfxgen.models.synth.noise import Gains
from sfxgen.models.synth.oscillators import phase, sin_of
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of

TUBE = (1.0, 1.51, 2.23, 2.84, 3.9, 5.1, 6.4)
"""A short brass tube, closed at one end: ratios of flexing modes, chosen to sound like one, not measured."""


def gunshot(take: Take) -> Signal:
    """Crack, muzzle blast with a low thump, and the landscape's echoes (after Maher, 2006)."""
    rng, size, tail_s = take.rng, take["size"], take["tail_s"]
    front = _report(rng, size, take["crack"], take["punch"])
    tail = blast.echoes(rng, tail_s, 3000 - 1700 * size, front=front)
    layers: list[Layer] = [(1.0, front), (0.4 + 0.12 * size, level(tail), 0.012)]
    if take["mechanism"] > 0.01:
        # It is heard once the blast has fallen below it.
        layers.append((1.0 * take["mechanism"], _slide(rng, size), 0.085 + 0.05 * size))
    return mix(*layers)


def _report(rng: Generator, size: float, crack: float, punch: float) -> Signal:
    """Return the shot itself, driven into the limit that ears and microphones have."""
    sharp = level(highpass(blast.shock(rng, 0.00025 + 0.0007 * size), 800 - 450 * size))
    gas = blast.burning(
        rng,
        0.13 + 0.3 * size,
        ((6500 + 9000 * crack) * 2.0 ** (-1.3 * size), 620 - 400 * size),
        0.024 + 0.035 * size,
        t60_s=0.16 + 0.34 * size,
        window=256,
    )
    gas[: samples_of(0.0007)] *= np.linspace(0, 1, samples_of(0.0007))
    low = blast.thump(rng, 0.12 + 0.24 * size, 205 - 90 * size, 62 - 22 * size)
    spit = highpass(noise.white(rng, samples_of(0.04)), 2600 - 1200 * size) * decay(samples_of(0.04), 0.03)
    front = mix(
        (0.35 + 1.1 * crack, sharp),
        (1.4 * crack, level(spit)),
        (0.9, gas, 0.0006),
        (0.25 + 1.1 * punch, low, 0.001),
    )
    return saturate(level(front), 2.6)


def _slide(rng: Generator, size: float) -> Signal:
    """Return the slide, back and forth, and the case that leaves it."""
    metal = modal.MATERIALS["metal"]
    low_hz = 1750 - 700 * size
    back = modal.ring(modal.body(rng, metal, 1.3 * low_hz, ring=0.05, brightness=0.7), modal.blow(0.9))
    forth = modal.ring(modal.body(rng, metal, low_hz, ring=0.07, brightness=0.6), modal.blow(0.85))
    return mix((0.7, level(back)), (1.0, level(forth), rng.uniform(0.05, 0.07) + 0.03 * size))


def shotgun(take: Take) -> Signal:
    """A broad blast without a ballistic crack; the pellets are a crowd of small wakes; perhaps the pump."""
    rng, size, tail_s = take.rng, take["size"], take["tail_s"]
    front = _report(rng, 0.45 + 0.55 * size, 0.3, 0.3 + 0.7 * take["punch"])
    frames = samples_of(0.16)
    pellets = noise.band(rng, frames, 1100, 5200 - 1800 * size, 1) * (0.5 + 0.5 * wander(rng, frames, 240))
    pellets *= decay(frames, 0.26) * ramp_out(frames, 0.3)
    tail = blast.echoes(rng, tail_s, 2100 - 1000 * size, front=front)
    layers: list[Layer] = [
        (1.0, front),
        (1.4 * take["spray"], level(pellets), 0.004),
        (0.42, level(tail), 0.015),
    ]
    if take["pump"] > 0.01:
        layers.append((0.2 + 0.3 * take["pump"], _pump(rng, size), 0.42))
    return mix(*layers)


def _pump(rng: Generator, size: float) -> Signal:
    """Return the fore-end pulled back and pushed forward: two scrapes, each ending in a clack."""
    layers: list[Layer] = []
    for start_s, pitch_hz, loud in ((0.0, 760.0, 0.8), (0.15 * rng.uniform(0.9, 1.1), 610.0, 1.0)):
        layers.append((0.4, _scrape(rng, 0.07, 2300 - 700 * size)))
        clack = _clack(rng, pitch_hz * (1.15 - 0.3 * size), metal=0.65, ring=0.12)
        layers[-1] = (0.4, layers[-1][1], start_s)
        layers.append((loud, clack, start_s + 0.062))
    return level(mix(*layers))


def _scrape(rng: Generator, length_s: float, centre_hz: float) -> Signal:
    """Return a part that slides in its guide: rough noise that rises to the stop."""
    frames = samples_of(length_s)
    rough = noise.band(rng, frames, 0.6 * centre_hz, 2.2 * centre_hz, 1) * (
        0.55 + 0.45 * wander(rng, frames, 210)
    )
    return level(rough * np.linspace(0.15, 1, frames) * np.minimum(1, np.arange(frames)[::-1] / 100))


def _clack(rng: Generator, lowest_hz: float, *, metal: float, ring: float) -> Signal:
    """Return two hard parts that meet: a bank between polymer's and steel's, and the thud of the gun."""
    steel = modal.body(rng, modal.MATERIALS["metal"], lowest_hz, ring=ring, brightness=0.7, looseness=0.06)
    dull = modal.body(
        rng, modal.MATERIALS["plastic"], 0.8 * lowest_hz, ring=0.6, brightness=0.6, looseness=0.06
    )
    contact = level(highpass(noise.white(rng, samples_of(0.012)), 1500)) * decay(samples_of(0.012), 0.008)
    return mix(
        (0.15 + 0.85 * metal, level(modal.ring(steel, modal.blow(0.85, 3.0)))),
        (1.0 - 0.6 * metal, level(modal.ring(dull, modal.blow(0.75, 3.0)))),
        (0.35, contact),
        (0.18, blast.thump(rng, 0.03, 2.2 * lowest_hz**0.7, 1.4 * lowest_hz**0.7)),
    )


def cannon(take: Take) -> Signal:
    """A slow Friedlander wave, a gust of burning gas, a bell of a barrel, and a long roll."""
    rng, size, tail_s = take.rng, take["size"], take["tail_s"]
    first = level(blast.shock(rng, 0.003 + 0.004 * size))
    gas = blast.burning(
        rng,
        0.5 + 0.5 * size,
        ((5600 - 3900 * size) * 2.0 ** (1.4 * (take["crack"] - 0.4)), 230 - 170 * size),
        0.05 + 0.06 * size,
        t60_s=0.6 + 0.6 * size,
    )
    low = blast.thump(rng, 0.4 + 0.6 * size, 150 - 90 * size, 52 - 25 * size)
    crack = blast.snap(rng, 0.05 + 0.03 * size, 1900 - 1100 * size)
    front = mix((0.15 + 1.1 * take["crack"], first), (0.9, gas, 0.001), (1.1, low, 0.001))
    front = mix((1.0, saturate(level(front), 2.4)), (0.9 * take["crack"] ** 1.3, crack))
    barrel = modal.body(
        rng, modal.MATERIALS["metal"], 310 - 170 * size, ring=0.25 + 0.3 * size, brightness=0.3
    )
    rung = level(modal.ring(barrel, modal.blow(0.5, 5.0)))
    tail = blast.echoes(rng, 0.7 * tail_s, 1500 - 1050 * size, front=lowpass(front, 1500), slaps=5)
    return mix(
        (1.0, front),
        (0.4 * take["metal"], rung, 0.004),
        (0.15 + 0.3 * take["rumble"], level(tail), 0.03),
        (0.75 * take["rumble"], blast.rumble(rng, tail_s, 130 - 90 * size, roll_hz=4.0), 0.03),
    )


def silenced_shot(take: Take) -> Signal:
    """What a silencer leaves: a puff of slow gas, some leaking hiss, and the moving parts that nothing hides."""
    rng, size, length_s = take.rng, take["size"], take["length_s"]
    puff = blast.burning(rng, length_s, (2100 - 1000 * size, 260 - 110 * size), 0.3 * length_s, window=256)
    puff[: samples_of(0.002)] *= np.linspace(0, 1, samples_of(0.002))
    frames = samples_of(0.8 * length_s)
    hiss = bandpass(noise.white(rng, frames), 2200, 6500 - 2000 * size, 1) * decay(frames, 0.7 * length_s)
    hiss *= np.minimum(1, np.arange(frames) / samples_of(0.004)) * ramp_out(frames, 0.4)
    low = blast.thump(rng, min(0.09 + 0.06 * size, 0.75 * length_s), 190 - 70 * size, 85 - 25 * size)
    front = mix((1.0, level(puff)), (0.8, low), (0.38 * take["hiss"], level(hiss), 0.003))
    return mix(
        (1.0, saturate(level(front), 1.4)), (0.3 * take["mechanism"], _slide(rng, size), 0.022 + 0.02 * size)
    )


def reload(take: Take) -> Signal:
    """A latch, a magazine that slides out, another that goes in and catches, and the bolt pulled and let go."""
    rng, size, length_s, metal = take.rng, take["size"], take["length_s"], take["metal"]
    pitch_hz = modal.scaled((1500, 560), size)

    def moment(part: float) -> float:
        return length_s * part * (1 + 0.03 * rng.uniform(-1, 1))

    def clack(ratio: float, ring: float = 0.08) -> Signal:
        return _clack(rng, ratio * pitch_hz * rng.uniform(0.95, 1.05), metal=metal, ring=ring)

    out_s, in_s = moment(0.03), moment(0.38)
    scrape_s = min(0.13, 0.12 * length_s)
    guide_hz = 1.6 * pitch_hz + 500 * metal
    layers: list[Layer] = [
        (0.4, clack(1.7), 0.0),
        (0.2, _scrape(rng, scrape_s, guide_hz)[::-1], out_s),
        (0.2, _scrape(rng, scrape_s, 1.15 * guide_hz), in_s),
        (0.85, clack(0.8), in_s + scrape_s),
        (0.4, clack(1.5), in_s + scrape_s + 0.018),
    ]
    if take["rattle"] > 0.01:
        layers.append((0.32 * take["rattle"], _rounds(rng, 0.16, 2.2 * pitch_hz), out_s + 0.02))
        layers.append((0.4 * take["rattle"], _rounds(rng, 0.14, 2.2 * pitch_hz), in_s + scrape_s))
    if take["bolt"] > 0.01:
        back_s, loud = moment(0.72), 0.3 + 0.7 * take["bolt"]
        layers += [
            (0.22 * loud, _scrape(rng, scrape_s, 1.4 * guide_hz), back_s),
            (0.7 * loud, clack(1.1), back_s + scrape_s),
            (1.0 * loud, clack(0.9, 0.14), back_s + scrape_s + 0.11 * min(1.0, length_s)),
        ]
    return mix(*layers)


def _rounds(rng: Generator, length_s: float, pitch_hz: float) -> Signal:
    """Return loose metal that jingles until it lies still."""
    fall = decay(samples_of(length_s), 1.4 * length_s)
    bank = particles.bank(rng, 6, pitch_hz, 3.2 * pitch_hz, (0.02, 0.06))
    return blast.debris(rng, fall, 14, bank)


def ricochet(take: Take) -> Signal:
    """A hit, then a tumbling slug whose wake sings: its pitch falls as it slows and flies off (Doppler)."""
    rng, length_s, pitch_hz = take.rng, take["length_s"], take["pitch_hz"]
    frames = samples_of(length_s)
    position = np.linspace(0, 1, frames)
    fallen = pitch_hz * 2.0 ** (-take["fall_oct"] * (0.75 * position**0.8 + 0.25 * position**3))
    tumbling = phase(slide(frames, take["wobble_hz"], 0.62 * take["wobble_hz"]), frames, rng.uniform())
    turn = sin_of(tumbling)
    flutter = 0.55 + 0.45 * turn
    cycles = phase(fallen * (1 + 0.022 * turn + 0.008 * wander(rng, frames, 30)), frames)
    whine = sin_of(cycles + 0.11 * sin_of(2 * cycles))

    def wake(frequencies: Gains, times: Gains) -> Gains:
        now = noise.at(fallen, times)
        near = (frequencies - now) / (0.09 * now)
        far = (frequencies - 2.03 * now) / (0.3 * now)
        return np.exp(-0.5 * near * near) + 0.3 * np.exp(-0.5 * far * far)

    air = level(noise.painted(rng, frames, wake, 1024))
    away = np.minimum(1, position / 0.03 + 0.15) * (1 - position) ** 1.7 * decay(frames, 3 * length_s)
    flown = level((0.8 * whine + 0.75 * air) * flutter * away)
    return mix((0.85, flown, 0.004), (0.2 + 1.6 * take["crack"], _glance(rng, take.choice("material"))))


def _glance(rng: Generator, name: str) -> Signal:
    """Return the hit that a bullet glances off from: steel that rings, stone that chips, wood that knocks."""
    material = modal.MATERIALS[name]
    lowest_hz, ring, snap_gain, thump_gain = {
        "stone": (1500.0, 0.8, 0.8, 0.3),
        "metal": (820.0, 0.55, 0.6, 0.2),
        "wood": (330.0, 0.9, 0.12, 0.7),
    }[name]
    modes = modal.body(rng, material, lowest_hz, ring=ring, brightness=0.3 if name == "wood" else 0.65)
    body = level(modal.ring(modes, modal.blow(0.9, material.contact_ms)))
    snap = level(highpass(blast.shock(rng, 0.0004), 900))
    hit = mix((snap_gain, snap), (1.0, body), (thump_gain, blast.thump(rng, 0.07, 240, 110)))
    if name == "stone":
        bank = particles.bank(rng, 7, 3200, 11000, (0.003, 0.012))
        hit = mix((1.0, hit), (0.7, blast.debris(rng, decay(samples_of(0.25), 0.22), 40, bank), 0.004))
    return saturate(level(hit), 1.4)


def bullet_flyby(take: Take) -> Signal:
    """The N-wave that reaches the listener first, then the wake, its pitch falling through the pass (Doppler)."""
    rng, speed = take.rng, take["speed"]
    length_s = 0.42 - 0.26 * speed
    frames = samples_of(length_s)
    pass_at = 0.3
    nearness = (np.linspace(0, 1, frames) - pass_at) / 0.13
    bent = 1 - (0.12 + 0.3 * speed) * nearness / np.sqrt(1 + nearness**2)
    heard = take["pitch_hz"] * (0.75 + 0.5 * speed) * bent
    loud = (1 + nearness**2) ** -0.8 * (0.8 + 0.2 * wander(rng, frames, 90))

    def wake(frequencies: Gains, times: Gains) -> Gains:
        now = noise.at(heard, times)
        near = (frequencies - now) / (0.1 * now)
        over = frequencies / (1.8 * now)
        return np.exp(-0.5 * near * near) + 0.28 * over / (1 + over * over) ** 1.5

    whizz = level(noise.painted(rng, frames, wake, 512) * loud * ramp_out(frames, 0.4))
    layers: list[Layer] = [(0.25 + 0.75 * take["air"], whizz, 0.0)]
    if take["crack"] > 0.01:
        wave = level(blast.sonic_boom(0.00042 - 0.00022 * speed))
        torn = level(highpass(noise.white(rng, samples_of(0.02)), 1500)) * decay(samples_of(0.02), 0.012)
        crack = saturate(level(mix((1.0, wave), (0.5, torn), (0.35, wave, 0.0013))), 1.5)
        tail = blast.echoes(rng, take["tail_s"], 3600, front=crack, slaps=3)
        layers.append((2.2 * take["crack"], crack, 0.002))
        layers.append((0.35 * take["crack"], level(tail), 0.015))
    else:
        layers.append((0.1, level(blast.echoes(rng, take["tail_s"], 2400)), pass_at * length_s))
    return mix(*layers)


FLOORS = {
    # how bright, how long it lets the brass ring, how much of each fall it gives back, loudness of its own sound
    "concrete": (0.85, 1.0, 0.68, 0.25),
    "wood": (0.5, 0.75, 0.55, 0.7),
    "metal": (0.9, 1.1, 0.72, 0.5),
    "dirt": (0.1, 0.2, 0.25, 0.8),
}
"""What a case may fall on."""


def shell_casing(take: Take) -> Signal:
    """A brass tube that bounces: each fall gives back a part of the last (Rocchesso and Fontana, 2003)."""
    rng, size = take.rng, take["size"]
    surface = take.choice("surface")
    bright, ringing, given_back, own = FLOORS[surface]
    given_back = min(0.85, given_back * rng.uniform(0.94, 1.06))
    lowest_hz = modal.scaled((4200, 900), size)
    strikes = [_brass(rng, lowest_hz, ringing * take["decay_s"], bright) for _ in range(3)]
    floor = _floor(rng, surface)
    layers: list[Layer] = []
    at_s, gap_s, loud = 0.0, 0.13 + 0.28 * take["height"], 1.0
    for index in range(max(1, round(take["bounces"]))):
        layers.append((loud * rng.uniform(0.7, 1.0), strikes[index % 3], at_s))
        layers.append((own * loud, floor, at_s))
        at_s += gap_s * rng.uniform(0.85, 1.1)
        gap_s, loud = max(0.02, gap_s * given_back), loud * (0.25 + 0.6 * given_back)
    roll = rng.integers(2, 5)  # it tips over and rattles on its rim
    for index in range(int(roll)):
        layers.append((0.35 * loud, strikes[(index + 1) % 3], at_s + 0.021 * index * rng.uniform(0.9, 1.1)))
    return mix(*layers)


def _brass(rng: Generator, lowest_hz: float, t60_s: float, brightness: float) -> Signal:
    ratios = np.array(TUBE)
    frequencies = lowest_hz * ratios * (1 + 0.006 * rng.uniform(-1, 1, len(ratios)))
    frequencies = np.concatenate([frequencies, frequencies * rng.uniform(1.004, 1.012)])
    gains = np.tile(ratios ** (-1.4 + 1.1 * brightness), 2) * rng.uniform(0.2, 1.0, 2 * len(ratios))
    heard = frequencies < 0.45 * SAMPLE_RATE
    t60s = t60_s * (frequencies / lowest_hz) ** -0.5
    modes = modal.Modes(frequencies[heard], t60s[heard], gains[heard])
    return level(modal.ring(modes, modal.blow(0.4 + 0.6 * brightness, 1.5)))


def _floor(rng: Generator, surface: str) -> Signal:
    if surface == "dirt":
        return level(blast.burning(rng, 0.05, (1500, 300), 0.012))
    if surface == "concrete":
        tick = highpass(noise.white(rng, samples_of(0.008)), 2000) * decay(samples_of(0.008), 0.005)
        return level(tick)
    material, lowest_hz, ring = {"wood": ("wood", 260.0, 0.5), "metal": ("metal", 420.0, 0.25)}[surface]
    modes = modal.body(rng, modal.MATERIALS[material], lowest_hz, ring=ring, brightness=0.4)
    return level(modal.ring(modes, modal.blow(0.7, 3.0)))


def dry_fire(take: Take) -> Signal:
    """The sear lets go, and a hammer falls on nothing: two hard contacts a few milliseconds apart."""
    rng, hardness = take.rng, take["hardness"]
    pitch_hz = modal.scaled((2600, 950), take["size"]) * (0.8 + 0.4 * hardness)
    sear = _clack(rng, 1.6 * pitch_hz, metal=take["metal"], ring=0.02)
    hammer = _clack(rng, pitch_hz, metal=take["metal"], ring=0.03 + 0.03 * take["metal"])
    late_s = rng.uniform(0.011, 0.016)
    layers: list[Layer] = [(0.2 + 0.2 * hardness, sear), (1.0, hammer, late_s)]
    for index in range(round(4 * take["rattle"])):
        layers.append(
            (
                0.3 * take["rattle"] * rng.uniform(0.4, 1),
                sear,
                late_s + 0.02 + 0.018 * index * rng.uniform(0.8, 1.2),
            )
        )
    return mix(*layers)
