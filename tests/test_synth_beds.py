"""Weather, water, fire, crowds and places: what their parameters say is what is heard."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.random import PCG64, Generator
from numpy.typing import NDArray
from scipy import signal as dsp
from synth_measures import (
    Audio,
    band_share,
    centroid_hz,
    flux_onsets,
    loudest_db,
    pitch_hz,
    recipe,
    steady,
)

from sfxgen.models.synth import bubbles, loops
from sfxgen.models.synth.parameters import SAMPLE_RATE, Number, Value
from sfxgen.models.synth.presets import PRESETS
from sfxgen.models.synth.render import render_of
from sfxgen.models.synth.session import rendered
from sfxgen.models.synth.take import SETTLING_S, Take, samples_of

FAMILIES = ("weather", "water", "fire", "crowds", "ambience")
TEXTURES = sorted(n for n, preset in PRESETS.items() if preset.family in FAMILIES and preset.sustained)
AROUND = sorted(n for n in TEXTURES if PRESETS[n].channels == 2)

Curve = NDArray[np.float64]


def kurtosis(samples: Audio) -> float:
    """Of the sample values: 3 for Gaussian noise, more for what has single events."""
    values = samples.astype(np.float64).ravel()
    return float(np.mean(values**4) / np.mean(values**2) ** 2)


def envelope(samples: Audio, rate_hz: float = 100.0) -> Curve:
    """The RMS of each piece of 1 / rate_hz."""
    mono = samples.mean(axis=1) if samples.ndim == 2 else samples
    hop = round(SAMPLE_RATE / rate_hz)
    pieces = mono[: len(mono) // hop * hop].astype(np.float64).reshape(-1, hop)
    return np.asarray(np.sqrt(np.mean(pieces**2, axis=1)))


def unsteadiness(samples: Audio, rate_hz: float = 100.0) -> float:
    """How far the level strays, relative to its mean."""
    levels = envelope(samples, rate_hz)
    return float(np.std(levels) / np.mean(levels))


def beat_hz(samples: Audio, low_hz: float, high_hz: float, band: tuple[float, float] = (20, 20000)) -> float:
    """The strongest modulation of the level within a band, between two rates."""
    sos = dsp.butter(2, band, "bandpass", fs=SAMPLE_RATE, output="sos")
    levels = envelope(np.asarray(dsp.sosfilt(sos, samples), np.float32), 200)
    spectrum = np.abs(np.fft.rfft(levels - levels.mean(), 1 << 15))
    rates = np.fft.rfftfreq(1 << 15, 1 / 200)
    inside = (rates >= low_hz) & (rates <= high_hz)
    return float(rates[inside][np.argmax(spectrum[inside])])


def busy(samples: Audio) -> float:
    """Which part of the time something is to be heard."""
    levels = envelope(samples, 200)
    return float(np.mean(levels > 0.1 * np.max(levels)))


def loop(preset: str, seconds: float, **params: Value) -> Audio:
    """A stereo loop of some length."""
    return rendered(recipe(preset, params, kind="loop", duration_s=seconds, variation=0.0))


def strongest_hz(samples: Audio) -> float:
    """The strongest frequency over all of a sound, whatever beats in it."""
    mono = samples.mean(axis=1)
    frequencies, power = dsp.welch(mono, SAMPLE_RATE, nperseg=16384)
    return float(frequencies[np.argmax(power)])


def one(preset: str, **params: Value) -> Audio:
    """A one-shot whose values nothing has moved."""
    return rendered(recipe(preset, params, variation=0.0))


# What holds for all of them


@pytest.mark.parametrize("name", TEXTURES)
def test_a_texture_comes_back_to_what_it_was_after_its_period(name: str) -> None:
    preset, period = PRESETS[name], 57_600
    settling, more = samples_of(SETTLING_S), samples_of(0.4)
    take = Take(preset.filled({}), Generator(PCG64(7)), settling + period + more, period)
    samples = render_of(preset)(take)[settling:]
    difference = samples[period : period + more] - samples[:more]
    assert np.sqrt(np.mean(difference**2)) < 1e-3 * np.sqrt(np.mean(samples**2))


@pytest.mark.parametrize("name", AROUND)
def test_the_sides_differ_and_still_have_to_do_with_each_other(name: str) -> None:
    left, right = loop(name, 1.5).astype(np.float64).T
    together = float(np.sum(left * right) / np.sqrt(np.sum(left**2) * np.sum(right**2)))
    assert -0.05 < together < 0.97
    assert 0.25 < np.sqrt(np.mean(left**2) / np.mean(right**2)) < 4
    mono = 0.5 * (left + right)
    assert np.mean(mono**2) > 0.2 * np.mean(left**2 + right**2) / 2, "nothing cancels in mono"


def test_noise_turned_by_part_of_its_period_shares_no_moment_with_itself() -> None:
    take = Take({}, Generator(PCG64(1)), 96_000, 96_000)
    noisy = loops.coloured(take, lambda hz: np.ones_like(hz))
    assert float(np.sqrt(np.mean(noisy**2))) == pytest.approx(1.0, rel=1e-3)
    assert abs(float(np.mean(noisy * loops.elsewhere(noisy)))) < 0.02


def test_a_colour_is_the_same_whether_the_period_transforms_fast_or_slowly() -> None:
    shares = []
    for period in (48_000, 47_981):
        take = Take({}, Generator(PCG64(1)), period, period)
        noisy = loops.coloured(take, lambda hz: np.exp(-0.5 * ((hz - 1000) / 200) ** 2))
        shares.append(band_share(noisy, 700, 1300))
    assert shares[0] == pytest.approx(shares[1], abs=0.03)
    assert shares[0] > 0.9


SILENT: dict[str, dict[str, Value]] = {
    "rain": {"bed": 0.0},
    "wind": {"gusts": 0.2},
    "hail": {"bed": 0.0, "wind": 0.0},
    "blizzard": {"snow": 0.0},
    "leaves": {"gusts": 0.0},
    "bubbles": {"gurgle": 0.0},
    "drips": {"air": 0.0, "echo": 0.0},
    "boiling": {"hiss": 0.0},
    "underwater": {"bubbles": 0},
    "fire": {"hiss": 0.0, "roar": 0.0},
    "torch": {"crackles": 0},
    "fuse": {"hiss": 0.0, "sputter": 0.0},
    "lava": {"hiss": 0.0, "crackles": 0, "rumble": 0.0},
    "ignite": {"crackles": 0.0},
    "applause": {"voice": 0.0},
    "forest": {"wind": 0.0, "insects": 0.0, "bird_distance": 0.0},
    "night": {"owls": 0, "wind": 0.0},
    "beach": {"waves": 0.0, "wind": 0.0, "bird_distance": 0.0},
    "swamp": {"insects": 0.0, "bubbles": 0, "wind": 0.0},
    "cave": {"drops": 0, "rumble": 0.0},
    "dungeon": {"drops": 0, "chains": 0, "air": 0.0},
    "city": {"people": 0.0, "horns": 0},
    "factory": {"rumble": 0.0, "metal": 0.0, "hiss": 0.0},
    "battlefield": {"rumble": 0.1, "wind": 0.0},
    "room_tone": {"rumble": 0.0},
    "space_drone": {"noise": 0.0},
    "spaceship_interior": {"air": 0.0, "rumble": 0.0, "beeps": 0},
}
"""What must keep quiet for a preset's main parameters to be measured."""


