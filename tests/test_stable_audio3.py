"""Stable Audio 3 on tiny random weights: against diffusers' three pipelines, against itself, and through a build."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from games import Game
from numpy.typing import NDArray

from sfxgen.build import build
from sfxgen.contracts import Complaint, Surroundings
from sfxgen.errors import Cancelled, ManifestError, ModelError
from sfxgen.events import Event, Notice, Sampling, ignore
from sfxgen.models import weighted
from sfxgen.models.stable_audio3 import adapter
from sfxgen.recipe import Recipe
from sfxgen.workspace import Options

torch = pytest.importorskip("torch", reason="needs sfxgen[models]: torch is not installed")
diffusers = pytest.importorskip("diffusers", reason="needs sfxgen[models]: diffusers is not installed")
pytest.importorskip("transformers", reason="needs sfxgen[models]: transformers is not installed")
if not hasattr(diffusers, "StableAudio3Pipeline"):
    pytest.skip("this diffusers has no Stable Audio 3", allow_module_level=True)

from diffusers.models.autoencoders import autoencoder_same  # noqa: E402
from tiny_stable_audio import save_tiny_stable_audio3  # noqa: E402

from sfxgen.models import stable_audio3_vae  # noqa: E402
from sfxgen.models.stable_audio3_session import StableAudio3Session, pasted  # noqa: E402

RATE, RATIO = 44_100, 512
SOURCE_S = 0.5
RECIPE = Recipe(
    model="stable_audio3:weights/tiny",
    revision=None,
    adapter_version=1,
    base_seed=7,
    take=1,
    prompt="a footstep on gravel",
    negative="music",
    duration_s=0.5,
    steps=4,
    dtype="fp32",
)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with distilled weights, base weights, and a source in it."""
    root = tmp_path_factory.mktemp("project")
    save_tiny_stable_audio3(root / "weights/tiny")
    save_tiny_stable_audio3(root / "weights/base", base=True)
    t = np.arange(round(SOURCE_S * RATE)) / RATE
    left_right = np.stack([np.sin(2 * np.pi * hertz * t) for hertz in (220, 330)], axis=1)
    soundfile.write(root / "hum.wav", 0.3 * left_right, RATE, subtype="FLOAT")
    return root


def loaded(root: Path, weights: str = "tiny", **changes: Any) -> StableAudio3Session:
    settings = {"model": "tiny", "device": "cpu", "root": root, "dtype": "fp32", **changes}
    return StableAudio3Session(root / "weights" / weights, **settings)


@pytest.fixture(scope="module")
def session(tiny: Path) -> StableAudio3Session:
    return loaded(tiny)


def pipeline_of(root: Path, cls: str, weights: str = "tiny") -> Any:
    found = getattr(diffusers, cls).from_pretrained(root / "weights" / weights)
    found.set_progress_bar_config(disable=True)
    return found


def from_source(root: Path, **params: Any) -> Recipe:
    digest = hashlib.sha256((root / "hum.wav").read_bytes()).hexdigest()
    return replace(RECIPE, params={"source": "hum.wav", "digest": digest, **params})


def sounds(session: StableAudio3Session, *recipes: Recipe) -> list[NDArray[np.float32]]:
    return [clip.samples for clip in session.generate(recipes, on_event=ignore, cancelled=lambda: False)]


def pipeline_sound(pipeline: Any, recipe: Recipe, **more: Any) -> NDArray[np.float32]:
    """Return what diffusers' pipeline makes of a recipe: (frames, channels)."""
    if recipe.guidance is not None:
        more |= {"guidance_scale": recipe.guidance, "negative_prompt": recipe.negative}
    found = pipeline(
        recipe.prompt,
        duration=recipe.duration_s,
        num_inference_steps=recipe.steps,
        generator=[torch.Generator("cpu").manual_seed(recipe.seed)],
        **more,
    )
    waveform: NDArray[np.float32] = found.audios[0].numpy().T
    return waveform


