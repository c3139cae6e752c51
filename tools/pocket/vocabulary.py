"""The small part of CLIP's vocabulary that training touches, and the table of all of it that a checkpoint carries.

A checkpoint of the SD 1.x layout carries a vector for each of CLIP's 49,408 tokens; the captions use some fifty.
Training holds only those, and a few hundred frozen vectors that stand for all the others. A frozen vector is random
signs times a small amplitude: each word the model never learned still has a vector of its own (which adapters can
build on), and the table compresses to little more than a bit an entry.
"""

from __future__ import annotations

import random
from functools import cache

import torch
from torch import Tensor

from diffusion.text.vocabulary import END, START, encode
from tools.pocket.world import BACKGROUNDS, NOUNS, draw_caption, draw_scene

CONTEXT = 77
TOKENS = 49_408
STAND_INS = 256
AMPLITUDE = 0.05


def token_ids(captions: list[str]) -> Tensor:
    """Captions as CLIP's ids, [B, 77], cut or padded with the end token."""
    return torch.tensor([_padded(encode(caption)) for caption in captions])


def _padded(words: list[int]) -> list[int]:
    kept = words[: CONTEXT - 2]
    return [START, *kept] + [END] * (CONTEXT - 1 - len(kept))


@cache
def learned_ids() -> tuple[int, ...]:
    """The ids that captions of this world use, with the start and end tokens; sorted."""
    rng = random.Random(0)
    captions = [draw_caption(draw_scene(rng), rng) for _ in range(4000)]
    captions += [f"a {noun} on an {colour} background" for noun in NOUNS for colour in BACKGROUNDS]
    return tuple(token_ids(captions).unique().tolist())


@cache
def frozen_table(width: int) -> Tensor:
    """The vectors of tokens that are not learned, for all ids: [49408, width]."""
    generator = torch.Generator().manual_seed(0)
    return torch.where(torch.rand(TOKENS, width, generator=generator) < 0.5, -AMPLITUDE, AMPLITUDE)


def _unlearned() -> Tensor:
    mask = torch.ones(TOKENS, dtype=torch.bool)
    mask[list(learned_ids())] = False
    return mask.nonzero().squeeze(1)


@cache
def _compact() -> Tensor:
    """Row of the compact table for each of CLIP's ids: the stand-ins come first, then the learned ids."""
    rows = torch.arange(TOKENS) % STAND_INS
    for place, token in enumerate(learned_ids()):
        rows[token] = STAND_INS + place
    return rows


def compact_ids(captions: list[str]) -> Tensor:
    """Captions as rows of the compact table, [B, 77]."""
    return _compact()[token_ids(captions)]


def compact_size() -> int:
    """Number of rows of the compact table."""
    return STAND_INS + len(learned_ids())


def compact_end() -> int:
    """Row of the end token, which is the last id."""
    return compact_size() - 1


@cache
def stand_in_vectors(width: int) -> Tensor:
    """The frozen rows of the compact table, [256, width]: those of ids spread over the whole vocabulary."""
    others = _unlearned()
    return frozen_table(width)[others[torch.linspace(0, len(others) - 1, STAND_INS).long()]]


def full_table(compact: Tensor) -> Tensor:
    """The table of all 49,408 tokens that a checkpoint carries, from the trained compact one."""
    table = frozen_table(compact.shape[1]).clone()
    table[list(learned_ids())] = compact[STAND_INS:]
    return table
