"""`exec:path`: a model in an environment of its own, described by a small YAML or TOML file of the project. Light.

The file names a program that speaks the protocol of docs/exec.md. Reading, checking and planning never run it; a build
does, where a person has said on this machine that it may.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sfxgen.contracts import Complaint, ModelInfo, ProjectFiles, Session, Surroundings
from sfxgen.errors import Mistake, ModelError, ModelUnavailable, ProjectError
from sfxgen.events import ModelLoading, OnEvent
from sfxgen.models import complaints as complain
from sfxgen.models.digests import file_digest
from sfxgen.models.environments import log_file
from sfxgen.models.trust import VARIABLE, is_trusted
from sfxgen.models.weights import path_complaint
from sfxgen.wording import shown, worded
from sfxgen.yaml_source import Document, KeyPath
from sfxgen.yaml_source import parse as parse_yaml

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue, Kind

SUFFIXES = (".yaml", ".yml", ".toml")
MAX_BYTES = 1 << 16
MAX_DEPTH = 4
MAX_SAID = 20_000
"""How many characters a text may have."""
OWN_PYTHON = "{python}"
"""In a command: the Python that sfxgen runs on."""
IN_RECIPE = ("prompt", "negative", "duration_s", "steps", "guidance", "scheduler", "dtype")
"""Keys that have fields of their own in a recipe; the others go into its params."""
OF_FILES = ("source", "melody")
HINT = "docs/exec.md explains each key"
DEPTH = 2
"""How many keys lead to a value of a description."""

Key = Literal[
    "prompt", "negative", "duration_s", "steps", "guidance", "scheduler", "dtype", "source", "strength", "melody",
    "say", "voice", "language", "tempo_bpm", "key", "params",
]  # fmt: skip
Word = Annotated[str, Field(min_length=1, max_length=4096)]
Scalar = bool | int | float | Annotated[str, Field(max_length=MAX_SAID)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Defaults(_Strict):
    """What a sound's keys are where a manifest leaves them out."""

    prompt: Word | None = None
    negative: Word | None = None
    duration_s: Annotated[float, Field(gt=0, le=600)] | None = None
    steps: Annotated[int, Field(ge=1, le=1000)] | None = None
    guidance: Annotated[float, Field(ge=0, le=50)] | None = None
    scheduler: Word | None = None
    dtype: Literal["fp32", "fp16", "bf16"] | None = None
    strength: Annotated[float, Field(ge=0, le=1)] | None = None
    voice: Word | None = None
    language: Word | None = None
    tempo_bpm: Annotated[float, Field(ge=20, le=400)] | None = None
    key: Word | None = None


class Description(_Strict):
    """A model's file. docs/exec.md explains each key."""

    protocol: Literal[1]
    command: Annotated[list[Word], Field(min_length=1, max_length=64)]
    files: Annotated[list[Word], Field(max_length=64)] = []
    sample_rate: Annotated[int, Field(ge=1000, le=192_000)]
    channels: Annotated[int, Field(ge=1, le=2)] = 1
    max_duration_s: Annotated[float, Field(gt=0, le=600)]
    accepts: Annotated[list[Key], Field(min_length=1)]
    defaults: Defaults = Defaults()
    params: Annotated[dict[Word, Scalar], Field(max_length=64)] = {}
    voices: Annotated[list[Word], Field(max_length=1000)] = []
    start_s: Annotated[float, Field(gt=0, le=3600)] = 120.0
    silence_s: Annotated[float, Field(gt=0, le=86_400)] = 600.0
    version: Annotated[str, Field(max_length=200)] = ""
    summary: Annotated[str, Field(max_length=200)] = "a program of the project"
    licence: Annotated[str, Field(max_length=200)] = "unknown"
    licence_url: Annotated[str, Field(max_length=500)] = ""
    commercial: Literal["yes", "no", "conditions", "unknown"] = "unknown"

    def filled(self) -> dict[str, JsonValue]:
        """Return the defaults that are set."""
        return self.defaults.model_dump(exclude_none=True)


@dataclass(frozen=True, slots=True)
class Found:
    """A description on this disk, the files of its program beside it, and the digest over them all."""

    path: Path
    description: Description
    files: tuple[str, ...]
    digest: str


