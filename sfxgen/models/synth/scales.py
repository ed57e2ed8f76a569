"""Scales and chords by mood, in semitones above a root."""

from __future__ import annotations

from collections.abc import Sequence

from sfxgen.models.synth.take import semitones

SCALES = {
    "bright": (0, 2, 4, 7, 9),
    "calm": (0, 2, 4, 7, 11),
    "heroic": (0, 2, 4, 5, 7, 9, 11),
    "mysterious": (0, 2, 4, 6, 8, 10),
    "sad": (0, 2, 3, 7, 8),
    "dark": (0, 2, 3, 5, 7, 8, 11),
    "tense": (0, 1, 3, 4, 6, 7, 9, 10),
    "eerie": (0, 1, 4, 6, 7, 11),
}
"""Pentatonic major, major with its seventh, major, whole-tone, Japanese in, harmonic minor, octatonic, and a mixture."""

CHORDS = {
    "bright": (0, 4, 7),
    "calm": (0, 7, 14, 16),
    "heroic": (0, 7, 12, 16, 19),
    "mysterious": (0, 4, 11, 18),
    "sad": (0, 3, 7),
    "dark": (0, 3, 7, 10),
    "tense": (0, 3, 6, 9),
    "eerie": (0, 6, 11, 17),
}
"""Major, an open ninth, major in a wide position, lydian, minor, minor seventh, diminished, and two tritones."""


def degree(steps: Sequence[int], index: int) -> int:
    """Return the semitones of a step of a scale or chord, which goes on an octave (or two) above its end."""
    turns, step = divmod(index, len(steps))
    return 12 * (steps[-1] // 12 + 1) * turns + steps[step]


def pitch(root_hz: float, steps: Sequence[int], index: int) -> float:
    """Return the frequency of a step above a root."""
    return root_hz * semitones(degree(steps, index))


def audible(frequency_hz: float, highest_hz: float = 9000.0) -> float:
    """Return a frequency some octaves lower where it would be above what still sounds like a note."""
    while frequency_hz > highest_hz:
        frequency_hz /= 2
    return frequency_hz
