"""Short musical gestures: how they are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import (
    controls,
    drums,
    horns,
    mallets,
    modal,
    noise,
    particles,
    strings,
)
from sfxgen.models.synth.envelopes import lines, ramp_out, wander
from sfxgen.models.synth.filters import highpass
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.scales import CHORDS, SCALES, audible, degree, pitch
from sfxgen.models.synth.take import Layer, Signal, Take, level, mix, samples_of, semitones


def fanfare(take: Take) -> Signal:
    """Trumpets on one note, then up the chord, which everybody holds; timpani underneath."""
    root_hz = take["pitch_hz"]
    chord = CHORDS[take.choice("mood")]
    notes = max(1, round(take["notes"]))
    gap_s = take["tempo_ms"] / 1000
    layers: list[Layer] = []
    start_s = 0.0
    for index in range(notes):
        # The fifth below, repeated, and the last of them on the root.
        step = -5 if index < notes - 1 or notes == 1 else 0
        lead = horns.section(
            take.rng, 2 * root_hz * semitones(step), 0.72 * gap_s, brightness=take["brightness"], fall_s=0.06
        )
        layers.append((0.7, lead, start_s))
        start_s += gap_s * (1.0 + 0.03 * take.rng.uniform(-1, 1))
    layers.append((1.0, _brass_chord(take, root_hz, chord, take["length_s"]), start_s))
    layers.append((1.2 * take["punch"], _timpani(take, root_hz), start_s))
    layers.append((0.7 * take["punch"], _timpani(take, root_hz)))
    return mix(*layers)


def _brass_chord(take: Take, root_hz: float, chord: Sequence[int], length_s: float) -> Signal:
    """Return a chord of brass with its root an octave below, at a peak of 1; two players on its top notes if it is held."""
    steps = [-12, *(degree(chord, index) for index in range(4))]
    bright = take["brightness"]
    parts = [
        horns.section(
            take.rng,
            root_hz * semitones(step),
            length_s,
            brightness=bright * (0.8 if step < 0 else 1.0),
            players=2 if step > 6 and length_s > 0.4 else 1,
            fall_s=0.22,
        )
        for step in steps
    ]
    return level(mix(*((0.8 if step < 0 else 0.6, part) for step, part in zip(steps, parts, strict=True))))


def _timpani(take: Take, root_hz: float) -> Signal:
    """Return a kettle drum tuned near a root, an octave or more below it."""
    low_hz = root_hz / 2
    while low_hz > 150:
        low_hz /= 2
    size = float(np.clip(np.log(190 / low_hz) / np.log(190 / 62), 0, 1))
    return drums.stroke(take.rng, "timpani", size=size, hardness=0.45, t60_s=0.7, strength=0.5)


PROGRESSIONS = {"heroic": (-4, -2, 0), "bright": (5, 7, 0), "calm": (-7, -5, 0)}
"""Roots of the chords that lead to a victory's last one, and its own, in semitones."""


def victory(take: Take) -> Signal:
    """Two short chords and a long one, drums with each, a cymbal and bells with the last."""
    mood = take.choice("mood")
    gap_s = take["tempo_ms"] / 1000
    punch = take["punch"]
    layers: list[Layer] = []
    start_s = 0.0
    for step in PROGRESSIONS[mood]:
        root_hz = take["pitch_hz"] * semitones(step)
        last = step == 0
        length_s = take["length_s"] if last else 0.75 * gap_s
        chord = CHORDS[mood] if last else CHORDS["bright"]
        layers.append((1.0 if last else 0.75, _brass_chord(take, root_hz, chord, length_s), start_s))
        layers.append((0.9 * punch, _timpani(take, root_hz), start_s))
        if not last:
            start_s += gap_s * (1 + 0.03 * take.rng.uniform(-1, 1))
    crash = struck_cymbal(
        take.rng, "crash", size=0.5, hardness=0.7, t60_s=1.2 * take["length_s"], brightness=0.5
    )
    layers.append((0.45 * punch, crash, start_s))
    if take["sparkle"] > 0.02:
        glitter = mallets.glints(take.rng, 2 * take["pitch_hz"], (0, 4, 7), 0.9, take["sparkle"])
        layers.append((0.45 * take["sparkle"], glitter, start_s + 0.05))
    return mix(*layers)


