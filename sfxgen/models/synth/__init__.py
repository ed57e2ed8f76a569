"""The embedded synthesizer: presets for the common sounds of games, with no weights and no GPU.

`adapter` is its light face; numpy loads with the first session.
"""

from __future__ import annotations

from sfxgen.models.synth.adapter import SynthAdapter

adapter = SynthAdapter()

__all__ = ["adapter"]