def having(parameter: str) -> list[str]:
    """The presets of these families with a parameter of a name."""
    return sorted(
        name
        for name, preset in PRESETS.items()
        if preset.family in FAMILIES and parameter in {p.name for p in preset.parameters}
    )


def across(preset: str, parameter: str, low: float, high: float, **params: Value) -> list[Audio]:
    """A preset at three places of a parameter's range, from `low` to `high` as parts of it."""
    number = next(p for p in PRESETS[preset].parameters if p.name == parameter)
    assert isinstance(number, Number)
    made = []
    for part in (low, 0.5 * (low + high), high):
        value = number.low + part * (number.high - number.low)
        if number.log:
            value = number.low * (number.high / number.low) ** part
        all_params: dict[str, Value] = {**SILENT.get(preset, {}), **params, parameter: value}
        made.append(
            loop(preset, 2.0, **all_params) if PRESETS[preset].sustained else one(preset, **all_params)
        )
    return made


def rises(measured: list[float], step: float, whole: float) -> bool:
    """Whether each value is above the one before by a factor, and the last above the first by another."""
    first, middle, last = measured
    return middle > step * first and last > step * middle and last > whole * first


@pytest.mark.parametrize("name", having("pitch_hz"))
def test_a_higher_pitch_is_higher(name: str) -> None:
    tuned: dict[str, Value] = {"air": 0.0} if name == "room_tone" else {}
    assert rises([centroid_hz(x) for x in across(name, "pitch_hz", 0.15, 0.85, **tuned)], 1.15, 1.8)


@pytest.mark.parametrize("name", having("brightness"))
def test_brighter_is_brighter(name: str) -> None:
    assert rises([centroid_hz(x) for x in across(name, "brightness", 0, 1)], 1.05, 1.3)


@pytest.mark.parametrize("name", having("size"))
def test_bigger_is_lower(name: str) -> None:
    assert rises([1 / centroid_hz(x) for x in across(name, "size", 0, 1)], 1.05, 1.3)


LOWER_WHEN_STRONGER = {"boiling", "waves", "pour"}
"""Where strength is a mass of water: the others are torn harder, and brighter."""


@pytest.mark.parametrize("name", [n for n in having("strength") if n != "sizzle"])
def test_strength_moves_the_sound_one_way(name: str) -> None:
    centroids = [centroid_hz(x) for x in across(name, "strength", 0, 1)]
    moved = [1 / hz for hz in centroids] if name in LOWER_WHEN_STRONGER else centroids
    assert rises(moved, 1.02, 1.15)


@pytest.mark.parametrize("name", [n for n in having("density") if n not in ("sizzle", "leaves")])
def test_denser_is_busier(name: str) -> None:
    sparse, middling, dense = (busy(x) for x in across(name, "density", 0.1, 0.7))
    assert sparse < middling < dense
    assert dense > 1.8 * sparse


def test_harder_sizzling_and_denser_crowds_leave_fewer_single_events() -> None:
    for name, parameter, low in (
        ("sizzle", "strength", 0.0),
        ("sizzle", "density", 0.3),
        ("leaves", "density", 0.3),
    ):
        assert rises([1 / kurtosis(x) for x in across(name, parameter, low, 1.0)], 1.05, 1.5)


COUNTED = [
    ("underwater", "bubbles"),
    ("swamp", "bubbles"),
    ("swamp", "frogs"),
    ("forest", "birds"),
    ("night", "owls"),
    ("beach", "birds"),
    ("storm", "thunder"),
    ("cave", "drops"),
    ("dungeon", "drops"),
    ("dungeon", "chains"),
    ("city", "traffic"),
    ("city", "horns"),
    ("battlefield", "gunfire"),
    ("spaceship_interior", "beeps"),
]
"""What happens more often adds to the sound's power."""

