"""A gain on an Ogg Vorbis file: what two decoders that are not ours make of it."""

import io
import shutil
import subprocess

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from sfxgen.audio import ogg, vorbis_setup
from sfxgen.audio.clip import Clip
from sfxgen.audio.vorbis_setup import gains_db


def sound(rate: int, channels: int, seed: int = 1) -> Clip:
    """Noise and a tone, then half a second of silence."""
    frames = rate // 2
    x = 0.1 * np.random.default_rng(seed).standard_normal((2 * frames, channels))
    x += 0.2 * np.sin(np.arange(2 * frames) * 0.1)[:, None]
    x[frames:] = 0
    return Clip(x.astype(np.float32), rate)


def by_libvorbis(content: bytes) -> np.ndarray:
    return np.asarray(soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)[0])


def by_ffmpeg(content: bytes) -> np.ndarray:
    words = ["ffmpeg", "-v", "error", "-xerror", "-i", "-", "-f", "f32le", "-"]
    done = subprocess.run(words, input=content, capture_output=True, check=True)
    assert not done.stderr
    return np.frombuffer(done.stdout, "<f4")


@given(
    rate=st.sampled_from([8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000]),
    channels=st.integers(1, 3),
    quality=st.floats(0, 1),
    asked_db=st.floats(-24, 12),
    has_comments=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_all_that_is_decoded_is_scaled(
    rate: int, channels: int, quality: float, asked_db: float, has_comments: bool
) -> None:
    gain_db = gains_db(asked_db)[0]
    plain = ogg.encode_vorbis(sound(rate, channels), quality, {"TITLE": "x" * 5000} if has_comments else None)
    louder = ogg.with_gain(plain, gain_db)
    before, after = by_libvorbis(plain), by_libvorbis(louder)
    np.testing.assert_allclose(after, before * 10 ** (gain_db / 20), rtol=0, atol=2e-6 * np.abs(after).max())
    assert not after[-rate // 4 :].any(), "silence is silent"
    assert len(louder) == len(plain)
    assert ogg.with_gain(louder, -gain_db) == plain, "and it can be taken back"


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("quality", [0.0, 0.3, 0.6, 1.0])
def test_ffmpegs_own_decoder_agrees(channels: int, quality: float) -> None:
    plain = ogg.encode_vorbis(sound(48_000, channels), quality, None)
    gain_db = gains_db(-2.5)[1]
    before, after = by_ffmpeg(plain), by_ffmpeg(ogg.with_gain(plain, gain_db))
    np.testing.assert_allclose(after, before * 10 ** (gain_db / 20), rtol=0, atol=2e-6)


@given(asked_db=st.floats(-60, 60))
def test_the_gains_that_scale_exactly_are_close(asked_db: float) -> None:
    low_db, high_db = gains_db(asked_db)
    assert low_db <= asked_db + 1e-6
    assert asked_db <= high_db <= low_db + 0.068
    assert gains_db(low_db)[0] == low_db


def test_no_gain_is_one_of_them() -> None:
    assert gains_db(0.0)[0] == 0


def test_a_damaged_setup_header_is_an_error() -> None:
    setup = list(ogg._packets(ogg._pages(ogg.encode_vorbis(sound(22_050, 1), 0.3, None))))[2]
    assert vorbis_setup.scaled(setup, 1.0) == setup
    for damaged in (b"", setup[1:], setup[:8] + b"x" + setup[9:], setup[:500], setup[:20]):
        with pytest.raises(ValueError, match="setup header"):
            vorbis_setup.scaled(damaged, 0.5)
