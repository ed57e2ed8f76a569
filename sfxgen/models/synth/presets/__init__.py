"""The table of presets. A family's file holds its data; a new preset is an entry there and a render function."""

from __future__ import annotations

from dataclasses import replace

from sfxgen.models.synth.parameters import Parameter, Preset, number
from sfxgen.models.synth.presets import combat, fantasy, machines, movement, nature, objects, ui

SPACE: tuple[Parameter, ...] = (
    number("distance", "", 0, 1, 0, "How far away it is: duller, softer in its attack, blurred.", spread=0),
    number("room", "", 0, 1, 0, "How much of the room around it is heard; 0 is dry.", spread=0),
)
"""The parameters that every preset has, beside its own: where the listener stands."""

PRESETS: dict[str, Preset] = {
    preset.name: replace(preset, parameters=preset.parameters + SPACE)
    for family in (ui, movement, combat, objects, nature, machines, fantasy)
    for preset in family.PRESETS
}
"""Every preset by name."""
