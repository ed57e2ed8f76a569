"""The loudness, the ceiling and a loop's seam hold in what the delivered file decodes to."""

import shutil
from collections.abc import Callable

import numpy as np
import pyebur128
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal as dsp

from sfxgen.audio import codec, delivery
from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.codec import decode, encode
from sfxgen.audio.delivery import deliver
from sfxgen.audio.levels import apply_gain
from sfxgen.audio.limiter import peak_dbtp
from sfxgen.audio.loudness import measure_loudness, true_peak_dbtp
from sfxgen.errors import AudioError
from sfxgen.recipe import LOSSY, Encoding

FORMATS = [
    "ogg",
    "mp3",
    "opus",
    pytest.param("m4a", marks=pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")),
]


def crest(peak_dbtp: float, frames: int = 24_000) -> Clip:
    """Limited noise, as loud as it can be under a peak: what lossy formats overshoot most with."""
    noise = np.clip(np.random.default_rng(2).standard_normal(frames), -0.8, 0.8)
    clip = mono(dsp.sosfilt(dsp.butter(4, 0.6, output="sos"), noise), 48_000)
    measured = true_peak_dbtp(clip)
    assert measured is not None
    return apply_gain(clip, peak_dbtp - measured)


def peak_db(samples: np.ndarray) -> float:
    """True peak by a meter that is not ours: eightfold, by scipy."""
    return float(20 * np.log10(np.abs(dsp.resample_poly(samples, 8, 1, axis=0)).max()))


def drone(frames: int = 96_000) -> Clip:
    return mono(0.5 * np.sin(2 * np.pi * 440 * np.arange(frames) / frames), 48_000)


def step_db(samples: np.ndarray) -> float:
    x = samples[:, 0].astype(np.float64)
    ring = np.abs(np.roll(x, 1) - 2 * x + np.roll(x, -1))
    return float(20 * np.log10(max(ring[:48].max(), ring[-48:].max()) / np.percentile(ring[48:-48], 99.9)))


@pytest.mark.parametrize("name", FORMATS)
def test_the_ceiling_holds_in_the_decoded_file(name: str) -> None:
    kbps = 160 if name == "m4a" else 64  # of fewer bits AAC makes peaks that no gain foretells
    clip, encoding = crest(-1.0), Encoding(format=name, quality=0.2, bitrate_kbps=kbps)  # type: ignore[arg-type]
    once = delivery._decoded(encode(clip, encoding, dither_key="k"), encoding)
    assert peak_db(once.samples) > -0.9, "it overshoots, or there is nothing to test"
    delivered = deliver(clip, encoding, ceiling_dbtp=-1.0, dither_key="k")
    decoded = delivery._decoded(delivered.content, encoding)
    # Of an OGG that was turned in its header, the peak is reckoned: to the rounding of floats.
    assert delivered.true_peak_dbtp == pytest.approx(
        true_peak_dbtp(decoded), abs=1e-4 if name == "ogg" else 0
    )
    assert delivered.true_peak_dbtp is not None
    assert delivered.true_peak_dbtp <= -0.95
    assert peak_db(decoded.samples) <= -0.85
    assert -6 < delivered.gain_db < -0.05
    assert delivered.encoding == encoding


@pytest.mark.parametrize("name", ["ogg", "mp3", "opus"])
def test_a_clip_with_room_is_encoded_as_it_is(name: str) -> None:
    clip, encoding = crest(-12.0), Encoding(format=name)  # type: ignore[arg-type]
    delivered = deliver(clip, encoding, ceiling_dbtp=-1.0, dither_key="k")
    assert delivered.content == encode(clip, encoding, dither_key="k")
    assert delivered.gain_db == 0
    assert delivered.true_peak_dbtp == pytest.approx(-12, abs=2)
    assert delivered.seam_step_db is None


@pytest.mark.parametrize("encoding", [Encoding(), Encoding(bit_depth=24, loop=True), Encoding(format="flac")])
def test_lossless_files_are_the_clip_whatever_the_ceiling(encoding: Encoding) -> None:
    assert encoding.format not in LOSSY
    delivered = deliver(crest(-0.1), encoding, ceiling_dbtp=-6.0, dither_key="k")
    assert delivered.content == encode(crest(-0.1), encoding, dither_key="k")
    assert (delivered.gain_db, delivered.true_peak_dbtp, delivered.seam_step_db) == (0, None, None)


def test_without_a_ceiling_nothing_is_taken() -> None:
    delivered = deliver(crest(0.0), Encoding(format="ogg", quality=0.1), ceiling_dbtp=None, dither_key="k")
    assert delivered.gain_db == 0
    assert delivered.true_peak_dbtp is not None
    assert delivered.true_peak_dbtp > 0


def test_silence_has_no_peak() -> None:
    delivered = deliver(
        mono(np.zeros(1000), 48_000), Encoding(format="ogg"), ceiling_dbtp=-1.0, dither_key="k"
    )
    assert (delivered.gain_db, delivered.true_peak_dbtp) == (0, None)


@pytest.mark.parametrize("name", ["ogg", "opus"])
def test_the_shortest_clips_are_delivered(name: str) -> None:
    for loop in (False, True):
        encoding = Encoding(format=name, loop=loop)  # type: ignore[arg-type]
        for frames in (1, 2, 5):
            delivered = deliver(
                mono(np.full(frames, 0.5), 48_000), encoding, ceiling_dbtp=-1.0, dither_key="k"
            )
            assert decode(delivered.content).frames == frames


def test_a_peak_that_will_not_come_down_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "peak_dbtp", lambda clip, loop: 0.0)
    with pytest.raises(AudioError, match="stays above -1 dBTP") as caught:
        deliver(crest(-1.0, 500), Encoding(format="mp3"), ceiling_dbtp=-1.0, dither_key="k")
    assert caught.value.hint


