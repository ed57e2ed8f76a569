"""Fewer channels: a mono fold in which nothing cancels, and surround to stereo."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.convolution import convolved, convolved_around
from sfxgen.audio.stft import AT_ONCE, hann

Samples = NDArray[np.float32]
Signal = NDArray[np.float64]

MOST_LOST_DB = 1.5
"""How far below the sum of unrelated channels a band may come out. Those, and a sound in one of two channels, lose 3 dB
re the channels' mean power: that is how a fold sounds, and stays. So for two channels it is 4.5 dB."""

HEARD_DB = -30.0
"""A band this far below the whole sound is left as it is."""

BANDS_HZ = (0.0, 150.0, 400.0, 1000.0, 2500.0, 6000.0)
"""Where bands begin. They overlap by an octave or so, as raised cosines over the logarithm of frequency."""

WINDOW_S = 0.020
MINUS_3_DB = math.sqrt(0.5)


def folded(samples: Samples, sample_rate: int, *, loop: bool = False) -> Samples:
    """Return (frames, 1) of samples of (frames, channels); see `sfxgen.audio.resample.to_channels`."""
    if samples.shape[1] == 2:  # what mean() gives, in a tenth of its time
        average = (samples[:, :1].astype(np.float64) + samples[:, 1:]) / 2
    else:
        average = samples.mean(axis=1, dtype=np.float64, keepdims=True)
    if samples.shape[1] < 2 or samples.shape[0] == 0 or not np.isfinite(average).all():
        return average.astype(np.float32)
    length = 2 * max(8, round(WINDOW_S * sample_rate / 2))
    bands = _bands(length, sample_rate) if len(samples) >= length else np.ones((1, length // 2 + 1))
    signs = _signs(_covariances(samples, bands, length))
    for channel in np.flatnonzero(np.any(signs < 0, axis=0)):
        turned = signs[:, channel] < 0
        own = samples[:, channel].astype(np.float64)
        if not np.all(turned):
            own = _through(own, bands[turned].sum(axis=0), loop=loop)
        average[:, 0] -= 2 / samples.shape[1] * own
    return average.astype(np.float32)


def _bands(length: int, sample_rate: int) -> Signal:
    """Return each band's gain at each frequency of a transform: (bands, bins), 1 in sum."""
    frequency = np.fft.rfftfreq(length, 1 / sample_rate)
    octaves = np.log2(np.maximum(frequency, 1.0))
    above = [np.ones(len(frequency))]
    for edge_hz in BANDS_HZ[1:]:
        along = np.clip(octaves - np.log2(edge_hz) + 0.5, 0.0, 1.0)
        above.append(np.sin(along * (np.pi / 2)) ** 2)
    return np.stack([*(low - high for low, high in itertools.pairwise(above)), above[-1]])


def _covariances(samples: Samples, bands: Signal, length: int) -> Signal:
    """Return how the channels go together in each band: (bands, channels, channels)."""
    frames, channels = samples.shape
    total = np.zeros((channels, channels, len(bands[0])))
    window = np.sqrt(hann(length)).astype(np.float32)  # half overlapping, their powers add up to 1
    hop = length // 2
    for first in range(-hop, frames, AT_ONCE * hop):
        begin, end = max(0, first), min(frames, first + (AT_ONCE + 1) * hop)
        windows = min(AT_ONCE, -(-(end - first) // hop))
        some = np.zeros((channels, (windows + 1) * hop), np.float32)
        some[:, begin - first : end - first] = samples[begin:end].T
        cut = np.lib.stride_tricks.sliding_window_view(some, length, axis=1)[:, ::hop]
        spectrum = np.fft.rfft(cut * window, axis=-1)
        parts = np.concatenate([spectrum.real, spectrum.imag], axis=1)
        for one in range(channels):
            for other in range(one, channels):
                total[one, other] += np.einsum("wk,wk->k", parts[one], parts[other])
    for one in range(channels):
        total[one:, one] = total[one, one:]
    together: Signal = np.einsum("cdk,bk->bcd", total, bands)
    return together


def _signs(together: Signal) -> Signal:
    """Return the polarity of each channel in each band, (bands, channels): 1 unless the average would cancel.

    Channel after channel, the strongest first, gets the polarity in which it adds to those before.
    """
    bands, channels = together.shape[:2]
    signs = np.ones((bands, channels))
    own = np.einsum("bcc->b", together)
    for band in np.flatnonzero(own > 10 ** (HEARD_DB / 10) * max(float(own.sum()), 1e-300)):
        covariance = together[band]
        if covariance.sum() >= 10 ** (-MOST_LOST_DB / 10) * own[band]:
            continue
        order = np.argsort(-np.diagonal(covariance), kind="stable")
        for index, channel in enumerate(order[1:], start=1):
            before = order[:index]
            if float(np.sum(covariance[channel, before] * signs[band, before])) < 0:
                signs[band, channel] = -1.0
    return signs


def _through(x: Signal, gains: Signal, *, loop: bool) -> Signal:
    """Filter by gains over frequency, without delay."""
    length = 2 * (len(gains) - 1)
    taps = np.fft.fftshift(np.fft.irfft(gains, length)) * hann(length)
    half = length // 2
    if loop:
        return np.roll(convolved_around(x[None], taps[None])[0], -half)
    done: Signal = convolved(x[None], taps[None])[0, half : half + len(x)]
    return done


def stereo_gains(channels: int) -> Signal:
    """Return the gains, (channels, 2), of each channel in the left and the right of stereo.

    Channels are in the order of WAVE files: left, right, centre, LFE, and then pairs. As in ITU-R BS.775 the centre
    and the surrounds come in at -3 dB, and the LFE, which only six channels or more have, is left out. Four are two
    pairs, in seven a single back channel comes before the sides. Divided by the larger side's sum, so that no sum
    exceeds full scale.
    """
    left, right, both = (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)
    rows: list[tuple[float, float]] = [left, right]
    pairs = channels - 2
    if channels == 3 or channels >= 5:
        rows.append(_scaled(both, MINUS_3_DB))
        pairs -= 1
    if channels >= 6:
        rows.append((0.0, 0.0))
        pairs -= 1
    if pairs % 2:
        rows.append(_scaled(both, MINUS_3_DB**2))
    for _ in range(pairs // 2):
        rows += [_scaled(left, MINUS_3_DB), _scaled(right, MINUS_3_DB)]
    gains: Signal = np.array(rows) / np.array(rows).sum(axis=0).max()
    return gains


def _scaled(row: tuple[float, float], gain: float) -> tuple[float, float]:
    return row[0] * gain, row[1] * gain
