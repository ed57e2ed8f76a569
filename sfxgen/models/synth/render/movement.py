"""Bodies that move through the air, and what they wear, hold or bounce upon: how they are made."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import controls, filters, horns, modal, noise, oscillators, particles
from sfxgen.models.synth.envelopes import LN_1000, decay, lines, ramp_out, slide, wander
from sfxgen.models.synth.filters import bandpass, lowpass
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal, Take, level, mix, samples_of, semitones


def jump(take: Take) -> Signal:
    """A pulse wave that slides up, with a puff of air."""
    frames = samples_of(take["length_s"])
    rise = semitones(take["rise_st"])
    pitch = slide(frames, take["pitch_hz"], take["pitch_hz"] * rise, 0.8 * take.rng.uniform(0.85, 1.15))
    pitch *= controls.every_frame(2 ** (0.8 / 12 * controls.wander(take.rng, frames, 11)), frames)
    width = 0.5 - 0.25 * take["brightness"] - 0.05 * take.rng.uniform()
    tone = lowpass(oscillators.pulse(pitch, frames, width), 900 + 9000 * take["brightness"] ** 2)
    envelope = lines(frames, [(0, 0), (0.006, 1), (0.4 * take["length_s"], 0.7), (take["length_s"], 0)])
    envelope *= ramp_out(frames, 0.5)

    def air(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
        return noise.bump(frequencies, noise.at(pitch, times) * 5, 0.7)

    rush = level(noise.painted(take.rng, frames, air)) * envelope
    return mix((1.0, level(tone) * envelope), (0.7 * take["air"], rush))


def whoosh(take: Take) -> Signal:
    """Noise whose band and level swell and sink as a thing passes; its pitch falls as it leaves (Doppler)."""
    length_s = take["length_s"]
    frames = samples_of(length_s)
    seconds = np.arange(frames) / length_s / SAMPLE_RATE
    peak_at = take["peak_at"]
    nearness = 1 / (1 + ((seconds - peak_at) / 0.16) ** 2)
    leaving = 1 / (1 + np.exp((seconds - peak_at) / 0.08))
    centre = take["pitch_hz"] * 2 ** (take["sweep_oct"] * (0.75 * nearness + 0.35 * leaving - 1.0))
    width = take["width_oct"]

    def rush(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
        here = noise.at(centre, times)
        broad = 0.12 * noise.bump(frequencies, here * 2.6, 1.2)
        return noise.bump(frequencies, here, 0.45 * width) + broad * width

    envelope = nearness * np.minimum(1, seconds / 0.1) * np.minimum(1, (1 - seconds) / 0.25)
    tremble = 1 + 0.25 * np.sin(2 * np.pi * take.rng.uniform(14, 22) * seconds * length_s)
    return noise.painted(take.rng, frames, rush, 512) * envelope * tremble


def dash(take: Take) -> Signal:
    """A push off the ground, and air that tears at once and falls away, fluttering."""
    length_s = take["length_s"]
    frames = samples_of(length_s)
    speed, weight = take["speed"], take["weight"]
    position = np.linspace(0, 1, frames)
    onset = np.minimum(1, position / (0.1 - 0.05 * speed))
    envelope = np.asarray(onset * (1 - position) ** (1.2 + speed), float)
    centre = 420 * 9**speed * 2 ** (0.9 * onset - 1.7 * position)

    def air(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
        here = noise.at(centre, times)
        hiss = 0.6 * take["brightness"] ** 1.5 * noise.bump(frequencies, 3.5 * here, 1.0)
        body = 0.9 * weight * noise.bump(frequencies, 0.3 * here + 60, 0.7)
        return np.asarray(noise.bump(frequencies, here, 0.55) + hiss + body)

    rush = noise.painted(take.rng, frames, air, 512) * envelope
    if take["wobble_hz"] > 0.5:
        slowing = take["wobble_hz"] * (1.25 - 0.6 * position)
        rush *= 0.7 + 0.3 * oscillators.sine(slowing, frames, take.rng.uniform())
    return mix((1.0, level(rush)), (1.1 * take["punch"], _push(take)))


def _push(take: Take) -> Signal:
    """Return a foot that pushes off: a low, falling thump and a scuff."""
    frames = samples_of(0.14)
    low_hz = modal.scaled((110, 55), take["weight"])
    thump = oscillators.sine(slide(frames, 2.2 * low_hz, low_hz, 0.6), frames) * decay(frames, 0.13)
    scuff = bandpass(noise.white(take.rng, frames), 250, 1600) * decay(frames, 0.05)
    return mix((1.0, thump), (0.5, level(scuff))) * ramp_out(frames, 0.3)


CLOTHS = {
    # Centre of the rub in Hz, its width in octaves, pitch of the folds in Hz, how long a fold is heard in s, roughness.
    "cotton": (1500.0, 0.9, 1100.0, 0.010, 0.5),
    "silk": (4800.0, 0.8, 3600.0, 0.005, 0.3),
    "leather": (800.0, 0.8, 520.0, 0.016, 0.8),
    "nylon": (3600.0, 0.9, 4200.0, 0.003, 1.0),
    "wool": (700.0, 0.8, 450.0, 0.018, 0.35),
}
"""How each material rubs and folds."""


def cloth(take: Take) -> Signal:
    """Folds that rub on each other and snap over (grains of friction), and the flap of what hangs."""
    rng = take.rng
    length_s = take["length_s"]
    frames = samples_of(length_s)
    centre_hz, width, fold_hz, fold_s, rough = CLOTHS[take.choice("material")]
    faster = 2 ** (1.1 * (take["speed"] - 0.5))
    moving = _sway(take, frames)

    def rub(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
        here = centre_hz * faster * 2 ** (0.7 * noise.at(moving, times) - 0.4)
        low = 0.5 * take["weight"] * noise.bump(frequencies, 0.3 * here, 0.6)
        return noise.bump(frequencies, here, width) + low

    grit = 1 + rough * wander(rng, frames, 60 + 60 * take["speed"])
    rubbing = noise.painted(rng, frames, rub, 512) * moving * grit
    positions = particles.poisson_under(rng, moving**1.5, 3 + take["density"] * length_s)
    gains = particles.heavy_tailed(rng, len(positions), 0.7) * moving[positions]
    grains = [_fold(take, fold_hz * faster * semitones(float(rng.uniform(-9, 9))), fold_s) for _ in range(4)]
    folds = particles.scatter(frames, positions, gains, grains)
    # Many folds are heard over the rub, few are lost in it.
    crowd = (take["density"] / 90) ** 0.6
    return mix(
        (1.0, level(rubbing)),
        ((0.4 + 0.5 * rough) * crowd, level(folds)),
        (0.9 * take["weight"] ** 1.5, _flap(take, frames)),
        (0.8 * take["creak"], _creak(take, frames, moving, 420.0)),
    ) * ramp_out(frames, 0.12)


def _sway(take: Take, frames: int) -> Signal:
    """Return how fast an arm or a cloak moves: one swing with a lesser one after it, never quite smooth."""
    position = np.linspace(0, 1, frames)
    peak = take.rng.uniform(0.2, 0.4)
    first = np.exp(-(((position - peak) / 0.16) ** 2))
    second = take.rng.uniform(0.3, 0.7) * np.exp(
        -(((position - peak - take.rng.uniform(0.3, 0.45)) / 0.12) ** 2)
    )
    edges = np.minimum(1, position / 0.03) * np.minimum(1, (1 - position) / 0.1)
    return np.asarray((0.12 + first + second) * edges * (1 + 0.35 * wander(take.rng, frames, 14)), float)


def _fold(take: Take, centre_hz: float, fold_s: float) -> Signal:
    frames = samples_of(1.6 * fold_s)
    grain = bandpass(take.rng.standard_normal(frames), 0.6 * centre_hz, 1.8 * centre_hz, 1)
    # It gives way suddenly, and settles.
    snap = np.sin(np.pi * np.linspace(0, 1, frames) ** 0.35) ** 2
    return level(grain * snap)


def _flap(take: Take, frames: int) -> Signal:
    """Return heavy cloth that claps against the air once or twice."""
    flap_frames = min(frames, samples_of(0.09))
    flap = bandpass(take.rng.standard_normal(flap_frames), 90, 420) * np.hanning(flap_frames)
    positions = (np.array([0.22, 0.58]) * take.rng.uniform(0.9, 1.15, 2) * frames).astype(np.int64)
    return particles.scatter(frames, positions, take.rng.uniform(0.5, 1, 2), [level(flap)])


def _creak(take: Take, frames: int, moving: Signal, body_hz: float) -> Signal:
    """Return seams and straps that stick and slip as they are bent."""
    rate = 30 + 90 * np.clip(moving, 0, 1) * take.rng.uniform(0.8, 1.2)
    return level(_slips(take, frames, rate, moving, body_hz, 0.3))


def _slips(take: Take, frames: int, rate: Signal, force: Signal, body_hz: float, uneven: float) -> Signal:
    """Return a train of slips that sets a body ringing: each releases what has built up since the last.

    Stick-slip friction as an impulse train (Farnell, 2010), the force of a slip growing with the time before it.
    """
    rng = take.rng
    slowly = controls.wander(rng, frames, 14) + 0.6 * controls.wander(rng, frames, 55)
    wandering = rate * controls.every_frame(2 ** (uneven * slowly), frames)
    turns = np.floor(oscillators.phase(wandering, frames)).astype(np.int64)
    positions = np.flatnonzero(np.diff(turns, prepend=-1))
    waited = np.diff(positions, prepend=0) / SAMPLE_RATE * rate[positions]
    gains = (
        np.maximum(waited, 0.1) * force[positions] * particles.heavy_tailed(rng, len(positions), 0.5 * uneven)
    )
    bank = [
        (body_hz * r * rng.uniform(0.94, 1.06), t)
        for r, t in ((1, 0.03), (1.72, 0.022), (2.9, 0.014), (4.6, 0.008))
    ]
    body = [(hz, t60_s, gain) for (hz, t60_s), gain in zip(bank, (1.0, 0.8, 0.6, 0.4), strict=True)]
    return filters.formants(particles.impulses(frames, positions, gains), body)


ROPES = {
    # The body's pitch in Hz of a thick and of a thin one, and the rub's centre in Hz.
    "hemp": ((340.0, 1100.0), 2400.0),
    "leather": ((220.0, 640.0), 1100.0),
    "wood": ((150.0, 520.0), 900.0),
}
"""What creaks under a pull."""


def rope(take: Take) -> Signal:
    """Fibres that stick and slip as the pull grows (friction, after Farnell, 2010), in what they are part of."""
    rng = take.rng
    length_s = take["length_s"]
    frames = samples_of(length_s)
    range_hz, rub_hz = ROPES[take.choice("material")]
    strength = take["strength"]
    body_hz = modal.scaled(range_hz, 1 - take["weight"]) * 2 ** (0.9 * (strength - 0.5))
    position = np.minimum(1, controls.seconds(frames) / length_s)
    pull = 0.12 + np.sin(np.pi * position**0.8) ** 0.7 * (1 + 0.25 * controls.wander(rng, frames, 5))
    # A growing pull slips faster at first; then, as the fibres lock, ever more slowly.
    rate = take["rate_hz"] * 2 ** (1.2 * np.sin(np.pi * position) - 0.6)
    pull, rate = controls.every_frame(pull, frames), controls.every_frame(rate, frames)
    slips = _slips(take, frames, rate, pull, body_hz, 0.15 + 0.9 * take["roughness"])
    fine = _slips(take, frames, 3.1 * rate, pull, 2.3 * body_hz, 0.4 + 0.8 * take["roughness"])

    def rub(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
        return noise.bump(frequencies, rub_hz * 2 ** (noise.at(pull, times) + strength - 1), 0.8)

    fibres = noise.painted(rng, frames, rub, 512) * pull * (1 + 0.7 * wander(rng, frames, 70))
    return mix((1.0, level(slips)), (0.35, level(fine)), (0.6 * take["noise"], level(fibres))) * ramp_out(
        frames, 0.1
    )


def slide_whistle(take: Take) -> Signal:
    """A stopped pipe (odd partials) whose length changes as it sounds, with vibrato, a chiff and breath."""
    rng = take.rng
    length_s = take["length_s"]
    frames = samples_of(length_s)
    hold_s = 0.08 * length_s
    steps = lines(frames, [(hold_s, 0.0), (0.93 * length_s, take["rise_st"])])
    late = lines(frames, [(0, 0.3), (length_s, 1.0)])
    vibrato = (
        0.45
        * late
        * oscillators.sine(take["wobble_hz"] * (1 + 0.1 * wander(rng, frames, 3)), frames, rng.uniform())
    )
    vibrato = vibrato if take["wobble_hz"] > 0.3 else np.zeros(frames)
    scoop = -1.2 * rng.uniform(0.5, 1) * decay(frames, 0.12)
    pitch = take["pitch_hz"] * 2 ** ((steps + vibrato + scoop + 0.15 * wander(rng, frames, 7)) / 12)
    bright = take["brightness"]
    tone = oscillators.partials(
        pitch, frames, (1, 2, 3, 5), (1, 0.1 + 0.3 * bright, 0.05 + 0.6 * bright, 0.5 * bright**2)
    )

    def breath(frequencies: noise.Gains, times: noise.Gains) -> noise.Gains:
        here = noise.at(pitch, times)
        return noise.bump(frequencies, here, 0.12) + 0.5 * noise.bump(frequencies, 3 * here, 0.5) + 0.1

    blown = level(noise.painted(rng, frames, breath, 1024))
    chiff = 1 + 2.5 * decay(frames, 0.09)
    envelope = lines(frames, [(0, 0), (0.02, 1.0), (0.85 * length_s, 0.9), (length_s, 0)])
    envelope *= ramp_out(frames, min(0.5, 0.045 / length_s))
    waver = 1 + 0.12 * wander(rng, frames, 8)
    return envelope * (level(tone) * waver + (0.02 + 0.45 * take["air"]) * blown * chiff)


def spring(take: Take) -> Signal:
    """A bent spring let go: its tone shakes and settles, and waves run along the coil, dispersed to chirps.

    In a helical spring low frequencies arrive before high ones, later still after every pass (Parker and Bilbao,
    2009).
    """
    rng = take.rng
    tone_hz = modal.scaled((520, 75), take["size"])
    t60_s = take["decay_s"]
    frames = samples_of(1.05 * t60_s)
    seconds = controls.seconds(frames)
    settling = np.exp(-LN_1000 / (1.3 * t60_s) * seconds)
    # The swings get quicker as they get small; a big one stretches the coil, which raises its pitch.
    shaking = take["wobble_hz"] * (1.35 - 0.35 * settling) * rng.uniform(0.92, 1.08)
    swing = controls.sine(frames, shaking, rng.uniform(0.0, 0.15))
    depth = (0.15 + 0.75 * take["strength"]) * settling
    unsteady = 0.25 / 12 * controls.wander(rng, frames, 7)
    pitch = tone_hz * 2 ** (depth * (0.35 * settling + 0.75 * swing) + unsteady)
    r = (0.25 + 0.5 * take["hardness"]) * (0.55 + 0.45 * swing * settling) * settling**0.3
    # A spring shakes in the hand for a while before it rings out: the level falls slowly first.
    loud = np.exp(-LN_1000 * (seconds / t60_s) ** 1.25) * np.minimum(1, seconds / 0.0025)
    loud = loud * (1 + 0.35 * take["strength"] * swing * settling)
    tone = horns.played(frames, pitch, np.clip(r, 0.02, 0.9), loud, rng.uniform())
    second = pitch * 2.756 * rng.uniform(0.98, 1.02)
    tone += 0.35 * horns.played(frames, second, np.zeros(len(r)), loud * settling**2, rng.uniform())
    zing = coil(rng, 12.0 * tone_hz + 1500, 0.035 + 0.05 * take["size"], t60_s, 0.3 + 0.6 * take["hardness"])
    return mix((1.0, level(tone) * ramp_out(frames, 0.1)), (1.1 * take["metal"], zing))


def coil(rng: Generator, highest_hz: float, pass_s: float, t60_s: float, hardness: float) -> Signal:
    """Return what a tap on a coil sounds like: echoes that each arrive as a chirp up to the coil's highest frequency.

    A pass takes `pass_s` at low frequencies and the longer the nearer to `highest_hz`. All passes at once are a
    geometric series over the transform's bins.
    """
    frames = samples_of(min(2.0, 1.2 * t60_s))
    length = filters.good_length(frames + samples_of(0.7))
    width_hz = SAMPLE_RATE / length
    hz = np.arange(int(highest_hz / width_hz)) * width_hz
    inside = np.minimum(hz / highest_hz, 0.985)
    delay_s = pass_s * rng.uniform(0.93, 1.07) * (1 - inside**2) ** -0.5
    nepers = LN_1000 / (0.55 * t60_s) * delay_s - np.log(1 - 0.25 * inside)
    once = np.exp(-nepers - 2j * np.pi * width_hz * np.cumsum(delay_s))
    band = np.sqrt(1 - inside**4) * hz / (hz + 250)
    force = np.fft.rfft(modal.blow(0.35 + 0.6 * hardness, 2.0), length)[: len(hz)]
    spectrum = np.zeros(length // 2 + 1, np.complex128)
    spectrum[: len(hz)] = force * band * once / (1 - once)
    echoes: Signal = np.fft.irfft(spectrum, length)
    first = int(0.9 * pass_s * SAMPLE_RATE)
    return level(echoes[first : first + frames] * ramp_out(frames, 0.3))
