"""Stacking clips: what a layer's gain, delay, pitch and filters do, and that stacked loops still join."""

from __future__ import annotations

import numpy as np
import pytest

from sfxgen.audio.clip import Clip
from sfxgen.audio.stack import LONGEST_S, Layer, stack
from sfxgen.errors import AudioError
from sfxgen.layers import Mix

RATE = 48000


def tone(
    frequency_hz: float, seconds: float, *, rate: int = RATE, channels: int = 1, gain: float = 0.3
) -> Clip:
    times = np.arange(round(seconds * rate)) / rate
    wave = (gain * np.sin(2 * np.pi * frequency_hz * times)).astype(np.float32)
    return Clip(np.repeat(wave[:, None], channels, axis=1), rate)


def strongest_hz(clip: Clip) -> float:
    spectrum = np.abs(np.fft.rfft(clip.samples[:, 0] * np.hanning(clip.frames)))
    return float(np.argmax(spectrum)) * clip.sample_rate / clip.frames


def level_db(clip: Clip) -> float:
    middle = clip.samples[clip.frames // 4 : 3 * clip.frames // 4]
    return 20 * float(np.log10(np.sqrt(np.mean(middle**2))))


def one(clip: Clip, mix: Mix, **more: float) -> Clip:
    joined = "loop_s" in more and more.get("crossfade_ms", 0.0) == 0
    layer = Layer(clip, mix, joined=joined)
    return stack([layer], loop_s=more.get("loop_s"), crossfade_ms=more.get("crossfade_ms", 0.0))


def test_a_layer_alone_is_itself() -> None:
    clip = tone(440, 0.5)
    assert np.array_equal(one(clip, Mix()).samples, clip.samples)


def test_layers_are_added_where_they_start() -> None:
    click = Clip(np.full((10, 1), 0.25, np.float32), RATE)
    both = stack(
        [Layer(click, Mix()), Layer(click, Mix(delay_s=0.01, gain_db=-6.0206))], loop_s=None, crossfade_ms=0
    )
    assert both.frames == 490
    assert both.samples[:10] == pytest.approx(0.25)
    assert not both.samples[10:480].any()
    assert both.samples[480:] == pytest.approx(0.125, abs=1e-6)


def test_pitch_is_that_of_a_faster_tape() -> None:
    up = one(tone(500, 1.0), Mix(pitch_st=12))
    assert up.duration_s == pytest.approx(0.5, abs=1e-3)
    assert strongest_hz(up) == pytest.approx(1000, rel=0.005)


def test_filters_cut_what_lies_beyond() -> None:
    assert level_db(one(tone(4000, 0.5), Mix(lowpass_hz=500))) < level_db(tone(4000, 0.5)) - 30
    assert level_db(one(tone(100, 0.5), Mix(highpass_hz=1000))) < level_db(tone(100, 0.5)) - 30
    assert level_db(one(tone(100, 0.5), Mix(lowpass_hz=5000))) == pytest.approx(
        level_db(tone(100, 0.5)), abs=0.1
    )


def test_the_highest_rate_and_the_most_channels_win() -> None:
    narrow, wide = tone(1000, 0.5, rate=16000), tone(300, 0.5, channels=2)
    both = stack([Layer(narrow, Mix()), Layer(wide, Mix(gain_db=-60))], loop_s=None, crossfade_ms=0)
    assert (both.sample_rate, both.channels, both.frames) == (RATE, 2, RATE // 2)
    assert strongest_hz(both) == pytest.approx(1000, rel=0.01)


def test_a_sum_above_full_scale_is_turned_down_not_clipped() -> None:
    loud = tone(440, 0.2, gain=0.9)
    both = stack([Layer(loud, Mix()), Layer(loud, Mix())], loop_s=None, crossfade_ms=0)
    assert np.max(np.abs(both.samples)) == pytest.approx(1.0)
    assert strongest_hz(both) == pytest.approx(440, rel=0.02)


@pytest.mark.parametrize(
    "mix", [Mix(), Mix(delay_s=0.3), Mix(lowpass_hz=2000, highpass_hz=80), Mix(pitch_st=-5)]
)
def test_a_loop_of_loops_joins_itself(mix: Mix) -> None:
    length_s = 1.0
    own_s = length_s * mix.speed
    frames = round(own_s * RATE)
    rng = np.random.default_rng(1)
    spectrum = np.zeros(frames // 2 + 1, complex)
    spectrum[20:2000] = rng.standard_normal(1980) + 1j * rng.standard_normal(1980)
    wave = np.fft.irfft(spectrum, frames)
    seamless = Clip((0.5 * wave / np.abs(wave).max()).astype(np.float32)[:, None], RATE)
    looped = one(seamless, mix, loop_s=length_s)
    assert looped.frames == RATE
    twice = np.concatenate([looped.samples[:, 0]] * 2).astype(np.float64)
    bend = np.abs(np.diff(twice, 2))
    assert bend[RATE - 50 : RATE + 50].max() <= bend.max() * 1.0001
    seam = bend[RATE - 3 : RATE + 1].max()
    assert seam <= np.percentile(bend, 99.9) * 1.4


def test_a_take_too_short_for_the_loop_is_told() -> None:
    with pytest.raises(AudioError, match="shorter than the loop"):
        one(tone(440, 0.5), Mix(), loop_s=1.0, crossfade_ms=500)


def test_a_take_that_is_no_loop_gets_a_seam() -> None:
    ramp = Clip(np.linspace(-0.5, 0.5, round(1.5 * RATE), dtype=np.float32)[:, None], RATE)
    looped = one(ramp, Mix(), loop_s=1.0, crossfade_ms=300)
    assert abs(looped.samples[0, 0] - looped.samples[-1, 0]) < 1e-3


def test_a_stack_without_end_is_refused() -> None:
    with pytest.raises(AudioError, match="1000 s"):
        one(tone(440, 500.0, rate=8000), Mix(pitch_st=-12))
    assert LONGEST_S == 600
