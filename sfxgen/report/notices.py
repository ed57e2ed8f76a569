"""The notices: credits, licences and an AI-content disclosure for a store page, from the lock alone.

What is said is what the lock says: which models made which assets, under which licences. Assets are files that were made
before the game is shipped. Sounds that sfxgen did not make are not spoken of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sfxgen.lock import Credit, Lock

How = Literal["ai", "code", "recorded", "unknown"]
"""How a model's sounds came to be: by learnt weights, by code alone, by a microphone; or the lock does not say."""

UNKNOWN = Credit(licence="unknown", licence_url="", commercial="unknown")
KINDS = {"one_shot": "sound effects", "loop": "looping sounds", "music": "music", "dialog": "spoken dialog"}
SELLING = {
    "yes": "may be sold",
    "no": "**not in a game that is sold**",
    "conditions": "may be sold, on the licence's conditions",
    "unknown": "**unknown whether it may be sold**",
}
LAID = ("layers", "takes")
"""What stands for a model in records of older releases that do not say which models their parts are of."""


@dataclass(frozen=True, slots=True)
class Used:
    """A model and what it made: ids of assets, and which of them only stand in for another model's (`drafts`)."""

    model: str
    revisions: tuple[str, ...]
    credit: Credit
    assets: tuple[str, ...]
    drafts: tuple[str, ...]

    @property
    def how(self) -> How:
        """How its sounds came to be. A model with weights has its id followed by where they are from."""
        if self.model in LAID:
            return "unknown"
        if self.credit.is_recorded:
            return "recorded"
        return "ai" if ":" in self.model else "code"

    def as_json(self) -> dict[str, Any]:
        """Return it as the JSON form has it."""
        return {
            "model": self.model,
            "how": self.how,
            "revisions": list(self.revisions),
            "licence": self.credit.licence,
            "licence_url": self.credit.licence_url,
            "commercial": self.credit.commercial,
            "credit": self.credit.credit,
            "kinds": list(self.credit.kinds),
            "assets": list(self.assets),
            "drafts": list(self.drafts),
        }


@dataclass(frozen=True, slots=True)
class Notices:
    """All that is to be said, the models in the order of their ids."""

    used: tuple[Used, ...]

    def of(self, how: How) -> tuple[Used, ...]:
        """Return the models whose sounds came to be in a way."""
        return tuple(used for used in self.used if used.how == how)

    @property
    def problems(self) -> tuple[str, ...]:
        """What stands against selling a game with these sounds, as far as the lock tells."""
        return tuple(_problems(self.used))

    @property
    def disclosure(self) -> str:
        """The AI-content disclosure, as paragraphs of plain text."""
        return "\n\n".join(_disclosure(self))

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        models = [used.as_json() for used in self.used]
        return {"models": models, "problems": list(self.problems), "disclosure": self.disclosure}

    def markdown(self) -> str:
        """Return the page."""
        lines = ["# Sound credits", ""]
        for how, title in (
            ("ai", "Generated with AI models"),
            ("code", "Made by code: a synthesizer, no AI model"),
            ("recorded", "Recorded, not generated"),
            ("unknown", "Of several sources that the lock does not name"),
        ):
            found = [used for used in self.used if used.how == how]
            if found:
                lines += [f"## {title}", ""]
                for used in found:
                    lines += [*_entry(used), ""]
        if not self.used:
            lines += ["The lock holds no sounds.", ""]
        lines += ["## Licences", "", "| model | licence | in a game that is sold |", "|---|---|---|"]
        lines += [
            f"| `{u.model}` | {_linked(u.credit)} | {SELLING.get(u.credit.commercial, SELLING['unknown'])} |"
            for u in self.used
        ]
        if self.problems:
            lines += [
                "",
                "## To be settled before release",
                "",
                *(f"- {problem}" for problem in self.problems),
            ]
        lines += ["", "## AI-content disclosure", "", self.disclosure, ""]
        return "\n".join(lines)


