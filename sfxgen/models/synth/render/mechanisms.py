"""Doors, locks and other mechanisms: how they are made."""

from __future__ import annotations

import numpy as np

from sfxgen.models.synth import bed, bouncing, friction, modal, noise, particles
from sfxgen.models.synth.envelopes import decay, lines, ramp_out, slide, struck, wander
from sfxgen.models.synth.filters import bandpass, highpass, lowpass
from sfxgen.models.synth.oscillators import partials, phase, sine
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of, semitones


def door(take: Take) -> Signal:
    """What an action is made of, in time: latch, creak, thud."""
    length_s, action = take["length_s"], take.choice("action")
    creaking = (take["creak"], _hinges(take, length_s))
    rub = (0.06, _rub(take, length_s))
    if action == "swing":
        return mix(creaking, rub)
    if action == "open":
        return mix(
            (0.55, _latch(take)), (*creaking, 0.16), (*rub, 0.14), (0.12, _shut(take, 0.3), 0.1 + length_s)
        )
    if action == "close":
        end_s = length_s
        return mix(creaking, rub, (0.85, _shut(take, 0.5), end_s), (0.4, _latch(take), end_s + 0.05))
    swing_s = min(0.12, 0.1 * length_s)  # a player pulls the trigger for the bang, not for what comes before
    air = noise.band(take.rng, samples_of(swing_s), 80, 600) * np.linspace(0, 1, samples_of(swing_s)) ** 2
    return mix((0.06, level(air)), (1.2, _shut(take, 1.0), swing_s), (0.3, _latch(take), swing_s + 0.015))


def _shut(take: Take, force: float) -> Signal:
    """A heavy leaf meets its frame: the leaf's low modes under a soft blow, the air it pushes, the frame's rattle."""
    weight, wood = take["weight"], take.choice("material") == "wood"
    lowest_hz = modal.scaled((150, 48), weight)
    leaf_of = modal.MATERIALS["wood" if wood else "sheet"]
    modes = modal.body(take.rng, leaf_of, lowest_hz, ring=0.9, brightness=0.1 + 0.35 * force, looseness=0.15)
    leaf = modal.ring(modes, modal.blow(0.15 + 0.45 * force, 14), 2.5)
    push = struck(0.003, 0.2 + 0.2 * weight)
    push *= sine(slide(len(push), 1.6 * lowest_hz, 0.8 * lowest_hz), len(push))
    slapping = decay(samples_of(0.08), 0.07)
    slap = bandpass(noise.white(take.rng, len(slapping)), 150, 900 + 2200 * force, 1) * slapping
    return level(mix((1.0, level(leaf)), (0.8, push), (0.3 + 0.3 * force, level(slap))))


def _clank(take: Take, name: str, lowest_hz: float, ring: float, hardness: float) -> Signal:
    """Return one small part as it is struck."""
    material = modal.MATERIALS[name]
    modes = modal.body(
        take.rng, material, lowest_hz, ring=ring, brightness=0.2 + 0.6 * hardness, looseness=0.1
    )
    return level(modal.ring(modes, modal.blow(0.3 + 0.65 * hardness, 5), 1.2))


def _latch(take: Take) -> Signal:
    """Two small metal contacts: the bolt leaves, the spring stops it."""
    pitch_hz = modal.scaled((1700, 620), take["weight"])
    gap_s = take.rng.uniform(0.045, 0.08)
    return mix(
        (0.6, _clank(take, "metal", pitch_hz, 0.05, 0.75)),
        (1.0, _clank(take, "metal", 0.74 * pitch_hz, 0.09, 0.6), gap_s),
        (
            0.5,
            _clank(
                take, take.choice("material"), 190, 0.5 if take.choice("material") == "wood" else 0.1, 0.3
            ),
            gap_s,
        ),
    )


