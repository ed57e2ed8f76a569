"""`candidates`: several takes for one, of which the gates refuse some and the nearest to the prompt is kept."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from games import RATE, Game, ToyModel, actions, toy_clip
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_invariants import DAMAGE, damage, fresh_game, write

from sfxgen import lock as lockfile
from sfxgen.audio.clip import Clip
from sfxgen.audio.codec import unpack
from sfxgen.build import build
from sfxgen.candidates import Candidates, best_first
from sfxgen.cli import cli
from sfxgen.cli.progress import ProgressView
from sfxgen.contracts import ModelInfo, Surroundings
from sfxgen.errors import Cancelled, LockError, ManifestError, ModelError, ModelUnavailable, ProjectError
from sfxgen.events import Event, OnEvent, TakeChosen, TakeGenerated, ignore
from sfxgen.lock import AssetRecord, Ranked
from sfxgen.recipe import Choice, Recipe, derive_candidate_seed, derive_seed
from sfxgen.sessions import Sessions
from sfxgen.store.local import LocalStore
from sfxgen.verify import verify
from sfxgen.workspace import Options


@dataclass
class FakeRanker:
    """A ranker and its session in one: the louder the nearer, unless `by` says otherwise.

    `heard` lists the texts that it was asked about. `missing` makes it unavailable. `log` notes comings and goings.
    """

    name: str = "clap"
    version: int = 1
    missing: bool = False
    at: str = "c1"
    by: Callable[[Clip], float] = field(default=lambda clip: float(np.abs(clip.samples).max()))
    heard: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def info(self, where: str) -> ModelInfo:
        return replace(ToyModel().info(where), name=f"clap:{where}", adapter="clap")

    def revision(self, info: ModelInfo, around: Surroundings) -> str | None:
        return around.pinned or self.at

    def unavailable(self, info: ModelInfo, around: Surroundings) -> ModelUnavailable | None:
        return ModelUnavailable("clap is not here", hint="fetch it") if self.missing else None

    def load(self, info: ModelInfo, around: Surroundings, *, on_event: OnEvent) -> FakeRanker:
        self.log.append("ranker comes")
        return self

    def score(self, clip: Clip, text: str) -> float:
        self.heard.append(text)
        return self.by(clip)

    def close(self) -> None:
        self.log.append("ranker goes")


@dataclass
class FlawedToy(ToyModel):
    """A toy of which some candidates are silent, or cannot be made; `log` notes comings and goings."""

    silent_candidates: tuple[int, ...] = ()
    broken_candidates: tuple[int, ...] = ()
    log: list[str] = field(default_factory=list)

    def load(self, info: ModelInfo, around: Surroundings, *, on_event: OnEvent) -> FlawedToy:
        self.log.append("model comes")
        super().load(info, around, on_event=on_event)
        return self

    def generate(
        self, recipes: Sequence[Recipe], *, on_event: OnEvent, cancelled: Callable[[], bool]
    ) -> Iterator[Clip]:
        for recipe in recipes:
            if recipe.candidate in self.broken_candidates:
                raise ModelError("a spring came off")
            (clip,) = super().generate([recipe], on_event=on_event, cancelled=cancelled)
            yield Clip(0 * clip.samples, RATE) if recipe.candidate in self.silent_candidates else clip

    def close(self) -> None:
        self.log.append("model goes")


@dataclass
class Ranked4:
    """A game with a ranker at hand."""

    game: Game
    toy: FlawedToy
    ranker: FakeRanker

    def sounds(self, text: str) -> None:
        self.game.sounds(text)

    def failures(self, **options: object) -> dict[str, str]:
        report = self.game.build(**options)
        return {failure.name: failure.error.message for failure in report.failures}

    def record(self, asset: str = "a_01") -> AssetRecord:
        return self.game.lock().assets["unity", asset]


@pytest.fixture
def ranked(game: Game) -> Ranked4:
    toy, ranker = FlawedToy(), FakeRanker()
    toy.log = ranker.log
    game.toy = toy
    game.catalog = replace(
        game.catalog, adapters={**game.catalog.adapters, "toy": toy}, rankers={"clap": ranker}
    )
    return Ranked4(game, toy, ranker)


RECIPE = Recipe(
    model="toy:weights", revision="r1", adapter_version=1, base_seed=3, take=2, prompt="a", duration_s=0.2
)
CHOICE = Choice(candidates=4, ranker="clap:x", revision="c1", version=1, text="a")


def peak(candidate: int, *, attempt: int = 0, take: int = 1, prompt: str = "a") -> float:
    """How the fake ranker scores a candidate of the toy's."""
    recipe = replace(RECIPE, base_seed=0, take=take, attempt=attempt, candidate=candidate, prompt=prompt)
    return round(float(np.abs(toy_clip(recipe).samples).max()), 4)


