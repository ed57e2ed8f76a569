from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import pytest
import yaml
from games import Game
from hypothesis import given, settings
from hypothesis import strategies as st

from sfxgen.errors import ManifestError
from sfxgen.manifest import load
from sfxgen.sound import Sound


def sounds(game: Game) -> dict[str, Sound]:
    return {sound.id: sound for sound in load(game.root, game.catalog)[1]}


def mistakes(game: Game) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        load(game.root, game.catalog)
    for mistake in caught.value.mistakes:
        assert mistake.line > 0 or mistake.path
    return [f"{mistake} | {mistake.hint}" for mistake in caught.value.mistakes]


def test_a_matrix_becomes_one_sound_for_each_combination(game: Game) -> None:
    game.sounds(
        """
        step/{surface}_{shoe}:
          for: { surface: [gravel, wood], shoe: [boot, bare, 2] }
          prompt: "{shoe} on {surface}, {{close}}"
        """
    )
    found = sounds(game)
    assert list(found) == [f"step/{s}_{o}" for s in ("gravel", "wood") for o in ("2", "bare", "boot")]
    assert found["step/wood_2"].keys["prompt"] == "2 on wood, {close}"


def test_layers_lie_over_one_another(game: Game) -> None:
    game.project(
        "assets: Assets\nengine: unity\ndefaults: { model: toy, steps: 9, seed: 5, master: { trim: false } }\n"
    )
    game.manifest(
        """
defaults: { seed: 6, master: { fade_out_ms: 40 } }
sounds:
  base: { abstract: true, prompt: base, kind: dialog, master: { fade_in_ms: 3 }, variants: 3 }
  a: { extends: base, prompt: a, master: { fade_out_ms: 50 } }
  b: { extends: a, seed: 7, variants: 1 }
  c: { prompt: c, seed: null }
"""
    )
    found = sounds(game)
    assert list(found) == ["a", "b", "c"]
    a, b, c = found["a"], found["b"], found["c"]
    assert (a.kind, a.keys["prompt"], a.keys["steps"], a.seed, len(a.takes)) == ("dialog", "a", 9, 6, 3)
    assert (a.mastering.trim, a.mastering.fade_in_ms, a.mastering.fade_out_ms) == (False, 3, 50)
    assert (b.keys["prompt"], b.seed, b.takes, b.mastering.fade_out_ms) == ("a", 7, (1,), 50)
    assert c.seed == 0


def test_extends_reaches_into_a_matrix_and_another_manifest(game: Game) -> None:
    game.manifest(
        "defaults: { model: toy }\nsounds:\n  x/{k}: { for: { k: [p, q] }, prompt: 'x {k}' }\n", "one"
    )
    game.manifest("sounds:\n  y/{k}: { for: { k: [p, q] }, model: toy, extends: 'x/{k}' }\n", "two")
    assert sounds(game)["y/q"].keys["prompt"] == "x q"


def test_takes_variants_and_reject(game: Game) -> None:
    game.sounds(
        "a: { prompt: a, variants: 3, reject: [2, 4] }\nb: { prompt: b, takes: [9, 1] }\nc: { prompt: c }"
    )
    assert {name: sound.takes for name, sound in sounds(game).items()} == {
        "a": (1, 3, 5),
        "b": (9, 1),
        "c": (1,),
    }


def test_defaults_that_a_model_does_not_take_are_no_mistake_but_its_own_are(game: Game) -> None:
    game.manifest(
        """
defaults: { model: toy, steps: 3 }
sounds:
  a: { model: synth, preset: coin }
  b: { model: synth, preset: coin, steps: 4 }
"""
    )
    assert mistakes(game)[0].startswith(
        "Audio/manifests/game.yaml:5: sounds.b.steps: synth does not take it | it takes: "
    )


