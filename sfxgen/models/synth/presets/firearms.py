"""Guns."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

PRESETS = (
    Preset(
        name="gunshot",
        family="firearms",
        summary="A firearm: the crack, the muzzle blast and its echoing tail.",
        duration_s=0.7,
        parameters=(
            number(
                "size", "", 0, 1, 0.4, "From a small pistol to a heavy rifle: bigger is lower.", spread=0.1
            ),
            number("crack", "", 0, 1, 0.6, "How sharp the shock is.", spread=0.15),
            number("punch", "", 0, 1, 0.5, "How hard the low thump hits.", spread=0.1),
            number("tail_s", "s", 0.1, 5, 0.9, "Until the echo is gone.", log=True, spread=0.08),
            number("mechanism", "", 0, 1, 0.3, "How loud the moving parts are after the shot.", spread=0.2),
        ),
    ),
    Preset(
        name="shotgun",
        family="firearms",
        summary="A shotgun: a broad, heavy blast, the pellets' tearing and perhaps the pump.",
        duration_s=0.9,
        parameters=(
            number("size", "", 0, 1, 0.5, "From a light gun to a wide bore: bigger is lower.", spread=0.07),
            number("punch", "", 0, 1, 0.7, "How hard the low thump hits.", spread=0.08),
            number("spray", "", 0, 1, 0.5, "How much the pellets tear the air.", spread=0.15),
            number("tail_s", "s", 0.1, 5, 1.2, "Until the echo is gone.", log=True, spread=0.08),
            number("pump", "", 0, 1, 0.0, "How loud the gun is pumped after the shot.", spread=0),
        ),
    ),
    Preset(
        name="cannon",
        family="firearms",
        summary="A cannon: a deep boom, a burning gust, the barrel's ring and a long roll of echoes.",
        duration_s=3.0,
        parameters=(
            number("size", "", 0, 1, 0.5, "From a swivel gun to a siege gun: bigger is lower.", spread=0.07),
            number("crack", "", 0, 1, 0.4, "How sharp the shock is.", spread=0.15),
            number("metal", "", 0, 1, 0.3, "How much the barrel rings.", spread=0.2),
            number("rumble", "", 0, 1, 0.6, "How loud the echoes roll.", spread=0.08),
            number("tail_s", "s", 0.4, 8, 2.8, "Until the echoes are gone.", log=True, spread=0.06),
        ),
    ),
    Preset(
        name="silenced_shot",
        family="firearms",
        summary="A silenced gun: a dull puff of gas and the slide.",
        duration_s=0.16,
        parameters=(
            number("size", "", 0, 1, 0.35, "From a small pistol to a rifle: bigger is lower.", spread=0.1),
            number("hiss", "", 0, 1, 0.45, "How much gas leaks out.", spread=0.15),
            number("mechanism", "", 0, 1, 0.45, "How loud the slide is.", spread=0.2),
            number("length_s", "s", 0.06, 0.8, 0.18, "Until the gas is gone.", log=True, spread=0.1),
        ),
    ),
    Preset(
        name="reload",
        family="firearms",
        summary="A gun is loaded: magazine out, magazine in, and the bolt.",
        duration_s=1.2,
        parameters=(
            number("size", "", 0, 1, 0.4, "From a pistol to a heavy gun: bigger is lower.", spread=0.1),
            number("length_s", "s", 0.3, 4, 1.0, "How long it takes.", log=True, spread=0.08),
            number("metal", "", 0, 1, 0.6, "From polymer to steel.", spread=0.15),
            number("rattle", "", 0, 1, 0.4, "How much the rounds and loose parts rattle.", spread=0.2),
            number("bolt", "", 0, 1, 0.7, "How hard the bolt is let go; 0 leaves it out.", spread=0.12),
        ),
    ),
    Preset(
        name="ricochet",
        family="firearms",
        summary="A bullet glances off: a hit and a whine that flutters, falls and flies away.",
        duration_s=0.9,
        parameters=(
            choice("material", ("stone", "metal", "wood"), "stone", "What it glances off."),
            number("pitch_hz", "Hz", 500, 6000, 2300, "Pitch of the whine at first.", log=True, spread=0.1),
            number("fall_oct", "octaves", 0.2, 3, 1.1, "How far the whine falls.", spread=0.1),
            number("length_s", "s", 0.15, 3, 0.75, "How long it is heard.", log=True, spread=0.1),
            number("wobble_hz", "Hz", 8, 140, 44, "How fast the bullet tumbles.", log=True, spread=0.12),
            number("crack", "", 0, 1, 0.5, "How loud the hit is.", spread=0.15),
        ),
    ),
    Preset(
        name="bullet_flyby",
        family="firearms",
        summary="A bullet passes: the crack of its shock wave and the whizz.",
        duration_s=0.26,
        parameters=(
            number(
                "speed", "", 0, 1, 0.65, "How fast it passes: faster is shorter and brighter.", spread=0.12
            ),
            number(
                "crack",
                "",
                0,
                1,
                0.5,
                "How hard the shock wave is; 0 is a bullet below the speed of sound.",
                spread=0.15,
            ),
            number(
                "pitch_hz", "Hz", 600, 7000, 2600, "Pitch of the whizz as it comes.", log=True, spread=0.1
            ),
            number("air", "", 0, 1, 0.6, "How loud the whizz is.", spread=0.15),
            number("tail_s", "s", 0.05, 2, 0.35, "Until the echo is gone.", log=True, spread=0.1),
        ),
    ),
    Preset(
        name="shell_casing",
        family="firearms",
        summary="An empty case falls: ringing brass that bounces and rolls to rest.",
        duration_s=1.0,
        parameters=(
            choice("surface", ("concrete", "wood", "metal", "dirt"), "concrete", "What it falls on."),
            number(
                "size", "", 0, 1, 0.35, "From a pistol's case to a cannon's: bigger is lower.", spread=0.1
            ),
            number("bounces", "", 1, 12, 6, "How often it bounces, rounded.", spread=0.12),
            number("decay_s", "s", 0.03, 2, 0.22, "How long the brass rings.", log=True, spread=0.12),
            number("height", "", 0, 1, 0.5, "How high it falls from: higher bounces slower.", spread=0.12),
        ),
    ),
    Preset(
        name="dry_fire",
        family="firearms",
        summary="An empty gun: the trigger and the hammer's click.",
        duration_s=0.06,
        parameters=(
            number("size", "", 0, 1, 0.35, "From a pistol to a heavy gun: bigger is lower.", spread=0.12),
            number("hardness", "", 0, 1, 0.7, "How hard the hammer falls.", spread=0.15),
            number("metal", "", 0, 1, 0.6, "From polymer to steel.", spread=0.15),
            number("rattle", "", 0, 1, 0.3, "How loose the parts are.", spread=0.2),
        ),
    ),
)
