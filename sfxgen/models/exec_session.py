"""A model in a process of its own, spoken to over its standard input and output. The protocol is in docs/exec.md.

The process is started once and stays warm. Whatever it does, nothing waits for ever: what is no message, comes too late
or is too much ends it, and is a ModelError that shows the end of what it wrote to stderr.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import queue
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeGuard

from sfxgen.errors import Cancelled, ModelError, ModelUnavailable
from sfxgen.events import OnEvent, Sampling

if TYPE_CHECKING:
    from sfxgen.audio.clip import Clip
    from sfxgen.recipe import JsonValue, Recipe

PROTOCOL = 1
MAX_LINE = 1 << 20
"""How many bytes a message may have."""
MAX_STEPS = 100_000
MAX_FACTS = 32
MAX_WORDS = 500
"""How many characters of the program's own words an error shows."""
CANCEL_S = 2.0
"""How long a program may take to stop a take, or itself, before it is killed."""
LOG_BYTES = 1 << 20
TAIL_LINES = 4
POLL_S = 0.05
BUFFERED = 64
"""How many messages are read ahead."""

# Linux kills the program when this process dies, however that happens; elsewhere its stdin ends.
_DIES_WITH_US = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
if os.getppid() == int(sys.argv[1]):
    os.execvp(sys.argv[2], sys.argv[2:])
