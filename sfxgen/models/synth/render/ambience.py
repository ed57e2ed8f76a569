"""Places: how they are made."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import bed, noise, oscillators, particles
from sfxgen.models.synth.envelopes import wander
from sfxgen.models.synth.filters import lowpass
from sfxgen.models.synth.take import Signal, Take, samples_of


def forest(take: Take) -> Signal:
    """Air in leaves, and birds that each sing their own phrase from their own place."""
    rng, frames = take.rng, take.frames
    gust = wander(rng, frames, 0.22)
    air = [_forest_air(rng, frames, gust) for _ in range(2)]
    total = 0.32 * take["wind"] * bed.stereo(*air)
    total += 0.02 * bed.stereo(*air)
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

    return 0.2 * bed.unit(noise.painted(rng, frames, air, 2048))


def _birds(take: Take) -> Signal:
    """Return birds in stereo: four singers, each with one phrase, repeated with small changes."""
    rng, frames = take.rng, take.frames
    total = np.zeros((frames, 2))
    singers = 4
    for _ in range(singers):
        phrase = _phrase(take)
        side = rng.uniform(0.1, 0.9)
        gain = rng.uniform(0.35, 1.0)
        starts = particles.poisson(rng, frames, take["birds"] * (take.frames / 48000) / singers)
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
    return bed.stereo(*sides)
