"""Matrix products whose last bits do not depend on how many threads there are."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Real = TypeVar("Real", np.float32, np.float64)

MOST_WORK = 1 << 17
"""Multiplications of one product. Numpy's library hands products of more than twice that to threads, and where they
divide the work decides how sums are rounded."""


def product(a: NDArray[Real], b: NDArray[Real]) -> NDArray[Real]:
    """Return a @ b, for a of shape (..., rows, n) and b of (n, columns), in pieces of some rows each."""
    rows, inner = a.shape[-2:]
    columns = b.shape[-1]
    at_once = max(1, MOST_WORK // max(1, inner * columns))
    if rows <= at_once:
        small: NDArray[Real] = a @ b
        return small
    out = np.empty((*a.shape[:-1], columns), a.dtype)
    whole = rows // at_once * at_once
    pieces = a[..., :whole, :].reshape(*a.shape[:-2], -1, at_once, inner)
    out[..., :whole, :] = (pieces @ b).reshape(*a.shape[:-2], whole, columns)
    if whole < rows:
        out[..., whole:, :] = a[..., whole:, :] @ b
    return out
