"""Spells: how they are made."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import bed, blast, glitter, modal, noise, oscillators, particles
from sfxgen.models.synth.envelopes import decay, lines, ramp_out, wander
from sfxgen.models.synth.filters import bandpass, formants, highpass, lowpass, saturate
from sfxgen.models.synth.noise import Gains
from sfxgen.models.synth.oscillators import phase, sin_of
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of, semitones

SCALES = {
    "bright": ((0, 2, 4, 7, 9, 12, 14, 16, 19, 21, 24), 1.0),
    "dark": ((0, 1, 3, 6, 7, 12, 13, 15), 0.5),
    "frost": ((0, 4, 6, 7, 11, 12, 18, 19, 23, 24), 1.5),
}
"""A mood's scale in semitones, and its octave as a ratio."""

VOWEL_AH = ((700.0, 0.016, 1.0), (1120.0, 0.014, 0.6), (2500.0, 0.011, 0.25))
"""A choir's open vowel: (frequency_hz, t60_s, gain) of its formants (after Peterson and Barney, 1952)."""


def magic(take: Take) -> Signal:
    """A crowd of bells that grows and climbs, over a swelling breath and a chord."""
    rng, length_s, mood = take.rng, take["length_s"], take.choice("mood")
    scale, octave = SCALES[mood]
    frames = samples_of(length_s)
    root_hz = take["pitch_hz"] * octave
    density = lines(frames, [(0, 0.4), (0.35 * length_s, 0.6), (0.75 * length_s, 1), (length_s, 0.3)])
    pitches = [_audible(root_hz * semitones(step)) for step in scale]
    layers: list[Layer] = [(0.04 + 1.06 * take["swell"], _glow(rng, root_hz, scale[2], 1.5 * length_s))]
    if take["sparkles"] >= 1:
        bells = glitter.crowd(
            rng, density, take["sparkles"], pitches, glitter.RATIOS[mood], t60_s=(0.3, 1.0), climb=True
        )
        first = glitter.bell(rng, pitches[0], 0.9, glitter.RATIOS[mood], 0.4)
        layers += [(0.8, level(bells)), (0.3, first)]
    return mix(*layers)


def _audible(pitch_hz: float) -> float:
    return pitch_hz if pitch_hz < 7000 else pitch_hz / 2


def _glow(rng: Generator, root_hz: float, third_st: float, length_s: float) -> Signal:
    """Return a breath whose band climbs, in a soft chord that beats."""
    frames = samples_of(length_s)
    swell = lines(frames, [(0, 0.08), (0.5 * length_s, 1), (0.62 * length_s, 0.85), (length_s, 0)])

    def breath(frequencies: Gains, times: Gains) -> Gains:
        centre = root_hz * 5.0 ** np.minimum(times / length_s, 1)
        over = (frequencies - centre) / (0.3 * centre)
        gains: Gains = 1 / (1 + over * over)
        return gains

    air = level(noise.painted(rng, frames, breath)) * (0.7 + 0.3 * wander(rng, frames, 9))
    chord = glitter.chord(rng, frames, 0.5 * root_hz, (0, third_st, 7, 12), beat_hz=3.0)
    return level((0.45 * air + 0.55 * level(chord)) * swell * ramp_out(frames, 0.3))


