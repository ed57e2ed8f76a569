"""AudioLDM 2 on tiny random weights: against diffusers' own pipeline, against itself, and through a build."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from games import Game, actions
from model_sounds import pipeline_sounds, sounds

from sfxgen.build import build
from sfxgen.contracts import Adapter
from sfxgen.errors import ManifestError, ModelError
from sfxgen.events import Event, Notice
from sfxgen.models.audioldm2 import adapter
from sfxgen.workspace import Options

torch = pytest.importorskip("torch", reason="needs sfxgen[models]: torch is not installed")
diffusers = pytest.importorskip("diffusers", reason="needs sfxgen[models]: diffusers is not installed")
transformers = pytest.importorskip(
    "transformers", reason="needs sfxgen[models]: transformers is not installed"
)

from safetensors.torch import load_file, save_file  # noqa: E402
from tiny_audioldm2 import RECIPE, save_tiny_audioldm2  # noqa: E402

from sfxgen.models.audioldm2_session import HEARD_TOKENS, AudioLDM2Session, TwoTexts, load_runner  # noqa: E402

ATOL = 1e-5
"""How near ours is to the pipeline's, of peaks around 0.4: T5's vectors are padded here, so sums are in another order."""


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights in the published layout, whose language model has no head."""
    return save_tiny_audioldm2(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def session(tiny: Path) -> AudioLDM2Session:
    return AudioLDM2Session(tiny, model="tiny", device="cpu", dtype="fp32")


@pytest.fixture(scope="module")
def batched(tiny: Path) -> AudioLDM2Session:
    return AudioLDM2Session(tiny, model="tiny", device="cpu", dtype="fp32", batch=4)


@pytest.fixture(scope="module")
def pipeline(tiny: Path) -> Any:
    """Return diffusers' pipeline, with the class of language model that it needs and the weights do not name."""
    head = transformers.GPT2LMHeadModel.from_pretrained(tiny / "language_model")
    return quiet(diffusers.AudioLDM2Pipeline.from_pretrained(tiny, language_model=head))


def quiet(pipeline: Any) -> Any:
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def test_the_adapter_is_one_by_the_protocol() -> None:
    light: Adapter = adapter
    assert (light.name, light.version) == ("audioldm2", 1)
    assert [info.name for info in light.models] == ["audioldm2", "audioldm2-large", "audioldm2-music"]


@pytest.mark.parametrize("info", adapter.models, ids=lambda info: info.name)
def test_each_model_is_known_without_loading_it(info: Any) -> None:
    assert info.where == f"cvssp/{info.name}"
    assert (info.commercial, info.licence) == ("no", "CC BY-NC-SA 4.0")
    assert (info.sample_rate, info.channels, info.max_duration_s) == (16000, 1, 30.0)
    assert set(info.defaults) <= info.accepts
    assert not list(adapter.complaints(info, {**info.defaults, "prompt": "rain"}))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("prompt", " "),
        ("negative", "x" * 2001),
        ("steps", 501),
        ("guidance", 50.1),
        ("duration_s", 180.0),
        ("scheduler", "dpm"),
        ("dtype", "int8"),
        ("tempo_bpm", 1000),
        ("key", "H minor"),
    ],
)
def test_each_wrong_key_gets_one_complaint_about_itself(key: str, value: Any) -> None:
    keys = {**adapter.models[0].defaults, "duration_s": 5.0, "prompt": "rain", key: value}
    assert [complaint.key for complaint in adapter.complaints(adapter.models[0], keys)] == [key]


@pytest.mark.parametrize("scheduler", ["default", "dpmpp_2m", "euler_a"])
def test_a_take_is_what_diffusers_pipeline_makes(
    session: AudioLDM2Session, pipeline: Any, scheduler: str
) -> None:
    recipe = replace(RECIPE, scheduler=scheduler)
    (ours,) = sounds(session, recipe)
    assert np.std(ours) > 0.05
    np.testing.assert_allclose(ours, pipeline_sounds(pipeline, recipe)[0], rtol=0, atol=ATOL)


@pytest.mark.parametrize(
    "changes",
    [
        {"negative": ""},
        {"negative": "as long as the other"},
        {"guidance": 1.0},
        {"guidance": 0.0},
        {"guidance": 7.5, "duration_s": 0.04},
        {"prompt": "", "negative": ""},
        {"prompt": "a prompt of more than the bytes that the tiny CLAP hears, but T5 hears all"},
    ],
    ids=str,
)
def test_the_pipeline_agrees_whatever_the_settings(
    session: AudioLDM2Session, pipeline: Any, changes: dict[str, Any]
) -> None:
    recipe = replace(RECIPE, **changes)
    theirs = pipeline_sounds(pipeline, recipe)[0]
    np.testing.assert_allclose(sounds(session, recipe)[0], theirs, rtol=0, atol=ATOL)