def test_every_mistake_of_every_file_is_shown_at_once(game: Game) -> None:
    game.project(
        "engine: unty\nasets: x\nretries: -1\nmanifests: ['Audio/manifests/*.yaml', '../up/*.yaml', 'none/*']\n"
    )
    game.manifest(
        """defaults:
  model: toy
  duration_s: 0
sounds:
  ui/coin:
    promt: a coin
    variants: many
  ui/Coin:
    prompt: x
    kind: lop
    master: { trimm: true }
  ok: { prompt: fine, frozen: yes }
more: 1
"""
    )
    game.manifest("sounds:\n\tbroken: 1\n", "tabs")
    game.manifest("", "void")
    found = mistakes(game)
    assert found == [
        "Audio/manifests/game.yaml:3: defaults.duration_s: 0 is not positive | write a number above 0",
        "Audio/manifests/game.yaml:6: sounds.ui/coin.promt: unknown key | did you mean 'prompt'?",
        "Audio/manifests/game.yaml:7: sounds.ui/coin.variants: expected a whole number, not 'many' "
        "| write the number alone, without quotes or unit",
        "Audio/manifests/game.yaml:10: sounds.ui/Coin.kind: 'lop' is not one_shot, loop, music or dialog "
        "| did you mean 'loop'?",
        "Audio/manifests/game.yaml:11: sounds.ui/Coin.master.trimm: unknown key | did you mean 'trim'?",
        "Audio/manifests/game.yaml:12: sounds.ok.frozen: expected true or false, not 'yes' | write true",
        "Audio/manifests/game.yaml:13: more: unknown key | one of: defaults, lines, sounds",
        "Audio/manifests/tabs.yaml:2: a tab indents this line | YAML indents with spaces: replace the tab",
        "Audio/manifests/void.yaml:1: is empty | a manifest begins with sounds:",
        "sfxgen.yaml:1: engine: unknown engine 'unty' | did you mean 'unity'?",
        "sfxgen.yaml:2: asets: unknown key | did you mean 'assets'?",
        "sfxgen.yaml:3: retries: -1 is not at least 0 | ",
        "sfxgen.yaml:4: manifests[1]: '../up/*.yaml' leaves the project | write a folder inside the project",
        "sfxgen.yaml:4: manifests[2]: 'none/*' finds no manifest | sfxgen init writes starter manifests",
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("a: { prompt: '' }", "sounds.a.prompt: is empty | say what is to be heard"),
        ("a: { }", "sounds.a.prompt: is empty | say what is to be heard"),
        ("a: { prompt: x, duration_s: 99 }", "sounds.a.duration_s: 99 s is longer than 30 s"),
        ("a: { prompt: x, model: tony }", "sounds.a.model: unknown model 'tony' | did you mean 'toy'?"),
        (
            "a: { prompt: x, model: musicgen }",
            "sounds.a.model: unknown model 'musicgen' | one of: musicgen-small, ",
        ),
        ("a: { prompt: x, model: exec }", "sounds.a.model: unknown model 'exec' | write exec:path"),
        (
            "a: { prompt: x, model: 'audiodlm:mine/w' }",
            "sounds.a.model: unknown model 'audiodlm:mine/w' | did you mean 'audioldm:mine/w'?",
        ),
        (
            "a: { prompt: x, inpaint: { from: 1, from_s: 1, to_s: 2 } }",
            "sounds.a.inpaint.from: unknown key | did you mean 'from_s'?",
        ),
        (
            "a: { prompt: x, inpaint: [{ from_s: 1, to_s: 2 }, 3] }",
            "sounds.a.inpaint[1]: expected a mapping (key: value), not 3",
        ),
        (
            "a: { prompt: x, inpaint: 0.4-0.9 }",
            "sounds.a.inpaint: expected a mapping (key: value), not '0.4-0.9' | write a block, as inpaint: {",
        ),
        ("a: { prompt: x, extends: b }", "sounds.a.extends: no sound has the id 'b'"),
        (
            "a: { extends: b }\nb: { extends: a }",
            "sounds.a.extends: extends itself: b → a → b | break the circle",
        ),
        ("a: { prompt: x, takes: [1, 1] }", "sounds.a.takes: names a take twice"),
        ("a: { prompt: x, takes: [1], reject: [2] }", "sounds.a.reject: has no meaning beside takes"),
        ("a: { prompt: x, takes: [1], variants: 2 }", "sounds.a.variants: is 2, but takes names 1"),
        (
            "a: { prompt: x, loudness_lufs: -3, master: { loudness_lufs: -4 } }",
            "sounds.a.loudness_lufs: stands here and",
        ),
        ("a: { prompt: x, master: { crossfade_ms: 3 } }", "sounds.a.master.crossfade_ms: is for loops"),
        (
            "a: { prompt: x, kind: loop, master: { fade_in_ms: 3 } }",
            "sounds.a.master.fade_in_ms: has no meaning for a loop",
        ),
        ("a: { prompt: 'on {what}' }", "sounds.a.prompt: {what} is no axis of this sound"),
        ("'a/{b}': { for: { c: [1] }, prompt: x }", "sounds.a/{b}: {b} is no axis of this sound"),
        ("a: { for: { c: [1, 2] }, prompt: x }", "sounds.a.for.c: is not part of the id"),
        ("'{c}': { for: { c: [x, x] }, prompt: x }", "sounds.{c}.for.c: names 'x' twice | remove one"),
        ("'{c}': { for: { c: [con] }, prompt: x }", "sounds.{c}: 'con': 'con' is a reserved name on Windows"),
        ("ui/NUL: { prompt: x }", "sounds.ui/NUL: 'NUL' is a reserved name on Windows"),
        ("../up: { prompt: x }", "sounds.../up: an id is a path inside the assets folder"),
        ("/abs: { prompt: x }", "sounds./abs: an id is a path inside the assets folder"),
        ("a b: { prompt: x }", "sounds.a b: an id holds letters, digits, - and _ only"),
        ("a.wav: { prompt: x }", "sounds.a.wav: an id holds letters, digits, - and _ only"),
        ("ui/coin: { prompt: x }\nui/Coin: { prompt: y }", "would write the same file as ui/"),
        ("a: { prompt: x }\na: { prompt: y }", "sounds.a: stands here a second time, first on line 3"),
        (
            "a: { prompt: x, renamed_from: b }\nb: { prompt: y }",
            "sounds.a.renamed_from: 'b' is still a sound",
        ),
        ("a: { prompt: x, renamed_from: ../b }", "sounds.a.renamed_from: an id is a path inside"),
        (
            "a: { prompt: x, unity: { load_typ: streaming } }",
            "sounds.a.unity.load_typ: unknown key | did you mean 'load_type'?",
        ),
        ("a: { prompt: x, unity: { load_type: stream } }", "sounds.a.unity.load_type: 'stream' is not"),
        ("a: 3", "sounds.a: expected a mapping (key: value), not 3"),
        ("a: { model: synth }", "sounds.a.preset"),
        ("a: { model: synth, preset: con }", "has no preset 'con'; did you mean coin?"),
        ("a: { model: synth, preset: coin, params: { pich: 3 } }", "sounds.a.params.pich"),
        (
            "a: { model: synth, kind: loop, preset: coin }",
            "sounds.a.preset: coin is one sound, not a texture to loop",
        ),
        ("a: { prompt: x, model: 'audioldm:../up' }", "sounds.a.model: "),
        ("a: { prompt: x, model: audioldm-s, scheduler: dimm }", "sounds.a.scheduler"),
        ("a: { prompt: x, model: audioldm-s, duration_s: 180 }", "sounds.a.duration_s"),
    ],
)
def test_a_mistake_is_named_with_its_place(game: Game, lines: str, said: str) -> None:
    game.sounds(lines)
    found = mistakes(game)
    assert any(said in line for line in found), found
    assert all(line.startswith("Audio/manifests/game.yaml:") for line in found)


