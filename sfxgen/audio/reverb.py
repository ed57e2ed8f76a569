"""A reverb tail: the sound convolved with noise that dies away."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.random import PCG64
from numpy.typing import NDArray

from sfxgen.audio.convolution import convolved, convolved_around
from sfxgen.audio.filters import butterworth
from sfxgen.audio.levels import db_to_amplitude
from sfxgen.audio.recursion import cascade
from sfxgen.colour import Reverb

Samples = NDArray[np.float64]

SEED = 0x5EED
RANGE_DB = 60.0
BUILD_UP_S = 0.004
"""How long reflections take to become dense: a tail that starts at once sounds like a second attack."""

HIGH_DECAY = 0.6
"""How long what is above the damping frequency rings on, as a share of the rest: air and walls swallow it first."""

END_SHARE = 0.08
"""The share of the tail over which its last bit is faded out."""

OWN, OTHERS = 0.8, 0.6
"""How much of its own channel and of all the others' mean a channel's tail is made of: its power stays."""


def reverberated(x: Samples, settings: Reverb, sample_rate: int, *, loop: bool = False) -> Samples:
    """Add a tail to signals of (channels, frames).

    The response is Gaussian-like noise under an exponential decay (Moorer, "About this reverberation business",
    1979), a low and a high band of it with decays of their own, other noise for each channel but the same for every
    clip. `level_db` is the tail's energy re the sound's. The result is longer by the tail; in a loop it wraps
    around, however long it is. Silence gets no tail, but its length.
    """
    response = _response(settings.decay_s, settings.damping_hz, sample_rate, len(x))
    response = np.pad(response, ((0, 0), (round(settings.predelay_ms / 1000 * sample_rate), 0)))
    source = x
    if len(x) > 1:
        others = (x.sum(axis=0) - x) / (len(x) - 1)
        source = OWN * x + OTHERS * others
    if loop:
        wet, dry = convolved_around(source, response), x
    else:
        wet = convolved(source, response)
        dry = np.pad(x, ((0, 0), (0, wet.shape[-1] - x.shape[-1])))
    energy, wet_energy = float(np.square(x).sum()), float(np.square(wet).sum())
    if energy <= 0 or wet_energy <= 0:
        return dry
    gain = math.sqrt(energy / wet_energy) * db_to_amplitude(settings.level_db)
    both: Samples = dry + wet * gain
    return both


@lru_cache(maxsize=4)
def _response(decay_s: float, damping_hz: float, sample_rate: int, channels: int) -> Samples:
    """Return noise, (channels, taps), that falls by 60 dB in `decay_s`."""
    taps = max(1, round(decay_s * sample_rate))
    noise = _noise(taps, channels)
    low: Samples = cascade(noise, (butterworth(damping_hz, 1, high=False, sample_rate=sample_rate),))
    high = cascade(noise - low, (butterworth(2 * damping_hz, 1, high=False, sample_rate=sample_rate),))
    t = np.arange(taps) / sample_rate
    fall = np.log(10) * RANGE_DB / 20 / decay_s
    response: Samples = low * np.exp(-fall * t) + high * np.exp(-fall / HIGH_DECAY * t)
    response *= 1 - np.exp(-t / BUILD_UP_S)
    end = max(1, round(END_SHARE * taps))
    response[:, -end:] *= np.linspace(1, 0, end)
    response /= np.sqrt(
        np.maximum(np.square(response).sum(axis=1, keepdims=True), 1e-300)
    )  # no side is louder
    response.flags.writeable = False
    return response


def _noise(taps: int, channels: int) -> Samples:
    """Return noise that no other version of numpy makes otherwise: sums of three evenly spread raw numbers."""
    generator = PCG64(SEED)
    raw = generator.random_raw(3 * taps * channels).reshape(3, channels, taps)
    spread = (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53 - 0.5
    noise: Samples = spread.sum(axis=0)
    return noise
