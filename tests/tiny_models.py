"""Tiny random models in the published layout, for tests: real loading code, no downloads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sfxgen.recipe import Recipe

TINY_RECIPE = Recipe(
    model="audioldm:weights/tiny",
    revision=None,
    adapter_version=1,
    base_seed=7,
    take=1,
    prompt="a footstep on gravel",
    negative="music",
    duration_s=0.5,
    steps=3,
    guidance=2.5,
    scheduler="dpmpp_2m",
    dtype="fp32",
)
PROMPT_DIM = 32  # also the longest prompt in tokens: diffusers' pipeline takes one for the other


def save_tiny_audioldm(folder: Path, seed: int = 0, *, pickled: bool = False) -> Path:
    """Write an AudioLDM of about 200 kB with random weights into `folder`, and return it.

    Same components, rates and latent layout as the published ones. Half a second takes some tens of milliseconds a
    step; the output is coloured noise of about -20 dBFS that differs by prompt and seed.
    `pickled` saves `.bin` weights in place of safetensors.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        parts = _components()
        _calibrate(parts["vae"], parts["vocoder"])
    for name, part in parts.items():
        part.save_pretrained(folder / name)
        if pickled and name != "scheduler":
            _pickle_weights(folder / name)
    _write_tokenizer(folder / "tokenizer")
    libraries = {"text_encoder": "transformers", "vocoder": "transformers"}
    index: dict[str, Any] = {
        name: [libraries.get(name, "diffusers"), type(part).__name__] for name, part in parts.items()
    }
    index |= {"_class_name": "AudioLDMPipeline", "tokenizer": ["transformers", "RobertaTokenizer"]}
    (folder / "model_index.json").write_text(json.dumps(index, indent=2), encoding="utf-8")
    return folder


def _components() -> dict[str, Any]:
    from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
    from transformers import (
        ClapTextConfig,
        ClapTextModelWithProjection,
        SpeechT5HifiGan,
        SpeechT5HifiGanConfig,
    )

    unet = UNet2DConditionModel(
        sample_size=(32, 4),
        in_channels=8,
        out_channels=8,
        layers_per_block=1,
        block_out_channels=(8, 16),
        norm_num_groups=4,
        attention_head_dim=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=(8, 16),
        class_embed_type="simple_projection",
        projection_class_embeddings_input_dim=PROMPT_DIM,
        class_embeddings_concat=True,
    )
    vae = AutoencoderKL(
        in_channels=1,
        out_channels=1,
        latent_channels=8,
        block_out_channels=(8, 8, 8),
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        scaling_factor=0.9,
    )
    text_encoder = ClapTextModelWithProjection(
        ClapTextConfig(
            vocab_size=300,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=PROMPT_DIM + 8,
            projection_dim=PROMPT_DIM,
            initializer_range=0.5,
        )
    )
    vocoder = SpeechT5HifiGan(
        SpeechT5HifiGanConfig(
            model_in_dim=16,
            sampling_rate=16000,
            upsample_initial_channel=32,
            upsample_rates=[5, 4, 2, 2, 2],
            upsample_kernel_sizes=[10, 8, 4, 4, 4],
            resblock_kernel_sizes=[3],
            resblock_dilation_sizes=[[1, 3]],
            normalize_before=False,
            initializer_range=0.3,
        )
    )
    scheduler = DDIMScheduler(
        beta_start=0.0015,
        beta_end=0.0195,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )
    return {
        "unet": unet,
        "vae": vae,
        "text_encoder": text_encoder,
        "vocoder": vocoder,
        "scheduler": scheduler,
    }


def _calibrate(vae: Any, vocoder: Any) -> None:
    """Scale the vocoder's last layer: random weights give silence or saturation, hardly ever -20 dBFS without DC."""
    import torch

    with torch.no_grad():
        vocoder.conv_post.weight.mul_(1e-4)  # well inside the linear part of the final tanh
        mel = vae.eval().decode(torch.randn(2, 8, 16, 4)).sample
        waveform = vocoder.eval()(mel.squeeze(1))
        gain = 0.1 / waveform.std()
        vocoder.conv_post.weight.mul_(gain)
        vocoder.conv_post.bias.copy_(-gain * waveform.mean())


def _write_tokenizer(folder: Path) -> None:
    """Write a byte-level vocabulary with no merges: every byte of a prompt is a token."""
    from tokenizers.pre_tokenizers import ByteLevel

    folder.mkdir()
    words = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *sorted(ByteLevel.alphabet())]
    vocabulary = {word: number for number, word in enumerate(words)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    config = {"tokenizer_class": "RobertaTokenizer", "model_max_length": PROMPT_DIM}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")


def _pickle_weights(folder: Path) -> None:
    import torch
    from safetensors.torch import load_file

    from sfxgen.models.weights import WEIGHT_STEMS

    for library in ("diffusers", "transformers"):
        safe, pickled = WEIGHT_STEMS[library]
        if (folder / f"{safe}.safetensors").is_file():
            torch.save(load_file(folder / f"{safe}.safetensors"), folder / f"{pickled}.bin")
            (folder / f"{safe}.safetensors").unlink()
