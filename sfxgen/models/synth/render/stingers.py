"""Short musical gestures: how they are made."""

from __future__ import annotations
