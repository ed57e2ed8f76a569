"""Machines and tools: how they are made."""

from __future__ import annotations
