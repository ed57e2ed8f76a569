"""Doors, locks and other mechanisms."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

PRESETS = (
    Preset(
        name="door",
        family="mechanisms",
        summary="A door opens or closes: latch, creaking hinges, thud.",
        duration_s=1.8,
        parameters=(
            choice("action", ("open", "close", "slam", "swing"), "open", "What happens to it."),
            choice("material", ("wood", "metal"), "wood", "What it is made of."),
            number("weight", "", 0, 1, 0.5, "From a cupboard to a castle gate.", spread=0.1),
            number("creak", "", 0, 1, 0.6, "How loud the hinges are.", spread=0.12),
            number("length_s", "s", 0.2, 6, 1.3, "How long it swings.", log=True, spread=0.07),
        ),
    ),
    Preset(
        name="creak",
        family="mechanisms",
        summary="Something sticks and slips: a rusty hinge, a floorboard, a rope.",
        duration_s=1.2,
        parameters=(
            choice("material", ("wood", "metal", "rope"), "wood", "What creaks."),
            number(
                "rate_hz", "Hz", 6, 700, 45, "Slips a second: knocks, then a creak, then a squeal.", log=True
            ),
            number("size", "", 0, 1, 0.5, "How big the body is; bigger is lower.", spread=0.1),
            number("roughness", "", 0, 1, 0.5, "How unevenly it slips.", spread=0.12),
            number("rise_st", "semitones", -24, 24, 5, "How far the rate glides on the way.", spread=0.1),
            number("length_s", "s", 0.1, 6, 1.0, "How long it creaks.", log=True, spread=0.1),
        ),
    ),
    Preset(
        name="lock",
        family="mechanisms",
        summary="A key goes in and turns: pins, tumblers, the bolt.",
        duration_s=1.2,
        parameters=(
            choice("action", ("turn", "insert", "bolt", "padlock"), "turn", "What is done with it."),
            number("size", "", 0, 1, 0.4, "From a diary's lock to a dungeon's.", spread=0.1),
            number("clicks", "", 1, 10, 5, "How many pins are heard, rounded.", spread=0),
            number("length_s", "s", 0.15, 4, 0.9, "How long it takes.", log=True, spread=0.1),
            number("strength", "", 0, 1, 0.5, "How hard the bolt is thrown.", spread=0.12),
            number("rattle", "", 0, 1, 0.35, "How loose the key and the case are.", spread=0.12),
        ),
    ),
    Preset(
        name="lever",
        family="mechanisms",
        summary="A lever, latch or big switch is thrown: it moves, hits its stop, and its spring rattles.",
        duration_s=0.5,
        parameters=(
            choice("material", ("metal", "wood", "plastic"), "metal", "What it is made of."),
            number("size", "", 0, 1, 0.45, "From a light switch to a mill's lever.", spread=0.1),
            number("hardness", "", 0, 1, 0.6, "How hard it meets its stop.", spread=0.12),
            number("length_s", "s", 0.02, 2, 0.18, "How long it moves.", log=True, spread=0.12),
            number("rattle", "", 0, 1, 0.4, "How loose its spring and joints are.", spread=0.12),
            number("creak", "", 0, 1, 0.15, "How dry its pivot is.", spread=0.1),
        ),
    ),
    Preset(
        name="chain",
        family="mechanisms",
        summary="A chain is moved: its links knock and slide.",
        duration_s=1.0,
        parameters=(
            number("size", "", 0, 1, 0.4, "From a necklace to an anchor's chain.", spread=0.1),
            number("density", "1/s", 5, 300, 60, "Links that knock a second.", log=True, spread=0.1),
            number("length_s", "s", 0.1, 6, 0.8, "How long it is moved.", log=True, spread=0.1),
            number("strength", "", 0, 1, 0.5, "From laid down gently to jerked.", spread=0.15),
            number("ring", "", 0, 1, 0.4, "How freely a link rings.", spread=0.12),
        ),
    ),
    Preset(
        name="gate",
        family="mechanisms",
        summary="A portcullis or a heavy gate moves: ratchet, chains, rumble, and it comes to rest.",
        duration_s=3.5,
        parameters=(
            choice("action", ("rise", "fall"), "rise", "Whether it is wound up or let down."),
            number("weight", "", 0, 1, 0.6, "From a cage's gate to a city's.", spread=0.1),
            number("rate_hz", "Hz", 1, 25, 7, "Clicks of the ratchet a second.", log=True, spread=0.06),
            number("length_s", "s", 0.3, 10, 2.6, "How long it moves.", log=True, spread=0.06),
            number("rattle", "", 0, 1, 0.5, "How loud its chains are.", spread=0.12),
            number("rumble", "", 0, 1, 0.5, "How much stone and ground shake.", spread=0.12),
            number("creak", "", 0, 1, 0.3, "How much its timbers groan.", spread=0.12),
        ),
    ),
    Preset(
        name="gears",
        family="mechanisms",
        summary="Gears turn without end: clockwork, a ratchet, a mill.",
        duration_s=4.0,
        sustained=True,
        parameters=(
            choice("material", ("metal", "wood", "plastic"), "metal", "What the wheels are made of."),
            number("rate_hz", "Hz", 0.5, 60, 6, "Teeth that mesh a second.", log=True, spread=0.06),
            number("size", "", 0, 1, 0.35, "From a watch to a mill; bigger is lower.", spread=0.1),
            number("roughness", "", 0, 1, 0.35, "How unevenly and how noisily the teeth meet.", spread=0.12),
            number("ring", "", 0, 1, 0.4, "How freely the wheels ring.", spread=0.12),
            number("rattle", "", 0, 1, 0.25, "How loose the works are.", spread=0.12),
        ),
    ),
    Preset(
        name="drawer",
        family="mechanisms",
        summary="A drawer slides on its runners and stops.",
        duration_s=0.8,
        parameters=(
            choice("action", ("open", "close"), "open", "Which way it goes."),
            choice("material", ("wood", "metal"), "wood", "What it is made of."),
            number("weight", "", 0, 1, 0.4, "From a matchbox to an archive's drawer.", spread=0.1),
            number("length_s", "s", 0.1, 3, 0.55, "How long it slides.", log=True, spread=0.12),
            number("roughness", "", 0, 1, 0.45, "How dry its runners are.", spread=0.15),
            number("strength", "", 0, 1, 0.5, "How hard it stops.", spread=0.12),
            number("rattle", "", 0, 1, 0.35, "How much lies loose in it.", spread=0.08),
        ),
    ),
    Preset(
        name="sliding_door",
        family="mechanisms",
        summary="A science-fiction door slides: a valve hisses, a motor runs up, it locks.",
        duration_s=1.2,
        parameters=(
            choice("action", ("open", "close"), "open", "Which way it goes."),
            number("size", "", 0, 1, 0.45, "From a cabin's hatch to a hangar's gate.", spread=0.1),
            number("length_s", "s", 0.15, 5, 0.8, "How long it slides.", log=True, spread=0.08),
            number("hiss", "", 0, 1, 0.6, "How much air the valves let out.", spread=0.12),
            number("pitch_hz", "Hz", 60, 1200, 240, "Pitch of the motor.", log=True, spread=0.06),
            number("motor", "", 0, 1, 0.5, "How loud the motor is.", spread=0.12),
            number("strength", "", 0, 1, 0.6, "How hard it locks.", spread=0.12),
        ),
    ),
)
