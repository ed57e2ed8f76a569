"""A toy model that speaks: noise in syllables, as long as its text, from the recipe alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from games import RATE, Game, ToyModel

from sfxgen.audio.clip import Clip
from sfxgen.contracts import Catalog, Complaint, ModelInfo
from sfxgen.errors import Cancelled
from sfxgen.events import OnEvent
from sfxgen.recipe import JsonValue, Kind, Recipe

VOICES = ("calm", "gruff", "hell")


@dataclass
class Parrot(ToyModel):
    """Speaks in one of three voices, a fifth of a second a syllable.

    `spoken` lists the (text, voice, take) of every generation; `takes` are the keys that it accepts besides those two.
    """

    name: str = "parrot"
    takes: frozenset[str] = frozenset({"prompt", "language"})
    spoken: list[tuple[str, str, int]] = field(default_factory=list)

    def info(self, where: str) -> ModelInfo:
        return ModelInfo(
            name="parrot",
            adapter="parrot",
            where=where,
            licence="MIT",
            licence_url="",
            commercial="yes",
            sample_rate=RATE,
            channels=1,
            max_duration_s=14,
            accepts=frozenset({"say", "voice", *self.takes}),
            defaults={"voice": "calm"},
        )

    def complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind
    ) -> Iterator[Complaint]:
        if keys["voice"] not in VOICES:
            yield Complaint("voice", f"there is no voice '{keys['voice']}'", "one of: " + ", ".join(VOICES))
        if len(keys.get("say", "")) > 200:
            yield Complaint("say", "takes more than 14 s to say", "split it")

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        return {key: keys[key] for key in ("say", "voice", "language") if key in keys}

    def generate(
        self, recipes: Sequence[Recipe], *, on_event: OnEvent, cancelled: Callable[[], bool]
    ) -> Iterator[Clip]:
        for recipe in recipes:
            if cancelled():
                raise Cancelled
            text, voice = recipe.params["say"], recipe.params["voice"]
            self.spoken.append((text, voice, recipe.take))
            yield speech(text, voice, recipe.seed)

    def close(self) -> None:
        pass


def speech(text: str, voice: str, seed: int) -> Clip:
    """Noise that comes and goes five times a second."""
    seconds = 0.5 + len(text) / 15
    t = np.arange(round(seconds * RATE)) / RATE
    words = int.from_bytes(hashlib.sha256(f"{voice} {text}".encode()).digest()[:4], "big")
    noise = np.random.default_rng([seed, words]).standard_normal(len(t))
    syllables = np.maximum(0, np.sin(2 * np.pi * 5 * t)) ** 2
    return Clip((0.1 * noise * syllables).astype(np.float32)[:, None], RATE)


class TalkingGame(Game):
    """A game whose sheet `Audio/lines/guards.csv` is spoken by the parrot."""

    SHEET = "Audio/lines/guards.csv"

    def __init__(self, root: Path, **options: str) -> None:
        super().__init__(root, **options)
        self.parrot = Parrot()
        adapters = {**self.catalog.adapters, "parrot": self.parrot}
        self.catalog = Catalog(adapters=adapters, exporters=self.catalog.exporters)

    def lines(self, block: str = "", sheet: str | bytes | None = None) -> None:
        """Write a manifest with one block under `lines:`, its fields below the sheet's; and the sheet."""
        fields = "".join(f"    {line}\n" for line in block.strip("\n").splitlines())
        self.manifest(f"defaults: {{ model: parrot }}\nlines:\n  - sheet: {self.SHEET}\n{fields}")
        if sheet is not None:
            path = self.write(self.SHEET, "")
            path.write_bytes(sheet if isinstance(sheet, bytes) else sheet.encode())
