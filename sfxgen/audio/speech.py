"""What makes speech: bands of sound that come and go at the rate of syllables."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip

HOP_MS = 12.5
WINDOW_MS = 25.0
LONGEST_S = 20.0
WINDOWS_AT_ONCE = 16
"""As many as stay in a processor's cache."""
BAND_EDGES_HZ = np.array([150.0, 400.0, 800.0, 1500.0, 2600.0, 4500.0, 7500.0])

FAINTEST = 1e-5
"""Power re the loudest frame: what lies below it before and after counts for silence."""
LOUDNESS_EXPONENT = 0.3
"""Power to something like loudness, so that quiet syllables count too (Zwicker and Fastl, Psychoacoustics)."""

SYLLABLES_HZ = (2.5, 9.0)
MODULATION_HZ = (0.4, 30.0)
MODULATION_BINS = 512

SHALLOW, DEEP = 0.3, 0.42
"""How far the bands stray from their mean, re it: noise and drones below the first, speech above the second."""
ATTACK_FRAMES = 6
REVIVAL = 0.2
"""How far, re its maximum, a sound rises again after its attack: speech does, a single hit does not."""


def syllable_modulation(clip: Clip) -> float:
    """Return the share (0 to 1) of a sound's modulation that is at the rate of syllables; 0 where it has none.

    Its loudness in six bands from 150 to 7500 Hz is followed every 12.5 ms, over the first 20 s. The share is that
    of the modulation at 2.5 to 9 Hz in that at 0.4 to 30 Hz: the modulation spectrum of speech has its maximum
    there (Houtgast and Steeneken 1985). It is scaled down where the modulation is shallow, as in noise and drones,
    and where the sound only decays, as a single hit does.
    """
    bands = _loudness_in_bands(clip)
    count = len(bands)
    if count <= ATTACK_FRAMES + 1:
        return 0.0
    moving = bands - bands.mean(axis=0)
    depth = float(np.sqrt(np.sum(np.square(moving)) / np.sum(np.square(bands))))
    hann = np.hanning(count + 2)[1:-1, np.newaxis]
    length = max(MODULATION_BINS, count)
    spectrum = np.sum(np.square(np.abs(np.fft.rfft(moving * hann, length, axis=0))), axis=1)
    rates_hz = np.arange(len(spectrum)) * (1000 / HOP_MS) / length
    whole = _between(spectrum, rates_hz, MODULATION_HZ)
    if whole <= 0:
        return 0.0
    share = _between(spectrum, rates_hz, SYLLABLES_HZ) / whole
    loudness = np.convolve(bands.sum(axis=1), [0.25, 0.5, 0.25], mode="same")
    rises = np.diff(loudness[ATTACK_FRAMES:] / loudness.max())
    revival = float(np.maximum(rises, 0.0).sum())
    modulated = np.clip((depth - SHALLOW) / (DEEP - SHALLOW), 0.0, 1.0)
    return float(share * modulated * min(1.0, revival / REVIVAL))


def _between(
    spectrum: NDArray[np.float64], rates_hz: NDArray[np.float64], ends: tuple[float, float]
) -> float:
    return float(spectrum[(rates_hz >= ends[0]) & (rates_hz <= ends[1])].sum())


def _loudness_in_bands(clip: Clip) -> NDArray[np.float64]:
    """Return the loudness of what sounds, of shape (steps, bands); no steps where nothing does."""
    window = max(4, round(WINDOW_MS * clip.sample_rate / 1000))
    hop = max(1, round(HOP_MS * clip.sample_rate / 1000))
    samples = clip.samples[: round(LONGEST_S * clip.sample_rate)]
    # Too few steps to tell; and the windows of a header of gigahertz are vast.
    if (len(samples) + window) // hop <= ATTACK_FRAMES:
        return np.zeros((0, len(BAND_EDGES_HZ) - 1))
    mono = np.zeros(len(samples) + 2 * window, np.float32)
    mono[window : window + len(samples)] = np.einsum("ij->i", samples)
    windows = np.lib.stride_tricks.sliding_window_view(mono, window)[::hop]
    hann = np.hanning(window + 2)[1:-1].astype(np.float32)
    edges = np.minimum(np.rint(BAND_EDGES_HZ * window / clip.sample_rate).astype(np.intp), window // 2 + 1)
    bands = np.zeros((len(windows), len(edges) - 1))
    for first in range(0, len(windows), WINDOWS_AT_ONCE):
        steps = slice(first, first + WINDOWS_AT_ONCE)
        spectra = np.fft.rfft(windows[steps] * hann)
        power = np.square(spectra.real) + np.square(spectra.imag)
        for band, (low, high) in enumerate(pairwise(edges)):
            bands[steps, band] = power[:, low:high].sum(axis=1)
    total = bands.sum(axis=1)
    loudest = float(total.max(initial=0.0))
    if loudest <= 0:
        return np.zeros((0, bands.shape[1]))
    sounding = np.flatnonzero(total > FAINTEST * loudest)
    heard: NDArray[np.float64] = (bands[sounding[0] : sounding[-1] + 1] / loudest) ** LOUDNESS_EXPONENT
    return heard
