"""Interface sounds: how they are made."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sfxgen.models.synth import controls, horns, mallets, modal, noise, oscillators, particles
from sfxgen.models.synth.envelopes import decay, lines, ramp_out, slide, struck, wander
from sfxgen.models.synth.filters import bandpass, highpass, lowpass
from sfxgen.models.synth.take import Layer, Signal, Take, evened, level, mix, samples_of, semitones

NOTIFY_STEPS = {
    "bright": (0, 7, 12, 16, 19, 24),
    "calm": (0, 5, 2, 7, 9, 12),
    "urgent": (0, 6, 0, 6, 0, 6),
    "dark": (0, -4, -7, -12, -9, -12),
}
"""Where a notification's notes lie over its first, in semitones."""


@dataclass(frozen=True, slots=True)
class Casing:
    """How a small body of a material answers a contact, beside one of plastic.

    `pitch` and `lasting` are its pitch and decay time over plastic's, `bright` is added to the brightness of its
    modes, `snap` is how much of the surfaces is heard, and `case_ring` how freely a whole case of it rings.
    """

    pitch: float
    lasting: float
    bright: float
    snap: float
    case_ring: float


CASINGS = {
    "plastic": Casing(1.0, 1.0, 0.0, 1.0, 0.45),
    "metal": Casing(1.25, 3.5, 0.3, 0.75, 0.06),
    "wood": Casing(0.62, 0.6, -0.35, 0.45, 0.25),
    "glass": Casing(1.9, 1.8, 0.25, 0.7, 0.07),
}
"""The materials of buttons, ticks and keys."""


def click(take: Take) -> Signal:
    """A contact on a tiny body, and a softer, higher one when it comes up again."""
    decay_s = take["decay_ms"] / 1000
    down = _snap(take, take.choice("material"), take["pitch_hz"], decay_s)
    if take["release_ms"] < 1:
        return down
    up = _snap(take, take.choice("material"), take["pitch_hz"] * 1.22, decay_s)
    return mix((1.0, down), (0.55, up, take["release_ms"] / 1000))


def _snap(take: Take, material: str, pitch_hz: float, decay_s: float) -> Signal:
    """Return a contact on a small body (van den Doel and Pai, 1998), with the snap of the surfaces."""
    hardness, casing = take["hardness"], CASINGS[material]
    pitch_hz *= casing.pitch
    brightness = 0.1 + 0.85 * hardness + casing.bright
    modes = modal.body(take.rng, modal.MATERIALS[material], pitch_hz, brightness=brightness, looseness=0.06)
    # The decay is the switch's own, whatever its size, and a soft contact's; the material stretches it.
    t60s = modes.t60s / np.max(modes.t60s) * casing.lasting * (decay_s + 0.004 * (1 - hardness))
    phases = np.exp(1j * take.rng.uniform(-np.pi, np.pi, len(t60s)))
    modes = modal.Modes(modes.frequencies, np.maximum(t60s, 0.002), modes.gains * phases)
    body = modal.ring(modes, modal.blow(0.1 + 0.85 * hardness, min(2.0, 1100 / pitch_hz)))
    # Soft surfaces take longer to meet.
    snap_s = 0.0035 + 0.0045 * (1 - hardness)
    snap = noise.white(take.rng, samples_of(1.1 * snap_s))
    snap = highpass(snap, (1500 + 2500 * hardness) * casing.pitch**0.5)
    snap *= decay(len(snap), snap_s)
    # What the switch sits in answers softly.
    case_hz = min(0.32 * pitch_hz, 900.0) * take.rng.uniform(0.85, 1.15)
    case = modal.chime([case_hz, 2.3 * case_hz], [0.018, 0.012], [0.05, 0.03])
    return mix(
        (1.0, level(body)),
        (casing.snap * (0.08 + 0.6 * hardness), level(snap)),
        (1.0, case * ramp_out(len(case), 0.2)),
    )


