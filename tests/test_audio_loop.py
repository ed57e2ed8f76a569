from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.loop import make_loop
from sfxgen.errors import AudioError

RATE = 48000
Signal = NDArray[np.float64]


def noise(frames: int) -> Signal:
    return 0.1 * np.random.default_rng(4).standard_normal(frames)


def low_noise(frames: int) -> Signal:
    return np.convolve(noise(frames), np.full(24, 1 / 12), mode="same")


def chord(frames: int, *frequencies: float) -> Signal:
    t = np.arange(frames) / RATE
    parts = [np.sin(2 * np.pi * f * t + n) for n, f in enumerate(frequencies)]
    total: Signal = 0.2 * np.sum(parts, axis=0)
    return total


SOURCES: dict[str, Callable[[int], Signal]] = {
    "noise": noise,
    "low noise": low_noise,
    "tone": lambda frames: chord(frames, 440.3),
    "low tone": lambda frames: chord(frames, 61.7),
    "chord": lambda frames: chord(frames, 220, 277.18, 329.63),
    "low chord": lambda frames: chord(frames, 98.1, 123.47, 146.83, 392.7),
    "bells": lambda frames: chord(frames, 523.3, 1411.7, 2203.1, 3107.9, 4567.7),
    "tone in noise": lambda frames: chord(frames, 331.7) + noise(frames),
}


def seam_db(loop: Signal) -> float:
    """Largest second difference within 1 ms of the wrap, against the loop's 99.9th percentile."""
    wrapped = np.concatenate([loop[-RATE // 10 :], loop[: RATE // 10]])
    near = np.abs(np.diff(wrapped, 2))[RATE // 10 - 49 : RATE // 10 + 48].max()
    return float(20 * np.log10(near / np.percentile(np.abs(np.diff(loop, 2)), 99.9)))


def mid_fade_db(loop: Signal, fade: int) -> float:
    """RMS in mid-fade against the rest."""
    mid, body = loop[fade // 4 : 3 * fade // 4], loop[fade:]
    return float(10 * np.log10(np.mean(mid**2) / np.mean(body**2)))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("duration_s", [1.0, 2.0031, 4.0173])
def test_a_loop_has_no_audible_seam(source: str, duration_s: float) -> None:
    take = mono(SOURCES[source](round((duration_s + 1) * RATE)), RATE)
    loop = make_loop(take, duration_s, 500).samples[:, 0].astype(np.float64)
    assert loop.size == round(duration_s * RATE)
    assert seam_db(loop) <= 3
    assert abs(mid_fade_db(loop, RATE // 2)) <= 1.5


def test_the_seam_measures_catch_a_plain_cut_and_an_unaligned_fade() -> None:
    take = chord(3 * RATE, 440.3)
    length = round(2.0009 * RATE)
    assert seam_db(take[:length]) > 20
    gains = np.sqrt(np.arange(RATE // 2) / (RATE // 2))
    unaligned = take[:length].copy()
    unaligned[: RATE // 2] = take[: RATE // 2] * gains + take[length : length + RATE // 2] * gains[::-1]
    assert abs(mid_fade_db(unaligned, RATE // 2)) > 1.5


def test_a_tone_stays_in_tune_and_keeps_its_level() -> None:
    loop = make_loop(mono(chord(3 * RATE, 440.3), RATE), 2.0, 500).samples[:, 0]
    spectrum = np.abs(np.fft.rfft(loop))
    assert abs(1200 * np.log2(spectrum.argmax() / 2.0 / 440.3)) < 7
    assert np.sqrt(np.mean(np.square(loop))) == pytest.approx(0.2 / np.sqrt(2), rel=0.01)


def test_noise_needs_no_alignment_so_its_body_is_the_take_itself() -> None:
    take = mono(noise(3 * RATE), RATE)
    loop = make_loop(take, 2.0, 500)
    body = loop.samples[RATE // 2 :, 0]
    start = int(np.flatnonzero(take.samples[:, 0] == body[0])[0])
    assert np.array_equal(take.samples[start : start + body.size, 0], body)


def test_both_channels_of_a_stereo_loop_are_cut_at_the_same_place() -> None:
    left = chord(3 * RATE, 220, 277.18)
    loop = make_loop(Clip(np.stack([left, -0.5 * left], axis=1).astype(np.float32), RATE), 2.0, 500)
    assert np.abs(loop.samples[:, 1] + 0.5 * loop.samples[:, 0]).max() < 1e-6


@given(
    frames=st.integers(1, 6000),
    length=st.integers(1, 6000),
    crossfade_ms=st.floats(0, 300),
    rate=st.sampled_from([16000, 22050, 48000]),
)
@settings(deadline=None, max_examples=150)
def test_a_loop_has_the_asked_length_or_is_refused(
    frames: int, length: int, crossfade_ms: float, rate: int
) -> None:
    take = mono(np.random.default_rng(frames).standard_normal(frames), rate)
    if frames - length < min(round(0.010 * rate), round(crossfade_ms * rate / 1000), length):
        with pytest.raises(AudioError) as caught:
            make_loop(take, length / rate, crossfade_ms)
        assert caught.value.hint
        return
    loop = make_loop(take, length / rate, crossfade_ms)
    assert loop.frames == length
    assert np.isfinite(loop.samples).all()


def test_a_take_with_little_to_spare_gets_a_shorter_fade() -> None:
    take = mono(chord(round(2.1 * RATE), 440.3), RATE)
    loop = make_loop(take, 2.0, 500).samples[:, 0].astype(np.float64)
    assert loop.size == 2 * RATE
    assert seam_db(loop) <= 3


def test_a_take_that_is_too_short_is_refused() -> None:
    with pytest.raises(AudioError, match="shorter than the loop") as caught:
        make_loop(mono(noise(RATE), RATE), 2.0, 500)
    assert "duration_s" in caught.value.hint
    with pytest.raises(AudioError, match="too little for a seam"):
        make_loop(mono(noise(RATE), RATE), 1.0, 500)


def test_without_a_crossfade_the_loop_is_cut_as_it_is() -> None:
    take = mono(noise(RATE), RATE)
    assert np.array_equal(make_loop(take, 0.5, 0).samples, take.samples[: RATE // 2])


def test_silence_loops() -> None:
    assert not make_loop(mono(np.zeros(3 * RATE), RATE), 2.0, 500).samples.any()
