"""How much a picture counts in each block of a UNet that looks at the prompt.

The types are those of the ComfyUI pack IPAdapter plus; that style and composition sit in single blocks of SDXL is from
InstantStyle (Wang et al. 2024, arXiv 2404.02733). Labels of blocks are those of LoRAs' block weights: `IN08`, `MID`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from diffusion.adapters.blocks import MIDDLE

LINEAR = "linear"
LEAST, FAINT = 0.05, 0.2
REST = "rest"
_SIDES = {"input": "IN", "output": "OUT"}
_NAME = re.compile(r"(?:(input|output|in|out)\s*(\d+)|(middle|mid)|(rest))", re.IGNORECASE)

# By whether the model has attention in its first block, as Stable Diffusion 1.x and 2.x have and SDXL has not.
_STYLE = {
    True: dict.fromkeys(("IN01", "IN02", "IN04", "IN05", *(f"OUT{n:02}" for n in range(5, 12))), 1.0),
    False: {"OUT01": 1.0},
}
_COMPOSITION = {True: {"IN07": 0.25, "IN08": 1.0}, False: {"IN08": 1.0}}

# From a block's place among all, 0 to below 1, to its factor.
_SLOPES: dict[str, Callable[[float], float]] = {
    LINEAR: lambda place: 1.0,
    "ease in": lambda place: _eased(1 - place),
    "ease out": lambda place: _eased(place),
    "ease in-out": lambda place: _eased(1 - abs(2 * place - 1)),
    "reverse in-out": lambda place: _eased(abs(2 * place - 1)),
}
# The first letters of the blocks that count little.
_FAINT = {"weak input": "I", "weak output": "O", "weak middle": "M", "strong middle": "IO"}
_PLACES = ("style transfer", "composition", "strong style transfer", "style and composition")

WEIGHT_TYPES = (*_SLOPES, *_FAINT, *_PLACES)


class BlockFactorError(ValueError):
    """Weights of blocks that cannot be read or used; the message says why."""


def factors(weight_type: str, blocks: Sequence[str]) -> dict[str, float]:
    """The factor of each block, by its label. blocks: those that look at the prompt, in the order in which they act.

    Raises `BlockFactorError` where style and composition are asked for and the model does not have their blocks.
    """
    if weight_type in _SLOPES:
        return {block: _SLOPES[weight_type](number / len(blocks)) for number, block in enumerate(blocks)}
    if weight_type in _FAINT:
        return {block: FAINT if block[0] in _FAINT[weight_type] else 1.0 for block in blocks}
    first = "IN01" in blocks
    style, composition = _STYLE[first], _COMPOSITION[first]
    if not (style.keys() | composition.keys()) <= set(blocks):
        raise BlockFactorError(
            f"'{weight_type}' is for Stable Diffusion 1.x, 2.x and SDXL, and this model has other blocks "
            f"({', '.join(blocks)}): choose linear."
        )
    chosen = {
        "style transfer": style,
        "composition": composition,
        "strong style transfer": {block: float(block not in composition) for block in blocks},
        "style and composition": {**style, **composition},
    }[weight_type]
    return {block: chosen.get(block, 0.0) for block in blocks}


def named_factors(text: str, blocks: Sequence[str]) -> dict[str, float]:
    """Read a text such as ``input 8: 0.5, middle: 0, output 1: 1.2, rest: 0``; what it does not name has the factor 1.

    Raises `BlockFactorError` for what it cannot read, and for blocks that are none of `blocks`.
    """
    found: dict[str, float] = {}
    for part in filter(str.strip, re.split(r"[,\n]", text)):
        name, _, number = part.partition(":")
        match = _NAME.fullmatch(name.strip())
        try:
            factor = float(number)
        except ValueError:
            match = None
        if match is None:
            raise BlockFactorError(
                f"'{part.strip()}' is no weight of a block: write for example input 8: 0.5, middle: 0, rest: 1."
            )
        found[_label(match)] = factor
    rest = found.pop(REST, 1.0)
    if unknown := found.keys() - set(blocks):
        raise BlockFactorError(
            f"The model has no block {min(unknown)} that looks at the prompt: it has {', '.join(blocks)}."
        )
    return {block: found.get(block, rest) for block in blocks}


def product(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    """Both factors of each block."""
    return {block: factor * other[block] for block, factor in one.items()}


def _label(match: re.Match[str]) -> str:
    side, number, middle, _ = match.groups()
    if side is None:
        return MIDDLE if middle else REST
    name = side.lower()
    return f"{_SIDES.get(name, name.upper())}{int(number):02}"


def _eased(share: float) -> float:
    return LEAST + (1 - LEAST) * share
