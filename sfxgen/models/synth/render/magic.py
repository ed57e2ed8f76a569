"""Spells: how they are made."""

from __future__ import annotations

import numpy as np

from sfxgen.models.synth import noise, oscillators, particles
from sfxgen.models.synth.envelopes import decay, lines, ramp_out, slide, wander
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of, semitones

SCALES = {
    "bright": ((0, 2, 4, 7, 9, 12, 14, 16, 19, 21, 24), 1.0, 3.01),
    "dark": ((0, 1, 3, 6, 7, 12, 13, 15), 0.5, 1.41),
    "frost": ((0, 4, 6, 7, 11, 12, 18, 19, 23, 24, 31), 1.5, 3.73),
}
"""A mood's scale in semitones, its octave as a ratio, and the FM ratio of its bells."""


def magic(take: Take) -> Signal:
    """A cluster of FM bells that rises in number and pitch, over a swelling breath and a chord."""
    rng, length_s = take.rng, take["length_s"]
    scale, octave, ratio = SCALES[take.choice("mood")]
    frames = samples_of(length_s)
    root_hz = take["pitch_hz"] * octave
    density = lines(frames, [(0, 0.2), (0.35 * length_s, 0.5), (0.75 * length_s, 1), (length_s, 0.3)])
    positions = particles.poisson_under(rng, density, take["sparkles"])
    positions[:1] = 0
    climb = positions / frames
    layers: list[Layer] = []
    for position, height in zip(positions.tolist(), climb.tolist(), strict=True):
        step = scale[int(rng.integers(0, 1 + int((len(scale) - 1) * (0.4 + 0.6 * height))))]
        bell = _sparkle(root_hz * semitones(step), ratio, rng.uniform(0.25, 0.9))
        layers.append((rng.uniform(0.25, 0.8), bell, position / 48000))
    layers.append((1.6 * take["swell"], _glow(take, root_hz, scale[2], 1.6 * length_s), 0.0))
    return mix(*layers)


def _sparkle(pitch_hz: float, ratio: float, t60_s: float) -> Signal:
    frames = samples_of(t60_s)
    pitch_hz = pitch_hz if pitch_hz < 9000 else pitch_hz / 2
    bell = oscillators.fm(pitch_hz, frames, ratio, 1.4 * decay(frames, 0.3 * t60_s))
    return bell * decay(frames, t60_s) * np.minimum(1, np.arange(frames) / 96) * ramp_out(frames, 0.2)


def _glow(take: Take, root_hz: float, third_st: float, length_s: float) -> Signal:
    rng, frames = take.rng, samples_of(length_s)
    swell = lines(frames, [(0, 0), (0.55 * length_s, 1), (0.65 * length_s, 0.8), (length_s, 0)])
    centre = slide(frames, root_hz, root_hz * 5)

    def breath(frequencies: Signal, times: Signal) -> Signal:
        return noise.bump(frequencies, noise.at(centre, times), 0.4)

    air = level(noise.painted(rng, frames, breath)) * (0.7 + 0.3 * wander(rng, frames, 9))
    chord = np.zeros(frames)
    for step in (0.0, third_st, 7.0, 12.0):
        for detune in (-0.08, 0.07):
            chord += oscillators.sine(0.5 * root_hz * semitones(step + detune), frames, rng.uniform())
    return (0.45 * air + 0.55 * level(chord)) * swell * ramp_out(frames, 0.3)
