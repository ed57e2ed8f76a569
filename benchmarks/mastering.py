"""What mastering costs: CPU and wall seconds for some hundred clips to WAV and OGG, beside what others would do it with.

    python benchmarks/mastering.py            sfxgen, sox, a pydub script, a two-pass ffmpeg script, ffmpeg-normalize
    python benchmarks/mastering.py --check    exits with 1 below what we promise

Each tool brings the same clips of 2 s to 48 kHz mono, trimmed, faded, at -23 LUFS under -1 dBTP (at a peak of -1 dBFS
where it knows no loudness), as a WAV and an OGG Vorbis of quality 6, with so many workers. CPU seconds are those of all
processes that it runs, their start included. What is not installed is left out: see README.md.
"""

from __future__ import annotations

import os

# Before numpy is there: the workers are the only threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import functools
import importlib
import inspect
import json
import pkgutil
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CLIP_S = 2.0
RATES = (16000, 22050, 32000, 44100)
TARGET_LUFS, CEILING_DBTP = -23.0, -1.0
WITHIN_DB = 0.1
SHOWN_FROM_S = 5e-6
OGG_QUALITY = 0.6
TRIM_BELOW_DB = -60

PEERS = ("sfxgen", "sox", "pydub", "ffmpeg", "ffmpeg-normalize")
LEVELS = dict(zip(PEERS, ("own meter", "sample peak", "sample peak", "loudnorm", "loudnorm"), strict=True))
PROMISED_OVER_FFMPEG_NORMALIZE = 30.0
PROMISED_OUTSIDE_OGG = 1 / 3


def make_clips(folder: Path, count: int) -> None:
    """Write takes as a model might give them: events within 2 s, silence or a noise bed around them."""
    import soundfile

    from sfxgen.audio.clip import mono
    from sfxgen.audio.resample import resample
    from sfxgen.models.synth import adapter
    from sfxgen.models.synth.parameters import SAMPLE_RATE
    from sfxgen.models.synth.presets import PRESETS
    from sfxgen.models.synth.session import rendered
    from sfxgen.recipe import Recipe

    chance = np.random.Generator(np.random.PCG64(23))
    names = sorted(PRESETS)

    def sound(name: str, take: int, span_s: float) -> NDArray[np.float64]:
        duration_s = span_s if PRESETS[name].sustained else None
        keys: dict[str, object] = {"preset": name, "params": {}, "duration_s": duration_s}
        recipe = Recipe(
            model="synth",
            revision=None,
            adapter_version=adapter.version,
            base_seed=23,
            take=take,
            duration_s=duration_s,
            params=adapter.params(adapter.models[0], keys, kind="one_shot"),
        )
        folded: NDArray[np.float64] = rendered(recipe).mean(axis=1, dtype=np.float64)
        return folded

    for number in range(count):
        span_s = float(chance.uniform(0.4, 1.8))
        start, span = int(chance.uniform(0.02, 1.9 - span_s) * SAMPLE_RATE), int(span_s * SAMPLE_RATE)
        samples = np.zeros(round(CLIP_S * SAMPLE_RATE))
        at = 0
        while at < span:  # a short sound again and again, until the span is full
            event = sound(str(chance.choice(names)), number + 1, span_s)[: span - at]
            samples[start + at : start + at + len(event)] += event
            at += len(event)
        peak = float(np.abs(samples).max())
        samples *= 10 ** (chance.uniform(-20, -1) / 20) / max(peak, 1e-6)
        if number % 2:
            bed_db = chance.uniform(-65, -45)
            samples += 10 ** (bed_db / 20) * np.abs(samples).max() * chance.standard_normal(samples.size)
        clip = resample(mono(samples, SAMPLE_RATE), RATES[number % len(RATES)])
        at_most_one = np.clip(clip.samples, -1, 1)
        soundfile.write(folder / f"{number:04}.wav", at_most_one, clip.sample_rate, subtype="PCM_16")


class Stopwatch:
    """CPU seconds of what is wrapped, by label, each without what is wrapped inside it."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._inner = threading.local()
        self._lock = threading.Lock()

    def wrap(self, label: Callable[..., str] | str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            inner: list[float] = self._inner.__dict__.setdefault("stack", [])
            inner.append(0.0)
            began = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                took = time.thread_time() - began
                own = took - inner.pop()
                if inner:
                    inner[-1] += took
                with self._lock:
                    self.spent[label if isinstance(label, str) else label(*args)] += own

        return timed


UNTIMED = {"recursion", "products", "filters", "clip"}
"""Modules whose time is their callers'."""


