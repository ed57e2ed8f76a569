"""Sounds of the sfxr family."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset
from sfxgen.models.synth.sfxr.parameters import PARAMETERS

PRESETS = (
    Preset(
        name="sfxr",
        family="retro",
        summary="Any sound of sfxr, bfxr, jsfxr or rFXGen: by its parameters, a link or a file.",
        duration_s=0.4,
        parameters=PARAMETERS,
    ),
)
