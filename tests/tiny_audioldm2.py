"""A tiny random AudioLDM 2 in the published layout, written by diffusers' own pipeline."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from tiny_models import PROMPT_DIM, TINY_RECIPE, _calibrate, _components, _write_tokenizer

RECIPE = replace(TINY_RECIPE, model="audioldm2:weights/tiny", guidance=3.5)
T5_DIM, LANGUAGE_DIM = 24, 16


def save_tiny_audioldm2(folder: Path, seed: int = 0, *, with_head: bool = False) -> Path:
    """Write an AudioLDM 2 of about 800 kB with random weights into `folder`, and return it.

    The language model is a GPT2Model, as in the published weights, or with its head as newer pipelines save it.
    """
    import torch
    from diffusers import AudioLDM2Pipeline

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        parts = _components()
        _calibrate(parts["vae"], parts["vocoder"])
        parts |= _hearing(with_head) | {"unet": _unet()}
    parts |= tokenizers(folder.parent / f"{folder.name}-tokenizers")
    AudioLDM2Pipeline(**parts).save_pretrained(folder)
    return folder


def tokenizers(folder: Path) -> dict[str, Any]:
    """Return CLAP's tokenizer, of bytes, T5's, of characters, and CLAP's ears."""
    from transformers import ClapFeatureExtractor, RobertaTokenizerFast, T5TokenizerFast

    folder.mkdir(parents=True)
    _write_tokenizer(folder / "clap")
    _write_t5_tokenizer(folder / "t5")
    return {
        "tokenizer": RobertaTokenizerFast.from_pretrained(folder / "clap"),
        "tokenizer_2": T5TokenizerFast.from_pretrained(folder / "t5"),
        "feature_extractor": ClapFeatureExtractor(),
    }


def tiny_clap() -> Any:
    """Return a whole CLAP, ears and all, whose text side is that of the tiny AudioLDM."""
    from transformers import ClapAudioConfig, ClapConfig, ClapModel, ClapTextConfig

    text = ClapTextConfig(
        vocab_size=300,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=PROMPT_DIM + 8,
        projection_dim=PROMPT_DIM,
        initializer_range=0.5,
    )
    audio = ClapAudioConfig(
        spec_size=64,
        window_size=4,
        num_mel_bins=64,
        depths=[1, 1],
        num_attention_heads=[2, 2],
        num_hidden_layers=2,
        hidden_size=16,
        patch_embeds_hidden_size=8,
        projection_dim=PROMPT_DIM,
        patch_size=4,
        patch_stride=[4, 4],
    )
    return ClapModel(
        ClapConfig(text_config=text.to_dict(), audio_config=audio.to_dict(), projection_dim=PROMPT_DIM)
    )


def _hearing(with_head: bool) -> dict[str, Any]:
    from diffusers import AudioLDM2ProjectionModel
    from transformers import GPT2Config, GPT2LMHeadModel, GPT2Model, T5Config, T5EncoderModel

    t5 = T5Config(vocab_size=300, d_model=T5_DIM, d_ff=32, d_kv=8, num_heads=2, num_layers=2)
    gpt2 = GPT2Config(n_embd=LANGUAGE_DIM, n_head=2, n_layer=2, vocab_size=50, n_positions=160)
    gpt2.max_new_tokens = 8
    return {
        "text_encoder": tiny_clap(),
        "text_encoder_2": T5EncoderModel(t5),
        "language_model": GPT2LMHeadModel(gpt2) if with_head else GPT2Model(gpt2),
        "projection_model": AudioLDM2ProjectionModel(
            text_encoder_dim=PROMPT_DIM, text_encoder_1_dim=T5_DIM, langauge_model_dim=LANGUAGE_DIM
        ),
    }


def _unet() -> Any:
    from diffusers import AudioLDM2UNet2DConditionModel

    return AudioLDM2UNet2DConditionModel(
        sample_size=32,
        in_channels=8,
        out_channels=8,
        layers_per_block=1,
        block_out_channels=(8, 16),
        norm_num_groups=4,
        attention_head_dim=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=([None, LANGUAGE_DIM, T5_DIM], [None, LANGUAGE_DIM, T5_DIM]),
    )


def _write_t5_tokenizer(folder: Path) -> None:
    """Write a vocabulary of single characters: every letter of a prompt is a token, and the end is one."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    folder.mkdir()
    letters = "▁abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,.#'-"
    words = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *((letter, -2.0) for letter in letters)]
    tokenizer = Tokenizer(models.Unigram(words, unk_id=2))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "T5Tokenizer",
        "model_max_length": 512,
        "pad_token": "<pad>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "extra_ids": 0,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
