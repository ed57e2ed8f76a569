"""Vehicles."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, number

PRESETS = (
    Preset(
        name="engine",
        family="vehicles",
        summary="A combustion engine at a steady speed.",
        duration_s=6,
        sustained=True,
        parameters=(
            number("rpm", "rpm", 400, 12000, 1500, "Turns of the crankshaft.", log=True, spread=0.02),
            number("cylinders", "", 1, 12, 4, "How many cylinders, rounded.", spread=0),
            number("load", "", 0, 1, 0.4, "From coasting to full throttle.", spread=0.1),
            number("roughness", "", 0, 1, 0.35, "How unevenly it fires.", spread=0.1),
            number("size", "", 0, 1, 0.5, "From a moped's exhaust to a lorry's.", spread=0.06),
        ),
    ),
)
