"""File names by template: valid on every disk, and never one for two variants."""

from __future__ import annotations

import ntpath
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sfxgen.categories import CATEGORIES
from sfxgen.filenames import (
    DEFAULT_TEMPLATE,
    MAX_STEM_LENGTH,
    PLACEHOLDERS,
    UCS_TEMPLATE,
    cat_id_problem,
    file_name,
    fx_name_of,
    placeholders,
    template_problem,
    ucs_cat_ids,
    value_problem,
)
from sfxgen.paths import MAX_ID_LENGTH, asset_file_problem, folder_problem, id_problem, is_file_stem

GRAVEL: dict[str, Any] = {
    "id": "footstep/gravel",
    "folder": "footstep",
    "name": "gravel",
    "category": "footsteps",
    "cat_id": "FEETMisc",
    "creator": "ABC",
    "source": "GAME",
    "project": "my_game",
}

# --- the names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "name"),
    [
        (DEFAULT_TEMPLATE, "gravel_07"),
        (UCS_TEMPLATE, "FEETMisc_Footstep Gravel 07_ABC_GAME"),
        (UCS_TEMPLATE + "_{variant:03}", "FEETMisc_Footstep Gravel_ABC_GAME_007"),
        ("SFX-{id}-{variant}", "SFX-footstep_gravel-7"),
        ("{folder} {category} {project} {name} {variant:02}", "footstep footsteps my_game gravel 07"),
    ],
)
def test_a_template_is_filled(template: str, name: str) -> None:
    assert template_problem(template) is None
    assert file_name(template, variant=7, **GRAVEL) == name


@pytest.mark.parametrize(
    ("fx_name", "name"),
    [
        ("BOOTS-Gravel Slow", "FEETMisc_BOOTS-Gravel Slow 01_ABC_GAME"),
        ("Boots_on   gravel", "FEETMisc_Boots on gravel 01_ABC_GAME"),  # a _ would begin the next block
        ("Kies, naß (schön)", "FEETMisc_Kies, nass (schon) 01_ABC_GAME"),
        ("砂利", "FEETMisc_Footstep Gravel 01_ABC_GAME"),
        ("a/b\\c:d*e\x00f.", "FEETMisc_a b c d e f 01_ABC_GAME"),
    ],
)
def test_a_name_of_one_s_own_is_made_safe(fx_name: str, name: str) -> None:
    assert file_name(UCS_TEMPLATE, variant=1, fx_name=fx_name, **GRAVEL) == name


@pytest.mark.parametrize(
    ("missing", "name"),
    [
        ({"cat_id": ""}, "Footstep Gravel 01_ABC_GAME"),
        ({"creator": ""}, "FEETMisc_Footstep Gravel 01_GAME"),
        ({"source": ""}, "FEETMisc_Footstep Gravel 01_ABC"),
        ({"creator": "", "source": ""}, "FEETMisc_Footstep Gravel 01"),
    ],
)
def test_what_is_not_known_takes_its_separator_along(missing: dict[str, str], name: str) -> None:
    assert file_name(UCS_TEMPLATE, variant=1, **GRAVEL | missing) == name


def test_a_ucs_name_has_four_blocks_whatever_its_values_hold() -> None:
    values = GRAVEL | {"creator": "A_B", "source": "my_game"}
    assert file_name(UCS_TEMPLATE, variant=1, fx_name="a_b_c", **values).count("_") == 3


@pytest.mark.parametrize(
    ("sound_id", "name"),
    [
        ("footstep/gravel", "Footstep Gravel"),
        ("ui/menu_open-fast", "Ui Menu Open Fast"),
        ("VO/npcHello", "VO NpcHello"),
        ("-/_", ""),
    ],
)
def test_a_name_for_people_is_made_of_the_id(sound_id: str, name: str) -> None:
    assert fx_name_of(sound_id) == name


def test_a_reserved_name_of_windows_is_avoided() -> None:
    sound = GRAVEL | {"id": "com", "folder": "", "name": "com"}
    assert file_name("{name}{variant}", variant=1, **sound) == "com1_"
    assert file_name("{name}{variant}", variant=10, **sound) == "com10"


