"""`sfxgen models install` and `sfxgen models trust`: models that live in an environment of their own."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import click

from sfxgen.errors import ModelUnavailable, ProjectError
from sfxgen.models import environments, exec_model, trust
from sfxgen.models.tortoise import ENVIRONMENT
from sfxgen.project import find_root
from sfxgen.wording import did_you_mean

ENVIRONMENTS = {ENVIRONMENT.name: ENVIRONMENT}


@click.command()
@click.argument("name")
@click.option("--python", metavar="PATH", help="Make it of this interpreter, and not of one that is found.")
@click.option("--where", is_flag=True, help="Install nothing; print where its Python is, or would be.")
@click.option("--verbose", is_flag=True, help="Show what pip says.")
def install(name: str, python: str | None, where: bool, verbose: bool) -> None:
    """Make the Python environment that the model NAME needs for itself. Uses the network, through pip."""
    environment = ENVIRONMENTS.get(name)
    if environment is None:
        hint = did_you_mean(name, ENVIRONMENTS) or "only these have one: " + ", ".join(ENVIRONMENTS)
        raise ProjectError(f"'{name}' has no environment of its own", hint=hint)
    if where:
        here = environments.python_of(environment)
        click.echo(f"{here}" if here else f"{environments.folder_of(environment)} (not installed)")
        return
    click.echo(f"installing {name} into {environments.folder_of(environment)} …", err=True)
    made = environments.create(
        environment,
        python=python,
        on_line=(lambda line: click.echo(line, err=True)) if verbose else None,
    )
    click.echo(f"{name} is installed; its Python is {made}")


@click.command(name="trust")
@click.argument("name")
@click.option("--project", type=click.Path(path_type=Path), help="The game's folder.")
@click.option("--forget", is_flag=True, help="Take it back.")
def trust_program(name: str, project: Path | None, forget: bool) -> None:
    """Allow the program of the model NAME (exec:path) to run on this machine, as it stands now. Runs nothing."""
    root = find_root(project or Path())
    adapter, _, where = name.partition(":")
    if adapter != exec_model.adapter.name or not where:
        raise ProjectError(f"{name} is no program", hint="sfxgen models trust exec:path/to/model.yaml")
    if forget:
        trust.trust(root / where, None)
        click.echo(f"{name} may not run here any more")
        return
    try:
        found = exec_model.find(where, root)
    except exec_model.DescriptionError as error:
        what = "; ".join(str(replace(mistake, path=where)) for mistake in error.mistakes)
        raise ModelUnavailable(what, hint=error.mistakes[0].hint) from error
    trust.trust(found.path, found.digest)
    click.echo(f"{name} may run on this machine, as long as it stays as it is:")
    words = (ascii(word)[1:-1] if not word.isprintable() else word for word in found.description.command)
    click.echo(f"  command  {shlex.join(words)}")
    click.echo(f"  in       {found.path.parent}")
    for file in found.files:
        click.echo(f"  file     {file}")
    click.echo(f"  digest   {found.digest}")
