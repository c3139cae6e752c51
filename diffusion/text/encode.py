"""From tokens to hidden states of a CLIP text model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from diffusion.text import vocabulary
from diffusion.text.tokens import CHUNK, Token, Tokens, tokenize
from diffusion.text.vocabulary import END, START

Conditioning = list[Any]
"""A list of `[states [1, T, width], options]` pairs; `T` is 77 a chunk."""


class Encoded(NamedTuple):
    """What a text encoder makes of a prompt, on the CPU: states `[1, T, width]`, for CLIP 77 a chunk, and the pooled
    state `[1, width]` (T5 has none: `[1, 0]`).
    """

    states: Tensor
    pooled: Tensor


class Style(Protocol):
    """How a family reads a text encoder."""

    @property
    def missing(self) -> str:
        """What it lacks, and so does not read prompts, as a sentence; empty if nothing."""

    def tokenize(self, text: str, find_embedding: Callable[[str], Tensor]) -> Tokens:
        """Read a prompt; see `diffusion.text.tokens.tokenize`."""

    def word(self, token: int) -> str:
        """The text of a token."""

    def encode(self, network: Any, tokens: Tokens, last_layer: int | None = None) -> Encoded:
        """Encode tokens; `last_layer` counts from the end (-2: the last but one) and replaces the style's."""


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How a family reads one of CLIP's text models.

    padding: the token after the end of a prompt.
    layer: whose states are taken, counted from the end (-1: the last), unless the user says otherwise.
    final_norm: whether those states go through the final normalisation.
    projected: whether the pooled state goes through the text projection.
    """

    missing: ClassVar[str] = ""
    padding: int = END
    layer: int = -1
    final_norm: bool = True
    projected: bool = False

    def tokenize(self, text: str, find_embedding: Callable[[str], Tensor]) -> Tokens:
        """Read a prompt in chunks."""
        return tokenize(text, find_embedding)

    def word(self, token: int) -> str:
        """The text of a token."""
        return (vocabulary.tokenizer().id_to_token(token) or "").replace("</w>", "")

    def encode(self, network: Any, tokens: Tokens, last_layer: int | None = None) -> Encoded:
        """Encode tokens; see `encode`."""
        return encode(network, tokens, self, last_layer)


def encode(network: Any, tokens: Tokens, style: TextStyle, last_layer: int | None = None) -> Encoded:
    """Encode a prompt with CLIP's text model.

    A weight acts on a token's state as `(state - empty) * weight + empty`, where `empty` is the state at the same
    place of the empty prompt. `last_layer` counts from the end (-2: the last but one) and replaces the style's.
    `pooled` is the first chunk's last-layer state at its end token.
    """
    chunks = list(tokens.chunks)
    weighted = any(token.weight != 1.0 for chunk in chunks for token in chunk)
    states, pooled = chunk_states(network, [*chunks, *([()] if weighted else [])], style, last_layer)
    if weighted:
        *rows, empty = states
        weighed = [token_weights(chunk, len(empty), start=1).to(empty) for chunk in chunks]
        states = torch.stack([emphasised(*each, empty) for each in zip(rows, weighed, strict=True)])
    return Encoded(states.flatten(0, 1).unsqueeze(0).cpu(), pooled.cpu())


def chunk_states(
    network: Any, chunks: list[tuple[Token, ...]], style: TextStyle, last_layer: int | None = None
) -> tuple[Tensor, Tensor]:
    """States `[chunks, 77, width]` of chunks without their weights, and the pooled state `[1, width]` of the first."""
    model = getattr(network, "text_model", network)
    embedded = torch.stack([_embedded(model, chunk, style.padding) for chunk in chunks])
    states, pooled = _states(model, embedded, len(chunks[0]), style, last_layer)
    if style.projected:
        pooled = network.text_projection(pooled)
    return states, pooled


def layer_count(network: Any) -> int:
    """How many layers a text model has."""
    return len(getattr(network, "text_model", network).encoder.layers)


def _embedded(model: Any, chunk: tuple[Token, ...], padding: int) -> Tensor:
    """Start, tokens, end and padding as vectors `[77, width]`."""
    table = model.embeddings.token_embedding.weight
    values = [START, *(token.value for token in chunk), END, *[padding] * (CHUNK - len(chunk))]
    numbers = torch.tensor([value if isinstance(value, int) else END for value in values], device=table.device)
    vectors = nn.functional.embedding(numbers, table)
    for position, value in enumerate(values):
        if not isinstance(value, int):
            vectors[position] = value.to(vectors)
    return vectors


def _states(
    model: Any, embedded: Tensor, end_position: int, style: TextStyle, last_layer: int | None
) -> tuple[Tensor, Tensor]:
    """States `[chunks, 77, width]` after the chosen layer, and the pooled state of the first chunk."""
    length = embedded.shape[1]
    mask = torch.full((length, length), -torch.inf, device=embedded.device).triu(1)[None, None]
    layers = model.encoder.layers
    chosen = len(layers) + (style.layer if last_layer is None else last_layer) + 1
    state = embedded + model.embeddings.position_embedding.weight[:length]
    result = state
    for count, layer in enumerate(layers, start=1):
        state = layer(state, mask)
        if count == chosen:
            result = state
    normalised = model.final_layer_norm(state)
    if style.final_norm:
        result = normalised if chosen == len(layers) else model.final_layer_norm(result)
    return result, normalised[:1, end_position + 1]


def token_weights(chunk: Sequence[Token], length: int, start: int) -> Tensor:
    """The weights `[length]` of a chunk's states, whose first token is at `start`; 1 where there is no token."""
    weights = torch.ones(length)
    weights[start : start + len(chunk)] = torch.tensor([token.weight for token in chunk])
    return weights


def emphasised(states: Tensor, weights: Tensor, empty: Tensor) -> Tensor:
    """States `[T, width]` under weights `[T]`, moved from (or towards) those of the empty prompt."""
    factors = weights.unsqueeze(-1)
    return torch.where(factors == 1.0, states, (states - empty) * factors + empty)
