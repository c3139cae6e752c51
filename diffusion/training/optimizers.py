"""Optimizers by the names that people know, with those that torch does not have."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

Name = Literal["AdamW", "AdamW 8-bit", "Lion", "Prodigy", "Adafactor", "SGD"]
OPTIMIZERS: tuple[Name, ...] = get_args(Name)
Group = Mapping[str, Any]
"""`params`, and settings of their own such as `lr`."""


class OptimizerError(ValueError):
    """An optimizer cannot be used here; the message says what to do."""


def new_optimizer(
    name: Name,
    parameter_groups: Iterable[Group],
    *,
    weight_decay: float = 0.01,
    betas: tuple[float, float] = (0.9, 0.999),
) -> Optimizer:
    """An optimizer for groups of parameters, each with its `lr` (Prodigy finds its own, and wants 1 there).

    Raises `OptimizerError` for one that needs a package which is not installed.
    """
    groups: list[dict[str, Any]] = [dict(group) for group in parameter_groups]
    match name:
        case "AdamW":
            return torch.optim.AdamW(groups, betas=betas, weight_decay=weight_decay)
        case "Lion":
            return Lion(groups, betas=(betas[0], 0.99), weight_decay=weight_decay)
        case "Prodigy":
            return Prodigy(groups, betas=betas, weight_decay=weight_decay)
        case "Adafactor":
            return torch.optim.Adafactor(groups, weight_decay=weight_decay)
        case "SGD":
            return torch.optim.SGD(groups, momentum=betas[0], weight_decay=weight_decay)
        case "AdamW 8-bit":
            return _eight_bit(groups, betas, weight_decay)


def _eight_bit(groups: list[dict[str, Any]], betas: tuple[float, float], weight_decay: float) -> Optimizer:
    try:
        import bitsandbytes  # type: ignore[import-not-found]
    except ImportError:
        raise OptimizerError(
            "AdamW 8-bit needs the package bitsandbytes: install it beside Safelight, or choose another optimizer."
        ) from None
    made: Optimizer = bitsandbytes.optim.AdamW8bit(groups, betas=betas, weight_decay=weight_decay)
    return made


class Lion(Optimizer):
    """The sign of a mean of gradients (Chen et al. 2023, arXiv 2302.06675, algorithm 2)."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
    ) -> None:
        """betas: of the mean that is followed, and of the one that is kept."""
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step."""
        loss = None if closure is None else closure()
        for group, parameter, gradient in _with_gradients(self.param_groups):
            state, (followed, kept) = self.state[parameter], group["betas"]
            mean = state.setdefault("mean", torch.zeros_like(parameter))
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            parameter.sub_(mean.lerp(gradient, 1 - followed).sign_(), alpha=group["lr"])
            mean.lerp_(gradient, 1 - kept)
        return loss


class Prodigy(Optimizer):
    """Adam that finds its learning rate by how far it has come (Mishchenko & Defazio 2023, arXiv 2306.06101, alg. 4).

    The estimated distance `d` is that of all groups together; a group's `lr` is a factor of it, and 1 is right.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        d0: float = 1e-6,
        d_coef: float = 1.0,
    ) -> None:
        """d0: the distance to begin with. d_coef: a factor of the one that is estimated."""
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "d0": d0, "d_coef": d_coef}
        super().__init__(params, {**settings, "d": d0, "numerator": 0.0})

    @property
    def distance(self) -> float:
        """The estimate now."""
        return float(self.param_groups[0]["d"])

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step."""
        loss = None if closure is None else closure()
        first, d = self.param_groups[0], self.distance
        numerator, denominator = first["numerator"] * math.sqrt(first["betas"][1]), 0.0
        for group, parameter, gradient in _with_gradients(self.param_groups):
            up, down = self._gather(group, parameter, gradient, d)
            numerator, denominator = numerator + up, denominator + down
        if not denominator:
            return loss
        found = max(d, first["d_coef"] * numerator / denominator)
        for group, parameter, _ in _with_gradients(self.param_groups):
            self._move(group, parameter, d * group["lr"], found)
        for group in self.param_groups:
            group["d"], group["numerator"] = found, numerator
        return loss

    def _gather(self, group: dict[str, Any], parameter: Tensor, gradient: Tensor, d: float) -> tuple[float, float]:
        """Update the means of a parameter; what it adds to both sides of the estimate."""
        state, (beta1, beta2), d0 = self.state[parameter], group["betas"], group["d0"]
        if not state:
            state["start"] = parameter.clone()
            state |= {name: torch.zeros_like(parameter) for name in ("mean", "square", "sum")}
        rate = d * group["lr"]
        state["mean"].mul_(beta1).add_(gradient, alpha=d * (1 - beta1))
        state["square"].mul_(beta2).addcmul_(gradient, gradient, value=d * d * (1 - beta2))
        state["sum"].mul_(math.sqrt(beta2)).add_(gradient, alpha=d / d0 * rate)
        along = float((gradient * (state["start"] - parameter)).sum())
        return d / d0 * rate * along, float(state["sum"].abs().sum())

    def _move(self, group: dict[str, Any], parameter: Tensor, rate: float, d: float) -> None:
        state = self.state[parameter]
        parameter.mul_(1 - rate * group["weight_decay"])
        parameter.addcdiv_(state["mean"], state["square"].sqrt().add_(d * group["eps"]), value=-rate)


def _with_gradients(groups: Sequence[dict[str, Any]]) -> Iterable[tuple[dict[str, Any], nn.Parameter, Tensor]]:
    for group in groups:
        for parameter in group["params"]:
            if parameter.grad is not None:
                yield group, parameter, parameter.grad
