"""What the small files of a model's weights say, where these stand on this disk: for mistakes before anything loads. Light.

They only ever refuse: what is planned follows from manifests, lock and registry, whether weights are here or not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sfxgen.contracts import ProjectFiles
from sfxgen.errors import ProjectError
from sfxgen.models import weights


def is_in_project(where: str, files: ProjectFiles) -> bool:
    """Whether weights are a folder of the project, and it is there. An empty one is none."""
    try:
        return bool(files.names(where))
    except ProjectError:
        return False


def small_json(where: str, name: str, files: ProjectFiles) -> Mapping[str, Any]:
    """Return what a JSON file beside weights says: in the project, else in the Hub's cache.

    It is empty where there is none, where it is damaged or of no reasonable size, and for a Git LFS pointer.
    """
    try:
        return _object(files.read(f"{where}/{name}"))
    except ProjectError:
        pass  # not there, or not to be read
    hub = weights.hub_id(where)
    commit = (
        weights.cached_revision(hub.repo, hub.revision) if hub and not is_in_project(where, files) else None
    )
    if hub is None or commit is None:
        return {}
    return weights.read_json(weights.repo_cache(hub.repo) / "snapshots" / commit / name)


@lru_cache(maxsize=64)
def _object(data: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
