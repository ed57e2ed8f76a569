"""The pressure wave of what explodes: guns and bombs alike."""

from __future__ import annotations

import numpy as np

from sfxgen.models.synth import noise
from sfxgen.models.synth.envelopes import ramp_out
from sfxgen.models.synth.take import Signal, samples_of


def shock(rng: np.random.Generator, length_s: float) -> Signal:
    """Return a blast wave: a jump of pressure, an exponential fall, and suction after it (Friedlander, 1946)."""
    seconds = np.arange(samples_of(5 * length_s)) / 48000
    wave = (1 - seconds / length_s) * np.exp(-seconds / length_s)
    torn = noise.white(rng, len(wave)) * np.exp(-seconds / (0.5 * length_s))
    return (wave + 0.35 * torn) * ramp_out(len(wave), 0.3)
