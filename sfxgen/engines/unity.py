"""Unity: audio files with their `.meta` files, so that GUIDs and import settings come from the manifest.

The `.meta` of an audio file is what the editor's AudioImporter serialises. Its version follows the editor:
6 up to 2022.1, 7 from 2022.2, 8 from 2023.3 (Unity 6). Newer editors read the older ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sfxgen.contracts import Complaint
from sfxgen.errors import ProjectError
from sfxgen.recipe import JsonValue, Kind, digest_of

if TYPE_CHECKING:
    from pydantic import BaseModel

LoadType = Literal["decompress_on_load", "compressed_in_memory", "streaming"]
Compression = Literal["pcm", "vorbis", "adpcm"]
PlatformCompression = Literal["pcm", "vorbis", "adpcm", "mp3", "aac"]
SampleRateSetting = Literal["preserve", "optimize", "override"]

VERSION_FILE = "ProjectSettings/ProjectVersion.txt"

# Unity's enums AudioClipLoadType, AudioCompressionFormat and AudioSampleRateSetting.
LOAD_TYPES = {"decompress_on_load": 0, "compressed_in_memory": 1, "streaming": 2}
COMPRESSIONS = {"pcm": 0, "vorbis": 1, "adpcm": 2, "mp3": 3, "aac": 7}
SAMPLE_RATE_SETTINGS = {"preserve": 0, "optimize": 1, "override": 2}
HAS_QUALITY = {"vorbis", "mp3", "aac"}

# A platform's BuildTargetGroup (the override's key in .meta 6 and 7) and its group name (the key in .meta 8).
PLATFORMS: Mapping[str, tuple[int, str]] = {
    "standalone": (1, "Standalone"),
    "ios": (4, "iPhone"),
    "android": (7, "Android"),
    "webgl": (13, "WebGL"),
    "ps4": (19, "PS4"),
    "xbox_one": (21, "XboxOne"),
    "switch": (27, "Nintendo Switch"),
    "ps5": (33, "PS5"),
}

# What the inspector offers on each platform (AudioImporterInspector of the editor's C# reference source).
PLATFORM_COMPRESSIONS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(PLATFORMS, ("pcm", "vorbis", "adpcm", "mp3")),
    "standalone": ("pcm", "vorbis", "adpcm"),
    "webgl": ("aac",),
}

DEFAULT_QUALITY = 0.7
DEFAULT_LOADING: Mapping[Kind, tuple[str, str]] = {
    "one_shot": ("decompress_on_load", "adpcm"),
    "loop": ("compressed_in_memory", "vorbis"),
    "music": ("streaming", "vorbis"),
    "dialog": ("compressed_in_memory", "vorbis"),
}
"""Load type and compression by the sound's kind. A one-shot delivered as ogg or mp3 is imported as vorbis."""

SAMPLE_KEYS = ("load_type", "compression", "quality", "sample_rate_setting", "sample_rate_override")


