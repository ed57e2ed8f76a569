"""docs/presets.md and its pictures are those of the presets as they are."""

from __future__ import annotations

from pathlib import Path

from sfxgen.models.synth.presets import FAMILIES, PRESETS
from sfxgen.report.presets import IMAGES, TITLES, page

DOCS = Path(__file__).parent.parent / "docs"


def test_the_page_has_every_preset_as_it_is() -> None:
    written = (DOCS / "presets.md").read_text(encoding="utf-8")
    assert written == page(), "write it anew: sfxgen presets page docs"
    assert set(TITLES) == set(FAMILIES)


def test_every_preset_has_a_picture_and_no_picture_is_left_over() -> None:
    drawn = {image.stem for image in (DOCS / IMAGES).glob("*.png")}
    assert drawn == set(PRESETS), "draw them anew: sfxgen presets page docs"


def test_the_changelog_and_the_page_count_alike() -> None:
    changelog = (DOCS.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"more than {len(PRESETS) // 100 * 100} presets in {len(FAMILIES)} families" in changelog
