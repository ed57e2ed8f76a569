"""Bark on tiny random weights: against transformers' own `generate`, against itself, and through a build."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from games import Game
from model_sounds import Payload, Sound, sounds

from sfxgen.build import build
from sfxgen.contracts import Adapter, Complaint, ModelInfo, Surroundings
from sfxgen.errors import Cancelled, ManifestError, ModelError
from sfxgen.events import Event, Sampling
from sfxgen.models import weights
from sfxgen.models.bark import DEFAULT_VOICE, SETTINGS, adapter
from sfxgen.models.bark_speech import (
    LANGUAGES,
    PAUSE_S,
    PUBLISHED_VOICES,
    VOICE_PARTS,
    missing_voice,
    pieces,
    voices_in,
)
from sfxgen.recipe import Recipe
from sfxgen.workspace import Options

BARK = adapter.models[0]
RATE = 24000
VOICE = "v2/en_speaker_6"
COMMIT = "c" * 40


def complaints(info: ModelInfo = BARK, kind: Any = "dialog", **keys: Any) -> list[Complaint]:
    return list(adapter.complaints(info, {**info.defaults, "say": "Halt!", **keys}, kind=kind))


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Hugging Face cache."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def test_importing_the_light_face_imports_nothing_heavy() -> None:
    heavy = ("torch", "numpy", "transformers", "huggingface_hub", "scipy")
    code = (
        "import sys; from sfxgen.models.bark import adapter; info = adapter.info('org/name');"
        "list(adapter.complaints(info, {'say': 'x', 'voice': 'y'}));"
        "adapter.params(info, {'say': 'x'}, kind='dialog');"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("info", adapter.models, ids=lambda info: info.name)
def test_a_registered_model_s_own_defaults_pass_its_complaints(info: ModelInfo) -> None:
    light: Adapter = adapter
    assert (light.name, info.model, info.sample_rate) == ("bark", f"bark:{info.where}", RATE)
    assert (info.commercial, info.licence) == ("yes", "MIT")
    assert set(info.defaults) <= info.accepts
    assert not info.accepts & {"prompt", "negative", "guidance", "duration_s"}
    assert complaints(info) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("say", " "),
        ("say", "x" * 2001),
        ("dtype", "float32"),
        ("language", "xx"),
        ("voice", "../../secret"),
        ("voice", "v2/en_speaker_12"),
        ("voice", ""),
        ("voice", "v2\\en_speaker_1"),
    ],
)
def test_each_wrong_key_gets_one_complaint_about_itself(key: str, value: Any) -> None:
    assert [complaint.key for complaint in complaints(**{key: value})] == [key]


def test_a_loop_of_speech_is_refused() -> None:
    assert [complaint.key for complaint in complaints(kind="loop")] == ["kind"]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_parameters_have_ranges(setting: Any) -> None:
    name = setting.name
    for value in (setting.low, setting.high, setting.default):
        assert complaints(params={name: value}) == []
    for wrong in (setting.low / 2, setting.high + 0.1, "loud"):
        assert [complaint.key for complaint in complaints(params={name: wrong})] == [f"params.{name}"]


def test_a_voice_that_does_not_exist_is_told_with_near_names() -> None:
    (complaint,) = complaints(voice="v2/en_speker_6")
    assert complaint.what == "Bark has no voice 'v2/en_speker_6'"
    assert complaint.hint.startswith("near it: v2/en_speaker_6, ")
    assert len(PUBLISHED_VOICES) == len(set(PUBLISHED_VOICES)) == 261
    assert {DEFAULT_VOICE.format(language=language) for language in LANGUAGES} <= set(PUBLISHED_VOICES)


def test_the_voices_on_this_disk_count_where_there_are_some(hub: Path) -> None:
    repo = hub / "models--suno--bark"
    voices = repo / "snapshots" / COMMIT / "speaker_embeddings/v2"
    for folder in (voices, repo / "refs"):
        folder.mkdir(parents=True)
    (repo / "refs/main").write_text(COMMIT)
    (voices / "en_speaker_3_semantic_prompt.npy").touch()
    assert complaints(voice="v2/en_speaker_3") == []
    (complaint,) = complaints(voice="v2/en_speaker_4")
    assert (complaint.what, complaint.hint) == (
        "there is no voice 'v2/en_speaker_4'",
        "near it: v2/en_speaker_3",
    )


@pytest.mark.parametrize(
    ("keys", "voice"),
    [
        ({}, "v2/en_speaker_6"),
        ({"language": "pt-BR"}, "v2/pt_speaker_6"),
        ({"language": "de", "voice": "announcer"}, "announcer"),
    ],
)
def test_who_speaks_where_nobody_is_named(keys: dict[str, Any], voice: str) -> None:
    assert complaints(**keys) == []
    found = adapter.params(BARK, {"say": " Halt!\n Who? ", **keys}, kind="dialog")
    assert found == {
        "say": "Halt! Who?",
        "voice": voice,
        "text_temperature": 0.7,
        "waveform_temperature": 0.7,
        "fine_temperature": 0.5,
        "min_eos_p": 0.2,
    }
    assert "voice" not in adapter.params(adapter.info("weights/tiny"), {"say": "Halt!"}, kind="dialog")


@pytest.mark.parametrize(
    ("say", "expected"),
    [
        ("Halt! Who goes there?", ["Halt! Who goes there?"]),
        ("One. " * 60, ["One. " * 36, "One. " * 24]),
        (f"{'a' * 100} {'b' * 60}. {'c' * 100}.", [f"{'a' * 100} {'b' * 60}.", f"{'c' * 100}."]),
        (f"{'word ' * 30}, {'word ' * 30}", [f"{'word ' * 30},", "word " * 30]),
        ("word " * 60, ["word " * 36, "word " * 24]),
        ("止まれ！誰だ？" * 10, ["止まれ！誰だ？" * 8 + "止まれ！", "誰だ？" + "止まれ！誰だ？" * 1]),
        ("“Go!” he said. " * 15, ["“Go!” he said. " * 12, "“Go!” he said. " * 3]),
    ],
)
def test_a_long_line_is_said_in_pieces_of_whole_sentences(say: str, expected: list[str]) -> None:
    assert pieces(say.strip()) == [piece.strip() for piece in expected]


@pytest.mark.parametrize("say", ["x" * 2000, "，" * 999, "a, " * 600, "? " * 1000, "한국어 " * 400])
def test_pieces_are_short_and_leave_nothing_out(say: str) -> None:
    found = pieces(say.strip())
    assert max(len(piece) for piece in found) <= 180
    assert "".join(found).replace(" ", "") == say.replace(" ", "")


pytest.importorskip("transformers", reason="needs sfxgen[models]: torch and transformers")

import torch  # noqa: E402
import transformers  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from tiny_bark import CODES, TINY_LINE, save_tiny_bark, save_voice  # noqa: E402

from sfxgen.models.bark_session import FEWEST_TOKENS, BarkSession  # noqa: E402

SPOKEN = replace(TINY_LINE, params={**TINY_LINE.params, "voice": VOICE})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_bark(tmp_path_factory.mktemp("tiny"), voices=(VOICE, "announcer"))


@pytest.fixture(scope="module")
def session(folder: Path) -> BarkSession:
    return BarkSession(folder, model="tiny", device="cpu")


def saying(recipe: Recipe, **params: Any) -> Recipe:
    return replace(recipe, params={**recipe.params, **params})


@cache
def upstream_model(folder: Path) -> tuple[Any, Any]:
    # Bark's own processor would resolve its voices on the Hub: it is given the arrays.
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    return transformers.BarkModel.from_pretrained(folder), transformers.BarkProcessor(tokenizer)


def upstream(folder: Path, recipe: Recipe, *texts: str) -> list[Sound]:
    """What transformers makes of texts by itself, one after the other from a recipe's seed: (frames,) each."""
    model, processor = upstream_model(folder)
    params, voice = recipe.params, recipe.params.get("voice")
    preset = None
    if voice is not None:
        names = ("semantic_prompt", "coarse_prompt", "fine_prompt")
        preset = {name: np.load(folder / f"speaker_embeddings/{voice}_{name}.npy") for name in names}
    torch.manual_seed(recipe.seed)
    found = []
    for text in texts:
        inputs = processor(text, voice_preset=preset, max_length=64)
        found.append(
            model.generate(
                **inputs,
                do_sample=True,
                min_eos_p=params["min_eos_p"],
                semantic_temperature=params["text_temperature"],
                semantic_min_new_tokens=FEWEST_TOKENS,
                coarse_temperature=params["waveform_temperature"],
                fine_temperature=params["fine_temperature"],
            )[0].numpy()
        )
    return found


