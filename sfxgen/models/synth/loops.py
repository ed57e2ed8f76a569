"""Textures that are made one period at a time: every signal here is a circle, whose end runs on into its start.

A texture that repeats is all in one period. Noise of a steady colour is then drawn straight as a spectrum, a filter is
a product with one (Cooley and Tukey, 1965), and nothing has to settle. What sounds on past the end sounds at the
start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, wraps

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sfxgen.models.synth import bed
from sfxgen.models.synth.envelopes import decay
from sfxgen.models.synth.filters import convolved, good_length
from sfxgen.models.synth.noise import Gains
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.particles import Positions, impulses
from sfxgen.models.synth.take import Signal, Take, samples_of

Colour = Callable[[Gains], Gains]
"""A steady spectrum: gains by frequency in Hz, both of shape (bins,)."""

MEMORY = 12000
"""How long, in frames, a colour rings at most, where a period's own length would transform slowly."""

SAMPLES_AN_EVENT = 40
"""Adding one grain costs about as much as convolving this many samples."""


def one_period(render: Callable[[Take], Signal]) -> Callable[[Take], Signal]:
    """Make a render function of one that renders exactly one period, all of circles."""

    @wraps(render)
    def whole(take: Take) -> Signal:
        one = render(replace(take, frames=take.period))
        turns = -(-take.frames // take.period)
        return np.concatenate([one] * turns)[: take.frames]

    return whole


def coloured(take: Take, colour: Colour) -> Signal:
    """Return one period of noise of a colour, at an RMS of 1."""
    return bands(take, colour)[0]


def bands(take: Take, *colours: Colour) -> list[Signal]:
    """Return noise of several colours, each at an RMS of 1. They come from one draw: move each by itself."""
    period = take.period
    if good_length(period) != period:
        source = take.rng.standard_normal(period, dtype=np.float32)
        return [bed.unit(shaped(source, colour)) for colour in colours]
    hz = hz_of(period)
    parts = take.rng.standard_normal(2 * len(hz), dtype=np.float32)
    spectrum = parts.view(np.complex64)
    return [_drawn(spectrum * colour(hz).astype(np.float32), period) for colour in colours]


def _drawn(spectrum: NDArray[np.complex64], period: int) -> Signal:
    spectrum[0] = 0
    drawn: Signal = np.fft.irfft(spectrum, period).astype(np.float64)
    return bed.unit(drawn)


def grainy(take: Take, colour: Colour) -> Signal:
    """Return noise of a colour as countless small events make it: mostly small, now and then a big one.

    The cube of white noise has its energy in few samples, and each of them rings once through the colour.
    """
    source = take.rng.standard_normal(take.period, dtype=np.float32)
    return bed.unit(shaped(source * source * source, colour))


def shaped(x: Gains, colour: Colour) -> Signal:
    """Return a circle with its spectrum multiplied by a colour, without a shift in time."""
    period = len(x)
    length = good_length(period)
    if length == period:
        return _multiplied(x, colour)
    before = -(-MEMORY // period) * period
    length = good_length(before + period + MEMORY)
    return _multiplied(np.resize(x, length), colour)[before : before + period]


def _multiplied(x: Gains, colour: Colour) -> Signal:
    spectrum = np.fft.rfft(x) * colour(hz_of(len(x)))
    out: Signal = np.fft.irfft(spectrum, len(x)).astype(np.float64)
    return out


@lru_cache(maxsize=8)
def hz_of(length: int) -> Gains:
    """Return the frequencies of a transform's bins, of shape (bins,)."""
    hz: Gains = np.fft.rfftfreq(length, 1 / SAMPLE_RATE).astype(np.float32)
    return hz


def pad(take: Take, partials: Sequence[tuple[float, float, float]]) -> Signal:
    """Return a drone of partials (frequency_hz, gain, width_hz): each a cluster of lines that beat, at an RMS of 1.

    Lines of random phase drawn straight into the spectrum of one period (Nasca, 2006: PADsynth).
    """
    hz = hz_of(take.period)
    spectrum = np.zeros(len(hz), np.complex64)
    step = SAMPLE_RATE / take.period
    for frequency_hz, gain, width_hz in partials:
        reach = max(1, int(3 * width_hz / step))
        middle = round(frequency_hz / step)
        bins = np.arange(max(1, middle - reach), min(len(hz), middle + reach + 1))
        if len(bins) and frequency_hz < 0.45 * SAMPLE_RATE:
            shape = np.exp(-0.5 * ((bins - middle) * step / max(width_hz, 0.4 * step)) ** 2)
            shape *= gain / np.sqrt(np.sum(shape**2))
            spectrum[bins] += shape * np.exp(2j * np.pi * take.rng.uniform(size=len(bins)))
    return _drawn(spectrum, take.period)


def elsewhere(x: Signal, part: float = 0.5) -> Signal:
    """Return a circle turned by a part of its period: noise that is another's equal and shares no moment with it."""
    return np.roll(x, int(part * len(x)), axis=0)


def sides(x: Signal, width: float = 0.8) -> Signal:
    """Return noise from all around: one side hears another moment of it than the other."""
    return bed.stereo(x, elsewhere(x), width=width)


def crowd(
    take: Take, positions: Positions, gains: Signal, grains: Sequence[Signal], which: Positions | None = None
) -> Signal:
    """Return grains at positions of the period; `which` says the grain of each event, else they take turns."""
    total = np.zeros(take.period + max(len(grain) for grain in grains))
    chosen = np.arange(len(positions)) % len(grains) if which is None else which
    for index, grain in enumerate(grains):
        mine = np.flatnonzero(chosen == index)
        if len(mine) * (SAMPLES_AN_EVENT + len(grain) // 25) < take.period:
            for position, gain in zip(positions[mine].tolist(), gains[mine].tolist(), strict=True):
                total[position : position + len(grain)] += gain * grain
        else:
            train = impulses(take.period, positions[mine], gains[mine])
            total[: take.period + len(grain) - 1] += convolved(train, grain)
    return folded(total, take.period)


def folded(total: Signal, period: int) -> Signal:
    """Return a signal of any length as a circle: what lies past the period is added at its start."""
    turns = -(-len(total) // period)
    out = np.zeros(turns * period)
    out[: len(total)] = total
    summed: Signal = out.reshape(turns, period).sum(axis=0)
    return summed


def placed_crowd(
    take: Take,
    positions: Positions,
    gains: Signal,
    grains: Sequence[Signal],
    *,
    spread: float = 0.8,
) -> Signal:
    """Return grains that each sound from a place of their own, of shape (period, 2), at equal power."""
    places = 0.5 + spread * take.rng.uniform(-0.5, 0.5, len(positions))
    left = crowd(take, positions, gains * np.cos(0.5 * np.pi * places), grains)
    right = crowd(take, positions, gains * np.sin(0.5 * np.pi * places), grains)
    return np.stack([left, right], axis=1)


def panned(x: Signal, place: float | Signal) -> Signal:
    """Return a signal from a place (0 left, 1 right) at equal power, of shape (frames, 2)."""
    return np.stack([np.cos(0.5 * np.pi * place) * x, np.sin(0.5 * np.pi * place) * x], axis=1)


def times_of(take: Take, rate: float) -> Positions:
    """Return about evenly spread positions, `rate` of them a second: for few events, that none is missing."""
    count = int(rate * take.period / SAMPLE_RATE + take.rng.uniform(0.3, 0.7))
    spots = (np.arange(count) + 0.8 * take.rng.uniform(-0.5, 0.5, count) + take.rng.uniform()) / max(1, count)
    return (spots * take.period).astype(np.int64) % take.period


def curve(take: Take, positions: Positions, gains: Signal, shape: Signal, step: int = 240) -> Signal:
    """Return the sum of slow shapes (one value every `step` frames) that start at positions, over one period."""
    cells = max(2, take.period // step)
    total = np.zeros(cells)
    stretch = take.period / cells / step
    for position, gain in zip(positions.tolist(), gains.tolist(), strict=True):
        first = position * cells / take.period
        at = int(np.ceil(first))
        moved = np.interp(np.arange(int(len(shape) / stretch)) + at - first, np.arange(len(shape)) / stretch, shape)
        np.add.at(total, (at + np.arange(len(moved))) % cells, gain * moved)
    grid = np.arange(cells + 1) * (take.period / cells)
    out: Signal = np.interp(np.arange(take.period), grid, np.append(total, total[0]))
    return out


def hall(rng: Generator, t60_s: float, dark_hz: float, before_s: float = 0.02) -> Signal:
    """Return a stone room's impulse response without its direct sound, of unit energy: decaying, darkening noise."""
    frames = samples_of(before_s) + samples_of(1.1 * t60_s)
    source = rng.standard_normal(frames) * decay(frames, t60_s)
    source += rng.standard_normal(frames) * decay(frames, 0.4 * t60_s)
    length = good_length(frames)
    hz = hz_of(length)
    dark = 1 / (1 + (hz / dark_hz) ** 2) * (hz / (hz + 120))
    tail: Signal = np.fft.irfft(np.fft.rfft(source, length) * dark, length)[:frames]
    first = samples_of(before_s)
    tail[:first] = 0
    rise = min(samples_of(0.03), frames - first)
    tail[first : first + rise] *= np.arange(rise) / rise
    return tail / max(float(np.sqrt(np.sum(tail**2))), 1e-9)


def in_hall(take: Take, x: Signal, echo: float, t60_s: float = 2.2, dark_hz: float = 2600) -> Signal:
    """Return a stereo circle with a hall around it: `echo` is how much of it is heard."""
    if echo <= 0:
        return x
    spectrum = np.fft.rfft(x.mean(axis=1))
    wet = []
    for _ in range(2):
        tail = folded(hall(take.rng, t60_s, dark_hz), take.period)
        wet.append(np.fft.irfft(spectrum * np.fft.rfft(tail), take.period))
    return (1 - 0.4 * echo) * x + 1.6 * echo * np.stack(wet, axis=1)
