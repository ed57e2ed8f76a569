"""Alarms, bells and signals: how they are made."""

from __future__ import annotations

import numpy as np

from sfxgen.models.synth import bed, modal, motor, noise, oscillators, particles, wavetable
from sfxgen.models.synth.envelopes import decay, lines, ramp_out, slide, wander
from sfxgen.models.synth.filters import convolved, convolved_around, formants, lowpass, saturate
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import SETTLING_S, Signal, Take, level, mix, samples_of, semitones

RANKS = np.arange(1, 60)


def alarm(take: Take) -> Signal:
    """A tone, keyed or slid by a slow pattern that begins with the clip, through a small horn."""
    lower = take["pitch_hz"]
    upper = lower * semitones(take["interval_st"])
    beat = _from_the_start(bed.cycles(take, take["rate_hz"]))
    length_s = 1 / take["rate_hz"]
    pattern = take.choice("pattern")
    gate = np.ones(take.frames)
    if pattern == "beep":
        pitch = np.where(beat < 0.25, lower, upper)
        gate = _gate(beat, 0.0, 0.5, length_s)
    elif pattern == "two_tone":
        pitch = lower + (upper - lower) * _gate(beat, 0.5, 1.0, length_s)
    else:
        pitch = lower * (upper / lower) ** (0.5 - 0.5 * np.cos(2 * np.pi * beat))
    gains = (0.06 + 0.8 * take["harshness"]) ** np.arange(0, 24) * take.rng.uniform(0.7, 1.1, 24)
    table = wavetable.harmonic(gains, 1.05 * upper, take.rng)
    tone = wavetable.read(table, bed.cycles(take, pitch * (1 + 0.004 * take.rng.uniform(-1, 1))))
    return saturate(gate * tone, 0.5 + 2.5 * take["harshness"])


def _from_the_start(cycles: Signal) -> Signal:
    """Return a phase from 0 to 1 that is 0 where the clip begins, after the time to settle."""
    beat: Signal = (cycles - cycles[samples_of(SETTLING_S)] + 1e-9) % 1.0
    return beat


def _gate(beat: Signal, start: float, stop: float, length_s: float, edge_s: float = 0.004) -> Signal:
    """Return 1 from `start` to `stop` of a beat that lasts `length_s`, with soft edges inside."""
    edge = min(edge_s / length_s, 0.25 * (stop - start))
    return np.clip(np.minimum(beat - start, stop - beat) / edge, 0, 1)


def siren(take: Take) -> Signal:
    """A tone that glides between two pitches, from a horn; or two rotors that chop air, a minor third apart."""
    pattern = take.choice("pattern")
    rate_hz = take["rate_hz"] * (12 if pattern == "yelp" else 2 if pattern == "hi_lo" else 1)
    rate_hz = min(rate_hz, 24.0)
    beat = _from_the_start(bed.cycles(take, rate_hz))
    lower = take["pitch_hz"]
    upper = min(lower * semitones(take["interval_st"]), 9000.0)
    if pattern == "hi_lo":
        height = _gate(beat, 0.5, 1.0, 1 / rate_hz, 0.02)
    elif pattern == "air_raid":  # a heavy rotor gains speed slowly and loses it more slowly
        rising = 1 - np.maximum(0, 1 - beat / 0.4) ** 2.2
        height = np.where(beat < 0.4, rising, np.minimum(1, (1 - beat) / 0.6) ** 1.5)
    else:
        height = np.minimum(beat / 0.4, (1 - beat) / 0.6) ** 0.75
    pitch = lower * (upper / lower) ** height
    rough = take["roughness"]
    if rough > 0:
        pitch = pitch * (1 + 0.006 * rough * bed.wander(take, 24.0))
    cycles = bed.cycles(take, pitch)
    rotor = pattern == "air_raid"
    bright = take["brightness"]
    gains = RANKS ** (-2.0 + 1.1 * bright) * np.where(RANKS % 2 == 0, 0.45 if not rotor else 0.9, 1.0)
    table = wavetable.harmonic(gains * take.rng.uniform(0.8, 1.1, len(RANKS)), 1.3 * upper, take.rng)
    tone = wavetable.read(table, cycles)
    if rotor:
        tone = 0.6 * (tone + 0.8 * wavetable.read(table, motor.times(take, cycles, 1.2)))
        tone *= 0.25 + 0.75 * height  # fast rotors are loud ones
    tone = tone + 0.25 * rough * bed.white(take) * (0.3 + np.abs(tone))
    horn = [
        (1150.0, 0.004, 0.25 + 0.2 * bright),
        (2350.0, 0.003, 0.2 + 0.3 * bright),
        (3900.0, 0.002, 0.25 * bright),
    ]
    heard = tone + 0.35 * formants(tone, horn)
    return saturate(0.5 * heard, 0.4 + (0.5 if rotor else 2.2) * bright)


