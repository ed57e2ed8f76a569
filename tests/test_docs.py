"""README and docs say what is true: manifests load, JSON parses, commands exist, links lead somewhere."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
import soundfile
import yaml
from games import Game

from sfxgen import contracts
from sfxgen.build import build
from sfxgen.catalog import installed
from sfxgen.cli import VERBS, cli, main
from sfxgen.cli.schema import schema_text
from sfxgen.contracts import Catalog
from sfxgen.errors import Cancelled, ManifestError, SfxgenError
from sfxgen.lock import AssetRecord
from sfxgen.manifest import MAX_ASSETS, MAX_SOUNDS, load
from sfxgen.paths import MAX_ID_LENGTH
from sfxgen.plan import ACTIONS
from sfxgen.project import MAX_MANIFESTS
from sfxgen.schema import Language, ProjectBlock
from sfxgen.yaml_source import MAX_BYTES, MAX_DEPTH, MAX_NODES, parse

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINKED_PAGES = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "examples/unity_project/README.md"]


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def title(self) -> str:
        """What its first line says, if that is a comment."""
        first = self.text.splitlines()[0] if self.text else ""
        return first.removeprefix("#").strip() if first.startswith("#") else ""

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(*pages: Path) -> Iterator[Block]:
    for page in pages or PAGES:
        text = page.read_text(encoding="utf-8")
        for match in re.finditer(r"^```([a-z]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            yield Block(page, text.count("\n", 0, match.start()) + 1, match[1], match[2])


def of_language(*languages: str) -> list[Block]:
    return [block for block in blocks() if block.language in languages]


def section(page: str, heading: str) -> str:
    """What stands under a heading, its subsections too, without the fenced blocks."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    found = re.search(rf"^(#+) {re.escape(heading)}$(.*?)(?=^#{{1,2}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[2]


# --- YAML -------------------------------------------------------------------------------------------


def keys_of(block: Block) -> set[str]:
    data = yaml.safe_load(block.text)
    return set(data) if isinstance(data, dict) else set()


def kind_of(block: Block) -> str:
    """`manifest` and `sfxgen.yaml` by their title, else by their keys; another title is somebody else's file."""
    title = block.title
    if re.match(r"manifest\b", title):
        return "manifest"
    if title.startswith("sfxgen.yaml"):
        return "sfxgen.yaml"
    if title:
        return "other"
    keys = keys_of(block)
    if keys and keys <= {"defaults", "sounds"}:
        return "part of a manifest"
    return "part of sfxgen.yaml" if keys and keys <= set(ProjectBlock.model_fields) else "unknown"


YAML = of_language("yaml", "yml")
LANGUAGE = Language(installed())


def toys() -> Catalog:
    """What is installed here, and what docs/extending.md makes."""
    return Catalog(
        adapters={**installed().adapters, "whistle": made_in_docs("adapter")},
        exporters={**installed().exporters, "tagged": made_in_docs("exporter")},
    )


@pytest.mark.parametrize("block", YAML, ids=str)
def test_yaml_loads_without_mistakes(block: Block, game: Game) -> None:
    kind = kind_of(block)
    assert kind != "unknown", "say in a first comment line what the file is"
    assert yaml.safe_load(block.text)
    if kind == "manifest":
        game.manifest(block.text)
        for sheet in re.findall(r"sheet: ([^\s,}]+)", block.text):
            game.write(sheet, next(b.text for b in blocks(block.page) if b.language == "csv"))
        for source in re.findall(r"(?:source|melody): ([^\s,}]+)", block.text):
            game.write(source, "")
            soundfile.write(game.root / source, [0.0] * 12 * 8000, 8000)  # as long as the pages say
    elif kind == "sfxgen.yaml":
        game.project(block.text)
        game.manifest("sounds: {}")
    if kind in ("manifest", "sfxgen.yaml"):
        try:
            load(game.root, toys())
        except ManifestError as error:
            pytest.fail("\n".join(map(str, error.mistakes)))
    data = parse("x.yaml", block.text.encode()).data
    if kind == "part of a manifest":
        found = list(LANGUAGE.check(LANGUAGE.defaults, data.get("defaults", {}), ()))
        for sound in data.get("sounds", {}).values():
            found += LANGUAGE.check(LANGUAGE.sound, sound, ())
        assert found == []
    if kind == "part of sfxgen.yaml":
        assert list(LANGUAGE.check(ProjectBlock, data, ())) == []


def test_some_yaml_of_each_kind_is_checked() -> None:
    kinds = [kind_of(block) for block in YAML]
    assert kinds.count("manifest") >= 4
    assert kinds.count("sfxgen.yaml") >= 1
    assert kinds.count("other") >= 3


def test_other_yaml_is_named_by_a_file_and_calls_sfxgen() -> None:
    for block in YAML:
        if kind_of(block) == "other":
            assert block.title.endswith((".yml", ".yaml")), block
            assert "sfxgen check" in block.text or "sfxgen build" in block.text, block


# --- other blocks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("block", of_language("json"), ids=str)
def test_json_parses_and_is_of_the_version_that_is_written(block: Block) -> None:
    assert json.loads(block.text)["version"] == 1


@pytest.mark.parametrize("block", of_language("toml"), ids=str)
def test_toml_parses(block: Block) -> None:
    points = tomllib.loads(block.text)["project"]["entry-points"]
    assert set(points) <= {"sfxgen.models", "sfxgen.engines"}


def commands(block: Block) -> Iterator[list[str]]:
    """Every call of sfxgen in a block of shell lines or of a CI's YAML, as its arguments."""
    for line in block.text.splitlines():
        line = re.sub(r"^\s*(\$ |- run: |- |run: )", "", line).strip()
        for part in re.split(r"&&|\|\||[|;>]", line):
            words = shlex.split(part, comments=True)
            if words and re.fullmatch(r"(.*/)?sfxgen", words[0]):
                yield words[1:]


def all_commands() -> list[Any]:
    found = []
    for block in [*blocks(*LINKED_PAGES)]:
        if block.language in ("console", "bash", "", "yaml"):
            found += [pytest.param(words, id=f"{block} {' '.join(words)}") for words in commands(block)]
    return found


@pytest.mark.parametrize("words", all_commands())
def test_commands_are_real(words: list[str]) -> None:
    parsed(words)


def parsed(words: list[str]) -> None:
    """Parse a call without making it."""
    command: click.Command = cli
    context = click.Context(cli, **cli.context_settings)
    while isinstance(command, click.Group):
        if not words and command.invoke_without_command:
            return
        name = words[0]
        assert name in command.list_commands(context), f"no verb {name}"
        found = command.get_command(context, name)
        assert found is not None
        command, words = found, words[1:]
    command.make_context("sfxgen", list(words), parent=context)


def test_the_parser_of_commands_would_notice() -> None:
    with pytest.raises(click.UsageError):
        parsed(["plan", "--chekc"])
    with pytest.raises(AssertionError):
        parsed(["models", "fecth"])
    assert len(all_commands()) > 15


INLINE = re.compile(r"`(sfxgen [a-z][^`]*)`")


def test_commands_in_running_text_are_real() -> None:
    seen = 0
    for page in PAGES:
        for match in INLINE.finditer(page.read_text(encoding="utf-8")):
            for words in commands(Block(page, 0, "", match[1])):
                with suppress(click.MissingParameter):  # a verb may be named alone
                    parsed(words)
                seen += 1
    assert seen > 20


# --- links and tables -------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", LINKED_PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(path), f"{page.name} links to {target}"


def test_the_readme_leads_to_every_page() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES[1:] if f"(docs/{page.name})" not in text] == []


