"""Things that break, tear and collapse: how they are made."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import bed, bouncing, filters, friction, modal, noise, oscillators, particles
from sfxgen.models.synth.envelopes import decay, lines, ramp_out, slide, struck, wander
from sfxgen.models.synth.filters import bandpass, highpass, lowpass
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of


def energies(rng: Generator, count: int, exponent: float) -> Signal:
    """Return how strong single cracks are, from 0.02 to 1: a power law, as of all that crumples and breaks.

    Houle and Sethna (1996) measured it on paper; Rocchesso and Fontana (2003) crush cans with it.
    """
    weakest: float = 0.02 ** (1 - exponent)
    drawn: Signal = (weakest + rng.uniform(0, 1, count) * (1 - weakest)) ** (1 / (1 - exponent))
    return drawn


def cracks(rng: Generator, times_s: Signal, gains: Signal, modes: modal.Modes, sharp_hz: float) -> Signal:
    """Return fractures at times: each a step of force that sets free, through the body that breaks.

    A crack is sudden, so the noise of the fresh faces starts at full strength; `sharp_hz` is how bright it is.
    """
    starts = (times_s * SAMPLE_RATE).astype(np.int64)
    frames = int(starts.max()) + samples_of(0.02)
    force = particles.impulses(frames, starts, gains * rng.choice(np.array([-1.0, 1.0]), len(gains)))
    fresh = friction.bursts(rng, frames, starts, gains, 0.0012, 40)
    fresh = bandpass(fresh, 0.25 * sharp_hz, 2.2 * sharp_hz, 1)
    body = modal.ring(modes, lowpass(force, sharp_hz, 1), 0.5)
    return level(mix((1.0, whole(body)), (0.8, whole(fresh))))


def whole(x: Signal) -> Signal:
    """Return a sound of unit energy: what is random in it then does not decide how loud it is beside others."""
    return x / max(float(np.sqrt(np.sum(x**2))), 1e-12)


def glass(take: Take) -> Signal:
    """A crack through the pane, then pieces that ring high, hit the ground and bounce, fewer and smaller with time."""
    rng, size, spread_s = take.rng, take["size"], take["spread_s"]
    contacts = bouncing.settling(rng, max(2, round(take["shards"] / 2.5)), spread_s, 0.35, 0.14)
    ring = (0.2 + 0.9 * take["ring"] ** 1.5) * (0.7 + 0.6 * size)
    lowest_hz = modal.scaled((3000, 1500), size)
    shards = bouncing.heap(
        rng,
        contacts,
        modal.MATERIALS["glass"],
        (lowest_hz, 3.6 * lowest_hz),
        ring=ring,
        hardness=0.95,
        kinds=9,
    )
    dust_frames = samples_of(0.5 * spread_s)
    dust = highpass(noise.white(rng, dust_frames), 5000) * decay(dust_frames, 0.5 * spread_s)
    dust *= 0.5 + 0.5 * wander(rng, dust_frames, 60)
    return mix(
        (0.7, level(shards), 0.006), (0.4 + 1.2 * take["crack"], _pane(take)), (0.14, level(dust), 0.003)
    )


def _pane(take: Take) -> Signal:
    """Return the break itself: the pane's short thump, and cracks that run through it."""
    rng, size = take.rng, take["size"]
    pane_hz = modal.scaled((1400, 330), size)
    modes = modal.body(rng, modal.MATERIALS["glass"], pane_hz, ring=0.1, brightness=0.75, looseness=0.2)
    pane = level(modal.ring(modes, modal.blow(0.8)))
    count = 10 + round(20 * size)
    times = np.sort(0.09 * (0.5 + size) * rng.uniform(0, 1, count) ** 2)
    times[0] = 0.0
    gains = energies(rng, count, 1.5) * np.exp(-times / 0.05)
    gains[0] = 1.0
    splinter = modal.body(rng, modal.MATERIALS["glass"], 2400, ring=0.08, brightness=0.9, looseness=0.3)
    return level(mix((0.7, pane), (1.0, cracks(rng, times, gains, splinter, 6500))))