UNHEARD: dict[str, dict[str, Value]] = {
    "underwater": {"rumble": 0.0},
    "night": {"insects": 0.0},
    "storm": {"rain": 0.0, "wind": 0.0},
    "cave": {"air": 0.0},
    "dungeon": {"drone": 0.0},
    "city": {"traffic": 0, "rumble": 0.0},
    "battlefield": {"explosions": 0, "gunfire": 0, "rumble": 0.0},
    "spaceship_interior": {"hum": 0.0},
    "swamp": {"frogs": 0},
}


@pytest.mark.parametrize(("name", "parameter"), COUNTED)
def test_what_is_told_to_come_more_often_does(name: str, parameter: str) -> None:
    number = next(p for p in PRESETS[name].parameters if p.name == parameter)
    assert isinstance(number, Number)
    powers = []
    for part in (0.1, 0.4, 1.0):
        quiet: dict[str, Value] = {
            **SILENT.get(name, {}),
            **UNHEARD.get(name, {}),
            parameter: part * number.high,
        }
        take = Take(PRESETS[name].filled(quiet), Generator(PCG64(7)), 384_000, 384_000)
        powers.append(float(np.mean(render_of(PRESETS[name])(take) ** 2)))
    assert rises(powers, 1.2, 2.0)


def thirds_db(samples: Audio) -> Curve:
    """The power in each third of an octave from 100 Hz to 16 kHz, in dB."""
    mono = samples.mean(axis=1)
    frequencies, power = dsp.welch(mono, SAMPLE_RATE, nperseg=min(8192, len(mono)))
    centres = 1000 * 2 ** (np.arange(-10, 13) / 3)
    inside = [(frequencies >= hz * 2 ** (-1 / 6)) & (frequencies < hz * 2 ** (1 / 6)) for hz in centres]
    return np.array([10 * np.log10(np.sum(power[part]) + 1e-12) for part in inside])


@pytest.mark.parametrize(
    ("name", "parameter", "low", "high", "by_db", "beside"),
    [
        ("forest", "insects", 0, 1, 8, {}),
        ("lava", "crackles", 0, 60, 5, {}),
        ("torch", "crackles", 0, 30, 5, {}),
        ("city", "people", 0, 1, 8, {}),
        ("beach", "birds", 0, 2, 6, {}),
        ("beach", "bird_distance", 1, 0, 6, {"birds": 1}),
        ("wind", "whistle", 0, 1, 5, {}),
        ("blizzard", "whistle", 0, 1, 8, {}),
        ("thunder", "crack", 0, 1, 8, {}),
        ("water_drop", "impact", 0, 1, 10, {}),
    ],
)
def test_what_is_turned_up_is_heard_over_the_rest(
    name: str, parameter: str, low: float, high: float, by_db: float, beside: dict[str, Value]
) -> None:
    def heard(value: float) -> Audio:
        params: dict[str, Value] = {**beside, parameter: value}
        return loop(name, 6.0, **params) if PRESETS[name].sustained else one(name, **params)

    without, half, full = (thirds_db(heard(value)) for value in (low, 0.5 * (low + high), high))
    louder = full - without
    assert np.max(louder) > by_db
    band = int(np.argmax(louder))
    assert without[band] + 0.25 * by_db < half[band] < full[band] + 0.5


SEAM = 8
"""How many samples about a seam a click would show in."""


def seam_and_around(samples: Audio) -> tuple[float, float]:
    """The sharpest bend where a loop's end meets its start, and within the 20 ms about it."""
    around = 480
    joined = np.concatenate([samples[-around:], samples[:around]]).astype(np.float64)
    bend = np.abs(np.diff(joined, 2, axis=0)).max(axis=1)
    at = slice(around - SEAM, around + SEAM)
    return float(np.max(bend[at])), float(np.max(np.delete(bend, np.arange(len(bend))[at])))


@pytest.mark.parametrize("name", TEXTURES)
def test_a_loops_end_meets_its_start_without_a_click(name: str) -> None:
    """Of three lengths: a crackle may fall on one seam, but a click would be at each."""
    sharper = []
    for seconds in (0.61, 1.3, 2.03):
        seam, around = seam_and_around(loop(name, seconds))
        sharper.append(seam / (around + 1e-5))
    assert np.median(sharper) < 1.3


@pytest.mark.parametrize(
    "name", ["cave", "underwater", "space_drone", "dungeon", "room_tone", "spaceship_interior"]
)
def test_a_loop_cut_short_would_click(name: str) -> None:
    sharper = []
    for cut in (1000, 2000, 3000, 4000, 5000):
        seam, around = seam_and_around(loop(name, 1.3)[:-cut])
        sharper.append(seam / around)
    assert np.median(sharper) > 1.3


@pytest.mark.parametrize("name", ["stream", "leaves", "torch"])
@pytest.mark.parametrize("take", [1, 2, 3])
def test_a_bed_keeps_its_level_within_a_short_loop(name: str, take: int) -> None:
    samples = rendered(recipe(name, kind="loop", duration_s=3.7, take=take, variation=0.0))
    levels = envelope(samples, 4)
    assert 20 * np.log10(np.max(levels) / np.min(levels)) < 10


