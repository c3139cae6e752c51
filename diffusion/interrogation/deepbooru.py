"""The tagger TorchDeepDanbooru `resnet_custom_v3`: a residual network of 179 convolutions that knows 9176 tags.

Its file is a pickle of torch: a dict of `tags` (a list) and `n_Conv_0.weight`, `n_Conv_0.bias` and so on. It came from
TensorFlow, whose padding is asymmetric where a convolution has a stride: what is to be padded falls on the right
and below rather than on the left and above. Batch norms are folded into the convolutions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffusion import devices
from diffusion.interrogation.captioner import Description, Score
from diffusion.interrogation.fitting import smeared_square
from diffusion.interrogation.tags import RATING, TagStyle, written
from diffusion.residency import Part
from diffusion.weights import WeightsError, is_pickle, load_pickle

SIDE = 512
TAGS = 9176
MOST_TOLD = 50
EXPANSION = 4


@dataclass(frozen=True)
class Stage:
    """Residual blocks of one width. stride: of the first; shortcut_last: whether its shortcut is numbered last."""

    width: int
    blocks: int
    stride: int
    shortcut_last: bool = False


STEM = 64
STAGES = (
    Stage(64, 3, 1),
    Stage(128, 8, 2),
    Stage(256, 20, 2),
    Stage(256, 20, 2, shortcut_last=True),
    Stage(512, 3, 2),
    Stage(1024, 3, 2),
)


@dataclass(frozen=True)
class Block:
    """The numbers of a block's convolutions; shortcut is None where the input is added as it is."""

    main: tuple[int, int, int]
    shortcut: int | None
    stride: int


class DeepDanbooru(nn.Module):
    """Probabilities of tags `[B, tags]` from pictures `[B, 3, side, side]` in 0..1."""

    def __init__(self, tags: int = TAGS, stem: int = STEM, stages: tuple[Stage, ...] = STAGES) -> None:
        super().__init__()
        self._add(0, 3, stem, 7, stride=2)
        self.blocks: list[Block] = []
        channels, number = stem, 1
        for stage in stages:
            for index in range(stage.blocks):
                block = _numbered(number, stage, first=index == 0)
                self._add_block(block, channels, stage.width)
                self.blocks.append(block)
                channels = stage.width * EXPANSION
                number += 3 if block.shortcut is None else 4
        self._add(number, channels, tags, 1, bias=False)
        self.last = number

    def forward(self, pictures: Tensor) -> Tensor:
        """See the class."""
        features = self._convolution(0)(F.pad(pictures, (2, 3, 2, 3))).relu()
        features = F.max_pool2d(F.pad(features, (0, 1, 0, 1), value=float("-inf")), 3, 2)
        for block in self.blocks:
            features = self._residual(block, features)
        return self._convolution(self.last)(features).mean((2, 3)).sigmoid()

    def _residual(self, block: Block, features: Tensor) -> Tensor:
        first, second, third = (self._convolution(number) for number in block.main)
        kept = features if block.shortcut is None else self._convolution(block.shortcut)(features)
        inner = first(features).relu()
        inner = F.pad(inner, (1, 1, 1, 1) if block.stride == 1 else (0, 1, 0, 1))
        return (kept + third(second(inner).relu())).relu()

    def _add_block(self, block: Block, channels: int, width: int) -> None:
        first, second, third = block.main
        self._add(first, channels, width, 1)
        self._add(second, width, width, 3, stride=block.stride)
        self._add(third, width, width * EXPANSION, 1)
        if block.shortcut is not None:
            self._add(block.shortcut, channels, width * EXPANSION, 1, stride=block.stride)

    def _add(self, number: int, inputs: int, outputs: int, side: int, stride: int = 1, bias: bool = True) -> None:
        self.add_module(f"n_Conv_{number}", nn.Conv2d(inputs, outputs, side, stride, bias=bias))

    def _convolution(self, number: int) -> Any:
        return self.get_submodule(f"n_Conv_{number}")


def _numbered(number: int, stage: Stage, first: bool) -> Block:
    """The block whose first convolution in the file has this number."""
    if not first:
        return Block((number, number + 1, number + 2), None, 1)
    if stage.shortcut_last:
        return Block((number, number + 1, number + 2), number + 3, stage.stride)
    return Block((number + 1, number + 2, number + 3), number, stage.stride)


@dataclass(frozen=True)
class Deepbooru:
    """The tagger of a file; its tags are in the order of the network's outputs."""

    part: Part
    tags: tuple[str, ...]

    def scores(self, image: Tensor) -> dict[str, float]:
        """The score of each tag, 0 to 1, for a picture `[H, W, C]`."""
        picture = smeared_square(image, SIDE)
        with self.part.loaded() as network, torch.no_grad():
            weight = network.n_Conv_0.weight
            found = network(picture.to(weight))[0].float().cpu()
        return dict(zip(self.tags, found.tolist(), strict=True))


@dataclass(frozen=True)
class DeepbooruCaptioner:
    """The tagger with settings."""

    tagger: Deepbooru
    threshold: float = 0.5
    style: TagStyle = field(default_factory=TagStyle)

    def describe(self, image: Tensor) -> Description:
        """Tags with commas between them."""
        scores = self.tagger.scores(image)
        told = sorted(scores.items(), key=lambda item: -item[1])[:MOST_TOLD]
        rows = [Score("rating" if tag.startswith(RATING) else "tag", tag, score) for tag, score in told]
        return Description(written(scores, self.threshold, self.style), tuple(rows))


def load_deepbooru(path: Path, device: torch.device, build: Callable[[int], DeepDanbooru] = DeepDanbooru) -> Deepbooru:
    """Open `model-resnet_custom_v3.pt`; no code from the pickle is executed. `build` is called with the number of tags.

    Raises `WeightsError`.
    """
    content = load_pickle(path, "meta") if is_pickle(path) else None
    tags = content.get("tags") if isinstance(content, Mapping) else None
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise WeightsError(f"{path.name} is no Deepbooru tagger: get model-resnet_custom_v3.pt of TorchDeepDanbooru.")
    with torch.device("meta"):
        network = build(len(tags))
    _check(path, network, content)
    dtype = devices.precision(device).denoiser

    def make() -> DeepDanbooru:
        weights = {name: value for name, value in load_pickle(path).items() if isinstance(value, Tensor)}
        with torch.device("meta"):
            made = build(len(tags))
        made.load_state_dict(weights, assign=True)
        return made.eval().requires_grad_(False).to(device, dtype)

    size = sum(parameter.numel() for parameter in network.parameters()) * dtype.itemsize
    return Deepbooru(Part(f"{path.name}: tagger", device, size, make), tuple(tags))


def _check(path: Path, network: nn.Module, content: Any) -> None:
    shapes = {name: value.shape for name, value in content.items() if isinstance(value, Tensor)}
    for name, value in network.state_dict().items():
        if shapes.pop(name, None) != value.shape:
            raise WeightsError(f"{path.name}: its {name} is missing or has another shape. Get the file again.")
    if shapes:
        raise WeightsError(f"{path.name}: its {next(iter(shapes))} belongs to another network. Get the file again.")
