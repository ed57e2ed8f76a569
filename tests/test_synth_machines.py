"""Vehicles, machines, alarms and creatures: what is measured on them is what their parameters say."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.random import PCG64, Generator
from numpy.typing import NDArray
from scipy import signal as dsp
from synth_measures import band_share, centroid_hz, flux_onsets, loudest_db, pitch_hz, ring_s, sound, steady

from sfxgen.models.synth import motor, voice, wavetable
from sfxgen.models.synth.parameters import SAMPLE_RATE, Choice, Number
from sfxgen.models.synth.presets import PRESETS
from sfxgen.models.synth.render import render_of
from sfxgen.models.synth.take import SETTLING_S, Take

pytestmark = pytest.mark.filterwarnings("error")

FAMILIES = ("vehicles", "machines", "alarms", "creatures")
TEXTURES = [name for name, preset in PRESETS.items() if preset.family in FAMILIES and preset.sustained]
Samples = NDArray[Any]


def quiet(preset: str, **params: Any) -> Samples:
    """A take whose values the seed has not moved, as one channel."""
    made = sound(preset, variation=0.0, **params)
    return made[:, 0]


def amplitude(samples: Samples, frequency_hz: float) -> float:
    """The largest partial within 1 % of a frequency."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 18))
    middle = frequency_hz * (1 << 18) / SAMPLE_RATE
    return float(spectrum[int(0.99 * middle) : int(1.01 * middle) + 2].max())


def envelope(samples: Samples, below_hz: float, *, above_hz: float = 0.0) -> Samples:
    """The level over time, of what lies above a frequency: its movements up to `below_hz`."""
    heard = samples.astype(np.float64)
    if above_hz:
        heard = dsp.sosfilt(dsp.butter(4, above_hz, "highpass", fs=SAMPLE_RATE, output="sos"), heard)
    slow = dsp.butter(2, below_hz, fs=SAMPLE_RATE, output="sos")
    return np.asarray(dsp.sosfiltfilt(slow, np.abs(heard)))


def modulation_hz(samples: Samples, low_hz: float, high_hz: float, *, above_hz: float = 0.0) -> float:
    """The strongest rate at which the level moves."""
    level = envelope(samples, 2 * high_hz, above_hz=above_hz)
    level = (level - level.mean()) * np.hanning(len(level))
    spectrum = np.abs(np.fft.rfft(level, 1 << 19))
    rates = np.fft.rfftfreq(1 << 19, 1 / SAMPLE_RATE)
    inside = (rates >= low_hz) & (rates <= high_hz)
    return float(rates[inside][np.argmax(spectrum[inside])])


def bursts(samples: Samples, below_hz: float = 25.0, depth: float = 0.35) -> int:
    """How many times the level rises above a part of its peak, after it fell well below it."""
    level = envelope(samples, below_hz)
    level = level / level.max()
    high = False
    count = 0
    for value in level[::48]:
        if not high and value > depth:
            high, count = True, count + 1
        elif high and value < 0.6 * depth:
            high = False
    return count


def fundamental(samples: Samples, near_hz: float, start_s: float = 0.15) -> float:
    """The pitch of a voice, by autocorrelation: the shortest of the delays at which it is much like itself."""
    part = samples[int(start_s * SAMPLE_RATE) :][: int(0.15 * SAMPLE_RATE)].astype(np.float64)
    likeness = dsp.correlate(part, part, method="fft")[len(part) - 1 :]
    nearest, farthest = int(SAMPLE_RATE / (1.8 * near_hz)), int(SAMPLE_RATE / (0.35 * near_hz))
    peaks = nearest + dsp.find_peaks(likeness[nearest:farthest])[0]
    return SAMPLE_RATE / float(peaks[likeness[peaks] > 0.75 * likeness[peaks].max()][0])


def textures_and_choices() -> list[tuple[str, dict[str, Any]]]:
    cases: list[tuple[str, dict[str, Any]]] = []
    for name in TEXTURES:
        choices = [p for p in PRESETS[name].parameters if isinstance(p, Choice)]
        cases += [(name, {p.name: option}) for p in choices for option in p.options] or [(name, {})]
    return cases


@pytest.mark.parametrize(("name", "params"), textures_and_choices())
def test_a_texture_repeats_after_its_period(name: str, params: dict[str, Any]) -> None:
    settling, period, more = round(SETTLING_S * SAMPLE_RATE), 30011, round(0.4 * SAMPLE_RATE)
    preset = PRESETS[name]
    take = Take(preset.filled(params), Generator(PCG64(3)), settling + period + more, period)
    samples = render_of(preset)(take)
    assert samples.shape == (settling + period + more,)
    once, again = samples[settling : settling + more], samples[settling + period :]
    assert np.max(np.abs(once - again)) < 1e-3 * np.max(np.abs(samples[settling:]))


