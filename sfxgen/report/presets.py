"""The synthesizer's presets as a page of the docs: what each takes, and what it looks like."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip
from sfxgen.errors import SfxgenError
from sfxgen.models.synth.parameters import Number, Parameter, Preset
from sfxgen.models.synth.presets import EVERYWHERE, FAMILIES, PRESETS

if TYPE_CHECKING:
    from PIL import Image

IMAGES = "images/presets"
WIDTH, WAVE_HEIGHT, SPECTROGRAM_HEIGHT = 320, 28, 76
LOW_HZ, TOP_HZ = 60.0, 16_000.0
FLOOR_DB = -75.0
COLOURS = 24
"""Few colours keep the page's images small; the eye misses none."""

TITLES = {
    "ui": "Interface",
    "pickups": "Pickups and rewards",
    "movement": "Movement",
    "footsteps": "Footsteps",
    "impacts": "Impacts",
    "breakage": "Breakage",
    "mechanisms": "Doors and mechanisms",
    "melee": "Melee, bows and arrows",
    "firearms": "Firearms",
    "energy": "Lasers and energy",
    "explosions": "Explosions",
    "magic": "Magic",
    "creatures": "Creatures and voices",
    "vehicles": "Vehicles",
    "machines": "Machines",
    "alarms": "Alarms and bells",
    "weather": "Weather",
    "water": "Water",
    "fire": "Fire",
    "crowds": "Crowds",
    "stingers": "Musical stingers",
    "ambience": "Ambience beds",
    "retro": "sfxr",
}


def page() -> str:
    """Return the page in Markdown: every family's presets, their parameters, and an image each."""
    lines = [
        "# The synthesizer's presets",
        "",
        f"All {len(PRESETS)} presets, by family; `sfxgen presets page docs` writes this page and draws its images.",
        f"Above each spectrogram ({LOW_HZ:.0f} Hz to {TOP_HZ / 1000:.0f} kHz by octaves, {-FLOOR_DB:.0f} dB) stands the",
        "waveform, both at the defaults.",
        "How presets are made, varied and asked for in words: [the synthesizer](synth.md).",
        "",
        "Every preset takes these as well; `count` and `interval_s` only where it is a one-shot, `width` only where it is a",
        "texture in mono:",
        "",
        *_table(EVERYWHERE.values()),
        "",
        "Families: " + " · ".join(f"[{TITLES[f]}](#{_anchor(TITLES[f])})" for f in FAMILIES) + ".",
    ]
    for family in FAMILIES:
        lines += ["", f"## {TITLES[family]}"]
        for preset in PRESETS.values():
            if preset.family == family:
                lines += ["", *_section(preset)]
    return "\n".join(lines) + "\n"


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-").replace(",", "")


def _section(preset: Preset) -> list[str]:
    own = [parameter for parameter in preset.parameters if EVERYWHERE.get(parameter.name) is not parameter]
    return [
        f"### {preset.name}",
        "",
        f"{preset.summary} {ends_in_words(preset)}",
        "",
        f"![Waveform and spectrogram of {preset.name}]({IMAGES}/{preset.name}.png)",
        "",
        *_table(own),
    ]


def ends_in_words(preset: Preset) -> str:
    """Say whether a preset goes on or ends, and in how many channels."""
    if not preset.sustained:
        return "A one-shot."
    return f"A texture in {'stereo' if preset.channels == 2 else 'mono'}."


def _table(parameters: Iterable[Parameter]) -> list[str]:
    rows = ["| parameter | range | default | |", "|---|---|---|---|"]
    for parameter in parameters:
        default = f"{parameter.default:g}" if isinstance(parameter, Number) else parameter.default
        rows.append(f"| `{parameter.name}` | {range_in_words(parameter)} | {default} | {parameter.summary} |")
    return rows


def range_in_words(parameter: Parameter) -> str:
    """Say what a parameter may be, with its unit."""
    if isinstance(parameter, Number):
        unit = f" {parameter.unit}" if parameter.unit else ""
        return f"{parameter.low:g} to {parameter.high:g}{unit}"
    return ", ".join(parameter.options)


def draw(clip: Clip, path: Path) -> None:
    """Draw a clip's waveform above its spectrogram to a small PNG. Raises SfxgenError without matplotlib."""
    try:
        from matplotlib import colormaps
        from PIL import Image
    except ImportError as error:
        raise SfxgenError("drawing needs matplotlib", hint="pip install 'sfxgen[plots]'") from error
    scaled = np.clip((_levels_db(clip)[::-1] - FLOOR_DB) / -FLOOR_DB, 0, 1)
    colours = (colormaps["magma"](scaled)[..., :3] * 255).astype(np.uint8)
    spectrogram = Image.fromarray(colours).resize((WIDTH, SPECTROGRAM_HEIGHT), Image.Resampling.BOX)
    whole = Image.new("RGB", (WIDTH, WAVE_HEIGHT + SPECTROGRAM_HEIGHT), "white")
    whole.paste(_waveform(clip), (0, 0))
    whole.paste(spectrogram, (0, WAVE_HEIGHT))
    whole.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def _levels_db(clip: Clip) -> NDArray[np.float64]:
    """Return levels in dB under the clip's peak, of shape (SPECTROGRAM_HEIGHT, times), by octaves."""
    samples = clip.samples.mean(axis=1)
    window = 2048 if clip.duration_s > 0.5 else 512
    samples = np.pad(samples, (window // 2, window))
    hop = max(1, (len(samples) - window) // WIDTH)
    frames = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(window), 4096, axis=1)) ** 2
    bins = np.fft.rfftfreq(4096, 1 / clip.sample_rate)
    rows = np.geomspace(LOW_HZ, TOP_HZ, SPECTROGRAM_HEIGHT)
    by_octave = np.stack([np.interp(rows, bins, column) for column in power], axis=1)
    levels: NDArray[np.float64] = 10 * np.log10(by_octave / max(float(by_octave.max()), 1e-20) + 1e-12)
    return levels


def _waveform(clip: Clip) -> Image.Image:
    from PIL import Image, ImageDraw

    samples = clip.samples.mean(axis=1)
    samples = samples / max(float(np.abs(samples).max(initial=0)), 1e-9)
    image = Image.new("RGB", (WIDTH, WAVE_HEIGHT), "white")
    pen = ImageDraw.Draw(image)
    edges = np.linspace(0, len(samples), WIDTH + 1).astype(int)
    middle = (WAVE_HEIGHT - 1) / 2
    for column, (start, stop) in enumerate(itertools.pairwise(edges)):
        part = samples[start : max(stop, start + 1)]
        top, bottom = float(part.max(initial=0)), float(part.min(initial=0))
        pen.line([(column, middle - middle * top), (column, middle - middle * bottom)], fill="#2f6f9f")
    label = f"{clip.duration_s:.2f} s"
    left = WIDTH - 2 - pen.textlength(label, font_size=9)
    pen.rectangle([(left - 2, 0), (WIDTH, 10)], fill="white")
    pen.text((left, 0), label, fill="black", font_size=9)
    return image
