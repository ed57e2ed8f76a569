"""What turns: cycles that repeat with a texture's period, pulses that differ from each other, and steady noise.

An engine is a row of pressure pulses, one a firing (Farnell, 2010; Baldan, Lachambre, Delle Monache and
Boussard, 2015); a rotor a row of slaps, one a blade. No two cylinders or blades are alike, which gives the
half-order harmonics, and no two turns, which gives the roughness.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sfxgen.models.synth import bed, wavetable
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal, Take


def turning(take: Take, rate_hz: float, unsteadiness: float) -> Signal:
    """Return the running phase of something that turns at an almost steady rate."""
    if unsteadiness <= 0:
        return bed.cycles(take, rate_hz)
    return bed.cycles(take, rate_hz * (1 + unsteadiness * bed.wander(take, 1.5)))


def times(take: Take, cycles: Signal, ratio: float) -> Signal:
    """Return a phase that runs `ratio` times as fast, or nearly: so that it too fits the period a whole number of times."""
    whole = round(float(cycles[take.period - 1]))
    return cycles * (max(1, round(whole * ratio)) / whole)


def pulses(
    take: Take, cycles: Signal, table: Signal, parts: Signal, *, sigma: float, places: Signal | None = None
) -> Signal:
    """Return a pulse for each of the parts in every cycle, read from a table.

    `parts` are the strengths of the parts (cylinders, blades), `sigma` how far one pulse strays from the next, and
    `places` where in the cycle each part's pulse begins (evenly spaced where none are given).
    """
    if places is None:
        return _row(take, cycles * len(parts), table, parts, sigma)
    total = np.zeros(take.frames)
    for part, place in zip(parts.tolist(), places.tolist(), strict=True):
        # Every pulse is as long as if they were evenly spaced; what is left of its cycle is silent.
        own = cycles - place + 1.0
        within = np.minimum((own % 1.0) * len(parts), 1 - 1 / wavetable.STEPS)
        total += _row(take, np.floor(own) + within, table, np.array([part]), sigma)
    return total


def _row(take: Take, events: Signal, table: Signal, parts: Signal, sigma: float) -> Signal:
    """Return one pulse for every whole event of a running count; the parts take turns."""
    whole = max(1, round(float(events[take.period - 1] - events[0])))
    gains = np.maximum(np.resize(parts, whole) * (1 + sigma * take.rng.standard_normal(whole)), 0.03)
    return wavetable.read(table, events) * gains[(events + 1e-9).astype(np.int64) % whole]


def pressure(sharpness: float, steps: int = 2048) -> Signal:
    """Return one cycle's pressure pulse: a fast rise, a fall, and a shallow pull after it.

    `sharpness` is about how many such pulses would fit the cycle.
    """
    position = np.arange(steps) / steps * sharpness
    rise = np.minimum(1.0, position / 0.25) ** 2
    pulse = rise * np.exp(-3.2 * position)
    pull = 0.35 * np.exp(-0.5 * ((position - 1.6) / 0.5) ** 2)
    fade = np.clip((1 - np.arange(steps) / steps) / 0.1, 0, 1)
    shape: Signal = (pulse / np.max(pulse) - pull) * fade
    return shape


def steady_noise(take: Take, gains: Callable[[Signal], Signal]) -> Signal:
    """Return noise of a spectrum that stays, of unit RMS; `gains` maps frequencies in Hz to magnitudes.

    Its spectrum is drawn, not filtered: one transform, and it repeats after the period by construction.
    """
    bins = take.period // 2 + 1
    draws = take.rng.standard_normal((bins, 2)).view(np.complex128)[:, 0]
    hz = np.arange(bins, dtype=np.float64) * (SAMPLE_RATE / take.period)
    draws[0] = 0
    one = np.fft.irfft(draws * gains(hz), take.period)
    return bed.repeated(take, bed.unit(one))


def band(hz: Signal, low_hz: float, high_hz: float, steepness: int = 2) -> Signal:
    """Return the magnitudes of a band with soft edges: twice `steepness` times 6 dB an octave on either side."""
    below = 1 + (low_hz / np.maximum(hz, 1.0)) ** (2 * steepness)
    above = 1 + (hz / high_hz) ** (2 * steepness)
    return 1 / np.sqrt(below * above)
