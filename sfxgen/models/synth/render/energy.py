"""Lasers and other weapons of the future: how they are made."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import bed, blast, glitter, modal, noise, oscillators, particles
from sfxgen.models.synth.envelopes import decay, lines, ramp_out, slide, wander
from sfxgen.models.synth.filters import bandpass, highpass, lowpass, saturate
from sfxgen.models.synth.noise import Gains
from sfxgen.models.synth.oscillators import phase, sin_of
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of, semitones


def laser(take: Take) -> Signal:
    """A falling FM tone (Chowning, 1973), dense at first, with a kick of noise as it discharges."""
    rng, length_s = take.rng, take["length_s"]
    frames = samples_of(length_s)
    lowest_hz = max(30.0, take["pitch_hz"] / 2 ** take["fall_oct"])
    cycles = phase(slide(frames, take["pitch_hz"], lowest_hz, 0.55), frames, rng.uniform())
    fading = decay(frames, length_s * 1.6)
    index = (0.04 + 0.5 * take["bite"]) * fading  # in cycles
    ratio = 0.5 + rng.uniform(-0.03, 0.03)
    tone = sin_of(cycles + index * sin_of(ratio * cycles))
    # A second beam, a hair apart, keeps the fall from sounding like one sine.
    tone += 0.55 * take["bite"] * sin_of((1.012 + 0.006 * rng.uniform(-1, 1)) * cycles + 0.6 * index)
    body = tone * np.minimum(1, np.arange(frames) / 60) * fading * ramp_out(frames, 0.35)
    zap = highpass(noise.white(rng, samples_of(0.05)), 1200) * decay(samples_of(0.05), 0.03)
    kick = blast.thump(rng, 0.09, 420, 70)
    return mix((1.0, level(body)), (0.4 * take["punch"], level(zap)), (0.6 * take["punch"], kick))


def plasma(take: Take) -> Signal:
    """A throbbing FM growl through a formant that gulps shut, bubbles of hot matter, and a fizzle."""
    rng, length_s, weight = take.rng, take["length_s"], take["weight"]
    frames = samples_of(length_s)
    low = 2.0 ** (-1.2 * (weight - 0.5))
    first_hz = take["pitch_hz"] * low
    throb = oscillators.sine(
        slide(frames, 1.5 * take["wobble_hz"], 0.6 * take["wobble_hz"]), frames, rng.uniform()
    )
    cycles = phase(
        slide(frames, 1.5 * first_hz, 0.5 * first_hz, 0.45) * (1 + 0.05 * throb), frames, rng.uniform()
    )
    index = (0.56 + 0.24 * throb) * decay(frames, 2.2 * length_s)
    growl = sin_of(cycles + index * sin_of(0.503 * cycles))
    envelope = decay(frames, 1.5 * length_s) * (0.8 + 0.2 * throb) * ramp_out(frames, 0.4)
    envelope[:150] *= np.linspace(0, 1, 150)

    def gulp(frequencies: Gains, times: Gains) -> Gains:
        centre = first_hz * (1.2 + 9 * np.exp(-5 * times / length_s))
        over = (frequencies - centre) / (0.4 * centre)
        gains: Gains = 1 / (1 + over * over)
        return gains

    gas = level(noise.painted(rng, frames, gulp, 512)) * envelope
    kick = mix(
        (1.0, blast.thump(rng, 0.13 + 0.12 * weight, 300 * low, 52 * low)), (0.35, _snap(rng, 1600 * low))
    )
    layers: list[Layer] = [
        (1.0, saturate(level(growl * envelope), 1.6)),
        (0.6, gas),
        (0.9 * take["punch"], kick),
    ]
    if take["wet"] > 0.01:
        layers.append((0.75 * take["wet"], _goo(rng, 0.8 * length_s, 1.6 * first_hz), 0.01))
    return mix(*layers)


def _snap(rng: Generator, cutoff_hz: float) -> Signal:
    return level(highpass(noise.white(rng, samples_of(0.03)), cutoff_hz)) * decay(samples_of(0.03), 0.02)


def _goo(rng: Generator, length_s: float, pitch_hz: float) -> Signal:
    frames = samples_of(length_s)
    grains = [
        particles.bubble(pitch_hz * rng.uniform(0.8, 3.0), rng.uniform(0.03, 0.09), rng.uniform(-0.8, 1.6))
        for _ in range(8)
    ]
    positions = np.sort(rng.integers(0, frames, 6 + int(34 * length_s)))
    gains = particles.heavy_tailed(rng, len(positions), 0.6) * (1 - positions / frames)
    return level(particles.scatter(frames + samples_of(0.1), positions, gains, grains))


def charge(take: Take) -> Signal:
    """Harmonics of a rising tone that open one after another, throbbing ever faster, in hissing air."""
    rng, length_s, rough = take.rng, take["length_s"], take["roughness"]
    frames = samples_of(length_s)
    position = np.linspace(0, 1, frames)
    pitch = take["pitch_hz"] * semitones(1.0) ** (take["rise_st"] * position**1.25)
    cycles = phase(pitch, frames, rng.uniform())
    growl = 0.06 + 0.38 * rough * position
    tone = sin_of(cycles + growl * sin_of((0.5 + 0.004 * rng.uniform(-1, 1)) * cycles))
    upper = sin_of(2.006 * cycles + growl * sin_of(cycles)) * np.clip((9000 - 2 * pitch) / 3000, 0, 1)
    throb = 0.5 + 0.5 * sin_of(phase(take["wobble_hz"] * (0.25 + 0.75 * position**2), frames, rng.uniform()))
    loud = (0.22 + 0.78 * position**1.4) * (1 - 0.45 * throb * position)
    body = level((tone + 0.6 * position * upper) * loud)

    def ionised(frequencies: Gains, times: Gains) -> Gains:
        centre = np.minimum(6 * noise.at(pitch, times), 9000)
        over = (frequencies - centre) / (0.35 * centre)
        gains: Gains = 1 / (1 + over * over)
        return gains

    air = level(noise.painted(rng, frames, ionised) * loud)
    full = glitter.bell(rng, 4 * min(float(pitch[-1]), 900.0), 0.3, glitter.RATIOS["bright"], 0.4)
    both = mix((0.8, body), (0.5 * take["noise"], air))
    both[-samples_of(0.03) :] *= np.linspace(1, 0, samples_of(0.03))
    return mix((1.0, both), (0.16, full, length_s - 0.02))


def beam(take: Take) -> Signal:
    """Two FM tones that beat and throb, with noise that the tone modulates and sparks (a texture)."""
    rng, brightness = take.rng, take["brightness"]
    throb = bed.sine(take, take["wobble_hz"], rng.uniform())
    index = (0.24 + 2.1 * brightness) * (1 + 0.25 * throb)
    total = np.zeros(take.frames)
    pulse = np.zeros(take.frames)
    for detune, gain in ((1.0, 1.0), (1 + 0.004 + 0.03 * take["roughness"], 0.4 + 0.6 * take["roughness"])):
        cycles = bed.cycles(take, detune * take["pitch_hz"]) + rng.uniform()
        pulse = sin_of(cycles)
        total += gain * sin_of(2 * cycles + index * pulse)
    hiss = highpass(bed.white(take), 900 + 1800 * brightness) * (0.55 + 0.45 * pulse)
    buzz = saturate(0.6 * total, 0.6 + 1.2 * take["roughness"])
    whole = buzz * (0.82 + 0.18 * throb) + 0.5 * take["noise"] * hiss
    if take["crackles"] > 0.01:
        positions = bed.events(take, 90 * take["crackles"])
        gains = particles.heavy_tailed(rng, len(positions), 0.9)
        sparks = particles.bank(rng, 7, 1800, 11000, (0.0015, 0.008))
        whole += 0.8 * take["crackles"] * bed.resonant(rng, take, positions, gains, sparks)
    return whole


def energy_shield(take: Take) -> Signal:
    """A blow on a field: pairs of modes that beat as the shimmer runs around it, a fall of pitch, and hiss."""
    rng, size, strength = take.rng, take["size"], take["strength"]
    decay_s, wobble_hz = take["decay_s"], take["wobble_hz"]
    lowest_hz = modal.scaled((520, 105), size)
    ratios = np.array([1.0, 1.49, 2.01, 2.72, 3.98, 5.37, 7.9])
    singles = lowest_hz * ratios * (1 + 0.02 * rng.uniform(-1, 1, len(ratios)))
    pairs = np.concatenate([singles, singles + wobble_hz * rng.uniform(0.75, 1.25, len(ratios))])
    gains = np.tile(ratios ** (-1.15 + 0.6 * strength), 2) * np.exp(2j * np.pi * rng.uniform(size=len(pairs)))
    t60s = decay_s * np.tile(ratios, 2) ** -0.45
    frames = samples_of(1.05 * decay_s)
    rung = level(modal.impulse_response(modal.Modes(pairs, t60s, gains), frames))
    rung[:240] *= np.linspace(0, 1, 240)
    gliding = samples_of(min(decay_s, 0.6))
    sweep = oscillators.fm(slide(gliding, 9 * lowest_hz, 2 * lowest_hz, 0.4), gliding, 0.501, 1.8)
    sweep *= decay(gliding, 0.5 * decay_s) * ramp_out(gliding, 0.4)
    hit = mix(
        (1.0, blast.thump(rng, 0.12 + 0.12 * size, 260 - 110 * size, 70 - 25 * size)), (0.5, _snap(rng, 1500))
    )
    field_frames = samples_of(0.7 * decay_s)
    flicker = 0.5 + 0.5 * wander(rng, field_frames, 1.6 * wobble_hz)
    hiss = bandpass(noise.white(rng, field_frames), 5 * lowest_hz, 14000, 1) * flicker
    hiss = level(hiss * decay(field_frames, 0.7 * decay_s) * ramp_out(field_frames, 0.4))
    return mix(
        (0.9, rung * ramp_out(frames, 0.2)),
        (0.3, sweep),
        (0.2 + 0.45 * strength, hit),
        (0.4 * take["noise"], hiss),
    )


def teleport(take: Take) -> Signal:
    """Harmonics that glide and come apart into glitter while air rushes in; then it closes."""
    rng, length_s = take.rng, take["length_s"]
    frames = samples_of(length_s)
    position = np.linspace(0, 1, frames)
    glide = take["pitch_hz"] * semitones(1.0) ** (take["rise_st"] * position**1.5)
    cycles = phase(glide, frames, rng.uniform())
    trill = sin_of(phase(9 + 22 * position, frames, rng.uniform()))
    swarm = np.zeros(frames)
    for ratio in (1.0, 2.0 + 0.01 * rng.uniform(-1, 1), 3.01):
        shown = np.clip((14000 - ratio * glide) / 4000, 0, 1)
        swarm += shown * sin_of(ratio * cycles + (0.1 + 0.08 * ratio * position) * trill) / ratio**0.7
    loud = (0.25 + 0.75 * position**1.3) * (0.7 + 0.3 * trill)
    swarm *= loud * np.minimum(1, (1 - position) * length_s / 0.04)

    def sucked(frequencies: Gains, times: Gains) -> Gains:
        centre = 700 * 12 ** np.minimum(times / length_s, 1.0)
        over = (frequencies - centre) / (0.5 * centre)
        gains: Gains = 1 / (1 + over * over)
        return gains

    air = level(noise.painted(rng, frames, sucked) * position**2.2 * np.minimum(1, (1 - position) / 0.03))
    layers: list[Layer] = [(0.8, level(swarm)), (0.55, air)]
    top_hz = float(np.clip(4 * glide[-1], 900, 3500))
    if take["sparkle"] > 0.01:
        steps = [
            top_hz * semitones(float(step))
            for step in rng.choice(np.array([-12, -7, -5, 0, 2, 4, 7, 9, 12]), 7)
        ]
        rising = lines(frames, [(0, 0.5), (length_s, 1)])
        count = 3 + 34 * take["sparkle"]
        t60_s = (0.12 + 0.5 * take["tail_s"], 0.2 + 1.0 * take["tail_s"])
        bells = glitter.crowd(
            rng, rising, count, sorted(steps), glitter.RATIOS["bright"], t60_s=t60_s, climb=True
        )
        layers.append((0.2 + 0.7 * take["sparkle"], level(bells)))
    closing = mix((1.0, blast.thump(rng, 0.2, 160, 48)), (0.3, _snap(rng, 900)))
    layers.append((0.9 * take["punch"], closing, length_s - 0.01))
    shimmer = samples_of(take["tail_s"])
    after = level(glitter.chord(rng, shimmer, 0.5 * top_hz, (0, 7, 12, 19), beat_hz=6.0))
    layers.append((0.18, after * glitter.fading(shimmer, take["tail_s"]), length_s - 0.03))
    return mix(*layers)


def zap(take: Take) -> Signal:
    """Arcs that strike in bursts, twice in each cycle of the mains, and the plasma's hoarse buzz between them."""
    rng, length_s, strength = take.rng, take["length_s"], take["strength"]
    frames = samples_of(length_s)
    mains_hz = rng.choice([50.0, 60.0]) * rng.uniform(0.97, 1.03)
    mains = sin_of(phase(mains_hz, frames, rng.uniform()))
    bursts = np.clip(0.55 + wander(rng, frames, 11), 0.04, None) ** 1.5
    bursts[: samples_of(0.02)] = 1.8
    envelope = bursts * ((1 - take["buzz"]) + take["buzz"] * 2.6 * mains**4) * ramp_out(frames, 0.25)
    struck = blast.arcs(rng, envelope, max(2.0, take["density"] * length_s), take["brightness"])
    rush = bandpass(noise.white(rng, frames), 900, 3500 + 9000 * take["brightness"], 1) * envelope
    hum = saturate(mains + 0.3 * sin_of(3 * phase(mains_hz, frames)), 4.0)
    hum = (
        bandpass(hum, 90, 900 + 1400 * take["brightness"], 1) * np.minimum(1, bursts) * ramp_out(frames, 0.25)
    )
    first = mix((1.0, level(blast.shock(rng, 0.0004))), (strength, blast.thump(rng, 0.07, 210, 80)))
    return mix(
        (1.0, level(struck)),
        (0.12 + 0.25 * strength, level(rush)),
        (0.26 * take["buzz"] * (0.3 + strength), level(hum)),
        (0.3 + 0.6 * strength, first),
    )


