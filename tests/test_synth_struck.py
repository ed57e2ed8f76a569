"""Steps, impacts, breakage and mechanisms: that they sound like their material, their size and their action."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from scipy import signal as dsp
from synth_measures import (
    Audio,
    band_share,
    centroid_hz,
    flux_onsets,
    loudest_db,
    pitch_hz,
    ring_s,
    sound,
    steady,
)

from sfxgen.models.synth import bouncing, friction
from sfxgen.models.synth.parameters import SAMPLE_RATE, Number, Value
from sfxgen.models.synth.presets import PRESETS
from sfxgen.models.synth.presets.footsteps import SHOES, SURFACES
from sfxgen.models.synth.presets.impacts import MATERIALS

MINE = [p for p in PRESETS.values() if p.family in ("footsteps", "impacts", "breakage", "mechanisms")]


def still(preset: str, *, take: int = 1, **params: Value) -> Audio:
    """A take whose values stay where they are."""
    return sound(preset, take=take, variation=0.0, **params)


def typical_centroid_hz(preset: str, **params: Value) -> float:
    """The geometric mean over a few takes, so that one draw of modes does not decide."""
    return float(np.exp(np.mean([np.log(centroid_hz(still(preset, take=t, **params))) for t in (1, 2, 3)])))


def lowest_mode_hz(samples: Audio) -> float:
    """The lowest partial within 20 dB of the strongest."""
    mono = samples[:, 0].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(mono * dsp.windows.tukey(len(mono), 0.1), 1 << 17))
    peaks, _ = dsp.find_peaks(spectrum, height=0.1 * spectrum.max(), distance=20)
    hz = peaks * (SAMPLE_RATE / (1 << 17))
    return float(hz[hz > 60][0])


def envelope(samples: Audio, rate_hz: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The amplitude below a rate of change."""
    sections = dsp.butter(2, rate_hz, fs=SAMPLE_RATE, output="sos")
    return np.asarray(dsp.sosfiltfilt(sections, np.abs(samples.reshape(len(samples), -1)[:, 0])))


def onsets(preset: str, **params: Value) -> int:
    return sum(flux_onsets(still(preset, take=take, **params)) for take in (1, 2, 3))


@pytest.mark.parametrize(
    ("preset", "name", "params"),
    [
        *[("hit", "size", {"material": m}) for m in MATERIALS],
        ("knock", "weight", {}),
        ("thud", "weight", {}),
        ("bounce", "size", {}),
        ("scrape", "size", {}),
        ("clatter", "size", {"material": "stone"}),
        ("rattle", "size", {}),
        ("roll", "size", {}),
        ("glass", "size", {}),
        ("crate", "size", {}),
        ("pottery", "size", {}),
        ("rubble", "size", {}),
        ("branch", "size", {"leaves": 0.0}),
        ("ice_crack", "size", {}),
        ("bone", "size", {"wet": 0.0}),
        ("metal_crunch", "size", {}),
        ("door", "weight", {"action": "slam"}),
        ("creak", "size", {}),
        ("lock", "size", {}),
        ("lever", "size", {}),
        ("chain", "size", {}),
        ("gate", "weight", {}),
        ("gears", "size", {}),
        ("drawer", "weight", {}),
        ("sliding_door", "size", {"hiss": 0.2}),
        ("footstep", "weight", {"surface": "wood"}),
        ("landing", "weight", {}),
        ("ladder", "weight", {}),
    ],
)
def test_bigger_is_lower(preset: str, name: str, params: dict[str, Value]) -> None:
    small = typical_centroid_hz(preset, **{**params, name: 0.1})
    big = typical_centroid_hz(preset, **{**params, name: 0.9})
    assert big < 0.9 * small


