"""How loud a sound is from moment to moment, and gains that follow it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

STEP_S = 0.001
"""How often a level is read. A recursion of that rate in Python costs less than the filters do."""

SETTLED = 10
"""Time constants after which a follower has forgotten where it started."""


def grid(frames: int, sample_rate: int) -> NDArray[np.int64]:
    """Return where steps of about `STEP_S` start: evenly, so that they divide a loop's period as well."""
    steps = max(1, round(frames / (STEP_S * sample_rate)))
    steps = min(steps, frames)
    return (np.arange(steps) * frames) // steps


def peaks(x: Samples, starts: NDArray[np.int64]) -> Samples:
    """Return the largest absolute sample of each step in any channel, for (channels, frames)."""
    highest = np.maximum.reduceat(x, starts, axis=-1).max(axis=0)
    lowest = np.minimum.reduceat(x, starts, axis=-1).min(axis=0)
    largest: Samples = np.maximum(highest, -lowest)
    return largest


def held(levels: Samples, steps: int, *, loop: bool) -> Samples:
    """Return the highest of each level and the `steps` before it, so that a low tone's own cycles do not show."""
    before = np.resize(levels[::-1], steps)[::-1] if loop else np.full(steps, -np.inf)
    out = np.concatenate([before, levels])
    reach = 1
    while reach <= steps:  # maxima over 1, 2, 4 … and what is left
        shift = min(reach, steps + 1 - reach)
        out[shift:] = np.maximum(out[shift:], out[:-shift])
        reach += shift
    return out[steps:]


def keep(seconds: float) -> float:
    """Return how much of the past a follower with that time constant keeps in one step."""
    return math.exp(-STEP_S / seconds) if seconds > 0 else 0.0


def followed(levels: Samples, attack_s: float, release_s: float, *, loop: bool) -> Samples:
    """Follow levels up with one time constant and down with another.

    The "smooth, decoupled" detector of Giannoulis, Massberg and Reiss, "Digital dynamic range compressor design"
    (2012), equation 17: the release acts on the peaks, the attack on what that gives. A loop's start is where its
    end has got to. A lone sound starts at its first level.
    """
    up, down = keep(attack_s), keep(release_s)
    turns = 1
    if loop:
        turns += math.ceil(SETTLED * (attack_s + release_s) / (STEP_S * len(levels)))
    values: list[float] = levels.tolist()
    peak = smooth = values[0]
    out: list[float] = []
    for _ in range(turns):
        began = peak, smooth
        out = []
        for level in values:
            fallen = level + down * (peak - level)
            peak = level if level > fallen else fallen
            smooth = peak + up * (smooth - peak)
            out.append(smooth)
        if began == (peak, smooth):
            break
    return np.array(out)


def softened(gains: Samples, seconds: float, *, loop: bool) -> Samples:
    """Smooth gains by a triangle of that length to either side: one is on its way before what it answers."""
    reach = max(1, round(seconds / STEP_S))
    wide = np.pad(gains, reach, mode="wrap" if loop else "edge")
    out = np.zeros(len(gains))
    for shift in range(2 * reach + 1):
        out += (reach + 1 - abs(shift - reach)) * wide[shift : shift + len(gains)]
    return out / (reach + 1) ** 2


def between(values: Samples, starts: NDArray[np.int64], frames: int, *, loop: bool) -> Samples:
    """Return what steps amount to at every frame: straight lines from one step's middle to the next."""
    middles = starts + frames / len(starts) / 2
    period = frames if loop else None
    return np.interp(np.arange(frames), middles, values, period=period)