def test_a_long_name_keeps_its_number() -> None:
    name = file_name(UCS_TEMPLATE, variant=12, fx_name="word " * 60, **GRAVEL)
    assert len(name) <= MAX_STEM_LENGTH
    assert name.startswith("FEETMisc_word word")
    assert name.endswith(" 12_ABC_GAME")


# --- properties -------------------------------------------------------------------------------------

SEGMENTS = st.from_regex(r"[A-Za-z0-9_-]{1,24}", fullmatch=True)
IDS = (
    st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join).filter(lambda sound_id: not id_problem(sound_id))
)
TEXTS = st.text(max_size=250)
PARTS = st.one_of(
    st.sampled_from([f"{{{key}}}" for key in PLACEHOLDERS] + ["{variant:02}", "{variant:03}"]),
    st.text(alphabet="ab1 _-,+&()", max_size=5),
)
TEMPLATES = st.lists(PARTS, min_size=1, max_size=8).map("".join)


@st.composite
def sounds(draw: st.DrawFn) -> dict[str, Any]:
    sound_id = draw(IDS)
    folder, _, name = sound_id.rpartition("/")
    texts = {key: draw(TEXTS) for key in ("category", "cat_id", "fx_name", "creator", "source", "project")}
    return {"id": sound_id, "folder": folder, "name": name, **texts}


@settings(max_examples=50)
@given(sound=sounds(), variant=st.integers(1, 99_999))
def test_the_default_template_gives_the_id_and_a_number(sound: dict[str, Any], variant: int) -> None:
    assert file_name(DEFAULT_TEMPLATE, variant=variant, **sound) == f"{sound['name']}_{variant:02d}"


def test_the_longest_id_is_not_cut() -> None:
    name = "x" * MAX_ID_LENGTH
    sound = GRAVEL | {"id": name, "folder": "", "name": name}
    assert file_name(DEFAULT_TEMPLATE, variant=100, **sound) == f"{name}_100"


@settings(max_examples=50)
@given(template=TEMPLATES, sound=sounds(), variants=st.sets(st.integers(1, 99_999), min_size=2, max_size=20))
def test_variants_never_share_a_name_and_names_hold_on_every_disk(
    template: str, sound: dict[str, Any], variants: set[int]
) -> None:
    assume(template_problem(template, for_one_sound=True) is None)
    names = {file_name(template, variant=variant, **sound) for variant in variants}
    assert len({name.casefold() for name in names}) == len(variants)
    for name in names:
        assert 0 < len(name) <= MAX_STEM_LENGTH
        assert name.isascii()
        assert name == name.strip() == name.rstrip(".")
        assert not set(name) & set('/\\:*?"<>|{}.')
        assert folder_problem(name) is None
        assert asset_file_problem(f"Assets/{name}.wav") is None, "a lock may name it"
        assert not (isreserved := getattr(ntpath, "isreserved", None)) or not isreserved(f"{name}.wav")


@settings(max_examples=50)
@given(
    a=sounds(),
    b=sounds(),
    template=st.sampled_from([DEFAULT_TEMPLATE, "{variant:03}_{id}", "{name} {variant}"]),
)
def test_sounds_of_a_folder_share_no_name_where_a_separator_ends_theirs(
    a: dict[str, Any], b: dict[str, Any], template: str
) -> None:
    assume(a["name"] != b["name"])
    b = b | {"folder": a["folder"], "id": "/".join(filter(None, (a["folder"], b["name"])))}
    a = a | {"id": "/".join(filter(None, (a["folder"], a["name"])))}
    names = [file_name(template, variant=n, **sound) for sound in (a, b) for n in (1, 2, 10, 100)]
    assert len(set(names)) == len(names)


