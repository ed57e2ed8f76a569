"""Tortoise TTS (Betker, 2023): English speech in the voice of a few recorded samples. Light.

The package pins libraries that cannot live beside ours, so it runs in an environment of its own
(`sfxgen models install tortoise`) as a program that speaks the protocol of docs/exec.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sfxgen.contracts import Complaint, ModelInfo, ProjectFiles, Session, Surroundings
from sfxgen.errors import ModelUnavailable, ProjectError
from sfxgen.events import ModelLoading, OnEvent
from sfxgen.models import complaints as complain
from sfxgen.models import weights
from sfxgen.models.digests import file_digest
from sfxgen.models.environments import Environment, log_file, python_of
from sfxgen.models.weighted import Weighted

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue, Kind

RATE = 24000
MAX_S = 23.2
"""The longest it speaks: 500 codes of 1,024 samples at 22,050 Hz."""
MAX_CHARACTERS = 398
"""It hears fewer than 400 tokens, and a token is a character or more."""
MAX_SAMPLES = 10
SAMPLE_SUFFIXES = (".wav", ".mp3")

FILES = ("autoregressive.pth", "diffusion_decoder.pth", "clvp2.pth", "vocoder.pth")
RANDOM_FILES = ("rlg_auto.pth", "rlg_diffuser.pth")
"""Weights that make voices up; they are small."""
CONFIG = "config.json"

RANDOM = "random"
VOICES = (
    "angie", "applejack", "daniel", "deniro", "emma", "freeman", "geralt", "halle", "jlaw", "lj", "mol", "myself", "pat",
    "pat2", "rainbow", "snakes", "tim_reynolds", "tom", "train_atkins", "train_daws", "train_dotrice", "train_dreams",
    "train_empire", "train_grace", "train_kennard", "train_lescault", "train_mouse", "weaver", "william", RANDOM,
)  # fmt: skip
"""What the package brings, and `random`: another voice for every seed."""

PRESETS: Mapping[str, Mapping[str, float]] = {
    "ultra_fast": {"samples": 16, "steps": 30, "guidance": 0.0},
    "fast": {"samples": 96, "steps": 80, "guidance": 2.0},
    "standard": {"samples": 256, "steps": 200, "guidance": 2.0},
    "high_quality": {"samples": 256, "steps": 400, "guidance": 2.0},
}
"""The package's own: how many readings are tried, of which the best is kept, and how the best becomes sound."""

SETTINGS: Mapping[str, tuple[float, float, float]] = {
    "temperature": (0.8, 0.1, 2.0),
    "top_p": (0.8, 0.01, 1.0),
    "repetition_penalty": (2.0, 1.0, 20.0),
    "length_penalty": (1.0, 0.0, 20.0),
    "diffusion_temperature": (1.0, 0.0, 1.0),
    "max_s": (MAX_S, 0.5, MAX_S),
}
"""Other parameters: default, least, most."""
COUNTS: Mapping[str, tuple[int, int]] = {"samples": (1, 512), "batch": (1, 64)}
BATCHES = (16, 8, 4, 2, 1)

ENVIRONMENT = Environment(
    name="tortoise",
    pythons=("3.11",),
    requirements=(
        "tortoise-tts==3.0.0", "torch==2.13.0", "torchaudio==2.11.0", "transformers==4.31.0", "tokenizers==0.13.3",
        "numpy==1.26.4", "scipy==1.15.3", "librosa==0.11.0", "numba==0.61.2", "llvmlite==0.44.0", "soundfile==0.14.0",
        "soxr==1.1.0", "scikit-learn==1.7.2", "joblib==1.6.0", "threadpoolctl==3.8.0", "audioread==3.1.0", "pooch==1.9.0",
        "huggingface-hub==0.36.2", "safetensors==0.8.0", "rotary-embedding-torch==0.9.1", "einops==0.8.2",
        "inflect==7.5.0", "progressbar==2.5", "unidecode==1.4.0", "tqdm==4.70.1", "requests==2.34.2", "pyyaml==6.0.3",
    ),
    after="""
import pathlib, sysconfig, torch
if torch.version.cuda is None:
    # torchaudio's compiled part wants CUDA's libraries; without it, its Python part is all that is needed.
    libraries = pathlib.Path(sysconfig.get_paths()["purelib"], "torchaudio", "lib")
    for file in [*libraries.glob("*.so"), *libraries.glob("*.pyd")]:
        file.unlink()
import tortoise.api
""",
)  # fmt: skip


