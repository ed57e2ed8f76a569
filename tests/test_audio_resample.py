from typing import Literal

import numpy as np
import pytest

from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.resample import resample, to_channels
from sfxgen.errors import AudioError


def tone(frequency: float, sample_rate: int, duration_s: float = 0.5) -> Clip:
    t = np.arange(round(duration_s * sample_rate)) / sample_rate
    return mono(0.5 * np.sin(2 * np.pi * frequency * t), sample_rate)


def test_same_rate_returns_the_same_clip() -> None:
    clip = tone(440, 44100)
    assert resample(clip, 44100) is clip


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
@pytest.mark.parametrize("target", [44100, 48000])
def test_a_tone_resampled_is_the_tone_sampled_at_the_new_rate(rate: int, target: int) -> None:
    resampled = resample(tone(3000, rate), target)
    wanted = tone(3000, target)
    assert abs(resampled.frames - wanted.frames) <= 1
    inner = slice(target // 20, -target // 20)
    frames = min(resampled.frames, wanted.frames)
    error = (resampled.samples[:frames] - wanted.samples[:frames])[inner]
    assert np.sqrt(np.mean(np.square(error))) < 1e-5


@pytest.mark.parametrize("frames", [0, 1, 2, 7])
def test_the_shortest_clips_survive(frames: int) -> None:
    resampled = resample(Clip(np.full((frames, 2), 0.1, dtype=np.float32), 16000), 48000)
    assert resampled.sample_rate == 48000
    assert resampled.channels == 2
    assert np.isfinite(resampled.samples).all()


def test_a_rate_of_zero_is_an_error() -> None:
    with pytest.raises(AudioError, match="positive"):
        resample(tone(440, 44100), 0)


def test_mono_fold_averages_and_stereo_copies() -> None:
    stereo = Clip(np.array([[0.5, 0.1], [-0.2, 0.2]], dtype=np.float32), 48000)
    folded = to_channels(stereo, 1)
    assert folded.samples[:, 0].tolist() == pytest.approx([0.3, 0.0])
    spread = to_channels(folded, 2)
    assert np.array_equal(spread.samples[:, 0], spread.samples[:, 1])
    assert np.array_equal(spread.samples[:, :1], folded.samples)


@pytest.mark.parametrize("channels", [None, 2])
def test_channels_that_are_right_are_left_alone(channels: Literal[2] | None) -> None:
    stereo = Clip(np.zeros((10, 2), dtype=np.float32), 48000)
    assert to_channels(stereo, channels) is stereo


def test_surround_folds_to_mono_but_not_to_stereo() -> None:
    surround = Clip(np.ones((10, 6), dtype=np.float32), 48000)
    assert to_channels(surround, 1).samples.tolist() == [[1.0]] * 10
    with pytest.raises(AudioError, match="6 channels"):
        to_channels(surround, 2)
