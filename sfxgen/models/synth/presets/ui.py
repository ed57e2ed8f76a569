"""Interface sounds: tones and clicks that answer a player's action."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

PRESETS = (
    Preset(
        name="click",
        family="ui",
        summary="A button or switch: a tiny struck body, pressed and perhaps let go.",
        duration_s=0.03,
        parameters=(
            choice(
                "material", ("plastic", "metal", "wood", "glass"), "plastic", "What the button is made of."
            ),
            number("pitch_hz", "Hz", 300, 8000, 2200, "Pitch of the body.", log=True, spread=0.1),
            number("decay_ms", "ms", 3, 200, 18, "Until the body is still.", log=True, spread=0.14),
            number("hardness", "", 0, 1, 0.7, "From a finger's pad to a nail.", spread=0.3),
            number("release_ms", "ms", 0, 200, 0, "When the button comes up again; 0 is never.", spread=0.02),
        ),
    ),
    Preset(
        name="hover",
        family="ui",
        summary="The pointer passes over something: a soft, short blip.",
        duration_s=0.12,
        parameters=(
            number("pitch_hz", "Hz", 150, 4000, 1100, "Pitch at the start.", log=True, spread=0.09),
            number("glide_st", "semitones", -12, 12, 2, "How far the pitch glides.", spread=0.15),
            number("length_s", "s", 0.03, 0.5, 0.1, "How long it lasts.", log=True, spread=0.2),
            number("brightness", "", 0, 1, 0.25, "How strong the upper partials are.", spread=0.2),
        ),
    ),
    Preset(
        name="confirm",
        family="ui",
        summary="Accepted: two rising bell tones.",
        duration_s=0.8,
        parameters=(
            number("pitch_hz", "Hz", 150, 3000, 660, "Pitch of the first tone.", log=True, spread=0.012),
            number("interval_st", "semitones", 0, 24, 7, "How far the second tone lies above.", spread=0),
            number("gap_ms", "ms", 30, 300, 95, "From the first tone's start to the second's.", spread=0.05),
            number("decay_s", "s", 0.08, 3, 0.6, "Until the second tone is gone.", log=True, spread=0.12),
            number("brightness", "", 0, 1, 0.4, "How strong the upper partials are.", spread=0.2),
        ),
    ),
    Preset(
        name="error",
        family="ui",
        summary="Refused: two low, rough, falling tones.",
        duration_s=0.35,
        parameters=(
            number("pitch_hz", "Hz", 60, 1500, 220, "Pitch of the first tone.", log=True, spread=0.03),
            number("interval_st", "semitones", -24, 0, -4, "How far the second tone lies below.", spread=0),
            number("gap_ms", "ms", 40, 400, 150, "From the first tone's start to the second's.", spread=0.05),
            number("length_s", "s", 0.05, 2, 0.2, "How long the second tone lasts.", log=True, spread=0.08),
            number("roughness", "", 0, 1, 0.5, "How much the tone beats against itself.", spread=0.2),
            number("brightness", "", 0, 1, 0.4, "How strong the upper partials are.", spread=0.2),
        ),
    ),
    Preset(
        name="toggle",
        family="ui",
        summary="A switch goes on or off: a snap and a short tone that steps up or down.",
        duration_s=0.18,
        parameters=(
            choice("action", ("on", "off"), "on", "On steps up, off steps down and is duller."),
            number("pitch_hz", "Hz", 150, 4000, 780, "Pitch of the lower tone.", log=True, spread=0.04),
            number("interval_st", "semitones", 0, 24, 5, "From the lower tone to the upper one.", spread=0),
            number("decay_s", "s", 0.02, 0.6, 0.12, "Until the tone is gone.", log=True, spread=0.12),
            number("hardness", "", 0, 1, 0.6, "From a soft membrane to a snapping lever.", spread=0.25),
            number("noise", "", 0, 1, 0.4, "From a pure tone to a mechanical snap.", spread=0.15),
        ),
    ),
    Preset(
        name="tick",
        family="ui",
        summary="One detent of a slider, a dial or a list: a very short tick.",
        duration_s=0.02,
        parameters=(
            choice("material", ("plastic", "wood", "metal", "glass"), "plastic", "What ticks."),
            number("pitch_hz", "Hz", 400, 9000, 2800, "Pitch of the body.", log=True, spread=0.05),
            number("decay_s", "s", 0.003, 0.15, 0.014, "Until it is still.", log=True, spread=0.12),
            number("hardness", "", 0, 1, 0.6, "From a felt pad to a steel ratchet.", spread=0.14),
            number("weight", "", 0, 1, 0.25, "How much of a low knock the body adds.", spread=0.1),
        ),
    ),
    Preset(
        name="notify",
        family="ui",
        summary="A friendly notification: a few struck notes.",
        duration_s=1.0,
        parameters=(
            choice(
                "instrument", ("bell", "marimba", "glass", "synth"), "bell", "What the notes are played on."
            ),
            choice("mood", ("bright", "calm", "urgent", "dark"), "bright", "Which way the notes lead."),
            number("pitch_hz", "Hz", 150, 2500, 659, "Pitch of the first note.", log=True, spread=0.012),
            number("notes", "", 1, 6, 2, "How many notes, rounded.", spread=0),
            number("tempo_ms", "ms", 40, 500, 130, "From one note to the next.", log=True, spread=0.05),
            number("decay_s", "s", 0.1, 4, 0.9, "Until a note is gone.", log=True, spread=0.08),
            number("brightness", "", 0, 1, 0.4, "How strong the upper partials are.", spread=0.2),
        ),
    ),
    Preset(
        name="swipe",
        family="ui",
        summary="A card or a page slides across the screen: a soft, quick rush.",
        duration_s=0.25,
        parameters=(
            choice("direction", ("in", "out"), "in", "In rises, out falls."),
            number("pitch_hz", "Hz", 200, 6000, 1500, "Centre of the rush.", log=True, spread=0.07),
            number("length_s", "s", 0.05, 1.5, 0.22, "How long it takes.", log=True, spread=0.08),
            number("sweep_oct", "octaves", 0, 4, 1.4, "How far the centre moves.", spread=0.1),
            number("brightness", "", 0, 1, 0.4, "From a muffled to a silky rush.", spread=0.2),
            number("noise", "", 0, 1, 0.85, "From a gliding tone to air alone.", spread=0.12),
        ),
    ),
    Preset(
        name="panel",
        family="ui",
        summary="A window, drawer or inventory opens or closes: a sliding rush that lands.",
        duration_s=0.45,
        parameters=(
            choice("action", ("open", "close"), "open", "Open rises, close falls and shuts."),
            number("pitch_hz", "Hz", 100, 2000, 420, "Pitch of the lower end.", log=True, spread=0.05),
            number("interval_st", "semitones", 0, 24, 12, "From the lower end to the upper.", spread=0.03),
            number("length_s", "s", 0.08, 2, 0.3, "How long the slide takes.", log=True, spread=0.08),
            number("noise", "", 0, 1, 0.6, "From a gliding tone to air alone.", spread=0.15),
            number("weight", "", 0, 1, 0.4, "How heavily it lands.", spread=0.15),
            number("brightness", "", 0, 1, 0.4, "How strong the high end is.", spread=0.2),
        ),
    ),
    Preset(
        name="typing",
        family="ui",
        summary="One key of a keyboard or typewriter goes down and comes up.",
        duration_s=0.15,
        parameters=(
            choice(
                "material", ("plastic", "metal", "wood", "glass"), "plastic", "What the key strikes upon."
            ),
            number("pitch_hz", "Hz", 500, 6000, 1900, "Pitch of the key's cap.", log=True, spread=0.04),
            number("hardness", "", 0, 1, 0.6, "From a rubber dome to a clicking switch.", spread=0.05),
            number("weight", "", 0, 1, 0.4, "How hard it bottoms out on the case.", spread=0.05),
            number("rattle", "", 0, 1, 0.3, "How loosely springs and caps jingle.", spread=0.06),
            number("release_ms", "ms", 0, 300, 85, "When the key comes up; 0 is never.", spread=0.06),
        ),
    ),
    Preset(
        name="select",
        family="ui",
        summary="An entry is chosen: one short, rounded mallet note.",
        duration_s=0.3,
        parameters=(
            number("pitch_hz", "Hz", 150, 4000, 880, "Pitch of the note.", log=True, spread=0.012),
            number("decay_s", "s", 0.04, 2, 0.28, "Until the note is gone.", log=True, spread=0.12),
            number("hardness", "", 0, 1, 0.5, "From a felt mallet to a hard one.", spread=0.2),
            number("brightness", "", 0, 1, 0.35, "How strong the upper partials are.", spread=0.2),
            number("sparkle", "", 0, 1, 0.25, "How much glitter follows.", spread=0.06),
        ),
    ),
    Preset(
        name="back",
        family="ui",
        summary="Back or cancel: two soft notes that step down, the second damped.",
        duration_s=0.3,
        parameters=(
            number("pitch_hz", "Hz", 120, 3000, 620, "Pitch of the first note.", log=True, spread=0.016),
            number("interval_st", "semitones", -24, 0, -5, "How far the second note lies below.", spread=0),
            number("gap_ms", "ms", 20, 300, 65, "From the first note to the second.", spread=0.08),
            number("decay_s", "s", 0.04, 1.5, 0.2, "Until the second note is gone.", log=True, spread=0.12),
            number("brightness", "", 0, 1, 0.3, "How strong the upper partials are.", spread=0.2),
            number("noise", "", 0, 1, 0.25, "How much of a tap goes with each note.", spread=0.2),
        ),
    ),
    Preset(
        name="glitch",
        family="ui",
        summary="Digital interference: shreds of tone and noise, stuttering and crushed.",
        duration_s=0.45,
        parameters=(
            number("length_s", "s", 0.05, 3, 0.4, "How long it lasts.", log=True, spread=0.08),
            number("density", "Hz", 6, 120, 28, "How many shreds a second.", log=True, spread=0.08),
            number("pitch_hz", "Hz", 80, 6000, 900, "Where the tones lie.", log=True, spread=0.03),
            number("roughness", "", 0, 1, 0.5, "How coarsely the samples are held and rounded.", spread=0.08),
            number("noise", "", 0, 1, 0.4, "How many shreds are noise.", spread=0.04),
            number("stutter", "", 0, 1, 0.5, "How often a shred repeats.", spread=0.15),
        ),
    ),
    Preset(
        name="pop",
        family="ui",
        summary="A bubble pops up: a round blip whose pitch leaps.",
        duration_s=0.09,
        parameters=(
            number("size", "", 0, 1, 0.35, "How big the bubble is; bigger is lower.", spread=0.1),
            number("rise_st", "semitones", 0, 36, 14, "How far the pitch leaps.", spread=0.1),
            number("decay_s", "s", 0.02, 0.5, 0.09, "Until it is gone.", log=True, spread=0.1),
            number(
                "wet", "", 0, 1, 0.3, "From a dry cork to a wet bubble with smaller ones after.", spread=0.2
            ),
            number("punch", "", 0, 1, 0.4, "How hard the burst snaps.", spread=0.2),
            number("brightness", "", 0, 1, 0.3, "How strong the upper partials are.", spread=0.2),
        ),
    ),
    Preset(
        name="paper",
        family="ui",
        summary="A sheet of paper is handled: a page turns, a map unfolds.",
        duration_s=0.6,
        parameters=(
            choice(
                "action",
                ("turn", "unfold", "crumple", "tear"),
                "turn",
                "Turn a page, unfold a map, crumple or tear a sheet.",
            ),
            number("size", "", 0, 1, 0.4, "From a note to a poster; bigger is lower.", spread=0.12),
            number("length_s", "s", 0.12, 4, 0.55, "How long it takes.", log=True, spread=0.08),
            number("density", "Hz", 10, 800, 130, "How many creases snap a second.", log=True, spread=0.08),
            number("hardness", "", 0, 1, 0.5, "From soft tissue to stiff parchment.", spread=0.15),
            number("noise", "", 0, 1, 0.5, "How much the sheet rubs and moves air.", spread=0.15),
        ),
    ),
    Preset(
        name="countdown_beep",
        family="ui",
        summary="One beep of a countdown; the last one is higher and longer.",
        duration_s=0.2,
        parameters=(
            choice("action", ("count", "go"), "count", "A beep before the start, or the start itself."),
            number("pitch_hz", "Hz", 150, 3000, 740, "Pitch of a counting beep.", log=True, spread=0.012),
            number("interval_st", "semitones", 0, 24, 12, "How far the start lies above.", spread=0),
            number("length_s", "s", 0.03, 1, 0.14, "How long a counting beep lasts.", log=True, spread=0.06),
            number("brightness", "", 0, 1, 0.4, "From a round tone to a bright buzzer.", spread=0.15),
            number("decay_s", "s", 0.02, 1.5, 0.08, "How long it rings afterwards.", log=True, spread=0.08),
        ),
    ),
)
