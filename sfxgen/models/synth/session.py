"""The synthesizer at work: recipes in, clips out."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence

import sfxgen
from sfxgen.audio.clip import Clip
from sfxgen.audio.recursion import around
from sfxgen.errors import Cancelled, ModelError
from sfxgen.events import OnEvent
from sfxgen.models.synth.bed import stereo
from sfxgen.models.synth.filters import butterworth, highpass
from sfxgen.models.synth.parameters import MAX_DURATION_S, SAMPLE_RATE, Preset, Value
from sfxgen.models.synth.presets import PRESETS
from sfxgen.models.synth.render import render_of
from sfxgen.models.synth.space import level_of, placed
from sfxgen.models.synth.take import SETTLING_S, Layer, Signal, Take, mix, samples_of, varied
from sfxgen.recipe import Recipe

PEAK = 0.7
"""The sample peak of every clip, about -3 dBFS."""

LOWEST_HZ = 22.0
"""What lies below is not heard, and only takes room from what is."""

SHORTEST_INTERVAL_S = 0.28
"""How soon a short sound is heard again where nobody says: a knock, a clap."""

GRID = float(2**20)
"""Samples are rounded to this many steps (-120 dB): last-bit differences between CPUs seldom reach the bytes."""


class SynthSession:
    """The synthesizer, ready. It holds no state: takes do not know of each other."""

    def __init__(self) -> None:
        self.environment: Mapping[str, str] = {
            "numpy": np.__version__,
            "sfxgen": sfxgen.__version__,
            "machine": platform.machine(),
        }

    def generate(
        self, recipes: Sequence[Recipe], *, on_event: OnEvent, cancelled: Callable[[], bool]
    ) -> Iterator[Clip]:
        """Yield one clip a recipe: float32 at 48 kHz, mono, or stereo for a preset or a width that says so.

        Raises Cancelled between takes, and ModelError for a recipe of no known preset.
        """
        del on_event
        for recipe in recipes:
            if cancelled():
                raise Cancelled
            yield Clip(rendered(recipe), SAMPLE_RATE)

    def close(self) -> None:
        """Nothing to free."""


def rendered(recipe: Recipe) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Render a recipe's samples, of shape (frames, channels), their peak at -3 dBFS or lower the farther they are.

    Raises ModelError where the recipe names no preset or asks for more than ten minutes.
    """
    name = recipe.params.get("preset")
    preset = PRESETS.get(str(name))
    if preset is None:
        raise ModelError(f"the synthesizer has no preset {name!r}", hint="run a build with a matching sfxgen")
    duration_s = recipe.duration_s
    if duration_s is not None and not 0 < duration_s <= MAX_DURATION_S:
        raise ModelError(f"the synthesizer renders up to {MAX_DURATION_S:g} s, not {duration_s} s")
    # Two streams, so that another variation changes how far the values move and nothing else.
    moves, life = (Generator(PCG64(child)) for child in SeedSequence(recipe.seed).spawn(2))
    filled = preset.filled(recipe.params.get("params", {}))
    variation = float(recipe.params.get("variation", 0.5))
    values = varied(preset, filled, variation, moves)
    if preset.sustained:
        frames = samples_of(preset.duration_s if duration_s is None else duration_s)
        looped = bool(recipe.params.get("loop", False))
        samples = texture(preset, values, life, frames, edges=not looped)
    else:
        own = repeated_one_shot(preset, values, variation, life)
        samples = one_shot(own, values, None if duration_s is None else samples_of(duration_s))
    samples = samples * level_of(float(values["distance"]))
    return np.asarray(np.round(samples * GRID) / GRID, dtype=np.float32).reshape(len(samples), -1)