@pytest.mark.parametrize("material", ["wood", "metal", "stone", "glass", "plastic", "ceramic"])
def test_the_lowest_mode_of_a_bigger_body_is_lower(material: str) -> None:
    small = lowest_mode_hz(still("hit", material=material, size=0.2, noise=0.0))
    assert lowest_mode_hz(still("hit", material=material, size=0.8, noise=0.0)) < 0.7 * small


@pytest.mark.parametrize("material", MATERIALS)
def test_a_harder_striker_is_brighter(material: str) -> None:
    soft = typical_centroid_hz("hit", material=material, hardness=0.1, noise=0.0)
    assert typical_centroid_hz("hit", material=material, hardness=0.95, noise=0.0) > 1.1 * soft


@pytest.mark.parametrize(
    ("preset", "name", "low", "high"),
    [
        ("footstep", "hardness", {"surface": "stone"}, {"surface": "stone"}),
        ("ladder", "hardness", {}, {}),
        ("knock", "hardness", {}, {}),
        ("thud", "hardness", {}, {}),
        ("bounce", "hardness", {}, {}),
        ("clatter", "hardness", {}, {}),
        ("lever", "hardness", {}, {}),
        ("tear", "brightness", {}, {}),
        ("scrape", "speed", {}, {}),
        ("scuff", "speed", {}, {}),
        ("roll", "speed", {}, {}),
    ],
)
def test_harder_and_faster_are_brighter(
    preset: str, name: str, low: dict[str, Value], high: dict[str, Value]
) -> None:
    dull = typical_centroid_hz(preset, **{**low, name: 0.1})
    assert typical_centroid_hz(preset, **{**high, name: 0.9}) > 1.1 * dull


def test_glass_rings_longer_and_higher_than_wood_and_metal_longest() -> None:
    glass, wood, metal = (sound("hit", material=m) for m in ("glass", "wood", "metal"))
    assert ring_s(glass) > 1.3 * ring_s(wood)
    assert centroid_hz(glass) > 2 * centroid_hz(wood)
    assert ring_s(metal) > ring_s(glass)


@pytest.mark.parametrize(
    ("preset", "params"),
    [
        ("hit", {"material": "metal"}),
        ("ladder", {}),
        ("clatter", {"material": "metal", "spread_s": 0.15}),
        ("glass", {"spread_s": 0.1}),
        ("chain", {"length_s": 0.1}),
    ],
)
def test_a_free_body_rings_longer(preset: str, params: dict[str, Value]) -> None:
    def seconds(ring: float) -> float:
        return float(np.mean([len(still(preset, take=t, **{**params, "ring": ring})) for t in (1, 2, 3)]))

    assert seconds(0.95) > 1.15 * seconds(0.05)


def test_gravel_steps_have_more_onsets_than_stone_steps() -> None:
    assert onsets("footstep", surface="gravel") > 2 * onsets("footstep", surface="stone")


@pytest.mark.parametrize("surface", ["stone", "wood", "tile"])
def test_heels_are_brighter_than_bare_feet(surface: str) -> None:
    barefoot = typical_centroid_hz("footstep", surface=surface, shoe="barefoot")
    assert typical_centroid_hz("footstep", surface=surface, shoe="heel") > 1.5 * barefoot


def test_armour_jingles_and_the_toe_of_a_heel_comes_sooner() -> None:
    armour, boot = (still("footstep", surface="carpet", shoe=s) for s in ("armored", "boot"))
    assert band_share(armour, 1500, 8000) > 3 * band_share(boot, 1500, 8000)
    heel, boot = (still("footstep", surface="stone", shoe=s, grains=0.0) for s in ("heel", "boot"))
    assert len(heel) < len(boot)


def test_more_loose_gravel_has_more_onsets() -> None:
    assert onsets("footstep", grains=0.6) > 1.3 * onsets("footstep", grains=0.0)


def test_a_step_has_a_heel_and_a_toe() -> None:
    magnitude = np.abs(still("footstep", surface="wood", roll_ms=200)[:, 0])
    spans = ((0, 60), (150, 190), (200, 260))
    heel, between, toe = (magnitude[a * 48 : b * 48].max() for a, b in spans)
    assert heel > toe > 2 * between


