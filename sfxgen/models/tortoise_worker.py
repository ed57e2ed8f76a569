"""Tortoise TTS behind the protocol of docs/exec.md. Runs in the environment that `sfxgen models install tortoise` makes.

Nothing of sfxgen can be imported here: only the standard library, torch and the tortoise-tts package. The package's
own `TextToSpeech` does everything. What is changed of it: weights come from one folder and load without executing what is in
them, `config.json` there may give other sizes, and its progress bars report the steps to sfxgen.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

RATE = 24000
REFERENCE_RATE = 22050
"""The rate of voice samples, and of the codes' clock."""
CODE_SAMPLES = 1024
LIBRARIES = ("tortoise-tts", "torch", "torchaudio", "transformers")


class Stopped(Exception):
    """The take that is being made was cancelled."""


class Wire:
    """The two ends: messages out, and messages in by a thread of their own, so that `cancel` is heard at once."""

    def __init__(self) -> None:
        # Libraries print: what they write to stdout goes to stderr from here on.
        self._out: IO[bytes] = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        self._waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.cancelled = -1
        threading.Thread(target=self._listen, daemon=True).start()

    def say(self, **message: Any) -> None:
        """Send a message."""
        self._out.write(json.dumps(message).encode() + b"\n")

    def heard(self) -> dict[str, Any]:
        """Return the next message that asks for something."""
        return self._waiting.get()

    def _listen(self) -> None:
        for line in sys.stdin.buffer:
            message = json.loads(line)
            if message["type"] == "cancel":
                self.cancelled = message["id"]
            else:
                self._waiting.put(message)
        os.kill(os.getpid(), signal.SIGTERM)  # sfxgen is gone: so are we, in the middle of a take too


class Steps:
    """Stands in for tqdm: counts the steps of a take, tells of each, and stops between two of them."""

    def __init__(self, wire: Wire) -> None:
        self._wire, self._id, self._step, self._steps = wire, 0, 0, 1

    def begin(self, take: int, steps: int) -> None:
        """Start counting for a take."""
        self._id, self._step, self._steps = take, 0, steps

    def __call__(self, things: Iterable[Any], **of_tqdm: Any) -> Iterator[Any]:
        """Yield each thing, and count it once it is done with."""
        del of_tqdm
        for thing in things:
            if self._wire.cancelled == self._id:
                raise Stopped
            yield thing
            self._step += 1
            if self._step <= self._steps:
                self._wire.say(type="progress", id=self._id, step=self._step, steps=self._steps)


def load(weights: Path, device: str, steps: Steps) -> Any:
    """Return the package's TextToSpeech over a folder of weights. Raises ValueError, in words, for a device that is not."""
    import torch

    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto" and not (found["cuda"] or found["mps"]):
        raise ValueError("it needs a GPU, and its torch finds none on this machine")
    if not found.get(device, True):
        raise ValueError(f"its torch finds no {device} device here")
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    read = torch.load

    def read_tensors(file: Any, map_location: Any = None, **options: Any) -> Any:
        del map_location, options
        return read(file, map_location="cpu", weights_only=True)

    vars(torch)["load"] = read_tensors
    from tortoise import api  # type: ignore[import-not-found]
    from tortoise.utils import diffusion  # type: ignore[import-not-found]

    config = json.loads((weights / "config.json").read_text()) if (weights / "config.json").is_file() else {}
    api.get_model_path = lambda name, *_: str(weights / name)
    api.UnifiedVoice = _sized(_whole(api.UnifiedVoice), config.get("autoregressive"))
    api.DiffusionTts = _sized(api.DiffusionTts, config.get("diffusion"))
    api.CLVP = _sized(api.CLVP, config.get("clvp"))
    api.UnivNetGenerator = _sized(api.UnivNetGenerator, config.get("vocoder"))
    latents = {1024: config.get("autoregressive", {}).get("model_dim", 1024)}
    latents[2048] = 2 * config.get("diffusion", {}).get("model_channels", 1024)
    converter = api.RandomLatentConverter
    api.RandomLatentConverter = lambda channels: converter(latents[channels])
    api.tqdm = diffusion.tqdm = steps
    # Redaction of [bracketed] text needs a model of its own, which is left out.
    return api.TextToSpeech(autoregressive_batch_size=1, enable_redaction=False, kv_cache=True)


