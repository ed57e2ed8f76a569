"""Pickups and rewards: how they are made."""

from __future__ import annotations

import numpy as np

from sfxgen.models.synth import modal, oscillators
from sfxgen.models.synth.envelopes import lines, ramp_out, slide
from sfxgen.models.synth.take import Layer, Signal, Take, mix, samples_of, semitones


def coin(take: Take) -> Signal:
    """Two tones: hollow like a pulse wave, with the inharmonic partials of a small disc on top."""
    first = _coin_tone(take, take["pitch_hz"], 0.25 * take["decay_s"] + 0.05)
    second = _coin_tone(take, take["pitch_hz"] * semitones(take["interval_st"]), take["decay_s"])
    gap_s = take["gap_ms"] / 1000
    first = first[: samples_of(gap_s * 1.15)]
    first *= ramp_out(len(first), 0.25)
    return mix((0.8, first), (1.0, second, gap_s))


def _coin_tone(take: Take, pitch_hz: float, t60_s: float) -> Signal:
    harmonics = (1.0, 3.0, 5.0, 7.0, 9.0)
    disc = (np.array([2.295, 3.873, 5.612, 7.76, 10.2]) * (1 + 0.02 * take.rng.uniform(-1, 1, 5))).tolist()
    ratios = [*harmonics, *disc]
    t60s = [t60_s / (1 + 0.35 * (n - 1)) for n in harmonics] + [0.9 * t60_s / n**0.5 for n in disc]
    gains = [take["brightness"] ** (0.5 * (n - 1)) for n in harmonics]
    gains += [0.5 * take["metal"] * n**-0.4 for n in disc]
    return _softened(modal.chime([pitch_hz * n for n in ratios], t60s, gains), 0.0015)


def _softened(signal: Signal, attack_s: float) -> Signal:
    """Return the signal with its first moments raised from silence, and its last ones lowered to it."""
    rise = samples_of(attack_s)
    signal[:rise] *= (0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / rise))[: len(signal)]
    return signal * ramp_out(len(signal), 0.1)


def pickup(take: Take) -> Signal:
    """A run of plucked notes."""
    gap_s = take["tempo_ms"] / 1000
    notes = max(1, round(take["notes"]))
    layers: list[Layer] = []
    for index in range(notes):
        last = index == notes - 1
        pitch = take["pitch_hz"] * semitones(take["step_st"] * index)
        t60_s = take["decay_s"] * (1.0 if last else 0.6)
        layers.append((0.7 + 0.3 * last, _pluck(pitch, t60_s, take["brightness"]), gap_s * index))
    return mix(*layers)


def _pluck(pitch_hz: float, t60_s: float, brightness: float) -> Signal:
    harmonics = range(1, 10)
    gains = [(0.2 + 0.7 * brightness) ** (n - 1) / n**0.5 for n in harmonics]
    return _softened(
        modal.chime([pitch_hz * n for n in harmonics], [t60_s / n**0.7 for n in harmonics], gains), 0.002
    )


def powerup(take: Take) -> Signal:
    """A climbing tone, chopped by a shimmer, that lands on a major chord."""
    frames = samples_of(take["length_s"])
    rise = semitones(take["rise_st"])
    pitch = slide(frames, take["pitch_hz"], take["pitch_hz"] * rise, 1.15)
    gains = [(0.15 + 0.65 * take["brightness"]) ** n for n in range(8)]
    body = oscillators.partials(pitch, frames, range(1, 9), gains)
    body += 0.6 * oscillators.partials(pitch * 1.006, frames, range(1, 9), gains)
    shimmer = 0.7 + 0.3 * oscillators.sine(take["wobble_hz"], frames, take.rng.uniform())
    swell = lines(frames, [(0, 0), (0.02, 0.45), (take["length_s"] - 0.03, 1.0), (take["length_s"], 0.5)])
    swell *= ramp_out(frames, 0.06)
    chord = mix(
        *(
            (gain, _pluck(take["pitch_hz"] * rise * semitones(step), 0.75, take["brightness"]), 0.028 * index)
            for index, (step, gain) in enumerate([(0, 0.9), (4, 0.7), (7, 0.7), (12, 0.8)])
        )
    )
    return mix((0.55, body * shimmer * swell), (1.0, chord, take["length_s"] * 0.96))
