"""The manifest language: every key, its type, range and meaning, once.

The same definitions check manifests and make the JSON Schema that editors complete from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from sfxgen.contracts import Catalog
from sfxgen.wording import KINDS, choices_of, did_you_mean, nearest, shown, type_hint, worded
from sfxgen.yaml_source import KeyPath

Text = Annotated[str, Field(max_length=2000)]
Level = Annotated[float, Field(ge=-70, le=0)]
Milliseconds = Annotated[float, Field(ge=0, le=60_000)]
TakeNumber = Annotated[int, Field(ge=1, le=100_000)]
Hertz = Annotated[float, Field(ge=20, le=20_000)]

MAX_VARIANTS = 999
MAX_LAYERS = 16
MAX_HARVEST = 64
MAX_SHEETS = 200
MAX_CANDIDATES = 16
RANKER = "laion/clap-htsat-unfused"
"""The weights of CLAP that candidates are ranked by where sfxgen.yaml names none."""


class _Block(BaseModel):
    # Most blocks are only there to build others from: none is compiled before something is checked by it.
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True, defer_build=True)


class BandBlock(_Block):
    """One band of the equalizer."""

    kind: Literal["bell", "low_shelf", "high_shelf"] | None = Field(None, description="bell, if left out.")
    frequency_hz: Hertz = Field(description="Its middle, or where the shelf begins.")
    gain_db: Annotated[float, Field(ge=-36, le=36)] = Field(description="How much louder that is.")
    q: Annotated[float, Field(ge=0.1, le=30)] | None = Field(None, description="How narrow a bell is.")


class CompressorBlock(_Block):
    """A compressor."""

    threshold_db: Annotated[float, Field(ge=-80, le=0)] | None = Field(
        None, description="Where it sets in, re the clip's own peak."
    )
    ratio: Annotated[float, Field(ge=1, le=40)] | None = Field(None, description="How hard it is above.")
    attack_ms: Annotated[float, Field(ge=0.1, le=500)] | None = Field(None, description="How fast it grips.")
    release_ms: Annotated[float, Field(ge=1, le=5000)] | None = Field(
        None, description="How fast it lets go."
    )
    knee_db: Annotated[float, Field(ge=0, le=40)] | None = Field(
        None, description="How softly it sets in around the threshold."
    )


class TransientsBlock(_Block):
    """A transient shaper."""

    attack_db: Annotated[float, Field(ge=-24, le=24)] | None = Field(
        None, description="How much louder attacks become."
    )
    sustain_db: Annotated[float, Field(ge=-24, le=24)] | None = Field(
        None, description="How much louder what rings on becomes."
    )


class ReverbBlock(_Block):
    """A reverb tail."""

    decay_s: Annotated[float, Field(ge=0.05, le=30)] | None = Field(
        None, description="How long it takes to fall by 60 dB."
    )
    level_db: Annotated[float, Field(ge=-60, le=12)] | None = Field(
        None, description="How loud it is re the sound."
    )
    predelay_ms: Annotated[float, Field(ge=0, le=500)] | None = Field(None, description="When it sets in.")
    damping_hz: Annotated[float, Field(ge=200, le=20_000)] | None = Field(
        None, description="What lies above dies away faster."
    )


class MasterBlock(_Block):
    """How takes are mastered. What is left out follows the sound's kind and category."""

    trim: bool | None = Field(None, description="Cut silence and noise bed off both ends.")
    pre_roll_ms: Annotated[float, Field(ge=0, le=1000)] | None = Field(
        None, description="How much is kept before the sound sets in."
    )
    tail_ms: Annotated[float, Field(ge=0, le=10_000)] | None = Field(
        None, description="How much is kept after the sound has ended."
    )
    fade_in_ms: Milliseconds | None = Field(None, description="Fade-in; 1 ms keeps an attack.")
    fade_out_ms: Milliseconds | None = Field(None, description="Fade-out.")
    crossfade_ms: Annotated[float, Field(ge=1, le=5000)] | None = Field(
        None, description="Length of a loop's seam, and of the joins of takes."
    )
    min_duration_s: Annotated[float, Field(gt=0, le=600)] | None = Field(
        None, description="Keep more of the take, or add silence, where less would be left."
    )
    max_duration_s: Annotated[float, Field(gt=0, le=600)] | None = Field(
        None, description="Cut what is longer, with the fade-out."
    )
    reverse: bool | None = Field(None, description="Play it backwards.")
    denoise_db: Annotated[float, Field(gt=0, le=60)] | None = Field(
        None, description="How far the noise bed is turned down."
    )
    pitch_st: Annotated[float, Field(ge=-24, le=24)] | None = Field(
        None, description="Higher or lower, in semitones; its length stays."
    )
    stretch: Annotated[float, Field(ge=0.25, le=4)] | None = Field(
        None, description="How many times as long; its pitch stays."
    )
    highpass_hz: Hertz | None = Field(None, description="Cut what lies below.")
    lowpass_hz: Hertz | None = Field(None, description="Cut what lies above.")
    eq: Annotated[list[BandBlock], Field(max_length=24)] | None = Field(
        None, description="Bands of a parametric equalizer."
    )
    compressor: CompressorBlock | None = Field(None, description="Less difference between loud and quiet.")
    transients: TransientsBlock | None = Field(None, description="Sharper or softer attacks.")
    reverb: ReverbBlock | None = Field(None, description="A room around the sound.")
    width: Annotated[float, Field(ge=0, le=2)] | None = Field(
        None, description="Stereo width: 0 is mono, 1 as it is, 2 twice as wide."
    )
    loudness_lufs: Level | Literal["keep"] | None = Field(
        None, description="Target loudness; keep leaves the level and only holds the ceiling."
    )
    loudness: Literal["measure"] | None = Field(
        None, description="measure leaves the level as it is, peaks too, and only records it."
    )
    limit_db: Annotated[float, Field(ge=0, le=24)] | None = Field(
        None, description="How far a limiter may hold peaks back to reach the loudness."
    )
    true_peak_dbtp: Annotated[float, Field(ge=-20, le=0)] | None = Field(
        None, description="Ceiling for the true peak, also after encoding. It wins over the loudness target."
    )
    sample_rate: Literal[16000, 22050, 24000, 32000, 44100, 48000, 96000] | None = Field(
        None, description="Rate of the delivered file in Hz."
    )
    channels: Literal["mono", "stereo", "keep"] | None = Field(
        None, description="Channels of the delivered file; keep is what the model gives."
    )


