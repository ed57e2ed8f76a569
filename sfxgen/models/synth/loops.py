"""Textures that are made one period at a time: every signal here is a circle, whose end runs on into its start.

A texture that repeats is all in one period. Noise of a steady colour is then drawn straight as a spectrum, a filter is
a product with one, and nothing has to settle. What moves slowly is a curve of one value every `STEP` frames, so that
gusts and swells cost next to nothing until they meet a sound. Single precision is enough for all of it.

Shapes: a circle is (period,), or (2, period) in stereo; a curve is (cells + 1,), where the last value is for past the
end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, wraps
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sfxgen.models.synth.envelopes import decay, smooth_points
from sfxgen.models.synth.filters import convolved, good_length
from sfxgen.models.synth.noise import Gains, tilt
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.particles import Positions
from sfxgen.models.synth.take import Signal, Take, samples_of

Circle = NDArray[np.float32]
"""One period of a sound."""

Curve = NDArray[np.float64]
"""One period of something slow, one value every `STEP` frames."""

Colour = Callable[[Gains], Gains]
"""A steady spectrum: gains by frequency in Hz, both of shape (bins,)."""

Shape = Callable[[Signal], Signal]
"""How something slow swells: a function of 0 to 1."""

STEP = 96
MEMORY = 12000
"""How long, in frames, a colour rings at most, where a period's own length would transform slowly."""


def one_period(render: Callable[[Take], Circle]) -> Callable[[Take], Signal]:
    """Make a render function of one that renders exactly one period."""

    @wraps(render)
    def whole(take: Take) -> Signal:
        one = render(replace(take, frames=take.period))
        out = np.empty((*one.shape[:-1], take.frames))
        for start in range(0, take.frames, take.period):
            part = out[..., start : start + take.period]
            part[:] = one[..., : part.shape[-1]]
        return out.T

    return whole


# Curves


def wander(take: Take, rate_hz: float) -> Curve:
    """Return slow random movement within -1 to 1 that turns about `rate_hz` times a second."""
    turns = max(2, round(rate_hz * take.period / SAMPLE_RATE))
    points = take.rng.uniform(-1, 1, turns)
    places = grid(take) * (turns / take.period)
    return smooth_points(np.concatenate([points, points, points[:1]]), places)


