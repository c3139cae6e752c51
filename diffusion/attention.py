"""Changes of a UNet's attention that go together: each acts before, around or after the attention, in order."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch.nn.functional as F
from torch import Tensor

from diffusion.sampling.network import Call

Attend = Callable[[Tensor, Tensor, Tensor], Tensor]
"""From queries ``[B, T, C]``, keys and values ``[B, S, C]``, heads within C, to what each query takes in."""


@dataclass(frozen=True, slots=True)
class Place:
    """One attention layer of a UNet.

    name: of the module; kind: whether it looks at the picture itself or at the prompt.
    side, block: where it is, numbered as in LDM files (`input_blocks.N`, `output_blocks.N`; 0 in the middle).
    index: of the transformer layer within the block.
    heads: number of heads; width: channels.
    """

    name: str
    kind: Literal["self", "cross"]
    side: Literal["down", "mid", "up"]
    block: int
    index: int
    heads: int
    width: int


class AttentionChange:
    """A change of attention; by itself it changes nothing. Subclasses override what they need.

    `call` says which rows belong to which prompt (`Call.conditions`) and how far the run is.
    """

    def inputs(
        self, hidden: Tensor, keys: Tensor, values: Tensor, place: Place, call: Call
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What queries, keys and values are computed from: ``[B, T, width]``, ``[B, S, …]`` twice."""
        return hidden, keys, values

    def merged(self, values: Tensor, place: Place) -> Tensor:
        """Values of the tokens that `inputs` was given last at a place, ``[B, T, C]``, for those that it has made."""
        return values

    def attend(self, q: Tensor, k: Tensor, v: Tensor, place: Place, call: Call, attend: Attend) -> Tensor:
        """The attention itself; `attend` is what happens without this change."""
        return attend(q, k, v)

    def output(self, output: Tensor, place: Place, call: Call) -> Tensor:
        """What the layer gives, ``[B, T, width]``, after its last projection."""
        return output


_LAYER = re.compile(r"(down|mid|up)_block(?:s\.(\d+))?\.attentions\.(\d+)\.transformer_blocks\.(\d+)\.attn([12])")


def scaled_dot_product(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Plain attention of ``[B, T, C]`` with heads within C."""
    split = [tensor.unflatten(-1, (heads, -1)).transpose(1, 2) for tensor in (q, k, v)]
    return F.scaled_dot_product_attention(*split).transpose(1, 2).flatten(2)


def grid(call: Call, tokens: int) -> tuple[int, int]:
    """Height and width of the picture that a layer of so many tokens sees, in its cells."""
    height, width = call.x.shape[-2:]
    while height * width > tokens and height * width > 1:
        height, width = math.ceil(height / 2), math.ceil(width / 2)
    return height, width


@contextmanager
def changed_attention(unet: Any, changes: Sequence[AttentionChange], current: Callable[[], Call]) -> Iterator[None]:
    """Let changes, and those of the current call, act on all attention of a UNet's transformers.

    Networks of another build have no such layers, and are left alone.
    """
    found = {name: module for name, module in unet.named_modules() if _LAYER.fullmatch(name)}
    before = {name: module.processor for name, module in found.items()}
    blocks = unet.config.layers_per_block if found else 0
    for name, module in found.items():
        module.processor = _Processor(_place(name, module, blocks), tuple(changes), current)
    try:
        yield
    finally:
        for name, module in found.items():
            module.processor = before[name]


def as_tokens(attention: Any, values: Tensor, call: Call) -> Tensor:
    """Values of the cells that an attention layer sees, ``[B, T, C]``, for the tokens that it has while it runs."""
    return attention.processor.merged(values, call) if isinstance(attention.processor, _Processor) else values


class _Processor:
    """What diffusers calls in place of an attention layer's own computation."""

    def __init__(self, place: Place, changes: tuple[AttentionChange, ...], current: Callable[[], Call]) -> None:
        self._place = place
        self._changes = changes
        self._current = current

    def merged(self, values: Tensor, call: Call) -> Tensor:
        """What the changes make of the values of tokens; see `AttentionChange.merged`."""
        for change in (*self._changes, *call.attention):
            values = change.merged(values, self._place)
        return values

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
    ) -> Tensor:
        place, call = self._place, self._current()
        changes = (*self._changes, *call.attention)
        hidden = hidden_states
        keys = values = hidden if encoder_hidden_states is None else encoder_hidden_states
        for change in changes:
            hidden, keys, values = change.inputs(hidden, keys, values, place, call)
        attend: Attend = partial(scaled_dot_product, heads=place.heads)
        for change in changes:
            attend = partial(change.attend, place=place, call=call, attend=attend)
        output: Tensor = attn.to_out[0](attend(attn.to_q(hidden), attn.to_k(keys), attn.to_v(values)))
        for change in changes:
            output = change.output(output, place, call)
        return output


def _place(name: str, module: Any, blocks: int) -> Place:
    match = _LAYER.fullmatch(name)
    assert match, name
    side: Any = match[1]
    level, layer = int(match[2] or 0), int(match[3])
    block = {"down": 1 + level * (blocks + 1) + layer, "mid": 0, "up": level * (blocks + 1) + layer}[side]
    kind: Literal["self", "cross"] = "self" if match[5] == "1" else "cross"
    return Place(name, kind, side, block, int(match[4]), module.heads, module.to_q.in_features)
