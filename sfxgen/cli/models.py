"""`sfxgen models`: list, show, fetch."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import click

from sfxgen import lock as lockfile
from sfxgen.catalog import installed
from sfxgen.cli.options import json_option
from sfxgen.cli.programs import install, trust_program
from sfxgen.cli.show import is_terminal, print_json, show_error
from sfxgen.contracts import DescribedInProject, HasWeightFiles, ModelInfo, Surroundings
from sfxgen.errors import LockError, ModelUnavailable, ProjectError
from sfxgen.manifest import load
from sfxgen.models import fetching, weights
from sfxgen.project import LOCK_FILE, STATE_FOLDER, find_root
from sfxgen.projectfiles import SourceFiles
from sfxgen.sound import mistake_of
from sfxgen.wanted import ranker_of
from sfxgen.wording import did_you_mean

_SELLING = {
    "yes": "yes",
    "no": "no",
    "conditions": "with conditions",
    "unknown": "unknown",
}
LEAST_LICENCE = 12
"""How many characters of a licence a narrow terminal still shows."""


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List, show and fetch models. Alone it lists them."""
    if context.invoked_subcommand is None:
        context.invoke(list_models, as_json=False)


command.add_command(install)
command.add_command(trust_program)


@command.command("list")
@json_option
def list_models(as_json: bool) -> None:
    """List the models that a manifest can name, with licence, size, memory and what is on disk."""
    infos, around = installed().models().values(), _around()
    rows = [_facts(info, around) for info in infos]
    if as_json:
        print_json({"command": "models list", "models": rows})
        return
    table = [("MODEL", "LICENCE", "IN A SOLD GAME", "RATE", "MEMORY", "DOWNLOAD", "HERE")]
    for row in rows:
        nothing = "?" if ":" in row["model"] else "none"  # what is code alone has no weights
        size = f"{row['download_mb']} MB" if row["download_mb"] else nothing
        memory = f"{row['memory_gb']:g} GB" if row["memory_gb"] else nothing
        rate = f"{row['sample_rate']} Hz" if row["sample_rate"] else "its own"
        selling = _SELLING[row["commercial"]]
        table.append((row["name"], row["licence"], selling, rate, memory, size, _here(row)))
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    if sys.stdout.isatty():  # licences have the longest names, and `models show` has all of them
        beyond = sum(widths) + 2 * (len(widths) - 1) - shutil.get_terminal_size().columns
        widths[1] = min(widths[1], max(widths[1] - beyond, LEAST_LICENCE))
    for name, licence, *rest in table:
        shown = licence if len(licence) <= widths[1] else licence[: widths[1] - 1] + "…"
        cells = zip((name, shown, *rest), widths, strict=True)
        click.echo("  ".join(f"{cell:{width}}" for cell, width in cells).rstrip())
    click.echo("also: adapter:where, as audioldm:weights/mine (a folder of the project) or audioldm:org/name")


def _way_to(info: ModelInfo, around: tuple[Path, dict[str, str]]) -> str:
    """Word what gets a model's weights here: what a build would say, but for what the device lacks."""
    root, pins = around
    problem = installed().face(info).unavailable(info, Surroundings(root, "cpu", pins.get(info.model)))
    hint = problem.hint if problem else ""
    if not hint or hint.startswith("sfxgen models fetch"):
        return f"sfxgen models fetch {info.name} gets it"
    return hint


def _here(row: dict[str, Any]) -> str:
    """Word what is on disk: the revision and its size, and what is wrong with it."""
    disk = row["on_disk"]
    if disk is None:
        return "yes" if row["here"] else "no"
    words = f"{_short(disk['revision'])}, {disk['mb']} MB"
    if not row["here"]:
        return f"{words}, incomplete"
    pinned = row["pinned"]
    return f"{words}; the lock pins {_short(pinned)}" if pinned not in (None, disk["revision"]) else words


def _short(revision: str) -> str:
    return revision.removeprefix("sha256:")[:7]


