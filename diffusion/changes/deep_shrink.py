"""Deep Shrink ("Kohya's hires fix"): the depths of a UNet see a smaller picture while its composition is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from diffusion.changes.unet import hooked, input_blocks, layers
from diffusion.images.resize import resize
from diffusion.model import LoadedModel
from diffusion.sampling.errors import SamplingError

METHODS = ("bicubic", "nearest-exact", "bilinear", "area", "bislerp")


@dataclass(frozen=True)
class DeepShrink:
    """Shrink the hidden state after an input block, and bring it back where a larger skip connection joins it.

    block: number of the block, as in LDM files, from 1 on. factor: 2 for half the height and width.
    sigma_start, sigma_end: the levels at which it acts, both included.
    after_skip: whether the skip connection of the block itself keeps its size.
    """

    block: int
    factor: float
    sigma_start: float
    sigma_end: float
    after_skip: bool = True
    shrink_method: str = "bicubic"
    grow_method: str = "bicubic"

    @contextmanager
    def attached(self, running: LoadedModel) -> Iterator[None]:
        """Resize between the blocks. Raises `SamplingError` if the model has no such block."""
        hooks = [self._shrinking(running), *self._growing(running.network)]
        with hooked(hooks):
            yield

    def _shrinking(self, running: LoadedModel) -> tuple[Any, Any]:
        unet = running.network
        blocks = input_blocks(unet)
        if not 1 <= self.block < len(blocks):
            raise SamplingError(
                f"There is no input block {self.block} to shrink after: choose one of 1 to {len(blocks) - 1}."
            )

        def shrunk(hidden: Tensor) -> Tensor:
            if not self.sigma_end <= running.call.sigma <= self.sigma_start:
                return hidden
            height, width = (max(1, round(side / self.factor)) for side in hidden.shape[2:])
            return resize(hidden, width, height, self.shrink_method)

        if self.after_skip:
            following = [*blocks, [unet.mid_block]][self.block + 1][0]
            return following.register_forward_pre_hook, lambda module, inputs: (shrunk(inputs[0]), *inputs[1:])
        return blocks[self.block][-1].register_forward_hook, _on_output(shrunk)

    def _growing(self, unet: Any) -> Iterator[tuple[Any, Any]]:
        """Fit the hidden state to each skip connection of the decoder before they are put together."""
        sizes: list[tuple[int, int]] = []  # of the skip connections that the block at hand has yet to take

        def fitted(hidden: Tensor) -> Tensor:
            if not sizes:
                return hidden
            height, width = sizes.pop()
            same = tuple(hidden.shape[2:]) == (height, width)
            return hidden if same else resize(hidden, width, height, self.grow_method)

        def enter(module: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
            sizes[:] = [(skip.shape[2], skip.shape[3]) for skip in named["res_hidden_states_tuple"]]
            return arguments, {**named, "hidden_states": fitted(named["hidden_states"])}

        for level in unet.up_blocks:
            yield _with_names(level.register_forward_pre_hook), enter
            for layer in layers(level)[:-1]:
                yield layer[-1].register_forward_hook, _on_output(fitted)


def _with_names(register: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda hook: register(hook, with_kwargs=True)


def _on_output(change: Callable[[Tensor], Tensor]) -> Callable[..., Any]:
    """A hook that changes what a module gives; transformers give it in a tuple."""

    def hook(module: Any, inputs: Any, output: Any) -> Any:
        return (change(output[0]), *output[1:]) if isinstance(output, tuple) else change(output)

    return hook
