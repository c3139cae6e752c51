"""The kinds of control networks as sampling asks them: from a call and a hint to what is added to the UNet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.sampling.errors import SamplingError
from diffusion.sampling.network import Call, Residuals

SOFT = 0.825  # how much less each output counts than the one after it, where the prompt is more important
SOFT_ADAPTER = (0.25, 0.62, 0.825, 1.0)


class Asked(Protocol):
    """How a kind of control network is asked."""

    @property
    def once(self) -> bool:
        """Whether it depends on the hint alone, so that it is asked once in a run."""

    @property
    def reads_latents(self) -> bool:
        """Whether it reads hints as latents of the model."""

    def ask(self, network: Any, call: Call, hint: Tensor) -> Residuals:
        """What it adds to a call; hint: ``[n B, 3, 8 h, 8 w]``, the picture in 0..1 as it is, or its latent."""

    def soft(self, outputs: int) -> Sequence[float]:
        """How much each output counts where the prompt is to be more important, from the first to the last."""


@dataclass(frozen=True)
class AsksControlNet:
    """A ControlNet (Zhang et al. 2023, arXiv:2302.05543), diffusers' `ControlNetModel`."""

    once: ClassVar[bool] = False
    reads_latents: ClassVar[bool] = False

    def ask(self, network: Any, call: Call, hint: Tensor) -> Residuals:
        """The outputs at each skip connection and of the middle block."""
        down, middle = network(
            controlnet_cond=hint.to(network.conv_in.weight), return_dict=False, **arguments(network, call)
        )
        return Residuals(tuple(down), middle)

    def soft(self, outputs: int) -> Sequence[float]:
        """Falling from the middle block, which counts in full, outwards."""
        return [SOFT ** (outputs - 1 - number) for number in range(outputs)]


@dataclass(frozen=True)
class AsksUnion:
    """A ControlNet that is told what the hint shows (ControlNet++), diffusers' `ControlNetUnionModel`.

    task: the number of what it shows, or None to leave that to the network.
    """

    task: int | None = None
    once: ClassVar[bool] = False
    reads_latents: ClassVar[bool] = False

    def ask(self, network: Any, call: Call, hint: Tensor) -> Residuals:
        """The outputs at each skip connection and of the middle block."""
        tasks = torch.zeros(call.x.shape[0], network.config.num_control_type, device=call.x.device)
        if self.task is not None:
            if self.task >= tasks.shape[1]:
                raise SamplingError(
                    f"This union ControlNet knows {tasks.shape[1]} kinds of hints, and the chosen one is not among "
                    'them: choose "auto" or another one.'
                )
            tasks[:, self.task] = 1
        with nullcontext() if self.task is not None else _without_task(network):
            down, middle = network(
                controlnet_cond=[hint.to(network.conv_in.weight)],
                control_type=tasks,
                control_type_idx=[self.task or 0],
                return_dict=False,
                **arguments(network, call),
            )
        return Residuals(tuple(down), middle)

    def soft(self, outputs: int) -> Sequence[float]:
        """As those of a ControlNet."""
        return AsksControlNet().soft(outputs)


@contextmanager
def _without_task(network: Any) -> Iterator[None]:
    """The hint as it is read, without what the network adds for a task."""
    hook = network.spatial_ch_projs.register_forward_hook(lambda module, inputs, output: torch.zeros_like(output))
    try:
        yield
    finally:
        hook.remove()


@dataclass(frozen=True)
class AsksAdapter:
    """A T2I-Adapter (Mou et al. 2023, arXiv:2302.08453), diffusers' `T2IAdapter`."""

    once: ClassVar[bool] = True
    reads_latents: ClassVar[bool] = False

    def ask(self, network: Any, call: Call, hint: Tensor) -> Residuals:
        """The feature maps of the levels. An adapter of one channel sees the mean of the hint's."""
        weight = next(network.parameters())
        factor = network.downscale_factor
        if network.config.in_channels == 1:
            hint = hint.mean(1, keepdim=True)
        rest = [-hint.shape[-1] % factor, -hint.shape[-2] % factor]
        hint = F.pad(hint, (0, rest[0], 0, rest[1]), mode="replicate")
        return Residuals(inside=tuple(network(hint.to(weight))))

    def soft(self, outputs: int) -> Sequence[float]:
        """Four numbers, as there are four levels."""
        return SOFT_ADAPTER[-outputs:]


def arguments(network: Any, call: Call) -> dict[str, Any]:
    """What a ControlNet takes of a call, as its UNet does. Raises `SamplingError` if it is for another model."""
    config, weight = network.config, network.conv_in.weight
    if config.cross_attention_dim not in (0, call.context.shape[-1]):  # 0: the network reads no prompt
        raise SamplingError(
            f"The ControlNet reads prompts of {config.cross_attention_dim} numbers a word, and this model has "
            f"{call.context.shape[-1]}: choose a ControlNet that was made for the model."
        )
    added = {}
    if config.addition_embed_type == "text_time":
        if "text_embeds" not in call.inputs:
            raise SamplingError("The ControlNet is for SDXL, and the model is not: choose one for the model.")
        added = {
            "text_embeds": call.inputs["text_embeds"].to(weight),
            "time_ids": call.inputs["time_ids"].to(call.x.device),
        }
    return {
        "sample": call.x[:, : config.in_channels].to(weight),
        "timestep": call.timestep,
        "encoder_hidden_states": call.context.to(weight),
        "added_cond_kwargs": added or None,
    }
