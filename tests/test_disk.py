from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from sfxgen.disk import Disk, digest_of_text, lfs_oid

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12\n"


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    (tmp_path / "game").mkdir()
    return tmp_path / "memory.json"


def aged(path: Path, content: bytes, seconds: float = 60) -> None:
    """Write a file as if it had been written a while ago, when no clock is coarse enough to hide an edit."""
    path.write_bytes(content)
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns - int(seconds * 1e9)))


def test_a_files_state_is_its_digest(memory: Path) -> None:
    disk = Disk(memory.parent / "game", memory)
    (memory.parent / "game/a.wav").write_bytes(b"abc")
    state = disk.state("a.wav")
    assert state is not None
    assert state.digest == hashlib.sha256(b"abc").hexdigest()
    assert disk.state("b.wav") is None
    assert disk.state("a.wav/b.wav") is None


def test_an_unchanged_file_is_not_read_again(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = memory.parent / "game"
    aged(root / "a.wav", b"abc")
    disk = Disk(root, memory)
    before = disk.state("a.wav")
    disk.save()
    monkeypatch.setattr("sfxgen.disk._look", None)
    assert Disk(root, memory).state("a.wav") == before


def test_an_edit_of_the_same_size_and_time_is_seen(memory: Path) -> None:
    root = memory.parent / "game"
    aged(root / "a.wav", b"abc")
    stat = (root / "a.wav").stat()
    disk = Disk(root, memory)
    disk.state("a.wav")
    disk.save()
    (root / "a.wav").write_bytes(b"xyz")
    os.utime(root / "a.wav", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    state = Disk(root, memory).state("a.wav")
    assert state is not None
    assert state.digest == hashlib.sha256(b"xyz").hexdigest()


def test_a_fresh_file_is_not_trusted_by_its_stat(memory: Path) -> None:
    """Within the time stamp's grain a second edit would look like none."""
    root = memory.parent / "game"
    (root / "a.wav").write_bytes(b"abc")
    disk = Disk(root, memory)
    disk.state("a.wav")
    disk.save()
    assert not memory.exists()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b'{"version": 1, "files": 3}',
        b'{"version": 2, "files": {}}',
        b'{"version": 1, "files": {"a.wav": [1]}}',
    ],
)
def test_a_damaged_memory_is_only_forgotten(memory: Path, text: bytes) -> None:
    memory.write_bytes(text)
    aged(memory.parent / "game/a.wav", b"abc")
    assert Disk(memory.parent / "game", memory).state("a.wav") is not None


def test_a_text_files_digest_does_not_depend_on_its_line_ends(memory: Path) -> None:
    root = memory.parent / "game"
    (root / "a.meta").write_bytes(b"a\r\nb\r\n")
    state = Disk(root, memory).state("a.meta", text=True)
    assert state is not None
    assert state.digest == digest_of_text(b"a\nb\n") == hashlib.sha256(b"a\nb\n").hexdigest()


def test_a_git_lfs_pointer_gives_its_files_digest(memory: Path) -> None:
    root = memory.parent / "game"
    (root / "a.wav").write_bytes(POINTER)
    state = Disk(root, memory).state("a.wav")
    assert state is not None
    assert (state.digest, state.lfs_pointer) == ("a" * 64, True)
    assert lfs_oid(POINTER.replace(b"\n", b"\r\n")) == "a" * 64
    assert lfs_oid(b"RIFF" + POINTER) is None
    assert lfs_oid(POINTER + b"x" * 2000) is None
