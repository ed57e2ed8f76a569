"""A sound made of layers: how each is laid into the stack, and what stands for a model there."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from sfxgen.contracts import ModelInfo
from sfxgen.recipe import JsonValue

LAYERS_VERSION = 1
"""Raised when the same layers make another stack."""


def _laid(name: str, licence: str, summary: str) -> ModelInfo:
    """Return what a sound that is laid of others' takes has for a model. Nothing loads it: its parts name those that run."""
    return ModelInfo(
        name=name,
        adapter=name,
        where="",
        licence=licence,
        licence_url="",
        commercial="conditions",
        sample_rate=0,
        channels=0,
        max_duration_s=600.0,
        accepts=frozenset({"duration_s"}),
        seamless=True,
        summary=summary,
    )


LAYERED = _laid("layers", "that of each layer's model", "several sounds in one")
"""A sound with `layers:`."""

JOINED = _laid("takes", "that of its takes' model", "a long loop, joined of several takes")
"""A loop that is longer than its takes: they are laid around it as a ring."""

JOINED_VERSION = 1
"""Raised when the same takes make another loop."""


def takes_for(loop_s: float, take_s: float, crossfade_s: float) -> int:
    """Return how many takes make a ring of a length, each running into the next by a cross-fade."""
    return max(2, math.ceil(loop_s / (take_s - crossfade_s) - 1e-9))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """How a layer is laid into the stack.

    `pitch_st` plays it faster or slower, as a tape would: up is shorter. `lowpass_hz` and `highpass_hz` cut what
    lies beyond, by 12 dB an octave. `delay_s` is when it starts; in a loop it comes around.
    """

    gain_db: float = 0.0
    delay_s: float = 0.0
    pitch_st: float = 0.0
    lowpass_hz: float | None = None
    highpass_hz: float | None = None

    @property
    def speed(self) -> float:
        """How many times as fast the layer is played."""
        return float(2 ** (self.pitch_st / 12))

    def as_json(self) -> dict[str, JsonValue]:
        """The values as a recipe holds them: what is None is left out."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


MIX_KEYS = tuple(f.name for f in fields(Mix))
