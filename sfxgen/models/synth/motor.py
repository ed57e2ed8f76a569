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
    return bed.cycles(take, rate_hz * (1 + unsteadiness * bed.wander(take, 3.0)))


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
    whole = round(float(cycles[take.period - 1]))
    count = len(parts)
    strays = 1 + sigma * take.rng.standard_normal(whole * count)
    gains = np.maximum(strays * np.resize(parts, whole * count), 0.03)
    events = cycles * count if places is None else _uneven(cycles, places)
    # Read from 0 to whole * count: an index that runs on is folded back.
    index = (events + 1e-9).astype(np.int64) % (whole * count)
    return wavetable.read(table, events) * gains[index]


def _uneven(cycles: Signal, places: Signal) -> Signal:
    """Return the running number of events that begin at `places` in each cycle; the first place is 0."""
    within = cycles % 1.0
    count = len(places)
    events = np.interp(within, np.append(places, 1.0), np.arange(count + 1.0))
    return events + count * np.floor(cycles)


def pressure(sharpness: float, steps: int = 2048) -> Signal:
    """Return one cycle's pressure pulse: a fast rise, a fall, and a shallow pull after it.

    `sharpness` is about how many such pulses would fit the cycle.
    """
    position = np.arange(steps) / steps * sharpness
    rise = np.minimum(1.0, position / 0.25) ** 2
    pulse = rise * np.exp(-3.2 * position)
    pull = 0.35 * np.exp(-0.5 * ((position - 1.6) / 0.5) ** 2)
    fade = np.clip((1 - np.arange(steps) / steps) / 0.1, 0, 1)
    return (pulse / np.max(pulse) - pull) * fade


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
