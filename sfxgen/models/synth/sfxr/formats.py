"""Files and links that hold a sound of sfxr's: .sfs, .rfx, jsfxr's JSON and its links. Imports no numpy.

Everything read is untrusted. What is too long, too short or not finite is refused with a SfxrFormatError; a
number beyond its range is clamped, as sfxr's sliders do at every redraw, but one far beyond is damage and refused; an
unknown wave is refused, as jsfxr does.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping

from sfxgen.models.synth.parameters import did_you_mean
from sfxgen.models.synth.sfxr.parameters import (
    LINK_NAMES,
    SAMPLE_RATES,
    SAMPLE_SIZES,
    TABLE,
    WAVES,
    SfxrParams,
    clamped,
)

MAX_BYTES = 16384
"""The longest file or text that is looked at; the longest known is jsfxr's JSON, below 1 kB."""

SITE = "https://sfxr.me/#"
"""What stands before the code in a link."""

SITE_VOLUME = 0.25
"""The `sound_vol` at which jsfxr's site plays a link, which holds none."""

FAR = 10.0
"""A number beyond this is no sound's: the file or link is damaged. A link that lost a letter shows it by that alone."""

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_LINK_BYTES = 1 + 4 * len(LINK_NAMES)
_LINK_CHARACTERS = 122  # 89 bytes are at most so many digits of base 58

# The floats of a .sfs in their order, and the version that brought each; the third part follows a flag of one byte.
_SFS_LEVEL = (("sound_vol", 102),)
_SFS_TONE = (
    *(("p_base_freq", 100), ("p_freq_limit", 100), ("p_freq_ramp", 100), ("p_freq_dramp", 101)),
    *(("p_duty", 100), ("p_duty_ramp", 100)),
    *(("p_vib_strength", 100), ("p_vib_speed", 100), ("p_vib_delay", 100)),
    *(("p_env_attack", 100), ("p_env_sustain", 100), ("p_env_decay", 100), ("p_env_punch", 100)),
)
_SFS_FILTERS = (
    *(("p_lpf_resonance", 100), ("p_lpf_freq", 100), ("p_lpf_ramp", 100)),
    *(("p_hpf_freq", 100), ("p_hpf_ramp", 100), ("p_pha_offset", 100), ("p_pha_ramp", 100)),
    *(("p_repeat_speed", 100), ("p_arp_speed", 101), ("p_arp_mod", 101)),
)
_SFS_VERSIONS = (100, 101, 102)

_RFX_SEEDED = 96
_RFX_UNSEEDED = 92