def third_octaves_db(samples: Audio) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The shares of the power from 60 Hz to 19 kHz."""
    lows = 60 * 2 ** (np.arange(25) / 3)
    shares = np.array([band_share(samples, low, low * 2 ** (1 / 3)) for low in lows])
    return np.asarray(10 * np.log10(np.maximum(shares, 10**-4.5)))


@pytest.mark.parametrize(
    ("name", "kinds", "params"), [("surface", SURFACES, {}), ("shoe", SHOES, {"surface": "stone"})]
)
def test_every_surface_and_every_shoe_sounds_of_its_own(
    name: str, kinds: tuple[str, ...], params: dict[str, Value]
) -> None:
    def spectrum(kind: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        takes = [still("footstep", take=t, **{**params, name: kind}) for t in (1, 2, 3, 4)]
        return np.asarray(np.mean([third_octaves_db(samples) for samples in takes], axis=0))

    spectra = {kind: spectrum(kind) for kind in kinds}
    apart = {
        (one, other): float(np.sqrt(np.mean((spectra[one] - spectra[other]) ** 2)))
        for one, other in combinations(kinds, 2)
    }
    # Averages over other takes of one kind lie about 1 dB apart.
    assert min(apart.values()) > 2
    assert float(np.median(list(apart.values()))) > 4


SOFT = ("snow", "grass", "leaves", "sand", "mud", "water")


@pytest.mark.parametrize("surface", [*SOFT, "gravel"])
def test_a_harder_tread_is_brighter_and_a_heavier_one_lower_on_loose_ground_too(surface: str) -> None:
    soft, hard = (typical_centroid_hz("footstep", surface=surface, hardness=h) for h in (0.0, 1.0))
    assert hard > 1.1 * soft
    light, heavy = (typical_centroid_hz("footstep", surface=surface, weight=w) for w in (0.0, 1.0))
    assert heavy < 0.95 * light


def test_a_scuff_on_gravel_has_more_grains_than_on_stone_and_grit_adds_to_both() -> None:
    assert onsets("scuff", surface="gravel") > 2 * onsets("scuff", surface="stone")
    for surface in ("stone", "gravel"):
        swept, strewn = (onsets("scuff", surface=surface, grains=g) for g in (0.0, 1.0))
        assert strewn > 2 * swept


def test_a_bigger_rattle_is_lower_all_the_way() -> None:
    heard = [typical_centroid_hz("rattle", size=size) for size in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert all(bigger < 0.8 * smaller for smaller, bigger in pairwise(heard))


@pytest.mark.parametrize(
    ("preset", "params"),
    [
        ("knock", {"rattle": 0.0}),
        ("bounce", {"restitution": 0.3}),
        ("clatter", {"pieces": 2, "spread_s": 0.15}),
    ],
)
def test_glass_and_metal_ring_longer_than_wood(preset: str, params: dict[str, Value]) -> None:
    def seconds(material: str) -> float:
        takes = [still(preset, take=t, material=material, **params) for t in (1, 2, 3)]
        return float(np.mean([len(samples) for samples in takes])) / SAMPLE_RATE

    wood = seconds("wood")
    assert seconds("glass") > 1.1 * wood
    assert seconds("metal") > 1.1 * wood


def test_things_of_glass_and_metal_ring_longer_in_their_box_than_wooden_ones() -> None:
    def sustained(material: str) -> float:
        """The power over that of the peak: how long the peak would have to last."""
        takes = [still("rattle", take=t, material=material, pieces=4).astype(np.float64) for t in (1, 2, 3)]
        return float(np.mean([np.sum(samples**2) / np.max(samples**2) for samples in takes]))

    wood, glass, metal = (sustained(m) for m in ("wood", "glass", "metal"))
    assert min(glass, metal) > 2 * wood


@pytest.mark.parametrize("preset", [p.name for p in MINE if "length_s" in p.by_name and not p.sustained])
def test_a_longer_length_lasts_longer(preset: str) -> None:
    parameter = PRESETS[preset].by_name["length_s"]
    assert isinstance(parameter, Number)
    short, usual, long = (len(still(preset, length_s=parameter.default * f)) for f in (0.5, 1.0, 2.0))
    assert short < usual < long
    assert long > 1.5 * short


@pytest.mark.parametrize("preset", [p.name for p in MINE if "brightness" in p.by_name])
def test_brightness_raises_the_centroid(preset: str) -> None:
    dark, usual, bright = (typical_centroid_hz(preset, brightness=b) for b in (0.05, 0.5, 0.95))
    assert dark < usual < bright
    assert bright > 1.1 * dark


@pytest.mark.parametrize("preset", [p.name for p in MINE if "pitch_hz" in p.by_name])
def test_a_higher_pitch_is_higher(preset: str) -> None:
    parameter = PRESETS[preset].by_name["pitch_hz"]
    assert isinstance(parameter, Number)
    low, high = (pitch_hz(still(preset, pitch_hz=parameter.default * f), 0.0, 60.0) for f in (0.6, 1.7))
    assert high / low == pytest.approx(1.7 / 0.6, rel=0.2)


def test_a_wet_floor_splashes() -> None:
    dry, wet = still("footstep", surface="stone"), still("footstep", surface="stone", wet=1.0)
    assert band_share(wet, 1200, 12000) > 1.5 * band_share(dry, 1200, 12000)


def test_a_harder_landing_has_more_weight_behind_it() -> None:
    soft, hard = (still("landing", surface="grass", strength=s) for s in (0.0, 1.0))
    assert band_share(hard, 20, 200) > band_share(soft, 20, 200)


def test_a_scuff_lasts_as_long_as_it_is_dragged() -> None:
    assert len(still("scuff", length_s=1.0)) / SAMPLE_RATE == pytest.approx(1.0, rel=0.2)


def test_a_body_falls_in_parts() -> None:
    one, many = (len(still("thud", parts=n, noise=0.0)) for n in (1, 6))
    assert many > 1.5 * one


def test_the_intervals_of_a_bounce_shrink_by_the_restitution() -> None:
    samples = still("bounce", restitution=0.7, height_m=1.0, wobble=0.0, size=0.1)
    smooth = envelope(samples, 60)
    peaks, _ = dsp.find_peaks(smooth, height=0.04 * smooth.max(), distance=int(0.07 * SAMPLE_RATE))
    gaps = np.diff(np.concatenate([[0], peaks[peaks > 0.1 * SAMPLE_RATE]]))[:4] / SAMPLE_RATE
    assert gaps[0] == pytest.approx(2 * 0.7 * np.sqrt(2 / 9.81), rel=0.05)
    assert gaps[1:] / gaps[:-1] == pytest.approx([0.7, 0.7, 0.7], rel=0.05)


def test_a_dropped_thing_touches_down_as_often_as_its_restitution_says() -> None:
    times, speeds = bouncing.dropped(0.5, 0.6)
    assert np.diff(times)[1:] / np.diff(times)[:-1] == pytest.approx(0.6)
    assert speeds[1:] / speeds[:-1] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("preset", "name", "few", "many"),
    [
        ("clatter", "pieces", 2, 25),
        ("glass", "shards", 4, 60),
        ("pottery", "shards", 3, 40),
        ("rubble", "stones", 4, 100),
        ("crate", "debris", 0.0, 1.0),
        ("rattle", "pieces", 1, 12),
        ("bone", "crunch", 0.0, 1.0),
        ("branch", "debris", 0.0, 1.0),
        ("ice_crack", "debris", 0.0, 1.0),
        ("lock", "clicks", 1, 9),
    ],
)
def test_more_pieces_have_more_onsets(preset: str, name: str, few: float, many: float) -> None:
    quiet: dict[str, Value] = {"leaves": 0.0} if preset == "branch" else {}
    assert onsets(preset, **{**quiet, name: many}) > 1.25 * onsets(preset, **{**quiet, name: few})


@pytest.mark.parametrize("part", ["debris", "glass"])
def test_what_falls_off_a_crash_is_heard_after_it(part: str) -> None:
    def late_and_high(amount: float) -> float:
        params: dict[str, Any] = {"debris": 0.0, "glass": 0.0, part: amount}
        late = still("metal_crunch", length_s=1.0, **params)[int(0.5 * SAMPLE_RATE) :]
        return band_share(late, 2000, 16000)

    assert late_and_high(1.0) > 1.5 * late_and_high(0.0)


def test_glass_cracks_before_its_shards_fall() -> None:
    hard, soft = (still("glass", crack=c) for c in (1.0, 0.0))
    assert loudest_db(hard, 0, 0.08) > loudest_db(hard, 0.15, 3) + 3
    assert loudest_db(hard, 0.15, 3) < loudest_db(soft, 0.15, 3)


def test_a_far_crack_in_ice_falls_in_pitch() -> None:
    chirped = still("ice_crack", chirp=1.0, debris=0.0, crack=1.0, size=0.7)
    frequencies, times, power = dsp.spectrogram(chirped[:, 0], SAMPLE_RATE, nperseg=512, noverlap=384)

    def arrival_s(low_hz: float, high_hz: float) -> float:
        band = power[(frequencies >= low_hz) & (frequencies < high_hz)].sum(axis=0)
        return float(times[int(np.argmax(band))])

    assert arrival_s(5000, 9000) < arrival_s(1500, 2500) < arrival_s(500, 800)


def test_flesh_fills_the_middle_and_green_wood_is_duller_than_dry() -> None:
    dry, wet = (still("bone", wet=w) for w in (0.0, 1.0))
    assert band_share(wet, 200, 600) > 1.5 * band_share(dry, 200, 600)
    assert typical_centroid_hz("branch", wet=0.0) > 1.1 * typical_centroid_hz("branch", wet=1.0)


def test_paper_is_brighter_than_cloth_and_cloth_than_leather() -> None:
    paper, cloth, leather = (typical_centroid_hz("tear", material=m) for m in ("paper", "cloth", "leather"))
    assert paper > cloth > leather


@pytest.mark.parametrize("rate_hz", [25.0, 60.0, 180.0])
def test_a_creak_slips_at_its_rate(rate_hz: float) -> None:
    samples = still("creak", rate_hz=rate_hz, roughness=0.0, rise_st=0.0, length_s=2.0)[:, 0].astype(float)
    sharp = np.abs(np.diff(samples))
    sharp = sharp - sharp.mean()
    correlation = dsp.correlate(sharp, sharp, method="fft")[len(sharp) - 1 :]
    low, high = int(0.6 * SAMPLE_RATE / rate_hz), int(1.5 * SAMPLE_RATE / rate_hz)
    period = low + int(np.argmax(correlation[low:high]))
    assert SAMPLE_RATE / period == pytest.approx(rate_hz, rel=0.12)


def test_a_contact_slips_as_often_as_it_is_pulled_and_unevenly_where_rough() -> None:
    rate = np.full(4 * SAMPLE_RATE, 50.0)
    even, _ = friction.slips(np.random.default_rng(1), rate, 0.0)
    rough, _ = friction.slips(np.random.default_rng(1), rate, 1.0)
    assert len(even) == pytest.approx(200, rel=0.1)
    assert np.std(np.diff(rough)) > 4 * np.std(np.diff(even))


def test_a_shaken_box_is_loudest_twice_a_shake() -> None:
    samples = still("rattle", rate_hz=3.0, length_s=4.0, pieces=40, material="sand", strength=0.0)
    slow = dsp.decimate(dsp.decimate(envelope(samples, 40), 10), 10)
    spectrum = np.abs(np.fft.rfft((slow - slow.mean()) * np.hanning(len(slow)), 1 << 14))
    peak_hz = (np.argmax(spectrum[34:]) + 34) * 480 / (1 << 14)
    assert peak_hz == pytest.approx(6.0, rel=0.2)


@pytest.mark.parametrize("rate_hz", [3.0, 8.0])
def test_gears_tick_at_their_rate(rate_hz: float) -> None:
    ticks = steady("gears", rate_hz=rate_hz, roughness=0.0, rattle=0.0, seconds=3.0)
    spectrum = np.abs(np.fft.rfft(np.abs(ticks) - np.mean(np.abs(ticks))))
    low = spectrum[: int(3 * rate_hz * 1.5)]
    assert int(np.argmax(low)) == pytest.approx(3 * rate_hz, abs=1)


def test_a_ratchet_clicks_at_its_rate_and_a_falling_gate_lands_loudest() -> None:
    params: dict[str, Any] = {"rattle": 0.0, "rumble": 0.0, "creak": 0.0, "length_s": 3.0}
    slow, fast = (still("gate", rate_hz=r, **params) for r in (3.0, 9.0))
    assert flux_onsets(fast) > 1.6 * flux_onsets(slow)
    fallen = still("gate", action="fall", **params)
    assert loudest_db(fallen, 2.9, 4) > loudest_db(fallen, 0, 2.8) + 4


def test_a_denser_chain_has_more_links() -> None:
    assert onsets("chain", density=80.0, length_s=1.5) > 1.3 * onsets("chain", density=8.0, length_s=1.5)


def test_a_slammed_door_is_louder_at_its_thud_than_a_closed_one_creaks() -> None:
    slam = still("door", action="slam")
    assert band_share(slam, 20, 400) > 0.6
    assert band_share(still("door", action="swing"), 20, 200) < 0.2


@pytest.mark.parametrize("preset", ["drawer", "lever", "sliding_door"])
def test_what_slides_stops_with_a_thud_after_its_way(preset: str) -> None:
    params: dict[str, Any] = {"hiss": 0.0} if preset == "sliding_door" else {}
    magnitude = np.abs(still(preset, length_s=0.8, **params)[:, 0])
    assert np.argmax(magnitude) / SAMPLE_RATE == pytest.approx(0.8, abs=0.08)


def test_a_sliding_door_hisses_and_hums_where_it_is_told_to() -> None:
    loud, none = (still("sliding_door", hiss=h) for h in (1.0, 0.0))
    assert band_share(loud, 2000, 16000) > 2 * band_share(none, 2000, 16000)
    high, low = (still("sliding_door", pitch_hz=p, motor=1.0, hiss=0.0) for p in (900.0, 90.0))
    assert centroid_hz(high) > 1.5 * centroid_hz(low)


def test_a_rolling_thing_is_uneven_once_a_turn() -> None:
    def swing(wobble: float) -> float:
        smooth = envelope(steady("roll", wobble=wobble, roughness=0.0, seconds=3.0), 8)
        return float(np.std(smooth) / np.mean(smooth))

    assert swing(1.0) > 1.5 * swing(0.0)


def test_a_knock_pushes_more_air_the_harder_and_a_crash_is_brighter() -> None:
    soft, hard = (still("knock", strength=s, rattle=0.0) for s in (0.0, 1.0))
    assert band_share(hard, 20, 220) > band_share(soft, 20, 220)
    assert typical_centroid_hz("metal_crunch", strength=1.0) > typical_centroid_hz(
        "metal_crunch", strength=0.0
    )


def test_pressed_hard_a_scrape_stutters() -> None:
    light, pressed = (onsets("scrape", strength=s, roughness=0.2, speed=0.1) for s in (0.0, 1.0))
    assert pressed > 1.5 * light