@pytest.mark.parametrize("name", ["waves", "beach"])
@pytest.mark.parametrize(("seconds", "within_db"), [(0.2, 4), (0.5, 8), (1.0, 8)])
def test_a_loop_too_short_for_a_surge_has_a_shallow_one(name: str, seconds: float, within_db: float) -> None:
    levels = envelope(
        loop(name, seconds, strength=0.6) if name == "waves" else loop(name, seconds, birds=0), 50
    )
    assert 20 * np.log10(np.max(levels) / np.min(levels)) < within_db


# Weather


def test_heavier_rain_is_denser() -> None:
    drops = [
        float(np.mean(np.abs(samples) > 2e-2 * np.max(np.abs(samples))))
        for samples in (steady("rain", density=density, bed=0.0) for density in (10, 100, 1000))
    ]
    assert drops[0] < drops[1] < drops[2]


def test_rain_has_single_drops_where_noise_has_none() -> None:
    assert kurtosis(steady("rain", density=60)) > 4
    assert kurtosis(steady("rain", density=60, bed=0.0)) > 2 * kurtosis(steady("rain", density=4000, bed=0.0))


def test_rain_sounds_of_what_it_falls_on() -> None:
    heard = {
        surface: centroid_hz(steady("rain", surface=surface, bed=0.0, density=200))
        for surface in ("ground", "leaves", "roof", "water", "glass")
    }
    ordered = sorted(heard.values())
    assert heard["glass"] > 1.4 * heard["roof"]
    assert all(b > 1.03 * a for a, b in pairwise(ordered))

    # Only water leaves bubbles, and a roof rings longer than the ground.
    def sustained(surface: str) -> float:
        return busy(steady("rain", surface=surface, bed=0.0, density=30))

    assert sustained("roof") > 1.3 * sustained("ground")
    assert sustained("water") > 1.3 * max(sustained("ground"), sustained("leaves"))


def test_stronger_wind_is_brighter_and_leaves_add_the_high_end() -> None:
    def high_share(**params: Value) -> float:
        return band_share(loop("wind", 2.0, gusts=0.0, whistle=0.0, **params), 1500, 24000)

    assert high_share(strength=0.9) > 2 * high_share(strength=0.1)
    assert high_share(leaves=0.8) > 3 * high_share(leaves=0.0)


def test_gusts_swell() -> None:
    still, gusty = (unsteadiness(steady("wind", gusts=gusts, seconds=6.0), 5) for gusts in (0.0, 1.0))
    assert gusty > 2.5 * still


def test_whistling_wind_has_narrow_bands() -> None:
    def peakiness(whistle: float) -> float:
        samples = steady("wind", whistle=whistle, strength=0.8, seconds=4.0)
        frequencies, power = dsp.welch(samples, SAMPLE_RATE, nperseg=8192)
        inside = (frequencies > 350) & (frequencies < 2500)
        return float(np.max(power[inside]) / np.median(power[inside]))

    assert peakiness(1.0) > 3 * peakiness(0.0)


def test_thunder_rolls_and_its_distance_dulls_it() -> None:
    near, far = (
        one(
            "thunder",
            away_km=km,
        )
        for km in (0.3, 6.0)
    )
    assert centroid_hz(far) < 0.7 * centroid_hz(near)
    assert centroid_hz(near) < 600
    assert band_share(near, 2000, 20000) > 10 * band_share(far, 2000, 20000)
    levels = dsp.savgol_filter(envelope(far, 50), 9, 2)
    claps, _ = dsp.find_peaks(levels, prominence=0.08 * np.max(levels), distance=5)
    assert len(claps) >= 4, "it comes in claps"
    assert loudest_db(far, 2.0, 3.0) > loudest_db(far, 0, 6) - 26, "and lasts"


def test_more_rumble_is_more_of_the_late_part() -> None:
    def late(rumble: float) -> float:
        return loudest_db(
            one(
                "thunder",
                rumble=rumble,
            ),
            1.5,
            4.0,
        )

    assert late(1.0) > late(0.0) + 5


def test_a_longer_thunder_is_longer() -> None:
    short, long = (
        len(
            one(
                "thunder",
                length_s=seconds,
            )
        )
        for seconds in (2.0, 9.0)
    )
    assert long > 3 * short


def test_bigger_hail_is_lower_and_harder_hail_is_brighter() -> None:
    small, big = (centroid_hz(steady("hail", size=size, bed=0.0, wind=0.0)) for size in (0.1, 0.9))
    assert small > 1.5 * big
    soft, hard = (centroid_hz(steady("hail", hardness=h, bed=0.0, wind=0.0)) for h in (0.0, 1.0))
    assert hard > 1.3 * soft
    assert kurtosis(steady("hail", density=20, bed=0.0, wind=0.0)) > 12


def test_a_storm_has_thunder_in_it() -> None:
    without, with_it = (loop("storm", 6.0, thunder=rate, wind=0.1).mean(axis=1) for rate in (0, 20))
    assert band_share(with_it, 20, 160) > 3 * band_share(without, 20, 160)
    assert band_share(steady("storm", rain=1.0), 2000, 20000) > 1.5 * band_share(
        steady("storm", rain=0.1), 2000, 20000
    )


def test_a_blizzard_hisses_with_snow_and_howls() -> None:
    assert band_share(steady("blizzard", snow=1.0), 4000, 12000) > 4 * band_share(
        steady("blizzard", snow=0.0), 4000, 12000
    )
    calm, white_out = (centroid_hz(steady("blizzard", strength=s, snow=0.0)) for s in (0.0, 1.0))
    assert white_out > 1.2 * calm


