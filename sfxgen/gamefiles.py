"""The files in the game project, for `build`: assets, their sidecars and folders, each written whole.

The order is what an engine that watches the folder can bear: a sidecar stands before its audio file, never two
sidecars with one id, and what is old goes only when what is new is there.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable

from sfxgen.atomic import write_atomic
from sfxgen.disk import digest_of_text, leftovers
from sfxgen.errors import SfxgenError
from sfxgen.lock import AssetRecord, AssetRef
from sfxgen.paths import asset_file_problem, output_path
from sfxgen.plan import WORDS, Step, Why
from sfxgen.wanted import folders_above
from sfxgen.workspace import Workspace, state_folder


class GameFiles:
    """Writes and removes a project's files. `folders` are the engine ids of folders, as the lock has them.

    With `locked`, folders that the lock does not name get no sidecar. Every method raises OSError where the disk
    refuses, and SfxgenError where the file is somebody else's by now.
    """

    def __init__(self, workspace: Workspace, *, force: bool, locked: bool) -> None:
        self._workspace, self._force, self._locked = workspace, force, locked
        self._root, self._disk = workspace.root, workspace.disk
        state = state_folder(self._root)
        self.scratch = state / "tmp"
        self._journal = state / "journal"
        self.folders = dict(workspace.lock.folders)
        files = (
            name for asset in workspace.wanted for name in (asset.path, asset.sidecar) if name is not None
        )
        self._wanted = {name.casefold(): name for name in files}
        self._spared: list[str] = []
        # A folder is used by what stands in it and by what is to stand there, each counted by itself.
        self._users: Counter[AssetRef] = Counter()
        standing = [(ref, record.path) for ref, record in workspace.lock.assets.items()]
        for ref, path in [*standing, *((asset.ref, asset.path) for asset in workspace.wanted)]:
            self._users.update((ref[0], folder) for folder in folders_above(path))

    # --- what a killed build left ---------------------------------------------------------------

    def recover(self, known: Iterable[AssetRecord]) -> None:
        """Remove half-written files, and whole ones that neither the lock nor any manifest got to know."""
        for left in leftovers(self.scratch):
            left.unlink(missing_ok=True)
        try:
            lines = self._journal.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return
        locked = {record.path for record in known}
        for line in dict.fromkeys(lines):
            engine, _, rest = line.partition("\t")
            path, _, sidecar_digest = rest.partition("\t")
            if asset_file_problem(path):
                continue
            for left in leftovers(output_path(self._root, path).parent):  # where assets are on another disk
                left.unlink(missing_ok=True)
            if path in locked:
                continue
            if self._is_wanted(path):
                self._spared.append(line)
            elif self._is_abandoned(engine, path, sidecar_digest):
                self.delete(engine, path)
        self.settled()

    def _is_abandoned(self, engine: str, path: str, sidecar_digest: str) -> bool:
        """Whether what stands at a path that a killed build was writing is still what that build put there."""
        state = self._disk.state(path)
        if state is not None:
            return self._workspace.store.size(state.digest) is not None
        sidecar = self._workspace.sidecar_path(engine, path)
        beside = self._disk.state(sidecar, text=True) if sidecar else None
        return beside is not None and beside.digest == sidecar_digest

    def settled(self) -> None:
        """Say that the lock knows all that was written."""
        with contextlib.suppress(OSError):
            if self._spared:
                self._journal.write_text("".join(f"{line}\n" for line in self._spared), encoding="utf-8")
            else:
                self._journal.unlink(missing_ok=True)

    # --- writing --------------------------------------------------------------------------------

    def write_asset(self, step: Step, content: bytes, digest: str) -> None:
        """Write an asset's sidecar, then its audio file, where they do not stand already."""
        assert step.wanted is not None
        self._require_untouched(step)
        with self._journal.open("a", encoding="utf-8") as journal:
            journal.write(
                f"{step.ref[0]}\t{step.wanted.path}\t{digest_of_text(step.wanted.sidecar_content)}\n"
            )
        self.write_sidecars(step)
        standing = self._disk.state(step.wanted.path)
        if standing is None or standing.digest != digest:
            self._write(step.wanted.path, content)

    def write_sidecars(self, step: Step) -> None:
        """Write an asset's sidecar and those of the folders above it, where they do not stand already."""
        wanted = step.wanted
        assert wanted is not None
        output_path(self._root, wanted.path).parent.mkdir(parents=True, exist_ok=True)
        for folder, _ in wanted.folder_sidecars:
            self.write_folder_sidecar(wanted.ref[0], folder)
        if wanted.sidecar is None:
            return
        standing = self._disk.state(wanted.sidecar, text=True)
        if standing is not None and standing.digest == digest_of_text(wanted.sidecar_content):
            self._retire_sidecars(step)
            return
        retired = self._retire_sidecars(step)
        try:
            self._write(wanted.sidecar, wanted.sidecar_content)
        except OSError:
            for path, content in retired:  # the old file still stands, and needs its id
                self._write(path, content)
            raise

    def write_folder_sidecar(self, engine: str, folder: str) -> None:
        """Give a folder its sidecar where it has none. An id that was given once is kept in the lock.

        A sidecar that somebody else gave the folder is theirs and is not in the lock.
        """
        exporter = self._workspace.catalog.exporters[engine]
        sidecar = exporter.sidecar_path(folder)
        ref = (engine, folder)
        if sidecar is None or (self._locked and ref not in self.folders):
            return
        path = self._root / sidecar
        derived = exporter.asset_id(self._workspace.project.name, f"folder {folder}")
        folder_id = self.folders.get(ref) or derived
        if not path.exists():
            self._write(sidecar, exporter.folder_sidecar(folder_id))
            self.folders[ref] = folder_id
        elif ref not in self.folders and path.is_file() and exporter.read_id(path.read_bytes()) == derived:
            self.folders[ref] = derived

    def _write(self, relative: str, content: bytes) -> None:
        path = output_path(self._root, relative)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content, scratch=self.scratch)
        self._disk.forget(relative)

    def _require_untouched(self, step: Step) -> None:
        """A file that somebody saved while we were building is theirs."""
        if self._force:
            return
        now = self._disk.state(step.path)
        planned = step.standing.digest if step.standing else None
        if now is not None and now.digest != planned:
            hint = "keep your copy elsewhere, or build with --force"
            raise SfxgenError(f"{WORDS[Why.FILE_EDITED]} while the build ran", hint=hint)

    # --- removing -------------------------------------------------------------------------------

    def forget(self, ref: AssetRef, record: AssetRecord) -> None:
        """Remove an asset that nobody wants, with what was made for it alone."""
        self._users.subtract((ref[0], folder) for folder in folders_above(record.path))
        self.delete(ref[0], record.path)

    def delete(self, engine: str, path: str) -> None:
        """Remove an asset's files from a path, but for those that are wanted there, and folders left empty."""
        sidecar = self._workspace.sidecar_path(engine, path)
        for name in (path, sidecar):
            if name is not None and not self._is_wanted(name):
                output_path(self._root, name).unlink(missing_ok=True)
                self._disk.forget(name)
        for folder in reversed(folders_above(path)):
            self._drop_folder(engine, folder)

    def drop_unused_folders(self) -> None:
        """Give up the folders in which an engine has nothing any more. Those with other things in them stay theirs."""
        for engine, folder in sorted(self.folders, reverse=True):
            self._drop_folder(engine, folder)
            if self._users[engine, folder] <= 0:
                self.folders.pop((engine, folder), None)

    def _is_wanted(self, name: str) -> bool:
        """Whether an asset is to stand there; also under a name that this disk does not tell from the wanted one."""
        wanted = self._wanted.get(name.casefold())
        if wanted is None or wanted == name:
            return wanted is not None
        with contextlib.suppress(OSError):
            return (self._root / name).samefile(self._root / wanted)
        return False

    def _retire_sidecars(self, step: Step) -> list[tuple[str, bytes]]:
        """Remove the sidecars at an asset's former paths before the new one stands: an id is never there twice."""
        wanted = step.wanted
        assert wanted is not None
        retired = []
        for old in (step.record, self._workspace.lock.assets.get(wanted.former)):
            sidecar = self._workspace.sidecar_path(wanted.ref[0], old.path) if old else None
            if sidecar is None or old is None or old.path == wanted.path or self._is_wanted(sidecar):
                continue
            path = output_path(self._root, sidecar)
            if path.is_file():
                retired.append((sidecar, path.read_bytes()))
                path.unlink()
                self._disk.forget(sidecar)
        return retired

    def _drop_folder(self, engine: str, folder: str) -> None:
        """Remove a folder that was made for assets and is empty now, with its sidecar."""
        sidecar = self._workspace.sidecar_path(engine, folder)
        if self._users[engine, folder] > 0 or not (
            sidecar is None or self._is_our_sidecar(engine, folder, sidecar)
        ):
            return
        path = output_path(self._root, folder)
        is_empty = not path.is_dir() or not any(path.iterdir())
        if is_empty and path.is_dir():
            path.rmdir()
        others = any(self._users[other, folder] > 0 for other in self._workspace.project.engines)
        if sidecar is not None and (is_empty or others or engine not in self._workspace.project.engines):
            output_path(self._root, sidecar).unlink(missing_ok=True)
            self._disk.forget(sidecar)
            self.folders.pop((engine, folder), None)

    def _is_our_sidecar(self, engine: str, folder: str, sidecar: str) -> bool:
        """Whether a folder's sidecar is what we wrote, in a build that was killed before the lock too."""
        exporter = self._workspace.catalog.exporters[engine]
        derived = exporter.asset_id(self._workspace.project.name, f"folder {folder}")
        content = exporter.folder_sidecar(self.folders.get((engine, folder)) or derived)
        state = self._disk.state(sidecar, text=True)
        return (engine, folder) in self.folders if state is None else state.digest == digest_of_text(content)
