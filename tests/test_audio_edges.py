import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.edges import active_range, cut, fade, trim
from sfxgen.audio.levels import remove_dc

RATE = 48000
Signal = NDArray[np.float64]


def noise(frames: int, level_db: float, seed: int = 0) -> Signal:
    return np.random.default_rng(seed).standard_normal(frames) * 10 ** (level_db / 20)


def burst(frames: int, decay_s: float, seed: int = 1) -> Signal:
    """Noise that decays to 1/e in `decay_s`."""
    return noise(frames, -10, seed) * np.exp(-np.arange(frames) / (decay_s * RATE))


def at(start_s: float, event: Signal, duration_s: float = 2.0) -> Signal:
    samples = np.zeros(round(duration_s * RATE))
    start = round(start_s * RATE)
    samples[start : start + event.size] += event[: samples.size - start]
    return samples


def trimmed_from(samples: Signal) -> tuple[float, float]:
    """Trim and say where the result stood in the original, in seconds."""
    clip = remove_dc(mono(samples, RATE))
    trimmed = trim(clip)
    start = int(np.abs(clip.samples[:, 0]).argmax() - np.abs(trimmed.samples[:, 0]).argmax())
    assert np.array_equal(clip.samples[start : start + trimmed.frames], trimmed.samples)
    return start / RATE, (start + trimmed.frames) / RATE


SLOW_ATTACK = (
    np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE) * np.minimum(1, np.arange(RATE) / (RATE / 2)) * 0.3
)
BED = noise(2 * RATE, -55, seed=9)


@pytest.mark.parametrize(
    ("samples", "starts_s", "ends_s"),
    [
        pytest.param(at(0.4, burst(40000, 0.12)), (0.39, 0.4), (1.2, 1.26), id="clean"),
        pytest.param(at(0.4, burst(40000, 0.12)) + 0.02, (0.39, 0.4), (1.2, 1.26), id="dc"),
        pytest.param(at(0.4, burst(40000, 0.12)) + BED, (0.39, 0.4), (0.9, 1.1), id="noise bed"),
        pytest.param(at(0.4, burst(40000, 0.12)) + BED * 4, (0.39, 0.4), (0.7, 1.0), id="loud noise bed"),
        pytest.param(
            at(0.4, burst(40000, 0.12)) + BED + 0.02, (0.39, 0.4), (0.9, 1.1), id="noise bed and dc"
        ),
        pytest.param((at(0.4, burst(40000, 0.12)) + BED) / 200, (0.39, 0.4), (0.9, 1.1), id="quiet"),
        pytest.param(at(0.4, SLOW_ATTACK) + BED, (0.38, 0.42), (1.4, 1.43), id="slow attack"),
        pytest.param(at(0.4, np.array([0.5, -0.5, 0.3])), (0.39, 0.4), (0.4, 0.43), id="click"),
        pytest.param(
            at(0.4, burst(20000, 0.04)) + at(1.4, burst(20000, 0.04)) / 3 + BED / 2,
            (0.39, 0.4),
            (1.55, 1.75),
            id="silence inside",
        ),
        pytest.param(burst(2 * RATE, 0.29), (0.0, 0.0), (2.0, 2.0), id="decay over the whole take"),
        pytest.param(burst(2 * RATE, 0.87), (0.0, 0.0), (2.0, 2.0), id="slow decay"),
        pytest.param(noise(2 * RATE, -20), (0.0, 0.0), (2.0, 2.0), id="steady noise"),
    ],
)
def test_trim_keeps_the_sound_and_nothing_else(
    samples: Signal, starts_s: tuple[float, float], ends_s: tuple[float, float]
) -> None:
    start_s, end_s = trimmed_from(samples)
    assert starts_s[0] <= start_s <= starts_s[1]
    assert ends_s[0] <= end_s <= ends_s[1]


@pytest.mark.parametrize("gain_db", [-50, 0, 20])
def test_trim_does_not_depend_on_the_level(gain_db: float) -> None:
    samples = at(0.4, burst(40000, 0.12)) + BED
    assert trimmed_from(samples * 10 ** (gain_db / 20)) == trimmed_from(samples)


