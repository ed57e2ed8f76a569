"""A picture of one measured clip: waveform and spectrogram, where it begins and ends, its loop and its true peak."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sfxgen.audio.clip import Clip
from sfxgen.audio.levels import db_to_amplitude, sample_peak
from sfxgen.audio.truepeak import frame_peaks
from sfxgen.errors import SfxgenError
from sfxgen.report.measure import Record
from sfxgen.report.pictures import FLOOR_DB, envelope, spectrogram_db

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HIGHEST_HZ = 20_000
FRAMES_AT_ONCE = 1 << 18

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


def true_peak_s(clip: Clip) -> float:
    """Return the second of the true peak, to a frame, the first of several; 0 for silence."""
    highest = sample_peak(clip.samples)
    where = 0.0
    for start in range(0, clip.frames, FRAMES_AT_ONCE):  # a long clip is not held twice
        loudest = np.abs(clip.samples[start : start + FRAMES_AT_ONCE]).max(axis=1, initial=0.0)
        if loudest.max() == highest:
            where = start + float(loudest.argmax())
            break
    for first, made in frame_peaks(clip.samples, highest):
        level = sample_peak(made)
        if level > highest:
            highest, where = level, first + float(made.argmax())
    return where / clip.sample_rate


def _draw_wave(axes: Axes, clip: Clip, record: Record) -> None:
    low, high, seconds = envelope(clip)
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
