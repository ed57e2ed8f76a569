"""Repair and colour: what mastering may do to a take's sound, as frozen values. `sfxgen.audio.colour` does it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """One band of the parametric equalizer: a bell, or a shelf from a frequency on.

    `frequency_hz` is a bell's middle, and where a shelf has half its gain in dB. `q` is how narrow a bell is, and how
    steep a shelf. A band above everything that the sound holds changes nothing.
    """

    kind: Literal["bell", "low_shelf", "high_shelf"] = "bell"
    frequency_hz: float
    gain_db: float
    q: float = 0.707


@dataclass(frozen=True, slots=True, kw_only=True)
class Compressor:
    """A compressor, all channels together. `threshold_db` is re the clip's own peak: the take's level is no matter.

    `attack_ms` and `release_ms` are time constants, `knee_db` the width of the soft knee. There is no make-up gain.
    """

    threshold_db: float = -18.0
    ratio: float = 3.0
    attack_ms: float = 5.0
    release_ms: float = 80.0
    knee_db: float = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Transients:
    """A transient shaper: how much louder attacks, and what rings on after them, become. Below 0: softer, drier."""

    attack_db: float = 0.0
    sustain_db: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverb:
    """A reverb tail: how long it takes to fall by 60 dB, how loud it is re the sound, how bright it is.

    `level_db` is the tail's energy re the sound's. Above `damping_hz` the tail is quieter and dies away sooner.
    """

    decay_s: float = 1.0
    level_db: float = -12.0
    predelay_ms: float = 10.0
    damping_hz: float = 6000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Colour:
    """All repair and colour, in the order in which it is done. What is None or neutral is left out.

    `denoise_db`: how far a noise bed is turned down. `pitch_st` and `stretch` (2 is twice as long) are independent.
    `highpass_hz` and `lowpass_hz` fall by 12 dB an octave. `width`: 0 is mono, 1 leaves stereo as it is, 2 doubles
    the side signal; a clip of one channel, or of more than two, stays as it is.
    """

    reverse: bool = False
    denoise_db: float | None = None
    pitch_st: float = 0.0
    stretch: float = 1.0
    highpass_hz: float | None = None
    lowpass_hz: float | None = None
    eq: tuple[Band, ...] = ()
    compressor: Compressor | None = None
    transients: Transients | None = None
    reverb: Reverb | None = None
    width: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The values as plain JSON: what is neutral is left out."""
        return dict(_as_json(self))


@lru_cache(maxsize=1024)
def _as_json(colour: Colour) -> tuple[tuple[str, Any], ...]:
    """Return what is not neutral; many sounds have the same."""
    if colour == NEUTRAL:
        return ()
    neutral = asdict(NEUTRAL)
    return tuple((name, value) for name, value in asdict(colour).items() if value != neutral[name])


NEUTRAL = Colour()
