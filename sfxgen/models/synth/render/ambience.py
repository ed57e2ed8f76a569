"""Places: how they are made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import loops, modal, noise, oscillators
from sfxgen.models.synth.blast import shock
from sfxgen.models.synth.bubbles import population
from sfxgen.models.synth.envelopes import decay, lines, ramp_out, slide, struck, wander
from sfxgen.models.synth.filters import bandpass, lowpass
from sfxgen.models.synth.loops import Circle, Curve, one_period
from sfxgen.models.synth.noise import bump, tilt
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.particles import heavy_tailed
from sfxgen.models.synth.render.crowds import babble
from sfxgen.models.synth.render.water import drip_grains, dripping, surf
from sfxgen.models.synth.render.weather import foliage, gusts, rush
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of

# Out of doors


@one_period
def forest(take: Take) -> Circle:
    """Air in leaves, and birds that each sing their own phrase from their own place."""
    gust = gusts(take, 0.22)
    total = _air(take, 0.02 + 0.3 * take["wind"], gust)
    total += np.float32(0.03 + 0.16 * take["wind"]) * foliage(take, 0.5 * gust, 0.35, 0.2)
    if take["birds"] > 0:
        songs = [_phrase(take.rng, take["bird_pitch_hz"]) for _ in range(4)]
        total += np.float32(0.8) * _far_calls(take, songs, take["birds"], take["bird_distance"])
    if take["insects"] > 0:
        loud = take["insects"] ** 0.7
        total += np.float32(0.55 * loud) * _crickets(take, 4500, 1.2)
        total += np.float32(0.09 * loud) * _chorus(take, 4500)
    return total


def _air(take: Take, level_: float, gust: Curve) -> Circle:
    """Return the quiet of a place outdoors: far, low, moving air."""
    low = loops.coloured(
        take, lambda hz: bump(hz, 230, 1.2) + 0.4 * tilt(hz, 80, 1.6) + 0.06 * bump(hz, 3000, 1.2)
    )
    swell = 0.5 * level_ * 10 ** (0.25 * gust)
    left = loops.moved(take, low, swell)
    return loops.stereo(left, loops.moved(take, loops.elsewhere(low), loops.later(take, swell, 0.3)))


def _far_calls(take: Take, calls: Sequence[Signal], rate_hz: float, far: float) -> Circle:
    """Return calls from singers who stay at their places; far ones are soft, dull and blurred by what is between."""
    rng = take.rng
    dulled = [lowpass(call, 16000 * (2600 / 16000) ** far, 1) for call in calls]
    if far > 0:
        dulled = [_among_trunks(rng, call, far) for call in dulled]
    total = np.zeros((2, take.period), np.float32)
    each = loops.spread_out(take, rate_hz)
    for index, call in enumerate(dulled):
        mine = each[index :: len(dulled)] + rng.integers(0, 2 * SAMPLE_RATE)
        gains = rng.uniform(0.5, 1.0) * rng.uniform(0.7, 1.0, len(mine))
        place = 0.5 * np.pi * rng.uniform(0.08, 0.92)
        sung = loops.crowd(take, mine % take.period, gains, [call])
        total += np.stack([np.float32(np.cos(place)) * sung, np.float32(np.sin(place)) * sung])
    return total * np.float32(1.4 * 0.2**far)


def _among_trunks(rng: Generator, call: Signal, far: float) -> Signal:
    """Return a call with its echoes among trunks: sparse, soft, ever later."""
    layers: list[Layer] = [(1.0, call)]
    dull = lowpass(call, 3500, 1)
    for delay_s, gain in ((0.061, 0.35), (0.107, 0.28), (0.171, 0.22), (0.263, 0.14), (0.391, 0.08)):
        layers.append((far * gain * rng.choice([-1.0, 1.0]), dull, delay_s * rng.uniform(0.9, 1.1)))
    return mix(*layers)


def _phrase(rng: Generator, pitch_hz: float) -> Signal:
    """Return one bird's phrase: gliding, trembling sine syllables, some of them repeated as a trill."""
    centre = pitch_hz * 2 ** rng.uniform(-0.6, 0.5)
    pieces: list[Signal] = []
    for _ in range(int(rng.integers(1, 4))):
        length_s = rng.uniform(0.05, 0.22)
        start, end = centre * 2 ** rng.uniform(-0.35, 0.35, 2)
        arch, tremble = rng.uniform(-0.25, 0.25), rng.uniform(0, 0.05)
        frames = samples_of(length_s)
        position = np.arange(frames) / frames
        pitch = start * (end / start) ** position * 2 ** (arch * np.sin(np.pi * position))
        pitch *= 1 + tremble * np.sin(2 * np.pi * rng.uniform(20, 45) * position * length_s)
        tone = oscillators.sine(pitch, frames) + 0.08 * oscillators.sine(2 * pitch, frames)
        syllable = tone * np.sin(np.pi * position) ** 1.5
        rest = np.zeros(samples_of(rng.uniform(0.02, 0.09)))
        for _ in range(int(rng.choice([1, 1, 2, 5]))):
            pieces += [syllable, rest]
    return np.concatenate(pieces)


