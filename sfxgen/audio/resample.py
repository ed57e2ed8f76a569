"""Sample rate and channel count."""

from __future__ import annotations

from typing import Literal

import numpy as np
import soxr

from sfxgen.audio.clip import Clip
from sfxgen.audio.downmix import folded, stereo_gains
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


def to_channels(clip: Clip, channels: Literal[1, 2] | None, *, loop: bool = False) -> Clip:
    """Fold to mono or stereo, or copy mono to both of stereo. None leaves the channels alone.

    To mono: the average, which keeps a centred sound's level and never exceeds full scale; bit for bit so wherever
    the channels go together, as unrelated ones and a sound in one channel do. A band in which the average would lose
    more than 4.5 dB, because two channels cancel there, is folded with the polarity of the weaker ones turned.
    In a loop the filter for that runs around the end.
    To stereo: after ITU-R BS.775, and never above full scale; see `sfxgen.audio.downmix.stereo_gains`.
    """
    if channels is None or clip.channels == channels:
        return clip
    if channels == 1:
        return Clip(folded(clip.samples, clip.sample_rate, loop=loop), clip.sample_rate)
    if clip.channels == 1:
        return Clip(np.repeat(clip.samples, 2, axis=1), clip.sample_rate)
    gains = stereo_gains(clip.channels)
    left_right = np.einsum("fc,cs->fs", clip.samples.astype(np.float64), gains)
    return Clip(left_right.astype(np.float32), clip.sample_rate)
