"""GLIGEN (Li et al. 2023, arXiv 2301.07093): phrases at places, by attention to boxes within each transformer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch
from diffusers.models.attention import GatedSelfAttentionDense
from diffusers.models.embeddings import GLIGENTextBoundingboxProjection
from torch import Tensor

from diffusion.changes.unet import hooked
from diffusion.model import LoadedModel
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.network import Call
from diffusion.text.encode import Conditioning
from diffusion.weights import WeightsError, load_weights

MOST_BOXES = 30  # places without a box are filled with what the model has learned for none
POSITION = "position_net."
SETTING = "gligen"
_FUSER = re.compile(r"(?:.*\.)?(input|middle|output)_blocks?\.(\d+)\.(?:\d+\.)?transformer_blocks\.(\d+)\.fuser\.(.+)")


class Box(NamedTuple):
    """A phrase, as its pooled state ``[1, width]``, and its place in cells of the latent."""

    phrase: Tensor
    height: int
    width: int
    top: int
    left: int


@dataclass(frozen=True, eq=False)
class Gligen:
    """A GLIGEN model; an `Attachment` that acts on the prompts that have boxes.

    position: the weights that make tokens of boxes. fusers: of the layers that are added to each transformer of the
    UNet, in the order in which they run. Both are memory-mapped, and on the device for the length of a run.
    """

    name: str
    position: Mapping[str, Tensor] = field(repr=False)
    fusers: tuple[Mapping[str, Tensor], ...] = field(repr=False)

    @contextmanager
    def attached(self, running: LoadedModel) -> Iterator[None]:
        """Add the layers behind self-attention. Raises `SamplingError` if the UNet has other transformers."""
        unet = running.network
        sides = (unet.down_blocks, [unet.mid_block], unet.up_blocks)
        levels = [level for side in sides for level in side if hasattr(level, "attentions")]
        blocks = [block for level in levels for each in level.attentions for block in each.transformer_blocks]
        widths = [block.attn1.to_q.in_features for block in blocks]
        if widths != [fuser["linear.weight"].shape[0] for fuser in self.fusers]:
            raise SamplingError(f"{self.name} is for another model than this one: use it with Stable Diffusion 1.x.")
        like = unet.conv_in.weight
        position = _position(self.position, like)
        layers = [_fuser(weights, block.attn1.heads, like) for weights, block in zip(self.fusers, blocks, strict=True)]
        pairs = zip(blocks, layers, strict=True)
        with hooked([hook for block, layer in pairs for hook in self._hooks(running, block, layer, position)]):
            yield

    def _hooks(self, running: LoadedModel, block: Any, fuser: Any, position: Any) -> Iterator[tuple[Any, Any]]:
        entering: list[Tensor] = []  # the hidden state that self-attention is added to

        def enter(module: Any, arguments: tuple[Tensor, ...]) -> None:
            entering[:] = [arguments[0]]

        def fuse(module: Any, arguments: Any, attended: Tensor) -> Tensor:
            call, hidden = running.call, entering[0] + attended
            fused = attended.clone()
            for number, condition in enumerate(call.conditions):
                boxes = [box for model, box in condition.settings.get(SETTING, ()) if model is self]
                if boxes:
                    rows = slice(number * call.rows, (number + 1) * call.rows)
                    tokens = _tokens(position, boxes, call).to(hidden).expand(call.rows, -1, -1)
                    fused[rows] = fuser(hidden[rows], tokens) - entering[0][rows]
            return fused

        yield block.register_forward_pre_hook, enter
        yield block.attn1.register_forward_hook, fuse


def load_gligen(path: Path) -> Gligen:
    """Open a GLIGEN model for boxes with texts. Raises `WeightsError`."""
    weights = load_weights(path)
    fusers: dict[tuple[int, int, int], dict[str, Tensor]] = {}
    for name, tensor in weights.items():
        if match := _FUSER.fullmatch(name):
            place = ("input", "middle", "output").index(match[1]), int(match[2]), int(match[3])
            fusers.setdefault(place, {})[match[4]] = tensor
    position = {name.removeprefix(POSITION): tensor for name, tensor in weights.items() if name.startswith(POSITION)}
    if not fusers or "null_positive_feature" not in position:
        raise WeightsError(f"{path.name} is no GLIGEN model for texts in boxes: choose another one.")
    return Gligen(path.name, position, tuple(fusers[place] for place in sorted(fusers)))


def with_box(conditioning: Conditioning, model: Gligen, box: Box) -> Conditioning:
    """The prompts with a further box."""

    def boxed(settings: Mapping[str, Any]) -> dict[str, Any]:
        attachments = dict.fromkeys((*settings.get("attachments", ()), model))
        boxes = (*settings.get(SETTING, ()), (model, box))
        return {**settings, SETTING: boxes, "attachments": tuple(attachments)}

    return [[states, boxed(settings)] for states, settings in conditioning]


def _tokens(position: Any, boxes: list[Box], call: Call) -> Tensor:
    """The tokens of boxes, ``[1, 30, width]``."""
    boxes, (height, width) = boxes[:MOST_BOXES], call.x.shape[2:]
    like = position.null_positive_feature
    places = like.new_zeros(1, MOST_BOXES, 4)
    phrases = like.new_zeros(1, MOST_BOXES, len(like))
    filled = like.new_zeros(1, MOST_BOXES)
    for number, box in enumerate(boxes):
        right, bottom = box.left + box.width, box.top + box.height
        edges = (box.left / width, box.top / height, right / width, bottom / height)
        places[0, number] = torch.tensor(edges).to(like)
        phrases[0, number] = box.phrase[0].to(like)
        filled[0, number] = 1
    found: Tensor = position(places, filled, phrases)
    return found


def _fuser(weights: Mapping[str, Tensor], heads: int, like: Tensor) -> Any:
    width, phrase = weights["linear.weight"].shape
    with torch.device("meta"):
        layer = GatedSelfAttentionDense(width, phrase, heads, width // heads)
    return _filled(layer, weights, like)


def _position(weights: Mapping[str, Tensor], like: Tensor) -> Any:
    phrase, out = weights["null_positive_feature"].shape[0], weights["linears.4.weight"].shape[0]
    with torch.device("meta"):
        network = GLIGENTextBoundingboxProjection(phrase, out)
    return _filled(network, weights, like)


def _filled(module: Any, weights: Mapping[str, Tensor], like: Tensor) -> Any:
    """The module with weights, on the device and in the number format of a tensor."""
    module.load_state_dict({name: tensor.to(like) for name, tensor in weights.items()}, assign=True)
    return module.eval().requires_grad_(False)
