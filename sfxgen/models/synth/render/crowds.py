"""Crowds: how they are made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import bed, loops, modal, noise, particles
from sfxgen.models.synth.envelopes import decay, lines, ramp_out, slide, wander
from sfxgen.models.synth.filters import bandpass, good_length, highpass, lowpass
from sfxgen.models.synth.loops import Circle, Colour, one_period
from sfxgen.models.synth.noise import Gains, bump, tilt
from sfxgen.models.synth.oscillators import saw, sine
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.particles import Positions, heavy_tailed
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of


def clap(take: Take) -> Signal:
    """Two hands: a slap of noise, and the air between the palms (Repp, 1987; Peltola et al., 2007)."""
    return _clap(take.rng, take["size"], take["hardness"], take["cupped"], take["decay_s"])


def _clap(rng: Generator, size: float, hardness: float, cupped: float, decay_s: float) -> Signal:
    hollow_hz = 2100 * 2 ** (-1.5 * cupped - 1.1 * (size - 0.5) + rng.uniform(-0.12, 0.12))
    skin_hz = 3800 * 2 ** (0.7 - 1.4 * size)
    frames = samples_of(1.3 * decay_s + 0.004)
    rise = np.minimum(1, np.arange(frames) / samples_of(0.0002 + 0.0018 * (1 - hardness)))
    source = noise.white(rng, frames) * rise * decay(frames, decay_s)
    hollow = _tinted(
        source,
        lambda hz: (
            bump(hz, hollow_hz, 0.28) * tilt(hz, 700 + 9000 * hardness, 1.2)
            + (0.1 + 0.12 * cupped) * bump(hz, 260, 0.8)
        ),
    )
    slap_hz = 4000 + 11000 * hardness
    skin = _tinted(source, lambda hz: bump(hz, skin_hz, 1.0) * tilt(hz, slap_hz, 2)) * decay(
        frames, 0.5 * decay_s
    )
    total = (1.6 + 1.0 * cupped) * hollow + (0.12 + 1.1 * hardness) * skin
    return level(total * ramp_out(frames, 0.2))


def _tinted(x: Signal, colour: Colour) -> Signal:
    """Return a signal with its spectrum multiplied by a colour."""
    length = good_length(len(x) + 240)
    tinted: Signal = np.fft.irfft(np.fft.rfft(x, length) * colour(loops.hz_of(length)), length)[: len(x)]
    return tinted


def _claps(rng: Generator, count: int, hardness: float) -> list[Signal]:
    """Return claps of many pairs of hands, which differ in how they are held."""
    return [
        _clap(rng, rng.uniform(0.3, 0.75), hardness, rng.uniform(0, 1) ** 1.3, rng.uniform(0.018, 0.045))
        for _ in range(count)
    ]


NEAR_PEOPLE = 160
"""How many of a crowd are heard one by one; the others are the noise behind them."""


@one_period
def applause(take: Take) -> Circle:
    """Each clapper at a pace of their own (Peltola et al., 2007); those far behind are one grainy noise."""
    rng, eager, bright = take.rng, take["enthusiasm"], take["brightness"]
    people = max(2, round(take["people"]))
    near = min(people, NEAR_PEOPLE)
    at, whose, gains = _clapping(take, near, 2.6 + 1.9 * eager, take["together"])
    grains = _claps(rng, 18, 0.25 + 0.45 * eager)
    dulled = [lowpass(grain, 1100 + 14000 * bright**1.5, 1) for grain in grains]
    places = 0.25 * np.pi * (1 + 0.9 * rng.uniform(-1, 1, near))[whose]
    total = np.stack(
        [loops.crowd(take, at, gains * law(places), dulled, whose % len(grains)) for law in (np.cos, np.sin)]
    )
    behind = (people - near) / people
    if behind > 0:
        far_hz = 1000 + 2100 * bright
        far = loops.grainy(take, lambda hz: bump(hz, far_hz, 0.95))
        steady = 1 + 0.08 * loops.wander(take, 0.8)
        total += np.float32(1.3 * behind) * loops.sides(loops.moved(take, far, steady))
    if take["voice"] > 0:
        total += np.float32(0.7 * take["voice"] * people / (people + 40)) * _shouts(take, people, eager)
    return total


def _clapping(
    take: Take, people: int, pace_hz: float, together: float
) -> tuple[Positions, Positions, Signal]:
    """Return when claps fall, whose they are, and how loud: nearer people are louder."""
    rng = take.rng
    shared = max(1, round(pace_hz * take.period / SAMPLE_RATE))
    positions, whose, gains = [], [], []
    for person in range(people):
        own = round(shared * 2 ** (0.45 * (1 - together) * rng.uniform(-1, 1)))
        count = max(1, own)
        start = (1 - together) * rng.uniform() + 0.06 * rng.standard_normal()
        jitter = (0.02 + 0.12 * (1 - together)) * rng.standard_normal(count)
        beats = (np.arange(count) + start + jitter) / count
        positions.append((beats * take.period).astype(np.int64) % take.period)
        whose.append(np.full(count, person))
        gains.append(rng.uniform(0.25, 1.0) ** 1.5 * rng.uniform(0.7, 1.0, count))
    return np.concatenate(positions), np.concatenate(whose), np.concatenate(gains)


# Voices

VOWELS = {
    "a": (730, 1090, 2440),
    "e": (530, 1840, 2480),
    "i": (290, 2250, 2980),
    "o": (570, 840, 2410),
    "u": (310, 870, 2240),
    "ah": (640, 1190, 2390),
}
"""Formants of a man's vowels in Hz (Peterson and Barney, 1952)."""

