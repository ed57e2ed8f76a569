"""Drums: membranes as modes (their ratios are zeros of Bessel functions), whose pitch falls after a hard stroke.

A bent skin is tighter, so that the pitch starts high and falls as the stroke dies (tension modulation, after
Avanzini and Marogna, 2010). Snares are noise that lasts as long as the skin shakes them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import modal, noise
from sfxgen.models.synth.envelopes import decay, ramp_out
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal, level, mix, samples_of

TIMPANI = (1.0, 1.504, 1.742, 2.0, 2.245, 2.494, 2.8, 2.979, 3.46)
"""Modes of a kettle drum: the air in and above it makes its main ones nearly harmonic (Rossing, 1982)."""


@dataclass(frozen=True, slots=True)
class Drum:
    """A kind of drum: its modes, the first of a small and of a big one, and how its sound is made up.

    `decay` and `dying` are the first mode's share of the decay time and how fast higher modes die beside it;
    `bend` is how far, as a ratio, the hardest stroke raises the pitch; `softest_ms` the softest beater's contact;
    `click`, `wires` and `thump` how much of the stick, the snares and the moved air is heard.
    """

    ratios: tuple[float, ...]
    range_hz: tuple[float, float]
    decay: float
    dying: float
    bend: float
    softest_ms: float
    click: float
    wires: float
    thump: float


DRUMS = {
    "tom": Drum(modal.MEMBRANE, (230, 68), 0.9, 0.7, 0.35, 7, 0.25, 0.0, 0.25),
    "kick": Drum(modal.MEMBRANE[:6], (85, 38), 0.6, 1.5, 1.3, 9, 0.35, 0.0, 0.5),
    "snare": Drum(modal.MEMBRANE, (290, 140), 0.35, 0.8, 0.2, 3.5, 0.4, 0.8, 0.15),
    "timpani": Drum(TIMPANI, (190, 62), 2.2, 0.45, 0.04, 9, 0.12, 0.0, 0.3),
    "taiko": Drum(modal.MEMBRANE, (120, 42), 1.2, 0.9, 0.3, 8, 0.3, 0.0, 0.7),
}
"""The drums by name."""


def stroke(
    rng: Generator,
    name: str,
    *,
    size: float,
    hardness: float = 0.5,
    t60_s: float = 0.8,
    strength: float = 0.5,
    rattle: float = 0.0,
) -> Signal:
    """Return one stroke at a peak of 1; `size` makes it lower, `hardness` brighter, `strength` bends the pitch."""
    drum = DRUMS[name]
    lowest_hz = modal.scaled(drum.range_hz, size)
    skin = level(_bent(_skin(rng, drum, lowest_hz, hardness, t60_s), drum.bend * strength, lowest_hz))
    wires = min(1.0, drum.wires + rattle**1.5)
    return level(
        mix(
            (1.0, skin),
            (drum.thump, _thump(rng, lowest_hz)),
            (drum.click * (0.25 + hardness), beater(rng, hardness)),
            (0.55 * wires, _wires(rng, t60_s, hardness) if wires > 0 else np.zeros(1)),
        )
    )


def _skin(rng: Generator, drum: Drum, lowest_hz: float, hardness: float, t60_s: float) -> Signal:
    ratios = np.array(drum.ratios)
    frequencies = lowest_hz * ratios * (1 + 0.012 * rng.uniform(-1, 1, len(ratios)))
    t60s = drum.decay * t60_s / (1 + drum.dying * (ratios - 1) * (1.5 - 0.6 * hardness))
    # Where it is struck decides how strong each mode is, but for the first of all.
    gains = rng.uniform(0.3, 1.0, len(ratios)) * ratios ** (-1.3 + 1.1 * hardness)
    gains[0] = 1.0
    phases = np.exp(1j * np.pi * rng.uniform(-0.5, 0.5, len(ratios)))
    force = modal.blow(0.9 * hardness, drum.softest_ms)
    return modal.ring(modal.Modes(frequencies, t60s, gains * phases), force)


def _bent(skin: Signal, bend: float, lowest_hz: float) -> Signal:
    """Return the sound with its pitch raised by a ratio at the start: time runs faster, by interpolation."""
    if bend < 0.005:
        return skin
    falling = (0.018 + 2.2 / lowest_hz) * SAMPLE_RATE
    settled = min(len(skin), int(7 * falling))
    frames = np.arange(settled)
    moving = np.interp(frames + bend * falling * (1 - np.exp(-frames / falling)), np.arange(len(skin)), skin)
    return np.concatenate([moving, skin[settled + round(bend * falling) :]])


def _thump(rng: Generator, lowest_hz: float) -> Signal:
    """Return the push of air: a short low noise."""
    frames = samples_of(0.12)
    return level(
        noise.band(rng, frames, 0.7 * lowest_hz, 3.2 * lowest_hz) * decay(frames, 0.1) * ramp_out(frames, 0.3)
    )


def beater(rng: Generator, hardness: float) -> Signal:
    """Return a beater's own noise: dull for felt, a crack for wood."""
    frames = samples_of(0.03)
    burst = noise.band(rng, frames, 250 + 900 * hardness, 900 * 14**hardness)
    return level(burst * decay(frames, 0.028 - 0.014 * hardness) * ramp_out(frames, 0.3))


def _wires(rng: Generator, t60_s: float, hardness: float) -> Signal:
    """Return the snares' buzz: noise whose high end dies first."""
    length_s = min(0.9, 0.1 + 0.35 * t60_s)
    frames = samples_of(length_s)

    def spectrum(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
        centre = 3200 + 3200 * hardness - 1500 * np.minimum(1, times / length_s)
        return noise.bump(frequencies, centre, 0.95) + 0.3 * noise.bump(frequencies, 900.0, 0.8)

    buzz = noise.painted(rng, frames, spectrum, 512)
    return level(buzz * decay(frames, 0.9 * length_s) * ramp_out(frames, 0.3))
