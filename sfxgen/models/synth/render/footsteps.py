"""Steps and what else feet do, by surface and shoe: how they are made."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sfxgen.models.synth import bouncing, friction, modal, noise, particles
from sfxgen.models.synth.envelopes import decay, lines, ramp_out, slide, struck, wander
from sfxgen.models.synth.filters import bandpass, highpass, lowpass, saturate
from sfxgen.models.synth.oscillators import sine
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of


@dataclass(frozen=True, slots=True)
class Surface:
    """What a foot meets: a body that thumps, and loose material that is ground under it.

    `thump` is the body's material and lowest mode in Hz, `ring` how freely it rings, `solid` how loud it is.
    `grains` is how many grains move in one step; they ring between `low_hz` and `high_hz` for about `grain_ms`.
    `hiss` is how much of the material moves too finely for single grains, `squelch` how much is water, `squeak` how
    much sticks and slips as it is pressed together.
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
    squeak: float = 0.0

    @property
    def hard(self) -> bool:
        """Whether a heel clicks on it."""
        return self.thump[0] != "flesh" and self.solid > 0.5

    def raised(self, ratio: float) -> Surface:
        """Return the surface with its grains higher by a ratio."""
        return replace(self, low_hz=ratio * self.low_hz, high_hz=ratio * self.high_hz)


SURFACES = {
    "gravel": Surface(("stone", 130, 0.5), 0.35, 190, 900, 6500, 3.2, 1.0, 0.12),
    "wood": Surface(("wood", 125, 0.5), 1.0, 10, 500, 2200, 6, 0.10, 0.03),
    "snow": Surface(("flesh", 90, 0.4), 0.22, 420, 350, 2600, 2.2, 0.8, 0.4, squeak=0.75),
    "stone": Surface(("stone", 260, 0.6), 1.0, 22, 1200, 5200, 2.5, 0.22, 0.05),
    "grass": Surface(("flesh", 80, 0.4), 0.4, 130, 1800, 7500, 1.4, 0.35, 0.55),
    "leaves": Surface(("flesh", 85, 0.4), 0.25, 230, 1600, 9000, 2.2, 1.0, 0.35),
    "sand": Surface(("flesh", 75, 0.4), 0.3, 700, 1500, 8000, 0.8, 0.45, 0.8),
    "mud": Surface(("flesh", 70, 0.7), 0.7, 60, 250, 1400, 9, 0.5, 0.25, 0.8),
    "metal": Surface(("metal", 190, 0.35), 1.0, 14, 900, 5000, 25, 0.14, 0.03),
    "tile": Surface(("stone", 420, 0.7), 1.0, 12, 2000, 6500, 3, 0.16, 0.04),
    "carpet": Surface(("flesh", 75, 0.5), 1.0, 20, 600, 2500, 1.2, 0.08, 0.35),
    "water": Surface(("flesh", 80, 0.6), 0.5, 90, 500, 4500, 8, 0.5, 0.6, 1.0),
    "ice": Surface(("ice", 260, 0.8), 0.9, 70, 2200, 9000, 3.5, 0.4, 0.1, squeak=0.2),
    "rubble": Surface(("stone", 150, 0.9), 0.6, 70, 420, 3600, 9, 1.0, 0.08),
}


@dataclass(frozen=True, slots=True)
class Shoe:
    """What is on the foot.

    `hardness` adds to the step's own, `thump` is how much of the weight goes into each contact. `toe` is how loud the
    toe comes down beside the heel, `roll` how long after it.
    `sole` is the material, lowest mode and loudness of the shoe itself, `grind` how much it moves loose material,
    `slap` how much air and skin is heard and `jingle` how much armour.
    """

    hardness: float
    toe: float
    roll: float
    sole: tuple[str, float, float]
    grind: float = 1.0
    slap: float = 0.0
    jingle: float = 0.0
    thump: float = 1.0


