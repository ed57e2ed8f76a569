"""A contact sheet: the waveform and spectrogram of each clip, in a grid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sfxgen.audio.clip import Clip
from sfxgen.audio.levels import sample_peak
from sfxgen.errors import SfxgenError
from sfxgen.report.pictures import FLOOR_DB, envelope, spectrogram_db

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WAVE_COLUMNS = 400


def draw_sheet(clips: Sequence[tuple[str, Clip]], path: Path, *, columns: int = 4) -> None:
    """Draw titled clips to a PNG: above each spectrogram (0 to 12 kHz) its waveform, each to its own peak.

    Raises SfxgenError where matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SfxgenError("drawing needs matplotlib", hint="pip install 'sfxgen[plots]'") from error
    columns = min(columns, len(clips))
    rows = -(-len(clips) // columns)
    figure = Figure(figsize=(3.2 * columns, 2.1 * rows), dpi=80, layout="constrained")
    outer = figure.add_gridspec(rows, columns)
    for index, (title, clip) in enumerate(clips):
        inner = outer[index // columns, index % columns].subgridspec(2, 1, height_ratios=(1, 2), hspace=0)
        _draw_waveform(figure.add_subplot(inner[0]), title, clip)
        _draw_spectrogram(figure.add_subplot(inner[1]), clip)
    figure.savefig(path, metadata={"Software": None})


def _draw_waveform(axes: Axes, title: str, clip: Clip) -> None:
    # The extremes of each column of pixels: what a plot of all samples would show, at a fraction of the cost.
    low, high, seconds = envelope(clip, WAVE_COLUMNS)
    peak = max(sample_peak(clip.samples), 1e-9)
    axes.fill_between(seconds, low / peak, high / peak, step="post", linewidth=0, color="#2f6f9f")
    axes.set(xlim=(0, clip.duration_s), ylim=(-1, 1), xticks=[], yticks=[])
    axes.set_title(f"{title}   {clip.duration_s:.2f} s", fontsize=8, loc="left", pad=2)


def _draw_spectrogram(axes: Axes, clip: Clip) -> None:
    levels, _ = spectrogram_db(clip)
    top_hz = min(12_000, clip.sample_rate / 2)
    axes.imshow(
        levels,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=FLOOR_DB,
        vmax=0,
        extent=(0, clip.duration_s, 0, clip.sample_rate / 2000),
    )
    axes.set(ylim=(0, top_hz / 1000), yticks=[0, 4, 8])
    axes.tick_params(labelsize=6, length=2, pad=1)
