"""LPIPS: how different two pictures look to people, by the features of a network that classifies pictures.

Zhang, Isola, Efros, Shechtman and Wang, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric"
(2018), version 0.1 with AlexNet.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from diffusion.annotators.networks import NetworkFile, loaded, module, quiet, tensors
from diffusion.images.metrics import same_size

SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)  # of values in -1..1, before they enter the network
TAPS = (1, 4, 7, 9, 11)  # the rectifiers among AlexNet's features
WIDTHS = (64, 192, 384, 256, 256)
SMALLEST_SIDE = 64
NO_LENGTH = 1e-10


def _backbone(path: Path) -> nn.Module:
    with quiet():
        from torchvision.models import alexnet

        network = alexnet(weights=None).features[: TAPS[-1] + 1]
    prefix = "features."
    weights = {name.removeprefix(prefix): value for name, value in tensors(path).items() if name.startswith(prefix)}
    return module(network, weights)


def _heads(path: Path) -> nn.Module:
    heads = nn.ModuleDict({f"lin{index}": nn.Conv2d(width, 1, 1, bias=False) for index, width in enumerate(WIDTHS)})
    return module(heads, {name.replace(".model.1.", "."): value for name, value in tensors(path).items()})


BACKBONE = NetworkFile(("alexnet-owt-7be5be79.pth",), _backbone)
HEADS = NetworkFile(("lpips_alex.pth", "alex.pth"), _heads)


@torch.no_grad()
def lpips(images: Tensor, reference: Tensor, folders: Sequence[Path], device: torch.device) -> Tensor:
    """The distance `[B]` of pictures `[B, H, W, C]` from others of the same size; 0 for equal ones.

    folders: Where the two files of weights are.
    Raises WeightsError that names the files which are missing, ValueError if the pictures are too small or differ.
    """
    first, second = same_size(images, reference)
    if min(first.shape[1:3]) < SMALLEST_SIDE:
        raise ValueError(f"LPIPS needs pictures of {SMALLEST_SIDE} pixels a side or more. Scale them up.")
    with loaded([BACKBONE, HEADS], folders, device) as (backbone, heads):
        pairs = zip(first.to(device), second.to(device), strict=True)
        return torch.stack([_distance(backbone, heads, torch.stack(pair)) for pair in pairs]).cpu()


def _distance(backbone: nn.Module, heads: nn.Module, pair: Tensor) -> Tensor:
    """The distance of two pictures `[2, H, W, 3]`."""
    states = 2 * pair.movedim(-1, 1) - 1
    states = (states - states.new_tensor(SHIFT)[:, None, None]) / states.new_tensor(SCALE)[:, None, None]
    total = states.new_zeros(())
    for index, layer in enumerate(backbone.children()):
        states = layer(states)
        if index in TAPS:
            unit = states / (states.norm(dim=1, keepdim=True) + NO_LENGTH)
            head = heads.get_submodule(f"lin{TAPS.index(index)}")
            total = total + head((unit[:1] - unit[1:]) ** 2).mean()
    return total
