"""Gates: each fault is found, on either side of its limit; what only looks like one is not."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import signal
from synth_measures import recipe

from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.gates import Finding, GateMeasures, broken, findings, measure_gates
from sfxgen.categories import CATEGORIES, GATE_NAMES, Gates
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.presets import PRESETS
from sfxgen.models.synth.session import rendered

RATE = 48000
Wave = NDArray[np.float64]

SPEECH = CATEGORIES["dialog"].gates.speech_modulation
OFF = Gates(clipped_share=None, dc_share=None, shortest_s=0.0, bandwidth_share=None)
GOOD = GateMeasures(
    peak_dbfs=-6.0,
    clipped_share=0.0,
    dc_share=0.0,
    sounding_s=1.0,
    bandwidth_hz=24000.0,
    bandwidth_share=1.0,
    noise_bed_db=None,
    speech_modulation=0.5,
)


def noise(seconds: float, level: float = 0.1, seed: int = 0) -> Wave:
    return np.asarray(level * np.random.default_rng(seed).standard_normal(round(seconds * RATE)))


def tone(frequency: float = 440, amplitude: float = 0.5, seconds: float = 1.0) -> Wave:
    return np.asarray(amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE))


def silence(seconds: float) -> Wave:
    return np.zeros(round(seconds * RATE))


def hit(decay_s: float = 0.05, seconds: float = 0.5, seed: int = 1) -> Wave:
    return noise(seconds, 0.2, seed) * np.exp(-np.arange(round(seconds * RATE)) / (decay_s * RATE))


def partly_clipped(share: float) -> Wave:
    """A tone, of which so large a part is cut off flat: at twice full scale, two thirds of it are."""
    frames = round(share * 1.5 * RATE / 48) * 48
    return np.concatenate([np.clip(tone(1000, 2.0), -1, 1)[:frames], tone(1000)[frames:]])


def dull(rate: int, seconds: float = 1.0) -> Wave:
    """Noise as a model of a lower sample rate makes it, converted."""
    low = np.random.default_rng(0).standard_normal(round(seconds * rate)) * 0.1
    return np.asarray(soxr.resample(low, rate, RATE))


def on_a_bed(level_db: float) -> Wave:
    """A hit in the midst of a second of noise, that much below its loudest 10 ms."""
    sound = np.concatenate([silence(0.3), hit(), silence(0.5)])
    loudest = np.sqrt(np.mean(hit()[:480] ** 2))
    return np.asarray(sound + loudest * 10 ** (level_db / 20) * noise(1.3, 1.0, seed=2))


def vowels(*, syllables_per_s: float = 4.5, seconds: float = 2.0, seed: int = 0) -> Wave:
    """Formant speech: a voice of 120 Hz, whose three formants are others in each syllable, with its consonants' gaps."""
    rng = np.random.default_rng(seed)
    parts = []
    length = round(RATE / syllables_per_s)
    time = np.arange(length) / RATE
    for _ in range(round(seconds * syllables_per_s)):
        formants = rng.uniform((300, 900, 2200), (800, 2000, 3000))
        harmonics = 120 * np.arange(1, 40)
        gains = sum(
            np.exp(-(((harmonics - f) / (0.12 * f + 60)) ** 2)) / (1 + n) for n, f in enumerate(formants)
        )
        voice = np.sin(2 * np.pi * harmonics[:, np.newaxis] * time).T @ gains
        envelope = np.interp(time * syllables_per_s, [0, 0.2, 0.3, 0.7, 0.9, 1], [0, 0.02, 1, 0.8, 0.05, 0])
        parts.append(0.1 * voice * envelope)
    return np.concatenate(parts)


def drone() -> Wave:
    return np.asarray(sum(tone(f, 0.1, 2.0) for f in (110, 110.7, 164.9, 220.5, 277)))


def failed(samples: Wave, gates: Gates) -> list[str]:
    return [finding.gate for finding in findings(measure_gates(mono(samples, RATE)), gates)]


def with_nan() -> Wave:
    samples = tone()
    samples[100] = np.nan
    return samples


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        pytest.param(np.zeros(0), "empty", id="empty"),
        pytest.param(with_nan(), "1 samples that are not numbers", id="nan"),
        pytest.param(np.full(RATE, -np.inf), "not numbers", id="infinite"),
        pytest.param(tone() * 20000, "times full scale", id="integers"),
    ],
)
def test_what_is_no_audio_is_told_in_words(samples: Wave, words: str) -> None:
    assert words in (broken(mono(samples, RATE)) or "")


