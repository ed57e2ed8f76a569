"""What a preset is, as plain data: its name, its parameters with their ranges, and how long it sounds.

Nothing here imports numpy: the manifest's validator, the JSON Schema and the plan ask these tables.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

SAMPLE_RATE = 48000
"""The rate, in Hz, at which everything is synthesized."""

MAX_DURATION_S = 600.0
"""The longest clip that a session renders."""

Value = float | str
"""A parameter's value: a number, or one of a choice's options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A numeric parameter from `low` to `high`, both included.

    `log` says that equal ratios sound like equal steps (frequencies, rates, times). `spread` is how far a take's
    seed may move the value at variation 1, as a fraction of the range on that scale.
    """

    name: str
    summary: str
    unit: str
    low: float
    high: float
    default: float
    log: bool = False
    spread: float = 0.08
    rest: float | None = None
    """The value at which an effect is off: no variation turns it on."""

    def moved(self, value: float, fraction: float) -> float:
        """Return the value moved by a fraction of the range on its own scale, and kept inside it."""
        if self.log:
            value *= (self.high / self.low) ** fraction
        else:
            value += (self.high - self.low) * fraction
        return min(max(value, self.low), self.high)

    def complaint(self, value: object) -> str:
        """Return what is wrong with a value, or ""."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{value!r} is not a number"
        if not math.isfinite(value) or not self.low <= value <= self.high:
            return f"{value} is not from {self.low:g} to {self.high:g}{f' {self.unit}' if self.unit else ''}"
        return ""

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of a value."""
        unit = f" ({self.unit})" if self.unit else ""
        return {
            "type": "number",
            "minimum": self.low,
            "maximum": self.high,
            "default": self.default,
            "description": f"{self.summary}{unit}",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A parameter that is one of a few words. A take's seed never moves it."""

    name: str
    summary: str
    options: tuple[str, ...]
    default: str

    def complaint(self, value: object) -> str:
        """Return what is wrong with a value, or ""."""
        if isinstance(value, str) and value in self.options:
            return ""
        return f"{value!r} is not one of {', '.join(self.options)}{did_you_mean(str(value), self.options)}"

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of a value. Text with a matrix field in it, as `{surface}`, passes too."""
        return {
            "anyOf": [{"enum": list(self.options)}, MATRIX_TEXT],
            "default": self.default,
            "description": self.summary,
        }


Parameter = Number | Choice

MATRIX_TEXT: Mapping[str, str] = {"type": "string", "pattern": r"\{"}
"""The schema of a text that a manifest's matrix still has to fill in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One sound that the synthesizer knows.

    `sustained` textures last as long as they are asked to and do not change on the whole; one-shots end by
    themselves. `duration_s` is how long it lasts where nobody says (of a one-shot: about). `channels` is 2 for
    the beds that surround a listener, else 1. It is rendered by the function of its name in `render/<family>.py`.
    """

    name: str
    family: str
    summary: str
    parameters: tuple[Parameter, ...]
    duration_s: float
    sustained: bool = False
    channels: int = 1

    @property
    def by_name(self) -> dict[str, Parameter]:
        """The parameters by name, in their order."""
        return {parameter.name: parameter for parameter in self.parameters}

    def filled(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Return every parameter's value, defaults where `values` says nothing; numbers become floats."""
        return {p.name: _plain(values.get(p.name, p.default)) for p in self.parameters}

    def schema(self, shared: Mapping[str, Parameter] = MappingProxyType({})) -> dict[str, Any]:
        """Return the JSON Schema of the preset's `params`; for `shared` ones it refers to `#/$defs/synth.name`."""
        properties = {
            p.name: {"$ref": f"#/$defs/synth.{p.name}"} if shared.get(p.name) is p else p.schema()
            for p in self.parameters
        }
        return {
            "type": "object",
            "title": self.name,
            "description": self.summary,
            "properties": properties,
            "additionalProperties": False,
        }


def _plain(value: Value) -> Value:
    return value if isinstance(value, str) else float(value)


def number(
    name: str,
    unit: str,
    low: float,
    high: float,
    default: float,
    summary: str,
    *,
    log: bool = False,
    spread: float = 0.08,
    rest: float | None = None,
) -> Number:
    """Make a numeric parameter; the arguments stand in the order of a table's columns."""
    return Number(
        name=name,
        unit=unit,
        low=low,
        high=high,
        default=default,
        summary=summary,
        log=log,
        spread=spread,
        rest=rest,
    )


def choice(name: str, options: tuple[str, ...], default: str, summary: str) -> Choice:
    """Make a parameter that is one of a few words."""
    return Choice(name=name, options=options, default=default, summary=summary)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return '; did you mean X?' for the known word nearest to a mistyped one, or ""."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