def source_waveform(root: Path) -> Any:
    """Return the source as the model is given it: (1, channels, frames), filled up to whole latents."""
    samples, _ = soundfile.read(root / "hum.wav", dtype="float32", always_2d=True)
    waveform = torch.zeros(1, 2, -(-len(samples) // RATIO) * RATIO)
    waveform[0, :, : len(samples)] = torch.from_numpy(samples.T.copy())
    return waveform


@pytest.mark.parametrize(
    ("weights", "changes"),
    [
        ("tiny", {}),
        ("tiny", {"steps": 1}),
        ("tiny", {"steps": 8, "duration_s": 0.1}),
        ("tiny", {"duration_s": 1.3}),
        ("tiny", {"prompt": "a prompt of many more letters than this model's tokenizer lets through"}),
        ("base", {"guidance": 7.0}),
        ("base", {"guidance": 2.5, "negative": ""}),
        ("base", {"guidance": 1.0, "steps": 9}),
    ],
    ids=str,
)
def test_a_take_is_bit_for_bit_what_diffusers_pipeline_makes(
    tiny: Path, weights: str, changes: dict[str, Any]
) -> None:
    recipe = replace(RECIPE, **changes)
    expected = pipeline_sound(pipeline_of(tiny, "StableAudio3Pipeline", weights), recipe)
    np.testing.assert_array_equal(sounds(loaded(tiny, weights), recipe)[0], expected)


@pytest.mark.parametrize("strength", [0.3, 0.9])
def test_a_source_is_varied_as_the_audio_to_audio_pipeline_does(
    tiny: Path, session: StableAudio3Session, strength: float
) -> None:
    recipe = from_source(tiny, strength=strength)
    pipeline = pipeline_of(tiny, "StableAudio3AudioToAudioPipeline")
    expected = pipeline_sound(pipeline, recipe, audio=source_waveform(tiny), init_noise_level=strength)
    np.testing.assert_array_equal(sounds(session, recipe)[0], expected)


def test_strength_0_is_the_source_through_the_vae_and_1_is_none_of_it(
    tiny: Path, session: StableAudio3Session
) -> None:
    vae = pipeline_of(tiny, "StableAudio3Pipeline").vae
    with torch.inference_mode():
        kept = vae.decode(vae.encode(source_waveform(tiny)).latents).sample[0].T.clamp(-1, 1).numpy()
    untouched, ignored, plain = sounds(
        session, from_source(tiny, strength=0.0), from_source(tiny, strength=1.0), RECIPE
    )
    np.testing.assert_array_equal(untouched, kept[: len(untouched)])
    np.testing.assert_array_equal(ignored, plain)


def test_an_inpainted_part_is_the_inpaint_pipeline_s_and_the_rest_is_the_source_bit_for_bit(
    tiny: Path, session: StableAudio3Session
) -> None:
    recipe = from_source(tiny, inpaint=[[0.1, 0.25], [0.35, 0.5]], strength=1.0)
    keep = torch.ones(1, 1, 44)
    keep[:, :, 8:22] = 0  # 0.1 s begins in latent 8.6, and 0.25 s ends in latent 21.5
    keep[:, :, 30:44] = 0
    pipeline = pipeline_of(tiny, "StableAudio3InpaintPipeline")
    made = pipeline_sound(pipeline, recipe, audio=source_waveform(tiny), mask=keep)
    source, _ = soundfile.read(tiny / "hum.wav", dtype="float32")
    (sound,) = sounds(session, recipe)
    fade = round(0.02 * RATE)
    first, second, third, last = (round(s * RATE) for s in (0.1, 0.25, 0.35, 0.5))
    inside = [slice(first + fade, second - fade), slice(third + fade, last)]
    outside = [slice(0, first), slice(second, third)]
    for part in inside:
        np.testing.assert_array_equal(sound[part], made[part])
        assert np.abs(sound[part] - source[part]).max() > 0.05
    for part in outside:
        np.testing.assert_array_equal(sound[part], source[part])
    plain = pipeline_sound(pipeline_of(tiny, "StableAudio3Pipeline"), recipe)
    assert not np.array_equal(made, plain), "the model is shown what stays"


def test_a_loop_s_source_that_is_too_short_begins_again(tiny: Path, session: StableAudio3Session) -> None:
    recipe = replace(from_source(tiny, strength=0.0), duration_s=0.8)
    again, padded = sounds(
        session, replace(recipe, params={**recipe.params, "loops": True}), replace(recipe, take=2)
    )
    source, _ = soundfile.read(tiny / "hum.wav", dtype="float32")
    whole = -(-round(0.8 * RATE) // RATIO) * RATIO
    vae = pipeline_of(tiny, "StableAudio3Pipeline").vae
    for made, rows in ((again, np.arange(whole) % len(source)), (padded, np.arange(len(source)))):
        waveform = torch.zeros(1, 2, whole)
        waveform[0, :, : len(rows)] = torch.from_numpy(source[rows].T.copy())
        with torch.inference_mode():
            kept = vae.decode(vae.encode(waveform).latents).sample[0].T.clamp(-1, 1).numpy()
        np.testing.assert_allclose(made, kept[: len(made)], rtol=0, atol=1e-5)


def test_with_guidance_both_halves_of_the_model_are_shown_what_stays(tiny: Path) -> None:
    """The inpaint pipeline has no guidance: the plain one, which has, is shown what that one shows its model."""
    recipe = from_source(tiny, inpaint=[[0.1, 0.25]], strength=1.0)
    keep = torch.ones(1, 1, 44)
    keep[:, :, 8:22] = 0
    shown: list[Any] = []
    inpaint = pipeline_of(tiny, "StableAudio3InpaintPipeline", "base")
    inpaint.transformer.register_forward_pre_hook(
        lambda module, args, kwargs: shown.append(kwargs["local_add_cond"]), with_kwargs=True
    )
    pipeline_sound(inpaint, recipe, audio=source_waveform(tiny), mask=keep)
    plain = pipeline_of(tiny, "StableAudio3Pipeline", "base")
    plain.transformer.register_forward_pre_hook(
        lambda module, args, kwargs: (args, {**kwargs, "local_add_cond": torch.cat([shown[0], shown[0]])}),
        with_kwargs=True,
    )
    guided = replace(recipe, guidance=3.0)
    made = pipeline_sound(plain, guided)
    (sound,) = sounds(loaded(tiny, "base"), guided)
    inside = slice(round(0.12 * RATE), round(0.23 * RATE))
    np.testing.assert_array_equal(sound[inside], made[inside])
    assert made[inside].any()


def test_of_strength_0_too_an_inpainted_take_is_its_source_outside_the_parts(
    tiny: Path, session: StableAudio3Session
) -> None:
    whole, part = sounds(
        session, from_source(tiny, strength=0.0), from_source(tiny, inpaint=[[0.1, 0.25]], strength=0.0)
    )
    source, _ = soundfile.read(tiny / "hum.wav", dtype="float32")
    fade, start, end = (round(s * RATE) for s in (0.02, 0.1, 0.25))
    np.testing.assert_array_equal(part[start + fade : end - fade], whole[start + fade : end - fade])
    np.testing.assert_array_equal(part[:start], source[:start])
    np.testing.assert_array_equal(part[end:], source[end:])


VAES: list[dict[str, Any]] = [
    {"encoder_c_mults": [2], "encoder_strides": [8], "encoder_transformer_depths": [1]},
    {"encoder_c_mults": [2], "encoder_strides": [8], "encoder_transformer_depths": [3]},
    {
        "encoder_c_mults": [2],
        "encoder_strides": [8],
        "encoder_transformer_depths": [2],
        "sliding_window": 2,
        "decoder_sinusoidal_blocks": [2],
    },
    {"encoder_c_mults": [2, 2], "encoder_strides": [4, 2], "encoder_transformer_depths": [1, 2]},
    {
        "encoder_c_mults": [2],
        "encoder_strides": [8],
        "encoder_transformer_depths": [2],
        "use_differential_attention": False,
    },
]


@pytest.mark.parametrize("shape", VAES, ids=str)
def test_the_vae_in_windows_gives_what_it_gives_of_the_whole(
    shape: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        vae = diffusers.AutoencoderSAME(
            audio_channels=2, patch_size=16, encoder_channels=16, latent_dim=8, dim_heads=8, **shape
        ).eval()
        for weight in vae.parameters():
            if weight.std(correction=0) < 0.05:  # what starts at zero would leave neighbours without effect
                weight.data += 0.2 * torch.randn_like(weight)
        latents = torch.randn(1, 8, 90)
        waveform = 0.3 * torch.randn(1, 2, 90 * vae.downsampling_ratio)
    monkeypatch.setattr(stable_audio3_vae, "WINDOW", 40)
    around = stable_audio3_vae.context(vae)
    seen: list[int] = []
    whole_mask = autoencoder_same._band_mask

    def band_mask(length: int, *more: Any) -> Any:
        seen.append(length)
        return whole_mask(length, *more)

    monkeypatch.setattr(autoencoder_same, "_band_mask", band_mask)

    def both() -> tuple[Any, Any]:
        decoded = stable_audio3_vae.decode(vae, latents, lambda: None)
        return decoded, stable_audio3_vae.encode(vae, waveform)

    with torch.inference_mode():
        sound, encoded = vae.decode(latents).sample, vae.encode(waveform).latents
        largest = max(seen)
        seen.clear()
        near = both()
        assert max(seen) <= (40 + 2 * around) * largest / 90
        monkeypatch.setattr(stable_audio3_vae, "context", lambda vae: 0)
        cut = both()
    for whole, in_windows, without_context in zip((sound, encoded), near, cut, strict=True):
        assert in_windows.shape == whole.shape
        exact = 2e-6 * float(whole.abs().max())
        assert float((in_windows - whole).abs().max()) < exact
        assert float((without_context - whole).abs().max()) > 1000 * exact


def test_a_latent_beyond_the_context_counts_for_nothing(tiny: Path) -> None:
    vae = pipeline_of(tiny, "StableAudio3Pipeline").vae
    around, at = stable_audio3_vae.context(vae), slice(15 * RATIO, 16 * RATIO)
    latents = torch.randn(1, 8, 30)
    beyond, last_within = latents.clone(), latents.clone()
    beyond[:, :, : 15 - around] = beyond[:, :, 15 + around + 1 :] = 0
    last_within[:, :, 15 + around] = 0
    with torch.inference_mode():
        plain, same, other = (
            vae.decode(some).sample[:, :, at].numpy() for some in (latents, beyond, last_within)
        )
    np.testing.assert_array_equal(same, plain)
    assert not np.array_equal(other, plain)


def test_a_long_take_is_computed_in_windows_and_can_be_stopped_between_them(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipes = [replace(RECIPE, duration_s=1.0), replace(from_source(tiny, strength=0.5), duration_s=1.0)]
    whole = sounds(loaded(tiny), *recipes)
    monkeypatch.setattr(stable_audio3_vae, "WINDOW", 40)
    session = loaded(tiny)
    for sound, in_windows in zip(whole, sounds(session, *recipes), strict=True):
        np.testing.assert_allclose(in_windows, sound, atol=1e-5 * np.abs(sound).max(), rtol=0)
    decoded = counted_decodes(session, monkeypatch)
    with pytest.raises(Cancelled):
        list(session.generate(recipes[:1], on_event=ignore, cancelled=lambda: len(decoded) == 2))
    assert decoded == [41, 42]


def counted_decodes(
    session: StableAudio3Session, monkeypatch: pytest.MonkeyPatch, *failures: Exception
) -> list[int]:
    """Return a list of the latents of each decoding from now on; the first ones fail."""
    vae, decoded, left = session._loaded().parts.vae, list[int](), list(failures)  # type: ignore[attr-defined]
    decode = vae.decode

    def counting(latents: Any) -> Any:
        decoded.append(latents.shape[2])
        if left:
            raise left.pop(0)
        return decode(latents)

    monkeypatch.setattr(vae, "decode", counting)
    return decoded


def test_a_run_can_be_stopped_between_two_takes_that_are_decoded(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = loaded(tiny, batch=3)
    decoded = counted_decodes(session, monkeypatch)
    for recipes in ([replace(RECIPE, take=i) for i in range(3)], [from_source(tiny, strength=0.0)] * 3):
        decoded.clear()
        with pytest.raises(Cancelled):
            list(session.generate(recipes, on_event=ignore, cancelled=lambda: len(decoded) == 2))
        assert len(decoded) == 2


def test_out_of_memory_while_decoding_makes_the_batch_smaller_and_at_last_is_told(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, heard = loaded(tiny, batch=2), list[Event]()
    recipes = [RECIPE, replace(RECIPE, take=2)]
    expected = sounds(loaded(tiny), *recipes)
    full = torch.OutOfMemoryError("out of memory")
    counted_decodes(session, monkeypatch, full)
    clips = list(session.generate(recipes, on_event=heard.append, cancelled=lambda: False))
    for clip, sound in zip(clips, expected, strict=True):
        np.testing.assert_array_equal(clip.samples, sound)
    assert [event.message for event in heard if isinstance(event, Notice)] == [
        "tiny: out of memory with 2 takes at once, going on with 1"
    ]
    counted_decodes(session, monkeypatch, full)
    with pytest.raises(ModelError, match="not enough memory on cpu for one take of 22050 frames"):
        sounds(session, RECIPE)


def test_a_part_fades_in_and_out_inside_its_ends_but_not_at_the_sound_s_own() -> None:
    made, source = np.ones((100, 1), np.float32), np.zeros((100, 1), np.float32)
    sound = pasted(made, source, [[0.0, 0.3], [0.5, 0.52], [0.8, 1.5]], 100)[:, 0]
    assert (sound[:28] == 1).all()
    assert (np.diff(sound[27:31]) < 0).all()
    assert not sound[30:50].any()
    assert (sound[50:52] > 0).all()
    assert not sound[52:80].any()
    assert (sound[82:] == 1).all()
    overlapping = pasted(made, source, [[0.1, 0.5], [0.3, 0.7]], 100)[:, 0]
    assert (overlapping[12:68] == 1).all(), "a part does not fade inside of another"


def test_a_take_is_the_same_alone_and_in_any_company(tiny: Path) -> None:
    batched = loaded(tiny, "base", batch=3)
    guided = replace(RECIPE, guidance=3.0)
    recipes = [
        replace(guided, prompt=prompt, take=i) for i, prompt in enumerate(("rain", "fire", "wind", "birds"))
    ]
    recipes += [from_source(tiny, strength=0.8), from_source(tiny, strength=0.5)]
    inpainted = from_source(tiny, inpaint=[[0.1, 0.3]], strength=1.0)
    recipes += [replace(inpainted, guidance=3.0), inpainted]
    recipes += [replace(recipe, take=5) for recipe in recipes[-2:]]
    for session in (batched, loaded(tiny, batch=3)):
        alone = [sounds(session, recipe)[0] for recipe in recipes]
        for recipe, sound in zip(recipes[::-1], sounds(session, *recipes[::-1]), strict=True):
            np.testing.assert_array_equal(sound, alone[recipes.index(recipe)])
        assert len({sound.tobytes() for sound in alone}) == len(recipes)


def test_clips_have_the_rate_the_channels_and_the_length(session: StableAudio3Session) -> None:
    for duration_s in (0.1, 0.123, 512 / RATE, 1.0):
        (clip,) = session.generate(
            [replace(RECIPE, duration_s=duration_s)], on_event=ignore, cancelled=lambda: False
        )
        assert (clip.sample_rate, clip.channels, clip.frames) == (RATE, 2, round(duration_s * RATE))
        assert 0.01 < np.abs(clip.samples).max() < 1


def test_bf16_is_near_fp32(session: StableAudio3Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfxgen.models.torch_session.runs_fast", lambda device, dtype: True)
    exact, fast = sounds(session, RECIPE, replace(RECIPE, dtype="bf16"))
    assert 0 < np.abs(exact - fast).max() < 0.2 * np.abs(exact).max()


def test_a_take_that_names_no_length_is_as_long_as_its_source(
    tiny: Path, session: StableAudio3Session
) -> None:
    (sound,) = sounds(session, replace(from_source(tiny, strength=0.5), duration_s=None))
    assert len(sound) == round(SOURCE_S * RATE)
    with pytest.raises(ModelError, match="without a source needs duration_s"):
        sounds(session, replace(RECIPE, duration_s=None))


def test_each_step_is_told_and_can_be_the_last(session: StableAudio3Session) -> None:
    heard: list[Event] = []
    list(session.generate([RECIPE], on_event=heard.append, cancelled=lambda: False))
    assert [(e.step, e.steps) for e in heard if isinstance(e, Sampling)] == [(i, 4) for i in range(1, 5)]
    heard.clear()
    with pytest.raises(Cancelled):
        list(session.generate([RECIPE], on_event=heard.append, cancelled=lambda: len(heard) == 2))
    assert len(heard) == 2


def test_a_source_that_has_changed_is_an_error(tiny: Path, session: StableAudio3Session) -> None:
    recipe = from_source(tiny, strength=0.5)
    changed = replace(recipe, params={**recipe.params, "digest": "0" * 64})
    with pytest.raises(ModelError, match="changed while the build ran"):
        sounds(session, changed)


def complaints(name: str, **keys: Any) -> list[Complaint]:
    (info,) = (info for info in adapter.models if info.name == name)
    return list(adapter.complaints(info, {"prompt": "rain", **info.defaults, **keys}))


@pytest.mark.parametrize("info", adapter.models, ids=lambda info: info.name)
def test_only_base_weights_take_guidance_and_a_negative_prompt(info: Any) -> None:
    is_base = info.name.endswith("-base")
    assert ({"guidance", "negative"} <= info.accepts) == is_base
    assert set(info.defaults) <= info.accepts
    assert info.defaults["steps"] == (100 if is_base else 8)
    assert info.max_duration_s == (120 if "small" in info.name else 380)
    assert info.commercial == "conditions"
    assert complaints(info.name) == []
    assert adapter.info(info.where).accepts == info.accepts


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("prompt", ""),
        ("prompt", "x" * 2001),
        ("steps", 501),
        ("duration_s", 0.05),
        ("duration_s", 121),
        ("dtype", "fp8"),
        ("strength", 0.5),
        ("inpaint", {"from_s": 0.1, "to_s": 0.2}),
    ],
)
def test_each_wrong_key_gets_one_complaint_about_itself(key: str, value: Any) -> None:
    assert [complaint.key for complaint in complaints("stable-audio-3-small-sfx", **{key: value})] == [key]


def test_published_weights_are_converted_and_not_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: Path
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(weighted, "missing_extra", lambda: None)
    around = Surroundings(tmp_path, device="cpu")
    medium = adapter.info("stabilityai/stable-audio-3-medium")
    found = adapter.unavailable(medium, around)
    assert found is not None
    assert "convert_stable_audio_3_to_diffusers.py" in found.hint
    assert "--output_dir stabilityai/stable-audio-3-medium" in found.hint
    shutil.copytree(tiny / "weights/tiny", tmp_path / "stabilityai/stable-audio-3-medium")
    assert adapter.unavailable(medium, around) is None
    assert adapter.wanted_files(["model.safetensors", "vae/config.json"]) == []
    assert adapter.wanted_files(["model_index.json", "vae/config.json"]) == [
        "model_index.json",
        "vae/config.json",
    ]


MANIFEST = """
defaults: { model: "stable_audio3:weights/tiny", steps: 2, duration_s: 0.5, gates: { duplicate: off } }
sounds:
  step/gravel: { prompt: one footstep on gravel, variants: 2 }
  step/wood: { prompt: one footstep on wood, source: hum.wav, strength: 0.5 }
  step/part: { prompt: a click, source: hum.wav, inpaint: { from_s: 0.1, to_s: 0.3 } }
"""


def test_a_build_samples_masters_and_locks(game: Game, tiny: Path) -> None:
    shutil.copytree(tiny / "weights", game.root / "weights")
    shutil.copy(tiny / "hum.wav", game.root / "hum.wav")
    game.manifest(MANIFEST)
    report = build(game.root, game.catalog, Options(device="cpu"))
    assert [(f.name, f.error.message) for f in report.failures] == []
    assert str(game.lock().assets["unity", "step/part_01"].revision).startswith("sha256:")
    before = game.tree()
    assert build(game.root, game.catalog, Options(device="cpu")).plan.is_empty
    shutil.rmtree(game.root / "Assets")
    build(game.root, game.catalog, Options(device="cpu", rebuild=True))
    assert game.tree() == before


def test_a_distilled_model_is_asked_for_no_guidance(game: Game) -> None:
    game.manifest(
        "sounds: { a: { model: stable-audio-3-medium, prompt: rain, guidance: 3, negative: wind } }\n"
    )
    with pytest.raises(ManifestError) as caught:
        game.plan()
    assert [mistake.what for mistake in caught.value.mistakes] == [
        "stable-audio-3-medium does not take it"
    ] * 2
