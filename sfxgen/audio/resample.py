"""Sample rate and channel count."""

from __future__ import annotations

from typing import Literal

import numpy as np
import soxr

from sfxgen.audio.clip import Clip
from sfxgen.errors import AudioError


def resample(clip: Clip, sample_rate: int) -> Clip:
    """Convert to another sample rate with soxr's HQ quality. At the same rate, returns the clip itself."""
    if clip.sample_rate == sample_rate:
        return clip
    if sample_rate <= 0:
        raise AudioError(f"a sample rate is positive, not {sample_rate}")
    if clip.samples.size == 0:
        return Clip(clip.samples, sample_rate)
    samples = soxr.resample(clip.samples, clip.sample_rate, sample_rate, quality="HQ")
    return Clip(np.asarray(samples, dtype=np.float32), sample_rate)


def to_channels(clip: Clip, channels: Literal[1, 2] | None) -> Clip:
    """Fold to mono by averaging the channels, or copy mono to both of stereo. None leaves the channels alone.

    The average keeps a centred sound's level and never exceeds full scale.
    Raises AudioError for more than two channels folded to stereo.
    """
    if channels is None or clip.channels == channels:
        return clip
    if channels == 1:
        folded = clip.samples.mean(axis=1, dtype=np.float64, keepdims=True)
        return Clip(folded.astype(np.float32), clip.sample_rate)
    if clip.channels != 1:
        raise AudioError(f"cannot fold {clip.channels} channels to stereo", hint="set channels: 1")
    return Clip(np.repeat(clip.samples, 2, axis=1), clip.sample_rate)