def watch_sfxgen() -> Stopwatch:
    """Time every public function of sfxgen.audio, wherever it is imported by name, and libsndfile by format."""
    import soundfile

    import sfxgen.audio
    import sfxgen.mastering

    watch = Stopwatch()
    found: dict[Any, Callable[..., Any]] = {}
    for module in pkgutil.iter_modules(sfxgen.audio.__path__):
        if module.name in UNTIMED:
            continue
        loaded = importlib.import_module(f"sfxgen.audio.{module.name}")
        for name, function in vars(loaded).items():
            is_own = inspect.isfunction(function) and function.__module__ == loaded.__name__
            if is_own and not name.startswith("_"):
                found[function] = watch.wrap(f"{module.name}.{name}", function)
    found[sfxgen.mastering.master] = watch.wrap("mastering.master", sfxgen.mastering.master)
    for loaded_name, loaded in list(sys.modules.items()):
        if loaded_name.startswith("sfxgen"):
            for name, value in list(vars(loaded).items()):
                if inspect.isfunction(value) and value in found:
                    setattr(loaded, name, found[value])

    def by_format(file: Any, *_: Any) -> str:
        return f"libsndfile: {getattr(file, 'format', '?')} {'read' if file.mode == 'r' else 'write'}"

    for method in ("__init__", "write", "read", "close"):
        setattr(soundfile.SoundFile, method, watch.wrap(by_format, getattr(soundfile.SoundFile, method)))
    return watch


def run_sfxgen(clips: Path, out: Path, workers: int) -> None:
    """Do what a build does once a take is there, timed inside; for a process of its own."""
    from sfxgen import mastering
    from sfxgen.audio import codec, delivery
    from sfxgen.audio.memory import keep_freed_pages
    from sfxgen.errors import SfxgenError
    from sfxgen.recipe import Encoding, Mastering

    keep_freed_pages()
    watch = watch_sfxgen()
    settings = Mastering(loudness_lufs=TARGET_LUFS, true_peak_dbtp=CEILING_DBTP)
    encodings = [Encoding(format="wav"), Encoding(format="ogg", quality=OGG_QUALITY)]

    def one(path: Path) -> float:
        began = time.thread_time()
        try:
            mastered = mastering.master(codec.read(path), settings)
        except SfxgenError as error:
            print(f"{path.stem}: not mastered: {error}", file=sys.stderr)
            return time.thread_time() - began
        for encoding in encodings:
            delivered = delivery.deliver(
                mastered.clip,
                encoding,
                ceiling_dbtp=CEILING_DBTP,
                dither_key=path.stem,
                target_lufs=TARGET_LUFS,
                measure=mastered.measurement.loudness_measure,
                measured=mastered.measurement.as_json(),
            )
            (out / f"{path.stem}.{encoding.format}").write_bytes(delivered.content)
        return time.thread_time() - began

    with ThreadPoolExecutor(workers) as pool:
        in_workers_s = sum(pool.map(one, sorted(clips.iterdir())))
    print(json.dumps({"in_workers_s": in_workers_s, "spent": watch.spent}))


PYDUB_PROGRAM = """
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from pydub import AudioSegment
from pydub.effects import normalize
from pydub.silence import detect_leading_silence

clips, out, workers, below_db = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
AudioSegment.converter = sys.argv[5]

def one(path):
    sound = AudioSegment.from_file(path).set_channels(1).set_frame_rate(48000)
    start = detect_leading_silence(sound, below_db, chunk_size=5)
    end = len(sound) - detect_leading_silence(sound.reverse(), below_db, chunk_size=5)
    sound = normalize(sound[start:end], headroom=1.0).fade_in(1).fade_out(10)
    sound.export(out / f"{path.stem}.wav", format="wav").close()
    sound.export(out / f"{path.stem}.ogg", format="ogg", codec="libvorbis", parameters=["-q:a", "6"]).close()

if __name__ == "__main__":
    with ProcessPoolExecutor(workers) as pool:
        list(pool.map(one, sorted(clips.iterdir())))
"""


