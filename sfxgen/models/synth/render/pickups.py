"""Pickups and rewards: how they are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from sfxgen.models.synth import (
    controls,
    horns,
    mallets,
    modal,
    noise,
    oscillators,
    particles,
    strings,
)
from sfxgen.models.synth.envelopes import decay, lines, ramp_out, wander
from sfxgen.models.synth.filters import bandpass, lowpass
from sfxgen.models.synth.scales import CHORDS, SCALES, degree, pitch
from sfxgen.models.synth.take import Layer, Signal, Take, evened, level, mix, samples_of, semitones

Note = Callable[[float, bool], Signal]
"""A note of a run: its pitch in Hz and whether it is the last → samples."""


def coin(take: Take) -> Signal:
    """Two tones: hollow like a pulse wave, with the inharmonic partials of a small disc on top."""
    first = _coin_tone(take, take["pitch_hz"], 0.25 * take["decay_s"] + 0.05)
    second = _coin_tone(take, take["pitch_hz"] * semitones(take["interval_st"]), take["decay_s"])
    gap_s = take["gap_ms"] / 1000
    first = first[: samples_of(gap_s * 1.15)]
    first *= ramp_out(len(first), 0.25)
    return mix((0.8, first), (1.0, second, gap_s))


def _coin_tone(take: Take, pitch_hz: float, t60_s: float) -> Signal:
    rng = take.rng
    harmonics = (1.0, 3.0, 5.0, 7.0, 9.0)
    # A coin is never round: the disc's modes come in pairs that beat, and the tone has a twin, too.
    disc = np.array([2.295, 3.873, 5.612, 7.76, 10.2]) * (1 + 0.02 * rng.uniform(-1, 1, 5))
    twins = [1 + rng.uniform(0.003, 0.008), *(disc * (1 + rng.uniform(0.002, 0.006, 5))).tolist()]
    ratios = np.array([*harmonics, *disc.tolist(), *twins])
    t60s = t60_s * np.array(
        [1 / (1 + 0.35 * (n - 1)) for n in harmonics] + [0.9 / n**0.5 for n in [*disc, *twins]]
    )
    gains = [take["brightness"] ** (0.5 * (n - 1)) for n in harmonics]
    gains += [0.5 * take["metal"] * n**-0.4 for n in disc]
    gains += [0.55, *(0.3 * take["metal"] * n**-0.4 for n in disc)]
    phases = np.exp(1j * rng.uniform(-np.pi, np.pi, len(ratios)))
    modes = modal.Modes(
        pitch_hz * ratios, t60s, np.array(gains) * rng.uniform(0.7, 1.2, len(ratios)) * phases
    )
    return _softened(modal.ring(mallets.heard(modes), np.ones(1)), 0.0015)


def _softened(signal: Signal, attack_s: float) -> Signal:
    """Return the signal with its first moments raised from silence, and its last ones lowered to it."""
    rise = samples_of(attack_s)
    signal[:rise] *= (0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / rise))[: len(signal)]
    return signal * ramp_out(len(signal), 0.1)


def pickup(take: Take) -> Signal:
    """A run of plucked notes."""
    steps = [take["step_st"] * index for index in range(max(1, round(take["notes"])))]
    return _run(take, steps, lambda hz, last: _pluck(take, hz, take["decay_s"] * (1.0 if last else 0.6)))


def _run(take: Take, steps: Sequence[float], note: Note) -> Signal:
    """Return notes one after another, by `pitch_hz` and `tempo_ms`, the last one loudest; no player is a clock."""
    layers: list[Layer] = []
    start_s = 0.0
    for index, step in enumerate(steps):
        last = index == len(steps) - 1
        gain = 1.0 if last else take.rng.uniform(0.62, 0.8)
        layers.append((gain, note(take["pitch_hz"] * semitones(step), last), start_s))
        start_s += take["tempo_ms"] / 1000 * (1 + 0.05 * take.rng.uniform(-1, 1))
    return mix(*layers)


def _pluck(take: Take, pitch_hz: float, t60_s: float) -> Signal:
    return strings.plucked(
        take.rng, pitch_hz, t60_s, brightness=take["brightness"], hardness=0.15 + 0.75 * take["brightness"]
    )


def powerup(take: Take) -> Signal:
    """A climbing tone, chopped by a shimmer, that lands on a major chord."""
    frames = samples_of(take["length_s"])
    rise = semitones(take["rise_st"])
    position = np.minimum(1, controls.seconds(frames) / take["length_s"])
    curve = take["pitch_hz"] * rise ** (position ** take.rng.uniform(1.05, 1.25))
    r = np.full(len(curve), 0.1 + 0.75 * take["brightness"])
    shimmer = 0.7 + 0.3 * controls.sine(frames, take["wobble_hz"], take.rng.uniform())
    ends = [(0, 0), (0.02, 0.45), (0.94 * take["length_s"], 1.0), (take["length_s"], 0.0)]
    swell = shimmer * controls.lines(frames, ends)
    body = horns.played(frames, curve, r, swell, take.rng.uniform())
    apart = semitones(float(take.rng.uniform(0.06, 0.16)))
    body += 0.6 * horns.played(frames, curve * apart, r, swell, take.rng.uniform())
    top_hz = take["pitch_hz"] * rise
    chord = mix(
        *(
            (gain, _pluck(take, top_hz * semitones(step), 0.9), 0.028 * index)
            for index, (step, gain) in enumerate([(0, 0.9), (4, 0.7), (7, 0.7), (12, 0.8)])
        )
    )
    return mix((0.5, body), (1.0, level(chord), take["length_s"] * 0.96))


def gem(take: Take) -> Signal:
    """A cluster of glass notes on a chord, and glints that fall from it."""
    chord = CHORDS[take.choice("mood")]
    steps = [degree(chord, index) for index in range(max(1, round(take["notes"])))]

    def glass(pitch_hz: float, last: bool) -> Signal:
        return mallets.note(
            take.rng,
            "glass",
            pitch_hz,
            take["decay_s"] * (1.0 if last else 0.8),
            brightness=0.25 + 0.6 * take["brightness"],
            hardness=0.5 + 0.4 * take["brightness"],
        )

    return _glittering(take, _run(take, steps, glass), chord, 0.03)


def _glittering(take: Take, dry: Signal, steps: Sequence[int], start_s: float) -> Signal:
    """Return a sound with glints over it, as `sparkle` says."""
    if take["sparkle"] < 0.02:
        return dry
    glitter = mallets.glints(
        take.rng, take["pitch_hz"], steps, 0.25 + 0.45 * take["decay_s"], take["sparkle"]
    )
    return mix((1.0, level(dry)), (0.55 * take["sparkle"] ** 0.7, glitter, start_s))


def keys(take: Take) -> Signal:
    """Some keys on a ring that strike each other, in a few shakes: shaken modal bodies (PhISEM, Cook, 1997)."""
    rng = take.rng
    frames = samples_of(take["length_s"])
    grains = [_key(take) for _ in range(7)]
    moving = np.abs(wander(rng, frames, 7)) ** 1.5 + 0.08
    moving *= lines(frames, [(0, 1), (0.6 * take["length_s"], 0.8), (take["length_s"], 0.15)])
    positions = particles.poisson_under(rng, moving, take["density"] * take["length_s"])
    positions = np.concatenate([[0], positions])
    gains = particles.heavy_tailed(rng, len(positions), 0.8) * rng.choice(
        np.array([-1.0, 1.0]), len(positions)
    )
    tail = max(len(grain) for grain in grains)
    return particles.scatter(frames + tail, positions, gains, grains)


def _key(take: Take) -> Signal:
    """Return one key struck: a thin bar with a round end, a handful of modes high up."""
    rng = take.rng
    lowest_hz = modal.scaled((4200, 1100), take["size"]) * semitones(float(rng.uniform(-5, 5)))
    ratios = np.array([1, 1.47, 2.09, 2.756, 3.6, 5.404]) * (1 + 0.05 * rng.uniform(-1, 1, 6))
    t60s = modal.scaled((0.05, 0.9), take["ring"]) * rng.uniform(0.5, 1.1) / ratios**0.7
    gains = rng.uniform(0.2, 1, 6) * ratios ** (-1.2 + 1.4 * take["hardness"])
    modes = mallets.heard(modal.Modes(lowest_hz * ratios, t60s, gains))
    return level(modal.ring(modes, modal.blow(0.35 + 0.6 * take["hardness"], 1.2)))


AMMO = {
    # The clunk's modes from a small and a big one, its ring, the rounds' pitch, how many contacts, and for how long.
    "clip": ((900.0, 330.0), 0.7, 3200.0, 6, 0.16),
    "box": ((420.0, 130.0), 1.5, 2100.0, 14, 0.35),
    "shells": ((1500.0, 600.0), 0.5, 3800.0, 10, 0.4),
}
"""What each kind of ammunition is like."""


def ammo(take: Take) -> Signal:
    """Two clunks, of the thing and of the hand that takes it, and the rounds that rattle in it."""
    rng = take.rng
    lowest, ring, round_hz, contacts, rattle_s = AMMO[take.choice("action")]
    clunk_hz = modal.scaled(lowest, take["size"])
    second_s = 0.075 + 0.04 * rng.uniform()
    return mix(
        (1.0, _clunk(take, clunk_hz, ring)),
        (0.75, _clunk(take, 1.25 * clunk_hz, 0.7 * ring), second_s),
        (0.1 + 0.9 * take["weight"] ** 1.5, evened(_thud(take))),
        (
            1.3 * take["rattle"],
            _rounds(take, round_hz * 2 ** (0.7 - 1.4 * take["size"]), contacts, rattle_s),
            0.012,
        ),
    )


def _clunk(take: Take, lowest_hz: float, ring: float) -> Signal:
    metal = modal.MATERIALS["metal"]
    free = ring * modal.scaled((0.06, 1.0), take["ring"])
    body = modal.body(
        take.rng, metal, lowest_hz, ring=free, brightness=0.1 + 0.7 * take["hardness"], looseness=0.07
    )
    return evened(modal.ring(body, modal.blow(0.3 + 0.65 * take["hardness"], 3.0)))


def _thud(take: Take) -> Signal:
    frames = samples_of(0.11)
    low_hz = modal.scaled((190, 75), take["weight"])
    thud = (
        noise.band(take.rng, frames, 0.8 * low_hz, 2.2 * low_hz) * decay(frames, 0.1) * ramp_out(frames, 0.4)
    )
    return level(thud)


def _rounds(take: Take, pitch_hz: float, contacts: int, length_s: float) -> Signal:
    """Return brass cases that touch."""
    rng = take.rng
    ringing_s = modal.scaled((0.03, 0.3), take["ring"])
    grains = []
    for _ in range(5):
        ratios = np.array([1.0, 1.8, 2.9, 4.1]) * (1 + 0.06 * rng.uniform(-1, 1, 4))
        base_hz = pitch_hz * semitones(float(rng.uniform(-2, 2)))
        modes = modal.Modes(base_hz * ratios, ringing_s / ratios**0.5, rng.uniform(0.3, 1, 4))
        grains.append(level(modal.ring(mallets.heard(modes), modal.blow(0.6 + 0.4 * take["hardness"], 1.0))))
    frames = samples_of(length_s)
    fewer = np.linspace(1, 0.05, frames)
    count = max(2, round(contacts * (0.5 + take["rattle"])))
    positions = np.sort(np.searchsorted(np.cumsum(fewer), rng.uniform(0, np.sum(fewer), count)))
    gains = particles.heavy_tailed(rng, count, 0.5) * fewer[positions]
    return evened(particles.scatter(frames + len(grains[0]), positions, gains, grains))


def heart(take: Take) -> Signal:
    """Mallets walk up a chord, and soft voices swell on it."""
    chord = CHORDS[take.choice("mood")]
    steps = [degree(chord, index) for index in range(max(1, round(take["notes"])))]

    def mallet(pitch_hz: float, last: bool) -> Signal:
        t60_s = take["decay_s"] * (1.0 if last else 0.8)
        return mallets.note(
            take.rng, "synth", pitch_hz, t60_s, brightness=0.7 * take["brightness"], hardness=0.3
        )

    warm = mix((1.0, _run(take, steps, mallet)), (0.6, _voices(take, steps[:3], 0.8 * take["decay_s"])))
    return _glittering(take, warm, chord, 0.12)


def _voices(take: Take, steps: Sequence[int], length_s: float) -> Signal:
    """Return a soft chord that swells and goes: round tones, each wavering by itself."""
    frames = samples_of(length_s)
    rise_s = min(0.18, 0.3 * length_s)
    swell = controls.lines(frames, [(0, 0), (rise_s, 1.0), (length_s, 0.0)]) ** 1.5
    total = np.zeros(frames)
    for step in steps:
        waver = 2 ** (0.1 / 12 * controls.wander(take.rng, frames, 4.5))
        curve = take["pitch_hz"] * semitones(step) * waver
        r = (0.05 + 0.75 * take["brightness"]) * swell**0.4
        total += horns.played(frames, curve, r, swell, take.rng.uniform())
    return level(total)


def bag(take: Take) -> Signal:
    """A pouch lands and what is in it shifts: pieces that touch ever less (PhISEM, Cook, 1997), in cloth."""
    rng = take.rng
    length_s = take["length_s"]
    frames = samples_of(length_s)
    shifting = lines(frames, [(0, 1.0), (0.15 * length_s, 0.9), (length_s, 0.03)]) ** 1.6
    positions = particles.poisson_under(rng, shifting, 4 + take["density"] * length_s)
    positions = np.concatenate([[0], positions])
    gains = particles.heavy_tailed(rng, len(positions), 0.75) * (0.25 + 0.75 * shifting[positions])
    gains[0] = 1.0
    grains = [_piece(take) for _ in range(6)]
    pieces = particles.scatter(frames + max(len(grain) for grain in grains), positions, gains, grains)
    # Cloth over the pieces takes their high end.
    pieces = lowpass(pieces, 2500 * (15000 / 2500) ** take["ring"], 1)
    rustle = (
        bandpass(rng.standard_normal(frames), 500, 3800, 1) * shifting * (0.6 + 0.4 * wander(rng, frames, 25))
    )
    return mix(
        (1.0, level(pieces)), (0.2 + 0.8 * take["weight"], _thud(take)), (0.45 * take["noise"], level(rustle))
    )


PIECES = {
    # Lowest mode of a small and of a big piece, ratios, and the longest ring.
    "metal": ((4600.0, 1500.0), (1.0, 1.73, 2.33, 3.91, 4.11), 0.5),
    "glass": ((5200.0, 1900.0), (1.0, 2.32, 4.25), 0.3),
    "stone": ((2600.0, 700.0), (1.0, 1.58, 2.0, 2.92), 0.06),
}
"""What a pouch may hold."""


def _piece(take: Take) -> Signal:
    rng = take.rng
    range_hz, ideal, longest_s = PIECES[take.choice("material")]
    ratios = np.array(ideal) * (1 + 0.03 * rng.uniform(-1, 1, len(ideal)))
    lowest_hz = modal.scaled(range_hz, take["size"]) * semitones(float(rng.uniform(-4, 4)))
    t60s = longest_s * modal.scaled((0.12, 1.0), take["ring"]) * rng.uniform(0.5, 1.1) / ratios**0.5
    gains = rng.uniform(0.3, 1, len(ratios)) * ratios**-0.4
    modes = mallets.heard(modal.Modes(lowest_hz * ratios, t60s, gains))
    return level(modal.ring(modes, modal.blow(0.8, 1.0)))


TUNES = {
    "bright": (0, 4, 7, 12, 9, 16, 12, 19, 16, 21, 19, 24),
    "heroic": (0, 0, 7, 5, 7, 12, 7, 12, 16, 14, 16, 19),
    "odd": (0, 6, 1, 8, 3, 10, 5, 13, 8, 15, 10, 18),
}
"""What old consoles might have played, in semitones."""


def extra_life(take: Take) -> Signal:
    """Pulse waves, one note at a time, as a sound chip with few voices would play it."""
    notes = max(2, round(take["notes"]))
    steps = (*TUNES[take.choice("mood")][: notes - 1], 12 * (1 + notes // 7))
    width = 0.5 - 0.4 * take["brightness"]

    def chip(pitch_hz: float, last: bool) -> Signal:
        t60_s = take["decay_s"] if last else 0.9 * take["tempo_ms"] / 1000 + 0.02
        frames = samples_of(t60_s)
        vibrato = (
            0.35 * oscillators.sine(take["wobble_hz"], frames) if last and take["wobble_hz"] > 0.3 else 0.0
        )
        curve = pitch_hz * 2 ** ((vibrato + 0.12 * wander(take.rng, frames, 9)) / 12)
        own = min(0.5, max(0.08, width + 0.03 * take.rng.uniform(-1, 1)))
        tone = lowpass(oscillators.pulse(curve, frames, own), 2500 + 11000 * take["brightness"], 1)
        return tone * decay(frames, 1.6 * t60_s) * _edges(frames)

    return _run(take, steps, chip)


def _edges(frames: int) -> Signal:
    rise = min(samples_of(0.002), frames // 4)
    curve = ramp_out(frames, 0.12)
    curve[:rise] *= np.linspace(0, 1, rise)
    return curve


def level_up(take: Take) -> Signal:
    """Plucked strings and bells run up a scale to a chord, on which soft voices swell and glints fall."""
    mood = take.choice("mood")
    chord = CHORDS[mood]
    notes = max(2, round(take["notes"]))
    run = [degree(SCALES[mood], index) for index in range(notes)]

    def both(pitch_hz: float, last: bool) -> Signal:
        t60_s = (0.6 if last else 0.4) * take["decay_s"]
        bell = mallets.note(take.rng, "bell", 2 * pitch_hz, t60_s, brightness=take["brightness"])
        return mix((1.0, _pluck(take, pitch_hz, t60_s)), (0.5, bell))

    start_s = notes * take["tempo_ms"] / 1000
    rolled = mix(
        *(
            (0.8, _pluck(take, 2 * pitch(take["pitch_hz"], chord, index), take["decay_s"]), 0.018 * index)
            for index in range(4)
        ),
        (
            0.9,
            mallets.note(
                take.rng, "bell", 4 * take["pitch_hz"], take["decay_s"], brightness=take["brightness"]
            ),
        ),
    )
    landing = mix(
        (1.0, level(rolled)), (0.5, _voices(take, [12 + step for step in chord[:3]], 0.8 * take["decay_s"]))
    )
    return mix((0.6, level(_run(take, run, both))), (1.0, _glittering(take, landing, chord, 0.05), start_s))


def power_down(take: Take) -> Signal:
    """A buzzing tone that sags and darkens, while its flutter slows down."""
    rng = take.rng
    length_s = take["length_s"]
    frames = samples_of(length_s)
    position = np.minimum(1, controls.seconds(frames) / length_s)
    curve = take["pitch_hz"] * 2 ** (take["rise_st"] / 12 * position**1.25)
    curve = curve * (1 + 0.02 * take["roughness"] * controls.wander(rng, frames, 30))
    r = (0.2 + 0.7 * take["brightness"] ** 0.7) * (1 - 0.55 * position)
    depth = 0.45 if take["wobble_hz"] > 0.3 else 0.0
    slowing = take["wobble_hz"] * (1 - 0.85 * position)
    flutter = 1 - depth * (0.5 + 0.5 * controls.sine(frames, slowing, rng.uniform()))
    broken = 1 - 0.6 * take["roughness"] * (controls.wander(rng, frames, 40) > 0.55) * position
    fall = controls.lines(frames, [(0, 0), (0.006, 1), (0.7 * length_s, 0.75), (length_s, 0.0)])
    loud = flutter * broken * fall
    apart = 1.004 + 0.03 * take["roughness"]
    tone = horns.played(frames, curve, r, loud, rng.uniform())
    return tone + 0.7 * horns.played(frames, curve * apart, r, loud, rng.uniform())