def notices(lock: Lock, known: Mapping[str, Credit] | None = None) -> Notices:
    """Return the notices of a lock. `known` has what an installed model says of itself, for locks that do not say it."""
    made: dict[str, set[str]] = {}
    drafts: dict[str, set[str]] = {}
    revisions: dict[str, set[str]] = {}
    for (_, asset), record in lock.assets.items():
        for model in record.makers:
            made.setdefault(model, set()).add(asset)
            if record.draft:
                drafts.setdefault(model, set()).add(asset)
            revision = record.revision if record.model == model else lock.models.get(model)
            revisions.setdefault(model, set()).update({revision} if revision else ())
    return Notices(
        tuple(
            Used(
                model,
                tuple(sorted(revisions[model])),
                lock.credits.get(model) or (known or {}).get(model) or UNKNOWN,
                tuple(sorted(made[model])),
                tuple(sorted(drafts.get(model, ()))),
            )
            for model in sorted(made)
        )
    )


def _problems(all_used: Sequence[Used]) -> Iterable[str]:
    for used in all_used:
        count = _counted(len(used.assets), "asset")
        if used.model in LAID:
            yield f"{count} laid of several takes: a lock of an older release does not name their models; build once"
        elif used.credit.commercial == "no":
            yield f"`{used.model}` ({used.credit.licence}): its licence does not allow a game that is sold; {count}"
        elif used.credit.commercial == "unknown":
            yield f"`{used.model}`: nobody has said under which licence its weights are; {count}"
        elif used.how == "recorded":
            yield f"{_counted(len(used.assets), 'recording')}: the lock does not know under which licences"
        if used.drafts:
            drafts = _counted(len(used.drafts), "asset")
            yield f"{drafts} drafted by the synthesizer, to be replaced: {', '.join(_sounds(used.drafts))}"


def _entry(used: Used) -> Iterable[str]:
    kinds = _words(used)
    at = f", revision {', '.join(used.revisions)}" if used.how == "ai" and used.revisions else ""
    yield f"**`{used.model}`**{at}: {_linked(used.credit)}{f'; {kinds}' if kinds else ''}"
    if used.credit.credit:
        yield f"> {used.credit.credit}"
    yield ""
    drafted = f", {len(used.drafts)} of them drafts" if used.drafts else ""
    yield f"{_counted(len(used.assets), 'asset')}{drafted}: {', '.join(_sounds(used.assets))}"


def _disclosure(found: Notices) -> Iterable[str]:
    generated, unknown = found.of("ai"), found.of("unknown")
    untold = _counted(len({asset for used in unknown for asset in used.assets}), "file")
    if generated:
        yield (
            "Some sounds of this game were generated with AI models while the game was made. They are audio files that ship "
            "with it: no sound is generated while it runs."
        )
        yield "\n".join(f"- {_words(used) or 'sounds'}, by {_made(used)}" for used in generated)
    elif not unknown:
        yield "No sound that sfxgen made for this game was generated with an AI model."
    if unknown:
        yield f"Of {untold} it is not known whether an AI model generated them."
    others = [f"- {_made(used)}: a synthesizer that computes sounds, without AI" for used in found.of("code")]
    others += [f"- {_made(used)}: made from recordings" for used in found.of("recorded")]
    if others:
        yield f"The {'other ' if generated or unknown else ''}sounds that sfxgen made:"
        yield "\n".join(others)
    if len(found.used) > 1:
        yield "A file that is mixed of several sources counts for each of them."
    yield "This speaks of the sounds that sfxgen made, and of no others."


def _words(used: Used) -> str:
    return _listed([KINDS.get(kind, kind) for kind in used.credit.kinds])


def _made(used: Used) -> str:
    return f"{used.model}, {_counted(len(used.assets), 'file')}"


def _linked(credit: Credit) -> str:
    return f"[{credit.licence}]({credit.licence_url})" if credit.licence_url else credit.licence


def _sounds(assets: Sequence[str]) -> list[str]:
    """Return the sounds of assets, each with how many variants it has where there are several."""
    counts: dict[str, int] = {}
    for asset in assets:
        sound = asset.rpartition("_")[0] or asset
        counts[sound] = counts.get(sound, 0) + 1
    return [f"{sound} ({count})" if count > 1 else sound for sound, count in counts.items()]


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _listed(words: Sequence[str]) -> str:
    """Return words as a sentence lists them."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
