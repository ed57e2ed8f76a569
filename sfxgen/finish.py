"""What the manifests decide of a sound beyond its takes: its category, mastering, gates and encoding.

Pure functions over the fields of one sound, defaults and `extends` laid in; what is wrong goes to a callable.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, replace
from typing import Any

from sfxgen.categories import Category, Gates
from sfxgen.colour import Band, Colour, Compressor, Reverb, Transients
from sfxgen.recipe import LOOPING, MASTERING_DEFAULTS, Encoding, Kind, Mastering

Complain = Callable[[str, str, str], None]
"""Takes a key as `master.trim`, what is wrong with it, and a hint."""

RATES: Mapping[str, tuple[int, ...]] = {
    "opus": (16000, 24000, 48000),
    "mp3": (16000, 22050, 24000, 32000, 44100, 48000),
}
"""The sample rates of formats that do not take all."""

_ONLY_FOR: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "bit_depth": ("bit depth", ("wav", "flac")),
    "quality": ("quality of its own", ("ogg",)),
    "bitrate_kbps": ("bit rate to choose", ("mp3", "opus", "m4a")),
    "cues": ("markers", ("wav",)),
}
"""What of `encode` only some formats have, in words, and which."""

_COLOUR = tuple(f.name for f in fields(Colour))
_CATEGORY_LEVELS = ("loudness_lufs", "limit_db", "true_peak_dbtp")
_LOOPS_HAVE_NO = (
    "trim",
    "pre_roll_ms",
    "tail_ms",
    "min_duration_s",
    "max_duration_s",
    "fade_in_ms",
    "fade_out_ms",
    "stretch",
)


def categories_of(blocks: Mapping[str, Any] | None, built_in: Mapping[str, Category]) -> dict[str, Category]:
    """Return the built-in categories with a project's changes to them, and its own."""
    categories = dict(built_in)
    for name, block in (blocks or {}).items():
        known = categories.get(name, Category(loudness_lufs=-20.0))
        own = {key: value for key, value in (block or {}).items() if value is not None}
        gates = with_thresholds(known.gates, own.pop("gates", None))
        categories[name] = replace(known, **_floats(own, ("cat_id", "content_type")), gates=gates)
    return categories


def with_thresholds(gates: Gates, block: Mapping[str, Any] | None) -> Gates:
    """Return gates with a manifest's thresholds put in; `off` switches one off."""
    own = {key: value for key, value in (block or {}).items() if value is not None}
    thresholds: dict[str, Any] = {k: None if v == "off" else float(v) for k, v in own.items()}
    return replace(gates, **thresholds)


def mastering_of(
    values: Mapping[str, Any],
    kind: Kind,
    category: Category,
    *,
    loop_s: float | None,
    from_defaults: Collection[str],
    complain: Complain,
) -> Mastering:
    """Return a sound's mastering: its kind's, its category's levels, and what its `master` block says."""
    block: dict[str, Any] = dict(values.get("master") or {})
    block = {key: value for key, value in block.items() if value is not None}
    own = {key for key in block if f"master.{key}" not in from_defaults}
    unleveled = None
    if block.pop("loudness", None) == "measure" and not ("loudness_lufs" in own and "loudness" not in own):
        unleveled = "loudness"
        if isinstance(block.pop("loudness_lufs", None), int | float) and "loudness_lufs" in own:
            complain(
                "master.loudness", "stands beside a target", "measure changes no level: write one of them"
            )
        block["measure_only"], block["loudness_lufs"] = True, None
    elif block.get("loudness_lufs") == "keep":
        unleveled, block["loudness_lufs"] = "loudness_lufs", None
    if "limit_db" in block and unleveled in own and "limit_db" in own:
        word = "measure" if unleveled == "loudness" else "keep"
        hint = "no limiter is needed to reach a loudness: write one of them"
        complain("master.limit_db", f"has no meaning beside {unleveled}: {word}", hint)
    if "channels" in block:
        block["channels"] = {"mono": 1, "stereo": 2, "keep": None}[block["channels"]]
    if kind == "loop":
        unused: Collection[str] = _LOOPS_HAVE_NO
        why, hint = "has no meaning for a loop", "its length is duration_s, its ends are joined"
    else:
        unused, why, hint = ("crossfade_ms",), "is for loops", "write kind: loop, or use fade_out_ms"
    for key in unused:
        # Defaults are for every kind of sound: what this one has no use for is passed over.
        if block.pop(key, None) and f"master.{key}" not in from_defaults:
            complain(f"master.{key}", why, hint)
    least, most = block.get("min_duration_s"), block.get("max_duration_s")
    if least is not None and most is not None and least > most:
        complain("master.min_duration_s", f"{least:g} s is more than max_duration_s, {most:g} s", "")
    low, high = block.get("highpass_hz"), block.get("lowpass_hz")
    if low is not None and high is not None and low > high:
        complain("master.highpass_hz", *crossed_filters(low, high))
    channels = block.get("channels", MASTERING_DEFAULTS[kind].channels)
    if "width" in own and channels == 1:
        complain("master.width", "has no meaning for a mono file", "write channels: stereo beside it")
    colour = _colour({key: block.pop(key) for key in _COLOUR if key in block})
    levels = {name: float(getattr(category, name)) for name in _CATEGORY_LEVELS}
    if kind == "loop":
        block["duration_s"] = loop_s
    return replace(
        MASTERING_DEFAULTS[kind],
        **{**levels, **_floats(block, ("sample_rate", "channels")), "colour": colour},
    )


