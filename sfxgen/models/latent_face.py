"""The light face that AudioLDM and its relatives share. Light."""

from __future__ import annotations

from sfxgen.models.diffusion_face import DiffusionFace

MAX_DURATION_S = 30.0
TRAINED_S = 10.24


class LatentFace(DiffusionFace):
    """An adapter over `diffusion_session.LatentRunner`."""

    min_duration_s = 0.04  # one step of the latents' time axis: 4 mel frames of 10 ms
    max_prompt_characters = 2000  # the text encoder hears 512 tokens, of about four characters
