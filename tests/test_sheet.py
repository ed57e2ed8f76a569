from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sfxgen.audio.clip import mono
from sfxgen.report.sheet import FLOOR_DB, draw_sheet, spectrogram_db

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
    levels = spectrogram_db(mono(np.sin(2 * np.pi * hz * np.arange(rate) / rate), rate))
    peak_bin = int(levels.mean(axis=1).argmax())
    assert peak_bin * rate / (2 * (levels.shape[0] - 1)) == pytest.approx(
        hz, abs=rate / (2 * levels.shape[0])
    )
    assert levels.max() == pytest.approx(0, abs=0.01)
    assert levels.min() >= FLOOR_DB - 0.1


@pytest.mark.parametrize("frames", [0, 1, 30, 300])
def test_a_clip_shorter_than_a_window_has_a_spectrogram_too(frames: int) -> None:
    levels = spectrogram_db(mono(np.ones(frames), 48_000))
    assert levels.shape[1] >= 1
    assert np.isfinite(levels).all()
