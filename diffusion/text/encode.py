"""From tokens to hidden states of a CLIP text model."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from diffusion.text.tokens import CHUNK, Token, Tokens
from diffusion.text.vocabulary import END, START

Conditioning = list[Any]
"""A list of `[states [1, T, width], options]` pairs; `T` is 77 a chunk."""


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How a family reads a text model.

    padding: the token after the end of a prompt.
    layer: whose states are taken, counted from the end (-1: the last), unless the user says otherwise.
    final_norm: whether those states go through the final normalisation.
    projected: whether the pooled state goes through the text projection.
    """

    padding: int = END
    layer: int = -1
    final_norm: bool = True
    projected: bool = False


class Encoded(NamedTuple):
    """What a text model makes of a prompt: states `[1, 77 n, width]` and the pooled state `[1, width]`, on the CPU."""

    states: Tensor
    pooled: Tensor


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
        states = torch.stack([_apply_weights(row, empty, chunk) for row, chunk in zip(rows, chunks, strict=True)])
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


def _apply_weights(states: Tensor, empty: Tensor, chunk: tuple[Token, ...]) -> Tensor:
    weights = torch.ones(len(states), 1, device=states.device)
    weights[1 : 1 + len(chunk), 0] = torch.tensor([token.weight for token in chunk])
    return torch.where(weights == 1.0, states, (states - empty) * weights + empty)