@one_period
def night(take: Take) -> Circle:
    """Crickets near, each with a chirp of its own, and countless far ones; an owl; hardly any air."""
    gust = gusts(take, 0.2)
    total = _air(take, 0.015 + 0.12 * take["wind"], gust)
    if take["wind"] > 0.05:
        total += np.float32(0.05 * take["wind"]) * foliage(take, 0.5 * gust, 0.4, 0.1)
    if take["insects"] > 0:
        total += np.float32(0.22 * take["insects"]) * _crickets(take, take["pitch_hz"], take["rate_hz"])
        total += np.float32(0.013 * take["insects"]) * _chorus(take, take["pitch_hz"])
    if take["owls"] > 0:
        total += np.float32(0.28) * _far_calls(
            take, [_owl(take.rng) for _ in range(2)], take["owls"] / 60, 0.6
        )
    return total


def _crickets(take: Take, pitch_hz: float, rate_hz: float) -> Circle:
    """Return some crickets near by: each chirp is a few strokes of a scraper along a wing that rings."""
    total = np.zeros((2, take.period), np.float32)
    for index in range(3):
        own_hz = pitch_hz * 2 ** take.rng.uniform(-0.12, 0.12)
        chirp = _chirp(take.rng, own_hz)
        count = max(1, round(rate_hz * (1 + 0.06 * take.rng.uniform(-1, 1)) * take.period / SAMPLE_RATE))
        beats = np.arange(count) + take.rng.uniform() + 0.03 * take.rng.standard_normal(count)
        positions = (beats / count * take.period).astype(np.int64) % take.period
        gains = (1.0, 0.55, 0.35)[index] * take.rng.uniform(0.85, 1.0, count)
        place = take.rng.uniform(0.1, 0.9)
        total += loops.panned(take, loops.crowd(take, positions, gains, [chirp]), place)
    return total


def _chirp(rng: Generator, pitch_hz: float) -> Signal:
    strokes, stroke_s = int(rng.integers(3, 6)), 1 / rng.uniform(28, 36)
    frames = samples_of(0.62 * stroke_s)
    position = np.arange(frames) / frames
    glide = pitch_hz * (1.02 - 0.035 * position)
    stroke = oscillators.sine(glide, frames) + 0.12 * oscillators.sine(2 * glide, frames)
    stroke *= np.sin(np.pi * position**0.8) ** 1.5
    return mix(*((0.6 + 0.4 * index / strokes, stroke, index * stroke_s) for index in range(strokes)))


def _chorus(take: Take, pitch_hz: float) -> Circle:
    """Return a meadow of insects too many to tell apart: bands that shimmer."""
    near, far = loops.bands(
        take, lambda hz: bump(hz, 1.04 * pitch_hz, 0.05), lambda hz: bump(hz, 1.5 * pitch_hz, 0.16)
    )
    shimmer = 1 + 0.35 * loops.wander(take, 22)
    sung = loops.moved(take, near, shimmer) + loops.moved(take, far, 0.5 * loops.later(take, shimmer, 0.4))
    return loops.sides(sung)


