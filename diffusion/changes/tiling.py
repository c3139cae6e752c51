"""Pictures that can be put side by side without a seam: to the networks, opposite edges are next to each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from diffusion.model import LoadedModel


@dataclass(frozen=True)
class Tiling:
    """Let all convolutions of a network go on at the opposite edge; an `Attachment`, and for VAEs too.

    across: of the left and right edges. down: of those above and below.
    """

    across: bool = True
    down: bool = True

    @contextmanager
    def attached(self, running: LoadedModel) -> Iterator[None]:
        """Change the denoiser."""
        with self.on(running.network):
            yield

    @contextmanager
    def on(self, network: Any) -> Iterator[None]:
        """Change any network for the length of a context; afterwards it pads as before."""
        padded = [each for each in network.modules() if isinstance(each, nn.Conv2d) and any(_padding(each))]
        before = [each.padding for each in padded]
        handles = [each.register_forward_pre_hook(self._wrapping(_padding(each))) for each in padded]
        try:
            for each in padded:
                rows, columns = _padding(each)
                each.padding = (0 if self.down else rows, 0 if self.across else columns)
            yield
        finally:
            for each, padding, handle in zip(padded, before, handles, strict=True):
                each.padding = padding
                handle.remove()

    def _wrapping(self, padding: tuple[int, int]) -> Any:
        rows, columns = padding[0] * self.down, padding[1] * self.across

        def wrap(module: Any, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            return F.pad(inputs[0], (columns, columns, rows, rows), mode="circular"), *inputs[1:]

        return wrap


def _padding(convolution: nn.Conv2d) -> tuple[int, int]:
    padding = convolution.padding
    return (0, 0) if isinstance(padding, str) else (padding[0], padding[1])
