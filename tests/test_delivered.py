"""Files of every sort of clip are at their target or at the ceiling and marked so: the benchmark's cases, in small."""

from __future__ import annotations

import importlib.util
import re
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from sfxgen.audio.clip import mono
from sfxgen.audio.codec import encode
from sfxgen.audio.levels import apply_gain
from sfxgen.mastering import master
from sfxgen.recipe import Encoding, Mastering

PROGRAM = Path(__file__).parent.parent / "benchmarks" / "delivered.py"
CASES = 60
LONGEST_S = 3.0


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("delivered", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["delivered"] = module  # its dataclasses look there
    spec.loader.exec_module(module)
    return module


delivered = _loaded()


@pytest.mark.parametrize("start", range(0, CASES, 10))
def test_files_are_as_loud_as_asked_or_at_the_ceiling(start: int) -> None:
    rejected = 0
    for number in range(start, start + 10):
        case = delivered.make_case(number, longest_s=LONGEST_S)
        files = delivered.run_case(case)
        if isinstance(files, delivered.Rejected):
            rejected += 1
            continue
        assert [len(files), case.number] == [2, number]
        for file in files:
            assert file.faults == (), (number, file.format, case.what)
    assert rejected <= 2, "or hardly anything was looked at"


def _judged(gain_db: float, *, target_lufs: float = -23.0, **said: object) -> tuple[str, ...]:
    """Judge a file of a tone that has another level than it should, and of which the lock says something else."""
    tone = 0.1 * np.sin(2 * np.pi * 997 * np.arange(48_000) / 48_000)
    settings = Mastering(loudness_lufs=target_lufs, true_peak_dbtp=-6.0, trim=False)
    mastered = master(mono(tone, 48_000), settings)
    clip, encoding = apply_gain(mastered.clip, gain_db), Encoding(bit_depth=24)
    case = replace(delivered.make_case(0, longest_s=0.5), settings=settings)
    lock = {**mastered.measurement.as_json(), **said}
    content = encode(clip, encoding, dither_key="k")
    faults: tuple[str, ...] = delivered.judge(case, encoding, mastered.clip, content, lock, 0.0).faults
    return faults


def test_the_judge_finds_what_is_wrong() -> None:
    assert _judged(0.0) == ()
    assert _judged(0.04) == ()
    assert [fault.split()[0] for fault in _judged(-0.2)] == ["target:", "lock:", "lock:"]
    assert "too loud" in _judged(0.2)[0]
    assert _judged(-0.2, limited=True)[0].startswith("target: -0.20 LU, marked")
    assert _judged(0.0, loudness_lufs=-22.9)[0].startswith("lock: loudness_lufs")
    assert _judged(0.0, true_peak_dbtp=None)[0].startswith("lock: true_peak_dbtp")
    assert any(fault == "clipped" for fault in _judged(30.0))


def test_the_judge_knows_the_ceiling() -> None:
    assert _judged(0.0, target_lufs=-3.0) == ()
    assert "not marked limited" in _judged(0.0, target_lufs=-3.0, limited=False)[0]
    assert re.match(r"target: .*, marked limited, peak -0\.(29|30) dB", _judged(-0.3, target_lufs=-3.0)[0])
    assert re.match(r"over: 0\.3[01] dB", _judged(0.3, target_lufs=-3.0)[0])