def _owl(rng: Generator) -> Signal:
    """Return a tawny owl's call: a long hoot, a rest, and a trembling one."""
    pitch_hz = rng.uniform(560, 720)
    layers: list[Layer] = []
    at_s = 0.0
    for length_s, tremble, rest_s in ((0.55, 0.0, 0.75), (0.12, 0.0, 0.2), (0.95, 0.5, 0.0)):
        frames = samples_of(length_s)
        position = np.arange(frames) / frames
        glide = pitch_hz * (0.97 + 0.05 * np.sin(np.pi * position))
        hoot = oscillators.sine(glide, frames) + 0.10 * oscillators.sine(2 * glide, frames)
        hoot *= np.sin(np.pi * position) ** 0.7
        hoot *= 1 - tremble * (0.5 + 0.5 * np.sin(2 * np.pi * 13 * position * length_s)) * (
            1 - 0.5 * position
        )
        breath = bandpass(noise.white(rng, frames), 500, 1600) * np.sin(np.pi * position)
        layers += [(rng.uniform(0.8, 1.0), hoot, at_s), (0.05, breath, at_s)]
        at_s += length_s + rest_s
    return mix(*layers)


@one_period
def beach(take: Take) -> Circle:
    """Waves, a breeze across the ears, and gulls."""
    total = surf(take, 0.2 + 0.7 * take["waves"], take["rate_hz"], 0.5, 0.4)
    total *= np.float32(0.05 + take["waves"])
    if take["wind"] > 0:
        breeze = rush(take, gusts(take, 0.3), 0.25 + 0.4 * take["wind"], 0.5, 240)
        total += np.float32(0.45 * take["wind"]) * breeze
    if take["birds"] > 0:
        gulls = [_gull(take.rng) for _ in range(4)]
        total += np.float32(2.2) * _far_calls(take, gulls, take["birds"], take["bird_distance"])
    return total


def _gull(rng: Generator) -> Signal:
    """Return a gull's cries: harsh, falling, ever shorter."""
    pitch_hz = rng.uniform(750, 1100)
    layers: list[Layer] = []
    at_s = 0.0
    for index in range(int(rng.integers(1, 6))):
        length_s = rng.uniform(0.22, 0.4) * 0.9**index
        frames = samples_of(length_s)
        bend = lines(frames, [(0, 0.8), (0.18 * length_s, 1.35), (0.55 * length_s, 1.05), (length_s, 0.75)])
        glide = pitch_hz * bend * (1 + 0.012 * wander(rng, frames, 60))
        cry = oscillators.partials(glide, frames, (1, 2, 3, 4, 5), (0.5, 1.0, 0.7, 0.35, 0.2))
        layers.append((rng.uniform(0.7, 1.0), cry * np.sin(np.pi * np.arange(frames) / frames) ** 0.8, at_s))
        at_s += length_s + rng.uniform(0.05, 0.18)
    return 0.5 * mix(*layers)


@one_period
def swamp(take: Take) -> Circle:
    """Frogs that answer each other, crickets and flies, gas that bubbles up, and reeds."""
    gust = gusts(take, 0.2)
    total = _air(take, 0.03 + 0.2 * take["wind"], gust)
    if take["wind"] > 0.05:
        total += np.float32(0.1 * take["wind"]) * foliage(take, 0.5 * gust, 0.6, 0.3)
    if take["frogs"] > 0:
        frogs = [_frog(take.rng, take["pitch_hz"] * ratio) for ratio in (0.62, 0.9, 1.1, 1.5)]
        total += np.float32(0.75) * _far_calls(take, frogs, take["frogs"], 0.4)
    if take["insects"] > 0:
        total += np.float32(0.13 * take["insects"]) * _crickets(take, 4800, 2.2)
        total += np.float32(0.02 * take["insects"]) * _chorus(take, 3900)
        total += np.float32(0.045 * take["insects"]) * _fly(take)
    if take["bubbles"] > 0:
        at = loops.spread_out(take, take["bubbles"])
        pool = population(take.rng, 420, 0.6, count=10, rise_oct=0.9, ring=0.8)
        total += np.float32(0.25) * loops.placed(take, at, heavy_tailed(take.rng, len(at), 0.5), pool)
    return total


def _frog(rng: Generator, pitch_hz: float) -> Signal:
    """Return a frog's croak: quick pulses of its vocal sac, whose resonance lies some octaves above them."""
    pulses_hz = rng.uniform(32, 62)
    ring_hz = pitch_hz * rng.uniform(2.2, 3.2)
    pulse = modal.chime([pitch_hz, ring_hz, 1.9 * ring_hz], [0.045, 0.022, 0.012], [0.6, 1.0, 0.35])
    layers: list[Layer] = []
    at_s = 0.0
    for _ in range(int(rng.integers(1, 3))):
        count = int(rng.uniform(0.14, 0.34) * pulses_hz)
        for index in range(count):
            swell = np.sin(np.pi * (index + 0.7) / (count + 0.5)) ** 0.7
            layers.append((float(swell) * rng.uniform(0.8, 1.0), pulse, at_s))
            at_s += rng.uniform(0.93, 1.07) / pulses_hz * (1.15 - 0.3 * index / count)
        at_s += rng.uniform(0.06, 0.2)
    return level(mix(*layers))