# --- keys and seeds ---------------------------------------------------------------------------------


def test_a_recipe_without_a_choice_has_the_key_that_it_always_had() -> None:
    assert "choice" not in RECIPE.as_json()
    assert RECIPE.take_key() == "ab589a35ca72b9734662b6fed3634b696523920b1c7fbd0f7994e5563acae7cf"


def test_a_choice_is_in_the_key_with_all_that_decides_it() -> None:
    chosen = replace(RECIPE, choice=CHOICE)
    others = [
        RECIPE,
        *(
            replace(RECIPE, choice=replace(CHOICE, **{name: value}))  # type: ignore[arg-type]
            for name, value in (
                ("candidates", 5),
                ("ranker", "clap:y"),
                ("revision", "c2"),
                ("version", 2),
                ("text", "b"),
            )
        ),
    ]
    assert len({recipe.take_key() for recipe in (chosen, *others)}) == 7
    assert replace(chosen, candidate=3, attempt=2).take_key() == chosen.take_key(), "a result, not an input"


def test_a_candidate_s_key_is_of_its_audio_alone() -> None:
    candidate = replace(RECIPE, choice=CHOICE, candidate=2)
    more = replace(candidate, choice=replace(CHOICE, candidates=9, ranker="clap:y"))
    assert candidate.candidate_key() == more.candidate_key()
    different = [
        replace(candidate, candidate=3),
        replace(candidate, attempt=1),
        replace(candidate, prompt="b"),
    ]
    keys = {candidate.candidate_key(), candidate.take_key(), *(other.candidate_key() for other in different)}
    assert len(keys) == 5


def test_seeds_of_candidates_meet_no_others() -> None:
    takes, attempts, candidates = range(1, 30), range(5), range(16)
    seeds = [derive_candidate_seed(0, t, a, c) for t in takes for a in attempts for c in candidates]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert derive_candidate_seed(7, 3, 2, 0) == derive_seed(7, 3, 2), "the first is what the take is without"
    assert [recipe.seed for recipe in replace(RECIPE, choice=CHOICE, attempt=1).candidates()] == [
        derive_candidate_seed(3, 2, 1, n) for n in range(4)
    ]
    assert RECIPE.candidates() == (RECIPE,)


def test_the_best_is_first_equals_by_number_and_the_refused_last() -> None:
    scores = [0.1, None, 0.4, 0.4, -0.2, None]
    ranking = [
        Ranked(candidate=n, seed=n, score=score, refused=None if score is not None else "silent")
        for n, score in enumerate(scores)
    ]
    assert [ranked.candidate for ranked in best_first(ranking[::-1])] == [2, 3, 0, 4, 1, 5]


# --- the choice -------------------------------------------------------------------------------------


def test_the_nearest_to_the_prompt_is_kept_and_the_lock_has_the_ranking(ranked: Ranked4) -> None:
    ranked.sounds("a: { prompt: c, candidates: 4 }")
    assert not ranked.failures()
    assert len(ranked.toy.made) == 4
    assert ranked.ranker.heard == ["c"] * 4
    scores = {n: peak(n, prompt="c") for n in range(4)}
    best = max(scores, key=lambda n: scores[n])
    assert 0 < best < 3, "neither the first nor the last"
    record = ranked.record()
    assert [(one.candidate, one.score) for one in record.ranking] == sorted(
        scores.items(), key=lambda item: -item[1]
    )
    assert record.seed == record.ranking[0].seed == derive_candidate_seed(0, 1, 0, best)
    assert (record.attempts, record.rejected) == (1, ())
    assert record.environment == {"toy": "1"}
    # What is delivered is that candidate's sound.
    store = ranked.game.open().store
    take = store.get("take", record.take_key)
    assert take is not None
    own = toy_clip(replace(RECIPE, base_seed=0, take=1, candidate=best, prompt="c"))
    np.testing.assert_array_equal(unpack(take[0]).samples, own.samples)


def test_without_candidates_nothing_is_ranked_and_nothing_is_said(ranked: Ranked4) -> None:
    ranked.sounds("a: { prompt: a }\nb: { prompt: b, candidates: 1 }")
    assert not ranked.failures()
    assert ranked.ranker.log == ["model comes", "model goes"]
    assert ranked.record("b_01").ranking == ()
    text = (ranked.game.root / "sfxgen.lock").read_text()
    assert "ranking" not in text
    assert "clap" not in text


