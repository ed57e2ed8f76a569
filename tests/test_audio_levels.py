import math

import numpy as np
import pytest

from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.levels import amplitude_to_db, apply_gain, remove_dc, sample_peak


def test_remove_dc_centres_each_channel_by_itself() -> None:
    ac = np.sin(np.arange(4800) * 2 * np.pi / 48)[:, np.newaxis].astype(np.float32)
    clip = Clip(0.1 * ac + np.array([[0.02, -0.3]], dtype=np.float32), 48000)
    centred = remove_dc(clip)
    assert np.abs(centred.samples - 0.1 * ac).max() < 1e-6
    assert clip.samples[0, 1] == np.float32(-0.3)


def test_sample_peak_counts_negative_samples_and_all_channels() -> None:
    clip = Clip(np.array([[0.1, -0.5], [0.2, 0.1]], dtype=np.float32), 48000)
    assert amplitude_to_db(sample_peak(clip.samples)) == pytest.approx(20 * math.log10(0.5))


@pytest.mark.parametrize("frames", [0, 1, 100])
def test_silence_has_no_peak_and_no_dc(frames: int) -> None:
    clip = mono(np.zeros(frames), 48000)
    assert amplitude_to_db(sample_peak(clip.samples)) is None
    assert remove_dc(clip).frames == frames


def test_gain_is_in_decibels() -> None:
    louder = apply_gain(mono(np.array([0.25]), 48000), 20 * math.log10(2))
    assert louder.samples[0, 0] == pytest.approx(0.5)