def test_a_batch_agrees_with_the_pipeline_s_batch(batched: AudioLDM2Session, pipeline: Any) -> None:
    # The pipeline pads prompts to the longest of its batch, so these are of one length.
    prompts = ["a step in the grass", "a step in the water", "rain on a tin roof.", "rain on a tin roof."]
    recipes = [replace(RECIPE, take=i, prompt=prompt) for i, prompt in enumerate(prompts)]
    theirs = pipeline_sounds(pipeline, *recipes)
    np.testing.assert_allclose(np.stack(sounds(batched, *recipes)), theirs, rtol=0, atol=ATOL)


def test_a_negative_prompt_longer_than_the_prompt_is_heard_whole(
    session: AudioLDM2Session, pipeline: Any
) -> None:
    recipe = replace(RECIPE, prompt="rain", negative="music, speech, low quality")
    heard = {}
    for text in (recipe.prompt, recipe.negative):
        with torch.no_grad():
            heard[text] = pipeline.encode_prompt(text, torch.device("cpu"), 1, False)
    longest = max(each.shape[1] for each, _, _ in heard.values())
    texts: dict[str, Any] = {}
    for prefix, text in (("", recipe.prompt), ("negative_", recipe.negative)):
        each, mask, generated = heard[text]
        missing = longest - each.shape[1]
        texts[f"{prefix}prompt_embeds"] = torch.nn.functional.pad(each, (0, 0, 0, missing))
        texts[f"{prefix}attention_mask"] = torch.nn.functional.pad(mask, (0, missing))
        texts[f"{prefix}generated_prompt_embeds"] = generated
    (ours,) = sounds(session, recipe)
    np.testing.assert_allclose(ours, pipeline_sounds(pipeline, recipe, **texts)[0], rtol=0, atol=ATOL)
    (cut,) = pipeline_sounds(pipeline, recipe)
    assert not np.allclose(ours, cut, atol=1e-2), "the pipeline itself cuts it to the prompt's length"


def test_weights_saved_with_the_language_model_s_head_sound_the_same(
    session: AudioLDM2Session, tmp_path: Path
) -> None:
    folder = save_tiny_audioldm2(tmp_path / "tiny", with_head=True)
    theirs = pipeline_sounds(quiet(diffusers.AudioLDM2Pipeline.from_pretrained(folder)), RECIPE)[0]
    (ours,) = sounds(AudioLDM2Session(folder, model="tiny", device="cpu", dtype="fp32"), RECIPE)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=ATOL)


def test_tempo_and_key_are_words_of_the_prompt(session: AudioLDM2Session, pipeline: Any) -> None:
    keys = {"tempo_bpm": 120, "key": "a minor"}
    params = adapter.params(adapter.models[2], keys, kind="music")
    (ours,) = sounds(session, replace(RECIPE, prompt="calm piano", params=params))
    said = replace(RECIPE, prompt="calm piano, 120 bpm, in A minor")
    np.testing.assert_allclose(ours, pipeline_sounds(pipeline, said)[0], rtol=0, atol=ATOL)


@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
def test_a_take_s_bits_do_not_depend_on_its_company(batched: AudioLDM2Session, dtype: str) -> None:
    recipe = replace(RECIPE, dtype=dtype, steps=2)
    others = [
        replace(recipe, take=2),
        replace(recipe, prompt="wind", negative="a negative prompt that is longer than its prompt"),
        replace(recipe, take=5, guidance=1.0),
        replace(recipe, take=6, prompt="a door that falls into its lock, " * 8),
    ]
    alone = [sounds(batched, one)[0] for one in (recipe, *others)]
    together = sounds(batched, recipe, *others)
    backwards = sounds(batched, *reversed(others), recipe)[::-1]
    for one, two, three in zip(alone, together, backwards, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)


