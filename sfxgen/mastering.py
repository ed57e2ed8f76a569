"""Mastering: a raw take to a finished clip, in one readable order."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from sfxgen.audio.clip import Clip
from sfxgen.audio.colour import colour
from sfxgen.audio.edges import cut, fade, pad, trim
from sfxgen.audio.gates import RETRY_HINT, broken
from sfxgen.audio.leveling import level
from sfxgen.audio.levels import amplitude_to_db, apply_gain, db_to_amplitude, remove_dc, sample_peak
from sfxgen.audio.loop import make_loop, stretched
from sfxgen.audio.loudness import Measure, measure_loudness, true_peak_dbtp
from sfxgen.audio.resample import resample, to_channels
from sfxgen.audio.slices import harvest
from sfxgen.colour import NEUTRAL, Colour
from sfxgen.errors import TakeRejected
from sfxgen.recipe import JsonValue, Mastering

SHORTEST_S = 0.01
SILENCE_DBFS = -70.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What was measured on a mastered clip, and what mastering did to its level.

    `loudness_measure` says what `loudness_lufs` is: "integrated", "momentary_max" or "active".
    `limited`: the true-peak ceiling decided the gain, and kept the clip below its loudness target if it has one.
    `limiting_db` is how far a limiter held peaks back. `event` and `place_s`: which of its take's events a harvested one
    is, and where it was.
    Levels are rounded to 0.01, times to 1 ms, so that they are the same on every machine.
    """

    duration_s: float
    sample_rate: int
    channels: int
    loudness_lufs: float | None
    loudness_measure: Measure | None
    true_peak_dbtp: float | None
    gain_db: float
    limiting_db: float
    limited: bool
    event: int | None
    place_s: tuple[float, float] | None

    def as_json(self) -> dict[str, JsonValue]:
        """The measurement as plain values, for the lock."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {**values, "place_s": None if self.place_s is None else list(self.place_s)}


@dataclass(frozen=True, slots=True)
class Mastered:
    """A finished clip and its measurement."""

    clip: Clip
    measurement: Measurement


@dataclass(frozen=True, slots=True)
class Shaped:
    """A clip that is finished but for its level, and where in its take it was, in seconds, if it was harvested."""

    clip: Clip
    place_s: tuple[float, float] | None = None


def master(take: Clip, settings: Mastering, *, joined: bool = False) -> Mastered:
    """Master a raw take: a pure function, safe in threads.

    `shape`, then loudness under the true-peak ceiling. Raises what `shape` raises.
    """
    shaped = shape(take, settings, joined=joined)
    return _unleveled(shaped, settings) if settings.measure_only else _leveled(shaped, settings)


def shape(take: Clip, settings: Mastering, *, joined: bool = False) -> Shaped:
    """Bring a raw take into its form: all of mastering but the level.

    DC, harvest, loop or trim, channels and sample rate, colour, cut, fades. `duration_s` and `crossfade_ms` are for
    loops; trim and fades for all others. A loop without `duration_s` is as long as the take less the cross-fade.
    `max_duration_s` limits both. `joined` says that a loop's take is one already, whose end runs on into its start: it
    keeps that, at another rate too.
    Raises TakeRejected where nothing usable is left, AudioError where a loop cannot be made.
    """
    reason = broken(take)
    if reason:
        raise TakeRejected(reason, hint=RETRY_HINT)
    clip, place_s = _harvested(remove_dc(take), settings)
    clip = _loop(clip, settings, joined=joined) if settings.loop else _one_shot(clip, settings)
    reason = _unplayable(clip)
    if reason:
        raise TakeRejected(reason, hint=RETRY_HINT)
    return Shaped(clip, place_s)


def _harvested(take: Clip, settings: Mastering) -> tuple[Clip, tuple[float, float] | None]:
    """Return the one of the take's events that is wanted, and its place; the whole take where none is."""
    if settings.harvest is None:
        return take, None
    events = harvest(take, settings.harvest + 1)
    if len(events) <= settings.harvest:
        what = (
            f"the take holds {len(events)} usable event{'s' * (len(events) != 1)}, not {settings.harvest + 1}"
        )
        raise TakeRejected(what, hint="a longer duration_s, or a smaller harvest")
    event, rate = events[settings.harvest], take.sample_rate
    place_s = round(event.start / rate, 3), round(event.end / rate, 3)
    return Clip(take.samples[event.start : event.end].copy(), rate), place_s


def _is_as_long_as(duration_s: float | None, take: Clip) -> bool:
    return duration_s is not None and take.frames == round(duration_s * take.sample_rate)


def _rejoined(clip: Clip, settings: Mastering) -> Clip:
    """Bring a loop to its rate as the periodic signal that it is: a converter would open its seam."""
    assert settings.duration_s is not None
    samples = stretched(clip.samples, round(settings.duration_s * settings.sample_rate))
    return to_channels(Clip(samples, settings.sample_rate), settings.channels, loop=True)


