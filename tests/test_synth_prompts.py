"""Reading prompts: what is understood of the words that designers write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfxgen.contracts import Complaint
from sfxgen.models.synth import adapter
from sfxgen.models.synth.parameters import Choice, Number, Parameter
from sfxgen.models.synth.presets import PRESETS
from sfxgen.models.synth.prompts import (
    NEUTRAL,
    WHOLE,
    Meaning,
    Reading,
    draft_keys,
    fitting_length,
    read_prompt,
    stem,
)
from sfxgen.models.synth.vocabulary import TOKEN, Level, Share, edits, every_word, vocabulary
from sfxgen.recipe import Kind

KINDS: tuple[Kind, ...] = get_args(Kind)
WORDS = vocabulary()


@pytest.mark.parametrize(
    ("prompt", "preset", "params"),
    [
        # Steps and bodies
        ("one footstep on gravel, close, dry", "footstep", {"surface": "gravel", "count": 1.0, "room": 0.0}),
        ("footstep on wood", "footstep", {"surface": "wood"}),
        ("footstep in snow", "footstep", {"surface": "snow"}),
        ("boots running on concrete", "footstep", {"surface": "stone", "shoe": "boot", "count": 6.0}),
        ("footsteps on a metal catwalk", "footstep", {"surface": "metal", "count": 4.0}),
        ("high heels on marble", "footstep", {"surface": "tile", "shoe": "heel"}),
        ("knight in plate armor walking", "footstep", {"shoe": "armored"}),
        ("barefoot steps on wet tiles", "footstep", {"surface": "tile", "shoe": "barefoot"}),
        ("double jump", "jump", {}),
        ("cloak rustling", "cloth", {}),
        # Impacts and breaking
        ("punch to the face", "punch", {}),
        ("three knocks on an oak door", "knock", {"count": 3.0, "material": "wood"}),
        ("metal pipe falling on concrete", "hit", {"material": "metal"}),
        ("wooden crate landing with a dull thud", "thud", {}),
        ("rubber ball bouncing on tiles", "bounce", {"material": "rubber"}),
        ("big stone slab grinding aside in a crypt", "scrape", {"material": "stone", "room": 0.6}),
        ("glass breaking", "glass", {}),
        ("window shatters", "glass", {}),
        ("wine glass smashed on the floor", "glass", {}),
        ("china plates smashed", "pottery", {}),
        ("dry branch snapped in half", "branch", {}),
        ("bone snap", "bone", {}),
        ("paper ripped in two", "paper", {"action": "tear"}),
        # Doors and mechanisms
        ("heavy rain on a tin roof, distant thunder", "rain", {"surface": "roof", "distance": None}),
        ("heavy wooden door creaks open", "door", {"material": "wood", "action": "open", "creak": 0.9}),
        ("metal door slams shut", "door", {"material": "metal", "action": "slam"}),
        ("spaceship door opening", "sliding_door", {"action": "open"}),
        ("deadbolt turned twice", "lock", {"action": "bolt", "count": 2.0}),
        ("portcullis drops", "gate", {"action": "fall"}),
        ("drawer yanked open, cutlery rattling", "drawer", {"action": "open", "rattle": 0.75}),
        # Weapons
        ("sci-fi laser pistol shot", "laser", {}),
        ("a sword hits a shield", "sword_clash", {}),
        ("mace bashes a wooden shield", "shield_block", {"material": "wood"}),
        ("bow and arrow", "bow", {}),
        ("arrow hits a wooden plank", "arrow", {"material": "wood"}),
        ("pistol shot", "gunshot", {"size": 0.3}),
        ("machine gun burst", "gunshot", {"interval_s": 0.09}),
        ("suppressed submachine gun", "silenced_shot", {}),
        ("bullet ricochet off a rock", "ricochet", {"material": "stone"}),
        ("bullet shells drop on the pavement", "shell_casing", {"surface": "concrete"}),
        ("distant explosion, deep rumble", "explosion", {"distance": 0.65, "rumble_s": 4.0}),
        ("explosion with glass debris", "explosion", {"debris": 0.75}),
        ("underwater explosion", "underwater_blast", {}),
        # Magic
        ("dark magic spell", "curse", {}),
        ("healing spell, gentle angelic shimmer", "heal", {"sparkle": 0.8}),
        ("fire spell", "fireball", {}),
        ("lightning bolt", "lightning", {}),
        # Weather, water, fire
        ("thunder", "thunder", {}),
        ("rain on leaves", "rain", {"surface": "leaves"}),
        ("heavy rain on a tin roof", "rain", {"surface": "roof"}),
        ("rain on a tent", "rain", {"surface": "roof"}),
        ("leaves rustling", "leaves", {}),
        ("water drops in a cave", "water_drop", {"room": 0.8}),
        ("tap dripping in a sink", "drips", {}),
        ("someone dives into a swimming pool", "splash", {}),
        ("potion bubbling in a cauldron", "boiling", {}),
        ("fire crackling in a fireplace", "fire", {}),
        ("match struck", "match", {}),
        # Creatures and crowds
        ("big troll growl", "growl", {"size": 1.0}),
        ("dragon roar echoing in a cavern", "roar", {"room": 0.8}),
        ("wolf howls twice, far away", "howl", {"count": 2.0, "distance": 0.65}),
        ("bat wings flapping, leathery", "wings", {"wing": "leather"}),
        ("woman gasps", "gasp", {"breath": "in"}),
        ("zombie moan", "growl", {}),
        ("polite applause in a small theatre", "applause", {}),
        ("stadium crowd cheering", "cheer", {}),
        ("tavern murmur", "murmur", {}),
        # Vehicles, machines, alarms
        ("car engine idling", "engine", {"rpm": 800.0}),
        ("car passing by in the rain", "car_pass", {"wet": 0.7}),
        ("tyres screeching on asphalt", "skid", {}),
        ("ship horn", "horn", {"vehicle": "ship"}),
        ("handsaw cutting a plank", "saw", {"blade": "hand"}),
        ("police siren", "siren", {"pattern": "wail"}),
        ("church bell tolling six times, far off", "bell", {"count": 6.0, "distance": 0.65}),
        ("old rotary phone ringing", "phone", {"ringer": "bell"}),
        ("sonar ping", "sonar", {}),
        # Interface, pickups, music
        ("short metallic click", "click", {"material": "metal"}),
        ("light switch", "toggle", {}),
        ("inventory panel slides open", "panel", {"action": "open"}),
        ("coin pickup, bright", "coin", {"brightness": 0.75}),
        ("power-up", "powerup", {}),
        ("level up", "level_up", {}),
        ("game over, sad", "defeat", {"mood": "sad"}),
        ("harp glissando going upwards", "harp_gliss", {"direction": "up"}),
        ("snare drum", "drum", {"instrument": "snare"}),
        # Places
        ("quiet forest at dawn, birds far away", "forest", {"birds": 1.0, "bird_distance": 0.85}),
        ("forest with birds and wind", "forest", {"birds": 1.0, "wind": 0.65}),
        ("city street at rush hour, honking", "city", {}),
        ("dank dungeon, dripping, chains", "dungeon", {}),
        # Names of files
        ("footstep_wood_03", "footstep", {"surface": "wood"}),
        ("DoorCloseMetal01", "door", {"action": "close", "material": "metal"}),
        ("UI_btn_click", "click", {}),
    ],
)
def test_prompts_read_as_a_designer_means_them(prompt: str, preset: str, params: dict[str, object]) -> None:
    reading = read_prompt(prompt)
    assert reading.preset == preset
    assert {name: reading.params.get(name) for name in params} == params
    assert reading.unknown == ()


@pytest.mark.parametrize(
    ("prompt", "preset"),
    [
        ("ring", "phone"),
        ("church bell ring", "bell"),
        ("drop of water", "water_drop"),
        ("drop the crate", "thud"),
        ("violin bow", "pluck"),
        ("longbow shot", "bow"),
        ("light a match", "match"),
        ("light the torch", "torch"),
        ("match", "match"),
        ("spaceship engine hum", "spaceship"),
        ("car engine hum", "engine"),
        ("snake hiss", "snake"),
        ("steam hiss", "steam"),
        ("shield recharge", "energy_shield"),
        ("wooden shield hit", "shield_block"),
        ("branch breaks", "branch"),
        ("vase breaks", "pottery"),
        ("crate breaks", "crate"),
        ("ice breaks", "ice_crack"),
        ("typewriter keys", "typing"),
        ("bunch of keys", "keys"),
    ],
)
def test_a_word_of_several_meanings_is_read_by_its_company(prompt: str, preset: str) -> None:
    assert read_prompt(prompt).preset == preset


@pytest.mark.parametrize(
    ("prompt", "preset"),
    [
        # Whoever fires has a weapon, or it is a fire.
        ("a rifle fires", "gunshot"),
        ("soldier fires a pistol twice", "gunshot"),
        ("fires 3-round burst from a rifle", "gunshot"),
        ("turret fires", "gunshot"),
        ("tank fires", "cannon"),
        ("bow fires an arrow", "bow"),
        ("fires crackling", "fire"),
        ("shot from a double-barrelled shotgun", "shotgun"),
        ("reloading a shotgun, two shells and pump", "reload"),
        ("gun cocking", "reload"),
        ("laser turret charging up", "charge"),
        ("a bow is released, the string twangs", "bow"),
        ("sword hits flesh", "stab"),
        # A thing may do several things.
        ("bomb timer beeps 5 times", "beeper"),
        ("bomb explodes", "explosion"),
        ("a grenade bounces three times on metal", "bounce"),
        ("explosion, muffled under water", "underwater_blast"),
        ("a small pebble drops into a deep well", "splash"),
        ("coin", "coin"),
        ("collect a coin", "coin"),
        ("gold coin pickup", "coin"),
        ("coins fall on the floor", "clatter"),
        ("gold coins spill on a table", "clatter"),
        ("a coin drops on a table", "bounce"),
        ("picking a rusty lock", "lock"),
        ("lock being picked", "lock"),
        ("menu back button", "back"),
        ("sharpening a blade", "scrape"),
        ("spaceship flies past", "whoosh"),
        ("boat rocking on waves, wood creaking", "waves"),
        ("big ben strikes", "bell"),
        # Beings walk, whatever else they sound like.
        ("stone golem walks on wood", "footstep"),
        ("robot walking", "footstep"),
        ("people walking", "footstep"),
        ("a robot says hello", "grunt"),
        ("cat meow", "howl"),
        ("an owl hoots", "howl"),
        ("crowd of people laughing", "laugh"),
        ("crowd boos", "cheer"),
        # By a fire is a place.
        ("acoustic guitar strum by a campfire", "pluck"),
        ("calm acoustic guitar by a campfire", "pluck"),
    ],
)
def test_who_acts_and_how_decides_over_what_else_sounds(prompt: str, preset: str) -> None:
    assert read_prompt(prompt).preset == preset
    assert read_prompt(prompt).unknown == ()


def value(prompt: str, name: str) -> float:
    reading = read_prompt(prompt)
    return float(reading.params.get(name, PRESETS[reading.preset].by_name[name].default))


def test_adjectives_move_parameters_the_way_they_sound() -> None:
    assert value("big explosion", "size") > value("explosion", "size") > value("tiny explosion", "size")
    assert value("bright coin", "brightness") > value("coin", "brightness") > value("dull coin", "brightness")
    assert value("heavy rain", "density") > value("rain", "density") > value("light rain", "density")
    assert value("high beep", "pitch_hz") > value("beep", "pitch_hz") > value("low beep", "pitch_hz")
    assert value("quick whoosh", "length_s") < value("whoosh", "length_s") < value("long whoosh", "length_s")
    assert value("quiet forest, birds far away", "bird_distance") > value("forest", "bird_distance")
    assert value("quiet forest, birds far away", "wind") < value("forest", "wind")


def test_degrees_make_a_move_bigger_or_smaller() -> None:
    sizes = [value(f"{degree} big splash", "size") for degree in ("not", "slightly", "", "very")]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 4


def test_places_are_rooms_distances_and_walls() -> None:
    assert value("gunshot in a cathedral", "room") > value("gunshot in a bathroom", "room") > 0
    assert value("music box behind a closed door", "muffle") > 0.5
    assert value("far away explosion in a canyon", "distance") == 0.65
    assert read_prompt("cave ambience").preset == "cave"
    assert "room" not in read_prompt("cave ambience").params


@pytest.mark.parametrize(
    ("prompt", "surface"),
    [
        ("knight in armor walks on grass", "grass"),
        ("soldier in metal armor runs on wood", "wood"),
        ("armor clanks while walking", None),
        ("giant robot footsteps", None),
        ("robot footsteps on a metal floor", "metal"),
        ("footsteps on dirt", "grass"),
        ("monster footsteps, wet slimy", "mud"),
        ("stone golem walks on wood", "wood"),
    ],
)
def test_what_a_walker_is_or_wears_is_no_ground(prompt: str, surface: str | None) -> None:
    assert read_prompt(prompt).params.get("surface") == surface


def test_a_walker_in_armour_wears_it() -> None:
    for prompt in ("knight in armor walks on grass", "giant robot footsteps", "armor clanks while walking"):
        assert read_prompt(prompt).params["shoe"] == "armored"


def test_degrees_apply_to_places_and_are_shown() -> None:
    distances = [value(f"{far} explosion", "distance") for far in ("slightly far", "far", "very far")]
    assert distances == sorted(set(distances))
    assert read_prompt("very far explosion").meanings[0] == Meaning("very", "moves", "far × 1.4")


def test_thunder_is_kilometres_away() -> None:
    near, own, far, farther = (
        value(f"thunder {away}", "away_km") for away in ("near", "", "far", "very far")
    )
    assert near < own < far < farther
    assert "distance" not in read_prompt("thunder, far").params


def test_long_and_short_are_heard_of_what_rings() -> None:
    assert value("long metal hit", "ring") > value("metal hit", "ring") > value("short metal hit", "ring")


def test_bells_are_of_different_sizes() -> None:
    bells = ("big ben", "church bell", "bell", "ship's bell", "doorbell", "hand bell", "hotel reception bell")
    pitches = [value(bell, "pitch_hz") for bell in bells]
    decays = [value(bell, "decay_s") for bell in bells]
    assert pitches == sorted(set(pitches))
    assert decays == sorted(set(decays), reverse=True)
    assert value("big bell", "decay_s") > value("bell", "decay_s") > value("tiny bell", "decay_s")


@pytest.mark.parametrize(
    "animals",
    [
        ("cow", "sheep", "goat", "pig", "boar", "donkey", "cough", "sneeze", "burp"),
        ("bird", "chicken", "duck", "crow", "pigeon", "mouse", "dolphin"),
        ("dog", "puppy", "fox", "seal"),
        ("wolf", "owl", "meow", "whale"),
    ],
)
def test_animals_of_one_preset_differ(animals: tuple[str, ...]) -> None:
    readings = [read_prompt(animal) for animal in animals]
    assert len({reading.preset for reading in readings}) == 1
    assert len({tuple(sorted(reading.params.items())) for reading in readings}) == len(animals)


def test_a_verb_is_no_adjective_and_no_place() -> None:
    assert "distance" not in read_prompt("door close").params
    assert "distance" in read_prompt("gunshot, close").params
    assert read_prompt("a torch is lit").params == {}
    assert read_prompt("horse in a stable").params["room"] == 0.2


def test_what_was_set_is_not_moved_by_the_same_word() -> None:
    assert value("running barefoot on wet sand", "interval_s") == value("running", "interval_s")


def test_typing_and_laughing_crowds_are_many() -> None:
    assert value("typing fast on a keyboard", "count") >= 6
    assert value("crowd of people laughing", "count") > value("laughing", "count")
    assert value("children laughing", "pitch_hz") > value("laughing", "pitch_hz")
    assert read_prompt("crowd boos").params["mood"] == "boo"


def test_a_ground_that_changes_nothing_is_ignored() -> None:
    meanings = read_prompt("footsteps on grass, snow").meanings
    assert [(m.word, m.role) for m in meanings] == [
        ("footsteps", "names"),
        ("grass", "sets"),
        ("snow", "ignored"),
    ]


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("footstpe", "footstep"),
        ("gravell", "gravel"),
        ("thudner", "thunder"),
        ("explosoin", "explosion"),
        ("lightening", "lightning"),
        ("frobnicated", ""),
        ("qzx", ""),
    ],
)
def test_a_mistyped_word_is_pointed_out_and_not_applied(word: str, known: str) -> None:
    reading = read_prompt(f"laser {word}")
    assert reading.preset == "laser"
    assert reading.meanings[1] == Meaning(word, "unknown", f"did you mean {known!r}?" if known else "")


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("abc", "abc", 0), ("abc", "acb", 1), ("abc", "ab", 1), ("", "ab", 2), ("abcd", "badc", 2)],
)
def test_edits_are_counted(one: str, other: str, distance: int) -> None:
    assert edits(one, other) == edits(other, one) == distance


def test_counts_and_rhythms_repeat_a_sound() -> None:
    assert value("laser", "count") == 1
    assert value("three laser shots", "count") == value("3 laser shots", "count") == 3
    assert value("knock, twice", "count") == 2
    assert value("repeated gunshot", "count") > 1
    assert value("double click", "interval_s") < 0.2
    assert value("single footstep", "count") == 1
    assert value("rapid knocking", "interval_s") < value("knocking", "interval_s")


@pytest.mark.parametrize(
    "prompt",
    [
        "9mm pistol shot",
        "44 magnum",
        "5.56 rifle shot",
        "12 gauge shotgun",
        "45 caliber pistol",
        "M16 rifle shot",
        "12 bit error",
        "level 3 laser",
        "mk 2 laser",
        "version 2 laser",
        "two-handed sword swing",
        "two-stroke motorbike stunt jump",
        "2nd knock",
        "0.5 knock",
        "footstep_wood_03",
        "a pair of scissors",
    ],
)
def test_a_number_that_measures_or_names_is_no_count(prompt: str) -> None:
    assert "count" not in read_prompt(prompt).params


@pytest.mark.parametrize(
    ("prompt", "count"),
    [
        ("eleven knocks", 11),
        ("twenty-one beeps", 21),
        ("two dozen knocks", 24),
        ("a hundred knocks", 24),
        ("a pair of gunshots", 2),
        ("a couple of knocks", 2),
        ("a dozen claps", 12),
        ("two footsteps", 2),
        ("3 knocks", 3),
        ("3x knock", 3),
        ("fires 3-round burst from a rifle", 3),
        ("3-hit combo", 3),
        ("ten 9mm shots", 10),
        ("two doors slam", 2),
        ("three rounds fired from a rifle", 3),
        ("hammering a nail, five blows", 5),
    ],
)
def test_number_words_count_whatever_their_row_says(prompt: str, count: float) -> None:
    assert read_prompt(prompt).params["count"] == count


def test_nothing_is_counted_to_zero() -> None:
    assert read_prompt("zero knocks").params == read_prompt("knocks").params
    assert read_prompt("zero knocks").ignored == ("zero",)


def test_a_number_of_other_sounds_counts_nothing_here() -> None:
    assert "count" not in read_prompt("reloading a shotgun, two shells and pump").params


@pytest.mark.parametrize(
    ("prompt", "name", "seconds"),
    [
        ("riser, three seconds", "length_s", 3.0),
        ("5-second riser", "length_s", 5.0),
        ("whoosh for two seconds", "length_s", 2.0),
        ("half a second whoosh", "length_s", 0.5),
        ("one and a half seconds whoosh", "length_s", 1.5),
        ("long whoosh, 2 seconds long", "length_s", 2.0),
        ("explosion lasting 6 seconds", "rumble_s", 6.0),
        ("gong, 3 seconds", "decay_s", 3.0),
        ("glass shatters for 2s", "spread_s", 2.0),
    ],
)
def test_a_length_in_words_or_figures_goes_to_what_lasts(prompt: str, name: str, seconds: float) -> None:
    params = read_prompt(prompt).params
    assert params[name] == seconds
    assert "count" not in params


@pytest.mark.parametrize("prompt", ["one minute of rain", "a knock, two seconds"])
def test_a_length_of_a_sound_that_has_none_is_ignored(prompt: str) -> None:
    assert len(read_prompt(prompt).ignored) == 1
    assert read_prompt(prompt).params == {}


def test_a_slower_sound_waits_for_its_own_end() -> None:
    assert "interval_s" not in read_prompt("slow howls, three times").params
    assert 0 < value("fast explosions, three times", "interval_s") < 0.3
    assert value("slow footsteps", "interval_s") > value("footsteps", "interval_s")


def test_a_preset_that_counts_by_itself_is_asked_to() -> None:
    assert read_prompt("three water drops").params["drops"] == 3
    assert read_prompt("pickup, five notes").params["notes"] == 5


def test_numbers_with_units_are_taken_as_they_are() -> None:
    reading = read_prompt("0.5 seconds laser at 880 Hz")
    assert (reading.params["length_s"], reading.params["pitch_hz"]) == (0.5, 880.0)


@pytest.mark.parametrize(
    ("prompt", "name", "expected"),
    [
        ("forest without birds", "birds", 0.0),
        ("explosion, no debris", "debris", 0.0),
        ("wind but no whistle", "whistle", 0.0),
        ("footstep, no reverb", "room", 0.0),
    ],
)
def test_what_is_negated_is_left_out(prompt: str, name: str, expected: float) -> None:
    assert read_prompt(prompt).params[name] == expected


@pytest.mark.parametrize(
    ("prompt", "params"),
    [
        ("explosion without a low thump", {}),
        ("explosion with no loud bang", {}),
        ("forest without loud birds", {"birds": 0}),
        ("iron gate, no chains", {"rattle": 0}),
        ("gate without rattling chains", {"rattle": 0}),
        ("car crash, no glass falling", {"glass": 0}),
        ("explosion, no debris flying", {"debris": 0}),
        ("rain without heavy thunder", {}),
    ],
)
def test_an_adjective_of_what_is_left_out_says_nothing(prompt: str, params: dict[str, float]) -> None:
    assert read_prompt(prompt).params == params


def test_a_negated_sound_is_not_the_sound() -> None:
    assert read_prompt("rain without wind").preset == "rain"
    assert read_prompt("no wind, only rain").preset == "rain"
    assert read_prompt("forest, no birds or wind").preset == "forest"
    assert read_prompt("no rain").preset == ""


def test_a_negation_reaches_only_the_next_word() -> None:
    assert read_prompt("not a loud explosion").preset == "explosion"
    assert value("not a loud explosion", "shock") < value("explosion", "shock")


def test_a_reading_tells_apart_what_words_did() -> None:
    reading = read_prompt("a heavy frobnicated footstep on lava in a hall, sound effect")
    assert reading.meanings == (
        Meaning("heavy", "moves", "weight 0.5 → 0.85"),
        Meaning("frobnicated", "unknown"),
        Meaning("footstep", "names", "footstep"),
        Meaning("lava", "ignored"),
        Meaning("hall", "places", "room 0 → 0.65"),
        Meaning("sound", "filler"),
        Meaning("effect", "filler"),
    )
    assert [meaning.word for meaning in reading.understood] == ["heavy", "footstep", "hall"]
    assert reading.ignored == ("lava",)
    assert reading.unknown == ("frobnicated",)


def test_every_word_that_is_no_filler_has_a_role_and_an_effect() -> None:
    meanings = read_prompt("heavy footstep on lava, frobnicated sound").meanings
    assert [(m.word, m.role, m.effect) for m in meanings if m.role != "filler"] == [
        ("heavy", "moves", "weight 0.5 → 0.85"),
        ("footstep", "names", "footstep"),
        ("lava", "ignored", ""),
        ("frobnicated", "unknown", ""),
    ]
    assert read_prompt("").meanings == ()


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("crackling", "crackle"),
        ("slamming", "slam"),
        ("distant", "distant"),
        ("muffled", "muffle"),
        ("softly", "softly"),
        ("loudest", "loud"),
        ("heavier", "heavy"),
        ("metallic", "metallic"),
        ("leaves", "leaf"),
        ("broken", "break"),
        ("swung", "swing"),
        ("armor", "armour"),
        ("tires", "tyre"),
        ("depressurizing", "depressurise"),
        ("batteries", "batteries"),
    ],
)
def test_inflected_and_american_words_are_found(word: str, form: str) -> None:
    assert stem(word) == form


@pytest.mark.parametrize(
    "prompt", ["gunshot", "gun shot", "gun-shot", "GunShot", "gun_shot", "a gunshot", "gunshot!"]
)
def test_compounds_are_found_however_they_are_spelt(prompt: str) -> None:
    assert read_prompt(prompt).preset == "gunshot"


def test_an_unknown_compound_is_read_by_its_parts() -> None:
    assert [meaning.word for meaning in read_prompt("swordclang").meanings] == ["sword", "clang"]


FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a an the of and or but then on in at to into onto from with without by for through under over against off up
        down out as its it is are was be while after before during until along across between beneath above below upon
        within beside around toward towards about that this their his her like than per each""",
    )
)
PROMPTS = tuple(
    line
    for line in (Path(__file__).parent / "data" / "prompts.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
)


def content_words(text: str) -> list[str]:
    return [
        word for word in re.findall(r"[a-z]+(?:'[a-z]+)?|\d+", text.lower()) if word not in FUNCTION_WORDS
    ]


def test_nine_tenths_of_the_words_of_prompts_written_beforehand_are_known() -> None:
    words = [word for prompt in PROMPTS for word in content_words(prompt)]
    unknown = [
        word for prompt in PROMPTS for text in read_prompt(prompt).unknown for word in content_words(text)
    ]
    assert len(PROMPTS) == 200
    assert len(unknown) <= 0.1 * len(words), unknown


def test_nearly_all_prompts_written_beforehand_name_a_sound() -> None:
    nameless = [prompt for prompt in PROMPTS if not read_prompt(prompt).preset]
    assert len(nameless) <= 0.05 * len(PROMPTS), nameless


def params_complaints(keys: dict[str, object], kind: Kind = "one_shot") -> list[Complaint]:
    return list(adapter.complaints(adapter.models[0], keys, kind=kind))


SAMPLE = sorted(
    {
        *WORDS.sounds,
        *WORDS.options,
        *WORDS.moves,
        *WORDS.sets,
        *WORDS.places,
        *WORDS.counts,
        *WORDS.numerals,
        *WORDS.units,
        *WORDS.rhythms,
        *WORDS.degrees,
    }
)
SMALL = ("no", "on", ",", "and", "with", "then", "3", "440", "hz", "behind")


@given(
    st.lists(st.sampled_from(SAMPLE) | st.sampled_from(SMALL), min_size=1, max_size=8), st.sampled_from(KINDS)
)
def test_whatever_is_read_is_a_valid_sound(words: list[str], kind: Kind) -> None:
    keys = draft_keys(" ".join(words), kind=kind, duration_s=2.0)
    assert params_complaints(keys, kind) == []
    adapter.params(adapter.models[0], keys, kind=kind)


@given(st.text(max_size=60), st.sampled_from(KINDS))
def test_a_draft_never_fails(prompt: str, kind: Kind) -> None:
    keys = draft_keys(prompt, kind=kind)
    assert params_complaints(keys, kind) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_draft_of_nonsense_is_the_kinds_neutral_sound(kind: Kind) -> None:
    keys = draft_keys("qwertz uiop", kind=kind, duration_s=3.0)
    assert keys["preset"] == NEUTRAL[kind]
    assert keys["duration_s"] == 3.0


@pytest.mark.parametrize(
    ("prompt", "preset"),
    [
        ("water drop", "drips"),
        ("thunder", "storm"),
        ("footsteps on gravel", "march"),
        ("gunshots in the distance", "battlefield"),
        ("heavy door in the wind", "wind"),
        ("car engine with a horn", "engine"),
    ],
)
def test_a_draft_of_a_loop_is_a_texture(prompt: str, preset: str) -> None:
    assert draft_keys(prompt, kind="loop")["preset"] == preset
    assert PRESETS[preset].sustained


def test_a_draft_of_speech_babbles_about_as_long_as_the_words() -> None:
    short = draft_keys("Halt!", kind="dialog")
    long = draft_keys("Halt! Who goes there? Show yourself or leave.", kind="dialog")
    assert short["preset"] == long["preset"] == "grunt"
    assert short["params"]["syllables"] < long["params"]["syllables"]


def test_a_length_meant_for_another_model_shortens_a_draft_and_never_stretches_it() -> None:
    own = PRESETS["laser"].by_name["length_s"].default
    assert draft_keys("laser", kind="one_shot", duration_s=5.0)["params"]["length_s"] == own
    assert draft_keys("laser", kind="one_shot", duration_s=0.2)["params"]["length_s"] == 0.2


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_a_tail_is_left_room_within_a_duration(name: str) -> None:
    preset = PRESETS[name]
    length = preset.by_name["length_s"]
    assert isinstance(length, Number)
    times, tail_s = WHOLE[name]
    assert fitting_length(preset, length, times * length.default + tail_s) == pytest.approx(length.default)
    assert fitting_length(preset, length, 0.02) == length.low


# The tables themselves

UNNAMED = {"sfxr"}
"""The presets that no prompt chooses."""
ALL_PARAMETERS = tuple(parameter for preset in PRESETS.values() for parameter in preset.parameters)


def named(name: str) -> list[Parameter]:
    return [parameter for parameter in ALL_PARAMETERS if parameter.name == name]


def fits(parameter: Parameter, level: Level) -> bool:
    if isinstance(level, Share):
        return isinstance(parameter, Number) and 0 <= level.fraction <= 1
    return parameter.complaint(level) == ""


def test_the_vocabulary_is_of_a_useful_size() -> None:
    single = {word for word in every_word(WORDS) if len(TOKEN.findall(word)) == 1}
    assert len(single) >= 2000


def test_every_word_that_names_a_sound_names_a_preset_and_parameters_that_it_has() -> None:
    wrong = [
        (word, source.preset, name)
        for word, sources in WORDS.sounds.items()
        for source in sources
        for name, level in source.params.items()
        if name not in PRESETS[source.preset].by_name or not fits(PRESETS[source.preset].by_name[name], level)
    ]
    assert wrong == []


def test_every_preset_but_the_raw_ones_is_named_by_several_words() -> None:
    words: dict[str, set[str]] = {name: set() for name in PRESETS}
    for word, sources in WORDS.sounds.items():
        for source in sources:
            words[source.preset].add(word)
    assert {name for name, of_it in words.items() if len(of_it) < 2} == UNNAMED & set(PRESETS)


def test_a_word_names_at_most_one_sound_where_no_other_word_decides() -> None:
    doubtful = {
        word: [source.preset for source in sources if not source.near]
        for word, sources in WORDS.sounds.items()
        if sum(not source.near for source in sources) > 1
    }
    assert doubtful == {}
    assert {source.rank for sources in WORDS.sounds.values() for source in sources} == {1, 2, 3, 4}


def test_the_words_that_decide_are_bare_forms() -> None:
    near = {word for sources in WORDS.sounds.values() for source in sources for word in source.near}
    assert {word for word in near if stem(word) != word} == set()
    assert {word for word in near if word not in WORDS.known and word not in PRESETS} == set()


@pytest.mark.parametrize(
    "table",
    [WORDS.moves, WORDS.sets, WORDS.places, WORDS.rhythms, WORDS.units],
    ids=lambda table: next(iter(table)),
)
def test_every_parameter_of_a_table_exists_somewhere(table: Mapping[str, Mapping[str, object]]) -> None:
    names = {name for row in table.values() for name in row}
    assert {name for name in names if not any(isinstance(p, Number) for p in named(name))} == set()


def test_every_value_that_a_word_sets_is_in_range_somewhere() -> None:
    wrong = [
        (word, name, level)
        for table in (WORDS.sets, WORDS.places, WORDS.rhythms)
        for word, row in table.items()
        for name, level in row.items()
        if not any(fits(parameter, level) for parameter in named(name))
    ]
    assert wrong == []


def test_every_move_is_a_fraction() -> None:
    assert all(-1 <= fraction <= 1 for row in WORDS.moves.values() for fraction in row.values())


def test_every_option_exists() -> None:
    choices = [parameter for parameter in ALL_PARAMETERS if isinstance(parameter, Choice)]
    wrong = [
        option
        for options in WORDS.options.values()
        for option in options
        if not any(option.option in c.options and option.parameter in ("", c.name) for c in choices)
    ]
    assert wrong == []


def test_other_forms_lead_to_known_words_and_textures_to_textures() -> None:
    assert {form for form in WORDS.forms.values() if form not in WORDS.known} == set()
    assert {name for name in WORDS.textures if PRESETS[name].sustained} == set()
    assert {name for name in WORDS.textures.values() if not PRESETS[name].sustained} == set()
    assert {name for name in WORDS.counted.values() if not named(name)} == set()


def test_readings_are_shared_and_cannot_be_changed() -> None:
    reading = read_prompt("gunshot")
    assert isinstance(reading, Reading)
    assert read_prompt("gunshot") is reading
    with pytest.raises(TypeError):
        reading.params["size"] = 1.0  # type: ignore[index]
