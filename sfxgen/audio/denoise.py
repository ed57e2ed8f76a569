"""Noise-bed reduction."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.stft import AT_ONCE, OVERLAP, Samples, add_up, spectra, window_length

Power = NDArray[np.float32]

WINDOW_S = 0.032
BED_PERCENTILE = 10
BED_SPREAD_DB = 3.0
"""How far around the floor a window's level is taken for the bed alone."""

LEAST_BELOW_DB = 10.0
"""How far below the loudest window a bed must be: a sound as loud throughout is no bed but the sound."""

FEWEST_WINDOWS = 4
MOST_WINDOWS = 400
NOISE_AT_DB = 5.0
"""Up to here above the bed a band is noise: that over-subtracts, so that no chance peak is left over to warble."""

SOUND_AT_DB = 11.0
AROUND = 2
"""Bins to either side over which power is smoothed, beside one window before and one after."""

SILENCE = 1e-12
FAINTEST = 1e-24
"""Power below which single precision is not precise any more, and nothing is heard."""


def denoised(x: Samples, denoise_db: float, sample_rate: int, *, loop: bool = False) -> Samples:
    """Turn the noise bed of signals of (channels, frames) down by `denoise_db`, and leave the sound on it.

    Spectral subtraction with over-subtraction and a floor (Berouti, Schwartz and Makhoul, 1979), as a gain: the bed's
    spectrum is the mean of the quietest windows, power is smoothed over time and frequency before it is compared
    with it, and bands within `NOISE_AT_DB` of the bed are all turned down alike. All channels get one gain. Where no
    bed can be told from the sound, the signal is returned as it is.
    """
    frames = x.shape[-1]
    if denoise_db <= 0 or frames < 2:
        return x
    length = window_length(WINDOW_S, sample_rate, frames)
    if not loop:
        edge = length
        padded = np.pad(x, ((0, 0), (edge, 2 * edge)))
        bed = _bed(padded, edge, edge + frames, length)
        return x if bed is None else _reduced(padded, bed, denoise_db, length)[:, edge : edge + frames]
    # A loop is done from before its start to after its end, and what differs there by a hair is cross-faded.
    edge = 2 * length
    padded = np.take(x, np.arange(-edge, frames + 2 * edge) % frames, axis=-1)
    bed = _bed(padded, edge, edge + frames, length)
    if bed is None:
        return x
    out = _reduced(padded, bed, denoise_db, length)
    fade = min(length, frames)
    share = np.arange(fade) / fade
    period = out[:, edge : edge + frames].copy()
    after = out[:, edge + frames : edge + frames + fade]
    period[:, :fade] = after * (1 - share) + period[:, :fade] * share
    return period


def _bed(padded: Samples, begin: int, end: int, length: int) -> Power | None:
    """Return the bed's power in each bin, of all channels together, from the quietest windows within the signal."""
    hop = length // OVERLAP
    steps = (end - begin) // hop
    if steps < OVERLAP:
        return None
    inside = padded[:, begin : begin + steps * hop].reshape(len(padded), steps, hop)
    power = np.einsum("csh,csh->s", inside, inside)
    windows = power[3:] + power[2:-1] + power[1:-2] + power[:-3]
    heard = windows > SILENCE * windows.max()
    if not np.any(heard):
        return None
    level_db = 10 * np.log10(np.where(heard, windows, 1.0))
    floor_db = float(np.percentile(level_db[heard], BED_PERCENTILE))
    if float(level_db[heard].max()) < floor_db + LEAST_BELOW_DB:
        return None
    quiet = np.flatnonzero(heard & (np.abs(level_db - floor_db) <= BED_SPREAD_DB))
    if len(quiet) < FEWEST_WINDOWS:
        return None
    chosen = quiet[:: -(-len(quiet) // MOST_WINDOWS)]
    total = np.zeros(length // 2 + 1, np.float32)
    for first in range(0, len(chosen), AT_ONCE):
        total += _power(spectra(padded, begin + chosen[first : first + AT_ONCE] * hop, length)).sum(axis=0)
    bed = total / np.float32(len(chosen))
    return bed if float(bed.max()) > FAINTEST else None


def _power(spectrum: NDArray[np.complex128]) -> Power:
    """Return the power of each window and bin, of all channels together and smoothed over neighbouring bins."""
    power = (np.square(spectrum.real) + np.square(spectrum.imag)).sum(axis=0, dtype=np.float32)
    wide = np.pad(power, ((0, 0), (AROUND, AROUND)), mode="edge")
    out = wide[:, : power.shape[1]].copy()
    for shift in range(1, 2 * AROUND + 1):
        out += wide[:, shift : shift + power.shape[1]]
    return out


def _reduced(padded: Samples, bed: Power, denoise_db: float, length: int) -> Samples:
    hop = length // OVERLAP
    count = (padded.shape[-1] - length) // hop + 1
    out = np.zeros(padded.shape)
    least = np.maximum(bed, np.float32(SILENCE) * bed.max())
    for first in range(0, count, AT_ONCE):
        # One window more on each side, for the mean over time.
        begin, end = max(0, first - 1), min(count, first + AT_ONCE + 1)
        spectrum = spectra(padded, np.arange(begin, end) * hop, length)
        power = np.pad(_power(spectrum), ((1, 1), (0, 0)), mode="edge")
        power = (power[:-2] + power[1:-1] + power[2:]) / (3 * least)
        above_db = 10 * np.log10(np.maximum(power, np.float32(1e-3)))
        share = np.clip((SOUND_AT_DB - above_db) / (SOUND_AT_DB - NOISE_AT_DB), 0.0, 1.0)
        spectrum *= np.exp(share * np.float32(-denoise_db * math.log(10) / 20))
        own = slice(first - begin, min(first + AT_ONCE, count) - begin)
        add_up(out, first * hop, spectrum[:, own], length)
    return out
