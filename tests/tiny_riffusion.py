"""A tiny random Riffusion in the published layout, for tests: real loading code, no downloads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

PROMPT_TOKENS = 20


def save_tiny_riffusion(folder: Path, seed: int = 0) -> Path:
    """Write a Stable Diffusion of about 300 kB with random weights into `folder`, and return it.

    Pictures of 512 rows, as the published weights make; they are grey, with structure that differs by prompt and seed.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        parts = _parts()
    libraries = {"text_encoder": "transformers"}
    index: dict[str, Any] = {
        name: [libraries.get(name, "diffusers"), type(part).__name__] for name, part in parts.items()
    }
    index |= {
        "_class_name": "StableDiffusionPipeline",
        "tokenizer": ["transformers", "CLIPTokenizer"],
        # The published index names these, whose files nobody here needs.
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
        "feature_extractor": ["transformers", "CLIPFeatureExtractor"],
    }
    for name, part in parts.items():
        part.save_pretrained(folder / name)
    _write_tokenizer(folder / "tokenizer")
    (folder / "model_index.json").write_text(json.dumps(index, indent=2), encoding="utf-8")
    return folder


def _parts() -> dict[str, Any]:
    from diffusers import AutoencoderKL, PNDMScheduler, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    vae = AutoencoderKL(
        block_out_channels=(4, 4, 8, 8),
        norm_num_groups=4,
        latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        mid_block_add_attention=False,
        scaling_factor=0.18215,
    )
    with torch.no_grad():
        vae.decoder.conv_out.weight.mul_(2.0)
    return {
        "unet": UNet2DConditionModel(
            sample_size=64,
            in_channels=4,
            out_channels=4,
            block_out_channels=(8, 8, 16, 16),
            layers_per_block=1,
            norm_num_groups=4,
            attention_head_dim=2,
            cross_attention_dim=16,
            down_block_types=("DownBlock2D",) * 3 + ("CrossAttnDownBlock2D",),
            up_block_types=("CrossAttnUpBlock2D",) + ("UpBlock2D",) * 3,
        ),
        "vae": vae,
        "text_encoder": CLIPTextModel(
            CLIPTextConfig(
                vocab_size=514,
                hidden_size=16,
                intermediate_size=32,
                num_hidden_layers=2,
                num_attention_heads=2,
                max_position_embeddings=PROMPT_TOKENS,
                projection_dim=16,
                initializer_factor=10.0,
                bos_token_id=512,
                eos_token_id=513,
                pad_token_id=513,
            )
        ),
        "scheduler": PNDMScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            set_alpha_to_one=False,
            skip_prk_steps=True,
            steps_offset=1,
        ),
    }


def _write_tokenizer(folder: Path) -> None:
    """Write a byte-level vocabulary with no merges: every byte of a prompt is a token."""
    from tokenizers.pre_tokenizers import ByteLevel

    folder.mkdir()
    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: number for number, word in enumerate(words)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": PROMPT_TOKENS}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