SHOES = {
    "boot": Shoe(0.0, 0.5, 1.0, ("wood", 430, 0.55)),
    "sneaker": Shoe(-0.24, 0.7, 0.9, ("rubber", 240, 0.35), grind=0.8, slap=0.15),
    "heel": Shoe(0.42, 0.45, 0.6, ("wood", 1500, 1.0), grind=0.55, thump=0.35),
    "barefoot": Shoe(-0.45, 0.75, 0.8, ("flesh", 170, 0.4), grind=0.5, slap=0.35, thump=0.8),
    "armored": Shoe(0.25, 0.6, 1.0, ("metal", 720, 0.16), grind=1.15, jingle=0.4),
}


def footstep(take: Take) -> Signal:
    """Heel strike, roll over the foot, toe: two contacts on the surface's body and grains between them.

    The grains are a PhISEM process whose rate follows the ground reaction force's two humps (Cook, 1997 and 2002;
    Farnell, 2010). The shoe decides how hard and how long after one another the contacts are.
    """
    surface, shoe = _met(take)
    roll_s = shoe.roll * take["roll_ms"] / 1000
    hardness = _hardness(take["hardness"], shoe)
    heel = _contact(take, surface, shoe, hardness)
    toe = _contact(take, surface, shoe, hardness * 0.75)
    toe_gain = shoe.toe * take.rng.uniform(0.85, 1.15)
    solid = surface.solid * (0.55 + 0.9 * take["weight"])
    loose = surface.loose * shoe.grind * (0.35 + 1.3 * take["grains"])
    # What is trodden hard is crushed faster: its grains are brighter.
    ground = surface.raised(2 ** (0.9 * (take["hardness"] - 0.5)))
    layers: list[Layer] = [
        (solid, heel, 0.008),
        (solid * toe_gain, toe, 0.008 + roll_s),
        (loose, _ground(take, ground, _humps(roll_s))),
    ]
    layers += _wet(take, ground, roll_s, take["wet"])
    if shoe.jingle:
        stirred = lines(samples_of(roll_s + 0.2), [(0, 1), (0.06, 0.25), (roll_s, 0.5), (roll_s + 0.15, 0)])
        layers.append((shoe.jingle, bouncing.jingle(take.rng, stirred, 22, 1500, 0.09), 0.004))
    # The hardest grains are rounded off a little, as ear and microphone do: the step keeps its body beside them.
    return saturate(level(mix(*layers)), 1.8)


def _met(take: Take) -> tuple[Surface, Shoe]:
    return SURFACES[take.choice("surface")], SHOES[take.choice("shoe")]


def _hardness(own: float, shoe: Shoe) -> float:
    return min(max(own + shoe.hardness, 0.0), 1.0)


def _contact(take: Take, surface: Surface, shoe: Shoe, hardness: float) -> Signal:
    """Return one meeting of sole and ground: the ground's thump, the sole's own sound, and what rubs."""
    rng = take.rng
    name, lowest_hz, ring = surface.thump
    lower = 2 ** (0.5 - take["weight"])
    brightness = 0.4 + 0.4 * hardness
    modes = modal.body(
        rng, modal.MATERIALS[name], lower * lowest_hz, ring=ring, brightness=brightness, looseness=0.12
    )
    thump = level(modal.ring(modes, modal.blow(0.3 + 0.6 * hardness), 0.8))
    scuff = noise.band(rng, samples_of(0.03), 300, 1500 + 5000 * hardness) * decay(samples_of(0.03), 0.02)
    layers: list[Layer] = [(shoe.thump, thump), (0.1 + 0.3 * hardness, level(scuff))]
    sole, sole_hz, loud = shoe.sole
    if surface.hard or sole == "flesh":
        own = modal.body(
            rng, modal.MATERIALS[sole], lower * sole_hz, ring=0.25, brightness=brightness, looseness=0.1
        )
        layers.append((loud, level(modal.ring(own, modal.blow(0.35 + 0.55 * hardness), 0.3)), 0.0005))
    if shoe.slap:
        slapping = struck(0.004, 0.036)
        slap = noise.band(rng, len(slapping), 250, 1600) * slapping
        layers.append((shoe.slap, level(slap)))
    return mix(*layers)


