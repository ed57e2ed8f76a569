"""What is in the files: clips of every sort through mastering and encoding, then each file judged by meters of others.

    python benchmarks/delivered.py            1,000 clips, two files each: a lossless and a lossy one
    python benchmarks/delivered.py --check    exits with 1 below what we promise
    python benchmarks/delivered.py --only 17  one clip by its number, with all that was measured

Clips last 10 ms to 60 s: synthesizer presets, noise, tones, clicks and steps, with silence, offsets and noise beds, at
-60 dBFS or cut off flat, mono and stereo. Each file is decoded and held against its target, the ceiling, and the lock.
"""

from __future__ import annotations

import os

# Before numpy is there: the workers are the only threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyebur128
import soundfile
from numpy.random import PCG64, Generator
from numpy.typing import NDArray
from scipy import signal as dsp

from sfxgen.audio.clip import Clip
from sfxgen.audio.delivery import deliver
from sfxgen.audio.limiter import peak_dbtp
from sfxgen.audio.loudness import measure_loudness
from sfxgen.audio.resample import resample
from sfxgen.categories import CATEGORIES
from sfxgen.errors import SfxgenError
from sfxgen.finish import RATES
from sfxgen.mastering import master
from sfxgen.models.synth import adapter
from sfxgen.models.synth.parameters import SAMPLE_RATE
from sfxgen.models.synth.presets import PRESETS
from sfxgen.models.synth.session import rendered
from sfxgen.produce import _as_delivered
from sfxgen.recipe import LOOPING, LOSSY, MASTERING_DEFAULTS, Encoding, Kind, Mastering, Recipe

Signal = NDArray[np.float64]
Sounding = Callable[[Generator, int, int], Signal]

SHORTEST_S, LONGEST_S = 0.01, 60.0
TAKE_RATES = (16000, 22050, 24000, 32000, 44100, 48000, 96000)
WITHIN_LU = WITHIN_DB = 0.1
LOCK_WITHIN = 0.05
DITHER_LSB = 1.5
"""How much dither and rounding may change a sample of 16 bits."""
MOST_PADDING_S = 0.2
"""How much longer than their clip mp3 and AAC files may be."""
REACH, NEAR, MOST_LOOKED_AT = 256, 0.8, 4096
OVERLAP = 64
"""How many frames further a piece is oversampled than is looked at: more than scipy's filter reaches."""

LOSSLESS_ENCODINGS = (
    Encoding(format="wav", bit_depth=16),
    Encoding(format="wav", bit_depth=24),
    Encoding(format="flac", bit_depth=16),
    Encoding(format="flac", bit_depth=24),
)
LOSSY_ENCODINGS = (
    Encoding(format="ogg", quality=0.0),
    Encoding(format="ogg", quality=0.3),
    Encoding(format="ogg", quality=0.6),
    Encoding(format="ogg", quality=1.0),
    Encoding(format="mp3", bitrate_kbps=96),
    Encoding(format="mp3", bitrate_kbps=192),
    Encoding(format="opus", bitrate_kbps=48),
    Encoding(format="opus", bitrate_kbps=160),
    Encoding(format="m4a", bitrate_kbps=128),
)


