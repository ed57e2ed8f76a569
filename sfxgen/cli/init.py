"""`sfxgen init`."""

from __future__ import annotations

import json
import re
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from sfxgen.catalog import installed
from sfxgen.cli.schema import schema_text
from sfxgen.cli.show import shortened
from sfxgen.errors import ProjectError
from sfxgen.project import PROJECT_FILE
from sfxgen.wording import did_you_mean
from sfxgen.yaml_source import plain_scalar

SCHEMA_FILE = "sfxgen.schema.json"
MANIFEST_FOLDER = "Audio/manifests"
ASSET_FOLDERS = {"unity": "Assets/Audio/Sfx"}
UNITY_VERSION_FILE = "ProjectSettings/ProjectVersion.txt"

_PROJECT = """\
# What sfxgen builds here. Every key is explained in docs/manifests.md.
name: {name}
engine: {engine}
assets: {assets}
manifests: [{manifests}/*.yaml]

# Where a model cannot run (no GPU, no weights): error, or draft to let the synthesizer stand in.
when_unavailable: draft

# commercial refuses models whose output a game that is sold may not ship.
licence: any
"""


@click.command()
@click.argument("directory", required=False, default=".", type=click.Path(path_type=Path))
@click.option("--engine", help="The engine to write assets for; found out where possible.")
@click.option("--name", help="The game's name; default: the folder's.")
def command(directory: Path, engine: str | None, name: str | None) -> None:
    """Write sfxgen.yaml and starter manifests into a game repo. Overwrites nothing."""
    root = directory.absolute()
    if (root / PROJECT_FILE).exists():
        raise ProjectError(
            f"{shortened(root / PROJECT_FILE)} is already there", hint="edit it, or remove it first"
        )
    engines = sorted(installed().exporters)
    engine = engine or _engine_of(root)
    if engine not in engines:
        raise ProjectError(f"unknown engine '{engine}'", hint=did_you_mean(engine, engines))
    if engine == "unity" and not _is_unity_project(root):
        raise ProjectError(
            f"{shortened(root)} is no Unity project: it has no {UNITY_VERSION_FILE}",
            hint="run sfxgen init in the folder that holds Assets and ProjectSettings, or with --engine files",
        )
    files = {
        PROJECT_FILE: _PROJECT.format(
            name=_quoted(name or root.name or "game"),
            engine=engine,
            assets=ASSET_FOLDERS.get(engine, "Audio/Sfx"),
            manifests=MANIFEST_FOLDER,
        ),
        SCHEMA_FILE: schema_text("manifest"),
    }
    for starter in starters():
        files[f"{MANIFEST_FOLDER}/{starter.name}"] = starter.read_text(encoding="utf-8")
    _write(root, files)
    click.echo("now: sfxgen plan shows what a build would make; sfxgen build makes it")


def _engine_of(root: Path) -> str:
    return "unity" if _is_unity_project(root) else "files"


def _is_unity_project(root: Path) -> bool:
    return (root / UNITY_VERSION_FILE).is_file()


def _write(root: Path, files: dict[str, str]) -> None:
    for relative, text in files.items():
        path = root / relative
        if path.exists():
            click.echo(f"kept      {shortened(path)}: it is already there")
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise ProjectError(
                f"{path} cannot be written: {error.strerror}", hint="check the folder's rights"
            ) from error
        click.echo(f"wrote     {shortened(path)}")


def _quoted(name: str) -> str:
    """Write a name so that YAML reads it as text again; JSON's quoting is YAML's too."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name) is not None and plain_scalar(name) == name
    return name if plain else json.dumps(name, ensure_ascii=False)


def starters() -> list[Traversable]:
    """Return the starter manifests: in the package, or beside it in a checkout."""
    packaged = resources.files("sfxgen") / "starters"
    folder = packaged if packaged.is_dir() else Path(__file__).parents[2] / "manifests"
    return sorted(
        (file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name
    )
