"""Sources are read once, and as many are kept as there is room for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from sfxgen.models import source_audio
from sfxgen.models.digests import file_digest
from sfxgen.models.project_audio import read_audio
from sfxgen.models.source_audio import Sources

RATE = 8000


def test_what_is_read_is_kept_while_there_is_room_and_always_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = {"long.wav": 900, "short.wav": 100, "other.wav": 100}
    for name, frames in lengths.items():
        soundfile.write(tmp_path / name, np.full(frames, 0.5), RATE)
    read = list[str]()

    def counted(root: Path, path: str, digest: str) -> object:
        read.append(path)
        return read_audio(root, path, digest)

    monkeypatch.setattr(source_audio, "read_audio", counted)
    monkeypatch.setattr(source_audio, "KEPT_BYTES", 4 * 300)  # of float32
    sources = Sources(tmp_path, RATE, 1)

    def asked(name: str) -> int:
        return len(sources.whole({"source": name, "digest": file_digest(tmp_path / name)}))

    for name in ("short.wav", "other.wav", "short.wav", "other.wav"):
        assert asked(name) == lengths[name]
    assert read == ["short.wav", "other.wav"]
    for name in ("long.wav", "long.wav", "short.wav", "long.wav"):
        assert asked(name) == lengths[name]
    assert read[2:] == ["long.wav", "short.wav", "long.wav"], (
        "too long to stay beside another, and yet kept alone"
    )