FALLS = {"sad": (7, 5, 3, 2, 0, -2), "dark": (8, 7, 5, 3, 2, 0), "tense": (6, 5, 3, 2, 0, -1)}
"""The notes that lead down to a defeat's last chord, the last one nearest to it, in semitones above its root."""


def defeat(take: Take) -> Signal:
    """Low brass and strings step down to a chord that darkens as it dies; a drum rolls away under it."""
    mood = take.choice("mood")
    notes = max(1, round(take["notes"]))
    gap_s = take["tempo_ms"] / 1000
    layers: list[Layer] = []
    start_s = 0.0
    for index in range(notes):
        step_hz = 2 * take["pitch_hz"] * semitones(FALLS[mood][min(5, 6 - notes + index)])
        layers.append((0.65, _muted(take, step_hz, 0.85 * gap_s), start_s))
        start_s += gap_s * (1 + 0.04 * index / notes + 0.03 * take.rng.uniform(-1, 1))
    length_s = take["length_s"]
    steps = [-12, 0, *(degree(CHORDS[mood], index) for index in (1, 2))]
    chord = mix(*((0.7, _sinking(take, take["pitch_hz"] * semitones(step), length_s)) for step in steps))
    boom = drums.stroke(take.rng, "taiko", size=0.85, hardness=0.2, t60_s=0.9 * length_s, strength=0.6)
    return mix(*layers, (1.0, level(chord), start_s), (1.1 * take["rumble"], boom, start_s))


def _muted(take: Take, pitch_hz: float, length_s: float) -> Signal:
    return horns.section(take.rng, pitch_hz, length_s, brightness=0.55 * take["brightness"], fall_s=0.15)


def _sinking(take: Take, pitch_hz: float, length_s: float) -> Signal:
    """Return a bowed note that darkens and sags as it dies."""
    rng = take.rng
    frames = samples_of(length_s)
    envelope = controls.lines(frames, [(0, 0), (0.06, 1.0), (0.3 * length_s, 0.75), (length_s, 0.0)]) ** 1.4
    sag = controls.lines(frames, [(0.35 * length_s, 0), (length_s, -0.5)])
    curve = pitch_hz * 2 ** ((sag + 0.14 * controls.wander(rng, frames, 5) + rng.uniform(-0.06, 0.06)) / 12)
    r = (0.2 + 0.75 * take["brightness"]) * envelope
    return horns.played(frames, curve, r, envelope, rng.uniform())


def discovery(take: Take) -> Signal:
    """A harp climbs a scale in thirds, two up and one down, a celesta doubling it."""
    scale = SCALES[take.choice("mood")]
    notes = max(2, round(take["notes"]))
    layers: list[Layer] = []
    start_s = 0.0
    for index in range(notes):
        last = index == notes - 1
        place = index + (1 if index % 2 else 0) - (0 if index % 2 else min(index, 1))
        note_hz = pitch(take["pitch_hz"], scale, place)
        t60_s = take["decay_s"] * (1.0 if last else 0.7)
        harp = strings.plucked(
            take.rng,
            note_hz,
            t60_s,
            brightness=take["brightness"],
            hardness=0.25 + 0.4 * take["brightness"],
            pick_at=0.35,
        )
        layers.append((0.75 + 0.25 * last, harp, start_s))
        if take["sparkle"] > 0.02:
            bell = mallets.note(take.rng, "bell", 2 * note_hz, 0.8 * t60_s, brightness=take["brightness"])
            layers.append((0.6 * take["sparkle"], bell, start_s + 0.006 * take.rng.uniform()))
        start_s += take["tempo_ms"] / 1000 * (1 + 0.04 * take.rng.uniform(-1, 1))
    return mix(*layers)


CLUSTERS = {"dark": (0, 7, 12, 13), "tense": (0, 1, 6, 12), "eerie": (0, 6, 23, 30)}
"""Which notes a dark hit has, in semitones."""


