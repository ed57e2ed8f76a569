"""Interface sounds, pickups, movement and stingers: do they do what their parameters say?"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal as dsp
from synth_measures import Audio, band_share, centroid_hz, flux_onsets, loudest_db, pitch_hz, ring_s, sound

from sfxgen.models.synth.parameters import SAMPLE_RATE, Number, Value
from sfxgen.models.synth.presets import PRESETS
from sfxgen.models.synth.scales import CHORDS, SCALES, audible, degree

MINE = [preset for preset in PRESETS.values() if preset.family in ("ui", "pickups", "movement", "stingers")]


def plain(name: str, **params: Value) -> Audio:
    """A take whose parameters stand where they were put."""
    return sound(name, take=1, variation=0.0, **params)


def part(samples: Audio, start_s: float, stop_s: float) -> Audio:
    return samples[int(start_s * SAMPLE_RATE) : int(stop_s * SAMPLE_RATE)]


def mean_centroid_hz(name: str, **params: Value) -> float:
    takes = [sound(name, take=take, variation=0.0, **params) for take in (1, 2)]
    # Silence around it, so that the windows do not miss how it begins.
    return float(np.mean([centroid_hz(np.pad(samples, ((2048, 2048), (0, 0)))) for samples in takes]))


def near_hz(samples: Audio, about_hz: float) -> float:
    """The frequency of the partial near one, by a parabola through the spectrum's peak."""
    mono = samples[:, 0].astype(np.float64)
    spectrum = np.log(np.abs(np.fft.rfft(mono * np.hanning(len(mono)), 1 << 19)) + 1e-12)
    width = SAMPLE_RATE / (1 << 19)
    low, high = int(about_hz * 0.96 / width), int(about_hz * 1.04 / width)
    peak = low + int(np.argmax(spectrum[low:high]))
    a, b, c = spectrum[peak - 1 : peak + 2]
    return float(peak + 0.5 * (a - c) / (a - 2 * b + c)) * width


def cents(one_hz: float, other_hz: float) -> float:
    return 1200 * float(np.log2(one_hz / other_hz))


def level_db_at(samples: Audio, frequency_hz: float) -> float:
    mono = samples[:, 0].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(mono * np.hanning(len(mono))))
    at = round(frequency_hz * len(mono) / SAMPLE_RATE)
    return 20 * float(np.log10(np.max(spectrum[max(0, at - 3) : at + 4]) + 1e-12))


