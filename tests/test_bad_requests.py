"""Bad requests: each is a clear error, with its place and a way out, before anything heavy is imported."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
from games import Game
from loopback_hub import served
from test_weights import REPO

from sfxgen.models.intact import weight_file_problem

needs_models = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("torch", "diffusers", "transformers")),
    reason="needs sfxgen[models]",
)

PROGRAM = """
import errno, shutil, sys
from sfxgen.cli import main
{before}
code = 0
try:
    main(sys.argv[1:])
except SystemExit as ended:
    code = ended.code
print("heavy:", *sorted({{"torch", "transformers", "diffusers"}} & set(sys.modules)), file=sys.stderr)
sys.exit(code)
"""


@dataclass(frozen=True)
class Told:
    """What a call said, how it ended, and which heavy libraries it had imported by then."""

    code: int
    said: str
    heavy: str


def told(root: Path, *arguments: str, before: str = "", **environment: str) -> Told:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before), *arguments],
        cwd=root,
        env={**os.environ, "HF_HUB_CACHE": str(root / "none"), **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    said, _, heavy = (done.stdout + done.stderr).rpartition("heavy:")
    return Told(done.returncode, said, heavy.strip())


@dataclass(frozen=True)
class Bad:
    """A sound on line 5 of a manifest, and what is to be said of it: at which key, what, and which hint."""

    sound: str
    key: str
    what: str
    hint: str


AUDIOLDM = "model: audioldm-s, prompt: rain"
BAD = {
    "three minutes of AudioLDM": Bad(
        f"{{ {AUDIOLDM}, duration_s: 180 }}", "duration_s", "180 is not between 0.04 and 30", "write 30, or less"
    ),
    "a voice that does not exist": Bad(
        "{ kind: dialog, model: bark, say: Halt!, voice: v2/en_speaker_66 }", "voice", "v2/en_speaker_66", "v2/en_speaker_6"
    ),
    "a voice of another language's model": Bad(
        "{ kind: dialog, model: tortoise, say: Halt!, voice: emmma }", "voice", "emmma", "emma"
    ),
    "say for a music model": Bad(
        "{ model: musicgen-small, prompt: a march, say: Halt! }", "say", "does not take it", "prompt"
    ),
    "a melody for a model that hears none": Bad(
        f"{{ {AUDIOLDM}, melody: raw/tune.wav }}", "melody", "does not take it", "it takes:"
    ),
    "nothing to say": Bad("{ kind: dialog, model: bark, say: ' ' }", "say", "is empty", ""),
    "a source outside the project": Bad(
        "{ model: recording, source: ../secret.wav }", "source", "../secret.wav", ""
    ),
    "a source that a link leads outside": Bad(
        "{ model: recording, source: raw/link.wav }", "source", "raw/link.wav", ""
    ),
    "a source that is not there": Bad(
        f"{{ {AUDIOLDM}, source: raw/none.wav, strength: 0.5 }}", "source", "raw/none.wav", ""
    ),
    "more than the whole of a source": Bad(
        f"{{ {AUDIOLDM}, source: raw/tune.wav, strength: 2 }}", "strength", "2", ""
    ),
    "an unknown scheduler": Bad(f"{{ {AUDIOLDM}, scheduler: dpmpp_2mm }}", "scheduler", "dpmpp_2mm", "dpmpp_2m"),
    "no prompt": Bad("{ model: audioldm-s }", "prompt", "is empty", "say what is to be heard"),
    "an unknown model": Bad("{ model: audioldm-z, prompt: rain }", "model", "unknown model 'audioldm-z'", "audioldm-"),
    "an unknown system": Bad(
        "{ model: 'audiogen:facebook/audiogen', prompt: rain }", "model", "unknown model 'audiogen:facebook/audiogen'", ""
    ),
    "more steps than a schedule has": Bad(f"{{ {AUDIOLDM}, steps: 999 }}", "steps", "999", ""),
    "ten minutes of MusicGen": Bad(
        "{ kind: music, model: musicgen-small, prompt: a march, duration_s: 600 }", "duration_s", "600 is not between", ""
    ),
}  # fmt: skip


@pytest.fixture
def tuned(game: Game, tmp_path: Path) -> Game:
    (tmp_path / "secret.wav").write_bytes(b"RIFF")
    (game.root / "raw").mkdir()
    (game.root / "raw/tune.wav").write_bytes(b"RIFF")
    (game.root / "raw/link.wav").symlink_to(tmp_path / "secret.wav")
    return game


def test_all_bad_requests_are_told_at_once_with_place_and_hint_and_nothing_is_loaded(tuned: Game) -> None:
    lines = [f"  a/n{index}: {bad.sound}\n" for index, bad in enumerate(BAD.values())]
    tuned.manifest("sounds:\n" + "".join(lines))
    ran = told(tuned.root, "build", "--device", "cpu", "--json")
    assert (ran.code, ran.heavy) == (2, "")
    start = ran.said.index("{")
    document, _ = json.JSONDecoder().raw_decode(ran.said[start:])
    mistakes = document["error"]["mistakes"]
    wrong = []
    for line, (name, bad) in enumerate(BAD.items(), start=2):
        here = [m for m in mistakes if m["line"] == line and m["where"].split(".")[-1] == bad.key]
        if not any(bad.what in m["what"] and bad.hint in f"{m['hint']} {m['what']}" for m in here):
            wrong.append((name, [m for m in mistakes if m["line"] == line]))
    assert wrong == []
    assert {m["line"] for m in mistakes} == set(range(2, 2 + len(BAD)))
    assert all(m["path"] == "Audio/manifests/game.yaml" for m in mistakes)
    assert not (tuned.root / "Assets").exists()
    assert not (tuned.root / "sfxgen.lock").exists()


def test_a_person_reads_file_line_and_hint(tuned: Game) -> None:
    tuned.manifest(f"sounds:\n  rain:\n    {{ {AUDIOLDM}, duration_s: 180 }}\n")
    ran = told(tuned.root, "plan")
    assert (ran.code, ran.heavy) == (2, "")
    assert ran.said.startswith("Audio/manifests/game.yaml:3: sounds.rain.duration_s: 180 is not between")
    assert "\n  hint: " in ran.said


def test_a_model_that_a_sold_game_may_not_use(tuned: Game) -> None:
    tuned.project("name: game\nengine: unity\nassets: Assets\nlicence: commercial\n")
    tuned.manifest(f"sounds:\n  rain: {{ {AUDIOLDM} }}\n")
    ran = told(tuned.root, "build")
    assert (ran.code, ran.heavy) == (2, "")
    assert "game.yaml:2: sounds.rain.model: audioldm-s's licence (CC BY-NC-SA 4.0) does not allow" in ran.said
    assert "hint: licence: commercial is set; these would do: " in ran.said


# --- weights ----------------------------------------------------------------------------------------

INDEX = {
    "_class_name": "AudioLDMPipeline",
    "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": ["transformers", "ClapTextModelWithProjection"],
    "tokenizer": ["transformers", "RobertaTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "vocoder": ["transformers", "SpeechT5HifiGan"],
}
UNET = "unet/diffusion_pytorch_model.safetensors"


def safetensors(numbers: int) -> bytes:
    """One tensor of so many float32 zeros, as safetensors has it."""
    header = {"w": {"dtype": "F32", "shape": [numbers], "data_offsets": [0, 4 * numbers]}}
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(4 * numbers)


def pickled(value: object, protocol: int = 2) -> bytes:
    """A checkpoint as torch writes it: a zip with the pickle in it."""
    path = Path("checkpoint")
    import io

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(str(path / "data.pkl"), pickle.dumps(value, protocol=protocol))
        archive.writestr(str(path / "data/0"), bytes(16))
    return out.getvalue()


REMEMBERED = b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x9400\x8c\x05torch\x8c\x03add00h\x00h\x01\x93."
"""Two names put aside, two harmless ones written and thrown away, and the first two taken for what is called."""


def old_checkpoint(value: object) -> bytes:
    """A checkpoint as torch wrote it before 2020: pickles one after the other, and the numbers."""
    parts = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, value, ["0"])
    return b"".join(pickle.dumps(part, protocol=2) for part in parts) + bytes(16)


class Payload:
    """A pickle that runs a command where it is loaded as pickles are."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return (os.system, ("touch pwned",))


