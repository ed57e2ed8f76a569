"""The light face of AudioLDM: what it knows and says without loading anything."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sfxgen.contracts import Adapter, Complaint, ModelInfo, Surroundings
from sfxgen.errors import ModelUnavailable
from sfxgen.events import ModelLoading, ignore
from sfxgen.models import weighted, weights
from sfxgen.models.audioldm import adapter
from sfxgen.recipe import Recipe

SMALL = adapter.models[0]
COMMIT, OTHER = "a" * 40, "b" * 40
GOOD_KEYS = {
    "prompt": "rain",
    "negative": "",
    "steps": 25,
    "guidance": 2.5,
    "scheduler": "ddim",
    "dtype": "bf16",
    "duration_s": 5.0,
}


def write_layout(folder: Path, pipeline: str = "AudioLDMPipeline") -> Path:
    """Write the files of a model's folder with no more in them than a light face looks at."""
    index: dict[str, Any] = {
        "_class_name": pipeline,
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "ClapTextModelWithProjection"],
        "tokenizer": ["transformers", "RobertaTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "vocoder": ["transformers", "SpeechT5HifiGan"],
    }
    files = ["scheduler/scheduler_config.json", "tokenizer/vocab.json", "tokenizer/merges.txt"]
    files += [f"{part}/config.json" for part in ("text_encoder", "unet", "vae", "vocoder")]
    files += [f"{part}/model.safetensors" for part in ("text_encoder", "vocoder")]
    files += [f"{part}/diffusion_pytorch_model.safetensors" for part in ("unet", "vae")]
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        # A safetensors file without tensors begins with the length of its header.
        (folder / name).write_bytes(b"\2\0\0\0\0\0\0\0{}" if name.endswith(".safetensors") else b"{}")
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Hugging Face cache."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Act as a machine with `sfxgen[models]` and a GPU, be this one or not."""
    monkeypatch.setattr(weighted, "missing_extra", lambda: None)
    monkeypatch.setattr(weighted, "pick_device", lambda asked: "cuda" if asked == "auto" else asked)


def cache_snapshot(hub: Path, commit: str = COMMIT, *, ref: str = "main") -> Path:
    repo = hub / f"models--{SMALL.where.replace('/', '--')}"
    (repo / "refs" / ref).parent.mkdir(parents=True, exist_ok=True)
    (repo / "refs" / ref).write_text(commit)
    return write_layout(repo / "snapshots" / commit)


def complaints(info: ModelInfo = SMALL, **keys: Any) -> list[Complaint]:
    return list(adapter.complaints(info, {**GOOD_KEYS, **keys}))


def test_importing_the_light_face_imports_nothing_heavy() -> None:
    heavy = ("torch", "numpy", "diffusers", "transformers", "huggingface_hub", "scipy")
    code = (
        "import sys; from sfxgen.models.audioldm import adapter; info = adapter.info('org/name');"
        "list(adapter.complaints(info, {'prompt': 'x'})); adapter.params(info, {}, kind='one_shot');"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_adapter_is_one_by_the_protocol() -> None:
    light: Adapter = adapter
    assert (light.name, light.version) == ("audioldm", 1)
    assert light.param_schema() == {}
    assert light.params(SMALL, GOOD_KEYS, kind="loop") == {}


@pytest.mark.parametrize("info", adapter.models, ids=lambda info: info.name)
def test_a_registered_model_s_own_defaults_pass_its_complaints(info: ModelInfo) -> None:
    assert info.model == f"audioldm:{info.where}"
    assert (info.commercial, info.licence) == ("no", "CC BY-NC-SA 4.0")
    assert set(info.defaults) <= info.accepts
    assert list(adapter.complaints(info, {**info.defaults, "prompt": "rain"})) == []


def test_a_published_model_keeps_its_licence_when_named_by_its_hub_id() -> None:
    info = adapter.info("cvssp/audioldm-m-full@" + COMMIT)
    assert (info.licence, info.commercial) == ("CC BY-NC-SA 4.0", "no")
    assert info.model == f"audioldm:cvssp/audioldm-m-full@{COMMIT}"


@pytest.mark.parametrize("where", ["weights/tiny", "someone/else", "a/b/c"])
def test_weights_of_others_have_no_known_licence(where: str) -> None:
    info = adapter.info(where)
    assert (info.name, info.model) == (f"audioldm:{where}", f"audioldm:{where}")
    assert (info.licence, info.commercial, info.download_mb) == ("unknown", "unknown", 0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("prompt", ""),
        ("prompt", "  "),
        ("prompt", "x" * 2001),
        ("negative", "x" * 2001),
        ("steps", 0),
        ("steps", 501),
        ("guidance", -0.1),
        ("guidance", 50.1),
        ("guidance", math.nan),
        ("guidance", math.inf),
        ("duration_s", 0.03),
        ("duration_s", 30.5),
        ("scheduler", "dpmpp2m"),
        ("dtype", "float32"),
    ],
)
def test_each_wrong_key_gets_one_complaint_about_itself(key: str, value: Any) -> None:
    assert [complaint.key for complaint in complaints(**{key: value})] == [key]


