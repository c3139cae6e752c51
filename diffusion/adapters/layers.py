"""What an adapter adds to the output of one layer, computed while the network runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffusion.adapters.kinds import Kind, LowRank


class LiveLayer:
    """An adapter on one layer of a network that runs: ``W'x - Wx``.

    LoRA goes through its factors. Others are rebuilt once, and again only where the change is not proportional to the
    strength and that is another one.
    """

    def __init__(self, module: nn.Module, kinds: Mapping[str, Kind], factor: float) -> None:
        """kinds: what happens to the layer's `weight` and `bias`; factor: of the strength."""
        self.module = module
        self._kinds = kinds
        self._factor = factor
        self._linear = all(kind.linear for kind in kinds.values())
        self._differences: dict[str, Tensor] = {}
        self._strength: float | None = None
        self._low_rank = only_factors(kinds)
        self._factors: list[Tensor] = []

    def difference(self, x: Tensor, strength: float) -> Tensor | None:
        """What is added to the layer's output for an input; None for nothing."""
        strength = strength * self._factor
        if not strength:
            return None
        if self._low_rank is not None:
            return through_factors(self.module, x, self._placed(x, self._low_rank)) * (self._low_rank.scale * strength)
        at = 1.0 if self._linear else strength
        if self._strength != at:
            self._differences, self._strength = self._rebuilt(at, x), at
        weight = self._differences.get("weight")
        if weight is None:
            weight = torch.zeros_like(_tensor(self.module, "weight"), dtype=x.dtype)
        difference = evaluate(self.module, x, weight, self._differences.get("bias"))
        return difference * strength if self._linear else difference

    def _placed(self, x: Tensor, kind: LowRank) -> list[Tensor]:
        """The factors on the device and in the number format of the input, kept from call to call."""
        if not self._factors or self._factors[0].dtype != x.dtype or self._factors[0].device != x.device:
            self._factors = [factor.to(x) for factor in factors_of(kind, self.module)]
        return self._factors

    def _rebuilt(self, strength: float, x: Tensor) -> dict[str, Tensor]:
        """The changed tensors without the original ones."""
        differences = {}
        for leaf, kind in self._kinds.items():
            original = _tensor(self.module, leaf).float()
            differences[leaf] = (kind.apply(original, strength) - original).to(x)
        return differences


def factors_of(kind: LowRank, module: nn.Module) -> tuple[Tensor, ...]:
    """A LoRA's tensors in the shapes in which a layer's input goes through them, one after the other."""
    if isinstance(module, nn.Linear):
        return kind.down.flatten(1), kind.up.flatten(1)
    assert isinstance(module, nn.Conv2d)
    up = kind.up.flatten(1)[..., None, None]
    if kind.mid is None:
        return kind.down.reshape(kind.rank, -1, *module.kernel_size), up
    return kind.down.flatten(1)[..., None, None], kind.mid, up


def through_factors(
    module: nn.Module, x: Tensor, factors: Sequence[Tensor], between: Callable[[Tensor], Tensor] = lambda inner: inner
) -> Tensor:
    """What a LoRA of those factors gives for a layer's input, at strength and scale 1.

    between: what happens to the numbers before the last factor.
    """
    if isinstance(module, nn.Linear):
        down, up = factors
        return F.linear(between(F.linear(x, down)), up)
    *reduced, up = factors
    if len(reduced) == 2:
        x = F.conv2d(x, reduced[0])
    return F.conv2d(between(_convolved(module, x, reduced[-1])), up)


def only_factors(kinds: Mapping[str, Kind]) -> LowRank | None:
    """The LoRA of a layer, if the change is nothing else."""
    kind = kinds.get("weight")
    if len(kinds) > 1 or not isinstance(kind, LowRank) or kind.magnitude is not None or kind.residual is not None:
        return None
    return kind


def _tensor(module: nn.Module, leaf: str) -> Tensor:
    found: Tensor = getattr(module, leaf)
    return found.detach()


def evaluate(module: nn.Module, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The layer with another weight and bias; all such layers are linear in both."""
    match module:
        case nn.Linear():
            return F.linear(x, weight, bias)
        case nn.Conv2d():
            return _convolved(module, x, weight, bias)
        case nn.GroupNorm():
            return F.group_norm(x, module.num_groups, weight, bias, module.eps)
        case nn.LayerNorm():
            return F.layer_norm(x, module.normalized_shape, weight, bias, module.eps)
    raise TypeError(f"an adapter cannot act on a {type(module).__name__} while the network runs")


def _convolved(module: Any, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return F.conv2d(x, weight, bias, module.stride, module.padding, module.dilation, module.groups)
