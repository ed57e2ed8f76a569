"""Lasers and other weapons of the future: how they are made."""

from __future__ import annotations

import numpy as np

from sfxgen.models.synth import noise, oscillators
from sfxgen.models.synth.envelopes import decay, ramp_out, slide
from sfxgen.models.synth.filters import highpass, lowpass
from sfxgen.models.synth.take import Signal, Take, level, mix, samples_of


def laser(take: Take) -> Signal:
    """A falling FM tone, dense at first, with a kick of noise as it discharges."""
    length_s = take["length_s"]
    frames = samples_of(length_s)
    pitch = slide(frames, take["pitch_hz"], max(30.0, take["pitch_hz"] / 2 ** take["fall_oct"]), 0.55)
    fading = decay(frames, length_s * 1.6)
    ratio = 0.5 + take.rng.uniform(-0.03, 0.03)
    tone = oscillators.fm(pitch, frames, ratio, (0.3 + 3.5 * take["bite"]) * fading)
    hollow = oscillators.pulse(pitch * 0.5, frames, 0.3)
    body = mix((1.0, tone), (0.25 * take["bite"], lowpass(hollow, 6000)))
    body *= np.minimum(1, np.arange(frames) / 60) * fading * ramp_out(frames, 0.35)
    zap = highpass(noise.white(take.rng, samples_of(0.05)), 1200) * decay(samples_of(0.05), 0.03)
    kick_frames = samples_of(0.09)
    kick = oscillators.sine(slide(kick_frames, 420, 70, 0.5), kick_frames) * decay(kick_frames, 0.09)
    punch = take["punch"]
    return mix(
        (1.0, level(body)), (0.4 * punch, level(zap)), (0.6 * punch, kick * ramp_out(kick_frames, 0.3))
    )