def fireball(take: Take) -> Signal:
    """Ignition, then flames torn by the air: turbulent noise whose band rises and falls as it flies past."""
    rng, size, length_s = take.rng, take["size"], take["length_s"]
    frames = samples_of(length_s)
    passes = (0.42 - 0.2 * take["speed"]) * length_s
    wide_s = (0.34 - 0.2 * take["speed"]) * length_s
    top_hz = (1500 + 2600 * take["brightness"]) * 2.0 ** (-1.9 * (size - 0.4))

    def flames(frequencies: Gains, times: Gains) -> Gains:
        near = 1 / (1 + ((times - passes) / wide_s) ** 2)
        over = frequencies / (top_hz * (0.16 + 0.84 * near))
        under = (120 - 80 * size) / np.maximum(frequencies, 10)
        gains: Gains = 1 / ((1 + over * over) * (1 + under * under))
        return gains

    roar = noise.painted(rng, frames, flames, 1024)
    seconds = np.arange(frames) / SAMPLE_RATE
    near = 1 / (1 + ((seconds - passes) / wide_s) ** 2)
    loud = (0.25 + 0.75 * near) * (1 - seconds / length_s) ** 0.7 * ramp_out(frames, 0.3)
    licking = np.clip(0.68 + 0.42 * wander(rng, frames, 21 - 9 * size), 0, None)
    roar = level(roar * loud * licking)
    deep = level(blast.deep(rng, frames, 130 - 70 * size) * loud * (0.7 + 0.3 * wander(rng, frames, 9)))
    whoomp = mix(
        (1.0, blast.thump(rng, 0.24 + 0.2 * size, 165 - 75 * size, 48 - 16 * size)),
        (0.7, level(blast.burning(rng, 0.3, (top_hz, 180), 0.06)), 0.002),
    )
    layers: list[Layer] = [(0.95, roar), (0.4, deep), (0.95 * take["punch"], whoomp)]
    if take["crackles"] > 0.01:
        layers.append((1.3 * take["crackles"], _embers(rng, loud, (8 + 90 * take["crackles"]) * length_s)))
    return mix(*layers)


def _embers(rng: Generator, envelope: Signal, count: float) -> Signal:
    """Return wood or oil that pops as it burns: short, bright, most of them small."""
    positions = particles.poisson_under(rng, envelope, count)
    gains = particles.heavy_tailed(rng, len(positions), 0.7) * envelope[positions]
    bank = particles.bank(rng, 9, 1100, 10000, (0.002, 0.009))
    return saturate(level(particles.resonant(rng, len(envelope), positions, gains, bank)), 2.5)


def ice_spell(take: Take) -> Signal:
    """Ice that breaks out and grows in tiny cracks, glass bells among them, and a cold high wind."""
    rng, length_s, pitch_hz = take.rng, take["length_s"], take["pitch_hz"]
    frames = samples_of(length_s)
    grow = lines(frames, [(0, 1), (0.3 * length_s, 0.75), (0.7 * length_s, 0.55), (length_s, 0)])
    layers: list[Layer] = [(0.15 + 0.85 * take["crack"], _ice_break(rng, pitch_hz))]
    if take["crackles"] > 0.01:
        creep = grow * np.clip(0.4 + 0.8 * wander(rng, frames, 13), 0.02, None)
        positions = particles.poisson_under(rng, creep, (30 + 330 * take["crackles"]) * length_s)
        gains = particles.heavy_tailed(rng, len(positions), 1.0)
        bank = particles.bank(rng, 12, 1.6 * pitch_hz, min(15000.0, 9 * pitch_hz), (0.004, 0.03))
        crystals = particles.resonant(rng, frames + samples_of(0.03), positions, gains, bank)
        layers.append((0.25 + 0.5 * take["crackles"], level(crystals)))
    if take["sparkle"] > 0.01:
        pitches = [_audible(pitch_hz * semitones(step)) for step in SCALES["frost"][0]]
        bells = glitter.crowd(
            rng,
            grow,
            2 + 22 * take["sparkle"],
            pitches,
            glitter.RATIOS["frost"],
            t60_s=(0.4, 1.3),
            brightness=0.3,
        )
        layers.append((0.25 + 0.5 * take["sparkle"], level(bells), 0.01))
    if take["air"] > 0.01:
        wind = bandpass(noise.white(rng, frames), 3.2 * pitch_hz, min(16000.0, 9 * pitch_hz), 1)
        swell = np.sin(np.pi * np.linspace(0.04, 1, frames) ** 0.6) * (0.7 + 0.3 * wander(rng, frames, 7))
        layers.append((0.3 * take["air"], level(wind * swell)))
    return mix(*layers)


def _ice_break(rng: Generator, pitch_hz: float) -> Signal:
    modes = modal.body(
        rng, modal.MATERIALS["glass"], 0.9 * pitch_hz, ring=0.25, brightness=0.9, looseness=0.1
    )
    pane = level(modal.ring(modes, modal.blow(0.95, 2.0)))
    snap = level(highpass(noise.white(rng, samples_of(0.05)), 1800)) * decay(samples_of(0.05), 0.035)
    return level(
        mix(
            (0.9, pane),
            (0.8, snap),
            (0.5, pane, rng.uniform(0.012, 0.03)),
            (0.35, blast.thump(rng, 0.08, 330, 140)),
        )
    )


