"""Things that strike, rub and roll on one another: how they are made."""

from __future__ import annotations

import numpy as np

from sfxgen.models.synth import bed, bouncing, friction, modal, noise, oscillators, particles
from sfxgen.models.synth.envelopes import decay, lines, slide, struck, wander
from sfxgen.models.synth.filters import bandpass, convolved, highpass, lowpass
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of

FREELY = {"metal": 1.7, "glass": 3.0, "ceramic": 1.8}
"""How much longer than others small loose pieces ring: they touch each other and the ground at fewer points."""


def hit(take: Take) -> Signal:
    """A contact force drives the struck body's modes; the crunch is the noise of the two surfaces.

    Gaver (1993) hears material, size and the striker's hardness in decay, pitch and brightness.
    """
    name = take.choice("material")
    material = modal.MATERIALS[name]
    hardness = take["hardness"]
    lowest_hz = modal.scaled((material.highest_hz, material.lowest_hz), take["size"])
    ring = 0.2 * 20 ** take["ring"] * (0.6 + 0.8 * take["size"])
    modes = modal.body(take.rng, material, lowest_hz, ring=ring, brightness=0.05 + 0.95 * hardness)
    body = level(modal.ring(modes, _chattering(take, hardness, material.contact_ms)))
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


def _chattering(take: Take, hardness: float, contact_ms: float) -> Signal:
    """Return one contact, and how a hard striker leaves and touches again at once, much weaker."""
    blow = modal.blow(hardness, contact_ms)
    if hardness < 0.4:
        return blow
    again_s = take.rng.uniform(0.0025, 0.007)
    return mix((1.0, blow), (0.3 * (hardness - 0.4) * take.rng.uniform(0.5, 1), blow, again_s))


def _punch(take: Take, lowest_hz: float) -> Signal:
    thump = struck(0.002, 0.12 + 0.15 * take["size"])
    pitch = slide(len(thump), 2.2 * lowest_hz, 0.7 * lowest_hz, 0.6)
    slap_frames = samples_of(0.05)
    slap = bandpass(noise.white(take.rng, slap_frames), 600, 2200 + 4000 * take["hardness"]) * decay(
        slap_frames, 0.04
    )
    return mix(
        (1.0, thump * oscillators.sine(pitch, len(thump))),
        (0.15 + 0.9 * take["hardness"], level(slap), 0.002),
    )


def knock(take: Take) -> Signal:
    """Knuckles are a soft bone: the panel's modes, the push of the air behind it, and the door in its frame."""
    rng, weight, strength = take.rng, take["weight"], take["strength"]
    material = modal.MATERIALS[take.choice("material")]
    glassy = take.choice("material") == "glass"
    damped = {"wood": 0.6, "metal": 0.16, "glass": 0.34}[take.choice("material")]
    hardness = 0.35 + 0.5 * take["hardness"] + 0.1 * strength
    lowest_hz = modal.scaled((900, 340) if glassy else (420, 150), weight) * rng.uniform(0.95, 1.05)
    ring = damped * (0.35 + 1.3 * take["ring"])
    modes = modal.body(
        rng, material, lowest_hz, ring=ring, brightness=0.3 + 0.65 * take["hardness"], looseness=0.17
    )
    panel = level(modal.ring(modes, modal.blow(hardness, 8), 1.5))
    knuckle = modal.body(rng, modal.MATERIALS["bone"], 3.2 * lowest_hz, brightness=0.3 + 0.4 * hardness)
    tap = level(modal.ring(knuckle, modal.blow(hardness, 5)))
    push = struck(0.004, 0.09 + 0.12 * weight)
    push = push * oscillators.sine(slide(len(push), 0.8 * lowest_hz, 0.55 * lowest_hz), len(push))
    layers: list[Layer] = [
        (1.0, panel),
        (0.15 + 0.9 * take["hardness"], tap),
        ((0.1 + 0.55 * strength) * (1.4 - 0.8 * take["hardness"]), push),
    ]
    if take["rattle"] > 0:
        knocks = bouncing.settling(rng, 2, 0.02, 0.45, 0.05 + 0.04 * strength)
        pitches = (2.1 * lowest_hz, 4.5 * lowest_hz)
        loose = bouncing.heap(rng, knocks, material, pitches, ring=0.3 * ring, hardness=0.5, longest_s=0.3)
        layers.append((take["rattle"] * (0.15 + 0.4 * strength), level(loose), rng.uniform(0.012, 0.025)))
    return mix(*layers)


