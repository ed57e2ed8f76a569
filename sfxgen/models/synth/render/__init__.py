"""The render functions: a family a file, a function a preset, all of them `Take` → samples at any level."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from sfxgen.models.synth.parameters import Preset
from sfxgen.models.synth.take import Signal, Take

Render = Callable[[Take], Signal]


def render_of(preset: Preset) -> Render:
    """Return the function that renders a preset: the one of its name in its family's file."""
    return cast(Render, getattr(import_module(f"{__name__}.{preset.family}"), preset.name))
