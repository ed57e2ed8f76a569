"""A picture of one measured clip: waveform and spectrogram, where it begins and ends, its loop and its true peak."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip
from sfxgen.audio.levels import db_to_amplitude, sample_peak
from sfxgen.audio.loudness import TRUE_PEAK_OVERSAMPLING, oversampled
from sfxgen.errors import SfxgenError
from sfxgen.report.measure import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 1200
"""How finely both pictures are drawn, however long the clip."""
WINDOW_S = 0.02
MIN_COLUMNS = 24
"""A click is shorter than a window: its windows are cut so that it still has so many columns."""
FLOOR_DB = -90.0
HIGHEST_HZ = 20_000

EDGE, LOOP, PEAK, WAVE = "#2c8c4a", "#c77d0a", "#c0392b", "#2f6f9f"


def draw(clip: Clip, record: Record, path: Path) -> None:
    """Draw a measured clip to a PNG. The same clip gives the same bytes. Raises SfxgenError without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SfxgenError("drawing needs matplotlib", hint="pip install 'sfxgen[plots]'") from error
    figure = Figure(figsize=(11, 5.5), dpi=100, layout="constrained")
    wave, spectrum = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.3))
    _draw_wave(wave, clip, record)
    _draw_spectrum(spectrum, clip)
    for axes in (wave, spectrum):
        for seconds in (record.onset_s, record.end_s):
            if seconds is not None:
                axes.axvline(seconds, color=EDGE, linewidth=1)
        if record.loop is not None:
            for frame in (record.loop.start, record.loop.end + 1):
                axes.axvline(frame / clip.sample_rate, color=LOOP, linewidth=1.2, linestyle="--")
    figure.savefig(path, format="png", metadata={"Software": None})


def columns(
    clip: Clip, count: int = COLUMNS
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float64]]:
    """Return the lowest and the highest sample of each column of a waveform, all channels together, and its second."""
    starts = np.unique(np.linspace(0, clip.frames, min(count, clip.frames), endpoint=False).astype(np.intp))
    low = np.minimum.reduceat(clip.samples, starts).min(axis=1)
    high = np.maximum.reduceat(clip.samples, starts).max(axis=1)
    return low, high, starts / clip.sample_rate


def true_peak_s(clip: Clip) -> float:
    """Return the second of the true peak, the first of several; 0 for silence."""
    highest = sample_peak(clip.samples)
    where = float(np.abs(clip.samples).max(axis=1).argmax()) if clip.samples.size else 0.0
    for start, made in oversampled(clip.samples, highest):
        level = sample_peak(made)
        if level > highest:
            highest = level
            where = start + float(np.abs(made).max(axis=1).argmax()) / TRUE_PEAK_OVERSAMPLING
    return where / clip.sample_rate


def spectrogram_db(clip: Clip, count: int = COLUMNS) -> tuple[NDArray[np.float32], tuple[float, float]]:
    """Return levels in dB under the loudest, of shape (frequencies, times), and the middle of the first and last, in s.

    Hann windows of at most 20 ms that overlap by half, or at most `count` of them, evenly spread over a long clip.
    """
    window = max(64, min(round(WINDOW_S * clip.sample_rate), 2 * clip.frames // MIN_COLUMNS))
    mono = clip.samples.mean(axis=1)
    mono = np.pad(mono, (0, max(0, window - len(mono))))
    windows = np.lib.stride_tricks.sliding_window_view(mono, window)
    starts = np.linspace(0, len(windows) - 1, min(count, 1 + 2 * (len(windows) - 1) // window)).astype(
        np.intp
    )
    power = np.square(np.abs(np.fft.rfft(windows[starts] * np.hanning(window).astype(np.float32))))
    levels = 10 * np.log10(power / max(float(power.max()), 1e-20) + 10 ** (FLOOR_DB / 10))
    first, last = ((start + window / 2) / clip.sample_rate for start in (starts[0], starts[-1]))
    return levels.T.astype(np.float32), (float(first), float(last))


def _draw_wave(axes: Axes, clip: Clip, record: Record) -> None:
    low, high, seconds = columns(clip)
    axes.fill_between(seconds, low, high, step="post", linewidth=0.4, color=WAVE)
    if record.true_peak_dbtp is not None:
        level = db_to_amplitude(record.true_peak_dbtp)
        for side in (level, -level):
            axes.axhline(side, color=PEAK, linewidth=0.8, linestyle=":")
        axes.plot([true_peak_s(clip)], [level], marker="v", markersize=6, color=PEAK, clip_on=False)
    highest = 1.08 * max(1.0, db_to_amplitude(record.true_peak_dbtp or 0.0))
    axes.set(xlim=(0, clip.duration_s), ylim=(-highest, highest), yticks=[-1, 0, 1])
    axes.set_title("   ".join(_words(record)), fontsize=9, loc="left", parse_math=False)
    axes.tick_params(labelsize=7)


def _words(record: Record) -> list[str]:
    words = [Path(record.path).name, f"{record.duration_s:.3f} s"]
    if record.leveled_lufs is not None:
        words.append(f"{record.leveled_lufs:.1f} LUFS ({record.loudness_measure})")
    if record.true_peak_dbtp is not None:
        words.append(f"{record.true_peak_dbtp:.1f} dBTP")
    return words


def _draw_spectrum(axes: Axes, clip: Clip) -> None:
    levels, (first_s, last_s) = spectrogram_db(clip)
    half_s = (last_s - first_s) / max(1, levels.shape[1] - 1) / 2 or clip.duration_s / 2
    nyquist_khz = clip.sample_rate / 2000
    axes.imshow(
        levels,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=FLOOR_DB,
        vmax=0,
        extent=(first_s - half_s, last_s + half_s, 0, nyquist_khz),
    )
    highest_khz = min(HIGHEST_HZ / 1000, nyquist_khz)
    axes.set(xlim=(0, clip.duration_s), ylim=(0, highest_khz), xlabel="s", ylabel="kHz", facecolor="black")
    axes.tick_params(labelsize=7)
