"""The Unity example's scripts, compiled against stubs of Unity's API and run under Mono."""

import itertools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

STUBS = Path(__file__).parent / "unity_stubs"
ASSETS = Path(__file__).parent.parent / "examples/unity_project/Assets"

pytestmark = [
    pytest.mark.skipif(shutil.which("mcs") is None, reason="needs the C# compiler mcs (Debian: mono-mcs)"),
    pytest.mark.skipif(os.name == "nt", reason="the stand-ins for sfxgen are shell scripts"),
]


@pytest.fixture(scope="module")
def build_check(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the example's scripts with the stubs, warnings being errors."""
    program = tmp_path_factory.mktemp("csharp") / "RunBuildCheck.exe"
    sources = [*sorted(ASSETS.rglob("*.cs")), *sorted(STUBS.glob("*.cs"))]
    # 0649: a field that Unity fills from the inspector is never assigned in code.
    options = ["-langversion:7", "-warnaserror", "-nowarn:0649", f"-out:{program}"]
    ran = subprocess.run(["mcs", *options, *map(str, sources)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return program


def sfxgen_script(folder: Path, body: str) -> Path:
    script = folder / "sfxgen"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)
    return script


def run(
    program: Path, root: Path, mode: str, sfxgen: Path | None = None, path: str | None = None
) -> subprocess.CompletedProcess[str]:
    if shutil.which("mono") is None:
        pytest.skip("needs mono to run what mcs compiled")
    environment = dict(os.environ)
    environment.pop("SFXGEN", None)
    if sfxgen is not None:
        environment["SFXGEN"] = str(sfxgen)
    if path is not None:
        environment["PATH"] = f"{path}{os.pathsep}{environment['PATH']}"
    (root / "Assets").mkdir(exist_ok=True)
    command = ["mono", str(program), str(root), mode]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)


def test_a_fresh_project_builds_and_the_console_shows_the_output(build_check: Path, tmp_path: Path) -> None:
    ran = run(build_check, tmp_path, "release", sfxgen_script(tmp_path, 'echo "nothing stale"; exit 0'))
    assert ran.returncode == 0
    assert "log: sfxgen check\nnothing stale" in ran.stdout


def test_stale_sounds_stop_the_build_and_say_what_to_run(build_check: Path, tmp_path: Path) -> None:
    script = sfxgen_script(tmp_path, 'echo "footstep/gravel_02 is stale"; echo "on stderr" >&2; exit 1')
    ran = run(build_check, tmp_path, "release", script)
    assert ran.returncode == 42
    message = ran.stdout.partition("BuildFailedException: ")[2]
    assert "footstep/gravel_02 is stale" in message
    assert "on stderr" in message
    assert f"Run `sfxgen build` in {tmp_path}" in message


def test_an_invalid_manifest_stops_the_build(build_check: Path, tmp_path: Path) -> None:
    ran = run(build_check, tmp_path, "release", sfxgen_script(tmp_path, 'echo "ui.yaml:12: …" >&2; exit 2'))
    assert ran.returncode == 42
    assert "ui.yaml:12: …" in ran.stdout
    assert "manifest has mistakes" in ran.stdout


def test_any_other_exit_code_stops_the_build(build_check: Path, tmp_path: Path) -> None:
    ran = run(build_check, tmp_path, "release", sfxgen_script(tmp_path, "exit 70"))
    assert ran.returncode == 42
    assert "exit code 70" in ran.stdout


@pytest.mark.parametrize(
    ("mode", "arguments"), [("release", "check"), ("development", "check --allow-drafts")]
)
def test_only_development_builds_allow_drafts(
    build_check: Path, tmp_path: Path, mode: str, arguments: str
) -> None:
    script = sfxgen_script(tmp_path, 'echo "arguments [$*] in [$(pwd -P)]"')
    ran = run(build_check, tmp_path, mode, script)
    assert ran.returncode == 0
    assert f"arguments [{arguments}] in [{tmp_path.resolve()}]" in ran.stdout


def test_sfxgen_is_found_on_path(build_check: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    sfxgen_script(tmp_path / "bin", "echo from path; exit 1")
    ran = run(build_check, tmp_path, "release", path=str(tmp_path / "bin"))
    assert ran.returncode == 42
    assert "from path" in ran.stdout


def test_a_missing_sfxgen_stops_the_build_and_says_how_to_name_it(build_check: Path, tmp_path: Path) -> None:
    ran = run(build_check, tmp_path, "release", tmp_path / "nowhere/sfxgen")
    assert ran.returncode == 42
    assert "could not be started" in ran.stdout
    assert "SFXGEN" in ran.stdout


def test_much_output_on_both_streams_blocks_nothing(build_check: Path, tmp_path: Path) -> None:
    # Far more than a pipe holds (64 KiB), on one stream after the other and then on both.
    lines = "i=0; while [ $i -lt 6000 ]; do echo {}; i=$((i+1)); done"
    err = lines.format('"error line $i ........................" >&2')
    out = lines.format('"output line $i ........................"')
    ran = run(build_check, tmp_path, "release", sfxgen_script(tmp_path, f"{err}\n{out}\nexit 1"))
    assert ran.returncode == 42
    assert "error line 5999 " in ran.stdout
    assert "output line 5999 " in ran.stdout
    message = ran.stdout.partition("BuildFailedException: ")[2]
    assert len(message) < 5000
    assert "Run `sfxgen build`" in message


def test_a_check_that_hangs_is_given_up(build_check: Path, tmp_path: Path) -> None:
    ran = run(build_check, tmp_path, "timeout", sfxgen_script(tmp_path, "echo begun; exec sleep 50"))
    assert ran.returncode == 0
    assert "did not end within 1 s" in ran.stdout
    assert "begun" in ran.stdout


def test_a_step_is_never_the_same_variant_twice_in_a_row(build_check: Path, tmp_path: Path) -> None:
    ran = run(build_check, tmp_path, "variants")
    assert ran.returncode == 0
    played = ran.stdout.split()
    assert set(played) == {"0", "1", "2", "3"}
    assert all(one != other for one, other in itertools.pairwise(played))
