"""sfxr's parameters as plain data, under the names that sfxr and jsfxr give them. Imports no numpy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sfxgen.models.synth.parameters import Parameter, Value, choice, number

WAVES = ("square", "sawtooth", "sine", "noise")
"""The wave shapes, where each has its number in files and links."""

SAMPLE_RATES = (44100, 22050, 11025, 5512)
"""The rates, in Hz, that jsfxr offers. It renders at the first, and averages for the others."""

SAMPLE_SIZES = (8, 16)
"""The sizes of a sample, in bits, that jsfxr offers. They concern its WAV files only."""

# A few ranges are wider than sfxr's sliders: jsfxr's generators leave those, and there it is heard.
TABLE: tuple[tuple[str, float, float, float, str], ...] = (
    ("p_env_attack", 0, 1, 0, "How long the volume rises; 1 is 2.3 s."),
    ("p_env_sustain", 0, 1.5, 0.3, "How long the volume holds; 1 is 2.3 s."),
    ("p_env_punch", 0, 1, 0, "How much louder the start of the sustain is."),
    ("p_env_decay", 0, 1.5, 0.4, "How long the volume falls; 1 is 2.3 s."),
    ("p_base_freq", 0, 1.5, 0.3, "Pitch at the start; 0.35 is 440 Hz, 1 is 3.5 kHz."),
    ("p_freq_limit", 0, 1, 0, "Pitch below which the sound ends; 0 is never."),
    ("p_freq_ramp", -1, 1, 0, "How the pitch slides: down below 0, up above."),
    ("p_freq_dramp", -1, 1, 0, "How the slide itself changes."),
    ("p_vib_strength", 0, 1, 0, "Depth of the vibrato."),
    ("p_vib_speed", 0, 1, 0, "Speed of the vibrato."),
    ("p_arp_mod", -1, 1, 0, "How far the pitch jumps, once: down below 0, up above."),
    ("p_arp_speed", -1, 1, 0, "How soon the pitch jumps; 1 is never."),
    (
        "p_duty",
        0,
        1,
        0,
        "Shape of the square wave, from even to a thin pulse, or of the sawtooth, from even to steep.",
    ),
    ("p_duty_ramp", -1, 1, 0, "How that shape changes."),
    ("p_repeat_speed", -1, 1, 0, "How often pitch and shape start again; 0 is never."),
    ("p_pha_offset", -1, 1, 0, "Delay of the copy that is mixed in, a flanger."),
    ("p_pha_ramp", -1, 1, 0, "How that delay changes."),
    ("p_lpf_freq", 0, 1, 1, "Cutoff of the low-pass; 1 is off."),
    ("p_lpf_ramp", -1, 1, 0, "How the low-pass's cutoff changes."),
    ("p_lpf_resonance", 0, 1, 0, "Resonance of the low-pass."),
    ("p_hpf_freq", 0, 1, 0, "Cutoff of the high-pass; 0 is off."),
    ("p_hpf_ramp", -1, 1, 0, "How the high-pass's cutoff changes."),
    ("sound_vol", 0, 1, 0.5, "Volume before the sound is clipped at full scale."),
)
"""Every number: its name, range, default and one sentence. The order is that of a jsfxr link; the volume is in none."""

LINK_NAMES = tuple(name for name, *_ in TABLE if name.startswith("p_"))
"""The numbers that a link holds, in its order."""

# sfxr squares these, so that a value and its negative sound the same.
_SQUARED = frozenset(
    {"p_env_attack", "p_env_sustain", "p_env_decay", "p_base_freq", "p_vib_speed", "p_lpf_resonance"}
)

_REST = {name: default for name, _, _, default, _ in TABLE if name not in _SQUARED} | {"p_vib_speed": 0.0}

_UNMOVED = frozenset({"p_freq_limit", "sound_vol"})

PARAMETERS: tuple[Parameter, ...] = (
    choice("wave_type", WAVES, WAVES[0], "Shape of the wave."),
    *(
        number(
            name,
            "",
            low,
            high,
            default,
            summary,
            spread=0 if name in _UNMOVED else 0.04,
            rest=_REST.get(name),
        )
        for name, low, high, default, summary in TABLE
    ),
    choice(
        "sample_rate", tuple(map(str, SAMPLE_RATES)), "44100", "The rate in Hz: the lower ones are duller."
    ),
)
"""The parameters of a preset that plays sfxr's sounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SfxrParams:
    """One sound of sfxr's. Every value is finite and in its range of TABLE; ValueError says which is not.

    The defaults are jsfxr's. `wave_type` indexes WAVES.
    """

    wave_type: int = 0
    p_env_attack: float = 0.0
    p_env_sustain: float = 0.3
    p_env_punch: float = 0.0
    p_env_decay: float = 0.4
    p_base_freq: float = 0.3
    p_freq_limit: float = 0.0
    p_freq_ramp: float = 0.0
    p_freq_dramp: float = 0.0
    p_vib_strength: float = 0.0
    p_vib_speed: float = 0.0
    p_arp_mod: float = 0.0
    p_arp_speed: float = 0.0
    p_duty: float = 0.0
    p_duty_ramp: float = 0.0
    p_repeat_speed: float = 0.0
    p_pha_offset: float = 0.0
    p_pha_ramp: float = 0.0
    p_lpf_freq: float = 1.0
    p_lpf_ramp: float = 0.0
    p_lpf_resonance: float = 0.0
    p_hpf_freq: float = 0.0
    p_hpf_ramp: float = 0.0
    sound_vol: float = 0.5
    sample_rate: int = 44100
    sample_size: int = 8

    def __post_init__(self) -> None:
        if self.wave_type not in range(len(WAVES)):
            raise ValueError(f"wave_type {self.wave_type} is not from 0 to {len(WAVES) - 1}")
        if self.sample_rate not in SAMPLE_RATES or self.sample_size not in SAMPLE_SIZES:
            raise ValueError(f"{self.sample_rate} Hz at {self.sample_size} bits is not a format of jsfxr's")
        for name, low, high, _, _ in TABLE:
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} {getattr(self, name)} is not from {low:g} to {high:g}")

    def as_dict(self) -> dict[str, float | int]:
        """Return every value by its name, as jsfxr's JSON has them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def clamped(name: str, value: float) -> float:
    """Return a number of TABLE moved into its range, as sfxr's sliders do; ValueError if it is not finite.

    Where sfxr squares a value its sign is dropped, which sounds the same.
    """
    if not math.isfinite(value):
        raise ValueError(f"{name} {value} is not finite")
    low, high = _RANGES[name]
    if name in _SQUARED:
        value = abs(value)
    # `+ 0.0` makes a plain float, and 0.0 of -0.0.
    return min(max(value, low), high) + 0.0


def from_preset(values: Mapping[str, Value]) -> SfxrParams:
    """Return the sound that a preset's values mean, the wave as one of WAVES' words; what is missing is default."""
    numbers: dict[str, Any] = {
        name: clamped(name, float(values[name])) for name, *_ in TABLE if name in values
    }
    wave = WAVES.index(str(values.get("wave_type", WAVES[0])))
    rate = int(values.get("sample_rate", SAMPLE_RATES[0]))
    return SfxrParams(wave_type=wave, sample_rate=rate, **numbers)


def to_preset(params: SfxrParams) -> dict[str, Value]:
    """Return a sound as a preset's values. The size of a sample is lost: it is not heard."""
    numbers = {name: getattr(params, name) for name, *_ in TABLE}
    return {"wave_type": WAVES[params.wave_type], **numbers, "sample_rate": str(params.sample_rate)}


_RANGES = {name: (low, high) for name, low, high, _, _ in TABLE}