def _hinges(take: Take, length_s: float) -> Signal:
    """Stick and slip at the hinge through the leaf's resonances: faster and smaller slips while it speeds up."""
    rng = take.rng
    frames = samples_of(length_s)
    effort = np.sin(np.pi * np.linspace(0, 1, frames) ** 0.7) ** 0.6
    heaviness = 2 ** (0.8 - 1.6 * take["weight"])
    rate = heaviness * 62 * 2 ** (1.9 * effort - 1.0 + 0.8 * wander(rng, frames, 2.6 / length_s + 1.2))
    holds = 0.5 + 0.5 * wander(rng, frames, 3.2)
    pulses = friction.force(rng, rate, effort * (0.2 + 0.8 * holds), 0.4, 0.1)
    scale = 2 ** (0.35 - 0.7 * take["weight"])
    low_hz, high_hz, ring_s = (320, 3400, 0.022) if take.choice("material") == "wood" else (700, 5600, 0.07)
    leaf = friction.body(rng, scale * low_hz, scale * high_hz, ring_s)
    return level(highpass(modal.ring(leaf, pulses, 0.2)[:frames], 160)) * ramp_out(frames, 0.12)


def _rub(take: Take, length_s: float) -> Signal:
    frames = samples_of(length_s)
    return level(noise.band(take.rng, frames, 250, 1800, 1) * np.sin(np.pi * np.linspace(0, 1, frames)) ** 2)


def creak(take: Take) -> Signal:
    """Stick and slip through a body: few slips a second knock, more creak, many squeal.

    The pull is uneven, so the rate wanders and the creak holds its breath between (Farnell, 2010; Avanzini, Serafin and
    Rocchesso, 2005, for what a slip does).
    """
    rng, rough, length_s = take.rng, take["roughness"], take["length_s"]
    frames = samples_of(length_s)
    glide = slide(frames, 1.0, semitones(take["rise_st"]))
    drift = (0.05 + 0.5 * rough) * wander(rng, frames, 1.5 + 3 / length_s)
    rate = take["rate_hz"] * glide * 2**drift
    seconds = frames / SAMPLE_RATE
    pull = lines(frames, [(0, 0.7), (0.1 * seconds, 1.0), (0.8 * seconds, 0.8), (seconds, 0.0)])
    loud = pull * (1 - 0.6 * rough + 0.6 * rough * wander(rng, frames, 5))
    pulses = friction.force(rng, rate, np.maximum(loud, 0.02), rough, 0.09)
    low_hz, high_hz, ring_s = {
        "wood": (230, 3300, 0.025),
        "metal": (520, 6800, 0.09),
        "rope": (140, 1700, 0.01),
    }[take.choice("material")]
    lower = 2 ** (1.1 - 2.2 * take["size"])
    body = friction.body(rng, lower * low_hz, lower * high_hz, ring_s * 2 ** (take["size"] - 0.5), 11)
    return highpass(modal.ring(body, pulses, 0.35), 70)


def lock(take: Take) -> Signal:
    """Pins lift one by one as the key goes in, the plug turns, the bolt is thrown: small contacts on a hollow case."""
    rng, length_s, action = take.rng, take["length_s"], take.choice("action")
    pitch_hz = modal.scaled((4200, 1500), take["size"])
    layers: list[Layer] = []
    if action in ("turn", "insert"):
        inserted_s = length_s if action == "insert" else 0.45 * length_s
        layers += _pins(take, pitch_hz, inserted_s)
        layers.append((0.5, _clank(take, "metal", 0.6 * pitch_hz, 0.05, 0.6), inserted_s))
    if action == "turn":
        layers += _scratch(take, 0.5 * length_s, 0.4 * length_s, 0.1)
        layers += [(0.4, _clank(take, "metal", 0.8 * pitch_hz, 0.04, 0.8), 0.66 * length_s)]
    if action == "bolt":
        layers += _scratch(take, 0.0, 0.9 * length_s, 0.3)
    if action == "padlock":
        layers += _pins(take, 0.8 * pitch_hz, 0.7 * length_s)
        layers.append((0.8, _clank(take, "metal", 0.9 * pitch_hz, 0.12, 0.9), 0.9 * length_s + 0.06))
    if action != "insert":
        layers += _thrown(take, 0.4 * pitch_hz, 0.9 * length_s)
    if take["rattle"] > 0:
        stirred = lines(
            samples_of(length_s + 0.1), [(0, 0.7), (0.8 * length_s, 0.5), (length_s, 1), (length_s + 0.1, 0)]
        )
        keys = bouncing.jingle(rng, stirred, 3 + 26 * take["rattle"] * length_s**0.5, 1.1 * pitch_hz, 0.045)
        layers.append((0.28 * take["rattle"], keys))
    return mix(*layers)


