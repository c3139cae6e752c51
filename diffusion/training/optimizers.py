"""Optimizers by the names that people know, with those that torch does not have."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from diffusion.training.optimizer_arguments import Name, OptimizerError, read_arguments

Group = Mapping[str, Any]
"""`params`, and settings of their own such as `lr`."""


def new_optimizer(
    name: Name, parameter_groups: Iterable[Group], *, weight_decay: float = 0.01, arguments: str = ""
) -> Optimizer:
    """An optimizer for groups of parameters, each with its `lr`.

    Prodigy, and Adafactor with `relative_step`, find rates of their own, of which `lr` is a factor: 1 is right.
    arguments: further ones (see `read_arguments`).

    Raises `OptimizerError` for one that needs a package which is not installed, and for wrong arguments.
    """
    groups: list[dict[str, Any]] = [dict(group) for group in parameter_groups]
    options = {"weight_decay": weight_decay, **read_arguments(name, arguments)}
    match name:
        case "AdamW":
            return torch.optim.AdamW(groups, **options)
        case "Lion":
            return Lion(groups, **options)
        case "Prodigy":
            return Prodigy(groups, **options)
        case "Adafactor":
            return Adafactor(groups, **options)
        case "SGD":
            return torch.optim.SGD(groups, **{"momentum": 0.9, **options})
        case "AdamW 8-bit":
            return _eight_bit(groups, options)


def rate_of(optimizer: Optimizer) -> float:
    """The learning rate of its first group now: of Prodigy what it has found, times its factor."""
    group = optimizer.param_groups[0]
    return float(group["lr"] * group.get("d", 1.0))


def _eight_bit(groups: list[dict[str, Any]], options: dict[str, Any]) -> Optimizer:
    try:
        import bitsandbytes  # type: ignore[import-not-found]
    except ImportError:
        raise OptimizerError(
            "AdamW 8-bit needs the package bitsandbytes: install it beside Safelight, or choose another optimizer."
        ) from None
    made: Optimizer = bitsandbytes.optim.AdamW8bit(groups, **options)
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
        beta3: float | None = None,
        growth_rate: float = math.inf,
        decouple: bool = True,
        use_bias_correction: bool = False,
        safeguard_warmup: bool = False,
    ) -> None:
        """The arguments of its authors' package.

        d0: the distance to begin with. d_coef: a factor of the one that is estimated. beta3: of the means that it is
        estimated by; the root of the second of `betas`, if it is not given. growth_rate: how many times greater the
        distance may become in a step. decouple: whether weights decay by themselves, as in AdamW. use_bias_correction:
        whether the means are corrected for their beginning, as in Adam. safeguard_warmup: whether the learning rate
        stays out of the estimate's denominator, for those that begin near zero.
        """
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "d0": d0, "d_coef": d_coef}
        settings |= {"beta3": math.sqrt(betas[1]) if beta3 is None else beta3, "growth_rate": growth_rate}
        settings |= {"decouple": decouple, "use_bias_correction": use_bias_correction}
        settings |= {"safeguard_warmup": safeguard_warmup}
        super().__init__(params, {**settings, "d": d0, "greatest": d0, "numerator": 0.0, "taken": 0})

    @property
    def distance(self) -> float:
        """The estimate now."""
        return float(self.param_groups[0]["d"])

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step."""
        loss = None if closure is None else closure()
        first, d = self.param_groups[0], self.distance
        (beta1, beta2), taken = first["betas"], first["taken"] + 1
        unbiased = math.sqrt(1 - beta2**taken) / (1 - beta1**taken) if first["use_bias_correction"] else 1.0
        numerator, denominator = first["numerator"] * first["beta3"], 0.0
        for group, parameter, gradient in _with_gradients(self.param_groups):
            if not group["decouple"]:
                gradient = gradient.add(parameter, alpha=group["weight_decay"])
            up, down = self._gather(group, parameter, gradient, d, d * group["lr"] * unbiased)
            numerator, denominator = numerator + up, denominator + down
        if not denominator:
            return loss
        hoped = first["d_coef"] * numerator / denominator
        greatest = max(first["greatest"], hoped)
        begun = max(d, hoped) if d == first["d0"] else d
        found = min(greatest, begun * first["growth_rate"])
        for group, parameter, _ in _with_gradients(self.param_groups):
            self._move(group, parameter, d * group["lr"] * unbiased, found)
        for group in self.param_groups:
            group |= {"d": found, "greatest": greatest, "numerator": numerator, "taken": taken}
        return loss

    def _gather(
        self, group: dict[str, Any], parameter: Tensor, gradient: Tensor, d: float, rate: float
    ) -> tuple[float, float]:
        """Update the means of a parameter; what it adds to both sides of the estimate."""
        state, (beta1, beta2), d0 = self.state[parameter], group["betas"], group["d0"]
        if not state:
            state["start"] = parameter.clone()
            state |= {name: torch.zeros_like(parameter) for name in ("mean", "square", "sum")}
        state["mean"].mul_(beta1).add_(gradient, alpha=d * (1 - beta1))
        state["square"].mul_(beta2).addcmul_(gradient, gradient, value=d * d * (1 - beta2))
        counted = d if group["safeguard_warmup"] else rate
        state["sum"].mul_(group["beta3"]).add_(gradient, alpha=d / d0 * counted)
        along = float((gradient * (state["start"] - parameter)).sum())
        return d / d0 * rate * along, float(state["sum"].abs().sum())

    def _move(self, group: dict[str, Any], parameter: Tensor, rate: float, d: float) -> None:
        state = self.state[parameter]
        if group["decouple"]:
            parameter.mul_(1 - rate * group["weight_decay"])
        parameter.addcdiv_(state["mean"], state["square"].sqrt().add_(d * group["eps"]), value=-rate)


