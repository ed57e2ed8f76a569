"""Blown and bowed tones: pulse trains whose brightness follows their loudness, as brass does (Risset, 1966).

All harmonics n have the strength r ** n, whose sum has a closed form (Moorer, 1976): one tangent a sample, whatever
their number, and r may move.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sfxgen.models.synth import controls
from sfxgen.models.synth.oscillators import phase
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal, samples_of, semitones


def buzz(pitch_hz: float | Signal, brightness: float | Signal, frames: int, start: float = 0.0) -> Signal:
    """Return the sum of r ** (n - 1) sin(nθ), r being `brightness` (0 to below 1), at a peak of about 1.

    In half angles nothing cancels, so that single precision is enough, which is several times as fast.
    """
    highest_hz = float(np.max(pitch_hz))
    r = np.minimum(brightness, _brightest(highest_hz)).astype(np.float32)
    cycles = phase(pitch_hz, frames, start)
    half = ((cycles - np.floor(cycles)) * np.pi).astype(np.float32)
    return _summed(half, r).astype(np.float64)


def _brightest(highest_hz: float) -> float:
    """Return the r at which what aliases is 66 dB down."""
    return min(0.96, 10 ** (-3.3 * highest_hz / (0.5 * SAMPLE_RATE)))


def _summed(half: NDArray[np.float32], r: NDArray[np.float32]) -> NDArray[np.float32]:
    s = np.sin(half)
    total: NDArray[np.float32] = (2 - 2 * r * r) * s * np.cos(half) / ((1 - r) ** 2 + 4 * r * s * s)
    return total


def horn(
    rng: Generator,
    pitch_hz: float,
    length_s: float,
    *,
    brightness: float,
    attack_s: float = 0.035,
    fall_s: float = 0.12,
) -> Signal:
    """Return a brass note: it scoops up to its pitch, bites, settles, and darkens as it is let go."""
    frames = samples_of(length_s + fall_s)
    bite_s = attack_s + 0.07
    end_s = max(length_s, bite_s + 0.005)
    envelope = controls.lines(
        frames, [(0, 0), (attack_s, 1.0), (bite_s, 0.78), (end_s, 0.7), (length_s + fall_s, 0.0)]
    )
    scoop = controls.lines(frames, [(0, -0.5 * rng.uniform(0.4, 1)), (1.2 * attack_s, 0.0)])
    drift = 0.06 * controls.wander(rng, frames, 5.5) + 0.03 * rng.uniform(-1, 1)
    r = (0.22 + 0.74 * brightness**0.6) * envelope ** (0.8 - 0.4 * brightness)
    return played(
        frames, pitch_hz * 2 ** ((scoop + drift) / 12), np.minimum(r, 0.93), envelope, rng.uniform()
    )


def played(frames: int, pitch_hz: Signal, brightness: Signal, envelope: Signal, start: float = 0.0) -> Signal:
    """Return a buzz whose pitch, brightness and loudness are curves at the control rate."""
    highest_hz = float(np.max(pitch_hz))
    step = pitch_hz / SAMPLE_RATE
    # Between two points the pitch is a line, and so the phase a parabola.
    whole = start + np.cumsum(np.append(0.0, 0.5 * controls.STEP * (step[:-1] + step[1:])))[:-1]
    half = np.pi * np.stack([whole % 1.0, step[:-1], 0.5 * np.diff(step) / controls.STEP], axis=1)
    r, loud = (
        controls.spread(np.stack([curve[:-1], np.diff(curve) / controls.STEP], axis=1))
        for curve in (np.minimum(brightness, _brightest(highest_hz)), envelope)
    )
    return (_summed(controls.spread(half), r) * loud).ravel()[:frames].astype(np.float64)


def section(
    rng: Generator,
    pitch_hz: float,
    length_s: float,
    *,
    brightness: float,
    players: int = 2,
    fall_s: float = 0.12,
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