class DescriptionError(ValueError):
    """What is wrong in a model's file, each by its line."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = tuple(mistakes)


def parse(data: bytes, name: str) -> Description:
    """Read a description. Raises DescriptionError with all that is wrong, in a file of this name."""
    document = _read(data, name)
    value = document.data
    if document.mistakes and not isinstance(value, dict):
        raise DescriptionError(document.mistakes)
    if not isinstance(value, dict):
        raise DescriptionError([document.mistake((), "holds no keys", HINT)])
    if isinstance(value.get("commercial"), bool):  # TOML's, or `true` for yes
        value["commercial"] = "yes" if value["commercial"] else "no"
    try:
        description = Description.model_validate(value)
    except ValidationError as error:
        raise DescriptionError([*document.mistakes, *_explained(error, document)]) from error
    contradictions = _contradictions(description)
    wrong = [*document.mistakes, *(document.mistake(path, what, HINT) for path, what in contradictions)]
    if wrong:
        raise DescriptionError(wrong)
    return description


def _read(data: bytes, name: str) -> Document:
    """Return what a file says, with the lines of its keys, or its mistakes."""
    document = Document(name)
    if len(data) > MAX_BYTES:
        document.mistakes.append(document.mistake((), f"has more than {MAX_BYTES:,} bytes", HINT))
        return document
    try:
        text = data.decode()
        if name.endswith(".toml"):
            document.data = tomllib.loads(text)
            document.lines.update(_toml_lines(text))
            return document
        _look_over(text)
    except yaml.YAMLError:
        pass  # said below, with its line
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        what = " ".join(str(error).split())
        is_ours = type(error) is ValueError
        document.mistakes.append(document.mistake((), what if is_ours else f"cannot be read: {what}", HINT))
        return document
    return parse_yaml(name, data)


def _toml_lines(text: str) -> Iterator[tuple[KeyPath, int]]:
    """Yield keys and their lines, of tables as these files have them; a line that only looks like one does no harm."""
    table: KeyPath = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _TOML_TABLE.match(line):
            table = tuple(found[1].split("."))
            yield table, number
        elif found := _TOML_KEY.match(line):
            yield (*table, *found[1].split(".")), number


_TOML_TABLE = re.compile(r"\s*\[([\w.-]+)\]")
_TOML_KEY = re.compile(r"\s*([\w.-]+)\s*=")


def _explained(error: ValidationError, document: Document) -> Iterator[Mistake]:
    """Yield what pydantic found, one mistake a place: of a value of several types each type is reported by itself."""
    details: dict[KeyPath, list[dict[str, Any]]] = {}
    for detail in error.errors(include_url=False):
        details.setdefault(detail["loc"][:DEPTH], []).append(dict(detail))
    for path, (first, *others) in details.items():
        within = Defaults if path[0] == "defaults" and len(path) > 1 else Description
        what, hint = worded(first, within)
        if others:
            what = f"{shown(first.get('input'))} is neither true or false, nor a number, nor text"
        yield document.mistake(path, what, hint or HINT)


def _look_over(text: str) -> None:
    """Raise ValueError for YAML that is small and costs much: aliases of aliases, lists in lists in lists."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("uses an alias (*…): write the value out")
        if depth > MAX_DEPTH:
            raise ValueError(f"is nested more than {MAX_DEPTH} levels deep")


def _contradictions(description: Description) -> Iterator[tuple[KeyPath, str]]:
    """Yield what does not go together: where, and why."""
    accepts = set(description.accepts)
    for key in sorted(set(description.filled()) - accepts):
        yield ("defaults", key), "is not in accepts"
    for key in ("params", "voices"):
        needed = key.removesuffix("s") if key == "voices" else key
        if getattr(description, key) and needed not in accepts:
            yield (key,), f"{needed} is not in accepts"
    voice = description.defaults.voice
    if voice is not None and description.voices and voice not in description.voices:
        yield ("defaults", "voice"), f"{voice} is not among voices"
    if (description.defaults.duration_s or 0) > description.max_duration_s:
        yield ("defaults", "duration_s"), "is longer than max_duration_s"
    program = description.command[0]
    if program != OWN_PYTHON and "/" not in program and "\\" not in program:
        paths = description.files
    else:
        paths = [*description.files, *([program] if program != OWN_PYTHON else [])]
    for path in paths:
        problem = path_complaint(path)
        if problem:
            yield ("command" if path == program else "files",), problem


def _program_files(description: Description) -> Iterator[tuple[str, bool]]:
    """Yield what may be the program's files, relative to the description's folder, and whether each must be there."""
    yield from ((name, True) for name in description.files)
    for word in description.command:
        if not word.startswith(("-", "{")) and path_complaint(word) is None:
            yield word, False


