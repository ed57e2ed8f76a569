"""MusicGen in memory: text, the end of a source and a melody in, tokens of its codec out, one take at a time.

The codec (EnCodec) turns sound into `frame_rate` rows of tokens a second, one token a codebook; the model draws them one
row after the other, each codebook a step behind the one before:

    l = l_null + w · (l_text - l_null),   token ~ softmax(top_k(l) / temperature)

Copet et al., "Simple and Controllable Music Generation" (NeurIPS 2023). The drawing itself is transformers' `generate`.

This module imports torch and transformers: adapters import it only to load a model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor
from torch.nn import functional
from transformers.audio_utils import chroma_filter_bank

from sfxgen.audio.clip import Samples
from sfxgen.audio.resample import resample, to_channels
from sfxgen.errors import ModelError
from sfxgen.events import OnEvent
from sfxgen.models.musical import described
from sfxgen.models.project_audio import digest_key, read_audio
from sfxgen.models.token_sampling import Progress, each_token, load_model, seeded
from sfxgen.models.torch_session import (
    OnStep,
    Shape,
    TorchSession,
    cannot_load,
    load_config,
    quiet,
)
from sfxgen.models.weights import layout_class
from sfxgen.recipe import Recipe

CLASSES = {
    "MusicgenForConditionalGeneration": transformers.MusicgenForConditionalGeneration,
    "MusicgenMelodyForConditionalGeneration": transformers.MusicgenMelodyForConditionalGeneration,
}
CHROMA_FFT, CHROMA_HOP = 16384, 4096
"""The windows of a melody's chromagram in samples, as the published melody models were trained on."""


def load_musicgen(folder: Path, device: str, dtype: str) -> tuple[Any, Any]:
    """Load a model and its tokenizer from a folder in transformers' layout. Never touches the network, never runs its code.

    Raises ModelError for weights that are corrupt, incomplete, or hold anything but tensors.
    """
    cls = CLASSES.get(layout_class(folder))
    if cls is None:
        raise cannot_load(folder, "its config.json names no MusicGen")
    return load_model(folder, cls, device, dtype), load_config(folder, transformers.T5TokenizerFast)