class SfxrFormatError(ValueError):
    """What was read holds no sound of sfxr's. `message` says what is wrong, `hint` what to do."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def read(data: bytes) -> SfxrParams:
    """Read a file of any of the formats, told apart by what it starts with.

    Raises SfxrFormatError.
    """
    if data[:4] == b"rFX ":
        return read_rfx(data)
    if len(data) >= 4 and struct.unpack_from("<i", data)[0] in _SFS_VERSIONS:
        return read_sfs(data)
    what = "this is no sound of sfxr's: neither a .sfs or .rfx file, nor jsfxr's JSON or link"
    try:
        text = data[: MAX_BYTES + 1].decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise SfxrFormatError(what, hint="save it anew in sfxr, rFXGen or jsfxr") from None
    if text.startswith("{"):
        return read_json(text)
    if not text or not set(text.rpartition("#")[2]) <= set(_ALPHABET):
        raise SfxrFormatError(what, hint="save it anew in sfxr, rFXGen or jsfxr")
    return read_link(text)


def read_sfs(data: bytes) -> SfxrParams:
    """Read a settings file of DrPetter's sfxr: version 100, 101 or 102.

    The layout is that of SaveSettings in sfxr's main.cpp. sfxr's level is kept: its volume v is a gain of 0.4 v.
    Raises SfxrFormatError.
    """
    hint = "save the sound anew in sfxr, as a .sfs file"
    if len(data) < 8:
        raise SfxrFormatError(f"a .sfs file of {len(data)} bytes is cut short", hint=hint)
    version, wave = struct.unpack_from("<ii", data)
    if version not in _SFS_VERSIONS:
        raise SfxrFormatError(f".sfs version {version} is not 100, 101 or 102", hint=hint)
    parts = [
        [name for name, since in part if since <= version] for part in (_SFS_LEVEL + _SFS_TONE, _SFS_FILTERS)
    ]
    layout = struct.Struct(f"<{len(parts[0])}fx{len(parts[1])}f")
    if len(data) != 8 + layout.size:
        what = f"a .sfs file of version {version} has {8 + layout.size} bytes, not {len(data)}"
        raise SfxrFormatError(what, hint=hint)
    values = dict(zip(parts[0] + parts[1], layout.unpack_from(data, 8), strict=True))
    volume = _number("sound_vol", values.pop("sound_vol", 0.5))
    return _sound(_as_sfxr(wave, values), wave, sound_vol=math.log1p(0.4 * volume))


def read_rfx(data: bytes) -> SfxrParams:
    """Read a file of rFXGen: version 200, or 100 to 199 of before 2018, with or without a random seed.

    The layout is that of rFXGen's WaveParams: a seed, the wave, then a link's numbers in a link's order. As rFXGen
    does, the lowest pitch is kept at or below the first, and the slide at or above its change. The seed is ignored.
    Raises SfxrFormatError.
    """
    hint = "save the sound anew in rFXGen, as a .rfx file"
    if len(data) < 8 or data[:4] != b"rFX ":
        raise SfxrFormatError("a .rfx file starts with 'rFX ' and a version", hint=hint)
    version, length = struct.unpack_from("<HH", data, 4)
    size = len(data) - 8
    expected: tuple[int, ...] = (_RFX_SEEDED,)
    if 100 <= version < 200 and length == 0:  # the version had four bytes then
        expected = (_RFX_SEEDED, _RFX_UNSEEDED)
    elif version != 200:
        raise SfxrFormatError(f".rfx version {version} is not known", hint=hint)
    if size not in expected or (version == 200 and length != size):
        raise SfxrFormatError(f"a .rfx file has {_RFX_SEEDED} bytes of parameters, not {size}", hint=hint)
    wave, *numbers = struct.unpack_from(f"<i{len(LINK_NAMES)}f", data, len(data) - _RFX_UNSEEDED)
    values = _as_sfxr(wave, dict(zip(LINK_NAMES, numbers, strict=True)))
    values["p_freq_limit"] = min(values["p_freq_limit"], values["p_base_freq"])
    values["p_freq_ramp"] = max(values["p_freq_ramp"], values["p_freq_dramp"])
    return _sound(values, wave, sound_vol=math.log1p(0.2))


def read_json(text: str) -> SfxrParams:
    """Read jsfxr's JSON. As in jsfxr, a missing key is its default, and a key that is not sfxr's is ignored.

    Raises SfxrFormatError; also where no key is sfxr's, or one that looks so is misspelt.
    """
    hint = "copy the JSON anew from jsfxr, from { to }"
    if len(text) > MAX_BYTES:
        raise SfxrFormatError("this is too long for jsfxr's JSON", hint=hint)
    try:
        members = json.loads(text)
    except (ValueError, RecursionError):
        raise SfxrFormatError("this is not JSON", hint=hint) from None
    if not isinstance(members, dict):
        raise SfxrFormatError("jsfxr's JSON is one object", hint=hint)
    known_names = ("wave_type", *(name for name, *_ in TABLE))
    for name in members:
        if name.startswith("p_") and name not in (*known_names, "p_vib_delay"):
            raise SfxrFormatError(f"sfxr has no {name}{did_you_mean(name, known_names)}", hint=hint)
    if not any(name in known_names for name in members):
        raise SfxrFormatError("no parameter of sfxr's is in it", hint=hint)
    wave = members.get("wave_type", 0)
    if isinstance(wave, str) and wave in ("0", "1", "2", "3"):  # jsfxr reads text here, too
        wave = int(wave)
    rate, bits = members.get("sample_rate", SAMPLE_RATES[0]), members.get("sample_size", SAMPLE_SIZES[0])
    for name, value, known in (("sample_rate", rate, SAMPLE_RATES), ("sample_size", bits, SAMPLE_SIZES)):
        if isinstance(value, bool) or value not in known:
            options = ", ".join(map(str, known))
            raise SfxrFormatError(
                f"{name} {_shown(value)} is not one of {options}", hint="set it to one of them"
            )
    values = {name: members[name] for name, *_ in TABLE if name in members}
    volume = _number("sound_vol", values.pop("sound_vol", 0.5))
    return _sound(values, wave, sound_vol=volume, sample_rate=int(rate), sample_size=int(bits))


def read_link(text: str) -> SfxrParams:
    """Read a link of jsfxr's, as https://sfxr.me/#34T6P…, or only what stands after its #.

    That is a byte for the wave and 22 little-endian floats, in base 58 with Bitcoin's alphabet: the only encoding
    that jsfxr has had. A link holds no volume; SITE_VOLUME is taken. Raises SfxrFormatError.
    """
    hint = "copy the whole link, as in https://sfxr.me/#34T6P…"
    if "://" in text and "#" not in text:
        raise SfxrFormatError("the link has no # with a sound after it", hint=hint)
    code = text[:MAX_BYTES].strip().rpartition("#")[2]
    if not code or len(code) > _LINK_CHARACTERS:
        raise SfxrFormatError(
            f"a link of jsfxr's has up to {_LINK_CHARACTERS} characters after its #", hint=hint
        )
    data = _bytes_of(code, hint)
    if len(data) != _LINK_BYTES:
        what = f"the link holds {len(data)} bytes, not {_LINK_BYTES}: some of it is missing or too much"
        raise SfxrFormatError(what, hint=hint)
    wave, *numbers = struct.unpack(f"<B{len(LINK_NAMES)}f", data)
    return _sound(dict(zip(LINK_NAMES, numbers, strict=True)), wave, sound_vol=SITE_VOLUME)


def to_link(params: SfxrParams) -> str:
    """Write a link as jsfxr does: to the same characters, where it can write a value at all.

    Numbers become floats of 32 bits, cut towards 0 as jsfxr's; below 2**-126 they become 0, not jsfxr's infinity.
    """
    data = bytes([params.wave_type]) + b"".join(_cut(getattr(params, name)) for name in LINK_NAMES)
    value, digits = int.from_bytes(data, "big"), ""
    while value:
        value, digit = divmod(value, 58)
        digits = _ALPHABET[digit] + digits
    return SITE + _ALPHABET[0] * (len(data) - len(data.lstrip(b"\0"))) + digits


def to_json(params: SfxrParams) -> str:
    """Write jsfxr's JSON."""
    return json.dumps({"oldParams": True, **params.as_dict()}, indent=2)


