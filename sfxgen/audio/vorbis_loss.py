"""How much of a sound's loudness Vorbis will take away: a first guess, so that most files are encoded once.

Its coarse residue rounds what is faint between the tones of a band to nothing, so noise loses up to 0.5 LU at quality
0.6 and tones none. The guess is linear in how noisy the sound is, with coefficients that were fitted to 574 clips
(presets of the synthesizer and bursts, 1 s on average, 48 kHz): what is off by more than 0.095 LU falls from 40 % of
them to 17 %. What comes out of a file is measured all the same.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from sfxgen.audio.clip import Clip

QUALITIES = (0.3, 0.6, 0.9)
OFFSETS_DB = (-0.06, 0.03, 0.06)
SLOPES_DB = (-0.82, -0.80, -0.36)
BAND_EDGES_HZ = (500.0, 2000.0, 5000.0, 10_000.0, 16_000.0, 20_000.0, 24_000.0)
WINDOW_FRAMES = 1024
MOST_WINDOWS = 24
SHELF_HZ, SHELF_POWER, LOWEST_HZ = 1500.0, 2.5, 40.0
"""K-weighting, roughly."""
FAINTEST = 1e-7


def expected_loss_db(clip: Clip, quality: float) -> float:
    """Return by how many dB a clip's loudness will differ once it was Vorbis of a quality; 0 for silence."""
    share = noisiness(clip)
    offset, slope = (float(np.interp(quality, QUALITIES, values)) for values in (OFFSETS_DB, SLOPES_DB))
    return 0.0 if share is None else offset + slope * share


def noisiness(clip: Clip) -> float | None:
    """Return which share of a clip's power, above 500 Hz, is noise: 0 for tones, near 1 for white noise; None for silence.

    That is each band's power times its spectral flatness, in at most 24 windows.
    """
    x = clip.samples.mean(axis=1) if clip.channels > 1 else clip.samples[:, 0]
    x = np.pad(x, (0, max(0, WINDOW_FRAMES - len(x))))
    hop = max(WINDOW_FRAMES // 2, -(-(len(x) - WINDOW_FRAMES) // MOST_WINDOWS))
    windows = np.lib.stride_tricks.sliding_window_view(x, WINDOW_FRAMES)[::hop]
    spectrum = np.fft.rfft(windows * np.hanning(WINDOW_FRAMES).astype(np.float32), axis=1)
    hz = np.arange(WINDOW_FRAMES // 2 + 1) * (clip.sample_rate / WINDOW_FRAMES)
    weights = np.where(hz > SHELF_HZ, SHELF_POWER, 1.0) * (hz > LOWEST_HZ)
    power = np.square(np.abs(spectrum)) * weights.astype(np.float32)
    loudest = float(power.sum(axis=1).max())
    if not loudest > 0:
        return None
    power += np.float32(FAINTEST * loudest / power.shape[1])
    logs, noise = np.log(power), 0.0
    edges = np.searchsorted(hz, BAND_EDGES_HZ)
    for start, end in pairwise(edges):
        if end > start:
            noise += float(np.exp(logs[:, start:end].mean(axis=1)).sum()) * float(end - start)
    return noise / float(power.sum(dtype=np.float64))
