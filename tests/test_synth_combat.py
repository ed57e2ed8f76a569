"""Blades, guns, rays, explosions and spells: that what they are built from can be measured in them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
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

from sfxgen.models.synth import aeolian, blast, glitter
from sfxgen.models.synth.parameters import SAMPLE_RATE, Number, Value
from sfxgen.models.synth.presets import PRESETS

Curve = NDArray[np.float64]


def still(preset: str, **params: Value) -> Audio:
    """One take whose values do not move."""
    return sound(preset, take=1, variation=0.0, **params)


def seconds(samples: Audio) -> float:
    return len(samples) / SAMPLE_RATE


def cut(samples: Audio, start_s: float, stop_s: float) -> Audio:
    return samples[int(start_s * SAMPLE_RATE) : int(stop_s * SAMPLE_RATE)]


def banded(samples: Audio, low_hz: float, high_hz: float) -> Curve:
    edges = [low_hz, min(high_hz, 23000.0)]
    mono = samples.reshape(len(samples), -1).mean(axis=1).astype(np.float64)
    return np.asarray(dsp.sosfilt(dsp.butter(2, edges, "bandpass", fs=SAMPLE_RATE, output="sos"), mono))


def power(samples: Audio, low_hz: float, high_hz: float) -> float:
    return float(np.mean(banded(samples, low_hz, high_hz) ** 2))


def modulation(samples: Audio, rate_hz: float, width: float = 0.25) -> float:
    """Which part of the envelope's movement from 0.2 to 400 Hz is near a rate."""
    mono = samples.reshape(len(samples), -1).mean(axis=1).astype(np.float64)
    level = mono[: len(mono) // 48 * 48].reshape(-1, 48)
    envelope = np.sqrt(np.mean(level**2, axis=1))
    spectrum = np.abs(np.fft.rfft((envelope - envelope.mean()) * np.hanning(len(envelope)), 1 << 14)) ** 2
    rates = np.fft.rfftfreq(1 << 14, 0.001)
    heard = (rates > 0.2) & (rates < 400)
    near = (rates > rate_hz * (1 - width)) & (rates < rate_hz * (1 + width))
    return float(np.sum(spectrum[near]) / np.sum(spectrum[heard]))


def strikes(samples: Audio) -> int:
    """How often the level above 500 Hz rises by a tenth of its highest within 3 ms."""
    high = np.abs(banded(samples, 500, 16000))
    level = high[: len(high) // 144 * 144].reshape(-1, 144).max(axis=1)
    peaks, _ = dsp.find_peaks(np.diff(level), height=0.1 * level.max())
    return len(peaks)


FAMILIES = ("melee", "firearms", "energy", "explosions", "magic")


def having(parameter: str) -> list[str]:
    """The presets of these families that have a parameter."""
    return [n for n, preset in PRESETS.items() if preset.family in FAMILIES and parameter in preset.by_name]


def around(preset: str, parameter: str) -> tuple[float, float]:
    """Two values, well below and well above a parameter's default."""
    number = PRESETS[preset].by_name[parameter]
    assert isinstance(number, Number)
    return max(number.low, number.default / 1.8), min(number.high, number.default * 1.8)


@pytest.mark.parametrize("preset", having("size"))
def test_bigger_is_lower(preset: str) -> None:
    small, big = (centroid_hz(still(preset, size=size)) for size in (0.0, 1.0))
    assert small > 1.25 * big


@pytest.mark.parametrize("preset", having("length_s"))
def test_longer_lasts_longer(preset: str) -> None:
    short, long = (seconds(still(preset, length_s=value)) for value in around(preset, "length_s"))
    assert long > 1.4 * short


@pytest.mark.parametrize("preset", having("pitch_hz"))
def test_a_higher_pitch_is_higher(preset: str) -> None:
    """In its strongest partial, or, where many take turns, in the middle of all."""
    low, high = (still(preset, pitch_hz=hz) for hz in around(preset, "pitch_hz"))
    partials = [pitch_hz(x, 0.0, seconds(x)) for x in (low, high)]
    assert max(partials[1] / partials[0], centroid_hz(high) / centroid_hz(low)) > 1.7


@pytest.mark.parametrize("preset", ["sword_clash", "punch", "shield_block", "dry_fire"])
def test_harder_is_brighter(preset: str) -> None:
    soft, hard = (centroid_hz(still(preset, hardness=hardness)) for hardness in (0.0, 1.0))
    assert hard > 1.1 * soft


@pytest.mark.parametrize("preset", ["stab", "punch", "plasma"])
def test_heavier_is_lower(preset: str) -> None:
    light, heavy = (centroid_hz(still(preset, weight=weight)) for weight in (0.0, 1.0))
    assert light > 1.5 * heavy


@pytest.mark.parametrize("preset", having("brightness"))
def test_brighter_is_brighter(preset: str) -> None:
    params: dict[str, Value] = {"noise": 0.0, "crackles": 0.0} if preset == "beam" else {}
    dark, bright = (centroid_hz(still(preset, brightness=b, **params)) for b in (0.1, 0.9))
    assert bright > 1.06 * dark


@pytest.mark.parametrize(
    "preset",
    ["gunshot", "shotgun", "cannon", "bullet_flyby", "railgun", "underwater_blast", "lightning", "whip"],
)
def test_a_longer_tail_is_longer(preset: str) -> None:
    assert seconds(still(preset, tail_s=3.0 if preset != "whip" else 1.4)) > 1.3 * seconds(
        still(preset, tail_s=0.5)
    )


@pytest.mark.parametrize("preset", ["sword_clash", "shell_casing", "energy_shield", "heal", "buff"])
def test_a_longer_decay_is_longer(preset: str) -> None:
    assert seconds(still(preset, decay_s=1.8)) > 1.25 * seconds(still(preset, decay_s=0.4))


@pytest.mark.parametrize("preset", ["gunshot", "cannon", "lightning", "railgun"])
def test_a_crack_is_in_the_first_milliseconds(preset: str) -> None:
    start_s = 0.07 if preset == "lightning" else 0.0
    dull, sharp = (still(preset, crack=crack) for crack in (0.0, 1.0))
    share = [power(cut(x, start_s, start_s + 0.03), 1500, 16000) / power(x, 30, 16000) for x in (dull, sharp)]
    assert share[1] > 1.5 * share[0]


# Melee


def test_a_swing_sings_highest_at_the_pass() -> None:
    swing = still("swing", whistle=1.0, air=0.0, length_s=0.6)
    start, middle, end = (pitch_hz(swing, at_s, 0.06) for at_s in (0.06, 0.31, 0.52))
    assert middle > 1.4 * start
    assert middle > 1.4 * end
    assert loudest_db(swing, 0.28, 0.38) > loudest_db(swing, 0.0, 0.1) + 10


def test_a_faster_swing_is_higher() -> None:
    slow, fast = (
        pitch_hz(still("swing", whistle=1.0, air=0.0, speed=speed), 0.15, 0.08) for speed in (0.1, 0.9)
    )
    assert fast > 1.6 * slow


def test_an_aeolian_tone_follows_strouhal() -> None:
    assert aeolian.tone_hz(40, 0.01) == pytest.approx(0.2 * 40 / 0.01)
    rng = np.random.default_rng(3)
    tone = aeolian.swish(rng, np.ones(SAMPLE_RATE), 1200.0, whistle=1.0, air=0.0)
    assert pitch_hz(tone.astype(np.float32)[:, None], 0.1, 0.8) == pytest.approx(1200, rel=0.12)


def test_blades_ring_with_many_partials_and_scrape_where_they_slide() -> None:
    clash = still("sword_clash", scrape=0.0, decay_s=2.0)
    spectrum = np.abs(np.fft.rfft(clash[4800:52800, 0] * np.hanning(48000)))
    peaks, _ = dsp.find_peaks(spectrum, height=0.01 * spectrum.max(), distance=30)
    assert len(peaks) >= 12
    share = [power(cut(still("sword_clash", scrape=s), 0.06, 0.2), 4000, 16000) for s in (0.0, 1.0)]
    assert share[1] > 1.5 * share[0]


def test_a_drawn_sword_rises_and_leaves_a_ring() -> None:
    drawn = still("sword_draw", length_s=0.8)
    assert centroid_hz(cut(drawn, 0.55, 0.7)) > 1.3 * centroid_hz(cut(drawn, 0.0, 0.15))
    assert seconds(still("sword_draw", ring=1.0)) > seconds(still("sword_draw", ring=0.1)) + 0.5


def test_a_rough_sheath_sticks_and_slips() -> None:
    smooth, rough = (
        cut(still("sword_draw", roughness=r, length_s=1.0, ring=0.0), 0.3, 0.8) for r in (0.0, 1.0)
    )
    depth = [np.std(x := np.abs(dsp.hilbert(part[:, 0]))) / np.mean(x) for part in (smooth, rough)]
    assert depth[1] > 1.1 * depth[0]


def test_a_stab_is_wet_bony_and_metal_as_asked() -> None:
    base: dict[str, Value] = {"wet": 0.0, "crack": 0.0, "metal": 0.0}
    dry = still("stab", **base)
    wet = still("stab", **{**base, "wet": 1.0})
    assert power(cut(wet, 0.06, 0.2), 400, 2500) > 10 * power(cut(dry, 0.06, 0.2), 400, 2500)
    assert flux_onsets(still("stab", **{**base, "crack": 1.0})) > flux_onsets(dry)
    assert ring_s(still("stab", **{**base, "metal": 1.0})) > ring_s(dry)


def test_a_punch_is_short_and_its_cloth_rustles() -> None:
    assert seconds(still("punch")) < 0.35
    bare, clothed = (power(cut(still("punch", cloth=c), 0.06, 0.16), 2000, 8000) for c in (0.0, 1.0))
    assert clothed > 10 * bare


def test_a_bow_twangs_and_creaks_only_where_it_is_drawn() -> None:
    assert ring_s(still("bow", ring=1.0)) > 1.6 * ring_s(still("bow", ring=0.0))
    drawn = still("bow", creak=1.0)
    assert seconds(drawn) > seconds(still("bow")) + 0.4
    assert flux_onsets(cut(drawn, 0.0, 0.5)) >= 8


def test_an_arrow_hits_after_its_flight_and_its_shaft_quivers() -> None:
    arrow = still("arrow", flight_s=0.4)
    assert np.argmax(np.abs(arrow[:, 0])) / SAMPLE_RATE == pytest.approx(0.4, abs=0.03)
    assert seconds(still("arrow", ring=1.0)) > 1.5 * seconds(still("arrow", ring=0.0))
    stone, wood = (centroid_hz(still("arrow", material=m, whistle=0.0)) for m in ("stone", "wood"))
    assert stone > 2 * wood


def test_a_metal_shield_rings_and_a_loose_one_rattles() -> None:
    assert ring_s(still("shield_block", material="metal")) > 2 * ring_s(still("shield_block", rattle=0.0))
    assert (
        flux_onsets(still("shield_block", rattle=1.0)) >= flux_onsets(still("shield_block", rattle=0.0)) + 3
    )


def test_a_whip_lashes_before_it_cracks() -> None:
    whip = still("whip", length_s=0.4)
    assert np.argmax(np.abs(whip[:, 0])) / SAMPLE_RATE == pytest.approx(0.4, abs=0.02)
    assert loudest_db(whip, 0.3, 0.39) > loudest_db(whip, 0.0, 0.1) + 6


# Firearms


def test_a_silencer_dulls_and_shortens() -> None:
    loud = still("gunshot", mechanism=0.0)
    silenced = still("silenced_shot", mechanism=0.0)
    assert band_share(silenced, 1000, 20000) < 0.7 * band_share(loud, 1000, 20000)
    assert seconds(silenced) < 0.5 * seconds(loud)
    hissing = still("silenced_shot", hiss=1.0)
    assert band_share(hissing, 2000, 8000) > 2 * band_share(still("silenced_shot", hiss=0.0), 2000, 8000)


def test_a_gunshot_has_its_loudest_moment_first_and_punches_low() -> None:
    assert np.argmax(np.abs(still("gunshot")[:, 0])) < 0.03 * SAMPLE_RATE
    light, heavy = (band_share(still("gunshot", punch=p), 30, 200) for p in (0.0, 1.0))
    assert heavy > 2 * light
    quiet, some, loud = (
        power(cut(still("gunshot", mechanism=m), 0.11, 0.3), 1500, 8000) for m in (0, 0.4, 1)
    )
    assert some > 1.5 * quiet
    assert loud > 3 * some


def test_a_shotgun_is_pumped_after_the_shot() -> None:
    plain, pumped = (
        power(cut(still("shotgun", pump=p, tail_s=1.2), 0.45, 0.75), 600, 8000) for p in (0.0, 1.0)
    )
    assert pumped > 5 * plain
    narrow, wide = (band_share(still("shotgun", spray=s), 1000, 6000) for s in (0.0, 1.0))
    assert wide > 1.2 * narrow


def test_a_cannon_rolls() -> None:
    dry, rolling = (power(cut(still("cannon", rumble=r), 1.0, 1.5), 25, 200) for r in (0.0, 1.0))
    assert rolling > 20 * dry


def test_a_reload_is_a_sequence_and_its_bolt_can_be_left_out() -> None:
    whole = still("reload", length_s=1.2)
    assert seconds(still("reload", length_s=2.4)) > 1.6 * seconds(whole)
    assert loudest_db(whole, 0.9, 1.4) > -12
    assert seconds(still("reload", length_s=1.2, bolt=0.0)) < 0.8 * seconds(whole)
    assert flux_onsets(still("reload", rattle=1.0)) > flux_onsets(still("reload", rattle=0.0))


def test_a_ricochet_falls_and_flutters() -> None:
    whine = still("ricochet", crack=0.0, length_s=1.5, fall_oct=1.5, wobble_hz=30.0)
    assert pitch_hz(whine, 0.05, 0.1) > 1.5 * pitch_hz(whine, 0.9, 0.2)
    assert modulation(cut(whine, 0.02, 0.6), 27, 0.3) > 0.3
    assert pitch_hz(still("ricochet", crack=0.0, pitch_hz=4500.0), 0.05, 0.1) > 3500


def test_a_ricochet_tells_what_was_hit() -> None:
    """Wood knocks low, stone chips high, and steel rings on."""
    hits = {m: still("ricochet", material=m, crack=1.0) for m in ("wood", "stone", "metal")}
    low, high = ({m: power(cut(x, 0, 0.1), *b) for m, x in hits.items()} for b in ((150, 700), (5000, 16000)))
    assert low["wood"] > 2 * max(low["stone"], low["metal"])
    assert high["stone"] > 2 * high["metal"] > 4 * high["wood"]
    ringing = {m: power(cut(x, 0.1, 0.3), 600, 1100) for m, x in hits.items()}
    assert ringing["metal"] > 10 * max(ringing["stone"], ringing["wood"])


def test_a_bullet_cracks_if_supersonic_and_its_whizz_falls() -> None:
    slow = still("bullet_flyby", crack=0.0, speed=0.4)
    whizz = [
        float(np.argmax(np.abs(np.fft.rfft(cut(slow, *part)[:, 0], 1 << 15))))
        for part in ((0, 0.06), (0.18, 0.26))
    ]
    assert whizz[0] > 1.15 * whizz[1]
    assert np.argmax(np.abs(still("bullet_flyby", crack=1.0)[:, 0])) < 0.01 * SAMPLE_RATE
    assert seconds(still("bullet_flyby", speed=1.0, tail_s=0.05)) < seconds(
        still("bullet_flyby", speed=0.0, tail_s=0.05)
    )


def test_a_casing_bounces_ever_faster() -> None:
    few, many = (still("shell_casing", bounces=b, decay_s=0.05) for b in (2.0, 9.0))
    assert flux_onsets(many) > flux_onsets(few)
    high = banded(many, 2000, 16000)
    loud = np.abs(high[: len(high) // 240 * 240]).reshape(-1, 240).max(axis=1)
    peaks, _ = dsp.find_peaks(np.concatenate([[0], loud]), height=0.1 * loud.max(), distance=3)
    gaps = np.diff(peaks)
    assert gaps[0] > gaps[1] > gaps[2]


def test_a_casing_in_dirt_is_dull() -> None:
    assert ring_s(still("shell_casing", surface="dirt")) < ring_s(still("shell_casing", surface="concrete"))
    assert centroid_hz(still("shell_casing", surface="dirt")) < 0.7 * centroid_hz(still("shell_casing"))


def test_a_dry_fire_is_a_short_click() -> None:
    assert seconds(still("dry_fire")) < 0.15
    assert centroid_hz(still("dry_fire", metal=1.0)) > 1.1 * centroid_hz(still("dry_fire", metal=0.0))


# Energy


def test_a_laser_falls() -> None:
    laser = still("laser", bite=0.0, punch=0.0)
    assert pitch_hz(laser, 0.0, 0.03) > 2 * pitch_hz(laser, 0.2, 0.1)
    assert loudest_db(still("laser", length_s=1.5), 0.5, 0.7) > -40


def test_plasma_gulps_and_throbs() -> None:
    bolt = still("plasma", wet=0.0, punch=0.0, wobble_hz=12.0, length_s=1.5)
    assert centroid_hz(cut(bolt, 0.0, 0.15)) > 1.4 * centroid_hz(cut(bolt, 0.8, 1.2))
    wet, dry = (power(cut(still("plasma", wet=w), 0.1, 0.4), 600, 3000) for w in (1.0, 0.0))
    assert wet > 1.2 * dry


def test_a_charge_rises_by_its_semitones_and_swells() -> None:
    charge = still("charge", roughness=0.0, noise=0.0, rise_st=24.0, pitch_hz=200.0)
    assert pitch_hz(charge, 0.0, 0.1) == pytest.approx(200, rel=0.1)
    assert pitch_hz(charge, 1.35, 0.1) > 3 * 200
    assert loudest_db(charge, 1.2, 1.5) > loudest_db(charge, 0.0, 0.3) + 6


def test_a_beam_throbs_at_its_rate_and_sparks() -> None:
    slow, fast = (steady("beam", wobble_hz=r, noise=0.0, crackles=0.0, roughness=0.0) for r in (4.0, 16.0))
    assert modulation(slow, 4) > modulation(fast, 4) * 3
    assert modulation(fast, 16) > modulation(slow, 16) * 3
    calm, sparking = (steady("beam", crackles=c, noise=0.0) for c in (0.0, 1.0))
    assert power(sparking, 5000, 16000) > 3 * power(calm, 5000, 16000)


def test_an_energy_shield_shimmers_at_its_rate() -> None:
    slow, fast = (
        still("energy_shield", wobble_hz=r, noise=0.0, decay_s=3.0, strength=0.2) for r in (4.0, 30.0)
    )
    assert modulation(cut(fast, 0.4, 2.0), 30, 0.4) > 2 * modulation(cut(slow, 0.4, 2.0), 30, 0.4)


def test_teleports_rise_or_fall_glitter_and_close() -> None:
    bare: dict[str, Value] = {"sparkle": 0.0, "punch": 0.0}
    up, down = (still("teleport", rise_st=st, **bare) for st in (24.0, -24.0))
    assert pitch_hz(up, 0.9, 0.1) > 1.7 * pitch_hz(up, 0.0, 0.1)
    assert pitch_hz(down, 0.9, 0.1) < 0.6 * pitch_hz(down, 0.0, 0.1)
    open_, closed = (power(cut(still("teleport", punch=p), 1.19, 1.35), 40, 170) for p in (0.0, 1.0))
    assert closed > 5 * open_
    assert centroid_hz(still("teleport", sparkle=1.0)) > centroid_hz(still("teleport", sparkle=0.0))


def test_denser_zaps_have_more_arcs_and_buzz_with_the_mains() -> None:
    sparse, dense = (still("zap", density=d, length_s=1.0, buzz=0.0, strength=0.0) for d in (20.0, 120.0))
    assert flux_onsets(dense) > 1.5 * flux_onsets(sparse)
    calm, buzzing = (cut(still("zap", buzz=b, length_s=1.5, density=800.0), 0.1, 1.4) for b in (0.0, 1.0))
    mains = [max(modulation(part, rate, 0.05) for rate in (100, 120)) for part in (calm, buzzing)]
    assert mains[1] > 5 * mains[0]


def test_a_railgun_winds_down() -> None:
    quiet, whining = (still("railgun", whine=w, ring=0.0) for w in (0.0, 1.0))
    assert power(cut(whining, 0.3, 0.9), 300, 2500) > 2 * power(cut(quiet, 0.3, 0.9), 300, 2500)


# Explosions


def test_an_explosion_has_a_shock_a_body_and_a_low_tail() -> None:
    samples = still("explosion", debris=0.0)
    assert np.argmax(np.abs(samples[:, 0])) < 0.4 * SAMPLE_RATE
    assert loudest_db(samples, 0.0, 0.01) > -9
    assert loudest_db(samples, 0.1, 0.4) > -20
    assert centroid_hz(cut(samples, 1.0, 2.0)) < 0.6 * centroid_hz(cut(samples, 0.0, 0.3))
    weak, middling, strong = (power(still("explosion", shock=s)[:1440], 6000, 16000) for s in (0.0, 0.5, 1.0))
    assert middling > 4 * weak
    assert strong > 1.5 * middling


def test_an_explosion_rumbles_as_long_as_asked_and_throws_debris() -> None:
    assert seconds(still("explosion", rumble_s=5.0)) > 2 * seconds(still("explosion", rumble_s=1.0))
    assert flux_onsets(still("explosion", debris=1.0)) > flux_onsets(still("explosion", debris=0.0)) + 10


def test_a_firework_whistles_up_bursts_and_crackles() -> None:
    firework = still("firework", rise_s=1.0, whistle=1.0)
    assert pitch_hz(firework, 0.5, 0.2) > 1.15 * pitch_hz(firework, 0.02, 0.1)
    assert np.argmax(np.abs(firework[:, 0])) / SAMPLE_RATE == pytest.approx(1.02, abs=0.08)
    plain, crackling = (cut(still("firework", rise_s=0.0, crackles=c), 0.5, 2.0) for c in (0.0, 1.0))
    assert flux_onsets(crackling) > flux_onsets(plain) + 15


def test_a_demolition_swells_and_its_pieces_are_of_its_material() -> None:
    fall = still("demolition", crack=0.0)
    assert power(cut(fall, 1.0, 2.0), 30, 5000) > 2.5 * power(cut(fall, 0.0, 0.4), 30, 5000)
    glass, stone = (
        band_share(still("demolition", material=m, rumble=0.0), 3000, 16000) for m in ("glass", "stone")
    )
    assert glass > 2 * stone
    wooden, glazed = (still("demolition", material=m) for m in ("wood", "glass"))
    assert centroid_hz(glazed) > 2.5 * centroid_hz(wooden)
    assert band_share(cut(glazed, 2.0, 3.0), 3000, 16000) > 4 * band_share(cut(wooden, 2.0, 3.0), 3000, 16000)
    still_, shaking = (band_share(still("demolition", rumble=r), 25, 150) for r in (0.0, 1.0))
    assert shaking > 3 * still_


def test_an_underwater_blast_is_dull_pulses_and_bubbles() -> None:
    blown = still("underwater_blast", bubbles=0.0, rumble=0.0)
    assert band_share(blown, 1000, 20000) < 0.02
    weak, strong = (power(still("underwater_blast", shock=s)[:2400], 450, 1500) for s in (0.0, 1.0))
    assert strong > 5 * weak
    low = np.abs(banded(blown, 30, 120))
    first_s = 0.11 + 0.2 * 0.5
    assert low[int((first_s + 0.01) * SAMPLE_RATE) :][:4800].max() > 0.1 * low.max()
    calm, bubbling = (
        power(cut(still("underwater_blast", bubbles=b), 0.6, 1.6), 150, 1200) for b in (0.0, 1.0)
    )
    assert bubbling > 5 * calm


def test_a_rocket_departs() -> None:
    launch = still("rocket_launch", punch=0.0)
    assert centroid_hz(cut(launch, 0.0, 0.4)) > 1.5 * centroid_hz(cut(launch, 1.4, 2.2))
    assert loudest_db(launch, 0.0, 0.4) > loudest_db(launch, 1.8, 2.3) + 10
    assert centroid_hz(still("rocket_launch", hiss=1.0)) > 1.3 * centroid_hz(still("rocket_launch", hiss=0.0))


# Magic


def test_moods_differ_in_spectrum() -> None:
    dark, bright, frost = (centroid_hz(still("magic", mood=mood)) for mood in ("dark", "bright", "frost"))
    assert frost > 1.2 * bright
    assert bright > 1.5 * dark


def test_more_sparkles_are_more_bells() -> None:
    few, many = (still("magic", sparkles=count, swell=0.0, length_s=2.0) for count in (3.0, 30.0))
    assert strikes(many) > 2 * strikes(few)
    assert seconds(still("magic", length_s=4.0)) > seconds(still("magic", length_s=1.0)) + 2


def test_a_fireball_ignites_passes_and_crackles() -> None:
    cold, hot = (power(cut(still("fireball", punch=p), 0.0, 0.2), 40, 200) for p in (0.0, 1.0))
    assert hot > 2 * cold
    ball = still("fireball", punch=0.0, crackles=0.0, length_s=2.0, speed=0.7)
    assert centroid_hz(cut(ball, 0.4, 0.7)) > 1.3 * centroid_hz(cut(ball, 1.4, 1.9))
    calm, crackling = (still("fireball", crackles=c) for c in (0.0, 1.0))
    assert band_share(crackling, 4000, 16000) > 4 * band_share(calm, 4000, 16000)


def test_an_ice_spell_is_glass_crackling_and_cold() -> None:
    quiet, crackling = (still("ice_spell", crackles=c, sparkle=0.0, air=0.0) for c in (0.0, 1.0))
    assert flux_onsets(crackling) > flux_onsets(quiet) + 5
    low, high = (centroid_hz(still("ice_spell", pitch_hz=p)) for p in (500.0, 3000.0))
    assert high > 1.7 * low
    assert seconds(still("ice_spell", sparkle=1.0)) > seconds(still("ice_spell", sparkle=0.0))


def test_lightning_rips_cracks_and_thunders() -> None:
    bolt = still("lightning", rumble=1.0)
    assert 0.05 < np.argmax(np.abs(bolt[:, 0])) / SAMPLE_RATE < 0.2
    assert centroid_hz(cut(bolt, 0.0, 0.06)) > 4 * centroid_hz(cut(bolt, 0.5, 1.2))
    assert power(cut(bolt, 0.5, 1.2), 25, 200) > 4 * power(
        cut(still("lightning", rumble=0.0), 0.5, 1.2), 25, 200
    )


def test_a_harp_climbs_a_note_at_a_time() -> None:
    harp: dict[str, Value] = {"sparkle": 0.0, "air": 0.0, "length_s": 2.0, "pitch_hz": 392.0, "notes": 6.0}
    heal = still("heal", **harp)
    assert pitch_hz(heal, 0.0, 0.2) == pytest.approx(392, rel=0.02)
    assert pitch_hz(heal, 2.0, 0.15) == pytest.approx(784, rel=0.02)
    assert centroid_hz(still("heal", **{**harp, "notes": 14.0})) > 1.3 * centroid_hz(heal)


def test_a_portal_swirls_at_its_rate_around_the_listener() -> None:
    swirl: dict[str, Value] = {"rumble": 0.0, "sparkle": 0.0, "air": 1.0}
    slow, fast = (steady("portal", take=1, seconds=4.0, wobble_hz=r, **swirl) for r in (1.0, 4.0))
    assert modulation(slow, 1) > 3 * modulation(fast, 1)
    assert modulation(fast, 4) > 3 * modulation(slow, 4)
    sides = sound("portal", take=1, variation=0.0, wobble_hz=2.0, **swirl)
    left, right = (np.abs(sides[: 1440 * 50, side]).reshape(-1, 1440).mean(axis=1) for side in (0, 1))
    assert np.corrcoef(left, right)[0, 1] < -0.3


def test_a_curse_swells_backwards_into_a_blow() -> None:
    curse = still("curse")
    assert loudest_db(curse, 1.0, 1.35) > loudest_db(curse, 0.0, 0.35) + 9
    soft, hard = (power(cut(still("curse", punch=p), 1.42, 1.7), 30, 110) for p in (0.0, 1.0))
    assert hard > 3 * soft
    assert centroid_hz(still("curse", hiss=1.0)) > 2 * centroid_hz(still("curse", hiss=0.0))


def test_a_buff_rises_and_locks_in() -> None:
    buff = still("buff", sparkle=0.0, metal=0.0, rise_st=12.0, pitch_hz=220.0, length_s=1.0)
    assert centroid_hz(cut(buff, 0.7, 0.95)) > 1.3 * centroid_hz(cut(buff, 0.0, 0.25))
    assert pitch_hz(buff, 1.15, 0.5) / 220 == pytest.approx(
        round(pitch_hz(buff, 1.15, 0.5) / 220 * 4) / 4, abs=0.06
    )
    soft, armoured = (
        band_share(cut(still("buff", metal=m, sparkle=0.0), 0.54, 1.0), 2500, 12000) for m in (0.0, 1.0)
    )
    assert armoured > 5 * soft


def test_dispelled_magic_sinks_and_fizzles() -> None:
    sunk = still("dispel", hiss=0.0, crackles=0.0)
    assert pitch_hz(sunk, 0.0, 0.1) > 1.4 * pitch_hz(sunk, 0.6, 0.2)
    assert centroid_hz(still("dispel", hiss=1.0)) > 2 * centroid_hz(still("dispel", hiss=0.0))
    assert flux_onsets(still("dispel", hiss=0.0, crackles=1.0)) > flux_onsets(sunk) + 5


def test_a_summoning_swells_sings_and_arrives() -> None:
    called = still("summon", punch=0.0)
    assert loudest_db(called, 1.3, 1.8) > loudest_db(called, 0.0, 0.4) + 5
    mute, sung = (band_share(still("summon", choir=c, sparkle=0.0, punch=0.0), 450, 1400) for c in (0.0, 1.0))
    assert sung > 1.5 * mute
    arrived = still("summon", punch=1.0)
    louder = [
        power(cut(x, 1.8, 2.1), 30, 4000) / power(cut(x, 1.3, 1.7), 30, 4000) for x in (called, arrived)
    ]
    assert louder[1] > 1.5 * louder[0]


# What they are built from


def test_deep_noise_is_low_and_of_unit_rms() -> None:
    low = blast.deep(np.random.default_rng(1), 4 * SAMPLE_RATE, 80.0).astype(np.float32)
    assert float(np.sqrt(np.mean(low**2))) == pytest.approx(1.0, abs=0.1)
    assert band_share(low[:, None], 0, 200) > 0.95


def test_an_n_wave_jumps_twice() -> None:
    wave = blast.sonic_boom(0.002)
    assert wave.max() == pytest.approx(1.0, abs=0.25)
    assert abs(float(wave.sum())) < 0.02 * float(np.abs(wave).sum())
    assert np.argmax(wave) < len(wave) / 4 < 3 * len(wave) / 4 < np.argmin(wave)


def test_a_chord_holds_and_a_string_is_nearly_harmonic() -> None:
    rng = np.random.default_rng(2)
    chord = glitter.chord(rng, SAMPLE_RATE, 220.0, (0, 7))
    halves = np.sqrt(np.mean(chord.reshape(4, -1) ** 2, axis=1))
    assert halves.max() < 3 * halves.min()
    string = glitter.plucked(rng, 330.0, 1.0, 0.5).astype(np.float32)[:, None]
    assert pitch_hz(string, 0.0, 0.4) == pytest.approx(330, rel=0.01)
