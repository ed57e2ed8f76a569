"""How well a loop's end runs on into its start, and one part of a clip into the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip
from sfxgen.audio.loudness import finite_peak
from sfxgen.errors import AudioError

Signal = NDArray[np.float64]

STEP_MS = 1.0
STEP_PERCENTILE = 99.9
LEAST_STEP = 1e-5
"""-100 dBFS: smaller second differences count as this one, so that silence has no steps."""

CUT_MS = 250.0
"""How far to either side the level is read where there is no cross-fade."""

FLUX_MS = 21.0
LEAST_CHANGE = 0.01
"""The least spread of the flux: changes of the spectrum below five times that, 5 %, are never a fault."""
HIGH_PERCENTILE = 99.0
HIGH_DEVIATIONS = 2.326
"""Where the 99th percentile of a normal distribution lies, in standard deviations."""

MOST_STEP_DB, MOST_LEVEL_DB, MOST_FLUX_Z = 3.0, 1.5, 5.0
"""What a seam without a fault has at the most."""

INAUDIBLE_POWER = 1e-6
"""A channel 60 dB below the loudest one has no seam to hear."""
BLOCK_FRAMES = 1 << 18


@dataclass(frozen=True, slots=True)
class Seam:
    """What was measured over a seam, of its worst channel.

    step_db: the largest second difference within 1 ms of the seam, in dB re the 99.9th percentile of the
    clip's. A click. The clip's own impulses count as well: a raindrop on the seam reads as the click that it is.
    level_db: by how much mid-fade is louder (+) than the loudest, or softer (-) than the softest window as long in the
    body. In steady sound that is the level re the body's; sound that comes and goes by itself (gusts, beats) has
    no fault where the seam is as loud as some other part.
    flux_z: by how many deviations the spectrum changes more from frame to frame over the seam than is the
    median in the body. A deviation is the largest of 1.4826 times the median absolute deviation, of what the
    body's 99th percentile says (so that crackle is not a fault in crackle), and of 1 % of the spectrum.

    All are 0 where there is nothing to compare: no frames, silence, or a clip shorter than the measure's windows.
    """

    step_db: float
    level_db: float
    flux_z: float

    @property
    def fault(self) -> float:
        """How large the worst of the three is, as a share of what a seam without a fault has at the most."""
        return max(
            self.step_db / MOST_STEP_DB, abs(self.level_db) / MOST_LEVEL_DB, self.flux_z / MOST_FLUX_Z, 0.0
        )


def measure_seam(clip: Clip, *, fade_frames: int = 0) -> Seam:
    """Measure a loop's seam across the wrap, from its end to its start.

    `fade_frames`: how many of the first frames hold the cross-fade. 0 for a cut, and for a loop of which nothing is
    known: the level is then read 250 ms to either side (or a quarter of the clip), the flux where windows meet
    the wrap. Raises AudioError for fade_frames below 0 or beyond the clip, and for samples that are not numbers.
    """
    if not 0 <= fade_frames <= clip.frames:
        raise AudioError(f"a cross-fade of {fade_frames} frames is not inside a clip of {clip.frames}")
    finite_peak(clip)
    power = np.einsum("fc,fc->c", clip.samples, clip.samples, dtype=np.float64)
    if clip.frames < 4:
        return Seam(0.0, 0.0, 0.0)
    audible = np.flatnonzero(power > INAUDIBLE_POWER * power.max(initial=0.0))
    seams = [_measured(clip.samples[:, n], clip.sample_rate, fade_frames) for n in audible]
    if not seams:
        return Seam(0.0, 0.0, 0.0)
    return Seam(
        step_db=max(seam.step_db for seam in seams),
        level_db=max((seam.level_db for seam in seams), key=abs),
        flux_z=max(seam.flux_z for seam in seams),
    )


def measure_join(clip: Clip, frame: int, *, fade_frames: int = 0) -> Seam:
    """Measure a seam inside a clip, as `measure_seam` does: at `frame` the next part begins, `fade_frames` long
    cross-faded with what was before it. The clip is read as a ring, so the join may lie anywhere.

    Raises AudioError where `frame` is not in the clip.
    """
    if not 0 <= frame < max(1, clip.frames):
        raise AudioError(f"frame {frame} is not in a clip of {clip.frames} frames")
    rolled = np.roll(clip.samples, -frame, axis=0)
    return measure_seam(Clip(rolled, clip.sample_rate), fade_frames=fade_frames)


def _measured(x: NDArray[np.float32], rate: int, fade: int) -> Seam:
    return Seam(_step_db(x, rate), _level_db(x, rate, fade), _flux_z(x, rate, fade))


def _step_db(x: NDArray[np.float32], rate: int) -> float:
    reach = max(2, min(round(STEP_MS * rate / 1000), len(x) // 2))
    over = np.concatenate([x[-reach - 1 :], x[: reach + 1]]).astype(np.float64)
    step = float(np.abs(np.diff(over, 2)).max(initial=LEAST_STEP))
    body = np.abs(np.diff(x, 2))
    usual = max(float(np.percentile(body, STEP_PERCENTILE)), LEAST_STEP)
    return float(20 * np.log10(step / usual))


def _level_db(x: NDArray[np.float32], rate: int, fade: int) -> float:
    if fade:
        start, window = fade // 4, max(1, fade // 2)
    else:
        reach = max(1, min(round(CUT_MS * rate / 1000), len(x) // 4))
        start, window = len(x) - reach, 2 * reach
    hop = max(1, window // 4)
    square = np.square(x, dtype=np.float64)
    over = float(np.take(square, np.arange(start, start + window), mode="wrap").mean())
    first, last = (fade, len(x)) if fade else (window // 2, len(x) - window // 2)
    body = square[first:last]
    count = (len(body) - window) // hop + 1
    if count < 1 or not body.any():
        return 0.0
    hops = np.add.reduceat(body, np.arange(0, len(body), hop))
    total = np.concatenate([[0.0], np.cumsum(hops)])
    levels = (total[4:] - total[:-4])[:count] / (4 * hop) if hop * 4 <= window else total[1:] / hop
    low, high = float(levels.min()), float(levels.max())
    least = 1e-10 * max(over, high, 1e-20)
    nearest = min(max(over, low), high)
    return 0.0 if nearest == over else float(10 * np.log10(max(over, least) / max(nearest, least)))


def _flux_z(x: NDArray[np.float32], rate: int, fade: int) -> float:
    size = 1 << max(3, round(np.log2(FLUX_MS * rate / 1000)))
    hop = size // 2
    if len(x) < fade + 4 * size:
        return 0.0
    # From one window before the wrap, so that frames lie over it, then to the end.
    padded = np.concatenate([x[-size - hop :], x])
    changes = _flux(padded, size, hop)
    starts = (
        np.arange(len(changes)) * hop - size - hop
    )  # of the earlier frame; the later one ends size + hop on
    over = starts < fade
    return _deviations(changes[over], changes[~over])


def _flux(x: NDArray[np.float32], size: int, hop: int) -> Signal:
    """Return how much the spectrum changes from each frame to the next, as a part of the spectrum."""
    count = (len(x) - size) // hop + 1
    frames = np.lib.stride_tricks.sliding_window_view(x, size)[::hop]
    window = np.hanning(size).astype(np.float32)
    least = np.float32(np.sqrt(LEAST_STEP * size / 4))
    changes = []
    before = None
    at_once = max(1, BLOCK_FRAMES // size)
    for first in range(0, count, at_once):
        spectra = np.sqrt(np.abs(np.fft.rfft(frames[first : first + at_once] * window)))
        spectra = np.maximum(spectra.astype(np.float32), least)
        if before is not None:
            spectra = np.concatenate([before, spectra])
        before = spectra[-1:]
        change = np.abs(spectra[1:] - spectra[:-1]).sum(axis=1, dtype=np.float64)
        whole = 0.5 * (spectra[1:] + spectra[:-1]).sum(axis=1, dtype=np.float64)
        changes.append(change / whole)
    flux: Signal = np.concatenate(changes)
    return flux


def _deviations(over: Signal, body: Signal) -> float:
    if not over.size or body.size < 4:
        return 0.0
    median = float(np.median(body))
    spread = 1.4826 * float(np.median(np.abs(body - median)))
    high = (float(np.percentile(body, HIGH_PERCENTILE)) - median) / HIGH_DEVIATIONS
    return float((over.max() - median) / max(spread, high, LEAST_CHANGE))
