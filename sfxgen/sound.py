"""Sound: what the manifests decide of one sound, defaults and `extends` filled in."""

from __future__ import annotations

import itertools
import stat
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from sfxgen.contracts import Complaint, ModelInfo, ReadsFiles
from sfxgen.errors import Mistake, ProjectError
from sfxgen.layers import LAYERED, MIX_KEYS, Mix
from sfxgen.paths import folder_problem, id_problem, inside
from sfxgen.project import STATE_FOLDER, Project
from sfxgen.recipe import MASTERING_DEFAULTS, Encoding, Kind, Mastering
from sfxgen.schema import Language, did_you_mean
from sfxgen.yaml_source import Document, KeyPath, dotted

DEFAULT_LOOP_S = 8.0

MODEL_KEYS = (
    "prompt",
    "negative",
    "preset",
    "params",
    "variation",
    "duration_s",
    "steps",
    "guidance",
    "scheduler",
    "dtype",
)
"""The keys that only some models take; `ModelInfo.accepts` says which."""


LAYERS_OWN = ("prompt", "preset", "params", "duration_s")
"""What a sound with layers leaves to them."""

TRACED_DEPTH = 4
"""How deep into a sound places are noted: a layer's parameter, `layers`, 0, `params`, `pitch_hz`."""


FileStand = tuple[int, int, int, int]
"""Of a file: when it was written and changed (ns), its bytes, its inode."""

NOTHING_READ: FileStand = (0, 0, 0, 0)
MAX_READ = 1 << 20
"""How many bytes a file may have that a sound is read from."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written."""

    document: Document
    path: KeyPath

    def mistake(self, what: str, hint: str = "") -> Mistake:
        """Make a mistake at this place."""
        return self.document.mistake(self.path, what, hint)

    def __str__(self) -> str:
        return f"{self.document.path}:{self.document.line(self.path)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer of a sound: a model with its keys, a base seed, and how it is laid over the others."""

    model: ModelInfo
    keys: Mapping[str, Any]
    seed: int
    mix: Mix


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """One sound, with everything filled in that the manifests decide.

    `identity` is the id that engine ids are derived from: the sound's own, or its former one.
    `keys` are the model's keys; where there are `layers`, each has its own, and `model` is `LAYERED`. `settings` are
    each engine's import settings, every default filled in; `takes` the take numbers in shipping order.
    """

    id: str
    identity: str
    kind: Kind
    model: ModelInfo
    keys: Mapping[str, Any]
    seed: int
    takes: tuple[int, ...]
    frozen: bool
    layers: tuple[Layer, ...] = ()
    mastering: Mastering
    encoding: Encoding
    settings: Mapping[str, Mapping[str, Any]]
    place: Place
    reads: Mapping[Path, FileStand] = field(default_factory=dict, repr=False)
    """The files beside the manifests that it was read from, as they stood."""
    origins: Mapping[KeyPath, Place] = field(repr=False)

    @property
    def models(self) -> tuple[ModelInfo, ...]:
        """The models that make it: its own, or its layers'."""
        named = [layer.model for layer in self.layers] or [self.model]
        return tuple({info.model: info for info in named}.values())

    def asset_id(self, index: int) -> str:
        """The id of the variant with this index, counted from 1."""
        return f"{self.id}_{index:02d}"

    def former_asset_id(self, index: int) -> str:
        """The id that the variant's engine ids are derived from."""
        return f"{self.identity}_{index:02d}"


@dataclass(slots=True)
class Entry:
    """One sound as written, its matrix axes put in."""

    id: str
    place: Place
    own: dict[str, Any]
    broken: bool = False
    """It has mistakes that have been told; what is built on it is not looked at."""