def test_of_equals_the_first_is_kept(ranked: Ranked4) -> None:
    ranked.ranker.by = lambda clip: 0.5 + 1e-7 * float(np.abs(clip.samples).max())
    ranked.sounds("a: { prompt: a, candidates: 3 }")
    assert not ranked.failures()
    assert [one.candidate for one in ranked.record().ranking] == [0, 1, 2]
    assert ranked.record().seed == derive_seed(0, 1)


def test_a_refused_candidate_does_not_count_however_near_it_is(ranked: Ranked4) -> None:
    ranked.toy.silent_candidates = (0, 3)
    ranked.ranker.by = lambda clip: -float(np.abs(clip.samples).max())
    ranked.sounds("a: { prompt: a, candidates: 4 }")
    assert not ranked.failures()
    kept, also, *refused = ranked.record().ranking
    assert {kept.candidate, also.candidate} == {1, 2}
    assert [(one.candidate, one.score) for one in refused] == [(0, None), (3, None)]
    assert all("silent" in (one.refused or "") for one in refused)
    assert len(ranked.ranker.heard) == 2, "what is refused is not ranked"
    assert ranked.record().rejected == ()


def test_where_all_are_refused_the_next_attempt_makes_as_many_new_ones(ranked: Ranked4) -> None:
    ranked.sounds("a: { prompt: silent at first, candidates: 3 }")
    assert not ranked.failures()
    record = ranked.record()
    assert record.attempts == 2
    assert len(record.rejected) == 3
    assert all("silent" in reason for reason in record.rejected)
    assert {one.seed for one in record.ranking} == {derive_candidate_seed(0, 1, 1, n) for n in range(3)}
    assert len(ranked.toy.made) == 6


def test_where_attempts_run_out_it_is_an_error_and_no_asset(ranked: Ranked4) -> None:
    ranked.toy.silent_attempts = 99
    ranked.sounds("a: { prompt: silent, candidates: 2 }\nb: { prompt: b, candidates: 2 }")
    found = ranked.failures()
    assert set(found) == {"a_01"}
    assert found["a_01"].startswith("8 candidates failed: ")
    assert "(8 times)" in found["a_01"]
    assert set(ranked.game.lock().assets) == {("unity", "b_01")}


def test_candidates_are_judged_among_the_siblings_that_were_chosen(ranked: Ranked4) -> None:
    ranked.sounds("a: { prompt: copy once, variants: 3, candidates: 2 }")
    assert not ranked.failures()
    records = [ranked.record(f"a_0{n}") for n in (1, 2, 3)]
    assert [record.attempts for record in records] == [1, 2, 2]
    assert "nearly the same as take 1" in records[1].rejected[0]
    ranked.sounds("b: { prompt: copy, variants: 2, candidates: 2 }")
    assert set(ranked.failures()) == {"b_02"}


def test_a_harvest_is_cut_out_of_the_best_candidate(ranked: Ranked4) -> None:
    ranked.sounds("a: { prompt: walk, duration_s: 2.6, harvest: 3, candidates: 3 }")
    assert not ranked.failures()
    records = [ranked.record(f"a_0{n}") for n in (1, 2, 3)]
    assert len(ranked.toy.made) == 3
    assert len({record.ranking for record in records}) == 1
    assert [record.event for record in records] == [0, 1, 2]


def test_a_loop_of_one_take_and_a_draftless_synthesizer_sound_have_candidates(ranked: Ranked4) -> None:
    ranked.sounds(
        "a: { prompt: texture, kind: loop, duration_s: 1, candidates: 2 }\n"
        "coin: { model: synth, prompt: a coin is picked up, candidates: 3 }"
    )
    assert not ranked.failures()
    assert len(ranked.record().ranking) == 2
    assert len(ranked.record("coin_01").ranking) == 3
    assert set(ranked.ranker.heard) == {"texture", "a coin is picked up"}


def test_two_engines_and_two_sounds_share_one_choice(ranked: Ranked4) -> None:
    ranked.game.project("name: g\nengine: [unity, files]\nassets: { unity: Assets/Sfx, files: Sounds }\n")
    ranked.sounds(
        "a: { prompt: x, candidates: 3 }\nb: { prompt: x, candidates: 3 }\nc: { prompt: x, candidates: 2 }"
    )
    assert not ranked.failures()
    assert len(ranked.toy.made) == 3, "the third sound's two are among them"
    assert ranked.record().ranking == ranked.record("b_01").ranking
    assert len(ranked.record("c_01").ranking) == 2
    assert len(ranked.ranker.heard) == 5


