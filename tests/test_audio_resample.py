import math
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

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


def power_db(samples: NDArray[np.floating]) -> float:
    return float(10 * np.log10(np.mean(np.square(samples.astype(np.float64))) + 1e-30))


def noise(channels: int, seed: int = 0) -> NDArray[np.float64]:
    return 0.1 * np.random.default_rng(seed).standard_normal((24_000, channels))


def average(clip: Clip) -> NDArray[np.float32]:
    mean: NDArray[np.float32] = clip.samples.mean(axis=1, dtype=np.float64, keepdims=True).astype(np.float32)
    return mean


@pytest.mark.parametrize("channels", [2, 3, 6, 12])
@pytest.mark.parametrize("material", ["same", "unrelated", "one side", "silence"])
def test_what_goes_together_folds_to_its_plain_average(channels: int, material: str) -> None:
    one = noise(1)
    samples = {
        "same": np.repeat(one, channels, axis=1),
        "unrelated": noise(channels),
        "one side": one * (np.arange(channels) == 1),
        "silence": np.zeros((1000, channels)),
    }[material]
    clip = Clip(samples.astype(np.float32), 48_000)
    assert np.array_equal(to_channels(clip, 1).samples, average(clip))


@pytest.mark.parametrize("rate", [8000, 48_000])
@pytest.mark.parametrize("other", [-1.0, -0.9, -0.6])
@pytest.mark.parametrize("loop", [False, True])
def test_opposite_channels_do_not_cancel(rate: int, other: float, loop: bool) -> None:
    one = noise(1)
    clip = Clip(np.concatenate([one, other * one], axis=1).astype(np.float32), rate)
    folded = to_channels(clip, 1, loop=loop)
    assert power_db(folded.samples) == pytest.approx(power_db(clip.samples), abs=1)
    assert np.max(np.abs(folded.samples)) <= np.max(np.abs(clip.samples))


@pytest.mark.parametrize("delay", [5, 31, 200])
def test_a_delay_between_channels_costs_no_more_than_unrelated_ones_do(delay: int) -> None:
    one = noise(1)
    clip = Clip(np.concatenate([one, np.roll(one, delay, axis=0)], axis=1).astype(np.float32), 48_000)
    assert -3.5 < power_db(to_channels(clip, 1).samples) - power_db(clip.samples) < 0


@pytest.mark.parametrize("loop", [False, True])
def test_a_bass_that_cancels_is_turned_around_and_the_rest_left(loop: bool) -> None:
    tones = [np.sin(2 * np.pi * f * np.arange(48_000) / 48_000) * 0.2 for f in (60.0, 3000.0)]
    clip = Clip(np.stack([tones[0] + tones[1], tones[1] - tones[0]], axis=1).astype(np.float32), 48_000)
    folded = to_channels(clip, 1, loop=loop).samples[:, 0]
    inner = slice(0, None) if loop else slice(2400, -2400)
    spectrum = np.abs(np.fft.rfft(folded)) / len(folded) * 2
    assert spectrum[60] == pytest.approx(0.2, rel=0.1)
    assert spectrum[3000] == pytest.approx(0.2, rel=0.01)
    assert np.abs(folded[inner]) == pytest.approx(np.abs(tones[0] + tones[1])[inner], abs=0.03) or (
        np.abs(folded[inner]) == pytest.approx(np.abs(tones[1] - tones[0])[inner], abs=0.03)
    )


def octave_parts_db(
    left: NDArray[np.float64], right: NDArray[np.float64], folded: NDArray[np.float32]
) -> NDArray[np.float64]:
    """How far a fold is above the sum of unrelated channels, in sixths of octaves from 100 Hz to 20 kHz."""

    def powers(x: NDArray[np.floating]) -> NDArray[np.float64]:
        cut = np.lib.stride_tricks.sliding_window_view(x.astype(np.float64), 4096)[::2048] * np.hanning(4096)
        each: NDArray[np.float64] = np.square(np.abs(np.fft.rfft(cut))).mean(axis=0)
        return each

    frequency = np.fft.rfftfreq(4096, 1 / 48_000)
    edges = np.searchsorted(frequency, 100 * 2 ** (np.arange(47) / 6))
    ratio = np.add.reduceat(powers(folded), edges) / np.add.reduceat(
        (powers(left) + powers(right)) / 4, edges
    )
    parts: NDArray[np.float64] = 10 * np.log10(ratio[:-1])
    return parts