class EncodeBlock(_Block):
    """How the delivered file is written."""

    format: Literal["wav", "ogg", "flac", "mp3", "opus", "m4a"] | None = Field(
        None, description="wav, ogg (Vorbis), flac, mp3, opus, or m4a (AAC, written by ffmpeg)."
    )
    bit_depth: Literal[16, 24] | None = Field(
        None, description="Bits a sample, for wav and flac. 16 is dithered."
    )
    quality: Annotated[float, Field(ge=0, le=1)] | None = Field(None, description="Quality, for ogg.")
    bitrate_kbps: Annotated[int, Field(ge=32, le=320)] | None = Field(
        None, description="Bit rate, for mp3, opus and m4a."
    )
    cues: (
        Annotated[list[Annotated[float, Field(ge=0, le=600)]], Field(max_length=1000)]
        | Literal["events"]
        | None
    ) = Field(None, description="Markers in a wav, in seconds; events marks where sounds begin.")
    tags: bool | None = Field(
        None, description="Write what the file is into it: bext and iXML in a wav, comments in the others."
    )


Share = Annotated[float, Field(ge=0, le=1)] | Literal["off"] | None
SeamThreshold = Annotated[float, Field(ge=0, le=100)] | Literal["off"] | None


class GatesBlock(_Block):
    """What a take is refused for. off switches a gate off; what is left out follows the category."""

    silence_dbfs: Annotated[float, Field(ge=-120, le=0)] | None = Field(
        None, description="Its peak is at least this."
    )
    clipped_share: Share = Field(None, description="At most this share of it is cut off flat.")
    dc_share: Share = Field(None, description="Its offset re its peak is at most this.")
    shortest_s: Annotated[float, Field(ge=0.001, le=600)] | None = Field(
        None, description="What sounds is at least so long."
    )
    longest_s: Annotated[float, Field(gt=0, le=600)] | Literal["off"] | None = Field(
        None, description="What sounds is at most so long."
    )
    bandwidth_share: Share = Field(
        None, description="What stops dead at some frequency reaches this share of its own upper limit."
    )
    noise_bed_db: Annotated[float, Field(ge=-120, le=0)] | Literal["off"] | None = Field(
        None, description="The bed of noise around it, re its loudest moment, is at most this."
    )
    duplicate: Share = Field(None, description="Its likeness to each of its siblings is below this.")
    speech_modulation: Share = Field(
        None, description="At least this share of its modulation is at the rate of syllables."
    )
    seam_step_db: SeamThreshold = Field(
        None, description="Of a loop: how far a click may stand out at the seam."
    )
    seam_level_db: SeamThreshold = Field(
        None, description="Of a loop: how far the level may change in the seam."
    )
    seam_flux_z: SeamThreshold = Field(
        None, description="Of a loop: how far the spectrum may change in the seam."
    )


