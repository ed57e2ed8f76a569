"""Sounds → the assets that the manifests want: a recipe for each take, its keys, and where it is to stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from sfxgen.categories import Gates
from sfxgen.contracts import Catalog, ModelInfo, Surroundings
from sfxgen.errors import ProjectError
from sfxgen.filenames import fx_name_of
from sfxgen.layers import JOINED, JOINED_VERSION, LAYERED, LAYERS_VERSION, Mix
from sfxgen.lock import AssetRecord, AssetRef, Lock
from sfxgen.project import Project
from sfxgen.recipe import LOOP_OVERLAP_S, Choice, Delivery, Encoding, Mastering, Recipe, Tags, derive_seed
from sfxgen.schema import RANKER
from sfxgen.sound import Layer, Sound

DRAFT_MODEL = "synth"
"""The model that stands in for one that cannot run."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The chained keys of one asset; `file` is the store's own link between clip and asset."""

    take: str
    clip: str
    file: str
    asset: str


@dataclass(frozen=True, slots=True)
class Part:
    """One layer of a take that is a stack: a take of its own, and how it is laid over the others."""

    model: ModelInfo
    recipe: Recipe
    mix: Mix


@dataclass(frozen=True, slots=True)
class _Way:
    """A recipe whose take is still open, with its parts."""

    recipe: Recipe
    parts: tuple[Part, ...] = ()

    def take(self, number: int) -> _Way:
        parts = tuple(replace(part, recipe=replace(part.recipe, take=number)) for part in self.parts)
        return _Way(replace(self.recipe, take=number), parts)


@dataclass(frozen=True, slots=True)
class Make:
    """One way to make an asset: as the manifest says, or as a draft by the synthesizer."""

    model: ModelInfo
    recipe: Recipe
    mastering: Mastering
    keys: Keys
    parts: tuple[Part, ...] = ()
    draft: bool = False
    ranker: ModelInfo | None = None
    """What chooses among its candidates, if it has several."""

    @property
    def models(self) -> tuple[ModelInfo, ...]:
        """The models that have to run: its own, or its parts', and what chooses among candidates."""
        makers = tuple({p.model.model: p.model for p in self.parts}.values()) or (self.model,)
        return makers if self.ranker is None else (*makers, self.ranker)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One asset as the manifests want it.

    `path` and `sidecar` are relative to the project. `sidecar_content` is what the sidecar is to hold.
    `folder_sidecars` are the (folder, sidecar) pairs of the folders above it that need one. `former` is the
    asset that it was before its sound was renamed: itself, where it was not.
    """

    ref: AssetRef
    former: AssetRef
    sound: Sound
    take: int
    path: str
    sidecar: str | None
    sidecar_content: bytes
    folder_sidecars: tuple[tuple[str, str], ...]
    engine_id: str
    sidecar_trouble: SidecarTrouble
    is_frozen: bool
    """It keeps the take that the lock has."""
    delivery: Delivery
    final: Make
    drafted: Callable[[], Make | None]
    """Makes the draft: reading a prompt is not free, and few are ever drafted."""

    @cached_property
    def draft(self) -> Make | None:
        """The synthesizer's stand-in; None for a sound that is the synthesizer's own."""
        return self.drafted()

    @property
    def name(self) -> str:
        """The asset's id, without the engine."""
        return self.ref[1]


