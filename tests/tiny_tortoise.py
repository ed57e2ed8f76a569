"""Small random weights of Tortoise's own classes, and the package's own speech from them.

Run by the Python that `sfxgen models install tortoise` makes: `python tiny_tortoise.py save FOLDER`, or
`python tiny_tortoise.py speak FOLDER OUT JSON`, which says each thing that the JSON lists without a line of sfxgen's.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

SIZES: dict[str, dict[str, Any]] = {
    "autoregressive": {"layers": 2, "model_dim": 64, "heads": 2},
    "diffusion": {"model_channels": 64, "num_layers": 1, "in_latent_channels": 64, "num_heads": 2},
    "clvp": {
        "dim_text": 32, "dim_speech": 32, "dim_latent": 32, "text_enc_depth": 1, "text_heads": 2,
        "speech_enc_depth": 1, "speech_heads": 2,
    },
    "vocoder": {"noise_dim": 8, "channel_size": 8},
}  # fmt: skip


def parts() -> dict[str, Any]:
    """The package's modules in small, as its TextToSpeech makes them in large."""
    from tortoise.models.autoregressive import UnifiedVoice  # type: ignore[import-not-found]
    from tortoise.models.clvp import CLVP  # type: ignore[import-not-found]
    from tortoise.models.diffusion_decoder import DiffusionTts  # type: ignore[import-not-found]
    from tortoise.models.random_latent_generator import (  # type: ignore[import-not-found]
        RandomLatentConverter,
    )
    from tortoise.models.vocoder import UnivNetGenerator  # type: ignore[import-not-found]

    return {
        "autoregressive": UnifiedVoice(
            max_mel_tokens=604, max_text_tokens=402, max_conditioning_inputs=2, number_text_tokens=255,
            start_text_token=255, checkpointing=False, train_solo_embeddings=False, **SIZES["autoregressive"],
        ),
        "diffusion_decoder": DiffusionTts(
            in_channels=100, out_channels=200, in_tokens=8193, dropout=0, use_fp16=False, layer_drop=0,
            unconditioned_percentage=0, **SIZES["diffusion"],
        ),
        "clvp2": CLVP(
            num_text_tokens=256, text_seq_len=350, num_speech_tokens=8192, speech_seq_len=430, use_xformers=True,
            **SIZES["clvp"],
        ),
        "vocoder": UnivNetGenerator(**SIZES["vocoder"]),
        "rlg_auto": RandomLatentConverter(64),
        "rlg_diffuser": RandomLatentConverter(128),
    }  # fmt: skip


def save(folder: Path) -> None:
    import torch

    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    for name, module in parts().items():
        for parameter in module.parameters():  # some begin as zeros, and would hide what is wrong
            if parameter.ndim > 1:
                parameter.data.normal_(0, 0.08)
        state = module.state_dict()
        torch.save({"model_g": state} if name == "vocoder" else state, folder / f"{name}.pth")
    (folder / "config.json").write_text(json.dumps(SIZES))


def speak(folder: Path, asked: dict[str, Any]) -> Any:
    import torch
    from tortoise import api  # type: ignore[import-not-found]
    from tortoise.utils.audio import load_audio, load_voice  # type: ignore[import-not-found]
    from tortoise.utils.tokenizer import VoiceBpeTokenizer  # type: ignore[import-not-found]

    made = parts()
    for name, module in made.items():
        state = torch.load(folder / f"{name}.pth", weights_only=True)
        module.load_state_dict(state["model_g"] if name == "vocoder" else state)
        module.eval()
    made["vocoder"].eval(inference=True)
    made["autoregressive"].post_init_gpt2_config(kv_cache=True)
    tts = api.TextToSpeech.__new__(api.TextToSpeech)
    tts.device, tts.half, tts.enable_redaction, tts.cvvp = torch.device("cpu"), False, False, None
    tts.tokenizer = VoiceBpeTokenizer()
    tts.autoregressive, tts.diffusion = made["autoregressive"], made["diffusion_decoder"]
    tts.clvp, tts.vocoder = made["clvp2"], made["vocoder"]
    tts.rlg_auto, tts.rlg_diffusion = made["rlg_auto"], made["rlg_diffuser"]
    tts.autoregressive_batch_size = asked.pop("batch")
    samples, latents = None, None
    if "samples" in asked:
        samples = [load_audio(path, 22050) for path in asked.pop("samples")]
    else:
        samples, latents = load_voice(asked.pop("voice"))
    random.seed(99)  # the seed below is to decide all
    sound = tts.tts_with_preset(
        asked.pop("say"), voice_samples=samples, conditioning_latents=latents, verbose=False,
        use_deterministic_seed=asked.pop("seed"), **asked,
    )  # fmt: skip
    return sound.reshape(-1)


if __name__ == "__main__":
    verb, where, *rest = sys.argv[1:]
    if verb == "save":
        save(Path(where))
    else:
        for number, job in enumerate(json.loads(rest[1])):
            speak(Path(where), job).numpy().astype("<f4").tofile(Path(rest[0]) / f"{number}.f32")