BELL = (
    # ratio to the prime, gain, decay against the hum's
    (0.5, 0.55, 1.0),
    (1.0, 0.75, 0.75),
    (1.2, 0.8, 0.7),
    (1.5, 0.3, 0.5),
    (2.0, 1.0, 0.5),
    (2.5, 0.32, 0.34),
    (2.67, 0.3, 0.32),
    (3.01, 0.5, 0.3),
    (4.17, 0.4, 0.2),
    (5.43, 0.28, 0.14),
    (6.8, 0.2, 0.1),
    (8.21, 0.14, 0.075),
    (9.7, 0.1, 0.06),
)
"""A tuned bell's partials: hum, prime, tierce, quint, nominal and those above it (Lehr, 1986; Rossing and Perrin, 1987)."""


def bell(take: Take) -> Signal:
    """A bell's partials, each of them two that hardly differ, for no casting is quite round: they beat."""
    rng = take.rng
    rows = np.array(BELL)
    hz = (
        take["pitch_hz"]
        * rng.uniform(0.994, 1.006)
        * rows[:, 0]
        * (1 + 0.0025 * rng.uniform(-1, 1, len(rows)))
    )
    gains = rows[:, 1] * rng.uniform(0.75, 1.1, len(rows)) * rows[:, 0] ** (-1.15 + 1.1 * take["hardness"])
    gains[0] *= 0.1 + 1.8 * take["hum"]
    times = np.maximum(take["decay_s"] * rows[:, 2], 0.03)
    split = 0.5 * take["wobble_hz"] * rng.uniform(0.5, 1.2, len(rows)) * rows[:, 0] ** 0.4
    weak = rng.uniform(0.4, 0.8, len(rows))
    pair = modal.Modes(
        np.concatenate([hz - split, hz + split]),
        np.concatenate([times, times]),
        np.concatenate([gains, gains * weak]),
    )
    heard = pair.frequencies < 0.45 * SAMPLE_RATE
    modes = modal.Modes(pair.frequencies[heard], pair.t60s[heard], pair.gains[heard])
    rung = level(modal.ring(modes, modal.blow(0.25 + 0.7 * take["hardness"], 6.0), 12.0))
    clank = modal.body(
        rng, modal.MATERIALS["metal"], 2.3 * take["pitch_hz"], ring=0.03, brightness=0.8, looseness=0.2
    )
    clapper = level(modal.ring(clank, modal.blow(0.4 + 0.55 * take["hardness"])))
    total = mix((1.0, rung), (0.03 + 0.22 * take["hardness"] ** 2, clapper))
    return total * ramp_out(len(total), 0.1)


GONG = (1.0, 2.02, 2.76, 3.64, 4.9, 5.6, 7.1)
"""A shallow gong's strong modes, as of a telephone's or a school's bell."""


def _gong(take: Take, pitch_hz: float, t60_s: float, hardness: float) -> Signal:
    rng = take.rng
    ratios = np.array(GONG) * rng.uniform(0.994, 1.006, len(GONG))
    hz = pitch_hz * ratios
    kept = hz < 0.45 * SAMPLE_RATE
    gains = ratios ** (-1.1 + 1.3 * hardness) * rng.uniform(0.5, 1.1, len(GONG))
    gains *= rng.choice(np.array([-1.0, 1.0]), len(GONG))
    modes = modal.Modes(hz[kept], (t60_s / ratios**0.8)[kept], gains[kept])
    return level(modal.ring(modes, modal.blow(0.4 + 0.5 * hardness, 4.0), 4.0))


