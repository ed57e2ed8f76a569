"""Fewer channels: a mono fold in which nothing cancels, and surround to stereo."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

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
"""Where the bands begin that tell whether anything cancels. They overlap by an octave or so, as raised cosines over the
logarithm of frequency."""

NARROW_HZ = (0.0, *(100.0 * 2 ** (third / 3) for third in range(24)))
"""Where those begin that are turned one by one, where the polarity of a whole channel does not do: thirds of octaves."""

FAINT_DB = -45.0
"""A narrow band this far below the whole sound goes with the one beside it."""

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
    together = _covariances(samples, length)
    wide = _bands(length, sample_rate, BANDS_HZ, 1.0)
    in_bands = np.einsum(
        "cdk,bk->bcd", together, wide if len(samples) >= length else wide.sum(axis=0, keepdims=True)
    )
    signs = np.ones(samples.shape[1])
    if not _all_sounds(in_bands, signs):
        overall = in_bands.sum(axis=0)
        if not _sounds(overall, signs):
            signs = _turned(overall, signs)
        if _all_sounds(in_bands, signs) or len(in_bands) == 1:
            average = (samples * signs).mean(axis=1, keepdims=True)
        else:
            average = _folded_in_bands(samples, signs, together, sample_rate, loop=loop)
    return average.astype(np.float32)


def _folded_in_bands(
    samples: Samples, signs: Signal, together: Signal, sample_rate: int, *, loop: bool
) -> Signal:
    """Return the average with each channel's polarity turned in some bands only.

    Between a band that is turned and one that is not, the phase goes round by half a turn at full level: so nothing is
    lost there of channels that have nothing to do with each other, as it would be on a way through zero. It goes round
    the way in which the channel adds to the strongest.
    """
    length = 2 * (together.shape[-1] - 1)
    bands = _bands(length, sample_rate, NARROW_HZ, 1 / 3)
    in_bands = np.einsum("cdk,bk->bcd", together, bands)
    strongest = int(np.argmax(np.einsum("bcc->c", in_bands)))
    polarities = _narrow_signs(in_bands, signs, strongest)
    ahead = _quadratures(samples, strongest, length)
    total = np.zeros(len(samples))
    for channel, along in enumerate(polarities.T):
        own = samples[:, channel].astype(np.float64)
        if np.all(along == along[0]):
            total += along[0] * own
            continue
        polarity = np.einsum("b,bk->k", along, bands)
        turn = np.sqrt(np.maximum(0.0, 1 - polarity**2))
        for band in np.flatnonzero(along[1:] != along[:-1]):
            between = (bands[band] > 0) & (bands[band + 1] > 0)
            if float(np.sum(turn[between] * ahead[channel, between])) > 0:
                turn[between] *= -1
        total += _through(own, polarity + 1j * turn, loop=loop)
    total /= samples.shape[1]
    return total[:, np.newaxis]


def _bands(length: int, sample_rate: int, begin_hz: tuple[float, ...], overlap_octaves: float) -> Signal:
    """Return each band's gain at each frequency of a transform: (bands, bins), 1 in sum."""
    frequency = np.fft.rfftfreq(length, 1 / sample_rate)
    octaves = np.log2(np.maximum(frequency, 1.0))
    above = [np.ones(len(frequency))]
    for edge_hz in begin_hz[1:]:
        along = np.clip((octaves - np.log2(edge_hz)) / overlap_octaves + 0.5, 0.0, 1.0)
        above.append(np.sin(along * (np.pi / 2)) ** 2)
    return np.stack([*(low - high for low, high in itertools.pairwise(above)), above[-1]])