def crossed_filters(highpass_hz: float, lowpass_hz: float) -> tuple[str, str]:
    """Return (what is wrong, hint) with a high-pass above a low-pass."""
    what = f"{highpass_hz:g} Hz is above lowpass_hz, {lowpass_hz:g} Hz: nothing would be left"
    return what, "a high-pass cuts what lies below it, a low-pass what lies above"


def encoding_of(
    values: Mapping[str, Any],
    kind: Kind,
    mastering: Mastering,
    *,
    from_defaults: Collection[str],
    complain: Complain,
) -> Encoding:
    """Return how a sound's files are written, but for their tags, which are each file's own."""
    block = {key: value for key, value in (values.get("encode") or {}).items() if value is not None}
    block.pop("tags", None)
    if "quality" in block:
        block["quality"] = float(block["quality"])  # 1 and 1.0 are one key
    if isinstance(block.get("cues"), list):
        block["cues"] = tuple(sorted(float(at) for at in block["cues"]))
    encoding = Encoding(**block, loop=kind == "loop")
    name = encoding.format
    if kind == "loop" and name not in LOOPING:
        what = f"{name} cannot loop: it puts silence before and after the sound"
        complain("encode.format", what, "one of: " + ", ".join(sorted(LOOPING)))
    for key, (what, formats) in _ONLY_FOR.items():
        # Defaults are for every kind of file: what this one has no use for is passed over.
        if key in block and name not in formats and f"encode.{key}" not in from_defaults:
            complain(f"encode.{key}", f"{name} has no {what}", f"it is for {', '.join(formats)}")
    if mastering.sample_rate not in RATES.get(name, (mastering.sample_rate,)):
        rates = ", ".join(map(str, RATES[name]))
        complain("encode.format", f"{name} has no sample rate of {mastering.sample_rate}", f"one of: {rates}")
    return encoding


def _colour(block: Mapping[str, Any]) -> Colour:
    values = _floats({key: value for key, value in block.items() if value is not None}, ("reverse",))
    if "eq" in values:
        values["eq"] = tuple(Band(**_floats(band, ("kind",))) for band in values["eq"])
    for key, definition in (
        ("compressor", Compressor),
        ("transients", Transients),
        ("reverb", Reverb),
    ):
        if key in values:
            values[key] = definition(**_floats(values[key], ()))
    return Colour(**values)


def _floats(block: Mapping[str, Any], but: Collection[str]) -> dict[str, Any]:
    """Make whole numbers floats where they are levels and the like: 1 and 1.0 are one key."""
    return {
        key: float(value) if type(value) is int and key not in but else value
        for key, value in block.items()
        if value is not None or key in ("loudness_lufs", "channels")
    }
