"""Blown and bowed tones: pulse trains whose brightness follows their loudness, as brass does (Risset, 1966).

All harmonics n have the strength r ** n, whose sum has a closed form (Moorer, 1976): one tangent a sample, whatever
their number, and r may move.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth.envelopes import lines, wander
from sfxgen.models.synth.oscillators import phase
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal, samples_of, semitones


def buzz(pitch_hz: float | Signal, brightness: float | Signal, frames: int, start: float = 0.0) -> Signal:
    """Return the sum of r ** (n - 1) sin(nθ), r being `brightness` (0 to below 1), at a peak of about 1."""
    # r stays where what aliases is 66 dB down.
    highest_hz = float(np.max(pitch_hz))
    r = np.minimum(brightness, 10 ** (-3.3 * highest_hz / (0.5 * SAMPLE_RATE)))
    half = np.tan(np.pi * (phase(pitch_hz, frames, start) % 1.0))
    wave: Signal = 2 * half * (1 - r * r) / ((1 - r) ** 2 + (1 + r) ** 2 * half * half)
    return wave


def horn(
    rng: Generator, pitch_hz: float, length_s: float, *, brightness: float, attack_s: float = 0.035, fall_s: float = 0.12
) -> Signal:
    """Return a brass note: it scoops up to its pitch, bites, settles, and darkens as it is let go."""
    frames = samples_of(length_s + fall_s)
    bite_s = attack_s + 0.07
    envelope = lines(
        frames, [(0, 0), (attack_s, 1.0), (bite_s, 0.78), (length_s, 0.7), (length_s + fall_s, 0.0)]
    )
    scoop = lines(frames, [(0, -0.5 * rng.uniform(0.4, 1)), (1.2 * attack_s, 0.0), (length_s, 0.0)])
    drift = 0.06 * wander(rng, frames, 5.5) + 0.03 * rng.uniform(-1, 1)
    r = (0.12 + 0.8 * brightness**0.6) * envelope ** (0.8 - 0.4 * brightness)
    tone = buzz(pitch_hz * 2 ** ((scoop + drift) / 12), np.minimum(r, 0.93), frames, rng.uniform())
    return tone * envelope


def section(
    rng: Generator, pitch_hz: float, length_s: float, *, brightness: float, players: int = 2, fall_s: float = 0.12
) -> Signal:
    """Return some players on one note: never quite together, nor quite in tune."""
    late = [samples_of(float(rng.uniform(0, 0.014))) for _ in range(players)]
    voices = [
        horn(
            rng,
            pitch_hz * semitones(float(rng.uniform(-0.08, 0.08))),
            length_s,
            brightness=brightness * float(rng.uniform(0.9, 1.05)),
            attack_s=float(rng.uniform(0.025, 0.05)),
            fall_s=fall_s,
        )
        for _ in range(players)
    ]
    total = np.zeros(len(voices[0]) + max(late))
    for start, voice in zip(late, voices, strict=True):
        total[start : start + len(voice)] += voice / players
    return total