def test_audio_above_full_scale_is_not_broken() -> None:
    assert broken(mono(tone(amplitude=1.5), RATE)) is None


@pytest.mark.parametrize(
    ("gate", "gates", "good", "bad"),
    [
        pytest.param(
            "silence_dbfs", Gates(), tone(amplitude=10 ** (-69.5 / 20)), tone(amplitude=10 ** (-70.5 / 20)), id="silence"
        ),
        pytest.param("silence_dbfs", Gates(), tone() + 0.2, np.full(RATE, 0.2), id="nothing but dc"),
        pytest.param("clipped_share", Gates(), partly_clipped(0.0015), partly_clipped(0.0025), id="clipping"),
        pytest.param(
            "clipped_share", Gates(), 0.3 * partly_clipped(0.0015), 0.3 * partly_clipped(0.0025), id="lowered since"
        ),
        pytest.param("dc_share", Gates(), tone() + 0.45, tone() + 0.55, id="dc"),
        pytest.param(
            "shortest_s", Gates(), np.r_[silence(0.1), tone(seconds=0.01), silence(0.1)],
            np.r_[silence(0.1), tone(seconds=0.005), silence(0.1)], id="too short",
        ),
        pytest.param(
            "longest_s", Gates(longest_s=0.5), np.r_[silence(0.2), tone(seconds=0.495), silence(0.3)],
            np.r_[silence(0.2), tone(seconds=0.51), silence(0.3)], id="too long",
        ),
        pytest.param("bandwidth_share", Gates(), dull(29000), dull(26000), id="dull"),
        pytest.param("bandwidth_share", Gates(), noise(1.0), dull(16000), id="a 16 kHz model at 48 kHz"),
        pytest.param("noise_bed_db", Gates(noise_bed_db=-20), on_a_bed(-20.7), on_a_bed(-19.3), id="noise bed"),
        pytest.param("speech_modulation", replace(OFF, speech_modulation=SPEECH), vowels(), drone(), id="speech"),
    ],
)  # fmt: skip
def test_each_fault_is_found_and_what_is_just_good_enough_passes(
    gate: str, gates: Gates, good: Wave, bad: Wave
) -> None:
    assert failed(good, gates) == []
    assert failed(bad, gates) == [gate]


@pytest.mark.parametrize(
    ("gate", "field", "just", "beyond"),
    [
        ("silence_dbfs", "peak_dbfs", -70.0, -70.01),
        ("clipped_share", "clipped_share", 0.01, 0.0101),
        ("dc_share", "dc_share", 0.5, 0.501),
        ("shortest_s", "sounding_s", 0.01, 0.0099),
        ("longest_s", "sounding_s", 3.0, 3.01),
        ("bandwidth_share", "bandwidth_share", 0.55, 0.549),
        ("noise_bed_db", "noise_bed_db", -20.0, -19.9),
        ("speech_modulation", "speech_modulation", 0.15, 0.149),
    ],
)
def test_a_limit_itself_passes_and_a_gate_that_is_off_finds_nothing(
    gate: str, field: str, just: float, beyond: float
) -> None:
    gates = Gates(clipped_share=0.01, longest_s=3.0, noise_bed_db=-20.0, speech_modulation=0.15)
    assert findings(replace(GOOD, **{field: just}), gates) == ()
    (finding,) = findings(replace(GOOD, **{field: beyond}), gates)
    assert (finding.gate, finding.value, finding.limit) == (gate, beyond, getattr(gates, gate))
    assert finding.what.startswith("the take is ")
    if gate not in ("silence_dbfs", "shortest_s"):
        assert findings(replace(GOOD, **{field: beyond}), _without(gates, gate)) == ()


def _without(gates: Gates, gate: str) -> Gates:
    values = {name: None if name == gate else getattr(gates, name) for name in GATE_NAMES}
    return Gates(**values)  # type: ignore[arg-type]


def test_findings_come_in_the_order_of_the_gates_and_silence_alone() -> None:
    worst = GateMeasures(
        peak_dbfs=-3.0,
        clipped_share=0.5,
        dc_share=0.9,
        sounding_s=9.0,
        bandwidth_hz=8000.0,
        bandwidth_share=0.33,
        noise_bed_db=-11.0,
        speech_modulation=0.0,
    )
    gates = Gates(longest_s=3.0, noise_bed_db=-20.0, speech_modulation=0.15)
    found = [finding.gate for finding in findings(worst, gates)]
    assert found == [name for name in GATE_NAMES if name in found]
    assert len(found) == 6
    silent = findings(replace(worst, peak_dbfs=None), gates)
    assert silent == (Finding("silence_dbfs", -200.0, -70.0, "the take is silent"),)