def test_a_loop_whose_seam_suffers_is_encoded_finer() -> None:
    asked = Encoding(format="ogg", quality=0.3, loop=True)
    plain = step_db(decode(encode(drone(), asked, dither_key="k")).samples)
    delivered = deliver(drone(), asked, ceiling_dbtp=-1.0, dither_key="k")
    found = step_db(decode(delivered.content).samples)
    assert plain > 3, "or there is nothing to test"
    assert found < plain
    assert delivered.seam_step_db == pytest.approx(found, abs=0.5)
    assert 0.3 < delivered.encoding.quality <= 1
    assert encode(drone(), delivered.encoding, dither_key="k") == delivered.content


def test_a_loop_whose_seam_holds_is_left_at_its_quality() -> None:
    frames = 60_000
    noise = mono(0.1 * np.random.default_rng(1).standard_normal(frames), 48_000)
    for name in ("ogg", "opus"):
        asked = Encoding(format=name, loop=True)
        delivered = deliver(noise, asked, ceiling_dbtp=None, dither_key="k")
        assert delivered.encoding == asked
        assert delivered.seam_step_db is not None
        assert delivered.seam_step_db <= 3


def test_a_loop_with_a_click_of_its_own_is_not_encoded_again() -> None:
    asked = Encoding(format="ogg", loop=True)
    clip = mono(np.linspace(-0.5, 0.5, 48_000) * np.sin(np.arange(48_000) * 0.01), 48_000)
    delivered = deliver(clip, asked, ceiling_dbtp=None, dither_key="k")
    assert delivered.encoding == asked
    assert delivered.seam_step_db is not None
    assert delivered.seam_step_db > 3


def test_finer_encodings_end_at_the_finest() -> None:
    finer = list(delivery._finer(Encoding(format="ogg", quality=0.6), 1))
    assert [round(one.quality, 3) for one in finer] == [0.6, 0.7, 0.8, 0.9, 1.0]
    assert [one.bitrate_kbps for one in delivery._finer(Encoding(format="opus"), 2)] == [
        160,
        248,
        336,
        424,
        512,
    ]
    assert len(list(delivery._finer(Encoding(format="ogg", quality=1.0), 1))) == 1
    assert len(list(delivery._finer(Encoding(format="opus", bitrate_kbps=300), 1))) == 1


# Loudness -----------------------------------------------------------------------------------------------------------