def _pins(take: Take, pitch_hz: float, length_s: float) -> list[Layer]:
    """Return the clicks of pins, unevenly spaced, no two of them alike."""
    rng, clicks = take.rng, round(take["clicks"])
    steps = (np.arange(clicks) + rng.uniform(-0.25, 0.25, clicks)) / max(1, clicks)
    tick = [
        _clank(take, "metal", pitch_hz * rng.uniform(0.85, 1.25), 0.022, 0.85) for _ in range(min(clicks, 4))
    ]
    return [
        (rng.uniform(0.3, 0.6), tick[index % len(tick)], max(0.0, 0.9 * length_s * step))
        for index, step in enumerate((steps - steps[0]).tolist())
    ]


def _scratch(take: Take, start_s: float, length_s: float, loud: float) -> list[Layer]:
    """Return metal that turns or slides in metal."""
    frames = samples_of(length_s)
    slid = np.sin(np.pi * np.linspace(0, 1, frames)) * (0.5 + 0.5 * wander(take.rng, frames, 35))
    scratch = noise.band(take.rng, frames, 900, 5200 * 2 ** (0.5 - take["size"]), 1) * np.maximum(slid, 0)
    return [(loud, level(scratch), start_s)]


def _thrown(take: Take, pitch_hz: float, at_s: float) -> list[Layer]:
    """Return the bolt that strikes home: metal on metal, and the wood around it."""
    strength = take["strength"]
    clunk = _clank(take, "metal", pitch_hz, 0.07 + 0.06 * take["size"], 0.4 + 0.4 * strength)
    case = _clank(take, "wood", 330 * 2 ** (0.6 - 1.4 * take["size"]), 0.6, 0.3)
    return [
        (0.45 + 0.6 * strength, clunk, at_s),
        (0.2 + 0.7 * strength, case, at_s),
        (
            0.3 * strength,
            _clank(take, "metal", 1.6 * pitch_hz, 0.05, 0.7),
            at_s + take.rng.uniform(0.02, 0.035),
        ),
    ]


def lever(take: Take) -> Signal:
    """It leaves its notch, swings, meets its stop with its whole body, and the spring shakes it for a while."""
    rng, size, hardness, length_s = take.rng, take["size"], take["hardness"], take["length_s"]
    name = take.choice("material")
    lower = 2 ** (1.6 - 3.2 * size)
    notch_hz, stop_hz, ring = {
        "metal": (1300, 430, 0.12),
        "wood": (620, 190, 0.8),
        "plastic": (1500, 620, 0.8),
    }[name]
    frames = samples_of(length_s)
    slid = (
        noise.band(rng, frames, 400 * lower, min(6500 * lower, 14000), 1) * np.linspace(0.3, 1, frames) ** 2
    )
    layers: list[Layer] = [
        (0.4, _clank(take, name, lower * notch_hz, 0.4 * ring, 0.7)),
        (0.07, level(slid)),
        (0.5 + 0.5 * hardness, _clank(take, name, lower * stop_hz, ring, 0.25 + 0.6 * hardness), length_s),
        (0.25 + 0.3 * hardness, _clank(take, "wood", lower * 150, 0.5, 0.2), length_s),
        (
            0.35 * hardness,
            _clank(take, "metal", lower * 1.7 * notch_hz, 0.06, 0.9),
            length_s + rng.uniform(0.004, 0.012),
        ),
    ]
    if take["rattle"] > 0:
        layers.append((0.45 * take["rattle"], _spring(take, lower), length_s + 0.012))
    if take["creak"] > 0:
        rate = slide(frames, 110, 210) * 2 ** (0.3 * wander(rng, frames, 12)) * lower**0.5
        pulses = friction.force(rng, rate, np.sin(np.pi * np.linspace(0, 1, frames)), 0.4, 0.1)
        dry = modal.ring(friction.body(rng, 420 * lower, 4200, 0.03), pulses, 0.2)
        layers.append((0.8 * take["creak"], level(dry)))
    return mix(*layers)


