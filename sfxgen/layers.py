"""A sound made of layers: how each is laid into the stack, and what stands for a model there."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from sfxgen.contracts import ModelInfo
from sfxgen.recipe import JsonValue

LAYERS_VERSION = 1
"""Raised when the same layers make another stack."""

LAYERED = ModelInfo(
    name="layers",
    adapter="layers",
    where="",
    licence="that of each layer's model",
    licence_url="",
    commercial="conditions",
    sample_rate=0,
    channels=0,
    max_duration_s=600.0,
    accepts=frozenset({"duration_s"}),
    seamless=True,
    summary="several sounds in one",
)
"""What a sound with `layers:` has for a model. Nothing loads it: its layers name the models that run."""


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


JOINED = ModelInfo(
    name="takes",
    adapter="takes",
    where="",
    licence="that of its takes' model",
    licence_url="",
    commercial="conditions",
    sample_rate=0,
    channels=0,
    max_duration_s=600.0,
    accepts=frozenset({"duration_s"}),
    seamless=True,
    summary="a long loop, joined of several takes",
)
"""What a loop that is longer than its takes has for a model: they are laid around it as a ring."""

JOINED_VERSION = 1
"""Raised when the same takes make another loop."""


def takes_for(loop_s: float, take_s: float, crossfade_s: float) -> int:
    """Return how many takes make a ring of a length, each running into the next by a cross-fade."""
    return max(2, math.ceil(loop_s / (take_s - crossfade_s) - 1e-9))


MIX_KEYS = tuple(f.name for f in fields(Mix))
