"""`sfxgen verify`."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import Any

import click

from sfxgen.catalog import installed
from sfxgen.cli.bug import log_bug
from sfxgen.cli.options import json_option, options_of, project_option, root_of
from sfxgen.cli.progress import ProgressView
from sfxgen.cli.show import annotate, counted, print_json, styled
from sfxgen.cli.stop import Stop
from sfxgen.errors import BugError
from sfxgen.verify import Verdict, Verification, Verified, verify

_WORDS: dict[Verdict, str] = {
    "identical": "identical",
    "tolerated": "within tolerance",
    "different": "different",
    "unavailable": "could not be told",
}
_COLOURS = {"tolerated": "cyan", "different": "red", "unavailable": "yellow"}


@click.command()
@project_option
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), help="Where models run.")
@click.option("--only", multiple=True, metavar="GLOB", help="Only sounds with such an id; may repeat.")
@json_option
def command(directory: Path | None, project: Path | None, as_json: bool, **values: Any) -> None:
    """Generate everything anew and compare it with the lock. Nothing in the game, the lock or the store changes.

    Exits with 0 where all is identical or within tolerance, 1 where something is different, 3 where something could not
    be made here. What differs between the lock's environment and this one is named.
    """
    root = root_of(directory, project)
    with Stop() as stop, ProgressView(quiet=as_json) as view:
        found = verify(root, installed(), options_of(values), on_event=view, cancelled=stop.is_asked)
    if as_json:
        print_json(_json(found))
    else:
        _show(found)
    for asset in found.assets:
        if asset.verdict == "different" and asset.record is not None:
            annotate(f"{asset.ref[1]}: {asset.reason}", asset.record.path, 1, root=root)
    bugs = [asset.error for asset in found.assets if isinstance(asset.error, BugError)]
    if bugs:
        click.echo(log_bug(*bugs), err=True)
    raise SystemExit(found.exit_code)


def _show(found: Verification) -> None:
    width = max((len(asset.ref[1]) for asset in found.assets), default=0)
    told = [asset for asset in found.assets if asset.verdict != "identical"]
    for asset, following in zip_longest(told, told[1:]):
        word = styled(f"{_WORDS[asset.verdict]:17}", fg=_COLOURS[asset.verdict])
        click.echo(f"  {word} {asset.ref[1]:{width}}  {asset.reason or _by_how_much(asset)}")
        if asset.hint and (following is None or following.hint != asset.hint):  # once for those in a row
            click.echo(f"    hint: {asset.hint}")
    counts = [f"{count} {_WORDS[verdict]}" for verdict, count in found.counts().items() if count]
    drafts = sum(asset.record is not None and asset.record.draft for asset in found.assets)
    words = f"{counted(len(found.assets))}: {', '.join(counts)}" if counts else "nothing to verify"
    click.echo(words + (f"; {drafts} drafts" if drafts else ""))
    if found.environment:
        click.echo("this environment is not the lock's:")
        for name, pairs in found.environment.items():
            for before, here in sorted(pairs, key=str):
                click.echo(f"  {name}: {before or 'not there'} in the lock, {here or 'not there'} here")
    if found.cancelled:
        click.echo("stopped")


def _by_how_much(asset: Verified) -> str:
    if asset.likeness is not None:
        return f"likeness {asset.likeness:.4f}"
    return f"differs by {asset.difference_db:.1f} dB re its peak" if asset.difference_db is not None else ""


def _json(found: Verification) -> dict[str, Any]:
    return {
        "command": "verify",
        "project": str(found.root),
        "exit_code": found.exit_code,
        "counts": found.counts(),
        "assets": [
            {
                "engine": asset.ref[0],
                "asset": asset.ref[1],
                "sound": asset.record.sound if asset.record else "",
                "model": asset.record.model if asset.record else "",
                "draft": bool(asset.record and asset.record.draft),
                "verdict": asset.verdict,
                "reason": asset.reason,
                "hint": asset.hint,
                "difference_db": asset.difference_db,
                "likeness": asset.likeness,
                "environment": _pairs(asset.environment),
            }
            for asset in found.assets
        ],
    }


def _pairs(environment: Any) -> dict[str, Any]:
    return {name: {"lock": before, "here": here} for name, (before, here) in environment.items()}
