"""`licence: commercial`: which models a game that is sold may use, and what a project says of licences itself."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from games import Game, ToyModel

from sfxgen.catalog import installed
from sfxgen.contracts import ModelInfo
from sfxgen.errors import ManifestError, Mistake
from sfxgen.manifest import load

SOLD = "name: game\nengine: unity\nassets: Assets/Audio/Sfx\nlicence: commercial\n"


class Licensed(ToyModel):
    """The toy model under a licence, which takes some more keys."""

    commercial: Any = "yes"

    def info(self, where: str) -> ModelInfo:
        licence = "unknown" if self.commercial == "unknown" else "its own"
        return replace(super().info(where), commercial=self.commercial, licence=licence)


@pytest.fixture
def sold(game: Game) -> Game:
    game.toy = Licensed()
    game.catalog = replace(game.catalog, adapters={**game.catalog.adapters, "toy": game.toy})
    game.project(SOLD)
    return game


def mistakes(game: Game) -> tuple[Mistake, ...]:
    with pytest.raises(ManifestError) as caught:
        load(game.root, game.catalog)
    return caught.value.mistakes


@pytest.mark.parametrize("commercial", ["yes", "conditions"])
def test_what_may_be_sold_is_taken(sold: Game, commercial: str) -> None:
    sold.toy.commercial = commercial  # type: ignore[attr-defined]
    sold.sounds("a: { prompt: x }\nb: { layers: [{ prompt: x }] }")
    assert len(load(sold.root, sold.catalog)[1]) == 2


def test_what_may_not_is_refused_with_those_that_would_do(sold: Game) -> None:
    sold.toy.commercial = "no"  # type: ignore[attr-defined]
    sold.sounds("a: { model: toy, prompt: x, steps: 5 }")
    (mistake,) = mistakes(sold)
    assert mistake.what == "toy's licence (its own) does not allow a game that is sold"
    assert "these would do: " in mistake.hint
    assert "audioldm" not in mistake.hint
    named = mistake.hint.split("these would do: ")[1].split("; ")[0].split(", ")
    infos = sold.catalog.models()
    takers = [name for name, info in infos.items() if {"prompt", "steps"} <= info.accepts]
    assert set(named) <= {n for n, info in infos.items() if info.commercial in ("yes", "conditions")}
    assert set(named) <= set(takers) or not [
        n for n in takers if infos[n].commercial in ("yes", "conditions")
    ]
    assert "recording" not in named


def test_models_that_take_what_the_sound_says_are_named_before_others(sold: Game) -> None:
    sold.sounds("a: { model: audioldm-s, prompt: x, preset: coin }")
    found = [mistake for mistake in mistakes(sold) if "does not allow" in mistake.what]
    assert [mistake.hint for mistake in found] == ["licence: commercial is set; these would do: synth"]


def test_where_none_takes_all_of_it_those_are_named_that_take_what_is_to_be_heard(sold: Game) -> None:
    sold.sounds("a: { model: musicldm, kind: music, prompt: a march, tempo_bpm: 90, negative: drums }")
    (mistake,) = mistakes(sold)
    named = mistake.hint.split("these would do: ")[1].split(", ")
    assert "stable-audio-open" in named
    assert not {"bark", "bark-small", "tortoise"} & set(named)  # they take no prompt


def test_an_unknown_licence_is_refused_with_the_way_to_declare_it(sold: Game) -> None:
    sold.toy.commercial = "unknown"  # type: ignore[attr-defined]
    sold.sounds("a: { prompt: x, model: 'toy:mine' }")
    (mistake,) = mistakes(sold)
    assert mistake.what == "under which licence toy:mine's weights are is not known"
    assert "licences: { toy:mine: { licence: …, sold: true } }" in mistake.hint


def test_a_layer_of_unknown_licence_is_refused_at_its_line(sold: Game) -> None:
    sold.toy.commercial = "unknown"  # type: ignore[attr-defined]
    sold.sounds("a:\n  layers:\n    - { model: synth, preset: coin }\n    - { prompt: x }")
    (mistake,) = mistakes(sold)
    assert mistake.where.endswith("layers[1].model")


def test_any_game_that_is_not_sold_may_use_them(sold: Game) -> None:
    sold.project(SOLD.replace("commercial", "any"))
    sold.toy.commercial = "unknown"  # type: ignore[attr-defined]
    sold.sounds("a: { prompt: x }\nb: { prompt: x, model: audioldm-s }")
    assert len(load(sold.root, sold.catalog)[1]) == 2


@pytest.mark.parametrize("name", ["toy", "toy:weights"])
def test_the_project_says_which_licence_weights_have(sold: Game, name: str) -> None:
    sold.toy.commercial = "unknown"  # type: ignore[attr-defined]
    sold.project(f"{SOLD}licences:\n  '{name}': {{ licence: House, sold: true, url: https://h.example }}\n")
    sold.sounds("a: { prompt: x }")
    (sound,) = load(sold.root, sold.catalog)[1]
    assert (sound.model.licence, sound.model.commercial) == ("House", "yes")
    assert sound.model.licence_url == "https://h.example"


def test_what_the_project_says_counts_against_the_registry_both_ways(sold: Game) -> None:
    sold.project(f"{SOLD}licences:\n  toy: {{ licence: House, sold: false }}\n")
    sold.sounds("a: { prompt: x }\nb: { model: audioldm-s, prompt: x }")
    assert len(mistakes(sold)) == 2
    agreed = "  audioldm-s: { licence: agreed on with its authors, sold: true }\n"
    sold.project(f"{SOLD}licences:\n{agreed}")
    assert len(load(sold.root, sold.catalog)[1]) == 2


@pytest.mark.parametrize(
    ("written", "line", "what"),
    [
        ("  synht: { licence: x, sold: true }", 6, "unknown model 'synht'"),
        ("  toy: { licence: x }", 6, "is missing"),
        ("  toy: { licence: x, sold: maybe }", 6, "expected true or false"),
        ("  toy: 3", 6, "expected"),
    ],
)
def test_mistakes_in_licences_are_told_at_their_line(sold: Game, written: str, line: int, what: str) -> None:
    sold.project(f"{SOLD}licences:\n{written}\n")
    sold.sounds("a: { prompt: x }")
    found = [mistake for mistake in mistakes(sold) if mistake.path == "sfxgen.yaml"]
    assert [(m.line, what in m.what) for m in found] == [(line, True)], found


def test_a_licence_is_no_part_of_any_key(sold: Game) -> None:
    sold.sounds("a: { prompt: x }")
    sold.build()
    sold.project(f"{SOLD}licences:\n  toy: {{ licence: House, sold: true }}\n")
    plan = sold.check()
    assert (plan.stale, plan.folders) == ((), ()), "no asset is stale"
    assert plan.lock_is_stale, "but what the lock says of the model is"
    sold.build()
    assert sold.toy.made == []
    assert sold.check().is_empty
    assert sold.lock().credits["toy:weights"].licence == "House"


def test_the_page_s_table_agrees_with_the_registry() -> None:
    page = (Path(__file__).parents[1] / "docs/licences.md").read_text(encoding="utf-8")
    rows: dict[str, list[str]] = {}
    for line in page.splitlines():
        if line.startswith("| `") and line.count("|") == 4:
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            rows |= dict.fromkeys(re.findall(r"`([^`]+)`", cells[0]), cells)
    words = {"yes": "yes", "no": "no", "conditions": "with conditions"}
    for name, info in installed().models().items():
        fitting = [n for n in rows if name == n or (n.endswith("…") and name.startswith(n[:-1]))]
        assert fitting, f"docs/licences.md says nothing of {name}"
        for row in (rows[n] for n in fitting):
            assert row[1] == info.licence, name
            assert row[2].startswith(words[info.commercial]), name


def test_a_mistake_in_a_licence_refuses_no_model(sold: Game) -> None:
    """Which one the block was to allow is not known."""
    sold.project(f"{SOLD}licences:\n  audioldm-s: {{ licence: x, sold: maybe }}\n")
    sold.sounds("a: { prompt: x, model: audioldm-s }")
    (mistake,) = mistakes(sold)
    assert (mistake.path, mistake.where) == ("sfxgen.yaml", "licences.audioldm-s.sold")


def test_a_model_that_is_a_default_is_refused_once(sold: Game) -> None:
    sounds = "".join(f"  {name}: {{ prompt: x }}\n" for name in ("a", "b", "c"))
    sold.manifest(
        f"defaults: {{ model: audioldm-s }}\nsounds:\n{sounds}  d: {{ prompt: x, model: audioldm-m }}\n"
    )
    default, own = mistakes(sold)
    assert default.where == "defaults.model"
    assert default.what.endswith("does not allow a game that is sold (for a and 2 more)")
    assert (own.where, own.what.endswith("is sold")) == ("sounds.d.model", True)
