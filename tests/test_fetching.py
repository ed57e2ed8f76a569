"""Fetching weights: from a Hub of our own on the loopback, from a mirror, and from a folder."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from loopback_hub import WEIGHTS, LoopbackHub, served
from test_weights import COMMIT, FILES, REPO, hub_module, write

from sfxgen.errors import ModelUnavailable
from sfxgen.models import fetching, weights


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture
def hub(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackHub]:
    constants = hub_module("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with served() as loopback:
        monkeypatch.setenv("HF_ENDPOINT", loopback.url)
        yield loopback


def nothing_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the network away: whoever asks a Hub from here on fails."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")


def test_fetch_brings_what_loading_reads_and_locate_finds_it(
    hub: LoopbackHub, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told: list[tuple[int, int]] = []
    found = fetching.fetch(REPO, on_bytes=lambda done, total: told.append((done, total)))
    assert weights.locate(REPO, tmp_path) == found
    assert found.revision == COMMIT
    assert weights.missing_files(found.folder) == []
    there = {str(path.relative_to(found.folder)) for path in found.folder.rglob("*") if path.is_file()}
    assert there == set(FILES)
    total = sum(path.stat().st_size for path in found.folder.rglob("*") if path.is_file())
    assert told[0] == (0, total)
    assert told[-1] == (total, total)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert capfd.readouterr() == ("", "")


def test_fetch_of_what_is_there_downloads_nothing(hub: LoopbackHub) -> None:
    fetching.fetch(REPO)
    hub.asked.clear()
    told: list[tuple[int, int]] = []
    fetching.fetch(REPO, on_bytes=lambda done, total: told.append((done, total)))
    assert hub.asked == []
    assert {done == total for done, total in told} == {True}


def test_a_download_that_was_cut_off_goes_on_where_it_stopped(
    hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only whole chunks are kept, of 10 MB: smaller ones let a small file have some.
    monkeypatch.setattr(hub_module("huggingface_hub.constants"), "DOWNLOAD_CHUNK_SIZE", 1 << 16)
    big = "unet/diffusion_pytorch_model.safetensors"
    hub.cut = big
    with suppress(ModelUnavailable):  # some releases of huggingface_hub try again by themselves
        fetching.fetch(REPO)
    found = fetching.fetch(REPO)
    assert (found.folder / big).read_bytes() == hub.files[big]
    ranges = [wanted for name, wanted in hub.asked if name == big]
    assert len(ranges) == 2
    start = int(ranges[1].removeprefix("bytes=").rstrip("-"))
    assert 0 < start <= len(hub.files[big]) // 2


@pytest.mark.parametrize(
    ("status", "code", "message", "hint"),
    [
        (404, "RepoNotFound", "there is no model someone/tiny on the Hub", "hf auth login"),
        (401, "", "does not let you read someone/tiny", "hf auth login"),
        (403, "GatedRepo", "asks you to accept its terms", "hf auth login"),
        (404, "RevisionNotFound", "has no such revision", "/commits"),
        (400, "", "cannot be downloaded", "run it again"),
    ],
)
def test_a_hub_that_refuses_is_told_with_the_next_step(
    hub: LoopbackHub, status: int, code: str, message: str, hint: str
) -> None:
    hub.status, hub.error_code = status, code
    with pytest.raises(ModelUnavailable, match=message) as caught:
        fetching.fetch(REPO)
    assert hint in caught.value.hint


def test_no_connection_is_told(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelUnavailable, match="someone/tiny cannot be downloaded") as caught:
        fetching.fetch(REPO)
    assert "connection" in caught.value.hint


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (PermissionError(errno.EACCES, "Permission denied"), "cannot be downloaded"),
    ],
)
def test_a_disk_that_refuses_is_told(
    hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch, error: OSError, message: str
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> str:
        raise error

    monkeypatch.setattr(hub_module("huggingface_hub"), "snapshot_download", refuse)
    with pytest.raises(ModelUnavailable, match=message):
        fetching.fetch(REPO)


def test_offline_mode_is_told(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise hub_module("huggingface_hub.errors").OfflineModeIsEnabled("offline")

    monkeypatch.setattr(hub_module("huggingface_hub").HfApi, "model_info", refuse)
    with pytest.raises(ModelUnavailable, match="HF_HUB_OFFLINE is set"):
        fetching.fetch(REPO)


def test_a_bug_in_between_is_not_taken_for_a_bad_connection(
    hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(hub_module("huggingface_hub"), "snapshot_download", broken)
    with pytest.raises(ZeroDivisionError):
        fetching.fetch(REPO)


def test_a_folder_has_nothing_to_fetch() -> None:
    with pytest.raises(ModelUnavailable, match="nothing to fetch"):
        fetching.fetch("a/b/c")


# --- checksums --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [WEIGHTS, "vocoder/pytorch_model.bin", "unet/config.json"])
def test_a_file_that_came_with_other_bytes_is_fetched_once_more(hub: LoopbackHub, name: str) -> None:
    hub.damaged[name] = 1
    found = fetching.fetch(REPO)
    assert (found.folder / name).read_bytes() == hub.files[name]
    assert [asked for asked, _ in hub.asked].count(name) == 2
    assert {asked for asked, _ in hub.asked} == set(FILES), "the others were fetched once"


def test_a_file_that_is_damaged_twice_is_an_error_and_does_not_stay(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.damaged[WEIGHTS] = 2
    with pytest.raises(ModelUnavailable, match=f"{WEIGHTS} came twice with other bytes") as caught:
        fetching.fetch(REPO)
    assert "mirror" in caught.value.hint
    bad = hashlib.sha256(bytes(255 - byte for byte in hub.files[WEIGHTS])).hexdigest()
    there = [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size > 100_000]
    assert [hashlib.sha256(path.read_bytes()).hexdigest() for path in there].count(bad) == 0
    found = weights.locate(REPO, tmp_path)
    assert found is None or WEIGHTS in weights.missing_files(found.folder)


def test_what_rotted_on_this_disk_is_seen_and_fetched_again(hub: LoopbackHub) -> None:
    found = fetching.fetch(REPO)
    hub.asked.clear()
    file = found.folder / WEIGHTS
    content = bytearray(file.read_bytes())
    content[1000] ^= 1
    file.resolve().write_bytes(content)
    fetching.fetch(REPO)
    assert file.read_bytes() == hub.files[WEIGHTS]
    assert [name for name, _ in hub.asked] == [WEIGHTS]


def test_what_a_link_leads_to_outside_of_the_cache_stays(hub: LoopbackHub, tmp_path: Path) -> None:
    found = fetching.fetch(REPO)
    own = tmp_path / "somebody's own.safetensors"
    own.write_bytes(b"not what the list says")
    (found.folder / WEIGHTS).unlink()
    (found.folder / WEIGHTS).symlink_to(own)
    fetching.fetch(REPO)
    assert own.read_bytes() == b"not what the list says"
    assert (found.folder / WEIGHTS).read_bytes() == hub.files[WEIGHTS]


@pytest.mark.parametrize("leads", ["../../../../own.txt", "{own}", "a/../../../../../own.txt", "..\\own.txt"])
def test_names_that_lead_out_of_the_model_s_folder_are_no_files_of_it(
    hub: LoopbackHub, tmp_path: Path, leads: str
) -> None:
    found = fetching.fetch(REPO)
    own = tmp_path / "own.txt"
    own.write_bytes(b"somebody's own")
    hub.files[leads.format(own=own)] = b"what a mirror says that it is"
    assert fetching.fetch(REPO, wanted=list) == found
    assert own.read_bytes() == b"somebody's own"
    assert leads.format(own=own) not in [name for name, _ in hub.asked]


# --- room on the disk -------------------------------------------------------------------------------


def leave_free(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=count)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)


def test_a_disk_without_room_is_told_before_anything_is_downloaded(
    hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_free(1_000_000, monkeypatch)
    with pytest.raises(ModelUnavailable, match=r"needs 1\.0 MB, and the disk has 1\.0 MB free") as caught:
        fetching.fetch(REPO)
    assert "HF_HOME" in caught.value.hint
    assert hub.asked == []


def test_what_is_here_needs_no_room(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    fetching.fetch(REPO)
    leave_free(0, monkeypatch)
    fetching.fetch(REPO)


@pytest.mark.filterwarnings("ignore:Not enough free disk space")  # huggingface_hub's, of all of the file
def test_what_a_download_that_was_cut_off_has_brought_needs_no_room_again(
    hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetching.fetch(REPO)
    file = weights.repo_cache(REPO) / "snapshots" / COMMIT / WEIGHTS
    blob = file.resolve()
    half = blob.with_name(f"{blob.name}.incomplete")
    half.write_bytes(blob.read_bytes()[: blob.stat().st_size // 2])
    blob.unlink()
    file.unlink()
    needed = len(hub.files[WEIGHTS]) - half.stat().st_size
    leave_free(needed - 1, monkeypatch)
    with pytest.raises(ModelUnavailable, match=r"needs 0\.5 MB"):
        fetching.fetch(REPO)
    leave_free(needed, monkeypatch)
    assert fetching.fetch(REPO).folder == file.parent.parent


# --- mirrors and closed networks --------------------------------------------------------------------


def test_a_mirror_is_asked_in_place_of_the_hub(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_answers(monkeypatch)
    found = fetching.fetch(REPO, mirror=hub.url)
    assert weights.missing_files(found.folder) == []


def test_a_folder_that_another_machine_filled_brings_the_same_bytes(
    hub: LoopbackHub, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stick = tmp_path / "stick"
    fetching.fetch(REPO, into=stick)
    assert not cache.exists(), "nothing but the folder was filled"
    # A stick's file system may know no links: what they lead to is copied.
    plain = tmp_path / "plain"
    shutil.copytree(stick, plain)
    shutil.rmtree(plain / "models--someone--tiny/blobs")
    nothing_answers(monkeypatch)
    told: list[tuple[int, int]] = []
    found = fetching.copy_from(plain, REPO, on_bytes=lambda done, total: told.append((done, total)))
    assert weights.locate(REPO, tmp_path) == found
    assert found.revision == COMMIT
    assert weights.missing_files(found.folder) == []
    there = {str(path.relative_to(found.folder)) for path in found.folder.rglob("*") if path.is_file()}
    assert there == set(FILES)
    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1] > 1_000_000


def test_a_folder_serves_a_pinned_commit_and_nothing_is_copied_twice(
    hub: LoopbackHub, tmp_path: Path
) -> None:
    fetching.fetch(REPO, into=tmp_path / "stick")
    found = fetching.copy_from(tmp_path / "stick", REPO, revision=COMMIT)
    before = {path: path.stat().st_mtime_ns for path in found.folder.rglob("*")}
    assert fetching.copy_from(tmp_path / "stick", REPO, revision=COMMIT) == found
    assert {path: path.stat().st_mtime_ns for path in found.folder.rglob("*")} == before


def test_what_rotted_in_the_cache_is_copied_again(hub: LoopbackHub, tmp_path: Path) -> None:
    fetching.fetch(REPO, into=tmp_path / "stick")
    file = fetching.copy_from(tmp_path / "stick", REPO).folder / WEIGHTS
    content = bytearray(file.read_bytes())
    content[1000] ^= 1
    file.write_bytes(content)
    fetching.copy_from(tmp_path / "stick", REPO)
    assert file.read_bytes() == hub.files[WEIGHTS]


def test_a_folder_keeps_the_lists_of_other_commits(hub: LoopbackHub, tmp_path: Path) -> None:
    fetching.fetch(REPO, into=tmp_path)
    path = tmp_path / "models--someone--tiny" / fetching.CHECKSUMS
    path.write_text(json.dumps({"0" * 40: {"x": {}}}), encoding="utf-8")
    fetching.fetch(REPO, into=tmp_path)
    assert set(json.loads(path.read_bytes())) == {"0" * 40, COMMIT}


@pytest.mark.parametrize("with_list", [True, False])
def test_a_damaged_file_in_a_folder_never_reaches_the_cache(
    hub: LoopbackHub, tmp_path: Path, with_list: bool
) -> None:
    stick = tmp_path / "stick"
    found = fetching.fetch(REPO, into=stick)
    content = bytearray((found.folder / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (found.folder / WEIGHTS).resolve().write_bytes(content)
    if not with_list:  # as the Hub's own client leaves it: a blob's name is its hash
        (stick / "models--someone--tiny" / fetching.CHECKSUMS).unlink()
    with pytest.raises(ModelUnavailable, match="is damaged: its checksum is another"):
        fetching.copy_from(stick, REPO)
    now = weights.repo_cache(REPO) / "snapshots" / COMMIT
    assert WEIGHTS in weights.missing_files(now)
    assert not list(now.rglob("*.incomplete"))
    fetching.fetch(REPO, into=stick)  # mends the folder
    fetching.copy_from(stick, REPO)
    assert weights.missing_files(now) == []


def test_a_folder_without_the_model_is_told(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(ModelUnavailable, match="does not hold someone/tiny at main") as caught:
        fetching.copy_from(tmp_path, REPO)
    assert "--into" in caught.value.hint


def test_a_ref_that_leads_elsewhere_is_no_commit(tmp_path: Path, cache: Path) -> None:
    write(tmp_path / "stick/models--someone--tiny", {"refs/main": "../../../etc", "snapshots/x": ""})
    write(tmp_path / "etc", FILES)
    assert (tmp_path / "stick/models--someone--tiny/snapshots/../../../etc").is_dir()
    with pytest.raises(ModelUnavailable, match="does not hold"):
        fetching.copy_from(tmp_path / "stick", REPO)
