"""The JSON Schemas: valid, complete, and of one mind with the loader."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from games import Game
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sfxgen.catalog import installed
from sfxgen.cli.init import starters
from sfxgen.cli.schema import schema_text
from sfxgen.errors import ManifestError
from sfxgen.manifest import load
from sfxgen.schema import Language, ProjectBlock
from sfxgen.wording import did_you_mean, shown
from sfxgen.yaml_source import parse

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "unity_project"

LANGUAGE = Language(installed())
MANIFEST: dict[str, Any] = json.loads(schema_text("manifest"))
PROJECT: dict[str, Any] = json.loads(schema_text("project"))
SOUND: dict[str, Any] = MANIFEST["properties"]["sounds"]["additionalProperties"]
ADAPTERS_OWN = {key for adapter in installed().adapters.values() for key in adapter.param_schema()}


def takes(schema: dict[str, Any], value: object) -> bool:
    return bool(Draft202012Validator({**schema, "$defs": MANIFEST["$defs"]}).is_valid(value))


def manifests() -> list[Any]:
    found = [pytest.param(file.read_text(encoding="utf-8"), id=f"starter {file.name}") for file in starters()]
    for path in sorted((EXAMPLE / "Audio/manifests").glob("*.yaml")):
        found.append(pytest.param(path.read_text(encoding="utf-8"), id=f"example {path.name}"))
    return found


@pytest.mark.parametrize("schema", [MANIFEST, PROJECT], ids=["manifest", "project"])
def test_the_schemas_are_schemas_of_the_draft_that_they_name(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("text", manifests())
def test_starters_and_example_are_valid(text: str) -> None:
    data = parse("x.yaml", text.encode()).data
    assert [error.message for error in Draft202012Validator(MANIFEST).iter_errors(data)] == []


def test_the_example_s_project_file_is_valid_and_its_schema_is_this_one() -> None:
    data = parse("sfxgen.yaml", (EXAMPLE / "sfxgen.yaml").read_bytes()).data
    assert [error.message for error in Draft202012Validator(PROJECT).iter_errors(data)] == []
    written = json.loads((EXAMPLE / "sfxgen.schema.json").read_text(encoding="utf-8"))
    assert written == MANIFEST, "write it anew: sfxgen schema > examples/unity_project/sfxgen.schema.json"


def test_every_key_of_a_sound_is_in_the_schema_and_described() -> None:
    assert set(SOUND["properties"]) == set(LANGUAGE.sound_keys)
    blocks = [definition for definition in MANIFEST["$defs"].values() if "properties" in definition]
    for schema in (SOUND, MANIFEST["properties"]["defaults"], PROJECT, *blocks):
        for key, its_schema in schema["properties"].items():
            if schema is not PROJECT or key != "defaults":
                assert its_schema.get("description", "").strip(), key


def test_unknown_keys_are_refused_everywhere() -> None:
    def objects(node: Any) -> Iterator[dict[str, Any]]:
        if isinstance(node, dict):
            if "properties" in node and node["properties"] and "type" in node:
                yield node
            for value in node.values():
                yield from objects(value)
        elif isinstance(node, list):
            for value in node:
                yield from objects(value)

    found = [*objects(MANIFEST), *objects(PROJECT)]
    assert len(found) > 10
    assert [node for node in found if node.get("additionalProperties") in (None, True)] == []


def test_a_model_s_names_are_offered() -> None:
    assert {"synth", "audioldm-s"} <= set(SOUND["properties"]["model"]["examples"])


def test_ids_of_the_schema_are_ids_of_the_loader() -> None:
    names = Draft202012Validator(MANIFEST["properties"]["sounds"]["propertyNames"])
    assert all(names.is_valid(name) for name in ("ui/click", "a", "step/{surface}_{shoe}", "A-b_9"))
    assert not any(names.is_valid(name) for name in ("", "/a", "a/", "a//b", "a.b", "a b", "../a", "ä"))


# --- schema and loader agree ------------------------------------------------------------------------

WRONG: list[tuple[str, object]] = [
    ("promt", "x"),
    ("kind", "lop"),
    ("kind", 1),
    ("prompt", 3),
    ("prompt", "x" * 2001),
    ("duration_s", 0),
    ("duration_s", "2"),
    ("duration_s", 601),
    ("steps", 0),
    ("steps", 2.5),
    ("steps", True),
    ("guidance", -1),
    ("dtype", "fp8"),
    ("seed", -1),
    ("seed", 2**63),
    ("variants", 0),
    ("variants", 1000),
    ("loudness_lufs", 1),
    ("loudness_lufs", "keep"),
    ("master", []),
    ("master", {"trimm": True}),
    ("master", {"trim": "yes"}),
    ("master", {"loudness_lufs": "kep"}),
    ("master", {"sample_rate": 44000}),
    ("master", {"channels": 1}),
    ("master", {"fade_in_ms": -1}),
    ("encode", {"format": "wma"}),
    ("encode", {"bit_depth": 8}),
    ("encode", {"quality": 2}),
    ("unity", {"load_type": "stream"}),
    ("unity", {"platforms": {"amiga": {}}}),
    ("for", {"a": []}),
    ("for", ["a"]),
    ("takes", []),
    ("takes", [0]),
    ("takes", "1"),
    ("reject", [0]),
    ("frozen", "yes"),
    ("abstract", 1),
    ("extends", 1),
    ("variation", 2),
    ("preset", "coyn"),
    ("params", {"pitch": 1}),
]


@pytest.mark.parametrize(("key", "value"), WRONG, ids=lambda part: repr(part)[:30])
def test_what_the_schema_refuses_the_loader_refuses(game: Game, key: str, value: object) -> None:
    sound = {"model": "synth", "preset": "coin", key: value}
    assert not takes(SOUND, sound)
    game.manifest(json.dumps({"sounds": {"ui/coin": sound}}))
    with pytest.raises(ManifestError) as caught:
        load(game.root, game.catalog)
    assert any(f"ui/coin.{key}" in mistake.where for mistake in caught.value.mistakes)


RIGHT: list[tuple[str, object]] = [
    ("kind", "one_shot"),
    ("duration_s", None),
    ("seed", 2**63 - 1),
    ("variants", 999),
    ("loudness_lufs", -70),
    ("master", {"loudness_lufs": "keep", "channels": "keep", "trim": None, "sample_rate": 48000}),
    ("master", None),
    ("encode", {"format": "ogg", "quality": 1, "bit_depth": None}),
    ("unity", {"platforms": {"android": {"load_type": "streaming"}}}),
    ("takes", [3, 1]),
    ("reject", []),
    ("frozen", False),
    ("params", {"pitch_hz": 900}),
    ("variation", 0),
    ("variation", None),
    ("params", None),
    ("prompt", None),
    ("kind", None),
]


@pytest.mark.parametrize(("key", "value"), RIGHT, ids=lambda part: repr(part)[:30])
def test_what_the_loader_takes_the_schema_takes(game: Game, key: str, value: object) -> None:
    sound = {"model": "synth", "preset": "coin", key: value}
    game.manifest(json.dumps({"sounds": {"ui/coin": sound}}))
    load(game.root, game.catalog)
    assert takes(SOUND, sound)


@pytest.mark.parametrize("text", ["defaults:\nsounds: {}\n", "sounds: {}\n", "defaults: {}\n"])
def test_a_manifest_may_be_nearly_empty(game: Game, text: str) -> None:
    game.manifest(text)
    load(game.root, game.catalog)
    assert Draft202012Validator(MANIFEST).is_valid(parse("x.yaml", text.encode()).data)


def whole_floats_are_floats(value: object) -> bool:
    """JSON Schema counts 2.0 as an integer; the loader does not."""
    if isinstance(value, float):
        return not math.isfinite(value) or value != int(value)
    if isinstance(value, dict):
        return all(map(whole_floats_are_floats, value.values()))
    return not isinstance(value, list) or all(map(whole_floats_are_floats, value))


WORDS = st.sampled_from(
    ["", "wav", "ogg", "loop", "music", "keep", "mono", "fp16", "pcm", "yes", "coin", "{a}"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS
BLOCK_KEYS = sorted({key for block in MANIFEST["$defs"].values() for key in block.get("properties", ())})
VALUES = (
    SCALARS
    | st.lists(st.integers(-1, 9) | SCALARS, max_size=3)
    | st.dictionaries(st.sampled_from(BLOCK_KEYS), SCALARS, max_size=2)
)


@settings(max_examples=400, deadline=None)
@given(
    key=st.sampled_from(sorted(LANGUAGE.sound_keys - ADAPTERS_OWN)),
    value=VALUES.filter(whole_floats_are_floats),
)
def test_schema_and_definitions_are_of_one_mind(key: str, value: object) -> None:
    refused = list(LANGUAGE.check(LANGUAGE.sound, {key: value}, ()))
    assert takes(SOUND, {key: value}) is not bool(refused), refused


@settings(max_examples=200, deadline=None)
@given(
    key=st.sampled_from(sorted(set(ProjectBlock.model_fields) - {"defaults"})),
    value=(VALUES | st.sampled_from(["any", "commercial", "draft", "auto", "cuda"])).filter(
        whole_floats_are_floats
    ),
)
def test_the_project_s_schema_and_definitions_are_of_one_mind(key: str, value: object) -> None:
    refused = list(LANGUAGE.check(ProjectBlock, {key: value}, ()))
    assert bool(Draft202012Validator(PROJECT).is_valid({key: value})) is not bool(refused), refused


# --- how mistakes are worded ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sound", "where", "what", "hint"),
    [
        ({"promt": "x"}, ("promt",), "unknown key", "did you mean 'prompt'?"),
        ({"master": {"trimm": True}}, ("master", "trimm"), "unknown key", "did you mean 'trim'?"),
        ({"duration_s": 0}, ("duration_s",), "0 is not positive", "write a number above 0"),
        ({"duration_s": 601}, ("duration_s",), "601 is not at most 600", ""),
        (
            {"variants": "3"},
            ("variants",),
            "expected a whole number, not '3'",
            "write the number alone, without",
        ),
        ({"prompt": 3}, ("prompt",), "expected text, not 3", 'quote it: "3"'),
        ({"frozen": "yes"}, ("frozen",), "expected true or false, not 'yes'", "write true"),
        ({"kind": "lop"}, ("kind",), "'lop' is not one_shot, loop, music or dialog", "did you mean 'loop'?"),
        ({"takes": [1, 0]}, ("takes", 1), "0 is not at least 1", ""),
        ({"takes": []}, ("takes",), "is empty", "write at least one"),
        ({"seed": 1.5}, ("seed",), "expected a whole number, not 1.5", ""),
        ({"master": {"loudness_lufs": "kep"}}, ("master", "loudness_lufs"), "'kep'", ""),
        (
            {"master": {"loudness_lufs": "loud"}},
            ("master", "loudness_lufs"),
            "a number or keep, not 'loud'",
            "",
        ),
        ({"reverse": True}, ("reverse",), "unknown key", "write it under master: { reverse: true }"),
        ({"highpass_hz": 80}, ("highpass_hz",), "unknown key", "under master: { highpass_hz: 80 }"),
        ({"eq": []}, ("eq",), "unknown key", "under master: { eq: … }"),
        ({"format": "ogg"}, ("format",), "unknown key", "under encode: { format: ogg }"),
        ({"sample_rate": 48000}, ("sample_rate",), "unknown key", "under master: { sample_rate: 48000 }"),
        ({"duplicate": "off"}, ("duplicate",), "unknown key", "under gates: { duplicate: off }"),
        ({"load_type": "streaming"}, ("load_type",), "unknown key", "under unity: { load_type: streaming }"),
        ({"master": {"format": "ogg"}}, ("master", "format"), "unknown key", "under encode: { format: ogg }"),
        ({"encode": {"category": "ui"}}, ("encode", "category"), "unknown key", "in the sound"),
        ({"creator": "AB"}, ("creator",), "unknown key", "it belongs in sfxgen.yaml"),
        ({"categories": {}}, ("categories",), "unknown key", "it belongs in sfxgen.yaml"),
        ({"name": "Coin"}, ("name",), "unknown key", "did you mean 'fx_name'?"),
        ({"gates": "never"}, ("gates",), "not 'never'", "write a block, as gates: { duplicate: 0.9 }"),
        ({"encode": "mp3"}, ("encode",), "not 'mp3'", "write a block, as encode: { format: mp3 }"),
        ({"unity": 5}, ("unity",), "expected a mapping", "write a block, as unity: { load_type"),
        (
            {"master": {"eq": [{"gain_db": 3}]}},
            ("master", "eq", 0, "frequency_hz"),
            "is missing",
            "it needs frequency_hz and gain_db",
        ),
        ({"layers": ["coin"]}, ("layers", 0), "expected a mapping", "as in { preset: coin }"),
        (
            {"layers": [{"trim": False}]},
            ("layers", 0, "trim"),
            "no key of a layer",
            "master: { trim: false }",
        ),
        ({"gates": {"silence_dbfs": "off"}}, ("gates", "silence_dbfs"), "cannot be switched off", "number"),
        ({"gates": {"shortest_s": "off"}}, ("gates", "shortest_s"), "cannot be switched off", "number"),
        ({"gates": {"duplicate": "of"}}, ("gates", "duplicate"), "a number or off", "did you mean 'off'?"),
        ({"gates": {"longest_s": 0}}, ("gates", "longest_s"), "0 is not positive", "above 0"),
        ({"gates": {"noise_bed_db": 4}}, ("gates", "noise_bed_db"), "4 is not at most 0", ""),
        ({"encode": {"format": "MP3"}}, ("encode", "format"), "'MP3' is not wav", "did you mean 'mp3'?"),
        ({"encode": {"cues": [0.5, "x"]}}, ("encode", "cues", 1), "expected a number, not 'x'", ""),
        ({"encode": {"cues": 5}}, ("encode", "cues"), "expected a list or events, not 5", ""),
        ({"prompt": "x" * 2001}, ("prompt",), "is longer than 2000 characters", "say it in fewer words"),
        (
            {"unity": {"platforms": {"andriod": {}}}},
            ("unity", "platforms", "andriod"),
            "unknown key",
            "'android'",
        ),
    ],
)
def test_a_mistake_says_where_what_and_how_to_mend_it(
    sound: dict[str, Any], where: tuple[str | int, ...], what: str, hint: str
) -> None:
    found = list(LANGUAGE.check(LANGUAGE.sound, sound, ("sounds", "a")))
    assert len(found) == 1, found
    path, said, hinted = found[0]
    assert path == ("sounds", "a", *where)
    assert what in said
    assert hint in hinted


@pytest.mark.parametrize(
    ("project", "where", "what", "hint"),
    [
        (
            {"categories": {"footsteps": {"loudness": -20}}},
            ("categories", "footsteps", "loudness"),
            "unknown key",
            "did you mean 'loudness_lufs'?",
        ),
        (
            {"categories": {"footsteps": {"gates": {"longest": 3}}}},
            ("categories", "footsteps", "gates", "longest"),
            "unknown key",
            "did you mean 'longest_s'?",
        ),
        (
            {"categories": {"ui": "loud"}},
            ("categories", "ui"),
            "expected a mapping",
            "ui: { loudness_lufs: -20 }",
        ),
        ({"model": "synth"}, ("model",), "unknown key", "under defaults: { model: synth }"),
    ],
)
def test_a_mistake_of_the_project_too(
    project: dict[str, Any], where: tuple[str | int, ...], what: str, hint: str
) -> None:
    ((path, said, hinted),) = LANGUAGE.check(ProjectBlock, project, ())
    assert path == where
    assert what in said
    assert hint in hinted


GATE_RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(
        ("clipped_share", "dc_share", "bandwidth_share", "duplicate", "speech_modulation"), (0, 1)
    ),
    **dict.fromkeys(("seam_step_db", "seam_level_db", "seam_flux_z"), (0, 100)),
    "noise_bed_db": (-120, 0),
    "longest_s": (0.001, 600),
}


@pytest.mark.parametrize(("gate", "ends"), GATE_RANGES.items())
def test_a_gate_takes_its_range_and_off_and_nothing_else(gate: str, ends: tuple[float, float]) -> None:
    for value in (*ends, "off", None):
        assert list(LANGUAGE.check(LANGUAGE.sound, {"gates": {gate: value}}, ())) == []
        assert takes(SOUND, {"gates": {gate: value}})
    for value in (ends[0] - 0.5, ends[1] + 0.5, "on", True):
        assert len(list(LANGUAGE.check(LANGUAGE.sound, {"gates": {gate: value}}, ()))) == 1
        assert not takes(SOUND, {"gates": {gate: value}})


def test_did_you_mean_names_the_nearest_or_all_of_few() -> None:
    assert did_you_mean("lop", ["loop", "music"]) == "did you mean 'loop'?"
    assert did_you_mean("zzz", ["b", "a"]) == "one of: a, b"
    assert did_you_mean("zzz", [f"word{n}" for n in range(25)]) == ""
    assert did_you_mean("zzz", []) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        (True, "true"),
        ("a", "'a'"),
        ("x" * 99, f"'{'x' * 57}…'"),
        ({}, "a mapping"),
        ([], "a list"),
    ],
)
def test_values_are_shown_as_a_person_wrote_them(value: object, text: str) -> None:
    assert shown(value) == text