class CategoryBlock(_Block):
    """A category of sounds: its level, its ceiling, its gates, its names."""

    loudness_lufs: Level | None = Field(None, description="Target loudness.")
    limit_db: Annotated[float, Field(ge=0, le=24)] | None = Field(
        None, description="How far a limiter may hold peaks back to reach it."
    )
    true_peak_dbtp: Annotated[float, Field(ge=-20, le=0)] | None = Field(
        None, description="Ceiling for the true peak."
    )
    cat_id: Annotated[str, Field(max_length=40)] | None = Field(
        None, description="Its CatID in the Universal Category System."
    )
    content_type: Annotated[str, Field(max_length=40)] | None = Field(
        None, description="What the ASWG's metadata call it: sfx, music, dialog, mixed …"
    )
    gates: GatesBlock | None = Field(None, description="What its takes are refused for.")


class LicenceBlock(_Block):
    """What the project knows of the licence of a model's weights."""

    licence: Annotated[str, Field(min_length=1, max_length=200)] = Field(description="Its name.")
    sold: bool = Field(description="Whether a game that is sold may ship what the model makes.")
    url: Annotated[str, Field(max_length=2000)] = Field("", description="Where it can be read.")
    credit: Annotated[str, Field(max_length=2000)] = Field(
        "", description="The words that it asks to be shown."
    )


class SpanBlock(_Block):
    """A stretch of time."""

    from_s: Annotated[float, Field(ge=0, le=600)] = Field(description="Where it begins.")
    to_s: Annotated[float, Field(gt=0, le=600)] = Field(description="Where it ends.")


class MorphBlock(_Block):
    """What a sound turns into."""

    to: Text | None = Field(None, description="The prompt at its other end.")
    source: Text | None = Field(None, description="The audio file at its other end.")
    at: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None,
        description="How far along: 0 is the sound itself, 1 the other end; left out, the variants go all the way.",
    )


class ModelFields(_Block):
    """What a model is given: in a sound, or in each of its layers."""

    model: Text | None = Field(None, description="A registry name, or adapter:where (a Hub id or a folder).")
    prompt: Text | None = Field(None, description="What to generate, in words.")
    negative: Text | None = Field(None, description="What to keep out of it.")
    preset: Text | None = Field(None, description="A preset of the synthesizer.")
    params: dict[str, Any] | None = Field(
        None, description="The model's own parameters; for the synthesizer, its preset's."
    )
    variation: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="How far takes of the synthesizer stray from the preset."
    )
    duration_s: Annotated[float, Field(gt=0, le=600)] | None = Field(None, description="Length to generate.")
    steps: Annotated[int, Field(ge=1, le=1000)] | None = Field(None, description="Denoising steps.")
    guidance: Annotated[float, Field(ge=0, le=50)] | None = Field(
        None, description="How closely the prompt is followed (classifier-free guidance scale)."
    )
    scheduler: Text | None = Field(None, description="The sampler: ddim, dpmpp_2m, …")
    dtype: Literal["fp32", "fp16", "bf16"] | None = Field(None, description="Arithmetic of the model.")
    source: Text | None = Field(None, description="An audio file of the project, for a model that takes one.")
    strength: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="How much of the source is made anew: 0 keeps it, 1 ignores it."
    )
    inpaint: SpanBlock | Annotated[list[SpanBlock], Field(min_length=1, max_length=16)] | None = Field(
        None, description="The parts of the source to make anew; the rest stays."
    )
    extend: bool | None = Field(
        None, description="Go beyond the model's longest take, or the source's end, in overlapping windows."
    )
    upscale: bool | None = Field(None, description="Give a dull source the upper half of its spectrum.")
    morph: MorphBlock | None = Field(None, description="Turn into another prompt or audio file.")
    seam: Literal["crossfade", "inpaint"] | None = Field(
        None, description="How a loop is closed: inpaint makes its seam anew, for a model that can."
    )
    say: Text | None = Field(None, description="What is said, word for word, for a model that speaks.")
    voice: Text | None = Field(
        None, description="Who says it: a model's own voice, or a folder or file of the project with samples."
    )
    language: Annotated[str, Field(max_length=40)] | None = Field(
        None, description="The language that it is said in, as in pt-BR, for a model that is told."
    )
    tempo_bpm: Annotated[float, Field(ge=20, le=400)] | None = Field(
        None, description="Of music: beats a minute."
    )
    key: Annotated[str, Field(max_length=40)] | None = Field(
        None, description="Of music: its key, as in A minor."
    )
    melody: Text | None = Field(
        None, description="An audio file of the project whose melody the music follows."
    )
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = Field(
        None, description="Base seed; with a take's number it decides the take's seed."
    )


