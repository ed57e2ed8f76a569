"""What changes while one of sfxr's sounds plays, with one value a frame of 44.1 kHz.

The formulas and constants are those of SynthSample and ResetSample in DrPetter's sfxr (2007), as jsfxr has them.
Sums and products run in sfxr's order, so that a period's whole part, which decides the pitch, comes out the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sfxgen.models.synth.sfxr.filters import Gain
from sfxgen.models.synth.sfxr.parameters import SfxrParams
from sfxgen.models.synth.take import Signal

SUPERSAMPLING = 8
"""How many steps of the oscillator make one frame."""


def envelope(params: SfxrParams, max_frames: int) -> Signal:
    """Return the volume, of shape (frames,): a rise, a hold that starts with a punch, and a fall.

    A hold or fall of no length still takes one frame, which is silent.
    """
    attack, sustain, decay = (
        int(value * value * 100000.0)
        for value in (params.p_env_attack, params.p_env_sustain, params.p_env_decay)
    )
    rise = np.arange(1, attack + 1) / max(attack, 1)
    hold = 1 + (1 - _through(sustain)) * 2 * params.p_env_punch if sustain else np.zeros(1)
    fall = 1 - _through(decay) if decay else np.zeros(1)
    return np.concatenate([rise, hold, fall])[:max_frames]


def pitch(params: SfxrParams, frames: int) -> Signal:
    """Return the period in steps of the oscillator, shorter than `frames` where the pitch falls below its limit.

    It slides, jumps once (the arpeggio), and starts again at every repeat. After the time of the jump a repeat starts
    with it, as in jsfxr; sfxr waits anew.
    """
    jump_at = int((1 - params.p_arp_speed) ** 2 * 20000 + 32) if params.p_arp_speed != 1 else frames
    every = _repeat(params)
    if not every or every > frames:
        curve = _slide(params, frames, jump_at)
    else:
        later = _slide(params, every, 0)
        segments, start = [], 0
        first = _slide(params, every, every)
        while start < min(jump_at, frames):
            size = every - 1 if start == 0 else every
            segments.append(first if jump_at >= start + size else _slide(params, every, jump_at - start))
            segments[-1] = segments[-1][:size]
            start += size
        segments.append(np.tile(later, -(-max(frames - start, 0) // every)))
        curve = np.concatenate(segments)[:frames]
    ended = np.flatnonzero(np.isinf(curve))
    return curve[: ended[0]] if len(ended) else curve


def vibrato(params: SfxrParams, frames: int) -> Signal | float:
    """Return the factor by which the vibrato lengthens the period."""
    if params.p_vib_strength <= 0:
        return 1.0
    phase = _running(0.0, params.p_vib_speed**2 * 0.01, frames)
    return 1 + np.sin(phase) * (params.p_vib_strength * 0.5)


def duty(params: SfxrParams, frames: int) -> Signal:
    """Return which part of a square's cycle is up, or of a sawtooth's cycle rises: from 0 to 0.5."""
    steps, every = np.arange(1, frames + 1), _repeat(params)
    if every:
        steps[every - 1 :] = np.arange(max(frames - every + 1, 0)) % every + 1
    return np.clip(0.5 - params.p_duty * 0.5 - params.p_duty_ramp * 0.00005 * steps, 0.0, 0.5)


def flange(params: SfxrParams, frames: int) -> NDArray[np.int64]:
    """Return the delay of the copy that is mixed in, in steps of the oscillator: from 0 to 1023."""
    offset = np.copysign(params.p_pha_offset**2, params.p_pha_offset) * 1020
    slide = np.copysign(params.p_pha_ramp**2, params.p_pha_ramp)
    delay = np.abs(np.floor(_running(float(offset), float(slide), frames)))
    return np.minimum(delay, 1023).astype(np.int64)


def highpass_keep(params: SfxrParams, frames: int) -> Signal:
    """Return what the high-pass keeps at each step: 0.99999, which hardly filters, to 0.9. One value if constant."""
    factor = 1 + params.p_hpf_ramp * 0.0003
    first = float(np.clip(params.p_hpf_freq**2 * 0.1 * factor, 0.00001, 0.1))
    return 1 - np.clip(first * _powers(factor, 1 if factor == 1 else frames), 0.00001, 0.1)


def lowpass_drive(params: SfxrParams, rows: int, blocks: int) -> Gain:
    """Return how much of its input the low-pass takes at each step; the cutoff grows or falls by a constant factor."""
    factor, keep = 1 + params.p_lpf_ramp * 0.0001, lowpass_keep(params)
    first = min(params.p_lpf_freq**3 * 0.1 * factor, 0.1) * keep
    steps, starts = (
        _powers(factor, rows).tolist(),
        first * _powers(factor**rows, blocks if factor != 1 else 1),
    )
    return lambda row: np.minimum(starts * steps[row], 0.1 * keep)


def lowpass_keep(params: SfxrParams) -> float:
    """Return how much of the low-pass's velocity each step keeps: more is more resonant."""
    return 1 - min(5 / (1 + params.p_lpf_resonance**2 * 20) * (0.01 + params.p_lpf_freq**3 * 0.1), 0.8)


def _slide(params: SfxrParams, frames: int, jump_at: int) -> Signal:
    """Return the period from one start on, with the arpeggio's jump at a frame; inf where the pitch's limit ends it."""
    longest = 100 / (params.p_freq_limit**2 + 0.001)
    factors = _running(1 - params.p_freq_ramp**3 * 0.01, -(params.p_freq_dramp**3) * 0.000001, frames)
    start = 100 / (params.p_base_freq**2 + 0.001)
    ends = params.p_freq_limit > 0
    before = _bounded_products(start, factors[:jump_at], longest, ends)
    if jump_at >= frames:
        return before
    mod = params.p_arp_mod
    jumped = (before[-1] if len(before) else start) * (1 - mod**2 * 0.9 if mod >= 0 else 1 + mod**2 * 10)
    return np.concatenate([before, _bounded_products(jumped, factors[jump_at:], longest, ends)])


def _bounded_products(start: float, factors: Signal, longest: float, ends: bool) -> Signal:
    """Return y[n] = min(y[n - 1] * factors[n], longest), for factors that only grow or only fall.

    Where it `ends`, it is inf from the first that is above.
    """
    with np.errstate(over="ignore", under="ignore"):
        curve = np.multiply.accumulate(np.concatenate([[start], factors]))[1:]
        over = np.flatnonzero(curve > longest)
        if len(over) and ends:
            curve[over[0] :] = np.inf
        elif len(over):
            held = over[0]
            falling = np.flatnonzero(factors[held:] < 1)
            free = held + falling[0] if len(falling) else len(factors)
            curve[held:free] = longest
            curve[free:] = np.multiply.accumulate(np.concatenate([[longest], factors[free:]]))[1:]
    return curve


def _repeat(params: SfxrParams) -> int:
    """Return after how many frames pitch and duty start again; the first time it is one less. 0 is never."""
    return int((1 - params.p_repeat_speed) ** 2 * 20000 + 32) if params.p_repeat_speed != 0 else 0


def _through(length: int) -> Signal:
    return np.arange(length + 1) / length


def _running(start: float, step: float, frames: int) -> Signal:
    """Return start + step, start + 2 step, …, added one by one."""
    if step == 0:
        return np.full(frames, start)
    values = np.full(frames + 1, step)
    values[0] = start
    return np.add.accumulate(values)[1:]


def _powers(factor: float, count: int) -> Signal:
    with np.errstate(over="ignore", under="ignore"):
        return np.power(factor, np.arange(count))