def test_bf16_sounds_like_fp32_and_hears_in_fp32(
    session: AudioLDM2Session, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sfxgen.models.torch_session.runs_fast", lambda device, dtype: True)
    full, half = sounds(session, RECIPE, replace(RECIPE, dtype="bf16"))
    assert 0 < np.std(full - half) < 0.2 * np.std(full)
    hearing = load_runner(tiny, "cpu", "bf16", model="tiny").parts.conditioner
    assert isinstance(hearing, TwoTexts)
    assert {hearing.text_encoder.dtype, hearing.language_model.dtype} == {torch.float32}


def test_a_text_is_heard_once_and_kept(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = AudioLDM2Session(tiny, model="tiny", device="cpu", dtype="fp32")
    hearing = session._runner.parts.conditioner  # type: ignore[union-attr]
    heard: list[str] = []
    for name in ("clap.text_encoder", "text_encoder"):
        module = hearing
        for part in name.split("."):
            module = getattr(module, part)
        forward = module.forward

        def counting(*args: Any, _name: str = name, _forward: Any = forward, **kwargs: Any) -> Any:
            heard.append(_name)
            return _forward(*args, **kwargs)

        monkeypatch.setattr(module, "forward", counting)
    sounds(session, *(replace(RECIPE, take=take, steps=1) for take in (1, 2, 3)))
    # The negative prompt is heard as it is, and once more as long as the prompt; CLAP's vector of it is the same.
    assert (heard.count("clap.text_encoder"), heard.count("text_encoder")) == (2, 3)


def test_a_prompt_too_long_for_t5_is_told(session: AudioLDM2Session) -> None:
    heard: list[Event] = []
    recipe = replace(RECIPE, prompt="x" * 150, steps=1)
    list(session.generate([recipe], on_event=heard.append, cancelled=lambda: False))
    said = [event.message for event in heard if isinstance(event, Notice)]
    assert len(said) == 1
    assert f"hears the first {HEARD_TOKENS} of 152 tokens" in said[0]


@pytest.mark.parametrize("at", [0.0, 0.5, 1.0])
def test_a_morph_of_prompts_ends_in_what_each_prompt_makes(session: AudioLDM2Session, at: float) -> None:
    ends = [replace(RECIPE, prompt=prompt) for prompt in ("rain", "a footstep on gravel, close and dry")]
    params = {"morph": {"to": ends[1].prompt, "at": at}, "guided": 1}
    morph, one, other = sounds(session, replace(ends[0], params=params), *ends)
    assert np.array_equal(morph, one) == (at == 0.0)
    assert np.array_equal(morph, other) == (at == 1.0)


@pytest.mark.parametrize(
    ("part", "tensor"),
    [
        ("language_model/model.safetensors", "h.0.attn.c_attn.weight"),
        ("text_encoder/model.safetensors", "text_projection.linear1.weight"),
        ("projection_model/diffusion_pytorch_model.safetensors", "sos_embed"),
    ],
)
def test_weights_that_lack_a_tensor_are_refused_not_made_up(
    tiny: Path, tmp_path: Path, part: str, tensor: str
) -> None:
    path = Path(shutil.copytree(tiny, tmp_path / "tiny")) / part
    tensors = load_file(path)
    del tensors[tensor]
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(ModelError, match=f"{part.split('/')[0]} cannot be loaded"):
        AudioLDM2Session(path.parent.parent, model="tiny", device="cpu", dtype="fp32")


MANIFEST = """
defaults: { model: "audioldm2:weights/tiny", steps: 2, duration_s: 0.5 }
sounds:
  step/gravel: { prompt: one footstep on gravel, negative: music, variants: 2 }
  theme: { prompt: calm piano, kind: music, tempo_bpm: 90, key: A minor }
  roof: { prompt: rain on a roof, source: Recordings/tap.wav, strength: 0.6 }
"""


@pytest.fixture
def built(game: Game, tiny: Path) -> Game:
    shutil.copytree(tiny, game.root / "weights/tiny")
    (game.root / "Recordings").mkdir()
    noise = np.random.default_rng(1).standard_normal(8000) * np.linspace(0.2, 0, 8000)
    soundfile.write(game.root / "Recordings/tap.wav", noise, 16000)
    game.manifest(MANIFEST)
    return game


def test_a_manifest_becomes_assets(built: Game) -> None:
    report = build(built.root, built.catalog, Options(device="cpu"))
    assert [(f.name, f.error.message) for f in report.failures] == []
    record = built.lock().assets["unity", "step/gravel_02"]
    assert record.model == "audioldm2:weights/tiny"
    assert str(record.revision).startswith("sha256:")
    assert {"torch", "diffusers", "transformers", "device", "dtype", "batch"} <= record.environment.keys()
    assert build(built.root, built.catalog).plan.is_empty
    built.manifest(
        MANIFEST.replace("tempo_bpm: 90", "tempo_bpm: 91").replace("one footstep", "two footsteps")
    )
    assert actions(built.plan(device="cpu")) == {
        "step/gravel_01": "generate",
        "step/gravel_02": "generate",
        "theme_01": "generate",
        "roof_01": "keep",
    }
    built.manifest(MANIFEST.replace("A minor", "a minor"))
    assert built.plan(device="cpu").is_empty, "the same key in other letters"


def test_damaged_weights_are_an_error_before_anything_is_written(built: Game) -> None:
    (built.root / "weights/tiny/text_encoder_2/model.safetensors").write_bytes(b"garbage" * 100)
    report = build(built.root, built.catalog, Options(device="cpu"))
    assert report.exit_code == 3
    (message,) = {failure.error.message for failure in report.failures}
    assert "text_encoder_2 cannot be loaded" in message
    assert not (built.root / "Assets").exists()


def test_a_part_that_is_not_there_is_told_by_the_light_face(built: Game) -> None:
    (built.root / "weights/tiny/projection_model/diffusion_pytorch_model.safetensors").unlink()
    report = build(built.root, built.catalog, Options(device="cpu"))
    (message,) = {failure.error.message for failure in report.failures}
    assert message.endswith("incomplete: projection_model/diffusion_pytorch_model.safetensors")


def test_mistakes_are_told_all_at_once_with_their_lines(built: Game) -> None:
    built.manifest(MANIFEST.replace("A minor", "H minor").replace("music, variants: 2", "music, say: Halt!"))
    with pytest.raises(ManifestError) as caught:
        built.plan()
    said = [str(mistake) for mistake in caught.value.mistakes]
    assert len(said) == 2