class UnityExporter:
    """Renders Unity's `.meta` files. Reads the project's ProjectVersion.txt and nothing else."""

    name = "unity"
    version = 1
    formats: tuple[str, ...] = ("wav", "ogg", "flac", "mp3")

    @cached_property
    def block(self) -> type[BaseModel] | None:
        """The sound's `unity:` block. Made on first use: importing this module imports no pydantic."""
        return block_model()

    def settings(
        self, root: Path, block: Mapping[str, JsonValue], *, kind: Kind, audio_format: str
    ) -> dict[str, JsonValue]:
        """Return the import settings, every default filled in, and the `.meta` version they are written as.

        `quality` and `sample_rate_override` are None where nothing uses them and the manifest leaves them
        out. Raises ProjectError where `root` is no Unity project or its version cannot be read.
        """
        given = {key: value for key, value in block.items() if value is not None}
        load_type, compression = DEFAULT_LOADING[kind]
        if kind == "one_shot" and audio_format in ("ogg", "mp3"):
            compression = "vorbis"
        defaults = {
            "load_type": load_type,
            "compression": compression,
            "quality": None,
            "sample_rate_setting": "preserve",
            "sample_rate_override": None,
        }
        sample = _sample_settings(defaults, given)
        preload = given.get("preload", sample["load_type"] != "streaming")
        return {
            "meta_version": meta_version(root),
            **sample,
            "preload": bool(preload),
            "load_in_background": bool(given.get("load_in_background", False)),
            "force_mono": bool(given.get("force_mono", False)),
            "ambisonic": bool(given.get("ambisonic", False)),
            "platforms": _platform_overrides(sample, given),
        }

    def complaints(self, settings: Mapping[str, JsonValue]) -> Iterator[Complaint]:
        """Yield settings that Unity would ignore or refuse. A complaint's key is relative to the block."""
        yield from _sample_complaints("", settings)
        if settings["load_type"] == "streaming" and settings["preload"]:
            yield Complaint(
                "preload",
                "a streaming clip cannot be preloaded",
                "leave preload out, or choose compressed_in_memory",
            )
        if settings["ambisonic"] and settings["force_mono"]:
            yield Complaint("force_mono", "an ambisonic clip cannot be mono", "leave one of the two out")
        for platform, override in settings["platforms"].items():
            key = f"platforms.{platform}"
            if platform not in PLATFORMS:
                yield Complaint(key, f"Unity has no platform {platform!r}", f"one of: {', '.join(PLATFORMS)}")
                continue
            allowed = PLATFORM_COMPRESSIONS[platform]
            if override["compression"] not in allowed:
                yield Complaint(
                    f"{key}.compression",
                    f"Unity has no {override['compression']} on {platform}",
                    f"one of: {', '.join(allowed)}",
                )
            yield from _sample_complaints(f"{key}.", override)

    def asset_id(self, project: str, identity: str) -> str:
        """Return the GUID of an asset or folder: 32 lowercase hexadecimal digits.

        At least one of them is a letter other than e, so that no YAML reader can take the GUID for a number.
        """
        attempt = 0
        while True:
            guid = digest_of(["sfxgen unity guid", project, identity, attempt])[:32]
            if re.search("[abcdf]", guid):
                return guid
            attempt += 1

    def read_id(self, sidecar: bytes) -> str | None:
        """Return the GUID in a `.meta`, or None where there is not exactly one (as in a merge conflict)."""
        text = sidecar.decode("utf-8-sig", errors="replace")
        found = re.findall(r"""^guid:[ \t]*["']?([0-9a-fA-F]{32})["']?[ \t]*\r?$""", text, re.MULTILINE)
        guids = {guid.lower() for guid in found}
        return guids.pop() if len(guids) == 1 else None

    def sidecar_path(self, path: str) -> str | None:
        """Return the path of a file's or folder's `.meta`. Assets, Packages and a package's folder have none."""
        path = path.rstrip("/")
        return None if re.fullmatch(r"Assets|Packages(/[^/]+)?", path) else f"{path}.meta"

    def sidecar(self, asset_id: str, settings: Mapping[str, JsonValue]) -> bytes:
        """Render the `.meta` of an audio file, in the editor's own field order.

        `normalize` is 0, so that Unity never undoes the mastered loudness. `3D` is an old flag, always 1.
        """
        version = settings["meta_version"]
        lines = [
            "fileFormatVersion: 2",
            f"guid: {asset_id}",
            "AudioImporter:",
            "  externalObjects: {}",
            f"  serializedVersion: {version}",
            "  defaultSettings:",
            *(f"    {line}" for line in _sample_lines(settings, version)),
            *_override_lines(settings, version),
            f"  forceToMono: {int(settings['force_mono'])}",
            "  normalize: 0",
            *([f"  preloadAudioData: {int(settings['preload'])}"] if version == 6 else []),
            f"  loadInBackground: {int(settings['load_in_background'])}",
            f"  ambisonic: {int(settings['ambisonic'])}",
            "  3D: 1",
        ]
        return _meta(lines)

    def folder_sidecar(self, folder_id: str) -> bytes:
        """Render the `.meta` of a folder."""
        lines = [
            "fileFormatVersion: 2",
            f"guid: {folder_id}",
            "folderAsset: yes",
            "DefaultImporter:",
            "  externalObjects: {}",
        ]
        return _meta(lines)


