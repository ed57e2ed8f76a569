"""Creatures and wordless voices: how they are made. The throats are in `voice`."""

from __future__ import annotations

import math

import numpy as np

from sfxgen.models.synth import bed, modal, motor, noise, oscillators, particles, voice, wavetable
from sfxgen.models.synth.envelopes import decay, lines, ramp_out, slide, struck, wander
from sfxgen.models.synth.filters import bandpass, formants, highpass, lowpass, saturate
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of, semitones

OPEN = ("ah", "aw", "uh", "eh", "er", "oh")
LONGEST_S = 14.0


def grunt(take: Take) -> Signal:
    """Syllables of a rough glottal buzz through the gliding formants of a long or short throat."""
    syllables = max(1, round(take["syllables"]))
    mean_s = min(take["length_s"], LONGEST_S / (0.95 * syllables))
    vowels = voice.some_vowels(take.rng, OPEN, syllables + 1)
    layers: list[Layer] = []
    start_s = 0.0
    for index in range(syllables):
        length_s = mean_s * take.rng.uniform(0.8, 1.15)
        made = _syllable(take, length_s, (vowels[index], vowels[index + 1]))
        layers.append((take.rng.uniform(0.75, 1.0), made, start_s))
        start_s += 0.95 * length_s
    return mix(*layers)


def _syllable(take: Take, length_s: float, vowels: tuple[str, str]) -> Signal:
    rng, rough = take.rng, take["roughness"]
    frames = samples_of(length_s)
    contour = slide(frames, 1.1 + rng.uniform(-0.05, 0.15), 0.74, 0.9)
    buzz = voice.source(
        rng, take["pitch_hz"] * contour, roughness=rough, air=0.25 + 0.5 * rough, pressed=0.4 + 0.4 * rough
    )
    track = ((0.0, "mm"), (0.1, vowels[0]), (0.7, vowels[1]), (1.0, "uh"))
    heard = voice.tract(buzz, track, voice.throat(take["size"]), bite=0.01 + 0.02 * rough)
    envelope = lines(frames, [(0, 0), (0.08 * length_s, 1), (0.45 * length_s, 0.8), (length_s, 0)])
    return level(heard) * envelope * ramp_out(frames, 0.25)


def growl(take: Take) -> Signal:
    """A voice so low that its pulses are heard one by one, rolled by the false folds, through a half-shut mouth."""
    rng, rough = take.rng, take["roughness"]
    length_s = take["length_s"]
    frames = samples_of(length_s)
    swell = lines(frames, [(0, 0.15), (0.2 * length_s, 0.8), (0.55 * length_s, 1), (length_s, 0)])
    pitch = take["pitch_hz"] * (0.85 + 0.25 * swell) * (1 + 0.06 * wander(rng, frames, 3.0))
    buzz = voice.source(rng, pitch, roughness=0.25 + 0.7 * rough, air=0.3 + 1.6 * take["air"], pressed=0.75)
    roll_hz = rng.uniform(17, 25) * 2 ** (0.5 - take["size"])
    roll = 0.5 + 0.5 * oscillators.sine(roll_hz * (1 + 0.3 * wander(rng, frames, 7.0)), frames, rng.uniform())
    buzz *= 1 - 0.75 * rough * roll
    track = ((0.0, "mm"), (0.25, "er"), (0.55, "uh"), (0.8, "er"), (1.0, "mm"))
    scale = voice.throat(take["size"])
    heard = level(voice.tract(buzz, track, scale, bite=0.025, width=1.3))
    heard = saturate(1.4 * heard, 0.6 + 1.4 * rough)
    if take["wet"] > 0:
        # Spittle bubbles up through the voice, and shuts it off now and then.
        bubbling = np.clip(0.5 + 1.1 * wander(rng, frames, 38.0), 0, 1)
        heard = heard * (1 - 0.85 * take["wet"] * bubbling)
        heard = heard + 1.6 * take["wet"] * _gargle(take, frames, scale)
    return heard * swell * ramp_out(frames, 0.15)


def _gargle(take: Take, frames: int, scale: float) -> Signal:
    """Return the spittle in a throat: small bubbles, crowded."""
    rng = take.rng
    positions = particles.poisson(rng, frames, 70 * frames / SAMPLE_RATE)
    gains = particles.heavy_tailed(rng, len(positions), 0.5)
    drops = [
        particles.bubble(scale**0.7 * rng.uniform(600, 3000), rng.uniform(0.012, 0.03), rng.uniform(0.3, 1.2))
        for _ in range(12)
    ]
    return level(particles.scatter(frames, positions, gains, drops))


