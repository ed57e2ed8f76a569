"""Finding weights on this disk and fetching them, against a Hugging Face Hub of our own on the loopback."""

from __future__ import annotations

import errno
import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from sfxgen.errors import ModelUnavailable
from sfxgen.models import weights
from sfxgen.models.weights import HubId, Weights

COMMIT = "c" * 40
REPO = "someone/tiny"
INDEX = {
    "_class_name": "AudioLDMPipeline",
    "_diffusers_version": "0.42.1",
    "scheduler": ["diffusers", "DDIMScheduler"],
    "tokenizer": ["transformers", "RobertaTokenizerFast"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vocoder": ["transformers", "SpeechT5HifiGan"],
    "feature_extractor": [None, None],
}
FILES = {
    "model_index.json": json.dumps(INDEX),
    "scheduler/scheduler_config.json": "{}",
    "tokenizer/vocab.json": "{}",
    "tokenizer/merges.txt": "#version: 0.2",
    "tokenizer/tokenizer_config.json": "{}",
    "unet/config.json": "{}",
    "unet/diffusion_pytorch_model.safetensors": "weights of the unet",
    "vocoder/config.json": "{}",
    "vocoder/pytorch_model.bin": "weights of the vocoder",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def hub_module(name: str) -> Any:
    return pytest.importorskip(name, reason="needs sfxgen[models]: huggingface_hub is not installed")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("cvssp/audioldm-m-full", HubId("cvssp/audioldm-m-full")),
        ("org/name@v1.0", HubId("org/name", "v1.0")),
        ("org/name@refs/pr/3", HubId("org/name", "refs/pr/3")),
        ("weights/tiny", HubId("weights/tiny")),
        ("tiny", None),
        ("a/b/c", None),
        ("org/../name", None),
        ("org/name@../../x", None),
        ("org/name@", None),
        ("/org/name", None),
        ("./name", None),
    ],
)
def test_what_is_shaped_like_a_hub_id(where: str, expected: HubId | None) -> None:
    assert weights.hub_id(where) == expected


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"HF_HUB_CACHE": "/a", "HF_HOME": "/b", "XDG_CACHE_HOME": "/c"}, "/a"),
        ({"HF_HOME": "/b", "XDG_CACHE_HOME": "/c"}, "/b/hub"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub"),
        ({"HOME": "/home/me"}, "/home/me/.cache/huggingface/hub"),
    ],
)
def test_the_cache_is_where_huggingface_hub_has_it(
    variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert weights.hub_cache() == Path(expected)


def test_our_cache_folder_is_the_one_huggingface_hub_uses() -> None:
    download = hub_module("huggingface_hub.file_download")
    assert weights.repo_cache(REPO).name == download.repo_folder_name(repo_id=REPO, repo_type="model")
    # huggingface_hub reads the variables when it is imported: a fresh process reads the same ones as this.
    code = "from huggingface_hub.constants import HF_HUB_CACHE; print(HF_HUB_CACHE)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert str(weights.hub_cache()) == done.stdout.strip()


def test_a_cached_snapshot_is_found_by_branch_tag_and_commit(cache: Path, tmp_path: Path) -> None:
    repo = cache / "models--someone--tiny"
    write(repo / "snapshots" / COMMIT, FILES)
    write(repo, {"refs/main": COMMIT, "refs/refs/pr/3": COMMIT, "refs/gone": "d" * 40, "refs/odd": "../../x"})
    expected = Weights(repo / "snapshots" / COMMIT, COMMIT)
    for where in (REPO, f"{REPO}@{COMMIT}", f"{REPO}@refs/pr/3"):
        assert weights.locate(where, tmp_path) == expected
    assert weights.locate(f"{REPO}@gone", tmp_path) is None
    assert weights.locate(f"{REPO}@odd", tmp_path) is None
    assert weights.locate(f"{REPO}@none", tmp_path) is None
    assert weights.locate(REPO, tmp_path, "d" * 40) is None
    assert weights.locate(f"{REPO}@none", tmp_path, COMMIT) == expected


def test_a_project_folder_is_found_at_its_digest(cache: Path, tmp_path: Path) -> None:
    folder = write(tmp_path / "weights/tiny", FILES)
    assert weights.locate("weights/tiny", tmp_path, "whatever") == Weights(
        folder, weights.folder_digest(folder)
    )


def test_whole_weights_miss_nothing(tmp_path: Path) -> None:
    assert weights.missing_files(write(tmp_path, FILES)) == []


@pytest.mark.parametrize("name", [name for name in FILES if name != "tokenizer/tokenizer_config.json"])
def test_every_needed_file_is_missed(tmp_path: Path, name: str) -> None:
    (write(tmp_path, FILES) / name).unlink()
    expected = name.replace("vocoder/pytorch_model.bin", "vocoder/model.safetensors")
    assert weights.missing_files(tmp_path) == [expected]


def test_one_tokenizer_file_stands_for_the_two(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    (tmp_path / "tokenizer/vocab.json").unlink()
    write(tmp_path, {"tokenizer/tokenizer.json": "{}"})
    assert weights.missing_files(tmp_path) == []


def test_every_shard_is_needed(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    (tmp_path / "unet/diffusion_pytorch_model.safetensors").unlink()
    shards = {"a": "unet-1.safetensors", "b": "unet-2.safetensors", "c": "unet-1.safetensors"}
    index = {"unet/diffusion_pytorch_model.safetensors.index.json": json.dumps({"weight_map": shards})}
    write(tmp_path, {**index, "unet/unet-1.safetensors": "one"})
    assert weights.missing_files(tmp_path) == ["unet/unet-2.safetensors"]


@pytest.mark.parametrize("index", ["", "[]", "{", '{"unet": 3}', '{"unet": ["diffusers"]}'])
def test_a_strange_model_index_is_no_crash(tmp_path: Path, index: str) -> None:
    write(tmp_path, {"model_index.json": index})
    assert weights.components(tmp_path) == {}
    assert weights.pipeline_class(tmp_path) == ""
    weights.missing_files(tmp_path)


@pytest.mark.parametrize("name", list(FILES))
def test_the_digest_sees_every_file_that_loading_reads(tmp_path: Path, name: str) -> None:
    before = weights.folder_digest(write(tmp_path, FILES))
    (tmp_path / name).write_text(FILES[name] + " ")
    assert weights.folder_digest(tmp_path) != before


def test_the_digest_ignores_what_loading_does_not_read(tmp_path: Path) -> None:
    before = weights.folder_digest(write(tmp_path / "one", FILES))
    others = {"README.md": "x", "unet/notes.txt": "x", "unet/flax_model.msgpack": "x", ".DS_Store": "x"}
    write(tmp_path / "one", others)
    assert weights.folder_digest(tmp_path / "one") == before
    assert weights.folder_digest(write(tmp_path / "two", FILES)) == before


def test_the_digest_reads_a_file_once_while_it_stays_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, FILES)
    read: list[str] = []
    real = hashlib.file_digest

    def counting(file: Any, name: str) -> Any:
        read.append(file.name)
        return real(file, name)

    monkeypatch.setattr(hashlib, "file_digest", counting)
    weights.folder_digest(tmp_path)
    assert len(read) == len(FILES)
    weights.folder_digest(tmp_path)
    assert len(read) == len(FILES)


def test_only_one_format_of_the_weights_is_wanted() -> None:
    names = [
        "README.md",
        ".gitattributes",
        "audioldm.ckpt",
        "model_index.json",
        "scheduler/scheduler_config.json",
        "tokenizer/vocab.json",
        "tokenizer/merges.txt",
        "unet/config.json",
        "unet/diffusion_pytorch_model.bin",
        "unet/diffusion_pytorch_model.safetensors",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/config.json",
        "vae/diffusion_pytorch_model.bin",
        "vae/diffusion_flax_model.msgpack",
        "text_encoder/model-00001-of-00002.safetensors",
        "text_encoder/model.safetensors.index.json",
        "text_encoder/pytorch_model-00001-of-00002.bin",
        "text_encoder/pytorch_model.bin.index.json",
        "extra/deep/config.json",
    ]
    assert weights.wanted_files(names) == [
        "model_index.json",
        "scheduler/scheduler_config.json",
        "text_encoder/model-00001-of-00002.safetensors",
        "text_encoder/model.safetensors.index.json",
        "tokenizer/merges.txt",
        "tokenizer/vocab.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/config.json",
        "vae/diffusion_pytorch_model.bin",
    ]


@dataclass
class LoopbackHub:
    """A Hugging Face Hub with one repository. `cut` breaks the first answer for that file off half-way."""

    files: dict[str, bytes]
    cut: str = ""
    status: int = 200
    error_code: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(request.path).path)
        if self.status != 200:
            self._send(request, self.status, b"{}", {"X-Error-Code": self.error_code})
        elif path.startswith(f"/api/models/{REPO}/tree/"):
            listing = [
                {"type": "file", "path": name, "size": len(data), "oid": self._etag(data)}
                for name, data in self.files.items()
            ]
            self._send_json(request, listing)
        elif path.startswith(f"/api/models/{REPO}"):
            siblings = [{"rfilename": name, "size": len(data)} for name, data in self.files.items()]
            self._send_json(request, {"id": REPO, "sha": COMMIT, "siblings": siblings})
        else:
            self._send_file(request, path.removeprefix(f"/{REPO}/resolve/{COMMIT}/"))

    def _send_file(self, request: BaseHTTPRequestHandler, name: str) -> None:
        data, wanted = self.files[name], request.headers.get("Range", "")
        if request.command == "GET":
            self.asked.append((name, wanted))
        headers = {"ETag": f'"{self._etag(data)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        start = int(wanted.removeprefix("bytes=").partition("-")[0] or 0)
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        cut = request.command == "GET" and name == self.cut
        self._send(request, 206 if start else 200, data[start:], headers, half=cut)
        if cut:
            self.cut = ""

    def _send_json(self, request: BaseHTTPRequestHandler, value: object) -> None:
        self._send(request, 200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    @staticmethod
    def _etag(data: bytes) -> str:
        return hashlib.sha1(data).hexdigest()

    @staticmethod
    def _send(
        request: BaseHTTPRequestHandler,
        status: int,
        body: bytes,
        headers: dict[str, str],
        *,
        half: bool = False,
    ) -> None:
        request.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            request.send_header(name, value)
        request.end_headers()
        if request.command == "GET":
            request.wfile.write(body[: len(body) // 2] if half else body)
        request.close_connection = request.close_connection or half


@pytest.fixture
def hub(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackHub]:
    constants = hub_module("huggingface_hub.constants")
    loopback = LoopbackHub({name: text.encode() for name, text in FILES.items()})
    loopback.files |= {"README.md": b"notes", "unet/diffusion_pytorch_model.bin": b"the same, pickled"}
    loopback.files["unet/diffusion_pytorch_model.safetensors"] = bytes(range(256)) * 4096

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            loopback.answer(self)

        def do_HEAD(self) -> None:
            loopback.answer(self)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    yield loopback
    server.shutdown()
    server.server_close()


def test_fetch_brings_what_loading_reads_and_locate_finds_it(
    hub: LoopbackHub, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told: list[tuple[int, int]] = []
    found = weights.fetch(REPO, on_bytes=lambda done, total: told.append((done, total)))
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
    weights.fetch(REPO)
    hub.asked.clear()
    told: list[tuple[int, int]] = []
    weights.fetch(REPO, on_bytes=lambda done, total: told.append((done, total)))
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
        weights.fetch(REPO)
    found = weights.fetch(REPO)
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
        weights.fetch(REPO)
    assert hint in caught.value.hint


def test_no_connection_is_told(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelUnavailable, match="someone/tiny cannot be downloaded") as caught:
        weights.fetch(REPO)
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
        weights.fetch(REPO)


def test_offline_mode_is_told(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise hub_module("huggingface_hub.errors").OfflineModeIsEnabled("offline")

    monkeypatch.setattr(hub_module("huggingface_hub").HfApi, "model_info", refuse)
    with pytest.raises(ModelUnavailable, match="HF_HUB_OFFLINE is set"):
        weights.fetch(REPO)


def test_a_bug_in_between_is_not_taken_for_a_bad_connection(
    hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(hub_module("huggingface_hub"), "snapshot_download", broken)
    with pytest.raises(ZeroDivisionError):
        weights.fetch(REPO)


def test_a_folder_has_nothing_to_fetch() -> None:
    with pytest.raises(ModelUnavailable, match="nothing to fetch"):
        weights.fetch("a/b/c")