@pytest.mark.parametrize(
    ("key", "value"),
    [("steps", 1), ("steps", 500), ("guidance", 0), ("duration_s", 0.04), ("scheduler", "default")],
)
def test_the_ends_of_the_ranges_are_fine(key: str, value: Any) -> None:
    assert complaints(**{key: value}) == []


def test_a_near_miss_gets_did_you_mean() -> None:
    (scheduler,) = complaints(scheduler="dpmpp2m")
    (dtype,) = complaints(dtype="double")
    assert scheduler.hint == "did you mean dpmpp_2m?"
    assert dtype.hint == "one of fp32, fp16, bf16"


def test_all_mistakes_are_told_at_once() -> None:
    assert len(complaints(prompt="", steps=0, dtype="fp8")) == 3


@pytest.mark.parametrize(
    "where", ["../weights", "a/../../b", "/etc/weights", "C:/weights", "~/weights", "a\\b"]
)
def test_a_path_that_leaves_the_project_is_a_complaint(where: str, root: Path) -> None:
    info = adapter.info(where)
    assert [complaint.key for complaint in complaints(info)] == ["model"]
    assert adapter.revision(info, Surroundings(root)) is None


def test_a_link_out_of_the_project_is_unavailable(root: Path, tmp_path: Path, installed: None) -> None:
    write_layout(tmp_path / "outside")
    (root / "weights").symlink_to(tmp_path / "outside")
    info = adapter.info("weights")
    found = adapter.unavailable(info, Surroundings(root))
    assert found is not None
    assert "leads outside the project" in found.message
    assert adapter.revision(info, Surroundings(root)) is None


def test_revision_is_the_pinned_one_before_the_cached_one(hub: Path, root: Path) -> None:
    assert adapter.revision(SMALL, Surroundings(root)) is None
    assert adapter.revision(SMALL, Surroundings(root, pinned=OTHER)) == OTHER
    cache_snapshot(hub)
    assert adapter.revision(SMALL, Surroundings(root)) == COMMIT
    assert adapter.revision(SMALL, Surroundings(root, pinned=OTHER)) == OTHER


def test_revision_named_in_the_manifest(hub: Path, root: Path) -> None:
    cache_snapshot(hub, ref="v2")
    around = Surroundings(root)
    assert adapter.revision(adapter.info(f"{SMALL.where}@{OTHER}"), around) == OTHER
    assert adapter.revision(adapter.info(f"{SMALL.where}@v2"), around) == COMMIT
    assert adapter.revision(adapter.info(f"{SMALL.where}@v3"), around) is None