# What parameters of the same name do everywhere


def having(parameter: str) -> list[str]:
    """The presets of these families that have a parameter."""
    return [n for n, preset in PRESETS.items() if preset.family in FAMILIES and parameter in preset.by_name]


def made(name: str, **params: Any) -> Samples:
    """A take whose values the seed has not moved, of a texture or of a one-shot."""
    return steady(name, **params) if PRESETS[name].sustained else quiet(name, **params)


def around(name: str, parameter: str) -> tuple[float, float]:
    """Two values, well below and well above a parameter's default."""
    number = PRESETS[name].by_name[parameter]
    assert isinstance(number, Number)
    return max(number.low, number.default / 1.8), min(number.high, number.default * 1.8)


@pytest.mark.parametrize("name", having("size"))
def test_bigger_is_lower(name: str) -> None:
    small, big = (centroid_hz(made(name, size=size)) for size in (0.05, 0.95))
    assert big < 0.8 * small


@pytest.mark.parametrize("name", ["gasp", "car_pass", "pump"])
def test_every_step_bigger_is_lower(name: str) -> None:
    centroids = [centroid_hz(made(name, size=size)) for size in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert all(smaller > 1.1 * bigger for smaller, bigger in pairwise(centroids))


@pytest.mark.parametrize("name", having("brightness"))
def test_brighter_is_brighter(name: str) -> None:
    dark, bright = (centroid_hz(made(name, brightness=b)) for b in (0.1, 0.9))
    assert bright > 1.12 * dark


@pytest.mark.parametrize("name", [name for name in having("length_s") if name not in ("sonar", "camera")])
def test_longer_lasts_longer(name: str) -> None:
    short, long = (len(made(name, length_s=value)) for value in around(name, "length_s"))
    assert long > 2 * short


VOICES = ("grunt", "growl", "roar", "scream", "bark", "howl", "laugh")
PLAIN: dict[str, dict[str, Any]] = {"servo": {"rise_st": 0, "roughness": 0, "brightness": 0, "punch": 0}}
"""Without what hides the pitch."""


@pytest.mark.parametrize("name", [name for name in having("pitch_hz") if name not in (*VOICES, "klaxon")])
def test_a_higher_pitch_is_higher(name: str) -> None:
    """In its strongest partial, or, where many take turns, in the middle of all."""
    low, high = (made(name, pitch_hz=hz, **PLAIN.get(name, {})) for hz in around(name, "pitch_hz"))
    partials = [pitch_hz(samples, 0.0, len(samples) / SAMPLE_RATE) for samples in (low, high)]
    assert max(partials[1] / partials[0], centroid_hz(high) / centroid_hz(low)) > 2


# Vehicles


@pytest.mark.parametrize(("rpm", "cylinders"), [(1200.0, 4.0), (3000.0, 4.0), (3000.0, 6.0)])
def test_an_engine_fires_half_its_cylinders_a_turn(rpm: float, cylinders: float) -> None:
    samples = steady("engine", rpm=rpm, cylinders=cylinders, roughness=0.0, load=0.2)
    firing_hz = rpm / 60 * cylinders / 2
    for order in (1, 2, 3):
        assert amplitude(samples, order * firing_hz) > 4 * amplitude(samples, (order + 0.37) * firing_hz)


def test_a_rough_engine_has_more_between_its_firings() -> None:
    def between(roughness: float) -> float:
        samples = steady("engine", rpm=3000, roughness=roughness)
        return amplitude(samples, 75) / amplitude(samples, 100)

    assert between(0.9) > 2 * between(0.0)


def test_load_brightens_an_engine() -> None:
    assert centroid_hz(steady("engine", load=0.95)) > 1.3 * centroid_hz(steady("engine", load=0.05))


def test_a_loping_twin_shares_its_cycle_unevenly() -> None:
    def half_order(lope: float) -> float:
        samples = steady("motorbike", rpm=6000, lope=lope, roughness=0.0)
        odd, even = (sum(amplitude(samples, 50 * n) for n in orders) for orders in ((3, 5, 7), (4, 6, 8)))
        return odd / even

    assert half_order(1.0) > 2 * half_order(0.0)


@pytest.mark.parametrize("rate_hz", [8.0, 15.0])
def test_rotor_blades_pass_as_often_as_told(rate_hz: float) -> None:
    samples = steady("helicopter", rate_hz=rate_hz, whine=0.0)
    assert modulation_hz(samples, 5, 20) == pytest.approx(rate_hz, rel=0.06)


def test_a_harder_slap_is_sharper() -> None:
    soft, hard = (steady("helicopter", punch=p, whine=0.0, air=0.0) for p in (0.0, 1.0))
    assert centroid_hz(hard) > 1.5 * centroid_hz(soft)


@pytest.mark.parametrize("rpm", [1500, 2600, 3400])
def test_a_propeller_beats_at_twice_its_turns(rpm: float) -> None:
    samples = steady("propeller", rpm=rpm, roughness=0.0, air=0.0, load=0.2)
    blades_hz = 2 * rpm / 60
    assert amplitude(samples, blades_hz) > 8 * amplitude(samples, 0.75 * blades_hz)
    assert amplitude(samples, blades_hz) > 8 * amplitude(samples, 1.25 * blades_hz)


def test_a_jet_at_full_thrust_crackles() -> None:
    """Skewed pressure: steep rises, which a symmetrical noise has not (Ffowcs Williams and others, 1975)."""

    def skewness(strength: float) -> float:
        samples = steady("jet", strength=strength, whine=0.0)
        return float(np.mean(samples**3) / np.mean(samples**2) ** 1.5)

    assert skewness(1.0) > 0.4 > skewness(0.0)


def test_a_faster_train_clacks_more_often() -> None:
    def clacks(speed: float) -> int:
        return bursts(steady("train", speed=speed, rattle=1.0, rumble=0.0, seconds=6.0), 60.0, 0.25)

    assert clacks(0.7) > 1.6 * clacks(0.1)


def test_ships_blow_lower_than_trains_and_trains_than_cars() -> None:
    ship, truck, car = (
        centroid_hz(sound("horn", vehicle=v, variation=0.0)) for v in ("ship", "truck", "car")
    )
    assert ship < truck < car
    assert len(sound("horn", length_s=3.0)) > 2 * len(sound("horn", length_s=0.8))


def test_a_skid_squeals_at_its_pitch_and_falls() -> None:
    samples = sound("skid", pitch_hz=900, fall_st=12, roughness=0.0, noise=0.0, variation=0.0)
    first, last = pitch_hz(samples, 0.1, 0.15), pitch_hz(samples, 0.95, 0.15)
    assert first == pytest.approx(900, rel=0.12)
    assert last < 0.75 * first


def test_a_passing_car_swells_and_its_pitch_falls() -> None:
    fallen = []
    for speed, rpm in ((0.2, 4000), (0.9, 8000)):
        samples = sound("car_pass", speed=speed, rpm=rpm, air=0.0, variation=0.0)
        middle = len(samples) / SAMPLE_RATE / 2
        assert loudest_db(samples, middle - 0.4, middle + 0.4) > loudest_db(samples, 0, 0.4) + 8
        before, after = pitch_hz(samples, middle - 1.3, 0.5), pitch_hz(samples, middle + 0.8, 0.5)
        assert (before * after) ** 0.5 == pytest.approx(rpm / 30, rel=0.06)
        fallen.append(before / after)
    assert 1.03 < fallen[0] < 1.15
    assert 1.35 < fallen[1] < 1.6


def test_a_wet_road_hisses() -> None:
    assert centroid_hz(sound("car_pass", wet=1.0)) > 1.3 * centroid_hz(sound("car_pass", wet=0.0))


def test_a_spaceship_throbs_at_its_rate() -> None:
    samples = steady("spaceship", rate_hz=4, strength=1.0, rumble=0.0, whine=0.0, seconds=3.0)
    assert modulation_hz(samples, 2, 9) == pytest.approx(4, rel=0.1)


# Machines


def test_mains_hum_at_twice_their_frequency() -> None:
    samples = steady("hum", pitch_hz=60, roughness=0.0, rattle=0.0, noise=0.0)
    assert amplitude(samples, 120) > 2 * amplitude(samples, 60) > 2 * amplitude(samples, 87)
    assert centroid_hz(steady("hum", brightness=0.9)) > 1.5 * centroid_hz(steady("hum", brightness=0.1))


def test_a_faster_fan_is_higher() -> None:
    assert centroid_hz(steady("fan", speed=0.9)) > 1.3 * centroid_hz(steady("fan", speed=0.1))


@pytest.mark.parametrize("rise_st", [-12.0, 12.0])
def test_a_servo_glides(rise_st: float) -> None:
    samples = sound(
        "servo",
        pitch_hz=600,
        rise_st=rise_st,
        length_s=1.5,
        punch=0,
        roughness=0,
        brightness=0.0,
        variation=0,
    )
    early, late = pitch_hz(samples, 0.12, 0.1), pitch_hz(samples, 1.25, 0.1)
    assert late == pytest.approx(600, rel=0.05)
    assert late / early == pytest.approx(2 ** (0.85 * rise_st / 12), rel=0.15)


def test_a_drill_under_load_is_slower_and_noisier() -> None:
    free, biting = steady("drill", load=0.0, roughness=0.0), steady("drill", load=1.0, roughness=0.0)
    assert band_share(biting.reshape(-1, 1), 2500, 8000) > band_share(free.reshape(-1, 1), 2500, 8000)
    assert pitch_hz(biting, 0.2, 1.0) < 0.9 * pitch_hz(free, 0.2, 1.0)


def test_a_hammer_drill_hammers() -> None:
    assert (
        flux_onsets(steady("drill", hammer=1.0, load=0.0))
        > flux_onsets(steady("drill", hammer=0.0, load=0.0)) + 15
    )


@pytest.mark.parametrize(("name", "low_hz", "high_hz"), [("hum", 1200, 9000), ("fan", 1200, 6000)])
def test_what_is_loose_rattles(name: str, low_hz: float, high_hz: float) -> None:
    still, some, much = (
        band_share(steady(name, rattle=r).reshape(-1, 1), low_hz, high_hz) for r in (0.0, 0.5, 1.0)
    )
    assert some > 1.15 * still
    assert much > (3 if name == "hum" else 1.5) * still


def test_a_hand_saw_goes_to_and_fro_and_a_disc_does_not() -> None:
    def spread(blade: str) -> float:
        level = envelope(steady("saw", blade=blade, seconds=3.0), 12.0)[4800:-4800]
        return float(level.std() / level.mean())

    assert spread("hand") > 3 * spread("circular")


def test_a_saw_in_metal_is_brighter() -> None:
    for blade in ("circular", "hand", "chain"):
        soft, hard = (steady("saw", blade=blade, hardness=h, load=0.9) for h in (0.0, 1.0))
        assert centroid_hz(hard) > 1.15 * centroid_hz(soft)


@pytest.mark.parametrize("rate_hz", [2.0, 4.0])
def test_a_clock_ticks_at_its_rate(rate_hz: float) -> None:
    samples = steady("clock", rate_hz=rate_hz, tock=0.0, ring=0.0, seconds=4.0)
    assert bursts(np.roll(samples, 4800), 60.0, 0.25) == round(4 * rate_hz)


def test_a_busier_computer_beeps_more_and_a_wider_one_spreads() -> None:
    few, many = (steady("computer", density=d, hum=0.0, seconds=4.0) for d in (2.0, 20.0))
    assert flux_onsets(many) > 2 * flux_onsets(few)


def test_steam_lasts_as_long_as_the_valve_is_open_and_brightens_with_pressure() -> None:
    assert len(sound("steam", length_s=3.0)) > 2 * len(sound("steam", length_s=1.0))
    assert centroid_hz(sound("steam", strength=1.0)) > 1.2 * centroid_hz(sound("steam", strength=0.1))


@pytest.mark.parametrize("preset", ["geiger", "sparks"])
def test_what_clicks_and_snaps_follows_its_density(preset: str) -> None:
    params: dict[str, Any] = (
        {"noise": 0.0} if preset == "geiger" else {"hum": 0.0, "roughness": 0.0, "strength": 0.0}
    )
    few, many = (flux_onsets(steady(preset, density=d, seconds=4.0, **params)) for d in (5.0, 25.0))
    assert 3 < many / max(few, 1) < 8


@pytest.mark.parametrize("density", [6, 30])
def test_a_geiger_counter_clicks_as_often_as_told(density: float) -> None:
    clicks = flux_onsets(steady("geiger", density=density, noise=0.0, ring=0.0, seconds=8.0))
    assert clicks == pytest.approx(density * 8, rel=0.25)


def test_an_open_loudspeaker_is_brighter_and_carriers_whistle() -> None:
    dull, open_ = (steady("radio_static", brightness=b, whistle=0.0) for b in (0.0, 1.0))
    assert centroid_hz(open_) > 1.3 * centroid_hz(dull)
    clear, whistled = (steady("radio_static", whistle=w, people=0.0, hum=0.0) for w in (0.0, 1.0))

    def peakiness(samples: Samples) -> float:
        _, _, power = dsp.spectrogram(samples, SAMPLE_RATE, nperseg=2048)
        return float(np.mean(power.max(axis=0) / power.mean(axis=0)))

    assert peakiness(whistled) > 1.5 * peakiness(clear)


def test_a_pump_strokes_at_its_rate_and_hisses() -> None:
    samples = steady("pump", rate_hz=2.5, rattle=0.0, seconds=4.0)
    assert modulation_hz(samples, 1.5, 4.5) == pytest.approx(2.5, rel=0.05)
    assert centroid_hz(steady("pump", air=1.0, weight=0.1)) > 2 * centroid_hz(
        steady("pump", air=0.0, weight=0.1)
    )


def test_a_shutter_stays_open_as_long_as_told() -> None:
    samples = quiet("camera", length_s=0.4, winder=0.0, ring=0.0)
    closing = int(0.411 * SAMPLE_RATE)
    assert (
        np.abs(samples[closing : closing + 900]).max()
        > 10 * np.abs(samples[closing - 3000 : closing - 200]).max()
    )


def test_a_machine_rises_when_it_starts_and_falls_when_it_stops() -> None:
    plain: dict[str, Any] = {"air": 0, "punch": 0, "roughness": 0, "brightness": 0, "length_s": 2}
    for top_hz in (250, 800):
        up = sound("powerup_machine", variation=0.0, pitch_hz=top_hz, **plain)
        assert pitch_hz(up, 1.9, 0.2) == pytest.approx(top_hz, rel=0.03)
        assert pitch_hz(up, 0.3, 0.1) < 0.4 * top_hz
        down = sound("powerdown", variation=0.0, pitch_hz=top_hz, **plain)
        assert pitch_hz(down, 0.0, 0.1) == pytest.approx(0.85 * top_hz, rel=0.1)
        assert pitch_hz(down, 1.2, 0.2) < 0.25 * top_hz
    little, far = (
        pitch_hz(sound("powerup_machine", variation=0.0, rise_oct=o, pitch_hz=800, **plain), 0.1, 0.1)
        for o in (1.0, 3.0)
    )
    assert far < 0.6 * little


# Alarms


def test_an_alarm_beeps_at_its_rate_from_the_start() -> None:
    samples = steady("alarm", rate_hz=4, interval_st=0)
    level = envelope(samples, 60.0)
    assert bursts(samples, 60.0) == 8
    assert level[int(0.06 * SAMPLE_RATE)] > 5 * level[int(0.19 * SAMPLE_RATE)]


@pytest.mark.parametrize("pattern", ["wail", "air_raid", "hi_lo"])
def test_a_siren_keeps_to_its_range(pattern: str) -> None:
    samples = steady(
        "siren",
        pattern=pattern,
        pitch_hz=300,
        interval_st=7,
        rate_hz=0.5,
        roughness=0,
        brightness=0,
        seconds=2.0,
    )
    pitches = [pitch_hz(samples, start, 0.04) for start in np.arange(0.0, 1.95, 0.02)]
    assert min(pitches) == pytest.approx(300, rel=0.05)
    assert max(pitches) == pytest.approx(449.5, rel=0.05)


def test_a_yelp_is_twelve_times_as_fast_as_a_wail() -> None:
    def crossings(pattern: str) -> int:
        samples = steady(
            "siren", pattern=pattern, pitch_hz=500, interval_st=12, rate_hz=0.5, roughness=0, brightness=0
        )
        high = np.array([pitch_hz(samples, start, 0.03) for start in np.arange(0.02, 1.95, 0.01)]) > 720
        return int(np.sum(high[1:] & ~high[:-1]))

    assert crossings("wail") == 1
    assert 11 <= crossings("yelp") <= 13


@pytest.mark.parametrize("ratio", [0.5, 1.0, 1.2, 1.5, 2.0])
def test_a_bell_has_a_bells_partials(ratio: float) -> None:
    """Hum, prime, tierce, quint and nominal; and little between them."""
    samples = quiet("bell", pitch_hz=400, wobble_hz=0.0, hardness=0.4)
    samples = samples[int(0.1 * SAMPLE_RATE) : int(1.6 * SAMPLE_RATE)]
    assert amplitude(samples, ratio * 400) > 4 * amplitude(samples, 1.09 * ratio * 400)


def test_a_bell_rings_as_long_as_told_and_beats() -> None:
    assert ring_s(sound("bell", decay_s=8, variation=0)) > 2 * ring_s(sound("bell", decay_s=2, variation=0))
    assert centroid_hz(sound("bell", hardness=1.0)) > 1.5 * centroid_hz(sound("bell", hardness=0.0))


@pytest.mark.parametrize("rate_hz", [8.0, 14.0])
def test_the_hammer_of_a_bell_alarm_keeps_its_rate(rate_hz: float) -> None:
    samples = steady("bell_alarm", rate_hz=rate_hz, ring=0.0, rattle=0.0)
    assert modulation_hz(samples, 5, 20) == pytest.approx(rate_hz, rel=0.05)


@pytest.mark.parametrize("ringer", ["bell", "electronic", "mobile"])
def test_a_phone_rings_and_pauses(ringer: str) -> None:
    def level(ring: float) -> Samples:
        heard = envelope(steady("phone", ringer=ringer, cadence_s=2.0, ring=ring, seconds=4.0), 20.0)
        return np.asarray(heard / np.percentile(heard, 95))

    second = SAMPLE_RATE
    short = level(0.3)
    for start in (0, 2 * second):
        assert short[start + second // 10 : start + second // 2].mean() > 0.3
        assert short[start + int(1.6 * second) : start + int(1.9 * second)].mean() < 0.05
    assert np.mean(short > 0.3) == pytest.approx(0.3, abs=0.07)
    assert np.mean(level(0.7) > 0.3) > 1.5 * np.mean(short > 0.3)


@pytest.mark.parametrize("speed_hz", [250.0, 600.0])
def test_a_klaxon_has_its_pitch_at_speed(speed_hz: float) -> None:
    samples = quiet("klaxon", pitch_hz=speed_hz, length_s=2.0, roughness=0.0)
    assert fundamental(samples, speed_hz, 0.8) == pytest.approx(speed_hz, rel=0.03)


def test_a_klaxon_swoops() -> None:
    samples = sound("klaxon", pitch_hz=400, rise_st=12, length_s=2.0, roughness=0.0, variation=0.0)
    level = np.array([amplitude(samples[int(s * SAMPLE_RATE) :][:4800, 0], 400) for s in (0.05, 0.9)])
    assert level[1] > 4 * level[0]


def test_a_sonar_pings_at_its_pitch_and_dies_away_as_told() -> None:
    samples = sound("sonar", pitch_hz=1000, variation=0.0)
    assert pitch_hz(samples, 0.01, 0.1) == pytest.approx(1000, rel=0.02)
    brief, held = (envelope(quiet("sonar", length_s=s, tail_s=0.3, echo=0.0), 40.0) for s in (0.06, 0.4))
    assert np.sum(held > 0.5 * held.max()) > 3 * np.sum(brief > 0.5 * brief.max())
    long, short = (ring_s(sound("sonar", tail_s=t, echo=0.0, variation=0.0)) for t in (6.0, 1.5))
    assert long > 2 * short


def test_a_beeper_and_a_buzzer_have_their_pitch_and_length() -> None:
    beep = sound("beeper", pitch_hz=1500, length_s=0.5, variation=0.0)
    assert pitch_hz(beep, 0.05, 0.3) == pytest.approx(1500, rel=0.03)
    assert len(beep) / SAMPLE_RATE == pytest.approx(0.5, rel=0.1)
    buzz = quiet("buzzer", pitch_hz=150, roughness=0.0, rattle=0.0)
    assert amplitude(buzz, 300) > 4 * amplitude(buzz, 225)
    for preset in ("beeper", "buzzer"):
        assert centroid_hz(sound(preset, brightness=1.0)) > 1.3 * centroid_hz(sound(preset, brightness=0.0))


# Creatures


@pytest.mark.parametrize("ratio", [0.8, 1.5])
@pytest.mark.parametrize("name", VOICES)
def test_a_voice_has_the_pitch_it_is_told(name: str, ratio: float) -> None:
    """All along their contours they are near it, whatever the default is."""
    pitch = ratio * float(PRESETS[name].by_name["pitch_hz"].default)
    samples = quiet(name, pitch_hz=pitch, roughness=0.0, length_s=0.6)
    assert fundamental(samples, pitch) == pytest.approx(pitch, rel=0.16)


def test_vowels_are_where_they_were_measured_and_move_with_the_throat() -> None:
    click = np.zeros(9600)
    click[4800] = 1.0
    for scale in (0.8, 1.3):
        spectrum = np.abs(np.fft.rfft(voice.tract(click, ((0.0, "ah"), (1.0, "ah")), scale, bite=0.0), 48000))
        peaks, _ = dsp.find_peaks(spectrum[:4000], prominence=0.02 * spectrum.max())
        for formant_hz in (730 * scale, 1090 * scale):
            assert np.min(np.abs(peaks - formant_hz)) < 0.06 * formant_hz


def test_a_vowel_glides() -> None:
    source = Generator(PCG64(1)).standard_normal(48000)
    heard = voice.tract(source, ((0.0, "oo"), (1.0, "ae")), 1.0).astype(np.float32)
    assert centroid_hz(heard[-12000:]) > 1.5 * centroid_hz(heard[:12000])


def test_a_pressed_voice_is_brighter_than_a_breathy_one() -> None:
    def share(pressed: float) -> float:
        spectrum = np.abs(np.fft.rfft(voice.glottal_pulse(pressed)))
        return float(np.sum(spectrum[8:] ** 2) / np.sum(spectrum[1:] ** 2))

    assert share(1.0) > 2 * share(0.5) > 4 * share(0.0)


@pytest.mark.parametrize(("name", "length_s"), [("grunt", 0.3), ("laugh", 0.25), ("chirp", 0.15)])
@pytest.mark.parametrize("syllables", [2, 5])
def test_more_syllables_are_more_syllables(name: str, length_s: float, syllables: int) -> None:
    samples = quiet(name, syllables=syllables, length_s=length_s, roughness=0.1)
    assert bursts(samples, 14.0, 0.3) == pytest.approx(syllables, abs=1 if name == "grunt" else 0)


def test_whispers_grow_with_their_syllables_and_have_no_pitch() -> None:
    assert len(sound("whisper", syllables=12)) > 2.5 * len(sound("whisper", syllables=3))

    def tonality(samples: Samples) -> float:
        spectrum = np.abs(np.fft.rfft(samples))
        return float(np.max(spectrum) / np.mean(spectrum))

    assert tonality(quiet("whisper", syllables=4, length_s=0.3)) < 60 < tonality(quiet("howl"))


@pytest.mark.parametrize("name", ["growl", "roar", "scream", "grunt", "bark"])
def test_a_rough_voice_is_less_periodic(name: str) -> None:
    number = PRESETS[name].by_name["pitch_hz"]
    pitch = float(number.default)

    def periodicity(roughness: float) -> float:
        samples = quiet(name, roughness=roughness, length_s=0.8)
        part = samples[int(0.2 * SAMPLE_RATE) :][: int(0.2 * SAMPLE_RATE)].astype(np.float64)
        likeness = dsp.correlate(part, part, method="fft")[len(part) - 1 :]
        likeness /= likeness[0] * (1 - np.arange(len(part)) / len(part) + 1e-9)
        return float(likeness[int(SAMPLE_RATE / (1.3 * pitch)) : int(SAMPLE_RATE / (0.6 * pitch))].max())

    assert periodicity(1.0) < 0.75 * periodicity(0.0)


def test_a_roar_and_a_howl_end_lower_than_their_height() -> None:
    def roared(fall_st: float) -> float:
        samples = quiet("roar", pitch_hz=150, length_s=2.0, fall_st=fall_st, roughness=0.0, air=0.0)
        return fundamental(samples, 150 * 2 ** (-0.85 * fall_st / 12), 1.75) / fundamental(samples, 150, 0.5)

    assert roared(0.0) > 0.8
    assert roared(12.0) < 0.65

    def climbed(rise_st: float) -> float:
        samples = quiet("howl", pitch_hz=430, rise_st=rise_st, size=0.5, air=0.0, roughness=0.0)
        held = fundamental(samples, 430, 1.1)
        assert held == pytest.approx(430, rel=0.06)
        return held / fundamental(samples, 430 * 2 ** (-rise_st / 12) * 1.1, 0.02)

    assert climbed(3.0) == pytest.approx(1.17, rel=0.05)
    assert climbed(18.0) > 1.9


def test_a_wet_growl_gargles() -> None:
    def gargle(wet: float) -> float:
        return band_share(quiet("growl", wet=wet).reshape(-1, 1), 1800, 3600)

    assert gargle(1.0) > 1.5 * gargle(0.4) > 4 * gargle(0.0)


def test_a_chirp_keeps_to_its_range() -> None:
    samples = quiet("chirp", pitch_hz=3000, interval_st=12, syllables=1, length_s=0.3, roughness=0.0)
    pitches = [pitch_hz(samples, start, 0.02) for start in np.arange(0.03, 0.25, 0.02)]
    assert 1900 < min(pitches) < max(pitches) < 4700
    assert max(pitches) > 1.3 * min(pitches)


def test_a_snake_may_rattle() -> None:
    plain, rattled = (quiet("snake", rattle=r, roughness=0.0, length_s=2.0) for r in (0.0, 1.0))
    rate_hz = modulation_hz(rattled, 40, 120, above_hz=2000)
    assert 50 < rate_hz < 95

    def ripple(samples: Samples) -> float:
        level = envelope(samples, 150.0, above_hz=2000)
        return float(level.std() / level.mean())

    assert ripple(rattled) > ripple(plain)


def test_more_bubbles_are_more_bubbles() -> None:
    def low_peaks(bubbles: float) -> int:
        samples = quiet("slime", bubbles=bubbles, strength=0.0, length_s=2.0, wet=1.0)
        level = envelope(samples, 120.0)
        return len(dsp.find_peaks(level, prominence=0.02 * level.max())[0])

    assert low_peaks(60) > 1.3 * low_peaks(0)


def test_an_insect_beats_its_wings_at_its_pitch() -> None:
    samples = steady("insect", pitch_hz=300, speed=0.0, roughness=0.0, brightness=0.2)
    assert pitch_hz(samples, 0.2, 1.0) == pytest.approx(300, rel=0.08)


@pytest.mark.parametrize(("rate_hz", "breath_s"), [(15, 0.8), (40, 2.0)])
def test_a_purr_flutters_and_breathes_in_and_out(rate_hz: float, breath_s: float) -> None:
    samples = steady("purr", rate_hz=rate_hz, breath_s=breath_s, roughness=0.0, seconds=4.0)
    assert modulation_hz(samples, 10, 60) == pytest.approx(rate_hz, rel=0.06)
    assert modulation_hz(samples, 0.3, 4) == pytest.approx(2 / breath_s, rel=0.12)


def test_a_gasp_swells_inwards_and_a_sigh_dies_outwards() -> None:
    def when(breath: str) -> float:
        level = envelope(quiet("gasp", breath=breath, length_s=0.8), 15.0)
        return float(np.argmax(level)) / len(level)

    assert when("out") < 0.3 < 0.4 < when("in")


def test_leather_wings_are_lower_than_feathered_ones() -> None:
    leather, feather = (centroid_hz(sound("wings", wing=w, variation=0.0)) for w in ("leather", "feather"))
    assert leather < 0.8 * feather


def test_a_heart_beats_twice() -> None:
    samples = quiet("heartbeat", gap_s=0.4, second=1.0)
    level = envelope(samples, 20.0)
    second = (
        int(0.4 * SAMPLE_RATE) + int(np.argmax(level[int(0.38 * SAMPLE_RATE) :])) - int(0.02 * SAMPLE_RATE)
    )
    first = int(np.argmax(level[: int(0.3 * SAMPLE_RATE)]))
    assert (second - first) / SAMPLE_RATE == pytest.approx(0.4, abs=0.06)
    assert band_share(samples.reshape(-1, 1), 0, 200) > 0.8


def test_bone_breaks_brighter_than_meat() -> None:
    bone, meat = (centroid_hz(sound("bite", hardness=h, variation=0.0)) for h in (1.0, 0.0))
    assert bone > 1.5 * meat
    many, few = (
        flux_onsets(sound("bite", crackles=c, hardness=0.9, wet=0.0, length_s=0.8)) for c in (50.0, 3.0)
    )
    assert many > few


# What they are made of


def test_a_table_never_carries_more_than_its_pitch_allows() -> None:
    rng = Generator(PCG64(1))
    table = wavetable.harmonic(np.ones(200), 4000.0, rng)
    spectrum = np.abs(np.fft.rfft(table))
    assert np.all(spectrum[6:] < 1e-9 * spectrum.max())


def test_a_multiple_of_a_phase_repeats_too() -> None:
    take = Take({}, Generator(PCG64(1)), 60000, 30011)
    cycles = motor.turning(take, 20.0, 0.01)
    for ratio in (0.5, 1.37, 3.4):
        multiple = motor.times(take, cycles, ratio)
        turned = multiple[30011:] - multiple[: 60000 - 30011]
        assert np.allclose(turned, round(float(turned[0])), atol=1e-6)


def test_steady_noise_has_the_spectrum_it_is_given() -> None:
    take = Take({}, Generator(PCG64(1)), 72000, 48000)
    made = motor.steady_noise(take, lambda hz: motor.band(hz, 1000, 2000))
    assert float(np.sqrt(np.mean(made[:48000] ** 2))) == pytest.approx(1, abs=1e-6)
    assert np.array_equal(made[:24000], made[48000:])
    assert band_share(made.reshape(-1, 1).astype(np.float32), 700, 2900) > 0.75