def lightning(take: Take) -> Signal:
    """Arcs rip along the channel, its blast wave cracks, and far parts of it arrive as thunder (Few, 1969)."""
    rng, size, tail_s, bright = take.rng, take["size"], take["tail_s"], take["brightness"]
    rip_s = 0.06 + 0.05 * size
    rip = lines(samples_of(rip_s), [(0, 0.25), (rip_s, 1)])
    leader = level(blast.arcs(rng, rip, 60 + 160 * take["crackles"], bright))
    hot = blast.burning(rng, 0.35 + 0.3 * size, (13000 - 7000 * size, 420 - 200 * size), 0.035 + 0.04 * size)
    low = blast.thump(rng, 0.35 + 0.4 * size, 170 - 80 * size, 44 - 14 * size)
    strokes = mix(
        *(
            (
                gain,
                level(blast.shock(rng, (0.0003 + 0.0012 * size) * rng.uniform(0.7, 1.4))),
                late_s * rng.uniform(0.7, 1.3),
            )
            for gain, late_s in ((1.0, 0.0), (0.7, 0.011), (0.5, 0.027), (0.4, 0.05))
        )
    )
    front = mix((0.25 + 1.1 * take["crack"], strokes), (0.9, level(hot)), (0.8, low))
    front = saturate(level(front), 2.0)
    layers: list[Layer] = [
        (0.25 + 0.35 * take["crackles"], leader),
        (0.3 + 0.7 * take["crack"], front, rip_s),
        (
            0.22,
            level(blast.echoes(rng, 0.8 * tail_s, 2400 - 1300 * size, front=lowpass(front, 3500))),
            rip_s + 0.02,
        ),
        (0.8 * take["rumble"], blast.rumble(rng, tail_s, 110 - 55 * size, roll_hz=3.5), rip_s + 0.03),
    ]
    if take["crackles"] > 0.01:
        after_s = 0.35 + 0.3 * tail_s
        dying = decay(samples_of(after_s), 1.3 * after_s) * ramp_out(samples_of(after_s), 0.3)
        flicker = dying * np.clip(0.3 + wander(rng, len(dying), 12), 0.01, None)
        layers.append(
            (0.38 * take["crackles"], level(blast.arcs(rng, flicker, 130 * after_s, bright)), rip_s + 0.02)
        )
    return mix(*layers)


