"""Guided generation: sources, inpainting, windows, upscaling and morphs, on tiny random weights."""

from __future__ import annotations

import hashlib
import math
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from games import Game, actions
from numpy.typing import NDArray
from scipy.spatial import geometric_slerp

from sfxgen.audio.clip import Clip
from sfxgen.audio.codec import unpack
from sfxgen.audio.seam import MOST_FLUX_Z, MOST_LEVEL_DB, MOST_STEP_DB, measure_join, measure_seam
from sfxgen.build import build
from sfxgen.contracts import Complaint
from sfxgen.errors import Cancelled, ManifestError, ModelError
from sfxgen.events import Event, Sampling, ignore
from sfxgen.manifest import load
from sfxgen.models.audioldm import adapter
from sfxgen.models.schedulers import SCHEDULER_NAMES
from sfxgen.recipe import Recipe
from sfxgen.workspace import Options

torch = pytest.importorskip("torch", reason="needs sfxgen[models]: torch is not installed")
diffusers = pytest.importorskip("diffusers", reason="needs sfxgen[models]: diffusers is not installed")
transformers = pytest.importorskip(
    "transformers", reason="needs sfxgen[models]: transformers is not installed"
)

from tiny_models import TINY_RECIPE, save_tiny_audioldm  # noqa: E402

from sfxgen.models import guided_sampling  # noqa: E402
from sfxgen.models.diffusion_session import LatentDiffusionSession, LatentRunner  # noqa: E402
from sfxgen.models.latent_diffusion import (  # noqa: E402
    Condition,
    Known,
    Parts,
    decode,
    denoise,
    make_scheduler,
)
from sfxgen.models.mel import filters, log_mel  # noqa: E402

RATE = 16_000
PER_STEP = 640
SMALL = adapter.models[0]
PLAIN = replace(TINY_RECIPE, duration_s=0.8, steps=4, scheduler="ddim")
Wave = NDArray[np.float32]


def tone(seconds: float = 0.8, hz: float = 440.0, seed: int = 1) -> Wave:
    t = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).standard_normal(len(t))
    found: Wave = (0.4 * np.sin(2 * np.pi * hz * t) * np.exp(-2 * t) + 0.01 * noise).astype(np.float32)
    return found


SOUNDS = {"a.wav": tone(), "b.wav": tone(hz=900, seed=2), "long.wav": tone(1.5, seed=3)}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with weights and three sources."""
    root = tmp_path_factory.mktemp("project")
    save_tiny_audioldm(root / "tiny")
    for name, samples in SOUNDS.items():
        soundfile.write(root / name, samples, RATE, subtype="FLOAT")
    return root


@pytest.fixture(scope="module")
def session(root: Path) -> LatentDiffusionSession:
    return LatentDiffusionSession(root / "tiny", model="tiny", device="cpu", dtype="fp32", root=root)


@pytest.fixture(scope="module")
def batched(root: Path) -> LatentDiffusionSession:
    return LatentDiffusionSession(root / "tiny", model="tiny", device="cpu", dtype="fp32", root=root, batch=3)


@pytest.fixture(scope="module")
def digests(root: Path) -> dict[str, str]:
    return {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in SOUNDS}


Guided = Any


@pytest.fixture(scope="module")
def guides(digests: dict[str, str]) -> Guided:
    """Makes the recipe of a sound's keys, as a manifest's would be."""

    def make(recipe: Recipe = PLAIN, **keys: Any) -> Recipe:
        files = {
            name: {"digest": digest, "length_s": len(SOUNDS[name]) / RATE} for name, digest in digests.items()
        }
        info = replace(SMALL, best_duration_s=0.8)
        keys = {"prompt": recipe.prompt, "duration_s": recipe.duration_s, **keys}
        assert list(adapter.complaints(info, {**keys, "files": files})) == []
        params = adapter.params(info, {**keys, "files": files}, kind="one_shot")
        return replace(recipe, params=params, duration_s=keys["duration_s"])

    return make


def makes(session: LatentDiffusionSession, *recipes: Recipe) -> list[Wave]:
    made = session.generate(recipes, on_event=ignore, cancelled=lambda: False)
    return [clip.samples[:, 0] for clip in made]


def parts_of(session: LatentDiffusionSession) -> Parts:
    assert isinstance(session._runner, LatentRunner)
    return session._runner.parts


# --- the oracle: AudioLDM by hand over the libraries' own parts ------------------------------------------


class Oracle:
    """AudioLDM's style transfer and inpainting with DDIM, written out: no scheduler, no code of ours but the prompts'."""

    def __init__(self, folder: Path, parts: Parts) -> None:
        self.unet = (
            diffusers.UNet2DConditionModel.from_pretrained(folder / "unet").eval().requires_grad_(False)
        )
        self.vae = diffusers.AutoencoderKL.from_pretrained(folder / "vae").eval().requires_grad_(False)
        self.vocoder = (
            transformers.SpeechT5HifiGan.from_pretrained(folder / "vocoder").eval().requires_grad_(False)
        )
        self.hears = parts.conditioner.encode
        betas = torch.linspace(0.0015**0.5, 0.0195**0.5, 1000, dtype=torch.float64) ** 2
        self.alphas = torch.cumprod(1 - betas, 0)

    def encode(self, sound: Wave, begin: int = 0) -> Any:
        """The latents of a sound from some frame on, at the level that all of it is brought to."""
        audio = transformers.audio_utils
        centred = sound.astype(np.float64) - sound.mean(dtype=np.float64)
        mel = audio.spectrogram(
            (centred * 0.5 / np.abs(centred).max())[begin:],
            audio.window_function(1024, "hann"),
            1024,
            160,
            power=1.0,
            pad_mode="reflect",
            mel_filters=audio.mel_filter_bank(513, 16, 0, 8000, RATE, norm="slaney", mel_scale="slaney"),
            mel_floor=1e-5,
            log_mel="log",
        )
        image = torch.from_numpy(mel.T[: (len(sound) - begin) // 160].astype(np.float32))[None, None]
        return self.vae.encode(image).latent_dist.mean * 0.9

    def decode(self, latents: Any) -> Wave:
        found: Wave = self.vocoder(self.vae.decode(latents / 0.9).sample[:, 0]).numpy()[0]
        return found[: latents.shape[2] * PER_STEP]

    def noised(self, z: Any, noise: Any, t: int) -> Any:
        a = self.alphas[t]
        return (a.sqrt() * z + (1 - a).sqrt() * noise).float()

    def step(self, recipe: Recipe, x: Any, t: int, before: int) -> Any:
        c, u = (self.hears(text).tensors[0].detach() for text in (recipe.prompt, recipe.negative))
        eps = self.unet(torch.cat([x, x]), t, None, class_labels=torch.cat([u, c])).sample
        eps = eps[:1] + recipe.guidance * (eps[1:] - eps[:1])
        a, b = self.alphas[t], self.alphas[max(before, 0)]
        start = (x - (1 - a).sqrt() * eps) / a.sqrt()
        return (b.sqrt() * start + (1 - b).sqrt() * eps).float()

    def sample(self, recipe: Recipe, z: Any, skip: int, keep: Any = None, noise: Any = None) -> Any:
        assert recipe.steps is not None
        stride = 1000 // recipe.steps
        times = [i * stride + 1 for i in range(recipe.steps)][::-1][skip:]
        noise = self.noise(recipe, z) if noise is None else noise
        x = self.noised(z, noise, times[0]) if skip else noise
        for t in times:
            if keep is not None:
                x = torch.where(keep, self.noised(z, noise, t), x)
            x = self.step(recipe, x, t, t - stride)
        return x if keep is None else torch.where(keep, z, x)

    def sample_windows(self, recipe: Recipe, z: Any, known: int, begins: tuple[int, ...]) -> list[Any]:
        """Each window of 20 steps: its first ones stay, `known` of the source or what the one before has made of them."""
        noise, keep = self.noise(recipe, z), torch.arange(z.shape[2])[:, None] < known
        found = []
        for begin in begins:
            part = slice(begin, begin + 20)
            z[:, :, part] = self.sample(
                recipe, z[:, :, part].clone(), 0, keep[part].clone(), noise[:, :, part]
            )
            keep[part] = True
            found.append(z[:, :, part].clone())
        return found

    def noise(self, recipe: Recipe, z: Any) -> Any:
        return torch.randn(z.shape, generator=torch.Generator().manual_seed(recipe.seed))


def on_the_arc(one: Any, other: Any, at: float) -> Any:
    """What is between two tensors: scipy's slerp of their directions, and a length between theirs."""
    ends = [end.double().numpy().flatten() for end in (one, other)]
    lengths = [np.linalg.norm(end) for end in ends]
    arc = geometric_slerp(ends[0] / lengths[0], ends[1] / lengths[1], at)
    return torch.from_numpy(np.interp(at, [0, 1], lengths) * arc).reshape(one.shape).float()


