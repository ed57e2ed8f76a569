"""How fast the synthesizer is: seconds of sound a second of one core makes, and what one click costs from cold.

    python benchmarks/synth.py            families against real time, a cold build, and against jsfxr where Node has it
    python benchmarks/synth.py --check    exits with 1 below what we promise

The peer for the whole synthesizer is the clock: real time. jsfxr (the npm package; set JSFXR to its folder) renders
the same sfxr parameters in the same run.
"""

from __future__ import annotations

import os

# Before numpy is there: one core is what is measured.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from sfxgen.models.synth import adapter
from sfxgen.models.synth.parameters import SAMPLE_RATE, Preset
from sfxgen.models.synth.presets import FAMILIES, PRESETS
from sfxgen.models.synth.session import rendered
from sfxgen.recipe import Recipe

TEXTURE_S = 8.0
TAKES = 3
ROUNDS = 3
PROMISED_MEDIAN, PROMISED_SLOWEST = 100.0, 20.0
PROMISED_CLICK_S = 0.8


def recipe(preset: Preset, take: int, params: dict[str, object] | None = None) -> Recipe:
    duration_s = TEXTURE_S if preset.sustained else None
    keys = {"preset": preset.name, "params": params or {}, "duration_s": duration_s}
    made = adapter.params(adapter.models[0], keys, kind="loop" if preset.sustained else "one_shot")
    return Recipe(
        model="synth",
        revision=None,
        adapter_version=adapter.version,
        base_seed=0,
        take=take,
        duration_s=duration_s,
        params=made,
    )


def seconds_made_and_spent(preset: Preset) -> tuple[float, float]:
    """Seconds of sound, and the fewest CPU seconds of some rounds for them."""
    recipes = [recipe(preset, take) for take in range(1, TAKES + 1)]
    made = sum(len(rendered(one)) for one in recipes) / SAMPLE_RATE
    spent = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for one in recipes:
            rendered(one)
        spent.append(time.process_time() - began)
    return made, min(spent)


def families() -> dict[str, float]:
    """The real-time factor of each family: all its presets' sound over all their CPU time."""
    factors = {}
    print(f"{'family':14} {'presets':>7} {'x real time':>12}   slowest preset")
    for family in FAMILIES:
        of_family = [preset for preset in PRESETS.values() if preset.family == family]
        times = {preset.name: seconds_made_and_spent(preset) for preset in of_family}
        made, spent = (sum(column) for column in zip(*times.values(), strict=True))
        slowest = min(times, key=lambda name: times[name][0] / times[name][1])
        own = times[slowest][0] / times[slowest][1]
        factors[family] = made / spent
        print(f"{family:14} {len(of_family):7} {made / spent:12.0f}   {slowest} ({own:.0f})")
    print(
        f"median of the families {statistics.median(factors.values()):.0f}, slowest {min(factors.values()):.0f}"
    )
    return factors


def click_from_cold() -> float:
    """CPU seconds of `sfxgen build` of one click, everything included, the fewest of some rounds."""
    spent = []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as folder:
            game = Path(folder)
            (game / "Audio/manifests").mkdir(parents=True)
            (game / "sfxgen.yaml").write_text("engine: files\n", encoding="utf-8")
            (game / "Audio/manifests/ui.yaml").write_text(
                "sounds:\n  click: { model: synth, preset: click }\n", encoding="utf-8"
            )
            environment = {**os.environ, "SFXGEN_STORE": str(game / "store")}
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            command = [sys.executable, "-m", "sfxgen", "build", str(game)]
            subprocess.run(command, check=True, capture_output=True, env=environment)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            assert (game / "Audio/click_01.wav").is_file()
            spent.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    print(f"one click from cold: {min(spent):.2f} s of CPU")
    return min(spent)


JSFXR_PROGRAM = """
const { sfxr } = require(process.argv[2]);
const sounds = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const once = () => sounds.map((s) => sfxr.toBuffer(s).length).reduce((a, b) => a + b, 0);
for (let i = 0; i < 3; i++) once();
const began = process.cpuUsage();
let samples = 0;
for (let i = 0; i < 10; i++) samples += once();
const spent = process.cpuUsage(began);
console.log(JSON.stringify([samples / 44100, (spent.user + spent.system) / 1e6]));
"""


def against_jsfxr() -> None:
    """Render jsfxr's own generators' sounds here and there."""
    package = os.environ.get("JSFXR")
    if package is None or shutil.which("node") is None:
        print("jsfxr: not compared; it needs Node, and JSFXR set to the npm package's folder")
        return
    golden = Path(__file__).parent.parent / "tests/data/sfxr/golden.json"
    sounds = [case["params"] for case in json.loads(golden.read_text(encoding="utf-8"))["cases"]]
    sounds = [{**sound, "sample_rate": 44100, "sample_size": 16} for sound in sounds]
    with tempfile.NamedTemporaryFile("w", suffix=".cjs") as program:
        program.write(JSFXR_PROGRAM)
        program.flush()
        done = subprocess.run(
            ["node", program.name, package],
            input=json.dumps(sounds),
            capture_output=True,
            text=True,
            check=True,
        )
    theirs_made, theirs_spent = json.loads(done.stdout)
    from numpy.random import PCG64, Generator

    from sfxgen.models.synth.sfxr.formats import read_json
    from sfxgen.models.synth.sfxr.render import render

    ours = [read_json(json.dumps(sound)) for sound in sounds]
    made = sum(len(render(params, Generator(PCG64(0)))) for params in ours) / 44100
    spent = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for params in ours:
            render(params, Generator(PCG64(0)))
        spent.append(time.process_time() - began)
    here, there = made / min(spent), theirs_made / theirs_spent
    print(f"sfxr: {here:.0f} x real time here, {there:.0f} in jsfxr: {here / there:.2f} times as fast")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="exit with 1 below what is promised")
    check = parser.parse_args().check
    print(
        f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}, one core, 48 kHz"
    )
    factors = families()
    click_s = click_from_cold()
    against_jsfxr()
    kept = (
        statistics.median(factors.values()) >= PROMISED_MEDIAN and min(factors.values()) >= PROMISED_SLOWEST
    )
    return 1 if check and not (kept and click_s < PROMISED_CLICK_S) else 0


if __name__ == "__main__":
    raise SystemExit(main())
