"""Strengths of an adapter block by block, in the notation of the WebUI's extension "LoRA Block Weight".

A list has a number for the text encoder (`BASE`), and one for each block of the UNet: of those that have attention, or
of all. Stable Diffusion 1.x has lists of 17 and 26, SDXL of 12 and 20; other UNets have lists of their own lengths.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from diffusion.component import Component

BASE = "BASE"
MIDDLE = "MID"
PRESETS = ("NONE", "ALL", "INS", "IND", "INALL", "MIDD", "OUTD", "OUTS", "OUTALL")
_BLOCK = re.compile(r"(input|middle|output)_block(?:s\.(\d+))?\.")
_SIDES = {"input": "IN", "output": "OUT"}


class BlockWeightsError(ValueError):
    """A list of block weights cannot be read; the message says why."""


@dataclass(frozen=True)
class Layout:
    """The blocks of a UNet: their labels (`IN04`, `MID`, `OUT01`) in order, and those that have attention."""

    every: tuple[str, ...]
    attention: tuple[str, ...]

    @classmethod
    def of(cls, network: Component, tensors: Iterable[str]) -> Layout:
        """Of a network with tensors of these names. Raises `BlockWeightsError` for one that is no UNet."""
        labels: dict[str, bool] = {}
        for tensor in tensors:
            label = label_of(network, tensor)
            if label is not None:
                labels[label] = labels.get(label, False) or ".transformer_blocks." in tensor
        if MIDDLE not in labels:
            raise BlockWeightsError("Block weights are for UNets, and this model is none: use one strength for all.")
        order = sorted(labels, key=lambda label: ("IMO".index(label[0]), label))
        return cls(tuple(order), tuple(label for label in order if labels[label]))


def label_of(network: Component, tensor: str) -> str | None:
    """The block that a tensor of a UNet belongs to; None for one of no block (of the time embedding, of the output)."""
    match = _BLOCK.match(network.entry(tensor).name.removeprefix(network.prefix))
    if match is None:
        return None
    return MIDDLE if match[1] == "middle" else f"{_SIDES[match[1]]}{int(match[2]):02}"


@dataclass(frozen=True)
class BlockWeights:
    """Factors of an adapter's strength. base: of text encoders, and of what lies in no block of the UNet."""

    base: float
    blocks: Mapping[str, float]

    def of(self, label: str | None) -> float:
        """The factor of a block; blocks that the list leaves out get 0."""
        return self.base if label is None else self.blocks.get(label, 0.0)


def read_list(text: str, layout: Layout) -> BlockWeights:
    """Read a list such as ``1,0,0,0,1,…``, or the name of a preset (`PRESETS`).

    Raises `BlockWeightsError` for a wrong number of weights and for what is no number.
    """
    name = text.strip().upper()
    if name in PRESETS:
        return _preset(name, layout)
    parts = [part.strip() for part in text.strip().strip(",").split(",")]
    try:
        values = [float(part) for part in parts]
    except ValueError as error:
        wrong = str(error).partition(": ")[2]
        raise BlockWeightsError(
            f"{wrong} is no number: write block weights with commas between them, or one of {', '.join(PRESETS)}."
        ) from None
    for labels in (layout.attention, layout.every):
        if len(values) == len(labels) + 1:
            return BlockWeights(values[0], dict(zip(labels, values[1:], strict=True)))
    raise BlockWeightsError(
        f"There are {len(values)} block weights, and this model takes {len(layout.attention) + 1} "
        f"({_line(layout.attention)}) or {len(layout.every) + 1} ({_line(layout.every)})."
    )


def _line(labels: Sequence[str]) -> str:
    return f"{BASE}, {labels[0]} … {labels[-1]}"


def _preset(name: str, layout: Layout) -> BlockWeights:
    """The presets of the extension, from the blocks with attention; shallow ones (S) are near the picture."""
    inputs = [label for label in layout.attention if label.startswith("IN")]
    outputs = [label for label in layout.attention if label.startswith("OUT")]
    near, far = inputs[: len(inputs) // 3], inputs[len(inputs) - len(inputs) // 2 :]
    deep, shallow = outputs[: len(outputs) // 2], outputs[len(outputs) // 2 :]
    chosen = {
        "NONE": [],
        "ALL": [*layout.every],
        "INS": near,
        "IND": far,
        "INALL": inputs,
        "MIDD": [*far, MIDDLE, *deep],
        "OUTD": deep,
        "OUTS": shallow,
        "OUTALL": outputs,
    }[name]
    return BlockWeights(0.0 if name == "NONE" else 1.0, dict.fromkeys(chosen, 1.0))
