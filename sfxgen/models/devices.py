"""Which device a model runs on. Light: torch is imported inside, where it is asked."""

from __future__ import annotations

from importlib.util import find_spec

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