@pytest.mark.parametrize(
    "recipe",
    [
        TINY_LINE,
        SPOKEN,
        replace(SPOKEN, take=2),
        saying(SPOKEN, say="No.", text_temperature=1.2, waveform_temperature=0.4, fine_temperature=1.0),
    ],
    ids=["no voice", "a voice", "another take", "other settings"],
)
def test_a_take_is_bit_for_bit_what_transformers_makes(
    session: BarkSession, folder: Path, recipe: Recipe
) -> None:
    (ours,) = sounds(session, recipe)
    (theirs,) = upstream(folder, recipe, recipe.params["say"])
    np.testing.assert_array_equal(ours[:, 0], theirs)


def test_a_long_line_is_what_transformers_makes_of_its_pieces_with_pauses(
    session: BarkSession, folder: Path
) -> None:
    first, second = f"{'One two three. ' * 11}".strip(), f"{'Four. ' * 5}".strip()
    recipe = saying(SPOKEN, say=f"{first} {second}")
    (ours,) = sounds(session, recipe)
    one, two = upstream(folder, recipe, f"{first} Four. Four.", "Four. Four. Four.")
    np.testing.assert_array_equal(ours[:, 0], np.concatenate([one, np.zeros(round(PAUSE_S * RATE)), two]))


def test_a_take_s_bits_do_not_depend_on_its_company_nor_the_caller_s_draws(session: BarkSession) -> None:
    recipes = [TINY_LINE, SPOKEN, replace(SPOKEN, take=2), saying(SPOKEN, voice="announcer")]
    alone = [sounds(session, one)[0] for one in recipes]
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    together = sounds(session, *reversed(recipes))[::-1]
    assert torch.equal(torch.rand(3), expected), "the caller's generator was moved"
    for one, two in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, two)
    assert len({sound.tobytes() for sound in alone}) == len(recipes)


