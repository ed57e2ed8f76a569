"""Explosions."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, number

PRESETS = (
    Preset(
        name="explosion",
        family="explosions",
        summary="A blast: shock, burning body, long rumble and falling debris.",
        duration_s=3.2,
        parameters=(
            number("size", "", 0, 1, 0.5, "From a grenade to a building.", spread=0.1),
            number("shock", "", 0, 1, 0.6, "How hard the first blow is.", spread=0.15),
            number("rumble_s", "s", 0.3, 12, 2.6, "Until the rumble is gone.", log=True, spread=0.06),
            number("brightness", "", 0, 1, 0.5, "How much of the body is hiss and tearing.", spread=0.15),
            number("debris", "", 0, 1, 0.35, "How much material comes down.", spread=0.2),
        ),
    ),
)
