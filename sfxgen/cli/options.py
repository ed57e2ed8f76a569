"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from sfxgen.cli.invocation import Invocation
from sfxgen.errors import ProjectError
from sfxgen.project import find_root
from sfxgen.workspace import Options

Command = TypeVar("Command", bound=Callable[..., Any])


def project_option(command: Command) -> Command:
    """Add DIR and --project: where the game repo is."""
    command = click.argument("directory", required=False, type=click.Path(path_type=Path))(command)
    return click.option(
        "--project", type=click.Path(path_type=Path), help="The game's folder; the same as DIRECTORY."
    )(command)


def json_option(command: Command) -> Command:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout (docs/json.md).")(
        command
    )


def planning_options(command: Command) -> Command:
    """Add what a plan and a build are asked with."""
    for option in (
        click.option("--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), help="Where models run."),
        click.option("--force", is_flag=True, help="Replace what was edited by hand."),
        click.option("--draft", is_flag=True, help="Let the synthesizer stand in where a model cannot run."),
        click.option(
            "--only", multiple=True, metavar="GLOB", help="Only sounds with such an id; may repeat."
        ),
    ):
        command = option(command)
    return command


def rebuild_option(command: Command) -> Command:
    """Add --rebuild, which a watch has no use for: it would make everything anew at every save."""
    return click.option(
        "--rebuild", is_flag=True, help="Generate anew all that is not frozen, stale or not."
    )(command)


def root_of(directory: Path | None, project: Path | None) -> Path:
    """Return the project's root from DIRECTORY or --project, or by looking upwards from here."""
    if directory is not None and project is not None:
        raise click.UsageError("DIRECTORY and --project name the project twice: give one.")
    start = directory or project or Path()
    if not start.exists():
        # Without this a mistyped folder inside a game would mean the game itself.
        raise ProjectError(f"there is no folder {start}", hint="name the game's folder, or leave it out")
    root = find_root(start)
    invocation = click.get_current_context().find_object(Invocation)
    if invocation is not None:
        invocation.root = root
    return root


def options_of(values: dict[str, Any]) -> Options:
    """Return the options value from a verb's parameters."""
    known = Options.__dataclass_fields__
    return Options(**{name: value for name, value in values.items() if name in known and value is not None})
