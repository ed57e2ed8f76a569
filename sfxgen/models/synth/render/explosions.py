"""Explosions: how they are made."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import bed, blast, modal, noise, particles
from sfxgen.models.synth.envelopes import decay, lines, ramp_out, wander
from sfxgen.models.synth.filters import bandpass, highpass, lowpass, saturate
from sfxgen.models.synth.noise import Gains
from sfxgen.models.synth.oscillators import phase, sin_of
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of

RUBBLE = {
    # lowest and highest resonance in Hz, and how long one rings in s
    "stone": (240, 3600, (0.006, 0.03)),
    "wood": (190, 2400, (0.015, 0.06)),
    "metal": (320, 6000, (0.08, 0.6)),
    "glass": (2200, 12000, (0.06, 0.4)),
}
"""What a building's pieces sound like as they fall."""

DUST = {"stone": (0.42, 1500), "wood": (0.36, 1300), "metal": (0.2, 1500), "glass": (0.2, 6000)}
"""How loud what is too small to be heard singly is, and up to which frequency in Hz."""


def explosion(take: Take) -> Signal:
    """Shock, a body of burning noise whose band falls, a long low rumble, and debris."""
    rng, size, rumble_s, bright = take.rng, take["size"], take["rumble_s"], take["brightness"]
    body_s = 0.4 + 0.8 * size
    first_hz = (1300 + 7500 * bright) * 2 ** (-1.5 * size)
    body = blast.burning(rng, 1.5 * body_s, (first_hz, 210 - 150 * size), 0.22 * body_s, t60_s=1.8 * body_s)
    body *= 0.78 + 0.22 * wander(rng, len(body), 24)
    # The weaker the shock, the more gently the fire swells behind it.
    swelling = samples_of(modal.scaled((0.05, 0.0015), take["shock"]))
    body[:swelling] *= np.linspace(0, 1, swelling)
    low = blast.thump(rng, 0.35 + 0.85 * size, 150 - 88 * size, 46 - 21 * size)
    first = level(blast.shock(rng, 0.0015 + 0.005 * size))
    front = mix((0.2 + 1.0 * take["shock"], first), (0.9, body, 0.002), (0.85, low, 0.002))
    layers: list[Layer] = [
        (1.0, saturate(level(front), 2.2)),
        (0.95 * take["shock"] ** 1.5, blast.snap(rng, 0.03 + 0.04 * size, 2600 - 1400 * size)),
        (0.4 + 0.45 * size, blast.rumble(rng, rumble_s, 165 - 120 * size), 0.02),
    ]
    answer = blast.echoes(rng, 0.7 * rumble_s, 1500 - 900 * size, front=lowpass(body, 1800), slaps=3)
    layers.append((0.2 + 0.15 * bright, level(answer), 0.05))
    if take["debris"] > 0.01:
        fall_s = 0.4 + 0.5 * rumble_s
        falling = lines(samples_of(fall_s), [(0, 0), (0.25 * fall_s, 1), (0.55 * fall_s, 0.4), (fall_s, 0)])
        bank = particles.bank(rng, 14, 450, 5200, (0.006, 0.035))
        count = 12 + 150 * take["debris"] * fall_s
        layers.append((0.34 * take["debris"], blast.debris(rng, falling, count, bank), 0.2))
    return mix(*layers)


