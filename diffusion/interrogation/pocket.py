"""Taggers for small worlds: they tell one word of each of several groups, and write a caption of them.

A file is safetensors. Its metadata has, under `tagger`, JSON with `resolution`, `widths`, `groups` (`name` and `tags`
of each; an empty tag stands for what captions do not tell) and `caption`, which says how they are put together:

    a[ {size}][ {colour}] {object|icon}[ on a {background} background]

What is in square brackets is left out with its word; a word after a bar stands in for one that is not told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from diffusion.interrogation.captioner import Description, Score
from diffusion.interrogation.fitting import smeared_square
from diffusion.residency import Part
from diffusion.weights import Header, WeightsError, load_weights, read_header

METADATA_KEY = "tagger"
DROPOUT = 0.1
NOTHING = "-"  # what stands in tables for an empty tag
COUNTER = "num_batches_tracked"  # kept by batch norms while they are trained

_OPTIONAL = re.compile(r"\[([^\]{]*\{(\w+)[^\]]*)\]")
_WORD = re.compile(r"\{(\w+)(?:\|(\w+))?\}")
_ARTICLE = re.compile(r"\ba(?= [aeiou])")


@dataclass(frozen=True)
class Group:
    """Tags of which exactly one is right for a picture; an empty one says that there is nothing to tell."""

    name: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """What a file says of its network. resolution: side of the pictures that it sees; widths: channels by level."""

    resolution: int
    widths: tuple[int, ...]
    groups: tuple[Group, ...]
    caption: str

    def to_json(self) -> str:
        """As it stands in the file's metadata."""
        return json.dumps(asdict(self))


class Level(nn.Module):
    """Halves the sides of a feature map, and from a width on looks at it once more."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.halve = _convolution(inputs, outputs, stride=2)
        self.first, self.second = _convolution(outputs, outputs), _convolution(outputs, outputs)

    def forward(self, features: Tensor) -> Tensor:
        """`[B, inputs, H, W]` to `[B, outputs, H / 2, W / 2]`."""
        halved = self.halve(features).relu()
        return (halved + self.second(self.first(halved).relu())).relu()


class Network(nn.Module):
    """Logits of all tags, groups one after the other, `[B, tags]`, from pictures `[B, 3, side, side]` in 0..1."""

    def __init__(self, card: Card) -> None:
        super().__init__()
        self.entry = _convolution(3, card.widths[0], stride=2)
        self.levels = nn.Sequential(
            *(Level(before, after) for before, after in zip(card.widths, card.widths[1:], strict=False))
        )
        cells = (card.resolution >> len(card.widths)) ** 2
        self.dropout = nn.Dropout(DROPOUT)
        # Where a thing is is told by the cells, so they are not averaged.
        self.head = nn.Linear(card.widths[-1] * cells, sum(len(group.tags) for group in card.groups))

    def forward(self, pictures: Tensor) -> Tensor:
        """See the class."""
        features = self.levels(self.entry(pictures * 4 - 2).relu())
        logits: Tensor = self.head(self.dropout(features.flatten(1)))
        return logits


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
    )


@dataclass(frozen=True)
class Tagger:
    """A network in memory or not, and what its file says of it."""

    part: Part
    card: Card

    def probabilities(self, image: Tensor) -> list[Tensor]:
        """For each group, the probabilities of its tags, `[tags]`, for a picture `[H, W, C]`."""
        picture = smeared_square(image, self.card.resolution)
        with self.part.loaded() as network, torch.no_grad():
            logits = network(picture.to(self.part.device))[0].float().cpu()
        return [part.softmax(0) for part in logits.split([len(group.tags) for group in self.card.groups])]


@dataclass(frozen=True)
class PocketCaptioner:
    """A tagger with settings. threshold: how sure it must be of a tag to tell it, 0 to 1."""

    tagger: Tagger
    threshold: float = 0.35

    def describe(self, image: Tensor) -> Description:
        """A caption in the words of the tagger's world."""
        card = self.tagger.card
        told, scores = {}, []
        for group, found in zip(card.groups, self.tagger.probabilities(image), strict=True):
            ranked = sorted(zip(found.tolist(), group.tags, strict=True), reverse=True)
            scores += [Score(group.name, tag or NOTHING, probability) for probability, tag in ranked]
            told[group.name] = ranked[0][1] if ranked[0][0] >= self.threshold else ""
        return Description(worded(card.caption, told), tuple(scores))


def worded(caption: str, told: Mapping[str, str]) -> str:
    """A caption from its pattern and the tags told; what is in square brackets goes with its tag, if there is none."""

    def filled(text: str) -> str:
        return _WORD.sub(lambda match: told.get(match[1], "") or match[2] or "", text)

    whole = filled(_OPTIONAL.sub(lambda match: filled(match[1]) if told.get(match[2]) else "", caption))
    return _ARTICLE.sub("an", whole)


def load_tagger(path: Path, device: torch.device) -> Tagger:
    """Open a file as the module describes it. Raises `WeightsError`."""
    header = read_header(path)
    card = read_card(header)

    size = _checked_size(header, card)

    def make() -> Network:
        network = Network(card)
        state: dict[str, Any] = {name: value.float() for name, value in load_weights(path).items()}
        network.load_state_dict(state, strict=False)
        return network.eval().requires_grad_(False).to(device)

    return Tagger(Part(f"{path.name}: tagger", device, size, make), card)


def read_card(header: Header) -> Card:
    """What the metadata says. Raises `WeightsError` if it does not describe a tagger."""
    refusal = WeightsError(
        f"{header.path.name} is no tagger of this kind: choose pocket_tagger.safetensors, or the node that is made for "
        "the file."
    )
    try:
        content = header.config(METADATA_KEY)
        groups = tuple(Group(str(group["name"]), tuple(map(str, group["tags"]))) for group in content["groups"])
        widths = tuple(int(width) for width in content["widths"])
        card = Card(int(content["resolution"]), widths, groups, str(content["caption"]))
    except (KeyError, TypeError, ValueError):
        raise refusal from None
    if not (
        widths and min(widths) > 0 and card.resolution >> len(widths) > 0 and groups and all(g.tags for g in groups)
    ):
        raise refusal
    return card


def _checked_size(header: Header, card: Card) -> int:
    """The bytes that the network takes. Raises `WeightsError` if the file lacks some of it."""
    with torch.device("meta"):
        state = Network(card).state_dict()
    for name, value in state.items():
        if not name.endswith(COUNTER) and header.shape(name) != tuple(value.shape):
            raise WeightsError(f"{header.path.name} lacks {name} in the right shape: get the file again.")
    return sum(value.numel() for value in state.values()) * torch.float32.itemsize
