"""Stereo width."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.downmix import folded

Samples = NDArray[np.float64]


def widened(x: Samples, width: float, sample_rate: int, *, loop: bool = False) -> Samples:
    """Scale the side signal (L - R) / 2 of signals of (2, frames): 1 changes nothing, 2 doubles it.

    The middle stays as it is, so the mono sum does too. 0 is the mono fold, in both channels: see
    `sfxgen.audio.resample.to_channels`.
    """
    if width == 0:
        one = folded(np.ascontiguousarray(x.T, dtype=np.float32), sample_rate, loop=loop)
        return np.repeat(one.T.astype(np.float64), 2, axis=0)
    middle, side = (x[0] + x[1]) / 2, (x[0] - x[1]) / 2 * width
    return np.stack([middle + side, middle - side])