def firework(take: Take) -> Signal:
    """A mortar's thump, a whistling climb, the burst, and stars that crackle; the hills answer."""
    rng, size, tail_s, rise_s = take.rng, take["size"], take["tail_s"], take["rise_s"]
    layers: list[Layer] = []
    if rise_s > 0.05:
        layers.append((0.25, mix((1.0, blast.thump(rng, 0.15, 190 - 80 * size, 62)), (0.4, _puff(rng)))))
        layers.append((0.08 + 0.3 * take["whistle"], _climb(rng, rise_s, size, take["whistle"]), 0.0))
    burst_s = rise_s + 0.01 if layers else 0.0
    hot = blast.burning(rng, 0.3 + 0.3 * size, (5200 - 3400 * size, 200 - 90 * size), 0.03 + 0.04 * size)
    low = blast.thump(rng, 0.25 + 0.35 * size, 150 - 70 * size, 50 - 16 * size)
    burst = mix(
        (0.9, level(blast.shock(rng, 0.0008 + 0.0022 * size))), (1.0, level(hot), 0.001), (1.0, low, 0.001)
    )
    burst = saturate(level(burst), 2.0)
    tail = blast.echoes(rng, tail_s, 1500 - 700 * size, front=lowpass(burst, 2200))
    layers += [(1.0, burst, burst_s), (0.35, level(tail), burst_s + 0.02)]
    if take["crackles"] > 0.01:
        layers.append((0.45 * take["crackles"], _stars(rng, 0.85 * tail_s, take["crackles"]), burst_s + 0.2))
    return mix(*layers)


def _puff(rng: Generator) -> Signal:
    return level(blast.burning(rng, 0.12, (3000, 400), 0.02))


def _climb(rng: Generator, rise_s: float, size: float, whistle: float) -> Signal:
    """Return a rocket that climbs: hissing sparks and a fluttering whistle that bends up, then over."""
    frames = samples_of(rise_s)
    position = np.linspace(0, 1, frames)
    pitch = (2300 - 900 * size) * (
        1 + 0.75 * np.sin(0.5 * np.pi * np.minimum(1, 1.25 * position)) - 0.12 * position
    )
    flutter = wander(rng, frames, 26)
    cycles = phase(pitch * (1 + 0.012 * flutter), frames, rng.uniform())
    tone = sin_of(cycles) + 0.3 * sin_of(2 * cycles)
    hiss = bandpass(noise.white(rng, frames), 2500, 9000, 1) * (0.6 + 0.4 * wander(rng, frames, 50))
    away = (0.5 + 0.5 * np.sin(np.pi * position**0.7)) * np.minimum(1, (1 - position) / 0.08)
    return level((whistle * tone * (0.75 + 0.25 * flutter) + 0.5 * level(hiss)) * away)


def _stars(rng: Generator, length_s: float, crackles: float) -> Signal:
    """Return burning stars that go off one by one: many tiny shock waves, most in the middle."""
    fall = lines(samples_of(length_s), [(0, 0.1), (0.25 * length_s, 1), (0.6 * length_s, 0.5), (length_s, 0)])
    positions = particles.poisson_under(rng, fall, 20 + 170 * crackles * length_s)
    pops = []
    for _ in range(6):
        wave = highpass(blast.shock(rng, rng.uniform(0.00012, 0.0004)), 900)
        snap = noise.white(rng, samples_of(0.009)) * decay(samples_of(0.009), 0.007)
        pops.append(mix((1.0, level(wave)), (0.25, snap)))
    gains = particles.heavy_tailed(rng, len(positions), 0.8)
    return level(particles.scatter(len(fall) + samples_of(0.02), positions, gains, pops))


