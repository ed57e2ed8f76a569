"""MusicGen on tiny random weights: against transformers' own `generate`, against itself, and through a build."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
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
from sfxgen.contracts import Adapter, Complaint, ModelInfo, ReadsFiles, Surroundings
from sfxgen.errors import Cancelled, ManifestError, ModelError, ModelUnavailable
from sfxgen.events import Event, Sampling
from sfxgen.models import weights
from sfxgen.models.musicgen import CONTEXT_S, MAX_DURATION_S, adapter
from sfxgen.models.project_audio import audio_params, digest_key
from sfxgen.recipe import Recipe
from sfxgen.workspace import Options

SMALL, MELODY = adapter.models[0], next(info for info in adapter.models if "melody" in info.accepts)
RATE, HOP = 32000, 640


def complaints(info: ModelInfo = SMALL, **keys: Any) -> list[Complaint]:
    return list(adapter.complaints(info, {**info.defaults, "prompt": "calm piano", **keys}))


def test_importing_the_light_face_imports_nothing_heavy() -> None:
    heavy = ("torch", "numpy", "transformers", "huggingface_hub", "scipy")
    code = (
        "import sys; from sfxgen.models.musicgen import adapter; info = adapter.info('org/name');"
        "list(adapter.complaints(info, {'prompt': 'x'})); adapter.params(info, {}, kind='music');"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("info", adapter.models, ids=lambda info: info.name)
def test_a_registered_model_s_own_defaults_pass_its_complaints(info: ModelInfo) -> None:
    light: Adapter = adapter
    assert isinstance(light, ReadsFiles)
    assert (info.model, info.sample_rate) == (f"musicgen:{info.where}", RATE)
    assert (info.commercial, info.licence) == ("no", "CC BY-NC 4.0")
    assert set(info.defaults) <= info.accepts
    assert ("melody" in info.accepts) == ("melody" in info.name)
    assert info.channels == (2 if "stereo" in info.name else 1)
    assert complaints(info) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("prompt", " "),
        ("prompt", "x" * 2001),
        ("guidance", -0.1),
        ("guidance", math.nan),
        ("duration_s", 0.05),
        ("duration_s", 180.0),
        ("dtype", "float32"),
        ("tempo_bpm", 1000.0),
        ("key", "H minor"),
        ("source", "notes.txt"),
        ("melody", "notes.txt"),
    ],
)
def test_each_wrong_key_gets_one_complaint_about_itself(key: str, value: Any) -> None:
    assert [complaint.key for complaint in complaints(MELODY, **{key: value})] == [key]


@pytest.mark.parametrize(
    ("params", "key", "words"),
    [
        ({"temprature": 1.0}, "params.temprature", "did you mean temperature?"),
        ({"temperature": 0}, "params.temperature", "is not between 0.05 and 3"),
        ({"temperature": "hot"}, "params.temperature", "'hot' is no number"),
        ({"temperature": True}, "params.temperature", "True is no number"),
        ({"top_k": 2.5}, "params.top_k", "2.5 is no whole number"),
        ({"top_k": -1}, "params.top_k", "is not between 0 and 2048"),
    ],
)
def test_a_wrong_parameter_is_told(params: dict[str, Any], key: str, words: str) -> None:
    (complaint,) = complaints(params=params)
    assert complaint.key == key
    assert words in f"{complaint.what} {complaint.hint}"


def test_a_continuation_leaves_room_for_what_it_continues() -> None:
    assert complaints(source="a.wav", duration_s=MAX_DURATION_S - CONTEXT_S) == []
    (complaint,) = complaints(source="a.wav", duration_s=25.0)
    assert (complaint.key, complaint.what) == (
        "duration_s",
        "25 is longer than the 20 s by which it continues a source",
    )


def test_params_hold_all_that_decides_a_take() -> None:
    keys = {"source": "a.wav", digest_key("source"): "1", "melody": "b.wav", digest_key("melody"): "2"}
    found = adapter.params(
        MELODY, {**keys, "tempo_bpm": 120.0, "key": "a minor", "params": {"top_k": 50}}, kind="music"
    )
    assert found == {**keys, "tempo_bpm": 120.0, "key": "A minor", "top_k": 50, "temperature": 1.0}
    assert adapter.params(SMALL, {}, kind="music") == {"top_k": 250, "temperature": 1.0}


pytest.importorskip("transformers", reason="needs sfxgen[models]: torch and transformers")

import torch  # noqa: E402
import transformers  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from tiny_musicgen import TINY_MUSIC, change_config, save_tiny_musicgen  # noqa: E402
from transformers.audio_utils import chroma_filter_bank, spectrogram, window_function  # noqa: E402

from sfxgen.models.musicgen_session import Hearing, MusicGenSession, chroma  # noqa: E402

VARIETIES: dict[str, dict[str, Any]] = {
    "mono": {},
    "stereo": {"channels": 2},
    "melody": {"melody": True},
    "stereo-melody": {"melody": True, "channels": 2},
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {
        name: save_tiny_musicgen(tmp_path_factory.mktemp(name), **kinds) for name, kinds in VARIETIES.items()
    }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two seconds of a rising tone, louder on the left."""
    root = tmp_path_factory.mktemp("project")
    t = np.arange(2 * RATE) / RATE
    tone = 0.5 * np.sin(2 * np.pi * (220 + 200 * t) * t)
    soundfile.write(root / "tone.wav", np.stack([tone, 0.3 * tone], axis=1), RATE, subtype="FLOAT")
    return root


