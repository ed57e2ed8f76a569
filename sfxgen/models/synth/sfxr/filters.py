"""sfxr's two filters, whose coefficients may change at every step, without a loop over the samples.

Both are linear, so a signal is cut into blocks that are filtered side by side from silence. Each block's end
then gives the next one's start, and what the filter does by itself from there is added.

A signal comes as a grid of shape (rows, blocks): a column is a block, and time runs down the columns in turn.
The loops go over the rows and need few fresh arrays: filling new memory costs more than the arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import accumulate

import numpy as np

from sfxgen.models.synth.take import Signal

Gain = Callable[[int], Signal]
"""Gives a filter's coefficients in a row: of shape (blocks,), or (1,) where they are constant."""


def rows_for(steps: int, multiple: int) -> int:
    """Return how many rows filter so many steps fastest, weighing the work of a row against that of a block."""
    return multiple * max(2, round(math.sqrt(0.05 * steps) / multiple))


def lowpass(grid: Signal, drive: Gain, keep: float) -> None:
    """Filter a grid in place by sfxr's resonant low-pass.

    Its output x has a velocity v: v[n] = keep (v[n-1] + cutoff[n] (input[n] - x[n-1])), and x[n] = x[n-1] + v[n].
    That is x[n] = (1 + keep - drive[n]) x[n-1] - keep x[n-2] + drive[n] input[n] with drive = keep cutoff.
    """
    blocks, width = grid.shape[1], len(drive(0))
    x, earlier, term = np.zeros((3, blocks))
    # How a block goes on by itself: from an x of 1 just before it, and from an x of 1 still one step earlier.
    free, free_earlier, free_term = np.zeros((3, 2, width))
    free[0] = free_earlier[1] = 1
    for row, (driven, feedback) in zip(grid, _gains(drive, keep, len(grid)), strict=True):
        np.multiply(row, driven, out=row)
        np.multiply(x, feedback, out=term)
        np.add(row, term, out=row)
        np.multiply(earlier, keep, out=term)
        np.subtract(row, term, out=row)
        x, earlier = row, x
        np.multiply(free, feedback, out=free_term)
        np.multiply(free_earlier, keep, out=free_earlier)
        np.subtract(free_term, free_earlier, out=free_earlier)
        free, free_earlier = free_earlier, free
    x, earlier = _starts(
        [np.broadcast_to(end, blocks).tolist() for end in (grid[-1], *free, grid[-2], *free_earlier)]
    )
    for row, (_, feedback) in zip(grid, _gains(drive, keep, len(grid)), strict=True):
        np.multiply(x, feedback, out=term)
        np.multiply(earlier, keep, out=earlier)
        np.subtract(term, earlier, out=earlier)
        x, earlier = earlier, x
        np.add(row, x, out=row)


def _gains(drive: Gain, keep: float, rows: int) -> Iterator[tuple[Signal, Signal]]:
    """Yield how much of the input and of the last output goes into each row's output."""
    driven = drive(0)
    feedback = (1 + keep) - driven
    for row in range(rows):
        if len(driven) > 1:
            driven = drive(row)
            feedback = (1 + keep) - driven
        yield driven, feedback


def highpass(grid: Signal, keep: Gain) -> None:
    """Filter a grid in place by sfxr's high-pass: h[n] = keep[n] (h[n-1] + input[n] - input[n-1]).

    What is carried from step to step is q = h - input: h[n] = keep[n] (input[n] + q[n-1]).
    """
    blocks = grid.shape[1]
    q, h = np.zeros((2, blocks))
    gain = np.ones(len(keep(0)))
    for index, row in enumerate(grid):
        kept = keep(index)
        np.multiply(gain, kept, out=gain)
        np.add(row, q, out=h)
        np.multiply(h, kept, out=h)
        np.subtract(h, row, out=q)
        np.copyto(row, h)
    ends = zip(np.broadcast_to(gain, blocks).tolist(), q.tolist(), strict=True)
    starts = accumulate(ends, lambda start, end: end[0] * start + end[1], initial=0.0)
    carried = np.fromiter(starts, float, blocks + 1)[:-1]
    for index, row in enumerate(grid):
        np.multiply(carried, keep(index), out=carried)
        np.add(row, carried, out=row)


def _starts(ends: list[list[float]]) -> tuple[Signal, Signal]:
    """Return x and the x before it at each block's start, from what they end at: by input, by x, by the x before."""
    x = earlier = 0.0
    starts = []
    for a, ax, ay, b, bx, by in zip(*ends, strict=True):
        starts.append((x, earlier))
        x, earlier = a + ax * x + ay * earlier, b + bx * x + by * earlier
    columns = np.array(starts).T.copy()
    return columns[0], columns[1]
