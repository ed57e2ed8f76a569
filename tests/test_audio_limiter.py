"""The limiter: the ceiling holds, the gain is smooth, and what needs no limiting is left alone."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ideal_peaks import ideal_peak_dbtp, unpruned_peak_dbtp
from numpy.typing import NDArray
from synth_measures import sound

from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.levels import apply_gain
from sfxgen.audio.limiter import LOOK_AHEAD_CELLS, RELEASE_DB_PER_S, find_peaks, hold, limit
from sfxgen.audio.loudness import true_peak_dbtp
from sfxgen.errors import AudioError
from sfxgen.models.synth.presets import PRESETS

RATES = [8000, 16000, 22050, 44100, 48000, 96000]
READ_LOW_DB = 0.1 + 0.02
"""Ideal interpolation reads no more than 0.1 dB above the meter, and by that the ceiling may be exceeded by 0.02 dB."""
LOOK_AHEAD_S = LOOK_AHEAD_CELLS / 6000


def gain_of(limited: Clip, clip: Clip) -> NDArray[np.float64]:
    """The gain of each frame in dB, where the clip has a sample to tell it by."""
    loudest = np.abs(clip.samples).argmax(axis=1)[:, np.newaxis]
    before = np.take_along_axis(clip.samples, loudest, axis=1)[:, 0].astype(np.float64)
    after = np.take_along_axis(limited.samples, loudest, axis=1)[:, 0].astype(np.float64)
    return 20 * np.log10(after[np.abs(before) > 1e-3] / before[np.abs(before) > 1e-3])


@st.composite
def clips(draw: st.DrawFn, *kinds: str) -> Clip:
    """Noise, decays, clicks, tones and sign flips of all lengths, up to 20 dB above full scale."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frames, channels = draw(st.integers(1, 12_000)), draw(st.integers(1, 2))
    n = np.arange(frames)[:, np.newaxis]
    kind = draw(st.sampled_from(kinds))
    samples = rng.standard_normal((frames, channels))
    if kind == "decay":
        samples *= np.exp(-n / draw(st.floats(20, 5000)))
    elif kind == "clicks":
        samples *= rng.random((frames, channels)) < 0.003
    elif kind == "tone":
        samples = np.sin(np.pi * draw(st.floats(0.001, 0.999)) * n + rng.uniform(0, 6, channels))
    elif kind == "alternating":
        samples = np.where(n % 2, 1.0, -1.0) * np.sign(rng.random((frames, channels)) - 0.01).cumprod(axis=0)
    level = 10 ** (draw(st.floats(-20, 20)) / 20)
    return Clip((samples * level).astype(np.float32), draw(st.sampled_from(RATES)))


def check_ceiling(clip: Clip, ceiling_dbtp: float, *, loop: bool) -> None:
    limited, reduction_db = limit(clip, ceiling_dbtp, loop=loop)
    assert limited.samples.shape == clip.samples.shape
    assert limited.sample_rate == clip.sample_rate
    assert ideal_peak_dbtp(limited.samples) <= ceiling_dbtp + READ_LOW_DB
    over_db = ideal_peak_dbtp(clip.samples) - ceiling_dbtp
    assert reduction_db >= over_db - READ_LOW_DB
    if loop:
        assert ideal_peak_dbtp(limited.samples, loop=True) <= ceiling_dbtp + READ_LOW_DB
    elif over_db < -0.1:
        assert limited is clip
        assert reduction_db == 0


@given(
    clip=clips("noise", "decay", "clicks", "tone"),
    ceiling_dbtp=st.sampled_from([-1.0, -6.0, 0.0, -12.5]),
    loop=st.booleans(),
)
@settings(max_examples=50, deadline=None)
def test_the_ceiling_holds_for_hostile_clips(clip: Clip, ceiling_dbtp: float, loop: bool) -> None:
    check_ceiling(clip, ceiling_dbtp, loop=loop)


@given(clip=clips("alternating"), ceiling_dbtp=st.sampled_from([-1.0, -12.5]), loop=st.booleans())
@settings(max_examples=10, deadline=None)
def test_the_ceiling_holds_at_nyquist_as_far_as_the_meter_looks(
    clip: Clip, ceiling_dbtp: float, loop: bool
) -> None:
    """Ideal interpolation between turned signs at Nyquist has no bound: it grows with the clip's length."""
    limited, _ = limit(clip, ceiling_dbtp, loop=loop)
    assert unpruned_peak_dbtp(limited.samples) <= ceiling_dbtp + 0.05