@st.composite
def takes(draw: st.DrawFn) -> tuple[Signal, float]:
    """A burst or tone on a noise bed or on silence, and when it begins."""
    seed = draw(st.integers(0, 2**16))
    start_s = draw(st.floats(0.05, 1.0))
    frames = round(draw(st.floats(0.05, 0.8)) * RATE)
    if draw(st.booleans()):
        event = burst(frames, draw(st.floats(0.02, 0.5)), seed)
    else:
        event = np.sin(np.arange(frames) * draw(st.floats(0.02, 1.0)))
    bed_db = draw(st.sampled_from([-200.0, -90.0, -60.0, -50.0]))
    level = 10 ** (draw(st.floats(-30, 0)) / 20)
    return (at(start_s, event) + noise(2 * RATE, bed_db, seed + 1)) * level, start_s


@given(takes())
@settings(max_examples=60, deadline=None)
def test_trim_starts_within_its_pre_roll_of_the_event(take: tuple[Signal, float]) -> None:
    samples, start_s = take
    trimmed_s, _ = trimmed_from(samples)
    assert start_s - 0.010 <= trimmed_s <= start_s + 0.001


@given(takes())
@settings(max_examples=100, deadline=None)
def test_trimming_twice_takes_off_at_most_a_frame_more(take: tuple[Signal, float]) -> None:
    once = trim(remove_dc(mono(take[0], RATE)))
    assert once.frames - trim(once).frames <= round(0.005 * RATE)


@given(takes())
@settings(max_examples=30, deadline=None)
def test_the_active_range_lies_within_the_trimmed_clip(take: tuple[Signal, float]) -> None:
    clip = mono(take[0], RATE)
    start, end = active_range(clip)
    assume(end > start)
    assert end - start <= trim(clip).frames <= end - start + round(0.025 * RATE)


def test_a_sound_in_one_channel_alone_counts() -> None:
    samples = np.zeros((RATE, 2), dtype=np.float32)
    samples[20000:30000, 1] = 0.3
    assert active_range(Clip(samples, RATE)) == (19920, 30000)


@pytest.mark.parametrize("frames", [0, 1, 100, 48000])
def test_silence_trims_to_an_empty_clip(frames: int) -> None:
    assert trim(mono(np.zeros(frames), RATE)).frames == 0


@pytest.mark.parametrize("frames", [1, 2, 239, 240, 241, 500])
def test_a_clip_shorter_than_the_frames_is_kept_whole(frames: int) -> None:
    assert trim(mono(np.full(frames, 0.5), RATE)).frames == frames


@given(frames=st.integers(0, 3000), in_ms=st.floats(0, 100), out_ms=st.floats(0, 100))
@settings(deadline=None)
def test_fades_end_in_silence_and_leave_the_middle_alone(frames: int, in_ms: float, out_ms: float) -> None:
    faded = fade(mono(np.ones(frames), RATE), in_ms=in_ms, out_ms=out_ms).samples[:, 0]
    fade_in, fade_out = min(frames // 2, round(in_ms * 48)), min(frames // 2, round(out_ms * 48))
    assert faded.size == frames
    assert (faded[fade_in : frames - fade_out] == 1).all()
    assert (np.diff(faded[: fade_in + 1]) >= 0).all()
    assert (np.diff(faded[frames - fade_out - 1 :]) <= 0).all() or frames == fade_out == 0
    if fade_in:
        assert faded[0] == 0
    if fade_out:
        assert faded[-1] == 0


def test_the_default_fade_leaves_an_onset_after_the_pre_roll_untouched() -> None:
    trimmed = trim(mono(at(0.4, burst(40000, 0.12)), RATE))
    faded = fade(trimmed, in_ms=1.0, out_ms=10.0)
    onset = int(np.flatnonzero(trimmed.samples[:, 0])[0])
    assert np.array_equal(faded.samples[onset : onset + 4800], trimmed.samples[onset : onset + 4800])


def test_cut_keeps_the_start() -> None:
    clip = mono(np.arange(100) / 100, 1000)
    assert cut(clip, 0.03).samples[:, 0].tolist() == clip.samples[:30, 0].tolist()
    assert cut(clip, 5).frames == 100