@pytest.fixture(scope="module")
def sessions(folders: dict[str, Path], project: Path) -> dict[str, MusicGenSession]:
    return {name: open_session(folder, project) for name, folder in folders.items()}


@pytest.fixture
def session(sessions: dict[str, MusicGenSession]) -> MusicGenSession:
    return sessions["mono"]


def open_session(folder: Path, root: Path = Path(), context_s: float = CONTEXT_S) -> MusicGenSession:
    hearing = Hearing(root, context_s, MAX_DURATION_S)
    return MusicGenSession(folder, hearing, model="tiny", device="cpu")


def hearing(recipe: Recipe, project: Path, **files: str) -> Recipe:
    """The recipe, with files of the project to listen to."""
    import hashlib

    digests = {
        digest_key(key): hashlib.sha256((project / path).read_bytes()).hexdigest()
        for key, path in files.items()
    }
    return replace(recipe, params={**recipe.params, **audio_params({**files, **digests}, tuple(files))})


@cache
def upstream_model(folder: Path) -> tuple[Any, Any]:
    name = json.loads((folder / "config.json").read_text())["architectures"][0]
    model = getattr(transformers, name).from_pretrained(folder)
    return model, transformers.AutoTokenizer.from_pretrained(folder)


def upstream(folder: Path, recipe: Recipe, text: str | None = None, **given: Any) -> Sound:
    """What transformers makes of a recipe by itself: (frames, channels), uncut."""
    model, tokenizer = upstream_model(folder)
    tokens = tokenizer([text or recipe.prompt], padding=True, return_tensors="pt")
    books = model.decoder.num_codebooks // model.config.decoder.audio_channels
    rows = math.ceil((recipe.duration_s or 0) * 50)
    torch.manual_seed(recipe.seed)
    found = model.generate(
        **tokens,
        **given,
        do_sample=True,
        max_new_tokens=rows + books - 1,
        guidance_scale=recipe.guidance,
        temperature=recipe.params["temperature"],
        top_k=recipe.params["top_k"],
    )
    sound: Sound = found[0].T.numpy()
    return sound


@pytest.mark.parametrize("variety", VARIETIES)
@pytest.mark.parametrize(
    "changes",
    [{}, {"guidance": 1.0}, {"duration_s": 0.41}, {"params": {"temperature": 0.3, "top_k": 5}}],
    ids=str,
)
def test_a_take_is_bit_for_bit_what_transformers_makes(
    sessions: dict[str, MusicGenSession], folders: dict[str, Path], variety: str, changes: dict[str, Any]
) -> None:
    recipe = replace(TINY_MUSIC, **changes)
    (ours,) = sounds(sessions[variety], recipe)
    theirs = upstream(folders[variety], recipe)
    assert ours.shape == (round((recipe.duration_s or 0) * RATE), VARIETIES[variety].get("channels", 1))
    assert len(theirs) - len(ours) < HOP
    np.testing.assert_array_equal(ours, theirs[: len(ours)])


def test_tempo_and_key_reach_it_as_words(session: MusicGenSession, folders: dict[str, Path]) -> None:
    params = {**TINY_MUSIC.params, "tempo_bpm": 120.0, "key": "A minor"}
    (ours,) = sounds(session, replace(TINY_MUSIC, params=params))
    theirs = upstream(folders["mono"], TINY_MUSIC, "calm piano, 120 bpm, in A minor")
    np.testing.assert_array_equal(ours, theirs[: len(ours)])


