import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sfxgen.engines.unity import PLATFORMS, exporter
from sfxgen.errors import ProjectError
from sfxgen.recipe import Kind, digest_of

GUID = "0f3c5a9b7d1e4826a0b1c2d3e4f50617"
GOLDEN_GUID = "ef8761da07793ac54ad8550e32b9c973"
NUMBER_LIKE = ("drifters", "ui/click_71510")
EDITORS = {6: "2021.3.45f1", 7: "2022.3.62f1", 8: "6000.0.58f2"}


def unity_project(root: Path, editor: str = EDITORS[8]) -> Path:
    (root / "ProjectSettings").mkdir(parents=True, exist_ok=True)
    (root / "ProjectSettings/ProjectVersion.txt").write_text(f"m_EditorVersion: {editor}\n")
    return root


def resolved(
    root: Path, block: dict[str, Any], version: int = 8, kind: Kind = "one_shot", audio_format: str = "wav"
) -> dict[str, Any]:
    return exporter.settings(
        unity_project(root, EDITORS[version]), block, kind=kind, audio_format=audio_format
    )


def field_names(meta: bytes) -> list[str]:
    return re.findall(r"^\s*([A-Za-z0-9 ]+):", meta.decode(), re.MULTILINE)


SAMPLE_FIELDS = [
    "loadType",
    "sampleRateSetting",
    "sampleRateOverride",
    "compressionFormat",
    "quality",
    "conversionMode",
]
HEAD = [
    "fileFormatVersion",
    "guid",
    "AudioImporter",
    "externalObjects",
    "serializedVersion",
    "defaultSettings",
]
TAIL = ["userData", "assetBundleName", "assetBundleVariant"]


# The editor's own order, from the type trees of its AudioImporter in 2021.1, 2022.2 and 2023.3.
def test_version_6_names_its_fields_in_the_editors_order(tmp_path: Path) -> None:
    meta = exporter.sidecar(GUID, resolved(tmp_path, {"platforms": {"android": {}}}, version=6))
    assert field_names(meta) == [
        *HEAD,
        *SAMPLE_FIELDS,
        "platformSettingOverrides",
        "7",
        *SAMPLE_FIELDS,
        "forceToMono",
        "normalize",
        "preloadAudioData",
        "loadInBackground",
        "ambisonic",
        "3D",
        *TAIL,
    ]


@pytest.mark.parametrize(("version", "android"), [(7, "7"), (8, "Android")])
def test_versions_7_and_8_hold_preload_in_the_sample_settings(
    tmp_path: Path, version: int, android: str
) -> None:
    meta = exporter.sidecar(GUID, resolved(tmp_path, {"platforms": {"android": {}}}, version=version))
    sample = ["serializedVersion", *SAMPLE_FIELDS, "preloadAudioData"]
    assert field_names(meta) == [
        *HEAD,
        *sample,
        "platformSettingOverrides",
        android,
        *sample,
        "forceToMono",
        "normalize",
        "loadInBackground",
        "ambisonic",
        "3D",
        *TAIL,
    ]


def test_a_whole_version_8_meta(tmp_path: Path) -> None:
    block = {"load_type": "compressed_in_memory", "compression": "vorbis", "quality": 1}
    expected = """fileFormatVersion: 2
guid: 0f3c5a9b7d1e4826a0b1c2d3e4f50617
AudioImporter:
  externalObjects: {}
  serializedVersion: 8
  defaultSettings:
    serializedVersion: 2
    loadType: 1
    sampleRateSetting: 0
    sampleRateOverride: 44100
    compressionFormat: 1
    quality: 1
    conversionMode: 0
    preloadAudioData: 1
  platformSettingOverrides: {}
  forceToMono: 0
  normalize: 0
  loadInBackground: 0
  ambisonic: 0
  3D: 1
  userData:_
  assetBundleName:_
  assetBundleVariant:_
""".replace("_\n", " \n")
    assert exporter.sidecar(GUID, resolved(tmp_path, block)).decode() == expected


