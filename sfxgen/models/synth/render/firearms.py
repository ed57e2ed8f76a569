"""Guns: how they are made."""

from __future__ import annotations

import numpy as np

from sfxgen.models.synth import modal, noise, oscillators
from sfxgen.models.synth.blast import shock
from sfxgen.models.synth.envelopes import decay, ramp_out, slide, struck, wander
from sfxgen.models.synth.filters import highpass, saturate
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of


def gunshot(take: Take) -> Signal:
    """Crack, muzzle blast with a low thump, and an echo of many late reflections."""
    rng, size, tail_s = take.rng, take["size"], take["tail_s"]
    crack = highpass(shock(rng, 0.0003 + 0.0008 * size), 900 - 500 * size)
    blast_frames = samples_of(0.12 + 0.2 * size)

    def muzzle(frequencies: Signal, times: Signal) -> Signal:
        corner = (5200 - 3400 * size) * np.exp(-times / (0.035 + 0.05 * size)) + 250
        return noise.tilt(frequencies, corner, 2.2)

    blast = noise.painted(rng, blast_frames, muzzle, 256) * decay(blast_frames, 0.14 + 0.25 * size)
    thump = struck(0.001, 0.16 + 0.25 * size)
    thump *= oscillators.sine(slide(len(thump), 190 - 110 * size, 48 - 14 * size, 0.6), len(thump))
    tail_frames = samples_of(tail_s)

    def echo(frequencies: Signal, times: Signal) -> Signal:
        corner = (2600 - 1500 * size) * np.exp(-2.2 * times / tail_s) + 180
        return noise.tilt(frequencies, corner, 1.8) * noise.tilt(120 / np.maximum(frequencies, 1), 1, 1)

    tail = noise.painted(rng, tail_frames, echo, 512) * decay(tail_frames, tail_s)
    tail *= (0.65 + 0.35 * wander(rng, tail_frames, 14)) * ramp_out(tail_frames, 0.3)
    front = mix((0.5 + take["crack"], level(crack)), (0.9, level(blast)), (0.8, thump))
    layers: list[Layer] = [(1.0, saturate(level(front), 2.0)), (0.5, level(tail), 0.012)]
    if take["mechanism"] > 0:
        layers.append((0.16 * take["mechanism"], _bolt(take), 0.055 + 0.02 * size))
    return mix(*layers)


def _bolt(take: Take) -> Signal:
    metal = modal.MATERIALS["metal"]
    back = modal.ring(modal.body(take.rng, metal, 1900, ring=0.06, brightness=0.7), modal.blow(0.9))
    forth = modal.ring(modal.body(take.rng, metal, 1450, ring=0.08, brightness=0.6), modal.blow(0.9))
    return mix((0.7, level(back)), (1.0, level(forth), 0.06))
