"""What there is to know of one audio file, ours or not: loudness, peaks, edges, loop, gates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from math import isfinite, log10
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from sfxgen.audio import ffmpeg
from sfxgen.audio.clip import Clip
from sfxgen.audio.codec import read
from sfxgen.audio.edges import active_range
from sfxgen.audio.gates import broken, findings, measure_gates
from sfxgen.audio.levels import amplitude_to_db, sample_peak
from sfxgen.audio.loudness import (
    ABSOLUTE_GATE_LUFS,
    Measure,
    Meter,
    active_loudness,
    measure_for,
    metered,
    true_peak_dbtp,
)
from sfxgen.audio.seam import measure_seam
from sfxgen.audio.wav_chunks import read_loop
from sfxgen.categories import Gates
from sfxgen.errors import AudioError

MOST_SAMPLES = 3 << 29
"""Of all channels together (4.7 hours of stereo at 48 kHz): a file is read as a whole, and takes 6 GiB then."""
MOST_SAMPLES_OF_A_SOUND = 1 << 27
"""Beyond it (23 minutes) a file is measured in pieces: what needs copies of all of it (gates, seams) is left out."""
NOTE_OF_LENGTH = "it is longer than a sound: its gates and its loop were not measured"

_THE_TAKE = "the take "
_OF_LIBSNDFILE = re.compile(r"Error opening <[^>]*>: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopRecord:
    """A loop and how well it closes: see `sfxgen.audio.seam.Seam`. Its first and last frame, both inclusive."""

    start: int
    end: int
    step_db: float
    level_db: float
    flux_z: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRecord:
    """A gate that the file fails: what was measured, the category's limit, and what that means."""

    gate: str
    value: float
    limit: float
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What was measured on one file. All but the path is None where `error` says why it could not be.

    loudness_lufs     the integrated loudness; None below 400 ms and for silence
    loudness_measure  which of integrated, momentary_max and active sfxgen levels such a sound by, as a lock has it
    active_lufs       the ungated loudness of what sounds
    dc                the offset of the channel that is furthest off, full scale being 1
    onset_s, end_s    where the sound sets in and where it has ended; None for silence
    loop              the file's first loop, or all of it where it is to be taken for one
    gates             the gates that it fails
    note              what was not measured, and why; of a long file `loop` and `gates` are None

    Levels and loudness are rounded to 0.01, seconds to 1 ms, as the lock has them; None is silence, or too short.
    """

    path: str
    format: str | None = None
    subtype: str | None = None
    duration_s: float | None = None
    sample_rate: int | None = None
    channels: int | None = None
    loudness_lufs: float | None = None
    loudness_measure: Measure | None = None
    active_lufs: float | None = None
    momentary_max_lufs: float | None = None
    short_term_max_lufs: float | None = None
    loudness_range_lu: float | None = None
    true_peak_dbtp: float | None = None
    sample_peak_dbfs: float | None = None
    dc: float | None = None
    onset_s: float | None = None
    end_s: float | None = None
    loop: LoopRecord | None = None
    gates: tuple[GateRecord, ...] | None = None
    note: str | None = None
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the record as plain values."""
        return asdict(self)

    @property
    def leveled_lufs(self) -> float | None:
        """The loudness by `loudness_measure`: what a lock has as the loudness of such a sound."""
        if self.loudness_measure is None:
            return None
        return {
            "integrated": self.loudness_lufs,
            "momentary_max": self.momentary_max_lufs,
            "active": self.active_lufs,
        }[self.loudness_measure]


def measure_file(path: Path, gates: Gates, *, loop: bool = False) -> Record:
    """Measure an audio file. What is wrong with it is the record's `error`; nothing is raised.

    `gates`: the limits to hold it against. `loop`: take it for a loop over all of its frames, where it holds none.
    """
    name = path.as_posix()
    try:
        kind = sound_format(path)
        clip = read_clip(path)
        return measured(name, clip, gates, kind=kind, marked=read_loop(path), loop=loop)
    except AudioError as error:
        message = _OF_LIBSNDFILE.sub("", error.message.removeprefix(f"{path}: "))
        return Record(path=name, error=f"{message} ({error.hint})" if error.hint else message)
    except MemoryError:
        return Record(path=name, error="there is not enough memory to measure it")


def measured(
    name: str,
    clip: Clip,
    gates: Gates,
    *,
    kind: tuple[str, str | None] = ("", None),
    marked: tuple[int, int] | None = None,
    loop: bool = False,
) -> Record:
    """Measure a clip: see `measure_file`. `marked` is the loop that its file holds.

    Raises AudioError for samples that are not numbers and for rates below 8 kHz.
    """
    is_long = clip.samples.size > MOST_SAMPLES_OF_A_SOUND
    meter = metered(clip)
    bounds = _loop_bounds(clip, marked, loop=loop)
    seam = None if bounds is None or is_long else _loop_record(clip, *bounds)
    measure = measure_for(clip, loop=bounds is not None)
    start, end = active_range(clip, off_centre=True)
    sounds = start != end
    return Record(
        path=name,
        format=kind[0],
        subtype=kind[1],
        duration_s=_seconds(clip.frames, clip.sample_rate),
        sample_rate=clip.sample_rate,
        channels=clip.channels,
        loudness_lufs=_level(meter.integrated()),
        loudness_measure=measure if meter.loudness(measure) is not None else None,
        active_lufs=_level(_mean_loudness(meter, start, end) if is_long else active_loudness(clip)),
        momentary_max_lufs=_level(meter.momentary_max()),
        short_term_max_lufs=_level(meter.short_term_max()),
        loudness_range_lu=_level(meter.loudness_range()),
        true_peak_dbtp=_level(true_peak_dbtp(clip)),
        sample_peak_dbfs=_level(amplitude_to_db(sample_peak(clip.samples))),
        dc=_offset(clip),
        onset_s=_seconds(start, clip.sample_rate) if sounds else None,
        end_s=_seconds(end, clip.sample_rate) if sounds else None,
        loop=seam,
        gates=None if is_long else tuple(_failed(clip, gates, seam)),
        note=NOTE_OF_LENGTH if is_long else None,
    )