def test_it_never_says_nothing_at_all(session: BarkSession) -> None:
    hasty = saying(TINY_LINE, min_eos_p=0.01, text_temperature=2.0)
    lengths = [len(sound) for sound in sounds(session, *(replace(hasty, take=take) for take in range(6)))]
    assert min(lengths) >= FEWEST_TOKENS / 49.9 * RATE - 320
    assert max(lengths) < RATE / 3, "but it hurries"


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
def test_other_dtypes_run(session: BarkSession, dtype: str) -> None:
    one, two = (sounds(session, replace(SPOKEN, dtype=dtype))[0] for _ in range(2))
    assert session.environment["dtype"] == dtype
    assert np.isfinite(one).all()
    assert 0.01 < one.std() < 1
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    "recipe", [TINY_LINE, SPOKEN, replace(SPOKEN, take=3), saying(SPOKEN, say="One two three. " * 14)]
)
def test_every_token_is_reported_and_the_end_is_known_before_it_comes(
    session: BarkSession, recipe: Recipe
) -> None:
    heard: list[Event] = []
    (clip,) = session.generate([recipe], on_event=heard.append, cancelled=lambda: False)
    steps = [(event.step, event.steps) for event in heard if isinstance(event, Sampling)]
    assert [step for step, _ in steps] == list(range(1, len(heard) + 1))
    assert all(step < total for step, total in steps[:-1])
    assert steps[-1][0] == steps[-1][1]
    assert len({total for _, total in steps[-20:]}) == 1
    assert len(steps) > 2 * clip.duration_s * 75, "two coarse tokens for each row"


@pytest.mark.parametrize("after", [0, 1, 15, 100])
def test_a_cancelled_run_stops_before_the_next_token_and_the_next_is_whole(
    session: BarkSession, folder: Path, after: int
) -> None:
    long = saying(SPOKEN, say="One two three. " * 14)
    heard: list[Event] = []
    with pytest.raises(Cancelled):
        list(session.generate([long], on_event=heard.append, cancelled=lambda: len(heard) >= after))
    assert len(heard) == after
    np.testing.assert_array_equal(
        sounds(session, TINY_LINE)[0][:, 0], upstream(folder, TINY_LINE, "Halt! Who goes there?")[0]
    )


def test_loading_is_silent(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    sounds(BarkSession(folder, model="tiny", device="cpu"), SPOKEN)
    assert capfd.readouterr() == ("", "")


# --- damaged weights ---------------------------------------------------------------------------------


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "weights/tiny"))


def open_session(folder: Path) -> BarkSession:
    return BarkSession(folder, model="tiny", device="cpu")


