"""What the seam measures hear, and what they leave alone."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from synth_measures import recipe

from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.seam import Seam, measure_join, measure_seam
from sfxgen.errors import AudioError
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.session import rendered

RATE = 24000
FADE = RATE // 2
Signal = NDArray[np.float64]

EVEN_PRESETS = (
    "roll",
    "gears",
    "beam",
    "portal",
    "insect",
    "purr",
    "engine",
    "motorbike",
    "helicopter",
    "propeller",
    "jet",
    "train",
    "spaceship",
    "hum",
    "fan",
    "drill",
    "saw",
    "pump",
    "siren",
    "rain",
    "wind",
    "hail",
    "blizzard",
    "leaves",
    "boiling",
    "waterfall",
    "underwater",
    "fire",
    "torch",
    "sizzle",
    "fuse",
    "applause",
    "murmur",
    "night",
    "cave",
    "factory",
    "room_tone",
    "space_drone",
    "spaceship_interior",
)
"""Textures in which each half second is like another: single drops, steps and waves have no level to compare."""


def noise(frames: int, seed: int = 1) -> Signal:
    return 0.1 * np.random.default_rng(seed).standard_normal(frames)


def tones(frames: int, *frequencies: float) -> Signal:
    t = np.arange(frames) / RATE
    total: Signal = 0.1 * np.sum([np.sin(2 * np.pi * f * t + n) for n, f in enumerate(frequencies)], axis=0)
    return total


def quiet(seam: Seam) -> bool:
    return seam.step_db <= 3 and abs(seam.level_db) <= 1.5 and seam.flux_z <= 5


PERIODIC: dict[str, Callable[[int], Signal]] = {
    "tone": lambda frames: tones(frames, 440),
    "low hum": lambda frames: tones(frames, 50, 100, 150, 250, 350),
    "chord": lambda frames: tones(frames, 220, 277, 330, 554, 1108),
    "noise": noise,
    "tone in noise": lambda frames: tones(frames, 330) + 0.3 * noise(frames),
    "pulses": lambda frames: tones(frames, 700) * np.sin(np.arange(frames) * (np.pi * 20 / RATE)) ** 8,
}


@pytest.mark.parametrize("source", PERIODIC)
@pytest.mark.parametrize("fade_frames", [0, FADE])
def test_a_periodic_signal_has_no_seam_wherever_its_period_starts(source: str, fade_frames: int) -> None:
    loop = mono(PERIODIC[source](4 * RATE), RATE)
    for frame in (0, 12345, 50001):
        assert quiet(measure_join(loop, frame, fade_frames=fade_frames))


@pytest.mark.parametrize("preset", EVEN_PRESETS)
def test_the_synthesizers_own_loops_have_no_seam(preset: str) -> None:
    samples = rendered(recipe(preset, kind="loop", duration_s=3.0)).astype(np.float32)
    assert quiet(measure_seam(Clip(samples, SAMPLE_RATE)))


@pytest.mark.parametrize(
    "frequencies", [(440.3,), (61.7, 123.4, 246.8), (220.4, 277.2, 329.6), (98.1, 123.5, 146.8, 392.7)]
)
def test_a_cut_through_tones_clicks(frequencies: tuple[float, ...]) -> None:
    seam = measure_seam(mono(tones(round(3.0037 * RATE), *frequencies), RATE))
    assert seam.step_db > 6
    assert seam.flux_z > 5


def test_one_wrong_sample_at_the_seam_is_a_click() -> None:
    loop = tones(3 * RATE, 440)
    assert quiet(measure_seam(mono(loop, RATE)))
    loop[-5] += 0.05
    assert measure_seam(mono(loop, RATE)).step_db > 10


@pytest.mark.parametrize("change_db", [-6.0, -3.0, 3.0, 6.0])
def test_a_fade_that_changes_the_level_is_read_in_db(change_db: float) -> None:
    loop = noise(4 * RATE)
    loop[:FADE] *= 10 ** (change_db / 20)
    seam = measure_seam(mono(loop, RATE), fade_frames=FADE)
    assert seam.level_db == pytest.approx(change_db, abs=0.5)
    assert abs(measure_join(mono(loop, RATE), 2 * RATE, fade_frames=FADE).level_db) < 0.5


def test_a_level_that_the_body_has_elsewhere_is_no_fault() -> None:
    gusts = noise(8 * RATE) * 10 ** (6 * np.sin(np.arange(8 * RATE) * (2 * np.pi / (2 * RATE))) / 20)
    for frame in range(0, 8 * RATE, RATE // 3):
        assert abs(measure_join(mono(gusts, RATE), frame, fade_frames=FADE).level_db) < 0.7


def test_another_sound_over_the_seam_changes_the_spectrum() -> None:
    loop = tones(4 * RATE, 220, 277, 330)
    loop[: RATE // 10] = tones(RATE // 10, 1720, 2340, 3010)
    assert measure_seam(mono(loop, RATE), fade_frames=FADE).flux_z > 5


def test_a_fault_in_one_channel_is_a_fault() -> None:
    good = tones(3 * RATE, 440)
    bad = tones(3 * RATE, 440.17)
    both = measure_seam(Clip(np.stack([good, bad], axis=1).astype(np.float32), RATE))
    alone = measure_seam(mono(bad, RATE))
    assert not quiet(alone)
    assert both == alone


def test_a_channel_that_nobody_hears_has_no_seam() -> None:
    pair = np.stack([tones(3 * RATE, 440), 1e-4 * tones(3 * RATE, 440.17)], axis=1)
    assert quiet(measure_seam(Clip(pair.astype(np.float32), RATE)))


def test_a_join_is_found_where_it_is() -> None:
    first, second = tones(2 * RATE, 440), tones(2 * RATE, 440)[37:]
    clip = mono(np.concatenate([first, second]), RATE)
    assert not quiet(measure_join(clip, 2 * RATE))
    assert quiet(measure_join(clip, RATE))


def test_silence_and_next_to_nothing_have_no_seam() -> None:
    nothing = Seam(0.0, 0.0, 0.0)
    for frames in (0, 1, 2, 3):
        assert measure_seam(mono(np.ones(frames), RATE)) == nothing
    for frames in (4, 1000, RATE):
        assert measure_seam(mono(np.zeros(frames), RATE)) == nothing
    assert measure_seam(Clip(np.zeros((RATE, 0), np.float32), RATE)) == nothing


def test_a_short_click_in_long_silence_is_measured() -> None:
    clip = np.zeros(RATE)
    clip[:3] = 0.5
    seam = measure_seam(mono(clip, RATE))
    assert seam.step_db > 60
    assert np.isfinite([seam.level_db, seam.flux_z]).all()


def test_places_outside_the_clip_are_refused() -> None:
    clip = mono(noise(RATE), RATE)
    with pytest.raises(AudioError, match="cross-fade"):
        measure_seam(clip, fade_frames=RATE + 1)
    with pytest.raises(AudioError, match="cross-fade"):
        measure_seam(clip, fade_frames=-1)
    with pytest.raises(AudioError, match="not in a clip"):
        measure_join(clip, RATE)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(AudioError, match="not numbers"):
        measure_seam(mono(np.append(noise(RATE), bad), RATE))


@given(
    frames=st.integers(0, 6000),
    part=st.floats(0, 1),
    rate=st.sampled_from([8000, 44100]),
    stereo=st.booleans(),
)
@settings(deadline=None, max_examples=50)
def test_every_clip_has_a_finite_seam(frames: int, part: float, rate: int, stereo: bool) -> None:
    samples = np.random.default_rng(frames).standard_normal((frames, 1 + stereo)).astype(np.float32)
    seam = measure_seam(Clip(samples, rate), fade_frames=int(part * frames))
    assert np.isfinite([seam.step_db, seam.level_db, seam.flux_z]).all()
