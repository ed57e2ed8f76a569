"""Loudness by ITU-R BS.1770-5, loudness range by EBU Tech 3342, and true peak.

Channels count as libebur128 has them by default, which is the order of WAV files: one is left; two are left and right;
three L R C; four L R Ls Rs; five L R C Ls Rs; six L R C LFE Ls Rs, and what follows a sixth counts for nothing. The
surrounds weigh 1.41 and the LFE nothing. So mono is measured as one channel.

Every measure is taken from the K-weighted energy of cells of at most 1 ms and 32 frames (`metered`). A gain only
scales them, so one pass tells the loudness at any gain.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import pi, tan
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip, Samples
from sfxgen.audio.levels import amplitude_to_db, sample_peak
from sfxgen.audio.recursion import Section, cascade
from sfxgen.audio.truepeak import frame_peaks, highest
from sfxgen.errors import AudioError

Measure = Literal["integrated", "momentary_max", "active"]
Series = NDArray[np.float64]

ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
RANGE_GATE_LU = -20.0
RANGE_PERCENTILES = (0.10, 0.95)
SHORT_TERM_S = 3.0
ACTIVE_BELOW_LOUDEST_DB = 30.0
"""What is so far below the loudest millisecond counts as half sounding."""
ACTIVE_WINDOW_S = 0.001
MOMENTARY_HOPS = 4
SHORT_TERM_HOPS = 30
HOP_S = 0.1
LOWEST_SAMPLE_RATE = 8000

SURROUND_WEIGHT = 1.41
CHANNEL_WEIGHTS = {
    1: (1.0,),
    2: (1.0, 1.0),
    3: (1.0, 1.0, 1.0),
    4: (1.0, 1.0, SURROUND_WEIGHT, SURROUND_WEIGHT),
    5: (1.0, 1.0, 1.0, SURROUND_WEIGHT, SURROUND_WEIGHT),
    6: (1.0, 1.0, 1.0, 0.0, SURROUND_WEIGHT, SURROUND_WEIGHT),
}

LONGEST_CELL = 32
CELLS_PER_S = 1000
LARGEST_SAMPLE = 1e36
"""What interpolates between larger ones may not be a number any more."""
FRAMES_AT_ONCE = 1 << 18
"""About how many frames of a long clip are worked on at a time, so that memory stays a part of the clip's own."""
SETTLING_S = 0.25
"""After it nothing is left of what the 38 Hz high-pass heard before (less than 1e-24 of it)."""


def measure_for(clip: Clip, *, loop: bool = False) -> Measure:
    """Return which measure says how loud a clip is, by its length.

    Below 400 ms "active"; up to 3 s (EBU's short-term window) "momentary_max": how loud a one-shot is at its
    loudest, however long its tail; from there on, and for every loop, "integrated".
    """
    if _is_below_400_ms(clip):
        return "active"
    return "integrated" if loop or clip.duration_s >= SHORT_TERM_S else "momentary_max"


def measure_loudness(clip: Clip, measure: Measure | None = None) -> tuple[float | None, Measure]:
    """Return the loudness in LUFS (None for silence) and the measure: `measure_for(clip)` unless given."""
    measure = measure or measure_for(clip)
    return (active_loudness(clip) if measure == "active" else metered(clip).loudness(measure)), measure


def integrated_loudness(clip: Clip) -> float | None:
    """Return the gated loudness in LUFS of BS.1770; None below 400 ms or where all blocks are gated."""
    return None if _is_below_400_ms(clip) else metered(clip).integrated()


def momentary_max(clip: Clip) -> float | None:
    """Return the loudest 400 ms in LUFS; None below 400 ms or below -70 LUFS."""
    return None if _is_below_400_ms(clip) else metered(clip).momentary_max()


def short_term_max(clip: Clip) -> float | None:
    """Return the loudest 3 s in LUFS; None below 3 s or below -70 LUFS."""
    return None if clip.duration_s < SHORT_TERM_S else metered(clip).short_term_max()


def loudness_range(clip: Clip) -> float | None:
    """Return the loudness range in LU of EBU Tech 3342; None below 3 s or where all blocks are gated."""
    return None if clip.duration_s < SHORT_TERM_S else metered(clip).loudness_range()


