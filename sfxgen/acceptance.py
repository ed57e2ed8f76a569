"""Whether a raw take may be kept: the gates of every sound that waits for it, its loop's seam, its siblings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sfxgen.audio.clip import Clip
from sfxgen.audio.gates import broken, findings, measure_gates
from sfxgen.audio.likeness import Print, likeness, print_of
from sfxgen.audio.seam import measure_seam
from sfxgen.audio.slices import harvest
from sfxgen.categories import Gates
from sfxgen.colour import NEUTRAL
from sfxgen.errors import AudioError, TakeRejected
from sfxgen.mastering import shape
from sfxgen.recipe import Mastering


@dataclass(frozen=True, slots=True)
class Trial:
    """What a sound asks of a take: its gates, its mastering, how many events, and whether it is a loop already."""

    gates: Gates
    mastering: Mastering
    events: int | None = None
    joined: bool = False


BASIC = Gates(dc_share=None, shortest_s=0.0, bandwidth_share=None, duplicate=None)
"""What a take must be that is a part of another: sound at all, and not clipped."""


def refusal(take: Clip, trials: Iterable[Trial], siblings: Mapping[str, Print]) -> str | None:
    """Return why a take may not be kept, in words for a person, or None. `siblings` are prints by what to call them."""
    reason = broken(take)
    if reason:
        return reason
    for trial in trials:
        is_one_shot = trial.mastering.trim and not trial.mastering.loop
        found = findings(measure_gates(take, trim=is_one_shot), _asked(trial))
        if found:
            return found[0].what
        reason = _form_refusal(take, trial) or _seam_refusal(take, trial)
        if reason:
            return reason
    limits = [trial.gates.duplicate for trial in trials if trial.gates.duplicate is not None]
    return _likeness_refusal(take, min(limits), siblings) if limits and siblings else None


def _asked(trial: Trial) -> Gates:
    """Return the gates that mean something for what becomes of the take."""
    gates, settings = trial.gates, trial.mastering
    if settings.loop or not settings.trim:
        gates = replace(gates, longest_s=None, noise_bed_db=None)
    if trial.events is not None:  # its length and the quiet between its events are no fault
        gates = replace(gates, longest_s=None, noise_bed_db=None)
    elif settings.max_duration_s is not None:
        gates = replace(gates, longest_s=None)
    if gates.noise_bed_db is not None and settings.colour.denoise_db is not None:
        gates = replace(gates, noise_bed_db=gates.noise_bed_db + settings.colour.denoise_db)
    return gates


def _form_refusal(take: Clip, trial: Trial) -> str | None:
    """Return why too little of a take is left to work with, or None."""
    if trial.events is not None:
        found = len(harvest(take, trial.events))
        if found < trial.events:
            return f"the take holds {found} usable event{'s' * (found != 1)}, not {trial.events}"
    return None


def _seam_refusal(take: Clip, trial: Trial) -> str | None:
    """Return what is heard at a loop's seam, or None; one that the model closed itself is left to it."""
    settings, gates = trial.mastering, trial.gates
    if not settings.loop or trial.joined:
        return None
    try:
        clip = shape(take, replace(settings, colour=NEUTRAL)).clip
    except TakeRejected as error:
        return error.message
    except AudioError:
        return None  # the take is too short for the loop: no other seed would change that
    spare = round(take.duration_s * clip.sample_rate) - clip.frames
    fade = min(round(settings.crossfade_ms / 1000 * clip.sample_rate), spare, clip.frames)
    seam = measure_seam(clip, fade_frames=max(0, fade))
    for limit, value, what in (
        (gates.seam_step_db, seam.step_db, "clicks: {:.1f} dB above its body"),
        (gates.seam_level_db, abs(seam.level_db), "changes the level: by {:.1f} dB"),
        (gates.seam_flux_z, seam.flux_z, "changes the spectrum: z {:.1f}"),
    ):
        if limit is not None and value > limit:
            return f"the loop's seam {what.format(value)}, where at most {limit:g} is allowed"
    return None


def _likeness_refusal(take: Clip, limit: float, siblings: Mapping[str, Print]) -> str | None:
    own = print_of(take)
    for name, other in siblings.items():
        like = likeness(own, other)
        if like >= limit:
            return f"the take is nearly the same as {name} (likeness {like:.2f})"
    return None
