"""Sounds of the sfxr family: how they are made."""

from __future__ import annotations

from sfxgen.models.synth.sfxr.parameters import from_preset
from sfxgen.models.synth.sfxr.render import render_48k
from sfxgen.models.synth.take import Signal, Take


def sfxr(take: Take) -> Signal:
    """What DrPetter's sfxr (2007) makes of the parameters, as jsfxr renders it."""
    return render_48k(from_preset(take.values), take.rng)
