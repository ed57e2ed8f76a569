"""Bark in memory: a line of text and a voice in, speech out, one take at a time.

Three transformers follow one another: text → semantic tokens (49.9 a second), semantic → the codec's two coarse codebooks
(75 rows a second, one token after the other), coarse → its six fine ones (a whole codebook at once). The codec (EnCodec)
makes sound of them. A voice is a take of somebody's speech, as tokens of each kind, that each transformer continues.
The drawing itself is transformers' `generate`.

This module imports torch and transformers: adapters import it only to load a model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor
from transformers.models.bark.generation_configuration_bark import (
    BarkCoarseGenerationConfig,
    BarkFineGenerationConfig,
    BarkSemanticGenerationConfig,
)

from sfxgen.audio.clip import Samples
from sfxgen.errors import ModelError
from sfxgen.events import OnEvent
from sfxgen.models.bark_speech import PAUSE_S, VOICE_PARTS, missing_voice, pieces
from sfxgen.models.token_sampling import Progress, each_token, load_model, seeded
from sfxgen.models.torch_session import OnStep, Shape, TorchSession, cannot_load, load_config, quiet
from sfxgen.models.weights import VOICES, layout_class
from sfxgen.recipe import Recipe

FEWEST_TOKENS = 10
"""Semantic tokens, 0.2 s: where Bark would say nothing at all, its later stages fail."""
MAX_VOICE_BYTES = 1 << 20
Voice = Mapping[str, Tensor]


def load_bark(folder: Path, device: str, dtype: str) -> tuple[Any, Any]:
    """Load a model and its tokenizer from a folder in transformers' layout. Never touches the network, never runs its code.

    Raises ModelError for weights that are corrupt, incomplete, or hold anything but tensors.
    """
    if layout_class(folder) != "BarkModel":
        raise cannot_load(folder, "its config.json names no Bark")
    model = load_model(folder, transformers.BarkModel, device, dtype)
    return model, load_config(folder, transformers.BertTokenizerFast)


class Stages:
    """The settings of Bark's three stages, as the weights have them, and how many tokens each draws."""

    def __init__(self, generation: Any) -> None:
        self.semantic = BarkSemanticGenerationConfig(**generation.semantic_config)
        self.coarse = BarkCoarseGenerationConfig(**generation.coarse_acoustics_config)
        self.fine = BarkFineGenerationConfig(**generation.fine_acoustics_config)
        self.codebook_size = int(generation.codebook_size)

    def coarse_tokens(self, semantic: int) -> int:
        """Return how many coarse tokens follow from semantic ones."""
        rows = math.floor(semantic * self.coarse.coarse_rate_hz / self.semantic.semantic_rate_hz)
        return int(rows * self.coarse.n_coarse_codebooks)

    def fine_runs(self, coarse: int, history: int) -> int:
        """Return how often the fine stage runs over coarse tokens, after a voice of so many fine ones."""
        books, hop = self.coarse.n_coarse_codebooks, self.fine.max_fine_history_length
        left = coarse // books - (self.fine.max_fine_input_length - min(history, hop))
        return int((max(0, math.ceil(left / hop)) + 1) * (self.fine.n_fine_codebooks - books))

    @property
    def most_steps(self) -> int:
        """How many steps the longest piece takes in all, one for each token or run."""
        semantic = int(self.semantic.max_new_tokens)
        coarse = self.coarse_tokens(semantic)
        return semantic + coarse + self.fine_runs(coarse, self.fine.max_fine_history_length)


class BarkRunner:
    """A Bark's parts, and its takes. See `torch_session.Runner`."""

    def __init__(self, folder: Path, *, model: str, device: str, dtype: str) -> None:
        self._folder, self._name = folder, model
        self._model, self._tokenizer = load_bark(folder, device, dtype)
        try:
            self._stages = Stages(self._model.generation_config)
        except (AttributeError, TypeError, ValueError) as error:
            raise cannot_load(folder, f"its generation_config.json is no Bark's: {error}") from error
        self.sample_rate = int(self._model.config.codec_config.sampling_rate)
        self._voices: dict[str, Voice] = {}

    def shape(self, recipe: Recipe) -> Shape:
        """Return an open length: what is said takes as long as it takes."""
        if recipe.dtype is None:
            raise ModelError(f"{self._name}: a recipe needs a dtype")
        return Shape(recipe.dtype, 1, 1, open=True)

    def rows(self, shape: Shape) -> int:
        """Return 1: takes draw from one generator of torch's, so that two in a batch would not be what each is alone."""
        del shape
        return 1

    def run(
        self, takes: Sequence[Recipe], shape: Shape, rows: int, *, on_step: OnStep, on_event: OnEvent
    ) -> list[Samples]:
        """Return the takes' sounds, each drawn from its own seed. Raises ModelError for a voice that is not here."""
        del shape, rows, on_event
        for take in takes:
            self._voice(take)
        left = sum(len(pieces(take.params["say"])) for take in takes)
        drawing = _Drawing(self._stages, Progress(on_step, left * self._stages.most_steps), left)
        with quiet():
            return [self._take(take, drawing) for take in takes]

    def _take(self, take: Recipe, drawing: _Drawing) -> Samples:
        voice = self._voice(take)
        said: list[Samples] = []
        with seeded(take.seed, self._model.device):
            for piece in pieces(take.params["say"]):
                if said:
                    said.append(np.zeros((round(PAUSE_S * self.sample_rate), 1), np.float32))
                said.append(self._piece(piece, voice, take.params, drawing))
        return np.concatenate(said)

    def _piece(self, text: str, voice: Voice | None, params: Mapping[str, Any], drawing: _Drawing) -> Samples:
        tokens = self._tokenizer(
            text,
            add_special_tokens=False,
            padding="max_length",
            truncation=True,
            max_length=self._stages.semantic.max_input_semantic_length,
            return_tensors="pt",
        )
        device = self._model.device
        heard = None if voice is None else {name: tensor.to(device) for name, tensor in voice.items()}
        drawing.begin(0 if voice is None else voice["fine_prompt"].shape[1])
        # The fine stage draws a whole codebook at once, and calls itself where no hook sees it.
        watched = self._model.fine_acoustics.layernorm_final.register_forward_pre_hook(drawing.fine)
        try:
            sound = self._model.generate(
                input_ids=tokens.input_ids.to(device),
                attention_mask=tokens.attention_mask.to(device),
                history_prompt=heard,
                min_eos_p=params["min_eos_p"],
                semantic_do_sample=True,
                semantic_temperature=params["text_temperature"],
                semantic_min_new_tokens=FEWEST_TOKENS,
                semantic_stopping_criteria=each_token(drawing.semantic),
                coarse_do_sample=True,
                coarse_temperature=params["waveform_temperature"],
                coarse_stopping_criteria=each_token(drawing.coarse),
                fine_temperature=params["fine_temperature"],
            )
        finally:
            watched.remove()
        return np.ascontiguousarray(sound.float().cpu().numpy().reshape(-1, 1))

    def _voice(self, take: Recipe) -> Voice | None:
        name = take.params.get("voice")
        if name is None:
            return None
        if name not in self._voices:
            if wrong := missing_voice(self._folder, name):
                raise ModelError(f"{self._name}: {wrong[0]}", hint=wrong[1])
            self._voices[name] = load_voice(self._folder, name, self._stages)
        return self._voices[name]


