"""AudioLDM 2 in memory: its parts from a folder, and how it hears a text.

A text is heard twice, and a language model goes on from what both heard:

    a = CLAP(text), one vector;  b = T5(text), a vector for each token
    g = the 8 vectors with which GPT-2 continues  [sos, W a, eos, sos', W' b, eos']
    ε = ε(x_t; g, b), a U-Net that attends to g and to b

Liu et al., "AudioLDM 2: Learning Holistic Audio Generation with Self-supervised Pretraining" (2023, arXiv 2308.05734);
g stands for the features of an audio masked autoencoder, the paper's "language of audio".

This module imports torch, diffusers and transformers: adapters import it only to load a model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from torch import Tensor
from torch.nn import functional

from sfxgen.events import OnEvent
from sfxgen.models.diffusion_batch import FolderSession, load_part
from sfxgen.models.guided_sampling import mixed
from sfxgen.models.latent_diffusion import ClapText, Condition, Parts
from sfxgen.models.musical_runner import MusicalRunner
from sfxgen.models.torch_session import DTYPES, Runner, load_config, scheduler_class
from sfxgen.recipe import Recipe

HEARD_TOKENS = 128
"""How many tokens T5 hears: so many the model was trained with, and every text is padded to that length."""
GENERATED_TOKENS = 8
"""How many vectors the language model goes on for, where its config does not say."""


@dataclass(frozen=True, slots=True)
class TwoTexts:
    """AudioLDM 2's hearing. Its parts stay in float32, as T5 overflows in float16; `dtype` is the U-Net's."""

    clap: ClapText
    tokenizer: Any
    text_encoder: Any
    projection: Any
    language_model: Any
    dtype: torch.dtype
    _ones: dict[str, Tensor] = field(default_factory=dict)
    """CLAP's vector of each text so far: it costs more than all the rest."""

    def length(self, text: str) -> int:
        """Return how many tokens T5 hears of a text."""
        return min(*self.count(text))

    def count(self, text: str) -> tuple[int, int]:
        """Return how many tokens a text has for T5, and how many of them it hears. CLAP hears more."""
        return len(self.tokenizer(text).input_ids), HEARD_TOKENS

    def encode(self, text: str, at_least: int = 0) -> Condition:
        """Return (generated, heard, mask) of one row: (1, 8, features), (1, 128, T5's features), (1, 128).

        What the U-Net attends to is padded to 128 tokens, under the mask. The language model counts positions, and
        goes on from another one after padding: it gets the text unpadded, or padded to `at_least` so many tokens.
        """
        device = self.text_encoder.device
        if text not in self._ones:
            self._ones[text] = self.clap.encode(text).tensors[0][:, None]
        tokens = self.tokenizer(
            text,
            padding="max_length",
            max_length=max(at_least, self.length(text)),
            truncation=True,
            return_tensors="pt",
        ).to(device)
        each: Tensor = self.text_encoder(tokens.input_ids, attention_mask=tokens.attention_mask)[0]
        both = self.projection(
            hidden_states=self._ones[text],
            hidden_states_1=each,
            attention_mask=tokens.attention_mask.new_ones((1, 1)),
            attention_mask_1=tokens.attention_mask,
        )
        padding = HEARD_TOKENS - each.shape[1]
        return Condition(
            (
                self._continued(both.hidden_states, both.attention_mask).to(self.dtype),
                functional.pad(each, (0, 0, 0, padding)).to(self.dtype),
                functional.pad(tokens.attention_mask, (0, padding)),
            )
        )

    def _continued(self, states: Tensor, mask: Tensor) -> Tensor:
        """Return the vectors (1, 8, features) with which the language model goes on: each is its next input."""
        inputs, past, generated = states, None, []
        for _ in range(int(getattr(self.language_model.config, "max_new_tokens", None) or GENERATED_TOKENS)):
            output = self.language_model(
                inputs_embeds=inputs, attention_mask=mask, past_key_values=past, use_cache=True
            )
            inputs, past = output.last_hidden_state[:, -1:], output.past_key_values
            mask = functional.pad(mask, (0, 1), value=1)
            generated.append(inputs)
        return torch.cat(generated, dim=1)

    def predict(self, unet: Any, x: Tensor, t: Tensor, condition: Condition) -> Tensor:
        """Return the noise that the U-Net sees."""
        generated, heard, mask = condition.tensors
        noise: Tensor = unet(
            x,
            t,
            encoder_hidden_states=generated,
            encoder_hidden_states_1=heard,
            encoder_attention_mask_1=mask,
        ).sample
        return noise


