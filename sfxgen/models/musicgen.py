"""MusicGen: text to 32 kHz music, token by token. The light face; the sampling is in `musicgen_session`.

Copet et al., "Simple and Controllable Music Generation", NeurIPS 2023 (arXiv 2306.05284).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfxgen.contracts import Complaint, ModelInfo, ProjectFiles, Session
from sfxgen.models import weights
from sfxgen.models.complaints import DTYPES, outside, too_long, unknown, without_prompt
from sfxgen.models.musical import MUSIC_KEYS, complaints_of_music, music_params
from sfxgen.models.project_audio import audio_complaints, audio_params, with_audio
from sfxgen.models.token_settings import Setting, filled, setting_complaints, settings_schema
from sfxgen.models.weight_facts import small_json
from sfxgen.models.weighted import Weighted

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue, Kind

MIN_DURATION_S = 0.1
MAX_DURATION_S = 30.0  # what it was trained on; its positions go no further
CONTEXT_S = 10.0
"""How much of a source's end is heard before it is continued."""
MIN_SOURCE_S = 0.1
FILES = ("source", "melody")
"""The keys that name audio files of the project."""
MAX_PROMPT_CHARACTERS = 2000  # the text encoder was trained on 512 tokens
MAX_GUIDANCE = 50.0

DEFAULTS: Mapping[str, JsonValue] = {"duration_s": 10.0, "guidance": 3.0, "dtype": "fp32"}
"""The authors' guidance. fp32, because one token that falls otherwise changes all that follow it."""

SETTINGS = (
    Setting(
        "temperature", 1.0, 0.05, 3.0, "How freely tokens are drawn: below 1 the likely ones more often."
    ),
    Setting(
        "top_k", 250, 0, 2048, "Draw from so many of the likeliest tokens; 0 draws from all.", whole=True
    ),
)
"""The authors' own: 250 of the 2,048 tokens."""
ACCEPTS = frozenset({"prompt", "params", "source", *DEFAULTS, *MUSIC_KEYS})
MELODY = frozenset({"melody"})


def _known(
    size: str, download_mb: int, summary: str, *, channels: int = 1, more: frozenset[str] = frozenset()
) -> ModelInfo:
    return ModelInfo(
        name=f"musicgen-{size}",
        adapter="musicgen",
        where=f"facebook/musicgen-{size}",
        licence="CC BY-NC 4.0",
        licence_url="https://creativecommons.org/licenses/by-nc/4.0/",
        commercial="no",
        sample_rate=32000,
        channels=channels,
        max_duration_s=MAX_DURATION_S,
        accepts=ACCEPTS | more,
        defaults=DEFAULTS,
        needs_gpu=True,
        download_mb=download_mb,
        summary=f"music, {summary}; up to 30 s",
    )


class MusicGen(Weighted):
    """The adapter. See `sfxgen.contracts.Adapter`."""

    name = "musicgen"
    version = 1
    title = "MusicGen"
    layouts: Mapping[str, tuple[str, ...]] = {
        "MusicgenForConditionalGeneration": (),
        "MusicgenMelodyForConditionalGeneration": (),
    }
    # What a download takes follows from the published configurations, at four bytes a parameter.
    models: tuple[ModelInfo, ...] = (
        _known("small", 2400, "small"),
        _known("medium", 8000, "medium"),
        _known("large", 13700, "large and slow"),
        _known("melody", 6200, "medium, and can follow a melody", more=MELODY),
        _known("stereo-small", 2400, "small, in stereo", channels=2),
        _known("stereo-medium", 8100, "medium, in stereo", channels=2),
        _known("stereo-large", 13800, "large and slow, in stereo", channels=2),
        _known("stereo-melody", 6300, "medium, in stereo, and can follow a melody", channels=2, more=MELODY),
    )

    def info(self, where: str) -> ModelInfo:
        """Return a published model's facts, or those of weights nobody here knows: they may follow melodies."""
        found = super().info(where)
        return found if found.licence != "unknown" else replace(found, accepts=ACCEPTS | MELODY)

    def with_files(
        self, keys: Mapping[str, JsonValue], files: ProjectFiles
    ) -> tuple[dict[str, JsonValue], list[Complaint]]:
        """Return the keys with the digests of the files that `source` and `melody` name."""
        return with_audio(keys, FILES, files, shortest_s=MIN_SOURCE_S)

    def complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind = "music"
    ) -> Iterator[Complaint]:
        """Yield what is wrong with a sound's keys, each told by itself."""
        del kind
        if wrong := weights.path_complaint(info.where):
            yield Complaint("model", wrong, hint="write musicgen:org/name, or a folder of the project")
        yield from without_prompt(keys, "say what music it is")
        yield from too_long(keys, ("prompt",), MAX_PROMPT_CHARACTERS)
        yield from outside(keys, "guidance", 0, MAX_GUIDANCE)
        yield from unknown(keys, "dtype", DTYPES, self.title)
        yield from setting_complaints(keys, SETTINGS, self.title)
        yield from complaints_of_music(keys)
        yield from audio_complaints(keys, FILES)
        duration_s = keys.get("duration_s")
        longest_s = info.max_duration_s - (CONTEXT_S if keys.get("source") else 0.0)
        if duration_s is not None and longest_s < duration_s <= info.max_duration_s:
            what = f"{duration_s:g} is longer than the {longest_s:g} s by which it continues a source"
            yield Complaint("duration_s", what, "continue what it made in a sound of its own")
        else:
            yield from outside(keys, "duration_s", MIN_DURATION_S, info.max_duration_s)

    def weight_complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], files: ProjectFiles
    ) -> Iterator[Complaint]:
        """Yield what is wrong with a melody for weights that cannot follow one."""
        config = small_json(info.where, "config.json", files) if keys.get("melody") else {}
        named = config.get("architectures")
        if isinstance(named, list) and "MusicgenForConditionalGeneration" in named:
            yield Complaint("melody", f"{info.name} cannot follow a melody", "musicgen-melody can")

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        """Return the sampling's settings, tempo and key, and the files with the digests by which changed ones are known."""
        del info, kind
        return {**filled(keys, SETTINGS), **music_params(keys), **audio_params(keys, FILES)}

    def param_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of `params`."""
        return {"params": settings_schema(SETTINGS, "How MusicGen draws its tokens.")}

    def open(self, info: ModelInfo, folder: Path, device: str, root: Path) -> Session:
        """Return a session over the weights in a folder."""
        from sfxgen.models.musicgen_session import Hearing, MusicGenSession

        hearing = Hearing(root, CONTEXT_S, MAX_DURATION_S)
        return MusicGenSession(folder, hearing, model=info.name, device=device)


adapter = MusicGen()
