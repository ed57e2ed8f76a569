"""What the small files of weights forbid is a mistake of the manifest, before anything loads; weights need not be here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from games import Game

from sfxgen.errors import ManifestError, Mistake
from sfxgen.lacking import lacking
from sfxgen.workspace import Options

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MUSICGEN = {"architectures": ["MusicgenForConditionalGeneration"]}
MELODY = {"architectures": ["MusicgenMelodyForConditionalGeneration"]}


def put(folder: Path, name: str, value: Any) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))


def mistakes(game: Game, sound: str) -> list[Mistake]:
    game.manifest(f"sounds:\n  a/one: {{ {sound} }}\n")
    try:
        game.plan()
    except ManifestError as error:
        return list(error.mistakes)
    return []


BARK = 'kind: dialog, model: "bark:weights/tiny", say: Halt!'


def bark(game: Game, *voices: str) -> None:
    put(game.root, "weights/tiny/config.json", {"architectures": ["BarkModel"]})
    for voice in voices:
        put(game.root, f"weights/tiny/speaker_embeddings/{voice}_semantic_prompt.npy", "numbers")


def test_a_voice_that_a_folder_of_weights_does_not_have_is_told_with_those_near_it(game: Game) -> None:
    bark(game, "v2/en_speaker_1", "mine")
    assert mistakes(game, f"{BARK}, voice: v2/en_speaker_1") == []
    assert mistakes(game, f"{BARK}, voice: mine") == []
    (mistake,) = mistakes(game, f"{BARK}, voice: v2/en_speaker_10")
    assert (mistake.line, mistake.where, mistake.what, mistake.hint) == (
        2,
        "sounds.a/one.voice",
        "there is no voice 'v2/en_speaker_10'",
        "near it: v2/en_speaker_1",
    )


def test_a_folder_without_voices_and_a_name_that_leads_out_are_told(game: Game) -> None:
    bark(game)
    (mistake,) = mistakes(game, f"{BARK}, voice: mine")
    assert mistake.hint == "no voices stand beside these weights: leave voice out"
    (mistake,) = mistakes(game, f"{BARK}, voice: ../../mine")
    assert mistake.what == "'../../mine' is no name of a voice"


def test_a_voice_is_looked_for_anew_when_it_comes(game: Game) -> None:
    bark(game, "v2/en_speaker_1")
    assert mistakes(game, f"{BARK}, voice: mine")
    bark(game, "mine")
    assert mistakes(game, f"{BARK}, voice: mine") == []


LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"


@pytest.mark.parametrize(
    "config", [None, LFS, "[]", "{", "[" * 100_000], ids=["none", "lfs", "list", "cut", "deep"]
)
def test_where_weights_are_not_here_nothing_is_refused(game: Game, config: str | None) -> None:
    if config is not None:
        put(game.root, "weights/tiny/config.json", config)
    put(game.root, "Audio/tune.wav", "RIFF")
    assert mistakes(game, f"{BARK}, voice: mine") == []
    told = mistakes(game, 'model: "musicgen:weights/tiny", prompt: a song, melody: Audio/tune.wav')
    assert not any("follow" in mistake.what for mistake in told)
    assert mistakes(game, 'model: "stable_audio:weights/tiny", prompt: rain, duration_s: 40') == []


@pytest.mark.parametrize(
    ("architecture", "adapter"),
    [
        ("BarkModel", "bark"),
        ("MusicgenMelodyForConditionalGeneration", "musicgen"),
        ("LlamaModel", "adapter"),
    ],
)
def test_weights_of_another_system_are_told_with_its_adapter(
    game: Game, architecture: str, adapter: str
) -> None:
    pytest.importorskip("torch", reason="a missing extra is told before the weights are looked at")
    put(game.root, "weights/tiny/config.json", {"architectures": [architecture]})
    game.manifest('sounds:\n  a: { model: "audioldm:weights/tiny", prompt: rain }\n')
    workspace = game.open()
    (found,) = lacking(workspace, workspace.plan(Options(), glance=True), Options())
    assert found.error.hint == f"write the adapter that they are for: {adapter}:weights/tiny"


@pytest.fixture
def tune(game: Game) -> str:
    import numpy as np
    import soundfile

    (game.root / "Audio").mkdir(exist_ok=True)
    soundfile.write(game.root / "Audio/tune.wav", np.zeros(16_000), 16_000)
    return "prompt: a song, melody: Audio/tune.wav"


@pytest.mark.parametrize("place", ["project", "hub"])
def test_a_melody_for_weights_that_follow_none_is_a_mistake(
    game: Game, tune: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    folder = game.root / "weights/tiny"
    if place == "hub":
        repo = tmp_path / "hub/models--weights--tiny"
        put(repo, "refs/main", COMMIT)
        folder = repo / "snapshots" / COMMIT
    put(folder, "config.json", MUSICGEN)
    (mistake,) = mistakes(game, f'model: "musicgen:weights/tiny", {tune}')
    assert (mistake.where, mistake.what) == (
        "sounds.a/one.melody",
        "musicgen:weights/tiny cannot follow a melody",
    )
    for others in (MELODY, {"architectures": 5}, {"architectures": None}):
        put(folder, "config.json", others)
        assert mistakes(game, f'model: "musicgen:weights/tiny", {tune}') == []


def test_a_take_that_is_longer_than_the_weights_make_is_a_mistake(game: Game, tune: str) -> None:
    put(game.root, "weights/tiny/transformer/config.json", {"sample_size": 64})
    vae = {"downsampling_ratios": [2, 4, 8, 8], "sampling_rate": 44_100}  # 64 × 512 frames
    put(game.root, "weights/tiny/vae/config.json", vae)
    model = 'model: "stable_audio:weights/tiny", prompt: rain'
    assert mistakes(game, f"{model}, duration_s: 0.74") == []
    (mistake,) = mistakes(game, f"{model}, duration_s: 0.75")
    assert (mistake.what, mistake.hint) == (
        "0.75 is not between 0.05 and 0.74, by these weights' configuration",
        "write 0.74, or less",
    )
    (mistake,) = mistakes(game, f"{model}, source: Audio/tune.wav")
    assert (mistake.where, "is 1 s long" in mistake.what) == ("sounds.a/one.source", True)


@pytest.mark.parametrize(
    "vae", [{"downsampling_ratios": "ab"}, {"downsampling_ratios": [2], "sampling_rate": 0}]
)
def test_a_configuration_that_says_nothing_of_use_refuses_nothing(game: Game, vae: object) -> None:
    put(game.root, "weights/tiny/transformer/config.json", {"sample_size": 64})
    put(game.root, "weights/tiny/vae/config.json", vae)
    assert mistakes(game, 'model: "stable_audio:weights/tiny", prompt: rain, duration_s: 40') == []
