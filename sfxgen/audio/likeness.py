"""Likeness: is one take a copy of another, louder, shifted, resampled, trimmed, encoded, played faster or slower?

The largest normalised cross-correlation tells: a copy keeps its waveform, which a new seed never does. What was
played at another speed is first brought back. Its spectrum is the other's on a scale stretched by the speed, which is a
shift on a logarithmic one, so that a correlation of the two finds the speed (as the Fourier-Mellin transform does for
images: Reddy and Chatterji 1996), and the waveform again has the last word.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import soxr
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip
from sfxgen.audio.edges import active_range
from sfxgen.audio.products import product

RATE = 16_000
LENGTH = 32_768
"""Frames of a print's wave: two seconds at its full rate."""
WHOLE_RATES = (8_000, 4_000, 2_000)
"""What is longer is compared as a whole as well, up to 16 s: a loop may have been turned."""

LEAST_OVERLAP = 0.4
"""Energy, re each wave's, of the stretch in which they are compared, at the least."""
LEAST_SIDE = 0.1
"""Power of the mean of all channels re their mean power, below which the loudest channel stands for the clip."""

LEAST_AT_FRAMES = 0.6
"""Of a correlation's peak half-way between two frames, what is left at those, if it is as sharp as can be."""
CANDIDATES = 48
REACH = 16
PLACES = 9

SPEED_LENGTH = 16_384
SPEED_STEP = 1.4e-4
SPEED_HZ = (100.0, 7900.0)
MOST_SEMITONES = 3.3
SMOOTHING = 701
SPEED_TRANSFORM = 32_768
"""As long as the scale and the speeds looked for, so that none wraps around."""
LEAST_SPECTRAL_LIKENESS = 0.3
"""Copies at another speed read 0.45 or more. Below it there is no such speed, and none is tried."""
SAME_SPEED = 3e-4
"""Speeds nearer to 1 than that are the plain comparison's."""

FALLS_SHORT = 3.0
"""How far a correlation at another speed falls short of 1 counts so many times: of copies, also of lossy files, up to 0.016;
of siblings 0.02 and more."""
MANY_LINES = 150.0
"""Of noise it counts once: no sibling reads above 0.88, and a copy's lossy file is down to 0.93."""
FEW_LINES = 30.0
"""Sounds of fewer lines need the speed more exactly than their spectra tell it: it is looked for around."""
SPEED_AROUND = 1.5e-4
WORTH_LOOKING = 0.9
BARE = 4.0
SAME_LENGTH = 0.01
SAME_LENGTH_S = 0.005
"""A bare tone at another pitch is its sibling as well as its copy. A copy is shorter by as much as it is faster."""

Wave = NDArray[np.float32]
Spectrum = NDArray[np.complex64]


@dataclass(frozen=True, slots=True, eq=False)
class Sliding:
    """A wave made ready to be slid along another of its rate.

    `spectrum` is its transform over twice its length at the least, `energy` what its squares sum up to before each frame.
    """

    rate: int
    spectrum: Spectrum
    energy: Wave


@dataclass(frozen=True, slots=True, eq=False)
class Print:
    """What is kept of a clip to compare it: under 1 MB, however long the clip.

    `wave` is the first second of what sounds at 16 kHz (and what is needed of it to be played faster), `start` its first
    two seconds, `whole` all of it at a lower rate where it is longer than that, `scale` the transform of its log-frequency
    spectrum, `lines` how many lines share its power (their sum squared re the sum of their squares): 1 for a tone,
    thousands for noise; `sounding_s` how long it sounds.
    """

    wave: Wave
    start: Sliding
    whole: Sliding | None
    scale: Spectrum
    lines: float
    sounding_s: float


def print_of(clip: Clip) -> Print:
    """Return a clip's print: of one channel, without offset, what sounds alone. Silence has one like nothing else."""
    mono = _mono(clip)
    start, end = active_range(Clip(mono[:, np.newaxis], clip.sample_rate))
    mono = mono[start:end]
    wave = _at_rate(mono, clip.sample_rate, RATE)
    scale, lines = _scale(wave)
    return Print(
        wave=wave[: int(SPEED_LENGTH * 2 ** (MOST_SEMITONES / 12)) + 1].copy(),
        start=_sliding(wave, RATE, 2 * LENGTH),
        whole=_whole(mono, clip.sample_rate),
        scale=scale,
        lines=lines,
        sounding_s=len(mono) / clip.sample_rate,
    )


def likeness(a: Print, b: Print, *, pitched: bool = True) -> float:
    """Return how alike two clips are, 0 to 1: copies read 0.95 and more, whatever their level, place and polarity.

    With `pitched`, copies played up to three semitones faster or slower do as well. Symmetric but for rounding.

    Not told from siblings: a pitch shift that keeps the length (it makes a new waveform), and a copy that was cut so
    that less than two fifths of its energy is left.
    """
    alike = _largest_correlation(a.start, b.start)
    if a.whole is not None and b.whole is not None and a.whole.rate == b.whole.rate:
        alike = max(alike, _largest_correlation(a.whole, b.whole))
    return max(alike, _pitched_likeness(a, b)) if pitched else alike


