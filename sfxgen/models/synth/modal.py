"""Struck bodies as banks of decaying modes (van den Doel and Pai, 1998).

A material decides how fast modes decay: internal friction makes a mode's time constant 1 / (π f tan φ), so that
high modes die first (Wildes and Richards, 1988), beside the losses that all modes share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sfxgen.audio.products import product
from sfxgen.models.synth.envelopes import LN_1000
from sfxgen.models.synth.filters import convolved
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal, samples_of

BAR = (1.0, 2.756, 5.404, 8.933, 13.344, 18.64)
"""Free-free bar: the squares of the roots of cos x cosh x = 1, over the first."""

MEMBRANE = (1.0, 1.594, 2.136, 2.296, 2.653, 2.918, 3.156, 3.5, 3.6, 4.06)
"""Ideal circular membrane: zeros of Bessel functions, over the first."""

PLATE = (1.0, 1.58, 2.0, 2.92, 3.25, 4.0, 4.58, 5.22, 6.1, 6.76, 7.7, 8.9, 10.3, 12.1, 14.2)
"""A thin plate, slightly oblong: mode frequencies go with the sum of squares of two whole numbers."""


SHELL = (1.0, 1.07, 2.15, 2.66, 2.81, 3.9, 5.05, 5.4, 7.2, 9.4)
"""A bowl or a pot: a circle's bending modes, most of them split in two by what is not round about it."""

SHEET: tuple[float, ...] = (1.0, 1.36, 1.9, 2.21, 2.6, 3.1, 3.3, 3.95, 4.3, 4.9, 5.2, 5.9, 6.4, 7.1, 7.6, 8.3)
SHEET += (9.1, 9.8, 10.9, 11.6, 12.8, 13.9, 15.1, 16.8, 18.3, 20.1, 22.4, 24.9, 27.6, 31.0, 34.8, 39.5, 45.0)
"""A big thin sheet: so many modes that it crashes rather than rings."""


@dataclass(frozen=True, slots=True)
class Material:
    """How a material rings: friction (tan φ), the 60 dB time all modes share, and mode ratios of a typical body.

    `lowest_hz` and `highest_hz` are the first mode of a big and of a small body; `contact_ms` is how long the
    softest striker stays on it.
    """

    friction: float
    longest_s: float
    ratios: tuple[float, ...]
    lowest_hz: float
    highest_hz: float
    contact_ms: float


MATERIALS = {
    "wood": Material(0.022, 0.35, (*BAR, 1.7, 3.6, 4.4), 110, 900, 7),
    "metal": Material(0.0011, 2.8, PLATE, 240, 2600, 3.5),
    "stone": Material(0.012, 0.18, PLATE[:8], 350, 3200, 5),
    "glass": Material(0.0018, 1.4, (1.0, 2.32, 2.36, 4.25, 6.63, 9.38, 12.2), 900, 4200, 1.2),
    "plastic": Material(0.045, 0.16, (*BAR[:5], 1.9, 3.3), 240, 1800, 8),
    "flesh": Material(0.11, 0.16, MEMBRANE[:5], 55, 190, 12),
    "ceramic": Material(0.0055, 0.42, SHELL, 420, 2900, 1.4),
    "sheet": Material(0.0035, 1.1, SHEET, 60, 420, 5),
    "ice": Material(0.009, 0.22, PLATE[:10], 320, 2800, 3),
    "bone": Material(0.03, 0.08, (*BAR[:5], 1.6, 3.9), 380, 1900, 3),
    "rubber": Material(0.05, 0.2, (1.0, 1.72, 2.5, 3.9, 5.6, 7.7), 75, 420, 8),
}
"""The materials by name."""


Complex = NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Modes:
    """A body's modes: frequencies in Hz, 60 dB decay times in s, and gains (complex: with a phase), of shape (modes,)."""

    frequencies: Signal
    t60s: Signal
    gains: Signal | Complex


def body(
    rng: Generator,
    material: Material,
    lowest_hz: float,
    *,
    ring: float = 1.0,
    brightness: float = 0.5,
    looseness: float = 0.03,
) -> Modes:
    """Return the modes of a body of some material, struck at a random place.

    `ring` scales the decay times, `brightness` (0 to 1) the strength of high modes, and `looseness` how far each
    mode strays from the ideal body, as a ratio.
    """
    ratios = np.array(sorted(material.ratios))
    frequencies = lowest_hz * ratios * (1 + looseness * rng.uniform(-1, 1, len(ratios)))
    friction_rate = np.pi * frequencies * material.friction
    t60s = ring * LN_1000 / (friction_rate + LN_1000 / material.longest_s)
    gains = ratios ** (-1.6 + 1.5 * brightness) * rng.uniform(0.45, 1.0, len(ratios))
    keep = frequencies < 0.45 * SAMPLE_RATE
    return Modes(frequencies[keep], t60s[keep], gains[keep])


