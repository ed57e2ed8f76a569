"""The invariants of the design, each with a test that tries to break it."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from games import Game, toy_clip
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfxgen.lock import read
from sfxgen.models.synth import adapter as synth
from sfxgen.recipe import Recipe

SOUND = st.fixed_dictionaries(
    {
        "prompt": st.sampled_from(["wood", "stone", "silent stone"]),
        "variants": st.integers(1, 3),
    },
    optional={
        "reject": st.lists(st.integers(1, 4), max_size=2, unique=True),
        "loudness_lufs": st.sampled_from([-20, -26]),
        "encode": st.sampled_from([{"format": "ogg"}, {"bit_depth": 24}]),
        "unity": st.sampled_from([{"load_type": "streaming", "preload": False}, {"force_mono": True}]),
        "kind": st.sampled_from(["dialog", "music"]),
        "seed": st.integers(0, 1),
    },
)
MANIFEST = st.dictionaries(
    st.sampled_from(["a", "c", "b/c", "b/b/c", "e/f/g"]), SOUND, min_size=1, max_size=3
)
PROJECTS = st.sampled_from(
    [
        "engine: unity\nassets: Assets/Audio/Sfx\n",
        "engine: unity\nassets: Assets/Audio/Sfx\n",
        "engine: unity\nassets: Assets\n",
        "engine: unity\nassets: Assets/b\n",  # where sound b/c was, sound c is now
        "engine: files\nassets: Assets\n",
        "engine: [unity, files]\nassets: { unity: Assets/b, files: Assets/e }\n",
        "engine: [unity, files]\nassets: { unity: Assets/e, files: Assets/b }\n",
    ]
)
DAMAGE = st.sampled_from(
    [
        "none",
        "none",
        "delete an asset",
        "delete a sidecar",
        "delete the memory",
        "empty the store",
        "delete the lock",
    ]
)
EDITS = st.lists(st.tuples(MANIFEST, PROJECTS, DAMAGE), min_size=1, max_size=4)


@contextmanager
def fresh_game(store: Path | None = None) -> Iterator[Game]:
    """A game of its own for one example, with a store of its own or a given one."""
    with tempfile.TemporaryDirectory() as folder:
        before = os.environ["SFXGEN_STORE"]
        os.environ["SFXGEN_STORE"] = str(store or Path(folder) / "store")
        try:
            yield Game(Path(folder) / "game")
        finally:
            os.environ["SFXGEN_STORE"] = before


UNITY = "engine: unity\nassets: Assets/Audio/Sfx\n"


def write(game: Game, manifest: dict[str, dict[str, object]], project: str = UNITY) -> None:
    game.project(f"name: game\n{project}")
    game.manifest(json.dumps({"defaults": {"model": "toy"}, "sounds": manifest}))


def damage(game: Game, how: str) -> None:
    assets = sorted((game.root / "Assets").rglob("*_0*")) if (game.root / "Assets").exists() else []
    if how in ("delete an asset", "delete a sidecar"):
        for path in [p for p in assets if (p.suffix == ".meta") == (how == "delete a sidecar")][:1]:
            path.unlink()
    elif how == "empty the store":
        shutil.rmtree(os.environ["SFXGEN_STORE"], ignore_errors=True)
    elif how == "delete the memory":
        shutil.rmtree(game.root / ".sfxgen", ignore_errors=True)
    elif how == "delete the lock":
        (game.root / "sfxgen.lock").unlink(missing_ok=True)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(EDITS)
def test_1_incremental_equals_clean(edits: list[tuple[dict[str, dict[str, object]], str, str]]) -> None:
    with fresh_game() as game:
        for manifest, project, how in edits:
            write(game, manifest, project)
            assert game.build().exit_code == 0
            if how == "delete the lock":
                # Without a lock nobody knows which files were ours: only what is wanted now is taken up again.
                expected = game.tree()
                damage(game, how)
                game.build()
                assert game.tree() == expected
            else:
                damage(game, how)
        assert game.build().exit_code == 0
        assert game.check().is_empty
        with fresh_game(Path(os.environ["SFXGEN_STORE"])) as clean:
            write(clean, *edits[-1][:2])
            assert clean.build().exit_code == 0
            assert clean.tree() == game.tree()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1, 4), st.integers(1, 4), st.lists(st.integers(1, 5), max_size=2, unique=True))
def test_2_appending_variants_changes_none_that_stand(before: int, more: int, reject: list[int]) -> None:
    with fresh_game() as game:
        game.sounds(f"a: {{ prompt: wood, variants: {before}, reject: {reject} }}")
        game.build()
        stood = game.tree()
        game.sounds(f"a: {{ prompt: wood, variants: {before + more}, reject: {reject} }}")
        game.build()
        after = game.tree()
        assert len(after) == len(stood) + 2 * more
        assert all(after[path] == data for path, data in stood.items() if path != "sfxgen.lock")


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.permutations(["coin", "door", "rain", "footstep"]), st.integers(1, 3))
def test_3_a_takes_bytes_do_not_depend_on_its_company(order: list[str], alone: int) -> None:
    """The synthesizer here; the diffusion models in their own tests."""

    def recipe(preset: str) -> Recipe:
        info = synth.models[0]
        params = synth.params(info, {"preset": preset}, kind="one_shot")
        return Recipe(
            model="synth", revision="1", adapter_version=1, base_seed=1, take=1, duration_s=0.4, params=params
        )

    from sfxgen.contracts import Surroundings

    session = synth.load(synth.models[0], Surroundings(Path()), on_event=lambda _: None)
    together = list(
        session.generate([recipe(name) for name in order], on_event=lambda _: None, cancelled=lambda: False)
    )
    name = order[alone]
    (single,) = session.generate([recipe(name)], on_event=lambda _: None, cancelled=lambda: False)
    assert single.samples.tobytes() == together[alone].samples.tobytes()


BUILDER = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from games import ToyModel
from sfxgen.build import build
from sfxgen.catalog import installed
from sfxgen.contracts import Catalog
import sfxgen.produce
catalog = Catalog({**installed().adapters, "toy": ToyModel()}, installed().exporters)
real, seen = Path.replace, 0

def build_and_die(point, count):
    def replace(self, target):
        global seen
        seen += 1
        if seen == count and point == "before":
            os.kill(os.getpid(), 9)
        done = real(self, target)
        if seen == count and point == "after":
            os.kill(os.getpid(), 9)
        return done

    Path.replace = replace
    build(Path(sys.argv[1]), catalog)

for line in sys.stdin:
    point, count = line.split()
    child = os.fork()
    if child == 0:
        try:
            build_and_die(point, int(count))
        finally:
            os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Builds a game once for each line that it reads, in a process that dies in the middle of its n-th replacement."""


