"""`sfxgen plan`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

from sfxgen import drafts
from sfxgen.catalog import installed
from sfxgen.cli.explain import show_explanations
from sfxgen.cli.options import (
    json_option,
    options_of,
    planning_options,
    project_option,
    rebuild_option,
    root_of,
)
from sfxgen.cli.show import (
    counted,
    counts_line,
    of_sounds,
    print_json,
    show_rest,
    show_steps,
    step_json,
    styled,
)
from sfxgen.lacking import Lacking, lacking
from sfxgen.plan import Plan
from sfxgen.workspace import Options, Workspace, open_workspace


@click.command()
@project_option
@planning_options
@rebuild_option
@click.option("--check", is_flag=True, help="Exit with 1 when anything is stale.")
@click.option(
    "--explain", metavar="SOUND", help="Show instead what the synthesizer understands of a sound's prompt."
)
@json_option
def command(
    directory: Path | None,
    project: Path | None,
    check: bool,
    explain: str | None,
    as_json: bool,
    **values: Any,
) -> None:
    """Show what a build would do, and why. Touches nothing."""
    options = options_of(values)
    workspace = open_workspace(root_of(directory, project), installed(), options)
    if explain is not None and check:
        raise click.UsageError("--explain makes no plan that --check could judge.")
    if explain is not None:
        show_explanations(workspace, explain, as_json=as_json)
        return
    plan = workspace.plan(options, glance=True)
    code = 1 if check and not plan.is_empty else 0
    print_plan(workspace, plan, options, as_json=as_json, verb="plan", exit_code=code)
    raise SystemExit(code)


def print_plan(
    workspace: Workspace,
    plan: Plan,
    options: Options,
    *,
    as_json: bool,
    verb: Literal["plan", "build"],
    exit_code: int = 0,
) -> None:
    """Print a plan for people or machines, with what of it this machine cannot do."""
    missing = lacking(workspace, plan, options)
    if as_json:
        print_json(
            {
                "command": verb,
                "project": str(workspace.root),
                "exit_code": exit_code,
                "counts": plan.counts(),
                "steps": [
                    step_json(step, "kept" if step.action == "keep" else "planned") for step in plan.steps
                ],
                "folders": [folder for _, folder in plan.folders],
                "lock_stale": plan.lock_is_stale,
                "unavailable": [_lacking_json(found) for found in missing],
            }
        )
        return
    show_steps(plan.stale)
    for message, hint in drafts.neutral(plan.steps, workspace.catalog):
        warn(message, hint)
    for found in missing:
        warn(*warning(found))
    show_rest(plan)
    click.echo(counts_line(plan) if not plan.is_empty else f"nothing to do: {counts_line(plan)}")


def warning(found: Lacking) -> tuple[str, str]:
    """Word that a model cannot run here, what comes of it, and what would do."""
    assets = f"{counted(len(found.steps))} of {of_sounds(found.sounds)}"
    what = f"so the synthesizer drafts {assets}" if found.is_drafted else f"{assets} cannot be made here"
    return f"{found.error.message}{',' if found.is_drafted else ';'} {what}", found.error.hint


def warn(message: str, hint: str) -> None:
    """Show a warning."""
    click.echo(
        f"{styled('warning:', fg='yellow')} {message}" + (f"\n  hint: {hint}" if hint else ""), err=True
    )


def _lacking_json(found: Lacking) -> dict[str, Any]:
    return {
        "name": found.model.name,
        "model": found.model.model,
        "error": found.error.message,
        "hint": found.error.hint,
        "drafted": found.is_drafted,
        "assets": len(found.steps),
        "sounds": list(found.sounds),
    }
