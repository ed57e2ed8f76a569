"""Recipe, Mastering, Delivery: frozen values that decide an asset's bytes, and the three chained keys.

    take_key  = H(recipe)                      all that decides the raw audio
    clip_key  = H(take_key, mastering)         all that decides the mastered audio
    asset_key = H(clip_key, delivery)          all that decides the files in the engine's project

A key is the SHA-256 of a canonical JSON form, so it is the same on every machine and Python.
The sound's name, the device and a take's place in a batch are in none of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import lru_cache
from typing import Any, Literal

from sfxgen.categories import PLAIN_GATES, Gates, thresholds_changed
from sfxgen.colour import NEUTRAL, Colour

MASTERING_VERSION = 3
"""Raised when mastering gives other samples for the same take and settings."""

ENCODING_VERSION = 2
"""Raised when encoding gives other bytes for the same clip."""

LOOP_OVERLAP_S = 1.0
"""How much longer than asked a raw take of a loop is: the material its seam is made from."""

Kind = Literal["one_shot", "loop", "music", "dialog"]
JsonValue = Any  # None, bool, int, float, str, and lists and string-keyed mappings of them


def canonical_json(value: JsonValue) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest_of(value: JsonValue) -> str:
    """Return the SHA-256 of a value's canonical JSON, as 64 hex digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def derive_seed(base: int, take: int, attempt: int = 0) -> int:
    """Return the seed (63 bits) of a take from its sound's base seed and its number alone.

    Attempt 0 is the take itself; a take that fails a gate is tried again with attempts 1, 2, …
    """
    return _seed_of(f"sfxgen seed {base} {take} {attempt}")


def derive_candidate_seed(base: int, take: int, attempt: int, candidate: int) -> int:
    """Return the seed (63 bits) of a candidate for a take; candidate 0 is what the take is without candidates."""
    if not candidate:
        return derive_seed(base, take, attempt)
    return _seed_of(f"sfxgen candidate {base} {take} {attempt} {candidate}")


def _seed_of(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How a take is chosen among several: the one that `ranker`, at a revision and version, finds nearest to `text`."""

    candidates: int
    ranker: str
    revision: str | None
    version: int
    text: str

    def as_json(self) -> dict[str, JsonValue]:
        """The choice as the canonical form holds it."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides one take's raw audio, with every default filled in.

    `model` is "adapter" or "adapter:where"; `revision` is the resolved one (None until it is known).
    A setting that the model does not have is None and then not part of the key. `params` are the
    model's own settings as plain JSON values. `base_seed` and `take` are here only to derive the seeds
    of further attempts from: the key holds `seed`, which they decide. `harvest` is how many events the take must hold.
    With a `choice`, the take is the best of several candidates, each with a seed of its own; `candidate` is one of them.
    """

    model: str
    revision: str | None
    adapter_version: int
    base_seed: int
    take: int
    prompt: str = ""
    negative: str = ""
    duration_s: float | None = None
    steps: int | None = None
    guidance: float | None = None
    scheduler: str | None = None
    dtype: str | None = None
    harvest: int | None = None
    params: Mapping[str, JsonValue] = field(default_factory=dict)
    choice: Choice | None = None
    attempt: int = 0
    candidate: int = 0

    @property
    def seed(self) -> int:
        """The seed of this attempt, and of this candidate."""
        return derive_candidate_seed(self.base_seed, self.take, self.attempt, self.candidate)

    def next_attempt(self) -> Recipe:
        """The same recipe with the next derived seed."""
        return replace(self, attempt=self.attempt + 1, candidate=0)

    def candidates(self) -> tuple[Recipe, ...]:
        """The recipes of this attempt's candidates: itself alone where there is no choice."""
        count = self.choice.candidates if self.choice else 1
        return tuple(replace(self, candidate=n) for n in range(count))

    def as_json(self) -> dict[str, JsonValue]:
        """The recipe as the canonical form holds it: what is None is left out."""
        left_out = {"base_seed", "take", "attempt", "candidate"}
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in left_out}
        values["params"] = dict(self.params)
        values["choice"] = self.choice.as_json() if self.choice else None
        values["seed"] = derive_seed(self.base_seed, self.take)
        return {name: value for name, value in values.items() if value is not None}

    def take_key(self) -> str:
        """The key of the raw take. The attempts that were needed are a result, not an input."""
        return digest_of({"take": self.as_json()})

    def candidate_key(self) -> str:
        """The key of this very candidate's audio, whatever it is chosen by and among how many."""
        values = {name: value for name, value in self.as_json().items() if name != "choice"}
        return digest_of({"candidate": {**values, "seed": self.seed}})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mastering:
    """Everything that decides a mastered clip, given its take.

    `loop` makes a seamless loop of exactly `duration_s`, its seam cross-faded over `crossfade_ms`.
    `harvest` cuts one event out of a take of many: the best but so many (0 is the best).
    `trim` removes what is silent (or only noise bed) at both ends, but for `pre_roll_ms` and `tail_ms`;
    `min_duration_s` keeps more of the take, or silence, around what is shorter, `max_duration_s` cuts what is longer.
    `loudness_lufs` None leaves the level as it is, but still under the ceiling; `measure_only` touches not even that.
    `limit_db` is how far a limiter may hold peaks back to reach the loudness under the ceiling.
    `channels` is 1, 2, or None for what the model gave. `gates` are what its take must pass.
    """

    gates: Gates = PLAIN_GATES
    loop: bool = False
    harvest: int | None = None
    trim: bool = True
    pre_roll_ms: float = 5.0
    tail_ms: float = 20.0
    fade_in_ms: float = 1.0
    fade_out_ms: float = 10.0
    crossfade_ms: float = 0.0
    duration_s: float | None = None
    min_duration_s: float | None = None
    max_duration_s: float | None = None
    colour: Colour = NEUTRAL
    loudness_lufs: float | None = -20.0
    limit_db: float = 0.0
    true_peak_dbtp: float = -1.0
    measure_only: bool = False
    sample_rate: int = 48000
    channels: Literal[1, 2] | None = 1

    def samples_key(self, take_key: str) -> str:
        """The key of all that decides the clip's samples. Gates decide whether there is one at all."""
        text = f'{{"mastering":{_settings_json(self)},"take_key":"{take_key}","version":{MASTERING_VERSION}}}'
        return hashlib.sha256(text.encode()).hexdigest()

    def clip_key(self, take_key: str) -> str:
        """The key of the mastered clip, which has passed its gates."""
        samples_key, changed = self.samples_key(take_key), thresholds_changed(self.gates)
        return digest_of({"samples_key": samples_key, "gates": dict(changed)}) if changed else samples_key