def _humps(roll_s: float) -> Signal:
    """Return the force of a step on the ground over time: heel and toe."""
    points = [(0.0, 0.0), (0.014, 1.0), (0.05, 0.35), (0.014 + 0.75 * roll_s, 0.22)]
    points += [(0.014 + roll_s, 0.75), (0.05 + roll_s, 0.3), (0.16 + roll_s, 0.04), (0.26 + roll_s, 0.0)]
    return lines(samples_of(roll_s + 0.28), points)


def _ground(take: Take, surface: Surface, force: Signal) -> Signal:
    """Return loose material as a force moves it."""
    rng, frames = take.rng, len(force)
    count = surface.grains * (0.2 + 1.6 * take["grains"])
    positions = particles.poisson_under(rng, force, count)
    gains = (0.04 + force[positions]) * particles.heavy_tailed(rng, len(positions), 0.8)
    heavier = 2 ** (0.35 - 0.7 * take["weight"])
    low_hz, high_hz, ring_s = surface.low_hz * heavier, surface.high_hz * heavier, surface.grain_ms / 1000
    bank = particles.bank(rng, 12, low_hz, high_hz, (0.6 * ring_s, 1.6 * ring_s))
    grains = level(particles.resonant(rng, frames, positions, gains, bank))
    fine = noise.band(rng, frames, surface.low_hz, surface.high_hz, 1) * force**1.5
    crushed = fine * (0.6 + 0.4 * level(np.abs(lowpass(grains, 200))))
    layers: list[Layer] = [(1.0, grains), (surface.hiss, level(crushed))]
    if surface.squeak:
        layers.append((surface.squeak, _squeak(take, surface, force)))
    return level(mix(*layers))[:frames] * ramp_out(frames, 0.2)


def _squeak(take: Take, surface: Surface, force: Signal) -> Signal:
    """Return what sticks and slips as it is pressed together, as cold snow does."""
    frames = len(force)
    rate = 210 * 2 ** (0.9 * wander(take.rng, frames, 9) - 0.8 * take["weight"] + 0.6 * force)
    pressed = friction.force(take.rng, rate, force, 0.75, 0.12)
    heavier = 2 ** (0.8 - 1.6 * take["weight"])
    body = friction.body(take.rng, 1.4 * heavier * surface.low_hz, heavier * surface.high_hz, 0.006)
    return level(modal.ring(body, pressed)[:frames])


def _wet(take: Take, surface: Surface, roll_s: float, wet: float) -> list[Layer]:
    """Return the water or the mud that a foot treads, if there is any."""
    squelch = max(surface.squelch, wet)
    if squelch <= 0:
        return []
    low_hz, high_hz = (surface.low_hz, surface.high_hz) if surface.squelch else (700.0, 5200.0)
    heavier = 2 ** (0.4 - 0.8 * take["weight"])
    return [(squelch, _squelch(take, heavier * low_hz, heavier * high_hz, roll_s))]


def _squelch(take: Take, low_hz: float, high_hz: float, roll_s: float) -> Signal:
    rng = take.rng
    frames = samples_of(roll_s + 0.3)
    suction = lines(frames, [(0, 0), (0.02, 1), (roll_s, 0.4), (roll_s + 0.06, 0.8), (roll_s + 0.22, 0)])
    positions = particles.poisson_under(rng, suction, 30)
    pitches = np.exp(rng.uniform(np.log(low_hz), np.log(high_hz * 0.6), 12))
    grains = [particles.bubble(float(f), rng.uniform(0.006, 0.026), rng.uniform(0.1, 0.6)) for f in pitches]
    gains = (0.15 + suction[positions]) * rng.uniform(0.2, 1, len(positions))
    bubbles = particles.scatter(frames, positions, gains, grains)
    splash = bandpass(noise.white(rng, frames), low_hz, high_hz, 1) * suction**2
    return level(mix((0.7, level(bubbles)), (0.8, level(splash)))) * ramp_out(frames, 0.2)