PITCHES = {"men": (95.0, 150.0, 1.0), "women": (175.0, 260.0, 1.16), "children": (250.0, 380.0, 1.32)}
"""A voice's lowest and highest everyday pitch in Hz, and how much higher its formants are than a man's."""


def _speaker(rng: Generator, voice: str) -> tuple[float, float]:
    """Return someone's pitch in Hz and the scale of their formants."""
    kind = str(rng.choice(["men", "men", "women", "women", "children"])) if voice == "mixed" else voice
    low_hz, high_hz, scale = PITCHES[kind]
    return low_hz * (high_hz / low_hz) ** rng.uniform(), scale * rng.uniform(0.94, 1.06)


def _throat(pitch_hz: Signal, rng: Generator, breath: float) -> Signal:
    """Return the source of a voice: a sawtooth as the glottis, and breath (Klatt, 1980)."""
    return saw(pitch_hz, len(pitch_hz)) + breath * noise.white(rng, len(pitch_hz))


def _mouth(vowel: str, scale: float, effort: float) -> Colour:
    """Return a vowel's formants; `effort` (0 to 1) tilts the source up, as shouting does."""

    def formants(hz: Gains) -> Gains:
        gains = np.full_like(hz, 0.02)
        for first_hz, gain in zip(VOWELS[vowel], (1.0, 0.55, 0.25), strict=True):
            gains += gain / (1 + ((hz - first_hz * scale) / np.float32(90 + 0.05 * first_hz)) ** 2)
        gains *= tilt(hz, 650 + 4000 * effort, 1.4) * (hz / (hz + 100))
        return gains

    return formants


def _cry(rng: Generator, vowel: str, voice: str, mood: str, effort: float, length_s: float) -> Signal:
    """Return one person's cry: its pitch goes with the mood."""
    pitch_hz, scale = _speaker(rng, voice)
    frames = samples_of(length_s)
    high = {"joy": 1.25 + 1.2 * effort, "boo": 1.15, "wonder": 1.35}[mood] * rng.uniform(0.85, 1.2)
    shapes = {
        "joy": [(0, 0.75), (0.18, 1.0), (0.6, rng.uniform(0.85, 1.1)), (1, 0.7)],
        "boo": [(0, 1.0), (0.3, 1.0), (1, 0.72)],
        "wonder": [(0, 0.78), (0.4, 1.0), (1, 0.7)],
    }
    bend = lines(frames, [(at * length_s, value) for at, value in shapes[mood]])
    shaken = 1 + (0.012 + 0.03 * effort) * wander(rng, frames, 7)
    throat = _throat(pitch_hz * high * bend * shaken, rng, 0.06 + 0.25 * effort * rng.uniform())
    own = _tinted(throat, _mouth(vowel, scale, effort))
    attack = 0.08 if mood == "joy" else 0.2
    swell = lines(frames, [(0, 0), (attack * length_s, 1), (0.6 * length_s, 0.8), (length_s, 0)])
    return level(own * swell)


