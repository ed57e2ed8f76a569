"""MusicLDM in memory: AudioLDM's parts, but for a text encoder that is saved with all of CLAP.

This module imports torch, diffusers and transformers: adapters import it only to load a model.
"""

from __future__ import annotations

from pathlib import Path

from sfxgen.models.diffusion_batch import FolderSession
from sfxgen.models.diffusion_session import load_parts
from sfxgen.models.musical_runner import MusicalRunner
from sfxgen.models.torch_session import Runner


class MusicLDMSession(FolderSession):
    """MusicLDM in memory, out of a folder.

    Of CLAP's weights only those of the text side are read: transformers finds them by name, and what the pipeline takes
    from `ClapModel.get_text_features` is the normalised embedding that `ClapText` computes.
    """

    def runner(self, folder: Path, device: str, dtype: str, *, model: str, root: Path | None) -> Runner:
        """Load the model's parts in a dtype. Raises ModelError for weights that are damaged."""
        return MusicalRunner(load_parts(folder, device, dtype), model=model, root=root)
