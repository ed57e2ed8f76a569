"""The synthesizer's building blocks against analytic results and their own definitions."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import PCG64, Generator
from scipy import signal as dsp

from sfxgen.models.synth import envelopes, filters, modal, noise, oscillators, particles, space, take
from sfxgen.models.synth.parameters import SAMPLE_RATE, Number
from sfxgen.models.synth.presets import PRESETS


def rng(seed: int = 3) -> Generator:
    return Generator(PCG64(seed))


def band_db(signal: take.Signal, low_hz: float, high_hz: float) -> float:
    power = np.abs(np.fft.rfft(signal * np.hanning(len(signal)))) ** 2
    frequencies = np.fft.rfftfreq(len(signal), 1 / SAMPLE_RATE)
    return 10 * float(np.log10(np.sum(power[(frequencies >= low_hz) & (frequencies < high_hz)]) + 1e-20))


def test_a_decay_falls_by_60_db() -> None:
    curve = envelopes.decay(SAMPLE_RATE + 1, 1.0)
    assert curve[0] == 1
    assert 20 * np.log10(curve[-1]) == pytest.approx(-60, abs=1e-6)


def test_a_struck_envelope_ends_in_exact_silence() -> None:
    curve = envelopes.struck(0.01, 0.2, hold_s=0.05)
    assert curve[0] == 0
    assert curve[-1] == 0
    assert curve.max() == pytest.approx(1, abs=1e-9)


@given(st.floats(0.05, 60), st.integers(1, 30000), st.integers(0, 99))
def test_wandering_stays_inside_and_is_smooth(rate_hz: float, frames: int, seed: int) -> None:
    curve = envelopes.wander(rng(seed), frames, rate_hz)
    assert len(curve) == frames
    assert np.all(np.abs(curve) <= 1)
    assert np.all(np.abs(np.diff(curve)) <= 2 * np.pi * rate_hz / SAMPLE_RATE + 1e-9)


def test_a_sawtooth_has_harmonics_that_fall_by_their_number_and_hardly_any_alias() -> None:
    pitch_hz = 3000.0
    wave = oscillators.saw(pitch_hz, SAMPLE_RATE)
    levels = [band_db(wave, n * pitch_hz - 50, n * pitch_hz + 50) for n in (1, 2, 3)]
    assert levels[1] - levels[0] == pytest.approx(-6.0, abs=1.0)
    assert levels[2] - levels[0] == pytest.approx(-9.5, abs=1.5)
    odd_hz = 2917.0
    naive = 2 * (oscillators.phase(odd_hz, SAMPLE_RATE) % 1) - 1
    assert band_db(oscillators.saw(odd_hz, SAMPLE_RATE), 100, 2500) < band_db(naive, 100, 2500) - 10


def test_partials_above_hearing_are_left_out() -> None:
    wave = oscillators.partials(9000.0, 4800, (1, 2, 3, 4), (1, 1, 1, 1))
    assert band_db(wave, 23000, 24000) < band_db(wave, 8500, 9500) - 60
    assert band_db(wave, 11500, 12500) < band_db(wave, 8500, 9500) - 60  # 4 x 9000 Hz would alias to 12000 Hz


@pytest.mark.parametrize("filter_", [filters.resonator, filters.formant])
@pytest.mark.parametrize("frequency_hz", [120.0, 1000.0, 9000.0])
def test_a_resonance_rings_at_its_pitch_at_unit_amplitude_and_decays_as_told(filter_, frequency_hz) -> None:  # type: ignore[no-untyped-def]
    impulse = np.zeros(SAMPLE_RATE)
    impulse[0] = 1
    heard = filter_(impulse, frequency_hz, 0.5)
    assert np.max(np.abs(heard)) == pytest.approx(1, abs=0.06)
    spectrum = np.abs(np.fft.rfft(heard))
    assert np.argmax(spectrum) == pytest.approx(frequency_hz, abs=2)
    late = heard[int(0.5 * SAMPLE_RATE) :][: SAMPLE_RATE // 100]
    assert 20 * np.log10(np.max(np.abs(late))) == pytest.approx(-60, abs=1)


@given(st.floats(5, 23000), st.sampled_from([1, 2]), st.booleans())
def test_butterworth_sections_are_those_that_scipy_designs(
    cutoff_hz: float, order: Literal[1, 2], high: bool
) -> None:
    ours = filters.butterworth(cutoff_hz, order, high=high)
    theirs = dsp.butter(order, cutoff_hz, "highpass" if high else "lowpass", fs=SAMPLE_RATE, output="sos")
    assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-9)


def test_a_formant_lets_nothing_through_at_0_hz() -> None:
    settled = filters.formant(np.ones(SAMPLE_RATE), 500, 0.02)[-100:]
    assert np.all(np.abs(settled) < 1e-9)


def test_painted_noise_with_a_flat_spectrum_is_white_noise() -> None:
    samples = noise.painted(rng(), 96000, lambda f, t: np.ones_like(f))
    assert len(samples) == 96000
    assert np.std(samples) == pytest.approx(1, abs=0.02)
    assert band_db(samples, 1000, 2000) == pytest.approx(band_db(samples, 11000, 12000), abs=1)


def test_painted_noise_keeps_to_its_band_and_its_time() -> None:
    def gains(frequencies: take.Signal, times: take.Signal) -> take.Signal:
        return noise.bump(frequencies, np.where(times < 0.5, 500.0, 5000.0), 0.2)

    samples = noise.painted(rng(), SAMPLE_RATE, gains)
    early, late = samples[:20000], samples[28000:]
    assert band_db(early, 300, 800) > band_db(early, 3000, 8000) + 20
    assert band_db(late, 3000, 8000) > band_db(late, 300, 800) + 20


def test_painting_in_blocks_leaves_no_seam() -> None:
    frames = (noise.BLOCKS_AT_ONCE + 40) * 32
    whole = noise.painted(rng(), frames, lambda f, t: np.ones_like(f), 64)
    assert np.std(whole[noise.BLOCKS_AT_ONCE * 32 - 500 :][:1000]) == pytest.approx(1, abs=0.1)


def test_bodies_of_rigid_materials_ring_longer_than_soft_ones() -> None:
    longest = {
        name: float(np.max(modal.body(rng(), material, 400).t60s))
        for name, material in modal.MATERIALS.items()
    }
    assert longest["metal"] > longest["glass"] > longest["wood"] > longest["plastic"] > longest["flesh"]


@given(st.sampled_from(sorted(modal.MATERIALS)), st.floats(40, 4000), st.integers(0, 50))
def test_high_modes_die_first(name: str, lowest_hz: float, seed: int) -> None:
    modes = modal.body(rng(seed), modal.MATERIALS[name], lowest_hz)
    order = np.argsort(modes.frequencies)
    assert np.all(np.diff(modes.t60s[order]) <= 0)


@given(st.floats(0, 1), st.floats(2, 12))
def test_a_blow_has_unit_area_and_pushes_only(hardness: float, softest_ms: float) -> None:
    force = modal.blow(hardness, softest_ms)
    assert np.sum(force) == pytest.approx(1)
    assert np.all(force >= 0)


def test_a_harder_blow_is_shorter() -> None:
    assert len(modal.blow(1.0)) < len(modal.blow(0.5)) < len(modal.blow(0.0))


def test_a_chime_above_hearing_is_silent() -> None:
    assert not np.any(modal.chime([30000.0], [1.0], [1.0]))


def test_a_poisson_process_has_the_expected_count_and_follows_its_envelope() -> None:
    counts = [len(particles.poisson(rng(seed), 48000, 100)) for seed in range(200)]
    assert np.mean(counts) == pytest.approx(100, abs=3)
    assert np.var(counts) == pytest.approx(100, rel=0.35)
    envelope = np.concatenate([np.zeros(24000), np.ones(24000)])
    positions = particles.poisson_under(rng(), envelope, 500)
    assert positions.min() >= 24000
    assert positions.max() < 48000


def test_impulses_at_one_place_add_up() -> None:
    train = particles.impulses(5, np.array([1, 1, 3]), np.array([1.0, 2.0, -1.0]))
    assert train.tolist() == [0, 3, 0, -1, 0]


def test_scattered_grains_add_up_and_stop_at_the_end() -> None:
    total = particles.scatter(4, np.array([0, 1, 3]), np.array([1.0, 2.0, 1.0]), [np.ones(2)])
    assert total.tolist() == [1, 3, 2, 1]


def test_no_events_are_silence() -> None:
    nothing = np.zeros(0, np.int64)
    assert not np.any(particles.resonant(rng(), 100, nothing, np.zeros(0), [(500.0, 0.01)]))
    assert not np.any(particles.scatter(100, nothing, np.zeros(0), [np.ones(3)]))


def test_a_dry_near_sound_is_left_alone() -> None:
    dry = rng().standard_normal(1000)
    assert space.placed(dry, distance=0, room=0) is dry


def test_a_reverberation_decays_by_60_db_over_its_time() -> None:
    tail = space.reverberation(1.0, predelay_s=0.0, damp_hz=8000)
    first, last = tail[:2400], tail[-2400:]
    assert 20 * np.log10(np.std(last) / np.std(first)) == pytest.approx(-57, abs=3)


def test_a_mix_places_layers_by_gain_and_start() -> None:
    assert take.mix((1.0, np.ones(2)), (2.0, np.ones(1), 2 / SAMPLE_RATE)).tolist() == [1, 1, 2]


@given(st.sampled_from(sorted(PRESETS)), st.floats(0, 1), st.integers(0, 2**63 - 1))
def test_variation_moves_numbers_no_further_than_their_spread(name: str, variation: float, seed: int) -> None:
    preset = PRESETS[name]
    given_values = preset.filled({})
    moved = take.varied(preset, given_values, variation, rng(seed))
    for parameter in preset.parameters:
        if isinstance(parameter, Number):
            value = float(moved[parameter.name])
            reach = variation * parameter.spread
            ends = (parameter.moved(parameter.default, -reach), parameter.moved(parameter.default, reach))
            assert ends[0] - 1e-9 <= value <= ends[1] + 1e-9
            assert parameter.low <= value <= parameter.high
        else:
            assert moved[parameter.name] == given_values[parameter.name]


def test_no_variation_moves_nothing() -> None:
    preset = PRESETS["coin"]
    assert take.varied(preset, preset.filled({}), 0.0, rng()) == preset.filled({})