CRIES = {"joy": ("a", "e", "ah", "i", "o"), "boo": ("u", "u", "o"), "wonder": ("o", "ah", "u", "a")}
"""What a crowd cries, by mood."""


def _cries(rng: Generator, voice: str, mood: str, effort: float, length_s: float, count: int) -> list[Signal]:
    return [
        _cry(rng, str(rng.choice(CRIES[mood])), voice, mood, effort, length_s * rng.uniform(0.6, 1.3))
        for _ in range(count)
    ]


def _shouts(take: Take, people: int, effort: float) -> Circle:
    """Return shouts from an audience, in stereo."""
    cries = _cries(take.rng, "mixed", "joy", effort, 0.7, 8)
    rate_hz = min(0.1 * people**0.7 * (0.3 + effort), 12)
    positions = bed.events(take, rate_hz)
    if not len(positions):
        positions = take.rng.integers(0, take.period, 1)
    return loops.placed(take, positions, heavy_tailed(take.rng, len(positions), 0.6), cries, 0.9)


def cheer(take: Take) -> Signal:
    """Many voices that cry out within a moment of each other, over the blur of all those behind them."""
    rng, eager, length_s = take.rng, take["enthusiasm"], take["length_s"]
    mood, people = take.choice("mood"), max(3, round(take["people"]))
    voice_s = min(max(0.45 * length_s, 0.4), 0.9)
    cries = _cries(rng, take.choice("voice"), mood, eager, voice_s, min(people, 6))
    frames = samples_of(length_s)
    swell = _rising(frames, length_s, mood, eager)
    positions = np.sort(_when(rng, people, frames, samples_of(1.2 * voice_s)))
    gains = heavy_tailed(rng, len(positions), 0.6) * (0.15 + 0.85 * swell[positions])
    voices = particles.scatter(frames, positions, gains, cries)
    layers: list[Layer] = [(1.0, level(voices * np.minimum(1, 3 * swell)))]
    blur = min(0.55, 0.1 * np.log10(people) ** 1.4)
    layers.append((blur, level(_blur(rng, frames, take.choice("voice"), mood, eager) * swell)))
    if take["applause"] > 0:
        layers.append((0.55 * take["applause"], level(_applauding(rng, frames, people, eager) * swell)))
    if take["whistles"] > 0:
        layers.append((0.3 * take["whistles"], _whistles(rng, frames, take["whistles"], people)))
    total = mix(*layers)[:frames]
    return total * ramp_out(frames, 0.3)


def _rising(frames: int, length_s: float, mood: str, eager: float) -> Signal:
    peak = {"joy": 0.12 + 0.1 * (1 - eager), "boo": 0.3, "wonder": 0.3}[mood]
    points = [
        (0, 0.25),
        (peak * length_s, 1),
        (0.55 * length_s, 0.75),
        (0.85 * length_s, 0.25),
        (length_s, 0),
    ]
    return lines(frames, points)