def crate(take: Take) -> Signal:
    """A blow on a hollow box, its boards crack fibre by fibre, and planks fall."""
    rng, size, strength = take.rng, take["size"], take["strength"]
    wood = modal.MATERIALS["wood"]
    lowest_hz = modal.scaled((260, 85), size)
    box = modal.body(rng, wood, lowest_hz, ring=0.9, brightness=0.2 + 0.4 * strength, looseness=0.15)
    blow = level(modal.ring(box, modal.blow(0.3 + 0.35 * strength, 9)))
    push = struck(0.003, 0.16 + 0.1 * size)
    push = push * oscillators.sine(slide(len(push), 0.9 * lowest_hz, 0.55 * lowest_hz), len(push))
    layers: list[Layer] = [
        (0.8, whole(blow)),
        (0.3 + 0.4 * strength, whole(push)),
        (0.3 + 1.1 * take["crack"], whole(_splitting(take)), 0.002),
    ]
    if take["debris"] > 0:
        count = 2 + round(22 * take["debris"] * (0.5 + strength))
        contacts = bouncing.settling(rng, count, take["spread_s"], 0.4, 0.2)
        plank_hz = modal.scaled((620, 210), size)
        planks = bouncing.heap(rng, contacts, wood, (plank_hz, 3.5 * plank_hz), ring=0.8, hardness=0.7)
        layers.append((0.3 + 0.9 * take["debris"], whole(planks), 0.05))
    return mix(*layers)


def _splitting(take: Take) -> Signal:
    """Return wood that splits: a few loud cracks with a crackle of fibres after each."""
    rng, amount = take.rng, take["crack"]
    boards = 2 + round(3 * amount)
    starts = np.sort(rng.uniform(0, 0.04 + 0.16 * amount, boards))
    starts[0] = 0.0
    each = 7 + round(16 * amount)
    times = (starts[:, None] + rng.exponential(0.014, (boards, each)) * (np.arange(each) > 0)).ravel()
    gains = energies(rng, boards * each, 1.4)
    gains[::each] = rng.uniform(0.7, 1.0, boards)
    lower = 2 ** (0.5 - take["size"])
    modes = friction.body(rng, 330 * lower, 3800 * lower, 0.03)
    return cracks(rng, times, gains, modes, 2600)


def pottery(take: Take) -> Signal:
    """A hollow vessel's last ring, damped as it cracks, and sherds that rock to rest."""
    rng, size = take.rng, take["size"]
    clay = modal.MATERIALS["ceramic"]
    lowest_hz = modal.scaled((1300, 330), size)
    ring = 0.1 + 0.9 * take["ring"] ** 1.5
    pot = modal.body(rng, clay, lowest_hz, ring=0.35 * ring, brightness=0.5, looseness=0.08)
    vessel = level(modal.ring(pot, modal.blow(0.6, 4)))
    count = 5 + round(14 * take["crack"])
    times = 0.05 * (0.4 + size) * rng.uniform(0, 1, count) ** 2
    times[0] = 0.0
    gains = energies(rng, count, 1.5)
    gains[0] = 1.0
    splinter = modal.body(rng, clay, 1.8 * lowest_hz, ring=0.12, brightness=0.8, looseness=0.3)
    broken = cracks(rng, times, gains, splinter, 3200)
    contacts = bouncing.settling(rng, max(2, round(take["shards"] / 2)), take["spread_s"], 0.42, 0.13)
    sherds = bouncing.heap(rng, contacts, clay, (1.4 * lowest_hz, 4.5 * lowest_hz), ring=ring, hardness=0.8)
    air = struck(0.002, 0.07) * oscillators.sine(0.42 * lowest_hz, len(struck(0.002, 0.07)))
    return mix((0.5, vessel), (0.5 + 1.2 * take["crack"], broken), (0.85, level(sherds), 0.012), (0.3, air))


