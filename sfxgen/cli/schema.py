"""`sfxgen schema`."""

from __future__ import annotations

import json

import click

from sfxgen.catalog import installed
from sfxgen.schema import Language


@click.command()
@click.argument("which", type=click.Choice(["manifest", "project"]), default="manifest")
def command(which: str) -> None:
    """Print the JSON Schema of manifests, or of sfxgen.yaml (WHICH: manifest, project)."""
    click.echo(schema_text(which), nl=False)


def schema_text(which: str) -> str:
    """Return a schema's text, as it is printed and as `init` writes it."""
    language = Language(installed())
    schema = language.manifest_schema() if which == "manifest" else language.project_schema()
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
