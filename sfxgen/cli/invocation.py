"""What is learnt on the way through one call of the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass
class Invocation:
    """Click's `obj`: `root` is the project's folder, once a verb has found it."""

    root: Path | None = None
