"""A store whose entries say what they should not: each is a miss, and its sound is made again."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from games import Game
from test_candidates import Ranked4, ranked

from sfxgen.lock import CLIP_META, TAKE_META
from sfxgen.store.local import LocalStore

__all__ = ["ranked"]  # a fixture

KEY = "ab" * 32
TAKE: dict[str, Any] = {
    "model": "toy:weights",
    "revision": "r1",
    "seed": 7,
    "attempts": 2,
    "rejected": ["silence"],
    "environment": {"toy": "1"},
    "passed": ["a mark"],
    "ranking": [{"candidate": 1, "seed": 3, "score": 0.5}, {"candidate": 0, "seed": 2, "refused": "silence"}],
}
CLIP: dict[str, Any] = {
    "duration_s": 0.5,
    "sample_rate": 48000,
    "channels": 1,
    "loudness_lufs": -23.0,
    "loudness_measure": "integrated",
    "true_peak_dbtp": None,
    "limiting_db": 0.0,
    "limited": False,
    "event": None,
    "place_s": [0.0, 0.5],
}
WRONG: dict[str, list[Any]] = {
    "model": [1, None, ["toy"]],
    "revision": [1, {}],
    "seed": ["7", None, 1.5, True],
    "attempts": ["2", 0, -1, None, True],
    "rejected": ["silence", None, [1], {"a": 1}],
    "environment": [[], "x", {"toy": 1}, None],
    "passed": ["a mark", 5, [5], None],
    "ranking": [
        5,
        "abc",
        [1],
        [{}],
        [{"candidate": 0}],
        [{"candidate": "0", "seed": 1, "score": 0.5}],
        [{"candidate": 0, "seed": 1, "score": "high"}],
        [{"candidate": 0, "seed": 1, "score": float("nan")}],
        [{"candidate": 0, "seed": 1, "refused": "x"}],
        [{"candidate": 0, "seed": 1, "score": 0.5, "more": 1}],
        None,
    ],
    "duration_s": ["1", None, float("inf"), True],
    "sample_rate": ["48000", 1.5, None],
    "channels": [None, [1]],
    "loudness_lufs": ["loud", []],
    "loudness_measure": [3],
    "true_peak_dbtp": ["x"],
    "limiting_db": [None],
    "limited": [0, "no", None],
    "event": [-1, "1", 1.5],
    "place_s": [0.5, [1], ["a", "b"], {}],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in WRONG.items() for value in values]
)
def test_a_field_of_a_wrong_type_is_a_miss(tmp_path: Path, field: str, value: Any) -> None:
    store = LocalStore(tmp_path)
    meta = {"take": dict(TAKE), "clip": dict(CLIP)}
    store.put("clip", KEY, b"sound", meta)
    assert store.get("clip", KEY) is not None
    meta["take" if field in TAKE else "clip"][field] = value
    (path,) = (tmp_path / "keys").rglob("*.json")
    record = json.loads(path.read_bytes())
    path.write_text(json.dumps({**record, "meta": meta}))
    assert store.find("clip", KEY) is None
    assert not path.exists(), "it was moved aside"


def test_a_field_that_is_missing_is_a_miss(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    for field in (*TAKE_META, *CLIP_META):
        meta = {
            "take": {name: value for name, value in TAKE.items() if name != field},
            "clip": {name: value for name, value in CLIP.items() if name != field},
        }
        store.put("clip", KEY, b"sound", meta)
        assert store.find("clip", KEY) is None, field
    store.put("take", KEY, b"sound", {"take": {name: TAKE[name] for name in TAKE_META}})
    assert store.find("take", KEY) is not None, "a take says no more than how it was made"


def keys_of(root: Path, shelf: str) -> list[Path]:
    return sorted((root / "keys" / shelf).rglob("*.json"))


def test_a_damaged_ranking_is_no_bug_and_the_choice_is_made_again(ranked: Ranked4, own_store: Path) -> None:
    ranked.sounds("a: { prompt: rain, candidates: 3 }")
    assert ranked.failures() == {}
    lock = (ranked.game.root / "sfxgen.lock").read_text()
    content = ranked.game.content("a_01")
    for shelf in ("take", "clip", "file"):
        for path in keys_of(own_store, shelf):
            record = json.loads(path.read_bytes())
            if "ranking" in record["meta"]["take"]:
                record["meta"]["take"]["ranking"][0]["score"] = "high"
                path.write_text(json.dumps(record))
    (ranked.game.root / "sfxgen.lock").unlink()
    ranked.game.path = lambda asset: ranked.game.root / f"Assets/Audio/Sfx/{asset}.wav"  # type: ignore[method-assign]
    ranked.game.path("a_01").unlink()
    assert ranked.failures() == {}
    assert (ranked.game.root / "sfxgen.lock").read_text() == lock
    assert ranked.game.content("a_01") == content


def damaged(text: str, rng: random.Random) -> str:
    """A key's text with one thing wrong: cut off, a mark lost, or a value of another type somewhere."""
    how = rng.randrange(4)
    if how == 0:
        return text[: rng.randrange(len(text))]
    if how == 1:
        at = rng.choice([at for at, mark in enumerate(text) if mark in '{}[],:"'])
        return text[:at] + text[at + 1 :] + rng.choice(["", "}", "x"])
    record = json.loads(text)
    if how == 2:
        name = rng.choice(["digest", "size", "meta"])
        return json.dumps(
            {**record, name: rng.choice([None, "x", [], {}, [[]], True, 1.5, "../x", 64 * [0]])}
        )
    said = record["meta"][rng.choice([part for part in ("take", "clip") if part in record["meta"]])]
    name = rng.choice([name for name in said if name in WRONG])
    said[name] = rng.choice(WRONG[name])
    return json.dumps(record)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_wrong_in_the_store_a_build_comes_to_the_same(
    game: Game, own_store: Path, seed: int
) -> None:
    game.sounds(
        "a: { prompt: a, variants: 2 }\nb: { layers: [{ prompt: b }, { prompt: c }] }\n"
        "d: { prompt: silent d }\nwalk: { prompt: walk, duration_s: 3, harvest: 2 }"
    )
    assert not game.build().failures
    tree = game.tree()
    rng = random.Random(seed)
    whole = {
        path: path.read_text() for shelf in ("take", "clip", "file") for path in keys_of(own_store, shelf)
    }
    for has_lock in (True, False, False):
        for path, text in whole.items():
            path.write_text(damaged(text, rng))
        for path in (game.root / "Assets").rglob("*.wav"):
            path.unlink()
        if not has_lock:
            (game.root / "sfxgen.lock").unlink()
        assert not game.build().failures
        assert game.tree() == tree
