"""Bodies that move through the air: how they are made."""

from __future__ import annotations

import numpy as np

from sfxgen.models.synth import noise, oscillators
from sfxgen.models.synth.envelopes import lines, ramp_out, slide
from sfxgen.models.synth.filters import lowpass
from sfxgen.models.synth.take import Signal, Take, level, mix, samples_of, semitones


def jump(take: Take) -> Signal:
    """A pulse wave that slides up, with a puff of air."""
    frames = samples_of(take["length_s"])
    pitch = slide(frames, take["pitch_hz"], take["pitch_hz"] * semitones(take["rise_st"]), 0.8)
    tone = oscillators.pulse(pitch, frames, 0.5 - 0.25 * take["brightness"])
    tone = lowpass(tone, 900 + 9000 * take["brightness"] ** 2)
    envelope = lines(frames, [(0, 0), (0.006, 1), (0.4 * take["length_s"], 0.7), (take["length_s"], 0)])
    envelope *= ramp_out(frames, 0.5)

    def air(frequencies: Signal, times: Signal) -> Signal:
        return noise.bump(frequencies, noise.at(pitch, times) * 5, 0.7)

    rush = level(noise.painted(take.rng, frames, air)) * envelope
    return mix((1.0, level(tone) * envelope), (0.7 * take["air"], rush))


def whoosh(take: Take) -> Signal:
    """Noise whose band and level swell and sink as a thing passes; its pitch falls as it leaves (Doppler)."""
    length_s = take["length_s"]
    frames = samples_of(length_s)
    seconds = np.arange(frames) / length_s / 48000
    peak_at = take["peak_at"]
    nearness = 1 / (1 + ((seconds - peak_at) / 0.16) ** 2)
    leaving = 1 / (1 + np.exp((seconds - peak_at) / 0.08))
    centre = take["pitch_hz"] * 2 ** (take["sweep_oct"] * (0.75 * nearness + 0.35 * leaving - 1.0))
    width = take["width_oct"]

    def rush(frequencies: Signal, times: Signal) -> Signal:
        here = noise.at(centre, times)
        broad = 0.12 * noise.bump(frequencies, here * 2.6, 1.2)
        return noise.bump(frequencies, here, 0.45 * width) + broad * width

    envelope = nearness * np.minimum(1, seconds / 0.1) * np.minimum(1, (1 - seconds) / 0.25)
    tremble = 1 + 0.25 * np.sin(2 * np.pi * take.rng.uniform(14, 22) * seconds * length_s)
    return noise.painted(take.rng, frames, rush, 512) * envelope * tremble