def rubble(take: Take) -> Signal:
    """Stones of all sizes tumble and knock; the ground shakes with the big ones and grit runs after them."""
    rng, size, spread_s = take.rng, take["size"], take["spread_s"]
    stone = modal.MATERIALS["stone"]
    lowest_hz = modal.scaled((1500, 190), size)
    contacts = bouncing.settling(rng, max(2, round(take["stones"] / 1.6)), spread_s, 0.3, 0.16 + 0.2 * size)
    pitches = (lowest_hz, 7 * lowest_hz)
    stones = bouncing.heap(rng, contacts, stone, pitches, ring=0.9, hardness=0.6, kinds=12)
    frames = samples_of(spread_s + 0.3)
    hits = np.minimum((contacts.times_s * SAMPLE_RATE).astype(np.int64), frames - 1)
    moved = np.bincount(hits, contacts.speeds, frames).astype(np.float64)
    stirred = lowpass(moved, 5, 1) * ramp_out(frames, 0.3)
    stirred = np.maximum(stirred, 0.0) / np.max(stirred)
    shaking = lowpass(noise.white(rng, frames) * stirred, 60 * 2 ** (2.2 * (1 - size)), 2)
    grit = particles.poisson_under(rng, stirred, (40 + 900 * take["debris"]) * spread_s**0.7)
    bank = particles.bank(rng, 10, 1500, 7500, (0.0012, 0.005))
    gains = particles.heavy_tailed(rng, len(grit), 0.8) * (0.2 + stirred[grit])
    runs = particles.ringing(rng, frames, grit, gains, bank)
    dust = bandpass(noise.white(rng, frames), 900, 5000, 1) * stirred**1.5
    return mix(
        (1.0, bed.unit(stones)),
        (0.9 * take["rumble"], bed.unit(shaking)),
        (0.45 * take["debris"], bed.unit(runs)),
        (0.25 * take["debris"], bed.unit(dust)),
    )


def branch(take: Take) -> Signal:
    """Fibres give way, the wood snaps, and the rest tears after it; leaves swing along.

    The snap is a step of force through a short stiff bar; green wood is softer and tears for longer.
    """
    rng, size, wet = take.rng, take["size"], take["wet"]
    lowest_hz = modal.scaled((1500, 240), size)
    wood = modal.MATERIALS["wood"]
    bar = modal.body(rng, wood, lowest_hz, ring=0.5 - 0.3 * wet, brightness=0.75 - 0.4 * wet, looseness=0.2)
    snap = level(modal.ring(bar, modal.blow(0.55 + 0.4 * take["crack"], 5)))
    last_s = (0.03 + 0.2 * take["debris"]) * (0.6 + size) * (1 + 0.8 * wet)
    before = round(1 + 8 * take["debris"] * (1 - 0.5 * take["crack"]))
    after = round(5 + 34 * take["debris"])
    snap_s = 0.004 + 0.09 * (1 - take["crack"]) * rng.uniform(0.7, 1.2)
    times = np.concatenate(
        [rng.uniform(0, snap_s, before), [snap_s], snap_s + rng.exponential(0.35 * last_s, after)]
    )
    gains = np.concatenate([0.35 * energies(rng, before, 1.4), [1.0], 0.6 * energies(rng, after, 1.4)])
    times[0] = 0.0
    sharp_hz = (5200 - 2800 * wet) * 2 ** (0.8 - 1.4 * size)
    fibres = friction.body(rng, 1.3 * lowest_hz, 7 * lowest_hz, 0.012 + 0.012 * size, 7)
    layers: list[Layer] = [
        (0.8 + 0.2 * take["crack"], whole(snap), snap_s),
        (0.8, whole(cracks(rng, times, gains, fibres, min(sharp_hz, 9000.0)))),
    ]
    if take["leaves"] > 0:
        layers.append((0.9 * take["leaves"], whole(_foliage(take)), max(0.0, snap_s - 0.02)))
    return mix(*layers)


def _foliage(take: Take) -> Signal:
    rng = take.rng
    frames = samples_of(0.35 + 0.5 * take["size"])
    swing = lines(frames, [(0, 0.2), (0.05, 1), (0.2, 0.35), (0.3, 0.5), (frames / SAMPLE_RATE, 0)])
    positions = particles.poisson_under(rng, swing, 220)
    bank = particles.bank(rng, 10, 2200, 9000, (0.001, 0.004))
    gains = swing[positions] * particles.heavy_tailed(rng, len(positions), 0.8)
    rustle = level(particles.resonant(rng, frames, positions, gains, bank))
    return level(mix((1.0, rustle), (0.4, level(noise.band(rng, frames, 2500, 9000, 1) * swing))))


