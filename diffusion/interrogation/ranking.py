"""CLIP interrogation: which lines of lists of words fit a picture best, as CLIP sees it.

The ranking is that of Stable Diffusion WebUI: within a list, the softmax of 100 times the cosine between picture and
line. A list is a text file, one item a line. The name says what it lists and, before `.txt`, how many items are told:
`flavors.top3.txt` three, `artists.txt` one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from diffusion import devices
from diffusion.component import Source
from diffusion.families.clip_text import encoder_name, find_layout, text_component, text_config
from diffusion.image_prompts.vision import ClipVision, load_clip_vision
from diffusion.interrogation.captioner import Captioner, Description, Score
from diffusion.interrogation.fitting import opaque
from diffusion.residency import Part
from diffusion.text.vocabulary import END, START, encode
from diffusion.weights import Header, WeightsError, load_weights, read_header

SHIPPED = Path(__file__).parent / "lists"
MOST_LINES = 1500
SHARPNESS = 100.0
CONTEXT = 77
BATCH = 64
MOST_SHOWN = 10

_TOP = re.compile(r"(.+)\.top(\d+)$")
_PROJECTIONS = {"text_projection.weight": 0, "text_projection": 1}  # the axis of the width that is projected to


@dataclass(frozen=True)
class WordList:
    """Items of one kind, of which so many are told."""

    name: str
    top: int
    items: tuple[str, ...]


def read_lists(folder: Path, skip: Collection[str] = (), shipped: Path = SHIPPED) -> tuple[WordList, ...]:
    """The lists in a folder, which need not exist, and those shipped of other names; by name. An empty one is left out.

    skip: Names of lists that are left out too.

    Raises ValueError with a sentence for a file that is no UTF-8 text, and for a name to skip that no list has.
    """
    found = {word_list.name: word_list for place in (shipped, folder) for word_list in _lists(place)}
    if unknown := sorted(set(skip) - set(found)):
        raise ValueError(f"There is no list '{unknown[0]}'. There are: {', '.join(sorted(found))}.")
    return tuple(found[name] for name in sorted(found) if found[name].items and name not in skip)


def _lists(folder: Path) -> list[WordList]:
    return [_read(path) for path in sorted(folder.glob("*.txt"))] if folder.is_dir() else []


def _read(path: Path) -> WordList:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is no text in UTF-8: save it again in that encoding.") from None
    items = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))[:MOST_LINES]
    match = _TOP.match(path.stem)
    return WordList(match[1], int(match[2]), items) if match else WordList(path.stem, 1, items)


@dataclass(frozen=True)
class Ranker:
    """CLIP's two towers. It remembers the vectors of lists that it has seen."""

    vision: ClipVision
    text: Part
    _known: dict[tuple[str, ...], Tensor] = field(default_factory=dict, repr=False, compare=False)

    def rank(self, image: Tensor, word_list: WordList) -> list[Score]:
        """The items of a list for a picture `[H, W, C]`, best first; their scores sum to 1."""
        seen = _unit(self.vision.encode(opaque(image).movedim(1, -1)).image_embeds)[0]
        scores = (SHARPNESS * self._vectors(word_list.items) @ seen).softmax(0)
        order = scores.argsort(descending=True).tolist()
        return [Score(word_list.name, word_list.items[index], float(scores[index])) for index in order]

    def _vectors(self, items: tuple[str, ...]) -> Tensor:
        if items not in self._known:
            parts = []
            with self.text.loaded() as network, torch.no_grad():
                for at in range(0, len(items), BATCH):
                    ids = token_ids(items[at : at + BATCH]).to(self.text.device)
                    parts.append(network(input_ids=ids).text_embeds.float().cpu())
            self._known[items] = _unit(torch.cat(parts))
        return self._known[items]


def token_ids(texts: Sequence[str]) -> Tensor:
    """Texts as CLIP takes them, `[B, 77]`: what is too long is cut, and the rest filled with the end token."""
    rows = [[START, *encode(text)[: CONTEXT - 2], END] for text in texts]
    return torch.tensor([row + [END] * (CONTEXT - len(row)) for row in rows])


def _unit(vectors: Tensor) -> Tensor:
    return vectors / vectors.norm(dim=-1, keepdim=True)


@dataclass(frozen=True)
class ClipCaptioner:
    """CLIP with the lists that it chooses from. first: what writes the caption before the items. ranks: tell scores."""

    ranker: Ranker
    lists: tuple[WordList, ...]
    first: Captioner | None = None
    ranks: bool = False

    def describe(self, image: Tensor) -> Description:
        """The caption, if there is one, and the best items of each list, with commas between them."""
        opening = self.first.describe(image) if self.first else Description("")
        told, rows = [opening.text] if opening.text else [], list(opening.scores)
        for word_list in self.lists:
            ranked = self.ranker.rank(image, word_list)
            told += [self._written(score) for score in ranked[: word_list.top]]
            rows += ranked[: max(word_list.top, MOST_SHOWN)]
        return Description(", ".join(told), tuple(rows))

    def _written(self, score: Score) -> str:
        return f"({score.tag}:{score.score:.3f})" if self.ranks else score.tag


def load_ranker(path: Path, device: torch.device) -> Ranker:
    """Open a whole CLIP, text and vision in one file, in the layout of transformers or OpenCLIP.

    Raises `WeightsError`.
    """
    header = read_header(path)
    vision = load_clip_vision(path, device=device)
    axis = next((at for name, at in _PROJECTIONS.items() if name in header.tensors), None)
    layout = find_layout(header, "")
    if axis is None or layout is None:
        raise WeightsError(
            f"{path.name} has no text encoder beside the vision model: get the whole CLIP ViT-L/14, as the "
            "model.safetensors of clip-vit-large-patch14."
        )
    config = text_config(header, "", layout, encoder_name(header), "text_config")
    config["projection_dim"] = _projection(header, axis)
    component = text_component("", config, layout)
    component = replace(component, ignored=(*component.ignored, "visual_projection"))
    source = Source(component, load_weights(path), devices.precision(device).text, device)
    size = component.check(header) * source.dtype.itemsize
    return Ranker(vision, Part(f"{path.name}: text encoder", device, size, source.network))


def _projection(header: Header, axis: int) -> int:
    name = next(name for name, at in _PROJECTIONS.items() if at == axis)
    return header.tensors[name].shape[axis]
