"""`sfxgen init`: what it writes builds at once, teaches the whole language, and replaces nothing."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from sfxgen.catalog import installed
from sfxgen.cli import init, main
from sfxgen.cli.schema import schema_text
from sfxgen.lock import read
from sfxgen.manifest import load
from sfxgen.yaml_source import parse

ROOT = Path(__file__).parents[1]


def sfxgen(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def unity_project(root: Path) -> Path:
    version = root / "ProjectSettings" / "ProjectVersion.txt"
    version.parent.mkdir(parents=True)
    version.write_text("m_EditorVersion: 6000.0.23f1\n", encoding="utf-8")
    return root


def test_init_writes_project_schema_and_starters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "game"
    assert sfxgen("init", root) == 0
    starters = {path.name for path in (ROOT / "manifests").glob("*.yaml")}
    assert set(files(root)) == {
        "sfxgen.yaml",
        "sfxgen.schema.json",
        *(f"Audio/manifests/{name}" for name in starters),
    }
    assert (root / "sfxgen.schema.json").read_text(encoding="utf-8") == schema_text("manifest")
    said = capsys.readouterr()
    assert said.out.count("wrote ") == len(starters) + 2
    assert "sfxgen plan" in said.out.splitlines()[-1]
    project, _ = load(root, installed())
    assert (project.name, project.engines, dict(project.assets)) == (
        "game",
        ("files",),
        {"files": "Audio/Sfx"},
    )


def test_init_finds_a_unity_project(tmp_path: Path) -> None:
    root = unity_project(tmp_path / "game")
    assert sfxgen("init", root) == 0
    project, _ = load(root, installed())
    assert (project.engines, dict(project.assets)) == (("unity",), {"unity": "Assets/Audio/Sfx"})
    assert sfxgen("init", unity_project(tmp_path / "other"), "--engine", "files") == 0
    assert load(tmp_path / "other", installed())[0].engines == ("files",)


@pytest.mark.parametrize("there", ["", "Assets/Audio/readme.txt", "ProjectSettings/other.asset"])
def test_init_for_unity_writes_nothing_where_no_unity_project_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], there: str
) -> None:
    if there:
        (tmp_path / there).parent.mkdir(parents=True)
        (tmp_path / there).write_bytes(b"")
    before = sorted(tmp_path.rglob("*"))
    assert sfxgen("init", tmp_path, "--engine", "unity") == 2
    said = capsys.readouterr()
    assert "is no Unity project: it has no ProjectSettings/ProjectVersion.txt" in said.err
    assert "Assets and ProjectSettings, or with --engine files" in said.err
    assert (said.out, sorted(tmp_path.rglob("*"))) == ("", before)
    assert sfxgen("init", tmp_path / "new", "--engine", "unity") == 2
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "name", ["true", "null", "12", "1.5", "a: b", "Größe", 'say "hi"', "- x", "#1", "x" * 200]
)
def test_init_writes_any_name_so_that_it_is_read_again(tmp_path: Path, name: str) -> None:
    assert sfxgen("init", tmp_path / "game", "--name", name) == 0
    assert load(tmp_path / "game", installed())[0].name == name


def test_init_takes_the_folder_s_name_and_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "true").mkdir()
    monkeypatch.chdir(tmp_path / "true")
    assert sfxgen("init") == 0
    assert load(tmp_path / "true", installed())[0].name == "true"


def test_init_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "Audio" / "manifests" / "ui.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("# mine\n", encoding="utf-8")
    assert sfxgen("init", tmp_path) == 0
    assert own.read_text(encoding="utf-8") == "# mine\n"
    assert "kept " in capsys.readouterr().out
    before = files(tmp_path)
    assert sfxgen("init", tmp_path) == 2
    assert "is already there" in capsys.readouterr().err
    assert files(tmp_path) == before


def test_init_says_why_a_folder_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert sfxgen("init", tmp_path / "file" / "game") == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("engine", ["files", "unity"])
def test_what_init_writes_builds_on_a_machine_without_gpu_and_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no weights"))
    root = unity_project(tmp_path / "game") if engine == "unity" else tmp_path / "game"
    assert sfxgen("init", root) == 0
    assert sfxgen("build", root) == 0
    lock = read(root / "sfxgen.lock")
    _, sounds = load(root, installed())
    wanted = {(engine, sound.asset_id(n)) for sound in sounds for n in range(1, len(sound.takes) + 1)}
    assert set(lock.assets) == wanted
    models = {sound.id: sound.model.name for sound in sounds}
    for record in lock.assets.values():
        assert (root / record.path).is_file()
        assert record.draft is (models[record.sound] not in ("synth", "layers"))
        if engine == "unity":
            assert (root / f"{record.path}.meta").is_file()
    before = files(root)
    capsys.readouterr()
    assert sfxgen("build", root) == 0
    assert f"nothing to do: {len(wanted)} assets up to date" in capsys.readouterr().out
    after = files(root)
    assert {name: data for name, data in after.items() if not name.startswith(".sfxgen/")} == {
        name: data for name, data in before.items() if not name.startswith(".sfxgen/")
    }
    assert sfxgen("check", root) == 1
    assert "drafted by the synthesizer" in capsys.readouterr().out
    assert sfxgen("check", root, "--allow-drafts") == 0


def test_the_starters_teach_every_kind_and_most_of_the_language(tmp_path: Path) -> None:
    assert sfxgen("init", tmp_path / "game") == 0
    _, sounds = load(tmp_path / "game", installed())
    assert {sound.kind for sound in sounds} == {"one_shot", "loop", "music", "dialog"}
    shown = {
        key
        for starter in init.starters()
        for layer in _layers(parse(starter.name, starter.read_bytes()).data)
        for key in layer
    }
    assert shown >= {
        *(
            "model",
            "prompt",
            "negative",
            "duration_s",
            "kind",
            "for",
            "extends",
            "abstract",
            "variants",
            "takes",
        ),
        *(
            "reject",
            "seed",
            "frozen",
            "master",
            "encode",
            "loudness_lufs",
            "preset",
            "params",
            "variation",
            "unity",
        ),
    }


def test_music_and_words_of_the_starters_are_asked_of_models_that_make_them(tmp_path: Path) -> None:
    assert sfxgen("init", tmp_path / "game") == 0
    _, sounds = load(tmp_path / "game", installed())
    music = {sound.model.name for sound in sounds if sound.kind == "music"}
    assert music == {"musicgen-small"}
    spoken = [sound for sound in sounds if "say" in sound.model.accepts]
    assert [(sound.kind, sound.model.name, sound.keys["voice"]) for sound in spoken] == [
        ("dialog", "bark-small", "v2/en_speaker_6")
    ]


def _layers(data: dict[str, dict[str, dict[str, object]]]) -> list[dict[str, object]]:
    return [dict(data.get("defaults", {})), *data.get("sounds", {}).values()]


def test_every_starter_says_what_it_is_and_names_its_schema() -> None:
    for starter in init.starters():
        lines = starter.read_text(encoding="utf-8").splitlines()
        assert lines[0] == "# yaml-language-server: $schema=../../sfxgen.schema.json"
        assert lines[2].startswith("# ")


def test_the_starters_are_packaged_where_init_looks_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packaged = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert packaged == {"manifests": "sfxgen/starters"}
    (tmp_path / "sfxgen" / "starters").mkdir(parents=True)
    for name in ("b.yaml", "a.yaml", "readme.txt"):
        (tmp_path / "sfxgen" / "starters" / name).write_text("sounds: {}\n", encoding="utf-8")
    monkeypatch.setattr("sfxgen.cli.init.resources.files", lambda package: tmp_path / package)
    assert [starter.name for starter in init.starters()] == ["a.yaml", "b.yaml"]


def test_init_imports_no_audio(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom sfxgen.cli import main\n"
        "try:\n    main(['init', 'game'])\n"
        "finally:\n    print([m for m in ('numpy', 'torch', 'scipy') if m in sys.modules], file=sys.stderr)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.stderr.splitlines()[-1] == "[]"
