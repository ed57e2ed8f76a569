"""Things that strike one another: how they are made."""

from __future__ import annotations

from sfxgen.models.synth import modal, noise, oscillators
from sfxgen.models.synth.envelopes import decay, slide, struck
from sfxgen.models.synth.filters import bandpass
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of


def hit(take: Take) -> Signal:
    """A contact force drives the struck body's modes; the crunch is the noise of the two surfaces."""
    name = take.choice("material")
    material = modal.MATERIALS[name]
    hardness = take["hardness"]
    lowest_hz = modal.scaled((material.highest_hz, material.lowest_hz), take["size"])
    ring = 0.2 * 20 ** take["ring"] * (0.6 + 0.8 * take["size"])
    modes = modal.body(take.rng, material, lowest_hz, ring=ring, brightness=0.15 + 0.7 * hardness)
    body = level(modal.ring(modes, modal.blow(hardness, material.contact_ms)))
    crunch = bandpass(
        noise.white(take.rng, samples_of(0.09)),
        0.7 * lowest_hz,
        min(18000, lowest_hz * (4 + 18 * hardness)),
        1,
    )
    crunch = level(crunch * decay(len(crunch), 0.02 + 0.05 * (1 - hardness)))
    layers: list[Layer] = [(1.0, body), (0.15 + 0.7 * take["noise"], crunch)]
    if name == "flesh":
        layers.append((0.9, _punch(take, lowest_hz)))
    return mix(*layers)


def _punch(take: Take, lowest_hz: float) -> Signal:
    thump = struck(0.002, 0.12 + 0.15 * take["size"])
    pitch = slide(len(thump), 2.2 * lowest_hz, 0.7 * lowest_hz, 0.6)
    slap_frames = samples_of(0.05)
    slap = bandpass(noise.white(take.rng, slap_frames), 600, 2200 + 4000 * take["hardness"]) * decay(
        slap_frames, 0.04
    )
    return mix((1.0, thump * oscillators.sine(pitch, len(thump))), (0.5, level(slap), 0.002))
