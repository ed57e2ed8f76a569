"""What every installed exporter must do, the built-in ones and a third party's alike."""

import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from sfxgen.catalog import installed
from sfxgen.contracts import Exporter
from sfxgen.recipe import AudioFormat, Delivery, Encoding, Kind

NAMES = sorted(installed().exporters)
KINDS: list[Kind] = ["one_shot", "loop", "music", "dialog"]
every_exporter = pytest.mark.parametrize(
    "exporter", [installed().exporters[name] for name in NAMES], ids=NAMES
)


@pytest.fixture
def game(tmp_path: Path) -> Path:
    """Make the smallest project that all the engines read."""
    version = tmp_path / "ProjectSettings/ProjectVersion.txt"
    version.parent.mkdir()
    version.write_text("m_EditorVersion: 6000.0.58f2\n")
    return tmp_path


def test_the_built_in_engines_are_installed() -> None:
    assert {"unity", "files"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_exporter_is_installed_under_its_own_name(name: str) -> None:
    exporter = installed().exporters[name]
    assert exporter.name == name
    assert exporter.version >= 1
    assert exporter.formats
    assert set(exporter.formats) <= set(get_args(AudioFormat))


@every_exporter
def test_the_block_forbids_unknown_keys_and_needs_none(exporter: Exporter) -> None:
    if exporter.block is None:
        return
    assert issubclass(exporter.block, BaseModel)
    assert exporter.block.model_json_schema()["additionalProperties"] is False
    assert exporter.block.model_validate({}).model_dump(exclude_unset=True) == {}


@pytest.mark.parametrize("kind", KINDS)
@every_exporter
def test_default_settings_are_plain_json_without_complaints(
    exporter: Exporter, kind: Kind, game: Path
) -> None:
    for audio_format in exporter.formats:
        settings = exporter.settings(game, {}, kind=kind, audio_format=audio_format)
        assert json.loads(json.dumps(settings, allow_nan=False)) == settings
        assert list(exporter.complaints(settings)) == []
        assert exporter.settings(game, {}, kind=kind, audio_format=audio_format) == settings
        key = Delivery(
            engine=exporter.name, exporter_version=exporter.version, encoding=Encoding(), settings=settings
        ).asset_key("clip")
        assert len(key) == 64


@every_exporter
def test_a_null_in_the_block_means_the_default(exporter: Exporter, game: Path) -> None:
    if exporter.block is None:
        return
    nulls = exporter.block.model_validate({}).model_dump()
    for kind in KINDS:
        assert exporter.settings(game, nulls, kind=kind, audio_format="wav") == exporter.settings(
            game, {}, kind=kind, audio_format="wav"
        )


@every_exporter
def test_settings_survive_the_locks_json(exporter: Exporter, game: Path) -> None:
    settings = exporter.settings(game, {}, kind="loop", audio_format="wav")
    asset_id = exporter.asset_id("drifters", "ambience/forest_01")
    again = json.loads(json.dumps(settings))
    assert exporter.sidecar(asset_id, again) == exporter.sidecar(asset_id, settings)


@every_exporter
def test_a_sidecar_holds_the_id_it_was_given(exporter: Exporter, game: Path) -> None:
    if exporter.sidecar_path("Sfx/coin.wav") is None:
        return
    settings = exporter.settings(game, {}, kind="one_shot", audio_format="wav")
    asset_id = exporter.asset_id("drifters", "ui/coin_01")
    other_id = exporter.asset_id("drifters", "ui/coin_02")
    assert exporter.read_id(exporter.sidecar(asset_id, settings)) == asset_id
    assert exporter.read_id(exporter.sidecar(other_id, settings)) == other_id
    assert exporter.read_id(exporter.folder_sidecar(asset_id)) == asset_id
    assert exporter.read_id(b"not a sidecar") is None


@every_exporter
def test_a_sidecar_stands_beside_its_file_under_a_name_of_its_own(exporter: Exporter) -> None:
    paths = ["Sfx/ui/coin_01.wav", "Sfx/ui/coin_01.ogg", "Sfx/ui/coin_02.wav", "Sfx/ui"]
    sidecars = [exporter.sidecar_path(path) for path in paths]
    if None in sidecars:
        assert set(sidecars) == {None}
        return
    assert len({*paths, *sidecars}) == 2 * len(paths)
    for path, sidecar in zip(paths, sidecars, strict=True):
        assert sidecar is not None
        assert sidecar.rpartition("/")[0] == path.rpartition("/")[0]


@every_exporter
@given(
    one=st.tuples(st.text(max_size=20), st.text(max_size=20)),
    other=st.tuples(st.text(max_size=20), st.text(max_size=20)),
)
def test_ids_are_stable_and_differ_between_identities(
    exporter: Exporter, one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert exporter.asset_id(*one) == exporter.asset_id(*one)
    if exporter.asset_id(*one) and one != other:
        assert exporter.asset_id(*one) != exporter.asset_id(*other)


@every_exporter
def test_ids_do_not_run_together_where_names_meet(exporter: Exporter) -> None:
    if not exporter.asset_id("drifters", "ui"):
        return
    ids = {
        exporter.asset_id(project, identity) for project, identity in [("ab", "c"), ("a", "bc"), ("", "abc")]
    }
    assert len(ids) == 3


@pytest.mark.parametrize("name", NAMES)
def test_loading_an_exporter_imports_nothing_heavy(name: str) -> None:
    code = (
        "import sys\n"
        "from importlib.metadata import entry_points\n"
        f"(entry,) = entry_points(group='sfxgen.engines', name={name!r})\n"
        "exporter = entry.load()\n"
        "exporter.read_id(exporter.folder_sidecar(exporter.asset_id('game', 'ui/coin_01')))\n"
        "heavy = {'numpy', 'scipy', 'torch', 'soundfile', 'soxr', 'pydantic', 'yaml', 'rich'}\n"
        "print(*sorted(heavy & set(sys.modules)))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