def _spring(take: Take, lower: float) -> Signal:
    """Return play that is shaken by a spring: knocks at its own rate, softer and softer."""
    rng = take.rng
    count = 3 + round(5 * take["rattle"])
    beat_s = rng.uniform(0.026, 0.036) * lower**-0.25
    times = beat_s * (np.arange(count) + 0.15 * rng.uniform(-1, 1, count) * (np.arange(count) > 0))
    fading: Signal = np.power(0.62, np.arange(count, dtype=np.float64))
    knocks = bouncing.Contacts(times, fading, np.arange(count))
    pitches = (900 * lower, min(2600 * lower, 9000.0))
    metal = modal.MATERIALS["metal"]
    return level(bouncing.heap(rng, knocks, metal, pitches, ring=0.06, hardness=0.7, kinds=3, longest_s=0.3))


def chain(take: Take) -> Signal:
    """Links knock on one another in flurries: each a ring of steel that its neighbours damp.

    PhISEM (Cook, 1997) over a few links; a jerk puts most of the knocks at the start, a gentle hand spreads them.
    """
    rng, length_s, strength, size = take.rng, take["length_s"], take["strength"], take["size"]
    frames = samples_of(length_s)
    seconds = frames / SAMPLE_RATE
    moved = lines(
        frames, [(0, 0.6 + 0.9 * strength), (0.2 * seconds, 0.7), (0.85 * seconds, 0.6), (seconds, 0)]
    )
    moved = moved * (0.06 + (0.5 + 0.5 * wander(rng, frames, 8)) ** (1.5 + strength))
    positions = particles.poisson_under(rng, moved, take["density"] * length_s)
    times = np.append(positions / SAMPLE_RATE, 0.003)
    gains = np.append(moved[positions] * particles.heavy_tailed(rng, len(positions), 0.7), 0.5)
    links = _links(take, 6)
    rung = bouncing.laid(times, gains, rng.integers(0, len(links), len(times)), links)
    low_hz = 1200 * 2 ** (1 - 2 * size)
    slid = bandpass(noise.white(rng, frames) * moved, low_hz, 5 * low_hz, 1)
    return mix((1.0, level(rung)), (0.1 + 0.08 * size, level(slid)))


def _links(take: Take, count: int) -> list[Signal]:
    rng, ring = take.rng, take["ring"]
    pitch_hz = modal.scaled((4600, 620), take["size"])
    links = []
    for _ in range(count):
        own_hz = pitch_hz * 2 ** rng.uniform(-0.35, 0.45)
        ratios = (1.0, 1.52, 2.3, 2.83, 3.9, 5.4)
        steel = modal.Material(0.0014, 0.9, ratios, own_hz, own_hz, 2)
        free = 0.05 + 0.5 * ring**1.5 * rng.uniform(0.6, 1.0)
        modes = modal.body(
            rng, steel, own_hz, ring=free, brightness=0.55 + 0.3 * take["strength"], looseness=0.08
        )
        links.append(level(modal.ring(modes, modal.blow(0.6 + 0.3 * take["strength"], 3), 0.5)))
    return links


def gate(take: Take) -> Signal:
    """A pawl falls from tooth to tooth while the chains run and the stone shakes; let down, it runs away and lands."""
    rng, weight, length_s = take.rng, take["weight"], take["length_s"]
    falls = take.choice("action") == "fall"
    frames = samples_of(length_s)
    seconds = frames / SAMPLE_RATE
    speed = np.linspace(0.5, 3.0, frames) if falls else lines(frames, [(0, 0.6), (0.3, 1.0), (seconds, 0.85)])
    teeth = _teeth(take, speed)
    clicks = _ratchet(take, teeth)
    stirred = np.zeros(frames)
    stirred[(teeth[teeth < seconds] * SAMPLE_RATE).astype(np.int64)] = 1.0
    stirred = lowpass(stirred, 5, 1)
    stirred = (
        np.maximum(stirred / np.max(stirred), 0) * (0.5 + 0.5 * wander(rng, frames, 9)) * speed**0.5 + 1e-6
    )
    layers: list[Layer] = [(0.8, clicks), (0.12, level(_grinding(take, frames, speed)))]
    if take["rattle"] > 0:
        links = bouncing.jingle(
            rng, stirred, length_s * (15 + 90 * take["rattle"]), 900 * 2 ** (0.7 - weight), 0.14
        )
        layers.append((0.55 * take["rattle"], links))
    if take["rumble"] > 0:
        ground = lowpass(noise.white(rng, frames) * (0.35 + stirred) * speed**0.7, 85 * 2 ** (1 - weight), 2)
        layers.append((0.75 * take["rumble"], level(ground) * ramp_out(frames, 0.06)))
    if take["creak"] > 0:
        layers.append((0.6 * take["creak"], _timbers(take, frames)))
    landing = bouncing.settling(rng, 3, 0.08, 0.35, 0.12)
    iron = modal.MATERIALS["sheet"]
    lowest_hz = modal.scaled((150, 55), weight)
    crash = bouncing.heap(
        rng, landing, iron, (lowest_hz, 2.2 * lowest_hz), ring=0.6, hardness=0.3 + 0.3 * falls, kinds=3
    )
    push = struck(0.004, 0.3 + 0.4 * weight)
    push = push * sine(slide(len(push), 80 * 2 ** (0.6 - weight), 38 * 2 ** (0.6 - weight)), len(push))
    home = (0.45 + 0.25 * weight) * (2.2 if falls else 1.0)
    layers += [(home, level(crash), length_s), (0.9 * home, push, length_s)]
    return mix(*layers)


