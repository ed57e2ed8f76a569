"""CLAP as the ranker of candidates: its score is transformers' own, and its folder is read with care."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr
from games import Game, toy_clip
from tiny_clap import MOST_TOKENS, WINDOW_S, save_tiny_clap

from sfxgen.audio.clip import Clip, mono
from sfxgen.build import build
from sfxgen.contracts import Surroundings
from sfxgen.errors import ModelError, ModelUnavailable
from sfxgen.events import ModelLoading, ignore
from sfxgen.models.clap import ranker
from sfxgen.workspace import Options

torch = pytest.importorskip("torch", reason="needs sfxgen[models]: torch, diffusers, transformers")
pytest.importorskip("diffusers", reason="needs sfxgen[models]: torch, diffusers, transformers")

RATE = 48_000
TEXT = "rain on a roof"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("clap")
    save_tiny_clap(root / "tiny")
    save_tiny_clap(root / "fused", seed=1, fused=True)
    return root


@pytest.fixture
def project(weights: Path, tmp_path: Path) -> Path:
    shutil.copytree(weights / "tiny", tmp_path / "p/weights/clap")
    return tmp_path / "p"


def session(folder: Path) -> Any:
    from sfxgen.models.clap_session import ClapSession

    return ClapSession(folder, model="clap", device="cpu")


def noise(seconds: float, seed: int = 0, rate: int = RATE) -> Clip:
    frames = round(seconds * rate)
    samples = (
        0.1 * np.random.default_rng(seed).standard_normal(frames) * np.exp(-np.arange(frames) / (0.2 * rate))
    )
    return mono(samples, rate)


def cosine(folder: Path, samples: np.ndarray, text: str = TEXT) -> float:
    """The similarity that transformers itself comes to: of what fits into the model's window."""
    from transformers import ClapModel, ClapProcessor

    model, processor = ClapModel.from_pretrained(folder).eval(), ClapProcessor.from_pretrained(folder)
    tokens = processor.tokenizer([text], padding=True, return_tensors="pt")
    features = processor.feature_extractor(samples, sampling_rate=RATE, return_tensors="pt")
    with torch.inference_mode():
        said = model.get_text_features(**tokens).pooler_output
        heard = model.get_audio_features(**features).pooler_output
    return float(torch.nn.functional.cosine_similarity(said, heard))


# --- the score --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tiny", "fused"])
@pytest.mark.parametrize("seconds", [0.05, 0.3, 0.7, WINDOW_S])
def test_the_score_is_transformers_own_cosine(name: str, seconds: float, weights: Path) -> None:
    clip, folder = noise(seconds), weights / name
    score = session(folder).score(clip, TEXT)
    assert score == pytest.approx(cosine(folder, clip.samples[:, 0]), abs=1e-6)
    assert abs(score) < 1


def test_scores_tell_texts_and_sounds_apart(weights: Path) -> None:
    clap = session(weights / "tiny")
    clips = [noise(0.5, seed) for seed in range(4)] + [noise(0.1)]
    scores = {
        (n, text): clap.score(clip, text) for n, clip in enumerate(clips) for text in (TEXT, "a dog", "x")
    }
    assert len({round(score, 6) for score in scores.values()}) == len(scores)


def test_another_rate_and_two_channels_are_brought_to_the_model_s(weights: Path) -> None:
    left, right = noise(0.4, 1, 16_000).samples[:, 0], noise(0.4, 1, 16_000).samples[:, 0]
    clip = Clip(np.stack([left, 0.5 * right], axis=1), 16_000)
    own = soxr.resample(0.75 * left, 16_000, RATE, quality="HQ")
    assert session(weights / "tiny").score(clip, TEXT) == pytest.approx(
        cosine(weights / "tiny", own), abs=1e-5
    )


@pytest.mark.parametrize("name", ["tiny", "fused"])
def test_what_is_longer_is_heard_whole_in_windows_and_never_at_random(name: str, weights: Path) -> None:
    clip, folder = noise(2.3 * WINDOW_S), weights / name
    most, samples = WINDOW_S * RATE, clip.samples[:, 0]
    windows = [samples[:most], samples[most : 2 * most], samples[-most:]]
    expected = np.mean([cosine(folder, window) for window in windows])
    clap, scores = session(folder), []
    for seed in range(3):
        np.random.seed(seed)
        scores.append(clap.score(clip, TEXT))
    assert scores[0] == pytest.approx(expected, abs=1e-6)
    assert len(set(scores)) == 1


def test_a_clip_s_score_does_not_depend_on_its_company(weights: Path) -> None:
    clap, clips = session(weights / "tiny"), [noise(0.2 + 0.1 * n, n) for n in range(4)]
    forwards = [clap.score(clip, TEXT) for clip in clips]
    backwards = [clap.score(clip, TEXT) for clip in clips[::-1]]
    assert forwards == backwards[::-1]
    assert [session(weights / "tiny").score(clip, TEXT) for clip in clips] == forwards


def test_of_a_text_longer_than_it_hears_the_start_counts(weights: Path) -> None:
    clap, clip = session(weights / "tiny"), noise(0.5)
    heard = "a" * (MOST_TOKENS - 2 - 1)  # its start and end are tokens, too, and padding takes a position
    assert clap.score(clip, heard + "b" * 500) == pytest.approx(clap.score(clip, heard + "b" * 50), abs=0)
    assert clap.score(clip, heard) != clap.score(clip, "a")


# --- loading ----------------------------------------------------------------------------------------


def unavailable(project: Path, where: str = "weights/clap") -> ModelUnavailable | None:
    return ranker.unavailable(ranker.info(where), Surroundings(project))