def onsets_s(samples: Audio, apart_s: float, jump: float = 1.6) -> list[float]:
    """When the level leaps: starts of notes that are at least so far apart."""
    mono = samples[:, 0].astype(np.float64)
    high = dsp.sosfilt(dsp.butter(2, 300, "highpass", fs=SAMPLE_RATE, output="sos"), mono)
    hop = 240
    energy = np.sqrt(np.mean(high[: len(high) // hop * hop].reshape(-1, hop) ** 2, axis=1)) + 1e-5
    before = np.array([np.mean(energy[max(0, i - 4) : i]) if i else 1e-5 for i in range(len(energy))])
    found: list[float] = []
    for index in np.flatnonzero((energy > jump * before) & (energy > 0.08 * energy.max())):
        now = index * hop / SAMPLE_RATE
        if not found or now - found[-1] > apart_s:
            found.append(now)
    return found


def closest(name: str, takes: int) -> float:
    """The largest normalised cross-correlation of any two takes, or a bound on it where that is below 0.95."""
    clips = [sound(name, take=take)[:, 0].astype(np.float64) for take in range(1, takes + 1)]
    length = 1 << (2 * max(len(clip) for clip in clips) - 1).bit_length()
    spectra = np.array([np.fft.rfft(clip / np.linalg.norm(clip), length) for clip in clips]).astype(
        np.complex64
    )
    sizes: NDArray[np.float32] = np.abs(spectra)
    # No lag can align two signals better than if all their phases agreed.
    bounds = 2 * (sizes @ sizes.T) / length
    worst = 0.0
    for one in range(takes):
        for other in range(one):
            if bounds[one, other] > 0.95:
                lags = np.fft.irfft(spectra[one] * np.conj(spectra[other]), length)
                worst = max(worst, float(np.max(np.abs(lags))))
    return worst


DANGEROUS = "click hover confirm error toggle tick notify select back pop countdown_beep coin pickup jump spring drum pluck"


@pytest.mark.parametrize("name", DANGEROUS.split())
def test_no_two_of_fifty_tonal_siblings_are_the_same(name: str) -> None:
    assert closest(name, 50) < 0.95


@pytest.mark.parametrize("preset", [p for p in MINE if "brightness" in p.by_name], ids=lambda p: p.name)
def test_brightness_raises_the_centroid(preset: object) -> None:
    name = str(getattr(preset, "name", ""))
    dark, middle, bright = (mean_centroid_hz(name, brightness=value) for value in (0.05, 0.5, 0.95))
    assert dark < middle < bright
    assert bright > 1.1 * dark


@pytest.mark.parametrize("preset", [p for p in MINE if "hardness" in p.by_name], ids=lambda p: p.name)
def test_harder_is_brighter(preset: object) -> None:
    name = str(getattr(preset, "name", ""))
    assert mean_centroid_hz(name, hardness=0.95) > 1.08 * mean_centroid_hz(name, hardness=0.05)


@pytest.mark.parametrize("preset", [p for p in MINE if "size" in p.by_name], ids=lambda p: p.name)
def test_bigger_is_lower(preset: object) -> None:
    name = str(getattr(preset, "name", ""))
    assert mean_centroid_hz(name, size=1.0) < 0.9 * mean_centroid_hz(name, size=0.0)


@pytest.mark.parametrize("preset", [p for p in MINE if "decay_s" in p.by_name], ids=lambda p: p.name)
def test_a_longer_decay_rings_longer(preset: object) -> None:
    name = str(getattr(preset, "name", ""))
    parameter = PRESETS[name].by_name["decay_s"]
    assert isinstance(parameter, Number)
    short, long = (plain(name, decay_s=parameter.default * factor) for factor in (0.6, 1.5))
    assert len(long) > 1.1 * len(short)


@pytest.mark.parametrize("preset", [p for p in MINE if "length_s" in p.by_name], ids=lambda p: p.name)
def test_a_longer_length_lasts_longer(preset: object) -> None:
    name = str(getattr(preset, "name", ""))
    parameter = PRESETS[name].by_name["length_s"]
    assert isinstance(parameter, Number)
    assert len(plain(name, length_s=parameter.default * 1.8)) > 1.25 * len(plain(name))


@pytest.mark.parametrize("preset", [p for p in MINE if "pitch_hz" in p.by_name], ids=lambda p: p.name)
def test_a_higher_pitch_is_higher(preset: object) -> None:
    name = str(getattr(preset, "name", ""))
    parameter = PRESETS[name].by_name["pitch_hz"]
    assert isinstance(parameter, Number)
    low, high = (plain(name, pitch_hz=parameter.default * factor) for factor in (0.6, 1.7))
    centroids = centroid_hz(np.pad(high, ((2048, 2048), (0, 0)))) / centroid_hz(
        np.pad(low, ((2048, 2048), (0, 0)))
    )
    partials = pitch_hz(high, 0.0, 60.0) / pitch_hz(low, 0.0, 60.0)
    assert max(centroids, partials) > 1.6


# Interface


@pytest.mark.parametrize(("name", "params"), [("click", {}), ("tick", {}), ("typing", {"release_ms": 0})])
def test_what_is_pressed_sounds_of_its_material(name: str, params: dict[str, Value]) -> None:
    def heard(material: str) -> tuple[float, float]:
        takes = [sound(name, take=t, variation=0.0, material=material, **params) for t in (1, 2, 3, 4)]
        return float(np.mean([len(x) for x in takes])), mean_centroid_hz(name, material=material, **params)

    plastic, metal, wood, glass = (heard(m) for m in ("plastic", "metal", "wood", "glass"))
    assert metal[0] > 1.3 * plastic[0]
    assert metal[0] > glass[0] > wood[0]
    assert glass[1] > metal[1] > plastic[1] > 1.3 * wood[1]


def test_a_click_of_metal_rings_longer_and_a_release_is_a_second_click() -> None:
    rings = [ring_s(plain("click", material=m, decay_ms=40)) for m in ("wood", "plastic", "metal")]
    assert rings[2] > 2 * rings[1] > 2 * rings[0]
    assert len(plain("click", release_ms=150)) > 0.15 * SAMPLE_RATE > len(plain("click"))
    assert mean_centroid_hz("click", pitch_hz=5000) > 1.5 * mean_centroid_hz("click", pitch_hz=1200)


@pytest.mark.parametrize("glide_st", [-12, 12])
def test_a_hover_glides(glide_st: float) -> None:
    samples = plain("hover", glide_st=glide_st, length_s=0.4)
    moved = cents(pitch_hz(samples, 0.28, 0.08), pitch_hz(samples, 0.02, 0.08)) / 100
    assert np.sign(moved) == np.sign(glide_st)
    assert abs(moved) > 4


@pytest.mark.parametrize(("name", "interval_st"), [("confirm", 7), ("error", -7), ("back", -5)])
def test_two_tones_lie_an_interval_apart(name: str, interval_st: float) -> None:
    samples = plain(name, interval_st=interval_st, pitch_hz=600, gap_ms=200)
    first, second = part(samples, 0.02, 0.15), part(samples, 0.22, 0.36)
    other_hz = 600 * 2 ** (interval_st / 12)
    assert abs(cents(near_hz(first, 600), 600)) < 40
    assert level_db_at(first, 600) > level_db_at(first, other_hz) + 15
    assert level_db_at(second, other_hz) > level_db_at(second, 600) + 3


def test_a_toggle_steps_up_for_on_and_down_for_off() -> None:
    on = plain("toggle", action="on", noise=0.0, decay_s=0.3, interval_st=7)
    off = plain("toggle", action="off", noise=0.0, decay_s=0.3, interval_st=7)
    assert pitch_hz(on, 0.08, 0.1) > 1.3 * pitch_hz(on, 0.0, 0.035)
    assert pitch_hz(off, 0.08, 0.1) < 0.8 * pitch_hz(off, 0.0, 0.035)
    assert centroid_hz(on) > centroid_hz(off)


def test_a_heavier_tick_knocks_lower() -> None:
    assert len(plain("tick")) < 0.06 * SAMPLE_RATE
    assert mean_centroid_hz("tick", weight=1.0) < 0.8 * mean_centroid_hz("tick", weight=0.0)


@pytest.mark.parametrize("notes", [1, 2, 4])
def test_a_notification_plays_its_notes(notes: int) -> None:
    samples = plain("notify", notes=notes, tempo_ms=250, decay_s=0.4, instrument="marimba", mood="bright")
    assert len(onsets_s(samples, 0.12)) == notes


def test_a_swipe_in_rises_and_one_out_falls() -> None:
    for direction, sign in (("in", 1), ("out", -1)):
        samples = plain("swipe", direction=direction, length_s=0.6, sweep_oct=3.0, brightness=0.1)
        early, late = centroid_hz(part(samples, 0.1, 0.25)), centroid_hz(part(samples, 0.35, 0.5))
        assert sign * np.log2(late / early) > 0.5


def test_a_panel_opens_upward_and_closes_downward_with_weight() -> None:
    for action, sign in (("open", 1), ("close", -1)):
        samples = plain("panel", action=action, length_s=0.8, interval_st=24, weight=0.0)
        early, late = centroid_hz(part(samples, 0.1, 0.25)), centroid_hz(part(samples, 0.4, 0.6))
        assert sign * np.log2(late / early) > 0.3
    light, heavy = (band_share(plain("panel", action="close", weight=w), 22, 300) for w in (0.0, 1.0))
    assert heavy > 3 * light


def test_a_key_comes_up_again_and_a_loose_one_jingles() -> None:
    held, let_go = plain("typing", release_ms=0), plain("typing", release_ms=200)
    assert len(let_go) > 0.2 * SAMPLE_RATE > len(held)
    shares = [
        np.mean([band_share(sound("typing", take=t, variation=0.0, rattle=r), 2600, 9000) for t in (1, 2, 3)])
        for r in (0.0, 1.0)
    ]
    assert shares[1] > shares[0]
    assert mean_centroid_hz("typing", weight=1.0) < mean_centroid_hz("typing", weight=0.0)


def test_a_selection_glitters_when_told_to() -> None:
    dry, glittering = plain("select", sparkle=0.0), plain("select", sparkle=1.0)
    assert band_share(glittering, 2500, 12000) > 3 * band_share(dry, 2500, 12000)


def test_a_glitch_is_in_pieces_and_crushing_it_holds_its_samples() -> None:
    def pieces(density: float) -> int:
        takes = [plain("glitch", density=density, length_s=1.5, stutter=0.0, roughness=0.0)]
        return sum(len(onsets_s(samples, 0.005, 1.25)) for samples in takes)

    def held(roughness: float) -> float:
        samples = plain("glitch", roughness=roughness, noise=0.0, stutter=0.0)[:, 0]
        return float(np.mean(np.abs(np.diff(samples)) < 1e-3))

    assert pieces(60) > 1.5 * pieces(8)
    assert held(0.0) + 0.3 < held(0.9)


def test_a_pop_leaps_up_and_a_wet_one_has_smaller_bubbles_after_it() -> None:
    samples = plain("pop", rise_st=24, decay_s=0.3, wet=0.0, punch=0.0, brightness=0.0)
    assert pitch_hz(samples, 0.12, 0.05) > 1.8 * pitch_hz(samples, 0.0, 0.02)
    assert len(plain("pop", wet=1.0, decay_s=0.03)) > 1.5 * len(plain("pop", wet=0.0, decay_s=0.03))


def test_paper_creases_more_often_when_told_to() -> None:
    few, many = (
        sum(flux_onsets(sound("paper", take=t, variation=0.0, density=d, noise=0.0)) for t in (1, 2, 3))
        for d in (12, 120)
    )
    assert many > 2 * few


def test_a_countdown_ends_an_octave_higher_and_longer() -> None:
    count, go = plain("countdown_beep", pitch_hz=500), plain("countdown_beep", pitch_hz=500, action="go")
    assert len(go) > 2 * len(count)
    assert level_db_at(part(count, 0, 0.12), 500) > level_db_at(part(count, 0, 0.12), 1000)
    assert level_db_at(part(go, 0, 0.4), 1000) > level_db_at(part(go, 0, 0.4), 500) + 20


# Pickups


@pytest.mark.parametrize("interval_st", [5, 7, 12])
def test_a_coin_is_two_tones_an_interval_apart(interval_st: float) -> None:
    samples = plain("coin", pitch_hz=1000, interval_st=interval_st, gap_ms=100)
    upper_hz = 1000 * 2 ** (interval_st / 12)
    assert abs(cents(near_hz(part(samples, 0.01, 0.09), 1000), 1000)) < 30
    assert abs(cents(near_hz(part(samples, 0.12, 0.32), upper_hz), upper_hz)) < 20


def test_metal_adds_partials_between_a_coin_s_harmonics() -> None:
    chip, metal = (part(plain("coin", pitch_hz=1000, interval_st=0, metal=m), 0.1, 0.3) for m in (0.0, 1.0))
    between = [
        max(level_db_at(x, float(hz)) for hz in range(2250, 2345, 15)) - level_db_at(x, 1000)
        for x in (chip, metal)
    ]
    assert between[1] > between[0] + 20


@pytest.mark.parametrize("notes", [1, 3, 6])
def test_a_pickup_has_its_notes_and_their_step(notes: int) -> None:
    samples = plain("pickup", notes=notes, step_st=4, pitch_hz=400, tempo_ms=150, decay_s=0.2)
    starts = onsets_s(samples, 0.07)
    assert len(starts) == notes
    for index, start_s in enumerate(starts):
        note_hz = 400 * 2 ** (4 * index / 12)
        assert abs(cents(near_hz(part(samples, start_s + 0.01, start_s + 0.13), note_hz), note_hz)) < 12


def test_a_powerup_climbs_to_a_chord() -> None:
    samples = plain("powerup", pitch_hz=200, rise_st=24, length_s=1.0, brightness=0.2)
    assert pitch_hz(samples, 0.8, 0.1) > 2 * pitch_hz(samples, 0.05, 0.1)
    chord = part(samples, 1.1, 1.5)
    held = [level_db_at(chord, 800 * 2 ** (step / 12)) for step in (0, 4, 7, 12)]
    between = [level_db_at(chord, 800 * 2 ** (step / 12)) for step in (2, 5.5, 9.5)]
    assert min(held) > max(between) + 10


def test_a_gem_is_glassy_and_sparkles() -> None:
    assert centroid_hz(plain("gem")) > 1500
    dull, glittering = plain("gem", sparkle=0.0, notes=1), plain("gem", sparkle=1.0, notes=1)
    assert flux_onsets(glittering) > flux_onsets(dull)


def test_keys_strike_more_often_and_ring_longer_when_told_to() -> None:
    few, many = (
        sum(flux_onsets(sound("keys", take=t, variation=0.0, density=d, ring=0.0)) for t in (1, 2, 3))
        for d in (7, 50)
    )
    assert many > 1.8 * few
    assert len(plain("keys", ring=1.0)) > 1.15 * len(plain("keys", ring=0.0))
    assert centroid_hz(plain("keys")) > 2500


def test_ammunition_rattles_and_is_heavy_when_told_to() -> None:
    still, loose = (mean_centroid_hz("ammo", rattle=r) for r in (0.0, 1.0))
    assert loose > 1.3 * still
    light, heavy = (band_share(plain("ammo", weight=w), 22, 250) for w in (0.0, 1.0))
    assert heavy > 2 * light


def test_a_heart_ends_on_its_chord() -> None:
    samples = part(
        plain("heart", pitch_hz=400, mood="dark", notes=3, sparkle=0.0, brightness=0.1), 0.35, 0.75
    )
    minor, major = (level_db_at(samples, 400 * 2 ** (step / 12)) for step in (3, 4))
    assert minor > major + 15


def test_a_bag_of_coins_rings_above_a_bag_of_stones() -> None:
    coins, stones = (mean_centroid_hz("bag", material=m, weight=0.0, noise=0.0) for m in ("metal", "stone"))
    assert coins > 1.5 * stones
    few, many = (flux_onsets(plain("bag", density=d, weight=0.0, noise=0.0, length_s=1.0)) for d in (12, 120))
    assert many > 1.5 * few


def test_an_extra_life_is_pulse_waves_that_end_higher_than_they_began() -> None:
    samples = plain("extra_life", pitch_hz=400, notes=6, tempo_ms=120, wobble_hz=0, brightness=0.0)
    assert len(onsets_s(samples, 0.06)) == 6
    first, last = part(samples, 0.01, 0.1), part(samples, 0.64, 0.8)
    assert abs(cents(near_hz(first, 400), 400)) < 25
    assert level_db_at(last, 800) > level_db_at(last, 400) + 15
    # A square wave has no even harmonics to speak of.
    assert level_db_at(first, 1200) > level_db_at(first, 800) + 10


def test_a_level_up_runs_up_to_its_chord() -> None:
    samples = plain("level_up", pitch_hz=300, notes=5, tempo_ms=120, sparkle=0.0, mood="bright")
    assert pitch_hz(samples, 0.5, 0.08) > 1.4 * pitch_hz(samples, 0.0, 0.08)
    chord = part(samples, 0.75, 1.3)
    assert (
        min(level_db_at(chord, 600 * 2 ** (s / 12)) for s in (0, 4, 7))
        > level_db_at(chord, 600 * 2 ** (5.5 / 12)) + 15
    )


def test_a_power_down_sags_and_its_flutter_slows_down() -> None:
    samples = plain("power_down", rise_st=-24, length_s=1.0, wobble_hz=0.0, roughness=0.0, brightness=0.0)
    assert pitch_hz(samples, 0.7, 0.15) < 0.5 * pitch_hz(samples, 0.02, 0.1)

    def flutters_s(wobble_hz: float) -> NDArray[np.float64]:
        held = plain(
            "power_down", rise_st=0, length_s=2.0, wobble_hz=wobble_hz, roughness=0.0, brightness=0.3
        )
        loud = np.abs(dsp.hilbert(held[:, 0].astype(np.float64)))
        smooth = dsp.sosfiltfilt(dsp.butter(2, 40, fs=SAMPLE_RATE, output="sos"), loud)
        peaks, _ = dsp.find_peaks(smooth, prominence=0.1 * smooth.max())
        times = peaks / SAMPLE_RATE
        return np.asarray(times[times < 1.0])

    slow, quick = flutters_s(8), flutters_s(16)
    assert len(quick) > 1.6 * len(slow)
    gaps = np.diff(quick)
    assert np.mean(gaps[-3:]) > 1.2 * np.mean(gaps[:3])


# Movement


def test_a_jump_rises_and_falls_with_its_parameter() -> None:
    up, down = plain("jump", air=0.0, rise_st=17), plain("jump", air=0.0, rise_st=-17)
    assert pitch_hz(up, 0.2, 0.08) > 1.3 * pitch_hz(up, 0.0, 0.06)
    assert pitch_hz(down, 0.2, 0.08) < 0.75 * pitch_hz(down, 0.0, 0.06)


@pytest.mark.parametrize("peak_at", [0.3, 0.6])
def test_a_whoosh_is_highest_and_loudest_where_it_is_nearest(peak_at: float) -> None:
    takes = [
        sound("whoosh", take=t, variation=0.0, length_s=1.0, peak_at=peak_at, sweep_oct=3.0)
        for t in (1, 2, 3)
    ]

    def over(start_s: float, stop_s: float) -> tuple[float, float]:
        slices = [part(samples, start_s, stop_s) for samples in takes]
        return float(np.mean([centroid_hz(s) for s in slices])), float(
            np.mean([np.mean(s**2) for s in slices])
        )

    before, near, after = (
        over(peak_at - 0.27, peak_at - 0.17),
        over(peak_at - 0.05, peak_at + 0.05),
        over(peak_at + 0.2, peak_at + 0.3),
    )
    assert near[0] > 1.3 * before[0]
    assert near[0] > 1.3 * after[0]
    assert near[1] > 3 * max(before[1], after[1])


def test_a_faster_dash_is_higher_and_a_push_comes_first() -> None:
    assert mean_centroid_hz("dash", speed=0.9, punch=0.0) > 1.5 * mean_centroid_hz(
        "dash", speed=0.1, punch=0.0
    )
    pushed = plain("dash", punch=1.0, weight=0.5, length_s=0.8)
    assert band_share(part(pushed, 0, 0.1), 22, 250) > 4 * band_share(part(pushed, 0.2, 0.6), 22, 250)


def test_silk_is_brighter_than_cotton_and_cotton_than_wool() -> None:
    silk, cotton, wool = (mean_centroid_hz("cloth", material=m) for m in ("silk", "cotton", "wool"))
    assert silk > 1.4 * cotton > 1.4 * wool
    assert mean_centroid_hz("cloth", speed=0.95) > 1.3 * mean_centroid_hz("cloth", speed=0.05)
    light, heavy = (band_share(plain("cloth", weight=w), 60, 500) for w in (0.0, 1.0))
    assert heavy > 2 * light


def test_more_folds_are_heard_over_the_rub_of_cloth() -> None:
    few, some, many = (mean_centroid_hz("cloth", density=d) for d in (10, 90, 400))
    assert few < some < many
    assert many > 1.2 * few


def test_a_rope_slips_as_often_as_told_and_creaks_higher_the_harder_it_is_pulled() -> None:
    def slips(rate_hz: float) -> int:
        samples = plain("rope", rate_hz=rate_hz, noise=0.0, roughness=0.2, length_s=2.0)
        return len(onsets_s(samples, 0.006, 1.3))

    assert slips(40) > 1.7 * slips(8)
    assert mean_centroid_hz("rope", strength=0.95, noise=0.0) > 1.2 * mean_centroid_hz(
        "rope", strength=0.05, noise=0.0
    )
    assert mean_centroid_hz("rope", weight=1.0) < mean_centroid_hz("rope", weight=0.0)


@pytest.mark.parametrize("rise_st", [-18, 18])
def test_a_slide_whistle_slides_as_far_as_told(rise_st: float) -> None:
    samples = plain("slide_whistle", pitch_hz=900, rise_st=rise_st, length_s=1.2, wobble_hz=0.0, air=0.0)
    moved = cents(pitch_hz(samples, 1.12, 0.05), pitch_hz(samples, 0.05, 0.05)) / 100
    assert moved == pytest.approx(rise_st, abs=2.5)
    breathy = plain("slide_whistle", air=1.0)
    assert band_share(breathy, 6000, 16000) > 3 * band_share(plain("slide_whistle", air=0.0), 6000, 16000)


def test_waves_along_a_spring_arrive_as_chirps_low_before_high() -> None:
    zing = plain("spring", metal=1.0, strength=0.0, hardness=1.0, decay_s=1.5, size=1.0)[:, 0].astype(
        np.float64
    )

    def arrival_s(low_hz: float, high_hz: float) -> float:
        """The loudest moment of a band within the first pass of the coil."""
        band = dsp.butter(4, (low_hz, high_hz), "bandpass", fs=SAMPLE_RATE, output="sos")
        heard = np.abs(dsp.hilbert(dsp.sosfiltfilt(band, zing[: int(0.2 * SAMPLE_RATE)])))
        times = np.arange(len(heard)) / SAMPLE_RATE
        return float(np.sum(times * heard**4) / np.sum(heard**4))

    assert arrival_s(900, 1100) < arrival_s(1900, 2100) < arrival_s(2250, 2390)


def test_a_spring_shakes() -> None:
    def shake_hz(wobble_hz: float) -> float:
        samples = plain("spring", metal=0.0, strength=1.0, wobble_hz=wobble_hz, decay_s=4.0)[:, 0].astype(
            np.float64
        )
        envelope = np.abs(dsp.hilbert(samples))[:: SAMPLE_RATE // 480][: 480 * 2]
        spectrum = np.abs(np.fft.rfft(dsp.detrend(envelope) * np.hanning(len(envelope))))
        spectrum[:4] = 0
        return float(np.argmax(spectrum[:80])) / 2.0

    assert shake_hz(6) == pytest.approx(6 * 1.15, rel=0.3)
    assert shake_hz(15) == pytest.approx(15 * 1.15, rel=0.3)


# Stingers


def test_scales_go_on_in_the_next_octave() -> None:
    assert [degree(SCALES["bright"], i) for i in range(7)] == [0, 2, 4, 7, 9, 12, 14]
    assert [degree(CHORDS["calm"], i) for i in range(6)] == [0, 7, 14, 16, 24, 31]
    assert audible(20000, 9000) == 5000
    assert audible(440) == 440


@pytest.mark.parametrize(
    ("mood", "inside", "outside"), [("heroic", (0, 7, 12, 16), 15), ("dark", (0, 3, 7, 10), 4)]
)
def test_a_fanfare_ends_on_its_chord(mood: str, inside: tuple[int, ...], outside: int) -> None:
    samples = plain(
        "fanfare", mood=mood, pitch_hz=250, notes=3, tempo_ms=150, length_s=1.5, punch=0.0, brightness=0.3
    )
    chord = part(samples, 0.7, 1.7)
    heard = [level_db_at(chord, 250 * 2 ** (step / 12)) for step in inside]
    assert min(heard) > level_db_at(chord, 250 * 2 ** (outside / 12)) + 12
    assert len(onsets_s(part(samples, 0, 0.5), 0.08)) >= 3


def test_brass_is_brighter_the_louder_it_gets() -> None:
    samples = plain("fanfare", notes=1, punch=0.0, length_s=2.0)
    held, gone = part(samples, 0.5, 1.6), part(samples, len(samples) / SAMPLE_RATE - 0.1, 60)
    assert centroid_hz(held) > 1.2 * centroid_hz(gone)


def test_a_victory_has_drums_a_cymbal_and_bells_when_told_to() -> None:
    bare, drummed = plain("victory", punch=0.0, sparkle=0.0), plain("victory", punch=1.0, sparkle=0.0)
    assert band_share(drummed, 8000, 16000) > 5 * band_share(bare, 8000, 16000)
    glittering = plain("victory", punch=0.0, sparkle=1.0)
    assert band_share(glittering, 3000, 9000) > band_share(bare, 3000, 9000)


def test_a_defeat_steps_down_and_darkens() -> None:
    stepping = plain("defeat", notes=3, tempo_ms=300, rumble=0.0, brightness=0.0)
    assert pitch_hz(stepping, 0.65, 0.2) < 0.95 * pitch_hz(stepping, 0.05, 0.2)
    samples = plain("defeat", notes=3, tempo_ms=300, rumble=0.0)
    chord = part(samples, 0.95, 60)
    assert centroid_hz(part(chord, 1.0, 1.5)) < 0.88 * centroid_hz(part(chord, 0.05, 0.4))
    assert band_share(plain("defeat", rumble=1.0), 22, 90) > 3 * band_share(samples, 22, 90)


def test_a_discovery_climbs_its_scale() -> None:
    samples = plain("discovery", mood="bright", pitch_hz=300, notes=8, tempo_ms=200, sparkle=0.0)
    assert len(onsets_s(samples, 0.1, 1.25)) == 8
    first = part(samples, 0.0, 0.18)
    assert abs(cents(near_hz(first, 300), 300)) < 12


def test_a_dark_hit_is_low_and_grinds_when_told_to() -> None:
    samples = plain("suspense")
    assert centroid_hz(samples) < 400
    assert loudest_db(samples, 0, 0.15) > -6
    assert band_share(plain("suspense", rumble=1.0), 22, 60) > band_share(
        plain("suspense", rumble=0.0), 22, 60
    )


@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_harp_runs_up_or_down_its_strings(direction: str) -> None:
    samples = plain("harp_gliss", direction=direction, notes=10, tempo_ms=100, pitch_hz=200, decay_s=0.4)
    early, late = pitch_hz(samples, 0.0, 0.15), pitch_hz(samples, 0.9, 0.15)
    assert (late > 2 * early) if direction == "up" else (late < early / 2)


def test_a_gong_blooms_and_rings_long() -> None:
    blooming, plate = (plain("gong", bloom=b, hardness=0.3, decay_s=5.0) for b in (1.0, 0.0))
    struck, later = centroid_hz(part(blooming, 0.0, 0.12)), centroid_hz(part(blooming, 0.35, 0.75))
    assert later > 1.15 * struck
    assert centroid_hz(part(plate, 0.35, 0.75)) < centroid_hz(part(plate, 0.0, 0.12))
    assert ring_s(blooming) > 2.0


@pytest.mark.parametrize(
    ("instrument", "bend"),
    [("tom", 1.1), ("kick", 1.3), ("snare", 1.05), ("timpani", 1.008), ("taiko", 1.08)],
)
def test_a_bigger_drum_is_lower_and_a_harder_hit_falls_in_pitch(instrument: str, bend: float) -> None:
    small, big = (plain("drum", instrument=instrument, size=s, decay_s=1.5, rattle=0.0) for s in (0.0, 1.0))
    assert pitch_hz(big, 0.1, 0.3) < 0.7 * pitch_hz(small, 0.1, 0.3)
    soft, hard = (
        plain("drum", instrument=instrument, size=0.3, decay_s=2.0, rattle=0.0, strength=s)
        for s in (0.0, 1.0)
    )
    level, fallen = (pitch_hz(x, 0.0, 0.06) / pitch_hz(x, 0.3, 0.3) for x in (soft, hard))
    assert level < 1.02
    assert fallen > max(bend, 1.005 * level)


def test_a_hard_stroke_starts_sharp() -> None:
    samples = plain("drum", instrument="tom", strength=1.0, decay_s=2.0, size=0.3)
    assert pitch_hz(samples, 0.0, 0.06) > 1.08 * pitch_hz(samples, 0.3, 0.3)


def test_snares_buzz() -> None:
    skin, buzzing = (plain("drum", instrument="tom", rattle=r) for r in (0.0, 1.0))
    assert band_share(buzzing, 2000, 10000) > 5 * band_share(skin, 2000, 10000)


def test_a_roll_has_its_strokes_and_swells() -> None:
    samples = plain("drum_roll", rate_hz=12, length_s=2.0, strength=0.0, swell=1.0)
    assert (
        18
        <= len(onsets_s(plain("drum_roll", rate_hz=12, length_s=2.0, strength=0.0, swell=0.0), 0.04, 1.3))
        <= 27
    )
    assert loudest_db(samples, 1.5, 2.0) > loudest_db(samples, 0.0, 0.4) + 12


@pytest.mark.parametrize("frequency_hz", [55.0, 110.0, 220.0, 440.0, 880.0, 1760.0])
@pytest.mark.parametrize("instrument", ["nylon", "steel"])
def test_a_string_is_in_tune(instrument: str, frequency_hz: float) -> None:
    samples = plain("pluck", instrument=instrument, pitch_hz=frequency_hz, decay_s=4.0)
    held = part(samples, 0.1, 1.6)
    assert abs(cents(near_hz(held, frequency_hz), frequency_hz)) < 5
    # It is the fundamental that is there: it is strong, and nothing lies at or between its subharmonics.
    strongest = max(level_db_at(held, n * frequency_hz) for n in range(1, 9))
    fundamental = level_db_at(held, frequency_hz)
    assert fundamental > strongest - 12
    below = [level_db_at(held, share * frequency_hz) for share in (1 / 3, 1 / 2, 2 / 3, 3 / 2)]
    assert max(below) < fundamental - 20


def test_a_string_s_upper_harmonics_die_first() -> None:
    samples = plain("pluck", pitch_hz=220, decay_s=3.0, pick_at=0.13, hardness=0.9)
    lost = [
        level_db_at(part(samples, 0.05, 0.35), 220 * n) - level_db_at(part(samples, 0.65, 0.95), 220 * n)
        for n in (1, 5, 9)
    ]
    assert lost[0] + 3 < lost[1]
    assert lost[1] + 3 < lost[2]


def test_a_string_plucked_in_its_middle_lacks_even_harmonics() -> None:
    middle, bridge = (part(plain("pluck", pitch_hz=220, pick_at=p), 0.05, 0.4) for p in (0.5, 0.12))
    even = [level_db_at(x, 440) - level_db_at(x, 220) for x in (middle, bridge)]
    assert even[0] < even[1] - 20


def test_wind_chimes_touch_as_often_as_told() -> None:
    one, many = (plain("chime", instrument="wind", notes=n, tempo_ms=300, decay_s=0.6) for n in (1, 6))
    assert len(onsets_s(one, 0.05)) == 1
    assert len(onsets_s(many, 0.05, 1.4)) >= 4


def test_a_church_bell_has_a_minor_third() -> None:
    samples = part(plain("chime", instrument="bell", pitch_hz=400), 0.05, 0.8)
    # Its tierce, and what would be a major one.
    tierce, major = (max(level_db_at(samples, 400 * r * d) for d in (0.995, 1, 1.005)) for r in (1.183, 1.26))
    assert tierce > major + 12


def test_a_music_box_ends_on_its_root() -> None:
    samples = plain("music_box", pitch_hz=800, notes=5, tempo_ms=250, decay_s=0.5, rattle=0.0, brightness=0.2)
    last = part(samples, len(samples) / SAMPLE_RATE - 0.4, 60)
    assert abs(cents(pitch_hz(last, 0.0, 0.3), 800)) < 30


def test_a_cymbal_is_noise_up_high_and_each_kind_is_itself() -> None:
    crash, ride, hihat = (plain("cymbal", instrument=i) for i in ("crash", "ride", "hihat"))
    assert centroid_hz(crash) > 3500
    assert ring_s(ride) > ring_s(hihat) * 4
    soft, hard = (plain("cymbal", hardness=h) for h in (0.0, 1.0))
    assert np.argmax(np.abs(soft)) > 2 * np.argmax(np.abs(hard))


def test_a_riser_grows_louder_and_higher_and_stops_short() -> None:
    samples = plain("riser", length_s=2.0)
    assert loudest_db(samples, 1.6, 2.0) > loudest_db(samples, 0.0, 0.4) + 12
    assert centroid_hz(part(samples, 1.5, 2.0)) > 2 * centroid_hz(part(samples, 0.1, 0.5))
    assert np.argmax(np.abs(samples)) > 0.6 * len(samples)
    end_s = len(samples) / SAMPLE_RATE
    assert loudest_db(samples, end_s - 0.2, end_s - 0.05) > -6
    assert loudest_db(samples, end_s - 0.002, 60) < -20


@pytest.mark.parametrize("rise_st", [0, 12, 30])
def test_a_riser_climbs_as_far_as_told(rise_st: float) -> None:
    samples = plain(
        "riser", length_s=2.0, rise_st=rise_st, noise=0.0, wobble_hz=0.0, roughness=0.0, brightness=0.0
    )
    moved = cents(pitch_hz(samples, 1.8, 0.12), pitch_hz(samples, 0.02, 0.1)) / 100
    assert moved == pytest.approx(rise_st, abs=1 + 0.15 * rise_st)


def test_a_sad_trombone_steps_down_and_droops() -> None:
    samples = plain(
        "sad_trombone", pitch_hz=240, notes=3, tempo_ms=400, wobble_hz=0.0, wah=0.0, brightness=0.0
    )
    starts = [near_hz(part(samples, 0.4 * i + 0.12, 0.4 * i + 0.32), 240 * 2 ** (-i / 12)) for i in range(3)]
    for index, start_hz in enumerate(starts):
        assert abs(cents(start_hz, 240 * 2 ** (-index / 12))) < 45
    assert pitch_hz(samples, 1.5, 0.2) < starts[-1]
