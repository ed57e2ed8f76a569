"""Repair and colour, each effect against an oracle or a measure, and all of them together at random."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import signal as dsp
from synth_measures import sound

from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.colour import colour
from sfxgen.audio.dynamics import reduction_db
from sfxgen.audio.equalizer import section
from sfxgen.audio.reverb import reverberated
from sfxgen.colour import NEUTRAL, Band, Colour, Compressor, Reverb, Transients
from sfxgen.errors import AudioError

RATE = 48_000
Signal = NDArray[np.float64]


def noise(frames: int, channels: int = 1, seed: int = 0, level: float = 0.1) -> Signal:
    return np.random.default_rng(seed).standard_normal((frames, channels)) * level


def clip_of(samples: Signal, rate: int = RATE) -> Clip:
    return Clip(
        np.ascontiguousarray(samples if samples.ndim == 2 else samples[:, None], dtype=np.float32), rate
    )


def sine(frequency_hz: float, seconds: float, rate: int = RATE) -> Signal:
    return np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate)) / rate)


def level_db(samples: NDArray[np.floating]) -> float:
    return float(10 * np.log10(np.mean(np.square(samples.astype(np.float64))) + 1e-30))


def response_db(made: Colour, frequency_hz: float, rate: int = RATE) -> float:
    """What a colour does to a sine, measured after it has settled."""
    tone = 0.1 * sine(frequency_hz, 0.5, rate)
    out = colour(clip_of(tone, rate), made).samples[:, 0]
    return level_db(out[len(out) // 2 :]) - level_db(tone[len(out) // 2 :])


def test_a_neutral_colour_is_the_clip_itself() -> None:
    clip = clip_of(noise(100))
    assert colour(clip, NEUTRAL) is clip
    assert colour(clip, Colour(), loop=True) is clip


def test_reverse_is_the_clip_backwards_and_twice_is_nothing() -> None:
    clip = clip_of(noise(1000, 2))
    turned = colour(clip, Colour(reverse=True))
    assert np.array_equal(turned.samples, clip.samples[::-1])
    assert np.array_equal(colour(turned, Colour(reverse=True)).samples, clip.samples)


@pytest.mark.parametrize("rate", [16_000, 48_000, 96_000])
def test_filters_are_butterworths_of_12_db_an_octave(rate: int) -> None:
    made = Colour(highpass_hz=200.0, lowpass_hz=4000.0)
    sections = [
        dsp.butter(2, 200.0, "highpass", fs=rate, output="sos"),
        dsp.butter(2, 4000.0, "lowpass", fs=rate, output="sos"),
    ]
    for frequency in (50.0, 200.0, 900.0, 4000.0, 6500.0):
        _, wanted = dsp.sosfreqz(np.concatenate(sections), [frequency], fs=rate)
        assert response_db(made, frequency, rate) == pytest.approx(20 * np.log10(abs(wanted[0])), abs=0.05)


def analogue_db(band: Band, frequency_hz: float, rate: int) -> float:
    """The cookbook's analogue prototypes, evaluated on the warped frequency axis: another way to the same curve."""
    warped = math.tan(math.pi * frequency_hz / rate) / math.tan(math.pi * band.frequency_hz / rate)
    s, a, q = 1j * warped, 10 ** (band.gain_db / 40), band.q
    if band.kind == "bell":
        h = (s**2 + s * a / q + 1) / (s**2 + s / (a * q) + 1)
    elif band.kind == "low_shelf":
        h = a * (s**2 + s * a**0.5 / q + a) / (a * s**2 + s * a**0.5 / q + 1)
    else:
        h = a * (a * s**2 + s * a**0.5 / q + 1) / (s**2 + s * a**0.5 / q + a)
    return float(20 * np.log10(abs(h)))