def block_model() -> type[BaseModel]:
    """Return the pydantic model of the `unity:` block. Every field is optional."""
    from pydantic import BaseModel, ConfigDict, Field

    class Sample(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

        load_type: LoadType | None = Field(
            None,
            description="When the clip is decompressed: as it loads, as it plays, or as it streams. "
            "Default: by the sound's kind.",
        )
        quality: float | None = Field(
            None, ge=0, le=1, description="Quality of vorbis, mp3 and aac, 0 (smallest) to 1. Default: 0.7."
        )
        sample_rate_setting: SampleRateSetting | None = Field(
            None,
            description="preserve the file's rate, let Unity optimize it, or override it. Default: preserve.",
        )
        sample_rate_override: int | None = Field(
            None, ge=8000, le=192000, description="The rate in Hz for sample_rate_setting: override."
        )

    class PlatformOverride(Sample):
        """Import settings on one platform. What is left out is as on all platforms."""

        compression: PlatformCompression | None = Field(
            None,
            description="The format in the built game: pcm, vorbis or adpcm; mp3 on mobiles and consoles; "
            "webgl has only aac.",
        )

    class Platforms(BaseModel):
        """Import settings by platform."""

        model_config = ConfigDict(extra="forbid")

        standalone: PlatformOverride | None = Field(None, description="Windows, macOS and Linux.")
        ios: PlatformOverride | None = Field(None, description="iOS.")
        android: PlatformOverride | None = Field(None, description="Android.")
        webgl: PlatformOverride | None = Field(None, description="The web player.")
        ps4: PlatformOverride | None = Field(None, description="PlayStation 4.")
        ps5: PlatformOverride | None = Field(None, description="PlayStation 5.")
        xbox_one: PlatformOverride | None = Field(None, description="Xbox One.")
        switch: PlatformOverride | None = Field(None, description="Nintendo Switch.")

    class UnityBlock(Sample):
        """Import settings of Unity's AudioImporter. The defaults depend on the sound's kind."""

        compression: Compression | None = Field(
            None,
            description="The format in the built game: pcm is exact, adpcm a quarter of its size, cheap to "
            "decode, vorbis the smallest. Default: by the sound's kind.",
        )
        preload: bool | None = Field(
            None, description="Load the audio data with the scene. Default: true, but false for streaming."
        )
        load_in_background: bool | None = Field(
            None, description="Load on another thread instead of delaying the scene. Default: false."
        )
        force_mono: bool | None = Field(
            None,
            description="Mix down to one channel on import. Default: false. `channels: mono` under `master:` "
            "does the same for every engine.",
        )
        ambisonic: bool | None = Field(
            None, description="The file is an ambisonic sound field of 4 or more channels. Default: false."
        )
        platforms: Platforms | None = Field(
            None, description="Other settings on some platforms, by the platform's name."
        )

    return UnityBlock


def meta_version(root: Path) -> int:
    """Return the AudioImporter's serialized version (6, 7 or 8) for the editor that the project names.

    Raises ProjectError where ProjectVersion.txt is missing or names no editor version.
    """
    path = root / VERSION_FILE
    try:
        status = path.stat()
        major, minor = _editor_version(path, status.st_mtime_ns, status.st_size)
    except (FileNotFoundError, NotADirectoryError):
        raise ProjectError(
            f"this is no Unity project: it has no {VERSION_FILE}",
            hint="put sfxgen.yaml in the Unity project's folder, beside Assets and ProjectSettings, "
            "or write `engine: files`",
        ) from None
    except OSError as error:
        raise ProjectError(f"{VERSION_FILE} cannot be read: {error.strerror}") from error
    if (major, minor) >= (2023, 3):  # Unity 6 counts on as 6000
        return 8
    return 7 if (major, minor) >= (2022, 2) else 6


# A project has thousands of assets and one version: the file is read again only when it changed.
@lru_cache(maxsize=16)
def _editor_version(path: Path, mtime_ns: int, size: int) -> tuple[int, int]:
    del mtime_ns, size
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    found = re.search(r"^m_EditorVersion:\s*(\d+)\.(\d+)", text, re.MULTILINE)
    if found is None:
        raise ProjectError(
            f"{VERSION_FILE} names no editor version",
            hint="a line such as `m_EditorVersion: 6000.0.58f2` is expected; Unity writes it on opening",
        )
    return int(found[1]), int(found[2])


def _sample_settings(
    defaults: Mapping[str, JsonValue], given: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    sample = {key: given.get(key, defaults[key]) for key in SAMPLE_KEYS}
    if sample["quality"] is None and sample["compression"] in HAS_QUALITY:
        sample["quality"] = DEFAULT_QUALITY
    if sample["quality"] is not None:
        sample["quality"] = round(float(sample["quality"]), 4)
    return sample


def _platform_overrides(
    sample: Mapping[str, JsonValue], given: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    """Fill in what a platform leaves out from the settings for all platforms; WebGL plays nothing but AAC."""
    overrides: dict[str, JsonValue] = {}
    for platform, override in sorted(given.get("platforms", {}).items()):
        if override is None:
            continue
        own = {key: value for key, value in override.items() if value is not None}
        inherited = {**sample, "compression": "aac"} if platform == "webgl" else dict(sample)
        if own.get("compression", inherited["compression"]) not in HAS_QUALITY:
            inherited["quality"] = None
        if own.get("sample_rate_setting", inherited["sample_rate_setting"]) != "override":
            inherited["sample_rate_override"] = None
        settings = _sample_settings(inherited, own)
        streams = settings["load_type"] == "streaming"
        overrides[platform] = {**settings, "preload": not streams and bool(given.get("preload", True))}
    return overrides


def _sample_complaints(prefix: str, sample: Mapping[str, JsonValue]) -> Iterator[Complaint]:
    compression, quality = sample["compression"], sample["quality"]
    if quality is not None and compression not in HAS_QUALITY:
        yield Complaint(
            f"{prefix}quality",
            f"{compression} has no quality",
            "leave quality out, or choose compression: vorbis",
        )
    overrides_rate = sample["sample_rate_setting"] == "override"
    if overrides_rate and sample["sample_rate_override"] is None:
        yield Complaint(
            f"{prefix}sample_rate_setting", "override needs a rate", "add sample_rate_override, such as 22050"
        )
    if sample["sample_rate_override"] is not None and not overrides_rate:
        yield Complaint(
            f"{prefix}sample_rate_override",
            f"Unity ignores it with sample_rate_setting: {sample['sample_rate_setting']}",
            "add sample_rate_setting: override",
        )


def _sample_lines(sample: Mapping[str, JsonValue], version: int) -> list[str]:
    quality = 1.0 if sample["quality"] is None else sample["quality"]
    rate = 44100 if sample["sample_rate_override"] is None else sample["sample_rate_override"]
    lines = [
        f"loadType: {LOAD_TYPES[sample['load_type']]}",
        f"sampleRateSetting: {SAMPLE_RATE_SETTINGS[sample['sample_rate_setting']]}",
        f"sampleRateOverride: {rate}",
        f"compressionFormat: {COMPRESSIONS[sample['compression']]}",
        f"quality: {quality:g}",
        "conversionMode: 0",
    ]
    if version == 6:
        return lines
    return ["serializedVersion: 2", *lines, f"preloadAudioData: {int(sample['preload'])}"]


def _override_lines(settings: Mapping[str, JsonValue], version: int) -> list[str]:
    if not settings["platforms"]:
        return ["  platformSettingOverrides: {}"]
    lines = ["  platformSettingOverrides:"]
    for key, override in _by_engine_key(settings["platforms"], version):
        lines.append(f"    {key}:")
        lines += [f"      {line}" for line in _sample_lines(override, version)]
    return lines


def _by_engine_key(platforms: Mapping[str, JsonValue], version: int) -> list[tuple[str, JsonValue]]:
    """Return the overrides in the order of the editor's map: by name in `.meta` 8, else by number."""
    if version == 8:
        return sorted((PLATFORMS[platform][1], override) for platform, override in platforms.items())
    numbered = sorted((PLATFORMS[platform][0], override) for platform, override in platforms.items())
    return [(str(number), override) for number, override in numbered]


def _meta(lines: list[str]) -> bytes:
    """End a `.meta` as the editor does: empty values keep one trailing space."""
    tail = ["  userData: ", "  assetBundleName: ", "  assetBundleVariant: ", ""]
    return "\n".join([*lines, *tail]).encode()


exporter = UnityExporter()
