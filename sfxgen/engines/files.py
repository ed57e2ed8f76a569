"""Plain audio files, for any engine: no sidecars, no ids, no import settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sfxgen.contracts import Complaint
from sfxgen.recipe import JsonValue, Kind

if TYPE_CHECKING:
    from pydantic import BaseModel


class FilesExporter:
    """Delivers the audio files alone."""

    name = "files"
    version = 1
    formats: tuple[str, ...] = ("wav", "ogg", "flac", "mp3", "opus", "m4a")
    block: type[BaseModel] | None = None

    def settings(
        self, root: Path, block: Mapping[str, JsonValue], *, kind: Kind, audio_format: str
    ) -> dict[str, JsonValue]:
        """Return nothing: there are no import settings."""
        del root, block, kind, audio_format
        return {}

    def complaints(self, settings: Mapping[str, JsonValue]) -> Iterator[Complaint]:
        """Yield nothing."""
        del settings
        yield from ()

    def asset_id(self, project: str, identity: str) -> str:
        """Return "": a plain file has no id."""
        del project, identity
        return ""

    def read_id(self, sidecar: bytes) -> str | None:
        """Return None."""
        del sidecar
        return None

    def sidecar_path(self, path: str) -> str | None:
        """Return None: there are no sidecars."""
        del path
        return None

    def sidecar(self, asset_id: str, settings: Mapping[str, JsonValue]) -> bytes:
        """Return no bytes: there are no sidecars."""
        del asset_id, settings
        return b""

    def folder_sidecar(self, folder_id: str) -> bytes:
        """Return no bytes: there are no sidecars."""
        del folder_id
        return b""


exporter = FilesExporter()