class TortoiseAdapter(Weighted):
    """The adapter. See `sfxgen.contracts.Adapter`."""

    name = "tortoise"
    version = 1
    title = "Tortoise TTS"
    models = (
        ModelInfo(
            name="tortoise",
            adapter="tortoise",
            where="Manmay/tortoise-tts",
            licence="Apache-2.0 (the package; the weights' own licence is not confirmed)",
            licence_url="https://github.com/neonbjb/tortoise-tts/blob/main/LICENSE",
            commercial="conditions",
            sample_rate=RATE,
            channels=1,
            max_duration_s=MAX_S,
            accepts=frozenset({"say", "voice", "preset", "steps", "guidance", "params"}),
            defaults={"voice": RANDOM, "preset": "fast"},
            needs_gpu=True,
            download_mb=4000,
            summary="English speech in the voice of samples, in an environment of its own",
        ),
    )
    layouts: Mapping[str, tuple[str, ...]] = {}

    def with_files(
        self, keys: Mapping[str, JsonValue], files: ProjectFiles
    ) -> tuple[dict[str, JsonValue], list[Complaint]]:
        """Return the keys with the samples of a voice that is a file or folder of the project."""
        voice = str(keys.get("voice") or RANDOM)
        if voice in VOICES:
            return dict(keys), []
        if not voice.endswith(SAMPLE_SUFFIXES) and "/" not in voice:
            close = get_close_matches(voice, VOICES, n=1)
            hint = (
                f"did you mean {close[0]}?"
                if close
                else f"a folder with samples, or one of {', '.join(VOICES)}"
            )
            try:
                files.names(voice)
            except ProjectError:
                return dict(keys), [Complaint("voice", f"tortoise knows no voice {voice!r}", hint)]
        try:
            names = [voice]
            if not voice.endswith(SAMPLE_SUFFIXES):
                names = [f"{voice}/{name}" for name in files.names(voice) if name.endswith(SAMPLE_SUFFIXES)]
            if not 1 <= len(names) <= MAX_SAMPLES:
                what = f"'{voice}' has {len(names)} samples ({', '.join(SAMPLE_SUFFIXES)})"
                return dict(keys), [
                    Complaint("voice", what, f"1 to {MAX_SAMPLES} of about 10 s each will do")
                ]
            samples = [{"path": name, "sha256": files.digest(name)} for name in names]
        except ProjectError as error:
            return dict(keys), [Complaint("voice", error.message, error.hint)]
        return {**keys, "samples": samples}, []

    def complaints(
        self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind
    ) -> Iterator[Complaint]:
        """Yield what is wrong with a sound's keys."""
        del info
        say = str(keys.get("say") or "")
        if not say.strip():
            yield Complaint("say", "is empty", "write what is said")
        if "[" in say:
            yield Complaint("say", "text in [brackets] would be spoken like the rest", "leave it out")
        yield from complain.too_long(keys, ("say",), MAX_CHARACTERS)
        if kind == "loop":
            yield Complaint("kind", "what is said is no loop", "write kind: dialog")
        yield from complain.unknown(keys, "preset", tuple(PRESETS), "tortoise")
        params = keys.get("params") or {}
        for name, value in params.items():
            if name not in (*SETTINGS, *COUNTS):
                known = ", ".join((*COUNTS, *SETTINGS))
                yield Complaint(f"params.{name}", "is no parameter of tortoise", f"one of: {known}")
            elif isinstance(value, bool) or not isinstance(value, (int,) if name in COUNTS else (int, float)):
                yield Complaint(
                    f"params.{name}", f"{value!r} is no {'whole ' if name in COUNTS else ''}number"
                )
            else:
                low, high = COUNTS[name] if name in COUNTS else SETTINGS[name][1:]
                for found in complain.outside(params, name, low, high):
                    yield Complaint(f"params.{name}", found.what, found.hint)
        if keys.get("preset") in PRESETS and "batch" in params:
            samples = params.get("samples", PRESETS[keys["preset"]]["samples"])
            if (
                all(isinstance(n, int) and n > 0 for n in (samples, params["batch"]))
                and samples % params["batch"]
            ):
                yield Complaint("params.batch", f"{params['batch']} does not divide {samples} samples")

    def params(self, info: ModelInfo, keys: Mapping[str, JsonValue], *, kind: Kind) -> dict[str, JsonValue]:
        """Return what is said, the voice, and every setting: a preset is only a name for some of them."""
        del info, kind
        settings: dict[str, JsonValue] = {name: default for name, (default, _, _) in SETTINGS.items()}
        settings |= PRESETS[keys["preset"]]
        settings |= {name: keys[name] for name in ("steps", "guidance") if keys.get(name) is not None}
        settings |= keys.get("params") or {}
        settings.setdefault("batch", next(n for n in BATCHES if settings["samples"] % n == 0))
        voice = {"samples": keys["samples"]} if keys.get("samples") else {"voice": keys["voice"]}
        return {"say": keys["say"], **voice, "params": settings}

    def revision(self, info: ModelInfo, around: Surroundings) -> str | None:
        """Return a project folder's digest, else the pinned revision, else the commit named or in the cache."""
        try:
            folder = weights.project_folder(info.where, around.root)
            if folder is not None:
                return _digest(folder)
        except (ModelUnavailable, OSError):
            return around.pinned
        hub = weights.hub_id(info.where)
        if around.pinned is not None or hub is None:
            return around.pinned
        return weights.cached_revision(hub.repo, hub.revision)

    def unavailable(self, info: ModelInfo, around: Surroundings) -> ModelUnavailable | None:
        """Return what is missing, in the order in which a person would mend it, or None. Starts nothing."""
        if python_of(ENVIRONMENT) is None:
            return ModelUnavailable(
                f"{info.name} runs in an environment of its own, and this machine has none for it",
                hint="sfxgen models install tortoise",
            )
        try:
            folder = _folder(info, around)
        except ModelUnavailable as error:
            return error
        missing = self.missing_files(folder)
        if missing:
            hint = "they are the files of Manmay/tortoise-tts on the Hugging Face Hub; for Git LFS, run `git lfs pull`"
            return ModelUnavailable(f"{info.name}: {', '.join(missing)} not in {info.where}", hint=hint)
        if find_spec("torch") is None:
            return None  # the program finds out
        return self._device_problem(info, around)

    def wanted_files(self, names: Iterable[str]) -> list[str]:
        """Return what to download of a repository with these files."""
        return sorted({*names} & {*FILES, *RANDOM_FILES, CONFIG})

    def missing_files(self, folder: Path) -> list[str]:
        """Return what loading needs and a folder does not have, whole."""
        return [name for name in (*FILES, *RANDOM_FILES) if not _is_whole(folder / name)]

    def load(self, info: ModelInfo, around: Surroundings, *, on_event: OnEvent) -> Session:
        """Start the program over the weights. Raises ModelUnavailable, or ModelError for damaged weights."""
        problem = self.unavailable(info, around)
        if problem is not None:
            raise problem
        from sfxgen.models.exec_session import ExecSession, Program

        folder = _folder(info, around)
        worker = Path(__file__).with_name("tortoise_worker.py")
        words = ("--weights", str(folder.resolve()), "--device", around.device)
        offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
        on_event(ModelLoading(info.name, around.device))
        return ExecSession(
            Program(
                model=info.name,
                argv=(str(python_of(ENVIRONMENT)), "-I", str(worker), *words),
                folder=folder,
                root=around.root,
                sample_rate=RATE,
                channels=1,
                max_frames=round(MAX_S * RATE),
                device=around.device,
                start_s=900.0,
                silence_s=3600.0,
                variables=offline | ({"CUDA_VISIBLE_DEVICES": ""} if around.device == "cpu" else {}),
                log=log_file(info.name),
            )
        )


def _folder(info: ModelInfo, around: Surroundings) -> Path:
    """Return the folder of the weights. Raises ModelUnavailable where this disk has none."""
    folder = weights.project_folder(info.where, around.root)
    hub = weights.hub_id(info.where)
    if folder is not None:
        return folder
    if hub is None:
        raise ModelUnavailable(f"{info.name}: there is no folder {info.where} in the project")
    commit = weights.cached_revision(hub.repo, around.pinned or hub.revision)
    if commit is None:
        hint = f"sfxgen models fetch {info.name}"
        raise ModelUnavailable(f"{info.name}: its weights are not on this machine", hint=hint)
    return weights.repo_cache(hub.repo) / "snapshots" / commit


def _digest(folder: Path) -> str:
    """Return "sha256:…" over the files that are loaded."""
    digest = hashlib.sha256()
    for name in (*FILES, *RANDOM_FILES, CONFIG):
        if (folder / name).is_file():
            digest.update(f"{name}\0{file_digest(folder / name)}\n".encode())
    return f"sha256:{digest.hexdigest()}"


def _is_whole(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            start = stream.read(len(weights.LFS_POINTER))
    except OSError:
        return False
    return bool(start) and start != weights.LFS_POINTER


adapter = TortoiseAdapter()
