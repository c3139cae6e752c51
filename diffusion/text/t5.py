"""From prompts to hidden states of T5's encoder, which reads them as a whole (Raffel et al. 2019, arXiv:1910.10683)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from diffusion.text.encode import Encoded, emphasised, token_weights
from diffusion.text.prompt import Segment, parse_prompt
from diffusion.text.sentence_pieces import END, PADDING, find_tokenizer, has_tokenizer
from diffusion.text.tokens import Token, Tokens, token_groups


@dataclass(frozen=True, slots=True)
class T5Style:
    """How a family reads T5's encoder.

    minimum: how many tokens a prompt has at least, its end included; padding, which the encoder sees like words, fills
    shorter ones up. folders: where the tokenizer's file may be. optional: whether prompts are read without T5 if there
    is none.
    """

    minimum: int = 256
    folders: tuple[Path, ...] = ()
    optional: bool = False

    @property
    def missing(self) -> str:
        """That there is no tokenizer, where prompts can be read without T5."""
        if not self.optional or has_tokenizer(self.folders):
            return ""
        return (
            "The prompt was read without T5, whose tokenizer is missing: put spiece.model or tokenizer.json into "
            "models/text_encoders/t5."
        )

    def tokenize(self, text: str, find_embedding: Callable[[str], Tensor]) -> Tokens:
        """Read a prompt. Raises `WeightsError` if there is no file of the tokenizer."""
        return self.read(parse_prompt(text), find_embedding)

    def read(self, segments: Sequence[Segment], find_embedding: Callable[[str], Tensor]) -> Tokens:
        """The tokens of a prompt that has been taken apart."""
        tokenizer = find_tokenizer(self.folders)
        groups, warnings = token_groups(
            segments, find_embedding, lambda text: tokenizer.encode(text, add_special_tokens=False).ids
        )
        return Tokens((tuple(token for group in groups for token in group),), warnings)

    def word(self, token: int) -> str:
        """The text of a token; ▁ stands for the start of a word."""
        return find_tokenizer(self.folders).id_to_token(token) or ""

    def encode(self, network: Any, tokens: Tokens, last_layer: int | None = None) -> Encoded:
        """Encode a prompt with a `T5Stack`; weights act as on CLIP's states (`diffusion.text.encode.encode`)."""
        weights = self.weights(tokens)
        states = self.states(network, tokens, last_layer)
        if (weights != 1).any():
            empty = self.states(network, Tokens(((),)), last_layer, len(weights))
            states = emphasised(states, weights.to(states), empty)
        return Encoded(states.unsqueeze(0).cpu(), states.new_zeros(1, 0).cpu())

    def weights(self, tokens: Tokens) -> Tensor:
        """The weights `[T]` of the states."""
        row = _row(tokens)
        return token_weights(row, max(self.minimum, len(row) + 1), start=0)

    def states(self, network: Any, tokens: Tokens, last_layer: int | None = None, length: int = 0) -> Tensor:
        """States `[T, width]`, float32, without weights, of a prompt that is filled up to `length`."""
        row = _row(tokens)
        table = network.embed_tokens.weight
        values = [*(token.value for token in row), END]
        values += [PADDING] * (max(self.minimum, length) - len(values))
        numbers = torch.tensor([value if isinstance(value, int) else END for value in values], device=table.device)
        vectors = nn.functional.embedding(numbers, table)
        for place, value in enumerate(values):
            if not isinstance(value, int):
                vectors[place] = value.to(vectors)
        found = network(inputs_embeds=vectors.unsqueeze(0), output_hidden_states=last_layer is not None)
        states: Tensor = found.last_hidden_state
        if last_layer not in (None, -1):
            states = network.final_layer_norm(found.hidden_states[last_layer])
        return states[0].float()


def _row(tokens: Tokens) -> list[Token]:
    """All tokens; chunks after the first are empty, where they were added for other encoders."""
    return [token for chunk in tokens.chunks for token in chunk]
