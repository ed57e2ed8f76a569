"""Getting weights: from the Hugging Face Hub, from a mirror of it, or from a folder that another machine filled.

What comes is checked against the repository's own list of checksums: SHA-256 for weights (Git LFS), git's blob hash for
the rest. A file that came out otherwise is thrown away and fetched once more; one that differs again is an error. Nothing of
a repository is executed. The rest of sfxgen never touches the network.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import Any

from sfxgen.errors import ModelUnavailable
from sfxgen.models.weights import COMMIT, HubId, Weights, hub_cache, hub_id, wanted_files

OnBytes = Callable[[int, int], None]
"""Told of progress: bytes that are here, bytes in all."""
Wanted = Callable[[Iterable[str]], list[str]]
"""Chooses among a repository's files what is to be fetched."""
CHECKSUMS = "sfxgen-checksums.json"
"""Beside a repository's snapshots in a folder for closed networks: what each file's bytes are to be."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository. `sha256` or `git_sha1` (of git's blob) is what its bytes are to be, where that is known."""

    size: int
    sha256: str = ""
    git_sha1: str = ""

    def matches(self, path: Path) -> bool:
        """Whether a file on this disk has these bytes. Raises OSError."""
        size = path.stat().st_size
        if self.size and size != self.size:
            return False
        if self.sha256:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        if self.git_sha1:
            digest = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
            digest.update(path.read_bytes())
            return digest.hexdigest() == self.git_sha1
        return True

    def as_json(self) -> dict[str, Any]:
        """Return it as the list of checksums has it."""
        return {"size": self.size, "sha256": self.sha256, "git_sha1": self.git_sha1}


def fetch(
    where: str,
    *,
    revision: str | None = None,
    on_bytes: OnBytes | None = None,
    mirror: str | None = None,
    into: Path | None = None,
    wanted: Wanted = wanted_files,
) -> Weights:
    """Download a Hub model into the Hugging Face cache, or `into` a folder, and return it; what is there whole stays.

    A download that was cut off resumes. `mirror` (else HF_ENDPOINT) is a Hub to ask in place of the public one.
    Raises ModelUnavailable where `where` is no Hub id, huggingface_hub is missing, the Hub cannot be reached or refuses,
    the disk has too little room, or a file comes with other bytes than the Hub's list says, twice.
    """
    hub = _hub(where)
    try:
        import huggingface_hub
    except ImportError as error:
        raise ModelUnavailable(
            "huggingface_hub is not installed", hint="pip install 'sfxgen[models]'"
        ) from error
    report = on_bytes or _unheard
    cache = hub_cache() if into is None else into
    try:
        endpoint = mirror or os.environ.get("HF_ENDPOINT") or None
        listing = huggingface_hub.HfApi(endpoint=endpoint).model_info(
            hub.repo, revision=revision or hub.revision, files_metadata=True
        )
        known = {file.rfilename: _remote(file) for file in listing.siblings if _stays_inside(file.rfilename)}
        files = {name: known[name] for name in wanted(known)}
        if not files:
            raise ModelUnavailable(f"{hub.repo} holds no weights that sfxgen can load", hint=_page(hub))
        commit = str(listing.sha)
        repo = _repo_folder(cache, hub)
        snapshot = repo / "snapshots" / commit
        _remove_damaged(snapshot, files)
        total = sum(file.size for file in files.values())
        for is_last in (False, True):
            here = sum(file.size for name, file in files.items() if (snapshot / name).is_file())
            report(here, total)
            _require_room(hub, cache, total - here - _under_way(repo))
            huggingface_hub.snapshot_download(
                hub.repo,
                revision=revision or hub.revision,
                cache_dir=cache,
                endpoint=endpoint,
                allow_patterns=list(files),
                tqdm_class=_byte_counter(partial(_report_more, report, here, total)),
            )
            damaged = _remove_damaged(snapshot, files)
            if not damaged:
                break
            if is_last:
                raise ModelUnavailable(
                    f"{hub.repo}: {damaged[0]} came twice with other bytes than the list of checksums says",
                    hint="the mirror's copy, or something on the way, is damaged: try another mirror or connection",
                )
        if into is not None:
            _write_checksums(repo, commit, files)
    except Exception as error:
        unavailable = None if isinstance(error, ModelUnavailable) else _download_error(hub, error, cache)
        if unavailable is None:
            raise
        raise unavailable from error
    report(total, total)
    return Weights(snapshot, commit)


