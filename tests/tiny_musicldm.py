"""A tiny random MusicLDM in the published layout, written by diffusers' own pipeline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tiny_audioldm2 import tiny_clap, tokenizers
from tiny_models import TINY_RECIPE, _calibrate, _components

RECIPE = replace(TINY_RECIPE, model="musicldm:weights/tiny", prompt="a slow waltz", guidance=2.0)


def save_tiny_musicldm(folder: Path, seed: int = 0) -> Path:
    """Write a MusicLDM of about 600 kB with random weights into `folder`, and return it."""
    import torch
    from diffusers import MusicLDMPipeline

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        parts = _components() | {"text_encoder": tiny_clap()}
        _calibrate(parts["vae"], parts["vocoder"])
    parts |= tokenizers(folder.parent / f"{folder.name}-tokenizers")
    del parts["tokenizer_2"]
    MusicLDMPipeline(**parts).save_pretrained(folder)
    return folder