class LayerFields(ModelFields):
    """One layer of a sound: what makes it, and how it is laid over the others."""

    gain_db: Annotated[float, Field(ge=-60, le=24)] | None = Field(None, description="Its level.")
    delay_s: Annotated[float, Field(ge=0, le=600)] | None = Field(None, description="When it starts.")
    pitch_st: Annotated[float, Field(ge=-24, le=24)] | None = Field(
        None, description="Play it higher and faster, or lower and slower, in semitones."
    )
    lowpass_hz: Hertz | None = Field(None, description="Cut what lies above.")
    highpass_hz: Hertz | None = Field(None, description="Cut what lies below.")


class SoundFields(ModelFields):
    """What may be written under `defaults`, and in a sound."""

    kind: Literal["one_shot", "loop", "music", "dialog"] | None = Field(
        None, description="What the sound is for; decides the mastering and import defaults."
    )
    category: Annotated[str, Field(max_length=80)] | None = Field(
        None, description="footsteps, weapons, ui …: decides the loudness and what takes are refused for."
    )
    variants: Annotated[int, Field(ge=1, le=MAX_VARIANTS)] | None = Field(
        None, description="How many takes to ship."
    )
    harvest: Annotated[int, Field(ge=1, le=MAX_HARVEST)] | None = Field(
        None, description="Cut each generated take of many events into so many takes."
    )
    candidates: Annotated[int, Field(ge=1, le=MAX_CANDIDATES)] | None = Field(
        None, description="Generate so many for each take, and keep the one that is nearest to the prompt."
    )
    take_s: Annotated[float, Field(gt=0, le=600)] | None = Field(
        None,
        description="How long a loop's takes are: the best part of a longer one is the loop, shorter ones are joined.",
    )
    loudness_lufs: Level | None = Field(None, description="Short for master.loudness_lufs.")
    loudness: Literal["measure"] | None = Field(None, description="Short for master.loudness.")
    master: MasterBlock | None = Field(None, description="How takes are mastered.")
    encode: EncodeBlock | None = Field(None, description="How the file is written.")
    gates: GatesBlock | None = Field(None, description="What its takes are refused for.")
    fx_name: Annotated[str, Field(max_length=100)] | None = Field(
        None, description="A name for people, in file names and tags; made of the id if left out."
    )
    cat_id: Annotated[str, Field(max_length=40)] | None = Field(
        None, description="Its CatID in the Universal Category System, if not its category's."
    )
    file_names: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="A template for its file names, if not the project's."
    )


class SoundEntry(SoundFields):
    """One sound, or with `for` a whole matrix of them."""

    for_: dict[str, Annotated[list[str | int | float], Field(min_length=1, max_length=1000)]] | None = Field(
        None, alias="for", description="A matrix: one sound for each combination; fields may use {axis}."
    )
    layers: Annotated[list[LayerFields], Field(min_length=1, max_length=MAX_LAYERS)] | None = Field(
        None, description="Several sounds in one, each of any model, laid over one another."
    )
    extends: Text | None = Field(
        None, description="Take every field that this sound leaves out from that one."
    )
    abstract: bool | None = Field(None, description="Only there to be extended; makes no asset.")
    takes: Annotated[list[TakeNumber], Field(min_length=1, max_length=MAX_VARIANTS)] | None = Field(
        None, description="Ship exactly these takes, in this order, instead of the first ones."
    )
    reject: Annotated[list[TakeNumber], Field(max_length=10_000)] | None = Field(
        None, description="Takes to leave out; the next ones move up."
    )
    frozen: bool | None = Field(None, description="Never generate this sound's takes again.")
    renamed_from: Text | None = Field(
        None, description="The sound's former id: its assets keep their engine ids, so references survive."
    )