def bell_alarm(take: Take) -> Signal:
    """A hammer that swings to and fro against one gong: each stroke falls on what still rings."""
    rng, hard = take.rng, take["hardness"]
    count = max(1, round(take["rate_hz"] * take.period / SAMPLE_RATE))
    step = take.period / count
    at = np.arange(count) * step + step * 0.05 * rng.uniform(-1, 1, count)
    positions = at.astype(np.int64) % take.period
    gains = rng.uniform(0.7, 1.0, count)
    # The gong's modes stay where they are: strokes differ in how hard they are and where they land.
    t60_s = 0.12 * (3.5 / 0.12) ** take["ring"]
    gong = _gong(take, take["pitch_hz"], t60_s, hard)
    strokes = bed.impulses(take, positions, gains)[: take.period]
    rung = bed.repeated(take, convolved_around(strokes, gong))
    contact = modal.body(rng, modal.MATERIALS["metal"], 2600, ring=0.02, brightness=0.7, looseness=0.2)
    ticks = [level(modal.ring(contact, modal.blow(0.6 + 0.1 * i))) for i in range(3)]
    armature = bed.scatter(take, (positions + int(0.45 * step)) % take.period, gains, ticks)
    hits = bed.scatter(take, positions, gains, ticks)
    # However many strokes ring at once, they are about as loud as one.
    rung = rung / max(1.0, (0.3 * t60_s * take["rate_hz"]) ** 0.5)
    heard: Signal = rung + 0.3 * hard * hits + 0.45 * take["rattle"] * armature
    return heard


def phone(take: Take) -> Signal:
    """Two gongs struck in turn, two tones that alternate, or a short tune: and then a pause."""
    cadence = bed.cycles(take, 1 / take["cadence_s"])
    beat = _from_the_start(cadence)
    on = 0.05 + 0.9 * take["ring"]
    whole = round(float(cadence[take.period - 1]))
    length_s = take.period / SAMPLE_RATE / whole
    ringer = take.choice("ringer")
    if ringer == "bell":
        return _rung(take, beat, whole, on, length_s)
    trill = _from_the_start(bed.cycles(take, take["rate_hz"]))
    lower = take["pitch_hz"] * (1 + 0.004 * take.rng.uniform(-1, 1))
    if ringer == "electronic":
        pitch = np.where(trill < 0.5, lower, 1.25 * lower)
        gate = _gate(beat, 0.0, on, length_s, 0.006)
    else:
        tune = lower * semitones(1) ** np.array([0, 4, 7, 12, 7, 12, 4, 7])
        step = np.minimum((beat / on * 8).astype(np.int64), 7)
        pitch = tune[step]
        within = np.clip(beat / on * 8 - step, 0, 1)
        gate = (
            _gate(beat, 0.0, on, length_s, 0.004) * np.exp(-2.2 * within) * np.minimum(1, within * 12 + 0.02)
        )
    bright = take["brightness"]
    gains = np.arange(1, 14) ** (-2.6 + 2.2 * bright) * take.rng.uniform(0.7, 1.1, 13)
    table = wavetable.harmonic(gains, 2.1 * lower, take.rng)
    tone = wavetable.read(table, bed.cycles(take, pitch)) * gate
    return tone + 0.5 * formants(tone, [(2700.0, 0.003, 0.3), (1500.0, 0.004, 0.2)])