@dataclass(slots=True)
class _Merged:
    """Fields of several layers laid over one another, and where each came from."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[KeyPath, Place] = field(default_factory=dict)
    from_defaults: set[str] = field(default_factory=set)

    def lay(self, layer: Mapping[str, Any], place: Place, *, default: bool) -> None:
        """Lay a layer on top. Blocks merge key by key; a key without a value takes the layer below away."""
        # A block first, what is short for one of its keys then: the order in the text means nothing.
        for key, value in sorted(layer.items(), key=lambda item: item[0] != "master"):
            at = Place(place.document, (*place.path, key))
            note = self.from_defaults.add if default else self.from_defaults.discard
            note(key)
            for name in value if isinstance(value, dict) else ():
                note(f"{key}.{name}")
            if key == "loudness_lufs":
                # Short for master.loudness_lufs of its own layer: a later layer's block lies over it.
                self.values["master"] = _overlaid(self.values.get("master") or {}, {key: value})
                self.origins[("master", key)] = at
                continue
            if value is None:
                self.values.pop(key, None)
            elif isinstance(value, dict):
                self.values[key] = _overlaid(self.values.get(key) or {}, value)
            else:
                self.values[key] = value
            self._trace((key,), value, at)

    def _trace(self, path: KeyPath, value: Any, at: Place) -> None:
        """Note where a value and all in it was written."""
        if path == ("layers",):  # a list takes the place of the whole one below
            self.origins = {key: place for key, place in self.origins.items() if key[:1] != path}
        self.origins[path] = at
        inner: Iterable[tuple[str | int, Any]] = ()
        if isinstance(value, dict) and len(path) < TRACED_DEPTH:
            inner = value.items()
        elif path == ("layers",) and isinstance(value, list):
            inner = enumerate(value)
        for name, item in inner:
            self._trace((*path, name), item, Place(at.document, (*at.path, name)))


def _overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = _overlaid(merged.get(key) or {}, value)
        else:
            merged[key] = value
    return merged


_NOT_INHERITED = ("abstract", "extends", "renamed_from", "frozen", "takes", "reject")


class Resolver:
    """Resolves one entry; collects its mistakes."""

    def __init__(
        self, project: Project, language: Language, by_id: Mapping[str, Entry], mistakes: list[Mistake]
    ) -> None:
        self.project = project
        self.language = language
        self.by_id = by_id
        self.mistakes = mistakes
        self.merged = _Merged()
        self.reads: dict[Path, FileStand] = {}
        self.entry: Entry

    def resolve(self, entry: Entry) -> Sound | None:
        """Return the entry's sound, or None if it has mistakes."""
        self.entry = entry
        chain = self._extended(entry)
        if chain is None:
            return None
        self._lay_defaults(entry.place.document)
        for link in chain:
            inherited = link is not entry
            own = {k: v for k, v in link.own.items() if not (inherited and k in _NOT_INHERITED)}
            self._lay(own, link.place, default=False)
        before = len(self.mistakes)
        values = self.merged.values
        kind: Kind = values.get("kind", "one_shot")
        layers: tuple[Layer, ...] = ()
        model: ModelInfo | None
        if values.get("layers"):
            keys = {"duration_s": float(values.get("duration_s", DEFAULT_LOOP_S))} if kind == "loop" else {}
            layers, model = self._layers(kind, keys.get("duration_s")), LAYERED
        else:
            model = self._model(values, ())
            keys = self._model_keys(model, values, kind, ()) if model else {}
        takes = self._takes()
        mastering = self._mastering(kind, keys)
        block = dict(values.get("encode") or {})
        if "quality" in block:
            block["quality"] = float(block["quality"])  # 1 and 1.0 are one key
        encoding = Encoding(**block)
        settings = {name: self._settings(name, kind, encoding) for name in self.project.engines}
        identity = self._identity()
        if model is None or len(self.mistakes) > before:
            return None
        return Sound(
            id=entry.id,
            identity=identity,
            kind=kind,
            model=model,
            keys=keys,
            seed=values.get("seed", 0),
            takes=takes,
            frozen=bool(values.get("frozen")),
            layers=layers,
            mastering=mastering,
            encoding=encoding,
            settings=settings,
            place=entry.place,
            reads=self.reads,
            origins=self.merged.origins,
        )

    def complain(self, key: str | KeyPath, what: str, hint: str = "") -> None:
        """Add a mistake at the place where a key of the sound was written, or at the sound."""
        whole: KeyPath = key if isinstance(key, tuple) else tuple(key.split("."))
        path = whole
        while path and path not in self.merged.origins:
            path = path[:-1]
        place = self.merged.origins.get(path, self.entry.place)
        if (
            place.document is not self.entry.place.document
            or place.path[: len(self.entry.place.path)] != self.entry.place.path
        ):
            what = f"{what} (for {self.entry.id})"
        where = dotted((*place.path, *whole[len(path) :])) if key else dotted(place.path)
        self.mistakes.append(Mistake(place.document.path, place.document.line(place.path), where, what, hint))

    def _extended(self, entry: Entry) -> list[Entry] | None:
        """Return the chain of extended entries, the farthest first and the entry itself last."""
        chain = [entry]
        while True:
            parent = chain[0].own.get("extends")
            if parent is None:
                return chain
            place = Place(chain[0].place.document, (*chain[0].place.path, "extends"))
            found = self.by_id.get(parent)
            if found is None:
                hint = did_you_mean(parent, self.by_id)
                self.mistakes.append(place.mistake(f"no sound has the id '{parent}'", hint))
                return None
            if found in chain:
                circle = " → ".join([link.id for link in reversed(chain)] + [parent])
                self.mistakes.append(place.mistake(f"extends itself: {circle}", "break the circle"))
                return None
            if found.broken:
                return None
            chain.insert(0, found)

    def _lay(self, layer: Mapping[str, Any], place: Place, *, default: bool) -> None:
        master = layer.get("master")
        if layer.get("loudness_lufs") is not None and isinstance(master, dict) and "loudness_lufs" in master:
            at = Place(place.document, (*place.path, "loudness_lufs"))
            self.mistakes.append(at.mistake("stands here and under master", "write one of the two"))
        self.merged.lay(layer, place, default=default)

    def _lay_defaults(self, document: Document) -> None:
        project = self.project
        self._lay(project.defaults, Place(project.document, ("defaults",)), default=True)
        defaults = document.data.get("defaults") if isinstance(document.data, dict) else None
        if isinstance(defaults, dict):
            self._lay(defaults, Place(document, ("defaults",)), default=True)

    def _layers(self, kind: Kind, loop_s: float | None) -> tuple[Layer, ...]:
        """Resolve the layers. What one leaves out, it takes from the sound: its model, say, and its variation."""
        values = self.merged.values
        for key in LAYERS_OWN:
            if key in values and key not in self.merged.from_defaults:
                hint = "write it in the layers" if key != "duration_s" else "its layers end by themselves"
                if key != "duration_s" or kind != "loop":
                    self.complain(key, "has no meaning beside layers", hint)
        shared = {k: v for k, v in values.items() if k in ("model", *MODEL_KEYS) and k not in LAYERS_OWN}
        layers = []
        for index, own in enumerate(values["layers"]):
            at: KeyPath = ("layers", index)
            own = {key: value for key, value in own.items() if value is not None}
            if "params" in own:
                own["params"] = {name: value for name, value in own["params"].items() if value is not None}
            # A layer's keys are its own: what a model does not take is passed over only where it is shared.
            written = set(own)
            mix = Mix(**{key: float(own.pop(key)) for key in MIX_KEYS if key in own})
            if kind == "loop":
                if "duration_s" in own:
                    self.complain((*at, "duration_s"), "a loop's layers are as long as the loop")
                if loop_s is not None:
                    own["duration_s"] = loop_s * mix.speed
            merged = {**shared, **own}
            info = self._model(merged, at)
            if info is not None:
                keys = self._model_keys(info, merged, kind, at, written)
                seed = int(merged.get("seed", values.get("seed", 0)))
                layers.append(Layer(model=info, keys=keys, seed=seed, mix=mix))
        accepted = {key for layer in layers for key in layer.model.accepts}
        for key in sorted(set(shared) - {"model"} - accepted - self.merged.from_defaults):
            self.complain(key, "none of its layers takes it", "write it where a layer has use for it")
        return tuple(layers)

    def _model(self, values: Mapping[str, Any], at: KeyPath) -> ModelInfo | None:
        name = values.get("model")
        catalog = self.language.catalog
        known = catalog.models()
        if name is None:
            self.complain(
                (*at, "model"),
                "no model is named",
                "write model: here or under defaults; " + did_you_mean("", known),
            )
            return None
        info = catalog.find(name)
        if info is None:
            hint = did_you_mean(name, [*known, *catalog.adapters])
            self.complain((*at, "model"), f"unknown model '{name}'", hint or "sfxgen models list shows them")
        elif self.project.licence == "commercial" and info.commercial == "no":
            allowed = [other for other, of in known.items() if of.commercial != "no"]
            self.complain(
                (*at, "model"),
                f"{name}'s licence ({info.licence}) does not allow a game that is sold",
                "licence: commercial is set; these would do: " + ", ".join(allowed),
            )
        return info

    def _model_keys(
        self,
        info: ModelInfo,
        values: Mapping[str, Any],
        kind: Kind,
        at: KeyPath,
        written: Collection[str] | None = None,
    ) -> dict[str, Any]:
        """Return what the model is given, every default filled in. `written` are the keys meant for it alone."""
        if written is None:
            written = set(values) - self.merged.from_defaults
        keys: dict[str, Any] = dict(info.defaults)
        for key in MODEL_KEYS:
            if key not in values:
                continue
            if key in info.accepts:
                keys[key] = float(values[key]) if key in ("duration_s", "guidance") else values[key]
            elif key in written:
                self.complain(
                    (*at, key),
                    f"{info.name} does not take it",
                    "it takes: " + ", ".join(sorted(info.accepts)),
                )
        if kind == "loop" and "duration_s" in info.accepts:
            keys.setdefault("duration_s", DEFAULT_LOOP_S)
        adapter = self.language.catalog.adapters[info.adapter]
        found: list[Complaint] = []
        if isinstance(adapter, ReadsFiles):
            keys, found = adapter.with_files(keys, self._read)
        for complaint in (*found, *adapter.complaints(info, keys, kind=kind)):
            key = complaint.key
            if at and kind == "loop" and key == "duration_s":
                key = "pitch_st"  # the loop's own length, as the layer's pitch makes it
            self.complain((*at, *key.split(".")), complaint.what, complaint.hint)
        return keys

    def _read(self, path: str) -> bytes:
        """Read a small file of the project for an adapter, and note how it stood for the watcher."""
        problem = folder_problem(path)
        if problem:
            raise ProjectError(problem[0], hint="name a file inside the project")
        if STATE_FOLDER in PurePosixPath(path).parts:
            raise ProjectError(f"'{path}' is sfxgen's own", hint="keep the file elsewhere in the project")
        file = self.project.root / path
        self.reads[file] = _stand(file)
        if not inside(self.project.root, file):
            raise ProjectError(f"'{path}' is a link that leaves the project", hint="copy the file into it")
        try:
            size = file.stat().st_size
            if self.reads[file] == NOTHING_READ:
                raise ProjectError(f"'{path}' is no file", hint="name a file of the project")
            if size > MAX_READ:
                raise ProjectError(f"'{path}' has more than {MAX_READ:,} bytes", hint="is it the right file?")
            return file.read_bytes()
        except OSError as error:
            hint = "paths start at the project's folder"
            raise ProjectError(f"'{path}' cannot be read: {error.strerror}", hint=hint) from error

    def _takes(self) -> tuple[int, ...]:
        values = self.merged.values
        takes, reject = values.get("takes"), values.get("reject") or []
        if takes is not None:
            if len(set(takes)) != len(takes):
                self.complain("takes", "names a take twice", "each variant is another take")
            if reject:
                self.complain("reject", "has no meaning beside takes", "leave the takes out of takes:")
            if "variants" in self.entry.own and values.get("variants") != len(takes):
                self.complain(
                    "variants",
                    f"is {values['variants']}, but takes names {len(takes)}",
                    "write one of the two",
                )
            return tuple(takes)
        out = set(reject)
        return tuple(
            itertools.islice((n for n in itertools.count(1) if n not in out), values.get("variants", 1))
        )

    def _mastering(self, kind: Kind, keys: Mapping[str, Any]) -> Mastering:
        values = self.merged.values
        block: dict[str, Any] = dict(values.get("master") or {})
        if block.get("loudness_lufs") == "keep":
            block["loudness_lufs"] = None
        if "channels" in block:
            block["channels"] = {"mono": 1, "stereo": 2, "keep": None}[block["channels"]]
        for key in (
            "fade_in_ms",
            "fade_out_ms",
            "crossfade_ms",
            "max_duration_s",
            "loudness_lufs",
            "true_peak_dbtp",
        ):
            if block.get(key) is not None:
                block[key] = float(block[key])
        if kind == "loop":
            block["duration_s"] = keys.get("duration_s")
            unused = ["trim", "max_duration_s", "fade_in_ms", "fade_out_ms"]
            why = "has no meaning for a loop"
            hint = "its length is duration_s, its ends are joined"
        else:
            unused, why, hint = ["crossfade_ms"], "is for loops", "write kind: loop, or use fade_out_ms"
        for key in unused:
            # Defaults are for every kind of sound: what this one has no use for is passed over.
            if block.pop(key, None) and f"master.{key}" not in self.merged.from_defaults:
                self.complain(f"master.{key}", why, hint)
        return replace(MASTERING_DEFAULTS[kind], **block)

    def _settings(self, engine: str, kind: Kind, encoding: Encoding) -> dict[str, Any]:
        exporter = self.language.catalog.exporters[engine]
        if encoding.format not in exporter.formats:
            self.complain(
                "encode.format",
                f"{engine} does not read {encoding.format}",
                "one of: " + ", ".join(exporter.formats),
            )
            return {}
        block = self.merged.values.get(engine) or {}
        try:
            settings = exporter.settings(self.project.root, block, kind=kind, audio_format=encoding.format)
        except ProjectError as error:
            at = "engine" if ("engine",) in self.project.document.lines else ""
            self.mistakes.append(
                self.project.document.mistake((at,) if at else (), error.message, error.hint)
            )
            return {}
        for complaint in exporter.complaints(settings):
            self.complain(f"{engine}.{complaint.key}", complaint.what, complaint.hint)
        return settings

    def _identity(self) -> str:
        former = self.entry.own.get("renamed_from")
        if former is None:
            return self.entry.id
        problem = id_problem(former)
        if problem:
            self.complain("renamed_from", *problem)
        elif former in self.by_id:
            self.complain(
                "renamed_from", f"'{former}' is still a sound", "a former id belongs to one sound only"
            )
        return str(former)


def _stand(file: Path) -> FileStand:
    """Return how a regular file stands; NOTHING_READ where there is none."""
    try:
        found = file.stat()
    except OSError:
        return NOTHING_READ
    if not stat.S_ISREG(found.st_mode):
        return NOTHING_READ
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
