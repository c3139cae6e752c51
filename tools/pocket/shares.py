"""The gradient of a batch computed by several threads, a share of the batch each.

At this size an operation is too short to be divided among threads: with two threads inside the operations a step takes
as long as with one. Two halves of a batch, a thread each, take half as long.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


class Shares(Generic[Network]):
    """Copies of a network that have its weights, not equal ones but the same, and gradients of their own."""

    def __init__(self, network: Network, count: int) -> None:
        self.count = count
        self._networks = [network, *(copy.deepcopy(network) for _ in range(count - 1))]
        for other in self._networks[1:]:
            for own, shared in zip(other.parameters(), network.parameters(), strict=True):
                own.data = shared.data
        self._pool = ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,))

    def backward(self, loss: Callable[..., Tensor], *batch: Tensor) -> float:
        """Leave the gradient of the mean of `loss(network, *share)` in the network's parameters; answers that mean."""

        def run(network: Network, *share: Tensor) -> float:
            network.zero_grad()
            value = loss(network, *share) / self.count
            value.backward()
            return value.item()

        total = sum(self._pool.map(run, self._networks, *(tensor.chunk(self.count) for tensor in batch)))
        gradients = [parameter.grad for parameter in self._networks[0].parameters()]
        for other in self._networks[1:]:
            torch._foreach_add_(gradients, [parameter.grad for parameter in other.parameters()])
        return total
