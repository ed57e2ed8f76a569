"""Finding weights on this disk, and what of a repository is wanted."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sfxgen.models import weights
from sfxgen.models.intact import weight_file_problem
from sfxgen.models.weights import HubId, Weights

COMMIT = "c" * 40
REPO = "someone/tiny"
INDEX = {
    "_class_name": "AudioLDMPipeline",
    "_diffusers_version": "0.42.1",
    "scheduler": ["diffusers", "DDIMScheduler"],
    "tokenizer": ["transformers", "RobertaTokenizerFast"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vocoder": ["transformers", "SpeechT5HifiGan"],
    "feature_extractor": [None, None],
}
FILES = {
    "model_index.json": json.dumps(INDEX),
    "scheduler/scheduler_config.json": "{}",
    "tokenizer/vocab.json": "{}",
    "tokenizer/merges.txt": "#version: 0.2",
    "tokenizer/tokenizer_config.json": "{}",
    "unet/config.json": "{}",
    "unet/diffusion_pytorch_model.safetensors": "weights of the unet",
    "vocoder/config.json": "{}",
    "vocoder/pytorch_model.bin": "weights of the vocoder",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def hub_module(name: str) -> Any:
    return pytest.importorskip(name, reason="needs sfxgen[models]: huggingface_hub is not installed")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("cvssp/audioldm-m-full", HubId("cvssp/audioldm-m-full")),
        ("org/name@v1.0", HubId("org/name", "v1.0")),
        ("org/name@refs/pr/3", HubId("org/name", "refs/pr/3")),
        ("weights/tiny", HubId("weights/tiny")),
        ("tiny", None),
        ("a/b/c", None),
        ("org/../name", None),
        ("org/name@../../x", None),
        ("org/name@", None),
        ("/org/name", None),
        ("./name", None),
    ],
)
def test_what_is_shaped_like_a_hub_id(where: str, expected: HubId | None) -> None:
    assert weights.hub_id(where) == expected


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"HF_HUB_CACHE": "/a", "HF_HOME": "/b", "XDG_CACHE_HOME": "/c"}, "/a"),
        ({"HF_HOME": "/b", "XDG_CACHE_HOME": "/c"}, "/b/hub"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub"),
        ({"HOME": "/home/me"}, "/home/me/.cache/huggingface/hub"),
    ],
)
def test_the_cache_is_where_huggingface_hub_has_it(
    variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert weights.hub_cache() == Path(expected)


def test_our_cache_folder_is_the_one_huggingface_hub_uses() -> None:
    download = hub_module("huggingface_hub.file_download")
    assert weights.repo_cache(REPO).name == download.repo_folder_name(repo_id=REPO, repo_type="model")
    # huggingface_hub reads the variables when it is imported: a fresh process reads the same ones as this.
    code = "from huggingface_hub.constants import HF_HUB_CACHE; print(HF_HUB_CACHE)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert str(weights.hub_cache()) == done.stdout.strip()


def test_a_cached_snapshot_is_found_by_branch_tag_and_commit(cache: Path, tmp_path: Path) -> None:
    repo = cache / "models--someone--tiny"
    write(repo / "snapshots" / COMMIT, FILES)
    write(repo, {"refs/main": COMMIT, "refs/refs/pr/3": COMMIT, "refs/gone": "d" * 40, "refs/odd": "../../x"})
    expected = Weights(repo / "snapshots" / COMMIT, COMMIT)
    for where in (REPO, f"{REPO}@{COMMIT}", f"{REPO}@refs/pr/3"):
        assert weights.locate(where, tmp_path) == expected
    assert weights.locate(f"{REPO}@gone", tmp_path) is None
    assert weights.locate(f"{REPO}@odd", tmp_path) is None
    assert weights.locate(f"{REPO}@none", tmp_path) is None
    assert weights.locate(REPO, tmp_path, "d" * 40) is None
    assert weights.locate(f"{REPO}@none", tmp_path, COMMIT) == expected


def test_a_project_folder_is_found_at_its_digest(cache: Path, tmp_path: Path) -> None:
    folder = write(tmp_path / "weights/tiny", FILES)
    assert weights.locate("weights/tiny", tmp_path, "whatever") == Weights(
        folder, weights.folder_digest(folder)
    )


def test_whole_weights_miss_nothing(tmp_path: Path) -> None:
    assert weights.missing_files(write(tmp_path, FILES)) == []


@pytest.mark.parametrize("name", [name for name in FILES if name != "tokenizer/tokenizer_config.json"])
def test_every_needed_file_is_missed(tmp_path: Path, name: str) -> None:
    (write(tmp_path, FILES) / name).unlink()
    expected = name.replace("vocoder/pytorch_model.bin", "vocoder/model.safetensors")
    assert weights.missing_files(tmp_path) == [expected]


def test_one_tokenizer_file_stands_for_the_two(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    (tmp_path / "tokenizer/vocab.json").unlink()
    write(tmp_path, {"tokenizer/tokenizer.json": "{}"})
    assert weights.missing_files(tmp_path) == []


def test_every_shard_is_needed(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    (tmp_path / "unet/diffusion_pytorch_model.safetensors").unlink()
    shards = {"a": "unet-1.safetensors", "b": "unet-2.safetensors", "c": "unet-1.safetensors"}
    index = {"unet/diffusion_pytorch_model.safetensors.index.json": json.dumps({"weight_map": shards})}
    write(tmp_path, {**index, "unet/unet-1.safetensors": "one"})
    assert weights.missing_files(tmp_path) == ["unet/unet-2.safetensors"]


@pytest.mark.parametrize("index", ["", "[]", "{", '{"unet": 3}', '{"unet": ["diffusers"]}'])
def test_a_strange_model_index_is_no_crash(tmp_path: Path, index: str) -> None:
    write(tmp_path, {"model_index.json": index})
    assert weights.components(tmp_path) == {}
    assert weights.pipeline_class(tmp_path) == ""
    weights.missing_files(tmp_path)


@pytest.mark.parametrize("name", list(FILES))
def test_the_digest_sees_every_file_that_loading_reads(tmp_path: Path, name: str) -> None:
    before = weights.folder_digest(write(tmp_path, FILES))
    (tmp_path / name).write_text(FILES[name] + " ")
    assert weights.folder_digest(tmp_path) != before


def test_the_digest_ignores_what_loading_does_not_read(tmp_path: Path) -> None:
    before = weights.folder_digest(write(tmp_path / "one", FILES))
    others = {"README.md": "x", "unet/notes.txt": "x", "unet/flax_model.msgpack": "x", ".DS_Store": "x"}
    write(tmp_path / "one", others)
    assert weights.folder_digest(tmp_path / "one") == before
    assert weights.folder_digest(write(tmp_path / "two", FILES)) == before


def test_the_digest_reads_a_file_once_while_it_stays_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, FILES)
    read: list[str] = []
    real = hashlib.file_digest

    def counting(file: Any, name: str) -> Any:
        read.append(file.name)
        return real(file, name)

    monkeypatch.setattr(hashlib, "file_digest", counting)
    weights.folder_digest(tmp_path)
    assert len(read) == len(FILES)
    weights.folder_digest(tmp_path)
    assert len(read) == len(FILES)


def test_only_one_format_of_the_weights_is_wanted() -> None:
    names = [
        "README.md",
        ".gitattributes",
        "audioldm.ckpt",
        "model_index.json",
        "scheduler/scheduler_config.json",
        "tokenizer/vocab.json",
        "tokenizer/merges.txt",
        "unet/config.json",
        "unet/diffusion_pytorch_model.bin",
        "unet/diffusion_pytorch_model.safetensors",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/config.json",
        "vae/diffusion_pytorch_model.bin",
        "vae/diffusion_flax_model.msgpack",
        "text_encoder/model-00001-of-00002.safetensors",
        "text_encoder/model.safetensors.index.json",
        "text_encoder/pytorch_model-00001-of-00002.bin",
        "text_encoder/pytorch_model.bin.index.json",
        "extra/deep/config.json",
    ]
    assert weights.wanted_files(names) == [
        "model_index.json",
        "scheduler/scheduler_config.json",
        "text_encoder/model-00001-of-00002.safetensors",
        "text_encoder/model.safetensors.index.json",
        "tokenizer/merges.txt",
        "tokenizer/vocab.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/config.json",
        "vae/diffusion_pytorch_model.bin",
    ]


TRANSFORMERS_FILES = {
    "config.json": '{"architectures": ["BarkModel"]}',
    "generation_config.json": "{}",
    "model.safetensors": "weights",
    "tokenizer.json": "{}",
    "tokenizer_config.json": "{}",
    "speaker_embeddings/v2/en_speaker_6_semantic_prompt.npy": "numbers",
}
NEEDED = ("config.json", "generation_config.json", "model.safetensors", "tokenizer.json")


def test_a_folder_in_transformers_layout_is_known_by_its_architecture(tmp_path: Path) -> None:
    write(tmp_path, TRANSFORMERS_FILES)
    assert weights.layout_class(tmp_path) == "BarkModel"
    assert weights.components(tmp_path) == {}
    assert weights.missing_files(tmp_path) == []


@pytest.mark.parametrize("name", NEEDED)
def test_every_needed_file_of_transformers_layout_is_missed(tmp_path: Path, name: str) -> None:
    (write(tmp_path, TRANSFORMERS_FILES) / name).write_bytes(weights.LFS_POINTER + b".github.com/spec/v1\n")
    assert weights.missing_files(tmp_path) == [name]


def test_a_model_that_generates_nothing_needs_no_settings_for_it(tmp_path: Path) -> None:
    write(tmp_path, {**TRANSFORMERS_FILES, "config.json": '{"architectures": ["ClapModel"]}'})
    (tmp_path / "generation_config.json").unlink()
    assert weights.missing_files(tmp_path) == []


@pytest.mark.parametrize("ways", [("vocab.txt",), ("vocab.json", "merges.txt"), ("spiece.model",)])
def test_any_one_tokenizer_is_enough(tmp_path: Path, ways: tuple[str, ...]) -> None:
    write(tmp_path, TRANSFORMERS_FILES)
    (tmp_path / "tokenizer.json").unlink()
    assert weights.missing_files(tmp_path) == ["tokenizer.json"]
    write(tmp_path, dict.fromkeys(ways, "x"))
    assert weights.missing_files(tmp_path) == []


@pytest.mark.parametrize(("stem", "end"), [("model", "safetensors"), ("pytorch_model", "bin")])
def test_shards_at_the_root_are_needed(tmp_path: Path, stem: str, end: str) -> None:
    write(tmp_path, TRANSFORMERS_FILES)
    (tmp_path / "model.safetensors").unlink()
    shards = [f"{stem}-0000{n}-of-00002.{end}" for n in (1, 2)]
    index = json.dumps({"weight_map": {"a": shards[0], "b": shards[1]}})
    write(tmp_path, {f"{stem}.{end}.index.json": index, shards[0]: "one"})
    assert weights.missing_files(tmp_path) == [shards[1]]


@pytest.mark.parametrize("name", list(TRANSFORMERS_FILES))
def test_the_digest_of_transformers_layout_sees_what_loading_reads_and_no_more(
    tmp_path: Path, name: str
) -> None:
    before = weights.folder_digest(write(tmp_path, TRANSFORMERS_FILES))
    write(tmp_path, {"README.md": "x", "speaker_embeddings/notes.txt": "x", "state_dict.bin": "x"})
    assert weights.folder_digest(tmp_path) == before
    (tmp_path / name).write_text(TRANSFORMERS_FILES[name] + " ")
    assert weights.folder_digest(tmp_path) != before


def test_what_is_wanted_of_a_repository_in_transformers_layout() -> None:
    kept = ["config.json", "generation_config.json", "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors", "model.safetensors.index.json", "preprocessor_config.json",
            "speaker_embeddings/announcer_coarse_prompt.npy",
            "speaker_embeddings/v2/en_speaker_6_fine_prompt.npy", "spiece.model", "tokenizer.json", "vocab.txt"]  # fmt: skip
    others = ["README.md", "pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "state_dict.bin",
              "compression_state_dict.bin", "text.pt", "modeling.py", "flax_model.msgpack", "tf_model.h5",
              "model.fp16.safetensors", "onnx/config.json", "speaker_embeddings/run.py"]  # fmt: skip
    assert weights.wanted_files([*others, *kept]) == kept
    assert weights.wanted_files(["config.json", "pytorch_model.bin"]) == ["config.json", "pytorch_model.bin"]


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 200_000, '{"architectures": [' + " " * (17 << 20)])
def test_json_that_is_deep_or_huge_is_no_crash(tmp_path: Path, text: str) -> None:
    for name in ("config.json", "model_index.json"):
        write(tmp_path, {name: text})
        assert weights.layout_class(tmp_path) == ""
        weights.missing_files(tmp_path)
        (tmp_path / name).unlink()


@pytest.mark.skipif(sys.platform == "win32", reason="no such device")
def test_a_link_to_a_device_is_not_read_for_ever(tmp_path: Path) -> None:
    (tmp_path / "config.json").symlink_to("/dev/zero")
    assert weights.layout_class(tmp_path) == ""


@pytest.mark.parametrize("shards", [["a", "b"], {"a": "../../outside"}, {"a": "/outside"}, {}, {"a": "b\0c"}])
def test_an_index_whose_shards_are_no_names_is_incomplete(tmp_path: Path, shards: Any) -> None:
    index = "model.safetensors.index.json"
    write(tmp_path, {"config.json": "{}", index: json.dumps({"weight_map": shards}), "tokenizer.json": "{}"})
    assert weights.missing_files(tmp_path) == ["model.safetensors"]


@pytest.mark.parametrize("name", ["../outside", "/outside", "a\0b", "a" * 5000, ".."])
def test_a_component_that_is_no_name_of_a_folder_is_none(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"model_index.json": json.dumps({name: ["transformers", "ClapTextModel"]})})
    assert weights.components(tmp_path) == {}


@pytest.mark.parametrize("end", ["1e999", "Infinity", "NaN", "9" * 5000])
def test_a_safetensors_header_with_strange_numbers_is_no_crash(tmp_path: Path, end: str) -> None:
    header = ('{"a": {"data_offsets": [0, ' + end + "]}}").encode()
    file = tmp_path / "model.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header)
    assert weight_file_problem(file) == "is no safetensors file"


def test_a_damaged_compressed_checkpoint_is_no_crash(tmp_path: Path) -> None:
    file = tmp_path / "pytorch_model.bin"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(range(256)) * 4)
    content = bytearray(file.read_bytes())
    start = 30 + len("archive/data.pkl")
    content[start : start + 8] = b"\xff" * 8
    file.write_bytes(content)
    assert weight_file_problem(file) == "is cut off, or no checkpoint"