def test_findings_say_what_was_measured() -> None:
    words = [f.what for f in findings(measure_gates(mono(dull(16000), RATE)), Gates())]
    assert words == ["the take is dull: it stops dead at 7.9 kHz, as if made at a sample rate of 16 kHz"]


def test_however_small_a_share_is_it_is_told() -> None:
    sound = measure_gates(mono(noise(0.5), RATE))
    faint = replace(sound, dc_share=0.000123, clipped_share=0.0)
    (found,) = findings(faint, Gates(dc_share=0.0))
    assert found.what == ("the take is off centre: its offset is 0.0123% of its peak, at most 0% may be")
    (found,) = findings(replace(sound, clipped_share=0.02), Gates())
    assert found.what.endswith("clipped: 2% of its frames are tops cut off flat, at most 0.2% may be")
    (found,) = findings(replace(sound, peak_dbfs=-71.5), Gates())
    assert found.what == "the take is silent: it peaks at -71.5 dBFS, -70 dBFS at least is wanted"


def square(frequency: float, duty: float = 0.5, amplitude: float = 1.0) -> Wave:
    return np.where(np.arange(RATE) / RATE * frequency % 1 < duty, amplitude, -amplitude)


def supersampled(frequency: float) -> Wave:
    """A square wave as sfxr makes it: the mean of eight samples, so that each step has one in between."""
    fine = np.where(np.arange(8 * RATE) / (8 * RATE) * frequency % 1 < 0.3, 1.0, -1.0)
    return np.asarray(fine.reshape(-1, 8).mean(axis=1))


FLAT_BY_NATURE = {
    "square": square(100),
    "high pulse": square(3111, 0.25),
    "square in 16 levels": square(441) * np.floor(16 * np.exp(-3 * np.arange(RATE) / RATE)) / 16,
    "two squares": square(440, amplitude=0.5) + square(663, 0.25, amplitude=0.5),
    "supersampled square": supersampled(1234),
    "sample and hold": np.repeat(np.clip(noise(1.0, 0.5)[:8000], -1, 1), 6),
    "4 bit": np.round(7 * tone(50, 1.0)) / 8,
    "low tone, 16 bit": np.round(32767 * tone(20, 1.0)) / 32768,
    "low tone, 8 bit": np.round(127 * tone(47, 1.0)) / 128,
    "quiet low tone, 16 bit": np.round(300 * tone(31, 1.0)) / 32768,
    "tone of whole periods": np.cos(2 * np.pi * 1000 * np.arange(RATE) / RATE),
    "saturated": np.tanh(9 * tone(200, 1.0)),
}


@pytest.mark.parametrize("name", FLAT_BY_NATURE)
def test_what_is_flat_by_nature_is_not_clipped(name: str) -> None:
    assert measure_gates(mono(FLAT_BY_NATURE[name], RATE)).clipped_share == 0


@pytest.mark.parametrize("drive_db", [3, 9, 20])
@pytest.mark.parametrize(
    "since",
    [
        pytest.param(lambda x: x, id="as it is"),
        pytest.param(lambda x: 0.25 * x, id="lowered"),
        pytest.param(lambda x: x - x.mean(), id="centred"),
        pytest.param(lambda x: np.round(32767 * x) / 32768, id="16 bit"),
    ],
)
def test_clipping_is_measured_as_far_as_it_goes(drive_db: float, since: Callable[[Wave], Wave]) -> None:
    rough = signal.sosfilt(signal.butter(2, 1500, fs=RATE, output="sos"), noise(1.0, 1.0))
    driven = rough / np.abs(rough).max() * 10 ** (drive_db / 20)
    at_top = np.abs(driven) >= 1
    in_runs = signal.convolve(at_top, np.ones(3), mode="same") >= 3  # the middle of three
    expected = float(np.mean(signal.convolve(in_runs, np.ones(3), mode="same") > 0.5))
    measured = measure_gates(mono(since(np.clip(driven, -1, 1)), RATE), trim=False).clipped_share
    assert expected > 0.0005
    assert 0.6 * expected <= measured <= 1.05 * expected


