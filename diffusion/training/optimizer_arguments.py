"""Arguments of optimizers, as people write them for kohya's scripts: ``betas=0.9,0.99 d_coef=2``."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

Name = Literal["AdamW", "AdamW 8-bit", "Lion", "Prodigy", "Adafactor", "SGD"]
OPTIMIZERS: tuple[Name, ...] = get_args(Name)
_ARGUMENT = re.compile(r"(\w+)\s*=\s*(.*?)\s*(?=\s\w+\s*=|$)")


class OptimizerError(ValueError):
    """An optimizer cannot be used here; the message says what to do."""


def read_arguments(name: Name, text: str) -> dict[str, Any]:
    """The arguments of an optimizer. Raises `OptimizerError` for one that it does not take, and for wrong values."""
    text = re.sub(r"[\"'\s]+", " ", text).strip()
    found: dict[str, Any] = {}
    taken = ARGUMENTS[name]
    for argument, value in _ARGUMENT.findall(text):
        if argument == "weight_decay":
            raise OptimizerError("weight_decay has an input of its own: set it there, and leave it out here.")
        if argument not in taken:
            raise OptimizerError(f"{name} takes no '{argument}': it takes {', '.join(taken)}.")
        try:
            found[argument] = taken[argument](ast.literal_eval(value.strip(" ,")))
        except (ValueError, SyntaxError, TypeError):
            raise OptimizerError(f"'{value}' is no value for {argument}: write such as {USUAL[argument]}.") from None
    if _ARGUMENT.sub("", text).strip(" ,"):
        raise OptimizerError(f"'{text}' is no list of arguments: write such as betas=0.9,0.99.")
    if found.get("nesterov") and (found.get("dampening") or not found.get("momentum", 1)):
        raise OptimizerError("nesterov wants a momentum and no dampening: change these, or leave it out.")
    if found.get("warmup_init") and not found.get("relative_step"):
        raise OptimizerError("warmup_init is for relative_step: write relative_step=True too, or leave it out.")
    return found


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _positive(value: Any) -> float:
    if isinstance(value, bool) or not 0 < float(value) < math.inf:
        raise ValueError
    return float(value)


def _share(value: Any) -> float:
    """0 to less than 1."""
    if isinstance(value, bool) or not 0 <= float(value) < 1:
        raise ValueError
    return float(value)


def _shares(value: Any) -> tuple[float, float]:
    first, second = value
    return _share(first), _share(second)


def _positives(value: Any) -> tuple[float, float]:
    first, second = value
    return _positive(first), _positive(second)


def _exponent(value: Any) -> float:
    """Below 0."""
    return -_positive(-value)


Read = Callable[[Any], Any]
ARGUMENTS: Mapping[Name, Mapping[str, Read]] = {
    "AdamW": {"betas": _shares, "eps": _positive, "amsgrad": _flag},
    "AdamW 8-bit": {"betas": _shares, "eps": _positive},
    "Lion": {"betas": _shares},
    "Prodigy": {
        "betas": _shares,
        "beta3": _share,
        "eps": _positive,
        "d0": _positive,
        "d_coef": _positive,
        "growth_rate": _positive,
        "decouple": _flag,
        "use_bias_correction": _flag,
        "safeguard_warmup": _flag,
    },
    "Adafactor": {
        "scale_parameter": _flag,
        "relative_step": _flag,
        "warmup_init": _flag,
        "clip_threshold": _positive,
        "decay_rate": _exponent,
        "eps": _positives,
    },
    "SGD": {"momentum": _share, "dampening": _share, "nesterov": _flag},
}
USUAL = {
    "betas": "0.9,0.999",
    "beta3": "0.99",
    "eps": "1e-8 (of Adafactor 1e-30,1e-3)",
    "amsgrad": "True",
    "d0": "1e-6",
    "d_coef": "1",
    "growth_rate": "1.02",
    "decouple": "True",
    "use_bias_correction": "True",
    "safeguard_warmup": "True",
    "scale_parameter": "False",
    "relative_step": "True",
    "warmup_init": "True",
    "clip_threshold": "1",
    "decay_rate": "-0.8",
    "momentum": "0.9",
    "dampening": "0",
    "nesterov": "True",
}
"""Of each argument, what is often written."""