def test_a_folders_meta() -> None:
    assert exporter.folder_sidecar(GUID).decode() == (
        f"fileFormatVersion: 2\nguid: {GUID}\nfolderAsset: yes\nDefaultImporter:\n  externalObjects: {{}}\n"
        "  userData: \n  assetBundleName: \n  assetBundleVariant: \n"
    )
    assert exporter.sidecar_path("Assets/Audio/Sfx") == "Assets/Audio/Sfx.meta"
    assert exporter.sidecar_path("Assets/Audio/Sfx/") == "Assets/Audio/Sfx.meta"
    assert exporter.sidecar_path("Assets/a.b/coin.wav") == "Assets/a.b/coin.wav.meta"
    assert exporter.sidecar_path("Packages/com.drifters.audio/Sfx") == "Packages/com.drifters.audio/Sfx.meta"


@pytest.mark.parametrize("folder", ["Assets", "Assets/", "Packages", "Packages/com.drifters.audio"])
def test_the_top_folders_have_no_meta(folder: str) -> None:
    assert exporter.sidecar_path(folder) is None


@pytest.mark.parametrize(
    ("editor", "version"),
    [
        ("5.6.7f1", 6),
        ("2019.4.40f1", 6),
        ("2021.3.45f1", 6),
        ("2022.1.24f1", 6),
        ("2022.2.0f1", 7),
        ("2022.3.10f1c1", 7),
        ("2023.2.20f1", 7),
        ("2023.3.0b10", 8),
        ("6000.0.58f2", 8),
        ("6000.3.1f1", 8),
    ],
)
def test_the_editors_version_decides_the_metas(tmp_path: Path, editor: str, version: int) -> None:
    project = unity_project(tmp_path, editor)
    made = exporter.settings(project, {}, kind="one_shot", audio_format="wav")
    assert made["meta_version"] == version


def test_an_upgraded_editor_is_noticed(tmp_path: Path) -> None:
    assert resolved(tmp_path, {}, version=6)["meta_version"] == 6
    version_file = tmp_path / "ProjectSettings/ProjectVersion.txt"
    version_file.write_bytes(
        b"\xef\xbb\xbfm_EditorVersion: 6000.0.58f2\r\nm_EditorVersionWithRevision: x\r\n"
    )
    os.utime(version_file, ns=(1, 1))
    made = exporter.settings(tmp_path, {}, kind="one_shot", audio_format="wav")
    assert made["meta_version"] == 8


def test_a_folder_that_is_no_unity_project_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"no Unity project.*ProjectVersion\.txt") as caught:
        exporter.settings(tmp_path, {}, kind="loop", audio_format="ogg")
    assert "engine: files" in caught.value.hint


@pytest.mark.parametrize("text", ["", "m_EditorVersion: latest\n", "<<<<<<< HEAD\n"])
def test_a_version_file_without_a_version_is_an_error(tmp_path: Path, text: str) -> None:
    unity_project(tmp_path)
    (tmp_path / "ProjectSettings/ProjectVersion.txt").write_text(text)
    with pytest.raises(ProjectError, match="names no editor version"):
        exporter.settings(tmp_path, {}, kind="loop", audio_format="ogg")


@pytest.mark.parametrize(
    ("kind", "audio_format", "load_type", "compression", "preload"),
    [
        ("one_shot", "wav", "decompress_on_load", "adpcm", True),
        ("one_shot", "ogg", "decompress_on_load", "vorbis", True),
        ("loop", "wav", "compressed_in_memory", "vorbis", True),
        ("loop", "ogg", "compressed_in_memory", "vorbis", True),
        ("dialog", "wav", "compressed_in_memory", "vorbis", True),
        ("music", "ogg", "streaming", "vorbis", False),
    ],
)
def test_defaults_by_kind(
    tmp_path: Path, kind: Kind, audio_format: str, load_type: str, compression: str, preload: bool
) -> None:
    made = resolved(tmp_path, {}, kind=kind, audio_format=audio_format)
    assert (made["load_type"], made["compression"], made["preload"]) == (load_type, compression, preload)
    assert made["quality"] == (0.7 if compression == "vorbis" else None)
    assert list(exporter.complaints(made)) == []


