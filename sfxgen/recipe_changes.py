"""What changed between two recipes, in the words of a manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

ONE: Mapping[str, Any] = {"candidates": 1}
TOLD_BY_LOCK = frozenset({"model", "revision", "seed"})
WORDS_OF = {
    "adapter_version": "its model's release",
    "prompt": "prompt",
    "negative": "negative",
    "say": "say",
    "digest": "the file that source names",
    "source_sha256": "the file that source names",
    "melody_sha256": "the file that melody names",
    "layers": "layers",
}
"""What of a recipe is said by a word alone: texts, digests, and what has no name in a manifest."""
SHORT = 40
"""How long a value may be that is shown."""


def settings_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Say which settings differ between two recipes in their canonical form: numbers and names with what they were."""
    old, new = _flat(before), _flat(now)
    changed = [name for name in sorted({*old, *new} - TOLD_BY_LOCK) if old.get(name) != new.get(name)]
    if "preset" in changed:  # another preset has other parameters, too
        changed = [name for name in changed if not name.startswith("params.")]
    for name in changed:
        shown = _shown(old.get(name)), _shown(new.get(name))
        yield WORDS_OF.get(name) or (f"{name} {shown[0]} → {shown[1]}" if all(shown) else name)
    was, will = before.get("choice"), now.get("choice")
    if (was or ONE)["candidates"] != (will or ONE)["candidates"]:
        yield f"candidates {(was or ONE)['candidates']} → {(will or ONE)['candidates']}"
    if was and will and _ranker(was) != _ranker(will):
        yield "ranker"


def _ranker(choice: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(choice.get(name) for name in ("ranker", "revision", "version"))


def _flat(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe's settings by their names in a manifest: a joined loop's are those of its takes."""
    found = {name: value for name, value in recipe.items() if name not in ("params", "choice")}
    for name, value in recipe.get("params", {}).items():
        if name == "recipe":
            found = {**_flat(value), **found}
        elif name == "params":
            found |= {f"params.{own}": of_own for own, of_own in value.items()}
        else:
            found[name] = value
    return found


def _shown(value: object) -> str:
    """Word a value that is short: "" for what is not, or not there."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:g}"
    return value if isinstance(value, str) and len(value) <= SHORT else ""
