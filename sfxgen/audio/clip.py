"""Clip: audio in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sfxgen.errors import AudioError

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Audio in memory: float32 samples of shape (frames, channels), full scale at ±1.0.

    Raises AudioError for another shape or dtype. The samples are read-only: functions return new clips.
    """

    samples: Samples
    sample_rate: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != np.float32:
            raise AudioError(
                f"a clip holds float32 samples of (frames, channels), "
                f"not {self.samples.dtype} of shape {self.samples.shape}"
            )
        if self.sample_rate <= 0:
            raise AudioError(f"a clip's sample rate is positive, not {self.sample_rate}")
        self.samples.flags.writeable = False

    @property
    def frames(self) -> int:
        """How many frames: samples per channel."""
        return int(self.samples.shape[0])

    @property
    def channels(self) -> int:
        """How many channels."""
        return int(self.samples.shape[1])

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate


def mono(samples: NDArray[np.floating], sample_rate: int) -> Clip:
    """Make a clip of one channel from samples of shape (frames,)."""
    return Clip(np.array(samples, dtype=np.float32).reshape(-1, 1), sample_rate)
