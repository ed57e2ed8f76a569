"""Guns."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, number

PRESETS = (
    Preset(
        name="gunshot",
        family="firearms",
        summary="A firearm: the crack, the muzzle blast and its echoing tail.",
        duration_s=1.4,
        parameters=(
            number("size", "", 0, 1, 0.4, "From a small pistol to a cannon.", spread=0.1),
            number("crack", "", 0, 1, 0.6, "How sharp the shock is.", spread=0.15),
            number("tail_s", "s", 0.1, 5, 0.9, "Until the echo is gone.", log=True, spread=0.08),
            number("mechanism", "", 0, 1, 0.3, "How loud the moving parts are after the shot.", spread=0.2),
        ),
    ),
)