def ice_crack(take: Take) -> Signal:
    """A snap and the cracks that run on from it, heard along the sheet.

    In a plate, bending waves travel faster the higher they are (as the square root of frequency): from far along the
    ice a crack arrives as a falling chirp.
    """
    rng, size, length_s = take.rng, take["size"], take["length_s"]
    lowest_hz = modal.scaled((1300, 210), size)
    ice = modal.body(rng, modal.MATERIALS["ice"], lowest_hz, ring=0.5, brightness=0.85, looseness=0.1)
    count = 2 + round(26 * take["debris"])
    # Spread evenly, most of them early: a crack runs on in jumps.
    times = 0.9 * length_s * ((np.arange(count) + rng.uniform(0, 1, count)) / count) ** 2
    times[0] = 0.006
    gains = 0.6 * energies(rng, count, 1.35) ** 0.5
    gains[0] = 0.5 + 0.5 * take["crack"]
    snapped = cracks(rng, times, gains, ice, modal.scaled((7500, 3800), size))
    boom = struck(0.004, 0.2 + 0.5 * size)
    boom = boom * oscillators.sine(slide(len(boom), 0.6 * lowest_hz, 0.25 * lowest_hz, 0.5), len(boom))
    source = mix((1.0, whole(snapped)), (0.7 * size * (0.4 + 0.5 * take["crack"]), whole(boom)))
    near = level(source)
    far = 2.5 * dispersed(near, 0.11 * take["chirp"] * (0.25 + 0.75 * size))
    chips = bouncing.settling(rng, 1 + round(14 * take["debris"]), 0.7 * length_s, 0.4, 0.1)
    pitches = (5 * lowest_hz**0.5 * 30**0.5, 16000.0)
    fallen = bouncing.heap(rng, chips, modal.MATERIALS["ice"], pitches, ring=0.5, hardness=0.9, kinds=6)
    return mix(
        (1.0 - 0.7 * take["chirp"], near),
        (0.2 + 0.8 * take["chirp"], far),
        (0.5 * take["debris"] * float(np.sqrt(np.sum(near**2))), whole(fallen), 0.03),
    )


def dispersed(x: Signal, delay_s: float) -> Signal:
    """Return a signal after a way through a stiff plate: `delay_s` at 1 kHz, less above, more below."""
    slowest_s = delay_s * (1000 / 60) ** 0.5
    length = filters.good_length(len(x) + samples_of(slowest_s + 0.05))
    hz = np.fft.rfftfreq(length, 1 / SAMPLE_RATE)
    # The phase is the integral of the delay d (1000 / f)^0.5; below 60 Hz nothing waits any longer.
    late = 2 * delay_s * np.sqrt(1000 * np.maximum(hz, 60.0)) + slowest_s * np.minimum(hz - 60, 0)
    soonest_s = delay_s * (1000 / 18000) ** 0.5
    turned = np.exp(-2j * np.pi * (late - soonest_s * hz))
    arrived: Signal = np.fft.irfft(np.fft.rfft(x, length) * turned, length)
    return arrived * ramp_out(length, 0.05)


def bone(take: Take) -> Signal:
    """Bones crack inside of flesh: snaps, a crunch of small ones, a dull push, and what is wet."""
    rng, size, length_s, wet = take.rng, take["size"], take["length_s"], take["wet"]
    lowest_hz = modal.scaled((1700, 420), size)
    modes = modal.body(rng, modal.MATERIALS["bone"], lowest_hz, ring=1.1, brightness=0.7, looseness=0.25)
    snaps = 1 + round(2 * take["crack"])
    times = np.concatenate([0.45 * length_s * rng.uniform(0, 1, snaps), _crunching(take)])
    times[0] = 0.002
    small = len(times) - snaps
    gains = np.concatenate(
        [rng.uniform(0.6, 1.0, snaps), (0.15 + 0.6 * take["crunch"]) * energies(rng, small, 1.3)]
    )
    broken = cracks(rng, times, gains, modes, modal.scaled((5200, 2300), size) * (1.1 - 0.4 * wet))
    push = struck(0.004, 0.1 + 0.14 * size)
    push = push * oscillators.sine(slide(len(push), 150 * 2**-size, 80 * 2**-size), len(push))
    layers: list[Layer] = [(0.5 + 0.6 * take["crack"], broken), (0.35 + 0.2 * size, push)]
    if wet > 0:
        layers.append((0.75 * wet, _gore(take), 0.008))
    return mix(*layers)