class LinesBlock(SoundFields):
    """A line sheet: one sound for each of its lines."""

    sheet: Text = Field(
        description="The CSV file of the project with columns id, speaker, line, direction, language …"
    )
    id: Annotated[str, Field(max_length=200)] | None = Field(
        None,
        description="A template for the sounds' ids, of {id}, {speaker} and {language}; {id} if left out.",
    )
    voices: (
        dict[
            Annotated[str, Field(max_length=200)],
            Text | Annotated[dict[Annotated[str, Field(max_length=40)], Text], Field(min_length=1)],
        ]
        | None
    ) = Field(None, description="Each speaker's voice, or one for each language.")


class SubtitlesBlock(_Block):
    """What `sfxgen subtitles` writes."""

    folder: Text = Field(description="The folder that words and durations are written into.")
    formats: (
        Annotated[list[Literal["csv", "json", "strings", "vtt", "srt"]], Field(min_length=1, max_length=5)]
        | None
    ) = Field(None, description="What is written; csv, the table of all lines, if left out.")


class ProjectBlock(_Block):
    """`sfxgen.yaml`."""

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="The game's name; engine ids are derived from it."
    )
    engine: str | Annotated[list[str], Field(min_length=1)] = Field(
        "files", description="The engine that assets are written for, or a list of them."
    )
    assets: str | dict[str, str] = Field(
        "Audio", description="Folder for the assets; with several engines, a folder for each."
    )
    manifests: Annotated[list[str], Field(min_length=1)] = Field(
        ["Audio/manifests/*.yaml"], description="Where the manifests are (globs)."
    )
    when_unavailable: Literal["error", "draft"] = Field(
        "error", description="What to do where a model cannot run: fail, or let the synthesizer draft."
    )
    licence: Literal["any", "commercial"] = Field(
        "any", description="commercial refuses models whose output a sold game may not ship."
    )
    licences: dict[Annotated[str, Field(max_length=300)], LicenceBlock] | None = Field(
        None, description="The licences of weights of your own, or ones that you have agreed on, by model."
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="Where models run; auto is a GPU, and never the processor unasked."
    )
    store: Text | None = Field(None, description="Folder of the store; default: the user's cache.")
    retries: Annotated[int, Field(ge=0, le=20)] = Field(
        3, description="How often a take that fails a gate is tried again with the next seed."
    )
    ranker: Annotated[str, Field(min_length=1, max_length=200)] = Field(
        RANKER, description="The CLAP that candidates are ranked by: a Hub id, or a folder of the project."
    )
    categories: dict[Annotated[str, Field(max_length=80)], CategoryBlock] | None = Field(
        None, description="Changes to the built-in categories, and categories of your own."
    )
    file_names: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="A template for file names: {name}_{variant:02}, if left out."
    )
    creator: Annotated[str, Field(max_length=40)] | None = Field(
        None, description="Who makes the sounds: for file names and tags."
    )
    subtitles: SubtitlesBlock | None = Field(
        None, description="Where sfxgen subtitles writes what is said, and in which formats."
    )
    defaults: dict[str, Any] | None = Field(None, description="Defaults for all manifests.")


@lru_cache(maxsize=8)
def _with_blocks(
    engines: tuple[tuple[str, type[BaseModel]], ...],
) -> tuple[type[SoundFields], type[SoundEntry], type[LinesBlock]]:
    """Return what defaults, a sound and a sheet may say with these engines' blocks. Kept: it takes 25 ms."""
    blocks: dict[str, Any] = {
        name: (block | None, Field(None, description=f"Import settings for {name}."))
        for name, block in engines
    }
    return (
        create_model("Defaults", __base__=SoundFields, **blocks),
        create_model("Sound", __base__=SoundEntry, **blocks),
        create_model("Lines", __base__=LinesBlock, **blocks),
    )