def hiss(lufs: float, duration_s: float = 4.0) -> Clip:
    """White noise, of which Vorbis takes some away."""
    clip = mono(0.1 * np.random.default_rng(4).standard_normal(round(48_000 * duration_s)), 48_000)
    measured = measure_loudness(clip, "integrated")[0]
    assert measured is not None
    return apply_gain(clip, lufs - measured)


def integrated_lufs(samples: np.ndarray, rate: int = 48_000) -> float:
    """The loudness by a meter that is not ours."""
    state = pyebur128.R128State(samples.shape[1], rate, pyebur128.MeasurementMode.MODE_I)
    state.add_frames(np.ascontiguousarray(samples, np.float32).reshape(-1), len(samples))
    return float(pyebur128.get_loudness_global(state))


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("quality", [0.0, 0.3, 0.6])
def test_a_noisy_clip_is_as_loud_as_asked_in_its_file(quality: float, loop: bool) -> None:
    clip, encoding = hiss(-30.0), Encoding(format="ogg", quality=quality, loop=loop)
    once = integrated_lufs(decode(encode(clip, encoding, dither_key="k")).samples)
    assert once < -30.1, "Vorbis takes some of it, or there is nothing to test"
    delivered = deliver(
        clip, encoding, ceiling_dbtp=-1.0, dither_key="k", target_lufs=-30.0, measure="integrated"
    )
    found = decode(delivered.content)
    assert integrated_lufs(found.samples) == pytest.approx(-30, abs=0.1)
    assert delivered.loudness_lufs == pytest.approx(integrated_lufs(found.samples), abs=0.01)
    assert delivered.gain_db == pytest.approx(-30 - once, abs=0.15)
    assert not delivered.is_limited
    assert found.frames == clip.frames


@pytest.mark.parametrize("name", FORMATS)
def test_a_clip_at_the_ceiling_stays_at_it_below_its_target_and_says_so(name: str) -> None:
    kbps = 160 if name == "m4a" else 64  # of fewer bits AAC makes peaks that no gain foretells
    clip, encoding = crest(-1.0, 96_000), Encoding(format=name, quality=0.2, bitrate_kbps=kbps)  # type: ignore[arg-type]
    delivered = deliver(
        clip, encoding, ceiling_dbtp=-1.0, dither_key="k", target_lufs=-3.0, measure="momentary_max"
    )
    found = delivery._decoded(delivered.content, encoding)
    assert delivered.is_limited
    assert delivered.loudness_lufs is not None
    assert delivered.loudness_lufs < -3.1
    assert -1.1 < peak_db(found.samples) < -0.9
    # Of an OGG that was turned in its header, the peak is reckoned: to the rounding of floats.
    assert delivered.true_peak_dbtp == pytest.approx(true_peak_dbtp(found), abs=1e-4 if name == "ogg" else 0)


@pytest.mark.parametrize("name", ["ogg", "mp3"])
def test_a_clip_with_room_above_its_overshoot_is_as_loud_as_asked(name: str) -> None:
    encoding = Encoding(format=name, quality=0.1, bitrate_kbps=64)  # type: ignore[arg-type]
    clip = crest(-4.0, 96_000)
    lufs, measure = measure_loudness(clip)
    delivered = deliver(clip, encoding, ceiling_dbtp=-1.0, dither_key="k", target_lufs=lufs, measure=measure)
    assert not delivered.is_limited
    assert lufs is not None
    assert measure_loudness(decode(delivered.content), measure)[0] == pytest.approx(lufs, abs=0.1)


@pytest.mark.parametrize("name", ["ogg", "mp3", "opus"])
def test_without_a_measure_nothing_is_made_louder(name: str) -> None:
    clip, encoding = hiss(-30.0), Encoding(format=name, quality=0.1, bitrate_kbps=64)  # type: ignore[arg-type]
    delivered = deliver(clip, encoding, ceiling_dbtp=-1.0, dither_key="k", target_lufs=-30.0, measure=None)
    assert delivered.content == encode(clip, encoding, dither_key="k")
    assert (delivered.gain_db, delivered.loudness_lufs, delivered.is_limited) == (0, None, False)


