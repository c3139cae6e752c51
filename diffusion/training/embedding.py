"""Textual inversion: vectors that stand for a new word (Gal et al. 2022, arXiv 2208.01618). Nothing else is trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from diffusion.model import Clip
from diffusion.text.embeddings import EmbeddingError, find_embedding
from diffusion.text.vocabulary import tokenizer
from diffusion.training.trainer import States, TrainingError
from diffusion.weights import save_weights

PART = "clip_"  # before the encoder's name, in files with vectors for several

OBJECT_TEMPLATES = (
    "a photo of {}",
    "a rendering of {}",
    "a cropped photo of {}",
    "a close-up photo of {}",
    "a bright photo of {}",
    "a dark photo of {}",
    "a good photo of {}",
    "the photo of {}",
    "a photo of one {}",
    "a picture of {}",
)
STYLE_TEMPLATES = (
    "a painting in the style of {}",
    "a rendering in the style of {}",
    "a cropped painting in the style of {}",
    "a close-up painting in the style of {}",
    "a bright painting in the style of {}",
    "a dark painting in the style of {}",
    "a good painting in the style of {}",
    "the painting in the style of {}",
    "a picture in the style of {}",
)


@dataclass(frozen=True, eq=False)
class TrainedEmbedding:
    """The vectors of a word while they are trained.

    parameters: ``[n, width]`` of each text encoder, by `PART` and its name.
    """

    name: str
    parameters: dict[str, nn.Parameter]

    @classmethod
    def new(cls, name: str, clip: Clip, count: int, words: str) -> TrainedEmbedding:
        """Begin with the vectors of some words, in turn. Raises `TrainingError` where they are none."""
        numbers = tokenizer().encode(words, add_special_tokens=False).ids
        if not numbers:
            raise TrainingError(
                "There is no word to begin with: name what the new word is most like, such as 'cat'.",
                option="initial_words",
            )
        wanted = torch.tensor([numbers[at % len(numbers)] for at in range(count)])
        parameters = {}
        for encoder in clip.encoders:
            with encoder.part.loaded(encoder.patches) as network, torch.no_grad():
                table = _table(network)
                parameters[PART + encoder.name] = nn.Parameter(table[wanted.to(table.device)].float().clone())
        return cls(name, parameters)

    @classmethod
    def of(cls, name: str, clip: Clip, path: Path) -> TrainedEmbedding:
        """Begin with a word that was learned before. Raises `TrainingError` for one of other text encoders."""
        parameters = {}
        for encoder in clip.encoders:
            with encoder.part.loaded(encoder.patches) as network:
                table = _table(network)
            try:
                vectors = find_embedding(path.name, [path.parent], table.shape[1], encoder.name)
            except EmbeddingError as error:
                raise TrainingError(
                    f"{path.name} has no word for the text encoders of this model: choose one that was trained on such "
                    "a model.",
                    option="begin_with",
                ) from error
            parameters[PART + encoder.name] = nn.Parameter(vectors.to(table.device).clone())
        if len({len(each) for each in parameters.values()}) > 1:
            raise TrainingError(
                f"{path.name} has another number of vectors for each text encoder: choose another one.",
                option="begin_with",
            )
        return cls(name, parameters)

    def on(self, clip: Clip) -> Clip:
        """The text encoders, which read the word as it is now."""
        return clip.with_embeddings({self.name: dict(self.parameters)})

    def kept(self, clip: Clip) -> Clip:
        """The text encoders with the word as it was learned."""
        return clip.with_embeddings({self.name: {name: each.detach().cpu() for name, each in self.parameters.items()}})

    @property
    def word(self) -> str:
        """What a prompt has for it."""
        return f"embedding:{self.name}"

    @contextmanager
    def attached(self, network: Any) -> Iterator[None]:
        """The denoiser does not change."""
        yield

    def save(self, path: Path, metadata: Mapping[str, str]) -> None:
        """Write a file: of one encoder under the word, as diffusers does, of several under their names."""
        tensors = {name: parameter.detach().cpu() for name, parameter in self.parameters.items()}
        if len(tensors) == 1:
            tensors = {self.name: next(iter(tensors.values()))}
        save_weights(path, tensors, metadata)


def _table(network: Any) -> Tensor:
    """The vectors of a text encoder's tokens. Raises `TrainingError` for one that is not CLIP."""
    model = getattr(network, "text_model", network)
    if not hasattr(model, "embeddings"):
        raise TrainingError("A new word is taught to CLIP alone, and this model reads another text encoder.")
    table: Tensor = model.embeddings.token_embedding.weight
    return table


def live_states(clip: Clip) -> States:
    """What text encoders make of texts, with gradients towards the embeddings that they were given."""

    def states(text: str) -> tuple[Tensor, Mapping[str, Any]]:
        [[found, settings]] = clip.encode_tokens(clip.tokenize(text), gradients=True)
        return found, settings

    return states
