"""Whether a raw take may be kept: the gates of the sound that waits for it, its events, its loop's seam, its siblings."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sfxgen.audio.clip import Clip
from sfxgen.audio.gates import Finding, GateMeasures, broken, findings, measure_gates
from sfxgen.audio.levels import remove_dc
from sfxgen.audio.likeness import Print, likeness, print_of
from sfxgen.audio.seam import measure_seam
from sfxgen.audio.slices import harvest
from sfxgen.categories import Gates, thresholds_changed
from sfxgen.colour import NEUTRAL
from sfxgen.errors import AudioError, TakeRejected
from sfxgen.mastering import shape
from sfxgen.recipe import JsonValue, Mastering, digest_of


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a take may not be kept, in words for a person, and the gate that says so: "" where no gate can be changed."""

    reason: str
    gate: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a sound asks of a take: its mastering with its gates, how many events, and whether it is a loop already."""

    mastering: Mastering
    events: int | None = None
    joined: bool = False

    def digest(self) -> str:
        """Return what tells this trial from one that asks something else of a take; levels make no difference."""
        settings = self.mastering
        form: dict[str, JsonValue] = {
            "loop": settings.loop,
            "trim": settings.trim,
            "events": self.events,
            "joined": self.joined,
        }
        if settings.loop:
            names = ("duration_s", "crossfade_ms", "sample_rate", "channels")
            form |= {name: getattr(settings, name) for name in names}
        if settings.max_duration_s is not None:
            form["max_duration_s"] = settings.max_duration_s
        if settings.colour.denoise_db is not None:
            form["denoise_db"] = settings.colour.denoise_db
        return digest_of({"gates": dict(thresholds_changed(settings.gates)), "form": form})


SOUND = Gates(dc_share=None, shortest_s=0.0, bandwidth_share=None, duplicate=None)
"""What a take must be that is a part of another: sound at all, and not clipped."""


def refusal(take: Clip, trial: Trial, siblings: Mapping[str, Print]) -> Refusal | None:
    """Return why a take may not be kept, or None. `siblings` are prints by what to call them."""
    reason = broken(take)
    if reason:
        return Refusal(reason)
    gates = _asked(trial)
    measures = measure_gates(take, trim=trial.mastering.trim and not trial.mastering.loop)
    return (
        _first(findings(measures, gates))
        or _events_refusal(take, trial)
        or _seam_refusal(take, trial)
        or _likeness_refusal(take, gates.duplicate, siblings)
    )


def _first(found: tuple[Finding, ...]) -> Refusal | None:
    return Refusal(found[0].what, found[0].gate) if found else None


def _asked(trial: Trial) -> Gates:
    """Return the gates that mean something for what becomes of the take as a whole."""
    settings = trial.mastering
    gates = settings.gates
    if settings.loop or not settings.trim:
        gates = replace(gates, longest_s=None, noise_bed_db=None)
    if trial.events is not None:  # of each of them
        gates = replace(gates, shortest_s=0.0, longest_s=None)
    elif settings.max_duration_s is not None:
        gates = replace(gates, longest_s=None)
    if gates.noise_bed_db is not None and settings.colour.denoise_db is not None:
        gates = replace(gates, noise_bed_db=gates.noise_bed_db + settings.colour.denoise_db)
    return gates


def _events_refusal(take: Clip, trial: Trial) -> Refusal | None:
    """Return why a take does not hold as many events as are to be harvested, or None.

    They must be distinct, and each as long as the gates ask.
    """
    wanted, gates = trial.events, trial.mastering.gates
    if wanted is None:
        return None
    clip = remove_dc(take)
    events = harvest(clip, wanted)
    if len(events) < wanted:
        return Refusal(f"the take holds {_counted(len(events))}, not {wanted}")
    cuts = [Clip(clip.samples[event.start : event.end], clip.sample_rate) for event in events]
    lengths = replace(
        gates, longest_s=None if trial.mastering.max_duration_s is not None else gates.longest_s
    )
    for cut in cuts:
        found = [f for f in findings(_length_of(cut), lengths) if f.gate in ("shortest_s", "longest_s")]
        if found:
            return Refusal(f"one of its events is no good: {found[0].what}", found[0].gate)
    if gates.duplicate is not None:
        prints = [print_of(cut) for cut in cuts]
        for (m, one), (n, other) in itertools.combinations(enumerate(prints, start=1), 2):
            like = likeness(one, other)
            if like >= gates.duplicate:
                what = f"the take holds the same event twice: its {_nth(m)} and {_nth(n)} best (likeness {like:.2f})"
                return Refusal(what, "duplicate")
    return None


def _length_of(clip: Clip) -> GateMeasures:
    return measure_gates(clip, trim=True)


def _counted(events: int) -> str:
    return f"{events} usable event{'s' * (events != 1)}"


def _nth(number: int) -> str:
    return {1: "1st", 2: "2nd", 3: "3rd"}.get(number, f"{number}th")


def _seam_refusal(take: Clip, trial: Trial) -> Refusal | None:
    """Return what is heard at a loop's seam, or None; one that the model closed itself is left to it."""
    settings, gates = trial.mastering, trial.mastering.gates
    if not settings.loop or trial.joined:
        return None
    try:
        clip = shape(take, replace(settings, colour=NEUTRAL)).clip
    except TakeRejected as error:
        return Refusal(error.message)
    except AudioError:
        return None  # the take is too short for the loop: no other seed would change that
    spare = round(take.duration_s * clip.sample_rate) - clip.frames
    fade = min(round(settings.crossfade_ms / 1000 * clip.sample_rate), spare, clip.frames)
    seam = measure_seam(clip, fade_frames=max(0, fade))
    for gate, limit, value, what in (
        ("seam_step_db", gates.seam_step_db, seam.step_db, "clicks: {:.1f} dB above its body"),
        ("seam_level_db", gates.seam_level_db, abs(seam.level_db), "changes the level: by {:.1f} dB"),
        ("seam_flux_z", gates.seam_flux_z, seam.flux_z, "changes the spectrum: z {:.1f}"),
    ):
        if limit is not None and value > limit:
            return Refusal(f"the loop's seam {what.format(value)}, where at most {limit:g} is allowed", gate)
    return None


def _likeness_refusal(take: Clip, limit: float | None, siblings: Mapping[str, Print]) -> Refusal | None:
    if limit is None or not siblings:
        return None
    own = print_of(take)
    for name, other in siblings.items():
        like = likeness(own, other)
        if like >= limit:
            return Refusal(f"the take is nearly the same as {name} (likeness {like:.2f})", "duplicate")
    return None