def thud(take: Take) -> Signal:
    """Parts of a body come down one after the other; each pushes the ground, slaps it and folds its clothes.

    A soft heavy thing stays on the ground for long: little but the ground's lowest modes is excited (Gaver, 1993).
    """
    rng = take.rng
    layers: list[Layer] = []
    at_s = 0.004
    for part in range(round(take["parts"])):
        loud = (1.0 if part == 0 else rng.uniform(0.35, 0.75)) * (0.5 + 0.5 * take["strength"])
        layers.append((loud, _slump(take, lighter=0.3 * part), at_s))
        at_s += rng.uniform(0.05, 0.13) * (0.7 + 0.6 * take["weight"])
    frames = samples_of(at_s + 0.35)
    stirred = lines(frames, [(0, 0.4), (0.02, 1), (at_s, 0.5), (at_s + 0.3, 0)])
    stirred = stirred * (0.6 + 0.4 * wander(rng, frames, 16))
    cloth = noise.band(rng, frames, 450, 2600, 1) * stirred
    layers.append((0.28 * take["noise"], level(cloth)))
    if take["rattle"] > 0:
        gear = bouncing.jingle(rng, stirred, 8 + 70 * take["rattle"], 1300, 0.12)
        layers.append((0.6 * take["rattle"], gear, 0.004))
    return mix(*layers)


def _slump(take: Take, lighter: float) -> Signal:
    rng, weight, hardness = take.rng, max(0.0, take["weight"] - lighter * 0.5), take["hardness"]
    lowest_hz = modal.scaled((120, 42), weight) * rng.uniform(0.9, 1.1)
    force = hardness * (0.6 + 0.4 * take["strength"])
    modes = modal.body(rng, modal.MATERIALS["flesh"], lowest_hz, ring=1.3, brightness=0.1 + 0.6 * force)
    body = level(modal.ring(modes, modal.blow(0.1 + 0.5 * force, 22)))
    push = struck(0.005, 0.13 + 0.22 * weight)
    push = push * oscillators.sine(slide(len(push), 1.5 * lowest_hz, 0.75 * lowest_hz, 0.7), len(push))
    slapping = struck(0.003, 0.1)
    slap = noise.band(rng, len(slapping), 160, 500 + 3200 * force**1.5, 1) * slapping
    return mix((0.7, body), (1.0, push), (0.2 + 0.5 * force, level(slap)))


