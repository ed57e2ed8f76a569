"""What a render function is given: one take's values, its random stream and its length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sfxgen.models.synth.parameters import SAMPLE_RATE, Number, Preset, Value

Signal = NDArray[np.float64]
"""Samples of shape (frames,), or (frames, 2) for a stereo bed."""

SETTLING_S = 0.5
"""How much of a texture's start is thrown away, until its filters have settled."""

Layer = tuple[float, Signal] | tuple[float, Signal, float]
"""A signal in a mix: its gain, itself, and where it starts, in seconds."""


@dataclass(frozen=True, slots=True)
class Take:
    """One take of a preset: `values` after the seed has moved them, and the random stream of its inner life.

    Of a texture, `period` is the length after which it repeats, and `frames` that with the time to settle before
    it; its sources come from `bed`. A one-shot ends by itself: both are 0.
    """

    values: Mapping[str, Value]
    rng: Generator
    frames: int = 0
    period: int = 0

    def __getitem__(self, name: str) -> float:
        """The value of a numeric parameter."""
        return float(self.values[name])

    def choice(self, name: str) -> str:
        """The value of a parameter that is a choice."""
        return str(self.values[name])


def varied(preset: Preset, values: Mapping[str, Value], variation: float, rng: Generator) -> dict[str, Value]:
    """Return the values as a take's seed moves them: each number by at most `variation * spread` of its range.

    The moves are triangular around the given value, so that most takes stay near it.
    """
    moved = dict(values)
    for parameter in preset.parameters:
        draw = float(rng.triangular(-1, 0, 1))
        if isinstance(parameter, Number) and moved[parameter.name] != parameter.rest:
            value = float(moved[parameter.name])
            moved[parameter.name] = parameter.moved(value, variation * parameter.spread * draw)
    return moved


def samples_of(seconds: float) -> int:
    """Return a time as whole samples, at least one."""
    return max(1, round(seconds * SAMPLE_RATE))


def mix(*layers: Layer) -> Signal:
    """Return the sum of (gain, signal) or (gain, signal, start_s) layers, as long as the last one to end."""
    placed = [(layer[0], layer[1], samples_of(layer[2]) if len(layer) == 3 else 0) for layer in layers]
    total = np.zeros(max(start + len(signal) for _, signal, start in placed))
    for gain, signal, start in placed:
        total[start : start + len(signal)] += gain * signal
    return total


def level(signal: Signal) -> Signal:
    """Return the signal at a peak of 1; silence stays silence."""
    peak = float(np.max(np.abs(signal), initial=0.0))
    return signal / peak if peak > 0 else signal


def evened(signal: Signal) -> Signal:
    """Return a short sound at an energy of 1: layers weighed so keep their balance, however peaky each turns out."""
    energy = float(np.sum(signal**2))
    return signal / energy**0.5 if energy > 0 else signal


def semitones(interval: float) -> float:
    """Return an interval as a ratio of frequencies."""
    return float(2.0 ** (interval / 12))
