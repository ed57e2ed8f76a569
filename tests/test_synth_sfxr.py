"""sfxr's sounds: its formats and its renderer, held to jsfxr 1.4.1 (tests/data/sfxr/make_golden.mjs)."""

from __future__ import annotations

import json
import math
import struct
import subprocess
import sys
import zlib
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import PCG64, Generator

from sfxgen.models.synth.presets import PRESETS
from sfxgen.models.synth.sfxr import formats, parameters
from sfxgen.models.synth.sfxr.formats import SfxrFormatError
from sfxgen.models.synth.sfxr.parameters import LINK_NAMES, PARAMETERS, TABLE, WAVES, SfxrParams
from sfxgen.models.synth.sfxr.render import MAX_SECONDS, NATIVE_RATE, render, render_48k
from sfxgen.models.synth.take import Signal, varied

DATA = Path(__file__).parent / "data" / "sfxr"
CASES: list[dict[str, Any]] = json.loads((DATA / "golden.json").read_text(encoding="utf-8"))["cases"]
BY_NAME = {case["name"]: case for case in CASES}
KEPT = 36000  # frames of each case in golden.deflate
WINDOW = 882  # frames
TONES = [case for case in CASES if case["params"]["wave_type"] != 3]
NOISES = [case for case in CASES if case["params"]["wave_type"] == 3]


def names(cases: list[dict[str, Any]]) -> list[str]:
    return [case["name"] for case in cases]


def params_of(case: dict[str, Any]) -> SfxrParams:
    return formats.read_json(json.dumps(case["params"]))


def rng(seed: int = 1) -> Generator:
    return Generator(PCG64(seed))


@pytest.fixture(scope="module")
def golden() -> dict[str, Signal]:
    samples = (
        np.frombuffer(zlib.decompress((DATA / "golden.deflate").read_bytes(), -zlib.MAX_WBITS), "<i2") / 32768
    )
    ends = list(accumulate(min(case["frames"], KEPT) for case in TONES))
    assert ends[-1] == len(samples)
    return dict(zip(names(TONES), np.split(samples, ends[:-1]), strict=True))


# Rendering


@pytest.mark.parametrize("name", names(TONES))
def test_a_sound_without_noise_is_jsfxrs_sample_by_sample(name: str, golden: dict[str, Signal]) -> None:
    made, theirs = render(params_of(BY_NAME[name]), rng()), golden[name]
    assert len(made) == BY_NAME[name]["frames"]
    made = made[: len(theirs)]
    assert np.corrcoef(made, theirs)[0, 1] > 0.9999
    # jsfxr rounds down to 16 bits: the level is the same, without any gain.
    assert np.max(np.abs(made - theirs)) < 2.5 / 32768


