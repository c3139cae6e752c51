"""Philox 4x32-10: random numbers that are a function of seed and position, as CUDA makes them.

Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", with the layout of counter and key of PyTorch's CUDA
generator, so that pictures made on such a device can be made again on any.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)

Words = NDArray[np.uint64]
"""Numbers below 2**32, in 64 bits so that products do not overflow."""


def philox_normal(shape: Sequence[int], seed: int, call: int = 0) -> Tensor:
    """Return normal numbers, float32 on the CPU, that agree with CUDA's to rounding.

    seed: 64 bits. call: how many tensors were drawn from the seed before.
    """
    count = math.prod(shape)
    counter = [np.full(count, call, np.uint64), np.zeros(count, np.uint64), np.arange(count, dtype=np.uint64)]
    key = (seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF)
    first, second = _rounds([*counter, np.zeros(count, np.uint64)], key)[:2]
    # Box and Muller, from the middles of 2**32 even intervals
    radius = np.sqrt(-2 * np.log(_uniform(first)))
    normal = radius * np.sin(_uniform(second) * np.float32(2 * math.pi))
    return torch.from_numpy(normal.astype(np.float32)).reshape(tuple(shape))


def _rounds(counter: list[Words], key: tuple[int, int]) -> list[Words]:
    for step in range(10):
        keys = [np.uint64((word + step * stride) & 0xFFFFFFFF) for word, stride in zip(key, _KEY_STEPS, strict=True)]
        products = [counter[0] * np.uint64(_MULTIPLIERS[0]), counter[2] * np.uint64(_MULTIPLIERS[1])]
        high, low = [product >> np.uint64(32) for product in products], [product & _LOW for product in products]
        counter = [high[1] ^ counter[1] ^ keys[0], low[1], high[0] ^ counter[3] ^ keys[1], low[0]]
    return counter


def _uniform(words: Words) -> NDArray[np.float32]:
    return cast(NDArray[np.float32], words.astype(np.float32) * np.float32(2**-32) + np.float32(2**-33))