def load_runner(
    folder: Path, device: str, dtype: str, *, model: str, root: Path | None = None
) -> AudioLDM2Runner:
    """Load AudioLDM 2 from a folder in diffusers' layout. Never touches the network, never runs its code.

    Of CLAP only the text side is loaded, and of the language model not the head that would name words.
    Raises ModelError for weights that are corrupt, incomplete, or hold anything but tensors.
    """

    def module(name: str, cls: Any, dtype: str = dtype) -> Any:
        return load_part(folder / name, cls, device, dtype)

    hearing = TwoTexts(
        clap=ClapText(
            tokenizer=load_config(folder / "tokenizer", transformers.RobertaTokenizerFast),
            text_encoder=module("text_encoder", transformers.ClapTextModelWithProjection, "fp32"),
        ),
        tokenizer=load_config(folder / "tokenizer_2", transformers.T5TokenizerFast),
        text_encoder=module("text_encoder_2", transformers.T5EncoderModel, "fp32"),
        projection=module("projection_model", diffusers.AudioLDM2ProjectionModel, "fp32"),
        language_model=module("language_model", transformers.GPT2Model, "fp32"),
        dtype=DTYPES[dtype],
    )
    parts = Parts(
        conditioner=hearing,
        unet=module("unet", diffusers.AudioLDM2UNet2DConditionModel),
        vae=module("vae", diffusers.AutoencoderKL),
        vocoder=module("vocoder", transformers.SpeechT5HifiGan),
        scheduler=load_config(folder / "scheduler", scheduler_class(folder / "scheduler")),
        device=torch.device(device),
        dtype=DTYPES[dtype],
    )
    return AudioLDM2Runner(parts, hearing, model=model, root=root)


class AudioLDM2Runner(MusicalRunner):
    """AudioLDM 2's parts, and a batch of its takes. See `torch_session.Runner`."""

    def __init__(self, parts: Parts, hearing: TwoTexts, *, model: str, root: Path | None = None) -> None:
        super().__init__(parts, model=model, root=root)
        self._hearing = hearing
        self._padded: dict[tuple[str, int], Condition] = {}

    def _negative(self, take: Recipe, on_event: OnEvent) -> Condition:
        """Return what the model hears in a take's negative prompt beside its prompt, or along a morph of prompts."""
        one = self._beside(take.negative, take.prompt, on_event)
        to = (take.params.get("morph") or {}).get("to")
        if not to:
            return one
        return mixed(one, self._beside(take.negative, str(to), on_event), self._guide(take).at)

    def _beside(self, negative: str, prompt: str, on_event: OnEvent) -> Condition:
        """Return what the model hears in a negative prompt, padded where it is shorter than the prompt.

        So does diffusers' pipeline pad it. A longer one that pipeline cuts to the prompt's length; here all of it counts.
        """
        whole, length = self._condition(negative, on_event), self._hearing.length(prompt)
        if self._hearing.length(negative) >= length:
            return whole
        if (negative, length) not in self._padded:
            self._padded[negative, length] = self._hearing.encode(negative, at_least=length)
        return self._padded[negative, length]


class AudioLDM2Session(FolderSession):
    """AudioLDM 2 in memory, out of a folder."""

    def runner(self, folder: Path, device: str, dtype: str, *, model: str, root: Path | None) -> Runner:
        """Load the model's parts in a dtype. Raises ModelError for weights that are damaged."""
        return load_runner(folder, device, dtype, model=model, root=root)