def roar(take: Take) -> Signal:
    """A torn voice that rises, holds and falls while the mouth opens and shuts, over an octave below it."""
    rng, rough = take.rng, take["roughness"]
    length_s, scale = take["length_s"], voice.throat(take["size"])
    frames = samples_of(length_s)
    lowest = semitones(-take["fall_st"])
    rise = 1 - 0.35 * (1 - lowest)
    top_s = 0.22 * length_s * rng.uniform(0.85, 1.15)
    contour = lines(
        frames, [(0, rise), (top_s, 1.0), (0.5 * length_s, 0.93 * lowest**0.15), (length_s, lowest)]
    )
    pitch = take["pitch_hz"] * contour * (1 + 0.04 * wander(rng, frames, 7.0))
    swell = lines(
        frames, [(0, 0.05), (0.06 * length_s, 0.55), (top_s, 1), (0.6 * length_s, 0.75), (length_s, 0)]
    )
    buzz = voice.source(rng, pitch, roughness=rough, air=0.5 + 2.4 * take["air"] * rough, pressed=0.7)
    # A second voice an octave below, as wide as the first: the chest.
    deep = voice.source(rng, 0.5 * pitch, roughness=0.6 * rough, air=0, pressed=0.4, doubling=0.0)
    flutter = wander(rng, frames, 34.0 * 2 ** (0.5 - take["size"]))
    buzz = (buzz + 0.45 * deep) * (1 + 0.6 * rough * flutter)
    opening = ((0.0, "oo"), (0.18, "ah"), (0.5, "ae"), (0.75, "ah"), (1.0, "oo"))
    heard = level(voice.tract(buzz, opening, scale, bite=0.03, width=1.4))
    gust = 0.5 + 0.5 * wander(rng, frames, 21.0)
    breath = voice.tract(
        noise.white(rng, frames) * gust, ((0.0, "uh"), (0.3, "ae"), (1.0, "uh")), scale, bite=0.2, width=2.5
    )
    total = saturate(1.5 * heard, 0.8 + 1.8 * rough) + 0.75 * take["air"] * level(breath)
    return total * swell * ramp_out(frames, 0.2)


def scream(take: Take) -> Signal:
    """A voice driven past what the folds can hold: it jumps, doubles and breaks into noise (Arnal and others, 2015)."""
    rng, rough = take.rng, take["roughness"]
    length_s = take["length_s"]
    frames = samples_of(length_s)
    start = semitones(-take["rise_st"])
    peak_s = length_s * rng.uniform(0.25, 0.45)
    contour = lines(
        frames,
        [(0, start), (0.5 * peak_s, start**0.3), (peak_s, 1), (0.8 * length_s, 0.95), (length_s, 0.75)],
    )
    pitch = take["pitch_hz"] * contour * (1 + 0.025 * wander(rng, frames, 11.0))
    buzz = voice.source(rng, pitch, roughness=0.6 * rough, air=0.5 + 2.5 * take["air"], pressed=0.85)
    # Screams are rough at 30 to 150 changes a second, which is what alarms a listener.
    rasp = 0.5 + 0.5 * oscillators.sine(rng.uniform(60, 90) * (1 + 0.4 * wander(rng, frames, 9)), frames)
    buzz *= 1 - 0.8 * rough * rasp * (0.6 + 0.4 * wander(rng, frames, 5))
    track = ((0.0, "eh"), (0.3, "ae"), (0.8, "ah"), (1.0, "uh"))
    heard = level(voice.tract(buzz, track, voice.throat(take["size"]), bite=0.05, width=1.2))
    edge_s = min(0.04, 0.15 * length_s)
    swell = lines(frames, [(0, 0), (edge_s, 0.7), (peak_s, 1), (0.75 * length_s, 0.8), (length_s, 0)])
    return saturate(1.3 * heard, 0.4 + 1.6 * rough) * swell * ramp_out(frames, 0.2)


def bark(take: Take) -> Signal:
    """Air stopped and let go: the pitch leaps up and drops, and the jaw opens and shuts."""
    rng, rough, strength = take.rng, take["roughness"], take["strength"]
    length_s = take["length_s"]
    frames = samples_of(length_s)
    top_s = 0.22 * length_s
    contour = lines(frames, [(0, 0.55), (top_s, 1), (0.55 * length_s, 0.85), (length_s, 0.5)])
    pitch = take["pitch_hz"] * contour * (1 + 0.03 * wander(rng, frames, 20.0))
    puff = lines(frames, [(0, 1.0), (0.25 * length_s, 0.35), (length_s, 0.6)])
    buzz = voice.source(rng, pitch, roughness=rough, air=0.6, pressed=0.5 + 0.45 * strength)
    buzz += (0.1 + 0.25 * rough) * puff * noise.white(rng, frames)
    track = ((0.0, "oo"), (0.2, "ah"), (0.5, "aw"), (1.0, "oo"))
    heard = level(
        voice.tract(buzz, track, voice.throat(take["size"]), bite=0.01 + 0.04 * strength, width=1.3)
    )
    attack_s = (0.35 - 0.28 * strength) * top_s + 0.002
    swell = lines(frames, [(0, 0), (attack_s, 0.8), (top_s, 1), (0.5 * length_s, 0.6), (length_s, 0)])
    return saturate(1.5 * heard, 0.4 + 2.2 * strength) * swell**1.3 * ramp_out(frames, 0.3)


