"""Sound: what the manifests decide of one sound, defaults and `extends` filled in."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sfxgen.categories import DEFAULT_CATEGORY, Category
from sfxgen.contracts import Catalog, Complaint, KnowsWeights, ModelInfo, ReadsFiles
from sfxgen.errors import Mistake, ProjectError
from sfxgen.filenames import (
    NO_CREATOR,
    cat_id_problem,
    file_name,
    placeholders,
    template_problem,
    value_problem,
)
from sfxgen.finish import crossed_filters, encoding_of, mastering_of, with_thresholds
from sfxgen.layers import LAYERED, MIX_KEYS, Mix, takes_for
from sfxgen.lines import Line
from sfxgen.paths import id_problem
from sfxgen.project import PROJECT_FILE, STATE_FOLDER, Project
from sfxgen.projectfiles import FileStand, SourceFiles
from sfxgen.recipe import LOOP_OVERLAP_S, Encoding, Kind, Mastering
from sfxgen.schema import Language
from sfxgen.wording import did_you_mean
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
    "source",
    "strength",
    "inpaint",
    "extend",
    "upscale",
    "morph",
    "seam",
    "say",
    "voice",
    "language",
    "tempo_bpm",
    "key",
    "melody",
)
"""The keys that only some models take; `ModelInfo.accepts` says which."""


LAYERS_OWN = (
    "prompt",
    "preset",
    "params",
    "duration_s",
    "source",
    "strength",
    "inpaint",
    "extend",
    "upscale",
    "morph",
    "say",
    "melody",
    "take_s",
)
"""What a sound with layers leaves to them."""

TAKERS = 3
"""How many models a hint names that take what another one does not."""

TRACED_DEPTH = 4
"""How deep into a sound places are noted: a layer's parameter, `layers`, 0, `params`, `pitch_hz`."""


MAX_JOINED = 64
"""How many takes a long loop may be joined of."""

SHORTEST_SPARE_S = 0.02
"""How much longer than the loop a take must be, if it is longer: its seam is made from that."""


def mistake_of(complaint: Complaint) -> Mistake:
    """Return a mistake in the file that a complaint names."""
    return Mistake(complaint.path, complaint.line, complaint.key, complaint.what, complaint.hint)


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
    With `harvest`, each generation is cut into so many takes: 1 to 6 are the first one's. Each generation is the best of
    so many `candidates`. A loop's `take_s` is how
    long its takes are, if not just long enough: `joined` of them are laid around it.
    `names` are what its files are named and tagged by: `file_names` (a template), `fx_name`, `cat_id` …
    """

    id: str
    identity: str
    kind: Kind
    model: ModelInfo
    keys: Mapping[str, Any]
    seed: int
    takes: tuple[int, ...]
    frozen: bool
    harvest: int | None = None
    candidates: int = 1
    take_s: float | None = None
    joined: int = 0
    layers: tuple[Layer, ...] = ()
    category: str
    mastering: Mastering
    encoding: Encoding
    is_tagged: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, Any]]
    line: Line | None = None
    """The row of a sheet that it speaks."""
    place: Place
    reads: Mapping[Path, FileStand] = field(default_factory=dict, repr=False)
    """The files beside the manifests that it was read from, as they stood."""
    origins: Mapping[KeyPath, Place] = field(repr=False)

    @property
    def models(self) -> tuple[ModelInfo, ...]:
        """The models that make it: its own, or its layers'."""
        named = [layer.model for layer in self.layers] or [self.model]
        return tuple({info.model: info for info in named}.values())

    @property
    def text(self) -> str:
        """What is said in it: a sheet's line, else what its model, or its layers', was given."""
        if self.line is not None:
            return self.line.text
        said = [layer.keys.get("say") for layer in self.layers] or [self.keys.get("say")]
        return "\n".join(str(text) for text in said if text)

    @property
    def text_key(self) -> str:
        """The id of what is said, the same in all languages: that of its line, else its own."""
        return self.line.id if self.line else self.id

    @property
    def language(self) -> str:
        """The language that it is said in, or ""."""
        return self.line.language if self.line else str(self.keys.get("language") or "")

    def asset_id(self, index: int) -> str:
        """The id of the variant with this index, counted from 1."""
        return f"{self.id}_{index:02d}"

    def file(self, index: int) -> str:
        """Where the variant's file stands below the assets: in the sound's folder, named by its template."""
        folder, _, name = self.id.rpartition("/")
        template = self.names.get("file_names")
        if not template:
            return f"{self.asset_id(index)}.{self.encoding.format}"
        words = {key: self.names[key] for key in ("cat_id", "fx_name", "creator", "source", "project")}
        stem = file_name(
            template,
            id=self.id,
            folder=folder,
            name=name,
            variant=index,
            category=self.category,
            **words,
        )
        return "/".join(filter(None, (folder, f"{stem}.{self.encoding.format}")))

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
    below: Entry | None = None
    """What lies right below it: of a sheet's line, its voice, and below that the block that names the sheet."""
    line: Line | None = None

    @property
    def manifest(self) -> Document:
        """The manifest that it comes from, whose defaults lie below it."""
        return self.below.manifest if self.below else self.place.document


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
            if key in SHORT_FOR_MASTER:
                note(f"master.{key}")
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


