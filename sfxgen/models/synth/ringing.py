"""Many modes at once, as `modal.ring` gives them, at a fraction of its cost.

The powers of each pole come from products alone, by doubling, and a mode that has died is not rendered on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sfxgen.models.synth.envelopes import LN_1000
from sfxgen.models.synth.modal import Modes
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal, samples_of

CHUNK = 64
SILENT = 1.35
"""A mode is left out after this many of its 60 dB times: 81 dB down."""

Complex = NDArray[np.complex128]


def ring(modes: Modes, excitation: Signal, longest_s: float = 10.0) -> Signal:
    """Return a body's sound under a short driving force, as long as its slowest mode needs."""
    tail = samples_of(min(longest_s, 1.1 * float(np.max(modes.t60s))))
    z = poles(modes)
    struck = len(excitation)
    before = _powers(z, struck + 1)
    response = (before @ modes.gains).imag
    # Once the force has ended, every mode rings freely: only its phase and strength remember how it was struck.
    state = modes.gains * z * (excitation[::-1] @ before[:struck])
    during = np.convolve(excitation, response)[:struck]
    return np.concatenate([during, _free(z, state, modes.t60s, tail)])


def poles(modes: Modes) -> Complex:
    """Return each mode's factor from one frame to the next."""
    angles = 2 * np.pi * modes.frequencies / SAMPLE_RATE
    losses = LN_1000 / (np.maximum(modes.t60s, 1e-4) * SAMPLE_RATE)
    turned: Complex = np.exp(1j * angles - losses)
    return turned


def _free(z: Complex, state: Complex, t60s: Signal, frames: int) -> Signal:
    """Return Im(state · z^n) summed over the modes: in stretches, each twice the last, of those that still sound.

    The last product is in single precision, 140 dB down.
    """
    columns = _powers(z, CHUNK).T
    row = z**CHUNK
    out = np.zeros(-(-frames // CHUNK) * CHUNK)
    start, stretch = 0, 1536
    while start < frames:
        alive = t60s * (SILENT * SAMPLE_RATE) > start
        stop = min(len(out), start + stretch)
        rows = _powers(row[alive], (stop - start) // CHUNK) * state[alive]
        left = np.concatenate([rows.real, rows.imag], axis=1, dtype=np.float32)
        right = np.concatenate([columns[alive].imag, columns[alive].real], axis=0, dtype=np.float32)
        out[start:stop] = (left @ right).ravel()
        state = state * z ** (stop - start)
        start, stretch = stop, 2 * stretch
    return out[:frames]


def _powers(z: Complex, count: int) -> Complex:
    """Return z^0 to z^(count - 1), of shape (count, modes)."""
    out = np.ones((count, len(z)), np.complex128)
    have, factor = 1, z
    while have < count:
        more = min(have, count - have)
        np.multiply(out[:more], factor, out=out[have : have + more])
        have += more
        factor = factor * factor
    return out