def test_the_docs_table_of_defaults_is_the_codes(tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent / "docs/unity.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `(\w+)` \| (wav|ogg|any) \| `(\w+)` \| `(\w+)`(?: at ([\d.]+))? \| (yes|no) \|$",
        page,
        re.MULTILINE,
    )
    assert {row[0] for row in rows} == {"one_shot", "loop", "music", "dialog"}
    for kind, audio_format, load_type, compression, quality, preload in rows:
        for one_format in ["wav", "ogg"] if audio_format == "any" else [audio_format]:
            made = resolved(tmp_path, {}, kind=kind, audio_format=one_format)
            assert made["load_type"] == load_type
            assert made["compression"] == compression
            assert made["quality"] == (float(quality) if quality else None)
            assert made["preload"] == (preload == "yes")


def test_a_platform_inherits_what_it_leaves_out(tmp_path: Path) -> None:
    block = {
        "compression": "vorbis",
        "quality": 0.5,
        "platforms": {"android": {"quality": 0.3}, "ios": {"load_type": "streaming"}, "webgl": {}},
    }
    made = resolved(tmp_path, block)
    platforms = made["platforms"]
    assert platforms["android"]["compression"] == "vorbis"
    assert platforms["android"]["quality"] == 0.3
    assert platforms["ios"]["quality"] == 0.5
    assert platforms["webgl"]["compression"] == "aac"
    assert list(exporter.complaints(made)) == []
    # A clip that streams is never preloaded, though it is on the other platforms.
    meta = yaml.safe_load(exporter.sidecar(GUID, made))["AudioImporter"]
    assert meta["platformSettingOverrides"]["iPhone"]["preloadAudioData"] == 0
    assert meta["platformSettingOverrides"]["Android"]["preloadAudioData"] == 1


def test_a_platform_that_does_not_stream_preloads_though_the_others_do_not(tmp_path: Path) -> None:
    block: dict[str, Any] = {"platforms": {"ios": {"load_type": "compressed_in_memory"}, "android": {}}}
    platforms = resolved(tmp_path, block, kind="music")["platforms"]
    assert (platforms["ios"]["preload"], platforms["android"]["preload"]) == (True, False)
    never = resolved(tmp_path, {**block, "preload": False}, kind="music")["platforms"]
    assert (never["ios"]["preload"], never["android"]["preload"]) == (False, False)


def test_overrides_are_sorted_as_the_editors_map(tmp_path: Path) -> None:
    block: dict[str, Any] = {"platforms": {name: {} for name in PLATFORMS}}
    keys = {
        version: list(
            yaml.safe_load(exporter.sidecar(GUID, resolved(tmp_path, block, version=version)))[
                "AudioImporter"
            ]["platformSettingOverrides"]
        )
        for version in EDITORS
    }
    assert keys[6] == keys[7] == [1, 4, 7, 13, 19, 21, 27, 33]
    assert keys[8] == ["Android", "Nintendo Switch", "PS4", "PS5", "Standalone", "WebGL", "XboxOne", "iPhone"]


@pytest.mark.parametrize(
    ("block", "key"),
    [
        ({"load_type": "streaming", "preload": True}, "preload"),
        ({"compression": "pcm", "quality": 0.5}, "quality"),
        ({"sample_rate_override": 22050}, "sample_rate_override"),
        ({"sample_rate_setting": "override"}, "sample_rate_setting"),
        ({"ambisonic": True, "force_mono": True}, "force_mono"),
        ({"platforms": {"webgl": {"compression": "vorbis"}}}, "platforms.webgl.compression"),
        ({"platforms": {"standalone": {"compression": "mp3"}}}, "platforms.standalone.compression"),
        (
            {"platforms": {"ios": {"compression": "adpcm", "quality": 0.5}}},
            "platforms.ios.quality",
        ),
        ({"platforms": {"ps6": {}}}, "platforms.ps6"),
    ],
)
def test_what_unity_would_ignore_or_refuse_is_a_complaint(
    tmp_path: Path, block: dict[str, Any], key: str
) -> None:
    complaints = list(exporter.complaints(resolved(tmp_path, block)))
    assert [complaint.key for complaint in complaints] == [key]
    assert complaints[0].hint


