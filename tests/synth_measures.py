"""Rendering for tests, and what is measured on it: descriptors of sound that we did not build the sounds with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal as dsp

from sfxgen.models.synth import adapter
from sfxgen.models.synth.parameters import SAMPLE_RATE, Value
from sfxgen.models.synth.presets import PRESETS
from sfxgen.models.synth.session import rendered
from sfxgen.recipe import Kind, Recipe

Audio = NDArray[np.float32]
INFO = adapter.models[0]
SHORT_S = 1.5


def recipe(
    preset: str,
    params: dict[str, Value] | None = None,
    *,
    take: int = 1,
    kind: Kind = "one_shot",
    duration_s: float | None = None,
    variation: float = 0.5,
) -> Recipe:
    """A recipe as a manifest would make it; textures are short where nothing else is said."""
    keys = {"preset": preset, "params": params or {}, "variation": variation}
    if duration_s is None and PRESETS[preset].sustained:
        duration_s = SHORT_S
    if duration_s is not None:
        keys["duration_s"] = duration_s
    return Recipe(
        model="synth",
        revision=f"synth-{adapter.version}",
        adapter_version=adapter.version,
        base_seed=11,
        take=take,
        duration_s=duration_s,
        params=adapter.params(INFO, keys, kind=kind),
    )


def sound(preset: str, *, take: int = 1, variation: float = 0.5, **params: Value) -> Audio:
    """A take of a preset, of shape (frames, channels)."""
    return rendered(recipe(preset, params, take=take, variation=variation))


def steady(preset: str, *, take: int = 1, seconds: float = 2.0, **params: Value) -> Audio:
    """One side of a texture as a loop, for measuring."""
    made = recipe(preset, params, take=take, kind="loop", duration_s=seconds, variation=0.0)
    return rendered(made)[:, 0]


def _mono(samples: Audio) -> NDArray[np.float64]:
    return (samples.mean(axis=1) if samples.ndim == 2 else samples).astype(np.float64)


def centroid_hz(samples: Audio) -> float:
    """The mean frequency, by power."""
    mono = _mono(samples)
    frequencies, power = dsp.welch(mono, SAMPLE_RATE, nperseg=min(4096, len(mono)))
    return float(np.sum(frequencies * power) / np.sum(power))


def band_share(samples: Audio, low_hz: float, high_hz: float) -> float:
    """Which part of the power lies between two frequencies."""
    mono = _mono(samples)
    frequencies, power = dsp.welch(mono, SAMPLE_RATE, nperseg=min(4096, len(mono)))
    inside = (frequencies >= low_hz) & (frequencies < high_hz)
    return float(np.sum(power[inside]) / np.sum(power))


def similarity(one: Audio, other: Audio) -> float:
    """The largest normalised cross-correlation at any lag."""
    a, b = _mono(one), _mono(other)
    size = float(np.sqrt(np.sum(a**2) * np.sum(b**2)))
    return float(np.max(np.abs(dsp.correlate(a, b, method="fft")))) / size


def loudest_db(samples: Audio, start_s: float, stop_s: float) -> float:
    """The sample peak of a part, in dBFS."""
    part = samples[int(start_s * SAMPLE_RATE) : int(stop_s * SAMPLE_RATE)]
    return 20 * float(np.log10(np.max(np.abs(part), initial=0.0) + 1e-9))


def ring_s(samples: Audio) -> float:
    """From the loudest sample to the last one above -40 dB of it."""
    magnitude = np.abs(_mono(samples))
    last = np.flatnonzero(magnitude > 0.01 * magnitude.max())[-1]
    return float(last - np.argmax(magnitude)) / SAMPLE_RATE


def flux_onsets(samples: Audio) -> int:
    """How often the energy above 1 kHz jumps within 2 ms."""
    high = dsp.sosfilt(dsp.butter(2, 1000, "highpass", fs=SAMPLE_RATE, output="sos"), _mono(samples))
    hop = 96
    frames = high[: len(high) // hop * hop].reshape(-1, hop)
    energy = np.log(np.mean(frames**2, axis=1) + 1e-7)
    return int(np.sum(np.diff(energy) > 1.0))


def pitch_hz(samples: Audio, start_s: float, length_s: float) -> float:
    """The strongest partial of a part."""
    part = _mono(samples)[int(start_s * SAMPLE_RATE) : int((start_s + length_s) * SAMPLE_RATE)]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 17))
    return float(np.argmax(spectrum)) * SAMPLE_RATE / (1 << 17)