def _covariances(samples: Samples, length: int) -> Signal:
    """Return how the channels go together at each frequency: (channels, channels, bins)."""
    channels = samples.shape[1]
    total = np.zeros((channels, channels, length // 2 + 1))
    for spectrum in _spectra(samples, length):
        parts = np.concatenate([spectrum.real, spectrum.imag], axis=1)
        for one in range(channels):
            for other in range(one, channels):
                total[one, other] += np.einsum("wk,wk->k", parts[one], parts[other])
    for one in range(channels):
        total[one:, one] = total[one, one:]
    return total


def _quadratures(samples: Samples, reference: int, length: int) -> Signal:
    """Return by how much each channel is a quarter of a turn ahead of one, at each frequency: (channels, bins)."""
    total = np.zeros((samples.shape[1], length // 2 + 1))
    for spectrum in _spectra(samples, length):
        total += np.einsum("wk,cwk->ck", spectrum[reference].real, spectrum.imag)
        total -= np.einsum("wk,cwk->ck", spectrum[reference].imag, spectrum.real)
    return total


def _spectra(samples: Samples, length: int) -> Iterator[NDArray[np.complex64]]:
    """Yield the spectra of half overlapping windows, (channels, windows, bins), some at a time."""
    frames, channels = samples.shape
    window = np.sqrt(hann(length)).astype(np.float32)  # half overlapping, their powers add up to 1
    hop = length // 2
    for first in range(-hop, frames, AT_ONCE * hop):
        begin, end = max(0, first), min(frames, first + (AT_ONCE + 1) * hop)
        windows = min(AT_ONCE, -(-(end - first) // hop))
        some = np.zeros((channels, (windows + 1) * hop), np.float32)
        some[:, begin - first : end - first] = samples[begin:end].T
        cut = np.lib.stride_tricks.sliding_window_view(some, length, axis=1)[:, ::hop]
        yield np.fft.rfft(cut * window, axis=-1).astype(np.complex64)


def _sounds(covariance: Signal, signs: Signal, of: float = 0.0) -> bool:
    """Tell whether channels of these polarities do not cancel, or are HEARD_DB below a whole of that power."""
    own = float(np.trace(covariance))
    together = float(np.einsum("c,cd,d->", signs, covariance, signs))
    return own <= 10 ** (HEARD_DB / 10) * of or own <= 1e-300 or together >= 10 ** (-MOST_LOST_DB / 10) * own


def _all_sounds(in_bands: Signal, signs: Signal) -> bool:
    whole = float(np.einsum("bcc->", in_bands))
    return all(_sounds(covariance, signs, whole) for covariance in in_bands)


def _turned(covariance: Signal, signs: Signal) -> Signal:
    """Return polarities in which channel after channel, the strongest first, adds to those before; it stays itself."""
    turned = signs.copy()
    order = np.argsort(-np.diagonal(covariance), kind="stable")
    for index, channel in enumerate(order[1:], start=1):
        before = order[:index]
        adds = float(np.sum(covariance[channel, before] * turned[before]))
        if adds * turned[channel] < 0:
            turned[channel] *= -1
    return turned


def _narrow_signs(in_bands: Signal, signs: Signal, strongest: int) -> Signal:
    """Return the polarity of each channel in each narrow band, (bands, channels).

    From the loudest band outwards each goes with the one before, unless it would cancel. The channel that is strongest
    in all is turned nowhere: if one band turned one channel and the next one the other, all would cancel in between.
    """
    powers = np.einsum("bcc->b", in_bands)
    made = np.tile(signs, (len(in_bands), 1))
    loudest = int(np.argmax(powers))
    ways = (range(loudest, len(powers)), range(loudest, -1, -1))
    for way in ways:
        signs_before = made[loudest] if way.step < 0 else signs
        for band in way:
            made[band] = signs_before
            faint = powers[band] <= 10 ** (FAINT_DB / 10) * float(powers.sum())
            if not faint and not _sounds(in_bands[band], made[band]):
                turned = _turned(in_bands[band], made[band])
                made[band] = turned * (turned[strongest] * signs[strongest])
            signs_before = made[band]
    return made


def _through(x: Signal, gains: NDArray[np.complex128], *, loop: bool) -> Signal:
    """Filter by complex gains over frequency, without delay."""
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