def chroma(samples: Samples, sample_rate: int, classes: int) -> Tensor:
    """Return the loudest pitch class at each moment of a melody: one-hot rows of (1, moments, classes), on the CPU.

    From the power spectrum folded into octaves; Copet et al., section 2.3. Shorter sounds are padded with silence to one
    window.
    """
    waveform = torch.from_numpy(np.ascontiguousarray(samples.mean(axis=1)))
    if (short := CHROMA_FFT - len(waveform)) > 0:
        waveform = functional.pad(waveform, (short // 2, short - short // 2))
    spectrum = torch.stft(
        waveform,
        CHROMA_FFT,
        CHROMA_HOP,
        window=torch.hann_window(CHROMA_FFT),
        center=True,
        pad_mode="reflect",
        return_complex=True,
    )
    filters = chroma_filter_bank(
        num_frequency_bins=CHROMA_FFT, num_chroma=classes, sampling_rate=sample_rate, tuning=0
    )
    folded = torch.from_numpy(np.asarray(filters, dtype=np.float32)) @ spectrum.abs().square()
    return functional.one_hot(folded.argmax(dim=0), classes).float()[None]


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a take may listen to: files of the project at `root`, of a source's end and of a melody so much at most.

    What is heard of a source and what follows it are `longest_s` together at most.
    """

    root: Path
    context_s: float
    longest_s: float


class MusicGenRunner:
    """A MusicGen's parts, and its takes. See `torch_session.Runner`."""

    def __init__(self, folder: Path, hearing: Hearing, *, model: str, device: str, dtype: str) -> None:
        self._hearing, self._name = hearing, model
        self._model, self._tokenizer = load_musicgen(folder, device, dtype)
        self._codec = self._model.config.audio_encoder
        self.sample_rate = int(self._codec.sampling_rate)
        self.channels = int(self._model.config.decoder.audio_channels)
        self._hop = math.prod(int(ratio) for ratio in self._codec.upsampling_ratios)
        self._hears_melodies = hasattr(self._model.config, "num_chroma")

    def shape(self, recipe: Recipe) -> Shape:
        """Return the recipe's length; no two takes share more than that."""
        duration_s, dtype = recipe.duration_s, recipe.dtype
        if duration_s is None or recipe.guidance is None or dtype is None:
            raise ModelError(f"{self._name}: a recipe needs duration_s, guidance and dtype")
        frames = round(duration_s * self.sample_rate)
        return Shape(dtype, frames, self._rows_of_tokens(frames), recipe.guidance > 1.0)

    def rows(self, shape: Shape) -> int:
        """Return 1: takes draw from one generator of torch's, so that two in a batch would not be what each is alone."""
        del shape
        return 1

    def run(
        self, takes: Sequence[Recipe], shape: Shape, rows: int, *, on_step: OnStep, on_event: OnEvent
    ) -> list[Samples]:
        """Return the takes' sounds, each drawn from its own seed."""
        del rows, on_event
        behind = self._behind
        progress = Progress(on_step, len(takes) * (self._rows_of_tokens(shape.frames) + behind))
        with quiet():
            return [self._take(take, shape.frames, progress) for take in takes]

    def _rows_of_tokens(self, frames: int) -> int:
        return math.ceil(frames / self._hop)

    @property
    def _behind(self) -> int:
        """How many steps the last codebook is behind the first."""
        return int(self._model.decoder.num_codebooks) // self.channels - 1

    def _take(self, take: Recipe, frames: int, progress: Progress) -> Samples:
        if take.params.get("melody") and not self._hears_melodies:
            raise ModelError(f"{self._name} cannot follow a melody", hint="musicgen-melody can")
        tokens = self._tokenizer([described(take.prompt, take.params)], padding=True, return_tensors="pt")
        given: dict[str, Tensor] = {"input_ids": tokens.input_ids, "attention_mask": tokens.attention_mask}
        heard = 0
        if take.params.get("source"):
            codes = self._codes(self._end_of_source(take, frames))
            given["decoder_input_ids"], heard = codes, codes.shape[-1]
        if take.params.get("melody"):
            given["input_features"] = self._melody(take)
        device = self._model.device
        with seeded(take.seed, device):
            sound = self._model.generate(
                **{name: tensor.to(device) for name, tensor in given.items()},
                max_new_tokens=self._rows_of_tokens(frames) + self._behind,
                do_sample=True,
                guidance_scale=take.guidance,
                temperature=take.params["temperature"],
                top_k=take.params["top_k"],
                stopping_criteria=each_token(progress.step),
            )
        waveform = sound[0].float().cpu().numpy()[:, heard * self._hop :]
        return np.ascontiguousarray(waveform.T)

    def _end_of_source(self, take: Recipe, frames: int) -> Samples:
        """Return as much of a source's end as is heard: whole rows of tokens, so that the next one begins where it ends."""
        samples = self._heard(take, "source", self.channels)
        room_s = min(self._hearing.context_s, self._hearing.longest_s - frames / self.sample_rate)
        count = min(int(room_s * self.sample_rate), len(samples)) // self._hop
        if not count:
            raise ModelError(f"{take.params['source']} is too short to be continued")
        return samples[-count * self._hop :]

    def _codes(self, samples: Samples) -> Tensor:
        """Return a sound's tokens: (codebooks, rows), of stereo left and right by turns."""
        encoder = self._model.audio_encoder
        waveforms = torch.from_numpy(np.array(samples.T, order="C"))[:, None, None]
        inputs = waveforms.to(encoder.device, encoder.dtype)
        codes = [encoder.encode(waveform).audio_codes[0, 0] for waveform in inputs]
        return torch.stack(codes, dim=1).flatten(0, 1)

    def _melody(self, take: Recipe) -> Tensor:
        samples = self._heard(take, "melody", 1)[: int(self._hearing.longest_s * self.sample_rate)]
        found = chroma(samples, self.sample_rate, int(self._model.config.num_chroma))
        return found.to(self._model.dtype)

    def _heard(self, take: Recipe, key: str, channels: int) -> Samples:
        clip = read_audio(self._hearing.root, str(take.params[key]), str(take.params[digest_key(key)]))
        return resample(to_channels(clip, 1 if channels == 1 else 2), self.sample_rate).samples


class MusicGenSession(TorchSession):
    """MusicGen in memory, out of a folder."""

    def __init__(
        self, folder: Path, hearing: Hearing, *, model: str, device: str, dtype: str = "fp32"
    ) -> None:
        super().__init__(
            lambda dtype: MusicGenRunner(folder, hearing, model=model, device=device, dtype=dtype),
            model=model,
            device=device,
            dtype=dtype,
        )