def whistle() -> Clip:
    """A tone at 15 kHz, of which MP3 of few bits leaves nothing, and a trace of one at 500 Hz."""
    t = np.arange(96_000) / 48_000
    return mono(0.1 * np.sin(2 * np.pi * 15_000 * t) + 0.001 * np.sin(2 * np.pi * 500 * t), 48_000)


def test_what_no_gain_brings_back_is_encoded_finer() -> None:
    lufs, measure = measure_loudness(whistle())
    asked = Encoding(format="mp3", bitrate_kbps=32)
    delivered = deliver(
        whistle(), asked, ceiling_dbtp=-1.0, dither_key="k", target_lufs=lufs, measure=measure
    )
    assert delivered.encoding.bitrate_kbps > 32
    assert measure_loudness(decode(delivered.content), measure)[0] == pytest.approx(lufs, abs=0.1)
    assert not delivered.is_limited


def test_what_nothing_brings_back_is_not_raised_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_finer", lambda encoding, channels: [encoding])
    lufs, measure = measure_loudness(whistle())
    asked = Encoding(format="mp3", bitrate_kbps=32)
    delivered = deliver(
        whistle(), asked, ceiling_dbtp=-1.0, dither_key="k", target_lufs=lufs, measure=measure
    )
    assert delivered.gain_db == delivery.MOST_RAISED_DB
    assert delivered.loudness_lufs is not None
    assert lufs is not None
    assert delivered.loudness_lufs < lufs - 1
    assert not delivered.is_limited, "it is not the ceiling that keeps it down"


def test_a_clip_shorter_than_the_gate_is_as_loud_as_asked_in_its_file() -> None:
    frames = 1440
    burst = np.random.default_rng(5).standard_normal(frames) * np.exp(-np.arange(frames) / 300)
    clip = mono(0.2 * burst, 48_000)
    lufs, measure = measure_loudness(clip)
    assert measure == "active"
    for name in ("ogg", "mp3", "opus"):
        delivered = deliver(
            clip,
            Encoding(format=name, quality=0.3, bitrate_kbps=64),
            ceiling_dbtp=-1.0,
            dither_key="k",
            target_lufs=lufs,
            measure=measure,
        )
        assert measure_loudness(decode(delivered.content), "active")[0] == pytest.approx(lufs, abs=0.1)


@given(
    slope=st.floats(0.6, 1.4),
    leaps=st.lists(st.floats(-0.3, 0.3), min_size=8, max_size=8),
    at=st.floats(-2, 2),
)
@settings(max_examples=50, deadline=None)
def test_a_gain_is_found_where_a_codec_leaps(slope: float, leaps: list[float], at: float) -> None:
    """What it is off by falls with the gain, but for leaps every 0.25 dB. A right gain is found, or only leaps over one."""

    def off_db(gain_db: float) -> float:
        return slope * (at - gain_db) + leaps[int(np.floor(gain_db / 0.25)) % 8]

    gain_db, tried = 0.0, dict[float, float]()
    for _ in range(delivery.MOST_ROUNDS):
        tried[gain_db] = off_db(gain_db)
        if abs(tried[gain_db]) <= 0.05:
            return
        gain_db = delivery._next_gain_db(gain_db, tried)
        assert all(abs(gain_db - other) > 0.01 for other in tried), "none is tried twice"
    low = max((gain for gain in tried if tried[gain] > 0), default=-9.0)
    assert min(abs(gain - low) for gain in tried if tried[gain] < 0) < 0.1, "the leap is closed in on"


def test_a_gain_is_found_where_peaks_differ_at_random() -> None:
    """AAC's and Opus' peaks, of noisy sounds and at low bitrates, are 0.3 dB higher or lower from one gain to the next."""

    def is_found(seed: int) -> bool:
        chance = np.random.default_rng(seed)
        gain_db, tried = 0.0, dict[float, float]()
        for _ in range(delivery.MOST_ROUNDS):
            tried[gain_db] = -0.5 - gain_db + 0.3 * chance.standard_normal()
            if -delivery.TOLERANCE_DB <= tried[gain_db] <= delivery.TOLERANCE_LU:
                return True
            gain_db = delivery._next_gain_db(gain_db, tried)
        return False

    assert sum(map(is_found, range(300))) >= 285


