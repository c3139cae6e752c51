"""Prompts as chunks of tokens that fit the text encoder."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from torch import Tensor

from diffusion.text import vocabulary
from diffusion.text.embeddings import EmbeddingError
from diffusion.text.prompt import Segment, parse_prompt

CHUNK = 75  # tokens between start and end
WHOLE = 8  # a group with fewer tokens is not cut at the end of a chunk

_EMBEDDING = re.compile(r"(?:^|(?<=\s))embedding:(\S+)")


class Token(NamedTuple):
    """A token's number, or a vector that stands in its place, and its weight."""

    value: int | Tensor
    weight: float


@dataclass(frozen=True)
class Tokens:
    """A prompt in chunks of at most 75 tokens (without start, end and padding); there is at least one chunk. For T5,
    which reads prompts as a whole, the first chunk has all tokens.

    `warnings` say, a sentence each, which words could not be used.
    """

    chunks: tuple[tuple[Token, ...], ...]
    warnings: tuple[str, ...] = ()


def tokenize(text: str, find_embedding: Callable[[str], Tensor]) -> Tokens:
    """Read a prompt: weights, `embedding:name`, byte pairs, chunks.

    `find_embedding` returns the vectors `[n, width]` of a name or raises `EmbeddingError`; the word is then left out.
    """
    groups, warnings = token_groups(parse_prompt(text), find_embedding, vocabulary.encode)
    return replace(_in_chunks(groups), warnings=warnings)


def token_groups(
    segments: Sequence[Segment], find_embedding: Callable[[str], Tensor], encode: Callable[[str], list[int]]
) -> tuple[list[list[Token]], tuple[str, ...]]:
    """The tokens of segments, those of each stretch of text or embedding together; and warnings."""
    warnings: list[str] = []
    groups: list[list[Token]] = []
    for segment in segments:
        for piece in _pieces(segment.text, find_embedding, warnings):
            values = encode(piece) if isinstance(piece, str) else piece
            groups.append([Token(value, segment.weight) for value in values])
    return groups, tuple(warnings)


def _pieces(text: str, find_embedding: Callable[[str], Tensor], warnings: list[str]) -> Iterator[str | Tensor]:
    """The text between embeddings, and the embeddings' vectors, in order."""
    start, left_over = 0, ""
    for match in _EMBEDDING.finditer(text):
        if before := (left_over + text[start : match.start()]).strip():
            yield before
        start, left_over = match.end(), ""
        try:
            vectors, left_over = _vectors(match[1], find_embedding)
            yield vectors
        except EmbeddingError as error:
            warnings.append(str(error))
    if rest := (left_over + text[start:]).strip():
        yield rest


def _vectors(name: str, find_embedding: Callable[[str], Tensor]) -> tuple[Tensor, str]:
    """The vectors of a word after `embedding:`, and the commas at its end that are no part of the name."""
    bare = name.rstrip(",")
    try:
        return find_embedding(name), ""
    except EmbeddingError:
        if bare == name:
            raise
        return find_embedding(bare), name[len(bare) :]


def _in_chunks(groups: Sequence[Sequence[Token]]) -> Tokens:
    chunks: list[list[Token]] = [[]]
    for group in groups:
        rest = list(group)
        while rest:
            room = CHUNK - len(chunks[-1])
            if len(rest) <= room:
                chunks[-1] += rest
                break
            if len(group) >= WHOLE:
                chunks[-1] += rest[:room]
                rest = rest[room:]
            chunks.append([])
    return Tokens(tuple(tuple(chunk) for chunk in chunks))