def railgun(take: Take) -> Signal:
    """Arcs along the rails, the shock of the slug and the air that falls together behind it; coils wind down."""
    rng, size, tail_s = take.rng, take["size"], take["tail_s"]
    strike = highpass(blast.shock(rng, 0.0003 + 0.0006 * size), 700)
    crack = take["crack"]
    hot_hz = (12000 - 6000 * size) * 2.0 ** (1.6 * (crack - 0.6))
    torn = blast.burning(rng, 0.4 + 0.3 * size, (hot_hz, 500), 0.06 + 0.06 * size)
    low = blast.thump(rng, 0.22 + 0.25 * size, 240 - 110 * size, 45 - 14 * size)
    frames = samples_of(0.14)
    sparks = blast.arcs(rng, decay(frames, 0.16), 90, 0.7)
    front = mix(
        (0.1 + 1.3 * crack, level(strike)),
        (0.85, level(torn), 0.001),
        (1.0, low),
    )
    split = mix((1.0, blast.snap(rng, 0.05 + 0.03 * size, 2600 - 1000 * size)), (0.6, level(sparks)))
    front = mix((1.0, saturate(level(front), 2.2)), (0.7 * crack**1.3, split))
    whine_s = 0.5 + 0.5 * tail_s
    turns = samples_of(whine_s)
    coil_hz = modal.scaled((4200, 1500), size)
    winding = slide(turns, coil_hz, 0.16 * coil_hz, 0.7)
    whine = oscillators.fm(winding, turns, 0.25, 0.8) * decay(turns, 1.3 * whine_s) * ramp_out(turns, 0.4)
    rails = modal.body(
        rng, modal.MATERIALS["metal"], 620 - 330 * size, ring=0.35 + 0.4 * take["ring"], brightness=0.6
    )
    rung = level(modal.ring(rails, modal.blow(0.85, 3.0)))
    tail = blast.echoes(rng, tail_s, 3400 - 1800 * size, front=lowpass(front, 5000))
    return mix(
        (1.0, front),
        (0.3 * take["whine"], whine),
        (0.35 * take["ring"], rung, 0.003),
        (0.32, level(tail), 0.015),
    )
