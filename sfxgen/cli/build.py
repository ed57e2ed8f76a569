"""`sfxgen build`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from sfxgen.build import Failure, Report, build, changes_lock
from sfxgen.catalog import installed
from sfxgen.cli.bug import log_bug
from sfxgen.cli.options import (
    json_option,
    options_of,
    planning_options,
    project_option,
    rebuild_option,
    root_of,
)
from sfxgen.cli.plan import print_plan, warn, warning
from sfxgen.cli.progress import ProgressView
from sfxgen.cli.show import (
    LOCK_STALE,
    annotate,
    counted,
    of_sounds,
    place_of,
    print_json,
    shortened,
    show_steps,
    show_where,
    step_json,
    styled,
)
from sfxgen.cli.stop import Stop
from sfxgen.errors import BugError
from sfxgen.lacking import drafted
from sfxgen.project import LOCK_FILE
from sfxgen.wanted import DRAFT_MODEL
from sfxgen.workspace import Options, open_workspace


@click.command()
@project_option
@planning_options
@rebuild_option
@click.option("--locked", is_flag=True, help="Fail instead of changing the lock.")
@click.option(
    "--offline", is_flag=True, help="Let no model ask the network; sfxgen's own never do in a build."
)
@click.option("--dry-run", is_flag=True, help="Only show what would be done, as plan does.")
@json_option
def command(
    directory: Path | None, project: Path | None, dry_run: bool, as_json: bool, **values: Any
) -> None:
    """Make what is stale: generate, master, encode, write.

    One sound's failure stops no other. What was edited by hand is left alone, and reported.
    """
    root = root_of(directory, project)
    options = options_of(values)
    if options.offline:
        os.environ["HF_HUB_OFFLINE"] = "1"  # before any library that could ask is imported
    if dry_run:
        workspace = open_workspace(root, installed(), options)
        plan = workspace.plan(options, glance=True)
        refused = options.locked and (plan.lock_is_stale or any(map(changes_lock, plan.stale)))
        print_plan(workspace, plan, options, as_json=as_json, verb="build", exit_code=int(refused))
        raise SystemExit(int(refused))
    with Stop() as stop, ProgressView(quiet=as_json) as view:
        report = build(root, installed(), options, on_event=view, cancelled=stop.is_asked)
    if as_json:
        print_json(report_json(report))
    else:
        show_report(report)
    annotate_failures(report)
    bugs = [failure.error for failure in report.failures if isinstance(failure.error, BugError)]
    if bugs:
        click.echo(log_bug(*bugs), err=True)
    raise SystemExit(report.exit_code)


def report_json(report: Report) -> dict[str, Any]:
    """Return a build's result in its JSON form."""
    failures = {failure.step.ref: failure.error for failure in report.failures if failure.step}
    done = {step.ref for step in report.done}
    refused = {step.ref for step in report.refused}
    steps = []
    for step in report.plan.steps:
        if step.ref in failures:
            error = failures[step.ref]
            steps.append({**step_json(step, "failed"), "error": error.message, "hint": error.hint})
            continue
        status = "done" if step.ref in done else "refused" if step.ref in refused else "not done"
        status = {"keep": "kept", "conflict": "conflict"}.get(step.action, status)
        steps.append(step_json(step, status))
    return {
        "command": "build",
        "project": str(report.workspace.root),
        "exit_code": report.exit_code,
        "lock_changed": report.lock_changed,
        "counts": report.plan.counts(),
        "steps": steps,
        "folders": [folder for _, folder in report.plan.folders],
        "lock_stale": report.plan.lock_is_stale,
        "folder_failures": [
            {"folder": failure.name, "error": failure.error.message, "hint": failure.error.hint}
            for failure in report.failures
            if failure.step is None
        ],
    }


def show_report(report: Report) -> None:
    """Say what was made and where, what was not, and what to do about it."""
    root = report.workspace.root
    if report.is_refused:
        show_steps(report.refused)
        what = f" for {counted(len(report.refused))}" if report.refused else f": {LOCK_STALE}"
        click.echo(f"the lock would change{what}; --locked forbids that")
        click.echo("  hint: run sfxgen build, and commit sfxgen.lock with the assets")
        return
    if report.plan.is_empty:
        kept = report.plan.part("keep")
        click.echo(f"nothing to do: {counted(len(kept))} up to date in {_folders(report)}")
        if report.lock_changed:
            click.echo(f"{LOCK_FILE} has what this release keeps besides: commit it")
        _mention_drafts(report)
        return
    for found in drafted(report.workspace, report.done, Options()):
        warn(*warning(found))
    show_steps(sorted(report.done, key=lambda step: step.ref))
    show_steps(report.conflicts)
    made = [step for step in report.done if step.action != "remove"]
    removed = len(report.done) - len(made)
    kept = report.plan.part("keep")
    words = [f"made {counted(len(made))}" if made else "", f"removed {removed}" if removed else ""]
    folders = 0 if report.plan.stale else len(report.plan.folders)
    words += [f"restored {folders} folder sidecar{'s' * (folders != 1)}" if folders else ""]
    words += ["wrote the lock anew" if report.lock_changed and not report.done and not folders else ""]
    words += [f"kept {len(kept)}" if kept else ""]
    click.echo(", ".join(word for word in words if word) or "nothing was made")
    show_where(root, made)
    _mention_drafts(report)
    if report.conflicts:
        click.echo(styled(f"{len(report.conflicts)} left alone: not as sfxgen left it", fg="red"))
        click.echo("  hint: keep what is yours elsewhere, or let sfxgen replace it with --force")
    if report.failures:
        click.echo(styled(f"{len(report.failures)} failed", fg="red") + ": see above")
    if report.cancelled:
        click.echo("stopped; the next build goes on from here")


def annotate_failures(report: Report) -> None:
    """Mark each thing that failed once, where the first sound that it stopped is written."""
    alike: dict[tuple[str, str], list[Failure]] = {}
    for failure in report.failures:
        alike.setdefault((failure.error.message, failure.error.hint), []).append(failure)
    for (message, _), (first, *others) in alike.items():
        steps = [failure.step for failure in (first, *others) if failure.step is not None]
        steps.sort(key=lambda step: step.ref)  # those that failed in threads came in any order
        sounds = list(dict.fromkeys(step.sound for step in steps))
        name = f"{counted(len(steps))} of {of_sounds(sounds)}" if others and steps else first.name
        path, line = place_of(steps[0]) if steps else ("", 0)
        annotate(f"{name}: {message}", path, line, root=report.workspace.root)


def _folders(report: Report) -> str:
    project = report.workspace.project
    return ", ".join(shortened(project.root / folder) for folder in project.assets.values()) or "no folder"


def _mention_drafts(report: Report) -> None:
    drafts = {ref for ref, record in report.records.items() if record.draft}
    drafted = (asset.sound for asset in report.workspace.wanted if asset.ref in drafts)
    models = sorted({info.name for sound in drafted for info in sound.models if info.adapter != DRAFT_MODEL})
    if drafts:
        click.echo(f"{counted(len(drafts))} drafted by the synthesizer, standing in for {', '.join(models)}")
        click.echo(
            "  hint: a machine that can run the model replaces them; sfxgen doctor says what is missing here"
        )