def _mono(clip: Clip) -> Wave:
    """Return the mean of the channels, or the loudest channel where they cancel each other, free of offset."""
    waves = np.array(clip.samples.T, order="C")
    if waves.size == 0:
        return np.zeros(0, np.float32)
    waves -= waves.mean(axis=1, dtype=np.float64, keepdims=True).astype(np.float32)
    powers = np.einsum("ij,ij->i", waves, waves)
    mono: Wave = waves.mean(axis=0)
    if np.einsum("i,i->", mono, mono) < LEAST_SIDE * powers.mean():
        mono = waves[int(powers.argmax())]
    return mono


def _at_rate(mono: Wave, sample_rate: int, rate: int) -> Wave:
    """Return the first LENGTH frames of a wave at another rate."""
    needed = -(-(LENGTH + RATE // 100) * sample_rate // rate)
    return np.asarray(soxr.resample(mono[:needed], sample_rate, rate, quality="HQ"), np.float32)[:LENGTH]


def _whole(mono: Wave, sample_rate: int) -> Sliding | None:
    if len(mono) * RATE <= LENGTH * sample_rate:
        return None
    rates = [rate for rate in WHOLE_RATES if len(mono) * rate <= LENGTH * sample_rate]
    rate = rates[0] if rates else WHOLE_RATES[-1]
    return _sliding(_at_rate(mono, sample_rate, rate), rate, 2 * LENGTH)


def _sliding(wave: Wave, rate: int, transform: int) -> Sliding:
    energy = np.zeros(len(wave) + 1)
    np.cumsum(np.square(wave, dtype=np.float64), out=energy[1:])
    return Sliding(rate, np.fft.rfft(wave, transform).astype(np.complex64), energy.astype(np.float32))


def _largest_correlation(a: Sliding, b: Sliding) -> float:
    """Return the largest cross-correlation at any lag, normalised by the energies where both waves are.

    At least LEAST_OVERLAP of both must be there. Lags lie between frames, too: at a few of the best it is interpolated
    as the band-limited signal that it is.
    """
    norm = float(np.sqrt(a.energy[-1] * b.energy[-1]))
    if norm <= 0:
        return 0.0
    length = 2 * (len(a.spectrum) - 1)
    sliding = np.fft.irfft(a.spectrum * np.conj(b.spectrum), length)
    magnitude = np.abs(sliding)
    places = np.flatnonzero(magnitude >= LEAST_OVERLAP * LEAST_AT_FRAMES * magnitude.max())
    lags = np.where(places >= length // 2, places - length, places)
    a_frames, b_frames = len(a.energy) - 1, len(b.energy) - 1
    a_there = a.energy[np.clip(b_frames + lags, 0, a_frames)] - a.energy[np.clip(lags, 0, a_frames)]
    b_there = b.energy[np.clip(a_frames - lags, 0, b_frames)] - b.energy[np.clip(-lags, 0, b_frames)]
    enough = (a_there >= LEAST_OVERLAP * a.energy[-1]) & (b_there >= LEAST_OVERLAP * b.energy[-1])
    if not enough.any():
        return float(min(1.0, magnitude.max() / norm))
    places, energies = places[enough], np.sqrt(a_there[enough] * b_there[enough])
    values = magnitude[places] / energies
    if len(values) > CANDIDATES:
        best = np.argpartition(values, -CANDIDATES)[-CANDIDATES:]
        places, energies = places[best], energies[best]
    around, weights = _between_frames()
    near = sliding[(places[:, np.newaxis] + around) % length]
    finer = np.abs(product(near, weights)).max(axis=1) / energies
    return float(min(1.0, finer.max()))


@lru_cache(maxsize=1)
def _between_frames() -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return offsets of neighbours and their weights, of shape (neighbours, places), at places up to half a frame off."""
    around = np.arange(-REACH, REACH + 1)
    places = np.linspace(-0.5, 0.5, PLACES)
    distance = places[np.newaxis, :] - around[:, np.newaxis]
    window = np.cos(np.pi * distance / (2 * REACH + 2)) ** 2
    return around, (np.sinc(distance) * window).astype(np.float32)


@lru_cache(maxsize=1)
def _log_grid() -> tuple[NDArray[np.intp], Wave]:
    """Return evenly spaced log-frequencies: bins of the transform of twice SPEED_LENGTH, and how far beyond each."""
    count = int(np.log(SPEED_HZ[1] / SPEED_HZ[0]) / SPEED_STEP)
    frequencies = SPEED_HZ[0] * np.exp(SPEED_STEP * np.arange(count))
    grid = frequencies * (2 * SPEED_LENGTH / RATE)
    bins = grid.astype(np.intp)
    return bins, (grid - bins).astype(np.float32)


def _scale(wave: Wave) -> tuple[Spectrum, float]:
    """Return the transform of a wave's fine structure along log-frequency, of unit energy, and its lines; 0 for silence.

    The magnitudes of its first second, square-rooted so that strong lines do not hide the rest, less their local mean:
    the coarse shape of a spectrum has no sharp place, and siblings share it.
    """
    first = wave[:SPEED_LENGTH].copy()
    fade = len(first) // 4
    first[len(first) - fade :] *= (0.5 + 0.5 * np.cos(np.pi * np.arange(fade) / max(1, fade))).astype(
        np.float32
    )
    amplitudes = np.abs(np.fft.rfft(first, 2 * SPEED_LENGTH))
    lines = _lines(amplitudes) * len(first) / (2 * SPEED_LENGTH)
    magnitudes = np.sqrt(amplitudes)
    bins, beyond = _log_grid()
    along = magnitudes[bins] + beyond * np.diff(magnitudes)[bins]
    padded = np.zeros(len(along) + SMOOTHING)
    padded[1:] = np.pad(along, SMOOTHING // 2, mode="edge")
    sums = np.cumsum(padded)
    fine = (along - (sums[SMOOTHING:] - sums[:-SMOOTHING]) / SMOOTHING).astype(np.float32)
    energy = float(np.einsum("i,i->", fine, fine))
    if energy > 0:
        fine /= np.float32(np.sqrt(energy))
    return np.fft.rfft(fine, SPEED_TRANSFORM).astype(np.complex64), lines


def _lines(amplitudes: Wave) -> float:
    power = np.square(amplitudes, dtype=np.float64)
    total = float(power.sum())
    return total**2 / float(np.square(power).sum()) if total > 0 else 0.0


def _pitched_likeness(a: Print, b: Print) -> float:
    """Return how alike two waves are once the deeper is played as fast as the other; 0 where none seems faster.

    Always the deeper one is sped up: slowed down, the other would lack the top of its band.
    """
    speed, alike = _speed(a.scale, b.scale)
    if alike < LEAST_SPECTRAL_LIKENESS or abs(speed - 1) < SAME_SPEED:
        return 0.0
    fast, slow = (a, b) if speed > 1 else (b, a)
    factor = max(speed, 1 / speed)
    if min(a.lines, b.lines) < BARE and not _is_as_much_shorter(fast, slow, factor):
        return 0.0
    alike = _likeness_at(fast, slow, factor)
    if min(a.lines, b.lines) < FEW_LINES and alike > WORTH_LOOKING:
        below, above = (_likeness_at(fast, slow, factor * (1 + side * SPEED_AROUND)) for side in (-1, 1))
        bend = 2 * alike - below - above
        if bend > 0:  # the vertex of a parabola
            offset = min(max((above - below) / (2 * bend), -3.0), 3.0)
            alike = max(alike, _likeness_at(fast, slow, factor * (1 + offset * SPEED_AROUND)))
    return alike if min(a.lines, b.lines) > MANY_LINES else max(0.0, 1 - (1 - alike) * FALLS_SHORT)


def _is_as_much_shorter(fast: Print, slow: Print, factor: float) -> bool:
    off_s = abs(slow.sounding_s - factor * fast.sounding_s)
    return off_s < SAME_LENGTH * slow.sounding_s + SAME_LENGTH_S


def _likeness_at(fast: Print, slow: Print, factor: float) -> float:
    """Return how alike the start of two waves is, with one played so many times as fast."""
    wave = slow.wave[: int(SPEED_LENGTH * factor)]
    sped = np.asarray(soxr.resample(wave, RATE * factor, RATE, quality="HQ"), np.float32)
    transform = 2 * SPEED_LENGTH
    return _largest_correlation(
        _sliding(fast.wave[:SPEED_LENGTH], RATE, transform), _sliding(sped[:SPEED_LENGTH], RATE, transform)
    )


def _speed(a: Spectrum, b: Spectrum) -> tuple[float, float]:
    """Return how much faster the first of two scales is, within some three semitones, and how well they then agree."""
    sliding = np.fft.irfft(a * np.conj(b), SPEED_TRANSFORM)
    most = int(MOST_SEMITONES * np.log(2) / 12 / SPEED_STEP)
    near = np.concatenate([sliding[-most:], sliding[: most + 1]])
    best = int(near.argmax())
    offset = 0.0
    if 0 < best < len(near) - 1:
        left, middle, right = (float(near[best + n]) for n in (-1, 0, 1))
        bend = left - 2 * middle + right
        offset = (left - right) / (2 * bend) if bend < 0 else 0.0
    return float(np.exp((best + offset - most) * SPEED_STEP)), float(near[best])
