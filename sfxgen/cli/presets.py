"""`sfxgen presets`: list, show, page."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import click

from sfxgen.cli.options import json_option
from sfxgen.cli.show import print_json, shortened
from sfxgen.errors import ProjectError
from sfxgen.models.synth.parameters import Number, Preset
from sfxgen.models.synth.presets import FAMILIES, PRESETS


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List and show the synthesizer's presets. Alone it lists them."""
    if context.invoked_subcommand is None:
        context.invoke(list_presets, words=(), as_json=False)


@command.command("list")
@click.argument("words", nargs=-1)
@json_option
def list_presets(words: tuple[str, ...], as_json: bool) -> None:
    """List the presets, by family; with WORDS only those whose family, name or summary has one of them."""
    found = [preset for preset in PRESETS.values() if _matches(preset, words)]
    if as_json:
        print_json({"command": "presets list", "presets": [_facts(preset) for preset in found]})
        return
    if not found:
        raise ProjectError(f"no preset says {' or '.join(words)}", hint="sfxgen presets lists them all")
    width = max(len(preset.name) for preset in found)
    for family in FAMILIES:
        of_family = [preset for preset in found if preset.family == family]
        if of_family:
            click.echo(click.style(family, bold=True))
        for preset in of_family:
            texture = " (texture)" if preset.sustained else ""
            click.echo(f"  {preset.name:{width}}  {preset.summary}{texture}")


@command.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show a preset's parameters."""
    from sfxgen.report.presets import ends_in_words, range_in_words

    preset = PRESETS.get(name)
    if preset is None:
        near = difflib.get_close_matches(name, PRESETS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else "sfxgen presets lists them"
        raise ProjectError(f"there is no preset '{name}'", hint=hint)
    if as_json:
        print_json({"command": "presets show", "preset": _facts(preset)})
        return
    click.echo(f"{preset.name}: {preset.summary} {ends_in_words(preset)}")
    rows = [
        (
            parameter.name,
            f"{parameter.default:g}" if isinstance(parameter, Number) else parameter.default,
            range_in_words(parameter),
            parameter.summary,
        )
        for parameter in preset.parameters
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for name, default, allowed, summary in rows:
        click.echo(f"  {name:{widths[0]}}  {default:>{widths[1]}}  {summary} {allowed}.")


@command.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--only", multiple=True, metavar="NAME", help="Draw only this preset's image; may repeat.")
def page(folder: Path, only: tuple[str, ...]) -> None:
    """Write presets.md into FOLDER: every preset with its parameters, waveform and spectrogram."""
    from sfxgen.audio.clip import Clip
    from sfxgen.models.synth.parameters import SAMPLE_RATE
    from sfxgen.models.synth.session import first_take
    from sfxgen.report import presets as report

    names = list(only) or list(PRESETS)
    unknown = [name for name in names if name not in PRESETS]
    if unknown:
        raise ProjectError(f"there is no preset '{unknown[0]}'", hint="sfxgen presets lists them")
    images = folder / report.IMAGES
    try:
        images.mkdir(parents=True, exist_ok=True)
        for name in names:
            report.draw(Clip(first_take(PRESETS[name]), SAMPLE_RATE), images / f"{name}.png")
        (folder / "presets.md").write_text(report.page(), encoding="utf-8")
    except OSError as error:
        raise ProjectError(f"{folder} cannot be written: {error.strerror}", hint="name another") from error
    click.echo(f"wrote {shortened((folder / 'presets.md').absolute())} and drew {len(names)} presets")


def _matches(preset: Preset, words: tuple[str, ...]) -> bool:
    text = f"{preset.family} {preset.name} {preset.summary}".lower()
    return not words or any(word.lower() in text for word in words)


def _facts(preset: Preset) -> dict[str, Any]:
    return {
        "name": preset.name,
        "family": preset.family,
        "summary": preset.summary,
        "sustained": preset.sustained,
        "channels": preset.channels,
        "params": preset.schema()["properties"],
    }
