from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seam_material import LOW_RATE, MATERIAL, Signal, coloured, take_of
from synth_measures import recipe

from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.loop import cross_fade, make_loop, quiet_nudge
from sfxgen.audio.seam import measure_seam
from sfxgen.errors import AudioError
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.session import rendered

RATE = 48000


def noise(frames: int) -> Signal:
    return 0.1 * np.random.default_rng(4).standard_normal(frames)


def low_noise(frames: int) -> Signal:
    return np.convolve(noise(frames), np.full(24, 1 / 12), mode="same")


def chord(frames: int, *frequencies: float) -> Signal:
    t = np.arange(frames) / RATE
    parts = [np.sin(2 * np.pi * f * t + n) for n, f in enumerate(frequencies)]
    total: Signal = 0.2 * np.sum(parts, axis=0)
    return total


SOURCES: dict[str, Callable[[int], Signal]] = {
    "noise": noise,
    "low noise": low_noise,
    "tone": lambda frames: chord(frames, 440.3),
    "low tone": lambda frames: chord(frames, 61.7),
    "chord": lambda frames: chord(frames, 220, 277.18, 329.63),
    "low chord": lambda frames: chord(frames, 98.1, 123.47, 146.83, 392.7),
    "bells": lambda frames: chord(frames, 523.3, 1411.7, 2203.1, 3107.9, 4567.7),
    "tone in noise": lambda frames: chord(frames, 331.7) + noise(frames),
}