def first_take(preset: Preset) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Render a preset as it is, of shape (frames, channels): what the docs show and a benchmark times."""
    recipe = Recipe(
        model="synth",
        revision=None,
        adapter_version=0,
        base_seed=0,
        take=1,
        params={"preset": preset.name, "params": preset.filled({}), "variation": 0.0},
    )
    return rendered(recipe)


def texture(
    preset: Preset, values: Mapping[str, Value], rng: Generator, frames: int, *, edges: bool
) -> Signal:
    """Render a texture of exactly `frames` that joins itself; `edges` fades its ends instead."""
    settling = samples_of(SETTLING_S)
    dry = render_of(preset)(Take(values, rng, frames + settling, frames))[settling:]
    width = float(values.get("width", 0.0))
    if width > 0:  # two takes of one thing surround the listener, as a stereo bed's two sides do
        other = render_of(preset)(Take(values, rng, frames + settling, frames))[settling:]
        dry = stereo(dry, other, width=width)
    low_cut = (butterworth(LOWEST_HZ, 2, high=True),)
    heard = around(_in_space(dry, values, looped=True).T, low_cut, settling).T
    return _normalised(_faded(heard, fade_in_s=0.08, fade_out_s=0.25) if edges else heard)


def repeated_one_shot(
    preset: Preset, values: Mapping[str, Value], variation: float, rng: Generator
) -> Signal:
    """Render a one-shot, `count` times where that is asked: no two of them alike, nor evenly spaced."""
    count = round(float(values.get("count", 1)))
    if count <= 1:
        return render_of(preset)(Take(values, rng))
    interval_s = float(values["interval_s"])
    layers: list[Layer] = []
    start_s = 0.0
    for _ in range(count):
        own = varied(preset, values, 0.5 * variation, rng)
        dry = render_of(preset)(Take(own, rng))
        layers.append((rng.uniform(0.8, 1.0), dry, start_s))
        start_s += (interval_s or natural_interval_s(dry)) * (1 + 0.12 * variation * rng.uniform(-1, 1))
    return mix(*layers)


def natural_interval_s(dry: Signal) -> float:
    """Return after how long a sound is heard again where nobody says: it is 20 dB down by then."""
    loudness = np.abs(dry) if dry.ndim == 1 else np.abs(dry).max(axis=1)
    last = np.flatnonzero(loudness > 0.1 * loudness.max(initial=0.0))
    body_s = (int(last[-1]) + 1) / SAMPLE_RATE if len(last) else 0.0
    return max(SHORTEST_INTERVAL_S, 1.1 * body_s)


def one_shot(dry: Signal, values: Mapping[str, Value], frames: int | None) -> Signal:
    """Finish a one-shot: of its own length, or cut or padded to `frames`."""
    own = highpass(_in_space(dry, values, looped=False), LOWEST_HZ)
    own = own[: _audible(own)]
    if frames is None or len(own) <= frames:
        own = _faded(own, fade_in_s=0.0003, fade_out_s=0.01)
    else:
        own = _faded(own[:frames], fade_in_s=0.0003, fade_out_s=0.35 * frames / SAMPLE_RATE)
    samples = _normalised(_without_offset(own))
    if frames is not None and len(samples) < frames:
        samples = np.concatenate([samples, np.zeros(frames - len(samples))])
    return samples


def _in_space(dry: Signal, values: Mapping[str, Value], *, looped: bool) -> Signal:
    where = {name: float(values[name]) for name in ("distance", "room", "muffle")}
    return placed(dry.T, **where, looped=looped).T


def _audible(samples: Signal) -> int:
    """Return how many frames there are until the last above -66 dB of the peak."""
    loud = np.flatnonzero(np.abs(samples) > 0.0005 * np.max(np.abs(samples), initial=0.0))
    return int(loud[-1]) + 1 if len(loud) else len(samples)


def _faded(samples: Signal, *, fade_in_s: float, fade_out_s: float) -> Signal:
    """Return the samples with raised-cosine ends that reach 0."""
    gains = np.ones(len(samples))
    for fade_s, reverse in ((fade_in_s, False), (fade_out_s, True)):
        count = min(samples_of(fade_s), len(samples) // 2)
        ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(count) / max(1, count))
        if reverse:
            gains[len(gains) - count :] *= ramp[::-1]
        else:
            gains[:count] *= ramp
    return (samples.T * gains).T


def _without_offset(samples: Signal) -> Signal:
    """Return a one-shot at mean 0, its ends left at 0: the offset is taken where the sound is."""
    through = np.linspace(0.0, 1.0, len(samples))
    weights = through * (1 - through)
    return samples - weights * (np.sum(samples) / max(float(np.sum(weights)), 1e-9))


def _normalised(samples: Signal) -> Signal:
    peak = float(np.max(np.abs(samples), initial=0.0))
    return samples * (PEAK / peak) if peak > 1e-9 else samples
