"""Weather: how they are made."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sfxgen.models.synth import bed, loops, modal, noise
from sfxgen.models.synth.bubbles import population
from sfxgen.models.synth.envelopes import decay, ramp_out, struck
from sfxgen.models.synth.filters import bandpass, good_length, highpass, lowpass
from sfxgen.models.synth.loops import Circle, Curve, one_period
from sfxgen.models.synth.noise import Gains, bump, tilt
from sfxgen.models.synth.oscillators import sine
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.particles import heavy_tailed
from sfxgen.models.synth.take import Signal, Take, level, mix, samples_of

DROPS = {
    "ground": (700.0, 6000.0, (0.002, 0.007), 0.9, 0.15),
    "leaves": (350.0, 3800.0, (0.004, 0.012), 0.6, 0.0),
    "roof": (420.0, 4200.0, (0.018, 0.06), 0.25, 0.0),
    "water": (900.0, 5000.0, (0.001, 0.004), 0.6, 1.0),
    "glass": (1300.0, 7500.0, (0.005, 0.018), 0.2, 0.0),
}
"""What a drop sets ringing, by surface: from and to Hz, for how long, how much it splashes, and its bubbles."""


@one_period
def rain(take: Take) -> Circle:
    """Near drops as a PhISEM crowd (Cook, 1997) of splashes, rings and bubbles; far ones as grainy noise."""
    total = loops.stereo(_drops(take), _drops(take))
    if take["bed"] > 0:
        far = far_rain(take, take["brightness"], take["size"], 1 + 0.14 * loops.wander(take, 0.4))
        total += np.float32(1.3 * take["bed"]) * far
    return total


def far_rain(take: Take, brightness: float, size: float, swell: Curve) -> Circle:
    """Return rain in stereo, too far off to hear drops in it, at an RMS of about 1."""
    centre_hz = (1500 + 4600 * brightness) * 2 ** (0.4 - 0.8 * size)
    far = loops.grainy(take, lambda hz: bump(hz, centre_hz, 1.45) + 0.12 * bump(hz, 260, 1.0))
    return loops.stereo(loops.moved(take, far, swell), loops.moved(take, loops.elsewhere(far), swell))


def _drops(take: Take) -> Circle:
    """Return one side's drops on a surface."""
    rng, size = take.rng, take["size"]
    bubbly = DROPS[take.choice("surface")][-1]
    positions = bed.events(take, 0.5 * take["density"])
    gains = heavy_tailed(rng, len(positions), 0.75)
    grains = _drop_grains(rng, take.choice("surface"), size, take["brightness"])
    # Small drops are high and soft, big ones low and loud.
    rank = np.argsort(np.argsort(gains + 0.8 * rng.uniform(size=len(gains))))
    which = (rank * len(grains) // max(1, len(gains))).astype(np.int64)
    drops = loops.unit(loops.crowd(take, positions, gains, grains, which))
    if bubbly:
        at = bed.events(take, 0.25 * take["density"])
        pool = population(rng, 2600 * 2 ** (0.7 - 1.4 * size), 0.9, count=16, rise_oct=0.4)
        plops = loops.crowd(take, at, heavy_tailed(rng, len(at), 0.7), pool)
        drops += np.float32(bubbly) * loops.unit(plops)
    return drops


def _drop_grains(rng: Generator, surface: str, size: float, brightness: float) -> list[Signal]:
    """Return drops from the smallest to the biggest."""
    low_hz, high_hz, (short_s, long_s), splash, _ = DROPS[surface]
    bigger = 2 ** (0.6 - 1.2 * size)
    grains = []
    for step in np.linspace(1, 0, 12).tolist():
        pitch_hz = bigger * low_hz * (high_hz / low_hz) ** step * 2 ** rng.uniform(-0.2, 0.2)
        ring_s = rng.uniform(short_s, long_s)
        ring = modal.chime(
            [pitch_hz * ratio for ratio in (1.0, 1.61 + rng.uniform(-0.1, 0.1), 2.63)],
            [ring_s, 0.7 * ring_s, 0.5 * ring_s],
            [1.0, 0.5, 0.3],
        )
        frames = samples_of(0.004 + 0.01 * splash * (1.2 - step))
        burst = bandpass(noise.white(rng, frames), 0.8 * pitch_hz, 3.5 * pitch_hz, 1)
        burst *= decay(frames, frames / SAMPLE_RATE) * splash
        grain = lowpass(mix((1.0, ring), (1.2, burst)), 2500 + 11000 * brightness, 1)
        grains.append(grain / np.sqrt(np.sum(grain**2)))
    return grains


@one_period
def wind(take: Take) -> Circle:
    """Bands of noise that follow the gusts, narrow ones that sing in them, and leaves (Farnell, 2010)."""
    gust = gusts(take, take["gust_hz"])
    blows = take["strength"], take["gusts"], take["pitch_hz"]
    total = rush(take, gust, *blows)
    if take["whistle"] > 0:
        # A breeze sings softly, but so does it rush: what sings must not drown.
        loud = (3.6 - 2.3 * take["strength"]) * take["whistle"]
        total += np.float32(loud) * _howl(take, gust, *blows)
    if take["leaves"] > 0:
        total += np.float32(1.3 * take["leaves"]) * foliage(take, 0.8 * take["gusts"] * gust, 0.4, 0.4)
    return total


def gusts(take: Take, rate_hz: float) -> Curve:
    """Return how hard it blows from moment to moment, from -1 to 1. A loop too short for a gust has less of it."""
    room = min(1.0, rate_hz * take.period / SAMPLE_RATE)
    return 0.7 * room * loops.wander(take, rate_hz) + 0.3 * room * loops.wander(take, 2.7 * rate_hz)


def rush(take: Take, gust: Curve, strength: float, depth: float, pitch_hz: float) -> Circle:
    """Return wind in stereo: the harder it blows, the more the high bands follow. Gusts cross from side to side."""
    middle_hz = pitch_hz * 2 ** (0.9 * strength - 0.4)
    low, high = loops.bands(
        take,
        lambda hz: 0.8 * bump(hz, middle_hz, 0.8) + 1.1 * tilt(hz, 70, 2.0),
        lambda hz: bump(hz, 2.6 * middle_hz, 0.8) + (0.2 + 0.5 * strength) * bump(hz, 7 * middle_hz, 1.1),
    )
    buffet = 1 + 0.3 * strength * loops.wander(take, 5.5)
    swell = 10 ** (0.55 * depth * gust)
    both = []
    for side in (0, 1):
        now = loops.later(take, swell, 0.17 * side)
        wave = loops.moved(take, loops.elsewhere(low) if side else low, now * buffet)
        wave += loops.moved(take, loops.elsewhere(high) if side else high, (0.2 + 0.5 * strength) * now**2.2)
        both.append(wave)
    return loops.stereo(both[0], both[1], width=0.75)


def _howl(take: Take, gust: Curve, strength: float, depth: float, pitch_hz: float) -> Circle:
    """Return what sings in the wind, in stereo: eddies shed from wires and edges, whose pitch goes with its speed.

    Strouhal (1878). They start and stop singing, which trembles the tone's phase and level.
    """
    total = np.zeros((2, take.period), np.float32)
    for _ in range(2):
        own_hz = pitch_hz * 2 ** take.rng.uniform(0.7, 2.2)
        speed = gust + 0.3 * loops.wander(take, 0.8)
        sings = np.clip(depth * speed + 0.5 * strength + take.rng.uniform(0.05, 0.35), 0, 1.3) ** 2
        tremble = loops.wander(take, 16.0)
        # Jitter of the phase widens the tone into a narrow band of noise.
        sung = loops.tone(take, own_hz * 2 ** ((0.3 + 0.4 * depth) * speed * depth), 0.42 * tremble)
        loud = sings * (1 + 0.6 * loops.later(take, tremble, 0.09))
        total += loops.panned(take, loops.moved(take, sung, loud), take.rng.uniform(0.2, 0.8))
    return total


def foliage(take: Take, gust: Curve, size: float, dryness: float) -> Circle:
    """Return a canopy's rustling in stereo, at an RMS of about 1 in a middling wind: it flutters as it swells."""
    centre_hz = 5200 * 2 ** (0.7 - 1.6 * size)
    hiss = loops.grainy(take, lambda hz: bump(hz, centre_hz, 0.85 + 0.2 * dryness))
    flutter = 0.65 + 0.35 * loops.wander(take, 9.0)
    swell = 10 ** (0.6 * gust)
    left = loops.moved(take, hiss, flutter * swell)
    right = loops.later(take, flutter, 0.5) * loops.later(take, swell, 0.21)
    return loops.stereo(left, loops.moved(take, loops.elsewhere(hiss), right))


@one_period
def leaves(take: Take) -> Circle:
    """A rustling canopy, and before it single leaves that brush and click, more of them in a gust (Cook, 1997)."""
    blowing = 0.65 * take["gusts"] * gusts(take, 0.3 + 0.3 * take["wind"])
    canopy = foliage(take, blowing + 0.6 * (take["wind"] - 0.5), take["size"], take["dryness"])
    rate_hz = take["density"] * (0.35 + 1.3 * take["wind"])
    grains = _leaf_grains(take.rng, take["size"], take["dryness"])
    near = []
    for _ in range(2):
        positions = loops.events_under(take, 10 ** (1.1 * blowing), 0.5 * rate_hz)
        gains = heavy_tailed(take.rng, len(positions), 0.8) * (0.5 + take["wind"])
        near.append(loops.crowd(take, positions, gains, grains))
    return np.float32(0.26) * canopy + loops.stereo(near[0], near[1])


def _leaf_grains(rng: Generator, size: float, dryness: float) -> list[Signal]:
    """Return touches of leaf on leaf: soft brushes, or sharp clicks where they are dry."""
    grains = []
    for index in range(12):
        centre_hz = 4800 * 2 ** (0.8 - 1.6 * size + rng.uniform(-0.8, 0.8))
        length_s = rng.uniform(0.008, 0.045) * (1.2 - 0.6 * dryness)
        frames = samples_of(length_s)
        brush = bandpass(noise.white(rng, frames), 0.6 * centre_hz, 1.8 * centre_hz, 1)
        brush *= np.sin(np.pi * (np.arange(frames) + 0.5) / frames) ** 2
        # A dry leaf crumples: a few sharp fractures on its own small resonance.
        if rng.uniform() < 0.2 + 0.8 * dryness:
            click = modal.chime([centre_hz * 0.8, centre_hz * 1.37], [0.006, 0.004], [1.0, 0.6])
            brush = mix((1.0 - 0.6 * dryness, brush), (1.5 * dryness, click, 0.3 * length_s * (index % 3)))
        grains.append(brush)
    return grains


STONES = {
    "ground": ((500.0, 1400.0, 2600.0), 0.009, 0.8),
    "roof": ((620.0, 1010.0, 1730.0, 2900.0, 4400.0), 0.09, 0.35),
    "glass": ((1900.0, 3300.0, 5200.0, 7800.0), 0.035, 0.25),
    "leaves": ((420.0, 1100.0, 2100.0), 0.006, 1.2),
}
"""What a hailstone sets ringing, by surface: its modes in Hz, how long they ring, and how much it rustles."""


@one_period
def hail(take: Take) -> Circle:
    """Stones that strike and bounce, each bounce softer, before the grainy hiss of far ones."""
    rng, size = take.rng, take["size"]
    grains = _stone_grains(rng, take.choice("surface"), size, take["hardness"])
    near = []
    for _ in range(2):
        hits = bed.events(take, 0.5 * take["density"])
        gains = heavy_tailed(rng, len(hits), 0.7)
        positions, forces = [hits], [gains]
        for bounce in (1, 2):
            later = rng.uniform(0.03, 0.09, len(hits)) * (0.6 + size) * SAMPLE_RATE / bounce
            positions.append(positions[-1] + later.astype(np.int64))
            forces.append(forces[-1] * rng.uniform(0.05, 0.45, len(hits)))
        at = np.concatenate(positions) % take.period
        near.append(loops.crowd(take, at, np.concatenate(forces), grains))
    total = loops.stereo(near[0], near[1], width=0.7)
    far_hz = 3400 * 2 ** (0.8 - 1.6 * size) * (0.7 + 0.5 * take["hardness"])
    far = loops.sides(loops.grainy(take, lambda hz: bump(hz, far_hz, 1.1)))
    total += np.float32(0.28 * take["bed"]) * far
    if take["wind"] > 0:
        total += np.float32(0.3 * take["wind"]) * rush(take, gusts(take, 0.35), 0.6, 0.6, 300)
    return total


def _stone_grains(rng: Generator, surface: str, size: float, hardness: float) -> list[Signal]:
    modes_hz, ring_s, rustle = STONES[surface]
    grains = []
    for _ in range(12):
        scale = 2 ** (1.1 - 2.2 * size + rng.uniform(-0.35, 0.35))
        pitches = [hz * scale * 2 ** rng.uniform(-0.12, 0.12) for hz in modes_hz]
        rings = [ring_s * rng.uniform(0.6, 1.3) / (1 + 0.3 * index) for index in range(len(pitches))]
        gains = [rng.uniform(0.4, 1.0) * (0.35 + 0.65 * hardness) ** index for index in range(len(pitches))]
        # Ice on a surface stays for a fraction of a millisecond; slush for several.
        struck_body = np.convolve(modal.chime(pitches, rings, gains), modal.blow(0.3 + 0.7 * hardness, 5.0))
        frames = samples_of(0.012)
        spatter = bandpass(noise.white(rng, frames), 700 * scale, 1500 + 9000 * hardness, 1)
        spatter *= decay(frames, 0.008)
        grain = mix((1.0, level(struck_body)), (0.35 * rustle, level(spatter)))
        grains.append(grain / np.max(np.abs(grain)))
    return grains


def thunder(take: Take) -> Signal:
    """A lightning channel's N-waves, each piece heard when its sound arrives (Few, 1969; Farnell, 2010)."""
    return _thunder(
        take.rng,
        away_km=take["away_km"],
        length_s=take["length_s"],
        crack=take["crack"],
        rumble=take["rumble"],
        roughness=take["roughness"],
    )


def _thunder(
    rng: Generator, *, away_km: float, length_s: float, crack: float, rumble: float, roughness: float
) -> Signal:
    near = float(np.exp(-away_km / 0.9))
    dull_hz = 4200 / (1 + 1.1 * away_km) + 90
    frames = samples_of(length_s)
    train = _arrivals(rng, frames, away_km, roughness, near)
    wave_s = 0.003 + 0.002 * min(away_km, 4.0)
    length = good_length(frames + samples_of(0.2))
    hz = loops.hz_of(length)
    arrived = np.fft.rfft(train, length)
    claps = arrived * _n_wave(hz, wave_s) / (1 + 1j * hz / dull_hz)
    # The ground and the clouds smear what comes from farther up into a roll that lasts.
    smear = decay(samples_of(0.9), 0.6 + 0.15 * min(away_km, 4.0)) * noise.white(rng, samples_of(0.9))
    rolled = arrived * _n_wave(hz, 1.8 * wave_s) / (1 + 1j * hz / (0.25 * dull_hz + 60))
    echoed = rolled * np.fft.rfft(smear.astype(np.float32), length) / (1 + 1j * hz / (60 + 0.35 * dull_hz))
    front, rolls, echo = (np.fft.irfft(part, length)[:frames] for part in (claps, rolled, echoed))
    front *= decay(frames, 0.9 * length_s)
    rolling = 0.09 * rolls / np.std(rolls) + 0.16 * echo / np.std(echo)
    total: Signal = (0.55 + 0.6 * near) * front / np.max(np.abs(front)) + (0.1 + 2.8 * rumble) * rolling
    if crack > 0:
        torn = _tear(rng, crack, near, dull_hz)
        total[: len(torn)] += 6.0 * crack * near * torn[:frames]
    rise = samples_of(0.003 + 0.03 * (1 - near))
    total[:rise] *= np.linspace(0.3, 1, rise)
    driven: Signal = np.tanh(2.8 * total / np.max(np.abs(total)))
    return driven * ramp_out(frames, 0.4)


def _arrivals(rng: Generator, frames: int, away_km: float, roughness: float, near: float) -> Signal:
    """Return a channel's pieces as impulses, spread over the length that the listener asked for."""
    seconds, strengths = _channel(rng, away_km, roughness)
    along = (seconds / seconds[-1]) ** 0.75
    positions = (0.8 * along * (frames - 1)).astype(np.int64)
    weights = strengths * np.exp(-0.9 * along)
    weights[:4] *= 1 + 6 * near
    return np.bincount(positions, weights=weights, minlength=frames).astype(np.float32)


def _n_wave(hz: Gains, length_s: float) -> NDArray[np.complex64]:
    """Return the spectrum of a shock that has travelled: a jump, a straight fall through zero, a jump back.

    The waves are not all equally long, so that the second jump is blurred.
    """
    x = np.maximum(hz * np.float32(np.pi * length_s), np.float32(1e-2))
    back = np.exp(-2j * x - np.square(np.float32(0.2) * x))
    return (((1 + back) / 2 - (1 - back) / (2j * x)) / x).astype(np.complex64)


def _channel(rng: Generator, away_km: float, roughness: float) -> tuple[Signal, Signal]:
    """Return when each piece of a crooked channel is heard, from the first, and how strongly.

    A random walk from the ground to the cloud, 5 km up and somewhat to one side. A piece seen from its side is loud,
    and one that points at the listener is hardly heard: runs of such pieces make the claps.
    """
    pieces = 420
    turns = np.cumsum(rng.standard_normal((pieces, 3)), axis=0)
    turns -= np.linspace(0, 1, pieces)[:, None] * turns[-1]
    lean = np.array([rng.uniform(-0.2, 0.9), rng.uniform(-0.5, 0.5), 1.0])
    path = 5.0 * np.linspace(0, 1, pieces)[:, None] * lean + (0.03 + 0.09 * roughness) * turns
    path[:, 0] += away_km
    path[:, 2] = np.abs(path[:, 2])
    steps = np.diff(path, axis=0)
    middles = 0.5 * (path[1:] + path[:-1])
    away = np.linalg.norm(middles, axis=1)
    lengths = np.linalg.norm(steps, axis=1)
    facing = np.abs(np.sum(steps * middles, axis=1)) / (lengths * away)
    strengths = (
        (1 - facing**2) ** 2 * lengths / np.sqrt(away) * heavy_tailed(rng, pieces - 1, 0.4 + 0.4 * roughness)
    )
    seconds = (away - away.min()) / 0.343
    order = np.argsort(seconds)
    return seconds[order], strengths[order]


def _tear(rng: Generator, crack: float, near: float, dull_hz: float) -> Signal:
    """Return the crack of the nearest pieces: a ripping of tiny shocks that ends in one bang."""
    frames = samples_of(0.09 + 0.5 * near)
    bang = samples_of(0.05 * near) + 1
    rate = np.exp(-np.arange(frames) / (0.16 * frames)) + 0.5 * (np.arange(frames) < bang)
    train = (rng.uniform(size=frames) < 0.03 * rate) * rng.standard_normal(frames)
    ripped = highpass(lowpass(train, 1200 + dull_hz * 2 * (0.3 + crack), 1), 180, 1)
    boom = struck(0.001, 0.16)
    boom = boom * sine(95, len(boom))
    wave = ripped / max(float(np.max(np.abs(ripped))), 1e-9) * np.exp(-3.5 * np.arange(frames) / frames)
    return mix((1.0, wave * ramp_out(frames, 0.4)), (0.7, boom, bang / SAMPLE_RATE))


@one_period
def storm(take: Take) -> Circle:
    """Rain in sheets that the gusts drive, wind, and thunder that is far off."""
    gust = gusts(take, 0.3)
    heavy = take["rain"]
    sheets = 1 + 0.35 * take["gusts"] * gust
    total = far_rain(take, 0.35 + 0.3 * heavy, 0.5 + 0.3 * heavy, (0.02 + 0.9 * heavy) * sheets)
    if heavy > 0:
        drops = loops.events_under(take, sheets, 20 + 200 * heavy)
        gains = 3.2 * heavy**0.5 * heavy_tailed(take.rng, len(drops), 0.8)
        total += loops.placed(take, drops, gains, _drop_grains(take.rng, "ground", 0.6, 0.5))
    if take["wind"] > 0:
        blows = 0.3 + 0.6 * take["wind"], take["gusts"], 260.0
        total += np.float32(0.8 * take["wind"]) * rush(take, gust, *blows)
        if take["whistle"] > 0:
            total += np.float32(2.2 * take["wind"] * take["whistle"]) * _howl(take, gust, *blows)
    strikes = loops.spread_out(take, take["thunder"] / 60)
    if len(strikes):
        total += loops.placed(take, strikes, take.rng.uniform(3.0, 5.0, len(strikes)), _far_thunder(take.rng))
    return total


def _far_thunder(rng: Generator) -> list[Signal]:
    """Return thunder from some kilometres off."""
    away_km = rng.uniform(2.5, 6.0)
    return [_thunder(rng, away_km=away_km, length_s=4.5, crack=0.1, rumble=0.8, roughness=0.6)]


@one_period
def blizzard(take: Take) -> Circle:
    """A howling wind, and crystals of ice that it drives past the ears."""
    gust = gusts(take, 0.28 + 0.2 * take["strength"])
    blows = 0.4 + 0.6 * take["strength"], take["gusts"], take["pitch_hz"]
    total = rush(take, gust, *blows)
    if take["whistle"] > 0:
        total += np.float32(2.8 * take["whistle"]) * _howl(take, gust, *blows)
    if take["snow"] > 0:
        ice = loops.grainy(take, lambda hz: bump(hz, 6200, 0.7) + 0.15 * bump(hz, 2200, 0.9))
        driven = 1.3 * take["snow"] * blows[0] * 10 ** (0.75 * take["gusts"] * gust)
        driven *= 0.8 + 0.2 * loops.wander(take, 6.0)
        flying = loops.moved(take, ice, driven), loops.moved(take, loops.elsewhere(ice), driven)
        total += loops.stereo(*flying)
    return total
