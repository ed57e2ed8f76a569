"""Curves that move slowly, worked out once every 64 frames and joined by straight lines.

Control rates are as old as computer music (Mathews, 1963). Powers, vibrato and envelopes cost next to nothing there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sfxgen.audio.products import product
from sfxgen.models.synth import envelopes
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal

STEP = 64
"""How many frames a control point is worth: 1.3 ms."""


def points(frames: int) -> int:
    """Return how many control points so many frames need."""
    return frames // STEP + 2


def seconds(frames: int) -> Signal:
    """Return the control points' times."""
    return np.arange(points(frames), dtype=np.float64) * (STEP / SAMPLE_RATE)


def lines(frames: int, corners: Sequence[tuple[float, float]]) -> Signal:
    """Return straight lines between (time_s, value) corners, at the control rate."""
    times, values = zip(*corners, strict=True)
    curve: Signal = np.interp(seconds(frames), times, values)
    return curve


def wander(rng: Generator, frames: int, rate_hz: float) -> Signal:
    """Return slow random movement within -1 to 1, at the control rate."""
    return envelopes.wander(rng, points(frames), rate_hz * STEP)


def sine(frames: int, rate_hz: float | Signal, start: float = 0.0) -> Signal:
    """Return a slow sine of some rate, or of one that moves, at the control rate; `start` in cycles."""
    steps = np.broadcast_to(np.asarray(rate_hz, float), (points(frames),)) * (STEP / SAMPLE_RATE)
    wave: Signal = np.sin(2 * np.pi * (start + np.cumsum(steps) - steps[0]))
    return wave


def every_frame(curve: Signal, frames: int) -> Signal:
    """Return a curve of control points as one value a frame."""
    return spread(np.stack([curve[:-1], np.diff(curve) / STEP], axis=1)).ravel()[:frames].astype(np.float64)


def spread(polynomials: Signal) -> NDArray[np.float32]:
    """Return the values of one polynomial a control point (its coefficients in a row, from the constant one on), at
    each of the frames up to the next point. One small matrix product, in single precision."""
    powers = np.arange(STEP, dtype=np.float32) ** np.arange(polynomials.shape[1])[:, None]
    return product(polynomials.astype(np.float32), powers.astype(np.float32))
