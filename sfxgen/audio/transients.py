"""A transient shaper."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.envelopes import STEP_S, between, followed, grid, held, peaks, softened
from sfxgen.colour import Transients

Samples = NDArray[np.float64]

HOLD_S = 0.010
FAST_S = (0.0, 0.030)
"""Attack and release of the follower that keeps to the sound."""
LATE_S = (0.025, 0.050)
"""Of the one that is late for attacks."""
LONG_S = (0.0, 0.8)
"""Of the one that remembers an attack while the sound rings on."""
FULL_DB = 9.0
"""How far two followers are apart where a gain acts in full."""
SOFTER_S = 0.002
SILENCE = 1e-6


def shaped(x: Samples, settings: Transients, sample_rate: int, *, loop: bool = False) -> Samples:
    """Turn attacks, and what rings on after them, up or down in signals of (channels, frames).

    By the difference of envelope followers, so that a sound's level does not matter: how far a fast one is above one
    with a slow attack says how much of an attack there is, how far it is below one with a slow release how much of a
    tail. A steady sound is neither. Before a lone sound there is silence, so that what begins with its attack has one;
    before a loop there is its end. All channels get one gain.
    """
    starts = grid(x.shape[-1], sample_rate)
    level = held(peaks(x, starts), round(HOLD_S / STEP_S), loop=loop)
    top = float(level.max())
    if top <= 0:
        return x
    level = np.maximum(level / top, SILENCE)
    fast = _followed(level, FAST_S, loop=loop)
    gain_db = np.zeros(len(level))
    if settings.attack_db:
        gain_db += settings.attack_db * _share(fast, _followed(level, LATE_S, loop=loop))
    if settings.sustain_db:
        gain_db += settings.sustain_db * _share(_followed(level, LONG_S, loop=loop), fast)
    gain_db = softened(gain_db, SOFTER_S, loop=loop)
    out: Samples = x * np.exp(between(gain_db, starts, x.shape[-1], loop=loop) * (np.log(10) / 20))
    return out


def _followed(level: Samples, times_s: tuple[float, float], *, loop: bool) -> Samples:
    """Follow levels with an attack and a release, from silence on, or in a loop from its end on."""
    if loop:
        return followed(level, *times_s, loop=True)
    return followed(np.concatenate([[SILENCE], level]), *times_s, loop=False)[1:]


def _share(upper: Samples, lower: Samples) -> Samples:
    """Return how far one envelope is above the other, 0 to 1."""
    apart_db = 20 * np.log10(upper / np.maximum(lower, SILENCE))
    return np.clip(apart_db / FULL_DB, 0.0, 1.0)
