"""Rings of several takes: their length, their joins, their levels, and what they refuse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seam_material import LOW_RATE, MATERIAL, take_of

from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.levels import apply_gain
from sfxgen.audio.loop import make_loop
from sfxgen.audio.ring import Ring, join, joined
from sfxgen.audio.seam import measure_join
from sfxgen.errors import AudioError
from sfxgen.layers import takes_for

RATE = 8000


def noise(seconds: float, seed: int = 1, *, channels: int = 1, rate: int = RATE, level: float = 0.1) -> Clip:
    samples = level * np.random.default_rng(seed).standard_normal((round(seconds * rate), channels))
    return Clip(samples.astype(np.float32), rate)


def worst(ring: Ring) -> tuple[float, float, float]:
    """The largest step, level and flux of all joins, the wrap among them."""
    seams = [measure_join(ring.clip, frame, fade_frames=ring.fade_frames) for frame in ring.joins]
    return (
        max(seam.step_db for seam in seams),
        max(abs(seam.level_db) for seam in seams),
        max(seam.flux_z for seam in seams),
    )


@pytest.mark.parametrize(
    ("kind", "duration_s"), [*((kind, 60) for kind in MATERIAL), ("drone", 90), ("wind", 90)]
)
def test_long_ambience_has_no_seam(kind: str, duration_s: int) -> None:
    count = takes_for(duration_s, 8.0, 0.5) + 1
    takes = [take_of(kind, seed, 8.0 + seed % 3, stereo=kind == "rain") for seed in range(count)]
    takes = [apply_gain(take, [0, -4, 3][seed % 3]) for seed, take in enumerate(takes)]
    ring = joined(takes, duration_s, 500)
    assert ring.clip.frames == duration_s * LOW_RATE
    assert len(ring.joins) == count
    assert ring.joins[0] == 0
    step_db, level_db, flux_z = worst(ring)
    assert step_db <= 3
    assert level_db <= 1.5
    assert flux_z <= 5


def test_takes_put_end_to_end_are_heard() -> None:
    takes = [take_of("hum", seed, 8.0) for seed in range(4)]
    ends = np.cumsum([0, *(take.frames for take in takes)])
    clip = Clip(np.concatenate([take.samples for take in takes]), LOW_RATE)
    step_db, _, flux_z = worst(Ring(clip, tuple(int(end) for end in ends[:-1]), 0))
    assert step_db > 10
    assert flux_z > 5


def test_each_take_is_brought_to_the_same_level() -> None:
    takes = [noise(4, seed, level=level) for seed, level in enumerate([0.05, 0.1, 0.2, 0.1, 0.15])]
    ring = joined(takes, 15, 300)
    halves = ring.clip.samples[:, 0].reshape(30, -1)
    assert np.ptp(10 * np.log10(np.square(halves).mean(axis=1))) < 1


def test_a_take_that_swells_meets_its_neighbours() -> None:
    takes = [noise(5, seed) for seed in range(4)]
    swelling = takes[1].samples * 10 ** (np.linspace(-4, 4, takes[1].frames)[:, np.newaxis] / 20)
    takes[1] = Clip(swelling.astype(np.float32), RATE)
    halves = join(takes, 16, 500).samples[:, 0].reshape(32, -1)
    levels_db = 10 * np.log10(np.square(halves).mean(axis=1))
    assert np.abs(np.diff(np.append(levels_db, levels_db[0]))).max() < 1.3


def test_every_take_is_heard_in_its_own_place() -> None:
    tones = [
        mono(0.1 * np.sin(np.arange(4 * RATE) * (2 * np.pi * hz / RATE)), RATE) for hz in (300, 500, 700)
    ]
    ring = joined(tones, 9, 400)
    middles = [start + RATE * 3 // 2 for start in ring.joins]
    heard = [
        int(np.abs(np.fft.rfft(ring.clip.samples[at : at + RATE // 10, 0])).argmax()) * 10 for at in middles
    ]
    assert heard == [300, 500, 700]


def test_the_highest_rate_and_the_most_channels_win() -> None:
    ring = joined([noise(3), noise(3, 2, rate=12000, channels=2), noise(3, 3, rate=11025)], 6.5, 200)
    assert (ring.clip.sample_rate, ring.clip.channels, ring.clip.frames) == (12000, 2, 78000)


def test_one_take_becomes_a_loop() -> None:
    take = noise(5)
    assert np.array_equal(join([take], 3, 300).samples, make_loop(take, 3, 300).samples)


def test_takes_that_would_only_be_fades_are_left_out() -> None:
    ring = joined([noise(3, seed) for seed in range(20)], 6, 500)
    assert len(ring.joins) == 4
    assert ring.clip.frames == 6 * RATE


def test_with_little_to_spare_the_fades_are_shorter() -> None:
    ring = joined([noise(3, seed) for seed in range(3)], 8.7, 500)
    assert ring.fade_frames == RATE // 10
    assert ring.clip.frames == round(8.7 * RATE)


def test_without_a_crossfade_takes_follow_one_another() -> None:
    ring = joined([noise(2, 1), noise(2, 2)], 4, 0)
    assert ring.clip.frames == 4 * RATE
    assert ring.fade_frames == 0


def test_too_little_is_refused_with_what_it_needs() -> None:
    with pytest.raises(AudioError, match=r"2 takes of 6\.00 s together .* needs 21\.00 s") as caught:
        join([noise(3), noise(3)], 20, 500)
    assert "more or longer takes" in caught.value.hint
    with pytest.raises(AudioError, match="no takes"):
        join([], 20, 500)
    with pytest.raises(AudioError, match="no frames"):
        join([noise(3), noise(3)], 0, 500)
    with pytest.raises(AudioError, match="too short to be joined"):
        join([noise(9), noise(9), noise(0.01)], 14, 500)
    with pytest.raises(AudioError, match="not numbers"):
        join([noise(3), mono(np.full(3 * RATE, np.nan), RATE)], 5, 100)
    with pytest.raises(AudioError, match="channels"):
        join([noise(3), noise(3, channels=4)], 5, 100)


def test_silent_takes_make_a_silent_ring() -> None:
    assert not join([noise(3, level=0), noise(3, level=0)], 5, 200).samples.any()


@pytest.mark.parametrize(
    ("duration_s", "take_s", "crossfade_s", "count"),
    [
        (60, 8, 0.5, 8),
        (60, 10, 0.5, 7),
        (7.5, 8, 0.5, 2),
        (7.6, 8, 0.5, 2),
        (0.3, 0.2, 0.1, 3),
        (10, 5, 0, 2),
    ],
)
def test_how_many_takes_are_needed(duration_s: float, take_s: float, crossfade_s: float, count: int) -> None:
    assert takes_for(duration_s, take_s, crossfade_s) == count


@given(
    take_s=st.floats(0.5, 1.5),
    duration_s=st.floats(0.3, 6),
    crossfade_ms=st.floats(0, 300),
    more=st.integers(0, 2),
)
@settings(deadline=None, max_examples=40)
def test_as_many_takes_as_needed_are_enough(
    take_s: float, duration_s: float, crossfade_ms: float, more: int
) -> None:
    take_s = round(take_s * RATE) / RATE
    count = takes_for(duration_s, take_s, crossfade_ms / 1000) + more
    ring = joined([noise(take_s, seed) for seed in range(count)], duration_s, crossfade_ms)
    assert ring.clip.frames == round(duration_s * RATE)
    assert np.isfinite(ring.clip.samples).all()
    assert list(ring.joins) == sorted(set(ring.joins))
