"""What moves through air and sings: the Aeolian tone of blades, sticks, arrows and bullets.

Vortices leave the two sides of a body in turn, `STROUHAL` times for each of its own thicknesses that the air passes
(Strouhal, 1878). The tone's pressure grows with the third power of the speed (Curle, 1955), and wanders about its
frequency the more, the more turbulent the wake. A blade is a row of such sources at different radii (Selfridge,
Moffat and Reiss, 2017).
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sfxgen.models.synth import noise
from sfxgen.models.synth.noise import Gains
from sfxgen.models.synth.take import Signal, samples_of

STROUHAL = 0.2

RADII = (1.0, 0.86, 0.7)
"""Where a blade's sources lie, from its tip towards the hand."""


def tone_hz(speed_ms: float, thickness_m: float) -> float:
    """Return the frequency at which vortices leave a body in flowing air."""
    return STROUHAL * speed_ms / thickness_m


def sweep(length_s: float, *, peak: float = 0.55, least: float = 0.3) -> Signal:
    """Return the relative speed of a stroke: it gathers way until `peak` of its length, and stops faster."""
    frames = samples_of(length_s)
    position = np.linspace(0, 1, frames)
    turn = np.where(position < peak, position / peak, (1 - position) / (1 - peak))
    return least + (1 - least) * np.sin(0.5 * np.pi * turn) ** 2


def swish(
    rng: Generator, speed: Signal, top_hz: float, *, whistle: float, air: float, turbulence: float = 0.09
) -> Signal:
    """Return a body through air at a relative speed: tones of `top_hz` at speed 1, in a broad rush.

    `turbulence` is how far a tone strays, as a part of its frequency. Ends as the speed's curve ends, not faded.
    """

    def wake(frequencies: Gains, times: Gains) -> Gains:
        now = noise.at(speed, times)
        centre = top_hz * now
        gains = air * _rush(frequencies, 1.7 * centre)
        for radius in RADII:
            away = (frequencies - radius * centre) / (turbulence * radius * centre)
            gains = gains + 2.6 * whistle * radius**3 * np.exp(-0.5 * away * away)
        double = (frequencies - 2 * centre) / (2 * turbulence * centre)
        gains = gains + 0.7 * whistle * np.exp(-0.5 * double * double)
        return gains * now**3

    return noise.painted(rng, len(speed), wake, 1024 if top_hz < 3000 else 512)


def _rush(frequencies: Gains, centre_hz: Gains) -> Gains:
    """Return the broad noise of a wake: it rises to a centre and falls with the square above it."""
    over = frequencies / centre_hz
    return 1.4 * over / (1 + over * over) ** 1.5