# --- the invariants ---------------------------------------------------------------------------------


def test_a_take_does_not_depend_on_what_is_chosen_beside_it(ranked: Ranked4, own_store: Path) -> None:
    ranked.sounds(
        "a: { prompt: a, variants: 2, candidates: 3 }\nb: { prompt: b, candidates: 2 }\nc: { prompt: c }"
    )
    ranked.game.build()
    together = ranked.game.tree()
    shutil.rmtree(own_store)
    shutil.rmtree(ranked.game.root / "Assets")
    (ranked.game.root / "sfxgen.lock").unlink()
    for only in ("c", "b", "a"):
        ranked.game.build(only=(only,))
    assert ranked.game.tree() == together


def test_one_more_variant_leaves_the_others_as_they_are(ranked: Ranked4) -> None:
    ranked.sounds("a: { prompt: a, variants: 2, candidates: 3 }")
    ranked.game.build()
    before = [ranked.record("a_01"), ranked.record("a_02")]
    ranked.sounds("a: { prompt: a, variants: 3, candidates: 3 }")
    assert actions(ranked.game.plan()) == {"a_01": "keep", "a_02": "keep", "a_03": "generate"}
    ranked.game.build()
    assert [ranked.record("a_01"), ranked.record("a_02")] == before


def test_incremental_is_clean(ranked: Ranked4) -> None:
    for text in (
        "a: { prompt: a, candidates: 2 }",
        "a: { prompt: a, candidates: 4, loudness_lufs: -30 }",
        "a: { prompt: a, variants: 2, candidates: 3 }\nb: { prompt: b, candidates: 3 }",
    ):
        ranked.sounds(text)
        assert not ranked.failures()
    assert ranked.game.plan().is_empty
    incremental = ranked.game.tree()
    shutil.rmtree(ranked.game.root / "Assets")
    (ranked.game.root / "sfxgen.lock").unlink()
    assert not ranked.failures()
    assert ranked.game.tree() == incremental
    assert not ranked.toy.made, "the store has the rankings too"


def test_two_more_candidates_are_two_generations_and_another_ranker_is_none(ranked: Ranked4) -> None:
    ranked.sounds("a: { prompt: a, candidates: 4 }")
    ranked.game.build()
    ranked.sounds("a: { prompt: a, candidates: 6 }")
    ranked.game.build()
    assert len(ranked.toy.made) == 2
    assert len(ranked.record().ranking) == 6
    ranked.ranker.by = lambda clip: -float(np.abs(clip.samples).max())
    ranked.ranker.version = 2
    ranked.game.build()
    assert not ranked.toy.made
    assert ranked.record().ranking[0].candidate == min(range(6), key=peak)


def test_a_rebuild_makes_all_candidates_again(ranked: Ranked4) -> None:
    ranked.sounds("a: { prompt: a, candidates: 3 }")
    ranked.game.build()
    before = ranked.game.tree()
    ranked.game.build(rebuild=True)
    assert len(ranked.toy.made) == 3
    assert ranked.game.tree() == before


def test_a_rebuild_counts_each_attempt_s_candidates_as_made(ranked: Ranked4) -> None:
    ranked.sounds("a: { prompt: silent at first, candidates: 2 }")
    ranked.game.build()
    before = ranked.game.tree()
    ranked.game.build(rebuild=True)
    assert len(ranked.toy.made) == 4
    assert ranked.game.tree() == before


def test_a_build_that_was_stopped_goes_on_with_the_candidates_that_there_are(ranked: Ranked4) -> None:
    ranked.sounds("a: { prompt: a, candidates: 4 }")
    stop_after: Callable[[], bool] = lambda: len(ranked.toy.made) >= 3  # noqa: E731
    report = build(ranked.game.root, ranked.game.catalog, Options(), cancelled=stop_after)
    assert report.cancelled
    ranked.game.build()
    assert len(ranked.toy.made) == 1
    assert len(ranked.record().ranking) == 4


def test_what_the_lock_chose_is_made_again_alone_and_needs_no_ranker(
    ranked: Ranked4, own_store: Path
) -> None:
    ranked.sounds("a: { prompt: silent at first, variants: 2, candidates: 3 }")
    ranked.game.build()
    before = ranked.game.tree()
    shutil.rmtree(own_store)
    shutil.rmtree(ranked.game.root / "Assets")
    ranked.ranker.missing = True
    ranked.ranker.by = lambda clip: -float(np.abs(clip.samples).max())
    assert not ranked.failures()
    assert len(ranked.toy.made) == 2
    assert ranked.game.tree() == before


