"""Categories: how loud each kind of game sound is delivered, and what its takes are refused for. One readable table.

`sfxgen.yaml` may change any of it, and add categories of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What a take must pass before it is shipped. None switches a gate off.

    silence_dbfs       its peak, free of DC, is at least this
    clipped_share      frames in tops that were cut off flat, re the frames that sound, are at most this; a square
                       wave is flat by nature and passes
    dc_share           its offset re its peak is at most this
    shortest_s         what sounds is at least so long
    longest_s          what sounds is at most so long
    bandwidth_share    a broad-band take that stops dead at some frequency reaches at least this share of half its
                       sample rate: 16 kHz sound in a 48 kHz file has 0.33, 22.05 in 44.1 has 0.49, MP3 of 128 kbit/s 0.72
    noise_bed_db       the steady bed around the sound, re its loudest 10 ms, is at most this
    duplicate          its likeness to each sibling (0 to 1; copies at another speed count) is below this
    speech_modulation  the share of its modulation that is at the rate of syllables is at least this; speech has 0.19
                       to 0.8, steady noise, drones and single hits next to 0
    seam_step_db       of a loop: second difference at the seam re the body's 99.9th percentile, at most
    seam_level_db      of a loop: level in the cross-fade re the body, at most this far off
    seam_flux_z        of a loop: robust z of the spectral flux at the seam, at most
    """

    silence_dbfs: float = -70.0
    clipped_share: float | None = 0.002
    dc_share: float | None = 0.5
    shortest_s: float = 0.01
    longest_s: float | None = None
    bandwidth_share: float | None = 0.55
    noise_bed_db: float | None = None
    duplicate: float | None = 0.95
    speech_modulation: float | None = None
    seam_step_db: float | None = 3.0
    seam_level_db: float | None = 3.0
    seam_flux_z: float | None = 8.0


PLAIN_GATES = Gates()


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One category.

    `loudness_lufs` is the target, `limit_db` how far a limiter may hold peaks back to reach it under the ceiling.
    `cat_id` is its CatID in the Universal Category System, the nearest in its list v8.2.1 (universalcategorysystem.com,
    a public domain initiative); `content_type` is the ASWG's word for it: sfx, music, dialog, haptic, impulse or
    mixed (ASWG-G006 v1.1: ambiences are sfx).
    """

    loudness_lufs: float
    limit_db: float = 6.0
    true_peak_dbtp: float = -1.0
    cat_id: str = ""
    content_type: str = "sfx"
    gates: Gates = PLAIN_GATES


CATEGORIES: Mapping[str, Category] = {
    "sfx": Category(loudness_lufs=-20, cat_id="DSGNMisc"),
    "ui": Category(loudness_lufs=-24, cat_id="UIMisc", gates=Gates(longest_s=6, noise_bed_db=-24)),
    "footsteps": Category(loudness_lufs=-24, cat_id="FEETMisc", gates=Gates(longest_s=3, noise_bed_db=-20)),
    "foley": Category(loudness_lufs=-26, cat_id="FOLYMisc", gates=Gates(noise_bed_db=-16)),
    "weapons": Category(loudness_lufs=-16, limit_db=9, cat_id="WEAPMisc", gates=Gates(noise_bed_db=-20)),
    "impacts": Category(loudness_lufs=-18, limit_db=9, cat_id="DSGNImpt", gates=Gates(noise_bed_db=-20)),
    "explosions": Category(loudness_lufs=-14, limit_db=9, cat_id="EXPLMisc"),
    "creatures": Category(loudness_lufs=-20, cat_id="CREAMisc"),
    "vehicles": Category(loudness_lufs=-20, limit_db=3, cat_id="VEHMisc"),
    "magic": Category(loudness_lufs=-20, cat_id="MAGMisc"),
    "ambience": Category(loudness_lufs=-26, limit_db=0, cat_id="AMBMisc"),
    "music": Category(loudness_lufs=-18, limit_db=3, cat_id="MUSCSong", content_type="music"),
    "dialog": Category(
        loudness_lufs=-20,
        cat_id="VOXMisc",
        content_type="dialog",
        gates=Gates(noise_bed_db=-20, speech_modulation=0.15),
    ),
}

DEFAULT_CATEGORY: Mapping[str, str] = {
    "one_shot": "sfx",
    "loop": "ambience",
    "music": "music",
    "dialog": "dialog",
}
"""The category of a sound that names none, by its kind."""


@lru_cache(maxsize=1024)
def thresholds_changed(gates: Gates) -> Mapping[str, float | None]:
    """Return the thresholds that are not the built-in ones, for a key: what is built in makes nothing stale."""
    return {n: value for n in GATE_NAMES if (value := getattr(gates, n)) != getattr(PLAIN_GATES, n)}


GATE_NAMES = tuple(f.name for f in fields(Gates))
