"""True peaks: as ideal interpolation has them, whatever is left out on the way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ideal_peaks import ideal_peak_dbtp, unpruned_peak_dbtp
from synth_measures import sound

from sfxgen.audio import truepeak
from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.loudness import cell_peaks, true_peak_dbtp
from sfxgen.models.synth.presets import PRESETS

BRIGHT = ["explosion", "click", "glass", "rain"]
UNDER_DB, OVER_DB = 0.1, 0.2


def check(clip: Clip, about: object) -> None:
    peak_dbtp = true_peak_dbtp(clip)
    assert peak_dbtp is not None
    assert -UNDER_DB <= peak_dbtp - ideal_peak_dbtp(clip.samples) <= OVER_DB, about


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_white_noise_peaks_as_ideal_interpolation_has_it(rate: int, channels: int) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        check(Clip(0.2 * rng.standard_normal((rate // 3, channels), np.float32), rate), seed)


@pytest.mark.parametrize("batch", range(4))
def test_presets_peak_as_ideal_interpolation_has_it(batch: int) -> None:
    names = BRIGHT + [name for name in list(PRESETS)[::6] if name not in BRIGHT]
    for preset in names[batch::4]:
        samples = sound(preset)[:48_000]
        check(Clip(np.ascontiguousarray(samples.reshape(len(samples), -1), np.float32), 48_000), preset)


def test_a_limited_explosion_is_not_read_half_a_decibel_low() -> None:
    """Most of its energy near the peak is above 0.9 of Nyquist, where resamplers end."""
    samples = sound("explosion").reshape(-1, 1)
    clipped = np.clip(samples * np.float32(8 / np.abs(samples).max()), -1, 1)
    check(Clip(clipped, 48_000), "clipped")
    assert ideal_peak_dbtp(clipped) > 1


@st.composite
def signals(draw: st.DrawFn, kinds: tuple[str, ...]) -> Clip:
    """Signals whose peaks lie between samples, or far from the largest sample."""
    frames = draw(st.integers(1, 9000))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    channels = draw(st.integers(1, 3))
    n = np.arange(frames)[:, np.newaxis]
    kind = draw(st.sampled_from(kinds))
    samples = rng.standard_normal((frames, channels))
    if kind == "decay":
        samples *= np.exp(-n / draw(st.floats(5, 2000)))
    elif kind == "clicks":
        samples *= rng.random((frames, channels)) < 0.01
    elif kind == "tone":  # that begins and ends, up to a hair below Nyquist
        samples = np.sin(np.pi * draw(st.floats(0.01, 0.99)) * n + rng.uniform(0, 6, channels))
        samples *= np.hanning(frames + 2)[1:-1, np.newaxis]
    elif kind == "alternating":  # with the sign turned at random: all of it at Nyquist
        samples = np.where(n % 2, 1.0, -1.0) * np.sign(rng.random((frames, channels)) - 0.02).cumprod(axis=0)
    elif kind == "worst case":  # the signs of the filter itself, quiet, beside one large sample
        taps = truepeak._responses()[draw(st.integers(1, 2))]
        at = draw(st.integers(-500, frames))
        inside = np.arange(max(0, at), min(frames, at + len(taps)))
        samples = np.zeros((frames, 1))
        samples[inside, 0] = np.sign(taps[inside - at]) * 10 ** (draw(st.floats(-20, 0)) / 20)
        samples[draw(st.integers(0, frames - 1))] = 1.0
    level = 10 ** (draw(st.floats(-60, 6)) / 20)
    return Clip((samples * level).astype(np.float32), 48_000)


@given(clip=signals(("noise", "decay", "clicks", "tone")))
@settings(max_examples=50, deadline=None)
def test_all_kinds_of_signals_peak_as_ideal_interpolation_has_them(clip: Clip) -> None:
    if clip.samples.any():
        check(clip, clip.frames)


@given(clip=signals(("noise", "decay", "alternating", "worst case")))
@settings(max_examples=50, deadline=None)
def test_what_is_left_out_costs_nothing(clip: Clip) -> None:
    peak_dbtp = true_peak_dbtp(clip)
    assert peak_dbtp == pytest.approx(unpruned_peak_dbtp(clip.samples), abs=0.05)


@given(
    clip=signals(("noise", "decay", "clicks", "tone")), floor=st.floats(0.01, 1.0), cells=st.integers(1, 500)
)
@settings(max_examples=30, deadline=None)
def test_cell_peaks_are_true_above_the_floor(clip: Clip, floor: float, cells: int) -> None:
    cells = min(cells, clip.frames)
    starts = np.arange(cells) * clip.frames // cells
    peaks = cell_peaks(clip.samples, starts, floor)
    everywhere = cell_peaks(clip.samples, starts, 0.0)
    above = everywhere > floor * 1.01
    np.testing.assert_allclose(peaks[above], everywhere[above], rtol=0.01)
    traces = 1e-6 * everywhere.max()  # that a transform leaves beside what is louder
    assert (peaks[~above] <= everywhere[~above] * 1.0001 + traces).all()
    most = 20 * np.log10(max(float(everywhere.max()), 1e-30))
    assert -UNDER_DB <= most - max(ideal_peak_dbtp(clip.samples), -600) <= OVER_DB


def test_no_point_exceeds_what_blocks_are_said_to_reach() -> None:
    """The signs of the filter's own coefficients: the most that samples of full scale can add up to."""
    for part in (1, 2):
        taps = truepeak._responses()[part]
        most = np.abs(taps).sum()
        for shift in range(0, truepeak.BLOCK, 5):
            samples = np.zeros((8 * truepeak.BLOCK + len(taps), 1), np.float32)
            samples[3 * truepeak.BLOCK + shift :][: len(taps), 0] = np.sign(taps)
            place = 3 * truepeak.BLOCK + shift + len(taps) // 2
            reached = truepeak.reaching(samples, float(most))
            assert any(first <= place < last for first, last in reached)


def test_a_peak_before_the_first_and_after_the_last_sample_counts() -> None:
    burst = np.where(np.arange(40) % 2, 1.0, -1.0) * np.linspace(1, 0, 40) ** 4
    for samples in (burst, burst[::-1]):
        clip = mono(samples, 48_000)
        check(clip, "at an edge")
        assert cell_peaks(clip.samples, np.array([0]), 0.1)[0] == pytest.approx(
            10 ** (ideal_peak_dbtp(clip.samples) / 20), rel=0.01
        )


@pytest.mark.parametrize("level", [1e-35, 1e-12, 1e12, 1e35])
def test_no_level_is_too_low_or_too_high(level: float) -> None:
    samples = np.random.default_rng(0).standard_normal(5000)
    usual, other = true_peak_dbtp(mono(samples, 48_000)), true_peak_dbtp(mono(samples * level, 48_000))
    assert usual is not None
    assert other == pytest.approx(usual + 20 * np.log10(level), abs=0.001)


def test_pieces_are_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(1).standard_normal((40_000, 2), np.float32)
    starts = np.arange(0, 40_000, 8)
    whole, cells = true_peak_dbtp(Clip(samples, 48_000)), cell_peaks(samples, starts, 1.0)
    monkeypatch.setattr(truepeak, "PIECE", 800)
    monkeypatch.setattr(truepeak, "PIECES_AT_ONCE", 2)
    monkeypatch.setattr(truepeak, "ROWS_AT_ONCE", 7)
    assert true_peak_dbtp(Clip(samples, 48_000)) == pytest.approx(whole, abs=1e-4)
    np.testing.assert_allclose(cell_peaks(samples, starts, 1.0), cells, rtol=1e-4)
