"""The light face that AudioLDM and its relatives share. Light."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sfxgen.contracts import Complaint, ModelInfo
from sfxgen.models.diffusion_face import DiffusionFace
from sfxgen.models.guided import GUIDED_KEYS
from sfxgen.models.musical import complaints_of_music, music_params

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue, Kind

PLAIN_KEYS = ("prompt", "negative", "steps", "guidance", "scheduler", "dtype", "duration_s")
MAX_DURATION_S = 30.0
TRAINED_S = 10.24


def known(
    adapter: str,
    defaults: Mapping[str, JsonValue],
    name: str,
    repo: str,
    download_mb: int,
    summary: str,
    *,
    keys: tuple[str, ...] = (),
) -> ModelInfo:
    """Return what is known of published weights: 16 kHz mono, trained on 10.24 s, not for games that are sold.

    `keys` are those that it takes beside the ones that all of them take.
    """
    return ModelInfo(
        name=name,
        adapter=adapter,
        where=repo,
        licence="CC BY-NC-SA 4.0",
        licence_url="https://creativecommons.org/licenses/by-nc-sa/4.0/",
        commercial="no",
        sample_rate=16000,
        channels=1,
        max_duration_s=MAX_DURATION_S,
        best_duration_s=TRAINED_S,
        accepts=frozenset({*PLAIN_KEYS, *GUIDED_KEYS, *keys}),
        defaults=defaults,
        needs_gpu=True,
        download_mb=download_mb,
        summary=f"{summary}; trained on 10.24 s, best near it",
    )


class LatentFace(DiffusionFace):
    """An adapter over `diffusion_session.LatentRunner`."""

    min_duration_s = 0.04  # one step of the latents' time axis: 4 mel frames of 10 ms
    max_prompt_characters = 2000  # the text encoder hears 512 tokens, of about four characters


class MusicalLatentFace(LatentFace):
    """One over `musical_runner.MusicalRunner`: tempo and key become words of the prompt."""

    def complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind = "music"
    ) -> Iterator[Complaint]:
        """Yield what is wrong with a sound's keys, each told by itself."""
        yield from super().complaints(info, keys, kind=kind)
        yield from complaints_of_music(keys)

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        """Return tempo and key, and what guides a take."""
        return music_params(keys) | super().params(info, keys, kind=kind)
