"""Short musical gestures."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset

PRESETS: tuple[Preset, ...] = ()