@pytest.mark.parametrize("kind", ["bell", "low_shelf", "high_shelf"])
@pytest.mark.parametrize(("gain_db", "q"), [(6.0, 0.707), (-12.0, 2.0)])
def test_equalizer_bands_follow_the_cookbook(
    kind: Literal["bell", "low_shelf", "high_shelf"], gain_db: float, q: float
) -> None:
    band = Band(kind=kind, frequency_hz=1000.0, gain_db=gain_db, q=q)
    made = section(band, RATE)
    assert made is not None
    frequencies = np.array([30.0, 200.0, 700.0, 1000.0, 1500.0, 5000.0, 20_000.0])
    _, response = dsp.sosfreqz(np.array([made]), frequencies, fs=RATE)
    wanted = [analogue_db(band, frequency, RATE) for frequency in frequencies]
    assert 20 * np.log10(np.abs(response)) == pytest.approx(wanted, abs=1e-6)
    for frequency in (200.0, 1000.0, 5000.0):
        wanted_db = analogue_db(band, frequency, RATE)
        assert response_db(Colour(eq=(band,)), frequency) == pytest.approx(wanted_db, abs=0.05)


def test_what_lies_above_the_sound_changes_nothing() -> None:
    clip = clip_of(noise(4000), 8000)
    bell = Band(kind="bell", frequency_hz=9000.0, gain_db=12.0)
    shelf = Band(kind="high_shelf", frequency_hz=9000.0, gain_db=12.0)
    assert np.array_equal(colour(clip, Colour(eq=(bell, shelf), lowpass_hz=16_000.0)).samples, clip.samples)
    low = Band(kind="low_shelf", frequency_hz=9000.0, gain_db=12.0)
    assert response_db(Colour(eq=(low,)), 400.0, 8000) == pytest.approx(12.0, abs=0.1)


def stepped(levels_db: list[float], seconds: float, frequency_hz: float = 1000.0) -> Signal:
    """A tone at one level after another."""
    gains = np.repeat(10 ** (np.array(levels_db) / 20), round(seconds * RATE))
    return gains * sine(frequency_hz, seconds * len(levels_db))