SHORT_FOR_MASTER = ("loudness_lufs", "loudness")
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
        self._lay_defaults(entry.manifest)
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
            loop_s, take_s = keys.get("duration_s"), None
        else:
            model = self._closed(self._model(values, ()), values, kind, ())
            loop_s, take_s = self._lengths(model, kind) if model else (None, None)
            keys = self._model_keys(model, {**values, **_length(take_s)}, kind, ()) if model else {}
            loop_s = loop_s if model is None or model.is_recorded else loop_s or keys.get("duration_s")
        takes = self._takes(kind, model)
        if (
            keys.get("strength") == 0
            and len(takes) > 1
            and not keys.get("morph")
            and not values.get("harvest")
        ):
            what = "is 0: each take is its source, and all of them are the same"
            self.complain("strength", what, "write more than 0, or variants: 1")
        keys = self._with_series(keys, takes, ())
        layers = tuple(
            replace(layer, keys=self._with_series(layer.keys, takes, ("layers", n)))
            for n, layer in enumerate(layers)
        )
        name, category = self._category(kind)
        mastering = mastering_of(
            values,
            kind,
            category,
            loop_s=loop_s if kind == "loop" else None,
            from_defaults=self.merged.from_defaults,
            complain=self.complain,
        )
        mastering = replace(mastering, gates=with_thresholds(category.gates, values.get("gates")))
        encoding = encoding_of(
            values, kind, mastering, from_defaults=self.merged.from_defaults, complain=self.complain
        )
        settings = {name: self._settings(name, kind, encoding) for name in self.project.engines}
        identity = self._identity()
        if model is None or len(self.mistakes) > before:
            return None
        joined = self._joined(loop_s, take_s, mastering)
        return Sound(
            id=entry.id,
            identity=identity,
            kind=kind,
            model=model,
            keys=keys,
            seed=values.get("seed", 0),
            takes=takes,
            frozen=bool(values.get("frozen")),
            harvest=values.get("harvest"),
            candidates=self._candidates(model, keys, joined),
            take_s=take_s,
            joined=joined,
            layers=layers,
            category=name,
            mastering=mastering,
            encoding=encoding,
            is_tagged=bool((values.get("encode") or {}).get("tags")),
            names=self._names(category),
            settings=settings,
            line=entry.line,
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
            below = chain[0].below
            if below is not None:
                if below.broken:
                    return None
                chain.insert(0, below)
                continue
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
        for key in SHORT_FOR_MASTER:
            if layer.get(key) is not None and isinstance(master, dict) and key in master:
                at = Place(place.document, (*place.path, key))
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
            if mix.highpass_hz and mix.lowpass_hz and mix.highpass_hz > mix.lowpass_hz:
                self.complain((*at, "highpass_hz"), *crossed_filters(mix.highpass_hz, mix.lowpass_hz))
            if kind == "loop":
                if "duration_s" in own:
                    self.complain((*at, "duration_s"), "a loop's layers are as long as the loop")
                if loop_s is not None:
                    own["duration_s"] = loop_s * mix.speed
            merged = {**shared, **own}
            info = self._closed(self._model(merged, at), merged, kind, at)
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
                f"write model: here or under defaults; {did_you_mean('', known) or 'sfxgen models list shows them'}",
            )
            return None
        info, found = catalog.find_in(name, SourceFiles(self.project.root, STATE_FOLDER, self.reads))
        for complaint in found:
            if complaint.path:
                self.mistakes.append(mistake_of(complaint))
            else:
                self.complain((*at, "model"), complaint.what, complaint.hint)
        if info is None and found:
            return None
        if info is None:
            self.complain((*at, "model"), f"unknown model '{name}'", _near_models(name, catalog))
            return None
        info = self.project.licensed(info)
        if self.project.licence == "commercial" and info.commercial in ("no", "unknown"):
            what = f"{name}'s licence ({info.licence}) does not allow a game that is sold"
            hint = "licence: commercial is set; these would do: " + ", ".join(self._sellable(values))
            if info.commercial == "unknown":
                what = f"under which licence {name}'s weights are is not known"
                hint += f"; or say it in {PROJECT_FILE}: licences: {{ {name}: {{ licence: …, sold: true }} }}"
            self.complain((*at, "model"), what, hint)
        return info

    def _taking(self, key: str, info: ModelInfo, written: Collection[str]) -> list[str]:
        """Return a few models that take a key which `info` does not, of each system the nearest one.

        They take what is to be heard, too, most of what is written, and about as much of what `info` takes as the nearest.
        """
        asked = set(written) & set(MODEL_KEYS)
        if "preset" in asked:
            return []  # each system has presets of its own
        needed = _heard(asked) | {key}
        known = [
            m
            for m in map(self.project.licensed, self.language.catalog.models().values())
            if needed <= m.accepts
        ]
        if self.project.licence == "commercial":
            known = [m for m in known if m.commercial in ("yes", "conditions")]

        def place(m: ModelInfo) -> tuple[int, bool, int, float]:
            is_near = m.adapter == info.adapter
            likeness = difflib.SequenceMatcher(None, m.name, info.name).ratio() if is_near else 0.0
            return -len(asked & m.accepts), not is_near, -len(info.accepts & m.accepts), -likeness

        nearest: dict[str, ModelInfo] = {}
        for m in sorted(known, key=place):
            nearest.setdefault(m.adapter, m)
        most = max((len(asked & m.accepts) for m in nearest.values()), default=0)
        fitting = [m for m in nearest.values() if len(asked & m.accepts) == most]
        shared = max((len(info.accepts & m.accepts) for m in fitting), default=0)
        return [m.name for m in fitting if len(info.accepts & m.accepts) >= shared - 1][:TAKERS]

    def _sellable(self, values: Mapping[str, Any]) -> list[str]:
        """Return the models that a sold game may ship: those that take all a sound says, or what is to be heard, or all."""
        infos = [self.project.licensed(info) for info in self.language.catalog.models().values()]
        allowed = [
            info for info in infos if info.commercial in ("yes", "conditions") and not info.is_recorded
        ]
        said = set(MODEL_KEYS) & (set(values) - self.merged.from_defaults)
        for needed in (said, _heard(said)):
            fitting = [info.name for info in allowed if needed <= info.accepts]
            if fitting:
                return fitting
        return [info.name for info in allowed]

    def _closed(
        self, info: ModelInfo | None, values: Mapping[str, Any], kind: Kind, at: KeyPath
    ) -> ModelInfo | None:
        """Return a model that closes its loops itself, where that is asked of one that can."""
        if info is None or values.get("seam") != "inpaint" or "seam" not in info.accepts:
            return info
        if kind != "loop":
            if "seam" not in self.merged.from_defaults:
                self.complain((*at, "seam"), "is for loops", "write kind: loop, or leave it out")
            return info
        for key in ("extend", "inpaint", "upscale"):
            if values.get(key):
                self.complain((*at, key), "has no meaning beside seam: inpaint", "write seam: crossfade")
        return replace(info, seamless=True)

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
                others = self._taking(key, info, written)
                hint = f"models that do: {', '.join(others)}; " if others else ""
                hint += "it takes: " + ", ".join(sorted(info.accepts))
                self.complain((*at, key), f"{info.name} does not take it", hint)
        if kind == "loop" and "duration_s" in info.accepts:
            keys.setdefault("duration_s", DEFAULT_LOOP_S)
        adapter = self.language.catalog.adapters[info.adapter]
        files = SourceFiles(self.project.root, STATE_FOLDER, self.reads)
        found: list[Complaint] = []
        if isinstance(adapter, ReadsFiles):
            keys, found = adapter.with_files(keys, files)
        found = [*found, *adapter.complaints(info, keys, kind=kind)]
        if isinstance(adapter, KnowsWeights) and not found:
            found += adapter.weight_complaints(info, keys, files)
        for complaint in found:
            key = complaint.key
            if at and kind == "loop" and key == "duration_s":
                key = "pitch_st"  # the loop's own length, as the layer's pitch makes it
            self.complain((*at, *key.split(".")), complaint.what, complaint.hint)
        return keys

    def _lengths(self, model: ModelInfo, kind: Kind) -> tuple[float | None, float | None]:
        """Return how long a loop is and how long its takes are: None where that follows from the other."""
        values = self.merged.values
        take_s, own = values.get("take_s"), "take_s" not in self.merged.from_defaults
        if kind != "loop":
            if take_s is not None and own:
                self.complain("take_s", "is for loops", "write kind: loop, or use duration_s")
            return None, None
        loop_s = values.get("duration_s")
        if model.is_recorded:
            values.pop("duration_s", None)  # the loop's own length; its take is as long as it is
        elif "duration_s" not in model.accepts:
            return None, None
        if model.is_recorded or model.seamless:
            if take_s is not None and own:
                why = (
                    "its takes are as long as they are"
                    if model.is_recorded
                    else "it makes loops of any length"
                )
                self.complain("take_s", f"{model.name} has no use for it: {why}", "leave it out")
            return None if loop_s is None else float(loop_s), None
        loop_s = float(DEFAULT_LOOP_S if loop_s is None else loop_s)
        if take_s is None and loop_s + LOOP_OVERLAP_S > model.max_duration_s:
            take_s = model.best_duration_s or model.max_duration_s
        if take_s is not None and loop_s < take_s < loop_s + SHORTEST_SPARE_S:
            what = f"{take_s:g} s leaves nothing for the seam of a loop of {loop_s:g} s"
            self.complain("take_s", what, f"write {loop_s + LOOP_OVERLAP_S:g}, or less than {loop_s:g}")
        return loop_s, None if take_s is None else float(take_s)

    def _joined(self, loop_s: float | None, take_s: float | None, mastering: Mastering) -> int:
        """Return how many takes a loop is joined of: 0 where one is enough."""
        if loop_s is None or take_s is None or take_s > loop_s:
            return 0
        crossfade_s = mastering.crossfade_ms / 1000
        if take_s < 2 * crossfade_s:
            self.complain("take_s", f"{take_s:g} s is too short for cross-fades of {crossfade_s:g} s")
            return 0
        joined = takes_for(loop_s, take_s, crossfade_s)
        if joined > MAX_JOINED:
            self.complain("take_s", f"the loop would be joined of {joined} takes", f"at most {MAX_JOINED}")
        return joined

    def _candidates(self, model: ModelInfo, keys: Mapping[str, Any], joined: int) -> int:
        """Return how many candidates each take is chosen among: 1 where it can be no other."""
        count = int(self.merged.values.get("candidates") or 1)
        if count == 1:
            return 1
        if model is LAYERED:
            what, hint = "has no meaning beside layers", "a sound of one prompt is chosen among several"
        elif model.is_recorded:
            what, hint = "has no meaning for a recording", "there is one take of it"
        elif joined:
            what, hint = (
                f"the loop is joined of {joined} takes",
                "leave it out, or make the loop of one take: take_s",
            )
        elif not str(keys.get("prompt") or "").strip():
            what, hint = (
                "takes are ranked by their prompt, and it has none",
                "write a prompt, or leave it out",
            )
        else:
            return count
        if "candidates" not in self.merged.from_defaults:
            self.complain("candidates", what, hint)
        return 1

    def _category(self, kind: Kind) -> tuple[str, Category]:
        name = str(self.merged.values.get("category") or DEFAULT_CATEGORY[kind])
        known = self.project.categories
        if name not in known:
            hint = did_you_mean(name, known) or f"{PROJECT_FILE} may add one under categories:"
            self.complain("category", f"there is no category '{name}'", hint)
            name = DEFAULT_CATEGORY[kind]
        return name, known[name]

    def _names(self, category: Category) -> dict[str, str]:
        values, project = self.merged.values, self.project
        for key, problem in (("fx_name", value_problem), ("cat_id", cat_id_problem)):
            found = problem(values[key]) if values.get(key) is not None else None
            if found:
                self.complain(key, *found)
        template = values.get("file_names")
        if template is not None:
            is_own = "file_names" not in self.merged.from_defaults
            found = template_problem(template, for_one_sound=is_own)
            if found:
                self.complain("file_names", *found)
                template = ""
            elif "creator" in placeholders(template) and not project.creator:
                self.complain("file_names", *NO_CREATOR)
        return {
            "fx_name": values.get("fx_name") or "",
            "cat_id": values.get("cat_id") or category.cat_id,
            "content_type": category.content_type,
            "creator": project.creator,
            "source": project.name,
            "project": project.name,
            "file_names": template or project.file_names or "",
        }

    def _with_series(self, keys: Mapping[str, Any], takes: Sequence[int], at: KeyPath) -> dict[str, Any]:
        """Return a model's keys; a morph that names no position gets the takes among which it goes all the way."""
        morph = keys.get("morph")
        if not morph or morph.get("at") is not None:
            return dict(keys)
        harvest = self.merged.values.get("harvest") or 1
        generations = list(dict.fromkeys((take - 1) // harvest + 1 for take in takes))
        if len(generations) < 2:
            what = "goes all the way over a sound's takes, and there is one"
            self.complain((*at, "morph"), what, "write at: 0.5, or variants: 2 and more")
        return {**keys, "morph": {**morph, "takes": generations}}

    def _takes(self, kind: Kind, model: ModelInfo | None) -> tuple[int, ...]:
        values = self.merged.values
        harvest = values.get("harvest")
        if harvest is not None and kind in ("loop", "music"):
            self.complain("harvest", f"has no meaning for kind: {kind}", "it cuts one-shots out of a take")
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
            if model is not None and model.is_recorded and max(takes) > (harvest or 1):
                self._complain_of_takes("takes", harvest, harvest or 1)
            return tuple(takes)
        out = set(reject)
        is_recorded = model is not None and model.is_recorded
        left = len(set(range(1, (harvest or 1) + 1)) - out) if is_recorded else harvest or 1
        count = values.get("variants") or left
        if is_recorded and (count > left or not left):
            self._complain_of_takes("variants" if values.get("variants") else "reject", harvest, left)
            count = left
        return tuple(itertools.islice((n for n in itertools.count(1) if n not in out), count))

    def _complain_of_takes(self, key: str, harvest: int | None, left: int) -> None:
        has = f"a recording has {harvest or 1} take{'s' * ((harvest or 1) > 1)}"
        less = f", and reject leaves {left} of them" if left < (harvest or 1) else ""
        hint = (
            f"write {left} at the most, or a larger harvest"
            if harvest
            else "write harvest: to cut several out of it"
        )
        self.complain(key, f"{has}{less}", hint)

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


def _heard(said: Set[str]) -> Set[str]:
    """Return those of a sound's keys that say what is to be heard."""
    return said & {"say"} or said & {"prompt", "preset"}


def _length(take_s: float | None) -> dict[str, float]:
    return {} if take_s is None else {"duration_s": take_s}


def _near_models(name: str, catalog: Catalog) -> str:
    """Return a hint at the models that a name could be meant for."""
    stem, colon, where = name.partition(":")
    adapter = catalog.adapters.get(stem)
    if adapter is not None:
        named = [info.name for info in adapter.models if info.name != stem]
        own = f"{stem}:path, a file or folder of the project"
        return f"one of: {', '.join(named)}; or {own}" if named else f"write {own}"
    if colon:
        near = difflib.get_close_matches(stem.lower(), catalog.adapters, n=1)
        return f"did you mean '{near[0]}:{where}'?" if near else "sfxgen models list shows them"
    return did_you_mean(name, catalog.models()) or "sfxgen models list shows them"
