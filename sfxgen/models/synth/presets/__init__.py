"""The table of presets. A family's file holds its data; a new preset is an entry there and a render function."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

from sfxgen.models.synth.parameters import Parameter, Preset, number

FAMILIES = (
    "ui",
    "pickups",
    "movement",
    "footsteps",
    "impacts",
    "breakage",
    "mechanisms",
    "melee",
    "firearms",
    "energy",
    "explosions",
    "magic",
    "creatures",
    "vehicles",
    "machines",
    "alarms",
    "weather",
    "water",
    "fire",
    "crowds",
    "stingers",
    "ambience",
    "retro",
)
"""The families, in the order of the docs: a file of this name here and one beside the render functions."""

SPACE: tuple[Parameter, ...] = (
    number("distance", "", 0, 1, 0, "From close by to 200 m away: duller, quieter, blurred.", spread=0),
    number("room", "", 0, 1, 0, "The room around it, from none to a cathedral.", spread=0),
    number("muffle", "", 0, 1, 0, "How much a wall, a door or water takes off the high end.", spread=0),
)
"""The parameters that every preset has, beside its own: where the listener stands."""

REPEAT: tuple[Parameter, ...] = (
    number("count", "", 1, 24, 1, "How many times it sounds, rounded.", spread=0),
    number(
        "interval_s",
        "s",
        0,
        6,
        0,
        "From one time to the next; 0 is once it has mostly died away.",
        spread=0.004,
        rest=0,
    ),
)
"""The parameters that every one-shot has: it may sound several times in one take, never twice the same."""


WIDTH: tuple[Parameter, ...] = (
    number(
        "width",
        "",
        0,
        1,
        0,
        "How wide it is: 0 is mono, for one thing; above, it is stereo.",
        spread=0,
        rest=0,
    ),
)
"""The parameter of every texture that is not stereo by itself."""

EVERYWHERE: dict[str, Parameter] = {parameter.name: parameter for parameter in (*REPEAT, *WIDTH, *SPACE)}
"""All of these by name."""


def _with_shared(preset: Preset) -> tuple[Parameter, ...]:
    if not preset.sustained:
        return preset.parameters + REPEAT + SPACE
    return preset.parameters + (WIDTH if preset.channels == 1 else ()) + SPACE


PRESETS: dict[str, Preset] = {
    preset.name: replace(preset, parameters=_with_shared(preset))
    for family in FAMILIES
    for preset in import_module(f"{__name__}.{family}").PRESETS
}
"""Every preset by name."""
