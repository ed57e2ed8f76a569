from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from synth_measures import sound

from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.edges import active_range, cut, fade, pad, trim
from sfxgen.audio.levels import remove_dc
from sfxgen.errors import AudioError

RATE = 48000
Signal = NDArray[np.float64]


def noise(frames: int, level_db: float, seed: int = 0) -> Signal:
    return np.random.default_rng(seed).standard_normal(frames) * 10 ** (level_db / 20)


def burst(frames: int, decay_s: float, seed: int = 1) -> Signal:
    """Noise that decays to 1/e in `decay_s`."""
    return noise(frames, -10, seed) * np.exp(-np.arange(frames) / (decay_s * RATE))


def at(start_s: float, event: Signal, duration_s: float = 2.0) -> Signal:
    samples = np.zeros(round(duration_s * RATE))
    start = round(start_s * RATE)
    samples[start : start + event.size] += event[: samples.size - start]
    return samples


def trimmed_from(samples: Signal) -> tuple[float, float]:
    """Trim and say where the result stood in the original, in seconds."""
    clip = remove_dc(mono(samples, RATE))
    trimmed = trim(clip)
    start = int(np.abs(clip.samples[:, 0]).argmax() - np.abs(trimmed.samples[:, 0]).argmax())
    assert np.array_equal(clip.samples[start : start + trimmed.frames], trimmed.samples)
    return start / RATE, (start + trimmed.frames) / RATE


SLOW_ATTACK = (
    np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE) * np.minimum(1, np.arange(RATE) / (RATE / 2)) * 0.3
)
BED = noise(2 * RATE, -55, seed=9)


@pytest.mark.parametrize(
    ("samples", "starts_s", "ends_s"),
    [
        pytest.param(at(0.4, burst(40000, 0.12)), (0.39, 0.4), (1.2, 1.26), id="clean"),
        pytest.param(at(0.4, burst(40000, 0.12)) + 0.02, (0.39, 0.4), (1.2, 1.26), id="dc"),
        pytest.param(at(0.4, burst(40000, 0.12)) + BED, (0.39, 0.4), (0.9, 1.1), id="noise bed"),
        pytest.param(at(0.4, burst(40000, 0.12)) + BED * 4, (0.39, 0.4), (0.7, 1.0), id="loud noise bed"),
        pytest.param(
            at(0.4, burst(40000, 0.12)) + BED + 0.02, (0.39, 0.4), (0.9, 1.1), id="noise bed and dc"
        ),
        pytest.param((at(0.4, burst(40000, 0.12)) + BED) / 200, (0.39, 0.4), (0.9, 1.1), id="quiet"),
        pytest.param(at(0.4, SLOW_ATTACK) + BED, (0.38, 0.42), (1.4, 1.43), id="slow attack"),
        pytest.param(at(0.4, np.array([0.5, -0.5, 0.3])), (0.39, 0.4), (0.4, 0.43), id="click"),
        pytest.param(
            at(0.4, burst(20000, 0.04)) + at(1.4, burst(20000, 0.04)) / 3 + BED / 2,
            (0.39, 0.4),
            (1.55, 1.75),
            id="silence inside",
        ),
        pytest.param(burst(2 * RATE, 0.29), (0.0, 0.0), (2.0, 2.0), id="decay over the whole take"),
        pytest.param(burst(2 * RATE, 0.87), (0.0, 0.0), (2.0, 2.0), id="slow decay"),
        pytest.param(noise(2 * RATE, -20), (0.0, 0.0), (2.0, 2.0), id="steady noise"),
    ],
)
def test_trim_keeps_the_sound_and_nothing_else(
    samples: Signal, starts_s: tuple[float, float], ends_s: tuple[float, float]
) -> None:
    start_s, end_s = trimmed_from(samples)
    assert starts_s[0] <= start_s <= starts_s[1]
    assert ends_s[0] <= end_s <= ends_s[1]


@pytest.mark.parametrize("gain_db", [-50, 0, 20])
def test_trim_does_not_depend_on_the_level(gain_db: float) -> None:
    samples = at(0.4, burst(40000, 0.12)) + BED
    assert trimmed_from(samples * 10 ** (gain_db / 20)) == trimmed_from(samples)


