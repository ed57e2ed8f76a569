"""The error tree. Every error is written for the person who can mend it.

SfxgenError                 what is wrong, and one hint
├── ProjectError            no project here, or one that cannot be read        exit 2
│   ├── ManifestError       every mistake of every manifest, at once           exit 2
│   └── LockError           the lockfile cannot be read                        exit 2
├── ModelError              a model failed while it worked                     exit 3
│   └── ModelUnavailable    extra, weights or GPU missing; nothing was loaded  exit 3
├── AudioError              a clip or file that is no usable audio             exit 3
│   └── TakeRejected        a take failed a gate: silence, NaN, clipping       exit 3
├── StoreError              the store or the disk failed                       exit 3
├── BugError                sfxgen itself failed at one asset                  exit 70
└── Cancelled               somebody asked to stop; not a failure              exit 130
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


class SfxgenError(Exception):
    """Base of all errors that sfxgen raises on purpose."""

    exit_code = 3

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing wrong in one place of one file.

    `path` is relative to the project's root; `line` counts from 1 (0: the file as a whole);
    `where` is the key path inside the file, as `sounds.ui/coin.duration_s`.
    """

    path: str
    line: int
    where: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.where}: {self.what}" if self.where else f"{place}: {self.what}"


class ProjectError(SfxgenError):
    """The project as a whole cannot be used."""

    exit_code = 2


class ManifestError(ProjectError):
    """All mistakes found in `sfxgen.yaml` and the manifests, sorted by place.

    `reads` are the other files that sounds are read from, as they stood: a mistake may be mended in one of them.
    """

    def __init__(
        self, mistakes: Iterable[Mistake], reads: Mapping[Path, tuple[int, int, int, int]] | None = None
    ) -> None:
        self.mistakes = tuple(sorted(set(mistakes)))
        self.reads = dict(reads or {})
        count = len(self.mistakes)
        super().__init__(f"{count} mistake{'s' if count != 1 else ''} in the manifests")


class LockError(ProjectError):
    """The lockfile cannot be read as one."""


class ModelError(SfxgenError):
    """A model failed while it worked."""


class ModelUnavailable(ModelError):
    """A model cannot run here: an extra, its weights or a GPU is missing."""


class AudioError(SfxgenError):
    """A clip or file that is no usable audio."""


class TakeRejected(AudioError):
    """A take failed a gate."""


class StoreError(SfxgenError):
    """The store, or the disk under it, failed."""


class BugError(SfxgenError):
    """Something that must not happen did, while one asset was made; `__cause__` says what."""

    exit_code = 70

    def __init__(self, error: Exception) -> None:
        super().__init__(
            f"a bug in sfxgen: {type(error).__name__}: {error}", hint="please report it with the log"
        )
        self.__cause__ = error


class Cancelled(SfxgenError):
    """The caller asked to stop."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__("stopped")