@pytest.mark.parametrize("variety", ["mono", "stereo"])
def test_a_continuation_is_what_transformers_makes_after_the_source_s_end(
    sessions: dict[str, MusicGenSession], folders: dict[str, Path], project: Path, variety: str
) -> None:
    (ours,) = sounds(sessions[variety], hearing(TINY_MUSIC, project, source="tone.wav"))
    samples, _ = soundfile.read(project / "tone.wav", dtype="float32")
    heard = samples.T if variety == "stereo" else samples.mean(axis=1)[None]
    theirs = upstream(
        folders[variety], TINY_MUSIC, input_values=torch.from_numpy(np.ascontiguousarray(heard))[None]
    )
    after = theirs[2 * RATE :]
    assert len(ours) == len(after)
    np.testing.assert_array_equal(ours, after)
    (without,) = sounds(sessions[variety], TINY_MUSIC)
    assert not np.array_equal(ours, without)


def test_only_the_end_of_a_source_is_heard_in_whole_tokens(folders: dict[str, Path], tmp_path: Path) -> None:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 2 * RATE + 123).astype(np.float32)
    soundfile.write(tmp_path / "long.wav", noise, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "end.wav", noise[-RATE:], RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "beginning.wav", noise[:RATE], RATE, subtype="FLOAT")
    other = open_session(folders["mono"], tmp_path, context_s=1.01)
    names = ("long.wav", "end.wav", "beginning.wav")
    long, end, beginning = sounds(other, *(hearing(TINY_MUSIC, tmp_path, source=name) for name in names))
    np.testing.assert_array_equal(long, end)
    assert not np.array_equal(long, beginning)


