"""Where a model's weights are: a folder inside the project, or a snapshot in the Hugging Face cache.

A snapshot has the layout that diffusers writes: `model_index.json` names the components, each in a folder of its
own. Or it has that of transformers: one model's `config.json` and weights, and a tokenizer, all at its root.
Nothing here imports torch or touches the network: `sfxgen.models.fetching` downloads.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from sfxgen.errors import ModelUnavailable

COMMIT = re.compile(r"[0-9a-f]{40}")
HUB_ID = re.compile(
    r"(?P<repo>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(@(?P<revision>[A-Za-z0-9][\w./-]*))?"
)
PLAIN_NAME = re.compile(r"[A-Za-z0-9_][\w.+-]{0,199}", re.ASCII)
LFS_POINTER = b"version https://git-lfs"
MAX_JSON = 16 << 20
"""How many bytes an index or a configuration may have: the longest list of tensors has about one million."""
WEIGHT_STEMS = {"diffusers": ("diffusion_pytorch_model",) * 2, "transformers": ("model", "pytorch_model")}
"""The names of weight files by library: before `.safetensors`, and before `.bin`."""
UNUSED = frozenset({"safety_checker"})
"""What judges pictures: a model of pictures of sound comes with it, and it is neither fetched nor loaded."""
TOKENIZER_EXTRAS = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
TOKENIZERS = (("tokenizer.json",), ("vocab.json", "merges.txt"), ("vocab.txt",), ("spiece.model",))
"""The files that a tokenizer is, each way enough, the one that is read first before the others."""
MODEL_EXTRAS = ("generation_config.json", "preprocessor_config.json", "processor_config.json")
VOICES = "speaker_embeddings"
"""The folder of Bark's voices, in transformers' layout."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights on this disk. `revision` is a Hub commit, or "sha256:…" over a project folder's files."""

    folder: Path
    revision: str


@dataclass(frozen=True, slots=True)
class HubId:
    """A model on the Hub: `org/name`, and the revision that was asked for ("main" unless it says)."""

    repo: str
    revision: str = "main"


def hub_id(where: str) -> HubId | None:
    """Return what `org/name` or `org/name@revision` names, or None for another shape."""
    found = HUB_ID.fullmatch(where)
    if found is None or ".." in where:
        return None
    return HubId(found["repo"], found["revision"] or "main")


def path_complaint(where: str) -> str | None:
    """Return what is wrong with `where` as a path inside the project, or None."""
    absolute = PurePosixPath(where).is_absolute() or PureWindowsPath(where).drive or where.startswith("~")
    if absolute or "\\" in where:
        return f"{where} is not a path relative to the project's root, with forward slashes"
    if ".." in where.split("/"):
        return f"{where} leads outside the project"
    return None


def project_folder(where: str, root: Path) -> Path | None:
    """Return the folder inside the project that `where` names, or None where there is none.

    Raises ModelUnavailable for a path that leaves the project, by `..` or through a link.
    """
    complaint = path_complaint(where)
    folder = root / where
    if complaint is None and folder.is_dir() and not folder.resolve().is_relative_to(root.resolve()):
        complaint = f"{where} leads outside the project, through a link"
    if complaint is not None:
        raise ModelUnavailable(
            complaint, hint="put the weights into a folder of the project, or name a Hub id"
        )
    return folder if folder.is_dir() else None


def locate(where: str, root: Path, revision: str | None = None) -> Weights | None:
    """Return the weights that `where` names, or None where this disk does not have them.

    An existing folder under `root` is that folder, at whatever revision its files have; anything else of the
    shape `org/name` is a Hub id, looked up in the cache at `revision` or at the one it names itself.
    Raises ModelUnavailable for a path that leaves the project.
    """
    folder = project_folder(where, root)
    if folder is not None:
        _refuse_links_out(folder, root)
        return Weights(folder, folder_digest(folder))
    hub = hub_id(where)
    if hub is None:
        return None
    commit = cached_revision(hub.repo, revision or hub.revision)
    return Weights(repo_cache(hub.repo) / "snapshots" / commit, commit) if commit else None


