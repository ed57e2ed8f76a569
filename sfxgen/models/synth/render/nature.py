"""How weather, water, fire and places are made: stationary crowds of events over painted noise.

The beds are stereo: each side has its own noise and events, and both share the slow movement.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import noise, oscillators, particles
from sfxgen.models.synth.envelopes import wander
from sfxgen.models.synth.filters import highpass, lowpass
from sfxgen.models.synth.take import Signal, Take, samples_of


def _stereo(left: Signal, right: Signal, *, width: float = 0.8) -> Signal:
    """Return (frames, 2) of two independent sides that share part of each other."""
    shared = (1 - width) / 2
    return np.stack([(1 - shared) * left + shared * right, shared * left + (1 - shared) * right], axis=1)


def _unit(signal: Signal) -> Signal:
    """Return the signal at an RMS of 1; silence stays silence."""
    rms = float(np.sqrt(np.mean(signal**2)))
    return signal / rms if rms > 0 else signal


DROPS = {
    "ground": (700.0, 6000.0, (0.002, 0.007), 0.25),
    "leaves": (350.0, 3800.0, (0.004, 0.012), 0.05),
    "roof": (420.0, 4200.0, (0.018, 0.06), 0.0),
    "water": (900.0, 5000.0, (0.001, 0.004), 1.0),
    "glass": (1300.0, 7500.0, (0.005, 0.018), 0.0),
}
"""What a drop sets ringing, by surface: from and to Hz, for how long, and how many drops leave a bubble."""


def rain(take: Take) -> Signal:
    """Near drops as a PhISEM crowd, far drops as a painted bed."""
    slow = wander(take.rng, take.frames, 0.4)
    return _stereo(_rain_side(take, slow), _rain_side(take, slow))


def _rain_side(take: Take, slow: Signal) -> Signal:
    rng, frames, size = take.rng, take.frames, take["size"]
    low_hz, high_hz, ring_s, bubbles = DROPS[take.choice("surface")]
    bigger = 2 ** (0.6 - 1.2 * size)
    positions = particles.poisson(rng, frames, 0.5 * take["density"] * take.seconds)
    gains = particles.heavy_tailed(rng, len(positions), 0.65)
    bank = particles.bank(rng, 10, low_hz * bigger, high_hz * bigger, ring_s)
    drops = particles.resonant(rng, frames, positions, gains, bank)
    drops += 0.25 * particles.impulses(
        frames, positions, gains * rng.choice(np.array([-1.0, 1.0]), len(positions))
    )
    top_hz = 2500 + 11000 * take["brightness"]
    drops = _unit(lowpass(drops, top_hz, 1))
    if bubbles:
        drops += bubbles * _bubbles(rng, frames, 0.04 * bubbles * len(positions), 1100 * bigger, 0.03)
    centre = (1400 + 4200 * take["brightness"]) * bigger**0.5

    def far(frequencies: Signal, times: Signal) -> Signal:
        return noise.bump(frequencies, centre, 1.3) * (1 + 0.18 * noise.at(slow, times))

    bed = _unit(noise.painted(rng, frames, far))
    grain = 1 + 0.3 * _unit(lowpass(np.abs(drops), 60))
    return drops + 1.3 * take["bed"] * bed * grain / np.mean(grain)


def _bubbles(rng: Generator, frames: int, count: float, pitch_hz: float, ring_s: float) -> Signal:
    positions = particles.poisson(rng, frames, count)
    pitches = pitch_hz * 2.0 ** rng.normal(0, 0.8, 48)
    grains = [
        particles.bubble(
            float(f), ring_s * (pitch_hz / float(f)) ** 0.5 * rng.uniform(0.5, 1.6), rng.uniform(0.05, 0.5)
        )
        for f in np.clip(pitches, 120, 9000)
    ]
    return _unit(
        particles.scatter(frames, positions, particles.heavy_tailed(rng, len(positions), 0.6), grains)
    )


def wind(take: Take) -> Signal:
    """Painted noise whose level and centre follow the gusts; narrow bands sing in them; leaves rustle."""
    rng, frames = take.rng, take.frames
    gust = 0.7 * wander(rng, frames, take["gust_hz"]) + 0.3 * wander(rng, frames, 2.7 * take["gust_hz"])
    notes = [(take["pitch_hz"] * 2 ** rng.uniform(0.8, 2.4), rng.uniform(0, 0.35)) for _ in range(3)]
    sides = []
    for _ in range(2):
        own = 0.8 * gust + 0.2 * wander(rng, frames, 1.6 * take["gust_hz"])
        sides.append(_wind_side(take, own, notes))
    return _stereo(*sides, width=0.7)


def _wind_side(take: Take, gust: Signal, notes: list[tuple[float, float]]) -> Signal:
    rng, frames, strength = take.rng, take.frames, take["strength"]
    depth = take["gusts"]

    def rush(frequencies: Signal, times: Signal) -> Signal:
        swell = noise.at(gust, times) * depth
        centre = take["pitch_hz"] * 2 ** (0.9 * strength - 0.4 + 0.7 * swell)
        level = 10 ** (1.0 * swell)
        gains = noise.bump(frequencies, centre, 1.0) + 0.35 * noise.tilt(frequencies, 90, 1.5)
        gains = gains + 0.16 * strength * noise.bump(frequencies, centre * 5, 1.3)
        for pitch_hz, threshold in notes:
            singing = np.clip(swell + 0.6 * strength - threshold, 0, 1)
            gains = gains + 9 * take["whistle"] * singing * noise.bump(
                frequencies, pitch_hz * 2 ** (0.12 * swell), 0.05
            )
        return level * gains

    total = _unit(noise.painted(rng, frames, rush, 2048))
    if take["leaves"] > 0:
        total = total + 1.2 * take["leaves"] * _leaves(rng, frames, gust * depth)
    return total


def _leaves(rng: Generator, frames: int, gust: Signal) -> Signal:
    swell = 10 ** (0.7 * gust)
    flutter = 0.6 + 0.4 * wander(rng, frames, 9)

    def foliage(frequencies: Signal, times: Signal) -> Signal:
        return noise.bump(frequencies, 4200 * 2 ** (0.3 * noise.at(gust, times)), 0.85)

    rustle = noise.painted(rng, frames, foliage) * swell * flutter
    return _unit(rustle)


def fire(take: Take) -> Signal:
    """Snapping wood as heavy-tailed clicks, hiss of gas, and flames that lap at low frequencies (Farnell, 2010)."""
    rng, frames, size = take.rng, take.frames, take["size"]
    activity = 1 + 0.6 * wander(rng, frames, 0.8)
    positions = particles.poisson_under(rng, activity**2, take["crackles"] * take.seconds)
    gains = particles.heavy_tailed(rng, len(positions), 1.0)
    bigger = 2 ** (0.5 - size)
    bank = particles.bank(rng, 10, 900 * bigger, 7500 * bigger, (0.0015, 0.011))
    snaps = particles.resonant(rng, frames, positions, gains, bank)
    fizz_at = particles.poisson_under(rng, activity**2, 14 * take["crackles"] * take.seconds)
    fizz_bank = particles.bank(rng, 5, 2500, 9000, (0.0008, 0.003))
    fizz = particles.resonant(rng, frames, fizz_at, particles.heavy_tailed(rng, len(fizz_at), 0.9), fizz_bank)
    hiss = highpass(noise.white(rng, frames), 2500) * (0.55 + 0.45 * wander(rng, frames, 3.5)) ** 2
    lapping = 1 + 0.55 * wander(rng, frames, 4.5) + 0.3 * wander(rng, frames, 11)

    def flames(frequencies: Signal, times: Signal) -> Signal:
        corner = 130 + 260 * size + 90 * noise.at(lapping, times)
        return noise.tilt(frequencies, corner, 2.2)

    roar = noise.painted(rng, frames, flames, 2048) * lapping
    snap_level = 0.5 / math.sqrt(max(take["crackles"], 1.0))
    total: Signal = snap_level * snaps + 0.33 * snap_level * fizz
    return total + 0.08 * take["hiss"] * _unit(hiss) + (0.1 + 0.2 * size) * take["roar"] * _unit(roar)


def stream(take: Take) -> Signal:
    """Bubbles of many sizes over the rush of water (van den Doel, 2005)."""
    rng, flow = take.rng, take["flow"]
    centre = take["pitch_hz"] * 2 ** (0.6 - 1.2 * flow)
    slow = wander(rng, take.frames, 1.5)
    sides = []
    for _ in range(2):
        bubbles = _bubbles(rng, take.frames, take["bubbles"] * take.seconds, centre, 0.045)

        def rush(frequencies: Signal, times: Signal) -> Signal:
            body = noise.bump(frequencies, 900 * 2 ** (-flow), 1.5) + 0.3 * noise.bump(frequencies, 4500, 1.0)
            return body * (1 + 0.15 * noise.at(slow, times))

        water = _unit(noise.painted(rng, take.frames, rush)) * (1 + 0.2 * wander(rng, take.frames, 7))
        sides.append(bubbles + (0.1 + 1.2 * flow) * 1.2 * take["rush"] * water)
    return _stereo(*sides)


def forest(take: Take) -> Signal:
    """Air in leaves, and birds that each sing their own phrase from their own place."""
    rng, frames = take.rng, take.frames
    gust = wander(rng, frames, 0.22)
    air = [_forest_air(rng, frames, gust) for _ in range(2)]
    total = 0.32 * take["wind"] * _stereo(*air)
    total += 0.02 * _stereo(*air)
    birds = _birds(take)
    rms = np.sqrt(np.mean(birds**2)) if take["birds"] > 0 else 0.0
    if rms > 0:
        total += (1.1 - 0.85 * take["bird_distance"]) * 0.55 * birds
    if take["insects"] > 0:
        total += 0.12 * take["insects"] * _crickets(take)
    return total


def _forest_air(rng: Generator, frames: int, gust: Signal) -> Signal:
    def air(frequencies: Signal, times: Signal) -> Signal:
        swell = 10 ** (0.22 * noise.at(gust, times))
        low = noise.bump(frequencies, 240, 1.3)
        return swell * (low + 0.30 * swell * noise.bump(frequencies, 3600, 1.1))

    return 0.2 * _unit(noise.painted(rng, frames, air, 2048))


def _birds(take: Take) -> Signal:
    """Return birds in stereo: four singers, each with one phrase, repeated with small changes."""
    rng, frames = take.rng, take.frames
    total = np.zeros((frames, 2))
    singers = 4
    for _ in range(singers):
        phrase = _phrase(take)
        side = rng.uniform(0.1, 0.9)
        gain = rng.uniform(0.35, 1.0)
        starts = particles.poisson(rng, frames, take["birds"] * take.seconds / singers)
        song = particles.scatter(frames, starts, gain * rng.uniform(0.7, 1.0, len(starts)), [phrase])
        total[:, 0] += np.sqrt(1 - side) * song
        total[:, 1] += np.sqrt(side) * song
    far = take["bird_distance"]
    return lowpass(total.T, 16000 * (2800 / 16000) ** far, 1).T + far * _woods(total)


def _woods(song: Signal) -> Signal:
    """Return the song's echo among trunks: sparse, soft reflections."""
    echo = np.zeros_like(song)
    for delay_s, gain in ((0.061, 0.35), (0.107, 0.28), (0.171, 0.22), (0.263, 0.14), (0.391, 0.08)):
        shift = samples_of(delay_s)
        if shift < len(song):
            echo[shift:] += gain * song[:-shift, ::-1]
    return lowpass(echo.T, 3500, 1).T


def _phrase(take: Take) -> Signal:
    """Return one bird's phrase: gliding, trembling sine syllables, some of them repeated as a trill."""
    rng = take.rng
    centre = take["bird_pitch_hz"] * 2 ** rng.uniform(-0.6, 0.5)
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


def _crickets(take: Take) -> Signal:
    """Return crickets in stereo: a high tone in bursts of wing strokes."""
    rng, frames = take.rng, take.frames
    sides = []
    for _ in range(2):
        pitch_hz = rng.uniform(4100, 4900)
        strokes = np.maximum(0, oscillators.sine(rng.uniform(28, 36), frames, rng.uniform())) ** 2
        bursts = np.clip(4 * oscillators.sine(rng.uniform(0.9, 1.6), frames, rng.uniform()) + 1, 0, 1)
        sides.append(oscillators.sine(pitch_hz, frames) * strokes * bursts)
    return _stereo(*sides)