def coloured(slope: float) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(np.random.default_rng(4).standard_normal(96_000))
    made = np.fft.irfft(spectrum * np.maximum(1, np.arange(48_001)) ** -slope)
    quiet: NDArray[np.float64] = 0.2 * made / np.abs(made).max()
    return quiet


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("loop", [False, True])
def test_one_channel_turned_around_is_that_channel_exactly(slope: float, loop: bool) -> None:
    """However faint its upper bands are: a fold that turned the loud ones only would be hollow between."""
    one = coloured(slope)
    clip = Clip(np.stack([one, -one], axis=1).astype(np.float32), 48_000)
    folded = to_channels(clip, 1, loop=loop).samples
    assert np.array_equal(np.abs(folded[:, 0]), np.abs(clip.samples[:, 0]))
    weaker = Clip(np.stack([one, -0.5 * one], axis=1).astype(np.float32), 48_000)
    halved = to_channels(weaker, 1, loop=loop).samples[:, 0]
    assert np.abs(halved) == pytest.approx(0.75 * np.abs(one), abs=1e-6)


def late(frames: int) -> NDArray[np.complex128]:
    delayed: NDArray[np.complex128] = np.exp(-1j * np.pi * frames * np.arange(48_001) / 48_000)
    return delayed


def turned_in(first_hz: float, last_hz: float) -> NDArray[np.complex128]:
    frequency = np.fft.rfftfreq(96_000, 1 / 48_000)
    return np.where((frequency >= first_hz) & (frequency < last_hz), -1, 1).astype(np.complex128)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(turned_in(0, 500), id="bass turned"),
        pytest.param(turned_in(500, 24_000), id="all but bass turned"),
        pytest.param(turned_in(1000, 2500), id="a band turned"),
        pytest.param(late(1), id="a frame late"),
        pytest.param(-late(1), id="turned, a frame late"),
        pytest.param(-late(5), id="turned, five frames late"),
        pytest.param(
            np.exp(1j * np.pi * np.log2(np.maximum(np.arange(48_001) / 2, 20) / 20) / 5), id="phase rolls on"
        ),
    ],
)
def test_no_band_is_lost_beside_one_that_is_turned(change: NDArray[np.complex128]) -> None:
    left = coloured(0.0)
    right = np.fft.irfft(np.fft.rfft(left) * change)
    pairs = [(left, right), (right, left)]
    if np.isreal(change).all():
        pairs.append((left, 0.7 * right))
    for one, other in pairs:
        clip = Clip(np.stack([one, other], axis=1).astype(np.float32), 48_000)
        assert octave_parts_db(one, other, to_channels(clip, 1).samples[:, 0]).min() > -1.5


def test_the_channels_of_surround_all_sound_in_stereo() -> None:
    """After ITU-R BS.775-3, table 2: centre and surrounds at -3 dB, no LFE. Here divided by the sum, 2.414."""
    whole = 1 + 2 * math.sqrt(0.5)
    side, shared = 1 / whole, math.sqrt(0.5) / whole
    wanted = [[side, 0], [0, side], [shared, shared], [0, 0], [shared, 0], [0, shared]]
    for channel, gains in enumerate(wanted):
        samples = np.zeros((10, 6), np.float32)
        samples[:, channel] = 1.0
        assert to_channels(Clip(samples, 48_000), 2).samples[0].tolist() == pytest.approx(gains, abs=1e-6)


@pytest.mark.parametrize("channels", range(3, 17))
def test_no_surround_exceeds_full_scale_in_stereo_and_none_of_it_is_lost(channels: int) -> None:
    full = to_channels(Clip(np.ones((10, channels), np.float32), 48_000), 2).samples
    assert full == pytest.approx(1.0, abs=1e-6)
    heard = [
        np.any(to_channels(Clip(np.eye(channels, dtype=np.float32)[[channel]], 48_000), 2).samples)
        for channel in range(channels)
    ]
    assert [channel for channel in range(channels) if not heard[channel]] == ([3] if channels >= 6 else [])


@pytest.mark.parametrize("frames", [0, 1, 2])
@pytest.mark.parametrize("channels", [2, 6, 12])
def test_the_shortest_surround_folds(frames: int, channels: int) -> None:
    clip = Clip(np.full((frames, channels), 0.25, np.float32), 384_000)
    assert to_channels(clip, 1).samples.tolist() == [[0.25]] * frames
    assert to_channels(clip, 2).samples.shape == (frames, 2)
