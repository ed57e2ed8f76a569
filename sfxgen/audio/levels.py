"""Sample levels: DC, peaks, gain and decibels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip


def amplitude_to_db(amplitude: float) -> float | None:
    """Return an amplitude in dB re full scale; None for zero, which has no level."""
    return float(20 * np.log10(amplitude)) if amplitude > 0 else None


def db_to_amplitude(level_db: float) -> float:
    """Return the amplitude (full scale 1.0) of a level in dB."""
    return float(10 ** (level_db / 20))


def sample_peak(samples: NDArray[np.floating]) -> float:
    """Return the largest absolute sample value; 0 where there are no samples."""
    return float(max(samples.max(), -samples.min())) if samples.size else 0.0


def remove_dc(clip: Clip) -> Clip:
    """Subtract each channel's mean. An empty clip is returned as it is."""
    if clip.frames == 0:
        return clip
    mean = clip.samples.mean(axis=0, dtype=np.float64).astype(np.float32)
    return Clip(clip.samples - mean, clip.sample_rate)


def apply_gain(clip: Clip, gain_db: float) -> Clip:
    """Scale all samples by a gain in dB. Nothing is clipped: samples may exceed full scale."""
    return Clip(clip.samples * np.float32(db_to_amplitude(gain_db)), clip.sample_rate)