class Language:
    """The definitions with the installed engines' blocks: what a manifest of this installation may say."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        blocks = {
            name: exporter.block for name, exporter in catalog.exporters.items() if exporter.block is not None
        }
        self.defaults, self.sound, self.lines = _with_blocks(tuple(blocks.items()))
        self.engines = frozenset(catalog.exporters)
        self.blocks = frozenset(blocks)
        self.sound_keys = frozenset(f.alias or name for name, f in self.sound.model_fields.items())

    def check(
        self, definition: type[BaseModel], value: object, at: KeyPath
    ) -> Iterator[tuple[KeyPath, str, str]]:
        """Yield (key path, what is wrong, hint) for everything in a value that its definition forbids."""
        try:
            definition.model_validate(value)
        except ValidationError as error:
            yield from _explained(error, definition, at)

    def project_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of `sfxgen.yaml`."""
        schema = ProjectBlock.model_json_schema()
        schema["properties"]["defaults"] = _or_nothing(self._fields_schema(self.defaults, schema))
        return _finished(schema, "sfxgen.yaml")

    def manifest_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of a manifest."""
        schema: dict[str, Any] = {
            "type": "object",
            "additionalProperties": False,
            "properties": {},
            "$defs": {},
        }
        schema["properties"]["defaults"] = _or_nothing(self._fields_schema(self.defaults, schema))
        sound = self._fields_schema(self.sound, schema)
        schema["properties"]["sounds"] = {
            "type": "object",
            "description": "Sounds by id: a path of letters, digits, - and _; {axis} is a matrix value.",
            "propertyNames": {"pattern": r"^[A-Za-z0-9_{}-]+(/[A-Za-z0-9_{}-]+)*$"},
            "additionalProperties": sound,
        }
        schema["properties"]["lines"] = {
            "type": "array",
            "description": "Line sheets: CSV files of dialog, each line of which becomes a sound.",
            "maxItems": MAX_SHEETS,
            "items": self._fields_schema(self.lines, schema),
        }
        return _finished(schema, "sfxgen manifest")

    def _fields_schema(self, definition: type[BaseModel], into: dict[str, Any]) -> dict[str, Any]:
        fields = definition.model_json_schema(by_alias=True)
        definitions = into.setdefault("$defs", {})
        definitions.update(fields.pop("$defs", {}))
        offered: dict[str, list[dict[str, Any]]] = {}
        for name, adapter in self.catalog.adapters.items():
            for key, schema in adapter.param_schema().items():
                definitions.update(schema.get("$defs", {}))
                definitions[f"{name}.{key}"] = {part: of for part, of in schema.items() if part != "$defs"}
                about = {"description": schema["description"]} if "description" in schema else {}
                offered.setdefault(key, []).append({**about, "$ref": f"#/$defs/{name}.{key}"})
        takers = [fields, definitions["LayerFields"]] if "LayerFields" in definitions else [fields]
        for key, schemas in offered.items():
            for taker in takers:
                about = taker["properties"].get(key, {}).get("description", "")
                offers = {"description": about, "anyOf": schemas}
                taker["properties"][key] = _or_nothing(schemas[0] if len(schemas) == 1 else offers)
        fields["properties"]["model"]["examples"] = sorted(self.catalog.models())
        return fields


def without_wrong(fields: Any, found: Iterable[tuple[KeyPath, str, str]], *, depth: int) -> dict[str, Any]:
    """Return the fields that passed their check, so that the rest can still be looked at.

    `depth` is how many keys lead to the fields in the paths of what was found.
    """
    if not isinstance(fields, dict):
        return {}
    wrong = {path[depth] for path, _, _ in found if len(path) > depth}
    return {key: value for key, value in fields.items() if key not in wrong}


def _explained(
    error: ValidationError, definition: type[BaseModel], at: KeyPath
) -> Iterator[tuple[KeyPath, str, str]]:
    details: dict[KeyPath, list[dict[str, Any]]] = {}
    for detail in error.errors(include_url=False):
        path = tuple(part for part in detail["loc"] if not _is_union_tag(part))
        details.setdefault(path, []).append(dict(detail))
    for path, (first, *others) in details.items():
        within = _definition_at(definition, path[:-1])
        literal = next((detail for detail in others if detail["type"] == "literal_error"), None)
        if first["type"] in _ALTERNATIVES and any(other[: len(path)] == path != other for other in details):
            continue  # `cues: [0.5, x]`: a list was meant, and what is wrong in it is told
        if literal is not None:
            what, hint = _worded_union(first, literal, within)
        elif first["type"] in ("model_type", "model_attributes_type") and path:
            what, hint = _worded_block(first, path, _definition_at(definition, path))
        else:
            what, hint = _worded(first, within)
        yield (*at, *path), what, hint


def _worded_union(
    first: Mapping[str, Any], literal: Mapping[str, Any], within: type[BaseModel] | None
) -> tuple[str, str]:
    """Word what is neither a number or a list, nor the word that may stand for it. Each reports on its own."""
    choices = choices_of(literal)
    if first["type"] not in KINDS:
        return _worded(first, within)
    given = literal.get("input")
    what = f"expected {KINDS[first['type']]} or {' or '.join(choices)}, not {shown(given)}"
    near = nearest(str(given), choices)
    if near:
        return what, f"did you mean '{near}'?"
    return what, type_hint(first["type"], given) if any(map(str.isdigit, str(given))) else ""


def _worded_block(detail: Mapping[str, Any], path: KeyPath, block: type[BaseModel] | None) -> tuple[str, str]:
    """Word a value where a block of keys belongs: the hint shows one that the value could have been meant for."""
    given = detail.get("input")
    what = f"expected a mapping (key: value), not {shown(given)}"
    if block is None or block is LayerFields:
        return what, type_hint("model_type", given)
    meant = next(
        (
            f"{f.alias or name}: {given}"
            for name, f in block.model_fields.items()
            if given in _words(f.annotation)
        ),
        _EXAMPLES.get(block.__name__) or f"{next(iter(block.model_fields))}: …",
    )
    key = path[-1]
    return what, f"write a block, as {f'{key}: ' if isinstance(key, str) else ''}{{ {meant} }}"


def _words(annotation: Any) -> list[str]:
    """Return the words that a key may be: the choices of a literal."""
    return [part for part in _members(annotation) if isinstance(part, str)]


_EXAMPLES = {
    "MasterBlock": "fade_out_ms: 200",
    "EncodeBlock": "format: ogg",
    "GatesBlock": "duplicate: 0.9",
    "CategoryBlock": "loudness_lufs: -20",
    "BandBlock": "frequency_hz: 200, gain_db: -3",
    "CompressorBlock": "ratio: 4",
    "TransientsBlock": "attack_db: 3",
    "ReverbBlock": "decay_s: 1.5",
    "SpanBlock": "from_s: 0.4, to_s: 0.9",
    "MorphBlock": "to: glass breaking",
    "SubtitlesBlock": "folder: Assets/Dialog",
}
"""What a hint shows of a block."""


_UNION_TAGS = {"str", "int", "float", "bool", "SpanBlock"}
_ALTERNATIVES = {"literal_error", "list_type", "model_type", "model_attributes_type"}
"""What is reported of each thing that a key may be, where it is another one of them."""


def _is_union_tag(part: str | int) -> bool:
    return isinstance(part, str) and (
        part in _UNION_TAGS or part.startswith(("literal[", "list[", "dict[", "constrained-", "function-"))
    )


def _definition_at(definition: type[BaseModel], path: KeyPath) -> type[BaseModel] | None:
    """Follow a key path through nested blocks to the one whose keys are in question."""
    here: type[BaseModel] | None = definition
    is_key_of_one_s_own = False  # a category's name under `categories`
    for part in path:
        if here is None:
            return None
        if isinstance(part, int):
            continue
        if is_key_of_one_s_own:
            is_key_of_one_s_own = False
            continue
        field = next((f for name, f in here.model_fields.items() if part in (name, f.alias)), None)
        members = list(_members(field.annotation)) if field else []
        here = next(filter(_is_block, members), None)
        is_key_of_one_s_own = any(get_origin(member) is dict for member in members)
    return here


def _is_block(annotation: Any) -> bool:
    return (
        isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, BaseModel)
    )


def _members(annotation: Any) -> Iterator[Any]:
    """Yield the types in an annotation: of `list[Block] | None` the list, what it holds, and nothing."""
    yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _members(inner)


def _worded(detail: Mapping[str, Any], within: type[BaseModel] | None) -> tuple[str, str]:
    """Word what pydantic found. Where something belongs that stands elsewhere, the hint says so."""
    kind, given = detail["type"], detail.get("input")
    if kind == "extra_forbidden":
        return _worded_stranger(str(detail["loc"][-1]), given, within)
    if kind == "float_type" and given == "off" and within is GatesBlock:
        return "cannot be switched off", "write a number, or leave it out"
    return worded(detail, within)


ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    "audio_length_in_s": ("duration_s",),
    "bpm": ("tempo_bpm",),
    "cfg": ("guidance",),
    "cfg_coef": ("guidance",),
    "cfg_scale": ("guidance",),
    "ddim_steps": ("steps",),
    "guidance_scale": ("guidance",),
    "history_prompt": ("voice",),
    "init_audio": ("source",),
    "length": ("duration_s",),
    "negative_prompt": ("negative",),
    "num_inference_steps": ("steps",),
    "sampler": ("scheduler",),
    "seconds": ("duration_s",),
    "text": ("prompt", "say"),
    "voice_preset": ("voice",),
}
"""What other programs call our keys."""


def _worded_stranger(key: str, given: object, within: type[BaseModel] | None) -> tuple[str, str]:
    """Word a key that its block has not: where it belongs, if it is another's, or the nearest that there is."""
    what = "unknown key"
    if within is None:
        return what, ""
    if within is LayerFields and key in SoundEntry.model_fields:
        return "is no key of a layer", "write it in the sound, beside layers"
    if within is LayerFields and key in {*MasterBlock.model_fields, *EncodeBlock.model_fields}:
        block = "master" if key in MasterBlock.model_fields else "encode"
        return "is no key of a layer", f"write it in the sound, beside layers: {_in_block(block, key, given)}"
    below = (
        name
        for name, field in within.model_fields.items()
        for block in get_args(field.annotation)
        if _is_block(block) and key in block.model_fields
    )
    for name in below:
        return what, f"write it under {_in_block(name, key, given)}"
    if within is ProjectBlock and key in SoundFields.model_fields:
        return what, f"write it under {_in_block('defaults', key, given)}"
    if issubclass(within, SoundFields) and key in ProjectBlock.model_fields and key != "name":
        return what, "it belongs in sfxgen.yaml"
    if within in (MasterBlock, EncodeBlock, GatesBlock):
        for name, other in (("master", MasterBlock), ("encode", EncodeBlock), ("gates", GatesBlock)):
            if key in other.model_fields:
                return what, f"write it under {_in_block(name, key, given)}"
        if key in SoundEntry.model_fields:
            return what, "write it in the sound, beside this block"
    if " " in key and given is None:
        return what, 'text that holds a comma is quoted inside { }: prompt: "one, two"'
    meant = [ours for ours in ELSEWHERE.get(key.lower().replace("-", "_"), ()) if ours in within.model_fields]
    if meant:
        return what, "did you mean " + " or ".join(f"'{ours}'" for ours in meant) + "?"
    return what, did_you_mean(key, [f.alias or name for name, f in within.model_fields.items()])


