"""How much of a picture is replaced: the two ways to count steps for it, and its course over a loop."""

from math import cos, pi, sin

import torch
from torch import Tensor

from diffusion.sampling.noise_schedule import NoiseLevels
from diffusion.sampling.samplers import Sampler
from diffusion.sampling.schedules import sigmas_for

COUNTINGS = ("a part of the steps", "all steps")
CURVES = ("Aggressive", "Linear", "Lazy")
LARGEST = 0.999


def image_to_image_sigmas(
    schedule: NoiseLevels,
    scheduler: str,
    steps: int,
    denoise: float,
    counting: str = COUNTINGS[0],
    sampler: Sampler | None = None,
) -> Tensor:
    """The levels, float32 and descending, of a run on a picture.

    counting: "a part of the steps" is the WebUI's default: of the levels of `steps` steps, the last ones are done, one
        more than `int(denoise * steps)`; even at 0 that is one. "all steps" is KSampler's, and the WebUI's with "do
        exactly the amount of steps": the last `steps` steps of a longer run; none at 0.
    Raises ValueError for another counting.
    """
    if counting not in COUNTINGS:
        raise ValueError(f"There is no way '{counting}' to count steps; choose one of {', '.join(COUNTINGS)}.")
    if counting == COUNTINGS[1]:
        return sigmas_for(schedule, scheduler, steps, denoise, sampler)
    sigmas = sigmas_for(schedule, scheduler, steps, 1.0, sampler)
    first = steps - int(min(denoise, LARGEST) * steps) - 1
    return sigmas[first:] if first < len(sigmas) - 1 else torch.zeros(0)


def loop_denoise(first: float, last: float, curve: str, loop: int, loops: int) -> float:
    """How much is replaced in loop number `loop` (from 0) of so many, between the first one's share and the last's.

    Raises ValueError for a curve that there is not.
    """
    part = loop / (loops - 1) if loops > 1 else 0.0
    match curve:
        case "Aggressive":
            share = sin(pi / 2 * part)
        case "Linear":
            share = part
        case "Lazy":
            share = 1 - cos(pi / 2 * part)
        case _:
            raise ValueError(f"There is no curve '{curve}'; choose one of {', '.join(CURVES)}.")
    return first + (last - first) * share
