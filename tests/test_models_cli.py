"""`sfxgen models`: the list with licence, size, memory and what is on disk, and fetching by name, by need and by folder."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from games import Game, ToyModel
from loopback_hub import WEIGHTS, LoopbackHub, served
from test_weights import COMMIT, FILES, REPO, hub_module, write

from sfxgen.cli import main
from sfxgen.contracts import ModelInfo
from sfxgen.lock import Lock
from sfxgen.lock import write as write_lock
from sfxgen.models import weights


class Hubbed(ToyModel):
    """The toy model with weights on the Hub."""

    @property
    def models(self) -> tuple[ModelInfo, ...]:
        return (self.info(REPO),)

    def info(self, where: str) -> ModelInfo:
        facts: Mapping[str, Any] = {"download_mb": 2, "memory_gb": 1.5} if where == REPO else {}
        return replace(super().info(where), name="toy" if where == REPO else f"toy:{where}", **facts)


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


class Shell:
    """The command line in a game's folder, with its toy model."""

    def __init__(self, game: Game, capsys: pytest.CaptureFixture[str]) -> None:
        self.game, self.capsys = game, capsys

    def __call__(self, *arguments: str | Path) -> Ran:
        self.capsys.readouterr()
        code: Any = 0
        try:
            main(["models", *map(str, arguments)])
        except SystemExit as ended:
            code = ended.code
        said = self.capsys.readouterr()
        return Ran(code, said.out, said.err)

    def row(self, name: str) -> str:
        return next(line for line in self("list").out.splitlines() if line.startswith(f"{name} "))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture
