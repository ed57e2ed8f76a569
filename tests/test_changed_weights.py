"""Weights that change while a build runs: no take is recorded under a revision that its files had before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from games import Game, ToyModel
from test_candidates import Ranked4, ranked

from sfxgen.contracts import ModelInfo, Session, Surroundings
from sfxgen.errors import ModelError
from sfxgen.events import OnEvent, ignore
from sfxgen.models.audioldm import adapter as audioldm
from sfxgen.models.weights import folder_digest
from sfxgen.sessions import Sessions

__all__ = ["ranked"]  # a fixture


@dataclass
class FolderToy(ToyModel):
    """A toy whose revision is what its file in the project says, which somebody may write in between."""

    before_load: Callable[[], object] = lambda: None
    in_load: Callable[[], object] = lambda: None
    closed: int = 0

    def revision(self, info: ModelInfo, around: Surroundings) -> str | None:
        file = around.root / "weights.txt"
        return file.read_text() if file.exists() else None

    def unavailable(self, info: ModelInfo, around: Surroundings) -> None:
        self.before_load()

    def load(self, info: ModelInfo, around: Surroundings, *, on_event: OnEvent) -> Session:
        self.in_load()
        return super().load(info, around, on_event=on_event)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def toy(game: Game) -> FolderToy:
    toy = FolderToy()
    game.toy = toy
    game.catalog.adapters["toy"] = toy  # type: ignore[index]
    (game.root / "weights.txt").write_text("one")
    game.sounds("a: { prompt: a, variants: 2 }\nclick: { model: synth, preset: click }")
    return toy


@pytest.mark.parametrize(("when", "loads"), [("before_load", 0), ("in_load", 1)])
def test_weights_that_change_before_or_while_they_load_make_no_take(
    game: Game, toy: FolderToy, when: str, loads: int
) -> None:
    setattr(toy, when, lambda: (game.root / "weights.txt").write_text("two"))
    report = game.build()
    assert {failure.name for failure in report.failures} == {"a_01", "a_02"}
    for failure in report.failures:
        assert isinstance(failure.error, ModelError)
        assert failure.error.message.startswith("toy: its files are not those that were planned with")
        assert failure.error.hint == "once they are all in place, build again"
    assert (toy.made, toy.loads, toy.closed) == ([], loads, loads)
    assert list(game.lock().assets) == [("unity", "click_01")]
    assert not game.build().failures
    assert game.lock().assets["unity", "a_01"].revision == "two"


def test_weights_that_come_while_a_build_runs_wait_for_the_next_one(game: Game, toy: FolderToy) -> None:
    (game.root / "weights.txt").unlink()
    toy.before_load = lambda: (game.root / "weights.txt").write_text("one")
    assert len(game.build().failures) == 2
    assert not game.build().failures
    assert game.lock().assets["unity", "a_01"].revision == "one"


def test_a_ranker_s_weights_are_looked_at_too(ranked: Ranked4) -> None:
    sessions = Sessions()
    around, info = Surroundings(ranked.game.root), ranked.ranker.info("x")
    with pytest.raises(ModelError, match="are not those that were planned with"):
        sessions.ranker(ranked.ranker, info, "another", around, ignore)
    sessions.ranker(ranked.ranker, info, "c1", around, ignore)
    sessions.close()


def test_a_folder_of_the_project_has_another_revision_once_a_file_of_it_changed(tmp_path: Path) -> None:
    folder = tmp_path / "weights/mine"
    (folder / "unet").mkdir(parents=True)
    (folder / "model_index.json").write_text('{"unet": ["diffusers", "UNet2DConditionModel"]}')
    (folder / "unet/config.json").write_text("{}")
    (folder / "unet/diffusion_pytorch_model.safetensors").write_bytes(b"first")
    info, around = audioldm.info("weights/mine"), Surroundings(tmp_path)
    first = audioldm.revision(info, around)
    assert first == folder_digest(folder)
    (folder / "unet/diffusion_pytorch_model.safetensors").write_bytes(b"other")
    assert audioldm.revision(info, around) not in (first, None)