def _rung(take: Take, beat: Signal, whole: int, on: float, length_s: float) -> Signal:
    """Return the strokes of a clapper between two gongs, in every ring of the cadence."""
    rng = take.rng
    first = int(np.argmin(beat[: take.period]))
    gongs = [
        _gong(take, take["pitch_hz"] * ratio, 0.9, 0.3 + 0.6 * take["brightness"]) for ratio in (1.0, 1.19)
    ]
    strokes = max(1, round(take["rate_hz"] * on * length_s))
    at = np.arange(strokes) / take["rate_hz"] + 0.0015 * rng.uniform(-1, 1, strokes)
    starts = first + np.arange(whole) * (take.period / whole)
    positions = (starts[:, None] + at * SAMPLE_RATE).astype(np.int64) % take.period
    gains = rng.uniform(0.75, 1.0, positions.size)
    total = np.zeros(take.frames)
    for parity, gong in enumerate(gongs):
        mine = np.tile(np.arange(strokes) % 2 == parity, whole)
        hits = bed.impulses(take, positions.ravel()[mine], gains[mine])[: take.period]
        total += bed.repeated(take, convolved_around(hits, gong))
    return total


def klaxon(take: Take) -> Signal:
    """A toothed wheel flexes a steel plate as it runs up, and a horn throws out the click of every tooth."""
    rng, length_s, rough = take.rng, take["length_s"], take["roughness"]
    frames = samples_of(length_s)
    low = semitones(-take["rise_st"])
    up_s, down_s = 0.3 * length_s, 0.62 * length_s
    contour = lines(frames, [(0, 0), (up_s, 1), (down_s, 0.97), (length_s, 0.05)]) ** 0.7
    pitch = take["pitch_hz"] * low ** (1 - contour)
    wheel = oscillators.sine(pitch / 11, frames, rng.uniform())  # eleven teeth a turn, not all of a height
    pitch = pitch * (1 + 0.012 * rough * wheel + 0.01 * rough * wander(rng, frames, 30.0))
    gains = RANKS ** (-1.15 + 0.9 * take["brightness"]) * rng.uniform(0.7, 1.1, len(RANKS))
    table = wavetable.shaped(motor.pressure(5.0), 1.2 * take["pitch_hz"])
    cycles = oscillators.phase(pitch, frames, rng.uniform())
    plate = wavetable.read(table, cycles) + 0.7 * wavetable.read(
        wavetable.harmonic(gains, 1.2 * take["pitch_hz"], rng), cycles
    )
    plate *= 1 + 0.45 * rough * wheel
    plate = plate + 0.2 * rough * noise.white(rng, frames) * np.abs(plate)
    horn = formants(plate, [(780, 0.005, 0.7), (1450, 0.004, 0.8), (2700, 0.003, 0.7), (4300, 0.002, 0.4)])
    swell = lines(frames, [(0, 0.0), (0.02, 0.5), (up_s, 1), (down_s, 0.95), (length_s, 0)])
    return saturate(level(horn), 0.6 + 2.4 * take["brightness"]) * swell * ramp_out(frames, 0.08)


def sonar(take: Take) -> Signal:
    """A short pure tone, and what surface, bottom and a hull send back: a narrow band that dies away (Urick, 1983)."""
    rng, tail_s = take.rng, take["tail_s"]
    ping_frames = samples_of(take["length_s"])
    glide = slide(ping_frames, take["pitch_hz"], take["pitch_hz"] * semitones(take["glide_st"]))
    glide *= rng.uniform(0.99, 1.01) * slide(ping_frames, 1.0, rng.uniform(0.985, 1.015))
    edge = np.minimum(
        1,
        np.minimum(np.arange(ping_frames), np.arange(ping_frames)[::-1])
        / samples_of(min(0.006, 0.2 * take["length_s"])),
    )
    cycles = oscillators.phase(glide, ping_frames, rng.uniform())
    ping = (np.sin(2 * np.pi * cycles) + 0.08 * np.sin(4 * np.pi * cycles)) * edge
    frames = samples_of(tail_s)
    # Scatterers that drift spread the ping's band a little: the tail shimmers.
    scattered = (
        noise.white(rng, frames) * decay(frames, tail_s) * np.minimum(1, np.arange(frames) / samples_of(0.03))
    )
    tail = level(convolved(ping, scattered)[: frames + ping_frames])
    layers = [(1.0, ping, 0.0), (0.32, tail, 0.004)]
    if take["echo"] > 0:
        answer = lowpass(
            convolved(ping, noise.white(rng, samples_of(0.03)) * decay(samples_of(0.03), 0.03)),
            1.3 * take["pitch_hz"],
            1,
        )
        layers.append((0.5 * take["echo"], level(answer), tail_s * rng.uniform(0.27, 0.33)))
    total = mix(*layers)
    return total * ramp_out(len(total), 0.2)