def landing(take: Take) -> Signal:
    """Two feet a moment after one another, the body's weight behind them, and what it wears.

    The weight is a soft low push that outlasts the contacts: knees give way. Harder landings are brighter (Gaver, 1993).
    """
    surface, shoe = _met(take)
    rng, weight, strength = take.rng, take["weight"], take["strength"]
    hardness = _hardness(0.3 + 0.4 * strength, shoe)
    second_s = rng.uniform(0.014, 0.045)
    push = struck(0.006, 0.14 + 0.16 * weight) * (0.5 + 0.5 * surface.solid)
    push *= sine(slide(len(push), 125 * 2**-weight, 70 * 2**-weight), len(push))
    force = lines(samples_of(0.42), [(0, 0.2), (0.012, 1), (0.07, 0.4), (0.2, 0.12), (0.4, 0)])
    solid, loose = 0.5 + 0.5 * surface.solid, surface.loose * shoe.grind * (0.4 + 1.4 * take["grains"])
    layers: list[Layer] = [
        (0.9 * solid, _contact(take, surface, shoe, hardness), 0.004),
        (0.7 * solid, _contact(take, surface, shoe, 0.9 * hardness), 0.004 + second_s),
        (0.35 + 0.6 * strength, push, 0.006),
        (loose * (0.5 + 0.5 * strength), _ground(take, surface, force)),
        *_wet(take, surface, 0.1, 0.0),
        *_gear(take, shoe, strength),
    ]
    return saturate(level(mix(*layers)), 1.8)


def _gear(take: Take, shoe: Shoe, strength: float) -> list[Layer]:
    """Return clothes that fold and buckles that knock as a body is stopped; armour whatever it wears beside."""
    rng, rattle = take.rng, take["rattle"]
    stirred = lines(samples_of(0.4), [(0, 0.5), (0.03, 1), (0.12, 0.35), (0.25, 0.3), (0.38, 0)])
    cloth = (
        noise.band(rng, len(stirred), 500, 3800, 1) * stirred * (0.6 + 0.4 * wander(rng, len(stirred), 30))
    )
    loud = 0.05 + 0.35 * rattle * (0.5 + strength) + shoe.jingle
    metal = bouncing.jingle(rng, stirred, 6 + 22 * rattle + 30 * shoe.jingle, 1900, 0.07)
    return [(0.3 * rattle, level(cloth), 0.005), (loud * (rattle + shoe.jingle), metal, 0.012)]


def scuff(take: Take) -> Signal:
    """A sole rubs: the surface's grains and noise, as fast as it is dragged; a rubber sole sticks and squeals.

    The noise of one rough thing on another rises in pitch and in level with speed (van den Doel et al., 2001).
    """
    surface, shoe = _met(take)
    rng, speed, length_s = take.rng, take["speed"], take["length_s"]
    frames = samples_of(length_s + 0.06)
    drag = lines(frames, [(0, 0.3), (0.12 * length_s, 1), (0.6 * length_s, 0.75), (length_s, 0)])
    drag = drag * (0.65 + 0.35 * wander(rng, frames, 14 + 20 * speed))
    hardness = _hardness(0.5, shoe)
    upper_hz = (1200 + 2600 * speed) * (0.6 + 0.9 * hardness) * 2 ** (0.4 - 0.8 * take["weight"])
    rubbed = noise.painted(
        rng, frames, lambda f, t: noise.bump(f, upper_hz * (0.6 + 0.4 * noise.at(drag, t)), 0.95), 512
    )
    catches = particles.poisson_under(rng, drag + 0.01, (30 + 160 * speed) * length_s)
    rough = particles.impulses(frames, catches, particles.heavy_tailed(rng, len(catches), 0.8))
    caught = _dragged_body(take, surface, lowpass(rough, 900 + 5000 * hardness, 1))[:frames]
    # Even a swept floor has its grit.
    grit = take["grains"] ** 2
    loose = shoe.grind * (surface.loose * (0.25 + 2 * take["grains"]) + 0.8 * grit)
    strewn = replace(surface, grains=(surface.grains + 60 * grit) * (0.4 + 1.7 * length_s))
    smooth = (0.35 + 0.65 * surface.solid) * (1.25 - 0.5 * take["grains"])
    layers: list[Layer] = [
        (smooth * (0.5 + surface.hiss), level(rubbed * drag)),
        (0.55 * surface.solid, level(caught)),
        (loose, _ground(take, strewn, drag)),
    ]
    if shoe is SHOES["sneaker"] and surface.hard:
        layers.append((0.35, _squeal(take, drag)))
    if shoe.jingle:
        layers.append((shoe.jingle, bouncing.jingle(rng, drag, 8 + 40 * length_s, 1500, 0.09)))
    dragged = mix(*layers)
    return dragged * ramp_out(len(dragged), 0.2)