@st.composite
def takes(draw: st.DrawFn) -> tuple[Signal, float]:
    """A burst or tone on a noise bed or on silence, and when it begins."""
    seed = draw(st.integers(0, 2**16))
    start_s = draw(st.floats(0.05, 1.0))
    frames = round(draw(st.floats(0.05, 0.8)) * RATE)
    if draw(st.booleans()):
        event = burst(frames, draw(st.floats(0.02, 0.5)), seed)
    else:
        event = np.sin(np.arange(frames) * draw(st.floats(0.02, 1.0)))
    bed_db = draw(st.sampled_from([-200.0, -90.0, -60.0, -50.0]))
    level = 10 ** (draw(st.floats(-30, 0)) / 20)
    return (at(start_s, event) + noise(2 * RATE, bed_db, seed + 1)) * level, start_s


@given(takes())
@settings(max_examples=60, deadline=None)
def test_trim_starts_within_its_pre_roll_of_the_event(take: tuple[Signal, float]) -> None:
    samples, start_s = take
    trimmed_s, _ = trimmed_from(samples)
    assert start_s - 0.010 <= trimmed_s <= start_s + 0.001


@given(takes())
@settings(max_examples=100, deadline=None)
def test_trimming_twice_takes_off_at_most_a_frame_more(take: tuple[Signal, float]) -> None:
    once = trim(remove_dc(mono(take[0], RATE)))
    assert once.frames - trim(once).frames <= round(0.005 * RATE)


@given(takes())
@settings(max_examples=30, deadline=None)
def test_the_active_range_lies_within_the_trimmed_clip(take: tuple[Signal, float]) -> None:
    clip = mono(take[0], RATE)
    start, end = active_range(clip)
    assume(end > start)
    assert end - start <= trim(clip).frames <= end - start + round(0.025 * RATE)


def test_a_sound_in_one_channel_alone_counts() -> None:
    samples = np.zeros((RATE, 2), dtype=np.float32)
    samples[20000:30000, 1] = 0.3
    assert active_range(Clip(samples, RATE)) == (19920, 30000)


@pytest.mark.parametrize("frames", [0, 1, 100, 48000])
def test_silence_trims_to_an_empty_clip(frames: int) -> None:
    assert trim(mono(np.zeros(frames), RATE)).frames == 0


@pytest.mark.parametrize("frames", [1, 2, 239, 240, 241, 500])
def test_a_clip_shorter_than_the_frames_is_kept_whole(frames: int) -> None:
    assert trim(mono(np.full(frames, 0.5), RATE)).frames == frames