@dataclass(frozen=True)
class _Ways:
    """Makes the recipes of one sound: what the takes of a sound share is worked out once."""

    project: Project
    catalog: Catalog
    sound: Sound
    revisions: Mapping[str, str | None]

    @cached_property
    def final(self) -> _Way:
        if self.sound.layers:
            return self._stack(self.sound.layers)
        recipe = self._recipe(self.sound.model, self.sound.keys, self.sound.seed)
        recipe = replace(recipe, harvest=self.sound.harvest, choice=self._choice())
        return self._ring(recipe) if self.sound.joined else _Way(recipe)

    @cached_property
    def ranker(self) -> ModelInfo | None:
        """What chooses among the candidates of its takes, if they have several."""
        return ranker_of(self.project, self.catalog) if self.sound.candidates > 1 else None

    def _choice(self) -> Choice | None:
        if self.ranker is None:
            return None
        return Choice(
            candidates=self.sound.candidates,
            ranker=self.ranker.model,
            revision=self.revisions[self.ranker.model],
            version=self.catalog.face(self.ranker).version,
            text=str(self.sound.keys["prompt"]),
        )

    @cached_property
    def draft(self) -> _Way | None:
        """The synthesizer's reading of the prompts; None for a sound that is the synthesizer's own."""
        if DRAFT_MODEL not in self.catalog.adapters:
            return None
        if all(info.adapter == DRAFT_MODEL for info in self.sound.models):
            return None
        draft_keys = getattr(self.catalog.adapters[DRAFT_MODEL], "draft_keys", None)
        if draft_keys is None:
            return None
        if any(info.is_recorded for info in self.sound.models):
            return None  # what was recorded is there, or nothing stands in for it
        model = self.catalog.models()[DRAFT_MODEL]

        def drafted(keys: Mapping[str, Any]) -> dict[str, Any]:
            read: dict[str, Any] = draft_keys(
                keys.get("say") or keys.get("prompt", ""),
                kind="dialog" if keys.get("say") else self.sound.kind,
                duration_s=keys.get("duration_s"),
            )
            return read

        if not self.sound.layers:
            keys = self.sound.keys
            if self.sound.kind == "loop":
                keys = {
                    **keys,
                    "duration_s": self.sound.mastering.duration_s,
                }  # not that of the takes it is made of
            elif self.sound.harvest:
                keys = {**keys, "duration_s": None}  # of one of the events that would be cut out of the take
            return _Way(self._recipe(model, drafted(keys), self.sound.seed))
        layers = [
            layer
            if layer.model.adapter == DRAFT_MODEL
            else replace(layer, model=model, keys=drafted(layer.keys))
            for layer in self.sound.layers
        ]
        return self._stack(layers)

    def _stack(self, layers: Sequence[Layer]) -> _Way:
        """Return the recipe of a stack: those of its parts, and how they are laid."""
        parts: list[Part] = []
        seen: dict[str, int] = {}
        for layer in layers:
            recipe = self._recipe(layer.model, layer.keys, layer.seed)
            # Two layers of one recipe are two sounds: the second has seeds of its own.
            again = seen.setdefault(recipe.take_key(), 0)
            seen[recipe.take_key()] += 1
            if again:
                recipe = replace(recipe, base_seed=derive_seed(layer.seed, 0, again))
            parts.append(Part(layer.model, recipe, layer.mix))
        rows = []
        for part in parts:
            values = {key: value for key, value in part.recipe.as_json().items() if key != "seed"}
            rows.append({"recipe": values, "base_seed": part.recipe.base_seed, **part.mix.as_json()})
        crossfade = self._crossfade() if self.sound.kind == "loop" else {}
        known = all(part.recipe.revision is not None for part in parts)
        recipe = Recipe(
            model=LAYERED.model,
            revision=f"layers-{LAYERS_VERSION}" if known else None,
            adapter_version=LAYERS_VERSION,
            base_seed=self.sound.seed,
            take=0,
            duration_s=self.sound.keys.get("duration_s"),
            harvest=self.sound.harvest,
            params={"layers": rows, **crossfade},
        )
        return _Way(recipe, tuple(parts))

    def _ring(self, take: Recipe) -> _Way:
        """Return the recipe of a long loop: those of the takes that are laid around it, each with seeds of its own."""
        seeds = [take.base_seed, *(derive_seed(take.base_seed, 0, n) for n in range(1, self.sound.joined))]
        parts = tuple(Part(self.sound.model, replace(take, base_seed=seed), Mix()) for seed in seeds)
        values = {key: value for key, value in take.as_json().items() if key != "seed"}
        recipe = Recipe(
            model=JOINED.model,
            revision=f"takes-{JOINED_VERSION}" if take.revision is not None else None,
            adapter_version=JOINED_VERSION,
            base_seed=take.base_seed,
            take=0,
            duration_s=self.sound.mastering.duration_s,
            params={"recipe": values, "takes": self.sound.joined, **self._crossfade()},
        )
        return _Way(recipe, parts)

    def _crossfade(self) -> dict[str, Any]:
        return {"crossfade_ms": self.sound.mastering.crossfade_ms}

    def _recipe(self, model: ModelInfo, keys: Mapping[str, Any], seed: int) -> Recipe:
        adapter = self.catalog.adapters[model.adapter]
        duration_s = keys.get("duration_s")
        is_asked = self.sound.take_s is None and self.sound.kind == "loop"
        if duration_s is not None and is_asked and not model.seamless:
            duration_s += LOOP_OVERLAP_S
        prompt = keys.get("prompt", "") if model.reads_prompt else ""
        return Recipe(
            model=model.model,
            revision=self.revisions[model.model],
            adapter_version=adapter.version,
            base_seed=seed,
            take=0,
            prompt=prompt,
            negative=keys.get("negative", "") if "negative" in model.accepts else "",
            duration_s=duration_s,
            steps=keys.get("steps"),
            guidance=keys.get("guidance"),
            scheduler=keys.get("scheduler"),
            dtype=keys.get("dtype"),
            params=adapter.params(model, keys, kind=self.sound.kind),
        )


