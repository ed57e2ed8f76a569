from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sfxgen.audio.clip import Clip, mono
from sfxgen.report.pictures import FLOOR_DB, envelope, spectrogram_db
from sfxgen.report.sheet import draw_sheet

pytest.importorskip("matplotlib", reason="needs sfxgen[plots]")


def test_a_sheet_is_a_png_that_holds_every_clip(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    clips = [(f"sound/{n}", mono(0.1 * rng.standard_normal(n * 4000 + 1), 16_000)) for n in range(5)]
    draw_sheet(clips, tmp_path / "sheet.png", columns=2)
    import matplotlib.image

    picture = matplotlib.image.imread(tmp_path / "sheet.png")
    assert picture.shape[:2] == (3 * 168, 2 * 256)


@pytest.mark.parametrize("hz", [500, 3000, 7000])
def test_a_tone_stands_at_its_frequency(hz: int) -> None:
    rate = 16_000
    levels, _ = spectrogram_db(mono(np.sin(2 * np.pi * hz * np.arange(rate) / rate), rate))
    peak_bin = int(levels.mean(axis=1).argmax())
    assert peak_bin * rate / (2 * (levels.shape[0] - 1)) == pytest.approx(
        hz, abs=rate / (2 * levels.shape[0])
    )
    assert levels.max() == pytest.approx(0, abs=0.01)
    assert levels.min() >= FLOOR_DB - 0.1


@pytest.mark.parametrize("frames", [0, 1, 30, 300])
def test_a_clip_shorter_than_a_window_has_a_spectrogram_too(frames: int) -> None:
    levels, _ = spectrogram_db(mono(np.ones(frames), 48_000))
    assert levels.shape[1] >= 1
    assert np.isfinite(levels).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_in_opposite_phase_is_seen(tmp_path: Path, sign: int) -> None:
    """Two channels that cancel each other look like two that agree."""
    wave = np.sin(2 * np.pi * 3000 * np.arange(16_000) / 16_000)
    clip = Clip(np.stack([wave, sign * wave], axis=1).astype(np.float32), 16_000)
    levels, _ = spectrogram_db(clip)
    alone, _ = spectrogram_db(mono(wave, 16_000))
    assert np.array_equal(levels, alone)
    low, high, _ = envelope(clip)
    assert (low.min(), high.max()) == (-1, 1)
    draw_sheet([("a", clip)], tmp_path / "a.png")
    import matplotlib.image

    picture = matplotlib.image.imread(tmp_path / "a.png")[:, :, :3]
    dark = (picture.sum(axis=2) < 0.2).mean()
    bright = (picture[:, :, 0] > 0.9) & (picture[:, :, 2] < 0.8)
    assert 0.1 < dark < 0.9
    assert bright.any(axis=0).mean() > 0.5  # the tone's line goes from left to right


def test_a_spectrogram_s_levels_are_of_the_channels_mean_power() -> None:
    rate, seconds = 16_000, np.arange(16_000) / 16_000
    left, right = np.sin(2 * np.pi * 2000 * seconds), 0.5 * np.sin(2 * np.pi * 5000 * seconds)
    levels, _ = spectrogram_db(Clip(np.stack([left, right], axis=1).astype(np.float32), rate))
    at = [round(hz * 2 * (levels.shape[0] - 1) / rate) for hz in (2000, 5000)]
    assert levels[at].mean(axis=1) == pytest.approx([0, -6.02], abs=0.1)