def test_dry_leaves_click_and_more_of_them_are_denser() -> None:
    assert kurtosis(steady("leaves", dryness=1.0, density=60)) > 1.3 * kurtosis(
        steady("leaves", dryness=0.0, density=60)
    )
    few, many = (kurtosis(steady("leaves", density=d, gusts=0.0)) for d in (8, 900))
    assert few > 1.5 * many
    big, small = (centroid_hz(steady("leaves", size=size)) for size in (1.0, 0.0))
    assert small > 1.4 * big


# Water


def test_a_water_drop_rises() -> None:
    drop = one(
        "water_drop",
        rise_oct=1.5,
        decay_s=0.4,
        impact=0.0,
    )
    assert pitch_hz(drop, 0.15, 0.05) > 1.2 * pitch_hz(drop, 0.02, 0.05)


def test_a_bubble_breathes_at_minnaerts_frequency_and_rises() -> None:
    """3 kHz for a radius of about a millimetre, and half of that for twice the radius."""
    for radius_m in (0.0008, 0.002, 0.006):
        rung = bubbles.bubble(radius_m, rise_oct=0.0)
        assert pitch_hz(rung.astype(np.float32), 0.0, 1.0) == pytest.approx(3.26 / radius_m, rel=0.03)
    slow, fast = (bubbles.damping_of(r) for r in (0.006, 0.0008))
    assert fast > 10 * slow
    rising = bubbles.bubble(0.003, rise_oct=1.0).astype(np.float32)
    assert pitch_hz(rising, 0.04, 0.02) > 1.2 * pitch_hz(rising, 0.0, 0.02)


def test_bigger_bubbles_are_lower_and_more_are_denser() -> None:
    fizz, gulps = (centroid_hz(steady("bubbles", size=size)) for size in (0.1, 0.9))
    assert fizz > 4 * gulps
    few, many = (busy(steady("bubbles", density=d, gurgle=0.0)) for d in (4, 300))
    assert many > 2 * few


def test_gurgling_bubbles_come_in_bursts() -> None:
    even, bursting = (
        unsteadiness(steady("bubbles", gurgle=g, density=60, seconds=6.0), 10) for g in (0.0, 1.0)
    )
    assert bursting > 1.25 * even


def test_a_stronger_stream_is_lower_and_steadier() -> None:
    trickle, river = (steady("stream", flow=flow, seconds=4.0) for flow in (0.1, 0.9))
    assert centroid_hz(trickle) > 1.2 * centroid_hz(river)
    assert kurtosis(trickle) > kurtosis(river)


def test_a_bigger_splash_is_lower_and_a_stronger_one_brighter() -> None:
    small, big = (
        centroid_hz(
            one(
                "splash",
                size=size,
            )
        )
        for size in (0.1, 0.9)
    )
    assert small > 2 * big
    soft, hard = (
        centroid_hz(
            one(
                "splash",
                strength=s,
                spray=0.2,
            )
        )
        for s in (0.1, 1.0)
    )
    assert hard > 1.1 * soft


def test_a_splash_slaps_first_and_spray_falls_late() -> None:
    samples = one(
        "splash",
    )
    assert loudest_db(samples, 0, 0.03) > loudest_db(samples, 0, 1) - 10
    dry, wet = (one("splash", spray=spray, tail_s=1.5) for spray in (0.0, 1.0))
    assert loudest_db(wet, 0.5, 0.9) > loudest_db(dry, 0.5, 0.9) + 6


def test_a_rolling_boil_is_lower_than_a_simmer_and_a_lid_rattles() -> None:
    simmer, rolling = (centroid_hz(steady("boiling", strength=s, hiss=0.0)) for s in (0.0, 1.0))
    assert simmer > 1.5 * rolling
    assert band_share(steady("boiling", rattle=1.0, seconds=4.0), 1500, 12000) > 2 * band_share(
        steady("boiling", rattle=0.0, seconds=4.0), 1500, 12000
    )


def test_waves_surge_as_slowly_as_they_are_told_to() -> None:
    for rate_hz in (0.125, 0.25):
        samples = loop("waves", 16.0, rate_hz=rate_hz, strength=0.7)[:, 0]
        twice = np.concatenate([samples, samples])
        assert beat_hz(twice, 0.05, 1.0) == pytest.approx(rate_hz, rel=0.2)
    levels = envelope(loop("waves", 16.0, strength=0.6), 4)
    assert np.max(levels) > 4 * np.min(levels)


def test_a_bigger_waterfall_is_lower() -> None:
    garden, great = (centroid_hz(steady("waterfall", size=size)) for size in (0.0, 1.0))
    assert garden > 2 * great
    assert kurtosis(steady("waterfall", bubbles=0.0)) < 3.6, "it is a steady roar"


def test_it_is_darker_the_deeper_under_water() -> None:
    shallow, deep = (band_share(steady("underwater", depth=d, bubbles=0), 350, 5000) for d in (0.0, 1.0))
    assert deep < 0.4 * shallow < 0.3
    assert kurtosis(steady("underwater", bubbles=30)) > kurtosis(steady("underwater", bubbles=0))


