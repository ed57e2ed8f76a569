from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfxgen import lock as lockfile
from sfxgen.errors import LockError
from sfxgen.lock import AssetRecord, Lock, parse, read, write

RECORD = AssetRecord(
    sound="a",
    take=1,
    seed=5,
    model="synth",
    revision="synth-1",
    draft=False,
    take_key="a" * 64,
    clip_key="b" * 64,
    file_key="c" * 64,
    asset_key="e" * 64,
    engine_id="5" * 32,
    path="Assets/a_01.wav",
    digest="d" * 64,
    sidecar_digest=None,
    attempts=1,
    rejected=(),
    environment={"numpy": "2"},
    duration_s=0.5,
    sample_rate=48000,
    channels=1,
    loudness_lufs=-20.0,
    loudness_measure="active",
    true_peak_dbtp=None,
    limiting_db=0.0,
    limited=False,
    event=None,
    place_s=None,
)


def lock_of(*names: str, **changes: object) -> Lock:
    assets = {
        ("unity", n): replace(RECORD, sound=n, path=f"Assets/{n}.wav", **changes)  # type: ignore[arg-type]
        for n in names
    }
    return Lock(assets, {"toy:x": "r1"}, {("unity", "Assets"): "1" * 32})


NAMES = st.text("abc/_0é ", min_size=1, max_size=8)
RECORDS = st.builds(
    replace,
    st.just(RECORD),
    sound=NAMES,
    seed=st.integers(0, 2**63),
    rejected=st.tuples(st.text(max_size=9)),
    duration_s=st.floats(0, 1e4),
    true_peak_dbtp=st.none() | st.floats(-99, 9),
    draft=st.booleans(),
)
LOCKS = st.builds(
    Lock,
    st.dictionaries(st.tuples(st.sampled_from(["unity", "files"]), NAMES), RECORDS, max_size=5),
    st.dictionaries(NAMES, NAMES, max_size=3),
    st.dictionaries(
        st.tuples(st.sampled_from(["unity", "files"]), st.sampled_from(["Assets", "Assets/é", "a b"])),
        st.from_regex(r"[0-9A-Za-z_-]{0,64}", fullmatch=True),
        max_size=3,
    ),
)


@given(LOCKS)
def test_a_lock_is_read_back_as_it_was_written(lock: Lock) -> None:
    assert parse(lock.to_text()) == lock


@given(LOCKS)
def test_the_text_does_not_depend_on_the_order_things_were_done_in(lock: Lock) -> None:
    turned = Lock(
        dict(reversed(list(lock.assets.items()))),
        dict(reversed(list(lock.models.items()))),
        dict(reversed(list(lock.folders.items()))),
    )
    assert turned.to_text() == lock.to_text()


def test_one_assets_record_changes_only_its_own_lines() -> None:
    before = lock_of("a", "b", "c")
    after = Lock(
        {**before.assets, ("unity", "b"): replace(before.assets["unity", "b"], digest="9" * 64)},
        before.models,
        before.folders,
    )
    pairs = zip(before.to_text().splitlines(), after.to_text().splitlines(), strict=True)
    assert [line.strip() for line, other in pairs if line != other] == [f'"digest": "{"d" * 64}",']


def test_a_missing_lock_is_an_empty_one(tmp_path: Path) -> None:
    assert read(tmp_path / "sfxgen.lock") == Lock()


