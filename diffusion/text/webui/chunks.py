"""Prompts in chunks of 75 tokens, as the WebUI cuts them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from diffusion.text import vocabulary
from diffusion.text.tokens import CHUNK, Token, Tokens
from diffusion.text.webui.emphasis import Segment

BACKTRACK = 20
"""How far back a comma may lie for the words after it to move to the next chunk together."""

Names = Mapping[tuple[int, ...], str]
"""Embeddings by the tokens of their names."""


@dataclass(frozen=True)
class Embeddings:
    """Embeddings that prompts may name: `find` gives their vectors ``[n, width]`` or None where they cannot be used."""

    names: Names
    find: Callable[[str], Tensor | None]

    def at(self, values: Sequence[int], position: int) -> tuple[Tensor, int] | None:
        """The embedding with the longest name that begins at a position, and how many tokens the name takes."""
        for length in range(min(max(map(len, self.names), default=0), len(values) - position), 0, -1):
            name = self.names.get(tuple(values[position : position + length]))
            vectors = None if name is None else self.find(name)
            if vectors is not None:
                return vectors, length
        return None


def names_of(stems: Sequence[str]) -> dict[tuple[int, ...], str]:
    """The table of embeddings with such names; a name of which no token is left cannot be written."""
    table = {tuple(vocabulary.encode(stem)): stem for stem in stems}
    return {tokens: stem for tokens, stem in table.items() if tokens}


def chunked(segments: Sequence[Segment], embeddings: Embeddings, backtrack: int = BACKTRACK) -> Tokens:
    """Cut a prompt into chunks.

    A chunk that is full is cut after its last comma, if that lies at most `backtrack` tokens back. An embedding is
    never cut, and a `BREAK` begins a new chunk.
    """
    chunks: list[list[Token]] = [[]]
    comma: int | None = None  # the last one in the current chunk
    separator = vocabulary.encode(",")[0]

    def begin(moved: int = 0) -> None:
        nonlocal comma
        rest = chunks[-1][len(chunks[-1]) - moved :]
        del chunks[-1][len(chunks[-1]) - moved :]
        chunks.append(rest)
        comma = None

    def put(tokens: list[Token], is_comma: bool) -> None:
        nonlocal comma
        if len(chunks[-1]) == CHUNK:
            near = comma is not None and not is_comma and CHUNK - comma <= backtrack
            begin(CHUNK - comma - 1 if comma is not None and near else 0)
        if len(chunks[-1]) + len(tokens) > CHUNK:
            begin()
        if is_comma:
            comma = len(chunks[-1])
        chunks[-1].extend(tokens)

    for segment in segments:
        if segment.ends_chunk:
            begin()
            continue
        values = vocabulary.encode(segment.text)
        position = 0
        while position < len(values):
            found = embeddings.at(values, position)
            vectors, length = found if found else (None, 1)
            pieces = [values[position]] if vectors is None else list(vectors[:CHUNK])
            put([Token(piece, segment.weight) for piece in pieces], vectors is None and values[position] == separator)
            position += length
    if len(chunks) > 1 and not chunks[-1]:
        chunks.pop()  # a BREAK at the end begins nothing
    return Tokens(tuple(tuple(chunk) for chunk in chunks))
