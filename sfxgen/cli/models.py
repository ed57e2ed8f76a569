"""`sfxgen models`: list, show, fetch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sfxgen import lock as lockfile
from sfxgen.catalog import installed
from sfxgen.cli.options import json_option
from sfxgen.cli.show import is_terminal, print_json
from sfxgen.contracts import ModelInfo
from sfxgen.errors import ModelUnavailable, ProjectError
from sfxgen.manifest import load
from sfxgen.models import weights
from sfxgen.project import LOCK_FILE, find_root
from sfxgen.schema import did_you_mean

_SELLING = {
    "yes": "yes",
    "no": "no",
    "conditions": "with conditions",
    "unknown": "unknown",
}


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List, show and fetch models. Alone it lists them."""
    if context.invoked_subcommand is None:
        context.invoke(list_models, as_json=False)


@command.command("list")
@json_option
def list_models(as_json: bool) -> None:
    """List the models that a manifest can name, with licence and size."""
    rows = [_facts(info) for info in installed().models().values()]
    if as_json:
        print_json({"command": "models list", "models": rows})
        return
    table = [("MODEL", "LICENCE", "IN A SOLD GAME", "RATE", "DOWNLOAD", "HERE")]
    for row in rows:
        size = f"{row['download_mb']} MB" if row["download_mb"] else "none"
        here = "yes" if row["here"] else "no"
        table.append(
            (row["name"], row["licence"], _SELLING[row["commercial"]], f"{row['sample_rate']} Hz", size, here)
        )
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        click.echo("  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())
    click.echo("also: adapter:where, as audioldm:weights/mine (a folder of the project) or audioldm:org/name")


@command.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show what is known of a model."""
    facts = _facts(_found(name))
    if as_json:
        print_json({"command": "models show", "model": facts})
        return
    for key, value in facts.items():
        if key == "defaults":
            value = ", ".join(f"{name}: {default}" for name, default in value.items()) or "none"
        elif key == "accepts":
            value = ", ".join(value)
        elif key == "here":
            value = "yes" if value else f"no; sfxgen models fetch {name} gets it"
        click.echo(f"{key.replace('_', ' '):16} {value}")


@command.command()
@click.argument("names", nargs=-1)
@click.option("--project", type=click.Path(path_type=Path), help="The game's folder.")
@click.option("--revision", help="A branch, tag or commit; default: the lock's pin, else the newest.")
@click.option("--update", is_flag=True, help="Leave the lock's pin and take the newest revision.")
def fetch(names: tuple[str, ...], project: Path | None, revision: str | None, update: bool) -> None:
    """Download weights: the models NAMED, or without names all that the project's manifests need.

    A download that was cut off goes on where it stopped.
    """
    pins: dict[str, str] = {}
    infos = [_found(name) for name in names]
    if not names or project is not None or _has_project():
        root = find_root(project or Path())
        pins = dict(lockfile.read(root / LOCK_FILE).models)
        if not names:
            sounds = load(root, installed())[1]
            infos = list({info.model: info for sound in sounds for info in sound.models}.values())
    wanted = [info for info in infos if info.where and weights.hub_id(info.where)]
    if names:
        for info in infos:
            if info not in wanted:
                click.echo(f"{info.name} needs no download", err=True)
    elif not wanted:
        click.echo("the manifests need no weights", err=True)
    for info in wanted:
        pinned = revision or (None if update else pins.get(info.model))
        found = _fetch(info, pinned)
        click.echo(f"{info.name} is at {found.folder} (revision {found.revision})")


def _fetch(info: ModelInfo, revision: str | None) -> weights.Weights:
    if not is_terminal():
        click.echo(f"fetching {info.where} …", err=True)
        return weights.fetch(info.where, revision=revision)
    from rich.console import Console
    from rich.progress import DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn(info.where), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("bytes", total=None)

        def show_bytes(done: int, total: int) -> None:
            bars.update(task, completed=done, total=total)

        return weights.fetch(info.where, revision=revision, on_bytes=show_bytes)


def _has_project() -> bool:
    try:
        find_root(Path())
    except ProjectError:
        return False
    return True


def _found(name: str) -> ModelInfo:
    catalog = installed()
    info = catalog.find(name)
    if info is None:
        hint = did_you_mean(name, catalog.models()) or "sfxgen models list shows them"
        raise ProjectError(f"unknown model '{name}'", hint=hint)
    return info


def _facts(info: ModelInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "summary": info.summary,
        "model": info.model,
        "licence": info.licence,
        "licence_url": info.licence_url,
        "commercial": info.commercial,
        "sample_rate": info.sample_rate,
        "channels": info.channels,
        "max_duration_s": info.max_duration_s,
        "accepts": sorted(info.accepts),
        "defaults": dict(info.defaults),
        "needs_gpu": info.needs_gpu,
        "download_mb": info.download_mb,
        "here": is_here(info, Path()),
    }


def is_here(info: ModelInfo, root: Path) -> bool:
    """Whether a model's weights are on this disk, whole."""
    if not info.where:
        return True
    try:
        found = weights.locate(info.where, root)
    except (ModelUnavailable, OSError):
        return False
    return found is not None and not weights.missing_files(found.folder)
