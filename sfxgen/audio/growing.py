"""Samples that grow while a file is decoded: a header's word on its length is a hint, never an allocation."""

from __future__ import annotations

import numpy as np

from sfxgen.audio.clip import Samples
from sfxgen.errors import AudioError

ALWAYS_READ_BYTES = 2 << 30
"""What a file may decode to however small it is: three hours of mono at 48 kHz."""
TRUSTED_BYTES = 1 << 26
EXPANSION = 64
"""How many times its size a larger file may decode to: more than speech in Opus, less than a bomb."""
BLOCK_FRAMES = 1 << 16


class Growing:
    """Samples of (frames, channels), at most one and a half times as large in memory as what was put in.

    `expected_frames` is what a header says; it is believed up to 64 MiB or 64 times the file. Raises AudioError,
    as they grow, for more than 2 GiB that is also more than 64 times the file, and where memory ends.
    """

    def __init__(self, channels: int, *, file_bytes: int, expected_frames: int = 0) -> None:
        self.channels = channels
        self.frames = 0
        self._most_frames = max(ALWAYS_READ_BYTES, EXPANSION * file_bytes) // (4 * channels)
        trusted = max(TRUSTED_BYTES, EXPANSION * file_bytes) // (4 * channels)
        try:
            # The system gives memory only to pages that are written, so a false hint costs none.
            self._samples = np.empty((max(0, min(expected_frames, trusted)), channels), dtype=np.float32)
        except MemoryError as error:
            raise _too_large() from error

    def room(self, at_most: int) -> Samples:
        """Return some frames, 1 to `at_most`, to be filled behind those there are; then say `filled`."""
        if self.frames == len(self._samples):
            self._resize(max(len(self._samples) * 3 // 2, len(self._samples) + BLOCK_FRAMES))
        return self._samples[self.frames : self.frames + at_most]

    def filled(self, frames: int) -> None:
        """Count frames that were put where `room` said."""
        self.frames += frames
        if self.frames > self._most_frames:
            raise AudioError(
                f"it decodes to more than {4 * self.channels * self._most_frames / 2**30:.0f} GiB",
                hint="cut it into shorter files",
            )

    def append(self, samples: Samples) -> None:
        """Put samples of (frames, channels) behind those there are."""
        done = 0
        while done < len(samples):
            room = self.room(len(samples) - done)
            room[:] = samples[done : done + len(room)]
            self.filled(len(room))
            done += len(room)

    def taken(self) -> Samples:
        """Return what was put in, and keep none of it."""
        if self.frames < len(self._samples):
            self._resize(self.frames)
        samples, self._samples = self._samples, np.empty((0, self.channels), dtype=np.float32)
        return samples

    def _resize(self, frames: int) -> None:
        try:
            # In place: the system moves the pages, nothing is copied. No view of ours outlives its use.
            self._samples.resize((frames, self.channels), refcheck=False)
        except MemoryError as error:
            raise _too_large() from error


def _too_large() -> AudioError:
    return AudioError("it does not fit into memory", hint="cut it into shorter files")
