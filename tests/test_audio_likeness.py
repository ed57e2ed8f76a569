"""Likeness: copies are told whatever was done to them, new seeds of one sound are none."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from itertools import combinations

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from synth_measures import recipe

from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.codec import decode, encode
from sfxgen.audio.likeness import MOST_SEMITONES, Print, likeness, print_of
from sfxgen.categories import Gates
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.presets import PRESETS
from sfxgen.models.synth.session import rendered
from sfxgen.recipe import Encoding

RATE = SAMPLE_RATE
LIMIT = Gates().duplicate or 0.0
SOUNDS = [
    "coin",
    "explosion",
    "footstep",
    "rain",
    "sword_clash",
    "laugh",
    "helicopter",
    "click",
    "geiger",
    "horn",
]
"""Tonal, low, dull, broad-band, bright, voiced, periodic, very short, sparse, a bare tone."""

Samples = NDArray[np.float32]


@cache
def take(preset: str, number: int = 1, duration_s: float = 1.7) -> Samples:
    return rendered(recipe(preset, take=number, duration_s=duration_s if PRESETS[preset].sustained else None))


@cache
def print_of_take(preset: str, number: int = 1) -> Print:
    return print_of(Clip(take(preset, number), RATE))


def alike(one: Samples, other: Samples, rate: int = RATE, *, pitched: bool = True) -> float:
    made = Clip(np.ascontiguousarray(other, np.float32), rate)
    return likeness(print_of(Clip(one, RATE)), print_of(made), pitched=pitched)


def at_speed(samples: Samples, semitones: float) -> Samples:
    """Played faster or slower, as tape is: higher and shorter, or deeper and longer."""
    return np.asarray(soxr.resample(samples, RATE * 2 ** (semitones / 12), RATE), np.float32)


def through(samples: Samples, **format_: str) -> Samples:
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, **format_)
    file.seek(0)
    return np.asarray(soundfile.read(file, dtype="float32", always_2d=True)[0])


def silence(frames: int, like: Samples) -> Samples:
    return np.zeros((frames, like.shape[1]), np.float32)


COPIES: dict[str, Callable[[Samples], Samples]] = {
    "itself": lambda x: x,
    "quieter": lambda x: 0.03 * x,
    "upside down": lambda x: -0.5 * x,
    "off centre": lambda x: 0.5 * x + 0.2,
    "later": lambda x: np.concatenate([silence(7777, x), x, silence(1111, x)]),
    "its start": lambda x: x[: round(0.75 * len(x))],
    "mono": lambda x: x.mean(axis=1, keepdims=True),
    "on a bed": lambda x: (
        x + 0.03 * np.sqrt(np.mean(x**2)) * np.random.default_rng(0).standard_normal(x.shape)
    ),
    "as mp3": lambda x: through(x, format="MP3"),
    "a semitone higher": lambda x: at_speed(x, 1),
    "three semitones higher": lambda x: at_speed(x, 3),
    "half a semitone deeper": lambda x: at_speed(x, -0.5),
    "three semitones deeper": lambda x: at_speed(x, -3),
    "higher, quieter, upside down, later": lambda x: np.concatenate(
        [silence(3333, x), -0.1 * at_speed(x, 1.7)]
    ),
}


@pytest.mark.parametrize("preset", SOUNDS)
@pytest.mark.parametrize("way", COPIES)
def test_a_copy_is_told(preset: str, way: str) -> None:
    assert alike(take(preset), COPIES[way](take(preset))) >= LIMIT


@pytest.mark.parametrize("duration_s", [2.0, 4.0])
@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("semitones", [-3, 3])
def test_a_hum_at_another_speed_is_told(duration_s: float, number: int, semitones: int) -> None:
    """A few low lines, whose speed their spectra tell to 0.03 % only, and so the waves drift apart."""
    hum = take("hum", number, duration_s)
    assert alike(hum, at_speed(hum, semitones)) >= LIMIT


@pytest.mark.parametrize("preset", SOUNDS)
@pytest.mark.parametrize("rate", [16000, 22050, 44100, 96000])
def test_a_copy_at_another_rate_is_told(preset: str, rate: int) -> None:
    assert alike(take(preset), soxr.resample(take(preset), RATE, rate), rate) >= LIMIT


@pytest.mark.parametrize("preset", SOUNDS)
def test_a_copy_that_was_an_ogg_is_told(preset: str) -> None:
    clip = Clip(take(preset), RATE)
    assert (
        likeness(print_of(clip), print_of(decode(encode(clip, Encoding(format="ogg"), dither_key=""))))
        >= LIMIT
    )


@pytest.mark.parametrize("preset", ["rain", "engine", "march"])
@pytest.mark.parametrize("duration_s", [1.7, 5.0, 10.0])
def test_a_loop_that_was_turned_is_told_and_another_seed_is_not(preset: str, duration_s: float) -> None:
    loop = take(preset, 1, duration_s)
    for turn in (0.21, 0.5, 0.83):
        assert alike(loop, np.roll(loop, round(turn * len(loop)), axis=0)) >= LIMIT
    assert alike(loop, take(preset, 2, duration_s)) < LIMIT


@pytest.mark.parametrize(
    "preset", sorted(set(sorted(PRESETS)[::6]) | {"tick", "horn", "ladder", "beeper", "coin"})
)
def test_new_seeds_are_no_copies(preset: str) -> None:
    prints = [print_of_take(preset, number) for number in range(1, 5)]
    assert max(likeness(a, b) for a, b in combinations(prints, 2)) < LIMIT


def test_of_bare_tones_at_other_pitches_few_are_taken_for_copies() -> None:
    """The preset's seeds move the pitch and little else, yet a copy at another speed is told from all but the nearest."""
    prints = [print_of_take("sfxr", number) for number in range(1, 7)]
    pairs = list(combinations(prints, 2))
    assert sum(likeness(a, b) >= LIMIT for a, b in pairs) <= 1
    for semitones in (-3, -1, 0.3, 2):
        assert alike(take("sfxr"), at_speed(take("sfxr"), semitones)) >= LIMIT