def bounce(take: Take) -> Signal:
    """A dropped body touches down sooner and softer every time (Rocchesso and Fontana, 2003).

    Slow contacts last longer (Hertz: speed to the power -1/5), so the last ones are the dullest.
    """
    rng = take.rng
    material = modal.MATERIALS[take.choice("material")]
    times_s, speeds = bouncing.dropped(take["height_m"], take["restitution"])
    wobble = take["wobble"]
    times_s = times_s + 0.12 * wobble * np.append(0.0, np.diff(times_s)) * rng.uniform(-1, 1, len(times_s))
    gains = speeds**1.2 * (1 - 0.6 * wobble * rng.uniform(0, 1, len(speeds)))
    lowest_hz = modal.scaled((material.highest_hz, material.lowest_hz), take["size"])
    ring = 0.55 * (0.6 + 0.8 * take["size"]) * FREELY.get(take.choice("material"), 1.0)
    modes = modal.body(rng, material, lowest_hz, ring=ring, brightness=0.2 + 0.6 * take["hardness"])
    sides = [_side(take, modes, material, softer) for softer in (0.0, 0.0, 0.12, 0.12, 0.24, 0.24)]
    softness = np.minimum(2, np.arange(len(speeds)) // 3)
    which = 2 * softness + (rng.uniform(0, 1, len(speeds)) < 0.5 * wobble)
    return bouncing.laid(times_s, gains, which.astype(np.int64), sides)


def _side(take: Take, modes: modal.Modes, material: modal.Material, softer: float) -> Signal:
    """Return a contact on one of the body's sides: the same modes, differently excited, and the floor under it."""
    rng, hardness = take.rng, take["hardness"]
    own = modal.Modes(modes.frequencies, modes.t60s, modes.gains * rng.uniform(0.4, 1.0, len(modes.gains)))
    blow = modal.blow(max(0.05, 0.2 + 0.7 * hardness - softer), material.contact_ms)
    body = level(modal.ring(own, blow, 1.2))
    floor_hz = 170 * 2 ** (-1.2 * take["size"])
    floor = struck(0.002, 0.09)
    floor = floor * oscillators.sine(slide(len(floor), 1.4 * floor_hz, floor_hz), len(floor))
    tap = noise.band(rng, samples_of(0.015), 400, 1200 + 6000 * max(0.0, hardness - softer), 1)
    tap = level(tap * decay(len(tap), 0.012))
    return mix(
        (1.0, body), (0.55 * (1.1 - hardness) * (0.3 + take["size"]), floor), (0.05 + 0.25 * hardness, tap)
    )


def scrape(take: Take) -> Signal:
    """Bumps of the surface strike the dragged body, the more often the faster; pressed hard, it sticks and slips.

    The surface's profile read at the speed of the contact drives the body's modes (van den Doel, Kry and Pai,
    2001); the slips are dry friction (Avanzini, Serafin and Rocchesso, 2005).
    """
    rng, speed, strength, length_s = take.rng, take["speed"], take["strength"], take["length_s"]
    rough = take["roughness"]
    material = modal.MATERIALS[take.choice("material")]
    frames = samples_of(length_s)
    drag = _dragging(take, frames)
    lowest_hz = modal.scaled((material.highest_hz, material.lowest_hz), 0.15 + 0.8 * take["size"])
    ring = 0.45 * (1 - 0.55 * strength)  # The ground damps what is pressed on it.
    modes = modal.body(rng, material, lowest_hz, ring=ring, brightness=0.55, looseness=0.08)
    bumps = particles.poisson_under(rng, drag**1.5, length_s * (60 + 1400 * speed) * (1.1 - 0.75 * rough))
    profile = particles.impulses(
        frames, bumps, particles.heavy_tailed(rng, len(bumps), 0.3 + 1.1 * rough) * drag[bumps]
    )
    fine = noise.white(rng, frames) * drag * (0.05 * (1.2 - rough))
    force = lowpass(profile + fine, 900 * 9**speed * (1.2 - 0.5 * rough), 1)
    if strength > 0.05:
        force = bed.unit(force) + 1.6 * strength**1.5 * bed.unit(_stuttering(take, drag))
    body = level(modal.ring(modes, force, 0.5))
    grit_hz = (700 + 3200 * speed) * 2 ** (0.8 - 1.6 * take["size"])
    grit = bandpass(noise.white(rng, frames), 0.35 * grit_hz, 1.6 * grit_hz, 1)
    shaken = np.maximum(lowpass(np.abs(profile), 90, 1), 0)
    grit *= drag * (0.35 + level(shaken))
    layers: list[Layer] = [(1.0, body), (0.35 + 0.3 * rough, level(grit))]
    return highpass(mix(*layers), 45)


def _dragging(take: Take, frames: int) -> Signal:
    """Return how fast it is dragged over time: a pull, an uneven way, a stop."""
    seconds = frames / SAMPLE_RATE
    pull = lines(frames, [(0, 0.25), (0.14 * seconds, 1), (0.75 * seconds, 0.8), (seconds, 0)])
    slow = wander(take.rng, frames, 1.5 + 3 / seconds)
    quick = wander(take.rng, frames, 11 + 22 * take["speed"])
    return pull * (0.72 + 0.2 * slow + (0.06 + 0.2 * take["roughness"]) * quick)


def _stuttering(take: Take, drag: Signal) -> Signal:
    """Return the force of what sticks and slips while it is dragged."""
    rate = (40 + 260 * take["speed"]) * 2 ** (0.6 * drag + 0.5 * wander(take.rng, len(drag), 3))
    return friction.force(take.rng, rate, drag, 0.2 + 0.6 * take["roughness"], 0.12)


def clatter(take: Take) -> Signal:
    """Pieces come down, bounce and settle: each a body of its own, big ones low."""
    rng, hardness = take.rng, take["hardness"]
    material = modal.MATERIALS[take.choice("material")]
    middle_hz = modal.scaled((1.3 * material.highest_hz, 1.4 * material.lowest_hz), take["size"])
    contacts = bouncing.settling(
        rng, round(take["pieces"]), take["spread_s"], 0.38 + 0.12 * hardness, 0.16 + 0.12 * take["size"]
    )
    pitches = (0.72 * middle_hz, 1.6 * middle_hz)
    ring = 0.12 * 12 ** take["ring"] * FREELY.get(take.choice("material"), 1.0)
    pieces = bouncing.heap(
        rng, contacts, material, pitches, ring=ring, hardness=0.15 + 0.75 * hardness, kinds=7
    )
    floor = modal.body(rng, modal.MATERIALS["wood"], 95, ring=0.4, brightness=0.1)
    thump = level(modal.ring(floor, modal.blow(0.2, 10), 0.3))
    fast = contacts.speeds > 0.5
    thumps = bouncing.laid(
        contacts.times_s[fast], contacts.speeds[fast], np.zeros(int(fast.sum()), np.int64), [thump]
    )
    return mix((1.0, level(pieces)), (0.12 + 0.3 * take["size"], level(thumps)))


def rattle(take: Take) -> Signal:
    """A shaken box: things fly from wall to wall, in bursts at both ends of every shake.

    PhISEM (Cook, 1997): the shake gives the things energy, energy decides how often they collide.
    """
    rng, length_s, rate_hz = take.rng, take["length_s"], take["rate_hz"]
    frames = samples_of(length_s + 0.15)
    energy = _shaking(take, frames)
    pieces = round(take["pieces"])
    count = min(900.0, length_s * (3 + 5 * rate_hz**0.5) * pieces**0.8 * (0.5 + take["strength"]))
    positions = particles.poisson_under(rng, energy, count)
    positions = np.append(positions, int(0.004 * SAMPLE_RATE))
    gains = (0.1 + energy[positions]) * particles.heavy_tailed(rng, len(positions), 0.6)
    things = _things(take)
    which = rng.integers(0, len(things), len(positions))
    loose = bouncing.laid(positions / SAMPLE_RATE, gains, which, things)
    # Small things hardly move the walls.
    heavy = 0.15 if take.choice("material") == "sand" else 0.06 + 0.9 * take["size"] ** 1.2
    return mix((1.0, level(loose)), (heavy, _walls(take, positions, gains, frames)))


def _shaking(take: Take, frames: int) -> Signal:
    """Return the energy of what is shaken: it jumps at each end of a shake and is lost in between."""
    rate_hz = take["rate_hz"]
    turns = oscillators.phase(2 * rate_hz * (1 + 0.12 * wander(take.rng, frames, 2 + rate_hz)), frames) % 1.0
    own = np.exp(-turns * (3.5 - 1.5 * take["strength"])) * np.minimum(1, turns * 14 + 0.05)
    seconds = frames / SAMPLE_RATE
    fade = lines(frames, [(0, 1.0), (seconds - 0.15, 0.8), (seconds - 0.02, 0.0)])
    return (own**1.5 + 0.01) * fade + 1e-9


def _things(take: Take) -> list[Signal]:
    """Return what single things sound like when they hit a wall."""
    rng, size, hardness = take.rng, take["size"], 0.45 + 0.4 * take["strength"]
    if take.choice("material") == "sand":
        grains = []
        for _ in range(8):
            frames = samples_of(rng.uniform(0.001, 0.003))
            grains.append(highpass(noise.white(rng, frames), 5000 * 0.4**size) * decay(frames, 0.002))
        return grains
    material = modal.MATERIALS[take.choice("material")]
    pitch_hz = modal.scaled((2.4 * material.highest_hz, 1.2 * material.lowest_hz), size)
    boxed = {"metal": 0.6, "glass": 0.5}.get(
        take.choice("box"), 0.4 if take.choice("box") != "cloth" else 0.15
    )
    ring = 0.3 * boxed * FREELY.get(take.choice("material"), 1.0) ** 1.5
    # What is small touches briefly (Hertz).
    blow = modal.blow(hardness, material.contact_ms * 2 ** (3 * (size - 0.5)))
    things = []
    for _ in range(8):
        own_hz = pitch_hz * 2 ** rng.uniform(-0.4, 0.5)
        modes = modal.body(rng, material, own_hz, ring=ring, brightness=0.6, looseness=0.15)
        things.append(level(modal.ring(modes, blow, 0.4)))
    return things


def _walls(take: Take, positions: particles.Positions, gains: Signal, frames: int) -> Signal:
    """Return the box as it is struck from within: one body under all the impacts."""
    name = take.choice("box")
    material = modal.MATERIALS["flesh" if name == "cloth" else name]
    lowest_hz = {"wood": 260.0, "metal": 480.0, "plastic": 340.0}.get(name, 160.0) * 2 ** (0.5 - take["size"])
    modes = modal.body(take.rng, material, lowest_hz, ring=0.12 if name == "metal" else 0.5, brightness=0.3)
    struck_walls = particles.impulses(frames, positions, gains)
    soft = lowpass(struck_walls, 300 + 1500 * take["strength"], 1)
    return level(modal.ring(modes, soft, 0.4))


def roll(take: Take) -> Signal:
    """A rolling body: many small bumps drive its modes, most of them where it is least round, and the ground shakes.

    Micro-impacts under the load's modulation once a turn (van den Doel, Kry and Pai, 2001; Rath and Rocchesso, 2005).
    """
    rng, size, speed, rough = take.rng, take["size"], take["speed"], take["roughness"]
    material = modal.MATERIALS[take.choice("material")]
    turn_hz = (0.9 + 5 * speed) * 2 ** (1.6 * (0.5 - size))
    turns = bed.cycles(take, turn_hz * (1 + 0.15 * bed.wander(take, 0.7)))
    uneven = take["wobble"] * (0.65 * np.sin(2 * np.pi * turns) + 0.35 * np.sin(4 * np.pi * turns + 1.0))
    load = np.maximum(0.05, 1 + 0.85 * uneven) ** 2 * (0.75 + 0.25 * bed.wander(take, 5 + 8 * speed))
    bumps = bed.events_under(take, load, (60 + 900 * speed) * (1.15 - 0.85 * rough))
    gains = particles.heavy_tailed(rng, len(bumps), 0.35 + 0.9 * rough) * load[bumps] ** 0.5
    softness_hz = 500 * 12 ** (0.35 + 0.65 * speed) * (1.3 - 0.6 * rough)
    force = lowpass(bed.impulses(take, bumps, gains), softness_hz * 2 ** (0.8 - 1.6 * size), 1)
    lowest_hz = modal.scaled((1.2 * material.highest_hz, 0.5 * material.lowest_hz), size)
    modes = modal.body(rng, material, lowest_hz, ring=0.35, brightness=0.45, looseness=0.08)
    modes = modal.Modes(modes.frequencies, np.minimum(modes.t60s, 0.35), modes.gains)
    body = convolved(force, modal.impulse_response(modes, samples_of(0.38)))[: take.frames]
    ground = lowpass(bed.white(take) * load, 190 * 2 ** (0.8 - 1.6 * size) * (0.6 + 0.8 * speed), 2)
    grit = bandpass(bed.white(take) * load, 500, 2600 * (0.5 + speed) * 2 ** (0.5 - size), 1)
    layers = 0.75 * bed.unit(body) + 0.9 * take["rumble"] * bed.unit(ground)
    return layers + (0.1 + 0.2 * rough) * bed.unit(grit)
