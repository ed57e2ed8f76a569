"""Noise-bed reduction: the bed goes down by what was asked, the sound stays."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sfxgen.audio.denoise import denoised

RATE = 48_000
ONSET = round(0.8 * RATE)
QUIET = slice(round(0.1 * RATE), round(0.6 * RATE))
LOUD = slice(ONSET, ONSET + RATE // 10)
Signal = NDArray[np.float64]


def event(frames: int = 2 * RATE) -> Signal:
    t = np.arange(frames - ONSET) / RATE
    rng = np.random.default_rng(5)
    out = np.zeros(frames)
    out[ONSET:] = 0.5 * np.exp(-t * 12) * np.sin(2 * np.pi * 600 * t)
    out[ONSET:] += 0.3 * np.exp(-t * 120) * rng.standard_normal(len(t))
    return out[None]


def bed(level_db: float, kind: str = "white", channels: int = 1) -> Signal:
    white = np.random.default_rng(6).standard_normal((channels, 2 * RATE))
    if kind == "hum":
        t = np.arange(2 * RATE) / RATE
        white = 0.3 * white + np.sin(2 * np.pi * 100 * t) + 0.5 * np.sin(2 * np.pi * 300 * t)
    if kind == "pink":
        shape = 1 / np.sqrt(np.maximum(np.fft.rfftfreq(2 * RATE, 1 / RATE), 20))
        white = np.fft.irfft(np.fft.rfft(white) * shape)
    level: Signal = white / np.sqrt(np.mean(white**2)) * 10 ** (level_db / 20)
    return level


def level_db(x: Signal) -> float:
    return float(10 * np.log10(np.mean(x**2)))


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("kind", ["white", "pink", "hum"])
@pytest.mark.parametrize("bed_db", [-60.0, -40.0])
@pytest.mark.parametrize("denoise_db", [6.0, 20.0])
def test_the_bed_goes_down_and_the_sound_stays(
    loop: bool, kind: str, bed_db: float, denoise_db: float
) -> None:
    noisy = event() + bed(bed_db, kind)
    out = denoised(noisy, denoise_db, RATE, loop=loop)
    assert level_db(out[:, QUIET]) - level_db(noisy[:, QUIET]) == pytest.approx(-denoise_db, abs=1)
    assert level_db(out[:, LOUD]) == pytest.approx(level_db(noisy[:, LOUD]), abs=0.5)
    attack = slice(ONSET, ONSET + 240)
    assert np.abs(out[:, attack]).max() == pytest.approx(np.abs(noisy[:, attack]).max(), rel=0.05)


def test_what_is_left_of_the_bed_does_not_warble() -> None:
    """Musical noise is bins that come and go: levels over time and frequency would scatter more than the bed's own."""
    noisy = event() + bed(-40.0)
    out = denoised(noisy, 20.0, RATE)

    def scatter_db(x: Signal) -> float:
        frames = x[0, QUIET][: 23 * 1024].reshape(-1, 1024) * np.hanning(1024)
        power = np.abs(np.fft.rfft(frames))[:, 8:-8] ** 2
        return float(np.std(10 * np.log10(power)))

    assert scatter_db(out) == pytest.approx(scatter_db(noisy), abs=0.3)


def test_nothing_sounds_before_an_attack() -> None:
    noisy = event() + bed(-60.0)
    out = denoised(noisy, 20.0, RATE)
    before = slice(ONSET - round(0.03 * RATE), ONSET)
    assert np.abs(out[:, before]).max() <= 1.05 * np.abs(noisy[:, before]).max()


@pytest.mark.parametrize("kind", ["white", "hum"])
def test_a_sound_that_is_as_loud_throughout_is_no_bed(kind: str) -> None:
    steady = bed(-20.0, kind)
    assert denoised(steady, 20.0, RATE) is steady
    assert denoised(steady, 20.0, RATE, loop=True) is steady


def test_a_sound_without_a_bed_stays() -> None:
    clean = event()
    out = denoised(clean, 20.0, RATE)
    assert level_db(out - clean) < level_db(clean) - 40


def test_channels_are_turned_down_together() -> None:
    noisy = event() + bed(-50.0)
    out = denoised(np.concatenate([noisy, -0.5 * noisy]), 12.0, RATE)
    assert out[1] == pytest.approx(-0.5 * out[0], abs=1e-9)


@pytest.mark.parametrize("turn", [1, 30_000])
def test_a_loop_turned_around_is_reduced_alike(turn: int) -> None:
    noisy = event() + bed(-50.0)
    straight = denoised(noisy, 12.0, RATE, loop=True)
    turned = np.roll(denoised(np.roll(noisy, turn), 12.0, RATE, loop=True), -turn)
    assert level_db(turned - straight) < level_db(straight) - 40
    assert np.abs(np.diff(np.roll(straight, RATE // 2))).max() <= np.abs(np.diff(noisy)).max()


@pytest.mark.parametrize("frames", [1, 2, 3, 100, 1000])
@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("scale", [0.0, 1e-30, 1.0, 100.0])
def test_short_faint_and_silent_clips(frames: int, loop: bool, scale: float) -> None:
    x = np.random.default_rng(0).standard_normal((2, frames)) * scale
    x[:, : frames // 2] *= 0.01
    out = denoised(x, 12.0, 8000, loop=loop)
    assert out.shape == x.shape
    assert np.all(np.isfinite(out))
    assert np.all(np.abs(out) <= 2 * np.abs(x).max())