def test_clipping_in_one_channel_is_enough() -> None:
    both = np.stack([tone(), np.clip(tone(amplitude=2), -1, 1)], axis=1).astype(np.float32)
    assert measure_gates(Clip(both, RATE)).clipped_share > 0.5


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(tone(1000), id="tone"),
        pytest.param(sum(tone(50 * n, 0.5 / n) for n in range(1, 30)), id="hum"),
        pytest.param(signal.sosfilt(signal.butter(8, 120, fs=RATE, output="sos"), noise(1.0)), id="rumble"),
        pytest.param(sum(tone(220 * n, 0.3 / n) for n in range(1, 20)), id="a tone of few partials"),
        pytest.param(
            signal.sosfilt(signal.butter(4, 5000, fs=RATE, output="sos"), noise(1.0)), id="soft low-pass"
        ),
        pytest.param(noise(1.0), id="noise"),
        pytest.param(silence(1.0), id="silence"),
    ],
)
def test_what_has_no_wall_has_the_whole_bandwidth(samples: Wave) -> None:
    assert measure_gates(mono(samples, RATE)).bandwidth_share == 1.0


@pytest.mark.parametrize("model_rate", [16000, 22050, 24000, 32000])
def test_a_wall_is_found_where_the_lower_rate_left_it(model_rate: int) -> None:
    stop_hz = measure_gates(mono(hit_at(model_rate), RATE)).bandwidth_hz
    assert 0.85 * model_rate / 2 <= stop_hz <= model_rate / 2


def hit_at(model_rate: int) -> Wave:
    return np.asarray(soxr.resample(soxr.resample(hit(), RATE, model_rate), model_rate, RATE))


@pytest.mark.parametrize("level_db", [-12, -20, -30, -50])
def test_a_bed_is_measured(level_db: float) -> None:
    measured = measure_gates(mono(on_a_bed(level_db), RATE)).noise_bed_db
    assert measured == pytest.approx(level_db, abs=0.7)


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(noise(2.0), id="texture"),
        pytest.param(noise(2.0) * (1 + 0.5 * tone(3, 1.0, 2.0)), id="texture that wavers"),
        pytest.param(np.r_[silence(0.2), tone(), silence(0.3)], id="sustained tone in silence"),
        pytest.param(hit(decay_s=0.3, seconds=2.0), id="a long decay"),
        pytest.param(noise(2.0) * np.linspace(0, 1, 2 * RATE), id="a rise"),
        pytest.param(np.r_[silence(0.3), hit(), 0.004 * noise(0.4, 1.0)], id="a start in silence"),
        pytest.param(silence(1.0), id="silence"),
    ],
)
def test_what_is_no_bed_has_none(samples: Wave) -> None:
    assert measure_gates(mono(samples, RATE)).noise_bed_db is None


@pytest.mark.parametrize("syllables_per_s", [3.0, 4.5, 7.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_formant_speech_is_speech(syllables_per_s: float, seed: int) -> None:
    speech = vowels(syllables_per_s=syllables_per_s, seed=seed)
    assert measure_gates(mono(speech, RATE)).speech_modulation > 0.3


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(noise(2.0), id="noise"),
        pytest.param(np.cumsum(noise(2.0, 1e-3)), id="brown noise"),
        pytest.param(drone(), id="drone"),
        pytest.param(hit(), id="short hit"),
        pytest.param(hit(decay_s=0.3, seconds=2.0), id="long hit"),
        pytest.param(hit(decay_s=0.1, seconds=2.0) + noise(2.0, 0.002, seed=3), id="hit on a bed"),
        pytest.param(tone(900, 0.5, 3.0) * np.exp(-np.arange(3 * RATE) / RATE), id="bell"),
        pytest.param(tone(200, 0.5, 2.0) * (1 + tone(30, 0.9, 2.0)), id="growl"),
        pytest.param(noise(3.0) * (1.05 + tone(0.5, 1.0, 3.0)), id="slow swell"),
        pytest.param(silence(1.0), id="silence"),
        pytest.param(tone(440, 0.5, 0.02), id="beep"),
    ],
)
def test_what_is_no_speech_fails(samples: Wave) -> None:
    assert SPEECH is not None
    assert measure_gates(mono(samples, RATE)).speech_modulation < SPEECH


@pytest.mark.parametrize("preset", ["laugh", "whisper", "gasp"])
def test_the_synthesisers_voices_are_speech(preset: str) -> None:
    assert failed_preset(preset, Gates(speech_modulation=SPEECH)) == []


@pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="espeak-ng, which speaks for this test, is not here"
)
@pytest.mark.parametrize(
    ("voice", "text"),
    [
        ("en-us", "Enemy spotted, take cover now!"),
        ("de+m3", "Welcome back, commander."),
        ("en-gb+f3", "Reloading!"),
        ("en-us+f5", "Stop!"),
    ],
)
def test_real_speech_passes_all_gates_of_dialog(voice: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "speech.wav"
    subprocess.run(["espeak-ng", "-v", voice, "-w", str(file), text], check=True, timeout=60)
    samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    assert findings(measure_gates(Clip(samples, rate)), CATEGORIES["dialog"].gates) == ()


def failed_preset(name: str, gates: Gates) -> list[str]:
    duration_s = 1.0 if PRESETS[name].sustained else None
    samples = rendered(recipe(name, duration_s=duration_s))
    return [finding.gate for finding in findings(measure_gates(Clip(samples, SAMPLE_RATE)), gates)]


@pytest.mark.parametrize(
    "name", sorted(PRESETS)[::5] + ["sfxr", "coin", "spring", "pop", "hover", "tick", "spark"][:6]
)
def test_good_sounds_pass_the_gates_of_their_category(name: str) -> None:
    category = CATEGORIES["ambience" if PRESETS[name].sustained else "sfx"]
    assert failed_preset(name, category.gates) == []


@given(
    frames=st.integers(0, 700),
    channels=st.integers(1, 3),
    rate=st.sampled_from([1, 100, 8000, 44100, 192000]),
    value=st.floats(-1, 1, width=32),
    seed=st.integers(0, 9),
)
@settings(deadline=None, max_examples=50)
def test_any_audio_can_be_measured(frames: int, channels: int, rate: int, value: float, seed: int) -> None:
    samples = (
        np.random.default_rng(seed).uniform(-abs(value), abs(value), (frames, channels)).astype(np.float32)
    )
    if seed % 2:
        samples[:] = value
    clip = Clip(samples, rate)
    measures = measure_gates(clip)
    assert measures.clipped_share >= 0
    assert 0 <= measures.dc_share <= 1 + 1e-6
    assert 0 <= measures.sounding_s <= clip.duration_s
    assert 0 <= measures.bandwidth_share <= 1
    assert 0 <= measures.speech_modulation <= 1
    assert measures.noise_bed_db is None or measures.noise_bed_db < 0
    assert measure_gates(clip) == measures
    findings(measures, CATEGORIES["dialog"].gates)


@given(gain_db=st.floats(-40, 0), channels=st.integers(1, 2), seed=st.integers(0, 5))
@settings(deadline=None, max_examples=15)
def test_gain_and_channels_change_no_measure_but_the_peak(gain_db: float, channels: int, seed: int) -> None:
    sound = on_a_bed(-25) + 0.01 * vowels(seconds=1.3, seed=seed)[0]
    one = measure_gates(mono(sound, RATE))
    samples = np.repeat(sound[:, np.newaxis] * 10 ** (gain_db / 20), channels, axis=1).astype(np.float32)
    other = measure_gates(Clip(samples, RATE))
    assert one.peak_dbfs is not None
    assert other.peak_dbfs == pytest.approx(one.peak_dbfs + gain_db, abs=1e-3)
    assert other.sounding_s == one.sounding_s
    assert other.bandwidth_hz == one.bandwidth_hz
    assert other.noise_bed_db == pytest.approx(one.noise_bed_db, abs=1e-3)
    assert other.speech_modulation == pytest.approx(one.speech_modulation, abs=1e-3)


def test_of_a_long_take_the_part_around_its_loudest_sample_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sfxgen.audio.gates.MOST_S", 1)
    quiet = np.zeros(4 * 16_000, np.float32)
    quiet[40_000] = 0.5
    measures = measure_gates(Clip(quiet[:, np.newaxis], 16_000))
    assert measures.peak_dbfs == pytest.approx(-6.02, abs=0.1)
    assert measures.sounding_s == 4


def test_a_header_of_gigahertz_is_measured_all_the_same() -> None:
    noise = np.random.default_rng(0).standard_normal(5000).astype(np.float32)
    measures = measure_gates(Clip(noise[:, np.newaxis], 4_000_000_000))
    assert measures.bandwidth_share == 1
