"""What a manifest writes instead of sfxr's parameters: a link, or a file of the project. Imports no numpy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sfxgen.models.synth.parameters import Value
from sfxgen.models.synth.sfxr import formats
from sfxgen.models.synth.sfxr.formats import SfxrFormatError
from sfxgen.models.synth.sfxr.parameters import SAMPLE_RATES, WAVES, to_preset

SHORTHANDS = ("link", "file")

SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "wave_type": {
        "enum": [*WAVES, *range(len(WAVES))],
        "description": "Shape of the wave, as a word or by its number.",
    },
    "sample_rate": {
        "enum": [*SAMPLE_RATES, *map(str, SAMPLE_RATES)],
        "description": "The rate in Hz: the lower ones are duller.",
    },
    "link": {"type": "string", "description": "A link of jsfxr's, as https://sfxr.me/#34T6P…"},
    "file": {
        "type": "string",
        "description": "A .sfs or .rfx file of the project, or one of jsfxr's JSON or links.",
    },
}


def worded(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters with the numbers that stand for options put in words, as sfxr's users write them."""
    words = dict(params)
    wave, rate = words.get("wave_type"), words.get("sample_rate")
    if type(wave) is int and wave in range(len(WAVES)):
        words["wave_type"] = WAVES[wave]
    if type(rate) is int:
        words["sample_rate"] = str(rate)
    return words


def sound_of(name: str, text: Any, read: Callable[[str], bytes]) -> dict[str, Value]:
    """Return the preset's values that a link, or the file at a path, means.

    Raises SfxrFormatError, and what `read` raises.
    """
    if not isinstance(text, str) or not text.strip():
        hint = "as in link: https://sfxr.me/#34T6P…" if name == "link" else "as in file: Audio/sfxr/jump.sfs"
        raise SfxrFormatError("expected text", hint=hint)
    return to_preset(formats.read_link(text) if name == "link" else formats.read(read(text)))