def test_a_vessel_s_note_rises_as_it_fills() -> None:
    samples = one("pour", length_s=3.0, bubbles=0.0, fill=0.9, material="plastic")

    def note_hz(start_s: float) -> float:
        part = samples[int(start_s * SAMPLE_RATE) :][: SAMPLE_RATE // 2, 0]
        frequencies, power = dsp.welch(part, SAMPLE_RATE, nperseg=4096)
        inside = (frequencies > 150) & (frequencies < 3500)
        return float(frequencies[inside][np.argmax(power[inside])])

    track = [note_hz(start_s) for start_s in (0.1, 1.0, 1.8, 2.4)]
    assert all(b > 1.1 * a for a, b in pairwise(track))
    vessels = [thirds_db(one("pour", material=m)) for m in ("glass", "ceramic", "metal", "plastic")]
    for index, vessel in enumerate(vessels):
        assert all(np.max(np.abs(vessel - other)) > 6 for other in vessels[:index])
    small, big = (
        centroid_hz(
            one(
                "pour",
                size=size,
            )
        )
        for size in (0.0, 1.0)
    )
    assert small > 1.5 * big


def test_drips_are_single_and_echo() -> None:
    def floor(echo: float) -> float:
        levels = envelope(loop("drips", 6.0, density=1.0, echo=echo, air=0.0), 50)
        return float(np.percentile(levels, 70) / np.max(levels))

    assert kurtosis(loop("drips", 6.0, density=1.0, echo=0.2)) > 30
    assert floor(1.0) > 3 * floor(0.0)
    low, high = (centroid_hz(steady("drips", pitch_hz=hz, air=0.0)) for hz in (500, 2500))
    assert high > 3 * low


# Fire


def test_a_fire_crackles_more_often_when_told_to() -> None:
    few, many = (flux_onsets(steady("fire", crackles=rate, hiss=0.0, roar=0.0)) for rate in (3.0, 60.0))
    assert many > 1.5 * few


def test_a_bigger_fire_is_lower_and_single_snaps_stand_out() -> None:
    small, big = (centroid_hz(steady("fire", size=size)) for size in (0.0, 1.0))
    assert small > 1.2 * big
    assert kurtosis(steady("fire", crackles=8)) > 6


def test_ignition_swells_and_bigger_is_lower() -> None:
    small, big = (
        one(
            "ignite",
            size=size,
            crackles=0.0,
        )
        for size in (0.1, 0.9)
    )
    assert centroid_hz(small) > 1.4 * centroid_hz(big)
    levels = envelope(big, 100)
    assert 0.04 < np.argmax(levels) / 100 < 0.4
    assert levels[-1] < 0.05 * np.max(levels)


def test_a_torch_flutters_at_its_rate() -> None:
    slow, fast = (unsteadiness(steady("torch", rate_hz=hz, seconds=4.0, crackles=0), 4) for hz in (2.0, 20.0))
    assert slow > 1.3 * fast, "faster flutter averages out within a quarter of a second"
    still, fluttering = (
        unsteadiness(steady("torch", flutter=f, seconds=4.0, crackles=0), 50) for f in (0.0, 1.0)
    )
    assert fluttering > 2 * still


def test_sizzling_spits_and_bigger_drops_are_lower() -> None:
    assert centroid_hz(steady("sizzle")) > 4000
    assert kurtosis(steady("sizzle", density=40, strength=0.2)) > 6
    small, big = (centroid_hz(steady("sizzle", size=size, strength=0.2)) for size in (0.0, 1.0))
    assert small > 1.15 * big


def test_quenched_metal_hisses_and_dies_away() -> None:
    samples = one(
        "quench",
    )
    assert centroid_hz(samples) > 2500
    assert loudest_db(samples, 0.0, 0.2) > loudest_db(samples, 1.2, 1.6) + 8
    assert centroid_hz(samples[: SAMPLE_RATE // 4]) > 1.1 * centroid_hz(samples[SAMPLE_RATE:])
    assert len(
        one(
            "quench",
            length_s=5.0,
        )
    ) > 3 * len(
        one(
            "quench",
            length_s=1.0,
        )
    )


def test_a_fuse_is_bright_and_sputters() -> None:
    dull, bright = (centroid_hz(steady("fuse", brightness=b)) for b in (0.0, 1.0))
    assert bright > 1.5 * dull > 3000
    even, sputtering = (unsteadiness(steady("fuse", sputter=s, density=2000), 60) for s in (0.0, 1.0))
    assert sputtering > 2 * even


def test_lava_is_low_and_its_bubbles_grow_lower() -> None:
    assert centroid_hz(loop("lava", 4.0)) < 500
    small, big = (
        centroid_hz(loop("lava", 4.0, size=size, hiss=0.0, crackles=0, rumble=0.0)) for size in (0.0, 1.0)
    )
    assert small > 1.5 * big
    few, many = (busy(loop("lava", 6.0, density=d, hiss=0.0, crackles=0, rumble=0.0)) for d in (0.5, 10.0))
    assert many > 2 * few


def test_a_match_is_scratched_and_flares_up() -> None:
    samples = one(
        "match",
    )
    assert centroid_hz(samples) > 2000
    drawn, flared = (
        one(
            "match",
            flare=0.0,
        ),
        one(
            "match",
            flare=1.0,
        ),
    )
    assert np.argmax(envelope(drawn)) < np.argmax(envelope(flared))
    assert len(
        one(
            "match",
            length_s=3.0,
        )
    ) > 2 * len(
        one(
            "match",
            length_s=0.8,
        )
    )


# Crowds


def test_bigger_and_cupped_hands_are_lower_and_harder_ones_brighter() -> None:
    small, big = (
        centroid_hz(
            one(
                "clap",
                size=size,
            )
        )
        for size in (0.0, 1.0)
    )
    assert small > 1.4 * big
    flat, cupped = (
        centroid_hz(
            one(
                "clap",
                cupped=c,
            )
        )
        for c in (0.0, 1.0)
    )
    assert flat > 1.4 * cupped
    soft, hard = (
        centroid_hz(
            one(
                "clap",
                hardness=h,
            )
        )
        for h in (0.0, 1.0)
    )
    assert hard > 1.15 * soft


def test_more_people_applaud_more_densely_and_more_steadily() -> None:
    sparse, dense, full = (loop("applause", 4.0, people=n, voice=0.0) for n in (3, 40, 1000))
    assert busy(sparse) < busy(dense) <= busy(full)
    assert unsteadiness(sparse, 50) > 2 * unsteadiness(dense, 50) > 2.4 * unsteadiness(full, 50)


def test_an_audience_that_claps_in_time_has_a_beat() -> None:
    def beaten(together: float) -> float:
        return unsteadiness(loop("applause", 4.0, people=60, voice=0.0, together=together), 25)

    assert beaten(1.0) > 2 * beaten(0.0)


def test_a_crowd_cries_out_and_the_wild_are_brighter() -> None:
    def heard(**params: Value) -> float:
        """The middle of three crowds: which vowels they cry is theirs."""
        quiet: dict[str, Value] = {"applause": 0.0, "whistles": 0.0, "length_s": 1.2, **params}
        crowds = (rendered(recipe("cheer", quiet, take=take, variation=0.0)) for take in (1, 2, 3))
        return float(np.median([centroid_hz(crowd) for crowd in crowds]))

    assert heard(enthusiasm=1.0) > 1.2 * heard(enthusiasm=0.0)
    assert heard(mood="joy") > 1.3 * heard(mood="boo")
    assert heard(voice="children") > 1.3 * heard(voice="men")
    assert len(one("cheer", length_s=6.0)) > 3 * len(one("cheer", length_s=1.2))


def test_babble_has_the_rhythm_of_syllables_and_many_are_steadier() -> None:
    two, many = (loop("murmur", 6.0, people=n) for n in (2, 200))
    assert unsteadiness(two, 20) > 2 * unsteadiness(many, 20)
    assert 2.0 < beat_hz(two[:, 0], 1.5, 15.0) < 9.0
    assert 250 < centroid_hz(many) < 1500
    men, children = (centroid_hz(loop("murmur", 4.0, voice=v, brightness=1.0)) for v in ("men", "children"))
    assert children > 1.1 * men


@pytest.mark.parametrize("rate_hz", [1.5, 2.5])
def test_a_troop_keeps_step(rate_hz: float) -> None:
    samples = loop("march", 8.0, rate_hz=rate_hz, together=1.0, rattle=0.0)[:, 0]
    assert beat_hz(samples, 0.7 * rate_hz, 1.6 * rate_hz) == pytest.approx(rate_hz, rel=0.05)
    ragged = loop("march", 8.0, rate_hz=rate_hz, together=0.0, rattle=0.0)[:, 0]
    assert unsteadiness(samples, 25) > 1.4 * unsteadiness(ragged, 25)


def test_marching_sounds_of_the_ground() -> None:
    def heard(surface: str) -> float:
        return centroid_hz(loop("march", 4.0, surface=surface, rattle=0.0, weight=0.3))

    assert heard("gravel") > 1.5 * heard("wood")
    assert heard("gravel") > 2 * heard("dirt")
    gravel, stone = (flux_onsets(loop("march", 6.0, surface=s, rattle=0.0)) for s in ("gravel", "stone"))
    assert gravel > 1.2 * stone, "many stones move under a boot"


@pytest.mark.parametrize("people", [2, 40])
def test_between_slow_steps_cloth_and_ground_are_heard(people: int) -> None:
    levels = envelope(loop("march", 6.0, rate_hz=1.0, people=people), 100)
    assert 1e-4 < np.min(levels) / np.max(levels) < 0.1


# Places


def test_a_forest_has_birds_where_they_are_told_to_sing() -> None:
    silent, singing = (
        loop("forest", 4.0, birds=birds, bird_distance=0.0, wind=0.1, insects=0.0) for birds in (0, 3)
    )
    assert band_share(singing, 1800, 6500) > 3 * band_share(silent, 1800, 6500)
    low, high = (
        centroid_hz(loop("forest", 4.0, birds=4, bird_distance=0.0, wind=0.0, insects=0.0, bird_pitch_hz=hz))
        for hz in (1400, 6000)
    )
    assert high > 2 * low


@pytest.mark.parametrize("rate_hz", [1.0, 3.0])
def test_crickets_chirp_at_their_rate_and_pitch(rate_hz: float) -> None:
    samples = loop("night", 8.0, rate_hz=rate_hz, insects=1.0, owls=0, wind=0.0, pitch_hz=4500)[:, 0]
    frequencies, power = dsp.welch(samples, SAMPLE_RATE, nperseg=8192)
    high = frequencies > 2000
    assert frequencies[high][np.argmax(power[high])] == pytest.approx(4500, rel=0.12)
    assert beat_hz(samples, 0.6, 5.0, (3800, 5400)) == pytest.approx(rate_hz, rel=0.15)


def test_owls_call_in_the_night() -> None:
    without, with_them = (loop("night", 8.0, owls=rate, insects=0.0, wind=0.0) for rate in (0, 15))
    assert band_share(with_them, 500, 800) > 3 * band_share(without, 500, 800)


def test_a_beach_has_waves_and_gulls() -> None:
    without, with_them = (loop("beach", 8.0, birds=n, bird_distance=0.0, waves=0.1) for n in (0, 1.5))
    assert band_share(with_them, 800, 5500) > 1.3 * band_share(without, 800, 5500)
    levels = envelope(loop("beach", 16.0, birds=0, wind=0.0), 4)
    assert np.max(levels) > 3 * np.min(levels)


def test_frogs_croak_at_their_pitch() -> None:
    alone: dict[str, Value] = {"insects": 0.0, "bubbles": 0, "wind": 0.0, "frogs": 8}
    low, high = (centroid_hz(loop("swamp", 3.0, pitch_hz=hz, **alone)) for hz in (120, 700))
    assert high > 2.5 * low
    assert band_share(loop("swamp", 3.0, insects=1.0, frogs=0, bubbles=0), 3000, 7000) > 2.5 * band_share(
        loop("swamp", 3.0, insects=0.0, frogs=0, bubbles=0), 3000, 7000
    )


@pytest.mark.parametrize("name", ["cave", "dungeon"])
def test_drops_fall_under_ground_and_echo(name: str) -> None:
    quiet: dict[str, Value] = (
        {"air": 0.0, "rumble": 0.0} if name == "cave" else {"air": 0.0, "drone": 0.0, "chains": 0}
    )
    dry, wet = (envelope(loop(name, 6.0, drops=1.0, echo=echo, **quiet), 50) for echo in (0.0, 1.0))
    assert np.median(wet) / np.max(wet) > 2 * np.median(dry) / np.max(dry)


def test_a_dungeons_drone_is_at_its_pitch_and_chains_clink() -> None:
    samples = loop("dungeon", 4.0, pitch_hz=80, drone=1.0, chains=0, drops=0, air=0.0)
    assert strongest_hz(samples) == pytest.approx(80, rel=0.08)
    without, with_them = (loop("dungeon", 4.0, chains=n, drops=0) for n in (0, 30))
    assert band_share(with_them, 1500, 12000) > 5 * band_share(without, 1500, 12000)


def test_cars_pass_in_a_city() -> None:
    quiet: dict[str, Value] = {"rumble": 0.2, "horns": 0, "people": 0.0}
    without, with_them = (unsteadiness(loop("city", 8.0, traffic=n, **quiet), 2) for n in (0, 15))
    assert with_them > 3 * without
    honks: dict[str, Value] = {"traffic": 0, "people": 0.0, "rumble": 0.2}
    silent, honking = (unsteadiness(loop("city", 8.0, horns=n, **honks), 10) for n in (0, 20))
    assert honking > 2 * silent


@pytest.mark.parametrize("rate_hz", [1.0, 3.0])
def test_a_factory_beats_at_its_rate(rate_hz: float) -> None:
    samples = loop("factory", 8.0, rate_hz=rate_hz, hum=0.0, hiss=0.0, metal=0.0)[:, 0]
    assert beat_hz(samples, 0.6, 5.0) == pytest.approx(rate_hz, rel=0.06)
    humming = loop("factory", 4.0, hum=1.0, pitch_hz=200, rumble=0.0, metal=0.0, hiss=0.0)
    assert strongest_hz(humming) == pytest.approx(200, rel=0.03)


def test_a_battle_is_heard_far_off() -> None:
    quiet: dict[str, Value] = {"wind": 0.0, "rumble": 0.2}
    none, shells = (loop("battlefield", 5.0, explosions=n, gunfire=0, **quiet) for n in (0, 25))
    assert kurtosis(shells) > 2 * kurtosis(none)
    far, near = (centroid_hz(loop("battlefield", 5.0, brightness=b, **quiet)) for b in (0.0, 1.0))
    assert near > 1.5 * far
    firing = loop("battlefield", 5.0, gunfire=60, explosions=0, **quiet)
    assert band_share(firing, 300, 4000) > 2 * band_share(none, 300, 4000)


def test_a_room_hums_at_the_mains_and_is_otherwise_steady() -> None:
    samples = loop("room_tone", 4.0, hum=1.0, pitch_hz=60, air=0.2, rumble=0.0)
    assert strongest_hz(samples) == pytest.approx(60, rel=0.06)
    assert unsteadiness(loop("room_tone", 6.0), 4) < 0.2
    dull, bright = (centroid_hz(loop("room_tone", 3.0, brightness=b, hum=0.0)) for b in (0.0, 1.0))
    assert bright > 2 * dull


def test_a_drone_is_at_its_pitch_and_brightens() -> None:
    samples = loop("space_drone", 3.0, pitch_hz=110, brightness=0.0, noise=0.0, sparkle=0.0, roughness=0.0)
    assert strongest_hz(samples) == pytest.approx(110, rel=0.05)
    dark, bright = (centroid_hz(loop("space_drone", 3.0, brightness=b, sparkle=0.0)) for b in (0.0, 1.0))
    assert bright > 1.5 * dark
    assert band_share(loop("space_drone", 3.0, sparkle=1.0), 1200, 8000) > 5 * band_share(
        loop("space_drone", 3.0, sparkle=0.0), 1200, 8000
    )


def test_a_ships_engine_throbs_and_its_consoles_beep() -> None:
    alone: dict[str, Value] = {"air": 0.0, "rumble": 0.0, "beeps": 0}
    for wobble_hz in (1.0, 4.0):
        samples = loop("spaceship_interior", 4.0, wobble_hz=wobble_hz, **alone)[:, 0]
        assert beat_hz(samples, 0.5, 8.0) == pytest.approx(wobble_hz, rel=0.06)
    silent, beeping = (loop("spaceship_interior", 4.0, beeps=n) for n in (0, 60))
    assert band_share(beeping, 800, 2400) > 1.5 * band_share(silent, 800, 2400)