@pytest.fixture(scope="module")
def oracle(root: Path, session: LatentDiffusionSession) -> Oracle:
    return Oracle(root / "tiny", parts_of(session))


# --- mel ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "n_fft", "bins"), [(16_000, 1024, 64), (16_000, 1024, 16), (48_000, 2048, 128)]
)
def test_the_filters_are_slaney_s(rate: int, n_fft: int, bins: int) -> None:
    theirs = transformers.audio_utils.mel_filter_bank(
        n_fft // 2 + 1, bins, 0, rate / 2, rate, norm="slaney", mel_scale="slaney"
    )
    np.testing.assert_allclose(filters(rate, n_fft, bins), theirs, rtol=0, atol=1e-12)


def test_the_spectrogram_is_that_of_transformers() -> None:
    audio = transformers.audio_utils
    sound = np.concatenate([tone(7.0), np.zeros(4000, np.float32)])
    theirs = audio.spectrogram(
        sound.astype(np.float64),
        audio.window_function(1024, "hann"),
        1024,
        160,
        power=1.0,
        pad_mode="reflect",
        mel_filters=filters(RATE, 1024, 64),
        mel_floor=1e-5,
        log_mel="log",
    )
    ours = log_mel(sound, RATE, 64, 160)
    assert ours.shape == (len(sound) // 160, 64)
    np.testing.assert_allclose(ours, theirs.T[: len(ours)], rtol=0, atol=1e-5)


# --- source and strength --------------------------------------------------------------------------------


def test_strength_0_is_the_source_through_the_vae(
    session: LatentDiffusionSession, oracle: Oracle, guides: Guided
) -> None:
    made = makes(
        session,
        guides(source="a.wav", strength=0),
        guides(replace(PLAIN, take=2), source="a.wav", strength=0),
    )
    np.testing.assert_allclose(made[0], oracle.decode(oracle.encode(SOUNDS["a.wav"])), rtol=0, atol=1e-5)
    np.testing.assert_array_equal(made[0], made[1])


@pytest.mark.parametrize("scheduler", SCHEDULER_NAMES)
def test_strength_1_is_the_take_without_a_source(
    session: LatentDiffusionSession, guides: Guided, scheduler: str
) -> None:
    recipe = replace(PLAIN, scheduler=scheduler)
    guided_one, plain = makes(session, guides(recipe, source="a.wav", strength=1), recipe)
    np.testing.assert_array_equal(guided_one, plain)


@pytest.mark.parametrize(("strength", "skip"), [(0.25, 3), (0.5, 2), (0.75, 1), (0.99, 1)])
def test_strength_skips_steps_as_in_the_paper(
    session: LatentDiffusionSession, oracle: Oracle, guides: Guided, strength: float, skip: int
) -> None:
    (made,) = makes(session, guides(source="a.wav", strength=strength))
    latents = oracle.sample(PLAIN, oracle.encode(SOUNDS["a.wav"]), skip)
    np.testing.assert_allclose(made, oracle.decode(latents), rtol=0, atol=2e-5)


class KnowsNoise:
    """A model that sees the noise in latents exactly: every sampler that draws none then ends at what was noised.

    `shown` has what it was shown, and at which timesteps.
    """

    def __init__(self, noise: Any) -> None:
        self.noise = noise
        self.shown: list[tuple[float, Any]] = []

    def predict(self, unet: Any, x: Any, t: Any, condition: Condition) -> Any:
        self.shown.append((float(t), x))
        return self.noise


@pytest.mark.parametrize("scheduler", [name for name in SCHEDULER_NAMES if name != "euler_a"])
@pytest.mark.parametrize(("steps", "skip"), [(4, 1), (4, 3), (9, 4), (30, 1), (30, 20), (30, 29)])
def test_every_scheduler_goes_on_from_the_source_s_own_noise_level(
    session: LatentDiffusionSession, oracle: Oracle, scheduler: str, steps: int, skip: int
) -> None:
    z, noise = torch.randn(2, 1, 8, 5, 4, generator=torch.Generator().manual_seed(5))
    knows = KnowsNoise(noise)
    parts = replace(parts_of(session), conditioner=knows)  # type: ignore[arg-type]
    found = denoise(
        parts,
        make_scheduler(parts.scheduler, scheduler),
        noise,
        Condition(()),
        None,
        1.0,
        steps=steps,
        generators=[],
        on_step=lambda step, count: None,
        skip=skip,
        origin=z,
    )
    ends_at_level_0 = scheduler in ("default", "ddim", "pndm")
    expected = oracle.noised(z, noise, 0) if ends_at_level_0 else z
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-4)
    fresh = make_scheduler(parts.scheduler, scheduler)
    fresh.set_timesteps(steps)
    times = sorted({float(t) for t in fresh.timesteps}, reverse=True)
    assert sorted({t for t, _ in knows.shown}, reverse=True) == times[skip:]


def test_the_steps_of_a_strength_are_counted_as_people_do(guides: Guided) -> None:
    """0.29 · 100 is 28.999999999999996 to a computer."""
    recipe = guides(replace(PLAIN, steps=100), source="a.wav", strength=0.29)
    assert guided_sampling._skipped(recipe, 0.0) == 71


def test_a_source_of_another_rate_and_in_stereo_is_brought_to_the_model_s(
    session: LatentDiffusionSession, root: Path, guides: Guided
) -> None:
    t = np.arange(round(0.8 * 44_100)) / 44_100
    stereo = 0.3 * np.sin(2 * np.pi * 440 * t)[:, None] * [1.0, 0.5]
    soundfile.write(root / "stereo.flac", stereo, 44_100, subtype="PCM_24")
    recipe = guides(source="a.wav", strength=0.5)
    digest = hashlib.sha256((root / "stereo.flac").read_bytes()).hexdigest()
    params = {**recipe.params, "source": "stereo.flac", "digest": digest}
    made = makes(session, replace(recipe, params=params, duration_s=None))[0]
    assert len(made) == round(0.8 * RATE)