def heal(take: Take) -> Signal:
    """A harp's strings (plucked modes, Fletcher and Rossing, 1998) climb a pentatonic scale into small bells."""
    rng, length_s, decay_s, root_hz = take.rng, take["length_s"], take["decay_s"], take["pitch_hz"]
    steps = [12 * (index // 5) + (0, 2, 4, 7, 9)[index % 5] for index in range(round(take["notes"]))]
    layers: list[Layer] = []
    for index, step in enumerate(steps):
        place = index / max(1, len(steps) - 1)
        start_s = length_s * place**0.9 + 0.012 * rng.uniform(0, 1) * min(1, index)
        string = glitter.plucked(rng, _audible(root_hz * semitones(step)), decay_s * (1 - 0.3 * place), 0.35)
        layers.append(((0.6 + 0.4 * place) * rng.uniform(0.85, 1.0), string, start_s))
    whole_s = length_s + 0.6 * decay_s
    frames = samples_of(whole_s)
    swell = lines(frames, [(0, 0.05), (length_s, 1), (whole_s, 0)])
    if take["air"] > 0.01:
        pad = level(glitter.chord(rng, frames, root_hz, (0, 4, 7, 12, 16), beat_hz=2.2))
        breath = level(bandpass(noise.white(rng, frames), 2 * root_hz, 6 * root_hz, 1))
        layers.append((take["air"], 0.55 * (pad + 0.3 * breath) * swell * ramp_out(frames, 0.4)))
    if take["sparkle"] > 0.01:
        pitches = [_audible(4 * root_hz * semitones(step)) for step in (0, 4, 7, 9, 12, 16, 19)]
        bells = glitter.crowd(
            rng,
            swell,
            1 + 34 * take["sparkle"],
            pitches,
            glitter.RATIOS["bright"],
            t60_s=(0.25, 0.8),
            brightness=0.2,
        )
        layers.append((0.25 + 0.3 * take["sparkle"], level(bells)))
    return mix(*layers)


def portal(take: Take) -> Signal:
    """A drone, wind whose band swirls around the listener, glassy tones and a growl (a texture, in stereo)."""
    rng, pitch_hz, brightness = take.rng, take["pitch_hz"], take["brightness"]
    turn = bed.cycles(take, take["wobble_hz"]) + rng.uniform()
    drone = np.zeros(take.frames)
    for ratio, gain in ((1.0, 1.0), (1.506, 0.3 + 0.5 * brightness)):
        cycles = bed.cycles(take, ratio * pitch_hz)
        drone += gain * sin_of(cycles + (0.1 + 0.38 * brightness) * sin_of(2 * cycles))
    shared = 0.5 * bed.unit(drone) * (0.85 + 0.15 * sin_of(turn))
    if take["rumble"] > 0.01:
        growl = lowpass(bed.white(take), 1.4 * pitch_hz) * (0.7 + 0.3 * bed.wander(take, 7))
        shared = shared + 0.7 * take["rumble"] * bed.unit(growl)
    if take["sparkle"] > 0.01:
        scale = (24, 27, 31, 34, 36, 39, 43)
        grains = [
            glitter.bell(rng, _audible(pitch_hz * 2 * semitones(step)), 0.9, glitter.RATIOS["frost"], 0.3)
            for step in scale
        ]
        positions = bed.events(take, 12 * take["sparkle"])
        gains = rng.uniform(0.2, 1.0, len(positions))
        shared = shared + 1.2 * take["sparkle"] * bed.scatter(take, positions, gains, grains)
    left = _swirl(take, turn)
    right = _half_a_turn_later(take, left)
    wind = 0.15 + 0.8 * take["air"]
    return bed.stereo(shared + wind * left, shared + wind * right, width=0.9)


def _swirl(take: Take, turn: Signal) -> Signal:
    """Return wind that goes around: louder and higher as it comes by."""
    circle = sin_of(turn[: take.period])
    middle_hz = 300 + 1400 * take["brightness"]

    def wind(frequencies: Gains, times: Gains) -> Gains:
        centre = middle_hz * 2.0 ** (1.1 * noise.at(circle, times))
        over = (frequencies - centre) / (0.4 * centre)
        return (0.5 + 0.5 * noise.at(circle, times)) ** 1.5 / (1 + over * over)

    return bed.unit(bed.painted(take, wind, 2048))


def _half_a_turn_later(take: Take, wind: Signal) -> Signal:
    """Return the wind as it is on the other side: what went by here goes by there half a turn later."""
    turns = max(1, round(take["wobble_hz"] * take.period / SAMPLE_RATE))
    return bed.repeated(take, np.roll(wind[: take.period], take.period // (2 * turns)))


def curse(take: Take) -> Signal:
    """A sour cluster and whispers that swell as if played backwards, a blow that cuts them off, and dark remains."""
    rng, length_s, tail_s, root_hz = take.rng, take["length_s"], take["tail_s"], take["pitch_hz"]
    frames = samples_of(length_s)
    backwards = 10.0 ** (-26 * (1 - np.linspace(0, 1, frames)) / 20)
    backwards[-300:] *= np.linspace(1, 0, 300)
    rough = take["roughness"]
    steps = (0.0, 6.0, 12.0 + rough, 13.0 - 0.6 * (1 - rough), 18.0 + 0.8 * rough, 25.0)
    cluster = glitter.chord(rng, frames, root_hz, steps, beat_hz=3 + 16 * rough)
    cluster = saturate(level(cluster), 1 + 2.5 * rough) * (
        1 - 0.35 * rough * (0.5 + 0.5 * wander(rng, frames, 23))
    )
    layers: list[Layer] = [(0.8, cluster * backwards)]
    if take["hiss"] > 0.01:
        layers.append((0.75 * take["hiss"], level(_whispers(rng, frames) * backwards)))
    blow = mix(
        (1.0, blast.thump(rng, 0.5, 0.9 * root_hz, 0.36 * root_hz)),
        (0.6, level(blast.burning(rng, 0.35, (2200, 120), 0.05))),
    )
    layers.append((0.95 * take["punch"], blow, length_s))
    last = samples_of(tail_s)
    remains = glitter.chord(rng, last, 0.5 * root_hz, (0, 6, 13), beat_hz=4.0)
    dark = level(remains + lowpass(noise.white(rng, last), 400) * 4) * glitter.fading(last, tail_s)
    layers.append((0.4, dark, length_s))
    return mix(*layers)


def _whispers(rng: Generator, frames: int) -> Signal:
    """Return voiceless syllables: noise whose formants jump from vowel to vowel."""
    turns = wander(rng, frames, 5)
    other = wander(rng, frames, 6)

    def mouth(frequencies: Gains, times: Gains) -> Gains:
        second = (frequencies - (1700 + 700 * noise.at(turns, times))) / 260
        third = (frequencies - (3300 + 900 * noise.at(other, times))) / 700
        gains: Gains = 1 / (1 + second * second) + 0.8 / (1 + third * third)
        return gains

    spoken = np.clip(0.45 + 0.9 * wander(rng, frames, 8), 0.03, 1.2)
    return level(noise.painted(rng, frames, mouth, 512) * spoken)


def buff(take: Take) -> Signal:
    """A chord that glides up and locks in; then it gleams, and plates of armour ring with it."""
    rng, length_s, decay_s = take.rng, take["length_s"], take["decay_s"]
    root_hz = take["pitch_hz"]
    frames = samples_of(length_s)
    position = np.linspace(0, 1, frames)
    glide = root_hz * semitones(1.0) ** (-take["rise_st"] * (1 - position) ** 1.6)
    cycles = phase(glide, frames, rng.uniform())
    index = 0.13 + 0.13 * position
    rising = sum(
        (sin_of(ratio * cycles + index * sin_of(2 * ratio * cycles)) for ratio in (1.0, 1.5, 2.003)),
        np.zeros(frames),
    )
    rising *= (0.25 + 0.75 * position**1.5) * np.minimum(1, (1 - position) * length_s / 0.03)
    air = (
        bandpass(noise.white(rng, frames), 1200, 7000, 1) * position**2 * np.minimum(1, (1 - position) / 0.04)
    )
    held = samples_of(decay_s)
    chord = level(glitter.chord(rng, held, root_hz, (0, 7, 12, 16, 19, 24), beat_hz=1.5))
    locked = chord * glitter.fading(held, decay_s)
    locked[:200] *= np.linspace(0, 1, 200)
    layers: list[Layer] = [
        (0.7, level(rising)),
        (0.3, level(air)),
        (0.8, locked, length_s - 0.02),
        (0.5, blast.thump(rng, 0.25, 0.9 * root_hz, 0.35 * root_hz), length_s - 0.015),
    ]
    if take["sparkle"] > 0.01:
        pitches = [_audible(4 * root_hz * semitones(step)) for step in (0, 7, 12, 16, 19, 24)]
        gleam = lines(samples_of(0.35), [(0, 1), (0.35, 0.1)])
        count = 2 + 26 * take["sparkle"]
        bells = glitter.crowd(rng, gleam, count, pitches, glitter.RATIOS["bright"], t60_s=(0.5, 1.2))
        layers.append((0.2 + 0.4 * take["sparkle"], level(bells), length_s - 0.02))
    if take["metal"] > 0.01:
        plate = modal.body(rng, modal.MATERIALS["metal"], 5 * root_hz, ring=0.35, brightness=0.75)
        rung = level(modal.ring(plate, modal.blow(0.9, 2.0)))
        layers.append((0.85 * take["metal"], rung, length_s - 0.01))
    return mix(*layers)


def dispel(take: Take) -> Signal:
    """Tones that sink at different speeds and flicker out, and what was held together fizzles."""
    rng, length_s = take.rng, take["length_s"]
    frames = samples_of(length_s)
    position = np.linspace(0, 1, frames)
    total = np.zeros(frames)
    for ratio in (1.0, 1.5, 2.01):
        fallen = take["fall_oct"] * (position ** rng.uniform(0.9, 1.2)) * rng.uniform(0.92, 1.08)
        cycles = phase(take["pitch_hz"] * ratio * 2.0**-fallen, frames, rng.uniform())
        flicker = np.clip(1.15 - 1.5 * position * (0.5 + 0.5 * wander(rng, frames, 14)), 0, 1)
        total += flicker * sin_of(cycles) / ratio**0.6
    tone = level(total * (1 - position) ** 1.3)
    tone[:96] *= np.linspace(0, 1, 96)
    puff = level(bandpass(noise.white(rng, samples_of(0.09)), 500, 5000, 1)) * decay(samples_of(0.09), 0.08)
    layers: list[Layer] = [(0.8, tone), (0.3, puff)]
    dying = np.minimum(1, position / 0.12 + 0.2) * (1 - position) ** 1.5
    if take["hiss"] > 0.01:
        torn = np.clip(0.6 + 0.6 * wander(rng, frames, 45), 0, None)
        layers.append((0.6 * take["hiss"], level(highpass(noise.white(rng, frames), 3500) * torn * dying)))
    if take["crackles"] > 0.01:
        sparks = blast.arcs(rng, dying, 12 + 130 * take["crackles"] * length_s, 0.6)
        layers.append((0.25 + 0.35 * take["crackles"], level(sparks)))
    return mix(*layers)


def summon(take: Take) -> Signal:
    """Voices (saws through a vowel's formants) over ground that shakes, a swell of air, and the arrival."""
    rng, length_s, root_hz = take.rng, take["length_s"], take["pitch_hz"]
    frames = samples_of(1.35 * length_s)
    end_s = frames / SAMPLE_RATE
    swell = lines(frames, [(0, 0.12), (0.9 * length_s, 1), (length_s, 0.9), (end_s, 0)])
    layers: list[Layer] = []
    if take["choir"] > 0.01:
        layers.append((take["choir"], _choir(rng, frames, 2 * root_hz) * swell * ramp_out(frames, 0.2)))
    if take["rumble"] > 0.01:
        ground = blast.deep(rng, frames, 0.9 * root_hz) * swell * (0.7 + 0.3 * wander(rng, frames, 9))
        layers.append((0.9 * take["rumble"], level(ground) * ramp_out(frames, 0.2)))
    chord = level(glitter.chord(rng, frames, root_hz, (0, 7, 12, 15), beat_hz=2.5)) * swell
    layers.append((0.4, chord * ramp_out(frames, 0.2)))
    arrival = mix(
        (1.0, blast.thump(rng, 0.7, 1.2 * root_hz, 0.45 * root_hz)),
        (0.6, level(blast.burning(rng, 0.6, (3600, 140), 0.09))),
    )
    layers.append((1.1 * take["punch"], arrival, length_s))
    if take["sparkle"] > 0.01:
        pitches = [_audible(16 * root_hz * semitones(step)) for step in (0, 3, 7, 10, 12, 15)]
        rising = lines(samples_of(length_s), [(0, 0.15), (length_s, 1)])
        count = 2 + 34 * take["sparkle"]
        bells = glitter.crowd(
            rng, rising, count, pitches, glitter.RATIOS["dark"], t60_s=(0.4, 1.2), brightness=0.3
        )
        layers.append((0.2 + 0.4 * take["sparkle"], level(bells)))
    return mix(*layers)


def _choir(rng: Generator, frames: int, pitch_hz: float) -> Signal:
    """Return three voices on a root and its fifth, none quite in tune, singing an open vowel."""
    total = np.zeros(frames)
    for step in (0.0, 7.0, 12.0):
        drift = 1 + 0.006 * wander(rng, frames, 4.5) + rng.uniform(-0.003, 0.003)
        total += oscillators.saw(pitch_hz * semitones(step) * drift, frames, rng.uniform())
    sung = formants(total, VOWEL_AH)
    return level(sung)