def find(where: str, root: Path) -> Found:
    """Return the description at a path of the project. Raises ModelUnavailable, ValueError for what is wrong in it."""
    problem = path_complaint(where)
    if problem is None and not _inside(root, root / where):
        problem = f"{where} leads outside the project, through a link"
    if problem is not None:
        raise ModelUnavailable(problem, hint="keep the model's file and its program in the project")
    path = root / where
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ModelUnavailable(f"{where} cannot be read: {error.strerror}") from error
    description = _parsed(data, path.name)
    digest = hashlib.sha256(data)
    files = []
    for name, must in sorted(set(_program_files(description))):
        file = path.parent / name
        if _inside(root, file) and file.is_file():
            digest.update(f"\0{name}\0{file_digest(file)}".encode())
            files.append(name)
        elif file.is_file() and name != description.command[0]:  # that may be a venv's link to its Python
            what = f"{where}: {name} is a link that leaves the project"
            raise ModelUnavailable(what, hint="nobody can trust what may change elsewhere")
        elif must:
            raise ModelUnavailable(f"{where}: files: there is no file {name} beside it")
    return Found(path, description, tuple(files), f"sha256:{digest.hexdigest()}")


_parsed = lru_cache(maxsize=64)(parse)


def _inside(root: Path, path: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # links in a circle
        return False


class ExecAdapter:
    """The adapter. See `sfxgen.contracts.Adapter`."""

    name = "exec"
    version = 1
    models: tuple[ModelInfo, ...] = ()

    def info(self, where: str) -> ModelInfo | None:
        """Return None: without the project nothing is known. See `described`."""
        del where
        return None

    def described(self, where: str, files: ProjectFiles) -> tuple[ModelInfo | None, list[Complaint]]:
        """Return the model that a file of the project describes, or all that is wrong with the file."""
        if not where.endswith(SUFFIXES):
            return None, [
                Complaint("model", f"{where} is no {', '.join(SUFFIXES)} file", "docs/exec.md shows one")
            ]
        try:
            description = _parsed(files.read(where), PurePosixPath(where).name)
        except ProjectError as error:
            return None, [Complaint("model", error.message, error.hint)]
        except DescriptionError as error:
            return None, [Complaint(m.where, m.what, m.hint, where, max(1, m.line)) for m in error.mistakes]
        wrong = []
        for name, must in _program_files(description):  # the watcher looks at what is asked for
            try:
                files.digest(str(PurePosixPath(where).parent / name))
            except ProjectError as error:
                if must:
                    wrong.append(Complaint("model", f"{where}: files: {error.message}", error.hint))
        return (None, wrong) if wrong else (info_of(where, description), [])

    def with_files(
        self, keys: Mapping[str, JsonValue], files: ProjectFiles
    ) -> tuple[dict[str, JsonValue], list[Complaint]]:
        """Return the keys with the digests of the audio files that they name."""
        digests: dict[str, str] = {}
        wrong: list[Complaint] = []
        for key in OF_FILES:
            if keys.get(key):
                try:
                    digests[key] = files.digest(keys[key])
                except ProjectError as error:
                    wrong.append(Complaint(key, error.message, error.hint))
        return {**keys, "digests": digests}, wrong

    def complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind
    ) -> Iterator[Complaint]:
        """Yield what is wrong with a sound's keys."""
        del kind
        model = _Known.of(info)
        if "prompt" in info.accepts and "say" not in info.accepts:
            yield from complain.without_prompt(keys)
        if "say" in info.accepts and not str(keys.get("say") or "").strip():
            yield Complaint("say", "is empty", "write what is said")
        yield from complain.too_long(keys, ("prompt", "negative", "say"), MAX_SAID)
        duration_s = keys.get("duration_s")
        if duration_s is not None and duration_s > info.max_duration_s:
            yield Complaint("duration_s", f"{duration_s:g} s is longer than its {info.max_duration_s:g} s")
        if model.voices:
            yield from complain.unknown(keys, "voice", model.voices, info.name)
        for name, value in (keys.get("params") or {}).items():
            default = model.params.get(name)
            if default is None:
                known = ", ".join(sorted(model.params)) or "it has none"
                yield Complaint(f"params.{name}", f"{info.name} has no such parameter", f"one of: {known}")
            elif not _alike(value, default):
                yield Complaint(f"params.{name}", f"{value!r} is not of the kind of its default, {default!r}")

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        """Return the keys that a recipe has no field for, and every parameter."""
        del kind
        params = {**_Known.of(info).params, **(keys.get("params") or {})}
        found: dict[str, JsonValue] = {"params": params} if params else {}
        for key in sorted(info.accepts - {*IN_RECIPE, "params"}):
            value = keys.get(key)
            if key in OF_FILES and value:
                found[key] = {"path": value, "sha256": keys["digests"][key]}
            elif value is not None:
                found[key] = value
        return found

    def param_schema(self) -> dict[str, Any]:
        """Return nothing: no keys are this adapter's alone."""
        return {}

    def revision(self, info: ModelInfo, around: Surroundings) -> str | None:
        """Return the digest of the description and of its program's files."""
        try:
            return find(info.where, around.root).digest
        except (ModelUnavailable, OSError, ValueError):
            return around.pinned  # `unavailable` says why

    def unavailable(self, info: ModelInfo, around: Surroundings) -> ModelUnavailable | None:
        """Return why the program cannot be run here, or None. Runs nothing."""
        try:
            found = find(info.where, around.root)
            program = _command(found)[0]
        except ModelUnavailable as error:
            return error
        except (OSError, ValueError) as error:
            return ModelUnavailable(f"{info.name}: {str(error).splitlines()[0]}")
        if not is_trusted(found.path, found.digest):
            return ModelUnavailable(
                f"{info.name} runs a program of this project, and on this machine nobody has said that it may",
                hint=f"look at {info.where} and what it runs, then: sfxgen models trust {info.name} (in CI: {VARIABLE}=1)",
            )
        if shutil.which(program) is None:
            return ModelUnavailable(f"{info.name}: there is no program {found.description.command[0]} here")
        return None

    def load(self, info: ModelInfo, around: Surroundings, *, on_event: OnEvent) -> Session:
        """Start the program. Raises ModelUnavailable or ModelError."""
        problem = self.unavailable(info, around)
        if problem is not None:
            raise problem
        from sfxgen.models.exec_session import ExecSession, Program

        found = find(info.where, around.root)
        if not is_trusted(found.path, found.digest):
            raise ModelError(f"{info.name} was changed while the build ran", hint="build again")
        description = found.description
        on_event(ModelLoading(info.name, around.device))
        return ExecSession(
            Program(
                model=info.name,
                argv=tuple(_command(found)),
                folder=found.path.parent,
                root=around.root,
                sample_rate=description.sample_rate,
                channels=description.channels,
                max_frames=round(description.max_duration_s * description.sample_rate),
                device=around.device,
                start_s=description.start_s,
                silence_s=description.silence_s,
                log=log_file(info.name),
            )
        )


