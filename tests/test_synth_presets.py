"""Every preset: sane samples at its extremes and for many seeds, the same bytes, siblings of one family, seamless loops."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.random import PCG64, Generator
from numpy.typing import NDArray
from synth_measures import INFO, Audio, centroid_hz, loudest_db, recipe, sound

from sfxgen.contracts import Surroundings
from sfxgen.errors import Cancelled, ModelError
from sfxgen.events import ignore
from sfxgen.models.synth import adapter
from sfxgen.models.synth.filters import good_length
from sfxgen.models.synth.parameters import SAMPLE_RATE, Choice, Number, Value
from sfxgen.models.synth.presets import EVERYWHERE, PRESETS
from sfxgen.models.synth.render import render_of
from sfxgen.models.synth.session import GRID, PEAK, SynthSession, rendered
from sfxgen.models.synth.space import level_of
from sfxgen.models.synth.take import SETTLING_S, Take, samples_of
from sfxgen.recipe import Recipe

ONE_SHOTS = sorted(name for name, preset in PRESETS.items() if not preset.sustained)
TEXTURES = sorted(name for name, preset in PRESETS.items() if preset.sustained)
THOROUGH = bool(os.environ.get("SFXGEN_THOROUGH_TESTS"))
"""Whether to render three times as much, which takes minutes: all seeds, and each number at both its ends."""
SEEDS = 50 if THOROUGH else 12
LONGEST_S = 16.0


def sane(samples: Audio, channels: int, peak: float = PEAK) -> None:
    """Finite, at its level, not clipped, without DC."""
    assert samples.dtype == np.float32
    assert samples.shape[1] == channels
    assert np.all(np.isfinite(samples))
    assert float(np.max(np.abs(samples))) == pytest.approx(peak, rel=2e-3, abs=2 / GRID)
    assert np.all(np.abs(samples.mean(axis=0, dtype=np.float64)) < 1e-3 * peak)


def ends_in_silence(samples: Audio) -> None:
    peak_db = loudest_db(samples, 0, 1000)
    assert np.all(np.abs(samples[0]) < 0.01)
    assert np.all(np.abs(samples[-1]) < 1e-4)
    assert loudest_db(samples, len(samples) / SAMPLE_RATE - 0.005, 1000) < peak_db - 22


def extremes(name: str) -> list[dict[str, Value]]:
    """All numbers at each end together, each of them at one end or, if thorough, at both, and each option.

    How often it sounds and where is tried for a few presets apart: it is not the preset's own doing.
    """
    own = [p for p in PRESETS[name].parameters if p.name not in EVERYWHERE]
    numbers = [p for p in own if isinstance(p, Number)]
    sets: list[dict[str, Value]] = [{p.name: p.low for p in numbers}, {p.name: p.high for p in numbers}]
    for turn, number in enumerate(numbers):
        ends = (number.low, number.high)
        sets += [{number.name: end} for end in (ends if THOROUGH else (ends[turn % 2],))]
    sets += [{p.name: option} for p in own if isinstance(p, Choice) for option in p.options]
    return sets


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_parameter_at_its_extremes_is_sane(name: str) -> None:
    for params in extremes(name):
        duration_s = 0.6 if PRESETS[name].sustained else None
        samples = rendered(recipe(name, params, duration_s=duration_s))
        if name == "sfxr" and not np.any(samples):
            continue  # a pitch below its limit is silence in sfxr, too; a gate refuses such a take
        sane(samples, PRESETS[name].channels)
        if not PRESETS[name].sustained:
            assert 0.005 < len(samples) / SAMPLE_RATE < LONGEST_S, params
            if params.get("p_env_decay") != 0:  # sfxr's sounds stop at once where they are told to
                ends_in_silence(samples)


def similarities(takes: Sequence[Audio], pairs: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
    """The largest normalised cross-correlation of each pair, at any lag."""
    monos = [take.mean(axis=1) for take in takes]
    longest = 2 * max(len(mono) for mono in monos)
    length = good_length(longest)
    spectra = [np.fft.rfft(mono.astype(np.float32), length) for mono in monos]
    norms = [float(np.sqrt(np.sum(mono.astype(np.float64) ** 2))) for mono in monos]
    peaks = [
        float(np.max(np.abs(np.fft.irfft(spectra[a] * np.conj(spectra[b]))))) / (norms[a] * norms[b])
        for a, b in pairs
    ]
    return np.array(peaks)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_many_seeds_give_sane_siblings_of_one_family_and_no_near_duplicates(name: str) -> None:
    preset = PRESETS[name]
    duration_s = 0.8 if preset.sustained else None
    takes = [rendered(recipe(name, take=take, duration_s=duration_s)) for take in range(1, SEEDS + 1)]
    for take in takes:
        sane(take, preset.channels)
        if not preset.sustained:
            assert 0.005 < len(take) / SAMPLE_RATE < LONGEST_S
            ends_in_silence(take)
            assert loudest_db(take, 0, 0.06) > -45, "it begins at once"
    pairs = [(n, n + step) for step in (1, 2, 7) for n in range(SEEDS - step)]
    assert np.max(similarities(takes, pairs)) < 0.95
    if not preset.sustained:  # a short cut of a texture may miss its birds
        centroids = np.array([centroid_hz(take) for take in takes])
        assert np.all(np.abs(np.log2(centroids / np.median(centroids))) < 1.2)


@pytest.mark.parametrize("name", ["footstep", "explosion", "coin", "rain", "engine"])
@pytest.mark.parametrize(
    "where", [{"distance": 1.0}, {"room": 1.0}, {"muffle": 1.0}, {"distance": 0.5, "room": 0.5}]
)
def test_anywhere_it_is_sane(name: str, where: dict[str, Value]) -> None:
    samples = rendered(recipe(name, where))
    sane(samples, PRESETS[name].channels, PEAK * level_of(float(where.get("distance", 0.0))))


@pytest.mark.parametrize("name", ["knock", "gunshot", "coin"])
def test_a_one_shot_may_sound_several_times_and_never_twice_the_same(name: str) -> None:
    one = sound(name)
    three = sound(name, count=3, interval_s=1.0)
    sane(three, 1)
    assert len(three) == pytest.approx(len(one) + 2 * SAMPLE_RATE, rel=0.15)
    starts = [three[int(n * 0.94 * SAMPLE_RATE) :][: SAMPLE_RATE // 2] for n in range(3)]
    assert np.max(similarities(starts, [(0, 1), (1, 2), (0, 2)])) < 0.95
    assert len(sound(name, count=24, interval_s=0.03)) > 0.5 * SAMPLE_RATE


@pytest.mark.parametrize("name", ONE_SHOTS)
@pytest.mark.parametrize("duration_s", [0.1, 3.217])
def test_one_shots_fill_exactly_the_asked_length_and_fade(name: str, duration_s: float) -> None:
    samples = rendered(recipe(name, duration_s=duration_s))
    assert len(samples) == round(duration_s * SAMPLE_RATE)
    assert np.all(np.abs(samples[-1]) < 1e-4)


@pytest.mark.parametrize("name", TEXTURES)
@pytest.mark.parametrize("duration_s", [0.1, 0.7337])
def test_textures_fill_exactly_the_asked_length(name: str, duration_s: float) -> None:
    samples = rendered(recipe(name, duration_s=duration_s))
    assert len(samples) == round(duration_s * SAMPLE_RATE)
    assert np.all(np.abs(samples[[0, -1]]) < 1e-3)


@pytest.mark.parametrize("name", TEXTURES)
def test_textures_repeat_by_construction(name: str) -> None:
    """Rendered on past its period, a texture comes back to what it was: whatever the loop's length, it is seamless."""
    preset = PRESETS[name]
    settling, period, more = samples_of(SETTLING_S), 59_999, samples_of(0.4)
    take = Take(preset.filled({}), Generator(PCG64(7)), settling + period + more, period)
    samples = render_of(preset)(take)[settling:]
    first, again = samples[:more], samples[period : period + more]
    difference = float(np.sqrt(np.mean((again - first) ** 2)))
    assert difference < 1e-3 * float(np.sqrt(np.mean(samples**2)))