def test_without_duration_s_a_take_is_as_long_as_its_source(
    session: LatentDiffusionSession, guides: Guided
) -> None:
    short, long = makes(
        session, *(guides(source=s, strength=0.5, duration_s=None) for s in ("a.wav", "long.wav"))
    )
    assert (len(short), len(long)) == (12_800, 24_000)
    padded, cut = makes(
        session, *(guides(source=s, strength=0.5, duration_s=1.0) for s in ("a.wav", "long.wav"))
    )
    assert len(padded) == len(cut) == 16_000


# --- inpainting -----------------------------------------------------------------------------------------


SPANS = [{"from_s": 0.2, "to_s": 0.36}, {"from_s": 0.6, "to_s": 0.7}]


def test_outside_of_its_spans_an_inpainted_clip_is_its_source(
    session: LatentDiffusionSession, guides: Guided
) -> None:
    (made,) = makes(session, guides(source="a.wav", inpaint=SPANS))
    inside = np.zeros(len(made), dtype=bool)
    inside[3200:5760] = inside[9600:11_200] = True
    np.testing.assert_array_equal(made[~inside], SOUNDS["a.wav"][~inside])
    assert np.mean(made[inside] != SOUNDS["a.wav"][inside]) > 0.99


def test_what_is_inpainted_is_what_the_paper_s_blending_gives(
    session: LatentDiffusionSession, oracle: Oracle, guides: Guided
) -> None:
    (made,) = makes(session, guides(source="a.wav", inpaint={"from_s": 0.21, "to_s": 0.51}))
    z = oracle.encode(SOUNDS["a.wav"])
    keep = torch.ones(1, 1, 20, 4, dtype=torch.bool)
    keep[:, :, 5:13] = False  # from step 5.25 to 12.75: those that are made anew in part are so as a whole
    theirs = oracle.decode(oracle.sample(PLAIN, z, 0, keep))
    middle = slice(3360 + 160, 8160 - 160)  # between the two fades
    gain = np.vdot(made[middle], theirs[middle]) / np.vdot(theirs[middle], theirs[middle])
    np.testing.assert_allclose(made[middle], gain * theirs[middle], rtol=0, atol=2e-5)
    kept = np.r_[0:3360, 8160:12_800]
    exact = math.sqrt(np.mean(SOUNDS["a.wav"][kept] ** 2) / np.mean(theirs[kept] ** 2))
    back = np.abs(SOUNDS["a.wav"] - SOUNDS["a.wav"].mean()).max() / 0.5
    assert gain == pytest.approx(np.clip(exact, back / 2, back * 2), rel=1e-3)


def test_the_edges_of_a_span_do_not_click(session: LatentDiffusionSession, guides: Guided) -> None:
    (made,) = makes(session, guides(source="a.wav", inpaint=SPANS))
    steps = np.abs(np.diff(made))
    for edge in (3200, 5760, 9600, 11_200):
        assert steps[edge - 2 : edge + 2].max() < 0.5 * steps.max()


def test_a_span_to_the_end_and_one_over_all_of_it(session: LatentDiffusionSession, guides: Guided) -> None:
    end, whole, plain = makes(
        session,
        guides(source="a.wav", inpaint={"from_s": 0.4, "to_s": 0.8}),
        guides(source="a.wav", inpaint={"from_s": 0, "to_s": 0.8}),
        PLAIN,
    )
    np.testing.assert_array_equal(end[:6400], SOUNDS["a.wav"][:6400])
    gain = np.vdot(whole, plain) / np.vdot(plain, plain)
    np.testing.assert_allclose(whole, gain * plain, rtol=0, atol=1e-5)


def test_parts_that_meet_or_overlap_are_one(session: LatentDiffusionSession, guides: Guided) -> None:
    parts = [{"from_s": a, "to_s": b} for a, b in ((0.2, 0.4), (0.3, 0.5), (0.5, 0.6))]
    several, one = makes(
        session,
        guides(source="a.wav", inpaint=parts),
        guides(source="a.wav", inpaint={"from_s": 0.2, "to_s": 0.6}),
    )
    np.testing.assert_array_equal(several, one)


