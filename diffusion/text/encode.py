"""From tokens to hidden states of the text encoder."""

from typing import Any

import torch
from torch import Tensor, nn

from diffusion.text.tokens import CHUNK, Token, Tokens
from diffusion.text.vocabulary import END, START

Conditioning = list[Any]
"""A list of `[states [1, T, width], options]` pairs; `T` is 77 a chunk."""


def encode(encoder: Any, tokens: Tokens, last_layer: int | None) -> Conditioning:
    """Encode a prompt with CLIP's text model.

    A weight acts on a token's state as `(state - empty) * weight + empty`, where `empty` is the state at the same
    place of the empty prompt. `last_layer` counts from the end (-2: the last but one); its states go through the final
    normalisation. `pooled_output` `[1, width]` is the first chunk's last-layer state at its end token.
    """
    chunks = list(tokens.chunks)
    weighted = any(token.weight != 1.0 for chunk in chunks for token in chunk)
    embedded = torch.stack([_embedded(encoder, chunk) for chunk in [*chunks, *([()] if weighted else [])]])
    states, pooled = _states(encoder, embedded, len(chunks[0]), last_layer)
    if weighted:
        *rows, empty = states
        states = torch.stack([_apply_weights(row, empty, chunk) for row, chunk in zip(rows, chunks, strict=True)])
    return [[states.flatten(0, 1).unsqueeze(0).cpu(), {"pooled_output": pooled.cpu()}]]


def layer_count(encoder: Any) -> int:
    """How many layers a text encoder has."""
    return len(encoder.encoder.layers)


def _embedded(encoder: Any, chunk: tuple[Token, ...]) -> Tensor:
    """Start, tokens, end, and end again as padding, as vectors `[77, width]`."""
    table = encoder.embeddings.token_embedding.weight
    values = [START, *(token.value for token in chunk), *[END] * (CHUNK + 1 - len(chunk))]
    numbers = torch.tensor([value if isinstance(value, int) else END for value in values], device=table.device)
    vectors = nn.functional.embedding(numbers, table)
    for position, value in enumerate(values):
        if not isinstance(value, int):
            vectors[position] = value.to(vectors)
    return vectors


def _states(encoder: Any, embedded: Tensor, end_position: int, last_layer: int | None) -> tuple[Tensor, Tensor]:
    """States `[chunks, 77, width]` after the chosen layer, and the pooled state of the first chunk."""
    length = embedded.shape[1]
    mask = torch.full((length, length), -torch.inf, device=embedded.device).triu(1)[None, None]
    chosen = len(encoder.encoder.layers) if last_layer is None else len(encoder.encoder.layers) + last_layer + 1
    state = embedded + encoder.embeddings.position_embedding.weight[:length]
    result = state
    for count, layer in enumerate(encoder.encoder.layers, start=1):
        state = layer(state, mask)
        if count == chosen:
            result = state
    pooled = encoder.final_layer_norm(state)[:1, end_position + 1]
    return encoder.final_layer_norm(result), pooled


def _apply_weights(states: Tensor, empty: Tensor, chunk: tuple[Token, ...]) -> Tensor:
    weights = torch.ones(len(states), 1, device=states.device)
    weights[1 : 1 + len(chunk), 0] = torch.tensor([token.weight for token in chunk])
    return torch.where(weights == 1.0, states, (states - empty) * weights + empty)
