"""A tiny random Bark in the published layout, for tests: real loading code, no downloads."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import numpy as np
from tiny_musicgen import calibrate_codec

from sfxgen.recipe import Recipe

SEMANTIC, CODES = 40, 32
"""How many semantic tokens there are, and how many of each of the codec's codebooks."""
TINY_LINE = Recipe(
    model="bark:weights/tiny",
    revision=None,
    adapter_version=1,
    base_seed=7,
    take=1,
    dtype="fp32",
    params={
        "say": "Halt! Who goes there?",
        "text_temperature": 0.7,
        "waveform_temperature": 0.7,
        "fine_temperature": 0.5,
        "min_eos_p": 0.2,
    },
)


def save_tiny_bark(folder: Path, seed: int = 0, *, voices: tuple[str, ...] = ("v2/en_speaker_6",)) -> Path:
    """Write a Bark of about 3 MB with random weights and random voices into `folder`, and return it.

    Same stages, rates and codebooks as the published ones; a piece is at most half a second long. The output is noise of
    about -20 dBFS, which differs by text, voice and seed.
    """
    import torch
    import transformers as t

    codec = t.EncodecConfig(
        num_filters=4,
        hidden_size=16,
        num_lstm_layers=1,
        codebook_size=CODES,
        codebook_dim=16,
        target_bandwidths=[3.0],
    )
    size: dict[str, Any] = {"num_layers": 1, "num_heads": 2, "hidden_size": 16, "bias": False}
    size["initializer_range"] = 0.5
    coarse = SEMANTIC + 2 * CODES + 6
    config = t.BarkConfig(
        semantic_config={**size, "input_vocab_size": 400, "output_vocab_size": SEMANTIC + 4},
        coarse_acoustics_config={**size, "input_vocab_size": coarse, "output_vocab_size": coarse},
        fine_acoustics_config={**size, "input_vocab_size": CODES + 1, "output_vocab_size": CODES + 1},
        codec_config=codec.to_dict(),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = t.BarkModel(config).eval()
        calibrate_codec(model.codec_model)
    model.save_pretrained(folder)
    (folder / "generation_config.json").write_text(json.dumps(_generation()))
    _write_tokenizer(folder)
    rng = np.random.default_rng(seed)
    for voice in voices:
        save_voice(folder, voice, rng)
    return folder


def save_voice(folder: Path, name: str, rng: np.random.Generator) -> None:
    """Write a voice of half a second."""
    parts = {
        "semantic_prompt": rng.integers(0, SEMANTIC, 25),
        "coarse_prompt": rng.integers(0, CODES, (2, 37)),
        "fine_prompt": rng.integers(0, CODES, (8, 37)),
    }
    for part, tokens in parts.items():
        path = folder / "speaker_embeddings" / f"{name}_{part}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, tokens)


def _generation() -> dict[str, Any]:
    """The published settings, but for sizes and special tokens."""
    return {
        "model_type": "bark",
        "codebook_size": CODES,
        "sample_rate": 24000,
        "semantic_config": {
            "do_sample": True,
            "temperature": 0.7,
            "eos_token_id": SEMANTIC,
            "semantic_vocab_size": SEMANTIC,
            "max_new_tokens": 25,
            "text_encoding_offset": SEMANTIC + 4,
            "text_pad_token": 390,
            "semantic_infer_token": 391,
            "max_input_semantic_length": 64,
        },
        "coarse_acoustics_config": {
            "do_sample": True,
            "temperature": 0.7,
            "coarse_semantic_pad_token": SEMANTIC + 2 * CODES + 1,
            "coarse_infer_token": SEMANTIC + 2 * CODES + 2,
            "max_coarse_input_length": 64,
            "max_coarse_history": 60,
            "sliding_window_len": 30,
        },
        "fine_acoustics_config": {
            "temperature": 0.5,
            "max_fine_history_length": 32,
            "max_fine_input_length": 64,
        },
    }


def _write_tokenizer(folder: Path) -> None:
    """Write a vocabulary of single letters."""
    import transformers as t

    letters = [letter for letter in string.printable if not letter.isspace()]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    vocabulary = {word: number for number, word in enumerate(words)}
    t.BertTokenizerFast(vocab=vocabulary, do_lower_case=False).save_pretrained(folder)