def _mean_loudness(meter: Meter, start: int, end: int) -> float | None:
    """Return the ungated loudness of frames in LUFS, their ends to a cell of the meter; None for none and for silence."""
    energies = meter.energies[start // meter.cell : -(-end // meter.cell)]
    power = float(energies.mean()) / meter.cell if energies.size else 0.0
    lufs = -0.691 + 10 * log10(power) if power > 0 else ABSOLUTE_GATE_LUFS
    return lufs if lufs > ABSOLUTE_GATE_LUFS else None


def sound_format(path: Path) -> tuple[str, str | None]:
    """Return a file's format and how its samples are stored, as ("wav", "pcm_16"); what ffmpeg reads goes by its suffix.

    Raises AudioError for what is too long to be measured. What is no audio has a format by its suffix here.
    """
    suffix = path.suffix.lower()
    try:
        if suffix in ffmpeg.SUFFIXES or not path.is_file():
            return suffix[1:], None
        info = soundfile.info(str(path))
    except (soundfile.LibsndfileError, ValueError, OSError):
        return suffix[1:], None  # reading it says what is wrong
    if info.frames * info.channels > MOST_SAMPLES:
        raise _too_long(info.duration, info.channels)
    return info.format.lower(), info.subtype.lower()


def read_clip(path: Path) -> Clip:
    """Read an audio file that holds something to measure. Raises AudioError where it does not."""
    clip = read(path)
    if clip.samples.size > MOST_SAMPLES:
        raise _too_long(clip.duration_s, clip.channels)
    reason = broken(clip)
    if reason:
        raise AudioError(_of_a_file(reason))
    return clip


def _too_long(duration_s: float, channels: int) -> AudioError:
    hours = MOST_SAMPLES / 2 / 48_000 / 3600
    return AudioError(
        f"it is too long to be measured: {duration_s / 3600:.1f} h of {channels} channel{'s' * (channels != 1)}",
        hint=f"at most {hours:.1f} h of stereo at 48 kHz",
    )


def _of_a_file(what: str) -> str:
    """Return what the gates say of a take, as what is said of a file."""
    return f"it {what.removeprefix(_THE_TAKE)}" if what.startswith(_THE_TAKE) else what


def _loop_bounds(clip: Clip, marked: tuple[int, int] | None, *, loop: bool) -> tuple[int, int] | None:
    """Return the loop's first and last frame; a file's own, where it lies inside, goes before all of it."""
    if marked is not None and marked[0] < clip.frames:
        return marked[0], min(marked[1], clip.frames - 1)
    return (0, clip.frames - 1) if loop else None


def _loop_record(clip: Clip, start: int, end: int) -> LoopRecord:
    seam = measure_seam(Clip(clip.samples[start : end + 1], clip.sample_rate))
    return LoopRecord(
        start=start,
        end=end,
        step_db=round(seam.step_db, 2),
        level_db=round(seam.level_db, 2),
        flux_z=round(seam.flux_z, 2),
    )


def _failed(clip: Clip, gates: Gates, loop: LoopRecord | None) -> Iterator[GateRecord]:
    """Yield the gates that a clip fails. A loop's are its seam's too; its length and its steady sound are no faults."""
    if loop is not None:
        gates = replace(gates, longest_s=None, noise_bed_db=None)
    for found in findings(measure_gates(clip, trim=loop is None), gates):
        yield GateRecord(
            gate=found.gate,
            value=round(float(found.value), 4),
            limit=float(found.limit),
            what=_of_a_file(found.what),
        )
    if loop is None:
        return
    for gate, value, limit, what in (
        ("seam_step_db", loop.step_db, gates.seam_step_db, "it clicks at the seam: {:.1f} dB above the rest"),
        (
            "seam_level_db",
            abs(loop.level_db),
            gates.seam_level_db,
            "its level is off at the seam: by {:.1f} dB",
        ),
        ("seam_flux_z", loop.flux_z, gates.seam_flux_z, "its spectrum changes at the seam: z {:.1f}"),
    ):
        if limit is not None and value > limit:
            yield GateRecord(gate=gate, value=value, limit=limit, what=what.format(value))


def _offset(clip: Clip) -> float:
    means = clip.samples.mean(axis=0, dtype=np.float64)
    return round(float(means[np.abs(means).argmax()]), 6) + 0.0


def _seconds(frames: int, sample_rate: int) -> float:
    return round(frames / sample_rate, 3)


def _level(level: float | None) -> float | None:
    """Return a level as the lock has it; -0.0 becomes 0.0."""
    return None if level is None or not isfinite(level) else round(level, 2) + 0.0