def _dragged_body(take: Take, surface: Surface, rough: Signal) -> Signal:
    name, lowest_hz, ring = surface.thump
    modes = modal.body(
        take.rng, modal.MATERIALS[name], 2 * lowest_hz, ring=0.4 * ring, brightness=0.5, looseness=0.15
    )
    return highpass(modal.ring(modes, rough, 0.2), 120)


def _squeal(take: Take, drag: Signal) -> Signal:
    """Return rubber that sticks and slips: a chirp about 1 kHz high, where the sole is pressed hardest."""
    frames = len(drag)
    rate = 950 * 2 ** (0.4 * take["speed"] - 0.4 * take["weight"] + 0.12 * wander(take.rng, frames, 7))
    pressed = friction.force(take.rng, rate * (0.9 + 0.2 * drag), drag**3, 0.12, 0.15)
    return level(modal.ring(friction.body(take.rng, 800, 4200, 0.012, 6), pressed)[:frames])


def ladder(take: Take) -> Signal:
    """A foot on a rung: the rung is a bar, the rails ring with it, and what is loose knocks afterwards."""
    rng, hardness = take.rng, take["hardness"]
    shoe = SHOES[take.choice("shoe")]
    hit_hardness = _hardness(hardness, shoe)
    metal = take.choice("material") == "metal"
    material = modal.MATERIALS[take.choice("material")]
    lower = 2 ** (0.35 - 0.7 * take["weight"])
    blow = modal.blow(0.4 + 0.5 * hit_hardness, 5)
    rung_hz, rails_hz = (610.0, 170.0) if metal else (240.0, 110.0)
    free = 0.25 + 1.1 * take["ring"]
    rung = _rung(
        take, material, lower * rung_hz, (0.2 if metal else 0.7) * free, 0.5 + 0.45 * hit_hardness, blow
    )
    rails = _rung(take, material, lower * rails_hz, (0.4 if metal else 0.9) * free, 0.4, modal.blow(0.4, 8))
    scuffed = noise.band(rng, samples_of(0.05), 500, 2000 + 4000 * hit_hardness) * decay(
        samples_of(0.05), 0.045
    )
    layers: list[Layer] = [
        (1.0, rung),
        (0.55 - 0.4 * hit_hardness, rails),
        (0.1 + 0.3 * hardness, level(scuffed)),
    ]
    layers += _loose_knocks(take, material, lower * (700 if metal else 420), 1.5 * free if metal else 1.0)
    if shoe.jingle:
        stirred = lines(samples_of(0.3), [(0, 1), (0.08, 0.2), (0.28, 0)])
        layers.append((shoe.jingle, bouncing.jingle(rng, stirred, 20, 1500, 0.09)))
    return mix(*layers)


def _rung(
    take: Take, material: modal.Material, lowest_hz: float, ring: float, brightness: float, blow: Signal
) -> Signal:
    bar = modal.Material(material.friction, material.longest_s, modal.BAR, lowest_hz, lowest_hz, 5)
    modes = modal.body(take.rng, bar, lowest_hz, ring=ring, brightness=brightness, looseness=0.05)
    return level(modal.ring(modes, blow, 2.0))


def _loose_knocks(take: Take, material: modal.Material, lowest_hz: float, ring: float) -> list[Layer]:
    """Return a few knocks of what has play, sooner and softer one after the other."""
    knocks = bouncing.settling(take.rng, 2, 0.05, 0.5, 0.09)
    rattle = bouncing.heap(
        take.rng,
        knocks,
        material,
        (lowest_hz, 1.6 * lowest_hz),
        ring=0.12 * ring,
        hardness=0.6,
        longest_s=0.4,
    )
    return [(0.5 * take["rattle"], level(rattle), take.rng.uniform(0.03, 0.06))]
