"""`sfxgen sheet`."""

from __future__ import annotations

from pathlib import Path

import click

from sfxgen.catalog import installed
from sfxgen.cli.options import project_option, root_of
from sfxgen.cli.show import shortened
from sfxgen.errors import ProjectError
from sfxgen.workspace import Options, open_workspace


@click.command()
@project_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("sheet.png"),
    show_default=True,
    help="The image to write.",
)
@click.option("--only", multiple=True, metavar="GLOB", help="Only sounds with such an id; may repeat.")
@click.option("--variants", is_flag=True, help="Every variant, not only the first of each sound.")
def command(
    directory: Path | None, project: Path | None, out: Path, only: tuple[str, ...], variants: bool
) -> None:
    """Draw the waveforms and spectrograms of a project's assets to a PNG."""
    if out.suffix.lower() != ".png":
        raise click.UsageError(f"--out {out} is no .png.")
    workspace = open_workspace(root_of(directory, project), installed())
    steps = workspace.plan(Options(only=only)).steps
    paths: dict[str, Path] = {}
    for step in steps:
        if step.wanted is None or not (workspace.root / step.path).is_file():
            continue
        name = step.ref[1] if variants else step.wanted.sound.id
        paths.setdefault(name, workspace.root / step.path)
    if not paths:
        raise ProjectError("there are no assets to draw", hint="sfxgen build makes them")
    from sfxgen.audio.codec import read
    from sfxgen.report.sheet import draw_sheet

    clips = [(name, read(path)) for name, path in paths.items()]
    try:
        draw_sheet(clips, out)
    except OSError as error:
        raise ProjectError(f"{out} cannot be written: {error.strerror}", hint="name another file") from error
    click.echo(f"drew {len(paths)} sounds to {shortened(out.absolute())}")