@dataclass(frozen=True, slots=True)
class _Known:
    """What of a description a `ModelInfo` has no field for."""

    params: Mapping[str, JsonValue]
    voices: tuple[str, ...]

    @classmethod
    def of(cls, info: ModelInfo) -> _Known:
        return info.known if isinstance(info, ExecInfo) else cls({}, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecInfo(ModelInfo):
    """What is known of a program."""

    known: _Known


def info_of(where: str, description: Description) -> ExecInfo:
    """Return what a description says of its model."""
    return ExecInfo(
        name=f"exec:{where}",
        adapter="exec",
        where=where,
        licence=description.licence,
        licence_url=description.licence_url,
        commercial=description.commercial,
        sample_rate=description.sample_rate,
        channels=description.channels,
        max_duration_s=description.max_duration_s,
        accepts=frozenset(description.accepts),
        defaults=description.filled(),
        is_program=True,
        summary=" ".join(filter(None, (description.summary, description.version))),
        known=_Known(dict(description.params), tuple(description.voices)),
    )


def _command(found: Found) -> list[str]:
    """Return what is run: a bare name is looked up on the PATH, a path starts at the description's folder."""
    first, *rest = found.description.command
    if first == OWN_PYTHON:
        first = sys.executable
    elif "/" in first:
        first = str(found.path.parent.resolve() / first)
    return [first, *(sys.executable if word == OWN_PYTHON else word for word in rest)]


def _alike(value: JsonValue, default: JsonValue) -> bool:
    """Whether a value is of a default's kind: yes or no, a number, a text."""
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    kinds = ((int, float), str)
    return any(isinstance(value, kind) and isinstance(default, kind) for kind in kinds)


adapter = ExecAdapter()
