"""CLAP in memory: the cosine of a clip's embedding and a text's.

    a = normalise(audio_projection(HTSAT(log mel of 10 s at 48 kHz))),  t = normalise(text_projection(RoBERTa(text)))
    score = a · t

What is shorter than the 10 s that it hears is repeated, as in its training. What is longer is heard in windows of 10 s, the
last of which ends where the clip does, and its score is their mean: transformers' own way is a window at random.

This module imports torch and transformers: the ranker imports it only to score.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor

from sfxgen.audio.clip import Clip, Samples
from sfxgen.audio.resample import resample, to_channels
from sfxgen.errors import ModelError
from sfxgen.models.torch_session import (
    MODEL_FAILURES,
    cannot_load,
    deterministic,
    load_config,
    load_module,
    out_of_memory,
    quiet,
)


class ClapSession:
    """See `sfxgen.contracts.RankingSession`. It works in float32, one window at a time."""

    def __init__(self, folder: Path, *, model: str, device: str) -> None:
        self._name, self._device = model, device
        self._features = load_config(folder, transformers.ClapFeatureExtractor)
        self._tokenizer = load_config(folder, transformers.RobertaTokenizer)
        clap = load_module(folder, transformers.ClapModel)
        text = clap.config.text_config
        if len(self._tokenizer) > text.vocab_size:
            raise cannot_load(
                folder, f"its tokenizer knows {len(self._tokenizer)} words, its model {text.vocab_size}"
            )
        # RoBERTa counts positions from behind its padding's number.
        self._most_tokens = int(text.max_position_embeddings - text.pad_token_id - 1)
        try:
            self._clap: Any = clap.to(device=device, dtype=torch.float32).eval()
        except MODEL_FAILURES as error:
            raise self._failure(error) from error
        self._texts: dict[str, Tensor] = {}

    def score(self, clip: Clip, text: str) -> float:
        """Return the cosine of a clip's embedding and a text's, from -1 to 1."""
        if self._clap is None:
            raise ModelError(f"{self._name} is closed")
        try:
            with quiet(), deterministic(), torch.inference_mode():
                heard = self._text(text)
                scores = [float((self._window(window) * heard).sum()) for window in self._windows(clip)]
        except MODEL_FAILURES as error:
            raise self._failure(error) from error
        score = sum(scores) / len(scores)
        if not math.isfinite(score):
            raise ModelError(
                f"{self._name} gave no number for a clip", hint="its weights may be damaged: fetch them again"
            )
        return score

    def close(self) -> None:
        """Free the memory."""
        self._clap = None
        self._texts.clear()
        if self._device == "cuda":
            torch.cuda.empty_cache()

    def _text(self, text: str) -> Tensor:
        """Return a text's embedding, (1, dimensions), of length 1. What is beyond its longest text is not heard."""
        if text not in self._texts:
            tokens = self._tokenizer(text, truncation=True, max_length=self._most_tokens, return_tensors="pt")
            found = self._clap.get_text_features(**tokens.to(self._device))
            self._texts[text] = _embedding(found)
        return self._texts[text]

    def _windows(self, clip: Clip) -> list[Samples]:
        """Return what is heard of a clip, in mono at the model's rate: all of it, in pieces of at most its window."""
        rate, most = int(self._features.sampling_rate), int(self._features.nb_max_samples)
        samples = np.ascontiguousarray(resample(to_channels(clip, 1), rate).samples[:, 0])
        if len(samples) == 0:
            raise ModelError(f"{self._name}: the clip is empty")
        starts = [*range(0, len(samples) - most, most), max(0, len(samples) - most)]
        return [samples[start : start + most] for start in starts]

    def _window(self, samples: Samples) -> Tensor:
        """Return the embedding of at most one window, (1, dimensions), of length 1."""
        found = self._features(samples, sampling_rate=self._features.sampling_rate, return_tensors="pt")
        heard = self._clap.get_audio_features(
            input_features=found["input_features"].to(self._device, torch.float32),
            is_longer=found["is_longer"].to(self._device),
        )
        return _embedding(heard)

    def _failure(self, error: Exception) -> ModelError:
        if out_of_memory(error):
            return ModelError(
                f"{self._name} does not fit into the memory of {self._device}", hint="close what else uses it"
            )
        first = next(iter(str(error).splitlines()), "") or type(error).__name__
        return ModelError(f"{self._name} failed while scoring: {first}")


def _embedding(found: Any) -> Tensor:
    """Return the embedding that a model's feature call found: before transformers 5 it was the tensor itself."""
    tensor: Tensor = getattr(found, "pooler_output", found)
    return tensor