def beeper(take: Take) -> Signal:
    """A piezo disc on its own resonance, driven by a wave between a sine and a square."""
    rng, length_s = take.rng, take["length_s"]
    frames = samples_of(length_s + RELEASE_S)
    end_hz = take["pitch_hz"] * semitones(take["glide_st"])
    # A piezo sags a little as it is driven, each time by its own amount.
    sag = slide(frames, 1.0, rng.uniform(0.98, 1.02), rng.uniform(0.6, 1.4))
    sag = sag * (1 + min(0.006, 0.001 / length_s) * wander(rng, frames, 2.5 / length_s))
    pitch = slide(frames, take["pitch_hz"], end_hz) * sag * rng.uniform(0.97, 1.03)
    odd = np.where(RANKS % 2 == 1, 1.0, 0.1 * rng.uniform(0.4, 1))
    gains = odd * RANKS ** (-3.2 + 2.3 * take["brightness"]) * rng.uniform(0.85, 1.1, len(RANKS))
    table = wavetable.harmonic(gains, 1.02 * max(take["pitch_hz"], end_hz), rng)
    gate = _keyed(length_s, min(0.003, 0.15 * length_s))
    held = 1 - take["decay"] + take["decay"] * decay(frames, length_s)
    return wavetable.read(table, oscillators.phase(pitch, frames, rng.uniform())) * gate * held


def buzzer(take: Take) -> Signal:
    """An armature slams against its magnet a hundred times a second, and the housing rattles along."""
    rng, rough, length_s = take.rng, take["roughness"], take["length_s"]
    frames = samples_of(length_s + RELEASE_S)
    pitch = take["pitch_hz"] * (1 + 0.004 * rough * wander(rng, frames, 30.0))
    cycles = oscillators.phase(pitch, frames, rng.uniform())
    gains = RANKS ** (-1.1 + 0.9 * take["brightness"]) * rng.uniform(0.8, 1.1, len(RANKS))
    table = wavetable.harmonic(gains, 1.1 * take["pitch_hz"], rng)
    buzz = wavetable.read(table, cycles)
    detuned = 1 + (0.01 + 0.05 * rough) * rng.uniform(0.7, 1)
    buzz = buzz + 0.8 * rough * wavetable.read(table, detuned * cycles)
    heard = level(
        lowpass(buzz, 900 + 9000 * take["brightness"] ** 1.5, 1)
        + 0.06 * formants(buzz, [(1300, 0.01, 0.5), (2900, 0.006, 0.5)])
    )
    total = saturate(heard, 0.6 + 1.6 * take["brightness"])
    if take["rattle"] > 0:
        beats = np.flatnonzero(np.diff(np.floor(cycles)) > 0)
        gains = rng.uniform(0, 1, len(beats)) ** 2
        bank = particles.bank(rng, 7, 1100, 6500, (0.004, 0.014))
        total = total + 0.7 * take["rattle"] * level(particles.resonant(rng, frames, beats, gains, bank))
    return total * _keyed(length_s, min(0.008, 0.15 * length_s))


RELEASE_S = 0.02


def _keyed(length_s: float, attack_s: float) -> Signal:
    """Return the envelope of a tone switched on and off again: it rises at once, and is let go after `length_s`."""
    frames = samples_of(length_s + RELEASE_S)
    seconds = np.arange(frames) / SAMPLE_RATE
    let_go = np.clip((length_s + RELEASE_S - seconds) / RELEASE_S, 0, 1) ** 3
    gate: Signal = np.minimum(1, seconds / attack_s) * let_go
    return gate
