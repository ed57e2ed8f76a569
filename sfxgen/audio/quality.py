"""Gates: what is never shipped as a sound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip, Samples
from sfxgen.audio.levels import amplitude_to_db, db_to_amplitude, sample_peak
from sfxgen.errors import TakeRejected

SILENCE_DBFS = -70.0
SHORTEST_MS = 10.0
RETRY_HINT = "another seed, or another prompt, may give a usable take"
LARGEST_AMPLITUDE = 100.0
"""Beyond it (40 dB above full scale) the samples are no float audio: likely integers that nobody scaled."""

FLAT_TOP_LEVEL = 0.98
FLAT_TOP_FRAMES = 3
FLAT_TOP_SHARE = 0.002


def reject_reason(clip: Clip) -> str | None:
    """Return why a raw take is unusable, in words for a person, or None where it is fine."""
    broken = broken_reason(clip)
    if broken:
        return broken
    peak = sample_peak(clip.samples - clip.samples.mean(axis=0, dtype=np.float64))
    if peak < db_to_amplitude(SILENCE_DBFS):
        return f"the take is silent{_peak_in_words(peak)}"
    share = flat_top_share(clip.samples)
    if share > FLAT_TOP_SHARE:
        return f"the take is clipped: {share:.1%} of its frames are flat at full scale"
    return None


def require_usable(clip: Clip) -> None:
    """Raise TakeRejected where a raw take is unusable."""
    reason = reject_reason(clip)
    if reason:
        raise TakeRejected(reason, hint=RETRY_HINT)


def broken_reason(clip: Clip) -> str | None:
    """Return why a clip is no audio at all (no samples, NaN, absurd values), or None."""
    if clip.samples.size == 0:
        return "the take is empty: it has no samples"
    bad = clip.samples.size - int(np.isfinite(clip.samples).sum())
    if bad:
        return f"the take holds {bad} samples that are not numbers (NaN or infinite)"
    peak = sample_peak(clip.samples)
    if peak > LARGEST_AMPLITUDE:
        return f"the take peaks at {peak:.4g} times full scale"
    return None


def unplayable_reason(clip: Clip) -> str | None:
    """Return why a mastered clip (before its gain) cannot be shipped, too short or silent, or None."""
    peak = sample_peak(clip.samples)
    if peak < db_to_amplitude(SILENCE_DBFS):
        return f"nothing is left to hear after mastering{_peak_in_words(peak)}"
    if clip.duration_s * 1000 < SHORTEST_MS:
        return f"only {clip.duration_s * 1000:.1f} ms are left after mastering, below {SHORTEST_MS:g} ms"
    return None


def flat_top_share(samples: Samples) -> float:
    """Return the share of samples that sit in flat runs of 3 or more at full scale: hard clipping.

    A sample is flat when it equals its neighbour, so the round top of a loud low sine is none.
    """
    at_top = np.abs(samples) >= FLAT_TOP_LEVEL
    level_with_next = at_top[1:] & at_top[:-1] & (np.abs(np.diff(samples, axis=0)) <= 1e-6)
    if len(level_with_next) < FLAT_TOP_FRAMES - 1:
        return 0.0
    runs: NDArray[np.bool_] = level_with_next[1:] & level_with_next[:-1]
    flat = np.zeros_like(at_top)
    for offset in range(FLAT_TOP_FRAMES):
        flat[offset : offset + len(runs)] |= runs
    return float(flat.mean())


def _peak_in_words(peak: float) -> str:
    level_db = amplitude_to_db(peak)
    return "" if level_db is None else f" (peak {level_db:.0f} dBFS)"
