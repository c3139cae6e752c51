"""Operations on conditioning: lists of `[states [1, T, width], options]` pairs, which are never changed in place."""

from typing import Any

import torch
from torch import Tensor

Conditioning = list[Any]


def with_options(conditioning: Conditioning, **options: Any) -> Conditioning:
    """The same states with options set (`area`, `mask`, `strength`, `start_percent` …)."""
    return [[states, {**old, **options}] for states, old in conditioning]


def concatenate(conditioning: Conditioning, other: Conditioning) -> Conditioning:
    """Each of the states followed by the first of `other`, along the tokens."""
    _require_one(other)
    return [[torch.cat((states, other[0][0]), 1), dict(options)] for states, options in conditioning]


def average(conditioning: Conditioning, other: Conditioning, strength: float) -> Conditioning:
    """Each of the states times `strength`, plus the first of `other` times the rest; pooled states likewise.

    `other` is cut, or filled up with zeros, to the length of each.
    """
    _require_one(other)
    states_from, options_from = other[0]
    pooled_from = options_from.get("pooled_output")
    result: Conditioning = []
    for states, options in conditioning:
        fitted = states_from[:, : states.shape[1]]
        fitted = torch.nn.functional.pad(fitted, (0, 0, 0, states.shape[1] - fitted.shape[1]))
        pooled = _mix(options.get("pooled_output", pooled_from), pooled_from, strength)
        merged = options if pooled is None else {**options, "pooled_output": pooled}
        result.append([states * strength + fitted * (1.0 - strength), dict(merged)])
    return result


def zero(conditioning: Conditioning) -> Conditioning:
    """The same shapes, all zeros: no guidance from text at all."""
    result: Conditioning = []
    for states, options in conditioning:
        pooled = options.get("pooled_output")
        cleared = {} if pooled is None else {"pooled_output": torch.zeros_like(pooled)}
        result.append([torch.zeros_like(states), {**options, **cleared}])
    return result


def _mix(pooled: Tensor | None, pooled_from: Tensor | None, strength: float) -> Tensor | None:
    if pooled is None or pooled_from is None:
        return pooled
    return pooled * strength + pooled_from * (1.0 - strength)


def _require_one(conditioning: Conditioning) -> None:
    if not conditioning:
        raise ValueError("The conditioning to take from is empty: connect one that has a prompt.")
