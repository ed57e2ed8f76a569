"""Notices: credits, licences and the AI-content disclosure, from the lock alone."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from games import RATE, Game, ToyModel

from sfxgen.cli import main
from sfxgen.contracts import ModelInfo
from sfxgen.credited import says_otherwise
from sfxgen.lock import Credit, Lock, parse, read
from sfxgen.report.notices import Notices, Used, notices

TOY = "toy:weights"


class Licensed(ToyModel):
    """The toy model under another licence."""

    facts: dict[str, Any]

    def info(self, where: str) -> ModelInfo:
        return replace(super().info(where), **self.facts)


def licensed(game: Game, **facts: Any) -> Game:
    toy = Licensed()
    toy.facts = facts
    game.toy = toy
    game.catalog = replace(game.catalog, adapters={**game.catalog.adapters, "toy": toy})
    return game


NOT_SOLD: dict[str, Any] = {
    "licence": "CC BY-NC 4.0",
    "licence_url": "https://example.org/nc",
    "commercial": "no",
    "credit": "Made with Toy",
}


@pytest.fixture
def built(game: Game) -> Game:
    (game.root / "raw").mkdir()
    tone = 0.3 * np.sin(2 * np.pi * 330 * np.arange(RATE) / RATE) * np.linspace(1, 0, RATE)
    soundfile.write(game.root / "raw/voice.wav", tone, RATE)
    licensed(game, **NOT_SOLD)
    game.sounds(
        """
