"""Which sounds could not be brought to their level, or their variants to one."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator

from sfxgen.lock import AssetRecord

LARGEST_SPREAD_LU = 1.0
"""What is more is heard when variants follow one another, or a sound stands among others."""


def unlevel(records: Iterable[tuple[AssetRecord, float | None]]) -> Iterator[tuple[str, str]]:
    """Yield (message, hint) for each sound that the ceiling holds below its target in LUFS, which comes with a record."""
    sets: dict[str, list[tuple[float, float, AssetRecord]]] = defaultdict(list)
    for record, target_lufs in records:
        if record.loudness_lufs is not None and target_lufs is not None:
            sets[record.sound].append((record.loudness_lufs, target_lufs, record))
    for sound, variants in sorted(sets.items()):
        lowest_lufs, target_lufs, lowest = min(variants, key=lambda variant: variant[0])
        highest_lufs = max(variant[0] for variant in variants)
        if not lowest.limited or target_lufs - lowest_lufs <= LARGEST_SPREAD_LU:
            continue
        hint = f"loudness_lufs: {math.floor(lowest_lufs)} is what it reaches; a larger master.limit_db may bring it nearer"
        if highest_lufs - lowest_lufs > LARGEST_SPREAD_LU:
            name = lowest.path.rpartition("/")[2]
            what = f"its variants differ by {highest_lufs - lowest_lufs:.1f} LU, because the ceiling holds {name} back"
        else:
            what = f"it is {target_lufs - lowest_lufs:.1f} LU below its target, because the ceiling holds it back"
        yield f"{sound}: {what}", hint
