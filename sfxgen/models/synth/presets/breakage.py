"""Things that break, tear and collapse."""

from __future__ import annotations

from sfxgen.models.synth.parameters import Preset, choice, number

PRESETS = (
    Preset(
        name="glass",
        family="breakage",
        summary="Glass breaks: the crack, then shards that ring and fall.",
        duration_s=0.7,
        parameters=(
            number("size", "", 0, 1, 0.4, "From a wine glass to a shop window.", spread=0.1),
            number("shards", "", 4, 200, 45, "How many pieces are heard.", log=True, spread=0.06),
            number("spread_s", "s", 0.1, 4, 0.8, "How long pieces keep falling.", log=True, spread=0.08),
            number("ring", "", 0, 1, 0.5, "How long a piece rings.", spread=0.15),
            number("crack", "", 0, 1, 0.6, "How hard the first break is.", spread=0.15),
        ),
    ),
    Preset(
        name="crate",
        family="breakage",
        summary="A crate is smashed: fibres crack, planks split and fall.",
        duration_s=1.2,
        parameters=(
            number("size", "", 0, 1, 0.45, "From a cigar box to a wardrobe.", spread=0.06),
            number("strength", "", 0, 1, 0.6, "How hard the blow is.", spread=0.12),
            number("crack", "", 0, 1, 0.6, "How much the wood splits.", spread=0.08),
            number("debris", "", 0, 1, 0.5, "How many planks and splinters fall.", spread=0.08),
            number("spread_s", "s", 0.15, 4, 0.8, "How long pieces keep falling.", log=True, spread=0.1),
        ),
    ),
    Preset(
        name="pottery",
        family="breakage",
        summary="A pot breaks: a hollow crack, then sherds.",
        duration_s=0.5,
        parameters=(
            number("size", "", 0, 1, 0.4, "From a cup to an amphora.", spread=0.1),
            number("shards", "", 3, 120, 18, "How many pieces are heard.", log=True, spread=0.06),
            number("spread_s", "s", 0.08, 3, 0.5, "How long pieces keep falling.", log=True, spread=0.1),
            number("ring", "", 0, 1, 0.4, "From dull earthenware to porcelain.", spread=0.12),
            number("crack", "", 0, 1, 0.6, "How hard the first break is.", spread=0.15),
        ),
    ),
    Preset(
        name="rubble",
        family="breakage",
        summary="Stones collapse: they tumble, knock and come to rest in dust.",
        duration_s=1.8,
        parameters=(
            number("size", "", 0, 1, 0.55, "From pebbles to boulders.", spread=0.06),
            number("stones", "", 4, 300, 50, "How many stones are heard.", log=True, spread=0.06),
            number("spread_s", "s", 0.2, 8, 1.8, "How long they keep falling.", log=True, spread=0.1),
            number("rumble", "", 0, 1, 0.5, "How much the ground shakes.", spread=0.08),
            number("debris", "", 0, 1, 0.5, "How much grit and dust comes down.", spread=0.08),
        ),
    ),
    Preset(
        name="branch",
        family="breakage",
        summary="A twig or a branch snaps.",
        duration_s=0.4,
        parameters=(
            number("size", "", 0, 1, 0.35, "From a twig to a trunk; bigger is lower.", spread=0.04),
            number("crack", "", 0, 1, 0.6, "How sudden the snap is.", spread=0.1),
            number("debris", "", 0, 1, 0.4, "How many fibres give way before and after.", spread=0.08),
            number("wet", "", 0, 1, 0.2, "From dry wood to green.", spread=0.06),
            number("leaves", "", 0, 1, 0.15, "How much foliage moves with it.", spread=0.05),
        ),
    ),
    Preset(
        name="ice_crack",
        family="breakage",
        summary="Ice cracks: the snap, and its waves along the sheet, high before low.",
        duration_s=0.65,
        parameters=(
            number("size", "", 0, 1, 0.5, "From a puddle to a frozen lake.", spread=0.05),
            number("crack", "", 0, 1, 0.6, "How hard it breaks.", spread=0.1),
            number("chirp", "", 0, 1, 0.5, "How far away along the sheet it broke: it chirps.", spread=0.06),
            number("debris", "", 0, 1, 0.4, "How many small cracks and chips follow.", spread=0.08),
            number("length_s", "s", 0.1, 4, 0.6, "How long the cracks run.", log=True, spread=0.1),
        ),
    ),
    Preset(
        name="bone",
        family="breakage",
        summary="A bone breaks in the flesh: cracks, crunch and gore.",
        duration_s=0.35,
        parameters=(
            number("size", "", 0, 1, 0.4, "From a finger to a thigh.", spread=0.1),
            number("crack", "", 0, 1, 0.6, "How hard the bone snaps.", spread=0.15),
            number("crunch", "", 0, 1, 0.5, "How much of it is ground to pieces.", spread=0.15),
            number("wet", "", 0, 1, 0.5, "How much blood and flesh is heard.", spread=0.12),
            number("length_s", "s", 0.05, 2, 0.25, "How long it takes.", log=True, spread=0.12),
        ),
    ),
    Preset(
        name="tear",
        family="breakage",
        summary="Cloth or paper rips.",
        duration_s=0.6,
        parameters=(
            choice("material", ("cloth", "paper", "leather"), "cloth", "What is torn."),
            number("length_s", "s", 0.06, 4, 0.5, "How long it tears.", log=True, spread=0.12),
            number("speed", "", 0, 1, 0.5, "How fast threads give way.", spread=0.12),
            number("roughness", "", 0, 1, 0.5, "From fine and even to coarse and halting.", spread=0.15),
            number("brightness", "", 0, 1, 0.5, "How crisp it is.", spread=0.15),
        ),
    ),
    Preset(
        name="metal_crunch",
        family="breakage",
        summary="Metal is crushed: a crash, buckling sheets, groans and falling parts.",
        duration_s=1.1,
        parameters=(
            number("size", "", 0, 1, 0.55, "From a can to a lorry.", spread=0.1),
            number("strength", "", 0, 1, 0.6, "How hard the crash is.", spread=0.12),
            number("length_s", "s", 0.15, 5, 0.8, "How long it goes on buckling.", log=True, spread=0.1),
            number("creak", "", 0, 1, 0.4, "How much it groans as it bends.", spread=0.12),
            number("debris", "", 0, 1, 0.4, "How many parts fall off.", spread=0.12),
            number("glass", "", 0, 1, 0.2, "How much glass breaks with it.", spread=0.08),
        ),
    ),
)