def chirp(take: Take) -> Signal:
    """Notes that glide up, down or over an arch in a tenth of a second, each with a little of its octave.

    A syrinx gives nearly pure tones, and what makes them a bird's is how fast they move (Smyth and Smith, 2002).
    """
    rng = take.rng
    count = max(1, round(take["syllables"]))
    length_s = take["length_s"]
    motif = [_note_shape(rng) for _ in range(min(count, 3))]
    layers: list[Layer] = []
    start_s = 0.0
    for index in range(count):
        own_s = length_s * rng.uniform(0.85, 1.15)
        astray = semitones(take["interval_st"] * 0.12 * rng.uniform(-1, 1))
        note = _chirped(take, motif[index % len(motif)], own_s, take["pitch_hz"] * astray)
        layers.append((rng.uniform(0.7, 1), note, start_s))
        start_s += own_s * 1.0 + 0.03 + 0.35 * length_s * rng.uniform(0.8, 1.2)
    return mix(*layers)


def _note_shape(rng: np.random.Generator) -> Signal:
    """Return a glide by four points within -1 to 1: up, down, an arch or a dip, never twice the same."""
    shapes = ((-1, -0.2, 0.5, 1), (1, 0.6, -0.2, -1), (-0.8, 0.9, 0.8, -0.7), (0.8, -0.8, -0.4, 0.9))
    return np.array(shapes[int(rng.integers(len(shapes)))]) * rng.uniform(0.75, 1.1, 4)


def _chirped(take: Take, shape: Signal, length_s: float, pitch_hz: float) -> Signal:
    rng, rough = take.rng, take["roughness"]
    frames = samples_of(length_s + 0.012)
    position = np.linspace(0, 1, frames)
    glide = np.interp(position, (0, 0.3, 0.65, 1), shape)
    pitch = np.minimum(pitch_hz * 2 ** (0.5 * take["interval_st"] / 12 * glide), 18000.0)
    flutter = oscillators.sine(rng.uniform(70, 140), frames, rng.uniform())
    pitch *= 1 + 0.1 * rough * flutter
    cycles = oscillators.phase(pitch, frames, rng.uniform())
    tone = np.sin(2 * np.pi * cycles) + 0.12 * np.sin(4 * np.pi * cycles)
    tone += rough * np.sign(np.sin(2 * np.pi * cycles + 2.2 * flutter)) * 0.25
    swell = np.sin(np.pi * position**0.6) ** 2.5
    return tone * swell * (1 - 0.6 * rough * (0.5 + 0.5 * flutter)) * (0.75 + 0.25 * np.abs(glide))


