"""`sfxgen.yaml`: where a game repo says what is built, from what, and for which engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sfxgen.categories import CATEGORIES, Category
from sfxgen.contracts import ModelInfo
from sfxgen.errors import Mistake, ProjectError
from sfxgen.filenames import NO_CREATOR, cat_id_problem, placeholders, template_problem, value_problem
from sfxgen.finish import categories_of
from sfxgen.paths import assets_folder_problem, folder_problem, inside
from sfxgen.schema import RANKER, Language, ProjectBlock, without_wrong
from sfxgen.wording import did_you_mean
from sfxgen.yaml_source import Document, KeyPath, parse

PROJECT_FILE = "sfxgen.yaml"
LOCK_FILE = "sfxgen.lock"
STATE_FOLDER = ".sfxgen"

MAX_MANIFESTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What `sfxgen.yaml` says, with its defaults filled in.

    `assets` gives each engine's folder, relative to `root`, with forward slashes. `manifests` are the
    documents found, in the order of their paths.
    """

    root: Path
    name: str
    engines: tuple[str, ...]
    assets: Mapping[str, str]
    globs: tuple[str, ...]
    when_unavailable: str
    licence: str
    device: str
    store: str | None
    retries: int
    document: Document
    defaults: Mapping[str, Any]
    manifests: tuple[Document, ...]
    ranker: str = RANKER
    licences: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What the project says of models' licences, by model id, over what the registry says."""
    subtitles: tuple[str, tuple[str, ...]] | None = None
    """The folder that what is said is written into, and the formats."""
    categories: Mapping[str, Category] = field(default_factory=lambda: CATEGORIES)
    file_names: str | None = None
    creator: str = ""

    def licensed(self, info: ModelInfo) -> ModelInfo:
        """Return a model under the licence that the project says it has, if it says one."""
        said = self.licences.get(info.model)
        if said is None:
            return info
        return replace(
            info,
            licence=said["licence"],
            licence_url=said.get("url") or "",
            commercial="yes" if said["sold"] else "no",
            credit=said.get("credit") or "",
        )


def find_root(start: Path) -> Path:
    """Return the nearest folder at or above `start` that holds `sfxgen.yaml`. Raises ProjectError."""
    start = start.absolute()
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
    raise ProjectError(
        f"no {PROJECT_FILE} in {start} or above it",
        hint="sfxgen init writes one, or name the game's folder with --project",
    )


def categories_at(folder: Path) -> Mapping[str, Category]:
    """Return the categories of the project at or above a folder, and the built-in ones where there is none.

    A category with mistakes is left out, or as it is built in: what is wrong with it, a plan or a build says.
    """
    try:
        root = find_root(folder)
    except ProjectError:
        return CATEGORIES
    data = read_document(root, root / PROJECT_FILE).data
    blocks = data.get("categories") if isinstance(data, dict) else None
    valid = {}
    for name, block in blocks.items() if isinstance(blocks, dict) else ():
        try:
            ProjectBlock.model_validate({"categories": {name: block}})
        except ValidationError:
            continue
        valid[name] = block
    return categories_of(valid, CATEGORIES)


def read_document(root: Path, path: Path) -> Document:
    """Read a YAML file of the project."""
    relative = path.relative_to(root).as_posix()
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        return Document(relative, mistakes=[Mistake(relative, 0, "", f"cannot be read: {reason}")])
    return parse(relative, raw)


