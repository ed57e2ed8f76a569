"""Loudness and true peak against EBU Tech 3341's signals, libebur128 and ffmpeg."""

import re
import shutil
import subprocess

import numpy as np
import pyebur128
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.levels import apply_gain
from sfxgen.audio.loudness import (
    active_loudness,
    integrated_loudness,
    measure_for,
    measure_loudness,
    momentary_max,
    true_peak_dbtp,
)
from sfxgen.errors import AudioError

RATES = [16000, 22050, 44100, 48000]


def stereo_tone(*parts: tuple[float, float]) -> Clip:
    """1 kHz at 48 kHz, in phase in both channels: parts of (seconds, peak dBFS)."""
    envelope = np.concatenate([np.full(round(s * 48000), 10 ** (db / 20)) for s, db in parts])
    samples = envelope * np.sin(2 * np.pi * 1000 * np.arange(envelope.size) / 48000)
    return Clip(np.repeat(samples[:, np.newaxis], 2, axis=1).astype(np.float32), 48000)


def tone(frequency: float, sample_rate: int, duration_s: float, phase: float = 0.0) -> NDArray[np.float64]:
    t = np.arange(round(duration_s * sample_rate)) / sample_rate
    samples: NDArray[np.float64] = np.sin(2 * np.pi * frequency * t + phase)
    return samples


