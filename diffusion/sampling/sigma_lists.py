"""Lists of noise levels that depend on no model, and what can be done with a list.

A list is float32 ``[steps + 1]``, descending, and most end in 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from diffusion.sampling.errors import SamplingError

AlignedModel = Literal["SD1", "SDXL", "SVD"]
Spacing = Literal["linear", "cosine", "sine"]

_AFTER_FLIPPING = 0.0001
"""Stands for level 0 at the start of a list that ascends: there the slope of the ODE does not exist."""

_ALIGNED_LEVELS: dict[str, tuple[float, ...]] = {
    # SD1 and SDXL: the levels of timesteps 999, 850, 736, 645, 545, 455, 343, 233, 124, 24, 0 and 999, 845, 730, 587,
    # 443, 310, 193, 116, 53, 13, 0, which the authors publish; SVD: the levels that they publish.
    "SD1": (14.6146412, 6.4745761, 3.8636746, 2.6946152, 1.8841921, 1.3943805, 0.9642584, 0.6523686, 0.3977456,
            0.1515233, 0.0291672),
    "SDXL": (14.6146412, 6.3184485, 3.7681790, 2.1811481, 1.3405245, 0.8620721, 0.5550693, 0.3798541, 0.2332364,
             0.1114188, 0.0291672),
    "SVD": (700.0, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002),
}  # fmt: skip


def ending_in_zero(sigmas: Tensor) -> Tensor:
    """Append level 0, as float32."""
    return torch.cat([sigmas.float(), torch.zeros(1)])


def karras_levels(steps: int, sigma_min: float, sigma_max: float, rho: float = 7.0) -> Tensor:
    """Even in ``sigma ** (1 / rho)`` (Karras et al. 2022, arXiv 2206.00364, equation 5), then 0."""
    start, end = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
    return ending_in_zero((start + torch.linspace(0, 1, steps) * (end - start)) ** rho)


def exponential_levels(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """Even in log sigma, then 0."""
    _positive(sigma_min, sigma_max)
    return ending_in_zero(torch.linspace(math.log(sigma_max), math.log(sigma_min), steps).exp())


def polyexponential_levels(steps: int, sigma_min: float, sigma_max: float, rho: float = 1.0) -> Tensor:
    """Log sigma falls as a power of the steps that remain, then 0; rho 1 is exponential, more lingers at low levels."""
    _positive(sigma_min, sigma_max)
    ramp = torch.linspace(1, 0, steps) ** rho
    return ending_in_zero((ramp * math.log(sigma_max / sigma_min) + math.log(sigma_min)).exp())


def laplace_levels(steps: int, sigma_min: float, sigma_max: float, mu: float = 0.0, beta: float = 0.5) -> Tensor:
    """Quantiles of a Laplace distribution of log sigma (arXiv 2407.03297), within the limits; no 0 follows.

    mu: the log sigma around which the levels are dense. beta: how wide.
    """
    place = torch.linspace(0, 1, steps)
    tail = torch.log(1 - 2 * (0.5 - place).abs() + 1e-5)
    return (mu - beta * torch.sign(0.5 - place) * tail).exp().clamp(sigma_min, sigma_max)


def vp_levels(steps: int, beta_d: float = 19.9, beta_min: float = 0.1, eps_s: float = 0.001) -> Tensor:
    """Even in the time of the variance-preserving SDE (arXiv 2011.13456, equation 32), from 1 to ``eps_s``, then 0."""
    time = torch.linspace(1, eps_s, steps)
    return ending_in_zero((beta_d * time**2 / 2 + beta_min * time).expm1().sqrt())


def aligned_levels(model: AlignedModel, steps: int, denoise: float = 1.0, *, keep_last: bool = False) -> Tensor:
    """Align Your Steps (arXiv 2404.14507): ten steps that were found best, interpolated evenly in log sigma.

    denoise: below 1, the last part of the steps. keep_last: let 0 follow the smallest level, where otherwise it takes
    its place; then there are ``steps`` levels above it, as in Stable Diffusion WebUI.
    """
    sigmas = torch.from_numpy(spread(_ALIGNED_LEVELS[model], steps if keep_last else steps + 1))
    sigmas = ending_in_zero(sigmas if keep_last else sigmas[:-1])
    return last_steps(sigmas, round(steps * denoise))


def spread(levels: ArrayLike, count: int) -> NDArray[np.float64]:
    """Read a list of levels at so many even places, evenly in log sigma between them."""
    logs = np.log(levels)
    return np.exp(np.interp(np.linspace(0, len(logs) - 1, count), np.arange(len(logs)), logs))


def levels_from_text(text: str) -> Tensor:
    """Read levels from numbers between commas, semicolons or white space.

    Raises SamplingError for anything that is no finite number of at least 0.
    """
    words = [word for word in re.split(r"[\s,;\[\]()]+", text) if word]
    levels = []
    for word in words:
        try:
            level = float(word)
        except ValueError:
            level = -1.0
        if not 0 <= level < math.inf:
            raise SamplingError(f"{word!r} is no noise level; write numbers of at least 0, with commas between them.")
        levels.append(level)
    return torch.tensor(levels, dtype=torch.float32)


def last_steps(sigmas: Tensor, steps: int) -> Tensor:
    """The levels of the last so many steps; none gives an empty list."""
    return sigmas[-(steps + 1) :] if steps > 0 else sigmas[:0]


def split(sigmas: Tensor, step: int) -> tuple[Tensor, Tensor]:
    """The levels of the steps before a step, and of those from it on; the level between is in both."""
    return sigmas[: step + 1], sigmas[step:]


def split_by_denoise(sigmas: Tensor, denoise: float) -> tuple[Tensor, Tensor]:
    """Split so that the second list has so much of the steps."""
    steps = max(len(sigmas) - 1, 0)
    return split(sigmas, steps - round(steps * denoise))


def flipped(sigmas: Tensor) -> Tensor:
    """The levels from the last to the first, for a run that adds noise; a first level of 0 becomes 0.0001."""
    if len(sigmas) == 0:
        return sigmas
    turned = sigmas.flip(0)
    if turned[0] == 0:
        turned[0] = _AFTER_FLIPPING
    return turned


def with_first(sigmas: Tensor, sigma: float) -> Tensor:
    """The levels with another first one."""
    changed = sigmas.clone()
    changed[:1] = sigma
    return changed


_SPACINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda part: part,
    "cosine": lambda part: (part * math.pi / 2).sin(),
    "sine": lambda part: 1 - (part * math.pi / 2).cos(),
}


def extended(
    sigmas: Tensor, steps: int, start: float = math.inf, end: float = 0.0, spacing: Spacing = "linear"
) -> Tensor:
    """Divide every step that begins at a level from ``start`` down to ``end`` into ``steps``."""
    parts = _SPACINGS[spacing](torch.linspace(0, 1, steps + 1)[1:-1])
    levels: list[float] = []
    for sigma, sigma_next in pairwise(sigmas.tolist()):
        levels.append(sigma)
        if end <= sigma <= start:
            levels += (sigma + parts * (sigma_next - sigma)).tolist()
    return torch.tensor([*levels, *sigmas[-1:].tolist()], dtype=torch.float32)


def joined(lists: Sequence[Tensor]) -> Tensor:
    """One list after the other; a level that one ends and the next begins with is there once, as is a 0 in between."""
    whole = torch.zeros(0)
    for sigmas in lists:
        if len(whole) and len(sigmas) and whole[-1] in (0, sigmas[0]):
            whole = whole[:-1]
        whole = torch.cat([whole, sigmas.float()])
    return whole


def rescaled(sigmas: Tensor, first: float, last: float) -> Tensor:
    """Stretch the levels so that they begin at ``first`` and the smallest above 0 is ``last``, evenly in log sigma."""
    _positive(first, last)
    above = sigmas > 0
    logs = sigmas[above].log()
    if len(logs) < 2 or logs.max() == logs.min():
        raise SamplingError("Levels can be rescaled if at least two of them differ and are above 0; use a longer list.")
    part = (logs - logs.min()) / (logs.max() - logs.min())
    changed = sigmas.clone()
    changed[above] = (math.log(last) + part * math.log(first / last)).exp()
    return changed


def _positive(*levels: float) -> None:
    for level in levels:
        if level <= 0:
            raise SamplingError(f"The noise level {level:g} has no logarithm; choose one above 0.")