def command(name: str) -> str | None:
    """Where a tool is: where the environment variable of its name points, or on the PATH."""
    return shutil.which(os.environ.get(name.upper().replace("-", "_")) or name)


def quiet(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


def in_workers(one: Callable[[Any], None], work: Iterable[Any], workers: int) -> None:
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(one, work))


def run_sox(clips: Path, out: Path, workers: int) -> None:
    """Run sox twice a clip: all effects to the WAV, then the OGG from it. It levels peaks, not loudness."""
    threshold = f"{TRIM_BELOW_DB}d"
    ends = (
        f"silence 1 0.005 {threshold} fade t 0.001 reverse silence 1 0.005 {threshold} fade t 0.010 reverse"
    )

    def one(path: Path) -> None:
        wav = out / path.name
        quiet(command("sox"), path, "-b", 16, wav, "rate", 48000, *ends.split(), "gain", "-n", CEILING_DBTP)
        quiet(command("sox"), wav, "-C", round(10 * OGG_QUALITY), wav.with_suffix(".ogg"))

    in_workers(one, sorted(clips.iterdir()), workers)


SILENCE = f"silenceremove=start_periods=1:start_threshold={TRIM_BELOW_DB}dB:start_silence=0.005"
ENDS = f"{SILENCE},areverse,{SILENCE},areverse"
FADES = "afade=d=0.001,areverse,afade=d=0.010,areverse"


def run_ffmpeg(clips: Path, out: Path, workers: int) -> None:
    """Run ffmpeg twice a clip: loudnorm to measure, then loudnorm with what it measured, to both files at once."""
    target = f"loudnorm=I={TARGET_LUFS}:TP={CEILING_DBTP}:LRA=20"
    names = {
        "measured_I": "input_i",
        "measured_TP": "input_tp",
        "measured_LRA": "input_lra",
        "measured_thresh": "input_thresh",
        "offset": "target_offset",
    }

    def one(path: Path) -> None:
        ffmpeg = (command("ffmpeg"), "-hide_banner", "-nostdin", "-y", "-i", path)
        first = quiet(*ffmpeg, "-af", f"{ENDS},{target}:print_format=json", "-f", "null", "-")
        found = re.search(r"\{[^{}]*\}", first.stderr)
        measured = json.loads(found[0]) if found else {}
        second = ":".join(f"{ours}={measured[theirs]}" for ours, theirs in names.items() if measured)
        level = "anull" if "inf" in second or not second else f"{target}:linear=true:{second}"
        graph = f"{ENDS},{level},aresample=48000,{FADES},asplit[a][b]"
        wav = out / path.name
        to_wav = ("-map", "[a]", "-ac", 1, "-c:a", "pcm_s16le", wav)
        to_ogg = ("-map", "[b]", "-ac", 1, "-c:a", "libvorbis", "-q:a", 10 * OGG_QUALITY)
        quiet(*ffmpeg, "-filter_complex", graph, *to_wav, *to_ogg, wav.with_suffix(".ogg"))

    in_workers(one, sorted(clips.iterdir()), workers)