def _teeth(take: Take, speed: Signal) -> Signal:
    """Return when the pawl falls into a tooth, in s, from 0 on."""
    passed = np.cumsum(speed) * (take["rate_hz"] / SAMPLE_RATE)
    wanted = np.arange(0.02, passed[-1])
    wanted = wanted + 0.06 * take.rng.uniform(0, 1, len(wanted))
    times: Signal = np.interp(wanted, passed, np.arange(len(passed), dtype=np.float64)) / SAMPLE_RATE
    return times


def _ratchet(take: Take, teeth: Signal) -> Signal:
    """Return a pawl's clicks: iron on iron, and the drum it sits on."""
    rng, weight = take.rng, take["weight"]
    pitch_hz = modal.scaled((900, 300), weight)
    clicks = []
    for _ in range(4):
        iron = _clank(take, "metal", pitch_hz * rng.uniform(0.93, 1.08), 0.07, 0.7)
        drum = _clank(take, "wood", 0.33 * pitch_hz, 0.6, 0.25)
        clicks.append(mix((1.0, iron), (0.8, drum), (0.35, iron, rng.uniform(0.012, 0.02))))
    gains = rng.uniform(0.6, 1.0, len(teeth))
    return level(bouncing.laid(teeth, gains, rng.integers(0, 4, len(teeth)), clicks))


def _grinding(take: Take, frames: int, speed: Signal) -> Signal:
    low_hz = 350 * 2 ** (0.7 - take["weight"])
    ground = bandpass(noise.white(take.rng, frames), low_hz, 7 * low_hz, 1) * speed
    return ground * (0.6 + 0.4 * wander(take.rng, frames, 18)) * ramp_out(frames, 0.05)


def _timbers(take: Take, frames: int) -> Signal:
    rng = take.rng
    rate = 34 * 2 ** (0.7 - take["weight"] + 1.1 * wander(rng, frames, 1.6))
    effort = np.maximum(wander(rng, frames, 1.1), 0) ** 0.7
    pulses = friction.force(rng, rate, effort, 0.5, 0.15)
    beams = friction.body(rng, 160 * 2 ** (0.5 - take["weight"]), 1900, 0.035)
    return level(modal.ring(beams, pulses, 0.2)[:frames]) * ramp_out(frames, 0.05)