# --- what is wrong with a template ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "what", "hint"),
    [
        ("", "empty", "{name}_{variant:02}"),
        ("{nme}_{variant}", "{nme}", "did you mean {name}?"),
        ("{Variant}_{name}", "{Variant}", "did you mean {variant}?"),
        ("{name.upper}_{variant}", "{name.upper}", ""),
        ("{name!r}{variant}", "{name!r}", ""),
        ("{}_{variant}", "{}", "there are id, folder"),
        ("{name:>30}{variant}", "{name:>30}", "{variant:02}"),
        ("{name}{variant:9}", "{variant:9}", "{variant:02}"),
        ("sfx/{name}_{variant}", "folder separator", "id"),
        ("sfx\\{name}_{variant}", "folder separator", "id"),
        ("{name}_{variant}?", "'?'", "letters"),
        ("{name}_{variant}.wav", "'.'", "letters"),
        ("{{name}}_{variant}", "without its partner", "{name}"),
        ("{name}", "all variants", "{variant:02}"),
        ("{cat_id}_{variant:02}", "all sounds", "{fx_name}"),
        ("{name}_{variant}" + "x" * 120, "more than 100", "shorten"),
    ],
)
def test_what_is_wrong_with_a_template_is_said(template: str, what: str, hint: str) -> None:
    problem = template_problem(template)
    assert problem is not None
    assert what in problem[0]
    assert hint in problem[1]


def test_one_sound_s_own_template_may_be_its_name() -> None:
    assert template_problem("Door Slam_{variant}", for_one_sound=True) is None
    assert template_problem("Door Slam", for_one_sound=True) is not None
    assert template_problem("Theme", for_one_sound=True, numbered=False) is None
    assert file_name("Theme", variant=1, **GRAVEL) == "Theme"


def test_placeholders_are_named() -> None:
    assert placeholders(UCS_TEMPLATE) == {"cat_id", "fx_name", "creator", "source"}
    assert placeholders("a{variant:03}b") == {"variant"}


@pytest.mark.parametrize(
    ("value", "fine"), [("Tür, alt", True), ("a.b", False), ("", False), ("砂利", False)]
)
def test_what_is_wrong_with_a_value_is_said(value: str, fine: bool) -> None:
    assert (value_problem(value) is None) == fine


@pytest.mark.parametrize("value", ["A_B/C", "a\\b", "{a}"])
def test_a_value_is_no_path_and_no_template(value: str) -> None:
    assert (value_problem(value) or ("", ""))[1].startswith("use letters, digits")


@pytest.mark.parametrize(
    "stem", ["", " ", "a/b", "..", "a\\b", "con", "LPT1", "a.wav", "a ", "a*", "é", "x" * 241, "~a"]
)
def test_what_no_template_gives_is_no_name(stem: str) -> None:
    assert not is_file_stem(stem)


# --- the Universal Category System ------------------------------------------------------------------


def test_the_list_has_each_cat_id_once() -> None:
    ids = ucs_cat_ids()
    assert len(ids) == len(set(ids)) == 753  # v8.2.1
    assert {"WOODHndl", "RAIN", "WHSH", "UIClick", "AMBForst"} <= set(ids)


@pytest.mark.parametrize("name", CATEGORIES)
def test_every_category_has_a_cat_id_of_the_list_and_a_content_type_of_the_aswg(name: str) -> None:
    assert cat_id_problem(CATEGORIES[name].cat_id) is None
    assert CATEGORIES[name].content_type in {"sfx", "music", "dialog", "haptic", "impulse", "mixed"}


@pytest.mark.parametrize(
    ("cat_id", "hint"),
    [
        ("FEETMsc", "did you mean 'FEETMisc'?"),
        ("feetmisc", "did you mean 'FEETMisc'?"),
        ("FOOTSTEPS", "universalcategorysystem.com"),
        ("", "universalcategorysystem.com"),
        ("FEETMisc-Boots/Left", "letters"),
    ],
)
def test_an_unknown_cat_id_is_said(cat_id: str, hint: str) -> None:
    problem = cat_id_problem(cat_id)
    assert problem is not None
    assert hint in problem[1]


def test_a_cat_id_may_have_a_category_of_one_s_own() -> None:
    assert cat_id_problem("FEETHmn-Boots Left") is None