def _fly(take: Take) -> Circle:
    """Return a fly that passes now and then: a buzz that comes, bends and goes."""
    near = np.clip(1.6 * loops.wander(take, 0.35) - 0.5, 0, 1) ** 2
    pitch_hz = 195 * 2 ** (0.2 * loops.wander(take, 1.4))
    buzz = loops.tone(take, pitch_hz)
    # A wing's stroke is no sine: bent, it has all the harmonics of a buzz.
    buzz = np.tanh(3 * buzz + np.float32(0.8)) - np.float32(0.35)
    return loops.panned(take, loops.moved(take, buzz, near), 0.5 + 0.45 * loops.wander(take, 0.6))


# Under ground


@one_period
def cave(take: Take) -> Circle:
    """Drops in a hall of stone, air that moves through it, a resonance, and the depths."""
    total = _hollow_air(take, 0.05 * take["air"], 0.04 * take["rumble"], take["pitch_hz"])
    if take["drops"] > 0:
        total += dripping(
            take, density=take["drops"], pitch_hz=1000, decay_s=0.12, echo=0.15 + 0.85 * take["echo"], air=0
        )
    return total


def _hollow_air(take: Take, air: float, rumble: float, pitch_hz: float) -> Circle:
    """Return air in a hollow: a rumble, and bands at the hollow's resonances that come and go."""
    low, first, second = loops.bands(
        take,
        loops.rumble(45, 1.9),
        lambda hz: bump(hz, pitch_hz, 0.22) + 0.25 * bump(hz, 3 * pitch_hz, 0.8),
        lambda hz: bump(hz, 2.3 * pitch_hz, 0.16) + 0.2 * bump(hz, 7 * pitch_hz, 0.9),
    )
    total = np.zeros((2, take.period), np.float32)
    breath = 10 ** (0.25 * loops.wander(take, 0.25))
    other = 10 ** (0.3 * loops.wander(take, 0.4))
    for side in (0, 1):
        parts = ((rumble, low, breath), (air, first, breath), (0.7 * air, second, other))
        for gain, band, curve in parts:
            turned = loops.elsewhere(band) if side else band
            total[side] += loops.moved(take, turned, (0.004 + gain) * loops.later(take, curve, 0.5 * side))
    return total


@one_period
def dungeon(take: Take) -> Circle:
    """A dark drone of beating partials, chains in the next cell, drops, draughts, all in stone."""
    rng, pitch_hz = take.rng, take["pitch_hz"]
    total = np.zeros((2, take.period), np.float32)
    clinks = loops.spread_out(take, take["chains"] / 60)
    if len(clinks):
        chains = [_chain(rng) for _ in range(3)]
        total += 2.0 * loops.placed(take, clinks, heavy_tailed(rng, len(clinks), 0.5), chains, 0.9)
    drops = loops.spread_out(take, take["drops"])
    if take["drops"] > 0 and len(drops):
        gains = 0.5 * heavy_tailed(rng, len(drops), 0.2)
        total += loops.placed(take, drops, gains, drip_grains(rng, 1000, 0.14), 0.9)
    total = loops.in_hall(take, total, take["echo"], 2.4, 1900)
    total += _hollow_air(take, 0.09 * take["air"], 0.01, 2.6 * pitch_hz)
    if take["drone"] > 0:
        partials = [(pitch_hz * ratio, gain, 0.25) for ratio, gain in DARK]
        dark = loops.pad(take, partials)
        heave = 1 + 0.4 * loops.wander(take, 0.2)
        total += np.float32(0.12 * take["drone"]) * dark * loops.over(take, heave)
    return total


DARK = ((1.0, 1.0), (1.006, 0.7), (1.498, 0.35), (2.0, 0.4), (2.12, 0.22), (3.0, 0.15), (4.24, 0.06))
"""A dark chord: partials and their gains, some of them a minor second apart."""