def hover(take: Take) -> Signal:
    """One soft gliding blip, from two voices that are not quite in tune."""
    frames = samples_of(take["length_s"])
    pitch = slide(
        frames, take["pitch_hz"], take["pitch_hz"] * semitones(take["glide_st"]), take.rng.uniform(0.7, 1.3)
    )
    index = (0.15 + 4.0 * take["brightness"] ** 1.3) * decay(frames, 3 * take["length_s"])
    pitch *= controls.every_frame(2 ** (0.45 / 12 * controls.wander(take.rng, frames, 14)), frames)
    apart = semitones(float(take.rng.uniform(0.12, 0.5)))
    tone = oscillators.fm(pitch, frames, 2.0, index)
    tone += take.rng.uniform(0.4, 0.8) * oscillators.sine(pitch * apart, frames, take.rng.uniform())
    octave = take.rng.uniform(0.15, 0.5) * oscillators.sine(2 * pitch, frames, take.rng.uniform())
    breath = noise.band(take.rng, frames, 1500, 8000) * (0.04 + 0.08 * take["brightness"])
    position = np.linspace(0, 1, frames)
    swell: Signal = np.sin(np.pi * position ** take.rng.uniform(0.38, 0.5)) ** 2
    return (tone + octave + breath) * swell


def confirm(take: Take) -> Signal:
    """Two FM bells (Chowning, 1973: a 1:3.5 pair gives the strike, a 1:2 pair the tone)."""
    gap_s = take["gap_ms"] / 1000
    upper_hz = take["pitch_hz"] * semitones(take["interval_st"])
    first = _bell(take, take["pitch_hz"], 0.25 + 0.4 * take["decay_s"])
    return mix((take.rng.uniform(0.6, 0.9), first), (1.0, _bell(take, upper_hz, take["decay_s"]), gap_s))


def _bell(take: Take, pitch_hz: float, t60_s: float) -> Signal:
    envelope = struck(0.003, t60_s)
    frames = len(envelope)
    pitch_hz *= semitones(float(take.rng.uniform(-0.1, 0.1)))
    index = (0.4 + 3.2 * take["brightness"]) * take.rng.uniform(0.8, 1.2)
    ratio = 2 * (1 + take.rng.uniform(-0.008, 0.008))
    tone = oscillators.fm(pitch_hz, frames, ratio, index * decay(frames, t60_s * 0.45))
    second = semitones(float(take.rng.uniform(0.06, 0.16)))
    tone += take.rng.uniform(0.4, 1.0) * oscillators.sine(pitch_hz * second, frames, take.rng.uniform())
    brief = samples_of(0.4 * t60_s)
    ratio = 3.5 + take.rng.uniform(-0.05, 0.05)
    strike = oscillators.fm(pitch_hz, brief, ratio, 0.8 * index * decay(brief, t60_s * 0.2))
    tone[:brief] += 0.35 * strike * decay(brief, t60_s * 0.4)
    return envelope * tone


def error(take: Take) -> Signal:
    """Two buzzing tones; each is two pulse waves that beat."""
    gap_s = take["gap_ms"] / 1000
    lower_hz = take["pitch_hz"] * semitones(take["interval_st"])
    first = _buzz(take, take["pitch_hz"], min(gap_s * 0.85, take["length_s"]))
    return mix((0.9, first), (1.0, _buzz(take, lower_hz, take["length_s"]), gap_s))


def _buzz(take: Take, pitch_hz: float, length_s: float) -> Signal:
    frames = samples_of(length_s)
    detune = 1 + (0.004 + 0.06 * take["roughness"]) * take.rng.uniform(0.7, 1.0)
    width = take.rng.uniform(0.38, 0.46)
    tone = oscillators.pulse(pitch_hz, frames, take.rng.uniform(0.46, 0.5))
    start = samples_of(take.rng.uniform(0, 1) / pitch_hz)
    tone += oscillators.pulse(pitch_hz * detune, frames + start, width)[start:]
    tone = lowpass(tone, pitch_hz * (2.5 + 22 * take["brightness"] ** 1.5))
    edge_s = min(0.006, 0.2 * length_s)
    points = [(0.0, 0.0), (edge_s, 1.0), (length_s * 0.75, 0.75), (length_s * 0.995, 0.0)]
    return tone * lines(frames, points) * ramp_out(frames, min(0.6, 0.035 / length_s))