@pytest.fixture
def weighted(game: Game) -> Game:
    folder = game.root / "weights/mine"
    files = ["scheduler/scheduler_config.json", "tokenizer/vocab.json", "tokenizer/merges.txt"]
    files += [f"{part}/config.json" for part in ("text_encoder", "unet", "vae", "vocoder")]
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")
    for part in ("text_encoder", "vocoder"):
        (folder / part / "model.safetensors").write_bytes(safetensors(4))
    for part in ("unet", "vae"):
        (folder / part / "diffusion_pytorch_model.safetensors").write_bytes(safetensors(4))
    (folder / "model_index.json").write_text(json.dumps(INDEX))
    game.manifest("sounds:\n  rain: { model: 'audioldm:weights/mine', prompt: rain }\n")
    return game


def cut_off(folder: Path) -> None:
    (folder / UNET).write_bytes(safetensors(400)[:300])


def garbage(folder: Path) -> None:
    (folder / UNET).write_bytes(b"garbage" * 100)


def code(folder: Path) -> None:
    (folder / UNET).unlink()
    (folder / "unet/diffusion_pytorch_model.bin").write_bytes(pickled({"w": Payload()}))


def pointer(folder: Path) -> None:
    (folder / UNET).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")


def absent(folder: Path) -> None:
    (folder / "vocoder/config.json").unlink()


def other_system(folder: Path) -> None:
    (folder / "model_index.json").write_text(json.dumps({**INDEX, "_class_name": "FluxPipeline"}))


