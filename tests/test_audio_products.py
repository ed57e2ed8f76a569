"""Matrix products in pieces."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from sfxgen.audio.products import MOST_WORK, product


@pytest.mark.parametrize("rows", [1, 7, 1000, 2049])
@pytest.mark.parametrize("shape", [(), (2,)])
def test_it_is_the_product(rows: int, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((*shape, rows, 30)), rng.standard_normal((30, 40))
    assert rows < 1000 or rows * 30 * 40 > 2 * MOST_WORK
    assert product(a, b) == pytest.approx(np.einsum("...rn,nc->...rc", a, b), abs=1e-12)


def test_its_bits_do_not_depend_on_threads() -> None:
    code = (
        "import hashlib, numpy as np; from sfxgen.audio.products import product; r = np.random.default_rng(1); "
        "pairs = [(r.standard_normal((n, k)).astype(t), r.standard_normal((k, c)).astype(t)) "
        "for n in (33, 500, 3001) for k in (4, 31, 80) for c in (4, 32, 128) for t in ('f4', 'f8')]; "
        "print(hashlib.sha256(b''.join(product(a, b).tobytes() for a, b in pairs)).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2", "4")
    }
    assert len(digests) == 1
