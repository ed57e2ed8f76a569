"""How weapons and blows are made."""

from __future__ import annotations

import numpy as np

from sfxgen.models.synth import modal, noise, oscillators, particles
from sfxgen.models.synth.envelopes import decay, lines, ramp_out, slide, struck, wander
from sfxgen.models.synth.filters import bandpass, highpass, lowpass, saturate
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of


def laser(take: Take) -> Signal:
    """A falling FM tone, dense at first, with a kick of noise as it discharges."""
    length_s = take["length_s"]
    frames = samples_of(length_s)
    pitch = slide(frames, take["pitch_hz"], max(30.0, take["pitch_hz"] / 2 ** take["fall_oct"]), 0.55)
    fading = decay(frames, length_s * 1.6)
    ratio = 0.5 + take.rng.uniform(-0.03, 0.03)
    tone = oscillators.fm(pitch, frames, ratio, (0.3 + 3.5 * take["bite"]) * fading)
    hollow = oscillators.pulse(pitch * 0.5, frames, 0.3)
    body = mix((1.0, tone), (0.25 * take["bite"], lowpass(hollow, 6000)))
    body *= np.minimum(1, np.arange(frames) / 60) * fading * ramp_out(frames, 0.35)
    zap = highpass(noise.white(take.rng, samples_of(0.05)), 1200) * decay(samples_of(0.05), 0.03)
    kick_frames = samples_of(0.09)
    kick = oscillators.sine(slide(kick_frames, 420, 70, 0.5), kick_frames) * decay(kick_frames, 0.09)
    punch = take["punch"]
    return mix(
        (1.0, level(body)), (0.4 * punch, level(zap)), (0.6 * punch, kick * ramp_out(kick_frames, 0.3))
    )


def shock(rng: np.random.Generator, length_s: float) -> Signal:
    """Return a blast wave: a jump of pressure, an exponential fall, and suction after it (Friedlander, 1946)."""
    seconds = np.arange(samples_of(5 * length_s)) / 48000
    wave = (1 - seconds / length_s) * np.exp(-seconds / length_s)
    torn = noise.white(rng, len(wave)) * np.exp(-seconds / (0.5 * length_s))
    return (wave + 0.35 * torn) * ramp_out(len(wave), 0.3)


def gunshot(take: Take) -> Signal:
    """Crack, muzzle blast with a low thump, and an echo of many late reflections."""
    rng, size, tail_s = take.rng, take["size"], take["tail_s"]
    crack = highpass(shock(rng, 0.0003 + 0.0008 * size), 900 - 500 * size)
    blast_frames = samples_of(0.12 + 0.2 * size)

    def muzzle(frequencies: Signal, times: Signal) -> Signal:
        corner = (5200 - 3400 * size) * np.exp(-times / (0.035 + 0.05 * size)) + 250
        return noise.tilt(frequencies, corner, 2.2)

    blast = noise.painted(rng, blast_frames, muzzle, 256) * decay(blast_frames, 0.14 + 0.25 * size)
    thump = struck(0.001, 0.16 + 0.25 * size)
    thump *= oscillators.sine(slide(len(thump), 190 - 110 * size, 48 - 14 * size, 0.6), len(thump))
    tail_frames = samples_of(tail_s)

    def echo(frequencies: Signal, times: Signal) -> Signal:
        corner = (2600 - 1500 * size) * np.exp(-2.2 * times / tail_s) + 180
        return noise.tilt(frequencies, corner, 1.8) * noise.tilt(120 / np.maximum(frequencies, 1), 1, 1)

    tail = noise.painted(rng, tail_frames, echo, 512) * decay(tail_frames, tail_s)
    tail *= (0.65 + 0.35 * wander(rng, tail_frames, 14)) * ramp_out(tail_frames, 0.3)
    front = mix((0.5 + take["crack"], level(crack)), (0.9, level(blast)), (0.8, thump))
    layers: list[Layer] = [(1.0, saturate(level(front), 2.0)), (0.5, level(tail), 0.012)]
    if take["mechanism"] > 0:
        layers.append((0.16 * take["mechanism"], _bolt(take), 0.055 + 0.02 * size))
    return mix(*layers)


def _bolt(take: Take) -> Signal:
    metal = modal.MATERIALS["metal"]
    back = modal.ring(modal.body(take.rng, metal, 1900, ring=0.06, brightness=0.7), modal.blow(0.9))
    forth = modal.ring(modal.body(take.rng, metal, 1450, ring=0.08, brightness=0.6), modal.blow(0.9))
    return mix((0.7, level(back)), (1.0, level(forth), 0.06))


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


def hit(take: Take) -> Signal:
    """A contact force drives the struck body's modes; the crunch is the noise of the two surfaces."""
    name = take.choice("material")
    material = modal.MATERIALS[name]
    hardness = take["hardness"]
    lowest_hz = modal.scaled((material.highest_hz, material.lowest_hz), take["size"])
    ring = 0.2 * 20 ** take["ring"] * (0.6 + 0.8 * take["size"])
    modes = modal.body(take.rng, material, lowest_hz, ring=ring, brightness=0.15 + 0.7 * hardness)
    body = level(modal.ring(modes, modal.blow(hardness, material.contact_ms)))
    crunch = bandpass(
        noise.white(take.rng, samples_of(0.09)),
        0.7 * lowest_hz,
        min(18000, lowest_hz * (4 + 18 * hardness)),
        1,
    )
    crunch = level(crunch * decay(len(crunch), 0.02 + 0.05 * (1 - hardness)))
    layers: list[Layer] = [(1.0, body), (0.15 + 0.7 * take["noise"], crunch)]
    if name == "flesh":
        layers.append((0.9, _punch(take, lowest_hz)))
    return mix(*layers)


def _punch(take: Take, lowest_hz: float) -> Signal:
    thump = struck(0.002, 0.12 + 0.15 * take["size"])
    pitch = slide(len(thump), 2.2 * lowest_hz, 0.7 * lowest_hz, 0.6)
    slap_frames = samples_of(0.05)
    slap = bandpass(noise.white(take.rng, slap_frames), 600, 2200 + 4000 * take["hardness"]) * decay(
        slap_frames, 0.04
    )
    return mix((1.0, thump * oscillators.sine(pitch, len(thump))), (0.5, level(slap), 0.002))
