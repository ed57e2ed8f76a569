"""A clip to its file, with the peak ceiling and a loop's seam held in what the file decodes to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf
from statistics import median
from typing import Any

from sfxgen.audio import codec, ffmpeg, ogg
from sfxgen.audio.clip import Clip
from sfxgen.audio.leveling import gain_to
from sfxgen.audio.levels import apply_gain
from sfxgen.audio.limiter import peak_dbtp
from sfxgen.audio.loudness import Measure, measure_loudness, metered
from sfxgen.audio.ogg import OPUS_KBPS
from sfxgen.audio.seam import MOST_STEP_DB, measure_seam
from sfxgen.audio.vorbis_setup import gains_db
from sfxgen.errors import AudioError
from sfxgen.recipe import LOOPING, LOSSY, Encoding

TOLERANCE_DB = 0.05
TOLERANCE_LU = 0.085
MOST_ROUNDS = 20
SURE_ROUNDS, SURER_DB = 6, 0.1
"""The last rounds ask for so much less than the ceiling, and for more each time, while no file holds it."""
FEW_ROUNDS = 3
LEAST_STEP_DB = 0.02
MOST_RAISED_DB = 12.0
"""A codec that takes more of a sound than this has taken all that there was to hear: nothing but its noise would rise."""
FINER_STEPS = 4
QUIET_LUFS, COARSE_BITS = -40.0, 16
"""Below it, dither of so many bits is heard beside the clip: what was delivered is measured."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """An encoded file. `gain_db` is what the clip was raised or lowered by, so that the file decodes as it should.

    `true_peak_dbtp` and `loudness_lufs` are the decoded file's; None for lossless formats, which are as loud as the clip
    (but for quiet clips in 16 bits, whose dither counts), and for silence. `is_limited`: the ceiling keeps the file below
    its target.
    `seam_step_db` is the decoded file's, of loops in lossy formats (see `seam.Seam`), else None.
    `encoding` is what was asked for, or finer, where its level or a loop's seam needed it.
    """

    content: bytes
    gain_db: float
    true_peak_dbtp: float | None
    loudness_lufs: float | None
    is_limited: bool
    seam_step_db: float | None
    encoding: Encoding


def deliver(
    clip: Clip,
    encoding: Encoding,
    *,
    ceiling_dbtp: float | None,
    dither_key: str,
    target_lufs: float | None = None,
    measure: Measure | None = None,
    measured: Mapping[str, Any] | None = None,
) -> Delivered:
    """Encode a clip so that its file decodes to its loudness, to no true peak above the ceiling, and to no click in a loop.

    Lossy formats overshoot, and take some of a noisy sound away (Vorbis up to 0.5 LU): the file is decoded and measured,
    in the way that `measure` says. A Vorbis file then gets the gain that it lacks as it is, to within 0.034 dB (see
    `vorbis_setup`). In other formats, where it is more than 0.05 dB above the ceiling, or more than 0.085 LU off its
    target with room below the ceiling, the clip is lowered or raised by as much and encoded again. So what mastering
    left below its target is at the ceiling in the file as well. Without a target, or a measure, it is only lowered.

    Where twenty rounds do not bring that about, as peaks leap by more at the lowest bitrates, the clip gets a higher
    quality or bitrate, in at most four steps up to the highest. So does a loop whose seam suffers: the formats' noise
    differs from its end to its start, which steps in sounds as dull or pure as a drone. Where no step does, the one
    with the least step in its seam is taken, and of those what comes closest. Other clips are encoded once.

    Raises AudioError as `codec.encode` does, and where nothing brings the peak under the ceiling.
    """
    if encoding.format not in LOSSY:
        content = codec.encode(clip, encoding, dither_key=dither_key, measured=measured)
        lufs = (measured or {}).get("loudness_lufs")
        if encoding.bit_depth > COARSE_BITS or lufs is None or lufs > QUIET_LUFS:
            return Delivered(content, 0.0, None, None, False, None, encoding)
        decoded = codec.decode(content)
        level_dbtp = peak_dbtp(decoded, loop=encoding.loop)
        loudness_lufs = None if measure is None else measure_loudness(decoded, measure)[0]
        return Delivered(content, 0.0, level_dbtp, loudness_lufs, False, None, encoding)
    as_loud = _turned if encoding.format == "ogg" else _as_loud
    tried: list[tuple[float, float, Delivered]] = []
    for finer in _finer(encoding, clip.channels):
        found = as_loud(clip, finer, ceiling_dbtp, target_lufs, measure, dither_key)
        if found is None:
            continue
        missed_db, delivered = found
        step_db = delivered.seam_step_db
        is_closed = step_db is None or step_db <= MOST_STEP_DB or measure_seam(clip).step_db > MOST_STEP_DB
        if is_closed and not missed_db:
            return delivered
        tried.append((0.0 if is_closed else step_db or 0.0, missed_db, delivered))
    if not tried:
        raise AudioError(
            f"its {encoding.format} file stays above {ceiling_dbtp:g} dBTP, however much it is lowered",
            hint="set another format",
        )
    return min(tried, key=lambda one: one[:2])[2]


def _finer(encoding: Encoding, channels: int) -> Iterator[Encoding]:
    """Yield an encoding, then finer ones up to the finest."""
    yield encoding
    for n in range(1, FINER_STEPS + 1):
        quality = encoding.quality + (1 - encoding.quality) * n / FINER_STEPS
        kbps = encoding.bitrate_kbps + (OPUS_KBPS[1] * channels - encoding.bitrate_kbps) * n // FINER_STEPS
        finer = replace(encoding, quality=quality, bitrate_kbps=max(kbps, encoding.bitrate_kbps))
        if finer.as_json() != encoding.as_json():
            yield finer


def _turned(
    clip: Clip,
    encoding: Encoding,
    ceiling_dbtp: float | None,
    target_lufs: float | None,
    measure: Measure | None,
    dither_key: str,
) -> tuple[float, Delivered]:
    """Encode as Vorbis, and turn the file up or down to its loudness or the ceiling: as `_as_loud`, in one round."""
    content = codec.encode(clip, encoding, dither_key=dither_key)
    decoded = _decoded(content, encoding)
    level_dbtp = peak_dbtp(decoded, loop=encoding.loop)
    meter = None if measure is None else metered(decoded)
    headroom_db = inf if ceiling_dbtp is None or level_dbtp is None else ceiling_dbtp - level_dbtp
    highest_db = min(headroom_db, MOST_RAISED_DB)

    def lufs_at(gain_db: float) -> float | None:
        return meter.loudness(measure, gain_db) if meter and measure else None

    plain_lufs, missed_db = lufs_at(0.0), 0.0
    gain_db = headroom_db if headroom_db < -TOLERANCE_DB else 0.0
    if target_lufs is not None and plain_lufs is not None:
        gain_db = gain_to(target_lufs, lufs_at, min(target_lufs - plain_lufs, highest_db), highest_db)
    low_db, high_db = gains_db(gain_db)
    gain_db = low_db if high_db > headroom_db or gain_db - low_db <= high_db - gain_db else high_db
    loudness_lufs = lufs_at(gain_db)
    if target_lufs is not None and loudness_lufs is not None:
        missed_db = target_lufs - loudness_lufs
    is_limited = missed_db > TOLERANCE_LU and headroom_db < MOST_RAISED_DB
    delivered = Delivered(
        content=ogg.with_gain(content, gain_db) if gain_db else content,
        gain_db=gain_db,
        true_peak_dbtp=None if level_dbtp is None else level_dbtp + gain_db,
        loudness_lufs=loudness_lufs,
        is_limited=is_limited,
        seam_step_db=measure_seam(decoded).step_db if encoding.loop else None,
        encoding=encoding,
    )
    return 0.0 if is_limited or abs(missed_db) <= TOLERANCE_LU else abs(missed_db), delivered


def _as_loud(
    clip: Clip,
    encoding: Encoding,
    ceiling_dbtp: float | None,
    target_lufs: float | None,
    measure: Measure | None,
    dither_key: str,
) -> tuple[float, Delivered] | None:
    """Encode until the decoded file is at its loudness or at the ceiling. None where it stays above the ceiling.

    Returns the file that comes closest, and by how much it misses in dB: 0 where it is as it should be.
    What a codec does to a peak differs by tenths of a dB from one gain to the next, in leaps: see `_next_gain_db`.
    """
    best: Delivered | None = None
    least_db, tried = inf, dict[float, float]()
    gain_db = 0.0
    for left in reversed(range(MOST_ROUNDS)):
        content = codec.encode(
            apply_gain(clip, gain_db) if gain_db else clip, encoding, dither_key=dither_key
        )
        decoded = _decoded(content, encoding)
        loops = encoding.loop and encoding.format in LOOPING
        level_dbtp = peak_dbtp(decoded, loop=loops)
        loudness_lufs = None if measure is None else measure_loudness(decoded, measure)[0]
        headroom_db = inf if ceiling_dbtp is None or level_dbtp is None else ceiling_dbtp - level_dbtp
        has_target = target_lufs is not None and loudness_lufs is not None
        wanted_db = -gain_db if target_lufs is None or loudness_lufs is None else target_lufs - loudness_lufs
        step_db = min(wanted_db, headroom_db)
        is_under = headroom_db >= -TOLERANCE_DB
        if is_under and abs(step_db) < least_db:
            least_db = abs(step_db)
            seam_db = measure_seam(decoded).step_db if loops else None
            is_limited = wanted_db > TOLERANCE_LU and headroom_db < min(wanted_db, MOST_RAISED_DB - gain_db)
            best = Delivered(content, gain_db, level_dbtp, loudness_lufs, is_limited, seam_db, encoding)
            if not has_target or least_db <= TOLERANCE_LU:
                return 0.0, best
        if step_db > 0 and gain_db >= MOST_RAISED_DB:
            break
        if best is None:  # nothing holds the ceiling yet: ask for more and more
            step_db -= SURER_DB * max(0, SURE_ROUNDS - left)
        tried[gain_db] = step_db
        gain_db = _next_gain_db(gain_db, tried)
    return None if best is None else (least_db, best)


def _next_gain_db(gain_db: float, tried: Mapping[float, float]) -> float:
    """Return the gain to try next, of those tried and what each was off by: first what it missed more, or less.

    From the third on there are leaps. Every other gain is the middle of the widest stretch with one too low at its one
    end and one too high at its other, which finds a place between leaps; the rest are what the median of all asks for,
    or the nearest that was not tried, which finds the usual where some are exceptions.
    """
    wanted_db = min(gain_db + tried[gain_db], MOST_RAISED_DB)
    if len(tried) < FEW_ROUNDS and _is_new(wanted_db, tried):
        return wanted_db
    stretches = [
        (high - low, (low + high) / 2)
        for low, high in pairwise(sorted(tried))
        if tried[low] > 0 > tried[high] and high - low >= 2 * LEAST_STEP_DB
    ]
    if stretches and len(tried) % 2:
        return max(stretches)[1]
    usual_db = min(median(gain + off_db for gain, off_db in tried.items()), MOST_RAISED_DB)
    around = (usual_db + side * n * LEAST_STEP_DB for n in range(len(tried) + 1) for side in (-1, 1))
    return next(near_db for near_db in around if _is_new(near_db, tried))


def _is_new(gain_db: float, tried: Iterable[float]) -> bool:
    return all(abs(gain_db - other_db) >= LEAST_STEP_DB for other_db in tried)


def _decoded(content: bytes, encoding: Encoding) -> Clip:
    return ffmpeg.read_bytes(content, ".m4a") if encoding.format == "m4a" else codec.decode(content)
