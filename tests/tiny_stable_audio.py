"""Tiny random Stable Audio models in the published layouts, for tests: real loading code, no downloads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

OPEN_TOKENS = 24  # the longest prompt
OPEN_LONGEST_S = 64 * 512 / 44_100  # 64 latents of 512 frames


def save_tiny_stable_audio(folder: Path, seed: int = 0) -> Path:
    """Write a Stable Audio Open of about 100 kB with random weights into `folder`, and return it.

    The published rates, components and sampler; the longest take has 0.743 s. The output is noise of about -20 dBFS.
    """
    from transformers import T5TokenizerFast

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        parts = _open_parts()
        _shake(parts["transformer"])
        _calibrate(parts["vae"], 8)
    words = ["<pad>", "</s>", "<unk>", "▁", *"abcdefghijklmnopqrstuvwxyz"]
    tokenizer = T5TokenizerFast(vocab=[(word, -1.0) for word in words], extra_ids=0)
    tokenizer.model_max_length = OPEN_TOKENS
    return _save(folder, {**parts, "tokenizer": tokenizer}, "StableAudioPipeline", "stable_audio")


def _open_parts() -> dict[str, Any]:
    from diffusers import (
        AutoencoderOobleck,
        CosineDPMSolverMultistepScheduler,
        StableAudioDiTModel,
        StableAudioProjectionModel,
    )
    from transformers import T5Config, T5EncoderModel

    return {
        "transformer": StableAudioDiTModel(
            sample_size=64,
            in_channels=8,
            out_channels=8,
            num_layers=2,
            attention_head_dim=8,
            num_attention_heads=4,
            num_key_value_attention_heads=2,
            cross_attention_dim=16,
            cross_attention_input_dim=16,
            time_proj_dim=16,
            global_states_input_dim=32,
        ),
        "text_encoder": T5EncoderModel(
            T5Config(
                vocab_size=40, d_model=16, d_ff=32, d_kv=8, num_layers=2, num_heads=2, num_decoder_layers=0
            )
        ),
        "projection_model": StableAudioProjectionModel(
            text_encoder_dim=16, conditioning_dim=16, min_value=0, max_value=512
        ),
        "vae": AutoencoderOobleck(
            encoder_hidden_size=16,  # mean and spread of 8 latent channels
            downsampling_ratios=[8, 8, 8],
            channel_multiples=[1, 2, 2],
            decoder_channels=4,
            decoder_input_channels=8,
            audio_channels=2,
            sampling_rate=44_100,
        ),
        "scheduler": CosineDPMSolverMultistepScheduler(
            solver_order=2, prediction_type="v_prediction", sigma_data=1.0, sigma_schedule="exponential"
        ),
    }


def save_tiny_stable_audio3(folder: Path, seed: int = 0, *, base: bool = False) -> Path:
    """Write a Stable Audio 3 of about 300 kB with random weights into `folder`, and return it.

    `base` has the sampler of the weights that were not distilled. The output is noise of about -20 dBFS.
    """
    from transformers import GemmaTokenizerFast

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        parts = _parts3(base)
        for name in ("transformer", "vae"):
            _shake(parts[name])
        _quieten3(parts["vae"])
    words = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *"abcdefghijklmnopqrstuvwxyz"]
    tokenizer = GemmaTokenizerFast(vocab={word: number for number, word in enumerate(words)}, merges=[])
    tokenizer.model_max_length = OPEN_TOKENS
    return _save(folder, {**parts, "tokenizer": tokenizer}, "StableAudio3Pipeline", "stable_audio_3")


def _parts3(base: bool) -> dict[str, Any]:
    from diffusers import (
        AutoencoderSAME,
        FlowMatchEulerDiscreteScheduler,
        StableAudio3DiTModel,
        StableAudio3DurationEmbedder,
    )
    from transformers import T5GemmaConfig, T5GemmaEncoderModel

    text = {
        "vocab_size": 40,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 8,
        "query_pre_attn_scalar": 8,
        "initializer_range": 0.5,
    }
    return {
        "transformer": StableAudio3DiTModel(
            io_channels=8,
            embed_dim=32,
            depth=2,
            num_heads=4,
            cond_token_dim=16,
            global_cond_dim=16,
            local_add_cond_dim=9,
            timestep_features_dim=16,
            num_memory_tokens=4,
        ),
        "text_encoder": T5GemmaEncoderModel(
            T5GemmaConfig(encoder=text, decoder=text, is_encoder_decoder=False, vocab_size=40)
        ),
        "duration_embedder": StableAudio3DurationEmbedder(output_dim=16, fourier_dim=16),
        "vae": AutoencoderSAME(
            audio_channels=2,
            patch_size=64,
            encoder_channels=16,
            encoder_c_mults=[2],
            encoder_strides=[8],
            encoder_transformer_depths=[1],
            latent_dim=8,
            dim_heads=8,
        ),
        "scheduler": FlowMatchEulerDiscreteScheduler(
            num_train_timesteps=1, shift=1.0, stochastic_sampling=not base
        ),
    }


def _quieten3(vae: Any) -> None:
    """Scale the decoder's last layer to about -20 dBFS of noise."""
    last = vae.decoder.blocks[-1].mapping
    with torch.no_grad():
        last.bias.zero_()
        last.weight_g.mul_(0.1 / vae.eval().decode(torch.randn(1, 8, 40)).sample.std())


def _shake(module: Any) -> None:
    """Make small random weights count: what starts at zero would leave the text without effect."""
    with torch.no_grad():
        for weight in module.parameters():
            if weight.std(correction=0) < 0.05:
                weight.add_(0.2 * torch.randn_like(weight))


def _calibrate(vae: Any, latent_channels: int) -> None:
    """Give the decoder's last layer about -20 dBFS of noise without DC, which its activations are full of."""
    last, seen = vae.decoder.conv2, []
    hook = last.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].mean(dim=(0, 2))))
    latents = torch.randn(1, latent_channels, 64)
    with torch.no_grad():
        vae.eval().decode(latents)
        hook.remove()
        (mean,) = seen
        weight = last.weight.detach().clone()
        offset = (weight.sum(dim=2) * mean).sum(dim=1, keepdim=True)
        weight -= (offset * mean / (weight.shape[2] * mean.square().sum())).unsqueeze(2)
        last.weight_v.copy_(weight)
        last.weight_g.copy_(weight.norm(dim=(1, 2), keepdim=True))
        last.weight_g.mul_(0.1 / vae.decode(latents).sample.std())


def _save(folder: Path, parts: dict[str, Any], pipeline: str, own_library: str) -> Path:
    """Write what `save_pretrained` writes of a pipeline."""
    index: dict[str, Any] = {"_class_name": pipeline}
    for name, part in parts.items():
        part.save_pretrained(folder / name)
        library = "transformers" if type(part).__module__.startswith("transformers") else "diffusers"
        if own_library in type(part).__module__ and "pipelines" in type(part).__module__:
            library = own_library
        index[name] = [library, type(part).__name__]
    (folder / "model_index.json").write_text(json.dumps(index, indent=2), encoding="utf-8")
    return folder
