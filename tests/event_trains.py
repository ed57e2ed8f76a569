"""Takes of many events at known times: walks, hammering, shots, from our own plain synthesis and from the presets."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import soxr
from numpy.typing import NDArray
from synth_measures import sound

from sfxgen.audio.clip import Clip

Signal = NDArray[np.float64]

PLAIN = ("click", "knock", "drip", "hammer", "shot", "step")
PRESETS = ("footstep", "knock", "water_drop", "gunshot", "clap", "punch", "sword_clash", "shield_block")
BEDS = ("white", "pink", "hum", "am")


class Train(NamedTuple):
    """A take and where its events begin, in seconds."""

    clip: Clip
    onsets_s: tuple[float, ...]


def train(
    kind: str,
    *,
    rate: int = 48000,
    seed: int = 0,
    count: int = 8,
    gap_s: tuple[float, float] = (0.4, 0.6),
    spread_db: float = 3.0,
    bed: str = "white",
    bed_db: float = -50.0,
    channels: int = 1,
) -> Train:
    """Place `count` events, each of its own seed, `gap_s` apart, on a bed of RMS `bed_db` re their highest peak.

    `spread_db` is how far an event's level may lie above or below the middle. The first has 0.3 s before it.
    """
    rng = np.random.default_rng(seed)
    onsets_s = 0.3 + np.concatenate([[0.0], np.cumsum(rng.uniform(*gap_s, count - 1))])
    starts = np.round(onsets_s * rate).astype(int)
    samples = np.zeros(starts[-1] + round(max(1.0, gap_s[1]) * rate))
    for index, start in enumerate(starts):
        made, before = event(kind, rate, seed * 100 + index)
        made = made[: samples.size - start + before] * 10 ** (rng.uniform(-spread_db, spread_db) / 20)
        samples[start - before : start - before + made.size] += made
    samples *= 0.7 / np.abs(samples).max()
    samples += noise_bed(bed, samples.size, rate, rng) * 0.7 * 10 ** (bed_db / 20)
    columns = np.repeat(samples[:, np.newaxis], channels, axis=1)
    return Train(Clip(columns.astype(np.float32), rate), tuple(float(s) for s in starts / rate))


def noise_bed(kind: str, frames: int, rate: int, rng: np.random.Generator) -> Signal:
    """Return a bed of RMS 1."""
    time_s = np.arange(frames) / rate
    if kind == "hum":
        made = sum(np.sin(2 * np.pi * 50 * k * time_s + k * k) / k for k in (1, 2, 3, 5, 7))
        made = made + 0.05 * rng.standard_normal(frames)
    else:
        made = rng.standard_normal(frames)
        if kind == "pink":
            spectrum = np.fft.rfft(made)
            spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(frames, 1 / rate), 20.0))
            made = np.fft.irfft(spectrum, frames)
        if kind == "am":
            made = made * (1 + 0.7 * np.sin(2 * np.pi * rng.uniform(0.5, 5) * time_s))
    return np.asarray(made / np.sqrt(np.mean(made**2)))


def event(kind: str, rate: int, seed: int) -> tuple[Signal, int]:
    """Return one event and the frame of its onset; `kind` is one of PLAIN, or "preset:" and a preset's name."""
    if kind.startswith("preset:"):
        return preset_event(kind.removeprefix("preset:"), rate, seed % 4)
    return _PLAIN[kind](rate, np.random.default_rng(seed)), 0


@lru_cache(maxsize=256)
def preset_event(preset: str, rate: int, take: int) -> tuple[Signal, int]:
    """Return a take of a preset, and where it first rises to 20 dB below its loudest millisecond."""
    made = soxr.resample(sound(preset, take=take + 1).astype(np.float64).mean(axis=1), 48000, rate)
    step = rate // 1000
    power = np.square(made[: made.size // step * step]).reshape(-1, step).mean(axis=1)
    first = int((power >= 1e-4 * power.max()).argmax())
    onset = int((power >= 1e-2 * power.max()).argmax())
    return np.asarray(made[first * step :]), (onset - first) * step


def _decay(rate: int, tau_s: float, duration_s: float) -> Signal:
    return np.exp(-np.arange(round(duration_s * rate)) / (tau_s * rate))


def _noise(rate: int, rng: np.random.Generator, tau_s: float, top_hz: float) -> Signal:
    """Decaying noise, low-passed by one pole's response."""
    envelope = _decay(rate, tau_s, 6 * tau_s)
    white = rng.standard_normal(envelope.size)
    size = 2 * envelope.size
    response = 1 / (1 + 1j * np.fft.rfftfreq(size, 1 / rate) / top_hz)
    made = np.fft.irfft(np.fft.rfft(white, size) * response, size)[: envelope.size] * envelope
    return np.asarray(made / np.abs(made).max())


def _modes(rate: int, rng: np.random.Generator, low_hz: float, count: int, tau_s: float) -> Signal:
    made = np.zeros(round(6 * tau_s * rate))
    time_s = np.arange(made.size) / rate
    for mode in range(count):
        frequency_hz = low_hz * (1 + mode * rng.uniform(0.7, 1.6))
        if frequency_hz < 0.45 * rate:
            made += (
                np.sin(2 * np.pi * frequency_hz * time_s)
                * np.exp(-time_s * (1 + mode) ** 0.7 / tau_s)
                / (1 + mode)
            )
    return np.asarray(made / np.abs(made).max())


def _click(rate: int, rng: np.random.Generator) -> Signal:
    return _noise(rate, rng, rng.uniform(0.001, 0.004), 8000)


def _knock(rate: int, rng: np.random.Generator) -> Signal:
    return _modes(rate, rng, rng.uniform(180, 260), 5, rng.uniform(0.02, 0.05))


def _drip(rate: int, rng: np.random.Generator) -> Signal:
    time_s = np.arange(round(0.15 * rate)) / rate
    start_hz, rise_hz = rng.uniform(700, 1500), rng.uniform(2000, 8000)
    phase = 2 * np.pi * (start_hz * time_s + rise_hz * time_s**2 / 2)
    return np.asarray(np.sin(phase) * np.exp(-time_s / 0.02) * np.minimum(1, time_s / 0.003))


def _hammer(rate: int, rng: np.random.Generator) -> Signal:
    ring = _modes(rate, rng, rng.uniform(900, 1300), 7, rng.uniform(0.1, 0.3))
    blow = _noise(rate, rng, 0.005, 6000)
    ring[: blow.size] += blow
    return ring


def _shot(rate: int, rng: np.random.Generator) -> Signal:
    blast = _noise(rate, rng, rng.uniform(0.02, 0.04), 5000)
    tail = _noise(rate, rng, rng.uniform(0.15, 0.3), 1200) * 0.2
    tail[: blast.size] += blast[: tail.size]
    return tail


def _step(rate: int, rng: np.random.Generator) -> Signal:
    """Heel and toe, 50 to 120 ms apart: one event."""
    heel = _noise(rate, rng, rng.uniform(0.01, 0.02), 900)
    toe = _noise(rate, rng, rng.uniform(0.02, 0.04), 3000) * rng.uniform(0.3, 1.2)
    made = np.zeros(round(0.4 * rate))
    made[: heel.size] += heel
    start = round(rng.uniform(0.05, 0.12) * rate)
    made[start : start + toe.size] += toe[: made.size - start]
    return made


_PLAIN = {"click": _click, "knock": _knock, "drip": _drip, "hammer": _hammer, "shot": _shot, "step": _step}
