"""Interface sounds: tones and clicks that answer a player's action: how they are made."""

from __future__ import annotations

import numpy as np

from sfxgen.models.synth import modal, noise, oscillators
from sfxgen.models.synth.envelopes import decay, lines, slide, struck
from sfxgen.models.synth.filters import highpass, lowpass
from sfxgen.models.synth.take import Signal, Take, mix, samples_of, semitones


def click(take: Take) -> Signal:
    """A contact on a tiny body, and a softer, higher one when it comes up again."""
    down = _tick(take, take["pitch_hz"])
    if take["release_ms"] < 1:
        return down
    up = _tick(take, take["pitch_hz"] * 1.22)
    return mix((1.0, down), (0.55, up, take["release_ms"] / 1000))


def _tick(take: Take, pitch_hz: float) -> Signal:
    material = modal.MATERIALS[take.choice("material")]
    brightness = 0.2 + 0.5 * take["hardness"]
    modes = modal.body(take.rng, material, pitch_hz, brightness=brightness, looseness=0.06)
    # The decay is the switch's own, whatever its size; the material keeps the balance between the modes.
    t60s = modes.t60s / np.max(modes.t60s) * take["decay_ms"] / 1000
    modes = modal.Modes(modes.frequencies, np.maximum(t60s, 0.002), modes.gains)
    body = modal.ring(modes, modal.blow(0.55 + 0.45 * take["hardness"], 2.0))
    snap = highpass(noise.white(take.rng, samples_of(0.004)), 1500 + 2500 * take["hardness"])
    snap *= decay(len(snap), 0.0035)
    peak = np.max(np.abs(body))
    return mix((1.0 / peak, body), (0.12 + 0.2 * take["hardness"], snap * 0.4))


def hover(take: Take) -> Signal:
    """One soft gliding blip."""
    frames = samples_of(take["length_s"])
    pitch = slide(frames, take["pitch_hz"], take["pitch_hz"] * semitones(take["glide_st"]))
    tone = oscillators.fm(pitch, frames, 2.0, 2.2 * take["brightness"] * decay(frames, take["length_s"]))
    position = np.linspace(0, 1, frames)
    breath = noise.band(take.rng, frames, 2000, 9000) * 0.025
    swell: Signal = np.sin(np.pi * position**0.45) ** 2
    return (tone + breath) * swell


def confirm(take: Take) -> Signal:
    """Two FM bells (Chowning's 1:1.4 ratio gives the strike, a 1:2 pair the tone)."""
    gap_s = take["gap_ms"] / 1000
    upper_hz = take["pitch_hz"] * semitones(take["interval_st"])
    first = _bell(take, take["pitch_hz"], 0.25 + 0.4 * take["decay_s"])
    return mix((0.75, first), (1.0, _bell(take, upper_hz, take["decay_s"]), gap_s))


def _bell(take: Take, pitch_hz: float, t60_s: float) -> Signal:
    envelope = struck(0.003, t60_s)
    frames = len(envelope)
    index = 0.4 + 3.2 * take["brightness"]
    tone = oscillators.fm(pitch_hz, frames, 2.0, index * decay(frames, t60_s * 0.45))
    ratio = 3.5 + take.rng.uniform(-0.05, 0.05)
    strike = oscillators.fm(pitch_hz, frames, ratio, 0.8 * index * decay(frames, t60_s * 0.2))
    return envelope * (tone + 0.35 * strike * decay(frames, t60_s * 0.4))


def error(take: Take) -> Signal:
    """Two buzzing tones; each is two pulse waves that beat."""
    gap_s = take["gap_ms"] / 1000
    lower_hz = take["pitch_hz"] * semitones(take["interval_st"])
    first = _buzz(take, take["pitch_hz"], min(gap_s * 0.85, take["length_s"]))
    return mix((0.9, first), (1.0, _buzz(take, lower_hz, take["length_s"]), gap_s))


def _buzz(take: Take, pitch_hz: float, length_s: float) -> Signal:
    frames = samples_of(length_s)
    detune = 1 + 0.06 * take["roughness"] * take.rng.uniform(0.85, 1.0)
    tone = oscillators.pulse(pitch_hz, frames, 0.5) + oscillators.pulse(pitch_hz * detune, frames, 0.42)
    tone = lowpass(tone, pitch_hz * (2.5 + 22 * take["brightness"] ** 1.5))
    edge_s = min(0.006, 0.2 * length_s)
    points = [(0.0, 0.0), (edge_s, 1.0), (length_s * 0.75, 0.75), (length_s * 0.995, 0.0)]
    return tone * lines(frames, points)
