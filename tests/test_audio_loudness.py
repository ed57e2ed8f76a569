"""Loudness and true peak against EBU Tech 3341's signals, libebur128 and ffmpeg."""

import re
import shutil
import subprocess
import tracemalloc
from collections.abc import Callable

import numpy as np
import pyebur128
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sfxgen.audio import loudness as loudness_module
from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.levels import apply_gain
from sfxgen.audio.loudness import (
    active_loudness,
    integrated_loudness,
    loudness_range,
    measure_for,
    measure_loudness,
    metered,
    momentary,
    momentary_max,
    short_term,
    short_term_max,
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


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 6, 7, 8])
def test_channels_weigh_as_in_libebur128(channels: int) -> None:
    clip = changing_noise(16000, channels, seed=channels)
    assert integrated_loudness(clip) == pytest.approx(libebur128(clip), abs=0.01)
    for channel in range(channels):
        alone = np.zeros_like(clip.samples)
        alone[:, channel] = clip.samples[:, channel]
        lufs = integrated_loudness(Clip(alone, 16000))
        expected = libebur128(Clip(alone, 16000))
        assert lufs == pytest.approx(expected, abs=0.01) if np.isfinite(expected) else lufs is None


@pytest.mark.parametrize("rate", [8000, 11025, 176400, 192000, 384000])
def test_rates_from_8_to_384_khz_agree_with_libebur128(rate: int) -> None:
    clip = changing_noise(rate, 1, seed=3)
    assert integrated_loudness(clip) == pytest.approx(libebur128(clip), abs=0.01)


@given(gain_db=st.floats(-60, 40), seed=st.integers(0, 2**32 - 1), frames=st.integers(2000, 90_000))
@settings(max_examples=30, deadline=None)
def test_a_meter_knows_the_loudness_at_any_gain(gain_db: float, seed: int, frames: int) -> None:
    rng = np.random.default_rng(seed)
    steps = np.repeat(10 ** (rng.uniform(-70, -10, 16) / 20), -(-frames // 16))[:frames]
    clip = mono(rng.standard_normal(frames) * steps, 16000)
    meter, louder = metered(clip), apply_gain(clip, gain_db)
    for measure in ("integrated", "momentary_max", "active"):
        told, measured = meter.loudness(measure, gain_db), measure_loudness(louder, measure)[0]
        assert (told is None) == (measured is None)
        assert told is None or told == pytest.approx(measured, abs=1e-4)
    assert meter.short_term_max(gain_db) == pytest.approx(short_term_max(louder), abs=1e-4)
    assert meter.loudness_range(gain_db) == pytest.approx(loudness_range(louder), abs=1e-4)


@pytest.mark.parametrize(("rate", "channels"), [(8000, 6), (11025, 1), (44100, 2), (48000, 1)])
def test_a_long_clip_in_pieces_is_measured_as_one_in_whole(
    rate: int, channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = changing_noise(rate, channels, seed=5)
    whole, whole_peak = metered(clip), true_peak_dbtp(clip)
    monkeypatch.setattr(loudness_module, "FRAMES_AT_ONCE", 5000)
    pieces = metered(clip)
    np.testing.assert_allclose(pieces.energies, whole.energies, rtol=1e-9, atol=1e-18)
    assert pieces.integrated() == pytest.approx(whole.integrated(), abs=1e-9)
    assert pieces.momentary_max() == pytest.approx(whole.momentary_max(), abs=1e-9)
    assert true_peak_dbtp(clip) == pytest.approx(whole_peak, abs=1e-4)


def test_measuring_takes_little_memory_beside_a_long_clip() -> None:
    samples = np.random.default_rng(0).standard_normal((4_000_000, 2), np.float32)
    clip = Clip(samples, 48000)
    for measured in (metered, true_peak_dbtp):
        tracemalloc.start()
        try:
            measured(clip)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most < 0.75 * samples.nbytes


def test_series_have_a_value_each_hop_and_silence_has_minus_infinity() -> None:
    clip = stereo_tone((1, -20), (3, -400), (1, -20))
    assert momentary(clip).size == 47
    assert short_term(clip).size == 21
    assert momentary(clip, hop_s=0.2) == pytest.approx(momentary(clip)[::2], abs=1e-6)
    silent = mono(np.zeros(48000 * 4), 48000)
    assert np.isneginf(short_term(silent)).all()
    assert momentary(mono(np.zeros(100), 48000)).size == 0
    with pytest.raises(AudioError, match="hop"):
        momentary(clip, hop_s=0.0)


def test_below_3_s_there_is_neither_short_term_loudness_nor_range() -> None:
    below, above = stereo_tone((2.99, -20)), stereo_tone((3.0, -20))
    assert short_term_max(below) is None
    assert loudness_range(below) is None
    assert short_term_max(above) == pytest.approx(-20.0, abs=0.1)
    assert loudness_range(above) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("frames", [1, 1000, 30_000, 160_000])
def test_samples_that_are_not_numbers_are_an_error(bad: float, frames: int) -> None:
    samples = np.zeros(frames)
    samples[frames // 2] = bad
    measured: list[Callable[[Clip], object]] = [measure_loudness, true_peak_dbtp, active_loudness]
    measured += [integrated_loudness, momentary_max] if frames >= 19_200 else []
    measured += [short_term_max, loudness_range] if frames >= 144_000 else []
    for measure in measured:
        with pytest.raises(AudioError, match="not numbers") as caught:
            measure(mono(samples, 48000))
        assert caught.value.hint
