"""Which sounds' variants could not be brought to one level."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator

from sfxgen.lock import AssetRecord

LARGEST_SPREAD_LU = 1.0
"""What is more is heard when variants follow one another."""


def unlevel(records: Iterable[AssetRecord]) -> Iterator[tuple[str, str]]:
    """Yield (message, hint) for each sound of whose variants the ceiling holds some below the others."""
    sets: dict[tuple[str, bool], list[AssetRecord]] = defaultdict(list)
    for record in records:
        if record.loudness_lufs is not None:
            sets[record.sound, record.draft].append(record)
    for (sound, _), variants in sorted(sets.items()):
        levels = [record.loudness_lufs or 0.0 for record in variants]
        spread_lu = max(levels) - min(levels)
        if spread_lu <= LARGEST_SPREAD_LU or not any(record.limited for record in variants):
            continue
        lowest = min(variants, key=lambda record: record.loudness_lufs or 0.0)
        yield (
            f"{sound}: its variants differ by {spread_lu:.1f} LU, because the ceiling holds "
            f"{lowest.path.rpartition('/')[2]} back",
            f"loudness_lufs: {math.floor(min(levels))} brings them level, and so may a larger master.limit_db",
        )
