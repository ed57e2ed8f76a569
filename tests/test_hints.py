"""Hints at what was meant: models that take a key, and our name for another program's key."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from games import Game

from sfxgen.errors import ManifestError
from sfxgen.schema import ELSEWHERE, LayerFields, SoundEntry
from sfxgen.sound import MODEL_KEYS


def hints(game: Game, sound: str, project: str = "") -> dict[str, str]:
    """The hint at each key of a sound `a` that is a mistake."""
    game.project(f"name: game\nengine: unity\nassets: Assets\n{project}")
    game.manifest(f"sounds:\n  a: {sound}\n")
    with pytest.raises(ManifestError) as caught:
        game.open()
    return {mistake.where.removeprefix("sounds.a."): mistake.hint for mistake in caught.value.mistakes}


@pytest.mark.parametrize(
    ("sound", "key", "models"),
    [
        ("kind: music, model: musicgen-small, prompt: a march, negative: drums", "negative", "audioldm2, musicldm"),
        ("kind: dialog, model: synth, prompt: halt, say: halt", "say", "tortoise, bark"),
        ("model: audioldm-s, prompt: a march, melody: a.wav", "melody", "musicgen-melody"),
        ("kind: dialog, model: bark, say: halt, guidance: 3", "guidance", "tortoise"),
    ],
)  # fmt: skip
def test_a_key_that_a_model_does_not_take_names_models_that_do(
    game: Game, sound: str, key: str, models: str
) -> None:
    del game.catalog.adapters["toy"]  # type: ignore[attr-defined]
    assert hints(game, f"{{ {sound} }}")[key].startswith(f"models that do: {models}; it takes: ")


def test_no_model_is_named_that_would_not_make_the_sound(game: Game) -> None:
    spoken = hints(game, "{ kind: dialog, model: bark, say: halt, negative: drums }")
    assert spoken["negative"].startswith("it takes: ")
    preset = hints(game, "{ model: synth, preset: coin, negative: drums }")
    assert preset["negative"].startswith("it takes: ")


def test_only_models_are_named_whose_licence_the_game_allows(game: Game) -> None:
    sound = "{ model: stable-audio-3-small-sfx, prompt: rain, guidance: 3 }"
    del game.catalog.adapters["toy"]  # type: ignore[attr-defined]
    sold = hints(game, sound, "licence: commercial\n")["guidance"]
    named = sold.removeprefix("models that do: ").partition(";")[0].split(", ")
    assert named[0] == "stable-audio-3-small-sfx-base", "the nearest one"
    assert len(named) == 3
    for name in named:
        assert game.catalog.models()[name].commercial in ("yes", "conditions")
        assert "guidance" in game.catalog.models()[name].accepts


@pytest.mark.parametrize(
    ("key", "ours"),
    [
        ("cfg", "'guidance'"),
        ("cfg_scale", "'guidance'"),
        ("CFG-Scale", "'guidance'"),
        ("guidance_scale", "'guidance'"),
        ("num_inference_steps", "'steps'"),
        ("negative_prompt", "'negative'"),
        ("length", "'duration_s'"),
        ("seconds", "'duration_s'"),
        ("text", "'prompt' or 'say'"),
        ("voice_preset", "'voice'"),
        ("sampler", "'scheduler'"),
    ],
)
def test_other_programs_keys_are_known(game: Game, key: str, ours: str) -> None:
    assert hints(game, f"{{ model: toy, prompt: rain, {key}: 3 }}")[key] == f"did you mean {ours}?"
    layered = hints(game, f"{{ model: toy, layers: [{{ prompt: rain, {key}: 3 }}] }}")
    assert layered[f"layers[0].{key}"] == f"did you mean {ours}?"


def test_what_other_programs_call_them_is_none_of_our_keys_and_leads_to_one() -> None:
    for theirs, ours in ELSEWHERE.items():
        assert theirs not in SoundEntry.model_fields
        assert theirs == theirs.lower()
        assert ours
        assert set(ours) <= set(MODEL_KEYS)
        assert set(ours) <= set(LayerFields.model_fields)


def test_takes_that_would_all_be_the_source_are_a_mistake(game: Game) -> None:
    soundfile.write(game.root / "a.wav", np.full(16000, 0.1), 16000)
    zero = "model: audioldm-s, prompt: x, source: a.wav, strength: 0"
    assert hints(game, f"{{ {zero}, variants: 2 }}") == {"strength": "write more than 0, or variants: 1"}
    for fine in (
        zero,
        f"{zero}, harvest: 3",
        f"{zero}.1, variants: 2",
        f"{zero}, morph: {{ to: y }}, variants: 3",
    ):
        game.manifest(f"sounds:\n  a: {{ {fine} }}\n")
        game.open()


@pytest.mark.parametrize(("dtype", "ours"), [("float16", "fp16"), ("BFloat16", "bf16"), ("fp61", "fp16")])
def test_another_program_s_value_is_answered_with_ours(game: Game, dtype: str, ours: str) -> None:
    sound = f"{{ model: audioldm-s, prompt: x, dtype: {dtype} }}"
    assert hints(game, sound)["dtype"] == f"did you mean '{ours}'?"


def test_a_gpu_is_no_cpu(game: Game) -> None:
    game.project("engine: unity\nassets: Assets\ndevice: gpu\n")
    game.sounds("a: { prompt: x }")
    with pytest.raises(ManifestError) as caught:
        game.open()
    assert [mistake.hint for mistake in caught.value.mistakes] == ["did you mean 'auto'?"]