def suspense(take: Take) -> Signal:
    """A great drum, low strings struck in a cluster, a growl of brass, and a rumble that rolls away."""
    rng = take.rng
    length_s = take["length_s"]
    steps = CLUSTERS[take.choice("mood")]
    low_hz = take["pitch_hz"]
    struck = mix(
        *(
            (
                0.8,
                strings.plucked(
                    rng,
                    low_hz * semitones(step + 0.35 * take["roughness"] * float(rng.uniform(-1, 1))),
                    length_s,
                    brightness=0.2 + 0.6 * take["brightness"],
                    hardness=0.2 + 0.6 * take["brightness"],
                    pick_at=0.12,
                    stiffness=2e-4,
                ),
            )
            for step in steps
        )
    )
    growl = mix(*((0.6, _growl(take, low_hz * semitones(step), 0.8 * length_s)) for step in steps[:3]))
    boom = drums.stroke(
        rng, "taiko", size=0.8, hardness=0.25 + 0.4 * take["strength"], t60_s=1.0, strength=0.8
    )
    frames = samples_of(length_s)
    rolling = noise.band(rng, frames, 28, 110) * (0.6 + 0.4 * wander(rng, frames, 6))
    rolling *= lines(frames, [(0, 0), (0.06, 1), (length_s, 0)]) ** 1.6
    return mix(
        (0.7, level(struck)),
        (0.55, level(growl)),
        (0.3 + 1.1 * take["strength"], boom),
        (0.6 * take["rumble"], level(rolling)),
    )


def _growl(take: Take, pitch_hz: float, length_s: float) -> Signal:
    """Return a low voice that bites and fades, two strings of it grinding."""
    rng = take.rng
    frames = samples_of(length_s)
    envelope = controls.lines(frames, [(0, 0), (0.025, 1.0), (0.15, 0.6), (length_s, 0.0)]) ** 1.5
    r = (0.25 + 0.65 * take["brightness"]) * envelope**0.4
    apart = 1 + 0.002 + 0.022 * take["roughness"] * rng.uniform(0.8, 1)
    steady = np.full(len(r), pitch_hz)
    return horns.played(frames, steady, r, envelope, rng.uniform()) + horns.played(
        frames, apart * steady, r, envelope, rng.uniform()
    )


def harp_gliss(take: Take) -> Signal:
    """A hand runs over a harp's strings, hurrying a little in the middle."""
    scale = SCALES[take.choice("mood")]
    count = max(2, round(take["notes"]))
    order = range(count) if take.choice("direction") == "up" else range(count - 1, -1, -1)
    layers: list[Layer] = []
    start_s = 0.0
    for index, place in enumerate(order):
        string_hz = audible(pitch(take["pitch_hz"], scale, place), 5000)
        last = index == count - 1
        harp = strings.plucked(
            take.rng,
            string_hz,
            take["decay_s"] * (1.0 if last else 0.75) * min(1.0, (500 / string_hz) ** 0.3),
            brightness=take["brightness"],
            hardness=0.2 + 0.6 * take["brightness"],
            pick_at=0.4,
        )
        layers.append((take.rng.uniform(0.6, 0.9) + 0.2 * last, harp, start_s))
        middle = np.sin(np.pi * (index + 0.5) / count)
        start_s += take["tempo_ms"] / 1000 * (1.25 - 0.4 * middle + 0.08 * take.rng.uniform(-1, 1))
    return mix(*layers)


def gong(take: Take) -> Signal:
    """A plate's modes; the strike starts the low ones, whose energy wells up into the high ones.

    In a thick strike the modes of a gong are coupled, and energy cascades upward (Chaigne, Touzé and Thomas, 2005):
    here each mode is the difference of two decays, the faster one being how long it takes to fill.
    """
    rng = take.rng
    count = 56
    lowest_hz = modal.scaled((260, 58), take["size"])
    order = np.arange(count)
    ratios = 1 + 0.46 * order * (1 + 0.022 * order) * (1 + 0.02 * rng.uniform(-1, 1, count))
    frequencies = lowest_hz * ratios * (1 + 0.004 * rng.uniform(-1, 1, count))
    height = np.log2(ratios) / np.log2(ratios[-1])
    t60s = take["decay_s"] * (1 - 0.72 * height) * rng.uniform(0.75, 1.0, count)
    gains = ratios ** (-0.6 + 0.8 * take["brightness"]) * rng.uniform(0.35, 1, count)
    gains *= 1 - (1 - take["bloom"]) * 0.75 * height
    phases = np.exp(1j * rng.uniform(-np.pi, np.pi, count))
    # The harder the beater, the less is left for later.
    filling_s = (0.04 + 1.5 * take["bloom"] * height**0.8) * (1.15 - 0.6 * take["hardness"])
    fills = np.minimum(filling_s, 0.45 * t60s) * (height > 0.12)
    struck_gains = gains * np.where(fills > 0, 1.0, 1.3)
    keep = frequencies < 0.45 * SAMPLE_RATE
    late = keep & (fills > 0)
    modes = modal.Modes(
        np.concatenate([frequencies[keep], frequencies[late]]),
        np.concatenate([t60s[keep], fills[late]]),
        np.concatenate([struck_gains[keep] * phases[keep], -(struck_gains * phases)[late]]),
    )
    plate = modal.ring(modes, modal.blow(0.2 + 0.5 * take["hardness"], 8.0))
    contact = drums.beater(rng, 0.6 * take["hardness"])
    return mix((1.0, level(plate)), (0.08 + 0.35 * take["hardness"], contact))