def latents_of(
    session: LatentDiffusionSession, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> tuple[Any, Wave]:
    """Return the latents that are decoded, and the take."""
    seen = []

    def noting(parts: Parts, latents: Any, frames: int) -> Any:
        seen.append(latents.clone())
        return decode(parts, latents, frames)

    with monkeypatch.context() as patch:
        patch.setattr("sfxgen.models.guided_sampling.decode", noting)
        (made,) = makes(session, recipe)
    return seen[0], made


def test_upscaling_keeps_the_lower_half_of_the_latents(
    session: LatentDiffusionSession, oracle: Oracle, guides: Guided, monkeypatch: pytest.MonkeyPatch
) -> None:
    latents, _ = latents_of(session, guides(source="a.wav", upscale=True), monkeypatch)
    z = oracle.encode(SOUNDS["a.wav"])
    torch.testing.assert_close(latents[..., :2], z[..., :2], rtol=0, atol=1e-5)
    keep = torch.tensor([True, True, False, False]).expand(1, 1, 20, 4)
    torch.testing.assert_close(latents, oracle.sample(PLAIN, z, 0, keep), rtol=0, atol=1e-4)
    assert not torch.isclose(latents[..., 2:], z[..., 2:], atol=1e-2).all()


@pytest.mark.parametrize("scheduler", SCHEDULER_NAMES)
def test_every_scheduler_keeps_what_is_known(
    session: LatentDiffusionSession, guides: Guided, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(PLAIN, scheduler=scheduler)
    keys = {"source": "a.wav", "inpaint": {"from_s": 0.2, "to_s": 0.52}}
    latents, _ = latents_of(session, guides(recipe, **keys), monkeypatch)
    zero, _ = latents_of(session, guides(source="a.wav", strength=0), monkeypatch)
    assert torch.equal(latents[:, :, :5], zero[:, :, :5])
    assert torch.equal(latents[:, :, 13:], zero[:, :, 13:])
    assert torch.isfinite(latents).all()


@pytest.mark.parametrize("scheduler", SCHEDULER_NAMES)
def test_what_is_known_is_shown_to_the_model_at_each_step_s_own_noise_level(
    session: LatentDiffusionSession, oracle: Oracle, scheduler: str
) -> None:
    z, noise = torch.randn(2, 1, 8, 5, 4, generator=torch.Generator().manual_seed(5))
    keep = (torch.arange(5) < 3)[:, None].expand(1, 1, 5, 4)
    knows = KnowsNoise(noise)
    parts = replace(parts_of(session), conditioner=knows)  # type: ignore[arg-type]
    denoise(
        parts,
        make_scheduler(parts.scheduler, scheduler),
        noise,
        Condition(()),
        None,
        1.0,
        steps=6,
        generators=[torch.Generator()],
        on_step=lambda step, count: None,
        known=Known(z, keep),
    )
    levels = torch.log((1 - oracle.alphas) / oracle.alphas).numpy() / 2
    for t, x in knows.shown:  # Karras' timesteps lie between the model's
        a = 1 / (1 + math.exp(2 * np.interp(t, np.arange(1000), levels)))
        expected = math.sqrt(a) * z + math.sqrt(1 - a) * noise
        torch.testing.assert_close(x[:, :, :3], expected[:, :, :3], rtol=0, atol=1e-3)
    assert len(knows.shown) >= 6


# --- morphs ---------------------------------------------------------------------------------------------


def test_a_morph_of_prompts_is_its_ends_at_0_and_1(session: LatentDiffusionSession, guides: Guided) -> None:
    at = {p: guides(morph={"to": "rain", "at": p}) for p in (0, 0.3, 0.7, 1)}
    made = dict(zip(at, makes(session, *at.values()), strict=True))
    one, other = makes(session, PLAIN, replace(PLAIN, prompt="rain"))
    np.testing.assert_array_equal(made[0], one)
    np.testing.assert_array_equal(made[1], other)
    far = [np.std(made[p] - one) for p in (0, 0.3, 0.7, 1)]
    assert far == sorted(far)
    assert 0 < far[1] < far[3]


def test_a_series_goes_from_its_first_take_to_its_last(
    session: LatentDiffusionSession, guides: Guided
) -> None:
    series = guides(morph={"to": "rain", "takes": [1, 3, 4]})
    first, middle, last = makes(session, *(replace(series, take=take) for take in (1, 3, 4)))
    one, other = makes(session, replace(PLAIN, take=1), replace(PLAIN, take=4, prompt="rain"))
    np.testing.assert_array_equal(first, one)
    np.testing.assert_array_equal(last, other)
    alone, plain = makes(session, replace(series, take=3), replace(PLAIN, take=3))
    np.testing.assert_array_equal(middle, alone)
    assert not np.array_equal(middle, plain)


def test_the_noise_of_a_series_lies_on_the_arc_between_its_ends(
    session: LatentDiffusionSession, oracle: Oracle, guides: Guided
) -> None:
    series = guides(morph={"to": PLAIN.prompt, "takes": [1, 3, 4, 5, 6]})  # nothing else changes along it
    (made,) = makes(session, replace(series, take=3))
    z = torch.zeros(1, 8, 20, 4)
    one, other = (oracle.noise(replace(PLAIN, take=take), z) for take in (1, 6))
    latents = oracle.sample(PLAIN, z, 0, noise=on_the_arc(one, other, 0.25))
    np.testing.assert_allclose(made, oracle.decode(latents), rtol=0, atol=2e-5)


def test_a_morph_of_sources_is_its_ends_at_0_and_1(session: LatentDiffusionSession, guides: Guided) -> None:
    morphs = [guides(source="a.wav", morph={"source": "b.wav", "at": p}, strength=0.5) for p in (0, 0.5, 1)]
    made = makes(session, *morphs)
    one, other = makes(session, *(guides(source=s, strength=0.5) for s in ("a.wav", "b.wav")))
    np.testing.assert_array_equal(made[0], one)
    np.testing.assert_array_equal(made[2], other)
    assert np.std(made[1] - one) > 0.01 * np.std(one)


def test_a_morph_of_sources_begins_on_the_arc_between_their_latents(
    session: LatentDiffusionSession, oracle: Oracle, guides: Guided, monkeypatch: pytest.MonkeyPatch
) -> None:
    morph = guides(source="a.wav", morph={"source": "b.wav", "at": 0.25}, strength=0)
    latents, _ = latents_of(session, morph, monkeypatch)
    one, other = (oracle.encode(SOUNDS[name]) for name in ("a.wav", "b.wav"))
    torch.testing.assert_close(latents, on_the_arc(one, other, 0.25), rtol=0, atol=1e-5)


def test_a_morph_from_a_prompt_to_a_source_makes_less_and_less_anew(
    session: LatentDiffusionSession, guides: Guided
) -> None:
    morphs = [guides(morph={"source": "b.wav", "at": p}, strength=0.5) for p in (0, 0.5, 1)]
    made = makes(session, *morphs)
    np.testing.assert_array_equal(made[0], makes(session, PLAIN)[0])
    np.testing.assert_array_equal(made[2], makes(session, guides(source="b.wav", strength=0.5))[0])
    np.testing.assert_array_equal(made[1], makes(session, guides(source="b.wav", strength=0.75))[0])


def test_slerp_keeps_the_length_of_noise_and_its_angle() -> None:
    generator = torch.Generator().manual_seed(1)
    one, other = (torch.randn(1, 8, 50, 4, generator=generator) for _ in range(2))
    between = guided_sampling.slerp(one, other, 0.5)
    assert between.norm().item() == pytest.approx((one.norm() + other.norm()).item() / 2, rel=1e-6)
    cosines = [torch.cosine_similarity(between.flatten(), end.flatten(), 0).item() for end in (one, other)]
    assert cosines[0] == pytest.approx(cosines[1], abs=1e-6)
    quarter = guided_sampling.slerp(one, 2 * other, 0.25)
    torch.testing.assert_close(quarter, on_the_arc(one, 2 * other, 0.25), rtol=0, atol=1e-5)
    assert torch.equal(guided_sampling.slerp(one, other, 0.0), one)
    assert torch.equal(guided_sampling.slerp(one, other, 1.0), other)
    assert torch.allclose(guided_sampling.slerp(one, one.clone(), 0.3), one)


def test_mixed_conditions_keep_the_length_of_their_vectors_and_either_s_mask() -> None:
    one = Condition((torch.tensor([[1.0, 0.0]]), torch.tensor([[1, 0]])))
    other = Condition((torch.tensor([[0.0, 1.0]]), torch.tensor([[1, 1]])))
    between, mask = guided_sampling.mixed(one, other, 0.25).tensors
    assert between.norm().item() == pytest.approx(1)
    assert between[0, 0] == pytest.approx(3 * between[0, 1].item())
    assert mask.tolist() == [[1, 1]]
    longer = Condition((torch.zeros(1, 3), torch.tensor([[1, 0]])))
    with pytest.raises(ModelError, match="other forms"):
        guided_sampling.mixed(one, longer, 0.5)


# --- windows --------------------------------------------------------------------------------------------


WINDOW = {"window_s": 0.8, "shared_s": 0.2}


def test_a_take_beyond_a_window_is_sampled_in_windows_that_share_their_context(
    session: LatentDiffusionSession, oracle: Oracle, guides: Guided, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[Any, Any]] = []

    def noting(*args: Any, **kwargs: Any) -> Any:
        found = denoise(*args, **kwargs)
        calls.append((kwargs["known"], found))
        return found

    monkeypatch.setattr("sfxgen.models.guided_sampling.denoise", noting)
    recipe = guides(duration_s=2.0, extend=True)
    assert recipe.params["extend"] == WINDOW
    (made,) = makes(session, recipe)
    assert len(made) == 2 * RATE
    # 50 steps in windows of 20 that share 5: at 0, 15 and 30, where the last ends with the take.
    assert len(calls) == 3
    assert calls[0][0] is None
    for (known, found), (_, before) in zip(calls[1:], calls, strict=False):
        assert known.keep[0, 0, :, 0].tolist() == [True] * 5 + [False] * 15
        assert torch.equal(found[:, :, :5], before[:, :, 15:])
        assert not torch.equal(found[:, :, 5:10], before[:, :, 10:15])
    expected = oracle.sample_windows(PLAIN, torch.zeros(1, 8, 50, 4), 0, (0, 15, 30))
    for (_, found), theirs in zip(calls, expected, strict=True):
        torch.testing.assert_close(found, theirs, rtol=0, atol=1e-4)


@pytest.mark.parametrize("scheduler", ["ddim", "dpmpp_2m", "euler_a"])
def test_an_extended_take_has_no_seam_where_its_windows_join(
    session: LatentDiffusionSession, guides: Guided, scheduler: str
) -> None:
    recipe = replace(PLAIN, scheduler=scheduler, steps=6)
    (made,) = makes(session, guides(recipe, duration_s=3.2, extend=True))
    clip = Clip(made[:, None].copy(), RATE)
    joins = [round(s * RATE) for s in (0.6, 0.7, 0.8, 1.2, 1.3, 1.4, 1.8, 1.9, 2.0, 2.4, 2.5, 2.6)]
    for seam in (measure_join(clip, frame) for frame in joins):
        assert seam.step_db <= MOST_STEP_DB
        assert abs(seam.level_db) <= MOST_LEVEL_DB
        assert seam.flux_z <= MOST_FLUX_Z
    gap = made.copy()
    gap[joins[1] : joins[1] + 400] = 0  # what the measure would say of a join that is not one
    assert measure_join(Clip(gap[:, None], RATE), joins[1]).flux_z > MOST_FLUX_Z


def test_long_takes_are_decoded_as_short_ones_are(
    session: LatentDiffusionSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pieces, the vocoder gives what it gives of the whole; and where one window alone speaks, so does the VAE."""
    parts = parts_of(session)
    latents = torch.randn(1, 8, 50, 4, generator=torch.Generator().manual_seed(3))
    guide = guided_sampling.Guide(PLAIN, 32_000, 0, 50, 20, (0, 15, 30), 0, 0.0, None, None, 0, ())
    with torch.inference_mode():
        whole = guided_sampling.decode_long(parts, latents, guide, 32_000)
        first = decode(parts, latents[:, :, :20], 12_800)
        monkeypatch.setattr(guided_sampling, "VOCODED_FRAMES", 37)
        pieces = guided_sampling.decode_long(parts, latents, guide, 32_000)
    np.testing.assert_allclose(pieces, whole, rtol=0, atol=1e-6)
    np.testing.assert_allclose(whole[:9000], first[:9000], rtol=0, atol=1e-6)


def test_a_source_is_continued_from_its_own_end(session: LatentDiffusionSession, guides: Guided) -> None:
    source = SOUNDS["a.wav"]
    (made,) = makes(session, guides(source="a.wav", duration_s=2.0, extend=True))
    assert len(made) == 2 * RATE
    np.testing.assert_array_equal(made[: len(source) - 160], source[:-160])
    assert np.std(made[len(source) :]) > 0
    join = measure_join(Clip(made[:, None].copy(), RATE), len(source) - 160, fade_frames=160)
    assert join.step_db <= MOST_STEP_DB


def test_what_follows_a_source_is_sampled_beside_its_end_and_as_loud(
    session: LatentDiffusionSession, oracle: Oracle, guides: Guided
) -> None:
    source = SOUNDS["a.wav"]
    (made,) = makes(session, guides(source="a.wav", duration_s=2.0, extend=True))
    z = torch.zeros(1, 8, 35, 4)  # of the source, 5 steps are heard: its last 0.2 s
    z[:, :, :5] = oracle.encode(source, begin=9600)
    theirs = oracle.decode(oracle.sample_windows(PLAIN, z, 5, (0, 15))[0])
    alone = slice(3200, 9000)  # beyond the source, and before the windows fade into each other
    after = made[9600:][alone]
    gain = np.vdot(after, theirs[alone]) / np.vdot(theirs[alone], theirs[alone])
    np.testing.assert_allclose(after, gain * theirs[alone], rtol=0, atol=2e-5)
    back = np.abs(source - source.mean()).max() / 0.5
    exact = math.sqrt(np.mean(source[9600:] ** 2) / np.mean(theirs[:3200] ** 2))
    assert gain == pytest.approx(np.clip(exact, back / 2, back * 2), rel=1e-3)
    fade = slice(12_640, 12_800)
    far = [np.abs(made[fade] - end) for end in (source[fade], gain * theirs[3040:3200])]
    assert far[0][:20].max() < far[1][:20].max(), "it begins as the source"
    assert far[0][-20:].max() > far[1][-20:].max()


def test_windows_cover_a_take_and_share_enough() -> None:
    for steps in range(1, 200):
        for window, shared in ((20, 5), (7, 3), (2, 1)):
            begins = guided_sampling._windows(steps, window, shared)
            ends = [min(begin + window, steps) for begin in begins]
            assert begins[0] == 0
            assert ends[-1] == steps
            assert all(begin <= end - shared for begin, end in zip(begins[1:], ends, strict=False))
            assert list(begins) == sorted(set(begins))


def test_extend_means_nothing_to_a_take_of_one_window() -> None:
    assert adapter.params(SMALL, {"extend": True, "duration_s": 10.0}, kind="one_shot") == {}


# --- loops ----------------------------------------------------------------------------------------------


def loops(guides: Guided, recipe: Recipe = PLAIN, **keys: Any) -> Recipe:
    """Return the recipe of a loop whose seam is made anew, up to 0.4 s of it."""
    guided: Recipe = guides(recipe, **keys)
    return replace(guided, params={**guided.params, "seam_s": 0.4, "guided": 1})


@pytest.mark.parametrize("scheduler", ["ddim", "dpmpp_2m", "euler_a"])
def test_a_loop_s_seam_is_made_anew_and_has_no_fault(
    session: LatentDiffusionSession, guides: Guided, scheduler: str
) -> None:
    recipe = replace(PLAIN, scheduler=scheduler, steps=6)
    for duration_s in (0.8, 1.61):
        (made,) = makes(session, loops(guides, recipe, duration_s=duration_s))
        assert len(made) == round(duration_s * RATE)
        assert measure_seam(Clip(made[:, None].copy(), RATE)).fault <= 1


def test_only_what_is_around_a_loop_s_seam_is_made_anew(
    session: LatentDiffusionSession, oracle: Oracle, guides: Guided, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[Any] = []

    def noting(*args: Any, **kwargs: Any) -> Any:
        rounds.append(denoise(*args, **kwargs))
        return rounds[-1]

    monkeypatch.setattr("sfxgen.models.guided_sampling.denoise", noting)
    decoded: list[Any] = []

    def ring(parts: Parts, latents: Any) -> Any:
        decoded.append(latents)
        return decode_ring(parts, latents)

    decode_ring = guided_sampling.decode_ring
    monkeypatch.setattr("sfxgen.models.guided_sampling.decode_ring", ring)
    makes(session, loops(guides, duration_s=0.84))
    first, turned = rounds
    (again,) = decoded  # of 21 steps, 5 on either side of the seam
    assert torch.equal(again[:, :, 5:16], first[:, :, 5:16])
    for step in (*range(5), *range(16, 21)):
        assert not torch.equal(again[:, :, step], first[:, :, step])
    keep = torch.ones(1, 1, 21, 1, dtype=torch.bool)
    keep[:, :, 5:15] = False
    noise = oracle.noise(PLAIN, first)
    theirs = oracle.sample(PLAIN, first.roll(10, 2), 0, keep, noise.roll(10, 2))
    torch.testing.assert_close(turned, theirs, rtol=0, atol=1e-4)
    torch.testing.assert_close(again.roll(10, 2), theirs, rtol=0, atol=1e-4)


def test_a_loop_s_source_that_is_too_short_begins_again(
    session: LatentDiffusionSession, oracle: Oracle, guides: Guided
) -> None:
    recipe = guides(source="a.wav", strength=0, duration_s=1.2)
    again, padded = makes(session, replace(recipe, params={**recipe.params, "loops": True}), recipe)
    source = SOUNDS["a.wav"]
    for made, heard in ((again, np.resize(source, 19_200)), (padded, np.pad(source, (0, 6400)))):
        np.testing.assert_allclose(made, oracle.decode(oracle.encode(heard)), rtol=0, atol=1e-5)


def test_a_ring_is_the_middle_of_its_periods(session: LatentDiffusionSession, oracle: Oracle) -> None:
    latents = torch.randn(1, 8, 40, 4, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        ring = guided_sampling.decode_ring(parts_of(session), latents)[:, 0]
        theirs = oracle.decode(latents.repeat(1, 1, 3, 1))
    np.testing.assert_allclose(ring, theirs[40 * PER_STEP : 80 * PER_STEP], rtol=0, atol=1e-5)


def test_a_loop_is_decoded_as_a_ring(session: LatentDiffusionSession) -> None:
    """Cut elsewhere, it is the same ring, at its seam as in its middle; decoded as a line, its ends are not."""
    parts = parts_of(session)
    latents = torch.randn(1, 8, 40, 4, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        ring = guided_sampling.decode_ring(parts, latents)
        elsewhere = guided_sampling.decode_ring(parts, latents.roll(20, dims=2))
        line = decode(parts, latents, 40 * PER_STEP)

    def difference_at_the_seam(made: Any) -> float:
        """How much larger it is than over all, once levels are alike: the VAE's norms hear a little of the edges."""
        turned = np.roll(made, 20 * PER_STEP, axis=0)
        difference = turned * np.vdot(turned, elsewhere) / np.vdot(turned, turned) - elsewhere
        seam = slice(20 * PER_STEP - 640, 20 * PER_STEP + 640)
        return float(np.std(difference[seam]) / np.std(difference))

    assert difference_at_the_seam(ring) < 1
    assert difference_at_the_seam(line) > 1.5
    assert len(ring) == len(line) == 40 * PER_STEP
    assert measure_seam(Clip(ring, RATE)).fault <= 1


# --- same bits ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
def test_a_guided_take_does_not_depend_on_its_company(
    batched: LatentDiffusionSession, guides: Guided, dtype: str
) -> None:
    recipe = replace(PLAIN, dtype=dtype, steps=2, scheduler="euler_a")
    other = replace(recipe, take=2, prompt="rain", negative="")
    takes = [
        guides(recipe, source="a.wav", strength=0.5),
        guides(other, source="b.wav", strength=0.5),
        recipe,
        guides(recipe, source="a.wav", inpaint=SPANS),
        guides(other, source="b.wav", inpaint={"from_s": 0.1, "to_s": 0.2}),
        guides(recipe, morph={"to": "wind", "at": 0.5}),
        guides(other, source="b.wav", upscale=True),
        guides(recipe, source="a.wav", duration_s=1.2, extend=True),
        guides(other, source="b.wav", duration_s=1.2, extend=True),
        loops(guides, recipe),
    ]
    takes = takes[:: 3 if dtype == "bf16" else 1]
    alone = [makes(batched, take)[0] for take in takes]
    together = makes(batched, *takes)
    backwards = makes(batched, *reversed(takes))[::-1]
    for one, two, three in zip(alone, together, backwards, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)
    assert len({take.tobytes() for take in alone}) == len(takes)


def test_takes_of_different_sources_share_a_batch(
    batched: LatentDiffusionSession, guides: Guided, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def noting(*args: Any, **kwargs: Any) -> Any:
        calls.append(len(args[2]))
        return denoise(*args, **kwargs)

    monkeypatch.setattr("sfxgen.models.guided_sampling.denoise", noting)
    makes(batched, *(guides(source=s, strength=0.5) for s in ("a.wav", "b.wav", "long.wav")))
    assert calls == [3]


def test_every_step_of_every_window_is_reported(session: LatentDiffusionSession, guides: Guided) -> None:
    heard: list[Event] = []
    recipes = [guides(duration_s=1.2, extend=True), guides(source="a.wav", strength=0.5)]
    list(session.generate(recipes, on_event=heard.append, cancelled=lambda: False))
    assert heard == [Sampling("tiny", n, 8, 1) for n in range(1, 9)] + [
        Sampling("tiny", n, 2, 1) for n in (1, 2)
    ]


@pytest.mark.parametrize("after", [0, 1, 4, 6])
def test_a_guided_take_is_cancelled_between_steps(
    session: LatentDiffusionSession, guides: Guided, after: int
) -> None:
    heard: list[Event] = []
    recipe = guides(duration_s=1.2, extend=True)
    with pytest.raises(Cancelled):
        list(session.generate([recipe], on_event=heard.append, cancelled=lambda: len(heard) >= after))
    assert len(heard) == after


# --- sources that are not what they were ----------------------------------------------------------------


def damaged(root: Path, name: str, data: bytes) -> dict[str, str]:
    (root / name).write_bytes(data)
    return {"source": name, "digest": hashlib.sha256(data).hexdigest()}


def test_a_source_that_fails_costs_no_other_take(
    session: LatentDiffusionSession, root: Path, guides: Guided
) -> None:
    good = guides(source="a.wav", strength=0.5)
    bad = replace(good, params={**good.params, **damaged(root, "bad.wav", b"RIFF")})
    clips = session.generate([PLAIN, good, bad, good], on_event=ignore, cancelled=lambda: False)
    assert next(clips).frames == next(clips).frames == 12_800
    with pytest.raises(ModelError, match=r"^bad\.wav: no audio that can be read"):
        next(clips)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"digest": "0" * 64}, "a.wav was changed while the build ran"),
        ({"source": "gone.wav"}, "gone.wav"),
        ({"inpaint": [[0.1, 0.2], [0.5, 1.0]]}, "ends at 1 s, and the source at 0.8 s"),
        ({"longest_s": 0.5}, "is 0.8 s long, and the model makes 0.5 s at the most"),
    ],
)
def test_a_source_that_is_not_what_the_recipe_says_is_an_error(
    session: LatentDiffusionSession, guides: Guided, changes: dict[str, Any], expected: str
) -> None:
    recipe = guides(source="a.wav", strength=0.5, duration_s=None)
    with pytest.raises(ModelError, match=expected):
        makes(session, replace(recipe, params={**recipe.params, **changes}))