def _refuse_links_out(folder: Path, root: Path) -> None:
    """Raise ModelUnavailable where a file of a project's folder is a link out of the project.

    The index comes first: what else is read is by its word.
    """
    project = root.resolve()
    for names in (["model_index.json", "config.json"], loaded_files(folder)):
        for name in names:
            path = folder / name
            if path.is_symlink() and not path.resolve().is_relative_to(project):
                what = f"{path.relative_to(root)} leads outside the project, through a link"
                raise ModelUnavailable(
                    what, hint="put the file itself there: other machines lack the other place"
                )


def hub_cache() -> Path:
    """Return the Hugging Face cache's folder, by the environment variables that huggingface_hub reads."""
    if explicit := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(explicit).expanduser()
    if home := os.environ.get("HF_HOME"):
        return Path(home).expanduser() / "hub"
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "huggingface" / "hub"


def repo_cache(repo: str) -> Path:
    """Return the cache's folder for one repository."""
    return hub_cache() / f"models--{repo.replace('/', '--')}"


def cached_revision(repo: str, revision: str = "main") -> str | None:
    """Return the commit that a branch, a tag or a commit names in the cache, or None."""
    folder = repo_cache(repo)
    commit = revision
    if not COMMIT.fullmatch(revision):
        try:
            commit = (folder / "refs" / revision).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None
    return commit if COMMIT.fullmatch(commit) and (folder / "snapshots" / commit).is_dir() else None


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object, or an empty one where the file is none, or of no reasonable size."""
    try:
        if not path.is_file():  # a link to a device need not end
            return {}
        with path.open("rb") as file:
            data = file.read(MAX_JSON + 1)
        value = json.loads(data) if len(data) <= MAX_JSON else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def pipeline_class(folder: Path) -> str:
    """Return the pipeline that the folder's `model_index.json` names, or ""."""
    return str(read_json(folder / "model_index.json").get("_class_name", ""))


def layout_class(folder: Path) -> str:
    """Return the pipeline of `model_index.json`, else the architecture that `config.json` names, or ""."""
    architectures = read_json(folder / "config.json").get("architectures")
    named = architectures[0] if isinstance(architectures, list) and architectures else ""
    return pipeline_class(folder) or str(named)


def components(folder: Path) -> dict[str, tuple[str, str]]:
    """Return the components that `model_index.json` names: folder → (library, class)."""
    index = read_json(folder / "model_index.json")
    used = {name: value for name, value in index.items() if name not in UNUSED}
    pairs = {
        name: value
        for name, value in used.items()
        if isinstance(value, list) and len(value) == 2 and _is_plain_name(name)
    }
    return {name: (str(library), str(cls)) for name, (library, cls) in pairs.items() if cls is not None}


def weight_files(component: Path, library: str) -> list[str]:
    """Return the names of a component's weight files, safetensors before pickles, shards after their index.

    Where the component has none, the name that it should have.
    """
    # Any other library is a module of diffusers, named after the pipeline it belongs to.
    safe, pickled = WEIGHT_STEMS.get(library, WEIGHT_STEMS["diffusers"])
    names = (f"{safe}.safetensors", f"{pickled}.bin")
    for name in names:
        if _stands(component / name):
            return [name]
        index = f"{name}.index.json"
        if _stands(component / index):
            shards = read_json(component / index).get("weight_map")
            found = {str(shard) for shard in shards.values()} if isinstance(shards, dict) else set()
            if found and all(_is_plain_name(shard) for shard in found):
                return [index, *sorted(found)]
            # A path may lead out of the folder: these weights lack the one file that would do without an index.
            return [index, name]
    return [names[0]]


def _is_plain_name(name: str) -> bool:
    """Whether an index names a file or folder right beside itself."""
    return bool(PLAIN_NAME.fullmatch(name))


def _stands(path: Path) -> bool:
    """Whether a path has an entry, be it a dangling link: an unfinished download leaves those."""
    return path.is_symlink() or path.is_file()


def _needed(component: Path, library: str, cls: str) -> list[str]:
    if cls.endswith("Scheduler"):
        return ["scheduler_config.json"]
    if cls.endswith(("FeatureExtractor", "ImageProcessor")):
        return []  # no model here takes in what these are for
    if "Tokenizer" in cls:
        return _tokenizer_files(component, ("vocab.json", "merges.txt"))
    return ["config.json", *weight_files(component, library)]


def _tokenizer_files(folder: Path, default: tuple[str, ...]) -> list[str]:
    """Return the files of the tokenizer that stands there; where none does, those that should."""
    return list(next((way for way in TOKENIZERS if all(_stands(folder / name) for name in way)), default))


