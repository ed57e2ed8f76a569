"""`sfxgen doctor`."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from sfxgen import __version__
from sfxgen.catalog import installed
from sfxgen.cli.options import json_option, project_option, root_of
from sfxgen.cli.show import print_json, styled
from sfxgen.errors import ManifestError, ProjectError, SfxgenError
from sfxgen.store.local import default_folder
from sfxgen.workspace import Options, open_workspace

Finding = dict[str, Any]


@click.command()
@project_option
@json_option
def command(directory: Path | None, project: Path | None, as_json: bool) -> None:
    """Show what this machine can do, and what is missing for the rest."""
    findings = [_python(), *_libraries(), _gpu(), _ffmpeg(), _store()]
    try:
        root: Path | None = root_of(directory, project)
    except ProjectError as error:
        if directory is not None or project is not None:
            raise
        findings.append(_finding("project", False, error.message, error.hint))
        root = None
    if root is not None:
        findings += _project(root)
    if as_json:
        print_json({"command": "doctor", "findings": findings})
        return
    for finding in findings:
        mark = styled("ok  ", fg="green") if finding["ok"] else styled("no  ", fg="yellow")
        click.echo(f"{mark} {finding['what']:14} {finding['says']}")
        if finding["hint"]:
            click.echo(f"     {'':14} hint: {finding['hint']}")


def _finding(what: str, ok: bool, says: str, hint: str = "") -> Finding:
    return {"what": what, "ok": ok, "says": says, "hint": hint}


def _python() -> Finding:
    says = f"sfxgen {__version__}, Python {platform.python_version()}, {sys.platform} {platform.machine()}"
    return _finding("sfxgen", True, f"{says}, {os.cpu_count()} cores")


def _libraries() -> list[Finding]:
    return [
        _library("audio", ("numpy", "soxr", "soundfile", "pydub"), "pip install sfxgen"),
        _library(
            "models", ("torch", "diffusers", "transformers", "safetensors"), "pip install 'sfxgen[models]'"
        ),
        _library("plots", ("matplotlib",), "pip install 'sfxgen[plots]'"),
    ]


def _library(what: str, names: tuple[str, ...], hint: str) -> Finding:
    found, missing = [], []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return _finding(what, False, f"not installed: {', '.join(missing)}", hint)
    return _finding(what, True, ", ".join(found))


def _gpu() -> Finding:
    if find_spec("torch") is None:
        return _finding("gpu", False, "unknown: torch is not installed", "pip install 'sfxgen[models]'")
    import torch

    if torch.cuda.is_available():
        memory = torch.cuda.get_device_properties(0).total_memory / 2**30
        return _finding("gpu", True, f"{torch.cuda.get_device_name(0)}, {memory:.0f} GiB")
    if torch.backends.mps.is_available():
        return _finding("gpu", True, "Apple GPU (mps)")
    return _finding(
        "gpu", False, "none that torch can use", "--device cpu runs models on the processor; --draft drafts"
    )


def _ffmpeg() -> Finding:
    path = shutil.which("ffmpeg")
    hint = "" if path else "only m4a, mp4 and wma files need it"
    return _finding("ffmpeg", path is not None, path or "not found", hint)


def _store() -> Finding:
    folder = default_folder()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    blobs = folder / "blobs"
    size = sum(file.stat().st_size for file in blobs.rglob("*") if file.is_file()) if blobs.exists() else 0
    enough = free > 2**30 and os.access(existing, os.W_OK)
    hint = "" if enough else "free some disk, or name another folder with SFXGEN_STORE"
    return _finding("store", enough, f"{folder}: {size / 1e6:.0f} MB; {free / 1e9:.0f} GB free", hint)


def _project(root: Path) -> list[Finding]:
    try:
        workspace = open_workspace(root, installed())
    except ManifestError as error:
        return [_finding("project", False, f"{root}: {error.message}", "sfxgen plan shows them")]
    except SfxgenError as error:
        return [_finding("project", False, error.message, error.hint)]
    sounds, assets = len(workspace.sounds), len(workspace.wanted)
    findings = [_finding("project", True, f"{root}: {sounds} sounds, {assets} assets")]
    models = {info.model: info for sound in workspace.sounds for info in sound.models}
    for _, info in sorted(models.items()):
        problem = workspace.unavailable(info, Options())
        says = problem.message if problem else "can run here"
        findings.append(_finding(info.name, problem is None, says, problem.hint if problem else ""))
    return findings