def test_a_folder_s_revision_is_its_digest_whatever_is_pinned(root: Path, hub: Path) -> None:
    info = adapter.info("weights/tiny")
    assert adapter.revision(info, Surroundings(root, pinned="sha256:old")) == "sha256:old"
    write_layout(root / "weights/tiny")
    found = adapter.revision(info, Surroundings(root, pinned="sha256:old"))
    assert found == weights.folder_digest(root / "weights/tiny")


def test_an_existing_folder_wins_over_a_hub_id_of_the_same_shape(root: Path, hub: Path) -> None:
    cache_snapshot(hub)
    write_layout(root / SMALL.where)
    assert str(adapter.revision(SMALL, Surroundings(root))).startswith("sha256:")


def unavailable(info: ModelInfo, around: Surroundings) -> ModelUnavailable:
    found = adapter.unavailable(info, around)
    assert found is not None
    return found


def test_a_missing_extra_is_told_first(root: Path, hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfxgen.models.devices.find_spec", lambda name: None if name == "torch" else object())
    found = unavailable(SMALL, Surroundings(root))
    assert (found.message, found.hint) == (
        "audioldm-s: torch is not installed",
        "pip install 'sfxgen[models]'",
    )


def test_missing_weights_name_the_command_that_gets_them(root: Path, hub: Path, installed: None) -> None:
    found = unavailable(SMALL, Surroundings(root))
    assert found.message == "audioldm-s: its weights are not on this machine"
    assert found.hint == "sfxgen models fetch audioldm-s"


def test_a_folder_that_can_be_no_hub_id_has_nothing_to_fetch(root: Path, hub: Path, installed: None) -> None:
    found = unavailable(adapter.info("a/b/c"), Surroundings(root))
    assert found.message == "audioldm:a/b/c: there is no folder a/b/c in the project"
    assert found.hint == ""


def test_another_revision_than_the_pinned_one_is_told(root: Path, hub: Path, installed: None) -> None:
    cache_snapshot(hub)
    found = unavailable(SMALL, Surroundings(root, pinned=OTHER))
    assert f"the lock pins revision {OTHER}" in found.message
    assert found.hint == "sfxgen models fetch audioldm-s"
    assert adapter.unavailable(SMALL, Surroundings(root, pinned=COMMIT)) is None


def leave_out(folder: Path) -> None:
    (folder / "unet/diffusion_pytorch_model.safetensors").unlink()


def leave_empty(folder: Path) -> None:
    (folder / "unet/diffusion_pytorch_model.safetensors").write_bytes(b"")


def leave_dangling(folder: Path) -> None:
    leave_out(folder)
    (folder / "unet/diffusion_pytorch_model.safetensors").symlink_to("../../blobs/none")


def leave_pointer(folder: Path) -> None:
    path = folder / "unet/diffusion_pytorch_model.safetensors"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 740000000\n")


@pytest.mark.parametrize("damage", [leave_out, leave_empty, leave_dangling, leave_pointer])
def test_incomplete_weights_name_the_file(
    root: Path, hub: Path, installed: None, damage: Callable[[Path], None]
) -> None:
    damage(cache_snapshot(hub))
    found = unavailable(SMALL, Surroundings(root))
    assert found.message.endswith("incomplete: unet/diffusion_pytorch_model.safetensors")
    assert found.hint == "sfxgen models fetch audioldm-s"


def test_an_empty_folder_and_one_of_another_model_are_told(root: Path, hub: Path, installed: None) -> None:
    (root / "empty").mkdir()
    write_layout(root / "other", pipeline="StableDiffusionPipeline")
    write_layout(root / "less")
    index = json.loads((root / "less/model_index.json").read_text())
    (root / "less/model_index.json").write_text(json.dumps({**index, "vocoder": None}))
    around = Surroundings(root)
    assert "incomplete: model_index.json" in unavailable(adapter.info("empty"), around).message
    assert "for StableDiffusionPipeline" in unavailable(adapter.info("other"), around).message
    assert "names no vocoder" in unavailable(adapter.info("less"), around).message


@pytest.mark.parametrize(
    ("device", "hint"), [("auto", "--device cpu"), ("cuda", "--device auto"), ("mps", "--device auto")]
)
def test_a_missing_gpu_is_told_last(
    root: Path, hub: Path, monkeypatch: pytest.MonkeyPatch, device: str, hint: str
) -> None:
    monkeypatch.setattr(weighted, "missing_extra", lambda: None)
    monkeypatch.setattr(weighted, "pick_device", lambda asked: None)
    assert "weights" in unavailable(SMALL, Surroundings(root, device=device)).message
    cache_snapshot(hub)
    assert hint in unavailable(SMALL, Surroundings(root, device=device)).hint


def test_load_raises_what_is_unavailable(root: Path, hub: Path, installed: None) -> None:
    with pytest.raises(ModelUnavailable, match="its weights are not on this machine"):
        adapter.load(SMALL, Surroundings(root), on_event=ignore)


def test_devices_are_picked_by_what_torch_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch", reason="needs sfxgen[models]: torch is not installed")
    from sfxgen.models.devices import pick_device

    present = {"cuda": False, "mps": False}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: present["cuda"])
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: present["mps"])
    assert [pick_device(asked) for asked in ("auto", "cpu", "cuda", "tpu")] == [None, "cpu", None, None]
    present["mps"] = True
    assert [pick_device(asked) for asked in ("auto", "mps", "cuda")] == ["mps", "mps", None]
    present["cuda"] = True
    assert pick_device("auto") == "cuda"


