"""Hard clipping: tops that are cut off flat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip

SHORTEST_TOP = 3
EQUAL = 1e-6
"""Re the channel's peak: samples of one top that was cut off differ by less."""
COARSEST_STEP = 2.0**-7
CORNER_STEPS = 8.0
"""Steps of its quantisation that a wave has fallen two samples beside a cut-off top, at the least. Beside a round top of
three samples or more in the highest step it has fallen by (3.5 / 1.5)² = 5.4 at the most."""

Wave = NDArray[np.float32]


def clipped_frames(clip: Clip) -> int:
    """Return how many frames, in the worst channel, are tops that were cut off flat.

    That is three samples or more in a row at a channel's own maximum or minimum, wherever that lies: a gain after the
    clipping does not hide it. A resampler, a lossy codec and dither do.

    A square wave, a staircase or a sample-and-hold is flat at its maximum as well, but comes there by a step from
    another flat stretch. So a top counts only where, on one side, the wave slopes into it: the three samples before
    (or after) it differ from each other, and the second is clearly below the top. The tops of low tones are flat
    in the highest step of their quantisation, but have no such corner.
    """
    return max((_clipped(wave) for wave in clip.samples.T), default=0)


def _clipped(wave: Wave) -> int:
    wave = np.ascontiguousarray(wave)
    if len(wave) < SHORTEST_TOP:
        return 0
    peak = float(max(wave.max(), -wave.min()))
    step: float | None = None
    count = 0
    for upright in (wave, -wave):
        starts, ends = _flat_tops(upright, EQUAL * peak)
        if len(starts) == 0:
            continue
        if step is None:
            step = _quantisation_step(wave, EQUAL * peak, COARSEST_STEP * peak)
        sloped = _slopes_into(upright, starts, -1, step) | _slopes_into(upright, ends - 1, 1, step)
        count += int((ends - starts)[sloped].sum())
    return count


def _flat_tops(wave: Wave, equal: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where runs of three samples or more at the maximum start and end."""
    at_top = np.flatnonzero(wave >= wave.max() - equal)
    breaks = np.flatnonzero(np.diff(at_top) > 1)
    starts = at_top[np.concatenate([[0], breaks + 1])]
    ends = at_top[np.concatenate([breaks, [len(at_top) - 1]])] + 1
    long_enough = ends - starts >= SHORTEST_TOP
    return starts[long_enough], ends[long_enough]


def _quantisation_step(wave: Wave, least: float, most: float) -> float:
    """Return the smallest difference between neighbours, which in a quantised wave is its step."""
    differences = np.abs(np.diff(wave))
    return float(np.min(differences, where=differences > least, initial=most))


def _slopes_into(wave: Wave, edges: NDArray[np.intp], side: int, step: float) -> NDArray[np.bool_]:
    """Tell which tops the wave slopes into at their first (side -1) or last (side 1) sample."""
    inside = (edges + 3 * side >= 0) & (edges + 3 * side < len(wave))
    near, next_, far = (wave[np.clip(edges + n * side, 0, len(wave) - 1)] for n in (1, 2, 3))
    corner = CORNER_STEPS * step
    fallen = (next_ < wave.max() - corner) & (next_ > wave.min() + corner) & (near > wave.min() + corner)
    moving = (np.abs(near - next_) > step / 2) & (np.abs(next_ - far) > step / 2)
    slopes: NDArray[np.bool_] = inside & fallen & moving
    return slopes
