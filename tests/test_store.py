from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfxgen.errors import StoreError
from sfxgen.store.local import Entry, LocalStore, default_folder

KEY = "ab" * 32
META: dict[str, Any] = {
    "take": {
        "model": "toy",
        "revision": None,
        "seed": 1,
        "attempts": 1,
        "rejected": [],
        "environment": {},
    }
}


def test_what_is_put_can_be_found_and_read(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    entry = store.put("take", KEY, b"sound", META)
    assert entry == Entry(hashlib.sha256(b"sound").hexdigest(), 5, META)
    assert store.find("take", KEY) == entry
    assert store.get("take", KEY) == (b"sound", entry)
    assert store.size(entry.digest) == 5
    assert store.find("clip", KEY) is None
    assert store.get("take", "cd" * 32) is None


@given(st.binary(max_size=100), st.integers(0, 99), st.integers(0, 7))
def test_a_single_flipped_bit_is_a_miss(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, at: int, bit: int
) -> None:
    store = LocalStore(tmp_path_factory.mktemp("store"))
    entry = store.put("take", KEY, data, META)
    blob = store.folder / "blobs" / entry.digest[:2] / entry.digest
    damaged = bytearray(data or b"x")
    damaged[at % len(damaged)] ^= 1 << bit
    blob.write_bytes(damaged)
    assert store.get("take", KEY) is None
    # It was moved aside: the next put heals it.
    store.put("take", KEY, data, META)
    found = store.get("take", KEY)
    assert found is not None
    assert found[0] == data


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b'{"digest": 5, "size": 1, "meta": {}}',
        b'{"digest": "../../x", "size": 1, "meta": {}}',
        b'{"digest": "%s", "size": 5, "meta": {}}' % (b"a" * 64),
        b'{"digest": "%s", "size": 5, "meta": []}' % (b"a" * 64),
    ],
)
def test_a_damaged_key_is_a_miss_and_is_moved_aside(tmp_path: Path, text: bytes) -> None:
    store = LocalStore(tmp_path)
    store.put("take", KEY, b"sound", META)
    (path,) = (tmp_path / "keys").rglob("*.json")
    path.write_bytes(text)
    assert store.get("take", KEY) is None
    assert not path.exists()


def test_a_truncated_blob_is_not_even_found(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    entry = store.put("take", KEY, b"sound", META)
    (tmp_path / "blobs" / entry.digest[:2] / entry.digest).write_bytes(b"sou")
    assert store.find("take", KEY) is None


def test_equal_bytes_are_kept_once(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put("take", KEY, b"sound", META)
    store.put("file", "cd" * 32, b"sound", META)
    assert sum(path.is_file() for path in (tmp_path / "blobs").rglob("*")) == 1


def test_many_threads_may_put_the_same(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        entries = list(pool.map(lambda n: store.put("take", KEY, b"sound" * 1000, META), range(64)))
    assert len({entry.digest for entry in entries}) == 1
    assert store.get("take", KEY) is not None
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_disk_that_refuses_is_an_error_with_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written") as caught:
        LocalStore(tmp_path / "file").put("take", KEY, b"sound", META)
    assert "SFXGEN_STORE" in caught.value.hint


def test_where_the_store_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SFXGEN_STORE", str(tmp_path / "here"))
    assert default_folder() == tmp_path / "here"
    monkeypatch.delenv("SFXGEN_STORE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "platform", "linux")
    assert default_folder() == tmp_path / "cache/sfxgen/store"


PUTTER = """
import os, sys
from sfxgen.store.local import LocalStore
take = {"model": "toy", "revision": None, "attempts": 1, "rejected": [], "environment": {}}
store = LocalStore(__import__("pathlib").Path(sys.argv[1]))
print("ready", flush=True)
for n in range(100000):
    store.put("take", f"{n:064x}", bytes([n % 251]) * 20000, {"take": {**take, "seed": n}})
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_after_a_kill_every_key_leads_to_whole_bytes(tmp_path: Path) -> None:
    for delay in (0.01, 0.03, 0.09):
        process = subprocess.Popen([sys.executable, "-c", PUTTER, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    store = LocalStore(tmp_path)
    keys = [path.stem for path in (tmp_path / "keys").rglob("*.json")]
    assert keys
    for key in keys:
        found = store.get("take", key)
        assert found is not None
        assert found[0] == bytes([int(key, 16) % 251]) * 20000


def test_a_put_heals_a_damaged_blob_of_the_right_size(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    entry = store.put("take", KEY, b"sound", META)
    blob = tmp_path / "blobs" / entry.digest[:2] / entry.digest
    blob.write_bytes(b"dnuos")
    store.put("take", KEY, b"sound", META)
    assert store.get("take", KEY) is not None
    blob.unlink()
    blob.mkdir()
    store.put("take", KEY, b"sound", META)
    assert store.get("take", KEY) is not None


def test_sweeping_removes_only_old_half_written_files(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    old, new = tmp_path / "tmp/.sfxgen-a.tmp", tmp_path / "tmp/.sfxgen-b.tmp"
    old.write_text("")
    new.write_text("")
    os.utime(old, (1, 1))
    LocalStore(tmp_path).sweep()
    assert (old.exists(), new.exists()) == (False, True)
