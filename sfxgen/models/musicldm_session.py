"""MusicLDM in memory: AudioLDM's parts, but for a text encoder that is saved with all of CLAP.

This module imports torch, diffusers and transformers: adapters import it only to load a model.
"""

from __future__ import annotations

from pathlib import Path

from sfxgen.models.diffusion_session import load_parts
from sfxgen.models.musical_runner import MusicalRunner
from sfxgen.models.torch_session import TorchSession


class MusicLDMSession(TorchSession):
    """MusicLDM in memory, out of a folder.

    Of CLAP's weights only those of the text side are read: transformers finds them by name, and what the pipeline takes
    from `ClapModel.get_text_features` is the normalised embedding that `ClapText` computes.
    """

    def __init__(
        self,
        folder: Path,
        *,
        model: str,
        device: str,
        dtype: str = "fp32",
        batch: int | None = None,
        root: Path | None = None,
    ) -> None:
        super().__init__(
            lambda dtype: MusicalRunner(load_parts(folder, device, dtype), model=model, root=root),
            model=model,
            device=device,
            dtype=dtype,
            batch=batch,
        )