def _sized(cls: Any, sizes: dict[str, Any] | None) -> Callable[..., Any]:
    return lambda **options: cls(**{**options, **(sizes or {})})


def _whole(cls: Any) -> Any:
    """The package loads this part without asking whether all of it is there: what is missing would stay random."""

    class Whole(cls):  # type: ignore[misc]
        def load_state_dict(self, state: Any, strict: bool = True) -> Any:
            del strict
            found = super().load_state_dict(state, strict=False)
            random = sorted(set(found.missing_keys) & {name for name, _ in self.named_parameters()})
            if random:
                raise RuntimeError(f"its weights lack {', '.join(random[:3])}")
            return found

    return Whole


def speak(tts: Any, recipe: dict[str, Any]) -> Any:
    """Return what a recipe says, as float32 samples of shape (frames,)."""
    from tortoise.utils.audio import load_audio, load_voice  # type: ignore[import-not-found]

    settings = recipe["params"]
    if recipe.get("samples"):
        samples, latents = [load_audio(path, REFERENCE_RATE) for path in recipe["samples"]], None
    else:
        samples, latents = load_voice(recipe["voice"])
    tts.autoregressive_batch_size = settings["batch"]
    audio = tts.tts(
        recipe["say"],
        voice_samples=samples,
        conditioning_latents=latents,
        verbose=False,
        use_deterministic_seed=recipe["seed"],
        num_autoregressive_samples=settings["samples"],
        temperature=settings["temperature"],
        length_penalty=settings["length_penalty"],
        repetition_penalty=settings["repetition_penalty"],
        top_p=settings["top_p"],
        max_mel_tokens=int(settings["max_s"] * REFERENCE_RATE / CODE_SAMPLES),
        diffusion_iterations=settings["steps"],
        cond_free=settings["guidance"] > 0,
        cond_free_k=settings["guidance"],
        diffusion_temperature=settings["diffusion_temperature"],
    )
    return audio.detach().cpu().float().numpy().reshape(-1)


def steps_of(recipe: dict[str, Any]) -> int:
    """Return how many steps a take has: batches of codes, as many rankings, and the diffusion's."""
    settings = recipe["params"]
    return int(2 * (settings["samples"] // settings["batch"]) + settings["steps"])


def environment(tts: Any) -> dict[str, str]:
    """Return what decides the bytes beyond the recipe."""
    import torch

    facts = {name: version(name) for name in LIBRARIES}
    facts |= {"torch": torch.__version__, "device": str(tts.device), "dtype": "fp32"}
    if tts.device.type == "cuda":
        facts["device"] = torch.cuda.get_device_name()
    if tts.device.type == "cpu":
        facts["threads"] = str(torch.get_num_threads())
    return facts


def main() -> None:
    """Load the weights, and make one take after another until stdin ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--device", required=True)
    options = parser.parse_args()
    wire = Wire()
    steps = Steps(wire)
    wire.heard()
    try:
        tts = load(options.weights, options.device, steps)
    except ValueError as error:
        wire.say(type="error", message=str(error), hint="--device cpu runs it on the processor, very slowly")
        return
    except Exception as error:  # every kind of damage has its own
        wire.say(
            type="error",
            message=f"its weights cannot be loaded: {first_line(error)}",
            hint=str(options.weights),
        )
        return
    wire.say(type="hello", protocol=1, sample_rate=RATE, channels=1, environment=environment(tts))
    while True:
        message = wire.heard()
        if message["type"] != "generate":
            continue
        take = message["id"]
        try:
            steps.begin(take, steps_of(message["recipe"]))
            sound = speak(tts, message["recipe"])
            Path(message["output"]).write_bytes(sound.astype("<f4").tobytes())
            wire.say(type="done", id=take, frames=len(sound))
        except Stopped:
            wire.say(type="cancelled", id=take)
        except Exception as error:  # one take failed; the next may not
            wire.say(type="error", id=take, message=first_line(error), hint=hint_of(error))


def first_line(error: Exception) -> str:
    """Return what an error says, in a line."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def hint_of(error: Exception) -> str:
    """Return what would help."""
    if "out of memory" in str(error).lower():
        return "a smaller params.batch needs less memory"
    return "split the text into more lines" if "Too much text" in str(error) else ""


if __name__ == "__main__":
    main()
