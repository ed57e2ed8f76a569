"""Ctrl-C and its kin, heard without breaking off in the middle of something."""

from __future__ import annotations

import signal
from types import TracebackType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)  # a terminal's Ctrl-C; a CI runner that stops a job


class Stop:
    """Hears signals while it is entered. The first lets a build end its take and write the lock; another interrupts."""

    def __init__(self) -> None:
        self._asked = False
        self._before: list[Any] = []

    def __enter__(self) -> Stop:
        self._before = [signal.signal(number, self._ask) for number in _SIGNALS]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in zip(_SIGNALS, self._before, strict=True):
            signal.signal(number, handler)

    def _ask(self, number: int, frame: object) -> None:
        del frame
        # A plain attribute: a lock, even an event's, may be held by the very thread that the signal stopped.
        self._asked = True
        signal.signal(number, signal.default_int_handler)

    def is_asked(self) -> bool:
        """Whether a signal came."""
        return self._asked
