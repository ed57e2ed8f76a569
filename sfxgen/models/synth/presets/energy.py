"""Lasers and other weapons of the future."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, number

PRESETS = (
    Preset(
        name="laser",
        family="energy",
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
        name="plasma",
        family="energy",
        summary="A plasma bolt: a heavy, gooey shot that gulps and fizzles.",
        duration_s=0.7,
        parameters=(
            number("pitch_hz", "Hz", 60, 1500, 320, "Pitch of the bolt at the start.", log=True, spread=0.06),
            number("weight", "", 0, 1, 0.5, "How heavy the bolt is: heavier is deeper.", spread=0.12),
            number("length_s", "s", 0.1, 2.5, 0.6, "How long it lasts.", log=True, spread=0.08),
            number("wobble_hz", "Hz", 4, 60, 19, "How fast the bolt throbs.", log=True, spread=0.1),
            number("wet", "", 0, 1, 0.5, "How gooey it is.", spread=0.15),
            number("punch", "", 0, 1, 0.5, "How hard the discharge kicks.", spread=0.15),
        ),
    ),
    Preset(
        name="charge",
        family="energy",
        summary="A weapon charges: a tone and a shimmer that rise until it is full.",
        duration_s=1.7,
        parameters=(
            number("pitch_hz", "Hz", 40, 1500, 170, "Pitch at the start.", log=True, spread=0.06),
            number("rise_st", "semitones", 2, 60, 28, "How far it rises.", spread=0.05),
            number("length_s", "s", 0.2, 8, 1.5, "How long it charges.", log=True, spread=0.06),
            number("wobble_hz", "Hz", 2, 40, 13, "How fast it throbs at the end.", log=True, spread=0.1),
            number("roughness", "", 0, 1, 0.4, "How much the tone growls.", spread=0.15),
            number("noise", "", 0, 1, 0.35, "How much charged air hisses along.", spread=0.15),
        ),
    ),
    Preset(
        name="beam",
        family="energy",
        summary="A beam that stays on: a dense buzzing tone in burning air.",
        duration_s=4.0,
        sustained=True,
        parameters=(
            number("pitch_hz", "Hz", 30, 800, 92, "Pitch of the beam.", log=True, spread=0.05),
            number("brightness", "", 0, 1, 0.5, "How strong the upper partials are.", spread=0.12),
            number("roughness", "", 0, 1, 0.4, "How much the tone beats against itself.", spread=0.15),
            number("wobble_hz", "Hz", 0.5, 30, 7, "How fast it throbs.", log=True, spread=0.1),
            number("noise", "", 0, 1, 0.35, "How much the air hisses.", spread=0.15),
            number("crackles", "", 0, 1, 0.3, "How much it sparks.", spread=0.15),
        ),
    ),
    Preset(
        name="energy_shield",
        family="energy",
        summary="A hit on a force field: a thud, and a resonance that shimmers away over the field.",
        duration_s=1.3,
        parameters=(
            number("size", "", 0, 1, 0.5, "From a personal shield to a ship's: bigger is lower.", spread=0.1),
            number("strength", "", 0, 1, 0.6, "How hard it is hit.", spread=0.15),
            number("decay_s", "s", 0.15, 5, 1.2, "Until the field is calm.", log=True, spread=0.1),
            number("wobble_hz", "Hz", 2, 60, 17, "How fast the field shimmers.", log=True, spread=0.12),
            number("noise", "", 0, 1, 0.4, "How much the field crackles and hisses.", spread=0.15),
        ),
    ),
    Preset(
        name="teleport",
        family="energy",
        summary="Beamed away: a swarm of tones that gathers, rises and is sucked out.",
        duration_s=1.8,
        parameters=(
            number("pitch_hz", "Hz", 80, 2000, 330, "Pitch at the start.", log=True, spread=0.05),
            number("rise_st", "semitones", -36, 36, 19, "How far it rises, or falls.", spread=0.05),
            number("length_s", "s", 0.3, 5, 1.2, "How long it takes.", log=True, spread=0.06),
            number("sparkle", "", 0, 1, 0.5, "How much it glitters.", spread=0.1),
            number("punch", "", 0, 1, 0.4, "How hard the air closes behind.", spread=0.15),
            number("tail_s", "s", 0.05, 3, 0.6, "Until the shimmer is gone.", log=True, spread=0.08),
        ),
    ),
    Preset(
        name="zap",
        family="energy",
        summary="An electric discharge: arcs that snap and buzz.",
        duration_s=0.6,
        parameters=(
            number("length_s", "s", 0.06, 3, 0.5, "How long the arc burns.", log=True, spread=0.1),
            number(
                "strength", "", 0, 1, 0.5, "From static to high voltage: stronger is fuller.", spread=0.15
            ),
            number("density", "1/s", 15, 800, 140, "How many arcs strike.", log=True, spread=0.1),
            number("brightness", "", 0, 1, 0.6, "How sharp the arcs are.", spread=0.15),
            number("buzz", "", 0, 1, 0.4, "How much the mains hums along.", spread=0.15),
        ),
    ),
    Preset(
        name="railgun",
        family="energy",
        summary="A railgun: a coil's whine, an electric crack, and the air torn open behind it.",
        duration_s=1.8,
        parameters=(
            number("size", "", 0, 1, 0.5, "From a rifle to a ship's gun: bigger is lower.", spread=0.1),
            number("crack", "", 0, 1, 0.6, "How sharp the shock is.", spread=0.12),
            number("whine", "", 0, 1, 0.5, "How loud the coils wind down.", spread=0.15),
            number("ring", "", 0, 1, 0.4, "How much the rails ring.", spread=0.15),
            number("tail_s", "s", 0.2, 5, 1.5, "Until the echo is gone.", log=True, spread=0.08),
        ),
    ),
)
