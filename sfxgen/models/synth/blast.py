"""The pressure waves of what explodes, and what they leave behind: guns, bombs and lightning alike."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import noise, oscillators, particles
from sfxgen.models.synth.envelopes import decay, ramp_out, slide, wander
from sfxgen.models.synth.filters import good_length, highpass
from sfxgen.models.synth.noise import Gains
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Layer, Signal, level, mix, samples_of


def shock(rng: Generator, length_s: float) -> Signal:
    """Return a blast wave: a jump of pressure, an exponential fall, and suction after it (Friedlander, 1946)."""
    seconds = np.arange(samples_of(5 * length_s)) / SAMPLE_RATE
    wave = (1 - seconds / length_s) * np.exp(-seconds / length_s)
    torn = noise.white(rng, len(wave)) * np.exp(-seconds / (0.5 * length_s))
    return (wave + 0.35 * torn) * ramp_out(len(wave), 0.3)


def snap(rng: Generator, length_s: float, low_hz: float) -> Signal:
    """Return the crack of a steep front: noise above a corner at a peak of about 1, gone after `length_s`.

    It is mixed in after a blast's own limit, which would only swallow it.
    """
    frames = samples_of(length_s)
    return _evened(highpass(noise.white(rng, frames), low_hz) * decay(frames, 1.2 * length_s)) * ramp_out(
        frames, 0.3
    )


def sonic_boom(length_s: float) -> Signal:
    """Return the N-wave of something faster than sound: a jump, a straight fall, a jump back (Whitham, 1952)."""
    wave = np.linspace(1, -1, max(4, samples_of(length_s)))
    smooth = np.hanning(max(3, len(wave) // 6) + 2)[1:-1]
    return np.convolve(np.pad(wave, len(smooth)), smooth / np.sum(smooth))


def thump(rng: Generator, length_s: float, first_hz: float, last_hz: float) -> Signal:
    """Return the push of air of a blow: a falling sine that is gone after about `length_s`; no two fall alike."""
    astray = 2.0 ** (0.11 * rng.uniform(-1, 1, 3))
    frames = samples_of(length_s * float(astray[0]))
    falling = slide(frames, first_hz * float(astray[1]), last_hz * float(astray[2]), 0.5)
    tone = oscillators.sine(falling, frames)
    return tone * decay(frames, 1.15 * length_s) * ramp_out(frames, 0.3)


def burning(
    rng: Generator,
    length_s: float,
    corners_hz: tuple[float, float],
    fall_s: float,
    *,
    t60_s: float | None = None,
    window: int = 512,
) -> Signal:
    """Return noise under a low-pass that falls from one corner to another, as hot gas cools and spreads.

    `fall_s` is how long the corner takes for 63 % of its way; the level falls by 60 dB in `t60_s`.
    """
    frames = samples_of(length_s)
    first_hz, last_hz = corners_hz

    def cooling(frequencies: Gains, times: Gains) -> Gains:
        over = frequencies / (last_hz + (first_hz - last_hz) * np.exp(-times / fall_s))
        gains: Gains = 1 / (1 + over * over)
        return gains

    hot = noise.painted(rng, frames, cooling, window) * decay(frames, t60_s or length_s)
    return _evened(hot) * ramp_out(frames, 0.3)


def _evened(hot: Signal) -> Signal:
    """Return a burst at a peak of about 1, judged by its power: a stray peak would make siblings differ in balance."""
    start = hot[: max(1, len(hot) // 5)]
    return hot * (0.4 / max(float(np.sqrt(np.mean(start * start))), 1e-9))


def deep(rng: Generator, frames: int, corner_hz: float) -> Signal:
    """Return low noise of RMS 1. Only the bins that are heard are drawn, which costs next to nothing."""
    length = good_length(frames)
    hz = np.arange(min(int(9 * corner_hz * length / SAMPLE_RATE) + 2, length // 2)) * (SAMPLE_RATE / length)
    gains = (hz / (hz + 22)) / (1 + (hz / corner_hz) ** 2) ** 2
    drawn = gains * np.exp(2j * np.pi * rng.uniform(size=len(hz)))
    scale = length / float(np.sqrt(2 * np.sum(gains**2)))
    low: Signal = np.fft.irfft(drawn, length)[:frames] * scale
    return low


def rumble(rng: Generator, length_s: float, corner_hz: float, *, roll_hz: float = 6.0) -> Signal:
    """Return a low roll that darkens as it dies: far parts of the blast arrive late and dull."""
    frames = samples_of(length_s)
    upper = deep(rng, frames, 2.2 * corner_hz) * decay(frames, 0.7 * length_s)
    lower = deep(rng, frames, corner_hz) * decay(frames, 1.5 * length_s)
    rolling = 0.62 + 0.38 * wander(rng, frames, roll_hz)
    rolling[: samples_of(0.04)] *= np.linspace(0, 1, samples_of(0.04))
    return 0.7 * _evened((0.6 * upper + lower) * rolling) * ramp_out(frames, 0.5)


def echoes(
    rng: Generator, tail_s: float, corner_hz: float, *, front: Signal | None = None, slaps: int = 4
) -> Signal:
    """Return what a landscape sends back: a few echoes of the front, and ever duller noise of all the others."""
    frames = samples_of(tail_s)

    def dulling(frequencies: Gains, times: Gains) -> Gains:
        over = frequencies / (corner_hz * np.exp(-2.4 * times / tail_s) + 160)
        gains: Gains = 1 / ((1 + over * over) * (1 + 110 / np.maximum(frequencies, 20)))
        return gains

    diffuse = noise.painted(rng, frames, dulling, 1024) * decay(frames, 1.05 * tail_s)
    diffuse *= (0.65 + 0.35 * wander(rng, frames, 13)) * ramp_out(frames, 0.3)
    layers: list[Layer] = [(1.0, level(diffuse))]
    if front is not None:
        # Walls and woods answer at their own distances, each a little smeared.
        smear = rng.standard_normal(samples_of(0.002))
        dull = level(np.convolve(front[: samples_of(0.12)], smear))
        dull *= ramp_out(len(dull), 0.4)
        for _ in range(slaps):
            late_s = tail_s * rng.uniform(0.04, 0.4)
            layers.append((0.9 * 10 ** (-2.2 * late_s / tail_s), dull, late_s))
    return mix(*layers)


def arcs(rng: Generator, envelope: Signal, count: float, brightness: float) -> Signal:
    """Return electric arcs: each heats a thread of air so fast that it snaps, a tiny blast wave (after Farnell, 2010).

    They strike as a Poisson process that follows the envelope, most of them small.
    """
    positions = particles.poisson_under(rng, envelope, count)
    if len(positions) == 0:
        positions = np.array([int(np.argmax(envelope))])
    gains = np.sqrt(envelope[positions]) * particles.heavy_tailed(rng, len(positions), 0.9)
    low_hz, high_hz = 500 + 1400 * brightness, 3200 + 9500 * brightness
    bank = particles.bank(rng, 9, low_hz, high_hz, (0.0012, 0.007))
    return particles.resonant(rng, len(envelope) + samples_of(0.01), positions, gains, bank)


def debris(rng: Generator, envelope: Signal, count: float, bank: particles.Bank) -> Signal:
    """Return things that come down under an envelope, each setting one of a bank's resonances ringing."""
    positions = particles.poisson_under(rng, envelope, count)
    gains = envelope[positions] * particles.heavy_tailed(rng, len(positions), 1.0)
    frames = len(envelope) + samples_of(0.1)
    return level(particles.resonant(rng, frames, positions, gains, bank)) * ramp_out(frames, 0.2)
