"""Recursive filters in blocks against scipy, which goes sample by sample."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal as dsp

from sfxgen.audio.filters import butterworth
from sfxgen.audio.recursion import BLOCK, Section, cascade, parallel


def noise(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.random.default_rng(5).standard_normal(shape)


@given(
    st.floats(5, 23000),
    st.sampled_from([1, 2]),
    st.booleans(),
    st.sampled_from([8000, 22050, 48000, 96000]),
)
def test_butterworth_sections_are_those_that_scipy_designs(
    cutoff_hz: float, order: Literal[1, 2], high: bool, sample_rate: int
) -> None:
    cutoff_hz = min(cutoff_hz, 0.48 * sample_rate)
    ours = butterworth(cutoff_hz, order, high=high, sample_rate=sample_rate)
    kind: Literal["highpass", "lowpass"] = "highpass" if high else "lowpass"
    theirs = dsp.butter(order, cutoff_hz, kind, fs=sample_rate, output="sos")
    assert np.array(ours) == pytest.approx(theirs[0], rel=1e-6, abs=1e-9)


@given(
    st.integers(1, 400),
    st.lists(st.tuples(st.floats(20, 20000), st.booleans()), min_size=1, max_size=4),
)
def test_a_cascade_is_what_scipy_filters(frames: int, cutoffs: list[tuple[float, bool]]) -> None:
    sections = tuple(butterworth(hz, 2, high=high, sample_rate=48000) for hz, high in cutoffs)
    x = noise(2, frames)
    assert cascade(x, sections) == pytest.approx(dsp.sosfilt(np.array(sections), x), rel=1e-7, abs=1e-9)


def test_sections_side_by_side_are_added() -> None:
    sections: tuple[Section, ...] = tuple(
        (1.0, -0.5, 0.1, 1.0, -2 * 0.99 * np.cos(angle), 0.99**2) for angle in (0.05, 0.4, 1.3)
    )
    x = noise(5 * BLOCK + 7)
    apart = [dsp.lfilter(section[:3], section[3:], x) for section in sections]
    assert parallel(x, sections) == pytest.approx(np.sum(apart, axis=0), abs=1e-9)


@pytest.mark.parametrize("frames", [1, BLOCK - 1, BLOCK, BLOCK + 1, 10 * BLOCK])
def test_the_length_is_kept_and_the_past_is_at_rest(frames: int) -> None:
    section = butterworth(500, 2, high=False, sample_rate=48000)
    impulse = np.zeros(frames)
    impulse[0] = 1
    heard = cascade(impulse, (section,))
    assert len(heard) == frames
    assert heard[0] == pytest.approx(section[0])


def test_what_rings_for_long_is_carried_over_many_blocks() -> None:
    radius = 1 - 1e-6
    section: Section = (1.0, 0.0, 0.0, 1.0, -2 * radius * np.cos(0.1), radius**2)
    x = np.zeros(200_000)
    x[0] = 1
    assert cascade(x, (section,)) == pytest.approx(dsp.lfilter(section[:3], section[3:], x), abs=1e-6)
