"""Reading prompts: what is understood of the words that designers write."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfxgen.contracts import Complaint
from sfxgen.models.synth import adapter, vocabulary
from sfxgen.models.synth.parameters import Choice, Number
from sfxgen.models.synth.presets import PRESETS
from sfxgen.models.synth.prompts import NEUTRAL, draft_keys, read_prompt, stem
from sfxgen.recipe import Kind

KINDS: tuple[Kind, ...] = get_args(Kind)


@pytest.mark.parametrize(
    ("prompt", "preset", "params"),
    [
        (
            "one footstep on gravel, close, dry",
            "footstep",
            {"surface": "gravel", "distance": 0.0, "room": 0.0},
        ),
        ("footstep on wood", "footstep", {"surface": "wood"}),
        ("footstep in snow", "footstep", {"surface": "snow"}),
        ("boots running on concrete", "footstep", {"surface": "stone"}),
        ("quiet forest at dawn, birds far away", "forest", {"birds": 1.0}),
        ("heavy wooden door creaks open", "door", {"material": "wood", "action": "open", "creak": 0.9}),
        ("metal door slams shut", "door", {"material": "metal", "action": "slam"}),
        ("sci-fi laser pistol shot", "laser", {}),
        ("short metallic click", "click", {"material": "metal"}),
        ("coin pickup, bright", "coin", {"brightness": 0.75}),
        ("distant explosion, deep rumble", "explosion", {"distance": 0.65, "rumble_s": 4.0}),
        ("glass breaking", "glass", {}),
        ("window shatters", "glass", {}),
        ("rain on leaves", "rain", {"surface": "leaves"}),
        ("heavy rain on a tin roof", "rain", {"surface": "roof"}),
        ("punch to the face", "hit", {"material": "flesh"}),
        ("a sword hits a shield", "hit", {"material": "metal"}),
        ("fire crackling in a fireplace", "fire", {}),
        ("car engine idling", "engine", {"rpm": 800.0}),
        ("police siren", "alarm", {"pattern": "siren"}),
        ("dark magic spell", "magic", {"mood": "dark"}),
        ("water drops in a cave", "water_drop", {"room": 0.8}),
        ("leaves rustling", "wind", {"leaves": 0.6}),
        ("explosion with glass debris", "explosion", {"debris": 0.7}),
        ("power-up", "powerup", {}),
        ("big troll growl", "grunt", {"size": 1.0}),
        ("thunder", "explosion", {"debris": 0.0}),
    ],
)
def test_prompts_read_as_a_designer_means_them(prompt: str, preset: str, params: dict[str, object]) -> None:
    reading = read_prompt(prompt)
    assert reading.preset == preset
    assert {name: reading.params.get(name) for name in params} == params
    assert reading.unknown == ()


def test_adjectives_move_parameters_the_way_they_sound() -> None:
    def value(prompt: str, name: str) -> float:
        reading = read_prompt(prompt)
        default = PRESETS[reading.preset].by_name[name].default
        return float(reading.params.get(name, default))

    assert value("big explosion", "size") > value("explosion", "size") > value("tiny explosion", "size")
    assert value("bright coin", "brightness") > value("coin", "brightness") > value("dull coin", "brightness")
    assert value("heavy rain", "density") > value("rain", "density") > value("light rain", "density")
    assert value("high beep", "pitch_hz") > value("beep", "pitch_hz") > value("low beep", "pitch_hz")
    assert value("quick whoosh", "length_s") < value("whoosh", "length_s") < value("long whoosh", "length_s")
    assert value("quiet forest, birds far away", "bird_distance") > value("forest", "bird_distance")
    assert value("quiet forest, birds far away", "wind") < value("forest", "wind")


@pytest.mark.parametrize(
    ("prompt", "name", "expected"),
    [
        ("forest without birds", "birds", 0.0),
        ("explosion, no debris", "debris", 0.0),
        ("wind but no whistle", "whistle", 0.0),
    ],
)
def test_what_is_negated_is_left_out(prompt: str, name: str, expected: float) -> None:
    assert read_prompt(prompt).params[name] == expected


def test_a_negated_sound_is_not_the_sound() -> None:
    assert read_prompt("rain without wind").preset == "rain"
    assert read_prompt("no wind, only rain").preset == "rain"
    assert read_prompt("forest, no birds or wind").preset == "forest"
    assert read_prompt("no rain").preset == ""


def test_a_negation_reaches_only_the_next_word() -> None:
    assert read_prompt("not a loud explosion").preset == "explosion"


def test_words_that_mean_nothing_here_are_reported() -> None:
    reading = read_prompt("a purple footstep on lava")
    assert reading.preset == "footstep"
    assert reading.understood == ("footstep",)
    assert reading.unknown == ("purple", "lava")


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("footsteps", "footstep"),
        ("leaves", "leaf"),
        ("crackling", "crackle"),
        ("slamming", "slam"),
        ("distant", "distant"),
        ("muffled", "muffle"),
        ("softly", "soft"),
        ("metallic", "metallic"),
        ("batteries", "batteries"),
    ],
)
def test_inflected_words_are_found(word: str, form: str) -> None:
    assert stem(word) == form


def params_complaints(keys: dict[str, object]) -> list[Complaint]:
    return list(adapter.complaints(adapter.models[0], keys))


WORDS = sorted(
    {
        *vocabulary.SOURCES,
        *vocabulary.MOVES,
        *vocabulary.CHOICES,
        *vocabulary.SETTINGS,
        "no",
        "on",
        ",",
        "and",
    }
)


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8), st.sampled_from(KINDS))
def test_whatever_is_read_is_a_valid_sound(words: list[str], kind: Kind) -> None:
    keys = draft_keys(" ".join(words), kind=kind, duration_s=2.0)
    assert params_complaints(keys) == []
    adapter.params(adapter.models[0], keys, kind=kind)


@given(st.text(max_size=60), st.sampled_from(KINDS))
def test_a_draft_never_fails(prompt: str, kind: Kind) -> None:
    keys = draft_keys(prompt, kind=kind)
    assert params_complaints(keys) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_draft_of_nonsense_is_the_kinds_neutral_sound(kind: Kind) -> None:
    keys = draft_keys("qwertz uiop", kind=kind, duration_s=3.0)
    assert keys["preset"] == NEUTRAL[kind]
    assert keys["duration_s"] == 3.0


def test_a_draft_of_speech_babbles_about_as_long_as_the_words() -> None:
    short = draft_keys("Halt!", kind="dialog")
    long = draft_keys("Halt! Who goes there? Show yourself or leave.", kind="dialog")
    assert short["preset"] == long["preset"] == "grunt"
    assert short["params"]["syllables"] < long["params"]["syllables"]


def test_the_vocabulary_is_of_a_useful_size_and_points_at_what_exists() -> None:
    assert len({*vocabulary.SOURCES, *vocabulary.MOVES, *vocabulary.CHOICES, *vocabulary.SETTINGS}) >= 250
    numbers = {p.name for preset in PRESETS.values() for p in preset.parameters if isinstance(p, Number)}
    options = {
        o
        for preset in PRESETS.values()
        for p in preset.parameters
        if isinstance(p, Choice)
        for o in p.options
    }
    for source in vocabulary.SOURCES.values():
        known = PRESETS[source.preset].by_name
        for name, value in source.params.items():
            assert known[name].complaint(value) == ""
    for table in (vocabulary.MOVES, vocabulary.SETTINGS):
        assert {name for row in table.values() for name, _ in row} <= numbers
    assert {option for row in vocabulary.CHOICES.values() for option in row} <= options
    assert {source.preset for source in vocabulary.SOURCES.values()} == set(PRESETS)


def test_a_length_meant_for_another_model_shortens_a_draft_and_never_stretches_it() -> None:
    own = PRESETS["laser"].by_name["length_s"].default
    assert draft_keys("laser", kind="one_shot", duration_s=5.0)["params"]["length_s"] == own
    assert draft_keys("laser", kind="one_shot", duration_s=0.2)["params"]["length_s"] == 0.2