def demolition(take: Take) -> Signal:
    """First cracks, a rumble that swells as the floors come down, a crowd of pieces, and dust that settles."""
    rng, size, length_s = take.rng, take["size"], take["length_s"]
    name = take.choice("material")
    frames = samples_of(length_s)
    fall = lines(
        frames,
        [(0, 0.15), (0.1 * length_s, 0.4), (0.35 * length_s, 1), (0.55 * length_s, 0.75), (length_s, 0)],
    )
    fall = fall * (0.65 + 0.35 * wander(rng, frames, 5.0))
    low_hz, high_hz, ring_s = RUBBLE[name]
    shrunk = 2.0 ** (-1.7 * (size - 0.5))
    bank = particles.bank(rng, 16, low_hz * shrunk, high_hz * shrunk, ring_s)
    layers: list[Layer] = [
        (
            0.25 + 0.6 * take["debris"],
            blast.debris(rng, fall, (60 + 520 * take["debris"]) * length_s**0.7, bank),
        ),
        (0.3 * take["rumble"], blast.deep(rng, frames, 170 - 115 * size) * fall * ramp_out(frames, 0.3)),
        (DUST[name][0], _dust(rng, fall, DUST[name][1] * shrunk)),
    ]
    start_s = 0.0
    for _ in range(2 + round(3 * take["crack"])):
        layers.append((0.9 * take["crack"] * rng.uniform(0.5, 1), _breaking(rng, name, shrunk), start_s))
        start_s += 0.06 * length_s * rng.uniform(0.5, 1.3)
    for at in (0.3, 0.46):  # floors hit the ground
        hit = blast.thump(rng, 0.4 + 0.4 * size, 130 - 80 * size, 44 - 18 * size)
        layers.append((0.7 * take["rumble"], hit, length_s * at * rng.uniform(0.9, 1.1)))
    return saturate(level(mix(*layers)), 1.2)


def _dust(rng: Generator, fall: Signal, corner_hz: float) -> Signal:
    """Return the roar of what is too small to be heard singly."""
    dense = lowpass(noise.white(rng, len(fall)), corner_hz, 1) * fall
    return level(dense * ramp_out(len(fall), 0.3))


def _breaking(rng: Generator, name: str, shrunk: float) -> Signal:
    material = modal.MATERIALS[name]
    lowest_hz = {"stone": 420.0, "wood": 260.0, "metal": 330.0, "glass": 1900.0}[name] * shrunk
    modes = modal.body(rng, material, lowest_hz * rng.uniform(0.8, 1.3), ring=0.5, brightness=0.7)
    body = level(modal.ring(modes, modal.blow(0.85, material.contact_ms)))
    torn = level(blast.burning(rng, 0.14, (7000 * shrunk, 400), 0.02))
    return level(mix((1.0, body), (0.9, torn)))


def underwater_blast(take: Take) -> Signal:
    """A dull shock, the gas bubble that swells and collapses ever faster (Willis, 1941), and what bubbles up."""
    rng, size, tail_s = take.rng, take["size"], take["tail_s"]
    frames = samples_of(tail_s)
    corner_hz = 1500 - 950 * size
    first = lowpass(blast.shock(rng, 0.001 + 0.003 * size), corner_hz)
    low = blast.thump(rng, 0.5 + 0.6 * size, 118 - 50 * size, 34 - 8 * size)
    body = blast.burning(rng, 0.5 + 0.4 * size, (1.1 * corner_hz, 150 - 70 * size), 0.07)
    body = level(body)
    # The weaker the shock, the more gently the rest swells behind it.
    swelling = samples_of(modal.scaled((0.06, 0.002), take["shock"]))
    body[:swelling] *= np.linspace(0, 1, swelling)
    front = mix((0.1 + 1.6 * take["shock"], level(first)), (1.0, low, 0.001), (0.7, body, 0.001))
    torn = lowpass(blast.snap(rng, 0.06 + 0.04 * size, 0.45 * corner_hz), corner_hz)
    layers: list[Layer] = [(1.0, saturate(level(front), 2.0)), (0.8 * take["shock"] ** 1.5, level(torn))]
    period_s, at_s, loud = 0.11 + 0.2 * size, 0.0, 0.5
    for _ in range(3):
        at_s += period_s * rng.uniform(0.96, 1.04)
        pulse = blast.thump(rng, 0.3 + 0.2 * size, 82 - 34 * size, 36 - 9 * size)
        layers.append((loud, pulse, at_s))
        period_s, loud = 0.74 * period_s, 0.55 * loud
    boom = blast.rumble(rng, tail_s, 120 - 60 * size, roll_hz=3.0)
    layers.append((0.2 + 0.6 * take["rumble"], boom, 0.03))
    if take["bubbles"] > 0.01:
        layers.append((0.5 * take["bubbles"], _rising(rng, frames, size, take["bubbles"]), 0.15))
    return mix(*layers)