def test_a_silent_source_stays_silent_where_it_is_kept(
    session: LatentDiffusionSession, root: Path, guides: Guided
) -> None:
    soundfile.write(root / "silent.wav", np.zeros(12_800), RATE, subtype="FLOAT")
    recipe = guides(source="a.wav", inpaint={"from_s": 0.2, "to_s": 0.4})
    digest = hashlib.sha256((root / "silent.wav").read_bytes()).hexdigest()
    made = makes(
        session, replace(recipe, params={**recipe.params, "source": "silent.wav", "digest": digest})
    )[0]
    assert not made[:3200].any()
    assert np.isfinite(made).all()
    assert made[3400:6200].any()


# --- the light face -------------------------------------------------------------------------------------


def complaints(**keys: Any) -> list[Complaint]:
    return list(adapter.complaints(SMALL, {"prompt": "rain", **keys}))


FILES = {"files": {"a.wav": {"digest": "0", "length_s": 2.0}, "long.wav": {"digest": "1", "length_s": 45.0}}}


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"strength": 0.5}, "strength"),
        ({"strength": 1.5, "source": "a.wav"}, "strength"),
        ({"strength": math.nan, "source": "a.wav"}, "strength"),
        ({"strength": 0.03, "source": "a.wav", "steps": 25}, "strength"),
        ({"inpaint": {"from_s": 0.1, "to_s": 0.2}}, "inpaint"),
        ({"upscale": True}, "upscale"),
        ({"source": "a.txt"}, "source"),
        ({"source": "a.wav", "inpaint": {"from_s": 0.2, "to_s": 0.1}}, "inpaint"),
        ({"source": "a.wav", "inpaint": {"from_s": 1, "to_s": 2.5}}, "inpaint"),
        ({"source": "long.wav", "duration_s": 3.0, "inpaint": [{"from_s": 1, "to_s": 4}]}, "inpaint"),
        ({"source": "a.wav", "inpaint": {"from_s": 0, "to_s": 1}, "upscale": True}, "upscale"),
        ({"source": "long.wav"}, "source"),
        ({"source": "a.wav", "extend": True}, "extend"),
        ({"source": "a.wav", "extend": True, "duration_s": 2.0}, "extend"),
        ({"source": "a.wav", "extend": True, "duration_s": 5.0, "strength": 0.5}, "strength"),
        ({"source": "a.wav", "extend": True, "duration_s": 5.0, "upscale": True}, "upscale"),
        ({"extend": True, "duration_s": 300.5}, "duration_s"),
        ({"duration_s": 31.0}, "duration_s"),
        ({"morph": {}}, "morph"),
        ({"morph": {"to": "wind", "source": "a.wav"}}, "morph"),
        ({"morph": {"to": "wind", "at": 1.5}}, "morph.at"),
        ({"morph": {"source": "a.mid"}}, "morph.source"),
        ({"morph": {"source": "a.wav"}, "source": "a.wav", "upscale": True}, "morph.source"),
    ],
    ids=str,
)
def test_each_mistake_gets_one_complaint_with_a_way_out(keys: dict[str, Any], key: str) -> None:
    (found,) = complaints(**keys, **FILES)
    assert found.key == key
    assert found.hint or key in ("strength", "morph.at", "inpaint", "duration_s")


