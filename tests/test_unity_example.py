"""The example project and the starter manifests are what the documentation says."""

import re
import shutil
from pathlib import Path

import pytest

from sfxgen.catalog import installed
from sfxgen.engines.unity import exporter, meta_version
from sfxgen.manifest import load

REPOSITORY = Path(__file__).parent.parent
EXAMPLE = REPOSITORY / "examples/unity_project"
STARTERS = sorted((REPOSITORY / "manifests").glob("*.yaml"))
GENERATED = EXAMPLE / "Assets/Audio"
SCHEMA_LINE = "# yaml-language-server: $schema=../../sfxgen.schema.json"

METAS = sorted((EXAMPLE / "Assets").rglob("*.meta"))
STATIC_METAS = [path for path in METAS if not path.is_relative_to(GENERATED) and path.stem != "Audio"]


def test_everything_under_assets_has_a_meta_and_every_meta_something_it_belongs_to() -> None:
    things = {path for path in (EXAMPLE / "Assets").rglob("*") if path.suffix != ".meta"}
    assert {path.with_name(path.name + ".meta") for path in things} == set(METAS)


def test_no_two_metas_share_a_guid() -> None:
    guids = [exporter.read_id(path.read_bytes()) for path in METAS]
    assert None not in guids
    assert len(set(guids)) == len(guids)


@pytest.mark.parametrize("path", STATIC_METAS, ids=lambda path: path.name)
def test_unityparser_reads_the_metas_and_writes_them_back(path: Path, tmp_path: Path) -> None:
    unityparser = pytest.importorskip("unityparser", reason="unityparser reads metas as Unity writes them")
    unityparser.UnityDocument.load_yaml(path).dump_yaml(tmp_path / "again.meta")
    assert (tmp_path / "again.meta").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("surface", ["gravel", "wood", "snow"])
def test_a_footstep_set_refers_to_the_variants_and_to_its_script(surface: str, tmp_path: Path) -> None:
    unityparser = pytest.importorskip("unityparser", reason="unityparser reads assets as Unity writes them")
    path = EXAMPLE / f"Assets/Footsteps/{surface.capitalize()}.asset"
    document = unityparser.UnityDocument.load_yaml(path)
    document.dump_yaml(tmp_path / "again.asset")
    assert (tmp_path / "again.asset").read_bytes() == path.read_bytes()
    script = (EXAMPLE / "Assets/Scripts/FootstepSet.cs.meta").read_bytes()
    assert document.entry.m_Script["guid"] == exporter.read_id(script)
    project, sounds = load(EXAMPLE, installed())
    (footstep,) = [sound for sound in sounds if sound.id == f"footstep/{surface}"]
    assets = [footstep.asset_id(index) for index in range(1, len(footstep.takes) + 1)]
    assert [clip["guid"] for clip in document.entry.clips] == [
        exporter.asset_id(project.name, asset) for asset in assets
    ]


def test_the_references_are_those_of_the_generated_clips() -> None:
    generated = {exporter.read_id(path.read_bytes()) for path in GENERATED.rglob("*.meta")}
    if not generated:
        pytest.skip("the example's assets are not built")
    referred = {
        guid
        for asset in (EXAMPLE / "Assets/Footsteps").glob("*.asset")
        for guid in re.findall(r"fileID: 8300000, guid: (\w+)", asset.read_text())
    }
    assert len(referred) == 12
    assert referred <= generated


def test_the_example_is_a_unity_6_project() -> None:
    assert meta_version(EXAMPLE) == 8


def test_the_examples_manifests_have_no_mistakes() -> None:
    _, sounds = load(EXAMPLE, installed())
    kinds = {sound.kind for sound in sounds}
    assert kinds == {"one_shot", "loop"}
    assert {info.name for sound in sounds for info in sound.models} == {"audioldm-s", "synth"}
    families = {sound.id.split("/")[0] for sound in sounds}
    assert families == {"ambience", "door", "footstep", "gate", "pickup", "ui", "weapon"}


@pytest.mark.parametrize("engine", sorted(installed().exporters))
def test_the_starter_manifests_have_no_mistakes(engine: str, tmp_path: Path) -> None:
    (tmp_path / "ProjectSettings").mkdir()
    (tmp_path / "ProjectSettings/ProjectVersion.txt").write_text("m_EditorVersion: 6000.0.58f2\n")
    (tmp_path / "sfxgen.yaml").write_text(f"engine: {engine}\nassets: Assets/Sfx\nwhen_unavailable: draft\n")
    shutil.copytree(REPOSITORY / "manifests", tmp_path / "Audio/manifests")
    _, sounds = load(tmp_path, installed())
    assert {sound.kind for sound in sounds} == {"one_shot", "loop", "music", "dialog"}


@pytest.mark.parametrize(
    "path", [*STARTERS, *sorted((EXAMPLE / "Audio/manifests").glob("*.yaml"))], ids=lambda path: path.name
)
def test_manifests_name_their_schema_for_editors(path: Path) -> None:
    assert path.read_text(encoding="utf-8").splitlines()[0] == SCHEMA_LINE