@pytest.mark.parametrize("loop", [False, True])
def test_the_ceiling_holds_for_two_hundred_random_clips(loop: bool) -> None:
    for seed in range(100):
        rng = np.random.default_rng(seed)
        frames = int(rng.integers(100, 6000))
        samples = (
            rng.standard_normal((frames, 2))
            * np.exp(-np.arange(frames) / rng.uniform(50, 9000))[:, np.newaxis]
        )
        samples *= rng.random((frames, 1)) < rng.choice([0.05, 1.0])
        clip = Clip((samples * 10 ** (rng.uniform(-10, 20) / 20)).astype(np.float32), int(rng.choice(RATES)))
        check_ceiling(clip, rng.uniform(-12, 0), loop=loop)


@pytest.mark.parametrize("batch", range(4))
def test_the_ceiling_holds_for_the_presets_of_the_synthesizer(batch: int) -> None:
    for preset in list(PRESETS)[batch::16]:
        samples = sound(preset)[: 48000 // 2].astype(np.float32)
        clip = Clip(samples.reshape(len(samples), -1), 48000)
        peak_dbtp = true_peak_dbtp(clip)
        assert peak_dbtp is not None
        limited, reduction_db = limit(clip, peak_dbtp - 6)
        assert ideal_peak_dbtp(limited.samples) <= peak_dbtp - 6 + READ_LOW_DB, preset
        assert reduction_db == pytest.approx(6, abs=0.2), preset


def test_what_is_far_from_a_peak_is_left_as_it_was_bit_for_bit() -> None:
    samples = 0.1 * np.random.default_rng(0).standard_normal(96_000)
    samples[30_000] = 1.0
    clip = mono(samples, 48000)
    limited, reduction_db = limit(clip, -6.0)
    release = round(reduction_db / RELEASE_DB_PER_S * 48000)
    before, after = 30_000 - round(48 * 2.5), 30_000 + release + 240
    assert np.array_equal(limited.samples[:before], clip.samples[:before])
    assert np.array_equal(limited.samples[after:], clip.samples[after:])
    assert not np.array_equal(limited.samples, clip.samples)


@pytest.mark.parametrize("rate", RATES)
def test_the_gain_is_smooth_and_lets_go_as_slowly_as_it_says(rate: int) -> None:
    rng = np.random.default_rng(1)
    samples = 0.05 + 0.02 * rng.standard_normal(2 * rate)
    samples[rng.integers(0, 2 * rate, 12)] = rng.uniform(0.3, 1.5, 12)
    clip = mono(np.where(np.abs(samples) < 2e-3, 2e-3, samples), rate)
    limited, reduction_db = limit(clip, -9.0)
    gain_db = gain_of(limited, clip)
    assert gain_db.size == clip.frames
    steps = np.diff(gain_db)
    assert gain_db.max() < 1e-5
    assert gain_db.min() == pytest.approx(-reduction_db, abs=0.01)
    # Down by no more than all of it within half the look-ahead, up by the release.
    assert -steps.min() <= reduction_db / (LOOK_AHEAD_S / 3 * rate) + 1e-4
    assert steps.max() <= 1.05 * RELEASE_DB_PER_S / rate + 1e-5


def test_the_attack_of_a_percussive_sound_is_kept() -> None:
    """The first crest stays the largest thing within 5 ms, and nothing before the look-ahead changes."""
    n = np.arange(24_000)
    hit = np.where(n < 4800, 0.0, np.exp(-(n - 4800) / 3000) * np.sin(2 * np.pi * 900 * (n - 4800) / 48000))
    limited, _ = limit(mono(hit, 48000), -6.0)
    crests = np.abs(limited.samples[4800 : 4800 + 240, 0])
    assert crests[:54].max() == pytest.approx(10 ** (-6 / 20), abs=0.01)
    assert crests[:54].max() > 0.99 * np.abs(limited.samples).max()
    assert not limited.samples[:4800].any()


def test_a_limited_bass_tone_is_hardly_distorted() -> None:
    tone = mono(np.sin(2 * np.pi * 100 * np.arange(96_000) / 48000), 48000)
    for ceiling_dbtp in (-1.0, -6.0, -12.0):
        limited, _ = limit(tone, ceiling_dbtp)
        spectrum = np.abs(np.fft.rfft(limited.samples[24_000:72_000, 0] * np.hanning(48_000)))
        harmonics = spectrum[200:4000:100]
        assert np.sqrt(np.square(harmonics).sum()) / spectrum[100] < 0.001


def test_all_channels_get_the_same_gain() -> None:
    rng = np.random.default_rng(2)
    left, right = (
        rng.standard_normal(20_000) * np.exp(-np.arange(20_000) / 3000),
        0.1 * rng.standard_normal(20_000),
    )
    clip = Clip(np.stack([left, right], axis=1).astype(np.float32), 48000)
    limited, _ = limit(clip, -6.0)
    told = (np.abs(clip.samples) > 1e-3).all(axis=1)
    ratios = limited.samples[told] / clip.samples[told]
    np.testing.assert_allclose(ratios[:, 1], ratios[:, 0], rtol=1e-5)
    assert ratios.min() < 0.6


def test_the_gain_of_a_loop_runs_on_over_its_seam() -> None:
    """A peak at the start lowers the end before it, and its release may begin anywhere."""
    samples = 0.1 * np.random.default_rng(3).standard_normal(24_000)
    for at in (0, 3, 12_000, 23_990, 23_999):
        clip = mono(np.where(np.arange(24_000) == at, 1.0, samples), 48000)
        limited, reduction_db = limit(clip, -6.0, loop=True)
        turned, turned_reduction_db = limit(mono(np.roll(clip.samples, 12_000 - at), 48000), -6.0, loop=True)
        assert turned_reduction_db == pytest.approx(reduction_db, abs=0.05)
        there = np.roll(limited.samples[:, 0], 12_000 - at)
        # Cells are fixed to the start of the clip, so the turned gain may lag by one.
        np.testing.assert_allclose(there, turned.samples[:, 0], atol=0.03)
        steps = np.diff(
            gain_of(mono(np.tile(limited.samples, (2, 1)), 48000), mono(np.tile(clip.samples, (2, 1)), 48000))
        )
        assert np.abs(steps).max() < reduction_db / (LOOK_AHEAD_S / 3 * 48000) * 2


def test_peaks_found_once_serve_any_gain() -> None:
    clip = mono(
        np.random.default_rng(4).standard_normal(30_000) * np.exp(-np.arange(30_000) / 8000) * 0.2, 44100
    )
    peaks = find_peaks(clip, -20.0)
    for gain_db in (0.0, 3.0, 12.0):
        held = hold(peaks, gain_db, -6.0)
        limited, reduction_db = limit(apply_gain(clip, gain_db), -6.0)
        assert held.reduction_db == pytest.approx(reduction_db, abs=0.01)
        np.testing.assert_allclose(held.clip.samples, limited.samples, atol=1e-4)
        assert held.true_peak_dbtp == pytest.approx(true_peak_dbtp(held.clip), abs=1e-4)


@pytest.mark.parametrize("loop", [False, True])
def test_nothing_silence_and_single_frames_pass(loop: bool) -> None:
    for samples in (np.zeros(0), np.zeros(1), np.zeros(5000)):
        clip = mono(samples, 48000)
        assert limit(clip, -1.0, loop=loop) == (clip, 0.0)
    for frames in (1, 2, 3, 7):
        limited, reduction_db = limit(mono(np.full(frames, 2.0), 48000), -1.0, loop=loop)
        assert np.abs(limited.samples).max() <= 10 ** (-0.95 / 20)
        assert reduction_db >= 7.0
    with pytest.raises(AudioError, match="not numbers"):
        limit(mono(np.array([0.1, np.nan]), 48000), -1.0, loop=loop)


def test_limiting_takes_little_memory_beside_a_long_clip() -> None:
    samples = np.random.default_rng(0).standard_normal((1_500_000, 2), np.float32)
    clip = Clip(samples, 48000)
    tracemalloc.start()
    try:
        limited, _ = limit(clip, 6.0)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert limited.samples.nbytes <= most < 3 * samples.nbytes