def gears(take: Take) -> Signal:
    """Teeth mesh one after the other, tick and tock; a smaller wheel turns three times as fast beside them.

    Each meeting of teeth strikes both wheels; rough ones come early or late and grind in between.
    """
    rng, rough, size = take.rng, take["roughness"], take["size"]
    name, rate_hz = take.choice("material"), take["rate_hz"]
    ring = {"metal": 0.05, "wood": 0.45, "plastic": 0.6}[name] * 6 ** take["ring"]
    lower = 2 ** (2.4 * (0.5 - size))
    base_hz = {"metal": 1150.0, "wood": 420.0, "plastic": 900.0}[name] * lower
    ticks = [_clank(take, name, base_hz * ratio, ring, 0.75) for ratio in (1.0, 1.13)]
    small = [_clank(take, name, 2.1 * base_hz * ratio, 0.5 * ring, 0.8) for ratio in (1.0, 1.07, 0.95)]
    meshing = bed.cycles(take, rate_hz)
    teeth, times = _meshed(take, meshing, 0.16 * rough)
    layers: Signal = bed.scatter(
        take, teeth, 1 - (0.15 + 0.55 * rough) * rng.uniform(0, 1, len(teeth)), ticks
    )
    faster, _ = _meshed(take, 3 * meshing + 0.37, 0.12 * rough)
    soft = (0.12 + 0.3 * take["rattle"]) * rng.uniform(0.3, 1.0, len(faster))
    layers = layers + bed.scatter(take, faster, soft, small)
    since = times % 1.0
    grinding = bandpass(bed.white(take), 0.5 * base_hz, min(5 * base_hz, 15000), 1)
    layers = layers + (0.006 + 0.09 * rough**1.5) * bed.unit(grinding) * (0.25 + np.exp(-4 * since))
    if take["rattle"] > 0:
        loose = bed.events_under(
            take, 0.15 + np.exp(-5 * since), 2 + (3 + 2 * rate_hz**0.5) * take["rattle"] * 3
        )
        bank = particles.bank(rng, 8, 1.6 * base_hz, min(5.5 * base_hz, 17000), (0.01, 0.01 + 0.25 * ring))
        gains = 0.35 * take["rattle"] * particles.heavy_tailed(rng, len(loose), 0.6)
        layers = layers + bed.resonant(rng, take, loose, gains, bank)
    return layers


def _meshed(take: Take, turns: Signal, uneven: float) -> tuple[particles.Positions, Signal]:
    """Return where teeth meet within a period, some of them early or late, and the turns in teeth."""
    whole = np.floor(turns[: take.period])
    met = np.flatnonzero(np.diff(whole, prepend=np.floor(turns[0] - 1e-9)) > 0)
    if not len(met):
        met = np.zeros(1, np.int64)
    apart = take.period / len(met)
    early = (uneven * apart * take.rng.uniform(-1, 1, len(met))).astype(np.int64)
    return np.sort((met + early) % take.period), turns


def drawer(take: Take) -> Signal:
    """It slides on its runners, stops, and what lies in it slides on and knocks."""
    rng, length_s, rough, weight = take.rng, take["length_s"], take["roughness"], take["weight"]
    name = take.choice("material")
    metal = name == "metal"
    frames = samples_of(length_s)
    closing = take.choice("action") == "close"
    end = 1.0 if closing else 0.55
    seconds = frames / SAMPLE_RATE
    speed = lines(frames, [(0, 0.25), (0.25 * seconds, 0.85), (0.8 * seconds, end), (seconds, end)])
    lower = 2 ** (0.6 - 1.2 * weight)
    run = _runners(take, speed, lower, metal=metal)
    rate = (150 if metal else 70) * lower * speed * 2 ** (0.5 * wander(rng, frames, 8))
    pulses = friction.force(rng, rate, speed * np.maximum(wander(rng, frames, 6), 0), 0.3 + 0.6 * rough, 0.12)
    dry = modal.ring(friction.body(rng, 260 * lower, 2900 * lower, 0.03 if metal else 0.018), pulses, 0.2)[
        :frames
    ]
    strength = take["strength"]
    stop = _clank(
        take,
        "sheet" if metal else "wood",
        (190 if metal else 150) * lower,
        0.5 if metal else 0.8,
        0.15 + 0.45 * strength,
    )
    tap = _clank(take, name, 760 * lower, 0.08 if metal else 0.5, 0.6)
    loud = (0.35 + 0.9 * strength) * (1.2 if closing else 0.75)
    layers: list[Layer] = [
        (0.3, run),
        (0.45 * rough, level(dry)),
        (loud, stop, length_s),
        (0.35 * loud, tap, length_s + 0.003),
    ]
    if not closing:
        layers.append((0.3, _clank(take, name, 420 * lower, 0.1 if metal else 0.5, 0.4)))
    if take["rattle"] > 0:
        contacts = bouncing.settling(rng, 2 + round(9 * take["rattle"]), 0.14, 0.4, 0.08)
        things = modal.MATERIALS["plastic" if not metal else "metal"]
        inside = bouncing.heap(
            rng, contacts, things, (900 * lower, 4200), ring=0.12, hardness=0.7, kinds=5, longest_s=0.3
        )
        layers.append((0.55 * take["rattle"] * (0.4 + strength), level(inside), length_s + 0.006))
    return mix(*layers)