def test_what_the_lock_chose_for_one_asset_is_what_every_asset_of_that_take_gets(
    ranked: Ranked4, own_store: Path
) -> None:
    sound = "{ prompt: silent at first, candidates: 3"
    ranked.sounds(f"a: {sound} }}")
    ranked.game.build()
    before, lock = ranked.record(), (ranked.game.root / "sfxgen.lock").read_bytes()
    ranked.ranker.by = lambda clip: -float(np.abs(clip.samples).max())
    for sounds in (f"a: {sound} }}\nb: {sound}, loudness_lufs: -30 }}", f"b: {sound}, renamed_from: a }}"):
        (ranked.game.root / "sfxgen.lock").write_bytes(lock)
        shutil.rmtree(own_store)
        shutil.rmtree(ranked.game.root / "Assets")
        ranked.sounds(sounds)
        assert not ranked.failures()
        made = ranked.record("b_01")
        assert (made.ranking, made.attempts) == (before.ranking, before.attempts)
        assert made.rejected == before.rejected


def test_where_what_the_lock_chose_is_refused_now_it_is_chosen_anew(ranked: Ranked4, own_store: Path) -> None:
    ranked.sounds("a: { prompt: a, candidates: 3 }")
    ranked.game.build()
    shutil.rmtree(own_store)
    shutil.rmtree(ranked.game.root / "Assets")
    ranked.toy.silent_candidates = (ranked.record().ranking[0].candidate,)
    assert not ranked.failures()
    record = ranked.record()
    assert record.attempts == 2
    assert len(record.ranking) == 3
    assert len(record.rejected) == 1


def test_a_frozen_sound_keeps_what_was_chosen(ranked: Ranked4) -> None:
    ranked.sounds("a: { prompt: a, candidates: 3 }")
    ranked.game.build()
    before = ranked.record()
    ranked.sounds("a: { prompt: other, candidates: 5, frozen: true }")
    assert ranked.game.plan().is_empty
    assert not ranked.failures()
    assert ranked.record() == before


# --- what is missing, and what fails ----------------------------------------------------------------


def test_without_the_ranker_nothing_is_generated_and_the_error_says_what_to_do(ranked: Ranked4) -> None:
    ranked.ranker.missing = True
    ranked.sounds("a: { prompt: a, candidates: 3 }\nb: { prompt: b }")
    report = ranked.game.build()
    assert [(f.name, f.error.message, f.error.hint) for f in report.failures] == [
        ("a_01", "clap is not here", "fetch it")
    ]
    assert [prompt for prompt, _ in ranked.toy.made] == ["b"]
    assert report.exit_code == 3


def test_without_the_ranker_what_is_built_checks_out(ranked: Ranked4) -> None:
    ranked.sounds("a: { prompt: a, candidates: 3 }")
    ranked.game.build()
    ranked.ranker.missing = True
    ranked.ranker.at = "another, or none"
    assert ranked.game.check().is_empty
    assert ranked.game.plan().is_empty
    assert ranked.game.lock().models == {"toy:weights": "r1", "clap:laion/clap-htsat-unfused": "c1"}


def test_without_the_ranker_a_draft_stands_in_and_is_replaced(ranked: Ranked4) -> None:
    ranked.ranker.missing = True
    ranked.sounds("a: { prompt: a coin, candidates: 3 }")
    assert not ranked.failures(draft=True)
    assert ranked.record().draft
    assert ranked.record().ranking == ()
    assert not ranked.toy.made
    ranked.ranker.missing = False
    assert not ranked.failures(draft=True)
    assert not ranked.record().draft
    assert len(ranked.record().ranking) == 3


def test_the_pin_of_the_ranker_goes_with_the_last_sound_that_has_candidates(ranked: Ranked4) -> None:
    ranked.sounds("a: { prompt: a, candidates: 3 }")
    ranked.game.build()
    ranked.sounds("a: { prompt: a }")
    ranked.game.build()
    assert set(ranked.game.lock().models) == {"toy:weights"}
    assert len(ranked.toy.made) == 1
    assert ranked.record().ranking == ()


def test_an_older_lock_s_pin_is_kept(ranked: Ranked4) -> None:
    ranked.sounds("a: { prompt: a, candidates: 2 }")
    ranked.game.build()
    ranked.ranker.at = "c2"
    ranked.sounds("a: { prompt: a, candidates: 2 }\nb: { prompt: b, candidates: 2 }")
    assert actions(ranked.game.plan()) == {"a_01": "keep", "b_01": "generate"}
    ranked.game.build()
    assert ranked.game.lock().models["clap:laion/clap-htsat-unfused"] == "c1"


