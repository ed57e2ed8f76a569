"""Guided sampling from a latent diffusion model: from a source, with parts of it kept, in windows, between two ends.

    z = s · VAE.encode(log-mel(source)),  x_t = α_t z + σ_t ε     where the first steps are skipped
    before each step: x_t ← keep · (α_t z + σ_t ε) + (1 - keep) · x_t,  at the end with z itself
    between two noises: sin((1-p)θ)/sin θ · ε_0 + sin(pθ)/sin θ · ε_1,  cos θ = ε_0·ε_1 / |ε_0||ε_1|

Liu et al., "AudioLDM" (ICML 2023), section 5: style transfer, inpainting, super-resolution; slerp is Shoemake, "Animating
Rotation with Quaternion Curves" (1985), as diffusion models use it: a straight line between two noises would be too soft.

This module imports torch: adapters import it only to load a model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from sfxgen.audio.clip import Samples
from sfxgen.audio.loop import cross_fade, stretched
from sfxgen.errors import ModelError
from sfxgen.models.diffusion_batch import decoded
from sfxgen.models.latent_diffusion import (
    Condition,
    Known,
    Parts,
    decode,
    denoise,
    initial_noise,
    make_scheduler,
)
from sfxgen.models.mel import log_mel, normalised

if TYPE_CHECKING:
    from sfxgen.recipe import JsonValue, Recipe

FADE_S = 0.01
"""How long a source fades into what was made anew, and back: inside of what was made anew."""
VOCODED_FRAMES = 1024
"""How many mel frames of a long take the vocoder takes at once, and how many of their neighbours it hears."""
VOCODED_BESIDE = 64
RING_STEPS = 32
"""How many steps of a loop's other end the VAE hears at least, and the vocoder half of them."""
MOST_LEVELING = 2.0
"""How much louder or softer than the source's own gain says a part may be made, so that it fits what was kept."""

ReadSource = Callable[[Mapping[str, Any]], Samples]
"""Reads the file that params name by `source` and `digest`: float32 of (frames,), at the model's rate."""


@dataclass(frozen=True, slots=True)
class Guide:
    """How one take is guided.

    The take has `frames` frames; sampled are those from `start` on, of `latent_steps`, in windows of `window` steps that
    begin at `windows`. `skip` steps are left out. `source` and `other` are sounds of (frames,) as long as what is sampled,
    at the source's level; `known_steps` are kept at the beginning, `spans` (in frames) are made anew.
    Where there are `seam_steps`, the take is a loop, and so many around its seam are made anew when it is done.
    `at` is how far along a morph is.
    """

    recipe: Recipe
    frames: int
    start: int
    latent_steps: int
    window: int
    windows: tuple[int, ...]
    skip: int
    at: float
    source: Samples | None
    other: Samples | None
    known_steps: int
    spans: tuple[tuple[int, int], ...]
    seam_steps: int = 0

    @property
    def is_masked(self) -> bool:
        """Whether some of the latents stay as they are."""
        return bool(self.is_inpainted or self.known_steps or self.recipe.params.get("upscale"))

    @property
    def is_inpainted(self) -> bool:
        """Whether the source stays but for some spans."""
        return "inpaint" in self.recipe.params

    @property
    def settings(self) -> tuple[JsonValue, ...]:
        """What takes of one batch have in common, besides what plain ones have."""
        return (self.start, self.window, self.windows, self.skip, self.is_masked, self.seam_steps)


def is_guided(recipe: Recipe) -> bool:
    """Return whether a take is more than its prompt and its seed."""
    return "guided" in recipe.params


