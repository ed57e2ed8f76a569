"""Takes to make loops of, from which this project's synthesizer is far: drones, engines, rain, wind, strings and hums."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip

Signal = NDArray[np.floating]

LOW_RATE = 16000
Maker = Callable[[np.random.Generator, int], Signal]


def coloured(random: np.random.Generator, frames: int, response: Callable[[Signal], Signal]) -> Signal:
    """Noise of a spectrum, of unit power."""
    spectrum = np.fft.rfft(random.standard_normal(frames)) * response(np.fft.rfftfreq(frames, 1 / LOW_RATE))
    samples: Signal = np.fft.irfft(spectrum, frames)
    samples /= samples.std()
    return samples


def partials(random: np.random.Generator, phase: Signal, ratios: Signal, levels: Signal) -> Signal:
    """Sine partials over a fundamental's phase in turns, each from its own phase on."""
    total = np.zeros(phase.size)
    for ratio, level in zip(ratios, levels, strict=True):
        total += level * np.sin(2 * np.pi * (ratio * phase + random.random()))
    return total


def drone(random: np.random.Generator, frames: int) -> Signal:
    order = np.arange(1.0, 12.0)
    pairs = [
        partials(random, np.arange(frames) * (random.uniform(45, 120) / LOW_RATE), order, 0.05 / order)
        for _ in range(2)
    ]
    return pairs[0] + pairs[1]


def engine(random: np.random.Generator, frames: int) -> Signal:
    wander = 1 + 0.01 * coloured(random, frames, lambda hz: (hz < 1.5).astype(float))
    phase = np.cumsum(random.uniform(18, 45) * wander) / LOW_RATE
    order = np.arange(1.0, 20.0)
    body = partials(random, phase, order, random.uniform(0.3, 1, order.size) / (1 + 0.15 * order))
    breath = coloured(random, frames, lambda hz: 1 / (1 + hz / 800)) * (1 + 0.5 * np.sin(2 * np.pi * phase))
    return 0.05 * (body + 0.5 * breath)


def rain(random: np.random.Generator, frames: int) -> Signal:
    total = 0.05 * coloured(random, frames, lambda hz: hz / (hz + 500) / (1 + hz / 6000))
    t = np.arange(240) / LOW_RATE
    for start in random.integers(0, frames - t.size, frames // 400):
        drop = np.exp(-400 * t) * np.sin(2 * np.pi * random.uniform(1500, 6000) * t)
        total[start : start + t.size] += random.exponential(0.05) * drop
    return total


def wind(random: np.random.Generator, frames: int) -> Signal:
    gusts_db = 3 * coloured(random, frames, lambda hz: (hz < 0.5).astype(float))
    air = coloured(random, frames, lambda hz: np.minimum(1, hz / 60) / (1 + (hz / 350) ** 2))
    return 0.05 * 10 ** (gusts_db / 20) * air


def strings(random: np.random.Generator, frames: int) -> Signal:
    order = np.arange(1.0, 5.0)
    ratios = np.multiply.outer([1, 1.26, 1.498, 2.003], order).ravel()
    phase = np.arange(frames) * (random.uniform(150, 350) / LOW_RATE)
    return partials(random, phase, ratios, np.tile(0.06 / order, 4))


def hum(random: np.random.Generator, frames: int) -> Signal:
    order = np.array([1.0, 2, 3, 4, 5, 6, 8])
    phase = np.arange(frames) * (random.uniform(49, 61) / LOW_RATE)
    return partials(random, phase, order, 0.2 / order) + 0.005 * random.standard_normal(frames)


MATERIAL: dict[str, Maker] = {
    "drone": drone,
    "engine": engine,
    "rain": rain,
    "wind": wind,
    "strings": strings,
    "hum": hum,
}


def take_of(kind: str, seed: int, take_s: float, *, stereo: bool = False) -> Clip:
    frames = round(take_s * LOW_RATE)
    sides = [
        MATERIAL[kind](np.random.default_rng([*kind.encode(), seed, side]), frames)
        for side in range(1 + stereo)
    ]
    if stereo:
        sides = [0.8 * sides[0] + 0.2 * sides[1], 0.2 * sides[0] + 0.8 * sides[1]]
    return Clip(np.stack(sides, axis=1).astype(np.float32), LOW_RATE)
