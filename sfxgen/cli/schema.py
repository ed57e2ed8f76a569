"""`sfxgen schema`."""

from __future__ import annotations

import json
from typing import Any

import click

from sfxgen.catalog import installed
from sfxgen.schema import Language

LINE = 160
"""How long a line of the printed schema may be."""


@click.command()
@click.argument("which", type=click.Choice(["manifest", "project"]), default="manifest")
def command(which: str) -> None:
    """Print the JSON Schema of manifests, or of sfxgen.yaml (WHICH: manifest, project)."""
    click.echo(schema_text(which), nl=False)


def schema_text(which: str) -> str:
    """Return a schema's text, as it is printed and as `init` writes it."""
    language = Language(installed())
    schema = language.manifest_schema() if which == "manifest" else language.project_schema()
    return _text(schema, 0) + "\n"


def _text(value: Any, depth: int) -> str:
    """Return JSON with what fits on a line on one line: a parameter is a row, and a change of one a line's diff."""
    whole = json.dumps(value, ensure_ascii=False)
    if depth + len(whole) <= LINE or not isinstance(value, dict | list) or not value:
        return whole
    inner, outer = " " * (depth + 1), " " * depth
    if isinstance(value, list):
        rows = [_text(item, depth + 1) for item in value]
        return "[\n" + ",\n".join(inner + row for row in rows) + f"\n{outer}]"
    rows = [f"{json.dumps(key)}: {_text(item, depth + 1)}" for key, item in value.items()]
    return "{\n" + ",\n".join(inner + row for row in rows) + f"\n{outer}}}"
