import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip, mono
from sfxgen.audio.quality import reject_reason, require_usable, unplayable_reason
from sfxgen.errors import TakeRejected

RATE = 16000


def tone(frequency: float = 440, amplitude: float = 0.5) -> NDArray[np.float64]:
    samples: NDArray[np.float64] = amplitude * np.sin(2 * np.pi * frequency * np.arange(RATE) / RATE)
    return samples


def with_nan() -> NDArray[np.float64]:
    samples = tone()
    samples[100] = np.nan
    return samples


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        pytest.param(np.zeros(0), "empty", id="empty"),
        pytest.param(with_nan(), "1 samples that are not numbers", id="nan"),
        pytest.param(np.full(RATE, np.inf), "not numbers", id="infinite"),
        pytest.param(np.zeros(RATE), "silent", id="digital silence"),
        pytest.param(tone(amplitude=1e-4), "silent", id="inaudible"),
        pytest.param(np.full(RATE, 0.5), "silent", id="nothing but dc"),
        pytest.param(np.clip(tone(amplitude=1.5), -1, 1), "clipped", id="clipped"),
        pytest.param(np.clip(tone(amplitude=1.5), -1, 32767 / 32768), "clipped", id="clipped as 16 bit"),
        pytest.param(tone() * 20000, "times full scale", id="integers"),
    ],
)
def test_an_unusable_take_is_rejected_in_words(samples: NDArray[np.float64], words: str) -> None:
    clip = mono(samples, RATE)
    reason = reject_reason(clip)
    assert reason is not None
    assert words in reason
    with pytest.raises(TakeRejected, match=words) as caught:
        require_usable(clip)
    assert caught.value.hint


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(tone(), id="tone"),
        pytest.param(tone(20, amplitude=1.0), id="low tone at full scale"),
        pytest.param(tone(amplitude=1.5), id="above full scale but not clipped"),
        pytest.param(tone(amplitude=1e-3), id="quiet"),
        pytest.param(0.5 * np.sign(tone(100)), id="square wave below full scale"),
        pytest.param(tone() + 0.2, id="dc under a tone"),
        pytest.param(np.eye(1, RATE)[0], id="one click"),
    ],
)
def test_a_usable_take_passes(samples: NDArray[np.float64]) -> None:
    assert reject_reason(mono(samples, RATE)) is None
    require_usable(mono(samples, RATE))


def test_clipping_in_one_channel_is_enough() -> None:
    both = np.stack([tone(), np.clip(tone(amplitude=2), -1, 1)], axis=1).astype(np.float32)
    assert "clipped" in (reject_reason(Clip(both, RATE)) or "")


@given(frames=st.integers(1, 50), value=st.floats(width=32))
@settings(deadline=None)
def test_the_gate_never_crashes(frames: int, value: float) -> None:
    samples = np.zeros((frames, 1), dtype=np.float32)
    samples[0] = value
    reason = reject_reason(Clip(samples, RATE))
    assert reason is None or reason.startswith("the take")


def test_a_mastered_clip_is_long_enough_and_not_silent() -> None:
    assert "9.9 ms" in (unplayable_reason(mono(np.ones(158), RATE)) or "")
    assert unplayable_reason(mono(np.ones(160), RATE)) is None
    assert "nothing is left" in (unplayable_reason(mono(np.zeros(RATE), RATE)) or "")
    assert "nothing is left" in (unplayable_reason(mono(np.zeros(0), RATE)) or "")
