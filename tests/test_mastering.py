import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.codec import decode, encode
from sfxgen.audio.loudness import measure_loudness, true_peak_dbtp
from sfxgen.categories import CATEGORIES, GATE_NAMES, Gates
from sfxgen.errors import AudioError
from sfxgen.mastering import Mastered, Measurement, master
from sfxgen.recipe import LOOP_OVERLAP_S, MASTERING_DEFAULTS, Encoding, Kind, Mastering, canonical_json

RATES = [16000, 22050, 44100, 48000]


def thump(rate: int = 16000, duration_s: float = 1.5, seed: int = 0) -> Clip:
    """A decaying burst 0.2 s into a take with DC and a noise bed, as models give them."""
    rng = np.random.default_rng(seed)
    frames = round(duration_s * rate)
    t = np.maximum(0, np.arange(frames) / rate - 0.2)
    burst = 0.4 * rng.standard_normal(frames) * np.exp(-t / 0.06) * (t > 0)
    return mono(burst + 0.0005 * rng.standard_normal(frames) + 0.01, rate)


@st.composite
def takes(draw: st.DrawFn) -> Clip:
    """Decaying noise or a tone, 10 ms to 5 s, mono or stereo, with DC."""
    rate = draw(st.sampled_from(RATES))
    frames = round(rate * draw(st.floats(0.011, 5.0)))
    channels = draw(st.integers(1, 2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if draw(st.booleans()):
        samples = rng.standard_normal((frames, channels))
    else:
        samples = np.sin(np.arange(frames) / rate * draw(st.floats(200, 40_000)))[:, np.newaxis] * np.ones(
            channels
        )
    samples *= np.exp(-np.arange(frames) / rate * draw(st.floats(0, 10)))[:, np.newaxis]
    level = 10 ** (draw(st.floats(-40, 0)) / 20)
    return Clip((samples * level * 0.3 + 0.01 * level).astype(np.float32), rate)


@given(
    take=takes(),
    trim=st.booleans(),
    loudness_lufs=st.floats(-40, -10),
    ceiling_dbtp=st.sampled_from([-1.0, -3.0, 0.0]),
    rate=st.sampled_from(RATES),
    channels=st.sampled_from([1, 2, None]),
)
@settings(max_examples=80, deadline=None)
def test_a_clip_is_at_its_target_or_at_the_ceiling(
    take: Clip,
    trim: bool,
    loudness_lufs: float,
    ceiling_dbtp: float,
    rate: int,
    channels: Literal[1, 2] | None,
) -> None:
    settings = Mastering(
        trim=trim,
        loudness_lufs=loudness_lufs,
        true_peak_dbtp=ceiling_dbtp,
        sample_rate=rate,
        channels=channels,
    )
    mastered = master(take, settings)
    measured = mastered.measurement
    lufs, _ = measure_loudness(mastered.clip, measured.loudness_measure)
    peak_dbtp = true_peak_dbtp(mastered.clip)
    assert lufs is not None
    assert peak_dbtp is not None
    assert peak_dbtp <= ceiling_dbtp + 0.1
    if measured.limited:
        assert peak_dbtp == pytest.approx(ceiling_dbtp, abs=0.1)
        assert lufs < loudness_lufs + 0.1
    else:
        assert lufs == pytest.approx(loudness_lufs, abs=0.1)
    assert measured.loudness_lufs == pytest.approx(lufs, abs=0.02)
    assert measured.true_peak_dbtp == pytest.approx(peak_dbtp, abs=0.02)
    assert (measured.sample_rate, measured.channels) == (rate, mastered.clip.channels)
    assert mastered.clip.sample_rate == rate
    assert mastered.clip.channels == (channels or take.channels)


def test_mastering_trims_the_take_and_fades_its_ends() -> None:
    clip = master(thump(), MASTERING_DEFAULTS["one_shot"]).clip
    assert 0.2 < clip.duration_s < 0.6
    assert clip.samples[0, 0] == 0
    assert clip.samples[-1, 0] == 0
    assert np.abs(clip.samples[: 48 * 12]).max() > 0.1  # the onset follows the pre-roll


def test_without_trim_the_length_stays() -> None:
    clip = master(thump(), MASTERING_DEFAULTS["music"]).clip
    assert clip.duration_s == pytest.approx(1.5, abs=0.001)


def test_max_duration_cuts_and_the_cut_is_faded() -> None:
    clip = master(thump(), Mastering(max_duration_s=0.1, fade_out_ms=20)).clip
    assert clip.frames == 4800
    assert clip.samples[-1, 0] == 0


def test_duration_is_for_loops_alone() -> None:
    assert master(thump(), Mastering(duration_s=0.1)).clip.frames == master(thump(), Mastering()).clip.frames


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("duration_s", [0.3, 2.0, 3.7531])
def test_a_loop_has_exactly_its_length_and_no_faded_ends(rate: int, duration_s: float) -> None:
    frames = round((duration_s + LOOP_OVERLAP_S) * rate)
    take = mono(0.1 * np.random.default_rng(1).standard_normal(frames), rate)
    mastered = master(take, replace(MASTERING_DEFAULTS["loop"], duration_s=duration_s))
    assert mastered.clip.frames == round(duration_s * 48000)
    assert mastered.measurement.loudness_measure == ("active" if duration_s < 0.4 else "integrated")
    edge = mastered.clip.samples[-200:].std(), mastered.clip.samples[:200].std()
    assert min(edge) > 0.3 * mastered.clip.samples.std()


def test_a_loop_without_a_length_uses_the_take_up() -> None:
    take = mono(0.1 * np.random.default_rng(1).standard_normal(48000 * 3), 48000)
    assert master(take, MASTERING_DEFAULTS["loop"]).clip.duration_s == pytest.approx(2.5)
    shorter = replace(MASTERING_DEFAULTS["loop"], max_duration_s=1.0)
    assert master(take, shorter).clip.duration_s == pytest.approx(1.0)


def test_a_loop_longer_than_its_take_is_refused() -> None:
    with pytest.raises(AudioError, match="shorter than the loop") as caught:
        master(thump(), replace(MASTERING_DEFAULTS["loop"], duration_s=5.0))
    assert caught.value.hint


def test_without_a_target_only_the_ceiling_acts() -> None:
    quiet, loud = thump(), Clip(thump().samples * 4, 16000)
    settings = Mastering(loudness_lufs=None)
    kept = master(quiet, replace(settings, true_peak_dbtp=6.0)).measurement
    assert (kept.gain_db, kept.limited) == (0.0, False)
    lowered = master(loud, settings).measurement
    assert lowered.limited
    assert lowered.gain_db < 0
    assert lowered.true_peak_dbtp == pytest.approx(-1.0, abs=0.01)


def test_a_quiet_take_is_brought_up_as_a_loud_one_is_brought_down() -> None:
    whisper = Clip((thump().samples - np.float32(0.01)) / np.float32(1000), 16000)
    assert np.abs(whisper.samples).max() < 0.002
    whispered, loud = master(whisper, Mastering()).measurement, master(thump(), Mastering()).measurement
    assert whispered.loudness_lufs == loud.loudness_lufs
    assert whispered.duration_s == loud.duration_s


HOSTILE = {
    "empty": np.zeros(0),
    "one frame": np.ones(1),
    "a few frames": np.array([0.5, -0.5, 0.5]),
    "nan": np.full(16000, np.nan),
    "infinite": np.full(16000, np.inf),
    "one nan": np.array([0.1] * 8000 + [np.nan] + [-0.1] * 8000),
    "dc": np.full(16000, 0.7),
    "silence": np.zeros(16000),
    "far below hearing": np.full(16000, 1e-30),
    "denormal": np.resize([1e-42, -1e-42], 16000),
    "beyond all scale": np.resize([3e38, -3e38], 16000),
    "5 ms": np.sin(np.arange(80)),
}


@pytest.mark.parametrize("kind", MASTERING_DEFAULTS)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_takes_are_errors_with_a_hint(name: str, channels: int, kind: Kind) -> None:
    samples = np.repeat(HOSTILE[name][:, np.newaxis], channels, axis=1).astype(np.float32)
    with pytest.raises(AudioError) as caught:
        master(Clip(samples, 16000), MASTERING_DEFAULTS[kind])
    assert caught.value.hint


def test_channels_that_would_cancel_out_in_mono_do_not() -> None:
    tone = 0.1 * np.sin(np.arange(16000) * 0.1)
    kept = master(
        Clip(np.stack([tone, -tone], axis=1).astype(np.float32), 16000), Mastering(loudness_lufs=None)
    )
    alone = master(mono(tone, 16000), Mastering(loudness_lufs=None))
    assert kept.measurement.loudness_lufs == pytest.approx(alone.measurement.loudness_lufs, abs=0.1)


@given(
    samples=st.lists(st.floats(width=32), max_size=400),
    kind=st.sampled_from(list(MASTERING_DEFAULTS)),
    rate=st.sampled_from([8000, 48000]),
)
@settings(max_examples=150, deadline=None)
def test_no_take_crashes_mastering(samples: list[float], kind: Kind, rate: int) -> None:
    try:
        mastered = master(mono(np.array(samples, dtype=np.float32), rate), MASTERING_DEFAULTS[kind])
    except AudioError:
        return
    assert np.isfinite(mastered.clip.samples).all()
    assert canonical_json(mastered.measurement.as_json())


def bytes_of(mastered: Mastered) -> bytes:
    return mastered.clip.samples.tobytes() + canonical_json(mastered.measurement.as_json()).encode()


def test_threads_change_nothing_and_the_take_is_left_alone() -> None:
    clips = [thump(seed=seed) for seed in range(12)]
    before = [clip.samples.copy() for clip in clips]
    alone = [bytes_of(master(clip, Mastering())) for clip in clips]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda clip: bytes_of(master(clip, Mastering())), clips))
    assert together == alone
    assert all(np.array_equal(clip.samples, samples) for clip, samples in zip(clips, before, strict=True))