class _Drawing:
    """Counts a run's steps. How many a piece takes is known better from stage to stage."""

    def __init__(self, stages: Stages, progress: Progress, left: int) -> None:
        self._stages, self._progress, self._left = stages, progress, left
        self._begun = self._semantic = self._coarse = self._fine = self._history = 0

    def begin(self, history: int) -> None:
        """Begin a piece that continues a voice of so many fine tokens."""
        self._begun, self._history = self._progress.done, history
        self._semantic = self._coarse = self._fine = 0
        self._left -= 1

    def semantic(self) -> None:
        """Note a semantic token."""
        self._semantic += 1
        self._progress.step()

    def coarse(self) -> None:
        """Note a coarse token. By the first of them all semantic ones are drawn."""
        if not self._coarse:
            is_ended = self._semantic < self._stages.semantic.max_new_tokens  # by a token that is no sound
            coarse = self._stages.coarse_tokens(self._semantic - is_ended)
            self._expect(self._semantic + coarse + self._stages.fine_runs(coarse, self._history))
        self._coarse += 1
        self._progress.step()

    def fine(self, module: Any, inputs: Any) -> None:
        """Note a run of the fine stage. By the first of them all coarse tokens are drawn."""
        del module, inputs
        if not self._fine:
            runs = self._stages.fine_runs(self._coarse, self._history)
            self._expect(self._semantic + self._coarse + runs)
        self._fine += 1
        self._progress.step()

    def _expect(self, piece: int) -> None:
        self._progress.total = self._begun + piece + self._left * self._stages.most_steps


def load_voice(folder: Path, name: str, stages: Stages) -> Voice:
    """Load a voice: int64 of (n,), (2, n) and (8, n), the semantic, coarse and fine tokens of a line that somebody said.

    Arrays are read as numbers only, never as pickles. Raises ModelError for what is damaged or no tokens.
    """
    books = (None, stages.coarse.n_coarse_codebooks, stages.fine.n_fine_codebooks)
    sizes = (stages.semantic.semantic_vocab_size, stages.codebook_size, stages.codebook_size)
    voice: dict[str, Tensor] = {}
    for part, count, size in zip(VOICE_PARTS, books, sizes, strict=True):
        path = folder / VOICES / f"{name}_{part}.npy"
        try:
            if path.stat().st_size > MAX_VOICE_BYTES:
                raise ValueError(f"it has more than {MAX_VOICE_BYTES:,} bytes")
            found = np.load(path, mmap_mode="r", allow_pickle=False)
            if not isinstance(found, np.ndarray):
                raise ValueError("it is an archive, not an array")
            # Seen before anything is read: a header may promise any number of items that take no bytes.
            if found.dtype.kind not in "iu" or found.ndim != (1 if count is None else 2):
                raise ValueError(f"it holds {found.dtype} of shape {found.shape}")
            if count is not None and len(found) != count:
                raise ValueError(f"it has {len(found)} codebooks, not {count}")
            if not found.shape[-1] or found.min() < 0 or found.max() >= size:
                raise ValueError(f"it has no tokens, or other ones than those from 0 to {size - 1}")
        except Exception as error:  # a header is a text of Python's, with as many kinds of damage
            raise ModelError(
                f"the voice {name} cannot be read: {path.name}: {error}", hint="fetch the weights again"
            ) from error
        voice[part] = torch.from_numpy(found.astype(np.int64))
    return voice


class BarkSession(TorchSession):
    """Bark in memory, out of a folder."""

    def __init__(self, folder: Path, *, model: str, device: str, dtype: str = "fp32") -> None:
        super().__init__(
            lambda dtype: BarkRunner(folder, model=model, device=device, dtype=dtype),
            model=model,
            device=device,
            dtype=dtype,
        )
