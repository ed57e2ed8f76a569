"""Doors, locks and other mechanisms: how they are made."""

from __future__ import annotations

import numpy as np

from sfxgen.models.synth import modal, noise, particles
from sfxgen.models.synth.envelopes import decay, ramp_out, slide, struck, wander
from sfxgen.models.synth.filters import bandpass, formant, highpass, lowpass
from sfxgen.models.synth.oscillators import sine
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of


def door(take: Take) -> Signal:
    """What an action is made of, in time: latch, creak, thud."""
    length_s, action = take["length_s"], take.choice("action")
    creak = (take["creak"], _creak(take, length_s))
    rub = (0.06, _rub(take, length_s))
    if action == "swing":
        return mix(creak, rub)
    if action == "open":
        return mix(
            (0.55, _latch(take)), (*creak, 0.16), (*rub, 0.14), (0.12, _thud(take, 0.3), 0.1 + length_s)
        )
    if action == "close":
        soft, end_s = 0.5, length_s
        layers: list[Layer] = [
            creak,
            rub,
            (0.85, _thud(take, soft), end_s),
            (0.4, _latch(take), end_s + 0.05),
        ]
        return mix(*layers)
    swing_s = min(0.35, 0.4 * length_s)
    air = noise.band(take.rng, samples_of(swing_s), 80, 600) * np.linspace(0, 1, samples_of(swing_s)) ** 2
    rattle = (0.3, _latch(take), swing_s + 0.015)
    return mix((0.06, level(air)), (1.2, _thud(take, 1.0), swing_s), rattle)


def _material(take: Take) -> modal.Material:
    return modal.MATERIALS[take.choice("material")]


def _thud(take: Take, force: float) -> Signal:
    """A heavy leaf meets its frame: the leaf's low modes under a soft blow, and the frame's rattle."""
    weight = take["weight"]
    lowest_hz = modal.scaled((150, 48), weight)
    ring = 0.9 if take.choice("material") == "wood" else 0.5
    modes = modal.body(
        take.rng, _material(take), lowest_hz, ring=ring, brightness=0.1 + 0.35 * force, looseness=0.15
    )
    leaf = modal.ring(modes, modal.blow(0.15 + 0.45 * force, 14), 2.5)
    push = struck(0.003, 0.2 + 0.2 * weight)
    push *= sine(slide(len(push), 1.6 * lowest_hz, 0.8 * lowest_hz), len(push))
    slap = bandpass(noise.white(take.rng, samples_of(0.08)), 150, 900 + 2200 * force, 1) * decay(
        samples_of(0.08), 0.07
    )
    return level(mix((1.0, level(leaf)), (0.8, push), (0.3 + 0.3 * force, level(slap))))


def _latch(take: Take) -> Signal:
    """Two small metal contacts: the bolt leaves, the spring stops it."""
    metal = modal.MATERIALS["metal"]
    pitch_hz = modal.scaled((1700, 620), take["weight"])
    first = modal.ring(modal.body(take.rng, metal, pitch_hz, ring=0.05, brightness=0.6), modal.blow(0.8))
    second = modal.ring(
        modal.body(take.rng, metal, pitch_hz * 0.74, ring=0.09, brightness=0.5), modal.blow(0.7)
    )
    knock = modal.ring(modal.body(take.rng, _material(take), 190, ring=0.5, brightness=0.3), modal.blow(0.5))
    gap_s = take.rng.uniform(0.045, 0.08)
    return mix((0.6, level(first)), (1.0, level(second), gap_s), (0.5, level(knock), gap_s))


def _creak(take: Take, length_s: float) -> Signal:
    """Stick and slip at the hinge: pulses at a wandering rate through the leaf's resonances (Farnell, 2010).

    The friction force sets the rate: while the door speeds up, slips come faster and smaller.
    """
    rng = take.rng
    frames = samples_of(length_s)
    position = np.linspace(0, 1, frames)
    effort = np.sin(np.pi * position**0.7) ** 0.6
    heaviness = 2 ** (0.8 - 1.6 * take["weight"])
    rate = heaviness * 58 * 2 ** (1.7 * effort - 1.0 + 0.75 * wander(rng, frames, 2.6 / length_s + 1.2))
    rate *= 1 + 0.10 * wander(rng, frames, 34)
    cycles = np.cumsum(rate) / 48000
    slips = np.flatnonzero(np.diff(np.floor(cycles), prepend=0.0) > 0)
    holds = 0.5 + 0.5 * wander(rng, frames, 3.2)
    loud = (effort * (0.25 + 0.75 * holds))[slips] * rng.uniform(0.55, 1.0, len(slips))
    force = particles.impulses(frames, slips, loud)
    force = lowpass(force, 4500)
    total = np.zeros(frames)
    for frequency_hz, t60_s, gain in _leaf_formants(take):
        total += gain * formant(force, frequency_hz, t60_s)
    return level(highpass(total, 160)) * ramp_out(frames, 0.12)


def _leaf_formants(take: Take) -> list[tuple[float, float, float]]:
    low, high = (320.0, 3400.0) if take.choice("material") == "wood" else (700.0, 5600.0)
    ring_s = 0.022 if take.choice("material") == "wood" else 0.07
    scale = 2 ** (0.35 - 0.7 * take["weight"])
    steps = (np.arange(8) + take.rng.uniform(0.2, 0.8, 8)) / 8
    return [(scale * low * (high / low) ** s, ring_s * (1.4 - s), 1.0 - 0.55 * s) for s in steps.tolist()]


def _rub(take: Take, length_s: float) -> Signal:
    frames = samples_of(length_s)
    return level(noise.band(take.rng, frames, 250, 1800, 1) * np.sin(np.pi * np.linspace(0, 1, frames)) ** 2)