def test_pickled_weights_give_the_same_sound_and_one_with_code_is_refused(
    copy: Path, session: BarkSession, tmp_path: Path
) -> None:
    tensors = load_file(copy / "model.safetensors")
    (copy / "model.safetensors").unlink()
    torch.save(tensors, copy / "pytorch_model.bin")  # as suno publishes it
    np.testing.assert_array_equal(sounds(open_session(copy), SPOKEN)[0], sounds(session, SPOKEN)[0])
    canary = tmp_path / "ran"
    torch.save({**tensors, "x": Payload(str(canary))}, copy / "pytorch_model.bin")
    with pytest.raises(ModelError, match="weights/tiny cannot be loaded"):
        open_session(copy)
    assert not canary.exists()


@pytest.mark.parametrize(
    "name", ["model.safetensors", "config.json", "tokenizer.json", "generation_config.json"]
)
def test_a_damaged_file_is_an_error(copy: Path, name: str) -> None:
    path = copy / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ModelError, match="weights/tiny cannot be loaded") as caught:
        open_session(copy)
    assert caught.value.hint


def test_settings_of_another_model_are_refused(copy: Path) -> None:
    (copy / "generation_config.json").write_text('{"max_length": 20}')
    with pytest.raises(ModelError, match=r"generation_config\.json is no Bark's"):
        open_session(copy)


def test_weights_that_lack_a_tensor_are_refused_not_made_up(copy: Path) -> None:
    tensors = load_file(copy / "model.safetensors")
    del tensors["semantic.lm_head.weight"]
    save_file(tensors, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"its weights lack semantic\.lm_head\.weight"):
        open_session(copy)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "generation_config.json"])
@pytest.mark.parametrize("damage", ["gone", "pointer"])
def test_incomplete_weights_name_the_file_before_anything_loads(
    copy: Path, tmp_path: Path, name: str, damage: str
) -> None:
    info, around = adapter.info("weights/tiny"), Surroundings(tmp_path, device="cpu")
    assert adapter.unavailable(info, around) is None
    (copy / name).unlink()
    if damage == "pointer":
        (copy / name).write_text(
            "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 740000000\n"
        )
    found = adapter.unavailable(info, around)
    assert found is not None
    assert found.message.endswith(f"incomplete: {name}")


def test_a_voice_is_part_of_the_weights_revision(copy: Path) -> None:
    before = weights.folder_digest(copy)
    save_voice(copy, "v2/en_speaker_6", np.random.default_rng(9))
    after = weights.folder_digest(copy)
    assert before != after
    (copy / "speaker_embeddings/notes.txt").write_text("x")
    assert weights.folder_digest(copy) == after


def save_pickle(path: Path) -> None:
    np.save(path, np.array([Payload(str(path.parent / "ran"))]), allow_pickle=True)


def save_pointer(path: Path) -> None:
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 740000000\n")


