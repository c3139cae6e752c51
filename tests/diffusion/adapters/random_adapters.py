"""Adapters with random numbers for the layers that kohya's trainer takes."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from diffusion.adapters import UNET
from diffusion.adapters.kinds import Kind, LowRank
from diffusion.checkpoint import Checkpoint

ATTENTION = ("Transformer2DModel",)
CONVOLUTIONS = ("ResnetBlock2D", "Downsample2D", "Upsample2D")
TEXT = ("CLIPAttention", "CLIPSdpaAttention", "CLIPMLP")


def targets(network: nn.Module, classes: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """All linear layers and convolutions below modules of these classes, by name."""
    for outer, module in network.named_modules():
        if type(module).__name__ in classes:
            for inner, layer in module.named_modules():
                if isinstance(layer, nn.Linear | nn.Conv2d):
                    yield f"{outer}.{inner}", layer


def low_rank(layer: Any, rank: int, alpha: float = 1.0) -> LowRank:
    """A LoRA for a layer, on its device; the numbers differ at each call."""
    out, inner, *kernel = layer.weight.shape
    device = layer.weight.device
    up = torch.randn(out, rank, *[1] * len(kernel), device=device)
    return LowRank(up=up, down=torch.randn(rank, inner, *kernel, device=device) * 0.1, alpha=alpha)


def lora_of(network: nn.Module, classes: tuple[str, ...], rank: int = 2) -> dict[str, Kind]:
    """A LoRA for a network: what happens to each weight, by its name."""
    return {f"{name}.weight": low_rank(layer, rank) for name, layer in targets(network, classes)}


def lora_for(checkpoint: Checkpoint, classes: tuple[str, ...] = ATTENTION, rank: int = 2) -> dict[str, dict[str, Kind]]:
    """A LoRA for a model and its text encoders, as `Fitted.kinds` has it."""
    unet = checkpoint.model.source.component.build()
    texts = {each.name: each.source.component.build() for each in checkpoint.clip.encoders}
    kinds = {UNET: lora_of(unet.to_empty(device="cpu"), classes, rank)}
    return kinds | {name: lora_of(text.to_empty(device="cpu"), TEXT, rank) for name, text in texts.items()}