def test_the_measurement_is_plain_rounded_and_frozen() -> None:
    measurement = master(thump(), Mastering()).measurement
    values = measurement.as_json()
    assert list(values) == list(Measurement.__dataclass_fields__)
    assert all(value == round(value, 3) for value in values.values() if isinstance(value, float))
    assert Measurement(**values) == measurement
    with pytest.raises(FrozenInstanceError):
        measurement.gain_db = 0.0  # type: ignore[misc]


def rms_db(samples: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64))))


@pytest.mark.parametrize("encoding", [Encoding(), Encoding(bit_depth=24), Encoding(format="ogg")])
def test_the_encoded_file_keeps_length_and_level(encoding: Encoding) -> None:
    clip = master(thump(), Mastering()).clip
    decoded = decode(encode(clip, encoding, dither_key="k"))
    assert decoded.frames == clip.frames
    assert rms_db(decoded.samples) == pytest.approx(rms_db(clip.samples), abs=0.5)


def test_the_page_on_mastering_gives_the_defaults_as_they_are() -> None:
    page = (Path(__file__).parents[1] / "docs" / "mastering.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", page, flags=re.MULTILINE)
    words = {False: "no", True: "yes", None: "as generated"}
    for name, *cells in rows:
        values = [getattr(mastering, name) for mastering in MASTERING_DEFAULTS.values()]
        assert cells == [words[v] if v is None or v is True or v is False else f"{v:.10g}" for v in values]
    undocumented = set(Mastering.__dataclass_fields__) - {name for name, *_ in rows}
    levels = {"loudness_lufs", "limit_db", "true_peak_dbtp", "measure_only", "gates"}
    assert undocumented == {"duration_s", "min_duration_s", "max_duration_s", "harvest", "colour"} | levels


def test_the_page_on_mastering_gives_the_categories_and_gates_as_they_are() -> None:
    page = (Path(__file__).parents[1] / "docs" / "mastering.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (-\d+ \| \d+ \| \w+) \|$", page, flags=re.MULTILINE))
    assert rows == {
        name: f"{category.loudness_lufs:g} | {category.limit_db:g} | {category.cat_id}"
        for name, category in CATEGORIES.items()
    }
    assert {category.true_peak_dbtp for category in CATEGORIES.values()} == {-1}
    plain = Gates()
    limits = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", page, flags=re.MULTILINE))
    for name in GATE_NAMES:
        value = getattr(plain, name)
        assert limits[name] == ("off" if value is None else f"{value:g}"), name
    for name, category in CATEGORIES.items():
        for gate in GATE_NAMES:
            value = getattr(category.gates, gate)
            if value != getattr(plain, gate):
                assert f"`{gate}: {value:g}` for {name}" in page.replace("\n", " "), (name, gate)