def drum(take: Take) -> Signal:
    """One stroke on a membrane."""
    return drums.stroke(
        take.rng,
        take.choice("instrument"),
        size=take["size"],
        hardness=take["hardness"],
        t60_s=take["decay_s"],
        strength=take["strength"],
        rattle=take["rattle"],
    )


def drum_roll(take: Take) -> Signal:
    """Two sticks by turns, never quite alike, that swell up to one stroke."""
    rng = take.rng
    name = take.choice("instrument")
    length_s = take["length_s"]
    grains = [
        drums.stroke(
            rng,
            name,
            size=take["size"],
            hardness=take["hardness"] * float(rng.uniform(0.8, 1)),
            t60_s=0.35,
            strength=0.2,
        )
        for _ in range(6)
    ]
    count = max(2, round(length_s * take["rate_hz"]))
    beats = np.arange(count) + 0.18 * rng.uniform(-1, 1, count)
    positions = np.maximum(0, beats / take["rate_hz"] * SAMPLE_RATE).astype(np.int64)
    swell = 10 ** (-(26 * take["swell"]) / 20 * (1 - np.arange(count) / count))
    hands = np.where(np.arange(count) % 2, 0.85, 1.0) * rng.uniform(0.8, 1.1, count)
    frames = int(positions[-1]) + max(len(grain) for grain in grains)
    roll = particles.scatter(frames, positions, swell * hands, grains)
    if take["strength"] < 0.02:
        return roll
    last = drums.stroke(
        rng, name, size=take["size"], hardness=min(1.0, 1.2 * take["hardness"]), t60_s=0.9, strength=0.8
    )
    return mix((0.75, level(roll)), (0.3 + take["strength"], last, count / take["rate_hz"]))


BODIES = {
    # The body's resonances (Hz, t60 in s, gain), how long the string sounds over what is asked, stiffness.
    "nylon": (((105, 0.12, 0.5), (205, 0.09, 0.6), (390, 0.05, 0.4)), 1.0, 3e-5),
    "steel": (((110, 0.1, 0.4), (220, 0.08, 0.5), (480, 0.05, 0.5)), 1.2, 1.2e-4),
    "harp": (((160, 0.1, 0.3), (330, 0.07, 0.3)), 1.1, 2e-5),
    "pizzicato": (((275, 0.05, 0.8), (460, 0.04, 0.9), (700, 0.03, 0.6)), 0.3, 5e-5),
    "banjo": (((320, 0.04, 0.8), (680, 0.03, 0.9), (1150, 0.025, 0.7)), 0.55, 1.5e-4),
}
"""What a string belongs to."""


def pluck(take: Take) -> Signal:
    """One string (Karplus and Strong, 1983; Jaffe and Smith, 1983), the pluck itself, and the body that answers."""
    body, longer, stiffness = BODIES[take.choice("instrument")]
    string = strings.plucked(
        take.rng,
        take["pitch_hz"],
        longer * take["decay_s"],
        brightness=take["brightness"],
        hardness=take["hardness"],
        pick_at=take["pick_at"],
        stiffness=stiffness,
    )
    scrape = level(strings.pick_noise(take.rng, take["hardness"]))
    thump = modal.chime(
        [hz * take.rng.uniform(0.95, 1.05) for hz, _, _ in body],
        [t60_s for _, t60_s, _ in body],
        [gain * take.rng.uniform(0.7, 1.1) for _, _, gain in body],
    )
    knock = level(thump) * np.minimum(1, np.arange(len(thump)) / 60) * ramp_out(len(thump), 0.3)
    return mix((1.0, string), (0.05 + 0.2 * take["hardness"], scrape), (0.22, knock))


