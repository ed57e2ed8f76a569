"""Steps, by surface and shoe: how they are made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfxgen.models.synth import modal, noise, particles
from sfxgen.models.synth.envelopes import decay, lines, ramp_out
from sfxgen.models.synth.filters import bandpass, lowpass, saturate
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of


@dataclass(frozen=True, slots=True)
class Surface:
    """What a foot meets: a body that thumps, and loose material that is ground under it.

    `thump` is the body's material and lowest mode in Hz, `ring` how freely it rings, `solid` how loud it is.
    `grains` is how many grains move in one step; they ring between `low_hz` and `high_hz` for about `grain_ms`.
    `hiss` is how much of the material moves too finely for single grains.
    """

    thump: tuple[str, float, float]
    solid: float
    grains: float
    low_hz: float
    high_hz: float
    grain_ms: float
    loose: float
    hiss: float = 0.0
    squelch: float = 0.0


SURFACES = {
    "gravel": Surface(("stone", 130, 0.5), 0.35, 190, 900, 6500, 3.2, 1.0, 0.12),
    "wood": Surface(("wood", 105, 0.8), 1.0, 10, 500, 2200, 6, 0.10, 0.03),
    "snow": Surface(("flesh", 90, 0.4), 0.22, 520, 350, 2600, 2.2, 0.9, 0.45),
    "stone": Surface(("stone", 210, 0.5), 1.0, 22, 1200, 5200, 2.5, 0.22, 0.05),
    "grass": Surface(("flesh", 80, 0.4), 0.4, 130, 1800, 7500, 1.4, 0.35, 0.55),
    "leaves": Surface(("flesh", 85, 0.4), 0.25, 230, 1600, 9000, 2.2, 1.0, 0.35),
    "sand": Surface(("flesh", 75, 0.4), 0.3, 700, 1500, 8000, 0.8, 0.45, 0.8),
    "mud": Surface(("flesh", 70, 0.7), 0.7, 60, 250, 1400, 9, 0.5, 0.25, 0.8),
    "metal": Surface(("metal", 190, 0.35), 1.0, 14, 900, 5000, 25, 0.14, 0.03),
    "tile": Surface(("stone", 420, 0.7), 1.0, 12, 2000, 6500, 3, 0.16, 0.04),
    "carpet": Surface(("flesh", 75, 0.5), 1.0, 20, 600, 2500, 1.2, 0.08, 0.35),
    "water": Surface(("flesh", 80, 0.6), 0.5, 90, 500, 4500, 8, 0.5, 0.6, 1.0),
}


def footstep(take: Take) -> Signal:
    """Heel strike, roll over the foot, toe: two contacts on the surface's body and grains between them.

    The grains are a PhISEM process whose rate follows the ground reaction force's two humps (Farnell, 2010).
    """
    surface = SURFACES[take.choice("surface")]
    roll_s = take["roll_ms"] / 1000
    weight = take["weight"]
    heel = _contact(take, surface, take["hardness"])
    toe = _contact(take, surface, take["hardness"] * 0.75)
    toe_gain = take.rng.uniform(0.4, 0.6)
    ground = _ground(take, surface, roll_s)
    solid = surface.solid * (0.55 + 0.9 * weight)
    loose = surface.loose * (0.35 + 1.3 * take["grains"])
    layers: list[Layer] = [(solid, heel, 0.012), (solid * toe_gain, toe, 0.012 + roll_s), (loose, ground)]
    if surface.squelch:
        layers.append((surface.squelch, _squelch(take, surface, roll_s)))
    # The hardest grains are rounded off a little, as ear and microphone do: the step keeps its body beside them.
    return saturate(level(mix(*layers)), 1.8)


def _contact(take: Take, surface: Surface, hardness: float) -> Signal:
    name, lowest_hz, ring = surface.thump
    lowest_hz *= 2 ** (0.5 - take["weight"])
    modes = modal.body(
        take.rng,
        modal.MATERIALS[name],
        lowest_hz,
        ring=ring,
        brightness=0.35 + 0.3 * hardness,
        looseness=0.12,
    )
    thump = level(modal.ring(modes, modal.blow(0.25 + 0.6 * hardness), 0.8))
    scuff = noise.band(take.rng, samples_of(0.03), 300, 1500 + 5000 * hardness)
    scuff *= decay(len(scuff), 0.02)
    return mix((1.0, thump), (0.06 + 0.18 * hardness, level(scuff)))


def _ground(take: Take, surface: Surface, roll_s: float) -> Signal:
    rng = take.rng
    frames = samples_of(roll_s + 0.28)
    points = [(0.0, 0.0), (0.014, 1.0), (0.05, 0.35), (0.014 + 0.75 * roll_s, 0.22)]
    points += [(0.014 + roll_s, 0.75), (0.05 + roll_s, 0.3), (0.16 + roll_s, 0.04), (0.26 + roll_s, 0.0)]
    force = lines(frames, points)
    count = surface.grains * (0.2 + 1.6 * take["grains"])
    positions = particles.poisson_under(rng, force, count)
    gains = (0.04 + force[positions]) * particles.heavy_tailed(rng, len(positions), 0.8)
    heavier = 2 ** (0.35 - 0.7 * take["weight"])
    ring_s = surface.grain_ms / 1000
    bank = particles.bank(
        rng, 12, surface.low_hz * heavier, surface.high_hz * heavier, (0.6 * ring_s, 1.6 * ring_s)
    )
    grains = particles.resonant(rng, frames, positions, gains, bank)
    fine = noise.band(rng, frames, surface.low_hz, surface.high_hz, 1) * force**1.5
    crushed = fine * (0.6 + 0.4 * level(np.abs(lowpass(grains, 200))))
    return level(mix((1.0, level(grains)), (surface.hiss, level(crushed)))) * ramp_out(frames, 0.2)


def _squelch(take: Take, surface: Surface, roll_s: float) -> Signal:
    rng = take.rng
    frames = samples_of(roll_s + 0.3)
    suction = lines(frames, [(0, 0), (0.02, 1), (roll_s, 0.4), (roll_s + 0.06, 0.8), (roll_s + 0.22, 0)])
    positions = particles.poisson_under(rng, suction, 26)
    pitches = np.exp(rng.uniform(np.log(surface.low_hz), np.log(surface.high_hz * 0.6), 12))
    grains = [particles.bubble(float(f), rng.uniform(0.012, 0.05), rng.uniform(0.1, 0.6)) for f in pitches]
    gains = (0.15 + suction[positions]) * rng.uniform(0.2, 1, len(positions))
    bubbles = particles.scatter(frames, positions, gains, grains)
    splash = bandpass(noise.white(rng, frames), surface.low_hz, surface.high_hz, 1) * suction**2
    return level(mix((1.0, level(bubbles)), (0.5, level(splash)))) * ramp_out(frames, 0.2)
