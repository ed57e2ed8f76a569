"""From sfxr's parameters to samples, as jsfxr renders them, in numpy alone and many times faster than real time."""

from __future__ import annotations

from bisect import bisect_left
from typing import TypeVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.sfxr import curves
from sfxgen.models.synth.sfxr.curves import SUPERSAMPLING
from sfxgen.models.synth.sfxr.filters import highpass, lowpass, rows_for
from sfxgen.models.synth.sfxr.parameters import WAVES, SfxrParams
from sfxgen.models.synth.take import Signal

NATIVE_RATE = 44100
"""The rate, in Hz, at which sfxr's sounds are made."""

MAX_SECONDS = 10.0
"""Where a sound is cut. sfxr's sliders reach 7 s, jsfxr's generators may ask for a little more than 10."""


Number = TypeVar("Number", np.float64, np.int32)


def render(params: SfxrParams, rng: Generator) -> Signal:
    """Return a sound of shape (frames,) at 44.1 kHz: jsfxr's samples, clipped to -1..1 as in its WAV files.

    Only noise draws from `rng`. At least one frame, even where the pitch starts below its limit, and at most 10 s.
    """
    volume = curves.envelope(params, int(MAX_SECONDS * NATIVE_RATE))
    period = curves.pitch(params, len(volume))
    frames = len(period)
    if frames == 0:
        return np.zeros(1)
    period = np.maximum(np.floor(period * curves.vibrato(params, frames)), SUPERSAMPLING)
    height = rows_for(frames * SUPERSAMPLING, SUPERSAMPLING) // SUPERSAMPLING
    grid = _oscillator(params, period.astype(np.int32), rng, height)
    if params.p_lpf_freq != 1:
        lowpass(grid, curves.lowpass_drive(params, *grid.shape), curves.lowpass_keep(params))
    keep = curves.highpass_keep(params, frames)
    rows = _spread(keep, height) if len(keep) > 1 else np.tile(keep, (height, 1))
    highpass(grid, lambda row: rows[row // SUPERSAMPLING])
    summed = _flanged(grid, curves.flange(params, frames))
    samples: Signal = summed * volume[:frames] * (np.expm1(params.sound_vol) / SUPERSAMPLING)
    return np.clip(samples, -1.0, 1.0, out=samples)


def render_48k(params: SfxrParams, rng: Generator) -> Signal:
    """Return a sound of shape (frames,) at 48 kHz, at its `sample_rate` before: jsfxr's averages of 1, 2, 4 or 8.

    soxr's HQ quality may exceed full scale a little where the sound is clipped.
    """
    import soxr

    native = render(params, rng)
    each = NATIVE_RATE // params.sample_rate
    whole = np.concatenate([native, np.zeros(-len(native) % each)])
    held = np.mean(whole.reshape(-1, each), axis=1)
    return np.asarray(soxr.resample(held, NATIVE_RATE / each, SAMPLE_RATE, quality="HQ"), dtype=np.float64)


def _spread(values: NDArray[Number], height: int) -> NDArray[Number]:
    """Lay one value a frame out in columns of `height`, as the filters' grids are; the last value fills the rest."""
    filled = np.pad(values, (0, -len(values) % height), mode="edge")
    return np.ascontiguousarray(filled.reshape(-1, height).T)


def _oscillator(params: SfxrParams, period: NDArray[np.int32], rng: Generator, height: int) -> Signal:
    """Return the wave as a grid with columns of `height` frames, for a whole period of each frame."""
    starts, cycles = _phases(period)
    # All of shape (height, SUPERSAMPLING, columns), or 1 in place of SUPERSAMPLING.
    length = _spread(period, height)[:, np.newaxis]
    phase = _spread(starts, height)[:, np.newaxis] + np.arange(1, 9, dtype=np.int32)[:, np.newaxis]
    new = phase >= length
    np.subtract(phase, length, out=phase, where=new)
    shape = WAVES[params.wave_type]
    if shape == "noise":
        # A cycle has 32 slots, each of a random level.
        levels = rng.random(32 * (int(cycles[-1]) + 2), dtype=np.float32)
        levels -= 0.5
        slot = phase * 32 // length
        slot += (_spread(cycles, height)[:, np.newaxis] + new) * 32
        wave = 2.0 * levels[slot].astype(np.float64)
    elif shape == "sine":
        wave = phase * (2 * np.pi / length)
        np.sin(wave, out=wave)
    elif shape == "square":
        wave = (phase < _turn(params, length)) - 0.5
    else:
        turn = _turn(params, length)
        falls = 2 / (length - turn)
        wave = phase * -falls
        wave += 1 + turn * falls
        if np.any(turn):
            # The lower of both lines; where nothing rises the rising one is kept out of the way.
            rising = phase * (2 / np.maximum(turn, 1e-300))
            rising += np.where(turn > 0, -1.0, 1.0)
            np.minimum(wave, rising, out=wave)
    grid: Signal = wave.reshape(height * SUPERSAMPLING, -1)
    return grid


def _turn(params: SfxrParams, length: NDArray[np.int32]) -> Signal:
    """Return after how many steps of a cycle a square falls, or a sawtooth turns down."""
    height, _, columns = length.shape
    return _spread(curves.duty(params, height * columns), height)[:, np.newaxis] * length


def _phases(period: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return how many steps into its cycle, below its period, each frame starts, and in which cycle that is.

    A frame advances the phase to (phase + 8) modulo its period.
    """
    frames = len(period)
    changes = np.concatenate([[0], np.flatnonzero(period[1:] != period[:-1]) + 1])
    by_runs = len(changes) < 2 * SUPERSAMPLING * np.sum(1 / period)
    before = _by_runs(period, changes) if by_runs else _by_cycles(period)
    starts = before % period
    # A cycle ends within a frame, or between two where the period falls below the phase.
    crossed = starts + SUPERSAMPLING >= period
    cycles = np.cumsum(before >= period)
    cycles[1:] += np.cumsum(crossed[: frames - 1])
    return starts.astype(np.int32), cycles.astype(np.int32)


def _by_runs(period: NDArray[np.int32], changes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the phase before each frame, from one frame where the period `changes` to the next."""
    counts = np.diff(changes, append=len(period))
    before, phase = [], 0
    for length, steps in zip(period[changes].tolist(), (counts * SUPERSAMPLING).tolist(), strict=True):
        before.append(phase)
        phase = (phase + steps) % length
    since = SUPERSAMPLING * (np.arange(len(period)) - changes.repeat(counts))
    phases: NDArray[np.int64] = np.array(before).repeat(counts) + since
    # Only a run's first phase is of the period before.
    first = phases[changes]
    phases %= period
    phases[changes] = first
    return phases


def _by_cycles(period: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the phase before each frame, from the end of one cycle to the next.

    After frame n the phase is 8 (n + 1) - c, where c holds the lengths of the cycles so far. The next cycle ends in the
    first frame where that reaches the period: where 8 (n + 1) - period[n] >= c.
    """
    frames = len(period)
    steps = SUPERSAMPLING * np.arange(1, frames + 1)
    reached = np.maximum.accumulate(steps - period).tolist()
    ends, past, passed = [0], [0], 0
    end = bisect_left(reached, passed)
    while end < frames:
        length = int(period[end])
        passed += (SUPERSAMPLING * (end + 1) - passed) // length * length
        ends.append(end)
        past.append(passed)
        end = bisect_left(reached, passed, end)
    after = steps - np.array(past).repeat(np.diff(ends, append=frames))
    return np.concatenate([[0], after[:-1]])


def _flanged(grid: Signal, delay: NDArray[np.int64]) -> Signal:
    """Return the sum of each frame's steps and of their copy, `delay` steps ago; silence comes before the start.

    The grid is used up.
    """
    rows, columns = grid.shape
    frames = len(delay)
    summed: Signal = (
        np.add.reduce(grid.reshape(-1, SUPERSAMPLING, columns), axis=1).T.reshape(-1)[:frames].copy()
    )
    if not np.any(delay):
        summed *= 2
        return summed
    # Sums up to each step, so that the sum of any eight neighbours is a difference.
    for row, above in zip(grid[1:], grid, strict=False):
        np.add(row, above, out=row)
    before = np.concatenate([[0.0], np.cumsum(grid[-1])])

    def total(step: NDArray[np.int64]) -> Signal:
        column, row = np.divmod(np.maximum(step, 0), rows)
        return np.where(step < 0, 0.0, grid[row, column] + before[column])

    last = SUPERSAMPLING * np.arange(1, frames + 1) - 1 - delay
    summed += total(last) - total(last - SUPERSAMPLING)
    return summed
