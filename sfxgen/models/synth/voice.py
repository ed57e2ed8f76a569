"""Throats: a glottal source, and a vocal tract whose vowels glide.

The source is a row of glottal pulses after the model of Fant, Liljencrants and Lin (1985); what makes a creature's
voice rough is one pulse differing from the next: jitter, shimmer and period doubling (Titze, 1994; Fitch, Neubauer
and Herzel, 2002, of animal voices). The tract is a cascade of resonances (Klatt, 1980) at the formants of vowels as
Peterson and Barney (1952) measured them, moved together for a longer or shorter throat.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sfxgen.models.synth import oscillators, wavetable
from sfxgen.models.synth.envelopes import wander
from sfxgen.models.synth.filters import highpass
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal

VOWELS = {
    "ee": (270, 2290, 3010),
    "ih": (390, 1990, 2550),
    "eh": (530, 1840, 2480),
    "ae": (660, 1720, 2410),
    "ah": (730, 1090, 2440),
    "aw": (570, 840, 2410),
    "oh": (440, 1020, 2240),
    "oo": (300, 870, 2240),
    "uh": (640, 1190, 2390),
    "er": (490, 1350, 1690),
    "mm": (250, 1000, 2200),
}
"""The first three formants in Hz of a man's vowels (Peterson and Barney, 1952), and of a closed mouth."""

UPPER = (3400.0, 4400.0)
"""The formants above them, which hardly move."""

WINDOW = 1024
"""Frames of the tract's transforms: 21 ms, as long as a formant rings."""

Track = Sequence[tuple[float, str]]
"""Vowels in time: from 0 at the start of the sound to 1 at its end."""


def throat(size: float) -> float:
    """Return how much higher than a man's a creature's formants are: 2.1 times for the smallest, 0.47 for the biggest."""
    return float(2 ** (1.1 - 2.2 * size))


def glottal_pulse(pressed: float, steps: int = 2048) -> Signal:
    """Return one cycle of the flow's derivative: a growing sine while the glottis opens, then a sudden, soft return.

    A pressed voice (1) closes early and abruptly and is bright; a breathy one (0) late and gently.
    """
    position = np.arange(steps) / steps
    closing = 0.85 - 0.35 * pressed
    opening = closing / (1.25 + 0.2 * pressed)
    back = 0.08 * (0.01 / 0.08) ** pressed
    rising = np.exp(3.0 * position / closing) * np.sin(np.pi * position / opening)
    at_closure = math.exp(3.0) * math.sin(math.pi * closing / opening)
    span = 1 - closing
    returned = at_closure * (np.exp(-(position - closing) / back) - math.exp(-span / back))
    returned /= 1 - math.exp(-span / back)
    flow = np.where(position < closing, rising, returned)
    balanced: Signal = flow - np.mean(flow)
    return balanced


def source(
    rng: Generator,
    pitch: Signal,
    *,
    roughness: float,
    air: float = 0.1,
    pressed: float = 0.5,
    doubling: float | None = None,
) -> Signal:
    """Return a voice before the tract: glottal pulses at a pitch in Hz, and breath that the glottis chops.

    `doubling` is how much weaker every second pulse is: the octave below of a growl. It follows the roughness where
    nothing is said.
    """
    frames = len(pitch)
    middle_hz = float(np.mean(pitch))
    shaken = wander(rng, frames, min(middle_hz / 2.3, 400.0))
    drift = wander(rng, frames, 6.0)
    cycles = oscillators.phase(
        pitch * (1 + (0.006 + 0.17 * roughness**1.5) * shaken + (0.008 + 0.03 * roughness) * drift),
        frames,
        rng.uniform(),
    )
    # The louder a voice, the flatter its spectrum.
    lift = 1.2 * max(0.0, pressed - 0.4)
    table = wavetable.shaped(glottal_pulse(pressed), 1.25 * float(np.max(pitch)), lift)
    count = int(cycles[-1]) + 2
    doubled = (0.75 * roughness if doubling is None else doubling) * (np.arange(count) % 2)
    gains = (1 - doubled) * np.maximum(0.1, 1 + (0.03 + 0.38 * roughness) * rng.standard_normal(count))
    which = cycles.astype(np.int64)
    voiced = wavetable.read(table, cycles) * gains[which]
    if air <= 0:
        return voiced
    chopped = 0.45 + 0.55 * np.sin(np.pi * (cycles - which)) ** 2 * gains[which]
    breath = highpass(rng.standard_normal(frames), 400, 1) * chopped
    return voiced + 0.35 * air * breath


def tract(x: Signal, track: Track, scale: float, *, bite: float = 0.02, width: float = 1.0) -> Signal:
    """Return a source through a vocal tract whose vowels glide from one to the next.

    `scale` moves all formants, `width` their bandwidths, and `bite` is how much of the source passes by the tract.
    It is a short-time Fourier filter like `noise.repainted`, but with complex gains: a resonance rings after what
    strikes it, and not before.
    """
    hop = WINDOW // 2
    blocks = len(x) // hop + 2
    padded = np.zeros((blocks + 1) * hop, np.float32)
    padded[hop : hop + len(x)] = x
    shape = np.sin(np.pi * (np.arange(WINDOW, dtype=np.float32) + 0.5) / WINDOW)
    cut = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::hop]
    gains = _passing(track, np.arange(blocks, dtype=np.float64) * (hop / len(x)), scale, width)
    # What passes by is the high end: the edge that a small loudspeaker still gives.
    hz = np.arange(WINDOW // 2 + 1) * (SAMPLE_RATE / WINDOW)
    gains += (4 * bite * hz / (hz + 3000)).astype(np.float32)
    rebuilt = np.fft.irfft(np.fft.rfft(cut * shape, axis=1) * gains, WINDOW, axis=1) * shape
    padded[:-hop] = rebuilt[:, :hop].ravel()
    padded[-hop:] = 0
    padded[hop:] += rebuilt[:, hop:].ravel()
    return padded[hop : hop + len(x)].astype(np.float64)


def _passing(track: Track, position: Signal, scale: float, width: float) -> NDArray[np.complex64]:
    """Return the tract's complex gains at the bins of blocks at positions within the sound, a block a row.

    Each formant is an all-pole resonance of gain 1 at 0 Hz. A shelf keeps what lies far above it from vanishing:
    the poles that are not modelled would hold it up.
    """
    at = [place for place, _ in track]
    rows = np.log([(*VOWELS[name], *UPPER) for _, name in track]) + math.log(scale)
    hz = np.arange(WINDOW // 2 + 1, dtype=np.float32) * np.float32(SAMPLE_RATE / WINDOW)
    over = np.ones((1, 1), np.float32)
    under = np.ones((1, 1), np.complex64)
    for column in rows.T:
        centre = np.exp(np.interp(position, at, column)).astype(np.float32)[:, None]
        broad = np.float32(width) * (np.float32(55 * scale**0.5) + np.float32(0.05) * centre)
        ratio = hz / centre
        over = over * (1 + ratio / np.float32(4.5))
        under = under * ((1 - ratio * ratio) + 1j * (broad / centre) * ratio)
    return over / under


def some_vowels(rng: Generator, names: Sequence[str], count: int) -> list[str]:
    """Return vowels drawn at random, no two of the same next to each other."""
    drawn = [str(rng.choice(list(names)))]
    while len(drawn) < count:
        drawn.append(str(rng.choice([name for name in names if name != drawn[-1]])))
    return drawn