def _crunching(take: Take) -> Signal:
    count = 2 + round(70 * take["crunch"])
    times: Signal = take["length_s"] * take.rng.beta(1.2, 2.0, count)
    return times


def _gore(take: Take) -> Signal:
    """Return wet flesh: bubbles that are squeezed out, and a slap of low noise."""
    rng = take.rng
    frames = samples_of(take["length_s"] + 0.12)
    squeezed = lines(frames, [(0, 0.4), (0.015, 1), (0.5 * take["length_s"], 0.5), (frames / SAMPLE_RATE, 0)])
    squeezed = squeezed * (0.6 + 0.4 * wander(rng, frames, 40))
    positions = particles.poisson_under(rng, squeezed, 20 + 60 * take["length_s"])
    grains = [
        particles.bubble(rng.uniform(300, 1700), rng.uniform(0.006, 0.02), rng.uniform(0.2, 1.0))
        for _ in range(7)
    ]
    gains = squeezed[positions] * rng.uniform(0.2, 1, len(positions))
    bubbles = level(particles.scatter(frames, positions, gains, grains))
    slop = level(noise.band(rng, frames, 180, 1300, 1) * squeezed**2)
    return level(mix((0.55, bubbles), (0.8, slop))) * ramp_out(frames, 0.2)


def tear(take: Take) -> Signal:
    """Threads or fibres give way one after the other, ever faster: a train of tiny snaps in a crisp band.

    What is left between the hands is shorter and tighter all the time, so the band rises. The strengths are a power
    law (Houle and Sethna, 1996).
    """
    rng, length_s, rough = take.rng, take["length_s"], take["roughness"]
    frames = samples_of(length_s)
    low_hz, high_hz, threads = {
        "cloth": (1100.0, 3600.0, 420.0),
        "paper": (2300.0, 6500.0, 900.0),
        "leather": (480.0, 1900.0, 240.0),
    }[take.choice("material")]
    pull = lines(frames, [(0, 0.35), (0.1 * length_s, 0.7), (0.8 * length_s, 1.0), (length_s, 0.15)])
    halting = np.maximum(
        0.1, 0.8 - 0.25 * rough + (0.2 + 0.6 * rough) * wander(rng, frames, 9 + 14 * take["speed"])
    )
    rate = threads * 6 ** (take["speed"] - 0.5) * pull * halting
    at, freed = friction.slips(rng, rate, 0.25 + 0.6 * rough)
    first = at.astype(np.int64)
    strong = (0.25 + energies(rng, len(first), 1.6 - 0.4 * rough)) * freed * (pull * halting**0.5)[first]
    snaps = particles.impulses(frames, first, strong * rng.choice(np.array([-1.0, 1.0]), len(first)))
    fibres = friction.bursts(rng, frames, first, strong, 0.001, 12)
    torn = level(snaps) + 0.8 * level(fibres)
    crisp = 2 ** (2 * (take["brightness"] - 0.5))
    tight = crisp * slide(frames, 0.8, 1.45)
    source = np.concatenate([np.zeros(256), torn, np.zeros(512 - frames % 256)])
    bright = noise.repainted(
        source,
        lambda f, t: (
            noise.bump(f, high_hz * noise.at(tight, t), 0.75)
            + 0.6 * noise.bump(f, low_hz * noise.at(tight, t), 0.6)
        ),
        512,
    )
    return bright[256 : 256 + frames] * ramp_out(frames, min(0.3, 0.03 / length_s + 0.05))