@dataclass(frozen=True, slots=True)
class Case:
    """A take, what is to be made of it, and in words what it is."""

    number: int
    what: str
    take: Clip
    kind: Kind
    settings: Mastering
    joined: bool
    encodings: tuple[Encoding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A delivered file and what was found in it. Levels are None where there is nothing to measure.

    `lufs`: by the measure that the lock names. `peak_dbtp`: by long sinc interpolation, of a loop as it plays and as it
    repeats; `peak_by_ebur128_dbtp`: libebur128's. `lock`: what the lock would say of it. `own`: our meters on the file,
    which the lock should repeat. `faults`: everything that is not as promised.
    """

    number: int
    what: str
    format: str
    target_lufs: float | None
    ceiling_dbtp: float
    lufs: float | None
    peak_dbtp: float | None
    peak_by_ebur128_dbtp: float | None
    own: tuple[float | None, float | None]
    lock: Mapping[str, Any]
    raised_db: float
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A take that gives no asset, and why."""

    number: int
    what: str
    why: str


# The material ------------------------------------------------------------------------------------------------------


def _noise(chance: Generator, frames: int, _rate: int) -> Signal:
    tilt = float(chance.choice([0.0, 0.5, 1.0]))
    spectrum = np.fft.rfft(chance.standard_normal(frames))
    spectrum *= np.maximum(np.arange(spectrum.size), 1.0) ** -tilt
    shaped: Signal = np.fft.irfft(spectrum, frames)
    return shaped


def _tone(chance: Generator, frames: int, rate: int) -> Signal:
    hz = float(np.exp(chance.uniform(np.log(30), np.log(0.45 * rate))))
    tone: Signal = np.sin(2 * np.pi * hz * np.arange(frames) / rate + chance.uniform(0, 2 * np.pi))
    return tone


def _infrasound(chance: Generator, frames: int, rate: int) -> Signal:
    rumble: Signal = np.sin(2 * np.pi * chance.uniform(4, 20) * np.arange(frames) / rate)
    return rumble


def _chirp(chance: Generator, frames: int, rate: int) -> Signal:
    low, high = np.exp(chance.uniform(np.log(40), np.log(0.45 * rate), 2))
    swept: Signal = dsp.chirp(np.arange(frames) / rate, low, frames / rate, high, "logarithmic")
    return swept * np.exp(-np.arange(frames) / frames * chance.uniform(0, 6))


def _clicks(chance: Generator, frames: int, rate: int) -> Signal:
    clicks = np.zeros(frames)
    places = chance.integers(0, frames, max(1, round(frames / rate * chance.uniform(0.5, 20))))
    clicks[places] = chance.uniform(-1, 1, places.size)
    return clicks


def _steps(chance: Generator, frames: int, rate: int) -> Signal:
    steps = np.zeros(frames)
    apart = int(rate * chance.uniform(0.25, 0.7))
    for start in range(int(chance.uniform(0, 0.3) * min(apart, frames)), frames, apart):
        length = min(frames - start, int(0.2 * rate))
        decay = np.exp(-np.arange(length) / (rate * chance.uniform(0.005, 0.05)))
        steps[start : start + length] = chance.uniform(0.4, 1) * decay * chance.standard_normal(length)
    return steps


def _swell(chance: Generator, frames: int, _rate: int) -> Signal:
    swell: Signal = chance.standard_normal(frames) * np.linspace(0, 1, frames) ** chance.uniform(1, 4)
    return swell


def _square(chance: Generator, frames: int, rate: int) -> Signal:
    square: Signal = np.sign(np.sin(2 * np.pi * chance.uniform(40, 2000) * np.arange(frames) / rate))
    return square * np.exp(-np.arange(frames) / frames * chance.uniform(0, 4))


def _synth(name: str, duration_s: float, take: int, kind: Kind) -> Clip:
    """Return a preset's sound: a texture lasts as long as asked, the others as long as they do."""
    length_s = duration_s if PRESETS[name].sustained else None
    keys: dict[str, object] = {"preset": name, "params": {}, "duration_s": length_s}
    params = adapter.params(adapter.models[0], keys, kind=kind)
    recipe = Recipe(
        model="synth",
        revision=None,
        adapter_version=adapter.version,
        base_seed=7,
        take=take,
        duration_s=length_s,
        params=params,
    )
    return Clip(np.ascontiguousarray(rendered(recipe), np.float32), SAMPLE_RATE)


SOUNDINGS: Mapping[str, Sounding] = {
    "noise": _noise,
    "tone": _tone,
    "infrasound": _infrasound,
    "chirp": _chirp,
    "clicks": _clicks,
    "steps": _steps,
    "swell": _swell,
    "square": _square,
}
CHANNELS: tuple[Literal[1, 2] | None, ...] = (1, 2, None)
PLACES = ("as one", "as one", "two takes", "partly anti-phase", "one silent", "one late")


def _mixed_take(chance: Generator, number: int, longest_s: float) -> tuple[Clip, str]:
    """Return a take as a bad model, or a bad recording, might give it, and its description."""
    rate = int(chance.choice(TAKE_RATES))
    duration_s = float(np.exp(chance.uniform(np.log(SHORTEST_S), np.log(longest_s))))
    frames = max(round(SHORTEST_S * rate) + 1, round(duration_s * rate))
    if chance.random() < 0.5:
        name = str(chance.choice(sorted(PRESETS)))
        made = resample(_synth(name, max(0.5, duration_s), number, "one_shot"), rate).samples.astype(
            np.float64
        )
        repeats = -(-frames // max(1, len(made)))
        sounds = [np.tile(made, (repeats, 1))[:frames, channel] for channel in range(made.shape[1])]
    else:
        name = str(chance.choice(sorted(SOUNDINGS)))
        sounds = [SOUNDINGS[name](chance, frames, rate) for _ in range(2)]
    said = [name, f"{duration_s:.3f} s", f"{rate} Hz"]
    if chance.random() < 0.5:
        samples = sounds[0][:, np.newaxis]
    else:
        place = str(chance.choice(PLACES))
        said.append(f"stereo, {place}")
        samples = _placed(chance, place, sounds[0], sounds[-1])
    samples = samples / max(float(np.abs(samples).max()), 1e-9)
    if chance.random() < 0.3:
        before, after = (int(chance.uniform(0, 1.0) * rate) for _ in range(2))
        samples = np.pad(samples, ((before, after), (0, 0)))
        said.append(f"silence {before / rate:.2f}+{after / rate:.2f} s")
    if chance.random() < 0.3:
        bed_db = chance.uniform(-70, -25)
        samples = samples + 10 ** (bed_db / 20) * chance.standard_normal(samples.shape)
        said.append(f"bed {bed_db:.0f} dB")
    level_db = float(chance.choice([-60.0, 0.0, 6.0, chance.uniform(-40, -1), chance.uniform(-20, -1)]))
    samples = samples * 10 ** (level_db / 20)
    if chance.random() < 0.3:
        offset = float(chance.uniform(-0.2, 0.2) * min(1.0, 10 ** (level_db / 20)))
        samples = samples + offset
        said.append(f"DC {offset:+.4f}")
    said.append(f"peak {level_db:.0f} dBFS")
    return Clip(np.clip(samples, -1, 1).astype(np.float32), rate), ", ".join(said)


def _placed(chance: Generator, place: str, left: Signal, right: Signal) -> Signal:
    """Return two channels."""
    match place:
        case "two takes":
            pair = left, right
        case "partly anti-phase":
            flips = np.repeat(chance.choice([-1.0, 1.0], 8), -(-left.size // 8))[: left.size]
            pair = left, left * flips
        case "one silent":
            pair = left, np.zeros_like(left)
        case "one late":
            pair = left, np.roll(left, min(left.size // 4, 40))
        case _:
            pair = left, left
    return np.stack(pair, axis=1)


def make_case(number: int, *, longest_s: float = LONGEST_S) -> Case:
    """Return one case, of up to so many seconds and the silence around them; a number is the same one for ever."""
    chance = Generator(PCG64([7, number]))
    kind: Kind = chance.choice(["one_shot", "one_shot", "loop", "music", "dialog"])
    take, what = _mixed_take(chance, number, longest_s)
    joined = False
    settings, said = _settings(chance, kind)
    if kind == "loop":
        if chance.random() < 0.4:
            duration_s = float(np.exp(chance.uniform(np.log(0.05), np.log(max(0.1, longest_s)))))
            textures = sorted(name for name, preset in PRESETS.items() if preset.sustained)
            name = str(chance.choice(textures))
            take, joined = _synth(name, duration_s, number, "loop"), True
            settings = replace(settings, duration_s=take.duration_s)
            what = f"{name}, joined, {duration_s:.3f} s"
        elif chance.random() < 0.5:
            settings = replace(settings, duration_s=take.duration_s * float(chance.uniform(0.3, 0.7)))
    lossless = replace(chance.choice(LOSSLESS_ENCODINGS), loop=kind == "loop")  # type: ignore[arg-type]
    there = [
        one
        for one in LOSSY_ENCODINGS
        if (kind != "loop" or one.format in LOOPING)
        and settings.sample_rate in RATES.get(one.format, (settings.sample_rate,))
    ]
    lossy = replace(there[int(chance.integers(len(there)))], loop=kind == "loop")
    if lossy.format == "m4a" and not shutil.which("ffmpeg"):
        lossy = replace(lossy, format="ogg")
    return Case(number, f"{kind}; {what}; {said}", take, kind, settings, joined, (lossless, lossy))


def _settings(chance: Generator, kind: Kind) -> tuple[Mastering, str]:
    """Return a mastering: half with a category's levels, half with any."""
    settings = MASTERING_DEFAULTS[kind]
    rate = int(chance.choice([48000, 48000, 48000, 44100, 24000, 22050, 16000, 96000]))
    if chance.random() < 0.5:
        name = str(chance.choice(sorted(CATEGORIES)))
        category = CATEGORIES[name]
        target, limit_db, ceiling = category.loudness_lufs, category.limit_db, category.true_peak_dbtp
        said = name
    else:
        target, limit_db = float(chance.uniform(-40, -10)), float(chance.choice([0, 1, 3, 6, 9, 12]))
        ceiling = float(chance.choice([-1.0, -0.1, -3.0, -9.0]))
        said = "any levels"
    settings = replace(
        settings, loudness_lufs=target, limit_db=limit_db, true_peak_dbtp=ceiling, sample_rate=rate
    )
    if chance.random() < 0.2:
        settings = replace(settings, channels=CHANNELS[int(chance.integers(3))])
    if kind != "loop" and chance.random() < 0.1:
        settings = replace(settings, max_duration_s=float(chance.uniform(0.1, 5.0)))
    if kind != "loop" and chance.random() < 0.1:
        settings = replace(settings, min_duration_s=float(chance.uniform(0.1, 2.0)))
        if settings.max_duration_s is not None:
            settings = replace(settings, max_duration_s=settings.max_duration_s + 2.0)
    if chance.random() < 0.03:
        settings = replace(settings, loudness_lufs=None)
    level = "keep" if settings.loudness_lufs is None else f"{settings.loudness_lufs:.2f} LUFS"
    said += f": {level} under {ceiling:g} dBTP, limit {limit_db:g} dB, {rate} Hz"
    return settings, f"{said}, {settings.channels or 'its'} channels"


# The judgement -----------------------------------------------------------------------------------------------------


def decoded(content: bytes, name: str) -> tuple[NDArray[np.float32], int]:
    """Decode a file: by libsndfile, an m4a by ffmpeg's own program."""
    if name != "m4a":
        samples, rate = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
        return samples, int(rate)
    with tempfile.TemporaryDirectory() as folder:
        path, wav = Path(folder, "clip.m4a"), Path(folder, "clip.wav")
        path.write_bytes(content)
        words = ["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-c:a", "pcm_f32le", wav]
        subprocess.run([str(word) for word in words], check=True)
        samples, rate = soundfile.read(wav, dtype="float32", always_2d=True)
        return samples, int(rate)


def ideal_peak_dbtp(samples: NDArray[np.float32], *, loop: bool) -> float | None:
    """Return the true peak by long sinc interpolation; a loop's both as it plays once and as it repeats.

    A short filter is up to 0.3 dB off for what is near half the sample rate. So scipy's eightfold oversampling only says
    where the peak may be: up to some thousand frames that come near it, looked at sixteenfold.
    """
    most = float(np.abs(samples).max(initial=0.0))
    if most == 0:
        return None
    padded = np.pad(samples.astype(np.float64), ((REACH, REACH), (0, 0)))
    if loop:  # the seam as it repeats, beyond enough silence
        around = np.take(samples, np.arange(-2 * REACH, 2 * REACH), axis=0, mode="wrap")
        padded = np.concatenate([padded, around, np.zeros((REACH, samples.shape[1]))])
    for channel in padded.T:
        coarse = np.concatenate(list(_oversampled_peaks(channel)))
        if loop:  # what the cut around the seam rings with is none of the loop's
            coarse[len(samples) + 2 * REACH :][:REACH] = 0
            coarse[-2 * REACH :] = 0
        coarse[:REACH] = coarse[channel.size - REACH :] = 0
        near = np.flatnonzero(coarse > NEAR * coarse.max())
        near = near[np.argsort(coarse[near])[-MOST_LOOKED_AT:]]
        windows = np.lib.stride_tricks.sliding_window_view(channel, 2 * REACH)[near - REACH]
        most = max(most, float(np.abs(windows @ _sincs()).max(initial=0.0)))
    return float(20 * np.log10(most))


def _oversampled_peaks(channel: Signal) -> Iterator[Signal]:
    """Yield the largest magnitude near each frame, eightfold oversampled by scipy, in pieces."""
    for start in range(0, channel.size, 1 << 17):
        lead = min(start, OVERLAP)
        made = dsp.resample_poly(channel[start - lead : start + (1 << 17) + OVERLAP], 8, 1)
        each = np.abs(made).reshape(-1, 8).max(axis=1)[lead : lead + (1 << 17)]
        yield each


@cache
def _sincs() -> Signal:
    """Return the kernels of sixteen places from a frame to the next, as columns; the frame is in their middle."""
    at = np.arange(-REACH, REACH)[:, np.newaxis] - np.arange(16) / 16
    kernels: Signal = np.sinc(at) * np.i0(12 * np.sqrt(np.clip(1 - (at / REACH) ** 2, 0, 1))) / np.i0(12)
    return kernels


def loudness_by_ebur128(samples: NDArray[np.float32], rate: int, measure: str) -> float | None:
    """Return the integrated loudness, or the loudest 400 ms wherever they begin (to 1 ms), by libebur128."""
    mode = pyebur128.MeasurementMode
    state = pyebur128.R128State(
        samples.shape[1], rate, mode.MODE_I if measure == "integrated" else mode.MODE_M
    )
    if measure == "integrated":
        state.add_frames(samples.reshape(-1).copy(), len(samples))
        lufs = float(pyebur128.get_loudness_global(state))
        return lufs if np.isfinite(lufs) else None
    most, step, window = -np.inf, max(1, rate // 1000), 4 * ((rate + 5) // 10)
    for start in range(0, len(samples), step):
        piece = samples[start : start + step]
        state.add_frames(piece.reshape(-1).copy(), len(piece))
        if start + len(piece) >= window:
            most = max(most, pyebur128.get_loudness_momentary(state))
    return float(most) if np.isfinite(most) else None


def peak_by_ebur128_dbtp(samples: NDArray[np.float32], rate: int) -> float | None:
    state = pyebur128.R128State(samples.shape[1], rate, pyebur128.MeasurementMode.MODE_TRUE_PEAK)
    state.add_frames(samples.reshape(-1).copy(), len(samples))
    most = max(pyebur128.get_true_peak(state, channel) for channel in range(samples.shape[1]))
    return float(20 * np.log10(most)) if most > 0 else None


def judge(
    case: Case, encoding: Encoding, clip: Clip, content: bytes, lock: Mapping[str, Any], raised_db: float
) -> File:
    """Hold a file against what was asked for and what the lock says of it."""
    samples, rate = decoded(content, encoding.format)
    faults = []
    if not np.isfinite(samples).all():
        faults.append("not finite")
    measure = lock["loudness_measure"]
    found = Clip(samples.astype(np.float32), rate)
    own_lufs = measure_loudness(found, measure)[0] if measure else measure_loudness(found)[0]
    own = own_lufs, peak_dbtp(found, loop=case.settings.loop)
    lufs = (
        loudness_by_ebur128(samples, rate, measure)
        if measure in ("integrated", "momentary_max")
        else own_lufs
    )
    peak, by_ebur128 = ideal_peak_dbtp(samples, loop=case.settings.loop), peak_by_ebur128_dbtp(samples, rate)
    target, ceiling = case.settings.loudness_lufs, case.settings.true_peak_dbtp
    faults += _level_faults(lufs, peak, own[1], target, ceiling, lock)
    faults += _lock_faults(
        own, measure, lock, is_16_bit=encoding.format not in LOSSY and encoding.bit_depth == 16
    )
    expected = clip.frames
    if encoding.format in ("mp3", "m4a"):
        if not expected <= len(samples) <= expected + MOST_PADDING_S * rate:
            faults.append(f"length: {len(samples)} frames of {expected}")
    elif len(samples) != expected:
        faults.append(f"length: {len(samples)} frames of {expected}")
    if (rate, samples.shape[1]) != (clip.sample_rate, clip.channels):
        faults.append(f"form: {rate} Hz, {samples.shape[1]} channels")
    if encoding.format not in LOSSY and float(np.abs(samples).max()) >= 1 - 2.0 ** (1 - encoding.bit_depth):
        faults.append("clipped")
    sort = {
        "ogg": f" {encoding.quality:g}",
        "wav": f" {encoding.bit_depth}",
        "flac": f" {encoding.bit_depth}",
    }
    name = encoding.format + sort.get(encoding.format, f" {encoding.bitrate_kbps}")
    return File(
        number=case.number,
        what=case.what,
        format=name,
        target_lufs=target,
        ceiling_dbtp=ceiling,
        lufs=lufs,
        peak_dbtp=peak,
        peak_by_ebur128_dbtp=by_ebur128,
        own=own,
        lock=lock,
        raised_db=raised_db,
        faults=tuple(faults),
    )


def _level_faults(
    lufs: float | None,
    peak: float | None,
    own_peak: float | None,
    target: float | None,
    ceiling: float,
    lock: Mapping[str, Any],
) -> Iterator[str]:
    """Yield what is wrong with a file's level."""
    if peak is None or own_peak is None:
        yield "target: silent"
        return
    if max(peak, own_peak) > ceiling + WITHIN_DB:
        yield f"over: {max(peak, own_peak) - ceiling:.2f} dB"
    is_at_ceiling = max(peak, own_peak) >= ceiling - WITHIN_DB
    if target is None or lock["loudness_measure"] is None:  # nothing to reach
        return
    if lufs is None:
        yield "target: no loudness"
    elif lufs > target + WITHIN_LU:
        yield f"target: {lufs - target:+.2f} LU, too loud"
    elif lufs < target - WITHIN_LU and not (lock["limited"] and is_at_ceiling):
        marked = "marked" if lock["limited"] else "not marked"
        yield f"target: {lufs - target:+.2f} LU, {marked} limited, peak {max(peak, own_peak) - ceiling:+.2f} dB re ceiling"


def _lock_faults(
    own: tuple[float | None, float | None], measure: str | None, lock: Mapping[str, Any], *, is_16_bit: bool
) -> Iterator[str]:
    """Yield where the lock says other than the file. What dither does to the least bits of a clip it does not say."""
    names = ("loudness_lufs", "true_peak_dbtp")
    for name, found in zip(names, own, strict=True):
        said = lock[name]
        if name == "loudness_lufs" and measure is None:
            continue
        within = LOCK_WITHIN
        if found is not None and is_16_bit:
            within += 20 * np.log10(1 + DITHER_LSB * 2.0**-15 / 10 ** (found / 20))
        if (said is None) != (found is None) or (
            said is not None and found is not None and abs(said - found) > within
        ):
            yield f"lock: {name} {said}, the file {found if found is None else round(found, 3)}"


# The run -----------------------------------------------------------------------------------------------------------


def run_case(case: Case) -> list[File] | Rejected:
    """Do what a build does with a take, and judge its files."""
    try:
        mastered = master(case.take, case.settings, joined=case.joined)
    except SfxgenError as error:
        return Rejected(case.number, case.what, error.message)
    measured = mastered.measurement.as_json()
    files = []
    for encoding in case.encodings:
        try:
            delivered = deliver(
                mastered.clip,
                encoding,
                ceiling_dbtp=case.settings.true_peak_dbtp,
                dither_key=f"case {case.number}",
                target_lufs=case.settings.loudness_lufs,
                measure=measured["loudness_measure"],
                measured=measured,
            )
        except SfxgenError as error:
            return Rejected(case.number, case.what, f"not delivered: {error.message}")
        lock = _as_delivered(measured, delivered)
        files.append(judge(case, encoding, mastered.clip, delivered.content, lock, delivered.gain_db))
    return files


def _numbered(number: int) -> list[File] | Rejected:
    return run_case(make_case(number))


def run(clips: int, workers: int) -> tuple[list[File], list[Rejected]]:
    """Return the files of so many clips, and the takes that were rejected before there were as many."""
    files: list[File] = []
    rejected: list[Rejected] = []
    done, number = 0, 0
    with ProcessPoolExecutor(workers) as pool:
        while done < clips:
            count = min(clips - done, 50)
            for result in pool.map(_numbered, range(number, number + count)):
                if isinstance(result, Rejected):
                    rejected.append(result)
                else:
                    files += result
                    done += 1
                    for file in result:
                        if file.faults:
                            print(f"{file.number} {file.format}: {'; '.join(file.faults)}", file=sys.stderr)
            number += count
            print(
                f"{done} clips, {sum(bool(one.faults) for one in files)} files with faults", file=sys.stderr
            )
    return files, rejected


def has(file: File, fault: str) -> bool:
    return any(found.startswith(fault) for found in file.faults)


def over_db(files: Sequence[File], peak_of: Callable[[File], float | None]) -> NDArray[np.float64]:
    """Return how far each file's peak, by one meter, is above its ceiling."""
    found = [(peak_of(file), file.ceiling_dbtp) for file in files]
    return np.array([peak - ceiling for peak, ceiling in found if peak is not None])


METERS: Mapping[str, Callable[[File], float | None]] = {
    "sinc": lambda file: file.peak_dbtp,
    "libebur128": lambda file: file.peak_by_ebur128_dbtp,
    "ours": lambda file: file.own[1],
}


def report(files: Sequence[File], rejected: Sequence[Rejected]) -> None:
    meters = "".join(f" {'over by ' + name:>18}" for name in METERS)
    print(
        f"\n{'format':10} {'files':>6} {'on target':>10} {'limited':>8} {'lock':>5} {'other':>5} {'worst LU':>9}{meters}"
    )
    by_format: defaultdict[str, list[File]] = defaultdict(list)
    for file in files:
        by_format[file.format].append(file)
    for name in [*sorted(by_format), "all"]:
        of_it = files if name == "all" else by_format[name]
        off = [
            abs(one.lufs - one.target_lufs)
            for one in of_it
            if one.lufs is not None and one.target_lufs is not None and not one.lock["limited"]
        ]
        on_target = sum(not has(one, "target") for one in of_it) / len(of_it)
        others = sum(any(has(one, fault) for fault in ("length", "form", "clipped", "not")) for one in of_it)
        overs = [over_db(of_it, peak_of) for peak_of in METERS.values()]
        by_meter = "".join(f" {np.sum(over > WITHIN_DB):9} {over.max():+8.3f}" for over in overs)
        print(
            f"{name:10} {len(of_it):6} {on_target:10.2%}"
            f" {sum(bool(one.lock['limited']) for one in of_it) / len(of_it):8.1%}"
            f" {sum(has(one, 'lock') for one in of_it):5} {others:5} {max(off, default=0):9.3f}{by_meter}"
        )
    clips = {file.number: file for file in files}
    held = np.array([file.lock["limiting_db"] for file in clips.values()])
    shares = ", ".join(f"p{p} {np.percentile(held, p):.2f}" for p in (50, 75, 90, 95, 99, 100))
    print(f"\nlimiting_db over {held.size} clips: {np.mean(held > 0):.1%} above 0; {shares}")
    print(f"measures: {dict(Counter(str(file.lock['loudness_measure']) for file in clips.values()))}")
    print(f"rejected takes: {len(rejected)}")
    reasons = Counter("".join("#" if c.isdigit() else c for c in one.why) for one in rejected)
    for reason, count in reasons.most_common():
        print(f"  {count:4} {reason}")
    faulty = [file for file in files if file.faults]
    print(f"\nfiles with faults: {len(faulty)}")
    for file in faulty[:60]:
        print(f"  {file.number} {file.format}: {'; '.join(file.faults)}\n      {file.what}"
              f"; limiting {file.lock['limiting_db']} dB, encoded {file.raised_db:+.2f} dB")  # fmt: skip


def broken_promises(files: Sequence[File]) -> list[str]:
    """What is promised and was not kept."""
    promises = {
        "target": "neither within 0.1 LU of the target nor marked and at the ceiling",
        "over": "more than 0.1 dB above the ceiling",
        "lock": "other than the lock says",
        "length": "of another length",
        "form": "of another form",
        "clipped": "clipped",
        "not finite": "not finite",
    }
    counts = {fault: sum(has(file, fault) for file in files) for fault in promises}
    return [f"{counts[fault]} files {what}" for fault, what in promises.items() if counts[fault]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--clips", type=int, default=1000, help="how many clips (1000)")
    parser.add_argument("--workers", type=int, default=1, help="how many processes (1)")
    parser.add_argument("--only", type=int, help="the number of one clip")
    parser.add_argument("--check", action="store_true", help="exit with 1 below what is promised")
    options = parser.parse_args()
    if options.only is not None:
        case = make_case(options.only)
        print(case.what, case.settings, sep="\n")
        result = run_case(case)
        print(*(result if isinstance(result, list) else [result]), sep="\n")
        return 0
    began = time.perf_counter()
    files, rejected = run(options.clips, options.workers)
    report(files, rejected)
    print(f"{time.perf_counter() - began:.0f} s")
    broken = broken_promises(files)
    for line in broken:
        print(f"not kept: {line}")
    return 1 if options.check and broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