def test_writing_says_whether_anything_changed(tmp_path: Path) -> None:
    path = tmp_path / "sfxgen.lock"
    assert write(path, lock_of("a"))
    assert not write(path, lock_of("a"))
    assert read(path) == lock_of("a")
    assert [p.name for p in tmp_path.iterdir()] == ["sfxgen.lock"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "sfxgen.lock:1: not valid JSON"),
        ('{"version": 1,\n"assets": }', "sfxgen.lock:2: not valid JSON"),
        ("[]", "has version None"),
        ('{"version": 3}', "this sfxgen reads versions up to 2"),
        ('{"version": 2}', "broken record"),
        ('{"version": 1}', "broken record"),
        ("[" * 100_000, "nested too deeply"),
        ("version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (lock_of("a").to_text().replace('"sound"', '"sund"'), "broken record: fields sound, sund"),
        (lock_of("a").to_text().replace('"take": 1', '"take": "1"'), "take is no whole number"),
        (lock_of("a").to_text().replace('"Assets/a.wav"', '"../a.wav"'), "leaves the project"),
        (lock_of("a").to_text().replace('"Assets/a.wav"', '"/a.wav"'), "not relative to the project"),
        (lock_of("a").to_text().replace('"Assets/a.wav"', '"C:/a.wav"'), "not relative to the project"),
        (
            lock_of("a").to_text().replace('"Assets/a.wav"', '"Audio/manifests/a.yaml"'),
            "no audio file that sfxgen writes",
        ),
        (lock_of("a").to_text().replace('"Assets/a.wav"', '".git/a.wav"'), "is not for assets"),
        (lock_of("a").to_text().replace('"Assets/a.wav"', '"Assets/a\\u0000.wav"'), "no audio file"),
        (lock_of("a").to_text().replace("d" * 64, "abc"), "digest is no SHA-256"),
        (lock_of("a").to_text().replace("5" * 32, "zz\\nfoo: 1"), "engine_id is no engine id"),
        (lock_of("a").to_text().replace('"draft": false', '"draft": "no"'), "draft is no true or false"),
        (lock_of("a").to_text().replace('"duration_s": 0.5', '"duration_s": NaN'), "duration_s is no number"),
        (lock_of("a").to_text().replace('"seed": 5', '"seed": ' + "9" * 5000), "a number beyond reason"),
        (lock_of("a").to_text().replace('"Assets": "1', '"../x": "1'), "leaves the project"),
        (lock_of("a").to_text().replace('"Assets": "1', '"Assets": "\\n1'), "Assets has no engine id"),
        (lock_of("a").to_text().replace('"rejected": []', '"rejected": "abc"'), "rejected is no list"),
        (lock_of("a").to_text().replace('{"numpy": "2"}', "[1]"), "environment is no mapping"),
    ],
)
def test_a_lock_that_cannot_be_read_says_why(text: str, said: str) -> None:
    with pytest.raises(LockError) as caught:
        parse(text)
    assert said in caught.value.message
    assert caught.value.hint


def git(folder: Path, *args: str, ok: bool = True) -> None:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", str(folder), *args]
    done = subprocess.run(command, capture_output=True, check=False)
    assert not ok or done.returncode == 0, done.stderr


def merged(folder: Path, base: Lock, ours: Lock, theirs: Lock) -> str:
    """Let git itself merge two branches' locks."""
    path = folder / "sfxgen.lock"

    def commit(lock: Lock) -> None:
        path.write_text(lock.to_text(), encoding="utf-8")
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", "lock")

    git(folder, "init", "-q", "-b", "ours")
    commit(base)
    git(folder, "checkout", "-q", "-b", "theirs")
    commit(theirs)
    git(folder, "checkout", "-q", "ours")
    commit(ours)
    git(folder, "merge", "-q", "theirs", ok=False)
    return path.read_text(encoding="utf-8")


def test_git_merges_edits_of_neighbours(tmp_path: Path) -> None:
    base = lock_of("a", "b", "c", "d")
    ours = Lock(
        {**base.assets, ("unity", "b"): replace(base.assets["unity", "b"], digest="8" * 64)},
        base.models,
        base.folders,
    )
    theirs = Lock(
        {**base.assets, ("unity", "c"): replace(base.assets["unity", "c"], digest="7" * 64)},
        base.models,
        base.folders,
    )
    lock = parse(merged(tmp_path, base, ours, theirs))
    assert not lock.conflicted
    assert [record.digest[0] for record in lock.assets.values()] == ["d", "8", "7", "d"]


def test_a_lock_in_conflict_is_read_as_both_sides_together(tmp_path: Path) -> None:
    base = lock_of("a")
    text = merged(tmp_path, base, lock_of("a", "b", "z"), lock_of("a", "c"))
    assert "<<<<<<<" in text
    lock = parse(text)
    assert lock.conflicted
    assert {name for _, name in lock.assets} == {"a", "b", "c", "z"}


def test_in_a_conflict_over_one_record_our_side_stands_whole(tmp_path: Path) -> None:
    base = lock_of("a", "b")
    text = merged(tmp_path, base, lock_of("a", "b", digest="1" * 64), lock_of("a", "b", digest="2" * 64))
    lock = parse(text)
    assert {record.digest for record in lock.assets.values()} == {"1" * 64}


def test_version_is_written() -> None:
    assert f'"version": {lockfile.LOCK_VERSION}' in Lock().to_text()
