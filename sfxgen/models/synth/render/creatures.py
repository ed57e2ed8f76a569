"""Creatures and wordless voices: how they are made."""

from __future__ import annotations

import numpy as np

from sfxgen.models.synth import noise, oscillators
from sfxgen.models.synth.envelopes import lines, ramp_out, slide, wander
from sfxgen.models.synth.filters import formant, highpass, lowpass
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of

VOWELS = (
    ((730, 1090, 2440, 3500), (1.0, 0.5, 0.2, 0.1)),
    ((570, 840, 2410, 3400), (1.0, 0.45, 0.15, 0.08)),
    ((490, 1350, 1690, 3300), (1.0, 0.4, 0.25, 0.08)),
    ((400, 1020, 2250, 3300), (1.0, 0.4, 0.15, 0.06)),
)
"""Formants in Hz, and their gains, of the vowels in hot, law, bird and book (after Peterson and Barney, 1952)."""


def grunt(take: Take) -> Signal:
    """Syllables of a rough glottal buzz through the formants of a long or short throat."""
    layers: list[Layer] = []
    start_s = 0.0
    for _ in range(max(1, round(take["syllables"]))):
        length_s = take["length_s"] * take.rng.uniform(0.8, 1.2)
        layers.append((take.rng.uniform(0.75, 1.0), _syllable(take, length_s), start_s))
        start_s += 0.85 * length_s
    return mix(*layers)


def _syllable(take: Take, length_s: float) -> Signal:
    rng, rough = take.rng, take["roughness"]
    frames = samples_of(length_s)
    contour = slide(frames, 1.12 + rng.uniform(-0.05, 0.15), 0.72, 0.9)
    shaken = 1 + 0.05 * rough * wander(rng, frames, 55) + 0.03 * wander(rng, frames, 7)
    pitch = take["pitch_hz"] * contour * shaken
    buzz = oscillators.saw(pitch, frames)
    # A second, lower voice that beats against the first: the false folds of a growl.
    false_folds = 0.5 + 0.5 * oscillators.sine(0.5 * pitch, frames, rng.uniform())
    glottis = buzz * (1 - 0.75 * rough * false_folds)
    breath = highpass(noise.white(rng, frames), 500) * (0.5 + 0.5 * buzz) * (0.04 + 0.22 * rough)
    source = lowpass(glottis + breath, 1900, 1)
    throat = 2 ** (0.65 - 1.3 * take["size"])
    formants, gains = VOWELS[int(rng.integers(0, len(VOWELS)))]
    total = np.zeros(frames)
    for formant_hz, gain in zip(formants, gains, strict=True):
        total += gain * formant(source, formant_hz * throat, 0.02)
    total = total + 0.02 * lowpass(source, 250)
    envelope = lines(frames, [(0, 0), (0.12 * length_s, 1), (0.4 * length_s, 0.8), (length_s, 0)])
    return level(total) * envelope * ramp_out(frames, 0.3)
