"""Where a sound is heard from: distance and room."""

from __future__ import annotations

import numpy as np
from numpy.random import PCG64, Generator
from scipy import signal as dsp

from sfxgen.models.synth.envelopes import decay
from sfxgen.models.synth.filters import highpass, lowpass
from sfxgen.models.synth.take import Signal, samples_of

ROOM_SEED = 20
"""All sounds share one room, so that variants do not seem to stand in different ones."""


def placed(dry: Signal, *, distance: float, room: float) -> Signal:
    """Return the signal as heard from a distance (0 to 1) and in a room (0 is dry, 1 a hall).

    Air takes the high end, and the first reflections blur the attack. A room is exponentially decaying noise
    (Moorer, 1979). The result is longer than the dry signal by the reverberation.
    """
    if distance <= 0 and room <= 0:
        return dry
    near = lowpass(dry, 20000 * (500 / 20000) ** distance, 1) if distance > 0 else dry
    t60_s = 0.12 + 0.35 * distance + 1.6 * room
    wet_gain = 0.35 * room + 0.55 * distance
    tail = reverberation(t60_s, predelay_s=0.004 + 0.012 * distance, damp_hz=7000 * (1 - 0.75 * distance))
    wet = dsp.oaconvolve(near, tail)
    wet *= wet_gain * min(_rms(near) / max(_rms(wet[: len(near)]), 1e-9), 1e3)
    wet[: len(near)] += (1 - 0.6 * distance) * near
    return wet


def _rms(signal: Signal) -> float:
    return float(np.sqrt(np.mean(signal**2)))


def reverberation(t60_s: float, *, predelay_s: float, damp_hz: float) -> Signal:
    """Return a room's impulse response without the direct sound."""
    rng = Generator(PCG64(ROOM_SEED))
    frames = samples_of(t60_s)
    late = highpass(lowpass(rng.standard_normal(frames), damp_hz, 1), 120, 1)
    return np.concatenate([np.zeros(samples_of(predelay_s)), late * decay(frames, t60_s)])