def momentary(clip: Clip, hop_s: float = HOP_S) -> Series:
    """Return the loudness in LUFS of 400 ms every `hop_s`, -inf for digital silence; empty below 400 ms."""
    return metered(clip).series(MOMENTARY_HOPS, hop_s)


def short_term(clip: Clip, hop_s: float = HOP_S) -> Series:
    """Return the loudness in LUFS of 3 s every `hop_s`, -inf for digital silence; empty below 3 s."""
    return metered(clip).series(SHORT_TERM_HOPS, hop_s)


def active_loudness(clip: Clip) -> float | None:
    """Return the ungated K-weighted mean in LUFS over what sounds; None below -70 LUFS. See `Meter.active`."""
    return metered(clip, cell=1).active()


@dataclass(frozen=True, slots=True, eq=False)
class Meter:
    """What one K-weighting pass over a clip found: all its measures, with any gain in dB put on it.

    `energies`: the K-weighted squares of all channels summed over each cell of `cell` frames, the last one over what
    is left. A gain moves every level by as much; what the -70 LUFS gate takes for silence depends on it.
    """

    clip: Clip
    energies: Series
    cell: int

    def loudness(self, measure: Measure, gain_db: float = 0.0) -> float | None:
        """Return the loudness in LUFS by a measure; None for silence or where the clip is too short for it."""
        if measure == "active":
            return self.active(gain_db)
        return self.integrated(gain_db) if measure == "integrated" else self.momentary_max(gain_db)

    def integrated(self, gain_db: float = 0.0) -> float | None:
        """Return the gated loudness in LUFS; None where all blocks are gated.

        Blocks of 400 ms that overlap by 75 %; gates at -70 LUFS and at 10 LU below the mean of what passed that.
        """
        blocks = self._blocks(MOMENTARY_HOPS)
        loud = blocks[blocks > _lufs_to_power(ABSOLUTE_GATE_LUFS - gain_db)]
        if loud.size == 0:
            return None
        gated = loud[loud > loud.mean() * 10 ** (RELATIVE_GATE_LU / 10)]
        return _power_to_lufs(float(gated.mean())) + gain_db

    def momentary_max(self, gain_db: float = 0.0) -> float | None:
        """Return the loudest 400 ms in LUFS, wherever they begin (to a cell); None below -70 LUFS."""
        return self._loudest(MOMENTARY_HOPS, gain_db)

    def short_term_max(self, gain_db: float = 0.0) -> float | None:
        """Return the loudest 3 s in LUFS, wherever they begin (to a cell); None below -70 LUFS."""
        return self._loudest(SHORT_TERM_HOPS, gain_db)

    def loudness_range(self, gain_db: float = 0.0, hop_s: float = HOP_S) -> float | None:
        """Return the loudness range in LU; None below 3 s or where all is gated.

        EBU Tech 3342: short-term loudness each 100 ms, gates at -70 LUFS and at 20 LU below the mean of what passed
        that, and from there the 10th to the 95th percentile, each the nearest rank.
        """
        windows = self._windows(SHORT_TERM_HOPS, hop_s)
        loud = windows[windows > _lufs_to_power(ABSOLUTE_GATE_LUFS - gain_db)]
        if loud.size == 0:
            return None
        gated = np.sort(loud[loud > loud.mean() * 10 ** (RANGE_GATE_LU / 10)])
        low, high = (gated[int((gated.size - 1) * share + 0.5)] for share in RANGE_PERCENTILES)
        return _power_to_lufs(float(high)) - _power_to_lufs(float(low))

    def active(self, gain_db: float = 0.0) -> float | None:
        """Return all energy over the time that the clip sounds, in LUFS; None below -70 LUFS.

        For clips too short to gate. A moment counts for as much as the millisecond around it is loud, beside the loudest
        one: whole near that, half at 30 dB below, not at all in silence, which so may be around the sound or in it.
        There is no threshold that a noise bed could lie at and tip: a bit more or less of it changes little.
        """
        if self.cell > 1:  # it begins and ends inside of cells
            return metered(self.clip, cell=1).active(gain_db)
        window = max(1, round(ACTIVE_WINDOW_S * self.clip.sample_rate))
        total = np.zeros(self.energies.size + 2 * window)
        np.cumsum(self.energies, out=total[window:-window])
        total[-window:] = total[-window - 1]
        power = np.maximum(0.0, total[window:] - total[:-window])
        half = power.max(initial=0.0) * 10 ** (-ACTIVE_BELOW_LOUDEST_DB / 10)
        if half == 0:
            return None
        return _lufs_above(float(total[-1] / (power / (power + half)).sum()), ABSOLUTE_GATE_LUFS, gain_db)

    def series(self, hops: int, hop_s: float = HOP_S) -> Series:
        """Return the loudness in LUFS of windows of some 100 ms hops, every `hop_s`; -inf for digital silence."""
        windows = self._windows(hops, hop_s)
        levels = np.full(windows.size, -np.inf)
        np.log10(windows, out=levels, where=windows > 0)
        return 10 * levels - 0.691

    def _cells_per_hop(self) -> int:
        return _hop_frames(self.clip.sample_rate) // self.cell

    def _blocks(self, hops: int) -> Series:
        """Return the mean power of windows of so many 100 ms, every 100 ms."""
        per_hop = self._cells_per_hop()
        count = self.clip.frames // (per_hop * self.cell)
        if count < hops:
            return np.zeros(0)
        each = self.energies[: count * per_hop].reshape(count, per_hop).sum(axis=1)
        windows = np.lib.stride_tricks.sliding_window_view(each, hops)
        means: Series = windows.sum(axis=1) / (hops * per_hop * self.cell)
        return means

    def _windows(self, hops: int, hop_s: float) -> Series:
        """Return the mean power of windows of so many 100 ms, every `hop_s` (to a cell)."""
        if hop_s == HOP_S:
            return self._blocks(hops)
        if not hop_s > 0:
            raise AudioError(f"a hop is longer than 0 s, not {hop_s}")
        per_hop, whole = self._cells_per_hop(), self.clip.frames // self.cell
        length = hops * per_hop
        places = np.arange(
            0, max(0, whole - length) + 1e-6, max(1.0, hop_s * self.clip.sample_rate / self.cell)
        )
        if whole < length:
            return np.zeros(0)
        # A rest of one hop, whole hops, and the start of another: so that loud sound leaves no rounding in silence.
        first, within = np.divmod(np.rint(places).astype(np.intp), per_hop)
        count = whole // per_hop + 1
        by_hop = np.zeros((count, per_hop))
        by_hop.reshape(-1)[:whole] = self.energies[:whole]
        each, before = by_hop.sum(axis=1), np.zeros((count + 1, per_hop + 1))
        np.cumsum(by_hop, axis=1, out=before[:-1, 1:])
        between = np.lib.stride_tricks.sliding_window_view(each, hops - 1).sum(axis=1)
        energies = (
            before[first, -1] - before[first, within] + between[first + 1] + before[first + hops, within]
        )
        means: Series = np.maximum(0.0, energies) / (length * self.cell)
        return means

    def _loudest(self, hops: int, gain_db: float) -> float | None:
        length, total = hops * self._cells_per_hop(), self._running_total()
        if total.size <= length:
            return None
        most = float((total[length:] - total[:-length]).max())
        return _lufs_above(most / (length * self.cell), ABSOLUTE_GATE_LUFS, gain_db)

    def _running_total(self) -> Series:
        """Return the energy before each whole cell and after the last one."""
        whole = self.clip.frames // self.cell
        total = np.zeros(whole + 1)
        np.cumsum(self.energies[:whole], out=total[1:])
        return total


