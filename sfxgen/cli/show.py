"""How things are worded and shown: results on stdout, progress and errors on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from sfxgen.errors import ManifestError, SfxgenError
from sfxgen.plan import ACTIONS, Plan, Step
from sfxgen.project import LOCK_FILE

JSON_VERSION = 1
SOUNDS_NAMED = 3
"""How many sounds are named where many have the same fate."""
LOCK_STALE = "it is in a merge conflict, or holds what nothing needs or what is not so any more"

_COLOURS = {
    "restore": "cyan",
    "encode": "cyan",
    "master": "blue",
    "generate": "green",
    "remove": "yellow",
    "conflict": "red",
}


def styled(text: str, **style: Any) -> str:
    """Style a text, unless NO_COLOR says not to; click drops styles where there is no terminal."""
    return text if os.environ.get("NO_COLOR") else click.style(text, **style)


def show_error(error: SfxgenError, *, as_json: bool, root: Path | None = None) -> None:
    """Show an error for the person who can mend it. `root` is the project's, where it is known."""
    if as_json:
        print_json({"error": error_json(error), "exit_code": error.exit_code})
    if isinstance(error, ManifestError):
        for mistake in error.mistakes:
            click.echo(f"{mistake}" + (f"\n  hint: {mistake.hint}" if mistake.hint else ""), err=True)
            text = f"{mistake.where}: {mistake.what}" if mistake.where else mistake.what
            annotate(text, mistake.path, mistake.line, root=root)
        click.echo(styled(error.message, fg="red"), err=True)
        return
    click.echo(f"{styled('error:', fg='red')} {error.message}", err=True)
    if error.hint:
        click.echo(f"  hint: {error.hint}", err=True)
    annotate(error.message)


def error_json(error: SfxgenError) -> dict[str, Any]:
    """Return an error in its JSON form."""
    value: dict[str, Any] = {"message": error.message, "hint": error.hint}
    if isinstance(error, ManifestError):
        names = ("path", "line", "where", "what", "hint")
        value["mistakes"] = [{name: getattr(mistake, name) for name in names} for mistake in error.mistakes]
    return value


def annotate(text: str, path: str = "", line: int = 0, *, root: Path | None = None) -> None:
    """Mark a place in a pull request, where GitHub Actions runs us. `path` is relative to the project's root.

    GitHub wants paths relative to the repository, which the game may be a folder of.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return
    repository = os.environ.get("GITHUB_WORKSPACE")
    if path and root is not None and repository and root.is_relative_to(repository):
        path = (root.relative_to(repository) / path).as_posix()
    place = f" file={_escaped(path, in_property=True)},line={max(1, line)}" if path else ""
    click.echo(f"::error{place}::{_escaped(text)}", err=True)


def place_of(step: Step) -> tuple[str, int]:
    """Return the manifest that an asset's sound is written in and its line there; for one that none names, the lock."""
    if step.wanted is None:
        return LOCK_FILE, 1
    place = step.wanted.sound.place
    return place.document.path, place.document.line(place.path)


def _escaped(text: str, *, in_property: bool = False) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if in_property else text


def print_json(value: dict[str, Any]) -> None:
    """Print a versioned JSON document on stdout."""
    click.echo(json.dumps({"version": JSON_VERSION, **value}, indent=1, allow_nan=False))


def step_json(step: Step, status: str) -> dict[str, Any]:
    """Return a step as the JSON form has it."""
    return {
        "engine": step.ref[0],
        "asset": step.ref[1],
        "sound": step.sound,
        "path": step.path,
        "action": step.action,
        "reasons": [{"why": str(reason.why), "detail": reason.detail} for reason in step.reasons],
        "draft": step.is_draft,
        "status": status,
    }


def counts_line(plan: Plan) -> str:
    """Word a plan's counts: `2 to generate, 1 to remove, 40 kept`."""
    counts = plan.counts()
    words = {"keep": "kept", "conflict": "in conflict"}
    parts = [f"{counts[a]} {words.get(a, 'to ' + a)}" for a in (*ACTIONS[1:], "keep") if counts[a]]
    return ", ".join(parts) or "no assets"


def show_steps(steps: Iterable[Step]) -> None:
    """Show steps a line a sound, variants of the same fate together."""
    groups: dict[tuple[str, str, str, bool], list[Step]] = {}
    for step in steps:
        why = "; ".join(str(reason) for reason in step.reasons)
        groups.setdefault((step.action, step.sound, why, step.is_draft), []).append(step)
    width = max((len(sound) for _, sound, _, _ in groups), default=0)
    for (action, sound, why, draft), members in groups.items():
        word = styled(f"{action:9}", fg=_COLOURS.get(action))
        mark = styled(" draft", fg="magenta") if draft and action not in ("remove", "conflict") else ""
        click.echo(f"  {word} {sound:{width}}  {_variants(members)}{mark}  {why}")
        if action == "conflict":
            for step in members:
                click.echo(f"            {step.path}")


def show_rest(plan: Plan) -> None:
    """Name what is stale besides assets: folders without their sidecar, and the lock itself."""
    if not plan.stale:  # with new assets the folders are on their way
        for _, folder in plan.folders:
            click.echo(f"  {styled('restore  ', fg='cyan')} {folder}/  its sidecar is missing")
    if plan.lock_is_stale:
        click.echo(f"  {styled('restore  ', fg='cyan')} {LOCK_FILE}  {LOCK_STALE}")


def _variants(steps: Sequence[Step]) -> str:
    numbers = [step.ref[1].rsplit("_", 1)[-1] for step in steps]
    if len(numbers) > 2 and int(numbers[-1]) - int(numbers[0]) == len(numbers) - 1:
        return f"{numbers[0]}–{numbers[-1]}"
    return " ".join(numbers[:6]) + (" …" if len(numbers) > 6 else "")


def counted(assets: int) -> str:
    """Word a number of assets."""
    return f"{assets} asset{'s' * (assets != 1)}"


def of_sounds(sounds: Sequence[str]) -> str:
    """Name sounds, the first few of many."""
    left = len(sounds) - SOUNDS_NAMED
    named = [*sounds[:SOUNDS_NAMED], *([f"{left} more sound{'s' * (left > 1)}"] if left > 0 else [])]
    return " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))


def show_where(root: Path, steps: Iterable[Step]) -> None:
    """Say in which folders the assets stand."""
    folders = Counter((root / step.path).parent for step in steps)
    for folder, count in sorted(folders.items()):
        click.echo(f"  {shortened(folder)}{os.sep}  {count} file{'s' * (count != 1)}")


def shortened(path: Path) -> str:
    """Word a path relative to the current folder where that is shorter."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def is_terminal() -> bool:
    """Whether progress may be drawn: stderr is a terminal, and not a dumb one."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
