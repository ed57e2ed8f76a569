"""Weapons and blows."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

MATERIALS = ("wood", "metal", "stone", "glass", "plastic", "flesh")

PRESETS = (
    Preset(
        name="laser",
        family="combat",
        summary="A ray gun: a tone that falls fast from a high pitch.",
        duration_s=0.45,
        parameters=(
            number("pitch_hz", "Hz", 300, 12000, 3400, "Pitch at the start.", log=True, spread=0.06),
            number("fall_oct", "octaves", 0, 7, 4, "How far the pitch falls.", spread=0.06),
            number("length_s", "s", 0.05, 2, 0.38, "How long it lasts.", log=True, spread=0.07),
            number("bite", "", 0, 1, 0.5, "How dense the modulation makes it.", spread=0.2),
            number("punch", "", 0, 1, 0.4, "How hard the discharge kicks at the start.", spread=0.2),
        ),
    ),
    Preset(
        name="gunshot",
        family="combat",
        summary="A firearm: the crack, the muzzle blast and its echoing tail.",
        duration_s=1.4,
        parameters=(
            number("size", "", 0, 1, 0.4, "From a small pistol to a cannon.", spread=0.1),
            number("crack", "", 0, 1, 0.6, "How sharp the shock is.", spread=0.15),
            number("tail_s", "s", 0.1, 5, 0.9, "Until the echo is gone.", log=True, spread=0.08),
            number("mechanism", "", 0, 1, 0.3, "How loud the moving parts are after the shot.", spread=0.2),
        ),
    ),
    Preset(
        name="explosion",
        family="combat",
        summary="A blast: shock, burning body, long rumble and falling debris.",
        duration_s=3.2,
        parameters=(
            number("size", "", 0, 1, 0.5, "From a grenade to a building.", spread=0.1),
            number("shock", "", 0, 1, 0.6, "How hard the first blow is.", spread=0.15),
            number("rumble_s", "s", 0.3, 12, 2.6, "Until the rumble is gone.", log=True, spread=0.06),
            number("brightness", "", 0, 1, 0.5, "How much of the body is hiss and tearing.", spread=0.15),
            number("debris", "", 0, 1, 0.35, "How much material comes down.", spread=0.2),
        ),
    ),
    Preset(
        name="hit",
        family="combat",
        summary="One thing strikes another: a struck body of some material.",
        duration_s=0.6,
        parameters=(
            choice("material", MATERIALS, "wood", "What is struck."),
            number("size", "", 0, 1, 0.4, "How big the struck body is; bigger is lower.", spread=0.1),
            number("hardness", "", 0, 1, 0.6, "How hard the striker is; harder is brighter.", spread=0.15),
            number("ring", "", 0, 1, 0.5, "How freely the body rings.", spread=0.12),
            number("noise", "", 0, 1, 0.35, "How much crunch goes with the contact.", spread=0.2),
        ),
    ),
)
