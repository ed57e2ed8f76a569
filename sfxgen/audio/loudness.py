"""Loudness by ITU-R BS.1770-4 and true peak.

A mono clip is measured as one channel, stereo as left and right, further channels weigh as much.
"""

from __future__ import annotations

from functools import lru_cache
from math import pi, tan
from typing import Literal

import numpy as np
import soxr
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip
from sfxgen.audio.edges import active_range
from sfxgen.audio.levels import amplitude_to_db, sample_peak
from sfxgen.audio.recursion import Section, cascade
from sfxgen.errors import AudioError

Measure = Literal["integrated", "momentary_max", "active"]

ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
SHORT_TERM_S = 3.0
LOWEST_SAMPLE_RATE = 8000
TRUE_PEAK_OVERSAMPLING = 4


def measure_for(clip: Clip, *, loop: bool = False) -> Measure:
    """Return which measure says how loud a clip is, by its length.

    Below 400 ms "active"; up to 3 s (EBU's short-term window) "momentary_max": how loud a one-shot is at its
    loudest, however long its tail; from there on, and for every loop, "integrated".
    """
    if clip.frames < _momentary_frames(clip.sample_rate):
        return "active"
    return "integrated" if loop or clip.duration_s >= SHORT_TERM_S else "momentary_max"


def measure_loudness(clip: Clip, measure: Measure | None = None) -> tuple[float | None, Measure]:
    """Return the loudness in LUFS (None for silence) and the measure: `measure_for(clip)` unless given."""
    measure = measure or measure_for(clip)
    meter = {"integrated": integrated_loudness, "momentary_max": momentary_max, "active": active_loudness}
    return meter[measure](clip), measure


def integrated_loudness(clip: Clip) -> float | None:
    """Return the gated loudness in LUFS of BS.1770-4; None below 400 ms or where all blocks are gated.

    Blocks of 400 ms that overlap by 75 %; gates at -70 LUFS and at 10 LU below the mean of what passed that.
    """
    hops = clip.frames * 10 // clip.sample_rate
    if hops < 4:
        return None
    power = _k_weighted_power(clip)
    bounds = np.arange(hops + 1) * clip.sample_rate // 10
    energy = np.add.reduceat(power[: bounds[-1]], bounds[:-1])
    blocks = np.convolve(energy, np.ones(4), mode="valid") / (bounds[4:] - bounds[:-4])
    loud = blocks[blocks > _lufs_to_power(ABSOLUTE_GATE_LUFS)]
    if loud.size == 0:
        return None
    gated = loud[loud > loud.mean() * 10 ** (RELATIVE_GATE_LU / 10)]
    return _power_to_lufs(float(gated.mean()))


def momentary_max(clip: Clip) -> float | None:
    """Return the loudest 400 ms in LUFS, at any frame; None below 400 ms or below -70 LUFS."""
    window = _momentary_frames(clip.sample_rate)
    if clip.frames < window:
        return None
    total = np.concatenate([[0.0], np.cumsum(_k_weighted_power(clip))])
    return _audible(_power_to_lufs(float((total[window:] - total[:-window]).max()) / window))


def active_loudness(clip: Clip) -> float | None:
    """Return the ungated K-weighted mean in LUFS over the part that sounds; None below -70 LUFS.

    For clips too short to gate. Silence around the sound does not count, so padding does not change it.
    """
    start, end = active_range(clip)
    if start == end:
        return None
    return _audible(_power_to_lufs(float(_k_weighted_power(clip)[start:end].mean())))


def true_peak_dbtp(clip: Clip) -> float | None:
    """Return the peak of the fourfold oversampled signal in dBTP; None for digital silence.

    BS.1770-4, annex 2, with soxr's HQ filter in place of its example filter. Never below the sample peak.
    """
    if clip.samples.size == 0:
        return None
    rate = clip.sample_rate
    oversampled = soxr.resample(clip.samples, rate, rate * TRUE_PEAK_OVERSAMPLING, quality="HQ")
    return amplitude_to_db(max(sample_peak(clip.samples), sample_peak(oversampled)))


@lru_cache(maxsize=16)
def _k_weighting(sample_rate: int) -> tuple[Section, Section]:
    """Return the K-weighting filter of BS.1770 as two second-order sections: the shelf and the high-pass.

    The standard gives coefficients for 48 kHz alone. These are the analogue parameters behind them, found by
    Brecht De Man ("Evaluation of Implementations of the EBU R128 Loudness Measurement", AES 2018), put
    through the bilinear transform at any rate.
    """
    k, q = tan(pi * 1681.974450955533 / sample_rate), 0.7071752369554196
    gain = 10 ** (3.999843853973347 / 20)
    band_gain = gain**0.4996667741545416
    a0 = 1 + k / q + k * k
    zeros = [gain + band_gain * k / q + k * k, 2 * (k * k - gain), gain - band_gain * k / q + k * k]
    b0, b1, b2 = (zero / a0 for zero in zeros)
    shelf = (b0, b1, b2, 1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0)
    k, q = tan(pi * 38.13547087602444 / sample_rate), 0.5003270373238773
    a0 = 1 + k / q + k * k
    # The zeros are 1, -2, 1 whatever a0 is: the standard's own high-pass is not normalised either.
    high_pass = (1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0)
    return shelf, high_pass


def _momentary_frames(sample_rate: int) -> int:
    """Return how many frames 400 ms are, rounded up."""
    return -(-4 * sample_rate // 10)


def _k_weighted_power(clip: Clip) -> NDArray[np.float64]:
    """Return the K-weighted power of each frame, shape (frames,), the channels added."""
    if clip.sample_rate < LOWEST_SAMPLE_RATE:
        raise AudioError(f"loudness needs at least {LOWEST_SAMPLE_RATE} Hz, not {clip.sample_rate} Hz")
    weighted = cascade(clip.samples.T.astype(np.float64), _k_weighting(clip.sample_rate))
    power: NDArray[np.float64] = np.einsum("cf,cf->f", weighted, weighted)
    return power


def _power_to_lufs(power: float) -> float:
    return float(-0.691 + 10 * np.log10(max(power, 1e-30)))


def _lufs_to_power(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def _audible(lufs: float) -> float | None:
    return lufs if lufs > ABSOLUTE_GATE_LUFS else None