def read_project(root: Path, language: Language) -> tuple[Project, list[Mistake]]:
    """Read `sfxgen.yaml` and the manifests that it names. Mistakes are returned, to be shown all at once."""
    document = read_document(root, root / PROJECT_FILE)
    mistakes = list(document.mistakes)
    data = document.data
    if data is None and not mistakes:
        data = {}  # an empty file is a project with every default
    if data is not None and not isinstance(data, dict):
        mistakes.append(document.mistake((), "expected a mapping (key: value)", "see docs/manifests.md"))
    if not isinstance(data, dict):
        data = {}
    found = list(language.check(ProjectBlock, data, ()))
    data = without_wrong(data, found, depth=0)
    if any(path[:1] == ("licences",) for path, _, _ in found):
        data.pop("licence", None)  # what the block was to allow is not known: no model is refused for it
    if isinstance(data.get("defaults"), dict):
        in_defaults = list(language.check(language.defaults, data["defaults"], ("defaults",)))
        data["defaults"] = without_wrong(data["defaults"], in_defaults, depth=1)
        found += in_defaults
    mistakes += [document.mistake(path, what, hint) for path, what, hint in found]
    for key, problem in (
        ("file_names", template_problem),
        ("creator", value_problem),
        ("ranker", _ranker_problem),
    ):
        written = data.get(key)
        wrong = problem(written) if isinstance(written, str) else None
        if wrong:
            mistakes.append(document.mistake((key,), *wrong))
            data.pop(key)
    if "creator" in placeholders(data.get("file_names") or "") and not data.get("creator"):
        mistakes.append(document.mistake(("file_names",), *NO_CREATOR))
    for name, of in (data.get("categories") or {}).items():
        wrong = cat_id_problem(of["cat_id"]) if of and of.get("cat_id") else None
        if wrong:
            mistakes.append(document.mistake(("categories", name, "cat_id"), *wrong))
    licences = _licences(data.get("licences") or {}, language, document, mistakes)
    block = ProjectBlock.model_construct(**data)
    engines = _engines(block, language, document, mistakes)
    assets = _assets(block, engines, document, mistakes)
    is_yaml = document.data is not None or not document.mistakes
    manifests = _manifests(root, block.manifests, document, mistakes) if is_yaml else ()
    project = Project(
        root=root,
        name=block.name or "",
        engines=engines,
        assets=assets,
        globs=tuple(block.manifests),
        when_unavailable=block.when_unavailable,
        licence=block.licence,
        device=block.device,
        store=block.store,
        retries=block.retries,
        document=document,
        defaults=block.defaults or {},
        manifests=manifests,
        ranker=block.ranker,
        licences=licences,
        subtitles=_subtitles(data.get("subtitles"), document, mistakes),
        categories=categories_of(data.get("categories"), CATEGORIES),
        file_names=block.file_names,
        creator=block.creator or "",
    )
    return project, mistakes


def _ranker_problem(named: str) -> tuple[str, str] | None:
    """Return (what is wrong, hint) with what `ranker` names as a folder of the project, which a Hub id could be, too."""
    return folder_problem(named.rpartition(":")[2])


def _subtitles(
    written: Mapping[str, Any] | None, document: Document, mistakes: list[Mistake]
) -> tuple[str, tuple[str, ...]] | None:
    if written is None or "folder" not in written:
        return None
    problem = assets_folder_problem(written["folder"])
    if problem:
        mistakes.append(document.mistake(("subtitles", "folder"), *problem))
        return None
    return written["folder"], tuple(dict.fromkeys(written.get("formats") or ("csv",)))


def _licences(
    written: Mapping[str, Mapping[str, Any] | None],
    language: Language,
    document: Document,
    mistakes: list[Mistake],
) -> dict[str, Mapping[str, Any]]:
    """Return what is written of models' licences, by the models' ids."""
    found: dict[str, Mapping[str, Any]] = {}
    for name, block in written.items():
        info = language.catalog.find(name)
        adapter, _, where = name.partition(":")
        if info is None and not (where and adapter in language.catalog.adapters):
            known = [*language.catalog.models(), *language.catalog.adapters]
            hint = did_you_mean(name, known) or "sfxgen models list shows them"
            mistakes.append(document.mistake(("licences", name), f"unknown model '{name}'", hint))
        elif block and {"licence", "sold"} <= block.keys():  # else a mistake has been told
            found[info.model if info is not None else name] = block
    return found


