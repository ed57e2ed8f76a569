"""What true peaks are measured against: interpolation by Fourier transform of a whole clip, without shortcuts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len

from sfxgen.audio import truepeak

TIMES = 16
SILENCE = 4096


def ideal_peak_dbtp(samples: NDArray[np.floating], *, loop: bool = False) -> float:
    """The peak of ideal band-limited interpolation, sixteen points a frame.

    For samples of (frames, channels), with silence around them, or in a loop with their own repetition.
    """
    wide = samples.astype(np.float64) if loop else _in_silence(samples)
    return _peak_db(_finer(wide, TIMES), samples)


def unpruned_peak_dbtp(samples: NDArray[np.floating]) -> float:
    """The peak of what the meter's own filter makes, everywhere: sixteen points a frame."""
    wide = _in_silence(samples)
    two = np.zeros((2 * len(wide), wide.shape[1]))
    two[::2] = wide
    taps = truepeak._half_taps()
    for channel in range(wide.shape[1]):
        spectrum = np.fft.rfft(wide[:, channel]) * np.conj(np.fft.rfft(taps, len(wide)))
        two[1::2, channel] = np.roll(np.fft.irfft(spectrum, len(wide)), truepeak.REACH - 1)
    return _peak_db(_finer(two, TIMES // 2), samples)


def _in_silence(samples: NDArray[np.floating]) -> NDArray[np.float64]:
    """Samples with silence before and after them, of a length that transforms fast."""
    after = next_fast_len(len(samples) + 2 * SILENCE, real=True) - len(samples) - SILENCE
    return np.pad(samples.astype(np.float64), ((SILENCE, after), (0, 0)))


def _finer(wide: NDArray[np.float64], times: int) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(wide, axis=0)
    if len(wide) % 2 == 0:  # what is at Nyquist is on both sides of it
        spectrum[-1] /= 2
    fine: NDArray[np.float64] = np.fft.irfft(spectrum, times * len(wide), axis=0) * times
    return fine


def _peak_db(fine: NDArray[np.float64], samples: NDArray[np.floating]) -> float:
    peak = max(np.abs(fine).max(initial=0.0), float(np.abs(samples).max(initial=0.0)), 1e-30)
    return float(20 * np.log10(peak))
