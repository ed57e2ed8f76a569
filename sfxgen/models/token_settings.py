"""The settings of models that draw sound token by token: a sound's `params`, their ranges and defaults. Light."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from sfxgen.contracts import Complaint

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue


@dataclass(frozen=True, slots=True)
class Setting:
    """One number of `params`: from `low` to `high`, `default` where it is left out. `whole` allows no fraction."""

    name: str
    default: float
    low: float
    high: float
    summary: str
    whole: bool = False

    def complaint(self, value: JsonValue) -> str | None:
        """Return what is wrong with a value, or None."""
        kinds = int if self.whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds):
            return f"{value!r} is no {'whole ' if self.whole else ''}number"
        if not (math.isfinite(value) and self.low <= value <= self.high):
            return f"{value:g} is not between {self.low:g} and {self.high:g}"
        return None

    def schema(self) -> dict[str, Any]:
        """Return its JSON Schema."""
        return {
            "type": "integer" if self.whole else "number",
            "minimum": self.low,
            "maximum": self.high,
            "default": self.default,
            "description": self.summary,
        }


def setting_complaints(
    keys: Mapping[str, JsonValue], settings: Sequence[Setting], model: str
) -> Iterator[Complaint]:
    """Yield what is wrong with `params`: names that the model does not know, values out of range."""
    known = {setting.name: setting for setting in settings}
    for name, value in (keys.get("params") or {}).items():
        if name not in known:
            close = get_close_matches(str(name), known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"one of {', '.join(known)}"
            yield Complaint(f"params.{name}", f"{model} has no such parameter", hint)
        elif what := known[name].complaint(value):
            yield Complaint(f"params.{name}", what)


def filled(keys: Mapping[str, JsonValue], settings: Sequence[Setting]) -> dict[str, JsonValue]:
    """Return every setting with its value: what `params` say, else the default."""
    given = keys.get("params") or {}
    values = {setting.name: given.get(setting.name, setting.default) for setting in settings}
    return {s.name: int(values[s.name]) if s.whole else float(values[s.name]) for s in settings}


def settings_schema(settings: Sequence[Setting], summary: str) -> dict[str, Any]:
    """Return the JSON Schema of `params`."""
    return {
        "type": "object",
        "description": summary,
        "properties": {setting.name: setting.schema() for setting in settings},
        "additionalProperties": False,
    }