def test_the_model_is_out_of_memory_before_the_ranker_comes_and_the_other_way_round(ranked: Ranked4) -> None:
    ranked.sounds("a: { prompt: silent at first, candidates: 2 }\nb: { prompt: b, candidates: 2 }")
    assert not ranked.failures()
    assert ranked.ranker.log == [
        "model comes", "model goes", "ranker comes", "ranker goes", "model comes", "model goes", "ranker comes",
        "ranker goes",
    ]  # fmt: skip


def test_a_warm_model_makes_room_too(ranked: Ranked4) -> None:
    sessions = Sessions()
    around = Surroundings(ranked.game.root)
    toy, clap = ranked.toy.info("weights"), ranked.ranker.info("x")
    for _ in range(2):
        sessions.get(ranked.toy, toy, "r1", around, ignore)
    for _ in range(2):
        sessions.ranker(ranked.ranker, clap, "c1", around, ignore)
    sessions.close()
    assert ranked.ranker.log == ["model comes", "model goes", "ranker comes", "ranker goes"]


def test_a_candidate_that_cannot_be_made_fails_its_take_alone(ranked: Ranked4) -> None:
    ranked.toy.broken_candidates = (2,)
    ranked.sounds("a: { prompt: a, candidates: 3 }\nb: { prompt: b, candidates: 2 }")
    assert ranked.failures() == {"a_01": "a spring came off"}
    assert len(ranked.record("b_01").ranking) == 2