@pytest.mark.parametrize("name", sorted(name for name in TEXTURES if PRESETS[name].channels == 1))
def test_a_texture_of_one_thing_is_stereo_where_it_is_to_be_wide(name: str) -> None:
    assert rendered(recipe(name, kind="loop", duration_s=0.9)).shape[1] == 1
    wide = rendered(recipe(name, {"width": 0.8}, kind="loop", duration_s=0.9))
    sane(wide, 2)
    left, right = wide[:, 0].astype(np.float64), wide[:, 1].astype(np.float64)
    assert np.corrcoef(left, right)[0, 1] < 0.999
    bend = np.abs(np.diff(np.concatenate([wide, wide]).astype(np.float64), 2, axis=0))
    seam = bend[len(wide) - 48 : len(wide) + 48].max()
    assert seam <= max(1.41 * np.percentile(bend, 99.9), bend[: len(wide) - 48].max())


@pytest.mark.parametrize("name", TEXTURES)
@pytest.mark.parametrize("where", [{}, {"room": 0.8, "distance": 0.4}])
def test_a_loops_seam_is_no_rougher_than_the_rest_of_it(name: str, where: dict[str, Value]) -> None:
    samples = rendered(recipe(name, where, kind="loop", duration_s=1.3))
    twice = np.concatenate([samples, samples]).astype(np.float64)
    bend = np.abs(np.diff(twice, 2, axis=0))
    seam = bend[len(samples) - 48 : len(samples) + 48].max()
    # Where the loop has rare sharp events, one of them may stand at the seam: it is no worse than the others.
    assert seam <= max(1.41 * np.percentile(bend, 99.9), bend[: len(samples) - 48].max())