def is_transformers(folder: Path) -> bool:
    """Whether a folder has transformers' layout: one model, at its root."""
    if _stands(folder / "model_index.json"):
        return False
    weights = (folder / weight_files(folder, "transformers")[0], folder / "config.json")
    return any(_stands(path) for path in weights)


def needed_files(folder: Path) -> Iterator[str]:
    """Yield the files that loading cannot do without, relative to the folder, whether they stand or not."""
    if is_transformers(folder):
        yield "config.json"
        yield from weight_files(folder, "transformers")
        yield from _tokenizer_files(folder, TOKENIZERS[0])
        if layout_class(folder).endswith(("ForConditionalGeneration", "BarkModel")):
            yield "generation_config.json"
        return
    yield "model_index.json"
    for name, (library, cls) in components(folder).items():
        yield from (f"{name}/{file}" for file in _needed(folder / name, library, cls))


def missing_files(folder: Path) -> list[str]:
    """Return the needed files that are not there, are empty, or are only Git LFS pointers."""
    return [name for name in needed_files(folder) if not _is_whole(folder / name)]


def _is_whole(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(len(LFS_POINTER))
    except OSError:
        return False
    return bool(start) and start != LFS_POINTER


def loaded_files(folder: Path) -> list[str]:
    """Return the files of the folder that loading reads, relative and sorted; notes and other formats are not."""
    tokenizer = ("vocab.json", "merges.txt", *TOKENIZER_EXTRAS)
    extras = [
        f"{name}/{file}"
        for name, (_, cls) in components(folder).items()
        if "Tokenizer" in cls
        for file in tokenizer
    ]
    if is_transformers(folder):
        extras += [*tokenizer, "vocab.txt", *MODEL_EXTRAS]
        extras += [path.relative_to(folder).as_posix() for path in (folder / VOICES).rglob("*.npy")]
    return sorted({name for name in (*needed_files(folder), *extras) if (folder / name).is_file()})


def folder_digest(folder: Path) -> str:
    """Return "sha256:…" over the names and contents of the files that loading reads."""
    digest = hashlib.sha256()
    for name in loaded_files(folder):
        path = folder / name
        stat = path.stat()
        digest.update(f"{name}\0{_file_digest(path, stat.st_size, stat.st_mtime_ns, stat.st_ino)}\n".encode())
    return f"sha256:{digest.hexdigest()}"


@cache
def _file_digest(path: Path, size: int, mtime_ns: int, inode: int) -> str:
    """Return a file's SHA-256, read once a process for each state that `stat` tells apart."""
    del size, mtime_ns, inode
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def wanted_files(names: Iterable[str]) -> list[str]:
    """Return what to download of a repository: configs, tokenizers, and one format of the weights.

    A component's pickles come only where it has no safetensors; other precisions, frameworks and training
    checkpoints stay away.
    """
    names = list(names)
    is_wanted = _is_wanted if "model_index.json" in names else _is_wanted_of_transformers
    kept = [name for name in names if is_wanted(PurePosixPath(name))]
    safe = {PurePosixPath(name).parent for name in kept if name.endswith(".safetensors")}
    return sorted(
        name
        for name in kept
        if not (PurePosixPath(name).parent in safe and name.endswith((".bin", ".bin.index.json")))
    )


def _is_wanted(path: PurePosixPath) -> bool:
    if str(path) == "model_index.json":
        return True
    return len(path.parts) == 2 and path.parts[0] not in UNUSED and _is_of_a_model(path)


def _is_wanted_of_transformers(path: PurePosixPath) -> bool:
    if path.parts[0] == VOICES:
        return path.suffix == ".npy"
    return len(path.parts) == 1 and (_is_of_a_model(path) or path.name == "spiece.model")


def _is_of_a_model(path: PurePosixPath) -> bool:
    """Whether a file is a config, a tokenizer's, or weights under the name that is loaded."""
    if path.suffix not in {".safetensors", ".bin"}:
        return path.suffix in {".json", ".txt"}
    stems = {stem for pair in WEIGHT_STEMS.values() for stem in pair}
    stem = path.name.removesuffix(path.suffix)
    return stem in stems or re.sub(r"-\d{5}-of-\d{5}$", "", stem) in stems