def metered(clip: Clip, cell: int | None = None) -> Meter:
    """K-weight a clip once, for all its measures.

    A clip below 400 ms is kept frame by frame. Raises AudioError for rates below 8 kHz and for samples that are not
    numbers.
    """
    if cell is None:
        cell = 1 if _is_below_400_ms(clip) else _cell_frames(clip.sample_rate)
    return Meter(clip, _cell_energies(clip, cell), cell)


def true_peak_dbtp(clip: Clip) -> float | None:
    """Return the largest magnitude of the continuous signal in dBTP; None for digital silence.

    Of what BS.1770 asks for, to within 0.1 dB of ideal interpolation, where its annex's filter loses more; see
    `sfxgen.audio.truepeak`. Never below the sample peak. Raises AudioError for samples that are not numbers.
    """
    peak = finite_peak(clip)
    if peak == 0:
        return None
    return amplitude_to_db(highest(clip.samples, peak))


def finite_peak(clip: Clip) -> float:
    """Return a clip's sample peak; raise AudioError where it holds samples that are not numbers."""
    return _finite(sample_peak(clip.samples))


def cell_peaks(samples: Samples, starts: NDArray[np.intp], floor: float) -> Samples:
    """Return the largest magnitude of all channels in each cell of frames, whose first frames `starts` holds.

    Cells end where the next begins. True peaks where they exceed `floor`; elsewhere it is no less than the samples' own
    peak, and no more than `floor` either.
    """
    peaks = np.maximum.reduceat(_largest(np.abs(samples)), starts)
    for first, made in frame_peaks(samples, floor):
        cells = slice(
            int(np.searchsorted(starts, first, side="right")) - 1,
            int(np.searchsorted(starts, first + len(made))),
        )
        between = np.maximum.reduceat(made, np.maximum(starts[cells], first) - first)
        np.maximum(peaks[cells], between, out=peaks[cells])
    return peaks


