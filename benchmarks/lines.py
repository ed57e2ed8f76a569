"""What a line sheet costs: CPU seconds from CSV to sounds, beside the same sounds in a manifest, and to subtitles.

python benchmarks/lines.py                 5,000 lines
python benchmarks/lines.py --lines 500     so many
python benchmarks/lines.py --check         exits with 1 above what we promise
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sfxgen.catalog import installed
from sfxgen.manifest import load
from sfxgen.report.subtitles import FORMATS, Spoken, render

PROMISED_S = 2.0
"""CPU seconds for 5,000 lines, from the disk to sounds."""

SHEET = "lines.csv"
VOICE = "v2/en_speaker_6"
TEXT = "The bells fell silent in the year of the flood, and nobody has rung them since."


def measured(work: Callable[[], object]) -> float:
    """Return CPU seconds, the best of three."""
    found = []
    for _ in range(3):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def project(root: Path, lines: int, *, in_sheet: bool) -> None:
    """Write a game with so many lines: in a sheet, or each as a sound in YAML."""
    root.mkdir()
    (root / "sfxgen.yaml").write_text("name: game\nassets: Audio\nmanifests: [game.yaml]\n")
    ids = [f"act_{n // 100:03}/line_{n:05}" for n in range(lines)]
    if in_sheet:
        manifest = f"lines:\n  - {{ sheet: {SHEET}, model: bark, voices: {{ guard: {VOICE} }} }}\n"
        with (root / SHEET).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "speaker", "line", "direction", "language"])
            writer.writerows([name, "guard", f"{TEXT} {name}", "tired", "en"] for name in ids)
    else:
        fields = f"model: bark, kind: dialog, voice: {VOICE}, language: en"
        rows = (f'  {name}: {{ {fields}, say: "{TEXT} {name}" }}\n' for name in ids)
        manifest = "sounds:\n" + "".join(rows)
    (root / "game.yaml").write_text(manifest)


def main() -> int:
    """Measure and print. Returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=5000)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    catalog = installed()
    with tempfile.TemporaryDirectory() as folder:
        seconds = {}
        for name, in_sheet in (("a line sheet", True), ("a manifest", False)):
            root = Path(folder) / name.replace(" ", "_")
            project(root, options.lines, in_sheet=in_sheet)
            sounds = load(root, catalog)[1]
            assert len(sounds) == options.lines
            seconds[name] = measured(lambda root=root: load(root, catalog))
    spoken = [
        Spoken(
            asset=f"{sound.id}_01",
            sound=sound.id,
            key=sound.id,
            speaker="guard",
            language="en",
            text=str(sound.keys["say"]),
            duration_s=5.2,
            file=f"Audio/{sound.id}_01.wav",
            engine_id="",
            draft=False,
        )
        for sound in sounds
    ]
    seconds["subtitles in all formats"] = measured(lambda: render(spoken, FORMATS))
    for name, took in seconds.items():
        print(f"{name:25} {took:6.2f} s CPU  {options.lines / took:8,.0f} lines/s")
    slow = seconds["a line sheet"] > PROMISED_S * options.lines / 5000
    if options.check and slow:
        print(f"a sheet of 5,000 lines is promised in {PROMISED_S:g} s", file=sys.stderr)
    return int(options.check and slow)


if __name__ == "__main__":
    sys.exit(main())