def seam_db(loop: Signal) -> float:
    """Largest second difference within 1 ms of the wrap, against the loop's 99.9th percentile."""
    wrapped = np.concatenate([loop[-RATE // 10 :], loop[: RATE // 10]])
    near = np.abs(np.diff(wrapped, 2))[RATE // 10 - 49 : RATE // 10 + 48].max()
    return float(20 * np.log10(near / np.percentile(np.abs(np.diff(loop, 2)), 99.9)))


def mid_fade_db(loop: Signal, fade: int) -> float:
    """RMS in mid-fade against the rest."""
    mid, body = loop[fade // 4 : 3 * fade // 4], loop[fade:]
    return float(10 * np.log10(np.mean(mid**2) / np.mean(body**2)))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("duration_s", [1.0, 2.0031, 4.0173])
def test_a_loop_has_no_audible_seam(source: str, duration_s: float) -> None:
    take = mono(SOURCES[source](round((duration_s + 1) * RATE)), RATE)
    loop = make_loop(take, duration_s, 500).samples[:, 0].astype(np.float64)
    assert loop.size == round(duration_s * RATE)
    assert seam_db(loop) <= 3
    assert abs(mid_fade_db(loop, RATE // 2)) <= 1.5


def test_the_seam_measures_catch_a_plain_cut_and_an_unaligned_fade() -> None:
    take = chord(3 * RATE, 440.3)
    length = round(2.0009 * RATE)
    assert seam_db(take[:length]) > 20
    gains = np.sqrt(np.arange(RATE // 2) / (RATE // 2))
    unaligned = take[:length].copy()
    unaligned[: RATE // 2] = take[: RATE // 2] * gains + take[length : length + RATE // 2] * gains[::-1]
    assert abs(mid_fade_db(unaligned, RATE // 2)) > 1.5


def test_a_tone_stays_in_tune_and_keeps_its_level() -> None:
    loop = make_loop(mono(chord(3 * RATE, 440.3), RATE), 2.0, 500).samples[:, 0]
    spectrum = np.abs(np.fft.rfft(loop))
    assert abs(1200 * np.log2(spectrum.argmax() / 2.0 / 440.3)) < 7
    assert np.sqrt(np.mean(np.square(loop))) == pytest.approx(0.2 / np.sqrt(2), rel=0.01)


def test_noise_needs_no_alignment_so_its_body_is_the_take_itself() -> None:
    take = mono(noise(3 * RATE), RATE)
    loop = make_loop(take, 2.0, 500)
    body = loop.samples[RATE // 2 :, 0]
    start = int(np.flatnonzero(take.samples[:, 0] == body[0])[0])
    assert np.array_equal(take.samples[start : start + body.size, 0], body)


def test_both_channels_of_a_stereo_loop_are_cut_at_the_same_place() -> None:
    left = chord(3 * RATE, 220, 277.18)
    loop = make_loop(Clip(np.stack([left, -0.5 * left], axis=1).astype(np.float32), RATE), 2.0, 500)
    assert np.abs(loop.samples[:, 1] + 0.5 * loop.samples[:, 0]).max() < 1e-6


@given(
    frames=st.integers(1, 6000),
    length=st.integers(1, 6000),
    crossfade_ms=st.floats(0, 300),
    rate=st.sampled_from([16000, 22050, 48000]),
)
@settings(deadline=None, max_examples=150)
def test_a_loop_has_the_asked_length_or_is_refused(
    frames: int, length: int, crossfade_ms: float, rate: int
) -> None:
    take = mono(np.random.default_rng(frames).standard_normal(frames), rate)
    if frames - length < min(round(0.010 * rate), round(crossfade_ms * rate / 1000), length):
        with pytest.raises(AudioError) as caught:
            make_loop(take, length / rate, crossfade_ms)
        assert caught.value.hint
        return
    loop = make_loop(take, length / rate, crossfade_ms)
    assert loop.frames == length
    assert np.isfinite(loop.samples).all()


def test_a_take_with_little_to_spare_gets_a_shorter_fade() -> None:
    take = mono(chord(round(2.1 * RATE), 440.3), RATE)
    loop = make_loop(take, 2.0, 500).samples[:, 0].astype(np.float64)
    assert loop.size == 2 * RATE
    assert seam_db(loop) <= 3


def test_a_take_that_is_too_short_is_refused() -> None:
    with pytest.raises(AudioError, match="shorter than the loop") as caught:
        make_loop(mono(noise(RATE), RATE), 2.0, 500)
    assert "duration_s" in caught.value.hint
    with pytest.raises(AudioError, match="too little for a seam") as caught:
        make_loop(mono(noise(RATE), RATE), 1.0, 500)
    assert caught.value.hint == "set a shorter duration_s"


def test_the_cross_fade_that_is_offered_to_a_take_with_next_to_nothing_to_spare_works() -> None:
    take = mono(noise(RATE + round(0.0052 * RATE)), RATE)
    with pytest.raises(AudioError, match="too little for a seam") as caught:
        make_loop(take, 1.0, 500)
    assert caught.value.hint.endswith(", or crossfade_ms: 5")
    assert make_loop(take, 1.0, 5).frames == RATE


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_take_that_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(AudioError, match="not numbers"):
        make_loop(mono(np.append(noise(3 * RATE), bad), RATE), 2.0, 500)


def test_without_a_crossfade_the_loop_is_cut_as_it_is() -> None:
    take = mono(noise(RATE), RATE)
    assert np.array_equal(make_loop(take, 0.5, 0).samples, take.samples[: RATE // 2])


def test_silence_loops() -> None:
    assert not make_loop(mono(np.zeros(3 * RATE), RATE), 2.0, 500).samples.any()


# Eight takes of each kind of material, and eight of the synthesizer's own.

SEEDS = range(8)
TONAL = ["drone", "strings", "hum"]
TAKE_S, LOOP_S, CROSSFADE_MS = 6.0, 3.0, 500.0


def faults(loop: Clip, crossfade_ms: float = CROSSFADE_MS) -> str:
    """What is heard at a loop's seam; nothing where it is within all three bounds."""
    seam = measure_seam(loop, fade_frames=round(crossfade_ms * loop.sample_rate / 1000))
    heard = [seam.step_db > 3, abs(seam.level_db) > 1.5, seam.flux_z > 5]
    return f"{seam}" if any(heard) else ""


def unaligned(take: Clip) -> Clip:
    """A loop as one makes it by hand: the take's beginning, with an equal-power fade of what follows its end."""
    length, fade = round(LOOP_S * take.sample_rate), round(CROSSFADE_MS * take.sample_rate / 1000)
    phase = (np.arange(fade) / fade * (np.pi / 2))[:, np.newaxis].astype(np.float32)
    samples = take.samples[:length].copy()
    samples[:fade] *= np.sin(phase)
    samples[:fade] += take.samples[length : length + fade] * np.cos(phase)
    return Clip(samples, take.sample_rate)


@pytest.mark.parametrize("kind", MATERIAL)
@pytest.mark.parametrize("stereo", [False, True], ids=["mono", "stereo"])
def test_loops_of_all_kinds_have_no_seam(kind: str, stereo: bool) -> None:
    for seed in SEEDS:
        assert not faults(make_loop(take_of(kind, seed, TAKE_S, stereo=stereo), LOOP_S, CROSSFADE_MS))


@pytest.mark.parametrize("kind", [kind for kind in MATERIAL if kind != "wind"])
def test_loops_of_nearly_the_whole_take_have_no_seam(kind: str) -> None:
    """Gusts are not among these: where a lull is all there is for the fade, the loop has its lull there."""
    for seed in SEEDS:
        assert not faults(make_loop(take_of(kind, seed, LOOP_S + 0.6), LOOP_S, CROSSFADE_MS))


@pytest.mark.parametrize(
    "preset",
    ["space_drone", "engine", "rain", "wind", "hum", "beam"],
)
def test_plain_takes_of_the_synthesizer_become_loops_without_a_seam(preset: str) -> None:
    for take in range(1, 9):
        samples = rendered(recipe(preset, take=take, duration_s=4.5)).astype(np.float32)
        assert not faults(make_loop(Clip(samples, SAMPLE_RATE), 3.0, CROSSFADE_MS))


@pytest.mark.parametrize("kind", TONAL)
def test_a_plain_cut_of_the_same_tones_is_heard(kind: str) -> None:
    lengths = [round((LOOP_S + 0.0071 * step) * LOW_RATE) for step in range(5)]
    takes = [take_of(kind, seed, TAKE_S).samples for seed in SEEDS]
    heard = [faults(Clip(take[:length].copy(), LOW_RATE), 0) != "" for take in takes for length in lengths]
    assert np.mean(heard) >= 0.8  # one or another is in step by chance


def test_an_unaligned_fade_of_the_same_hums_is_heard() -> None:
    heard = [seed for seed in SEEDS if faults(unaligned(take_of("hum", seed, TAKE_S)))]
    assert len(heard) >= 4


def halves_db(loop: Clip) -> Signal:
    """The level of each half second, round the wrap."""
    halves = np.roll(loop.samples[:, 0], LOW_RATE)[: loop.frames // (LOW_RATE // 2) * (LOW_RATE // 2)]
    levels: Signal = 10 * np.log10(
        np.square(halves.reshape(-1, LOW_RATE // 2), dtype=np.float64).mean(axis=1)
    )
    return levels


@pytest.mark.parametrize("swell_db", [-12.0, 6.0, 12.0])
def test_a_texture_that_swells_does_not_fall_back_over_the_fade(swell_db: float) -> None:
    frames = round((LOOP_S + 0.6) * LOW_RATE)
    air = coloured(np.random.default_rng(5), frames, lambda hz: 1 / (1 + hz / 1000))
    take = mono(0.02 * air * 10 ** (np.linspace(0, swell_db, frames) / 20), LOW_RATE)
    assert np.ptp(halves_db(unaligned(take))) > 0.5 * abs(swell_db)
    assert np.ptp(halves_db(make_loop(take, LOOP_S, CROSSFADE_MS))) < 1


def test_the_fade_keeps_clear_of_events() -> None:
    frames = round(TAKE_S * LOW_RATE)
    bed = 0.01 * np.random.default_rng(8).standard_normal(frames)
    calls = np.zeros(frames)
    for start_s in (1.3, 1.6, 4.3, 4.5):  # in the fades of a loop from the middle of the take
        start = round(start_s * LOW_RATE)
        calls[start : start + LOW_RATE // 5] = 0.1 * np.sin(np.arange(LOW_RATE // 5) * 0.6)
    loop = make_loop(mono(bed + calls, LOW_RATE), LOOP_S, CROSSFADE_MS).samples[: LOW_RATE // 2, 0]
    assert np.abs(loop).max() < 0.06


@pytest.mark.parametrize(("least", "most"), [(-3000, 3000), (0, 900), (-900, 0)])
def test_a_cut_is_moved_off_a_click_of_the_takes_own(least: int, most: int) -> None:
    take = take_of("hum", 1, TAKE_S).samples.copy()
    assert quiet_nudge(take, LOW_RATE, LOW_RATE, least, most) == 0
    take[LOW_RATE + 5] += 0.3
    moved = quiet_nudge(take, LOW_RATE, LOW_RATE, least, most)
    assert least <= moved <= most
    assert LOW_RATE // 1000 < abs(moved - 5) < LOW_RATE // 100
    assert quiet_nudge(take, LOW_RATE, LOW_RATE, 0, 0) == 0


def test_the_same_take_gives_the_same_loop() -> None:
    one, other = (
        make_loop(take_of("engine", 3, TAKE_S, stereo=True), LOOP_S, CROSSFADE_MS) for _ in range(2)
    )
    assert np.array_equal(one.samples, other.samples)


# The cross-fade alone


@given(frames=st.integers(0, 9000), channels=st.integers(1, 2))
@settings(deadline=None, max_examples=50)
def test_a_fade_between_equals_is_the_thing_itself(frames: int, channels: int) -> None:
    x = np.random.default_rng(frames).standard_normal((frames, channels)).astype(np.float32)
    assert np.allclose(cross_fade(x, x, LOW_RATE), x, atol=1e-5)


@given(frames=st.integers(1, 9000), silent=st.sampled_from(["tail", "head", "neither"]))
@settings(deadline=None, max_examples=50)
def test_a_fade_begins_as_the_tail_and_ends_as_the_head(frames: int, silent: str) -> None:
    random = np.random.default_rng(frames)
    tail, head = (
        random.standard_normal((frames, 1)).astype(np.float32) * (silent != n) for n in ("tail", "head")
    )
    faded = cross_fade(tail, head, LOW_RATE)
    assert faded.shape == head.shape
    assert np.isfinite(faded).all()
    assert faded[0, 0] == pytest.approx(tail[0, 0], abs=1e-5)
    if frames >= 128:
        assert faded[-1, 0] == pytest.approx(head[-1, 0], abs=0.2)


@pytest.mark.parametrize("turn", [0.5, 1.5, 2.5, np.pi])
def test_tones_out_of_step_keep_their_level(turn: float) -> None:
    t = np.arange(LOW_RATE // 2) / LOW_RATE
    frequencies = (110.0, 294.0, 1203.0)
    tail = np.sum([np.sin(2 * np.pi * f * t) for f in frequencies], axis=0)[:, np.newaxis].astype(np.float32)
    head = np.sum([np.sin(2 * np.pi * f * t - turn) for f in frequencies], axis=0)[:, np.newaxis].astype(
        np.float32
    )
    faded = cross_fade(tail, head, LOW_RATE)[:, 0]
    for frequency in frequencies:
        parts = (faded * np.exp(-2j * np.pi * frequency * t)).reshape(10, -1).mean(axis=1)
        assert np.abs(20 * np.log10(2 * np.abs(parts))).max() < 1


def test_noise_keeps_its_level_over_a_fade() -> None:
    tail, head = np.random.default_rng(2).standard_normal((2, 2 * LOW_RATE, 1)).astype(np.float32)
    faded = cross_fade(tail, head, LOW_RATE)[:, 0].reshape(8, -1)
    assert np.abs(10 * np.log10(np.square(faded).mean(axis=1))).max() < 0.4


def test_a_fade_of_over_ten_seconds_still_fades() -> None:
    tail, head = np.random.default_rng(2).standard_normal((2, 11 * 8000, 1)).astype(np.float32)
    faded = cross_fade(tail, head, 8000)
    assert abs(10 * np.log10(np.square(faded).mean())) < 0.2