def _when(rng: Generator, people: int, frames: int, cry: int) -> Positions:
    """Return when people start to cry out: most at once, some again and again, the first at the start."""
    count = min(int(people * (1 + 1.2 * frames / (cry + 1))), 180)
    last = max(1, frames - cry // 2)
    positions = (rng.uniform(size=count) ** 1.7 * last).astype(np.int64)
    at_once = max(2, count // 8)
    positions[:at_once] = rng.uniform(size=at_once) * min(7000, last)
    positions[0] = 0
    return positions


def _blur(rng: Generator, frames: int, voice: str, mood: str, eager: float) -> Signal:
    """Return noise in the colour of a crowd's vowels."""
    scale = PITCHES.get(voice, (0, 0, 1.12))[2]
    first, second, third = np.mean([VOWELS[vowel] for vowel in CRIES[mood]], axis=0) * scale

    def vowels(hz: Gains) -> Gains:
        upper = (0.35 + 0.4 * eager) * bump(hz, second, 0.35) + 0.25 * eager * bump(hz, third, 0.4)
        return bump(hz, first, 0.45) + upper

    return _tinted(noise.white(rng, frames), vowels) * (1 + 0.25 * wander(rng, frames, 6))


def _applauding(rng: Generator, frames: int, people: int, eager: float) -> Signal:
    count = min(people * 3.5, 220) * frames / SAMPLE_RATE
    positions = particles.poisson(rng, frames, count)
    gains = rng.uniform(0.2, 1.0, len(positions)) ** 1.5
    return particles.scatter(frames, positions, gains, _claps(rng, 8, 0.2 + 0.4 * eager))


def _whistles(rng: Generator, frames: int, amount: float, people: int) -> Signal:
    """Return piercing whistles through fingers: glides of a nearly pure tone."""
    layers: list[Layer] = [(0.0, np.zeros(frames))]
    for _ in range(1 + min(5, int(3 * amount * np.log10(people)))):
        length_s = rng.uniform(0.25, 0.6)
        count = samples_of(min(length_s, frames / SAMPLE_RATE))
        top_hz = rng.uniform(2000, 3300)
        glide = lines(
            count,
            [
                (0, 0.6 * top_hz),
                (0.3 * length_s, top_hz),
                (0.7 * length_s, 0.9 * top_hz),
                (length_s, 0.6 * top_hz),
            ],
        )
        whistle = sine(glide * (1 + 0.01 * wander(rng, count, 20)), count)
        whistle *= np.sin(np.pi * (np.arange(count) + 0.5) / count) ** 0.6
        layers.append((rng.uniform(0.4, 1.0), whistle, rng.uniform(0.05, 0.7) * frames / SAMPLE_RATE))
    return mix(*layers)[:frames]


@one_period
def murmur(take: Take) -> Circle:
    """Babble: many speakers who say syllables of their own, in phrases with pauses, over the blur of those behind."""
    return babble(
        take,
        people=max(2, round(take["people"])),
        voice=take.choice("voice"),
        speed=take["speed"],
        effort=take["enthusiasm"],
        brightness=take["brightness"],
    )


def babble(take: Take, *, people: int, voice: str, speed: float, effort: float, brightness: float) -> Circle:
    """Return many who talk, in stereo."""
    rng = take.rng
    near = min(people, 48)
    talkers = min(near, 8)
    spoken = [_syllables(rng, voice, speed, effort, brightness) for _ in range(talkers)]
    grains = [syllable for syllables in spoken for syllable in syllables]
    each = len(spoken[0])
    positions, which, gains, places = [], [], [], []
    for person in range(near):
        at = _talking(take, 3.2 + 3.2 * speed, effort)
        loud = rng.uniform(0.3, 1.0) ** 1.5
        positions.append(at)
        which.append(each * (person % talkers) + rng.integers(0, each, len(at)))
        gains.append(loud * rng.uniform(0.4, 1.0, len(at)))
        places.append(np.full(len(at), 0.25 * np.pi * (1 + 0.9 * rng.uniform(-1, 1))))
    at, mine = np.concatenate(positions), np.concatenate(which)
    loud_at, place = np.concatenate(gains), np.concatenate(places)
    total = np.stack([loops.crowd(take, at, loud_at * law(place), grains, mine) for law in (np.cos, np.sin)])
    behind = 0.05 + 0.3 * (people - near) / people + 0.0012 * near
    top_hz = 700 + 3500 * brightness
    blur = loops.coloured(
        take,
        lambda hz: (
            (bump(hz, 520, 0.75) + (0.15 + 0.7 * brightness) * bump(hz, 1500, 0.7)) * tilt(hz, top_hz, 2)
        ),
    )
    talk = 1 + (0.5 / (1 + 0.05 * people)) * loops.wander(take, 4.5) + 0.12 * loops.wander(take, 0.6)
    total += np.float32(behind) * loops.sides(loops.moved(take, blur, talk))
    return total


def _talking(take: Take, rate_hz: float, effort: float) -> Positions:
    """Return when one person says syllables: runs of some, and pauses to listen."""
    rng = take.rng
    at, stop, out = rng.uniform(0, 1.0), take.period / SAMPLE_RATE, []
    while at < stop:
        for _ in range(int(rng.integers(3, 12))):
            out.append(at)
            at += rng.uniform(0.65, 1.4) / rate_hz
        at += rng.exponential(1.3 - 0.6 * effort)
    return (np.array(out) * SAMPLE_RATE).astype(np.int64) % take.period


CONSONANTS = ((3500.0, 8000.0, 0.05), (2200.0, 5000.0, 0.04), (1200.0, 3500.0, 0.012), (400.0, 1500.0, 0.01))
"""Where a consonant's noise lies in Hz, and how long it is: s, sh, t or k, p."""


def _syllables(
    rng: Generator, voice: str, speed: float, effort: float, brightness: float
) -> Sequence[Signal]:
    """Return some syllables of one speaker: perhaps a consonant's noise, and a vowel that passes into another."""
    pitch_hz, scale = _speaker(rng, voice)
    out = []
    for _ in range(3):
        length_s = rng.uniform(0.11, 0.26) * (1.3 - 0.6 * speed)
        frames = samples_of(length_s)
        start, end = pitch_hz * (1 + 0.35 * effort) * rng.uniform(0.88, 1.2, 2)
        first, second = (str(vowel) for vowel in rng.choice(list(VOWELS), 2))
        across = np.linspace(0, 1, frames)
        throat = _throat(start + (end - start) * across, rng, 0.05)
        opened = [_tinted(throat, _mouth(vowel, scale, 0.2 + 0.8 * effort)) for vowel in (first, second)]
        vowel = level(((1 - across) * opened[0] + across * opened[1]) * np.sin(np.pi * across**0.7) ** 0.8)
        low_hz, high_hz, hiss_s = CONSONANTS[int(rng.integers(len(CONSONANTS)))]
        count = samples_of(hiss_s)
        hiss = bandpass(noise.white(rng, count), low_hz, high_hz, 1) * np.hanning(count)
        syllable = mix((1.0, vowel, 0.6 * hiss_s), (0.14 * rng.uniform(0, 1.3), level(hiss)))
        # Far voices lose their upper formants and consonants; near ones have them in full.
        dull, clear = lowpass(syllable, 600 + 9000 * brightness**1.5, 1), highpass(syllable, 1400, 1)
        out.append(dull + 1.6 * brightness * clear)
    return out


# Feet

TREADS = {
    "gravel": (1800.0, 7000.0, 0.22, 14, 0.35, 1.8),
    "stone": (1100.0, 5200.0, 0.03, 2, 0.5, 0.4),
    "dirt": (250.0, 1500.0, 0.07, 10, 0.9, 0.8),
    "snow": (900.0, 4200.0, 0.16, 46, 0.4, 0.8),
    "wood": (300.0, 2200.0, 0.05, 5, 1.2, 0.8),
    "metal": (500.0, 5000.0, 0.12, 5, 0.6, 0.8),
}
"""A boot's impacts, by surface: from and to Hz, over how long, how many, how much the ground thuds, how unlike they are."""

TREAD_RINGS_S = {
    "gravel": (0.0008, 0.002),
    "stone": (0.008, 0.02),
    "wood": (0.02, 0.07),
    "metal": (0.02, 0.07),
}
"""How long what a boot strikes rings; 2 to 8 ms where nothing is said."""

SCUFFS = {"gravel": 0.03, "dirt": 0.18, "snow": 0.18}
"""How loudly a sole scuffs over the ground."""


@one_period
def march(take: Take) -> Circle:
    """Feet in step, as well as the troop keeps it: left and right differ, and gear rattles after each."""
    rng, together = take.rng, take["together"]
    steps = max(2, 2 * round(0.5 * take["rate_hz"] * take.period / SAMPLE_RATE))
    apart = take.period / steps
    near = min(max(2, round(take["people"])), 70)
    astray_s = 0.008 + 0.16 * (1 - together) ** 1.3
    people = astray_s * SAMPLE_RATE * rng.standard_normal(near)
    at = np.arange(steps)[:, None] * apart + people + 0.008 * SAMPLE_RATE * rng.standard_normal((steps, near))
    at += rng.uniform(0, take.period)
    grains = _treads(rng, take.choice("surface"), take["weight"])
    foot = np.arange(steps)[:, None] % 2
    which = (2 * rng.integers(0, len(grains) // 2, (steps, near)) + foot).ravel()
    loud = rng.uniform(0.3, 1.0, near) ** 1.4 * rng.uniform(0.7, 1.0, (steps, near))
    places = np.broadcast_to(0.25 * np.pi * (1 + 0.9 * rng.uniform(-1, 1, near)), loud.shape).ravel()
    positions = at.ravel().astype(np.int64) % take.period
    gains = loud.ravel()
    total = np.stack(
        [loops.crowd(take, positions, gains * law(places), grains, which) for law in (np.cos, np.sin)]
    )
    total += _troop_behind(take, steps, float(np.mean(at) % apart) / apart, near)
    if take["rattle"] > 0:
        total += np.float32(take["rattle"]) * _gear(take, positions, near)
    return total


def _treads(rng: Generator, surface: str, weight: float) -> list[Signal]:
    """Return boots on a surface, left and right in turn."""
    low_hz, high_hz, length_s, count, thud, unlike = TREADS[surface]
    grains = []
    for index in range(10):
        frames = samples_of(length_s + 0.02)
        shape = lines(frames, [(0, 1), (0.3 * length_s, 0.6), (length_s, 0)])
        positions = particles.poisson_under(rng, shape, count)
        positions[:1] = 0
        gains = heavy_tailed(rng, len(positions), unlike) * (0.3 + 0.7 * shape[positions])
        ring_s = TREAD_RINGS_S.get(surface, (0.002, 0.008))
        bank = particles.bank(rng, 8, low_hz * 2 ** (-0.5 * weight), high_hz * 2 ** (-0.5 * weight), ring_s)
        crunch = particles.resonant(rng, frames + 3000, positions, gains, bank)
        low = (95 if index % 2 else 82) * 2 ** (0.4 - 0.7 * weight)
        body = sine(slide(samples_of(0.13), 1.5 * low, low), samples_of(0.13)) * decay(samples_of(0.13), 0.14)
        scuff = bandpass(noise.white(rng, frames), low_hz, high_hz, 1) * shape**2
        grains.append(
            mix(
                (0.8, level(crunch)),
                (thud * (0.25 + 1.1 * weight), body),
                (SCUFFS.get(surface, 0.05), level(scuff)),
            )
        )
    return grains


def _troop_behind(take: Take, steps: int, phase: float, near: int) -> Circle:
    """Return cloth and scuffing feet, and those too far behind to be heard apart: noise that pulses with the step."""
    low_hz, high_hz, *_ = TREADS[take.choice("surface")]
    centre_hz = 0.7 * (low_hz * high_hz) ** 0.5
    far = loops.coloured(take, lambda hz: bump(hz, centre_hz, 0.9) + 0.5 * bump(hz, 110, 0.7))
    beat = (loops.grid(take) * (steps / take.period) - phase) % 1.0
    pulse = np.exp(-beat * (2 + 6 * take["together"])) + 0.15
    pulse *= np.minimum(1, beat / 0.04 + 0.2)
    behind = 0.012 * near**0.5 + 0.5 * max(0.0, np.log10(take["people"] / near))
    return np.float32(behind) * loops.sides(loops.moved(take, far, pulse))


def _gear(take: Take, steps_at: Positions, near: int) -> Circle:
    """Return buckles and straps that rattle after a step of some."""
    rng = take.rng
    some = steps_at[rng.uniform(size=len(steps_at)) < min(1.0, 9 / near)]
    at = (some + rng.integers(1500, 8000, len(some))) % take.period
    grains = []
    for _ in range(8):
        pitch_hz = rng.uniform(1900, 5200)
        ratios, ring_s = (1.0, 1.47, 2.09, 2.76), rng.uniform(0.02, 0.07)
        jingle = modal.chime([pitch_hz * r for r in ratios], [ring_s] * 4, rng.uniform(0.3, 1.0, 4).tolist())
        again = int(rng.integers(600, 2600))
        grains.append(mix((0.3, jingle), (0.18, jingle, again / SAMPLE_RATE)))
    if not len(at):
        return np.zeros((2, take.period), np.float32)
    return loops.placed(take, at, heavy_tailed(rng, len(at), 0.7), grains, 0.9)
