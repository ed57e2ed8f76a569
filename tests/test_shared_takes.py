"""Two sounds of one recipe share their takes: none makes another of what the other one was made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from games import Game, ToyModel

from sfxgen.audio.clip import Clip
from sfxgen.events import OnEvent
from sfxgen.recipe import Recipe

EASY = "a: { prompt: x }"
STRICT = "b: { prompt: x, gates: { shortest_s: 0.1 } }"
SEED_HINT = "with a seed of its own, this one has its own takes"


@dataclass
class ShortAtFirst(ToyModel):
    """The first attempt of a take is 50 ms long and then silent, the others are 200 ms long."""

    def generate(
        self, recipes: Sequence[Recipe], *, on_event: OnEvent, cancelled: Callable[[], bool]
    ) -> Iterator[Clip]:
        clips = super().generate(recipes, on_event=on_event, cancelled=cancelled)
        for recipe, clip in zip(recipes, clips, strict=True):
            samples = clip.samples.copy()
            if not recipe.attempt:
                samples[round(0.05 * clip.sample_rate) :] = 0
            yield Clip(samples, clip.sample_rate)


@pytest.fixture
def short(game: Game) -> Game:
    game.toy = ShortAtFirst()
    game.catalog.adapters["toy"] = game.toy  # type: ignore[index]
    return game


def failed(game: Game, **options: object) -> dict[str, str]:
    report = game.build(**options)
    return {failure.name: f"{failure.error.message} | {failure.error.hint}" for failure in report.failures}


def test_a_sound_that_refuses_a_shared_take_fails_in_every_build_alike(short: Game) -> None:
    short.sounds(f"{EASY}\n{STRICT}")
    first = failed(short)
    assert set(first) == {"b_01"}
    assert "too short" in first["b_01"]
    assert SEED_HINT in first["b_01"]
    tree = short.tree()
    assert failed(short) == first
    assert (short.toy.made, short.tree()) == ([], tree)


def test_what_a_sound_was_made_of_stays_though_another_one_refuses_it(short: Game) -> None:
    short.sounds(f"{EASY}\n{STRICT}")
    for _ in range(2):
        failed(short)
    before = short.lock().assets["unity", "a_01"]
    short.sounds(f"a: {{ prompt: x, loudness_lufs: -30 }}\n{STRICT}")
    assert set(failed(short)) == {"b_01"}
    after = short.lock().assets["unity", "a_01"]
    assert (after.seed, after.attempts, after.rejected) == (before.seed, 1, ())
    assert after.digest != before.digest
    assert short.toy.made == [], "its level is another matter than its take"


def test_nor_is_it_made_anew_where_the_store_is_cold(
    short: Game, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    short.sounds(EASY)
    short.build()
    content = short.content("a_01")
    monkeypatch.setenv("SFXGEN_STORE", str(tmp_path / "cold"))
    short.sounds(f"{EASY}\n{STRICT}")
    assert SEED_HINT in failed(short)["b_01"]
    assert short.toy.made == [("x", 1)], "the take that the lock names, and no other"
    short.path("a_01").unlink()
    assert set(failed(short)) == {"b_01"}
    assert short.content("a_01") == content


def test_a_layer_s_take_stays_too(short: Game) -> None:
    layers = "a: {{ layers: [{{ prompt: x, model: toy }}, {{ prompt: y, model: toy, gain_db: {} }}] }}"
    short.sounds(layers.format(-6))
    assert not failed(short)
    short.sounds(f"{layers.format(-6)}\n{STRICT}")
    assert SEED_HINT in failed(short)["b_01"]
    assert short.toy.made == []


def test_a_sound_alone_goes_on_to_its_next_attempt_and_so_does_one_that_takes_another_s_place(
    short: Game,
) -> None:
    short.sounds(EASY)
    short.build()
    short.sounds(STRICT)
    assert not failed(short)
    assert short.lock().assets["unity", "b_01"].attempts == 2
    short.sounds("b: { prompt: x }")
    assert not failed(short)
    short.sounds(STRICT)
    assert not failed(short)
    assert short.lock().assets["unity", "b_01"].attempts == 2


def test_a_seed_of_its_own_helps(short: Game) -> None:
    short.sounds(f"{EASY}\n{STRICT}")
    failed(short)
    own = STRICT.replace("prompt: x", "prompt: x, seed: 7")
    short.sounds(f"{EASY}\n{own}")
    assert not failed(short)
    assert short.lock().assets["unity", "b_01"].attempts == 2
