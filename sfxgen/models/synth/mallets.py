"""Tuned percussion: bells, bars, glasses, tubes and tines, as banks of modes whose ratios are those of the instrument.

The ratios are those of Fletcher and Rossing (The Physics of Musical Instruments, 1998). No body is perfectly round or
even: each mode is a pair that beats slowly, and each stroke meets the modes at other strengths and phases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import modal
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.particles import poisson_under, scatter
from sfxgen.models.synth.scales import audible
from sfxgen.models.synth.take import Signal, level, samples_of, semitones


@dataclass(frozen=True, slots=True)
class Tuned:
    """An instrument's modes over its pitch: their ratios, gains, and decay times over that of the longest.

    `split` is how far the two halves of a mode lie apart, as a ratio.
    """

    ratios: tuple[float, ...]
    gains: tuple[float, ...]
    decays: tuple[float, ...]
    split: float = 0.002


INSTRUMENTS = {
    # A chime bar or handbell: the bar's modes, and an octave from the resonator.
    "bell": Tuned(
        (1, 2, 2.756, 4.07, 5.404, 8.933), (1, 0.35, 0.5, 0.16, 0.3, 0.15), (1, 0.7, 0.5, 0.35, 0.25, 0.12)
    ),
    "marimba": Tuned((1, 2, 3.93, 9.6, 15.5), (1, 0.25, 0.55, 0.25, 0.1), (1, 0.6, 0.3, 0.1, 0.05), 0.004),
    # Round modes of a goblet go with the square of their order.
    "glass": Tuned((1, 2.32, 4.25, 6.63, 9.38), (1, 0.7, 0.45, 0.3, 0.2), (1, 0.8, 0.55, 0.4, 0.25), 0.003),
    "synth": Tuned(
        (1, 2, 3, 4, 5, 6, 7), (1, 0.6, 0.4, 0.3, 0.22, 0.16, 0.1), (1, 0.8, 0.6, 0.5, 0.4, 0.3, 0.25), 0.006
    ),
    # Free-free tube; its ear-pitch is the missing fundamental of the modes near 2 : 3 : 4.
    "tubular": Tuned(
        (0.224, 0.617, 1.21, 2.0, 2.99, 4.17, 5.56, 7.14),
        (0.12, 0.3, 0.5, 1, 0.8, 0.6, 0.35, 0.2),
        (1, 1, 0.95, 0.85, 0.65, 0.5, 0.35, 0.25),
        0.0012,
    ),
    "wind": Tuned((1, 2.756, 5.404, 8.933), (1, 0.7, 0.35, 0.15), (1, 0.55, 0.3, 0.15), 0.0015),
    # Hum, prime, tierce, quint, nominal and above: a minor third makes a church bell.
    "church": Tuned(
        (0.5, 1, 1.183, 1.506, 2, 2.514, 2.662, 3.011, 4.166, 5.433, 6.796),
        (0.55, 0.7, 0.75, 0.4, 1, 0.45, 0.4, 0.5, 0.4, 0.25, 0.18),
        (1, 0.6, 0.55, 0.4, 0.4, 0.25, 0.22, 0.2, 0.14, 0.1, 0.08),
        0.0015,
    ),
    # A clamped tine, and its octave from the sounding board.
    "tine": Tuned((1, 2, 3.01, 6.267, 17.55), (1, 0.3, 0.2, 0.4, 0.12), (1, 0.6, 0.5, 0.25, 0.08)),
}
"""The instruments by name."""


def note(
    rng: Generator,
    instrument: str,
    pitch_hz: float,
    t60_s: float,
    *,
    brightness: float = 0.5,
    hardness: float = 0.5,
) -> Signal:
    """Return one struck note at a peak of 1: its longest mode has fallen by 60 dB after `t60_s`."""
    tuned = INSTRUMENTS[instrument]
    pitch_hz = audible(pitch_hz)
    ratios, gains, decays = (np.array(row) for row in (tuned.ratios, tuned.gains, tuned.decays))
    gains = gains * np.maximum(ratios, 0.5) ** (2.4 * (brightness - 0.5)) * rng.uniform(0.6, 1.3, len(ratios))
    detuned = ratios * (1 + np.where(ratios == 1, 0.0015, 0.004) * rng.uniform(-1, 1, len(ratios)))
    # The halves of a pair lie to both sides of the mode, one weaker.
    split = tuned.split * rng.uniform(0.4, 1.3, len(ratios))
    frequencies = pitch_hz * np.concatenate([detuned * (1 - 0.3 * split), detuned * (1 + 0.7 * split)])
    both = np.concatenate([gains, gains * rng.uniform(0.25, 0.6, len(ratios))])
    phases = np.exp(1j * rng.uniform(-np.pi, np.pi, len(both)))
    modes = heard(modal.Modes(frequencies, t60_s * np.tile(decays, 2), both * phases))
    return level(modal.ring(modes, mallet(pitch_hz, hardness)))


def heard(modes: modal.Modes) -> modal.Modes:
    """Return the modes without those above hearing; there is always one."""
    keep = modes.frequencies < 0.45 * SAMPLE_RATE
    keep[np.argmin(modes.frequencies)] = True
    return modal.Modes(modes.frequencies[keep], modes.t60s[keep], modes.gains[keep])


def mallet(pitch_hz: float, hardness: float) -> Signal:
    """Return a mallet's blow: on a low body it stays longer, as mallets for low bars are softer."""
    softest_ms = min(9.0, max(0.3, 1400 / pitch_hz))
    return modal.blow(0.75 * hardness, softest_ms)


def glints(rng: Generator, pitch_hz: float, steps: Sequence[int], length_s: float, amount: float) -> Signal:
    """Return glitter: tiny bells on the notes of a scale, two octaves up, ever fewer and softer."""
    grains = [
        note(
            rng,
            "bell",
            pitch_hz * semitones(float(rng.choice(steps))) * float(rng.choice([4, 8])),
            float(rng.uniform(0.12, 0.35)),
            hardness=0.8,
        )
        for _ in range(4)
    ]
    frames = samples_of(length_s)
    fewer = np.linspace(1, 0, frames) ** 2
    positions = poisson_under(rng, fewer, 2 + 26 * amount * min(2.0, length_s))
    gains = rng.uniform(0.25, 1, len(positions)) * (0.25 + 0.75 * fewer[positions])
    return scatter(frames + samples_of(0.4), positions, gains, grains)