def toggle(take: Take) -> Signal:
    """A lever's snap, and two short mallet notes that step up for on and down for off."""
    on = take.choice("action") == "on"
    lower_hz, upper_hz = take["pitch_hz"], take["pitch_hz"] * semitones(take["interval_st"])
    first_hz, second_hz = (lower_hz, upper_hz) if on else (upper_hz, lower_hz)
    brightness = 0.45 if on else 0.25
    step_s = 0.045 + 0.01 * take.rng.uniform(-1, 1)
    tones = mix(
        (0.7, _blip(take, first_hz, 0.5 * take["decay_s"], brightness)),
        (1.0, _blip(take, second_hz, take["decay_s"], brightness), step_s),
    )
    lever = _snap(take, "plastic", 1900 if on else 1450, 0.022)
    noisy = take["noise"]
    return mix((1.6 * (1 - noisy), level(tones)), (0.25 + noisy, level(lever)))


def _blip(take: Take, pitch_hz: float, t60_s: float, brightness: float) -> Signal:
    return mallets.note(
        take.rng, "marimba", pitch_hz, t60_s, brightness=brightness, hardness=0.3 + 0.6 * take["hardness"]
    )


def tick(take: Take) -> Signal:
    """A contact on a tiny body, and the knock of the case behind it."""
    snap = _snap(take, take.choice("material"), take["pitch_hz"], take["decay_s"])
    knock_hz = 240 * semitones(float(take.rng.uniform(-5, 5)))
    case = modal.chime(
        [knock_hz, knock_hz * 1.9, knock_hz * 3.1], [0.014, 0.01, 0.007], take.rng.uniform(0.6, 1, 3).tolist()
    )
    return mix((1.0, level(snap)), (0.9 * take["weight"], level(case) * ramp_out(len(case), 0.3)))


def notify(take: Take) -> Signal:
    """A few struck notes; the last one rings out."""
    steps = NOTIFY_STEPS[take.choice("mood")]
    notes = max(1, round(take["notes"]))
    gap_s = take["tempo_ms"] / 1000
    layers: list[Layer] = []
    start_s = 0.0
    for index in range(notes):
        last = index == notes - 1
        tone = mallets.note(
            take.rng,
            take.choice("instrument"),
            take["pitch_hz"] * semitones(steps[index] + float(take.rng.uniform(-0.08, 0.08))),
            take["decay_s"] * (1.0 if last else 0.75),
            brightness=take["brightness"],
            hardness=0.35 + 0.4 * take["brightness"],
        )
        layers.append((1.0 if last else take.rng.uniform(0.65, 0.95), tone, start_s))
        start_s += gap_s * (1 + 0.04 * take.rng.uniform(-1, 1))
    return mix(*layers)


def swipe(take: Take) -> Signal:
    """Noise whose band glides, and a faint tone that glides with it."""
    length_s = take["length_s"]
    half = 0.5 * take["sweep_oct"] * (1 if take.choice("direction") == "in" else -1)
    low_hz, high_hz = take["pitch_hz"] * 2.0**-half, take["pitch_hz"] * 2.0**half
    return _rush(take, low_hz, high_hz, length_s, peak_at=0.55 if half > 0 else 0.3)


