"""Amplitude and control curves. Every function returns an array of shape (frames,)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal, samples_of

LN_1000 = 6.907755278982137
"""A decay of 60 dB in nepers: t60 = LN_1000 / rate."""


def decay(frames: int, t60_s: float) -> Signal:
    """Return an exponential that starts at 1 and has fallen by 60 dB after `t60_s`."""
    rate = -LN_1000 / (t60_s * SAMPLE_RATE)
    # By rows and columns: e^(64k + j) is e^(64k) times e^j.
    rows = np.exp(np.arange(0, frames, 64) * rate)
    falling: Signal = np.multiply.outer(rows, np.exp(np.arange(64) * rate)).ravel()[:frames]
    return falling


def struck(attack_s: float, t60_s: float, hold_s: float = 0.0) -> Signal:
    """Return a raised-cosine attack, a hold at 1 and a 60 dB exponential decay that ends in exact silence."""
    rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(samples_of(attack_s)) / samples_of(attack_s))
    fall = decay(samples_of(t60_s), t60_s)
    hold = np.ones(round(hold_s * SAMPLE_RATE))
    return np.concatenate([rise, hold, fall * ramp_out(len(fall), 0.15)])


def ramp_out(frames: int, portion: float) -> Signal:
    """Return ones whose last `portion` falls to 0 along a raised cosine."""
    out = np.ones(frames)
    last = max(1, int(frames * portion))
    out[-last:] = 0.5 + 0.5 * np.cos(np.pi * (np.arange(last) + 1) / last)
    return out


def lines(frames: int, points: Sequence[tuple[float, float]]) -> Signal:
    """Return straight lines between (time_s, value) points, level before the first and after the last."""
    times, values = zip(*points, strict=True)
    curve: Signal = np.interp(np.arange(frames) / SAMPLE_RATE, times, values)
    return curve


def slide(frames: int, start: float, end: float, curve: float = 1.0) -> Signal:
    """Return an exponential slide between two positive values; `curve` below 1 moves most of it to the front."""
    position: Signal = (np.arange(frames) / max(1, frames - 1)) ** curve
    return np.asarray(start * (end / start) ** position, float)


def wander(rng: Generator, frames: int, rate_hz: float) -> Signal:
    """Return slow random movement within -1 to 1 that turns about `rate_hz` times a second.

    Uniform random points joined by raised cosines: value noise, as in computer graphics.
    """
    step = int(min(max(SAMPLE_RATE / rate_hz / 24, 1), 480))
    grid = np.arange(frames // step + 2) * step
    position: Signal = np.asarray(grid * (rate_hz / SAMPLE_RATE) + rng.uniform(), np.float64)
    points = rng.uniform(-1, 1, int(position[-1]) + 2)
    moved: Signal = np.interp(np.arange(frames), grid, smooth_points(points, position))
    return moved


def smooth_points(points: Signal, position: Signal) -> Signal:
    """Return the values at positions between points (0 is the first), joined by raised cosines."""
    cell = position.astype(np.int64)
    blend = 0.5 - 0.5 * np.cos(np.pi * (position - cell))
    joined: Signal = points[cell] + (points[cell + 1] - points[cell]) * blend
    return joined
