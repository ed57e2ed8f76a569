"""The peaks that a band-limited signal has between its samples.

A finer signal is made in two steps. Half-way points come from a windowed sinc that is flat up to 0.997 of Nyquist,
applied by Fourier transform: a filter of the usual length loses what noise has above 0.9 of Nyquist, and reads its peaks
half a dB low. Quarter points come from those by a short filter, and only near points that may belong to a peak; between
quarter points a parabola finds it.

After Boche and Wunder ("Over-estimating the maximum value of multicarrier signals", 2003) a signal that is sampled n times
as finely as it must be is nowhere more than 1 / cos(pi / 2n) times its largest sample: 3 dB for half-way points, 0.7 dB
for quarter points. That tells where to look.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Samples
from sfxgen.audio.convolution import fast_length
from sfxgen.audio.levels import sample_peak
from sfxgen.audio.products import product

REACH = 1024
"""How many frames to either side the half-way points look at."""
WINDOW_BETA = 4.0
PIECE = 6112
"""Frames of one transform, of 8192: a whole number of rows, their margins, and twice the reach."""
PIECES_AT_ONCE = 14

NEAR = 6
"""How many half-way points and samples to either side the quarter points look at."""
NEAR_BETA = 7.0
MARGIN = NEAR // 2 + 1
ROW = 8
ROWS_AT_ONCE = 1024
NEARLY = 0.95
"""Beside the largest peak, others may be a little narrower."""
QUARTER_SHARE = math.cos(math.pi / 8)
VERTEX = 1.05 / 8
"""An eighth is exact for parabolas. So a sine at Nyquist is read 0.05 dB low at the most, and none 0.02 dB high."""

USUAL = (1e-9, 1e9)

BLOCK = 128
MERGED_BLOCKS = 64
"""Stretches with no more between them are taken together: two transforms of half the length take longer."""
SUB_BLOCKS = 4


def highest(samples: Samples, floor: float) -> float:
    """Return the largest magnitude of the continuous signal, where it exceeds `floor`; else some lower value.

    For samples of shape (frames, channels) with silence around them.
    """
    exponent = _exponent(floor)
    if exponent:
        return math.ldexp(highest(np.ldexp(samples, -exponent), math.ldexp(floor, -exponent)), exponent)
    most = floor
    for _, x, half in _half_way(samples, floor):
        most = max(most, sample_peak(half))
        for rows in _rows_above(x, half, most):
            most = max(most, float(_quarters(x, half, rows, most).max()))
    return most


def frame_peaks(samples: Samples, floor: float) -> Iterator[tuple[int, Samples]]:
    """Yield the largest magnitude of the continuous signal from each frame to before the next, in any channel.

    As (first frame, magnitudes), for the stretches in which it may exceed `floor`, and true where it does. What is
    before the first frame counts to that.
    """
    exponent = _exponent(floor or sample_peak(samples))
    if exponent:
        for first, peaks in frame_peaks(np.ldexp(samples, -exponent), math.ldexp(floor, -exponent)):
            yield first, np.ldexp(peaks, exponent)
        return
    for first, x, half in _half_way(samples, floor):
        each = np.abs(half[..., MARGIN:-MARGIN])
        np.maximum(each, np.abs(x[..., MARGIN:-MARGIN]), out=each)
        in_rows = each.reshape(*each.shape[:2], -1, ROW)
        for rows in _rows_above(x, half, floor):
            fine = _quarters(x, half, rows, floor)
            low, high = np.maximum(fine[..., 0], fine[..., 1]), np.maximum(fine[..., 2], fine[..., 3])
            in_rows[rows] = np.maximum(low, high, out=low)
        largest = (each.max(axis=0) if len(each) > 1 else each).reshape(-1)
        if first < 0:
            largest[-first] = largest[: 1 - first].max()
            first, largest = 0, largest[-first:]
        yield first, largest[: len(samples) - first]


def _exponent(level: float) -> int:
    """Return by which power of two samples are scaled, so that squares stay numbers; 0 at usual levels."""
    return 0 if level == 0 or USUAL[0] < level < USUAL[1] else math.frexp(level)[1]


def _half_way(samples: Samples, floor: float) -> Iterator[tuple[int, Samples, Samples]]:
    """Yield (first frame, samples, half-way points), each of (channels, pieces, frames).

    Pieces follow one another, but for the `MARGIN` frames that each has on either side of a whole number of rows.
    The first frame may be before the clip, and the last one after it.
    """
    for begin, end in reaching(samples, floor):
        begin -= ROW if begin == 0 else 0
        for first in range(begin, end, PIECE * PIECES_AT_ONCE):
            frames = min(end - first, PIECE * PIECES_AT_ONCE)
            pieces = -(-frames // PIECE)
            piece = -(-frames // (pieces * ROW)) * ROW
            length = piece + 2 * MARGIN
            size = _fast_length(length + 2 * REACH)
            wide = _cut(samples, first - MARGIN - REACH + 1, (pieces - 1) * piece + size)
            windows = np.lib.stride_tricks.sliding_window_view(wide, size, axis=1)[:, ::piece]
            spectrum = np.fft.rfft(windows, axis=-1)
            spectrum *= _response(size)
            half = np.fft.irfft(spectrum, size, axis=-1).astype(np.float32, copy=False)
            yield first, windows[..., REACH - 1 : REACH - 1 + length], half[..., :length]


def _cut(samples: Samples, first: int, frames: int) -> Samples:
    """Return (channels, frames) from a frame on, with zeros outside."""
    begin, end = max(0, first), min(len(samples), first + frames)
    wide = np.zeros((samples.shape[1], frames), np.float32)
    wide[:, begin - first : end - first] = samples[begin:end].T
    return wide


_fast_length = lru_cache(maxsize=1024)(fast_length)


def _half_taps() -> NDArray[np.float64]:
    taps: NDArray[np.float64] = np.sinc(np.arange(2 * REACH) - REACH + 0.5) * np.kaiser(
        2 * REACH, WINDOW_BETA
    )
    return taps


@lru_cache(maxsize=64)
def _response(size: int) -> NDArray[np.complex64]:
    return np.conj(np.fft.rfft(_half_taps(), size)).astype(np.complex64)


def _near_taps() -> NDArray[np.float64]:
    taps: NDArray[np.float64] = np.sinc(np.arange(2 * NEAR) - NEAR + 0.5) * np.kaiser(2 * NEAR, NEAR_BETA)
    return taps


@lru_cache(maxsize=1)
def _near_matrix() -> Samples:
    """Return what takes the samples of a row and its margins, and then its half-way points, to the finer signal.

    To four points for each of the row's frames and one on either side: the sample, and then a quarter frame after another.
    """
    wide = ROW + 2 * MARGIN
    matrix = np.zeros((2, wide, ROW + 2, 2, 2))  # by sample or half-way point; frame; frame, half and quarter
    for frame in range(ROW + 2):
        for half in range(2):
            matrix[half, frame + MARGIN - 1, frame, half, 0] = 1.0
            for step, tap in enumerate(_near_taps(), start=half - NEAR + 1):
                matrix[step % 2, frame + MARGIN - 1 + step // 2, frame, half, 1] = tap
    return matrix.reshape(2 * wide, 4 * (ROW + 2)).astype(np.float32)


Rows = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]
"""Channels, pieces, and which row of the piece."""


def _rows_above(x: Samples, half: Samples, floor: float) -> Iterator[Rows]:
    """Yield the rows that may rise above a floor, as many at a time as a processor's cache holds.

    Where a signal is largest, it is no narrower than a sine at Nyquist. So of two points that are half a frame apart and
    have the maximum between them, one is at least cos a and the other sin a times that: their squares add up to more.
    """
    least = np.float32((NEARLY * floor) ** 2)
    halves = np.square(half[..., MARGIN:-MARGIN])
    squares = np.square(x[..., MARGIN : 1 - MARGIN])
    above = halves + squares[..., :-1] > least
    halves += squares[..., 1:]
    above |= halves > least
    rows = np.nonzero(above.view(np.uint64))  # a row is eight frames
    for start in range(0, len(rows[0]), ROWS_AT_ONCE):
        channel, piece, row = (axis[start : start + ROWS_AT_ONCE] for axis in rows)
        yield channel, piece, row


def _quarters(x: Samples, half: Samples, rows: Rows, floor: float) -> Samples:
    """Return the magnitudes of rows of the quarter-sampled signal: (rows, ROW, 4); peaks above a floor are refined."""
    count, wide = len(rows[0]), ROW + 2 * MARGIN
    both = np.empty((count, 2, wide), np.float32)
    for index, part in enumerate((x, half)):
        both[:, index] = _windows(part)[rows]
    fine = product(both.reshape(count, 2 * wide), _near_matrix())
    np.abs(fine, out=fine)
    flat = fine.reshape(-1)  # a row's first and last frames are not looked at
    here, left, right = flat[1:-1], flat[:-2], flat[2:]
    tops = np.flatnonzero((here > floor * QUARTER_SHARE) & (here >= left) & (here >= right))
    places = (tops + 1) % (4 * (ROW + 2))
    tops = tops[(places > 3) & (places < 4 * (ROW + 1))]
    y, before, after = here[tops], left[tops], right[tops]
    bend = np.maximum(2 * y - before - after, np.finfo(np.float32).tiny)
    here[tops] = y + VERTEX * np.square(after - before) / bend
    return fine.reshape(count, ROW + 2, 4)[:, 1:-1]


def _windows(part: Samples) -> Samples:
    """Return a view of the rows of pieces, each with its margins."""
    rows = (part.shape[2] - 2 * MARGIN) // ROW
    shape, strides = (*part.shape[:2], rows, ROW + 2 * MARGIN), (*part.strides[:2], ROW * 4, 4)
    return np.lib.stride_tricks.as_strided(part, shape, strides, writeable=False)


def reaching(samples: Samples, floor: float) -> list[tuple[int, int]]:
    """Return the stretches of frames in which the continuous signal may exceed a level.

    By the largest samples of blocks, times how much of the filter's absolute coefficients falls on each.
    """
    frames = len(samples)
    if samples.size == 0:
        return []
    blocks, whole = -(-frames // BLOCK), frames // BLOCK
    weights = _block_weights()
    around = len(weights) // 2
    peaks = np.zeros(blocks + 2 * around, np.float64)
    parts = samples[: whole * BLOCK].reshape(whole, BLOCK * samples.shape[1])
    if whole:
        peaks[around : around + whole] = np.maximum(parts.max(axis=1), -parts.min(axis=1))
    if whole < blocks:
        peaks[around + whole] = sample_peak(samples[whole * BLOCK :])
    most = product(np.lib.stride_tricks.sliding_window_view(peaks, len(weights)), weights)
    may = np.flatnonzero(np.any(most > floor, axis=1))
    if may.size == 0:
        return []
    gaps = np.flatnonzero(np.diff(may) > MERGED_BLOCKS)
    first, last = may[np.concatenate([[0], gaps + 1])], may[np.concatenate([gaps, [-1]])]
    return [(int(a) * BLOCK, min((int(b) + 1) * BLOCK, frames)) for a, b in zip(first, last, strict=True)]


@lru_cache(maxsize=1)
def _responses() -> NDArray[np.float64]:
    """Return what a frame's three points are made of: (3, frames), from `REACH` + `NEAR` frames before it on."""
    made = np.zeros((3, 2 * (REACH + NEAR) + 1))
    zero, taps = REACH + NEAR, _half_taps()
    half = slice(zero - REACH + 1, zero + REACH + 1)
    made[1, half] = taps
    for part, response in enumerate((made[0], made[2])):
        for step, tap in enumerate(_near_taps(), start=part - NEAR + 1):
            frame, odd = divmod(step, 2)
            if odd:
                response[half.start + frame : half.stop + frame] += tap * taps
            else:
                response[zero + frame] += tap
    return made


@lru_cache(maxsize=1)
def _block_weights() -> NDArray[np.float64]:
    """Return by how much of each block's largest sample a point may rise: (blocks around, parts of the block).

    The sum of the absolute coefficients that fall on a block, from whichever place in that part is the worst.
    """
    responses = _responses()
    zero, around = REACH + NEAR, (REACH + NEAR) // BLOCK + 1
    total = np.zeros((3, responses.shape[1] + 1))
    np.cumsum(np.abs(responses), axis=1, out=total[:, 1:])
    edges = BLOCK * np.arange(-around, around + 2)[:, np.newaxis] - np.arange(BLOCK) + zero
    shares = np.diff(total[:, np.clip(edges, 0, responses.shape[1])], axis=1).max(axis=0)
    parts: NDArray[np.float64] = shares.reshape(len(shares), SUB_BLOCKS, -1).max(axis=-1) / QUARTER_SHARE
    return parts
