"""One cycle of a wave, kept as a table of whole harmonics and read at a running phase (Bristow-Johnson, 1996).

A rich periodic sound costs one look-up a sample, whatever its number of harmonics, and never folds over.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal

STEPS = 8192
"""Entries of a table: so many that the nearest one will do."""

HIGHEST_HZ = 0.42 * SAMPLE_RATE


def shaped(shape: Signal, highest_pitch_hz: float, lift: float = 0.0) -> Signal:
    """Return the table of a cycle of any shape, at a peak of 1, without the harmonics that its pitch cannot carry.

    `lift` flattens its spectrum: each octave is lifted by 6 times as many dB.
    """
    spectrum = np.fft.rfft(shape)
    limit = max(1.5, HIGHEST_HZ / highest_pitch_hz)
    ranks = np.arange(len(spectrum))
    if lift:
        spectrum[1:] *= ranks[1:] ** lift
    spectrum *= np.clip((limit - ranks) / (0.25 * limit), 0, 1)
    table = np.fft.irfft(spectrum, len(shape))
    if len(table) != STEPS:
        table = np.interp(np.arange(STEPS) / STEPS, np.arange(len(table)) / len(table), table)
    return table / max(float(np.max(np.abs(table))), 1e-12)


def harmonic(gains: Sequence[float] | Signal, highest_pitch_hz: float, rng: Generator) -> Signal:
    """Return the table of a sum of harmonics with random phases, the first gain being the fundamental's."""
    limit = max(1.5, HIGHEST_HZ / highest_pitch_hz)
    kept = np.asarray(gains, float)[: STEPS // 4]
    ranks = np.arange(1, len(kept) + 1)
    spectrum = np.zeros(STEPS // 2 + 1, np.complex128)
    spectrum[1 : len(kept) + 1] = kept * np.exp(2j * np.pi * rng.uniform(size=len(kept)))
    spectrum[1 : len(kept) + 1] *= np.clip((limit - ranks) / (0.25 * limit), 0, 1)
    table = np.fft.irfft(spectrum, STEPS)
    return table / max(float(np.max(np.abs(table))), 1e-12)


def read(table: Signal, cycles: Signal) -> Signal:
    """Return the table's value at each running phase, in cycles."""
    # A hair more, so that a phase that falls on an entry finds the same one in every period.
    wave: Signal = table[(cycles * STEPS + 1e-3).astype(np.int64) & (STEPS - 1)]
    return wave
