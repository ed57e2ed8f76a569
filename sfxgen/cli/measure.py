"""`sfxgen measure`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfxgen.categories import CATEGORIES, Gates
from sfxgen.cli.show import shortened, styled
from sfxgen.errors import ProjectError, SfxgenError

if TYPE_CHECKING:
    from sfxgen.report.measure import Record

SUFFIXES = frozenset(
    {".wav", ".wave", ".ogg", ".oga", ".opus", ".flac", ".mp3", ".m4a", ".mp4", ".aac", ".wma"}
    | {".aif", ".aiff", ".aifc", ".caf", ".w64", ".rf64", ".au", ".snd"}
)
"""What is measured of a folder; a file that is named is measured whatever it is called."""

OTHER_PICTURES = frozenset(
    {
        ".jpg",
        ".jpeg",
        ".svg",
        ".pdf",
        ".gif",
        ".webp",
        ".bmp",
        ".tif",
        ".tiff",
        ".eps",
        ".ps",
        ".avif",
        ".heic",
    }
)
"""What nobody names a folder by."""

_HEADINGS = ("file", "length", "loudness", "measured", "true peak", "range", "sounds", "gates")


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option(
    "--json", "as_json", is_flag=True, help="Print a JSON list with a record a file (docs/measure.md)."
)
@click.option(
    "--category",
    default="sfx",
    metavar="NAME",
    show_default=True,
    help=f"Whose gates the files are held against: {', '.join(CATEGORIES)}, or one of the project here.",
)
@click.option(
    "--loop", "as_loop", is_flag=True, help="Measure the seam of files that say nothing of a loop, too."
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Draw the file to a .png, or each file to one in a folder.",
)
def command(files: tuple[Path, ...], as_json: bool, category: str, as_loop: bool, plot: Path | None) -> None:
    """Measure audio files, or all of a folder: loudness, peaks, range, edges, loop seams, gates."""
    paths = [path for named in files for path in _expanded(named)]
    if plot is not None and plot.suffix.lower() == ".png" and len(paths) > 1:
        raise click.UsageError(f"--plot {plot} is one picture, for {len(paths)} files: name a folder.")
    if plot is not None and plot.suffix.lower() in OTHER_PICTURES and not plot.is_dir():
        raise click.UsageError(f"--plot {plot}: pictures are PNG: name a .png, or a folder.")
    draw = _artist(plot) if plot is not None else None
    from sfxgen.report.measure import measure_file

    gates = _gates_of(category)
    records = []
    for path in paths:
        record = measure_file(path, gates, loop=as_loop)
        records.append(record)
        if draw is not None and record.error is None:
            draw(path, record)
    if as_json:
        click.echo(json.dumps([record.as_json() for record in records], indent=1, allow_nan=False))
    elif len(records) == 1 and records[0].error is None:
        _show_block(records[0], category)
    else:
        _show_table([record for record in records if record.error is None])
    for record in records:
        if record.error is not None:
            click.echo(f"{styled('error:', fg='red')} {record.path}: {record.error}", err=True)
    if any(record.error is not None for record in records):
        raise SystemExit(SfxgenError.exit_code)


def _gates_of(category: str) -> Gates:
    """Return a category's gates: as the project here has them, or else as they are built in."""
    from sfxgen.project import categories_at

    known = categories_at(Path())
    if category not in known:
        raise click.BadParameter(
            f"there is no category '{category}': {', '.join(known)}.", param_hint="--category"
        )
    return known[category].gates


def _expanded(named: Path) -> list[Path]:
    """Return a file as it is, and of a folder every audio file in it, hidden folders left out, in order."""
    if not named.is_dir():
        return [named]
    found = sorted(
        path
        for path in named.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(named).parts)
        and path.is_file()
    )
    if not found:
        raise ProjectError(
            f"there is no audio file in {named}", hint="name a folder that holds some, or files"
        )
    return found


# --- pictures ---------------------------------------------------------------------------------------