"""
_NOT_ITS_OWN = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "VIRTUAL_ENV")
"""Variables that would lead the program's Python to this one's libraries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is started, where, and what is asked of it.

    `argv` is run as it is, never by a shell, in `folder`. `max_frames` is the longest clip at `sample_rate`. It has
    `start_s` to say hello, and may be silent for `silence_s` while it works. `log` is where its stderr is kept.
    """

    model: str
    argv: tuple[str, ...]
    folder: Path
    root: Path
    sample_rate: int
    channels: int
    max_frames: int
    device: str = "auto"
    start_s: float = 120.0
    silence_s: float = 600.0
    variables: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None

    @property
    def frame_bytes(self) -> int:
        """How many bytes a frame has: a float32 a channel."""
        return 4 * self.channels


class BrokenProtocol(ModelError):
    """The program did what the protocol does not allow, or ended: it is of no further use."""


class ExecSession:
    """A program that makes takes, one after another. See `sfxgen.contracts.Session`."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._folder = Path(tempfile.mkdtemp(prefix="sfxgen-exec-"))
        self._tidy = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._process: _Process | None = None
        self._count = 0
        self.environment: Mapping[str, str] = {}
        try:
            self._running(lambda: False)
        except BaseException:
            self.close()
            raise

    def generate(
        self, recipes: Sequence[Recipe], *, on_event: OnEvent, cancelled: Callable[[], bool]
    ) -> Iterator[Clip]:
        """Yield one clip a recipe, in order. See `sfxgen.contracts.Session`."""
        for recipe in recipes:
            if cancelled():
                raise Cancelled
            yield self._take(recipe, on_event, cancelled)

    def close(self) -> None:
        """End the program, kindly first."""
        if self._process is not None:
            self._process.stop()
            self._process = None
        self._tidy()

    def _running(self, cancelled: Callable[[], bool]) -> _Process:
        """Return the program, started if it is not there: one that broke is not kept, and one may have died idle."""
        if self._process is not None and self._process.is_alive():
            return self._process
        if not self._folder.is_dir():
            raise ModelError(f"{self._program.model} is closed")
        self._process = _Process(self._program)
        try:
            self.environment = self._greet(self._process, cancelled)
        except BaseException:
            self._drop()
            raise
        return self._process

    def _drop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None

    def _greet(self, process: _Process, cancelled: Callable[[], bool]) -> dict[str, str]:
        program = self._program
        process.send(
            {
                "type": "hello",
                "protocol": PROTOCOL,
                "model": program.model,
                "device": program.device,
                "sample_rate": program.sample_rate,
                "channels": program.channels,
            }
        )
        answer = process.receive(program.start_s, cancelled, "to say hello")
        if answer.get("type") == "error":
            raise ModelUnavailable(
                f"{program.model}: {_words(answer.get('message'))}", hint=_words(answer.get("hint"))
            )
        if answer.get("type") != "hello":
            raise process.broken(f"it begins with {_shown(answer.get('type'))}, not with hello")
        if answer.get("protocol") != PROTOCOL:
            raise process.broken(
                f"it speaks protocol {_shown(answer.get('protocol'))}, and sfxgen speaks {PROTOCOL}"
            )
        for name, value in (("sample_rate", program.sample_rate), ("channels", program.channels)):
            if answer.get(name, value) != value:
                raise process.broken(f"its {name} is {_shown(answer[name])}, and {value} is written down")
        facts = answer.get("environment") or {}
        if not isinstance(facts, dict) or len(facts) > MAX_FACTS:
            raise process.broken(f"its environment is not an object of at most {MAX_FACTS} texts")
        return {_words(name): _words(value) for name, value in sorted(facts.items())}

    def _take(self, recipe: Recipe, on_event: OnEvent, cancelled: Callable[[], bool]) -> Clip:
        program = self._program
        frames = None if recipe.duration_s is None else round(recipe.duration_s * program.sample_rate)
        asked = self._asked(recipe)
        process = self._running(cancelled)
        self._count += 1
        output = self._folder / f"take-{self._count}.f32"
        try:
            process.send(
                {
                    "type": "generate",
                    "id": self._count,
                    "recipe": asked,
                    "frames": frames,
                    "max_frames": program.max_frames if frames is None else frames,
                    "output": str(output),
                }
            )
            done = self._answer(process, on_event, cancelled)
            return self._clip(done, output, frames)
        except Cancelled:
            self._cancel(process)
            raise
        except ModelError as error:
            if isinstance(error, BrokenProtocol):
                self._drop()
            raise
        except BaseException:
            self._drop()  # it would go on with a take that nobody waits for
            raise
        finally:
            output.unlink(missing_ok=True)

    def _answer(self, process: _Process, on_event: OnEvent, cancelled: Callable[[], bool]) -> dict[str, Any]:
        """Return the message that ends a take."""
        program, last = self._program, 0
        while True:
            message = process.receive(program.silence_s, cancelled, "to go on")
            kind = message.get("type")
            if kind not in ("progress", "done", "error"):
                raise process.broken(f"it says {_shown(kind)} in the middle of a take")
            if message.get("id") != self._count:
                raise process.broken(
                    f"it answers for take {_shown(message.get('id'))}, not for {self._count}"
                )
            if kind == "done":
                return message
            if kind == "error":
                raise ModelError(
                    f"{program.model}: {_words(message.get('message')) or 'it failed without a word'}",
                    hint=_words(message.get("hint")),
                )
            step, steps = message.get("step"), message.get("steps")
            if not (_is_int(step) and _is_int(steps) and last < step <= steps <= MAX_STEPS):
                raise process.broken(f"its progress is {_shown(step)} of {_shown(steps)}, after {last}")
            last = step
            on_event(Sampling(program.model, step, steps, 1))

    def _cancel(self, process: _Process) -> None:
        """Ask for the end of a take; a program that has no ear for it is killed."""
        try:
            process.send({"type": "cancel", "id": self._count})
            end = time.monotonic() + CANCEL_S
            while True:
                message = process.receive(end - time.monotonic(), lambda: False, "to stop")
                if message.get("id") == self._count and message.get("type") in ("cancelled", "done", "error"):
                    return
        except ModelError:
            self._drop()

    def _clip(self, done: Mapping[str, Any], output: Path, frames: int | None) -> Clip:
        """Return the sound of a take that is said to be done. Raises ModelError where it is none."""
        import numpy as np

        from sfxgen.audio.clip import Clip

        program = self._program
        given = done.get("frames")
        if not _is_int(given) or given < 1:
            raise ModelError(f"{program.model}: it says that it made {_shown(given)} frames")
        if frames is not None and given != frames:
            raise ModelError(f"{program.model}: it made {given} frames, not {frames}")
        if given > program.max_frames:
            most_s = program.max_frames / program.sample_rate
            raise ModelError(f"{program.model}: it made {given} frames, more than its {most_s:g} s")
        size = given * program.frame_bytes
        data = done["pcm"] if "pcm" in done else self._output(output, size)
        if len(data) != size:
            raise ModelError(
                f"{program.model}: {given} frames are {size} bytes of float32, and it gave {len(data)}"
            )
        samples = np.frombuffer(data, "<f4").reshape(given, program.channels).astype(np.float32)
        if not np.isfinite(samples).all():
            raise ModelError(f"{program.model}: its sound has samples that are no numbers")
        return Clip(samples, program.sample_rate)

    def _output(self, output: Path, size: int) -> bytes:
        try:
            found = output.lstat()
            if not stat.S_ISREG(found.st_mode):
                raise ModelError(f"{self._program.model}: its output is no file")
            if found.st_size != size:
                what = f"its output has {found.st_size} bytes, and its frames would be {size}"
                raise ModelError(f"{self._program.model}: {what}")
            return output.read_bytes()
        except OSError as error:
            raise ModelError(
                f"{self._program.model}: it says that it is done, and its output cannot be read: {error.strerror}",
                hint="float32 samples go into the file that `output` names",
            ) from error

    def _asked(self, recipe: Recipe) -> dict[str, JsonValue]:
        """Return the recipe as the program reads it: what is not set is left out, files are absolute paths."""
        asked: dict[str, JsonValue] = {
            "seed": recipe.seed,
            "prompt": recipe.prompt or None,
            "negative": recipe.negative or None,
            "duration_s": recipe.duration_s,
            "steps": recipe.steps,
            "guidance": recipe.guidance,
            "scheduler": recipe.scheduler,
            "dtype": recipe.dtype,
        }
        for name, value in recipe.params.items():
            if isinstance(value, list):
                asked[name] = [self._file(item) for item in value]
            else:
                asked[name] = self._file(value)
        return {name: value for name, value in asked.items() if value is not None}

    def _file(self, value: JsonValue) -> JsonValue:
        """Return the path of a file that a recipe names with its digest; any other value as it is."""
        if not (isinstance(value, dict) and value.keys() == {"path", "sha256"}):
            return value
        file = self._program.root / value["path"]
        try:
            with file.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise ModelError(f"{value['path']} cannot be read: {error.strerror}") from error
        if digest != value["sha256"]:
            hint = "build again; of a file in Git LFS, `git lfs pull` gets the content"
            raise ModelError(f"{value['path']} is not the file that the recipe was made for", hint=hint)
        return str(file.resolve())