@pytest.mark.parametrize("frequency_hz", [60.0, 1000.0, 9000.0])
def test_a_compressor_has_its_static_curve_at_any_level(frequency_hz: float) -> None:
    made = Compressor(threshold_db=-20.0, ratio=4.0, attack_ms=2.0, release_ms=60.0, knee_db=6.0)
    levels = [0.0, -8.0, -16.0, -20.0, -22.0, -30.0]
    for overall_db in (0.0, -40.0):
        source = stepped(levels, 0.6, frequency_hz) * 10 ** (overall_db / 20)
        out = colour(clip_of(source), Colour(compressor=made)).samples[:, 0]
        size = len(source) // len(levels)
        for index, level in enumerate(levels):
            settled = slice((index + 1) * size - size // 4, (index + 1) * size - size // 20)
            over = level - made.threshold_db
            wanted = (
                0.75 * over if over > 3 else 0.75 * max(0.0, over + 3) ** 2 / 12
            )  # after the paper's equation 4
            given = level_db(source[settled]) - level_db(out[settled])
            assert given == pytest.approx(wanted, abs=0.25), (level, overall_db)


def test_a_hard_knee_has_a_corner() -> None:
    hard = Compressor(threshold_db=-10.0, ratio=2.0, knee_db=0.0)
    assert reduction_db(np.array([-30.0, -10.0, 0.0]), hard).tolist() == [0.0, 0.0, 5.0]


def test_a_compressor_takes_its_time_to_grip_and_to_let_go() -> None:
    made = Compressor(threshold_db=-20.0, ratio=1e6, attack_ms=20.0, release_ms=100.0, knee_db=0.0)
    source = stepped([-20.0, 0.0, -20.0], 0.5, 5000.0)
    out = colour(clip_of(source), Colour(compressor=made)).samples[:, 0]

    def gain_db(at_s: float) -> float:
        here = slice(round(at_s * RATE) - 48, round(at_s * RATE) + 48)
        return level_db(out[here]) - level_db(source[here])

    assert gain_db(0.520) == pytest.approx(-20 * (1 - math.exp(-1)), abs=0.8)
    assert gain_db(0.95) == pytest.approx(-20, abs=0.1)
    # Let go of after the 10 ms for which a level is held; attack smoothing comes on top.
    assert gain_db(1.010 + 0.100 + 0.020) == pytest.approx(-20 * math.exp(-1), abs=1.5)
    assert gain_db(1.49) == pytest.approx(0, abs=0.6)


def test_channels_are_compressed_together() -> None:
    left = stepped([0.0, -30.0], 0.3)
    clip = clip_of(np.stack([left, 0.1 * left], axis=1))
    out = colour(clip, Colour(compressor=Compressor(ratio=8.0))).samples
    assert out[:, 1] == pytest.approx(0.1 * out[:, 0], abs=1e-6)


def struck(seconds: float = 1.0, at_s: float = 0.2) -> Signal:
    """A hit that rings on."""
    t = np.arange(round(seconds * RATE)) / RATE - at_s
    return np.where(t >= 0, np.exp(-np.maximum(t, 0) / 0.15) * np.sin(2 * np.pi * 2000 * t), 0.0) * 0.3


@pytest.mark.parametrize("amount_db", [6.0, -6.0])
@pytest.mark.parametrize("overall", [1.0, 0.01])
def test_attack_and_sustain_are_shaped_apart(amount_db: float, overall: float) -> None:
    source = struck() * overall

    def change(made: Transients, begin_s: float, end_s: float) -> float:
        here = slice(round((0.2 + begin_s) * RATE), round((0.2 + end_s) * RATE))
        out = colour(clip_of(source), Colour(transients=made)).samples[:, 0]
        return level_db(out[here]) - level_db(source[here])

    assert change(Transients(attack_db=amount_db), 0, 0.005) == pytest.approx(amount_db, abs=1)
    assert change(Transients(attack_db=amount_db), 0.2, 0.4) == pytest.approx(0, abs=0.3)
    assert change(Transients(sustain_db=amount_db), 0, 0.005) == pytest.approx(0, abs=0.3)
    assert change(Transients(sustain_db=amount_db), 0.25, 0.5) == pytest.approx(amount_db, abs=1)


@pytest.mark.parametrize("preset", ["hit", "click", "bell"])
@pytest.mark.parametrize("attack_db", [12.0, -12.0])
def test_a_clip_that_begins_with_its_attack_has_one(preset: str, attack_db: float) -> None:
    samples = sound(preset).reshape(-1, 1).astype(np.float64)
    loud = np.flatnonzero(np.abs(samples) > 0.05 * np.abs(samples).max())
    clip = clip_of(samples[loud[0] :])
    out = colour(clip, Colour(transients=Transients(attack_db=attack_db)))
    change_db = level_db(out.samples[:480]) - level_db(clip.samples[:480])
    assert abs(change_db) > 0.75 * 12
    assert np.sign(change_db) == np.sign(attack_db)
    if clip.frames > 9600:
        assert level_db(out.samples[9600:]) == pytest.approx(level_db(clip.samples[9600:]), abs=0.3)


def test_a_loop_that_runs_on_steadily_has_no_attack_at_its_start() -> None:
    source = 0.3 * sine(300.0, 1.0)
    attacked = Colour(transients=Transients(attack_db=12.0))
    alone, looped = (colour(clip_of(source), attacked, loop=loop).samples[:480] for loop in (False, True))
    assert level_db(alone) - level_db(source[:480]) > 9
    assert level_db(looped) == pytest.approx(level_db(source[:480]), abs=0.01)


def test_a_steady_sound_has_neither_attack_nor_tail() -> None:
    source = 0.3 * sine(300.0, 1.0)
    out = colour(clip_of(source), Colour(transients=Transients(attack_db=9.0, sustain_db=9.0)), loop=True)
    assert out.samples[:, 0] == pytest.approx(source, abs=1e-3)


def decay_time_s(response: Signal) -> float:
    """RT60 by Schroeder's backward integration, from -5 to -35 dB (ISO 3382's T30)."""
    left = np.cumsum(np.square(response)[::-1])[::-1]
    fall_db = 10 * np.log10(left / left[0] + 1e-30)
    here = np.flatnonzero((fall_db <= -5) & (fall_db >= -35))
    slope, _ = np.polyfit(here / RATE, fall_db[here], 1)
    return float(-60 / slope)


@pytest.mark.parametrize("decay_s", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("damping_hz", [2000.0, 6000.0])
def test_a_reverb_dies_away_in_its_time(decay_s: float, damping_hz: float) -> None:
    hit = np.zeros((2, 10))
    hit[:, 0] = 1.0
    made = Reverb(decay_s=decay_s, level_db=-6.0, predelay_ms=20.0, damping_hz=damping_hz)
    wet = reverberated(hit, made, RATE)
    predelay = round(0.020 * RATE)
    assert wet.shape[1] == 9 + predelay + round(decay_s * RATE)
    tail = wet[:, 10:]
    assert np.all(tail[:, : predelay - 10] == pytest.approx(0, abs=1e-12))
    assert np.sum(tail**2) == pytest.approx(2 * 10**-0.6, rel=1e-3)
    for side in tail[:, predelay - 10 :]:
        assert decay_time_s(side) == pytest.approx(decay_s, rel=0.1)
        octave = dsp.sosfilt(dsp.butter(3, (707, 1414), "bandpass", fs=RATE, output="sos"), side)
        assert decay_time_s(octave) == pytest.approx(decay_s, rel=0.1)
    assert abs(np.mean(tail[0] * tail[1])) < 0.1 * np.mean(tail**2)
    assert level_db(tail[0]) == pytest.approx(level_db(tail[1]), abs=0.1)


def test_damping_darkens_a_reverb() -> None:
    clip = clip_of(struck())

    def share_above_5k(damping_hz: float) -> float:
        tail = colour(clip, Colour(reverb=Reverb(damping_hz=damping_hz))).samples[RATE:, 0]
        power = np.abs(np.fft.rfft(tail)) ** 2
        return float(power[len(power) * 5 // 24 :].sum() / power.sum())

    assert share_above_5k(1500.0) < share_above_5k(12_000.0)


def test_a_reverb_is_the_same_each_time_and_long_clips_are_done_in_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clip = clip_of(noise(60_000, 2))
    made = Colour(reverb=Reverb(decay_s=0.2))
    once = colour(clip, made)
    assert np.array_equal(once.samples, colour(clip, made).samples)
    monkeypatch.setattr("sfxgen.audio.convolution.AT_ONCE", 4096)
    assert colour(clip, made).samples == pytest.approx(once.samples, abs=1e-6)


def test_width_scales_the_side_and_leaves_the_middle() -> None:
    clip = clip_of(noise(1000, 2))
    for width in (0.0, 0.5, 1.0, 2.0):
        out = colour(clip, Colour(width=width)).samples
        assert out.sum(axis=1) == pytest.approx(clip.samples.sum(axis=1), abs=1e-6)
        assert out[:, 0] - out[:, 1] == pytest.approx(
            width * (clip.samples[:, 0] - clip.samples[:, 1]), abs=1e-6
        )
    opposite = clip_of(noise(1000) * [[1, -1]])
    folded = colour(opposite, Colour(width=0.0)).samples
    assert level_db(folded) == pytest.approx(level_db(opposite.samples), abs=0.1)
    assert np.array_equal(folded[:, 0], folded[:, 1])
    alone = clip_of(noise(1000))
    assert np.array_equal(colour(alone, Colour(width=2.0)).samples, alone.samples)


FILTERED = Colour(highpass_hz=100.0, lowpass_hz=9000.0, eq=(Band(frequency_hz=500.0, gain_db=6.0),))


@pytest.mark.parametrize(
    ("made", "apart_db"),
    [
        (FILTERED, -100.0),
        (Colour(reverb=Reverb(decay_s=3.0)), -100.0),
        (Colour(width=1.5), -100.0),
        (Colour(compressor=Compressor()), -40.0),
        (Colour(transients=Transients(attack_db=6.0, sustain_db=-6.0)), -40.0),
    ],
    ids=["filters", "reverb", "width", "compressor", "transients"],
)
@pytest.mark.parametrize("turn", [1, 12_345])
def test_a_loop_turned_around_is_coloured_alike(made: Colour, apart_db: float, turn: int) -> None:
    source = noise(RATE, 2) * (1 + np.sin(2 * np.pi * 3 * np.arange(RATE) / RATE))[:, None] ** 2
    straight = colour(clip_of(source), made, loop=True).samples
    turned = colour(clip_of(np.roll(source, turn, axis=0)), made, loop=True).samples
    assert straight.shape == source.shape
    assert level_db(np.roll(turned, -turn, axis=0) - straight) - level_db(straight) < apart_db


def test_settings_out_of_range_are_errors() -> None:
    clip = clip_of(noise(100))
    for made in (
        Colour(stretch=0.0),
        Colour(pitch_st=100.0),
        Colour(eq=(Band(frequency_hz=100.0, gain_db=1.0, q=0.0),)),
        Colour(compressor=Compressor(ratio=0.0)),
        Colour(reverb=Reverb(decay_s=0.0)),
        Colour(width=-1.0),
    ):
        with pytest.raises(AudioError) as caught:
            colour(clip, made)
        assert caught.value.hint


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_samples_that_are_not_numbers_are_an_error(bad: float) -> None:
    samples = noise(100)
    samples[3] = bad
    with pytest.raises(AudioError, match="not numbers"):
        colour(clip_of(samples), Colour(highpass_hz=100.0))


def floats(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


COLOURS = st.builds(
    Colour,
    reverse=st.booleans(),
    denoise_db=st.none() | floats(0.1, 60),
    pitch_st=st.just(0.0) | floats(-24, 24),
    stretch=st.just(1.0) | floats(0.25, 4),
    highpass_hz=st.none() | floats(20, 20_000),
    lowpass_hz=st.none() | floats(20, 20_000),
    eq=st.lists(
        st.builds(
            Band,
            kind=st.sampled_from(["bell", "low_shelf", "high_shelf"]),
            frequency_hz=floats(20, 20_000),
            gain_db=floats(-36, 36),
            q=floats(0.1, 30),
        ),
        max_size=3,
    ).map(tuple),
    compressor=st.none()
    | st.builds(
        Compressor,
        threshold_db=floats(-80, 0),
        ratio=floats(1, 40),
        attack_ms=floats(0.1, 500),
        release_ms=floats(1, 500),
        knee_db=floats(0, 40),
    ),
    transients=st.none() | st.builds(Transients, attack_db=floats(-24, 24), sustain_db=floats(-24, 24)),
    reverb=st.none()
    | st.builds(
        Reverb,
        decay_s=floats(0.05, 0.5),
        level_db=floats(-60, 12),
        predelay_ms=floats(0, 100),
        damping_hz=floats(200, 20_000),
    ),
    width=st.none() | floats(0, 2),
)


@settings(max_examples=50, deadline=None)
@given(
    made=COLOURS,
    frames=st.sampled_from([0, 1, 2, 3, 17, 480, 5000]),
    channels=st.sampled_from([1, 2, 12]),
    rate=st.sampled_from([8000, 44_100, 384_000]),
    material=st.sampled_from(["noise", "silence", "click", "constant"]),
    loop=st.booleans(),
)
def test_any_colour_on_any_clip_gives_numbers_of_the_right_shape(
    made: Colour, frames: int, channels: int, rate: int, material: str, loop: bool
) -> None:
    samples = noise(frames, channels, seed=frames)
    if material == "silence":
        samples[:] = 0
    if material == "click":
        samples[1:] = 0
    if material == "constant":
        samples[:] = 0.5
    out = colour(clip_of(samples, rate), made, loop=loop)
    wanted = max(1, round(frames * made.stretch)) if frames else 0
    if made.reverb is not None and not loop and frames:
        wanted += max(1, round(made.reverb.decay_s * rate)) + round(made.reverb.predelay_ms / 1000 * rate) - 1
    assert out.samples.shape == (wanted, channels)
    assert out.sample_rate == rate
    assert np.all(np.isfinite(out.samples))
    if material == "silence":
        assert not np.any(out.samples)


def test_one_clip_is_not_changed_by_colouring_it() -> None:
    clip = mono(noise(5000)[:, 0], RATE)
    before = clip.samples.copy()
    colour(clip, Colour(denoise_db=12.0, pitch_st=3.0, compressor=Compressor(), reverb=Reverb()))
    assert np.array_equal(clip.samples, before)
