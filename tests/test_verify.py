"""Verify: identical, within tolerance or different, and nothing that is touched."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from games import RATE, Game, ToyModel

from sfxgen.audio.clip import Clip
from sfxgen.cli import main
from sfxgen.errors import BugError, Cancelled, ModelError, ProjectError
from sfxgen.events import OnEvent
from sfxgen.recipe import Recipe
from sfxgen.verify import TOLERANCE_DB, Verification, Verified, difference_db, verify
from sfxgen.workspace import Options


class OtherMachine(ToyModel):
    """The toy model where every sample comes out a little, or much, different; or all softer, or with silence behind."""

    off = 0.0
    gain = 1.0
    longer_s = 0.0

    def generate(
        self, recipes: Sequence[Recipe], *, on_event: OnEvent, cancelled: Callable[[], bool]
    ) -> Iterator[Clip]:
        for recipe, clip in zip(
            recipes, super().generate(recipes, on_event=on_event, cancelled=cancelled), strict=True
        ):
            noise = np.random.default_rng(recipe.seed + 1).uniform(-1, 1, clip.samples.shape)
            samples = self.gain * clip.samples * (1 + self.off * noise)
            silence = np.zeros((round(self.longer_s * RATE), 1))
            yield Clip(np.concatenate([samples, silence]).astype(np.float32), clip.sample_rate)


def on_another_machine(
    game: Game, off: float, *, gain: float = 1.0, longer_s: float = 0.0, **environment: str
) -> None:
    """Let the toy model run elsewhere from now on: each sample off by such a share at most."""
    toy = OtherMachine(environment={"toy": "1", **environment})
    toy.off, toy.gain, toy.longer_s = off, gain, longer_s
    game.toy = toy
    game.catalog = replace(game.catalog, adapters={**game.catalog.adapters, "toy": toy})


def verified(game: Game, *only: str, **values: Any) -> Verification:
    game.toy.made.clear()
    return verify(game.root, game.catalog, Options(only=only, **values))


def one(found: Verification, asset: str) -> Verified:
    (match,) = [each for each in found.assets if each.ref[1] == asset]
    return match


def state(*folders: Path) -> dict[str, tuple[int, bytes]]:
    """Every file and folder below some folders, with its time stamp."""
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for folder in folders
        for path in [folder, *folder.rglob("*")]
    }


EVERYTHING = """
step: { prompt: a step, variants: 2 }
hits: { prompt: walk on, duration_s: 4, harvest: 3, variants: 3 }
stack: { layers: [{ prompt: one }, { prompt: two, pitch_st: -2 }] }
bed: { kind: loop, prompt: texture of rain, duration_s: 3 }
long: { kind: loop, prompt: texture of wind, duration_s: 4, take_s: 2 }
held: { prompt: frozen one, frozen: true }
lossy: { prompt: an ogg, encode: { format: ogg } }
again: { prompt: silent at first }
ui/coin: { model: synth, preset: coin }
voice: { model: recording, source: raw/voice.wav }
"""


@pytest.fixture
def built(game: Game) -> Game:
    (game.root / "raw").mkdir()
    tone = 0.3 * np.sin(2 * np.pi * 330 * np.arange(RATE) / RATE) * np.linspace(1, 0, RATE)
    soundfile.write(game.root / "raw/voice.wav", tone, RATE)
    game.sounds(EVERYTHING)
    assert game.build().exit_code == 0
    return game


def test_the_same_machine_makes_the_same_bytes_of_everything(built: Game, own_store: Path) -> None:
    before = state(built.root, own_store)
    found = verified(built)
    assert {asset.ref[1]: asset.verdict for asset in found.assets} == {
        name: "identical" for _, name in built.lock().assets
    }
    assert len(found.assets) == 13
    assert found.exit_code == 0
    assert found.environment == {}
    assert ("a step", 1) in built.toy.made, "it was made, not read from the store"
    assert state(built.root, own_store) == before


def test_a_take_that_needed_another_attempt_is_made_by_that_attempt_alone(built: Game) -> None:
    assert built.lock().assets["unity", "again_01"].attempts == 2
    assert one(verified(built, "again"), "again_01").verdict == "identical"
    assert built.toy.made == [("silent at first", 1)]


def test_a_bug_is_told_by_its_exit_code() -> None:
    bug = Verified(
        ref=("unity", "a"), record=None, verdict="unavailable", error=BugError(ZeroDivisionError("x"))
    )
    other = Verified(ref=("unity", "b"), record=None, verdict="different")
    assert Verification(Path(), (other, bug)).exit_code == BugError.exit_code == 70
    assert Verification(Path(), (other,)).exit_code == 1


class LongAtFirst(ToyModel):
    """The toy model, which is too long until a stack is laid of other seeds."""

    def generate(
        self, recipes: Sequence[Recipe], *, on_event: OnEvent, cancelled: Callable[[], bool]
    ) -> Iterator[Clip]:
        clips = super().generate(recipes, on_event=on_event, cancelled=cancelled)
        for recipe, clip in zip(recipes, clips, strict=True):
            samples = clip.samples.copy()
            if recipe.base_seed:
                samples[RATE // 10 :] = 0
            yield Clip(samples, clip.sample_rate)


def test_a_stack_that_was_laid_again_is_laid_again(game: Game) -> None:
    game.toy = LongAtFirst()
    game.catalog = replace(game.catalog, adapters={**game.catalog.adapters, "toy": game.toy})
    game.sounds("a: { layers: [{ prompt: texture, duration_s: 1 }], gates: { longest_s: 0.5 } }")
    assert game.build().exit_code == 0
    assert game.lock().assets["unity", "a_01"].attempts == 2
    assert one(verified(game), "a_01").verdict == "identical"


@pytest.mark.parametrize("off", [1e-6, 1e-4])
def test_what_nobody_hears_is_within_tolerance(built: Game, off: float) -> None:
    on_another_machine(built, off, device="another")
    found = verified(built, "step", "hits", "stack", "bed", "long", "held", "lossy")
    counts = found.counts()
    assert (counts["different"], counts["unavailable"]) == (0, 0), found.assets
    assert counts["tolerated"] > 0
    assert found.exit_code == 0
    step = one(found, "step_01")
    if step.verdict == "tolerated":
        assert step.difference_db is not None
        assert step.difference_db <= TOLERANCE_DB
    assert found.environment == {"device": {(None, "another")}}


def test_what_is_heard_is_different(built: Game) -> None:
    on_another_machine(built, 0.05)
    found = verified(built, "step", "bed")
    step = one(found, "step_01")
    assert step.verdict == "different"
    assert step.difference_db is not None
    assert -40 < step.difference_db < -20
    assert "dB re its peak" in step.reason
    assert found.exit_code == 1


@pytest.mark.parametrize(("off", "verdict"), [(3e-4, "tolerated"), (3e-3, "different")])
def test_the_tolerance_is_60_db_below_the_peak(game: Game, off: float, verdict: str) -> None:
    game.sounds("a: { prompt: texture, master: { trim: false } }")
    game.build()
    on_another_machine(game, off, device="another")
    found = one(verified(game), "a_01")
    assert found.verdict == verdict
    assert found.difference_db == pytest.approx(20 * np.log10(off), abs=6)
    assert found.environment == {"device": (None, "another")}


@pytest.mark.parametrize(("gain", "verdict"), [(0.99, "tolerated"), (0.9, "different")])
def test_a_lossy_file_keeps_its_loudness(game: Game, gain: float, verdict: str) -> None:
    game.sounds("a: { prompt: texture, duration_s: 1, encode: { format: ogg }, loudness: measure }")
    game.build()
    on_another_machine(game, 0.0, gain=gain)
    found = one(verified(game), "a_01")
    assert found.verdict == verdict
    assert found.likeness is not None
    assert found.likeness > 0.99, "it is the same sound, and softer"


def test_a_lossy_file_with_a_third_of_noise_in_it_is_different(game: Game) -> None:
    game.sounds("a: { prompt: a step, encode: { format: ogg } }")
    game.build()
    on_another_machine(game, 0.3)
    found = one(verified(game), "a_01")
    assert found.verdict == "different"
    assert found.likeness is not None
    assert 0.9 < found.likeness < 0.98, "much nearer than another seed"


@pytest.mark.parametrize(("longer_s", "verdict"), [(0.015, "tolerated"), (0.05, "different")])
def test_a_file_keeps_its_length(game: Game, longer_s: float, verdict: str) -> None:
    game.sounds("a: { prompt: a step, master: { trim: false } }")
    game.build()
    on_another_machine(game, 0.0, longer_s=longer_s)
    found = one(verified(game), "a_01")
    assert found.verdict == verdict
    assert ("frames of 1 at" in found.reason) == (verdict == "different")


def test_another_sound_in_a_lossy_file_is_different(built: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recipe, "seed", property(lambda recipe: 77))
    lossy = one(verified(built, "lossy"), "lossy_01")
    assert lossy.verdict == "different"
    assert lossy.likeness is not None
    assert lossy.likeness < 0.9


def test_a_lossy_file_has_its_own_tolerance(built: Game) -> None:
    on_another_machine(built, 1e-3)
    lossy = one(verified(built, "lossy"), "lossy_01")
    assert lossy.verdict == "tolerated"
    assert lossy.difference_db is not None
    assert lossy.likeness is not None
    assert lossy.difference_db > TOLERANCE_DB, "the encoder enlarged it"
    assert lossy.likeness > 0.98


def test_environments_are_compared_even_where_the_bytes_agree(built: Game) -> None:
    built.toy.environment = {"toy": "2"}
    step = one(verified(built, "step"), "step_01")
    assert step.verdict == "identical"
    assert step.environment == {"toy": ("1", "2")}


def test_a_model_that_cannot_run_leaves_its_sounds_untold_and_no_others(built: Game) -> None:
    built.toy.missing = True
    found = verified(built)
    assert one(found, "step_01").verdict == "unavailable"
    assert one(found, "step_01").reason == "toy is not here"
    assert one(found, "step_01").hint == "wind it up"
    assert one(found, "ui/coin_01").verdict == "identical"
    assert one(found, "voice_01").verdict == "identical"
    assert found.exit_code == 3


def test_a_difference_weighs_more_than_what_could_not_be_told(built: Game) -> None:
    on_another_machine(built, 0.05)
    (built.root / "raw/voice.wav").write_bytes(b"no audio any more")
    found = verified(built, "step", "voice")
    assert {asset.verdict for asset in found.assets} == {"different", "unavailable"}
    assert found.exit_code == 1


def test_drafts_are_drafted_again(game: Game) -> None:
    game.toy.missing = True
    game.sounds("step: { prompt: footstep on gravel }")
    game.build(draft=True)
    found = one(verified(game), "step_01")
    assert (found.verdict, found.record and found.record.draft) == ("identical", True)


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ("step: { prompt: another }", "its recipe is not the lock's"),
        ("step: { prompt: a step, loudness_lufs: -30 }", "its mastering is not the lock's"),
        ("step: { prompt: a step, encode: { bit_depth: 24 } }", "its encoding is not the lock's"),
        ("other: { prompt: a step }", "no manifest names it any more"),
    ],
)
def test_what_the_manifests_changed_is_not_compared(game: Game, manifest: str, reason: str) -> None:
    game.sounds("step: { prompt: a step }")
    game.build()
    game.sounds(manifest)
    found = verified(game)
    assert one(found, "step_01").verdict == "unavailable"
    assert one(found, "step_01").reason.startswith(reason)
    assert game.toy.made == []
    assert found.exit_code == 3


def test_a_frozen_sound_of_another_recipe_cannot_be_made(game: Game) -> None:
    game.sounds("a: { prompt: one, frozen: true }")
    game.build()
    game.sounds("a: { prompt: two, frozen: true }")
    found = one(verified(game), "a_01")
    assert found.verdict == "unavailable"
    assert "frozen" in found.reason
    assert found.hint.startswith("nothing is lost")


def test_the_lock_s_bytes_are_looked_for_in_the_game_and_in_the_store(built: Game, own_store: Path) -> None:
    on_another_machine(built, 1e-4)
    built.path("step_01").unlink()
    assert one(verified(built, "step"), "step_01").verdict in ("tolerated", "identical")
    shutil.rmtree(own_store)
    gone = one(verified(built, "step"), "step_01")
    assert gone.verdict == "unavailable"
    assert "neither in the game nor in the store" in gone.reason
    assert not own_store.exists()


def test_what_was_edited_by_hand_is_not_what_is_compared(built: Game) -> None:
    built.path("step_01").write_bytes(b"somebody's own")
    assert one(verified(built, "step"), "step_01").verdict == "identical"
    assert built.path("step_01").read_bytes() == b"somebody's own"
    on_another_machine(built, 1e-4)
    shutil.copy(built.path("ui/coin_01"), built.path("step_01"))
    assert one(verified(built, "step"), "step_01").verdict == "tolerated", "compared with the store's copy"


def test_a_damaged_store_is_left_as_it_is(built: Game, own_store: Path) -> None:
    on_another_machine(built, 1e-4)
    record = built.lock().assets["unity", "step_01"]
    (own_store / "blobs" / record.digest[:2] / record.digest).write_bytes(b"rotten")
    built.path("step_01").unlink()
    before = state(own_store)
    assert one(verified(built, "step"), "step_01").verdict == "unavailable"
    assert state(own_store) == before


def test_one_failure_stops_no_other(game: Game) -> None:
    game.sounds("a: { prompt: one }\nb: { prompt: two }")
    game.build()

    def break_down(recipes: Sequence[Recipe], **_: Any) -> Iterator[Clip]:
        for recipe in recipes:
            if recipe.prompt == "one":
                raise ModelError("a spring came off")
            yield from ToyModel().generate([recipe], on_event=lambda _e: None, cancelled=lambda: False)

    game.toy.generate = break_down  # type: ignore[method-assign]
    found = verified(game)
    assert {a.ref[1]: a.verdict for a in found.assets} == {"a_01": "unavailable", "b_01": "identical"}
    assert one(found, "a_01").reason == "a spring came off"


def test_only_looks_at_the_named_sounds(built: Game) -> None:
    found = verified(built, "ui/*")
    assert [asset.ref[1] for asset in found.assets] == ["ui/coin_01"]
    with pytest.raises(ProjectError, match="finds no sound"):
        verified(built, "nothing")


def test_it_can_be_stopped(built: Game) -> None:
    found = verify(built.root, built.catalog, cancelled=lambda: True)
    assert found.cancelled
    assert found.exit_code == Cancelled.exit_code


def test_a_difference_is_measured_against_the_peak() -> None:
    a = Clip(np.array([[0.5], [0.0]], np.float32), RATE)
    assert difference_db(a, Clip(np.array([[0.5], [0.005]], np.float32), RATE)) == pytest.approx(
        -40, abs=0.01
    )
    assert difference_db(a, a) == -200
    silent = Clip(np.zeros((2, 1), np.float32), RATE)
    assert difference_db(silent, a) == 0.0


def test_a_real_model_makes_the_same_bits_again(game: Game) -> None:
    torch = pytest.importorskip("torch", reason="needs sfxgen[models]")
    for name in ("diffusers", "transformers"):
        pytest.importorskip(name, reason=f"needs sfxgen[models]: {name} is not installed")
    from tiny_models import save_tiny_audioldm

    save_tiny_audioldm(game.root / "weights/tiny")
    game.manifest(
        "defaults: { model: 'audioldm:weights/tiny', duration_s: 0.5, steps: 2 }\n"
        "sounds:\n  step: { prompt: a footstep, variants: 2 }\n  both: { layers: [{ prompt: a }, { prompt: b }] }\n"
    )
    assert game.build(device="cpu").exit_code == 0
    found = verified(game, device="cpu")
    assert found.counts() == {"identical": 3, "tolerated": 0, "different": 0, "unavailable": 0}
    assert found.environment == {}
    lock = game.root / "sfxgen.lock"
    lock.write_text(lock.read_text().replace(f'"torch": "{torch.__version__}"', '"torch": "0.1"'))
    assert verified(game, device="cpu").environment == {"torch": {("0.1", torch.__version__)}}
    (game.root / "weights/tiny/unet/diffusion_pytorch_model.safetensors").unlink()
    gone = verified(game, device="cpu")
    assert {asset.verdict for asset in gone.assets} == {"unavailable"}


# --- the command line -------------------------------------------------------------------------------


def run(game: Game, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(importlib.import_module("sfxgen.cli.verify"), "installed", lambda: game.catalog)
    monkeypatch.chdir(game.root)
    with pytest.raises(SystemExit) as ended:
        main(["verify", *arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_the_command_counts_and_names_the_environment(
    built: Game, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(built, monkeypatch) == 0
    assert capsys.readouterr().out == "13 assets: 13 identical\n"
    on_another_machine(built, 0.05, toy="2")
    assert run(built, monkeypatch, "--only", "step") == 1
    out = capsys.readouterr().out
    assert "different         step_01" in out
    assert "2 assets: 2 different" in out
    assert "toy: 1 in the lock, 2 here" in out


def test_the_json_of_verify(
    built: Game, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    built.toy.missing = True
    built.toy.environment = {"toy": "2"}
    assert run(built, monkeypatch, "--json", "--only", "step", "--only", "ui/*") == 3
    said = json.loads(capsys.readouterr().out)
    assert said["counts"] == {"identical": 1, "tolerated": 0, "different": 0, "unavailable": 2}
    assert said["exit_code"] == 3
    step = next(asset for asset in said["assets"] if asset["asset"] == "step_01")
    assert (step["verdict"], step["reason"], step["model"]) == (
        "unavailable",
        "toy is not here",
        "toy:weights",
    )


def test_an_empty_game_has_nothing_to_verify(
    game: Game, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    game.sounds("step: { prompt: a step, variants: 3 }")
    assert run(game, monkeypatch) == 3
    out = capsys.readouterr().out
    assert out.count("the lock does not have it") == 3
    assert out.count("hint:") == 1