@pytest.mark.parametrize(
    ("variety", "key", "kept"), [("mono", "source", -RATE // 2), ("melody", "melody", RATE)]
)
def test_no_more_is_heard_than_the_longest_take_has_room_for(
    folders: dict[str, Path], tmp_path: Path, variety: str, key: str, kept: int
) -> None:
    """Of a source its end, as long as what follows leaves room; of a melody its beginning."""
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 3 * RATE).astype(np.float32)
    assert TINY_MUSIC.duration_s is not None
    longest_s = TINY_MUSIC.duration_s + 0.5 if key == "source" else 1.0
    soundfile.write(tmp_path / "long.wav", noise, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "part.wav", noise[kept:] if kept < 0 else noise[:kept], RATE, subtype="FLOAT")
    short = MusicGenSession(
        folders[variety], Hearing(tmp_path, CONTEXT_S, longest_s), model="tiny", device="cpu"
    )
    long, part = sounds(
        short, *(hearing(TINY_MUSIC, tmp_path, **{key: name}) for name in ("long.wav", "part.wav"))
    )
    np.testing.assert_array_equal(long, part)


def test_a_source_is_continued_with_both_a_melody_and_itself_heard(
    sessions: dict[str, MusicGenSession], project: Path
) -> None:
    t = np.arange(RATE) / RATE
    soundfile.write(project / "low.wav", 0.5 * np.sin(2 * np.pi * 110 * t), RATE, subtype="FLOAT")
    files = [
        {"source": "tone.wav", "melody": "low.wav"},
        {"source": "tone.wav", "melody": "tone.wav"},
        {"source": "low.wav", "melody": "tone.wav"},
    ]
    made = sounds(sessions["melody"], *(hearing(TINY_MUSIC, project, **named) for named in files))
    assert len({sound.tobytes() for sound in made}) == 3


def test_a_melody_is_followed_as_transformers_would(
    sessions: dict[str, MusicGenSession], folders: dict[str, Path], project: Path
) -> None:
    (ours,) = sounds(sessions["melody"], hearing(TINY_MUSIC, project, melody="tone.wav"))
    samples, _ = soundfile.read(project / "tone.wav", dtype="float32")
    theirs = upstream(folders["melody"], TINY_MUSIC, input_features=their_chroma(samples.mean(axis=1)))
    np.testing.assert_array_equal(ours, theirs[: len(ours)])
    (without,) = sounds(sessions["melody"], TINY_MUSIC)
    assert not np.array_equal(ours, without)


def their_chroma(waveform: Sound) -> Any:
    """A melody's pitch classes by transformers' numpy spectrogram, which shares no code with torch's."""
    found = spectrogram(
        waveform.astype(np.float64),
        window_function(16384, "hann"),
        frame_length=16384,
        hop_length=4096,
        power=2.0,
        center=True,
        pad_mode="reflect",
    )
    filters = chroma_filter_bank(num_frequency_bins=16384, num_chroma=12, sampling_rate=RATE, tuning=0)
    return torch.from_numpy(np.eye(12, dtype=np.float32)[(filters @ found).argmax(axis=0)])[None]


@pytest.mark.parametrize(("pitch", "pitch_class"), [(261.63, 0), (329.63, 4), (440.0, 9)])
def test_a_tone_s_chroma_is_its_pitch_class(pitch: float, pitch_class: int) -> None:
    tone = np.sin(2 * np.pi * pitch * np.arange(2 * RATE) / RATE).astype(np.float32)
    found = chroma(tone[:, None], RATE, 12)
    assert found.shape == (1, 16, 12)
    assert set(found[0].argmax(dim=1).tolist()) == {pitch_class}, "counted from C"
    assert chroma(tone[:1000, None], RATE, 12).shape[2] == 12, "shorter than a window"


def test_a_chroma_is_that_of_transformers_own_extractor() -> None:
    pytest.importorskip("torchaudio", reason="transformers' extractor needs torchaudio")
    noise = np.random.default_rng(3).uniform(-0.5, 0.5, 3 * RATE).astype(np.float32)
    theirs = transformers.MusicgenMelodyFeatureExtractor()(noise, sampling_rate=RATE, return_tensors="pt")
    assert torch.equal(chroma(noise[:, None], RATE, 12), theirs.input_features)


def test_a_melody_for_a_model_that_cannot_follow_one_is_an_error(
    session: MusicGenSession, project: Path
) -> None:
    with pytest.raises(ModelError, match="cannot follow a melody"):
        sounds(session, hearing(TINY_MUSIC, project, melody="tone.wav"))


def test_a_source_that_changed_since_it_was_planned_is_an_error(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "a.wav", np.ones(RATE) * 0.1, RATE)
    recipe = hearing(TINY_MUSIC, tmp_path, source="a.wav")
    soundfile.write(tmp_path / "a.wav", np.ones(RATE) * 0.2, RATE)
    with pytest.raises(ModelError, match=r"a\.wav was changed while the build ran"):
        sounds(open_session(folders["mono"], tmp_path), recipe)


def test_a_take_s_bits_do_not_depend_on_its_company_nor_the_caller_s_draws(
    session: MusicGenSession, project: Path
) -> None:
    recipes = [
        TINY_MUSIC,
        replace(TINY_MUSIC, take=2),
        replace(TINY_MUSIC, prompt="drums", guidance=1.0),
        hearing(TINY_MUSIC, project, source="tone.wav"),
        replace(TINY_MUSIC, duration_s=0.2),
    ]
    alone = [sounds(session, one)[0] for one in recipes]
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    together = sounds(session, *reversed(recipes))[::-1]
    assert torch.equal(torch.rand(3), expected), "the caller's generator was moved"
    for one, two in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, two)
    assert len({sound.tobytes() for sound in alone}) == len(recipes)


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
def test_other_dtypes_run(session: MusicGenSession, project: Path, dtype: str) -> None:
    recipe = hearing(replace(TINY_MUSIC, dtype=dtype), project, source="tone.wav")
    one, two = (sounds(session, recipe)[0] for _ in range(2))
    assert session.environment["dtype"] == dtype
    assert np.isfinite(one).all()
    assert 0.01 < one.std() < 1
    np.testing.assert_array_equal(one, two)


def test_every_token_is_reported(session: MusicGenSession) -> None:
    heard: list[Event] = []
    list(session.generate([TINY_MUSIC], on_event=heard.append, cancelled=lambda: False))
    assert heard == [
        Sampling("tiny", step, 18, 1) for step in range(1, 19)
    ]  # 15 tokens, and 3 codebooks late


@pytest.mark.parametrize("after", [0, 1, 7])
def test_a_cancelled_run_stops_before_the_next_token(session: MusicGenSession, after: int) -> None:
    heard: list[Event] = []
    with pytest.raises(Cancelled):
        list(session.generate([TINY_MUSIC], on_event=heard.append, cancelled=lambda: len(heard) >= after))
    assert len(heard) == after


def test_loading_is_silent(folders: dict[str, Path], capfd: pytest.CaptureFixture[str]) -> None:
    sounds(open_session(folders["mono"]), TINY_MUSIC)
    assert capfd.readouterr() == ("", "")


