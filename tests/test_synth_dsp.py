"""The synthesizer's building blocks against analytic results and their own definitions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import PCG64, Generator
from scipy import signal as dsp

from sfxgen.audio.recursion import around
from sfxgen.models.synth import bed, envelopes, filters, modal, noise, oscillators, particles, space, take
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


def struck(frequency_hz: float, t60_s: float) -> take.Signal:
    return modal.ring(modal.Modes(np.array([frequency_hz]), np.array([t60_s]), np.ones(1)), np.ones(1), 2.0)


def hit_formant(frequency_hz: float, t60_s: float) -> take.Signal:
    impulse = np.zeros(SAMPLE_RATE)
    impulse[0] = 1
    return filters.formant(impulse, frequency_hz, t60_s)


@pytest.mark.parametrize("rung", [struck, hit_formant])
@pytest.mark.parametrize("frequency_hz", [120.0, 1000.0, 9000.0])
def test_a_resonance_rings_at_its_pitch_at_unit_amplitude_and_decays_as_told(
    rung: Callable[[float, float], take.Signal], frequency_hz: float
) -> None:
    heard = np.resize(np.append(rung(frequency_hz, 0.5), np.zeros(SAMPLE_RATE)), SAMPLE_RATE)
    assert np.max(np.abs(heard)) == pytest.approx(1, abs=0.06)
    spectrum = np.abs(np.fft.rfft(heard))
    assert np.argmax(spectrum) == pytest.approx(frequency_hz, abs=2)
    late = heard[int(0.5 * SAMPLE_RATE) :][: SAMPLE_RATE // 100]
    assert 20 * np.log10(np.max(np.abs(late))) == pytest.approx(-60, abs=1)


@pytest.mark.parametrize("struck_frames", [1, 7, 300, 5000])
def test_modes_driven_by_a_force_are_what_recursions_give(struck_frames: int) -> None:
    modes = modal.Modes(
        np.array([210.0, 1333.0, 7919.0]), np.array([0.3, 0.1, 0.02]), np.array([1.0, -0.5, 0.3])
    )
    force = rng().standard_normal(struck_frames)
    ours = modal.ring(modes, force)
    driven = np.append(force, np.zeros(len(ours) - struck_frames))
    theirs = np.zeros(len(ours))
    for frequency_hz, t60_s, gain in zip(modes.frequencies, modes.t60s, modes.gains, strict=True):
        radius = 10 ** (-3 / (t60_s * SAMPLE_RATE))
        angle = 2 * np.pi * frequency_hz / SAMPLE_RATE
        poles = [1.0, -2 * radius * np.cos(angle), radius**2]
        theirs += gain.real * dsp.lfilter([0.0, radius * np.sin(angle)], poles, driven)
    # Single precision, and a mode that is 81 dB down is left out.
    assert ours == pytest.approx(theirs, abs=2e-4 * float(np.max(np.abs(theirs))))


def test_formants_side_by_side_are_their_sum() -> None:
    bank = [(300.0, 0.02, 1.0), (1200.0, 0.01, 0.5), (2500.0, 0.03, -0.25)]
    x = rng().standard_normal(4000)
    apart = sum(gain * filters.formant(x, hz, t60_s) for hz, t60_s, gain in bank)
    assert filters.formants(x, bank) == pytest.approx(apart, abs=1e-9)


def test_a_repeating_signal_is_filtered_in_its_steady_state() -> None:
    period = rng().standard_normal(3001)
    section = filters.butterworth(40, 2, high=True)
    many = dsp.sosfilt(np.array([section]), np.tile(period, 60))
    assert around(period, (section,), 24_000) == pytest.approx(many[-3001:], abs=1e-6)


@given(st.integers(1, 10**6))
def test_a_good_length_is_just_long_enough_and_factors(frames: int) -> None:
    length = filters.good_length(frames)
    assert frames <= length <= max(frames + 16, 1.25 * frames)
    for factor in (2, 3, 5):
        while length % factor == 0:
            length //= factor
    assert length == 1


def test_convolution_is_numpys_and_around_a_period_it_wraps() -> None:
    x, response = rng(1).standard_normal(500), rng(2).standard_normal(1300)
    assert filters.convolved(x, response) == pytest.approx(np.convolve(x, response), abs=1e-9)
    wrapped = np.zeros(500)
    for index, value in enumerate(np.convolve(x, response)):
        wrapped[index % 500] += value
    assert filters.convolved_around(x, response) == pytest.approx(wrapped, abs=1e-9)


def test_a_formant_lets_nothing_through_at_0_hz() -> None:
    settled = filters.formant(np.ones(SAMPLE_RATE), 500, 0.02)[-100:]
    assert np.all(np.abs(settled) < 1e-9)


def test_painted_noise_with_a_flat_spectrum_is_white_noise() -> None:
    samples = noise.painted(rng(), 96000, lambda f, t: np.ones_like(f))
    assert len(samples) == 96000
    assert np.std(samples) == pytest.approx(1, abs=0.02)
    assert band_db(samples, 1000, 2000) == pytest.approx(band_db(samples, 11000, 12000), abs=1)


def test_painted_noise_keeps_to_its_band_and_its_time() -> None:
    def gains(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
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


def test_a_dense_crowd_is_the_sum_of_its_events() -> None:
    bank = [(900.0, 0.004), (2100.0, 0.008)]
    for count in (5, 3000):  # added one by one, and by convolution
        positions = np.sort(rng(1).integers(0, 20000, count))
        gains = rng(2).uniform(0, 1, count)
        together = particles.ringing(rng(3), 20000, positions, gains, bank)
        which = rng(3).integers(0, 2, count)
        assert len(together) > 20000
        alone = np.zeros_like(together)
        again = rng(3)
        assert np.array_equal(which, again.integers(0, 2, count))
        signs = again.choice(np.array([-1.0, 1.0]), count)
        for position, gain, index, sign in zip(positions, gains, which, signs, strict=True):
            one = particles.ringing(Fixed(), 1, np.array([0]), np.array([1.0]), [bank[index]])
            alone[position : position + len(one)] += (gain * sign * one)[: len(alone) - position]
        assert together == pytest.approx(alone, abs=1e-9)


class Fixed(Generator):
    """Draws the first and the positive, always."""

    def __init__(self) -> None:
        super().__init__(PCG64(0))

    def integers(self, low: int, high: int, size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:  # type: ignore[override]
        return np.zeros(size, np.int64)

    def choice(self, options: take.Signal, size: int) -> take.Signal:  # type: ignore[override]
        return np.ones(size)


def test_a_ping_has_no_offset() -> None:
    heard = particles.ringing(rng(), 10, np.array([0]), np.array([1.0]), [(700.0, 0.01)])
    assert abs(np.sum(heard)) < 1e-9


def a_bed(period: int = 30_011, more: int = 9_000) -> take.Take:
    return take.Take({}, rng(5), period + more, period)


@pytest.mark.parametrize(
    "source",
    [
        bed.white,
        lambda t: bed.painted(t, lambda f, s: noise.bump(f, 800, 0.4)),
        lambda t: bed.painted(t, lambda f, s: noise.tilt(f, 300, 2), 4096),
        lambda t: bed.wander(t, 3.0),
        lambda t: bed.wander(t, 0.01),
        lambda t: bed.sine(t, 441.3),
        lambda t: bed.sine(t, 200 * (1 + 0.2 * bed.wander(t, 5))),
        lambda t: bed.impulses(t, np.array([0, 30_010]), np.array([1.0, 2.0])),
        lambda t: bed.scatter(t, np.array([0, 29_000]), np.array([1.0, 0.5]), [np.hanning(70_000)]),
        lambda t: bed.resonant(t.rng, t, np.array([5, 30_000]), np.ones(2), [(500.0, 0.3)]),
    ],
)
def test_what_beds_are_made_of_repeats(source: Callable[[take.Take], take.Signal]) -> None:
    made = a_bed()
    samples = source(made)
    assert len(samples) == made.frames
    assert samples[made.period :] == pytest.approx(samples[: made.frames - made.period], abs=1e-9)
    joined = np.abs(np.diff(samples[made.period - 3 : made.period + 3]))
    assert joined.max() <= 1.5 * np.abs(np.diff(samples)).max()


def test_a_bed_s_tone_keeps_its_pitch_as_nearly_as_the_period_allows() -> None:
    made = a_bed(48_000, 0)
    phase = bed.cycles(made, 440.4)
    assert phase[-1] == pytest.approx(440.0)
    assert np.all(np.diff(phase) > 0)


def test_a_bed_s_events_have_their_rate_and_follow_their_envelope() -> None:
    made = take.Take({}, rng(2), 480_000, 480_000)
    assert len(bed.events(made, 100)) == pytest.approx(1000, rel=0.15)
    envelope = np.append(np.zeros(240_000), np.ones(240_000))
    positions = bed.events_under(made, envelope, 50)
    assert len(positions) == pytest.approx(500, rel=0.2)
    assert positions.min() >= 240_000


def test_painted_noise_around_a_period_is_as_loud_and_as_white_as_any() -> None:
    for period in (48_000, 30_011, 700):
        samples = noise.painted_around(rng(), period, lambda f, t: np.ones_like(f))
        assert np.std(samples) == pytest.approx(1, abs=0.1 if period < 1000 else 0.02)


def test_a_dry_near_sound_is_left_alone() -> None:
    dry = rng().standard_normal(1000)
    assert space.placed(dry, distance=0, room=0, muffle=0) is dry


def test_farther_is_duller_and_more_of_a_wall_too() -> None:
    dry = rng().standard_normal(SAMPLE_RATE)

    def top_db(distance: float = 0.0, muffle: float = 0.0) -> float:
        heard = space.placed(dry, distance=distance, room=0.0, muffle=muffle)
        return band_db(heard, 6000, 12000) - band_db(heard, 200, 800)

    assert top_db() > top_db(distance=0.3) + 3 > top_db(distance=0.7) + 10 > top_db(distance=1.0) + 16
    assert top_db() > top_db(muffle=0.3) + 3 > top_db(muffle=0.8) + 20


def test_air_takes_about_as_much_as_the_standard_says() -> None:
    # ISO 9613-1 at 20 °C, 50 % humidity: 4.7 dB/km at 1 kHz, 30 at 4 kHz, 105 at 8 kHz.
    absorbed = space.air_db(np.array([1000.0, 4000.0, 8000.0])) * 1000
    assert np.all(np.abs(absorbed / np.array([4.7, 30, 105]) - 1) < 0.35)


def test_levels_fall_evenly_with_distance() -> None:
    levels = [20 * np.log10(space.level_of(d)) for d in (0, 0.5, 1)]
    assert levels == pytest.approx([0, -space.FALL_DB / 2, -space.FALL_DB])


@pytest.mark.parametrize("room", [0.2, 0.5, 1.0])
def test_a_bigger_room_is_heard_longer_and_its_walls_come_later(room: float) -> None:
    response = space.reflections(0.0, room)
    smaller = space.reflections(0.0, room - 0.15)

    def t20_s(heard: take.Signal) -> float:
        energy = np.cumsum(heard[::-1] ** 2)[::-1]
        levels = 10 * np.log10(energy / energy[0] + 1e-12)
        return float(np.argmax(levels < -25)) / SAMPLE_RATE

    def first_wall_s(heard: take.Signal) -> float:
        return float(np.flatnonzero(np.abs(heard[1:]) > 1e-6)[0]) / SAMPLE_RATE

    assert t20_s(response) > 1.1 * t20_s(smaller)
    assert first_wall_s(response) >= first_wall_s(smaller)


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
