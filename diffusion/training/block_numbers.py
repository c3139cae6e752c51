"""Numbers for the single blocks of a UNet, such as factors of a learning rate, in the notations of kohya's scripts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from diffusion.component import Component

CURVES: Mapping[str, Callable[[float], float]] = {
    "linear": lambda at: at,
    "reverse_linear": lambda at: 1 - at,
    "sine": lambda at: math.sin(at * math.pi / 2),
    "cosine": lambda at: math.cos(at * math.pi / 2),
    "zeros": lambda at: 0.0,
}
"""Numbers over the blocks of a side, from its first (0) to its last (1)."""

_SIDES = {"down": "input_blocks", "mid": "middle_block", "up": "output_blocks"}
_SIDE = re.compile(r"(\w+?)(?:_lr_weight)?\s*=")
_BLOCK = re.compile(r"(input_blocks|middle_block|output_blocks)\.(\d+)\.")
_FIRST, _LAST = ("time_embed", "label_emb"), "out"
_MIDDLES = tuple(f"middle_block.{at}" for at in range(3))  # a residual block, attention, a residual block


class BlockNumbersError(ValueError):
    """Numbers for blocks cannot be read; the message says why."""


@dataclass(frozen=True)
class BlockNumbers:
    """Numbers by the beginnings of the names that layers have in checkpoints."""

    numbers: Mapping[str, float]

    def of(self, network: Component, layer: str, otherwise: float) -> float:
        """The number of the block that a layer of a network is in; `otherwise` where it is in none that has one."""
        network = network.written or network
        name = network.entry(f"{layer}.weight").name.removeprefix(network.prefix)
        return next((number for start, number in self.numbers.items() if name.startswith(f"{start}.")), otherwise)


def read_block_numbers(text: str, network: Component, tensors: Iterable[str]) -> BlockNumbers:
    """Read numbers for a UNet's blocks, for a network with tensors of these names.

    Either a number for each block in the order of checkpoints (25 for SD 1.x: 12 that go down, the middle, 12 that go
    up), or the same with a number for the time embedding before them, three for the middle, and one for the output
    behind them (23 for SDXL); or numbers for sides, ``down=… mid=… up=…``, of which some may be left out. A side has
    one number for all its blocks, one for each (the middle may have three), or one of `CURVES`, perhaps with a number
    to add (``sine+0.25``).

    Raises `BlockNumbersError` for what cannot be read, for too few or too many, and for a network that is no UNet.
    """
    if not text.strip():
        return BlockNumbers({})
    blocks = _blocks(network, tensors)
    if "=" in text:
        return BlockNumbers(_of_sides(text, blocks))
    numbers = [_number(each) for each in text.strip().strip(",").split(",")]
    single = [*blocks["down"], "middle_block", *blocks["up"]]
    if len(numbers) == len(single):
        return BlockNumbers(dict(zip(single, numbers, strict=True)))
    apart = [*blocks["down"], *_MIDDLES, *blocks["up"], _LAST]
    if len(numbers) == len(apart) + 1:
        return BlockNumbers(dict.fromkeys(_FIRST, numbers[0]) | dict(zip(apart, numbers[1:], strict=True)))
    raise BlockNumbersError(
        f"There are {len(numbers)} numbers for blocks, and this model takes {len(single)}, or {len(apart) + 1} with "
        "those of the embeddings, of the middle's three parts and of the output."
    )


def _blocks(network: Component, tensors: Iterable[str]) -> dict[str, list[str]]:
    """The beginnings of the names of blocks, by side."""
    network = network.written or network
    names = (network.entry(tensor).name.removeprefix(network.prefix) for tensor in tensors)
    found = {(match[1], int(match[2])) for name in names if (match := _BLOCK.match(name))}
    blocks = {
        side: [f"{start}.{number}" for block, number in sorted(found) if block == start]
        for side, start in _SIDES.items()
    }
    if not all(blocks.values()):
        raise BlockNumbersError("Numbers for blocks are for UNets, and this model is none: leave them empty.")
    return {**blocks, "mid": ["middle_block"]}


def _of_sides(text: str, blocks: Mapping[str, list[str]]) -> dict[str, float]:
    places = list(_SIDE.finditer(text))
    if not places or text[: places[0].start()].strip():
        raise BlockNumbersError(
            f"{text.strip()!r} is no list of numbers for blocks: write one, or such as down=0.5 mid=1 up=1."
        )
    found: dict[str, float] = {}
    for place, following in zip(places, [*places[1:], None], strict=True):
        side = place[1]
        if side not in blocks:
            raise BlockNumbersError(f"A UNet has no side {side!r}: write down, mid or up, such as down=0.5.")
        values = text[place.end() : following.start() if following else None].strip(" \t\n;,")
        names = _MIDDLES if side == "mid" and values.count(",") == len(_MIDDLES) - 1 else blocks[side]
        found |= zip(names, _side(values, side, len(names)), strict=True)
    return found


def _side(text: str, side: str, count: int) -> list[float]:
    """The numbers for a side's blocks."""
    name, _, more = text.partition("+")
    curve = CURVES.get(name.strip())
    if curve is not None:
        added = _number(more) if more else 0.0
        return [curve(at / max(1, count - 1)) + added for at in range(count)]
    numbers = [_number(each) for each in text.split(",")]
    if len(numbers) not in (1, count):
        raise BlockNumbersError(
            f"There are {len(numbers)} numbers for {side}, where this model has {count} blocks: write one number, or "
            f"one for each block, or one of {', '.join(CURVES)}."
        )
    return numbers * count if len(numbers) == 1 else numbers


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < math.inf:
        raise BlockNumbersError(
            f"{text.strip()!r} is no number for a block: write some of at least 0 with commas between them, such as "
            "0,0.5,1."
        )
    return value
