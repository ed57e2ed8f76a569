"""A tiny random CLAP in the published layout, for tests: real loading code, no downloads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WINDOW_S = 1
"""So long is what it hears at once, where the published ones hear 10 s."""
MOST_TOKENS = 24


def save_tiny_clap(folder: Path, seed: int = 0, *, fused: bool = False) -> Path:
    """Write a CLAP of about 200 kB with random weights into `folder`, and return it.

    Same classes, sample rate and files as the published ones; `fused` hears four spectrograms of what is long.
    """
    import torch
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel, ClapProcessor

    audio: dict[str, Any] = {
        "hidden_size": 32,
        "patch_embeds_hidden_size": 16,
        "depths": [1, 1],
        "num_hidden_layers": 2,
        "num_attention_heads": [2, 2],
        "window_size": 4,
        "spec_size": 64,
        "num_mel_bins": 16,
        "projection_dim": 16,
        "enable_fusion": fused,
        "fusion_type": "aff_2d" if fused else None,
    }
    text: dict[str, Any] = {
        "vocab_size": 300,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": MOST_TOKENS + 2,
        "projection_dim": 16,
        "initializer_factor": 20.0,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = ClapModel(ClapConfig(text_config=text, audio_config=audio, projection_dim=16))
    model.save_pretrained(folder)
    features = ClapFeatureExtractor(
        feature_size=16,
        max_length_s=WINDOW_S,
        truncation="fusion" if fused else "rand_trunc",
    )
    ClapProcessor(features, _tokenizer()).save_pretrained(folder)
    return folder


def _tokenizer() -> Any:
    """Return a byte-level tokenizer with no merges: every byte of a text is a token."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import RobertaTokenizer

    words = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *sorted(ByteLevel.alphabet())]
    return RobertaTokenizer(vocab={word: number for number, word in enumerate(words)}, merges=[])
