"""The command line: a file per verb. The only part of sfxgen that prints and exits."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from sfxgen import __version__
from sfxgen.errors import SfxgenError

VERBS = {
    "init": "Write sfxgen.yaml and starter manifests for an engine.",
    "plan": "Show what a build would do, and why.",
    "build": "Make what is stale: generate, master, encode, write.",
    "watch": "Build on every save, with the model kept warm.",
    "check": "The CI gate: do manifests, lock and assets agree?",
    "models": "List, show and fetch models.",
    "doctor": "Show what this machine can do.",
    "schema": "Print the JSON Schema of manifests.",
    "sheet": "Draw the waveforms and spectrograms of a project's assets.",
}


class _Verbs(click.Group):
    """Loads a verb's module only when the verb is used, so that the command line starts at once."""

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
    try:
        code = cli.main(arguments, prog_name="sfxgen", standalone_mode=False)
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.Abort:
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        code = 130
    except SfxgenError as error:
        from sfxgen.cli.show import show_error

        show_error(error, as_json="--json" in arguments)
        code = error.exit_code
    except BrokenPipeError:
        # Whoever read our output has gone; the interpreter must not complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception:
        click.echo(f"this is a bug in sfxgen; the log is at {_log_bug(arguments)}", err=True)
        code = 70
    sys.exit(code if isinstance(code, int) else 0)


def _log_bug(arguments: list[str]) -> Path:
    handle, name = tempfile.mkstemp(prefix="sfxgen-bug-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"sfxgen {__version__}, Python {sys.version}, {sys.platform}\narguments: {arguments}\n\n")
        file.write(traceback.format_exc())
    return Path(name)
