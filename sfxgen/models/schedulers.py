"""The schedulers a recipe may name, and what each is in diffusers. Light: names only.

Each gives the same take alone and in a batch: it draws no noise, or draws each row's from that take's generator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SchedulerKind:
    """A diffusers scheduler class and the options that its name stands for; the rest is in the weights' folder."""

    cls: str
    options: Mapping[str, object] = field(default_factory=dict)


DEFAULT = "default"
"""The scheduler that the weights' folder names."""

SCHEDULERS: Mapping[str, SchedulerKind] = {
    "ddim": SchedulerKind("DDIMScheduler"),
    "pndm": SchedulerKind("PNDMScheduler", {"skip_prk_steps": True}),
    "lms": SchedulerKind("LMSDiscreteScheduler"),
    "euler": SchedulerKind("EulerDiscreteScheduler"),
    "euler_a": SchedulerKind("EulerAncestralDiscreteScheduler"),
    "heun": SchedulerKind("HeunDiscreteScheduler"),
    "dpmpp_2m": SchedulerKind(
        "DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++", "solver_order": 2}
    ),
    "dpmpp_2m_karras": SchedulerKind(
        "DPMSolverMultistepScheduler",
        {"algorithm_type": "dpmsolver++", "solver_order": 2, "use_karras_sigmas": True},
    ),
}

SCHEDULER_NAMES = (DEFAULT, *SCHEDULERS)