def ring(modes: Modes, excitation: Signal, longest_s: float = 10.0) -> Signal:
    """Return the body's sound under a driving force, as long as its slowest mode needs."""
    tail = samples_of(min(longest_s, 1.1 * float(np.max(modes.t60s))))
    z = _poles(modes)
    struck = len(excitation)
    before = _powers(z, struck + 1)
    response = np.einsum("nm,m->n", before, modes.gains).imag
    if struck > tail:
        return convolved(excitation, response[:tail])[: struck + tail]
    # Once the force has ended, every mode rings freely: only its phase and strength remember how it was struck.
    state = modes.gains * z * np.einsum("n,nm->m", excitation[::-1], before[:struck])
    during = np.convolve(excitation, response)[:struck]
    return np.concatenate([during, _rung(z, state, modes.t60s, tail)])


def impulse_response(modes: Modes, frames: int) -> Signal:
    """Return the sum of the modes' decaying sines, from phase 0."""
    return _rung(_poles(modes), modes.gains.astype(np.complex128), modes.t60s, frames)


def _poles(modes: Modes) -> Complex:
    """Return each mode's factor from one frame to the next."""
    angles = 2 * np.pi * modes.frequencies / SAMPLE_RATE
    losses = LN_1000 / (np.maximum(modes.t60s, 1e-4) * SAMPLE_RATE)
    turned: Complex = np.exp(1j * angles - losses)
    return turned


def _rung(z: Complex, state: Complex, t60s: Signal, frames: int) -> Signal:
    """Return Im(state · z^n) summed over the modes: in stretches, each twice the last, of those that still sound.

    z^(128k + j) is z^(128k) times z^j, so all modes' samples come from one product of two small matrices, in
    single precision: 140 dB.
    """
    columns = _powers(z, CHUNK).T
    row = z**CHUNK
    out = np.zeros(-(-frames // CHUNK) * CHUNK)
    start, stretch = 0, 12 * CHUNK
    while start < frames:
        alive = t60s * (SILENT * SAMPLE_RATE) > start
        stop = min(len(out), start + stretch)
        rows = _powers(row[alive], (stop - start) // CHUNK) * state[alive]
        left = np.concatenate([rows.real, rows.imag], axis=1, dtype=np.float32)
        right = np.concatenate([columns[alive].imag, columns[alive].real], axis=0, dtype=np.float32)
        out[start:stop] = product(left, right).ravel()
        state = state * z ** (stop - start)
        start, stretch = stop, 2 * stretch
    return out[:frames]


def _powers(z: Complex, count: int) -> Complex:
    """Return z^0 to z^(count - 1), of shape (count, modes), by doubling: a power costs more than a product."""
    powers = np.empty((count, len(z)), np.complex128)
    powers[0] = 1
    done, step = 1, z
    while done < count:
        more = min(done, count - done)
        np.multiply(powers[:more], step, out=powers[done : done + more])
        done, step = done + more, step * step
    return powers


CHUNK = 128
SILENT = 1.35
"""A mode is left out after this many of its 60 dB times: 81 dB down."""


def chime(frequencies: Sequence[float], t60s: Sequence[float], gains: Sequence[float]) -> Signal:
    """Return decaying sines that start together at phase 0; those above hearing are left out."""
    heard = [i for i, frequency_hz in enumerate(frequencies) if frequency_hz < 0.45 * SAMPLE_RATE]
    if not heard:
        return np.zeros(1)
    columns = (np.array([column[i] for i in heard], float) for column in (frequencies, t60s, gains))
    return ring(Modes(*columns), np.ones(1))


def blow(hardness: float, softest_ms: float = 9.0) -> Signal:
    """Return the force of one contact: a raised cosine of unit area, short for hard strikers.

    A contact of length T excites little above 1.5 / T, which is why harder is brighter.
    """
    frames = samples_of(softest_ms / 1000 * (0.08 / softest_ms) ** hardness)
    force = 1 - np.cos(2 * np.pi * (np.arange(frames) + 0.5) / frames) if frames > 2 else np.ones(frames)
    return force / np.sum(force)


def scaled(sequence: Sequence[float], fraction: float) -> float:
    """Return the value a fraction of the way between a pair of positive values, by equal ratios."""
    low, high = sequence
    return float(low * (high / low) ** fraction)
