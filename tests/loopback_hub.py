"""A Hugging Face Hub of our own on the loopback: what the real one answers to huggingface_hub, with one repository."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from test_weights import COMMIT, FILES, REPO

WEIGHTS = "unet/diffusion_pytorch_model.safetensors"


@dataclass
class LoopbackHub:
    """A Hub with one repository. `cut` breaks the first answer for that file off half-way.

    `damaged` counts, for a file, how many answers carry other bytes of the same length.
    """

    files: dict[str, bytes]
    cut: str = ""
    damaged: dict[str, int] = field(default_factory=dict)
    status: int = 200
    error_code: str = ""
    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(request.path).path)
        if self.status != 200:
            self._send(request, self.status, b"{}", {"X-Error-Code": self.error_code})
        elif path.startswith(f"/api/models/{REPO}/tree/"):
            listing = [
                {"type": "file", "path": name, "size": len(data), "oid": etag(name, data)}
                for name, data in self.files.items()
            ]
            self._send_json(request, listing)
        elif path.startswith(f"/api/models/{REPO}"):
            siblings = [self._sibling(name, data) for name, data in self.files.items()]
            self._send_json(request, {"id": REPO, "sha": COMMIT, "siblings": siblings})
        else:
            self._send_file(request, path.removeprefix(f"/{REPO}/resolve/{COMMIT}/"))

    @staticmethod
    def _sibling(name: str, data: bytes) -> dict[str, Any]:
        sibling = {"rfilename": name, "size": len(data), "blobId": git_sha1(data)}
        if is_lfs(name):
            sibling["lfs"] = {"sha256": etag(name, data), "size": len(data), "pointerSize": 134}
        return sibling

    def _send_file(self, request: BaseHTTPRequestHandler, name: str) -> None:
        data, wanted = self.files[name], request.headers.get("Range", "")
        headers = {"ETag": f'"{etag(name, data)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        if request.command == "GET":
            self.asked.append((name, wanted))
            if self.damaged.get(name, 0) > 0:
                self.damaged[name] -= 1
                data = bytes(255 - byte for byte in data)
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


def is_lfs(name: str) -> bool:
    """Whether the Hub keeps a file in Git LFS: weights."""
    return name.endswith((".safetensors", ".bin"))


def git_sha1(data: bytes) -> str:
    """Return the hash that git knows a file's bytes by."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def etag(name: str, data: bytes) -> str:
    """Return what the Hub's answers call a file's bytes, and the cache its blob."""
    return hashlib.sha256(data).hexdigest() if is_lfs(name) else git_sha1(data)


@contextmanager
def served() -> Iterator[LoopbackHub]:
    """Serve a small repository, with files beside those that loading reads, until the end of the block."""
    # Each file has bytes of its own: the cache keeps, and asks for, equal ones once.
    loopback = LoopbackHub(
        {name: f"{text}{' ' * at}".encode() for at, (name, text) in enumerate(FILES.items())}
    )
    loopback.files |= {"README.md": b"notes", "unet/diffusion_pytorch_model.bin": b"the same, pickled"}
    loopback.files[WEIGHTS] = bytes(range(256)) * 4096

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            loopback.answer(self)

        def do_HEAD(self) -> None:
            loopback.answer(self)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    loopback.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield loopback
    finally:
        server.shutdown()
        server.server_close()
