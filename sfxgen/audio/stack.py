"""Several clips laid over one another into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip
from sfxgen.audio.filters import butterworth
from sfxgen.audio.levels import db_to_amplitude
from sfxgen.audio.loop import make_loop, stretched
from sfxgen.audio.recursion import Section, around, cascade
from sfxgen.audio.resample import to_channels
from sfxgen.errors import AudioError

LONGEST_S = 600.0

SETTLING_S = 0.5
"""How much of a loop its filters run over before its start, until they have settled."""


class Laid(Protocol):
    """How one clip is laid into the stack; see `sfxgen.layers.Mix`."""

    @property
    def gain_db(self) -> float: ...  # noqa: D102
    @property
    def delay_s(self) -> float: ...  # noqa: D102
    @property
    def speed(self) -> float: ...  # noqa: D102
    @property
    def lowpass_hz(self) -> float | None: ...  # noqa: D102
    @property
    def highpass_hz(self) -> float | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Layer:
    """One clip, how it is laid, and whether it is a loop that joins itself already."""

    clip: Clip
    mix: Laid
    joined: bool = False


def stack(layers: Sequence[Layer], *, loop_s: float | None, crossfade_ms: float) -> Clip:
    """Return the sum of the layers, at the highest of their rates and the most of their channels.

    With `loop_s` every layer is made a loop of that length first, unless it is one, and so is the stack. Otherwise
    the stack is as long as its last layer. Above full scale it is turned down to it.
    Raises AudioError where a layer is too short for a loop, or the stack is longer than ten minutes.
    """
    rate = max(layer.clip.sample_rate for layer in layers)
    channels = 2 if any(layer.clip.channels == 2 for layer in layers) else 1
    longest_s = max(layer.clip.duration_s / layer.mix.speed + layer.mix.delay_s for layer in layers)
    if loop_s is None and longest_s > LONGEST_S:
        raise AudioError(f"the layers last {longest_s:.0f} s", hint=f"{LONGEST_S:g} s at most")
    # Summed one by one: sixteen layers of ten minutes would not fit side by side.
    total = np.zeros((channels, 0 if loop_s is None else round(loop_s * rate)))
    for layer in layers:
        mix, wide = layer.mix, to_channels(layer.clip, 2 if channels == 2 else None)
        if loop_s is None:
            samples = _played(wide, mix.speed, rate)
        else:
            own = wide if layer.joined else make_loop(wide, loop_s * mix.speed, crossfade_ms)
            samples = stretched(own.samples, total.shape[-1])
        one = _filtered(samples.T.astype(np.float64), mix, rate, loop=loop_s is not None)
        one, start = one * db_to_amplitude(mix.gain_db), round(mix.delay_s * rate)
        if loop_s is not None:
            total += np.roll(one, start, axis=-1)
            continue
        stop = start + one.shape[-1]
        total = np.pad(total, ((0, 0), (0, max(0, stop - total.shape[-1]))))
        total[:, start:stop] += one
    peak = float(np.max(np.abs(total), initial=0.0))
    return Clip(np.ascontiguousarray((total / max(peak, 1.0)).T, dtype=np.float32), rate)


def _played(clip: Clip, speed: float, rate: int) -> NDArray[np.float32]:
    """Return a clip's samples at a rate, played at a speed: one conversion does both."""
    if speed == 1.0 and clip.sample_rate == rate:
        return clip.samples
    converted = soxr.resample(clip.samples, clip.sample_rate * speed, rate, quality="HQ")
    return np.asarray(converted, np.float32)


def _filtered(x: NDArray[np.float64], mix: Laid, rate: int, *, loop: bool) -> NDArray[np.float64]:
    sections: list[Section] = []
    if mix.highpass_hz is not None:
        sections.append(butterworth(mix.highpass_hz, 2, high=True, sample_rate=rate))
    if mix.lowpass_hz is not None:
        sections.append(butterworth(mix.lowpass_hz, 2, high=False, sample_rate=rate))
    if not sections:
        return x
    return around(x, tuple(sections), round(SETTLING_S * rate)) if loop else cascade(x, tuple(sections))