def _chain(rng: Generator) -> Signal:
    """Return a chain that is moved: links that clink in a run, each a small steel bar."""
    links = []
    for _ in range(4):
        pitch_hz = rng.uniform(900, 2600)
        t60s = [rng.uniform(0.08, 0.3) / (1 + 0.4 * index) for index in range(4)]
        links.append(modal.chime([pitch_hz * r for r in modal.BAR[:4]], t60s, [1, 0.7, 0.5, 0.3]))
    at_s = 0.0
    layers: list[Layer] = []
    for _ in range(int(rng.integers(4, 16))):
        layers.append((float(heavy_tailed(rng, 1, 0.7)[0]), links[int(rng.integers(4))], at_s))
        at_s += rng.exponential(0.055) + 0.012
    return level(mix(*layers))


# Where people live and work


@one_period
def city(take: Take) -> Circle:
    """Traffic as a far rumble, cars that pass, horns between the houses, and voices."""
    rng, bright = take.rng, take["brightness"]
    far, near = loops.bands(
        take,
        lambda hz: tilt(hz, 85, 1.7) + 0.4 * bump(hz, 600, 1.2) * tilt(hz, 900 + 2500 * bright, 2),
        lambda hz: bump(hz, 330, 0.9) + (0.3 + 0.7 * bright) * bump(hz, 1100, 1.0),
    )
    ebb = 1 + 0.2 * loops.wander(take, 0.25)
    total = loops.sides(loops.moved(take, far, (0.02 + 0.3 * take["rumble"]) * ebb))
    total += _cars(take, near, take["traffic"] / 60)
    horns = loops.spread_out(take, take["horns"] / 60)
    if len(horns):
        tooting = [lowpass(_horn(rng), 1200 + 5000 * bright, 1) for _ in range(2)]
        honks = loops.placed(take, horns, rng.uniform(0.25, 0.6, len(horns)), tooting, 0.9)
        total += loops.in_hall(take, honks, 0.45, 1.6, 1800)
    if take["people"] > 0:
        talk = babble(take, people=14, voice="mixed", speed=0.5, effort=0.4, brightness=0.2 + 0.4 * bright)
        total += np.float32(0.7 * take["people"]) * talk
    return total


def _cars(take: Take, tyres: Circle, rate_hz: float) -> Circle:
    """Return cars that pass from one side to the other: the noise of their tyres swells and goes."""
    total = np.zeros((2, take.period), np.float32)
    passes = loops.spread_out(take, rate_hz)
    swelling = np.zeros((2, len(loops.grid(take))))
    for position in passes.tolist():
        length_s = take.rng.uniform(2.5, 5.5)
        gain = take.rng.uniform(0.1, 0.38)
        rightwards = take.rng.uniform() < 0.5
        one = np.array([position])
        for side in (0, 1):
            # A car nears by 1/r: the ear it comes from hears it first.
            early = 0.44 if (side == 0) == rightwards else 0.56
            swelling[side] += loops.swells(take, one, np.array([gain]), _passing(early), length_s)
    total[0] = loops.moved(take, tyres, swelling[0])
    total[1] = loops.moved(take, loops.elsewhere(tyres), swelling[1])
    return total


def _passing(nearest: float) -> loops.Shape:
    """Return how loud something is that passes by, and is nearest at a part of its way."""

    def shape(position: Signal) -> Signal:
        away = (position - nearest) / 0.13
        return np.sin(np.pi * position) ** 2 / (1 + away * away)

    return shape


def _horn(rng: Generator) -> Signal:
    """Return a car's horn: two reeds a third apart."""
    length_s = rng.uniform(0.25, 0.9)
    frames = samples_of(length_s)
    pitch_hz = rng.uniform(330, 440)
    reeds = oscillators.pulse(pitch_hz, frames, 0.3) + oscillators.pulse(1.26 * pitch_hz, frames, 0.3)
    blown = lines(frames, [(0, 0), (0.02, 1), (length_s - 0.04, 1), (length_s, 0)])
    toot = level(bandpass(reeds, 350, 3000, 1) * blown)
    return mix((1.0, toot), (1.0, toot, length_s + 0.12)) if rng.uniform() < 0.35 else toot


