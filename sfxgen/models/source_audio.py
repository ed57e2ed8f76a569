"""The audio file that a take is made from, as a session reads it.

What the keys may say of it is in `sfxgen.models.guided`; a recipe's `params` name the file and its SHA-256.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from sfxgen.audio.clip import Samples
from sfxgen.audio.resample import resample, to_channels
from sfxgen.errors import ModelError
from sfxgen.models.project_audio import read_audio
from sfxgen.recipe import Recipe

Encoded = TypeVar("Encoded")


KEPT_BYTES = 256 * 1024 * 1024
"""How much of sources stays in memory, and in any case the last one: a sound's variants share theirs."""


class Sources:
    """Reads sources for a model of some sample rate and number of channels, out of the project at `root`."""

    def __init__(self, root: Path | None, sample_rate: int, channels: int) -> None:
        self._root, self._sample_rate, self._channels = root, sample_rate, channels
        self._read = dict[tuple[str, str], Samples]()

    def frames(self, recipe: Recipe) -> int:
        """Return how many frames a recipe's take has: as many as it says, or else as its source.

        Raises ModelError where it has neither, or the source cannot be read.
        """
        if recipe.duration_s is not None:
            return round(recipe.duration_s * self._sample_rate)
        if not recipe.params.get("source"):
            raise ModelError(f"{recipe.model}: a recipe without a source needs duration_s")
        return len(self.whole(recipe.params))

    def read(self, params: Mapping[str, Any], frames: int) -> Samples:
        """Return the source that a recipe's params name, float32 of (frames, channels), at the model's rate.

        A longer one is cut. A shorter one ends in silence, or for a loop begins again. Raises ModelError where it cannot
        be read, or is not the file that the recipe was made for.
        """
        samples = self.whole(params)[:frames]
        if params.get("loops"):
            return np.resize(samples, (frames, self._channels))
        return np.pad(samples, ((0, frames - len(samples)), (0, 0)))

    def whole(self, params: Mapping[str, Any]) -> Samples:
        """Return all of the source, float32 of (frames, channels), at the model's rate. Raises as `read` does."""
        key = source, digest = str(params["source"]), str(params["digest"])
        if key not in self._read:
            if self._root is None:
                raise ModelError(f"a model was opened without a project, where {source} would be")
            clip = to_channels(read_audio(self._root, source, digest), 1 if self._channels == 1 else 2)
            self._read[key] = resample(clip, self._sample_rate).samples
            while len(self._read) > 1 and sum(each.nbytes for each in self._read.values()) > KEPT_BYTES:
                self._read.pop(next(iter(self._read)))
        return self._read[key]


class Encodings(Generic[Encoded]):
    """What a model makes of sources, by `encode` of (frames, channels). The last one is kept: variants share it."""

    def __init__(self, sources: Sources, encode: Callable[[Samples], Encoded]) -> None:
        self._sources, self._encode = sources, encode
        self._last: tuple[tuple[Any, ...], Encoded] | None = None

    def of(self, params: Mapping[str, Any], frames: int) -> Encoded:
        """Return what the model makes of a source of so many frames. Raises what `Sources.read` raises."""
        key = params["digest"], bool(params.get("loops")), frames
        if self._last is None or self._last[0] != key:
            self._last = key, self._encode(self._sources.read(params, frames))
        return self._last[1]