def snake(take: Take) -> Signal:
    """Air through a narrow glottis and two nostrils, flickered by the tongue; horn rings that strike each other."""
    rng, size, length_s = take.rng, take["size"], take["length_s"]
    frames = samples_of(length_s)
    centre_hz = modal.scaled((2200, 6500), take["brightness"]) * 2 ** (0.7 - 1.4 * size)
    sway = wander(rng, frames, 4.0)

    def hiss(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
        here = centre_hz * (1 + 0.12 * noise.at(sway, times))
        peak = noise.bump(frequencies, here, 0.42) + 0.35 * noise.bump(frequencies, 2.1 * here, 0.25)
        return peak + 0.1 * noise.bump(frequencies, 0.35 * here, 0.4)

    flicker_hz = 24 * 2 ** (0.5 - size)
    flicker = 0.5 + 0.5 * oscillators.sine(flicker_hz * (1 + 0.25 * wander(rng, frames, 5)), frames)
    swell = lines(
        frames,
        [
            (0, 0),
            (min(0.05, 0.2 * length_s), 0.75),
            (0.35 * length_s, 1),
            (0.7 * length_s, 0.75),
            (length_s, 0),
        ],
    )
    air = noise.painted(rng, frames, hiss, 512) * (1 - 0.8 * take["roughness"] * flicker)
    total = level(air * swell * ramp_out(frames, 0.25))
    if take["rattle"] > 0:
        total = total + 1.2 * take["rattle"] * swell * _rattle(take, frames, size)
    return total


def _rattle(take: Take, frames: int, size: float) -> Signal:
    """Return a rattlesnake's tail: 50 to 90 shakes a second, each a few hollow rings that click (PhISEM)."""
    rng = take.rng
    shake_hz = rng.uniform(62, 80) * 2 ** (0.4 - 0.8 * size)
    shaken = oscillators.phase(shake_hz * (1 + 0.08 * wander(rng, frames, 6)), frames)
    pushes = np.maximum(0, np.sin(2 * np.pi * shaken)) ** 4
    positions = particles.poisson_under(rng, pushes, 6 * shake_hz * frames / SAMPLE_RATE)
    gains = particles.heavy_tailed(rng, len(positions), 0.6)
    rings = particles.bank(rng, 8, 3500 * 2 ** (0.5 - size), 11000 * 2 ** (0.5 - size), (0.002, 0.006))
    return level(particles.resonant(rng, frames, positions, gains, rings))


def slime(take: Take) -> Signal:
    """Flesh on wet ground: air pressed through slime opens and shuts small resonant pockets, and bubbles rise.

    The bubbles ring as Minnaert (1933) has them; the sucking is noise in a narrow band that glides, torn by what
    sticks and lets go.
    """
    rng, length_s, scale = take.rng, take["length_s"], 2 ** (0.9 - 1.8 * take["size"])
    frames = samples_of(length_s)
    press = lines(
        frames, [(0, 0.3), (0.015, 1), (0.3 * length_s, 0.5), (0.62 * length_s, 0.8), (length_s, 0)]
    )
    grip = np.maximum(0.06, wander(rng, frames, 26.0) + 0.35 * wander(rng, frames, 90.0)) ** 1.4
    glide = 0.5 + 0.5 * wander(rng, frames, 2.5 / length_s + 1.5)
    base_hz = 430 * scale * (0.8 + 0.5 * take["strength"])

    def pockets(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
        here = base_hz * 2 ** (0.25 + 1.1 * noise.at(glide, times))
        narrow = noise.bump(frequencies, here, 0.26) + 0.5 * noise.bump(frequencies, 2.7 * here, 0.2)
        return narrow + (0.05 + 0.22 * take["wet"]) * noise.bump(frequencies, 6.5 * here, 0.7)

    sucking = level(noise.painted(rng, frames, pockets, 512) * grip * press)
    smack = level(lowpass(noise.white(rng, samples_of(0.05)), 700 * scale)) * decay(samples_of(0.05), 0.05)
    layers: list[Layer] = [(1.0, sucking), (0.3 + 0.7 * take["strength"], smack)]
    count = take["bubbles"] * length_s
    if count > 0:
        positions = particles.poisson_under(rng, press + 0.15, count)
        gains = particles.heavy_tailed(rng, len(positions), 0.8)
        drops = [_bubble(rng, scale) for _ in range(14)]
        drip = particles.scatter(frames + samples_of(0.12), positions, gains, drops)
        layers.append((0.25 + 0.6 * take["wet"], level(drip)))
    total = mix(*layers)
    return total * ramp_out(len(total), 0.2)


def _bubble(rng: np.random.Generator, scale: float) -> Signal:
    pitch_hz = scale * math.exp(rng.uniform(math.log(260), math.log(1500)))
    bubble = particles.bubble(pitch_hz, rng.uniform(0.02, 0.07), rng.uniform(0.2, 1.4))
    return bubble * float((400 / pitch_hz) ** 0.3)


def insect(take: Take) -> Signal:
    """Wings push the air to and fro: two pulses a beat, whose pitch and loudness follow the way it flies."""
    rng, rough, speed = take.rng, take["roughness"], take["speed"]
    count = max(1, round(take["insects"]))
    table = _wing_table(take)
    total = np.zeros(take.frames)
    for _ in range(count):
        dart = bed.wander(take, 0.5 + 3.5 * speed)
        pitch_hz = take["pitch_hz"] * semitones(rng.uniform(-2, 2) if count > 1 else rng.uniform(-0.3, 0.3))
        beat = pitch_hz * (1 + (0.05 + 0.16 * speed) * dart)
        if rough > 0:
            beat *= 1 + 0.05 * rough * bed.wander(take, 38.0)
        near = 2.0 ** ((1.0 + 2.2 * speed) * bed.wander(take, 0.4 + 2.2 * speed) - 0.4 * (dart < -2))
        total += near * wavetable.read(table, bed.cycles(take, beat))
    rustle = motor.steady_noise(take, lambda hz: motor.band(hz, 2500, 9000, 1))
    return total + 0.03 * (rough + take["brightness"]) * rustle * np.abs(total)


def _wing_table(take: Take) -> Signal:
    """Return a beat of the wings: harmonics that fall off, with a hump where the wing's edge rasps."""
    ranks = np.arange(1, 65)
    bright = take["brightness"]
    gains = ranks ** (-2.1 + 1.1 * bright) * np.where(ranks % 2 == 0, 1.0, 0.75)
    hump_hz = 1500 + 2500 * bright
    gains = gains + 0.12 * bright * np.exp(-0.5 * (np.log2(ranks * take["pitch_hz"] / hump_hz) / 0.5) ** 2)
    return wavetable.harmonic(
        gains * take.rng.uniform(0.75, 1.15, len(ranks)), 1.3 * take["pitch_hz"], take.rng
    )


def purr(take: Take) -> Signal:
    """The larynx opens and shuts some 26 times a second, in both directions of the breath (Remmers and Gautier, 1972)."""
    rough, scale, rng = take["roughness"], voice.throat(take["size"]), take.rng
    breath = (bed.cycles(take, 1 / take["breath_s"]) + rng.uniform()) % 1.0
    # Out is longer, louder and a little slower than in; between them, a moment of nothing.
    turn = rng.uniform(0.37, 0.46)
    inward = breath < turn
    swell = np.where(inward, np.sin(np.pi * breath / turn), np.sin(np.pi * (breath - turn) / (1 - turn)))
    swell = np.maximum(swell, 0) ** 0.55 * np.where(inward, 0.7, 1.0)
    rate = (
        take["rate_hz"] * np.where(inward, 1.06, 0.97) * (1 + (0.015 + 0.06 * rough) * bed.wander(take, 7.0))
    )
    cycles = bed.cycles(take, rate)
    flutter = motor.pulses(
        take,
        cycles + rng.uniform(),
        wavetable.shaped(motor.pressure(rng.uniform(4.3, 5.8)), 80.0),
        np.ones(1),
        sigma=0.08 + 0.4 * rough,
    )
    gate = np.maximum(flutter, 0)
    air = bed.white(take) * (0.12 + gate) * 0.3
    source = (flutter + (0.15 + 0.9 * take["air"]) * air) * swell
    bank = [
        (f * scale * rng.uniform(0.85, 1.18), t, g * rng.uniform(0.6, 1.3))
        for f, t, g in ((95, 0.05, 1.0), (210, 0.035, 0.8), (520, 0.02, 0.35), (1250, 0.012, 0.25))
    ]
    bank.append((2900 * scale, 0.006, 0.3))
    return formants(source, bank)


def howl(take: Take) -> Signal:
    """A long clear note that the voice climbs to, wavers on and sinks from, as the muzzle rounds and opens."""
    rng, length_s = take.rng, take["length_s"]
    frames = samples_of(length_s)
    low = semitones(-take["rise_st"])
    climb_s = length_s * rng.uniform(0.16, 0.26)
    break_s = climb_s + length_s * rng.uniform(0.02, 0.05)
    contour = lines(
        frames,
        [
            (0, low),
            (climb_s, 0.96),
            (break_s, 1.06),
            (0.32 * length_s, 1.0),
            (0.68 * length_s, 0.97),
            (length_s, low**0.8),
        ],
    )
    contour = lowpass(contour - contour[0], 7.0, 1) + contour[0]
    vibrato = 0.012 * oscillators.sine(rng.uniform(4.2, 5.4), frames) * np.linspace(0, 1, frames)
    pitch = take["pitch_hz"] * contour * (1 + vibrato + 0.008 * wander(rng, frames, 2.5))
    buzz = voice.source(
        rng,
        pitch,
        roughness=0.7 * take["roughness"],
        air=0.1 + 1.5 * take["air"],
        pressed=0.35,
        doubling=0.3 * take["roughness"],
    )
    track = ((0.0, "uh"), (0.15, "oo"), (0.4, "oh"), (0.65, "oo"), (1.0, "mm"))
    heard = level(voice.tract(buzz, track, voice.throat(take["size"]), bite=0.004))
    swell = lines(
        frames, [(0, 0), (0.12 * length_s, 0.6), (0.3 * length_s, 1), (0.7 * length_s, 0.7), (length_s, 0)]
    )
    return heard * swell * ramp_out(frames, 0.3)


def whisper(take: Take) -> Signal:
    """Breath through gliding vowels, with hissed and clicked consonants between them."""
    rng, count = take.rng, max(1, round(take["syllables"]))
    mean_s = min(take["length_s"], LONGEST_S / count)
    lengths = mean_s * rng.uniform(0.75, 1.25, count)
    starts = np.concatenate([[0.0], np.cumsum(lengths)])
    frames = samples_of(float(starts[-1]))
    points: list[tuple[float, float]] = [(0.0, 0.0)]
    track: list[tuple[float, str]] = []
    vowels = voice.some_vowels(rng, ("ah", "ee", "oh", "eh", "oo", "ih", "er", "ae"), count)
    total_s = float(starts[-1])
    for start, length, vowel in zip(starts.tolist(), lengths.tolist(), vowels, strict=False):
        points += [
            (start + 0.3 * length, 0.15),
            (start + 0.45 * length, rng.uniform(0.7, 1)),
            (start + 0.8 * length, 0.5),
            (start + 0.98 * length, 0.04),
        ]
        track += [((start + 0.4 * length) / total_s, vowel)]
    # Whispering keeps the glottis half shut: noise at its source, flatter than a voice.
    breath = highpass(noise.white(rng, frames), 300, 1)
    scale = voice.throat(take["size"])
    spoken = voice.tract(breath, track, scale, bite=0.02 + 0.05 * take["strength"], width=1.7)
    layers: list[Layer] = [(1.0, level(spoken * lines(frames, points)))]
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=False):
        layers.append(
            (rng.uniform(0.75, 1.0) * (0.15 + 1.1 * take["hiss"]), _consonant(take, length, scale), start)
        )
    total = mix(*layers)
    return total * ramp_out(len(total), 0.03)


def _consonant(take: Take, length_s: float, scale: float) -> Signal:
    """Return a fricative, long and hissed, or a stop, short and sharp."""
    rng = take.rng
    fricative = rng.uniform() < 0.55
    own_s = length_s * (rng.uniform(0.28, 0.45) if fricative else 0.12)
    centre_hz = rng.uniform(3300, 6000) * scale**0.5 if fricative else rng.uniform(1500, 4500) * scale**0.5
    frames = samples_of(own_s)
    torn = level(bandpass(noise.white(rng, frames), 0.75 * centre_hz, 1.5 * centre_hz))
    sharp = 0.4 * (1 - 0.8 * take["strength"])
    rise = lines(frames, [(0, 0), (own_s * sharp + 0.001, 1), (own_s * 0.6, 0.8), (own_s, 0)])
    return torn * (rise if fricative else struck(0.001, own_s)[:frames] * ramp_out(frames, 0.3))


def laugh(take: Take) -> Signal:
    """Bursts of voice with a breath before each, five or so a second, that fall and tire (Bachorowski and others, 2001)."""
    rng, count = take.rng, max(1, round(take["syllables"]))
    step_s = min(take["length_s"], LONGEST_S / count)
    steps = step_s * rng.uniform(0.9, 1.1, count) * np.linspace(0.92, 1.1, count)
    starts = np.concatenate([[0.0], np.cumsum(steps)])
    frames = samples_of(float(starts[-1]))
    fall = semitones(-take["fall_st"])
    loud: list[tuple[float, float]] = []
    breathy: list[tuple[float, float]] = []
    tune: list[tuple[float, float]] = []
    for index, (start, step) in enumerate(zip(starts.tolist(), steps.tolist(), strict=False)):
        far = index / max(1, count - 1) if count > 1 else 0.0
        strength = (1 - 0.45 * far) * rng.uniform(0.85, 1)
        own = fall**far * semitones(rng.uniform(-0.7, 0.7))
        tune += [
            (start + 0.28 * step, own),
            (start + 0.42 * step, 1.14 * own),
            (start + 0.85 * step, 0.85 * own),
        ]
        loud += [
            (start + 0.24 * step, 0),
            (start + 0.36 * step, strength),
            (start + 0.6 * step, 0.7 * strength),
            (start + 0.88 * step, 0),
        ]
        breathy += [
            (start, 0.25),
            (start + 0.2 * step, strength),
            (start + 0.4 * step, 0.3),
            (start + 0.95 * step, 0.12),
        ]
    pitch = take["pitch_hz"] * lines(frames, tune)
    rough = take["roughness"]
    buzz = voice.source(rng, pitch, roughness=0.9 * rough, air=0.3, pressed=0.45 + 0.4 * rough) * lines(
        frames, loud
    )
    air = (0.05 + 0.45 * take["air"]) * highpass(noise.white(rng, frames), 500, 1) * lines(frames, breathy)
    vowels = ("ee", "eh") if take["size"] < 0.3 else ("eh", "ah") if take["size"] < 0.62 else ("ah", "oh")
    track = ((0.0, vowels[0]), (0.4, vowels[int(rng.integers(2))]), (1.0, vowels[1]))
    heard = voice.tract(buzz + air, track, voice.throat(take["size"]), bite=0.02)
    return heard * ramp_out(frames, 0.04) * np.minimum(1, np.arange(frames) / 200)


def gasp(take: Take) -> Signal:
    """Air drawn in or let out through an open throat, and perhaps a little voice with it."""
    rng, strength, length_s = take.rng, take["strength"], take["length_s"]
    frames = samples_of(length_s)
    inward = take.choice("breath") == "in"
    scale = voice.throat(take["size"])
    if inward:
        track: voice.Track = ((0.0, "er"), (0.5, "ah"), (0.9, "ae"), (1.0, "eh"))
        swell = lines(
            frames,
            [
                (0, 0.05),
                (0.03, 0.3),
                ((0.45 + 0.3 * strength) * length_s, 1),
                (0.9 * length_s, 0.6),
                (length_s, 0),
            ],
        )
        contour = slide(frames, 0.8, 1.35)
    else:
        track = ((0.0, "ah"), (0.4, "uh"), (1.0, "oo"))
        swell = lines(
            frames,
            [(0, 0), (0.02 + 0.12 * (1 - strength) * length_s, 1), (0.4 * length_s, 0.55), (length_s, 0)],
        )
        contour = slide(frames, 1.2, 0.7)
    breath = noise.white(rng, frames) * (0.85 + 0.15 * wander(rng, frames, 30.0))
    # A wide throat tears the air less finely, and what passes by its resonances is duller as well.
    breath = lowpass(breath, min(5200 * scale, 18000.0), 1)
    edge = (0.04 + 0.12 * strength) * min(1.0, scale)
    air = level(voice.tract(breath, track, scale * (1.15 if inward else 0.95), bite=edge, width=2.2))
    total = air
    if take["tone"] > 0:
        pitch = 210 * scale**0.8 * contour
        tone = voice.tract(voice.source(rng, pitch, roughness=0.35, air=0.3, pressed=0.25), track, scale)
        total = total + 0.9 * take["tone"] * level(tone)
    return total * swell ** (0.8 + 0.8 * strength) * ramp_out(frames, 0.12)


def wings(take: Take) -> Signal:
    """A stroke that pushes air, and what flutters in it: quills, or folds of skin that snap taut."""
    rng, strength, size = take.rng, take["strength"], take["size"]
    length_s = take["length_s"]
    frames = samples_of(length_s)
    feathers = take.choice("wing") == "feather"
    top_s = 0.38 * length_s
    swell = (
        lines(frames, [(0, 0.1), (0.12 * length_s, 0.25), (top_s, 1), (0.6 * length_s, 0.4), (length_s, 0)])
        ** 1.4
    )
    corner_hz = (1500 if feathers else 750) * 2 ** (1.3 - 2.6 * size) * (0.7 + 0.8 * strength)

    def push(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
        here = corner_hz * (0.25 + noise.at(swell, times))
        return noise.tilt(frequencies, here, 1.6) * noise.bump(frequencies, 0.7 * here, 1.5)

    air = level(noise.painted(rng, frames, push, 512) * swell)
    flutter_hz = (95 if feathers else 38) * 2 ** (0.8 - 1.6 * size)
    beats = oscillators.sine(flutter_hz * (1 + 0.3 * wander(rng, frames, 12.0)), frames, rng.uniform())
    air *= 1 - 0.6 * take["rattle"] * (0.5 + 0.5 * beats)
    layers: list[Layer] = [
        (1.0, air),
        ((0.15 + 0.4 * strength) * size**0.7, _whump(take, length_s), 0.2 * length_s),
    ]
    if take["rattle"] > 0:
        layers.append((0.5 * take["rattle"], _quills(take, swell, feathers)))
    total = mix(*layers)
    return total * ramp_out(len(total), 0.15)


def _whump(take: Take, length_s: float) -> Signal:
    """Return the push itself: one slow wave of pressure."""
    frames = samples_of(0.7 * length_s)
    pitch = slide(frames, 75 * 2 ** (0.8 - 1.4 * take["size"]), 38 * 2 ** (0.8 - 1.4 * take["size"]))
    swell: Signal = np.sin(np.pi * np.linspace(0, 1, frames) ** 0.6) ** 2
    return oscillators.sine(pitch, frames) * swell


def _quills(take: Take, swell: Signal, feathers: bool) -> Signal:
    """Return feathers that brush each other, or leather that slaps (crowds of particles, after Cook, 1997)."""
    rng, scale = take.rng, 2 ** (0.7 - 1.4 * take["size"])
    count = (160 if feathers else 26) * (0.4 + take["rattle"]) * (0.5 + len(swell) / SAMPLE_RATE)
    positions = particles.poisson_under(rng, swell**2, count)
    gains = particles.heavy_tailed(rng, len(positions), 0.7)
    low_hz, high_hz = (1800, 7000) if feathers else (350, 2200)
    bank = particles.bank(
        rng, 8, low_hz * scale, high_hz * scale, (0.002, 0.006) if feathers else (0.006, 0.018)
    )
    return level(particles.resonant(rng, len(swell), positions, gains, bank))


def heartbeat(take: Take) -> Signal:
    """Two sets of valves shut: a long low lub, and a shorter, higher dub (Rangayyan and Lehner, 1987)."""
    lub = _valve(take, 1.0)
    dub = _valve(take, 1.32)
    second = 0.15 + 0.85 * take["second"]
    return mix((1.0, lub), (second, dub, take["gap_s"] * take.rng.uniform(0.95, 1.05)))


def _valve(take: Take, higher: float) -> Signal:
    """Return one closure: the chest's few low modes, hit softly, with blood that still swirls."""
    rng, hard, strength = take.rng, take["hardness"], take["strength"]
    base_hz = 48 * 2 ** (0.7 - 1.4 * take["size"]) * higher * rng.uniform(0.9, 1.1)
    ratios = np.array([1.0, 1.55, 2.2, 3.4, 5.2, 8.1]) * rng.uniform(0.88, 1.12, 6)
    gains = np.array([0.9, 0.9, 0.7, 0.6 * hard, 0.5 * hard, 0.35 * hard]) * (0.3 + strength) ** (
        np.arange(6) * 0.4
    )
    times = (
        np.array([0.19, 0.15, 0.11, 0.07, 0.05, 0.03])
        * rng.uniform(0.75, 1.25, 6)
        * (0.8 + 0.5 * strength)
        / higher
    )
    body = modal.ring(
        modal.Modes(base_hz * ratios, times, gains * rng.uniform(0.35, 1.25, 6)),
        modal.blow(0.05 + 0.5 * hard, 22.0),
    )
    thump = level(body)
    swirl = lowpass(noise.white(rng, len(thump)), 180 + 500 * hard) * decay(len(thump), 0.14)
    pitch = slide(
        samples_of(0.12), 1.5 * base_hz, 0.8 * base_hz * rng.uniform(0.7, 1.35), rng.uniform(0.45, 0.8)
    )
    push = oscillators.sine(pitch, len(pitch)) * np.sin(np.pi * np.linspace(0, 1, len(pitch)) ** 0.5) ** 2
    return mix(
        (0.8, thump),
        (0.06 + 0.1 * hard, level(swirl)),
        (0.3 + 0.7 * strength, push),
    )


def bite(take: Take) -> Signal:
    """Teeth meet, what is between them splinters in a cascade, and juice is pressed out."""
    rng, size, hard = take.rng, take["size"], take["hardness"]
    length_s = take["length_s"]
    frames = samples_of(length_s)
    scale = 2 ** (0.9 - 1.8 * size)
    closing = lines(frames, [(0, 0.8), (0.12 * length_s, 1), (0.6 * length_s, 0.45), (length_s, 0)])
    bone = modal.MATERIALS["stone" if hard > 0.6 else "wood"]
    teeth = modal.ring(
        modal.body(rng, bone, 520 * scale, ring=0.25, brightness=0.3 + 0.5 * hard),
        modal.blow(0.3 + 0.6 * hard),
    )
    layers: list[Layer] = [(0.4 + 0.5 * hard, level(teeth)), (0.7, level(_chew(take, closing, scale)))]
    splinters = rng.poisson(take["crackles"])
    if splinters > 0:
        positions = np.sort(np.searchsorted(np.cumsum(closing), rng.uniform(0, closing.sum(), splinters)))
        gains = particles.heavy_tailed(rng, splinters, 0.8) * (
            0.4 + closing[np.minimum(positions, frames - 1)]
        )
        bank = particles.bank(
            rng, 10, (500 + 700 * hard) * scale, (2200 + 5000 * hard) * scale, (0.004, 0.016)
        )
        cracks = particles.resonant(rng, frames + samples_of(0.03), positions, gains, bank)
        layers.append((0.3 + 0.9 * hard, level(cracks), 0.003))
    if take["wet"] > 0:
        positions = particles.poisson_under(rng, closing, 3 + 30 * take["wet"])
        drops = [_bubble(rng, 1.5 * scale) for _ in range(8)]
        juice = particles.scatter(
            frames + samples_of(0.08), positions, particles.heavy_tailed(rng, len(positions), 0.6), drops
        )
        layers.append((0.5 * take["wet"], level(juice), 0.01))
    total = mix(*layers)
    return total * ramp_out(len(total), 0.2)


def _chew(take: Take, closing: Signal, scale: float) -> Signal:
    """Return flesh under pressure: dull noise that gives way in jerks."""
    rng = take.rng
    jerks = np.maximum(0, wander(rng, len(closing), 45.0) + 0.5 * wander(rng, len(closing), 130.0)) ** 1.5
    dull = formants(
        noise.white(rng, len(closing)),
        [
            (330 * scale, 0.012, 1.0),
            (900 * scale, 0.006, 0.6),
            (2100 * scale, 0.004, 0.2 + 0.4 * take["wet"]),
        ],
    )
    return dull * jerks * closing
