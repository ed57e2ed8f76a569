"""Recursive filters in numpy alone: importing scipy.signal takes longer than making most sounds.

A recursion is a state that moves on by a matrix with each sample. Here it moves on by blocks: the samples of a block
are the block's input times a triangular matrix of the impulse response, plus what the state at its start adds; and the
states of all blocks follow from one another by repeated squaring. The result is the recursion's own but for the
order of additions.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.products import product

Samples = NDArray[np.float64]

Section = tuple[float, float, float, float, float, float]
"""A second-order section as scipy writes it: b0, b1, b2, 1, a1, a2."""

BLOCK = 32
ROWS_AT_ONCE = 1024
NEGLIGIBLE = 1e-18


class _Blocks(NamedTuple):
    """A filter over blocks: y = x @ within + state @ out; the next state = state @ onward + x @ into."""

    within: Samples
    out: Samples
    into: Samples
    onward: Samples


def cascade(x: Samples, sections: tuple[Section, ...]) -> Samples:
    """Return the signal of shape (..., frames), at rest before it, through sections one after the other."""
    return _run(np.asarray(x, np.float64), _blocks(sections, parallel=False))


def around(x: Samples, sections: tuple[Section, ...], settling: int) -> Samples:
    """Return one period of a repeating signal of shape (..., frames) through sections that have settled.

    `settling` is how many frames before its start they run over.
    """
    turns = 1 + -(-settling // x.shape[-1])
    whole = np.concatenate([x] * turns, axis=-1)[..., -(x.shape[-1] + settling) :]
    return cascade(whole, sections)[..., settling:]


def parallel(x: Samples, sections: tuple[Section, ...]) -> Samples:
    """Return the sum of the signal of shape (..., frames) through each section on its own."""
    return _run(np.asarray(x, np.float64), _blocks(sections, parallel=True))


def _run(x: Samples, blocks: _Blocks) -> Samples:
    frames = x.shape[-1]
    rows = -(-frames // BLOCK)
    out = np.zeros((*x.shape[:-1], rows, BLOCK))
    out.reshape(*x.shape[:-1], -1)[..., :frames] = x
    state = np.zeros((*x.shape[:-1], len(blocks.out)))
    for first in range(0, rows, ROWS_AT_ONCE):  # as much as a processor's cache holds
        here = out[..., first : first + ROWS_AT_ONCE, :]
        state = _run_on(here, state, blocks)
    return out.reshape(*x.shape[:-1], -1)[..., :frames]


def _run_on(here: Samples, state: Samples, blocks: _Blocks) -> Samples:
    """Filter some blocks in place, from a state on, and return the state at their end."""
    rows = here.shape[-2]
    states = np.empty((*here.shape[:-2], rows + 1, len(blocks.out)))
    states[..., 0, :] = state
    states[..., 1:, :] = product(here, blocks.into)
    onward, reach = blocks.onward, 1
    while reach <= rows and np.max(np.abs(onward)) > NEGLIGIBLE:
        states[..., reach:, :] += product(states[..., :-reach, :], onward)
        onward, reach = onward @ onward, 2 * reach
    here[...] = product(here, blocks.within) + product(states[..., :-1, :], blocks.out)
    last: Samples = states[..., -1, :]
    return last


@lru_cache(maxsize=512)
def _blocks(sections: tuple[Section, ...], *, parallel: bool) -> _Blocks:
    size = 2 * len(sections)
    step, enter, leave, direct = np.zeros((size, size)), np.zeros(size), np.zeros(size), 1.0
    through = 0.0
    for index, (b0, b1, b2, _, a1, a2) in enumerate(sections):
        here = slice(2 * index, 2 * index + 2)
        own = np.array([[-a1, 1.0], [-a2, 0.0]])
        gain = np.array([b1 - a1 * b0, b2 - a2 * b0])
        step[here, here] = own
        if parallel:
            enter[here], leave[2 * index] = gain, 1.0
            through += b0
        else:  # what the sections before give is this one's input
            step[here, :] += np.outer(gain, leave)
            enter[here] = gain * direct
            leave *= b0
            leave[2 * index] += 1.0
            direct *= b0
    if not parallel:
        through = direct
    # Everything by doubling: step^n enter and leave step^n for n up to a block, and step^BLOCK.
    entered, left, onward = enter[:, None], leave[None, :], step
    while left.shape[0] < BLOCK:
        entered = np.concatenate([entered, onward @ entered], axis=1)
        left = np.concatenate([left, left @ onward])
        onward = onward @ onward
    response = np.zeros(2 * BLOCK - 1)
    response[BLOCK - 1] = through
    response[BLOCK:] = leave @ entered[:, : BLOCK - 1]
    return _Blocks(response[_LAGS], left.T.copy(), entered[:, ::-1].T.copy(), onward.T.copy())


_LAGS = BLOCK - 1 + np.arange(BLOCK)[None, :] - np.arange(BLOCK)[:, None]
"""Where the response to each sample of a block (rows) is at each later one (columns), after zeros."""