CHIMES = {
    # The instrument, and the steps that its chimes are tuned to.
    "tubular": ("tubular", (0, 4, 7, 12)),
    "wind": ("wind", SCALES["bright"]),
    "bell": ("church", (0, -5, -7, -12)),
    "glass": ("glass", SCALES["mysterious"]),
}
"""What kinds of chimes there are."""


def chime(take: Take) -> Signal:
    """Struck tubes, bells or glasses: rung in turn, or touched by the wind in any order."""
    rng = take.rng
    kind = take.choice("instrument")
    instrument, steps = CHIMES[kind]
    notes = max(1, round(take["notes"]))
    blown = kind in ("wind", "glass")
    layers: list[Layer] = []
    start_s = 0.0
    for index in range(notes):
        place = int(rng.integers(0, 6)) if blown and index else index
        chime_hz = take["pitch_hz"] * semitones(degree(steps, place) if blown else steps[place % 4])
        tone = mallets.note(
            rng,
            instrument,
            chime_hz * (2.0 if kind == "wind" else 1.0),
            take["decay_s"] * (0.6 if blown else 1.0),
            brightness=0.25 + 0.5 * take["hardness"],
            hardness=take["hardness"],
        )
        strike = drums.beater(rng, 0.4 + 0.5 * take["hardness"])
        layers.append((rng.uniform(0.45, 1) if blown else 1.0, tone, start_s))
        layers.append((0.1 + 0.15 * take["hardness"], strike, start_s))
        uneven = 0.7 if blown else 0.04
        start_s += take["tempo_ms"] / 1000 * (1 + uneven * rng.uniform(-1, 1))
    return mix(*layers)


def music_box(take: Take) -> Signal:
    """Tines (clamped bars) that a cylinder's pins pluck, and its clockwork."""
    rng = take.rng
    scale = SCALES[take.choice("mood")]
    notes = max(1, round(take["notes"]))
    gap_s = take["tempo_ms"] / 1000
    layers: list[Layer] = []
    place, start_s = len(scale), 0.0
    for index in range(notes):
        last = index == notes - 1
        place = (
            len(scale)
            if last
            else int(np.clip(place + rng.choice([-2, -1, 1, 2]), len(scale) - 2, 2 * len(scale) - 1))
        )
        tine_hz = pitch(0.5 * take["pitch_hz"], scale, place)
        tone = mallets.note(
            rng, "tine", tine_hz, take["decay_s"], brightness=0.2 + 0.7 * take["brightness"], hardness=0.75
        )
        layers.append((rng.uniform(0.7, 0.95), tone, start_s))
        if index % 3 == 0:
            low = mallets.note(
                rng, "tine", tine_hz / 2, take["decay_s"], brightness=0.3 * take["brightness"], hardness=0.6
            )
            layers.append((0.45, low, start_s + 0.004))
        start_s += gap_s * (1 + 0.05 * rng.uniform(-1, 1)) * (1.25 if index == notes - 2 else 1)
    layers.append((0.14 * take["rattle"], _clockwork(rng, start_s)))
    return mix(*layers)


def _clockwork(rng: Generator, length_s: float) -> Signal:
    """Return gears that tick quickly and softly."""
    frames = samples_of(length_s)
    count = max(2, round(19 * length_s))
    beats = (np.arange(count) + 0.15 * rng.uniform(-1, 1, count)) / 19 * SAMPLE_RATE
    positions = np.clip(beats, 0, frames - 1).astype(np.int64)
    gains = rng.uniform(0.4, 1, count)
    gears = particles.resonant(
        rng, frames, positions, gains, particles.bank(rng, 6, 1800, 6500, (0.006, 0.02))
    )
    return level(gears) * ramp_out(frames, 0.1)


