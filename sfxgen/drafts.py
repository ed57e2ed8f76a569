"""Which drafts stand for prompts that nothing was understood of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sfxgen.contracts import Catalog
from sfxgen.plan import Step
from sfxgen.sound import Sound
from sfxgen.wanted import DRAFT_MODEL

NEUTRAL_HINT = "name what sounds in its prompt; sfxgen plan --explain {sound} shows what was read"


def neutral(steps: Iterable[Step], catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Yield (message, hint) for each sound of which a neutral draft is about to be made."""
    why_neutral = getattr(catalog.adapters.get(DRAFT_MODEL), "why_neutral", None)
    if why_neutral is None:
        return
    told: set[str] = set()
    for step in steps:
        if step.wanted is None or not step.is_draft or step.action != "generate":
            continue
        sound = step.wanted.sound
        if sound.id in told:
            continue
        told.add(sound.id)
        for prompt in _drafted_prompts(sound):
            if why := why_neutral(prompt, kind=sound.kind):
                yield f"{sound.id}: {why}; its draft is a neutral one", NEUTRAL_HINT.format(sound=sound.id)
                break


def _drafted_prompts(sound: Sound) -> Iterator[str]:
    parts = [(layer.model, layer.keys) for layer in sound.layers] or [(sound.model, sound.keys)]
    for model, keys in parts:
        if model.adapter != DRAFT_MODEL and not keys.get("say"):
            yield str(keys.get("prompt") or "")
