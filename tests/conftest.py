from __future__ import annotations

import os
import sys
from itertools import count
from pathlib import Path

# Read by numpy's matrix library and by torch when they are imported: tests run side by side, and threads would fight
# for the cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from games import Game

# Read by huggingface_hub when it is imported, so set before any test imports it.
os.environ["HF_HUB_OFFLINE"] = "1"


LONGEST = (
    "test_lint.py",
    "test_synth_presets.py",
    "test_models_contract.py",
    "test_invariants.py",
    "test_loudness_conformance.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: of several processes none has to wait for another's at the end."""
    turns = {name: turn for turn, name in enumerate(LONGEST)}
    items.sort(key=lambda item: turns.get(item.path.name, len(LONGEST)))


STORES = count()


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stores")


@pytest.fixture(autouse=True)
def own_store(stores: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees the machine's store, weights or settings. Most need no folder: none is made for them."""
    own = stores / str(next(STORES))
    store = own / "store"
    monkeypatch.setenv("SFXGEN_STORE", str(store))
    monkeypatch.setenv("SFXGEN_DATA", str(own / "data"))
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