@one_period
def factory(take: Take) -> Circle:
    """A machine that beats, another that runs beside it, motors, steam that escapes, and metal in a hall."""
    rng = take.rng
    beats = max(2, round(take["rate_hz"] * take.period / SAMPLE_RATE))
    phase = (loops.grid(take) * (beats / take.period) + rng.uniform()) % 1.0
    low, air = loops.bands(
        take,
        lambda hz: tilt(hz, 75, 1.8) + 0.25 * bump(hz, 320, 0.9),
        lambda hz: bump(hz, 4200, 1.2) + 0.2 * bump(hz, 1200, 0.8),
    )
    stroke = 0.45 + 1.2 * np.exp(-7 * phase) + 0.2 * np.exp(-9 * ((phase + 0.4) % 1.0))
    total = loops.sides(loops.moved(take, low, (0.01 + 0.17 * take["rumble"]) * stroke))
    puff = np.exp(-5 * ((phase + 0.55) % 1.0)) * np.minimum(1, 12 * ((phase + 0.55) % 1.0))
    leak = np.clip(loops.wander(take, 0.4) + 0.1, 0, 1)
    total += loops.sides(loops.moved(take, air, take["hiss"] * (0.02 + 0.2 * puff + 0.04 * leak)), 0.5)
    if take["hum"] > 0:
        partials = [(take["pitch_hz"] * n, 1 / n**1.1, 0.15 + 0.1 * n) for n in (1, 2, 3, 4, 6, 8, 12)]
        total += np.float32(0.16 * take["hum"]) * loops.pad(take, partials)
    if take["metal"] > 0:
        total += np.float32(2.2 * take["metal"]) * loops.in_hall(take, _clanking(take, beats), 0.4, 1.9, 3000)
    return total


