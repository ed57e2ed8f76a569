"""Mastering: a raw take to a finished clip, in one readable order."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sfxgen.audio.clip import Clip
from sfxgen.audio.edges import cut, fade, trim
from sfxgen.audio.levels import apply_gain, remove_dc
from sfxgen.audio.loop import make_loop, stretched
from sfxgen.audio.loudness import Measure, measure_for, measure_loudness, true_peak_dbtp
from sfxgen.audio.quality import RETRY_HINT, broken_reason, unplayable_reason
from sfxgen.audio.resample import resample, to_channels
from sfxgen.errors import AudioError, TakeRejected
from sfxgen.recipe import JsonValue, Mastering

GAIN_STEPS = 6
GAIN_TOLERANCE_DB = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What was measured on a mastered clip, and the gain that mastering applied.

    `loudness_measure` says what `loudness_lufs` is: "integrated", "momentary_max" or "active".
    `limited`: the true-peak ceiling decided the gain, and kept the clip below its loudness target if it has one.
    Levels are rounded to 0.01, the duration to 1 ms, so that they are the same on every machine.
    """

    duration_s: float
    sample_rate: int
    channels: int
    loudness_lufs: float | None
    loudness_measure: Measure | None
    true_peak_dbtp: float | None
    gain_db: float
    limited: bool

    def as_json(self) -> dict[str, JsonValue]:
        """The measurement as plain values, for the lock."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


@dataclass(frozen=True, slots=True)
class Mastered:
    """A finished clip and its measurement."""

    clip: Clip
    measurement: Measurement


def master(take: Clip, settings: Mastering, *, joined: bool = False) -> Mastered:
    """Master a raw take: a pure function, safe in threads.

    DC, sample rate, channels, loop or trim, cut, fades, loudness under the true-peak ceiling. `duration_s` and
    `crossfade_ms` are for loops; trim and fades for all others. A loop without `duration_s` is as long as the
    take less the cross-fade. `max_duration_s` limits both. `joined` says that a loop's take is one already, whose end
    runs on into its start: it keeps that, at another rate too.
    Raises TakeRejected where nothing usable is left, AudioError where a loop cannot be made.
    """
    broken = broken_reason(take)
    if broken:
        raise TakeRejected(broken, hint=RETRY_HINT)
    clip = remove_dc(take)
    if settings.loop and joined and _is_as_long_as(settings.duration_s, take):
        clip = _rejoined(clip, settings)
    else:
        clip = to_channels(resample(clip, settings.sample_rate), settings.channels)
        clip = _loop(clip, settings) if settings.loop else _one_shot(clip, settings)
    unplayable = unplayable_reason(clip)
    if unplayable:
        raise TakeRejected(unplayable, hint=RETRY_HINT)
    return _level(clip, settings)


def _is_as_long_as(duration_s: float | None, take: Clip) -> bool:
    return duration_s is not None and take.frames == round(duration_s * take.sample_rate)


def _rejoined(clip: Clip, settings: Mastering) -> Clip:
    """Bring a loop to its rate as the periodic signal that it is: a converter would open its seam."""
    assert settings.duration_s is not None
    samples = stretched(clip.samples, round(settings.duration_s * settings.sample_rate))
    return to_channels(Clip(samples, settings.sample_rate), settings.channels)


def _loop(clip: Clip, settings: Mastering) -> Clip:
    """Make the loop. It is neither trimmed nor faded, which would open its seam again."""
    crossfade_s = max(0.0, settings.crossfade_ms) / 1000
    duration_s = settings.duration_s
    if duration_s is None:  # all of the take but what the seam needs
        duration_s = max(clip.duration_s - crossfade_s, clip.duration_s / 2)
    if settings.max_duration_s is not None:
        duration_s = min(duration_s, settings.max_duration_s)
    return make_loop(clip, duration_s, settings.crossfade_ms)


def _one_shot(clip: Clip, settings: Mastering) -> Clip:
    if settings.trim:
        clip = trim(clip)
    if settings.max_duration_s is not None:
        clip = cut(clip, settings.max_duration_s)
    return fade(clip, in_ms=settings.fade_in_ms, out_ms=settings.fade_out_ms)


def _level(clip: Clip, settings: Mastering) -> Mastered:
    """Apply the gain to the loudness target, or to the true-peak ceiling where that is lower."""
    peak_dbtp = true_peak_dbtp(clip)
    if peak_dbtp is None:
        raise AudioError("a silent clip has no level to set")
    measure = measure_for(clip, loop=settings.loop)
    headroom_db = settings.true_peak_dbtp - peak_dbtp
    if settings.loudness_lufs is None:
        gain_db = min(0.0, headroom_db)
    else:
        gain_db = _gain_to(settings.loudness_lufs, clip, measure, headroom_db)
    leveled = apply_gain(clip, gain_db)
    loudness_lufs, _ = measure_loudness(leveled, measure)
    measurement = Measurement(
        duration_s=round(clip.duration_s, 3),
        sample_rate=clip.sample_rate,
        channels=clip.channels,
        loudness_lufs=None if loudness_lufs is None else _rounded(loudness_lufs),
        loudness_measure=None if loudness_lufs is None else measure,
        true_peak_dbtp=_rounded(peak_dbtp + gain_db),
        gain_db=_rounded(gain_db),
        limited=gain_db >= headroom_db,
    )
    return Mastered(leveled, measurement)


def _gain_to(target_lufs: float, clip: Clip, measure: Measure, headroom_db: float) -> float:
    """Return the gain in dB that brings a clip to a loudness, at most `headroom_db`.

    It starts at the ceiling, because the -70 LUFS gate takes a quiet take for silence, and is corrected a few
    times, because the same gate drops more of a long tail the lower the level: loudness then falls by less than
    the gain. A clip without loudness (infrasound) is only kept under the ceiling.
    """
    gain_db = headroom_db
    for _ in range(GAIN_STEPS):
        loudness_lufs, _ = measure_loudness(apply_gain(clip, gain_db), measure)
        if loudness_lufs is None:
            return min(0.0, headroom_db)
        before_db, gain_db = gain_db, min(headroom_db, gain_db + target_lufs - loudness_lufs)
        if abs(gain_db - before_db) < GAIN_TOLERANCE_DB:
            break
    return gain_db


def _rounded(level_db: float) -> float:
    return round(level_db, 2) + 0.0  # -0.0 becomes 0.0
