"""What `sfxgen plan --explain` shows: how the synthesizer reads a sound's prompts, and what is a recording."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from typing import Any

import click

from sfxgen.cli.show import print_json, styled
from sfxgen.errors import ProjectError
from sfxgen.sound import Sound
from sfxgen.wanted import DRAFT_MODEL
from sfxgen.wording import did_you_mean
from sfxgen.workspace import Workspace


def show_explanations(workspace: Workspace, pattern: str, *, as_json: bool) -> None:
    """Print what was understood of every sound whose id matches. Raises ProjectError where none does."""
    sounds = [sound for sound in workspace.sounds if fnmatch.fnmatchcase(sound.id, pattern)]
    if not sounds:
        known = [sound.id for sound in workspace.sounds]
        hint = did_you_mean(pattern, known) or "sfxgen plan lists the sounds"
        raise ProjectError(f"no sound has the id {pattern}", hint=hint)
    found = [reading for sound in sounds for reading in readings(workspace, sound)]
    if as_json:
        print_json({"command": "plan", "explain": found})
        return
    for reading in found:
        _show(reading)


def readings(workspace: Workspace, sound: Sound) -> Iterator[dict[str, Any]]:
    """Yield what the synthesizer makes of a sound, or of each of its layers; a recording is told as what it is."""
    synth: Any = workspace.catalog.adapters[DRAFT_MODEL]
    parts = [(layer.model, layer.keys) for layer in sound.layers] or [(sound.model, sound.keys)]
    for number, (model, keys) in enumerate(parts, start=1):
        is_draft = model.adapter != DRAFT_MODEL and not model.is_recorded
        made = _NOT_MADE if model.is_recorded else synth.explained(keys, kind=sound.kind, draft=is_draft)
        yield {
            "sound": sound.id,
            "layer": number if sound.layers else None,
            "model": model.name,
            "draft": is_draft,
            "recording": keys.get("source") if model.is_recorded else None,
            **made,
        }


_NOT_MADE: Mapping[str, Any] = {
    "prompt": "",
    "preset": None,
    "params": {},
    "words": [],
    "neutral": False,
    "voice": False,
}
"""What the synthesizer makes of a recording: nothing, ever."""


def _show(reading: Mapping[str, Any]) -> None:
    layer = f", layer {reading['layer']}" if reading["layer"] else ""
    if reading["recording"]:
        name = styled(reading["sound"], bold=True)
        click.echo(
            f"{name}{layer} ({reading['model']}): {reading['recording']}, as it was recorded; never drafted"
        )
        return
    role = f"{reading['model']}; as a draft" if reading["draft"] else reading["model"]
    click.echo(f"{styled(reading['sound'], bold=True)}{layer} ({role}): {reading['preset']}")
    if reading["prompt"]:
        click.echo(f'  "{reading["prompt"]}"')
    width = max((len(row["word"]) for row in reading["words"]), default=0)
    for row in reading["words"]:
        missed = row["role"] in ("unknown", "ignored")
        click.echo(f"    {row['word']:{width}}  {styled(_effect(row), fg='yellow' if missed else None)}")
    if reading["voice"]:
        click.echo(styled("    a voice is drafted as babble, about as long as its words", fg="yellow"))
    if reading["neutral"]:
        click.echo(styled("    nothing of it names a sound: a neutral one stands in", fg="yellow"))
    changed = ", ".join(f"{name}: {value}" for name, value in reading["params"].items())
    click.echo(f"  params: {{ {changed} }}" if changed else "  params: all at their defaults")


def _effect(row: Mapping[str, str]) -> str:
    if row["role"] == "unknown":
        return f"not understood; {row['effect']}" if row["effect"] else "not understood"
    if row["role"] == "ignored":
        return "understood, but changes nothing here"
    return f"{row['role']} {row['effect']}".strip()
