"""Where a sound's spectrum stops dead: the wall that a lower sample rate leaves behind."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip

WINDOW_FRAMES = 2048
MOST_WINDOWS = 64
WINDOWS_AT_ONCE = 8
"""As many as stay in a processor's cache."""

LOWEST_WALL_HZ = 4500.0
"""A wall below it is the sound's own: a rumble, a hum, a tone with its few partials."""
HIGHEST_WALL = 0.8
"""Re the Nyquist frequency: above it every converter leaves one."""
BELOW = 0.84
"""A quarter of an octave under a wall must hold sound throughout."""
BEYOND = 1.1
"""Converters take up to a tenth of the frequency to fall."""
AUDIBLE_DB = -80.0
MOST_SPREAD_DB = 9.0
"""Standard deviation of the levels under a wall: noise has 6 dB at the most, the lines of a tone 15 and more."""
DROP_DB = 45.0
FAINTEST_DB = -160.0

Spectrum = NDArray[np.float64]


def bandwidth_hz(clip: Clip) -> float:
    """Return where a broad-band sound stops dead, in Hz; the Nyquist frequency where it does not, or is silent.

    A wall is a frequency whose lower neighbourhood sounds throughout (its mean level in dB is audible re the
    strongest bin, and even: between the lines of a tone there is nothing), and above which all falls by 45 dB at once and
    for good.
    """
    nyquist_hz = clip.sample_rate / 2
    power = _power_spectrum(clip)
    strongest = float(power.max())
    if strongest <= 0:
        return nyquist_hz
    levels_db = 10 * np.log10(np.maximum(power / strongest, 10 ** (FAINTEST_DB / 10)))
    bin_hz = clip.sample_rate / WINDOW_FRAMES
    walls = np.arange(max(2, int(LOWEST_WALL_HZ / bin_hz)), int(HIGHEST_WALL * len(power)))
    if len(walls) == 0:
        return nyquist_hz
    sums = np.concatenate([[0.0], np.cumsum(levels_db)])
    lower = (walls * BELOW).astype(np.intp)
    below_db = (sums[walls] - sums[lower]) / (walls - lower)
    loudest_from_db = np.maximum.accumulate(levels_db[::-1])[::-1]
    beyond = np.minimum((walls * BEYOND).astype(np.intp), len(power) - 4)
    squares = np.concatenate([[0.0], np.cumsum(np.square(levels_db))])
    spread_db = np.sqrt(
        np.maximum(0.0, (squares[walls] - squares[lower]) / (walls - lower) - np.square(below_db))
    )
    sounding = (below_db > AUDIBLE_DB) & (spread_db < MOST_SPREAD_DB)
    drops_db = np.where(sounding, below_db - loudest_from_db[beyond], 0.0)
    steepest = int(drops_db.argmax())
    return float(walls[steepest] * bin_hz) if drops_db[steepest] >= DROP_DB else nyquist_hz


def _power_spectrum(clip: Clip) -> Spectrum:
    """Return the mean power spectrum of all channels together, of shape (WINDOW_FRAMES // 2 + 1,) (Welch 1967).

    Hann windows that overlap by half; of a long clip 64 windows, evenly spread. A clip shorter than one window is
    padded with zeros.
    """
    last = max(0, clip.frames - WINDOW_FRAMES)
    count = min(MOST_WINDOWS, 1 + 2 * last // WINDOW_FRAMES)
    starts = np.linspace(0, last, count).astype(np.intp)
    hann = np.hanning(WINDOW_FRAMES + 1)[:-1].astype(np.float32)
    power: Spectrum = np.zeros(WINDOW_FRAMES // 2 + 1)
    for samples in clip.samples.T:
        wave = np.zeros(max(WINDOW_FRAMES, clip.frames), np.float32)
        wave[: clip.frames] = samples
        windows = np.lib.stride_tricks.sliding_window_view(wave, WINDOW_FRAMES)
        for first in range(0, count, WINDOWS_AT_ONCE):
            spectra = np.fft.rfft(windows[starts[first : first + WINDOWS_AT_ONCE]] * hann)
            power += np.einsum("ij,ij->j", spectra.real, spectra.real)
            power += np.einsum("ij,ij->j", spectra.imag, spectra.imag)
    return power
