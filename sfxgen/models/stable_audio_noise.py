"""The noise that Stable Audio Open's sampler draws on the way: a Brownian path of each take's own.

This module imports torch and diffusers: the adapter imports it only to load a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import diffusers
import torch
from torch import Tensor

from sfxgen.models.diffusion_batch import draws_of


class BrownianNoise:
    """The sampler's noise between two noise levels: increments of one Brownian path a take, over their root.

    Paths are drawn on the CPU, so that they are the same on every machine, each by its take's seed. As in k-diffusion's
    sampler, whose tree diffusers uses too, a path is the same however finely it is looked at. A step's noise takes a CPU
    some 30 ms a take, so the next one's is drawn, by a thread a path, while the model is at the one before.
    `levels` are the noise levels of all steps, which are asked for in this order; paths go from `low` to `high`. Close it.
    """

    def __init__(
        self, seeds: Sequence[int], shape: tuple[int, ...], levels: Tensor, low: float, high: float
    ) -> None:
        import torchsde

        high = max(high, 1.0001 * low)  # a path of no length would be none
        self._low, self._high = round(low, 6), round(high, 6)  # where one of this tolerance ends
        # The last step goes down to 0, below the path; the sampler multiplies what it gets for it by nothing.
        self._levels = [min(max(float(level), self._low), self._high) for level in levels]
        self._paths = [
            torchsde.BrownianInterval(
                t0=self._low,
                t1=self._high,
                size=shape,
                dtype=torch.float32,
                entropy=seed,
                tol=1e-6,
                pool_size=24,
                halfway_tree=True,
            )
            for seed in seeds
        ]
        self._pool = ThreadPoolExecutor(len(self._paths))
        self._step = 0
        self._drawn = self._draw()

    def __call__(self, sigma: Tensor, sigma_next: Tensor) -> Tensor:
        """Return noise of (rows, *shape) for the next step, from `sigma` down to `sigma_next`."""
        moved = torch.stack([drawn.result() for drawn in self._drawn])
        self._step += 1
        self._drawn = self._draw()
        return -moved / (sigma_next - sigma).abs().sqrt()

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _draw(self) -> list[Future[Tensor]]:
        if self._step + 1 >= len(self._levels):
            return []
        low, high = self._levels[self._step + 1], self._levels[self._step]
        return [self._pool.submit(path, low, high) for path in self._paths]


@contextmanager
def drawing(
    scheduler: Any, generators: Sequence[torch.Generator], shape: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """Let a scheduler draw each row's noise, of `shape`, by that row's generator; yield what its step takes for that."""
    if not isinstance(scheduler, diffusers.CosineDPMSolverMultistepScheduler):
        yield draws_of(scheduler, generators)
        return
    seeds = [generator.initial_seed() for generator in generators]
    low, high = float(scheduler.config.sigma_min), float(scheduler.config.sigma_max)
    noise = BrownianNoise(seeds, shape, scheduler.sigmas, low, high)
    scheduler.noise_sampler = noise
    try:
        yield {}
    finally:
        noise.close()