def test_a_candidate_with_a_bug_fails_its_take_alone(
    ranked: Ranked4, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Candidates.put

    def breaks(self: Candidates, recipe: Recipe, clip: Clip, environment: Mapping[str, str]) -> None:
        if recipe.prompt == "a" and recipe.candidate == 1:
            raise AttributeError("samples")
        put(self, recipe, clip, environment)

    monkeypatch.setattr(Candidates, "put", breaks)
    ranked.sounds("a: { prompt: a, candidates: 3 }\nb: { prompt: b, candidates: 2 }")
    assert ranked.game.build().exit_code == 70
    assert len(ranked.record("b_01").ranking) == 2


def test_a_ranker_that_fails_is_an_error_of_the_sound(ranked: Ranked4) -> None:
    def fail(clip: Clip) -> float:
        raise ModelError("no ears")

    ranked.ranker.by = fail
    ranked.sounds("a: { prompt: a, candidates: 2 }\nb: { prompt: b }")
    assert ranked.failures() == {"a_01": "no ears"}
    ranked.ranker.by = lambda clip: 1 // 0
    report = ranked.game.build()
    assert report.exit_code == 70, "a bug of the ranker's"
    ranked.ranker.by = lambda clip: float("nan")
    assert ranked.failures() == {"a_01": "clap:laion/clap-htsat-unfused gave a candidate no score"}
    assert set(ranked.game.lock().assets) == {("unity", "b_01")}


def test_stopped_while_choosing(ranked: Ranked4) -> None:
    ranked.sounds("a: { prompt: a, candidates: 2 }\nb: { prompt: b, candidates: 2 }")
    report = build(
        ranked.game.root, ranked.game.catalog, Options(), cancelled=lambda: len(ranked.ranker.heard) >= 2
    )
    assert report.exit_code == Cancelled.exit_code
    assert set(ranked.game.lock().assets) == {("unity", "a_01")}


def test_events_tell_what_was_chosen(ranked: Ranked4) -> None:
    events: list[Event] = []
    ranked.sounds("a: { prompt: a, candidates: 3 }")
    build(ranked.game.root, ranked.game.catalog, Options(), on_event=events.append)
    best = ranked.record().ranking[0]
    assert best.score is not None
    assert [event for event in events if isinstance(event, TakeChosen)] == [
        TakeChosen("a_01", best.candidate, 3, best.score)
    ]
    assert sum(isinstance(event, TakeGenerated) for event in events) == 1


def test_where_there_is_no_terminal_a_line_says_what_was_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressView() as view:
        view(TakeChosen("a_01", 2, 4, 0.4127))
    assert capsys.readouterr().err == "chosen    a_01: candidate 3 of 4, score 0.4127\n", (
        "people count from 1"
    )


# --- manifests --------------------------------------------------------------------------------------

MISTAKES = [
    ("{ prompt: a, candidates: 0 }", "a.candidates: 0 is not at least 1"),
    ("{ prompt: a, candidates: 17 }", "a.candidates: 17 is not at most 16"),
    ("{ candidates: 2, layers: [{ prompt: a }] }", "a.candidates: has no meaning beside layers"),
    ("{ model: recording, source: a.wav, candidates: 2 }", "a.candidates: has no meaning for a recording"),
    ("{ prompt: a, kind: loop, duration_s: 9, take_s: 3, candidates: 2 }", "the loop is joined of"),
    ("{ model: synth, preset: coin, candidates: 2 }", "takes are ranked by their prompt, and it has none"),
]


@pytest.mark.parametrize(("sound", "said"), MISTAKES)
def test_what_cannot_have_candidates_says_so_with_a_hint(sound: str, said: str, ranked: Ranked4) -> None:
    ranked.game.write("a.wav", "RIFF")
    ranked.sounds(f"a: {sound}")
    with pytest.raises(ManifestError) as raised:
        ranked.game.open()
    (mistake,) = raised.value.mistakes
    assert said in f"{mistake.where}: {mistake.what}"
    assert mistake.line > 1
    assert mistake.hint or "is not at" in said


def test_under_defaults_it_is_for_those_that_can(ranked: Ranked4) -> None:
    ranked.game.write("a.wav", "RIFF")
    ranked.game.manifest(
        "defaults: { model: toy, candidates: 3 }\n"
        "sounds:\n"
        "  a: { prompt: a }\n"
        "  b: { model: recording, source: a.wav }\n"
        "  c: { layers: [{ prompt: a }] }\n"
        "  d: { model: synth, preset: coin }\n"
        "  e: { extends: a, candidates: 5 }\n"
    )
    sounds = {sound.id: sound.candidates for sound in ranked.game.open().sounds}
    assert sounds == {"a": 3, "b": 1, "c": 1, "d": 1, "e": 5}


@pytest.mark.parametrize("named", ["../clap", "/srv/clap", "C:/clap", "clap:../x"])
def test_a_ranker_outside_the_project_is_a_mistake(named: str, ranked: Ranked4) -> None:
    ranked.game.project(f"engine: unity\nassets: Assets\nranker: {named}\n")
    ranked.sounds("a: { prompt: a, candidates: 2 }")
    with pytest.raises(ManifestError) as raised:
        ranked.game.open()
    (mistake,) = raised.value.mistakes
    assert (mistake.path, mistake.line, mistake.where) == ("sfxgen.yaml", 3, "ranker")


def test_a_ranker_that_is_not_installed_is_named(ranked: Ranked4) -> None:
    ranked.game.project("engine: unity\nassets: Assets\nranker: ears:x/y\n")
    ranked.sounds("a: { prompt: a }")
    assert ranked.game.plan(), "nobody asks for it"
    ranked.sounds("a: { prompt: a, candidates: 2 }")
    with pytest.raises(ProjectError, match="ears:x/y"):
        ranked.game.open()


def test_the_ranker_may_be_another(ranked: Ranked4) -> None:
    ranked.game.project("engine: unity\nassets: Assets\nranker: weights/ears\n")
    ranked.sounds("a: { prompt: a, candidates: 2 }")
    ranked.game.build()
    assert ranked.game.lock().models["clap:weights/ears"] == "c1"


# --- the lock ---------------------------------------------------------------------------------------


def test_a_ranking_is_read_back_as_it_was_written_in_one_line(ranked: Ranked4) -> None:
    ranked.toy.silent_candidates = (1,)
    ranked.sounds("a: { prompt: a, candidates: 3 }")
    ranked.game.build()
    text = (ranked.game.root / "sfxgen.lock").read_text()
    (line,) = [line for line in text.splitlines() if '"ranking"' in line]
    value = json.loads(line.strip().removesuffix(",").removeprefix('"ranking": '))
    assert [sorted(one) for one in value] == [["candidate", "score", "seed"]] * 2 + [
        ["candidate", "refused", "seed"]
    ]
    assert lockfile.parse(text) == ranked.game.lock()
    assert ranked.game.lock().to_text() == text


@pytest.mark.parametrize(
    "broken",
    [
        '"x"',
        "5",
        '[{"candidate": 0, "seed": 1}]',
        '[{"candidate": 0, "seed": 1, "score": "high"}]',
        '[{"candidate": -1, "seed": 1, "score": 0.5}]',
        '[{"candidate": 0, "seed": true, "score": 0.5}]',
        '[{"candidate": 0, "seed": 1, "score": 0.5, "refused": "silent"}]',
        '[{"candidate": 0, "seed": 1, "refused": "silent"}]',
        '[{"candidate": 0, "seed": 1, "score": 0.5, "more": 1}]',
        '[{"candidate": 0, "seed": 1, "score": 1e999}]',
    ],
)
def test_a_broken_ranking_is_a_broken_record(broken: str, ranked: Ranked4) -> None:
    ranked.sounds("a: { prompt: a, candidates: 2 }")
    ranked.game.build()
    text = (ranked.game.root / "sfxgen.lock").read_text()
    (line,) = [line for line in text.splitlines() if '"ranking"' in line]
    with pytest.raises(LockError, match="broken record"):
        lockfile.parse(text.replace(line, f'    "ranking": {broken},'))


def test_a_damaged_candidate_is_made_again(ranked: Ranked4, own_store: Path) -> None:
    ranked.sounds("a: { prompt: a, candidates: 3 }")
    ranked.game.build()
    recipe = replace(ranked.game.open().wanted[0].final.recipe, candidate=1)
    store = LocalStore(own_store)
    entry = store.find("take", recipe.candidate_key())
    assert entry is not None
    (own_store / "blobs" / entry.digest[:2] / entry.digest).write_bytes(b"x" * entry.size)
    ranked.sounds("a: { prompt: a, candidates: 4 }")
    assert not ranked.failures()
    assert len(ranked.toy.made) == 2


WITH_CANDIDATES = st.fixed_dictionaries(
    {
        "prompt": st.sampled_from(["wood", "stone", "silent stone", "copy once"]),
        "variants": st.integers(1, 3),
    },
    optional={"candidates": st.integers(1, 4), "reject": st.just([1]), "loudness_lufs": st.just(-26)},
)
MANIFESTS = st.dictionaries(st.sampled_from(["a", "b/c"]), WITH_CANDIDATES, min_size=1)
EDITS = st.lists(st.tuples(MANIFESTS, DAMAGE), min_size=1, max_size=4)


def built_but_for_what_cannot_be_shared(game: Game, manifest: dict[str, dict[str, object]]) -> bool:
    """Build, and return whether all was made.

    Two sounds of one recipe share their takes: of one that has a copy of it among its own, and one that has none, the first
    to come decides, and the other is told to take a seed of its own. Nothing else may fail.
    """
    failures = game.build().failures
    if sum(sound["prompt"] == "copy once" for sound in manifest.values()) < 2:
        assert not failures
    assert all("with a seed of its own" in failure.error.hint for failure in failures)
    return not failures


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EDITS)
def test_after_any_edits_and_losses_incremental_is_clean(
    edits: list[tuple[dict[str, dict[str, object]], str]],
) -> None:
    # Which of two copies stays is decided by who came first: without the store, a clean build may decide otherwise.
    copies = any("copy" in str(manifest) for manifest, _ in edits)
    untold = {"delete the lock", *(["empty the store"] if copies else [])}
    with fresh_game() as game:
        game.catalog = replace(game.catalog, rankers={"clap": FakeRanker()})
        for manifest, how in edits:
            write(game, manifest)
            is_whole = built_but_for_what_cannot_be_shared(game, manifest)
            damage(game, how if how not in untold else "none")
        if not built_but_for_what_cannot_be_shared(game, edits[-1][0]):
            assert not is_whole
            return
        assert game.check().is_empty
        with fresh_game(Path(os.environ["SFXGEN_STORE"])) as clean:
            clean.catalog = game.catalog
            write(clean, edits[-1][0])
            assert clean.build().exit_code == 0
            assert clean.tree() == game.tree()


def test_models_fetch_gets_the_ranker_with_what_else_the_manifests_need(
    game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("huggingface_hub", reason="needs sfxgen[models]")
    monkeypatch.chdir(game.root)
    game.manifest("sounds:\n  a: { model: synth, prompt: a coin, candidates: 2 }\n")
    for names in ([], ["clap:laion/clap-htsat-unfused"]):
        ran = CliRunner().invoke(cli, ["models", "fetch", *names])
        text = ran.output + str(ran.exception)
        assert "laion/clap-htsat-unfused" in text
        assert "HF_HUB_OFFLINE is set" in text


def test_verify_makes_what_was_chosen_and_asks_no_ranker(ranked: Ranked4) -> None:
    ranked.sounds(
        "a: { prompt: silent at first, variants: 2, candidates: 3 }\nb: { prompt: b, candidates: 2 }"
    )
    ranked.game.build()
    ranked.toy.made.clear()
    ranked.ranker.missing = True
    verified = verify(ranked.game.root, ranked.game.catalog)
    assert {asset.verdict for asset in verified.assets} == {"identical"}
    assert len(ranked.toy.made) == 3
