"""Sounds of layers: planned, built and drafted as a whole, generated part by part."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from games import Game, actions, whys

from sfxgen.errors import ManifestError
from sfxgen.manifest import load

SLAM = """
gate/slam:
  variants: 2
  layers:
    - { prompt: chain }
    - { prompt: thud, gain_db: -6, delay_s: 0.08, pitch_st: -5 }
    - { model: synth, preset: hit, params: { material: metal } }
"""


def mistakes(game: Game) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        load(game.root, game.catalog)
    return [f"{mistake}" for mistake in caught.value.mistakes]


def test_each_layer_is_a_take_of_its_own_and_the_stack_is_one_asset(game: Game) -> None:
    game.sounds(SLAM)
    assert game.build().exit_code == 0
    assert sorted(game.toy.made) == [("chain", 1), ("chain", 2), ("thud", 1), ("thud", 2)]
    record = game.lock().assets["unity", "gate/slam_01"]
    assert record.model == "layers"
    assert record.revision == "layers-1"
    assert {"toy", "numpy"} <= record.environment.keys()
    assert game.lock().models == {"toy:weights": "r1"}
    assert game.plan().is_empty
    assert game.content("gate/slam_01") != game.content("gate/slam_02")


def test_another_mix_lays_what_is_there_and_generates_nothing(game: Game) -> None:
    game.sounds(SLAM)
    game.build()
    before = game.content("gate/slam_01")
    game.sounds(SLAM.replace("gain_db: -6", "gain_db: -3"))
    assert whys(game.plan(), "gate/slam_01") == {"recipe-changed"}
    assert game.build().exit_code == 0
    assert game.toy.made == []
    assert game.content("gate/slam_01") != before


def test_another_prompt_generates_that_layer_alone(game: Game) -> None:
    game.sounds(SLAM)
    game.build()
    game.sounds(SLAM.replace("prompt: thud", "prompt: boom"))
    game.build()
    assert sorted(game.toy.made) == [("boom", 1), ("boom", 2)]


def test_another_variant_leaves_the_others_as_they_are(game: Game) -> None:
    game.sounds(SLAM)
    game.build()
    before = {path: data for path, data in game.tree().items() if "slam" in path}
    game.sounds(SLAM.replace("variants: 2", "variants: 3"))
    game.build()
    after = game.tree()
    assert {path: after[path] for path in before} == before
    assert sorted(game.toy.made) == [("chain", 3), ("thud", 3)]


def test_a_layer_is_the_take_that_a_sound_of_its_own_would_be(game: Game) -> None:
    game.sounds(SLAM + "chain: { prompt: chain, variants: 2 }\n")
    game.build()
    assert sorted(game.toy.made) == [("chain", 1), ("chain", 2), ("thud", 1), ("thud", 2)]


def test_two_layers_of_one_recipe_are_two_sounds(game: Game) -> None:
    game.sounds("pair:\n  layers: [{ prompt: bird }, { prompt: bird, delay_s: 0.1 }]\n")
    game.build()
    assert game.toy.made == [("bird", 1), ("bird", 1)]
    samples, _ = soundfile.read(game.path("pair_01"))
    assert len(samples) > 0.1 * 48000


def test_it_does_not_matter_what_was_built_before(game: Game, own_store: Path) -> None:
    game.sounds(SLAM)
    game.build()
    together = game.tree()
    shutil.rmtree(own_store)
    shutil.rmtree(game.root / "Assets")
    (game.root / "sfxgen.lock").unlink()
    game.sounds("chain: { prompt: chain }\n")
    game.build()
    game.sounds(SLAM)
    game.build()
    assert game.tree() == together


def test_a_layer_that_fails_names_itself_and_stops_no_other_sound(game: Game) -> None:
    game.sounds(SLAM.replace("prompt: thud", "prompt: broken") + "fine: { prompt: fine }\n")
    report = game.build()
    assert report.exit_code == 3
    assert {failure.error.message for failure in report.failures} == {"layer 2: a spring came off"}
    assert ("unity", "fine_01") in game.lock().assets


def test_a_layer_whose_take_is_silent_is_tried_again(game: Game) -> None:
    game.sounds(SLAM.replace("prompt: thud", "prompt: silent thud"))
    assert game.build().exit_code == 0
    record = game.lock().assets["unity", "gate/slam_01"]
    assert record.attempts == 2
    assert "silent" in record.rejected[0]


def test_a_stack_is_drafted_where_one_of_its_models_cannot_run(game: Game) -> None:
    game.sounds(SLAM)
    game.toy.missing = True
    assert game.build().exit_code == 3
    assert game.build(draft=True).exit_code == 0
    assert game.toy.made == []
    assert game.lock().assets["unity", "gate/slam_01"].draft
    game.toy.missing = False
    assert actions(game.plan()) == {"gate/slam_01": "generate", "gate/slam_02": "generate"}
    game.build()
    assert not game.lock().assets["unity", "gate/slam_01"].draft
    assert game.plan().is_empty


def test_a_stack_of_the_synthesizer_is_no_draft(game: Game) -> None:
    game.sounds("ui: { model: synth, layers: [{ preset: click }, { preset: coin, delay_s: 0.05 }] }\n")
    game.toy.missing = True
    assert game.build(draft=True).exit_code == 0
    assert not game.lock().assets["unity", "ui_01"].draft


def test_a_loop_of_layers_is_exactly_as_long_as_asked_and_joins_itself(game: Game) -> None:
    game.sounds(
        "bed:\n  kind: loop\n  duration_s: 2\n  master: { channels: keep }\n  encode: { format: wav }\n"
        "  layers: [{ model: synth, preset: rain }, { model: synth, preset: wind, pitch_st: -3, delay_s: 0.7 },"
        " { prompt: hum, lowpass_hz: 900 }]\n"
    )
    assert game.build().exit_code == 0
    samples, rate = soundfile.read(game.path("bed_01"))
    assert samples.shape == (2 * rate, 2)
    twice = np.concatenate([samples[:, 0]] * 2)
    bend = np.abs(np.diff(twice, 2))
    assert bend[2 * rate - 48 : 2 * rate + 48].max() <= 1.4 * np.percentile(bend, 99.9)


def test_what_a_layer_leaves_out_it_takes_from_the_sound(game: Game) -> None:
    game.sounds("a:\n  steps: 7\n  negative: hiss\n  layers: [{ prompt: one }, { prompt: two, steps: 9 }]\n")
    (asset,) = game.open().wanted
    assert [part.recipe.steps for part in asset.final.parts] == [7, 9]
    assert [part.recipe.negative for part in asset.final.parts] == ["hiss", "hiss"]


def test_every_mistake_in_a_layer_is_told_with_its_line(game: Game) -> None:
    game.manifest(
        "sounds:\n  bad:\n    prompt: hello\n    layers:\n      - { preset: hitt }\n"
        "      - { model: synth, preset: hit, params: { materiel: metal } }\n"
        "      - { model: toy, prompt: x, preset: hit }\n      - { model: nothing }\n"
    )
    found = mistakes(game)
    where = [line.split(": ")[0] + " " + line.split(": ")[1] for line in found]
    assert where == [
        "Audio/manifests/game.yaml:3 sounds.bad.prompt",
        "Audio/manifests/game.yaml:5 sounds.bad.layers[0].model",
        "Audio/manifests/game.yaml:6 sounds.bad.layers[1].params.materiel",
        "Audio/manifests/game.yaml:7 sounds.bad.layers[2].preset",
        "Audio/manifests/game.yaml:8 sounds.bad.layers[3].model",
    ]


def test_unknown_keys_of_a_layer_get_a_hint(game: Game) -> None:
    game.sounds("bad:\n  layers:\n    - { prompt: x, gian_db: 3, delay_s: -1 }\n")
    with pytest.raises(ManifestError) as caught:
        load(game.root, game.catalog)
    low, unknown = caught.value.mistakes
    assert (low.where, low.what) == ("sounds.bad.layers[0].delay_s", "-1 is not at least 0")
    assert (unknown.where, unknown.what) == ("sounds.bad.layers[0].gian_db", "unknown key")
    assert unknown.hint == "did you mean 'gain_db'?"


def test_a_layers_licence_counts(game: Game) -> None:
    game.project("name: game\nengine: unity\nassets: Assets/Audio/Sfx\nlicence: commercial\n")
    game.sounds("bad:\n  layers: [{ prompt: x }, { model: audioldm-s, prompt: y }]\n")
    (found,) = mistakes(game)
    assert "layers[1].model" in found
    assert "does not allow a game that is sold" in found


def test_a_loops_layers_have_no_length_of_their_own(game: Game) -> None:
    game.sounds("bad:\n  kind: loop\n  layers: [{ prompt: x, duration_s: 3 }]\n")
    (found,) = mistakes(game)
    assert "as long as the loop" in found


def test_a_matrix_reaches_into_layers(game: Game) -> None:
    game.sounds("hit/{m}:\n  for: { m: [wood, metal] }\n  layers: [{ prompt: '{m} hit' }]\n")
    game.build()
    assert sorted(game.toy.made) == [("metal hit", 1), ("wood hit", 1)]


@pytest.mark.parametrize("duration_s", [0.3333, 1.3333, 2.6667, 0.8571, 1.7143])
@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000, 96000])
def test_loops_of_any_length_have_exactly_that_at_any_rate(game: Game, duration_s: float, rate: int) -> None:
    """Musical loops do not fall on whole frames; every rate rounds them for itself."""
    common = f"kind: loop, duration_s: {duration_s}, master: {{ sample_rate: {rate} }}"
    game.sounds(
        f"synth: {{ {common}, model: synth, preset: rain }}\n"
        f"toys: {{ {common}, layers: [{{ prompt: hum }}, {{ prompt: hiss, pitch_st: -7 }}] }}\n"
        f"both: {{ {common}, layers: [{{ prompt: hum }}, {{ model: synth, preset: wind, pitch_st: 3 }}] }}\n"
    )
    report = game.build()
    assert [failure.error.message for failure in report.failures] == []
    for name in ("synth_01", "toys_01", "both_01"):
        info = soundfile.info(game.path(name))
        assert (info.samplerate, info.frames) == (rate, round(duration_s * rate))


def test_what_the_store_has_needs_no_model_though_its_mix_is_another(game: Game) -> None:
    game.sounds(SLAM)
    game.build()
    game.toy.missing = True
    game.sounds(SLAM.replace("gain_db: -6", "gain_db: -3"))
    assert set(actions(game.plan(draft=True)).values()) == {"master"}
    game.build(draft=True)
    assert not game.lock().assets["unity", "gate/slam_01"].draft


def test_a_damaged_part_is_made_again_in_the_same_build(game: Game, own_store: Path) -> None:
    game.sounds(SLAM)
    game.build()
    before = game.tree()
    for blob in (path for path in own_store.rglob("*") if path.is_file() and path.stat().st_size > 4000):
        blob.write_bytes(b"damaged")
    game.sounds(SLAM.replace("gain_db: -6", "gain_db: -3"))
    assert game.build().exit_code == 0
    assert ("thud", 1) in game.toy.made
    game.sounds(SLAM)
    assert game.build().exit_code == 0
    assert game.tree() == before


def test_a_bug_in_the_laying_stops_no_other_sound(game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr("sfxgen.generate.stack", broken)
    game.sounds(SLAM + "fine: { prompt: fine }\n")
    assert game.build().exit_code == 70
    assert ("unity", "fine_01") in game.lock().assets


def test_a_frozen_stack_keeps_the_pins_that_may_have_made_it(game: Game) -> None:
    game.sounds(SLAM)
    game.build()
    frozen = SLAM.replace("variants: 2", "variants: 2\n  frozen: true")
    game.sounds(frozen.replace("{ prompt: chain }", "{ model: 'toy:other', prompt: chain }"))
    assert game.build().exit_code == 0
    assert game.lock().models == {"toy:weights": "r1"}
    assert game.plan().is_empty


def test_a_sounds_key_that_no_layer_takes_is_a_mistake(game: Game) -> None:
    game.sounds("bad: { model: synth, steps: 3, layers: [{ preset: hit }] }\n")
    (found,) = mistakes(game)
    assert "sounds.bad.steps: none of its layers takes it" in found


def test_nothing_in_a_layer_means_nothing(game: Game) -> None:
    game.sounds("a: { model: synth, layers: [{ preset: hit, gain_db: , params: { size: } }] }\n")
    assert game.build().exit_code == 0


def test_a_layer_that_replaces_another_is_blamed_where_it_stands(game: Game) -> None:
    game.sounds(
        "base: { abstract: true, layers: [{ prompt: fine }] }\n"
        "child:\n  extends: base\n  layers: [{ prompt: '' }]\n"
    )
    (found,) = mistakes(game)
    assert found.startswith("Audio/manifests/game.yaml:6: sounds.child.layers[0].prompt")


def test_hints_for_what_is_easily_mistaken_in_layers(game: Game) -> None:
    game.sounds("bad:\n  layers: [{ prompt: x, variants: 3 }, coin, { prompt: a hit, not bright }]\n")
    with pytest.raises(ManifestError) as caught:
        load(game.root, game.catalog)
    hints = {mistake.where: mistake.hint for mistake in caught.value.mistakes}
    assert "beside layers" in hints["sounds.bad.layers[0].variants"]
    assert "{ preset: coin }" in hints["sounds.bad.layers[1]"]
    assert "quoted" in hints["sounds.bad.layers[2].not bright"]