def test_streaming_chosen_for_a_short_sound_is_no_complaint(tmp_path: Path) -> None:
    made = resolved(tmp_path, {"load_type": "streaming"})
    assert made["preload"] is False
    assert list(exporter.complaints(made)) == []


@pytest.mark.parametrize(
    "block",
    [
        {"loadType": "streaming"},
        {"quality": 1.5},
        {"load_type": "stream"},
        {"compression": "aac"},
        {"platforms": {"ps6": {}}},
        {"platforms": {"ios": {"preload": True}}},
    ],
)
def test_the_block_refuses_what_it_does_not_know(block: dict[str, Any]) -> None:
    model = exporter.block
    assert model is not None
    with pytest.raises(ValidationError):
        model.model_validate(block)


def test_the_block_knows_the_platforms_that_the_metas_name() -> None:
    model = exporter.block
    assert model is not None
    assert set(model.model_json_schema()["$defs"]["Platforms"]["properties"]) == set(PLATFORMS)


def test_a_platform_without_a_value_is_no_override(tmp_path: Path) -> None:
    made = resolved(tmp_path, {"platforms": {"ios": None, "android": {}}})
    assert list(made["platforms"]) == ["android"]


def test_every_field_of_the_block_is_optional_and_described() -> None:
    model = exporter.block
    assert model is not None
    model.model_validate({})
    schema = model.model_json_schema()
    for name, part in {**schema["$defs"], "": schema}.items():
        assert part.get("required", []) == []
        for field, its_schema in part["properties"].items():
            assert its_schema.get("description"), f"{name}.{field}"


def test_a_guid_can_not_be_taken_for_a_number() -> None:
    # The first digest of this identity holds no letter but e, of which there is about one in 160,000.
    project, identity = NUMBER_LIKE
    assert re.fullmatch("[0-9e]+", digest_of(["sfxgen unity guid", project, identity, 0])[:32])
    guid = exporter.asset_id(project, identity)
    assert re.fullmatch("[0-9a-f]{32}", guid)
    assert re.search("[abcdf]", guid)


def test_a_guid_is_the_same_for_ever() -> None:
    # Changing it would break every reference in every game: this value may never be edited.
    assert exporter.asset_id("drifters", "footstep/gravel_01") == GOLDEN_GUID


@pytest.mark.parametrize(
    "sidecar",
    [
        f"fileFormatVersion: 2\nguid: {GUID}\nAudioImporter:\n",
        f"fileFormatVersion: 2\r\nguid: {GUID}\r\nAudioImporter:\r\n",
        f"\ufeffguid: {GUID}\r\nfileFormatVersion: 2\r\n",
        f'fileFormatVersion: 2\nguid: "{GUID}"  \n',
        f"fileFormatVersion: 2\nguid: '{GUID.upper()}'",
    ],
)
def test_a_guid_is_read_back_from_any_editors_line_ends(sidecar: str) -> None:
    assert exporter.read_id(sidecar.encode()) == GUID


@pytest.mark.parametrize(
    "sidecar",
    [
        b"",
        b"\xff\xfe\x00binary",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12\n",
        b"guid: 123\n",
        f"icon:\n  guid: {GUID}\n".encode(),
        f"<<<<<<< ours\nguid: {GUID}\n=======\nguid: {GUID[::-1]}\n>>>>>>> theirs\n".encode(),
    ],
)
def test_no_guid_is_read_where_there_is_not_exactly_one(sidecar: bytes) -> None:
    assert exporter.read_id(sidecar) is None


