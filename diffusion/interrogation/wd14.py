"""Taggers of the WD14 type: ONNX networks with a table of their tags, `selected_tags.csv`, beside them.

They see squares `[B, side, side, 3]` of BGR levels 0 to 255, padded with white, and answer with a probability for each
line of the table, whose columns are `tag_id,name,category,count`; categories: 9 ratings, 0 general tags, 4 characters.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from diffusion.interrogation.captioner import Description, Score
from diffusion.interrogation.fitting import padded_square
from diffusion.interrogation.tags import TagStyle, written
from diffusion.onnx_file import OnnxNetwork
from diffusion.residency import Part
from diffusion.weights import WeightsError

TABLE = "selected_tags.csv"
CATEGORIES = {"9": "rating", "0": "general", "4": "character"}
GENERAL, CHARACTER = "general", "character"
# Below this no character is told, wherever the largest gap between scores lies.
LEAST_CHARACTER = 0.15
MOST_TOLD = 50


class TaggerError(ValueError):
    """A tagger that cannot be run; the message says why."""


@dataclass(frozen=True)
class Onnx:
    """A tagger. side: of the pictures that it sees; tags: name and category of each output, in order."""

    part: Part
    side: int
    tags: tuple[tuple[str, str], ...]

    def scores(self, image: Tensor) -> dict[str, dict[str, float]]:
        """By category, the score of each tag, 0 to 1, for a picture `[H, W, C]`."""
        picture = (padded_square(image, self.side)[0] * 255).round()
        pixels = np.ascontiguousarray(picture.flip(0).movedim(0, -1)[None].numpy(), np.float32)
        with self.part.loaded() as network:
            found = network(pixels)[0].reshape(-1)
        if len(found) != len(self.tags):
            raise TaggerError(
                f"{self.part.name} answers with {len(found)} scores, and its {TABLE} has {len(self.tags)} lines: "
                "get both files of the same model."
            )
        scores: dict[str, dict[str, float]] = {}
        for (name, category), score in zip(self.tags, found.tolist(), strict=True):
            scores.setdefault(category, {})[name] = score
        return scores


@dataclass(frozen=True)
class OnnxCaptioner:
    """A tagger with settings.

    general, character: thresholds. mcut: find them for each picture by the largest gap between scores instead.
    """

    tagger: Onnx
    general: float = 0.35
    character: float = 0.85
    mcut: bool = False
    style: TagStyle = field(default_factory=lambda: TagStyle(alphabetical=False, keep_faces=True))

    def describe(self, image: Tensor) -> Description:
        """Characters, then general tags, with commas between them."""
        scores = self.tagger.scores(image)
        texts, rows = [], []
        for category in (CHARACTER, GENERAL):
            texts.append(written(scores.get(category, {}), self._threshold(category, scores), self.style))
        for category, found in scores.items():
            ranked = sorted(found.items(), key=lambda item: -item[1])[:MOST_TOLD]
            rows += [Score(category, tag, score) for tag, score in ranked]
        return Description(", ".join(filter(None, texts)), tuple(rows))

    def _threshold(self, category: str, scores: Mapping[str, Mapping[str, float]]) -> float:
        fixed = self.general if category == GENERAL else self.character
        if not self.mcut:
            return fixed
        cut = mcut_threshold(list(scores.get(category, {}).values()))
        return max(cut, LEAST_CHARACTER) if category == CHARACTER else cut


def mcut_threshold(scores: Sequence[float]) -> float:
    """The middle of the largest gap between scores (MCut, Largeron et al. 2012); of less than two, 0."""
    ranked = np.sort(np.asarray(scores, np.float64))[::-1]
    if len(ranked) < 2:
        return 0.0
    at = int(np.argmax(ranked[:-1] - ranked[1:]))
    return float((ranked[at] + ranked[at + 1]) / 2)


def load_onnx(path: Path, device: torch.device) -> Onnx:
    """Open a network and the table beside it. Raises `WeightsError`.

    It runs on the processor, whatever the device.
    """
    tags = read_table(path.parent / TABLE, path)
    title = f"{path.parent.name}/{path.name}"
    part = Part(title, torch.device("cpu"), path.stat().st_size, partial(OnnxNetwork, path))
    with part.loaded() as network:
        shape = network.input_shape
    if len(shape) != 4 or shape[3] != 3 or shape[1] != shape[2] or not isinstance(shape[1], int):
        raise WeightsError(f"{path.name} takes {shape}, no square pictures of three colours: it is no WD14 tagger.")
    return Onnx(part, shape[1], tags)


def read_table(table: Path, network: Path) -> tuple[tuple[str, str], ...]:
    """Name and category of each tag, in the order of the network's outputs. Raises `WeightsError`."""
    if not table.is_file():
        raise WeightsError(
            f"{network.name} needs the table of its tags beside it: put {TABLE} into {network.parent.name}."
        )
    try:
        with table.open(encoding="utf-8", newline="") as file:
            return tuple(
                (row["name"], CATEGORIES.get(row["category"], row["category"])) for row in csv.DictReader(file)
            )
    except (KeyError, UnicodeDecodeError, csv.Error) as error:
        raise WeightsError(f"{TABLE} beside {network.name} lacks the columns name and category.") from error