def _artist(plot: Path) -> Callable[[Path, Record], None]:
    """Return what draws a measured file, and says so, to `plot` or into it."""
    from sfxgen.report.measure import read_clip
    from sfxgen.report.waveform import draw

    taken: set[Path] = set()

    def target(path: Path) -> Path:
        if plot.suffix.lower() == ".png":
            return plot
        names = (f"{path.name}{f'-{n}' if n > 1 else ''}.png" for n in count(1))
        return next(plot / name for name in names if plot / name.lower() not in taken)

    def drawn(path: Path, record: Record) -> None:
        out = target(path)
        taken.add(out.parent / out.name.lower())
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            draw(read_clip(path), record, out)
        except OSError as error:
            raise ProjectError(f"{out} cannot be written: {error.strerror}", hint="name another") from error
        click.echo(f"drew {shortened(out.absolute())}", err=True)

    return drawn


# --- words ------------------------------------------------------------------------------------------


def _show_table(records: Sequence[Record]) -> None:
    """Show a row a file, and under the table what its failed gates mean."""
    if not records:
        return
    rows = [_HEADINGS, *(_row(record) for record in records)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    for row in rows:
        click.echo("  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    for record in records:
        for gate in record.gates or ():
            click.echo(f"{record.path}: {styled(gate.gate, fg='yellow')}: {gate.what}")
        if record.note is not None:
            click.echo(f"{record.path}: {styled('note', fg='yellow')}: {record.note}")


def _row(record: Record) -> tuple[str, ...]:
    sounds = "silent" if record.onset_s is None else f"{record.onset_s:.3f}–{record.end_s:.3f} s"
    return (
        record.path,
        f"{record.duration_s:.3f} s",
        _with_unit(record.leveled_lufs, "LUFS"),
        record.loudness_measure or "",
        _with_unit(record.true_peak_dbtp, "dBTP"),
        _with_unit(record.loudness_range_lu, "LU"),
        sounds,
        "–" if record.gates is None else ", ".join(gate.gate for gate in record.gates) or "pass",
    )


def _show_block(record: Record, category: str) -> None:
    """Show all that is known of one file."""
    kind = " ".join(filter(None, (record.format, record.subtype)))
    channels = f"{record.channels} channel{'s' * (record.channels != 1)}"
    click.echo(f"{record.path}: {kind}, {record.duration_s:.3f} s, {record.sample_rate} Hz, {channels}")
    for name, value in _facts(record):
        click.echo(f"  {name:15}  {value}")
    for gate in record.gates or ():
        click.echo(f"  {styled(f'{gate.gate:15}', fg='yellow')}  {gate.what}")
    if record.note is not None:
        click.echo(f"  {styled('note'.ljust(15), fg='yellow')}  {record.note}")
    if record.gates == ():
        click.echo(f"  {'gates':15}  all of {category} pass")


def _facts(record: Record) -> Iterable[tuple[str, str]]:
    measure = f" ({record.loudness_measure})" if record.loudness_measure else ""
    yield "loudness", _with_unit(record.leveled_lufs, "LUFS") + measure
    yield "integrated", _with_unit(record.loudness_lufs, "LUFS")
    yield "momentary max", _with_unit(record.momentary_max_lufs, "LUFS")
    yield "short-term max", _with_unit(record.short_term_max_lufs, "LUFS")
    yield "active part", _with_unit(record.active_lufs, "LUFS")
    yield "loudness range", _with_unit(record.loudness_range_lu, "LU")
    yield "true peak", _with_unit(record.true_peak_dbtp, "dBTP")
    yield "sample peak", _with_unit(record.sample_peak_dbfs, "dBFS")
    yield "DC", f"{record.dc:.6f}"
    if record.onset_s is None or record.end_s is None or record.duration_s is None:
        yield "sounds", "never: it is silent"
    else:
        after_s = max(0.0, record.duration_s - record.end_s)
        yield (
            "sounds",
            f"{record.onset_s:.3f} s to {record.end_s:.3f} s ({record.onset_s:.3f} s before it, {after_s:.3f} s after)",
        )
    if record.loop is not None:
        loop = record.loop
        yield "loop", f"frames {loop.start} to {loop.end}"
        yield (
            "loop seam",
            f"step {loop.step_db:+.1f} dB, level {loop.level_db:+.1f} dB, flux z {loop.flux_z:.1f}",
        )


def _with_unit(value: float | None, unit: str) -> str:
    return "–" if value is None else f"{value:.2f} {unit}"