def guide_of(parts: Parts, recipe: Recipe, read: ReadSource) -> Guide:
    """Return how a recipe's take is guided. Raises ModelError for a source that cannot be read or does not fit."""
    params, rate = recipe.params, parts.sample_rate
    per_step = parts.frames_per_latent
    source = read(params) if params.get("source") else None
    morph: Mapping[str, Any] = params.get("morph") or {}
    other = read(morph) if morph.get("source") else None
    frames = len(source) if recipe.duration_s is None and source is not None else _asked(recipe, rate)
    longest_s = params.get("longest_s")
    if longest_s is not None and frames > longest_s * rate:
        raise ModelError(
            f"{params['source']} is {frames / rate:g} s long, and the model makes {longest_s:g} s at the most",
            hint=f"write duration_s: {longest_s:g} for its beginning, or cut it",
        )
    start = known_steps = 0
    extend = params.get("extend")
    window = shared = math.ceil(frames / per_step)
    if extend:
        window = max(2, round(extend["window_s"] * rate / per_step))
        shared = min(window - 1, max(1, round(extend["shared_s"] * rate / per_step)))
    if extend and source is not None:
        known_steps = min(shared, len(source) // per_step)
        start = len(source) - known_steps * per_step
        if not known_steps or len(source) >= frames:
            what = "is too short to go on from" if not known_steps else f"is longer than {frames / rate:g} s"
            raise ModelError(f"{params['source']} {what}", hint="name another source, or change duration_s")
    latent_steps = math.ceil((frames - start) / per_step)
    seam_steps = 0
    if "seam_s" in params:
        # A loop is a whole number of steps, and stretched to its length in the end: by 20 ms at the most.
        latent_steps = window = max(2, round(frames / per_step))
        seam_steps = min(round(params["seam_s"] * rate / per_step), latent_steps // 2)
    windows = _windows(latent_steps, window, shared)
    at = _position(recipe, morph)
    loops = bool(params.get("loops"))
    length = latent_steps * per_step if seam_steps else frames
    return Guide(
        recipe=recipe,
        frames=frames,
        start=start,
        latent_steps=latent_steps,
        window=min(window, latent_steps),
        windows=windows,
        skip=_skipped(recipe, at),
        at=at,
        source=source if extend or source is None else _fitted(source, length, loops=loops),
        other=None if other is None else _fitted(other, length, loops=loops),
        known_steps=known_steps,
        spans=_spans(params, rate, frames),
        seam_steps=seam_steps,
    )


def _asked(recipe: Recipe, rate: int) -> int:
    if recipe.duration_s is None:
        raise ModelError(f"{recipe.model}: a recipe without a source needs duration_s")
    return round(recipe.duration_s * rate)


def _windows(latent_steps: int, window: int, shared: int) -> tuple[int, ...]:
    """Return where windows begin that share at least `shared` steps with the one before. The last ends with the take."""
    if latent_steps <= window:
        return (0,)
    last = latent_steps - window
    return (*range(0, last, window - shared), last)


def _position(recipe: Recipe, morph: Mapping[str, Any]) -> float:
    """Return how far along a morph a take is: where it says, or by its place among the sound's takes."""
    if "at" in morph:
        return float(morph["at"])
    takes = list(morph.get("takes") or [])
    if len(takes) < 2:
        return 0.0
    if recipe.take not in takes:
        raise ModelError(f"take {recipe.take} is none of the morph's: {takes}")
    return float(takes.index(recipe.take) / (len(takes) - 1))


def _skipped(recipe: Recipe, at: float) -> int:
    """Return how many steps are left out. From a prompt to a source, less and less is made anew."""
    params = recipe.params
    assert recipe.steps is not None
    strength = float(params.get("strength", 1.0))
    if not params.get("source"):
        strength = 1.0 - at * (1.0 - strength)
    return recipe.steps - int(recipe.steps * strength + 1e-9)


def _spans(params: Mapping[str, Any], rate: int, frames: int) -> tuple[tuple[int, int], ...]:
    """Return the parts to make anew in frames, those that overlap as one."""
    found: list[tuple[int, int]] = []
    for from_s, to_s in params.get("inpaint") or []:
        first, last = round(from_s * rate), round(to_s * rate)
        if last > frames + 1:  # where no header said so before
            raise ModelError(
                f"a part to make anew ends at {to_s:g} s, and the source at {frames / rate:g} s",
                hint=f"write to_s: {frames / rate:g}",
            )
        last = min(last, frames)
        if found and first <= found[-1][1]:
            first, last = found[-1][0], max(last, found.pop()[1])
        if last > first:
            found.append((first, last))
    return tuple(found)


def _fitted(samples: Samples, frames: int, *, loops: bool) -> Samples:
    """Return the first frames, with silence behind what is too short, or the same once more."""
    if len(samples) >= frames:
        return samples[:frames]
    return np.resize(samples, frames) if loops else np.pad(samples, (0, frames - len(samples)))


# --- latents ----------------------------------------------------------------------------------------


def encode(parts: Parts, samples: Samples, latent_steps: int) -> Tensor:
    """Return the latents of a sound of (frames,) and a peak of 0.5: (1, channels, latent_steps, frequency).

    They are the most likely ones, not drawn: strength 0 gives the same sound for every seed.
    """
    hop = parts.frames_per_latent // parts.vae_factor
    bins = int(parts.vocoder.config.model_in_dim)
    whole = _fitted(samples, latent_steps * parts.frames_per_latent, loops=False)
    mel = log_mel(whole, parts.sample_rate, bins, hop)
    image = torch.from_numpy(mel)[None, None].to(device=parts.device, dtype=parts.dtype)
    latents: Tensor = parts.vae.encode(image).latent_dist.mode() * parts.vae.config.scaling_factor
    return latents.float()


def slerp(one: Tensor, other: Tensor, at: float) -> Tensor:
    """Return what lies between two tensors on the arc from one direction to the other, its length between theirs.

    At 0 and 1 they are the ends, bit for bit.
    """
    if at in (0.0, 1.0):
        return one if at == 0.0 else other
    a, b = one.double().flatten(), other.double().flatten()
    lengths = a.norm(), b.norm()
    cosine = float((a @ b / (lengths[0] * lengths[1]).clamp(min=1e-12)).clamp(-1, 1))
    angle = math.acos(cosine)
    if math.sin(angle) < 1e-4:  # in one direction, or in opposite ones: a straight line
        return torch.lerp(one, other, at)
    unit_a, unit_b = a / lengths[0].clamp(min=1e-12), b / lengths[1].clamp(min=1e-12)
    between = (math.sin((1 - at) * angle) * unit_a + math.sin(at * angle) * unit_b) / math.sin(angle)
    found: Tensor = torch.lerp(lengths[0], lengths[1], at) * between
    return found.reshape(one.shape).to(one.dtype)


def mixed(one: Condition, other: Condition, at: float) -> Condition:
    """Return what lies between two conditions: each vector of features as long as those at the ends are.

    At 0 and 1 they are the ends, bit for bit. What is no number but a mask lets through what either does.
    """
    if at in (0.0, 1.0):
        return one if at == 0.0 else other
    tensors = []
    for a, b in zip(one.tensors, other.tensors, strict=True):
        if a.shape != b.shape:
            raise ModelError("the model hears the two ends of the morph in other forms")
        if not a.is_floating_point():
            tensors.append(torch.maximum(a, b))
            continue
        between = torch.lerp(a.float(), b.float(), at)
        lengths = torch.lerp(a.float().norm(dim=-1, keepdim=True), b.float().norm(dim=-1, keepdim=True), at)
        found = between * (lengths / between.norm(dim=-1, keepdim=True).clamp(min=1e-12))
        tensors.append(found.to(a.dtype))
    return Condition(tuple(tensors))


def _noise(parts: Parts, guide: Guide) -> tuple[Tensor, torch.Generator]:
    """Return a take's noise and what its scheduler draws from. Those of a series lie between the first and last take's."""
    _, _, bins = parts.latent_shape(parts.frames_per_latent)
    shape = (int(parts.unet.config.in_channels), guide.latent_steps, bins)
    noise, generator = initial_noise(guide.recipe.seed, shape)
    takes = list((guide.recipe.params.get("morph") or {}).get("takes") or [])
    if 0.0 < guide.at < 1.0 and takes:
        ends = [
            initial_noise(replace(guide.recipe, take=take).seed, shape)[0] for take in (takes[0], takes[-1])
        ]
        noise = slerp(ends[0], ends[1], guide.at)
    return noise, generator


def _origin(parts: Parts, guide: Guide) -> Tensor | None:
    """Return the latents that a take begins from, or of which it keeps a part."""
    source, other, steps = guide.source, guide.other, guide.latent_steps
    if guide.known_steps and source is not None:
        context = encode(parts, normalised(source)[0][guide.start :], guide.known_steps)
        return torch.nn.functional.pad(context, (0, 0, 0, steps - guide.known_steps))
    if not guide.skip and not guide.is_masked:
        return None  # all is made anew
    if source is not None and other is not None:
        ends = [encode(parts, normalised(sound)[0], steps) for sound in (source, other)]
        return slerp(ends[0], ends[1], guide.at)
    sound = other if source is None else source
    return None if sound is None else encode(parts, normalised(sound)[0], steps)


def _keep(parts: Parts, guide: Guide) -> Tensor:
    """Return where the latents stay: (1, 1, time, frequency). Steps that are made anew in part are so as a whole."""
    _, _, bins = parts.latent_shape(parts.frames_per_latent)
    keep = torch.zeros((1, 1, guide.latent_steps, bins), dtype=torch.bool)
    keep[:, :, : guide.known_steps] = True
    if guide.recipe.params.get("upscale"):
        keep[..., : bins // 2] = True
    if guide.is_inpainted:
        keep[:] = True
    for first, last in guide.spans:
        keep[:, :, first // parts.frames_per_latent : math.ceil(last / parts.frames_per_latent)] = False
    return keep.to(parts.device)


def sample_guided(
    parts: Parts,
    guides: Sequence[Guide],
    prompts: Condition,
    negatives: Condition | None,
    guidance: float,
    *,
    steps: int,
    scheduler: str,
    rows: int,
    on_step: Callable[[int, int], None],
) -> list[Samples]:
    """Return one sound of (frames, 1) a guide; `prompts` and `negatives` have a row for each.

    All have the same `settings`. As in `latent_diffusion.sample`, the batch always has `rows` rows, so that a take's bits
    do not depend on its company; what is encoded and decoded is so one take at a time.
    """
    first = guides[0]
    fill = [*range(len(guides)), *([0] * (rows - len(guides)))]
    drawn = [_noise(parts, guides[i]) for i in fill]
    noise = torch.cat([one for one, _ in drawn])
    generators = [generator for _, generator in drawn]
    origins = [_origin(parts, guide) for guide in guides]
    origin = torch.cat([found for i in fill if (found := origins[i]) is not None]) if first.skip else None
    state = torch.zeros_like(noise, device=parts.device)
    keep = torch.zeros((rows, 1, *noise.shape[2:]), dtype=torch.bool, device=parts.device)
    if first.is_masked:
        state = torch.cat([found for i in fill if (found := origins[i]) is not None])
        keep = torch.cat([_keep(parts, guides[i]) for i in fill])
    heard, unheard = prompts.at(fill), None if negatives is None else negatives.at(fill)
    rounds = len(first.windows) + bool(first.seam_steps)
    for n, begin in enumerate(first.windows):
        part = slice(begin, begin + first.window)
        is_known = first.is_masked or n > 0

        state[:, :, part] = denoise(
            parts,
            make_scheduler(parts.scheduler, scheduler),
            noise[:, :, part],
            heard,
            unheard,
            guidance,
            steps=steps,
            generators=generators,
            on_step=_round_of(on_step, n, rounds),
            skip=first.skip,
            origin=None if origin is None else origin[:, :, part],
            known=Known(state[:, :, part].clone(), keep[:, :, part].clone()) if is_known else None,
        )
        keep[:, :, part] = True
    if first.seam_steps:
        half, reach = first.latent_steps // 2, first.seam_steps // 2
        keep[:, :, half - reach : half + max(1, reach)] = False
        turned = denoise(
            parts,
            make_scheduler(parts.scheduler, scheduler),
            noise.roll(half, dims=2),
            heard,
            unheard,
            guidance,
            steps=steps,
            generators=generators,
            on_step=_round_of(on_step, rounds - 1, rounds),
            known=Known(state.roll(half, dims=2), keep),
        )
        state = turned.roll(-half, dims=2)
    return decoded(guides, state, partial(_finished, parts), on_step=on_step)


def _round_of(on_step: Callable[[int, int], None], n: int, rounds: int) -> Callable[[int, int], None]:
    """Return what is told of the steps of one round of several, counted from 0."""

    def told(step: int, count: int) -> None:
        if step or not n:  # a round begins where the one before has just ended
            on_step(n * count + step, rounds * count)

    return told


# --- sound ------------------------------------------------------------------------------------------


def decode_long(parts: Parts, latents: Tensor, guide: Guide, frames: int) -> Samples:
    """Return the sound of latents that are longer than a window, float32 of (frames, 1).

    The VAE takes a window at a time: its spectra fade into each other in the middle of what both windows have, where they
    are almost the same. The vocoder takes all of them in pieces, each with more of its neighbours than it can hear.
    """
    factor, window = parts.vae_factor, guide.window
    mel = torch.empty(0)
    for begin in guide.windows:
        scaled = (1 / parts.vae.config.scaling_factor * latents[:, :, begin : begin + window]).to(parts.dtype)
        spectra = parts.vae.decode(scaled).sample[0, 0].float()
        if not begin:
            mel = spectra
            continue
        shared = len(mel) - begin * factor
        rising = torch.linspace(-0.5, 1.5, shared + 2, device=mel.device)[1:-1].clamp(0, 1)[:, None]
        both = torch.lerp(mel[begin * factor :], spectra[:shared], rising)
        mel = torch.cat([mel[: begin * factor], both, spectra[shared:]])
    hop = parts.frames_per_latent // factor
    pieces = []
    for begin in range(0, len(mel), VOCODED_FRAMES):
        before = min(begin, VOCODED_BESIDE)
        heard = mel[begin - before : begin + VOCODED_FRAMES + VOCODED_BESIDE].to(parts.dtype)
        sound = parts.vocoder(heard[None]).float().cpu().numpy().reshape(-1)
        pieces.append(sound[before * hop : (before + VOCODED_FRAMES) * hop])
    return np.ascontiguousarray(np.concatenate(pieces)[:frames, np.newaxis])


def decode_ring(parts: Parts, latents: Tensor) -> Samples:
    """Return one period of a loop, float32 of (frames, 1): at both ends, VAE and vocoder hear the other one.

    They get whole periods, so that the VAE's attention and its norms, which have no place, weigh all parts alike.
    """
    factor, steps = parts.vae_factor, latents.shape[2]
    more = steps * math.ceil(2 * RING_STEPS / steps)
    before = more // 2
    around = torch.arange(-before, steps + more - before, device=latents.device) % steps
    scaled = (1 / parts.vae.config.scaling_factor * latents[:, :, around]).to(parts.dtype)
    mel = parts.vae.decode(scaled).sample[:, 0]
    first, heard = (
        before * factor,
        RING_STEPS // 2 * factor,
    )  # what is farther out is what the VAE makes of an edge
    sound = parts.vocoder(mel[:, first - heard : first + steps * factor + heard])
    hop = parts.frames_per_latent // factor
    period = sound.float().cpu().numpy().reshape(-1)[heard * hop : (heard + steps * factor) * hop]
    return np.ascontiguousarray(period[:, np.newaxis])


def _finished(parts: Parts, guide: Guide, latents: Tensor) -> Samples:
    """Return a take of (frames, 1) from its latents: the source's own samples where it stays."""
    if guide.seam_steps:
        return stretched(decode_ring(parts, latents), guide.frames)
    frames = guide.frames - guide.start
    is_long = len(guide.windows) > 1
    made = decode_long(parts, latents, guide, frames) if is_long else decode(parts, latents, frames)
    fade = round(FADE_S * parts.sample_rate)
    if guide.known_steps and guide.source is not None:
        return _continued(guide, made, fade, parts.sample_rate)
    if guide.is_inpainted and guide.source is not None:
        return _pasted(guide, made, fade, parts.sample_rate)
    return made


def _continued(guide: Guide, made: Samples, fade: int, rate: int) -> Samples:
    """Return the source, and from its end on what was made: the last few milliseconds of the source fade into it."""
    assert guide.source is not None
    source = guide.source[:, np.newaxis]
    end = len(source) - guide.start
    made = made * _leveling(guide.source, source[guide.start :], made[:end])
    fade = min(fade, end)
    faded = cross_fade(source[len(source) - fade :], made[end - fade : end], rate)
    return np.concatenate([source[: len(source) - fade], faded, made[end:]])


def _pasted(guide: Guide, made: Samples, fade: int, rate: int) -> Samples:
    """Return the source with what was made in its spans; inside of each, source and made fade into each other."""
    assert guide.source is not None
    source = guide.source[:, np.newaxis]
    kept = np.ones(len(source), dtype=bool)
    for first, last in guide.spans:
        kept[first:last] = False
    made = made * _leveling(guide.source, source[kept], made[kept])
    found = source.copy()
    for first, last in guide.spans:
        found[first:last] = made[first:last]
        short = min(fade, (last - first) // 2)
        if first and short:
            found[first : first + short] = cross_fade(
                source[first : first + short], made[first : first + short], rate
            )
        if last < len(source) and short:
            found[last - short : last] = cross_fade(
                made[last - short : last], source[last - short : last], rate
            )
    return found


def _leveling(whole: Samples, kept: Samples, made: Samples) -> np.float32:
    """Return the gain that brings what was made to the source's level.

    That is the way back from the peak of 0.5, and within a factor of 2 what makes the kept part as loud as it was:
    models are not exact, and where next to nothing was kept its level says little.
    """
    _, gain = normalised(whole)
    power = [
        float(np.mean(np.square(sound, dtype=np.float64))) if len(sound) else 0.0 for sound in (kept, made)
    ]
    if min(power) <= 0.0:
        return np.float32(1 / gain)
    exact = math.sqrt(power[0] / power[1])
    return np.float32(min(max(exact, 1 / gain / MOST_LEVELING), MOST_LEVELING / gain))
