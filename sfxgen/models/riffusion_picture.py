"""Sound as Riffusion's pictures, and pictures as sound.

A column of a picture is 10 ms, a row one of 512 mels from 10 kHz at the top down to 0 Hz; white is silence, and the
darkness is the fourth root of the magnitude:

    picture = 1 - (M |STFT(x)| / max)^(1/4)

M holds HTK's triangles (O'Shaughnessy's mel scale). Back again, the least squares solution of smallest norm undoes M, and
phases are found with the fast Griffin-Lim algorithm: Griffin and Lim, "Signal Estimation from Modified Short-Time Fourier
Transform" (1984); Perraudin, Balazs and Søndergaard, "A Fast Griffin-Lim Algorithm" (2013). The numbers are those that the
published weights were trained with. Pictures are float32 tensors of (rows, columns), from 0, black, to 1, white.

This module imports torch: adapters import it only to load a model.
"""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor

SAMPLE_RATE = 44_100
"""The rate of the sound under a picture."""
HOP = 441
"""Frames of sound in a column, at that rate."""
MADE_RATE = SAMPLE_RATE // 2
"""The rate of the sound that is made of a picture: no picture has anything above 10 kHz, so this holds all of it."""
ROWS = 512
HIGHEST_HZ = 10_000
WINDOW_S = 0.1
PADDED_S = 0.4
"""The transform's window, and what it is filled up to with zeros: its frequencies lie 2.5 Hz apart."""
ROUNDS = 32
MOMENTUM = 0.99
PEAK = 0.89
"""The sample peak of a take: a picture does not say how loud it is."""

SEARCH_RATE = 2 * HIGHEST_HZ
"""The rate at which phases are searched for: no picture has anything above, and half the frequencies are a quarter of
the time. Their transform's frequencies and columns are those at the full rate, so the phases found are good there too."""
FREQUENCIES = round(SEARCH_RATE * PADDED_S) // 2 + 1


def mel_filters() -> Tensor:
    """Return HTK's triangles, float64 of (FREQUENCIES, ROWS), each with a peak of 1; the lowest mel first."""
    top = 2595.0 * math.log10(1.0 + HIGHEST_HZ / 700.0)
    mels = torch.linspace(0.0, top, ROWS + 2, dtype=torch.float64)
    edges = 700.0 * (10.0 ** (mels / 2595.0) - 1.0)
    hz = torch.linspace(0.0, HIGHEST_HZ, FREQUENCIES, dtype=torch.float64)[:, None]
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    return torch.minimum((hz - low) / (middle - low), (high - hz) / (high - middle)).clamp_min(0.0)


@cache
def _filters_and_inverse() -> tuple[Tensor, Tensor]:
    """Return M of (frequencies, mels), and its pseudo-inverse's transpose M (MᵀM)⁻¹, both float32."""
    filters = mel_filters()
    inverse = filters @ torch.linalg.inv(filters.T @ filters)
    return filters.float(), inverse.float()


def picture_of(waveform: Tensor) -> Tensor:
    """Return the picture of a sound of (frames,), one column for each whole hop. Silence is all white."""
    filters, _ = _filters_and_inverse()
    columns = len(waveform) // HOP
    mels = filters.T.to(waveform.device) @ _stft(waveform, SAMPLE_RATE).abs()[:FREQUENCIES, :columns]
    darkness = (mels / mels.max().clamp_min(1e-9)) ** 0.25
    return 1.0 - darkness.flip(0)


def sound_of(picture: Tensor, phases: Tensor, rounds: int = ROUNDS) -> Tensor:
    """Return the sound of a picture, of (columns · HOP / 2,) at MADE_RATE and with a peak of PEAK.

    One that is all white is silence. `phases` of (FREQUENCIES, columns), in turns, are where the search for the phases
    begins.
    """
    magnitudes = magnitudes_of(picture)
    turned = griffin_lim(magnitudes, torch.polar(torch.ones_like(phases), 2.0 * math.pi * phases), rounds)
    empty = round(SAMPLE_RATE * PADDED_S) // 2 + 1 - FREQUENCIES
    above = torch.zeros((empty, picture.shape[1]), device=picture.device)
    waveform = _istft(torch.cat([magnitudes * turned, above]), SAMPLE_RATE)[::2]
    peak = waveform.abs().max()
    return waveform * (PEAK / peak) if peak > 1e-9 else torch.zeros_like(waveform)


def magnitudes_of(picture: Tensor) -> Tensor:
    """Return a picture's magnitudes, of (FREQUENCIES, columns): 1 is that of the blackest mel."""
    _, inverse = _filters_and_inverse()
    found: Tensor = inverse.to(picture.device) @ (1.0 - picture.flip(0)) ** 4
    return found.clamp_min(0.0)


def griffin_lim(magnitudes: Tensor, turned: Tensor, rounds: int) -> Tensor:
    """Return phases, complex of modulus 1, that go with magnitudes of (FREQUENCIES, columns); `turned` are the first.

    Each round projects on what is the transform of a sound at all, then on the magnitudes, and goes on a little further
    in the direction of the last change.
    """
    weight = MOMENTUM / (1.0 + MOMENTUM)
    before = torch.zeros_like(turned)
    for _ in range(rounds):
        rebuilt = _stft(_istft(magnitudes * turned, SEARCH_RATE), SEARCH_RATE)[:, : magnitudes.shape[1]]
        turned, before = torch.sgn(rebuilt - weight * before), rebuilt
    return turned


def _stft(waveform: Tensor, rate: int) -> Tensor:
    window = torch.hann_window(round(rate * WINDOW_S), device=waveform.device)
    return torch.stft(waveform, round(rate * PADDED_S), _hop(rate), len(window), window, return_complex=True)


def _istft(spectrum: Tensor, rate: int) -> Tensor:
    window = torch.hann_window(round(rate * WINDOW_S), device=spectrum.device)
    length = spectrum.shape[1] * _hop(rate)
    return torch.istft(spectrum, round(rate * PADDED_S), _hop(rate), len(window), window, length=length)


def _hop(rate: int) -> int:
    return rate * HOP // SAMPLE_RATE
