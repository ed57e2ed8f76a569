"""Plucked strings, after Karplus and Strong (1983) and Jaffe and Smith (1983), solved into their modes.

A string is a delay of one period in a loop with a filter that loses a little, more at high frequencies. Such a loop
has a mode at each harmonic, which decays by the filter's loss there once a period. So the string is a sum of
decaying sines, exactly in tune: the fractional delay of Jaffe and Smith is not needed, and stiffness costs nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import modal
from sfxgen.models.synth.envelopes import LN_1000
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.scales import audible
from sfxgen.models.synth.take import Signal, level, samples_of

MOST_HARMONICS = 48


def plucked(
    rng: Generator,
    pitch_hz: float,
    t60_s: float,
    *,
    brightness: float = 0.5,
    hardness: float = 0.5,
    pick_at: float = 0.2,
    stiffness: float = 4e-5,
) -> Signal:
    """Return a string plucked at a point of its length, at a peak of 1.

    Harmonics that have a node where it is plucked are missing. `brightness` raises the upper ones and stretches their
    decay, `hardness` is how narrow the plectrum is. The string moves in two planes, which decay at two rates and beat
    (Weinreich, 1977).
    """
    pitch_hz = audible(pitch_hz)
    count = int(min(MOST_HARMONICS, max(1, 0.42 * SAMPLE_RATE // pitch_hz)))
    n = np.arange(1, count + 1)
    frequencies = pitch_hz * n * np.sqrt((1 + stiffness * n**2) / (1 + stiffness))
    keep = frequencies < 0.45 * SAMPLE_RATE
    n, frequencies = n[keep], frequencies[keep]
    t60s = LN_1000 / (LN_1000 / t60_s + _loss_rate(pitch_hz, frequencies, brightness))
    # A narrow plectrum bends the string sharply: the spectrum of a corner, smoothed by its width.
    edge_hz = 700 * 12**hardness + 2 * pitch_hz
    gains = np.sin(np.pi * n * pick_at) / n ** (1.6 - 1.2 * brightness) / (1 + (frequencies / edge_hz) ** 2)
    gains *= rng.uniform(0.6, 1.3, len(n))
    phases = np.exp(1j * rng.uniform(-1.4, 1.4, len(n)))
    apart = 1 + rng.uniform(0.0004, 0.0011)
    other = gains * rng.uniform(0.2, 0.45) * np.exp(1j * rng.uniform(-np.pi, np.pi, len(n)))
    modes = modal.Modes(
        np.concatenate([frequencies, frequencies * apart]),
        np.concatenate([0.8 * t60s, t60s]),
        np.concatenate([gains * phases, other]),
    )
    return level(modal.ring(modes, modal.blow(0.3 + 0.55 * hardness, 2.5)))


def _loss_rate(pitch_hz: float, frequencies: Signal, brightness: float) -> Signal:
    """Return how fast the loop's filter, (1 - s) + s / z once a period, takes each harmonic, in nepers a second.

    Low strings are thick, which the filter does not know: they lose as if they went round faster.
    """
    s = 0.5 * (1 - 0.85 * brightness) ** 1.2
    angles = 2 * np.pi * frequencies / SAMPLE_RATE
    power = (1 - s) ** 2 + s**2 + 2 * s * (1 - s) * np.cos(angles)
    rounds = max(pitch_hz, 180.0) * (1.6 - brightness)
    losses: Signal = -0.5 * np.log(np.maximum(power, 1e-6)) * rounds
    return losses


def pick_noise(rng: Generator, hardness: float) -> Signal:
    """Return the scrape of a finger or plectrum as it leaves the string, some milliseconds long."""
    frames = samples_of(0.002 + 0.012 * (1 - hardness))
    scrape = rng.standard_normal(frames) * np.hanning(frames)
    return np.diff(scrape, prepend=0.0) if hardness > 0.5 else scrape
