"""Small bells in crowds, and chords that stand: what glints and shimmers.

Bells are banks of decaying modes whose upper ones die first, as in additive bells since Risset (1969). A crowd
is a few bells struck again and again; a chord is a bank of modes that hardly decays, its pairs beating.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import modal, particles
from sfxgen.models.synth.envelopes import decay, ramp_out
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal, samples_of, semitones

RATIOS = {
    "bright": (1.0, 2.0, 3.01, 4.1, 5.43),
    "dark": (1.0, 1.19, 2.41, 2.9, 4.36),
    "frost": (1.0, 2.32, 4.25, 6.63, 9.38),
}
"""The partials of three bells: a celesta's bar, a church bell's sour minor third, a glass."""


def bell(rng: Generator, pitch_hz: float, t60_s: float, ratios: Sequence[float], brightness: float) -> Signal:
    """Return one bell, its partials a little astray and struck at a random place."""
    order = np.arange(len(ratios))
    frequencies = pitch_hz * np.array(ratios) * (1 + 0.004 * rng.uniform(-1, 1, len(ratios)))
    t60s = t60_s * np.array(ratios) ** -0.75
    gains = (0.25 + 0.5 * brightness) ** order * rng.uniform(0.6, 1.0, len(ratios))
    heard = frequencies < 0.45 * SAMPLE_RATE
    if not np.any(heard):
        return np.zeros(1)
    modes = modal.Modes(frequencies[heard], t60s[heard], gains[heard])
    rung = modal.impulse_response(modes, samples_of(1.05 * t60_s))
    rung[:48] *= np.linspace(0, 1, 48)[: len(rung)]
    return rung * ramp_out(len(rung), 0.15)


def crowd(
    rng: Generator,
    envelope: Signal,
    count: float,
    pitches_hz: Sequence[float],
    ratios: Sequence[float],
    *,
    t60_s: tuple[float, float],
    brightness: float = 0.4,
    climb: bool = False,
) -> Signal:
    """Return about `count` bells of the given pitches that strike as the envelope is high.

    With `climb`, low ones come first and high ones last; else in any order. The first strikes at once.
    """
    grains = [
        bell(rng, pitch_hz, rng.uniform(*t60_s), ratios, brightness) * min(1.0, (1400 / pitch_hz) ** 0.3)
        for pitch_hz in pitches_hz
    ]
    positions = particles.poisson_under(rng, envelope, count)
    gains = rng.uniform(0.3, 1.0, len(positions))
    if climb:
        place = positions / len(envelope) * len(grains) + rng.uniform(-0.3, 0.3, len(positions)) * len(grains)
        which = np.clip(place, 0, len(grains) - 1).astype(np.int64)
    else:
        which = rng.integers(0, len(grains), len(positions))
    total = np.zeros(len(envelope) + max(len(grain) for grain in grains))
    for position, index, gain in zip(positions.tolist(), which.tolist(), gains.tolist(), strict=True):
        grain = grains[index]
        total[position : position + len(grain)] += gain * grain
    return total


def chord(
    rng: Generator, frames: int, root_hz: float, steps_st: Sequence[float], *, beat_hz: float = 0.8
) -> Signal:
    """Return a standing chord of sines in pairs that beat slowly, at an RMS of about 1."""
    roots = root_hz * np.array([semitones(step) for step in steps_st])
    detune = 0.5 * beat_hz * rng.uniform(0.7, 1.3, len(roots))
    frequencies = np.concatenate([roots + detune, roots - detune])
    gains = np.exp(2j * np.pi * rng.uniform(size=len(frequencies)))
    modes = modal.Modes(frequencies, np.full(len(frequencies), 1e4), gains)
    return modal.impulse_response(modes, frames) * float(len(roots) ** -0.5)


def plucked(rng: Generator, pitch_hz: float, t60_s: float, brightness: float) -> Signal:
    """Return a plucked string: stiff harmonics, their gains set by where it is plucked (Fletcher and Rossing, 1998)."""
    order = np.arange(1, max(3, min(12, int(7000 / pitch_hz))))
    frequencies = pitch_hz * order * np.sqrt(1 + 0.00012 * order**2)
    frequencies = frequencies * (1 + 0.0006 * rng.uniform(-1, 1, len(order)))
    gains = np.sin(np.pi * order * rng.uniform(0.24, 0.33)) / order ** (2.1 - 1.2 * brightness)
    t60s = t60_s / (1 + 0.22 * (order - 1)) * (300 / max(pitch_hz, 300)) ** 0.3
    rung = modal.impulse_response(modal.Modes(frequencies, t60s, gains), samples_of(1.05 * t60_s))
    rung[:72] *= np.linspace(0, 1, 72)[: len(rung)]
    return rung * ramp_out(len(rung), 0.2)


def fading(frames: int, t60_s: float) -> Signal:
    """Return a decay that reaches exact silence."""
    return decay(frames, t60_s) * ramp_out(frames, 0.2)
