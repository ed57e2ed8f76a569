"""The synthesizer's light face: what the manifest and the plan ask. Imports no numpy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sfxgen.contracts import Complaint, ModelInfo, ProjectFiles, Session, Surroundings
from sfxgen.errors import ProjectError
from sfxgen.models.synth import prompts
from sfxgen.models.synth.parameters import (
    MATRIX_TEXT,
    MAX_DURATION_S,
    SAMPLE_RATE,
    Number,
    Parameter,
    Preset,
    did_you_mean,
    number,
)
from sfxgen.models.synth.presets import EVERYWHERE, PRESETS
from sfxgen.models.synth.sfxr import written
from sfxgen.models.synth.sfxr.formats import SfxrFormatError

if TYPE_CHECKING:
    from sfxgen.errors import ModelUnavailable
    from sfxgen.events import OnEvent
    from sfxgen.recipe import JsonValue, Kind

VARIATION = number("variation", "", 0, 1, 0.5, "How far the variants of the sound stray from its parameters.")
DURATION = number("duration_s", "s", 0.02, MAX_DURATION_S, 1, "How long the sound lasts.")


class SynthAdapter:
    """Turns presets, or prompts that name one, into sound. Beds of weather and places are stereo, all else mono."""

    name = "synth"
    version = 2
    models: tuple[ModelInfo, ...] = (
        ModelInfo(
            name="synth",
            adapter="synth",
            where="",
            licence="MIT",
            licence_url="https://opensource.org/license/mit",
            commercial="yes",
            sample_rate=SAMPLE_RATE,
            channels=1,
            max_duration_s=MAX_DURATION_S,
            accepts=frozenset({"prompt", "preset", "params", "variation", "duration_s"}),
            reads_prompt=False,
            seamless=True,
            summary="the embedded synthesizer: presets with parameters; no weights, no GPU, thousands a minute",
        ),
    )

    def info(self, where: str) -> ModelInfo | None:
        """Return None: there is only one synthesizer, and it is nowhere else."""
        del where
        return None

    def with_files(
        self, keys: Mapping[str, JsonValue], files: ProjectFiles
    ) -> tuple[dict[str, JsonValue], list[Complaint]]:
        """Return the keys with the sfxr link or file that `params` may name put in, as plain parameters."""
        params = keys.get("params")
        if keys.get("preset") != "sfxr" or not isinstance(params, Mapping):
            return dict(keys), []
        params = written.worded(params)
        named = [name for name in written.SHORTHANDS if name in params]
        if not named:
            return {**keys, "params": params}, []
        own = {name: value for name, value in params.items() if name not in written.SHORTHANDS}
        if len(named) > 1:
            what = "file and link are two sounds"
            return {**keys, "params": own}, [Complaint("params.file", what, "write one of the two")]
        try:
            found = written.sound_of(named[0], params[named[0]], files.read)
        except (SfxrFormatError, ProjectError) as error:
            return {**keys, "params": own}, [Complaint(f"params.{named[0]}", error.message, error.hint)]
        return {**keys, "params": {**found, **own}}, []

    def complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind = "one_shot"
    ) -> Iterator[Complaint]:
        """Yield what is wrong with preset, prompt, params, variation and duration_s, all at once."""
        del info
        for parameter in (VARIATION, DURATION):
            value = keys.get(parameter.name)
            if value is not None and (what := parameter.complaint(value)):
                yield Complaint(parameter.name, what)
        preset, complaint = _preset_of(keys, kind)
        if complaint is not None:
            yield complaint
        yield from _params_complaints(preset, keys.get("params"))
        if kind == "loop" and preset is not None and not preset.sustained:
            textures = [name for name, other in PRESETS.items() if other.sustained]
            near = [name for name in textures if PRESETS[name].family == preset.family] or textures[:8]
            key = "preset" if keys.get("preset") else "prompt"
            hint = f"textures: {', '.join(near)}; sfxgen presets marks them all"
            yield Complaint(key, f"{preset.name} is one sound, not a texture to loop", hint)

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        """Return preset, every parameter, variation, and whether the clip will be looped.

        A prompt without a preset is read here, so that the key of a take depends on what was understood. Where
        `duration_s` is asked of a one-shot whose `length_s` was left open, the sound is stretched to fit.
        """
        del info
        name = keys.get("preset")
        values: dict[str, JsonValue] = {}
        if not isinstance(name, str):
            reading = prompts.read_prompt(str(keys.get("prompt") or ""), kind)
            name = reading.preset or prompts.NEUTRAL[kind]
            values.update(reading.params)
        preset = PRESETS[name]
        values.update(keys.get("params") or {})
        duration_s = keys.get("duration_s")
        length = preset.by_name.get("length_s")
        if duration_s is not None and isinstance(length, Number) and "length_s" not in values:
            values["length_s"] = prompts.fitting_length(preset, length, float(duration_s))
        variation = keys.get("variation")
        return {
            "preset": preset.name,
            "params": preset.filled(values),
            "variation": VARIATION.default if variation is None else float(variation),
            "loop": kind == "loop",
        }

    def draft_keys(self, prompt: str, *, kind: Kind, duration_s: float | None = None) -> dict[str, JsonValue]:
        """Return the keys of a synth sound that resembles a prompt; see `prompts.draft_keys`."""
        return prompts.draft_keys(prompt, kind=kind, duration_s=duration_s)

    def why_neutral(self, prompt: str, *, kind: Kind) -> str:
        """Say why a draft of a prompt would be the kind's neutral sound, or ""."""
        if kind == "dialog" or prompts.read_prompt(prompt, kind).preset:
            return ""
        one_sound = prompts.read_prompt(prompt).preset
        if one_sound:
            return f"its prompt names {one_sound}, which is one sound and no texture to loop"
        return "no word of its prompt names a sound that is known"

    def explained(
        self, keys: Mapping[str, JsonValue], *, kind: Kind, draft: bool = False
    ) -> dict[str, JsonValue]:
        """Return what is made of a sound's keys, as plain values: the preset, the parameters that are not at their
        defaults, and of a prompt that was read every word with its role and effect.

        `draft`: the keys are another model's, and stand-ins are made of their prompt.
        """
        prompt, said = str(keys.get("prompt") or ""), str(keys.get("say") or "")
        if draft and said:  # words are babbled, whatever the sound is for
            prompt, kind = said, "dialog"
        reads = bool(prompt) and kind != "dialog" and (draft or not keys.get("preset"))
        made = self.draft_keys(prompt, kind=kind, duration_s=keys.get("duration_s")) if draft else keys
        params = self.params(self.models[0], made, kind=kind)
        preset = PRESETS[params["preset"]]
        defaults = preset.filled({})
        reading = prompts.read_prompt(prompt, kind) if reads else None
        return {
            "prompt": prompt if reads else "",
            "preset": preset.name,
            "params": {n: v for n, v in params["params"].items() if v != defaults[n]},
            "words": [
                {"word": m.word, "role": m.role, "effect": m.effect}
                for m in (reading.meanings if reading else ())
                if m.role != "filler"
            ],
            "neutral": reading is not None and not reading.preset,
            "voice": draft and kind == "dialog",
        }

    def param_schema(self) -> dict[str, Any]:
        """Return the JSON Schemas of preset, params (any preset's) and variation."""
        names = [{"const": p.name, "description": p.summary} for p in PRESETS.values()]
        return {
            "preset": {
                "anyOf": [*names, dict(MATRIX_TEXT)],
                "description": "A sound that the synthesizer knows.",
            },
            "params": {
                "type": "object",
                "description": "The preset's parameters.",
                "anyOf": [self._params_schema(preset) for preset in PRESETS.values()],
                "$defs": {f"synth.{name}": shared.schema() for name, shared in EVERYWHERE.items()},
            },
            "variation": VARIATION.schema(),
        }

    def _params_schema(self, preset: Preset) -> dict[str, Any]:
        schema = preset.schema(EVERYWHERE)
        if preset.name == "sfxr":
            schema["properties"].update(written.SCHEMAS)
        return schema

    def preset_schemas(self) -> dict[str, dict[str, Any]]:
        """Return the JSON Schema of each preset's `params`."""
        return {name: preset.schema() for name, preset in PRESETS.items()}

    def revision(self, info: ModelInfo, around: Surroundings) -> str | None:
        """Return the synthesizer's own version, whatever was pinned: there is no other to be had."""
        del info, around
        return f"synth-{self.version}"

    def unavailable(self, info: ModelInfo, around: Surroundings) -> ModelUnavailable | None:
        """Return None: it runs everywhere."""
        del info, around
        return None

    def load(self, info: ModelInfo, around: Surroundings, *, on_event: OnEvent) -> Session:
        """Return a session; only now numpy is imported."""
        del info, around, on_event
        from sfxgen.models.synth.session import SynthSession

        return SynthSession()