def run_ffmpeg_normalize(clips: Path, out: Path, workers: int) -> None:
    """Run ffmpeg-normalize over each worker's share of the clips, once a format: it writes one at a time."""
    levels = ("-t", TARGET_LUFS, "-tp", CEILING_DBTP, "--keep-loudness-range-target")
    filters = ("-prf", ENDS, "-pof", FADES, "-ar", 48000, "-ac", 1)
    codecs = {"wav": ["-c:a", "pcm_s16le"], "ogg": ["-c:a", "libvorbis", f"-e=-q:a {10 * OGG_QUALITY:g}"]}

    os.environ["FFMPEG_PATH"] = str(command("ffmpeg"))

    def share(paths: Sequence[Path]) -> None:
        for suffix, codec in codecs.items():
            to = ("-of", out, "-ext", suffix, "-f", "-q")
            quiet(command("ffmpeg-normalize"), *paths, *to, *levels, *filters, *codec)

    paths = sorted(clips.iterdir())
    in_workers(share, [paths[first::workers] for first in range(workers)], workers)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a tool took for so many clips."""

    clips: int
    cpu_s: float
    wall_s: float
    said: str = ""

    def a_clip_ms(self) -> float:
        return 1000 * self.cpu_s / self.clips


def cost_of(name: str, clips: Path, out: Path, workers: int) -> Cost:
    """Run a tool over the clips. Its CPU seconds are its processes', not those that this one takes to start them."""
    in_this_process = {"sox": run_sox, "ffmpeg": run_ffmpeg, "ffmpeg-normalize": run_ffmpeg_normalize}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    said = ""
    if name in in_this_process:
        in_this_process[name](clips, out, workers)
    elif name == "pydub":
        words = [sys.executable, "-c", PYDUB_PROGRAM, clips, out, workers, TRIM_BELOW_DB, command("ffmpeg")]
        subprocess.run([str(word) for word in words], check=True)
    else:
        words = [sys.executable, __file__, "--workers", workers, "--only-sfxgen", clips, out]
        said = subprocess.run(
            [str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True
        ).stdout
    wall_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Cost(len(list(clips.iterdir())), cpu_s, wall_s, said)


@dataclass(frozen=True, slots=True)
class Quality:
    """What was delivered in one format, as shares of the files that were asked for, and the mean length.

    On target: within 0.1 LU of it, or below it and at the ceiling, by libebur128's integrated loudness, and by our
    measure of one-shots (the loudest 400 ms). Over the ceiling: a true peak more than 0.1 dB above it, by libebur128.
    """

    on_integrated: float
    on_one_shot: float
    over_ceiling: float
    missing: float
    mean_s: float


def quality_of(paths: Sequence[Path], expected: int) -> Quality:
    import pyebur128
    import soundfile

    from sfxgen.audio.clip import Clip
    from sfxgen.audio.loudness import measure_loudness

    modes = pyebur128.MeasurementMode.MODE_I | pyebur128.MeasurementMode.MODE_TRUE_PEAK
    rows = []
    for path in paths:
        try:
            samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            continue
        if not len(samples):
            continue
        state = pyebur128.R128State(samples.shape[1], rate, modes)
        state.add_frames(samples.reshape(-1).copy(), len(samples))
        peak_dbtp = 20 * np.log10(max(pyebur128.get_true_peak(state, 0), 1e-9))
        integrated, one_shot = pyebur128.get_loudness_global(state), measure_loudness(Clip(samples, rate))[0]
        is_at_ceiling = abs(peak_dbtp - CEILING_DBTP) <= WITHIN_DB
        on_target = [
            lufs is not None
            and lufs <= TARGET_LUFS + WITHIN_DB
            and (is_at_ceiling or lufs >= TARGET_LUFS - WITHIN_DB)
            for lufs in (integrated, one_shot)
        ]
        rows.append((*on_target, peak_dbtp > CEILING_DBTP + WITHIN_DB, len(samples) / rate))
    sums = np.array(rows, float).reshape(-1, 4).sum(axis=0)
    on_integrated, on_one_shot, over = (float(count) / expected for count in sums[:3])
    mean_s = float(sums[3]) / max(1, len(rows))
    return Quality(on_integrated, on_one_shot, over, 1 - len(rows) / expected, mean_s)


def breakdown(cost: Cost) -> float:
    """Print where sfxgen's CPU goes, in ms a clip. Returns the share outside the OGG encoder."""
    told = json.loads(cost.said)
    spent: dict[str, float] = told["spent"]
    parts = {label: seconds for label, seconds in spent.items() if seconds / cost.clips > SHOWN_FROM_S}
    parts["other code in the workers"] = told["in_workers_s"] - sum(spent.values())
    parts["start, imports and hand-over"] = cost.cpu_s - told["in_workers_s"]
    print("\nsfxgen, CPU ms a clip, each line without the lines that it calls")
    for label, seconds in sorted(parts.items(), key=lambda part: -part[1]):
        print(f"  {label:40} {1000 * seconds / cost.clips:8.3f} {seconds / cost.cpu_s:6.1%}")
    outside = 1 - spent["libsndfile: OGG write"] / cost.cpu_s
    print(
        f"outside the OGG encoder: {outside:.1%} of all ({1000 * outside * cost.cpu_s / cost.clips:.2f} ms)"
    )
    return outside


def installed(names: Sequence[str]) -> list[str]:
    """Which of the tools are here; a line for each that is not."""
    here = []
    for name in names:
        needed = {"sfxgen": [], "pydub": ["ffmpeg"], "ffmpeg-normalize": ["ffmpeg", name]}.get(name, [name])
        lacking = [tool for tool in needed if command(tool) is None]
        if lacking:
            print(f"{name}: left out, no {' and no '.join(lacking)} here")
        else:
            here.append(name)
    return here


def print_costs(costs: dict[str, Cost]) -> None:
    ours = costs["sfxgen"].a_clip_ms() if "sfxgen" in costs else float("nan")
    print(f"\n{'':16} {'clips':>6} {'CPU s':>8} {'wall s':>8} {'CPU ms a clip':>14} {'x sfxgen':>9}")
    for name, cost in costs.items():
        ms = cost.a_clip_ms()
        print(f"{name:16} {cost.clips:6} {cost.cpu_s:8.2f} {cost.wall_s:8.2f} {ms:14.2f} {ms / ours:9.2f}")


def print_qualities(qualities: dict[tuple[str, str], Quality]) -> None:
    print(
        f"\n{'':16} {'format':6} {'levels by':14} {'on LUFS-I':>9} {'on one-shot':>11} {'over peak':>9}"
        f" {'missing':>8} {'mean s':>6}"
    )
    for (name, suffix), made in qualities.items():
        print(
            f"{name:16} {suffix:6} {LEVELS[name]:14} {made.on_integrated:9.1%} {made.on_one_shot:11.1%}"
            f" {made.over_ceiling:9.1%} {made.missing:8.1%} {made.mean_s:6.2f}"
        )


def broken_promises(costs: dict[str, Cost], outside: float) -> list[str]:
    """What is promised and was not kept; a line for what could not be compared."""
    ours, broken = costs["sfxgen"].a_clip_ms(), []
    for name, factor in (("ffmpeg-normalize", PROMISED_OVER_FFMPEG_NORMALIZE), ("sox", 1.0)):
        if name not in costs:
            print(f"not checked: {factor:g} times {name}")
        elif ours * factor > costs[name].a_clip_ms():
            broken.append(f"{costs[name].a_clip_ms() / ours:.2f} times {name}, promised {factor:g}")
    if outside > PROMISED_OUTSIDE_OGG:
        broken.append(f"{outside:.1%} outside the OGG encoder, promised {PROMISED_OUTSIDE_OGG:.1%}")
    return broken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--clips", type=int, default=500, help="how many clips (500)")
    parser.add_argument("--peers", default=",".join(PEERS), help="which tools, with commas between")
    parser.add_argument("--workers", type=int, default=2, help="how many at once (2)")
    parser.add_argument(
        "--normalize-clips", type=int, help="fewer clips for ffmpeg-normalize, which takes minutes"
    )
    parser.add_argument("--check", action="store_true", help="exit with 1 below what is promised")
    parser.add_argument("--only-sfxgen", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only_sfxgen:
        clips, out = options.only_sfxgen
        run_sfxgen(clips, out, options.workers)
        return 0
    unknown = set(options.peers.split(",")) - set(PEERS)
    if unknown:
        parser.error(f"no such peers: {', '.join(sorted(unknown))}")
    machine = f"{platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    print(f"{machine}, Python {platform.python_version()}, {options.workers} workers")
    costs: dict[str, Cost] = {}
    qualities: dict[tuple[str, str], Quality] = {}
    with tempfile.TemporaryDirectory() as temporary:
        clips = Path(temporary, "clips")
        clips.mkdir()
        make_clips(clips, options.clips)
        for name in installed(options.peers.split(",")):
            source, out = clips, Path(temporary, f"by_{name}")
            out.mkdir()
            if name == "ffmpeg-normalize" and options.normalize_clips:
                source = Path(temporary, "fewer")
                source.mkdir()
                for path in sorted(clips.iterdir())[: options.normalize_clips]:
                    (source / path.name).hardlink_to(path)
            costs[name] = cost_of(name, source, out, options.workers)
            print(f"{name}: {costs[name].cpu_s:.2f} s of CPU for {costs[name].clips} clips", flush=True)
            for suffix in ("wav", "ogg"):
                made = sorted(out.glob(f"*.{suffix}"))
                qualities[name, suffix] = quality_of(made, costs[name].clips)
    print_costs(costs)
    print_qualities(qualities)
    if "sfxgen" not in costs:
        return 0
    outside = breakdown(costs["sfxgen"])
    if not options.check:
        return 0
    broken = broken_promises(costs, outside)
    for line in broken:
        print(f"not kept: {line}")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