def models(
    game: Game, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    game.toy = Hubbed()
    game.catalog = replace(game.catalog, adapters={**game.catalog.adapters, "toy": game.toy})
    game.sounds("step: { prompt: a step }")
    monkeypatch.setattr(importlib.import_module("sfxgen.cli.models"), "installed", lambda: game.catalog)
    monkeypatch.chdir(game.root)
    return Shell(game, capsys)


@pytest.fixture
def hub(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackHub]:
    constants = hub_module("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with served() as loopback:
        monkeypatch.setenv("HF_ENDPOINT", loopback.url)
        yield loopback


def cached(cache: Path, commit: str = COMMIT, ref: str = "main") -> Path:
    repo = cache / "models--someone--tiny"
    write(repo, {f"refs/{ref}": commit})
    snapshot = write(repo / "snapshots" / commit, FILES)
    (snapshot / WEIGHTS).write_bytes(bytes(3_000_000))
    return snapshot


# --- list and show ----------------------------------------------------------------------------------


def test_the_list_has_licence_memory_size_and_what_is_here(models: Shell, cache: Path) -> None:
    head = models("list").out.splitlines()[0]
    assert head.split("  ")[0] == "MODEL"
    for column in ("LICENCE", "IN A SOLD GAME", "MEMORY", "DOWNLOAD", "HERE"):
        assert column in head
    assert models.row("toy").split() == ["toy", "MIT", "yes", "16000", "Hz", "1.5", "GB", "2", "MB", "no"]
    cached(cache)
    assert models.row("toy").endswith("2 MB      ccccccc, 3 MB")
    assert models.row("synth").split()[-3:] == ["none", "none", "yes"]


def test_weights_that_lack_a_file_are_listed_as_incomplete(models: Shell, cache: Path) -> None:
    (cached(cache) / "unet/config.json").unlink()
    assert models.row("toy").endswith("ccccccc, 3 MB, incomplete")


def test_a_revision_that_the_lock_does_not_pin_is_told(models: Shell, cache: Path) -> None:
    cached(cache)
    write_lock(models.game.root / "sfxgen.lock", Lock(models={f"toy:{REPO}": "d" * 40}))
    assert models.row("toy").endswith("ccccccc, 3 MB; the lock pins ddddddd")
    cached(cache, "d" * 40, "other")
    assert models.row("toy").endswith("ddddddd, 3 MB")


def test_the_json_says_it_too(models: Shell, cache: Path) -> None:
    snapshot = cached(cache)
    shown = json.loads(models("show", "toy", "--json").out)["model"]
    assert (shown["memory_gb"], shown["download_mb"], shown["here"]) == (1.5, 2, True)
    assert shown["on_disk"] == {"revision": COMMIT, "mb": 3, "folder": str(snapshot)}
    assert shown["pinned"] is None
    page = models("show", "toy").out
    assert f"on disk          {snapshot} (revision {COMMIT}, 3 MB)" in page
    assert "memory gb        about 1.5" in page


def test_a_terminal_of_100_columns_has_room_for_the_list(
    models: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = models("list").out.splitlines()
    assert max(map(len, whole)) > 100
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    lines = models("list").out.splitlines()
    assert max(map(len, lines)) <= 100
    assert [line.split()[0] for line in lines] == [line.split()[0] for line in whole]
    assert next(line for line in lines if line.startswith("toy ")).split()[1] == "MIT"
    assert "Stability AI C…  with conditions" in "\n".join(lines)


def test_what_is_unknown_or_not_fixed_is_no_zero(models: Shell) -> None:
    assert models.row("recording").split()[-5:] == ["its", "own", "none", "none", "yes"]
    own = models("show", "recording").out
    for line in (
        "sample rate      its own",
        "channels         its own",
        "download mb      none",
        "needs gpu        no",
    ):
        assert line in own
    assert "download mb      unknown" in models("show", "stable-audio-3-medium").out


def test_show_says_what_a_model_waits_for(
    models: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SFXGEN_DATA", str(tmp_path / "data"))
    for name, way in (
        ("tortoise", "sfxgen models install tortoise"),
        ("toy", "sfxgen models fetch toy gets it"),
        ("stable-audio-3-medium", "convert them with diffusers' scripts/"),
    ):
        assert f"here             no; {way}" in models("show", name).out


def test_a_broken_lock_does_not_hide_the_list(models: Shell) -> None:
    (models.game.root / "sfxgen.lock").write_text("{")
    assert models("list").code == 0


# --- fetch ------------------------------------------------------------------------------------------


def test_fetch_by_name_and_by_need(models: Shell, hub: LoopbackHub) -> None:
    named = models("fetch", "toy")
    assert (named.code, named.err.splitlines()[0]) == (0, f"fetching {REPO} …")
    assert f"(revision {COMMIT})" in named.out
    assert "% of 1 MB" in named.err
    hub.asked.clear()
    assert models("fetch").code == 0
    assert hub.asked == []
    assert weights.missing_files(weights.repo_cache(REPO) / "snapshots" / COMMIT) == []


def test_a_layer_s_model_is_needed_too(models: Shell, hub: LoopbackHub) -> None:
    models.game.sounds("a: { layers: [{ model: synth, preset: coin }, { prompt: x }] }")
    assert f"(revision {COMMIT})" in models("fetch").out


def test_the_hub_is_never_asked_for_a_folder_of_the_project(models: Shell, hub: LoopbackHub) -> None:
    """Both have one shape, and a stranger may have a repository of that name."""
    models.game.sounds(f"a: {{ prompt: x, model: 'toy:{REPO}' }}")
    (models.game.root / REPO).mkdir(parents=True)
    assert (models("fetch").code, hub.asked) == (0, [])
    named = models("fetch", f"toy:{REPO}")
    assert (named.code, hub.asked) == (0, [])
    assert "is a folder of the project: it needs no download" in named.err
    (models.game.root / REPO).rmdir()
    write_lock(models.game.root / "sfxgen.lock", Lock(models={f"toy:{REPO}": f"sha256:{'d' * 64}"}))
    assert (models("fetch").code, hub.asked) == (0, []), "the lock knows it as a folder, which is not here"
    assert models("fetch", f"toy:{REPO}", "--update").code == 0


def test_a_mirror_is_named_by_its_url(
    models: Shell, hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert models("fetch", "toy").code == 3
    assert models("fetch", "toy", "--mirror", hub.url).code == 0
    refused = models("fetch", "toy", "--mirror", "hub.example.org")
    assert refused.code == 2
    assert "--mirror is a URL" in refused.err


def test_a_folder_is_filled_on_one_machine_and_read_on_another(
    models: Shell, hub: LoopbackHub, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stick = tmp_path / "stick"
    filled = models("fetch", "--into", stick)
    assert filled.code == 0
    assert not cache.exists()
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    ran = models("fetch", "--from", stick)
    assert (ran.code, f"(revision {COMMIT})" in ran.out) == (0, True)
    assert models.row("toy").endswith("ccccccc, 1 MB")


def test_a_pinned_revision_is_what_a_folder_is_asked_for(
    models: Shell, hub: LoopbackHub, tmp_path: Path
) -> None:
    models("fetch", "--into", tmp_path / "stick")
    write_lock(models.game.root / "sfxgen.lock", Lock(models={f"toy:{REPO}": "d" * 40}))
    ran = models("fetch", "--from", tmp_path / "stick")
    assert ran.code == 3
    assert f"does not hold someone/tiny at {'d' * 40}" in ran.err
    assert models("fetch", "--from", tmp_path / "stick", "--update").code == 0


@pytest.mark.parametrize("other", [("--mirror", "https://hub.example.org"), ("--into", "there")])
def test_a_folder_and_a_network_are_two_things(models: Shell, tmp_path: Path, other: tuple[str, str]) -> None:
    ran = models("fetch", "toy", "--from", tmp_path, *other)
    assert ran.code == 2
    assert "--from asks no network" in ran.err


def test_one_model_that_fails_keeps_no_other_from_coming(
    models: Shell, hub: LoopbackHub, tmp_path: Path
) -> None:
    ran = models("fetch", "toy:other/model", "toy")
    assert ran.code == 3
    assert "error: other/model cannot be downloaded" in ran.err or "there is no model other/model" in ran.err
    assert f"(revision {COMMIT})" in ran.out


def test_a_full_disk_is_told_before_the_download(
    models: Shell, hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    ran = models("fetch", "toy")
    assert ran.code == 3
    assert "someone/tiny needs 1.0 MB, and the disk has 0.0 MB free" in ran.err
    assert "hint: free space below" in ran.err
    assert hub.asked == []


def test_a_damaged_download_is_told(models: Shell, hub: LoopbackHub) -> None:
    hub.damaged[WEIGHTS] = 9
    ran = models("fetch", "toy")
    assert ran.code == 3
    assert "came twice with other bytes than the list of checksums says" in ran.err