def test_other_sounds_are_unlike() -> None:
    values = [likeness(print_of_take(a), print_of_take(b)) for a, b in combinations(SOUNDS, 2)]
    assert max(values) < 0.8
    assert float(np.median(values)) < 0.3


def test_the_speed_is_not_looked_for_where_nobody_asks() -> None:
    faster = at_speed(take("sword_clash"), 2)
    assert alike(take("sword_clash"), faster) >= LIMIT
    assert alike(take("sword_clash"), faster, pitched=False) < 0.5


def test_a_speed_beyond_the_range_is_none() -> None:
    assert alike(take("sword_clash"), at_speed(take("sword_clash"), MOST_SEMITONES + 1)) < 0.8


@given(ratio=st.floats(0.05, 3.0), seed=st.integers(0, 1000))
@settings(deadline=None, max_examples=20)
def test_noise_in_common_shows_as_the_correlation_that_it_has(ratio: float, seed: int) -> None:
    """Two sums of one noise and another each, of power `ratio` re the one: they correlate by 1 / (1 + ratio)."""
    rng = np.random.default_rng(seed)
    common, one, other = rng.standard_normal((3, 32000))
    a = print_of(mono(0.1 * (common + np.sqrt(ratio) * one), 16000))
    b = print_of(mono(0.1 * (common + np.sqrt(ratio) * other), 16000))
    assert likeness(a, b, pitched=False) == pytest.approx(1 / (1 + ratio), abs=0.03)


@given(
    semitones=st.floats(0.1, 3.0),
    sign=st.sampled_from([-1, 1]),
    gain_db=st.floats(-40, 6),
    delay=st.integers(0, 20000),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=25)
def test_any_speed_level_and_place_is_told(
    semitones: float, sign: int, gain_db: float, delay: int, seed: int
) -> None:
    burst = (
        np.random.default_rng(seed).standard_normal((30000, 1))
        * np.exp(-np.arange(30000) / 8000)[:, np.newaxis]
    )
    sound = (0.1 * burst).astype(np.float32)
    copy = at_speed(sound, sign * semitones) * 10 ** (gain_db / 20)
    assert alike(sound, np.concatenate([silence(delay, sound), copy, silence(200, sound)])) >= LIMIT


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(np.zeros((0, 1)), id="no frames"),
        pytest.param(np.zeros((0, 2)), id="no frames of two channels"),
        pytest.param(np.ones((1, 1)), id="one frame"),
        pytest.param(np.zeros((4800, 2)), id="silence"),
        pytest.param(np.full((4800, 1), 0.5), id="nothing but dc"),
    ],
)
def test_what_is_silent_is_like_nothing(samples: NDArray[np.float64]) -> None:
    quiet = print_of(Clip(samples.astype(np.float32), RATE))
    assert likeness(quiet, print_of_take("coin")) < 0.1
    assert likeness(quiet, quiet) == 0.0


@pytest.mark.parametrize("frames", [1, 2, 5, 50])
def test_the_shortest_sounds_can_be_compared(frames: int) -> None:
    samples = np.random.default_rng(0).standard_normal((frames, 1)).astype(np.float32)
    one = print_of(Clip(samples, 8000))
    assert 0.0 <= likeness(one, one) <= 1.0


def test_channels_that_cancel_are_heard_all_the_same() -> None:
    wave = take("sword_clash")[:, :1]
    both = np.concatenate([wave, -wave], axis=1)
    assert alike(wave, both) >= LIMIT


def test_it_is_the_same_either_way_round() -> None:
    prints = [print_of_take(preset) for preset in SOUNDS]
    for a, b in combinations(prints, 2):
        assert likeness(a, b) == pytest.approx(likeness(b, a), abs=0.02)


def test_a_print_is_small_however_long_the_clip() -> None:
    noise = np.random.default_rng(0).standard_normal((RATE * 40, 1)).astype(np.float32)
    made = print_of(Clip(0.1 * noise, RATE))
    assert made.whole is not None
    arrays = [made.wave, made.scale]
    arrays += [array for sliding in (made.start, made.whole) for array in (sliding.spectrum, sliding.energy)]
    assert sum(array.base.nbytes if array.base is not None else array.nbytes for array in arrays) <= 1_000_000


def test_prints_are_the_same_every_time() -> None:
    clip = Clip(take("rain"), RATE)
    one, other = print_of(clip), print_of(clip)
    assert one.start.spectrum.tobytes() == other.start.spectrum.tobytes()
    assert one.scale.tobytes() == other.scale.tobytes()
    assert likeness(one, print_of_take("fire")) == likeness(other, print_of_take("fire"))