def load(project: Path, where: str = "weights/clap") -> Any:
    return ranker.load(ranker.info(where), Surroundings(project), on_event=ignore)


def test_it_runs_where_there_is_no_gpu(project: Path) -> None:
    events: list[object] = []
    around = Surroundings(project)
    info = ranker.info("weights/clap")
    assert ranker.unavailable(info, around) is None
    ranker.load(info, around, on_event=events.append).close()
    (loading,) = events
    assert isinstance(loading, ModelLoading)
    assert loading.device in ("cpu", "cuda", "mps")


def test_its_revision_is_of_the_folder_s_content(project: Path, weights: Path) -> None:
    info, around = ranker.info("weights/clap"), Surroundings(project)
    before = ranker.revision(info, around)
    assert before is not None
    assert before.startswith("sha256:")
    settings = project / "weights/clap/processor_config.json"
    settings.write_text(settings.read_text().replace("48000", "44100"))
    after = ranker.revision(info, around)
    assert after != before
    shutil.rmtree(project / "weights")
    assert ranker.revision(info, around) is None
    assert ranker.revision(info, replace(around, pinned="sha256:old")) == "sha256:old"


@pytest.mark.parametrize(
    ("where", "gone", "said"),
    [
        ("laion/clap-htsat-unfused", (), "its weights are not on this machine"),
        ("weights/none at all", (), "there is no folder weights/none at all in the project"),
        ("../clap", (), "leads outside the project"),
        ("weights/clap", ("model.safetensors",), "its weights are incomplete: model.safetensors"),
        ("weights/clap", ("tokenizer.json",), "its weights are incomplete: tokenizer.json"),
        ("weights/clap", ("processor_config.json",), "its weights are incomplete: preprocessor_config.json"),
    ],
)
def test_what_is_missing_is_known_before_anything_loads(
    where: str, gone: tuple[str, ...], said: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(project / "hub"))
    for name in gone:
        (project / "weights/clap" / name).unlink()
    found = unavailable(project, where)
    assert found is not None
    assert said in found.message
    assert found.hint
    with pytest.raises(ModelUnavailable):
        load(project, where)


def test_another_model_s_folder_is_refused(project: Path) -> None:
    config = project / "weights/clap/config.json"
    config.write_text(config.read_text().replace('"ClapModel"', '"BarkModel"'))
    found = unavailable(project)
    assert found is not None
    assert "BarkModel" in found.message


def test_a_pickle_with_code_in_it_is_an_error_and_runs_nothing(project: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (project / "pwned",)

    folder = project / "weights/clap"
    (folder / "model.safetensors").unlink()
    torch.save({"logit_scale_a": Payload()}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(project)
    assert not (project / "pwned").exists()


def test_a_damaged_file_and_a_missing_parameter_are_errors(project: Path) -> None:
    from safetensors.torch import load_file, save_file

    file = project / "weights/clap/model.safetensors"
    tensors = load_file(file)
    del tensors["text_projection.linear1.weight"]
    save_file(tensors, file, metadata={"format": "pt"})
    with pytest.raises(ModelError, match="lack text_projection"):
        load(project)
    file.write_bytes(b"garbage" * 100)
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(project)


def test_weights_that_give_no_number_are_an_error(project: Path) -> None:
    from safetensors.torch import load_file, save_file

    file = project / "weights/clap/model.safetensors"
    tensors = load_file(file)
    tensors["audio_projection.linear2.weight"].fill_(torch.nan)
    save_file(tensors, file, metadata={"format": "pt"})
    with pytest.raises(ModelError, match="no number"):
        load(project).score(noise(0.5), TEXT)


def test_a_closed_session_says_so(project: Path) -> None:
    clap = load(project)
    clap.close()
    with pytest.raises(ModelError, match="closed"):
        clap.score(noise(0.1), TEXT)


def test_the_light_face_imports_nothing_heavy() -> None:
    code = "import sfxgen.models.clap, sys; print(*{'torch', 'numpy', 'transformers', 'soxr'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# --- the whole way ----------------------------------------------------------------------------------


def test_a_build_keeps_the_candidate_that_clap_finds_nearest(game: Game, weights: Path) -> None:
    shutil.copytree(weights / "tiny", game.root / "weights/clap")
    game.project("name: g\nengine: unity\nassets: Assets\nranker: weights/clap\ndevice: cpu\n")
    game.sounds(
        "a: { prompt: rain on a roof, candidates: 4, variants: 2 }\nb: { prompt: a dog, candidates: 2 }"
    )
    catalog = replace(game.catalog, rankers={"clap": ranker})
    report = build(game.root, catalog, Options())
    assert [(failure.name, failure.error.message) for failure in report.failures] == []
    lock = game.lock()
    assert lock.models["clap:weights/clap"].startswith("sha256:")
    recipe = next(a for a in report.workspace.wanted if a.name == "a_02").final.recipe
    expected = {
        one.candidate: cosine(
            weights / "tiny", soxr.resample(toy_clip(one).samples[:, 0], 16_000, RATE, quality="HQ")
        )
        for one in recipe.candidates()
    }
    ranking = lock.assets["unity", "a_02"].ranking
    assert [one.score for one in ranking] == pytest.approx(sorted(expected.values(), reverse=True), abs=1e-4)
    assert ranking[0].candidate == max(expected, key=lambda n: expected[n])
    assert build(game.root, catalog, Options()).plan.is_empty
    shutil.rmtree(game.root / "weights")
    assert build(game.root, catalog, Options()).plan.is_empty, "the lock pins what ranked"