def _in_block(block: str, key: str, given: object) -> str:
    """Write a key as it stands in the block that it belongs in."""
    value = shown(given).strip("'") if isinstance(given, bool | int | float | str) else "…"
    return f"{block}: {{ {key}: {value} }}"


def _finished(schema: dict[str, Any], title: str) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **_tidy(schema)}


def _tidy(node: Any) -> Any:
    """Drop what pydantic adds and nobody needs: titles, defaults of nothing, a union around one type and null."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    tidied = {
        key: _tidy(value)
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }
    options = tidied.get("anyOf", ())
    if len(options) == 2 and options[1] == _NULL and "type" in options[0]:
        tidied.pop("anyOf")
        tidied = {**_or_nothing(options[0]), **tidied}
    return tidied


_NULL = {"type": "null"}


def _or_nothing(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Let a key stand without a value, which takes the layer below away."""
    if "anyOf" in schema or not isinstance(schema.get("type"), str):
        described = {key: value for key, value in schema.items() if key == "description"}
        return {**described, "anyOf": [dict(schema), _NULL]}
    choices = schema["enum"] if "enum" in schema else [schema["const"]] if "const" in schema else []
    options = {"enum": [*choices, None]} if choices else {}
    return {
        **{key: value for key, value in schema.items() if key != "const"},
        **options,
        "type": [schema["type"], "null"],
    }