def test_an_all_digit_guid_stays_text() -> None:
    assert exporter.read_id(b"guid: 01234567890123456789012345678901\n") == "01234567890123456789012345678901"


SAMPLES: dict[str, st.SearchStrategy[Any]] = {
    "load_type": st.sampled_from(["decompress_on_load", "compressed_in_memory", "streaming"]),
    "quality": st.floats(0, 1),
    "sample_rate_setting": st.sampled_from(["preserve", "optimize", "override"]),
    "sample_rate_override": st.integers(8000, 192000),
}
BLOCKS = st.fixed_dictionaries(
    {},
    optional={
        **SAMPLES,
        "compression": st.sampled_from(["pcm", "vorbis", "adpcm"]),
        "preload": st.booleans(),
        "load_in_background": st.booleans(),
        "force_mono": st.booleans(),
        "ambisonic": st.booleans(),
        "platforms": st.dictionaries(
            st.sampled_from(sorted(PLATFORMS)),
            st.fixed_dictionaries(
                {}, optional={**SAMPLES, "compression": st.sampled_from(["pcm", "mp3", "aac"])}
            ),
            max_size=3,
        ),
    },
)
KINDS = st.sampled_from(["one_shot", "loop", "music", "dialog"])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(block=BLOCKS, kind=KINDS, version=st.sampled_from(sorted(EDITORS)), number=st.integers(0, 10**6))
def test_every_meta_is_yaml_that_keeps_its_guid_and_settings(
    tmp_path: Path, block: dict[str, Any], kind: Kind, version: int, number: int
) -> None:
    model = exporter.block
    assert model is not None
    given_block = model.model_validate(block).model_dump(exclude_unset=True)
    made = resolved(tmp_path, given_block, version=version, kind=kind)
    assert json.loads(json.dumps(made)) == made
    guid = exporter.asset_id("drifters", f"sound/{number}")
    meta = exporter.sidecar(guid, made)
    assert exporter.read_id(meta) == guid
    read = yaml.safe_load(meta)
    assert read["guid"] == guid
    importer = read["AudioImporter"]
    assert importer["serializedVersion"] == version
    assert importer["normalize"] == 0
    if "quality" in block:
        assert importer["defaultSettings"]["quality"] == pytest.approx(block["quality"], abs=1e-4)
    for key in ("force_mono", "ambisonic"):
        field = {"force_mono": "forceToMono", "ambisonic": "ambisonic"}[key]
        assert importer[field] == int(block.get(key, False))
    assert len(importer["platformSettingOverrides"]) == len(block.get("platforms", {}))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(block=BLOCKS, kind=KINDS, version=st.sampled_from(sorted(EDITORS)))
def test_unityparser_reads_every_meta_and_writes_it_back_byte_for_byte(
    tmp_path: Path, block: dict[str, Any], kind: Kind, version: int
) -> None:
    unityparser = pytest.importorskip("unityparser", reason="unityparser reads metas as Unity writes them")
    path = tmp_path / "clip.wav.meta"
    meta = exporter.sidecar(GUID, resolved(tmp_path, block, version=version, kind=kind))
    path.write_bytes(meta)
    document = unityparser.UnityDocument.load_yaml(path)
    assert document.entry["guid"] == GUID
    assert int(document.entry["AudioImporter"]["serializedVersion"]) == version
    document.dump_yaml(tmp_path / "again.meta")
    assert (tmp_path / "again.meta").read_bytes() == meta


def test_unityparser_reads_a_folders_meta_and_writes_it_back(tmp_path: Path) -> None:
    unityparser = pytest.importorskip("unityparser", reason="unityparser reads metas as Unity writes them")
    path = tmp_path / "Sfx.meta"
    path.write_bytes(exporter.folder_sidecar(GUID))
    document = unityparser.UnityDocument.load_yaml(path)
    document.dump_yaml(tmp_path / "again.meta")
    assert (tmp_path / "again.meta").read_bytes() == path.read_bytes()