@pytest.mark.parametrize(
    "keys",
    [
        {"source": "a.wav"},
        {"source": "a.wav", "strength": 0},
        {"source": "a.wav", "strength": 0.04, "steps": 25},
        {"source": "a.wav", "inpaint": [{"from_s": 0, "to_s": 2.0}], "strength": 0.8},
        {"source": "a.wav", "extend": True, "duration_s": 300},
        {"source": "long.wav", "duration_s": 30},
        {"extend": True, "duration_s": 60},
        {"source": "a.wav", "upscale": True},
        {"morph": {"to": "wind"}},
        {"morph": {"source": "a.wav", "at": 0.5}, "strength": 0.2},
        {"source": "new.wav", "inpaint": {"from_s": 0, "to_s": 200}},  # of no known length: a Git LFS pointer
    ],
    ids=str,
)
def test_what_is_right_gets_none(keys: dict[str, Any]) -> None:
    assert complaints(**keys, **FILES) == []


def test_a_plain_take_has_no_params_so_its_key_is_what_it_was() -> None:
    keys = {"prompt": "rain", "duration_s": 5.12, "steps": 25, "guidance": 2.5}
    for kind in ("one_shot", "loop"):
        assert adapter.params(SMALL, keys, kind=kind) == {}


def test_params_have_every_default_filled_in() -> None:
    def params(kind: Any = "one_shot", **keys: Any) -> dict[str, Any]:
        return adapter.params(SMALL, {**keys, **FILES}, kind=kind)

    a = {"source": "a.wav", "digest": "0"}
    assert params(source="a.wav", duration_s=2.0) == {**a, "strength": 0.5, "guided": 1}
    assert params(source="a.wav") == {**a, "strength": 0.5, "longest_s": 30.0, "guided": 1}
    assert params("loop", source="a.wav", duration_s=8.0) == {
        **a,
        "strength": 0.5,
        "loops": True,
        "guided": 1,
    }
    assert params("loop", seam="inpaint", duration_s=8.0) == {"seam_s": 2.56, "guided": 1}
    assert params("loop", seam="crossfade", duration_s=8.0) == {}
    span = {"from_s": 0.4, "to_s": 0.9}
    assert params(source="a.wav", duration_s=2.0, inpaint=span) == {
        **a, "strength": 1.0, "inpaint": [[0.4, 0.9]], "guided": 1,
    }  # fmt: skip
    assert params(duration_s=60.0, extend=True) == {
        "extend": {"window_s": 10.24, "shared_s": 2.56}, "guided": 1,
    }  # fmt: skip
    assert params(morph={"source": "a.wav", "at": 0.5}) == {
        "strength": 0.5, "morph": {"source": "a.wav", "at": 0.5, "digest": "0"}, "guided": 1,
    }  # fmt: skip