def _clanking(take: Take, beats: int) -> Circle:
    """Return metal that the main machine strikes at each beat, and what clatters elsewhere."""
    rng = take.rng
    metal = modal.MATERIALS["metal"]
    struck_ = []
    for pitch_hz, hardness in ((180.0, 0.45), (340.0, 0.7), (620.0, 0.8), (1100.0, 0.9)):
        body = modal.body(rng, metal, pitch_hz * rng.uniform(0.85, 1.2), ring=0.22, looseness=0.08)
        struck_.append(level(modal.ring(body, modal.blow(hardness), 0.9)))
    every = np.arange(beats) / beats * take.period + 0.006 * SAMPLE_RATE * rng.standard_normal(beats)
    positions = every.astype(np.int64) % take.period
    beating = loops.crowd(take, positions, rng.uniform(0.25, 0.4, beats), struck_[:1])
    ratchet = (positions + take.period // (2 * beats)) % take.period
    beating += loops.crowd(take, ratchet, rng.uniform(0.04, 0.1, beats), struck_[1:2])
    total = loops.panned(take, beating, 0.42)
    far = loops.spread_out(take, 0.5)
    if len(far):
        total += loops.placed(take, far, 0.14 * heavy_tailed(rng, len(far), 0.4), struck_[1:], 0.9)
    return total


@one_period
def battlefield(take: Take) -> Circle:
    """Shells that burst beyond a hill, bursts of gunfire and their echoes, and a front that never rests."""
    rng, bright = take.rng, take["brightness"]
    front = loops.coloured(take, lambda hz: loops.rumble(60)(hz) + 0.05 * bump(hz, 240, 0.9))
    rolling = 10 ** (0.45 * loops.wander(take, 1.2) + 0.25 * loops.wander(take, 6.0))
    total = loops.sides(loops.moved(take, front, 0.01 + 0.22 * take["rumble"] * rolling))
    if take["wind"] > 0:
        total += np.float32(0.2 * take["wind"]) * rush(take, gusts(take, 0.3), 0.4, 0.5, 260)
    bursting = loops.spread_out(take, take["explosions"] / 60)
    if len(bursting):
        booms = [_far_shell(rng, bright) for _ in range(2)]
        gains = 0.8 * heavy_tailed(rng, len(bursting), 0.5)
        total += loops.placed(take, bursting, gains, booms, 0.9)
    firing = loops.spread_out(take, take["gunfire"] / 60)
    if len(firing):
        firing = (firing + rng.integers(0, take.period // 4 + 1, len(firing))) % take.period
        rounds = [_far_gunfire(rng, bright) for _ in range(4)]
        gains = 1.4 * heavy_tailed(rng, len(firing), 0.35)
        total += loops.placed(take, firing, gains, rounds, 0.9)
    return total


def _far_shell(rng: Generator, brightness: float) -> Signal:
    """Return a shell that bursts far off: a thud that rolls from the hills."""
    length_s = rng.uniform(1.8, 2.8)
    frames = samples_of(length_s)
    thud = struck(0.008, 0.5)
    thud = thud * oscillators.sine(slide(len(thud), 75, 34), len(thud))
    source = noise.white(rng, frames) * decay(frames, length_s) * (0.6 + 0.4 * wander(rng, frames, 7))
    roll = lowpass(source, 70 + 220 * brightness, 1) * np.minimum(1, np.arange(frames) / 900)
    crack = lowpass(noise.white(rng, 4800) * decay(4800, 0.09), 300 + 2200 * brightness, 1)
    layers = ((0.7, thud), (0.8, level(roll)), (0.15 + 0.5 * brightness, level(crack)))
    return level(mix(*layers) * ramp_out(frames, 0.3)) if len(thud) <= frames else level(mix(*layers))


def _far_gunfire(rng: Generator, brightness: float) -> Signal:
    """Return a burst of shots far off, each with the echo of the ground."""
    echo_s = 0.35
    frames = samples_of(echo_s)
    blast = shock(rng, 0.0012)
    shot = noise.white(rng, frames) * decay(frames, echo_s) * 0.22
    shot[: len(blast)] += blast
    shot = lowpass(shot, 350 + 3200 * brightness, 1) * ramp_out(frames, 0.3)
    pace_s = 1 / rng.uniform(7, 12)
    count = int(rng.integers(3, 9))
    return level(
        mix(
            *(
                (rng.uniform(0.7, 1.0), shot, index * pace_s * rng.uniform(0.97, 1.03))
                for index in range(count)
            )
        )
    )


@one_period
def room_tone(take: Take) -> Circle:
    """Ventilation, the hum of mains and its even harmonics, and a building that is never quite still."""
    bright = take["brightness"]
    air, low = loops.bands(
        take,
        lambda hz: (
            (bump(hz, 260 + 900 * bright, 1.4) + 0.02 * bright) * tilt(hz, 900 + 9000 * bright**2, 1.5)
        ),
        loops.rumble(38, 2.0),
    )
    steady = 1 + 0.05 * loops.wander(take, 0.3)
    total = np.float32(0.02 + 0.5 * take["air"]) * loops.sides(loops.moved(take, air, steady), 0.9)
    total += np.float32(0.6 * take["rumble"]) * loops.sides(
        loops.moved(take, low, 1 + 0.3 * loops.wander(take, 0.5))
    )
    if take["hum"] > 0:
        partials = [
            (take["pitch_hz"] * n, gain, 0.02)
            for n, gain in ((1, 1), (2, 0.8), (3, 0.3), (4, 0.35), (6, 0.2), (10, 0.08))
        ]
        total += np.float32(0.7 * take["hum"]) * loops.pad(take, partials, 0.1)
    return total


# In space


@one_period
def space_drone(take: Take) -> Circle:
    """A chord whose partials are each a cloud of lines (PADsynth: Nasca, 2006), in bands that drift."""
    pitch_hz, bright, rough = take["pitch_hz"], take["brightness"], take["roughness"]
    width_hz = 0.12 + 2.2 * rough**1.5
    drift = 0.55 * take["movement"]
    lower = [(pitch_hz * ratio, gain, width_hz) for ratio, gain in VOID[:5]]
    upper = [
        (pitch_hz * ratio * 2 ** (0.01 * take.rng.uniform(-1, 1)), gain, width_hz * ratio**0.5)
        for ratio, gain in VOID[5:]
    ]
    total = np.zeros((2, take.period), np.float32)
    # The lower partials are nearly one for both ears; the upper ones come from all around.
    low, high = loops.pad(take, lower, 0.12), loops.pad(take, upper, 0.4)
    heave = 10 ** (drift * loops.wander(take, 0.12))
    colour = 10 ** (0.8 * drift * loops.wander(take, 0.18) - 0.75 + 1.0 * bright)
    for side in (0, 1):
        total[side] += loops.moved(take, low[side], 0.6 * heave)
        total[side] += loops.moved(take, high[side], 0.6 * loops.later(take, colour, 1.5 * side))
    if take["noise"] > 0:
        wind_hz = 5 * pitch_hz
        wind = loops.coloured(take, lambda hz: bump(hz, wind_hz, 0.9) + 0.3 * bump(hz, 4 * wind_hz, 0.7))
        total += np.float32(0.3 * take["noise"]) * loops.sides(loops.moved(take, wind, heave))
    if take["sparkle"] > 0:
        total += np.float32(0.8 * take["sparkle"]) * _glitter(take, pitch_hz)
    return total


VOID = (
    (1.0, 1.0),
    (0.5, 0.5),
    (1.5, 0.5),
    (2.0, 0.45),
    (2.997, 0.25),
    (4.0, 0.5),
    (4.76, 0.4),
    (6.0, 0.4),
    (7.13, 0.3),
    (9.0, 0.25),
    (11.9, 0.2),
    (16.0, 0.14),
)
"""A hollow chord of octaves, fifths and a minor third: partials and their gains."""


def _glitter(take: Take, pitch_hz: float) -> Circle:
    """Return far glints: soft bells high above the chord."""
    rng = take.rng
    bells = []
    for ratio in (24.0, 28.5, 32.0, 36.0, 48.0):
        first_hz = min(pitch_hz * ratio * 2 ** rng.uniform(-0.01, 0.01), 7000)
        bell = modal.chime([first_hz, 1.003 * first_hz, 2.76 * first_hz], [1.6, 1.4, 0.5], [0.5, 0.5, 0.12])
        bells.append(bell * np.minimum(1, np.arange(len(bell)) / 2400))
    at = loops.spread_out(take, 1.2)
    return loops.placed(take, at, rng.uniform(0.2, 1.0, len(at)), bells, 0.95)


@one_period
def spaceship_interior(take: Take) -> Circle:
    """An engine's throbbing hum through the hull, ventilation, a hull that trembles, and consoles."""
    rng, pitch_hz = take.rng, take["pitch_hz"]
    throbs = max(1, round(take["wobble_hz"] * take.period / SAMPLE_RATE))
    throb = np.sin(2 * np.pi * (loops.grid(take) * (throbs / take.period) + rng.uniform()))
    hull, air, whine = loops.bands(
        take,
        loops.rumble(48, 2.0),
        lambda hz: bump(hz, 620, 1.1) + 0.15 * bump(hz, 3400, 0.9),
        lambda hz: bump(hz, 21 * pitch_hz, 0.025),
    )
    total = loops.sides(
        loops.moved(take, air, (0.01 + 0.2 * take["air"]) * (1 + 0.06 * loops.wander(take, 0.4)))
    )
    shaking = 1 + 0.35 * loops.wander(take, 2.5)
    total += loops.sides(loops.moved(take, hull, 0.32 * take["rumble"] * shaking), 0.6)
    if take["hum"] > 0:
        partials = [
            (pitch_hz * n * (1 + 0.002 * rng.uniform(-1, 1)), gain, 0.1 + 0.05 * n) for n, gain in HULL
        ]
        total += loops.pad(take, partials, 0.15) * loops.over(take, 0.4 * take["hum"] * (1 + 0.35 * throb))
        whining = loops.moved(take, whine, 0.02 * take["hum"] * (1 + 0.5 * loops.wander(take, 0.7)))
        total += loops.sides(whining, 0.45)
    beeps = loops.spread_out(take, take["beeps"] / 60)
    if len(beeps):
        consoles = [_console(rng) for _ in range(3)]
        total += loops.in_hall(
            take, 0.6 * loops.placed(take, beeps, rng.uniform(0.4, 1.0, len(beeps)), consoles), 0.25, 0.9
        )
    return total


HULL = ((1, 1.0), (1.5, 0.3), (2, 0.6), (3, 0.35), (4, 0.25), (5, 0.1), (6, 0.12), (8, 0.06))
"""An engine through a hull: multiples of its pitch, and their gains."""


def _console(rng: Generator) -> Signal:
    """Return a few soft beeps of some instrument."""
    pitch_hz = float(rng.choice([880.0, 1174.7, 1318.5, 1568.0, 1760.0])) * rng.uniform(0.99, 1.01)
    layers: list[Layer] = []
    for index in range(int(rng.integers(1, 4))):
        envelope = struck(0.004, 0.09, 0.05)
        beep = oscillators.sine(pitch_hz * (1.0, 1.25, 1.0)[index], len(envelope)) * envelope
        layers.append((1.0, beep, 0.13 * index))
    return mix(*layers)
