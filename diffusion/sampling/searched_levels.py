"""Noise levels that were found by a search over many runs of a model: GITS and Optimal Steps."""

import json
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from diffusion.sampling.noise_schedule import NoiseSchedule
from diffusion.sampling.sigma_lists import ending_in_zero, last_steps, spread

SteppedModel = Literal["FLUX", "Wan", "Chroma"]

_PLACES = 101
"""How many levels GITS could take: those of even timesteps of Stable Diffusion 1.x, from the last to the first."""

_COARSEST = 2
"""For how many steps the first list of GITS is; each that follows is for one more."""

_GITS = Path(__file__).with_name("gits.json")
"""By the coefficient of the search, the places that were taken beside the first and the last, a text for each list."""

_OPTIMAL_LEVELS: dict[str, tuple[float, ...]] = {
    "FLUX": (0.9968, 0.9886, 0.9819, 0.975, 0.966, 0.9471, 0.9158, 0.8287, 0.5512, 0.2808, 0.001),
    "Wan": (1.0, 0.997, 0.995, 0.993, 0.991, 0.989, 0.987, 0.985, 0.98, 0.975, 0.973, 0.968, 0.96, 0.946, 0.927, 0.902,
            0.864, 0.776, 0.539, 0.208, 0.001),
    "Chroma": (0.992, 0.99, 0.988, 0.985, 0.982, 0.978, 0.973, 0.968, 0.961, 0.953, 0.943, 0.931, 0.917, 0.9, 0.881,
               0.858, 0.832, 0.802, 0.769, 0.731, 0.69, 0.646, 0.599, 0.55, 0.501, 0.451, 0.402, 0.355, 0.311, 0.27,
               0.232, 0.199, 0.169, 0.143, 0.12, 0.101, 0.084, 0.07, 0.058, 0.048, 0.001),
}  # fmt: skip


def gits_levels(coefficient: float, steps: int, denoise: float = 1.0) -> Tensor:
    """GITS (arXiv 2405.11326): where the paths of Stable Diffusion 1.5 bend, found for 2 to 20 steps by its authors.

    More steps are interpolated evenly in log sigma, and 0 takes the place of the smallest level.

    coefficient: 0.8 to 1.5, of which the nearest of 0.05 is taken; the higher, the more steps are at low levels.
    denoise: below 1, the last part of the steps.
    """
    lists = json.loads(_GITS.read_text(encoding="utf-8"))[f"{round(coefficient * 20) / 20:.2f}"]
    chosen = lists[min(max(steps, _COARSEST) - _COARSEST, len(lists) - 1)]
    places = torch.tensor([0, *map(int, chosen.split()), _PLACES - 1])
    trained = NoiseSchedule.scaled_linear()
    first, last = trained.timestep_range
    return _last_part(trained.sigma(last - (last - first) * places / (_PLACES - 1)).numpy(), steps, denoise)


def optimal_levels(model: SteppedModel, steps: int, denoise: float = 1.0) -> Tensor:
    """Optimal Steps (arXiv 2503.21774): 10 steps for Flux, 20 for Wan, 40 for Chroma, interpolated evenly in log sigma.

    0 takes the place of the smallest level. denoise: below 1, the last part of the steps.
    """
    return _last_part(np.array(_OPTIMAL_LEVELS[model]), steps, denoise)


def _last_part(levels: np.ndarray, steps: int, denoise: float) -> Tensor:
    sigmas = ending_in_zero(torch.from_numpy(spread(levels, steps + 1))[:-1])
    return last_steps(sigmas, round(steps * denoise))
