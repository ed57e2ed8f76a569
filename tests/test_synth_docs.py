"""docs/synth.md lists every preset and parameter as the code has them."""

from __future__ import annotations

from pathlib import Path

from sfxgen.models.synth.parameters import Number, Preset
from sfxgen.models.synth.presets import PRESETS, SPACE

PAGE = Path(__file__).parent.parent / "docs" / "synth.md"


def section(preset: Preset) -> str:
    """What the page says of a preset; paste it there when a preset changes."""
    ends = (
        f"a texture in {'stereo' if preset.channels == 2 else 'mono'}" if preset.sustained else "a one-shot"
    )
    lines = [f"### {preset.name}", "", f"{preset.summary} {ends[0].upper()}{ends[1:]}.", ""]
    lines += ["| parameter | range | default | |", "|---|---|---|---|"]
    for p in preset.parameters[: -len(SPACE)]:
        if isinstance(p, Number):
            span = f"{p.low:g} to {p.high:g}{f' {p.unit}' if p.unit else ''}"
            lines.append(f"| `{p.name}` | {span} | {p.default:g} | {p.summary} |")
        else:
            lines.append(f"| `{p.name}` | {', '.join(p.options)} | {p.default} | {p.summary} |")
    return "\n".join(lines)


def test_the_page_has_every_preset_as_it_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    missing = [preset.name for preset in PRESETS.values() if section(preset) not in page]
    assert missing == []