def _engines(
    block: ProjectBlock, language: Language, document: Document, mistakes: list[Mistake]
) -> tuple[str, ...]:
    named = [block.engine] if isinstance(block.engine, str) else list(block.engine)
    for index, name in enumerate(named):
        at = ("engine",) if isinstance(block.engine, str) else ("engine", index)
        if name not in language.engines:
            mistakes.append(
                document.mistake(at, f"unknown engine '{name}'", did_you_mean(name, language.engines))
            )
        elif name in named[:index]:
            mistakes.append(document.mistake(at, f"'{name}' is named twice", "remove one"))
    return tuple(dict.fromkeys(name for name in named if name in language.engines))


def _assets(
    block: ProjectBlock, engines: tuple[str, ...], document: Document, mistakes: list[Mistake]
) -> dict[str, str]:
    folders: dict[str, str] = {}
    if isinstance(block.assets, str):
        if len(engines) > 1:
            names = ", ".join(f"{name}: …" for name in engines)
            mistakes.append(
                document.mistake(
                    ("assets",), "several engines need a folder each", f"write assets: {{{names}}}"
                )
            )
        written: dict[str, tuple[KeyPath, str]] = dict.fromkeys(engines[:1], (("assets",), block.assets))
    else:
        written = {name: (("assets", name), folder) for name, folder in block.assets.items()}
        for name in engines:
            if name not in written:
                mistakes.append(
                    document.mistake(("assets",), f"names no folder for {name}", f"add {name}: …")
                )
        for name in written:
            if name not in engines:
                mistakes.append(
                    document.mistake(
                        ("assets", name), "is not among the engines", did_you_mean(name, engines)
                    )
                )
    for name, (at, folder) in written.items():
        problem = assets_folder_problem(folder)
        if problem:
            mistakes.append(document.mistake(at, *problem))
            continue
        clean = "/".join(part for part in folder.split("/") if part not in ("", "."))
        if any(_overlap(clean, other) for other in folders.values()):
            mistakes.append(
                document.mistake(
                    at,
                    "two engines write into one folder, or into one inside the other's",
                    "give each engine its own",
                )
            )
        folders[name] = clean
    return folders


def _overlap(folder: str, other: str) -> bool:
    """Whether one of two folders is, or is inside, the other, on any disk."""
    one, two = (f"/{path}/".casefold().replace("//", "/") for path in (folder, other))
    return one.startswith(two) or two.startswith(one)


def _manifests(
    root: Path, globs: list[str], document: Document, mistakes: list[Mistake]
) -> tuple[Document, ...]:
    found: set[Path] = set()
    for index, pattern in enumerate(globs):
        at = ("manifests", index)
        problem = folder_problem(pattern)
        if problem:
            mistakes.append(document.mistake(at, *problem))
            continue
        try:
            matches = {path for path in root.glob(pattern) if path.is_file()}
        except (ValueError, IndexError, NotImplementedError, OSError) as error:
            mistakes.append(
                document.mistake(at, f"'{pattern}' is no pattern: {error}", "write Audio/manifests/*.yaml")
            )
            continue
        matches = {path for path in matches if STATE_FOLDER not in path.relative_to(root).parts}
        if not matches:
            mistakes.append(
                document.mistake(at, f"'{pattern}' finds no manifest", "sfxgen init writes starter manifests")
            )
        for path in sorted(matches):
            if not inside(root, path):
                relative = path.relative_to(root).as_posix()
                mistakes.append(
                    document.mistake(at, f"{relative} is a link that leaves the project", "copy the file in")
                )
            else:
                found.add(path)
    if len(found) > MAX_MANIFESTS:
        mistakes.append(document.mistake(("manifests",), f"find {len(found):,} files", "narrow the glob"))
        found = set()
    return tuple(read_document(root, path) for path in sorted(found))
