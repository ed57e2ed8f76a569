"""Find the installed models and engines through their entry points."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from sfxgen.contracts import Adapter, Catalog, Exporter, Ranker


@cache
def installed() -> Catalog:
    """Return the catalog of what is installed here, the built-in models and engines included."""
    adapters: dict[str, Adapter] = {e.name: e.load() for e in entry_points(group="sfxgen.models")}
    exporters: dict[str, Exporter] = {e.name: e.load() for e in entry_points(group="sfxgen.engines")}
    rankers: dict[str, Ranker] = {e.name: e.load() for e in entry_points(group="sfxgen.rankers")}
    return Catalog(
        adapters=dict(sorted(adapters.items())), exporters=dict(sorted(exporters.items())), rankers=rankers
    )
