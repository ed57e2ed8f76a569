"""`sfxgen watch`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sfxgen.build import Report
from sfxgen.catalog import installed
from sfxgen.cli.build import report_json, show_report
from sfxgen.cli.options import json_option, options_of, planning_options, project_option, root_of
from sfxgen.cli.progress import ProgressView
from sfxgen.cli.show import print_json, shortened, show_error
from sfxgen.cli.stop import Stop
from sfxgen.errors import SfxgenError
from sfxgen.events import Event


@click.command()
@project_option
@planning_options
@json_option
def command(directory: Path | None, project: Path | None, as_json: bool, **values: Any) -> None:
    """Build on every save, with the model kept warm. Ctrl-C ends it.

    A manifest with mistakes shows them and changes nothing; a newer edit drops takes that have not begun.
    """
    from sfxgen.watch import Watcher

    root = root_of(directory, project)
    view = _View(as_json)
    watcher = Watcher(
        root,
        installed(),
        options_of(values),
        on_event=view.event,
        on_build=view.build,
        on_error=view.error,
    )
    click.echo(f"watching {shortened(root)}; Ctrl-C ends it, twice at once", err=True)
    with Stop() as stop:
        watcher.run(stop.is_asked)
    click.echo("stopped; the lock is whole", err=True)
    raise SystemExit(130)


class _View:
    """Shows each build of a watch with a progress of its own."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._progress = ProgressView(quiet=as_json)

    def event(self, event: Event) -> None:
        self._progress(event)

    def build(self, report: Report) -> None:
        self._end_progress()
        if self._as_json:
            print_json(report_json(report))
        else:
            show_report(report)

    def error(self, error: SfxgenError) -> None:
        self._end_progress()
        show_error(error, as_json=self._as_json)

    def _end_progress(self) -> None:
        self._progress.close()
        self._progress = ProgressView(quiet=self._as_json)
