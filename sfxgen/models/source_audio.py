"""The audio file that a take is made from, as a session reads it.

What the keys may say of it is in `sfxgen.models.guided`; a recipe's `params` name the file and its SHA-256.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sfxgen.audio.clip import Samples
from sfxgen.audio.resample import resample, to_channels
from sfxgen.errors import ModelError
from sfxgen.models.project_audio import read_audio
from sfxgen.recipe import Recipe


class Sources:
    """Reads sources for a model of some sample rate and number of channels. The last one is kept: variants share it."""

    def __init__(self, root: Path, sample_rate: int, channels: int) -> None:
        self._root, self._sample_rate, self._channels = root, sample_rate, channels
        self._last: tuple[tuple[Any, Any], Samples] | None = None

    def frames(self, recipe: Recipe) -> int:
        """Return how many frames a recipe's take has: as many as it says, or else as its source.

        Raises ModelError where it has neither, or the source cannot be read.
        """
        if recipe.duration_s is not None:
            return round(recipe.duration_s * self._sample_rate)
        if not recipe.params.get("source"):
            raise ModelError(f"{recipe.model}: a recipe without a source needs duration_s")
        return len(self._whole(recipe.params))

    def read(self, params: Mapping[str, Any], frames: int) -> Samples:
        """Return the source that a recipe's params name, float32 of (frames, channels), at the model's rate.

        A longer one is cut. A shorter one ends in silence, or for a loop begins again. Raises ModelError where it cannot
        be read, or is not the file that the recipe was made for.
        """
        samples = self._whole(params)[:frames]
        if params.get("loops"):
            return np.resize(samples, (frames, self._channels))
        return np.pad(samples, ((0, frames - len(samples)), (0, 0)))

    def _whole(self, params: Mapping[str, Any]) -> Samples:
        key = params["source"], params["digest"]
        if self._last is None or self._last[0] != key:
            self._last = key, self._read(str(params["source"]), str(params["digest"]))
        return self._last[1]

    def _read(self, source: str, digest: str) -> Samples:
        clip = read_audio(self._root, source, digest)
        return resample(to_channels(clip, 1 if self._channels == 1 else 2), self._sample_rate).samples