@given(frames=st.integers(0, 3000), in_ms=st.floats(0, 100), out_ms=st.floats(0, 100))
@settings(deadline=None)
def test_fades_end_in_silence_and_leave_the_middle_alone(frames: int, in_ms: float, out_ms: float) -> None:
    faded = fade(mono(np.ones(frames), RATE), in_ms=in_ms, out_ms=out_ms).samples[:, 0]
    fade_in, fade_out = min(frames // 2, round(in_ms * 48)), min(frames // 2, round(out_ms * 48))
    assert faded.size == frames
    assert (faded[fade_in : frames - fade_out] == 1).all()
    assert (np.diff(faded[: fade_in + 1]) >= 0).all()
    assert (np.diff(faded[frames - fade_out - 1 :]) <= 0).all() or frames == fade_out == 0
    if fade_in:
        assert faded[0] == 0
    if fade_out:
        assert faded[-1] == 0


def test_the_default_fade_leaves_an_onset_after_the_pre_roll_untouched() -> None:
    trimmed = trim(mono(at(0.4, burst(40000, 0.12)), RATE))
    faded = fade(trimmed, in_ms=1.0, out_ms=10.0)
    onset = int(np.flatnonzero(trimmed.samples[:, 0])[0])
    assert np.array_equal(faded.samples[onset : onset + 4800], trimmed.samples[onset : onset + 4800])


def test_cut_keeps_the_start() -> None:
    clip = mono(np.arange(100) / 100, 1000)
    assert cut(clip, 0.03).samples[:, 0].tolist() == clip.samples[:30, 0].tolist()
    assert cut(clip, 5).frames == 100


RATES = (16000, 22050, 44100, 48000)
Edge = tuple[Signal, Signal, int]
"""An event where it stands in its take, the take, both of shape (frames, channels), and the frame of its onset."""


def _taken(event: Signal, rng: np.random.Generator, rate: int, bed_db: float, dc: float = 0.0) -> Edge:
    start = round(rng.uniform(0.3, 0.5) * rate)
    columns = event.reshape(len(event), -1)
    alone = np.zeros((2 * rate, columns.shape[1]))
    columns = columns[: len(alone) - start]
    alone[start : start + len(columns)] = columns
    return alone, alone + rng.standard_normal(alone.shape) * 10 ** (bed_db / 20) + dc, start


def _decaying(rng: np.random.Generator, rate: int, decay_s: float, duration_s: float = 1.5) -> Signal:
    time_s = np.arange(round(duration_s * rate)) / rate
    return rng.standard_normal(time_s.size) * np.exp(-time_s / decay_s) * 0.3


def _dc(rng: np.random.Generator, rate: int) -> Edge:
    return _taken(_decaying(rng, rate, 0.1), rng, rate, -75, dc=0.02)


def _noise_bed(rng: np.random.Generator, rate: int) -> Edge:
    return _taken(_decaying(rng, rate, 0.1), rng, rate, -50)


def _slow_attack(rng: np.random.Generator, rate: int) -> Edge:
    time_s = np.arange(round(1.2 * rate)) / rate
    return _taken(np.sin(2 * np.pi * 330 * time_s) * np.minimum(1, time_s / 0.4) * 0.3, rng, rate, -60)


def _long_tail(rng: np.random.Generator, rate: int) -> Edge:
    return _taken(_decaying(rng, rate, 0.2), rng, rate, -75)


def _quiet(rng: np.random.Generator, rate: int) -> Edge:
    event = _decaying(rng, rate, 0.1)
    return _taken(event / np.abs(event).max() * 10 ** (-50 / 20), rng, rate, -100)


def _click(rng: np.random.Generator, rate: int) -> Edge:
    return _taken(_decaying(rng, rate, 0.002, 0.05), rng, rate, -60)


def _silence_inside(rng: np.random.Generator, rate: int) -> Edge:
    event = _decaying(rng, rate, 0.03)
    event[round(0.8 * rate) :] += 0.5 * event[: len(event) - round(0.8 * rate)]
    return _taken(event, rng, rate, -60)


def _breath_near_its_bed(rng: np.random.Generator, rate: int) -> Edge:
    """A dull, fluttering breath whose loudest 5 ms are 25 dB above a white bed: any closer and nothing is cut."""
    time_s = np.arange(rate) / rate
    response = 1 / (1 + 1j * np.fft.rfftfreq(rate, 1 / rate) / 1200)
    event = np.fft.irfft(np.fft.rfft(rng.standard_normal(rate)) * response, rate)
    event *= (
        np.minimum(1, time_s / 0.03) * np.exp(-time_s / 0.25) * (1 + 0.7 * np.sin(2 * np.pi * 11 * time_s))
    )
    loudest = np.sqrt(np.square(event[: 200 * (rate // 200)]).reshape(200, -1).mean(axis=1).max())
    return _taken(event / loudest * 10 ** (-20 / 20), rng, rate, -45)


CASES: dict[str, Callable[[np.random.Generator, int], Edge]] = {
    "dc": _dc,
    "noise bed": _noise_bed,
    "slow attack": _slow_attack,
    "long tail": _long_tail,
    "quiet": _quiet,
    "click": _click,
    "silence inside": _silence_inside,
    "breath near its bed": _breath_near_its_bed,
}


def _lost(edge: Edge, start: int, end: int, rate: int) -> tuple[float, float, float]:
    """How much of the onset is cut in ms, how much of the event's energy in dB, how much of the take is left in s."""
    alone, _, onset = edge
    energy = np.square(alone).sum() / max(1e-20, np.square(alone[start:end]).sum())
    return (start - onset) / rate * 1000, float(10 * np.log10(energy)), (end - start) / rate


def _kept(edge: Edge, rate: int) -> tuple[int, int]:
    """The part of a take that trimming keeps, in frames."""
    clip = remove_dc(Clip(edge[1].astype(np.float32), rate))
    trimmed = trim(clip)
    start = int(np.argmax(np.abs(clip.samples[:, 0]))) - int(np.argmax(np.abs(trimmed.samples[:, 0])))
    return start, start + trimmed.frames


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("rate", RATES)
def test_the_eight_edges_keep_onset_and_energy(case: str, rate: int) -> None:
    for seed in range(5):
        edge = CASES[case](np.random.default_rng(seed), rate)
        onset_ms, lost_db, kept_s = _lost(edge, *_kept(edge, rate), rate)
        assert onset_ms < 5.0
        assert lost_db < 0.5
        assert kept_s < 1.75  # of 2 s: something is cut


def _above(threshold_db: float, relative: bool) -> Callable[[Edge, int], tuple[int, int]]:
    def kept(edge: Edge, rate: int) -> tuple[int, int]:
        """What lies between the first and the last 5 ms above a fixed threshold, re full scale or the peak."""
        frame = rate // 200
        samples = edge[1][: len(edge[1]) // frame * frame]
        levels = np.sqrt(np.square(samples).reshape(-1, frame * samples.shape[1]).mean(axis=1))
        full = levels.max() if relative else 1.0
        loud = np.flatnonzero(levels > full * 10 ** (threshold_db / 20))
        return (int(loud[0]) * frame, int(loud[-1] + 1) * frame) if loud.size else (0, 0)

    return kept


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("threshold_db", [-60, -50, -40, -30, -20])
def test_every_fixed_threshold_fails_on_some_of_them(threshold_db: float, relative: bool) -> None:
    failed = set()
    for name, make in CASES.items():
        edge = make(np.random.default_rng(0), 48000)
        onset_ms, lost_db, kept_s = _lost(edge, *_above(threshold_db, relative)(edge, 48000), 48000)
        if onset_ms >= 5.0 or lost_db >= 0.5 or kept_s >= 1.75:
            failed.add(name)
    assert failed


PRESETS = (
    "footstep",
    "knock",
    "gunshot",
    "glass",
    "coin",
    "jump",
    "water_drop",
    "sword_clash",
    "door",
    "lock",
    "reload",
    "explosion",
    "bark",
    "bell",
    "whoosh",
    "zap",
)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_survive_dc_and_a_bed(preset: str) -> None:
    event = sound(preset).astype(np.float64)
    peak = np.abs(event).max()
    alone = np.pad(event, ((14400, 19200), (0, 0)))
    bed = np.random.default_rng(1).standard_normal(alone.shape) * peak * 10 ** (-50 / 20)
    edge = alone, alone + bed + 0.02, int((np.abs(alone).max(axis=1) >= 0.1 * peak).argmax())
    onset_ms, lost_db, kept_s = _lost(edge, *_kept(edge, RATE), RATE)
    assert onset_ms < 5.0
    assert lost_db < 0.5
    assert kept_s < len(alone) / RATE - 0.2


def test_a_click_long_before_the_rest_belongs_to_the_sound() -> None:
    """A lock: the key's tick is 20 dB below the bolt, and 60 ms before it."""
    samples = at(0.4, burst(200, 0.001) * 0.3) + at(0.5, burst(20000, 0.05)) + BED / 2
    start_s, _ = trimmed_from(samples)
    assert 0.39 <= start_s <= 0.4


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("pre_roll_ms", "tail_ms"), [(0.0, 0.0), (1.3, 7.7), (50.0, 100.0), (-3.0, -1.0)])
def test_pre_roll_and_tail_are_exact(rate: int, pre_roll_ms: float, tail_ms: float) -> None:
    samples = np.zeros(2 * rate)
    samples[rate // 2 : rate] = noise(rate - rate // 2, -20)
    clip = mono(samples, rate)
    start, end = active_range(clip)
    expected = clip.samples[
        start - max(0, round(pre_roll_ms * rate / 1000)) : end + max(0, round(tail_ms * rate / 1000))
    ]
    assert np.array_equal(trim(clip, pre_roll_ms=pre_roll_ms, tail_ms=tail_ms).samples, expected)


def test_pre_roll_and_tail_end_with_the_take() -> None:
    clip = mono(burst(4800, 0.02), RATE)
    assert trim(clip, pre_roll_ms=500.0, tail_ms=500.0).frames == clip.frames


@given(
    before_s=st.floats(0, 0.5),
    after_s=st.floats(0, 0.5),
    min_duration_s=st.floats(0, 2),
    seed=st.integers(0, 9),
)
@settings(max_examples=50, deadline=None)
def test_what_is_too_short_is_widened_later_end_first(
    before_s: float, after_s: float, min_duration_s: float, seed: int
) -> None:
    samples = np.concatenate(
        [np.zeros(round(before_s * RATE)), burst(9600, 0.01, seed), np.zeros(round(after_s * RATE))]
    )
    clip = mono(samples, RATE)
    usual = trim(clip)
    widened = trim(clip, min_duration_s=min_duration_s)
    shortest = round(min_duration_s * RATE)
    assert widened.frames == max(usual.frames, shortest)
    start = int(np.abs(clip.samples).argmax() - np.abs(usual.samples).argmax())
    if shortest <= clip.frames - start:  # there is enough after it
        assert np.array_equal(widened.samples, clip.samples[start : start + widened.frames])
    elif shortest <= clip.frames:
        assert np.array_equal(widened.samples, clip.samples[-shortest:])
    else:
        assert np.array_equal(widened.samples[: clip.frames - 240], clip.samples[: clip.frames - 240])
        assert not widened.samples[clip.frames :].any()


def test_silence_stays_empty_whatever_the_least_duration() -> None:
    assert trim(mono(np.zeros(RATE), RATE), min_duration_s=0.5).frames == 0


@pytest.mark.parametrize("channels", [1, 2])
def test_padding_does_not_click(channels: int) -> None:
    clip = Clip(np.full((4800, channels), 0.5, dtype=np.float32), RATE)
    padded = pad(clip, 0.2)
    assert padded.samples.shape == (9600, channels)
    assert np.abs(np.diff(padded.samples, axis=0)).max() < 0.005
    assert np.array_equal(padded.samples[:4560], clip.samples[:4560])


@pytest.mark.parametrize(
    ("frames", "min_duration_s", "expected"), [(0, 0.1, 4800), (1, 0.1, 4800), (50, 0.0, 50)]
)
def test_padding_the_shortest(frames: int, min_duration_s: float, expected: int) -> None:
    assert pad(mono(np.ones(frames), RATE), min_duration_s).frames == expected


def _blunted_db(event: Signal, pre_roll_ms: float, in_ms: float, rate: int) -> float:
    """How much of the energy of the first 5 ms after an onset a fade-in takes."""
    onset = round(pre_roll_ms * rate / 1000)
    samples = np.concatenate([noise(onset, -65), event])
    faded = fade(mono(samples, rate), in_ms=in_ms, out_ms=0.0).samples[:, 0].astype(np.float64)
    assert faded[0] == 0
    first = slice(onset, onset + rate // 200)
    return float(10 * np.log10(np.square(samples[first]).sum() / np.square(faded[first]).sum()))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("in_ms", [1.0, 5.0, 20.0, 100.0])
@pytest.mark.parametrize("pre_roll_ms", [0.0, 0.5, 2.0, 5.0, 15.0])
def test_a_fade_in_does_not_blunt_an_attack(rate: int, in_ms: float, pre_roll_ms: float) -> None:
    time_s = np.arange(rate) / rate
    attacks = {
        "burst": noise(rate, -12) * np.exp(-time_s / 0.03),
        "thump": np.sin(2 * np.pi * 70 * time_s) * np.exp(-time_s / 0.08) * 0.4,
        "ring": np.cos(2 * np.pi * 900 * time_s) * np.exp(-time_s / 0.06) * 0.4,
    }
    for event in attacks.values():
        assert _blunted_db(event, pre_roll_ms, in_ms, rate) < (0.35 if pre_roll_ms == 0 else 0.05)


def test_a_fade_in_of_what_has_no_attack_is_as_long_as_it_is_set() -> None:
    time_s = np.arange(RATE) / RATE
    for steady in (
        noise(RATE, -20),
        np.sin(2 * np.pi * 440 * time_s),
        noise(RATE, -20) * np.minimum(1, time_s / 0.5),
    ):
        faded = fade(mono(steady, RATE), in_ms=200.0, out_ms=0.0).samples[:, 0]
        ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(9600) / 9600)
        assert np.allclose(faded[:9600], steady[:9600] * ramp, atol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 100, 4799])
def test_what_is_not_finite_has_no_edges(value: float, place: int) -> None:
    samples = noise(4800, -20)
    samples[place] = value
    samples[place - 1] = -value
    with pytest.raises(AudioError, match="finite"):
        active_range(mono(samples, RATE))


def test_what_is_left_after_whole_frames_is_not_touched_before_it_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fresh memory may hold anything: here signalling NaNs, with which every sum is a warning."""
    signalling = np.array(0x7FF4000000000000, np.int64).view(np.float64)

    def full(shape: tuple[int, ...], dtype: object = np.float64) -> Signal:
        made = np.zeros(shape, np.float64)
        made.view(np.int64)[...] = signalling.view(np.int64)
        return made

    clip = mono(np.sin(np.arange(5 * RATE // 100 + 7) * 0.3), RATE)
    wanted = active_range(clip)
    monkeypatch.setattr("sfxgen.audio.edges.np.empty", full)
    assert active_range(clip) == wanted
