"""Loading AudioLDM from a folder: quietly, from old and new files, and never as code."""

from __future__ import annotations

import socket
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_sounds import Payload
from numpy.typing import NDArray

from sfxgen.errors import ModelError
from sfxgen.events import ignore

for name in ("torch", "diffusers", "transformers"):
    pytest.importorskip(name, reason=f"needs sfxgen[models]: {name} is not installed")

import diffusers  # noqa: E402
import torch  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from tiny_models import TINY_RECIPE, save_tiny_audioldm  # noqa: E402

from sfxgen.models.diffusion_session import LatentDiffusionSession, load_parts  # noqa: E402
from sfxgen.models.torch_session import TorchSession  # noqa: E402


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_audioldm(tmp_path_factory.mktemp("tiny"))


def sound(folder: Path) -> NDArray[np.float32]:
    session = LatentDiffusionSession(folder, model="tiny", device="cpu", dtype="fp32")
    (clip,) = session.generate([TINY_RECIPE], on_event=ignore, cancelled=lambda: False)
    return clip.samples


def test_loading_is_silent_and_touches_no_network(
    tiny: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("loading opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    parts = load_parts(tiny, "cpu", "fp32")
    assert not parts.unet.training
    assert capfd.readouterr() == ("", "")


def test_what_the_libraries_say_of_moving_the_parts_stays_off_the_terminal() -> None:
    verbosity = diffusers.utils.logging.get_verbosity
    found = []

    def load(dtype: str) -> Any:
        warnings.warn("deprecated", UserWarning, stacklevel=1)  # tests make errors of warnings
        found.append(verbosity())
        return object()

    before = verbosity()
    TorchSession(load, model="toy", device="cpu")
    assert (found, verbosity()) == ([50], before)


def test_pickled_weights_give_the_same_sound(tmp_path: Path, tiny: Path) -> None:
    np.testing.assert_array_equal(sound(save_tiny_audioldm(tmp_path, pickled=True)), sound(tiny))


def test_weights_saved_under_the_names_of_2023_load(tmp_path: Path, tiny: Path) -> None:
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    folder = save_tiny_audioldm(tmp_path)
    tensors = load_file(folder / "vae/diffusion_pytorch_model.safetensors")
    for new, before in old.items():
        tensors = {
            name.replace(f"attentions.0.{new}", f"attentions.0.{before}"): t for name, t in tensors.items()
        }
    assert "decoder.mid_block.attentions.0.query.weight" in tensors
    save_file(tensors, folder / "vae/diffusion_pytorch_model.safetensors", metadata={"format": "pt"})
    tensors = load_file(folder / "text_encoder/model.safetensors")
    tensors["text_model.embeddings.position_ids"] = torch.arange(40)[None]
    save_file(tensors, folder / "text_encoder/model.safetensors", metadata={"format": "pt"})
    np.testing.assert_array_equal(sound(folder), sound(tiny))


@pytest.mark.parametrize("part", ["unet/diffusion_pytorch_model.bin", "vocoder/pytorch_model.bin"])
def test_a_pickle_with_code_in_it_is_refused_and_does_not_run(tmp_path: Path, part: str) -> None:
    folder = save_tiny_audioldm(tmp_path / "tiny", pickled=True)
    canary = tmp_path / "ran"
    torch.save({"conv_in.weight": Payload(str(canary))}, folder / part)
    with pytest.raises(ModelError, match=f"{part.split('/')[0]} cannot be loaded"):
        LatentDiffusionSession(folder, model="tiny", device="cpu", dtype="fp32")
    assert not canary.exists()


@pytest.mark.parametrize(
    "part",
    [
        "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
        "text_encoder/model.safetensors",
        "vocoder/model.safetensors",
        "unet/config.json",
        "scheduler/scheduler_config.json",
        "tokenizer/vocab.json",
    ],
)
def test_a_damaged_file_is_an_error_that_names_its_part(tmp_path: Path, part: str) -> None:
    path = save_tiny_audioldm(tmp_path / "tiny") / part
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ModelError, match=f"{part.split('/')[0]} cannot be loaded") as caught:
        LatentDiffusionSession(path.parent.parent, model="tiny", device="cpu", dtype="fp32")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("unet/diffusion_pytorch_model.safetensors", "conv_out.weight"),
        ("vocoder/model.safetensors", "conv_post.weight"),
    ],
)
def test_weights_that_lack_a_tensor_are_refused_not_made_up(tmp_path: Path, part: str, name: str) -> None:
    path = save_tiny_audioldm(tmp_path / "tiny") / part
    tensors = load_file(path)
    del tensors[name]
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(ModelError, match="cannot be loaded"):
        LatentDiffusionSession(path.parent.parent, model="tiny", device="cpu", dtype="fp32")