def copy_from(
    folder: Path,
    where: str,
    *,
    revision: str | None = None,
    on_bytes: OnBytes | None = None,
    wanted: Wanted = wanted_files,
) -> Weights:
    """Copy a Hub model into the Hugging Face cache, from a folder that `fetch(into=…)` or a Hub's client filled.

    Needs no network and no huggingface_hub. Every file's checksum is looked at, before what is in the cache changes.
    Raises ModelUnavailable where the folder does not have the model, a file is damaged, or the disk is full.
    """
    hub = _hub(where)
    source = _repo_folder(folder, hub)
    if not source.is_dir() and folder.name == source.name:
        source = folder  # the repository's own folder was named
    commit = _named_commit(source, revision or hub.revision)
    if commit is None:
        raise ModelUnavailable(
            f"{folder} does not hold {hub.repo} at {revision or hub.revision}",
            hint="fill it on a machine with a network, by the same command with --into in place of --from",
        )
    report = on_bytes or _unheard
    snapshot = source / "snapshots" / commit
    names = sorted(path.relative_to(snapshot).as_posix() for path in snapshot.rglob("*") if not path.is_dir())
    cache = hub_cache()
    try:
        files = {name: _listed(source, commit, name) for name in wanted(names)}
        target = _repo_folder(cache, hub) / "snapshots" / commit
        _remove_damaged(target, files)
        total = sum(file.size for file in files.values())
        done = sum(file.size for name, file in files.items() if (target / name).is_file())
        report(done, total)
        _require_room(hub, cache, total - done)
        for name, file in files.items():
            if not (target / name).is_file():
                _copy_checked(hub, snapshot / name, target / name, file)
                done += file.size
                report(done, total)
        if not COMMIT.fullmatch(revision or hub.revision):
            ref = _repo_folder(cache, hub) / "refs" / (revision or hub.revision)
            _write_whole(ref, commit)
    except OSError as error:
        raise _disk_error(hub, error, cache) from error
    return Weights(target, commit)


def _hub(where: str) -> HubId:
    hub = hub_id(where)
    if hub is None:
        raise ModelUnavailable(f"{where} is a folder, not a model on the Hugging Face Hub: nothing to fetch")
    return hub


def _repo_folder(cache: Path, hub: HubId) -> Path:
    """Return a repository's folder in a cache of the Hub's layout."""
    return cache / f"models--{hub.repo.replace('/', '--')}"


def _page(hub: HubId) -> str:
    return f"https://huggingface.co/{hub.repo}"


def _remote(file: Any) -> RemoteFile:
    """Return what the Hub's list says of a file."""
    sha256 = getattr(file.lfs, "sha256", None) if file.lfs is not None else None
    return RemoteFile(file.size or 0, sha256 or "", "" if file.lfs is not None else file.blob_id or "")


def _stays_inside(name: str) -> bool:
    """Whether a listed name is one of a file below the repository's folder: a mirror may list what git would refuse."""
    path = PureWindowsPath(name)  # it reads both kinds of slashes, and drives
    return not path.anchor and ".." not in path.parts


def _remove_damaged(snapshot: Path, files: Mapping[str, RemoteFile]) -> list[str]:
    """Remove the files of a snapshot that do not have the listed bytes, their blobs too, and return their names."""
    damaged = []
    for name, file in files.items():
        path = snapshot / name
        if path.is_file() and not file.matches(path):
            damaged.append(name)
            blob = path.resolve()
            if blob.is_relative_to(snapshot.parent.parent.resolve()):  # the repository's folder
                blob.unlink()
            path.unlink(missing_ok=True)
    return damaged


def _under_way(repo: Path) -> int:
    """Return the bytes of downloads that were cut off: they are gone on with, and take no room anew."""
    return sum(path.stat().st_size for path in (repo / "blobs").glob("*.incomplete"))


