"""A compressor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.envelopes import STEP_S, between, followed, grid, held, peaks
from sfxgen.colour import Compressor

Samples = NDArray[np.float64]

HOLD_S = 0.010
"""How long a level is held: half a cycle of 50 Hz, between whose peaks a compressor must not let go."""

SILENCE_DB = -120.0


def compressed(x: Samples, settings: Compressor, sample_rate: int, *, loop: bool = False) -> Samples:
    """Compress signals of (channels, frames) by one gain, so that the stereo image stays where it is.

    Feed-forward in the logarithmic domain, after Giannoulis, Massberg and Reiss, "Digital dynamic range compressor
    design" (2012): level, static curve with a soft knee (`reduction_db`), then attack and release on the gain. There
    is no make-up gain: mastering sets the level. Silence is returned as it is.
    """
    starts = grid(x.shape[-1], sample_rate)
    level = held(peaks(x, starts), round(HOLD_S / STEP_S), loop=loop)
    top = float(level.max())
    if top <= 0:
        return x
    level_db = 20 * np.log10(np.maximum(level / top, 10 ** (SILENCE_DB / 20)))
    wanted_db = reduction_db(level_db, settings)
    given_db = followed(wanted_db, settings.attack_ms / 1000, settings.release_ms / 1000, loop=loop)
    gain_db = between(given_db, starts, x.shape[-1], loop=loop)
    out: Samples = x * np.exp(gain_db * (-np.log(10) / 20))
    return out


def reduction_db(level_db: Samples, settings: Compressor) -> Samples:
    """Return by how much the static curve turns levels down: 0 below the knee, (1 - 1/ratio) of what is above it."""
    slope = 1 - 1 / settings.ratio
    over = level_db - settings.threshold_db
    if settings.knee_db <= 0:
        return slope * np.maximum(over, 0.0)
    half = settings.knee_db / 2
    inside = slope * np.square(np.clip(over + half, 0.0, settings.knee_db)) / (2 * settings.knee_db)
    return np.where(over > half, slope * over, inside)
