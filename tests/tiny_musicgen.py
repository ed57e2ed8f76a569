"""Tiny random MusicGens in the published layout, for tests: real loading code, no downloads."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

from sfxgen.recipe import Recipe

TINY_MUSIC = Recipe(
    model="musicgen:weights/tiny",
    revision=None,
    adapter_version=1,
    base_seed=7,
    take=1,
    prompt="calm piano",
    duration_s=0.3,
    guidance=3.0,
    dtype="fp32",
    params={"temperature": 1.0, "top_k": 20},
)


def save_tiny_musicgen(folder: Path, seed: int = 0, *, melody: bool = False, channels: int = 1) -> Path:
    """Write a MusicGen of about 400 kB with random weights into `folder`, and return it.

    Same parts, rate and token rate as the published ones. The output is noise of about -20 dBFS, which differs by prompt
    and seed.
    """
    import torch
    import transformers as t

    codec = t.EncodecConfig(
        sampling_rate=32000,
        num_filters=4,
        hidden_size=16,
        num_lstm_layers=1,
        codebook_size=64,
        codebook_dim=16,
        upsampling_ratios=[8, 5, 4, 4],
        target_bandwidths=[1.2],
        normalize=False,
        use_causal_conv=False,
    )
    text = t.T5Config(
        vocab_size=128, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, initializer_factor=2.0
    )
    kind = "MusicgenMelody" if melody else "Musicgen"
    decoder = getattr(t, f"{kind}DecoderConfig")(
        vocab_size=64,
        num_hidden_layers=1,
        ffn_dim=32,
        num_attention_heads=2,
        hidden_size=16,
        initializer_factor=0.5,
        num_codebooks=codec.num_quantizers * channels,
        audio_channels=channels,
        pad_token_id=64,
        bos_token_id=64,
    )
    more: dict[str, Any] = {"num_chroma": 12, "chroma_length": 235} if melody else {}
    config = getattr(t, f"{kind}Config")(
        text_encoder=text.to_dict(), audio_encoder=codec.to_dict(), decoder=decoder.to_dict(), **more
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = getattr(t, f"{kind}ForConditionalGeneration")(config).eval()
        calibrate_codec(model.audio_encoder)
    model.generation_config = t.GenerationConfig(
        do_sample=True, max_length=1500, pad_token_id=64, bos_token_id=64, decoder_start_token_id=64
    )
    model.save_pretrained(folder)
    write_t5_tokenizer(folder)
    return folder


def calibrate_codec(codec: Any, rms: float = 0.1) -> None:
    """Give a random EnCodec a codebook, and a decoder that makes noise of about -20 dBFS without DC of it.

    Its encoder fills the codebook's space: else every sound would have the same tokens.
    """
    import torch

    with torch.no_grad():
        for layer in codec.quantizer.layers:  # these come as zeros
            layer.codebook.embed.copy_(torch.randn(layer.codebook.embed.shape))
        for name, parameter in codec.decoder.named_parameters():
            if name.endswith("bias"):
                parameter.zero_()  # or they are all that is heard
        codes = torch.randint(codec.config.codebook_size, (1, 1, codec.config.num_quantizers, 50))
        waveform = codec.decode(codes, [None]).audio_values
        last = codec.decoder.layers[-1].conv
        last.parametrizations.weight.original0.mul_(rms / waveform.std())
        last.bias.sub_(rms / waveform.std() * waveform.mean())
        heard = codec.encoder(rms * torch.randn(1, 1, codec.config.sampling_rate))[0]
        first = codec.encoder.layers[-1].conv
        first.parametrizations.weight.original0.div_(heard.std(dim=1)[:, None, None])
        first.bias.sub_(heard.mean(dim=1)).div_(heard.std(dim=1))


def write_t5_tokenizer(folder: Path) -> None:
    """Write a vocabulary of single characters."""
    import transformers as t

    marks = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    letters = [(letter, -3.0) for letter in string.printable if not letter.isspace()]
    t.T5TokenizerFast(vocab=marks + letters, extra_ids=0).save_pretrained(folder)


def change_config(folder: Path, **changes: Any) -> None:
    """Change keys of a saved model's `config.json`."""
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