def test_the_light_face_imports_nothing_heavy() -> None:
    code = (
        "import sys; from sfxgen.models.audioldm import adapter; i = adapter.models[0];"
        "keys = {'prompt': 'x', 'source': 'a.wav', 'files': {'a.wav': {'digest': '', 'length_s': 1}}};"
        "list(adapter.complaints(i, keys)); adapter.params(i, keys, kind='loop');"
        "print([m for m in ('torch', 'numpy', 'soundfile', 'diffusers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- builds ---------------------------------------------------------------------------------------------


MANIFEST = """
defaults: { model: "audioldm:weights/tiny", steps: 2, scheduler: ddim, loudness: measure, master: { trim: false } }
sounds:
  door/stone: { prompt: a stone door, source: Recordings/a.wav, strength: 0.6, variants: 2 }
  door/mended: { prompt: a door, source: Recordings/a.wav, inpaint: { from_s: 0.2, to_s: 0.36 } }
  rain/wind: { prompt: rain, duration_s: 0.5, morph: { to: wind }, variants: 3 }
  bed: { prompt: waves, duration_s: 11, extend: true, steps: 1, guidance: 1 }
  longer: { prompt: a door, source: Recordings/a.wav, duration_s: 1.4, extend: true }
  pump: { prompt: a pump, kind: loop, duration_s: 1.5, seam: inpaint }
  bright: { prompt: a door, source: Recordings/a.wav, upscale: true }
"""


@pytest.fixture
def tiny(game: Game, root: Path) -> Game:
    shutil.copytree(root / "tiny", game.root / "weights/tiny")
    (game.root / "Recordings").mkdir()
    for name in SOUNDS:
        shutil.copy(root / name, game.root / "Recordings" / name)
    return game


CPU = Options(device="cpu")


def raw(game: Game, asset: str) -> Wave:
    """An asset's raw take, before mastering."""
    found = game.open().store.get("take", game.lock().assets["unity", asset].take_key)
    assert found is not None
    return unpack(found[0]).samples[:, 0]


def test_all_of_it_goes_the_whole_way_from_a_manifest(tiny: Game) -> None:
    tiny.manifest(MANIFEST)
    report = build(tiny.root, tiny.catalog, CPU)
    assert [(f.name, f.error.message) for f in report.failures] == []
    mended = raw(tiny, "door/mended_01")
    np.testing.assert_array_equal(mended[:3200], SOUNDS["a.wav"][:3200])
    np.testing.assert_array_equal(mended[5760:], SOUNDS["a.wav"][5760:])
    np.testing.assert_array_equal(raw(tiny, "longer_01")[:12_640], SOUNDS["a.wav"][:12_640])
    lengths = {
        name: len(raw(tiny, name)) for name in ("door/stone_02", "rain/wind_02", "bed_01", "longer_01")
    }
    assert list(lengths.values()) == [12_800, 8000, 176_000, 22_400]
    assert len(raw(tiny, "pump_01")) == 24_000  # no more than the loop: nothing is cross-faded
    pump, rate = soundfile.read(tiny.path("pump_01"))
    assert (len(pump), rate) == (72_000, 48_000)
    assert measure_seam(Clip(pump.astype(np.float32)[:, None], rate)).fault <= 1
    before = tiny.tree()
    assert build(tiny.root, tiny.catalog, CPU).plan.is_empty
    again = ("door/*", "rain/*", "longer", "pump")
    report = build(tiny.root, tiny.catalog, Options(device="cpu", rebuild=True, only=again))
    assert list(actions(report.plan).values()).count("generate") == 8
    assert tiny.tree() == before


SERIES = """
defaults: { model: "audioldm:weights/tiny", steps: 2, duration_s: 0.5 }
sounds:
  rain: { prompt: rain, variants: 3 }
  wind: { prompt: wind, variants: 3 }
  both: { prompt: rain, morph: { to: wind }, variants: 3 }
"""


def test_a_series_of_variants_goes_from_one_sound_to_the_other(tiny: Game) -> None:
    tiny.manifest(SERIES)
    assert build(tiny.root, tiny.catalog, CPU).exit_code == 0
    np.testing.assert_array_equal(raw(tiny, "both_01"), raw(tiny, "rain_01"))
    np.testing.assert_array_equal(raw(tiny, "both_03"), raw(tiny, "wind_03"))
    assert not np.array_equal(raw(tiny, "both_02"), raw(tiny, "rain_02"))
    tiny.manifest(SERIES.replace("wind }, variants: 3", "wind }, variants: 4"))
    plan = actions(tiny.plan(device="cpu"))
    assert {name for name, action in plan.items() if action == "generate"} == {
        f"both_0{n}" for n in range(1, 5)
    }


def test_a_series_of_a_sound_s_own_takes(tiny: Game) -> None:
    tiny.manifest(SERIES.replace("to: wind }, variants: 3", "to: wind }, takes: [2, 7]"))
    sounds = {sound.id: sound for sound in load(tiny.root, tiny.catalog)[1]}
    assert sounds["both"].keys["morph"] == {"to": "wind", "takes": [2, 7]}
    tiny.manifest(SERIES.replace("to: wind }, variants: 3", "to: wind, at: 0.5 }, variants: 3"))
    sounds = {sound.id: sound for sound in load(tiny.root, tiny.catalog)[1]}
    assert sounds["both"].keys["morph"] == {"to": "wind", "at": 0.5}


SOURCED = """
defaults: { model: "audioldm:weights/tiny", steps: 2 }
sounds:
  door: { prompt: a stone door, source: Recordings/a.wav, strength: 0.5 }
  other: { prompt: rain, duration_s: 0.5 }
"""


def test_a_changed_source_makes_its_sounds_stale_and_no_other(tiny: Game) -> None:
    tiny.manifest(SOURCED)
    assert build(tiny.root, tiny.catalog, CPU).exit_code == 0
    shutil.copy(tiny.root / "Recordings/b.wav", tiny.root / "Recordings/a.wav")
    assert actions(tiny.plan(device="cpu")) == {"door_01": "generate", "other_01": "keep"}


def test_check_needs_no_audio_where_git_lfs_has_left_a_pointer(tiny: Game) -> None:
    tiny.manifest(SOURCED)
    assert build(tiny.root, tiny.catalog, CPU).exit_code == 0
    source = tiny.root / "Recordings/a.wav"
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    size = source.stat().st_size
    source.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {size}\n")
    assert tiny.check().is_empty
    assert build(tiny.root, tiny.catalog, CPU).plan.is_empty


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("source: ../a.wav", "source"),
        ("source: /etc/a.wav", "source"),
        ("source: Recordings/none.wav", "source: 'Recordings/none.wav' cannot be read"),
        ("source: Recordings/text.wav", "source: 'Recordings/text.wav' holds no audio that can be read"),
        ("source: sfxgen.yaml", "source: 'sfxgen.yaml' is no audio file"),
        ("source: Recordings/link.wav", "source: 'Recordings/link.wav' is a link that leaves the project"),
        ("strength: 0.5", "strength: there is no source"),
        ("inpaint: { from_s: 0, to_s: 1 }", "inpaint: there is no source"),
        ("source: Recordings/a.wav, inpaint: { from_s: 0.5, to_s: 1.5 }", "a part ends at 1.5 s, and the source at 0.8 s"),
        ("upscale: true", "upscale: there is no source"),
        ("morph: { at: 0.5 }", "morph: has no other end"),
        ("morph: { to: wind, source: Recordings/a.wav, at: 1 }", "morph: has two other ends"),
        ("morph: { to: wind }", "morph: goes all the way over a sound's takes, and there is one"),
        ("morph: { source: ../a.wav, at: 0.5 }", "morph.source"),
        ("duration_s: 45", "duration_s: 45 is not between 0.04 and 30"),
        ("duration_s: 400, extend: true", "duration_s: 400 is not between 0.04 and 300"),
        ("seam: inpaint", "seam: is for loops"),
        ("seam: inpaint, kind: loop, extend: true", "extend: has no meaning beside seam: inpaint"),
        ("source: Recordings/a.wav, extend: true", "extend: nothing says how far"),
        ("source: Recordings/a.wav, extend: true, duration_s: 0.5", "the source is 0.8 s long already"),
    ],
)  # fmt: skip
def test_a_bad_request_is_an_error_before_anything_loads(tiny: Game, keys: str, expected: str) -> None:
    (tiny.root / "Recordings/text.wav").write_text("no audio at all")
    soundfile.write(tiny.root.parent / "outside.wav", tone(), RATE)
    (tiny.root / "Recordings/link.wav").symlink_to(tiny.root.parent / "outside.wav")
    tiny.manifest(f'sounds: {{ x: {{ model: "audioldm:weights/tiny", prompt: rain, {keys} }} }}')
    with pytest.raises(ManifestError) as caught:
        tiny.open()
    (mistake,) = caught.value.mistakes
    assert expected in str(mistake)
