"""What every installed adapter must do, the built-in ones and a third party's alike.

A new adapter is one row of `ROWS`: a small, fast sound of its model, and what has to stand in the project for it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from games import Game

from sfxgen.audio.clip import Clip
from sfxgen.catalog import installed
from sfxgen.contracts import Adapter, ModelInfo, Session, Surroundings
from sfxgen.errors import Cancelled, ManifestError
from sfxgen.events import Event, Notice, OnEvent, Sampling, ignore
from sfxgen.recipe import Recipe
from sfxgen.sound import MODEL_KEYS

if TYPE_CHECKING:
    from sfxgen.models.torch_session import TorchSession


@dataclass(frozen=True)
class Row:
    """One adapter's place in the contract.

    `sound` is what a manifest says of it, as YAML between braces; `save` writes what it needs into the project's folder.
    `seconds` is how long a take is, None where it is as long as it comes out. `varies` is whether seeds matter.
    """

    sound: str
    save: Callable[[Path], object] | None = None
    seconds: float | None = 0.5
    varies: bool = True
    steps: bool = True
    """Whether a take is made in steps, by torch: its progress is told, and its environment names the libraries."""
    quicken: Callable[[pytest.MonkeyPatch], None] | None = None
    """Patches away what costs most and decides nothing here."""


def _recording(root: Path) -> None:
    noise = np.random.default_rng(1).standard_normal(4000) * 0.1
    soundfile.write(root / "steps.wav", noise, 16000)


def _audioldm(root: Path) -> None:
    from tiny_models import save_tiny_audioldm

    save_tiny_audioldm(root / "weights/tiny")


def _audioldm2(root: Path) -> None:
    from tiny_audioldm2 import save_tiny_audioldm2

    save_tiny_audioldm2(root / "weights/tiny")


def _musicldm(root: Path) -> None:
    from tiny_musicldm import save_tiny_musicldm

    save_tiny_musicldm(root / "weights/tiny")


def _stable_audio(root: Path) -> None:
    from tiny_stable_audio import save_tiny_stable_audio

    save_tiny_stable_audio(root / "weights/tiny")


def _stable_audio3(root: Path) -> None:
    from tiny_stable_audio import save_tiny_stable_audio3

    save_tiny_stable_audio3(root / "weights/tiny")


def _riffusion(root: Path) -> None:
    from tiny_riffusion import save_tiny_riffusion

    save_tiny_riffusion(root / "weights/tiny")


def _riffusion_quickly(patched: pytest.MonkeyPatch) -> None:
    patched.setattr("sfxgen.models.riffusion_picture.ROUNDS", 1)  # of the search for phases


def _bark(root: Path) -> None:
    from tiny_bark import save_tiny_bark

    save_tiny_bark(root / "weights/tiny")


def _musicgen(root: Path) -> None:
    from tiny_musicgen import save_tiny_musicgen

    save_tiny_musicgen(root / "weights/tiny")


ROWS = {
    "synth": Row("model: synth, preset: coin", seconds=None, steps=False),
    "recording": Row(
        "model: recording, source: steps.wav", _recording, seconds=0.25, varies=False, steps=False
    ),
    "audioldm": Row("model: 'audioldm:weights/tiny', prompt: rain, steps: 3, duration_s: 0.5", _audioldm),
    "audioldm2": Row("model: 'audioldm2:weights/tiny', prompt: rain, steps: 3, duration_s: 0.5", _audioldm2),
    "stable_audio": Row(
        "model: 'stable_audio:weights/tiny', prompt: rain, steps: 3, duration_s: 0.5", _stable_audio
    ),
    "stable_audio3": Row(
        "model: 'stable_audio3:weights/tiny', prompt: rain, steps: 3, duration_s: 0.5", _stable_audio3
    ),
    "riffusion": Row(  # its pictures are large: in a dtype that is only emulated they take twice as long
        "model: 'riffusion:weights/tiny', prompt: rain, steps: 2, duration_s: 0.5, dtype: fp32",
        _riffusion,
        quicken=_riffusion_quickly,
    ),
    "bark": Row("model: 'bark:weights/tiny', say: Halt!, kind: dialog", _bark, seconds=None),
    "musicgen": Row("model: 'musicgen:weights/tiny', prompt: piano, duration_s: 0.3", _musicgen, seconds=0.3),
    "musicldm": Row("model: 'musicldm:weights/tiny', prompt: drums, steps: 3, duration_s: 0.5", _musicldm),
}
ELSEWHERE = {"exec", "tortoise"}
"""Those that are programs in an environment of their own: `test_exec` and `test_tortoise` are about them."""


@dataclass(frozen=True)
class Opened:
    """A model in memory, the recipes of a few takes of its sound, and these takes, made in one go."""

    name: str
    row: Row
    game: Game
    info: ModelInfo
    session: Session
    recipes: tuple[Recipe, ...]
    together: tuple[Clip, ...]

    def clips(self, *recipes: Recipe) -> list[Clip]:
        return made_by(self.session, recipes)


def loaded(info: ModelInfo, game: Game) -> Session:
    return (
        installed().adapters[info.adapter].load(info, Surroundings(game.root, device="cpu"), on_event=ignore)
    )


def made_by(session: Session, recipes: Iterable[Recipe], on_event: OnEvent = ignore) -> list[Clip]:
    return list(session.generate(tuple(recipes), on_event=on_event, cancelled=lambda: False))


def write_sound(game: Game, text: str) -> None:
    game.manifest(f"sounds:\n  one: {{ {text} }}\n")


@pytest.fixture(scope="module", params=sorted(ROWS))
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    name, row = request.param, ROWS[request.param]
    if row.steps:
        for needed in ("torch", "diffusers", "transformers"):
            if find_spec(needed) is None:
                pytest.skip(f"needs sfxgen[models]: {needed} is not installed")
    folder = tmp_path_factory.mktemp(name)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SFXGEN_STORE", str(folder / "store"))
        if row.steps:  # as for single tests in conftest
            patched.setattr("sfxgen.models.torch_session.runs_fast", lambda device, dtype: True)
        if row.quicken is not None:
            row.quicken(patched)
        game = Game(folder / "game")
        if row.save is not None:
            row.save(game.root)
        write_sound(game, row.sound + (", variants: 3" if row.varies else ""))
        makes = [wanted.final for wanted in game.open().wanted]
        info, recipes = makes[0].model, tuple(make.recipe for make in makes)
        session = loaded(info, game)
        yield Opened(name, row, game, info, session, recipes, tuple(made_by(session, recipes)))
        session.close()


def test_every_installed_adapter_has_its_row() -> None:
    ours = {
        name
        for name, adapter in installed().adapters.items()
        if type(adapter).__module__.startswith("sfxgen.")
    }
    assert ours - ELSEWHERE == set(ROWS)


@pytest.mark.parametrize("name", sorted(installed().adapters))
def test_an_adapter_is_known_without_loading_anything(name: str) -> None:
    adapter: Adapter = installed().adapters[name]
    assert adapter.name == name
    assert adapter.version >= 1
    assert isinstance(adapter.param_schema(), dict)
    for info in adapter.models:
        assert info.adapter == name
        assert info.max_duration_s > 0
        assert info.licence
        assert info.accepts <= set(MODEL_KEYS)
        assert set(info.defaults) <= info.accepts
        assert info.summary


def test_no_light_face_imports_anything_heavy() -> None:
    code = (
        "import sys; from sfxgen.catalog import installed\n"
        "for adapter in installed().adapters.values():\n"
        "    for info in adapter.models:\n"
        "        list(adapter.complaints(info, dict(info.defaults), kind='one_shot'))\n"
        "heavy = ('torch', 'numpy', 'diffusers', 'transformers', 'huggingface_hub', 'scipy')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_takes_come_in_order_from_their_seeds_at_the_model_s_rate(opened: Opened) -> None:
    clips = opened.together
    assert len(clips) == len(opened.recipes)
    if opened.row.varies:
        assert len({clip.samples.tobytes() for clip in clips}) == len({r.seed for r in opened.recipes}) == 3
    for clip in clips:
        assert clip.samples.dtype == np.float32
        assert np.isfinite(clip.samples).all()
        assert np.abs(clip.samples).max() > 0.001
        if opened.info.sample_rate:
            assert (clip.sample_rate, clip.channels) == (opened.info.sample_rate, opened.info.channels)
        if opened.row.seconds is not None:
            assert clip.frames == round(opened.row.seconds * clip.sample_rate)


def test_a_take_has_the_same_bits_alone_and_in_any_company(opened: Opened) -> None:
    first, last = opened.together[0], opened.together[-1]
    (alone,) = opened.clips(opened.recipes[-1])
    np.testing.assert_array_equal(alone.samples, last.samples)
    backwards = opened.clips(*(opened.recipes[-1], opened.recipes[0]))
    np.testing.assert_array_equal(backwards[0].samples, last.samples)
    np.testing.assert_array_equal(backwards[-1].samples, first.samples)


@pytest.fixture(scope="module")
def batched(opened: Opened) -> Iterator[TorchSession]:
    """The model once more, with batches of several rows: as on a GPU, while a CPU has one take at a time."""
    if not opened.row.steps:
        pytest.skip("a take is made by itself")
    from sfxgen.models.torch_session import TorchSession

    session = loaded(opened.info, opened.game)
    assert isinstance(session, TorchSession)
    session._batch = 3
    yield session
    session.close()


def test_a_take_has_the_same_bits_anywhere_in_a_batch(opened: Opened, batched: TorchSession) -> None:
    recipes = opened.recipes
    together = made_by(batched, recipes)
    assert batched.environment["batch"] == "3"
    for recipe, clip in zip(recipes, together, strict=True):
        np.testing.assert_array_equal(made_by(batched, [recipe])[0].samples, clip.samples)
    for clip, again in zip(together, reversed(made_by(batched, reversed(recipes))), strict=True):
        np.testing.assert_array_equal(again.samples, clip.samples)
    strangers = [other_words(replace(recipe, attempt=9)) for recipe in recipes[1:]]
    np.testing.assert_array_equal(
        made_by(batched, [strangers[0], recipes[0], strangers[1]])[1].samples, together[0].samples
    )


def other_words(recipe: Recipe) -> Recipe:
    """Return a take of the same shape that says, or hears, something else."""
    if "say" in recipe.params:
        return replace(recipe, params={**recipe.params, "say": "Who goes there?"})
    return replace(recipe, prompt="a choir of frogs, far away")


def test_a_batch_has_the_sounds_of_the_takes_one_by_one(opened: Opened, batched: TorchSession) -> None:
    """Another batch size rounds otherwise: up to 8e-6 of the peak here, where another seed changes all of it."""
    recipes = [replace(recipe, dtype="fp32") for recipe in opened.recipes]
    for one, many in zip(opened.clips(*recipes), made_by(batched, recipes), strict=True):
        closeness = 256 * float(np.finfo(np.float32).eps * np.abs(one.samples).max())
        np.testing.assert_allclose(many.samples, one.samples, rtol=0, atol=closeness)


def test_out_of_memory_is_answered_by_smaller_batches(
    opened: Opened, batched: TorchSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(batched, "_batch", 2)
    expected = made_by(batched, opened.recipes)
    runner = type(batched._loaded())
    run, asked = runner.run, list[int]()

    def too_big_at_first(self: Any, takes: Any, shape: Any, rows: int, **told: Any) -> Any:
        asked.append(rows)
        if len(asked) == 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return run(self, takes, shape, rows, **told)

    monkeypatch.setattr(runner, "run", too_big_at_first)
    monkeypatch.setattr(batched, "_batch", 4)
    monkeypatch.setattr(batched, "_fitting", {})
    heard: list[Event] = []
    clips = made_by(batched, opened.recipes, heard.append)
    for clip, wanted in zip(clips, expected, strict=True):
        np.testing.assert_array_equal(clip.samples, wanted.samples)
    assert asked == [4, 2, 2]
    assert batched.environment["batch"] == "2"
    (notice,) = [event for event in heard if isinstance(event, Notice)]
    assert "out of memory with 4 takes at once, going on with 2" in notice.message
    made_by(batched, opened.recipes[:1])
    assert asked == [4, 2, 2, 2]  # what did not fit is not tried again


def test_progress_is_told_after_each_step_and_a_run_stops_between_two(opened: Opened) -> None:
    if not opened.row.steps:
        pytest.skip("a take is made in one go")
    heard: list[Event] = []
    list(opened.session.generate(opened.recipes[:1], on_event=heard.append, cancelled=lambda: False))
    told = [event for event in heard if isinstance(event, Sampling)]
    assert [event.step for event in told] == list(range(1, len(told) + 1))
    assert len(told) > 1
    if opened.row.seconds is not None:  # else it may have said all before the last step
        assert len(told) == told[0].steps
    heard.clear()
    with pytest.raises(Cancelled):
        list(
            opened.session.generate(opened.recipes[:1], on_event=heard.append, cancelled=lambda: bool(heard))
        )
    assert len(heard) == 1


def test_a_run_that_is_cancelled_before_it_starts_makes_nothing(opened: Opened) -> None:
    with pytest.raises(Cancelled):
        next(iter(opened.session.generate(opened.recipes, on_event=ignore, cancelled=lambda: True)))


def test_the_environment_names_what_decides_the_bits(opened: Opened) -> None:
    environment = dict(opened.session.environment)
    assert all(isinstance(key, str) and isinstance(value, str) for key, value in environment.items())
    if opened.row.steps:
        assert {"torch", "device", "dtype", "batch", "threads"} <= environment.keys()


def refused(game: Game, text: str) -> list[str]:
    """Return the keys that a manifest is refused for."""
    write_sound(game, text)
    with pytest.raises(ManifestError) as caught:
        game.open()
    return [mistake.where for mistake in caught.value.mistakes]


@pytest.mark.parametrize(
    ("key", "value"),
    [("negative", "music"), ("guidance", 3), ("steps", 3), ("say", "Halt!"), ("tempo_bpm", 90)],
)
def test_a_key_that_the_model_does_not_take_is_refused(opened: Opened, key: str, value: object) -> None:
    if key in opened.info.accepts:
        pytest.skip("it takes it")
    assert [k.split(".")[-1] for k in refused(opened.game, f"{opened.row.sound}, {key}: {value}")] == [key]


def test_a_take_that_is_too_long_is_refused_before_anything_loads(opened: Opened) -> None:
    if "duration_s" not in opened.info.accepts:
        pytest.skip("it is as long as it is")
    sound = ", ".join(part for part in opened.row.sound.split(", ") if not part.startswith("duration_s"))
    too_long = opened.info.max_duration_s + 1
    assert [k.split(".")[-1] for k in refused(opened.game, f"{sound}, duration_s: {too_long}")] == [
        "duration_s"
    ]


def test_another_seed_is_another_take(opened: Opened) -> None:
    if opened.row.varies:
        (other,) = opened.clips(replace(opened.recipes[0], attempt=1))
        assert not np.array_equal(opened.together[0].samples, other.samples)
