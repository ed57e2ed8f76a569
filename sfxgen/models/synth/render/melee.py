"""Blades, bows and fists: how they are made."""

from __future__ import annotations
