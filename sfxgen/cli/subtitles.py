"""`sfxgen subtitles`."""

from __future__ import annotations

from pathlib import Path

import click

from sfxgen.catalog import installed
from sfxgen.cli.options import json_option, project_option, root_of
from sfxgen.cli.show import annotate, counted, place_of, print_json, shortened, styled
from sfxgen.errors import ProjectError
from sfxgen.paths import output_path
from sfxgen.plan import Plan, Step
from sfxgen.report.subtitles import FORMATS, Spoken, render
from sfxgen.textfiles import INDEX, Difference, bring, compare
from sfxgen.wording import did_you_mean
from sfxgen.workspace import Workspace, open_workspace


@click.command()
@project_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The folder to write into. Default: the one that sfxgen.yaml names.",
)
@click.option(
    "--format",
    "formats",
    type=click.Choice(list(FORMATS)),
    multiple=True,
    help="What to write; may repeat. Default: what sfxgen.yaml says, else csv.",
)
@click.option("--engine", help="Whose assets, where the project has several engines. Default: the first.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when anything is stale.")
@click.option("--force", is_flag=True, help="Replace what was edited by hand.")
@json_option
def command(
    directory: Path | None,
    project: Path | None,
    out: Path | None,
    formats: tuple[str, ...],
    engine: str | None,
    check: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Write subtitles and durations of all that is said, from lock and line sheets. No model, no GPU, no network.

    Exits with 1 when lines are not built yet (they are left out), with 3 when a file was edited by hand (it is left alone).
    """
    workspace = open_workspace(root_of(directory, project), installed())
    folder, of_project = workspace.project.subtitles or ("", ("csv",))
    formats = formats or of_project
    if out is None:
        if not folder:
            hint = "name one with --out, or write subtitles: { folder: … } in sfxgen.yaml"
            raise ProjectError("no folder for subtitles is named", hint=hint)
        out = _folder(workspace, folder)
    spoken, unbuilt = _spoken(workspace.check_plan(), _engine(workspace, engine))
    if not spoken and not unbuilt:
        raise ProjectError(
            "no sound says anything", hint="name a sheet under lines:, or write say: in a sound"
        )
    wanted = render(spoken, dict.fromkeys(formats), are_all=not unbuilt)
    difference = compare(out, wanted, force=force)
    if not check:
        bring(out, wanted, difference)
    code = _code(difference, unbuilt, check=check)
    if as_json:
        print_json(
            {
                "command": "subtitles",
                "project": str(workspace.root),
                "out": str(out),
                "exit_code": code,
                "lines": len(spoken),
                "unbuilt": [step.ref[1] for step in unbuilt],
                "written": list(difference.write),
                "removed": list(difference.remove),
                "edited": list(difference.edited),
                "kept": difference.kept,
            }
        )
    else:
        _show(out, spoken, unbuilt, difference, check=check)
    for step in unbuilt if check else ():
        annotate(f"{step.ref[1]}: it has no duration yet", *place_of(step), root=workspace.root)
    raise SystemExit(code)


def stale(workspace: Workspace, plan: Plan) -> tuple[str, ...]:
    """Return the files of the project's folder of subtitles that are not what `sfxgen subtitles` would write.

    `plan` is a check's. What is not built has no length: while there is such a line, or nobody speaks, nothing is compared.
    Raises ProjectError where the folder cannot be read, or a format cannot say what is said.
    """
    if workspace.project.subtitles is None:
        return ()
    folder, formats = workspace.project.subtitles
    least: tuple[str, ...] | None = None
    for engine in workspace.project.engines:  # the folder may be of the assets of any of them
        spoken, unbuilt = _spoken(plan, engine)
        if unbuilt or not spoken:
            return ()
        found = compare(_folder(workspace, folder), render(spoken, formats))
        index = (INDEX,) if found.index_is_stale else ()
        names = tuple(f"{folder}/{name}" for name in (*found.write, *found.remove, *found.edited, *index))
        least = names if least is None else min(least, names, key=len)
    return least or ()


def _folder(workspace: Workspace, folder: str) -> Path:
    return output_path(workspace.root, f"{folder}/{INDEX}").parent


def _code(difference: Difference, unbuilt: list[Step], *, check: bool) -> int:
    if check:
        return 0 if difference.is_empty and not unbuilt else 1
    return 3 if difference.edited else 1 if unbuilt else 0


def _engine(workspace: Workspace, named: str | None) -> str:
    engines = workspace.project.engines
    if named is not None and named not in engines:
        raise ProjectError(f"the project has no engine '{named}'", hint=did_you_mean(named, engines))
    return named or engines[0]


def _spoken(plan: Plan, engine: str) -> tuple[list[Spoken], list[Step]]:
    """Return what is said in an engine's assets that are as they should be, and the steps of those that are not."""
    spoken, unbuilt = [], []
    for step in plan.steps:
        if step.ref[0] != engine or step.wanted is None:
            continue
        sound, record = step.wanted.sound, step.record
        if not sound.text.strip():
            continue
        if step.action != "keep" or record is None:
            unbuilt.append(step)
            continue
        spoken.append(
            Spoken(
                asset=step.ref[1],
                sound=sound.id,
                key=sound.text_key,
                speaker=sound.line.speaker if sound.line else "",
                language=sound.language,
                text=sound.text,
                duration_s=record.duration_s,
                file=record.path,
                engine_id=record.engine_id,
                draft=record.draft,
                at=place_of(step),
            )
        )
    return spoken, unbuilt


def _show(
    out: Path, spoken: list[Spoken], unbuilt: list[Step], difference: Difference, *, check: bool
) -> None:
    folder = shortened(out.absolute())
    for name in difference.edited:
        click.echo(
            f"  {styled('conflict ', fg='red')} {name}  it was edited by hand, or somebody else wrote it"
        )
    if check:
        index = (INDEX,) if difference.index_is_stale else ()
        for word, stale in (("write", (*difference.write, *index)), ("remove", difference.remove)):
            for name in stale:
                click.echo(f"  {styled(f'{word:9}', fg='cyan')} {name}")
    words = [
        f"{len(names)} {verb if check else past}"
        for names, verb, past in (
            (difference.write, "to write", "written"),
            (difference.remove, "to remove", "removed"),
            (difference.edited, "in conflict", "in conflict"),
        )
        if names
    ]
    files = ", ".join([*words, f"{difference.kept} kept"])
    done = difference.is_empty and not unbuilt
    lead = "up to date" if done else "stale" if check else "subtitles"
    click.echo(f"{lead}: {counted(len(spoken))} with words, {folder}: {files}")
    if unbuilt:
        left_out = ", ".join(step.ref[1] for step in unbuilt[:5]) + (" …" if len(unbuilt) > 5 else "")
        click.echo(styled(f"{counted(len(unbuilt))} left out, not built or stale: {left_out}", fg="yellow"))
        click.echo("  hint: sfxgen build makes them, then write the subtitles again")
    elif check and not difference.is_empty:
        click.echo("  hint: run sfxgen subtitles with the same options, and commit what it writes")
    if difference.edited:
        click.echo("  hint: undo the edits, or replace them with --force")
