"""Which device a model runs on. Light: torch is imported inside, where it is asked."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from sfxgen.errors import ModelUnavailable

MODELS_EXTRA = ("torch", "diffusers", "transformers")


def missing_extra() -> ModelUnavailable | None:
    """Return the error for a machine without `sfxgen[models]`, or None. Imports none of it."""
    missing = [name for name in MODELS_EXTRA if find_spec(name) is None]
    if not missing:
        return None
    return ModelUnavailable(
        f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed",
        hint="pip install 'sfxgen[models]'",
    )


def pick_device(asked: str) -> str | None:
    """Return the torch device for "auto" (a GPU), "cpu", "cuda" or "mps", or None where there is none."""
    import torch

    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if asked != "auto":
        return asked if present.get(asked, False) else None
    return next((name for name in ("cuda", "mps") if present[name]), None)


def likely_device(asked: str) -> str | None:
    """Return what `pick_device` would, as far as that can be known without importing torch.

    What it says is not there is not there. What it names may yet fail: a driver that is too old for the torch, say.
    """
    if "torch" in sys.modules:
        return pick_device(asked)
    present = {"cpu": True, "cuda": _may_have_cuda(), "mps": sys.platform == "darwin"}
    if asked != "auto":
        return asked if present.get(asked, False) else None
    return next((name for name in ("cuda", "mps") if present[name]), None)


def _may_have_cuda() -> bool:
    """Whether torch was built for a GPU, no variable hides them all, and the GPU's driver is here."""
    built = _built_for()
    if "hip" in built and Path("/dev/kfd").exists():
        return True
    if "cuda" not in built or os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


@cache
def _built_for() -> frozenset[str]:
    """Return which of "cuda" and "hip" torch was built for, by the file that it keeps that in; both where none says."""
    spec = find_spec("torch")
    folders = (spec.submodule_search_locations or ()) if spec is not None else ()
    for folder in folders:
        try:
            text = (Path(folder) / "version.py").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        return frozenset(
            name for name in ("cuda", "hip") if not re.search(rf"^{name}\b.*=\s*None\s*$", text, re.MULTILINE)
        )
    return frozenset({"cuda", "hip"})