def test_a_folder_in_the_project_generates_from_end_to_end(root: Path, hub: Path) -> None:
    for name in ("torch", "diffusers", "transformers"):
        pytest.importorskip(name, reason=f"needs sfxgen[models]: {name} is not installed")
    from tiny_models import save_tiny_audioldm

    save_tiny_audioldm(root / "weights/tiny")
    info, around = adapter.info("weights/tiny"), Surroundings(root, device="cpu")
    heard: list[object] = []
    session = adapter.load(info, around, on_event=heard.append)
    recipe = Recipe(
        model=info.model,
        revision=adapter.revision(info, around),
        adapter_version=adapter.version,
        base_seed=1,
        take=1,
        prompt="rain",
        **{**info.defaults, "duration_s": 0.5, "steps": 2},
    )
    one, two = (
        next(iter(session.generate([made], on_event=ignore, cancelled=lambda: False)))
        for made in (recipe, replace(recipe, take=2))
    )
    session.close()
    assert heard == [ModelLoading("audioldm:weights/tiny", "cpu")]
    assert one.frames == two.frames == 8000
    assert 0.01 < abs(one.samples).max() < 1.0
    assert not (one.samples == two.samples).all()


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    "name", ["model_index.json", "unet/config.json", "vae/diffusion_pytorch_model.safetensors"]
)
def test_a_file_of_the_folder_that_is_a_link_out_of_the_project_is_refused(root: Path, name: str) -> None:
    folder = write_layout(root / "weights/mine")
    outside = root.parent / "outside"
    (folder / name).rename(outside)
    (folder / name).symlink_to(outside)
    info = adapter.info("weights/mine")
    problem = adapter.unavailable(info, Surroundings(root, "cpu"))
    assert problem is not None
    assert f"{name} leads outside the project" in problem.message
    assert adapter.revision(info, Surroundings(root, "cpu")) is None


@pytest.mark.usefixtures("installed")
def test_an_index_that_names_nothing_is_no_model(root: Path) -> None:
    folder = write_layout(root / "weights/mine")
    (folder / "model_index.json").write_text("[]")
    problem = adapter.unavailable(adapter.info("weights/mine"), Surroundings(root, "cpu"))
    assert problem is not None
    assert "names no model" in problem.message
