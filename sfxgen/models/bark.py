"""Bark: a line of text to 24 kHz speech. The light face; the sampling is in `bark_session`.

Suno, "Bark: Text-Prompted Generative Audio Model" (2023, github.com/suno-ai/bark).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfxgen.contracts import Complaint, ModelInfo, ProjectFiles, Session
from sfxgen.models import weights
from sfxgen.models.bark_speech import LANGUAGES, primary, voice_problem, voice_problem_in
from sfxgen.models.complaints import DTYPES, too_long, unknown
from sfxgen.models.token_settings import Setting, filled, setting_complaints, settings_schema
from sfxgen.models.weighted import Weighted

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue, Kind

MAX_CHARACTERS = 2000
MAX_DURATION_S = 180.0  # about what so many characters take

DEFAULTS: Mapping[str, JsonValue] = {"dtype": "fp32"}
DEFAULT_VOICE = "v2/{language}_speaker_6"
"""Who speaks where nobody is named: without a voice Bark makes one up for each take."""

SETTINGS = (
    Setting(
        "text_temperature", 0.7, 0.05, 2.0, "How freely it is spoken: below 0.7 more evenly, above it more wildly."
    ),
    Setting("waveform_temperature", 0.7, 0.05, 2.0, "How freely the voice's sound is drawn."),
    Setting("fine_temperature", 0.5, 0.05, 2.0, "How freely the sound's details are drawn."),
    Setting(
        "min_eos_p", 0.2, 0.01, 1.0, "It stops once it thinks it this likely that all is said; 1 hardly ever does."
    ),
)  # fmt: skip
"""The authors' own values."""


def _known(name: str, download_mb: int, summary: str) -> ModelInfo:
    return ModelInfo(
        name=name,
        adapter="bark",
        where=f"suno/{name}",
        licence="MIT",
        licence_url="https://opensource.org/license/mit",
        commercial="yes",
        sample_rate=24000,
        channels=1,
        max_duration_s=MAX_DURATION_S,
        accepts=frozenset({"say", "voice", "language", "params", *DEFAULTS}),
        defaults=DEFAULTS,
        needs_gpu=True,
        download_mb=download_mb,
        summary=f"speech in {len(LANGUAGES)} languages, with laughs and sighs, {summary}",
    )


class Bark(Weighted):
    """The adapter. See `sfxgen.contracts.Adapter`."""

    name = "bark"
    version = 1
    title = "Bark"
    layouts: Mapping[str, tuple[str, ...]] = {"BarkModel": ()}
    models: tuple[ModelInfo, ...] = (
        _known("bark", 4500, "the better one"),
        _known("bark-small", 1700, "small"),
    )

    def info(self, where: str) -> ModelInfo:
        """Return a published model's facts, or those of weights nobody here knows: which voices they have is theirs."""
        found = super().info(where)
        if found.licence != "unknown":
            return found
        return replace(found, accepts=found.accepts - {"language"})

    def complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind = "dialog"
    ) -> Iterator[Complaint]:
        """Yield what is wrong with a sound's keys, each told by itself."""
        if wrong := weights.path_complaint(info.where):
            yield Complaint("model", wrong, hint="write bark:org/name, or a folder of the project")
        if kind == "loop":
            yield Complaint("kind", "what is said does not loop", "write kind: dialog")
        if not str(keys.get("say") or "").strip():
            yield Complaint("say", "is empty", hint="write what is said, word for word")
        yield from too_long(keys, ("say",), MAX_CHARACTERS)
        yield from unknown(keys, "dtype", DTYPES, self.title)
        yield from setting_complaints(keys, SETTINGS, self.title)
        if (language := keys.get("language")) and primary(language) not in LANGUAGES:
            yield Complaint(
                "language", f"Bark does not speak '{language}'", "it speaks " + ", ".join(LANGUAGES)
            )
        voice = keys.get("voice")
        if voice is not None and (found := voice_problem(info, voice)):
            yield Complaint("voice", *found)

    def weight_complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], files: ProjectFiles
    ) -> Iterator[Complaint]:
        """Yield what is wrong with a voice that a folder of the project does not have."""
        voice = keys.get("voice")
        if voice is not None and (found := voice_problem_in(info.where, voice, files)):
            yield Complaint("voice", *found)

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        """Return what is said, by whom, and how freely. The language is that of the voice, and of the line itself."""
        del kind
        voice = keys.get("voice")
        if voice is None and info.licence != "unknown":
            voice = DEFAULT_VOICE.format(language=primary(keys.get("language") or "en"))
        said = {"say": " ".join(str(keys["say"]).split())}
        return {**said, **({} if voice is None else {"voice": voice}), **filled(keys, SETTINGS)}

    def param_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of `params`."""
        return {"params": settings_schema(SETTINGS, "How Bark draws its tokens.")}

    def open(self, info: ModelInfo, folder: Path, device: str, root: Path) -> Session:
        """Return a session over the weights in a folder."""
        del root
        from sfxgen.models.bark_session import BarkSession

        return BarkSession(folder, model=info.name, device=device)


adapter = Bark()
