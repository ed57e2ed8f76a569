"""Pitch and length, each without the other: in tune, to the frame, and attacks as sharp as they were."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import signal as dsp
from synth_measures import sound

from sfxgen.audio.pitch import attacks, repitched

RATE = 48_000
Signal = NDArray[np.float64]


def sine(frequency_hz: float, seconds: float = 1.0) -> Signal:
    return 0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * RATE)) / RATE)[None]


def pitch_hz(x: Signal) -> float:
    """Where its spectrum peaks, between bins by a parabola through the logarithm."""
    middle = x[len(x) // 4 : -len(x) // 4]
    power = np.log(np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 1 << 19)) + 1e-12)
    peak = int(np.argmax(power))
    left, top, right = power[peak - 1 : peak + 2]
    return float((peak + (left - right) / (2 * (left - 2 * top + right))) * RATE / (1 << 19))


@pytest.mark.parametrize("frequency_hz", [110.0, 440.0, 3000.0])
@pytest.mark.parametrize(
    ("pitch_st", "stretch"), [(0, 2), (0, 0.5), (0.5, 1), (-5, 1), (12, 1), (-24, 1), (7, 1.7)]
)
def test_a_tone_is_in_tune_steady_and_pure(frequency_hz: float, pitch_st: float, stretch: float) -> None:
    out = repitched(sine(frequency_hz, 2.0), RATE, pitch_st=pitch_st, stretch=stretch)[0]
    assert len(out) == round(2 * RATE * stretch)
    wanted_hz = frequency_hz * 2 ** (pitch_st / 12)
    assert abs(1200 * math.log2(pitch_hz(out) / wanted_hz)) < 5
    middle = out[len(out) // 4 : -len(out) // 4]
    time = np.arange(len(middle)) / RATE
    basis = np.stack([np.sin(2 * np.pi * pitch_hz(out) * time), np.cos(2 * np.pi * pitch_hz(out) * time)])
    amplitude = 2 * np.sqrt(np.sum(np.square((basis * middle).mean(axis=1))))
    assert amplitude == pytest.approx(0.5, rel=0.02)
    rest = np.mean(middle**2) - amplitude**2 / 2
    assert rest < 1e-3 * amplitude**2


@pytest.mark.parametrize(("from_hz", "to_hz"), [(200.0, 4000.0), (8000.0, 2000.0), (300.0, 900.0)])
@pytest.mark.parametrize(("pitch_st", "stretch"), [(0, 2), (5, 1), (-12, 1), (0, 0.5)])
def test_a_glide_does_not_flutter(from_hz: float, to_hz: float, pitch_st: float, stretch: float) -> None:
    t = np.arange(RATE) / RATE
    rise = math.log(to_hz / from_hz)
    x = 0.5 * np.sin(2 * np.pi * from_hz * (np.exp(rise * t) - 1) / rise)
    out = repitched(x[None], RATE, pitch_st=pitch_st, stretch=stretch)[0]
    amplitude = np.abs(dsp.hilbert(out))[len(out) // 8 : -len(out) // 8]
    assert amplitude.min() > 0.42
    assert amplitude.max() < 0.55


@pytest.mark.parametrize(("pitch_st", "stretch"), [(0, 2), (0, 0.5), (4, 1), (-7, 1)])
def test_noise_keeps_its_power(pitch_st: float, stretch: float) -> None:
    rng = np.random.default_rng(2)
    x = np.fft.irfft(np.fft.rfft(rng.standard_normal(2 * RATE))[: RATE // 2], 2 * RATE)[None]  # up to 12 kHz
    out = repitched(x, RATE, pitch_st=pitch_st, stretch=stretch)
    inner = slice(out.shape[1] // 8, -out.shape[1] // 8)
    assert 10 * math.log10(np.mean(out[:, inner] ** 2) / np.mean(x**2)) == pytest.approx(0, abs=0.5)


ONSETS_S = (0.1, 0.4, 0.47, 0.8)


def hits(rate: int = RATE) -> Signal:
    """Struck tones with a noisy attack, no slower than a sample."""
    rng = np.random.default_rng(0)
    x = np.zeros(rate)
    for onset_s in ONSETS_S:
        t = np.arange(rate - round(onset_s * rate)) / rate
        x[-len(t) :] += np.exp(-t * 40) * np.sin(2 * np.pi * 900 * t)
        x[-len(t) :] += 0.5 * np.exp(-t * 200) * rng.standard_normal(len(t))
    return x[None]


def rise_ms(x: Signal, near_s: float, rate: int) -> tuple[float, float]:
    """When, re a moment, the level of 1 ms passes a tenth and nine tenths of its peak, both from the quiet before."""
    step = rate // 1000
    level = np.abs(x[: len(x) // step * step]).reshape(-1, step).max(axis=1)
    around = round(near_s * 1000)
    begin = max(0, around - 15)
    here = level[begin : around + 25] - level[max(0, around - 25) : max(1, around - 12)].max()
    low, high = (int(np.argmax(here > share * here.max())) + begin - near_s * 1000 for share in (0.1, 0.9))
    return low, high


@pytest.mark.parametrize("rate", [16_000, 48_000])
@pytest.mark.parametrize(
    ("pitch_st", "stretch"),
    [(0, 0.5), (0, 1.5), (0, 4), (7, 1), (-7, 1), (12, 1), (-12, 1), (5, 2), (-4, 0.7)],
)
def test_attacks_come_at_their_time_and_stay_sharp(rate: int, pitch_st: float, stretch: float) -> None:
    out = repitched(hits(rate), rate, pitch_st=pitch_st, stretch=stretch)[0]
    for onset_s in ONSETS_S:
        low, high = rise_ms(out, onset_s * stretch, rate)
        assert abs(low) <= 2, (onset_s, low)
        assert high - low <= 5, (onset_s, low, high)


@pytest.mark.parametrize("preset", ["sword_clash", "footstep", "explosion"])
@pytest.mark.parametrize(("pitch_st", "stretch"), [(0, 2), (4, 1)])
def test_what_was_struck_is_not_softened(preset: str, pitch_st: float, stretch: float) -> None:
    source = np.concatenate([np.zeros(RATE // 10), sound(preset)[:, 0].astype(np.float64)])[None]
    out = repitched(source, RATE, pitch_st=pitch_st, stretch=stretch)
    onset = attacks(source, RATE)[0]
    early = slice(onset, onset + round(0.010 * RATE))
    at = round(onset * stretch)
    late = slice(at, at + round(0.010 * RATE))
    assert 10 * math.log10(np.sum(out[:, late] ** 2) / np.sum(source[:, early] ** 2)) == pytest.approx(
        0, abs=2
    )
    before = out[:, : at - round(0.003 * RATE)]
    assert np.max(np.abs(before), initial=0.0) < 0.02 * np.max(np.abs(out))


def test_attacks_are_found_where_they_are() -> None:
    found = attacks(hits(), RATE)
    assert np.array(found) / RATE == pytest.approx(np.array(ONSETS_S), abs=0.001)


@pytest.mark.parametrize("frequency_hz", [30.0, 55.0, 440.0])
def test_neither_a_steady_tone_nor_noise_has_attacks_inside(frequency_hz: float) -> None:
    assert [start for start in attacks(sine(frequency_hz), RATE) if start > RATE // 50] == []
    noise = np.random.default_rng(1).standard_normal((2, RATE)) * 0.1
    assert [start for start in attacks(noise, RATE) if start > RATE // 50] == []
    assert attacks(noise, RATE, loop=True) == []


def test_the_stereo_image_stays_where_it_is() -> None:
    x = np.concatenate([hits(), 0.25 * hits()])
    out = repitched(x, RATE, pitch_st=5, stretch=1.5)
    assert out[1] == pytest.approx(0.25 * out[0], abs=1e-6)


def test_the_same_sound_gives_the_same_samples() -> None:
    one, other = (repitched(hits(), RATE, pitch_st=3.3, stretch=1.3) for _ in range(2))
    assert np.array_equal(one, other)


@pytest.mark.parametrize("chunk", [1, 7, 500])
def test_how_many_windows_are_done_at_once_does_not_matter(
    monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    wanted = repitched(hits(), RATE, pitch_st=0, stretch=1.5)
    monkeypatch.setattr("sfxgen.audio.pitch.AT_ONCE", chunk)
    assert repitched(hits(), RATE, pitch_st=0, stretch=1.5) == pytest.approx(wanted, abs=1e-9)


def seam_db(period: Signal) -> float:
    """The largest second difference within 1 ms of the seam re the 99.9th percentile of all."""
    steps = np.abs(np.diff(np.concatenate([period, period]), 2))
    near = round(0.001 * RATE)
    seam = steps[len(period) - near : len(period) + near].max()
    return float(20 * np.log10(seam / np.percentile(steps, 99.9)))


def texture(kind: str) -> Signal:
    rng = np.random.default_rng(4)
    frames = RATE * 3 // 2
    bed = np.fft.irfft(
        np.fft.rfft(rng.standard_normal(frames)) / np.sqrt(1 + np.arange(frames // 2 + 1) / 500)
    )
    if kind == "noise":
        return bed[None] * 0.2
    if kind == "hum":
        hum: Signal = np.sum([sine(f, 1.5) for f in (110, 166, 220, 332)], axis=0) * 0.2 + 0.01 * bed
        return hum
    out = 0.01 * bed
    for at in rng.integers(0, frames, 30):
        drop = np.exp(-np.arange(600) / 90) * rng.standard_normal(600) * rng.uniform(0.1, 0.5)
        out[(at + np.arange(600)) % frames] += drop
    return out[None]


@pytest.mark.parametrize("kind", ["noise", "hum", "drops"])
@pytest.mark.parametrize(("pitch_st", "stretch"), [(0, 1.5), (0, 0.6), (5, 1), (-7, 1.2)])
def test_a_loop_keeps_its_seam_and_its_length(kind: str, pitch_st: float, stretch: float) -> None:
    x = texture(kind)
    out = repitched(x, RATE, pitch_st=pitch_st, stretch=stretch, loop=True)
    assert out.shape == (1, round(x.shape[1] * stretch))
    assert seam_db(out[0]) < 3
    level_db = 10 * math.log10(np.mean(out**2) / np.mean(x**2))
    assert abs(level_db) < (0.75 if kind != "drops" else 6)  # as many drops in more or less time
    if kind == "drops":
        return
    power = np.convolve(np.tile(out[0], 2) ** 2, np.ones(2400) / 2400, "same")
    at_seam = power[out.shape[1] - 1200 : out.shape[1] + 1200]
    assert 10 * np.log10(at_seam.min() / np.mean(out**2)) > -2


def test_attacks_of_a_loop_keep_their_places_in_it() -> None:
    x = np.roll(hits(), -RATE // 5)
    x += 1e-4 * np.random.default_rng(0).standard_normal(x.shape)
    before = np.array(attacks(x, RATE, loop=True)) / RATE
    assert before == pytest.approx([0.2, 0.27, 0.6, 0.9], abs=0.002)
    out = repitched(x, RATE, pitch_st=0, stretch=1.5, loop=True)
    after = np.array(attacks(out, RATE, loop=True)) / RATE
    assert after == pytest.approx(1.5 * before, abs=0.003)


@settings(max_examples=40, deadline=None)
@given(
    frames=st.integers(1, 3000),
    pitch_st=st.floats(-24, 24),
    stretch=st.floats(0.25, 4),
    rate=st.sampled_from([8000, 44_100, 384_000]),
    loop=st.booleans(),
)
def test_any_length_comes_out_to_the_frame(
    frames: int, pitch_st: float, stretch: float, rate: int, loop: bool
) -> None:
    x = np.random.default_rng(frames).standard_normal((2, frames)) * 0.1
    out = repitched(x, rate, pitch_st=pitch_st, stretch=stretch, loop=loop)
    assert out.shape == (2, max(1, round(frames * stretch)))
    assert np.all(np.isfinite(out))
    assert np.max(np.abs(out)) < 10 * np.max(np.abs(x))