def metal_crunch(take: Take) -> Signal:
    """A crash of sheets, buckling that runs on in pops, groans of what bends, and parts that fall.

    A crumpling sheet is a power law of buckles, each heard through the whole sheet (Rocchesso and Fontana, 2003).
    """
    rng, size, strength, length_s = take.rng, take["size"], take["strength"], take["length_s"]
    sheet = modal.MATERIALS["sheet"]
    lowest_hz = modal.scaled((420, 62), size)
    sheets = [
        modal.body(rng, sheet, f, ring=0.35, brightness=0.75, looseness=0.1)
        for f in (lowest_hz, 1.37 * lowest_hz)
    ]
    both = modal.Modes(
        np.concatenate([modes.frequencies for modes in sheets]),
        np.concatenate([modes.t60s for modes in sheets]),
        np.concatenate([modes.gains for modes in sheets]),
    )
    layers: list[Layer] = [(1.0, level(modal.ring(both, _buckling(take), 0.5)))]
    push = struck(0.004, 0.25 + 0.3 * size)
    push = push * oscillators.sine(slide(len(push), 110 * 2**-size, 55 * 2**-size), len(push))
    burst_frames = samples_of(0.05 + 0.25 * length_s)
    burst = noise.band(rng, burst_frames, 300, 3000 + 6000 * strength, 1) * decay(
        burst_frames, burst_frames / SAMPLE_RATE
    )
    layers += [((0.35 + 0.1 * strength) * (0.3 + 0.7 * size), push), (0.1 + 0.6 * strength, level(burst))]
    if take["creak"] > 0:
        layers.append((0.75 * take["creak"], _groan(take), 0.12 * length_s))
    if take["debris"] > 0:
        contacts = bouncing.settling(rng, 1 + round(18 * take["debris"]), 1.3 * length_s, 0.42, 0.25)
        pitches = (3.5 * lowest_hz, 22 * lowest_hz)
        parts = bouncing.heap(
            rng, contacts, modal.MATERIALS["metal"], pitches, ring=0.2, hardness=0.75, kinds=5, longest_s=0.6
        )
        layers.append((0.75 * take["debris"], level(parts), 0.15 * length_s))
    if take["glass"] > 0:
        contacts = bouncing.settling(rng, 4 + round(50 * take["glass"]), 0.9 * length_s, 0.35, 0.15)
        shards = bouncing.heap(
            rng,
            contacts,
            modal.MATERIALS["glass"],
            (2400, 8000),
            ring=0.4,
            hardness=0.95,
            kinds=5,
            longest_s=0.4,
        )
        layers.append((0.7 * take["glass"], level(shards), 0.01))
    return mix(*layers)


def _buckling(take: Take) -> Signal:
    """Return the force of a sheet that buckles: one blow, then ever fewer and weaker snaps and rubbing between."""
    rng, length_s, strength = take.rng, take["length_s"], take["strength"]
    frames = samples_of(length_s)
    count = 24 + round(70 * strength * length_s**0.6)
    times = length_s * rng.beta(0.75, 2.2, count)
    gains = energies(rng, count, 1.45) * (1 - 0.8 * times / length_s)
    starts = np.minimum((times * SAMPLE_RATE).astype(np.int64), frames - 1)
    force = particles.impulses(frames, starts, gains * rng.choice(np.array([-1.0, 1.0]), count))
    force[samples_of(0.002)] += 0.55
    rubbing = noise.white(rng, frames) * lines(frames, [(0, 1.0), (0.12 * length_s, 0.35), (length_s, 0)])
    rubbing *= 0.5 + 0.5 * wander(rng, frames, 25)
    return lowpass(force + 0.012 * rubbing, 1500 * 5**strength, 1)


def _groan(take: Take) -> Signal:
    """Return metal that bends: slow stick and slip through long beams, its rate gliding down."""
    rng, size = take.rng, take["size"]
    frames = samples_of(0.9 * take["length_s"])
    rate = slide(frames, 230, 75) * 2 ** (0.8 - 1.4 * size + 0.55 * wander(rng, frames, 4))
    effort = np.sin(np.pi * np.linspace(0, 1, frames) ** 0.8) * (0.55 + 0.45 * wander(rng, frames, 6))
    pulses = friction.force(rng, rate, np.maximum(effort, 0.0), 0.45, 0.3)
    beams = friction.body(rng, 300 * 2 ** (0.8 - 1.6 * size), 3600, 0.12, 11)
    return level(modal.ring(beams, pulses, 0.3))
