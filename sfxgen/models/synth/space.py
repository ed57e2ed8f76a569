"""Where a sound is heard from: how far away, in what room, and through what."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.random import PCG64, Generator

from sfxgen.models.synth import filters
from sfxgen.models.synth.envelopes import decay
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.take import Signal, samples_of

ROOM_SEED = 20
"""All sounds share one room, so that variants do not seem to stand in different ones."""

NEAREST_M, FARTHEST_M = 1.0, 200.0
SMALLEST_M, LARGEST_M = 2.5, 60.0
SPEED_OF_SOUND = 343.0

FALL_DB = 24.0
"""How much quieter a sound is at distance 1 than close by. Less than 1/r gives: microphones and players turn up."""


def metres(distance: float) -> float:
    """Return how far away a distance (0 to 1) is, by equal ratios from 1 m to 200 m."""
    return float(NEAREST_M * (FARTHEST_M / NEAREST_M) ** distance)


def level_of(distance: float) -> float:
    """Return the gain of a sound from a distance (0 to 1): it falls by equal decibels."""
    return float(10 ** (-FALL_DB * distance / 20))


def placed(dry: Signal, *, distance: float, room: float, muffle: float, looped: bool = False) -> Signal:
    """Return a signal of shape (..., frames) as heard from a distance, in a room and through something (0 to 1 each).

    Air takes the high end (after ISO 9613-1, at 20 °C and 50 % humidity). A room's walls are heard as images of
    the source (Allen and Berkley, 1979) and then as exponentially decaying noise whose high end dies first
    (Moorer, 1979). A muffled sound comes through a wall, a door or water. The level is left to `level_of`.
    The result is longer than the dry signal by the reverberation, or as long where it loops.
    """
    if distance <= 0 and room <= 0 and muffle <= 0:
        return dry
    heard = dry
    if distance > 0 or muffle > 0:
        heard = _dulled(heard, distance, muffle, looped=looped)
    if distance > 0 or room > 0:
        echo = reflections(distance, room)
        heard = filters.convolved_around(heard, echo) if looped else filters.convolved(heard, echo)
    return heard


def _dulled(x: Signal, distance: float, muffle: float, *, looped: bool) -> Signal:
    frames = x.shape[-1]
    length = frames if looped else filters.good_length(frames + samples_of(0.05))
    hz: Signal = np.asarray(np.fft.rfftfreq(length, 1 / SAMPLE_RATE), np.float64)
    gains = 10 ** (-air_db(hz) * metres(distance) / 20) if distance > 0 else np.ones(len(hz))
    if distance > 0:  # the ground and what stands on it scatter what is short against it
        gains = gains / np.sqrt(1 + (hz / (16000 * (900 / 16000) ** distance)) ** 2)
    if muffle > 0:
        gains = gains / (1 + (hz / (14000 * (220 / 14000) ** muffle)) ** 4) ** 0.5
    out: Signal = np.fft.irfft(np.fft.rfft(x, length) * gains, length)[..., :frames]
    return out


def air_db(frequency_hz: Signal) -> Signal:
    """Return what a metre of air absorbs in dB: about 0.005 dB at 1 kHz, 0.16 dB at 10 kHz."""
    khz = frequency_hz / 1000
    absorbed: Signal = 0.0032 * khz + 0.0013 * khz**2
    return absorbed


@lru_cache(maxsize=16)
def reflections(distance: float, room: float) -> Signal:
    """Return the impulse response of a place: the direct sound, first reflections and the late reverberation.

    Outdoors (`room` 0) a far sound still meets ground and trees: few reflections, soft and soon gone. No echo has
    more of the high end than the sound itself: each was absorbed on its way.
    """
    rng = Generator(PCG64(ROOM_SEED))
    size_m = SMALLEST_M * (LARGEST_M / SMALLEST_M) ** room
    t60_s = 0.12 + 0.3 * distance + 2.2 * room**1.3
    response = np.zeros(samples_of(0.02 + 4 * size_m / SPEED_OF_SOUND) + samples_of(t60_s))
    echo = np.zeros_like(response)
    away_m = metres(distance)
    for shift_s, gain in _images(size_m, min(away_m, size_m)) if room > 0 else [_ground(away_m)]:
        at = int(shift_s * SAMPLE_RATE)
        # Rough walls spread a reflection over a millisecond or so, which takes its high end.
        spread = decay(samples_of(0.0015), 0.0015) * (1 + 0.5 * rng.standard_normal(samples_of(0.0015)))
        if at + len(spread) < len(echo):
            echo[at : at + len(spread)] += 0.5 * (room**0.5 + 0.6 * distance) * gain * spread / np.sum(spread)
    late_gain = 0.5 * room + 0.65 * distance
    start = samples_of(0.25 * size_m / SPEED_OF_SOUND + 0.003)
    echo[start:] += late_gain * _late(rng, len(echo) - start, t60_s)
    response += filters.lowpass(echo, 9000 * (1100 / 9000) ** distance, 1)
    response[0] += 1 - 0.55 * distance - 0.25 * room
    return response


def _late(rng: Generator, frames: int, t60_s: float) -> Signal:
    """Return decaying noise of unit energy: two bands, of which the high one dies first."""
    source = rng.standard_normal(frames)
    low = filters.bandpass(source, 35, 2200, 1)
    high = filters.highpass(source, 2200, 1)
    late = low * decay(frames, t60_s) + 0.6 * high * decay(frames, 0.45 * t60_s)
    late *= np.minimum(1, np.arange(frames) / samples_of(0.012))
    energy = math.sqrt(float(np.sum(late**2)))
    return late / max(energy, 1e-12)


def _ground(away_m: float) -> tuple[float, float]:
    """Return how much later and weaker than the direct sound its image in the ground is heard, both 1.4 m above it."""
    path_m = math.hypot(away_m, 2 * 1.4)
    return (path_m - away_m) / SPEED_OF_SOUND, away_m / path_m


def _images(size_m: float, away_m: float) -> list[tuple[float, float]]:
    """Return how much later and how much weaker than the direct sound the images in six walls are heard."""
    width, depth, height = size_m, 1.31 * size_m, 0.45 * size_m + 1.2
    source = np.array([0.37 * width, 0.42 * depth, min(1.4, 0.5 * height)])
    listener = source + np.array([0.6, 0.7, 0.05]) * min(away_m, 0.5 * size_m)
    direct_m = float(np.linalg.norm(listener - source))
    images = []
    for axis, length in enumerate((width, depth, height)):
        for wall in (0.0, length):
            image = source.copy()
            image[axis] = 2 * wall - source[axis]
            path_m = float(np.linalg.norm(listener - image))
            images.append(((path_m - direct_m) / SPEED_OF_SOUND, max(direct_m, 0.8) / path_m))
    return images