class _Process:
    """The program, the threads that read and write for it, and the end of what it wrote to stderr."""

    def __init__(self, program: Program) -> None:
        self._program = program
        variables = {name: value for name, value in os.environ.items() if name not in _NOT_ITS_OWN}
        argv: Sequence[str] = program.argv
        if sys.platform == "linux":
            argv = (sys.executable, "-I", "-S", "-c", _DIES_WITH_US, str(os.getpid()), *argv)
        try:
            self._popen = subprocess.Popen(
                argv,
                cwd=program.folder,
                env={**variables, "PYTHONUNBUFFERED": "1", **program.variables},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise ModelError(
                f"{program.model}: {program.argv[0]} cannot be started: {error.strerror}"
            ) from error
        self._messages: queue.Queue[dict[str, Any] | str] = queue.Queue(BUFFERED)
        self._letters: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._closed = threading.Event()
        self._end = weakref.finalize(self, _kill, self._popen)
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        assert self._popen.stderr is not None
        most = program.max_frames * program.frame_bytes
        readers = [
            threading.Thread(
                target=_read, args=(self._popen.stdout, most, self._messages, self._closed), daemon=True
            ),
            threading.Thread(target=_keep, args=(self._popen.stderr, self._tail, program.log), daemon=True),
            threading.Thread(target=_write, args=(self._popen.stdin, self._letters), daemon=True),
        ]
        for thread in readers:
            thread.start()
        self._log_reader = readers[1]

    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._popen.poll() is None

    def send(self, message: Mapping[str, JsonValue]) -> None:
        """Send a message, without waiting: a program that never reads must not hold us."""
        self._letters.put(json.dumps(message, allow_nan=False).encode() + b"\n")

    def receive(self, within_s: float, cancelled: Callable[[], bool], what: str) -> dict[str, Any]:
        """Return the next message. Raises BrokenProtocol where there is none, Cancelled when asked to stop."""
        end = time.monotonic() + within_s
        while True:
            try:
                message = self._messages.get(timeout=POLL_S)
            except queue.Empty:
                if cancelled():
                    raise Cancelled from None
                if time.monotonic() > end:
                    raise self.broken(f"it took more than {within_s:g} s {what}") from None
                continue
            if isinstance(message, str):
                raise self.broken(message or self._ended())
            if cancelled():
                raise Cancelled
            return message

    def _ended(self) -> str:
        try:
            code = self._popen.wait(CANCEL_S)
        except subprocess.TimeoutExpired:
            return "it closed its stdout"
        return f"it was killed by signal {-code}" if code < 0 else f"it ended with exit code {code}"

    def broken(self, what: str) -> BrokenProtocol:
        """Return the error of a program that broke the protocol, with the end of its stderr."""
        self.kill()
        self._log_reader.join(CANCEL_S)
        lines = list(self._tail)
        hint = f"its stderr ends: {' | '.join(lines)}" if lines else "it wrote nothing to stderr"
        if lines and self._program.log is not None:
            hint += f" (all of it: {self._program.log})"
        return BrokenProtocol(f"{self._program.model}: {what}", hint=hint)

    def stop(self) -> None:
        """Let it end by itself, by the end of its stdin, and kill it if it does not."""
        self._letters.put(None)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(CANCEL_S)
        self.kill()

    def kill(self) -> None:
        """End it now, with all that it has started."""
        self._closed.set()
        self._letters.put(None)
        self._end()


def _kill(popen: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):  # it may be gone, and all that it started
        if sys.platform == "win32":
            popen.kill()
        else:
            os.killpg(popen.pid, signal.SIGKILL)
    popen.wait()


def _read(
    stream: IO[bytes], most: int, messages: queue.Queue[dict[str, Any] | str], closed: threading.Event
) -> None:
    """Put a program's messages into a queue, and last, as a text, why there are no more: "" where it ended."""
    with stream:
        while True:
            try:
                message: dict[str, Any] | str = read_message(stream, most)
            except (ValueError, OSError) as error:
                message = str(error)
            while not closed.is_set():
                with contextlib.suppress(queue.Full):
                    messages.put(message, timeout=POLL_S)
                    break
            if closed.is_set() or isinstance(message, str):
                return


def read_message(stream: IO[bytes], most: int) -> dict[str, Any] | str:
    """Read one message, and the sound that may follow it: at most so many bytes. Returns "" at the end.

    Raises ValueError, in words for a person, for what is no message.
    """
    line = stream.readline(MAX_LINE + 1)
    if not line:
        return ""
    if len(line) > MAX_LINE:
        raise ValueError(f"it wrote a line of more than {MAX_LINE} bytes to stdout")
    if not line.endswith(b"\n"):
        raise ValueError(f"it ended in the middle of a message: {_shown(line)}")
    try:
        message = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise ValueError(
            f"it wrote to stdout what is no message of the protocol, and belongs on stderr: {_shown(line)}"
        )
    if message.get("type") == "done" and "bytes" in message:
        size = message["bytes"]
        if not _is_int(size) or not 0 < size <= most:
            raise ValueError(f"it says that {_shown(size)} bytes of sound follow, and {most} may")
        message["pcm"] = stream.read(size)
        if len(message["pcm"]) < size:
            raise ValueError(f"it ended after {len(message['pcm'])} of {size} bytes of sound")
    elif "pcm" in message:
        raise ValueError("it wrote a message with the key pcm, which has no meaning")
    return message


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _keep(stream: IO[bytes], tail: deque[str], log: Path | None) -> None:
    """Keep the end of what a program writes to stderr, and in a file the first MiB."""
    left = LOG_BYTES
    with stream, contextlib.ExitStack() as stack:
        file: IO[bytes] | None = None
        if log is not None:
            with contextlib.suppress(OSError):
                log.parent.mkdir(parents=True, exist_ok=True)
                file = stack.enter_context(log.open("wb", buffering=0))
        while line := stream.readline(MAX_WORDS):
            if file is not None and left > 0:
                with contextlib.suppress(OSError):
                    file.write(line[:left])
                left -= len(line)
            words = _words(line.decode(errors="replace"))
            if words:
                tail.append(words)


def _write(stream: IO[bytes], letters: queue.SimpleQueue[bytes | None]) -> None:
    with contextlib.suppress(OSError, ValueError), stream:  # it may have ended, and then the reader knows
        while (letter := letters.get()) is not None:
            stream.write(letter)
            stream.flush()


def _is_int(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _words(value: Any) -> str:
    """Return what a program says as one line that is safe to show."""
    text = value if isinstance(value, str) else "" if value is None else _dumped(value)
    return " ".join("".join(c if c.isprintable() else " " for c in text[:MAX_WORDS]).split())


def _shown(value: Any) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else _dumped(value)
    shown = _words(text)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"


def _dumped(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return json.dumps(value)
