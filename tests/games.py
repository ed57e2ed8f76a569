"""A game repo in a temporary folder, and a model that makes real sound in a millisecond."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sfxgen.audio.clip import Clip
from sfxgen.build import Report, build
from sfxgen.catalog import installed
from sfxgen.contracts import Catalog, Complaint, ModelInfo, Session, Surroundings
from sfxgen.errors import Cancelled, ModelError, ModelUnavailable
from sfxgen.events import OnEvent
from sfxgen.lock import Lock, read
from sfxgen.plan import Plan
from sfxgen.recipe import JsonValue, Kind, Recipe
from sfxgen.workspace import Options, Workspace, open_workspace

RATE = 16_000


@dataclass
class ToyModel:
    """An adapter and session in one: a decaying noise burst from the recipe's seed and prompt alone.

    `made` lists the (prompt, take) of every generation. A prompt that begins with "silent" gives silence for
    the first attempts, "broken" raises, "walk" gives steps half a second apart, "texture" steady noise, "copy" the same
    sound for all seeds, or the same for the first attempts with "copy once". `missing` makes it unavailable.
    """

    name: str = "toy"
    version: int = 1
    missing: bool = False
    made: list[tuple[str, int]] = field(default_factory=list)
    silent_attempts: int = 1
    environment: Mapping[str, str] = field(default_factory=lambda: {"toy": "1"})
    loads: int = 0

    @property
    def models(self) -> tuple[ModelInfo, ...]:
        return (self.info("weights"),)

    def info(self, where: str) -> ModelInfo:
        return ModelInfo(
            name="toy" if where == "weights" else f"toy:{where}",
            adapter="toy",
            where=where,
            licence="MIT",
            licence_url="",
            commercial="yes",
            sample_rate=RATE,
            channels=1,
            max_duration_s=30,
            accepts=frozenset({"prompt", "negative", "duration_s", "steps"}),
            defaults={"duration_s": 0.2, "steps": 2},
        )

    def complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind
    ) -> Iterator[Complaint]:
        if not keys.get("prompt"):
            yield Complaint("prompt", "is empty", "say what is to be heard")
        if keys["duration_s"] > info.max_duration_s:
            yield Complaint(
                "duration_s", f"{keys['duration_s']:g} s is longer than {info.max_duration_s:g} s"
            )

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        return {}

    def param_schema(self) -> dict[str, Any]:
        return {}

    def revision(self, info: ModelInfo, around: Surroundings) -> str | None:
        return around.pinned or "r1"

    def unavailable(self, info: ModelInfo, around: Surroundings) -> ModelUnavailable | None:
        return ModelUnavailable("toy is not here", hint="wind it up") if self.missing else None

    def load(self, info: ModelInfo, around: Surroundings, *, on_event: OnEvent) -> Session:
        self.loads += 1
        return self

    def generate(
        self, recipes: Sequence[Recipe], *, on_event: OnEvent, cancelled: Callable[[], bool]
    ) -> Iterator[Clip]:
        for recipe in recipes:
            if cancelled():
                raise Cancelled
            if recipe.prompt.startswith("broken"):
                raise ModelError("a spring came off")
            self.made.append((recipe.prompt, recipe.take))
            yield toy_clip(
                recipe, silent=recipe.prompt.startswith("silent") and recipe.attempt < self.silent_attempts
            )

    def close(self) -> None:
        pass


def toy_clip(recipe: Recipe, *, silent: bool = False) -> Clip:
    frames = round((recipe.duration_s or 0.2) * RATE)
    words = int.from_bytes(hashlib.sha256(recipe.prompt.encode()).digest()[:4], "big")
    is_copy = recipe.prompt.startswith("copy") and (recipe.attempt < 1 or "once" not in recipe.prompt)
    rng = np.random.default_rng([0 if is_copy else recipe.seed, words])
    noise = rng.standard_normal(frames)
    if recipe.prompt.startswith("texture"):
        return Clip((0.1 * noise).astype(np.float32)[:, None], RATE)
    if recipe.prompt.startswith("walk"):
        t = np.arange(frames) / RATE
        steps = [np.exp(-np.maximum(0, t - at) / 0.03) * (t >= at) for at in np.arange(0.2, t[-1] - 0.3, 0.5)]
        strengths = rng.uniform(0.7, 1, len(steps))
        envelope = np.sum([s * step for s, step in zip(strengths, steps, strict=True)], axis=0)
        return Clip((0.2 * noise * envelope + 1e-5 * noise).astype(np.float32)[:, None], RATE)
    decay = np.exp(-np.arange(frames) / (0.3 * frames))
    return Clip((0.0 if silent else 0.2) * (noise * decay).astype(np.float32)[:, None], RATE)


class Game:
    """A Unity game repo with one manifest, and a store of its own."""

    def __init__(self, root: Path, *, engine: str = "unity", unity: str = "6000.0.23f1") -> None:
        self.root = root
        self.toy = ToyModel()
        self.catalog = Catalog(
            adapters={**installed().adapters, "toy": self.toy}, exporters=installed().exporters
        )
        self.write("ProjectSettings/ProjectVersion.txt", f"m_EditorVersion: {unity}\n")
        self.project(f"name: game\nengine: {engine}\nassets: Assets/Audio/Sfx\n")

    def write(self, relative: str, text: str) -> Path:
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def project(self, text: str) -> None:
        self.write("sfxgen.yaml", text)

    def manifest(self, text: str, name: str = "game") -> None:
        self.write(f"Audio/manifests/{name}.yaml", text)

    def sounds(self, text: str) -> None:
        """Write a manifest of toy sounds: lines of YAML under `sounds:`."""
        indented = "".join(f"  {line}\n" for line in text.strip("\n").splitlines())
        self.manifest(f"defaults: {{ model: toy }}\nsounds:\n{indented}")

    def open(self) -> Workspace:
        return open_workspace(self.root, self.catalog)

    def plan(self, **options: Any) -> Plan:
        return self.open().plan(Options(**options))

    def check(self) -> Plan:
        return self.open().check_plan()

    def build(self, **options: Any) -> Report:
        """Build, and forget what was made before: `toy.made` then holds this build's generations."""
        self.toy.made.clear()
        return build(self.root, self.catalog, Options(**options))

    def lock(self) -> Lock:
        return read(self.root / "sfxgen.lock")

    def path(self, asset: str) -> Path:
        return self.root / self.lock().assets["unity", asset].path

    def content(self, asset: str) -> bytes:
        return self.path(asset).read_bytes()

    def tree(self) -> dict[str, bytes]:
        """Every file that a build may write, with its bytes: the assets, their sidecars and the lock."""
        files = {
            p.relative_to(self.root).as_posix(): p.read_bytes() for p in self.root.rglob("*") if p.is_file()
        }
        return {
            path: data for path, data in files.items() if path.startswith("Assets") or path == "sfxgen.lock"
        }


def actions(plan: Plan) -> dict[str, str]:
    return {step.ref[1]: step.action for step in plan.steps}


def whys(plan: Plan, asset: str) -> set[str]:
    return {str(reason.why) for step in plan.steps if step.ref[1] == asset for reason in step.reasons}
