"""Short-time spectra: a signal as overlapping windows, and windows added up to a signal again."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.convolution import fast_length

Samples = NDArray[np.float64]

OVERLAP = 4
"""Windows over every sample. The squares of that many Hann windows add up to 1.5 everywhere."""

AT_ONCE = 32
"""Windows that are worked on together: what a processor's cache holds."""


def window_length(seconds: float, sample_rate: int, frames: int) -> int:
    """Return a length in frames that transforms fast and divides by `OVERLAP`: `seconds`, or less for a short clip."""
    wanted = min(round(seconds * sample_rate), frames // 2)
    return OVERLAP * fast_length(max(4, wanted // OVERLAP))


@lru_cache(maxsize=64)
def hann(length: int) -> Samples:
    """Return the periodic Hann window."""
    window: Samples = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    window.flags.writeable = False
    return window


def spectra(x: Samples, starts: NDArray[np.int64], length: int) -> NDArray[np.complex128]:
    """Return the spectra, (channels, windows, bins), of Hann windows that start at frames of (channels, frames)."""
    cut = np.lib.stride_tricks.sliding_window_view(x, length, axis=-1)[:, starts]
    spectrum: NDArray[np.complex128] = np.fft.rfft(cut * hann(length), axis=-1)
    return spectrum


def add_up(out: Samples, first: int, spectrum: NDArray[np.complex128], length: int) -> None:
    """Add windows, a quarter of their length apart and the first at frame `first`, to (channels, frames) in place.

    With a Hann window before and after, unchanged spectra give the signal back where `OVERLAP` windows lie over it.
    """
    hop = length // OVERLAP
    cut = np.fft.irfft(spectrum, length, axis=-1) * (hann(length) / (OVERLAP * 0.375))
    channels, windows = cut.shape[:2]
    parts = cut.reshape(channels, windows, OVERLAP, hop)
    total = np.zeros((channels, windows + OVERLAP - 1, hop))
    for part in range(OVERLAP):
        total[:, part : part + windows] += parts[:, :, part]
    flat = total.reshape(channels, -1)
    begin, end = max(0, first), min(out.shape[-1], first + flat.shape[-1])
    if begin < end:
        out[:, begin:end] += flat[:, begin - first : end - first]