def _preset_of(keys: Mapping[str, JsonValue], kind: Kind) -> tuple[Preset | None, Complaint | None]:
    """Return the preset that the keys mean, and what is wrong with how they name it."""
    name, prompt = keys.get("preset"), keys.get("prompt")
    if name is not None:
        if isinstance(name, str) and name in PRESETS:
            return PRESETS[name], None
        what = f"the synthesizer has no preset {name!r}{did_you_mean(str(name), PRESETS)}"
        return None, Complaint("preset", what, "sfxgen presets lists them")
    if not isinstance(prompt, str) or not prompt.strip():
        hint = "as in preset: coin, or prompt: footstep on gravel"
        return None, Complaint("preset", "the synthesizer needs a preset, or a prompt to read one from", hint)
    reading = prompts.read_prompt(prompt, kind)
    if not reading.preset and (one_sound := prompts.read_prompt(prompt).preset):
        return PRESETS[
            one_sound
        ], None  # one that ends: what is wrong with it is told where it is asked to loop
    if not reading.preset:
        hint = "name what sounds, or set preset: sfxgen presets lists them"
        return None, Complaint("prompt", f"the synthesizer understands no sound in {prompt!r}", hint)
    return PRESETS[reading.preset], None


def _hint(parameter: Parameter, value: object) -> str:
    if not isinstance(parameter, Number):
        return parameter.summary
    if isinstance(value, str):
        return "write the number alone, without quotes or unit"
    return f"{parameter.summary} By default {parameter.default:g}."


def _params_complaints(preset: Preset | None, params: JsonValue) -> Iterator[Complaint]:
    if params is None:
        return
    if not isinstance(params, Mapping):
        yield Complaint("params", f"{params!r} is not a mapping of parameters to values")
        return
    if preset is None:
        return
    known = preset.by_name
    for name, value in params.items():
        parameter = known.get(name)
        if parameter is None:
            what = f"preset {preset.name} has no parameter {name!r}{did_you_mean(str(name), known)}"
            yield Complaint(f"params.{name}", what, f"its parameters: {', '.join(known)}")
        elif what := parameter.complaint(value):
            yield Complaint(f"params.{name}", what, _hint(parameter, value))
