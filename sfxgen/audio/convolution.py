"""Convolution by Fourier transform, of a signal and of one period of a loop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

AT_ONCE = 1 << 16
"""Frames of a long signal that are transformed together: what a processor's cache holds."""


def fast_length(frames: int) -> int:
    """Return the shortest length of at least `frames` that factors into 2, 3 and 5: those transform fast."""
    best = 1 << max(0, frames - 1).bit_length()
    fives = 1
    while fives < best:
        threes = fives
        while threes < best:
            best = min(best, threes << max(0, (-(-frames // threes) - 1).bit_length()))
            threes *= 3
        fives *= 5
    return best


def convolved(x: Samples, response: Samples) -> Samples:
    """Return signals of (channels, frames) through one response each, and what rings on after their end.

    Long signals are done in pieces whose tails overlap: memory is the signal's own.
    """
    frames, taps = x.shape[-1], response.shape[-1]
    out = np.zeros((len(x), frames + taps - 1))
    size = fast_length(min(frames, max(AT_ONCE, taps)) + taps - 1)
    step = size - taps + 1
    spectrum = np.fft.rfft(response, size)
    for start in range(0, frames, step):
        piece = np.fft.irfft(np.fft.rfft(x[:, start : start + step], size) * spectrum, size)
        stop = min(start + size, out.shape[-1])
        out[:, start:stop] += piece[:, : stop - start]
    return out


def convolved_around(x: Samples, response: Samples) -> Samples:
    """Return one period of repeating signals of (channels, frames) through one response each: as long as before."""
    frames, taps = x.shape[-1], response.shape[-1]
    turns = -(-taps // frames)
    folded = (
        np.pad(response, ((0, 0), (0, turns * frames - taps)))
        .reshape(len(response), turns, frames)
        .sum(axis=1)
    )
    spectrum = np.fft.rfft(x) * np.fft.rfft(folded)
    around: Samples = np.fft.irfft(spectrum, frames)
    return around
