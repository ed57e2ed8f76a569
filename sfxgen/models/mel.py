"""Sound as latent diffusion models of the AudioLDM family see it: a log-mel spectrogram.

    S = |STFT(x)|,  periodic Hann of n_fft samples, reflected at the ends
    M = log(max(F S, 1e-5)),  F triangles of equal area over Slaney's mel scale, 0 Hz to half the rate

At 16 kHz: n_fft 1024, a frame every 160 samples, 64 bins, as in Liu et al., "AudioLDM" (ICML 2023), section 4. The mel scale
is that of Slaney's "Auditory Toolbox" (1998): linear below 1 kHz, logarithmic above.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Samples

Real = NDArray[np.float64]

WINDOW_S = 0.064
LEAST = 1e-5
SOURCE_PEAK = 0.5
"""The peak that sources are brought to: that of the clips the models were trained on."""

LINEAR_HZ = 200 / 3
"""Hz a mel, below 1 kHz."""
BREAK_HZ = 1000.0
BREAK_MEL = BREAK_HZ / LINEAR_HZ
LOG_STEP = np.log(6.4) / 27
"""How much the logarithm of the frequency rises a mel, above 1 kHz."""


def hz_of(mels: Real) -> Real:
    """Return the frequencies in Hz of mels on Slaney's scale."""
    above: Real = BREAK_HZ * np.exp(LOG_STEP * (mels - BREAK_MEL))
    return np.where(mels < BREAK_MEL, LINEAR_HZ * mels, above)


def mel_of(hz: float) -> float:
    """Return the mel of a frequency."""
    return float(hz / LINEAR_HZ if hz < BREAK_HZ else BREAK_MEL + np.log(hz / BREAK_HZ) / LOG_STEP)


def filters(sample_rate: int, n_fft: int, bins: int) -> Real:
    """Return the weights of (n_fft // 2 + 1, bins): triangles from each mel's neighbour below to that above, of area 1."""
    edges = hz_of(np.linspace(0.0, mel_of(sample_rate / 2), bins + 2))
    hz = np.linspace(0.0, sample_rate / 2, n_fft // 2 + 1)[:, np.newaxis]
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    triangles = np.maximum(0.0, np.minimum((hz - low) / (middle - low), (high - hz) / (high - middle)))
    weights: Real = triangles * (2.0 / (high - low))
    return weights


def normalised(samples: Samples) -> tuple[Samples, float]:
    """Return samples of (frames,) without their mean and with a sample peak of 0.5, and the gain that this took.

    Silence stays silence, at a gain of 1.
    """
    centred = samples - samples.mean(dtype=np.float64)
    peak = float(np.abs(centred).max(initial=0.0))
    gain = SOURCE_PEAK / peak if peak > LEAST else 1.0
    return (centred * gain).astype(np.float32), gain


def log_mel(samples: Samples, sample_rate: int, bins: int, hop: int) -> NDArray[np.float32]:
    """Return the log-mel spectrogram of samples of (frames,), float32 of (frames // hop, bins).

    The frame that begins at the very end is left out: what remains are whole hops.
    """
    n_fft = 1 << round(np.log2(WINDOW_S * sample_rate))
    padded = np.pad(samples.astype(np.float64), n_fft // 2, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    weights = filters(sample_rate, n_fft, bins)
    count = len(samples) // hop
    found = np.empty((count, bins), dtype=np.float32)
    at_once = 512
    for first in range(0, count, at_once):
        last = min(first + at_once, count)
        frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[first * hop : last * hop : hop]
        magnitude = np.abs(np.fft.rfft(frames * window, axis=1))
        found[first:last] = np.log(np.maximum(magnitude @ weights, LEAST))
    return found