def _npy(header: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


def save_items_of_no_bytes(path: Path) -> None:
    path.write_bytes(_npy("{'descr': '|V0', 'fortran_order': False, 'shape': (2, 1000000000000)}\n"))


def save_archive(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, a=np.zeros((2, 40), np.int64))


def save_huge_header(path: Path) -> None:
    with path.open("wb") as file:
        header = {"descr": "<i8", "fortran_order": False, "shape": (2, 1 << 50)}
        np.lib.format.write_array_header_1_0(file, header)


@pytest.mark.parametrize(
    "damage",
    [
        save_pickle,
        save_pointer,
        save_huge_header,
        save_items_of_no_bytes,
        save_archive,
        lambda path: path.write_bytes(_npy("{'descr':'<i8','shape':(5L,\n")),
        lambda path: np.save(path, np.zeros((3, 40), np.int64)),
        lambda path: np.save(path, np.zeros(40, np.int64)),
        lambda path: np.save(path, np.zeros((2, 0), np.int64)),
        lambda path: np.save(path, np.zeros((2, 40))),
        lambda path: np.save(path, np.full((2, 40), CODES)),
        lambda path: np.save(path, np.full((2, 40), -1)),
        lambda path: path.write_bytes(bytes(2 << 20)),
        Path.unlink,
    ],
)
def test_a_damaged_voice_is_an_error_and_no_code(copy: Path, damage: Callable[[Path], None]) -> None:
    path = copy / "speaker_embeddings/v2/en_speaker_6_coarse_prompt.npy"
    damage(path)
    with pytest.raises(
        ModelError, match=r"the voice v2/en_speaker_6 cannot be read: en_speaker_6_coarse_prompt\.npy"
    ):
        sounds(open_session(copy), SPOKEN)
    assert not (path.parent / "ran").exists()


def test_a_voice_s_name_leads_nowhere_else(copy: Path) -> None:
    """The files are there, and yet it is no voice."""
    for part in VOICE_PARTS:
        shutil.copy(copy / f"speaker_embeddings/announcer_{part}.npy", copy.parent / f"own_{part}.npy")
    assert not missing_voice(copy, "announcer")
    for name in ("../../own", "v2/../../../own", str(copy.parent / "own")):
        assert missing_voice(copy, name), name
        with pytest.raises(ModelError, match="there is no voice"):
            sounds(open_session(copy), saying(SPOKEN, voice=name))


def test_a_voice_that_these_weights_do_not_have_is_told_before_anything_is_sampled(
    session: BarkSession, folder: Path, copy: Path
) -> None:
    assert voices_in(folder) == ("announcer", VOICE)
    heard: list[Event] = []
    wrong = saying(SPOKEN, voice="v2/en_speaker_5")
    with pytest.raises(ModelError, match="there is no voice 'v2/en_speaker_5'") as caught:
        list(session.generate([wrong], on_event=heard.append, cancelled=lambda: False))
    assert caught.value.hint == "near it: v2/en_speaker_6"
    assert heard == []
    shutil.rmtree(copy / "speaker_embeddings")
    with pytest.raises(ModelError) as caught:
        sounds(open_session(copy), SPOKEN)
    assert caught.value.hint == "no voices stand beside these weights: leave voice out"


# --- through a build ---------------------------------------------------------------------------------

MANIFEST = """
defaults: {{ model: "bark:weights/tiny", kind: dialog }}
sounds:
  guard/halt: {{ say: "Halt! Who goes there?", voice: v2/en_speaker_6 }}
  guard/bye: {{ say: Move along., params: {{ text_temperature: 0.6 }} }}
{more}
"""


@pytest.fixture
def tiny(game: Game, folder: Path) -> Game:
    shutil.copytree(folder, game.root / "weights/tiny")
    game.manifest(MANIFEST.format(more=""))
    return game


def test_lines_are_spoken_mastered_and_locked(tiny: Game) -> None:
    report = build(tiny.root, tiny.catalog, Options(device="cpu"))
    assert [(f.name, f.error.message) for f in report.failures] == []
    record = tiny.lock().assets["unity", "guard/halt_01"]
    assert (record.model, str(record.revision)[:7]) == ("bark:weights/tiny", "sha256:")
    assert {"torch", "transformers", "device", "dtype", "threads"} <= record.environment.keys()
    assert 0.1 < soundfile.info(tiny.path("guard/halt_01")).duration < 0.8
    assert build(tiny.root, tiny.catalog, Options(device="cpu")).plan.is_empty


def test_all_bad_requests_are_told_at_once_before_anything_loads(
    tiny: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "open", lambda *args: pytest.fail("something was loaded"))
    more = """
  bad/voice: { model: bark, say: Halt!, voice: v2/en_speaker_66 }
  bad/prompt: { prompt: a guard, say: Halt! }
  bad/silent: { voice: v2/en_speaker_6 }
  bad/length: { say: Halt!, duration_s: 2 }
  bad/circle: { say: Halt!, kind: loop }
"""
    tiny.manifest(MANIFEST.format(more=more))
    with pytest.raises(ManifestError) as caught:
        build(tiny.root, tiny.catalog, Options(device="cpu"))
    told = {mistake.where: f"{mistake.what}; {mistake.hint}" for mistake in caught.value.mistakes}
    assert told.keys() == {
        "sounds.bad/voice.voice",
        "sounds.bad/prompt.prompt",
        "sounds.bad/silent.say",
        "sounds.bad/length.duration_s",
        "sounds.bad/circle.kind",
    }
    assert told["sounds.bad/voice.voice"].startswith(
        "Bark has no voice 'v2/en_speaker_66'; near it: v2/en_speaker_6"
    )


def test_a_line_that_these_weights_have_no_voice_for_is_a_mistake_of_the_manifest(tiny: Game) -> None:
    tiny.manifest(MANIFEST.format(more="  guard/who: { say: Who?, voice: v2/de_speaker_1 }"))
    with pytest.raises(ManifestError) as caught:
        build(tiny.root, tiny.catalog, Options(device="cpu"))
    (mistake,) = caught.value.mistakes
    assert (mistake.where, mistake.what) == ("sounds.guard/who.voice", "there is no voice 'v2/de_speaker_1'")
