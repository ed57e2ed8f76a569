"""Memory that stays with the process."""

from __future__ import annotations

import numpy as np

LARGEST_KEPT = 31 << 20
"""Just below the largest size, 32 MiB, that glibc learns from."""


def keep_freed_pages() -> None:
    """Let the C library keep what it frees, some 60 MB at the most, instead of handing it back to the system each time.

    glibc gives big arrays memory of their own, and returns it, until one of a larger size was freed; then each array
    costs page faults for all that it touches: 7 % of mastering. Elsewhere it does nothing.
    """
    np.empty(LARGEST_KEPT, np.uint8)