def _rush(take: Take, start_hz: float, end_hz: float, length_s: float, *, peak_at: float) -> Signal:
    """Return a gliding rush of air with a tone in it, by `noise` and `brightness`."""
    frames = samples_of(length_s)
    centre = slide(frames, start_hz, end_hz, take.rng.uniform(0.85, 1.2))
    bright = take["brightness"]

    def air(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
        here = noise.at(centre, times)
        silk = noise.bump(frequencies, here * 3.2, 1.1) * (0.02 + 0.4 * bright**2)
        return np.asarray(noise.bump(frequencies, here, 0.3 + 0.35 * bright) + silk)

    position = np.linspace(0, 1, frames)
    swell: Signal = np.sin(np.pi * position ** (np.log(0.5) / np.log(peak_at))) ** 1.5
    swell = swell * ramp_out(frames, min(0.7, 0.035 / length_s))
    grain = 1 + 0.2 * wander(take.rng, frames, 45)
    rush = level(noise.painted(take.rng, frames, air, 512) * swell * grain)
    tone = horns.buzz(0.5 * centre, 0.1 + 0.45 * bright, frames, take.rng.uniform())
    tone += oscillators.sine(0.5 * centre * semitones(float(take.rng.uniform(0.1, 0.3))), frames)
    return mix((take["noise"] ** 0.7, rush), (1 - take["noise"], level(tone * swell)))


def panel(take: Take) -> Signal:
    """A sliding rush that lands: opening on a light catch, closing on the frame."""
    length_s = take["length_s"]
    lower_hz, upper_hz = take["pitch_hz"], take["pitch_hz"] * semitones(take["interval_st"])
    opens = take.choice("action") == "open"
    ends = (2 * lower_hz, 2 * upper_hz) if opens else (2 * upper_hz, 2 * lower_hz)
    rush = _rush(take, *ends, length_s, peak_at=0.45 if opens else 0.6)
    landing = _landing(take, heavy=not opens)
    return mix((1.0, rush), (0.3 + 0.9 * take["weight"], landing, (0.8 if opens else 0.9) * length_s))


def _landing(take: Take, *, heavy: bool) -> Signal:
    weight = take["weight"]
    knock_hz = (150 if heavy else 300) * 2 ** (0.8 - 1.2 * weight)
    body = modal.body(take.rng, modal.MATERIALS["wood"], knock_hz, ring=0.7, brightness=0.15, looseness=0.08)
    knock = modal.ring(body, modal.blow(0.2 + 0.35 * take["brightness"], 5.0))
    catch = modal.body(
        take.rng, modal.MATERIALS["plastic"], 1500 * take.rng.uniform(0.85, 1.2), brightness=0.5
    )
    latch = modal.ring(catch, modal.blow(0.8))
    return mix((0.4 + 0.6 * weight, level(knock)), (0.12 + 0.3 * take["brightness"], level(latch), 0.004))


def typing(take: Take) -> Signal:
    """A key meets its contact, bottoms out on the case, and comes up again; its spring jingles."""
    down = _key(take, 1.0)
    if take["release_ms"] < 1:
        return down
    return mix((1.0, down), (0.4, _key(take, 1.3), take["release_ms"] / 1000))


def _key(take: Take, pitch: float) -> Signal:
    weight, rattle, material = take["weight"], take["rattle"], take.choice("material")
    casing = CASINGS[material]
    contact = _snap(take, material, take["pitch_hz"] * pitch, 0.012)
    case_hz = 330 * casing.pitch * pitch * 2 ** (0.5 - weight) * take.rng.uniform(0.92, 1.08)
    case = modal.body(
        take.rng,
        modal.MATERIALS[material],
        case_hz,
        ring=casing.case_ring,
        brightness=0.3 + 0.5 * casing.bright,
        looseness=0.06,
    )
    thock = modal.ring(case, modal.blow(0.25 + 0.35 * take["hardness"], 4.0))
    bottom_s = 0.006 + 0.006 * take.rng.uniform()
    frames = samples_of(0.07)
    bank = particles.bank(take.rng, 5, 2600, 7500, (0.02, 0.06))
    positions = particles.poisson(take.rng, frames // 2, 2 + 14 * rattle)
    jingle = particles.resonant(
        take.rng, frames, positions, particles.heavy_tailed(take.rng, len(positions), 0.8), bank
    )
    return mix(
        (0.35 + 0.55 * take["hardness"], evened(contact)),
        (0.35 + 0.9 * weight, evened(thock), bottom_s),
        (0.5 * rattle, evened(jingle) * ramp_out(frames, 0.4), bottom_s),
    )


def select(take: Take) -> Signal:
    """One mallet note, with a tap and a glint."""
    tone = mallets.note(
        take.rng,
        "marimba",
        take["pitch_hz"] * semitones(float(take.rng.uniform(-0.1, 0.1))),
        take["decay_s"],
        brightness=take["brightness"],
        hardness=take["hardness"],
    )
    octave = mallets.note(
        take.rng,
        "bell",
        2 * semitones(float(take.rng.uniform(-0.2, 0.2))) * take["pitch_hz"],
        0.7 * take["decay_s"],
        hardness=take["hardness"],
    )
    lower = mallets.note(
        take.rng, "synth", 0.5 * take["pitch_hz"], 0.6 * take["decay_s"], brightness=0.1, hardness=0.2
    )
    layers: list[Layer] = [
        (1.0, tone),
        (
            (0.25 + 0.35 * take["brightness"] + 0.35 * take["hardness"]) * take.rng.uniform(0.75, 1.2),
            octave,
            0.014 * take.rng.uniform(),
        ),
        (take.rng.uniform(0.6, 1.0) * (0.8 - 0.5 * take["hardness"]), lower),
        (0.06 + 0.3 * take["hardness"], _tap(take, 700 + 4500 * take["hardness"])),
    ]
    if take["sparkle"] > 0.02:
        glitter = mallets.glints(take.rng, take["pitch_hz"], (0, 7, 12), 0.3, take["sparkle"])
        layers.append((0.5 * take["sparkle"], glitter, 0.03))
    return mix(*layers)


def _tap(take: Take, centre_hz: float) -> Signal:
    """Return a fingertip on a surface: a few milliseconds of noise."""
    frames = samples_of(0.012)
    burst = bandpass(noise.white(take.rng, frames), 0.5 * centre_hz, 1.6 * centre_hz)
    return level(burst * decay(frames, 0.01) * ramp_out(frames, 0.4))


def back(take: Take) -> Signal:
    """Two soft notes down, each with a tap."""
    lower_hz = take["pitch_hz"] * semitones(take["interval_st"])
    gap_s = take["gap_ms"] / 1000
    layers: list[Layer] = []
    for pitch_hz, t60_s, gain, start_s in (
        (take["pitch_hz"], 0.7 * take["decay_s"], take.rng.uniform(0.65, 0.95), 0.0),
        (lower_hz, take["decay_s"], 1.0, gap_s),
    ):
        here_hz = pitch_hz * semitones(float(take.rng.uniform(-0.3, 0.3)))
        tone = mallets.note(
            take.rng,
            "synth",
            here_hz,
            t60_s,
            brightness=0.8 * take["brightness"],
            hardness=take["brightness"],
        )
        layers.append((gain, tone, start_s))
        apart = semitones(float(take.rng.uniform(0.12, 0.6)))
        second = mallets.note(take.rng, "marimba", here_hz * apart, 0.9 * t60_s, brightness=0.2, hardness=0.2)
        layers.append((gain * take.rng.uniform(0.35, 0.8), second, start_s))
        layers.append((0.5 * take["noise"], _tap(take, 700 + 2500 * take["brightness"]), start_s))
    return mix(*layers)


def glitch(take: Take) -> Signal:
    """Shreds of pulses, FM and noise, repeated and crushed: their samples are held, and rounded to a few bits."""
    frames = samples_of(take["length_s"])
    pieces: list[Signal] = []
    total = 0
    while total < frames:
        again = pieces and take.rng.uniform() < 0.75 * take["stutter"]
        piece = pieces[-1] if again else _shred(take)
        pieces.append(piece)
        total += len(piece)
    shreds = np.concatenate(pieces)[:frames]
    fade = ramp_out(frames, min(0.95, 0.055 / take["length_s"]))
    return _crushed(shreds, take["roughness"]) * fade**2


def _shred(take: Take) -> Signal:
    rng = take.rng
    frames = samples_of(float(rng.uniform(0.35, 1.65)) / take["density"])
    pitch_hz = take["pitch_hz"] * semitones(float(rng.uniform(-6, 6)))
    loud = float(rng.choice([0.0, 0.5, 0.75, 1.0], p=[0.1, 0.25, 0.3, 0.35]))
    kind = rng.uniform()
    if kind < take["noise"]:
        piece = bandpass(noise.white(rng, frames), pitch_hz, 5 * pitch_hz)
    elif kind < take["noise"] + 0.5 * (1 - take["noise"]):
        piece = oscillators.pulse(pitch_hz, frames, rng.uniform(0.15, 0.5))
    else:
        sweep = slide(frames, pitch_hz, pitch_hz * semitones(float(rng.choice([-24, -12, 0, 12]))))
        piece = oscillators.fm(sweep, frames, rng.uniform(0.3, 3.0), rng.uniform(1, 4))
    edge = min(24, frames // 2)
    piece = level(piece) * loud
    piece[:edge] *= np.linspace(0, 1, edge)
    piece[frames - edge :] *= np.linspace(1, 0, edge)
    return piece


def _crushed(signal: Signal, roughness: float) -> Signal:
    if roughness < 0.02:
        return signal
    held = 1 + round(18 * roughness**1.6)
    levels = 2.0 ** (8 - 5.5 * roughness)
    coarse: Signal = np.repeat(signal[::held], held)[: len(signal)]
    rounded: Signal = np.round(coarse * levels) / levels
    return rounded


def pop(take: Take) -> Signal:
    """A bubble (van den Doel, 2005) whose pitch leaps as it bursts, and smaller ones after it where it is wet."""
    rng = take.rng
    base_hz = modal.scaled((1500, 170), take["size"])
    main = _bubble(take, base_hz, take["decay_s"])
    snap_frames = samples_of(0.008)
    snap = bandpass(noise.white(rng, snap_frames), 2 * base_hz, 9 * base_hz) * decay(snap_frames, 0.006)
    layers: list[Layer] = [
        (1.0, level(main)),
        (0.6 * take["punch"], level(snap) * ramp_out(snap_frames, 0.3)),
    ]
    start_s = 0.0
    for _ in range(round(5 * take["wet"])):
        start_s += 0.008 + 0.03 * rng.uniform()
        small = particles.bubble(
            base_hz * float(rng.uniform(1.4, 3.2)), rng.uniform(0.015, 0.04), rng.uniform(0.3, 1.0)
        )
        layers.append((0.35 * take["wet"] * rng.uniform(0.3, 1), small, start_s))
    return mix(*layers)


def _bubble(take: Take, base_hz: float, t60_s: float) -> Signal:
    rng = take.rng
    frames = max(64, samples_of(t60_s))
    # The mouth opens at once, then ever more slowly.
    leap = 1 - np.exp(-np.arange(frames) / frames * rng.uniform(2.6, 6.0))
    pitch = base_hz * 2.0 ** (take["rise_st"] / 12 * leap)
    tone = oscillators.sine(pitch, frames, rng.uniform(0, 0.2))
    tone += (
        (0.15 + 0.6 * take["brightness"])
        * rng.uniform(0.7, 1.2)
        * oscillators.sine(2 * pitch, frames, rng.uniform())
    )
    tone += (
        0.7 * take["brightness"] * rng.uniform(0.5, 1) * oscillators.sine(3.03 * pitch, frames, rng.uniform())
    )
    # The body it came out of hums with it, each time at another place.
    tone += rng.uniform(0.2, 0.45) * oscillators.sine(
        base_hz * rng.uniform(0.55, 0.95), frames, rng.uniform()
    )
    rise = min(samples_of(0.0012), frames // 4)
    tone[:rise] *= np.linspace(0, 1, rise)
    return tone * decay(frames, t60_s) * ramp_out(frames, 0.15)


STROKES = {"turn": 2, "unfold": 4, "crumple": 7, "tear": 1}
"""How many movements of the hands each action takes."""


def paper(take: Take) -> Signal:
    """Creases that snap (Rocchesso and Fontana, 2003: crumpling) in a sheet that rubs and moves air."""
    action = take.choice("action")
    frames = samples_of(take["length_s"])
    moving = _strokes(take, frames, STROKES[action])
    low_hz = modal.scaled((900, 260), take["size"])
    layers = [
        (1.0, _creases(take, frames, moving, low_hz)),
        (1.1 * take["noise"], _rubbing(take, frames, moving, low_hz)),
    ]
    if action == "tear":
        layers.append((1.1, _tearing(take, frames, low_hz)))
    return mix(*layers) * ramp_out(max(len(layer[1]) for layer in layers), 0.06)


def _strokes(take: Take, frames: int, count: int) -> Signal:
    """Return how fast the hands move: some strokes, each quicker to start than to end."""
    rng = take.rng
    curve = np.zeros(frames)
    edges = np.linspace(0, 1, count + 1)
    for start, end in pairwise(edges.tolist()):
        width = (end - start) * rng.uniform(0.85, 1.25)
        position = (np.arange(frames) / frames - start - 0.1 * (end - start) * rng.uniform()) / width
        inside = np.clip(position, 0, 1)
        curve += rng.uniform(0.6, 1.0) * np.sin(np.pi * inside**0.6) ** 2
    return np.asarray(curve + 0.04, float)


def _creases(take: Take, frames: int, moving: Signal, low_hz: float) -> Signal:
    rng = take.rng
    hardness = take["hardness"]
    bank = particles.bank(
        rng, 9, low_hz * (1.5 + hardness), 4500 + 7500 * hardness, (0.0015, 0.003 + 0.008 * hardness)
    )
    positions = particles.poisson_under(rng, moving**1.5, 3 + take["density"] * take["length_s"])
    positions = np.concatenate([[0], positions])
    gains = particles.heavy_tailed(rng, len(positions), 1.1) * moving[positions] ** 0.7
    return level(particles.resonant(rng, frames, positions, gains, bank))


def _rubbing(take: Take, frames: int, moving: Signal, low_hz: float) -> Signal:
    bright = (2200 + 4200 * take["hardness"]) * modal.scaled((1.5, 0.7), take["size"])
    flutter = 0.6 + 0.4 * wander(take.rng, frames, 34)

    def sheet(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
        here = noise.at(moving, times)
        return noise.bump(frequencies, low_hz * (0.9 + 0.4 * here), 0.6) + 0.5 * noise.bump(
            frequencies, bright, 0.9
        )

    return 0.5 * level(noise.painted(take.rng, frames, sheet, 512) * moving * flutter)


def _tearing(take: Take, frames: int, low_hz: float) -> Signal:
    """Return fibres that break one after another, ever faster: the tear's pitch climbs."""
    rate = slide(frames, 140, 420, 0.9) * (1 + 0.25 * wander(take.rng, frames, 12))
    turns = np.floor(oscillators.phase(rate, frames)).astype(np.int64)
    positions = np.flatnonzero(np.diff(turns, prepend=0))
    gains = particles.heavy_tailed(take.rng, len(positions), 0.6)
    bank = particles.bank(take.rng, 10, 2.2 * low_hz, 9000, (0.003, 0.009))
    shape = lines(frames, [(0, 0.2), (0.15 * take["length_s"], 0.8), (take["length_s"], 1.0)])
    return level(particles.resonant(take.rng, frames, positions, gains, bank) * shape)


def countdown_beep(take: Take) -> Signal:
    """One beep of two voices, with a short ring after it; the start is higher and four times as long."""
    goes = take.choice("action") == "go"
    pitch_hz = take["pitch_hz"] * (semitones(take["interval_st"]) if goes else 1)
    length_s = take["length_s"] * (4 if goes else 1)
    frames = samples_of(length_s + take["decay_s"])
    held, fading = samples_of(length_s), frames - samples_of(length_s)
    envelope = np.concatenate([np.ones(held), decay(fading, take["decay_s"])])
    rise = min(samples_of(0.004), held // 3)
    envelope[:rise] = np.linspace(0, 1, rise)
    apart = semitones(float(take.rng.uniform(0.1, 0.42)))
    r = min(0.9, 0.05 + 0.75 * take["brightness"] * take.rng.uniform(0.9, 1.1))
    one = horns.buzz(pitch_hz, r, frames, take.rng.uniform())
    other = horns.buzz(pitch_hz * apart, 0.8 * r, frames, take.rng.uniform())
    third = horns.buzz(pitch_hz / apart ** take.rng.uniform(0.4, 1.0), 0.6 * r, frames, take.rng.uniform())
    octave = oscillators.sine(2.0 * pitch_hz / apart, frames, take.rng.uniform())
    tone = one + take.rng.uniform(0.6, 1.0) * other + take.rng.uniform(0.3, 0.8) * third
    tone += take.rng.uniform(0.1, 0.4) * octave
    beep: Signal = tone * envelope * ramp_out(frames, min(0.5, 0.3 * fading / frames + 0.02))
    return beep