@pytest.mark.parametrize("name", names(NOISES))
def test_noise_has_jsfxrs_envelope_and_spectrum(name: str) -> None:
    case = BY_NAME[name]
    params, frames = params_of(case), case["frames"]
    renders = 64 if frames < 15000 else 24
    size = 2 ** math.ceil(math.log2(frames))
    hz = np.arange(1, size // 2) * NATIVE_RATE / size
    band = np.floor(3 * np.log2(hz / 1000) + 0.5).astype(int) + 10
    kept = (band >= 0) & (band < 23)
    windows, bands = np.zeros(len(case["windows"])), np.zeros(23)
    for seed in range(renders):
        made = render(params, rng(seed))
        assert len(made) == frames
        padded = np.pad(made, (0, len(windows) * WINDOW - frames))
        windows += np.mean(padded.reshape(-1, WINDOW) ** 2, axis=1) / renders
        power = np.abs(np.fft.rfft(made, size)[1 : size // 2]) ** 2
        bands += np.bincount(band[kept], power[kept], 23) / renders / size

    # A mean over few independent values says little: these bands and windows hold some hundred.
    trusted = np.bincount(band[kept], minlength=23) * frames / size * renders > 300
    difference = 10 * np.log10(bands / np.array(case["bands"]))[trusted]
    assert np.max(np.abs(difference)) < 1.0
    theirs = np.array(case["windows"])
    smooth = np.ones(5 if frames > 5 * WINDOW else 1)
    made_db, theirs_db = (
        10 * np.log10(np.convolve(power, smooth, "valid") + 1e-12) for power in (windows, theirs)
    )
    loud = theirs_db > np.max(theirs_db) - 30
    assert np.max(np.abs(made_db - theirs_db)[loud]) < 1.0
    assert 10 * np.log10(np.sum(windows) / np.sum(theirs)) == pytest.approx(0, abs=0.3)


def sounds() -> st.SearchStrategy[SfxrParams]:
    """Any sound whose numbers a float of 32 bits holds, with a link's volume."""
    numbers: dict[str, st.SearchStrategy[Any]] = {
        name: st.one_of(
            st.just(low), st.just(high), st.just(float(np.float32(default))), st.floats(low, high, width=32)
        )
        for name, low, high, default, _ in TABLE
        if name in LINK_NAMES
    }
    return st.fixed_dictionaries({"wave_type": st.integers(0, 3), **numbers}).map(
        lambda values: SfxrParams(sound_vol=formats.SITE_VOLUME, **values)
    )


@settings(max_examples=30, deadline=None)
@given(sounds(), st.integers(0, 99))
def test_any_sound_is_finite_bounded_and_the_same_from_the_same_seed(params: SfxrParams, seed: int) -> None:
    made = render(params, rng(seed))
    assert made.dtype == np.float64
    assert 1 <= len(made) <= MAX_SECONDS * NATIVE_RATE
    assert np.all(np.isfinite(made))
    assert np.max(np.abs(made)) <= 1
    assert made.tobytes() == render(params, rng(seed)).tobytes()


def test_only_noise_hears_the_seed() -> None:
    for wave in range(len(WAVES)):
        params = SfxrParams(wave_type=wave)
        assert np.array_equal(render(params, rng(1)), render(params, rng(2))) == (WAVES[wave] != "noise")


def test_a_pitch_below_its_limit_ends_at_once() -> None:
    assert render(SfxrParams(p_base_freq=0.2, p_freq_limit=0.5), rng()).tolist() == [0.0]
    assert len(render_48k(SfxrParams(p_base_freq=0.2, p_freq_limit=0.5), rng())) >= 1


@pytest.mark.parametrize(
    ("rate", "highest_hz"), [(44100, 22050), (22050, 11025), (11025, 5513), (5512, 2757)]
)
def test_at_48_khz_it_lasts_as_long_and_keeps_its_sample_rate(rate: int, highest_hz: float) -> None:
    params = SfxrParams(p_base_freq=0.35, p_env_sustain=0.4, sample_rate=rate)
    native, made = render(params, rng()), render_48k(params, rng())
    assert len(made) / 48000 == pytest.approx(len(native) / NATIVE_RATE, abs=0.001)
    power = np.abs(np.fft.rfft(made * np.hanning(len(made)))) ** 2
    hz = np.fft.rfftfreq(len(made), 1 / 48000)
    assert np.sum(power[hz > highest_hz * 1.02]) < 1e-4 * np.sum(power)
    assert hz[np.argmax(power)] == pytest.approx(8 * 44100 / int(100 / (0.35**2 + 0.001)), rel=0.02)


def test_the_light_modules_import_no_numpy_and_the_renderer_no_scipy() -> None:
    code = (
        "import sys; from sfxgen.models.synth.sfxr import formats, parameters; assert 'numpy' not in sys.modules;"
        "from sfxgen.models.synth.sfxr import render; render.render_48k(parameters.SfxrParams(), None);"
        "assert 'scipy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# Parameters


def test_the_table_and_the_sound_agree_on_names_and_defaults() -> None:
    default = SfxrParams().as_dict()
    assert [name for name, *_ in TABLE] == [
        name for name in default if name.startswith("p_") or name == "sound_vol"
    ]
    assert all(default[name] == value for name, _, _, value, _ in TABLE)
    assert all(summary.endswith(".") for *_, summary in TABLE)
    assert parameters.from_preset({p.name: p.default for p in PARAMETERS}) == SfxrParams()


@given(sounds())
def test_a_preset_says_all_of_a_sound(params: SfxrParams) -> None:
    values = parameters.to_preset(params)
    assert parameters.from_preset(values) == params
    assert not [p.name for p in PARAMETERS if p.complaint(values[p.name])]


def test_a_sound_refuses_what_is_out_of_range() -> None:
    for values in ({"p_duty": 1.1}, {"p_duty": math.nan}, {"wave_type": 4}, {"sample_rate": 48000}):
        with pytest.raises(ValueError, match="is not"):
            SfxrParams(**values)


def test_a_variation_turns_nothing_on() -> None:
    preset = PRESETS["sfxr"]
    values = preset.filled(parameters.to_preset(SfxrParams(p_lpf_freq=0.5, p_base_freq=0.3)))
    takes = [varied(preset, values, 1.0, rng(seed)) for seed in range(20)]
    for name in ("p_repeat_speed", "p_vib_speed", "p_arp_mod", "p_freq_limit", "wave_type", "sample_rate"):
        assert {take[name] for take in takes} == {values[name]}
    for name in ("p_lpf_freq", "p_base_freq"):
        assert len({take[name] for take in takes}) == len(takes)


# Formats


@pytest.mark.parametrize("name", names(CASES))
def test_a_link_is_read_and_written_as_by_jsfxr(name: str) -> None:
    case = BY_NAME[name]
    wave, *theirs = case["read"]
    read = formats.read_link(case["link"])
    assert read.wave_type == wave
    clamped = [parameters.clamped(n, value) for n, value in zip(LINK_NAMES, theirs, strict=True)]
    assert [getattr(read, n) for n in LINK_NAMES] == clamped
    exact = params_of(case)
    if all(getattr(exact, n) == case["params"][n] for n in LINK_NAMES):  # jsfxr's generators leave the ranges
        assert formats.to_link(exact) == formats.SITE + case["link"]


@pytest.mark.parametrize("name", names(CASES))
def test_a_sfs_file_holds_the_same_sound(name: str) -> None:
    case = BY_NAME[name]
    link, exact = formats.read_link(case["link"]), params_of(case)
    for version, data in case["sfs"].items():
        read = formats.read(bytes.fromhex(data))
        assert read == formats.read_sfs(bytes.fromhex(data))
        assert read.wave_type == exact.wave_type
        for n in LINK_NAMES:
            if n in ("p_freq_dramp", "p_arp_speed", "p_arp_mod") and version == "100":
                assert getattr(read, n) == 0
            elif n in ("p_duty", "p_duty_ramp") and exact.wave_type == WAVES.index("sawtooth"):
                assert getattr(read, n) == (n == "p_duty"), "sfxr's sawtooth is always steep"
            else:
                assert getattr(read, n) == pytest.approx(getattr(link, n), abs=1e-6)
        volume = exact.sound_vol if version == "102" else 0.5
        assert math.expm1(read.sound_vol) == pytest.approx(0.4 * volume, rel=1e-6)


def rfx(params: SfxrParams, version: int = 200, *, seed: bool = True) -> bytes:
    head = struct.pack("<4sHH", b"rFX ", version, 96 if version == 200 else 0)
    numbers = [getattr(params, name) for name in LINK_NAMES]
    return head + bytes(4 * seed) + struct.pack(f"<i{len(numbers)}f", params.wave_type, *numbers)


@pytest.mark.parametrize(("version", "seed"), [(200, True), (120, True), (180, True), (100, False)])
def test_a_rfx_file_of_every_age_holds_the_same_sound(version: int, seed: bool) -> None:
    params = formats.read_link(BY_NAME["jump_0"]["link"])
    read = formats.read(rfx(params, version, seed=seed))
    assert formats.to_link(read) == formats.to_link(params)
    assert math.expm1(read.sound_vol) == pytest.approx(0.2)


def test_rfxgen_keeps_the_limit_below_the_pitch_and_the_slide_above_its_change() -> None:
    read = formats.read_rfx(
        rfx(SfxrParams(p_base_freq=0.25, p_freq_limit=0.5, p_freq_ramp=-0.5, p_freq_dramp=0.25))
    )
    assert (read.p_freq_limit, read.p_freq_ramp) == (0.25, 0.25)


@given(sounds())
def test_a_sound_survives_a_link_and_json(params: SfxrParams) -> None:
    link = formats.to_link(params)
    tiny = any(0 < abs(getattr(params, name)) < 2**-126 for name in LINK_NAMES)
    assert tiny or formats.read_link(link) == params
    assert formats.to_link(formats.read_link(link)) == link
    assert formats.read_json(formats.to_json(params)) == params


def test_a_link_is_read_from_where_it_is_pasted() -> None:
    code = BY_NAME["pickupCoin_0"]["link"]
    sound = formats.read_link(code)
    for text in (f"https://sfxr.me/#{code}", f"http://sfxr.me/#{code}\n", f"#{code}", f"  {code}  "):
        assert formats.read_link(text) == sound
        assert formats.read(text.encode()) == sound


def test_json_may_leave_out_add_and_exceed() -> None:
    text = '\ufeff{"wave_type": "2", "p_base_freq": -0.5, "p_lpf_freq": 7, "p_vib_delay": null, "oldParams": true}'
    assert formats.read(text.encode()) == SfxrParams(wave_type=2, p_base_freq=0.5)


HOSTILE_JSON = [
    "{", "[]", "{}{}", "[" * 9000, '{"p_duty": ' + "[" * 5000 + "]" * 5000 + "}", '{"p_duty": "x"}', '{"p_duty": null}',
    '{"p_duty": true}', '{"p_duty": NaN}', '{"p_duty": Infinity}', '{"p_duty": 1e999}', f'{{"p_duty": 1{"0" * 400}}}',
    f'{{"p_duty": 1{"0" * 9000}}}', '{"wave_type": 4}', '{"wave_type": -1}', '{"wave_type": 0.5}',
    '{"wave_type": "sine"}', '{"wave_type": [0]}', '{"wave_type": true}', '{"sample_rate": 1}', '{"sample_rate": []}',
    '{"sample_size": true}', " " * 20000 + "{}",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE_JSON, ids=range(len(HOSTILE_JSON)))
def test_hostile_json_is_refused(text: str) -> None:
    with pytest.raises(SfxrFormatError) as refused:
        formats.read_json(text)
    assert refused.value.hint
    assert len(str(refused.value)) < 200


def whole_files() -> list[bytes]:
    case = BY_NAME["laserShoot_1"]
    sfs = [bytes.fromhex(data) for data in BY_NAME["pickupCoin_0"]["sfs"].values()]
    return [
        *sfs,
        rfx(SfxrParams()),
        rfx(SfxrParams(), 120),
        case["link"].encode(),
        json.dumps(case["params"]).encode(),
    ]


@pytest.mark.parametrize(
    "data", whole_files(), ids=["sfs100", "sfs101", "sfs102", "rfx200", "rfx120", "link", "json"]
)
def test_a_file_cut_short_or_too_long_is_refused(data: bytes) -> None:
    formats.read(data)
    unseeded = len(data) - 4 if data[4:6] == b"\x78\0" else -1
    for cut in [*(data[:size] for size in range(len(data)) if size != unseeded), data + b"1"]:
        with pytest.raises(SfxrFormatError) as refused:
            formats.read(cut)
        assert refused.value.hint


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("index", [2, 5, 10])
def test_numbers_that_are_none_are_refused(value: float, index: int) -> None:
    number = struct.pack("<f", value)
    for data in whole_files()[:5]:
        at = len(data) % 4 + 4 * index if data[:4] == b"rFX " else 4 * index
        with pytest.raises(SfxrFormatError, match="finite"):
            formats.read(data[: at + 8] + number + data[at + 12 :])


@pytest.mark.parametrize("wave", [-1, 4, 2**31 - 1])
def test_a_wave_that_is_none_is_refused(wave: int) -> None:
    sfs = bytes.fromhex(BY_NAME["pickupCoin_0"]["sfs"]["102"])
    packed = struct.pack("<i", wave)
    for data in (sfs[:4] + packed + sfs[8:], rfx(SfxrParams())[:12] + packed + rfx(SfxrParams())[16:]):
        with pytest.raises(SfxrFormatError, match="wave"):
            formats.read(data)


@settings(max_examples=300)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=110).map(lambda rest: b"rFX \xc8\0`\0" + rest),
        st.binary(min_size=97, max_size=97).map(lambda rest: b"f\0\0\0\1\0\0\0" + rest),
        st.binary(min_size=96, max_size=96).map(
            lambda rest: b"rFX \xc8\0`\0" + rest[:4] + b"\2\0\0\0" + rest[8:]
        ),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.text(formats._ALPHABET, min_size=118, max_size=124).map(str.encode),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner) | st.dictionaries(st.sampled_from(["wave_type", *LINK_NAMES]), inner)
            ),
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_any_bytes_are_a_sound_or_refused(data: bytes) -> None:
    for read in (formats.read, formats.read_sfs, formats.read_rfx):
        try:
            params = read(data)
        except SfxrFormatError:
            continue
        assert isinstance(params, SfxrParams)