# --- damaged weights ---------------------------------------------------------------------------------


@pytest.fixture
def copy(folders: dict[str, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(folders["mono"], tmp_path / "weights/tiny"))


def test_pickled_weights_give_the_same_sound_and_one_with_code_is_refused(
    copy: Path, session: MusicGenSession, tmp_path: Path
) -> None:
    tensors = load_file(copy / "model.safetensors")
    (copy / "model.safetensors").unlink()
    torch.save(tensors, copy / "pytorch_model.bin")
    np.testing.assert_array_equal(sounds(open_session(copy), TINY_MUSIC)[0], sounds(session, TINY_MUSIC)[0])
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


def test_weights_that_lack_a_tensor_are_refused_not_made_up(copy: Path) -> None:
    tensors = load_file(copy / "model.safetensors")
    del tensors["decoder.lm_heads.2.weight"]
    save_file(tensors, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"its weights lack decoder\.lm_heads\.2\.weight"):
        open_session(copy)


def test_weights_saved_under_the_names_of_2023_load(copy: Path, session: MusicGenSession) -> None:
    new = ("parametrizations.weight.original0", "parametrizations.weight.original1")
    tensors = load_file(copy / "model.safetensors")
    old = {name.replace(new[0], "weight_g").replace(new[1], "weight_v"): t for name, t in tensors.items()}
    assert old.keys() != tensors.keys()
    save_file(old, copy / "model.safetensors", metadata={"format": "pt"})
    np.testing.assert_array_equal(sounds(open_session(copy), TINY_MUSIC)[0], sounds(session, TINY_MUSIC)[0])


def test_shards_load_and_one_that_is_missing_is_known_before_loading(
    copy: Path, session: MusicGenSession, tmp_path: Path
) -> None:
    transformers.MusicgenForConditionalGeneration.from_pretrained(copy).save_pretrained(
        copy, max_shard_size="300KB"
    )
    (copy / "model.safetensors").unlink(missing_ok=True)
    shards = sorted(path.name for path in copy.glob("model-*.safetensors"))
    assert len(shards) > 1
    assert weights.missing_files(copy) == []
    np.testing.assert_array_equal(sounds(open_session(copy), TINY_MUSIC)[0], sounds(session, TINY_MUSIC)[0])
    (copy / shards[1]).unlink()
    assert unavailable(tmp_path).endswith(f"incomplete: {shards[1]}")


def unavailable(root: Path) -> str:
    found = adapter.unavailable(adapter.info("weights/tiny"), Surroundings(root, device="cpu"))
    assert isinstance(found, ModelUnavailable)
    return found.message


@pytest.mark.parametrize(
    "name", ["model.safetensors", "tokenizer.json", "config.json", "generation_config.json"]
)
@pytest.mark.parametrize("damage", ["gone", "empty", "pointer"])
def test_incomplete_weights_name_the_file_before_anything_loads(
    copy: Path, tmp_path: Path, name: str, damage: str
) -> None:
    info, around = adapter.info("weights/tiny"), Surroundings(tmp_path, device="cpu")
    assert adapter.unavailable(info, around) is None
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 740000000\n"
    if damage == "gone":
        (copy / name).unlink()
    else:
        (copy / name).write_text(pointer if damage == "pointer" else "")
    if name == "config.json":  # then nobody knows whose generation_config.json it is
        assert "config.json" in unavailable(tmp_path)
    else:
        assert unavailable(tmp_path).endswith(f"incomplete: {name}")


def test_weights_of_another_model_are_told(copy: Path, tmp_path: Path) -> None:
    change_config(copy, architectures=["T5Model"])
    assert unavailable(tmp_path) == "musicgen:weights/tiny: the weights are for T5Model, not for MusicGen"


# --- through a build ---------------------------------------------------------------------------------

MANIFEST = """
defaults: {{ model: "musicgen:weights/tiny", duration_s: 0.4, kind: music, params: {{ top_k: 20 }} }}
sounds:
  theme/calm: {{ prompt: calm piano, tempo_bpm: 90, key: a minor }}
  theme/goes_on: {{ prompt: calm piano, source: Audio/tone.wav }}
  theme/circle: {{ prompt: a loop of drums, kind: loop, duration_s: 0.5 }}
{more}
"""


@pytest.fixture
def tiny(game: Game, folders: dict[str, Path], project: Path) -> Game:
    shutil.copytree(folders["mono"], game.root / "weights/tiny")
    (game.root / "Audio").mkdir(exist_ok=True)
    shutil.copy(project / "tone.wav", game.root / "Audio")
    game.manifest(MANIFEST.format(more=""))
    return game


def test_music_is_made_mastered_and_locked(tiny: Game) -> None:
    report = build(tiny.root, tiny.catalog, Options(device="cpu"))
    assert [(f.name, f.error.message) for f in report.failures] == []
    record = tiny.lock().assets["unity", "theme/calm_01"]
    assert (record.model, str(record.revision)[:7]) == ("musicgen:weights/tiny", "sha256:")
    assert {"torch", "transformers", "device", "dtype", "threads"} <= record.environment.keys()
    assert soundfile.info(tiny.path("theme/circle_01")).frames == 24_000
    assert build(tiny.root, tiny.catalog, Options(device="cpu")).plan.is_empty


def test_a_changed_source_changes_its_continuation_and_nothing_else(tiny: Game) -> None:
    before = {wanted.name: wanted.final.keys.take for wanted in tiny.open().wanted}
    soundfile.write(tiny.root / "Audio/tone.wav", np.full(RATE, 0.1), RATE)
    after = {wanted.name: wanted.final.keys.take for wanted in tiny.open().wanted}
    assert [name for name in before if before[name] != after[name]] == ["theme/goes_on_01"]


def test_all_bad_requests_are_told_at_once_before_anything_loads(
    tiny: Game, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "open", lambda *args: pytest.fail("something was loaded"))
    soundfile.write(tiny.root / "Audio/click.wav", np.full(100, 0.5), RATE)
    (tiny.root / "Audio/broken.wav").write_bytes(b"RIFF, but no audio")
    more = """
  bad/speech: { prompt: a song, say: "Halt!" }
  bad/negative: { prompt: a song, negative: drums }
  bad/long: { prompt: a song, duration_s: 180 }
  bad/outside: { prompt: a song, source: ../theirs.wav }
  bad/missing: { prompt: a song, source: Audio/none.wav }
  bad/click: { prompt: a song, source: Audio/click.wav }
  bad/broken: { prompt: a song, source: Audio/broken.wav }
  bad/melody: { model: musicgen-small, prompt: a song, melody: Audio/tone.wav }
"""
    tiny.manifest(MANIFEST.format(more=more))
    with pytest.raises(ManifestError) as caught:
        build(tiny.root, tiny.catalog, Options(device="cpu"))
    told = {mistake.where: f"{mistake.what}; {mistake.hint}" for mistake in caught.value.mistakes}
    assert told.keys() == {
        "sounds.bad/speech.say",
        "sounds.bad/negative.negative",
        "sounds.bad/long.duration_s",
        "sounds.bad/outside.source",
        "sounds.bad/missing.source",
        "sounds.bad/click.source",
        "sounds.bad/broken.source",
        "sounds.bad/melody.melody",
    }
    assert "does not take it" in told["sounds.bad/speech.say"]
    assert "180 is not between 0.1 and 30" in told["sounds.bad/long.duration_s"]
    assert "0.003125 s long" in told["sounds.bad/click.source"]


def test_a_corrupt_weight_file_fails_its_sounds_and_writes_nothing(tiny: Game) -> None:
    (tiny.root / "weights/tiny/model.safetensors").write_bytes(b"garbage" * 100)
    report = build(tiny.root, tiny.catalog, Options(device="cpu"))
    assert report.exit_code == 3
    assert len(report.failures) == 3
    assert {"cannot be loaded" in failure.error.message for failure in report.failures} == {True}
    assert not list((tiny.root / "Assets").rglob("*.wav"))


@pytest.mark.parametrize("key", ["source", "melody"])
def test_a_recording_of_hours_is_told_before_anything_loads(tiny: Game, key: str) -> None:
    soundfile.write(tiny.root / "hours.wav", np.zeros(601 * 1000), 1000, subtype="PCM_U8")
    more = f"  bad/hours: {{ prompt: a song, {key}: hours.wav }}\n"
    tiny.manifest(MANIFEST.format(more="\n" + more))
    with pytest.raises(ManifestError) as caught:
        tiny.open()
    (mistake,) = caught.value.mistakes
    assert (mistake.where, mistake.what) == (f"sounds.bad/hours.{key}", "'hours.wav' is 601 s long")