def test_a_mistake_in_defaults_names_the_line_in_defaults(game: Game) -> None:
    game.manifest("defaults:\n  model: toy\n  duration_s: 99\nsounds:\n  a: { prompt: x }\n")
    assert mistakes(game) == [
        "Audio/manifests/game.yaml:3: defaults.duration_s: 99 s is longer than 30 s (for a) | "
    ]


def test_a_model_is_refused_where_the_game_is_sold(game: Game) -> None:
    game.project("engine: unity\nassets: Assets\nlicence: commercial\n")
    game.sounds("a: { prompt: x, model: audioldm-s }\nb: { prompt: y }")
    (found,) = mistakes(game)
    assert (
        "sounds.a.model: audioldm-s's licence (CC BY-NC-SA 4.0) does not allow a game that is sold" in found
    )
    assert "synth" in found


@pytest.mark.parametrize("folder", ["../out", "/abs", "C:/x", "a\\b", "Assets/con", "a/../../b", "~/x", ""])
def test_an_assets_folder_stays_inside_the_project(game: Game, folder: str) -> None:
    game.project(f"engine: unity\nassets: '{folder}'\n")
    game.sounds("a: { prompt: x }")
    assert any("sfxgen.yaml:2: assets: " in line for line in mistakes(game))


def test_a_manifest_that_is_a_link_out_of_the_project_is_refused(game: Game, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("sounds: {}")
    game.sounds("a: { prompt: x }")
    (game.root / "Audio/manifests/link.yaml").symlink_to(outside)
    assert "is a link that leaves the project" in mistakes(game)[0]


def test_no_unity_project_is_said_once(game: Game) -> None:
    (game.root / "ProjectSettings/ProjectVersion.txt").unlink()
    game.sounds("a: { prompt: x }\nb: { prompt: y }")
    (found,) = mistakes(game)
    assert found.startswith("sfxgen.yaml:2: engine: ")


def test_several_engines_need_a_folder_each(game: Game) -> None:
    game.project("engine: [unity, files]\nassets: Assets\n")
    game.sounds("a: { prompt: x }")
    assert "several engines need a folder each" in mistakes(game)[0]
    game.project("engine: [unity, files]\nassets: { unity: A, files: a }\n")
    assert "two engines write into one folder" in mistakes(game)[0]


def test_a_loop_is_generated_longer_than_it_is_asked(game: Game) -> None:
    game.sounds("a: { prompt: x, kind: loop, duration_s: 2 }")
    (asset,) = game.open().wanted
    assert asset.final.recipe.duration_s == 3.0
    assert asset.final.mastering.duration_s == 2.0


def test_a_mistake_in_defaults_does_not_hide_the_others(game: Game) -> None:
    game.project("engine: unity\nassets: Assets\ndefaults: { kind: lop, master: 3 }\n")
    game.manifest(
        "defaults: { model: toy, kind: lap, variants: 0 }\nsounds:\n  a: { prompt: '' }\n  b: { extends: a }\n"
    )
    assert [line.split(" | ")[0] for line in mistakes(game)] == [
        "Audio/manifests/game.yaml:1: defaults.kind: 'lap' is not one_shot, loop, music or dialog",
        "Audio/manifests/game.yaml:1: defaults.variants: 0 is not at least 1",
        "Audio/manifests/game.yaml:3: sounds.a.prompt: is empty",
        "Audio/manifests/game.yaml:3: sounds.a.prompt: is empty (for b)",
        "sfxgen.yaml:3: defaults.kind: 'lop' is not one_shot, loop, music or dialog",
        "sfxgen.yaml:3: defaults.master: expected a mapping (key: value), not 3",
    ]


def test_what_extends_a_sound_with_mistakes_is_not_blamed_for_them(game: Game) -> None:
    game.sounds("a: { prompt: 3 }\nb: { extends: a }\nc: { extends: b }")
    assert [line.split(" | ")[0] for line in mistakes(game)] == [
        "Audio/manifests/game.yaml:3: sounds.a.prompt: expected text, not 3"
    ]


KEYS = st.sampled_from(
    ["kind", "model", "prompt", "preset", "params", "for", "extends", "takes", "reject", "variants", "master", "encode",
     "unity", "loudness_lufs", "duration_s", "seed", "renamed_from", "abstract", "frozen", "channels", "format", "x"]
)  # fmt: skip
ODD = st.sampled_from(
    [None, True, 0, -1, 3, 1e400, float("nan"), 2**70, "", "synth", "coin", "toy", "loop", "{x}", "{", "a", "../a", "con",
     "audioldm:a/b", "toy:", ":", "ogg", "keep", "\x00", "é", "a" * 3000]
)  # fmt: skip
ANYTHING = st.recursive(
    ODD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
IDS = st.sampled_from(["a", "b/c", "a/{x}", "{x}", "", "..", "/", "A", "con", "a" * 300])


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(IDS, st.dictionaries(KEYS, ANYTHING, max_size=6) | ANYTHING, max_size=4) | ANYTHING,
    st.dictionaries(KEYS, ANYTHING, max_size=4) | ANYTHING,
    st.dictionaries(
        st.sampled_from(
            ["name", "engine", "assets", "manifests", "licence", "store", "retries", "defaults", "x"]
        ),
        ANYTHING,
        max_size=3,
    ),
)
def test_no_manifest_whatever_does_worse_than_a_list_of_mistakes(
    sounds: object, defaults: object, project: object
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        game = Game(Path(folder))
        game.write("sfxgen.yaml", yaml.safe_dump(project, allow_unicode=True))
        game.manifest(yaml.safe_dump({"defaults": defaults, "sounds": sounds}, allow_unicode=True))
        with contextlib.suppress(ManifestError):
            game.open()


def test_the_order_of_keys_means_nothing(game: Game) -> None:
    for text in (
        "loudness_lufs: -30, master: { trim: false }",
        "master: { trim: false }, loudness_lufs: -30",
    ):
        game.manifest(
            f"defaults: {{ model: toy, master: {{ loudness_lufs: -10 }} }}\nsounds:\n  a: {{ prompt: x, {text} }}\n"
        )
        assert sounds(game)["a"].mastering.loudness_lufs == -30


def test_a_level_named_twice_in_defaults_is_a_mistake(game: Game) -> None:
    defaults = "defaults: { model: toy, loudness_lufs: -9, master: { loudness_lufs: -8 } }"
    game.manifest(f"{defaults}\nsounds:\n  a: {{ prompt: x }}\n  b: {{ prompt: y }}")
    assert mistakes(game) == [
        "Audio/manifests/game.yaml:1: defaults.loudness_lufs: stands here and under master | write one of the two"
    ]


def test_defaults_may_speak_for_loops_and_for_the_others(game: Game) -> None:
    game.manifest(
        """
defaults: { model: toy, master: { crossfade_ms: 300, fade_out_ms: 20 } }
sounds:
  a: { prompt: x, master: { trim: false } }
  b: { prompt: y, kind: loop, duration_s: 2 }
"""
    )
    found = sounds(game)
    assert (found["a"].mastering.crossfade_ms, found["a"].mastering.fade_out_ms) == (0, 20)
    assert (found["b"].mastering.crossfade_ms, found["b"].mastering.fade_out_ms) == (300, 0)


def test_a_matrix_of_bad_ids_is_told_once(game: Game) -> None:
    axis = list(range(900))
    game.sounds(f"'a b/{{x}}/{{y}}': {{ for: {{ x: {axis}, y: {axis} }}, prompt: x }}")
    assert len(mistakes(game)) == 1


@pytest.mark.parametrize(
    ("kind", "category", "lufs", "channels", "trim", "loading"),
    [
        ("one_shot", "sfx", -20, 1, True, ("decompress_on_load", "adpcm", True)),
        ("loop", "ambience", -26, None, False, ("compressed_in_memory", "vorbis", True)),
        ("music", "music", -18, None, False, ("streaming", "vorbis", False)),
        ("dialog", "dialog", -20, 1, True, ("compressed_in_memory", "vorbis", True)),
    ],
)
def test_a_kind_brings_its_category_its_mastering_and_its_import_settings(
    game: Game,
    kind: str,
    category: str,
    lufs: float,
    channels: int | None,
    trim: bool,
    loading: tuple[str, str, bool],
) -> None:
    game.sounds(f"a: {{ prompt: x, kind: {kind} }}\nb: {{ prompt: y, kind: {kind}, category: weapons }}")
    a, b = sounds(game).values()
    assert (a.category, a.mastering.loudness_lufs) == (category, lufs)
    assert (a.mastering.channels, a.mastering.trim) == (channels, trim)
    unity = a.settings["unity"]
    assert (unity["load_type"], unity["compression"], unity["preload"]) == loading
    assert (a.names["content_type"] == "dialog", a.mastering.gates.speech_modulation is None) == (
        kind == "dialog",
        kind != "dialog",
    )
    assert (b.category, b.mastering.loudness_lufs) == ("weapons", -16)
