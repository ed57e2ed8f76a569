from __future__ import annotations

import os
import sys
from pathlib import Path

# Read by numpy's matrix library and by torch when they are imported: tests run side by side, and threads would fight
# for the cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from games import Game

# Read by huggingface_hub when it is imported, so set before any test imports it.
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees the machine's store, weights or settings."""
    store = tmp_path / "store"
    monkeypatch.setenv("SFXGEN_STORE", str(store))
    monkeypatch.setenv("SFXGEN_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("SFXGEN_TRUST_EXEC", raising=False)
    for name in ("GITHUB_ACTIONS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return store


@pytest.fixture(autouse=True)
def every_dtype(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny models compute in every dtype, also on processors that only emulate it."""
    sessions = sys.modules.get("sfxgen.models.torch_session")
    if sessions is not None and "native_dtypes" not in request.keywords:
        monkeypatch.setattr(sessions, "runs_fast", lambda device, dtype: True)


@pytest.fixture
def game(tmp_path: Path) -> Game:
    return Game(tmp_path / "game")
