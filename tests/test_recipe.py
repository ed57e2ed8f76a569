from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfxgen.categories import Gates
from sfxgen.colour import Band, Colour, Compressor
from sfxgen.recipe import Delivery, Encoding, Mastering, Recipe, Tags, canonical_json, derive_seed, digest_of

RECIPE = Recipe(
    model="audioldm:cvssp/audioldm-s-full-v2",
    revision="abc",
    adapter_version=1,
    base_seed=0,
    take=1,
    prompt="one footstep on gravel",
    negative="music",
    duration_s=0.8,
    steps=25,
    guidance=2.5,
    scheduler="ddim",
    dtype="fp32",
)
DELIVERY = Delivery(engine="unity", exporter_version=1, encoding=Encoding(), settings={"load_type": 0})


def test_keys_are_the_same_on_every_machine_and_release() -> None:
    """These are in people's locks: a change here makes every sound of every game stale."""
    take = RECIPE.take_key()
    clip = Mastering().clip_key(take)
    assert take == "cd8ba2c06c63675362ef958db180f43f1c23601f1b2e1f55bf5a15225bafc000"
    assert clip == "50e41514737a1f14e4389817d76768905759fa0faedc57dc947c27edfbb81cf5"
    assert DELIVERY.asset_key(clip) == "5bdbb831a36c48b87ce5a4932e489c2ea0b39e493f1f8aafe40c9fa5a3c8ea7a"
    assert derive_seed(0, 1) == 932429583779961829


OTHER: dict[str, Any] = {
    "model": "toy:x",
    "revision": None,
    "adapter_version": 2,
    "base_seed": 7,
    "take": 2,
    "prompt": "a",
    "negative": "b",
    "duration_s": 0.9,
    "steps": 26,
    "guidance": 2.6,
    "scheduler": "euler",
    "dtype": "bf16",
    "harvest": 6,
    "params": {"pitch": 1},
}


@pytest.mark.parametrize("name", OTHER)
def test_everything_that_decides_the_sound_is_in_the_take_key(name: str) -> None:
    assert replace(RECIPE, **{name: OTHER[name]}).take_key() != RECIPE.take_key()


def test_the_attempt_is_a_result_and_not_in_the_take_key() -> None:
    again = RECIPE.next_attempt()
    assert again.take_key() == RECIPE.take_key()
    assert again.seed != RECIPE.seed


@pytest.mark.parametrize("name", [f.name for f in fields(Mastering)])
def test_every_mastering_setting_is_in_the_clip_key(name: str) -> None:
    settings = Mastering(harvest=0, min_duration_s=0.5, max_duration_s=3.0, duration_s=1.0)
    value = getattr(settings, name)
    other: Any = not value if isinstance(value, bool) else 2 if name == "channels" else None
    changed: dict[str, Any] = {"colour": Colour(reverse=True), "gates": Gates(duplicate=None)}
    other = changed.get(name, other) if name in changed or other is not None else value + 1
    assert replace(settings, **{name: other}).clip_key("t") != settings.clip_key("t")
    assert settings.clip_key("t") != settings.clip_key("u")


@pytest.mark.parametrize(
    "colour",
    [
        Colour(denoise_db=6.0),
        Colour(eq=(Band(frequency_hz=100.0, gain_db=3.0),)),
        Colour(eq=(Band(frequency_hz=100.0, gain_db=4.0),)),
        Colour(compressor=Compressor()),
        Colour(compressor=Compressor(ratio=9.0)),
        Colour(width=1.0),
    ],
)
def test_all_of_a_colour_is_in_the_clip_key(colour: Colour) -> None:
    others = {Mastering().clip_key("t"), Mastering(colour=Colour(width=0.5)).clip_key("t")}
    assert Mastering(colour=colour).clip_key("t") not in others


@pytest.mark.parametrize(
    ("encoding", "changes"),
    [
        (Encoding(), {"loop": True}),
        (Encoding(), {"cues": (0.5,)}),
        (Encoding(), {"cues": "events"}),
        (Encoding(), {"tags": Tags(fx_name="a")}),
        (Encoding(tags=Tags(fx_name="a")), {"tags": Tags(fx_name="a", is_generated=False)}),
        (Encoding(format="flac"), {"bit_depth": 24}),
        (Encoding(format="mp3"), {"bitrate_kbps": 96}),
        (Encoding(format="ogg"), {"tags": Tags(fx_name="a")}),
    ],
)
def test_what_a_file_holds_is_in_its_key(encoding: Encoding, changes: dict[str, Any]) -> None:
    assert replace(encoding, **changes).file_key("c") != encoding.file_key("c")


def test_an_encoding_setting_that_its_format_does_not_use_makes_nothing_stale() -> None:
    wav, ogg = Encoding(format="wav"), Encoding(format="ogg")
    assert replace(wav, quality=0.1).file_key("c") == wav.file_key("c")
    assert replace(wav, bit_depth=24).file_key("c") != wav.file_key("c")
    assert replace(ogg, bit_depth=24).file_key("c") == ogg.file_key("c")
    assert replace(ogg, quality=0.1).file_key("c") != ogg.file_key("c")


def test_import_settings_are_in_the_asset_key_but_not_in_the_files() -> None:
    other = replace(DELIVERY, settings={"load_type": 1})
    assert other.asset_key("c") != DELIVERY.asset_key("c")
    assert other.encoding.file_key("c") == DELIVERY.encoding.file_key("c")


@given(st.integers(0, 2**63 - 1), st.integers(1, 10**5), st.integers(0, 20))
def test_seeds_fit_every_generator_and_depend_on_base_take_and_attempt_alone(
    base: int, take: int, attempt: int
) -> None:
    seed = derive_seed(base, take, attempt)
    assert 0 <= seed < 2**63
    assert seed == derive_seed(base, take, attempt)
    assert seed != derive_seed(base, take + 1, attempt)
    assert seed != derive_seed(base, take, attempt + 1)


@given(
    st.dictionaries(
        st.text(max_size=5), st.integers() | st.floats(allow_nan=False, allow_infinity=False), max_size=5
    )
)
def test_the_order_of_keys_does_not_matter(value: dict[str, float]) -> None:
    assert digest_of(dict(reversed(value.items()))) == digest_of(value)
    assert "\n" not in canonical_json(value)


def test_a_value_without_one_form_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        digest_of({"a": float("nan")})
