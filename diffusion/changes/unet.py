"""A UNet's blocks, in the order and with the numbers that they have in LDM files."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from diffusion.model import Model
from diffusion.sampling.errors import SamplingError


class Joint(NamedTuple):
    """A layer of a UNet's decoder that takes the hidden state with a skip connection below it.

    hidden: how many channels of its input are the hidden state; the rest is the skip connection.
    """

    module: Any
    hidden: int


def check_unet(model: Model, title: str) -> Model:
    """The model. Raises `SamplingError` if its denoiser is no UNet, which `title` needs."""
    if "down_block_types" not in model.config:
        raise SamplingError(f"{title} needs a UNet, which {model.family.label} has not: leave the node out.")
    return model


def joints(unet: Any) -> list[Joint]:
    """The layers that take skip connections, in order."""
    found: list[Joint] = []
    hidden = unet.mid_block.resnets[-1].out_channels
    for block in unet.up_blocks:
        for resnet in block.resnets:
            found.append(Joint(resnet, hidden))
            hidden = resnet.out_channels
    return found


def input_blocks(unet: Any) -> list[Sequence[Any]]:
    """The modules of `input_blocks.0`, `input_blocks.1` … of LDM files; each block's output is a skip connection."""
    blocks: list[Sequence[Any]] = [[unet.conv_in]]
    for level in unet.down_blocks:
        blocks += layers(level)
        blocks += [[downsampler] for downsampler in level.downsamplers or ()]
    return blocks


def layers(level: Any) -> list[Sequence[Any]]:
    """The layers of one level: a residual block, and a transformer where there is one."""
    transformers = getattr(level, "attentions", None)
    if transformers is None:
        return [[resnet] for resnet in level.resnets]
    return [list(pair) for pair in zip(level.resnets, transformers, strict=True)]


@contextmanager
def replaced_forward(module: Any, forward: Callable[..., Any]) -> Iterator[None]:
    """A context in which a module calls another function; afterwards it is as it was, replaced before or not."""
    before = module.__dict__.get("forward")
    module.forward = forward
    try:
        yield
    finally:
        if before is None:
            del module.forward
        else:
            module.forward = before


@contextmanager
def hooked(hooks: Sequence[tuple[Callable[..., Any], Callable[..., Any]]]) -> Iterator[None]:
    """A context in which hooks are registered: pairs of a module's `register_…_hook` method and a hook."""
    handles: list[Any] = []
    try:
        for register, hook in hooks:
            handles.append(register(hook))
        yield
    finally:
        for handle in handles:
            handle.remove()
