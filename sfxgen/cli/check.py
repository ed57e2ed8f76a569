"""`sfxgen check`."""

from __future__ import annotations

from pathlib import Path

import click

from sfxgen.catalog import installed
from sfxgen.cli.options import json_option, project_option, root_of
from sfxgen.cli.show import (
    LOCK_STALE,
    annotate,
    counted,
    counts_line,
    error_json,
    place_of,
    print_json,
    show_error,
    show_rest,
    show_steps,
    step_json,
    styled,
)
from sfxgen.cli.subtitles import stale as stale_subtitles
from sfxgen.errors import ProjectError
from sfxgen.plan import Why
from sfxgen.project import LOCK_FILE
from sfxgen.workspace import open_workspace

UNKNOWN = (Why.FILE_UNKNOWN, Why.SIDECAR_UNKNOWN)


@click.command()
@project_option
@click.option("--allow-drafts", is_flag=True, help="Accept drafts by the synthesizer.")
@json_option
def command(directory: Path | None, project: Path | None, allow_drafts: bool, as_json: bool) -> None:
    """Do manifests, lock and assets agree? The CI gate: no GPU, no torch, no network, nothing written.

    Exits with 1 when anything is stale, was edited by hand, or is a draft. That goes for subtitles, too, where
    sfxgen.yaml names a folder for them.
    """
    workspace = open_workspace(root_of(directory, project), installed())
    plan = workspace.check_plan()
    drafts = [step for step in plan.part("keep") if step.is_draft]
    refused = [] if allow_drafts else drafts
    subtitles: tuple[str, ...] = ()
    trouble: ProjectError | None = None
    try:
        subtitles = stale_subtitles(workspace, plan)
    except ProjectError as error:
        trouble = error  # told last: what else is stale is not hidden by it
    ok = plan.is_empty and not refused and not subtitles and trouble is None
    code = trouble.exit_code if trouble is not None else 0 if ok else 1
    if as_json:
        print_json(
            {
                "command": "check",
                "project": str(workspace.root),
                "exit_code": code,
                "counts": plan.counts(),
                "drafts": len(drafts),
                "steps": [
                    step_json(step, "kept" if step.action == "keep" else "stale") for step in plan.steps
                ],
                "folders": [folder for _, folder in plan.folders],
                "lock_stale": plan.lock_is_stale,
                "subtitles_stale": list(subtitles),
                **({"error": error_json(trouble)} if trouble is not None else {}),
            }
        )
    else:
        show_steps(plan.stale)
        show_rest(plan)
        if ok:
            click.echo(
                f"up to date: {counts_line(plan)}" + (f", {len(drafts)} of them drafts" if drafts else "")
            )
        if not plan.is_empty:
            click.echo(styled(f"stale: {counts_line(plan)}", fg="red"))
            click.echo("  hint: run sfxgen build, and commit the assets with sfxgen.lock")
        if plan.part("conflict"):
            if any(reason.why in UNKNOWN for step in plan.part("conflict") for reason in step.reasons):
                click.echo("  hint: was a build stopped? the next one takes over what that left there")
            click.echo("  hint: what was edited by hand stays so: undo it, or build with --force")
        if refused:
            click.echo(styled(f"{counted(len(refused))} drafted by the synthesizer", fg="red"))
            click.echo("  hint: build where the model can run, or allow them with --allow-drafts")
        if subtitles:
            for name in subtitles:
                click.echo(f"  {name}")
            click.echo(styled("stale: subtitles", fg="red"))
            click.echo("  hint: run sfxgen subtitles, and commit what it writes")
    if not ok:
        for step in [*plan.stale, *refused]:
            what = "; ".join(str(reason) for reason in step.reasons) or "a draft"
            annotate(f"{step.ref[1]}: {what}", *place_of(step), root=workspace.root)
        if plan.lock_is_stale:
            annotate(f"{LOCK_FILE}: {LOCK_STALE}", LOCK_FILE, 1, root=workspace.root)
        if subtitles:
            document = workspace.project.document
            what = f"stale: {len(subtitles)} file{'s' * (len(subtitles) > 1)} of subtitles, {subtitles[0]} the first"
            annotate(what, document.path, document.line(("subtitles",)), root=workspace.root)
    if trouble is not None:
        show_error(trouble, as_json=False, root=workspace.root)
    raise SystemExit(code)