def _bytes_of(code: str, hint: str) -> bytes:
    """Decode base 58: a leading 1 is a byte of 0, the rest is one big-endian number."""
    value = 0
    for character in code:
        digit = _ALPHABET.find(character)
        if digit < 0:
            raise SfxrFormatError(f"{character!r} is in no link of jsfxr's", hint=hint)
        value = value * 58 + digit
    zeros = len(code) - len(code.lstrip(_ALPHABET[0]))
    return bytes(zeros) + value.to_bytes((value.bit_length() + 7) // 8, "big")


def _cut(value: float) -> bytes:
    """Return a value in -2..2 as a float of 32 bits, rounded towards 0."""
    if abs(value) < 2.0**-126:
        return bytes(4)
    packed = struct.pack("<f", value)
    if abs(struct.unpack("<f", packed)[0]) > abs(value):
        packed = struct.pack("<I", struct.unpack("<I", packed)[0] - 1)
    return packed


def _as_sfxr(wave: int, values: dict[str, float]) -> dict[str, float]:
    """Return what sounds in jsfxr as the values do in sfxr, whose sawtooth has no duty: it is always steep."""
    clean = {name: _number(name, value) for name, value in values.items() if name != "p_vib_delay"}
    return clean | ({"p_duty": 1.0, "p_duty_ramp": 0.0} if wave == WAVES.index("sawtooth") else {})


def _sound(
    values: Mapping[str, object],
    wave: object,
    *,
    sound_vol: float,
    sample_rate: int = 44100,
    sample_size: int = 8,
) -> SfxrParams:
    if isinstance(wave, bool) or not isinstance(wave, int | float) or wave not in range(len(WAVES)):
        hint = f"the waves are {', '.join(f'{index} {name}' for index, name in enumerate(WAVES))}"
        raise SfxrFormatError(f"there is no wave {_shown(wave)}", hint=hint)
    numbers = {name: _number(name, value) for name, value in values.items()}
    return SfxrParams(
        wave_type=int(wave),
        sound_vol=sound_vol,
        sample_rate=sample_rate,
        sample_size=sample_size,
        **numbers,
    )


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SfxrFormatError(f"{name} is {_shown(value)}, not a number", hint="copy the sound anew")
    # Compared as it is: a float of a long int would overflow.
    if not abs(value) <= FAR:
        what = (
            "not finite" if isinstance(value, float) and not math.isfinite(value) else "far out of its range"
        )
        raise SfxrFormatError(f"{name} is {what}: this is damaged", hint="save or copy the sound anew")
    return clamped(name, float(value))


def _shown(value: object) -> str:
    """Return an untrusted value for a message, at most a few words long."""
    if not isinstance(value, str | int | float | None):
        return "a list" if isinstance(value, list) else "an object"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
