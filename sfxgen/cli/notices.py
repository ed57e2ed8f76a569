"""`sfxgen notices`."""

from __future__ import annotations

from pathlib import Path

import click

from sfxgen import lock as lockfile
from sfxgen.catalog import installed
from sfxgen.cli.options import json_option, project_option, root_of
from sfxgen.cli.show import print_json, shortened
from sfxgen.contracts import Catalog
from sfxgen.errors import ProjectError
from sfxgen.lock import Credit, Lock
from sfxgen.project import LOCK_FILE


@click.command()
@project_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the page to this file.")
@json_option
def command(directory: Path | None, project: Path | None, out: Path | None, as_json: bool) -> None:
    """Write credits, licences and an AI-content disclosure, from the lock alone.

    Markdown: which model made which assets, under which licence, and whether a game that is sold may ship them.
    """
    from sfxgen.report.notices import notices

    root = root_of(directory, project)
    if not (root / LOCK_FILE).exists():
        raise ProjectError(f"there is no {LOCK_FILE} in {root}", hint="sfxgen build writes it")
    lock = lockfile.read(root / LOCK_FILE)
    found = notices(lock, _installed_credits(lock, installed()))
    if as_json:
        print_json({"command": "notices", "project": str(root), **found.as_json()})
    if out is not None:
        try:
            out.write_text(found.markdown(), encoding="utf-8")
        except OSError as error:
            raise ProjectError(f"{out} cannot be written: {error.strerror}") from error
        if not as_json:
            click.echo(
                f"wrote {shortened(out)}: {len(found.used)} models, {len(found.problems)} to be settled"
            )
    elif not as_json:
        click.echo(found.markdown(), nl=False)


def _installed_credits(lock: Lock, catalog: Catalog) -> dict[str, Credit]:
    """Return what the installed models say of themselves, for a lock of an older release that holds no credits."""
    found = {}
    for model in {model for record in lock.assets.values() for model in record.makers} - set(lock.credits):
        info = catalog.find(model)
        if info is not None:
            found[model] = Credit(
                licence=info.licence,
                licence_url=info.licence_url,
                commercial=info.commercial,
                credit=info.credit,
                is_recorded=info.is_recorded,
            )
    return found