def exit_codes(page: str) -> dict[str, str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    table = text.split("| exit code | meaning |", 1)[1].split("\n\n", 1)[0]
    return {row[1].strip(): row[2].strip() for row in (line.split("|") for line in table.splitlines()[2:])}


def test_the_tables_of_exit_codes_agree_with_each_other_the_help_and_the_errors() -> None:
    codes = exit_codes("README.md")
    assert list(codes) == ["0", "1", "2", "3", "70", "130"]
    assert exit_codes("docs/ci.md") == codes
    assert cli.help is not None
    for code in codes:
        assert re.search(rf"\b{code} ", cli.help), code
    assert str(SfxgenError.exit_code) in codes
    assert (ManifestError.exit_code, Cancelled.exit_code) == (2, 130)


def test_every_verb_is_named_somewhere() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [verb for verb in VERBS if f"sfxgen {verb}" not in text] == []


# --- docs/manifests.md ------------------------------------------------------------------------------

MANIFEST: dict[str, Any] = json.loads(schema_text("manifest"))
PROJECT: dict[str, Any] = json.loads(schema_text("project"))


def schema_keys() -> Iterator[Any]:
    sound = MANIFEST["properties"]["sounds"]["additionalProperties"]["properties"]
    parts = {"project": PROJECT["properties"], "sound": sound}
    blocks = {name: part for name, part in MANIFEST["$defs"].items() if "properties" in part}
    parts |= {name: part["properties"] for name, part in blocks.items()}
    for part, properties in parts.items():
        for key, schema in properties.items():
            yield pytest.param(part, key, schema, id=f"{part}.{key}")


@pytest.mark.parametrize(("part", "key", "schema"), schema_keys())
def test_every_key_is_in_the_page_with_its_range(part: str, key: str, schema: dict[str, Any]) -> None:
    text = (ROOT / "docs/manifests.md").read_text(encoding="utf-8")
    assert f"`{key}`" in text
    if part in ("project", "sound", "MasterBlock", "EncodeBlock", "GatesBlock", "LayerFields"):
        rows = [line for line in text.splitlines() if line.startswith(f"| `{key}` |")]
        assert any(all(word in plain(row) for word in bounds(schema)) for row in rows), (bounds(schema), rows)


def plain(row: str) -> list[str]:
    return re.findall(r"[\w-]+(?:\.\d+)?", row.replace(",", ""))


def bounds(schema: dict[str, Any]) -> list[str]:
    """The words that a row about a key must have: its limits and choices."""
    if "anyOf" in schema:
        return [word for option in schema["anyOf"] for word in bounds(option)]
    found = [str(option) for option in schema.get("enum", ()) if option is not None]
    return found + [
        f"{schema[name]}" for name in ("minimum", "maximum", "exclusiveMinimum") if name in schema
    ]


def test_the_page_s_limits_are_the_code_s() -> None:
    text = (ROOT / "docs/manifests.md").read_text(encoding="utf-8")
    for limit in (
        f"{MAX_BYTES // 2**20} MiB",
        f"{MAX_DEPTH} levels",
        f"{MAX_NODES:,} values",
        f"{MAX_MANIFESTS:,} manifests",
        f"{MAX_SOUNDS:,} sounds",
        f"{MAX_ASSETS:,} assets",
        f"{MAX_ID_LENGTH} characters",
    ):
        assert limit in text


def test_the_page_s_defaults_of_the_project_are_the_code_s() -> None:
    text = section("manifests.md", "sfxgen.yaml")
    for key, schema in PROJECT["properties"].items():
        if isinstance(schema.get("default"), str | int):
            row = next(line for line in text.splitlines() if line.startswith(f"| `{key}` |"))
            assert str(schema["default"]) in row.split("|")[3], key


def test_the_page_s_example_of_layers_means_what_it_says(game: Game) -> None:
    block = next(block for block in YAML if "door/any" in block.text and block.page.name == "manifests.md")
    game.manifest(block.text)
    sounds = {sound.id: sound for sound in load(game.root, installed())[1]}
    door, coin = sounds["door/close"], sounds["pickup/coin"]
    assert (door.keys["prompt"], door.mastering.loudness_lufs) == ("a wooden door", -20)
    assert (door.mastering.fade_out_ms, door.mastering.trim) == (200, False)
    assert "duration_s" not in coin.keys


def test_the_page_s_example_of_a_matrix_means_what_it_says(game: Game) -> None:
    block = next(block for block in YAML if "door/{material}_{action}" in block.text)
    game.manifest(block.text)
    ids = [sound.id for sound in load(game.root, installed())[1]]
    assert ids == sorted(block.text.splitlines()[2].split("#")[1].strip().split(", "))


# --- docs/lock-and-store.md, docs/json.md -----------------------------------------------------------


def test_every_field_of_the_lock_is_explained() -> None:
    text = section("lock-and-store.md", "The lock")
    assert [name for name in AssetRecord.__dataclass_fields__ if f"`{name}`" not in text] == []


def test_the_example_of_json_has_every_action() -> None:
    example = next(json.loads(block.text) for block in of_language("json") if '"check"' in block.text)
    assert list(example["counts"]) == list(ACTIONS)


# --- docs/extending.md ------------------------------------------------------------------------------


def made_in_docs(name: str) -> Any:
    block = next(
        b for b in of_language("python") if b.page.name == "extending.md" and b.title.startswith(name)
    )
    namespace: dict[str, Any] = {}
    exec(compile(block.text, f"docs/extending.md ({name})", "exec"), namespace)
    return namespace[name]


def members(protocol: type) -> set[str]:
    return {name for name in [*protocol.__annotations__, *vars(protocol)] if not name.startswith("_")}


def test_the_model_and_the_engine_of_the_page_build(game: Game) -> None:
    catalog = toys()
    game.project("name: game\nengine: tagged\nassets: Sounds\n")
    block = next(block for block in YAML if "whistle" in block.title)
    game.manifest(block.text)
    report = build(game.root, catalog)
    assert [failure.error.message for failure in report.failures] == []
    one, two = (game.root / "Sounds" / "boatswain" / f"call_0{n}.wav" for n in (1, 2))
    assert one.read_bytes() != two.read_bytes()
    sidecar = json.loads(Path(f"{one}.json").read_text(encoding="utf-8"))
    assert sidecar == {"id": game.lock().assets["tagged", "boatswain/call_01"].engine_id, "loops": False}
    assert build(game.root, catalog).plan.is_empty
    game.manifest(block.text.replace("duration_s: 0.8", "duration_s: 20").replace("pitch_hz", "pich"))
    with pytest.raises(ManifestError) as caught:
        load(game.root, catalog)
    assert len(caught.value.mistakes) == 2


def test_the_page_s_model_makes_the_same_take_in_any_company(game: Game) -> None:
    game.manifest(next(block for block in YAML if "whistle" in block.title).text)
    catalog = toys()
    build(game.root, catalog)
    before = game.tree()
    game.manifest(next(block for block in YAML if "whistle" in block.title).text.replace("2\n", "5\n"))
    build(game.root, catalog)
    after = game.tree()
    assert {path: after[path] for path in before if path.endswith(".wav")} == {
        path: data for path, data in before.items() if path.endswith(".wav")
    }


@pytest.mark.parametrize(
    ("protocol", "heading"),
    [(contracts.Adapter, "A model"), (contracts.Session, "A model"), (contracts.Exporter, "An engine")],
)
def test_every_member_of_the_contract_is_explained(protocol: type, heading: str) -> None:
    text = section("extending.md", heading)
    assert members(protocol)
    assert [name for name in members(protocol) if f"| `{name}` |" not in text] == []


def test_the_page_s_examples_have_every_member() -> None:
    adapter, exporter = made_in_docs("adapter"), made_in_docs("exporter")
    assert [name for name in members(contracts.Adapter) if not hasattr(adapter, name)] == []
    assert [name for name in members(contracts.Exporter) if not hasattr(exporter, name)] == []


# --- docs/synth.md ----------------------------------------------------------------------------------


def test_the_page_s_explanation_is_what_is_explained(game: Game, capsys: pytest.CaptureFixture[str]) -> None:
    page = ROOT / "docs/synth.md"
    manifest = next(
        block for block in blocks(page) if block.language == "yaml" and "door/knock" in block.text
    )
    shown = next(block for block in blocks(page) if block.text.startswith("door/knock (synth)"))
    game.manifest(manifest.text)
    with pytest.raises(SystemExit):
        main(["plan", str(game.root), "--explain", "door/knock"])
    assert capsys.readouterr().out == shown.text
