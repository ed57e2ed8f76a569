"""Repair and colour: what a sound designer does to a take before its level is set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sfxgen.audio.clip import Clip
from sfxgen.audio.denoise import denoised
from sfxgen.audio.dynamics import compressed
from sfxgen.audio.equalizer import section
from sfxgen.audio.filters import HIGHEST_SHARE, butterworth
from sfxgen.audio.gates import RETRY_HINT, broken
from sfxgen.audio.pitch import repitched
from sfxgen.audio.recursion import Section, around, cascade
from sfxgen.audio.reverb import reverberated
from sfxgen.audio.stereo import widened
from sfxgen.audio.transients import shaped
from sfxgen.colour import NEUTRAL, Colour
from sfxgen.errors import AudioError

Samples = NDArray[np.float64]

SETTLING_S = 0.5
"""How much of a loop its filters run over before its start, until they have settled."""

LARGEST_PITCH_ST = 24.0
SHORTEST, LONGEST = 0.25, 4.0
LONGEST_DECAY_S = 30.0
LARGEST = float(np.finfo(np.float32).max)


def colour(clip: Clip, settings: Colour, *, loop: bool = False) -> Clip:
    """Return a clip repaired and coloured, in one readable order: a pure function, safe in threads.

    Reverse, noise bed, pitch and length, filters and equalizer, compressor, transients, reverb, width. With `loop`
    the clip is one period of a sound that repeats, and so is what comes out, at the same length but for `stretch`.
    Otherwise a reverb makes it longer by its tail. Levels are left to mastering: samples may exceed full scale.
    Neutral settings, and a clip without frames, return the clip itself.
    Raises AudioError for samples that are no audio, NaN among them, and for settings out of their ranges.
    """
    if settings == NEUTRAL or clip.samples.size == 0:
        return clip
    _require_possible(settings)
    reason = broken(clip)
    if reason:
        raise AudioError(reason, hint=RETRY_HINT)
    rate = clip.sample_rate
    x = np.ascontiguousarray(clip.samples.T, dtype=np.float64)
    if settings.reverse:
        x = np.ascontiguousarray(x[:, ::-1])
    if settings.denoise_db is not None:
        x = denoised(x, settings.denoise_db, rate, loop=loop)
    if settings.pitch_st != 0 or settings.stretch != 1:
        x = repitched(x, rate, pitch_st=settings.pitch_st, stretch=settings.stretch, loop=loop)
    sections = _sections(settings, rate)
    if sections:
        x = around(x, sections, round(SETTLING_S * rate)) if loop else cascade(x, sections)
    if settings.compressor is not None:
        x = compressed(x, settings.compressor, rate, loop=loop)
    if settings.transients is not None:
        x = shaped(x, settings.transients, rate, loop=loop)
    if settings.reverb is not None:
        x = reverberated(x, settings.reverb, rate, loop=loop)
    if settings.width is not None and len(x) == 2:
        x = widened(x, settings.width, rate, loop=loop)
    return Clip(np.ascontiguousarray(np.clip(x, -LARGEST, LARGEST).T, dtype=np.float32), rate)


def _require_possible(settings: Colour) -> None:
    """Raise AudioError for what the schema would not let through, but a program may ask for."""
    limits = (
        (abs(settings.pitch_st) <= LARGEST_PITCH_ST, f"pitch_st is at most {LARGEST_PITCH_ST:g} either way"),
        (SHORTEST <= settings.stretch <= LONGEST, f"stretch is {SHORTEST:g} to {LONGEST:g}"),
        (all(band.q > 0 for band in settings.eq), "a band's q is above 0"),
        (settings.compressor is None or settings.compressor.ratio >= 1, "a compressor's ratio is 1 or more"),
        (settings.reverb is None or 0 < settings.reverb.decay_s <= LONGEST_DECAY_S, "decay_s is 0 to 30 s"),
        (settings.reverb is None or settings.reverb.predelay_ms >= 0, "predelay_ms is 0 or more"),
        (settings.width is None or settings.width >= 0, "width is 0 or more"),
    )
    for fine, sentence in limits:
        if not fine:
            raise AudioError(sentence, hint="set it within these limits")


def _sections(settings: Colour, sample_rate: int) -> tuple[Section, ...]:
    """Return all filters as one cascade. A low-pass above everything that the sound holds is left out."""
    sections: list[Section] = []
    if settings.highpass_hz is not None:
        sections.append(butterworth(settings.highpass_hz, 2, high=True, sample_rate=sample_rate))
    if settings.lowpass_hz is not None and settings.lowpass_hz < HIGHEST_SHARE * sample_rate:
        sections.append(butterworth(settings.lowpass_hz, 2, high=False, sample_rate=sample_rate))
    bands = (section(band, sample_rate) for band in settings.eq)
    return (*sections, *(one for one in bands if one is not None))