class Adafactor(Optimizer):
    """Adam whose squares are kept by rows and columns (Shazeer & Stern 2018, arXiv 1804.04235, algorithms 4 and 5)."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        eps: tuple[float, float] = (1e-30, 1e-3),
        clip_threshold: float = 1.0,
        decay_rate: float = -0.8,
        weight_decay: float = 0.0,
        scale_parameter: bool = False,
        relative_step: bool = False,
        warmup_init: bool = False,
    ) -> None:
        """The arguments of transformers' one, which are those of kohya's scripts.

        eps: added to squares; the least size that a parameter counts. clip_threshold: the greatest root mean square of
        a change. decay_rate: how the squares' mean becomes slower. scale_parameter: whether changes are in proportion
        to a parameter's root mean square, which is 0 of what an adapter begins with. relative_step: whether the rate is
        ``1 / sqrt(step)``, at most 0.01 (with warmup_init ``step / 1e6``), of which `lr` is a factor then.
        """
        settings = {"lr": lr, "eps": eps, "clip_threshold": clip_threshold, "decay_rate": decay_rate}
        settings |= {"weight_decay": weight_decay, "scale_parameter": scale_parameter}
        super().__init__(params, {**settings, "relative_step": relative_step, "warmup_init": warmup_init})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step."""
        loss = None if closure is None else closure()
        for group, parameter, gradient in _with_gradients(self.param_groups):
            state, (least_square, least) = self.state[parameter], group["eps"]
            state["step"] = state.get("step", 0) + 1
            rate = torch.tensor(self._rate(group, state["step"])).to(parameter)
            if group["scale_parameter"]:
                rate *= _root_mean_square(parameter).clamp_min(least)
            new = state["step"] ** group["decay_rate"]
            change = gradient * self._scale(state, gradient.square().add_(least_square), new)
            change /= (_root_mean_square(change) / group["clip_threshold"]).clamp_min(1)
            parameter.mul_(1 - rate * group["weight_decay"])
            parameter.sub_(change.mul_(rate))
        return loss

    @staticmethod
    def _rate(group: dict[str, Any], step: int) -> float:
        if not group["relative_step"]:
            return float(group["lr"])
        most = 1e-6 * step if group["warmup_init"] else 1e-2
        return float(group["lr"] * min(most, 1 / math.sqrt(step)))

    @staticmethod
    def _scale(state: dict[str, Any], square: Tensor, new: float) -> Tensor:
        """One through the root of the squares' mean, in which the new ones count so much."""
        if square.ndim < 2:
            return state.setdefault("square", torch.zeros_like(square)).lerp_(square, new).rsqrt()
        rows, columns = square.mean(-1), square.mean(-2)
        rows = state.setdefault("rows", torch.zeros_like(rows)).lerp_(rows, new)
        columns = state.setdefault("columns", torch.zeros_like(columns)).lerp_(columns, new)
        return (rows / rows.mean(-1, keepdim=True)).rsqrt()[..., None] * columns.rsqrt()[..., None, :]


def _root_mean_square(tensor: Tensor) -> Tensor:
    return tensor.square().mean().sqrt()


def _with_gradients(groups: Sequence[dict[str, Any]]) -> Iterable[tuple[dict[str, Any], nn.Parameter, Tensor]]:
    for group in groups:
        for parameter in group["params"]:
            if parameter.grad is not None:
                yield group, parameter, parameter.grad