@dataclass(frozen=True, slots=True)
class Cymbal:
    """A kind of cymbal: its wash's lowest pitch in Hz, small to big, how long it rings over what is asked, and how it is."""

    range_hz: tuple[float, float]
    longer: float
    trash: float
    ping: float


CYMBALS = {
    "crash": Cymbal((620, 240), 1.0, 0.3, 0.3),
    "ride": Cymbal((520, 260), 1.3, 0.1, 1.4),
    "splash": Cymbal((1100, 560), 0.4, 0.3, 0.2),
    "china": Cymbal((480, 210), 0.7, 1.0, 0.2),
    "hihat": Cymbal((2400, 1300), 0.07, 0.5, 0.5),
}
"""The cymbals by name."""


def cymbal(take: Take) -> Signal:
    """A cymbal's wash and its partials."""
    return struck_cymbal(
        take.rng,
        take.choice("instrument"),
        size=take["size"],
        hardness=take["hardness"],
        t60_s=take["decay_s"],
        brightness=take["brightness"],
        metal=take["metal"],
    )


def struck_cymbal(
    rng: Generator,
    name: str,
    *,
    size: float,
    hardness: float,
    t60_s: float,
    brightness: float,
    metal: float = 0.4,
) -> Signal:
    """Return a cymbal's stroke at a peak of 1.

    Its modes lie so close that they are noise, whose spectrum climbs within some tens of milliseconds, the longer the
    softer the mallet (Rossing, 2000), and whose high end then dies first; the lower ones stand out of it.
    """
    kind = CYMBALS[name]
    lowest_hz = modal.scaled(kind.range_hz, size)
    t60_s = max(0.04, kind.longer * t60_s)
    frames = samples_of(1.05 * t60_s)
    rise_s = min(0.3 * t60_s, 0.004 + 0.35 * (1 - hardness) ** 2)

    def wash(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
        octaves = np.log2(np.maximum(frequencies, 20.0) / lowest_hz)
        # High modes fill later than low ones, and are gone sooner.
        fill = 1 - np.exp(-(times + 0.002) / (0.0015 + rise_s * (0.25 + 0.22 * np.clip(octaves, 0, 5))))
        dying = 6.9 / t60_s * (0.65 + 0.22 * np.clip(octaves, 0, 5))
        slope = np.clip(octaves, -3, 0) * 1.6 + np.clip(octaves, 0, 4.5) * (0.05 + 0.85 * (brightness - 0.6))
        slope = slope - 1.1 * np.maximum(octaves - 4.5, 0)
        return np.asarray(2**slope * fill * np.exp(-dying * times), float)

    washing = noise.painted(rng, frames, wash, 512)
    if kind.trash > 0.2:
        washing *= 1 + 0.5 * kind.trash * wander(rng, frames, 150)
    clang = _cymbal_partials(rng, lowest_hz, t60_s, hardness)
    edge = min(samples_of(rise_s), len(clang) // 2)
    clang[:edge] *= np.linspace(0.2, 1, edge)
    ping = highpass(drums.beater(rng, 0.95), 1500)
    return level(
        mix(
            (1.0, level(washing) * ramp_out(frames, 0.2)),
            (1.1 * metal, level(clang)),
            (0.8 * kind.ping * hardness**2, ping),
        )
    )


def _cymbal_partials(rng: Generator, lowest_hz: float, t60_s: float, hardness: float) -> Signal:
    count = 26
    ratios = np.exp(np.linspace(0, np.log(16), count)) * (1 + 0.05 * rng.uniform(-1, 1, count))
    t60s = t60_s * rng.uniform(0.4, 0.95, count) / ratios**0.2
    gains = rng.uniform(0.2, 1, count) * ratios ** (-0.5 + 0.4 * hardness)
    phases = np.exp(1j * rng.uniform(-np.pi, np.pi, count))
    modes = mallets.heard(modal.Modes(lowest_hz * ratios, t60s, gains * phases))
    return modal.ring(modes, modal.blow(0.2 + 0.6 * hardness, 3.0))


def riser(take: Take) -> Signal:
    """Voices that climb apart and noise whose band climbs, pulsing ever faster, until all stops short."""
    rng = take.rng
    length_s = take["length_s"]
    frames = samples_of(length_s)
    position = controls.seconds(frames) / length_s
    climb = take["pitch_hz"] * 2 ** (take["rise_st"] / 12 * position**1.3)
    swell = np.asarray(0.07 + 0.93 * position**2.2, float)
    bright = take["brightness"]
    r = (0.25 + 0.6 * bright) * (0.45 + 0.55 * np.minimum(1, position))
    apart = 0.05 + 0.5 * take["roughness"]
    tone = np.zeros(frames)
    for spread in (-1.0, 0.15, 1.0):
        detune = semitones(spread * apart * float(rng.uniform(0.8, 1.1)))
        tone += horns.played(frames, climb * detune, r, swell, rng.uniform())

    def rush(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
        centre = 500 * 2 ** ((2.2 + 2.2 * bright) / length_s * times)
        return noise.bump(frequencies, centre, 0.85)

    if take["wobble_hz"] > 0.3:
        pulse = controls.sine(frames, take["wobble_hz"] * (0.25 + 0.75 * position), 0.25)
        swell = swell * (1 - 0.5 * (0.5 - 0.5 * pulse) * np.minimum(1, 0.3 + position))
    air = noise.painted(rng, frames, rush, 1024) * controls.every_frame(swell, frames)
    mixed = (1 - take["noise"]) * level(tone) + take["noise"] * level(air)
    start = samples_of(0.02)
    mixed[:start] *= np.linspace(0, 1, start)
    return np.asarray(mixed * ramp_out(frames, 0.045 / length_s), float)


def sad_trombone(take: Take) -> Signal:
    """A trombone with a plunger: notes step down by semitones, and the last one droops as it wails."""
    rng = take.rng
    notes = max(1, round(take["notes"]))
    gap_s = take["tempo_ms"] / 1000
    layers: list[Layer] = []
    start_s = 0.0
    for index in range(notes):
        last = index == notes - 1
        length_s = take["length_s"] if last else 0.86 * gap_s
        note_hz = take["pitch_hz"] * semitones(-index)
        layers.append((1.0, _wail(take, note_hz, length_s, last=last), start_s))
        start_s += gap_s * (1 + 0.03 * rng.uniform(-1, 1))
    return mix(*layers)


def _wail(take: Take, pitch_hz: float, length_s: float, *, last: bool) -> Signal:
    """Return one note: it opens and closes once, or, if it is the last, with each turn of the vibrato."""
    rng = take.rng
    frames = samples_of(length_s)
    seconds = controls.seconds(frames)
    envelope = controls.lines(frames, [(0, 0), (0.045, 1.0), (0.7 * length_s, 0.85), (length_s, 0.0)])
    droop = np.interp(seconds, [0.35 * length_s, length_s], [0.0, -1.6 if last else 0.0])
    scoop = -1.0 * rng.uniform(0.6, 1) * np.exp(-seconds / 0.023)
    rate_hz = take["wobble_hz"]
    wobbles = last and rate_hz > 0.3
    turning = controls.sine(frames, rate_hz if wobbles else 0.0, rng.uniform(-0.1, 0.1) if wobbles else 0.0)
    curve = pitch_hz * 2 ** ((droop + scoop + 0.45 * turning + 0.08 * controls.wander(rng, frames, 5)) / 12)
    r = np.minimum((0.35 + 0.55 * take["brightness"]) * (0.5 + 0.5 * envelope), 0.92)
    tone = horns.played(frames, curve, r, envelope, rng.uniform())
    once = np.sin(np.pi * np.clip(0.08 + 0.77 * seconds / length_s, 0, 1))
    opening = 0.5 + 0.5 * turning if wobbles else once
    return _plunged(tone, controls.every_frame(opening, frames), take["wah"])


def _plunged(tone: Signal, opening: Signal, wah: float) -> Signal:
    """Return a tone through a plunger mute: a band that moves up as it opens, and little else."""
    frames = len(tone)
    hop = 512
    padded = np.pad(tone, (hop, -frames % hop + hop))

    def mouth(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
        centre = 480 * 2 ** (1.7 * noise.at(opening, times))
        return 1 - wah + 1.6 * wah * noise.bump(frequencies, centre, 0.55) + 0.12

    return noise.repainted(padded, mouth, 2 * hop)[hop : hop + frames]
