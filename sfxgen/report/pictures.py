"""What waveforms and spectrograms are drawn of: all channels of a clip, in no more columns than are seen.

Channels are never mixed: what is in opposite phase in two of them would vanish from the picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip

COLUMNS = 1200
"""How finely pictures are drawn, however long the clip."""
WINDOW_S = 0.02
MIN_COLUMNS = 24
"""A click is shorter than a window: its windows are cut so that it still has so many columns."""
FLOOR_DB = -90.0

Levels = NDArray[np.float32]


def envelope(clip: Clip, count: int = COLUMNS) -> tuple[Levels, Levels, NDArray[np.float64]]:
    """Return the lowest and the highest sample of each column of a waveform, all channels together, and its second."""
    starts = np.unique(np.linspace(0, clip.frames, min(count, clip.frames), endpoint=False).astype(np.intp))
    low = np.minimum.reduceat(clip.samples, starts).min(axis=1)
    high = np.maximum.reduceat(clip.samples, starts).max(axis=1)
    return low, high, starts / clip.sample_rate


def spectrogram_db(clip: Clip, count: int = COLUMNS) -> tuple[Levels, tuple[float, float]]:
    """Return levels in dB under the loudest, of shape (frequencies, times), and the middle of the first and last, in s.

    Levels are of the mean of the channels' power. Hann windows of at most 20 ms that overlap by half, or at most
    `count` of them, evenly spread over a long clip.
    """
    window = max(64, min(round(WINDOW_S * clip.sample_rate), 2 * clip.frames // MIN_COLUMNS))
    last = max(0, clip.frames - window)
    starts = np.linspace(0, last, min(count, 1 + 2 * last // window)).astype(np.intp)
    hann = np.hanning(window).astype(np.float32)
    power = np.zeros((len(starts), window // 2 + 1))
    for channel in clip.samples.T:
        wave = np.pad(channel, (0, max(0, window - clip.frames))) if clip.frames < window else channel
        spectra = np.fft.rfft(np.lib.stride_tricks.sliding_window_view(wave, window)[starts] * hann)
        power += np.square(np.abs(spectra)) / clip.channels
    levels = 10 * np.log10(power / max(float(power.max()), 1e-20) + 10 ** (FLOOR_DB / 10))
    first_s, last_s = ((start + window / 2) / clip.sample_rate for start in (starts[0], starts[-1]))
    return levels.T.astype(np.float32), (float(first_s), float(last_s))