def _require_room(hub: HubId, cache: Path, needed: int) -> None:
    """Raise ModelUnavailable where the disk has fewer bytes free than `needed`."""
    existing = next(folder for folder in (cache, *cache.absolute().parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise ModelUnavailable(
            f"{hub.repo} needs {_size(needed)}, and the disk has {_size(free)} free", hint=_free(cache)
        )


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def _free(cache: Path) -> str:
    return f"free space below {cache}, or set HF_HOME"


def _named_commit(repo: Path, revision: str) -> str | None:
    """Return the commit that a revision names in a repository's folder, if its snapshot is there."""
    commit = revision
    if not COMMIT.fullmatch(revision):
        with suppress(OSError, UnicodeDecodeError):
            commit = (repo / "refs" / revision).read_text(encoding="utf-8").strip()
    return commit if COMMIT.fullmatch(commit) and (repo / "snapshots" / commit).is_dir() else None


def _listed(repo: Path, commit: str, name: str) -> RemoteFile:
    """Return what a file of a folder is to be: by the list beside it, else by its blob's name, which is its hash."""
    path = repo / "snapshots" / commit / name
    try:
        value = json.loads((repo / CHECKSUMS).read_bytes())[commit][name]
        return RemoteFile(int(value["size"]), str(value["sha256"]), str(value["git_sha1"]))
    except (OSError, ValueError, KeyError, TypeError):
        blob, size = path.resolve().name if path.is_symlink() else "", path.stat().st_size
    return RemoteFile(size, blob if len(blob) == 64 else "", blob if COMMIT.fullmatch(blob) else "")


def _write_checksums(repo: Path, commit: str, files: Mapping[str, RemoteFile]) -> None:
    """Note what each file is to be, for machines that cannot ask the Hub; other commits' notes stay."""
    known: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        known = json.loads((repo / CHECKSUMS).read_bytes())
    known[commit] = {name: file.as_json() for name, file in files.items()}
    _write_whole(repo / CHECKSUMS, json.dumps(known, indent=1, sort_keys=True))


def _write_whole(path: Path, text: str) -> None:
    """Put a text in place by rename. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.incomplete")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _copy_checked(hub: HubId, source: Path, target: Path, file: RemoteFile) -> None:
    """Copy a file beside its place, look at its checksum, and put it there. Raises ModelUnavailable or OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{os.getpid()}.incomplete")
    try:
        shutil.copyfile(source, beside)
        if not file.matches(beside):
            raise ModelUnavailable(
                f"{hub.repo}: {source} is damaged: its checksum is another",
                hint="fill the folder anew: sfxgen models fetch looks at what is there and gets what is damaged",
            )
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _report_more(report: OnBytes, here: int, total: int, more: int) -> None:
    report(min(here + more, total), total)


def _unheard(done: int, total: int) -> None:
    del done, total


def _byte_counter(on_done: Callable[[int], None]) -> type:
    """Return a tqdm class that shows nothing and reports the bytes that its byte bars have counted."""
    from tqdm.auto import tqdm  # type: ignore[import-untyped,unused-ignore]

    class ByteCounter(tqdm):  # type: ignore[misc,unused-ignore]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)  # huggingface_hub's own bars are named, tqdm's are not
            super().__init__(*args, **{**kwargs, "disable": False, "file": io.StringIO()})

        def display(self, *args: Any, **kwargs: Any) -> None:
            pass

        def update(self, n: float | None = 1) -> bool | None:
            shown: bool | None = super().update(n)
            if self.unit == "B":
                on_done(int(self.n))
            return shown

    return ByteCounter


def _download_error(hub: HubId, error: Exception, cache: Path) -> ModelUnavailable | None:
    """Return what a failed download means to a person, or None where it is not about the download."""
    from huggingface_hub import errors

    page = _page(hub)
    again = "check the connection and run it again; it goes on where it stopped"
    full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
    refused = getattr(getattr(error, "response", None), "status_code", 0) in {401, 403}
    known = [
        (full, f"the disk is full: {hub.repo} does not fit", _free(cache)),
        (isinstance(error, errors.GatedRepoError), f"{hub.repo} asks you to accept its terms first",
         f"accept them at {page}, then run `hf auth login`"),
        (isinstance(error, errors.RepositoryNotFoundError),
         f"there is no model {hub.repo} on the Hub, or it is private",
         f"look at {page}; for a private one, run `hf auth login`"),
        (isinstance(error, errors.RevisionNotFoundError), f"{hub.repo} has no such revision",
         f"see {page}/commits"),
        (isinstance(error, errors.OfflineModeIsEnabled), "HF_HUB_OFFLINE is set: nothing can be downloaded",
         "unset it, or take the weights from a folder: --from FOLDER"),
        (refused, f"the Hub does not let you read {hub.repo}", "run `hf auth login`"),
    ]  # fmt: skip
    for applies, message, hint in known:
        if applies:
            return ModelUnavailable(message, hint=hint)
    # requests, httpx and httpx2 have each carried the Hub's client; none shares a base class with the others.
    client = type(error).__module__.split(".")[0] in {"requests", "urllib3", "httpx", "httpx2", "httpcore"}
    if client or isinstance(error, (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, OSError)):
        return ModelUnavailable(f"{hub.repo} cannot be downloaded: {_first_line(error)}", hint=again)
    return None


def _disk_error(hub: HubId, error: OSError, cache: Path) -> ModelUnavailable:
    """Return what a disk that refuses a copy means to a person."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return ModelUnavailable(f"the disk is full: {hub.repo} does not fit", hint=_free(cache))
    return ModelUnavailable(f"{hub.repo} cannot be copied: {error.filename}: {error.strerror}")


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