def changing_noise(sample_rate: int, channels: int, seed: int) -> Clip:
    """Six seconds of noise that gets louder, quieter and silent, so that both gates have work."""
    rng = np.random.default_rng(seed)
    steps = np.repeat(10 ** (rng.uniform(-70, -6, 24) / 20), sample_rate // 4)
    steps[: sample_rate // 2] = 0
    samples = rng.standard_normal((steps.size, channels)) * steps[:, np.newaxis] * 0.25
    return Clip(samples.astype(np.float32), sample_rate)


def libebur128(clip: Clip) -> float:
    state = pyebur128.R128State(clip.channels, clip.sample_rate, pyebur128.MeasurementMode.MODE_I)
    state.add_frames(clip.samples.reshape(-1).copy(), clip.frames)
    return float(pyebur128.get_loudness_global(state))


@pytest.mark.parametrize(
    ("clip", "lufs"),
    [
        (stereo_tone((20, -23)), -23.0),
        (stereo_tone((20, -33)), -33.0),
        (stereo_tone((10, -36), (60, -23), (10, -36)), -23.0),
        (stereo_tone((10, -72), (10, -36), (60, -23), (10, -36), (10, -72)), -23.0),
        (stereo_tone((20, -26), (20.1, -20), (20, -26)), -23.0),
    ],
)
def test_integrated_loudness_of_the_ebu_signals(clip: Clip, lufs: float) -> None:
    assert integrated_loudness(clip) == pytest.approx(lufs, abs=0.05)


@pytest.mark.parametrize("rate", RATES)
def test_the_997_hz_anchor_holds_at_every_rate(rate: int) -> None:
    samples = tone(997, rate, 5)[:, np.newaxis]
    one_side = Clip(np.hstack([samples, 0 * samples]).astype(np.float32), rate)
    both = Clip(np.hstack([samples, samples]).astype(np.float32), rate)
    assert integrated_loudness(one_side) == pytest.approx(-3.01, abs=0.05)
    assert integrated_loudness(both) == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_integrated_loudness_agrees_with_libebur128(rate: int, channels: int, seed: int) -> None:
    clip = changing_noise(rate, channels, seed)
    assert integrated_loudness(clip) == pytest.approx(libebur128(clip), abs=0.01)


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
@pytest.mark.parametrize("seed", range(3))
def test_integrated_loudness_agrees_with_ffmpeg(seed: int) -> None:
    clip = changing_noise(48000, 2, seed)
    command = ["ffmpeg", "-hide_banner", "-nostats", "-f", "f32le", "-ar", "48000", "-ac", "2", "-i", "-"]
    command += ["-af", "ebur128", "-f", "null", "-"]
    result = subprocess.run(command, input=clip.samples.tobytes(), capture_output=True, check=True)
    summary = re.findall(r"I:\s+(-?[\d.]+) LUFS", result.stderr.decode())
    assert integrated_loudness(clip) == pytest.approx(float(summary[-1]), abs=0.06)  # ffmpeg prints 0.1


@pytest.mark.parametrize("offset_s", [0.0, 0.013, 0.05, 0.27, 0.6])
def test_momentary_max_finds_a_400_ms_burst_wherever_it_stands(offset_s: float) -> None:
    clip = stereo_tone((0.3 + offset_s, -100), (0.4, -23), (1.0, -100))
    assert momentary_max(clip) == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("duration_s", [0.05, 0.1, 0.25, 0.39])
def test_active_loudness_is_that_of_the_sound_not_of_its_padding(duration_s: float) -> None:
    alone = active_loudness(stereo_tone((duration_s, -23)))
    padded = active_loudness(stereo_tone((0.3, -200), (duration_s, -23), (0.7, -200)))
    assert alone == pytest.approx(-23.0, abs=0.35)
    assert padded == pytest.approx(alone, abs=0.35)


def test_the_measures_meet_where_one_takes_over_from_the_other() -> None:
    just_short, just_long = stereo_tone((0.399, -20)), stereo_tone((0.401, -20))
    assert measure_for(just_short) == "active"
    assert measure_for(just_long) == "momentary_max"
    assert measure_loudness(just_short)[0] == pytest.approx(measure_loudness(just_long)[0], abs=0.02)


@pytest.mark.parametrize(
    ("frames", "measure"), [(19199, "active"), (19200, "momentary_max"), (144000, "integrated")]
)
def test_the_measure_follows_the_length(frames: int, measure: str) -> None:
    clip = mono(np.full(frames, 0.1), 48000)
    assert measure_for(clip) == measure


def test_a_loop_is_measured_as_a_whole_at_any_length_that_can_be_gated() -> None:
    assert measure_for(mono(np.zeros(48000), 48000), loop=True) == "integrated"
    assert measure_for(mono(np.zeros(4800), 48000), loop=True) == "active"


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100, 48000, 96000, 12347])
def test_the_shortest_clip_of_each_measure_has_a_loudness(rate: int) -> None:
    rng = np.random.default_rng(0)
    for frames in (rate // 100, -(-4 * rate // 10) - 1, -(-4 * rate // 10), -(-4 * rate // 10) + 1, 3 * rate):
        lufs, _ = measure_loudness(mono(rng.standard_normal(frames) * 0.1, rate))
        assert lufs is not None
        assert -30 < lufs < -15


@given(gain_db=st.floats(-40, 20), seed=st.integers(0, 2**32 - 1), frames=st.integers(500, 100_000))
@settings(max_examples=40, deadline=None)
def test_gain_moves_every_measure_by_as_much(gain_db: float, seed: int, frames: int) -> None:
    rng = np.random.default_rng(seed)
    clip = mono(rng.standard_normal(frames) * 0.1 * np.exp(-np.arange(frames) / 20000), 48000)
    before, measure = measure_loudness(clip)
    after, _ = measure_loudness(apply_gain(clip, gain_db), measure)
    assert before is not None
    assert after == pytest.approx(before + gain_db, abs=0.01)


@pytest.mark.parametrize(
    "samples", [np.zeros(0), np.zeros(1), np.zeros(1000), np.zeros(200_000), np.full(90_000, 1e-30)]
)
def test_silence_has_no_loudness(samples: NDArray[np.float64]) -> None:
    clip = mono(samples, 48000)
    assert measure_loudness(clip)[0] is None
    assert integrated_loudness(clip) is None
    assert momentary_max(clip) is None
    assert active_loudness(clip) is None


def test_below_400_ms_there_is_no_gated_loudness() -> None:
    assert integrated_loudness(stereo_tone((0.399, -20))) is None
    assert momentary_max(stereo_tone((0.399, -20))) is None


def test_a_rate_too_low_to_weight_is_an_error() -> None:
    with pytest.raises(AudioError, match="8000 Hz"):
        integrated_loudness(mono(np.ones(4000), 2000))


@pytest.mark.parametrize(("amplitude", "dbtp"), [(0.5, -6.0), (1.41, 3.0)])
def test_true_peak_of_a_tone_that_peaks_between_its_samples(amplitude: float, dbtp: float) -> None:
    samples = amplitude * tone(12000, 48000, 0.5, phase=np.pi / 4)
    ramp = np.minimum(1, np.arange(samples.size) / 4800)
    samples *= ramp * ramp[::-1]
    assert np.abs(samples).max() < 0.72 * amplitude
    assert true_peak_dbtp(mono(samples, 48000)) == pytest.approx(dbtp, abs=0.1)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("phase", [0.1, 0.9, 2.2])
def test_true_peak_of_tones_is_their_amplitude(rate: int, phase: float) -> None:
    samples = 0.5 * tone(rate / 6.1, rate, 0.2, phase) * np.hanning(round(0.2 * rate))
    assert true_peak_dbtp(mono(samples, rate)) == pytest.approx(-6.02, abs=0.1)


def test_true_peak_is_never_below_the_sample_peak_and_silence_has_none() -> None:
    click = np.zeros(2000)
    click[1000] = 1.0
    peak = true_peak_dbtp(mono(click, 48000))
    assert peak is not None
    assert peak >= 0.0
    assert true_peak_dbtp(mono(np.zeros(100), 48000)) is None
    assert true_peak_dbtp(mono(np.zeros(0), 48000)) is None