@lru_cache(maxsize=1024)
def _settings_json(mastering: Mastering) -> str:
    """Return the canonical JSON of what decides samples; the assets of a project share a few."""
    settings = {f.name: getattr(mastering, f.name) for f in fields(mastering) if f.name != "gates"}
    return canonical_json({**settings, "colour": mastering.colour.as_json()})


MASTERING_DEFAULTS: Mapping[Kind, Mastering] = {
    "one_shot": Mastering(),
    "loop": Mastering(
        loop=True,
        trim=False,
        fade_in_ms=0.0,
        fade_out_ms=0.0,
        crossfade_ms=500.0,
        channels=None,
    ),
    "music": Mastering(trim=False, fade_in_ms=5.0, fade_out_ms=50.0, channels=None),
    "dialog": Mastering(fade_in_ms=5.0, fade_out_ms=20.0),
}
"""What mastering does where a manifest says nothing, by the sound's kind. Its levels are its category's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """What a file says of itself: BWF `bext` and iXML with the ASWG's fields in WAV, comments in the others.

    `fx_name` is a name for people, `cat_id` the category in the Universal Category System, `content_type` the ASWG's.
    """

    fx_name: str
    description: str = ""
    category: str = ""
    cat_id: str = ""
    content_type: str = "sfx"
    project: str = ""
    originator: str = ""
    source_id: str = ""
    is_generated: bool = True
    is_loop: bool = False


AudioFormat = Literal["wav", "ogg", "flac", "mp3", "opus", "m4a"]
LOSSY: frozenset[str] = frozenset({"ogg", "mp3", "opus", "m4a"})
"""Formats that change the samples, and so peaks."""
LOOPING: frozenset[str] = frozenset({"wav", "ogg", "flac", "opus"})
"""Formats that decode to exactly the frames that were encoded: mp3 and AAC put silence before and after them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How a clip becomes an audio file.

    `bit_depth` is for wav and flac, `quality` (0 to 1) for ogg, `bitrate_kbps` for mp3, opus and m4a (AAC).
    `loop` writes a loop over the whole file (`smpl`) into a wav, and keeps the seam of an ogg or opus closed.
    `cues` marks where sounds begin (`cue `): "events" finds them, numbers are seconds. `tags` are written where they
    are not None.
    """

    format: AudioFormat = "wav"
    bit_depth: Literal[16, 24] = 16
    quality: float = 0.6
    bitrate_kbps: int = 160
    loop: bool = False
    cues: tuple[float, ...] | Literal["events"] = ()
    tags: Tags | None = None

    def as_json(self) -> dict[str, JsonValue]:
        """Only what the format uses, so that an unused setting makes nothing stale."""
        used: dict[str, JsonValue] = {"format": self.format}
        if self.format in ("wav", "flac"):
            used["bit_depth"] = self.bit_depth
        elif self.format == "ogg":
            used["quality"] = self.quality
        else:
            used["bitrate_kbps"] = self.bitrate_kbps
        if self.format in ("wav", "ogg", "opus") and self.loop:
            used["loop"] = True
        if self.format == "wav" and self.cues:
            used["cues"] = self.cues if isinstance(self.cues, str) else list(self.cues)
        if self.tags is not None:
            used["tags"] = asdict(self.tags)
        return used

    def file_key(self, clip_key: str) -> str:
        """The key of the encoded audio file: the store's own, between clip_key and asset_key."""
        return digest_of({"clip_key": clip_key, "encoding": self.as_json(), "version": ENCODING_VERSION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Everything that decides an asset's files, given its clip.

    `settings` is what the exporter made of the sound's engine block and the engine's project, as plain
    JSON values (for Unity: the import settings and the .meta version).
    """

    engine: str
    exporter_version: int
    encoding: Encoding
    settings: Mapping[str, JsonValue]

    def asset_key(self, clip_key: str) -> str:
        """The key of the asset."""
        return digest_of(
            {
                "clip_key": clip_key,
                "encoding": self.encoding.as_json(),
                "encoding_version": ENCODING_VERSION,
                "engine": self.engine,
                "exporter_version": self.exporter_version,
                "settings": dict(self.settings),
            }
        )