def _largest(magnitudes: Samples) -> Samples:
    """Return the largest of each frame's channels."""
    largest = magnitudes[:, 0]
    for channel in range(1, magnitudes.shape[1]):
        largest = np.maximum(largest, magnitudes[:, channel])
    return largest


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


def _is_below_400_ms(clip: Clip) -> bool:
    return clip.frames < MOMENTARY_HOPS * _hop_frames(clip.sample_rate)


def _hop_frames(sample_rate: int) -> int:
    """Return how many frames 100 ms are, rounded as libebur128 rounds them (only odd rates need it)."""
    return (sample_rate + 5) // 10


def _cell_frames(sample_rate: int) -> int:
    """Return the longest cell that 100 ms are a whole number of, of at most 1 ms and 32 frames."""
    hop = _hop_frames(sample_rate)
    longest = min(LONGEST_CELL, max(1, sample_rate // CELLS_PER_S))
    return next(frames for frames in range(longest, 0, -1) if hop % frames == 0)


def _channel_weights(channels: int) -> tuple[float, ...]:
    return CHANNEL_WEIGHTS[min(channels, max(CHANNEL_WEIGHTS))]


def _cell_energies(clip: Clip, cell: int) -> Series:
    """Return the K-weighted energy of each cell, the channels added by their weights, the last over what is left.

    A long clip goes through in pieces, each filtered from so far before its start that the filter has settled.
    """
    if clip.sample_rate < LOWEST_SAMPLE_RATE:
        raise AudioError(f"loudness needs at least {LOWEST_SAMPLE_RATE} Hz, not {clip.sample_rate} Hz")
    finite_peak(clip)
    sections = _k_weighting(clip.sample_rate)
    # Both in whole blocks of the recursion, so that a piece is computed as it would be within the whole.
    piece = max(1, FRAMES_AT_ONCE // (cell * LONGEST_CELL)) * cell * LONGEST_CELL
    settling = -(-round(SETTLING_S * clip.sample_rate) // LONGEST_CELL) * LONGEST_CELL
    energies = np.zeros(-(-clip.frames // cell))
    for start in range(0, clip.frames, piece):
        lead = min(start, settling)
        for channel, weight in enumerate(_channel_weights(clip.channels) if clip.channels else ()):
            if weight == 0:
                continue
            heard = clip.samples[start - lead : start + piece, channel].astype(np.float64)
            weighted = cascade(heard, sections)[lead:]
            whole = weighted.size // cell
            cells = weighted[: whole * cell].reshape(whole, cell)
            first = start // cell
            energies[first : first + whole] += weight * np.einsum("kc,kc->k", cells, cells)
            rest = weighted[whole * cell :]
            if rest.size:
                energies[first + whole] += weight * np.einsum("c,c->", rest, rest)
    return energies


def _finite(peak: float) -> float:
    """Return a peak that is a number."""
    if not peak <= LARGEST_SAMPLE:
        raise AudioError(
            "the clip holds samples that are not numbers (NaN or infinite), or far beyond full scale",
            hint="render it again, or mend it before it is measured",
        )
    return peak


def _power_to_lufs(power: float) -> float:
    return float(-0.691 + 10 * np.log10(max(power, 1e-30)))


def _lufs_to_power(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def _lufs_above(power: float, gate_lufs: float, gain_db: float = 0.0) -> float | None:
    lufs = _power_to_lufs(power) + gain_db
    return lufs if lufs > gate_lufs else None