@contextmanager
def killed_builds(root: Path) -> Iterator[Callable[[str, int], bool]]:
    """Yield what builds in a process that kills itself at its n-th rename, and says whether it died.

    The processes are forked from one, which has all imported that takes longer than the build.
    """
    with subprocess.Popen(
        [sys.executable, "-c", BUILDER, str(root), str(Path(__file__).parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as builder:
        asked, said = builder.stdin, builder.stdout
        assert asked
        assert said

        def killed_build(point: str, count: int) -> bool:
            print(point, count, file=asked, flush=True)
            return int(said.readline()) == -signal.SIGKILL

        yield killed_build


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_4_a_kill_at_any_rename_loses_nothing(game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    first = "a: { prompt: wood, variants: 2 }\nb: { prompt: stone }"
    second = "a: { prompt: oak, variants: 2, unity: { force_mono: true } }\nc/b: { prompt: stone }"
    game.sounds(first)
    game.build()
    old = game.tree()
    shutil.copytree(game.root, game.root.with_name("start"))
    shutil.copytree(os.environ["SFXGEN_STORE"], game.root.with_name("start-store"))
    game.sounds(second)
    replace, renamed = Path.replace, list[Path]()

    def counted(self: Path, target: Path) -> Path:
        renamed.append(self)
        return replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", counted)
        game.build()
    new = game.tree()
    points = [(point, count + 1) for count in range(len(renamed)) for point in ("before", "after")]
    deaths = 0
    with killed_builds(game.root) as killed_build:
        for point, count in random.Random(5).sample(points, 14):
            shutil.rmtree(game.root)
            shutil.rmtree(os.environ["SFXGEN_STORE"])
            shutil.copytree(game.root.with_name("start"), game.root)
            shutil.copytree(game.root.with_name("start-store"), os.environ["SFXGEN_STORE"])
            game.sounds(second)
            deaths += killed_build(point, count)
            for path, data in game.tree().items():
                if path == "sfxgen.lock":
                    read(game.root / path)
                else:
                    assert data in (old.get(path), new.get(path)), path
            report = game.build()
            assert report.exit_code == 0
            assert game.tree() == new
            assert not list((game.root / ".sfxgen/tmp").glob("*"))
    assert deaths >= 12, "but for what threads do in another order"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MANIFEST, MANIFEST)
def test_6_an_assets_engine_id_never_changes(
    first: dict[str, dict[str, object]], second: dict[str, dict[str, object]]
) -> None:
    with fresh_game() as game:
        write(game, first)
        game.build()
        ids = {ref: record.engine_id for ref, record in game.lock().assets.items()}
        assert len(set(ids.values())) == len(ids)
        shutil.rmtree(game.root / "Assets")
        write(game, second)
        game.build()
        for ref, record in game.lock().assets.items():
            assert record.engine_id == ids.get(ref, record.engine_id)
        write(game, first, UNITY.replace("Audio/Sfx", "Moved"))
        game.build()
        assert {ref: record.engine_id for ref, record in game.lock().assets.items()} == ids


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MANIFEST)
def test_7_same_inputs_same_bytes_from_nothing(manifest: dict[str, dict[str, object]]) -> None:
    trees = []
    for _ in range(2):
        with fresh_game() as game:
            write(game, manifest)
            game.build()
            trees.append(game.tree())
    assert trees[0] == trees[1]


def test_5_no_silence_nan_or_clipping_becomes_an_asset(game: Game) -> None:
    import numpy as np

    from sfxgen.acceptance import Refusal, Trial, refusal
    from sfxgen.audio.clip import Clip
    from sfxgen.recipe import Mastering

    def reject_reason(take: Clip) -> Refusal | None:
        return refusal(take, Trial(Mastering()), {})

    good = toy_clip(Recipe(model="toy", revision=None, adapter_version=1, base_seed=0, take=1))
    assert reject_reason(good) is None
    for broken in (
        np.zeros_like(good.samples),
        good.samples * np.float32(np.nan),
        np.clip(good.samples * 100, -1, 1),
        good.samples[:0],
    ):
        assert reject_reason(Clip(np.array(broken), good.sample_rate)) is not None
