"""Crowds."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

VOICES = ("mixed", "men", "women", "children")

MARCH_SURFACES = ("gravel", "stone", "dirt", "snow", "wood", "metal")

PRESETS = (
    Preset(
        name="clap",
        family="crowds",
        summary="One pair of hands claps.",
        duration_s=0.05,
        parameters=(
            number("size", "", 0, 1, 0.5, "From a child's hands to a giant's.", spread=0.12),
            number("hardness", "", 0, 1, 0.6, "From a soft pat to a sharp slap.", spread=0.15),
            number("cupped", "", 0, 1, 0.4, "From flat hands to a hollow between the palms.", spread=0.2),
            number("decay_s", "s", 0.01, 0.3, 0.045, "Until it is gone.", log=True, spread=0.1),
        ),
    ),
    Preset(
        name="applause",
        family="crowds",
        summary="An audience claps.",
        duration_s=8,
        sustained=True,
        channels=2,
        parameters=(
            number("people", "", 2, 3000, 80, "How many clap.", log=True, spread=0.04),
            number("enthusiasm", "", 0, 1, 0.6, "From polite to wild.", spread=0.08),
            number("voice", "", 0, 1, 0.1, "How much they shout.", spread=0.06),
            number("together", "", 0, 1, 0, "How much they clap in time.", spread=0.02),
            number("brightness", "", 0, 1, 0.5, "How bright their hands are.", spread=0.08),
        ),
    ),
    Preset(
        name="cheer",
        family="crowds",
        summary="A crowd cries out: with joy, anger or wonder.",
        duration_s=3,
        parameters=(
            choice("mood", ("joy", "boo", "wonder"), "joy", "What the crowd feels."),
            number("people", "", 3, 1000, 50, "How many cry out.", log=True, spread=0.04),
            number("enthusiasm", "", 0, 1, 0.6, "From lukewarm to wild.", spread=0.1),
            number("length_s", "s", 0.6, 10, 2.8, "How long they do.", log=True, spread=0.08),
            choice("voice", VOICES, "mixed", "Whose voices they are."),
            number("applause", "", 0, 1, 0.25, "How much they clap.", spread=0.1),
            number("whistles", "", 0, 1, 0.2, "How much they whistle.", spread=0.1),
        ),
    ),
    Preset(
        name="murmur",
        family="crowds",
        summary="Many people talk at once, and no word is understood.",
        duration_s=10,
        sustained=True,
        channels=2,
        parameters=(
            number("people", "", 2, 400, 24, "How many talk.", log=True, spread=0.04),
            choice("voice", VOICES, "mixed", "Whose voices they are."),
            number("speed", "", 0, 1, 0.5, "How fast they talk.", spread=0.08),
            number("enthusiasm", "", 0, 1, 0.35, "From whispers to a lively party.", spread=0.08),
            number("brightness", "", 0, 1, 0.4, "How near and clear they are.", spread=0.1),
        ),
    ),
    Preset(
        name="march",
        family="crowds",
        summary="A troop marches: many feet in step.",
        duration_s=8,
        sustained=True,
        channels=2,
        parameters=(
            number("people", "", 2, 500, 40, "How many march.", log=True, spread=0.04),
            number("rate_hz", "Hz", 1, 4, 1.9, "How many steps a second.", log=True, spread=0.02),
            choice("surface", MARCH_SURFACES, "gravel", "What they march on."),
            number("together", "", 0, 1, 0.75, "How well they keep step.", spread=0.06),
            number("weight", "", 0, 1, 0.5, "How heavily they tread.", spread=0.1),
            number("rattle", "", 0, 1, 0.3, "How much their gear rattles.", spread=0.1),
        ),
    ),
)
