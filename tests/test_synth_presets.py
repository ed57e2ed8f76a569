"""Every preset's sound: sane samples, the same bytes, siblings of one family, and parameters that do what they say."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal as dsp

from sfxgen.contracts import Surroundings
from sfxgen.errors import Cancelled, ModelError
from sfxgen.events import ignore
from sfxgen.models.synth import adapter
from sfxgen.models.synth.parameters import SAMPLE_RATE, Choice, Number, Value
from sfxgen.models.synth.presets import PRESETS
from sfxgen.models.synth.session import PEAK, SynthSession, rendered
from sfxgen.recipe import Kind, Recipe

Audio = NDArray[np.float32]
INFO = adapter.models[0]
ONE_SHOTS = sorted(name for name, preset in PRESETS.items() if not preset.sustained)
TEXTURES = sorted(name for name, preset in PRESETS.items() if preset.sustained)
SHORT_S = 1.5


def recipe(
    preset: str,
    params: dict[str, Value] | None = None,
    *,
    take: int = 1,
    kind: Kind = "one_shot",
    duration_s: float | None = None,
    variation: float = 0.5,
) -> Recipe:
    keys = {"preset": preset, "params": params or {}, "variation": variation}
    if duration_s is None and PRESETS[preset].sustained:
        duration_s = SHORT_S
    if duration_s is not None:
        keys["duration_s"] = duration_s
    return Recipe(
        model="synth",
        revision="synth-1",
        adapter_version=1,
        base_seed=11,
        take=take,
        duration_s=duration_s,
        params=adapter.params(INFO, keys, kind=kind),
    )


def sound(preset: str, *, take: int = 1, variation: float = 0.5, **params: Value) -> Audio:
    return rendered(recipe(preset, params, take=take, variation=variation))


def steady(preset: str, **params: Value) -> Audio:
    """One side of two seconds of a texture, for measuring."""
    return rendered(recipe(preset, params, kind="loop", duration_s=2.0, variation=0.0))[:, 0]


def centroid_hz(samples: Audio) -> float:
    frequencies, power = dsp.welch(samples.mean(axis=1), SAMPLE_RATE, nperseg=min(4096, len(samples)))
    return float(np.sum(frequencies * power) / np.sum(power))


def similarity(one: Audio, other: Audio) -> float:
    a, b = one.mean(axis=1), other.mean(axis=1)
    size = float(np.sqrt(np.sum(a**2) * np.sum(b**2)))
    return float(np.max(np.abs(dsp.correlate(a, b, method="fft")))) / size


def loudest_db(samples: Audio, start_s: float, stop_s: float) -> float:
    part = samples[int(start_s * SAMPLE_RATE) : int(stop_s * SAMPLE_RATE)]
    return 20 * float(np.log10(np.max(np.abs(part), initial=0.0) + 1e-9))


def ring_s(samples: Audio) -> float:
    """From the loudest sample to the last one above -40 dB of it."""
    magnitude = np.abs(samples[:, 0])
    last = np.flatnonzero(magnitude > 0.01 * magnitude.max())[-1]
    return float(last - np.argmax(magnitude)) / SAMPLE_RATE


def flux_onsets(samples: Audio) -> int:
    """How often the energy above 1 kHz jumps within 2 ms."""
    high = dsp.sosfilt(dsp.butter(2, 1000, "highpass", fs=SAMPLE_RATE, output="sos"), samples[:, 0])
    hop = 96
    frames = high[: len(high) // hop * hop].reshape(-1, hop)
    energy = np.log(np.mean(frames**2, axis=1) + 1e-7)
    return int(np.sum(np.diff(energy) > 1.0))


def sane(samples: Audio, channels: int) -> None:
    assert samples.dtype == np.float32
    assert samples.shape[1] == channels
    assert np.all(np.isfinite(samples))
    peak = float(np.max(np.abs(samples)))
    assert peak == pytest.approx(PEAK, abs=1e-3)
    assert np.all(np.abs(samples.mean(axis=0)) < 1e-3 * peak)


@pytest.mark.parametrize("name", sorted(PRESETS))
@pytest.mark.parametrize("take", [1, 2, 3])
def test_every_preset_at_its_defaults_is_sane_whatever_the_seed(name: str, take: int) -> None:
    sane(rendered(recipe(name, take=take)), PRESETS[name].channels)


def extremes(name: str) -> list[dict[str, Value]]:
    """Each number at each end, all at each end together, and each option."""
    preset = PRESETS[name]
    numbers = [p for p in preset.parameters if isinstance(p, Number)]
    sets: list[dict[str, Value]] = [{p.name: p.low for p in numbers}, {p.name: p.high for p in numbers}]
    sets += [{p.name: value} for p in numbers for value in (p.low, p.high)]
    sets += [{p.name: option} for p in preset.parameters if isinstance(p, Choice) for option in p.options]
    return sets


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_parameter_at_its_extremes_is_sane(name: str) -> None:
    for params in extremes(name):
        duration_s = 0.6 if PRESETS[name].sustained else None
        sane(rendered(recipe(name, params, duration_s=duration_s)), PRESETS[name].channels)


@pytest.mark.parametrize("name", ONE_SHOTS)
def test_one_shots_begin_at_once_and_end_in_silence(name: str) -> None:
    samples = rendered(recipe(name))
    assert 0.005 < len(samples) / SAMPLE_RATE < 6
    assert np.all(np.abs(samples[0]) < 0.01)
    assert np.all(np.abs(samples[-1]) < 1e-4)
    assert loudest_db(samples, len(samples) / SAMPLE_RATE - 0.005, 60) < -25
    assert loudest_db(samples, 0, 0.06) > -45


@pytest.mark.parametrize("name", ONE_SHOTS)
@pytest.mark.parametrize("duration_s", [0.1, 3.217])
def test_one_shots_fill_exactly_the_asked_length_and_fade(name: str, duration_s: float) -> None:
    samples = rendered(recipe(name, duration_s=duration_s))
    assert len(samples) == round(duration_s * SAMPLE_RATE)
    assert np.all(np.abs(samples[-1]) < 1e-4)


@pytest.mark.parametrize("name", TEXTURES)
def test_textures_fill_exactly_the_asked_length(name: str) -> None:
    samples = rendered(recipe(name, duration_s=0.7337))
    assert len(samples) == round(0.7337 * SAMPLE_RATE)
    assert np.all(np.abs(samples[[0, -1]]) < 1e-3)


@pytest.mark.parametrize("name", sorted(set(TEXTURES) - {"forest"}))
def test_a_loop_is_as_loud_at_its_ends_as_in_its_middle(name: str) -> None:
    samples = rendered(recipe(name, kind="loop", duration_s=6.0))
    thirds = [float(np.sqrt(np.mean(part**2))) for part in np.array_split(samples, 3)]
    assert max(thirds) / min(thirds) < 10 ** (10 / 20)
    assert float(np.sqrt(np.mean(samples[:4800] ** 2))) > 0.1 * float(np.sqrt(np.mean(samples**2)))


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_siblings_differ_but_are_one_family(name: str) -> None:
    takes = [rendered(recipe(name, take=take)) for take in (1, 2, 3)]
    for index, one in enumerate(takes):
        for other in takes[index + 1 :]:
            assert similarity(one, other) < 0.95
            assert 0.5 < centroid_hz(one) / centroid_hz(other) < 2


@pytest.mark.parametrize("name", ["coin", "laser", "jump", "click"])
def test_no_variation_keeps_siblings_closer_than_full_variation(name: str) -> None:
    def spread(variation: float) -> float:
        lengths = [len(sound(name, take=take, variation=variation)) for take in range(1, 7)]
        return float(np.std(np.log(lengths)))

    assert spread(0.0) < spread(1.0)


def digests(recipes: Sequence[Recipe]) -> list[str]:
    clips = SynthSession().generate(recipes, on_event=ignore, cancelled=lambda: False)
    return [hashlib.sha256(clip.samples.tobytes()).hexdigest() for clip in clips]


def test_a_take_has_the_same_bytes_alone_in_company_and_in_another_order() -> None:
    recipes = [recipe(name, take=take, duration_s=0.4) for name in sorted(PRESETS) for take in (1, 2)]
    together = digests(recipes)
    assert digests(recipes[::-1]) == together[::-1]
    assert [digests([one])[0] for one in recipes] == together
    assert len(set(together)) == len(together)


def test_takes_rendered_at_the_same_time_have_the_same_bytes() -> None:
    recipes = [recipe(name, duration_s=0.4) for name in sorted(PRESETS)]
    with ThreadPoolExecutor(4) as threads:
        at_once = list(threads.map(rendered, recipes))
    for one, other in zip(recipes, at_once, strict=True):
        assert rendered(one).tobytes() == other.tobytes()


def test_the_global_random_state_neither_matters_nor_moves() -> None:
    np.random.seed(1)
    before = str(np.random.get_state())
    first = rendered(recipe("footstep"))
    assert str(np.random.get_state()) == before
    np.random.seed(2)
    assert np.array_equal(first, rendered(recipe("footstep")))


def test_a_session_says_what_decides_its_bytes_and_stops_when_asked() -> None:
    session = adapter.load(INFO, Surroundings(root=Path()), on_event=ignore)
    assert {"numpy", "scipy", "sfxgen", "machine"} <= set(session.environment)
    with pytest.raises(Cancelled):
        next(session.generate([recipe("coin")], on_event=ignore, cancelled=lambda: True))
    session.close()


def test_a_recipe_of_an_unknown_preset_or_length_is_an_error() -> None:
    made = recipe("coin")
    unknown = Recipe(
        model="synth", revision=None, adapter_version=1, base_seed=1, take=1, params={"preset": "kazoo"}
    )
    with pytest.raises(ModelError, match="kazoo"):
        rendered(unknown)
    too_long = Recipe(
        model="synth",
        revision=None,
        adapter_version=1,
        base_seed=1,
        take=1,
        params=made.params,
        duration_s=602,
    )
    with pytest.raises(ModelError, match="600 s"):
        rendered(too_long)


@pytest.mark.parametrize(
    ("name", "small", "big"),
    [
        ("hit", {"size": 0.1}, {"size": 0.9}),
        ("hit", {"size": 0.1, "material": "metal"}, {"size": 0.9, "material": "metal"}),
        ("glass", {"size": 0.0}, {"size": 1.0}),
        ("explosion", {"size": 0.0}, {"size": 1.0}),
        ("gunshot", {"size": 0.0}, {"size": 1.0}),
        ("grunt", {"size": 0.0}, {"size": 1.0}),
        ("door", {"action": "slam", "weight": 0.0}, {"action": "slam", "weight": 1.0}),
        ("footstep", {"surface": "wood", "weight": 0.0}, {"surface": "wood", "weight": 1.0}),
    ],
)
def test_bigger_is_lower(name: str, small: dict[str, Value], big: dict[str, Value]) -> None:
    for take in (1, 2):
        low = sound(name, take=take, variation=0.0, **big)
        high = sound(name, take=take, variation=0.0, **small)
        assert centroid_hz(low) < centroid_hz(high)


@pytest.mark.parametrize("material", ["wood", "metal", "stone", "glass", "plastic"])
def test_a_harder_striker_is_brighter(material: str) -> None:
    soft = sound("hit", material=material, hardness=0.1, noise=0.0, variation=0.0)
    hard = sound("hit", material=material, hardness=0.95, noise=0.0, variation=0.0)
    assert centroid_hz(hard) > 1.1 * centroid_hz(soft)


def test_glass_rings_longer_and_higher_than_wood() -> None:
    glass, wood = sound("hit", material="glass"), sound("hit", material="wood")
    assert ring_s(glass) > 1.3 * ring_s(wood)
    assert centroid_hz(glass) > 2 * centroid_hz(wood)
    assert ring_s(sound("hit", material="metal")) > ring_s(glass)


def test_a_free_body_rings_longer() -> None:
    free, damped = sound("hit", material="metal", ring=0.9), sound("hit", material="metal", ring=0.1)
    assert ring_s(free) > 2 * ring_s(damped)


def test_more_loose_gravel_has_more_onsets() -> None:
    few = [flux_onsets(sound("footstep", grains=0.0, take=take)) for take in range(1, 5)]
    many = [flux_onsets(sound("footstep", grains=0.6, take=take)) for take in range(1, 5)]
    assert sum(many) > 1.3 * sum(few)


def test_a_step_has_a_heel_and_a_toe() -> None:
    samples = sound("footstep", surface="wood", roll_ms=200, variation=0.0)[:, 0]
    envelope = np.abs(samples)
    heel, between, toe = (
        envelope[int(a * 48) : int(b * 48)].max() for a, b in ((0, 60), (150, 190), (200, 260))
    )
    assert heel > toe > 2 * between


def test_heavier_rain_has_more_drops() -> None:
    def drops(density: float) -> float:
        samples = steady("rain", density=density, bed=0.0)
        return float(np.mean(np.abs(samples) > 2e-2 * np.max(np.abs(samples))))

    assert drops(10) < drops(100) < drops(1000)


def test_rain_has_single_drops_where_noise_has_none() -> None:
    samples = steady("rain", density=60)
    kurtosis = float(np.mean(samples**4) / np.mean(samples**2) ** 2)
    assert kurtosis > 4  # Gaussian noise has 3.


def test_stronger_wind_is_brighter_and_leaves_add_the_high_end() -> None:
    def high_share(**params: Value) -> float:
        frequencies, power = dsp.welch(
            steady("wind", gusts=0.0, whistle=0.0, **params), SAMPLE_RATE, nperseg=4096
        )
        return float(np.sum(power[frequencies > 1500]) / np.sum(power))

    assert high_share(strength=0.9) > high_share(strength=0.1)
    assert high_share(leaves=0.8) > 3 * high_share(leaves=0.0)


def test_a_fire_crackles_more_often_when_told_to() -> None:
    def snaps(rate: float) -> int:
        return flux_onsets(steady("fire", crackles=rate, hiss=0.0, roar=0.0).reshape(-1, 1))

    assert snaps(60.0) > 1.5 * snaps(3.0)


@pytest.mark.parametrize(("rpm", "cylinders"), [(1200.0, 4.0), (3000.0, 4.0), (3000.0, 6.0)])
def test_an_engine_fires_half_its_cylinders_a_turn(rpm: float, cylinders: float) -> None:
    samples = steady("engine", rpm=rpm, cylinders=cylinders, roughness=0.0, load=0.2)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    firing_hz = rpm / 60 * cylinders / 2
    harmonics = [
        float(spectrum[round(n * firing_hz * 2) - 2 : round(n * firing_hz * 2) + 3].max()) for n in (1, 2, 3)
    ]
    off = [float(spectrum[round((n + 0.37) * firing_hz * 2)]) for n in (1, 2, 3)]
    assert all(h > 4 * o for h, o in zip(harmonics, off, strict=True))


def pitch_hz(samples: Audio, start_s: float, length_s: float) -> float:
    """The strongest partial of a part."""
    part = samples[int(start_s * SAMPLE_RATE) : int((start_s + length_s) * SAMPLE_RATE), 0]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 17))
    return float(np.argmax(spectrum)) * SAMPLE_RATE / (1 << 17)


def test_a_coin_is_two_tones_an_interval_apart() -> None:
    samples = sound("coin", pitch_hz=1000, interval_st=7, gap_ms=100, variation=0.0)
    assert pitch_hz(samples, 0.01, 0.08) == pytest.approx(1000, rel=0.02)
    assert pitch_hz(samples, 0.12, 0.2) == pytest.approx(1000 * 2 ** (7 / 12), rel=0.01)


def test_a_laser_falls_and_a_jump_rises() -> None:
    laser = sound("laser", bite=0.0, punch=0.0, variation=0.0)
    assert pitch_hz(laser, 0.0, 0.03) > 2 * pitch_hz(laser, 0.2, 0.1)
    jump = sound("jump", air=0.0, variation=0.0)
    assert pitch_hz(jump, 0.2, 0.08) > 1.3 * pitch_hz(jump, 0.0, 0.06)


def test_a_water_drop_rises() -> None:
    drop = sound("water_drop", rise_oct=1.5, decay_s=0.4, impact=0.0, variation=0.0)
    assert pitch_hz(drop, 0.15, 0.05) > 1.2 * pitch_hz(drop, 0.02, 0.05)


def test_an_explosion_has_a_shock_a_body_and_a_low_tail() -> None:
    samples = sound("explosion", debris=0.0, variation=0.0)
    assert loudest_db(samples, 0, 0.02) > -12
    assert loudest_db(samples, 0.05, 0.3) > -12
    assert -50 < loudest_db(samples, 1.2, 1.6) < -15
    late = samples[int(1.0 * SAMPLE_RATE) : int(1.6 * SAMPLE_RATE)]
    assert centroid_hz(late) < 0.5 * centroid_hz(samples[: int(0.2 * SAMPLE_RATE)])


@pytest.mark.parametrize(
    "name", ["coin", "footstep", "explosion", "glass", "gunshot", "rain", "fire", "whoosh"]
)
def test_distance_takes_the_high_end(name: str) -> None:
    near, far = sound(name, variation=0.0), sound(name, variation=0.0, distance=0.9)
    assert centroid_hz(far) < 0.9 * centroid_hz(near)


def test_a_room_makes_a_sound_longer() -> None:
    assert len(sound("click", room=0.8)) > 5 * len(sound("click"))