def grid(take: Take) -> Curve:
    """Return the frames at which a curve has its values."""
    return np.arange(-(-take.period // STEP) + 1, dtype=np.float64) * STEP


def later(take: Take, curve: Curve, seconds: float) -> Curve:
    """Return a curve that happens later, and past the end at the start."""
    places = (grid(take) - seconds * SAMPLE_RATE) % take.period
    return np.interp(places, grid(take), curve)


def swells(take: Take, starts: Positions, gains: Signal, shape: Shape, length_s: float) -> Curve:
    """Return the sum of slow shapes that start at positions: each a function of 0 to 1 over `length_s`."""
    total = np.zeros(len(grid(take)))
    turns = int(np.ceil(length_s * SAMPLE_RATE / take.period))
    for start, gain in zip(starts.tolist(), gains.tolist(), strict=True):
        since = (grid(take) - start) % take.period
        for turn in range(turns):
            part = (since + turn * take.period) / (length_s * SAMPLE_RATE)
            total += np.where(part < 1, gain * shape(np.minimum(part, 1.0)), 0.0)
    return total


def over(take: Take, curve: Curve) -> Circle:
    """Return a curve as one value a frame, along straight lines."""
    rise = np.arange(STEP, dtype=np.float32) / np.float32(STEP)
    values = curve.astype(np.float32)
    whole = np.multiply.outer(values[1:] - values[:-1], rise)
    whole += values[:-1, None]
    frames: Circle = whole.ravel()[: take.period]
    return frames


def moved(take: Take, x: Circle, curve: Curve) -> Circle:
    """Return a sound whose level follows a curve."""
    out = over(take, curve)
    out *= x
    return out


# Sources


def bands(take: Take, *colours: Colour) -> list[Circle]:
    """Return noise of several colours, each at an RMS of 1. They come from one draw: move each by itself."""
    period = take.period
    if good_length(period) != period:
        source = take.rng.standard_normal(period, dtype=np.float32)
        return [unit(shaped(source, colour)) for colour in colours]
    hz = hz_of(period)
    spectrum = take.rng.standard_normal(2 * len(hz), dtype=np.float32).view(np.complex64)
    return [_drawn(spectrum * colour(hz), period) for colour in colours]


def coloured(take: Take, colour: Colour) -> Circle:
    """Return noise of a colour, at an RMS of 1."""
    return bands(take, colour)[0]


def grainy(take: Take, colour: Colour) -> Circle:
    """Return noise of a colour as countless small events make it: mostly small, now and then a big one.

    The cube of white noise has its energy in few samples, and each of them rings once through the colour.
    """
    source = take.rng.standard_normal(take.period, dtype=np.float32)
    cubed = source * source
    cubed *= source
    return unit(shaped(cubed, colour))


def pad(take: Take, partials: Sequence[tuple[float, float, float]], apart: float = 0.2) -> Circle:
    """Return a drone of partials (frequency_hz, gain, width_hz), in stereo, each side at an RMS of 1.

    Each partial is a cluster of lines that beat, drawn with random phases straight into the spectrum of one period
    (Nasca, 2006: PADsynth). The sides' phases differ by up to `apart` cycles, so that they do not cancel in mono.
    """
    step_hz = SAMPLE_RATE / take.period
    spectra = np.zeros((2, take.period // 2 + 1), np.complex64)
    for frequency_hz, gain, width_hz in partials:
        reach = max(1, int(3 * width_hz / step_hz))
        middle = round(frequency_hz / step_hz)
        bins = np.arange(max(1, middle - reach), min(spectra.shape[1], middle + reach + 1))
        if len(bins) and frequency_hz < 0.45 * SAMPLE_RATE:
            shape = np.exp(-0.5 * ((bins - middle) * step_hz / max(width_hz, 0.4 * step_hz)) ** 2)
            shape *= gain / np.sqrt(np.sum(shape**2))
            turns = take.rng.uniform(size=len(bins)) + apart * np.array([[-0.5], [0.5]]) * take.rng.uniform(
                0.3, 1.0, len(bins)
            )
            spectra[:, bins] += shape * np.exp(2j * np.pi * turns)
    return np.stack([_drawn(spectrum, take.period) for spectrum in spectra])


def _drawn(spectrum: NDArray[Any], period: int) -> Circle:
    """Return the sound of a spectrum, at an RMS of 1 (by Parseval's theorem)."""
    spectrum = spectrum.astype(np.complex64, copy=False)
    spectrum[0] = 0
    power = 2 * float(np.sum(np.square(spectrum.view(np.float32)))) / period**2
    if power > 0:
        spectrum *= np.float32(power**-0.5)
    return np.fft.irfft(spectrum, period).astype(np.float32, copy=False)


def tone(take: Take, frequency_hz: Curve | float, jitter: Curve | None = None, start: float = 0.0) -> Circle:
    """Return a sine along a curve of frequencies, moved so that the period holds a whole number of cycles.

    `jitter` is added to the phase, in cycles.
    """
    hz = np.broadcast_to(np.asarray(frequency_hz, np.float64), grid(take).shape)
    cycles = np.concatenate([[0.0], np.cumsum(0.5 * (hz[1:] + hz[:-1]))]) * (STEP / SAMPLE_RATE)
    whole = float(np.interp(take.period, grid(take), cycles))
    cycles = cycles * (max(1, round(whole)) / whole) + start
    if jitter is not None:
        cycles = cycles + jitter
    steps = np.diff(cycles)
    within = np.arange(STEP, dtype=np.float32) / np.float32(STEP)
    phase = np.multiply.outer(steps.astype(np.float32), within)
    phase += (cycles[:-1] % 1.0).astype(np.float32)[:, None]
    phase -= np.floor(phase)
    phase *= np.float32(2 * np.pi)
    sung: Circle = np.sin(phase).ravel()[: take.period]
    return sung


def rumble(corner_hz: float, slope: float = 1.9) -> Colour:
    """Return a colour that falls above a corner, and below what is heard rather than felt."""
    return lambda hz: tilt(hz, corner_hz, slope) * (hz / (hz + np.float32(30))) ** 2


# Events


def events_under(take: Take, curve: Curve, rate_hz: float) -> Positions:
    """Return the positions of a Poisson process of `rate_hz` events a second on average that follows a curve."""
    mass = np.cumsum(np.maximum(curve[:-1], 1e-9))
    count = take.rng.poisson(rate_hz * take.period / SAMPLE_RATE)
    cells = np.searchsorted(mass, take.rng.uniform(0, mass[-1], count))
    positions = cells * STEP + take.rng.integers(0, STEP, count)
    return np.sort(positions % take.period).astype(np.int64)


def spread_out(take: Take, rate_hz: float) -> Positions:
    """Return about evenly spread positions, `rate_hz` of them a second: for rare events, so that there are some."""
    count = int(rate_hz * take.period / SAMPLE_RATE + take.rng.uniform(0.45, 0.55))
    spots = np.arange(count) + 0.8 * take.rng.uniform(-0.5, 0.5, count) + take.rng.uniform()
    return np.sort((spots / max(1, count) * take.period).astype(np.int64) % take.period)


def crowd(
    take: Take, positions: Positions, gains: Signal, grains: Sequence[Signal], which: Positions | None = None
) -> Circle:
    """Return grains at positions of the period; `which` says the grain of each event, else they take turns."""
    longest = max(len(grain) for grain in grains)
    total = np.zeros(take.period + longest, np.float32)
    chosen = np.arange(len(positions)) % len(grains) if which is None else which
    for index, grain in enumerate(grains):
        mine = np.flatnonzero(chosen == index)
        _add(total, positions[mine], gains[mine], grain.astype(np.float32))
    return folded(total, take.period)


def _add(total: Circle, positions: Positions, gains: Signal, grain: Circle) -> None:
    """Add a grain at every position: one by one, or a dense crowd by convolution, whichever is cheaper."""
    count = len(grain)
    if len(positions) * (600 + count) < 8 * len(total):
        for position, gain in zip(positions.tolist(), gains.astype(np.float32), strict=True):
            total[position : position + count] += gain * grain
    elif len(positions):
        frames = len(total) - count + 1
        train = np.bincount(positions, weights=gains, minlength=frames)[:frames].astype(np.float64)
        total += convolved(train, grain.astype(np.float64))


def folded(x: Gains, period: int) -> Circle:
    """Return a signal of any length as a circle: what lies past the period is added at its start."""
    out = np.zeros(period, np.float32)
    for start in range(0, len(x), period):
        part = x[start : start + period]
        out[: len(part)] += part
    return out


# Filters and places


def shaped(x: Circle, colour: Colour) -> Circle:
    """Return a sound with its spectrum multiplied by a colour, without a shift in time."""
    period = len(x)
    if good_length(period) == period:
        return _multiplied(x, colour)
    before = -(-MEMORY // period) * period
    length = good_length(before + period + MEMORY)
    return _multiplied(np.resize(x, length), colour)[before : before + period]


def _multiplied(x: Circle, colour: Colour) -> Circle:
    spectrum = np.fft.rfft(x)
    spectrum *= colour(hz_of(len(x)))
    return np.fft.irfft(spectrum, len(x)).astype(np.float32, copy=False)


@lru_cache(maxsize=4)
def hz_of(length: int) -> Circle:
    """Return the frequencies of a transform's bins, of shape (bins,)."""
    return np.fft.rfftfreq(length, 1 / SAMPLE_RATE).astype(np.float32)


def unit(x: Circle) -> Circle:
    """Return a sound at an RMS of 1; silence stays silence."""
    power = float(np.mean(np.square(x)))
    return x * np.float32(power**-0.5) if power > 0 else x


def elsewhere(x: Circle, part: float = 0.382) -> Circle:
    """Return a circle turned by a part of its period: noise like the first that shares no moment with it."""
    at = int(part * len(x))
    return np.concatenate([x[at:], x[:at]])


def stereo(left: Circle, right: Circle, width: float = 0.8) -> Circle:
    """Return two independent sides that share part of each other."""
    shared = np.float32((1 - width) / 2)
    out = np.empty((2, len(left)), np.float32)
    both = shared * (right - left)
    np.add(left, both, out=out[0])
    np.subtract(right, both, out=out[1])
    return out


def sides(x: Circle, width: float = 0.8) -> Circle:
    """Return noise from all around: one side hears another moment of it than the other."""
    return stereo(x, elsewhere(x), width)


def panned(take: Take, x: Circle, place: float | Curve) -> Circle:
    """Return a sound from a place, or along a curve of places (0 left, 1 right), at equal power."""
    if isinstance(place, np.ndarray):
        left, right = (moved(take, x, law(0.5 * np.pi * place)) for law in (np.cos, np.sin))
        return np.stack([left, right])
    return np.stack(
        [np.float32(np.cos(0.5 * np.pi * place)) * x, np.float32(np.sin(0.5 * np.pi * place)) * x]
    )


def placed(
    take: Take, positions: Positions, gains: Signal, grains: Sequence[Signal], spread: float = 0.8
) -> Circle:
    """Return grains that each sound from a place of their own, in stereo."""
    places = 0.25 * np.pi * (1 + spread * take.rng.uniform(-1, 1, len(positions)))
    which = take.rng.integers(0, len(grains), len(positions))
    left = crowd(take, positions, gains * np.cos(places), grains, which)
    right = crowd(take, positions, gains * np.sin(places), grains, which)
    return np.stack([left, right])


def in_hall(take: Take, x: Circle, echo: float, t60_s: float = 2.2, dark_hz: float = 2600) -> Circle:
    """Return a stereo sound with a stone hall around it: `echo` is how much of it is heard (Moorer, 1979)."""
    if echo <= 0:
        return x
    spectrum = np.fft.rfft(0.5 * (x[0] + x[1]))
    out = x * np.float32(1 - 0.4 * echo)
    for side in (0, 1):
        tail = np.fft.rfft(folded(_hall(take.rng, t60_s), take.period))
        hz = hz_of(take.period)
        tail *= np.float32(1.6 * echo) / (1 + (hz / np.float32(dark_hz)) ** 2) * (hz / (hz + 120))
        tail *= spectrum
        out[side] += np.fft.irfft(tail, take.period)
    return out


def _hall(rng: Generator, t60_s: float) -> Circle:
    """Return a hall's impulse response without its direct sound, of unit energy."""
    frames = samples_of(1.1 * t60_s)
    tail = rng.standard_normal(frames, dtype=np.float32) * decay(frames, t60_s).astype(np.float32)
    first, rise = samples_of(0.02), samples_of(0.03)
    tail[:first] = 0
    count = len(tail[first : first + rise])
    tail[first : first + rise] *= np.arange(count, dtype=np.float32) / rise
    return tail * np.float32(float(np.sum(np.square(tail))) ** -0.5)