def _loop(clip: Clip, settings: Mastering, *, joined: bool) -> Clip:
    """Make the loop. It is neither trimmed nor faded, which would open its seam again."""
    if joined and _is_as_long_as(settings.duration_s, clip):
        return colour(_rejoined(clip, settings), settings.colour, loop=True)
    clip = to_channels(resample(clip, settings.sample_rate), settings.channels)
    crossfade_s = max(0.0, settings.crossfade_ms) / 1000
    duration_s = settings.duration_s
    if duration_s is None:  # all of the take but what the seam needs
        duration_s = max(clip.duration_s - crossfade_s, clip.duration_s / 2)
    if settings.max_duration_s is not None:
        duration_s = min(duration_s, settings.max_duration_s)
    return colour(make_loop(clip, duration_s, settings.crossfade_ms), settings.colour, loop=True)


def _one_shot(clip: Clip, settings: Mastering) -> Clip:
    """Repair what would mislead the trim, trim, convert what is left, colour it, and close the ends."""
    repair, rest = _split(settings.colour)
    if clip.channels > (settings.channels or clip.channels):
        clip = to_channels(clip, settings.channels)
    clip = colour(clip, repair)
    if settings.trim:
        clip = trim(
            clip,
            pre_roll_ms=settings.pre_roll_ms,
            tail_ms=settings.tail_ms,
            min_duration_s=settings.min_duration_s,
        )
    clip = to_channels(resample(clip, settings.sample_rate), settings.channels)
    clip = colour(clip, rest)
    if settings.max_duration_s is not None:
        clip = cut(clip, settings.max_duration_s)
    if settings.min_duration_s is not None and clip.frames:
        clip = pad(clip, settings.min_duration_s)
    return fade(clip, in_ms=settings.fade_in_ms, out_ms=settings.fade_out_ms)


def _split(settings: Colour) -> tuple[Colour, Colour]:
    """Part what takes noise, rumble and hiss away from what gives a sound its colour."""
    repair = Colour(
        denoise_db=settings.denoise_db, highpass_hz=settings.highpass_hz, lowpass_hz=settings.lowpass_hz
    )
    rest = replace(settings, denoise_db=None, highpass_hz=None, lowpass_hz=None)
    return repair, rest if rest != NEUTRAL else NEUTRAL


def _unplayable(clip: Clip) -> str | None:
    """Return why a clip cannot be shipped at any gain, too short or silent, or None."""
    peak = sample_peak(clip.samples)
    if peak < db_to_amplitude(SILENCE_DBFS):
        level_db = amplitude_to_db(peak)
        return "nothing is left to hear after mastering" + (
            "" if level_db is None else f" (peak {level_db:.0f} dBFS)"
        )
    if clip.duration_s < SHORTEST_S:
        least_ms = SHORTEST_S * 1000
        return f"only {clip.duration_s * 1000:.1f} ms are left after mastering, below {least_ms:g} ms"
    return None


def _leveled(shaped: Shaped, settings: Mastering) -> Mastered:
    """Bring a clip to its loudness target, or to the true-peak ceiling where that is lower."""
    leveled = level(
        shaped.clip,
        settings.loudness_lufs,
        settings.true_peak_dbtp,
        settings.limit_db,
        loop=settings.loop,
    )
    return Mastered(
        leveled.clip,
        Measurement(
            loudness_lufs=_rounded(leveled.loudness_lufs),
            loudness_measure=None if leveled.loudness_lufs is None else leveled.measure,
            true_peak_dbtp=_rounded(leveled.true_peak_dbtp),
            gain_db=_rounded(leveled.gain_db) or 0.0,
            limiting_db=_rounded(leveled.limiting_db) or 0.0,
            limited=leveled.is_limited,
            **_form(shaped, leveled.clip, settings),
        ),
    )


def _unleveled(shaped: Shaped, settings: Mastering) -> Mastered:
    """Measure a clip and leave it as it is; what exceeds full scale, which no file holds, is brought down to it."""
    over_db = amplitude_to_db(sample_peak(shaped.clip.samples)) or 0.0
    clip = apply_gain(shaped.clip, -over_db) if over_db > 0 else shaped.clip
    loudness_lufs, measure = measure_loudness(clip)
    return Mastered(
        clip,
        Measurement(
            loudness_lufs=_rounded(loudness_lufs),
            loudness_measure=None if loudness_lufs is None else measure,
            true_peak_dbtp=_rounded(true_peak_dbtp(clip)),
            gain_db=_rounded(min(0.0, -over_db)) or 0.0,
            limiting_db=0.0,
            limited=over_db > 0,
            **_form(shaped, clip, settings),
        ),
    )


def _form(shaped: Shaped, clip: Clip, settings: Mastering) -> dict[str, JsonValue]:
    return {
        "event": settings.harvest,
        "duration_s": round(clip.duration_s, 3),
        "sample_rate": clip.sample_rate,
        "channels": clip.channels,
        "place_s": shaped.place_s,
    }


def _rounded(level_db: float | None) -> float | None:
    return None if level_db is None else round(level_db, 2) + 0.0  # -0.0 becomes 0.0
