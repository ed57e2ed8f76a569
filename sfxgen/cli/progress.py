"""Progress on stderr: bars with counts and time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

import click

from sfxgen.cli.show import counted, is_terminal, of_sounds, styled
from sfxgen.events import (
    AssetFailed,
    AssetRemoved,
    AssetWritten,
    Event,
    ModelLoading,
    Notice,
    Sampling,
    Started,
    TakeChosen,
    TakeGenerated,
)

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class ProgressView:
    """Listens to a build's events and shows them. A context manager, so that bars are always taken down."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bars: Progress | None = None
        self._takes: TaskID | None = None
        self._assets: TaskID | None = None
        self._sampling: TaskID | None = None
        self._failed: dict[tuple[str, str], list[AssetFailed]] = {}

    def __enter__(self) -> ProgressView:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take the bars down, and say how many assets failed for what was said of the first of them."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None
        for first, *others in self._failed.values():
            if others:
                sounds = list(dict.fromkeys(event.sound or event.asset for event in (first, *others)))
                what = f"{counted(1 + len(others))} of {of_sounds(sounds)}"
                self._say(f"{styled('failed', fg='red')}  {what} for the one reason said of {first.asset}")
        self._failed.clear()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, AssetFailed):
            alike = self._failed.setdefault((event.message, event.hint), [])
            alike.append(event)
            if len(alike) == 1:
                self._say(f"{styled('failed', fg='red')}  {event.asset}: {event.message}", event.hint)
        elif isinstance(event, Notice):
            word = styled("warning", fg="yellow") if event.level == "warning" else "note"
            self._say(f"{word}: {event.message}", event.hint)
        elif self._quiet:
            return
        elif isinstance(event, Started):
            self._start(event)
        elif self._bars is not None:
            self._advance(event)
        else:
            self._line(event)

    def _start(self, event: Started) -> None:
        if not is_terminal():
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bars = Progress(
            TextColumn("{task.description:>10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        if event.takes:
            self._takes = self._bars.add_task("takes", total=event.takes)
        self._assets = self._bars.add_task("assets", total=event.assets)
        self._bars.start()

    def _advance(self, event: Event) -> None:
        assert self._bars is not None
        if isinstance(event, TakeGenerated) and self._takes is not None:
            self._bars.advance(self._takes)
        elif isinstance(event, AssetWritten) and self._assets is not None:
            self._bars.advance(self._assets)
        elif isinstance(event, ModelLoading):
            self._bars.console.print(f"loading {event.model} on {event.device}")
        elif isinstance(event, Sampling):
            if self._sampling is None:
                self._sampling = self._bars.add_task("steps", total=event.steps)
            self._bars.update(self._sampling, completed=event.step, total=event.steps)

    def _line(self, event: Event) -> None:
        if isinstance(event, AssetWritten):
            click.echo(f"{event.action:9} {event.path}", err=True)
        elif isinstance(event, AssetRemoved):
            click.echo(f"removed   {event.path}", err=True)
        elif isinstance(event, TakeChosen):
            what = (
                f"{event.asset}: candidate {event.candidate + 1} of {event.candidates}, score {event.score:g}"
            )
            click.echo(f"chosen    {what}", err=True)
        elif isinstance(event, ModelLoading):
            click.echo(f"loading {event.model} on {event.device}", err=True)
        elif isinstance(event, Sampling) and (event.step == event.steps or event.step % 10 == 0):
            takes = "1 take" if event.takes == 1 else f"{event.takes} takes"
            click.echo(f"{event.model}: step {event.step} of {event.steps}, {takes}", err=True)

    def _say(self, text: str, hint: str = "") -> None:
        if hint:
            text += f"\n  hint: {hint}"
        if self._bars is not None:
            # Rich would read brackets in our text as its markup.
            self._bars.console.print(click.unstyle(text), markup=False, highlight=False)
        else:
            click.echo(text, err=True)