@command.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show what is known of a model."""
    info, around = _found(name), _around()
    facts = _facts(info, around)
    if as_json:
        print_json({"command": "models show", "model": facts})
        return
    unknown = "unknown" if ":" in facts["model"] else "none"  # what is code alone has no weights
    for key, value in facts.items():
        if key == "defaults":
            value = ", ".join(f"{name}: {default}" for name, default in value.items()) or "none"
        elif key == "accepts":
            value = ", ".join(value)
        elif key == "here":
            value = "yes" if value else f"no; {_way_to(info, around)}"
        elif key == "memory_gb":
            value = f"about {value:g}" if value else unknown
        elif key == "download_mb":
            value = value or unknown
        elif key in ("sample_rate", "channels"):
            value = value or "its own"
        elif key == "needs_gpu":
            value = "yes" if value else "no"
        elif key == "on_disk":
            value = (
                f"{value['folder']} (revision {value['revision']}, {value['mb']} MB)" if value else "nothing"
            )
        elif key in ("pinned", "credit", "licence_url"):
            value = value or "none"
        click.echo(f"{key.replace('_', ' '):16} {value}")


@command.command()
@click.argument("names", nargs=-1)
@click.option("--project", type=click.Path(path_type=Path), help="The game's folder.")
@click.option("--revision", help="A branch, tag or commit; default: the lock's pin, else the newest.")
@click.option("--update", is_flag=True, help="Leave the lock's pin and take the newest revision.")
@click.option("--mirror", metavar="URL", help="Ask this Hub in place of huggingface.co; also HF_ENDPOINT.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    help="Fill this folder, to be carried elsewhere.",
)
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path, file_okay=False),
    help="Copy out of a folder that --into filled: no network is asked.",
)
def fetch(
    names: tuple[str, ...],
    project: Path | None,
    revision: str | None,
    update: bool,
    mirror: str | None,
    into: Path | None,
    source: Path | None,
) -> None:
    """Download weights: the models NAMED, or without names all that the project's manifests need.

    A download that was cut off goes on where it stopped. Every file's checksum is looked at, also of what is here already.
    """
    if source is not None and (mirror or into):
        raise click.UsageError("--from asks no network: it goes with neither --mirror nor --into.")
    if mirror and not mirror.startswith(("http://", "https://")):
        raise click.UsageError("--mirror is a URL, as https://hub.example.org")
    pins: dict[str, str] = {}
    root: Path | None = None
    infos = [_found(name) for name in names]
    if not names or project is not None or _has_project():
        root = find_root(project or Path())
        pins = dict(lockfile.read(root / LOCK_FILE).models)
        if not names:
            loaded, sounds = load(root, installed())
            infos = list({info.model: info for sound in sounds for info in sound.models}.values())
            if any(sound.candidates > 1 for sound in sounds):
                infos.append(ranker_of(loaded, installed()))
    faces = installed().face
    wanted = [
        info
        for info in infos
        if weights.hub_id(info.where) and not isinstance(faces(info), DescribedInProject)
    ]
    # A folder of the project may have the shape of a Hub id. The Hub is never asked for it, not even where it is missing:
    # somebody else may have a repository of that name.
    folders = [
        info
        for info in wanted
        if root is not None
        and (weights.project_folder(info.where, root) or pins.get(info.model, "").startswith("sha256:"))
    ]
    wanted = [info for info in wanted if info not in folders]
    if names:
        for info in infos:
            if info in folders:
                click.echo(f"{info.name} is a folder of the project: it needs no download", err=True)
            elif info not in wanted:
                click.echo(f"{info.name} needs no download", err=True)
    elif not wanted:
        click.echo(
            f"the manifests need no weights{' but folders of the project' if folders else ''}", err=True
        )
    has_failed = False
    for info in wanted:
        pinned = revision or (None if update else pins.get(info.model))

        face = installed().face(info)
        choose = face.wanted_files if isinstance(face, HasWeightFiles) else weights.wanted_files
        get: Callable[..., weights.Weights]
        if source is not None:
            get = partial(fetching.copy_from, source, info.where, revision=pinned, wanted=choose)
        else:
            get = partial(
                fetching.fetch, info.where, revision=pinned, mirror=mirror, into=into, wanted=choose
            )
        try:
            found = _shown(info, get)
        except ModelUnavailable as error:  # the others are fetched all the same
            show_error(error, as_json=False)
            has_failed = True
        else:
            click.echo(f"{info.name} is at {found.folder} (revision {found.revision})")
    if has_failed:
        raise SystemExit(ModelUnavailable.exit_code)


def _shown(info: ModelInfo, get: Callable[..., weights.Weights]) -> weights.Weights:
    """Get weights and show how far that is: bars on a terminal, a line for each tenth elsewhere."""
    if not is_terminal():
        click.echo(f"fetching {info.where} …", err=True)
        tenths = 0

        def tell_tenths(done: int, total: int) -> None:
            nonlocal tenths
            now = done * 10 // total if total else 0
            if tenths < now < 10:
                click.echo(f"  {now * 10} % of {total / 1e6:.0f} MB", err=True)
            tenths = max(tenths, now)

        return get(on_bytes=tell_tenths)
    from rich.console import Console
    from rich.progress import DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn(info.where), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("bytes", total=None)

        def show_bytes(done: int, total: int) -> None:
            bars.update(task, completed=done, total=total)

        return get(on_bytes=show_bytes)


def _has_project() -> bool:
    try:
        find_root(Path())
    except ProjectError:
        return False
    return True


def _found(name: str) -> ModelInfo:
    catalog = installed()
    info = catalog.find(name) or (catalog.ranker(name) if ":" in name else None)
    if info is None and _has_project():
        info, wrong = catalog.find_in(name, SourceFiles(find_root(Path()), STATE_FOLDER, {}))
        if wrong:
            told = (str(mistake_of(each)) if each.path else each.what for each in wrong)
            raise ProjectError("; ".join(told), hint=wrong[0].hint)
    if info is None:
        hint = did_you_mean(name, catalog.models()) or "sfxgen models list shows them"
        raise ProjectError(f"unknown model '{name}'", hint=hint)
    return info


def _around() -> tuple[Path, dict[str, str]]:
    """Return the folder that models are looked for in, and the lock's pins: the project's, where this is in one."""
    if not _has_project():
        return Path(), {}
    root = find_root(Path())
    try:
        return root, dict(lockfile.read(root / LOCK_FILE).models)
    except LockError:
        return root, {}


def _facts(info: ModelInfo, around: tuple[Path, dict[str, str]]) -> dict[str, Any]:
    root, pins = around
    found = _on_disk(info, root, pins.get(info.model))
    return {
        "name": info.name,
        "summary": info.summary,
        "model": info.model,
        "licence": info.licence,
        "licence_url": info.licence_url,
        "commercial": info.commercial,
        "credit": info.credit,
        "sample_rate": info.sample_rate,
        "channels": info.channels,
        "max_duration_s": info.max_duration_s,
        "accepts": sorted(info.accepts),
        "defaults": dict(info.defaults),
        "needs_gpu": info.needs_gpu,
        "memory_gb": info.needed_gb,
        "download_mb": info.download_mb,
        "here": not info.where
        or isinstance(installed().face(info), DescribedInProject)
        or (found is not None and not _missing(info, found.folder)),
        "on_disk": None if found is None else _disk_json(found),
        "pinned": pins.get(info.model),
    }


def _missing(info: ModelInfo, folder: Path) -> list[str]:
    face = installed().face(info)
    return face.missing_files(folder) if isinstance(face, HasWeightFiles) else weights.missing_files(folder)


def _on_disk(info: ModelInfo, root: Path, pinned: str | None) -> weights.Weights | None:
    """Return a model's weights at the pinned revision, or else at what this disk has."""
    if not info.where:
        return None
    try:
        return weights.locate(info.where, root, pinned) or weights.locate(info.where, root)
    except (ModelUnavailable, OSError):
        return None


def _disk_json(found: weights.Weights) -> dict[str, Any]:
    sizes = []
    for path in found.folder.rglob("*"):
        with suppress(OSError):  # a download under way
            if path.is_file():
                sizes.append(path.stat().st_size)
    return {"revision": found.revision, "mb": round(sum(sizes) / 1e6), "folder": str(found.folder)}