def wanted_assets(
    project: Project, sounds: Sequence[Sound], catalog: Catalog, lock: Lock
) -> Iterator[Wanted]:
    """Yield every asset that the manifests want, in the order of engines and ids.

    Weights' revisions are looked up on this disk; nothing is loaded and the network is not asked.
    """
    revisions = _revisions(project, sounds, catalog, lock)
    refs = [
        (e, sound.asset_id(n))
        for e in project.engines
        for sound in sounds
        for n in range(1, len(sound.takes) + 1)
    ]
    ids = _EngineIds(project, catalog, lock, refs)
    for engine in project.engines:
        for sound in sounds:
            ways = _Ways(project, catalog, sound, revisions)
            for index, take in enumerate(sound.takes, start=1):
                yield _wanted(ways, engine, index, take, lock, ids)


def model_revisions(
    project: Project, models: Sequence[ModelInfo], catalog: Catalog, lock: Lock
) -> dict[str, str | None]:
    """Return each model's resolved revision, the lock's pin first."""
    return {
        info.model: catalog.face(info).revision(info, surroundings(project, info, lock)) for info in models
    }


def ranker_of(project: Project, catalog: Catalog) -> ModelInfo:
    """Return what chooses among candidates in a project. Raises ProjectError where no such ranker is installed."""
    info = catalog.ranker(project.ranker)
    if info is None:
        hint = "name a Hub id or a folder of the project with the weights of CLAP: " + RANKER
        raise ProjectError(f"sfxgen.yaml: there is no ranker '{project.ranker}'", hint=hint)
    return info


def surroundings(project: Project, info: ModelInfo, lock: Lock, *, offline: bool = False) -> Surroundings:
    """Return where a model of this project would run."""
    return Surroundings(project.root, project.device, lock.models.get(info.model), offline)


def _revisions(
    project: Project, sounds: Sequence[Sound], catalog: Catalog, lock: Lock
) -> dict[str, str | None]:
    models = {info.model: info for sound in sounds for info in sound.models}
    draft = catalog.models().get(DRAFT_MODEL)
    if draft is not None:
        models[draft.model] = draft
    if any(sound.candidates > 1 for sound in sounds):
        ranker = ranker_of(project, catalog)
        models[ranker.model] = ranker
    return model_revisions(project, list(models.values()), catalog, lock)


def _wanted(ways: _Ways, engine: str, index: int, take: int, lock: Lock, ids: _EngineIds) -> Wanted:
    sound, project = ways.sound, ways.project
    exporter = ways.catalog.exporters[engine]
    ref = (engine, sound.asset_id(index))
    former = (engine, sound.former_asset_id(index))
    frozen = _frozen(sound, ref, former, lock)
    delivery = Delivery(
        engine=engine,
        exporter_version=exporter.version,
        encoding=_encoding(project, sound, index),
        settings=sound.settings[engine],
    )
    path = "/".join(filter(None, (project.assets[engine], sound.file(index))))
    sidecar = exporter.sidecar_path(path)
    engine_id, sidecar_trouble = ids.of(ref, former, sidecar)
    number = frozen.take if frozen else take
    generation, event = (number, None) if not sound.harvest else _harvested(number, sound.harvest)
    model = JOINED if sound.joined else sound.model
    if frozen:  # its take is what it was, whatever the sound has become
        event = frozen.event
        model = {info.model: info for info in (JOINED, LAYERED)}.get(frozen.model, sound.model)
    mastering = sound.mastering if event is None else replace(sound.mastering, harvest=event)
    final = _make(mastering, delivery, model, ways.final.take(generation), frozen=frozen, ranker=ways.ranker)

    def drafted() -> Make | None:
        if ways.draft is None:
            return None
        model = LAYERED if sound.layers else ways.catalog.models()[DRAFT_MODEL]
        mastering = replace(sound.mastering, gates=Gates())  # of a draft no more is asked than that it sounds
        return _make(mastering, delivery, model, ways.draft.take(take), draft=True)

    return Wanted(
        ref=ref,
        former=former,
        sound=sound,
        take=number,
        path=path,
        sidecar=sidecar,
        sidecar_content=exporter.sidecar(engine_id, delivery.settings) if sidecar else b"",
        folder_sidecars=tuple(
            (folder, beside)
            for folder in folders_above(path)
            if (beside := exporter.sidecar_path(folder)) is not None
        ),
        engine_id=engine_id,
        sidecar_trouble=sidecar_trouble,
        is_frozen=frozen is not None,
        delivery=delivery,
        final=final,
        drafted=drafted,
    )