def _runners(take: Take, speed: Signal, lower: float, *, metal: bool) -> Signal:
    """Return wood that rubs on wood, or balls that run in steel."""
    rng, frames = take.rng, len(speed)
    centre_hz = (2100 if metal else 850) * lower
    rubbed = bandpass(noise.white(rng, frames), 0.45 * centre_hz, 2.4 * centre_hz, 1)
    rubbed = rubbed * speed * (0.6 + 0.4 * wander(rng, frames, 24 + 30 * take["roughness"]))
    if metal:
        rubbed = rubbed * (0.7 + 0.3 * sine(55 * speed, frames))
    return level(rubbed) * np.minimum(1, np.arange(frames) / 200)


def sliding_door(take: Take) -> Signal:
    """A valve opens, a motor runs up and down, air is pushed aside, bolts lock and the last pressure is let off."""
    rng, size, length_s, strength = take.rng, take["size"], take["length_s"], take["strength"]
    opening = take.choice("action") == "open"
    frames = samples_of(length_s)
    position = np.linspace(0, 1, frames)
    travel = np.minimum(1, 6 * position) * np.minimum(1, 5 * (1 - position))
    whine = _servo(take, travel, rising=opening)
    rush = noise.band(rng, frames, 180 * 2 ** (0.5 - size), 1500 * 2 ** (0.5 - size), 1) * travel**1.5
    lower = 2 ** (1 - 2 * size)
    unlock = _clank(take, "metal", 520 * lower, 0.05, 0.7)
    lock_hz = 130 * lower
    bolts = _clank(take, "sheet", lock_hz, 0.35, 0.25 + 0.5 * strength)
    push = struck(0.003, 0.14 + 0.2 * size)
    push = push * sine(slide(len(push), 0.9 * lock_hz, 0.5 * lock_hz), len(push))
    home = 0.3 + 0.75 * strength
    return mix(
        (0.35, unlock),
        (1.3 * take["hiss"], _valve(take, 0.16 + 0.3 * length_s**0.5)),
        (0.45 * take["motor"], whine),
        (0.3, level(rush)),
        (home, bolts, length_s),
        (0.8 * home, push, length_s),
        (0.4 * home, _clank(take, "metal", 690 * lower, 0.06, 0.8), length_s + rng.uniform(0.03, 0.05)),
        (0.4 * take["hiss"], _valve(take, 0.12 + 0.12 * size), length_s + 0.05),
    )


def _valve(take: Take, length_s: float) -> Signal:
    """Return air that is let off: bright noise, brightest while the pressure is high."""
    envelope = struck(0.006, 1.3 * length_s)
    low = 2 ** (0.5 - take["size"])
    air = noise.band(take.rng, len(envelope), 2300 * low, 12500, 1) * envelope
    body = noise.band(take.rng, len(envelope), 700 * low, 2600 * low, 1) * envelope**2
    return level(mix((1.0, level(air)), (0.5, level(body))))


def _servo(take: Take, travel: Signal, *, rising: bool) -> Signal:
    """Return an electric motor and its gear: harmonics that follow its speed, with the teeth's whine on top."""
    frames = len(travel)
    turn = (
        take["pitch_hz"]
        * (0.55 + 0.45 * travel)
        * (slide(frames, 0.9, 1.12) if rising else slide(frames, 1.12, 0.85))
    )
    turn = turn * (1 + 0.012 * wander(take.rng, frames, 13))
    gains = (1.0, 0.55, 0.5, 0.2, 0.28, 0.1, 0.14)
    own = partials(
        turn, frames, (1, 2, 3, 4, 5, 7, 11.03), tuple(g * take.rng.uniform(0.7, 1) for g in gains)
    )
    shake = 0.8 + 0.2 * np.sin(2 * np.pi * phase(turn / 6.3, frames))
    return level(own * shake * travel**0.7)