@pytest.mark.parametrize("name", ["coin", "laser", "jump", "footstep"])
def test_variation_scales_how_far_siblings_stray(name: str) -> None:
    def spread(variation: float) -> float:
        heard = [centroid_hz(sound(name, take=take, variation=variation)) for take in range(1, 13)]
        return float(np.std(np.log(heard)))

    assert spread(0.0) < spread(1.0)


def digests(recipes: Sequence[Recipe]) -> list[str]:
    clips = SynthSession().generate(recipes, on_event=ignore, cancelled=lambda: False)
    return [hashlib.sha256(clip.samples.tobytes()).hexdigest() for clip in clips]


def test_a_take_has_the_same_bytes_alone_in_company_and_in_another_order() -> None:
    recipes = [recipe(name, take=take, duration_s=0.3) for name in sorted(PRESETS) for take in (1, 2)]
    together = digests(recipes)
    assert digests(recipes[::-2]) == together[::-2]  # the second takes
    assert [digests([one])[0] for one in recipes[::2]] == together[::2]
    assert len(set(together)) == len(together)


def test_takes_rendered_at_the_same_time_have_the_same_bytes() -> None:
    recipes = [recipe(name, duration_s=0.3) for name in sorted(PRESETS)]
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
    assert {"numpy", "sfxgen", "machine"} <= set(session.environment)
    with pytest.raises(Cancelled):
        next(session.generate([recipe("coin")], on_event=ignore, cancelled=lambda: True))
    session.close()


def test_a_recipe_of_an_unknown_preset_or_length_is_an_error() -> None:
    made = recipe("coin")
    unknown = Recipe(
        model="synth", revision=None, adapter_version=2, base_seed=1, take=1, params={"preset": "kazoo"}
    )
    with pytest.raises(ModelError, match="kazoo"):
        rendered(unknown)
    too_long = Recipe(
        model="synth",
        revision=None,
        adapter_version=2,
        base_seed=1,
        take=1,
        params=made.params,
        duration_s=602,
    )
    with pytest.raises(ModelError, match="600 s"):
        rendered(too_long)


def test_bytes_do_not_depend_on_how_many_threads_numpy_has() -> None:
    code = (
        "import hashlib; from synth_measures import recipe; from sfxgen.models.synth.session import rendered; "
        "from sfxgen.models.synth.presets import PRESETS; "
        "print([(n, hashlib.sha256(rendered(recipe(n)).tobytes()).hexdigest()) for n in PRESETS])"
    )
    printed = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "4")
    ]
    assert printed[0] == printed[1]


def brilliance(samples: Audio) -> float:
    """How much power lies above 1 kHz for what lies below."""
    mono = np.pad(samples.mean(axis=1).astype(np.float64), 2000)
    length = good_length(len(mono))
    power = np.abs(np.fft.rfft(mono, length)) ** 2
    high = np.fft.rfftfreq(length, 1 / SAMPLE_RATE) > 1000
    return float(np.sum(power[high]) / np.sum(power[~high]))


@pytest.mark.parametrize("name", sorted(set(PRESETS) - {"sfxr"}))
def test_what_is_far_is_quieter_and_duller_and_a_wall_dulls_too(name: str) -> None:
    places: list[dict[str, Value]] = [{}, {"distance": 0.8}, {"muffle": 0.8}]
    duration_s = 1.0 if PRESETS[name].sustained else None
    here, far, behind = (
        rendered(recipe(name, where, variation=0.0, duration_s=duration_s)) for where in places
    )
    assert np.max(np.abs(far)) < 0.15 * np.max(np.abs(here))
    if brilliance(here) > 0.01:  # what has no high end has none to lose
        assert brilliance(far) < 0.85 * brilliance(here)
        assert brilliance(behind) < 0.4 * brilliance(here)


PLAIN_PROCESSOR = {
    "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL",
    "OPENBLAS_CORETYPE": "Nehalem",
}
"""What makes numpy compute as on a processor of 2008: other vector units, other matrix kernels."""


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the features are an x86-64's")
def test_another_processor_gives_the_same_within_90_db_below_full_scale(tmp_path: Path) -> None:
    code = (
        "import sys, numpy; from synth_measures import recipe; from sfxgen.models.synth.presets import PRESETS; "
        "from sfxgen.models.synth.session import rendered; "
        "numpy.savez(sys.argv[1], **{n: rendered(recipe(n)) for n in list(PRESETS)[::4]})"
    )
    for name, environment in (("this", {}), ("other", PLAIN_PROCESSOR)):
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code, str(tmp_path / name)],
            env={**os.environ, **environment},
            cwd=Path(__file__).parent,
            capture_output=True,
            check=True,
        )
    this, other = np.load(tmp_path / "this.npz"), np.load(tmp_path / "other.npz")
    assert len(this.files) > 50
    for name in this.files:
        assert this[name].shape == other[name].shape, name
        assert np.max(np.abs(this[name] - other[name])) < 10 ** (-90 / 20), name