@pytest.fixture
def lossy(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Put a codec in place that changes the level, and nothing else."""

    def change(by_db: float) -> None:
        monkeypatch.setattr(codec, "encode", lambda clip, encoding, dither_key: codec.pack(clip))
        monkeypatch.setattr(
            delivery, "_decoded", lambda content, encoding: apply_gain(codec.unpack(content), by_db)
        )

    return change


@pytest.mark.parametrize(
    ("by_db", "ceiling_dbtp", "gain_db"),
    [
        (-0.06, 0.0, 0.0),
        (0.06, 0.0, 0.0),
        (-0.09, 0.0, 0.09),
        (0.09, 0.0, -0.09),
        (0.04, -12.0, 0.0),
        (0.06, -12.0, -0.06),
        (-0.3, -12.2, 0.1),
    ],
)
def test_what_is_near_enough_is_left_and_what_is_not_is_mended(
    lossy: Callable[[float], None], by_db: float, ceiling_dbtp: float, gain_db: float
) -> None:
    """A clip with a peak of -12 dBTP that is at its target."""
    lossy(by_db)
    clip = crest(-12.0)
    lufs, measure = measure_loudness(clip)
    delivered = deliver(
        clip,
        Encoding(format="mp3"),
        ceiling_dbtp=ceiling_dbtp,
        dither_key="k",
        target_lufs=lufs,
        measure=measure,
    )
    assert delivered.gain_db == pytest.approx(gain_db, abs=0.001)
    assert delivered.is_limited == (by_db == -0.3)


def test_a_clip_without_a_target_is_lowered_and_never_raised(lossy: Callable[[float], None]) -> None:
    for by_db, gain_db in ((-3.0, 0.0), (0.5, -0.5)):
        lossy(by_db)
        delivered = deliver(crest(-1.0), Encoding(format="mp3"), ceiling_dbtp=-1.0, dither_key="k")
        assert delivered.gain_db == pytest.approx(gain_db, abs=0.001)
        assert delivered.is_limited == (gain_db < 0)


def test_the_ceiling_of_a_loop_holds_over_its_seam() -> None:
    """A short wave whose top is between the loop's last frame and its first."""
    n = np.arange(-12_000, 12_000) + 0.5
    clip = mono(np.roll(0.8 * np.cos(0.6 * np.pi * n) * np.exp(-((n / 4) ** 2)), 12_000), 48_000)
    once, repeated = peak_dbtp(clip, loop=False), peak_dbtp(clip, loop=True)
    assert once is not None
    assert repeated is not None
    ceiling_dbtp = once - 0.05
    assert repeated > once + 0.3, "or there is nothing to test"
    encoding = Encoding(format="ogg", quality=1.0, loop=True)
    delivered = deliver(clip, encoding, ceiling_dbtp=ceiling_dbtp, dither_key="k")
    around = np.roll(decode(delivered.content).samples, 12_000, axis=0)
    assert peak_db(around) <= ceiling_dbtp + 0.1


def test_of_quiet_clips_in_16_bits_the_dither_is_measured_too() -> None:
    burst = np.zeros(16_000)
    burst[4000:4480] = np.sin(np.arange(480) * 0.3)
    for bit_depth, level, differs in ((16, 3e-3, True), (24, 3e-3, False), (16, 0.1, False)):
        clip = mono(level * burst, 48_000)
        lufs, measure = measure_loudness(clip)
        delivered = deliver(
            clip,
            Encoding(bit_depth=bit_depth),  # type: ignore[arg-type]
            ceiling_dbtp=None,
            dither_key="k",
            measure=measure,
            measured={"loudness_lufs": lufs},
        )
        assert (delivered.loudness_lufs is not None) == differs
        if differs:
            found = decode(delivered.content)
            assert delivered.loudness_lufs == measure_loudness(found, measure)[0]
            assert delivered.true_peak_dbtp == true_peak_dbtp(found)