step: { prompt: a step, variants: 2 }
rain: { kind: loop, prompt: texture of rain, duration_s: 4, take_s: 2 }
gate: { layers: [{ prompt: creak }, { model: synth, preset: coin }, { model: recording, source: raw/voice.wav }] }
ui/coin: { model: synth, preset: coin }
guard: { kind: dialog, model: recording, source: raw/voice.wav, gates: { speech_modulation: 0 } }
"""
    )
    assert game.build().exit_code == 0
    return game


def of(found: Notices, model: str) -> Used:
    (match,) = [used for used in found.used if used.model == model]
    return match


# --- the lock ---------------------------------------------------------------------------------------


def test_the_lock_holds_what_is_to_be_said_of_each_model(built: Game) -> None:
    lock = built.lock()
    assert set(lock.credits) == {TOY, "synth", "recording"}
    assert lock.credits[TOY] == Credit(**NOT_SOLD, kinds=("loop", "one_shot"))
    assert lock.credits["recording"].is_recorded
    assert lock.credits["recording"].kinds == ("dialog", "one_shot")
    assert lock.assets["unity", "gate_01"].parts == ("recording", "synth", TOY)
    assert lock.assets["unity", "rain_01"].parts == (TOY,)
    assert lock.assets["unity", "step_01"].parts == ()


def test_the_second_build_changes_nothing_and_a_clean_one_comes_to_the_same_lock(built: Game) -> None:
    before = built.tree()
    assert not built.build().lock_changed
    (built.root / "sfxgen.lock").unlink()
    built.build()
    assert built.tree() == before


def test_a_model_that_makes_nothing_any_more_leaves_the_credits(built: Game) -> None:
    built.manifest("sounds:\n  ui/coin: { model: synth, preset: coin }\n")
    built.build()
    assert set(built.lock().credits) == {"synth"}


def test_a_frozen_stack_keeps_the_models_that_made_it(game: Game) -> None:
    licensed(game, **NOT_SOLD)
    game.sounds("a: { frozen: true, layers: [{ prompt: one }] }")
    game.build()
    game.sounds("a: { frozen: true, layers: [{ model: synth, preset: coin }] }")
    game.build()
    assert game.lock().assets["unity", "a_01"].parts == (TOY,)
    assert set(game.lock().credits) == {TOY}
    digest = game.lock().assets["unity", "a_01"].digest
    game.sounds("a: { frozen: true, loudness_lufs: -30, layers: [{ model: synth, preset: coin }] }")
    game.build()
    assert game.lock().assets["unity", "a_01"].digest != digest, "mastered anew"
    assert game.lock().assets["unity", "a_01"].parts == (TOY,)


def test_of_a_model_that_is_not_installed_any_more_the_lock_s_word_stays(game: Game) -> None:
    licensed(game, **NOT_SOLD)
    game.sounds("a: { prompt: one, frozen: true }")
    game.build()
    before = game.lock().credits[TOY]
    without = {name: adapter for name, adapter in game.catalog.adapters.items() if name != "toy"}
    game.catalog = replace(game.catalog, adapters=without)
    game.manifest(
        "sounds:\n  a: { model: synth, preset: coin, frozen: true }\n  b: { model: synth, preset: coin }\n"
    )
    assert game.build().exit_code == 0
    assert game.lock().assets["unity", "a_01"].model == TOY
    assert replace(game.lock().credits[TOY], kinds=()) == replace(before, kinds=())


def test_a_record_s_own_revision_counts_and_of_parts_the_pinned_one(built: Game) -> None:
    later = replace(built.lock(), models={TOY: "r2"})
    assert of(notices(later), TOY).revisions == ("r1", "r2")


def test_what_is_installed_speaks_only_where_the_lock_does_not(built: Game) -> None:
    installed_credits = importlib.import_module("sfxgen.cli.notices")._installed_credits
    lock = built.lock()
    assert installed_credits(lock, built.catalog) == {}
    other = replace(lock.credits[TOY], licence="another")
    assert of(notices(lock, {TOY: other}), TOY).credit == lock.credits[TOY]
    older = replace(lock, credits={})
    known = installed_credits(older, built.catalog)
    assert of(notices(older, known), TOY).credit == replace(lock.credits[TOY], kinds=())


def test_recordings_are_to_be_settled_by_people(built: Game) -> None:
    problems = notices(built.lock()).problems
    assert "2 recordings: the lock does not know under which licences" in problems


def test_a_lock_of_an_older_release_is_read_and_the_next_build_completes_it(built: Game) -> None:
    path = built.root / "sfxgen.lock"
    whole = path.read_text()
    value = json.loads(whole)
    del value["credits"]
    for record in value["assets"]["unity"].values():
        record.pop("parts", None)
    path.write_text(json.dumps(value))
    old = read(path)
    assert (old.credits, old.assets["unity", "gate_01"].makers) == ({}, ("layers",))
    found = notices(old)
    assert "Of 2 files it is not known whether an AI model generated them." in found.disclosure
    assert any("build once" in problem for problem in found.problems)
    built.build()
    assert path.read_text() == whole


@pytest.mark.parametrize(
    "damage",
    [
        {"toy": {"licence": 3}},
        {"toy": []},
        [],
        {"toy": {"licence": "MIT", "licence_url": "", "commercial": "yes", "kinds": [3], "credit": ""}},
        {
            "toy": {
                "licence": "MIT",
                "licence_url": "",
                "commercial": "yes",
                "kinds": [],
                "is_recorded": "yes",
            }
        },
    ],
)
def test_broken_credits_are_told(damage: object) -> None:
    value = {**json.loads(Lock().to_text()), "credits": damage}
    with pytest.raises(Exception, match="has a broken record"):
        parse(json.dumps(value))


# --- what is said -----------------------------------------------------------------------------------


def test_every_asset_is_credited_to_what_made_it(built: Game) -> None:
    found = notices(built.lock())
    assert of(found, TOY).assets == ("gate_01", "rain_01", "step_01", "step_02")
    assert of(found, "synth").assets == ("gate_01", "ui/coin_01")
    assert of(found, "recording").assets == ("gate_01", "guard_01")
    assert [used.how for used in found.used] == ["recorded", "code", "ai"]
    assert of(found, TOY).revisions == ("r1",)


def test_the_page_says_it(built: Game) -> None:
    page = notices(built.lock()).markdown()
    assert (
        "## Generated with AI models\n\n**`toy:weights`**, revision r1: [CC BY-NC 4.0](https://example.org/nc)"
        in page
    )
    assert "> Made with Toy" in page
    assert "4 assets: gate, rain, step (2)" in page
    assert "## Recorded, not generated\n\n**`recording`**" in page
    assert (
        "| `toy:weights` | [CC BY-NC 4.0](https://example.org/nc) | **not in a game that is sold** |" in page
    )
    assert "its licence does not allow a game that is sold; 4 assets" in page


def test_the_disclosure_says_which_kinds_which_models_generated_and_that_none_is_made_live(
    built: Game,
) -> None:
    said = notices(built.lock()).disclosure
    assert "no sound is generated while it runs" in said
    assert "- looping sounds and sound effects, by toy:weights, 4 files" in said
    assert "- synth, 2 files: a synthesizer that computes sounds, without AI" in said
    assert "- recording, 2 files: made from recordings" in said


def test_without_a_model_with_weights_there_was_no_ai(game: Game) -> None:
    game.manifest("sounds:\n  ui/coin: { model: synth, preset: coin }\n")
    game.build()
    said = notices(game.lock()).disclosure
    assert said.startswith(
        "No sound that sfxgen made for this game was generated with an AI model.\n\nThe sounds"
    )


def test_drafts_are_named_as_what_is_to_be_replaced(game: Game) -> None:
    game.toy.missing = True
    game.sounds("step: { prompt: footstep on gravel, variants: 2 }")
    game.build(draft=True)
    found = notices(game.lock())
    assert of(found, "synth").drafts == ("step_01", "step_02")
    assert found.problems == ("2 assets drafted by the synthesizer, to be replaced: step (2)",)
    assert "2 of them drafts" in found.markdown()


def test_an_unknown_licence_is_marked(game: Game) -> None:
    licensed(game, licence="unknown", commercial="unknown")
    game.sounds("step: { prompt: a step }")
    game.build()
    found = notices(game.lock())
    assert "**unknown whether it may be sold**" in found.markdown()
    assert found.problems == ("`toy:weights`: nobody has said under which licence its weights are; 1 asset",)


def test_what_the_project_says_of_a_licence_is_what_is_written(game: Game) -> None:
    licensed(game, licence="unknown", commercial="unknown")
    game.project(
        "name: game\nengine: unity\nassets: Assets/Audio/Sfx\nlicence: commercial\n"
        "licences:\n  toy: { licence: House, sold: true, url: https://h.example, credit: Thanks }\n"
    )
    game.sounds("step: { prompt: a step }")
    assert game.build().exit_code == 0
    assert game.lock().credits[TOY] == Credit(
        licence="House",
        licence_url="https://h.example",
        commercial="yes",
        credit="Thanks",
        kinds=("one_shot",),
    )
    assert notices(game.lock()).problems == ()


def test_what_the_project_says_of_a_licence_holds_for_what_is_frozen_too(game: Game) -> None:
    licensed(game, licence="unknown", commercial="unknown")
    game.project(
        "name: game\nengine: unity\nassets: Assets/Audio/Sfx\n"
        "licences:\n  toy: { licence: House, sold: true }\n"
    )
    game.sounds("step: { prompt: a step, frozen: true }")
    game.build()
    game.sounds("step: { model: synth, preset: coin, frozen: true }")
    game.build()
    assert game.lock().assets["unity", "step_01"].model == TOY
    assert game.lock().credits[TOY].licence == "House"


def test_a_licence_that_was_changed_makes_the_lock_stale_and_a_build_writes_it(game: Game) -> None:
    licensed(game, licence="unknown", commercial="unknown")
    project = "name: game\nengine: unity\nassets: Assets/Audio/Sfx\n"
    game.project(project)
    game.sounds("step: { prompt: a step }")
    game.build()
    assert game.check().is_empty
    game.project(project + "licences:\n  toy: { licence: House, sold: true }\n")
    plan = game.check()
    assert (plan.stale, plan.lock_is_stale) == ((), True)
    before = game.lock().to_text()
    game.build(locked=True)
    assert game.lock().to_text() == before
    game.build()
    assert game.lock().credits[TOY].licence == "House"
    assert game.check().is_empty


def test_a_lock_of_an_older_release_says_nothing_that_could_be_wrong() -> None:
    credit = Credit(licence="MIT", licence_url="", commercial="yes", kinds=("loop",))
    other = replace(credit, kinds=("one_shot",))
    assert not says_otherwise(Lock(), {"a": credit})
    assert not says_otherwise(Lock(credits={"a": credit}), {"a": other})
    assert says_otherwise(Lock(credits={"a": credit}), {"a": replace(credit, licence="GPL")})
    assert says_otherwise(Lock(credits={"a": credit}), {"b": credit})


def test_an_empty_lock_says_so() -> None:
    assert "The lock holds no sounds." in notices(Lock()).markdown()


def test_several_engines_have_one_credit_for_a_sound(game: Game) -> None:
    game.project("name: game\nengine: [unity, files]\nassets: { unity: Assets/Audio/Sfx, files: out }\n")
    game.sounds("step: { prompt: a step }")
    game.build()
    assert of(notices(game.lock()), TOY).assets == ("step_01",)


# --- the command line -------------------------------------------------------------------------------


def run(game: Game, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(importlib.import_module("sfxgen.cli.notices"), "installed", lambda: game.catalog)
    monkeypatch.chdir(game.root)
    code: Any = 0
    try:
        main(["notices", *arguments])
    except SystemExit as ended:
        code = ended.code
    assert isinstance(code, int)
    return code


def test_the_command_prints_writes_and_gives_json(
    built: Game, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(built, monkeypatch) == 0
    page = capsys.readouterr().out
    assert page == notices(built.lock()).markdown()
    assert run(built, monkeypatch, "--out", str(tmp_path / "credits.md")) == 0
    assert (tmp_path / "credits.md").read_text(encoding="utf-8") == page
    assert "3 models" in capsys.readouterr().out
    assert run(built, monkeypatch, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert [model["model"] for model in said["models"]] == ["recording", "synth", TOY]
    assert said["disclosure"] == notices(built.lock()).disclosure
    assert run(built, monkeypatch, "--out", str(tmp_path / "none/credits.md")) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_it_needs_the_lock_and_nothing_else(built: Game, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(built.root / "sfxgen.lock", alone)
    (alone / "sfxgen.yaml").write_text("manifests: [none/*.yaml]\nengine: 3\n")
    code = (
        "import sys\nfrom sfxgen.cli import main\n"
        "try: main(['notices', sys.argv[1]])\nexcept SystemExit as e: code = e.code\n"
        "print('heavy:', sorted({'torch', 'numpy', 'transformers', 'diffusers'} & set(sys.modules)), code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(alone)], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("heavy: [] 0\n"), done.stdout + done.stderr
    assert "4 assets: gate, rain, step (2)" in done.stdout


def test_without_a_lock_there_is_nothing_to_say(
    game: Game, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(game, monkeypatch) == 2
    assert "sfxgen build writes it" in capsys.readouterr().err