def _frozen(sound: Sound, ref: AssetRef, former: AssetRef, lock: Lock) -> AssetRecord | None:
    """Return the record whose take a frozen sound keeps, whatever its recipe says now.

    Its own; or that of its former name, or of another engine: a frozen sound is one sound everywhere.
    """
    if not sound.frozen:
        return None
    names = dict.fromkeys((ref[1], former[1]))
    engines = dict.fromkeys((ref[0], *(engine for engine, _ in lock.assets)))
    records = (lock.assets.get((engine, name)) for name in names for engine in engines)
    return next((record for record in records if record is not None and not record.draft), None)


def _encoding(project: Project, sound: Sound, index: int) -> Encoding:
    """Return how a variant's file is written, with what it says of itself."""
    if not sound.is_tagged:
        return sound.encoding
    fx_name = sound.names["fx_name"] or fx_name_of(sound.id)
    tags = Tags(
        fx_name=f"{fx_name} {index:02d}",
        description=str(next(filter(None, map(sound.keys.get, ("say", "prompt", "preset"))), fx_name)),
        category=sound.category,
        cat_id=sound.names["cat_id"],
        content_type=sound.names["content_type"],
        project=project.name,
        originator=project.creator or "sfxgen",
        source_id=sound.asset_id(index),
        is_generated=not any(info.is_recorded for info in sound.models),
        is_loop=sound.kind == "loop",
    )
    return replace(sound.encoding, tags=tags)


def _harvested(take: int, harvest: int) -> tuple[int, int]:
    """Return which generation a take is cut out of, counted from 1, and as which of its events, counted from 0."""
    return (take - 1) // harvest + 1, (take - 1) % harvest


def _make(
    mastering: Mastering,
    delivery: Delivery,
    model: ModelInfo,
    way: _Way,
    *,
    draft: bool = False,
    frozen: AssetRecord | None = None,
    ranker: ModelInfo | None = None,
) -> Make:
    take_key = frozen.take_key if frozen else way.recipe.take_key()
    clip_key = mastering.clip_key(take_key)
    keys = Keys(take_key, clip_key, delivery.encoding.file_key(clip_key), delivery.asset_key(clip_key))
    return Make(model, way.recipe, mastering, keys, way.parts, draft, ranker)


SidecarTrouble = Literal["", "unreadable", "taken"]
"""What is wrong with a sidecar that should give an asset its id: none is read from it, or another asset has it."""


class _EngineIds:
    """Gives each asset its engine id, the lock's before all others, and no id twice."""

    def __init__(self, project: Project, catalog: Catalog, lock: Lock, refs: Sequence[AssetRef]) -> None:
        self._project, self._catalog, self._lock = project, catalog, lock
        self._owners: dict[tuple[str, str], AssetRef] = {}
        self._ours = {
            catalog.exporters[engine].sidecar_path(record.path)
            for (engine, _), record in lock.assets.items()
            if engine in catalog.exporters
        }
        for ref in refs:
            record = lock.assets.get(ref)
            if record is not None and record.engine_id:
                self._owners.setdefault((ref[0], record.engine_id), ref)

    def of(self, ref: AssetRef, former: AssetRef, sidecar: str | None) -> tuple[str, SidecarTrouble]:
        """Return an asset's id: its record's, its former name's, that of a sidecar that stands, or a derived one."""
        for known in (ref, former):
            record = self._lock.assets.get(known)
            if record is not None and record.engine_id and self._claims(ref, record.engine_id):
                return record.engine_id, ""
        derived = self._derived(ref, former[1])
        standing = self._standing(ref[0], sidecar) if ref not in self._lock.assets else ""
        if standing is None:
            return derived, "unreadable"
        if standing and standing != derived:
            return (standing, "") if self._claims(ref, standing) else (derived, "taken")
        return derived, ""

    def _claims(self, ref: AssetRef, engine_id: str) -> bool:
        return self._owners.setdefault((ref[0], engine_id), ref) == ref

    def _derived(self, ref: AssetRef, identity: str) -> str:
        exporter = self._catalog.exporters[ref[0]]
        engine_id = exporter.asset_id(self._project.name, identity)
        again = 1
        while engine_id and not self._claims(ref, engine_id):
            again += 1  # a sound that was renamed took the id of its first name along
            engine_id = exporter.asset_id(self._project.name, f"{identity} #{again}")
        return engine_id

    def _standing(self, engine: str, sidecar: str | None) -> str | None:
        """Return the id in a sidecar that somebody put there: "" where nobody did, None where it cannot be read."""
        if sidecar is None or sidecar in self._ours:
            return ""  # a locked asset's, which is on its way out: its id is not this asset's
        try:
            return self._catalog.exporters[engine].read_id((self._project.root / sidecar).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return ""
        except OSError:
            return None


def folders_above(path: str) -> list[str]:
    """Return the folders that hold a project file, outermost first: a/b/c.wav is in a and a/b."""
    parts = Path(path).parts[:-1]
    return ["/".join(parts[: n + 1]) for n in range(len(parts))]
