"""The example project as it is committed: up to date, drafts marked, and what a build comes to."""

from __future__ import annotations

import json
import platform
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest

from sfxgen.build import build
from sfxgen.catalog import installed
from sfxgen.cli.schema import schema_text
from sfxgen.lock import read
from sfxgen.workspace import Options, open_workspace

EXAMPLE = Path(__file__).parent.parent / "examples/unity_project"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return shutil.copytree(EXAMPLE, tmp_path / "unity_project", ignore=shutil.ignore_patterns(".sfxgen"))


def tree(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file() and ".sfxgen" not in path.parts)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def test_its_manifests_lock_and_assets_agree(copy: Path) -> None:
    plan = open_workspace(copy, installed()).check_plan()
    assert plan.is_empty, [str(step) for step in plan.stale]
    assert len(plan.steps) == 35


def test_it_uses_both_models_and_marks_the_drafts() -> None:
    wanted = {w.ref: w.sound.model.name for w in open_workspace(EXAMPLE, installed()).wanted}
    assert set(wanted.values()) == {"audioldm-s", "synth", "layers"}
    records = read(EXAMPLE / "sfxgen.lock").assets
    assert {ref for ref, record in records.items() if record.draft} == {
        r for r, m in wanted.items() if m == "audioldm-s"
    }


def test_its_schema_is_the_one_that_is_printed() -> None:
    assert (EXAMPLE / "sfxgen.schema.json").read_text(encoding="utf-8") == schema_text("manifest")


def test_building_it_does_nothing(copy: Path) -> None:
    before = tree(copy)
    report = build(copy, installed())
    assert report.plan.is_empty
    assert tree(copy) == before


def test_rebuilding_it_comes_to_the_committed_bytes(copy: Path) -> None:
    (environment,) = {
        json.dumps(r.environment, sort_keys=True) for r in read(copy / "sfxgen.lock").assets.values()
    }
    here = {name: version(name) for name in ("numpy", "sfxgen")} | {"machine": platform.machine()}
    if json.loads(environment) != here:
        pytest.skip(f"the committed assets were made by {environment}; this is {here}")
    before = tree(copy)
    report = build(copy, installed(), Options(rebuild=True))
    assert report.exit_code == 0
    assert len(report.done) == 35
    assert tree(copy) == before


def test_from_manifests_alone_it_comes_to_the_same_ids(copy: Path) -> None:
    """A clone without assets and lock: every reference in the game still holds."""
    ids = {ref: record.engine_id for ref, record in read(copy / "sfxgen.lock").assets.items()}
    shutil.rmtree(copy / "Assets/Audio")
    (copy / "Assets/Audio.meta").unlink()
    (copy / "sfxgen.lock").unlink()
    assert build(copy, installed()).exit_code == 0
    assert {ref: record.engine_id for ref, record in read(copy / "sfxgen.lock").assets.items()} == ids
