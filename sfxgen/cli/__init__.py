"""The command line: a file per verb. The only part of sfxgen that prints and exits."""

from __future__ import annotations

import errno
import importlib
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from sfxgen import __version__
from sfxgen.cli.bug import log_bug
from sfxgen.cli.invocation import Invocation
from sfxgen.errors import SfxgenError

VERBS = {
    "init": "Write sfxgen.yaml and starter manifests for an engine.",
    "plan": "Show what a build would do, and why.",
    "build": "Make what is stale: generate, master, encode, write.",
    "watch": "Build on every save, with the model kept warm.",
    "check": "The CI gate: do manifests, lock and assets agree?",
    "verify": "Generate anew, and compare with the lock.",
    "notices": "Write credits, licences and an AI-content disclosure.",
    "models": "List, show and fetch models.",
    "measure": "Measure audio files: loudness, peaks, edges, loop seams, gates.",
    "presets": "List and show the synthesizer's presets.",
    "doctor": "Show what this machine can do.",
    "schema": "Print the JSON Schema of manifests.",
    "subtitles": "Write subtitles and durations of all that is said.",
    "sheet": "Draw the waveforms and spectrograms of a project's assets.",
}


READER_GONE = 141
"""The exit code where nobody reads our output any more: 128 + SIGPIPE, as for other programs."""


_THE_DISK_S = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EIO}
"""What the system refuses or cannot do: no bug of ours, wherever it comes up."""


class _ReaderGone(Exception):
    """A BrokenPipeError by a name that click does not know: for it, click exits with 1, our word for stale."""


@contextmanager
def _reader_watched() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise _ReaderGone from error


class _Verbs(click.Group):
    """Loads a verb's module only when the verb is used, so that the command line starts at once."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with _reader_watched():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _reader_watched():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"sfxgen.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name not in VERBS and not name.startswith("-"):
            import difflib

            near = difflib.get_close_matches(name, VERBS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"No such verb '{name}'.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # The summaries stand above, so that --help imports no verb.
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sfxgen")
def cli() -> None:
    """Make for game sound: YAML manifests in, engine-ready assets and a lockfile out, only what changed.

    Exit codes: 0 done, nothing stale; 1 stale; 2 usage or an invalid manifest; 3 some work failed, the
    rest is done; 70 a bug in sfxgen; 130 interrupted.
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    arguments = list(sys.argv[1:] if args is None else args)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A prompt may hold what a Windows code page does not: a "?" there is better than no plan at all.
        sys.stdout.reconfigure(errors="replace")
    try:
        code = _run(arguments)
    except (_ReaderGone, BrokenPipeError):
        # Or the interpreter complains when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = READER_GONE
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    as_json = "--json" in arguments
    invocation = Invocation()
    try:
        code = cli.main(arguments, prog_name="sfxgen", standalone_mode=False, obj=invocation)
    except SystemExit as error:
        code = error.code
    except click.ClickException as error:
        error.show()
        code = _as_json(error.format_message(), error.exit_code, as_json)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = _as_json("interrupted", 130, as_json)
    except SfxgenError as error:
        from sfxgen.cli.show import show_error

        show_error(error, as_json=as_json, root=invocation.root)
        code = error.exit_code
    except (_ReaderGone, BrokenPipeError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _THE_DISK_S:
            message, code = f"error: {error.filename or 'the disk'}: {error.strerror}", SfxgenError.exit_code
        else:
            message, code = log_bug(error), 70
        click.echo(message, err=True)
        _as_json(message, code, as_json)
    return code if isinstance(code, int) else 0


def _as_json(message: str, code: int, as_json: bool) -> int:
    """Give a reader of JSON the error that was shown on stderr, and return its exit code."""
    if as_json:
        from sfxgen.cli.show import print_json

        print_json({"error": {"message": message, "hint": ""}, "exit_code": code})
    return code
