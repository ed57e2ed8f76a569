"""The synthesizer's light face: complaints, params, schemas, and what it does not import."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfxgen.contracts import Adapter, ReadsFiles, Surroundings
from sfxgen.errors import ProjectError
from sfxgen.models.synth import adapter
from sfxgen.models.synth.parameters import Choice, Number
from sfxgen.models.synth.presets import FAMILIES, PRESETS, REPEAT, SPACE, WIDTH
from sfxgen.models.synth.render import render_of
from sfxgen.models.synth.sfxr.formats import to_json, to_link
from sfxgen.models.synth.sfxr.parameters import SfxrParams
from sfxgen.recipe import canonical_json

READER: ReadsFiles = adapter
CONTRACT: Adapter = adapter  # The type checker compares the two.
INFO = CONTRACT.models[0]
AROUND = Surroundings(root=Path())


def complaints(**keys: Any) -> dict[str, str]:
    return {c.key: f"{c.what} {c.hint}" for c in adapter.complaints(INFO, keys)}


def test_importing_the_adapter_and_reading_a_prompt_load_no_numpy() -> None:
    code = (
        "import sys; from sfxgen.models.synth import adapter; adapter.param_schema(); "
        "adapter.draft_keys('rain on leaves', kind='loop'); "
        "adapter.params(adapter.models[0], {'preset': 'coin'}, kind='one_shot'); "
        "print([m for m in ('numpy', 'scipy', 'pydantic', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_preset_is_complete_and_has_a_renderer() -> None:
    assert len(PRESETS) >= 80
    assert {preset.family for preset in PRESETS.values()} == set(FAMILIES)
    for preset in PRESETS.values():
        assert callable(render_of(preset))
        assert preset.summary.endswith(".")
        width = WIDTH if preset.channels == 1 else ()
        shared = width + SPACE if preset.sustained else REPEAT + SPACE
        assert preset.parameters[-len(shared) :] == shared
        assert len(preset.by_name) == len(preset.parameters)
        for parameter in preset.parameters:
            assert parameter.summary.endswith(".")
            assert parameter.complaint(parameter.default) == ""
            if isinstance(parameter, Number):
                assert parameter.low < parameter.high
                assert parameter.low > 0 or not parameter.log
                is_amount = parameter.low >= -1 and parameter.high <= 1
                is_count = parameter.low >= 0 and re.match("How (many|often)", parameter.summary)
                assert parameter.unit or is_amount or is_count or preset.name == "sfxr", parameter
            else:
                assert isinstance(parameter, Choice)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_alone_is_enough(name: str) -> None:
    assert complaints(preset=name) == {}
    assert complaints(preset=name, prompt="a note to myself") == {}


def test_neither_preset_nor_prompt_is_a_complaint() -> None:
    assert "needs a preset" in complaints()["preset"]
    assert "needs a preset" in complaints(prompt="  ")["preset"]


def test_an_unknown_preset_is_answered_with_the_nearest() -> None:
    found = complaints(preset="exploson")
    assert "did you mean explosion?" in found["preset"]
    assert "sfxgen presets" in found["preset"]
    assert "no preset 7" in complaints(preset=7)["preset"]


def test_a_prompt_of_which_nothing_is_understood_is_a_complaint() -> None:
    assert "understands no sound" in complaints(prompt="purple ideas sleep furiously")["prompt"]
    assert complaints(prompt="one footstep on gravel, close, dry") == {}


def test_all_mistakes_are_found_at_once() -> None:
    found = complaints(
        preset="footstep",
        params={"surfce": "wood", "surface": "lava", "weight": 2, "roll_ms": True, "hardness": "much"},
        variation=1.5,
        duration_s=0,
    )
    assert set(found) == {
        "params.surfce",
        "params.surface",
        "params.weight",
        "params.roll_ms",
        "params.hardness",
        "variation",
        "duration_s",
    }
    assert "did you mean surface?" in found["params.surfce"]
    assert "from 0 to 1" in found["params.weight"]
    assert "ms" in complaints(preset="footstep", params={"roll_ms": 9000})["params.roll_ms"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, None, "1", [1]])
def test_what_is_no_finite_number_is_refused(value: object) -> None:
    assert "params.pitch_hz" in complaints(preset="coin", params={"pitch_hz": value})


@pytest.mark.parametrize("value", [math.nan, -0.1, True, "half", 601])
def test_variation_and_duration_are_checked(value: object) -> None:
    assert set(complaints(preset="rain", variation=value, duration_s=value)) == {"variation", "duration_s"}


def test_params_that_are_no_mapping_are_refused() -> None:
    assert "not a mapping" in complaints(preset="coin", params=[1])["params"]


def test_params_of_a_prompt_are_checked_against_the_preset_that_was_read() -> None:
    assert complaints(prompt="footstep on wood", params={"weight": 0.9}) == {}
    assert (
        "preset footstep has no parameter"
        in complaints(prompt="footstep on wood", params={"rpm": 900})["params.rpm"]
    )


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_params_are_complete_canonical_and_of_one_form(name: str) -> None:
    made = adapter.params(INFO, {"preset": name}, kind="loop")
    assert made["preset"] == name
    assert set(made["params"]) == set(PRESETS[name].by_name)
    assert all(isinstance(value, float | str) for value in made["params"].values())
    assert made["variation"] == 0.5
    assert made["loop"] is True
    assert json.loads(canonical_json(made)) == made


def test_a_number_written_as_an_integer_gives_the_same_params() -> None:
    as_int = adapter.params(
        INFO, {"preset": "coin", "params": {"pitch_hz": 1000}, "variation": 1}, kind="one_shot"
    )
    as_float = adapter.params(
        INFO, {"preset": "coin", "params": {"pitch_hz": 1000.0}, "variation": 1.0}, kind="one_shot"
    )
    assert canonical_json(as_int) == canonical_json(as_float)


def test_params_win_over_the_prompt() -> None:
    keys = {"prompt": "footstep on wood", "params": {"surface": "snow"}}
    made = adapter.params(INFO, keys, kind="one_shot")
    assert made["preset"] == "footstep"
    assert made["params"]["surface"] == "snow"


def test_the_preset_wins_over_the_prompt() -> None:
    made = adapter.params(INFO, {"preset": "coin", "prompt": "footstep on wood"}, kind="one_shot")
    assert made["preset"] == "coin"


def test_a_prompts_punctuation_and_case_do_not_reach_the_params() -> None:
    one = adapter.params(INFO, {"prompt": "footstep on gravel, close"}, kind="one_shot")
    other = adapter.params(INFO, {"prompt": "Footstep on gravel - close!"}, kind="one_shot")
    assert one == other


def test_an_asked_length_stretches_what_has_a_length() -> None:
    made = adapter.params(INFO, {"preset": "whoosh", "duration_s": 1.7}, kind="one_shot")
    assert made["params"]["length_s"] == 1.7
    kept = adapter.params(
        INFO, {"preset": "whoosh", "duration_s": 1.7, "params": {"length_s": 0.3}}, kind="one_shot"
    )
    assert kept["params"]["length_s"] == 0.3
    long = adapter.params(INFO, {"preset": "whoosh", "duration_s": 60}, kind="one_shot")
    assert long["params"]["length_s"] == 4.0


def sound_schema() -> dict[str, Any]:
    own = {key: dict(schema) for key, schema in adapter.param_schema().items()}
    shared = {name: of for schema in own.values() for name, of in schema.pop("$defs", {}).items()}
    return {"type": "object", "properties": own, "$defs": shared}


def valid(**keys: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(sound_schema()).is_valid(keys))


def test_the_schemas_are_schemas() -> None:
    jsonschema.Draft202012Validator.check_schema(sound_schema())
    for schema in adapter.preset_schemas().values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_the_schema_takes_what_the_adapter_takes() -> None:
    assert valid(preset="coin", params={"pitch_hz": 900, "room": 0.2}, variation=0.2)
    assert valid(preset="footstep", params={"surface": "{surface}"})
    assert valid(preset="{thing}")
    assert not valid(preset="con")
    assert not valid(preset="coin", params={"pitch_hz": 1e6})
    assert not valid(preset="coin", params={"pitch": 900})
    assert not valid(preset="footstep", params={"surface": "lava"})
    assert not valid(variation=2)


@given(st.sampled_from(sorted(PRESETS)), st.data())
def test_schema_and_complaints_agree_on_every_number(name: str, data: st.DataObject) -> None:
    numbers = [p for p in PRESETS[name].parameters if isinstance(p, Number)]
    parameter = data.draw(st.sampled_from(numbers))
    value = data.draw(
        st.floats(-1e5, 1e5) | st.sampled_from([parameter.low, parameter.high, parameter.default])
    )
    schema = jsonschema.Draft202012Validator(adapter.preset_schemas()[name])
    refused = bool(complaints(preset=name, params={parameter.name: value}))
    assert schema.is_valid({parameter.name: value}) is not refused


def test_the_synthesizer_is_always_there_in_one_revision() -> None:
    assert adapter.unavailable(INFO, AROUND) is None
    assert adapter.revision(INFO, AROUND) == f"synth-{adapter.version}"
    assert adapter.info("elsewhere") is None
    assert INFO.commercial == "yes"
    assert {"preset", "params", "prompt", "variation", "duration_s"} == set(INFO.accepts)


LINK = to_link(SfxrParams(wave_type=2, p_base_freq=0.41))


class Files:
    """Files that may not be asked for, but for the one that `read` knows."""

    def __init__(self, read: Callable[[str], bytes] | None = None) -> None:
        self._read = read

    def read(self, path: str) -> bytes:
        if self._read is None:
            raise ProjectError(f"'{path}' cannot be read", hint="look again")
        return self._read(path)

    def digest(self, path: str) -> str:
        raise AssertionError(path)

    def length_s(self, path: str) -> float | None:
        raise AssertionError(path)

    def names(self, path: str) -> list[str]:
        raise ProjectError(f"{path} is no folder")


no_file = Files()


def test_a_link_of_sfxr_becomes_its_parameters_and_own_ones_win() -> None:
    keys, found = adapter.with_files({"preset": "sfxr", "params": {"link": LINK, "p_duty": 0.25}}, no_file)
    assert found == []
    assert list(adapter.complaints(INFO, keys)) == []
    made = adapter.params(INFO, keys, kind="one_shot")["params"]
    assert (made["wave_type"], made["p_duty"]) == ("sine", 0.25)
    assert made["p_base_freq"] == pytest.approx(0.41)


def test_a_file_of_sfxr_is_read_by_its_path() -> None:
    asked = []

    def read(path: str) -> bytes:
        asked.append(path)
        return to_json(SfxrParams(p_env_decay=0.6)).encode()

    keys, found = adapter.with_files({"preset": "sfxr", "params": {"file": "Audio/jump.json"}}, Files(read))
    assert (asked, found) == (["Audio/jump.json"], [])
    assert adapter.params(INFO, keys, kind="one_shot")["params"]["p_env_decay"] == 0.6


@pytest.mark.parametrize(
    ("params", "key", "what"),
    [
        ({"link": "https://sfxr.me/#nothing"}, "params.link", "link"),
        ({"link": 7}, "params.link", "expected text"),
        ({"file": "gone.sfs"}, "params.file", "cannot be read"),
        ({"file": ""}, "params.file", "expected text"),
        ({"file": "a.sfs", "link": LINK}, "params.file", "two sounds"),
    ],
)
def test_what_is_no_sound_of_sfxr_is_a_complaint(params: dict[str, Any], key: str, what: str) -> None:
    _, (found,) = adapter.with_files({"preset": "sfxr", "params": params}, no_file)
    assert found.key == key
    assert what in found.what
    assert found.hint


def test_keys_without_files_are_left_alone() -> None:
    for keys in ({"preset": "coin", "params": {"pitch_hz": 900}}, {"prompt": "rain"}, {"preset": "sfxr"}):
        assert adapter.with_files(keys, no_file) == (keys, [])
    assert not valid(preset="sfxr", params={"lnik": LINK})
    assert valid(preset="sfxr", params={"link": LINK, "p_duty": 0.5})


def test_an_explanation_says_what_each_word_did_and_what_came_of_it() -> None:
    told = adapter.explained({"prompt": "heavy qwertz rain"}, kind="loop")
    assert told["preset"] == "rain"
    roles = {row["word"]: row["role"] for row in told["words"]}
    assert roles["rain"] == "names"
    assert roles["heavy"] == "moves"
    assert roles["qwertz"] == "unknown"
    assert told["params"]
    assert not told["neutral"]
    draft = adapter.explained({"prompt": "qwertz"}, kind="one_shot", draft=True)
    assert (draft["preset"], draft["neutral"]) == ("hit", True)
    assert adapter.explained({"preset": "coin", "prompt": "a note"}, kind="one_shot")["words"] == []


def test_it_says_whether_it_understands_a_prompt() -> None:
    assert adapter.why_neutral("rain on leaves", kind="loop") == ""
    assert adapter.why_neutral("any words at all", kind="dialog") == ""
    assert "no word" in adapter.why_neutral("qwertz uiop", kind="one_shot")
    assert "knock" in adapter.why_neutral("a knock on a door", kind="loop")


def test_a_prompt_of_one_sound_is_no_loop() -> None:
    found = list(adapter.complaints(INFO, {"prompt": "a knock on a door"}, kind="loop"))
    assert [(c.key, "not a texture to loop" in c.what) for c in found] == [("prompt", True)]
    assert "textures:" in found[0].hint


def test_sfxrs_options_may_be_written_as_numbers() -> None:
    keys, _ = adapter.with_files(
        {"preset": "sfxr", "params": {"wave_type": 3, "sample_rate": 22050}}, no_file
    )
    assert list(adapter.complaints(INFO, keys)) == []
    assert keys["params"] == {"wave_type": "noise", "sample_rate": "22050"}
    assert valid(preset="sfxr", params={"wave_type": 3, "sample_rate": 22050})