def _rising(rng: Generator, frames: int, size: float, amount: float) -> Signal:
    """Return bubbles on their way up: big ones first, each with Minnaert's pitch (1933), in rushing water."""
    length_s = frames / SAMPLE_RATE
    swell = lines(frames, [(0, 0), (0.3 * length_s, 1), (length_s, 0)])
    positions = particles.poisson_under(rng, swell, 8 + 75 * amount * length_s)
    pitches = np.geomspace(170 - 80 * size, 900 - 250 * size, 9) * rng.uniform(0.9, 1.1, 9)
    grains = [particles.bubble(float(hz), min(0.09, 14 / float(hz)), rng.uniform(0.1, 0.6)) for hz in pitches]
    gains = particles.heavy_tailed(rng, len(positions), 0.7) * swell[positions]
    order = np.argsort(rng.uniform(size=9)).tolist()
    crowd = particles.scatter(frames + samples_of(0.1), positions, gains, [grains[index] for index in order])
    rush = (
        bandpass(noise.white(rng, frames), 150, 900 - 300 * size, 1)
        * swell
        * (0.6 + 0.4 * wander(rng, frames, 14))
    )
    return mix((1.0, level(crowd)), (0.5, level(rush)))


def rocket_launch(take: Take) -> Signal:
    """Ignition, a roar of jet noise with steepened waves that crackle (Ffowcs Williams et al., 1975), departure."""
    rng, size, length_s = take.rng, take["size"], take["length_s"]
    frames = samples_of(length_s)
    part = 0.55 - 0.35 * take["speed"]  # when it is a third gone
    top_hz = (5200 + 4200 * take["hiss"]) * 2.0 ** (-1.8 * size)
    far_hz = 260 - 130 * size

    def jet(frequencies: Gains, times: Gains) -> Gains:
        gone = np.clip(times / length_s, 0, 1) ** (0.6 + 1.6 * part)
        corner = top_hz * (far_hz / top_hz) ** gone
        over = frequencies / corner
        under = (90 - 45 * size) / np.maximum(frequencies, 10)
        gains: Gains = 1 / ((1 + over * over) * (1 + under * under))
        return gains

    roar = noise.painted(rng, frames, jet, 1024)
    torn = 0.72 + 0.28 * wander(rng, frames, 38)
    away = np.exp(-np.linspace(0, 1, frames) / (0.25 + 0.5 * part)) * ramp_out(frames, 0.5)
    away[: samples_of(0.03)] *= np.linspace(0.1, 1, samples_of(0.03))
    roar = 0.25 * bed.unit(roar) * torn * away
    skewed = np.tanh(roar + 2.5 * take["crackles"] * np.abs(roar) * roar)  # steep fronts
    ground = blast.deep(rng, frames, 90 - 45 * size) * away
    push = mix((1.0, blast.thump(rng, 0.3 + 0.2 * size, 140 - 60 * size, 45 - 12 * size)), (0.6, _puff(rng)))
    layers: list[Layer] = [(1.0, skewed), (0.11, ground), (0.8 * take["punch"], push)]
    if take["crackles"] > 0.01:
        positions = particles.poisson_under(rng, away, 210 * take["crackles"] * length_s * (0.3 + 0.7 * part))
        gains = particles.heavy_tailed(rng, len(positions), 0.7) * away[positions]
        waves = [blast.shock(rng, (0.0005 + 0.0012 * size) * rng.uniform(0.6, 1.6)) for _ in range(5)]
        pops = level(particles.scatter(frames + samples_of(0.02), positions, gains, waves))
        layers.append((0.55 * take["crackles"], pops))
    if take["hiss"] > 0.01:
        steam = highpass(noise.white(rng, frames), 3800) * away**1.6 * torn
        layers.append((0.4 * take["hiss"], level(steam)))
    return mix(*layers)