@needs_models
@pytest.mark.parametrize(
    ("damage", "what", "hint"),
    [
        (cut_off, "mine/unet cannot be loaded: diffusion_pytorch_model.safetensors is cut off", "fetch them again"),
        (garbage, "mine/unet cannot be loaded: diffusion_pytorch_model.safetensors is no safetensors file", "fetch"),
        (code, "mine/unet cannot be loaded: diffusion_pytorch_model.bin holds code (posix.system)", "fetch them"),
        (pointer, f"its weights are incomplete: {UNET}", "git lfs pull"),
        (absent, "its weights are incomplete: vocoder/config.json", "save_pretrained"),
        (other_system, "the weights are for FluxPipeline, not for AudioLDM", "adapter:weights/mine"),
    ],
)  # fmt: skip
def test_bad_weights_are_told_before_a_library_could_read_them(
    weighted: Game, damage: Callable[[Path], None], what: str, hint: str
) -> None:
    damage(weighted.root / "weights/mine")
    ran = told(weighted.root, "build", "--device", "cpu")
    assert (ran.code, ran.heavy) == (3, "")
    assert what in ran.said
    assert hint in ran.said
    assert not list(weighted.root.rglob("pwned"))
    assert not list(weighted.root.rglob("*.wav"))


@needs_models
def test_weights_outside_the_project_are_refused(weighted: Game, tmp_path: Path) -> None:
    (weighted.root / "weights/mine").rename(tmp_path / "elsewhere")
    (weighted.root / "weights/mine").symlink_to(tmp_path / "elsewhere")
    ran = told(weighted.root, "build", "--device", "cpu")
    assert (ran.code, ran.heavy) == (3, "")
    assert "weights/mine leads outside the project, through a link" in ran.said
    assert "hint: put the weights into a folder of the project" in ran.said


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (pickled({"w": [1.0, 2.0]}), None),
        (pickled({"w": Payload()}), "holds code (posix.system)"),
        (pickled({"w": Payload()}, protocol=4), "holds code (posix.system)"),
        (pickled([Payload(), Payload()], protocol=5), "holds code (posix.system)"),
        (pickled({"w": eval}), "holds code (__builtin__.eval)"),
        (pickled({"w": set}), None),
        (pickled({})[:-30], "is cut off, or no checkpoint"),
        (b"PK", "is cut off, or no checkpoint"),
        (b"\x80\x02 not a zip: left to the loader", None),
        (pickle.dumps({"w": Payload()}), "holds code (posix.system)"),
        (old_checkpoint({"w": Payload()}), "holds code (posix.system)"),
        (old_checkpoint({"w": OrderedDict()}), None),
        (pickled({"w": [OrderedDict(), Counter()]}, protocol=4), None),  # one module's name, written once
        (b"\x80\x02ctorch_of_mine\nrun\n.", "holds code (torch_of_mine.run)"),
        (REMEMBERED, "holds code (posix.system)"),
    ],
)
def test_what_a_checkpoint_names_is_seen_without_loading_it(
    tmp_path: Path, content: bytes, expected: str | None
) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(content)
    found = weight_file_problem(tmp_path / "pytorch_model.bin")
    assert found is None if expected is None else found is not None and found.startswith(expected)
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (safetensors(4), None),
        (safetensors(0), None),
        (safetensors(4)[:-1], "is cut off"),
        (safetensors(4) + b"x", "has 1 bytes too many"),
        (b"", "is no safetensors file"),
        (b"\xff" * 64, "is no safetensors file"),
        (b"\x02\0\0\0\0\0\0\0[]", "is no safetensors file"),
        (b"\x09\0\0\0\0\0\0\0" + b'{"a": {}}', "is no safetensors file"),
        (b"\x03\0\0\0\0\0\0\0[[[", "is no safetensors file"),
    ],
)
def test_a_safetensors_file_is_measured_by_its_header(
    tmp_path: Path, content: bytes, expected: str | None
) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    found = weight_file_problem(tmp_path / "model.safetensors")
    assert found is None if expected is None else found is not None and found.startswith(expected)


# --- no room ----------------------------------------------------------------------------------------


@needs_models
def test_a_download_that_the_disk_has_no_room_for(game: Game) -> None:
    before = "usage = shutil.disk_usage('/')\nshutil.disk_usage = lambda _: usage._replace(free=10)"
    with served() as hub:
        ran = told(
            game.root, "models", "fetch", f"audioldm:{REPO}",
            before=before, HF_ENDPOINT=hub.url, HF_HUB_OFFLINE="0",
        )  # fmt: skip
        assert hub.asked == []
    assert (ran.code, ran.heavy) == (3, "")
    assert f"error: {REPO} needs 1.0 MB, and the disk has 0.0 MB free" in ran.said
    assert "hint: free space below" in ran.said


def test_a_store_on_a_full_disk(game: Game) -> None:
    game.manifest("sounds:\n  coin: { model: synth, preset: coin }\n")
    before = (
        "import sfxgen.store.local as local\n"
        "def full(*_, **__): raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "local.write_atomic = full"
    )
    ran = told(game.root, "build", before=before)
    assert (ran.code, ran.heavy) == (3, "")
    assert "coin_01: the store at" in ran.said
    assert "cannot be written: No space left on device" in ran.said
    assert "hint: free some disk, or name another folder with SFXGEN_STORE" in ran.said
    assert not list(game.root.rglob("*.wav"))
